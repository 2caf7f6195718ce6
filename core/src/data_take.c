/* data_take.c: a data set of some of the samples of another. */
#include "spred/data.h"

#include <math.h>
#include <string.h>

static enum spred_status copy_names(struct spred_env *env, char *const *names,
                                    const size_t *rows, size_t n, char ***out)
{
    *out = spred_alloc(env, n, sizeof **out);
    if (!*out)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (!((*out)[i] = spred_strdup(env, names[rows ? rows[i] : i])))
            return SPRED_ENOMEM;
    return SPRED_OK;
}

static enum spred_status copy_target(struct spred_env *env,
                                     const struct spred_target *from,
                                     const size_t *rows, size_t n,
                                     struct spred_target *to)
{
    to->kind = from->kind;
    to->name = spred_strdup(env, from->name);
    if (!to->name)
        return SPRED_ENOMEM;
    if (from->kind == SPRED_TARGET_REAL) {
        to->values = spred_alloc(env, n, sizeof *to->values);
        for (size_t i = 0; to->values && i < n; i++)
            to->values[i] = from->values[rows[i]];
        return to->values ? SPRED_OK : SPRED_ENOMEM;
    }
    to->codes = spred_alloc(env, n, sizeof *to->codes);
    for (size_t i = 0; to->codes && i < n; i++)
        to->codes[i] = from->codes[rows[i]];
    if (!to->codes)
        return SPRED_ENOMEM;
    /* Names that are not there yet are NULL: freeing them is fine. */
    enum spred_status status =
        copy_names(env, from->levels, NULL, from->n_levels, &to->levels);
    to->n_levels = to->levels ? from->n_levels : 0;
    return status;
}

static enum spred_status copy(struct spred_env *env,
                              const struct spred_data *data, const size_t *rows,
                              size_t n, struct spred_data *out)
{
    size_t p = data->x.cols;
    SPRED_TRY(
        spred_matrix_take(env, &data->x, rows, n, NULL, data->x.cols, &out->x));
    out->name = spred_strdup(env, data->name);
    out->source = spred_strdup(env, data->source);
    out->note = spred_strdup(env, data->note);
    if (!out->name || !out->source || !out->note)
        return SPRED_ENOMEM;
    SPRED_TRY(copy_names(env, data->features, NULL, p, &out->features));
    SPRED_TRY(copy_names(env, data->symbols, NULL, p, &out->symbols));
    SPRED_TRY(copy_names(env, data->samples, rows, n, &out->samples));
    out->targets = spred_alloc(env, data->n_targets, sizeof *out->targets);
    if (!out->targets)
        return SPRED_ENOMEM;
    out->n_targets = data->n_targets;
    for (size_t t = 0; t < data->n_targets; t++)
        SPRED_TRY(
            copy_target(env, &data->targets[t], rows, n, &out->targets[t]));
    if (data->truth) {
        out->truth = spred_alloc(env, p, sizeof *out->truth);
        if (!out->truth)
            return SPRED_ENOMEM;
        memcpy(out->truth, data->truth, p * sizeof *out->truth);
    }
    out->simulated = data->simulated;
    out->height = data->height;
    out->width = data->width;
    out->channels = data->channels;
    memcpy(out->hash, data->hash, sizeof out->hash);
    for (size_t e = 0; data->missing && e < n * p; e++)
        out->missing += out->x.f64   ? isnan(out->x.f64[e]) != 0
                        : out->x.f32 ? isnan(out->x.f32[e]) != 0
                                     : 0;
    return SPRED_OK;
}

enum spred_status spred_data_take(struct spred_env *env,
                                  const struct spred_data *data,
                                  const size_t *rows, size_t n,
                                  struct spred_data *out)
{
    memset(out, 0, sizeof *out);
    enum spred_status status = copy(env, data, rows, n, out);
    size_t test = 0, first = data->x.rows - data->given_test;
    while (test < n && rows[n - 1 - test] >= first)
        test++;
    out->given_test = test < n ? test : 0;
    if (status != SPRED_OK)
        spred_data_free(env, out);
    return status;
}
