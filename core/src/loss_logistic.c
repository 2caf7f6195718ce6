/* loss_logistic.c: (1/n) sum log(1 + exp(-y m)), y = -1 or +1. */
#include <math.h>

#include "spred/linalg.h"
#include "spred/problem.h"

static double value(const struct spred_problem *problem, const double *m)
{
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < problem->n; i++) {
        double margin = problem->y[i] * m[i];
        spred_sum_add(&sum, log1p(exp(-fabs(margin))) + fmax(-margin, 0));
    }
    return spred_sum_value(&sum) / (double)problem->n;
}

/* s = 1 / (1 + exp(margin)) without overflow. */
static double wrong_share(double margin)
{
    if (margin > 0) {
        double e = exp(-margin);
        return e / (1 + e);
    }
    return 1 / (1 + exp(margin));
}

static void residual(const struct spred_problem *problem, const double *m,
                     double *r)
{
    for (size_t i = 0; i < problem->n; i++)
        r[i] = problem->y[i] * wrong_share(problem->y[i] * m[i]);
}

static void curvature(const struct spred_problem *problem, const double *m,
                      double *h)
{
    for (size_t i = 0; i < problem->n; i++) {
        double e = exp(-fabs(m[i]));
        h[i] = e / ((1 + e) * (1 + e));
    }
}

/* -s log s - (1-s) log(1-s), s in [0, 1]. */
static double entropy(double s)
{
    double e = 0;
    if (s > 0)
        e -= s * log(s);
    if (s < 1)
        e -= (1 - s) * log1p(-s);
    return e;
}

static double dual(const struct spred_problem *problem, const double *theta)
{
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < problem->n; i++)
        spred_sum_add(&sum, entropy(problem->y[i] * theta[i]));
    return spred_sum_value(&sum) / (double)problem->n;
}

/* Root of g(b) = sum y s(y (xw + b)): Newton inside a bracket. g falls in b. */
static void intercept(const struct spred_problem *problem, const double *xw,
                      double *b)
{
    double low = -1e3, high = 1e3, at = *b;
    for (size_t i = 0; i < problem->n; i++) {
        low = fmin(low, -xw[i] - 40);
        high = fmax(high, -xw[i] + 40);
    }
    if (!(at > low && at < high))
        at = 0;
    for (int iteration = 0; iteration < 200; iteration++) {
        struct spred_sum g = {0, 0};
        double slope = 0, total = 0;
        for (size_t i = 0; i < problem->n; i++) {
            double s = wrong_share(problem->y[i] * (xw[i] + at));
            spred_sum_add(&g, problem->y[i] * s);
            slope += s * (1 - s);
            total += s;
        }
        double value_g = spred_sum_value(&g);
        if (fabs(value_g) <= 4e-16 * total) /* also: all underflowed */
            break;
        if (value_g > 0)
            low = at;
        else
            high = at;
        double next = at + value_g / slope;
        if (!(next > low && next < high))
            next = low + (high - low) / 2;
        if (fabs(next - at) <= 2e-16 * (1 + fabs(at)))
            break;
        at = next;
    }
    *b = at;
}

const struct spred_loss spred_loss_logistic = {
    "logistic", 0.25, 0, value, residual, curvature, dual, intercept};
