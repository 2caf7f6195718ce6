/* t-svm.c: support vector machines against libsvm on the samples themselves,
 * nearest neighbours against a plain search. */
#include "model_run.h"

#include <libsvm/svm.h>

#include "ledger.h"
#include "solvers/models/svm.h"
#include "spred/rng.h"

enum { N = 60, P = 9, T = 40 };

struct sample {
    float x[N * P], test[T * P];
    int32_t codes[N];
    double values[N];
};

/* Classes overlap, so that votes tie and many vectors support. */
static void make(struct sample *s, size_t classes, uint64_t seed)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, seed);
    for (size_t i = 0; i < N; i++) {
        s->codes[i] = (int32_t)spred_rng_below(rng, classes);
        s->values[i] = 0;
        for (size_t j = 0; j < P; j++) {
            double shift = j % classes == (size_t)s->codes[i] ? .8 : 0;
            s->x[i + j * N] = (float)(spred_rng_normal(rng) + shift);
            s->values[i] += 40 * sin(s->x[i + j * N]) + 20;
        }
    }
    for (size_t e = 0; e < T * P; e++)
        s->test[e] = (float)(.2 + spred_rng_normal(rng));
    spred_rng_free(rng);
}

static void silent(const char *text)
{
    (void)text;
}

/* libsvm on the chosen columns, with its own kernels. */
struct peer {
    struct svm_node nodes[N * (P + 1)], *rows[N];
    struct svm_problem problem;
    struct svm_model *model;
};

static void node_row(const float *x, size_t n, size_t i, const size_t *columns,
                     size_t m, struct svm_node *out)
{
    for (size_t k = 0; k < m; k++) {
        out[k].index = (int)k + 1;
        out[k].value = x[i + columns[k] * n];
    }
    out[m].index = -1;
}

static void peer_fit(struct peer *peer, const struct sample *s, int type,
                     int kernel, double cost, double gamma,
                     const size_t *columns, size_t m, double *y)
{
    struct svm_parameter parameter = {.svm_type = type,
                                      .kernel_type = kernel,
                                      .gamma = gamma,
                                      .cache_size = 10,
                                      .eps = 1e-3,
                                      .C = cost,
                                      .p = .1,
                                      .shrinking = 1};
    for (size_t i = 0; i < N; i++) {
        peer->rows[i] = peer->nodes + i * (m + 1);
        node_row(s->x, N, i, columns, m, peer->rows[i]);
    }
    peer->problem = (struct svm_problem){N, y, peer->rows};
    svm_set_print_string_function(silent);
    assert_null(svm_check_parameter(&peer->problem, &parameter));
    peer->model = svm_train(&peer->problem, &parameter);
}

static const size_t columns[] = {7, 0, 3, 4, 8};
enum { M = 5 };

/* Classes that were fitted with, or the ones that libsvm says. */
static void classes_as_libsvm(size_t k, enum svm_kernel kernel, uint64_t seed)
{
    static struct sample s;
    static struct peer peer;
    struct spred_env env;
    struct svm_machine *machine;
    struct svm_settings settings = {
        .kernel = kernel, .cost = 2, .gamma = kernel == SVM_RBF ? .3 : 0};
    double y[N], scores[T * 5];
    spred_env_init(&env);
    make(&s, k, seed);
    for (size_t i = 0; i < N; i++)
        y[i] = s.codes[i];
    peer_fit(&peer, &s, C_SVC, kernel == SVM_RBF ? RBF : LINEAR, 2, .3, columns,
             M, y);
    assert_ok(&env, svm_machine_fit(&env, &settings, s.x, N, columns, M,
                                    s.codes, NULL, k, &machine));
    assert_int_equal(svm_machine_support_vectors(machine), peer.model->l);
    assert_ok(&env, svm_machine_predict(&env, machine, s.test, T, scores));
    for (size_t i = 0; i < T; i++) {
        struct svm_node row[M + 1];
        double decisions[10];
        size_t best = 0;
        node_row(s.test, T, i, columns, M, row);
        double said = svm_predict_values(peer.model, row, decisions);
        for (size_t c = 1; c < k; c++)
            if (scores[i + c * T] > scores[i + best * T])
                best = c;
        assert_int_equal((int)said, (int)best);
        if (k == 2) {
            double d = peer.model->label[1] == 1 ? -decisions[0] : decisions[0];
            assert_near(scores[i + T], d, 1e-6);
            assert_near(scores[i], -scores[i + T], 1e-12);
        }
    }
    if (kernel == SVM_LINEAR && k == 2) {
        double squares[M];
        svm_machine_squared_weights(machine, squares);
        for (size_t c = 0; c < M; c++) {
            double w = 0;
            for (int v = 0; v < peer.model->l; v++)
                w += peer.model->sv_coef[0][v] * peer.model->SV[v][c].value;
            assert_near(squares[c], w * w, 1e-6);
        }
    }
    svm_machine_free(&env, machine);
    svm_free_and_destroy_model(&peer.model);
}

