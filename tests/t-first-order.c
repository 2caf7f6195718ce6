/* t-first-order.c: spred-sgd reaches the certified lasso solution through its
 * factors, plain subgradient descent does not. */
#include "toy.h"

#include "solvers/batches.h"
#include "solvers/curvature.h"
#include "solvers/factors.h"

static const struct spred_loss *const losses[] = {
    &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};

static struct toy_plan small(size_t loss)
{
    struct toy_plan plan = {.loss = losses[loss],
                            .n = 60,
                            .p = 30,
                            .classes = 3,
                            .rho = 0.2,
                            .seed = loss};
    return plan;
}

static double factored(const struct spred_problem *problem, double lambda,
                       const double *u, const double *v, const double *b,
                       double *w, double *m)
{
    spred_factors_product(problem->p * problem->outputs, u, v, w);
    spred_problem_predict(problem, w, b, m);
    return problem->loss->value(problem, m) +
           spred_factors_penalty(problem, lambda, u, v);
}

/* Slopes in U and V against central differences, with weights and ridge. */
static void test_slopes(void **cmocka)
{
    (void)cmocka;
    for (size_t loss = 0; loss < 3; loss++) {
        struct toy toy;
        struct toy_plan plan = small(loss);
        plan.weights = 1;
        plan.l1_ratio = 0.7;
        toy_make(&toy, &plan);
        const struct spred_problem *problem = &toy.problem;
        size_t p = problem->p, weights = p * problem->outputs;
        size_t cells = problem->n * problem->outputs;
        double *u = spred_alloc(&toy.env, 4 * weights + 2 * cells, sizeof *u);
        double *v = u + weights, *w = v + weights, *g = w + weights;
        double *m = g + weights, *r = m + cells;
        double b[SPRED_MAX_OUTPUTS] = {0.3, -0.2, 0.1}, lambda = 0.3, h = 1e-6;
        struct spred_rng *rng = spred_rng_new(&toy.env, 5);
        for (size_t e = 0; e < 2 * weights; e++)
            u[e] = 0.3 * spred_rng_normal(rng);
        factored(problem, lambda, u, v, b, w, m);
        spred_loss_slope(problem, m, r, g);
        for (size_t e = 0; e < weights; e += 7) {
            double l1, l2, du[2];
            spred_penalty_at(problem, lambda, e % p, &l1, &l2);
            spred_factor_slopes(g[e], l1, l2, u[e], v[e], &du[0], &du[1]);
            for (size_t side = 0; side < 2; side++) {
                double *x = side ? &v[e] : &u[e], at = *x;
                *x = at + h;
                double up = factored(problem, lambda, u, v, b, w, m);
                *x = at - h;
                double down = factored(problem, lambda, u, v, b, w, m);
                *x = at;
                assert_near(du[side], (up - down) / (2 * h),
                            1e-7 * (1 + fabs(du[side])));
            }
        }
        spred_rng_free(rng);
        spred_free(&toy.env, u);
        toy_free(&toy);
    }
}

/* The factor penalty is never below lambda penalty(uv), equal at |u| = |v|. */
static void test_induced_bound(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(0);
    plan.weights = 1;
    plan.l1_ratio = 0.6;
    toy_make(&toy, &plan);
    double u[30], v[30], w[30];
    struct spred_rng *rng = spred_rng_new(&toy.env, 1);
    for (size_t e = 0; e < 30; e++) {
        u[e] = spred_rng_normal(rng);
        v[e] = spred_rng_normal(rng);
    }
    spred_factors_product(30, u, v, w);
    double penalty = spred_penalty_value(&toy.problem, 0.2, w);
    assert_true(spred_factors_penalty(&toy.problem, 0.2, u, v) >
                1.05 * penalty);
    for (size_t e = 0; e < 30; e++) {
        u[e] = copysign(sqrt(fabs(w[e])), w[e]);
        v[e] = sqrt(fabs(w[e]));
    }
    assert_near(spred_factors_penalty(&toy.problem, 0.2, u, v), penalty,
                1e-14 * penalty);
    spred_rng_free(rng);
    toy_free(&toy);
}

