/* samples.c: transposes the training part once, then copies batches out of it,
 * each sample one block. */
#include "solvers/deep/samples.h"

#include <string.h>

enum { TILE = 32 }; /* rows and columns of the transposition at a time */

/* x' in tiles that a cache holds; between them the caller may stop. */
static enum spred_status transpose(struct spred_env *env,
                                   const struct spred_rows *rows, float *out)
{
    size_t n = rows->n, p = rows->p;
    for (size_t j = 0; j < p; j += TILE) {
        size_t columns = p - j < TILE ? p - j : TILE;
        SPRED_TRY(spred_check_cancel(env));
        for (size_t i = 0; i < n; i += TILE) {
            size_t end = n - i < TILE ? n : i + TILE;
            for (size_t s = i; s < end; s++)
                for (size_t k = j; k < j + columns; k++)
                    out[s * p + k] = rows->x[k * n + s];
        }
    }
    return SPRED_OK;
}

enum spred_status deep_samples_open(struct spred_env *env,
                                    const struct spred_rows *rows,
                                    const double *values,
                                    struct deep_samples *out)
{
    *out = (struct deep_samples){.n = rows->n,
                                 .p = rows->p,
                                 .picture = rows->picture,
                                 .codes = rows->codes,
                                 .values = values};
    if (rows->n == 0 || rows->p == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "%zu samples of %zu features: nothing to learn from",
                          rows->n, rows->p);
    if (out->picture.height == 0)
        out->picture = (struct spred_picture){1, 1, rows->p};
    out->x = spred_alloc(env, rows->n * rows->p, sizeof *out->x);
    out->order = spred_alloc(env, rows->n, sizeof *out->order);
    if (!out->x || !out->order)
        return SPRED_ENOMEM;
    spred_expect_use(out->x, rows->n * rows->p * sizeof *out->x);
    return transpose(env, rows, out->x);
}

void deep_samples_close(struct spred_env *env, struct deep_samples *samples)
{
    spred_free(env, samples->x);
    spred_free(env, samples->order);
    samples->x = NULL;
    samples->order = NULL;
}

void deep_shuffle(struct deep_samples *samples, struct spred_rng *rng)
{
    for (size_t i = 0; i < samples->n; i++)
        samples->order[i] = i;
    spred_rng_shuffle(rng, samples->order, samples->n);
}

/* The window at (dy, dx) of the picture, zeros outside it; flipped. */
static void cut(const struct spred_picture *picture, const float *from,
                ptrdiff_t dy, ptrdiff_t dx, int flip, float *to)
{
    ptrdiff_t height = (ptrdiff_t)picture->height;
    ptrdiff_t width = (ptrdiff_t)picture->width;
    size_t channels = picture->channels;
    for (ptrdiff_t y = 0; y < height; y++)
        for (ptrdiff_t x = 0; x < width; x++) {
            ptrdiff_t at_y = y + dy;
            ptrdiff_t at_x = (flip ? width - 1 - x : x) + dx;
            float *cell = to + (size_t)(y * width + x) * channels;
            if (at_y < 0 || at_y >= height || at_x < 0 || at_x >= width)
                memset(cell, 0, channels * sizeof *cell);
            else
                memcpy(cell, from + (size_t)(at_y * width + at_x) * channels,
                       channels * sizeof *cell);
        }
}

void deep_deal(const struct deep_samples *samples, size_t first, size_t count,
               const struct deep_augment *augment, struct spred_rng *rng,
               float *x, int32_t *codes, double *values)
{
    size_t p = samples->p, pad = augment->crop;
    for (size_t i = 0; i < count; i++) {
        size_t sample = samples->order[first + i];
        const float *from = samples->x + sample * p;
        if (pad || augment->flip) {
            ptrdiff_t dy = 0, dx = 0;
            if (pad) {
                dy = (ptrdiff_t)spred_rng_below(rng, 2 * pad + 1);
                dx = (ptrdiff_t)spred_rng_below(rng, 2 * pad + 1);
            }
            int flip = augment->flip && spred_rng_below(rng, 2);
            cut(&samples->picture, from, dy - (ptrdiff_t)pad,
                dx - (ptrdiff_t)pad, flip, x + i * p);
        } else {
            memcpy(x + i * p, from, p * sizeof *x);
        }
        if (samples->codes)
            codes[i] = samples->codes[sample];
        else
            values[i] = samples->values[sample];
    }
}
