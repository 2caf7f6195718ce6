/* train.h: gradient training of a network: optimisers, schedule, clipping,
 * penalties, and dead inputs leaving the computation. */
#ifndef SOLVERS_NN_TRAIN_H
#define SOLVERS_NN_TRAIN_H

#include "solvers/nn/nn.h"
#include "spred/model.h"

enum nn_optimiser {
    NN_SGD,
    NN_ADAM, /* decay is coupled: part of the gradient */
    NN_ADAMW /* decay is decoupled */
};
struct nn_rule {
    enum nn_optimiser kind;
    double lr;
    double momentum; /* SGD */
    double decay;    /* L2 on weights and biases that no sparsity decays */
    double beta1, beta2, epsilon; /* Adam; 0 means .9, .999, 1e-8 */
};

struct nn_training {
    struct nn_rule first; /* gates and matrices of the first layers */
    struct nn_rule rest;
    int cosine;  /* learning rates fall to 0 over `steps` as half a cosine */
    double clip; /* most of the norm of the whole gradient of the loss (before
                    any decay, as torch's clip_grad_norm_); 0: none */
    long steps;
    size_t batch;  /* samples a step, reshuffled every epoch; 0: all */
    long every;    /* steps between two calls of evaluate */
    uint64_t seed; /* of the batches */
    /* Dead inputs: every `every` steps, and more often at first, an input whose
     * products are at most `dead` times the largest and |g_j| < .9 lambda
     * (gradient of all samples, where the step began) is parked: swapped behind
     * the live ones and left out of every step. All parked inputs are looked at
     * again each time; one with |g_j| >= lambda comes back, its factors shrunk
     * as they would have been. 0: nothing is parked. Only where the shape has
     * SPRED gates on its inputs, D = 2; no dropout,
     * batch normalisation or other STG layer, which a look would move. */
    double dead;
    /* Every `every` steps and after the last one. *stop = 1 ends training. */
    enum spred_status (*evaluate)(void *cookie, struct nn *nn, long step,
                                  int *stop);
    /* After every update, with the learning rate of `first`; or NULL. */
    void (*after)(void *cookie, struct nn *nn, double lr);
    void *cookie;
};

struct nn_report {
    long steps;
    double passes;  /* sum over steps of batch/n * live/p, and half a pass over
                       the parked for each look at them */
    double loss;    /* of the last step, without penalties */
    size_t live;    /* inputs in use at the end */
    size_t parked;  /* and parked */
    size_t revived; /* how often one came back */
    size_t awake;   /* parked with |g_j| >= lambda after the last step */
    double worst;   /* largest |g_j| / lambda over the parked, then */
};

/* Trains from where nn stands; moments start at 0. Polls env for cancel
 * (SPRED_EINTERRUPTED). SPRED_ENUMERIC: the loss is not finite. */
enum spred_status nn_train(struct spred_env *env, struct nn *nn,
                           const struct spred_rows *rows,
                           const struct nn_training *training,
                           struct nn_report *report);

#endif
