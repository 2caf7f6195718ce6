/* t-nn-sparse.c: products of factors and stochastic gates of the network
 * engine: where they start, what they cost, what evaluation makes of them. */
#include "nn-fixture.h"

static const char *const products[] = {
    "linear(out=8,sparse=spred,lambda=.3)|relu|linear",
    "linear(out=8,sparse=spred,factors=3,lambda=.3)|relu|linear",
    "linear(out=8)|relu|linear(sparse=spred,factors=4,lambda=.3)",
    "linear(out=8,sparse=spred,group=input,lambda=.3)|relu|linear",
    "linear(out=8,sparse=spred,group=input,factors=3,lambda=.3)|relu|linear",
    "linear(out=8,sparse=spred,group=output,lambda=.3)|relu|linear",
    "linear(out=8)|relu|linear(sparse=spred,group=output,factors=4,lambda=.3)",
    "linear(out=8,sparse=spred,group=block,block=5,lambda=.3)|relu|linear",
    "linear(out=8)|relu|linear(sparse=spred,group=block,block=3,factors=3,"
    "lambda=.3)"};
enum { PRODUCTS = sizeof products / sizeof *products };

/* The sparse layer of one of them. */
static struct nn_unit *sparse_unit(struct nn *nn)
{
    struct nn_unit *u = &nn->units[0][0];
    return u->layer->sparse.kind ? u : &nn->units[0][2];
}

static size_t group_of(const struct nn_unit *u, size_t i, size_t j)
{
    switch (u->layer->sparse.group) {
    case NN_INPUT:
        return j;
    case NN_OUTPUT:
        return i;
    case NN_BLOCK:
        return j / u->layer->sparse.block;
    default:
        return i + j * u->out;
    }
}

/* lambda sum_g |w_g|^(2/D) of what nn_weights gives. */
static double plain_penalty(struct nn *nn, const struct nn_unit *u)
{
    double squares[INPUTS * 8] = {0}, sum = 0;
    const real *w = nn_weights(nn, 0, u->index);
    for (size_t j = 0; j < u->in; j++)
        for (size_t i = 0; i < u->out; i++)
            squares[group_of(u, i, j)] += pow((double)w[i + j * u->out], 2);
    for (size_t g = 0; g < INPUTS * 8; g++)
        sum += pow(squares[g], 1 / (double)nn_factors(&u->layer->sparse));
    return u->layer->sparse.lambda * sum;
}

/* Every factor of a group gets the norm of the first matrix's group: balanced.
 */
static void balance(struct nn *nn, const struct nn_unit *u)
{
    struct nn_tensor *t = &nn->tensors[u->tensor];
    double squares[INPUTS * 8] = {0};
    for (size_t j = 0; j < u->in; j++)
        for (size_t i = 0; i < u->out; i++)
            squares[group_of(u, i, j)] +=
                pow((double)t->value[i + j * u->out], 2);
    if (u->gates)
        for (size_t k = 0; k < u->gates->count; k++)
            for (size_t g = 0; g < u->gates->groups; g++)
                nn->tensors[u->gates->tensor + k].value[g] =
                    (real)(k % 2 ? -sqrt(squares[g]) : sqrt(squares[g]));
    for (size_t d = 1; d < u->factors; d++)
        for (size_t e = 0; e < t->rows * t->cols; e++)
            t[d].value[e] = (real)sqrt(squares[e]);
}

static void test_penalties(void **state)
{
    (void)state;
    for (size_t k = 0; k < PRODUCTS; k++) {
        struct spred_env env;
        struct nn_shape shape = make_shape(products[k], NULL, 0);
        struct nn *nn = make_nn(&env, &shape, 4);
        struct nn_unit *u = sparse_unit(nn);
        double d = (double)nn_factors(&u->layer->sparse), squares = 0;
        double mine = plain_penalty(nn, u);
        assert_near(nn_penalty(nn, 0), mine, 1e-5 * mine);
        assert_true(nn_penalty(nn, 1) > mine * 1.0001);
        balance(nn, u);
        mine = plain_penalty(nn, u);
        assert_near(nn_penalty(nn, 0), mine, 1e-5 * mine);
        assert_near(nn_penalty(nn, 1), mine, 1e-5 * mine);
        /* (lambda/D) sum_d |f_d|^2 */
        for (size_t i = 0; i < nn->n_tensors; i++) {
            struct nn_tensor *t = &nn->tensors[i];
            if (t->decay > 0)
                assert_near(t->decay, 2 * .3 / d, 1e-12);
            for (size_t e = 0; t->decay > 0 && e < t->rows * t->cols; e++)
                squares += pow((double)t->value[e], 2);
        }
        assert_near(nn_penalty(nn, 1), .3 / d * squares, 1e-5);
        nn_free(nn);
    }
}

