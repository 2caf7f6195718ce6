/* exact.h: the certificate's numbers again, in long double, from the
 * definitions, without any code of core. */
#ifndef SPRED_TEST_EXACT_H
#define SPRED_TEST_EXACT_H

#include "problems.h"

static inline long double element(const struct sample *s, size_t i, size_t j)
{
    long double raw = s->dense.f64[i + j * s->dense.rows];
    const struct spred_design *x = &s->problem.x;
    if (x->mean)
        raw -= x->mean[j];
    return x->scale ? raw * x->scale[j] : raw;
}

static inline void exact_predictor(const struct sample *s, const double *w,
                                   const double *b, long double *m)
{
    const struct spred_problem *problem = &s->problem;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t i = 0; i < problem->n; i++) {
            long double total = b ? b[k] : 0;
            for (size_t j = 0; j < problem->p; j++)
                total += element(s, i, j) * w[j + k * problem->p];
            m[i + k * problem->n] = total;
        }
}

static inline long double exact_loss(const struct sample *s,
                                     const long double *m)
{
    const struct spred_problem *problem = &s->problem;
    size_t n = problem->n;
    long double total = 0;
    for (size_t i = 0; i < n; i++)
        if (problem->loss == &spred_loss_squared) {
            total += (problem->y[i] - m[i]) * (problem->y[i] - m[i]) / 2;
        } else if (problem->loss == &spred_loss_logistic) {
            long double z = -problem->y[i] * m[i];
            total += log1pl(expl(-fabsl(z))) + fmaxl(z, 0);
        } else {
            long double top = -INFINITY, sum = 0;
            for (size_t k = 0; k < problem->outputs; k++)
                top = fmaxl(top, m[i + k * n]);
            for (size_t k = 0; k < problem->outputs; k++)
                sum += expl(m[i + k * n] - top);
            total += top + logl(sum) - m[i + (size_t)problem->codes[i] * n];
        }
    return total / n;
}

/* |V_B| of block `b` = group (and output, unless over the outputs). */
static inline long double exact_norm(const struct sample *s, size_t b,
                                     const long double *v, long double *weight)
{
    const struct spred_problem *problem = &s->problem;
    const struct spred_penalty *penalty = &problem->penalty;
    size_t outputs = problem->outputs, over = (size_t)penalty->over_outputs;
    size_t g = over ? b : b / outputs, features = 0;
    long double sum = 0;
    for (size_t j = 0; j < problem->p; j++) {
        int in = j == g;
        for (size_t i = 0; penalty->groups && i < problem->p; i++)
            if (penalty->groups->member[i] == j)
                in = i >= penalty->groups->first[g] &&
                     i < penalty->groups->first[g + 1];
        features += (size_t)in;
        for (size_t k = 0; in && k < outputs; k++)
            if (over || k == b % outputs)
                sum += v[j + k * problem->p] * v[j + k * problem->p];
    }
    *weight = penalty->weights ? (long double)penalty->weights[g]
                               : sqrtl((long double)features);
    return sqrtl(sum);
}

static inline size_t exact_blocks(const struct sample *s)
{
    const struct spred_penalty *penalty = &s->problem.penalty;
    size_t groups = penalty->groups ? penalty->groups->count : s->problem.p;
    return penalty->over_outputs ? groups : groups * s->problem.outputs;
}

static inline long double exact_penalty(const struct sample *s, double lambda,
                                        const double *w)
{
    const struct spred_problem *problem = &s->problem;
    const struct spred_penalty *penalty = &problem->penalty;
    long double total = 0, ratio = penalty->l1_ratio;
    size_t weights = problem->p * problem->outputs;
    long double *v = calloc(weights, sizeof *v);
    for (size_t e = 0; e < weights; e++)
        v[e] = w[e];
    for (size_t b = 0;
         penalty->kind == SPRED_PENALTY_GROUP && b < exact_blocks(s); b++) {
        long double weight, a = exact_norm(s, b, v, &weight);
        total += lambda * weight * (ratio * a + (1 - ratio) / 2 * a * a);
    }
    for (size_t e = 0; penalty->kind != SPRED_PENALTY_GROUP && e < weights;
         e++) {
        long double a = fabsl(v[e]);
        long double weight =
            penalty->weights ? penalty->weights[e % problem->p] : 1;
        if (penalty->kind == SPRED_PENALTY_POWER)
            total +=
                lambda * weight * powl(a, 2 / (long double)penalty->factors);
        else
            total += lambda * weight * (ratio * a + (1 - ratio) / 2 * a * a);
    }
    free(v);
    return total;
}

