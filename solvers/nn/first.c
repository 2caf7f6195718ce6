/* first.c: the first layers of all branches, H = W (x o gates)', in tiles of
 * columns, each of which is read once while it is in cache. What does not exist
 * is the product with the inputs: the gradient in the products, G = dH X, gives
 * both gate_j G_j for the matrix and W_j'G_j for the gate. */
#include "solvers/nn/inside.h"

/* Scale of column j of x that this layer wants; NULL gates: 1. */
static const struct nn_gates *column_gates(const struct nn_unit *u)
{
    return nn_is_matrix(u) ? u->gates : NULL;
}

/* tile = x o scale, n x count */
static void scale_tile(struct nn *nn, const struct nn_unit *u, const real *x,
                       size_t n, size_t first, size_t count)
{
    const struct nn_gates *gates = column_gates(u);
    for (size_t j = 0; j < count; j++) {
        const real *restrict from = x + (first + j) * n;
        real *restrict to = nn->tile_x + j * n;
        real c = gates->scale[nn_group_of(nn, u, first + j)];
        for (size_t i = 0; i < n; i++)
            to[i] = c * from[i];
    }
}

/* The same from data of single precision in its own order. */
static void gather_tile(struct nn *nn, const struct nn_unit *u, const float *x,
                        size_t stride, size_t n, size_t first, size_t count)
{
    const struct nn_gates *gates = column_gates(u);
    for (size_t j = 0; j < count; j++) {
        const float *restrict from = x + nn->order[first + j] * stride;
        real *restrict to = nn->tile_x + j * n;
        real c = gates ? gates->scale[nn_group_of(nn, u, first + j)] : 1;
        for (size_t i = 0; i < n; i++)
            to[i] = c * (real)from[i];
    }
}

/* H += W_tile x_tile' */
static void add_tile(struct nn *nn, struct nn_unit *u, const real *x, size_t n,
                     size_t first, size_t count)
{
    const real *w = nn->tensors[u->tensor].value + first * u->out;
    if (!nn_is_matrix(u)) {
        nn_product(nn, u, first, count, nn->tile_w);
        w = nn->tile_w;
    }
    nn_gemm(CblasNoTrans, CblasTrans, u->out, n, count, w, u->out, x, n, 1,
            u->output);
}

static void open_gates(struct nn *nn, size_t n, int training)
{
    if (nn->shape.gate.kind != NN_DENSE)
        nn_gates_open(nn, &nn->shared, training);
    for (size_t b = 0; b < nn->shape.n_branches; b++) {
        struct nn_unit *u = &nn->units[b][0];
        if (u->gates == &u->own)
            nn_gates_open(nn, u->gates, training);
        nn_bias_fill(nn, u, n);
    }
}

static size_t tile_end(const struct nn *nn, size_t first)
{
    return nn->live - first < nn->tile ? nn->live - first : nn->tile;
}

void nn_first_forward(struct nn *nn, const real *x, size_t n)
{
    open_gates(nn, n, 1);
    for (size_t j = 0; j < nn->live; j += nn->tile) {
        size_t count = tile_end(nn, j);
        const struct nn_gates *scaled = NULL;
        for (size_t b = 0; b < nn->shape.n_branches; b++) {
            struct nn_unit *u = &nn->units[b][0];
            const struct nn_gates *gates = column_gates(u);
            if (gates && gates != scaled) {
                scale_tile(nn, u, x, n, j, count);
                scaled = gates;
            }
            add_tile(nn, u, gates ? nn->tile_x : x + j * n, n, j, count);
        }
    }
}

void nn_first_predict(struct nn *nn, const float *x, size_t stride, size_t n)
{
    open_gates(nn, n, 0);
    for (size_t j = 0; j < nn->live; j += nn->tile) {
        size_t count = tile_end(nn, j);
        for (size_t b = 0; b < nn->shape.n_branches; b++) {
            struct nn_unit *u = &nn->units[b][0];
            if (b == 0 || column_gates(u) != column_gates(&nn->units[0][0]))
                gather_tile(nn, u, x, stride, n, j, count);
            add_tile(nn, u, nn->tile_x, n, j, count);
        }
    }
}

/* G_tile = dH x_tile, and on to the factors */
void nn_first_backward(struct nn *nn, const real *x, size_t n)
{
    for (size_t j = 0; j < nn->live; j += nn->tile) {
        size_t count = tile_end(nn, j);
        for (size_t b = 0; b < nn->shape.n_branches; b++) {
            struct nn_unit *u = &nn->units[b][0];
            real *g = nn->tensors[u->tensor].gradient + j * u->out;
            nn_gemm(CblasNoTrans, CblasNoTrans, u->out, count, n, u->delta,
                    u->out, x + j * n, n, 0, g);
            nn_product_gradient(nn, u, j, count);
        }
    }
    for (size_t b = 0; b < nn->shape.n_branches; b++) {
        struct nn_unit *u = &nn->units[b][0];
        nn_bias_gradient(nn, u, n);
        if (u->gates == &u->own)
            nn_gates_gradient(nn, u->gates);
    }
    if (nn->shape.gate.kind != NN_DENSE)
        nn_gates_gradient(nn, &nn->shared);
}
