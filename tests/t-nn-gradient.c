/* t-nn-gradient.c: every kind of layer and of sparsity of the network engine
 * against finite differences, in the double build of the same sources. */
#include "test.h"

#include "solvers/nn/inside.h"
#include "spred/rng.h"

enum { INPUTS = 6, SAMPLES = 9, CLASSES = 3 };
#define STEP 1e-5
#define TOLERANCE 1e-5
/* A smaller gradient is zero but for rounding: a bias before batch norm. */
#define MOVES 1e-5

struct data {
    real x[SAMPLES * INPUTS];
    int32_t codes[SAMPLES];
    double values[SAMPLES * CLASSES];
};

static void make_data(struct data *d)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 77);
    for (size_t e = 0; e < SAMPLES * INPUTS; e++)
        d->x[e] = (real)spred_rng_normal(rng);
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

/* max |f g - d| / max |g|, d the differences. */
static double distance(size_t n, const double *g, const double *d, double f)
{
    double most = 0, away = 0;
    for (size_t e = 0; e < n; e++) {
        most = fmax(most, fabs(g[e]));
        away = fmax(away, fabs(f * g[e] - d[e]));
    }
    return away / fmax(most, MOVES);
}

/* Central differences of the loss in every value of a tensor. */
static void differences(struct nn *nn, const struct data *d, size_t tensor,
                        double *out)
{
    size_t count;
    struct nn_tensor *t = &nn_tensors(nn, &count)[tensor];
    for (size_t e = 0; e < t->rows * t->cols; e++) {
        real kept = t->value[e];
        t->value[e] = kept + STEP;
        out[e] = loss(nn, d);
        t->value[e] = kept - STEP;
        out[e] = (out[e] - loss(nn, d)) / (2 * STEP);
        t->value[e] = kept;
    }
}

/* The same of the penalty on factors, and of STG's penalty: what the trainer
 * adds to the gradient. */
static void check_penalty(struct nn *nn, const char *name)
{
    size_t count;
    struct nn_tensor *t = nn_tensors(nn, &count);
    for (size_t k = 0; k < count; k++)
        for (size_t e = 0; e < t[k].rows * t[k].cols; e++) {
            enum nn_sparse_kind kind = t[k].sparse.kind;
            if (kind == NN_SUBGRADIENT || kind == NN_PROXIMAL)
                continue;
            real kept = t[k].value[e];
            double slope = kind == NN_STG ? nn_stg_slope(&t[k].sparse, kept)
                                          : t[k].decay * kept;
            t[k].value[e] = kept + STEP;
            double d = nn_penalty(nn, 1);
            t[k].value[e] = kept - STEP;
            d = (d - nn_penalty(nn, 1)) / (2 * STEP);
            t[k].value[e] = kept;
            if (fabs(d - slope) > 1e-7)
                fail_msg("%s: penalty of tensor %zu, %zu: %g, not %g", name, k,
                         e, slope, d);
        }
}

static void check(const char *name, const struct nn_shape *shape)
{
    struct spred_env env;
    struct data d;
    struct nn *nn;
    size_t count, moving = 0, norms = 0;
    spred_env_init(&env);
    make_data(&d);
    assert_ok(&env, nn_new(&env, shape, SAMPLES, 3, &nn));
    struct nn_tensor *t = nn_tensors(nn, &count);
    /* Kaiming's biases are 0: a unit whose inputs are all 0 has no slope. */
    for (size_t k = 0; k < count; k++)
        for (size_t e = 0; t[k].role == NN_BIAS && e < t[k].rows; e++)
            t[k].value[e] += .01 * (double)(e + 1);
    loss(nn, &d);
    nn->frozen = 1;
    for (size_t k = 0; k < count; k++) {
        size_t size = t[k].rows * t[k].cols;
        double *g = spred_alloc(&env, size, sizeof *g), squares = 0, most = 0;
        double *difference = spred_alloc(&env, size, sizeof *difference);
        loss(nn, &d);
        memcpy(g, t[k].gradient, size * sizeof *g);
        double said = t[k].squares;
        for (size_t e = 0; e < size; e++) {
            squares += g[e] * g[e];
            most = fmax(most, fabs(g[e]));
        }
        assert_near(said, squares, 1e-12 * (1 + squares));
        differences(nn, &d, k, difference);
        double away = distance(size, g, difference, 1);
        if (!(away < TOLERANCE))
            fail_msg("%s: tensor %zu (role %d, layer %zu): relative error %g",
                     name, k, (int)t[k].role, t[k].layer, away);
        /* A wrong gradient would be seen. */
        moving += most > MOVES;
        norms += t[k].role == NN_NORM;
        if (most > MOVES)
            assert_true(distance(size, g, difference, 1.001) > TOLERANCE);
        spred_free(&env, g);
        spred_free(&env, difference);
    }
    /* All but the biases before batch norm can move. */
    assert_true(moving + norms / 2 >= count);
    check_penalty(nn, name);
    nn_free(nn);
}

