/* t-conv.c: oneDNN's convolutions against im2col's; threads; words and shapes
 * of the layers of pictures and what is said of wrong ones. */
#include "test.h"

#include "solvers/nn/inside.h"
#include "spred/linalg.h"
#include "spred/model.h"
#include "spred/option.h"
#include "spred/rng.h"

static float *normals(struct spred_rng *rng, size_t n)
{
    float *out = malloc(n * sizeof *out);
    for (size_t e = 0; e < n; e++)
        out[e] = (float)spred_rng_normal(rng);
    return out;
}

/* |a - b| <= 1e-5 |b| in norm, and in no place 1e-5 times the largest. */
static void near(const char *what, const struct nn_conv *c, size_t n,
                 const float *a, const float *b)
{
    double away = 0, all = 0, most = 0, worst = 0;
    for (size_t e = 0; e < n; e++) {
        double d = (double)a[e] - (double)b[e];
        away += d * d;
        all += (double)b[e] * (double)b[e];
        worst = fmax(worst, fabs(d));
        most = fmax(most, fabs((double)b[e]));
    }
    if (!(away <= 1e-10 * all) || !(worst <= 1e-5 * most))
        fail_msg("%s of %zu x %zu x %zu, kernel %zu, stride %zu, pad %zu, %zu "
                 "filters: differs by %g",
                 what, c->from.height, c->from.width, c->from.channels,
                 c->kernel, c->stride, c->pad, c->to.channels,
                 sqrt(away / all));
}

static void compare(const struct nn_conv_engine *a,
                    const struct nn_conv_engine *b, const struct nn_conv *c,
                    size_t n, struct spred_rng *rng)
{
    struct spred_env env;
    void *one, *two;
    size_t in = n * c->from.height * c->from.width * c->from.channels;
    size_t out = n * c->to.height * c->to.width * c->to.channels;
    size_t rows = c->to.channels, w = rows * c->kernel * c->kernel;
    w *= c->from.channels;
    float *x = normals(rng, in), *weights = normals(rng, w);
    float *bias = normals(rng, rows), *delta = normals(rng, out);
    size_t most = in > out ? in : out;
    most = most > w ? most : w;
    float *p = calloc(most, sizeof *p), *q = calloc(most, sizeof *q);
    float *pb = calloc(rows, sizeof *pb), *qb = calloc(rows, sizeof *qb);
    spred_env_init(&env);
    assert_ok(&env, a->begin(&env, c, &one));
    assert_ok(&env, b->begin(&env, c, &two));
    for (int kind = 0; kind < 3; kind++) {
        const float *with = kind ? bias : NULL;
        int relu = kind == 2;
        assert_ok(&env, a->forward(&env, one, n, x, weights, with, relu, p));
        assert_ok(&env, b->forward(&env, two, n, x, weights, with, relu, q));
        near(relu ? "forward, relu" : "forward", c, out, p, q);
    }
    assert_ok(&env, a->weights(&env, one, n, x, delta, p, pb));
    assert_ok(&env, b->weights(&env, two, n, x, delta, q, qb));
    near("weights", c, w, p, q);
    near("bias", c, rows, pb, qb);
    assert_ok(&env, a->data(&env, one, n, delta, weights, p));
    assert_ok(&env, b->data(&env, two, n, delta, weights, q));
    near("data", c, in, p, q);
    a->end(&env, one);
    b->end(&env, two);
    float *all[] = {x, weights, bias, delta, p, q, pb, qb};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        free(all[k]);
}

/* A state meets several numbers of samples, also again. */
static void test_engines(void **state)
{
    static const size_t channels[][2] = {
        {1, 6}, {6, 16}, {3, 8}, {16, 32}, {5, 7}};
    static const size_t sides[][2] = {{7, 9}, {12, 12}, {5, 14}};
    struct spred_env env;
    const struct nn_conv_engine *best = nn_conv_best();
    (void)state;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 5);
    if (best == &nn_conv_im2col)
        skip();
    for (size_t k = 0; k < 5 * 3 * 3 * 2 * 3; k++) {
        size_t kernel = 1 + 2 * (k % 3), stride = 1 + k / 3 % 2;
        size_t pad = k / 6 % 3;
        const size_t *side = sides[k / 18 % 3], *by = channels[k / 54];
        struct nn_conv c = {.from = {side[0], side[1], by[0]},
                            .kernel = kernel,
                            .stride = stride,
                            .pad = pad};
        if (pad >= kernel)
            continue;
        c.to.height = (side[0] + 2 * pad - kernel) / stride + 1;
        c.to.width = (side[1] + 2 * pad - kernel) / stride + 1;
        c.to.channels = by[1];
        compare(best, &nn_conv_im2col, &c, 1 + k % 4, rng);
    }
    spred_rng_free(rng);
}

