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

/* ---- nothing false, whatever the input ---- */

enum { WILD_M = 6, WILD_ATOMS = 9 };

/* (1/2)|x - Dz|^2 + lambda |z|_1 in long double, which 1e-300 squared fits. */
static long double long_primal(const struct spred_coding *task,
                               const long double *z)
{
    long double rr = 0, l1 = 0;
    for (size_t e = 0; e < task->m; e++) {
        long double r = task->signals[e];
        for (size_t j = 0; j < task->atoms; j++)
            r -= z[j] * task->dictionary[e + j * task->m];
        rr += r * r;
    }
    for (size_t j = 0; j < task->atoms; j++)
        l1 += fabsl(z[j]);
    return rr / 2 + task->lambda * l1;
}

/* Coordinate descent in long double from 0: nearly the optimum. */
static void long_descent(const struct spred_coding *task, long double *z)
{
    long double r[WILD_M];
    size_t m = task->m;
    for (size_t e = 0; e < m; e++)
        r[e] = task->signals[e];
    for (size_t j = 0; j < task->atoms; j++)
        z[j] = 0;
    long double moved = 1, most = 1;
    for (int sweep = 0; sweep < 20000 && moved > 1e-15L * most; sweep++) {
        moved = most = 0;
        for (size_t j = 0; j < task->atoms; j++) {
            const double *d = task->dictionary + j * m;
            long double dd = 0, dr = 0;
            for (size_t e = 0; e < m; e++) {
                dd += (long double)d[e] * d[e];
                dr += d[e] * r[e];
            }
            if (!(dd > 0))
                continue;
            long double c = dr + dd * z[j], size = fabsl(c) - task->lambda;
            long double to = size > 0 ? copysignl(size, c) / dd : 0;
            for (size_t e = 0; e < m; e++)
                r[e] -= (to - z[j]) * d[e];
            moved = fmaxl(moved, fabsl(to - z[j]));
            most = fmaxl(most, fabsl(to));
            z[j] = to;
        }
    }
}

/* Codes to be judged, from the best ones: as they are, none, half, on the wrong
 * atom, and with a part that cancels on two atoms that are alike. */
enum { WAYS = 5 };
static void wild_codes(int way, const long double *best, long double unit,
                       double *z)
{
    for (size_t j = 0; j < WILD_ATOMS; j++)
        z[j] = way == 1 ? 0 : (double)(best[j] * (way == 2 ? .5L : 1));
    if (way == 3)
        z[WILD_ATOMS - 1] += (double)unit;
    if (way == 4) {
        z[0] += (double)(3 * unit);
        z[1] -= (double)(3 * unit);
    }
}

/* Signals, atoms and lambda of any size, zero signals and atoms, duplicates,
 * lambda around its largest useful value: what is certified is within the asked
 * gap of the best codes that long double finds; and ordinary sizes, those of
 * float included, are certified where they are good. */