/* Gates that two first layers share: a group is an input's columns of both. */
static void test_shared_penalty(void **state)
{
    (void)state;
    for (size_t d = 2; d < 5; d++) {
        struct spred_env env;
        struct nn_shape shape =
            make_shape("linear", "linear(out=8)|relu|linear", d);
        struct nn *nn = make_nn(&env, &shape, 4);
        double mine = 0;
        for (size_t j = 0; j < INPUTS; j++) {
            double squares = 0;
            for (size_t b = 0; b < 2; b++) {
                const real *w = nn_weights(nn, b, 0);
                size_t rows = nn->units[b][0].out;
                for (size_t i = 0; i < rows; i++)
                    squares += pow((double)w[i + j * rows], 2);
            }
            assert_near(nn_input_size(nn, j), sqrt(squares), 1e-6);
            mine += .2 * pow(squares, 1 / (double)d);
        }
        assert_near(nn_penalty(nn, 0), mine, 1e-5 * mine);
        assert_true(nn_penalty(nn, 1) > mine * 1.0001);
        /* Balanced: a gate as long as the columns that it multiplies. */
        for (size_t j = 0; j < INPUTS; j++) {
            double squares = 0;
            for (size_t i = 0; i < nn->n_tensors; i++)
                for (size_t e = 0;
                     nn->tensors[i].role == NN_FIRST && e < nn->tensors[i].rows;
                     e++)
                    squares += pow((double)nn->tensors[i]
                                       .value[e + j * nn->tensors[i].rows],
                                   2);
            for (size_t k = 0; k < d - 1; k++)
                nn->tensors[nn->shared.tensor + k].value[j] =
                    (real)-sqrt(squares);
        }
        assert_near(nn_penalty(nn, 1), nn_penalty(nn, 0), 1e-5);
        /* Parked inputs do not count. */
        double all = nn_penalty(nn, 1);
        nn_set_live(nn, 6);
        assert_true(nn_penalty(nn, 1) < all * .9);
        assert_near(nn_penalty(nn, 1), nn_penalty(nn, 0), 1e-5);
        nn_free(nn);
    }
}

/* lambda sum_g |w_g|_2 of weights that are no products. */
static void test_plain_penalties(void **state)
{
    static const char *const groups[] = {"element", "input", "output",
                                         "block,block=5"};
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        struct spred_env env;
        char text[128];
        snprintf(text, sizeof text,
                 "linear(out=8,sparse=%s,lambda=.3,group=%s)|relu|linear",
                 k % 2 ? "proximal" : "subgradient", groups[k]);
        struct nn_shape shape = make_shape(text, NULL, 0);
        struct nn *nn = make_nn(&env, &shape, 4);
        struct nn_unit *u = sparse_unit(nn);
        double mine = plain_penalty(nn, u);
        assert_near(nn_penalty(nn, 0), mine, 1e-5 * mine);
        assert_near(nn_penalty(nn, 1), mine, 1e-5 * mine);
        assert_near(nn->tensors[u->tensor].decay, 0, 0);
        assert_near(nn->tensors[u->tensor].sparse.lambda, .3, 0);
        nn_free(nn);
    }
}

/* Phi(z) by Simpson's rule from far below. */
static double normal_integral(double z)
{
    enum { PARTS = 4000 };
    double from = -12, width = (z - from) / PARTS, sum = 0;
    for (size_t k = 0; k <= PARTS; k++) {
        double at = from + (double)k * width;
        double weight = k == 0 || k == PARTS ? 1 : k % 2 ? 4 : 2;
        sum += weight * exp(-at * at / 2);
    }
    return sum * width / 3 / sqrt(2 * acos(-1));
}

