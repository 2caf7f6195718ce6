/* cache_write.c: a data set as one file that can be mapped. */
#include "cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "spred/text.h"

/* Most bytes handed to crc32 and fwrite at once. */
#define CHUNK ((size_t)1 << 20)

struct writer {
    struct spred_env *env;
    const char *path;
    struct cache_header header;
    struct cache_section *table; /* n_sections used */
    const void **bytes;          /* what each section holds, borrowed */
    struct spred_buffer texts;   /* all strings, one section after another */
    FILE *file;
    uint64_t position;
    uLong crc;
};

static void add(struct writer *w, enum cache_kind kind, size_t index,
                const void *bytes, size_t size, size_t count)
{
    uint32_t s = w->header.n_sections++;
    w->table[s] =
        (struct cache_section){(uint32_t)kind, (uint32_t)index, 0, size, count};
    w->bytes[s] = bytes;
}

/* Texts move while the buffer grows: bytes NULL stands for "in texts, behind
 * those of the sections before". */
static enum spred_status add_texts(struct writer *w, enum cache_kind kind,
                                   size_t index, char *const *texts,
                                   size_t count)
{
    size_t before = w->texts.length;
    for (size_t i = 0; i < count; i++)
        SPRED_TRY(spred_buffer_append(w->env, &w->texts, texts[i],
                                      strlen(texts[i]) + 1));
    add(w, kind, index, NULL, w->texts.length - before, count);
    return SPRED_OK;
}

static enum spred_status add_matrix(struct writer *w,
                                    const struct spred_matrix *m)
{
    size_t stored = spred_matrix_stored(m);
    if (m->storage == SPRED_F64) {
        add(w, CACHE_F64, 0, m->f64, stored * sizeof *m->f64, stored);
    } else if (m->storage == SPRED_F32) {
        add(w, CACHE_F32, 0, m->f32, stored * sizeof *m->f32, stored);
    } else {
        add(w, CACHE_COLPTR, 0, m->colptr, (m->cols + 1) * sizeof *m->colptr,
            m->cols + 1);
        add(w, CACHE_ROWIND, 0, m->rowind, stored * sizeof *m->rowind, stored);
        add(w, CACHE_VALUES, 0, m->values, stored * sizeof *m->values, stored);
    }
    return SPRED_OK;
}

static enum spred_status collect(struct writer *w,
                                 const struct spred_data *data)
{
    size_t n = data->x.rows, p = data->x.cols;
    char *const texts[] = {data->name, data->source, data->note};
    SPRED_TRY(add_texts(w, CACHE_TEXTS, 0, texts, 3));
    SPRED_TRY(add_texts(w, CACHE_FEATURES, 0, data->features, p));
    SPRED_TRY(add_texts(w, CACHE_SYMBOLS, 0, data->symbols, p));
    SPRED_TRY(add_texts(w, CACHE_SAMPLES, 0, data->samples, n));
    SPRED_TRY(add_matrix(w, &data->x));
    if (data->truth)
        add(w, CACHE_TRUTH, 0, data->truth, p * sizeof *data->truth, p);
    for (size_t t = 0; t < data->n_targets; t++) {
        const struct spred_target *target = &data->targets[t];
        SPRED_TRY(add_texts(w, CACHE_TARGET_NAME, t, &target->name, 1));
        if (target->kind == SPRED_TARGET_CLASS) {
            SPRED_TRY(add_texts(w, CACHE_LEVELS, t, target->levels,
                                target->n_levels));
            add(w, CACHE_CODES, t, target->codes, n * sizeof *target->codes, n);
        } else {
            add(w, CACHE_REALS, t, target->values, n * sizeof *target->values,
                n);
        }
    }
    return SPRED_OK;
}

static uint64_t aligned(uint64_t position)
{
    return (position + CACHE_ALIGN - 1) / CACHE_ALIGN * CACHE_ALIGN;
}

static size_t table_size(const struct writer *w)
{
    return w->header.n_sections * sizeof *w->table;
}

static void lay_out(struct writer *w, const struct spred_data *data)
{
    uint64_t position = sizeof w->header + table_size(w);
    size_t text = 0;
    for (uint32_t s = 0; s < w->header.n_sections; s++) {
        w->table[s].offset = aligned(position);
        position = w->table[s].offset + w->table[s].size;
        if (!w->bytes[s]) {
            w->bytes[s] = w->texts.text + text;
            text += (size_t)w->table[s].size;
        }
    }
    memcpy(w->header.magic, CACHE_MAGIC, sizeof w->header.magic);
    w->header.version = CACHE_VERSION;
    w->header.order = CACHE_ORDER;
    w->header.file_size = position;
    w->header.rows = data->x.rows;
    w->header.cols = data->x.cols;
    w->header.stored = spred_matrix_stored(&data->x);
    w->header.missing = data->missing;
    w->header.n_targets = data->n_targets;
    w->header.height = data->height;
    w->header.width = data->width;
    w->header.channels = data->channels;
    w->header.given_test = data->given_test;
    w->header.storage = (uint32_t)data->x.storage;
    w->header.simulated = data->simulated != 0;
    memcpy(w->header.hash, data->hash, SPRED_HEX_SIZE);
}

