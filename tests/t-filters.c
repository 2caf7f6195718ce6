/* t-filters.c: mRMR and SVM-RFE against their definitions, written out plainly;
 * the dual solver against libsvm; nested sets of genes, each with its own
 * machine. */
#include "model_host.h"

#include "solvers/models/smo.h"
#include "solvers/models/svm.h"

enum { N = 30, P = 12, MOST = 64 };

/* What a model offered: the genes, the best first, and scores of the test. */
struct log {
    struct host h; /* first: the cookie is the host's, too */
    size_t n, sizes[MOST], order[MOST][P];
    char what[MOST][32];
    double *scores[MOST];
};

static enum spred_status note(void *cookie, const char *what,
                              struct spred_offer *offer)
{
    struct log *log = cookie;
    const struct samples *s = log->h.samples;
    double importance[P];
    enum spred_status status;
    size_t at = log->n++;
    assert_true(at < MOST && s->p == P);
    snprintf(log->what[at], sizeof log->what[at], "%s", what);
    log->h.model->genes(log->h.state, importance);
    for (;;) {
        size_t best = P;
        for (size_t j = 0; j < P; j++)
            if (importance[j] > 0 &&
                (best == P || importance[j] > importance[best]))
                best = j;
        if (best == P)
            break;
        log->order[at][log->sizes[at]++] = best;
        importance[best] = 0;
    }
    log->scores[at] = host_predict(&log->h, s->test.x, s->test.n, &status);
    *offer = (struct spred_offer){NAN, NAN, 0};
    return status;
}

static void log_open(struct log *log, struct spred_env *env, const char *name,
                     const struct samples *samples)
{
    memset(log, 0, sizeof *log);
    host_open(&log->h, env, spred_model_find(name), samples);
    log->h.task.offer = note;
    log->h.task.cookie = log;
}

static void log_close(struct log *log)
{
    for (size_t k = 0; k < log->n; k++)
        free(log->scores[k]);
    host_close(&log->h);
}

/* Every offer is nested in the next, is called by its size, and says what a
 * machine trained on these genes alone says. */
static void check_nested(struct log *log)
{
    const struct samples *s = log->h.samples;
    struct spred_env *env = log->h.env;
    struct svm_settings settings = {.kernel = SVM_LINEAR, .cost = 1};
    size_t k = host_outputs(&log->h);
    double *scores = calloc(s->test.n * k, sizeof *scores);
    for (size_t at = 0; at < log->n; at++) {
        struct svm_machine *svm;
        char what[32];
        snprintf(what, sizeof what, "genes=%zu", log->sizes[at]);
        assert_string_equal(log->what[at], what);
        assert_true(at == 0 || log->sizes[at] > log->sizes[at - 1]);
        for (size_t g = 0; at > 0 && g < log->sizes[at - 1]; g++)
            assert_int_equal(log->order[at][g], log->order[at - 1][g]);
        assert_ok(env, svm_machine_fit(env, &settings, s->train.x, s->train.n,
                                       log->order[at], log->sizes[at],
                                       s->train.codes, s->train.values,
                                       s->classes, &svm));
        assert_ok(env,
                  svm_machine_predict(env, svm, s->test.x, s->test.n, scores));
        assert_memory_equal(scores, log->scores[at],
                            s->test.n * k * sizeof *scores);
        svm_machine_free(env, svm);
    }
    free(scores);
}

static double mean_of(const float *x)
{
    double sum = 0;
    for (size_t i = 0; i < N; i++)
        sum += x[i];
    return sum / N;
}

