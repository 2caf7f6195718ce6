/* t-conv-gradient.c: layers of pictures, with every kind of sparsity, against
 * finite differences in the double build; evaluation against training. */
#include "test.h"

#include "solvers/nn/inside.h"
#include "solvers/nn/optimise.h"
#include "spred/rng.h"

enum { HEIGHT = 7, WIDTH = 6, CHANNELS = 2, SAMPLES = 5, CLASSES = 3 };
enum { INPUTS = HEIGHT * WIDTH * CHANNELS };
#define STEP 1e-5
#define TOLERANCE 1e-5
#define MOVES 1e-5

struct data {
    real x[SAMPLES * INPUTS];
    float single[SAMPLES * INPUTS];
    int32_t codes[SAMPLES];
    double values[SAMPLES * CLASSES];
};

static void make_data(struct data *d)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 78);
    for (size_t e = 0; e < SAMPLES * INPUTS; e++) {
        d->single[e] = (float)spred_rng_normal(rng);
        d->x[e] = (real)d->single[e];
    }
    for (size_t i = 0; i < SAMPLES; i++)
        d->codes[i] = (int32_t)spred_rng_below(rng, CLASSES);
    for (size_t e = 0; e < SAMPLES * CLASSES; e++)
        d->values[e] = spred_rng_normal(rng);
    spred_rng_free(rng);
}

static double loss(struct nn *nn, const struct data *d)
{
    return nn_gradient(nn, d->x, SAMPLES, d->codes, d->values);
}

static double distance(size_t n, const double *g, const double *d, double f)
{
    double most = 0, away = 0;
    for (size_t e = 0; e < n; e++) {
        most = fmax(most, fabs(g[e]));
        away = fmax(away, fabs(f * g[e] - d[e]));
    }
    return away / fmax(most, MOVES);
}

static void differences(struct nn *nn, const struct data *d,
                        struct nn_tensor *t, double *out)
{
    for (size_t e = 0; e < t->rows * t->cols; e++) {
        real kept = t->value[e];
        t->value[e] = kept + STEP;
        out[e] = loss(nn, d);
        t->value[e] = kept - STEP;
        out[e] = (out[e] - loss(nn, d)) / (2 * STEP);
        t->value[e] = kept;
    }
}

static void check_penalty(struct nn *nn, const char *name)
{
    size_t count;
    double scratch[64];
    struct nn_tensor *t = nn_tensors(nn, &count);
    for (size_t k = 0; k < count; k++) {
        enum nn_sparse_kind kind = t[k].sparse.kind;
        size_t size = t[k].rows * t[k].cols;
        double *slope = calloc(size, sizeof *slope);
        if (kind == NN_SUBGRADIENT)
            nn_penalise(&t[k].sparse, t[k].rows, t[k].cols, t[k].value, slope,
                        t[k].sparse.lambda, scratch);
        for (size_t e = 0; kind != NN_PROXIMAL && e < size; e++) {
            real kept = t[k].value[e];
            if (kind != NN_SUBGRADIENT)
                slope[e] = kind == NN_STG ? nn_stg_slope(&t[k].sparse, kept)
                                          : t[k].decay * kept;
            t[k].value[e] = kept + STEP;
            double d = nn_penalty(nn, 1);
            t[k].value[e] = kept - STEP;
            d = (d - nn_penalty(nn, 1)) / (2 * STEP);
            t[k].value[e] = kept;
            if (fabs(d - slope[e]) > 1e-7)
                fail_msg("%s: penalty of tensor %zu, %zu: %g, not %g", name, k,
                         e, slope[e], d);
        }
        free(slope);
    }
}

/* Where nothing is random and no batch matters, both modes are one function:
 * scores of nn_predict_samples and nn_predict, and the loss. */
