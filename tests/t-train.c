/* t-train.c: gradient training: every optimiser against steps computed by hand,
 * schedule, clipping, penalties, dead inputs that leave and come back. */
#include "test.h"

#include "solvers/nn/optimise.h"
#include "solvers/nn/update_loops.h"
#include "spred/rng.h"

static enum spred_status keep_on(void *cookie, struct nn *nn, long step,
                                 int *stop)
{
    (void)nn;
    (void)step;
    (void)stop;
    if (cookie)
        ++*(long *)cookie;
    return SPRED_OK;
}

/* ---- one weight: loss 1/4 sum_i (w x_i - y_i)^2, n = 2 ---- */

static const float one_x[2] = {1, 2};
static const double one_y[2] = {3, -1};

static double one_slope(double w)
{
    return ((w - 3) + 2 * (2 * w + 1)) / 2;
}

static struct nn *one_weight(struct spred_env *env, double w,
                             struct nn_sparse sparse)
{
    struct nn *nn;
    size_t count;
    struct nn_shape shape = {.inputs = 1, .outputs = 1, .n_branches = 1};
    shape.branches[0].n = 1;
    shape.branches[0].layers[0] =
        (struct nn_layer){.kind = NN_LINEAR, .no_bias = 1, .sparse = sparse};
    assert_ok(env, nn_new(env, &shape, 2, 1, &nn));
    nn_tensors(nn, &count)[0].value[0] = (real)w;
    assert_int_equal(count, 1);
    return nn;
}

static double train_one(struct spred_env *env, const struct nn_training *given,
                        struct nn_sparse sparse)
{
    struct nn *nn = one_weight(env, .5, sparse);
    struct nn_training training = *given;
    struct spred_rows rows = {.n = 2, .p = 1, .x = one_x, .values = one_y};
    struct nn_report report;
    training.rest = training.first;
    training.evaluate = keep_on;
    training.every = 3;
    assert_ok(env, nn_train(env, nn, &rows, &training, &report));
    assert_int_equal(report.steps, training.steps);
    double w = (double)nn_weights(nn, 0, 0)[0];
    nn_free(nn);
    return w;
}

/* The same in double precision, from the papers' formulas. */
static double by_hand(const struct nn_training *t)
{
    double w = .5, m = 0, s = 0;
    const struct nn_rule *r = &t->first;
    for (long k = 0; k < t->steps; k++) {
        double lr = r->lr, g = one_slope(w);
        if (t->cosine)
            lr *= .5 * (1 + cos(acos(-1) * (double)k / (double)t->steps));
        if (t->clip > 0 && fabs(g) > t->clip)
            g *= t->clip / (fabs(g) + 1e-6);
        if (r->kind == NN_ADAMW)
            w -= lr * r->decay * w;
        else
            g += r->decay * w;
        if (r->kind == NN_SGD) {
            m = r->momentum * m + g;
            w -= lr * m;
            continue;
        }
        double beta1 = r->beta1 > 0 ? r->beta1 : .9;
        m = beta1 * m + (1 - beta1) * g;
        s = .999 * s + .001 * g * g;
        w -= lr * m / (1 - pow(beta1, (double)k + 1)) /
             (sqrt(s / (1 - pow(.999, (double)k + 1))) + 1e-8);
    }
    return w;
}

