/* t-split.c: counts, strata, coverage and determinism over random layouts. */
#include "test.h"

#include "spred/rng.h"
#include "spred/split.h"

enum { MOST = 400, LEVELS = 9 };

struct layout {
    size_t n, k, covered, size[LEVELS];
    int32_t codes[MOST];
};

/* Classes of very different sizes (each at least `least`), some samples left
 * out, in random order. */
static void random_layout(struct spred_rng *rng, size_t least, struct layout *l)
{
    memset(l, 0, sizeof *l);
    l->k = 1 + spred_rng_below(rng, LEVELS);
    for (size_t c = 0; c < l->k; c++) {
        size_t most = spred_rng_below(rng, 2) ? 4 : 40;
        l->size[c] = least + spred_rng_below(rng, most);
        for (size_t i = 0; i < l->size[c]; i++)
            l->codes[l->n++] = (int32_t)c;
        l->covered += l->size[c];
    }
    for (size_t out = spred_rng_below(rng, 10); out > 0; out--)
        l->codes[l->n++] = -1;
    for (size_t i = l->n; i > 1; i--) {
        size_t j = spred_rng_below(rng, i);
        int32_t kept = l->codes[i - 1];
        l->codes[i - 1] = l->codes[j];
        l->codes[j] = kept;
    }
}

/* Adds 1 to seen[i] for every listed sample, 1 to count[class]; checks order.
 */
static void tally(const struct layout *l, const size_t *list, size_t n,
                  int *seen, size_t *count)
{
    for (size_t k = 0; k < n; k++) {
        assert_true(list[k] < l->n && l->codes[list[k]] >= 0);
        assert_true(k == 0 || list[k] > list[k - 1]);
        seen[list[k]]++;
        count[l->codes[list[k]]]++;
    }
}

static void check_parts(const struct layout *l, const struct spred_split *s,
                        size_t count[3][LEVELS])
{
    int seen[MOST] = {0};
    memset(count, 0, 3 * sizeof *count);
    tally(l, s->train, s->n_train, seen, count[0]);
    tally(l, s->validate, s->n_validate, seen, count[1]);
    tally(l, s->test, s->n_test, seen, count[2]);
    for (size_t i = 0; i < l->n; i++)
        assert_int_equal(seen[i], l->codes[i] >= 0);
    for (size_t c = 0; c < l->k; c++)
        assert_true(count[0][c] >= 1);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void holdout(void **state)
{
    (void)state;
    static const double shares[][2] = {{.2, .16}, {.2, .2}, {.25, 0},
                                       {0, .3},   {.1, .1}, {.3, .4}};
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 11);
    for (uint64_t trial = 0; trial < 1500; trial++) {
        const double *share = shares[trial % 6];
        size_t count[3][LEVELS], must = 0, exact = 1;
        struct layout l;
        struct spred_split s;
        random_layout(rng, 5, &l);
        assert_ok(&env, spred_split_holdout(&env, l.codes, l.n, l.k, share[0],
                                            share[1], trial, &s));
        check_parts(&l, &s, count);
        for (size_t c = 0; c < l.k; c++) {
            for (int part = 1; part < 3; part++) {
                double want = share[2 - part] * (double)l.size[c];
                if (want > 0)
                    assert_true(count[part][c] >= 1);
                if (want > 0 && want < 1)
                    exact = 0; /* the one sample moves others' counts */
            }
            must++;
        }
        size_t test = (size_t)llround(share[0] * (double)l.covered);
        size_t validate = (size_t)llround(share[1] * (double)l.covered);
        assert_int_equal(s.n_test, share[0] > 0 ? larger(test, must) : 0);
        assert_int_equal(s.n_validate,
                         share[1] > 0 ? larger(validate, must) : 0);
        for (size_t c = 0; exact && c < l.k; c++)
            for (int part = 1; part < 3; part++)
                assert_true(fabs((double)count[part][c] -
                                 share[2 - part] * (double)l.size[c]) < 1);
        spred_split_free(&env, &s);
    }
    spred_rng_free(rng);
}

