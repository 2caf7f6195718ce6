/* curvature.h: how steep a loss can be along X diag(d): the step-size bound of
 * the first-order methods, billed to them. */
#ifndef SOLVERS_CURVATURE_H
#define SOLVERS_CURVATURE_H

#include "spred/design.h"

/* |X diag(d) X'|_2 / n by power iteration: an estimate from below.
 * d: p values >= 0, or NULL: ones. z: n, the start in and the leading
 * eigenvector out (zeros: made up); scratch_n: n, scratch_p: p. Two passes over
 * X an iteration. */
double spred_curvature_power(const struct spred_design *x, const double *d,
                             int iterations, double *z, double *scratch_n,
                             double *scratch_p);

#endif
