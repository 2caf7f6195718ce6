/* t-scan.c: passes over X: every set of inner loops against long double,
 * threads without a changed bit, and the scanner's promise about its bound. */
#include "problems.h"

#include "../core/src/passes.h"
#include "spred/scan.h"

enum { SHAPES = 9 };
/* Rows around the widths of vectors and the run of single precision. */
static const size_t rows[SHAPES] = {1, 3, 7, 8, 17, 72, 200, 513, 1040};

static void fill(struct spred_rng *rng, size_t count, double *v)
{
    for (size_t i = 0; i < count; i++)
        v[i] = spred_rng_normal(rng);
}

/* x'r and |x| |r| in long double. */
static double exact(size_t n, const double *x, const double *r, double *size)
{
    long double dot = 0, xx = 0, rr = 0;
    for (size_t i = 0; i < n; i++) {
        dot += (long double)x[i] * r[i];
        xx += (long double)x[i] * x[i];
        rr += (long double)r[i] * r[i];
    }
    *size = (double)sqrtl(xx * rr);
    return (double)dot;
}

/* One set on one shape; x and r hold single-precision values, so that all three
 * kernels have the same exact answer. */
static void check_set(const struct spred_passes *set, size_t n, size_t p,
                      size_t outputs, const double *x, const double *r)
{
    size_t padded =
        (n + SPRED_SINGLE_ROWS - 1) / SPRED_SINGLE_ROWS * SPRED_SINGLE_ROWS;
    float *x32 = calloc(n * p, sizeof *x32);
    float *wide = calloc(padded * p, sizeof *wide);
    float *r32 = calloc(padded * outputs, sizeof *r32);
    double *out = calloc(4 * p * outputs, sizeof *out);
    double *mixed = out + p * outputs, *single = mixed + p * outputs;
    double *alone = single + p * outputs;
    for (size_t j = 0; j < p; j++)
        for (size_t i = 0; i < n; i++)
            wide[i + j * padded] = x32[i + j * n] = (float)x[i + j * n];
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < n; i++)
            r32[i + k * padded] = (float)r[i + k * n];
    set->dots(n, p, x, outputs, r, out, p);
    set->dots_mixed(n, p, x32, outputs, r, mixed, p);
    set->dots_single(padded, p, wide, outputs, r32, single, p);
    for (size_t j = 0; j < p; j++) /* a column alone has the same bits */
        set->dots(n, 1, x + j * n, outputs, r, alone + j, p);
    assert_memory_equal(out, alone, p * outputs * sizeof *out);
    for (size_t k = 0; k < outputs; k++)
        for (size_t j = 0; j < p; j++) {
            double size, want = exact(n, x + j * n, r + k * n, &size);
            size_t e = j + k * p;
            double rounding = 1e-16 * (double)(n + 4) * size;
            if (!(fabs(out[e] - want) <= rounding &&
                  fabs(mixed[e] - want) <= rounding &&
                  fabs(single[e] - want) <= spred_single_error(set, n) * size))
                fail_msg("%s, n = %zu, column %zu, side %zu: %.17g %.17g %.9g, "
                         "exact %.17g",
                         set->name, n, j, k, out[e], mixed[e], single[e], want);
        }
    free(x32);
    free(wide);
    free(r32);
    free(out);
}

static void every_set_of_loops(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 3);
    static const size_t sides[] = {1, 2, 4, 5, 9, 67};
    assert_string_equal(spred_passes()->name, spred_passes_all()[0]->name);
    for (size_t s = 0; s < SHAPES; s++)
        for (size_t o = 0; o < 6; o++) {
            size_t n = rows[s], p = 6, outputs = sides[o];
            double *x = calloc(n * (p + outputs), sizeof *x), *r = x + n * p;
            fill(rng, n * (p + outputs), x);
            for (size_t e = 0; e < n * (p + outputs); e++)
                x[e] = (double)(float)x[e];
            for (size_t i = 0; spred_passes_all()[i]; i++)
                check_set(spred_passes_all()[i], n, p, outputs, x, r);
            free(x);
        }
    spred_rng_free(rng);
}

/* X'R by 1, 2 and 3 threads: no bit differs, in any storage. */
static void threads_change_no_bit(void **unused)
{
    (void)unused;
    for (size_t index = 0; index < 6; index++) {
        struct recipe recipe = {.n = 33,
                                .p = 101,
                                .storage = (enum spred_storage)(index % 3),
                                .standardize = index >= 3,
                                .offset = 2};
        struct sample s;
        sample_make(&s, &recipe, 50 + index);
        assert_ok(&s.env, s.status);
        size_t n = recipe.n, p = recipe.p, outputs = 3;
        double *r = calloc(n * outputs + 3 * p * outputs, sizeof *r);
        double *out = r + n * outputs;
        struct spred_rng *rng = spred_rng_new(&s.env, 9);
        fill(rng, n * outputs, r);
        struct spred_design x = s.problem.x;
        for (size_t threads = 1; threads <= 3; threads++) {
            x.pool = spred_pool_new(&s.env, threads);
            assert_non_null(x.pool);
            assert_int_equal(spred_pool_threads(x.pool), threads);
            for (int again = 0; again < 50; again++)
                spred_design_adjoint_many(&x, outputs, r,
                                          out + (threads - 1) * p * outputs);
            spred_pool_free(x.pool);
        }
        assert_memory_equal(out, out + p * outputs, p * outputs * sizeof *out);
        assert_memory_equal(out, out + 2 * p * outputs,
                            p * outputs * sizeof *out);
        for (size_t k = 0; k < outputs; k++)
            for (size_t j = 0; j < p; j++)
                assert_near(spred_design_dot(&s.problem.x, j, r + k * n),
                            out[j + k * p], 1e-11);
        spred_rng_free(rng);
        free(r);
        sample_free(&s);
    }
}