/* Power iteration against the largest eigenvalue of the explicit X'DX/n. */
static void test_curvature(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(0);
    toy_make(&toy, &plan);
    size_t n = 60, p = 30;
    double d[30], z[60] = {0}, scratch_n[60], scratch_p[30];
    double column[60], q[30], next[30];
    for (size_t j = 0; j < p; j++) {
        d[j] = 0.1 + (double)j / 10;
        q[j] = 1 + (double)(j % 3);
    }
    double value = 0;
    for (int iteration = 0; iteration < 3000; iteration++) {
        double xq[60] = {0}, size = 0;
        for (size_t j = 0; j < p; j++) {
            spred_design_column(&toy.problem.x, j, column);
            for (size_t i = 0; i < n; i++)
                xq[i] += sqrt(d[j]) * column[i] * q[j];
        }
        for (size_t j = 0; j < p; j++) {
            spred_design_column(&toy.problem.x, j, column);
            next[j] = 0;
            for (size_t i = 0; i < n; i++)
                next[j] += sqrt(d[j]) * column[i] * xq[i] / (double)n;
            size += next[j] * next[j];
        }
        value = sqrt(size);
        for (size_t j = 0; j < p; j++)
            q[j] = next[j] / value;
    }
    double got =
        spred_curvature_power(&toy.problem.x, d, 200, z, scratch_n, scratch_p);
    assert_near(got, value, 1e-6 * value);
    got = spred_curvature_power(&toy.problem.x, d, 4, z, scratch_n, scratch_p);
    assert_near(got, value, 1e-6 * value); /* z was kept */
    toy_free(&toy);
}

/* Every sample in exactly one batch, with its own response. */
static void test_batches(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(0);
    plan.storage = SPRED_CSC;
    toy_make(&toy, &plan);
    struct spred_rng *rng = spred_rng_new(&toy.env, 1);
    struct spred_batches batches = {0};
    double whole[60], part[60];
    int seen[60] = {0}, moved = 0;
    assert_ok(&toy.env,
              spred_batches_make(&toy.env, &toy.problem, 8, rng, &batches));
    assert_int_equal(batches.count, 8);
    spred_matrix_column(toy.problem.x.matrix, 3, whole);
    for (size_t q = 0; q < batches.count; q++) {
        const struct spred_batch *batch = &batches.batch[q];
        assert_in_range(batch->problem.n, 7, 8);
        spred_matrix_column(&batch->x, 3, part);
        for (size_t i = 0; i < batch->problem.n; i++) {
            size_t from = batches.samples[batch->first + i];
            seen[from]++;
            moved += from != batch->first + i;
            assert_near(batch->problem.y[i], toy.problem.y[from], 0);
            assert_near(part[i], whole[from], 0);
        }
    }
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 30);
    spred_batches_free(&toy.env, &batches);
    spred_rng_free(rng);
    toy_free(&toy);
}

/* Three losses, both optimizers, three storages, ridge and weights: certified,
 * and the support of a tight reference. */
static void test_certified(void **cmocka)
{
    (void)cmocka;
    for (size_t i = 0; i < 18; i++) {
        struct toy toy;
        struct toy_plan plan = small(i % 3);
        plan.storage = (enum spred_storage)(i / 6);
        plan.weights = i % 2;
        plan.l1_ratio = i % 4 < 2 ? 1 : 0.8;
        plan.no_intercept = i % 5 == 0;
        toy_make(&toy, &plan);
        struct toy_run run = {
            .solver = "spred-sgd",
            .settings = {"optimizer", i % 6 < 3 ? "sgd" : "adam"},
            .ratio = 0.1,
            .lambdas = 4,
            .gap = 1e-6,
            .seed = i};
        double gap = toy_solve(&toy, &run);
        if (!(gap <= 1e-6))
            fail_msg("case %zu: gap %g, %s", i, gap,
                     spred_stop_name(run.totals.stop));
        assert_int_equal(run.totals.certified, 4);
        assert_true(run.totals.passes > 2 * (double)run.totals.steps);
        free(run.w);
        toy_free(&toy);
    }
}

