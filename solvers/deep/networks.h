/* networks.h: networks by name, and one sparsity put on all their weights. */
#ifndef SOLVERS_DEEP_NETWORKS_H
#define SOLVERS_DEEP_NETWORKS_H

#include "solvers/nn/nn.h"

/* A name (lenet-300-100 ...) or layers as of nn_parse, without sparsity.
 * SPRED_EINVAL: what was expected, the nearest name. */
enum spred_status deep_network(struct spred_env *env, const char *text,
                               struct nn_branch *out);

/* Whether a layer needs pictures; its kind's name, or NULL. */
const char *deep_needs_pictures(const struct nn_branch *branch);

/* Every LINEAR and CONV layer gets it, with its group. OUTPUT: neurons and
 * filters; the last layer, whose neurons are the classes, ELEMENT with lambda /
 * sqrt(last_columns), so that a row's penalty is at most that of its group.
 * INPUT: features of a linear first layer, and what each later layer reads; a
 * convolution that is the first layer stays dense, as its inputs are the
 * channels of the picture. last_columns: of the last layer's weights. */
void deep_make_sparse(struct nn_branch *branch, const struct nn_sparse *sparse,
                      size_t last_columns);

#endif
