/* t-simulate.c: variances, correlations, truth and noise of simulated genes. */
#include "test.h"

#include "spred/simulate.h"

static double mean(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum / (double)n;
}

static double covariance(const double *a, const double *b, size_t n)
{
    double ma = mean(a, n), mb = mean(b, n), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - ma) * (b[i] - mb);
    return sum / (double)n;
}

static double correlation(const double *a, const double *b, size_t n)
{
    return covariance(a, b, n) /
           sqrt(covariance(a, a, n) * covariance(b, b, n));
}

static void structure(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    struct spred_simulation s = {.n = 4000,
                                 .p = 60,
                                 .blocks = 6,
                                 .k = 12,
                                 .rho_min = .6,
                                 .rho_max = .6,
                                 .snr = 3,
                                 .seed = 5};
    spred_env_init(&env);
    assert_ok(&env, spred_simulate(&env, &s, &d));
    assert_ok(&env, spred_data_check(&env, &d));
    assert_int_equal(d.simulated, 1);
    const double *x = d.x.f64;
    for (size_t a = 0; a < s.p; a++) { /* standard errors are below .02 */
        assert_near(mean(x + a * s.n, s.n), 0, .08);
        assert_near(covariance(x + a * s.n, x + a * s.n, s.n), 1, .12);
        for (size_t b = 0; b < a; b++)
            assert_near(correlation(x + a * s.n, x + b * s.n, s.n),
                        a / 10 == b / 10 ? .6 : 0, .09);
    }
    size_t k = 0, negative = 0;
    for (size_t j = 0; j < s.p; j++) {
        double w = fabs(d.truth[j]);
        assert_true(w <= 0 || (w >= .5 && w <= 1.5));
        k += w > 0;
        negative += d.truth[j] < 0;
    }
    assert_int_equal(k, s.k);
    assert_true(negative > 0 && negative < k);
    /* y - Xw is noise: variance var(Xw) / snr, no correlation with Xw */
    const struct spred_target *y = spred_data_target(&d, "y");
    assert_non_null(y);
    double *signal = calloc(s.n, sizeof *signal);
    double *noise = calloc(s.n, sizeof *noise);
    assert_true(signal && noise);
    for (size_t j = 0; j < s.p; j++)
        for (size_t i = 0; i < s.n; i++)
            signal[i] += x[i + j * s.n] * d.truth[j];
    for (size_t i = 0; i < s.n; i++)
        noise[i] = y->values[i] - signal[i];
    assert_near(covariance(signal, signal, s.n) / covariance(noise, noise, s.n),
                3, 1e-9);
    assert_near(correlation(signal, noise, s.n), 0, .08);
    free(signal);
    free(noise);
    spred_data_free(&env, &d);
}

/* Each block has its own rho: they differ and stay inside the bounds. */
static void bounds_of_rho(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    struct spred_simulation s = {.n = 4000,
                                 .p = 40,
                                 .blocks = 20,
                                 .k = 0,
                                 .rho_min = .3,
                                 .rho_max = .9,
                                 .snr = 1,
                                 .seed = 1};
    double low = 1, high = 0;
    spred_env_init(&env);
    assert_ok(&env, spred_simulate(&env, &s, &d));
    for (size_t b = 0; b < 20; b++) {
        const double *x = d.x.f64 + 2 * b * s.n;
        double r = correlation(x, x + s.n, s.n);
        low = r < low ? r : low;
        high = r > high ? r : high;
    }
    assert_true(low > .24 && low < .45);
    assert_true(high > .75 && high < .92);
    const double *y = spred_data_target(&d, "y")->values; /* k 0: pure noise */
    assert_near(covariance(y, y, s.n), 1, .12);
    spred_data_free(&env, &d);
}

