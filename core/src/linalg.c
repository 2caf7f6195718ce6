/* linalg.c: the only file that calls BLAS and LAPACK. */
#include "spred/linalg.h"

#include <cblas.h>

/* LAPACK has no header of its own in OpenBLAS's package. */
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda,
                    int *info);

double spred_dot(size_t n, const double *x, const double *y)
{
    return cblas_ddot((int)n, x, 1, y, 1);
}

double spred_norm(size_t n, const double *x)
{
    return cblas_dnrm2((int)n, x, 1);
}

void spred_axpy(size_t n, double a, const double *x, double *y)
{
    cblas_daxpy((int)n, a, x, 1, y, 1);
}

void spred_scale(size_t n, double a, double *x)
{
    cblas_dscal((int)n, a, x, 1);
}

void spred_gemv(size_t m, size_t n, double alpha, const double *a, size_t lda,
                const double *x, double beta, double *y)
{
    cblas_dgemv(CblasColMajor, CblasNoTrans, (int)m, (int)n, alpha, a, (int)lda,
                x, 1, beta, y, 1);
}

void spred_gemv_t(size_t m, size_t n, double alpha, const double *a, size_t lda,
                  const double *x, double beta, double *y)
{
    cblas_dgemv(CblasColMajor, CblasTrans, (int)m, (int)n, alpha, a, (int)lda,
                x, 1, beta, y, 1);
}

void spred_gemm(int trans_a, int trans_b, size_t m, size_t n, size_t k,
                double alpha, const double *a, size_t lda, const double *b,
                size_t ldb, double beta, double *c, size_t ldc)
{
    cblas_dgemm(CblasColMajor, trans_a ? CblasTrans : CblasNoTrans,
                trans_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k,
                alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

int spred_cholesky(size_t n, double *a, size_t lda)
{
    int size = (int)n, lead = (int)lda, info = 0;
    if (n > 0)
        dpotrf_("L", &size, a, &lead, &info);
    return info;
}

void spred_cholesky_solve(size_t n, size_t nrhs, const double *l, size_t lda,
                          double *b, size_t ldb)
{
    if (n == 0 || nrhs == 0)
        return;
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans,
                CblasNonUnit, (int)n, (int)nrhs, 1, l, (int)lda, b, (int)ldb);
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit,
                (int)n, (int)nrhs, 1, l, (int)lda, b, (int)ldb);
}

void spred_lower_solve(int trans, size_t n, const double *l, size_t lda,
                       double *b)
{
    cblas_dtrsv(CblasColMajor, CblasLower, trans ? CblasTrans : CblasNoTrans,
                CblasNonUnit, (int)n, l, (int)lda, b, 1);
}

void spred_lower_solve_many(size_t n, size_t nrhs, const double *l, size_t lda,
                            double *b, size_t ldb)
{
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans,
                CblasNonUnit, (int)n, (int)nrhs, 1, l, (int)lda, b, (int)ldb);
}

void spred_lower_multiply_t(size_t n, const double *l, size_t lda, double *x)
{
    cblas_dtrmv(CblasColMajor, CblasLower, CblasTrans, CblasNonUnit, (int)n, l,
                (int)lda, x, 1);
}

void spred_syrk(size_t n, size_t k, double alpha, const double *a, size_t lda,
                double beta, double *c, size_t ldc)
{
    cblas_dsyrk(CblasColMajor, CblasLower, CblasTrans, (int)n, (int)k, alpha, a,
                (int)lda, beta, c, (int)ldc);
}

int spred_blas_threads(int threads)
{
    int before = openblas_get_num_threads();
    openblas_set_num_threads(threads);
    return before;
}

const char *spred_blas_config(void)
{
    return openblas_get_config();
}

const char *spred_blas_core(void)
{
    return openblas_get_corename();
}
