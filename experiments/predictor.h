/* predictor.h: a fitted model with the preparation of its rows: all that is
 * needed to predict raw ones, here and in a file. */
#ifndef EXPERIMENTS_PREDICTOR_H
#define EXPERIMENTS_PREDICTOR_H

#include "spred/model.h"
#include "spred/preprocess.h"

/* One that predictor_read gave owns everything but the model. */
struct predictor {
    const struct spred_model *model;
    void *state;
    struct spred_prepared prepared; /* features: prepared.p_raw, of which
                                       prepared.p are used */
    int64_t threads;                /* of OpenBLAS, as in the fit */
    size_t outputs;                 /* scores of a sample */
    size_t n_classes;               /* 0: real-valued */
    char **classes;                 /* n_classes names */
    char **features, **symbols;     /* prepared.p_raw */
    char *dataset;                  /* it was learnt on */
    char *options, *chosen;         /* as in results_run */
};

/* scores: x->rows x outputs, of raw rows. SPRED_EMISMATCH: x has other columns
 * than the data that it was learnt on. */
enum spred_status predictor_scores(struct spred_env *env,
                                   const struct predictor *predictor,
                                   const struct spred_matrix *x,
                                   double *scores);

/* bytes: the model's (its store). Atomic. SPRED_EIO. */
enum spred_status predictor_write(struct spred_env *env, const char *path,
                                  const struct predictor *predictor,
                                  const void *bytes, size_t size);
/* SPRED_EFORMAT: no such file, damaged, or of another version of the model;
 * SPRED_ENOTFOUND: there is no file; no model of that name. *out: also after an
 * error, predictor_free. env lives as long. */
enum spred_status predictor_read(struct spred_env *env, const char *path,
                                 struct predictor *out);
void predictor_free(struct spred_env *env, struct predictor *predictor);

#endif