/* Authors' starts and mini-batches with cosine also end near the optimum. */
static void test_variants(void **cmocka)
{
    (void)cmocka;
    static const struct {
        const char *settings[8];
        double gap;
    } cases[] = {
        {{"init", "normal"}, 1e-4},
        {{"init", "uniform"}, 1e-4},
        {{"init", "normal-0.5"}, 1e-4},
        {{"momentum", "0"}, 1e-4},
        {{"lr", "0.02"}, 1e-4},
        {{"batch", "20", "schedule", "cosine", "horizon", "3000"}, 1e-2},
        {{"batch", "20", "optimizer", "adam", "schedule", "cosine", "horizon",
          "3000"},
         2e-2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct toy toy;
        struct toy_plan plan = small(i % 2);
        toy_make(&toy, &plan);
        struct toy_run run = {.solver = "spred-sgd",
                              .ratio = 0.2,
                              .gap = cases[i].gap,
                              .steps = 20000,
                              .seed = 3};
        memcpy(run.settings, cases[i].settings, sizeof cases[i].settings);
        double gap = toy_solve(&toy, &run);
        if (!(gap <= cases[i].gap))
            fail_msg("case %zu: gap %g", i, gap);
        free(run.w);
        toy_free(&toy);
    }
}

/* A state at the start of one lambda, with one setting changed. */
static void *begin(struct toy *toy, const char *name, const char *value,
                   double lambda, void **options)
{
    const struct spred_solver *solver = spred_solver_find("spred-sgd");
    struct spred_env *env = &toy->env;
    struct spred_work work = {0};
    *options = spred_alloc(env, 1, solver->options_size);
    void *state = spred_alloc(env, 1, solver->state_size);
    assert_ok(env, spred_options_default(env, solver->options, *options));
    assert_ok(env,
              spred_options_set(env, solver->options, *options, name, value));
    assert_ok(env, solver->init(env, state, *options, &toy->problem, 7, &work));
    assert_ok(env, solver->start(state, lambda, 1e-6));
    return state;
}

static void end(struct toy *toy, void *state, void *options)
{
    spred_solver_find("spred-sgd")->free(&toy->env, state);
    spred_free(&toy->env, state);
    spred_free(&toy->env, options);
}

/* Without momentum the automatic step never lets the factored objective rise,
 * from factors near zero to the optimum, on correlated columns. */
static void test_decreases(void **cmocka)
{
    (void)cmocka;
    const struct spred_solver *solver = spred_solver_find("spred-sgd");
    for (size_t loss = 0; loss < 3; loss++) {
        struct toy toy;
        struct toy_plan plan = small(loss);
        plan.p = 200;
        plan.rho = 0.6;
        plan.l1_ratio = 0.8;
        toy_make(&toy, &plan);
        const struct spred_problem *problem = &toy.problem;
        size_t weights = problem->p * problem->outputs;
        double *w = calloc(weights + problem->n * problem->outputs, sizeof *w);
        double *m = w + weights, b[SPRED_MAX_OUTPUTS];
        double lambda = 0.1 * problem->lambda_max, before = INFINITY;
        void *options, *state = begin(&toy, "momentum", "0", lambda, &options);
        struct spred_work work = {0};
        const double *u, *v;
        int finished = 0;
        spred_sgd_factors(state, &u, &v);
        for (int t = 0; t < 1000; t++) {
            solver->get(state, w, b);
            double at = factored(problem, lambda, u, v, b, w, m);
            assert_true(at <= before + 1e-12 * fabs(at));
            before = at;
            assert_ok(&toy.env, solver->step(state, &work, &finished));
        }
        assert_true(before < 0.8 * problem->null_objective);
        end(&toy, state, options);
        free(w);
        toy_free(&toy);
    }
}

static void test_seeds(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(1);
    toy_make(&toy, &plan);
    struct toy_run run[3];
    for (size_t i = 0; i < 3; i++) {
        run[i] = (struct toy_run){.solver = "spred-sgd",
                                  .settings = {"init", "normal"},
                                  .ratio = 0.1,
                                  .gap = 1e-7,
                                  .seed = i == 2 ? 12 : 11};
        assert_true(toy_solve(&toy, &run[i]) <= 1e-7);
    }
    size_t size = run[0].weights * sizeof *run[0].w;
    assert_memory_equal(run[0].w, run[1].w, size);
    assert_memory_equal(run[0].b, run[1].b, sizeof *run[0].b);
    assert_int_not_equal(memcmp(run[0].w, run[2].w, size), 0);
    assert_near(run[0].last.primal, run[2].last.primal,
                1e-7 * toy.problem.null_objective);
    for (size_t i = 0; i < 3; i++)
        free(run[i].w);
    toy_free(&toy);
}

/* At convergence |u| = |v| and (lambda/2)(u^2 + v^2) = lambda |w|, and the
 * slope of the loss is -lambda sign(w) on the support. */
static void test_balance(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(0);
    toy_make(&toy, &plan);
    const struct spred_solver *solver = spred_solver_find("spred-sgd");
    struct spred_work work = {0};
    double w[30], b[1], lambda = 0.1 * toy.problem.lambda_max;
    const double *u, *v;
    int finished = 0;
    void *options, *state = begin(&toy, "momentum", "0.9", lambda, &options);
    solver->get(state, w, b);
    for (size_t j = 0; j < 30; j++)
        assert_near(w[j], 0, 0); /* the contract: W = 0 at first */
    for (int t = 0; t < 6000; t++)
        assert_ok(&toy.env, solver->step(state, &work, &finished));
    assert_false(finished);
    solver->get(state, w, b);
    spred_sgd_factors(state, &u, &v);
    size_t live = 0;
    for (size_t j = 0; j < 30; j++) {
        double scale = 1e-7 * (1 + fabs(w[j]));
        assert_near(fabs(u[j]), fabs(v[j]), scale);
        assert_near(lambda / 2 * (u[j] * u[j] + v[j] * v[j]),
                    lambda * fabs(w[j]), scale);
        live += fabs(w[j]) > 0;
    }
    assert_in_range(live, 5, 20);
    assert_near(spred_factors_penalty(&toy.problem, lambda, u, v),
                spred_penalty_value(&toy.problem, lambda, w), 1e-10);
    end(&toy, state, options);
    toy_free(&toy);
}

/* The paper's point: same lambda, spred rounds to the lasso's support (that of
 * FISTA at a tight gap), the subgradient's weights are never exactly 0. */
static void test_support(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(0);
    plan.n = 100;
    plan.rho = 0;
    toy_make(&toy, &plan);
    struct toy_run fista = {
        .solver = "proximal-gradient", .ratio = 0.2, .gap = 1e-12};
    struct toy_run spred = {
        .solver = "spred-sgd", .ratio = 0.2, .gap = 1e-10, .seed = 1};
    struct toy_run foil = {
        .solver = "subgradient", .ratio = 0.2, .gap = 1e-10, .steps = 3000};
    assert_true(toy_solve(&toy, &fista) <= 1e-12);
    assert_true(toy_solve(&toy, &spred) <= 1e-10);
    assert_true(toy_solve(&toy, &foil) > 1e-8);
    assert_in_range(fista.last.support, 4, 15);
    assert_int_equal(spred.last.support, fista.last.support);
    for (size_t j = 0; j < 30; j++)
        assert_int_equal(fabs(spred.w[j]) > 0, fabs(fista.w[j]) > 0);
    assert_int_equal(foil.last.support, 30);
    double top = spred_penalty_value(&toy.problem, 1, fista.w);
    assert_near(foil.last.primal, fista.last.primal,
                0.05 * fista.last.primal); /* it does minimise */
    for (size_t j = 0; j < 30; j++)
        assert_near(foil.w[j], fista.w[j], 0.02 * top);
    free(fista.w);
    free(spred.w);
    free(foil.w);
    toy_free(&toy);
}

/* Subgradient on all losses: far below the null model, never certified. */
static void test_foil_descends(void **cmocka)
{
    (void)cmocka;
    for (size_t i = 0; i < 6; i++) {
        struct toy toy;
        struct toy_plan plan = small(i % 3);
        plan.l1_ratio = 0.9;
        plan.weights = 1;
        toy_make(&toy, &plan);
        struct toy_run run = {
            .solver = "subgradient",
            .settings = {"decay", i < 3 ? "sqrt" : "constant"},
            .ratio = 0.1,
            .gap = 1e-7,
            .steps = 2000};
        double gap = toy_solve(&toy, &run);
        if (!(gap < 0.25))
            fail_msg("case %zu: gap %g", i, gap);
        assert_int_equal(run.last.support, 30);
        free(run.w);
        toy_free(&toy);
    }
}

/* A step that is too long is a row that says so, for every loss. */
static void test_diverges(void **cmocka)
{
    (void)cmocka;
    static const char *const solvers[] = {"spred-sgd", "subgradient"};
    for (size_t i = 0; i < 6; i++) {
        struct toy toy;
        struct toy_plan plan = small(i / 2);
        toy_make(&toy, &plan);
        struct toy_run run = {.solver = solvers[i % 2],
                              .settings = {"lr", "1e6"},
                              .ratio = 0.1,
                              .lambdas = 3,
                              .gap = 1e-6,
                              .steps = 2000};
        toy_solve(&toy, &run);
        if (run.totals.stop != SPRED_STOP_DIVERGED)
            fail_msg("case %zu: %s", i, spred_stop_name(run.totals.stop));
        assert_true(run.totals.certified <= 1); /* lambda_max itself */
        free(run.w);
        toy_free(&toy);
    }
}

/* A NaN weight is no zero, for the judge of a diverged run. */
static void test_nan_is_no_zero(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(0);
    toy_make(&toy, &plan);
    struct spred_certifier *judge = spred_certifier_new(&toy.env, &toy.problem);
    struct spred_certificate got;
    double w[30] = {0}, b[1] = {toy.problem.null_intercept[0]};
    assert_ok(&toy.env, spred_certify(judge, w, b, &got));
    w[4] = NAN;
    assert_int_equal(spred_certify(judge, w, b, &got), SPRED_ENUMERIC);
    w[4] = 0;
    b[0] = INFINITY;
    assert_int_equal(spred_certify(judge, w, b, &got), SPRED_ENUMERIC);
    spred_certifier_free(judge);
    toy_free(&toy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slopes),
        cmocka_unit_test(test_curvature),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_certified),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_decreases),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_balance),
        cmocka_unit_test(test_support),
        cmocka_unit_test(test_diverges),
        cmocka_unit_test(test_induced_bound),
        cmocka_unit_test(test_foil_descends),
        cmocka_unit_test(test_nan_is_no_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
