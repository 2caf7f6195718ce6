/* file.c: atomic writing of whole files, and folders with their parents. */
#include "spred/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum spred_status spred_write_file(struct spred_env *env, const char *path,
                                   const void *bytes, size_t length)
{
    enum spred_status status = SPRED_OK;
    char *temporary = spred_format(env, "%s.%ld.tmp", path, (long)getpid());
    if (!temporary)
        return SPRED_ENOMEM;
    FILE *file = fopen(temporary, "wb");
    int failed = !file;
    if (file) {
        failed = length && fwrite(bytes, 1, length, file) != length;
        failed = fclose(file) != 0 || failed;
        failed = failed || rename(temporary, path) != 0;
    }
    if (failed) {
        status = spred_fail(env, SPRED_EIO, "%s: cannot be written: %s", path,
                            strerror(errno));
        unlink(temporary);
    }
    spred_free(env, temporary);
    return status;
}

enum spred_status spred_make_folders(struct spred_env *env, const char *path,
                                     unsigned mode)
{
    enum spred_status status = SPRED_OK;
    char *copy = spred_strdup(env, path);
    if (!copy)
        return SPRED_ENOMEM;
    for (char *c = copy + 1; status == SPRED_OK; c++) {
        char kept = *c;
        if (kept != '/' && kept != '\0')
            continue;
        *c = '\0';
        if (mkdir(copy, (mode_t)mode) != 0 && errno != EEXIST)
            status = spred_fail(env, SPRED_EIO, "%s: cannot be made: %s", copy,
                                strerror(errno));
        *c = kept;
        if (kept == '\0')
            break;
    }
    spred_free(env, copy);
    return status;
}
