/* t-minimise.c: spred on any smooth function: against coordinate descent, on
 * functions that are not convex, with callbacks that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spred/minimise.h"
#include "spred/rng.h"

#define N 30
#define P 60

/* 1/(2n) |y - Xw|^2, or the logistic loss, or a script that fails at call
 * `fails`. */
struct data {
    double x[N * P], y[N];
    int logistic, nan;
    long calls, fails;
    enum spred_status status;
    struct spred_env *env;
};

static void make(struct data *d, int logistic)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 5);
    memset(d, 0, sizeof *d);
    d->fails = -1;
    d->logistic = logistic;
    for (size_t e = 0; e < N * P; e++)
        d->x[e] = spred_rng_normal(rng);
    for (size_t i = 0; i < N; i++) {
        double m = 2 * d->x[i + 3 * N] - 1.5 * d->x[i + 7 * N] +
                   .3 * spred_rng_normal(rng);
        d->y[i] = !logistic ? m : m > 0 ? 1 : -1;
    }
    spred_rng_free(rng);
}

static enum spred_status evaluate(void *cookie, const double *w, double *value,
                                  double *g)
{
    struct data *d = cookie;
    double r[N];
    if (d->calls++ == d->fails)
        return spred_fail(d->env, d->status, "call %ld fails", d->fails);
    *value = 0;
    for (size_t i = 0; i < N; i++) {
        double m = 0;
        for (size_t j = 0; j < P; j++)
            m += d->x[i + j * N] * w[j];
        if (d->logistic) {
            double margin = d->y[i] * m;
            *value += (log1p(exp(-fabs(margin))) + fmax(-margin, 0)) / N;
            r[i] = d->y[i] / (1 + exp(margin));
        } else {
            r[i] = d->y[i] - m;
            *value += r[i] * r[i] / (2 * N);
        }
    }
    for (size_t j = 0; j < P; j++) {
        g[j] = 0;
        for (size_t i = 0; i < N; i++)
            g[j] -= d->x[i + j * N] * r[i] / N;
    }
    if (d->nan)
        *value = NAN;
    return SPRED_OK;
}

/* The optimum's objective, certified by the host. */
static double reference(struct data *d, double lambda)
{
    struct spred_env env;
    struct spred_matrix x = {
        .storage = SPRED_F64, .rows = N, .cols = P, .f64 = d->x};
    struct spred_problem problem = {.x = {.matrix = &x},
                                    .n = N,
                                    .p = P,
                                    .outputs = 1,
                                    .loss = d->logistic ? &spred_loss_logistic
                                                        : &spred_loss_squared,
                                    .y = d->y,
                                    .penalty = {.l1_ratio = 1}};
    const struct spred_solver *cd = spred_solver_find("cd");
    double best = 0;
    spred_env_init(&env);
    assert_int_equal(spred_problem_init(&env, &problem), SPRED_OK);
    void *options = spred_alloc(&env, 1, cd->options_size);
    assert_int_equal(spred_options_default(&env, cd->options, options),
                     SPRED_OK);
    void *state = spred_alloc(&env, 1, cd->state_size);
    struct spred_work work = {0};
    double w[P], b[1], m[N];
    int finished = 0;
    assert_int_equal(cd->init(&env, state, options, &problem, 1, &work),
                     SPRED_OK);
    assert_int_equal(cd->start(state, lambda, 1e-12), SPRED_OK);
    for (int i = 0; i < 10000 && !finished; i++)
        assert_int_equal(cd->step(state, &work, &finished), SPRED_OK);
    cd->get(state, w, b);
    spred_problem_predict(&problem, w, b, m);
    best = problem.loss->value(&problem, m) +
           spred_penalty_value(&problem, lambda, w);
    cd->free(&env, state);
    spred_free(&env, state);
    spred_free(&env, options);
    return best;
}

static enum spred_status run(struct data *d, struct spred_env *env,
                             const struct spred_minimise_options *options,
                             double *w, struct spred_minimum *out)
{
    struct spred_objective f = {P, evaluate, d};
    return spred_minimise(env, &f, options, w, out);
}

