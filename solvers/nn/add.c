/* add.c: the layer that ends a residual block: what the block read is added to
 * what it made; fewer channels are padded with zeros, more pixels strided (He,
 * Zhang, Ren, Sun 2016, option A). */
#include "solvers/nn/inside.h"

#include <string.h>

/* What the layer `back` places before it reads. */
static const struct nn_unit *tapped(const struct nn_unit *u)
{
    return u - u->layer->back;
}

/* As many values may still be other pixels of other channels. */
static int is_alike(const struct nn_unit *u)
{
    const struct spred_picture *a = &tapped(u)->from, *b = &u->to;
    return a->height == b->height && a->width == b->width &&
           a->channels == b->channels;
}

/* Value of pixel (y, x) of sample i of the tap. */
static size_t place(const struct nn_unit *u, size_t i, size_t y, size_t x)
{
    const struct spred_picture *p = &tapped(u)->from;
    size_t s = nn_add_stride(p, &u->to);
    return ((i * p->height + y * s) * p->width + x * s) * p->channels;
}

static void forward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                    int training)
{
    const struct nn_unit *from = tapped(u);
    const real *tap = from->index ? from[-1].output : nn->input;
    size_t channels = u->to.channels, some = from->from.channels;
    (void)training;
    if (is_alike(u)) {
        for (size_t e = 0; e < n * u->out; e++)
            u->output[e] = in[e] + tap[e];
        return;
    }
    memcpy(u->output, in, n * u->out * sizeof *in);
    for (size_t i = 0; i < n; i++)
        for (size_t y = 0; y < u->to.height; y++)
            for (size_t x = 0; x < u->to.width; x++) {
                const real *restrict a = tap + place(u, i, y, x);
                real *restrict out =
                    u->output +
                    ((i * u->to.height + y) * u->to.width + x) * channels;
                for (size_t c = 0; c < some; c++)
                    out[c] += a[c];
            }
}

static void backward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                     real *before)
{
    (void)nn;
    (void)in;
    memcpy(before, u->delta, n * u->out * sizeof *before);
}

void nn_add_return(const struct nn_unit *u, size_t n, real *before)
{
    const struct nn_unit *from = tapped(u);
    size_t channels = u->to.channels, some = from->from.channels;
    if (is_alike(u)) {
        for (size_t e = 0; e < n * u->out; e++)
            before[e] += u->delta[e];
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t y = 0; y < u->to.height; y++)
            for (size_t x = 0; x < u->to.width; x++) {
                const real *restrict a =
                    u->delta +
                    ((i * u->to.height + y) * u->to.width + x) * channels;
                real *restrict out = before + place(u, i, y, x);
                for (size_t c = 0; c < some; c++)
                    out[c] += a[c];
            }
}

const struct nn_kind nn_kind_add = {
    .name = "add",
    .keys = NN_KEY_BACK,
    .forward = forward,
    .backward = backward,
};
