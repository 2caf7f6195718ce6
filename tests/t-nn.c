/* t-nn.c: the network engine in single precision: swapped and parked inputs,
 * prediction against plain loops, saving, statistics, memory. */
#include "nn-fixture.h"

#define F_L "linear(bias=false)"
#define F_N "linear(out=9,bias=false)|relu|linear(out=5)|relu|linear"

/* Networks whose first layers are held in every way there is. */
static struct nn_shape any_shape(size_t k)
{
    static const char *const first[] = {
        "linear(out=7)|batch-norm|relu|linear",
        "linear(out=7,sparse=spred,group=input,lambda=.1)|relu|linear",
        "linear(out=7,sparse=spred,group=input,factors=3,lambda=.1)|relu|"
        "linear(sparse=spred,lambda=.1)",
        "linear(out=7,sparse=spred,lambda=.1)|relu|linear",
        "linear(out=7,sparse=spred,group=output,lambda=.1)|relu|linear",
        "linear(out=7,sparse=spred,group=block,block=5,lambda=.1)|relu|linear",
        "linear(out=7,sparse=proximal,group=block,block=5,lambda=.1)|relu|"
        "linear",
        "linear(out=7,sparse=stg,lambda=.1)|relu|linear"};
    size_t count = sizeof first / sizeof *first;
    if (k < count)
        return make_shape(first[k], NULL, 0);
    if (k < 2 * count)
        return make_shape(F_L, first[k - count], 0);
    struct nn_shape shape = make_shape(F_L, F_N, 2 + k - 2 * count);
    shape.sum = k == 2 * count + 1;
    if (k == 2 * count + 2)
        shape.gate = (struct nn_sparse){.kind = NN_STG, .lambda = .1};
    return shape;
}
enum { ANY = 19 };

/* x with its columns in the network's order. */
static void reorder(const struct nn *nn, const struct data *d, real *x)
{
    for (size_t j = 0; j < INPUTS; j++)
        for (size_t i = 0; i < SAMPLES; i++)
            x[i + j * SAMPLES] =
                (real)d->x[i + nn_order(nn)[j] * (size_t)SAMPLES];
}

/* Loss, gradients, predictions and penalties do not depend on the order. */
static void test_swaps(void **state)
{
    struct data d = make_data();
    (void)state;
    for (size_t k = 0; k < ANY; k++) {
        struct spred_env env;
        struct nn_shape shape = any_shape(k);
        struct nn *nn = make_nn(&env, &shape, 4), *other;
        double before[SAMPLES * CLASSES], after[SAMPLES * CLASSES];
        double size[INPUTS], moved[INPUTS];
        real x[SAMPLES * INPUTS];
        size_t count;
        assert_ok(&env, nn_new(&env, &shape, SAMPLES, 4, &other));
        double loss = gradient(nn, &d);
        gradient(other, &d);
        other->frozen = 1;
        assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, before));
        nn_importance(nn, 0, size);
        struct nn_tensor *t = nn_tensors(other, &count), *u;
        for (size_t i = 0; i < count; i++) {
            t[i].moment1 =
                spred_alloc(&env, t[i].rows * t[i].cols, sizeof *t[i].moment1);
            memcpy(t[i].moment1, t[i].value,
                   t[i].rows * t[i].cols * sizeof *t[i].value);
        }
        nn_swap_inputs(other, 0, 7);
        nn_swap_inputs(other, 7, 11);
        nn_swap_inputs(other, 3, 3);
        nn_swap_inputs(other, 2, 10);
        assert_int_equal(nn_order(other)[0], 7);
        assert_int_equal(nn_order(other)[7], 11);
        assert_int_equal(nn_order(other)[11], 0);
        reorder(other, &d, x);
        assert_near(nn_gradient(other, x, SAMPLES, d.codes, d.values), loss,
                    1e-6);
        u = nn_tensors(nn, &count);
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < t[i].cols; j++)
                for (size_t r = 0; r < t[i].rows; r++) {
                    int first = t[i].role == NN_FIRST || t[i].role == NN_GATE;
                    size_t at = first ? nn_order(other)[j] : j;
                    size_t e = r + j * t[i].rows, f = r + at * t[i].rows;
                    assert_near(t[i].gradient[e], u[i].gradient[f], 1e-6);
                    assert_near(t[i].moment1[e], u[i].value[f], 0);
                }
        /* Running statistics moved on by one call. */
        if (shape.branches[shape.n_branches - 1].layers[1].kind ==
            NN_BATCH_NORM) {
            gradient(nn, &d);
            assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, before));
        }
        assert_ok(&env, nn_predict(&env, other, d.x, SAMPLES, after));
        nn_importance(other, 0, moved);
        for (size_t e = 0; e < SAMPLES * CLASSES; e++)
            assert_near(after[e], before[e], 2e-6);
        for (size_t j = 0; j < INPUTS; j++)
            assert_near(moved[j], size[j], 1e-7);
        assert_near(nn_penalty(other, 0), nn_penalty(nn, 0), 1e-6);
        assert_near(nn_penalty(other, 1), nn_penalty(nn, 1), 1e-6);
        nn_free(nn);
        nn_free(other);
    }
}

