/* atoms.h: what the ways to a dictionary share. */
#ifndef SOLVERS_ATOMS_H
#define SOLVERS_ATOMS_H

#include "spred/coding.h"
#include "spred/rng.h"

/* d (m) /= |d|; 0: d is zero (or not finite), and stays. */
int atoms_normalise(size_t m, double *d);

/* A random signal of unit norm into d (m); a random direction if so many tries
 * gave only zeros. */
void atoms_draw(const struct spred_dictionary_task *task, struct spred_rng *rng,
                double *d);

/* Every atom a random signal of unit norm, no signal twice while there are
 * enough. From task->seed. */
enum spred_status atoms_from_signals(struct spred_env *env,
                                     const struct spred_dictionary_task *task,
                                     double *dictionary);

#endif
