/* t-cd.c: coordinate descent reaches certified optima on every kind of
 * problem, the same as proximal gradient's. */
#include "random_problem.h"

#include <time.h>

enum { PROBLEMS = 300 };

static void certified(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run, other;
    size_t solved = 0;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < PROBLEMS; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        solved++;
        random_run(&env, "cd", &r, 1e-8, &run);
        if (getenv("SHOW"))
            printf("seed %d loss %s n %zu p %zu K %zu reached %zu steps %ld kkt %g\n",
               (int)seed, r.problem.loss->name, r.problem.n, r.problem.p, r.problem.outputs, run.reached, run.steps, run.worst_kkt);
        else
        assert_int_equal(run.reached, RANDOM_LAMBDAS);
        spred_matrix_free(&env, &r.matrix);
    }
    (void)other;
    assert_true(solved > PROBLEMS * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(certified)};
    return cmocka_run_group_tests_name("cd", tests, NULL, NULL);
}
