/* progress.c: the line on stderr while data come and jobs run. */
#include "experiments/progress.h"

#include <stdio.h>
#include <string.h>

static void clock_text(double seconds, char text[32])
{
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, 32, "%ld:%02ld", s / 60, s % 60);
}

void progress_show(void *cookie, const struct exec_progress *p)
{
    struct progress *bar = cookie;
    char spent[32], left[32] = "?";
    if (bar->quiet)
        return;
    if (p->job)
        snprintf(bar->job, sizeof bar->job, "%s %s %s, trial %lld",
                 p->job->dataset, p->job->problem, p->job->label,
                 (long long)p->job->trial);
    int tty = bar->terminal;
    if (p->status && exec_is_failure(p->status))
        fprintf(stderr, "%sspredbench: %s: %s: %s\n", tty ? "\r\033[K" : "",
                bar->job, p->status, p->reason ? p->reason : "");
    clock_text(p->elapsed, spent);
    if (p->left >= 0)
        clock_text(p->left, left);
    size_t at = p->known + p->done;
    if (tty) {
        char blocks[21];
        size_t full = p->total ? 20 * at / p->total : 20;
        memset(blocks, '.', 20);
        memset(blocks, '#', full);
        blocks[20] = '\0';
        fprintf(stderr, "\r\033[K[%s] %zu/%zu %s left %s  failed %zu  %.60s",
                blocks, at, p->total, spent, left, p->failed, bar->job);
    } else if (p->elapsed - bar->spoken >= 15) {
        bar->spoken = p->elapsed;
        fprintf(stderr,
                "spredbench: %zu of %zu jobs, %s spent, about %s left, "
                "%zu failed; now %s\n",
                at, p->total, spent, left, p->failed, bar->job);
    }
}

void progress_download(void *cookie, const char *what, size_t done,
                       size_t total)
{
    const struct progress *bar = cookie;
    if (!bar->terminal || bar->quiet)
        return;
    if (total)
        fprintf(stderr, "\r\033[K%s  %3.0f%% of %.1f MB", what,
                100 * (double)done / (double)total, (double)total / 1e6);
    else
        fprintf(stderr, "\r\033[K%s  %.1f MB", what, (double)done / 1e6);
    if (total && done >= total)
        fprintf(stderr, "\r\033[K");
}