static void seeds_and_classes(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data a, b, c;
    struct spred_simulation s = {.n = 31,
                                 .p = 50,
                                 .blocks = 7,
                                 .k = 5,
                                 .rho_min = .1,
                                 .rho_max = .5,
                                 .snr = 2,
                                 .classes = 3,
                                 .seed = 9};
    spred_env_init(&env);
    assert_ok(&env, spred_simulate(&env, &s, &a));
    assert_ok(&env, spred_simulate(&env, &s, &b));
    for (s.classes = 0; s.classes < 5; s.classes += 2) {
        assert_ok(&env, spred_simulate(&env, &s, &c));
        assert_memory_equal(a.x.f64, c.x.f64, s.n * s.p * sizeof(double));
        assert_string_not_equal(a.hash, c.hash); /* other targets */
        spred_data_free(&env, &c);
    }
    s.classes = 3;
    s.seed += UINT64_C(1) << 40; /* the high half of the seed matters */
    assert_ok(&env, spred_simulate(&env, &s, &c));
    size_t bytes = s.n * s.p * sizeof(double);
    assert_memory_equal(a.x.f64, b.x.f64, bytes);
    assert_memory_equal(a.truth, b.truth, s.p * sizeof(double));
    assert_string_equal(a.hash, b.hash);
    assert_true(memcmp(a.x.f64, c.x.f64, bytes) != 0);
    assert_string_not_equal(a.hash, c.hash);
    assert_ok(&env, spred_data_check(&env, &a));
    const struct spred_target *class = spred_data_target(&a, "class");
    size_t counts[3] = {0};
    assert_int_equal(class->n_levels, 3);
    for (size_t i = 0; i < s.n; i++)
        counts[class->codes[i]]++;
    assert_true(counts[0] == 11 && counts[1] == 10 && counts[2] == 10);
    spred_data_free(&env, &b);
    spred_data_free(&env, &c);
    /* the classes are the thirds of the real outcome of the same seed */
    s.seed = 9;
    s.classes = 0;
    assert_ok(&env, spred_simulate(&env, &s, &b));
    const double *y = spred_data_target(&b, "y")->values;
    for (size_t i = 0; i < s.n; i++)
        for (size_t j = 0; j < s.n; j++)
            if (class->codes[i] < class->codes[j])
                assert_true(y[i] <= y[j]);
    spred_data_free(&env, &a);
    spred_data_free(&env, &b);
}

/* The paper's data: X iid N(0, 1) or N(0, 1/p), effects N(0, 1) at a rate, y =
 * Xw + noise; without noise exactly so. */
static void iid_and_sensing(void **state)
{
    (void)state;
    static const double densities[] = {1, 0.25};
    for (size_t k = 0; k < 2; k++) {
        struct spred_simulation s = {.kind = k ? SPRED_SIMULATE_SENSING
                                               : SPRED_SIMULATE_IID,
                                     .n = 40,
                                     .p = 2000,
                                     .density = densities[k],
                                     .seed = 3};
        struct spred_env env;
        struct spred_data d, noisy;
        spred_env_init(&env);
        assert_ok(&env, spred_simulate(&env, &s, &d));
        assert_ok(&env, spred_data_check(&env, &d));
        assert_true(d.simulated &&
                    strstr(d.source, k ? "N(0, 1/p)" : "N(0, 1)"));
        double mean = 0, square = 0, effects = 0, power = 0;
        size_t cells = s.n * s.p;
        for (size_t i = 0; i < cells; i++) {
            mean += d.x.f64[i] / (double)cells;
            square += d.x.f64[i] * d.x.f64[i] / (double)cells;
        }
        double variance_of_x = k ? 1 / (double)s.p : 1;
        assert_near(mean, 0, 5 * sqrt(variance_of_x / (double)cells));
        assert_near(square / variance_of_x, 1, 5 * sqrt(2 / (double)cells));
        for (size_t j = 0; j < s.p; j++) {
            effects += fabs(d.truth[j]) > 0;
            power += d.truth[j] * d.truth[j];
        }
        assert_near(effects / (double)s.p, s.density,
                    5 * sqrt(s.density * (1 - s.density) / (double)s.p));
        assert_near(power / effects, 1, 5 * sqrt(2 / effects));
        const double *y = spred_data_target(&d, "y")->values;
        double *rest = calloc(s.n, sizeof *rest), noise = 0;
        s.noise = 0.5;
        assert_ok(&env, spred_simulate(&env, &s, &noisy));
        const double *z = spred_data_target(&noisy, "y")->values;
        for (size_t i = 0; i < s.n; i++) {
            for (size_t j = 0; j < s.p; j++)
                rest[i] += d.truth[j] * d.x.f64[i + j * s.n];
            assert_near(y[i], rest[i], 1e-10);
            noise += (z[i] - y[i]) * (z[i] - y[i]) / (double)s.n;
        }
        assert_near(noise, 0.25, 5 * 0.25 * sqrt(2 / (double)s.n));
        free(rest);
        spred_data_free(&env, &d);
        spred_data_free(&env, &noisy);
    }
}

