/* t-models.c: every model meets small tasks of every kind and has to keep what
 * model.h says and what it claims. A new model needs no new test here. */
#include "model_host.h"

#include <ctype.h>
#include <gsl/gsl_cdf.h>

#include "files.h"

enum { N = 24, P = 14 };
static const size_t kinds[] = {2, 4, 0}; /* classes */
enum { KINDS = 3 };

static void names(void **unused)
{
    (void)unused;
    assert_non_null(spred_models[0]);
    assert_null(spred_model_find("no-such-model"));
    for (size_t i = 0; spred_models[i]; i++) {
        const struct spred_model *a = spred_models[i];
        assert_true(a->name && strlen(a->name) > 1);
        for (const char *c = a->name; *c; c++)
            assert_true(islower((unsigned char)*c) ||
                        isdigit((unsigned char)*c) || *c == '-');
        assert_true(a->doc && strlen(a->doc) > 10 && !strchr(a->doc, '\n'));
        assert_true(a->reference && strlen(a->reference) > 10);
        assert_true(a->api_version > 0 && a->state_size > 0);
        assert_true(a->fit && a->predict && a->genes && a->free);
        assert_true(a->takes & (SPRED_MODEL_CLASSES | SPRED_MODEL_REAL));
        assert_ptr_equal(spred_model_find(a->name), a);
        if (a->alias)
            assert_ptr_equal(spred_model_find(a->alias), a);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(a->name, spred_models[j]->name);
        for (size_t k = 0; k < KINDS; k++) {
            const char *refusal = spred_model_refuses(a, kinds[k]);
            int takes = (a->takes & (kinds[k] ? SPRED_MODEL_CLASSES
                                              : SPRED_MODEL_REAL)) != 0;
            assert_int_equal(refusal == NULL, takes);
            assert_true(!refusal || strlen(refusal) > 5);
        }
    }
}

static void check_row(struct spred_env *env, const struct spred_model *model,
                      const struct spred_option *row, void *options)
{
    const struct spred_option *table = model->options;
    char text[64];
    assert_true(row->offset < model->options_size);
    if (!row->doc || strlen(row->doc) <= 3 || strchr(row->doc, '\n'))
        fail_msg("%s, option %s: no doc", model->name, row->name);
    for (const struct spred_option *other = table; other < row; other++)
        assert_string_not_equal(other->name, row->name);
    assert_ok(env,
              spred_options_set(env, table, options, row->name, row->initial));
    if (row->kind == SPRED_OPTION_CHOICE)
        assert_non_null(row->choices[0]);
    if (row->kind != SPRED_OPTION_TEXT)
        assert_int_equal(
            spred_options_set(env, table, options, row->name, "x1y"),
            SPRED_EINVAL);
    if (row->kind != SPRED_OPTION_INT && row->kind != SPRED_OPTION_REAL)
        return;
    if (!(row->min < row->max))
        fail_msg("%s, option %s: no bounds", model->name, row->name);
    snprintf(text, sizeof text, "%.0f", ceil(row->max + 1));
    assert_int_equal(spred_options_set(env, table, options, row->name, text),
                     SPRED_EINVAL);
    snprintf(text, sizeof text, "%.0f", floor(row->min - 1));
    assert_int_equal(spred_options_set(env, table, options, row->name, text),
                     SPRED_EINVAL);
}

static void option_tables(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (size_t i = 0; spred_models[i]; i++) {
        const struct spred_model *model = spred_models[i];
        void *options = calloc(1, model->options_size + 1);
        size_t count = 0;
        assert_int_equal(model->options != NULL, model->options_size > 0);
        assert_ok(&env, spred_options_default(&env, model->options, options));
        for (; model->options && model->options[count].name; count++)
            check_row(&env, model, model->options + count, options);
        assert_true(count <= 64);
        assert_int_equal(spred_options_set(&env, model->options, options,
                                           "no-such-option", "1"),
                         SPRED_ENOTFOUND);
        free(options);
    }
}

/* Calls `body` for every model and kind of target that it takes. */
static void each(double effect, void (*body)(const struct spred_model *model,
                                             struct samples *samples))
{
    for (size_t k = 0; k < KINDS; k++) {
        struct samples samples;
        samples_make(&samples, N, P, kinds[k], effect, 3 + k);
        for (size_t i = 0; spred_models[i]; i++)
            if (!spred_model_refuses(spred_models[i], kinds[k]))
                body(spred_models[i], &samples);
        samples_free(&samples);
    }
}

