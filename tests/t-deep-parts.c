/* t-deep-parts.c: the parts of the deep trainer by themselves: batches, crops
 * and flips, magnitude pruning, the cubic schedule, named networks. */
#include "test.h"

#include "solvers/deep/networks.h"
#include "solvers/deep/prune.h"
#include "solvers/deep/samples.h"

enum { N = 37, H = 5, W = 4, C = 2, P = H * W * C };

static float cell(size_t sample, size_t y, size_t x, size_t c)
{
    return (float)(1000 * sample + 100 * y + 10 * x + c + 1);
}

static void make_rows(struct spred_rows *rows, float *x, int32_t *codes)
{
    for (size_t i = 0; i < N; i++) {
        codes[i] = (int32_t)i;
        for (size_t y = 0; y < H; y++)
            for (size_t k = 0; k < W; k++)
                for (size_t c = 0; c < C; c++)
                    x[i + ((y * W + k) * C + c) * N] = cell(i, y, k, c);
    }
    *rows = (struct spred_rows){
        .n = N, .p = P, .x = x, .codes = codes, .picture = {H, W, C}};
}

/* Which shift and flip of its sample a picture is; 0: none. */
static int is_cut(const float *got, size_t sample, int dy, int dx, int flip)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (size_t c = 0; c < C; c++) {
                int sy = y + dy, sx = (flip ? W - 1 - x : x) + dx;
                int in = sy >= 0 && sy < H && sx >= 0 && sx < W;
                float want = in ? cell(sample, (size_t)sy, (size_t)sx, c) : 0.f;
                float is = got[(size_t)(y * W + x) * C + c];
                if (is < want || is > want)
                    return 0;
            }
    return 1;
}

static void test_batches(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct deep_samples samples;
    struct spred_rows rows;
    float x[N * P], got[N * P];
    int32_t codes[N], said[N];
    size_t seen[2][3][3] = {{{0}}}, moved = 0;
    spred_env_init(&env);
    make_rows(&rows, x, codes);
    assert_ok(&env, deep_samples_open(&env, &rows, NULL, &samples));
    struct spred_rng *rng = spred_rng_new(&env, 3);
    for (int augmented = 0; augmented < 2; augmented++)
        for (int epoch = 0; epoch < 8; epoch++) {
            struct deep_augment by = {(size_t)augmented, augmented};
            int once[N] = {0};
            deep_shuffle(&samples, rng);
            deep_deal(&samples, 0, N, &by, rng, got, said, NULL);
            for (size_t i = 0; i < N; i++) {
                size_t sample = (size_t)said[i], matches = 0;
                assert_int_equal(once[sample]++, 0);
                moved += sample != i;
                for (int f = 0; f <= augmented; f++)
                    for (int dy = -augmented; dy <= augmented; dy++)
                        for (int dx = -augmented; dx <= augmented; dx++)
                            if (is_cut(got + i * P, sample, dy, dx, f)) {
                                matches++;
                                seen[f][dy + 1][dx + 1]++;
                            }
                assert_int_equal(matches, 1);
            }
        }
    assert_true(moved > 8 * N);
    for (size_t f = 0; f < 2; f++)
        for (size_t k = 0; k < 9; k++)
            assert_true(seen[f][k / 3][k % 3] > 0);
    spred_rng_free(rng);
    deep_samples_close(&env, &samples);
}

static struct nn *make_nn(struct spred_env *env, const char *text)
{
    struct nn *nn;
    struct nn_shape shape = {.inputs = 8,
                             .outputs = 3,
                             .classes = 1,
                             .picture = {1, 1, 8},
                             .n_branches = 1};
    spred_env_init(env);
    assert_ok(env, nn_parse(env, text, &shape.branches[0]));
    assert_ok(env, nn_new(env, &shape, 4, 1, &nn));
    return nn;
}

