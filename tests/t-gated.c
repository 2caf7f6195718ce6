/* t-gated.c: the models that are networks: what they find, offer, report and
 * predict; with and without compaction the same. */
#include "test.h"

#include "solvers/nn/gated.h"
#include "spred/rng.h"

enum { N = 60, P = 50, TEST = 200, MOST = 64 };

/* Three classes: class c is where gene c is highest, genes 0..2 of P. */
struct planted {
    float x[N * P], test[TEST * P];
    int32_t codes[N], truth[TEST];
    double values[N];
    struct spred_model_task task;
    const struct spred_model *model;
    struct gated state;
    struct spred_env *env;
    size_t offers, stops; /* so many; stops: ends at that one (0: never) */
    char what[MOST][24];
    double score[MOST];
    int worse; /* every offer after the first is worse */
};

static void make_part(struct spred_rng *rng, size_t n, float *x, int32_t *codes)
{
    for (size_t e = 0; e < n * P; e++)
        x[e] = (float)spred_rng_normal(rng);
    for (size_t i = 0; i < n; i++) {
        codes[i] = (int32_t)(i % 3);
        x[i + (i % 3) * n] += 3;
    }
    for (size_t k = 0; k < 3; k++) /* as prepared: mean 0, variance 1 */
        for (size_t i = 0; i < n; i++)
            x[i + k * n] = (x[i + k * n] - 1) / 1.73f;
}

static enum spred_status offer(void *cookie, const char *what,
                               struct spred_offer *out)
{
    struct planted *d = cookie;
    size_t k = (size_t)d->task.classes, right = 0;
    double *scores = calloc(TEST * (k + 1), sizeof *scores);
    if (d->offers < MOST)
        snprintf(d->what[d->offers], sizeof *d->what, "%s", what);
    enum spred_status status =
        d->model->predict(d->env, &d->state, d->test, TEST, scores);
    for (size_t i = 0; k && i < TEST; i++) {
        size_t said = 0;
        for (size_t c = 1; c < k; c++)
            if (scores[i + c * TEST] > scores[i + said * TEST])
                said = c;
        right += said == (size_t)d->truth[i];
    }
    free(scores);
    out->score = d->worse ? .5 : (double)right / TEST;
    out->best = !d->worse || d->offers == 0;
    if (d->offers < MOST)
        d->score[d->offers] = (double)right / TEST;
    d->offers++;
    if (d->stops && d->offers == d->stops && status == SPRED_OK)
        return spred_fail(d->env, SPRED_EINTERRUPTED, "enough");
    return status;
}

static struct planted *plant(struct spred_env *env)
{
    struct planted *d = calloc(1, sizeof *d);
    struct spred_rng *rng;
    struct spred_env plain;
    spred_env_init(&plain);
    rng = spred_rng_new(&plain, 11);
    d->env = env;
    make_part(rng, N, d->x, d->codes);
    make_part(rng, TEST, d->test, d->truth);
    for (size_t i = 0; i < N; i++)
        d->values[i] = 50 + 20 * (double)d->x[i] - 10 * (double)d->x[i + N] +
                       spred_rng_normal(rng);
    spred_rng_free(rng);
    d->task = (struct spred_model_task){
        .train = {.n = N, .p = P, .x = d->x, .codes = d->codes},
        .classes = 3,
        .seed = 1,
        .threads = 1,
        .offer = offer,
        .cookie = d};
    return d;
}

/* options: "name=value name=value" */
static enum spred_status fit(struct planted *d, const char *name,
                             const char *options,
                             struct spred_model_report *report)
{
    struct gated_options o = {0};
    struct spred_model_report unused = {0};
    char words[256], *at = words;
    d->model = spred_model_find(name);
    assert_non_null(d->model);
    struct spred_env plain;
    spred_env_init(&plain);
    assert_ok(&plain, spred_options_default(&plain, d->model->options, &o));
    snprintf(words, sizeof words, "%s", options);
    for (char *word; (word = strtok_r(at, " ", &at));) {
        char *value = strchr(word, '=');
        *value++ = 0;
        assert_ok(&plain, spred_options_set(&plain, d->model->options, &o, word,
                                            value));
    }
    memset(&d->state, 0, sizeof d->state);
    d->offers = 0;
    return d->model->fit(d->env, &d->state, &o, &d->task,
                         report ? report : &unused);
}

static void drop(struct planted *d)
{
    d->model->free(d->env, &d->state);
    free(d);
}

