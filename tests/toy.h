/* toy.h: small seeded problems of every loss, storage and penalty, and a run of
 * one method on them, for the tests of the methods. */
#ifndef SPRED_TOY_H
#define SPRED_TOY_H

#include "test.h"

#include "spred/host.h"
#include "spred/rng.h"

/* What to make; zero-initialise. Column j is rho times a shared factor plus
 * noise; every fifth feature, at most 8, has an effect of +-1. */
struct toy_plan {
    const struct spred_loss *loss;
    size_t n, p, classes; /* classes: multinomial only */
    double rho;           /* [0, 1): correlation of the columns */
    double l1_ratio;      /* 0: 1 */
    int weights;          /* 1: penalty weights 0.5 .. 1.5 */
    int no_intercept;
    enum spred_storage storage;
    uint64_t seed;
};

struct toy {
    struct spred_env env;
    struct spred_matrix x;
    struct spred_problem problem;
    double *mean, *scale, *y, *weights;
    int32_t *codes;
};

static inline double toy_cell(struct spred_rng *rng, enum spred_storage storage,
                              double rho, double factor)
{
    if (storage == SPRED_CSC && spred_rng_uniform(rng) < 0.5)
        return 0;
    return sqrt(rho) * factor + sqrt(1 - rho) * spred_rng_normal(rng);
}

/* Means and scales of the columns, as the preprocessing would fit them. */
static inline void toy_standardise(struct toy *toy, const double *raw, size_t n,
                                   size_t p)
{
    for (size_t j = 0; j < p; j++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < n; i++)
            mean += raw[i + j * n] / (double)n;
        for (size_t i = 0; i < n; i++)
            square += pow(raw[i + j * n] - mean, 2) / (double)n;
        toy->mean[j] = mean;
        toy->scale[j] = 1 / sqrt(square);
    }
}

static inline void toy_make(struct toy *toy, const struct toy_plan *plan)
{
    struct spred_env *env = &toy->env;
    size_t n = plan->n, p = plan->p;
    memset(toy, 0, sizeof *toy);
    spred_env_init(env);
    struct spred_rng *rng = spred_rng_new(env, plan->seed + 1);
    double *raw = spred_alloc(env, n * p, sizeof *raw);
    double *m = spred_alloc(env, n, sizeof *m);
    toy->mean = spred_alloc(env, p, sizeof *toy->mean);
    toy->scale = spred_alloc(env, p, sizeof *toy->scale);
    toy->y = spred_alloc(env, n, sizeof *toy->y);
    toy->weights = spred_alloc(env, p, sizeof *toy->weights);
    toy->codes = spred_alloc(env, n, sizeof *toy->codes);
    assert_true(rng && raw && m && toy->mean && toy->scale && toy->y &&
                toy->weights && toy->codes);
    for (size_t i = 0; i < n; i++) {
        double factor = spred_rng_normal(rng);
        for (size_t j = 0; j < p; j++)
            raw[i + j * n] = toy_cell(rng, plan->storage, plan->rho, factor);
    }
    toy_standardise(toy, raw, n, p);
    struct spred_matrix dense = {SPRED_F64, n,    p,    raw, NULL,
                                 NULL,      NULL, NULL, 0};
    assert_ok(env, spred_matrix_convert(env, &dense, plan->storage, &toy->x));
    for (size_t i = 0; i < n; i++) {
        m[i] = 0.5 * spred_rng_normal(rng);
        for (size_t j = 0; j < p && j < 40; j += 5)
            m[i] += (j % 2 ? -1 : 1) * (raw[i + j * n] - toy->mean[j]) *
                    toy->scale[j];
        int logistic = plan->loss == &spred_loss_logistic;
        toy->y[i] = logistic ? (m[i] > 0 ? 1 : -1) : 3 + m[i];
        double level = (double)plan->classes * (atan(m[i]) / 3.1416 + 0.5);
        toy->codes[i] = (int32_t)level;
    }
    for (size_t j = 0; j < p; j++)
        toy->weights[j] = 0.5 + spred_rng_uniform(rng);
    int multinomial = plan->loss == &spred_loss_multinomial;
    toy->problem = (struct spred_problem){
        .x = {.matrix = &toy->x, .mean = toy->mean, .scale = toy->scale},
        .n = n,
        .p = p,
        .outputs = multinomial ? plan->classes : 1,
        .loss = plan->loss,
        .y = multinomial ? NULL : toy->y,
        .codes = multinomial ? toy->codes : NULL,
        .penalty = {.l1_ratio = plan->l1_ratio > 0 ? plan->l1_ratio : 1,
                    .weights = plan->weights ? toy->weights : NULL},
        .intercept = !plan->no_intercept};
    assert_ok(env, spred_problem_init(env, &toy->problem));
    spred_free(env, raw);
    spred_free(env, m);
    spred_rng_free(rng);
}

