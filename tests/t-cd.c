/* t-cd.c: coordinate descent reaches certified optima on every kind of
 * problem, the same as proximal gradient's. */
#include "random_problem.h"

enum { PROBLEMS = 300, COMPARED = 60 };

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
        random_run(&env, "cd", NULL, &r, RANDOM_LAMBDAS, 1e-8, &run);
        spred_matrix_free(&env, &r.matrix);
        if (run.reached != RANDOM_LAMBDAS)
            fail_msg("seed %d: %zu lambdas certified", (int)seed, run.reached);
        assert_int_equal(run.support[0], 0);
        assert_int_equal(run.support[1], 0);
        assert_true(run.support[RANDOM_LAMBDAS - 1] > 0);
    }
    assert_true(solved > PROBLEMS * 9 / 10);
}

/* Two optima can differ by no more than their gaps. */
static void agrees_with_proximal_gradient(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run, other;
    size_t compared = 0;
    spred_env_init(&env);
    for (uint64_t seed = 1000; seed < 1000 + COMPARED; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        random_run(&env, "coordinate-descent", NULL, &r, 6, 1e-7, &run);
        random_run(&env, "proximal-gradient", NULL, &r, 6, 1e-4, &other);
        spred_matrix_free(&env, &r.matrix);
        for (size_t k = 0; k < 6; k++) {
            double slack = 1e-11 * r.problem.null_objective;
            assert_true(other.primal[k] - run.primal[k] <=
                        other.gap[k] + slack);
            assert_true(run.primal[k] - other.primal[k] <= run.gap[k] + slack);
        }
        compared += other.reached == 6;
    }
    assert_true(compared > COMPARED / 2);
}

/* The fall-back for very many weights: proximal Newton class by class. */
static void classes_one_by_one(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run;
    spred_env_init(&env);
    for (uint64_t seed = 2; seed < 62; seed += 3) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        random_run(&env, "cd", "joint=false", &r, 6, 1e-6, &run);
        spred_matrix_free(&env, &r.matrix);
        assert_int_equal(run.reached, 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaches_certified_optima),
        cmocka_unit_test(agrees_with_proximal_gradient),
        cmocka_unit_test(classes_one_by_one)};
    return cmocka_run_group_tests_name("cd", tests, NULL, NULL);
}
