/* hierarchical.h: the hierarchical proximal step of LassoNet, one input at a
 * time. */
#ifndef SOLVERS_NN_HIERARCHICAL_H
#define SOLVERS_NN_HIERARCHICAL_H

#include <stddef.h>
#include "solvers/nn/real.h"

/* (theta, w) <- argmin (1/2)(|t - theta|^2 + |v - w|^2) + lambda |t|
 * over t and v with |v|_inf <= m |t|. theta: k values, one input's weights in
 * the skip layer; w: h values, its weights in the network's first layer.
 * Returns |theta| after the step: 0 means that both are exactly zero. */
double hierarchical_prox(real *theta, size_t k, real *w, size_t h,
                         double lambda, double m);

/* |theta| + m |w|_1 of gradients: an input whose weights are zero stays zero
 * under gradient steps of any size with the prox if and only if this is at most
 * lambda. */
double hierarchical_pull(const real *theta, size_t k, const real *w, size_t h,
                         double m);

#endif