static void says_what_libsvm_says(void **unused)
{
    (void)unused;
    for (size_t k = 2; k <= 5; k++)
        for (uint64_t seed = 0; seed < 8; seed++) {
            classes_as_libsvm(k, SVM_RBF, seed);
            classes_as_libsvm(k, SVM_LINEAR, seed);
        }
}

static void values_as_libsvm(void **unused)
{
    (void)unused;
    static struct sample s;
    static struct peer peer;
    struct spred_env env;
    struct svm_machine *machine;
    struct svm_settings settings = {.kernel = SVM_RBF, .cost = 3, .gamma = .1};
    double y[N], out[T], mean = 0, square = 0;
    spred_env_init(&env);
    make(&s, 2, 4);
    for (size_t i = 0; i < N; i++)
        mean += s.values[i] / N;
    for (size_t i = 0; i < N; i++)
        square += (s.values[i] - mean) * (s.values[i] - mean) / N;
    for (size_t i = 0; i < N; i++)
        y[i] = (s.values[i] - mean) / sqrt(square);
    peer_fit(&peer, &s, EPSILON_SVR, RBF, 3, .1, columns, M, y);
    assert_ok(&env, svm_machine_fit(&env, &settings, s.x, N, columns, M, NULL,
                                    s.values, 0, &machine));
    assert_ok(&env, svm_machine_predict(&env, machine, s.test, T, out));
    for (size_t i = 0; i < T; i++) {
        struct svm_node row[M + 1];
        node_row(s.test, T, i, columns, M, row);
        assert_near(out[i], mean + sqrt(square) * svm_predict(peer.model, row),
                    1e-5 * sqrt(square));
    }
    svm_machine_free(&env, machine);
    svm_free_and_destroy_model(&peer.model);
}

/* gamma 0 is 1 / (m var). */
static void scale_is_the_variance(void **unused)
{
    (void)unused;
    static struct sample s;
    struct spred_env env;
    double mean = 0, square = 0, a[T * 2], b[T * 2];
    struct svm_machine *machine;
    struct svm_settings settings = {.kernel = SVM_RBF};
    spred_env_init(&env);
    make(&s, 2, 6);
    for (size_t c = 0; c < M; c++)
        for (size_t i = 0; i < N; i++)
            mean += s.x[i + columns[c] * N] / (double)(N * M);
    for (size_t c = 0; c < M; c++)
        for (size_t i = 0; i < N; i++)
            square += pow(s.x[i + columns[c] * N] - mean, 2) / (N * M);
    for (int given = 0; given < 2; given++) {
        settings.gamma = given ? 1 / (M * square) : 0;
        assert_ok(&env, svm_machine_fit(&env, &settings, s.x, N, columns, M,
                                        s.codes, NULL, 2, &machine));
        assert_ok(&env,
                  svm_machine_predict(&env, machine, s.test, T, given ? a : b));
        svm_machine_free(&env, machine);
    }
    for (size_t i = 0; i < T * 2; i++)
        assert_near(a[i], b[i], 1e-9);
}

/* Classes without training samples are never said; one class; no gene. */
static void machines_at_their_ends(void **unused)
{
    (void)unused;
    static struct sample s;
    struct spred_env env;
    struct svm_machine *machine;
    struct svm_settings settings = {.kernel = SVM_RBF};
    double scores[T * 5];
    spred_env_init(&env);
    for (int32_t spare = 0; spare < 3; spare++) {
        make(&s, 2, 3);
        for (size_t i = 0; i < N; i++)
            s.codes[i] = spare == 2 ? 2 : 2 * s.codes[i] + (spare == 1);
        assert_ok(&env, svm_machine_fit(&env, &settings, s.x, N, NULL, P,
                                        s.codes, NULL, 5, &machine));
        assert_ok(&env, svm_machine_predict(&env, machine, s.test, T, scores));
        for (size_t i = 0; i < T; i++) {
            size_t best = 0;
            for (size_t c = 1; c < 5; c++)
                if (scores[i + c * T] > scores[i + best * T])
                    best = c;
            assert_true(spare == 0   ? best == 0 || best == 2
                        : spare == 1 ? best == 1 || best == 3
                                     : best == 2);
        }
        svm_machine_free(&env, machine);
    }
    make(&s, 2, 3);
    assert_ok(&env, svm_machine_fit(&env, &settings, s.x, N, NULL, 0, s.codes,
                                    NULL, 2, &machine));
    assert_ok(&env, svm_machine_predict(&env, machine, s.test, T, scores));
    for (size_t i = 0; i < T; i++)
        assert_true(isfinite(scores[i]) && scores[i] == scores[0]);
    assert_ok(&env, svm_machine_predict(&env, machine, s.test, 0, scores));
    svm_machine_free(&env, machine);
    assert_int_equal(svm_machine_fit(&env, &settings, s.x, 0, NULL, P, s.codes,
                                     NULL, 2, &machine),
                     SPRED_EINVAL);
    svm_machine_free(&env, NULL);
}

