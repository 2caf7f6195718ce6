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
    void *bytes;        /* the model (learn->keeps), or NULL */
    size_t size;
    struct results_array *arrays; /* what its fit showed */
    size_t n_arrays;
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
    int keeps;               /* 1: what stands is stored as it is offered */
    struct offered best;     /* over all settings */
    size_t chosen;           /* its setting, 0.. */
    double deadline;         /* trial_now() that ends the fits */
    int late;                /* it has passed */
    /* Of the fits: says stop once the deadline has passed. A model may keep a
     * pointer to it as long as its state. */
    struct spred_env inner;
    void *state, *options; /* of the model that learn_predict made again */
};

/* A fit under way. */
struct fitting {
    struct learn *learn;
    struct spred_env *env; /* of the fit */
    void *state;
    int64_t setting; /* 1..: whose fit it is */
    size_t last;     /* offer that ends the fit; 0: none */
    int ended;       /* by it */
    size_t offers, marks;
    double from;     /* trial_now() of its begin */
    double unbilled; /* seconds since that were not the fit's */
    double before;   /* seconds that it took before it was killed */
    int warned;      /* that it cannot be saved */
    struct offered *into;
    double *scores; /* of the validation part, or of the test part */
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
/* The model of the fit, as it is, on one part; scores: rows->n x columns.
 * SPRED_ENUMERIC: they are not finite. */
enum spred_status learn_part_scores(struct fitting *f,
                                    const struct spred_rows *rows,
                                    double *scores);
enum spred_status offered_make(struct learn *learn, struct offered *out);
void offered_free(struct spred_env *env, struct offered *offered);

/* learn_mark.c: mark and show of a task; their cookie is the fitting. */
enum spred_status learn_mark(void *cookie, const struct spred_mark *mark);
enum spred_status learn_show(void *cookie, const char *name, size_t rows,
                             size_t columns,
                             const struct spred_picture *picture,
                             const float *values);

/* learn_save.c: save of a task. */
enum spred_status learn_save(void *cookie, const void *bytes, size_t size);
/* The task saves, and goes on from what an earlier fit of it saved: *block (or
 * NULL) holds that. Nothing where the job has no folder. */
enum spred_status learn_go_on(struct fitting *f, struct spred_model_task *task,
                              char **block);
/* The model does not take what was saved: the task is as at its begin. */
void learn_start_anew(struct fitting *f, struct spred_model_task *task);

/* learn_score.c: two classes: scores n x 2 become n x 1, second minus first. */
void learn_fold(const struct learn *learn, double *scores, size_t n);
enum spred_status learn_value(struct learn *learn, struct spred_env *env,
                              const struct part *part, const double *scores,
                              struct score *out);
/* The rows of the model that stands: test scores, genes, truth, metrics. */
enum spred_status learn_report(struct learn *learn);

#endif
