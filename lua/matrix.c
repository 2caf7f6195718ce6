/* matrix.c: the userdata `matrix`: dense f64 and f32, CSC, views. */
#include <stdint.h>
#include <string.h>

#include "lua/binding.h"

/* Dense data begins at a multiple of this, for the vector units. */
#define ALIGNMENT 64

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

static const struct binding_entry properties[] = {
    {"rows", get_rows, "m.rows", "Number of rows."},
    {"cols", get_cols, "m.cols", "Number of columns."},
    {0}};

const struct binding_type binding_matrix = {
    "matrix", "A matrix of numbers: dense (f64, f32) or sparse by columns.",
    NULL, properties, NULL};

double *binding_matrix_new(lua_State *L, size_t rows, size_t cols)
{
    if (cols && rows > (SIZE_MAX / 2 / sizeof(double)) / cols)
        luaL_error(L, "a matrix of %I x %I is too large", (lua_Integer)rows,
                   (lua_Integer)cols);
    size_t bytes = rows * cols * sizeof(double);
    struct lua_matrix *matrix =
        binding_new(L, &binding_matrix, sizeof *matrix + bytes + ALIGNMENT, 1);
    uintptr_t from = (uintptr_t)(matrix + 1);
    from += (ALIGNMENT - from % ALIGNMENT) % ALIGNMENT;
    matrix->m = (struct spred_matrix){.storage = SPRED_F64,
                                      .rows = rows,
                                      .cols = cols,
                                      .f64 = (double *)from};
    return matrix->m.f64;
}

struct lua_matrix *binding_matrix_view(lua_State *L, int owner,
                                       const int *alive, double *data,
                                       size_t rows, size_t cols, int read_only)
{
    owner = lua_absindex(L, owner);
    struct lua_matrix *matrix =
        binding_new(L, &binding_matrix, sizeof *matrix, 1);
    matrix->m = (struct spred_matrix){
        .storage = SPRED_F64, .rows = rows, .cols = cols, .f64 = data};
    matrix->alive = alive;
    matrix->read_only = read_only;
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 1);
    return matrix;
}

struct lua_matrix *binding_matrix_check(lua_State *L, int index)
{
    struct lua_matrix *matrix = binding_check(L, index, &binding_matrix);
    if (matrix->alive && !*matrix->alive)
        luaL_error(L, "this matrix belonged to a run that is over: copy() "
                      "what is to stay");
    return matrix;
}

static struct lua_matrix *check_size(lua_State *L, int index, size_t rows,
                                     size_t cols, const char *what)
{
    struct lua_matrix *matrix = binding_matrix_check(L, index);
    if (matrix->m.storage != SPRED_F64)
        luaL_error(L, "%s: expected a dense f64 matrix", what);
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

const double *binding_vector(lua_State *L, int index, size_t *n,
                             const char *what)
{
    index = lua_absindex(L, index);
    if (binding_test(L, index, &binding_matrix)) {
        struct lua_matrix *matrix = binding_matrix_check(L, index);
        if (matrix->m.storage != SPRED_F64 ||
            (matrix->m.cols != 1 && matrix->m.rows != 1))
            luaL_error(L, "%s: expected a vector, got a matrix of %I x %I",
                       what, (lua_Integer)matrix->m.rows,
                       (lua_Integer)matrix->m.cols);
        *n = matrix->m.rows * matrix->m.cols;
        lua_pushvalue(L, index);
        return matrix->m.f64;
    }
    if (!lua_istable(L, index))
        luaL_error(L, "%s: expected a vector, got a %s", what,
                   luaL_typename(L, index));
    *n = (size_t)luaL_len(L, index);
    double *data = binding_matrix_new(L, *n, 1);
    for (size_t i = 0; i < *n; i++) {
        if (lua_geti(L, index, (lua_Integer)i + 1) != LUA_TNUMBER)
            luaL_error(L, "%s[%I]: expected a number, got a %s", what,
                       (lua_Integer)i + 1, luaL_typename(L, -1));
        data[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    return data;
}

static int new_matrix(lua_State *L)
{
    lua_Integer rows = luaL_checkinteger(L, 1), cols = luaL_optinteger(L, 2, 1);
    luaL_argcheck(L, rows >= 0, 1, "a matrix cannot have fewer than 0 rows");
    luaL_argcheck(L, cols >= 0, 2, "a matrix cannot have fewer than 0 columns");
    binding_matrix_new(L, (size_t)rows, (size_t)cols);
    return 1;
}

static const struct binding_entry functions[] = {
    {"zeros", new_matrix, "spred.zeros(rows [, cols])",
     "A dense f64 matrix of zeros; one column unless said otherwise."},
    {0}};

void binding_open_matrix(lua_State *L)
{
    binding_type(L, &binding_matrix);
    binding_functions(L, functions);
}
