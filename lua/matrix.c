/* matrix.c: the userdata `matrix`: its memory, its views, and the checks of
 * those who take one. */
#include "lua/matrix.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

/* Arrays begin at a multiple of this, for the vector units. */
#define ALIGNMENT 64
/* Far above every memory, far below overflow. */
#define MOST_VALUES ((size_t)1 << 48)

static int get_rows(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)binding_matrix_check(L, 1)->m.rows);
    return 1;
}

static int get_cols(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)binding_matrix_check(L, 1)->m.cols);
    return 1;
}

static int get_size(lua_State *L)
{
    lua_pushinteger(L,
                    (lua_Integer)matrix_size(&binding_matrix_check(L, 1)->m));
    return 1;
}

static int get_storage(lua_State *L)
{
    enum spred_storage storage = binding_matrix_check(L, 1)->m.storage;
    lua_pushstring(L, matrix_storage_name(storage));
    return 1;
}

static int get_stored(lua_State *L)
{
    const struct lua_matrix *matrix = binding_matrix_check(L, 1);
    lua_pushinteger(L, (lua_Integer)spred_matrix_stored(&matrix->m));
    return 1;
}

static int get_read_only(lua_State *L)
{
    lua_pushboolean(L, binding_matrix_check(L, 1)->read_only);
    return 1;
}

static const struct binding_entry properties[] = {
    {"rows", get_rows, "m.rows", "Number of rows."},
    {"cols", get_cols, "m.cols", "Number of columns."},
    {"size", get_size, "m.size", "Number of values, rows times columns."},
    {"storage", get_storage, "m.storage",
     "\"f64\" or \"f32\" (dense, by columns) or \"csc\" (sparse by columns)."},
    {"stored", get_stored, "m.stored",
     "Number of values that are stored: all of a dense matrix, the entries of "
     "a sparse one."},
    {"read_only", get_read_only, "m.read_only",
     "true if the values may not be written (copy() may)."},
    {0}};

const struct binding_type binding_matrix = {
    "matrix",
    "A matrix of numbers, dense (f64, f32) or sparse by columns; a vector is a "
    "matrix with one column. Indices begin at 1.",
    NULL, properties, matrix_get_index};

const char *matrix_storage_name(enum spred_storage storage)
{
    return storage == SPRED_F64 ? "f64" : storage == SPRED_F32 ? "f32" : "csc";
}

size_t matrix_size(const struct spred_matrix *m)
{
    return m->rows * m->cols;
}

int matrix_is_vector(const struct spred_matrix *m)
{
    return m->cols == 1 || m->rows == 1;
}

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

struct lua_matrix *matrix_new(lua_State *L, enum spred_storage storage,
                              size_t rows, size_t cols, size_t stored)
{
    if (rows > INT_MAX || cols > INT_MAX || stored > MOST_VALUES ||
        (storage != SPRED_CSC && rows * cols > MOST_VALUES))
        luaL_error(L, "a matrix of %I x %I is too large", (lua_Integer)rows,
                   (lua_Integer)cols);
    size_t bytes[3] = {rows * cols * sizeof(double), 0, 0};
    if (storage == SPRED_F32)
        bytes[0] = rows * cols * sizeof(float);
    if (storage == SPRED_CSC) {
        bytes[0] = (cols + 1) * sizeof(int64_t);
        bytes[1] = stored * sizeof(double);
        bytes[2] = stored * sizeof(int32_t);
    }
    size_t second = round_up(bytes[0]), third = second + round_up(bytes[1]);
    struct lua_matrix *matrix = binding_new(
        L, &binding_matrix, sizeof *matrix + ALIGNMENT + third + bytes[2], 1);
    char *from = (char *)(matrix + 1);
    from += (ALIGNMENT - (uintptr_t)from % ALIGNMENT) % ALIGNMENT;
    matrix->m =
        (struct spred_matrix){.storage = storage, .rows = rows, .cols = cols};
    if (storage == SPRED_F64) {
        matrix->m.f64 = (double *)(void *)from;
    } else if (storage == SPRED_F32) {
        matrix->m.f32 = (float *)(void *)from;
    } else {
        matrix->m.colptr = (int64_t *)(void *)from;
        matrix->m.values = (double *)(void *)(from + second);
        matrix->m.rowind = (int32_t *)(void *)(from + third);
    }
    return matrix;
}

double *binding_matrix_new(lua_State *L, size_t rows, size_t cols)
{
    return matrix_new(L, SPRED_F64, rows, cols, 0)->m.f64;
}

struct lua_matrix *matrix_copy(lua_State *L, const struct spred_matrix *m,
                               enum spred_storage storage, const size_t *rows,
                               size_t n_rows, const size_t *cols, size_t n_cols)
{
    size_t stored = 0;
    n_rows = rows ? n_rows : m->rows;
    n_cols = cols ? n_cols : m->cols;
    double *work = matrix_scratch(L, 2 * m->rows + n_rows, sizeof *work);
    if (storage == SPRED_CSC)
        stored = spred_matrix_count(m, rows, n_rows, cols, n_cols, work);
    struct lua_matrix *copy = matrix_new(L, storage, n_rows, n_cols, stored);
    spred_matrix_fill(m, rows, cols, &copy->m, work);
    lua_remove(L, -2);
    return copy;
}