static struct nn_shape shape_of(size_t height, size_t width, size_t channels,
                                const char *text)
{
    struct spred_env env;
    struct nn_shape shape = {.inputs = height * width * channels,
                             .outputs = 3,
                             .picture = {height, width, channels},
                             .classes = 1,
                             .n_branches = 1};
    spred_env_init(&env);
    assert_ok(&env, nn_parse(&env, text, &shape.branches[0]));
    return shape;
}

static const char block[] =
    "conv(out=4,kernel=3,pad=1,bias=false)|batch-norm|relu|"
    "conv(out=8,kernel=3,pad=1,stride=2,sparse=spred,group=output,lambda=.1)|"
    "batch-norm|add(back=2)|relu|conv(out=8,kernel=3,sparse=spred,lambda=.1)|"
    "relu|max-pool(size=2)|linear(out=6)|relu|linear";

/* Any number of threads gives the same gradients and scores, to rounding; any
 * number of samples a call, also fewer than threads. */
static void test_threads(void **state)
{
    struct spred_env env;
    struct nn *one, *many;
    size_t count;
    int32_t codes[11];
    double first[33], second[33];
    struct nn_shape shape = shape_of(11, 10, 2, block);
    (void)state;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 9);
    float *x = normals(rng, 11 * shape.inputs);
    for (size_t i = 0; i < 11; i++)
        codes[i] = (int32_t)(i % 3);
    int before = spred_blas_threads(1);
    assert_ok(&env, nn_new(&env, &shape, 11, 3, &one));
    assert_ok(&env, nn_new(&env, &shape, 11, 3, &many));
    for (int threads = 1; threads <= 4; threads++)
        for (size_t n = 2; n <= 11; n += 3) {
            spred_blas_threads(1);
            double a = nn_gradient(one, x, n, codes, NULL);
            assert_ok(&env, nn_predict_samples(&env, one, x, n, first));
            spred_blas_threads(threads);
            double b = nn_gradient(many, x, n, codes, NULL);
            assert_ok(&env, nn_predict_samples(&env, many, x, n, second));
            assert_int_equal(openblas_get_num_threads(), threads);
            assert_near(a, b, 1e-5 * (1 + fabs(a)));
            for (size_t e = 0; e < n * 3; e++)
                assert_near(first[e], second[e], 1e-4);
            const struct nn_tensor *s = nn_tensors(one, &count);
            const struct nn_tensor *t = nn_tensors(many, &count);
            for (size_t k = 0; k < count; k++) {
                double most = 0, away = 0;
                for (size_t e = 0; e < s[k].rows * s[k].cols; e++) {
                    double g = (double)s[k].gradient[e];
                    most = fmax(most, fabs(g));
                    away = fmax(away, fabs(g - (double)t[k].gradient[e]));
                }
                assert_true(away <= 1e-4 * (most + 1e-2));
            }
        }
    spred_blas_threads(before);
    spred_rng_free(rng);
    nn_free(one);
    nn_free(many);
    free(x);
}