static void same_as_coordinate_descent(int logistic)
{
    static const double lambdas[] = {.3, .05, .01};
    for (size_t l = 0; l < 3; l++)
        for (int method = 0; method < 3; method++) {
            struct spred_env env;
            struct data d;
            struct spred_minimise_options o;
            struct spred_minimum m;
            double w[P], lambda = lambdas[l] * (logistic ? .5 : 1);
            spred_env_init(&env);
            make(&d, logistic);
            spred_minimise_default(&o);
            o.method = (enum spred_minimise_method)method;
            o.lambda = lambda;
            o.tolerance = method ? 1e-3 : 1e-6;
            o.steps = method ? 60000 : 10000;
            o.step = method == SPRED_MINIMISE_SGD ? .2 : .01;
            assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
            double best = reference(&d, lambda);
            if (m.stop != SPRED_STOP_STATIONARY)
                fail_msg("method %d, lambda %g: %s, kkt %g", method, lambda,
                         spred_stop_name(m.stop), m.kkt);
            assert_true(m.objective >= best - 1e-9);
            assert_true(m.objective <= best + (method ? 1e-3 : 1e-7));
            assert_true(m.support <= N);
            assert_int_equal(m.evaluations, d.calls);
        }
}

static void test_lasso(void **state)
{
    (void)state;
    same_as_coordinate_descent(0);
}

static void test_logistic(void **state)
{
    (void)state;
    same_as_coordinate_descent(1);
}

/* Only some weights are penalised; the others are as they like. */
static void test_sparse_part(void **state)
{
    struct spred_env env;
    struct data d;
    struct spred_minimise_options o;
    struct spred_minimum m;
    unsigned char sparse[P];
    double w[P], value, g[P];
    (void)state;
    spred_env_init(&env);
    make(&d, 0);
    memset(sparse, 1, sizeof sparse);
    sparse[3] = sparse[11] = 0;
    spred_minimise_default(&o);
    o.lambda = .5;
    o.sparse = sparse;
    assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
    assert_int_equal(m.stop, SPRED_STOP_STATIONARY);
    evaluate(&d, w, &value, g);
    assert_true(fabs(g[3]) < 1e-5 && fabs(g[11]) < 1e-5);
    for (size_t j = 0; j < P; j++)
        if (sparse[j])
            assert_true(fabs(g[j]) < .5 + 1e-5);
}

/* Rosenbrock + |w|: not convex; stationary is what is promised. */
static enum spred_status rosenbrock(void *cookie, const double *w,
                                    double *value, double *g)
{
    double a = w[1] - w[0] * w[0];
    (void)cookie;
    *value = 100 * a * a + (1 - w[0]) * (1 - w[0]);
    g[0] = -400 * w[0] * a - 2 * (1 - w[0]);
    g[1] = 200 * a;
    return SPRED_OK;
}

static void test_not_convex(void **state)
{
    struct spred_env env;
    struct spred_minimise_options o;
    struct spred_minimum m;
    struct spred_objective f = {2, rosenbrock, NULL};
    double w[2], start[2] = {-1.2, 1}, value, g[2];
    (void)state;
    spred_env_init(&env);
    spred_minimise_default(&o);
    o.lambda = .1;
    o.start = start;
    assert_int_equal(spred_minimise(&env, &f, &o, w, &m), SPRED_OK);
    assert_int_equal(m.stop, SPRED_STOP_STATIONARY);
    rosenbrock(NULL, w, &value, g);
    for (int j = 0; j < 2; j++)
        assert_true(fabs(g[j] + copysign(.1, w[j])) < 1e-3);
    assert_true(m.objective < .2);
}

/* A start from which the gradient is huge does not make the promise weaker, and
 * one of the other sign can be left by every method. */
static void test_starts(void **state)
{
    struct spred_env env;
    struct spred_minimise_options o;
    struct spred_minimum m;
    struct spred_objective f = {2, rosenbrock, NULL};
    double w[2], start[2] = {100, -100}, value, g[2];
    (void)state;
    spred_env_init(&env);
    spred_minimise_default(&o);
    o.lambda = .1;
    o.start = start;
    o.steps = 100000;
    assert_int_equal(spred_minimise(&env, &f, &o, w, &m), SPRED_OK);
    rosenbrock(NULL, w, &value, g);
    if (m.stop == SPRED_STOP_STATIONARY)
        for (int j = 0; j < 2; j++)
            assert_true(fabs(g[j] + copysign(.1, w[j])) < 1e-5);
    for (int method = 0; method < 3; method++) {
        struct data d;
        double from[P] = {0}, near[P];
        make(&d, 0);
        spred_minimise_default(&o);
        o.method = (enum spred_minimise_method)method;
        o.lambda = .3;
        o.start = from;
        o.tolerance = method ? 1e-4 : 1e-6;
        o.steps = 20000;
        o.step = method == SPRED_MINIMISE_SGD ? .2 : .01;
        from[3] = -1; /* it ends above 0 */
        assert_int_equal(run(&d, &env, &o, near, &m), SPRED_OK);
        if (m.stop != SPRED_STOP_STATIONARY)
            fail_msg("method %d: %s, kkt %g", method, spred_stop_name(m.stop),
                     m.kkt);
        assert_true(near[3] > .5);
        assert_true(m.objective <= reference(&d, .3) + 1e-3);
    }
}