struct lua_matrix *binding_matrix_over(lua_State *L, int owner,
                                       const int *alive,
                                       const struct spred_matrix *m,
                                       int read_only)
{
    owner = lua_absindex(L, owner);
    struct lua_matrix *matrix =
        binding_new(L, &binding_matrix, sizeof *matrix, 1);
    matrix->m = *m;
    matrix->m.owned = 0;
    matrix->alive = alive;
    matrix->read_only = read_only;
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 1);
    return matrix;
}

struct lua_matrix *binding_matrix_view(lua_State *L, int owner,
                                       const int *alive, double *data,
                                       size_t rows, size_t cols, int read_only)
{
    const struct spred_matrix m = {
        .storage = SPRED_F64, .rows = rows, .cols = cols, .f64 = data};
    return binding_matrix_over(L, owner, alive, &m, read_only);
}

struct lua_matrix *matrix_part(lua_State *L, int index, double *data,
                               size_t rows, size_t cols)
{
    const struct lua_matrix *whole = binding_matrix_check(L, index);
    index = lua_absindex(L, index);
    if (lua_getiuservalue(L, index, 1) ==
        LUA_TNIL) { /* the memory is its own */
        lua_pop(L, 1);
        lua_pushvalue(L, index);
    }
    struct lua_matrix *part = binding_matrix_view(L, -1, whole->alive, data,
                                                  rows, cols, whole->read_only);
    lua_remove(L, -2);
    return part;
}

void *matrix_scratch(lua_State *L, size_t count, size_t size)
{
    if (count > MOST_VALUES)
        luaL_error(L, "%I values are too many", (lua_Integer)count);
    return lua_newuserdatauv(L, count * size, 0);
}

struct lua_matrix *binding_matrix_check(lua_State *L, int index)
{
    struct lua_matrix *matrix = binding_check(L, index, &binding_matrix);
    if (matrix->alive && !*matrix->alive)
        luaL_error(L, "this matrix belonged to a run that is over: copy() "
                      "what is to stay");
    return matrix;
}

struct lua_matrix *matrix_target(lua_State *L, int index, const char *what)
{
    struct lua_matrix *matrix = binding_matrix_check(L, index);
    if (matrix->m.storage != SPRED_F64)
        luaL_error(L,
                   "%s: only a dense f64 matrix can be written, this one is %s "
                   "(m:to(\"f64\") copies it)",
                   what, matrix_storage_name(matrix->m.storage));
    if (matrix->read_only)
        luaL_error(L, "%s: this matrix may only be read (copy() it)", what);
    return matrix;
}

int matrix_mismatch(lua_State *L, const char *what,
                    const struct spred_matrix *a, const struct spred_matrix *b)
{
    return luaL_error(L, "%s: the sizes differ: %I x %I and %I x %I", what,
                      (lua_Integer)a->rows, (lua_Integer)a->cols,
                      (lua_Integer)b->rows, (lua_Integer)b->cols);
}

static struct lua_matrix *check_size(lua_State *L, int index, size_t rows,
                                     size_t cols, const char *what)
{
    if (!binding_test(L, index, &binding_matrix))
        luaL_error(L, "%s: expected a matrix, got a %s", what,
                   luaL_typename(L, index));
    struct lua_matrix *matrix = binding_matrix_check(L, index);
    if (matrix->m.storage != SPRED_F64)
        luaL_error(L, "%s: expected a dense f64 matrix, got %s", what,
                   matrix_storage_name(matrix->m.storage));
    if (matrix->m.rows != rows || matrix->m.cols != cols)
        luaL_error(L, "%s: expected %I x %I values, got %I x %I", what,
                   (lua_Integer)rows, (lua_Integer)cols,
                   (lua_Integer)matrix->m.rows, (lua_Integer)matrix->m.cols);
    return matrix;
}

const double *binding_values(lua_State *L, int index, size_t rows, size_t cols,
                             const char *what)
{
    return check_size(L, index, rows, cols, what)->m.f64;
}

double *binding_values_to_write(lua_State *L, int index, size_t rows,
                                size_t cols, const char *what)
{
    struct lua_matrix *matrix = check_size(L, index, rows, cols, what);
    if (matrix->read_only)
        luaL_error(L, "%s: this matrix may only be read (copy() it)", what);
    return matrix->m.f64;
}