static void check_evaluation(struct nn *nn, const struct data *d,
                             const char *name)
{
    struct spred_env env;
    double scores[SAMPLES * CLASSES], again[SAMPLES * CLASSES], sum = 0;
    static float columns[SAMPLES * INPUTS];
    spred_env_init(&env);
    assert_ok(&env, nn_predict_samples(&env, nn, d->single, SAMPLES, scores));
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t j = 0; j < INPUTS; j++)
            columns[i + j * SAMPLES] = d->single[j + i * INPUTS];
    assert_ok(&env, nn_predict(&env, nn, columns, SAMPLES, again));
    assert_memory_equal(scores, again, sizeof scores);
    for (size_t i = 0; i < SAMPLES; i++) {
        double all = 0, away;
        for (size_t k = 0; k < CLASSES; k++) {
            away = scores[i + k * SAMPLES] - d->values[i + k * SAMPLES];
            all += nn_shape_of(nn)->classes ? exp(scores[i + k * SAMPLES])
                                            : away * away / 2;
        }
        sum += nn_shape_of(nn)->classes
                   ? log(all) - scores[i + (size_t)d->codes[i] * SAMPLES]
                   : all;
    }
    double training = loss(nn, d);
    if (!strstr(name, "batch-norm") && !strstr(name, "dropout") &&
        !strstr(name, "stg"))
        assert_near(training, sum / SAMPLES, 1e-12 * (1 + fabs(training)));
}

static void check(const char *name, const struct nn_shape *shape)
{
    struct spred_env env;
    static struct data d;
    struct nn *nn;
    size_t count, moving = 0, norms = 0;
    spred_env_init(&env);
    make_data(&d);
    assert_ok(&env, nn_new(&env, shape, SAMPLES, 3, &nn));
    struct nn_tensor *t = nn_tensors(nn, &count);
    for (size_t k = 0; k < count; k++)
        for (size_t e = 0; t[k].role == NN_BIAS && e < t[k].rows; e++)
            t[k].value[e] += .01 * (double)(e + 1);
    loss(nn, &d);
    nn->frozen = 1;
    for (size_t k = 0; k < count; k++) {
        size_t size = t[k].rows * t[k].cols;
        double *g = calloc(size, sizeof *g), squares = 0, most = 0;
        double *difference = calloc(size, sizeof *difference);
        loss(nn, &d);
        memcpy(g, t[k].gradient, size * sizeof *g);
        double said = t[k].squares;
        for (size_t e = 0; e < size; e++) {
            squares += g[e] * g[e];
            most = fmax(most, fabs(g[e]));
        }
        assert_near(said, squares, 1e-12 * (1 + squares));
        differences(nn, &d, &t[k], difference);
        double away = distance(size, g, difference, 1);
        if (!(away < TOLERANCE))
            fail_msg("%s: tensor %zu (role %d, layer %zu): relative error %g",
                     name, k, (int)t[k].role, t[k].layer, away);
        moving += most > MOVES;
        norms += t[k].role == NN_NORM;
        if (most > MOVES)
            assert_true(distance(size, g, difference, 1.001) > TOLERANCE);
        free(g);
        free(difference);
    }
    assert_true(moving + norms / 2 >= count);
    check_penalty(nn, name);
    check_evaluation(nn, &d, name);
    nn_free(nn);
}

static void check_text(const char *text)
{
    struct spred_env env;
    struct nn_shape shape = {.inputs = INPUTS,
                             .outputs = CLASSES,
                             .picture = {HEIGHT, WIDTH, CHANNELS},
                             .n_branches = 1};
    spred_env_init(&env);
    assert_ok(&env, nn_parse(&env, text, &shape.branches[0]));
    for (shape.classes = 0; shape.classes < 2; shape.classes++) {
        shape.start = shape.classes ? NN_START_FAN_IN : NN_START_KAIMING;
        check(text, &shape);
    }
}

static void test_rows(void **state)
{
    (void)state;
    check_text("linear");
    check_text("linear(out=5)|batch-norm|relu|linear(out=4,sparse=spred,group="
               "output,lambda=.1)|relu|linear");
    check_text("linear(out=5,sparse=spred,group=input,lambda=.1)|relu|dropout("
               "rate=.3)|linear(sparse=stg,lambda=.1)");
}

