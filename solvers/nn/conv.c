/* conv.c: the layer that slides `out` filters of kernel x kernel pixels over a
 * picture (LeCun et al. 1998); every filter is a row of its weights, so that
 * all sparsities of a linear layer are those of a convolution. */
#include "solvers/nn/inside.h"

static struct nn_conv conv_of(const struct nn_unit *u)
{
    return (struct nn_conv){
        .from = u->from,
        .to = u->to,
        .kernel = u->layer->kernel,
        .stride = u->layer->stride ? u->layer->stride : 1,
        .pad = u->layer->pad,
    };
}

enum spred_status nn_conv_open(struct spred_env *env, const struct nn *nn,
                               struct nn_unit *u)
{
    struct nn_conv conv = conv_of(u);
    return nn->conv->begin(env, &conv, &u->state);
}

static enum spred_status make(struct spred_env *env, struct nn *nn,
                              struct nn_unit *u)
{
    SPRED_TRY(nn_weights_make(env, nn, u));
    return nn_conv_open(env, nn, u);
}

static void note(struct nn *nn, enum spred_status status)
{
    if (nn->failed == SPRED_OK)
        nn->failed = status;
}

static void forward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                    int training)
{
    (void)training;
    note(nn, nn->conv->forward(nn->env, u->state, n, in, nn_opened(nn, u),
                               nn_value(nn, u->bias), u->relu, u->output));
}

static void backward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                     real *before)
{
    real *by_bias = u->bias == NN_NONE ? NULL : nn->tensors[u->bias].gradient;
    note(nn, nn->conv->weights(nn->env, u->state, n, in, u->delta,
                               nn->tensors[u->tensor].gradient, by_bias));
    if (before)
        note(nn, nn->conv->data(nn->env, u->state, n, u->delta,
                                nn_opened(nn, u), before));
}

const struct nn_kind nn_kind_conv = {
    .name = "conv",
    .keys = NN_KEY_OUT | NN_KEY_KERNEL | NN_KEY_STRIDE | NN_KEY_BIAS |
            NN_KEY_SPARSE,
    .make = make,
    .start = nn_start_linear,
    .forward = forward,
    .backward = backward,
};
