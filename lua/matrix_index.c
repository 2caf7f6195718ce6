/* matrix_index.c: single values, columns, rows and parts of a matrix. */
#include <limits.h>
#include <string.h>

#include "lua/matrix.h"

double matrix_value(const struct spred_matrix *m, size_t i, size_t j)
{
    if (m->storage == SPRED_F64)
        return m->f64[i + j * m->rows];
    if (m->storage == SPRED_F32)
        return (double)m->f32[i + j * m->rows];
    int64_t low = m->colptr[j], high = m->colptr[j + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if ((size_t)m->rowind[middle] < i)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->colptr[j + 1] && (size_t)m->rowind[low] == i
               ? m->values[low]
               : 0;
}

static void vector_only(lua_State *L, const struct spred_matrix *m)
{
    if (!matrix_is_vector(m))
        luaL_error(L,
                   "one index is for vectors; a matrix of %I x %I takes two: "
                   "m[{i, j}], m:get(i, j), m:row(i), m:column(j)",
                   (lua_Integer)m->rows, (lua_Integer)m->cols);
}

/* The place that arguments `first` (and `first` + 1) name. */
static void find(lua_State *L, const struct spred_matrix *m, int first,
                 int count, size_t *i, size_t *j)
{
    if (count > 1) {
        *i = matrix_place(L, first, m->rows, "row");
        *j = matrix_place(L, first + 1, m->cols, "column");
        return;
    }
    vector_only(L, m);
    size_t k = matrix_place(L, first, matrix_size(m), "index");
    *i = m->cols == 1 ? k : 0;
    *j = m->cols == 1 ? 0 : k;
}

/* The key at 2: {i, j} is unpacked onto the stack; the index of the first. */
static int unpack_key(lua_State *L, int *count)
{
    *count = 1;
    if (!lua_istable(L, 2))
        return 2;
    if (luaL_len(L, 2) != 2)
        luaL_error(L, "m[{i, j}] takes two indices, got %I", luaL_len(L, 2));
    lua_geti(L, 2, 1);
    lua_geti(L, 2, 2);
    *count = 2;
    return lua_gettop(L) - 1;
}

int matrix_get_index(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t i, j;
    int count, type = lua_type(L, 2);
    if (type != LUA_TNUMBER && type != LUA_TTABLE)
        return type == LUA_TSTRING
                   ? 0
                   : luaL_error(L, "a matrix cannot be indexed by a %s",
                                luaL_typename(L, 2));
    if (lua_isinteger(L, 2) && matrix_is_vector(m) &&
        lua_tointeger(L, 2) == (lua_Integer)matrix_size(m) + 1) {
        lua_pushnil(L); /* here ipairs ends */
        return 1;
    }
    int first = unpack_key(L, &count);
    find(L, m, first, count, &i, &j);
    lua_pushnumber(L, matrix_value(m, i, j));
    return 1;
}

/* Writes the number at index `value`. */
static void write_at(lua_State *L, size_t i, size_t j, int value)
{
    struct lua_matrix *matrix = binding_matrix_check(L, 1);
    if (lua_type(L, value) != LUA_TNUMBER)
        luaL_error(L, "a matrix holds numbers, got a %s",
                   luaL_typename(L, value));
    if (matrix->m.storage == SPRED_F32 && !matrix->read_only)
        matrix->m.f32[i + j * matrix->m.rows] = (float)lua_tonumber(L, value);
    else
        matrix_target(L, 1, "set")->m.f64[i + j * matrix->m.rows] =
            lua_tonumber(L, value);
}

static int set_index(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t i, j;
    int count, type = lua_type(L, 2);
    if (type != LUA_TNUMBER && type != LUA_TTABLE)
        luaL_error(L, "a matrix has no field '%s' that could be set",
                   luaL_tolstring(L, 2, NULL));
    int first = unpack_key(L, &count);
    find(L, m, first, count, &i, &j);
    write_at(L, i, j, 3);
    return 0;
}

static int get(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t i, j;
    find(L, m, 2, lua_gettop(L) - 1, &i, &j);
    lua_pushnumber(L, matrix_value(m, i, j));
    return 1;
}

static int set(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t i, j;
    int top = lua_gettop(L);
    if (top < 3)
        luaL_error(L, "m:set(i, j, value) or v:set(i, value)");
    find(L, m, 2, top - 2, &i, &j);
    write_at(L, i, j, top > 4 ? 4 : top);
    lua_settop(L, 1);
    return 1;
}

static int length(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    lua_pushinteger(
        L, (lua_Integer)(matrix_is_vector(m) ? matrix_size(m) : m->rows));
    return 1;
}

/* Rows i1..i2 of columns j1..j2 (0-based, ends excluded). */
static int part(lua_State *L, size_t i1, size_t i2, size_t j1, size_t j2)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t rows = i2 - i1, cols = j2 - j1;
    if (m->storage == SPRED_F64 && (rows == m->rows || cols <= 1)) {
        matrix_part(L, 1, m->f64 + i1 + j1 * m->rows, rows, cols);
        return 1;
    }
    size_t *from = matrix_scratch(L, rows + cols, sizeof *from);
    for (size_t i = 0; i < rows; i++)
        from[i] = i1 + i;
    for (size_t j = 0; j < cols; j++)
        from[rows + j] = j1 + j;
    matrix_copy(L, m, m->storage, rows < m->rows ? from : NULL, rows,
                from + rows, cols);
    return 1;
}

