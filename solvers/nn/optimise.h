/* optimise.h: one step of SGD, Adam or AdamW on the tensors of a network, with
 * the decays and penalties that their sparsity asks for. */
#ifndef SOLVERS_NN_OPTIMISE_H
#define SOLVERS_NN_OPTIMISE_H

#include "solvers/nn/train.h"

/* Values in use, column-major, from the start of each array: of tensors of the
 * inputs (NN_GATE, NN_FIRST) only the live columns. */
size_t nn_used(const struct nn *nn, const struct nn_tensor *tensor);

/* The moments that the two rules need: 0, whatever was there before. */
enum spred_status nn_moments(struct spred_env *env, struct nn *nn,
                             const struct nn_training *training);

/* |gradient|_2 over all values in use, after nn_gradient. */
double nn_gradient_norm(struct nn *nn);

/* What the gradients are multiplied by, as torch's clip_grad_norm_:
 * min(1, clip / (norm + 1e-6)); clip 0: 1. */
double nn_clip(double clip, double norm);

/* Steps 0..steps-1: (1 + cos(pi step/steps)) / 2; without cosine 1. */
double nn_schedule(const struct nn_training *training, long step);

/* Step number `step` (0..) of all tensors: gradients times scale, learning
 * rates times schedule, then the proximal steps. scratch: as many values as the
 * largest of rows. */
void nn_step(struct nn *nn, const struct nn_training *training, long step,
             double scale, double schedule, double *scratch);

/* |w_g|_2 of every group of a matrix with `cols` columns in use. gradient not
 * NULL: gradient += amount w_g / |w_g| (0 at 0), the subgradient; else w_g
 * shrinks by `amount` in norm, to 0 where it is no larger: the prox. scratch:
 * rows values. */
void nn_penalise(const struct nn_sparse *sparse, size_t rows, size_t cols,
                 real *value, real *gradient, double amount, double *scratch);

#endif
