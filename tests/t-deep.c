/* t-deep.c: the deep models learn planted pictures and become sparse; their
 * marks say what is true; stored models predict the same bits. */
#include "deep-fixture.h"

/* Small enough for a test; batch norm and dropout take part. */
#define SMALL                                                                  \
    " network=linear(out=24)|batch-norm|relu|dropout(rate=0.1)|linear(out=12)" \
    "|relu|linear epochs=20 batch=24"

struct model_case {
    const char *name, *options;
    double compression; /* that some mark reaches, with an accuracy of .85 */
};
static const struct model_case cases[] = {
    {"deep-dense", "epochs=10 lr=0.05", 1},
    {"deep-spred", "lr=0.3 lambda=0.004 fine_tune=3 thresholds=0;1e-3;1e-2", 4},
    {"deep-spred", "factors=3 lr=0.3 lambda=0.01 fine_tune=3", 3},
    {"deep-spred", "dense_epochs=3 lr=0.3 lambda=0.004 fine_tune=3", 3},
    {"deep-spred", "group=output lr=0.3 lambda=0.03 fine_tune=3", 1.5},
    {"deep-spred", "group=input lr=0.2 lambda=0.01 fine_tune=3", 1.3},
    {"deep-l1", "lr=0.05 lambda=0.003 fine_tune=3", 3},
    {"deep-l1", "lr=0.05 lambda=0.003 dense_epochs=3", 3},
    {"deep-proximal", "lr=0.05 lambda=0.005 fine_tune=3", 3},
    {"deep-proximal", "group=output lr=0.05 lambda=0.03 fine_tune=3", 1.5},
    {"deep-str", "lr=0.05 lambda=0.01 threshold_start=0.02 fine_tune=3", 2},
    {"deep-prune", "lr=0.05 compression=4;8 fine_tune=4", 7},
    {"deep-prune", "lr=0.05 compression=3 fine_tune=4 scope=layer", 2.9},
    {"deep-prune", "lr=0.05 compression=2 fine_tune=4 group=output", 1.8},
    {"deep-gradual", "lr=0.05 compression=8;2 fine_tune=3", 7},
    {"deep-gradual", "lr=0.05 compression=2 group=input fine_tune=3", 1.8},
};
enum { CASES = sizeof cases / sizeof *cases };

static void open_case(struct runner *r, size_t k)
{
    runner_open(r, cases[k].name);
    runner_set(r, cases[k].options + 0);
    runner_set(r, SMALL + 1);
}

static const struct kept_mark *find_mark(const struct runner *r,
                                         const char *rule, double threshold)
{
    for (size_t i = 0; i < r->n_marks; i++)
        if (strcmp(r->marks[i].rule, rule) == 0 &&
            (isnan(threshold) ||
             fabs(r->marks[i].threshold - threshold) <= 1e-9 * threshold))
            return &r->marks[i];
    return NULL;
}

/* Each method learns and becomes sparse; marks are counted again. */
static void test_learns(void **unused)
{
    size_t bad = 0;
    (void)unused;
    for (size_t k = 0; k < CASES; k++) {
        struct runner r;
        double reached = 0;
        open_case(&r, k);
        assert_ok(&r.env, runner_fit(&r, &r.env));
        assert_int_equal(r.offers, 1);
        assert_int_equal(r.shown, 2);
        assert_true(r.n_marks > 0 && r.n_saves > 0);
        assert_non_null(strstr(r.report.note, "weights"));
        for (size_t i = 0; i < r.n_marks; i++) {
            const struct kept_mark *m = &r.marks[i];
            double ratio = (double)m->weights / fmax(1, (double)m->nonzero);
            if (m->accuracy > .85 && ratio > reached)
                reached = ratio;
            assert_int_equal(m->weights, CELLS * 24 + 24 * 12 + 12 * 3);
            assert_int_equal(m->units, 24 + 12 + 3);
            assert_near(m->macs_dense, (double)m->weights, 0);
            if (strncmp(m->rule, "made smaller", 12) != 0) {
                assert_int_equal(m->counted, m->nonzero);
                assert_near(m->macs, (double)m->nonzero, 0);
            }
        }
        print_message("# %s %s: %g\n", cases[k].name, cases[k].options,
                      reached);
        bad += !(reached >= cases[k].compression);
        runner_close(&r);
    }
    assert_int_equal(bad, 0); /* too little compression at an accuracy of .85 */
}

