/* targets.c: columns of text become classes or numbers to predict. */
#include "io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More classes than this is a column of names, not of classes. */
#define LEVELS_MAX 10000
/* Numbers that stand alone are classes up to so many distinct values. */
#define LEVELS_MOST 1000
/* Whole numbers are classes if each occurs so often on average. */
#define REPEATS_MIN 5

struct spred_target *spred_target_add(struct spred_env *env,
                                      struct spred_data *data)
{
    struct spred_target *targets =
        spred_resize(env, data->targets, data->n_targets + 1, sizeof *targets);
    if (!targets)
        return NULL;
    data->targets = targets;
    struct spred_target *target = &targets[data->n_targets++];
    memset(target, 0, sizeof *target);
    return target;
}

void spred_targets_clear(struct spred_env *env, struct spred_data *data)
{
    for (size_t t = 0; t < data->n_targets; t++) {
        struct spred_target *target = &data->targets[t];
        for (size_t k = 0; k < target->n_levels; k++)
            spred_free(env, target->levels[k]);
        spred_free(env, target->levels);
        spred_free(env, target->name);
        spred_free(env, target->codes);
        spred_free(env, target->values);
    }
    spred_free(env, data->targets);
    data->targets = NULL;
    data->n_targets = 0;
}

static enum spred_status add_level(struct spred_env *env,
                                   struct spred_target *target,
                                   struct spred_span cell)
{
    size_t count = target->n_levels;
    if (count == LEVELS_MAX)
        return spred_fail(env, SPRED_EFORMAT,
                          "more than %d different classes, expected fewer",
                          LEVELS_MAX);
    if ((count & (count - 1)) == 0) { /* grow at 0, 1, 2, 4, ... */
        char **levels = spred_resize(env, target->levels, count ? 2 * count : 1,
                                     sizeof *levels);
        if (!levels)
            return SPRED_ENOMEM;
        target->levels = levels;
    }
    target->levels[count] = spred_utf8(env, cell);
    if (!target->levels[count])
        return SPRED_ENOMEM;
    target->n_levels++;
    return SPRED_OK;
}

enum spred_status spred_target_classes(struct spred_env *env,
                                       struct spred_target *target,
                                       const struct spred_span *cells, size_t n)
{
    target->kind = SPRED_TARGET_CLASS;
    target->codes = spred_alloc(env, n, sizeof *target->codes);
    struct spred_span *first = spred_alloc(env, LEVELS_MAX, sizeof *first);
    enum spred_status status = target->codes && first ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < n; i++) {
        struct spred_span cell = spred_span_trim(cells[i]);
        size_t k = 0;
        if (spred_is_missing(cell)) {
            target->codes[i] = -1;
            continue;
        }
        while (k < target->n_levels &&
               (first[k].length != cell.length ||
                memcmp(first[k].at, cell.at, cell.length) != 0))
            k++;
        if (k == target->n_levels) {
            status = add_level(env, target, cell);
            if (status == SPRED_OK)
                first[k] = cell;
        }
        target->codes[i] = (int32_t)k;
    }
    spred_free(env, first);
    return status;
}

struct whole {
    int64_t value;
    struct spred_span cell; /* its first spelling */
    size_t row;
};

static int ascending(const void *a, const void *b)
{
    const struct whole *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Keeps the first of every value; returns how many values there are. */
static size_t distinct(struct whole *wholes, size_t count)
{
    size_t kept = 0;
    qsort(wholes, count, sizeof *wholes, ascending);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || wholes[kept - 1].value != wholes[i].value)
            wholes[kept++] = wholes[i];
    return kept;
}

static size_t position(const struct whole *levels, size_t count, int64_t value)
{
    size_t low = 0;
    while (count > 1) {
        size_t half = count / 2;
        if (levels[low + half].value <= value)
            low += half;
        count -= half;
    }
    return low;
}

