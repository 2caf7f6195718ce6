/* t-coding.c: sparse coding: coders against each other and against a lasso
 * solver, threads, bad input, walls, failing memory. */
#include "coding.h"
#include "ledger.h"

#include <time.h>

#include "spred/host.h"
#include "spred/linalg.h"

static int keep_primal(void *cookie, const struct spred_host_point *point)
{
    *(double *)cookie = point->certificate.primal;
    return 0;
}

/* The optimum of signal i by a lasso solver of the host. */
static double optimum(struct spred_env *env, const struct spred_coding *task,
                      size_t i)
{
    struct spred_matrix matrix;
    struct spred_problem problem;
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    const struct spred_solver *solver = spred_solver_find("coordinate-descent");
    double lambda = task->lambda / (double)task->m, primal = NAN;
    lasso_of(env, task, i, &matrix, &problem);
    if (lambda >= problem.lambda_max) {
        primal = problem.null_objective;
    } else {
        void *options = calloc(1, solver->options_size + 1);
        assert_ok(env, spred_options_default(env, solver->options, options));
        spred_host_plan_default(&plan);
        plan.lambda = &lambda;
        plan.n_lambda = 1;
        plan.gap = 1e-10;
        assert_ok(env, spred_host_run(env, solver, options, &problem, &plan, 1,
                                      keep_primal, &primal, &totals));
        assert_int_equal(totals.certified, 1);
        free(options);
    }
    spred_matrix_free(env, &matrix);
    return primal * (double)task->m;
}

/* Every coder certifies every signal of every kind of dictionary, and the mean
 * objectives agree within the gaps with a lasso solver's. */
static void coders_agree(void **unused)
{
    (void)unused;
    static const struct {
        size_t m, atoms, n;
        double lambda;
    } shapes[] = {{16, 24, 20, .1}, {8, 40, 20, .05}, {20, 1, 9, .1},
                  {1, 5, 9, .05},   {5, 5, 9, 100},   {12, 33, 15, .3}};
    struct spred_env env;
    spred_env_init(&env);
    for (size_t e = 0; e < 6 * KINDS; e++) {
        struct coding_sample s;
        double best = 0, null = 0;
        enum kind kind = (enum kind)(e % KINDS);
        size_t shape = e / KINDS;
        coding_sample(&s, kind, shapes[shape].m, shapes[shape].atoms,
                      shapes[shape].n, shapes[shape].lambda, e + 1);
        for (size_t i = 0; i < s.task.n; i++) {
            const double *x = s.signals + i * s.task.m;
            double square = spred_dot(s.task.m, x, x) / 2;
            null += square / (double)s.task.n;
            if (square > 0)
                best += optimum(&env, &s.task, i) / (double)s.task.n;
        }
        for (size_t k = 0; spred_coders[k]; k++) {
            struct spred_coding_report r;
            const char *name = spred_coders[k]->name;
            assert_ok(&env, code_by(&env, name, &s.task, NULL, &r));
            if (r.certified != s.task.n || r.coded != s.task.n)
                fail_msg("%s certifies %zu of %zu, kind %d, shape %zu, worst "
                         "gap %g",
                         name, r.certified, s.task.n, kind, shape, r.gap);
            assert_near(r.objective, best, 1e-6 * null + 1e-12);
            assert_true(r.seconds >= 0 && r.seconds_certify >= 0);
        }
        coding_sample_free(&s);
    }
}

/* lars and spred-newton are exact on every kind of dictionary: their gaps are
 * rounding, whatever was asked; coordinate descent, which finishes where they
 * fail, would stop at half of that. */
static void exact_ones_are_exact(void **unused)
{
    (void)unused;
    static const char *const names[] = {"lars", "spred-newton"};
    struct spred_env env;
    spred_env_init(&env);
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (size_t k = 0; k < 2; k++) {
            struct coding_sample s;
            struct spred_coding_report r;
            coding_sample(&s, (enum kind)(seed % KINDS), 12, 60, 40,
                          .01 * (double)seed, seed);
            s.task.gap = 1e-6;
            assert_ok(&env, code_by(&env, names[k], &s.task, NULL, &r));
            if (!(r.gap <= 10 * r.floor))
                fail_msg("%s, seed %d: gap %g, floor %g", names[k], (int)seed,
                         r.gap, r.floor);
            assert_int_equal(r.certified, s.task.n);
            coding_sample_free(&s);
        }
}