static void test_stochastic(void **state)
{
    struct spred_env env;
    struct data d = make_data();
    struct nn_shape shape = make_shape("linear(bias=no)", NULL, 0);
    double expected = 0, size[INPUTS], one[SAMPLES * CLASSES];
    (void)state;
    shape.gate = (struct nn_sparse){.kind = NN_STG, .lambda = .7, .sigma = .4};
    struct nn *nn = make_nn(&env, &shape, 4);
    struct nn_tensor *mu = &nn->tensors[nn->shared.tensor];
    for (size_t j = 0; j < INPUTS; j++)
        assert_near(mu->value[j], 0, 0); /* the gate starts half open */
    for (size_t j = 0; j < INPUTS; j++) {
        mu->value[j] = (real)(.25 * (double)j - 1.5);
        expected += .7 * normal_integral(((double)mu->value[j] + .5) / .4);
    }
    assert_near(nn_penalty(nn, 0), expected, 1e-6);
    assert_near(nn_penalty(nn, 1), expected, 1e-6);
    assert_near(nn_stg_slope(&shape.gate, .1),
                .7 / .4 * exp(-2.25 / 2) / sqrt(2 * acos(-1)), 1e-9);
    nn_importance(nn, 0, size);
    for (size_t j = 0; j < INPUTS; j++)
        assert_near(size[j], fmin(fmax(.25 * (double)j - 1, 0), 1), 1e-6);
    /* Evaluation: no noise, gates as they stand. */
    double two[SAMPLES * CLASSES];
    assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, one));
    double first = gradient(nn, &d), second = gradient(nn, &d);
    assert_true(first < second || first > second); /* noise */
    assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, two));
    assert_memory_equal(one, two, sizeof one);
    const real *w = nn_weights(nn, 0, 0);
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t c = 0; c < CLASSES; c++) {
            double z = 0;
            for (size_t j = 0; j < INPUTS; j++)
                z += (double)w[c + j * CLASSES] * (double)d.x[i + j * SAMPLES];
            assert_near(one[i + c * SAMPLES], z, 1e-6);
        }
    nn_free(nn);
}

/* mean +- 5 standard errors of STG's gates at mu = 0: half open. */
static void test_noise(void **state)
{
    struct spred_env env;
    struct data d = make_data();
    struct nn_shape shape = make_shape("linear", NULL, 0);
    double sum = 0, squares = 0;
    size_t count = 0;
    (void)state;
    shape.gate = (struct nn_sparse){.kind = NN_STG, .sigma = .1};
    struct nn *nn = make_nn(&env, &shape, 4);
    for (int k = 0; k < 200; k++) {
        gradient(nn, &d);
        for (size_t j = 0; j < INPUTS; j++, count++) {
            sum += (double)nn->shared.scale[j] - .5;
            squares += pow((double)nn->shared.scale[j] - .5, 2);
        }
    }
    assert_near(sum / (double)count, 0, 5 * .1 / sqrt((double)count));
    assert_near(squares / (double)count, .01, .001);
    nn_free(nn);
}

/* sqrt(mean w^2) */
static double deviation(const real *w, size_t count)
{
    double squares = 0;
    for (size_t e = 0; e < count; e++)
        squares += (double)w[e] * (double)w[e];
    return sqrt(squares / (double)count);
}

/* Products start at the size of a dense start, whatever D; their factors are
 * balanced but for a few percent, and have both signs. */
