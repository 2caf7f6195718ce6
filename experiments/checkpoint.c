/* checkpoint.c: checkpoint files: a head of text, then the bytes. */
#include "experiments/checkpoint.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spred/file.h"
#include "spred/hash.h"

#define HEAD 512 /* bytes: the text, then zeros */
#define BEGIN                                                                  \
    "spredbench checkpoint 1\njob %64s\nsetting %lld\nseconds %lf\nsize "      \
    "%zu\nsha256 %64s\n"

static char *path_of(struct spred_env *env, const struct checkpoint *c)
{
    return spred_format(env, "%s/checkpoints/%s-%lld.ckpt", c->folder, c->job,
                        (long long)c->setting);
}

enum spred_status checkpoint_write(struct spred_env *env,
                                   const struct checkpoint *to, double seconds,
                                   const void *bytes, size_t size)
{
    char head[HEAD] = "", hash[SPRED_HEX_SIZE];
    char *path = path_of(env, to);
    char *folder = spred_format(env, "%s/checkpoints", to->folder);
    enum spred_status status = path && folder ? SPRED_OK : SPRED_ENOMEM;
    spred_sha256(bytes, size, hash);
    snprintf(head, sizeof head,
             "spredbench checkpoint 1\njob %s\nsetting %lld\nseconds "
             "%.17g\nsize %zu\nsha256 %s\n",
             to->job, (long long)to->setting, seconds, size, hash);
    const struct spred_piece pieces[] = {{head, sizeof head}, {bytes, size}};
    if (status == SPRED_OK)
        status = spred_make_folders(env, folder, 0777);
    if (status == SPRED_OK)
        status = spred_write_pieces(env, path, pieces, 2);
    spred_free(env, folder);
    spred_free(env, path);
    return status;
}

/* NULL: the file is what it should be; else what is wrong. */
static const char *look(const struct checkpoint *from, const char *text,
                        size_t length, struct checkpoint_found *out)
{
    char head[HEAD], job[65], hash[65], found[SPRED_HEX_SIZE];
    long long setting;
    size_t size;
    double seconds;
    if (length < HEAD)
        return "too short";
    memcpy(head, text, HEAD);
    head[HEAD - 1] = '\0';
    if (sscanf(head, BEGIN, job, &setting, &seconds, &size, hash) != 5)
        return "not a checkpoint of this version";
    if (strcmp(job, from->job) != 0 || setting != from->setting)
        return "of another job";
    if (size != length - HEAD)
        return "not of the size that it had";
    spred_sha256(text + HEAD, size, found);
    if (strcmp(hash, found) != 0 || !(seconds >= 0 && seconds < 1e12))
        return "damaged";
    out->bytes = text + HEAD;
    out->size = size;
    out->seconds = seconds;
    return NULL;
}

enum spred_status checkpoint_read(struct spred_env *env,
                                  const struct checkpoint *from,
                                  struct checkpoint_found *out)
{
    char *path = path_of(env, from), *text = NULL;
    size_t length = 0;
    memset(out, 0, sizeof *out);
    if (!path)
        return SPRED_ENOMEM;
    enum spred_status status = spred_read_file(env, path, &text, &length);
    const char *wrong =
        status == SPRED_OK ? look(from, text, length, out) : NULL;
    if (status == SPRED_EIO)
        spred_log(env, SPRED_LOG_WARN, "%s; the fit starts anew", env->error);
    if (wrong)
        spred_log(env, SPRED_LOG_WARN,
                  "%s: the checkpoint is %s; the fit starts anew", path, wrong);
    if (status == SPRED_OK && !wrong)
        out->block = text;
    else
        spred_free(env, text);
    spred_free(env, path);
    return status == SPRED_ENOMEM ? status : SPRED_OK;
}

/* Removes the folder's checkpoints, and what is left of their writing; only
 * those of `job`, or all but those of `keep`. */
static void clear(const char *folder, const char *job, const char *const *keep)
{
    static const char digits[] = "0123456789abcdef";
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/checkpoints", folder);
    if (length < 0 || (size_t)length >= sizeof path)
        return;
    DIR *entries = opendir(path);
    const struct dirent *entry;
    while (entries && (entry = readdir(entries))) {
        const char *name = entry->d_name;
        int stays = strspn(name, digits) != 64 || name[64] != '-' ||
                    !strstr(name, ".ckpt");
        if (job)
            stays |= strncmp(name, job, 64) != 0;
        for (size_t i = 0; keep && keep[i]; i++)
            stays |= strncmp(name, keep[i], 64) == 0;
        if (!stays)
            unlinkat(dirfd(entries), name, 0);
    }
    if (entries)
        closedir(entries);
    rmdir(path); /* if nothing is left */
}

void checkpoint_drop(const char *folder, const char *job)
{
    if (folder && *folder && job)
        clear(folder, job, NULL);
}

void checkpoint_sweep(const char *folder, const char *const *keep)
{
    if (folder && *folder)
        clear(folder, NULL, keep);
}
