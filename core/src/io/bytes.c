/* bytes.c: a whole file in memory, with gzip, bzip2 and xz taken off; a NumPy
 * file mapped. */
#include "npy.h"

#include <bzlib.h>
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define DEFAULT_MAX_BYTES ((size_t)8 << 30)
/* Most memory that an xz stream may ask for. */
#define XZ_MEMORY ((uint64_t)1 << 30)
/* The libraries count in 32 bits. */
#define CHUNK ((size_t)1 << 24)

struct growing {
    struct spred_env *env;
    const char *path;
    char *bytes; /* capacity bytes */
    size_t length, capacity, max;
};

static enum spred_status check_size(const struct growing *out)
{
    return out->length <= out->max
               ? SPRED_OK
               : spred_fail(out->env, SPRED_EINVAL,
                            "%s: found more than %zu bytes, expected at most "
                            "that many",
                            out->path, out->max);
}

/* Room for at least one more byte and the NUL. */
static enum spred_status grow(struct growing *out)
{
    SPRED_TRY(check_size(out));
    if (out->length + 1 < out->capacity)
        return SPRED_OK;
    size_t capacity = 2 * out->capacity + 4096;
    char *bytes = spred_resize(out->env, out->bytes, capacity, 1);
    if (!bytes)
        return SPRED_ENOMEM;
    out->bytes = bytes;
    out->capacity = capacity;
    return SPRED_OK;
}

static enum spred_status read_all(struct growing *out)
{
    struct stat info;
    int file = open(out->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return spred_fail(out->env, SPRED_EIO, "%s: %s", out->path,
                          strerror(errno));
    enum spred_status status = SPRED_OK;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) &&
        (size_t)info.st_size <= out->max) {
        out->capacity = (size_t)info.st_size + 2;
        out->bytes = spred_alloc(out->env, out->capacity, 1);
        status = out->bytes ? SPRED_OK : SPRED_ENOMEM;
    }
    while (status == SPRED_OK && (status = grow(out)) == SPRED_OK &&
           (status = spred_check_cancel(out->env)) == SPRED_OK) {
        size_t room = out->capacity - out->length - 1;
        ssize_t got =
            read(file, out->bytes + out->length, room < CHUNK ? room : CHUNK);
        if (got == 0)
            break;
        if (got > 0)
            out->length += (size_t)got;
        else if (errno != EINTR)
            status = spred_fail(out->env, SPRED_EIO, "%s: %s", out->path,
                                strerror(errno));
    }
    close(file);
    return status;
}

static enum spred_status broken(struct growing *out, const char *format,
                                const char *what, size_t offset)
{
    return spred_fail(out->env, SPRED_EFORMAT,
                      "%s: %s data are %s at byte %zu, expected a whole file",
                      out->path, format, what, offset);
}

static void *zlib_alloc(void *env, unsigned count, unsigned size)
{
    return spred_resize(env, NULL, count, size);
}

static void *bz_alloc(void *env, int count, int size)
{
    return spred_resize(env, NULL, (size_t)count, (size_t)size);
}

static void *xz_alloc(void *env, size_t count, size_t size)
{
    return spred_resize(env, NULL, count, size);
}

static void library_free(void *env, void *pointer)
{
    spred_free(env, pointer);
}

static unsigned at_most(size_t left)
{
    return (unsigned)(left < CHUNK ? left : CHUNK);
}

/* Members follow each other; each ends with its own check sum. */
static enum spred_status inflate_all(const struct growing *in,
                                     struct growing *out)
{
    z_stream z = {
        .zalloc = zlib_alloc, .zfree = library_free, .opaque = out->env};
    size_t used = 0;
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return SPRED_ENOMEM;
    enum spred_status status = SPRED_OK;
    while (status == SPRED_OK && (status = grow(out)) == SPRED_OK &&
           (status = spred_check_cancel(out->env)) == SPRED_OK) {
        unsigned give = at_most(in->length - used);
        unsigned room = at_most(out->capacity - out->length - 1);
        z.next_in = (unsigned char *)in->bytes + used;
        z.avail_in = give;
        z.next_out = (unsigned char *)out->bytes + out->length;
        z.avail_out = room;
        int code = inflate(&z, Z_NO_FLUSH);
        used += give - z.avail_in;
        out->length += room - z.avail_out;
        if (code == Z_STREAM_END && used == in->length)
            break;
        if (code == Z_STREAM_END)
            inflateReset(&z);
        else if (code == Z_MEM_ERROR)
            status = SPRED_ENOMEM;
        else if (code == Z_BUF_ERROR ||
                 (code == Z_OK && give == 0 && z.avail_out > 0))
            status = broken(out, "gzip", "cut off", used);
        else if (code != Z_OK)
            status = broken(out, "gzip", "damaged", used);
    }
    inflateEnd(&z);
    return status;
}

