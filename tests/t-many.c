/* t-many.c: 2000 random problems, degenerate ones among them (suite slow), each
 * by every method that takes it: no refuted claim, no optimum below another's
 * bound, and the methods that promise to 1e-8 keep it on all of them. */
#include "random_problem.h"

#include "spred/solver.h"

enum { PROBLEMS = 2000, FIRST = 50000 };

static void every_method(void **unused)
{
    (void)unused;
    struct spred_env env;
    size_t made = 0, runs = 0, short_of = 0;
    spred_env_init(&env);
    for (uint64_t seed = FIRST; seed < FIRST + PROBLEMS; seed++) {
        struct random_problem r;
        struct random_run run;
        double lowest[RANDOM_LAMBDAS], bound[RANDOM_LAMBDAS];
        if (!random_problem_make(&env, seed, &r))
            continue;
        made++;
        for (size_t k = 0; k < RANDOM_LAMBDAS; k++) {
            lowest[k] = INFINITY;
            bound[k] = -INFINITY;
        }
        for (size_t i = 0; spred_solvers[i]; i++) {
            const struct spred_solver *solver = spred_solvers[i];
            if (!(solver->claim > 0 && solver->claim <= 1e-6) ||
                spred_solver_refuses(solver, &r.problem))
                continue;
            runs++;
            random_run(&env, solver->name, NULL, &r, RANDOM_LAMBDAS,
                       solver->claim, &run);
            if (run.stop == SPRED_STOP_REFUTED)
                fail_msg("seed %d: a claim of %s is refuted", (int)seed,
                         solver->name);
            short_of += run.reached != RANDOM_LAMBDAS;
            if (run.reached != RANDOM_LAMBDAS && solver->claim <= 1e-8)
                fail_msg("seed %d: %s certifies %zu of %d lambdas", (int)seed,
                         solver->name, run.reached, RANDOM_LAMBDAS);
            for (size_t k = 0; k < run.seen; k++) {
                double slack = 1e-11 * r.problem.null_objective;
                lowest[k] = fmin(lowest[k], run.primal[k] + slack);
                bound[k] = fmax(bound[k], run.primal[k] - run.gap[k] - slack);
            }
        }
        for (size_t k = 0; k < RANDOM_LAMBDAS; k++)
            if (!(lowest[k] >= bound[k]))
                fail_msg("seed %d, lambda %zu: %.17g below the bound %.17g",
                         (int)seed, k, lowest[k], bound[k]);
        spred_matrix_free(&env, &r.matrix);
    }
    print_message("# %zu problems, %zu runs, %zu short of a claim above 1e-8\n",
                  made, runs, short_of);
    assert_true(made > PROBLEMS * 9 / 10 && runs > 3 * made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_method)};
    return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}
