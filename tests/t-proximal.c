/* t-proximal.c: ISTA and FISTA reach the optimum, certified, and behave as
 * their theory says. */
#include "random_problem.h"
#include "toy.h"

#include "solvers/fista.h"
#include "solvers/subset.h"

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
        struct toy_run run = {
            .solver = "proximal-gradient",
            .settings = {"accelerate", "false", "working_set", "false"},
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

/* Duplicated and constant columns, few rows, one column, every loss, penalty
 * and storage: certified all along the path, and zero above lambda_max. */
static void test_degenerate(void **cmocka)
{
    (void)cmocka;
    struct spred_env env;
    struct random_problem r;
    struct random_run run;
    size_t solved = 0;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < 200; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        solved++;
        random_run(&env, "pgd", NULL, &r, RANDOM_LAMBDAS, 1e-8, &run);
        spred_matrix_free(&env, &r.matrix);
        if (run.reached != RANDOM_LAMBDAS)
            fail_msg("seed %d: %zu lambdas certified", (int)seed, run.reached);
        assert_int_equal(run.support[0], 0);
        assert_int_equal(run.support[1], 0);
        assert_true(run.support[RANDOM_LAMBDAS - 1] > 0);
    }
    assert_true(solved > 180);
}

/* The set's own columns and products, after features came, left and came. */
static void check_subset(const struct toy *toy, struct subset *set)
{
    size_t n = toy->problem.n, m = set->size;
    double *z = calloc(2 * n * m, sizeof *z), *own = z + n * m;
    for (size_t s = 0; s < m; s++) {
        double *column = z + s * n, mean = 0;
        spred_design_column(&toy->problem.x, set->column[s], column);
        for (size_t i = 0; i < n; i++)
            mean += column[i] / (double)n;
        assert_near(set->centre[s], toy->problem.intercept ? mean : 0, 1e-12);
        for (size_t i = 0; i < n; i++)
            column[i] -= set->centre[s];
        assert_near(set->weight[s], toy->weights[set->column[s]], 0);
        assert_int_equal(set->inside[set->column[s]], 1);
        if (!set->by_gram) {
            spred_design_column(&set->problem.x, s, own + s * n);
            for (size_t i = 0; i < n; i++)
                assert_near(own[s * n + i], column[i], 1e-12);
        }
    }
    for (size_t a = 0; set->by_gram && a < m; a++) {
        double cross = 0;
        for (size_t i = 0; i < n; i++)
            cross +=
                z[a * n + i] * (toy->y[i] - toy->problem.null_intercept[0]);
        assert_near(set->cross[a], cross, 1e-10);
        for (size_t b = 0; b < m; b++) {
            double dot = 0;
            for (size_t i = 0; i < n; i++)
                dot += z[a * n + i] * z[b * n + i];
            assert_near(set->q[a + b * set->capacity], dot, 1e-10);
        }
    }
    free(z);
}

static void test_subset(void **cmocka)
{
    (void)cmocka;
    for (size_t i = 0; i < 12; i++) {
        struct toy toy;
        struct toy_plan plan = small(i % 2);
        plan.p = 150;
        plan.weights = 1;
        plan.storage = (enum spred_storage)(i % 3);
        plan.no_intercept = i / 6 == 1;
        toy_make(&toy, &plan);
        for (size_t j = 0; j < 150; j++)
            toy.mean[j] -= 0.3; /* columns that are not centred */
        struct subset set = {0};
        unsigned char keep[150];
        double columns;
        assert_ok(&toy.env, subset_init(&set, &toy.env, &toy.problem));
        for (size_t round = 0; round < 5; round++) {
            for (size_t j = round; j < 150; j += 2 + round)
                if (!set.inside[j])
                    assert_ok(&toy.env, subset_enter(&set, j));
            if (round == 3) /* columns leave before they were packed */
                for (size_t s = 0; s < set.size; s++)
                    keep[s] = s % 2 == 0;
            if (round == 3)
                subset_keep(&set, keep);
            assert_ok(&toy.env, subset_prepare(&set, &columns));
            check_subset(&toy, &set);
            for (size_t s = 0; s < set.size; s++)
                keep[s] = (s + round) % 3 > 0;
            size_t size = set.size, first = set.column[0];
            subset_keep(&set, keep);
            assert_true(set.size < size);
            assert_int_equal(set.inside[first], round % 3 > 0);
        }
        subset_free(&set);
        toy_free(&toy);
    }
}

/* By the Gram matrix the iterates are those of X itself. */
static void test_gram_iterates(void **cmocka)
{
    (void)cmocka;
    struct toy toy;
    struct toy_plan plan = small(0);
    plan.l1_ratio = 0.9;
    plan.no_intercept = 1;
    toy_make(&toy, &plan);
    struct subset set = {0};
    double columns, lambda = 0.1 * toy.problem.lambda_max;
    assert_ok(&toy.env, subset_init(&set, &toy.env, &toy.problem));
    for (size_t j = 0; j < 30; j++)
        assert_ok(&toy.env, subset_enter(&set, j));
    assert_ok(&toy.env, subset_prepare(&set, &columns));
    struct fista by_x = {.problem = &toy.problem,
                         .rules = {1, 1, 0.5},
                         .step = 0.1,
                         .safe_step = 1e-3};
    struct fista by_gram = by_x;
    by_gram.problem = &set.problem;
    by_gram.gram = set.q;
    by_gram.cross = set.cross;
    by_gram.lead = set.capacity;
    double *block = calloc(2 * fista_room(&toy.problem, 0), sizeof *block);
    fista_place(&by_x, block);
    fista_place(&by_gram, block + fista_room(&toy.problem, 0));
    fista_begin(&by_x, lambda);
    fista_begin(&by_gram, lambda);
    for (int t = 0; t < 60; t++) {
        assert_true(fista_iterate(&by_x) > 30);
        assert_near(fista_iterate(&by_gram), 0, 0);
        for (size_t j = 0; j < 30; j++)
            assert_near(by_x.w[j], by_gram.w[j], 1e-10);
        assert_near(by_x.step, by_gram.step, 0);
    }
    assert_true(fista_violation(&by_gram) < 1e-3);
    free(block);
    subset_free(&set);
    toy_free(&toy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reaches),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_faster),
        cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_closed_form),
        cmocka_unit_test(test_degenerate),
        cmocka_unit_test(test_subset),
        cmocka_unit_test(test_gram_iterates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
