/* sparsity.h: how sparse a network is, and what is done with it: counted,
 * rounded, made smaller, written as a plain network, started from a dense one,
 * kept as bytes. Layers that can be made sparse hold a weight matrix (LINEAR,
 * CONV); all is said of their products, never of their factors. */
#ifndef SOLVERS_NN_SPARSITY_H
#define SOLVERS_NN_SPARSITY_H

#include "solvers/nn/nn.h"
#include "spred/model.h"

/* The layers that can be made sparse, counted on the products: weights,
 * nonzero (exactly != 0), units, units_left (a weight of it is not 0). layers:
 * room for NN_MAX_BRANCHES * NN_MAX_LAYERS; names are "linear1", "conv2", by
 * place among these layers, and static. macs: multiply-adds of one sample by
 * weights that are not 0, macs_dense by all; a weight of CONV counts once per
 * output position. Biases, batch norm, pools and sums are not counted, nor is
 * padding told apart. Any pointer but nn may be NULL, layers and n_layers
 * together. SPRED_ENOMEM. */
enum spred_status nn_count(struct spred_env *env, struct nn *nn,
                           struct spred_layer_mark *layers, size_t *n_layers,
                           double *macs, double *macs_dense);

/* Every product with |w| <= threshold becomes exactly 0, in all its factors
 * too. Of a layer sparse by groups: the groups with |w_g|_2 / sqrt(size) <=
 * threshold, their gates too; with shared gates an input's group is its
 * columns of all first layers. STG: inputs whose gate is shut in evaluation. */
void nn_round(struct nn *nn, double threshold);

/* The same network without what is dead: neurons and filters whose products
 * are all 0 or that nothing reads leave; the constant they emit moves into the
 * next layer's bias. Plain weights, no gates, sparsity forgotten. In
 * evaluation mode the same function but for rounding. Inputs and outputs stay,
 * of every layer at least one unit, channels that `add` ties to others that
 * stay, and of constant channels before padding one. most, *out: as nn_new. */
enum spred_status nn_smaller(struct spred_env *env, struct nn *nn, size_t most,
                             struct nn **out);

/* The same network with the products as weights: no factors, no gates. */
enum spred_status nn_plain(struct spred_env *env, struct nn *nn, size_t most,
                           struct nn **out);

/* Starts `to` at the function of a network of the same layers (dense: any, its
 * products count). ELEMENT: D = 2 factors sign(w) sqrt|w| and sqrt|w| (PAPER.md
 * section 1), D factors |w|^(1/D), the sign in the first. Groups: each of the
 * D - 1 gates |w_g|_2^(1/D), the matrix w / their product. A weight of 0 stays
 * 0 for good. STG: gates open. Biases, norms and running statistics are
 * copied. SPRED_EMISMATCH: other layers, which. */
enum spred_status nn_start_from(struct spred_env *env, struct nn *to,
                                struct nn *dense);

/* The shape's layers of one branch as nn_parse reads them; spred_free. NULL:
 * out of memory. */
char *nn_print(struct spred_env *env, const struct nn_branch *branch);

/* A network as bytes: magic, version, shape, all parameters and running
 * statistics, check sum; owned, spred_free. SPRED_EINVAL: layers that nn_parse
 * would not take. nn_restore's random numbers start anew. most 0: as it was
 * stored, and the network predicts the same bits (matrix products of another
 * size may round otherwise). SPRED_EFORMAT: damaged, cut short, or not such
 * bytes. */
enum spred_status nn_store(struct spred_env *env, struct nn *nn, void **bytes,
                           size_t *size);
enum spred_status nn_restore(struct spred_env *env, const void *bytes,
                             size_t size, size_t most, struct nn **out);

#endif
