/* t-kernels.c: HSIC kernels against their formulas, non-negative LARS against
 * coordinate descent. */
#include "test.h"

#include "solvers/models/hsic_kernels.h"
#include "solvers/models/nn_lars.h"
#include "spred/rng.h"

/* ---- kernels ---- */

enum { MOST_N = 64 };

/* HKH / |HKH|_F by its definition. */
static void centred(const double *k, size_t n, double *out)
{
    double norm = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double row = 0, column = 0, all = 0;
            for (size_t a = 0; a < n; a++) {
                row += k[i * n + a] / (double)n;
                column += k[a * n + j] / (double)n;
                for (size_t b = 0; b < n; b++)
                    all += k[a * n + b] / (double)(n * n);
            }
            out[i * n + j] = k[i * n + j] - row - column + all;
            norm += out[i * n + j] * out[i * n + j];
        }
    for (size_t e = 0; e < n * n; e++)
        out[e] /= sqrt(norm);
}

/* A vector's block b, unpacked, against `want`. */
static void same_block(const struct hsic_blocks *s, const float *vector,
                       size_t b, const double *want)
{
    const float *value = vector + b * s->values;
    double factor = sqrt((double)s->blocks);
    for (size_t i = 0; i < s->block; i++)
        for (size_t j = i; j < s->block; j++, value++)
            assert_near(*value * factor / (i == j ? 1 : sqrt(2.)),
                        want[i * s->block + j], 3e-6);
}

static void check_blocks(size_t n, size_t block, size_t repeats)
{
    struct spred_env env;
    struct hsic_blocks s;
    float x[MOST_N];
    double y[MOST_N], mean = 0, square = 0;
    int32_t codes[MOST_N];
    static double k[MOST_N * MOST_N], want[MOST_N * MOST_N];
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, n + block);
    assert_ok(&env, hsic_blocks_open(&env, n, block, repeats, 3, &s));
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(5 + 3 * spred_rng_normal(rng));
        y[i] = x[i];
        codes[i] = (int32_t)spred_rng_below(rng, 3);
        mean += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        square += (y[i] - mean) * (y[i] - mean) / (double)(n - 1);
    float *gene = malloc(3 * s.length * sizeof *gene);
    float *values = gene + s.length, *classes = values + s.length;
    hsic_gene(&s, x, gene);
    hsic_values(&s, y, values);
    hsic_classes(&s, codes, classes);
    assert_near(hsic_dot(gene, gene, s.length), 1, 1e-5);
    double mean_product = 0;
    for (size_t b = 0; b < s.blocks; b++) {
        const size_t *order = s.order + b * s.block;
        size_t m = s.block;
        static double other[MOST_N * MOST_N];
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < m; j++) {
                double d = y[order[i]] - y[order[j]], members = 0;
                for (size_t a = 0; a < m; a++)
                    members += codes[order[a]] == codes[order[i]];
                k[i * m + j] = exp(-d * d / (2 * square));
                other[i * m + j] =
                    codes[order[i]] == codes[order[j]] ? 1 / members : 0;
            }
        centred(k, m, want);
        same_block(&s, gene, b, want);
        same_block(&s, values, b, want);
        centred(other, m, k);
        same_block(&s, classes, b, k);
        for (size_t e = 0; e < m * m; e++)
            mean_product += want[e] * k[e] / (double)s.blocks;
    }
    assert_near(hsic_dot(gene, classes, s.length), mean_product, 1e-5);
    free(gene);
    hsic_blocks_close(&env, &s);
    spred_rng_free(rng);
}

static void kernels_are_their_formulas(void **unused)
{
    (void)unused;
    check_blocks(60, 20, 3);
    check_blocks(64, 0, 3);
    check_blocks(50, 7, 2);
    check_blocks(13, 6, 4);
}

/* Every permutation is cut into blocks without a sample twice. */
static void blocks_cover(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct hsic_blocks s, again, other;
    spred_env_init(&env);
    assert_ok(&env, hsic_blocks_open(&env, 50, 20, 3, 9, &s));
    assert_int_equal(s.blocks, 6);
    for (size_t r = 0; r < 3; r++) {
        int seen[50] = {0};
        for (size_t e = 0; e < 40; e++)
            assert_int_equal(seen[s.order[r * 40 + e]]++, 0);
    }
    assert_ok(&env, hsic_blocks_open(&env, 50, 20, 3, 9, &again));
    assert_ok(&env, hsic_blocks_open(&env, 50, 20, 3, 10, &other));
    assert_memory_equal(s.order, again.order, 120 * sizeof *s.order);
    assert_memory_not_equal(s.order, other.order, 120 * sizeof *s.order);
    hsic_blocks_close(&env, &s);
    hsic_blocks_close(&env, &again);
    hsic_blocks_close(&env, &other);
    assert_ok(&env, hsic_blocks_open(&env, 15, 20, 3, 9, &s));
    assert_int_equal(s.block, 15);
    assert_int_equal(s.blocks, 1);
    hsic_blocks_close(&env, &s);
    assert_int_equal(hsic_blocks_open(&env, 15, 1, 3, 9, &s), SPRED_EINVAL);
    assert_int_equal(hsic_blocks_open(&env, 1, 0, 1, 9, &s), SPRED_EINVAL);
}

