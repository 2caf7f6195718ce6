/* code.h: one job of sparse coding: one coder on all patches of a data set over
 * one dictionary at one lambda, once for every asked gap. */
#ifndef EXPERIMENTS_CODE_H
#define EXPERIMENTS_CODE_H

#include "experiments/job.h"
#include "spred/coding.h"
#include "spred/image.h"

/* What job->coding says, as canonical text of code_options. */
struct code_settings {
    long atoms;
    double lambda;      /* of the learning */
    long api_version;   /* of the way to learn */
    long coder_version; /* of the coder that this calls; 0: none */
    long size;          /* side of a patch */
    int center, unit;   /* how patches were reduced */
    double sigma;       /* noise to take off the held-out picture; 0: none */
    long stride;
    double noise_gap;
    int show; /* the row keeps the dictionary */
};
extern const struct spred_option code_options[];

/* Any "a=1 b=2" text of a table into a new options struct; *out is spred_free'd
 * by the caller. */
enum spred_status code_parse(struct spred_env *env,
                             const struct spred_option *table, size_t size,
                             const char *text, void **out);

/* The rest of the row that job_start_row begins. */
enum spred_status code_start_row(struct spred_env *env, const struct job *job,
                                 struct results_run *row);
/* The whole job in this process; record: its run row is started. */
enum spred_status code_run(struct spred_env *env, const struct job *job,
                           struct results_record *record);

/* Columns of n samples x m features become n signals of m values (m x n,
 * spred_free). */
double *code_signals(struct spred_env *env, const struct spred_matrix *x);

/* code_dictionary.c: the job's dictionary, m x atoms (spred_free): from the
 * cache, or learned now and kept there; one process learns it, the others wait.
 * *seconds: what learning took, whenever that was. */
enum spred_status code_dictionary(struct spred_env *env, const struct job *job,
                                  const struct code_settings *settings,
                                  const double *signals, size_t m, size_t n,
                                  double **out, double *seconds);

/* code_denoise.c: noise of settings->sigma from the seed is added to the
 * picture, then every patch of it is coded and the reconstructions averaged
 * (Elad and Aharon 2006, without their weight on the noisy picture). task:
 * dictionary, lambda, gap, threads; the rest is filled in here. noisy and
 * denoised: zeroed, spred_image_free also after an error. nonzeros: mean of the
 * codes of those patches. */
struct code_denoise {
    const struct spred_coder *coder;
    const void *options;
    struct spred_coding task;
    struct spred_patches patches; /* size, center, unit */
    size_t stride;
    double sigma;
    uint64_t seed;
};
enum spred_status code_denoise(struct spred_env *env,
                               const struct code_denoise *how,
                               const struct spred_image *picture,
                               struct spred_image *noisy,
                               struct spred_image *denoised, double *nonzeros);

#endif
