/* preprocess_column.h: the one place where a raw column becomes a prepared one
 * (private: learning and applying must do exactly the same). */
#ifndef SPRED_PREPROCESS_COLUMN_H
#define SPRED_PREPROCESS_COLUMN_H

#include "spred/preprocess.h"

/* out[i] = raw(rows[i], j), after log2 if prepared->log2, rounded to the
 * storage of raw; NaN cells stay NaN and are counted in *missing. raw is dense;
 * rows NULL: all. SPRED_EINVAL: an infinite value. */
enum spred_status spred_preprocess_column(struct spred_env *env,
                                          const struct spred_prepared *prepared,
                                          const struct spred_matrix *raw,
                                          const size_t *rows, size_t n_rows,
                                          size_t j, double *out,
                                          size_t *missing);

/* The number of rows asked for, after checking each against raw. */
enum spred_status spred_preprocess_rows(struct spred_env *env,
                                        const struct spred_matrix *raw,
                                        const size_t *rows, size_t *n_rows);

/* SPRED_EINVAL: a sparse matrix holds a value that is not finite. */
enum spred_status spred_preprocess_finite(struct spred_env *env,
                                          const struct spred_matrix *m);

/* spred_prepared_apply that also counts the cells filled. */
enum spred_status spred_preprocess_transform(
    struct spred_env *env, const struct spred_prepared *prepared,
    const struct spred_matrix *raw, const size_t *rows, size_t n_rows,
    struct spred_matrix *out, size_t *filled);

#endif