/* Tiny classes: a sample alone trains; never a crash, never an empty class. */
static void holdout_tiny(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 12);
    size_t refused = 0;
    for (uint64_t trial = 0; trial < 1500; trial++) {
        size_t count[3][LEVELS];
        struct layout l;
        struct spred_split s;
        random_layout(rng, 1, &l);
        double test = .5 * spred_rng_uniform(rng);
        double validate = .49 * spred_rng_uniform(rng);
        enum spred_status status = spred_split_holdout(
            &env, l.codes, l.n, l.k, test, validate, trial, &s);
        if (status == SPRED_OK) {
            check_parts(&l, &s, count);
            for (size_t c = 0; c < l.k; c++)
                if (l.size[c] >= 3)
                    assert_true(count[1][c] && count[2][c]);
        } else {
            assert_int_equal(status, SPRED_EINVAL);
            assert_non_null(strstr(env.error, "no training sample"));
            assert_null(s.train);
            refused++;
        }
        spred_split_free(&env, &s);
    }
    assert_true(refused < 400);
    spred_rng_free(rng);
}

static void kfold(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 13);
    for (uint64_t trial = 0; trial < 300; trial++) {
        struct layout l;
        random_layout(rng, 4, &l);
        size_t folds = 2 + spred_rng_below(rng, 4 * l.k - 1 < 9 ? 3 : 9);
        int tested[MOST] = {0};
        if (folds > l.covered)
            continue;
        double share = trial % 3 ? .25 : 0;
        for (size_t fold = 0; fold < folds; fold++) {
            size_t count[3][LEVELS];
            struct spred_split s;
            assert_ok(&env, spred_split_kfold(&env, l.codes, l.n, l.k, folds,
                                              fold, share, trial, &s));
            check_parts(&l, &s, count);
            for (size_t i = 0; i < s.n_test; i++)
                tested[s.test[i]]++;
            assert_true(s.n_test >= l.covered / folds);
            assert_true(s.n_test <= l.covered / folds + 1);
            for (size_t c = 0; c < l.k; c++) {
                assert_true(count[2][c] >= l.size[c] / folds);
                assert_true(count[2][c] <= l.size[c] / folds + 1);
            }
            size_t rest = l.covered - s.n_test, must = 0;
            for (size_t c = 0; c < l.k; c++)
                must += l.size[c] - count[2][c] >= 2;
            size_t want = (size_t)llround(share * (double)rest);
            assert_int_equal(s.n_validate, share > 0 ? larger(want, must) : 0);
            spred_split_free(&env, &s);
        }
        for (size_t i = 0; i < l.n; i++)
            assert_int_equal(tested[i], l.codes[i] >= 0);
    }
    spred_rng_free(rng);
}

/* The same seed gives the same split, another seed another one; without codes
 * the counts are plain; every sample is tested equally often in the long run.
 */
