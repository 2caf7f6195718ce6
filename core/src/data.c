/* data.c: freeing, checking and asking a data set; the automatic target. */
#include "spred/data.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

/* A class counts for `target: auto` from this many samples on. */
#define LEAST_CLASS_SIZE 5

static int inside(const void *pointer, const void *block, size_t size)
{
    uintptr_t at = (uintptr_t)pointer, from = (uintptr_t)block;
    return block && at >= from && at - from < size;
}

/* Frees what lies neither in the mapping nor in the pool of names. */
static void release(struct spred_env *env, const struct spred_data *data,
                    void *pointer)
{
    if (!inside(pointer, data->mapping, data->mapping_size) &&
        !inside(pointer, data->pool, data->pool_size))
        spred_free(env, pointer);
}

static void release_names(struct spred_env *env, const struct spred_data *data,
                          char **names, size_t count)
{
    for (size_t i = 0; names && i < count; i++)
        release(env, data, names[i]);
    spred_free(env, names);
}

void spred_data_free(struct spred_env *env, struct spred_data *data)
{
    if (!data)
        return;
    for (size_t t = 0; data->targets && t < data->n_targets; t++) {
        struct spred_target *target = &data->targets[t];
        release(env, data, target->name);
        release_names(env, data, target->levels, target->n_levels);
        release(env, data, target->codes);
        release(env, data, target->values);
    }
    spred_free(env, data->targets);
    release_names(env, data, data->features, data->x.cols);
    release_names(env, data, data->symbols, data->x.cols);
    release_names(env, data, data->samples, data->x.rows);
    release(env, data, data->name);
    release(env, data, data->source);
    release(env, data, data->note);
    release(env, data, data->truth);
    spred_matrix_free(env, &data->x);
    spred_free(env, data->pool);
    if (data->mapping)
        munmap(data->mapping, data->mapping_size);
    memset(data, 0, sizeof *data);
}

static const struct spred_target *find(const struct spred_data *data,
                                       const char *name)
{
    for (size_t t = 0; t < data->n_targets; t++)
        if (strcmp(data->targets[t].name, name) == 0)
            return &data->targets[t];
    return NULL;
}

const struct spred_target *spred_data_target(const struct spred_data *data,
                                             const char *name)
{
    const struct spred_target *target = find(data, name);
    if (!target && strncmp(name, "y:", 2) == 0)
        target = find(data, name + 2);
    return target;
}

/* How good a class target is for `auto`; compared field by field. */
struct balance {
    size_t covered;  /* samples with a class */
    size_t classes;  /* with at least LEAST_CLASS_SIZE samples */
    int whole;       /* 1: no class is smaller */
    double evenness; /* entropy / log(classes), over those classes */
};

static enum spred_status weigh(struct spred_env *env,
                               const struct spred_target *target, size_t n,
                               struct balance *out)
{
    size_t *sizes = spred_alloc(env, target->n_levels, sizeof *sizes);
    if (!sizes)
        return SPRED_ENOMEM;
    memset(out, 0, sizeof *out);
    out->whole = 1;
    for (size_t i = 0; i < n; i++)
        if (target->codes[i] >= 0) {
            out->covered++;
            sizes[target->codes[i]]++;
        }
    size_t counted = 0;
    for (size_t k = 0; k < target->n_levels; k++) {
        if (sizes[k] >= LEAST_CLASS_SIZE) {
            out->classes++;
            counted += sizes[k];
        } else if (sizes[k] > 0) {
            out->whole = 0;
        }
    }
    for (size_t k = 0; k < target->n_levels; k++)
        if (sizes[k] >= LEAST_CLASS_SIZE) {
            double share = (double)sizes[k] / (double)counted;
            out->evenness -= share * log(share);
        }
    if (out->classes > 1)
        out->evenness /= log((double)out->classes);
    spred_free(env, sizes);
    return SPRED_OK;
}

static int better(const struct balance *a, const struct balance *b)
{
    if (a->covered != b->covered)
        return a->covered > b->covered;
    if (a->whole != b->whole)
        return a->whole > b->whole;
    return a->evenness > b->evenness + 1e-12; /* ties: the first */
}

