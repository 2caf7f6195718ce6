/* matrix.c: making, copying and converting the three storages. */
#include "spred/matrix.h"

#include <string.h>

void spred_matrix_free(struct spred_env *env, struct spred_matrix *m)
{
    if (m->owned) {
        spred_free(env, m->f64);
        spred_free(env, m->f32);
        spred_free(env, m->colptr);
        spred_free(env, m->rowind);
        spred_free(env, m->values);
    }
    memset(m, 0, sizeof *m);
}

enum spred_status spred_matrix_new(struct spred_env *env,
                                   enum spred_storage storage, size_t rows,
                                   size_t cols, size_t stored,
                                   struct spred_matrix *out)
{
    memset(out, 0, sizeof *out);
    out->storage = storage;
    out->rows = rows;
    out->cols = cols;
    out->owned = 1;
    if (rows > INT32_MAX || (rows && cols > SIZE_MAX / 16 / rows))
        return spred_fail(env, SPRED_EINVAL, "matrix %zu x %zu is too large",
                          rows, cols);
    int ok = 1;
    if (storage == SPRED_F64) {
        ok = (out->f64 = spred_alloc(env, rows * cols, sizeof(double))) != NULL;
    } else if (storage == SPRED_F32) {
        ok = (out->f32 = spred_alloc(env, rows * cols, sizeof(float))) != NULL;
    } else {
        out->colptr = spred_alloc(env, cols + 1, sizeof *out->colptr);
        out->rowind = spred_alloc(env, stored, sizeof *out->rowind);
        out->values = spred_alloc(env, stored, sizeof *out->values);
        ok = out->colptr && out->rowind && out->values;
    }
    if (!ok) {
        spred_matrix_free(env, out);
        return SPRED_ENOMEM;
    }
    return SPRED_OK;
}

size_t spred_matrix_stored(const struct spred_matrix *m)
{
    return m->storage == SPRED_CSC ? (size_t)m->colptr[m->cols]
                                   : m->rows * m->cols;
}

void spred_matrix_column(const struct spred_matrix *m, size_t j, double *out)
{
    size_t n = m->rows;
    if (m->storage == SPRED_F64) {
        memcpy(out, m->f64 + j * n, n * sizeof *out);
    } else if (m->storage == SPRED_F32) {
        const float *column = m->f32 + j * n;
        for (size_t i = 0; i < n; i++)
            out[i] = (double)column[i];
    } else {
        memset(out, 0, n * sizeof *out);
        for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++)
            out[m->rowind[e]] = m->values[e];
    }
}

static void set_column(struct spred_matrix *m, size_t j, const double *in)
{
    size_t n = m->rows;
    if (m->storage == SPRED_F64) {
        memcpy(m->f64 + j * n, in, n * sizeof *in);
    } else if (m->storage == SPRED_F32) {
        float *column = m->f32 + j * n;
        for (size_t i = 0; i < n; i++)
            column[i] = (float)in[i];
    } else {
        int64_t e = m->colptr[j];
        for (size_t i = 0; i < n; i++)
            if (in[i] != 0) { /* NaN stays */
                m->rowind[e] = (int32_t)i;
                m->values[e++] = in[i];
            }
        m->colptr[j + 1] = e;
    }
}

size_t spred_matrix_count(const struct spred_matrix *m, const size_t *rows,
                          size_t n_rows, const size_t *cols, size_t n_cols,
                          double *work)
{
    double *times = work, *column = work + m->rows, total = 0;
    n_rows = rows ? n_rows : m->rows;
    n_cols = cols ? n_cols : m->cols;
    memset(times, 0, m->rows * sizeof *times);
    for (size_t i = 0; i < n_rows; i++)
        times[rows ? rows[i] : i] += 1;
    for (size_t k = 0; k < n_cols; k++) {
        spred_matrix_column(m, cols ? cols[k] : k, column);
        for (size_t i = 0; i < m->rows; i++)
            if (column[i] != 0)
                total += times[i];
    }
    return (size_t)total;
}

void spred_matrix_fill(const struct spred_matrix *m, const size_t *rows,
                       const size_t *cols, struct spred_matrix *out,
                       double *work)
{
    double *from = work, *to = rows ? from + m->rows : from;
    if (out->storage == SPRED_CSC)
        out->colptr[0] = 0;
    for (size_t k = 0; k < out->cols; k++) {
        spred_matrix_column(m, cols ? cols[k] : k, from);
        for (size_t i = 0; rows && i < out->rows; i++)
            to[i] = from[rows[i]];
        set_column(out, k, to);
    }
}

