/* products.h: a network's layers of weights as what they are the products of,
 * and the groups that their sparsity speaks of. */
#ifndef SOLVERS_NN_PRODUCTS_H
#define SOLVERS_NN_PRODUCTS_H

#include "solvers/nn/inside.h"

/* Rows that are looked at together, column by column. */
enum { NN_ROW_TILE = 64 };

/* A layer with a weight matrix, that can be made sparse. */
static inline int nn_has_weights(const struct nn_unit *u)
{
    return (u->kind->keys & NN_KEY_SPARSE) != 0;
}

/* Times that a weight is used for one sample. */
double nn_positions(const struct nn_unit *u);

/* out x in products in evaluation mode; columns of a first layer in the data's
 * order, 0 where its input is parked. SPRED_ENOMEM. */
enum spred_status nn_products(struct nn *nn, const struct nn_unit *u,
                              real *out);

/* How the products of a layer fall into groups: by its own sparsity, or by the
 * gates that it shares. */
enum nn_group nn_grouped(const struct nn_unit *u);

/* The columns (in the network's order) of group g of a layer grouped by INPUT
 * or BLOCK: nn_group_column(..., k), k < count. */
struct nn_column_set {
    size_t from, step, count;
};
size_t nn_column_groups(const struct nn_unit *u);
struct nn_column_set nn_group_columns(const struct nn_unit *u, size_t g);
size_t nn_group_column(const struct nn *nn, const struct nn_unit *u,
                       const struct nn_column_set *set, size_t k);

/* Biases, norms and running statistics of a network of the same layers. */
void nn_copy_rest(struct nn *to, const struct nn *from);

#endif
