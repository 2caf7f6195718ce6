/* conv_im2col.c: convolutions as products of matrices: the patches under the
 * kernel are copied side by side, (kernel * kernel * channels) x pixels, some
 * samples at a time, so that they stay in cache. */
#include "solvers/nn/conv.h"

#include <string.h>

#include "solvers/nn/inside.h"

/* Reals of patches at a time: a second-level cache. */
#define MOST_PATCHES ((size_t)1 << 16)

struct state {
    struct nn_conv conv;
    size_t in, out, pixels, rows; /* of a sample; rows of its patches */
    size_t chunk;                 /* samples at a time */
    real *patches;                /* rows x (pixels * chunk) */
};

static void close_state(struct spred_env *env, void *memory)
{
    struct state *s = memory;
    if (s)
        spred_free(env, s->patches);
    spred_free(env, s);
}

static enum spred_status open_state(struct spred_env *env,
                                    const struct nn_conv *conv, void **memory)
{
    struct state *s = spred_alloc(env, 1, sizeof *s);
    *memory = s;
    if (!s)
        return SPRED_ENOMEM;
    s->conv = *conv;
    s->in = conv->from.height * conv->from.width * conv->from.channels;
    s->pixels = conv->to.height * conv->to.width;
    s->out = s->pixels * conv->to.channels;
    s->rows = conv->kernel * conv->kernel * conv->from.channels;
    s->chunk = MOST_PATCHES / (s->rows * s->pixels) + 1;
    s->patches = nn_reals(env, s->rows, s->pixels * s->chunk);
    if (s->patches)
        return SPRED_OK;
    close_state(env, s);
    *memory = NULL;
    return SPRED_ENOMEM;
}

/* Columns of the kernel over output pixel `at` that lie in the picture, and
 * where the first of them is. */
static size_t inside(size_t at, const struct nn_conv *c, size_t length,
                     size_t *first, size_t *from)
{
    size_t start = at * c->stride;
    size_t low = start < c->pad ? c->pad - start : 0;
    size_t high = c->kernel;
    if (start + high > length + c->pad)
        high = length + c->pad > start ? length + c->pad - start : 0;
    *first = low;
    *from = start + low - c->pad;
    return high > low ? high - low : 0;
}

static void gather_patches(const struct state *s, const real *in, real *to)
{
    const struct nn_conv *c = &s->conv;
    size_t channels = c->from.channels, row = c->kernel * channels;
    for (size_t y = 0; y < c->to.height; y++)
        for (size_t x = 0; x < c->to.width; x++, to += s->rows) {
            size_t ky, kx, top, left;
            size_t high = inside(y, c, c->from.height, &ky, &top);
            size_t wide = inside(x, c, c->from.width, &kx, &left);
            if (high < c->kernel || wide < c->kernel)
                memset(to, 0, s->rows * sizeof *to);
            for (size_t k = 0; wide && k < high; k++)
                memcpy(to + (ky + k) * row + kx * channels,
                       in + ((top + k) * c->from.width + left) * channels,
                       wide * channels * sizeof *to);
        }
}

static void scatter_patches(const struct state *s, const real *from, real *out)
{
    const struct nn_conv *c = &s->conv;
    size_t channels = c->from.channels, row = c->kernel * channels;
    memset(out, 0, s->in * sizeof *out);
    for (size_t y = 0; y < c->to.height; y++)
        for (size_t x = 0; x < c->to.width; x++, from += s->rows) {
            size_t ky, kx, top, left;
            size_t high = inside(y, c, c->from.height, &ky, &top);
            size_t wide = inside(x, c, c->from.width, &kx, &left);
            for (size_t k = 0; wide && k < high; k++) {
                const real *restrict a = from + (ky + k) * row + kx * channels;
                real *restrict b =
                    out + ((top + k) * c->from.width + left) * channels;
                for (size_t e = 0; e < wide * channels; e++)
                    b[e] += a[e];
            }
        }
}

static void gather_all(struct state *s, const real *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gather_patches(s, in + i * s->in, s->patches + i * s->rows * s->pixels);
}

static void finish(real *restrict out, size_t count, int relu)
{
    for (size_t e = 0; relu && e < count; e++)
        out[e] = out[e] > 0 ? out[e] : 0;
}

static enum spred_status forward(struct spred_env *env, void *memory, size_t n,
                                 const real *in, const real *w,
                                 const real *bias, int relu, real *out)
{
    struct state *s = memory;
    size_t filters = s->conv.to.channels;
    (void)env;
    for (size_t i = 0; i < n; i += s->chunk) {
        size_t some = n - i < s->chunk ? n - i : s->chunk;
        size_t pixels = some * s->pixels;
        real *z = out + i * s->out;
        gather_all(s, in + i * s->in, some);
        for (size_t k = 0; bias && k < pixels; k++)
            memcpy(z + k * filters, bias, filters * sizeof *z);
        nn_gemm(CblasNoTrans, CblasNoTrans, filters, pixels, s->rows, w,
                filters, s->patches, s->rows, bias ? 1 : 0, z);
        finish(z, pixels * filters, relu);
    }
    return SPRED_OK;
}

static enum spred_status weights(struct spred_env *env, void *memory, size_t n,
                                 const real *in, const real *delta, real *by_w,
                                 real *by_bias)
{
    struct state *s = memory;
    size_t filters = s->conv.to.channels;
    (void)env;
    for (size_t i = 0; i < n; i += s->chunk) {
        size_t some = n - i < s->chunk ? n - i : s->chunk;
        gather_all(s, in + i * s->in, some);
        nn_gemm(CblasNoTrans, CblasTrans, filters, s->rows, some * s->pixels,
                delta + i * s->out, filters, s->patches, s->rows, i ? 1 : 0,
                by_w);
    }
    if (!by_bias)
        return SPRED_OK;
    memset(by_bias, 0, filters * sizeof *by_bias);
    for (size_t k = 0; k < n * s->pixels; k++)
        for (size_t f = 0; f < filters; f++)
            by_bias[f] += delta[k * filters + f];
    return SPRED_OK;
}

static enum spred_status data(struct spred_env *env, void *memory, size_t n,
                              const real *delta, const real *w, real *before)
{
    struct state *s = memory;
    size_t filters = s->conv.to.channels;
    (void)env;
    for (size_t i = 0; i < n; i += s->chunk) {
        size_t some = n - i < s->chunk ? n - i : s->chunk;
        nn_gemm(CblasTrans, CblasNoTrans, s->rows, some * s->pixels, filters, w,
                filters, delta + i * s->out, filters, 0, s->patches);
        for (size_t k = 0; k < some; k++)
            scatter_patches(s, s->patches + k * s->rows * s->pixels,
                            before + (i + k) * s->in);
    }
    return SPRED_OK;
}

const struct nn_conv_engine nn_conv_im2col = {
    .name = "im2col",
    .begin = open_state,
    .end = close_state,
    .forward = forward,
    .weights = weights,
    .data = data,
};
