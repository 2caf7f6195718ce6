/* hsic_kernels.c: kernels of HSIC Lasso, block by block.
 * Yamada et al. 2014, section 3.2 (centred kernels); Climente-Gonzalez et al.
 * 2019, section 3.2 (blocks, permutations, normalisation). A kernel is
 * symmetric: half of it is computed and kept. */
#include "solvers/models/hsic_kernels.h"

#include <math.h>
#include <string.h>

#include "spred/rng.h"

enum { LANES = 4 };
typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef double doubles __attribute__((vector_size(8 * LANES)));

enum spred_status hsic_blocks_open(struct spred_env *env, size_t n,
                                   size_t block, size_t repeats, uint64_t seed,
                                   struct hsic_blocks *out)
{
    size_t each;
    memset(out, 0, sizeof *out);
    if (n < 2)
        return spred_fail(env, SPRED_EINVAL,
                          "hsic-lasso needs at least 2 training samples, "
                          "got %zu",
                          n);
    if (block == 1)
        return spred_fail(env, SPRED_EINVAL,
                          "hsic-lasso: block 1 compares no two samples; "
                          "expected 0 (all in one) or at least 2");
    out->n = n;
    out->block = block == 0 || block > n ? n : block;
    out->repeats = out->block == n || repeats == 0 ? 1 : repeats;
    each = n / out->block;
    out->blocks = each * out->repeats;
    out->values = out->block * (out->block + 1) / 2;
    out->length = out->blocks * out->values;
    out->order = spred_alloc(env, out->repeats * n, sizeof *out->order);
    out->work =
        spred_alloc(env, n + 2 * out->block + out->values, sizeof *out->work);
    struct spred_rng *rng = spred_rng_new(env, seed);
    if (out->order && out->work && rng)
        for (size_t r = 0; r < out->repeats; r++) {
            size_t *order = out->order + r * each * out->block;
            for (size_t i = 0; i < n; i++)
                order[i] = i;
            spred_rng_shuffle(rng, order, n);
        }
    int made = out->order && out->work && rng;
    spred_rng_free(rng);
    return made ? SPRED_OK : SPRED_ENOMEM;
}

void hsic_blocks_close(struct spred_env *env, struct hsic_blocks *blocks)
{
    spred_free(env, blocks->order);
    spred_free(env, blocks->work);
    blocks->order = NULL;
    blocks->work = NULL;
}

/* exp(max(x, -80)) for x <= 0, to 2e-7 of it: 2^k e^(f ln 2), |f| <= 1/2, the
 * series of the latter to the sixth power. */
static inline floats exponential(floats x)
{
    const floats least = {-80, -80, -80, -80};
    integers below = x < least;
    x = (floats)(((integers)least & below) | ((integers)x & ~below));
    floats t = x * 1.44269504f;
    integers k =
        __builtin_convertvector(t - .5f, integers); /* nearest: t <= 0 */
    floats f = (t - __builtin_convertvector(k, floats)) * .69314718f;
    floats series = f * (1.f / 720) + 1.f / 120;
    series = series * f + 1.f / 24;
    series = series * f + 1.f / 6;
    series = series * f + .5f;
    series = series * f + 1;
    series = series * f + 1;
    return (floats)((k + 127) << 23) * series;
}

static void exponentials(float *x, size_t count)
{
    floats one = {0};
    size_t e = 0;
    for (; e + LANES <= count; e += LANES) {
        memcpy(&one, x + e, sizeof one);
        one = exponential(one);
        memcpy(x + e, &one, sizeof one);
    }
    memcpy(&one, x + e, (count - e) * sizeof *x);
    one = exponential(one);
    memcpy(x + e, &one, (count - e) * sizeof *x);
}

/* Sum of count values, or of their squares, four at a time. */
static inline float sum_of(const float *x, size_t count, int squares)
{
    floats all = {0}, one;
    float rest = 0;
    size_t e = 0;
    for (; e + LANES <= count; e += LANES) {
        memcpy(&one, x + e, sizeof one);
        all += squares ? one * one : one;
    }
    for (; e < count; e++)
        rest += squares ? x[e] * x[e] : x[e];
    return (all[0] + all[1]) + (all[2] + all[3]) + rest;
}

/* K (upper triangle by rows) = HKH / |HKH|_F * scale, off-diagonals times
 * sqrt(2); 0 if HKH is nothing but rounding. means: block values. */
