/* atoms.c: unit norm, and atoms that begin as signals. */
#include "solvers/coding/atoms.h"

#include <math.h>
#include <string.h>

#include "spred/linalg.h"

enum { MOST_TRIES = 64 };

int atoms_normalise(size_t m, double *d)
{
    double norm = spred_norm(m, d);
    if (!(norm > 0) || !isfinite(norm))
        return 0;
    for (size_t e = 0; e < m; e++)
        d[e] /= norm;
    return 1;
}

static void direction(size_t m, struct spred_rng *rng, double *d)
{
    do {
        for (size_t e = 0; e < m; e++)
            d[e] = spred_rng_normal(rng);
    } while (!atoms_normalise(m, d));
}

void atoms_draw(const struct spred_dictionary_task *task, struct spred_rng *rng,
                double *d)
{
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        size_t i = spred_rng_below(rng, task->n);
        memcpy(d, task->signals + i * task->m, task->m * sizeof *d);
        if (atoms_normalise(task->m, d))
            return;
    }
    direction(task->m, rng, d);
}

enum spred_status atoms_from_signals(struct spred_env *env,
                                     const struct spred_dictionary_task *task,
                                     double *dictionary)
{
    struct spred_rng *rng = spred_rng_new(env, task->seed);
    size_t *order = spred_alloc(env, task->n, sizeof *order), at = 0;
    if (!rng || !order) {
        spred_rng_free(rng);
        spred_free(env, order);
        return SPRED_ENOMEM;
    }
    for (size_t i = 0; i < task->n; i++)
        order[i] = i;
    spred_rng_shuffle(rng, order, task->n);
    for (size_t j = 0; j < task->atoms; j++) {
        double *d = dictionary + j * task->m;
        int made = 0;
        while (!made && at < task->n) {
            memcpy(d, task->signals + order[at++] * task->m,
                   task->m * sizeof *d);
            made = atoms_normalise(task->m, d);
        }
        if (!made)
            direction(task->m, rng, d);
    }
    spred_rng_free(rng);
    spred_free(env, order);
    return SPRED_OK;
}