static enum spred_status put(struct writer *w, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    while (size) {
        size_t part = size < CHUNK ? size : CHUNK;
        w->crc = crc32_z(w->crc, at, part);
        if (fwrite(at, 1, part, w->file) != part)
            return spred_fail(w->env, SPRED_EIO, "%s: %s", w->path,
                              strerror(errno));
        at += part;
        size -= part;
        w->position += part;
    }
    return SPRED_OK;
}

/* The check sums are known last: the head is written again at the end. */
static enum spred_status put_head(struct writer *w)
{
    if (fseek(w->file, 0, SEEK_SET) != 0)
        return spred_fail(w->env, SPRED_EIO, "%s: %s", w->path,
                          strerror(errno));
    w->position = 0;
    SPRED_TRY(put(w, &w->header, sizeof w->header));
    return put(w, w->table, table_size(w));
}

static enum spred_status write_file(struct writer *w)
{
    static const char zeros[CACHE_ALIGN];
    struct spred_buffer head = {0};
    SPRED_TRY(put_head(w));
    w->crc = crc32_z(0, NULL, 0);
    for (uint32_t s = 0; s < w->header.n_sections; s++) {
        SPRED_TRY(spred_check_cancel(w->env));
        SPRED_TRY(put(w, zeros, (size_t)(w->table[s].offset - w->position)));
        SPRED_TRY(put(w, w->bytes[s], (size_t)w->table[s].size));
    }
    w->header.payload_crc = (uint32_t)w->crc;
    SPRED_TRY(spred_buffer_append(w->env, &head, &w->header, sizeof w->header));
    enum spred_status status =
        spred_buffer_append(w->env, &head, w->table, table_size(w));
    if (status == SPRED_OK)
        spred_sha256(head.text, head.length, w->header.check);
    spred_free(w->env, head.text);
    SPRED_TRY(status);
    SPRED_TRY(put_head(w));
    if (fflush(w->file) != 0)
        return spred_fail(w->env, SPRED_EIO, "%s: %s", w->path,
                          strerror(errno));
    return SPRED_OK;
}

/* Writes to a temporary beside path, then renames it. */
static enum spred_status write_atomically(struct writer *w)
{
    char *temporary = spred_format(w->env, "%s.XXXXXX", w->path);
    if (!temporary)
        return SPRED_ENOMEM;
    enum spred_status status = SPRED_OK;
    int file = mkstemp(temporary);
    if (file < 0 || !(w->file = fdopen(file, "wb"))) {
        status =
            spred_fail(w->env, SPRED_EIO, "%s: %s", w->path, strerror(errno));
        if (file >= 0)
            close(file);
    }
    if (status == SPRED_OK)
        status = write_file(w);
    if (w->file && fclose(w->file) != 0 && status == SPRED_OK)
        status =
            spred_fail(w->env, SPRED_EIO, "%s: %s", w->path, strerror(errno));
    if (status == SPRED_OK && rename(temporary, w->path) != 0)
        status =
            spred_fail(w->env, SPRED_EIO, "%s: %s", w->path, strerror(errno));
    if (status != SPRED_OK && file >= 0)
        unlink(temporary);
    spred_free(w->env, temporary);
    return status;
}

enum spred_status spred_cache_write(struct spred_env *env, const char *path,
                                    const struct spred_data *data)
{
    struct writer w;
    memset(&w, 0, sizeof w);
    w.env = env;
    w.path = path;
    SPRED_TRY(spred_data_check(env, data));
    size_t most = 8 + 3 * data->n_targets;
    w.table = spred_alloc(env, most, sizeof *w.table);
    w.bytes = spred_alloc(env, most, sizeof *w.bytes);
    enum spred_status status =
        w.table && w.bytes ? collect(&w, data) : SPRED_ENOMEM;
    if (status == SPRED_OK) {
        lay_out(&w, data);
        status = write_atomically(&w);
    }
    spred_free(env, w.table);
    spred_free(env, w.bytes);
    spred_free(env, w.texts.text);
    return status;
}
