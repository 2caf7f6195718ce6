/* t-smaller.c: networks without their dead neurons and filters compute the same
 * function; what must leave leaves, what must stay stays. */
#include "nn-random.h"

enum { NETWORKS = 1500 };
/* Rounding of the engine's numbers: the double build shows what is exact. */
#define TOLERANCE (sizeof(real) == sizeof(double) ? 1e-12 : 1e-5)

static void test_random(void **state)
{
    size_t smaller = 0, parked = 0, biased = 0;
    double worst = 0;
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        struct spred_env env;
        struct nn *left, *again;
        spred_env_init(&env);
        struct nn *nn = random_nn(&env, seed, seed % 4 ? .4 : .05);
        assert_ok(&env, nn_smaller(&env, nn, RANDOM_MOST, &left));
        double away = apart(&env, nn, left, seed);
        worst = fmax(worst, away);
        if (!(away <= TOLERANCE))
            fail_msg("seed %llu: the functions differ by %g",
                     (unsigned long long)seed, away);
        /* Nothing is left to do. */
        assert_ok(&env, nn_smaller(&env, left, RANDOM_MOST, &again));
        assert_int_equal(left->n_tensors, again->n_tensors);
        for (size_t i = 0; i < left->n_tensors; i++) {
            assert_int_equal(left->tensors[i].rows, again->tensors[i].rows);
            assert_int_equal(left->tensors[i].cols, again->tensors[i].cols);
        }
        assert_true(left->live <= nn->live || left->live == 1);
        assert_int_equal(left->shape.gate.kind, NN_DENSE);
        for (size_t b = 0; b < nn->shape.n_branches; b++)
            for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
                const struct nn_unit *u = &nn->units[b][l];
                const struct nn_unit *v = &left->units[b][l];
                assert_int_equal(v->layer->sparse.kind, NN_DENSE);
                assert_true(v->out >= 1 && v->out <= u->out);
                smaller += v->out < u->out;
                biased += u->layer->no_bias && !v->layer->no_bias;
            }
        parked += left->live < nn->live;
        nn_free(nn);
        nn_free(left);
        nn_free(again);
    }
    print_message("# %zu layers smaller, %zu networks with more inputs parked, "
                  "%zu new biases, functions apart by %.2g at most\n",
                  smaller, parked, biased, worst);
    assert_true(smaller > NETWORKS);
    assert_true(parked > NETWORKS / 20);
    assert_true(biased > NETWORKS / 20);
}

static struct nn *of_word(struct spred_env *env, const char *word,
                          struct spred_picture picture)
{
    struct nn_shape shape = {.outputs = 3, .classes = 1, .n_branches = 1};
    struct nn *nn;
    spred_env_init(env);
    shape.picture = picture;
    shape.inputs = picture.height * picture.width * picture.channels;
    if (picture.width == 0) {
        shape.inputs = picture.channels;
        shape.picture = (struct spred_picture){0};
    }
    assert_ok(env, nn_parse(env, word, &shape.branches[0]));
    assert_ok(env, nn_new(env, &shape, RANDOM_MOST, 3, &nn));
    return nn;
}

static void clear_row(struct nn *nn, size_t layer, size_t row)
{
    const struct nn_unit *u = &nn->units[0][layer];
    for (size_t j = 0; j < u->cols; j++)
        nn->tensors[u->tensor].value[row + j * u->rows] = 0;
}

static void clear_columns(struct nn *nn, size_t layer, size_t c)
{
    const struct nn_unit *u = &nn->units[0][layer];
    for (size_t j = c; j < u->cols; j += u->from.channels)
        for (size_t i = 0; i < u->rows; i++)
            nn->tensors[u->tensor].value[i + j * u->rows] = 0;
}

static void set_bias(struct nn *nn, size_t layer, size_t row, double value)
{
    nn->tensors[nn->units[0][layer].bias].value[row] = (real)value;
}

