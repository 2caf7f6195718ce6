/* trial.h: one trial of one data set: the split, X and y of its three parts. */
#ifndef EXPERIMENTS_TRIAL_H
#define EXPERIMENTS_TRIAL_H

#include "experiments/job.h"
#include "experiments/labels.h"
#include "spred/preprocess.h"
#include "spred/problem.h"
#include "spred/split.h"

struct parts_protocol;

/* One part of the samples, in the training part's coordinates. */
struct part {
    struct spred_matrix x; /* n x p, owned; or the data's own (train, when
                              all samples train and nothing changes them) */
    size_t n;
    int32_t *codes; /* n, 0..n_classes-1, and above for labels that no
                       training row has (paper protocol); NULL if real-valued */
    double *values; /* n; NULL if classes */
};

/* Everything owned; trial_free. */
struct trial {
    struct spred_data data;
    int lent; /* 1: the data are another's */
    struct labels labels;
    struct spred_prepared prepared;
    struct part train, validate, test;
    size_t *rows;     /* train.n samples of the data: the training part (clean
                         protocol), or NULL */
    size_t n_classes; /* of the training part; 0: real-valued target */
    size_t n_labels;  /* of all parts: more than n_classes only under paper */
    size_t p;         /* features after the filter */
    /* Paper protocol (else NaN): majority share of all rows, 1/T, and
     * (1-.8^T)/(.2T). */
    double majority, ceiling, informed;
};

/* Maps the data of the job, picks rows by the protocol, splits by sample,
 * learns the preprocessing on the training part. seconds[0] = load, seconds[1]
 * = prepare. protocol: a script's, in place of the job's own split; or NULL. */
enum spred_status trial_make(struct spred_env *env, const struct job *job,
                             const struct parts_protocol *protocol,
                             struct trial *out, double seconds[2]);
/* The same from data in memory, which outlive the trial. */
enum spred_status trial_lend(struct spred_env *env, const struct job *job,
                             const struct parts_protocol *protocol,
                             const struct spred_data *data, struct trial *out,
                             double *seconds);
/* SPRED_EINVAL: the data have no test part of their own, as kind: given asks.
 */
enum spred_status trial_given(struct spred_env *env,
                              const struct spred_data *data);
/* Fold `fold` (0..) of the cross-validation inside the training part of whole
 * (clean protocol): trains on the other folds, stratified, tests on this one;
 * everything is learnt on the fold's own training rows. whole lends its data
 * and is only read: folds may be made side by side, each with its own env. */
enum spred_status trial_fold(struct spred_env *env, const struct job *job,
                             const struct trial *whole, size_t fold,
                             struct trial *out);
void trial_free(struct spred_env *env, struct trial *trial);

/* Seconds on a monotonic clock. */
double trial_now(void);

#endif
