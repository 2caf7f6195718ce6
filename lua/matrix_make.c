/* matrix_make.c: where matrices come from: tables, fills, other storages. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lua/matrix.h"

static int zeros(lua_State *L)
{
    size_t rows = matrix_length(L, 1, "spred.zeros: rows");
    size_t cols =
        lua_isnoneornil(L, 2) ? 1 : matrix_length(L, 2, "spred.zeros: columns");
    binding_matrix_new(L, rows, cols);
    return 1;
}

static int ones(lua_State *L)
{
    size_t rows = matrix_length(L, 1, "spred.ones: rows");
    size_t cols =
        lua_isnoneornil(L, 2) ? 1 : matrix_length(L, 2, "spred.ones: columns");
    double *data = binding_matrix_new(L, rows, cols);
    for (size_t k = 0; k < rows * cols; k++)
        data[k] = 1;
    return 1;
}

static int eye(lua_State *L)
{
    size_t n = matrix_length(L, 1, "spred.eye");
    double *data = binding_matrix_new(L, n, n);
    for (size_t k = 0; k < n; k++)
        data[k + k * n] = 1;
    return 1;
}

static int linspace(lua_State *L)
{
    double from = luaL_checknumber(L, 1), to = luaL_checknumber(L, 2);
    size_t n = matrix_length(L, 3, "spred.linspace: n");
    double *data = binding_matrix_new(L, n, 1);
    for (size_t i = 0; i < n; i++) {
        double share = n > 1 ? (double)i / (double)(n - 1) : 0;
        data[i] = i + 1 == n && n > 1 ? to : from + share * (to - from);
    }
    return 1;
}

static int vector(lua_State *L)
{
    size_t n;
    const double *given = binding_vector(L, 1, &n, "spred.vector");
    double *data = binding_matrix_new(L, n, 1);
    if (n > 0)
        memcpy(data, given, n * sizeof *data);
    return 1;
}

/* Row i (1-based) of the table at 1, pushed; its length. */
static size_t push_row(lua_State *L, lua_Integer i)
{
    int type = lua_geti(L, 1, i);
    if (type != LUA_TTABLE && type != LUA_TUSERDATA)
        luaL_error(L,
                   "spred.matrix: row %I is a %s: expected a list of rows, "
                   "{{1, 2}, {3, 4}} (spred.vector makes one column)",
                   i, luaL_typename(L, -1));
    return (size_t)luaL_len(L, -1);
}

