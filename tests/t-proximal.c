/* t-proximal.c: ISTA and FISTA reach the optimum, certified, and behave as
 * their theory says. */
#include "toy.h"

static const struct spred_loss *const losses[] = {
    &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};

static struct toy_plan small(size_t loss)
{
    struct toy_plan plan = {.loss = losses[loss],
                            .n = 50,
                            .p = 30,
                            .classes = 3,
                            .rho = 0.3,
                            .seed = 20 + loss};
    return plan;
}

/* All losses x storages x both methods, ridge, weights, no intercept, on all
 * columns and on working sets. */
static void test_reaches(void **cmocka)
{
    (void)cmocka;
    for (size_t i = 0; i < 36; i++) {
        struct toy toy;
        struct toy_plan plan = small(i % 3);
        plan.storage = (enum spred_storage)(i % 18 / 6);
        plan.weights = i % 2;
        plan.l1_ratio = i % 4 < 2 ? 1 : 0.7;
        plan.no_intercept = i % 5 == 0;
        toy_make(&toy, &plan);
        struct toy_run run = {
            .solver = "proximal-gradient",
            .settings = {"accelerate", i % 6 < 3 ? "true" : "false",
                         "working_set", i / 18 ? "true" : "false"},
            .ratio = 0.1,
            .lambdas = 5,
            .gap = 1e-8};
        double gap = toy_solve(&toy, &run);
        if (!(gap <= 1e-8))
            fail_msg("case %zu: gap %g, %s", i, gap,
                     spred_stop_name(run.totals.stop));
        assert_int_equal(run.totals.certified, 5);
        assert_true(run.last.support < 30);
        free(run.w);
        toy_free(&toy);
    }
}

/* ISTA never lets the objective rise; the trials start long, so this needs the
 * backtracking. */
static void test_monotone(void **cmocka)
{
    (void)cmocka;
    for (size_t loss = 0; loss < 3; loss++) {
        struct toy toy;
        struct toy_plan plan = small(loss);
        plan.p = 100;
        plan.rho = 0.8;
        plan.l1_ratio = 0.9;
        toy_make(&toy, &plan);
        struct toy_run run = {.solver = "proximal-gradient",
                              .settings = {"accelerate", "false",
                                           "working_set", "false"},
                              .ratio = 0.05,
                              .lambdas = 3,
                              .gap = 1e-6,
                              .steps = 3000};
        toy_solve(&toy, &run);
        assert_true(run.totals.steps > 20);
        assert_true(run.worst_rise <= 1e-14);
        free(run.w);
        toy_free(&toy);
    }
}

static void test_faster(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(0);
    plan.rho = 0.95;
    toy_make(&toy, &plan);
    struct toy_run fista = {.solver = "proximal-gradient",
                            .settings = {"working_set", "false"},
                            .ratio = 0.01,
                            .gap = 1e-7};
    struct toy_run ista = fista, plain = fista;
    ista.settings[2] = "accelerate";
    ista.settings[3] = "false";
    plain.settings[2] = "restart";
    plain.settings[3] = "false";
    assert_true(toy_solve(&toy, &fista) <= 1e-7);
    assert_true(toy_solve(&toy, &ista) <= 1e-7);
    assert_true(toy_solve(&toy, &plain) <= 1e-7);
    assert_true(4 * fista.totals.steps < ista.totals.steps);
    assert_true(fista.totals.steps < plain.totals.steps);
    for (size_t j = 0; j < 30; j++) /* the optimum is one */
        assert_near(fista.w[j], ista.w[j], 1e-2);
    assert_near(fista.last.primal, ista.last.primal, 1e-6);
    free(fista.w);
    free(ista.w);
    free(plain.w);
    toy_free(&toy);
}

/* A long path down to the rounding floor: backtracking on noise must not ruin
 * the step for the lambdas that follow. */
static void test_long_path(void **cmocka)
{
    (void)cmocka;
    for (size_t loss = 0; loss < 2; loss++) {
        struct toy toy;
        struct toy_plan plan = small(loss);
        toy_make(&toy, &plan);
        struct toy_run run = {.solver = "proximal-gradient",
                              .ratio = 0.02,
                              .lambdas = 80,
                              .gap = 1e-12};
        assert_true(toy_solve(&toy, &run) <= 1e-12);
        assert_int_equal(run.totals.certified, 80);
        free(run.w);
        toy_free(&toy);
    }
}

/* One feature, no intercept: the answer is the soft threshold. */
static void test_closed_form(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = {.loss = &spred_loss_squared,
                            .n = 20,
                            .p = 1,
                            .l1_ratio = 0.5,
                            .no_intercept = 1,
                            .seed = 4};
    toy_make(&toy, &plan);
    double x[20], xy = 0, xx = 0, lambda = 0.3 * toy.problem.lambda_max;
    spred_design_column(&toy.problem.x, 0, x);
    for (size_t i = 0; i < 20; i++) {
        xy += x[i] * toy.y[i] / 20;
        xx += x[i] * x[i] / 20;
    }
    double want =
        copysign(fmax(fabs(xy) - lambda / 2, 0), xy) / (xx + lambda / 2);
    struct toy_run run = {
        .solver = "proximal-gradient", .ratio = 0.3, .gap = 1e-13};
    assert_true(toy_solve(&toy, &run) <= 1e-13);
    assert_near(run.w[0], want, 1e-6 * fabs(want));
    free(run.w);
    toy_free(&toy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reaches),     cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_faster),      cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_closed_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
