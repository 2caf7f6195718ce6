/* sink.h: the rows an experiment leaves, and the one way to hand them over. The
 * column tables below drive the store, the CSV files and the worker's wire. */
#ifndef RESULTS_SINK_H
#define RESULTS_SINK_H

#include <stddef.h>
#include <stdint.h>
#include "spred/env.h"

enum results_kind { RESULTS_TEXT, RESULTS_INT, RESULTS_REAL };

/* Behind the name of a script's penalty that gives no duality gap. */
#define RESULTS_NO_GAP " (no gap)"

/* TEXT: field is char * (NULL = no value); INT: int64_t (INT64_MIN = none);
 * REAL: double (NaN = none). Tables end with a NULL name. */
struct results_column {
    const char *name;
    enum results_kind kind;
    size_t offset;
    const char *doc; /* one line with the unit */
};

/* One job = one solver on one problem of one trial of one data set. All text is
 * owned by the row (results_row_free). */
struct results_run {
    char *job; /* key: 64 hexadecimal digits */
    char *experiment;
    char *dataset, *source, *target;
    int64_t simulated;      /* 1: never shown as real */
    char *protocol;         /* clean | paper | given | a script's */
    int64_t trial;          /* 1.. */
    char *problem;          /* name in the file: "lasso" */
    char *loss;             /* squared | logistic | multinomial */
    char *penalty;          /* "l1", "elastic-net(0.5)", "group(size 5)",
                               "power(3)": not convex, no gap; a script's name, with
                               RESULTS_NO_GAP behind it where there is none */
    char *preparation;      /* of X: log2, missing, constant columns ... */
    char *solver, *options; /* of a solver or a model */
    char *kind;             /* "solver", or "model": then problem is "model" and
                               loss, penalty, lambdas, gaps have no value; or
                               "coding": problem is "coding(...)", points and
                               certified count signals, chosen is the
                               dictionary */
    char *chosen;           /* model: the tuned settings that stand and where:
                               "lr=0.05 lambda=0.1 step=300" */
    int64_t warm_start;     /* 0: every lambda was solved from nothing */
    int64_t train, validate, test, features, classes;
    char *status;        /* certified stalled time steps diverged skipped memory
                            crashed error interrupted */
    char *reason;        /* one line */
    int64_t points;      /* lambdas on the path (times outputs) */
    int64_t certified;   /* of which certified to the asked gap */
    double lambda_max;   /* of the training part */
    double lambda_ratio; /* chosen */
    double ratio_min, ratio_1se; /* cross-validation: of the least loss; the
                                    largest within one standard error of it */
    double cv_loss, cv_se;       /* at the chosen lambda, as in results_point */
    double objective;            /* at the chosen lambda (sum over outputs) */
    double gap;                  /* worst relative gap on the path, P(0) = 1 */
    double gap_target;           /* asked relative gap */
    double floor;                /* worst relative rounding floor */
    double kkt;                  /* worst KKT violation / lambda */
    int64_t support; /* genes with a nonzero weight, chosen lambda */
    double zeros;    /* share of features with |weights| <= 1e-6, there */
    int64_t truth;   /* simulated: features that have an effect */
    int64_t true_positives; /* of them in the support */
    double seconds;         /* billed: set-up, constants, steps; with
                               cross-validation the sum over folds and refit */
    double seconds_wall;  /* from the first path's start to the last one's end,
                             certificates included; folds run side by side */
    double seconds_total; /* with load, preprocessing, certificates, metrics */
    double seconds_load, seconds_prepare, seconds_setup, seconds_solve,
        seconds_certify;
    double passes; /* equivalent passes over X, billed */
    int64_t steps;
    int64_t peak_rss_kib;
    double validation; /* balanced accuracy at the chosen lambda */
    double accuracy, balanced_accuracy, auc, log_loss, r2; /* test part */
    double majority; /* share of the largest class: test part, or all
                        rows of the paper protocol */
    double ceiling;  /* paper protocol: 1/T, T subset types */
    double informed; /* paper protocol: (1 - .8^T)/(.2 T) */
    char *seed;      /* of the trial, decimal */
    char *machine;   /* fingerprint id */
    char *started;   /* UTC, ISO 8601 */
};

