/* t-metric.c: each measure against its definition, written the slow way. */
#include "test.h"

#include "spred/metric.h"
#include "spred/rng.h"

/* The definition: all pairs, ties count one half. */
static double slow_auc(const int32_t *positive, const double *score, size_t n)
{
    double sum = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (positive[i] && !positive[j]) {
                pairs++;
                sum += score[i] > score[j] ? 1 : score[i] < score[j] ? 0 : 0.5;
            }
    return sum / pairs;
}

static void auc_by_pairs(void **state)
{
    (void)state;
    enum { MOST = 60 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 5);
    for (int trial = 0; trial < 400; trial++) {
        size_t n = 2 + spred_rng_below(rng, MOST - 2);
        size_t values = 1 + spred_rng_below(rng, 2 * n); /* few: many ties */
        int32_t positive[MOST];
        double score[MOST], auc;
        for (size_t i = 0; i < n; i++) {
            positive[i] = spred_rng_below(rng, 3) == 0 ? 7 : 0;
            score[i] = (double)spred_rng_below(rng, values) - 3;
        }
        positive[0] = 1;
        positive[1] = 0;
        assert_ok(&env, spred_auc(&env, positive, score, n, &auc));
        assert_near(auc, slow_auc(positive, score, n), 1e-14);
    }
    spred_rng_free(rng);
}

static void auc_edges(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    double auc, score[] = {1, 2, 3, 4}, holes[] = {1, NAN, 3, 4};
    assert_ok(&env, spred_auc(&env, (int32_t[]){0, 0, 1, 1}, score, 4, &auc));
    assert_near(auc, 1, 0);
    assert_ok(&env, spred_auc(&env, (int32_t[]){1, 1, 0, 0}, score, 4, &auc));
    assert_near(auc, 0, 0);
    assert_ok(&env, spred_auc(&env, (int32_t[]){1, 1, 1, 1}, score, 4, &auc));
    assert_true(isnan(auc));
    assert_ok(&env, spred_auc(&env, (int32_t[]){0, 0, 1, 1}, holes, 4, &auc));
    assert_true(isnan(auc));
    assert_ok(&env, spred_auc(&env, NULL, NULL, 0, &auc));
    assert_true(isnan(auc));
}

static void auc_multi(void **state)
{
    (void)state;
    enum { N = 40, K = 5 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 6);
    int32_t truth[N], one[N];
    double scores[N * K], sum = 0, auc;
    for (size_t i = 0; i < N; i++) { /* class 3 never occurs */
        truth[i] = (int32_t)spred_rng_below(rng, K - 1);
        truth[i] += truth[i] == 3;
    }
    for (size_t i = 0; i < N * K; i++)
        scores[i] = (double)spred_rng_below(rng, 20);
    for (int32_t c = 0; c < K; c++) {
        for (size_t i = 0; i < N; i++)
            one[i] = truth[i] == c;
        if (c != 3)
            sum += slow_auc(one, scores + c * N, N);
    }
    assert_ok(&env, spred_auc_multi(&env, truth, scores, N, K, &auc));
    assert_near(auc, sum / (K - 1), 1e-14);
    memset(truth, 0, sizeof truth);
    assert_ok(&env, spred_auc_multi(&env, truth, scores, N, K, &auc));
    assert_true(isnan(auc));
    spred_rng_free(rng);
}

static void shares(void **state)
{
    (void)state;
    int32_t truth[] = {0, 0, 0, 0, 1, 1, 3, 0};
    int32_t said[] = {0, 0, 0, 1, 1, 0, 3, 2};
    /* class 0: 3 of 5, class 1: 1 of 2, class 3: 1 of 1; class 2 is absent */
    assert_near(spred_accuracy(truth, said, 8), 5.0 / 8, 1e-15);
    assert_near(spred_balanced_accuracy(truth, said, 8, 4),
                (3.0 / 5 + 1.0 / 2 + 1) / 3, 1e-15);
    assert_near(spred_majority(truth, 8, 4), 5.0 / 8, 1e-15);
    assert_near(spred_majority(said, 8, 4), 4.0 / 8, 1e-15);
    assert_true(isnan(spred_accuracy(truth, said, 0)));
    assert_true(isnan(spred_balanced_accuracy(truth, said, 0, 4)));
    assert_true(isnan(spred_majority(truth, 0, 4)));
}

static void log_loss(void **state)
{
    (void)state;
    int32_t truth[] = {0, 1, 2};
    double p[] = {.5, .2, .3, .25, .7, .7, .25, .1, 0}; /* 3 x 3, columns */
    assert_near(spred_log_loss(truth, p, 3, 3),
                -(log(.5) + log(.7) + log(1e-15)) / 3, 1e-14);
    p[8] = 1;
    assert_near(spred_log_loss(truth, p, 3, 3), -(log(.5) + log(.7)) / 3,
                1e-15);
    p[0] = NAN;
    assert_true(isnan(spred_log_loss(truth, p, 3, 3)));
    truth[2] = 3;
    assert_true(isnan(spred_log_loss(truth, p, 3, 3)));
}

static void r2(void **state)
{
    (void)state;
    double y[] = {1, 2, 3, 6}, mean[] = {3, 3, 3, 3}, f[] = {2, 2, 4, 5};
    assert_near(spred_r2(y, y, 4), 1, 0);
    assert_near(spred_r2(y, mean, 4), 0, 1e-15);
    assert_near(spred_r2(y, f, 4), 1 - 3.0 / 14, 1e-15);
    double shifted[4], moved[4]; /* far from zero: still the same number */
    for (int i = 0; i < 4; i++) {
        shifted[i] = y[i] + 1e8;
        moved[i] = f[i] + 1e8;
    }
    assert_near(spred_r2(shifted, moved, 4), 1 - 3.0 / 14, 1e-12);
    assert_true(isnan(spred_r2((double[]){.1, .1, .1}, y, 3)));
    assert_true(isnan(spred_r2(y, f, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auc_by_pairs), cmocka_unit_test(auc_edges),
        cmocka_unit_test(auc_multi),    cmocka_unit_test(shares),
        cmocka_unit_test(log_loss),     cmocka_unit_test(r2)};
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