/* Zeros of layer l, and the largest that was cut, the least that was not. */
struct looked {
    size_t zeros, all;
    double cut, kept;
};
static struct looked look(struct nn *nn, const float *before, size_t layer)
{
    size_t count, at = 0;
    struct nn_tensor *t = nn_tensors(nn, &count);
    struct looked out = {0, 0, 0, INFINITY};
    for (size_t i = 0; i < count; i++) {
        if (t[i].role != NN_WEIGHT)
            continue;
        for (size_t e = 0; e < t[i].rows * t[i].cols; e++, at++) {
            if (layer != (size_t)-1 && t[i].layer != layer)
                continue;
            out.all++;
            if (t[i].value[e] < 0 || t[i].value[e] > 0)
                out.kept = fmin(out.kept, fabs((double)before[at]));
            else {
                out.zeros++;
                out.cut = fmax(out.cut, fabs((double)before[at]));
            }
        }
    }
    return out;
}

static size_t copy_weights(struct nn *nn, float *out)
{
    size_t count, at = 0;
    struct nn_tensor *t = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t e = 0; t[i].role == NN_WEIGHT && e < t[i].rows * t[i].cols;
             e++)
            out[at++] = (float)t[i].value[e];
    return at;
}

static void test_magnitude(void **unused)
{
    (void)unused;
    static const char text[] = "linear(out=10)|relu|linear(out=6)|relu|linear";
    struct spred_env env;
    float before[200];
    double threshold;
    for (int scope = DEEP_GLOBAL; scope <= DEEP_LAYER; scope++)
        for (double share = 0; share <= 1; share += .125) {
            struct nn *nn = make_nn(&env, text);
            struct deep_cut cut = {NN_ELEMENT, (enum deep_scope)scope};
            size_t all = copy_weights(nn, before);
            assert_int_equal(all, 8 * 10 + 10 * 6 + 6 * 3);
            assert_ok(&env, deep_prune(&env, nn, &cut, share, &threshold));
            struct looked l = look(nn, before, (size_t)-1);
            if (scope == DEEP_GLOBAL) {
                assert_int_equal(l.zeros, (size_t)floor(share * 158 + .5));
                assert_true(l.cut <= l.kept);
                assert_near(threshold, l.cut, 1e-9);
            } else
                for (size_t layer = 0; layer < 5; layer += 2) {
                    l = look(nn, before, layer);
                    assert_int_equal(l.zeros,
                                     (size_t)floor(share * (double)l.all + .5));
                    assert_true(l.cut <= l.kept);
                }
            unsigned char mask[200];
            assert_int_equal(deep_mask_size(nn), 158);
            deep_mask_read(nn, mask);
            struct nn *other = make_nn(&env, text);
            deep_mask_apply(other, mask);
            copy_weights(nn, before);
            float after[200];
            copy_weights(other, after);
            assert_memory_equal(before, after, 158 * sizeof *after);
            nn_free(other);
            nn_free(nn);
        }
}

/* Whole rows but of the last layer; whole columns. */
static void test_groups(void **unused)
{
    (void)unused;
    struct spred_env env;
    double threshold;
    for (int group = NN_INPUT; group <= NN_OUTPUT; group++) {
        struct nn *nn = make_nn(&env, "linear(out=10)|relu|linear(out=6)|relu|"
                                      "linear");
        struct deep_cut cut = {(enum nn_group)group, DEEP_GLOBAL};
        size_t count, dead = 0, zeros = 0, all = 0;
        assert_ok(&env, deep_prune(&env, nn, &cut, .5, &threshold));
        struct nn_tensor *t = nn_tensors(nn, &count);
        for (size_t i = 0; i < count; i++) {
            if (t[i].role != NN_WEIGHT)
                continue;
            size_t groups = group == NN_INPUT ? t[i].cols : t[i].rows;
            size_t other = t[i].rows * t[i].cols / groups;
            int last = t[i].layer == 4;
            if (group == NN_INPUT || !last)
                all += t[i].rows * t[i].cols;
            for (size_t g = 0; g < groups; g++) {
                size_t none = 0;
                for (size_t k = 0; k < other; k++) {
                    size_t e = group == NN_INPUT ? k + g * t[i].rows
                                                 : g + k * t[i].rows;
                    none += !(t[i].value[e] < 0 || t[i].value[e] > 0);
                }
                assert_true(none == 0 || none == other);
                assert_true(none == 0 || group == NN_INPUT || !last);
                dead += none > 0;
                zeros += none;
            }
        }
        assert_true(dead > 3 && zeros <= (all + 1) / 2 && zeros > all / 3);
        nn_free(nn);
    }
}