static enum spred_status bunzip_all(const struct growing *in,
                                    struct growing *out)
{
    bz_stream z = {
        .bzalloc = bz_alloc, .bzfree = library_free, .opaque = out->env};
    size_t used = 0;
    enum spred_status status = SPRED_OK;
    if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK)
        return SPRED_ENOMEM;
    while (status == SPRED_OK && (status = grow(out)) == SPRED_OK &&
           (status = spred_check_cancel(out->env)) == SPRED_OK) {
        unsigned give = at_most(in->length - used);
        unsigned room = at_most(out->capacity - out->length - 1);
        z.next_in = in->bytes + used;
        z.avail_in = give;
        z.next_out = out->bytes + out->length;
        z.avail_out = room;
        int code = BZ2_bzDecompress(&z);
        used += give - z.avail_in;
        out->length += room - z.avail_out;
        if (code == BZ_STREAM_END) {
            if (used == in->length)
                break;
            BZ2_bzDecompressEnd(&z); /* pbzip2 writes many streams */
            if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK)
                return SPRED_ENOMEM;
        } else if (code == BZ_MEM_ERROR) {
            status = SPRED_ENOMEM;
        } else if (code != BZ_OK) {
            status =
                broken(out, "bzip2",
                       code == BZ_UNEXPECTED_EOF ? "cut off" : "damaged", used);
        } else if (give == z.avail_in && room == z.avail_out) {
            status = broken(out, "bzip2", "cut off", used);
        }
    }
    BZ2_bzDecompressEnd(&z);
    return status;
}

static enum spred_status unxz_all(const struct growing *in, struct growing *out)
{
    lzma_allocator allocator = {xz_alloc, library_free, out->env};
    lzma_stream z = LZMA_STREAM_INIT;
    z.allocator = &allocator;
    if (lzma_stream_decoder(&z, XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
        return SPRED_ENOMEM;
    enum spred_status status = SPRED_OK;
    z.next_in = (const uint8_t *)in->bytes;
    z.avail_in = in->length;
    while (status == SPRED_OK && (status = grow(out)) == SPRED_OK &&
           (status = spred_check_cancel(out->env)) == SPRED_OK) {
        size_t room = at_most(out->capacity - out->length - 1);
        z.next_out = (uint8_t *)out->bytes + out->length;
        z.avail_out = room;
        lzma_ret code = lzma_code(&z, LZMA_FINISH);
        size_t used = in->length - z.avail_in;
        out->length += room - z.avail_out;
        if (code == LZMA_STREAM_END)
            break;
        if (code == LZMA_MEM_ERROR)
            status = SPRED_ENOMEM;
        else if (code == LZMA_BUF_ERROR)
            status = broken(out, "xz", "cut off", used);
        else if (code != LZMA_OK)
            status = broken(out, "xz", "damaged", used);
    }
    lzma_end(&z);
    return status;
}

/* Maps path if it is a NumPy file; else, or if it cannot be mapped, out->mapped
 * stays 0. */
static void map_npy(const char *path, struct spred_bytes *out)
{
    struct stat info;
    char magic[SPRED_NPY_MAGIC_SIZE];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) &&
        pread(file, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
        spred_is_npy(magic, sizeof magic)) {
        size_t size = (size_t)info.st_size;
        void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes != MAP_FAILED) {
            out->bytes = bytes;
            out->length = out->mapped = size;
        }
    }
    close(file);
}

enum spred_status spred_bytes_read(struct spred_env *env, const char *path,
                                   size_t max_bytes, struct spred_bytes *out)
{
    size_t max = max_bytes ? max_bytes : DEFAULT_MAX_BYTES;
    struct growing stored = {.env = env, .path = path, .max = max};
    struct growing plain = stored;
    memset(out, 0, sizeof *out);
    out->path = path;
    map_npy(path, out);
    if (out->mapped) {
        stored.length = max_bytes ? out->length : 0;
        enum spred_status fits = check_size(&stored);
        if (fits != SPRED_OK)
            spred_bytes_free(env, out);
        else
            spred_sha256(out->bytes, out->length, out->hash);
        return fits;
    }
    enum spred_status status = read_all(&stored);
    if (status != SPRED_OK) {
        spred_free(env, stored.bytes);
        return status;
    }
    const char *bytes = stored.bytes;
    size_t length = stored.length;
    spred_sha256(bytes, length, out->hash);
    plain.capacity = 4 * length < max ? 4 * length + 4096 : 4096;
    plain.bytes = spred_resize(env, NULL, plain.capacity, 1);
    if (!plain.bytes)
        status = SPRED_ENOMEM;
    else if (length >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0)
        status = inflate_all(&stored, &plain);
    else if (length >= 4 && memcmp(bytes, "BZh", 3) == 0 && bytes[3] >= '1' &&
             bytes[3] <= '9')
        status = bunzip_all(&stored, &plain);
    else if (length >= 6 && memcmp(bytes,
                                   "\xfd"
                                   "7zXZ\0",
                                   6) == 0)
        status = unxz_all(&stored, &plain);
    else {
        struct growing swap = plain;
        plain = stored;
        stored = swap;
    }
    spred_free(env, stored.bytes);
    if (status == SPRED_OK)
        status = check_size(&plain);
    if (status != SPRED_OK) {
        spred_free(env, plain.bytes);
        return status;
    }
    plain.bytes[plain.length] = '\0';
    out->bytes = plain.bytes;
    out->length = plain.length;
    return SPRED_OK;
}

void spred_bytes_free(struct spred_env *env, struct spred_bytes *b)
{
    if (b->mapped)
        munmap(b->bytes, b->mapped);
    else
        spred_free(env, b->bytes);
    memset(b, 0, sizeof *b);
}
