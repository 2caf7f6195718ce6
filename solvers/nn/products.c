/* products.c: what counting, rounding and changing a network share: its
 * products in the data's order, the columns of a group. */
#include "solvers/nn/products.h"

#include <string.h>

enum spred_status nn_products(struct nn *nn, const struct nn_unit *u, real *out)
{
    const real *w = nn_weights(nn, u->branch, u->index);
    if (!w)
        return SPRED_ENOMEM;
    if (nn->tensors[u->tensor].role != NN_FIRST) {
        memcpy(out, w, u->rows * u->cols * sizeof *out);
        return SPRED_OK;
    }
    memset(out, 0, u->rows * u->cols * sizeof *out);
    for (size_t j = 0; j < nn_columns(nn, &nn->tensors[u->tensor]); j++)
        memcpy(out + nn->order[j] * u->rows, w + j * u->rows,
               u->rows * sizeof *out);
    return SPRED_OK;
}

double nn_positions(const struct nn_unit *u)
{
    return u->layer->kind == NN_CONV
               ? (double)u->to.height * (double)u->to.width
               : 1;
}

enum nn_group nn_grouped(const struct nn_unit *u)
{
    return u->gates                            ? u->gates->sparse.group
           : u->layer->sparse.kind == NN_DENSE ? NN_ELEMENT
                                               : u->layer->sparse.group;
}

/* Columns that one input has: a kernel's cells. */
static size_t cells(const struct nn_unit *u)
{
    return u->layer->kind == NN_CONV ? u->layer->kernel * u->layer->kernel : 1;
}

static size_t block_of(const struct nn_unit *u)
{
    return u->gates ? u->gates->sparse.block : u->layer->sparse.block;
}

size_t nn_column_groups(const struct nn_unit *u)
{
    if (nn_grouped(u) == NN_BLOCK)
        return (u->cols + block_of(u) - 1) / block_of(u);
    return u->cols / cells(u);
}

struct nn_column_set nn_group_columns(const struct nn_unit *u, size_t g)
{
    struct nn_column_set set = {g, u->cols / cells(u), cells(u)};
    if (nn_grouped(u) == NN_BLOCK) {
        size_t block = block_of(u), from = g * block;
        set = (struct nn_column_set){
            from, 1, u->cols - from < block ? u->cols - from : block};
    }
    return set;
}

size_t nn_group_column(const struct nn *nn, const struct nn_unit *u,
                       const struct nn_column_set *set, size_t k)
{
    size_t j = set->from + k * set->step;
    int first = nn->tensors[u->tensor].role == NN_FIRST;
    return nn_grouped(u) == NN_BLOCK && first ? nn->place[j] : j;
}

static void copy(real *to, const real *from, size_t count)
{
    if (count)
        memcpy(to, from, count * sizeof *to);
}

static int is_rest(const struct nn_tensor *t)
{
    return t->role == NN_BIAS || t->role == NN_NORM;
}

void nn_copy_rest(struct nn *to, const struct nn *from)
{
    size_t k = 0;
    for (size_t i = 0; i < from->n_tensors; i++) {
        const struct nn_tensor *t = &from->tensors[i];
        if (!is_rest(t))
            continue;
        while (!is_rest(&to->tensors[k]))
            k++;
        copy(to->tensors[k++].value, t->value, t->rows * t->cols);
    }
    for (size_t b = 0; b < from->shape.n_branches; b++)
        for (size_t l = 0; l < from->shape.branches[b].n; l++)
            copy(to->units[b][l].running, from->units[b][l].running,
                 from->units[b][l].n_running);
}