/* The same seed: the same bits; another seed: others. */
static void test_again(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < CASES; k += 2) {
        double *scores[3];
        for (size_t i = 0; i < 3; i++) {
            struct runner r;
            open_case(&r, k);
            r.seed = i == 2 ? 6 : 5;
            r.quiet = i == 1; /* who looks changes nothing */
            assert_ok(&r.env, runner_fit(&r, &r.env));
            scores[i] = r.scores;
            r.scores = NULL;
            runner_close(&r);
        }
        size_t bytes = TEST * CLASSES * sizeof(double);
        assert_memory_equal(scores[0], scores[1], bytes);
        assert_true(memcmp(scores[0], scores[2], bytes) != 0);
        for (size_t i = 0; i < 3; i++)
            free(scores[i]);
    }
}

/* A threshold's mark is the trained network with what is at most that set to
 * 0; fine-tuning keeps those zeros. */
static void test_thresholds(void **unused)
{
    (void)unused;
    struct runner r;
    runner_open(&r, "deep-spred");
    runner_set(&r, "lr=0.3 lambda=0.004 thresholds=0;1e-3;3e-2;0.1 "
                   "fine_thresholds=3e-2 fine_tune=2");
    runner_set(&r, SMALL + 1);
    assert_ok(&r.env, runner_fit(&r, &r.env));
    const struct kept_mark *exact = find_mark(&r, "exact zeros", NAN);
    const struct kept_mark *tuned = find_mark(&r, "fine-tuned", 3e-2);
    static const double thresholds[] = {1e-3, 3e-2, .1};
    assert_non_null(exact);
    assert_non_null(tuned);
    assert_int_equal(r.n_marks, 5);
    assert_memory_equal(r.scores, exact->scores,
                        TEST * CLASSES * sizeof(double));
    for (size_t k = 0; k < 3; k++) {
        const struct kept_mark *m = find_mark(&r, "threshold", thresholds[k]);
        size_t left = 0;
        assert_non_null(m);
        for (size_t e = 0; e < exact->n_w; e++) {
            int stays = fabs((double)exact->w[e]) > thresholds[k];
            left += (size_t)stays;
            assert_true(stays ? m->w[e] == exact->w[e] : m->w[e] == 0);
        }
        assert_int_equal(m->nonzero, left);
        assert_true(left > 0 && left < exact->n_w);
    }
    const struct kept_mark *from = find_mark(&r, "threshold", 3e-2);
    size_t moved = 0;
    for (size_t e = 0; e < from->n_w; e++) {
        assert_true(from->w[e] != 0 || tuned->w[e] == 0);
        moved += from->w[e] != tuned->w[e];
    }
    assert_true(moved > from->nonzero / 2);
    runner_close(&r);
}

/* Without its dead neurons the network says the same and computes less. */
static void test_smaller(void **unused)
{
    (void)unused;
    struct runner r;
    runner_open(&r, "deep-spred");
    runner_set(&r, "group=output lr=0.2 lambda=0.01 thresholds=0;1e-2 "
                   "fine_thresholds=1e-2 fine_tune=3");
    runner_set(&r, SMALL + 1);
    assert_ok(&r.env, runner_fit(&r, &r.env));
    size_t pairs = 0;
    for (size_t i = 0; i + 1 < r.n_marks; i++) {
        const struct kept_mark *a = &r.marks[i], *b = a + 1;
        if (strncmp(b->rule, "made smaller", 12) != 0)
            continue;
        pairs++;
        for (size_t e = 0; e < TEST * CLASSES; e++)
            assert_near(a->scores[e], b->scores[e], 1e-4);
        assert_true(b->units_left <= a->units_left);
        assert_true(b->nonzero <= a->nonzero);
        assert_true(b->macs <= b->macs_dense);
    }
    assert_int_equal(pairs, 3);
    const struct kept_mark *last = &r.marks[r.n_marks - 1];
    assert_true(last->macs < .8 * last->macs_dense);
    assert_true(last->units_left < last->units);
    assert_non_null(strstr(r.report.note, "made smaller"));
    runner_close(&r);
}