static void check_report(const struct host *h)
{
    const struct spred_model_report *r = &h->report;
    const char *name = h->model->name;
    if (h->offers < 1)
        fail_msg("%s offers nothing", name);
    if (r->steps < 0 || !isfinite(r->passes) || r->passes < 0)
        fail_msg("%s: %ld steps, %g passes", name, r->steps, r->passes);
    if (!memchr(r->note, 0, sizeof r->note) || strchr(r->note, '\n'))
        fail_msg("%s: its note is not one line", name);
}

static void keeps_promises(const struct spred_model *model,
                           struct samples *samples)
{
    struct spred_env env;
    struct host h;
    struct spred_offer offer;
    spred_env_init(&env);
    host_open(&h, &env, model, samples);
    assert_ok(&env, host_fit(&h));
    check_report(&h);
    uint64_t digest = h.digest;
    size_t offers = h.offers;
    assert_ok(&env, host_judge(&h, &offer)); /* after fit, too */
    /* the same seed: the same offers, to the bit */
    assert_ok(&env, host_fit(&h));
    if (h.digest != digest || h.offers != offers)
        fail_msg("%s with %zu classes: the same seed gives something else",
                 model->name, samples->classes);
    /* what a model may see of the validation part has to be ready for a class
     * that was never seen */
    if (samples->classes) {
        int32_t kept = samples->validate.codes[0];
        samples->validate.codes[0] = (int32_t)samples->classes + 2;
        h.checks = 0;
        assert_ok(&env, host_fit(&h));
        samples->validate.codes[0] = kept;
        h.checks = 1;
    }
    h.task.seed = 12;
    assert_ok(&env, host_fit(&h));
    h.task.validate.n = 0;
    assert_ok(&env, host_fit(&h));
    check_report(&h);
    host_close(&h);
}

static void promises(void **unused)
{
    (void)unused;
    each(2, keeps_promises);
}

/* Models that use a gene find an easy rule; the others are controls. */
static void learns(const struct spred_model *model, struct samples *unused)
{
    struct spred_env env;
    struct samples samples;
    struct host h;
    size_t k = unused->classes;
    spred_env_init(&env);
    samples_make(&samples, 80, P, k, 4, 8);
    host_open(&h, &env, model, &samples);
    host_set(&h, "steps", "1500");
    host_set(&h, "dense_steps", "400");
    host_set(&h, "hidden", "32");
    h.checks = 0;
    assert_ok(&env, host_fit(&h));
    double least = k == 0 ? 0.25 : k == 2 ? 0.85 : 0.6;
    if (h.genes > 0 && !(h.score > least))
        fail_msg("%s with %zu classes scores %.3f, expected above %.2f",
                 model->name, k, h.score, least);
    if (model->takes & SPRED_MODEL_CHOOSES)
        assert_true(h.genes <= P);
    host_close(&h);
    samples_free(&samples);
}

static void easy_rules(void **unused)
{
    (void)unused;
    each(0, learns);
}

struct stop {
    long calls, at;
};

static int stop_at(void *cookie)
{
    struct stop *stop = cookie;
    return ++stop->calls > stop->at;
}

/* A stop at any look, and an offer that fails, are what fit returns; no block
 * stays. */
static void stops(const struct spred_model *model, struct samples *samples)
{
    struct spred_env env;
    struct host h;
    struct stop stop = {0, 0};
    struct counting count = {0};
    spred_env_init(&env);
    env.cancelled = stop_at;
    env.cancel_cookie = &stop;
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    host_open(&h, &env, model, samples);
    h.checks = 0;
    for (long at = 0;; at += 1 + at / 3) {
        stop = (struct stop){0, at};
        enum spred_status status = host_fit(&h);
        int fired = stop.calls > at;
        host_forget(&h);
        if (status != (fired ? SPRED_EINTERRUPTED : SPRED_OK))
            fail_msg("%s: a stop at look %ld gives status %d", model->name, at,
                     (int)status);
        if (count.alive != 0)
            fail_msg("%s leaks %ld blocks when it is stopped", model->name,
                     count.alive);
        if (!fired)
            break;
    }
    env.cancelled = NULL;
    static const enum spred_status refusals[] = {SPRED_EINTERRUPTED, SPRED_EIO};
    for (size_t k = 1; k <= 4; k++) {
        h.refuse_at = k;
        h.refusal = refusals[k % 2];
        enum spred_status status = host_fit(&h);
        int refused = h.offers == k;
        if (status != (refused ? h.refusal : SPRED_OK))
            fail_msg("%s: offer %zu fails, fit gives status %d", model->name, k,
                     (int)status);
        host_forget(&h);
        assert_int_equal(count.alive, 0);
    }
    host_close(&h);
}

