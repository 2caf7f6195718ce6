/* t-newton.c: spred-newton reaches certified optima in a few steps on every
 * kind of problem, the same as coordinate descent's; its Gram matrix. */
#include "random_problem.h"

#include "solvers/gram.h"

enum { PROBLEMS = 300, COMPARED = 60, MOST_STEPS = 60 };

static void reaches_certified_optima(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run;
    size_t solved = 0;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < PROBLEMS; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        solved++;
        random_run(&env, "spred-newton", NULL, &r, RANDOM_LAMBDAS, 1e-8, &run);
        spred_matrix_free(&env, &r.matrix);
        if (run.reached != RANDOM_LAMBDAS || run.steps > MOST_STEPS)
            fail_msg("seed %d: %zu lambdas certified, %ld steps", (int)seed,
                     run.reached, run.steps);
        assert_int_equal(run.support[0], 0);
        assert_int_equal(run.support[1], 0);
        assert_true(run.support[RANDOM_LAMBDAS - 1] > 0);
    }
    assert_true(solved > PROBLEMS * 9 / 10);
}

/* The floor of these small problems is below 1e-11. */
static void reaches_ten_digits(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run;
    spred_env_init(&env);
    for (uint64_t seed = 300; seed < 400; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        random_run(&env, "spred-newton", NULL, &r, RANDOM_LAMBDAS, 1e-10, &run);
        spred_matrix_free(&env, &r.matrix);
        if (run.reached != RANDOM_LAMBDAS)
            fail_msg("seed %d: %zu lambdas certified", (int)seed, run.reached);
    }
}

/* Two optima can differ by no more than their gaps. */
static void agrees_with_coordinate_descent(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run, other;
    spred_env_init(&env);
    for (uint64_t seed = 1000; seed < 1000 + COMPARED; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        random_run(&env, "spred-newton", NULL, &r, 10, 1e-9, &run);
        random_run(&env, "cd", NULL, &r, 10, 1e-7, &other);
        spred_matrix_free(&env, &r.matrix);
        assert_int_equal(other.reached, 10);
        for (size_t k = 0; k < 10; k++) {
            double slack = 1e-11 * r.problem.null_objective;
            assert_true(other.primal[k] - run.primal[k] <=
                        other.gap[k] + slack);
            assert_true(run.primal[k] - other.primal[k] <= run.gap[k] + slack);
        }
    }
}

/* Without the exact solve, and class by class. */
static void other_options(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < 60; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        const char *option = seed % 3 == 2 ? "joint=false" : "polish=false";
        random_run(&env, "spred-newton", option, &r, 6, 1e-6, &run);
        spred_matrix_free(&env, &r.matrix);
        if (run.reached != 6)
            fail_msg("seed %d: %zu lambdas certified", (int)seed, run.reached);
    }
}

/* Q grown in two calls = Z'diag(h)Z from whole columns, for every storage. */
static void gram_matrix(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < 60; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        const struct spred_problem *problem = &r.problem;
        size_t n = problem->n, p = problem->p, column[64];
        double h[64], centre[64], a[64], b[64];
        struct gram gram = {0};
        struct spred_work work = {0};
        const struct spred_design raw = {.matrix = &r.matrix};
        for (size_t i = 0; i < n; i++)
            h[i] = 0.1 + (double)(i % 7);
        for (size_t j = 0; j < p; j++) {
            column[j] = p - 1 - j;
            centre[j] = (double)column[j] - 2;
        }
        assert_ok(&env, gram_init(&gram, &env, problem));
        struct quadratic model = {
            .problem = problem, .column = column, .centre = centre, .h = h};
        model.size = (p + 1) / 2;
        assert_ok(&env, gram_require(&gram, &model, 1, &work));
        model.size = p;
        assert_ok(&env, gram_require(&gram, &model, 1, &work));
        for (size_t s = 0; s < model.size; s++)
            for (size_t t = 0; t < model.size; t++) {
                double total = 0, size = 0;
                double scale = problem->x.scale
                                   ? problem->x.scale[column[s]] *
                                         problem->x.scale[column[t]]
                                   : 1;
                spred_design_column(&raw, column[s], a);
                spred_design_column(&raw, column[t], b);
                for (size_t i = 0; i < n; i++) {
                    double term =
                        h[i] * (a[i] - centre[s]) * (b[i] - centre[t]) * scale;
                    total += term;
                    size += fabs(term);
                }
                size_t at = gram.slot[column[s]] - 1;
                size_t to = gram.slot[column[t]] - 1;
                assert_near(gram.q[at + to * gram.capacity], total,
                            1e-12 * (size + 100));
            }
        gram_free(&gram);
        spred_matrix_free(&env, &r.matrix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaches_certified_optima),
        cmocka_unit_test(reaches_ten_digits),
        cmocka_unit_test(agrees_with_coordinate_descent),
        cmocka_unit_test(other_options), cmocka_unit_test(gram_matrix)};
    return cmocka_run_group_tests_name("newton", tests, NULL, NULL);
}
