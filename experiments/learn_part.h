/* learn_part.h: a model on one trial, from the inside; private. */
#ifndef EXPERIMENTS_LEARN_PART_H
#define EXPERIMENTS_LEARN_PART_H

#include "experiments/learn.h"
#include "experiments/score.h"

/* An offer that was the best so far, with what is kept of it. */
struct offered {
    size_t number; /* 1.. in its fit; 0: there is none */
    char *what;
    struct score score; /* on the validation part */
    int64_t support;
    double *test;       /* test.n x columns */
    double *importance; /* p */
};

/* One tuned option. */
struct axis {
    char *name;
    char **values;
    size_t n;
};

struct learn {
    struct spred_env *env;
    const struct job *job;
    const struct parts *parts;
    struct results_record *record;
    const struct spred_model *model;
    struct trial trial;
    struct spred_rows train, validate, test; /* x owned */
    const struct spred_loss *loss; /* of scores that are logits; NULL: none */
    size_t outputs;                /* scores of the model per sample */
    size_t columns; /* of them after two classes became one difference */
    uint64_t seed;
    struct axis *axes;
    size_t n_axes, settings; /* settings: the grid's size, at least 1 */
    char *plain;             /* the options that are not tuned, as text */
    struct offered best;     /* over all settings */
    size_t chosen;           /* its setting, 0.. */
    double deadline;         /* trial_now() that ends the fits */
    int late;                /* it has passed */
    /* Of the fits: says stop once the deadline has passed. A model may keep a
     * pointer to it as long as its state. */
    struct spred_env inner;
    void *state, *options; /* of the model that learn_predict fitted again */
};

/* learn_rows.c: one part of the trial in single precision, centred and scaled.
 * A matrix that is already in single precision (pictures) is taken over, and
 * the part is left without it. */
enum spred_status learn_rows(struct spred_env *env, const struct trial *trial,
                             struct part *part, struct spred_rows *out);
/* n x p floats of a matrix that was prepared as the training part was. */
float *learn_floats(struct spred_env *env, const struct trial *trial,
                    const struct spred_matrix *x);

/* learn_grid.c: the axes of the job, and its other options. */
enum spred_status learn_grid(struct learn *learn);
/* The options of setting number i (0..), and its tuned part as text (owned;
 * "lr=0.3 lambda=0.1"). The last axis moves fastest. */
enum spred_status learn_setting(struct learn *learn, size_t i, void *options,
                                char **text);

/* learn_fit.c: one fit of one setting, as far as the offer number `last` (0: to
 * its end). `into` becomes its best offer; row: what it cost. state: zeroed,
 * released by the caller with the model's free. A fit that failed on its own
 * account is OK with a word in row->stop. */
enum spred_status learn_fit(struct learn *learn, const void *options,
                            void *state, size_t last, struct offered *into,
                            struct results_candidate *row);
enum spred_status offered_make(struct learn *learn, struct offered *out);
void offered_free(struct spred_env *env, struct offered *offered);

/* learn_score.c: two classes: scores n x 2 become n x 1, second minus first. */
void learn_fold(const struct learn *learn, double *scores, size_t n);
enum spred_status learn_value(struct learn *learn, struct spred_env *env,
                              const struct part *part, const double *scores,
                              struct score *out);
/* The rows of the model that stands: test scores, genes, truth, metrics. */
enum spred_status learn_report(struct learn *learn);

#endif