/* Checks the function and gives the smaller network; frees the first. */
static struct nn *shrink(struct spred_env *env, struct nn *nn)
{
    struct nn *left;
    assert_ok(env, nn_smaller(env, nn, RANDOM_MOST, &left));
    assert_true(apart(env, nn, left, 5) <= TOLERANCE);
    nn_free(nn);
    return left;
}

static size_t width(const struct nn *nn, size_t layer)
{
    return nn->units[0][layer].to.channels;
}

/* A neuron of constant output, one that nobody reads, and one that only the
 * latter read. */
static void test_chain(void **state)
{
    struct spred_env env;
    (void)state;
    struct nn *nn =
        of_word(&env, "linear(out=6)|relu|linear(out=5,bias=false)|relu|linear",
                (struct spred_picture){0, 0, 4});
    clear_row(nn, 0, 1);
    set_bias(nn, 0, 1, .7);
    clear_columns(nn, 4, 2);
    real *w = nn->tensors[nn->units[0][2].tensor].value;
    for (size_t i = 0; i < 5; i++) /* neuron 4 is read by neuron 2 alone */
        if (i != 2)
            w[i + 4 * 5] = 0;
    for (size_t i = 0; i < 6; i++) /* input 3 is read by neuron 4 alone */
        if (i != 4)
            nn->tensors[nn->units[0][0].tensor].value[i + 3 * 6] = 0;
    nn = shrink(&env, nn);
    assert_int_equal(width(nn, 0), 4);
    assert_int_equal(width(nn, 2), 4);
    assert_int_equal(width(nn, 4), 3);
    assert_false(nn->units[0][2].layer->no_bias);
    assert_int_equal(nn_live(nn), 3);
    assert_int_equal(nn_order(nn)[3], 3);
    nn_free(nn);
}

/* All dead: one unit a layer, and the outputs are the constants. */
static void test_nothing(void **state)
{
    struct spred_env env;
    (void)state;
    struct nn *nn =
        of_word(&env, "linear(out=6)|batch-norm|relu|linear(out=5)|relu|linear",
                (struct spred_picture){0, 0, 4});
    for (size_t i = 0; i < 5; i++)
        clear_row(nn, 3, i);
    nn = shrink(&env, nn);
    assert_int_equal(width(nn, 0), 1);
    assert_int_equal(width(nn, 1), 1);
    assert_int_equal(width(nn, 3), 1);
    nn_free(nn);
}

/* A scale of 0 in batch norm ends what came before. */
static void test_norm(void **state)
{
    struct spred_env env;
    (void)state;
    struct nn *nn = of_word(&env, "linear(out=6)|batch-norm|relu|linear",
                            (struct spred_picture){0, 0, 4});
    nn->tensors[nn->units[0][1].tensor].value[2] = 0;
    nn->tensors[nn->units[0][1].bias].value[2] = (real).3;
    nn = shrink(&env, nn);
    assert_int_equal(width(nn, 0), 5);
    assert_int_equal(nn->units[0][1].n_running, 10);
    nn_free(nn);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (long fails = 0;; fails++) {
        struct spred_env env;
        struct nn *left;
        struct scarce s = {.fails = -1};
        spred_env_init(&env);
        env.reallocate = scarce;
        env.allocate_cookie = &s;
        struct nn *nn = random_nn(&env, 7, .4);
        long before = s.live;
        s.calls = 0;
        s.fails = fails;
        enum spred_status status = nn_smaller(&env, nn, RANDOM_MOST, &left);
        if (status != SPRED_OK) {
            assert_int_equal(status, SPRED_ENOMEM);
            assert_null(left);
            assert_true(s.live <= before + 1); /* nn_weights keeps its own */
        }
        nn_free(left);
        nn_free(nn);
        assert_int_equal(s.live, 0);
        if (status == SPRED_OK)
            break;
        assert_true(fails < 1000);
    }
}

/* Constants before padding: the largest stands for them all; without padding
 * they leave. */
