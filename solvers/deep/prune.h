/* prune.h: weights that are fixed at zero: masks, magnitude pruning at once,
 * and little by little. */
#ifndef SOLVERS_DEEP_PRUNE_H
#define SOLVERS_DEEP_PRUNE_H

#include "solvers/nn/nn.h"

enum deep_scope { DEEP_GLOBAL, DEEP_LAYER };

/* What is compared with what. Group: by its norm divided by the root of its
 * size. INPUT spares a convolution that is the first layer; OUTPUT spares the
 * last layer, whose neurons are the classes. */
struct deep_cut {
    enum nn_group group;   /* ELEMENT, INPUT or OUTPUT */
    enum deep_scope scope; /* GLOBAL: one threshold; LAYER: one a layer, the
                              same share of each */
};

/* Zhu and Gupta 2017, equation 1, with s = 0 at first: a share
 * target (1 - (1 - (t - begin)/(end - begin))^3) of the weights is zero after
 * step t of begin..end, both shares of all steps; looked at every `every`. */
struct deep_gradual {
    struct deep_cut cut;
    double target;     /* share of zeros at the end */
    double begin, end; /* shares of the training's steps */
    long every;        /* steps */
};

/* Weights of all LINEAR and CONV layers of a network without sparsity: the
 * bytes of a mask, in the order of nn_tensors. */
size_t deep_mask_size(struct nn *nn);
/* 1 where the weight is not 0. */
void deep_mask_read(struct nn *nn, unsigned char *mask);
/* Weights whose byte is 0 become 0. */
void deep_mask_apply(struct nn *nn, const unsigned char *mask);

/* The smallest weights (or groups) become 0, as many as make a share `zeros` of
 * those that can be cut; ties: all stay. *threshold: the largest size
 * that was cut; 0: none. */
enum spred_status deep_prune(struct spred_env *env, struct nn *nn,
                             const struct deep_cut *cut, double zeros,
                             double *threshold);

/* Share of zeros after step `step` (from 0) of `steps`; -1: nothing to do. */
double deep_gradual_share(const struct deep_gradual *gradual, long step,
                          long steps);

#endif
