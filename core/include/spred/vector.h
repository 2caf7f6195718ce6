/* vector.h: what is done to every value of an array, and what BLAS has no name
 * for. Nothing is allocated. */
#ifndef SPRED_VECTOR_H
#define SPRED_VECTOR_H

#include <stddef.h>
#include "spred/status.h"

/* x_i = sign(x_i) max(|x_i| - t, 0): the prox of t |x|; NaN stays. */
SPRED_API void spred_soft_threshold(size_t n, double t, double *x);
/* The same with a threshold t_i for every value. */
SPRED_API void spred_soft_threshold_each(size_t n, const double *t, double *x);
/* x_i = min(max(x_i, low), high); NaN stays. */
SPRED_API void spred_clip(size_t n, double low, double high, double *x);
/* x_i = x_i y_i */
SPRED_API void spred_multiply_each(size_t n, const double *y, double *x);

#endif
