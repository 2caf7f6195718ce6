/* start_from.c: factors whose products are the weights of a dense network, and
 * balanced: every factor of a weight |w|^(1/D), every gate of a group and its
 * matrix |w_g|^(1/D) (PAPER.md section 1). */
#include "solvers/nn/products.h"
#include "solvers/nn/sparsity.h"

#include <math.h>

static enum spred_status differ(struct spred_env *env, size_t b, size_t l,
                                const char *what)
{
    return spred_fail(env, SPRED_EMISMATCH,
                      "branch %zu, layer %zu: another %s than that of the "
                      "network to start from: expected the same layers, only "
                      "their sparsity may differ",
                      b + 1, l + 1, what);
}

static size_t stride_of(const struct nn_layer *layer)
{
    if (layer->stride)
        return layer->stride;
    return layer->kind == NN_CONV ? 1 : layer->size;
}

static enum spred_status check_layer(struct spred_env *env, const struct nn *to,
                                     const struct nn *from, size_t b, size_t l)
{
    const struct nn_unit *u = &to->units[b][l], *v = &from->units[b][l];
    const struct nn_layer *a = u->layer, *c = v->layer;
    if (a->kind != c->kind)
        return differ(env, b, l, "kind");
    if (u->in != v->in || u->out != v->out || u->rows != v->rows ||
        u->cols != v->cols)
        return differ(env, b, l, "size");
    if (a->kernel != c->kernel || a->pad != c->pad || a->size != c->size ||
        stride_of(a) != stride_of(c) || a->back != c->back)
        return differ(env, b, l, "kernel, stride or source");
    if (a->no_bias != c->no_bias)
        return differ(env, b, l, "bias");
    return SPRED_OK;
}

static enum spred_status check(struct spred_env *env, const struct nn *to,
                               const struct nn *from)
{
    const struct nn_shape *a = &to->shape, *b = &from->shape;
    if (a->inputs != b->inputs || a->outputs != b->outputs)
        return spred_fail(env, SPRED_EMISMATCH,
                          "the network to start from has %zu inputs and %zu "
                          "outputs, expected %zu and %zu",
                          b->inputs, b->outputs, a->inputs, a->outputs);
    if (a->n_branches != b->n_branches)
        return spred_fail(env, SPRED_EMISMATCH,
                          "the network to start from has %zu branches, "
                          "expected %zu",
                          b->n_branches, a->n_branches);
    for (size_t k = 0; k < a->n_branches; k++) {
        if (a->branches[k].n != b->branches[k].n)
            return spred_fail(env, SPRED_EMISMATCH,
                              "the network to start from has %zu layers, "
                              "expected %zu",
                              b->branches[k].n, a->branches[k].n);
        for (size_t l = 0; l < a->branches[k].n; l++)
            SPRED_TRY(check_layer(env, to, from, k, l));
    }
    return SPRED_OK;
}

/* Every input in use, in the data's order. */
static void unpark(struct nn *nn)
{
    for (size_t k = 0; k < nn->shape.inputs; k++)
        if (nn->order[k] != k)
            nn_swap_inputs(nn, k, nn->place[k]);
    nn->live = nn->shape.inputs;
}

/* The first matrix holds w: f_d = |w|^(1/D), the last what is missing. */
static void split_elements(struct nn_unit *u, struct nn_tensor *t)
{
    for (size_t e = 0; e < t->rows * t->cols; e++) {
        double w = (double)t[0].value[e], done = 1;
        if (u->factors == 1 || !(fabs(w) > 0)) {
            for (size_t d = 1; d < u->factors; d++)
                t[d].value[e] = 0;
            continue;
        }
        double size = pow(fabs(w), 1 / (double)u->factors);
        for (size_t d = 0; d + 1 < u->factors; d++) {
            t[d].value[e] = (real)(d ? size : copysign(size, w));
            done *= (double)t[d].value[e];
        }
        t[u->factors - 1].value[e] = (real)(w / done);
    }
}

/* v = sign(w) (|w| + t) */
static void split_soft(const struct nn *nn, const struct nn_unit *u,
                       struct nn_tensor *t)
{
    double limit = nn_str_threshold(nn, u);
    for (size_t e = 0; e < t->rows * t->cols; e++) {
        double w = (double)t->value[e];
        t->value[e] = (real)copysign(fabs(w) > 0 ? fabs(w) + limit : 0, w);
    }
}

