/* t-preprocess.c: values by hand, no leaks from other rows, odd columns. */
#include "test.h"

#include "spred/preprocess.h"
#include "spred/rng.h"

static const struct spred_preprocess_rules plain = {
    SPRED_LOG2_NEVER, 0, 1, 1, 1, 0, 0};

static struct spred_matrix dense(double *values, size_t rows, size_t cols)
{
    return (struct spred_matrix){
        .storage = SPRED_F64, .rows = rows, .cols = cols, .f64 = values};
}

static void moments_by_hand(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    double x[] = {1, 2, 3, 100, /**/ 5, 5, 5, 9, /**/ 0, 6, 0, -4};
    struct spred_matrix raw = dense(x, 4, 3), train, rest;
    struct spred_prepared got;
    size_t rows[] = {0, 1, 2}, last = 3;
    assert_ok(&env, spred_prepare(&env, &raw, rows, 3, &plain, &got, &train));
    assert_int_equal(got.p, 3);
    assert_near(got.mean[0], 2, 1e-15);
    assert_near(got.scale[0], 1 / sqrt(2.0 / 3), 1e-15);
    assert_near(got.mean[1], 5, 0);
    assert_near(got.scale[1], 0, 0);
    assert_near(got.mean[2], 2, 1e-15);
    assert_near(got.scale[2], 1 / sqrt(8), 1e-15);
    assert_int_equal(got.constant, 1);
    assert_int_equal(got.duplicated, 0);
    assert_int_equal(got.log2, 0);
    assert_int_equal(train.rows, 3);
    assert_near(train.f64[2 + 2 * 3], 0, 0);
    assert_ok(&env, spred_prepared_apply(&env, &got, &raw, &last, 1, &rest));
    assert_near(rest.f64[0], 100, 0);
    assert_near(rest.f64[2], -4, 0);
    spred_matrix_free(&env, &rest);
    assert_ok(&env, spred_prepared_apply(&env, &got, &raw, rows, 0, &rest));
    assert_int_equal(rest.rows, 0);
    spred_matrix_free(&env, &rest);
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &got);
}

/* R: quantile(c(-5, 0, 1:38 * 10), c(.25, .99)) = 87.5, 376.1; the 5% quantile
 * of the 38 positive ones is 28.5. */
static void log2_by_hand(void **state)
{
    (void)state;
    enum { N = 20, P = 2 };
    struct spred_env env;
    spred_env_init(&env);
    double x[N * P] = {-5, 0};
    for (int i = 2; i < N * P; i++)
        x[i] = 10 * (i - 1);
    struct spred_matrix raw = dense(x, N, P), train;
    struct spred_preprocess_rules rules = plain;
    struct spred_prepared got;
    rules.log2 = SPRED_LOG2_AUTO;
    assert_ok(&env, spred_prepare(&env, &raw, NULL, 0, &rules, &got, &train));
    assert_int_equal(got.log2, 1);
    assert_near(got.log2_floor, 28.5, 1e-12);
    for (int i = 0; i < N * P; i++)
        assert_near(train.f64[i], log2(fmax(x[i], 28.5)), 1e-14);
    assert_non_null(strstr(got.report, "25% quantile 87.5"));
    assert_non_null(strstr(got.report, "99% quantile 376.1"));
    assert_non_null(strstr(got.report, "floor 28.5 (2 of 40 "));
    assert_null(strchr(got.report, '\n'));
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &got);
    /* all positive: the floor is the minimum and changes no training value */
    x[0] = 4;
    x[1] = 5;
    assert_ok(&env, spred_prepare(&env, &raw, NULL, 0, &rules, &got, &train));
    assert_near(got.log2_floor, 4, 0);
    assert_near(train.f64[0], 2, 0);
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &got);
}

