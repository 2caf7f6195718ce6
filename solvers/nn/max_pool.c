/* max_pool.c: the layer that makes one pixel of a window of many, the largest,
 * a channel at a time; of equals the first, as PyTorch. Windows side by side
 * are the usual case: they take WIDE channels at once, also where there are
 * fewer, as the pixel that follows is written later and the last of a row is
 * left to the loop that counts. */
#include "solvers/nn/inside.h"

#include <stdint.h>
#include <string.h>

enum { WIDE = 16 / sizeof(real) }; /* what every processor has */

/* WIDE reals wherever they lie, and what comparing two of them gives: -1 or 0
 * a real. */
#ifdef SPRED_NN_DOUBLE
typedef int64_t truth;
#else
typedef int32_t truth;
#endif
typedef real wide __attribute__((vector_size(WIDE * sizeof(real)),
                                 aligned(sizeof(real)), may_alias));
typedef truth yes
    __attribute__((vector_size(WIDE * sizeof(truth)), aligned(sizeof(truth))));

struct window {
    size_t size, stride, across; /* across: values of a row of the input */
    size_t channels;
    size_t wide; /* pixels of a row, from its left, that may be WIDE */
    int mask;    /* the unit before is a RELU that leaves its slope to this */
};

static struct window window_of(const struct nn_unit *u)
{
    size_t size = u->layer->size, channels = u->to.channels;
    struct window w = {
        .size = size,
        .stride = u->layer->stride ? u->layer->stride : size,
        .across = u->from.width * channels,
        .channels = channels,
        .mask = u->index > 0 && u[-1].masked,
    };
    size_t over = channels < WIDE ? WIDE - channels : 0;
    size_t last = (over + channels - 1) / channels;
    if (w.stride == size && u->to.width > last)
        w.wide = u->to.width - last;
    return w;
}

/* First value under output pixel (y, x). */
static size_t corner(const struct window *w, size_t y, size_t x)
{
    return y * w->stride * w->across + x * w->stride * w->channels;
}

static void most_of(const struct window *w, const real *restrict in,
                    real *restrict out)
{
    size_t channels = w->channels;
    memcpy(out, in, channels * sizeof *out);
    for (size_t ky = 0; ky < w->size; ky++)
        for (size_t kx = 0; kx < w->size; kx++) {
            const real *restrict cell = in + ky * w->across + kx * channels;
            for (size_t c = 0; c < channels; c++)
                out[c] = cell[c] > out[c] ? cell[c] : out[c];
        }
}

/* First channel of the block that begins with c: the last one overlaps that
 * before it and says the same again. */
static size_t block(const struct window *w, size_t c)
{
    return w->channels >= WIDE && c + WIDE > w->channels ? w->channels - WIDE
                                                         : c;
}

static void most_of_wide(const struct window *w, const real *in, real *out)
{
    for (size_t from = 0; from < w->channels; from += WIDE) {
        size_t c = block(w, from);
        wide top = *(const wide *)(in + c);
        for (size_t ky = 0; ky < w->size; ky++)
            for (size_t kx = 0; kx < w->size; kx++) {
                size_t at = ky * w->across + kx * w->channels + c;
                wide cell = *(const wide *)(in + at);
                yes more = cell > top;
                top = (wide)((more & (yes)cell) | (~more & (yes)top));
            }
        *(wide *)(out + c) = top;
    }
}

static void forward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                    int training)
{
    struct window w = window_of(u);
    real *out = u->output;
    (void)nn;
    (void)training;
    for (size_t i = 0; i < n; i++, in += u->in)
        for (size_t y = 0; y < u->to.height; y++)
            for (size_t x = 0; x < u->to.width; x++, out += w.channels) {
                if (x < w.wide)
                    most_of_wide(&w, in + corner(&w, y, x), out);
                else
                    most_of(&w, in + corner(&w, y, x), out);
            }
}

/* delta goes to the first cell that is the largest. */
static void give_back(const struct window *w, const real *in, const real *top,
                      const real *delta, real *before)
{
    for (size_t c = 0; c < w->channels; c++) {
        size_t at = c, found = 0;
        for (size_t ky = 0; ky < w->size && !found; ky++)
            for (size_t kx = 0; kx < w->size && !found; kx++) {
                at = ky * w->across + kx * w->channels + c;
                found = in[at] >= top[c];
            }
        before[at] += w->mask && !(top[c] > 0) ? 0 : delta[c];
    }
}

/* The same of windows side by side: every cell is written, once. What is left
 * to give is nothing as soon as it is given. */
static void give_back_wide(const struct window *w, const real *in,
                           const real *top, const real *delta, real *before)
{
    for (size_t from = 0; from < w->channels; from += WIDE) {
        size_t c = block(w, from);
        wide most = *(const wide *)(top + c);
        yes left = (yes) * (const wide *)(delta + c);
        if (w->mask)
            left &= most > 0;
        for (size_t ky = 0; ky < w->size; ky++)
            for (size_t kx = 0; kx < w->size; kx++) {
                size_t at = ky * w->across + kx * w->channels + c;
                yes is = *(const wide *)(in + at) >= most;
                *(wide *)(before + at) = (wide)(is & left);
                left &= ~is;
            }
    }
}

/* The windows of one row of pixels. The cells of those that are not wide must
 * be 0 before; the wide ones come first and spill over to their right. */
static void row_back(const struct nn_unit *u, const struct window *w,
                     const real *in, const real *top, const real *delta,
                     real *before)
{
    size_t step = w->stride * w->channels;
    for (size_t x = 0; x < w->wide; x++)
        give_back_wide(w, in + x * step, top + x * w->channels,
                       delta + x * w->channels, before + x * step);
    for (size_t ky = 0; w->wide && ky < w->size; ky++)
        memset(before + ky * w->across + w->wide * step, 0,
               (w->across - w->wide * step) * sizeof *before);
    for (size_t x = w->wide; x < u->to.width; x++)
        give_back(w, in + x * step, top + x * w->channels,
                  delta + x * w->channels, before + x * step);
}

static void backward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                     real *before)
{
    struct window w = window_of(u);
    size_t reached = w.wide ? u->to.height * w.size * w.across : 0;
    const real *top = u->output, *delta = u->delta;
    (void)nn;
    if (!before)
        return;
    for (size_t i = 0; i < n; i++, in += u->in, before += u->in) {
        memset(before + reached, 0, (u->in - reached) * sizeof *before);
        for (size_t y = 0; y < u->to.height; y++) {
            size_t at = corner(&w, y, 0);
            row_back(u, &w, in + at, top, delta, before + at);
            top += u->to.width * w.channels;
            delta += u->to.width * w.channels;
        }
    }
}

const struct nn_kind nn_kind_max_pool = {
    .name = "max-pool",
    .keys = NN_KEY_SIZE | NN_KEY_STRIDE,
    .forward = forward,
    .backward = backward,
};