/* Parked inputs: as if their products were 0, and none of their memory is
 * touched. */
static void test_live(void **state)
{
    struct data d = make_data();
    (void)state;
    for (size_t k = 0; k < ANY; k++) {
        struct spred_env env;
        struct nn_shape shape = any_shape(k);
        struct nn *nn = make_nn(&env, &shape, 4), *zero;
        double parked[SAMPLES * CLASSES], zeroed[SAMPLES * CLASSES];
        double size[INPUTS];
        real x[SAMPLES * INPUTS];
        size_t count, live = 5;
        if (shape.gate.kind == NN_STG ||
            shape.branches[shape.n_branches - 1].layers[0].sparse.kind ==
                NN_STG) {
            nn_free(nn);
            continue; /* noise is drawn for every live input */
        }
        assert_ok(&env, nn_new(&env, &shape, SAMPLES, 4, &zero));
        nn_swap_inputs(nn, 1, 9);
        nn_swap_inputs(zero, 1, 9);
        nn_set_live(nn, live);
        struct nn_tensor *t = nn_tensors(zero, &count),
                         *u = nn_tensors(nn, &count);
        for (size_t i = 0; i < count; i++)
            for (size_t e = live * t[i].rows; e < t[i].rows * t[i].cols; e++)
                if (t[i].role == NN_FIRST || t[i].role == NN_GATE) {
                    if (t[i].role == NN_FIRST)
                        t[i].value[e] = 0;
                    u[i].value[e] = NAN;
                    u[i].gradient[e] = 77;
                }
        reorder(nn, &d, x);
        double loss = nn_gradient(zero, x, SAMPLES, d.codes, d.values);
        for (size_t e = live * SAMPLES; e < SAMPLES * INPUTS; e++)
            x[e] = NAN;
        assert_near(nn_gradient(nn, x, SAMPLES, d.codes, d.values), loss, 1e-6);
        for (size_t i = 0; i < count; i++) {
            int first = t[i].role == NN_FIRST || t[i].role == NN_GATE;
            size_t used = (first ? live : t[i].cols) * t[i].rows;
            double squares = 0;
            for (size_t e = 0; e < t[i].rows * t[i].cols; e++) {
                if (e < used)
                    assert_near(u[i].gradient[e], t[i].gradient[e], 1e-6);
                else
                    assert_near(u[i].gradient[e], 77, 0);
                if (e < used)
                    squares +=
                        (double)u[i].gradient[e] * (double)u[i].gradient[e];
            }
            assert_near(u[i].squares, squares, 1e-5 * squares);
        }
        assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, parked));
        assert_ok(&env, nn_predict(&env, zero, d.x, SAMPLES, zeroed));
        for (size_t e = 0; e < SAMPLES * CLASSES; e++)
            assert_near(parked[e], zeroed[e], 1e-6);
        if (shape.gate.kind == NN_DENSE)
            assert_near(nn_penalty(nn, 0), nn_penalty(zero, 0), 1e-6);
        nn_importance(nn, 0, size);
        for (size_t j = 0; j < INPUTS; j++)
            assert_true((size[nn_order(nn)[j]] > 0) == (j < live));
        /* None left: what the biases say. */
        nn_set_live(nn, 0);
        assert_true(isfinite(nn_gradient(nn, x, SAMPLES, d.codes, d.values)));
        nn_free(nn);
        nn_free(zero);
    }
}

