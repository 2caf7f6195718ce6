/* process.c: fork + exec of this binary with limits that really kill. */
#define _GNU_SOURCE /* wait4, prctl */
#include "experiments/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Address space may exceed resident memory by what libraries reserve
 * (the sanitizers' shadow memory is far larger: no such limit there). */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature) /* clang's way to tell */
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
static const int limit_address_space = 0;
#else
static const int limit_address_space = 1;
#endif
#define ADDRESS_SLACK ((double)(1u << 30))
/* A thread reserves a stack, an arena and a buffer of OpenBLAS, which waits for
 * ever if the thread cannot be made. */
#define ADDRESS_PER_THREAD ((double)(128u << 20))

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

/* In the child, between fork and exec: async-signal-safe calls only. */
static void become_worker(const char *program, int in, int out, int errors,
                          double address, pid_t parent, char *const threads[])
{
    struct rlimit space, core = {0, 0};
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &core);
    space.rlim_cur = space.rlim_max = (rlim_t)address;
    if (limit_address_space)
        setrlimit(RLIMIT_AS, &space);
    /* Above 2 first: a pipe may sit on 0..2 where the caller closed them. */
    in = fcntl(in, F_DUPFD_CLOEXEC, 3);
    out = fcntl(out, F_DUPFD_CLOEXEC, 3);
    errors = fcntl(errors, F_DUPFD_CLOEXEC, 3);
    dup2(in, 0);
    dup2(out, 1);
    dup2(errors, 2);
    char *const arguments[] = {(char *)(size_t)program, (char[]){"--worker"},
                               NULL};
    execve(program, arguments, threads);
    _exit(127);
}

/* The environment plus OPENBLAS_NUM_THREADS=1; the array is freed by the
 * caller, the texts are borrowed but for the first. */
static char **environment(struct spred_env *env)
{
    extern char **environ;
    size_t count = 0, kept = 1;
    while (environ[count])
        count++;
    char **out = spred_alloc(env, count + 2, sizeof *out);
    if (!out)
        return NULL;
    out[0] = spred_strdup(env, "OPENBLAS_NUM_THREADS=1");
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "OPENBLAS_NUM_THREADS=", 21) != 0)
            out[kept++] = environ[i];
    if (!out[0]) {
        spred_free(env, out);
        return NULL;
    }
    return out;
}

static enum spred_status feed(struct spred_env *env, int to, const char *text,
                              size_t length)
{
    while (length > 0) {
        ssize_t put = write(to, text, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EPIPE)
            return SPRED_OK; /* it died already: process_poll will tell */
        if (put < 0)
            return spred_fail(env, SPRED_EIO, "worker: %s", strerror(errno));
        text += put;
        length -= (size_t)put;
    }
    return SPRED_OK;
}

/* The data are mapped: they take address space, not memory. */
static double file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (double)info.st_size : 0;
}

static enum spred_status spawn(struct spred_env *env, const char *program,
                               const struct job *job, const char *line,
                               size_t length, struct process *process)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1};
    char **variables = environment(env);
    enum spred_status status = variables ? SPRED_OK : SPRED_ENOMEM;
    pid_t parent = getpid();
    if (status == SPRED_OK &&
        (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
         pipe2(errors, O_CLOEXEC) != 0 ||
         fcntl(out[0], F_SETFL, O_NONBLOCK) != 0 ||
         fcntl(errors[0], F_SETFL, O_NONBLOCK) != 0 ||
         (process->pid = fork()) < 0)) {
        process->pid = 0;
        status = spred_fail(env, SPRED_EIO, "cannot start a worker: %s",
                            strerror(errno));
    }
    if (status == SPRED_OK && process->pid == 0)
        become_worker(program, in[0], out[1], errors[1],
                      job->limit_memory + file_size(job->data_path) +
                          ADDRESS_SLACK +
                          (double)job->threads * ADDRESS_PER_THREAD,
                      parent, variables);
    if (status == SPRED_OK) {
        setpgid(process->pid, process->pid);
        process->output = out[0];
        process->errors = errors[0];
        out[0] = errors[0] = -1;
        status = feed(env, in[1], line, length);
    }
    close_pair(in);
    close_pair(out);
    close_pair(errors);
    if (variables)
        spred_free(env, variables[0]);
    spred_free(env, variables);
    return status;
}

