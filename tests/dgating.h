/* dgating.h: D-gating's group-lasso simulation (PAPER.md section 4): one gate a
 * block by SGD against the certified block coordinate descent. */
#ifndef SPRED_TEST_DGATING_H
#define SPRED_TEST_DGATING_H

#include "test.h"

#include "solvers/nn/train.h"
#include "spred/host.h"
#include "spred/rng.h"

enum { GROUPS = 40, SIZE = 5, ACTIVE = 7, N = 200, P = GROUPS * SIZE };
enum { GRID = 30 };

struct dgating {
    double x[N * P], y[N];
    float single[N * P];
    double w[P]; /* of the certified solver */
};

static struct dgating *dgating_make(void)
{
    struct dgating *d = calloc(1, sizeof *d);
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 42);
    for (size_t e = 0; e < N * P; e++) {
        d->single[e] = (float)spred_rng_normal(rng);
        d->x[e] = (double)d->single[e];
    }
    for (size_t j = 0; j < ACTIVE * SIZE; j++) {
        double beta = spred_rng_normal(rng);
        for (size_t i = 0; i < N; i++)
            d->y[i] += beta * d->x[i + j * N];
    }
    for (size_t i = 0; i < N; i++)
        d->y[i] += spred_rng_normal(rng);
    spred_rng_free(rng);
    return d;
}

/* 30 values in [1e-5, 15], even in log. */
static double dgating_lambda(size_t k)
{
    return 1e-5 * pow(15 / 1e-5, (double)k / (GRID - 1));
}

/* (1/2n) |y - Xw|^2 + lambda sum_g |w_g|_2 */
static double dgating_objective(const struct dgating *d, double lambda,
                                const double *w)
{
    double value = 0;
    for (size_t i = 0; i < N; i++) {
        double r = d->y[i];
        for (size_t j = 0; j < P; j++)
            r -= d->x[i + j * N] * w[j];
        value += r * r / (2 * N);
    }
    for (size_t g = 0; g < GROUPS; g++) {
        double square = 0;
        for (size_t j = 0; j < SIZE; j++)
            square += w[g * SIZE + j] * w[g * SIZE + j];
        value += lambda * sqrt(square);
    }
    return value;
}

static int dgating_keep(void *cookie, const struct spred_host_point *point)
{
    struct dgating *d = cookie;
    memcpy(d->w, point->w, sizeof d->w);
    return 0;
}

static double dgating_certified(struct spred_env *env, struct dgating *d,
                                double lambda)
{
    size_t first[GROUPS + 1], member[P];
    double ones[GROUPS];
    struct spred_matrix x = {
        .rows = N, .cols = P, .storage = SPRED_F64, .f64 = d->x};
    for (size_t g = 0; g <= GROUPS; g++)
        first[g] = g * SIZE;
    for (size_t j = 0; j < P; j++)
        member[j] = j;
    for (size_t g = 0; g < GROUPS; g++)
        ones[g] = 1;
    struct spred_groups groups = {GROUPS, first, member};
    struct spred_problem problem = {.x = {.matrix = &x},
                                    .n = N,
                                    .p = P,
                                    .outputs = 1,
                                    .loss = &spred_loss_squared,
                                    .y = d->y,
                                    .penalty = {.l1_ratio = 1,
                                                .weights = ones,
                                                .kind = SPRED_PENALTY_GROUP,
                                                .groups = &groups}};
    const struct spred_solver *solver = spred_solver_find("group-cd");
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    assert_non_null(solver);
    void *options = calloc(1, solver->options_size + 1);
    assert_ok(env, spred_options_default(env, solver->options, options));
    assert_ok(env, spred_problem_init(env, &problem));
    spred_host_plan_default(&plan);
    plan.lambda = &lambda;
    plan.n_lambda = 1;
    plan.gap = 1e-7;
    assert_ok(env, spred_host_run(env, solver, options, &problem, &plan, 1,
                                  dgating_keep, d, &totals));
    free(options);
    assert_int_equal(totals.certified, 1);
    return dgating_objective(d, lambda, d->w);
}

static enum spred_status dgating_go_on(void *cookie, struct nn *nn, long step,
                                       int *stop)
{
    (void)cookie;
    (void)nn;
    (void)step;
    (void)stop;
    return SPRED_OK;
}

/* D = 2: one gate a block times its weights. */
static double dgating_gated(struct spred_env *env, const struct dgating *d,
                            double lambda, const struct nn_rule *rule,
                            long steps)
{
    struct spred_rows rows = {.n = N, .p = P, .x = d->single, .values = d->y};
    struct nn_shape shape = {.inputs = P, .outputs = 1, .n_branches = 1};
    struct nn_training training = {.first = *rule,
                                   .rest = *rule,
                                   .cosine = 1,
                                   .steps = steps,
                                   .every = steps,
                                   .evaluate = dgating_go_on};
    struct nn_report report;
    struct nn *nn;
    double w[P];
    shape.branches[0].n = 1;
    shape.branches[0].layers[0] =
        (struct nn_layer){.kind = NN_LINEAR,
                          .no_bias = 1,
                          .sparse = {.kind = NN_SPRED,
                                     .group = NN_BLOCK,
                                     .block = SIZE,
                                     .lambda = lambda}};
    assert_ok(env, nn_new(env, &shape, N, 9, &nn));
    assert_ok(env, nn_train(env, nn, &rows, &training, &report));
    const real *products = nn_weights(nn, 0, 0);
    for (size_t j = 0; j < P; j++)
        w[j] = (double)products[j];
    nn_free(nn);
    return dgating_objective(d, lambda, w);
}

/* Within `tolerance` of the certified objective, and not below it. */
static void dgating_compare(struct spred_env *env, struct dgating *d, size_t k,
                            const struct nn_rule *rule, long steps,
                            double tolerance)
{
    double lambda = dgating_lambda(k);
    double best = dgating_certified(env, d, lambda);
    double ours = dgating_gated(env, d, lambda, rule, steps);
    print_message("# lambda %.3g: certified %.8g, gated %+.1e\n", lambda, best,
                  ours / best - 1);
    if (!(ours <= best * (1 + tolerance) && ours >= best * (1 - 1e-6)))
        fail_msg("lambda %g: %.10g, certified %.10g", lambda, ours, best);
}

#endif