/* Channels far from 0, many pixels: mean 0 and variance 1 nevertheless. */
static void test_norm(void **state)
{
    enum { N = 60, CELLS = 40 * 30 * 3 };
    struct spred_env env;
    struct nn *nn;
    int32_t codes[N];
    struct nn_shape shape = shape_of(40, 30, 3,
                                     "batch-norm|global-pool|"
                                     "linear");
    (void)state;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 9);
    float *x = normals(rng, N * CELLS);
    for (size_t e = 0; e < N * CELLS; e++)
        x[e] += (float)(20 * (e % 3));
    for (size_t i = 0; i < N; i++)
        codes[i] = (int32_t)(i % 3);
    assert_ok(&env, nn_new(&env, &shape, N, 3, &nn));
    nn_gradient(nn, x, N, codes, NULL);
    const float *z = nn->units[0][0].output;
    for (size_t c = 0; c < 3; c++) {
        double sum = 0, squares = 0, pixels = N * CELLS / 3;
        for (size_t e = c; e < N * CELLS; e += 3) {
            sum += (double)z[e];
            squares += (double)z[e] * (double)z[e];
        }
        assert_near(sum / pixels, 0, 1e-5);
        assert_near(squares / pixels, 1, 1e-4);
    }
    nn_free(nn);
    spred_rng_free(rng);
    free(x);
}

/* Predictions of more samples than a call holds. */
static void test_chunks(void **state)
{
    struct spred_env env;
    struct nn *nn;
    double all[39], some[39], columns[39];
    struct nn_shape shape = shape_of(8, 8, 1,
                                     "conv(out=3,kernel=3)|relu|"
                                     "avg-pool(size=2)|batch-norm|linear");
    (void)state;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 9);
    float *x = normals(rng, 13 * 64), *y = normals(rng, 13 * 64);
    assert_ok(&env, nn_new(&env, &shape, 13, 3, &nn));
    assert_ok(&env, nn_predict_samples(&env, nn, x, 13, all));
    nn_free(nn);
    assert_ok(&env, nn_new(&env, &shape, 5, 3, &nn));
    assert_ok(&env, nn_predict_samples(&env, nn, x, 13, some));
    for (size_t i = 0; i < 13; i++)
        for (size_t j = 0; j < 64; j++)
            y[i + j * 13] = x[j + i * 64];
    assert_ok(&env, nn_predict(&env, nn, y, 13, columns));
    for (size_t e = 0; e < 39; e++) {
        assert_near(all[e], some[e], 1e-5);
        assert_near(all[e], columns[e], 1e-5);
    }
    nn_free(nn);
    spred_rng_free(rng);
    free(x);
    free(y);
}

static void refused(const char *text, const char *expected)
{
    struct spred_env env;
    struct nn_branch branch;
    spred_env_init(&env);
    assert_int_equal(nn_parse(&env, text, &branch), SPRED_EINVAL);
    if (!strstr(env.error, expected))
        fail_msg("\"%s\" does not say \"%s\"", env.error, expected);
}

static void test_words(void **state)
{
    struct spred_env env;
    struct nn_branch b;
    (void)state;
    spred_env_init(&env);
    assert_ok(&env, nn_parse(&env,
                             "conv(out=6,kernel=5,pad=2,stride=3,sparse=spred,"
                             "group=output,lambda=1e-4)|max-pool(size=3,"
                             "stride=2)|avg-pool(size=2)|global-pool|"
                             "add(back=2)|linear",
                             &b));
    const struct nn_layer *l = b.layers;
    assert_true(l[0].kind == NN_CONV && l[0].out == 6 && l[0].kernel == 5 &&
                l[0].pad == 2 && l[0].stride == 3);
    assert_true(l[0].sparse.kind == NN_SPRED && l[0].sparse.group == NN_OUTPUT);
    assert_true(l[1].kind == NN_MAX_POOL && l[1].size == 3 && l[1].stride == 2);
    assert_true(l[2].kind == NN_AVG_POOL && l[2].size == 2 && l[2].stride == 0);
    assert_true(l[3].kind == NN_GLOBAL_POOL);
    assert_true(l[4].kind == NN_ADD && l[4].back == 2);
    refused("conv(kernel=3)|linear", "layer 1: conv needs out=FILTERS");
    refused("conv(out=3)|linear", "layer 1: conv needs kernel=PIXELS");
    refused("linear(out=2)|max-pool|linear",
            "layer 2: max-pool needs size=PIXELS");
    refused("linear(out=2)|add|linear", "layer 2: add needs back=LAYERS");
    refused("conv(out=3,kernal=3)|linear", "did you mean \"kernel\"?");
    refused("maxpool(size=2)|linear", "did you mean \"max-pool\"?");
    refused("max-pool(size=0)|linear", "size=0: expected a whole number >= 1");
    refused("conv(out=3,kernel=3)", "layer 1 is conv: the first and the last");
    refused("relu(pad=3)|conv(out=3,kernel=3)|linear", "unknown key of relu");
}