/* Each gate of a group of this norm; returns their product. */
static double set_gates(struct nn *nn, const struct nn_gates *gates,
                        size_t group, double norm)
{
    double done = 1, size = pow(norm, 1 / (double)(gates->count + 1));
    for (size_t k = 0; k < gates->count; k++) {
        real *value = &nn->tensors[gates->tensor + k].value[group];
        *value = gates->sparse.kind == NN_STG ? (real).5 : (real)size;
        done *= (double)*value;
    }
    return gates->sparse.kind == NN_STG ? 1 : done;
}

static void divide(real *value, size_t count, double by)
{
    for (size_t i = 0; i < count; i++)
        value[i] = by > 0 ? (real)((double)value[i] / by) : 0;
}

/* |w_g|^2 over a group of columns */
static double column_squares(const struct nn *nn, const struct nn_unit *u,
                             size_t g)
{
    const real *w = nn->tensors[u->tensor].value;
    struct nn_column_set set = nn_group_columns(u, g);
    double sum = 0;
    for (size_t k = 0; k < set.count; k++) {
        size_t from = nn_group_column(nn, u, &set, k) * u->rows;
        for (size_t i = from; i < from + u->rows; i++)
            sum += (double)w[i] * (double)w[i];
    }
    return sum;
}

static void divide_columns(struct nn *nn, const struct nn_unit *u, size_t g,
                           double by)
{
    struct nn_column_set set = nn_group_columns(u, g);
    for (size_t k = 0; k < set.count; k++)
        divide(nn->tensors[u->tensor].value +
                   nn_group_column(nn, u, &set, k) * u->rows,
               u->rows, by);
}

static void split_columns(struct nn *nn, const struct nn_unit *u)
{
    for (size_t g = 0; g < nn_column_groups(u); g++) {
        double norm = sqrt(column_squares(nn, u, g));
        divide_columns(nn, u, g, set_gates(nn, u->gates, g, norm));
    }
}

static void split_rows(struct nn *nn, const struct nn_unit *u)
{
    real *w = nn->tensors[u->tensor].value;
    for (size_t i = 0; i < u->rows; i++) {
        double sum = 0;
        for (size_t j = 0; j < u->cols; j++)
            sum += (double)w[i + j * u->rows] * (double)w[i + j * u->rows];
        double by = set_gates(nn, u->gates, i, sqrt(sum));
        for (size_t j = 0; j < u->cols; j++)
            divide(&w[i + j * u->rows], 1, by);
    }
}

static void split_shared(struct nn *nn)
{
    for (size_t j = 0; j < nn->shape.inputs; j++) {
        double sum = 0;
        for (size_t b = 0; b < nn->shape.n_branches; b++)
            sum += column_squares(nn, &nn->units[b][0], j);
        double by = set_gates(nn, &nn->shared, j, sqrt(sum));
        for (size_t b = 0; b < nn->shape.n_branches; b++)
            divide_columns(nn, &nn->units[b][0], j, by);
    }
}

enum spred_status nn_start_from(struct spred_env *env, struct nn *to,
                                struct nn *dense)
{
    SPRED_TRY(check(env, to, dense));
    unpark(to);
    for (size_t b = 0; b < to->shape.n_branches; b++)
        for (size_t l = 0; l < to->shape.branches[b].n; l++) {
            struct nn_unit *u = &to->units[b][l];
            struct nn_tensor *t = &to->tensors[u->tensor];
            if (!nn_has_weights(u))
                continue;
            SPRED_TRY(nn_products(dense, &dense->units[b][l], t->value));
            if (u->limit != NN_NONE)
                split_soft(to, u, t);
            else if (u->gates != &u->own)
                split_elements(u, t);
            else if (u->gates->sparse.group == NN_OUTPUT)
                split_rows(to, u);
            else
                split_columns(to, u);
        }
    if (to->shape.gate.kind != NN_DENSE)
        split_shared(to);
    nn_copy_rest(to, dense);
    return SPRED_OK;
}
