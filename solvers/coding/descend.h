/* descend.h: coordinate descent for one signal on a Gram matrix, with working
 * sets: a method of its own, and the way out of others where atoms depend on
 * each other. */
#ifndef SOLVERS_DESCEND_H
#define SOLVERS_DESCEND_H

#include "solvers/coding/coding_loops.h"
#include "spred/coding.h"

struct descend {
    const struct coding_loops *loops;
    size_t n, room;           /* atoms; of the working set, padded */
    const double *gram;       /* n x n */
    double *q;                /* room x room: of the working set */
    double *g, *inverse;      /* n; room */
    double *z, *small;        /* room: codes and gradient of the working set */
    double *minus;            /* room */
    uint32_t *member, *found; /* room; n */
};

enum spred_status descend_open(struct spred_env *env, struct descend *d,
                               const struct spred_coding_shared *shared);
void descend_close(struct spred_env *env, struct descend *d);

/* z (n) to a gap of half of what is asked, from where z is; c: D'x, square:
 * |x|^2. At most `sweeps` sweeps. *steps += coordinates visited. */
void descend_signal(struct descend *d, const double *c, double square,
                    double lambda, double gap, long sweeps, double *z,
                    long *steps);

#endif
