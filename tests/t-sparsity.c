/* t-sparsity.c: networks counted, rounded, made plain and started from dense
 * ones, over random layers and sparsities, against the plainest arithmetic. */
#include "nn-random.h"

enum { NETWORKS = 400 };

/* A copy of the products of a layer, in the network's order. */
static real *products(struct spred_env *env, struct nn *nn, size_t b, size_t l)
{
    const struct nn_unit *u = &nn->units[b][l];
    const real *w = nn_weights(nn, b, l);
    assert_non_null(w);
    real *copy = spred_alloc(env, u->rows * u->cols, sizeof *copy);
    memcpy(copy, w, u->rows * u->cols * sizeof *copy);
    return copy;
}

static int weighted(const struct nn_unit *u)
{
    return u->layer->kind == NN_LINEAR || u->layer->kind == NN_CONV;
}

/* Output positions of a filter, one after the other. */
static size_t positions(const struct nn_unit *u)
{
    const struct nn_layer *l = u->layer;
    size_t count = 0, stride = l->stride ? l->stride : 1;
    if (l->kind != NN_CONV)
        return 1;
    for (size_t y = 0; y + l->kernel <= u->from.height + 2 * l->pad;
         y += stride)
        for (size_t x = 0; x + l->kernel <= u->from.width + 2 * l->pad;
             x += stride)
            count++;
    return count;
}

static void test_count(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        struct spred_env env;
        struct spred_layer_mark marks[NN_MAX_BRANCHES * NN_MAX_LAYERS];
        size_t n, at = 0;
        double macs, dense, mine = 0, all = 0;
        spred_env_init(&env);
        struct nn *nn = random_nn(&env, seed, .4);
        assert_ok(&env, nn_count(&env, nn, marks, &n, &macs, &dense));
        for (size_t b = 0; b < nn->shape.n_branches; b++)
            for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
                const struct nn_unit *u = &nn->units[b][l];
                size_t nonzero = 0, left = 0;
                char name[32];
                if (!weighted(u))
                    continue;
                real *w = products(&env, nn, b, l);
                for (size_t i = 0; i < u->rows; i++) {
                    size_t before = nonzero;
                    for (size_t j = 0; j < u->cols; j++)
                        nonzero +=
                            w[i + j * u->rows] != 0 &&
                            (l > 0 || nn_has_picture(nn) || j < nn->live);
                    left += nonzero > before;
                }
                spred_free(&env, w);
                mine += (double)(nonzero * positions(u));
                all += (double)(u->rows * u->cols * positions(u));
                assert_int_equal(marks[at].weights, u->rows * u->cols);
                assert_int_equal(marks[at].nonzero, nonzero);
                assert_int_equal(marks[at].units, u->rows);
                assert_int_equal(marks[at].units_left, left);
                snprintf(name, sizeof name, "%s%zu", u->kind->name, ++at);
                assert_string_equal(marks[at - 1].name, name);
            }
        assert_int_equal(n, at);
        assert_near(macs, mine, 0);
        assert_near(dense, all, 0);
        assert_ok(&env, nn_count(&env, nn, NULL, NULL, NULL, NULL));
        nn_free(nn);
    }
}

/* The last name there can be. */
static void test_names(void **state)
{
    struct spred_env env;
    struct spred_layer_mark marks[NN_MAX_BRANCHES * NN_MAX_LAYERS];
    struct nn_shape shape = {
        .inputs = 2, .outputs = 2, .classes = 1, .n_branches = 2};
    size_t n;
    char last[32];
    struct nn *nn;
    (void)state;
    spred_env_init(&env);
    for (size_t b = 0; b < 2; b++) {
        shape.branches[b].n = NN_MAX_LAYERS;
        for (size_t l = 0; l + 1 < NN_MAX_LAYERS; l++)
            shape.branches[b].layers[l].out = 1;
    }
    assert_ok(&env, nn_new(&env, &shape, 1, 1, &nn));
    assert_ok(&env, nn_count(&env, nn, marks, &n, NULL, NULL));
    assert_int_equal(n, 2 * NN_MAX_LAYERS);
    snprintf(last, sizeof last, "linear%d", 2 * NN_MAX_LAYERS);
    assert_string_equal(marks[n - 1].name, last);
    nn_free(nn);
}

/* Group of a weight; shared gates are the groups of inputs. */
static size_t group_of(const struct nn *nn, const struct nn_unit *u, size_t i,
                       size_t j)
{
    struct nn_sparse s = u->layer->sparse;
    int first = u->index == 0 && !nn_has_picture(nn);
    if (first && nn->shape.gate.kind != NN_DENSE)
        return j;
    if (s.kind == NN_DENSE || s.group == NN_ELEMENT)
        return i + j * u->rows;
    if (s.group == NN_INPUT)
        return u->layer->kind == NN_CONV ? j % u->from.channels : j;
    if (s.group == NN_OUTPUT)
        return i;
    return (first ? nn->order[j] : j) / s.block;
}

