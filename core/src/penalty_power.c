/* penalty_power.c: |w|^(2/D), what D factors with L2 penalties induce; not
 * convex for D > 2. Hoff 2017; PAPER.md section 1. */
#include <math.h>

#include "penalty_private.h"
#include "spred/linalg.h"

/* Newton's method on a convex function from the right: plenty. */
enum { ROOT_STEPS = 100 };

static enum spred_status check(struct spred_env *env,
                               const struct spred_problem *problem)
{
    const struct spred_penalty *penalty = &problem->penalty;
    if (penalty->factors < 3)
        return spred_fail(env, SPRED_EINVAL,
                          "a power penalty has 3 factors or more, not %d",
                          penalty->factors);
    if (penalty->l1_ratio < 1)
        return spred_fail(env, SPRED_EINVAL,
                          "a power penalty has no ridge part (l1_ratio %g)",
                          penalty->l1_ratio);
    return penalty_weights_check(env, penalty, problem->p);
}

void spred_penalty_power_at(const struct spred_problem *problem, double lambda,
                            size_t j, double *strength, double *q)
{
    const struct spred_penalty *penalty = &problem->penalty;
    *strength = lambda * (penalty->weights ? penalty->weights[j] : 1);
    *q = 2 / (double)penalty->factors;
}

/* max_t (|c| t - h t^2/2) / t^q = |c| t^(1-q) / (2-q) at
 * t = 2 |c| (1-q) / (h (2-q)). */
double spred_power_threshold(double h, double c, double q)
{
    double size = fabs(c);
    if (!(size > 0))
        return 0;
    double t = 2 * size * (1 - q) / (h * (2 - q));
    return size * pow(t, 1 - q) / (2 - q);
}

static double value(const struct spred_problem *problem, double lambda,
                    const double *w)
{
    struct spred_sum sum = {0, 0};
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double strength, q, a = fabs(w[j + k * problem->p]);
            if (!(a > 0))
                continue;
            spred_penalty_power_at(problem, lambda, j, &strength, &q);
            spred_sum_add(&sum, strength * pow(a, q));
        }
    return spred_sum_value(&sum);
}

/* The larger root of t - z + step strength q t^(q-1), or 0: the global
 * minimiser. */
double spred_power_prox(double z, double step, double strength, double q)
{
    double size = fabs(z), t = size;
    if (strength >= spred_power_threshold(1 / step, size / step, q))
        return 0;
    for (int k = 0; k < ROOT_STEPS; k++) {
        double pull = step * strength * q * pow(t, q - 1);
        double next = t - (t - size + pull) / (1 + (q - 1) * pull / t);
        if (!(next < t))
            break;
        t = next;
    }
    return copysign(t, z);
}

static void prox(const struct spred_problem *problem, double lambda,
                 double step, double *w)
{
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double strength, q, *at = w + j + k * problem->p;
            spred_penalty_power_at(problem, lambda, j, &strength, &q);
            *at = spred_power_prox(*at, step, strength, q);
        }
}

/* |c/n - strength q sign(w) |w|^(q-1)| where w != 0; a coordinate at 0 is
 * always a local minimum. */
static double violation(const struct spred_problem *problem, double lambda,
                        const double *w, const double *c)
{
    double worst = 0;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double strength, q, at = w[j + k * problem->p];
            if (!(at < 0 || at > 0))
                continue;
            spred_penalty_power_at(problem, lambda, j, &strength, &q);
            double slope = copysign(strength * q * pow(fabs(at), q - 1), at);
            double off =
                fabs(c[j + k * problem->p] / (double)problem->n - slope);
            if (!(off <= worst)) /* a NaN stays */
                worst = off;
        }
    return worst;
}

/* The power's own rounding grows with the logarithm. */
static double slope_size(const struct spred_problem *problem, double lambda,
                         const double *w)
{
    double slope = 0;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double strength, q, at = fabs(w[j + k * problem->p]);
            if (!(at > 0))
                continue;
            spred_penalty_power_at(problem, lambda, j, &strength, &q);
            slope = fmax(slope,
                         strength * q * pow(at, q - 1) * (4 + fabs(log(at))));
        }
    return slope;
}

const struct spred_penalty_form spred_penalty_power = {.name = "power",
                                                       .convex = 0,
                                                       .check = check,
                                                       .value = value,
                                                       .prox = prox,
                                                       .violation = violation,
                                                       .slope_size =
                                                           slope_size};