static void test_optimisers(void **state)
{
    struct spred_env env;
    struct nn_sparse dense = {0};
    (void)state;
    spred_env_init(&env);
    const struct nn_training all[] = {
        {.steps = 1, .first = {.kind = NN_SGD, .lr = .1}},
        {.steps = 7, .first = {.kind = NN_SGD, .lr = .1, .decay = .3}},
        {.steps = 7,
         .first = {.kind = NN_SGD, .lr = .1, .momentum = .8, .decay = .3}},
        {.steps = 7, .cosine = 1, .first = {.kind = NN_SGD, .lr = .2}},
        {.steps = 7, .clip = .7, .first = {.kind = NN_SGD, .lr = .2}},
        {.steps = 7,
         .clip = .7,
         .first = {.kind = NN_SGD, .lr = .2, .decay = 2}},
        {.steps = 9, .first = {.kind = NN_ADAM, .lr = .1}},
        {.steps = 9, .first = {.kind = NN_ADAM, .lr = .1, .decay = .5}},
        {.steps = 9, .first = {.kind = NN_ADAM, .lr = .1, .beta1 = .5}},
        {.steps = 9, .first = {.kind = NN_ADAMW, .lr = .1, .decay = .5}},
        {.steps = 9,
         .cosine = 1,
         .first = {.kind = NN_ADAMW, .lr = .1, .decay = .5}}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        assert_near(train_one(&env, &all[k], dense), by_hand(&all[k]), 2e-6);
    /* Coupled and decoupled decay are not the same. */
    assert_true(fabs(by_hand(&all[7]) - by_hand(&all[9])) > 1e-2);
}

/* Every set of loops does what the first does, also at the ends of arrays. */
static void test_loops(void **state)
{
    enum { COUNT = 71 };
    struct update_rule rule = {.lr = .1,
                               .scale = .5,
                               .decay = .2,
                               .shrink = 1,
                               .momentum = .9,
                               .beta1 = .9,
                               .beta2 = .99,
                               .epsilon = 1e-8,
                               .unbias1 = 2,
                               .unbias2 = 3,
                               .floor = 1e-3};
    const struct update_loops *const *sets = update_loops_all();
    (void)state;
    for (size_t kind = 0; kind < 3; kind++)
        for (size_t set = 0; sets[set]; set++) {
            real w[COUNT], g[COUNT], m[COUNT], s[COUNT];
            for (size_t e = 0; e < COUNT; e++) {
                w[e] = (real)sin((double)e);
                g[e] = (real)cos(3 * (double)e);
                m[e] = (real)sin(5 * (double)e);
                s[e] = (real)fabs(cos((double)e));
            }
            w[3] = (real)-2e-4;
            g[3] = m[3] = s[3] = 0;
            if (kind == 0)
                sets[set]->plain(COUNT, &rule, w, g);
            else if (kind == 1)
                sets[set]->momentum(COUNT, &rule, w, g, m);
            else
                sets[set]->adam(COUNT, &rule, w, g, m, s);
            for (size_t e = 0; e < COUNT; e++) {
                double w0 = e == 3 ? -2e-4 : (double)(real)sin((double)e);
                double g0 = e == 3 ? 0 : cos(3 * (double)e), want;
                double m0 = e == 3 ? 0 : sin(5 * (double)e);
                double s0 = e == 3 ? 0 : fabs(cos((double)e));
                double slope = .5 * g0 + .2 * w0;
                if (kind == 0)
                    want = w0 - .1 * slope;
                else if (kind == 1)
                    want = w0 - .1 * (.9 * m0 + slope);
                else
                    want =
                        w0 -
                        .2 * (.9 * m0 + .1 * slope) /
                            (sqrt(3 * (.99 * s0 + .01 * slope * slope)) + 1e-8);
                if (fabs(want) < 1e-3)
                    want = copysign(1e-3, want);
                assert_near((double)w[e], want, 2e-6);
            }
        }
}

static void test_penalties(void **state)
{
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    struct nn_training sgd = {.steps = 400,
                              .first = {.kind = NN_SGD, .lr = .1}};
    struct nn_sparse prox = {.kind = NN_PROXIMAL, .lambda = .2};
    struct nn_sparse sub = {.kind = NN_SUBGRADIENT, .lambda = .2};
    /* min 5/4 w^2 - w/2 + .2 |w|: w = .3 / 2.5 */
    assert_near(train_one(&env, &sgd, prox), .12, 1e-6);
    assert_near(train_one(&env, &sgd, sub), .12, 1e-6);
    prox.lambda = .6;
    assert_true(train_one(&env, &sgd, prox) == 0);
    /* Groups of a 2 x 3 matrix. */
    const struct {
        struct nn_sparse sparse;
        double norm[6]; /* of the group of each entry */
    } cases[] = {{{.group = NN_ELEMENT}, {3, 4, 1, 0, 6, 8}},
                 {{.group = NN_INPUT}, {5, 5, 1, 1, 10, 10}},
                 {{.group = NN_OUTPUT},
                  {sqrt(46), sqrt(80), sqrt(46), sqrt(80), sqrt(46), sqrt(80)}},
                 {{.group = NN_BLOCK, .block = 2},
                  {sqrt(26), sqrt(26), sqrt(26), sqrt(26), 10, 10}}};
    for (size_t c = 0; c < 4; c++) {
        const real start[6] = {3, -4, 1, 0, 6, 8};
        real value[6], gradient[6] = {1, 1, 1, 1, 1, 1};
        double scratch[2];
        memcpy(value, start, sizeof value);
        nn_penalise(&cases[c].sparse, 2, 3, value, gradient, 2, scratch);
        for (size_t e = 0; e < 6; e++) {
            double w = (double)start[e], norm = cases[c].norm[e];
            double slope = norm > 0 ? 2 * w / norm : 0;
            assert_near((double)value[e], w, 0);
            assert_near((double)gradient[e], 1 + slope, 1e-6);
        }
        nn_penalise(&cases[c].sparse, 2, 3, value, NULL, 2, scratch);
        for (size_t e = 0; e < 6; e++) {
            double norm = cases[c].norm[e];
            double keep = norm > 2 ? 1 - 2 / norm : 0;
            assert_near((double)value[e], keep * (double)start[e], 1e-6);
        }
    }
}

/* ---- dead inputs ---- */

enum { N = 40, P = 30 };
struct planted {
    float x[N * P];
    double y[N];
    struct spred_rows rows;
};

/* y = x_0 + .6 x_1 with x_0'x_1 / n = -.6: alone, x_1 has no slope, and with
 * x_0 in the model it has one of .38. The others are noise, orthogonal to both
 * only by chance. */
static void plant(struct planted *d)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 3);
    for (size_t e = 0; e < N * P; e++)
        d->x[e] = (float)(.3 * spred_rng_normal(rng));
    for (size_t i = 0; i < N; i++) {
        double a = i % 2 ? 1 : -1, b = i / 2 % 2 ? 1 : -1;
        d->x[i] = (float)a;
        d->x[i + N] = (float)(-.6 * a + .8 * b);
        d->y[i] = (double)d->x[i] + .6 * (double)d->x[i + N];
    }
    spred_rng_free(rng);
    d->rows = (struct spred_rows){.n = N, .p = P, .x = d->x, .values = d->y};
}

