/* factor_loops.h: the inner loops of a first-order step on factors, one set for
 * each kind of processor. */
#ifndef SOLVERS_FACTOR_LOOPS_H
#define SOLVERS_FACTOR_LOOPS_H

#include <stddef.h>

/* Rows of single-precision columns are padded with zeros to a multiple of it.
 */
#define FACTOR_ROWS 16

/* One update; PyTorch's form of SGD and Adam. */
struct factor_rule {
    double l1, l2; /* strengths, times the weight of a coordinate */
    double lr, beta1, beta2, eps;
    double unbias1, unbias2; /* 1 / (1 - beta^t); Adam only */
};

/* Coordinates; each array has as many values as the loop is told. */
struct factor_arrays {
    double *u, *v, *w;    /* w = u o v is written */
    double *mu, *mv;      /* momenta */
    double *su, *sv;      /* second moments; Adam only */
    const double *g;      /* slope of the loss in w */
    const double *weight; /* of the penalty, or NULL: ones */
};

/* Plain arrays, nothing allocated; column j of X begins at x + j * rows. */
struct factor_loops {
    const char *name; /* "baseline", "avx2", "avx512" */
    /* slope: du = (g + l2 uv) v + l1 u, dv likewise.
     * momentum: m <- beta1 m + slope; x <- x - lr m. */
    void (*momentum)(size_t count, const struct factor_rule *rule,
                     const struct factor_arrays *at);
    /* m <- beta1 m + (1 - beta1) slope; s <- beta2 s + (1 - beta2) slope^2;
     * x <- x - lr unbias1 m / (sqrt(unbias2 s) + eps). */
    void (*adam)(size_t count, const struct factor_rule *rule,
                 const struct factor_arrays *at);
    /* y += X a; x: n x p, a: p, y: n. */
    void (*doubles)(size_t n, size_t p, const double *x, const double *a,
                    double *y);
    /* The same in single precision; rows: a multiple of FACTOR_ROWS. */
    void (*singles)(size_t rows, size_t p, const float *x, const float *a,
                    float *y);
    /* out = X'r, products and sums in single precision; r: rows, out: p. */
    void (*dots)(size_t rows, size_t p, const float *x, const float *r,
                 double *out);
};

/* The fastest set that this processor runs. */
const struct factor_loops *factor_loops(void);
/* All sets that it runs, for tests; NULL-ended. */
const struct factor_loops *const *factor_loops_all(void);

extern const struct factor_loops factor_loops_baseline;
#ifdef SPRED_PASSES_X86
extern const struct factor_loops factor_loops_avx2, factor_loops_avx512;
#endif

#endif