/* What of a weight's factors and gates is not shut, 0 where all are. */
static double factors_left(const struct nn *nn, const struct nn_unit *u,
                           size_t i, size_t j)
{
    double left = 0;
    size_t g = group_of(nn, u, i, j);
    for (size_t d = 0; d < u->factors; d++)
        left += fabs((double)nn->tensors[u->tensor + d].value[i + j * u->rows]);
    for (size_t k = 0; u->gates && k < u->gates->count; k++) {
        double gate = (double)nn->tensors[u->gates->tensor + k].value[g];
        left +=
            u->gates->sparse.kind == NN_STG ? fmax(gate + .5, 0) : fabs(gate);
    }
    return left;
}

/* Sum of squares and number of weights of every group. */
static void add_groups(const struct nn *nn, const struct nn_unit *u,
                       const real *w, double *squares, size_t *sizes)
{
    for (size_t j = 0; j < u->cols; j++)
        for (size_t i = 0; i < u->rows; i++) {
            size_t g = group_of(nn, u, i, j);
            squares[g] += pow((double)w[i + j * u->rows], 2);
            sizes[g]++;
        }
}

struct rounding {
    double threshold;
    size_t zeroed, kept;
};

/* Every weight is what it was, or 0 in all factors, as its group says. */
static void check_rounded(struct spred_env *env, const struct nn *nn,
                          const struct nn_unit *u, const real *before,
                          const double *squares, const size_t *sizes,
                          struct rounding *r)
{
    real *after = products(env, (struct nn *)nn, u->branch, u->index);
    for (size_t j = 0; j < u->cols; j++)
        for (size_t i = 0; i < u->rows; i++) {
            size_t e = i + j * u->rows, g = group_of(nn, u, i, j);
            double size = sqrt(squares[g] / (double)sizes[g]);
            if (fabs(size - r->threshold) < 1e-6 * r->threshold)
                continue;
            if (size <= r->threshold) {
                assert_true(factors_left(nn, u, i, j) <= 0);
                assert_true(!(fabs((double)after[e]) > 0));
                r->zeroed++;
            } else {
                assert_memory_equal(&after[e], &before[e], sizeof *after);
                r->kept++;
            }
        }
    spred_free(env, after);
}

static void round_one(struct spred_env *env, struct nn *nn, struct rounding *r)
{
    enum { MOST = 4096 };
    double *squares = spred_alloc(env, MOST, sizeof *squares);
    size_t *sizes = spred_alloc(env, MOST, sizeof *sizes);
    real *before[NN_MAX_BRANCHES][NN_MAX_LAYERS] = {{0}};
    int shared = nn->shape.gate.kind != NN_DENSE;
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++)
            if (weighted(&nn->units[b][l]))
                before[b][l] = products(env, nn, b, l);
    nn_round(nn, r->threshold);
    for (size_t b = 0; shared && b < nn->shape.n_branches; b++)
        add_groups(nn, &nn->units[b][0], before[b][0], squares, sizes);
    for (size_t b = 0; shared && b < nn->shape.n_branches; b++)
        check_rounded(env, nn, &nn->units[b][0], before[b][0], squares, sizes,
                      r);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = shared ? 1 : 0; l < nn->shape.branches[b].n; l++) {
            if (!before[b][l])
                continue;
            memset(squares, 0, MOST * sizeof *squares);
            memset(sizes, 0, MOST * sizeof *sizes);
            add_groups(nn, &nn->units[b][l], before[b][l], squares, sizes);
            check_rounded(env, nn, &nn->units[b][l], before[b][l], squares,
                          sizes, r);
        }
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++)
            spred_free(env, before[b][l]);
    spred_free(env, squares);
    spred_free(env, sizes);
}

static void test_round(void **state)
{
    static const double thresholds[] = {0, 1e-3, .05, .3, 100};
    (void)state;
    for (size_t k = 0; k < 5; k++) {
        struct rounding r = {.threshold = thresholds[k]};
        for (uint64_t seed = 0; seed < NETWORKS / 2; seed++) {
            struct spred_env env;
            spred_env_init(&env);
            struct nn *nn = random_nn(&env, seed, .2);
            round_one(&env, nn, &r);
            nn_free(nn);
        }
        assert_true(r.zeroed > 1000);
        assert_true(k == 4 ? r.kept == 0 : r.kept > 1000);
    }
}

static void test_plain(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        struct spred_env env;
        struct nn *plain;
        spred_env_init(&env);
        struct nn *nn = random_nn(&env, seed, .2);
        assert_ok(&env, nn_plain(&env, nn, RANDOM_MOST, &plain));
        double away = apart(&env, nn, plain, seed);
        if (!(away <= 2e-6))
            fail_msg("seed %llu: the functions differ by %g",
                     (unsigned long long)seed, away);
        assert_int_equal(plain->shape.gate.kind, NN_DENSE);
        for (size_t b = 0; b < nn->shape.n_branches; b++)
            for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
                struct nn_unit *u = &nn->units[b][l];
                assert_int_equal(plain->units[b][l].layer->sparse.kind,
                                 NN_DENSE);
                if (!weighted(u))
                    continue;
                const real *v = nn_weights(plain, b, l);
                real *w = products(&env, nn, b, l);
                int first = l == 0 && !nn_has_picture(nn);
                for (size_t j = 0; j < u->cols; j++)
                    for (size_t i = 0; i < u->rows; i++)
                        assert_near(
                            v[i + (first ? nn->order[j] : j) * u->rows],
                            first && j >= nn->live ? 0 : w[i + j * u->rows], 0);
                spred_free(&env, w);
            }
        nn_free(nn);
        nn_free(plain);
    }
}

