/* parts.h: what a script adds to an experiment: methods, losses, penalties,
 * metrics, protocols, data sources, and hooks. This room calls them without
 * knowing in which language they were written. */
#ifndef EXPERIMENTS_PARTS_H
#define EXPERIMENTS_PARTS_H

#include "spred/data.h"
#include "spred/host.h"
#include "spred/model.h"
#include "spred/split.h"

struct job;
struct results_record;

/* A number for each run: predictions on the test part at the chosen lambda. */
struct parts_sample {
    size_t n, outputs;
    size_t n_classes;      /* 0: real-valued target */
    const int32_t *codes;  /* n, 0..n_classes-1; or NULL */
    const double *values;  /* n; or NULL */
    const double *scores;  /* n x outputs linear predictors, column-major */
    size_t support;        /* features with a nonzero weight */
    const double *weights; /* p x outputs, column-major, standardised scale */
    size_t p;
};
struct parts_metric {
    const char *name, *doc;
    const void *self;
    enum spred_status (*score)(const void *self, struct spred_env *env,
                               const struct parts_sample *sample, double *out);
};

/* Who trains, validates and tests in one trial. */
struct parts_protocol {
    const char *name, *doc;
    const void *self;
    /* codes: n class codes, -1 = left out; NULL for a real-valued target.
     * *out: owned, as the splits of spred/split.h; the caller checks that the
     * parts are disjoint and in range. */
    enum spred_status (*split)(const void *self, struct spred_env *env,
                               const struct spred_data *data,
                               const int32_t *codes, size_t n, int64_t trial,
                               uint64_t seed, struct spred_split *out);
};

/* Makes a data set, from a file or from nothing. */
struct parts_source {
    const char *name, *doc;
    const void *self;
    /* path: NULL if none was given; names, values: n settings as text. The
     * caller sets *out's hash (of the script, the path's content, the
     * settings). */
    enum spred_status (*make)(const void *self, struct spred_env *env,
                              const char *path, const char *const *names,
                              const char *const *values, size_t n,
                              struct spred_data *out);
};

/* All lists end with NULL (or a NULL name) and are themselves NULL when empty.
 * Owned by whoever opened them. */
struct parts {
    void *self;
    const char *hash; /* SHA-256 of the sources: part of the key of a job that
                         uses a part or that a hook can change */
    const struct spred_solver *const *solvers;
    const struct spred_model *const *models;
    const struct spred_loss *const *losses;
    const struct spred_penalty_form *const *penalties; /* kind CUSTOM */
    const struct parts_metric *metrics;
    const struct parts_protocol *protocols;
    const struct parts_source *sources;
    const char *const *figures; /* names that `figures:` may also have */
    /* Hooks, or NULL. In the parent: */
    /* Before anything runs; keep[i] = 0 leaves a job out. */
    enum spred_status (*on_plan)(void *self, struct spred_env *env,
                                 const struct job *jobs, size_t n,
                                 unsigned char *keep);
    /* After a job's rows were stored. */
    enum spred_status (*on_job_end)(void *self, struct spred_env *env,
                                    const struct results_record *record);
    /* After the last job; folder: of the results. */
    enum spred_status (*on_finish)(void *self, struct spred_env *env,
                                   const char *folder);
    /* In the worker: */
    /* *skip (spred_free): the reason why the job is a skip row, or NULL. */
    enum spred_status (*on_job_start)(void *self, struct spred_env *env,
                                      const struct job *job, char **skip);
    /* Every observation; *stop = 1 ends the run as interrupted. */
    enum spred_status (*on_point)(void *self, struct spred_env *env,
                                  const struct job *job, size_t output,
                                  const struct spred_host_point *point,
                                  int *stop);
};

/* How `script:` becomes parts: handed in by the front door. worker: limits of a
 * job apply (memory in bytes; 0: none). seconds: most of one call outside the
 * workers (limits.script; 0: none, in a worker the job's own limits hold).
 * Close what was opened. */
struct parts_opener {
    void *cookie;
    enum spred_status (*open)(void *cookie, struct spred_env *env,
                              const char *path, int worker, double memory,
                              double seconds, struct parts **out);
    void (*close)(void *cookie, struct parts *parts);
};

/* The script's own solver of that name, or NULL; parts may be NULL. */
const struct spred_solver *parts_own_solver(const struct parts *parts,
                                            const char *name);
/* 1 if every job depends on the script, whatever it uses by name: it has
 * metrics, or hooks that run in the worker. */
int parts_touch_every_job(const struct parts *parts);

/* Own parts first, then what is built in; parts may be NULL. NULL: no such. */
const struct spred_solver *parts_solver(const struct parts *parts,
                                        const char *name);
const struct spred_loss *parts_loss(const struct parts *parts,
                                    const char *name);
const struct spred_model *parts_model(const struct parts *parts,
                                      const char *name);
/* A built-in penalty has none: its kind is in the problem. */
const struct spred_penalty_form *parts_penalty(const struct parts *parts,
                                               const char *name);
const struct parts_protocol *parts_protocol(const struct parts *parts,
                                            const char *name);
const struct parts_source *parts_source(const struct parts *parts,
                                        const char *name);

#endif
