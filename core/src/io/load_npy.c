/* load_npy.c: a NumPy matrix, samples in rows, used in place where it lies as
 * solvers want it (columns one after another); and a NumPy vector as y. */
#include "npy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "spred/text.h"

/* Side of the square blocks in which rows become columns. */
#define BLOCK ((size_t)64)
/* Whole numbers up to here are exact in a double. */
#define WHOLE_MAX 9007199254740992.0
/* Such a number as text. */
#define WHOLE_SIZE ((size_t)24)

/* The mapped file itself is the matrix: nothing is copied, and out keeps the
 * mapping. 0: it must be copied. */
static int use_in_place(const struct spred_bytes *file,
                        const struct spred_npy *npy, struct spred_data *out)
{
    struct spred_matrix *x = &out->x;
    int floats = npy->type == SPRED_NPY_F8 || npy->type == SPRED_NPY_F4;
    if (!file->mapped || !floats || !npy->fortran ||
        (uintptr_t)npy->values % npy->item)
        return 0;
    x->storage = npy->type == SPRED_NPY_F8 ? SPRED_F64 : SPRED_F32;
    x->rows = npy->dims[0];
    x->cols = npy->dims[1];
    if (x->storage == SPRED_F64)
        x->f64 = (double *)(void *)(size_t)npy->values;
    else
        x->f32 = (float *)(void *)(size_t)npy->values;
    out->mapping = file->bytes;
    out->mapping_size = file->mapped;
    return 1;
}

static void copy_block(const struct spred_npy *npy, size_t row, size_t col,
                       struct spred_matrix *x)
{
    size_t n = x->rows, p = x->cols;
    size_t last = row + BLOCK < n ? row + BLOCK : n;
    size_t end = col + BLOCK < p ? col + BLOCK : p;
    for (size_t j = col; j < end; j++)
        for (size_t i = row; i < last; i++) {
            double value =
                spred_npy_value(npy, npy->fortran ? i + j * n : i * p + j);
            if (x->f64)
                x->f64[i + j * n] = value;
            else
                x->f32[i + j * n] = (float)value;
        }
}

static enum spred_status
copy(struct spred_env *env, const struct spred_npy *npy, struct spred_matrix *x)
{
    SPRED_TRY(
        spred_matrix_new(env, npy->type == SPRED_NPY_F4 ? SPRED_F32 : SPRED_F64,
                         npy->dims[0], npy->dims[1], 0, x));
    for (size_t j = 0; j < x->cols; j += BLOCK) {
        SPRED_TRY(spred_check_cancel(env));
        for (size_t i = 0; i < x->rows; i += BLOCK)
            copy_block(npy, i, j, x);
    }
    return SPRED_OK;
}

static size_t count_missing(const struct spred_matrix *x)
{
    size_t missing = 0, count = x->rows * x->cols;
    for (size_t k = 0; k < count; k++)
        missing += x->f64 ? isnan(x->f64[k]) != 0 : isnan(x->f32[k]) != 0;
    return missing;
}

static enum spred_status npy_read(struct spred_env *env,
                                  const struct spred_bytes *file,
                                  const struct spred_load_options *options,
                                  struct spred_data *out)
{
    struct spred_npy npy;
    (void)options;
    SPRED_TRY(spred_npy_open(env, file, &npy));
    if (npy.n_dims != 2)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found an array of %zu dimension%s, expected 2: "
                          "samples x features (one feature: X[:, None]; a "
                          "response goes to `labels:`)",
                          file->path, npy.n_dims, npy.n_dims == 1 ? "" : "s");
    if (npy.dims[0] > INT32_MAX)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found %zu samples, expected fewer", file->path,
                          npy.dims[0]);
    const char *slash = strrchr(file->path, '/');
    out->source = spred_format(env, "%s: NumPy array of %s",
                               slash ? slash + 1 : file->path,
                               npy.type == SPRED_NPY_F8   ? "doubles"
                               : npy.type == SPRED_NPY_F4 ? "floats"
                                                          : "integers");
    if (!out->source)
        return SPRED_ENOMEM;
    if (!use_in_place(file, &npy, out))
        SPRED_TRY(copy(env, &npy, &out->x));
    out->missing = count_missing(&out->x);
    return spred_data_number_names(env, out);
}

/* Are they whole numbers (NaN aside)? */
static int whole(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]) &&
            (fabs(values[i]) > WHOLE_MAX || floor(values[i]) < values[i]))
            return 0;
    return 1;
}

/* As the labels of LIBSVM text: its rules say what is a class. */
static enum spred_status add_whole(struct spred_env *env, const double *values,
                                   size_t n, struct spred_data *data)
{
    char *text = spred_alloc(env, n * WHOLE_SIZE, 1);
    struct spred_span *cells = spred_alloc(env, n, sizeof *cells);
    enum spred_status status = text && cells ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < n; i++) {
        char *at = text + i * WHOLE_SIZE;
        int length = isnan(values[i]) ? 0
                                      : snprintf(at, WHOLE_SIZE, "%" PRId64,
                                                 (int64_t)values[i]);
        cells[i] = (struct spred_span){at, (size_t)length};
    }
    if (status == SPRED_OK)
        status = spred_targets_of_numbers(env, data, cells, n);
    spred_free(env, cells);
    spred_free(env, text);
    return status;
}

enum spred_status spred_npy_labels(struct spred_env *env,
                                   const struct spred_bytes *file,
                                   struct spred_data *data)
{
    struct spred_npy npy;
    SPRED_TRY(spred_npy_open(env, file, &npy));
    size_t n = npy.dims[0];
    if (npy.n_dims == 0 || npy.dims[1] != 1)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found an array of %zu dimensions, %zu x %zu, "
                          "expected one value for each sample",
                          file->path, npy.n_dims, n, npy.dims[1]);
    if (n != data->x.rows)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found %zu values, expected %zu as there are "
                          "samples",
                          file->path, n, data->x.rows);
    double *values = spred_alloc(env, n, sizeof *values);
    if (!values)
        return SPRED_ENOMEM;
    enum spred_status status = SPRED_OK;
    size_t missing = 0;
    for (size_t i = 0; status == SPRED_OK && i < n; i++) {
        values[i] = spred_npy_value(&npy, i);
        missing += isnan(values[i]) != 0;
        if (isinf(values[i]))
            status = spred_fail(env, SPRED_EFORMAT,
                                "%s: found an infinite value for sample %zu, "
                                "expected a number",
                                file->path, i + 1);
    }
    if (status == SPRED_OK && missing == n)
        status = spred_fail(env, SPRED_EFORMAT,
                            "%s: found missing values only, expected numbers",
                            file->path);
    if (status == SPRED_OK)
        status = whole(values, n) ? add_whole(env, values, n, data)
                                  : spred_target_reals(env, data, values, n);
    spred_free(env, values);
    return status;
}

static int npy_probe(const char *bytes, size_t length)
{
    return spred_is_npy(bytes, length) ? 100 : 0;
}

const struct spred_loader spred_load_npy = {
    "numpy", "npy, npy.gz",
    "NumPy matrix, samples in rows; NAME.y.npy beside NAME.X.npy is y",
    npy_probe, npy_read};