static void test_padding(void **state)
{
    static const char *const words[] = {
        "conv(out=6,kernel=3)|relu|conv(out=4,kernel=3,pad=1)|relu|linear",
        "conv(out=6,kernel=3)|relu|conv(out=4,kernel=3)|relu|linear"};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct spred_env env;
        struct nn *nn =
            of_word(&env, words[k], (struct spred_picture){7, 7, 2});
        for (size_t i = 1; i < 5; i++)
            clear_row(nn, 0, i);
        set_bias(nn, 0, 1, .7);
        set_bias(nn, 0, 2, 1.3);
        set_bias(nn, 0, 3, .1);
        set_bias(nn, 0, 4, -1);
        nn = shrink(&env, nn);
        assert_int_equal(width(nn, 0), k ? 2 : 3);
        assert_int_equal(width(nn, 2), 4);
        if (k == 0)
            assert_near(nn->tensors[nn->units[0][0].bias].value[1], 1.3, 1e-6);
        nn_free(nn);
    }
}

/* Channels that a sum ties leave together: dead in both, or unread after it. */
static void test_sum(void **state)
{
    struct spred_env env;
    (void)state;
    struct nn *nn = of_word(
        &env,
        "conv(out=4,kernel=3,pad=1)|relu|conv(out=5,kernel=3,pad=1)|relu|"
        "conv(out=6,kernel=3,pad=1)|add(back=3)|relu|global-pool|linear",
        (struct spred_picture){6, 6, 2});
    for (size_t k = 0; k < 2; k++) { /* both: constants 0 */
        clear_row(nn, 0, k);
        set_bias(nn, 0, k, -.1);
    }
    clear_row(nn, 4, 0); /* dead in both */
    set_bias(nn, 4, 0, .4);
    clear_row(nn, 4, 2); /* dead in one */
    clear_row(nn, 4, 4); /* no partner */
    clear_columns(nn, 8, 5);
    clear_row(nn, 2, 3);
    set_bias(nn, 2, 3, 0);
    nn = shrink(&env, nn);
    assert_int_equal(width(nn, 0), 3);
    assert_int_equal(width(nn, 2), 4);
    assert_int_equal(width(nn, 4), 3);
    assert_int_equal(width(nn, 5), 3);
    nn_free(nn);
}

/* A constant that stays anyway stands for others that are not much larger; none
 * is needed for those that nobody reads. */
static void test_stand_in(void **state)
{
    (void)state;
    for (int read = 0; read < 2; read++) {
        struct spred_env env;
        struct nn *nn = of_word(&env,
                                "conv(out=4,kernel=3,pad=1)|relu|conv(out=4,"
                                "kernel=3,pad=1)|add(back=1)|global-pool|"
                                "linear",
                                (struct spred_picture){6, 6, 2});
        for (size_t k = 0; k < 2; k++)
            clear_row(nn, 0, k);
        set_bias(nn, 0, 0, read ? 1 : .1); /* tied to a filter that lives */
        set_bias(nn, 0, 1, 1.5);
        clear_row(nn, 2, 1);
        clear_columns(nn, 5, 1);
        if (!read)
            clear_columns(nn, 2, 1);
        nn = shrink(&env, nn);
        assert_int_equal(width(nn, 0), 3);
        nn_free(nn);
    }
}

/* A linear layer after pictures reads every pixel of a channel. */
static void test_pixels(void **state)
{
    struct spred_env env;
    (void)state;
    struct nn *nn =
        of_word(&env, "conv(out=4,kernel=2)|relu|max-pool(size=2)|linear",
                (struct spred_picture){7, 5, 1});
    clear_row(nn, 0, 2);
    set_bias(nn, 0, 2, .6);
    clear_columns(nn, 3, 0);
    nn = shrink(&env, nn);
    assert_int_equal(width(nn, 0), 2);
    assert_int_equal(nn->units[0][3].cols, 2 * 3 * 2);
    nn_free(nn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),   cmocka_unit_test(test_chain),
        cmocka_unit_test(test_nothing),  cmocka_unit_test(test_norm),
        cmocka_unit_test(test_padding),  cmocka_unit_test(test_sum),
        cmocka_unit_test(test_stand_in), cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests_name("smaller", tests, NULL, NULL);
}
