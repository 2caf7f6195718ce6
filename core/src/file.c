/* file.c: whole files read, and written aside and renamed; folders. */
#include "spred/file.h"

#include <errno.h>
#include <fcntl.h>
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

static int put_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t put = write(file, bytes, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return 0;
        bytes += put;
        size -= (size_t)put;
    }
    return 1;
}

/* The name of a new file is on the disk once its folder is. */
static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";
    size_t length = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    if (length >= sizeof folder)
        return 1;
    if (slash) {
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return 1; /* may not be read: nothing more can be done */
    int good = fsync(file) == 0 || errno == EINVAL; /* some cannot */
    close(file);
    return good;
}

enum spred_status spred_write_pieces(struct spred_env *env, const char *path,
                                     const struct spred_piece *pieces, size_t n)
{
    enum spred_status status = SPRED_OK;
    char *temporary = spred_format(env, "%s.%ld.tmp", path, (long)getpid());
    if (!temporary)
        return SPRED_ENOMEM;
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int good = file >= 0;
    for (size_t i = 0; good && i < n; i++)
        good = put_all(file, pieces[i].bytes, pieces[i].size);
    good = good && fsync(file) == 0;
    int reason = errno;
    if (file >= 0 && close(file) != 0 && good) {
        good = 0;
        reason = errno;
    }
    if (good && (rename(temporary, path) != 0 || !sync_folder(path))) {
        good = 0;
        reason = errno;
    }
    if (!good) {
        status = spred_fail(env, SPRED_EIO, "%s: cannot be written: %s", path,
                            strerror(reason));
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
