/* signal_gap.h: the duality gap of one signal from what a coder has at hand. A
 * coder's own measure of when to stop; the certificate is core's. */
#ifndef SOLVERS_SIGNAL_GAP_H
#define SOLVERS_SIGNAL_GAP_H

#include <math.h>
#include <stddef.h>

/* square: |x|^2; cz: (D'x)'z; gz: g'z with g = D'(x - Dz); l1: |z|_1; top:
 * max|g|. |r|^2 = |x|^2 - cz - gz, x'r = |x|^2 - cz; the dual point is s r with
 * the best s that is feasible. In the unit of |x|^2 / 2. */
static inline double signal_gap(double square, double cz, double gz, double l1,
                                double top, double lambda)
{
    double rr = square - cz - gz, xr = square - cz;
    double s = rr > 0 ? xr / rr : 0, most = top > 0 ? lambda / top : INFINITY;
    rr = rr > 0 ? rr : 0;
    s = s > most ? most : s < -most ? -most : s;
    double gap = (rr - s * (2 * xr - s * rr)) + 2 * lambda * l1;
    return square > 0 ? gap / square : 0;
}

/* Coders stop at this share of the asked gap, so that rounding does not leave
 * them above it. */
#define SIGNAL_GAP_SHARE .5

static inline double signal_square(size_t m, const double *x)
{
    double square = 0;
    for (size_t e = 0; e < m; e++)
        square += x[e] * x[e];
    return square;
}

#endif