static struct nn *gated(struct spred_env *env, double lambda)
{
    struct nn *nn = NULL;
    struct nn_shape shape = {.inputs = P,
                             .outputs = 1,
                             .n_branches = 1,
                             .gate = {.kind = NN_SPRED, .lambda = lambda}};
    shape.branches[0].n = 1;
    shape.branches[0].layers[0] =
        (struct nn_layer){.kind = NN_LINEAR, .no_bias = 1};
    nn_new(env, &shape, N, 7, &nn);
    return nn;
}

static struct nn_training slow(double dead)
{
    return (struct nn_training){.first = {.kind = NN_SGD, .lr = .1},
                                .rest = {.kind = NN_SGD, .lr = .1},
                                .steps = 3000,
                                .every = 100,
                                .dead = dead,
                                .evaluate = keep_on};
}

static void fit(struct spred_env *env, const struct planted *d, double dead,
                double *w, struct nn_report *report)
{
    struct nn *nn = gated(env, .05);
    struct nn_training training = slow(dead);
    assert_non_null(nn);
    assert_ok(env, nn_train(env, nn, &d->rows, &training, report));
    nn_importance(nn, 1e-3, w);
    nn_free(nn);
}

/* Without compaction, with it, and with a threshold so high that x_1 is parked
 * before it is wanted: the same weights. */
static void test_parking(void **state)
{
    struct spred_env env;
    struct planted d;
    struct nn_report off, on, early;
    double w[3][P];
    (void)state;
    spred_env_init(&env);
    plant(&d);
    fit(&env, &d, 0, w[0], &off);
    fit(&env, &d, 1e-5, w[1], &on);
    fit(&env, &d, .5, w[2], &early);
    assert_int_equal(off.parked, 0);
    assert_int_equal(off.live, P);
    assert_near(off.passes, 3000, 1e-9);
    assert_true(on.parked >= P - 6);
    assert_int_equal(on.parked + on.live, P);
    assert_int_equal(on.awake, 0);
    assert_true(on.worst > 0 && on.worst < 1);
    assert_true(on.passes < .5 * off.passes);
    assert_true(early.revived > 0);
    assert_int_equal(early.awake, 0);
    assert_true(w[0][0] > .5 && w[0][1] > .3);
    for (size_t j = 0; j < P; j++) {
        assert_near(w[1][j], w[0][j], 1e-4);
        assert_near(w[2][j], w[0][j], 1e-3);
        assert_int_equal(w[1][j] > 0, w[0][j] > 0);
        assert_int_equal(w[2][j] > 0, w[0][j] > 0);
    }
}

/* Stopped when x_1 is wanted and not back: it is told. */
static void test_not_verified(void **state)
{
    struct spred_env env;
    struct planted d;
    struct nn_report report;
    (void)state;
    spred_env_init(&env);
    plant(&d);
    size_t told = 0;
    for (long steps = 30; steps <= 300; steps += 10) {
        struct nn *nn = gated(&env, .05);
        struct nn_training training = slow(.5);
        training.steps = steps;
        training.every = 1000;
        assert_ok(&env, nn_train(&env, nn, &d.rows, &training, &report));
        told += report.awake > 0;
        assert_int_equal(report.awake > 0, report.worst >= 1);
        nn_free(nn);
    }
    assert_true(told > 0);
}

/* Size of x_1 after so many steps. */
static double size_of_second(struct spred_env *env, const struct planted *d,
                             double dead, long steps, size_t *revived)
{
    struct nn_report report;
    struct nn *nn = gated(env, .05);
    struct nn_training training = slow(dead);
    double w[P];
    training.steps = steps;
    training.every = 20;
    assert_ok(env, nn_train(env, nn, &d->rows, &training, &report));
    *revived = report.revived;
    for (size_t k = 0; k < P; k++)
        w[nn_order(nn)[k]] = nn_input_size(nn, k);
    nn_free(nn);
    return w[1];
}