static enum spred_status number_classes(struct spred_env *env,
                                        struct spred_target *target,
                                        const struct spred_span *cells,
                                        size_t n, const struct whole *levels,
                                        size_t count)
{
    target->kind = SPRED_TARGET_CLASS;
    target->codes = spred_alloc(env, n, sizeof *target->codes);
    if (!target->codes)
        return SPRED_ENOMEM;
    for (size_t k = 0; k < count; k++)
        SPRED_TRY(add_level(env, target, levels[k].cell));
    for (size_t i = 0; i < n; i++) {
        int64_t value;
        target->codes[i] = spred_span_int(spred_span_trim(cells[i]), &value)
                               ? (int32_t)position(levels, count, value)
                               : -1;
    }
    return SPRED_OK;
}

enum spred_status spred_target_cells(struct spred_env *env,
                                     struct spred_target *target,
                                     const struct spred_span *cells, size_t n,
                                     int coded, size_t most)
{
    double *values = spred_alloc(env, n, sizeof *values);
    struct whole *wholes = spred_alloc(env, n, sizeof *wholes);
    enum spred_status status = values && wholes ? SPRED_OK : SPRED_ENOMEM;
    size_t count = 0, present = 0;
    int numeric = 1;
    for (size_t i = 0; status == SPRED_OK && numeric && i < n; i++) {
        struct spred_span cell = spred_span_trim(cells[i]);
        const char *stop = cell.at + cell.length;
        numeric = spred_scan_cell(cell.at, stop, '\n', &values[i]) == stop;
        if (!numeric || isnan(values[i]))
            continue;
        present++;
        if (spred_span_int(cell, &wholes[count].value)) {
            wholes[count].cell = cell;
            wholes[count++].row = i;
        }
    }
    if (status == SPRED_OK && (!numeric || present == 0)) {
        status = spred_target_classes(env, target, cells, n);
    } else if (status == SPRED_OK) {
        int whole = count == present;
        count = whole ? distinct(wholes, count) : 0;
        if (whole && (coded || (count > 1 && count <= most &&
                                present / count >= REPEATS_MIN))) {
            status = number_classes(env, target, cells, n, wholes, count);
        } else {
            target->kind = SPRED_TARGET_REAL;
            target->values = values;
            values = NULL;
        }
    }
    spred_free(env, values);
    spred_free(env, wholes);
    return status;
}

enum spred_status spred_target_reals(struct spred_env *env,
                                     struct spred_data *data,
                                     const double *values, size_t n)
{
    struct spred_target *target = spred_target_add(env, data);
    if (!target)
        return SPRED_ENOMEM;
    target->kind = SPRED_TARGET_REAL;
    target->name = spred_strdup(env, "y");
    target->values = spred_alloc(env, n, sizeof *target->values);
    if (!target->name || !target->values)
        return SPRED_ENOMEM;
    memcpy(target->values, values, n * sizeof *values);
    return SPRED_OK;
}

static enum spred_status add_reals(struct spred_env *env,
                                   struct spred_data *data,
                                   const struct spred_span *cells, size_t n)
{
    double *values = spred_alloc(env, n, sizeof *values);
    if (!values)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++)
        spred_scan_cell(cells[i].at, cells[i].at + cells[i].length, '\n',
                        &values[i]);
    enum spred_status status = spred_target_reals(env, data, values, n);
    spred_free(env, values);
    return status;
}

enum spred_status spred_targets_of_numbers(struct spred_env *env,
                                           struct spred_data *data,
                                           const struct spred_span *cells,
                                           size_t n)
{
    struct spred_target *target = spred_target_add(env, data);
    if (!target)
        return SPRED_ENOMEM;
    SPRED_TRY(spred_target_cells(env, target, cells, n, 0, LEVELS_MOST));
    int classes = target->kind == SPRED_TARGET_CLASS;
    size_t levels = target->n_levels;
    target->name = spred_strdup(env, classes ? "class" : "y");
    if (!target->name)
        return SPRED_ENOMEM;
    return classes && levels > 2 ? add_reals(env, data, cells, n) : SPRED_OK;
}