/* One term of a set: its genes and its form. */
static double term(size_t form, const double *const *gene, size_t i)
{
    double z = gene[form][i];
    switch (form) {
    case 0:
        return z;
    case 1:
        return (z * z - 1) / sqrt(2);
    case 2:
        return sin(2 * z) * sqrt(2 / (1 - exp(-8)));
    default:
        return z * gene[4][i];
    }
}

/* Which roles the five genes have is not told: of all orders, the one whose
 * score correlates best with the outcome must give it exactly. */
static double best_order(const double *const *gene, const double *y, size_t n,
                         const double **role)
{
    double best = 0, *score = calloc(n, sizeof *score);
    assert_non_null(score);
    for (size_t code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
        const double *try[5];
        size_t seen = 0, rest = code, at[5];
        for (size_t a = 0; a < 5; a++, rest /= 5) {
            at[a] = rest % 5;
            seen |= (size_t)1 << at[a];
            try[a] = gene[at[a]];
        }
        if (seen != 31 || at[3] > at[4])
            continue;
        for (size_t i = 0; i < n; i++) {
            score[i] = 0;
            for (size_t form = 0; form < 4; form++)
                score[i] += term(form, try, i);
        }
        double r = correlation(score, y, n);
        if (r > best) {
            best = r;
            memcpy(role, try, sizeof try);
        }
    }
    free(score);
    return best;
}

static void planted(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d, e;
    struct spred_simulation s = {.kind = SPRED_SIMULATE_PLANTED,
                                 .n = 5000,
                                 .p = 47,
                                 .blocks = 6,
                                 .k = 5,
                                 .rho_min = .5,
                                 .rho_max = .5,
                                 .snr = 4,
                                 .seed = 2};
    const double *gene[5], *role[5];
    size_t k = 0, taken = 0;
    spred_env_init(&env);
    assert_ok(&env, spred_simulate(&env, &s, &d));
    assert_ok(&env, spred_data_check(&env, &d));
    assert_true(d.simulated && strstr(d.source, "planted"));
    for (size_t j = 0; j < s.p; j++) {
        if (fabs(d.truth[j]) <= 0)
            continue;
        size_t block = (size_t)1 << (j * s.blocks / s.p);
        assert_true(k < 5 && !(taken & block));
        assert_near(d.truth[j], 1, 0);
        taken |= block;
        gene[k++] = d.x.f64 + j * s.n;
    }
    assert_int_equal(k, 5);
    const double *y = spred_data_target(&d, "y")->values;
    /* corr(score, y)^2 = snr / (1 + snr), up to the sample */
    assert_near(best_order(gene, y, s.n, role), sqrt(.8), .02);
    double *part = calloc(s.n, sizeof *part), *rest = calloc(s.n, sizeof *rest);
    assert_true(part && rest);
    memcpy(rest, y, s.n * sizeof *rest);
    for (size_t form = 0; form < 4; form++) {
        for (size_t i = 0; i < s.n; i++) {
            part[i] = term(form, role, i);
            rest[i] -= part[i];
        }
        assert_near(covariance(part, part, s.n), 1, .2);
        assert_near(mean(part, s.n), 0, .08);
    }
    /* what is left is noise: a quarter of the score's variance, exactly */
    for (size_t i = 0; i < s.n; i++)
        part[i] = y[i] - rest[i];
    assert_near(covariance(part, part, s.n) / covariance(rest, rest, s.n), 4,
                1e-9);
    /* the pair shows only as a product */
    assert_near(correlation(role[3], y, s.n), 0, .06);
    assert_near(correlation(role[4], y, s.n), 0, .06);
    assert_near(correlation(role[1], y, s.n), 0, .06);
    s.classes = 2;
    assert_ok(&env, spred_simulate(&env, &s, &e));
    const int32_t *codes = spred_data_target(&e, "class")->codes;
    double low = -INFINITY, high = INFINITY;
    size_t ones = 0;
    for (size_t i = 0; i < s.n; i++) {
        low = codes[i] == 0 && y[i] > low ? y[i] : low;
        high = codes[i] == 1 && y[i] < high ? y[i] : high;
        ones += codes[i] == 1;
    }
    assert_true(low <= high && ones == s.n / 2);
    free(part);
    free(rest);
    spred_data_free(&env, &d);
    spred_data_free(&env, &e);
}