/* A Lua array of numbers as one column, pushed. */
static struct lua_matrix *from_table(lua_State *L, int index, const char *what)
{
    lua_Integer n = luaL_len(L, index);
    struct lua_matrix *matrix =
        matrix_new(L, SPRED_F64, n > 0 ? (size_t)n : 0, 1, 0);
    for (lua_Integer i = 0; i < n; i++) {
        if (lua_geti(L, index, i + 1) != LUA_TNUMBER)
            luaL_error(L, "%s[%I]: expected a number, got a %s", what, i + 1,
                       luaL_typename(L, -1));
        matrix->m.f64[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    return matrix;
}

const struct spred_matrix *matrix_dense(lua_State *L, int index,
                                        const char *what)
{
    index = lua_absindex(L, index);
    if (binding_test(L, index, &binding_matrix)) {
        struct lua_matrix *matrix = binding_matrix_check(L, index);
        if (matrix->m.storage != SPRED_F64)
            return &matrix_copy(L, &matrix->m, SPRED_F64, NULL, 0, NULL, 0)->m;
        lua_pushvalue(L, index);
        return &matrix->m;
    }
    if (!lua_istable(L, index))
        luaL_error(L, "%s: expected a matrix, got a %s", what,
                   luaL_typename(L, index));
    return &from_table(L, index, what)->m;
}

const double *matrix_alike(lua_State *L, int index,
                           const struct spred_matrix *m, const char *what)
{
    const struct spred_matrix *x = matrix_dense(L, index, what);
    int same = x->rows == m->rows && x->cols == m->cols;
    if (!same && !(matrix_is_vector(m) && matrix_is_vector(x) &&
                   matrix_size(m) == matrix_size(x)))
        matrix_mismatch(L, what, m, x);
    return x->f64;
}

const double *binding_vector(lua_State *L, int index, size_t *n,
                             const char *what)
{
    index = lua_absindex(L, index);
    const struct lua_matrix *given = binding_test(L, index, &binding_matrix);
    if (given && !matrix_is_vector(&given->m))
        luaL_error(L, "%s: expected a vector, got a matrix of %I x %I", what,
                   (lua_Integer)given->m.rows, (lua_Integer)given->m.cols);
    if (!given && !lua_istable(L, index))
        luaL_error(L, "%s: expected a vector, got a %s", what,
                   luaL_typename(L, index));
    const struct spred_matrix *x = matrix_dense(L, index, what);
    *n = matrix_size(x);
    return x->f64;
}

static int outside(lua_State *L, const char *what, lua_Integer i, size_t count)
{
    if (count == 0)
        return luaL_error(L, "%s %I: there are none", what, i);
    return luaL_error(L, "%s %I: expected 1 to %I", what, i,
                      (lua_Integer)count);
}

size_t matrix_place(lua_State *L, int index, size_t count, const char *what)
{
    int whole;
    lua_Integer i = lua_tointegerx(L, index, &whole);
    if (!whole || lua_type(L, index) != LUA_TNUMBER)
        luaL_error(L, "%s: expected a whole number from 1 to %I, got %s", what,
                   (lua_Integer)count, luaL_tolstring(L, index, NULL));
    if (i < 1 || (size_t)i > count)
        outside(L, what, i, count);
    return (size_t)i - 1;
}

size_t *matrix_places(lua_State *L, int index, size_t most, const char *what,
                      size_t *count)
{
    index = lua_absindex(L, index);
    const double *values = binding_vector(L, index, count, what);
    size_t *places = matrix_scratch(L, *count, sizeof *places);
    for (size_t k = 0; k < *count; k++) {
        if (!(values[k] >= 1 && values[k] <= (double)most &&
              (double)(size_t)values[k] == values[k]))
            luaL_error(L,
                       "%s[%I]: expected a whole number from 1 to %I, got %f",
                       what, (lua_Integer)k + 1, (lua_Integer)most, values[k]);
        places[k] = (size_t)values[k] - 1;
    }
    lua_remove(L, -2);
    return places;
}

size_t matrix_length(lua_State *L, int index, const char *what)
{
    int whole;
    lua_Integer n = lua_tointegerx(L, index, &whole);
    if (!whole || lua_type(L, index) != LUA_TNUMBER || n < 0)
        luaL_error(L, "%s: expected a whole number, 0 or more, got %s", what,
                   luaL_tolstring(L, index, NULL));
    return (size_t)n;
}

void matrix_column_at(const struct spred_matrix *m, size_t j, double *work,
                      struct matrix_column *out)
{
    *out = (struct matrix_column){work, NULL, m->rows};
    if (m->storage == SPRED_F64) {
        out->values = m->f64 + j * m->rows;
    } else if (m->storage == SPRED_CSC) {
        out->values = m->values + m->colptr[j];
        out->rows = m->rowind + m->colptr[j];
        out->count = (size_t)(m->colptr[j + 1] - m->colptr[j]);
    } else {
        spred_matrix_column(m, j, work);
    }
}

double *matrix_column_work(lua_State *L, const struct spred_matrix *m)
{
    return matrix_scratch(L, m->storage == SPRED_F32 ? m->rows : 0,
                          sizeof(double));
}

void binding_open_matrix(lua_State *L)
{
    static const struct binding_entry *const methods[] = {
        matrix_make_methods,    matrix_index_methods, matrix_algebra_methods,
        matrix_product_methods, matrix_stats_methods, matrix_print_methods};
    binding_type(L, &binding_matrix);
    for (size_t k = 0; k < sizeof methods / sizeof *methods; k++)
        binding_methods(L, &binding_matrix, methods[k]);
    binding_functions(L, matrix_make_functions);
}
