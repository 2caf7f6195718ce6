/* optimality.h: how far a method that sees its slopes believes to be from the
 * optimum; only the certificate decides. */
#ifndef SOLVERS_OPTIMALITY_H
#define SOLVERS_OPTIMALITY_H

#include <math.h>

#include "spred/problem.h"

/* Distance of slope = x'R/n to l1 d|w| + l2 w, in units of l1; when w is 0 and
 * stays, minus what |slope| lacks. */
static inline double optimality_margin(double slope, double w, double l1,
                                       double l2)
{
    slope -= l2 * w;
    if (w > 0)
        return fabs(slope - l1) / l1;
    if (w < 0)
        return fabs(slope + l1) / l1;
    return fabs(slope) / l1 - 1;
}

/* The violation (worst margin) at which a relative gap of `asked` is likely at
 * W (p x K): the gap is about violation times the L1 part of the penalty over
 * P(0). */
static inline double optimality_goal(const struct spred_problem *problem,
                                     double lambda, const double *w,
                                     double asked)
{
    const double share = 0.3; /* of the gap, left to the violation */
    double unit = problem->null_objective;
    double part =
        problem->penalty.l1_ratio * spred_penalty_value(problem, lambda, w);
    return share * asked * unit / fmax(part, share * unit);
}

#endif