/* Every set, block and column can be planted; blocks of one gene and none. */
static void planted_everywhere(void **state)
{
    (void)state;
    static const size_t blocks[] = {0, 10, 11};
    struct spred_env env;
    struct spred_data d;
    spred_env_init(&env);
    for (size_t b = 0; b < 3; b++) {
        size_t hits[11] = {0};
        for (uint64_t seed = 0; seed < 200; seed++) {
            struct spred_simulation s = {.kind = SPRED_SIMULATE_PLANTED,
                                         .n = 3,
                                         .p = 11,
                                         .blocks = blocks[b],
                                         .k = 10,
                                         .snr = 1,
                                         .seed = seed};
            size_t k = 0, taken = 0, count = 0;
            assert_ok(&env, spred_simulate(&env, &s, &d));
            for (size_t j = 0; j < s.p; j++) {
                size_t block = blocks[b] ? j * blocks[b] / s.p : j;
                k += d.truth[j] > 0;
                hits[j] += d.truth[j] > 0;
                taken |= (size_t)(d.truth[j] > 0) << block;
            }
            for (; taken; taken >>= 1)
                count += taken & 1;
            assert_true(k == 10 && count == 10); /* blocks, too */
            spred_data_free(&env, &d);
        }
        for (size_t j = 0; j < 11; j++)
            assert_true(hits[j] > 60);
    }
}

static void refused(void **state)
{
    (void)state;
    const struct spred_simulation good = {.n = 10,
                                          .p = 5,
                                          .blocks = 2,
                                          .k = 2,
                                          .rho_min = .1,
                                          .rho_max = .5,
                                          .snr = 2,
                                          .seed = 9};
    struct spred_simulation s[13];
    struct spred_env env;
    struct spred_data d;
    spred_env_init(&env);
    for (size_t i = 0; i < 13; i++)
        s[i] = good;
    s[11].kind = s[12].kind = SPRED_SIMULATE_PLANTED;
    s[12].k = 5; /* blocks 2 */
    s[8].kind = s[9].kind = s[10].kind = SPRED_SIMULATE_IID;
    s[8].density = 1.5;
    s[9].noise = -1;
    s[10].noise = INFINITY;
    s[0].n = 1;
    s[1].p = 0;
    s[2].k = 6;
    s[3].blocks = 6;
    s[4].rho_max = 1;
    s[5].rho_min = .6;
    s[6].snr = 0;
    s[7].classes = 1;
    for (size_t i = 0; i < 13; i++)
        assert_int_equal(spred_simulate(&env, &s[i], &d), SPRED_EINVAL);
    assert_ok(&env, spred_simulate(&env, &good, &d));
    spred_data_free(&env, &d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(structure),
                                       cmocka_unit_test(bounds_of_rho),
                                       cmocka_unit_test(seeds_and_classes),
                                       cmocka_unit_test(iid_and_sensing),
                                       cmocka_unit_test(planted),
                                       cmocka_unit_test(planted_everywhere),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests_name("simulate", tests, NULL, NULL);
}
