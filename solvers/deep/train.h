/* train.h: epochs of SGD on shuffled batches, each epoch's randomness from its
 * own seed, so that training can stop after any epoch and go on. */
#ifndef SOLVERS_DEEP_TRAIN_H
#define SOLVERS_DEEP_TRAIN_H

#include "solvers/deep/prune.h"
#include "solvers/deep/samples.h"
#include "solvers/nn/nn.h"

struct deep_rule {
    double lr, momentum;  /* PyTorch's form of SGD */
    double decay;         /* L2 on what no sparsity decays, norms apart */
    double clip;          /* largest norm of the loss's gradient; 0: any */
    double warmup;        /* epochs in which lr rises linearly */
    double lambda_warmup; /* epochs in which every lambda does */
    int cosine;           /* lr falls to 0 as half a cosine, over all epochs */
    size_t batch;         /* samples a step, 1..n */
    struct deep_augment augment;
};

struct deep_stage {
    const struct deep_rule *rule;
    long epochs;
    uint64_t seed;
    /* One byte a weight as deep_mask lays them out: weights where it is 0 stay
     * 0; or NULL. */
    unsigned char *mask;
    const struct deep_gradual *gradual; /* or NULL: the mask stays as it is */
};

struct deep_work {
    long steps;
    double passes;
};

/* Room for the batches of a training, used again by the next. */
struct deep_trainer {
    struct spred_env *env;
    struct deep_samples *samples;
    size_t batch;
    float *x; /* p x batch */
    int32_t *codes;
    double *values;
    double *scratch; /* of nn_step */
    size_t n_scratch;
    double *base;          /* decay and lambda of every tensor */
    struct deep_work work; /* of all trainings until now */
};
enum spred_status deep_trainer_open(struct spred_env *env,
                                    struct deep_samples *samples, size_t batch,
                                    struct deep_trainer *out);
void deep_trainer_close(struct deep_trainer *trainer);

/* Epochs from .. stage->epochs - 1. The moments of nn go on as they are: from
 * 0, nn_moments set them to 0 before. saved: after each epoch, with how many
 * are done; or NULL. SPRED_ENUMERIC: the loss is not finite. */
enum spred_status
deep_train(struct deep_trainer *trainer, struct nn *nn,
           const struct deep_stage *stage, long from,
           enum spred_status (*saved)(void *cookie, long done), void *cookie);

/* The trainer's moments for this rule, zeroed. */
enum spred_status deep_moments(struct spred_env *env, struct nn *nn,
                               const struct deep_rule *rule);

#endif