static void every_allocation_fails_once(void **unused)
{
    (void)unused;
    static struct sample s;
    struct ledger ledger;
    struct spred_env env;
    double scores[T * 3];
    int survived = 0;
    make(&s, 3, 1);
    for (long n = 1; !survived && n < 100; n++) {
        struct svm_settings settings = {.kernel = SVM_RBF};
        struct svm_machine *machine;
        ledger_env(&env, &ledger, n);
        enum spred_status status = svm_machine_fit(
            &env, &settings, s.x, N, NULL, P, s.codes, NULL, 3, &machine);
        if (status == SPRED_OK)
            status = svm_machine_predict(&env, machine, s.test, T, scores);
        svm_machine_free(&env, machine);
        survived = ledger.calls < n;
        assert_int_equal(status, survived ? SPRED_OK : SPRED_ENOMEM);
        assert_int_equal(ledger.live, 0);
    }
    assert_true(survived);
}

/* ---- nearest neighbour ---- */

static void nearest_is_nearest(void **unused)
{
    (void)unused;
    static struct sample s;
    struct spred_env env;
    spred_env_init(&env);
    make(&s, 3, 8);
    for (int real = 0; real < 2; real++) {
        struct model_run run;
        double scores[T * 4];
        size_t order[P];
        run_open(&run, &env, "1-nn", NULL);
        run.task.train =
            (struct spred_rows){N, P, s.x, s.codes, s.values, {0, 0, 0}};
        run.task.classes = real ? 0 : 4; /* the last has no samples */
        assert_ok(&env, run_fit(&run));
        assert_int_equal(run.n_offers, 1);
        assert_string_equal(run.offers[0].what, "");
        assert_int_equal(run_genes(&run, order, P), P);
        assert_ok(&env, run.model->predict(&env, run.state, s.test, T, scores));
        for (size_t i = 0; i < T; i++) {
            double best[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
            double nearest = INFINITY, value = 0;
            for (size_t t = 0; t < N; t++) {
                double sum = 0;
                for (size_t j = 0; j < P; j++)
                    sum += pow((double)s.test[i + j * T] - s.x[t + j * N], 2);
                best[s.codes[t]] = fmin(best[s.codes[t]], sqrt(sum));
                if (sum < nearest) {
                    nearest = sum;
                    value = s.values[t];
                }
            }
            if (real)
                assert_near(scores[i], value, 0);
            for (size_t c = 0; c < 3 && !real; c++)
                assert_near(scores[i + c * T], -best[c], 1e-9);
            if (!real)
                assert_true(isfinite(scores[i + 3 * T]) &&
                            scores[i + 3 * T] < scores[i]);
        }
        if (!real)
            assert_near(run_accuracy(&run, &run.task.train), 1, 0);
        run_close(&run);
    }
}

/* More samples than one block holds, both ways: every 30th of them is found
 * again, at distance 0. */
static void nearest_over_blocks(void **unused)
{
    (void)unused;
    enum { MANY = 2100, ASKED = MANY / 30, FEW = 3 };
    static float x[MANY * FEW], asked[ASKED * FEW];
    static int32_t codes[MANY];
    double scores[ASKED * 5];
    struct model_run run;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 4);
    for (size_t i = 0; i < MANY; i++) {
        codes[i] = (int32_t)spred_rng_below(rng, 5);
        for (size_t j = 0; j < FEW; j++)
            x[i + j * MANY] = (float)spred_rng_normal(rng);
    }
    for (size_t i = 0; i < ASKED; i++)
        for (size_t j = 0; j < FEW; j++)
            asked[i + j * ASKED] = x[30 * i + j * MANY];
    run_open(&run, &env, "1-nn", NULL);
    run.task.train =
        (struct spred_rows){.n = MANY, .p = FEW, .x = x, .codes = codes};
    run.task.classes = 5;
    assert_ok(&env, run_fit(&run));
    assert_ok(&env, run.model->predict(&env, run.state, asked, ASKED, scores));
    for (size_t i = 0; i < ASKED; i++)
        for (size_t c = 0; c < 5; c++) {
            double score = scores[i + c * ASKED];
            assert_true((int32_t)c == codes[30 * i] ? score >= 0 : score < 0);
        }
    run_close(&run);
    spred_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_libsvm_says),
        cmocka_unit_test(values_as_libsvm),
        cmocka_unit_test(scale_is_the_variance),
        cmocka_unit_test(machines_at_their_ends),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(nearest_is_nearest),
        cmocka_unit_test(nearest_over_blocks)};
    return cmocka_run_group_tests_name("svm", tests, NULL, NULL);
}