enum spred_status process_start(struct spred_env *env, const char *program,
                                const struct job *job, double now,
                                struct process *process)
{
    struct spred_buffer line = {0};
    process_clear(process);
    process->started = now;
    process->limit_wall = job->limit_wall;
    process->limit_memory = job->limit_memory;
    process->limit_grace = job->limit_grace;
    enum spred_status status = results_row_write(env, job_columns, job, &line);
    if (status == SPRED_OK)
        status = spawn(env, program, job, line.text, line.length, process);
    spred_free(env, line.text);
    return status;
}

double process_resident(pid_t pid, double *own)
{
    char path[64];
    long pages[3] = {0, 0, 0}; /* size, resident, shared */
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(path, "r");
    *own = 0;
    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld %ld", &pages[0], &pages[1], &pages[2]) != 3)
        pages[1] = pages[2] = 0;
    fclose(file);
    double page = (double)sysconf(_SC_PAGESIZE);
    *own = (double)(pages[1] - pages[2]) * page;
    return (double)pages[1] * page;
}

void process_kill(struct process *process, enum process_end why, double now)
{
    if (process->pid == 0 || process->why != PROCESS_RUNNING)
        return;
    process->why = why;
    process->killed = now;
    kill(-process->pid, SIGTERM);
    kill(process->pid, SIGTERM);
}

/* Takes all bytes that are waiting; closes at end of file. */
static void drain(struct spred_env *env, struct process *process)
{
    char chunk[65536];
    ssize_t got;
    while (process->output >= 0 &&
           (got = read(process->output, chunk, sizeof chunk)) != 0) {
        if (got < 0)
            break;
        if (spred_buffer_append(env, &process->text, chunk, (size_t)got) !=
            SPRED_OK)
            break;
    }
    while (process->errors >= 0 &&
           (got = read(process->errors, chunk, sizeof chunk)) > 0) {
        size_t room = sizeof process->last_words - 1;
        size_t used = (size_t)got < room ? (size_t)got : room;
        memcpy(process->last_words, chunk + (size_t)got - used, used);
        process->last_words[used] = '\0';
        for (char *c = process->last_words; *c; c++)
            *c = (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c;
    }
}

int process_poll(struct spred_env *env, struct process *process, double now)
{
    struct rusage usage;
    int state;
    drain(env, process);
    pid_t gone = wait4(process->pid, &state, WNOHANG, &usage);
    if (gone == process->pid) {
        drain(env, process);
        kill(-process->pid, SIGKILL); /* whatever it started */
        /* wait4's peak starts from what this parent held when it forked (Linux
         * carries it over exec); what was seen while it ran is its own. */
        process->peak_rss_kib =
            process->held > 0 ? (long)(process->held / 1024) : usage.ru_maxrss;
        process->code = WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state);
        process->end = process->why != PROCESS_RUNNING ? process->why
                       : WIFEXITED(state)              ? PROCESS_EXITED
                                                       : PROCESS_CRASHED;
        return 1;
    }
    double own, held = process_resident(process->pid, &own);
    process->held = held > process->held ? held : process->held;
    if (process->killed > 0) {
        if (now - process->killed > process->limit_grace) {
            kill(-process->pid, SIGKILL);
            kill(process->pid, SIGKILL);
        }
    } else if (now - process->started > process->limit_wall) {
        process_kill(process, PROCESS_TIMEOUT, now);
    } else if (own > process->limit_memory) {
        process_kill(process, PROCESS_MEMORY, now);
    }
    return 0;
}

void process_clear(struct process *process)
{
    memset(process, 0, sizeof *process);
    process->output = process->errors = -1;
}

void process_free(struct spred_env *env, struct process *process)
{
    if (process->output >= 0)
        close(process->output);
    if (process->errors >= 0)
        close(process->errors);
    spred_free(env, process->text.text);
    process_clear(process);
}