static void stopped(void **unused)
{
    (void)unused;
    each(2, stops);
}

static void lacks_memory(const struct spred_model *model,
                         struct samples *samples)
{
    struct spred_env env;
    struct host h;
    struct counting count = {0};
    spred_env_init(&env);
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    host_open(&h, &env, model, samples);
    host_set(&h, "steps", "5");
    host_set(&h, "every", "2");
    host_set(&h, "dense_steps", "3");
    h.checks = 0;
    for (long at = 1;; at += 1 + at / 16) {
        count = (struct counting){0, 0, at};
        enum spred_status status = host_fit(&h);
        int failed = count.calls >= at;
        host_forget(&h);
        if (count.alive != 0)
            fail_msg("%s with %zu classes leaks %ld blocks when allocation %ld "
                     "fails",
                     model->name, samples->classes, count.alive, at);
        if (status != (failed ? SPRED_ENOMEM : SPRED_OK))
            fail_msg("%s: allocation %ld fails, fit gives status %d",
                     model->name, at, (int)status);
        if (!failed)
            break;
    }
    host_close(&h);
}

static void no_memory(void **unused)
{
    (void)unused;
    each(2, lacks_memory);
}

/* Mean test score of `repeats` tasks without a rule, and the half width of its
 * interval at probability 1 - error. leak: the test part is learnt, too. */
enum { REPEATS = 24, NULL_N = 32 };
static double chance(const struct spred_model *model, size_t classes,
                     double error, int leak, double *half)
{
    struct spred_env env;
    double scores[REPEATS], mean = 0, square = 0;
    spred_env_init(&env);
    for (size_t r = 0; r < REPEATS; r++) {
        struct samples s;
        struct host h;
        samples_make(&s, NULL_N, P, classes, 0, 100 + r);
        host_open(&h, &env, model, &s);
        host_set(&h, "steps", "30");
        host_set(&h, "dense_steps", "10");
        h.task.seed = r;
        h.checks = 0;
        if (leak)
            h.task.train = rows_of(&s, &s.test);
        assert_ok(&env, host_fit(&h));
        scores[r] = h.score;
        mean += h.score / REPEATS;
        host_close(&h);
        samples_free(&s);
    }
    for (size_t r = 0; r < REPEATS; r++)
        square += (scores[r] - mean) * (scores[r] - mean);
    *half = gsl_cdf_tdist_Qinv(error / 2, REPEATS - 1) *
            sqrt(square / (REPEATS - 1) / REPEATS);
    return mean;
}

/* Labels that have nothing to do with the genes: chance, 1/K, within the
 * interval. All intervals together hold with 95 %. */
static void no_rule_is_chance(void **unused)
{
    (void)unused;
    size_t models = 0;
    double half;
    while (spred_models[models])
        models++;
    for (size_t i = 0; i < models; i++)
        for (size_t k = 2; k <= 4; k += 2) {
            const struct spred_model *model = spred_models[i];
            if (spred_model_refuses(model, k))
                continue;
            double mean =
                chance(model, k, 0.05 / (2 * (double)models), 0, &half);
            if (!(fabs(mean - 1 / (double)k) <= half + 1e-9))
                fail_msg("%s: %zu classes without a rule are predicted with "
                         "%.3f +- %.3f, chance is %.3f: a leak?",
                         model->name, k, mean, half, 1 / (double)k);
        }
}

/* The check above finds a leak: test samples among those learnt. */
static void a_leak_shows(void **unused)
{
    (void)unused;
    static const char *const names_of[] = {"nearest-neighbour", "svm-rfe"};
    double half;
    for (size_t i = 0; i < 2; i++) {
        const struct spred_model *model = spred_model_find(names_of[i]);
        if (!model)
            continue;
        double mean = chance(model, 2, 0.001, 1, &half);
        assert_true(mean - half > 0.5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names),
                                       cmocka_unit_test(option_tables),
                                       cmocka_unit_test(promises),
                                       cmocka_unit_test(easy_rules),
                                       cmocka_unit_test(stopped),
                                       cmocka_unit_test(no_memory),
                                       cmocka_unit_test(no_rule_is_chance),
                                       cmocka_unit_test(a_leak_shows)};
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
