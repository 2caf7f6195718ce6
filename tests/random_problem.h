/* random_problem.h: small random problems of every kind, biased to corners
 * (duplicated and constant columns, one column, few rows), and their path. */
#ifndef SPRED_RANDOM_PROBLEM_H
#define SPRED_RANDOM_PROBLEM_H

#include "test.h"

#include "spred/host.h"
#include "spred/rng.h"

enum { RANDOM_LAMBDAS = 12 }; /* 2 and 1 times lambda_max, then ten to 0.01 */
enum { RANDOM_FEATURES = 60 };

struct random_problem {
    struct spred_problem problem;
    struct spred_matrix matrix;
    double y[64], weights[64], mean[64], scale[64];
    int32_t codes[64];
    double lambda[RANDOM_LAMBDAS];
    struct spred_groups groups;
    size_t first[RANDOM_FEATURES + 1], member[RANDOM_FEATURES];
};

static inline void random_columns(struct spred_rng *rng, size_t n, size_t p,
                                  int sparse, double *x)
{
    double common[64], rho = spred_rng_uniform(rng);
    for (size_t i = 0; i < n; i++)
        common[i] = spred_rng_normal(rng);
    for (size_t j = 0; j < p; j++) {
        double offset = 3 * spred_rng_normal(rng);
        size_t kind = spred_rng_below(rng, 12);
        for (size_t i = 0; i < n; i++) {
            double *to = &x[i + j * n];
            *to = offset + rho * common[i] + (1 - rho) * spred_rng_normal(rng);
            if (sparse && spred_rng_uniform(rng) < 0.7)
                *to = 0;
            if (kind == 0 && j > 0) /* a copy, perhaps with the other sign */
                *to = (j % 2 ? 1 : -1) * x[i + (j - 1) * n];
            if (kind == 1)
                *to = offset;
        }
    }
}

static inline void random_response(struct random_problem *r,
                                   struct spred_rng *rng, const double *x)
{
    struct spred_problem *problem = &r->problem;
    size_t n = problem->n, outputs = problem->outputs;
    for (size_t i = 0; i < n; i++) {
        double signal = spred_rng_normal(rng);
        for (size_t j = 0; j < problem->p && j < 4; j++)
            signal += x[i + j * n] * (j % 2 ? -1 : 1);
        r->y[i] = signal;
        if (problem->loss == &spred_loss_logistic)
            r->y[i] = i < 2 ? (i ? 1 : -1) : signal > 0 ? 1 : -1;
        r->codes[i] =
            (int32_t)(i < outputs ? i : spred_rng_below(rng, outputs));
        if (i >= outputs && spred_rng_uniform(rng) < 0.6)
            r->codes[i] = signal > 0 ? 0 : 1;
    }
}

static inline void random_path(struct random_problem *r)
{
    double most = r->problem.lambda_max;
    r->lambda[0] = 2 * most;
    r->lambda[1] = most;
    spred_lambda_path(most * pow(0.01, 0.1), pow(0.01, 0.9), RANDOM_LAMBDAS - 2,
                      r->lambda + 2);
}

/* Returns 0 when the draw has nothing to explain (then nothing is to free). */
static inline int random_problem_make(struct spred_env *env, uint64_t seed,
                                      struct random_problem *r)
{
    static const struct spred_loss *const losses[] = {
        &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};
    struct spred_rng *rng = spred_rng_new(env, seed);
    struct spred_problem *problem = &r->problem;
    struct spred_matrix dense;
    memset(r, 0, sizeof *r);
    problem->loss = losses[seed % 3];
    problem->outputs = seed % 3 == 2 ? 2 + spred_rng_below(rng, 4) : 1;
    problem->n = problem->outputs + 1 + spred_rng_below(rng, 55);
    problem->p = 1 + spred_rng_below(rng, RANDOM_FEATURES);
    problem->intercept = spred_rng_below(rng, 3) > 0;
    enum spred_storage storage = (enum spred_storage)spred_rng_below(rng, 3);
    size_t n = problem->n, p = problem->p;
    assert_ok(env, spred_matrix_new(env, SPRED_F64, n, p, 0, &dense));
    random_columns(rng, n, p, storage == SPRED_CSC, dense.f64);
    assert_ok(env, spred_matrix_convert(env, &dense, storage, &r->matrix));
    random_response(r, rng, dense.f64);
    spred_matrix_free(env, &dense);
    problem->x.matrix = &r->matrix;
    if (spred_rng_below(rng, 2)) {
        const struct spred_design raw = {.matrix = &r->matrix};
        double ones[64], column[64];
        for (size_t i = 0; i < n; i++)
            ones[i] = 1;
        for (size_t j = 0; j < p; j++) {
            double square = 0;
            r->mean[j] = spred_design_dot(&raw, j, ones) / (double)n;
            spred_design_column(&raw, j, column);
            for (size_t i = 0; i < n; i++)
                square += pow(column[i] - r->mean[j], 2);
            r->scale[j] = square > 1e-9 ? sqrt((double)n / square) : 0;
        }
        problem->x.mean = r->mean;
        problem->x.scale = r->scale;
    }
    problem->y = problem->outputs == 1 ? r->y : NULL;
    problem->codes = problem->outputs > 1 ? r->codes : NULL;
    static const double ratios[] = {1, 1, 1, 0.5, 0.05};
    problem->penalty.l1_ratio = ratios[spred_rng_below(rng, 5)];
    for (size_t j = 0; j < p; j++)
        r->weights[j] = 0.3 + 2.7 * spred_rng_uniform(rng);
    if (spred_rng_below(rng, 3) == 0)
        problem->penalty.weights = r->weights;
    spred_rng_free(rng);
    if (spred_problem_init(env, problem) != SPRED_OK ||
        problem->lambda_max < 1e-9) {
        spred_matrix_free(env, &r->matrix);
        return 0;
    }
    random_path(r);
    return 1;
}

