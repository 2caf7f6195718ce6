/* model.h: a method that learns to predict from samples alone and chooses genes
 * on its way: gated networks, filters before a support vector machine,
 * controls. What solves a stated convex problem is a solver (solver.h). */
#ifndef SPRED_MODEL_H
#define SPRED_MODEL_H

#include <stdint.h>
#include "spred/option.h"
#include "spred/pool.h"

/* The features of a sample are the cells of a picture: feature
 * (y * width + x) * channels + c. All zero: they are not. */
struct spred_picture {
    size_t height, width, channels;
};

/* Prepared samples, borrowed: centred and scaled as the training part was. */
struct spred_rows {
    size_t n, p;
    const float *x;       /* n x p, column-major: a gene's samples are one
                             block. No NaN */
    const int32_t *codes; /* n, 0..classes-1 (validation under the paper's
                             protocol: also above, a class never seen); NULL if
                             real-valued */
    const double *values; /* n; NULL if classes */
    struct spred_picture picture;
};

/* What an offered model is worth on the validation part: NaN without one. */
struct spred_offer {
    double score; /* balanced accuracy (paper: accuracy; real-valued: R2) */
    double loss;  /* log-loss (no logits: 1 - AUC) or mean squared error,
                     which breaks ties */
    int best;     /* 1: the best so far of this fit */
};

/* How sparse the network in `state` is by one declared rule. Borrowed. */
struct spred_layer_mark {
    const char *name; /* "conv1", "linear2" */
    size_t weights, nonzero;
    size_t units, units_left; /* neurons or filters */
};
struct spred_mark {
    const char
        *rule; /* "dense", "exact zeros", "threshold", "made smaller" ... */
    double threshold;        /* NaN: none */
    double macs, macs_dense; /* multiply-adds of one sample: left, at first */
    const struct spred_layer_mark *layers; /* those that can be made sparse */
    size_t n_layers;
};

struct spred_model_task {
    struct spred_rows train;
    struct spred_rows validate; /* n = 0: there is none. For early stopping by
                                   the offers alone: a model has no need of it
                                   but for methods that are defined by it */
    size_t classes;             /* K >= 2; 0: real-valued target */
    uint64_t seed;              /* everything random comes from it */
    size_t threads;             /* >= 1, of OpenBLAS, set by the caller */
    /* The model in `state` could be the answer: called in the course of fit, at
     * least once, from the least to the most complex or as training goes on.
     * The runner predicts the validation part (and, unseen, the test part) by
     * the model's own predict and genes, and keeps the best. what: how this
     * candidate differs from the others of this fit ("genes=50", "step=300"),
     * or "". An error is to be passed on and leaves the model as it was
     * offered: so the runner stops a fit that it repeats, to predict more with
     * it. */
    enum spred_status (*offer)(void *cookie, const char *what,
                               struct spred_offer *out);
    /* One point of a curve of accuracy against sparsity: the runner predicts
     * the validation and the test part by the model's own predict, as it is
     * now, takes the time of that, and keeps a row of each mark; nothing is
     * chosen by them. Only in the course of fit, after its last save. NULL:
     * nobody asks. */
    enum spred_status (*mark)(void *cookie, const struct spred_mark *mark);
    /* A matrix worth a look, kept with the row: filters, gates. picture: what
     * a column is, or NULL. NULL: nobody asks. */
    enum spred_status (*show)(void *cookie, const char *name, size_t rows,
                              size_t columns,
                              const struct spred_picture *picture,
                              const float *values);
    /* A fit that is killed goes on from what it saved last: save replaces the
     * bytes atomically. saved: those of a fit of this very task that did not
     * end, or NULL. A model that saves makes its first offer after its last
     * save, and a fit that went on ends with the same bits as one that was
     * never stopped. NULL: nobody keeps them. */
    enum spred_status (*save)(void *cookie, const void *bytes, size_t size);
    const void *saved;
    size_t saved_size;
    void *cookie;
};

/* What a fit cost and found, for the row; zeroed by the caller. */
struct spred_model_report {
    long steps;     /* gradient steps, boosting rounds, eliminations ... */
    double passes;  /* work in passes over the training part's X: a step that
                       touches m of p genes counts m/p */
    char note[256]; /* one line for the row, or "": "22 260 of 22 283 gates
                       parked, all verified |g| < lambda" */
};

enum spred_model_takes {
    SPRED_MODEL_CLASSES = 1 << 0,
    SPRED_MODEL_REAL = 1 << 1,
    SPRED_MODEL_LOGITS = 1 << 2, /* scores are logits: softmax gives
                                    probabilities, and a log-loss */
    SPRED_MODEL_CHOOSES = 1 << 3 /* may leave genes out; else its number of
                                    genes is always all */
};

struct spred_model {
    const char *name;      /* "spred-network", "hsic-lasso" */
    const char *alias;     /* or NULL */
    const char *doc;       /* one line */
    const char *reference; /* the paper or book */
    unsigned api_version;  /* raised when results change; part of the job key */
    unsigned takes;        /* enum spred_model_takes bits */
    size_t state_size;     /* zeroed by the runner before fit, whose env it may
                              keep: that lives as long */
    size_t options_size;
    const struct spred_option *options; /* ends with a NULL name; or NULL */
    /* What the table cannot say of an option: layers that do not parse. Called
     * when a file is read, with one option set and the others at their
     * defaults. SPRED_EINVAL: what was expected. NULL: nothing. */
    enum spred_status (*check)(struct spred_env *env, const void *options);
    /* The same once it is known what the samples are, before any job: layers
     * that are larger than the pictures. rows: p at most and picture, no
     * samples; classes as in a task. NULL: nothing. */
    enum spred_status (*fits)(struct spred_env *env, const void *options,
                              const struct spred_rows *rows, size_t classes);
    /* Learns from task->train and offers. Polls spred_check_cancel(env) at
     * least every tenth of a second and passes its status on: what was offered
     * until then stands. SPRED_ENUMERIC: diverged (text in env). */
    enum spred_status (*fit)(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report);
    /* scores: n x K column-major, the highest of a row wins (real-valued: n).
     * x: n x p column-major. Called within offer and after fit. */
    enum spred_status (*predict)(struct spred_env *env, void *state,
                                 const float *x, size_t n, double *scores);
    /* importance: p values, 0 = the gene takes no part in predict, else > 0. */
    void (*genes)(const void *state, double *importance);
    /* Frees what fit made, also after a failed fit. */
    void (*free)(struct spred_env *env, void *state);
    /* The fitted model as bytes (spred_free) that load makes a state of again,
     * zeroed before, which predicts the same bits: of p features and so many
     * outputs. SPRED_EFORMAT: they are not such bytes. NULL: cannot be saved.
     */
    enum spred_status (*store)(struct spred_env *env, const void *state,
                               void **bytes, size_t *size);
    enum spred_status (*load)(struct spred_env *env, void *state, size_t p,
                              size_t outputs, const void *bytes, size_t size);
};

/* NULL-ended, generated from the list in solvers/meson.build. */
extern SPRED_API const struct spred_model *const spred_models[];

/* By name or alias; NULL if there is none. */
SPRED_API const struct spred_model *spred_model_find(const char *name);

/* NULL if the model takes the target, else one line: what it needs. Static. */
SPRED_API const char *spred_model_refuses(const struct spred_model *model,
                                          size_t classes);

#endif