/* (w_2 - 3)^2 / 2, and a gradient that nobody has computed for w_1. */
static enum spred_status half_known(void *cookie, const double *w,
                                    double *value, double *g)
{
    (void)cookie;
    *value = (w[1] - 3) * (w[1] - 3) / 2;
    g[0] = NAN;
    g[1] = w[1] - 3;
    return SPRED_OK;
}

/* Nothing is certified where the gradient is not a number. */
static void test_nan_gradient(void **state)
{
    static const double starts[][2] = {{0, 2.9}, {0, 0}, {1, 2.9}};
    struct spred_objective f = {2, half_known, NULL};
    (void)state;
    for (int run = 0; run < 18; run++) {
        struct spred_env env;
        struct spred_minimise_options o;
        struct spred_minimum m;
        unsigned char sparse[2] = {run >= 9, 1};
        double w[2], error, given, numeric;
        size_t worst;
        spred_env_init(&env);
        spred_minimise_default(&o);
        o.method = (enum spred_minimise_method)(run % 3);
        o.lambda = .1;
        o.steps = 50;
        o.sparse = sparse;
        o.start = starts[run / 3 % 3];
        assert_int_equal(spred_minimise(&env, &f, &o, w, &m), SPRED_OK);
        assert_int_equal(m.stop, SPRED_STOP_DIVERGED);
        assert_int_equal(spred_check_gradient(&env, &f, o.start, &worst, &error,
                                              &given, &numeric),
                         SPRED_OK);
        assert_int_equal(worst, 0);
        assert_true(isinf(error));
    }
}

/* Weights that rounding may not make 0 are judged as what they are. */
static enum spred_status bowls(void *cookie, const double *w, double *value,
                               double *g)
{
    (void)cookie;
    g[0] = w[0] - 10;
    g[1] = w[1] - 1;
    *value = (g[0] * g[0] + g[1] * g[1]) / 2;
    return SPRED_OK;
}

static void test_rough_rounding(void **state)
{
    struct spred_env env;
    struct spred_minimise_options o;
    struct spred_minimum m;
    struct spred_objective f = {2, bowls, NULL};
    double w[2], start[2] = {9.9, 1.05};
    (void)state;
    spred_env_init(&env);
    spred_minimise_default(&o);
    o.lambda = .1;
    o.round = .2;
    o.steps = 50;
    o.start = start;
    assert_int_equal(spred_minimise(&env, &f, &o, w, &m), SPRED_OK);
    double off = fabs(w[1] - 1 + .1) / 10;
    assert_true(m.kkt >= off - 1e-12);
    assert_true(m.stop != SPRED_STOP_STATIONARY || off < 1e-6);
}

/* w = 0 with factors 0 is a trap: a start at exactly 0 must leave it. */
static void test_zero_is_left(void **state)
{
    struct spred_env env;
    struct data d;
    struct spred_minimise_options o;
    struct spred_minimum m;
    double w[P];
    (void)state;
    spred_env_init(&env);
    make(&d, 0);
    spred_minimise_default(&o);
    o.lambda = .1;
    o.init = 1e-300; /* products underflow: as good as 0 */
    assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
    assert_int_equal(m.stop, SPRED_STOP_STATIONARY);
    assert_true(m.support > 1);
    assert_true(m.objective <= reference(&d, .1) + 1e-6);
    o.lambda = 100; /* and here 0 is the answer */
    assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
    assert_int_equal(m.stop, SPRED_STOP_STATIONARY);
    assert_int_equal(m.support, 0);
}

static void test_failures(void **state)
{
    (void)state;
    for (int method = 0; method < 3; method++)
        for (long at = 0; at < 40; at += 3) {
            struct spred_env env;
            struct data d;
            struct spred_minimise_options o;
            struct spred_minimum m;
            double w[P];
            spred_env_init(&env);
            make(&d, 0);
            d.env = &env;
            d.fails = at;
            d.status = at % 2 ? SPRED_EINVAL : SPRED_EINTERRUPTED;
            spred_minimise_default(&o);
            o.method = (enum spred_minimise_method)method;
            o.lambda = .01;
            o.tolerance = 1e-12;
            o.steps = 100;
            assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
            assert_int_equal(m.stop, at % 2 ? SPRED_STOP_FAILED
                                            : SPRED_STOP_INTERRUPTED);
            assert_non_null(strstr(env.error, "fails"));
            assert_int_equal(d.calls, at + 1); /* left alone afterwards */
        }
}

