/* t-many.c: 2700 random problems, degenerate ones among them (suite slow), each
 * by every method that takes it and claims something, to its claim (a claim
 * above 1e-6: on the first 300 problems; spred-sgd, the slowest, on none): no
 * refuted claim, no optimum of a convex problem below another's bound, and the
 * methods that promise to 1e-8 keep it on all of them. Every fourth problem has
 * a group or a power penalty; power: stationary is enough. */
#include "random_problem.h"

#include "spred/solver.h"

enum { PROBLEMS = 2700, FIRST = 50000, LOOSE_PROBLEMS = 300, OTHER_EVERY = 4 };
enum { MOST = 32, LEAST = 100 }; /* methods; runs of each of them */

static int takes_part(const struct spred_solver *solver)
{
    return solver->claim > 0 && strcmp(solver->name, "spred-sgd") != 0;
}

static void every_method(void **unused)
{
    (void)unused;
    struct spred_env env;
    size_t made = 0, runs = 0, short_of = 0, of[MOST] = {0};
    spred_env_init(&env);
    for (size_t number = 0; number < PROBLEMS; number++) {
        struct random_problem r;
        struct random_run run;
        double lowest[RANDOM_LAMBDAS], bound[RANDOM_LAMBDAS];
        uint64_t seed = FIRST + number;
        if (!random_problem_make(&env, seed, &r))
            continue;
        if (number % OTHER_EVERY == OTHER_EVERY - 1)
            random_problem_groups(&env, seed, &r);
        made++;
        for (size_t k = 0; k < RANDOM_LAMBDAS; k++) {
            lowest[k] = INFINITY;
            bound[k] = -INFINITY;
        }
        for (size_t i = 0; spred_solvers[i]; i++) {
            const struct spred_solver *solver = spred_solvers[i];
            assert_true(i < MOST);
            if (!takes_part(solver) ||
                (solver->claim > 1e-6 && number >= LOOSE_PROBLEMS) ||
                spred_solver_refuses(solver, &r.problem))
                continue;
            runs++;
            of[i]++;
            random_run(&env, solver->name, NULL, &r, RANDOM_LAMBDAS,
                       solver->claim, &run);
            if (run.stop == SPRED_STOP_REFUTED)
                fail_msg("seed %d: a claim of %s is refuted", (int)seed,
                         solver->name);
            short_of += run.reached != RANDOM_LAMBDAS;
            if (run.reached != RANDOM_LAMBDAS && solver->claim <= 1e-8)
                fail_msg("seed %d: %s certifies %zu of %d lambdas", (int)seed,
                         solver->name, run.reached, RANDOM_LAMBDAS);
            if (!spred_penalty_form(&r.problem)->convex)
                continue; /* local minima differ */
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
    for (size_t i = 0; spred_solvers[i]; i++) {
        print_message("# %s: %zu\n", spred_solvers[i]->name, of[i]);
        assert_true(of[i] >= LEAST || !takes_part(spred_solvers[i]));
    }
    assert_true(made > PROBLEMS * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_method)};
    return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}