static void test_starts(void **state)
{
    static const char *const sparse[] = {
        "lambda=0,sparse=none",
        "lambda=1,sparse=spred",
        "lambda=1,sparse=spred,factors=3",
        "lambda=1,sparse=spred,factors=5",
        "lambda=1,sparse=spred,group=input",
        "lambda=1,sparse=spred,group=input,factors=4",
        "lambda=1,sparse=spred,group=output,factors=3",
        "lambda=1,sparse=spred,group=block,block=10,factors=3"};
    (void)state;
    for (size_t k = 0; k < 2 * sizeof sparse / sizeof *sparse; k++) {
        struct spred_env env;
        char text[128];
        snprintf(text, sizeof text, "linear(out=100,%s)|relu|linear",
                 k / 2 ? sparse[k / 2] : "bias=yes");
        struct nn_shape shape = make_shape(text, NULL, 0);
        shape.inputs = 300;
        shape.start = k % 2 ? NN_START_KAIMING : NN_START_FAN_IN;
        struct nn *nn = make_nn(&env, &shape, 12);
        double dense = k % 2 ? sqrt(2. / 300) : 1 / sqrt(900.);
        const struct nn_unit *u = &nn->units[0][0];
        assert_near(deviation(nn_weights(nn, 0, 0), 30000), dense, .1 * dense);
        if (k / 2)
            assert_true(nn_penalty(nn, 1) < 1.15 * nn_penalty(nn, 0));
        size_t from = u->gates ? u->gates->tensor : u->tensor;
        for (size_t i = from; i < u->tensor + u->factors; i++) {
            const struct nn_tensor *t = &nn->tensors[i];
            size_t positive = 0, n = t->rows * t->cols;
            double least = INFINITY;
            for (size_t e = 0; e < n; e++) {
                positive += t->value[e] > 0;
                least = fmin(least, fabs((double)t->value[e]));
            }
            assert_true((double)positive > .3 * (double)n);
            assert_true((double)positive < .7 * (double)n);
            /* No gate, and no factor of an element, near zero. */
            if (i < u->tensor || u->factors > 1)
                assert_true(least > .4 * deviation(t->value, n));
        }
        real most = 0;
        for (size_t e = 0; e < 100; e++)
            most =
                (real)fmax(most, fabsf((float)nn->tensors[u->bias].value[e]));
        assert_near(most, k % 2 ? 0 : 1 / sqrt(300.), k % 2 ? 0 : .01);
        nn_free(nn);
    }
}

/* Shared gates: uniform within 1/sqrt(inputs), or all as told; one seed gives
 * one network. */
static void test_shared_start(void **state)
{
    struct spred_env env;
    struct nn_shape shape =
        make_shape("linear", "linear(out=8)|relu|linear", 2);
    struct data d = make_data();
    struct nn *nn, *same, *other;
    double most = 0;
    (void)state;
    shape.inputs = 400;
    nn = make_nn(&env, &shape, 5);
    same = make_nn(&env, &shape, 5);
    other = make_nn(&env, &shape, 6);
    for (size_t i = 0; i < nn->n_tensors; i++) {
        size_t bytes = nn->tensors[i].rows * nn->tensors[i].cols * sizeof(real);
        assert_memory_equal(nn->tensors[i].value, same->tensors[i].value,
                            bytes);
        assert_true(
            memcmp(nn->tensors[i].value, other->tensors[i].value, bytes) != 0);
    }
    float *x = spred_alloc(&env, 400 * SAMPLES, sizeof *x);
    for (size_t e = 0; e < 400 * SAMPLES; e++)
        x[e] = d.x[(7 * e) % (SAMPLES * INPUTS)];
    double loss = nn_gradient(nn, x, SAMPLES, d.codes, NULL);
    assert_near(nn_gradient(same, x, SAMPLES, d.codes, NULL), loss, 0);
    spred_free(&env, x);
    for (size_t i = 0; i < nn->n_tensors; i++)
        assert_memory_equal(nn->tensors[i].gradient, same->tensors[i].gradient,
                            nn->tensors[i].rows * nn->tensors[i].cols *
                                sizeof(real));
    for (size_t j = 0; j < 400; j++)
        most = fmax(most, fabs((double)nn->tensors[0].value[j]));
    assert_near(most, 1 / sqrt(400.), .002);
    nn_free(nn);
    nn_free(same);
    nn_free(other);
    shape.gate_start = .7;
    shape.gate.factors = 3;
    nn = make_nn(&env, &shape, 5);
    for (size_t j = 0; j < 400; j++) {
        assert_near(nn->tensors[0].value[j], .7f, 0);
        assert_near(nn->tensors[1].value[j], .7f, 0);
    }
    assert_near(deviation(nn->tensors[2].value, 1200), 1 / sqrt(1200.), .002);
    nn_free(nn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_penalties),
                                       cmocka_unit_test(test_shared_penalty),
                                       cmocka_unit_test(test_plain_penalties),
                                       cmocka_unit_test(test_stochastic),
                                       cmocka_unit_test(test_noise),
                                       cmocka_unit_test(test_starts),
                                       cmocka_unit_test(test_shared_start)};
    return cmocka_run_group_tests_name("nn-sparse", tests, NULL, NULL);
}