/* z = W a + b by plain loops. */
static void plain_linear(struct nn *nn, size_t b, size_t l, size_t in,
                         const double *a, double *z, size_t *out)
{
    const struct nn_unit *u = &nn->units[b][l];
    const real *w = nn_weights(nn, b, l);
    assert_int_equal(u->in, in);
    for (size_t i = 0; i < u->out; i++) {
        z[i] = u->bias == NN_NONE ? 0 : (double)nn->tensors[u->bias].value[i];
        for (size_t j = 0; j < in; j++)
            z[i] += (double)w[i + j * u->out] * a[j];
    }
    *out = u->out;
}

/* Scores are what loops over nn_weights give, for more samples than `most`. */
static void test_predict(void **state)
{
    enum { MANY = 2 * SAMPLES + 3 };
    struct data d = make_data();
    (void)state;
    for (size_t k = 0; k < ANY; k++) {
        struct spred_env env;
        struct nn_shape shape = any_shape(k);
        struct nn *nn = make_nn(&env, &shape, 4);
        float x[MANY * INPUTS];
        double scores[MANY * CLASSES];
        if (k % 8 == 0 && k < 16) { /* batch norm has its own test */
            nn_free(nn);
            continue;
        }
        nn_swap_inputs(nn, 1, 8);
        for (size_t e = 0; e < MANY * INPUTS; e++)
            x[e] = d.x[(e * 7) % (SAMPLES * INPUTS)];
        assert_ok(&env, nn_predict(&env, nn, x, MANY, scores));
        for (size_t i = 0; i < MANY; i++) {
            double sum[CLASSES] = {0};
            for (size_t b = 0; b < shape.n_branches; b++) {
                double a[16], z[16];
                size_t units = INPUTS;
                for (size_t j = 0; j < INPUTS; j++)
                    a[j] = (double)x[i + nn_order(nn)[j] * (size_t)MANY];
                for (size_t l = 0; l < shape.branches[b].n; l++) {
                    if (shape.branches[b].layers[l].kind == NN_LINEAR) {
                        plain_linear(nn, b, l, units, a, z, &units);
                        memcpy(a, z, sizeof a);
                    } else
                        for (size_t j = 0; j < units; j++)
                            a[j] = fmax(a[j], 0);
                }
                for (size_t c = 0; c < CLASSES; c++)
                    sum[c] = shape.sum ? sum[c] + a[c] : a[c];
            }
            for (size_t c = 0; c < CLASSES; c++)
                assert_near(scores[i + c * MANY], sum[c], 2e-6);
        }
        nn_free(nn);
    }
}

