/* matrix.h: what the files of the userdata `matrix` share (private to them,
 * rng.c and coding.c); binding.h has what others use. */
#ifndef LUA_MATRIX_H
#define LUA_MATRIX_H

#include "lua/binding.h"

/* Pushes a zeroed matrix of any storage, its arrays inside the userdata, so
 * that the collector knows their size; stored: entries, for CSC. */
struct lua_matrix *matrix_new(lua_State *L, enum spred_storage storage,
                              size_t rows, size_t cols, size_t stored);
/* Pushes a copy in a storage; rows, cols: which ones in which order, or NULL.
 */
struct lua_matrix *matrix_copy(lua_State *L, const struct spred_matrix *m,
                               enum spred_storage storage, const size_t *rows,
                               size_t n_rows, const size_t *cols,
                               size_t n_cols);
/* Pushes a dense f64 matrix over part of the memory of the one at index. */
struct lua_matrix *matrix_part(lua_State *L, int index, double *data,
                               size_t rows, size_t cols);
/* Pushes size bytes that live as long as they are on the stack. */
void *matrix_scratch(lua_State *L, size_t count, size_t size);

const char *matrix_storage_name(enum spred_storage storage);
/* rows * cols */
size_t matrix_size(const struct spred_matrix *m);
/* One row or one column. */
int matrix_is_vector(const struct spred_matrix *m);

/* A matrix that may be written, dense f64. */
struct lua_matrix *matrix_target(lua_State *L, int index, const char *what);
/* The matrix at index (or a Lua array of numbers, as one column) in dense f64,
 * pushed: itself if it is that already. */
const struct spred_matrix *matrix_dense(lua_State *L, int index,
                                        const char *what);
/* The same, with exactly the sizes of m; a vector of as many values will do for
 * a vector. */
const double *matrix_alike(lua_State *L, int index,
                           const struct spred_matrix *m, const char *what);
/* Argument: 1-based, at most count; gives it 0-based. */
size_t matrix_place(lua_State *L, int index, size_t count, const char *what);
/* Argument: a list of such (table or vector); pushes their userdata. */
size_t *matrix_places(lua_State *L, int index, size_t most, const char *what,
                      size_t *count);
/* A size, 0 or more. */
size_t matrix_length(lua_State *L, int index, const char *what);
/* Raises "what: A x B ... C x D" */
int matrix_mismatch(lua_State *L, const char *what,
                    const struct spred_matrix *a, const struct spred_matrix *b);

/* What column j stores: all its values, or those of a CSC column. */
struct matrix_column {
    const double *values;
    const int32_t *rows; /* NULL: all rows */
    size_t count;
};
/* work: rows values when m is f32, else not used. */
void matrix_column_at(const struct spred_matrix *m, size_t j, double *work,
                      struct matrix_column *out);
/* Such work, pushed (nothing to speak of unless m is f32). */
double *matrix_column_work(lua_State *L, const struct spred_matrix *m);

extern const struct binding_entry matrix_make_functions[],
    matrix_make_methods[], matrix_index_methods[], matrix_algebra_methods[],
    matrix_product_methods[], matrix_stats_methods[], matrix_print_methods[];
/* Value (i, j), 0-based. */
double matrix_value(const struct spred_matrix *m, size_t i, size_t j);
/* Product of two matrices, as __mul. */
int matrix_times(lua_State *L);
/* v[i], m[{i, j}]: as binding_type.index. */
int matrix_get_index(lua_State *L);

#endif
