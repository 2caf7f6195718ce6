/* factors.c: the factored objective of spred. */
#include "solvers/factors.h"

#include <math.h>
#include <string.h>

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

const char *const spred_factors_starts[] = {"zero-safe", "normal", "uniform",
                                            "normal-0.5", NULL};

double spred_factors_size(const struct spred_problem *problem, double square)
{
    return sqrt(problem->lambda_max /
                (problem->loss->curvature_bound * square));
}

/* +-(0.5 + U(0, 1)) inflate size: never near 0. */
static double alive(const struct spred_factors_seed *seed)
{
    double size = seed->inflate * seed->size;
    double sign = spred_rng_uniform(seed->rng) < 0.5 ? -1 : 1;
    return sign * size * (0.5 + spred_rng_uniform(seed->rng));
}

static double draw(const struct spred_factors_seed *seed, double side)
{
    switch ((enum spred_factors_start)seed->start) {
    case SPRED_FACTORS_NORMAL:
        return spred_rng_normal(seed->rng);
    case SPRED_FACTORS_UNIFORM:
        return side * (2 * spred_rng_uniform(seed->rng) - 1);
    case SPRED_FACTORS_HALF_NORMAL:
        return 0.5 * spred_rng_normal(seed->rng);
    case SPRED_FACTORS_ZERO_SAFE:
        break;
    }
    return 0;
}

void spred_factors_draw(const struct spred_factors_seed *seed,
                        const struct spred_problem *problem, double *u,
                        double *v)
{
    double side = 1 / sqrt((double)problem->p);
    for (size_t e = 0; e < problem->p * problem->outputs; e++) {
        int safe = seed->start == SPRED_FACTORS_ZERO_SAFE;
        u[e] = safe ? alive(seed) : draw(seed, side);
        v[e] = draw(seed, side);
    }
}

void spred_factors_revive(const struct spred_factors_seed *seed, size_t count,
                          double *u, double *v)
{
    double tilt = 1 + seed->inflate;
    for (size_t e = 0; e < count; e++) {
        double a = alive(seed), w = u[e] * v[e];
        if (fmax(fabs(u[e]), fabs(v[e])) < fabs(a)) {
            u[e] = a;
            v[e] = w / a;
        } else {
            u[e] *= tilt;
            v[e] /= tilt;
        }
    }
}

void spred_factors_round(double round, size_t count, const double *u,
                         const double *v, double *w)
{
    double largest = spred_factors_product(count, u, v, w);
    for (size_t e = 0; e < count; e++)
        if (fabs(w[e]) <= round * largest)
            w[e] = 0;
}

void spred_loss_slope(const struct spred_problem *problem, const double *m,
                      double *r, double *g)
{
    problem->loss->residual(problem, m, r);
    spred_design_adjoint_many(&problem->x, problem->outputs, r, g);
    spred_scale(problem->p * problem->outputs, -1 / (double)problem->n, g);
}

double spred_factors_objective(const struct spred_problem *problem,
                               double lambda,
                               const struct spred_factors_point *at)
{
    size_t n = problem->n, p = problem->p, outputs = problem->outputs;
    memset(at->b, 0, outputs * sizeof *at->b);
    spred_factors_product(p * outputs, at->u, at->v, at->w);
    spred_problem_predict(problem, at->w, at->b, at->m);
    if (problem->intercept)
        problem->loss->intercept(problem, at->m, at->b);
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < n; i++)
            at->m[i + k * n] += at->b[k];
    spred_loss_slope(problem, at->m, at->r, at->g);
    for (size_t e = 0; e < p * outputs; e++) {
        double l1, l2;
        spred_penalty_at(problem, lambda, e % p, &l1, &l2);
        spred_factor_slopes(at->g[e], l1, l2, at->u[e], at->v[e], &at->du[e],
                            &at->dv[e]);
    }
    return problem->loss->value(problem, at->m) +
           spred_factors_penalty(problem, lambda, at->u, at->v);
}
