/* process.h: one worker process: started, fed, read, limited, reaped. */
#ifndef EXPERIMENTS_PROCESS_H
#define EXPERIMENTS_PROCESS_H

#include <sys/types.h>

#include "experiments/job.h"
#include "spred/text.h"

enum process_end {
    PROCESS_RUNNING,
    PROCESS_EXITED,  /* by itself: code */
    PROCESS_CRASHED, /* by a signal that we did not send: code */
    PROCESS_TIMEOUT, /* killed at the wall limit */
    PROCESS_MEMORY,  /* killed at the memory limit */
    PROCESS_STOPPED  /* killed because the run was interrupted */
};

struct process {
    pid_t pid;                /* 0: free slot */
    int output, errors;       /* read ends of its stdout and stderr, or -1 */
    struct spred_buffer text; /* what it wrote */
    char last_words[256];     /* tail of stderr, on one line */
    double started, killed;   /* monotonic seconds; killed 0: not yet */
    double limit_wall, limit_memory, limit_grace;
    enum process_end why; /* set when we kill it */
    enum process_end end;
    int code;          /* exit code or signal */
    double held;       /* most bytes seen in memory while it ran */
    long peak_rss_kib; /* set at the end */
};

/* Starts `program --worker` in a process group of its own, hands it the job
 * line. The child dies with its parent. */
enum spred_status process_start(struct spred_env *env, const char *program,
                                const struct job *job, double now,
                                struct process *process);

/* Reads what is there, enforces the limits, reaps. Returns 1 once the process
 * is gone (end, code, peak_rss_kib are set), else 0. */
int process_poll(struct spred_env *env, struct process *process, double now);

/* Resident memory of a process in bytes, 0 if it cannot be read; *own: without
 * pages of mapped files, which the system takes back when it needs them. This
 * is what limits.memory limits. */
double process_resident(pid_t pid, double *own);

/* Asks it to stop: TERM now, KILL after the grace time by process_poll. */
void process_kill(struct process *process, enum process_end why, double now);

/* A free slot / gives back what the slot holds and makes it free. */
void process_clear(struct process *process);
void process_free(struct spred_env *env, struct process *process);

#endif
