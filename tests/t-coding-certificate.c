/* t-coding-certificate.c: the certificate of sparse codes by hand, against the
 * main certificate, in long double. */
#include "coding.h"

/* D = I, lambda = 1/4. x = (1, 1/2): the optimum (3/4, 1/4) has r = (1/4, 1/4),
 * P = D = 5/16; z = 0 has P = 5/8, s = 1/4, D = 35/128. x = 0: nothing to do.
 */
static void gap_by_hand(void **unused)
{
    (void)unused;
    static const double identity[] = {1, 0, 0, 1};
    static const double x[] = {1, .5, 1, .5, 0, 0};
    static const double z[] = {.75, .25, 0, 0, 0, 0};
    struct spred_env env;
    struct spred_coding_report r = {0};
    struct spred_coding task = {2, 2, 1, identity, x, .25, 1e-6, 1, 0};
    spred_env_init(&env);
    struct spred_codes codes = dense_codes(z, 2, 3);
    codes.n = 1;
    assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
    assert_near(r.gap, 0, r.floor);
    assert_true(r.floor < 1e-14);
    assert_near(r.objective, 5. / 16, 1e-15);
    assert_near(r.squares, .125 / 1.25, 1e-15);
    assert_near(r.nonzeros, 2, 0);
    assert_int_equal(r.certified, 1);
    codes.n = task.n = 3;
    assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
    assert_near(r.gap, (5. / 8 - 35. / 128) / (5. / 8), 1e-15);
    assert_near(r.objective, (5. / 16 + 5. / 8) / 3, 1e-15);
    assert_near(r.squares, (.1 + 1) / 2, 1e-15); /* x = 0 does not count */
    assert_near(r.nonzeros, 2. / 3, 1e-15);
    assert_int_equal(r.certified, 2);
    free_dense(&codes);
}

/* x = 0 with a code is as wrong as can be; codes that are not numbers, too. */
static void not_certified(void **unused)
{
    (void)unused;
    static const double identity[] = {1, 0, 0, 1}, x[] = {0, 0};
    struct spred_env env;
    struct spred_coding_report r = {0};
    struct spred_coding task = {2, 2, 1, identity, x, .25, 1e-6, 1, 0};
    spred_env_init(&env);
    static const double values[] = {.1, NAN, INFINITY, 1e200};
    for (size_t k = 0; k < 4; k++) {
        double z[] = {values[k], 0};
        struct spred_codes codes = dense_codes(z, 2, 1);
        if (isnan(z[0])) {
            codes.start[1] = 1;
            codes.value[0] = NAN;
        }
        assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
        assert_int_equal(r.certified, 0);
        assert_true(isinf(r.gap));
        free_dense(&codes);
    }
}

/* The same gap as the main certificate's, of codes good and bad. */
static void as_the_main_certificate(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct coding_sample s;
        struct spred_matrix matrix;
        struct spred_problem problem;
        struct spred_certificate main_one;
        struct spred_coding_report r = {0};
        double b = 0, z[25];
        size_t atoms = 1 + (size_t)seed % 25;
        coding_sample(&s, (enum kind)(seed % 3), 9, atoms, 1, .2, seed);
        struct spred_rng *rng = spred_rng_new(&env, seed);
        for (size_t j = 0; j < atoms; j++)
            z[j] = j % 3 ? .1 * spred_rng_normal(rng) : 0;
        spred_rng_free(rng);
        struct spred_codes codes = dense_codes(z, atoms, 1);
        if (seed % 2) {
            free_dense(&codes);
            assert_ok(&env, code_by(&env, "cd", &s.task, &codes, &r));
            memset(z, 0, sizeof z);
            for (size_t at = 0; at < codes.start[1]; at++)
                z[codes.atom[at]] = codes.value[at];
        }
        assert_ok(&env, spred_codes_certify(&env, &s.task, &codes, &r));
        lasso_of(&env, &s.task, 0, &matrix, &problem);
        struct spred_certifier *certifier = spred_certifier_new(&env, &problem);
        spred_certifier_start(certifier, s.task.lambda / 9);
        assert_ok(&env, spred_certify(certifier, z, &b, &main_one));
        assert_near(r.gap, main_one.gap,
                    r.floor + main_one.floor + 1e-12 * r.gap);
        assert_near(r.objective, 9 * main_one.primal, 1e-12);
        assert_true(r.floor < 1e-11);
        spred_certifier_free(certifier);
        spred_matrix_free(&env, &matrix);
        if (seed % 2)
            spred_codes_free(&env, &codes);
        else
            free_dense(&codes);
        coding_sample_free(&s);
    }
}