static int cancel(void *cookie)
{
    (void)cookie;
    return 1;
}

static void test_ends(void **state)
{
    struct spred_env env;
    struct data d;
    struct spred_minimise_options o;
    struct spred_minimum m;
    double w[P];
    (void)state;
    for (int method = 0; method < 3; method++) {
        spred_env_init(&env);
        make(&d, 0);
        spred_minimise_default(&o);
        o.method = (enum spred_minimise_method)method;
        o.lambda = .01;
        o.tolerance = 1e-13;
        o.steps = 7;
        assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
        assert_int_equal(m.stop, SPRED_STOP_STEPS);
        assert_int_equal(m.steps, 7);
        env.cancelled = cancel;
        assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
        assert_int_equal(m.stop, SPRED_STOP_INTERRUPTED);
        env.cancelled = NULL;
        d.nan = 1;
        assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
        assert_int_equal(m.stop, SPRED_STOP_DIVERGED);
        d.nan = 0;
    }
    o.method = SPRED_MINIMISE_SGD;
    o.steps = 1000;
    o.step = 1e3;
    assert_int_equal(run(&d, &env, &o, w, &m), SPRED_OK);
    assert_int_equal(m.stop, SPRED_STOP_DIVERGED);
    o.lambda = -1;
    assert_int_equal(run(&d, &env, &o, w, &m), SPRED_EINVAL);
    o.lambda = NAN;
    assert_int_equal(run(&d, &env, &o, w, &m), SPRED_EINVAL);
}

static enum spred_status wrong_rosenbrock(void *cookie, const double *w,
                                          double *value, double *g)
{
    SPRED_TRY(rosenbrock(cookie, w, value, g));
    g[1] += 1;
    return SPRED_OK;
}

static void test_gradient_check(void **state)
{
    struct spred_env env;
    struct data d;
    double w[P], error, given, numeric;
    size_t worst;
    struct spred_objective f = {P, evaluate, &d};
    (void)state;
    spred_env_init(&env);
    make(&d, 1);
    for (size_t j = 0; j < P; j++)
        w[j] = .01 * (double)j;
    assert_int_equal(
        spred_check_gradient(&env, &f, w, &worst, &error, &given, &numeric),
        SPRED_OK);
    assert_true(error < 1e-6);
    f.value_and_gradient = wrong_rosenbrock;
    f.n = 2;
    assert_int_equal(
        spred_check_gradient(&env, &f, w, &worst, &error, &given, &numeric),
        SPRED_OK);
    assert_true(error > 1e-3);
    assert_int_equal(worst, 1);
    assert_true(fabs(given - numeric - 1) < 1e-4);
}

/* Memory that runs out after `left` allocations; blocks in use. */
struct heap {
    long left, used;
};

static void *from_heap(void *cookie, void *pointer, size_t size)
{
    struct heap *heap = cookie;
    if (size == 0) {
        heap->used -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (heap->left-- <= 0)
        return NULL;
    heap->used += pointer == NULL;
    return realloc(pointer, size);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (int method = 0; method < 3; method++) {
        enum spred_status status = SPRED_ENOMEM;
        long room = 0;
        for (; status != SPRED_OK && room < 50; room++) {
            struct spred_env env;
            struct data d;
            struct spred_minimise_options o;
            struct spred_minimum m;
            struct heap heap = {room, 0};
            double w[P], error, given, numeric;
            size_t worst;
            struct spred_objective f = {P, evaluate, &d};
            spred_env_init(&env);
            env.reallocate = from_heap;
            env.allocate_cookie = &heap;
            make(&d, 0);
            spred_minimise_default(&o);
            o.method = (enum spred_minimise_method)method;
            o.steps = 20;
            status = run(&d, &env, &o, w, &m);
            assert_true(status == SPRED_OK || status == SPRED_ENOMEM);
            assert_int_equal(heap.used, 0);
            if (room == 0)
                assert_int_equal(spred_check_gradient(&env, &f, w, &worst,
                                                      &error, &given, &numeric),
                                 SPRED_ENOMEM);
        }
        assert_true(room > 3 && room < 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lasso),
        cmocka_unit_test(test_logistic),
        cmocka_unit_test(test_sparse_part),
        cmocka_unit_test(test_not_convex),
        cmocka_unit_test(test_starts),
        cmocka_unit_test(test_nan_gradient),
        cmocka_unit_test(test_rough_rounding),
        cmocka_unit_test(test_zero_is_left),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_gradient_check),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
