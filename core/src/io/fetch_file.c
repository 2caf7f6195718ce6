/* fetch_file.c: downloaded files: folder, lock, recorded hash, whole gzip. */
#include "fetch_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK 65536
#define LOCK_POLL_NS 50000000L

static enum spred_status system_error(struct spred_env *env, const char *path)
{
    return spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
}

enum spred_status spred_fetch_folder(struct spred_env *env,
                                     const struct spred_fetch_options *options,
                                     char **out)
{
    *out = NULL;
    if (!options->cache_dir)
        return spred_cache_dir(env, "download", out);
    char *folder = spred_strdup(env, options->cache_dir);
    if (!folder)
        return SPRED_ENOMEM;
    for (char *c = folder + 1;; c++) { /* each parent in turn */
        char kept = *c;
        if (kept != '/' && kept != '\0')
            continue;
        *c = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
            enum spred_status status = system_error(env, folder);
            spred_free(env, folder);
            return status;
        }
        if (kept == '\0')
            break;
        *c = kept;
    }
    *out = folder;
    return SPRED_OK;
}

enum spred_status spred_fetch_state(struct spred_env *env, const char *path,
                                    enum spred_fetched *out)
{
    char hex[SPRED_HEX_SIZE], recorded[SPRED_HEX_SIZE];
    struct stat info;
    *out = SPRED_FETCHED_ABSENT;
    if (stat(path, &info) != 0)
        return errno == ENOENT ? SPRED_OK : system_error(env, path);
    if (!S_ISREG(info.st_mode))
        return spred_fail(env, SPRED_EIO, "%s: is no file", path);
    char *side = spred_format(env, "%s.sha256", path);
    if (!side)
        return SPRED_ENOMEM;
    FILE *file = fopen(side, "rb");
    size_t got = file ? fread(recorded, 1, sizeof recorded - 1, file) : 0;
    if (file)
        fclose(file);
    spred_free(env, side);
    if (got != sizeof recorded - 1) {
        *out = SPRED_FETCHED_UNRECORDED;
        return SPRED_OK;
    }
    recorded[got] = '\0';
    SPRED_TRY(spred_sha256_file(env, path, hex));
    *out = SPRED_FETCHED_SAME;
    if (strcmp(hex, recorded) != 0) {
        *out = SPRED_FETCHED_CHANGED;
        spred_log(env, SPRED_LOG_WARN,
                  "%s: changed since it was downloaded (SHA-256 %.12s..., "
                  "recorded %.12s...); downloading it again",
                  path, hex, recorded);
    }
    return SPRED_OK;
}

enum spred_status spred_fetch_record(struct spred_env *env, const char *content,
                                     const char *named)
{
    char hex[SPRED_HEX_SIZE];
    const char *slash = strrchr(named, '/');
    SPRED_TRY(spred_sha256_file(env, content, hex));
    char *side = spred_format(env, "%s.sha256", named);
    char *temporary = spred_format(env, "%s.sha256.%ld", named, (long)getpid());
    enum spred_status status = side && temporary ? SPRED_OK : SPRED_ENOMEM;
    FILE *file = status == SPRED_OK ? fopen(temporary, "wb") : NULL;
    if (status == SPRED_OK && !file)
        status = system_error(env, temporary);
    if (file) {
        int bad = fprintf(file, "%s  %s\n", hex, slash ? slash + 1 : named) < 0;
        bad |= fclose(file) != 0;
        if (bad || rename(temporary, side) != 0) {
            status = system_error(env, side);
            unlink(temporary);
        }
    }
    spred_free(env, side);
    spred_free(env, temporary);
    return status;
}

enum spred_status spred_fetch_lock(struct spred_env *env, const char *path,
                                   int *out)
{
    int told = 0;
    *out = -1;
    for (;;) {
        struct stat opened, named;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return system_error(env, path);
        while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            struct timespec slice = {0, LOCK_POLL_NS};
            enum spred_status status = errno == EWOULDBLOCK || errno == EINTR
                                           ? spred_check_cancel(env)
                                           : system_error(env, path);
            if (status != SPRED_OK) {
                close(fd);
                return status;
            }
            if (!told++)
                spred_log(env, SPRED_LOG_INFO,
                          "%s: waiting for another process", path);
            nanosleep(&slice, NULL);
        }
        /* the other one may have renamed or removed what we had opened */
        if (fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
            opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
            *out = fd;
            return SPRED_OK;
        }
        close(fd);
    }
}

struct inflation {
    z_stream stream;
    unsigned char in[CHUNK], out[CHUNK];
    char head[64];
    size_t n_head;
};

static void keep_head(struct inflation *z)
{
    size_t got = CHUNK - z->stream.avail_out;
    size_t room = sizeof z->head - z->n_head;
    size_t take = got < room ? got : room;
    memcpy(z->head + z->n_head, z->out, take);
    z->n_head += take;
}

enum spred_status
spred_fetch_gzip_check(struct spred_env *env, int fd, const char *path,
                       int (*begins_well)(const char *text, size_t length),
                       const char *expected)
{
    struct inflation *z = spred_alloc(env, 1, sizeof *z);
    if (!z)
        return SPRED_ENOMEM;
    if (inflateInit2(&z->stream, 15 + 16) != Z_OK) {
        spred_free(env, z);
        return spred_fail(env, SPRED_ENOMEM, "out of memory (zlib)");
    }
    enum spred_status status = SPRED_OK;
    int ended = 0, code = Z_OK;
    off_t at = 0;
    while (status == SPRED_OK) {
        ssize_t got = pread(fd, z->in, CHUNK, at);
        if (got < 0)
            status = system_error(env, path);
        if (got <= 0)
            break;
        at += got;
        z->stream.next_in = z->in;
        z->stream.avail_in = (unsigned)got;
        z->stream.avail_out = CHUNK;
        while (status == SPRED_OK && (z->stream.avail_in > 0 ||
                                      (z->stream.avail_out == 0 && !ended))) {
            if (ended)
                inflateReset(&z->stream); /* a further member */
            z->stream.next_out = z->out;
            z->stream.avail_out = CHUNK;
            code = inflate(&z->stream, Z_NO_FLUSH);
            keep_head(z);
            ended = code == Z_STREAM_END;
            if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
                status = spred_fail(
                    env, SPRED_EFORMAT,
                    "%s: byte %lld: broken gzip stream (%s)", path,
                    (long long)at - (long long)z->stream.avail_in,
                    z->stream.msg ? z->stream.msg : "no gzip header");
        }
        if (status == SPRED_OK)
            status = spred_check_cancel(env);
    }
    if (status == SPRED_OK && !ended)
        status = spred_fail(env, SPRED_EFORMAT,
                            "%s: byte %lld: the gzip stream is truncated, "
                            "expected its end",
                            path, (long long)at);
    if (status == SPRED_OK && !begins_well(z->head, z->n_head))
        status = spred_fail(env, SPRED_EFORMAT,
                            "%s: the content does not begin as expected: %s",
                            path, expected);
    inflateEnd(&z->stream);
    spred_free(env, z);
    return status;
}