static int same_codes(const struct spred_codes *a, const struct spred_codes *b)
{
    size_t total = a->start[a->n];
    return a->n == b->n &&
           memcmp(a->start, b->start, (a->n + 1) * sizeof *a->start) == 0 &&
           memcmp(a->atom, b->atom, total * sizeof *a->atom) == 0 &&
           memcmp(a->value, b->value, total * sizeof *a->value) == 0;
}

/* 700 signals are three blocks: no bit depends on who codes them. */
static void threads_change_nothing(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct coding_sample s;
    spred_env_init(&env);
    coding_sample(&s, PLAIN, 10, 24, 700, .2, 5);
    s.task.gap = 1e-4;
    for (size_t k = 0; spred_coders[k]; k++) {
        struct spred_codes one, three;
        struct spred_coding_report r1, r3;
        const char *name = spred_coders[k]->name;
        s.task.threads = 1;
        assert_ok(&env, code_by(&env, name, &s.task, &one, &r1));
        s.task.threads = 3;
        assert_ok(&env, code_by(&env, name, &s.task, &three, &r3));
        assert_true(same_codes(&one, &three));
        assert_int_equal(r1.steps, r3.steps);
        assert_int_equal(r1.certified, r3.certified);
        assert_memory_equal(&r1.gap, &r3.gap, sizeof r1.gap);
        assert_memory_equal(&r1.objective, &r3.objective, sizeof r1.gap);
        assert_true(one.start[700] > 700);
        for (size_t at = 0; at < one.start[700]; at++)
            assert_true(one.value[at] < 0 || one.value[at] > 0);
        spred_codes_free(&env, &one);
        spred_codes_free(&env, &three);
    }
    coding_sample_free(&s);
}

static void refuses(struct spred_env *env, const struct spred_coding *task,
                    const char *text)
{
    struct spred_codes codes;
    struct spred_coding_report r;
    assert_int_equal(code_by(env, "lars", task, &codes, &r), SPRED_EINVAL);
    if (!strstr(env->error, text))
        fail_msg("'%s' does not say '%s'", env->error, text);
    spred_codes_free(env, &codes);
}

static void bad_input(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct coding_sample s;
    spred_env_init(&env);
    coding_sample(&s, PLAIN, 4, 6, 5, .1, 1);
    struct spred_coding task = s.task;
    s.signals[2 + 3 * 4] = NAN;
    refuses(&env, &task, "value 3 of signal 4");
    s.signals[2 + 3 * 4] = 1;
    s.dictionary[1 + 5 * 4] = INFINITY;
    refuses(&env, &task, "value 2 of atom 6");
    s.dictionary[1 + 5 * 4] = 0;
    static const double wrong[] = {0, -1, NAN, INFINITY};
    for (size_t k = 0; k < 4; k++) {
        task.lambda = wrong[k];
        refuses(&env, &task, "lambda");
        task.lambda = .1;
        task.gap = wrong[k];
        refuses(&env, &task, "gap");
        task.gap = 1e-6;
    }
    task.threads = 0;
    refuses(&env, &task, "threads");
    task.threads = 1;
    task.atoms = 0;
    refuses(&env, &task, "0 atoms");
    task = s.task;
    /* codes that are no codes */
    double z[30] = {[3] = 1};
    struct spred_coding_report r = {0};
    struct spred_codes codes = dense_codes(z, 6, 5);
    codes.atom[0] = 6;
    assert_int_equal(spred_codes_certify(&env, &task, &codes, &r),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "no atom 7 of 6"));
    codes.atom[0] = 3;
    codes.start[2] = 0;
    assert_int_equal(spred_codes_certify(&env, &task, &codes, &r),
                     SPRED_EINVAL);
    codes.n = 4;
    assert_int_equal(spred_codes_certify(&env, &task, &codes, &r),
                     SPRED_EMISMATCH);
    free_dense(&codes);
    assert_null(spred_coder_find("lasso"));
    assert_ptr_equal(spred_coder_find("cd"),
                     spred_coder_find("coordinate-descent"));
    coding_sample_free(&s);
}