/* Nothing varies: 0. One sample far out: finite. -x: as x. And two centred
 * kernels have no negative product, which the order of the LARS rests on. */
static void kernels_at_their_ends(void **unused)
{
    (void)unused;
    enum { N = 40, GENES = 31 };
    struct spred_env env;
    struct hsic_blocks s;
    float x[N], *out;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 2);
    assert_ok(&env, hsic_blocks_open(&env, N, 20, 3, 9, &s));
    out = malloc(GENES * s.length * sizeof *out);
    for (size_t i = 0; i < N; i++)
        x[i] = 7;
    hsic_gene(&s, x, out);
    for (size_t e = 0; e < s.length; e++)
        assert_true(out[e] == 0);
    x[3] = 1e6f;
    hsic_gene(&s, x, out);
    for (size_t e = 0; e < s.length; e++)
        assert_true(isfinite(out[e]));
    for (size_t g = 0; g < GENES; g++) {
        for (size_t i = 0; i < N; i++) {
            double z = spred_rng_normal(rng);
            x[i] = (float)(g % 3 == 0 ? z : g % 3 == 1 ? exp(z) : z > 1);
        }
        hsic_gene(&s, x, out + g * s.length);
        for (size_t h = 0; h < g; h++)
            assert_true(hsic_dot(out + g * s.length, out + h * s.length,
                                 s.length) >= -1e-6);
    }
    for (size_t i = 0; i < N; i++)
        x[i] = -x[i];
    hsic_gene(&s, x, out);
    assert_near(hsic_dot(out, out + (GENES - 1) * s.length, s.length), 1, 1e-5);
    free(out);
    hsic_blocks_close(&env, &s);
    spred_rng_free(rng);
}

/* ---- non-negative LARS ---- */

enum { ROWS = 25, MOST_P = 700 };

struct lasso {
    size_t p, asked;
    double k[ROWS * MOST_P], y[ROWS], with_y[MOST_P];
};

static double dot(const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++)
        sum += a[i] * b[i];
    return sum;
}

static enum spred_status lasso_products(void *cookie, size_t column,
                                        size_t from, size_t to, double *out)
{
    struct lasso *l = cookie;
    for (size_t j = from; j < to; j++)
        out[j - from] = dot(l->k + j * ROWS, l->k + column * ROWS);
    l->asked += to - from;
    return SPRED_OK;
}

static void lasso_correlate(struct lasso *l)
{
    for (size_t j = 0; j < l->p; j++)
        l->with_y[j] = dot(l->k + j * ROWS, l->y);
}

static void lasso_make(struct lasso *l, size_t p, uint64_t seed, int positive)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, seed);
    l->p = p;
    l->asked = 0;
    for (size_t e = 0; e < ROWS * p; e++)
        l->k[e] = positive ? spred_rng_uniform(rng) : spred_rng_normal(rng);
    for (size_t i = 0; i < ROWS; i++)
        l->y[i] =
            3 * spred_rng_uniform(rng) + spred_rng_normal(rng) + 2 * l->k[i];
    lasso_correlate(l);
    spred_rng_free(rng);
}

/* a by coordinate descent: a_j = max(0, (k_j'r + |k_j|^2 a_j - lambda) /
 * |k_j|^2). Returns the objective. */
static double lasso_solve(const struct lasso *l, double lambda, double *a)
{
    double r[ROWS], change = 1, value = 0;
    memcpy(r, l->y, sizeof r);
    for (size_t j = 0; j < l->p; j++)
        for (size_t i = 0; i < ROWS; i++)
            r[i] -= a[j] * l->k[i + j * ROWS];
    for (int sweep = 0; sweep < 20000 && change > 1e-14; sweep++) {
        change = 0;
        for (size_t j = 0; j < l->p; j++) {
            const double *k = l->k + j * ROWS;
            double size = dot(k, k);
            double next = fmax(0, a[j] + (dot(k, r) - lambda) / size);
            for (size_t i = 0; i < ROWS; i++)
                r[i] -= (next - a[j]) * k[i];
            change = fmax(change, fabs(next - a[j]));
            a[j] = next;
        }
    }
    for (size_t j = 0; j < l->p; j++)
        value += lambda * a[j];
    return value + dot(r, r) / 2;
}