static size_t count_genes(struct planted *d, double *w)
{
    size_t genes = 0;
    d->model->genes(&d->state, w);
    for (size_t j = 0; j < P; j++)
        genes += w[j] > 0;
    return genes;
}

/* Good on new samples, with the planted genes and few others. */
static void test_found(void **state)
{
    const struct {
        const char *model, *options;
        size_t most;
        double least;
    } cases[] = {
        {"spred-linear", "lambda=0.3", 6, .9},
        {"spred-network", "hidden=32 lambda=0.3", 12, .9},
        {"f_l+f_n", "hidden=16 lambda=0.4 steps=1000 momentum=0.5 lr=0.5", 8,
         .88},
        {"mlp", "hidden=32", P, .5},
        {"mlp", "hidden=32 dropout=0.3 norm=true layers=2 batch=20", P, .5},
        {"network",
         "relative=true optimizer=sgd lr=0.3 keep=last "
         "model=linear(out=16,sparse=spred,group=input,lambda=0.4)|relu|linear",
         16, .85},
        {"network",
         "relative=true optimizer=sgd lr=0.1 keep=last "
         "model=linear(sparse=proximal,group=input,lambda=0.3)",
         8, .9}};
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct planted *d = plant(&env);
        double w[P];
        assert_ok(&env, fit(d, cases[c].model, cases[c].options, NULL));
        size_t genes = count_genes(d, w), last = d->offers - 1;
        if (d->score[last] < cases[c].least || genes > cases[c].most ||
            !(w[0] > 0 && w[1] > 0 && w[2] > 0))
            fail_msg("%s %s: accuracy %g, %zu genes, planted %g %g %g",
                     cases[c].model, cases[c].options, d->score[last], genes,
                     w[0], w[1], w[2]);
        drop(d);
    }
}

/* A gene that is not reported can be anything. */
static void test_reported_alone(void **state)
{
    const char *models[] = {"spred-linear", "spred-network", "network"};
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    for (size_t m = 0; m < 3; m++)
        for (size_t late = 0; late < 2; late++) {
            struct planted *d = plant(&env);
            double w[P], before[TEST * 3], after[TEST * 3];
            d->stops = late ? 0 : 3;
            enum spred_status status =
                fit(d, models[m],
                    m == 1   ? "keep=best every=20 steps=400 hidden=16"
                    : m == 2 ? "every=20 steps=400 zero=0.3"
                             : "keep=best every=20 steps=400 zero=0.02",
                    NULL);
            assert_int_equal(status, late ? SPRED_OK : SPRED_EINTERRUPTED);
            size_t genes = count_genes(d, w);
            assert_true(genes > 0);
            assert_ok(&env, d->model->predict(&env, &d->state, d->test, TEST,
                                              before));
            for (size_t j = 0; j < P; j++)
                for (size_t i = 0; !(w[j] > 0) && i < TEST; i++)
                    d->test[i + j * TEST] = 1e6f;
            assert_ok(&env,
                      d->model->predict(&env, &d->state, d->test, TEST, after));
            assert_memory_equal(before, after, sizeof before);
            if (late && m != 2)
                assert_true(genes < P);
            drop(d);
        }
}

static void test_offers(void **state)
{
    struct spred_env env;
    struct spred_model_report report = {0};
    (void)state;
    spred_env_init(&env);
    struct planted *d = plant(&env);
    assert_ok(&env,
              fit(d, "spred-linear", "keep=best every=40 steps=100", &report));
    assert_int_equal(d->offers, 3);
    assert_string_equal(d->what[0], "step=40");
    assert_string_equal(d->what[1], "step=80");
    assert_string_equal(d->what[2], "step=100");
    assert_int_equal(report.steps, 100);
    drop(d);
    d = plant(&env);
    assert_ok(&env, fit(d, "spred-linear", "every=40 steps=100", NULL));
    assert_int_equal(d->offers, 1);
    assert_string_equal(d->what[0], "");
    drop(d);
    d = plant(&env);
    d->worse = 1;
    assert_ok(&env, fit(d, "mlp", "every=10 steps=100 patience=3", &report));
    assert_int_equal(d->offers, 4);
    assert_int_equal(report.steps, 40);
    drop(d);
}

/* Compaction changes the time, not the result, as far as rounding lets one say
 * so: the network's steps are small here. With large ones (lr 1) its training
 * is chaotic: a change of 1e-6 in one gene grows to percents in the scores. */
