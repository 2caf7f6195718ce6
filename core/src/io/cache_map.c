/* cache_map.c: a data set whose arrays are a file mapped read-only. */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Larger counts cannot belong to a file; keeps products from wrapping. */
#define COUNT_MAX ((uint64_t)1 << 40)

struct reader {
    struct spred_env *env;
    const char *path;
    char *base;
    const struct cache_header *header;
    const struct cache_section *table;
};

static enum spred_status damaged(const struct reader *r, const char *what)
{
    return spred_fail(r->env, SPRED_EFORMAT,
                      "%s: %s, expected a data set cached by this version",
                      r->path, what);
}

static enum spred_status map_file(struct reader *r, struct spred_data *out)
{
    struct stat info;
    int file = open(r->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return spred_fail(r->env, errno == ENOENT ? SPRED_ENOTFOUND : SPRED_EIO,
                          "%s: %s", r->path, strerror(errno));
    enum spred_status status = SPRED_OK;
    if (fstat(file, &info) != 0)
        status =
            spred_fail(r->env, SPRED_EIO, "%s: %s", r->path, strerror(errno));
    else if (!S_ISREG(info.st_mode) ||
             info.st_size < (off_t)sizeof(struct cache_header))
        status = damaged(r, "too short");
    if (status == SPRED_OK) {
        size_t size = (size_t)info.st_size;
        void *base = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
        if (base == MAP_FAILED) {
            status = spred_fail(r->env, SPRED_EIO, "%s: %s", r->path,
                                strerror(errno));
        } else {
            out->mapping = base;
            out->mapping_size = size;
            r->base = base;
        }
    }
    close(file);
    return status;
}

static enum spred_status check_head(struct reader *r, size_t size)
{
    const struct cache_header *h = (const struct cache_header *)(void *)r->base;
    r->header = h;
    r->table = (const struct cache_section *)(const void *)(h + 1);
    if (memcmp(h->magic, CACHE_MAGIC, sizeof h->magic) != 0)
        return damaged(r, "not a cached data set");
    if (h->version != CACHE_VERSION || h->order != CACHE_ORDER)
        return damaged(r, "of another version or machine");
    if (h->file_size != size)
        return damaged(r, "truncated or grown");
    if (h->n_sections > (size - sizeof *h) / sizeof *r->table)
        return damaged(r, "the section table does not fit");
    size_t length = sizeof *h + h->n_sections * sizeof *r->table;
    char *copy = spred_alloc(r->env, length, 1), check[SPRED_HEX_SIZE];
    if (!copy)
        return SPRED_ENOMEM;
    memcpy(copy, r->base, length);
    memset(copy + offsetof(struct cache_header, check), 0, sizeof h->check);
    spred_sha256(copy, length, check);
    spred_free(r->env, copy);
    if (memcmp(check, h->check, sizeof check) != 0)
        return damaged(r, "the head is garbled");
    if (h->rows > COUNT_MAX || h->cols > COUNT_MAX || h->stored > COUNT_MAX ||
        h->n_targets > h->n_sections || h->storage > SPRED_CSC ||
        memchr(h->hash, 0, SPRED_HEX_SIZE) == NULL)
        return damaged(r, "the head makes no sense");
    for (uint32_t s = 0; s < h->n_sections; s++)
        if (r->table[s].offset % CACHE_ALIGN || r->table[s].offset < length ||
            r->table[s].offset > size ||
            r->table[s].size > size - r->table[s].offset)
            return damaged(r, "a section lies outside");
    return SPRED_OK;
}

static const struct cache_section *find(const struct reader *r,
                                        enum cache_kind kind, size_t index)
{
    for (uint32_t s = 0; s < r->header->n_sections; s++)
        if (r->table[s].kind == (uint32_t)kind && r->table[s].index == index)
            return &r->table[s];
    return NULL;
}

/* The array of count items of that section, or NULL if there is none. */
static void *array(const struct reader *r, enum cache_kind kind, size_t index,
                   size_t count, size_t item)
{
    const struct cache_section *s = find(r, kind, index);
    return s && s->count == count && s->size / item == count &&
                   s->size % item == 0
               ? r->base + s->offset
               : NULL;
}

/* Pointers to count strings of a section: memory of the caller's. */
static enum spred_status strings(const struct reader *r, enum cache_kind kind,
                                 size_t index, size_t count, char ***out)
{
    const struct cache_section *s = find(r, kind, index);
    if (!s || s->count != count || s->size < count)
        return damaged(r, "names are missing");
    char *at = r->base + s->offset, *end = at + s->size;
    *out = spred_alloc(r->env, count, sizeof **out);
    if (!*out)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        char *stop = memchr(at, 0, (size_t)(end - at));
        if (!stop)
            return damaged(r, "names are cut off");
        (*out)[i] = at;
        at = stop + 1;
    }
    return at == end ? SPRED_OK : damaged(r, "there are too many names");
}

