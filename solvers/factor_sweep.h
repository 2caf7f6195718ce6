/* factor_sweep.h: slopes, update and next predictor of a first-order step on
 * factors, while a block of columns is in cache: one go through X, not two, if
 * the rate is known beforehand (fixed, or Adam). */
#ifndef SOLVERS_FACTOR_SWEEP_H
#define SOLVERS_FACTOR_SWEEP_H

#include "solvers/factor_loops.h"
#include "spred/problem.h"

/* A standardised X in single precision: rows x p, rows = n rounded up to
 * FACTOR_ROWS, zeros behind. Zero-initialise. */
struct factor_single {
    size_t rows;
    float *x; /* aligned to a cache line, inside block */
    float *block;
};

enum spred_status factor_single_make(struct spred_env *env,
                                     const struct spred_design *x,
                                     struct factor_single *out);
void factor_single_free(struct spred_env *env, struct factor_single *single);

/* A sweep; everything is borrowed. The sizes of from and to may differ in n
 * only: they are batches of one problem, or both the whole of it. */
struct factor_sweep {
    const struct spred_problem *from, *to;
    const struct factor_single *from_single, *to_single; /* or NULL: double */
    const struct factor_rule *rule;
    int adam;
    int slopes_known;        /* 1: g is given, from is not read */
    struct factor_arrays at; /* p x K each; weight: p or NULL */
    double *g;               /* p x K: slope of from's loss in W, written */
    const double *r;         /* n x K: residual of from at the present W */
    double *out;             /* n x K: X W of to, for the new W, written */
    double *scratch;         /* factor_sweep_scratch values */
    float *singles;          /* factor_sweep_singles values; single only */
};

/* What a sweep wants when its X have at most n rows and p columns. */
size_t factor_sweep_scratch(size_t n, size_t p);
size_t factor_sweep_singles(size_t n, size_t p, size_t outputs);

/* g alone, for a step whose size depends on it; then set slopes_known. */
void factor_sweep_slopes(const struct factor_sweep *sweep);
void factor_sweep(const struct factor_sweep *sweep);

#endif
