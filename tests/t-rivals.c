/* t-rivals.c: LassoNet and STG on small tasks of their papers and code, and
 * what every model owes its runner. */
#include "rival-task.h"

#define PI 3.14159265358979323846

/* Two moons (the example of the authors of STG: python/examples/dataset.py of
 * github.com/runopti/stg), all other features N(0, 1). */
static double moons(struct spred_rng *rng, double *x, size_t p)
{
    int side = spred_rng_below(rng, 2) > 0;
    double angle = PI * spred_rng_uniform(rng);
    x[0] = side ? 1 - cos(angle) : cos(angle);
    x[1] = side ? .5 - sin(angle) : sin(angle);
    x[0] += .1 * spred_rng_normal(rng);
    x[1] += .1 * spred_rng_normal(rng);
    for (size_t j = 2; j < p; j++)
        x[j] = spred_rng_normal(rng);
    return side;
}

/* y = x1 xor x2 of signs; a linear model sees nothing. */
static double exclusive(struct spred_rng *rng, double *x, size_t p)
{
    for (size_t j = 0; j < p; j++)
        x[j] = spred_rng_normal(rng);
    x[0] = (spred_rng_below(rng, 2) ? 1 : -1) + .2 * x[0];
    x[1] = (spred_rng_below(rng, 2) ? 1 : -1) + .2 * x[1];
    return (x[0] > 0) != (x[1] > 0);
}

/* Classes 0 to 2 by linear effects of the first four. */
static double linear(struct spred_rng *rng, double *x, size_t p)
{
    for (size_t j = 0; j < p; j++)
        x[j] = spred_rng_normal(rng);
    double a = 2 * x[0] - 2 * x[1], b = 2 * x[2] + 2 * x[3];
    return a > 1 ? 0 : b > 0 ? 1 : 2;
}

/* Friedman's function with linear terms, noise of half its deviation (the
 * example of LassoNet's authors: examples/friedman.py of lasso-net/lassonet;
 * theirs has 1000 samples, 200 features). */
static double friedman(struct spred_rng *rng, double *x, size_t p)
{
    for (size_t j = 0; j < p; j++)
        x[j] = spred_rng_uniform(rng);
    double y = 10 * sin(PI * x[0] * x[1]) + 20 * pow(x[2] - .5, 2) + 10 * x[3] +
               5 * x[4];
    return (y - 14.4) / 4.9 + .5 * spred_rng_normal(rng);
}

static double effect(struct spred_rng *rng, double *x, size_t p)
{
    for (size_t j = 0; j < p; j++)
        x[j] = spred_rng_normal(rng);
    return x[0] - .8 * x[1] + .6 * x[2] + .3 * spred_rng_normal(rng);
}

static void fit(struct rival *r, uint64_t seed)
{
    assert_ok(&r->env, rival_run(r, &r->env, seed));
    assert_true(r->n_offers > 0);
}

static const struct rival_offer *last(const struct rival *r)
{
    return &r->offers[r->n_offers - 1];
}

/* STG, two moons, with the settings of the authors' example
 * (python/examples/Classification-example.ipynb: 1000 samples of 20 features,
 * hidden 60 and 20, SGD .1, lambda .5 of the mean, sigma .5; tanh there): the
 * gates of the moons stay open, those of the 18 noise features close. */
static void test_stg_moons(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct rival r;
        rival_make(&r, "stg", moons, 640, 160, 500, 20, 2, seed);
        rival_set(&r, "optimizer", "sgd");
        rival_set(&r, "lr", "0.1");
        rival_set(&r, "gate_lr", "0");
        rival_set(&r, "steps", "3000");
        rival_set(&r, "mean", "true");
        rival_set(&r, "lambda", "0.5");
        r.check = 1;
        fit(&r, seed);
        print_message("# moons %d: %zu genes, test %.3f\n", (int)seed,
                      last(&r)->genes, last(&r)->test);
        assert_int_equal(last(&r)->genes, 2);
        assert_true(r.importance[0] > 0 && r.importance[1] > 0);
        assert_true(last(&r)->test > .97);
        rival_free(&r);
    }
}