/* (1/n) sum of log-losses, and half of the mean squared error. */
static void test_losses(void **state)
{
    struct spred_env env;
    struct data d = make_data();
    struct nn_shape shape =
        make_shape("linear", "linear(out=4)|relu|linear", 0);
    double scores[SAMPLES * CLASSES], expected = 0;
    (void)state;
    shape.sum = 1;
    struct nn *nn = make_nn(&env, &shape, 8);
    assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, scores));
    for (size_t i = 0; i < SAMPLES; i++) {
        double total = 0;
        for (size_t c = 0; c < CLASSES; c++)
            total += exp(scores[i + c * SAMPLES]);
        expected +=
            log(total) - scores[i + (size_t)d.codes[i] * (size_t)SAMPLES];
    }
    assert_near(gradient(nn, &d), expected / SAMPLES, 1e-6);
    nn_free(nn);
    shape.classes = 0;
    nn = make_nn(&env, &shape, 8);
    expected = 0;
    for (size_t e = 0; e < SAMPLES * CLASSES; e++)
        expected += pow(scores[e] - d.values[e], 2) / 2;
    assert_near(gradient(nn, &d), expected / SAMPLES, 1e-6);
    nn_free(nn);
    /* The mean of two losses: twice the same branch. */
    shape = make_shape("linear", "linear", 0);
    nn = make_nn(&env, &shape, 8);
    shape.n_branches = 1;
    struct nn *one = make_nn(&env, &shape, 8);
    for (size_t k = 0; k < 2; k++)
        memcpy(nn->tensors[k + 2].value, one->tensors[k].value,
               one->tensors[k].rows * one->tensors[k].cols * sizeof(real));
    assert_memory_equal(nn->tensors[0].value, one->tensors[0].value,
                        CLASSES * INPUTS * sizeof(real));
    assert_near(gradient(nn, &d), gradient(one, &d), 1e-6);
    nn_free(nn);
    nn_free(one);
}

/* Sizes by input, 0 for the small and the parked; weights of parked inputs are
 * still told. */
static void test_importance(void **state)
{
    struct spred_env env;
    struct nn_shape shape =
        make_shape("linear(out=7,sparse=spred,group=input,lambda=.1)", NULL, 0);
    shape.branches[0].layers[0].out = CLASSES;
    struct nn *nn = make_nn(&env, &shape, 8);
    struct nn_tensor *gate = &nn->tensors[0], *v = &nn->tensors[1];
    double size[INPUTS];
    (void)state;
    for (size_t j = 0; j < INPUTS; j++) {
        gate->value[j] = j % 2 ? -1 : 1;
        for (size_t i = 0; i < CLASSES; i++)
            v->value[i + j * CLASSES] = i == 1 ? (real)(j + 1) : 0;
    }
    nn_swap_inputs(nn, 5, 11);
    nn_set_live(nn, 11);
    nn_importance(nn, .4, size);
    for (size_t j = 0; j < INPUTS; j++)
        assert_near(size[j], j == 5 || j + 1 <= 4 ? 0 : (double)j + 1, 1e-6);
    const real *w = nn_weights(nn, 0, 0);
    for (size_t j = 0; j < INPUTS; j++) {
        size_t at = nn_order(nn)[j];
        assert_near(w[1 + j * CLASSES], (at % 2 ? -1. : 1.) * ((double)at + 1),
                    1e-6);
        assert_near(nn_input_size(nn, j), (double)at + 1, 1e-6);
    }
    nn_free(nn);
}

/* Scores far out: no overflow. */
static void test_far_scores(void **state)
{
    struct spred_env env;
    struct data d = make_data();
    struct nn_shape shape = make_shape("linear", NULL, 0);
    struct nn *nn = make_nn(&env, &shape, 8);
    size_t count;
    (void)state;
    struct nn_tensor *t = nn_tensors(nn, &count);
    for (size_t e = 0; e < t[0].rows * t[0].cols; e++)
        t[0].value[e] *= 1e6f;
    double loss = gradient(nn, &d);
    assert_true(isfinite(loss) && loss > 1e3);
    for (size_t e = 0; e < t[0].rows * t[0].cols; e++)
        assert_true(isfinite(t[0].gradient[e]));
    nn_free(nn);
}

/* |g_j| is the norm of the column of the gradient in W, for few outputs and
 * for many, parked or not. */
