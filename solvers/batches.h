/* batches.h: a problem cut into mini-batches that are problems themselves. */
#ifndef SOLVERS_BATCHES_H
#define SOLVERS_BATCHES_H

#include "spred/problem.h"
#include "spred/rng.h"

struct spred_batch {
    struct spred_problem problem; /* of its own samples only */
    struct spred_matrix x;        /* owned; unused when there is one batch */
    size_t first;                 /* samples in the batches before */
};

/* The samples are dealt out at random once; every epoch visits the batches in a
 * new order (shuffle `order`). Zero-initialise. */
struct spred_batches {
    size_t count;
    struct spred_batch *batch; /* count */
    size_t *order;             /* count: 0, 1, ... at first */
    size_t *samples;           /* n: samples in the order of the batches */
    double *y;                 /* n, in that order */
    int32_t *codes;            /* n, in that order */
};

/* Batches of at most size samples, sizes differing by at most 1. size 0 or >= n
 * gives one batch: the problem itself, X not copied; otherwise the rows of X
 * are copied once. Free with spred_batches_free, also after a failure. */
enum spred_status spred_batches_make(struct spred_env *env,
                                     const struct spred_problem *problem,
                                     size_t size, struct spred_rng *rng,
                                     struct spred_batches *out);
void spred_batches_free(struct spred_env *env, struct spred_batches *batches);

#endif
