/* code_dictionary.c: a dictionary is learned once and kept in the cache; who
 * comes while another process learns it waits. It is the same bits whoever
 * learns it, so a lost file or a killed worker changes no result. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "experiments/code.h"
#include "experiments/trial.h"
#include "spred/text.h"

#define WAIT_US 20000

/* Raise it when the file means something else. */
#define KEPT_VERSION 2

static enum spred_status key_of(struct spred_env *env, const struct job *job,
                                const struct code_settings *s, char *key)
{
    char *text = spred_format(
        env,
        "spredbench dictionary %d\n%s\n%s %s\n%ld %ld %ld %.17g\n%s %lld %s\n",
        KEPT_VERSION, job->data_hash, job->dictionary, job->dictionary_options,
        s->api_version, s->coder_version, s->atoms, s->lambda, job->seed,
        (long long)job->trial, job->dataset);
    if (!text)
        return SPRED_ENOMEM;
    spred_sha256(text, strlen(text), key);
    spred_free(env, text);
    return SPRED_OK;
}

static enum spred_status learn(struct spred_env *env, const struct job *job,
                               const struct code_settings *s,
                               const double *signals, size_t m, size_t n,
                               double *dictionary, double *seconds)
{
    const struct spred_dictionary_method *method =
        spred_dictionary_method_find(job->dictionary);
    void *options = NULL;
    if (!method)
        return spred_fail(env, SPRED_ENOTFOUND, "no dictionary method '%s'",
                          job->dictionary);
    const struct spred_dictionary_task task = {
        .m = m,
        .atoms = (size_t)s->atoms,
        .n = n,
        .signals = signals,
        .lambda = s->lambda,
        .seed = spred_seed(strtoull(job->seed, NULL, 10), job->dataset,
                           (uint64_t)job->trial, "dictionary"),
        .threads = (size_t)job->threads};
    *seconds = 0;
    enum spred_status status =
        code_parse(env, method->options, method->options_size,
                   job->dictionary_options, &options);
    if (status == SPRED_OK)
        status = spred_dictionary_learn(env, method, options, &task, dictionary,
                                        seconds);
    spred_free(env, options);
    return status;
}

/* SPRED_ENOTFOUND: there is no such file, or it is of something else. */
static enum spred_status recall(struct spred_env *env, const char *path,
                                const char *key, size_t m, size_t atoms,
                                double *dictionary, double *seconds)
{
    struct spred_data kept = {0};
    enum spred_status status = SPRED_ENOTFOUND;
    if (access(path, R_OK) == 0 &&
        spred_cache_map_whole(env, path, &kept) == SPRED_OK &&
        strcmp(kept.hash, key) == 0 && kept.x.rows == m &&
        kept.x.cols == atoms && kept.x.storage == SPRED_F64) {
        memcpy(dictionary, kept.x.f64, m * atoms * sizeof *dictionary);
        *seconds = strtod(kept.note, NULL);
        status = SPRED_OK;
    }
    spred_data_free(env, &kept);
    return status;
}

static enum spred_status keep(struct spred_env *env, const char *path,
                              const char *key, size_t m, size_t atoms,
                              const double *dictionary, double seconds)
{
    struct spred_data data = {0};
    struct spred_image as = {.height = m, .width = atoms};
    double *rows = spred_alloc(env, m * atoms, sizeof *rows);
    if (!rows)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < atoms; j++)
            rows[i * atoms + j] = dictionary[i + j * m];
    as.grey = rows;
    memcpy(as.hash, key, sizeof as.hash);
    enum spred_status status = spred_image_data(env, &as, "dictionary", &data);
    spred_free(env, data.note);
    data.note = spred_format(env, "%.9g", seconds);
    if (status == SPRED_OK)
        status = data.note ? spred_cache_write(env, path, &data) : SPRED_ENOMEM;
    spred_data_free(env, &data);
    spred_free(env, rows);
    return status;
}

/* Waits for the lock as long as it takes, unless the caller wants to stop. */
static enum spred_status lock(struct spred_env *env, const char *path, int *fd)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        return spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
        SPRED_TRY(spred_check_cancel(env));
        usleep(WAIT_US);
    }
    return SPRED_OK;
}

static enum spred_status learn_locked(struct spred_env *env,
                                      const struct job *job,
                                      const struct code_settings *s,
                                      const double *signals, size_t m, size_t n,
                                      const char *path, const char *key,
                                      double *dictionary, double *seconds)
{
    size_t atoms = (size_t)s->atoms;
    enum spred_status status =
        recall(env, path, key, m, atoms, dictionary, seconds);
    if (status != SPRED_ENOTFOUND)
        return status; /* another process was faster */
    SPRED_TRY(learn(env, job, s, signals, m, n, dictionary, seconds));
    status = keep(env, path, key, m, atoms, dictionary, *seconds);
    if (status == SPRED_ENOMEM)
        return status;
    if (status != SPRED_OK)
        spred_log(env, SPRED_LOG_WARN, "dictionary: not cached: %s",
                  env->error);
    return SPRED_OK;
}

enum spred_status code_dictionary(struct spred_env *env, const struct job *job,
                                  const struct code_settings *settings,
                                  const double *signals, size_t m, size_t n,
                                  double **out, double *seconds)
{
    char key[SPRED_HEX_SIZE], *folder = NULL;
    size_t atoms = (size_t)settings->atoms;
    int fd = -1;
    *out = NULL;
    SPRED_TRY(key_of(env, job, settings, key));
    SPRED_TRY(spred_cache_dir(env, "data", &folder));
    char *path = spred_format(env, "%s/dictionary-%s.sbd", folder, key);
    char *guard = spred_format(env, "%s/dictionary.lock-%.16s", folder, key);
    double *dictionary = spred_alloc(env, m * atoms, sizeof *dictionary);
    spred_free(env, folder);
    enum spred_status status =
        path && guard && dictionary ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = recall(env, path, key, m, atoms, dictionary, seconds);
    if (status == SPRED_ENOTFOUND) {
        status = lock(env, guard, &fd);
        int locked = status == SPRED_OK; /* else it is another's */
        if (status == SPRED_OK)
            status = learn_locked(env, job, settings, signals, m, n, path, key,
                                  dictionary, seconds);
        if (fd >= 0 && locked)
            unlink(guard); /* who waits has it open and looks again */
        if (fd >= 0)
            close(fd);
    }
    if (status == SPRED_OK) {
        *out = dictionary;
        dictionary = NULL;
    }
    spred_free(env, dictionary);
    spred_free(env, guard);
    spred_free(env, path);
    return status;
}