static void test_stg_xor(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct rival r;
        rival_make(&r, "stg", exclusive, 400, 100, 500, 10, 2, seed);
        rival_set(&r, "lambda", "0.03");
        fit(&r, seed);
        print_message("# xor %d: %zu genes, test %.3f\n", (int)seed,
                      last(&r)->genes, last(&r)->test);
        assert_int_equal(last(&r)->genes, 2);
        assert_true(r.importance[0] > 0 && r.importance[1] > 0);
        assert_true(last(&r)->test > .97);
        rival_free(&r);
    }
}

/* A larger lambda leaves fewer gates open; a huge one none. */
static void test_stg_lambda(void **unused)
{
    (void)unused;
    static const char *const lambdas[] = {"0", "0.03", "10"};
    size_t genes[3];
    for (size_t k = 0; k < 3; k++) {
        struct rival r;
        rival_make(&r, "stg", linear, 120, 40, 40, 30, 3, 1);
        rival_set(&r, "lambda", lambdas[k]);
        rival_set(&r, "steps", "600");
        fit(&r, 1);
        genes[k] = last(&r)->genes;
        rival_free(&r);
    }
    print_message("# stg genes by lambda: %zu %zu %zu\n", genes[0], genes[1],
                  genes[2]);
    assert_true(genes[0] >= 25 && genes[1] < genes[0] && genes[2] == 0);
}

/* The first model of the path, from dense to sparse, with at most so many. */
static const struct rival_offer *within(const struct rival *r, size_t genes)
{
    for (size_t i = 0; i < r->n_offers; i++)
        if (r->offers[i].genes <= genes)
            return &r->offers[i];
    fail_msg("no model with %zu genes", genes);
    return NULL;
}

static void kept_are(const struct rival *r, size_t count, const size_t *genes)
{
    assert_non_null(r->kept);
    for (size_t k = 0; k < count; k++)
        assert_true(r->kept[genes[k]] > 0);
}

/* LassoNet, Friedman: the four features with a linear part are the last four
 * left. The fifth, a parabola of 9% of the variance, is lost in the noise here
 * (with 2000 samples it is among the last six). */
static void test_lassonet_friedman(void **unused)
{
    (void)unused;
    struct rival r;
    rival_make(&r, "lassonet", friedman, 600, 200, 500, 50, 0, 3);
    rival_whole_path(&r);
    rival_set(&r, "hidden", "30");
    rival_set(&r, "path_multiplier", "1.05");
    r.keep = 4;
    fit(&r, 3);
    const struct rival_offer *four = within(&r, 4);
    print_message("# friedman: %zu offers, %s, test R2 %.3f, dense %.3f; %s\n",
                  r.n_offers, four->what, four->test, r.offers[0].test,
                  r.report.note);
    assert_int_equal(four->genes, 4);
    kept_are(&r, 4, (size_t[]){0, 1, 3, 4});
    assert_true(four->test > .5 && four->test > r.offers[0].test);
    rival_free(&r);
}

/* LassoNet, exclusive or: the two features without any linear effect are the
 * last two left. M = 0 is a linear model, which cannot tell. */
static void test_lassonet_xor(void **unused)
{
    (void)unused;
    for (size_t m = 0; m < 2; m++) {
        struct rival r;
        double best = 0;
        rival_make(&r, "lassonet", exclusive, 300, 100, 400, 10, 2, 2);
        rival_whole_path(&r);
        rival_set(&r, "M", m ? "10" : "0");
        r.keep = 2;
        fit(&r, 2);
        for (size_t i = 1; i < r.n_offers; i++)
            best = fmax(best, r.offers[i].test);
        print_message("# xor, M = %s: best %.3f, %s: %.3f\n", m ? "10" : "0",
                      best, within(&r, 2)->what, within(&r, 2)->test);
        if (m) {
            kept_are(&r, 2, (size_t[]){0, 1});
            assert_true(within(&r, 2)->test > .97);
        } else {
            assert_true(best < .65);
        }
        rival_free(&r);
    }
}

