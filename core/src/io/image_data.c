/* image_data.c: a picture as a data set and back, so that the cache of mapped
 * data can keep it. */
#include "image.h"
#include "io.h"

#include <string.h>

enum spred_status spred_image_data(struct spred_env *env,
                                   const struct spred_image *image,
                                   const char *name, struct spred_data *out)
{
    size_t n = image->height, p = image->width;
    memset(out, 0, sizeof *out);
    SPRED_TRY(spred_matrix_new(env, SPRED_F64, n, p, 0, &out->x));
    for (size_t y = 0; y < n; y++)
        for (size_t x = 0; x < p; x++)
            out->x.f64[y + x * n] = image->grey[y * p + x];
    out->name = spred_strdup(env, name);
    out->source = spred_strdup(env, "picture");
    out->note = spred_strdup(env, "");
    memcpy(out->hash, image->hash, sizeof out->hash);
    if (!out->name || !out->source || !out->note)
        return SPRED_ENOMEM;
    return spred_data_number_names(env, out);
}

enum spred_status spred_image_of_data(struct spred_env *env,
                                      const struct spred_data *data,
                                      struct spred_image *out)
{
    memset(out, 0, sizeof *out);
    if (data->x.storage == SPRED_CSC)
        return spred_fail(env, SPRED_EINVAL, "%s: is no picture", data->name);
    SPRED_TRY(
        spred_image_room(env, data->name, data->x.cols, data->x.rows, out));
    double *column = spred_alloc(env, out->height, sizeof *column);
    for (size_t x = 0; column && x < out->width; x++) {
        spred_matrix_column(&data->x, x, column);
        for (size_t y = 0; y < out->height; y++)
            out->grey[y * out->width + x] = column[y];
    }
    memcpy(out->hash, data->hash, sizeof out->hash);
    if (!column)
        spred_image_free(env, out);
    spred_free(env, column);
    return column ? SPRED_OK : SPRED_ENOMEM;
}