static int column(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t j = matrix_place(L, 2, m->cols, "column");
    if (m->storage == SPRED_F64)
        matrix_part(L, 1, m->f64 + j * m->rows, m->rows, 1);
    else
        spred_matrix_column(m, j, binding_matrix_new(L, m->rows, 1));
    return 1;
}

static int row(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t i = matrix_place(L, 2, m->rows, "row");
    double *out = binding_matrix_new(L, 1, m->cols);
    for (size_t j = 0; j < m->cols; j++)
        out[j] = matrix_value(m, i, j);
    return 1;
}

/* Arguments at and at + 1: the first and the last of 1..count; all if nil. */
static void range(lua_State *L, int at, size_t count, const char *what,
                  size_t *from, size_t *end)
{
    *from = 0;
    *end = count;
    if (!lua_isnoneornil(L, at))
        *from = matrix_place(L, at, count, what);
    if (!lua_isnoneornil(L, at + 1))
        *end = matrix_place(L, at + 1, count, what) + 1;
    if (*end < *from)
        luaL_error(L, "slice: the first %s, %I, is after the last, %I", what,
                   (lua_Integer)*from + 1, (lua_Integer)*end);
}

static int slice(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t i1, i2, j1, j2;
    range(L, 2, m->rows, "row", &i1, &i2);
    range(L, 4, m->cols, "column", &j1, &j2);
    return part(L, i1, i2, j1, j2);
}

static int rows_at(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t count, *rows = matrix_places(L, 2, m->rows, "rows_at", &count);
    matrix_copy(L, m, m->storage, rows, count, NULL, 0);
    return 1;
}

static int columns_at(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t count, *cols = matrix_places(L, 2, m->cols, "columns_at", &count);
    matrix_copy(L, m, m->storage, NULL, 0, cols, count);
    return 1;
}

static int values(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t outer = matrix_is_vector(m) ? matrix_size(m) : m->rows;
    if (outer > INT_MAX)
        luaL_error(L, "%I values do not fit into a table", (lua_Integer)outer);
    lua_createtable(L, (int)outer, 0);
    for (size_t k = 0; k < outer; k++) {
        if (m->cols == 1) {
            lua_pushnumber(L, matrix_value(m, k, 0));
        } else if (m->rows == 1) {
            lua_pushnumber(L, matrix_value(m, 0, k));
        } else {
            lua_createtable(L, (int)m->cols, 0);
            for (size_t j = 0; j < m->cols; j++) {
                lua_pushnumber(L, matrix_value(m, k, j));
                lua_rawseti(L, -2, (lua_Integer)j + 1);
            }
        }
        lua_rawseti(L, -2, (lua_Integer)k + 1);
    }
    return 1;
}

const struct binding_entry matrix_index_methods[] = {
    {"get", get, "m:get(i, j)",
     "The value in row i, column j; v:get(i) of a vector. Also m[{i, j}] and "
     "v[i]; v[#v + 1] is nil, so that ipairs(v) ends."},
    {"set", set, "m:set(i, j, value)",
     "Writes a value and gives m; v:set(i, value) for a vector. Also "
     "m[{i, j}] = value and v[i] = value. A sparse matrix cannot be written."},
    {"column", column, "m:column(j)",
     "Column j, a vector. Of a dense f64 matrix it is a view: it shares the "
     "memory, writing to one writes to the other. Otherwise a dense copy."},
    {"row", row, "m:row(i)", "Row i, a dense copy of 1 x cols."},
    {"slice", slice, "m:slice(i1, i2 [, j1, j2])",
     "Rows i1 to i2 of columns j1 to j2, ends included; nil: from the first, "
     "to the last. Whole columns, and parts of one column, of a dense f64 "
     "matrix are views (see column); anything else is a copy in the same "
     "storage."},
    {"rows_at", rows_at, "m:rows_at(list)",
     "A copy of the rows in the list (a table or vector of row numbers), in "
     "that order; a row may come twice."},
    {"columns_at", columns_at, "m:columns_at(list)",
     "A copy of the columns in the list (a table or vector of column numbers), "
     "in that order; a column may come twice."},
    {"values", values, "m:values()",
     "The values as a Lua table: a list for a vector, a list of rows for a "
     "matrix."},
    {"__len", length, "#m",
     "The number of values of a vector (one row or one column), the number of "
     "rows of any other matrix."},
    {"__newindex", set_index, NULL, NULL},
    {0}};