/* One observation of a run: the first and the last of every lambda, and between
 * them those whose gap was clearly smaller than the one before. */
struct results_point {
    char *job;
    int64_t output;       /* 1.. (one-vs-rest problems), else 1 */
    int64_t lambda_index; /* 1.. along the path */
    double lambda, lambda_ratio;
    int64_t step;        /* steps done at this lambda */
    double seconds;      /* billed since the start of this lambda */
    double seconds_path; /* billed since the start of the job */
    double passes;       /* since the start of the job */
    double primal, dual; /* objective and best certified lower bound */
    double gap;          /* relative: (primal - dual) / P(0) */
    double floor, kkt;   /* relative, as in results_run */
    int64_t support;     /* nonzero features */
    int64_t last;        /* 1: the final observation at this lambda */
    char *stop;          /* target stall steps time diverged ..., if last */
    double validation;   /* balanced accuracy on validation, if last */
    /* If last: */
    int64_t above_1e12, above_1e6; /* features with a |weight| above that */
    int64_t true_positives;        /* simulated: of the support */
    double cv_loss, cv_se; /* cross-validation: mean loss over the held-out
                              samples and its standard error */
};

/* A gene with a nonzero weight at the chosen lambda, or the intercept (rank 0,
 * no feature). The linear predictor of an output is its intercept plus the sum
 * of coefficient * feature, prepared as the run's row says. */
struct results_gene {
    char *job;
    int64_t output, rank; /* rank 1 = largest |weight| */
    char *feature, *symbol;
    double weight;      /* on the standardised scale */
    double coefficient; /* per unit of the feature */
};

/* One fold of the cross-validation that chose lambda, at one lambda. */
struct results_fold {
    char *job;
    int64_t fold;         /* 1.. */
    int64_t lambda_index; /* 1.. */
    double lambda;
    int64_t train, held; /* samples that were fitted and left out */
    double loss;         /* mean over the held samples; NaN: none came out */
    double gap, floor;   /* relative, worst over outputs */
    int64_t certified;   /* 1: every output, to the asked gap */
    double seconds;      /* billed at this lambda */
};

/* A number that a script computes from the predictions on the test part, at the
 * chosen lambda. */
struct results_metric {
    char *job;
    char *name;
    double value; /* NaN: none came out */
};

/* One setting that a model was tried with: the best it offered, by the
 * validation part. */
struct results_candidate {
    char *job;
    int64_t candidate; /* 1.. in the order of the grid */
    char *settings;    /* the tuned options: "lr=0.05 lambda=0.1"; "" if none */
    char *at;          /* which of its offers: "step=300", "genes=50", "" */
    double validation; /* as in results_run; NaN: no validation part */
    double loss;       /* validation: log-loss, or 1 - AUC where scores are no
                          logits, or mean squared error: breaks ties */
    int64_t support;   /* genes that this offer uses */
    int64_t offers;    /* how many there were */
    int64_t steps;
    double passes, seconds;
    char *stop;     /* done time diverged error interrupted */
    char *note;     /* what the model said of the fit */
    int64_t chosen; /* 1: the one that was tested */
};

/* How sparse a trained network is by one declared rule, and what it then
 * predicts. No choice is made by the test part: every mark is shown. */
struct results_mark {
    char *job;
    int64_t mark;      /* 1.. in the order of the fit */
    int64_t candidate; /* 1.., whose fit it was */
    char *rule;        /* "exact zeros", "threshold", "made smaller", "dense" */
    double threshold;  /* weights up to it are set to zero; NaN: none */
    int64_t weights, nonzero; /* of all layers that could be made sparse */
    double macs, macs_dense;  /* multiply-adds of one sample: left, at first */
    double seconds_sample;    /* to predict a sample of the test part, median */
    double validation;        /* accuracy, validation part */
    double accuracy;          /* test part */
    double loss;              /* test part: mean cross-entropy */
};

