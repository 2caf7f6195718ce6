/* gated.h: what the models that are networks share: options, the fit with its
 * offers, predictions by the reported genes alone. */
#ifndef SOLVERS_NN_GATED_H
#define SOLVERS_NN_GATED_H

#include <stddef.h>
#include "solvers/nn/target.h"
#include "solvers/nn/train.h"

enum gated_keep { GATED_BEST, GATED_LAST };

/* A model's table names those that it has. */
struct gated_options {
    double lr, rest_lr, lambda, clip, momentum, decay, dropout, zero;
    long steps, every, batch, patience, hidden, layers;
    int relative, cosine, compact, norm;
    int keep;      /* enum gated_keep */
    int optimizer; /* enum nn_optimiser */
    char model[SPRED_OPTION_TEXT_MAX];
};

/* Rows of the table. */
#define GATED(name) offsetof(struct gated_options, name)
#define GATED_LR(initial, of)                                                  \
    {                                                                          \
        "lr", SPRED_OPTION_REAL, GATED(lr), initial, 1e-9, 100, NULL,          \
            "learning rate of " of                                             \
    }
#define GATED_LAMBDA(initial, of)                                              \
    {                                                                          \
        "lambda", SPRED_OPTION_REAL, GATED(lambda), initial, 0, 1e6, NULL,     \
            "decay of both factors of every gene, the group L1 penalty on "    \
            "their "                                                           \
            "product; see relative. " of                                       \
    }
#define GATED_RELATIVE                                                         \
    {                                                                          \
        "relative", SPRED_OPTION_BOOL, GATED(relative), "true", 0, 0, NULL,    \
            "lambda is a share of the lambda that leaves the linear head no "  \
            "gene; "                                                           \
            "false: absolute, as the paper's alpha"                            \
    }
#define GATED_STEPS(initial, more)                                             \
    {                                                                          \
        "steps", SPRED_OPTION_INT, GATED(steps), initial, 1, 1e9, NULL,        \
            "gradient steps" more                                              \
    }
/* From a gate's first size to a thousandth of it (PAPER.md section 1). */
#define GATED_DYING                                                            \
    "; a gate of slope |g| dies in some ln(1000) / (2 lr (lambda - |g|)) of "  \
    "them, lambda absolute"
#define GATED_EVERY                                                            \
    {                                                                          \
        "every", SPRED_OPTION_INT, GATED(every), "100", 1, 1e9, NULL,          \
            "steps between two evaluations (and looks at dead genes)"          \
    }
#define GATED_BATCH(initial)                                                   \
    {                                                                          \
        "batch", SPRED_OPTION_INT, GATED(batch), initial, 0, 1e9, NULL,        \
            "samples a step; 0: all"                                           \
    }
#define GATED_CLIP(initial)                                                    \
    {                                                                          \
        "clip", SPRED_OPTION_REAL, GATED(clip), initial, 0, 1e9, NULL,         \
            "largest norm of the gradient of the loss; 0: any"                 \
    }
#define GATED_COSINE(initial)                                                  \
    {                                                                          \
        "cosine", SPRED_OPTION_BOOL, GATED(cosine), initial, 0, 0, NULL,       \
            "learning rates fall to 0 as half a cosine"                        \
    }
#define GATED_MOMENTUM                                                         \
    {                                                                          \
        "momentum", SPRED_OPTION_REAL, GATED(momentum), "0", 0, 0.999, NULL,   \
            "of SGD (PyTorch's form)"                                          \
    }
#define GATED_PATIENCE                                                         \
    {                                                                          \
        "patience", SPRED_OPTION_INT, GATED(patience), "0", 0, 1e6, NULL,      \
            "keep=best: evaluations without a better validation score before " \
            "training ends; 0: it does not"                                    \
    }
