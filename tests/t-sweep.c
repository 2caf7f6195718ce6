/* t-sweep.c: the fused step of spred-sgd does what the plain formulas say, in
 * every storage, precision and set of loops. */
#include "toy.h"

#include "solvers/factor_sweep.h"
#include "solvers/factors.h"

enum { COUNT = 37 }; /* no multiple of any vector */

/* Every set of loops against the formulas, one value at a time. */
static void updates(void **state)
{
    (void)state;
    for (size_t i = 0; factor_loops_all()[i]; i++)
        for (int weighted = 0; weighted < 2; weighted++) {
            double x[9][COUNT], w[COUNT], was[9][COUNT];
            struct spred_env env;
            spred_env_init(&env);
            struct spred_rng *rng = spred_rng_new(&env, 3);
            for (size_t k = 0; k < 9; k++)
                for (size_t e = 0; e < COUNT; e++)
                    x[k][e] = was[k][e] = k < 4 || k == 6
                                              ? spred_rng_normal(rng)
                                              : spred_rng_uniform(rng);
            spred_rng_free(rng);
            struct factor_rule rule = {0.3, 0.2, 0.05, 0.8, 0.9, 1e-3, 4, 9};
            struct factor_arrays at = {x[0], x[1], w,
                                       x[2], x[3], x[4],
                                       x[5], x[6], weighted ? x[7] : NULL};
            for (int adam = 0; adam < 2; adam++) {
                memcpy(x, was, sizeof x);
                (adam ? factor_loops_all()[i]->adam
                      : factor_loops_all()[i]->momentum)(COUNT, &rule, &at);
                for (size_t e = 0; e < COUNT; e++) {
                    double l = weighted ? was[7][e] : 1;
                    double from[2] = {was[0][e], was[1][e]};
                    double g = was[6][e] + 0.2 * l * from[0] * from[1];
                    for (size_t k = 0; k < 2; k++) { /* u, then v */
                        double slope = g * from[1 - k] + 0.3 * l * from[k];
                        double m = adam ? 0.8 * was[2 + k][e] + 0.2 * slope
                                        : 0.8 * was[2 + k][e] + slope;
                        double s = 0.9 * was[4 + k][e] + 0.1 * slope * slope;
                        double by = adam ? 4 * m / (sqrt(9 * s) + 1e-3) : m;
                        assert_near(x[k][e], from[k] - 0.05 * by, 1e-13);
                        assert_near(x[2 + k][e], m, 1e-13);
                        if (adam)
                            assert_near(x[4 + k][e], s, 1e-13);
                    }
                    assert_near(w[e], x[0][e] * x[1][e], 1e-15);
                }
            }
        }
}

static void columns(void **state)
{
    (void)state;
    for (size_t i = 0; factor_loops_all()[i]; i++) {
        const struct factor_loops *loops = factor_loops_all()[i];
        double x[COUNT * 11], a[11], y[COUNT], dot[11];
        float xs[48 * 11] = {0}, as[11], ys[48] = {0}, rs[48] = {0};
        for (size_t e = 0; e < COUNT * 11; e++)
            x[e] = sin((double)e);
        for (size_t j = 0; j < 11; j++) {
            a[j] = cos((double)j);
            as[j] = (float)a[j];
            for (size_t r = 0; r < COUNT; r++)
                xs[r + 48 * j] = (float)x[r + COUNT * j];
        }
        for (size_t r = 0; r < COUNT; r++) {
            y[r] = (double)r;
            rs[r] = (float)cos(2 * (double)r);
        }
        loops->doubles(COUNT, 11, x, a, y);
        loops->singles(48, 11, xs, as, ys);
        loops->dots(48, 11, xs, rs, dot);
        for (size_t r = 0; r < COUNT; r++) {
            double sum = 0;
            for (size_t j = 0; j < 11; j++)
                sum += x[r + COUNT * j] * a[j];
            assert_near(y[r], (double)r + sum, 1e-13);
            assert_near((double)ys[r], sum, 1e-5);
        }
        for (size_t j = 0; j < 11; j++) {
            double sum = 0;
            for (size_t r = 0; r < COUNT; r++)
                sum += x[r + COUNT * j] * cos(2 * (double)r);
            assert_near(dot[j], sum, 1e-5);
        }
    }
}

