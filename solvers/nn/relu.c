/* relu.c: the layer max(a, 0). */
#include "solvers/nn/inside.h"

static void forward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                    int training)
{
    real *restrict out = u->output;
    (void)nn;
    (void)training;
    if (u->in_place) { /* out is in; CONV has done it */
        for (size_t e = 0; !u[-1].relu && e < u->out * n; e++)
            out[e] = out[e] > 0 ? out[e] : 0;
        return;
    }
    for (size_t e = 0; e < u->out * n; e++)
        out[e] = in[e] > 0 ? in[e] : 0;
}

static void backward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                     real *before)
{
    const real *restrict delta = u->delta;
    real *restrict out = before;
    (void)nn;
    if (u->in_place) { /* before is delta */
        for (size_t e = 0; !u->masked && e < u->out * n; e++)
            out[e] = in[e] > 0 ? out[e] : 0;
        return;
    }
    for (size_t e = 0; before && e < u->out * n; e++)
        out[e] = in[e] > 0 ? delta[e] : 0;
}

const struct nn_kind nn_kind_relu = {
    .name = "relu",
    .forward = forward,
    .backward = backward,
};