static void test_conv(void **state)
{
    (void)state;
    check_text("conv(out=3,kernel=3)|relu|linear");
    check_text("conv(out=3,kernel=1,bias=false)|linear");
    check_text("conv(out=2,kernel=3,pad=1,stride=2)|relu|linear");
    check_text("conv(out=2,kernel=5,pad=2,stride=2)|relu|conv(out=3,kernel=3,"
               "pad=1)|relu|linear");
    check_text("conv(out=2,kernel=3,pad=2)|relu|conv(out=3,kernel=2,stride=3)|"
               "relu|linear(out=4)|relu|linear");
}

static void test_pools(void **state)
{
    (void)state;
    check_text("conv(out=2,kernel=3,pad=1)|relu|max-pool(size=2)|linear");
    check_text("conv(out=3,kernel=1)|max-pool(size=3,stride=1)|relu|linear");
    check_text("conv(out=3,kernel=1)|max-pool(size=2,stride=3)|relu|linear");
    /* As many channels as the wide loops take, more, and an odd number. */
    check_text("conv(out=8,kernel=2)|relu|max-pool(size=2)|linear");
    check_text("conv(out=11,kernel=1,bias=false)|max-pool(size=3)|linear");
    check_text("conv(out=3,kernel=2)|batch-norm|relu|max-pool(size=2)|linear");
    check_text("conv(out=7,kernel=1)|relu|max-pool(size=1)|add(back=1)|"
               "max-pool(size=2)|linear");
    check_text("conv(out=2,kernel=2)|relu|avg-pool(size=2)|conv(out=3,kernel=2)"
               "|relu|linear");
    check_text("conv(out=2,kernel=2)|avg-pool(size=3,stride=2)|linear");
    check_text("conv(out=4,kernel=2)|relu|global-pool|linear");
}

static void test_blocks(void **state)
{
    (void)state;
    check_text("conv(out=3,kernel=3,pad=1)|batch-norm|relu|conv(out=2,kernel=3)"
               "|batch-norm|relu|linear");
    check_text("batch-norm|conv(out=3,kernel=3,pad=1,bias=false)|relu|linear");
    /* The picture itself; a tap that a RELU would overwrite; two on one. */
    check_text("conv(out=2,kernel=3,pad=1)|add(back=1)|relu|linear");
    check_text("conv(out=2,kernel=1)|relu|conv(out=2,kernel=3,pad=1)|"
               "add(back=2)|relu|linear");
    check_text("conv(out=2,kernel=1)|relu|conv(out=2,kernel=3,pad=1)|relu|"
               "add(back=2)|conv(out=2,kernel=1)|add(back=4)|relu|linear");
    check_text(
        "conv(out=2,kernel=3,pad=1,bias=false)|batch-norm|relu|"
        "conv(out=4,kernel=3,pad=1,stride=2,bias=false)|batch-norm|relu|"
        "conv(out=4,kernel=3,pad=1,bias=false)|batch-norm|add(back=5)|relu|"
        "conv(out=4,kernel=3,pad=1)|add(back=1)|relu|global-pool|linear");
    check_text("conv(out=3,kernel=3)|relu|dropout(rate=0.3)|max-pool(size=2)|"
               "linear");
}

static void test_sparse(void **state)
{
    static const char *const sparse[] = {
        "sparse=spred,group=element,lambda=.1",
        "sparse=spred,group=element,factors=3,lambda=.1",
        "sparse=spred,group=input,lambda=.1",
        "sparse=spred,group=input,factors=3,lambda=.1",
        "sparse=spred,group=output,lambda=.1",
        "sparse=spred,group=output,factors=3,lambda=.1",
        "sparse=spred,group=block,block=4,lambda=.1",
        "sparse=subgradient,lambda=.1",
        "sparse=subgradient,group=input,lambda=.1",
        "sparse=subgradient,group=output,lambda=.1",
        "sparse=proximal,group=input,lambda=.1",
        "sparse=proximal,group=output,lambda=.1",
        "sparse=stg,lambda=.1,sigma=.3"};
    (void)state;
    for (size_t k = 0; k < sizeof sparse / sizeof *sparse; k++) {
        char text[256];
        snprintf(text, sizeof text,
                 "conv(out=2,kernel=3,pad=1,%s)|relu|max-pool(size=2)|"
                 "conv(out=3,kernel=2,%s)|relu|linear",
                 sparse[k], sparse[k]);
        check_text(text);
    }
}