/* What comes back has about the size that it would have: soon after, the
 * difference from a run that never parked is a factor of 4 at most. */
static void test_size_back(void **state)
{
    struct spred_env env;
    struct planted d;
    size_t back = 0, seen = 0, none;
    (void)state;
    spred_env_init(&env);
    plant(&d);
    for (long steps = 20; steps < 300 && seen < 3; steps += 10) {
        double ours = size_of_second(&env, &d, .5, steps, &back);
        double whole = size_of_second(&env, &d, 0, steps, &none);
        seen += back > 0;
        if (back && fabs(log(ours / whole)) > log(4))
            fail_msg("after %ld steps %g, never parked %g", steps, ours, whole);
    }
    assert_true(seen > 0);
}

/* ---- the loop ---- */

static void run_twice(struct spred_env *env, const struct planted *d,
                      const struct nn_training *training)
{
    double w[2][P];
    for (size_t k = 0; k < 2; k++) {
        struct nn *nn = gated(env, .05);
        struct nn_report report;
        assert_ok(env, nn_train(env, nn, &d->rows, training, &report));
        nn_importance(nn, 0, w[k]);
        nn_free(nn);
    }
    assert_memory_equal(w[0], w[1], sizeof w[0]);
}

static void test_batches(void **state)
{
    struct spred_env env;
    struct planted d;
    struct nn_report report;
    double w[P];
    long calls = 0;
    (void)state;
    spred_env_init(&env);
    plant(&d);
    struct nn_training training = slow(1e-5);
    training.batch = 12;
    training.seed = 5;
    training.cosine = 1;
    run_twice(&env, &d, &training);
    struct nn *nn = gated(&env, .05);
    training.cookie = &calls;
    training.every = 400;
    assert_ok(&env, nn_train(&env, nn, &d.rows, &training, &report));
    assert_int_equal(calls, 8); /* 7 and the end */
    nn_importance(nn, 1e-2, w);
    assert_true(report.passes < 3000 * 12. / N);
    assert_true(w[0] > .5 && w[1] > .3 && w[0] < .93);
    nn_free(nn);
}

static int cancelled(void *cookie)
{
    return ++*(int *)cookie > 5;
}

static void test_ends(void **state)
{
    struct spred_env env;
    struct planted d;
    struct nn_report report;
    int polls = 0;
    (void)state;
    spred_env_init(&env);
    plant(&d);
    struct nn_training training = slow(0);
    struct nn *nn = gated(&env, .05);
    env.cancelled = cancelled;
    env.cancel_cookie = &polls;
    assert_int_equal(nn_train(&env, nn, &d.rows, &training, &report),
                     SPRED_EINTERRUPTED);
    assert_int_equal(report.steps, 5);
    env.cancelled = NULL;
    training.first.lr = 1e6;
    assert_int_equal(nn_train(&env, nn, &d.rows, &training, &report),
                     SPRED_ENUMERIC);
    assert_non_null(strstr(env.error, "learning rate"));
    d.rows.p = P - 1;
    assert_int_equal(nn_train(&env, nn, &d.rows, &training, &report),
                     SPRED_EINVAL);
    nn_free(nn);
}

/* ---- no memory ---- */

struct scarce {
    long calls, fails, live;
};

static void *scarce(void *cookie, void *pointer, size_t size)
{
    struct scarce *s = cookie;
    if (size == 0) {
        s->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (s->calls++ == s->fails)
        return NULL;
    s->live += pointer == NULL;
    return realloc(pointer, size);
}

static void test_no_memory(void **state)
{
    struct planted d;
    (void)state;
    plant(&d);
    for (long fails = 0;; fails++) {
        struct spred_env env;
        struct scarce s = {.fails = fails};
        struct nn_report report;
        struct nn_training training = slow(1e-5);
        training.steps = 3;
        training.batch = 10;
        training.first.kind = NN_ADAM;
        spred_env_init(&env);
        env.reallocate = scarce;
        env.allocate_cookie = &s;
        struct nn *nn = gated(&env, .05);
        enum spred_status status = SPRED_ENOMEM;
        if (nn)
            status = nn_train(&env, nn, &d.rows, &training, &report);
        nn_free(nn);
        assert_int_equal(s.live, 0);
        if (status == SPRED_OK)
            break;
        assert_int_equal(status, SPRED_ENOMEM);
        assert_true(fails < 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimisers),   cmocka_unit_test(test_loops),
        cmocka_unit_test(test_penalties),    cmocka_unit_test(test_parking),
        cmocka_unit_test(test_not_verified), cmocka_unit_test(test_size_back),
        cmocka_unit_test(test_batches),      cmocka_unit_test(test_ends),
        cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
