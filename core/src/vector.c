/* vector.c: loops over arrays that BLAS does not have. */
#include "spred/vector.h"

#include <math.h>

static double soft(double x, double t)
{
    double left = fabs(x) - t;
    return left <= 0 ? 0 : copysign(left, x); /* NaN is not <= 0 */
}

void spred_soft_threshold(size_t n, double t, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = soft(x[i], t);
}

void spred_soft_threshold_each(size_t n, const double *t, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = soft(x[i], t[i]);
}

void spred_clip(size_t n, double low, double high, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}

void spred_multiply_each(size_t n, const double *y, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= y[i];
}
