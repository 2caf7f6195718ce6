/* file.c: whole files read, and written aside and renamed; folders. */
#include "spred/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spred/text.h"

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

enum spred_status spred_read_file(struct spred_env *env, const char *path,
                                  char **text, size_t *length)
{
    struct spred_buffer buffer = {0};
    char block[16384];
    size_t n;
    *text = NULL;
    *length = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return spred_fail(env, errno == ENOENT ? SPRED_ENOTFOUND : SPRED_EIO,
                          "%s: %s", path, strerror(errno));
    enum spred_status status = spred_buffer_append(env, &buffer, "", 0);
    while (!status && (n = fread(block, 1, sizeof block, file)) > 0)
        status = spred_buffer_append(env, &buffer, block, n);
    if (!status && ferror(file))
        status = spred_fail(env, SPRED_EIO, "%s: cannot be read", path);
    fclose(file);
    if (status) {
        spred_free(env, buffer.text);
        return status;
    }
    *text = buffer.text;
    *length = buffer.length;
    return SPRED_OK;
}