static void test_input_gradient(void **state)
{
    struct data d = make_data();
    (void)state;
    for (size_t many = 0; many < 2; many++) {
        struct spred_env env;
        struct nn_shape shape = make_shape(
            "linear", many ? "linear(out=300)|relu|linear" : "linear", 0);
        struct nn *nn = make_nn(&env, &shape, 8);
        double size[INPUTS], expected[INPUTS] = {0};
        size_t count;
        gradient(nn, &d);
        struct nn_tensor *t = nn_tensors(nn, &count);
        for (size_t k = 0; k < count; k++)
            for (size_t e = 0; t[k].role == NN_FIRST && e < t[k].rows * INPUTS;
                 e++)
                expected[e / t[k].rows] +=
                    (double)t[k].gradient[e] * (double)t[k].gradient[e];
        nn_set_live(nn, 4);
        nn_input_gradient(nn, d.x, SAMPLES, INPUTS, size);
        for (size_t j = 0; j < INPUTS; j++)
            assert_near(size[j], sqrt(expected[j]), 1e-6);
        nn_input_gradient(nn, d.x + (size_t)5 * SAMPLES, SAMPLES, 2, size);
        assert_near(size[1], sqrt(expected[6]), 1e-6);
        nn_free(nn);
    }
}

/* What was saved comes back: parameters, order, live, running statistics. */
static void test_save(void **state)
{
    struct data d = make_data();
    (void)state;
    for (size_t k = 0; k < ANY; k++) {
        struct spred_env env;
        struct nn_shape shape = any_shape(k);
        struct nn *nn = make_nn(&env, &shape, 4), *other;
        double before[SAMPLES * CLASSES], after[SAMPLES * CLASSES];
        assert_ok(&env, nn_new(&env, &shape, SAMPLES, 99, &other));
        gradient(nn, &d);
        nn_swap_inputs(nn, 2, 6);
        nn_set_live(nn, 8);
        assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, before));
        real *saved = nn_save(&env, nn);
        assert_non_null(saved);
        assert_ok(&env, nn_predict(&env, other, d.x, SAMPLES, after));
        assert_true(memcmp(after, before, sizeof after) != 0);
        nn_load(other, saved);
        nn_swap_inputs(nn, 1, 3);
        nn_set_live(nn, 7);
        nn_save_again(nn, saved);
        nn_load(other, saved);
        assert_int_equal(nn_order(other)[3], 1);
        assert_int_equal(nn_live(other), 7);
        nn_swap_inputs(nn, 1, 3);
        nn_set_live(nn, 8);
        nn_save_again(nn, saved);
        nn_load(other, saved);
        assert_int_equal(nn_live(other), 8);
        assert_near(nn_penalty(other, 0), nn_penalty(nn, 0), 0);
        assert_int_equal(nn_order(other)[2], 6);
        assert_ok(&env, nn_predict(&env, other, d.x, SAMPLES, after));
        assert_memory_equal(after, before, sizeof after);
        spred_free(&env, saved);
        nn_free(nn);
        nn_free(other);
    }
}

/* Evaluation uses running statistics: r <- .9 r + .1 batch, variances unbiased,
 * from 0 and 1. */