/* Zhu and Gupta 2017: 0 at first, never less, the target at the end. */
static void test_schedule(void **unused)
{
    (void)unused;
    struct deep_gradual g = {.target = .9, .begin = .1, .end = .75, .every = 7};
    for (long steps = 20; steps < 500; steps += 37) {
        double last = -1;
        long looks = 0;
        for (long step = 0; step < steps; step++) {
            double share = deep_gradual_share(&g, step, steps);
            if (share < 0)
                continue;
            looks++;
            assert_true(share >= last && share <= g.target);
            assert_true((double)(step + 1) >= .1 * (double)steps);
            assert_true((double)(step + 1) <= .75 * (double)steps + 1);
            last = share;
        }
        assert_near(last, g.target, 1e-12);
        assert_true(looks >= .6 * (double)steps / 7);
    }
    g.every = 1; /* halfway: 1 - 1/8 of it */
    assert_near(deep_gradual_share(&g, 424, 1000), .9 * .875, 1e-12);
}

static void test_networks(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        size_t side, channels, weights;
    } known[] = {
        {"lenet-300-100", 28, 1, 266200}, {"lenet-5", 28, 1, 61470},
        {"lenet-5-caffe", 28, 1, 430500}, {"vgg-small", 32, 3, 813408},
        {"resnet-8", 32, 3, 74800},       {"resnet-20", 32, 3, 268336}};
    struct spred_env env;
    spred_env_init(&env);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        size_t side = known[k].side, count, weights = 0;
        struct nn_shape shape = {.inputs = side * side * known[k].channels,
                                 .outputs = 10,
                                 .classes = 1,
                                 .picture = {side, side, known[k].channels},
                                 .n_branches = 1};
        struct nn_sparse sparse = {
            .kind = NN_SPRED, .group = NN_OUTPUT, .lambda = 1};
        struct nn *nn;
        assert_ok(&env, deep_network(&env, known[k].name, &shape.branches[0]));
        assert_ok(&env, nn_new(&env, &shape, 1, 1, &nn));
        const struct nn_tensor *t = nn_tensors(nn, &count);
        for (size_t i = 0; i < count; i++)
            weights += t[i].role == NN_WEIGHT ? t[i].rows * t[i].cols : 0;
        assert_int_equal(weights, known[k].weights);
        nn_free(nn);
        struct nn_branch *branch = &shape.branches[0];
        deep_make_sparse(branch, &sparse, 25);
        assert_int_equal(branch->layers[branch->n - 1].sparse.group,
                         NN_ELEMENT);
        assert_near(branch->layers[branch->n - 1].sparse.lambda, .2, 1e-15);
        assert_int_equal(branch->layers[0].sparse.kind, NN_SPRED);
        assert_near(branch->layers[0].sparse.lambda, 1, 0);
        sparse.group = NN_INPUT;
        deep_make_sparse(branch, &sparse, 25);
        assert_int_equal(branch->layers[0].sparse.kind,
                         k ? NN_DENSE : NN_SPRED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),  cmocka_unit_test(test_magnitude),
        cmocka_unit_test(test_groups),   cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_networks),
    };
    return cmocka_run_group_tests_name("deep-parts", tests, NULL, NULL);
}
