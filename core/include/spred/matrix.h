/* matrix.h: the three storages of a design matrix: dense f64, dense f32, CSC.
 */
#ifndef SPRED_MATRIX_H
#define SPRED_MATRIX_H

#include <stddef.h>
#include <stdint.h>
#include "spred/env.h"

enum spred_storage { SPRED_F64, SPRED_F32, SPRED_CSC };

/* rows = samples (n), cols = features (p). Dense storages are column-major:
 * element (i, j) is f64[i + j * rows]. CSC: column j owns entries
 * colptr[j]..colptr[j+1]-1; rowind ascends inside a column. Exactly the arrays
 * of the storage are non-NULL. `owned`: spred_matrix_free frees the arrays;
 * otherwise they are borrowed and must outlive the matrix. */
struct spred_matrix {
    enum spred_storage storage;
    size_t rows, cols;
    double *f64;     /* rows * cols */
    float *f32;      /* rows * cols */
    int64_t *colptr; /* cols + 1 */
    int32_t *rowind; /* colptr[cols] */
    double *values;  /* colptr[cols] */
    int owned;
};

/* Allocates zeroed arrays; stored = number of entries, used for CSC only. */
SPRED_API enum spred_status
spred_matrix_new(struct spred_env *env, enum spred_storage storage, size_t rows,
                 size_t cols, size_t stored, struct spred_matrix *out);
SPRED_API void spred_matrix_free(struct spred_env *env, struct spred_matrix *m);

/* Stored entries: rows * cols, or colptr[cols]. */
SPRED_API size_t spred_matrix_stored(const struct spred_matrix *m);

/* out[i] = element (i, j), i = 0..rows-1. */
SPRED_API void spred_matrix_column(const struct spred_matrix *m, size_t j,
                                   double *out);

/* A new owned matrix of the same storage with the given rows (which may
 * repeat) and columns, in the given order; NULL means all of them. */
SPRED_API enum spred_status spred_matrix_take(struct spred_env *env,
                                              const struct spred_matrix *m,
                                              const size_t *rows, size_t n_rows,
                                              const size_t *cols, size_t n_cols,
                                              struct spred_matrix *out);

/* The same matrix in another storage, owned. */
SPRED_API enum spred_status spred_matrix_convert(struct spred_env *env,
                                                 const struct spred_matrix *m,
                                                 enum spred_storage storage,
                                                 struct spred_matrix *out);

/* The three below fill a matrix whose storage, sizes and arrays the caller has
 * made; nothing is allocated. */

/* Entries that the taken rows and columns (as above) of m hold when stored by
 * columns; work: 2 * m->rows values. */
SPRED_API size_t spred_matrix_count(const struct spred_matrix *m,
                                    const size_t *rows, size_t n_rows,
                                    const size_t *cols, size_t n_cols,
                                    double *work);
/* out, of any storage, becomes the taken rows and columns; CSC needs room for
 * spred_matrix_count entries. work: m->rows + out->rows values. */
SPRED_API void spred_matrix_fill(const struct spred_matrix *m,
                                 const size_t *rows, const size_t *cols,
                                 struct spred_matrix *out, double *work);
/* out = m', of the same storage; CSC needs room for as many entries. */
SPRED_API void spred_matrix_transpose(const struct spred_matrix *m,
                                      struct spred_matrix *out);

/* Mean and standard deviation (divisor n) of every column, as preprocessing
 * learns them: exactly 0 for a constant column. Not finite where a value is
 * not, or where there are no rows. mean, deviation: cols values; work: rows. */
SPRED_API void spred_matrix_spread(const struct spred_matrix *m, double *mean,
                                   double *deviation, double *work);

#endif
