/* image.c: a picture from a file, by the bytes it holds. */
#include "image.h"

#include <math.h>
#include <string.h>

enum spred_status spred_image_room(struct spred_env *env, const char *path,
                                   size_t width, size_t height,
                                   struct spred_image *out)
{
    if (width == 0 || height == 0 || width > IMAGE_SIDE_MAX ||
        height > IMAGE_SIDE_MAX || width > IMAGE_PIXELS_MAX / height)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found a picture of %zu x %zu pixels, expected "
                          "1 to %u on a side and at most %zu in all",
                          path, width, height, IMAGE_SIDE_MAX,
                          IMAGE_PIXELS_MAX);
    out->width = width;
    out->height = height;
    out->grey = spred_alloc(env, width * height, sizeof *out->grey);
    return out->grey ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status spred_image_read(struct spred_env *env, const char *path,
                                   struct spred_image *out)
{
    struct spred_bytes file = {0};
    memset(out, 0, sizeof *out);
    enum spred_status status = spred_bytes_read(env, path, 0, &file);
    if (status == SPRED_OK) {
        if (spred_is_pnm(&file))
            status = spred_read_pnm(env, &file, out);
        else if (spred_is_png(&file))
            status = spred_read_png(env, &file, out);
        else
            status = spred_fail(env, SPRED_EFORMAT,
                                "%s: found no picture, expected PGM (P5), PPM "
                                "(P6) or PNG",
                                path);
        memcpy(out->hash, file.hash, sizeof out->hash);
    }
    spred_bytes_free(env, &file);
    if (status != SPRED_OK)
        spred_image_free(env, out);
    return status;
}

void spred_image_free(struct spred_env *env, struct spred_image *image)
{
    spred_free(env, image->grey);
    memset(image, 0, sizeof *image);
}

enum spred_status spred_image_crop(struct spred_env *env,
                                   const struct spred_image *from, size_t x,
                                   size_t y, size_t width, size_t height,
                                   struct spred_image *out)
{
    memset(out, 0, sizeof *out);
    if (width == 0 || height == 0 || x > from->width ||
        width > from->width - x || y > from->height ||
        height > from->height - y)
        return spred_fail(env, SPRED_EINVAL,
                          "%zu x %zu pixels from (%zu, %zu) are not inside a "
                          "picture of %zu x %zu",
                          width, height, x, y, from->width, from->height);
    SPRED_TRY(spred_image_room(env, "crop", width, height, out));
    for (size_t i = 0; i < height; i++)
        memcpy(out->grey + i * width, from->grey + (y + i) * from->width + x,
               width * sizeof *out->grey);
    memcpy(out->hash, from->hash, sizeof out->hash);
    return SPRED_OK;
}

double spred_image_psnr(const struct spred_image *a,
                        const struct spred_image *b)
{
    double sum = 0;
    size_t n = a->width * a->height;
    if (a->width != b->width || a->height != b->height)
        return NAN;
    for (size_t i = 0; i < n; i++)
        sum += (a->grey[i] - b->grey[i]) * (a->grey[i] - b->grey[i]);
    return 10 * log10(255. * 255. * (double)n / sum);
}