#define GATED_KEEP(initial)                                                    \
    {                                                                          \
        "keep", SPRED_OPTION_CHOICE, GATED(keep), initial, 0, 0, gated_keeps,  \
            "best: every evaluation is offered to the validation part, as in " \
            "the "                                                             \
            "paper; last: only the end of training, when the gates have died"  \
    }
#define GATED_COMPACT                                                          \
    {                                                                          \
        "compact", SPRED_OPTION_BOOL, GATED(compact), "true", 0, 0, NULL,      \
            "genes whose gates have died leave the computation until their "   \
            "slope "                                                           \
            "reaches lambda; the result is the same to rounding"               \
    }
#define GATED_ZERO                                                             \
    {                                                                          \
        "zero", SPRED_OPTION_REAL, GATED(zero), "1e-3", 0, 0.5, NULL,          \
            "a gene with a weight of at most this share of the largest is "    \
            "dropped: "                                                        \
            "it is neither reported nor used to predict"                       \
    }
/* What both gated models of the paper have, in this order. */
#define GATED_TRAINED(steps)                                                   \
    GATED_RELATIVE, GATED_STEPS(steps, GATED_DYING), GATED_EVERY,              \
        GATED_BATCH("0"), GATED_CLIP("1"), GATED_COSINE("false"),              \
        GATED_MOMENTUM, GATED_KEEP("last"), GATED_PATIENCE, GATED_COMPACT,     \
        GATED_ZERO
#define GATED_HIDDEN(initial)                                                  \
    {                                                                          \
        "hidden", SPRED_OPTION_INT, GATED(hidden), initial, 1, 65536, NULL,    \
            "units of every hidden layer"                                      \
    }
#define GATED_LAYERS(initial)                                                  \
    {                                                                          \
        "layers", SPRED_OPTION_INT, GATED(layers), initial, 1, 7, NULL,        \
            "hidden layers"                                                    \
    }
#define GATED_DECAY(initial)                                                   \
    {                                                                          \
        "decay", SPRED_OPTION_REAL, GATED(decay), initial, 0, 1e3, NULL,       \
            "weight decay of what no sparsity decays"                          \
    }
#define GATED_OPTIMIZER(initial)                                               \
    {                                                                          \
        "optimizer", SPRED_OPTION_CHOICE, GATED(optimizer), initial, 0, 0,     \
            gated_optimizers,                                                  \
            "sgd; adam: decay is part of the gradient; adamw: it is not (but " \
            "that of a sparse factor)"                                         \
    }

extern const char *const gated_keeps[], *const gated_optimizers[];

/* State of all these models. */
struct gated {
    struct nn *nn;
    size_t p, outputs;
    double zero; /* the rounding rule */
    struct nn_target target;
    double *importance; /* p */
    float *x;           /* genes that take no part are 0; room for `room` */
    size_t room;
};

/* lambda at which group L1 leaves a linear model (centred X) no gene:
 * max_j |x_j'(onehot - shares)|_2 / n, real-valued |x_j'(y - mean)| / n.
 * room: 2 classes values. */
double gated_lambda_max(const struct spred_rows *rows, size_t classes,
                        const double *values, double *room);

/* hidden: linear, relu, `layers` times, then linear. */
void gated_layers(struct nn_branch *branch, size_t hidden, size_t layers);

/* Inputs, outputs, classes and, where a layer needs it, the picture. */
void gated_shape(const struct spred_rows *rows, size_t classes,
                 struct nn_shape *shape);

/* Trains shape (gated_shape is done here; the sparsities'
 * lambda too, if relative) by training (evaluate, cookie, steps ... are filled
 * from options) and offers. */
enum spred_status gated_fit(struct spred_env *env, struct gated *state,
                            const struct gated_options *options,
                            const struct spred_model_task *task,
                            struct nn_shape *shape,
                            struct nn_training *training,
                            struct spred_model_report *report);
enum spred_status gated_predict(struct spred_env *env, void *state,
                                const float *x, size_t n, double *scores);
void gated_genes(const void *state, double *importance);
void gated_free(struct spred_env *env, void *state);

#endif