static void normalise(float *restrict k, size_t block, float scale,
                      float *restrict means)
{
    float all = 0, square = 0, *row = k;
    memset(means, 0, block * sizeof *means);
    for (size_t i = 0; i < block; row += block - i, i++) {
        for (size_t j = 1; j < block - i; j++)
            means[i + j] += row[j];
        means[i] += sum_of(row, block - i, 0);
    }
    for (size_t i = 0; i < block; i++) {
        means[i] /= (float)block;
        all += means[i] / (float)block;
    }
    row = k;
    for (size_t i = 0; i < block; row += block - i, i++) {
        float own = means[i] - all;
        for (size_t j = 0; j < block - i; j++)
            row[j] -= own + means[i + j];
        square -= row[0] * row[0];
    }
    square += 2 * sum_of(k, block * (block + 1) / 2, 1);
    float least = 1e-6f * (float)block;
    float size = square > least * least ? scale / sqrtf(square) : 0;
    float beside = size * 1.41421356f;
    row = k;
    for (size_t i = 0; i < block; row += block - i, i++) {
        row[0] *= size;
        for (size_t j = 1; j < block - i; j++)
            row[j] *= beside;
    }
}

static float scale_of(const struct hsic_blocks *blocks)
{
    return 1 / sqrtf((float)blocks->blocks);
}

/* Gaussian kernels of z (n values, sigma = 1). */
static void gaussian(const struct hsic_blocks *blocks, const float *z,
                     float *out)
{
    size_t block = blocks->block;
    float *mine = blocks->work + blocks->n, *means = mine + block;
    for (size_t b = 0; b < blocks->blocks; b++) {
        const size_t *order = blocks->order + b * block;
        float *k = out + b * blocks->values, *row = k;
        for (size_t i = 0; i < block; i++)
            mine[i] = z[order[i]];
        for (size_t i = 0; i < block; row += block - i, i++)
            for (size_t j = 0; j < block - i; j++) {
                float d = mine[i + j] - mine[i];
                row[j] = -.5f * d * d;
            }
        exponentials(k, blocks->values);
        normalise(k, block, scale_of(blocks), means);
    }
}

void hsic_gene(const struct hsic_blocks *blocks, const float *x, float *out)
{
    double mean = 0, square = 0, n = (double)blocks->n;
    for (size_t i = 0; i < blocks->n; i++)
        mean += x[i] / n;
    for (size_t i = 0; i < blocks->n; i++)
        square += (x[i] - mean) * (x[i] - mean) / (n - 1);
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < blocks->n; i++)
        blocks->work[i] = (float)((x[i] - mean) * scale);
    gaussian(blocks, blocks->work, out);
}

void hsic_values(const struct hsic_blocks *blocks, const double *y, float *out)
{
    double mean = 0, square = 0, n = (double)blocks->n;
    for (size_t i = 0; i < blocks->n; i++)
        mean += y[i] / n;
    for (size_t i = 0; i < blocks->n; i++)
        square += (y[i] - mean) * (y[i] - mean) / (n - 1);
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < blocks->n; i++)
        blocks->work[i] = (float)((y[i] - mean) * scale);
    gaussian(blocks, blocks->work, out);
}

void hsic_classes(const struct hsic_blocks *blocks, const int32_t *codes,
                  float *out)
{
    size_t block = blocks->block;
    float *means = blocks->work + blocks->n + block;
    for (size_t b = 0; b < blocks->blocks; b++) {
        const size_t *order = blocks->order + b * block;
        float *k = out + b * blocks->values, *row = k;
        for (size_t i = 0; i < block; row += block - i, i++) {
            int32_t code = codes[order[i]];
            size_t members = 0;
            for (size_t j = 0; j < block; j++)
                members += codes[order[j]] == code;
            for (size_t j = 0; j < block - i; j++)
                row[j] = codes[order[i + j]] == code ? 1 / (float)members : 0;
        }
        normalise(k, block, scale_of(blocks), means);
    }
}

double hsic_dot(const float *a, const float *b, size_t length)
{
    doubles sum[4] = {{0}}, all;
    double out = 0;
    size_t e = 0;
    for (; e + 4 * LANES <= length; e += 4 * LANES)
        for (size_t s = 0; s < 4; s++) {
            floats left, right;
            memcpy(&left, a + e + s * LANES, sizeof left);
            memcpy(&right, b + e + s * LANES, sizeof right);
            sum[s] += __builtin_convertvector(left, doubles) *
                      __builtin_convertvector(right, doubles);
        }
    all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    for (; e < length; e++)
        out += (double)a[e] * (double)b[e];
    for (size_t l = 0; l < LANES; l++)
        out += all[l];
    return out;
}