static void misfit(const struct nn_shape *shape, const char *expected)
{
    struct spred_env env;
    struct nn *nn;
    spred_env_init(&env);
    assert_int_equal(nn_new(&env, shape, 5, 1, &nn), SPRED_EINVAL);
    assert_null(nn);
    if (!strstr(env.error, expected))
        fail_msg("\"%s\" does not say \"%s\"", env.error, expected);
}

static void misfit_text(const char *text, const char *expected)
{
    struct nn_shape shape = shape_of(8, 6, 2, text);
    misfit(&shape, expected);
}

static void test_shapes(void **state)
{
    (void)state;
    misfit_text("conv(out=3,kernel=3)|relu|max-pool(size=2)|conv(out=3,"
                "kernel=5)|linear",
                "layer 4 (conv): kernel 5 on 3 x 2 pixels (pad 0): at most 2");
    misfit_text("conv(out=3,kernel=3,pad=3)|linear",
                "layer 1 (conv): pad 3 with kernel 3: expected a pad below");
    misfit_text("max-pool(size=7)|linear",
                "layer 1 (max-pool): size 7 on 8 x 6 pixels");
    misfit_text("relu|add(back=2)|linear",
                "layer 2 (add): back is 2: expected back=LAYERS, 1 to 1");
    misfit_text("conv(out=1,kernel=3,pad=1)|add(back=1)|linear",
                "layer 2 (add): 8 x 6 pixels of 2 channels (what layer 1 "
                "reads) cannot be added to 8 x 6 of 1");
    misfit_text("conv(out=4,kernel=3)|add(back=1)|linear",
                "cannot be added to 6 x 4 of 4");
    misfit_text("conv(out=2,kernel=1,sparse=spred,group=block,block=3,"
                "lambda=1)|linear",
                "block is 3, expected 1 to 2 (columns)");
    struct nn_shape shape = shape_of(8, 6, 2, "conv(out=4,kernel=3)|linear");
    struct nn_shape rows = shape;
    rows.picture = (struct spred_picture){0};
    misfit(&rows, "layer 1 (conv): needs pictures, but a sample is a row of 96 "
                  "values");
    shape.inputs = 95;
    misfit(&shape, "pictures of 8 x 6 pixels, 2 channels, for 95 inputs");
    shape.inputs = 96;
    shape.gate = (struct nn_sparse){.kind = NN_SPRED, .lambda = 1};
    misfit(&shape, "one branch and no gates");
}

/* ---- the model `network` ---- */

struct trial {
    struct spred_env env;
    const struct spred_model *model;
    void *state;
    size_t offers;
};

static enum spred_status offer(void *cookie, const char *what,
                               struct spred_offer *out)
{
    struct trial *t = cookie;
    (void)what;
    (void)out;
    t->offers++;
    return SPRED_OK;
}

/* Noise with a bright 2 x 2 square or a bright 1 x 4 line somewhere: pixels say
 * nothing one by one. 8 x 8 pixels, column-major. */
static void draw(struct spred_rng *rng, size_t n, float *x, int32_t *codes)
{
    for (size_t i = 0; i < n; i++) {
        size_t y = spred_rng_below(rng, 4), left = spred_rng_below(rng, 4);
        codes[i] = (int32_t)(i % 2);
        for (size_t j = 0; j < 64; j++)
            x[i + j * n] = (float)(.1 * spred_rng_normal(rng));
        for (size_t k = 0; k < 4; k++) {
            size_t down = codes[i] ? k / 2 : 0;
            size_t right = codes[i] ? k % 2 : k;
            x[i + ((y + down) * 8 + left + right) * n] += 2;
        }
    }
}