/* Each clause of the rule alone, and logarithmic data left as they are. */
static void log2_rule(void **state)
{
    (void)state;
    enum { N = 200 };
    static const struct {
        double low, high, outlier;
        int want;
    } cases[] = {{2, 14, 14, 0},    {-3, 3, 3, 0},   {200, 900, 900, 1},
                 {1, 40, 90, 1},    {-9, 40, 90, 1}, {-40, 30, 90, 0},
                 {-500, 9, 1e4, 0}, {0, 1, 1, 0}};
    struct spred_env env;
    spred_env_init(&env);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double x[N];
        for (int i = 0; i < N; i++)
            x[i] = cases[k].low +
                   (cases[k].high - cases[k].low) * ((i * 77) % N) / (N - 1);
        x[17] = cases[k].outlier;
        struct spred_matrix raw = dense(x, N, 1), train;
        struct spred_preprocess_rules rules = plain;
        struct spred_prepared got;
        rules.log2 = SPRED_LOG2_AUTO;
        assert_ok(&env,
                  spred_prepare(&env, &raw, NULL, 0, &rules, &got, &train));
        assert_int_equal(got.log2, cases[k].want);
        spred_matrix_free(&env, &train);
        spred_prepared_free(&env, &got);
        rules.log2 = SPRED_LOG2_ALWAYS;
        assert_ok(&env,
                  spred_prepare(&env, &raw, NULL, 0, &rules, &got, &train));
        assert_int_equal(got.log2, 1);
        assert_true(got.log2_floor > 0 || cases[k].low >= 0);
        spred_matrix_free(&env, &train);
        spred_prepared_free(&env, &got);
    }
}

/* More values than the rule reads one by one: rows of two kinds must still be
 * seen equally often (a step that shares a factor with n would not). */
static void log2_of_many(void **state)
{
    (void)state;
    enum { N = 6, P = 800000 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_matrix raw, train;
    assert_ok(&env, spred_matrix_new(&env, SPRED_F32, N, P, 0, &raw));
    for (size_t i = 0; i < (size_t)N * P; i++)
        raw.f32[i] = i % N == 0 ? (float)(i % 97) - 200 : (float)(i % 91) + 1;
    struct spred_preprocess_rules rules = plain;
    struct spred_prepared got;
    rules.log2 = SPRED_LOG2_AUTO;
    assert_ok(&env, spred_prepare(&env, &raw, NULL, 0, &rules, &got, &train));
    assert_int_equal(got.log2, 1); /* q25 > 0 although 1/6 is negative */
    assert_near(got.log2_floor, 5, 1);
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &got);
    spred_matrix_free(&env, &raw);
}

static void missing(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    double x[] = {1, NAN, 4, 3, NAN, /**/ NAN, NAN, NAN, NAN, 7, /**/
                  1, 2,   3, 4, NAN};
    struct spred_matrix raw = dense(x, 5, 3), train, rest;
    struct spred_preprocess_rules rules = plain;
    struct spred_prepared got;
    size_t rows[] = {0, 1, 2, 3}, last = 4;
    assert_ok(&env, spred_prepare(&env, &raw, rows, 4, &rules, &got, &train));
    assert_int_equal(got.p, 2); /* the second has no training value */
    assert_int_equal(got.kept[1], 2);
    assert_int_equal(got.missing, 1);
    assert_near(got.median[0], 3, 0);
    assert_near(got.median[1], 2.5, 0);
    assert_near(train.f64[1], 3, 0);
    assert_near(got.mean[0], 11.0 / 4, 1e-15);
    assert_ok(&env, spred_prepared_apply(&env, &got, &raw, &last, 1, &rest));
    assert_near(rest.f64[0], 3, 0);
    assert_near(rest.f64[1], 2.5, 0);
    spred_matrix_free(&env, &rest);
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &got);

    rules.missing_refuse = 1;
    assert_int_equal(spred_prepare(&env, &raw, rows, 4, &rules, &got, &train),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "feature 1 misses 1 of 4"));
    x[1] = 2;
    x[5] = x[6] = x[7] = x[8] = 1;
    assert_ok(&env, spred_prepare(&env, &raw, rows, 4, &rules, &got, &train));
    assert_null(got.median);
    assert_int_equal(spred_prepared_apply(&env, &got, &raw, &last, 1, &rest),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "sample 5, feature 1"));
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &got);
}

static void random_values(struct spred_rng *rng, double *x, size_t n, size_t p)
{
    for (size_t i = 0; i < n * p; i++)
        x[i] = spred_rng_below(rng, 20) == 0
                   ? NAN
                   : exp2(4 + 3 * spred_rng_normal(rng)) - 1;
}

static void same_bytes(const void *a, const void *b, size_t size)
{
    assert_int_equal(memcmp(a, b, size), 0);
}

