/* t-coding-loops.c: the inner loops of sparse coding, all sets that this
 * processor runs, against plain sums and a triangle made anew. */
#include "test.h"

#include "solvers/coding/active.h"
#include "spred/linalg.h"
#include "spred/rng.h"

enum { N = 77, ROOM = 24 };

static void random_gram(struct spred_rng *rng, size_t n, double *g)
{
    enum { ROWS = 90 };
    double *d = malloc(ROWS * n * sizeof *d);
    for (size_t e = 0; e < ROWS * n; e++)
        d[e] = spred_rng_normal(rng);
    spred_gemm(1, 0, n, n, ROWS, 1, d, ROWS, d, ROWS, 0, g, n);
    free(d);
}

static void scans(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 1);
    static double g[N * N];
    random_gram(rng, N, g);
    for (size_t n = 1; n <= N; n++)
        for (const struct coding_loops *const *set = coding_loops_all(); *set;
             set++) {
            double c[N], y[N], a[3] = {.5, -2, 3}, top = 0;
            uint32_t index[3], found[N];
            for (size_t k = 0; k < 3; k++)
                index[k] = (uint32_t)spred_rng_below(rng, n);
            for (size_t j = 0; j < n; j++)
                c[j] = spred_rng_normal(rng);
            (*set)->combine(n, g, 3, index, a, c, y);
            for (size_t j = 0; j < n; j++) {
                double sum = c[j];
                for (size_t k = 0; k < 3; k++)
                    sum += a[k] * g[j + index[k] * n];
                assert_near(y[j], sum, 1e-10);
                top = fmax(top, fabs(y[j]));
            }
            assert_near((*set)->largest(n, y), top, 0);
            size_t count = (*set)->above(n, y, top / 2, found), at = 0;
            for (size_t j = 0; j < n; j++)
                if (fabs(y[j]) > top / 2) {
                    assert_true(at < count);
                    assert_int_equal(found[at++], j);
                }
            assert_int_equal(at, count);
            (*set)->advance(n, 2, c, y);
            for (size_t j = 0; j < n; j++) {
                double sum = -c[j];
                for (size_t k = 0; k < 3; k++)
                    sum += a[k] * g[j + index[k] * n];
                assert_near(y[j], sum, 1e-10);
            }
        }
    spred_rng_free(rng);
}

/* The least step below the given one at which a free one is at the level. */
static void reaches(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 2);
    for (int round = 0; round < 300; round++)
        for (const struct coding_loops *const *set = coding_loops_all(); *set;
             set++) {
            double g[N], a[N], block[N], least = 1.5;
            size_t n = 1 + spred_rng_below(rng, N), who = n;
            for (size_t j = 0; j < n; j++) {
                g[j] = 4 * spred_rng_uniform(rng) - 2;
                a[j] = 1.6 * spred_rng_uniform(rng) - .8;
                block[j] = spred_rng_below(rng, 4) ? 0 : INFINITY;
                double low = (2 - g[j]) / (1 - a[j]);
                double high = (2 + g[j]) / (1 + a[j]);
                double first = fmin(low, high);
                if (!(block[j] > 0) && first < least) {
                    least = first;
                    who = j;
                }
            }
            double step = 1.5;
            assert_int_equal((*set)->reach(n, g, a, block, 2, &step), who);
            assert_near(step, least, 1e-14);
        }
    spred_rng_free(rng);
}