static void test_compact(void **state)
{
    const char *models[] = {"spred-linear", "spred-network"};
    const char *options[] = {
        "lambda=0.3 compact=%s",
        "lambda=0.3 hidden=24 lr=0.3 steps=1000 rest_lr=1e-3 compact=%s"};
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    for (size_t m = 0; m < 2; m++) {
        struct spred_model_report report[2] = {{0}, {0}};
        double w[2][P], scores[2][TEST * 3], largest = 0;
        size_t genes[2];
        for (size_t c = 0; c < 2; c++) {
            struct planted *d = plant(&env);
            char text[128];
            snprintf(text, sizeof text, options[m], c ? "true" : "false");
            assert_ok(&env, fit(d, models[m], text, &report[c]));
            genes[c] = count_genes(d, w[c]);
            assert_ok(&env, d->model->predict(&env, &d->state, d->test, TEST,
                                              scores[c]));
            drop(d);
        }
        if (!(report[1].passes < .7 * report[0].passes))
            fail_msg("%s: %g of %g passes", models[m], report[1].passes,
                     report[0].passes);
        if (!strstr(report[1].note,
                    m ? "gates parked" : "all verified |g| < lambda"))
            fail_msg("%s: %s", models[m], report[1].note);
        assert_string_equal(report[0].note, "");
        assert_int_equal(genes[0], genes[1]);
        for (size_t e = 0; e < TEST * 3; e++)
            largest = fmax(largest, fabs(scores[0][e]));
        for (size_t e = 0; e < TEST * 3; e++)
            assert_near(scores[1][e], scores[0][e], 1e-3 * largest);
        for (size_t j = 0; j < P; j++) {
            assert_int_equal(w[0][j] > 0, w[1][j] > 0);
            assert_near(w[1][j], w[0][j], 1e-3 * w[0][0]);
        }
    }
}

/* Ratio 1 is where the linear model empties, and not before. */
static void test_lambda_max(void **state)
{
    struct spred_env env;
    double w[P], room[6];
    (void)state;
    spred_env_init(&env);
    struct planted *d = plant(&env);
    double most = gated_lambda_max(&d->task.train, 3, NULL, room), slope = 0;
    for (size_t k = 0; k < 3; k++) { /* gene of the largest slope is 0..2 */
        double here = 0;
        for (size_t c = 0; c < 3; c++) {
            double sum = 0;
            for (size_t i = 0; i < N; i++)
                sum += (double)d->x[i + k * N] *
                       ((d->codes[i] == (int32_t)c) - 1. / 3);
            here += sum * sum;
        }
        slope = fmax(slope, sqrt(here) / N);
    }
    assert_near(most, slope, 1e-9);
    assert_ok(&env,
              fit(d, "spred-linear", "lambda=1.05 lr=1 steps=4000", NULL));
    assert_int_equal(count_genes(d, w), 0);
    drop(d);
    d = plant(&env);
    assert_ok(&env,
              fit(d, "spred-linear", "lambda=0.95 lr=1 steps=4000", NULL));
    assert_true(count_genes(d, w) >= 1);
    drop(d);
}

static void test_real(void **state)
{
    const char *models[] = {"spred-linear", "spred-network", "mlp"};
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    for (size_t m = 0; m < 3; m++) {
        struct planted *d = plant(&env);
        double scores[N], error = 0, total = 0;
        d->task.train.codes = NULL;
        d->task.train.values = d->values;
        d->task.classes = 0;
        assert_ok(&env,
                  fit(d, models[m], m ? "hidden=16" : "lambda=0.05", NULL));
        assert_ok(&env, d->model->predict(&env, &d->state, d->x, N, scores));
        for (size_t i = 0; i < N; i++) {
            error += pow(scores[i] - d->values[i], 2);
            total += pow(d->values[i] - 50, 2);
        }
        if (!(error < .1 * total))
            fail_msg("%s: R2 %g", models[m], 1 - error / total);
        drop(d);
    }
}