static enum spred_status read_texts(const struct reader *r,
                                    struct spred_data *out)
{
    size_t n = out->x.rows, p = out->x.cols;
    char **texts = NULL;
    enum spred_status status = strings(r, CACHE_TEXTS, 0, 3, &texts);
    if (status == SPRED_OK) {
        out->name = texts[0];
        out->source = texts[1];
        out->note = texts[2];
    }
    spred_free(r->env, texts);
    SPRED_TRY(status);
    SPRED_TRY(strings(r, CACHE_FEATURES, 0, p, &out->features));
    SPRED_TRY(strings(r, CACHE_SYMBOLS, 0, p, &out->symbols));
    return strings(r, CACHE_SAMPLES, 0, n, &out->samples);
}

static void read_matrix(const struct reader *r, struct spred_matrix *x)
{
    size_t stored = (size_t)r->header->stored;
    if (x->storage == SPRED_F64 && stored == x->rows * x->cols)
        x->f64 = array(r, CACHE_F64, 0, stored, sizeof *x->f64);
    else if (x->storage == SPRED_F32 && stored == x->rows * x->cols)
        x->f32 = array(r, CACHE_F32, 0, stored, sizeof *x->f32);
    else if (x->storage == SPRED_CSC) {
        x->colptr = array(r, CACHE_COLPTR, 0, x->cols + 1, sizeof *x->colptr);
        x->rowind = array(r, CACHE_ROWIND, 0, stored, sizeof *x->rowind);
        x->values = array(r, CACHE_VALUES, 0, stored, sizeof *x->values);
    }
}

static enum spred_status read_target(const struct reader *r, size_t t, size_t n,
                                     struct spred_target *target)
{
    char **name = NULL;
    enum spred_status status = strings(r, CACHE_TARGET_NAME, t, 1, &name);
    if (status == SPRED_OK)
        target->name = name[0];
    spred_free(r->env, name);
    SPRED_TRY(status);
    const struct cache_section *levels = find(r, CACHE_LEVELS, t);
    if (!levels) {
        target->kind = SPRED_TARGET_REAL;
        target->values = array(r, CACHE_REALS, t, n, sizeof *target->values);
        return SPRED_OK;
    }
    target->kind = SPRED_TARGET_CLASS;
    target->codes = array(r, CACHE_CODES, t, n, sizeof *target->codes);
    SPRED_TRY(
        strings(r, CACHE_LEVELS, t, (size_t)levels->count, &target->levels));
    target->n_levels = (size_t)levels->count;
    return SPRED_OK;
}

static enum spred_status read_all(const struct reader *r,
                                  struct spred_data *out)
{
    const struct cache_header *h = r->header;
    out->x.storage = (enum spred_storage)h->storage;
    out->x.rows = (size_t)h->rows;
    out->x.cols = (size_t)h->cols;
    out->missing = (size_t)h->missing;
    out->height = (size_t)h->height;
    out->width = (size_t)h->width;
    out->channels = (size_t)h->channels;
    out->given_test = (size_t)h->given_test;
    out->simulated = (int)h->simulated;
    memcpy(out->hash, h->hash, SPRED_HEX_SIZE);
    if (h->cols && h->rows > COUNT_MAX / h->cols)
        return damaged(r, "the head makes no sense");
    SPRED_TRY(read_texts(r, out));
    read_matrix(r, &out->x);
    if (out->x.colptr && (out->x.colptr[out->x.cols] < 0 ||
                          (uint64_t)out->x.colptr[out->x.cols] != h->stored))
        return damaged(r, "colptr does not end at the last entry");
    if (find(r, CACHE_TRUTH, 0)) {
        out->truth = array(r, CACHE_TRUTH, 0, out->x.cols, sizeof(double));
        if (!out->truth)
            return damaged(r, "a section has the wrong size");
    }
    out->targets =
        spred_alloc(r->env, (size_t)h->n_targets, sizeof *out->targets);
    if (!out->targets)
        return SPRED_ENOMEM;
    out->n_targets = (size_t)h->n_targets;
    for (size_t t = 0; t < out->n_targets; t++)
        SPRED_TRY(read_target(r, t, out->x.rows, &out->targets[t]));
    enum spred_status status = spred_data_check(r->env, out);
    return status == SPRED_EFORMAT ? damaged(r, "the content does not agree")
                                   : status;
}

static enum spred_status check_payload(const struct reader *r)
{
    size_t from = sizeof *r->header + r->header->n_sections * sizeof *r->table;
    uLong crc =
        crc32_z(crc32_z(0, NULL, 0), (const unsigned char *)r->base + from,
                (size_t)r->header->file_size - from);
    return crc == r->header->payload_crc ? SPRED_OK
                                         : damaged(r, "the data are garbled");
}

static enum spred_status map(struct spred_env *env, const char *path, int whole,
                             struct spred_data *out)
{
    struct reader r = {.env = env, .path = path};
    memset(out, 0, sizeof *out);
    enum spred_status status = map_file(&r, out);
    if (status == SPRED_OK)
        status = check_head(&r, out->mapping_size);
    if (status == SPRED_OK && whole)
        status = check_payload(&r);
    if (status == SPRED_OK)
        status = read_all(&r, out);
    if (status != SPRED_OK)
        spred_data_free(env, out);
    return status;
}

enum spred_status spred_cache_map(struct spred_env *env, const char *path,
                                  struct spred_data *out)
{
    return map(env, path, 0, out);
}

enum spred_status spred_cache_map_whole(struct spred_env *env, const char *path,
                                        struct spred_data *out)
{
    return map(env, path, 1, out);
}
