/* dropout.c: in training each value is 0 with probability rate, else divided by
 * 1 - rate (Srivastava et al. 2014, inverted); in evaluation nothing. */
#include "solvers/nn/inside.h"

#include <string.h>

static enum spred_status make(struct spred_env *env, struct nn *nn,
                              struct nn_unit *u)
{
    u->kept = nn_reals(env, u->out, nn->most);
    return u->kept ? SPRED_OK : SPRED_ENOMEM;
}

static void forward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                    int training)
{
    real *restrict out = u->output, *restrict mask = u->kept;
    real kept = (real)(1 / (1 - u->layer->rate));
    if (!training) {
        memcpy(out, in, u->out * n * sizeof *out);
        return;
    }
    for (size_t e = 0; !nn->frozen && e < u->out * n; e++)
        mask[e] = spred_rng_uniform(nn->noise) < u->layer->rate ? 0 : kept;
    for (size_t e = 0; e < u->out * n; e++)
        out[e] = in[e] * mask[e];
}

static void backward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                     real *before)
{
    const real *restrict delta = u->delta, *restrict mask = u->kept;
    real *restrict out = before;
    (void)nn;
    (void)in;
    for (size_t e = 0; before && e < u->out * n; e++)
        out[e] = delta[e] * mask[e];
}

const struct nn_kind nn_kind_dropout = {
    .name = "dropout",
    .keys = NN_KEY_RATE,
    .joint = 1,
    .make = make,
    .forward = forward,
    .backward = backward,
};
