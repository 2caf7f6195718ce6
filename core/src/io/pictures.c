/* pictures.c: bytes of pictures as a matrix, their classes and their names. */
#include "pictures.h"

#include <stdio.h>
#include <string.h>
#include "spred/text.h"

/* Side of the square blocks in which rows become columns. */
#define BLOCK ((size_t)64)
/* "x4294967295y4294967295c99" and its NUL. */
#define NAME_SIZE ((size_t)32)

/* Where feature j of a picture lies in the file. */
static size_t place_of(const struct spred_picture_shape *s, size_t j)
{
    size_t cell = j / s->channels, channel = j % s->channels;
    return s->planar ? channel * s->height * s->width + cell : j;
}

/* place: of each feature. */
static enum spred_status fill_block(struct spred_env *env,
                                    const struct spred_picture_block *block,
                                    const size_t *place, size_t row,
                                    struct spred_matrix *x)
{
    size_t n = x->rows, p = x->cols;
    for (size_t j0 = 0; j0 < p; j0 += BLOCK) {
        size_t j1 = j0 + BLOCK < p ? j0 + BLOCK : p;
        SPRED_TRY(spred_check_cancel(env));
        for (size_t i0 = 0; i0 < block->n; i0 += BLOCK) {
            size_t i1 = i0 + BLOCK < block->n ? i0 + BLOCK : block->n;
            for (size_t j = j0; j < j1; j++)
                for (size_t i = i0; i < i1; i++)
                    x->f32[row + i + j * n] =
                        block->first[i * block->stride + place[j]];
        }
    }
    return SPRED_OK;
}

/* All names lie in one block behind an empty one, the symbol. */
static enum spred_status name_cells(struct spred_env *env,
                                    struct spred_data *out)
{
    size_t p = out->x.cols, used = 1, size = p * NAME_SIZE + 1;
    out->features = spred_alloc(env, p, sizeof *out->features);
    out->symbols = spred_alloc(env, p, sizeof *out->symbols);
    out->samples = spred_names_numbers(env, out->x.rows);
    out->pool = spred_alloc(env, size, 1);
    if (!out->features || !out->symbols || !out->samples || !out->pool)
        return SPRED_ENOMEM;
    out->pool_size = size;
    for (size_t j = 0; j < p; j++) {
        size_t cell = j / out->channels;
        char *at = out->pool + used;
        int length = snprintf(at, NAME_SIZE, "x%zuy%zu", cell % out->width,
                              cell / out->width);
        if (out->channels > 1)
            length += snprintf(at + length, NAME_SIZE - (size_t)length, "c%zu",
                               j % out->channels);
        out->features[j] = at;
        out->symbols[j] = out->pool;
        used += (size_t)length + 1;
    }
    return SPRED_OK;
}

enum spred_status spred_pictures_fill(struct spred_env *env,
                                      const struct spred_picture_shape *shape,
                                      const struct spred_picture_block *blocks,
                                      size_t n_blocks, struct spred_data *out)
{
    size_t p = shape->height * shape->width * shape->channels, n = 0, row = 0;
    for (size_t b = 0; b < n_blocks; b++)
        n += blocks[b].n;
    out->height = shape->height;
    out->width = shape->width;
    out->channels = shape->channels;
    SPRED_TRY(spred_matrix_new(env, SPRED_F32, n, p, 0, &out->x));
    size_t *place = spred_alloc(env, p, sizeof *place);
    if (!place)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < p; j++)
        place[j] = place_of(shape, j);
    enum spred_status status = SPRED_OK;
    for (size_t b = 0; status == SPRED_OK && b < n_blocks; b++) {
        status = fill_block(env, &blocks[b], place, row, &out->x);
        row += blocks[b].n;
    }
    spred_free(env, place);
    return status == SPRED_OK ? name_cells(env, out) : status;
}

/* The numbers that occur become 0, 1, ... and their texts. */
static enum spred_status number_classes(struct spred_env *env, size_t n,
                                        struct spred_target *target)
{
    size_t most = 0, count = 0;
    for (size_t i = 0; i < n; i++)
        most =
            (size_t)target->codes[i] > most ? (size_t)target->codes[i] : most;
    int32_t *code = spred_alloc(env, most + 1, sizeof *code);
    target->levels = spred_alloc(env, most + 1, sizeof *target->levels);
    int ok = code && target->levels;
    for (size_t i = 0; ok && i < n; i++)
        code[target->codes[i]] = 1;
    for (size_t k = 0; ok && k <= most; k++)
        if (code[k]) {
            code[k] = (int32_t)count;
            target->levels[count] = spred_format(env, "%zu", k);
            ok = target->levels[count] != NULL;
            target->n_levels = ++count;
        }
    for (size_t i = 0; ok && i < n; i++)
        target->codes[i] = code[target->codes[i]];
    spred_free(env, code);
    return ok ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status spred_pictures_target(struct spred_env *env,
                                        struct spred_data *out,
                                        const char *name, int32_t *codes,
                                        const char *const *names,
                                        size_t n_names)
{
    struct spred_target *target = spred_target_add(env, out);
    if (!target) {
        spred_free(env, codes);
        return SPRED_ENOMEM;
    }
    target->kind = SPRED_TARGET_CLASS;
    target->codes = codes;
    target->name = spred_strdup(env, name);
    if (!target->name)
        return SPRED_ENOMEM;
    if (!names)
        return number_classes(env, out->x.rows, target);
    target->levels = spred_alloc(env, n_names, sizeof *target->levels);
    if (!target->levels)
        return SPRED_ENOMEM;
    for (size_t k = 0; k < n_names; k++) {
        target->levels[k] = spred_strdup(env, names[k]);
        if (!target->levels[k])
            return SPRED_ENOMEM;
        target->n_levels++;
    }
    return SPRED_OK;
}

enum spred_status spred_pictures_source(struct spred_env *env,
                                        const struct spred_picture_files *files,
                                        const char *form,
                                        const char *const *hashes,
                                        size_t n_hashes, struct spred_data *out)
{
    struct spred_buffer source = {0}, all = {0};
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; status == SPRED_OK && i < files->n; i++) {
        const char *path = files->file[i].pictures;
        const char *slash = strrchr(path, '/');
        status = spred_buffer_add(env, &source, "%s%s", i ? " + " : "",
                                  slash ? slash + 1 : path);
    }
    if (status == SPRED_OK)
        status = spred_buffer_add(env, &source, ": %s", form);
    for (size_t i = 0; status == SPRED_OK && i < n_hashes; i++)
        status = spred_buffer_add(env, &all, "%s\n", hashes[i]);
    out->source = source.text;
    if (status == SPRED_OK && n_hashes > 1)
        spred_sha256(all.text, all.length, out->hash);
    spred_free(env, all.text);
    return status;
}
