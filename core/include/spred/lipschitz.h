/* lipschitz.h: how fast the gradient of the mean loss can change: what a
 * gradient method needs for its step. */
#ifndef SPRED_LIPSCHITZ_H
#define SPRED_LIPSCHITZ_H

#include "spred/problem.h"

/* An upper bound on the Lipschitz constant of the gradient of the mean loss in
 * (W, b): the trace of [X 1]'[X 1] times the curvature bound, over n. squares:
 * the squared norms of the columns (spred_design_squares). Cheap, and too large
 * by up to a factor min(n, p). */
SPRED_API double spred_lipschitz_trace(const struct spred_problem *problem,
                                       const double *squares);

#endif