/* Whatever the other rows hold, what is learnt is the same to the last bit. */
static void no_leak(void **state)
{
    (void)state;
    enum { N = 30, P = 40, TRAIN = 18 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 21);
    struct spred_preprocess_rules rules = {SPRED_LOG2_AUTO, 0, .3, 1, 1, 0, 0};
    for (int trial = 0; trial < 30; trial++) {
        double x[N * P], other[N * P];
        size_t rows[TRAIN];
        int trains[N] = {0};
        random_values(rng, x, N, P);
        random_values(rng, other, N, P);
        for (size_t i = 0; i < TRAIN; i++) {
            rows[i] = (i * 7 + (size_t)trial) % N;
            trains[rows[i]] = 1;
        }
        for (size_t i = 0; i < N * P; i++)
            if (trains[i % N])
                other[i] = x[i];
            else if (trial % 3 == 0)
                other[i] = trial % 2 ? NAN : 1e300;
        struct spred_matrix raw = dense(x, N, P), changed = dense(other, N, P);
        struct spred_matrix train, again;
        struct spred_prepared a, b;
        assert_ok(&env,
                  spred_prepare(&env, &raw, rows, TRAIN, &rules, &a, &train));
        assert_ok(&env, spred_prepare(&env, &changed, rows, TRAIN, &rules, &b,
                                      &again));
        assert_int_equal(a.p, 12);
        assert_int_equal(b.p, 12);
        assert_int_equal(a.log2, b.log2);
        same_bytes(&a.log2_floor, &b.log2_floor, sizeof a.log2_floor);
        same_bytes(a.kept, b.kept, a.p * sizeof *a.kept);
        same_bytes(a.median, b.median, a.p * sizeof *a.median);
        same_bytes(a.mean, b.mean, a.p * sizeof *a.mean);
        same_bytes(a.scale, b.scale, a.p * sizeof *a.scale);
        same_bytes(train.f64, again.f64, TRAIN * a.p * sizeof *train.f64);
        assert_string_equal(a.report, b.report);
        for (size_t k = 0; k < a.p; k++) { /* standardised as promised */
            double sum = 0, squares = 0;
            for (size_t i = 0; i < TRAIN; i++) {
                double z = (train.f64[i + k * TRAIN] - a.mean[k]) * a.scale[k];
                sum += z;
                squares += z * z;
            }
            assert_near(sum, 0, 1e-12);
            assert_near(squares, TRAIN, 1e-11);
        }
        spred_matrix_free(&env, &again);
        assert_ok(&env,
                  spred_prepared_apply(&env, &a, &raw, rows, TRAIN, &again));
        same_bytes(train.f64, again.f64, TRAIN * a.p * sizeof *train.f64);
        spred_matrix_free(&env, &again);
        spred_matrix_free(&env, &train);
        spred_prepared_free(&env, &a);
        spred_prepared_free(&env, &b);
    }
    spred_rng_free(rng);
}

static void variance_filter(void **state)
{
    (void)state;
    enum { N = 4, P = 8 };
    static const double spread[P] = {3, 1, 5, 2, 5, 0, 4, 2};
    struct spred_env env;
    spred_env_init(&env);
    double x[N * P];
    for (int i = 0; i < N * P; i++)
        x[i] = 50 + spread[i / N] * (i % N);
    struct spred_matrix raw = dense(x, N, P), train;
    struct spred_preprocess_rules rules = plain;
    struct spred_prepared got;
    static const struct {
        double share;
        size_t p, kept[6];
    } cases[] = {{.5, 4, {0, 2, 4, 6}},
                 {.6, 5, {0, 2, 3, 4, 6}}, /* of two equal ones the first */
                 {.7, 6, {0, 2, 3, 4, 6, 7}},
                 {1e-9, 1, {2}}};
    for (size_t c = 0; c < 4; c++) {
        rules.variance_keep = cases[c].share;
        assert_ok(&env,
                  spred_prepare(&env, &raw, NULL, 0, &rules, &got, &train));
        assert_int_equal(got.p, cases[c].p);
        for (size_t k = 0; k < got.p; k++) {
            assert_int_equal(got.kept[k], cases[c].kept[k]);
            assert_near(train.f64[k * N + 3], x[got.kept[k] * N + 3], 0);
        }
        spred_matrix_free(&env, &train);
        spred_prepared_free(&env, &got);
    }
}