static inline void toy_free(struct toy *toy)
{
    spred_matrix_free(&toy->env, &toy->x);
    spred_free(&toy->env, toy->mean);
    spred_free(&toy->env, toy->scale);
    spred_free(&toy->env, toy->y);
    spred_free(&toy->env, toy->weights);
    spred_free(&toy->env, toy->codes);
}

/* How a run is asked for and what came of it. */
struct toy_run {
    const char *solver;
    const char *settings[12]; /* name, value, name, value, NULL */
    double ratio;             /* last lambda / lambda_max */
    size_t lambdas;           /* 0: 1 */
    double gap;
    long steps; /* 0: 200000 */
    uint64_t seed;
    /* Results: the last observation at the last lambda reached. */
    double *w, b[SPRED_MAX_OUTPUTS]; /* w: p x K, free() it */
    struct spred_certificate last;
    double worst_rise; /* largest rise of the primal between observations of one
                          lambda, over P(0) */
    struct spred_host_totals totals;
    size_t weights, outputs;
    double before; /* primal at the last observation */
    double unit;
};

static inline int toy_observe(void *cookie,
                              const struct spred_host_point *point)
{
    struct toy_run *run = cookie;
    double primal = point->certificate.primal;
    if (point->step > 0)
        run->worst_rise =
            fmax(run->worst_rise, (primal - run->before) / run->unit);
    run->before = primal;
    run->last = point->certificate;
    memcpy(run->w, point->w, run->weights * sizeof *run->w);
    memcpy(run->b, point->b, run->outputs * sizeof *run->b);
    return 0;
}

/* Runs and returns the worst certified gap, floor included. */
static inline double toy_solve(struct toy *toy, struct toy_run *run)
{
    struct spred_env *env = &toy->env;
    const struct spred_solver *solver = spred_solver_find(run->solver);
    struct spred_host_plan plan;
    double lambda[100];
    assert_non_null(solver);
    void *options = spred_alloc(env, 1, solver->options_size);
    assert_ok(env, spred_options_default(env, solver->options, options));
    for (size_t i = 0; i < 12 && run->settings[i]; i += 2)
        assert_ok(env,
                  spred_options_set(env, solver->options, options,
                                    run->settings[i], run->settings[i + 1]));
    spred_host_plan_default(&plan);
    plan.lambda = lambda;
    plan.n_lambda = run->lambdas ? run->lambdas : 1;
    plan.gap = run->gap;
    plan.steps = run->steps ? run->steps : 200000;

    spred_lambda_path(toy->problem.lambda_max, run->ratio, plan.n_lambda,
                      lambda);
    run->weights = toy->problem.p * toy->problem.outputs;
    run->outputs = toy->problem.outputs;
    run->unit = toy->problem.null_objective;
    run->worst_rise = -INFINITY;
    run->w = calloc(run->weights, sizeof *run->w);
    assert_non_null(run->w);
    assert_ok(env, spred_host_run(env, solver, options, &toy->problem, &plan,
                                  run->seed, toy_observe, run, &run->totals));
    spred_free(env, options);
    return run->totals.worst_gap + run->totals.worst_floor;
}

#endif
