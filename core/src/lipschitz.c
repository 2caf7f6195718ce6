/* lipschitz.c: upper bounds on the largest curvature of the mean loss. */
#include "spred/lipschitz.h"

double spred_lipschitz_trace(const struct spred_problem *problem,
                             const double *squares)
{
    double total = (double)problem->n; /* of the intercept */
    for (size_t j = 0; j < problem->p; j++)
        total += squares[j];
    return problem->loss->curvature_bound / (double)problem->n * total;
}
