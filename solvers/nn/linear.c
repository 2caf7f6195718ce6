/* linear.c: z = W a + b, a layer that is not the first (that is first.c) or any
 * with a picture. */
#include "solvers/nn/inside.h"

/* Whether the layer is one of first.c. */
static int is_first(const struct nn *nn, const struct nn_unit *u)
{
    return u->index == 0 && !nn_has_picture(nn);
}

enum spred_status nn_weights_make(struct spred_env *env, struct nn *nn,
                                  struct nn_unit *u)
{
    struct nn_sparse sparse = u->layer->sparse;
    const struct nn_sparse *s = &sparse;
    enum nn_role role = is_first(nn, u) ? NN_FIRST : NN_WEIGHT;
    int element = s->kind == NN_SPRED && s->group == NN_ELEMENT;
    sparse.every = u->layer->kind == NN_CONV ? u->from.channels : 0;
    u->factors = element ? nn_factors(s) : 1;
    if (u->index == 0 && nn->shape.gate.kind != NN_DENSE)
        u->gates = &nn->shared;
    if ((s->kind == NN_SPRED && !element) || s->kind == NN_STG) {
        size_t blocks = s->group == NN_BLOCK
                            ? (u->cols + s->block - 1) / s->block
                        : s->every ? s->every
                                   : u->cols;
        int rows = s->group == NN_OUTPUT;
        u->gates = &u->own;
        SPRED_TRY(nn_gates_make(env, nn, &u->own, s, u->branch, u->index,
                                rows ? u->rows : 1, rows ? 1 : blocks,
                                is_first(nn, u) && s->group == NN_INPUT));
    }
    const struct nn_sparse *by = u->gates ? &u->gates->sparse : s;
    for (size_t d = 0; d < u->factors; d++) {
        size_t index;
        SPRED_TRY(nn_tensor_add(env, nn, role, u->branch, u->index, u->rows,
                                u->cols, &index));
        struct nn_tensor *t = &nn->tensors[index];
        if (d == 0)
            u->tensor = index;
        if (by->kind == NN_SPRED)
            t->decay = 2 * by->lambda / (double)nn_factors(by);
        else if (by->kind == NN_SUBGRADIENT || by->kind == NN_PROXIMAL)
            t->sparse = *by;
    }
    u->limit = NN_NONE;
    if (s->kind == NN_STR)
        SPRED_TRY(nn_str_make(env, nn, u));
    u->bias = NN_NONE;
    if (!u->layer->no_bias)
        SPRED_TRY(nn_tensor_add(env, nn, NN_BIAS, u->branch, u->index, u->rows,
                                1, &u->bias));
    if (!is_first(nn, u) &&
        (u->factors > 1 || u->gates || u->limit != NN_NONE)) {
        u->product = nn_reals(env, u->rows, u->cols);
        if (!u->product)
            return SPRED_ENOMEM;
    }
    return SPRED_OK;
}

/* z = b 1' */
void nn_bias_fill(const struct nn *nn, const struct nn_unit *u, size_t n)
{
    const real *restrict b =
        u->bias == NN_NONE ? NULL : nn->tensors[u->bias].value;
    for (size_t s = 0; s < n; s++) {
        real *restrict z = u->output + s * u->out;
        for (size_t i = 0; i < u->out; i++)
            z[i] = b ? b[i] : 0;
    }
}

/* g_b = delta 1 */
void nn_bias_gradient(struct nn *nn, const struct nn_unit *u, size_t n)
{
    if (u->bias == NN_NONE)
        return;
    real *restrict g = nn->tensors[u->bias].gradient;
    for (size_t i = 0; i < u->out; i++)
        g[i] = 0;
    for (size_t s = 0; s < n; s++) {
        const real *restrict delta = u->delta + s * u->out;
        for (size_t i = 0; i < u->out; i++)
            g[i] += delta[i];
    }
}

const real *nn_weights_open(struct nn *nn, struct nn_unit *u, int training)
{
    if (u->gates)
        nn_gates_open(nn, u->gates, training);
    if (u->product)
        nn_product(nn, u, 0, u->cols, u->product);
    return nn_opened(nn, u);
}

void nn_weights_gradient(struct nn *nn, struct nn_unit *u)
{
    nn_product_gradient(nn, u, 0, u->cols);
    if (u->gates)
        nn_gates_gradient(nn, u->gates);
}

static void forward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                    int training)
{
    const real *w = nn_has_picture(nn) ? nn_opened(nn, u)
                                       : nn_weights_open(nn, u, training);
    nn_bias_fill(nn, u, n);
    nn_gemm(CblasNoTrans, CblasNoTrans, u->out, n, u->in, w, u->out, in, u->in,
            1, u->output);
}

static void backward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                     real *before)
{
    nn_bias_gradient(nn, u, n);
    nn_gemm(CblasNoTrans, CblasTrans, u->out, u->in, n, u->delta, u->out, in,
            u->in, 0, nn->tensors[u->tensor].gradient);
    if (before)
        nn_gemm(CblasTrans, CblasNoTrans, u->in, n, u->out, nn_opened(nn, u),
                u->out, u->delta, u->out, 0, before);
    if (!nn_has_picture(nn))
        nn_weights_gradient(nn, u);
}

const struct nn_kind nn_kind_linear = {
    .name = "linear",
    .keys = NN_KEY_OUT | NN_KEY_BIAS | NN_KEY_SPARSE,
    .make = nn_weights_make,
    .start = nn_start_linear,
    .forward = forward,
    .backward = backward,
};
