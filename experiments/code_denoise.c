/* code_denoise.c: a noisy picture, coded patch by patch over the dictionary and
 * put together again. */
#include "experiments/code.h"

#include <string.h>

#include "spred/rng.h"

#define BATCH 16384 /* patches coded at once */

/* The places of overlapping patches: every stride, and the last one. */
struct grid {
    size_t across, down, stride, last_x, last_y;
};

/* What one batch needs; all owned. */
struct batch {
    double *signals;     /* m x BATCH */
    double *mean, *norm; /* BATCH */
    double *sum, *count; /* of the picture */
};

static size_t steps(size_t last, size_t stride)
{
    return last / stride + 1 + (last % stride != 0);
}

/* The upper left pixel of patch number k. */
static size_t corner(const struct grid *g, size_t k, size_t width)
{
    size_t x = k % g->across * g->stride, y = k / g->across * g->stride;
    x = x < g->last_x ? x : g->last_x;
    y = y < g->last_y ? y : g->last_y;
    return y * width + x;
}

static void cut(const struct code_denoise *how, const struct grid *g,
                const struct spred_image *from, size_t first, size_t n,
                struct batch *b)
{
    size_t size = how->patches.size, m = size * size;
    for (size_t k = 0; k < n; k++) {
        const double *at = from->grey + corner(g, first + k, from->width);
        double *x = b->signals + k * m;
        for (size_t y = 0; y < size; y++)
            memcpy(x + y * size, at + y * from->width, size * sizeof *x);
        spred_patch_reduce(&how->patches, m, x, &b->mean[k], &b->norm[k]);
    }
}

/* Adds what the codes say of n patches to the sum. */
static void paste(const struct code_denoise *how, const struct grid *g,
                  const struct spred_codes *codes, size_t width, size_t first,
                  size_t n, struct batch *b)
{
    size_t size = how->patches.size, m = size * size;
    for (size_t k = 0; k < n; k++) {
        double *x = b->signals + k * m; /* no longer needed */
        size_t at = corner(g, first + k, width);
        memset(x, 0, m * sizeof *x);
        for (size_t e = codes->start[k]; e < codes->start[k + 1]; e++) {
            const double *d = how->task.dictionary + codes->atom[e] * m;
            for (size_t i = 0; i < m; i++)
                x[i] += codes->value[e] * d[i];
        }
        for (size_t i = 0; i < m; i++) {
            size_t to = at + i / size * width + i % size;
            b->sum[to] += x[i] * b->norm[k] + b->mean[k];
            b->count[to] += 1;
        }
    }
}

static enum spred_status add_noise(struct spred_env *env,
                                   const struct code_denoise *how,
                                   const struct spred_image *picture,
                                   struct spred_image *noisy)
{
    SPRED_TRY(spred_image_crop(env, picture, 0, 0, picture->width,
                               picture->height, noisy));
    struct spred_rng *rng = spred_rng_new(env, how->seed);
    if (!rng)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < noisy->width * noisy->height; i++)
        noisy->grey[i] += how->sigma * spred_rng_normal(rng);
    spred_rng_free(rng);
    return SPRED_OK;
}

static enum spred_status code_all(struct spred_env *env,
                                  const struct code_denoise *how,
                                  const struct grid *g,
                                  const struct spred_image *noisy,
                                  struct batch *b, double *nonzeros)
{
    size_t total = g->across * g->down;
    *nonzeros = 0;
    struct spred_coding task = how->task;
    task.signals = b->signals;
    for (size_t first = 0; first < total; first += BATCH) {
        struct spred_codes codes = {0};
        struct spred_coding_report report = {0};
        task.n = total - first < BATCH ? total - first : BATCH;
        cut(how, g, noisy, first, task.n, b);
        enum spred_status status =
            spred_code(env, how->coder, how->options, &task, &codes, &report);
        if (status == SPRED_OK) {
            paste(how, g, &codes, noisy->width, first, task.n, b);
            *nonzeros += (double)codes.start[task.n] / (double)total;
        }
        spred_codes_free(env, &codes);
        SPRED_TRY(status);
    }
    return SPRED_OK;
}

enum spred_status code_denoise(struct spred_env *env,
                               const struct code_denoise *how,
                               const struct spred_image *picture,
                               struct spred_image *noisy,
                               struct spred_image *denoised, double *nonzeros)
{
    size_t size = how->patches.size, m = size * size;
    size_t pixels = picture->width * picture->height;
    struct batch b = {0};
    if (spred_patch_places(picture, size) == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "denoise: the held-out picture of %zu x %zu pixels "
                          "has no patch of %zu x %zu",
                          picture->width, picture->height, size, size);
    struct grid g = {.stride = how->stride,
                     .last_x = picture->width - size,
                     .last_y = picture->height - size};
    g.across = steps(g.last_x, g.stride);
    g.down = steps(g.last_y, g.stride);
    b.signals = spred_alloc(env, m * BATCH, sizeof *b.signals);
    b.mean = spred_alloc(env, BATCH, sizeof *b.mean);
    b.norm = spred_alloc(env, BATCH, sizeof *b.norm);
    b.sum = spred_alloc(env, pixels, sizeof *b.sum);
    b.count = spred_alloc(env, pixels, sizeof *b.count);
    enum spred_status status = b.signals && b.mean && b.norm && b.sum && b.count
                                   ? SPRED_OK
                                   : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = add_noise(env, how, picture, noisy);
    if (status == SPRED_OK)
        status = code_all(env, how, &g, noisy, &b, nonzeros);
    if (status == SPRED_OK)
        status = spred_image_crop(env, noisy, 0, 0, noisy->width, noisy->height,
                                  denoised);
    for (size_t i = 0; status == SPRED_OK && i < pixels; i++)
        if (b.count[i] > 0) /* else (stride > size) it stays as it was */
            denoised->grey[i] = b.sum[i] / b.count[i];
    double *const blocks[] = {b.signals, b.mean, b.norm, b.sum, b.count};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        spred_free(env, blocks[i]);
    return status;
}
