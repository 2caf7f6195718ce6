/* loss_squared.c: (1/2n) |y - M|^2. */
#include "spred/linalg.h"
#include "spred/problem.h"

static double value(const struct spred_problem *problem, const double *m)
{
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < problem->n; i++) {
        double r = problem->y[i] - m[i];
        spred_sum_add(&sum, r * r);
    }
    return spred_sum_value(&sum) / (2 * (double)problem->n);
}

static void residual(const struct spred_problem *problem, const double *m,
                     double *r)
{
    for (size_t i = 0; i < problem->n; i++)
        r[i] = problem->y[i] - m[i];
}

static void curvature(const struct spred_problem *problem, const double *m,
                      double *h)
{
    (void)m;
    for (size_t i = 0; i < problem->n; i++)
        h[i] = 1;
}

static double mean_response(const struct spred_problem *problem)
{
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < problem->n; i++)
        spred_sum_add(&sum, problem->y[i]);
    return spred_sum_value(&sum) / (double)problem->n;
}

/* D = (|y|^2 - |y - theta|^2) / 2n = sum theta (y - theta/2) / n, y centred
 * when there is an intercept (theta sums to zero then). */
static double dual(const struct spred_problem *problem, const double *theta)
{
    double mean = problem->intercept ? mean_response(problem) : 0;
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < problem->n; i++)
        spred_sum_add(&sum, theta[i] * (problem->y[i] - mean - theta[i] / 2));
    return spred_sum_value(&sum) / (double)problem->n;
}

static void intercept(const struct spred_problem *problem, const double *xw,
                      double *b)
{
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < problem->n; i++)
        spred_sum_add(&sum, problem->y[i] - xw[i]);
    *b = spred_sum_value(&sum) / (double)problem->n;
}

const struct spred_loss spred_loss_squared = {
    "squared", 1, 1, value, residual, curvature, dual, intercept};