/* Very large and very small signals end, and nothing false is certified. */
static void extreme_sizes(void **unused)
{
    (void)unused;
    static const double sizes[] = {1e-200, 1e-160, 1e-30, 1e30, 1e160};
    struct spred_env env;
    spred_env_init(&env);
    for (size_t e = 0; e < 5; e++)
        for (size_t k = 0; spred_coders[k]; k++) {
            struct coding_sample s;
            struct spred_coding_report r;
            coding_sample(&s, PLAIN, 6, 12, 5, .1, 3);
            for (size_t v = 0; v < 30; v++)
                s.signals[v] *= sizes[e];
            if (sizes[e] > 1e-100 && sizes[e] < 1e100)
                s.task.lambda *= sizes[e];
            assert_ok(&env,
                      code_by(&env, spred_coders[k]->name, &s.task, NULL, &r));
            if ((e == 2 || e == 3) && r.certified != 5)
                fail_msg("%s: %zu of 5 of size %g, worst gap %g",
                         spred_coders[k]->name, r.certified, sizes[e], r.gap);
            if (e == 4)
                assert_int_equal(r.certified, 0);
            coding_sample_free(&s);
        }
}

static int always(void *cookie)
{
    (void)cookie;
    return 1;
}

static void cancel_and_wall(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct coding_sample s;
    struct spred_codes codes;
    struct spred_coding_report r;
    spred_env_init(&env);
    coding_sample(&s, PLAIN, 10, 24, 600, .2, 5);
    env.cancelled = always;
    assert_int_equal(code_by(&env, "lars", &s.task, &codes, &r),
                     SPRED_EINTERRUPTED);
    spred_codes_free(&env, &codes);
    env.cancelled = NULL;
    s.task.wall = 1e-12; /* over before the first block */
    assert_ok(&env, code_by(&env, "lars", &s.task, &codes, &r));
    assert_int_equal(r.coded, 0);
    assert_int_equal(codes.start[600], 0);
    assert_true(r.certified == 0 && r.gap > .1);
    assert_true(isnan(r.objective) && isnan(r.nonzeros) && isnan(r.squares));
    spred_codes_free(&env, &codes);
    s.task.wall = 1e6;
    assert_ok(&env, code_by(&env, "lars", &s.task, &codes, &r));
    assert_int_equal(r.coded, 600);
    spred_codes_free(&env, &codes);
    coding_sample_free(&s);
}

/* A coder that takes until the wall is over for its first block. */
static const double wall = .5;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *nothing(struct spred_env *env, const void *options,
                     const struct spred_coding_shared *shared)
{
    (void)options;
    assert_null(shared->gram); /* it did not ask for it, nor for that: */
    assert_true(shared->lipschitz >= 0 && shared->lipschitz <= 0);
    return spred_alloc(env, 1, 1);
}

static enum spred_status slow(struct spred_env *env, void *work, size_t first,
                              size_t count, double *correlations, double *z,
                              long *steps)
{
    double begin = seconds_now();
    (void)env;
    (void)work;
    (void)first;
    (void)correlations;
    while (seconds_now() - begin <= wall)
        ;
    for (size_t i = 0; i < count; i++)
        z[24 * i + i % 24] = 1;
    ++*steps;
    return SPRED_OK;
}

/* Asked for, it bounds the largest eigenvalue: D of two columns (3, 0), (0, 2)
 * has 9. */
static void *bounded(struct spred_env *env, const void *options,
                     const struct spred_coding_shared *shared)
{
    (void)options;
    assert_true(shared->lipschitz >= 9 && shared->lipschitz < 9.01);
    return spred_alloc(env, 1, 1);
}

static enum spred_status idle(struct spred_env *env, void *work, size_t first,
                              size_t count, double *correlations, double *z,
                              long *steps)
{
    (void)env, (void)work, (void)first, (void)count;
    (void)correlations, (void)z, (void)steps;
    return SPRED_OK;
}

static void lipschitz_on_demand(void **unused)
{
    (void)unused;
    static const struct spred_coder coder = {.name = "bounded",
                                             .wants_lipschitz = 1,
                                             .open = bounded,
                                             .close = spred_free,
                                             .code = idle};
    static const double d[] = {3, 0, 0, 2}, x[] = {1, 1};
    const struct spred_coding task = {2, 2, 1, d, x, .1, 1e-6, 1, 0};
    struct spred_env env;
    struct spred_coding_report r;
    spred_env_init(&env);
    assert_ok(&env, spred_code(&env, &coder, NULL, &task, NULL, &r));
    assert_int_equal(r.coded, 1);
}