static enum spred_status fit(struct trial *t, const char *word,
                             const struct spred_rows *rows)
{
    struct spred_model_report report = {0};
    struct spred_model_task task = {.train = *rows,
                                    .classes = 2,
                                    .seed = 3,
                                    .threads = 1,
                                    .offer = offer,
                                    .cookie = t};
    const char *set[][2] = {{"model", word}, {"optimizer", "adam"},
                            {"lr", "0.02"},  {"steps", "150"},
                            {"batch", "32"}, {"keep", "last"}};
    void *options = calloc(1, t->model->options_size);
    assert_ok(&t->env,
              spred_options_default(&t->env, t->model->options, options));
    for (size_t k = 0; k < 6; k++)
        assert_ok(&t->env, spred_options_set(&t->env, t->model->options,
                                             options, set[k][0], set[k][1]));
    t->state = calloc(1, t->model->state_size);
    enum spred_status status =
        t->model->fit(&t->env, t->state, options, &task, &report);
    free(options);
    return status;
}

static void test_model(void **state)
{
    enum { N = 200 };
    static float x[N * 64], y[N * 64];
    static int32_t codes[N], truth[N];
    double scores[2 * N];
    size_t right = 0;
    struct trial t = {.model = spred_model_find("network")};
    struct spred_rows rows = {.n = N, .p = 64, .x = x, .codes = codes};
    const char *word = "conv(out=6,kernel=3,pad=1)|relu|max-pool(size=8)|"
                       "linear";
    (void)state;
    spred_env_init(&t.env);
    int before = spred_blas_threads(1);
    struct spred_rng *rng = spred_rng_new(&t.env, 5);
    draw(rng, N, x, codes);
    draw(rng, N, y, truth);
    assert_int_equal(fit(&t, word, &rows), SPRED_EINVAL);
    assert_non_null(strstr(t.env.error, "layer 1 (conv): needs pictures"));
    t.model->free(&t.env, t.state);
    free(t.state);
    rows.picture = (struct spred_picture){8, 8, 1};
    assert_ok(&t.env, fit(&t, word, &rows));
    assert_true(t.offers > 0);
    assert_ok(&t.env, t.model->predict(&t.env, t.state, y, N, scores));
    for (size_t i = 0; i < N; i++)
        right += (scores[i + N] > scores[i]) == (truth[i] == 1);
    assert_true(right > N * 9 / 10);
    t.model->free(&t.env, t.state);
    free(t.state);
    /* Without such layers pictures are rows. */
    assert_ok(&t.env, fit(&t, "linear(out=8)|relu|linear", &rows));
    t.model->free(&t.env, t.state);
    free(t.state);
    spred_blas_threads(before);
    spred_rng_free(rng);
}

static void *fails_at(void *cookie, void *pointer, size_t size)
{
    long *left = cookie;
    if (size > 0 && (*left)-- == 0)
        return NULL;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, size);
}

/* Every allocation fails once: an error, or one thread where there could be
 * two; nothing leaks (address sanitizer). */
static void test_memory(void **state)
{
    struct nn_shape shape = shape_of(11, 10, 2, block);
    struct spred_env env;
    static float x[4 * 220];
    const int32_t codes[4] = {0, 1, 2, 0};
    double scores[12];
    long fails = 0;
    (void)state;
    int before = spred_blas_threads(2);
    for (int done = 0; !done; fails++) {
        struct nn *nn = NULL;
        long left = fails;
        spred_env_init(&env);
        env.reallocate = fails_at;
        env.allocate_cookie = &left;
        enum spred_status status = nn_new(&env, &shape, 4, 1, &nn);
        if (status == SPRED_OK) {
            assert_true(isfinite(nn_gradient(nn, x, 4, codes, NULL)));
            assert_ok(&env, nn_predict_samples(&env, nn, x, 4, scores));
            done = left > 0;
            nn_free(nn);
            continue;
        }
        assert_int_equal(status, SPRED_ENOMEM);
        assert_null(nn);
    }
    spred_blas_threads(before);
    assert_true(fails > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engines), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_chunks),  cmocka_unit_test(test_words),
        cmocka_unit_test(test_shapes),  cmocka_unit_test(test_memory),
        cmocka_unit_test(test_model),   cmocka_unit_test(test_norm)};
    return cmocka_run_group_tests_name("conv", tests, NULL, NULL);
}
