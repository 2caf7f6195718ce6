/* gnuplot.c: finds gnuplot and runs it without a shell, with a time limit. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "plots/figure.h"
#include "plots/plots.h"
#include "spred/file.h"

#define LIMIT_SECONDS 60
#define ANSWER_MAX 600 /* bytes of stderr that are kept */

extern char **environ;

char *plots_find_gnuplot(struct spred_env *env)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t width = strcspn(path, ":");
        struct stat info;
        char *candidate = spred_format(env, "%.*s/gnuplot", (int)width, path);
        if (!candidate)
            return NULL;
        if (width && stat(candidate, &info) == 0 && S_ISREG(info.st_mode) &&
            access(candidate, X_OK) == 0)
            return candidate;
        spred_free(env, candidate);
        path += width + (path[width] == ':');
    }
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Reads what the child says until it closes the pipe or time is up. Returns
 * the bytes kept in answer. */
static size_t listen_to(int pipe_end, double deadline, char *answer)
{
    size_t kept = 0;
    for (;;) {
        char block[512];
        struct pollfd waiting = {.fd = pipe_end, .events = POLLIN};
        double left = deadline - now();
        int ready = left > 0 ? poll(&waiting, 1, (int)(left * 1000) + 1) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return kept;
        ssize_t n = read(pipe_end, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return kept;
        for (ssize_t i = 0; i < n && kept + 1 < ANSWER_MAX; i++)
            answer[kept++] = (char)(block[i] == '\n' ? ' ' : block[i]);
        answer[kept] = '\0';
    }
}

/* Waits for the child, which has no time left after deadline. */
static int collect(pid_t child, double deadline, int *timed_out)
{
    int code = 0;
    for (;;) {
        pid_t done = waitpid(child, &code, WNOHANG);
        if (done == child || (done < 0 && errno != EINTR))
            return code;
        if (now() > deadline && !*timed_out) {
            *timed_out = 1;
            kill(child, SIGKILL);
        }
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
}

/* The environment with a fixed time zone, so that files do not depend on it;
 * the array is owned, its texts are not. */
static char **child_environment(struct spred_env *env)
{
    static char zone[] = "TZ=UTC0";
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **copy = spred_alloc(env, n + 2, sizeof *copy);
    if (!copy)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "TZ=", 3) != 0)
            copy[kept++] = environ[i];
    copy[kept] = zone;
    return copy;
}

static enum spred_status spawn(struct spred_env *env, const char *program,
                               char *const *arguments, char *answer)
{
    int ends[2], timed_out = 0;
    pid_t child;
    if (pipe(ends) != 0)
        return spred_fail(env, SPRED_EIO, "gnuplot: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    char **environment = child_environment(env);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    int code = environment ? posix_spawn(&child, program, &actions, NULL,
                                         arguments, environment)
                           : ENOMEM;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    answer[0] = '\0';
    if (code == 0) {
        double deadline = now() + LIMIT_SECONDS;
        listen_to(ends[0], deadline, answer);
        code = collect(child, deadline, &timed_out);
    } else {
        snprintf(answer, ANSWER_MAX, "%s", strerror(code));
    }
    close(ends[0]);
    spred_free(env, environment);
    if (timed_out)
        return spred_fail(env, SPRED_EIO, "gnuplot: still running after %d s",
                          LIMIT_SECONDS);
    if (code != 0 || answer[0])
        return spred_fail(env, SPRED_EIO, "gnuplot: %s",
                          answer[0] ? answer : "failed without a word");
    return SPRED_OK;
}

/* cairo writes the time of day into PDF files. */
static enum spred_status fix_pdf_date(struct spred_env *env, const char *path)
{
    static const char mark[] = "/CreationDate (D:";
    char *text;
    size_t length, n = sizeof mark - 1;
    SPRED_TRY(spred_read_file(env, path, &text, &length));
    for (size_t i = 0; i + n + 14 < length; i++)
        if (memcmp(text + i, mark, n) == 0)
            memcpy(text + i + n, "19700101000000", 14);
    enum spred_status status = spred_write_file(env, path, text, length);
    spred_free(env, text);
    return status;
}

/* 'text' as a gnuplot string in one argument. */
static enum spred_status quote(struct spred_env *env, struct spred_buffer *out,
                               const char *text)
{
    SPRED_TRY(spred_buffer_append(env, out, "'", 1));
    for (; *text; text++)
        SPRED_TRY(
            spred_buffer_add(env, out, *text == '\'' ? "''" : "%c", *text));
    return spred_buffer_append(env, out, "'", 1);
}

static enum spred_status run(struct spred_env *env, const char *gnuplot,
                             const char *script, const char *folder,
                             const char *temporary, const char *form)
{
    struct spred_buffer settings = {0};
    char answer[ANSWER_MAX];
    enum spred_status status =
        spred_buffer_add(env, &settings, "form='%s'; folder=", form);
    char *prefix = spred_format(env, "%s/", folder);
    if (!status)
        status = prefix ? quote(env, &settings, prefix) : SPRED_ENOMEM;
    if (!status)
        status = spred_buffer_add(env, &settings, "; out=");
    if (!status)
        status = quote(env, &settings, temporary);
    if (!status) {
        char program[] = "gnuplot", plain[] = "--default-settings", e[] = "-e";
        char *file = spred_strdup(env, script);
        char *arguments[] = {program, plain, e, settings.text, file, NULL};
        status = file ? spawn(env, gnuplot, arguments, answer) : SPRED_ENOMEM;
        spred_free(env, file);
    }
    spred_free(env, settings.text);
    spred_free(env, prefix);
    return status;
}

enum spred_status plots_render(struct spred_env *env, const char *gnuplot,
                               const char *script, const char *folder,
                               const char *form, const char *path)
{
    struct stat info;
    char *temporary = spred_format(env, "%s.%ld.tmp", path, (long)getpid());
    enum spred_status status = temporary ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = run(env, gnuplot, script, folder, temporary, form);
    if (!status && (stat(temporary, &info) != 0 || info.st_size == 0))
        status = spred_fail(env, SPRED_EIO, "%s: gnuplot wrote nothing", path);
    if (!status && strcmp(form, "pdf") == 0)
        status = fix_pdf_date(env, temporary);
    if (!status && rename(temporary, path) != 0)
        status = spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
    if (status && temporary)
        unlink(temporary);
    spred_free(env, temporary);
    return status;
}

enum spred_status plots_run_gnuplot(struct plots_context *context,
                                    const char *name, const char *form)
{
    struct spred_env *env = context->env;
    char *script = spred_format(env, "%s/%s.gp", context->folder, name);
    char *path = spred_format(env, "%s/%s.%s", context->folder, name, form);
    enum spred_status status = script && path
                                   ? plots_render(env, context->gnuplot, script,
                                                  context->folder, form, path)
                                   : SPRED_ENOMEM;
    spred_free(env, script);
    spred_free(env, path);
    return status;
}

int plots_gnuplot_found(struct spred_env *env)
{
    char *path = plots_find_gnuplot(env);
    spred_free(env, path);
    return path != NULL;
}