static void nothing_false(void **unused)
{
    (void)unused;
    static const double sizes[] = {1e-300, 1e-165, 1e-160, 1e-150, 1.2e-38,
                                   1,      3.4e38, 1e150,  1e160,  1e300};
    static const double shares[] = {1e-12, .01, .3, 1, 1.5};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    struct spred_env env;
    size_t good = 0, ordinary = 0, judged = 0;
    spred_env_init(&env);
    for (size_t e = 0; e < SIZES * SIZES * 5 * KINDS; e++) {
        double x_size = sizes[e % SIZES], d_size = sizes[e / SIZES % SIZES];
        double share = shares[e / SIZES / SIZES % 5];
        struct coding_sample s;
        long double best[WILD_ATOMS], top = 0, xx = 0, half;
        coding_sample(&s, (enum kind)(e / SIZES / SIZES / 5), WILD_M,
                      WILD_ATOMS, 1, 1, e + 1);
        memcpy(s.dictionary + WILD_M, s.dictionary,
               WILD_M * sizeof *s.dictionary); /* two that are alike */
        for (size_t v = 0; v < WILD_M * WILD_ATOMS; v++)
            s.dictionary[v] *= d_size;
        for (size_t v = 0; v < WILD_M; v++) {
            s.signals[v] *= x_size;
            xx += (long double)s.signals[v] * s.signals[v];
        }
        for (size_t j = 0; j < WILD_ATOMS; j++) {
            long double dx = 0;
            for (size_t v = 0; v < WILD_M; v++)
                dx += (long double)s.dictionary[v + j * WILD_M] * s.signals[v];
            top = fmaxl(top, fabsl(dx));
        }
        s.task.lambda = (double)(share * top);
        if (s.task.lambda > 0 && isfinite(s.task.lambda)) {
            long_descent(&s.task, best);
            half = long_primal(&s.task, best);
            for (int way = 0; way < WAYS; way++) {
                double z[WILD_ATOMS];
                long double back[WILD_ATOMS];
                struct spred_coding_report r = {0};
                wild_codes(way, best, sqrtl(xx) / d_size, z);
                struct spred_codes codes = dense_codes(z, WILD_ATOMS, 1);
                assert_ok(&env, spred_codes_certify(&env, &s.task, &codes, &r));
                for (size_t j = 0; j < WILD_ATOMS; j++)
                    back[j] = z[j];
                long double above = long_primal(&s.task, back) - half;
                assert_false(isnan(r.gap) || isnan(r.floor));
                if (r.certified && !(above <= 1e-6L * xx / 2))
                    fail_msg("size %g, atoms %g, lambda %g: codes %d are "
                             "certified to %g, and %Lg above the optimum",
                             x_size, d_size, s.task.lambda, way, r.gap,
                             above / (xx / 2));
                int plain = x_size > 1e-40 && x_size < 1e40 && d_size > 1e-40 &&
                            d_size < 1e40;
                judged++;
                good += r.certified;
                if (plain && share > 1e-3 &&
                    (way == 0 || (way == 1 && share >= 1))) {
                    if (!r.certified)
                        fail_msg("size %g, atoms %g, lambda %g, codes %d: gap "
                                 "%g, floor %g",
                                 x_size, d_size, s.task.lambda, way, r.gap,
                                 r.floor);
                    ordinary++;
                }
                free_dense(&codes);
            }
        }
        coding_sample_free(&s);
    }
    printf("# %zu codes, %zu certified\n", judged, good);
    assert_true(ordinary > 100 && good < judged / 2);
}

/* Sums that overflow with both signs leave no number to compare: no theta is
 * taken for feasible by that. x = 0 has no codes but 0, also where lambda |z|
 * is too small for a number. */
static void not_even_a_number(void **unused)
{
    (void)unused;
    static const double d[] = {1e300, -1e300, 1, 0};
    static const double x[] = {3e10, 1e10}, zero[] = {0, 0};
    static const double none[] = {0, 0}, tiny[] = {0, 1e-200};
    struct spred_env env;
    struct spred_coding_report r = {0};
    struct spred_coding task = {2, 2, 1, d, x, 1e306, 1e-6, 1, 0};
    spred_env_init(&env);
    struct spred_codes codes = dense_codes(none, 2, 1);
    assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
    assert_int_equal(r.certified,
                     0); /* D'x = (2e310, 3e10): inf or inf - inf */
    free_dense(&codes);
    codes = dense_codes(tiny, 2, 1);
    task.signals = zero;
    task.lambda = 1e-200;
    assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
    assert_int_equal(r.certified, 0);
    free_dense(&codes);
}

/* D'r is too small for a number and seems 0, as if every s r were feasible: z
 * cancels on two atoms that are alike, where P is five times the optimum's. */
static void products_vanish(void **unused)
{
    (void)unused;
    static const double d[] = {1e-165, 1e-165}, x[] = {1e-148};
    const struct spred_coding task = {1, 2, 1, d, x, 1e-314, 1e-2, 1, 0};
    struct spred_env env;
    spred_env_init(&env);
    for (int k = -20; k <= 20; k++) {
        const double z[] = {3e17, -2e17 * (1 + k * 1e-12)};
        struct spred_coding_report r = {0};
        struct spred_codes codes = dense_codes(z, 2, 1);
        assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
        assert_int_equal(r.certified, 0);
        free_dense(&codes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gap_by_hand),
        cmocka_unit_test(not_certified),
        cmocka_unit_test(as_the_main_certificate),
        cmocka_unit_test(floor_holds),
        cmocka_unit_test(nothing_false),
        cmocka_unit_test(not_even_a_number),
        cmocka_unit_test(products_vanish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
