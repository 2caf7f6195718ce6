/* fit.h: one job done in this process on data in memory, with the models of its
 * whole path kept: what spred.solve, spred.path and spred.cv are made of. */
#ifndef EXPERIMENTS_FIT_H
#define EXPERIMENTS_FIT_H

#include "experiments/parts.h"
#include "experiments/path.h"
#include "experiments/spec.h"

/* Owned; fit_close. The data, the parts and the env outlive it. */
struct fit {
    struct spred_env *env;
    struct job job;
    struct results_record record; /* as a worker's: run, points, genes, folds */
    struct path path;             /* trial, grid, weights at every lambda */
    size_t chosen;                /* lambda index of the model that stands */
};

/* The data set, first problem and first solver of the spec, ready to run: the
 * trial is made, the problems can be asked for. Without a protocol in the spec
 * all samples train. */
enum spred_status fit_open(struct spred_env *env, const struct spec *spec,
                           const struct spred_data *data,
                           const struct parts *parts, struct fit *out);
/* Number of problems (one-vs-rest: a class each), and problem `index`, which
 * borrows from the fit; only one at a time. */
size_t fit_problems(const struct fit *fit);
enum spred_status fit_problem(struct fit *fit, size_t index,
                              struct spred_problem *out);
/* Runs the path (with cross-validation if the protocol says so); observe may be
 * NULL and is told of every observation. */
enum spred_status fit_run(struct fit *fit,
                          void (*observe)(void *cookie, const struct fit *fit,
                                          const struct spred_host_point *point),
                          void *cookie);
/* Dense weights p x outputs (standardised scale) and intercepts of the model at
 * a lambda; p = fit->path.trial.p. */
void fit_weights(const struct fit *fit, size_t lambda, double *w, double *b);
/* Linear predictors n x outputs of rows (NULL: all) of data with the same
 * features, prepared as the training part was. */
enum spred_status fit_predict(struct fit *fit, size_t lambda,
                              const struct spred_data *data, const size_t *rows,
                              size_t n_rows, double *out);
void fit_close(struct fit *fit);

#endif
