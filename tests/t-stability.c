/* t-stability.c: the stability index by hand, its limits, and how often its
 * interval covers the truth; mean ranks, Friedman and Holm by hand. */
#include "test.h"

#include "results/friedman.h"
#include "results/stability.h"
#include "spred/rng.h"

enum { MOST = 128 };

static const char *stability(const unsigned char *z, size_t m, size_t p,
                             struct results_stability *out)
{
    double shares[MOST], effects[MOST];
    assert_true(m <= MOST && p <= MOST);
    return results_stability(z, m, p, shares, effects, out);
}

/* Worked out with pencil and paper. M = 3, p = 4, kbar = 5/3:
 * phat = 1, 1/3, 1/3, 0; sum phat (1 - phat) = 4/9; M/(M-1) = 3/2;
 * (1/p) sum s^2 = 1/6; (5/12)(7/12) = 35/144; Phi = 1 - 24/35 = 11/35.
 * phi_i 35/144: trial 1 {1, 2}: 1/3 - 5/24 + 11/70 (5/12 - 1/2 - 5/12 + 1);
 * trial 2 the same by symmetry; trial 3 {1}: 1/4 - 5/48 + 11/70 (5/24 - 1/4
 * - 5/12 + 1). */
static void by_hand(void **state)
{
    (void)state;
    static const unsigned char z[] = {1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0};
    struct results_stability s;
    assert_null(stability(z, 3, 4, &s));
    assert_near(s.phi, 11.0 / 35, 1e-15);
    double one = (1.0 / 3 - 5.0 / 24 + 11.0 / 70 / 2) * 144 / 35;
    double three = (1.0 / 4 - 5.0 / 48 + 11.0 / 70 * 13 / 24) * 144 / 35;
    double mean = (2 * one + three) / 3;
    double v =
        4.0 / 9 *
        (2 * (one - mean) * (one - mean) + (three - mean) * (three - mean));
    double half = 1.959963984540054 * sqrt(v);
    assert_near(s.low, 11.0 / 35 - half, 1e-13);
    assert_near(s.high, 11.0 / 35 + half, 1e-13);
    assert_near(s.jaccard, (1.0 / 3 + 1.0 / 2 + 1.0 / 2) / 3, 1e-15);
    /* M = 2, {1, 2} and {1, 3} of 4: phat = 1, 1/2, 1/2, 0; s^2 sum = 1;
     * Phi = 1 - (1/4) / (1/4) = 0: as by chance. */
    static const unsigned char two[] = {1, 1, 0, 0, 1, 0, 1, 0};
    assert_null(stability(two, 2, 4, &s));
    assert_near(s.phi, 0, 1e-15);
    assert_near(s.jaccard, 1.0 / 3, 1e-15);
    assert_true(isnan(s.low) && isnan(s.high));
    /* Disjoint halves: the least there is, -1/(M-1). */
    static const unsigned char apart[] = {1, 1, 0, 0, 0, 0, 1, 1};
    assert_null(stability(apart, 2, 4, &s));
    assert_near(s.phi, -1, 1e-15);
    assert_near(s.jaccard, 0, 0);
}

static void limits(void **state)
{
    (void)state;
    static const unsigned char same[] = {1, 0, 1, 0, 1, 0, 1, 0, 1};
    unsigned char z[12] = {0};
    struct results_stability s;
    z[0] = z[3] = z[6] = 1; /* three trials, always the first of three */
    assert_null(stability(z, 3, 3, &s));
    assert_near(s.phi, 1, 1e-15);
    assert_near(s.jaccard, 1, 0);
    assert_true(s.low <= 1 && s.low >= 1 - 1e-12 && s.high <= 1);
    assert_string_equal(stability(same, 1, 3, &s), "fewer than 2 trials");
    assert_true(isnan(s.phi) && isnan(s.jaccard));
    memset(z, 0, sizeof z);
    assert_string_equal(stability(z, 3, 3, &s), "no trial takes a gene");
    assert_true(isnan(s.phi) && isnan(s.jaccard));
    memset(z, 1, sizeof z);
    assert_string_equal(stability(z, 3, 3, &s), "every trial takes all genes");
    assert_true(isnan(s.phi) && isnan(s.low) && isnan(s.jaccard));
    memset(z, 0, sizeof z); /* two empty trials say nothing to Jaccard */
    z[0] = 1;
    assert_null(stability(z, 3, 3, &s));
    assert_near(s.jaccard, 0, 0);
    /* rows 1 0 1, 0 1 0, 1 0 1: phat = 2/3 1/3 2/3, kbar = 5/3:
     * 1 - (3/2)(2/3)/3 / (5/9 4/9) = 1 - 27/20 */
    assert_null(stability(same, 3, 3, &s));
    assert_near(s.phi, -7.0 / 20, 1e-15);
    assert_true(s.low >= -0.5); /* cut at -1/(M-1) */
}

