/* real.h: the number of the network engine: float, or double in the build that
 * the gradient checks use (-DSPRED_NN_DOUBLE); and its BLAS. */
#ifndef SOLVERS_NN_REAL_H
#define SOLVERS_NN_REAL_H

#include <cblas.h>

#ifdef SPRED_NN_DOUBLE
typedef double real;
#define real_gemm cblas_dgemm
#define real_dot cblas_ddot
#define real_axpy cblas_daxpy
#define real_nrm2 cblas_dnrm2
#define real_scal cblas_dscal
#else
typedef float real;
#define real_gemm cblas_sgemm
#define real_dot cblas_sdot
#define real_axpy cblas_saxpy
#define real_nrm2 cblas_snrm2
#define real_scal cblas_sscal
#endif

#endif
