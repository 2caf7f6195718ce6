/* penalty_l1.c: L1 and elastic net, coordinate by coordinate. */
#include <math.h>

#include "penalty_private.h"
#include "spred/linalg.h"

enum spred_status penalty_weights_check(struct spred_env *env,
                                        const struct spred_penalty *penalty,
                                        size_t count)
{
    if (!(penalty->l1_ratio > 0 && penalty->l1_ratio <= 1))
        return spred_fail(env, SPRED_EINVAL, "l1_ratio = %g is not in (0, 1]",
                          penalty->l1_ratio);
    for (size_t j = 0; penalty->weights && j < count; j++)
        if (!(penalty->weights[j] > 0 && isfinite(penalty->weights[j])))
            return spred_fail(env, SPRED_EINVAL,
                              "penalty weight %zu = %g is not positive", j + 1,
                              penalty->weights[j]);
    return SPRED_OK;
}

static enum spred_status check(struct spred_env *env,
                               const struct spred_problem *problem)
{
    return penalty_weights_check(env, &problem->penalty, problem->p);
}

void spred_penalty_at(const struct spred_problem *problem, double lambda,
                      size_t j, double *l1, double *l2)
{
    const struct spred_penalty *penalty = &problem->penalty;
    double strength = lambda * (penalty->weights ? penalty->weights[j] : 1);
    *l1 = strength * penalty->l1_ratio;
    *l2 = strength * (1 - penalty->l1_ratio);
}

double spred_prox(double z, double step, double l1, double l2)
{
    double size = fabs(z) - step * l1;
    if (size <= 0) /* a NaN stays */
        return 0;
    return copysign(size, z) / (1 + step * l2);
}

static double value(const struct spred_problem *problem, double lambda,
                    const double *w)
{
    struct spred_sum sum = {0, 0};
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double l1, l2, a = fabs(w[j + k * problem->p]);
            if (!(a > 0))
                continue;
            spred_penalty_at(problem, lambda, j, &l1, &l2);
            spred_sum_add(&sum, l1 * a + l2 * a * a / 2);
        }
    return spred_sum_value(&sum);
}

static void prox(const struct spred_problem *problem, double lambda,
                 double step, double *w)
{
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double l1, l2, *at = w + j + k * problem->p;
            spred_penalty_at(problem, lambda, j, &l1, &l2);
            *at = spred_prox(*at, step, l1, l2);
        }
}

/* max_jk |c_jk| / (n l1_j) */
static double gauge(const struct spred_problem *problem, const double *c)
{
    double worst = 0;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double l1, l2;
            spred_penalty_at(problem, 1, j, &l1, &l2);
            double ratio = fabs(c[j + k * problem->p]) / (double)problem->n;
            ratio /= l1;
            if (!(ratio <= worst)) /* a NaN stays */
                worst = ratio;
            if (isnan(worst))
                return worst;
        }
    return worst;
}

/* sum (|s c|/n - l1)_+^2 / (2 l2) */
static double conjugate(const struct spred_problem *problem, double lambda,
                        double s, const double *c)
{
    struct spred_sum sum = {0, 0};
    if (!(problem->penalty.l1_ratio < 1))
        return 0;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double l1, l2, g = s * c[j + k * problem->p];
            spred_penalty_at(problem, lambda, j, &l1, &l2);
            double over = fabs(g) / (double)problem->n - l1;
            if (over > 0)
                spred_sum_add(&sum, over * over / (2 * l2));
        }
    return spred_sum_value(&sum);
}

/* Distance of c/n - l2 w to l1 d|w|. */
static double violation(const struct spred_problem *problem, double lambda,
                        const double *w, const double *c)
{
    double worst = 0;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double l1, l2, at = w[j + k * problem->p];
            spred_penalty_at(problem, lambda, j, &l1, &l2);
            double g = c[j + k * problem->p] / (double)problem->n - l2 * at;
            double off = at > 0   ? fabs(g - l1)
                         : at < 0 ? fabs(g + l1)
                                  : fmax(fabs(g) - l1, 0);
            if (!(off <= worst)) /* a NaN stays */
                worst = off;
        }
    return worst;
}

const struct spred_penalty_form spred_penalty_l1 = {.name = "l1",
                                                    .convex = 1,
                                                    .check = check,
                                                    .value = value,
                                                    .prox = prox,
                                                    .gauge = gauge,
                                                    .conjugate = conjugate,
                                                    .violation = violation};
