/* deep.h: what the models share that train a picture network and make it
 * sparse: options, the course of a fit, its marks, predictions. */
#ifndef SOLVERS_DEEP_DEEP_H
#define SOLVERS_DEEP_DEEP_H

#include <stddef.h>
#include "solvers/deep/train.h"
#include "solvers/nn/target.h"

/* A model's table names those that it has; the others are 0. */
struct deep_options {
    char network[SPRED_OPTION_TEXT_MAX];
    char thresholds[SPRED_OPTION_TEXT_MAX];
    char fine_thresholds[SPRED_OPTION_TEXT_MAX];
    char compression[SPRED_OPTION_TEXT_MAX];
    double lambda, lr, dense_lr, fine_lr, momentum, decay, clip;
    double warmup, lambda_warmup;
    double threshold_start;
    long epochs, fine_tune, dense_epochs, batch, crop, factors;
    int cosine, flip, group, scope;
};

/* Rows of the table. */
#define DEEP(name) offsetof(struct deep_options, name)
#define DEEP_ROW(name, kind, initial, min, max, choices, doc)                  \
    {                                                                          \
#name, SPRED_OPTION_##kind, DEEP(name), initial, min, max, choices,    \
            doc                                                                \
    }
#define DEEP_NETWORK                                                           \
    DEEP_ROW(network, TEXT, "lenet-300-100", 0, 0, NULL,                       \
             "lenet-300-100, lenet-5 (6 and 16 filters), lenet-5-caffe (20 "   \
             "and 50), vgg-small, resnet-8, resnet-20, or layers; in YAML a "  \
             "list: [{linear: {out: 64}}, relu, linear]")
#define DEEP_LAMBDA(initial, of)                                               \
    DEEP_ROW(lambda, REAL, initial, 0, 1e3, NULL,                              \
             of ", beside the mean loss of a sample")
#define DEEP_GROUP(of)                                                         \
    DEEP_ROW(group, CHOICE, "element", 0, 0, deep_groups,                      \
             of "each weight; output: neurons and filters, the last layer by " \
                "element; input: features, and neurons and channels by what "  \
                "reads them")
#define DEEP_EPOCHS(of)                                                        \
    DEEP_ROW(epochs, INT, "12", 1, 1e6, NULL,                                  \
             "passes over the training part" of)
#define DEEP_LR(initial, of)                                                   \
    DEEP_ROW(lr, REAL, initial, 1e-9, 100, NULL, "learning rate" of)
#define DEEP_SGD(slow, largest)                                                \
    DEEP_ROW(batch, INT, "128", 1, 1e9, NULL, "samples a step; at most all"),  \
        DEEP_ROW(momentum, REAL, "0.9", 0, 0.999, NULL,                        \
                 "of SGD (PyTorch's form)"),                                   \
        DEEP_ROW(decay, REAL, "0", 0, 1e3, NULL,                               \
                 "weight decay of what no sparsity decays, batch norm apart"), \
        DEEP_ROW(cosine, BOOL, "true", 0, 0, NULL,                             \
                 "the learning rate falls to 0 as half a cosine, in each "     \
                 "training anew"),                                             \
        DEEP_ROW(warmup, REAL, slow, 0, 1e6, NULL,                             \
                 "epochs in which the learning rate rises from 0"),            \
        DEEP_ROW(clip, REAL, largest, 0, 1e9, NULL,                            \
                 "largest norm of the gradient of the loss; 0: any"),          \
        DEEP_ROW(crop, INT, "0", 0, 1000, NULL,                                \
                 "cells of zeros around a picture, out of which its size is "  \
                 "cut at random"),                                             \
        DEEP_ROW(flip, BOOL, "false", 0, 0, NULL,                              \
                 "pictures are mirrored left to right every second time")
#define DEEP_LAMBDA_WARMUP                                                     \
    DEEP_ROW(lambda_warmup, REAL, "0", 0, 1e6, NULL,                           \
             "epochs in which lambda rises from 0")
#define DEEP_START                                                             \
    DEEP_ROW(dense_epochs, INT, "0", 0, 1e6, NULL,                             \
             "a dense network is trained so long first and what follows "      \
             "starts from it; 0: from scratch"),                               \
        DEEP_ROW(dense_lr, REAL, "0.05", 1e-9, 100, NULL,                      \
                 "learning rate of that training")
