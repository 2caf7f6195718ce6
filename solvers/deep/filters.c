/* filters.c: the first layer as something to look at. */
#include "solvers/deep/course.h"

#include <math.h>

/* The first layer with weights, if the pixels reach it as they are: what is
 * before it only scales or shifts them. */
static const struct nn_layer *first_layer(const struct nn *nn, size_t *at)
{
    const struct nn_branch *branch = &nn_shape_of(nn)->branches[0];
    for (size_t l = 0; l < branch->n; l++) {
        enum nn_layer_kind kind = branch->layers[l].kind;
        *at = l;
        if (kind == NN_LINEAR || kind == NN_CONV)
            return &branch->layers[l];
        if (kind != NN_BATCH_NORM && kind != NN_RELU && kind != NN_DROPOUT)
            return NULL;
    }
    return NULL;
}

void deep_filters_size(const struct nn *nn, const struct spred_rows *rows,
                       size_t *height, size_t *width,
                       struct spred_picture *picture)
{
    size_t at = 0;
    const struct nn_layer *layer = first_layer(nn, &at);
    *height = *width = 0;
    *picture = rows->picture;
    if (rows->picture.height == 0 || !layer)
        return;
    *height = rows->p;
    *width = 1;
    if (layer->kind == NN_LINEAR)
        return;
    picture->height = picture->width = layer->kernel;
    *height = layer->kernel * layer->kernel * picture->channels;
    *width = layer->out;
}

enum spred_status deep_filters(struct spred_env *env, struct nn *nn,
                               const struct spred_rows *rows, float *out)
{
    size_t at = 0, height, width;
    struct spred_picture picture;
    const struct nn_layer *layer = first_layer(nn, &at);
    deep_filters_size(nn, rows, &height, &width, &picture);
    if (height == 0)
        return SPRED_OK;
    const real *w = nn_weights(nn, 0, at);
    if (!w)
        return spred_fail(env, SPRED_ENOMEM, "out of memory: filters");
    for (size_t j = 0; j < height; j++) {
        double squares = 0;
        if (layer->kind == NN_CONV) {
            for (size_t i = 0; i < width; i++)
                out[j + i * height] = (float)w[i + j * width];
            continue;
        }
        size_t units = layer->out ? layer->out : nn_shape_of(nn)->outputs;
        for (size_t i = 0; i < units; i++)
            squares += (double)w[i + j * units] * (double)w[i + j * units];
        out[j] = (float)sqrt(squares);
    }
    return SPRED_OK;
}
