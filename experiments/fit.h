/* fit.h: one job done in this process on data in memory, with the models of its
 * whole path kept: what spred.solve, spred.path and spred.cv are made of. */
#ifndef EXPERIMENTS_FIT_H
#define EXPERIMENTS_FIT_H

#include "experiments/parts.h"
#include "experiments/path.h"
#include "experiments/spec.h"

/* Told of every observation; *stop = 1 ends the run, whose models so far stand.
 */
struct fit_observer {
    void *self;
    enum spred_status (*see)(void *self, const struct spred_host_point *point,
                             int *stop);
};

/* Owned; fit_close. Does not move while it is open. The data, the spec's parts
 * and the env outlive it. */
struct fit {
    struct spred_env *env;
    struct job job;
    struct results_record record; /* as a worker's: run, points, genes, folds */
    struct path path;             /* trial, grid, weights at every lambda */
    struct parts parts;           /* the spec's without its hooks and metrics */
    struct fit_observer observer;
    size_t chosen; /* lambda index of the model that stands */
};

/* The first problem and first solver of the spec on the data, ready to run: the
 * trial is made, the problems can be asked for. The spec's protocol says who
 * trains (test: 0%, choose: {kind: none} all), its first data set names the
 * target. Close it also after an error. */
enum spred_status fit_open(struct spred_env *env, const struct spec *spec,
                           const struct spred_data *data, struct fit *out);
/* Runs the path (with cross-validation if the protocol says so). observer: or
 * NULL. SPRED_EINVAL: the solver does not take the problem; SPRED_EINTERRUPTED:
 * the env says stop; SPRED_ENUMERIC: the method failed, or no lambda has a
 * model. */
enum spred_status fit_run(struct fit *fit, const struct fit_observer *observer);

/* What is known of the model at a lambda, over its problems. */
struct fit_model {
    double primal, dual; /* sums */
    double gap, floor, kkt, seconds, passes;
    size_t support; /* features with a nonzero weight */
    int64_t steps;
    int certified;    /* every problem, to the asked gap */
    const char *stop; /* the last problem's word, or that of the worst */
};
/* 0: there is no model at this lambda. */
int fit_model(const struct fit *fit, size_t lambda, struct fit_model *out);
/* Dense weights p x outputs (standardised scale) and intercepts of the model at
 * a lambda; p = fit->path.trial.p, outputs = fit->path.outputs. */
void fit_weights(const struct fit *fit, size_t lambda, double *w, double *b);
/* Linear predictors n x outputs of all rows of x, which has the features of the
 * data, prepared as the training part was. */
enum spred_status fit_predict(const struct fit *fit, size_t lambda,
                              const struct spred_matrix *x, double *out);
/* The class (0..) that the scores (n x outputs) say for row i. */
int32_t fit_class(const struct fit *fit, const double *scores, size_t n,
                  size_t i);
/* Probabilities n x classes of scores; SPRED_EINVAL: the loss gives none. */
enum spred_status fit_probabilities(struct fit *fit, const double *scores,
                                    size_t n, double *out);
/* The certificate of W (p x outputs), b at a lambda of any value, summed and
 * worst as in fit_model. */
enum spred_status fit_certify(struct fit *fit, double lambda, const double *w,
                              const double *b, struct fit_model *out);
void fit_close(struct fit *fit);

#endif