/* One layer at one mark. */
struct results_layer {
    char *job;
    int64_t mark;
    int64_t layer; /* 1.. */
    char *name;    /* "conv1", "linear2" */
    int64_t weights, nonzero;
    int64_t units, units_left; /* neurons or filters */
};

/* A matrix to look at: dictionary atoms, filters, a picture. */
struct results_array {
    char *job;
    char *name; /* "dictionary", "filters before" */
    int64_t rows, columns;
    int64_t height, width, channels; /* of the picture that a column is; 0 */
    char *values; /* rows x columns, column-major, blanks between, %.6g */
};

extern const struct results_column results_run_columns[];
extern const struct results_column results_point_columns[];
extern const struct results_column results_gene_columns[];
extern const struct results_column results_fold_columns[];
extern const struct results_column results_metric_columns[];
extern const struct results_column results_candidate_columns[];
extern const struct results_column results_mark_columns[];
extern const struct results_column results_layer_columns[];
extern const struct results_column results_array_columns[];

/* Sets every field to "no value" / frees the texts of one row. */
void results_row_clear(const struct results_column *columns, void *row);
void results_row_free(struct spred_env *env,
                      const struct results_column *columns, void *row);

/* All rows of one job; owned arrays. */
struct results_record {
    struct results_run run;
    struct results_point *points;
    size_t n_points;
    struct results_gene *genes;
    size_t n_genes;
    struct results_fold *folds;
    size_t n_folds;
    struct results_metric *metrics;
    size_t n_metrics;
    struct results_candidate *candidates;
    size_t n_candidates;
    struct results_mark *marks;
    size_t n_marks;
    struct results_layer *layers;
    size_t n_layers;
    struct results_array *arrays;
    size_t n_arrays;
};
void results_record_free(struct spred_env *env, struct results_record *record);

/* The tables below runs. */
struct results_child {
    const char *name; /* of the table and its CSV file */
    const struct results_column *columns;
    size_t size;        /* of a row */
    size_t rows, count; /* offsets in struct results_record */
};
enum { RESULTS_CHILDREN = 8 };
extern const struct results_child results_children[RESULTS_CHILDREN];

/* Row i of a child table of the record; borrowed. */
void *results_child_row(const struct results_record *record,
                        const struct results_child *child, size_t i);
size_t results_child_count(const struct results_record *record,
                           const struct results_child *child);
/* Room for count rows in place of none; the count stays 0. */
enum spred_status results_child_room(struct spred_env *env,
                                     struct results_record *record,
                                     const struct results_child *child,
                                     size_t count);
/* The next row, cleared, of the room. */
void *results_child_next(struct results_record *record,
                         const struct results_child *child);

/* One row as one line of tab-separated fields in column order (text escaped:
 * \t \n \\; no value = empty; REAL as %.17g), appended without newline, and
 * back. A line that does not fit is SPRED_EFORMAT. Used on the worker's pipe.
 */
struct spred_buffer;
enum spred_status results_row_write(struct spred_env *env,
                                    const struct results_column *columns,
                                    const void *row, struct spred_buffer *out);
enum spred_status results_row_read(struct spred_env *env,
                                   const struct results_column *columns,
                                   const char *line, size_t length, void *row);

/* Where an experiment leaves its rows. */
struct results_sink {
    void *self;
    /* Status word stored for this job ("" = no such job). */
    enum spred_status (*find)(void *self, const char *job, char status[32]);
    /* One job, in one short transaction; an older row of the job is replaced.
     */
    enum spred_status (*put)(void *self, const struct results_record *record);
    /* Key-value notes of the experiment: plan size, file hash, machine text,
     * "GEO could not be reached: ...". The same key replaces; value NULL
     * forgets the notes whose key starts with `key`. */
    enum spred_status (*note)(void *self, const char *key, const char *value);
};

#endif