static void check_store(const char *model, const char *options, int with_values)
{
    struct runner r;
    void *bytes;
    size_t size, outputs = with_values ? 1 : CLASSES, cells = TEST * outputs;
    runner_open(&r, model);
    runner_set(&r, options);
    runner_set(&r, SMALL + 1);
    runner_set(&r, "epochs=3");
    r.real = with_values;
    r.quiet = 1;
    assert_ok(&r.env, runner_fit(&r, &r.env));
    assert_ok(&r.env, r.model->store(&r.env, r.state, &bytes, &size));
    double *importance[2] = {calloc(CELLS, sizeof(double)),
                             calloc(CELLS, sizeof(double))};
    r.model->genes(r.state, importance[0]);
    void *again = calloc(1, r.model->state_size);
    assert_ok(&r.env,
              r.model->load(&r.env, again, CELLS, outputs, bytes, size));
    double *scores = calloc(cells, sizeof *scores);
    assert_ok(&r.env, r.model->predict(&r.env, again, r.test.x, TEST, scores));
    assert_memory_equal(scores, r.scores, cells * sizeof *scores);
    r.model->genes(again, importance[1]);
    assert_memory_equal(importance[0], importance[1], CELLS * sizeof(double));
    r.model->free(&r.env, again);
    for (size_t cut = 0; cut < size; cut += size / 11 + 1) {
        memset(again, 0, r.model->state_size);
        assert_int_equal(
            r.model->load(&r.env, again, CELLS, outputs, bytes, cut),
            SPRED_EFORMAT);
        r.model->free(&r.env, again);
    }
    for (size_t other = 0; other < 2; other++) { /* of other data */
        memset(again, 0, r.model->state_size);
        assert_int_equal(r.model->load(&r.env, again, CELLS + other,
                                       outputs + 1 - other, bytes, size),
                         SPRED_EFORMAT);
        r.model->free(&r.env, again);
    }
    free(again);
    free(scores);
    free(importance[0]);
    free(importance[1]);
    spred_free(&r.env, bytes);
    runner_close(&r);
}

static void test_store(void **unused)
{
    (void)unused;
    check_store("deep-dense", "lr=0.05", 0);
    check_store("deep-spred", "lr=0.2 lambda=0.004", 0);
    check_store("deep-spred", "lr=0.1 group=output", 1);
    check_store("deep-str", "lr=0.05", 0);
    check_store("deep-prune", "lr=0.05 compression=4", 1);
}

/* A network of linear layers takes rows that are no pictures, to the bit. */
static void test_no_pictures(void **unused)
{
    (void)unused;
    struct runner r;
    runner_open(&r, "deep-spred");
    runner_set(&r, SMALL + 1);
    runner_set(&r, "epochs=2 fine_tune=1");
    assert_ok(&r.env, runner_fit(&r, &r.env));
    double *scores = r.scores;
    r.scores = NULL;
    runner_drop_saves(&r);
    r.plain = 1;
    assert_ok(&r.env, runner_fit(&r, &r.env));
    assert_int_equal(r.shown, 0);
    assert_memory_equal(scores, r.scores, TEST * CLASSES * sizeof *scores);
    free(scores);
    runner_drop_saves(&r);
    runner_set(&r, "network=lenet-5");
    assert_int_equal(runner_fit(&r, &r.env), SPRED_EINVAL);
    assert_non_null(strstr(r.env.error, "no pictures"));
    runner_close(&r);
}

static void refuse(struct runner *r, const char *name, const char *value,
                   const char *text)
{
    const struct spred_option *table = r->model->options;
    assert_ok(&r->env, spred_options_default(&r->env, table, r->options));
    assert_ok(&r->env,
              spred_options_set(&r->env, table, r->options, name, value));
    assert_int_equal(r->model->check(&r->env, r->options), SPRED_EINVAL);
    if (!strstr(r->env.error, text))
        fail_msg("%s=%s: \"%s\", expected \"%s\"", name, value, r->env.error,
                 text);
}

