/* bench.h: an experiment from its spec to stored rows, tables and figures: what
 * `spredbench run` and spred.experiment():run() share. */
#ifndef LUA_BENCH_H
#define LUA_BENCH_H

#include <stdio.h>

#include "experiments/exec.h"
#include "experiments/progress.h"

/* How to run it; everything is borrowed. */
struct bench {
    const char *output;  /* folder of results/NAME */
    const char *command; /* how it was asked for, for the store */
    size_t workers;      /* -j */
    int retry_failed;
    struct spred_fetch_options fetch;
    int (*interrupted)(void);
    struct progress *bar;
    FILE *tables; /* where the Markdown tables go, too; or NULL */
};

/* Plan, jobs, CSV files, tables, figures, report, and one line on stderr that
 * says how it went. Jobs that are stored are not done again. */
enum spred_status bench_run(struct spred_env *env, const struct bench *bench,
                            const struct spec *spec,
                            struct exec_totals *totals);

/* CSV files and tables from what the store holds; the tables also to out,
 * unless that is NULL. */
enum spred_status bench_tabulate(struct spred_env *env, const char *folder,
                                 const char *db, FILE *out);
struct plots_extra;
/* Figures (those of the last run when n is 0) and the report, also when a
 * figure failed. extra: figure kinds of a script, or NULL. */
enum spred_status bench_draw(struct spred_env *env, const char *folder,
                             const char *db, char *const *figures, size_t n,
                             const struct plots_extra *extra);

#endif