/* One sweep from one batch to another against slope, update and predictor done
 * one after the other; p is wider than a block of columns. */
static void sweeps(void **state)
{
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        struct toy toy, then;
        int single = i >= 6, known = i % 4 == 3;
        struct toy_plan plan = {
            .loss = i % 2 ? &spred_loss_multinomial : &spred_loss_squared,
            .n = 50,
            .p = 150,
            .classes = 3,
            .weights = i % 3 == 0,
            .l1_ratio = 0.8,
            .storage = (enum spred_storage)(single ? i % 2 : i % 3),
            .seed = i};
        toy_make(&toy, &plan);
        plan.n = 47;
        plan.seed++;
        toy_make(&then, &plan);
        then.problem.penalty = toy.problem.penalty;
        size_t outputs = toy.problem.outputs, weights = 150 * outputs;
        double *x = calloc(14 * weights + 5 * 50 * outputs, sizeof *x);
        double *r = x + 14 * weights, *m = r + 50 * outputs;
        double *out = m + 50 * outputs, *want = out + 50 * outputs;
        double *scratch = calloc(factor_sweep_scratch(50, 150), sizeof *x);
        float *singles =
            calloc(factor_sweep_singles(50, 150, outputs), sizeof *singles);
        struct factor_single copy[2] = {{0, NULL, NULL}, {0, NULL, NULL}};
        for (size_t e = 0; e < 7 * weights; e++)
            x[e] = x[e + 7 * weights] = cos((double)(e * e)); /* twice */
        for (size_t e = 0; e < 4 * weights; e++)
            x[e + 3 * weights] = x[e + 10 * weights] = 0.1;
        double b[SPRED_MAX_OUTPUTS] = {0.1};
        spred_factors_product(weights, x, x + weights, x + 2 * weights);
        spred_problem_predict(&toy.problem, x + 2 * weights, b, m);
        struct factor_rule rule = {0.3, 0.1, 0.05, 0.9, 0.99, 1e-4, 2, 3};
        struct factor_arrays at = {x,
                                   x + weights,
                                   x + 2 * weights,
                                   x + 3 * weights,
                                   x + 4 * weights,
                                   x + 5 * weights,
                                   x + 6 * weights,
                                   NULL,
                                   toy.problem.penalty.weights};
        double *g = calloc(2 * weights, sizeof *g), *slope = g + weights;
        spred_loss_slope(&toy.problem, m, r, slope);
        struct factor_sweep sweep = {.from = &toy.problem,
                                     .to = &then.problem,
                                     .rule = &rule,
                                     .adam = i % 2 == 0,
                                     .slopes_known = known,
                                     .at = at,
                                     .g = g,
                                     .r = r,
                                     .out = out,
                                     .scratch = scratch,
                                     .singles = singles};
        if (known)
            memcpy(g, slope, weights * sizeof *g);
        if (single) {
            assert_ok(&toy.env,
                      factor_single_make(&toy.env, &toy.problem.x, &copy[0]));
            assert_ok(&toy.env,
                      factor_single_make(&toy.env, &then.problem.x, &copy[1]));
            sweep.from_single = &copy[0];
            sweep.to_single = &copy[1];
        }
        factor_sweep(&sweep);
        double *y = x + 7 * weights;
        for (size_t k = 0; k < outputs; k++) {
            size_t e = k * 150;
            struct factor_arrays part = {y + e,
                                         y + weights + e,
                                         y + 2 * weights + e,
                                         y + 3 * weights + e,
                                         y + 4 * weights + e,
                                         y + 5 * weights + e,
                                         y + 6 * weights + e,
                                         slope + e,
                                         toy.problem.penalty.weights};
            (sweep.adam ? factor_loops()->adam
                        : factor_loops()->momentum)(150, &rule, &part);
        }
        b[0] = 0;
        spred_problem_predict(&then.problem, y + 2 * weights, b, want);
        double close = single ? 1e-4 : 1e-11;
        for (size_t e = 0; e < 7 * weights; e++)
            assert_near(x[e], y[e], close);
        for (size_t e = 0; e < weights; e++)
            assert_near(g[e], slope[e], close);
        for (size_t e = 0; e < 47 * outputs; e++)
            assert_near(out[e], want[e], 20 * close);
        factor_single_free(&toy.env, &copy[0]);
        factor_single_free(&toy.env, &copy[1]);
        free(g);
        free(singles);
        free(scratch);
        free(x);
        toy_free(&then);
        toy_free(&toy);
    }
}