/* As in alon and west: columns that repeat earlier ones, and constant ones. */
static void odd_columns(void **state)
{
    (void)state;
    enum { N = 12, P = 300 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 8);
    static double x[N * P];
    for (size_t i = 0; i < N * P; i++)
        x[i] = 1e6 + spred_rng_normal(rng);
    for (size_t j = 200; j < 271; j++) /* 71 copies of 10 columns */
        memcpy(x + j * N, x + (j % 10) * N, N * sizeof *x);
    for (size_t i = 0; i < N; i++) {
        x[280 * N + i] = .1;                       /* constant */
        x[281 * N + i] = .1;                       /* and its copy */
        x[282 * N + i] = i % 2 ? 0.0 : -0.0;       /* constant */
        x[283 * N + i] = i % 2 ? 1 + 2.3e-16 : 1;  /* rounding only */
        x[284 * N + i] = 1e-200 * (double)(i % 3); /* small but varies */
        x[285 * N + i] = i == 5 ? 1e-4 : 0;        /* rare */
        x[286 * N + i] =
            x[17 * N + i] + (i == 11 ? 1e-7 : 0); /* nearly equal */
    }
    for (int storage = SPRED_F64; storage <= SPRED_CSC; storage++) {
        struct spred_matrix all = dense(x, N, P), raw, train;
        struct spred_prepared got;
        assert_ok(&env, spred_matrix_convert(
                            &env, &all, (enum spred_storage)storage, &raw));
        assert_ok(&env,
                  spred_prepare(&env, &raw, NULL, 0, &plain, &got, &train));
        assert_int_equal(train.storage, storage);
        if (storage == SPRED_F32) { /* floats drop 1e-200 and 1e-7 */
            assert_int_equal(got.duplicated, 74);
            assert_int_equal(got.constant, 5);
        } else {
            assert_int_equal(got.duplicated, 72);
            assert_int_equal(got.constant, 4);
            assert_near(got.scale[284] * 1e-200, 1 / sqrt(2.0 / 3), 1e-12);
        }
        assert_near(got.scale[282], 0, 0);
        assert_near(got.scale[283], 0, 0);
        assert_true(got.scale[285] > 0);
        assert_near(got.mean[280], storage == SPRED_F32 ? (double).1f : .1, 0);
        spred_matrix_free(&env, &train);
        spred_prepared_free(&env, &got);
        spred_matrix_free(&env, &raw);
    }
    spred_rng_free(rng);
}

/* Sparse rows learn what the same dense rows learn, kept sparse. */
static void sparse_equals_dense(void **state)
{
    (void)state;
    enum { N = 25, P = 60, TRAIN = 15 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 9);
    for (int trial = 0; trial < 20; trial++) {
        double x[N * P];
        size_t rows[N];
        for (size_t i = 0; i < N * P; i++)
            x[i] = spred_rng_below(rng, 5) ? 0 : spred_rng_normal(rng);
        for (size_t i = 0; i < N; i++)
            rows[i] = i;
        if (trial % 2)
            spred_rng_shuffle(rng, rows, N);
        struct spred_matrix full = dense(x, N, P), raw, train, want, rest, back;
        struct spred_preprocess_rules rules = {
            SPRED_LOG2_AUTO, 1, trial % 3 ? .4 : 1, 1, 1, 0, 0};
        struct spred_prepared a, b;
        assert_ok(&env, spred_matrix_convert(&env, &full, SPRED_CSC, &raw));
        assert_ok(&env,
                  spred_prepare(&env, &raw, rows, TRAIN, &rules, &a, &train));
        assert_ok(&env,
                  spred_prepare(&env, &full, rows, TRAIN, &rules, &b, &want));
        assert_int_equal(a.p, b.p);
        assert_int_equal(a.constant, b.constant);
        assert_int_equal(a.duplicated, b.duplicated);
        assert_memory_equal(a.kept, b.kept, a.p * sizeof *a.kept);
        for (size_t k = 0; k < a.p; k++) {
            assert_near(a.mean[k], b.mean[k], 1e-15);
            assert_near(a.scale[k], b.scale[k], 1e-12 * b.scale[k]);
        }
        assert_ok(&env, spred_matrix_convert(&env, &train, SPRED_F64, &back));
        for (size_t k = 0; k < train.cols; k++)
            for (int64_t e = train.colptr[k] + 1; e < train.colptr[k + 1]; e++)
                assert_true(train.rowind[e] > train.rowind[e - 1]);
        same_bytes(back.f64, want.f64, TRAIN * a.p * sizeof *back.f64);
        spred_matrix_free(&env, &back);
        spred_matrix_free(&env, &want);
        assert_ok(&env, spred_prepared_apply(&env, &a, &raw, rows + TRAIN,
                                             N - TRAIN, &rest));
        for (size_t k = 0; k < a.p; k++) {
            double column[N];
            spred_matrix_column(&rest, k, column);
            for (size_t i = 0; i < N - TRAIN; i++)
                assert_near(column[i], x[rows[TRAIN + i] + a.kept[k] * N], 0);
        }
        spred_matrix_free(&env, &rest);
        spred_prepared_free(&env, &b);
        rules.log2 = SPRED_LOG2_ALWAYS;
        assert_int_equal(
            spred_prepare(&env, &raw, rows, TRAIN, &rules, &b, &want),
            SPRED_EINVAL);
        spred_matrix_free(&env, &train);
        spred_prepared_free(&env, &a);
        spred_matrix_free(&env, &raw);
    }
    spred_rng_free(rng);
}