/* The proximal step of input channels: norms of them shrink by the amount. */
static void test_proximal(void **state)
{
    struct nn_sparse sparse = {
        .kind = NN_PROXIMAL, .group = NN_INPUT, .every = 3};
    real value[2 * 6] = {3, 4, .1, .1, 1, 1, 0, 0, .1, .1, 1, 1};
    (void)state;
    nn_penalise(&sparse, 2, 6, value, NULL, .5, NULL);
    assert_near(value[0], 3 * .9, 1e-12);
    assert_near(value[1], 4 * .9, 1e-12);
    assert_true(value[2] == 0 && value[8] == 0 && value[9] == 0);
    assert_near(value[10], .75, 1e-12);
    assert_near(value[4], .75, 1e-12);
}

/* Of equal cells the first has the whole slope, also of overlapping windows;
 * cells that no window reaches have none. */
static void test_ties(void **state)
{
    static const struct nn_layer two = {.kind = NN_MAX_POOL, .size = 2};
    static const struct nn_layer over = {
        .kind = NN_MAX_POOL, .size = 2, .stride = 1};
    real in[9] = {1, 1, 9, 1, 1, 9, 9, 9, 9}, out[4], delta[4] = {1, 2, 4, 8};
    real before[9];
    struct nn_unit u = {.layer = &two,
                        .in = 9,
                        .out = 1,
                        .from = {3, 3, 1},
                        .to = {1, 1, 1},
                        .output = out,
                        .delta = delta};
    (void)state;
    nn_kind_max_pool.forward(NULL, &u, in, 1, 1);
    nn_kind_max_pool.backward(NULL, &u, in, 1, before);
    assert_true(out[0] == 1 && before[0] == 1);
    for (size_t e = 1; e < 9; e++)
        assert_true(before[e] == 0);
    u.layer = &over;
    u.out = 4;
    u.to = (struct spred_picture){2, 2, 1};
    nn_kind_max_pool.forward(NULL, &u, in, 1, 1);
    nn_kind_max_pool.backward(NULL, &u, in, 1, before);
    const real expected[9] = {1, 0, 2, 0, 0, 8, 4, 0, 0};
    assert_memory_equal(before, expected, sizeof expected);
    assert_true(out[0] == 1 && out[1] == 9 && out[2] == 9 && out[3] == 9);
}

/* The same of windows side by side, any number of channels, one row more than
 * they reach: every cell is equal. */
static void test_wide_ties(void **state)
{
    static const struct nn_layer two = {.kind = NN_MAX_POOL, .size = 2};
    real in[5 * 9 * 9], out[2 * 4 * 9], delta[2 * 4 * 9], before[5 * 9 * 9];
    (void)state;
    for (size_t channels = 1; channels <= 9; channels++) {
        struct nn_unit u = {.layer = &two,
                            .in = 5 * 9 * channels,
                            .out = 2 * 4 * channels,
                            .from = {5, 9, channels},
                            .to = {2, 4, channels},
                            .output = out,
                            .delta = delta};
        for (size_t e = 0; e < u.in; e++)
            in[e] = 2;
        for (size_t e = 0; e < u.out; e++)
            delta[e] = (real)(e + 1);
        nn_kind_max_pool.forward(NULL, &u, in, 1, 1);
        nn_kind_max_pool.backward(NULL, &u, in, 1, before);
        for (size_t e = 0; e < u.in; e++) {
            size_t c = e % channels, x = e / channels % 9;
            size_t y = e / channels / 9;
            int first = y % 2 == 0 && x % 2 == 0 && y < 4 && x < 8;
            size_t from = (y / 2 * 4 + x / 2) * channels + c;
            assert_true(before[e] == (first ? delta[from] : 0));
            assert_true(!first || out[from] == 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_conv),
        cmocka_unit_test(test_pools),  cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_sparse), cmocka_unit_test(test_proximal),
        cmocka_unit_test(test_ties),   cmocka_unit_test(test_wide_ties)};
    return cmocka_run_group_tests_name("conv-gradient", tests, NULL, NULL);
}
