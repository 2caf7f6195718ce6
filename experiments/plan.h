/* plan.h: an experiment file's spec, expanded to jobs with their data. */
#ifndef EXPERIMENTS_PLAN_H
#define EXPERIMENTS_PLAN_H

#include "experiments/job.h"
#include "experiments/spec.h"
#include "spred/fetch.h"
#include "spred/solver.h"

struct plan {
    struct job *jobs; /* in running order: trials, data sets, problems, solvers;
                         then of the data set the models */
    size_t n_jobs;
    char **notes; /* "key<TAB>text" for the store: sources that were not
                     reached, chosen targets, dropped classes, machine */
    size_t n_notes;
};

/* Fetches and loads (through the cache) every data set, picks targets, expands.
 * A GEO set that cannot be reached (SPRED_EIO) hands over to the fallback sets
 * of its group, with a note and a log line; any other trouble is an error. */
enum spred_status plan_make(struct spred_env *env, const struct spec *spec,
                            const struct spred_fetch_options *fetch,
                            struct plan *out);
void plan_free(struct spred_env *env, struct plan *plan);

/* One job of the plan; a row of job_columns (results_row_free, also after an
 * error). */
struct source;
enum spred_status plan_job(struct spred_env *env, const struct spec *spec,
                           const struct source *source,
                           const struct spec_problem *problem,
                           const struct spec_solver *chosen, int64_t trial,
                           const char *machine, struct job *job);

/* A model's job. */
enum spred_status plan_model(struct spred_env *env, const struct spec *spec,
                             const struct source *source,
                             const struct spec_model *chosen, int64_t trial,
                             const char *machine, struct job *job);

/* The job of a coder: one dictionary of the spec's coding (of so many atoms),
 * one lambda. first: of the coders, whose row shows the pictures. */
struct spec_coding_method;
enum spred_status plan_coding(struct spred_env *env, const struct spec *spec,
                              const struct source *source,
                              const struct spec_coding_method *dictionary,
                              int64_t atoms, double lambda,
                              const struct spec_coding_method *coder, int first,
                              int64_t trial, const char *machine,
                              struct job *job);

/* The first 16 digits of every job's key, blank-separated: which rows of a
 * store belong to this plan. Free with spred_free. */
char *plan_keys(struct spred_env *env, const struct plan *plan);

/* The machine as one line, and the id (12 hexadecimal digits of its hash). */
char *plan_machine(struct spred_env *env, long threads, char id[16]);

#endif
