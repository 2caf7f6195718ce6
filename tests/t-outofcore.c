/* t-outofcore.c: a NumPy matrix larger than the memory that the process may
 * have is read, prepared and solved along a path, to the last certificate. */
#include "files.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "spred/host.h"
#include "spred/linalg.h"
#include "spred/loader.h"
#include "spred/preprocess.h"
#include "spred/rng.h"

/* X takes 200 MiB. Private memory is held below that: 64 MiB for the program
 * and its libraries, and the 128 MiB of addresses that OpenBLAS reserves,
 * hardly uses, and waits for when it cannot have them. */
#define ROWS ((size_t)200)
#define COLS ((size_t)131072)
#define ALLOWED ((rlim_t)(64 + 128) << 20)
#define TRUE_FEATURES ((size_t)10)
#define LAMBDAS ((size_t)8)
#define LEAST_RATIO 0.2
#define GAP 1e-6

/* The sanitizers' shadow memory is far larger than any limit. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature) /* clang's way to tell */
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
static const int limited = 0;
#else
static const int limited = 1;
#endif

static FILE *npy_create(struct folder *folder, const char *name,
                        const char *shape)
{
    char header[128];
    FILE *file = fopen(folder_file(folder, name), "wb");
    assert_non_null(file);
    snprintf(header, sizeof header,
             "{'descr': '<f8', 'fortran_order': True, 'shape': %s, }", shape);
    /* 10 fixed bytes, 118 of header: values start at 128 */
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
    fprintf(file, "%-117s\n", header);
    return file;
}

/* y = sum of the first columns, and noise of a tenth of its size. */
static void write_problem(struct folder *folder)
{
    struct spred_env env;
    double column[ROWS], y[ROWS] = {0};
    char shape[64];
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 5);
    snprintf(shape, sizeof shape, "(%zu, %zu)", ROWS, COLS);
    FILE *file = npy_create(folder, "big.X.npy", shape);
    for (size_t j = 0; j < COLS; j++) {
        for (size_t i = 0; i < ROWS; i++) {
            column[i] = 2 * spred_rng_uniform(rng) - 1;
            y[i] += j < TRUE_FEATURES ? column[i] : 0;
        }
        assert_int_equal(fwrite(column, sizeof *column, ROWS, file), ROWS);
    }
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < ROWS; i++)
        y[i] += 0.1 * sqrt((double)TRUE_FEATURES / 3) * spred_rng_normal(rng);
    snprintf(shape, sizeof shape, "(%zu,)", ROWS);
    file = npy_create(folder, "big.y.npy", shape);
    assert_int_equal(fwrite(y, sizeof *y, ROWS, file), ROWS);
    assert_int_equal(fclose(file), 0);
    spred_rng_free(rng);
}

static void say(const struct spred_env *env, const char *what)
{
    fprintf(stderr, "# %s: %s\n", what, env->error);
}

/* In the child: 0, or the number of what went wrong. */
static int solve_all(const char *path, const char *cache)
{
    static const char *const solvers[] = {"spred-newton", "coordinate-descent",
                                          NULL};
    struct rlimit limit = {ALLOWED, ALLOWED};
    struct spred_env env;
    struct spred_data data;
    struct spred_matrix train;
    struct spred_prepared prepared;
    struct spred_preprocess_rules rules = {
        SPRED_LOG2_NEVER, 0, 1, .center = 1, .standardize = 1, .borrow = 1};
    char *cached = NULL;
    double lambda[LAMBDAS];
    spred_env_init(&env);
    if (limited && setrlimit(RLIMIT_DATA, &limit) != 0)
        return 1;
    if (limited && malloc(ROWS * COLS * sizeof(double)))
        return 2; /* the limit does not hold: the test would show nothing */
    if (spred_load_cached(&env, path, NULL, cache, &data, &cached) !=
        SPRED_OK) {
        say(&env, "load");
        return 3;
    }
    if (!cached || data.x.owned || data.n_targets != 1)
        return 4;
    if (spred_prepare(&env, &data.x, NULL, 0, &rules, &prepared, &train) !=
        SPRED_OK) {
        say(&env, "prepare");
        return 5;
    }
    struct spred_problem problem = {
        .x = {&train, prepared.mean, prepared.scale, NULL},
        .n = ROWS,
        .p = COLS,
        .outputs = 1,
        .loss = &spred_loss_squared,
        .y = data.targets[0].values,
        .penalty = {.l1_ratio = 1},
        .intercept = 1};
    spred_blas_threads(1);
    if (spred_problem_init(&env, &problem) != SPRED_OK) {
        say(&env, "problem");
        return 6;
    }
    spred_lambda_path(problem.lambda_max, LEAST_RATIO, LAMBDAS, lambda);
    for (size_t s = 0; solvers[s]; s++) {
        const struct spred_solver *solver = spred_solver_find(solvers[s]);
        struct spred_host_plan plan;
        struct spred_host_totals totals;
        void *options = calloc(1, solver->options_size + 1);
        if (!options)
            return 7;
        spred_options_default(&env, solver->options, options);
        spred_host_plan_default(&plan);
        plan.lambda = lambda;
        plan.n_lambda = LAMBDAS;
        plan.gap = GAP;
        if (spred_host_run(&env, solver, options, &problem, &plan, 1, NULL,
                           NULL, &totals) != SPRED_OK) {
            say(&env, solvers[s]);
            return 8;
        }
        printf("# %s: %.2f s, %zu of %zu certified\n", solvers[s],
               totals.seconds_setup + totals.seconds_solve, totals.certified,
               LAMBDAS);
        if (totals.certified != LAMBDAS)
            return 9;
        free(options);
    }
    spred_prepared_free(&env, &prepared);
    spred_matrix_free(&env, &train);
    spred_data_free(&env, &data);
    spred_free(&env, cached);
    return 0;
}

static void larger_than_memory(void **state)
{
    (void)state;
    struct folder folder, cache;
    int end;
    folder_make(&folder);
    folder_make(&cache);
    write_problem(&folder);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int code = solve_all(folder_file(&folder, "big.X.npy"), cache.path);
        fflush(NULL);
        _exit(code);
    }
    assert_int_equal(waitpid(child, &end, 0), child);
    folder_remove(&folder);
    folder_remove(&cache);
    assert_true(WIFEXITED(end));
    assert_int_equal(WEXITSTATUS(end), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(larger_than_memory)};
    return cmocka_run_group_tests_name("outofcore", tests, NULL, NULL);
}