/* Features drawn independently with probabilities q: the population's Phi is
 * 1 - mean q (1 - q) / (qbar (1 - qbar)); of 4000 samples of so many trials the
 * 95% intervals cover it in that share of the cases. */
static double cover(size_t trials)
{
    enum { SAMPLES = 4000, TRIALS = 100, P = 50 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 7);
    assert_non_null(rng);
    unsigned char z[TRIALS * P];
    double q[P], mean = 0, doubt = 0, average = 0;
    size_t covered = 0;
    for (size_t f = 0; f < P; f++) {
        q[f] = f < 5 ? 0.9 : f < 15 ? 0.4 : 0.05;
        mean += q[f] / P;
        doubt += q[f] * (1 - q[f]) / P;
    }
    double truth = 1 - doubt / (mean * (1 - mean));
    for (size_t k = 0; k < SAMPLES; k++) {
        struct results_stability s;
        for (size_t i = 0; i < trials * P; i++)
            z[i] = spred_rng_uniform(rng) < q[i % P];
        assert_null(stability(z, trials, P, &s));
        average += s.phi / SAMPLES;
        covered += s.low <= truth && truth <= s.high;
    }
    spred_rng_free(rng);
    printf("# %zu trials: coverage %.4f of 95%%, mean %.4f, truth %.4f\n",
           trials, (double)covered / SAMPLES, average, truth);
    assert_near(average, truth, 0.02);
    return (double)covered / SAMPLES;
}

static void coverage(void **state)
{
    (void)state;
    double many = cover(100), some = cover(20), few = cover(10);
    assert_true(many >= 0.925 && many <= 0.965);
    assert_true(some >= 0.88 && some < many); /* as stability.h says */
    assert_true(few < some);
    printf("# %f %f\n", cover(5), cover(3));
}

static void ranks(void **state)
{
    (void)state;
    static const double scores[] = {0.3, 0.1, 0.2, 0.2, 0.2, 0.1};
    double rank[6], mean[3];
    results_rank(scores, 2, 3, rank, mean);
    static const double expected[] = {1, 3, 2, 1.5, 1.5, 3};
    for (size_t i = 0; i < 6; i++)
        assert_near(rank[i], expected[i], 0);
    assert_near(mean[0], 1.25, 0);
    assert_near(mean[1], 2.25, 0);
    assert_near(mean[2], 2.5, 0);
}

/* Demsar (2006), section 3.2: the mean ranks of his four variants of C4.5 over
 * 14 data sets (3.143, 2.000, 2.893, 1.964: multiples of 1/28), chi2 = 9.28, F
 * = 3.69; and the p of the comparisons with plain C4.5 (section 3.2.2). */
static void friedman(void **state)
{
    (void)state;
    static const double mean[] = {44.0 / 14, 28.0 / 14, 40.5 / 14, 27.5 / 14};
    struct results_friedman t;
    results_friedman(mean, 14, 4, &t);
    assert_near(t.chi2, 9.28, 0.005);
    assert_near(t.f, 3.69, 0.005);
    assert_true(t.p < 0.05 && t.p > 0.01); /* F(3, 39) = 2.85 at 0.05 */
    assert_near(results_rank_pair(mean[0], mean[3], 14, 4), 0.016, 0.0005);
    assert_near(results_rank_pair(mean[1], mean[0], 14, 4), 0.019, 0.0005);
    assert_near(results_rank_pair(mean[0], mean[2], 14, 4), 0.607, 0.002);
    static const double agree[] = {1, 2, 3}, tied[] = {2, 2, 2};
    results_friedman(agree, 5, 3, &t); /* chi2 = n (k - 1) */
    assert_near(t.chi2, 10, 1e-12);
    assert_true(isinf(t.f));
    assert_near(t.p, 0, 0);
    results_friedman(tied, 5, 3, &t);
    assert_near(t.chi2, 0, 1e-12);
    assert_near(t.p, 1, 1e-12);
    results_friedman(agree, 1, 3, &t);
    assert_true(isnan(t.p));
}

static void holm(void **state)
{
    (void)state;
    double p[] = {0.04, 0.01, 0.03, 0.5};
    size_t order[4];
    results_holm(p, 4, order);
    assert_near(p[1], 0.04, 1e-15);
    assert_near(p[2], 0.09, 1e-15);
    assert_near(p[0], 0.09, 1e-15); /* 2 x 0.04 would be less than before it */
    assert_near(p[3], 0.5, 1e-15);
    double large[] = {0.9, 0.8};
    results_holm(large, 2, order);
    assert_near(large[0], 1, 0);
    assert_near(large[1], 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),  cmocka_unit_test(limits),
        cmocka_unit_test(coverage), cmocka_unit_test(ranks),
        cmocka_unit_test(friedman), cmocka_unit_test(holm)};
    return cmocka_run_group_tests_name("stability", tests, NULL, NULL);
}