static void test_refused(void **state)
{
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    struct planted *d = plant(&env);
    assert_int_equal(fit(d, "network", "model=linear|rellu|linear", NULL),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "relu"));
    drop(d);
    d = plant(&env);
    assert_int_equal(
        fit(d, "spred-linear", "lr=100 clip=0 momentum=0.99", NULL),
        SPRED_ENUMERIC);
    drop(d);
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
    const char *models[] = {"spred-linear", "spred-network", "mlp", "network"};
    (void)state;
    for (size_t m = 0; m < 4; m++)
        for (long fails = 0;; fails++) {
            struct spred_env env;
            struct scarce s = {.fails = fails};
            spred_env_init(&env);
            env.reallocate = scarce;
            env.allocate_cookie = &s;
            struct planted *d = plant(&env);
            enum spred_status status =
                fit(d, models[m],
                    m == 1 || m == 2 ? "steps=2 hidden=4" : "steps=2", NULL);
            drop(d);
            assert_int_equal(s.live, 0);
            if (status == SPRED_OK)
                break;
            assert_int_equal(status, SPRED_ENOMEM);
            assert_true(fails < 500);
        }
}

/* AdamW takes decay out of the gradient, but not that which makes sparse. */
static void test_adamw(void **state)
{
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    struct planted *d = plant(&env);
    double w[P];
    assert_ok(&env, fit(d, "network",
                        "relative=true optimizer=adamw lr=0.01 steps=3000 "
                        "keep=last "
                        "model=linear(sparse=spred,group=input,lambda=2)",
                        NULL));
    assert_int_equal(count_genes(d, w), 0); /* lambda is twice lambda_max */
    drop(d);
}

/* Proximal steps belong to gradient descent. */
static void test_proximal(void **state)
{
    const struct spred_model *model = spred_model_find("network");
    struct spred_env env;
    struct gated_options o = {0};
    (void)state;
    spred_env_init(&env);
    assert_ok(&env, spred_options_default(&env, model->options, &o));
    snprintf(o.model, sizeof o.model,
             "linear(out=3,sparse=proximal,group=input,lambda=1)|relu|linear");
    o.optimizer = NN_SGD;
    assert_ok(&env, model->check(&env, &o));
    for (int other = NN_ADAM; other <= NN_ADAMW; other++) {
        o.optimizer = other;
        assert_int_equal(model->check(&env, &o), SPRED_EINVAL);
        assert_non_null(strstr(env.error, "needs optimizer: sgd"));
    }
}

/* Its lambda is the objective's, whatever the momentum: above lambda_max no
 * gene is left, a little below it some are. */
static void test_proximal_momentum(void **state)
{
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    for (int momentum = 0; momentum < 2; momentum++)
        for (int below = 0; below < 2; below++) {
            struct planted *d = plant(&env);
            char options[256];
            double w[P];
            snprintf(options, sizeof options,
                     "relative=true optimizer=sgd lr=0.05 keep=last steps=3000 "
                     "momentum=%g "
                     "model=linear(sparse=proximal,group=input,lambda=%g)",
                     momentum ? .9 : 0., below ? .8 : 1.1);
            assert_ok(&env, fit(d, "network", options, NULL));
            size_t genes = count_genes(d, w);
            if (below ? genes == 0 || genes > 3 : genes != 0)
                fail_msg("%s: %zu genes", options, genes);
            drop(d);
        }
}

/* A look at the parked inputs must leave no trace: where a pass in training
 * mode does (batch normalisation), compact changes nothing at all. */
static void test_no_trace(void **state)
{
    const char *layers[] = {
        "linear(out=8,sparse=spred,group=input,lambda=0.4)|batch-norm|relu|"
        "linear",
        "linear(out=8,sparse=spred,group=input,lambda=0.4)|relu|"
        "linear(out=4,sparse=stg,group=input,lambda=0.01)|relu|linear"};
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    for (size_t l = 0; l < 2; l++) {
        double scores[2][TEST * 3];
        for (int compact = 0; compact < 2; compact++) {
            struct planted *d = plant(&env);
            char options[256];
            snprintf(options, sizeof options,
                     "optimizer=sgd lr=0.1 steps=300 batch=20 relative=true "
                     "keep=last compact=%s model=%s",
                     compact ? "true" : "false", layers[l]);
            assert_ok(&env, fit(d, "network", options, NULL));
            assert_ok(&env, d->model->predict(&env, &d->state, d->test, TEST,
                                              scores[compact]));
            drop(d);
        }
        assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_found),
                                       cmocka_unit_test(test_reported_alone),
                                       cmocka_unit_test(test_offers),
                                       cmocka_unit_test(test_compact),
                                       cmocka_unit_test(test_adamw),
                                       cmocka_unit_test(test_proximal),
                                       cmocka_unit_test(test_proximal_momentum),
                                       cmocka_unit_test(test_no_trace),
                                       cmocka_unit_test(test_lambda_max),
                                       cmocka_unit_test(test_real),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