/* Where effects are linear, the path keeps the features that have one, and
 * they explain most of what can be explained (0.957). */
static void test_lassonet_linear(void **unused)
{
    (void)unused;
    struct rival r;
    rival_make(&r, "lassonet", effect, 200, 60, 300, 40, 0, 4);
    rival_whole_path(&r);
    r.keep = 3;
    r.check = 1;
    fit(&r, 4);
    print_message("# linear: %s test R2 %.3f, dense %.3f\n",
                  within(&r, 3)->what, within(&r, 3)->test, r.offers[0].test);
    assert_int_equal(within(&r, 3)->genes, 3);
    kept_are(&r, 3, (size_t[]){0, 1, 2});
    assert_true(within(&r, 3)->test > .88);
    rival_free(&r);
}

/* From all features to none; counts hardly ever rise; the same with and without
 * dead features in the work. */
static void test_lassonet_path(void **unused)
{
    (void)unused;
    struct rival r[2];
    for (size_t k = 0; k < 2; k++) {
        rival_make(&r[k], "lassonet", linear, 120, 40, 200, 60, 3, 5);
        rival_whole_path(&r[k]);
        rival_set(&r[k], "hidden", "20");
        rival_set(&r[k], "compact", k ? "true" : "false");
        r[k].check = 1;
        fit(&r[k], 5);
        assert_int_equal(r[k].offers[0].genes, 60);
        assert_int_equal(last(&r[k])->genes, 0);
        print_message("# path %zu: %zu offers, %ld steps, %.0f passes; %s\n", k,
                      r[k].n_offers, r[k].report.steps, r[k].report.passes,
                      r[k].report.note);
    }
    for (size_t g = 1; g < 60; g += 4)
        assert_near(within(&r[0], g)->test, within(&r[1], g)->test, .05);
    assert_true(r[1].report.passes < .8 * r[0].report.passes);
    rival_free(&r[0]);
    rival_free(&r[1]);
}

/* Few samples of many features that move in 20 groups; two groups tell. */
static double grouped(struct spred_rng *rng, double *x, size_t p)
{
    double factor[20];
    int side = spred_rng_below(rng, 2) > 0;
    for (size_t k = 0; k < 20; k++)
        factor[k] = spred_rng_normal(rng) + (k < 2 ? (side ? 1.5 : -1.5) : 0);
    for (size_t j = 0; j < p; j++)
        x[j] = (j < p / 2 ? .5 : 0) * factor[j % 20] + spred_rng_normal(rng);
    return side;
}

/* Features that come back when their gradient grows: the path is that of all
 * features in the work, but for the moment at which they do. */
static void test_lassonet_back(void **unused)
{
    (void)unused;
    struct rival r[2];
    for (size_t k = 0; k < 2; k++) {
        rival_make(&r[k], "lassonet", grouped, 48, 12, 200, 400, 2, 1);
        rival_whole_path(&r[k]);
        rival_set(&r[k], "lambda_start", "5");
        rival_set(&r[k], "compact", k ? "true" : "false");
        fit(&r[k], 4);
        print_message("# groups %zu: %s\n", k, r[k].report.note);
    }
    assert_null(strstr(r[1].report.note, " 0 came back"));
    size_t count =
        r[0].n_offers < r[1].n_offers ? r[0].n_offers : r[1].n_offers;
    for (size_t i = 0; i < count; i++) {
        double all = (double)r[0].offers[i].genes;
        assert_near((double)r[1].offers[i].genes, all, 4 + .15 * all);
    }
    for (size_t g = 10; g < 400; g += 10)
        assert_near(within(&r[0], g)->test, within(&r[1], g)->test, .05);
    assert_true(r[1].report.passes < .8 * r[0].report.passes);
    rival_free(&r[0]);
    rival_free(&r[1]);
}