static void refused(const struct spred_matrix *raw, const size_t *rows,
                    size_t n_rows, struct spred_preprocess_rules rules,
                    const char *says)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_prepared got;
    struct spred_matrix train;
    assert_int_equal(
        spred_prepare(&env, raw, rows, n_rows, &rules, &got, &train),
        SPRED_EINVAL);
    if (!strstr(env.error, says))
        fail_msg("'%s' does not say '%s'", env.error, says);
    assert_null(got.kept);
    assert_null(got.report);
    assert_null(train.f64);
}

static void refusals(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    double x[] = {1, 2, 3, 4, 4, 4}, flat[] = {7, 7, NAN};
    struct spred_matrix raw = dense(x, 3, 2), constant = dense(flat, 3, 1);
    struct spred_preprocess_rules rules = plain;
    size_t far[] = {0, 3}, third[] = {2};
    refused(&raw, far, 2, rules, "row 3 of a matrix with 3 rows");
    refused(&raw, far, 0, rules, "0 training rows");
    refused(&constant, far, 1, rules, "no feature varies");
    refused(&constant, third, 1, rules, "no feature left");
    rules.variance_keep = 0;
    refused(&raw, NULL, 0, rules, "share of features");
    rules.variance_keep = NAN;
    refused(&raw, NULL, 0, rules, "share of features");
    rules = plain;
    rules.log2 = SPRED_LOG2_AUTO;
    refused(&constant, third, 1, rules, "no values");
    rules.log2 = SPRED_LOG2_ALWAYS;
    x[1] = -INFINITY;
    refused(&raw, NULL, 0, rules, "sample 2, feature 1 is infinite");
    for (int i = 0; i < 6; i++)
        x[i] = -i;
    refused(&raw, NULL, 0, rules, "no training value is positive");
    x[1] = x[2] = 1.7e308;
    refused(&raw, NULL, 0, plain, "feature 1 are too large");
    x[1] = x[2] = 1;
    struct spred_prepared got;
    struct spred_matrix train;
    assert_ok(&env, spred_prepare(&env, &raw, NULL, 0, &plain, &got, &train));
    spred_matrix_free(&env, &train);
    assert_int_equal(
        spred_prepared_apply(&env, &got, &constant, NULL, 0, &train),
        SPRED_EMISMATCH);
    spred_prepared_free(&env, &got);
}

/* The n-th allocation fails, n = 0, 1, ...; blocks are counted. */
struct heap {
    long left, live;
};

