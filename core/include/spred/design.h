/* design.h: X as a solver sees it: (raw - mean) * scale, never materialised. */
#ifndef SPRED_DESIGN_H
#define SPRED_DESIGN_H

#include "spred/matrix.h"
#include "spred/pool.h"

/* Column j of X is (raw_j - mean[j]) * scale[j]. mean or scale may be NULL
 * (0, 1). Everything is borrowed. n = matrix->rows, p = matrix->cols. */
struct spred_design {
    const struct spred_matrix *matrix;
    const double *mean;  /* p, or NULL */
    const double *scale; /* p, or NULL: 1/standard deviation, 0 = dead column */
    struct spred_pool *pool; /* threads that share a pass, or NULL: one. Results
                                do not depend on it, not in one bit. */
};

/* out = X w, n values. w: p. Columns with w[j] == 0 are not touched, so the
 * cost follows the support. */
SPRED_API void spred_design_apply(const struct spred_design *x, const double *w,
                                  double *out);
/* out = X'r, p values. r: n. One pass over X. */
SPRED_API void spred_design_adjoint(const struct spred_design *x,
                                    const double *r, double *out);
/* out = X'R, p x outputs, column-major. R: n x outputs. One pass over X for
 * every 64 outputs. */
SPRED_API void spred_design_adjoint_many(const struct spred_design *x,
                                         size_t outputs, const double *r,
                                         double *out);
/* x_j'r */
SPRED_API double spred_design_dot(const struct spred_design *x, size_t j,
                                  const double *r);
/* y += a x_j, n values. */
SPRED_API void spred_design_axpy(const struct spred_design *x, size_t j,
                                 double a, double *y);
/* out = x_j, n values (centred and scaled). */
SPRED_API void spred_design_column(const struct spred_design *x, size_t j,
                                   double *out);
/* out[j] = sum_i h_i x_ij^2; h: n, or NULL for ones. One pass over X. */
SPRED_API void spred_design_squares(const struct spred_design *x,
                                    const double *h, double *out);

#endif