static void wall_in_the_middle(void **unused)
{
    (void)unused;
    static const struct spred_coder coder = {
        .name = "slow", .open = nothing, .close = spred_free, .code = slow};
    struct spred_env env;
    struct coding_sample s;
    struct spred_codes codes;
    struct spred_coding_report r;
    spred_env_init(&env);
    coding_sample(&s, PLAIN, 10, 24, 600, .2, 5);
    s.task.wall = wall;
    assert_ok(&env, spred_code(&env, &coder, NULL, &s.task, &codes, &r));
    assert_int_equal(r.coded, 256);
    assert_int_equal(r.steps, 1);
    for (size_t i = 0; i <= 600; i++)
        assert_int_equal(codes.start[i], i < 256 ? i : 256);
    double objective = 0, squares = 0; /* of the coded ones alone */
    for (size_t i = 0; i < 256; i++) {
        const double *x = s.signals + 10 * i;
        double rr = 0, xx = spred_dot(10, x, x);
        assert_int_equal(codes.atom[i], i % 24);
        for (size_t e = 0; e < 10; e++) {
            double left = x[e] - s.dictionary[10 * (i % 24) + e];
            rr += left * left;
        }
        objective += (rr / 2 + .2) / 256;
        squares += i % 7 == 6 ? 0 : rr / xx / (256 - 36);
    }
    assert_near(r.nonzeros, 1, 0);
    assert_near(r.objective, objective, 1e-12);
    assert_near(r.squares, squares, 1e-12 * squares);
    assert_true(r.certified == 0); /* zeros that nobody found are not, too */
    spred_codes_free(&env, &codes);
    coding_sample_free(&s);
}

/* First order within few steps: it ends, and says how many are certified. */
static void steps_end_it(void **unused)
{
    (void)unused;
    static const char *const names[] = {"fista", "spred"};
    struct spred_env env;
    struct coding_sample s;
    spred_env_init(&env);
    coding_sample(&s, COHERENT, 10, 24, 30, .05, 5);
    for (size_t k = 0; k < 2; k++) {
        const struct spred_coder *coder = spred_coder_find(names[k]);
        struct spred_coding_report r;
        void *options = coder_options(coder, "steps", "3");
        assert_ok(&env, spred_code(&env, coder, options, &s.task, NULL, &r));
        assert_true(r.certified < 30 && r.coded == 30);
        assert_true(r.gap > 1e-6 && isfinite(r.objective));
        free(options);
    }
    const struct spred_coder *coder = spred_coder_find("spred");
    struct spred_coding_report r;
    void *options = coder_options(coder, "memory", "0"); /* plain gradients */
    s.task.gap = .05;
    assert_ok(&env, spred_code(&env, coder, options, &s.task, NULL, &r));
    assert_int_equal(r.certified, 30);
    free(options);
    coding_sample_free(&s);
}

/* Every allocation fails once: an error, and nothing is left behind. */
static void memory_fails(void **unused)
{
    (void)unused;
    struct coding_sample s;
    coding_sample(&s, PLAIN, 6, 9, 300, .2, 5);
    s.task.gap = 1e-3;
    for (size_t k = 0; spred_coders[k]; k++)
        for (size_t threads = 1; threads <= 2; threads++)
            for (long at = 1;; at++) {
                struct spred_env env;
                struct ledger ledger;
                struct spred_codes codes;
                struct spred_coding_report r;
                ledger_env(&env, &ledger, at);
                s.task.threads = threads;
                enum spred_status status =
                    code_by(&env, spred_coders[k]->name, &s.task, &codes, &r);
                int failed = ledger.calls >= at;
                assert_int_equal(status, failed ? SPRED_ENOMEM : SPRED_OK);
                spred_codes_free(&env, &codes);
                assert_int_equal(ledger.live, 0);
                if (!failed)
                    break;
                assert_true(at < 200);
            }
    coding_sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coders_agree),
        cmocka_unit_test(exact_ones_are_exact),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(bad_input),
        cmocka_unit_test(extreme_sizes),
        cmocka_unit_test(cancel_and_wall),
        cmocka_unit_test(lipschitz_on_demand),
        cmocka_unit_test(wall_in_the_middle),
        cmocka_unit_test(steps_end_it),
        cmocka_unit_test(memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