static int matrix(lua_State *L)
{
    if (binding_test(L, 1, &binding_matrix)) {
        const struct lua_matrix *given = binding_matrix_check(L, 1);
        matrix_copy(L, &given->m, SPRED_F64, NULL, 0, NULL, 0);
        return 1;
    }
    if (!lua_istable(L, 1))
        return luaL_error(L, "spred.matrix: expected a table of rows, got a %s",
                          luaL_typename(L, 1));
    lua_settop(L, 1);
    size_t rows = (size_t)luaL_len(L, 1), cols = 0;
    if (rows > 0)
        cols = push_row(L, 1);
    double *data = binding_matrix_new(L, rows, cols);
    for (size_t i = 0; i < rows; i++) {
        size_t count = push_row(L, (lua_Integer)i + 1);
        if (count != cols)
            luaL_error(L,
                       "spred.matrix: row %I has %I values, the first one has "
                       "%I",
                       (lua_Integer)i + 1, (lua_Integer)count,
                       (lua_Integer)cols);
        for (size_t j = 0; j < cols; j++) {
            if (lua_geti(L, -1, (lua_Integer)j + 1) != LUA_TNUMBER)
                luaL_error(L,
                           "spred.matrix: row %I, column %I: expected a "
                           "number, got a %s",
                           (lua_Integer)i + 1, (lua_Integer)j + 1,
                           luaL_typename(L, -1));
            data[i + j * rows] = lua_tonumber(L, -1);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    return 1;
}

struct entry {
    int32_t row, col;
    double value;
    lua_Integer number; /* in the list */
};

static int by_column(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->col != b->col)
        return a->col < b->col ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* Entry k = {i, j, v} of the list on top. */
static struct entry read_entry(lua_State *L, lua_Integer k, size_t rows,
                               size_t cols)
{
    struct entry entry = {.number = k};
    if (lua_geti(L, -1, k) != LUA_TTABLE)
        luaL_error(L, "spred.sparse: entry %I: expected {row, column, value}",
                   k);
    lua_geti(L, -1, 1);
    lua_geti(L, -2, 2);
    if (lua_geti(L, -3, 3) != LUA_TNUMBER)
        luaL_error(L, "spred.sparse: entry %I: expected {row, column, value}",
                   k);
    entry.row = (int32_t)matrix_place(L, -3, rows, "spred.sparse: row");
    entry.col = (int32_t)matrix_place(L, -2, cols, "spred.sparse: column");
    entry.value = lua_tonumber(L, -1);
    lua_pop(L, 4);
    return entry;
}

static size_t size_field(lua_State *L, const char *key)
{
    lua_Integer size = binding_integer(L, 1, "spred.sparse", key, -1);
    if (size < 0 || size > INT_MAX)
        luaL_error(L, "spred.sparse: %s = is needed: a size, 0 or more", key);
    return (size_t)size;
}

static int sparse(lua_State *L)
{
    static const char *const keys[] = {"rows", "cols", "entries", NULL};
    binding_keys(L, 1, "spred.sparse", keys);
    lua_settop(L, 1);
    size_t rows = size_field(L, "rows"), cols = size_field(L, "cols"), kept = 0;
    size_t count = 0;
    if (lua_getfield(L, 1, "entries") == LUA_TTABLE)
        count = (size_t)luaL_len(L, -1);
    else if (!lua_isnil(L, -1))
        luaL_error(L, "spred.sparse.entries: expected a table, got a %s",
                   luaL_typename(L, -1));
    struct entry *entries = matrix_scratch(L, count, sizeof *entries);
    lua_insert(L, -2); /* the list stays on top */
    for (size_t k = 0; k < count; k++) {
        entries[kept] = read_entry(L, (lua_Integer)k + 1, rows, cols);
        kept += entries[kept].value != 0; /* NaN stays */
    }
    qsort(entries, kept, sizeof *entries, by_column);
    for (size_t k = 1; k < kept; k++)
        if (by_column(&entries[k - 1], &entries[k]) == 0)
            luaL_error(L,
                       "spred.sparse: entries %I and %I are both at (%I, %I)",
                       entries[k - 1].number, entries[k].number,
                       (lua_Integer)entries[k].row + 1,
                       (lua_Integer)entries[k].col + 1);
    struct spred_matrix *m = &matrix_new(L, SPRED_CSC, rows, cols, kept)->m;
    for (size_t k = 0; k < kept; k++) {
        m->rowind[k] = entries[k].row;
        m->values[k] = entries[k].value;
        m->colptr[entries[k].col + 1]++;
    }
    for (size_t j = 0; j < cols; j++)
        m->colptr[j + 1] += m->colptr[j];
    return 1;
}

static int to(lua_State *L)
{
    static const char *const names[] = {"f64", "f32", "csc", NULL};
    static const enum spred_storage storages[] = {SPRED_F64, SPRED_F32,
                                                  SPRED_CSC};
    const struct lua_matrix *given = binding_matrix_check(L, 1);
    int which = luaL_checkoption(L, 2, NULL, names);
    matrix_copy(L, &given->m, storages[which], NULL, 0, NULL, 0);
    return 1;
}

static int copy(lua_State *L)
{
    const struct lua_matrix *given = binding_matrix_check(L, 1);
    matrix_copy(L, &given->m, given->m.storage, NULL, 0, NULL, 0);
    return 1;
}

static int transpose(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t stored = m->storage == SPRED_CSC ? spred_matrix_stored(m) : 0;
    struct lua_matrix *out =
        matrix_new(L, m->storage, m->cols, m->rows, stored);
    spred_matrix_transpose(m, &out->m);
    return 1;
}

const struct binding_entry matrix_make_functions[] = {
    {"matrix", matrix, "spred.matrix{{1, 2}, {3, 4}}",
     "A dense f64 matrix from a list of rows (tables or vectors) of one "
     "length, or from another matrix."},
    {"vector", vector, "spred.vector{1, 2, 3}",
     "A vector, that is a dense f64 matrix with one column, from a list of "
     "numbers or another vector."},
    {"zeros", zeros, "spred.zeros(rows [, cols])",
     "A dense f64 matrix of zeros; one column unless said otherwise."},
    {"ones", ones, "spred.ones(rows [, cols])",
     "A dense f64 matrix of ones; one column unless said otherwise."},
    {"eye", eye, "spred.eye(n)", "The identity matrix, n x n, dense f64."},
    {"linspace", linspace, "spred.linspace(from, to, n)",
     "A vector of n evenly spaced numbers, both ends among them."},
    {"sparse", sparse,
     "spred.sparse{rows = 3, cols = 2, entries = {{1, 2, 0.5}, ...}}",
     "A sparse matrix (CSC) from entries {row, column, value} in any order; a "
     "place may be given once; zeros are not stored."},
    {0}};

const struct binding_entry matrix_make_methods[] = {
    {"to", to, "m:to(storage)",
     "A copy stored as \"f64\", \"f32\" (rounded to single precision) or "
     "\"csc\" (only what is not zero)."},
    {"copy", copy, "m:copy()",
     "A copy with memory of its own, which may be written."},
    {"transpose", transpose, "m:transpose()",
     "A new matrix, cols x rows, with rows and columns exchanged; the same "
     "storage."},
    {0}};