const struct spred_target *spred_data_auto_target(struct spred_env *env,
                                                  const struct spred_data *data,
                                                  char **why)
{
    const struct spred_target *best = NULL;
    struct balance top = {0};
    size_t n = data->x.rows, candidates = 0;
    *why = NULL;
    for (size_t t = 0; t < data->n_targets; t++) {
        const struct spred_target *target = &data->targets[t];
        struct balance now;
        if (target->kind != SPRED_TARGET_CLASS)
            continue;
        if (weigh(env, target, n, &now) != SPRED_OK)
            return NULL;
        if (now.classes < 2)
            continue;
        candidates++;
        if (!best || better(&now, &top)) {
            best = target;
            top = now;
        }
    }
    if (best) {
        *why = spred_format(
            env,
            "'%s': covers %zu of %zu samples, %zu classes of at least %d "
            "samples%s, evenness %.3f (best of %zu class targets that could "
            "be used)",
            best->name, top.covered, n, top.classes, LEAST_CLASS_SIZE,
            top.whole ? "" : " beside smaller ones", top.evenness, candidates);
        return *why ? best : NULL;
    }
    for (size_t t = 0; t < data->n_targets && !best; t++)
        if (data->targets[t].kind == SPRED_TARGET_REAL)
            best = &data->targets[t];
    *why =
        best ? spred_format(env, "'%s': the first numeric response", best->name)
             : spred_format(env,
                            "none: %s has no numeric response and no class "
                            "target with two classes of at least %d samples",
                            data->name, LEAST_CLASS_SIZE);
    return *why ? best : NULL;
}

static enum spred_status wrong(struct spred_env *env,
                               const struct spred_data *data, const char *what)
{
    return spred_fail(env, SPRED_EFORMAT, "data set %s: %s",
                      data->name ? data->name : "without a name", what);
}

static int names_are_set(char *const *names, size_t count)
{
    if (!names)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (!names[i])
            return 0;
    return 1;
}

static const char *check_matrix(const struct spred_matrix *m)
{
    int csc = m->storage == SPRED_CSC;
    if (m->rows == 0 || m->cols == 0)
        return "X is empty";
    if ((m->f64 != NULL) != (m->storage == SPRED_F64) ||
        (m->f32 != NULL) != (m->storage == SPRED_F32) ||
        (m->colptr && m->rowind && m->values) != csc)
        return "the arrays of X do not fit its storage";
    if (!csc)
        return NULL;
    if (m->colptr[0] != 0)
        return "colptr does not start at 0";
    for (size_t j = 0; j < m->cols; j++)
        if (m->colptr[j + 1] < m->colptr[j])
            return "colptr descends";
    for (size_t j = 0; j < m->cols; j++)
        for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++)
            if (m->rowind[e] < 0 || (size_t)m->rowind[e] >= m->rows ||
                (e > m->colptr[j] && m->rowind[e] <= m->rowind[e - 1]))
                return "a row index is out of range or does not ascend";
    return NULL;
}

static const char *check_target(const struct spred_target *target, size_t n)
{
    if (!target->name)
        return "a target has no name";
    if (target->kind == SPRED_TARGET_REAL)
        return target->values ? NULL : "a numeric target has no values";
    if (target->kind != SPRED_TARGET_CLASS)
        return "a target is of no known kind";
    if (!target->codes || target->n_levels == 0 ||
        target->n_levels > INT32_MAX ||
        !names_are_set(target->levels, target->n_levels))
        return "a class target has no classes";
    for (size_t i = 0; i < n; i++)
        if (target->codes[i] < -1 ||
            target->codes[i] >= (int32_t)target->n_levels)
            return "a class code is out of range";
    return NULL;
}

/* No pictures, or pictures with as many cells as there are features. */
static int sizes_fit(const struct spred_data *data)
{
    size_t h = data->height, w = data->width, c = data->channels;
    if (h == 0 && w == 0 && c == 0)
        return 1;
    return h > 0 && w > 0 && c > 0 && w <= data->x.cols / h &&
           c <= data->x.cols / (h * w) && h * w * c == data->x.cols;
}

enum spred_status spred_data_check(struct spred_env *env,
                                   const struct spred_data *data)
{
    if (!data->name || !data->source || !data->note)
        return wrong(env, data, "name, source or note is missing");
    const char *what = check_matrix(&data->x);
    if (what)
        return wrong(env, data, what);
    if (!names_are_set(data->features, data->x.cols) ||
        !names_are_set(data->symbols, data->x.cols) ||
        !names_are_set(data->samples, data->x.rows))
        return wrong(env, data, "a name of a feature or sample is missing");
    if (!sizes_fit(data))
        return wrong(env, data, "the size of the pictures is not that of X");
    if (data->given_test >= data->x.rows)
        return wrong(env, data, "the given test part leaves no other samples");
    if (data->missing > spred_matrix_stored(&data->x))
        return wrong(env, data, "more missing values than values");
    if (data->n_targets && !data->targets)
        return wrong(env, data, "the targets are missing");
    for (size_t t = 0; t < data->n_targets; t++)
        if ((what = check_target(&data->targets[t], data->x.rows)))
            return wrong(env, data, what);
    return SPRED_OK;
}
