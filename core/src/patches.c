/* patches.c: square patches of pictures, at random places. */
#include "spred/image.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "spred/rng.h"
#include "spred/text.h"

size_t spred_patch_places(const struct spred_image *image, size_t size)
{
    if (size == 0 || size > image->width || size > image->height)
        return 0;
    return (image->width - size + 1) * (image->height - size + 1);
}

void spred_patch_reduce(const struct spred_patches *patches, size_t m,
                        double *x, double *mean, double *norm)
{
    double sum = 0, squares = 0, largest = 0;
    for (size_t i = 0; patches->center && i < m; i++)
        sum += x[i];
    *mean = sum / (double)m;
    for (size_t i = 0; i < m; i++) {
        largest = fmax(largest, fabs(x[i]));
        x[i] -= *mean;
        squares += x[i] * x[i];
    }
    /* What rounding left of a flat patch is no signal. */
    if (squares <= (double)m * pow((double)m * DBL_EPSILON * largest, 2)) {
        squares = 0;
        memset(x, 0, m * sizeof *x);
    }
    *norm = patches->unit && squares > 0 ? sqrt(squares) : 1;
    for (size_t i = 0; i < m; i++)
        x[i] /= *norm;
}

/* Place number `place` of a picture, row by row. */
static void cut(const struct spred_image *image, size_t size, size_t place,
                double *out)
{
    size_t across = image->width - size + 1;
    const double *from =
        image->grey + place / across * image->width + place % across;
    for (size_t y = 0; y < size; y++)
        memcpy(out + y * size, from + y * image->width, size * sizeof *out);
}

/* count of total numbers, in random order (Knuth, The Art of Computer
 * Programming 2, 3.4.2, algorithm S; then shuffled). */
static void choose(struct spred_rng *rng, size_t total, size_t count,
                   size_t *out)
{
    size_t taken = 0;
    for (size_t i = 0; taken < count; i++)
        if (spred_rng_below(rng, total - i) < count - taken)
            out[taken++] = i;
    spred_rng_shuffle(rng, out, count);
}

enum spred_status
spred_patches_sample(struct spred_env *env, const struct spred_image *images,
                     size_t n, const struct spred_patches *patches, double *out)
{
    size_t total = 0, size = patches->size, m = size * size;
    for (size_t i = 0; i < n; i++)
        total += spred_patch_places(&images[i], size);
    if (patches->count == 0 || patches->count > total)
        return spred_fail(env, SPRED_EINVAL,
                          "%zu patches of %zu x %zu are asked for, the "
                          "pictures have %zu places",
                          patches->count, size, size, total);
    struct spred_rng *rng = spred_rng_new(env, patches->seed);
    size_t *place = spred_alloc(env, patches->count, sizeof *place);
    enum spred_status status = rng && place ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK)
        choose(rng, total, patches->count, place);
    for (size_t k = 0; status == SPRED_OK && k < patches->count; k++) {
        const struct spred_image *image = images;
        double mean, norm;
        size_t at = place[k], places;
        while (at >= (places = spred_patch_places(image, size))) {
            at -= places;
            image++;
        }
        cut(image, size, at, out + k * m);
        spred_patch_reduce(patches, m, out + k * m, &mean, &norm);
    }
    spred_rng_free(rng);
    spred_free(env, place);
    return status;
}

static enum spred_status name_all(struct spred_env *env,
                                  const struct spred_patches *patches,
                                  struct spred_data *out)
{
    size_t p = out->x.cols, n = out->x.rows, size = patches->size;
    out->features = spred_alloc(env, p, sizeof *out->features);
    out->symbols = spred_alloc(env, p, sizeof *out->symbols);
    out->samples = spred_alloc(env, n, sizeof *out->samples);
    if (!out->features || !out->symbols || !out->samples)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < p; j++) {
        out->features[j] =
            spred_format(env, "y%zux%zu", j / size + 1, j % size + 1);
        out->symbols[j] = spred_strdup(env, "");
        if (!out->features[j] || !out->symbols[j])
            return SPRED_ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        if (!(out->samples[i] = spred_format(env, "%zu", i + 1)))
            return SPRED_ENOMEM;
    return SPRED_OK;
}

static enum spred_status hash_all(struct spred_env *env,
                                  const struct spred_image *images, size_t n,
                                  const struct spred_patches *patches,
                                  char *hash)
{
    struct spred_buffer text = {0};
    enum spred_status status = spred_buffer_add(
        env, &text, "spredbench patches 1\n%zu %zu %d %d %llu\n", patches->size,
        patches->count, patches->center, patches->unit,
        (unsigned long long)patches->seed);
    for (size_t i = 0; status == SPRED_OK && i < n; i++)
        status =
            spred_buffer_add(env, &text, "%zu x %zu of %s\n", images[i].width,
                             images[i].height, images[i].hash);
    if (status == SPRED_OK)
        spred_sha256(text.text, text.length, hash);
    spred_free(env, text.text);
    return status;
}

enum spred_status spred_patches_data(struct spred_env *env,
                                     const struct spred_image *images, size_t n,
                                     const struct spred_patches *patches,
                                     struct spred_data *out)
{
    size_t p = patches->size * patches->size, count = patches->count;
    memset(out, 0, sizeof *out);
    if (p && count > (size_t)-1 / p / sizeof(double))
        return spred_fail(env, SPRED_ENOMEM, "%zu x %zu values are too many",
                          count, p);
    double *columns = spred_alloc(env, p * count, sizeof *columns);
    enum spred_status status =
        columns ? spred_patches_sample(env, images, n, patches, columns)
                : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = spred_matrix_new(env, SPRED_F64, count, p, 0, &out->x);
    if (status == SPRED_OK) {
        for (size_t j = 0; j < p; j++)
            for (size_t i = 0; i < count; i++)
                out->x.f64[i + j * count] = columns[j + i * p];
        out->height = out->width = patches->size;
        out->channels = 1;
        status = name_all(env, patches, out);
    }
    if (status == SPRED_OK)
        status = hash_all(env, images, n, patches, out->hash);
    spred_free(env, columns);
    return status;
}