/* The gap of the only signal, in long double. */
static long double long_gap(const struct coding_sample *s,
                            const struct spred_codes *codes)
{
    size_t m = s->task.m;
    long double residual[16], rr = 0, xr = 0, l1 = 0, top = 0, xx = 0;
    assert_true(m <= 16);
    for (size_t e = 0; e < m; e++) {
        residual[e] = s->signals[e];
        for (size_t at = 0; at < codes->start[1]; at++)
            residual[e] -= (long double)codes->value[at] *
                           s->dictionary[e + codes->atom[at] * m];
        rr += residual[e] * residual[e];
        xr += residual[e] * s->signals[e];
        xx += (long double)s->signals[e] * s->signals[e];
    }
    for (size_t j = 0; j < s->task.atoms; j++) {
        long double dot = 0;
        for (size_t e = 0; e < m; e++)
            dot += residual[e] * s->dictionary[e + j * m];
        top = fabsl(dot) > top ? fabsl(dot) : top;
    }
    for (size_t at = 0; at < codes->start[1]; at++)
        l1 += fabsl((long double)codes->value[at]);
    long double t = s->task.lambda / top, scale = xr / rr;
    scale = scale > t ? t : scale < -t ? -t : scale;
    long double gap =
        rr / 2 * (1 + scale * scale) - scale * xr + s->task.lambda * l1;
    return gap / (xx / 2);
}

/* Bound on the rounding: the gap in long double differs by less than floor, of
 * optimal codes and of large ones that cancel, where the floor is large. */
static void floor_holds(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    double most = 0;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        struct coding_sample s;
        struct spred_codes codes;
        struct spred_coding_report r;
        int cancels = seed > 60;
        coding_sample(&s, cancels ? COHERENT : PLAIN, 16, 40, 1,
                      .02 * (double)(seed % 9 + 1), seed);
        assert_ok(&env, code_by(&env, "lars", &s.task, &codes, &r));
        if (cancels) {
            double z[40] = {0};
            spred_codes_free(&env, &codes);
            z[seed % 40] = 1e6 / 3;
            z[(seed + 7) % 40] = -1e6 / 3;
            z[(seed + 9) % 40] = .1;
            codes = dense_codes(z, 40, 1);
            memcpy(s.dictionary + 16 * ((seed + 7) % 40),
                   s.dictionary + 16 * (seed % 40), 16 * sizeof(double));
            s.dictionary[16 * (seed % 40)] += 1e-9;
            s.task.lambda = 1e-9;
            assert_ok(&env, spred_codes_certify(&env, &s.task, &codes, &r));
        }
        long double gap = long_gap(&s, &codes);
        assert_true(gap >= -1e-18L);
        assert_near((double)gap, r.gap, r.floor);
        most = fmax(most, fabs((double)gap - r.gap));
        if (cancels)
            free_dense(&codes);
        else
            spred_codes_free(&env, &codes);
        coding_sample_free(&s);
    }
    assert_true(most > 1e-13); /* there was something to bound */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gap_by_hand),
        cmocka_unit_test(not_certified),
        cmocka_unit_test(as_the_main_certificate),
        cmocka_unit_test(floor_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