/* Members come and go; the solve is that of their matrix made anew. */
static void triangle(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (const struct coding_loops *const *set = coding_loops_all(); *set;
         set++) {
        struct spred_rng *rng = spred_rng_new(&env, 3);
        static double g[N * N], rows[ROOM * ROOM], columns[ROOM * ROOM];
        double scratch[2 * ROOM];
        struct active_factor f = {0, ROOM, rows, columns, scratch};
        size_t member[ROOM];
        memset(rows, 0, sizeof rows);
        memset(columns, 0, sizeof columns);
        random_gram(rng, N, g);
        for (int round = 0; round < 500; round++) {
            size_t j = spred_rng_below(rng, N), m = f.count, known = 0;
            double cross[ROOM] = {0}, b[ROOM] = {0}, x[ROOM];
            for (size_t k = 0; k < m; k++) {
                cross[k] = g[member[k] + j * N];
                known += member[k] == j;
            }
            if (m == ROOM || (m > 0 && spred_rng_below(rng, 3) == 0)) {
                size_t p = spred_rng_below(rng, m);
                (*set)->remove(&f, p);
                memmove(member + p, member + p + 1,
                        (m - p - 1) * sizeof *member);
            } else {
                int dependent = (*set)->append(&f, cross, g[j + j * N], 1e-10);
                assert_int_equal(dependent, known > 0);
                if (!dependent)
                    member[m] = j;
            }
            m = f.count;
            for (size_t k = 0; k < m; k++)
                b[k] = spred_rng_normal(rng);
            (*set)->solve(&f, b, x);
            for (size_t k = 0; k < m; k++) {
                double sum = -b[k];
                for (size_t l = 0; l < m; l++)
                    sum += g[member[k] + member[l] * N] * x[l];
                assert_near(sum, 0, 1e-9);
            }
            for (size_t k = m; k < coding_padded(m); k++)
                assert_near(x[k], 0, 0); /* the padding stays zero */
        }
        spred_rng_free(rng);
    }
}

/* An atom that depends on the members enters by exchange: Dz stays, |z|_1
 * falls, and one member is out. */
static void exchanges(void **unused)
{
    (void)unused;
    /* d_0 = (1, 0), d_1 = (0, 1), d_2 = (1, 1): a sum */
    static const double gram[] = {1, 0, 1, 0, 1, 1, 1, 1, 2};
    static const double d[] = {1, 0, 0, 1, 1, 1};
    const struct spred_coding coding = {
        .m = 2, .atoms = 3, .n = 1, .dictionary = d};
    const struct spred_coding_shared shared = {&coding, gram, 3};
    struct spred_env env;
    struct coding_active a;
    spred_env_init(&env);
    assert_ok(&env, coding_active_open(&env, &a, &shared));
    assert_true(coding_active_enter(&a, 0, 1));
    assert_true(coding_active_enter(&a, 1, 1));
    a.value[0] = 3;
    a.value[1] = 5;
    assert_false(coding_active_enter(&a, 2, 1));
    assert_false(coding_active_exchange(&a, 2, -1)); /* |z|_1 would rise */
    assert_true(coding_active_exchange(&a, 2, 1));
    assert_int_equal(a.factor.count, 2);
    assert_int_equal(a.member[0], 1);
    assert_int_equal(a.member[1], 2);
    assert_near(a.value[0], 2, 1e-14);
    assert_near(a.value[1], 3, 1e-14);
    coding_active_close(&env, &a);
}

/* One sweep is the plain one. */
static void sweeps(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (const struct coding_loops *const *set = coding_loops_all(); *set;
         set++) {
        struct spred_rng *rng = spred_rng_new(&env, 4);
        enum { M = 16 };
        double q[M * M], inverse[M], g[M], z[M] = {0}, c[M], most = 0;
        random_gram(rng, M, q);
        for (size_t j = 0; j < M; j++) {
            inverse[j] = j == 5 ? 0 : 1 / q[j + j * M];
            c[j] = g[j] = 50 * spred_rng_normal(rng);
        }
        double moved = (*set)->sweep(M, q, inverse, 20, g, z), plain[M] = {0};
        for (size_t j = 0; j < M; j++) {
            double to = c[j];
            for (size_t k = 0; k < M; k++)
                to -= q[j + k * M] * plain[k];
            if (j != 5)
                plain[j] = copysign(fmax(fabs(to) - 20, 0), to) * inverse[j];
            most = fmax(most, q[j + j * M] * plain[j] * plain[j]);
            assert_near(z[j], plain[j], 1e-12);
        }
        assert_near(moved, most, 1e-9);
        assert_true(most > 0);
        spred_rng_free(rng);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans),    cmocka_unit_test(reaches),
        cmocka_unit_test(triangle), cmocka_unit_test(exchanges),
        cmocka_unit_test(sweeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
