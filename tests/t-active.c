/* t-active.c: the factor of an active set against the Gram matrix it stands
 * for, through joins, drops and a fresh start. */
#include "problems.h"

#include "solvers/active.h"

enum { N = 30, P = 40 };

/* Worst |LL' - columns'columns| and |LL' v - b| of the solution v, over the
 * sizes of the terms. */
static double misfit(const struct spred_active *a)
{
    size_t m = a->count, ld = a->capacity;
    double v[N] = {0}, solved[N] = {0}, worst = 0;
    spred_active_solution(a, v);
    memcpy(solved, a->b, m * sizeof *solved);
    spred_active_solve(a, solved);
    for (size_t i = 0; i < m; i++) {
        double left = -a->b[i], size = fabs(a->b[i]);
        for (size_t k = 0; k < m; k++) {
            double gram = 0, entry = 0;
            for (size_t t = 0; t < N; t++)
                gram += a->columns[t + i * N] * a->columns[t + k * N];
            for (size_t t = 0; t <= i && t <= k; t++)
                entry += a->factor[i + t * ld] * a->factor[k + t * ld];
            worst = fmax(worst, fabs(entry - gram) / N);
            left += gram * v[k];
            size += fabs(gram * v[k]);
        }
        worst = fmax(worst, fabs(left) / size);
        worst = fmax(worst, fabs(v[i] - solved[i]) / (1 + fabs(v[i])));
    }
    return worst;
}

static void joins_and_drops(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct recipe recipe = {.n = N,
                                .p = P,
                                .weights = seed % 2,
                                .intercept = seed % 4 < 2,
                                .storage = (enum spred_storage)(seed % 3),
                                .correlation = seed % 3 ? 4 : 0};
        struct sample s;
        struct spred_active a = {0};
        size_t drops = 0, most = 0;
        int inside[P] = {0}, dependent;
        sample_make(&s, &recipe, seed);
        struct spred_rng *rng = spred_rng_new(&s.env, seed);
        assert_ok(&s.env, spred_active_open(&a, &s.env, &s.problem));
        for (int change = 0; change < 300; change++) {
            size_t j = spred_rng_below(rng, P);
            if (inside[j]) {
                size_t at = 0;
                while (a.index[at] != j)
                    at++;
                spred_active_remove(&a, at);
                drops++;
                inside[j] = 0;
            } else if (a.count < N - 2) {
                double b = spred_rng_normal(rng);
                assert_ok(&s.env, spred_active_append(&a, j, b, &dependent));
                assert_false(dependent);
                assert_int_equal(a.index[a.count - 1], j);
                assert_near(a.b[a.count - 1], b, 0);
                inside[j] = 1;
            }
            most = a.count > most ? a.count : most;
            double off = misfit(&a);
            if (!(off < 1e-9))
                fail_msg("seed %d change %d: off by %g", (int)seed, change,
                         off);
        }
        assert_true(drops > 50 && most > 15);
        double before[N], after[N];
        spred_active_solution(&a, before);
        memset(a.factor, 0, a.count * a.capacity * sizeof *a.factor);
        memset(a.half, 0, a.count * sizeof *a.half);
        assert_ok(&s.env, spred_active_refactor(&a));
        spred_active_solution(&a, after);
        for (size_t i = 0; i < a.count; i++)
            assert_near(after[i], before[i], 1e-8 * (1 + fabs(before[i])));
        assert_true(misfit(&a) < 1e-9);
        spred_active_close(&a);
        spred_rng_free(rng);
        sample_free(&s);
    }
}

/* A column in the span of the others is told from one that is 1e-7 beside it,
 * whose share of the factor is right to many digits all the same. */
static void nearly_dependent(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = N, .p = 4};
    struct sample s;
    struct spred_active a = {0};
    int dependent;
    sample_make(&s, &recipe, 3);
    double *x = s.matrix.f64, square = 0;
    for (size_t i = 0; i < N; i++) { /* x_2 = x_0 + x_1, x_3 beside x_0 */
        x[i + 2 * N] = x[i] + x[i + N];
        x[i + 3 * N] = x[i] + 1e-7 * (i == 4);
    }
    assert_ok(&s.env, spred_active_open(&a, &s.env, &s.problem));
    for (size_t j = 0; j < 4; j++) {
        assert_ok(&s.env, spred_active_append(&a, j, 1, &dependent));
        assert_int_equal(dependent, j == 2);
    }
    /* what of e_4 lies outside the span of x_0 and x_1 */
    double g[3] = {0, 0, 0};
    for (size_t i = 0; i < N; i++) {
        g[0] += x[i] * x[i];
        g[1] += x[i] * x[i + N];
        g[2] += x[i + N] * x[i + N];
    }
    double det = g[0] * g[2] - g[1] * g[1], p = x[4], q = x[4 + N];
    square = 1 - (g[2] * p * p - 2 * g[1] * p * q + g[0] * q * q) / det;
    assert_near(a.factor[2 + 2 * a.capacity] / 1e-7, sqrt(square), 1e-6);
    spred_active_close(&a);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(joins_and_drops),
                                       cmocka_unit_test(nearly_dependent)};
    return cmocka_run_group_tests_name("active", tests, NULL, NULL);
}