/* Trained anew on the features that are left: sets of the same path, each a
 * tenth smaller, that explain more than what the path shrank. */
static void test_lassonet_refit(void **unused)
{
    (void)unused;
    struct rival r[2];
    for (size_t k = 0; k < 2; k++) {
        rival_make(&r[k], "lassonet", effect, 200, 60, 300, 40, 0, 4);
        rival_whole_path(&r[k]);
        rival_set(&r[k], "refit", k ? "true" : "false");
        r[k].keep = 3;
        r[k].check = 1;
        fit(&r[k], 4);
        assert_int_equal(r[k].offers[0].genes, 40);
        assert_int_equal(last(&r[k])->genes, 0);
        kept_are(&r[k], 3, (size_t[]){0, 1, 2});
    }
    for (size_t i = 1; i < r[1].n_offers; i++) {
        const struct rival_offer *few = &r[1].offers[i], *same = NULL;
        assert_true((double)few->genes <= .9 * (double)few[-1].genes);
        for (size_t j = 1; !same && j < r[0].n_offers; j++)
            if (strcmp(r[0].offers[j].what, few->what) == 0)
                same = &r[0].offers[j];
        assert_non_null(same);
        if (few->genes >= 1 && few->genes <= 3)
            assert_true(few->test > same->test);
    }
    assert_true(r[1].n_offers < r[0].n_offers);
    print_message("# 3 genes: %.4f, trained anew %.4f; %s\n",
                  within(&r[0], 3)->test, within(&r[1], 3)->test,
                  r[1].report.note);
    assert_true(within(&r[1], 3)->test > .93);
    /* An error of the runner leaves what was offered. */
    size_t n = r[1].n_offers - 1;
    double test = r[1].offers[n - 1].test;
    rival_forget(&r[1], &r[1].env);
    r[1].fail_at = (long)n;
    assert_int_equal(rival_run(&r[1], &r[1].env, 4), SPRED_EIO);
    enum spred_status status = SPRED_OK;
    assert_near(rival_predict(&r[1], 2, &r[1].env, &status), test, 0);
    rival_free(&r[0]);
    rival_free(&r[1]);
}

/* At most so many features: the end of the same path, or its first model. */
static void test_lassonet_bound(void **unused)
{
    (void)unused;
    struct rival r[3];
    for (size_t k = 0; k < 3; k++) {
        rival_make(&r[k], "lassonet", linear, 120, 40, 200, 60, 3, 5);
        rival_set(&r[k], "hidden", "20");
        rival_set(&r[k], "refit", "false");
        rival_set(&r[k], "genes", k ? "10" : "0");
        rival_set(&r[k], "smaller", k == 1 ? "true" : "false");
        fit(&r[k], 5);
    }
    size_t left = r[0].n_offers - r[1].n_offers;
    assert_true(left > 5 && r[1].n_offers > 3);
    for (size_t i = 0; i < r[1].n_offers; i++) {
        assert_true(r[1].offers[i].genes <= 10);
        assert_string_equal(r[1].offers[i].what, r[0].offers[left + i].what);
        assert_near(r[1].offers[i].test, r[0].offers[left + i].test, 0);
    }
    assert_true(r[0].offers[left - 1].genes > 10);
    assert_int_equal(r[2].n_offers, 1);
    assert_string_equal(r[2].offers[0].what, r[1].offers[0].what);
    assert_true(r[2].report.steps < r[1].report.steps);
    for (size_t k = 0; k < 3; k++)
        rival_free(&r[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stg_moons),
        cmocka_unit_test(test_stg_xor),
        cmocka_unit_test(test_stg_lambda),
        cmocka_unit_test(test_lassonet_friedman),
        cmocka_unit_test(test_lassonet_xor),
        cmocka_unit_test(test_lassonet_linear),
        cmocka_unit_test(test_lassonet_path),
        cmocka_unit_test(test_lassonet_back),
        cmocka_unit_test(test_lassonet_refit),
        cmocka_unit_test(test_lassonet_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
