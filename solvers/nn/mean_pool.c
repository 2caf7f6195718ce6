/* mean_pool.c: the layers that make one pixel of many, a channel at a time: the
 * mean of a window, or of the whole picture. */
#include "solvers/nn/inside.h"

#include <string.h>

struct window {
    size_t size, stride, across; /* across: values of a row of the input */
};

static struct window window_of(const struct nn_unit *u)
{
    size_t size = u->layer->size;
    return (struct window){size, u->layer->stride ? u->layer->stride : size,
                           u->from.width * u->from.channels};
}

/* First value under output pixel (y, x). */
static size_t corner(const struct nn_unit *u, const struct window *w, size_t y,
                     size_t x)
{
    return y * w->stride * w->across + x * w->stride * u->from.channels;
}

static void mean_forward(struct nn *nn, struct nn_unit *u, const real *in,
                         size_t n, int training)
{
    struct window w = window_of(u);
    size_t channels = u->to.channels;
    real share = 1 / (real)(w.size * w.size), *out = u->output;
    (void)nn;
    (void)training;
    for (size_t i = 0; i < n; i++, in += u->in)
        for (size_t y = 0; y < u->to.height; y++)
            for (size_t x = 0; x < u->to.width; x++, out += channels) {
                const real *first = in + corner(u, &w, y, x);
                memset(out, 0, channels * sizeof *out);
                for (size_t k = 0; k < w.size * w.size; k++)
                    for (size_t c = 0; c < channels; c++)
                        out[c] += first[k / w.size * w.across +
                                        k % w.size * channels + c];
                for (size_t c = 0; c < channels; c++)
                    out[c] *= share;
            }
}

static void mean_backward(struct nn *nn, struct nn_unit *u, const real *in,
                          size_t n, real *before)
{
    struct window w = window_of(u);
    size_t channels = u->to.channels;
    real share = 1 / (real)(w.size * w.size);
    const real *delta = u->delta;
    (void)nn;
    (void)in;
    if (!before)
        return;
    memset(before, 0, n * u->in * sizeof *before);
    for (size_t i = 0; i < n; i++, before += u->in)
        for (size_t y = 0; y < u->to.height; y++)
            for (size_t x = 0; x < u->to.width; x++, delta += channels) {
                real *first = before + corner(u, &w, y, x);
                for (size_t k = 0; k < w.size * w.size; k++)
                    for (size_t c = 0; c < channels; c++)
                        first[k / w.size * w.across + k % w.size * channels +
                              c] += share * delta[c];
            }
}

static void global_forward(struct nn *nn, struct nn_unit *u, const real *in,
                           size_t n, int training)
{
    size_t channels = u->to.channels, pixels = u->in / channels;
    (void)nn;
    (void)training;
    for (size_t i = 0; i < n; i++) {
        real *restrict out = u->output + i * channels;
        for (size_t c = 0; c < channels; c++)
            out[c] = 0;
        for (size_t k = 0; k < pixels; k++)
            for (size_t c = 0; c < channels; c++)
                out[c] += in[i * u->in + k * channels + c];
        for (size_t c = 0; c < channels; c++)
            out[c] /= (real)pixels;
    }
}

static void global_backward(struct nn *nn, struct nn_unit *u, const real *in,
                            size_t n, real *before)
{
    size_t channels = u->to.channels, pixels = u->in / channels;
    (void)nn;
    (void)in;
    for (size_t k = 0; before && k < n * pixels; k++)
        for (size_t c = 0; c < channels; c++)
            before[k * channels + c] =
                u->delta[k / pixels * channels + c] / (real)pixels;
}

const struct nn_kind nn_kind_avg_pool = {
    .name = "avg-pool",
    .keys = NN_KEY_SIZE | NN_KEY_STRIDE,
    .forward = mean_forward,
    .backward = mean_backward,
};
const struct nn_kind nn_kind_global_pool = {
    .name = "global-pool",
    .forward = global_forward,
    .backward = global_backward,
};
