/* preprocess_apply.c: raw rows -> prepared rows, learning nothing from them. */
#include "preprocess_column.h"

#include <math.h>
#include <string.h>

enum spred_status spred_preprocess_column(struct spred_env *env,
                                          const struct spred_prepared *prepared,
                                          const struct spred_matrix *raw,
                                          const size_t *rows, size_t n_rows,
                                          size_t j, double *out,
                                          size_t *missing)
{
    *missing = 0;
    for (size_t i = 0; i < n_rows; i++) {
        size_t row = rows ? rows[i] : i, at = row + j * raw->rows;
        double x = raw->f64 ? raw->f64[at] : (double)raw->f32[at];
        if (isinf(x))
            return spred_fail(env, SPRED_EINVAL,
                              "preprocess: sample %zu, feature %zu is infinite",
                              row + 1, j + 1);
        if (isnan(x))
            (*missing)++;
        else if (prepared->log2)
            x = log2(x > prepared->log2_floor ? x : prepared->log2_floor);
        out[i] = raw->f32 ? (double)(float)x : x;
    }
    return SPRED_OK;
}

enum spred_status spred_preprocess_rows(struct spred_env *env,
                                        const struct spred_matrix *raw,
                                        const size_t *rows, size_t *n_rows)
{
    *n_rows = rows ? *n_rows : raw->rows;
    for (size_t i = 0; rows && i < *n_rows; i++)
        if (rows[i] >= raw->rows)
            return spred_fail(env, SPRED_EINVAL,
                              "preprocess: row %zu of a matrix with %zu rows",
                              rows[i], raw->rows);
    return SPRED_OK;
}

enum spred_status spred_preprocess_finite(struct spred_env *env,
                                          const struct spred_matrix *m)
{
    for (size_t k = 0; m->values && k < spred_matrix_stored(m); k++)
        if (!isfinite(m->values[k]))
            return spred_fail(env, SPRED_EINVAL,
                              "preprocess: a sparse matrix holds a value that "
                              "is not finite");
    return SPRED_OK;
}

static enum spred_status transform_sparse(struct spred_env *env,
                                          const struct spred_prepared *prepared,
                                          const struct spred_matrix *raw,
                                          const size_t *rows, size_t n_rows,
                                          struct spred_matrix *out)
{
    if (prepared->log2)
        return spred_fail(env, SPRED_EMISMATCH,
                          "preprocess: log2 was learnt from dense values, this "
                          "matrix is sparse");
    SPRED_TRY(spred_matrix_take(env, raw, rows, n_rows, prepared->kept,
                                prepared->p, out));
    enum spred_status status = spred_preprocess_finite(env, out);
    if (status != SPRED_OK)
        spred_matrix_free(env, out);
    return status;
}

static enum spred_status fill(struct spred_env *env,
                              const struct spred_prepared *prepared,
                              const size_t *rows, size_t n_rows, size_t k,
                              double *column)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (!isnan(column[i]))
            continue;
        if (!prepared->median)
            return spred_fail(env, SPRED_EINVAL,
                              "preprocess: sample %zu, feature %zu is missing, "
                              "and missing values are refused",
                              (rows ? rows[i] : i) + 1, prepared->kept[k] + 1);
        column[i] = prepared->median[k];
    }
    return SPRED_OK;
}

static void store(struct spred_matrix *m, size_t k, const double *column)
{
    if (m->f64) {
        memcpy(m->f64 + k * m->rows, column, m->rows * sizeof *column);
        return;
    }
    for (size_t i = 0; i < m->rows; i++)
        m->f32[i + k * m->rows] = (float)column[i];
}

enum spred_status spred_preprocess_transform(
    struct spred_env *env, const struct spred_prepared *prepared,
    const struct spred_matrix *raw, const size_t *rows, size_t n_rows,
    struct spred_matrix *out, size_t *filled)
{
    memset(out, 0, sizeof *out);
    *filled = 0;
    if (raw->cols != prepared->p_raw)
        return spred_fail(env, SPRED_EMISMATCH,
                          "preprocess: %zu features, learnt from %zu",
                          raw->cols, prepared->p_raw);
    SPRED_TRY(spred_preprocess_rows(env, raw, rows, &n_rows));
    if (raw->storage == SPRED_CSC)
        return transform_sparse(env, prepared, raw, rows, n_rows, out);
    double *column = spred_alloc(env, n_rows, sizeof *column);
    if (!column)
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_matrix_new(env, raw->storage, n_rows, prepared->p, 0, out);
    for (size_t k = 0; status == SPRED_OK && k < prepared->p; k++) {
        size_t missing;
        status = spred_preprocess_column(env, prepared, raw, rows, n_rows,
                                         prepared->kept[k], column, &missing);
        if (status == SPRED_OK && missing)
            status = fill(env, prepared, rows, n_rows, k, column);
        if (status == SPRED_OK)
            store(out, k, column);
        *filled += missing;
    }
    if (status != SPRED_OK)
        spred_matrix_free(env, out);
    spred_free(env, column);
    return status;
}

enum spred_status spred_prepared_apply(struct spred_env *env,
                                       const struct spred_prepared *prepared,
                                       const struct spred_matrix *raw,
                                       const size_t *rows, size_t n_rows,
                                       struct spred_matrix *out)
{
    size_t filled;
    return spred_preprocess_transform(env, prepared, raw, rows, n_rows, out,
                                      &filled);
}

void spred_prepared_free(struct spred_env *env, struct spred_prepared *prepared)
{
    spred_free(env, prepared->kept);
    spred_free(env, prepared->median);
    spred_free(env, prepared->mean);
    spred_free(env, prepared->scale);
    spred_free(env, prepared->report);
    memset(prepared, 0, sizeof *prepared);
}