/* |corr(a, b)|, at least 0.001; 0 for a constant. */
static double likeness(const float *a, const float *b)
{
    double ab = 0, aa = 0, bb = 0, ma = mean_of(a), mb = mean_of(b);
    for (size_t i = 0; i < N; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return aa > 0 && bb > 0 ? fmax(fabs(ab) / sqrt(aa * bb), 1e-3) : 0;
}

/* Between over within; real-valued: |corr(x, y)|. */
static double relevance_of(const struct samples *s, const float *x)
{
    double between = 0, within = 0, mean = mean_of(x);
    if (!s->classes) {
        float y[N];
        for (size_t i = 0; i < N; i++)
            y[i] = (float)s->train.values[i];
        return likeness(x, y);
    }
    for (size_t c = 0; c < s->classes; c++) {
        double sum = 0, count = 0;
        for (size_t i = 0; i < N; i++) {
            int in = s->train.codes[i] == (int32_t)c;
            sum += in ? x[i] : 0;
            count += in;
        }
        between += count * (sum / count - mean) * (sum / count - mean);
        for (size_t i = 0; i < N; i++)
            if (s->train.codes[i] == (int32_t)c)
                within += (x[i] - sum / count) * (x[i] - sum / count);
    }
    return within > 0 ? between / (double)(s->classes - 1) /
                            (within / (double)(N - s->classes))
                      : -INFINITY;
}

/* Greedily by the definition; the constant gene is last. */
static void plain_mrmr(const struct samples *s, int difference, size_t *order)
{
    int taken[P] = {0};
    for (size_t k = 0; k < P; k++) {
        double highest = 0;
        order[k] = P;
        for (size_t j = 0; j < P; j++) {
            const float *x = s->train.x + j * N;
            double value = relevance_of(s, x), redundancy = 0;
            for (size_t a = 0; a < k; a++)
                redundancy +=
                    likeness(x, s->train.x + order[a] * N) / (double)k;
            if (k > 0)
                value = difference ? value - redundancy : value / redundancy;
            if (j == P - 1)
                value = -1e300;
            if (!taken[j] && (order[k] == P || value > highest)) {
                highest = value;
                order[k] = j;
            }
        }
        taken[order[k]] = 1;
    }
}

static void mrmr_is_its_definition(void **state)
{
    (void)state;
    static const size_t classes[] = {2, 4, 0};
    static const char *const scores[] = {"quotient", "difference"};
    static const size_t sizes[] = {1, 2, 5, 10, 12};
    struct spred_env env;
    spred_env_init(&env);
    for (size_t t = 0; t < 18; t++) {
        struct samples s;
        struct log log;
        size_t order[P];
        samples_make(&s, N, P, classes[t % 3], .7, 40 + t);
        log_open(&log, &env, "mrmr", &s);
        host_set(&log.h, "score", scores[t / 9]);
        assert_ok(&env, host_fit(&log.h));
        plain_mrmr(&s, t >= 9, order);
        assert_int_equal(log.n, 5);
        for (size_t at = 0; at < 5; at++)
            assert_int_equal(log.sizes[at], sizes[at]);
        for (size_t k = 0; k < P; k++)
            if (log.order[4][k] != order[k])
                fail_msg("task %zu: gene %zu is %zu, expected %zu", t, k,
                         log.order[4][k], order[k]);
        check_nested(&log);
        log_close(&log);
        samples_free(&s);
    }
}

/* The copy of a gene says nothing more: it comes late. And fewer genes. */
static void mrmr_shuns_copies(void **state)
{
    (void)state;
    struct spred_env env;
    struct samples s;
    struct log log;
    spred_env_init(&env);
    samples_make(&s, N, P, 2, 0, 5);
    for (size_t i = 0; i < N; i++) /* genes 0 and P - 2: one good gene */
        s.train.x[i] = s.train.x[i + (P - 2) * N] +=
            s.train.codes[i] ? 1.6f : 0.f;
    log_open(&log, &env, "mrmr", &s);
    host_set(&log.h, "genes", "3");
    assert_ok(&env, host_fit(&log.h));
    assert_int_equal(log.n, 3);
    assert_int_equal(log.sizes[2], 3);
    assert_int_equal(log.order[2][0], 0);
    assert_true(log.order[2][1] != P - 2 && log.order[2][2] != P - 2);
    log_close(&log);
    samples_free(&s);
}

/* libsvm's weights by the same dual: w_j^2 of every pair of classes. */
static void plain_weights(const struct samples *s, const size_t *genes,
                          size_t m, double *out)
{
    struct spred_env env;
    struct svm_settings settings = {.kernel = SVM_LINEAR, .cost = 1};
    struct svm_machine *svm;
    spred_env_init(&env);
    assert_ok(&env,
              svm_machine_fit(&env, &settings, s->train.x, s->train.n, genes, m,
                              s->train.codes, NULL, s->classes, &svm));
    svm_machine_squared_weights(svm, out);
    svm_machine_free(&env, svm);
}

/* One gene a round, the one of the lowest weight by libsvm. */
static void rfe_is_its_definition(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    for (size_t t = 0; t < 10; t++) {
        struct samples s;
        struct log log;
        size_t left[P];
        samples_make(&s, N, P, t % 2 ? 4 : 2, .7, 60 + t);
        log_open(&log, &env, "svm-rfe", &s);
        host_set(&log.h, "drop_few", "0");
        assert_ok(&env, host_fit(&log.h));
        assert_int_equal(log.n, P);
        for (size_t j = 0; j < P; j++)
            left[j] = j;
        for (size_t m = P; m > 1; m--) {
            double weights[P];
            size_t lowest = 0, gone = log.order[m - 1][m - 1], at = 0;
            plain_weights(&s, left, m, weights);
            for (size_t k = 1; k < m; k++)
                if (weights[k] < weights[lowest])
                    lowest = k;
            while (left[at] != gone)
                at++;
            /* both duals end within 1e-3: nearly equal weights may swap */
            if (!(weights[at] <= weights[lowest] * 1.05 + 1e-9))
                fail_msg("task %zu: gene %zu leaves with weight %g, gene %zu "
                         "has %g",
                         t, gone, weights[at], left[lowest], weights[lowest]);
            left[at] = left[m - 1];
        }
        check_nested(&log);
        log_close(&log);
        samples_free(&s);
    }
}

/* Halves down to `few`, then 10 %, and genes that leave in one round too. */
static void rfe_rounds(void **state)
{
    (void)state;
    struct spred_env env;
    struct samples s;
    struct log log;
    static const size_t sizes[] = {1, 2, 4, 6, 12};
    spred_env_init(&env);
    samples_make(&s, N, P, 2, 2, 9);
    log_open(&log, &env, "svm-rfe", &s);
    host_set(&log.h, "few", "4");
    host_set(&log.h, "drop_few", "0.6");
    assert_ok(&env, host_fit(&log.h));
    assert_int_equal(log.n, 5);
    for (size_t at = 0; at < 5; at++)
        assert_int_equal(log.sizes[at], sizes[at]);
    check_nested(&log);
    /* the constant gene and noise leave in the first round */
    for (size_t k = 0; k < 6; k++)
        assert_int_not_equal(log.order[4][k], P - 1);
    double weights[P];
    size_t all[P];
    for (size_t j = 0; j < P; j++)
        all[j] = j;
    plain_weights(&s, all, P, weights);
    for (size_t a = 0; a < 6; a++)
        for (size_t b = 6; b < P; b++)
            assert_true(weights[log.order[4][a]] * 1.05 + 1e-9 >=
                        weights[log.order[4][b]]);
    log_close(&log);
    samples_free(&s);
}

/* The optimum of the dual: bounds, balance, and the conditions of optimality
 * y_i f_i >= 1 for a = 0, <= 1 for a = C, = 1 between, f with the best b. */
static void dual_is_optimal(void **state)
{
    (void)state;
    static const double costs[] = {1e-3, 0.1, 10};
    for (size_t t = 0; t < 12; t++) {
        struct samples s;
        double gram[N * N] = {0}, y[N], a[N], g[N], cost = costs[t % 3];
        size_t rows[N], m = 0;
        samples_make(&s, N, t < 6 ? P : 60, 2, .4, t);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++)
                for (size_t k = 0; k < s.p; k++)
                    gram[i + j * N] += (double)s.train.x[i + k * N] *
                                       (double)s.train.x[j + k * N];
        for (size_t i = 1; i < N; i += i % 5 ? 1 : 2) { /* a part */
            rows[m] = i;
            y[m++] = s.train.codes[i] ? 1 : -1;
        }
        long steps = smo_train(gram, N, rows, m, y, cost, 1e-6, 1000000, a, g);
        assert_true(steps > 0 && steps < 1000000);
        double balance = 0, low = -INFINITY, high = INFINITY;
        for (size_t i = 0; i < m; i++) {
            double f = 0;
            for (size_t j = 0; j < m; j++)
                f += a[j] * y[j] * gram[rows[i] + rows[j] * N];
            assert_true(a[i] >= 0 && a[i] <= cost);
            balance += a[i] * y[i];
            /* b >= y - f where f + b has to grow, <= where it has to fall */
            if (y[i] > 0 ? a[i] < cost : a[i] > 0)
                low = fmax(low, y[i] - f);
            if (y[i] > 0 ? a[i] > 0 : a[i] < cost)
                high = fmin(high, y[i] - f);
        }
        assert_near(balance, 0, 1e-9 * (1 + cost));
        assert_true(low <= high + 2e-6);
        samples_free(&s);
    }
    double one[1] = {1}, y[1] = {1}, a[1], g[1]; /* one class: nothing to do */
    size_t row[1] = {0};
    assert_int_equal(smo_train(one, 1, row, 1, y, 1, 1e-3, 10, a, g), 0);
    assert_int_equal(smo_train(one, 1, row, 0, y, 1, 1e-3, 10, a, g), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mrmr_is_its_definition),
                                       cmocka_unit_test(mrmr_shuns_copies),
                                       cmocka_unit_test(rfe_is_its_definition),
                                       cmocka_unit_test(rfe_rounds),
                                       cmocka_unit_test(dual_is_optimal)};
    return cmocka_run_group_tests_name("filters", tests, NULL, NULL);
}