static void *failing(void *cookie, void *pointer, size_t size)
{
    struct heap *heap = cookie;
    if (size == 0) {
        heap->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (heap->left-- <= 0)
        return NULL;
    heap->live += pointer == NULL;
    return realloc(pointer, size);
}

static void allocations_fail(void **state)
{
    (void)state;
    enum { N = 10, P = 8 };
    struct spred_env env;
    struct heap heap = {0, 0};
    double x[N * P];
    for (int i = 0; i < N * P; i++)
        x[i] = i % 7 == 3 ? (double)NAN : (i * 37) % 101;
    struct spred_matrix full = dense(x, N, P), sparse;
    struct spred_preprocess_rules rules = {SPRED_LOG2_AUTO, 0, .5, 1, 1, 0, 0};
    spred_env_init(&env);
    for (int i = 0; i < N * P; i++)
        x[i] = isnan(x[i]) ? 0 : x[i];
    assert_ok(&env, spred_matrix_convert(&env, &full, SPRED_CSC, &sparse));
    for (int i = 0; i < N * P; i++)
        x[i] = i % 7 == 3 ? NAN : x[i];
    env.reallocate = failing;
    env.allocate_cookie = &heap;
    for (int kind = 0; kind < 2; kind++) {
        const struct spred_matrix *raw = kind ? &sparse : &full;
        enum spred_status status = SPRED_ENOMEM;
        long n = 0;
        for (; status != SPRED_OK && n < 100; n++) {
            struct spred_prepared got;
            struct spred_matrix train, rest;
            heap.left = n;
            status = spred_prepare(&env, raw, NULL, 0, &rules, &got, &train);
            if (status == SPRED_OK) {
                status = spred_prepared_apply(&env, &got, raw, NULL, 0, &rest);
                if (status == SPRED_OK)
                    spred_matrix_free(&env, &rest);
                spred_matrix_free(&env, &train);
                spred_prepared_free(&env, &got);
            }
            assert_true(status == SPRED_OK || status == SPRED_ENOMEM);
            assert_int_equal(heap.live, 0);
        }
        assert_true(n > 8 && n < 100);
    }
    env.reallocate = NULL;
    spred_matrix_free(&env, &sparse);
}

/* X is raw itself exactly where nothing changes it, and learnt the same. */
static void borrowed(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    double x[] = {1, 2, 3, 100, /**/ 5, 5, 5, 9, /**/ 0, 6, 0, -4};
    const size_t all[] = {0, 1, 2, 3}, turned[] = {1, 0, 2, 3};
    struct spred_matrix raw = dense(x, 4, 3), sparse, train, copy;
    struct spred_preprocess_rules rules = plain;
    struct spred_prepared a, b;
    rules.borrow = 1;
    assert_ok(&env, spred_matrix_convert(&env, &raw, SPRED_CSC, &sparse));
    for (int csc = 0; csc < 2; csc++) {
        const struct spred_matrix *m = csc ? &sparse : &raw;
        const size_t *const rows[] = {NULL, all, turned, all};
        for (size_t k = 0; k < 4; k++) {
            size_t n = k == 3 ? 3 : 4;
            assert_ok(&env,
                      spred_prepare(&env, m, rows[k], n, &rules, &a, &train));
            assert_int_equal(train.owned, k >= 2);
            assert_int_equal(train.f64 == m->f64 && train.values == m->values,
                             k < 2);
            assert_ok(&env,
                      spred_prepare(&env, m, rows[k], n, &plain, &b, &copy));
            assert_true(copy.owned);
            assert_memory_equal(a.mean, b.mean, sizeof *a.mean * 3);
            assert_memory_equal(a.scale, b.scale, sizeof *a.scale * 3);
            assert_string_equal(a.report, b.report);
            spred_matrix_free(&env, &copy);
            spred_matrix_free(&env, &train);
            spred_prepared_free(&env, &a);
            spred_prepared_free(&env, &b);
        }
    }
    sparse.values[1] = INFINITY;
    assert_int_equal(spred_prepare(&env, &sparse, NULL, 0, &rules, &a, &train),
                     SPRED_EINVAL);
    spred_matrix_free(&env, &sparse);
    const struct {
        enum spred_log2 log2;
        double keep, first;
    } changes[] = {{SPRED_LOG2_ALWAYS, 1, 1},
                   {SPRED_LOG2_NEVER, .5, 1},
                   {SPRED_LOG2_NEVER, 1, (double)NAN}};
    for (size_t k = 0; k < 3; k++) {
        rules.log2 = changes[k].log2;
        rules.variance_keep = changes[k].keep;
        x[0] = changes[k].first;
        assert_ok(&env, spred_prepare(&env, &raw, all, 4, &rules, &a, &train));
        assert_true(train.owned && train.f64 != x);
        spred_matrix_free(&env, &train);
        spred_prepared_free(&env, &a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(moments_by_hand),
                                       cmocka_unit_test(log2_by_hand),
                                       cmocka_unit_test(log2_rule),
                                       cmocka_unit_test(log2_of_many),
                                       cmocka_unit_test(missing),
                                       cmocka_unit_test(no_leak),
                                       cmocka_unit_test(variance_filter),
                                       cmocka_unit_test(odd_columns),
                                       cmocka_unit_test(sparse_equals_dense),
                                       cmocka_unit_test(refusals),
                                       cmocka_unit_test(borrowed),
                                       cmocka_unit_test(allocations_fail)};
    return cmocka_run_group_tests_name("preprocess", tests, NULL, NULL);
}
