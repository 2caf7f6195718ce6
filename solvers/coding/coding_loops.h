/* coding_loops.h: the inner loops of sparse coding on a Gram matrix, one set
 * for each kind of processor. */
#ifndef SOLVERS_CODING_LOOPS_H
#define SOLVERS_CODING_LOOPS_H

#include <stddef.h>
#include <stdint.h>

/* Small arrays are padded with zeros to a multiple of it. */
#define CODING_PAD 8
static inline size_t coding_padded(size_t n)
{
    return (n + CODING_PAD - 1) / CODING_PAD * CODING_PAD;
}

/* W = L^{-1} of the Cholesky factor LL' of the members' Gram matrix, by rows
 * and by columns, zero outside: a solve is two products without a chain of
 * divisions. */
struct active_factor {
    size_t count, lead; /* lead: padded capacity */
    double *rows;       /* lead x lead, row i begins at i * lead */
    double *columns;    /* the same by columns */
    double *scratch;    /* 2 lead */
};

/* Plain arrays, nothing allocated. */
struct coding_loops {
    const char *name; /* "baseline", "avx2", "avx512" */
    /* y (n) = c + sum_k a_k G_k; column k begins at gram + index_k n. */
    void (*combine)(size_t n, const double *gram, size_t count,
                    const uint32_t *index, const double *a, const double *c,
                    double *y);
    /* max |y_j| */
    double (*largest)(size_t n, const double *y);
    /* g -= step a */
    void (*advance)(size_t n, double step, const double *a, double *g);
    /* The j with |y_j| > bound, ascending; their number. */
    size_t (*above)(size_t n, const double *y, double bound, uint32_t *out);
    /* The first j that reaches the level as all move on: the least step, below
     * *step, with |g_j - step a_j| = level - step; n: none. block: infinite
     * where j may not enter, else 0. */
    size_t (*reach)(size_t n, const double *g, const double *a,
                    const double *block, double level, double *step);
    /* One sweep of coordinate descent on count (padded) coordinates: z_j =
     * soft(z_j + g_j / q_jj), g -= q_j dz. q: lead count; inverse: 1 / q_jj, 0
     * where there is nothing to move. Returns max q_jj dz^2. */
    double (*sweep)(size_t count, const double *q, const double *inverse,
                    double lambda, double *g, double *z);
    /* A member with products `cross` with the others and `square` with itself.
     * 1: dependent to a squared sine of `least`, nothing was appended. */
    int (*append)(struct active_factor *f, const double *cross, double square,
                  double least);
    /* Takes the member at a position out, by rotations of rows. */
    void (*remove)(struct active_factor *f, size_t position);
    /* x = (LL')^{-1} b; both padded. */
    void (*solve)(const struct active_factor *f, const double *b, double *x);
};

/* The fastest set that this processor runs; all that it runs, for tests,
 * NULL-ended. */
const struct coding_loops *coding_loops(void);
const struct coding_loops *const *coding_loops_all(void);

extern const struct coding_loops coding_loops_baseline;
#ifdef SPRED_PASSES_X86
extern const struct coding_loops coding_loops_avx2, coding_loops_avx512;
#endif

#endif
