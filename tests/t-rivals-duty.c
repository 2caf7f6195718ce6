/* t-rivals-duty.c: what LassoNet and STG owe their runner: the same again from
 * the same seed, an end when asked, errors passed on, no leak when memory ends,
 * genes of no importance without effect. */
#include "rival-task.h"

/* The last: LassoNet with its genes in networks of their own. */
static const char *const names[] = {"lassonet", "stg", "lassonet"};
enum { NAMES = 3 };

static double signs(struct spred_rng *rng, double *x, size_t p)
{
    for (size_t j = 0; j < p; j++)
        x[j] = spred_rng_normal(rng);
    return (x[0] + x[1] > 0) + (x[2] > .5);
}

static double real_valued(struct spred_rng *rng, double *x, size_t p)
{
    for (size_t j = 0; j < p; j++)
        x[j] = spred_rng_normal(rng);
    return x[0] + fabs(x[1]);
}

/* Short fits of model k. */
static void make(struct rival *r, size_t k, size_t classes, size_t n_valid)
{
    rival_make(r, names[k], classes ? signs : real_valued, 30, n_valid, 10, 12,
               classes, 1);
    rival_set(r, "hidden", "6");
    if (k != 1) {
        rival_set(r, "refit", k == 2 ? "true" : "false");
        rival_set(r, "genes", k == 2 ? "11" : "0");
        rival_set(r, "smaller", "true");
        rival_set(r, "dense_steps", "20");
        rival_set(r, "steps", "10");
        rival_set(r, "path_multiplier", k == 2 ? "1.3" : "2");
    } else {
        rival_set(r, "hidden2", "4");
        rival_set(r, "steps", "60");
        rival_set(r, "every", "20");
        rival_set(r, "early", "true");
        rival_set(r, "lambda", "0.3");
    }
}

static double *scores_of(struct rival *r)
{
    size_t outputs = r->classes ? r->classes : 1;
    double *scores = calloc(r->part[2].n * outputs, sizeof *scores);
    assert_ok(&r->env, r->model->predict(&r->env, r->state, r->part[2].x,
                                         r->part[2].n, scores));
    return scores;
}

/* Bit by bit; another seed is another network. */
static void test_again(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < NAMES; k++)
        for (size_t classes = 0; classes <= 3; classes += 3) {
            struct rival r[3];
            double *scores[3];
            for (size_t i = 0; i < 3; i++) {
                make(&r[i], k, classes, 12);
                r[i].fail_at = 2; /* before LassoNet's path is empty */
                assert_int_equal(rival_run(&r[i], &r[i].env, i < 2 ? 7 : 8),
                                 SPRED_EIO);
                scores[i] = scores_of(&r[i]);
            }
            size_t bytes =
                (classes ? classes : 1) * r[0].part[2].n * sizeof(double);
            assert_memory_equal(scores[0], scores[1], bytes);
            assert_true(memcmp(scores[0], scores[2], bytes) != 0);
            assert_string_equal(r[0].offers[1].what, r[1].offers[1].what);
            for (size_t i = 0; i < 3; i++) {
                free(scores[i]);
                rival_free(&r[i]);
            }
        }
}

/* Every offer: genes of importance 0 may say what they like. Without a
 * validation part too. */
static void test_effect(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < NAMES; k++)
        for (size_t classes = 0; classes <= 3; classes += 3)
            for (size_t n_valid = 0; n_valid <= 12; n_valid += 12) {
                struct rival r;
                make(&r, k, classes, n_valid);
                r.check = n_valid > 0;
                assert_ok(&r.env, rival_run(&r, &r.env, 3));
                assert_true(r.n_offers >= 2);
                assert_true(r.report.steps > 0 && r.report.passes > 0);
                assert_true(r.report.note[0]);
                rival_free(&r);
            }
}

/* A validation part with classes that were never seen (paper's protocol). */
static void test_unseen(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < NAMES; k++) {
        struct rival r;
        make(&r, k, 3, 12);
        for (size_t i = 0; i < 12; i += 2)
            r.part[1].codes[i] = 3;
        assert_ok(&r.env, rival_run(&r, &r.env, 3));
        rival_forget(&r, &r.env);
        for (size_t i = 0; i < 12; i++)
            r.part[1].codes[i] = 4;
        assert_ok(&r.env, rival_run(&r, &r.env, 3));
        rival_free(&r);
    }
}

struct patience {
    long calls, most;
};

static int runs_out(void *cookie)
{
    struct patience *patience = cookie;
    return ++patience->calls > patience->most;
}

static void test_cancel(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < NAMES; k++)
        for (long most = 0; most < 40; most += 13) {
            struct rival r;
            struct spred_env env;
            struct patience patience = {0, most};
            make(&r, k, 3, 12);
            spred_env_init(&env);
            env.cancelled = runs_out;
            env.cancel_cookie = &patience;
            assert_int_equal(rival_run(&r, &env, 3), SPRED_EINTERRUPTED);
            rival_forget(&r, &env);
            rival_free(&r);
        }
}

static void test_offer_fails(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < NAMES; k++)
        for (long n = 1; n <= 2; n++) {
            struct rival r;
            make(&r, k, 3, 12);
            r.fail_at = n;
            assert_int_equal(rival_run(&r, &r.env, 3), SPRED_EIO);
            assert_string_equal(r.env.error, "this offer fails");
            assert_int_equal(r.n_offers, n);
            rival_free(&r);
        }
}

/* A loss that is not finite is said to be so, with what to do. */
static void test_diverges(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < NAMES; k++) {
        struct rival r;
        make(&r, k, 0, 12);
        if (k == 1)
            rival_set(&r, "optimizer", "sgd");
        rival_set(&r, "lr", "10");
        rival_set(&r, "steps", "1000");
        assert_int_equal(rival_run(&r, &r.env, 3), SPRED_ENUMERIC);
        print_message("# %s: %s\n", names[k], r.env.error);
        rival_free(&r);
    }
}

/* Without a validation part the last offer stands: it has genes. */
static void test_no_validation(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < NAMES; k += 2) { /* the paths */
        struct rival r;
        make(&r, k, 3, 0);
        assert_ok(&r.env, rival_run(&r, &r.env, 3));
        assert_true(r.n_offers > 1);
        assert_true(r.offers[r.n_offers - 1].genes > 0);
        rival_free(&r);
    }
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

static void test_every_allocation_fails(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < NAMES; k++) {
        int survived = 0;
        long n = 1;
        struct rival r;
        make(&r, k, 3, 12);
        for (; !survived && n < 3000; n++) {
            struct ledger ledger = {0, n, 0};
            struct spred_env env;
            spred_env_init(&env);
            env.reallocate = counted;
            env.allocate_cookie = &ledger;
            enum spred_status status = rival_run(&r, &env, 3);
            survived = ledger.calls < n;
            rival_forget(&r, &env);
            if (ledger.live)
                fail_msg("%s leaks %ld blocks when allocation %ld fails",
                         names[k], ledger.live, n);
            assert_int_equal(status, survived ? SPRED_OK : SPRED_ENOMEM);
        }
        assert_true(survived && n > 20);
        rival_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_effect),
        cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_no_validation),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_offer_fails),
        cmocka_unit_test(test_diverges),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