static void test_bad_options(void **unused)
{
    (void)unused;
    struct runner r;
    runner_open(&r, "deep-spred");
    refuse(&r, "network", "lenet-5-cafe", "did you mean 'lenet-5-caffe'?");
    refuse(&r, "network", "lenet", "expected lenet-300-100, lenet-5");
    refuse(&r, "network", "linear(out=3)|relu", "last layer");
    refuse(&r, "network", "linear(out=3,sparse=spred,lambda=1)|linear",
           "layer 1 has a sparsity of its own");
    refuse(&r, "thresholds", "0;1e-3;x", "'x' is not a number");
    refuse(&r, "thresholds", "0;1e-3;", "'' is not a number");
    refuse(&r, "thresholds", "0;-1", "'-1' is not a number of 0");
    refuse(&r, "fine_thresholds", "1e-3;0.001", "0.001 is there twice");
    runner_close(&r);
    runner_open(&r, "deep-prune");
    refuse(&r, "compression", "10;0.5", "'0.5' is not a number of 1");
    runner_close(&r);
}

static void test_diverges(void **unused)
{
    (void)unused;
    struct runner r;
    runner_open(&r, "deep-dense");
    runner_set(&r, "network=linear(out=24)|relu|linear batch=24 lr=100");
    r.real = 1;
    assert_int_equal(runner_fit(&r, &r.env), SPRED_ENUMERIC);
    assert_non_null(strstr(r.env.error, "learning rate 100"));
    runner_close(&r);
}

/* lambda that hardly rises does hardly anything. */
static void test_warmup(void **unused)
{
    (void)unused;
    size_t nonzero[2];
    for (size_t k = 0; k < 2; k++) {
        struct runner r;
        runner_open(&r, "deep-proximal");
        runner_set(&r, SMALL + 1);
        runner_set(&r, "epochs=5 fine_tune=0 lambda=0.2 lr=0.05");
        runner_set(&r, k ? "lambda_warmup=1000" : "lambda_warmup=0");
        assert_ok(&r.env, runner_fit(&r, &r.env));
        nonzero[k] = r.marks[0].nonzero;
        runner_close(&r);
    }
    assert_true(2 * nonzero[0] < nonzero[1]);
}

struct ledger {
    long calls, fail_at, live;
};

static void *counted(void *cookie, void *pointer, size_t size)
{
    struct ledger *ledger = cookie;
    if (size == 0) {
        ledger->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (++ledger->calls == ledger->fail_at)
        return NULL;
    ledger->live += pointer == NULL;
    return realloc(pointer, size);
}

static void starve(const char *model, const char *options)
{
    struct runner r;
    int survived = 0;
    long n = 1;
    runner_open(&r, model);
    runner_set(&r, "network=linear(out=4)|batch-norm|relu|linear epochs=1 "
                   "batch=120");
    runner_set(&r, options);
    r.env.cancelled = NULL;
    for (; !survived && n < 2000; n++) {
        struct ledger ledger = {0, n, 0};
        struct spred_env env;
        spred_env_init(&env);
        env.reallocate = counted;
        env.allocate_cookie = &ledger;
        enum spred_status status = runner_fit(&r, &env);
        survived = ledger.calls < n;
        runner_forget(&r, &env);
        runner_drop_saves(&r);
        if (ledger.live)
            fail_msg("%s leaks %ld blocks when allocation %ld fails", model,
                     ledger.live, n);
        assert_int_equal(status, survived ? SPRED_OK : SPRED_ENOMEM);
    }
    assert_true(survived && n > 20);
    runner_close(&r);
}

static void test_every_allocation_fails(void **unused)
{
    (void)unused;
    starve("deep-spred", "dense_epochs=1 fine_tune=1 group=output");
    starve("deep-gradual", "compression=2 fine_tune=1");
    starve("deep-prune", "compression=2 fine_tune=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_smaller),
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_no_pictures),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_diverges),
        cmocka_unit_test(test_warmup),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests_name("deep", tests, NULL, NULL);
}