static inline long double exact_primal(const struct sample *s, double lambda,
                                       const double *w, const double *b)
{
    const struct spred_problem *problem = &s->problem;
    size_t cells = problem->n * problem->outputs;
    long double *m = calloc(cells, sizeof *m), total;
    exact_predictor(s, w, b, m);
    total = exact_loss(s, m);
    total += exact_penalty(s, lambda, w);
    free(m);
    return total;
}

/* The factor by which r leaves the dual's feasible set; one output. */
static inline long double exact_gauge(const struct sample *s, double lambda,
                                      const long double *r)
{
    const struct spred_problem *problem = &s->problem;
    const struct spred_penalty *penalty = &problem->penalty;
    long double worst = 0, weight, *c = calloc(problem->p, sizeof *c);
    for (size_t j = 0; j < problem->p; j++) {
        for (size_t i = 0; i < problem->n; i++)
            c[j] += element(s, i, j) * r[i];
        c[j] /= problem->n * (long double)lambda;
        weight = penalty->weights ? penalty->weights[j] : 1;
        if (penalty->kind == SPRED_PENALTY_L1)
            worst = fmaxl(worst, fabsl(c[j]) / weight);
    }
    for (size_t b = 0;
         penalty->kind == SPRED_PENALTY_GROUP && b < exact_blocks(s); b++) {
        long double norm = exact_norm(s, b, c, &weight);
        worst = fmaxl(worst, norm / weight);
    }
    free(c);
    return worst;
}

/* D of SOLVERS.md section 1 in long double without ridge, squared or logistic:
 * residual at the best intercept (bisection), balanced, scaled to feasibility,
 * which is asserted. */
static inline long double exact_dual(const struct sample *s, double lambda,
                                     const double *w)
{
    const struct spred_problem *problem = &s->problem;
    size_t n = problem->n;
    int squared = problem->loss == &spred_loss_squared;
    long double *m = calloc(2 * n, sizeof *m), *r = m + n;
    long double low = -1e4L, high = 1e4L, sum = 0, up = 0, down = 0;
    exact_predictor(s, w, NULL, m);
    for (int k = 0; k < 200; k++) {
        long double b = problem->intercept ? (low + high) / 2 : 0;
        up = down = 0;
        for (size_t i = 0; i < n; i++) {
            long double y = problem->y[i], at = m[i] + b;
            r[i] = squared ? y - at : y / (1 + expl(y * at));
            *(r[i] > 0 ? &up : &down) += fabsl(r[i]);
        }
        *(up > down ? &low : &high) = b;
    }
    for (size_t i = 0; i < n && problem->intercept; i++)
        r[i] *= r[i] > 0 ? fminl(1, down / up) : fminl(1, up / down);
    long double worst = exact_gauge(s, lambda, r);
    long double yr = 0, rr = 0, mean = 0, value = 0, scale = fmaxl(worst, 1);
    for (size_t i = 0; i < n; i++) {
        sum += r[i];
        yr += problem->y[i] * r[i];
        rr += r[i] * r[i];
        mean += problem->intercept ? problem->y[i] / (double)n : 0;
    }
    assert_true(!problem->intercept || fabsl(sum) <= 1e-16L * (up + down));
    long double t =
        squared ? fmaxl(-1 / worst, fminl(1 / worst, yr / rr)) : 1 / scale;
    for (size_t i = 0; i < n; i++) {
        long double y = problem->y[i], theta = t * r[i], share = y * theta;
        if (squared)
            value += theta * (y - mean - theta / 2);
        else
            value -= (share > 0 ? share * logl(share) : 0) +
                     (share < 1 ? (1 - share) * log1pl(-share) : 0);
    }
    free(m);
    return value / n;
}

#endif