static double lasso_value(const struct lasso *l, double lambda, const double *a)
{
    double r[ROWS], value = 0;
    memcpy(r, l->y, sizeof r);
    for (size_t j = 0; j < l->p; j++) {
        assert_true(a[j] >= 0);
        value += lambda * a[j];
        for (size_t i = 0; i < ROWS; i++)
            r[i] -= a[j] * l->k[i + j * ROWS];
    }
    return value + dot(r, r) / 2;
}

/* c_j <= lambda, = lambda where a_j > 0. */
static void stationary(const struct lasso *l, double lambda, const double *a)
{
    double r[ROWS];
    memcpy(r, l->y, sizeof r);
    for (size_t j = 0; j < l->p; j++)
        for (size_t i = 0; i < ROWS; i++)
            r[i] -= a[j] * l->k[i + j * ROWS];
    for (size_t j = 0; j < l->p; j++) {
        double c = dot(l->k + j * ROWS, r);
        assert_true(c <= lambda + 1e-8);
        if (a[j] > 1e-12)
            assert_near(c, lambda, 1e-8);
    }
}

/* The whole path; `exactly`: also against coordinate descent. Returns how often
 * a column left. */
static int follow(struct lasso *l, int ordered, int exactly, double *end)
{
    struct spred_env env;
    struct nn_lars *lars;
    struct nn_lars_source source = {.count = l->p,
                                    .with_y = l->with_y,
                                    .products = lasso_products,
                                    .cookie = l,
                                    .ordered = ordered};
    static double a[MOST_P], reference[MOST_P];
    int finished = 0, left = 0;
    size_t before = 0;
    double lambda = INFINITY;
    spred_env_init(&env);
    memset(reference, 0, sizeof reference);
    assert_ok(&env, nn_lars_new(&env, &source, l->p, &lars));
    for (int steps = 0; !finished; steps++) {
        const size_t *set;
        const double *values;
        assert_true(steps < 1000);
        assert_ok(&env, nn_lars_step(lars, &finished));
        assert_true(nn_lars_lambda(lars) <= lambda);
        lambda = nn_lars_lambda(lars);
        size_t active = nn_lars_active(lars, &set, &values);
        memset(a, 0, sizeof a);
        for (size_t k = 0; k < active; k++)
            a[set[k]] = values[k];
        left += active <= before;
        before = active;
        stationary(l, lambda, a);
        if (exactly) {
            double best = lasso_solve(l, lambda, reference);
            assert_near(lasso_value(l, lambda, a), best, 1e-9 * (1 + best));
        }
    }
    memcpy(end, a, l->p * sizeof *end);
    nn_lars_free(lars);
    return left;
}

static void lars_is_the_lasso(void **unused)
{
    (void)unused;
    static struct lasso l;
    static double end[MOST_P];
    int left = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        lasso_make(&l, seed % 3 == 0 ? 4 : 18, seed, seed % 2 == 0);
        left += follow(&l, 0, 1, end);
    }
    assert_true(left > 5); /* columns that leave were met */
    lasso_make(&l, 60, 77, 0);
    follow(&l, 0, 0, end);
}

/* Ties: the same column three times, orthogonal columns with the same k'y. */
static void lars_with_ties(void **unused)
{
    (void)unused;
    static struct lasso l;
    static double end[MOST_P];
    for (uint64_t seed = 0; seed < 10; seed++) {
        lasso_make(&l, 15, seed, 1);
        memcpy(l.k + 4 * ROWS, l.k, ROWS * sizeof *l.k);
        memcpy(l.k + 9 * ROWS, l.k, ROWS * sizeof *l.k);
        memcpy(l.k + 8 * ROWS, l.k + 3 * ROWS, ROWS * sizeof *l.k);
        lasso_correlate(&l);
        follow(&l, 0, 1, end);
    }
    lasso_make(&l, 12, 1, 0);
    memset(l.k, 0, sizeof l.k);
    for (size_t j = 0; j < 12; j++)
        l.k[j + j * ROWS] = 2;
    for (size_t i = 0; i < ROWS; i++)
        l.y[i] = i < 6 ? 1 : i < 10 ? .5 : -1;
    lasso_correlate(&l);
    follow(&l, 0, 1, end);
    for (size_t j = 0; j < 12; j++)
        assert_near(end[j], j < 6 ? .5 : j < 10 ? .25 : 0, 1e-9);
    for (size_t i = 0; i < ROWS; i++)
        l.y[i] = -1;
    lasso_correlate(&l);
    follow(&l, 0, 1, end);
    for (size_t j = 0; j < 12; j++)
        assert_true(end[j] == 0);
}