static void test_batch_norm(void **state)
{
    struct spred_env env;
    struct data d = make_data();
    struct nn_shape shape =
        make_shape("linear(out=4)|batch-norm|linear", NULL, 0);
    struct nn *nn = make_nn(&env, &shape, 4);
    double hidden[SAMPLES * 4], scores[SAMPLES * CLASSES];
    (void)state;
    gradient(nn, &d);
    for (size_t i = 0; i < SAMPLES; i++) {
        double a[INPUTS];
        size_t units;
        for (size_t j = 0; j < INPUTS; j++)
            a[j] = (double)d.x[i + j * SAMPLES];
        plain_linear(nn, 0, 0, INPUTS, a, hidden + 4 * i, &units);
    }
    for (size_t c = 0; c < 4; c++) {
        double mean = 0, var = 0;
        for (size_t i = 0; i < SAMPLES; i++)
            mean += hidden[c + 4 * i] / SAMPLES;
        for (size_t i = 0; i < SAMPLES; i++)
            var += pow(hidden[c + 4 * i] - mean, 2) / (SAMPLES - 1);
        mean *= .1;
        var = .9 + .1 * var;
        for (size_t i = 0; i < SAMPLES; i++)
            hidden[c + 4 * i] = (hidden[c + 4 * i] - mean) / sqrt(var + 1e-5);
    }
    for (int twice = 0; twice < 2; twice++) {
        assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, scores));
        for (size_t i = 0; i < SAMPLES; i++) {
            double z[CLASSES];
            size_t units;
            plain_linear(nn, 0, 2, 4, hidden + 4 * i, z, &units);
            for (size_t c = 0; c < CLASSES; c++)
                assert_near(scores[i + c * SAMPLES], z[c], 2e-6);
        }
    }
    nn_free(nn);
}

/* Zeros in the stated share, the others larger, and none in evaluation. */
static void test_dropout(void **state)
{
    struct spred_env env;
    struct data d = make_data();
    struct nn_shape shape =
        make_shape("linear(out=2000)|dropout(rate=0.3)|linear", NULL, 0);
    struct nn *nn = make_nn(&env, &shape, 4);
    struct nn_unit *u = &nn->units[0][1];
    size_t zeros = 0;
    (void)state;
    gradient(nn, &d);
    for (size_t e = 0; e < 2000 * SAMPLES; e++) {
        int zero = fpclassify(u->output[e]) == FP_ZERO;
        zeros += (size_t)zero;
        if (!zero)
            assert_near(u->output[e], u[-1].output[e] / .7f, 1e-6);
    }
    assert_near((double)zeros / (2000 * SAMPLES), .3, .02);
    double scores[SAMPLES * CLASSES];
    assert_ok(&env, nn_predict(&env, nn, d.x, SAMPLES, scores));
    assert_memory_equal(u->output, u[-1].output,
                        2000 * SAMPLES * sizeof *u->output);
    nn_free(nn);
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

/* Every allocation fails once; nothing leaks (address sanitizer). */
static void test_memory(void **state)
{
    struct nn_shape shapes[] = {
        make_shape("linear(out=7,sparse=spred,group=input,lambda=.1)|"
                   "batch-norm|dropout(rate=0.1)|linear(sparse=spred,group="
                   "output,lambda=.1)",
                   "linear(out=4,sparse=stg,lambda=1)|relu|linear", 0),
        make_shape(F_L, F_N, 3)};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        long fails = 0;
        for (int done = 0; !done; fails++) {
            struct spred_env env;
            struct nn *nn = NULL;
            long left = fails;
            real *saved = NULL;
            spred_env_init(&env);
            env.reallocate = fails_at;
            env.allocate_cookie = &left;
            enum spred_status status =
                nn_new(&env, &shapes[k], SAMPLES, 1, &nn);
            if (status != SPRED_OK) {
                assert_int_equal(status, SPRED_ENOMEM);
                assert_null(nn);
                continue;
            }
            saved = nn_save(&env, nn);
            done = nn_weights(nn, 0, 0) != NULL && saved;
            spred_free(&env, saved);
            nn_free(nn);
        }
        assert_true(fails > 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_swaps),
                                       cmocka_unit_test(test_live),
                                       cmocka_unit_test(test_predict),
                                       cmocka_unit_test(test_losses),
                                       cmocka_unit_test(test_far_scores),
                                       cmocka_unit_test(test_importance),
                                       cmocka_unit_test(test_input_gradient),
                                       cmocka_unit_test(test_save),
                                       cmocka_unit_test(test_batch_norm),
                                       cmocka_unit_test(test_dropout),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests_name("nn", tests, NULL, NULL);
}