#define DEEP_FINE(initial)                                                     \
    DEEP_ROW(fine_tune, INT, initial, 0, 1e6, NULL,                            \
             "epochs after that with the zeros kept, without penalty"),        \
        DEEP_ROW(fine_lr, REAL, "0.05", 1e-9, 100, NULL,                       \
                 "learning rate of them")
#define DEEP_THRESHOLDS                                                        \
    DEEP_ROW(                                                                  \
        thresholds, TEXT, "0|1e-6|1e-5|1e-4|1e-3|1e-2", 0, 0, NULL,            \
        "the trained network is looked at with weights up to each of "         \
        "them set to 0 (groups: by norm/root of size); the first stands"),     \
        DEEP_ROW(fine_thresholds, TEXT, "1e-2", 0, 0, NULL,                    \
                 "thresholds whose zeros are kept by a fine-tuning each")
#define DEEP_PRUNING(initial)                                                  \
    DEEP_ROW(compression, TEXT, initial, 0, 0, NULL,                           \
             "targets, weights by nonzero weights; each is trained by itself " \
             "and the first stands"),                                          \
        DEEP_ROW(scope, CHOICE, "global", 0, 0, deep_scopes,                   \
                 "the smallest of all weights, or of each layer's")

extern const char *const deep_groups[], *const deep_scopes[];

/* Text options: networks, and lists of numbers "a|b", as a YAML list becomes,
 * or "a;b". */
enum spred_status deep_check(struct spred_env *env, const void *options);

/* The dense network of the options for rows of that shape; fits: whether there
 * is one. SPRED_EINVAL: the layer and why. */
enum spred_status deep_shape(struct spred_env *env,
                             const struct deep_options *options,
                             const struct spred_rows *rows, size_t classes,
                             struct nn_shape *out);
enum spred_status deep_fits(struct spred_env *env, const void *options,
                            const struct spred_rows *rows, size_t classes);

/* A list of at most DEEP_LIST numbers of least..most, in any order, none
 * twice. what: for the message. */
enum { DEEP_LIST = 32 };
struct deep_list {
    size_t n;
    double values[DEEP_LIST];
};
enum spred_status deep_list_read(struct spred_env *env, const char *text,
                                 const char *what, double least, double most,
                                 struct deep_list *out);

enum deep_way {
    DEEP_SHRINK, /* trained as it is, or under a penalty; then rounded */
    DEEP_PRUNE,  /* trained dense; then cut at once, then fine-tuned */
    DEEP_GRADUAL /* cut while it is trained; then fine-tuned */
};
struct deep_method {
    enum deep_way way;
    enum nn_sparse_kind kind; /* of all weights; DENSE: none */
};

/* State of all these models. */
struct deep {
    struct nn *nn; /* that predicts */
    size_t p, outputs;
    struct nn_target target;
    double *importance; /* p */
};

enum spred_status deep_fit(struct spred_env *env, struct deep *state,
                           const struct deep_options *options,
                           const struct deep_method *method,
                           const struct spred_model_task *task,
                           struct spred_model_report *report);
enum spred_status deep_predict(struct spred_env *env, void *state,
                               const float *x, size_t n, double *scores);
void deep_genes(const void *state, double *importance);
void deep_free(struct spred_env *env, void *state);
enum spred_status deep_store(struct spred_env *env, const void *state,
                             void **bytes, size_t *size);
enum spred_status deep_load(struct spred_env *env, void *state, size_t p,
                            size_t outputs, const void *bytes, size_t size);

/* state->importance from the network: of a linear first layer the size of each
 * input's weights, else 1. */
void deep_weigh(struct deep *state);

/* What the models of this folder share; each has a table and a fit. */
#define DEEP_MODEL                                                             \
    .state_size = sizeof(struct deep),                                         \
    .options_size = sizeof(struct deep_options), .options = table,             \
    .check = deep_check, .fits = deep_fits, .fit = fit,                        \
    .predict = deep_predict, .genes = deep_genes, .free = deep_free,           \
    .store = deep_store, .load = deep_load

#endif
