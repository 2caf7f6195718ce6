/* process.c: other programs without a shell, and folders for their files. */
#include "fetch_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 20000000L
#define LINE_BYTES 512

extern char **environ;

enum spred_status spred_process_start(struct spred_env *env,
                                      struct spred_process *process)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return spred_fail(env, SPRED_ENOMEM, "%s: %s", process->argv[0],
                          strerror(failed));
    if (process->in >= 0)
        failed |= posix_spawn_file_actions_adddup2(&actions, process->in, 0);
    else
        failed |= posix_spawn_file_actions_addopen(&actions, 0, "/dev/null",
                                                   O_RDONLY, 0);
    if (process->out >= 0)
        failed |= posix_spawn_file_actions_adddup2(&actions, process->out, 1);
    else
        failed |= posix_spawn_file_actions_addopen(&actions, 1, "/dev/null",
                                                   O_WRONLY, 0);
    failed |= posix_spawn_file_actions_addopen(
        &actions, 2, process->errors, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (!failed)
        failed = posix_spawnp(&pid, process->argv[0], &actions, NULL,
                              (char *const *)(uintptr_t)process->argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    process->pid = (long)pid;
    return failed ? spred_fail(env, SPRED_EIO, "%s cannot be run: %s",
                               process->argv[0], strerror(failed))
                  : SPRED_OK;
}

enum spred_status spred_process_wait(struct spred_env *env,
                                     struct spred_process *process,
                                     int *exit_code)
{
    int state = 0, asked = 0;
    pid_t pid = (pid_t)process->pid, got;
    *exit_code = 127;
    while ((got = waitpid(pid, &state, WNOHANG)) == 0 ||
           (got < 0 && errno == EINTR)) {
        struct timespec slice = {0, POLL_NS};
        if (!asked && spred_check_cancel(env) != SPRED_OK) {
            kill(pid, SIGTERM);
            asked = 1;
        }
        nanosleep(&slice, NULL);
    }
    if (asked)
        return spred_fail(env, SPRED_EINTERRUPTED, "interrupted");
    if (got < 0)
        return spred_fail(env, SPRED_EIO, "%s: %s", process->argv[0],
                          strerror(errno));
    *exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    return SPRED_OK;
}

enum spred_status spred_process_complaint(struct spred_env *env,
                                          const char *errors,
                                          const char *prefix, char **out)
{
    char line[LINE_BYTES], last[LINE_BYTES] = "";
    FILE *file = fopen(errors, "r");
    size_t length = strlen(prefix);
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0' && strncmp(line, prefix, length) == 0)
            memcpy(last, line, sizeof last);
    }
    if (file)
        fclose(file);
    *out = spred_strdup(env, last[0] ? last + length : "");
    return *out ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status spred_folder_make(struct spred_env *env, const char *parent,
                                    char **out)
{
    *out = spred_format(env, "%s/tmp-XXXXXX", parent);
    if (!*out)
        return SPRED_ENOMEM;
    if (mkdtemp(*out))
        return SPRED_OK;
    enum spred_status status = spred_fail(
        env, SPRED_EIO, "%s: no temporary folder: %s", parent, strerror(errno));
    spred_free(env, *out);
    *out = NULL;
    return status;
}

void spred_folder_remove(struct spred_env *env, const char *folder)
{
    DIR *dir = folder ? opendir(folder) : NULL;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
    if (folder && rmdir(folder) != 0)
        spred_log(env, SPRED_LOG_WARN, "%s: cannot be removed: %s", folder,
                  strerror(errno));
}