static void transpose_sparse(const struct spred_matrix *m,
                             struct spred_matrix *out)
{
    size_t stored = (size_t)m->colptr[m->cols];
    int64_t *next = out->colptr; /* of row i: where its next entry goes */
    memset(next, 0, (m->rows + 1) * sizeof *next);
    for (size_t e = 0; e < stored; e++)
        next[m->rowind[e] + 1]++;
    for (size_t i = 0; i < m->rows; i++)
        next[i + 1] += next[i];
    for (size_t j = 0; j < m->cols; j++)
        for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++) {
            int64_t to = next[m->rowind[e]]++;
            out->rowind[to] = (int32_t)j;
            out->values[to] = m->values[e];
        }
    for (size_t i = m->rows; i > 0; i--) /* next[i] is now the end of row i */
        next[i] = next[i - 1];
    next[0] = 0;
}

void spred_matrix_transpose(const struct spred_matrix *m,
                            struct spred_matrix *out)
{
    enum { BLOCK = 32 }; /* both sides of a block stay in the cache */
    size_t n = m->rows, p = m->cols;
    if (m->storage == SPRED_CSC) {
        transpose_sparse(m, out);
        return;
    }
    for (size_t j0 = 0; j0 < p; j0 += BLOCK)
        for (size_t i0 = 0; i0 < n; i0 += BLOCK)
            for (size_t j = j0; j < p && j < j0 + BLOCK; j++)
                for (size_t i = i0; i < n && i < i0 + BLOCK; i++)
                    if (m->storage == SPRED_F64)
                        out->f64[j + i * p] = m->f64[i + j * n];
                    else
                        out->f32[j + i * p] = m->f32[i + j * n];
}

static enum spred_status
copy_as(struct spred_env *env, const struct spred_matrix *m, const size_t *rows,
        size_t n_rows, const size_t *cols, size_t n_cols,
        enum spred_storage storage, struct spred_matrix *out)
{
    n_rows = rows ? n_rows : m->rows;
    n_cols = cols ? n_cols : m->cols;
    memset(out, 0, sizeof *out);
    double *work = spred_alloc(env, 2 * m->rows + n_rows, sizeof *work);
    if (!work)
        return SPRED_ENOMEM;
    size_t stored = 0;
    if (storage == SPRED_CSC)
        stored = spred_matrix_count(m, rows, n_rows, cols, n_cols, work);
    enum spred_status status =
        spred_matrix_new(env, storage, n_rows, n_cols, stored, out);
    if (status == SPRED_OK)
        spred_matrix_fill(m, rows, cols, out, work);
    spred_free(env, work);
    return status;
}

/* Counts (out NULL) or copies the stored entries of the taken columns; place:
 * new row of each old one, -1 = not taken. */
static size_t walk_entries(const struct spred_matrix *m, const int32_t *place,
                           const size_t *cols, size_t n_cols,
                           struct spred_matrix *out)
{
    size_t stored = 0;
    for (size_t k = 0; k < n_cols; k++) {
        size_t j = cols ? cols[k] : k;
        for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++) {
            int32_t row = place[m->rowind[e]];
            if (row < 0 || m->values[e] == 0)
                continue;
            if (out) {
                out->rowind[stored] = row;
                out->values[stored] = m->values[e];
            }
            stored++;
        }
        if (out)
            out->colptr[k + 1] = (int64_t)stored;
    }
    return stored;
}

/* CSC with strictly ascending rows (a split): one pass over stored entries. */
static enum spred_status take_sparse(struct spred_env *env,
                                     const struct spred_matrix *m,
                                     const size_t *rows, size_t n_rows,
                                     const size_t *cols, size_t n_cols,
                                     struct spred_matrix *out)
{
    n_rows = rows ? n_rows : m->rows;
    n_cols = cols ? n_cols : m->cols;
    memset(out, 0, sizeof *out);
    int32_t *place = spred_alloc(env, m->rows, sizeof *place);
    if (!place)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < m->rows; i++)
        place[i] = -1;
    for (size_t i = 0; i < n_rows; i++)
        place[rows ? rows[i] : i] = (int32_t)i;
    size_t stored = walk_entries(m, place, cols, n_cols, NULL);
    enum spred_status status =
        spred_matrix_new(env, SPRED_CSC, n_rows, n_cols, stored, out);
    if (status == SPRED_OK)
        walk_entries(m, place, cols, n_cols, out);
    spred_free(env, place);
    return status;
}

static int ascending(const size_t *rows, size_t n_rows)
{
    for (size_t i = 1; rows && i < n_rows; i++)
        if (rows[i] <= rows[i - 1])
            return 0;
    return 1;
}

enum spred_status spred_matrix_take(struct spred_env *env,
                                    const struct spred_matrix *m,
                                    const size_t *rows, size_t n_rows,
                                    const size_t *cols, size_t n_cols,
                                    struct spred_matrix *out)
{
    if (m->storage == SPRED_CSC && ascending(rows, n_rows))
        return take_sparse(env, m, rows, n_rows, cols, n_cols, out);
    return copy_as(env, m, rows, n_rows, cols, n_cols, m->storage, out);
}

enum spred_status spred_matrix_convert(struct spred_env *env,
                                       const struct spred_matrix *m,
                                       enum spred_storage storage,
                                       struct spred_matrix *out)
{
    return copy_as(env, m, NULL, 0, NULL, 0, storage, out);
}