/* Every part runs once, in its own share, call after call. */
struct tally {
    int count[8];
    size_t covered[8];
};

static void count_part(void *cookie, size_t index, size_t threads)
{
    struct tally *tally = cookie;
    size_t from, to;
    spred_pool_share(1001, index, threads, &from, &to);
    tally->count[index]++;
    tally->covered[index] = to - from;
}

static void a_pool_runs_every_part_once(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (size_t threads = 1; threads <= 5; threads++) {
        struct spred_pool *pool = spred_pool_new(&env, threads);
        struct tally tally = {{0}, {0}};
        for (int call = 0; call < 1000; call++)
            spred_pool_run(pool, count_part, &tally);
        size_t covered = 0;
        for (size_t t = 0; t < threads; t++) {
            assert_int_equal(tally.count[t], 1000);
            covered += tally.covered[t];
        }
        assert_int_equal(covered, 1001);
        spred_pool_free(pool);
    }
    struct tally alone = {{0}, {0}};
    spred_pool_run(NULL, count_part, &alone);
    assert_int_equal(alone.covered[0], 1001);
}

/* What may reach the bound is exact, the rest is certainly below it: also in
 * the passes that compare with an earlier residual. */
static void the_scanner_keeps_its_promise(void **unused)
{
    (void)unused;
    static const enum spred_precision modes[] = {
        SPRED_SCAN_AUTO, SPRED_SCAN_DOUBLE, SPRED_SCAN_SINGLE};
    for (size_t index = 0; index < 24; index++) {
        struct recipe recipe = {.n = 20 + index,
                                .p = 90,
                                .storage = (enum spred_storage)(index % 4 % 3),
                                .standardize = index % 2,
                                .correlation = 0.5,
                                .offset = 3};
        struct sample s;
        sample_make(&s, &recipe, 70 + index);
        assert_ok(&s.env, s.status);
        size_t n = recipe.n, p = recipe.p, outputs = 1 + index % 3;
        double *r = calloc(n * outputs + 3 * p * outputs, sizeof *r);
        double *out = r + n * outputs, *full = out + p * outputs;
        double *bound = full + p * outputs;
        struct spred_rng *rng = spred_rng_new(&s.env, index);
        struct spred_scanner *scanner =
            spred_scanner_new(&s.env, &s.problem.x, outputs, modes[index % 3]);
        fill(rng, n * outputs, r);
        double passes = 0;
        for (int call = 0; call < 40; call++) {
            for (size_t e = 0; e < n * outputs; e++)
                r[e] += 0.02 * spred_rng_normal(rng);
            spred_design_adjoint_many(&s.problem.x, outputs, r, full);
            for (size_t j = 0; j < p; j++)
                bound[j] =
                    j % 3 ? (0.2 + spred_rng_uniform(rng)) * fabs(full[j]) + 1
                          : fabs(full[j]); /* just reached */
            passes += spred_scanner_scores(scanner, r, bound, out);
            for (size_t k = 0; k < outputs; k++)
                for (size_t j = 0; j < p; j++) {
                    size_t e = j + k * p;
                    if (fabs(full[e]) >= bound[j])
                        assert_near(out[e], full[e], 1e-11);
                    else
                        assert_true(fabs(out[e]) < bound[j] + 1e-11);
                }
        }
        for (size_t j = 0; j < p; j++)
            bound[j] = 1e6; /* nothing is near: half of a pass, or less */
        double cost = spred_scanner_scores(scanner, r, bound, out);
        int single = recipe.storage == SPRED_F64 &&
                     modes[index % 3] == SPRED_SCAN_SINGLE;
        assert_true(single ? cost <= 0.5 * (double)outputs
                           : cost <= (double)outputs);
        assert_true(passes > 0);
        spred_scanner_scores(scanner, r, NULL, out);
        assert_memory_equal(out, full, p * outputs * sizeof *out);
        spred_scanner_free(scanner);
        spred_rng_free(rng);
        free(r);
        sample_free(&s);
    }
}

/* Values that single precision cannot hold are taken in double. */
static void tiny_and_huge_values(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = 20, .p = 30};
    struct sample s;
    sample_make(&s, &recipe, 5);
    assert_ok(&s.env, s.status);
    struct spred_rng *rng = spred_rng_new(&s.env, 2);
    struct spred_scanner *scanner =
        spred_scanner_new(&s.env, &s.problem.x, 1, SPRED_SCAN_SINGLE);
    static const double scales[] = {1e-42, 1, 1e-200, 1e39, 1e-42, 1e120};
    for (size_t call = 0; call < 6; call++) {
        double r[20], full[30], bound[30], out[30];
        fill(rng, 20, r);
        for (size_t i = 0; i < 20; i++)
            r[i] *= scales[call];
        spred_design_adjoint(&s.problem.x, r, full);
        for (size_t j = 0; j < 30; j++)
            bound[j] = fabs(full[j]) * (j % 2 ? 0.9 : 1);
        spred_scanner_scores(scanner, r, bound, out);
        for (size_t j = 0; j < 30; j++)
            assert_near(out[j], full[j], 1e-12 * scales[call]);
    }
    spred_scanner_free(scanner);
    spred_rng_free(rng);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_of_loops),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(a_pool_runs_every_part_once),
        cmocka_unit_test(the_scanner_keeps_its_promise),
        cmocka_unit_test(tiny_and_huge_values)};
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