static struct nn_shape from_text(const char *one, const char *two)
{
    struct spred_env env;
    struct nn_shape shape = {.inputs = INPUTS,
                             .outputs = CLASSES,
                             .classes = 1,
                             .n_branches = two ? 2 : 1};
    spred_env_init(&env);
    assert_ok(&env, nn_parse(&env, one, &shape.branches[0]));
    if (two)
        assert_ok(&env, nn_parse(&env, two, &shape.branches[1]));
    return shape;
}

static void check_text(const char *one, const char *two)
{
    struct nn_shape shape = from_text(one, two);
    for (int classes = 0; classes < 2; classes++)
        for (int sum = 0; sum <= (two != NULL); sum++) {
            shape.classes = classes;
            shape.sum = sum;
            check(one, &shape);
        }
}

static void test_layers(void **state)
{
    (void)state;
    check_text("linear", NULL);
    check_text("linear(bias=false)", NULL);
    check_text("linear(out=5)|relu|linear", NULL);
    check_text("linear(out=5,bias=false)|relu|linear(out=4)|relu|linear(bias="
               "false)",
               NULL);
    check_text("linear(out=5)|batch-norm|relu|linear", NULL);
    check_text("linear(out=8)|relu|dropout(rate=0.3)|linear", NULL);
    check_text("linear(out=7)|batch-norm|relu|dropout(rate=0.2)|linear(out=4)|"
               "batch-norm|relu|linear",
               NULL);
    check_text("linear", "linear(out=5)|relu|linear");
}

/* Every kind and group, as the first layer and as an inner one. */
static void test_sparse(void **state)
{
    static const char *const sparse[] = {
        "sparse=spred,group=element,lambda=.1",
        "sparse=spred,group=element,factors=3,lambda=.1",
        "sparse=spred,group=element,factors=4,lambda=.1",
        "sparse=spred,group=input,lambda=.1",
        "sparse=spred,group=input,factors=3,lambda=.1",
        "sparse=spred,group=output,lambda=.1",
        "sparse=spred,group=output,factors=3,lambda=.1",
        "sparse=spred,group=block,block=2,lambda=.1",
        "sparse=spred,group=block,block=4,factors=3,lambda=.1",
        "sparse=subgradient,lambda=.1",
        "sparse=subgradient,group=input,lambda=.1",
        "sparse=proximal,group=output,lambda=.1",
        "sparse=stg,lambda=.1,sigma=.3",
        "sparse=str,lambda=.1,sigma=.1"};
    (void)state;
    for (size_t k = 0; k < sizeof sparse / sizeof *sparse; k++) {
        char text[256];
        snprintf(text, sizeof text, "linear(%s)", sparse[k]);
        check_text(text, NULL);
        snprintf(text, sizeof text, "linear(out=5,%s)|relu|linear(%s)",
                 sparse[k], sparse[k]);
        check_text(text, NULL);
        check_text(text, "linear(sparse=spred,group=input,lambda=.2)");
    }
}

static void test_shared(void **state)
{
    struct nn_shape shape = from_text(
        "linear(bias=false)", "linear(out=5,bias=false)|relu|linear(out=4)"
                              "|relu|linear");
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        for (int sum = 0; sum < 2; sum++)
            for (int fixed = 0; fixed < 2; fixed++) {
                shape.sum = sum;
                shape.gate = (struct nn_sparse){
                    .kind = kind == 3 ? NN_STG : NN_SPRED,
                    .factors = kind == 3 ? 0 : 2 + (size_t)kind,
                    .lambda = .1,
                    .sigma = .4};
                shape.gate_start = fixed ? .3 : 0;
                check("shared gates", &shape);
                shape.start = NN_START_KAIMING;
                check("shared gates, Kaiming", &shape);
                shape.start = NN_START_FAN_IN;
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers),
                                       cmocka_unit_test(test_sparse),
                                       cmocka_unit_test(test_shared)};
    return cmocka_run_group_tests_name("nn-gradient", tests, NULL, NULL);
}
