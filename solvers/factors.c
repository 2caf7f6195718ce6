/* factors.c: the factored objective of spred. */
#include "solvers/factors.h"

#include <math.h>

#include "spred/linalg.h"

double spred_factors_penalty(const struct spred_problem *problem, double lambda,
                             const double *u, const double *v)
{
    struct spred_sum sum = {0, 0};
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            size_t e = j + k * problem->p;
            double l1, l2, w = u[e] * v[e];
            spred_penalty_at(problem, lambda, j, &l1, &l2);
            spred_sum_add(&sum, l1 / 2 * (u[e] * u[e] + v[e] * v[e]));
            spred_sum_add(&sum, l2 / 2 * w * w);
        }
    return spred_sum_value(&sum);
}

double spred_factors_product(size_t count, const double *u, const double *v,
                             double *w)
{
    double largest = 0;
    for (size_t e = 0; e < count; e++) {
        w[e] = u[e] * v[e];
        largest = fmax(largest, fabs(w[e]));
    }
    return largest;
}

void spred_loss_slope(const struct spred_problem *problem, const double *m,
                      double *r, double *g)
{
    problem->loss->residual(problem, m, r);
    for (size_t k = 0; k < problem->outputs; k++)
        spred_design_adjoint(&problem->x, r + k * problem->n,
                             g + k * problem->p);
    spred_scale(problem->p * problem->outputs, -1 / (double)problem->n, g);
}