/* Moves y so that the first `tied` columns have the same k'y, above all others
 * (tied <= 8): y + K_E (K_E'K_E)^-1 (level - K_E'y). */
static void tie(struct lasso *l, size_t tied)
{
    double g[8][9], level = 0;
    for (size_t j = 0; j < l->p; j++)
        level = fmax(level, 1.5 * l->with_y[j]);
    for (size_t i = 0; i < tied; i++) {
        for (size_t j = 0; j < tied; j++)
            g[i][j] = dot(l->k + i * ROWS, l->k + j * ROWS);
        g[i][tied] = level - l->with_y[i];
    }
    for (size_t k = 0; k < tied; k++)
        for (size_t i = 0; i < tied; i++)
            for (size_t j = tied + 1; i != k && j-- > k;)
                g[i][j] -= g[i][k] / g[k][k] * g[k][j];
    for (size_t j = 0; j < tied; j++)
        for (size_t i = 0; i < ROWS; i++)
            l->y[i] += l->k[i + j * ROWS] * g[j][tied] / g[j][j];
    lasso_correlate(l);
}

/* Six or eight columns meet at the first knot: some of them must not join. */
static void lars_where_many_meet(void **unused)
{
    (void)unused;
    static struct lasso l;
    static double end[MOST_P];
    for (uint64_t seed = 0; seed < 400; seed++) {
        lasso_make(&l, 8, seed, 1);
        tie(&l, 8);
        follow(&l, 0, seed < 20, end);
        lasso_make(&l, 14, seed, 0);
        tie(&l, 6);
        follow(&l, 0, seed < 20, end);
    }
}

/* Columns k_a + k_b - k_c lie in the span of three others, and reach the bound
 * with the last of these; when k_c leaves, they must join at once. */
static void lars_of_mixtures(void **unused)
{
    (void)unused;
    static struct lasso l;
    static double end[MOST_P];
    for (uint64_t seed = 0; seed < 200; seed++) {
        lasso_make(&l, 20, seed, seed % 2 == 0);
        for (size_t j = 10; j < 20; j++) {
            const double *a = l.k + (j - 10) * ROWS;
            const double *b = l.k + (j - 9) % 10 * ROWS;
            const double *c = l.k + (j - 8) % 10 * ROWS;
            for (size_t i = 0; i < ROWS; i++)
                l.k[i + j * ROWS] = a[i] + b[i] - c[i];
        }
        lasso_correlate(&l);
        follow(&l, 0, seed < 20, end);
    }
}

static int falls(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

/* In order of k'y and with no negative product, most columns are not asked
 * for, and the path is the same. */
static void lars_asks_for_the_best(void **unused)
{
    (void)unused;
    enum { P = MOST_P };
    static struct lasso l, sorted;
    static double end[MOST_P], same[MOST_P];
    struct {
        double with_y;
        size_t column;
    } rank[P];
    lasso_make(&l, P, 5, 1);
    for (size_t j = 0; j < P; j++) {
        rank[j].with_y = l.with_y[j];
        rank[j].column = j;
    }
    qsort(rank, P, sizeof *rank, falls);
    sorted = l;
    for (size_t j = 0; j < P; j++)
        memcpy(sorted.k + j * ROWS, l.k + rank[j].column * ROWS,
               ROWS * sizeof *l.k);
    lasso_correlate(&sorted);
    follow(&l, 0, 0, end);
    follow(&sorted, 1, 0, same);
    for (size_t j = 0; j < P; j++)
        assert_near(same[j], end[rank[j].column], 1e-8);

    struct spred_env env;
    struct nn_lars *lars;
    struct nn_lars_source source = {.count = P,
                                    .with_y = sorted.with_y,
                                    .products = lasso_products,
                                    .cookie = &sorted,
                                    .ordered = 1};
    int finished = 0;
    const size_t *set;
    const double *a;
    spred_env_init(&env);
    sorted.asked = 0;
    assert_ok(&env, nn_lars_new(&env, &source, 2, &lars));
    assert_ok(&env, nn_lars_step(lars, &finished));
    assert_true(nn_lars_watched(lars) < P);
    assert_int_equal(sorted.asked, nn_lars_watched(lars));
    while (!finished)
        assert_ok(&env, nn_lars_step(lars, &finished));
    assert_int_equal(nn_lars_active(lars, &set, &a), 2);
    nn_lars_free(lars);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_are_their_formulas),
        cmocka_unit_test(blocks_cover),
        cmocka_unit_test(kernels_at_their_ends),
        cmocka_unit_test(lars_is_the_lasso),
        cmocka_unit_test(lars_with_ties),
        cmocka_unit_test(lars_where_many_meet),
        cmocka_unit_test(lars_of_mixtures),
        cmocka_unit_test(lars_asks_for_the_best)};
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
