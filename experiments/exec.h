/* exec.h: runs a plan's jobs in worker processes and stores their rows. */
#ifndef EXPERIMENTS_EXEC_H
#define EXPERIMENTS_EXEC_H

#include "experiments/plan.h"

/* Where the run stands. */
struct exec_progress {
    size_t total, known, done, failed; /* jobs: known = stored before */
    double elapsed, left;              /* seconds; left < 0: not known yet */
    const struct job *job;             /* started or finished last */
    const char *status;                /* of the finished job, or NULL */
    const char *reason;
};

struct exec_options {
    const char *program;      /* path of this binary: run as PROGRAM --worker */
    size_t workers;           /* -j */
    int retry_failed;         /* run again what failed last time */
    int (*interrupted)(void); /* polled, as the env's cancelled;
                                 nonzero: stop and clean up; or NULL */
    /* Told after every change and about twice a second. */
    void (*report)(void *cookie, const struct exec_progress *progress);
    void *cookie;
    /* on_job_end is called after a job's rows were stored; or NULL. */
    const struct parts *parts;
};

struct exec_totals {
    size_t known, done, failed, refuted;
    size_t failed_before, refuted_before; /* of the known */
    int interrupted;
};

/* Statuses that count as failed: crashed, memory, timeout, error, diverged. */
int exec_is_failure(const char *status);

/* Jobs whose key the sink knows are left alone. Worker trouble (crash, limits,
 * bad output) becomes a row; an error is returned only when the parent itself
 * cannot go on (store, fork). SIGTERM, then SIGKILL after the grace time. */
enum spred_status exec_local(struct spred_env *env, const struct plan *plan,
                             const struct results_sink *sink,
                             const struct exec_options *options,
                             struct exec_totals *totals);

#endif
