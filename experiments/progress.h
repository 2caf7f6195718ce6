/* progress.h: a bar on a terminal, a plain line now and then elsewhere. */
#ifndef EXPERIMENTS_PROGRESS_H
#define EXPERIMENTS_PROGRESS_H

#include "experiments/exec.h"

/* Zero-initialise, then say where stderr goes. */
struct progress {
    int terminal, quiet;
    double spoken; /* seconds of the last plain line */
    char job[160]; /* the job in flight */
};

/* An exec_options.report; cookie: struct progress. No colours, so NO_COLOR has
 * nothing to switch off. */
void progress_show(void *cookie, const struct exec_progress *progress);

/* A spred_fetch_options progress function; cookie: a struct progress. */
void progress_download(void *cookie, const char *what, size_t done,
                       size_t total);

#endif
