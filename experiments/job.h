/* job.h: one solver on one problem, or one model, on one trial of one data set:
 * what a worker process is told, and the key under which its rows are stored.
 */
#ifndef EXPERIMENTS_JOB_H
#define EXPERIMENTS_JOB_H

#include "results/sink.h"
#include "spred/hash.h"

struct parts;
struct parts_opener;

/* All text owned (results_row_free with job_columns). Columns up to and
 * including `threads` decide the answer and make the key; the rest does not. */
struct job {
    char *dataset, *data_hash, *target;
    char *protocol;
    int64_t trial;
    int64_t folds; /* 0: hold-out */
    double test, validate;
    int64_t choose;                   /* enum spec_choose */
    int64_t choose_folds, choose_1se; /* cross-validation; else 0 */
    char *seed;                       /* of the experiment, decimal */
    int64_t log2, missing_refuse;
    double variance_keep;
    char *problem, *loss;
    double l1_ratio;
    char *penalty; /* l1 | group | power */
    char *groups;  /* group: "", "size 5", "symbol", "file HASH" */
    int64_t over_classes, equal_weights; /* group */
    int64_t factors;                     /* power */
    int64_t intercept, standardize;
    char *lambdas; /* ratios of lambda_max (or absolute), descending */
    int64_t lambda_absolute;
    int64_t cold;           /* 1: every lambda starts from nothing */
    char *solver, *options; /* registry name; all options, canonical */
    int64_t api_version;
    double gap, stall_eps;
    int64_t stall_patience;
    double wall;
    int64_t steps, batch, threads;
    /* In the key unless they are empty: */
    char *script_hash; /* of a script that can change this job */
    /* A model's job: its registry name, which `solver` repeats; the problem is
     * "model", what only a problem has is neutral. Empty: a solver's job. */
    char *model;
    char *tune; /* the grid: "lr=0.3;0.1 lambda=0.3"; so in `options`, too */
    /* Sparse coding: how the dictionary is learned, which `problem` tells in
     * short, too; lambdas has one; solver is the coder. Empty: another job. */
    char *dictionary, *dictionary_options; /* registry name; all options */
    char *coding; /* code_settings, canonical (code.h) */
    char *gaps;   /* asked one after another, descending */
    /* not in the key */
    char *experiment, *source, *data_path, *group_file, *machine, *label;
    char *script; /* path of that script; the worker opens it */
    char *folder; /* of the results, for checkpoints and models; or NULL */
    int64_t keep_models; /* 1: what stands of a model is kept there */
    int64_t simulated, samples, features;
    double limit_wall, limit_memory, limit_grace;
};

extern const struct results_column job_columns[];

/* 1: a model's job. */
int job_has_model(const struct job *job);
/* 1: a job of sparse coding. */
int job_has_coding(const struct job *job);

/* The key's text: "name=value" lines; free with spred_free. */
char *job_text(struct spred_env *env, const struct job *job);
/* SHA-256 of that text. */
enum spred_status job_key(struct spred_env *env, const struct job *job,
                          char key[SPRED_HEX_SIZE]);

/* Fills what a run row copies from its job (data set, problem, seed, ...) and
 * the key. The row is cleared first; its texts are new copies. */
enum spred_status job_start_row(struct spred_env *env, const struct job *job,
                                struct results_run *row);

/* Does the job in this process: load, split, prepare, solve, certify, score.
 * With job->threads > 1 the callbacks of env are called from several threads at
 * once. *record: owned rows, also for a skip. An error is a job that could not
 * be done (its text in env). parts: of the job's script, or NULL. */
enum spred_status job_run(struct spred_env *env, const struct job *job,
                          const struct parts *parts,
                          struct results_record *record);

/* The status of a row whose job failed with that error: out of memory inside
 * the worker is the memory limit, too, whoever notices first. */
const char *job_failure_word(const char *error);

/* The worker process: reads one job line from the descriptor `in`, runs it,
 * writes its rows to `out`. Returns the process's exit code. opener: for jobs
 * that a script can change; or NULL. */
int job_worker(int in, int out, const struct parts_opener *opener);

/* Passes on, as log lines that begin with `who`, what a worker logged in text
 * [*told, length), as far as its lines are complete; *told: behind them. */
void job_pass_on_logs(struct spred_env *env, const char *who, const char *text,
                      size_t length, size_t *told);

/* Reads what a worker wrote; SPRED_EFORMAT when it is not complete. */
enum spred_status job_parse_output(struct spred_env *env, const char *text,
                                   size_t length,
                                   struct results_record *record);

#endif