/* Gives a problem another penalty: 3 or 4 factors, or contiguous groups of 1
 * to 4 features, of several classes for half of them over the outputs. Draws
 * from a stream of its own: the problems themselves stay the same. r must stay
 * where it is. */
static inline void random_problem_groups(struct spred_env *env, uint64_t seed,
                                         struct random_problem *r)
{
    struct spred_penalty *penalty = &r->problem.penalty;
    struct spred_rng *rng = spred_rng_new(env, ~seed);
    if (spred_rng_below(rng, 3) == 0) {
        penalty->kind = SPRED_PENALTY_POWER;
        penalty->factors = 3 + (int)spred_rng_below(rng, 2);
        penalty->l1_ratio = 1;
    } else {
        size_t p = r->problem.p;
        penalty->kind = SPRED_PENALTY_GROUP;
        penalty->over_outputs =
            r->problem.outputs > 1 && spred_rng_below(rng, 2);
        for (size_t j = 0; j < p; r->first[++r->groups.count] = j) {
            size_t end = j + 1 + spred_rng_below(rng, 4);
            for (; j < p && j < end; j++)
                r->member[j] = j;
        }
        r->groups.first = r->first;
        r->groups.member = r->member;
        penalty->groups = &r->groups;
    }
    spred_rng_free(rng);
    assert_ok(env, spred_problem_init(env, &r->problem));
    random_path(r);
}

/* What a run along the path left behind. */
struct random_run {
    double primal[RANDOM_LAMBDAS], gap[RANDOM_LAMBDAS]; /* gap: in units of P */
    size_t support[RANDOM_LAMBDAS];
    size_t seen, reached; /* lambdas that ended, and ended certified (not
                             convex: stationary) */
    enum spred_stop stop; /* the worst of them */
    double worst_kkt;
    long steps;
    const struct random_problem *of;
};

static inline int random_observe(void *cookie,
                                 const struct spred_host_point *point)
{
    struct random_run *run = cookie;
    if (point->stop == SPRED_STOP_NONE)
        return 0;
    size_t at = point->lambda_index;
    run->primal[at] = point->certificate.primal;
    run->gap[at] = point->certificate.gap * run->of->problem.null_objective;
    run->support[at] = point->certificate.support;
    run->seen++;
    run->reached += point->stop == SPRED_STOP_TARGET ||
                    point->stop == SPRED_STOP_STATIONARY;
    run->steps += point->step;
    return 0;
}

/* option: "name=value", several with a space between, or NULL; lambdas: how
 * many of the path. */
static inline void random_run(struct spred_env *env, const char *name,
                              const char *option,
                              const struct random_problem *r, size_t lambdas,
                              double gap, struct random_run *run)
{
    const struct spred_solver *solver = spred_solver_find(name);
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    double options[16];
    assert_non_null(solver);
    assert_true(solver->options_size <= sizeof options);
    assert_ok(env, spred_options_default(env, solver->options, options));
    while (option && *option) {
        char key[64], value[64];
        int read = 0;
        assert_int_equal(sscanf(option, " %63[^=]=%63s%n", key, value, &read),
                         2);
        assert_ok(env,
                  spred_options_set(env, solver->options, options, key, value));
        option += read;
    }
    spred_host_plan_default(&plan);
    plan.lambda = r->lambda;
    plan.n_lambda = lambdas;
    plan.gap = gap;
    plan.stall_eps = 0;
    plan.stall_patience = 50;
    memset(run, 0, sizeof *run);
    run->of = r;
    assert_ok(env, spred_host_run(env, solver, options, &r->problem, &plan, 1,
                                  random_observe, run, &totals));
    run->worst_kkt = totals.worst_kkt;
    run->stop = totals.stop;
}

#endif