static void seeds(void **state)
{
    (void)state;
    enum { N = 50, TRIALS = 2000 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_split a, b;
    int times[N] = {0}, differ = 0;
    for (uint64_t seed = 0; seed < TRIALS; seed++) {
        assert_ok(&env,
                  spred_split_holdout(&env, NULL, N, 0, .2, .16, seed, &a));
        assert_ok(&env,
                  spred_split_holdout(&env, NULL, N, 0, .2, .16, seed, &b));
        assert_int_equal(a.n_test, 10);
        assert_int_equal(a.n_validate, 8);
        assert_int_equal(a.n_train, 32);
        assert_memory_equal(a.test, b.test, 10 * sizeof *a.test);
        assert_memory_equal(a.validate, b.validate, 8 * sizeof *a.test);
        spred_split_free(&env, &b);
        assert_ok(&env, spred_split_holdout(&env, NULL, N, 0, .2, .16,
                                            seed + TRIALS, &b));
        differ += memcmp(a.test, b.test, 10 * sizeof *a.test) != 0;
        for (size_t i = 0; i < a.n_test; i++)
            times[a.test[i]]++;
        spred_split_free(&env, &a);
        spred_split_free(&env, &b);
    }
    assert_true(differ > TRIALS - 5);
    for (int i = 0; i < N; i++) /* 400 +- 18; six s.d. */
        assert_true(abs(times[i] - TRIALS / 5) < 108);
}

static void refusals(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_split s;
    int32_t codes[] = {0, 0, 0, 0, 2, 2, 2, -1};
    assert_int_equal(spred_split_holdout(&env, codes, 8, 3, .2, .2, 1, &s),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "class 1 "));
    assert_int_equal(spred_split_holdout(&env, codes, 8, 2, .2, .2, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_holdout(&env, codes, 4, 1, .5, .5, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_holdout(&env, codes, 4, 1, -.1, .5, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_holdout(&env, codes, 4, 1, NAN, .5, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_holdout(&env, codes + 7, 1, 1, .2, .2, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_holdout(&env, NULL, 0, 0, .2, .2, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_kfold(&env, codes, 4, 1, 3, 3, 0, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_kfold(&env, codes, 4, 1, 1, 0, 0, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_kfold(&env, codes, 4, 1, 5, 0, 0, 1, &s),
                     SPRED_EINVAL);
    assert_int_equal(spred_split_kfold(&env, codes, 4, 1, 2, 0, 1, 1, &s),
                     SPRED_EINVAL);
    int32_t few[] = {0, 0, 1, 1, 1}; /* round(2.5) to test, 1 + 1 to spare */
    assert_int_equal(spred_split_holdout(&env, few, 5, 2, .5, .4, 1, &s),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "class 1 (3 samples)"));
    codes[6] = 1; /* class 1: one sample, lost to training in some fold */
    assert_int_equal(spred_split_kfold(&env, codes, 7, 3, 2, 0, 0, 1, &s),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "class 1 "));
}

/* The last n_test samples test under every seed; the rest is split as a
 * hold-out of them alone. */
static void given(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 13);
    size_t moved = 0;
    for (uint64_t trial = 0; trial < 300; trial++) {
        struct layout l;
        struct spred_split s, other, rest;
        random_layout(rng, 5, &l);
        size_t n_test = l.n / 5, first = l.n - n_test, covered = 0;
        enum spred_status possible =
            spred_split_holdout(&env, l.codes, first, l.k, 0, .2, trial, &rest);
        enum spred_status status =
            spred_split_given(&env, l.codes, l.n, l.k, n_test, .2, trial, &s);
        assert_int_equal(status, possible);
        if (status != SPRED_OK)
            continue;
        for (size_t i = first; i < l.n; i++)
            covered += l.codes[i] >= 0;
        assert_int_equal(s.n_test, covered);
        for (size_t k = 0; k < s.n_test; k++)
            assert_true(s.test[k] >= first && l.codes[s.test[k]] >= 0 &&
                        (k == 0 || s.test[k] > s.test[k - 1]));
        assert_int_equal(s.n_train, rest.n_train);
        assert_int_equal(s.n_validate, rest.n_validate);
        assert_memory_equal(s.train, rest.train, s.n_train * sizeof *s.train);
        assert_memory_equal(s.validate, rest.validate,
                            s.n_validate * sizeof *s.validate);
        assert_ok(&env, spred_split_given(&env, l.codes, l.n, l.k, n_test, .2,
                                          trial + 1000, &other));
        assert_memory_equal(s.test, other.test, s.n_test * sizeof *s.test);
        moved += memcmp(s.train, other.train, s.n_train * sizeof *s.train) != 0;
        spred_split_free(&env, &s);
        spred_split_free(&env, &other);
        spred_split_free(&env, &rest);
    }
    assert_true(moved > 100);
    spred_rng_free(rng);
    static const int32_t codes[] = {0, 0, 1, 1, -1, -1};
    struct spred_split s;
    static const size_t bad[] = {0, 6, 7, 2};
    for (size_t k = 0; k < 4; k++)
        assert_int_equal(spred_split_given(&env, codes, 6, 2, bad[k], 0, 1, &s),
                         SPRED_EINVAL);
    assert_non_null(strstr(env.error, "none of the 2 given test samples"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holdout), cmocka_unit_test(holdout_tiny),
        cmocka_unit_test(kfold),   cmocka_unit_test(seeds),
        cmocka_unit_test(given),   cmocka_unit_test(refusals)};
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