/* Products are the dense weights, the factors balanced. */
static void test_start(void **state)
{
    double worst = 0;
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        struct spred_env env;
        struct nn *dense, *to;
        spred_env_init(&env);
        struct nn *nn = random_nn(&env, seed, .1);
        struct nn_shape shape = nn->shape;
        assert_ok(&env, nn_plain(&env, nn, RANDOM_MOST, &dense));
        assert_ok(&env, nn_new(&env, &shape, RANDOM_MOST, seed, &to));
        if (!nn_has_picture(to)) {
            nn_swap_inputs(to, 0, 2);
            nn_set_live(to, 1);
        }
        assert_ok(&env, nn_start_from(&env, to, seed % 2 ? dense : nn));
        for (size_t b = 0; b < shape.n_branches; b++)
            for (size_t l = 0; l < shape.branches[b].n; l++) {
                struct nn_unit *u = &to->units[b][l];
                if (!weighted(u))
                    continue;
                const real *v = dense->tensors[dense->units[b][l].tensor].value;
                real *w = products(&env, to, b, l);
                for (size_t e = 0; e < u->rows * u->cols; e++) {
                    double size = fabs((double)v[e]);
                    double away = fabs((double)w[e] - (double)v[e]);
                    assert_true(away <= 1e-6 * size);
                    worst = fmax(worst, size > 0 ? away / size : 0);
                }
                spred_free(&env, w);
            }
        double away = apart(&env, dense, to, seed);
        if (!(away <= 2e-6))
            fail_msg("seed %llu: the functions differ by %g",
                     (unsigned long long)seed, away);
        double products = nn_penalty(to, 0), factors = nn_penalty(to, 1);
        assert_near(products, factors, 1e-5 * factors);
        nn_free(nn);
        nn_free(dense);
        nn_free(to);
    }
    print_message("# products apart by %.2g at most\n", worst);
}

static struct nn *of_word(struct spred_env *env, const char *word, size_t n)
{
    struct nn_shape shape = {
        .inputs = n, .outputs = 3, .classes = 1, .n_branches = 1};
    struct nn *nn;
    assert_ok(env, nn_parse(env, word, &shape.branches[0]));
    assert_ok(env, nn_new(env, &shape, RANDOM_MOST, 1, &nn));
    return nn;
}

static void mismatch(const char *one, const char *two, size_t inputs,
                     const char *says)
{
    struct spred_env env;
    spred_env_init(&env);
    struct nn *to = of_word(&env, one, 4), *from = of_word(&env, two, inputs);
    assert_int_equal(nn_start_from(&env, to, from), SPRED_EMISMATCH);
    if (!strstr(env.error, says))
        fail_msg("\"%s\" does not say \"%s\"", env.error, says);
    nn_free(to);
    nn_free(from);
}

static void test_mismatch(void **state)
{
    (void)state;
    mismatch("linear", "linear", 5, "5 inputs and 3 outputs, expected 4");
    mismatch("linear(out=5)|relu|linear", "linear", 4, "1 layers, expected 3");
    mismatch("linear(out=5)|relu|linear", "linear(out=6)|relu|linear", 4,
             "branch 1, layer 1: another size");
    mismatch("linear(out=5)|relu|linear", "linear(out=5)|batch-norm|linear", 4,
             "branch 1, layer 2: another kind");
    mismatch("linear(out=5)|relu|linear", "linear(out=5,bias=no)|relu|linear",
             4, "branch 1, layer 1: another bias");
}

static enum spred_status all_calls(struct spred_env *env, struct nn *nn)
{
    struct nn *plain = NULL;
    SPRED_TRY(nn_count(env, nn, NULL, NULL, NULL, NULL));
    enum spred_status status = nn_plain(env, nn, RANDOM_MOST, &plain);
    if (status == SPRED_OK)
        status = nn_start_from(env, plain, nn);
    nn_free(plain);
    return status;
}

static void test_no_memory(void **state)
{
    (void)state;
    for (long fails = 0;; fails++) {
        struct spred_env env;
        struct scarce s = {.fails = -1};
        spred_env_init(&env);
        env.reallocate = scarce;
        env.allocate_cookie = &s;
        struct nn *nn = random_nn(&env, 7, .4);
        s.calls = 0;
        s.fails = fails;
        enum spred_status status = all_calls(&env, nn);
        nn_free(nn);
        assert_int_equal(s.live, 0);
        if (status == SPRED_OK)
            break;
        assert_int_equal(status, SPRED_ENOMEM);
        assert_true(fails < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),    cmocka_unit_test(test_names),
        cmocka_unit_test(test_round),    cmocka_unit_test(test_plain),
        cmocka_unit_test(test_start),    cmocka_unit_test(test_mismatch),
        cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests_name("sparsity", tests, NULL, NULL);
}