/* Three steps of Adam as PyTorch documents it (coupled decay), by hand, against
 * the solver: one feature, no intercept. */
static void three_steps_of_adam(void **state)
{
    (void)state;
    struct toy toy;
    struct toy_plan plan = {.loss = &spred_loss_squared,
                            .n = 20,
                            .p = 1,
                            .no_intercept = 1,
                            .seed = 4};
    toy_make(&toy, &plan);
    const struct spred_solver *solver = spred_solver_find("spred-sgd");
    static const char *const settings[][2] = {
        {"optimizer", "adam"}, {"lr", "0.05"},    {"beta1", "0.8"},
        {"beta2", "0.95"},     {"eps", "0.0001"}, {"init", "normal"}};
    void *options = calloc(1, solver->options_size);
    void *work = calloc(1, solver->state_size);
    struct spred_work passes = {0};
    double x[20], xx = 0, xy = 0, lambda = 0.3 * toy.problem.lambda_max;
    assert_ok(&toy.env,
              spred_options_default(&toy.env, solver->options, options));
    for (size_t i = 0; i < 6; i++)
        assert_ok(&toy.env,
                  spred_options_set(&toy.env, solver->options, options,
                                    settings[i][0], settings[i][1]));
    assert_ok(&toy.env,
              solver->init(&toy.env, work, options, &toy.problem, 7, &passes));
    assert_ok(&toy.env, solver->start(work, lambda, 1e-6));
    spred_design_column(&toy.problem.x, 0, x);
    for (size_t i = 0; i < 20; i++) {
        xx += x[i] * x[i] / 20;
        xy += x[i] * toy.y[i] / 20;
    }
    const double *u, *v;
    int finished = 0;
    spred_sgd_factors(work, &u, &v);
    double at[2] = {*u, *v}, m[2] = {0, 0}, s[2] = {0, 0};
    for (int t = 1; t <= 3; t++) {
        double slope = xx * at[0] * at[1] - xy;
        double grad[2] = {slope * at[1] + lambda * at[0],
                          slope * at[0] + lambda * at[1]};
        for (size_t side = 0; side < 2; side++) {
            m[side] = 0.8 * m[side] + 0.2 * grad[side];
            s[side] = 0.95 * s[side] + 0.05 * grad[side] * grad[side];
            double first = m[side] / (1 - pow(0.8, t));
            double second = s[side] / (1 - pow(0.95, t));
            at[side] -= 0.05 * first / (sqrt(second) + 0.0001);
        }
        assert_ok(&toy.env, solver->step(work, &passes, &finished));
        assert_near(*u, at[0], 1e-12);
        assert_near(*v, at[1], 1e-12);
    }
    solver->free(&toy.env, work);
    free(work);
    free(options);
    toy_free(&toy);
}

/* Single precision ends where double does, to what it can hold. */
static void single_precision(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct toy toy;
        struct toy_plan plan = {.loss = i % 3 == 0   ? &spred_loss_squared
                                        : i % 3 == 1 ? &spred_loss_logistic
                                                     : &spred_loss_multinomial,
                                .n = 60,
                                .p = 70,
                                .classes = 3,
                                .storage = (enum spred_storage)(i % 3),
                                .seed = i};
        toy_make(&toy, &plan);
        struct toy_run run = {.solver = "spred-sgd",
                              .settings = {"precision", "single", "optimizer",
                                           i % 2 ? "adam" : "sgd", "lr",
                                           i % 2 ? "0.01" : "0"},
                              .ratio = 0.2,
                              .lambdas = 3,
                              .gap = 1e-4,
                              .seed = i};
        double gap = toy_solve(&toy, &run);
        if (!(gap <= 1e-4))
            fail_msg("case %zu: gap %g, %s", i, gap,
                     spred_stop_name(run.totals.stop));
        free(run.w);
        toy_free(&toy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates), cmocka_unit_test(columns),
        cmocka_unit_test(sweeps), cmocka_unit_test(three_steps_of_adam),
        cmocka_unit_test(single_precision)};
    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
