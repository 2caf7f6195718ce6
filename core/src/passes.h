/* passes.h: the inner loops of a pass over X, one set for each kind of
 * processor. Private to core. */
#ifndef SPRED_PASSES_H
#define SPRED_PASSES_H

#include <stddef.h>

/* Column j of X is n values at x + j * n. Plain arrays, nothing allocated. A
 * column's result does not depend on its neighbours or on where a block of
 * columns is cut: threads do not change bits. */
struct spred_passes {
    const char *name; /* "baseline", "avx2", "avx512" */
    size_t lanes;     /* floats in a vector */
    /* out[j + k * lead] = x_j'r_k, j < p, k < outputs; r: n x outputs. */
    void (*dots)(size_t n, size_t p, const double *x, size_t outputs,
                 const double *r, double *out, size_t lead);
    /* The same for X in single precision; sums in double. */
    void (*dots_mixed)(size_t n, size_t p, const float *x, size_t outputs,
                       const double *r, double *out, size_t lead);
    /* X (rows x p) and r (rows x outputs) in single precision, products and
     * sums of up to SPRED_SINGLE_RUN rows too: see spred_single_error. rows is
     * a multiple of SPRED_SINGLE_ROWS (pad with zeros). */
    void (*dots_single)(size_t rows, size_t p, const float *x, size_t outputs,
                        const float *r, double *out, size_t lead);
};

/* Rows summed in single precision before the sum goes to double. */
#define SPRED_SINGLE_RUN 512
#define SPRED_SINGLE_ROWS 16
/* |dots_single - x'r| <= this * |x| |r| (Euclidean) for x and r that were
 * rounded to single precision before: as many additions a lane as a run takes,
 * a product, the two roundings and one more for the terms of second order. */
double spred_single_error(const struct spred_passes *passes, size_t n);

extern const struct spred_passes spred_passes_baseline;
#ifdef SPRED_PASSES_X86
extern const struct spred_passes spred_passes_avx2, spred_passes_avx512;
#endif

struct spred_design;
/* out[j + k p] = x_j'r_k for the columns from <= j < to alone; totals: the sum
 * of every r_k (design.c). */
void spred_design_adjoint_range(const struct spred_design *x, size_t from,
                                size_t to, size_t outputs, const double *r,
                                const double *totals, double *out);
/* The sums of r_k, as that wants them. */
void spred_design_totals(const struct spred_design *x, size_t outputs,
                         const double *r, double *totals);

/* The fastest set that this processor runs. */
const struct spred_passes *spred_passes(void);
/* All sets that it runs, for tests; NULL-ended. */
const struct spred_passes *const *spred_passes_all(void);

#endif
