/* lipschitz.h: how fast the gradient of the mean loss can change: what a
 * gradient method needs for its step. */
#ifndef SPRED_LIPSCHITZ_H
#define SPRED_LIPSCHITZ_H

#include "spred/solver.h"

/* An upper bound on the Lipschitz constant of the gradient of the mean loss in
 * (W, b): the trace of [X 1]'[X 1] times the curvature bound, over n. squares:
 * the squared norms of the columns (spred_design_squares). Cheap, and too large
 * by up to a factor min(n, p). */
SPRED_API double spred_lipschitz_trace(const struct spred_problem *problem,
                                       const double *squares);

/* The same, at most a tenth too large where the smaller of n and p is some
 * hundreds: through the Gram matrix on that side; else the trace. work: counts
 * the passes, or NULL. */
SPRED_API enum spred_status spred_lipschitz(struct spred_env *env,
                                            const struct spred_problem *problem,
                                            struct spred_work *work,
                                            double *out);

/* At least the largest eigenvalue of g, m x m and positive semidefinite, at
 * most a tenth too large for m up to some hundreds. g is lost; other: m x m. */
SPRED_API double spred_largest_eigenvalue(size_t m, double *g, double *other);

#endif
