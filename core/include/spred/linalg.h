/* linalg.h: the BLAS and LAPACK calls that core and solvers use; column-major,
 * sizes are size_t, never allocates. Backed by OpenBLAS. */
#ifndef SPRED_LINALG_H
#define SPRED_LINALG_H

#include <stddef.h>
#include "spred/status.h"

SPRED_API double spred_dot(size_t n, const double *x, const double *y);
SPRED_API double spred_norm(size_t n, const double *x); /* Euclidean */
SPRED_API void spred_axpy(size_t n, double a, const double *x, double *y);
SPRED_API void spred_scale(size_t n, double a, double *x);
/* y = alpha A x + beta y, A: m x n with leading dimension lda. */
SPRED_API void spred_gemv(size_t m, size_t n, double alpha, const double *a,
                          size_t lda, const double *x, double beta, double *y);
/* y = alpha A'x + beta y, A: m x n; y: n. */
SPRED_API void spred_gemv_t(size_t m, size_t n, double alpha, const double *a,
                            size_t lda, const double *x, double beta,
                            double *y);
/* C = alpha op(A) op(B) + beta C, C: m x n, inner size k; trans: 0 or 1. */
SPRED_API void spred_gemm(int trans_a, int trans_b, size_t m, size_t n,
                          size_t k, double alpha, const double *a, size_t lda,
                          const double *b, size_t ldb, double beta, double *c,
                          size_t ldc);
/* Lower triangle of A (n x n) becomes L with A = LL'. Returns 0, or the 1-based
 * order of the leading minor that is not positive definite. */
SPRED_API int spred_cholesky(size_t n, double *a, size_t lda);
/* Solves LL'x = b in place for nrhs columns of b. */
SPRED_API void spred_cholesky_solve(size_t n, size_t nrhs, const double *l,
                                    size_t lda, double *b, size_t ldb);
/* Solves Lx = b (trans 0) or L'x = b (trans 1) in place. */
SPRED_API void spred_lower_solve(int trans, size_t n, const double *l,
                                 size_t lda, double *b);

/* Solves LX = B in place for nrhs columns of B. */
SPRED_API void spred_lower_solve_many(size_t n, size_t nrhs, const double *l,
                                      size_t lda, double *b, size_t ldb);
/* x = L'x. */
SPRED_API void spred_lower_multiply_t(size_t n, const double *l, size_t lda,
                                      double *x);
/* Lower triangle of C (n x n) = alpha A'A + beta C, A: k x n. */
SPRED_API void spred_syrk(size_t n, size_t k, double alpha, const double *a,
                          size_t lda, double beta, double *c, size_t ldc);

/* Neumaier's compensated sum; start from {0, 0}. */
struct spred_sum {
    double total, lost;
};
static inline void spred_sum_add(struct spred_sum *sum, double value)
{
    double next = sum->total + value;
    double larger = sum->total, smaller = value;
    if ((larger < 0 ? -larger : larger) < (smaller < 0 ? -smaller : smaller)) {
        larger = value;
        smaller = sum->total;
    }
    sum->lost += (larger - next) + smaller;
    sum->total = next;
}
static inline double spred_sum_value(const struct spred_sum *sum)
{
    return sum->total + sum->lost;
}

/* Threads that BLAS may use, and what it was before; the program sets 1 unless
 * told otherwise. */
SPRED_API int spred_blas_threads(int threads);
/* "OpenBLAS 0.3.21 ...", and the kernels it picked ("Cooperlake"): for the
 * machine fingerprint. Static. */
SPRED_API const char *spred_blas_config(void);
SPRED_API const char *spred_blas_core(void);

#endif
