/* learn_rows.c: the rows of a model's fits, as lists of tables: what was tried,
 * marks of its sparsity, matrices that it showed. */
#include "lua/learn.h"

#include <stdlib.h>

/* A list of n rows; no value: nil, but a real number is NaN then. Without the
 * key of the job: there is but this one. */
static void push_rows(lua_State *L, const struct results_column *columns,
                      const void *rows, size_t n, size_t size)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        const char *row = (const char *)rows + i * size;
        lua_newtable(L);
        for (const struct results_column *c = columns + 1; c->name; c++) {
            const void *field = row + c->offset;
            if (c->kind == RESULTS_TEXT)
                lua_pushstring(L, *(char *const *)field);
            else if (c->kind == RESULTS_REAL)
                lua_pushnumber(L, *(const double *)field);
            else if (*(const int64_t *)field == INT64_MIN)
                lua_pushnil(L);
            else
                lua_pushinteger(L, (lua_Integer) * (const int64_t *)field);
            lua_setfield(L, -2, c->name);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static const struct results_record *record_of(lua_State *L)
{
    const struct lua_learnt *learnt = binding_check(L, 1, &binding_learnt);
    return &learnt->learner.record;
}

int learn_candidates_lua(lua_State *L)
{
    const struct results_record *record = record_of(L);
    push_rows(L, results_candidate_columns, record->candidates,
              record->n_candidates, sizeof *record->candidates);
    for (size_t i = 0; i < record->n_candidates; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        lua_pushboolean(L, record->candidates[i].chosen != 0);
        lua_setfield(L, -2, "chosen");
        lua_pop(L, 1);
    }
    return 1;
}

int learn_marks_lua(lua_State *L)
{
    const struct results_record *record = record_of(L);
    push_rows(L, results_mark_columns, record->marks, record->n_marks,
              sizeof *record->marks);
    return 1;
}

int learn_layers_lua(lua_State *L)
{
    const struct results_record *record = record_of(L);
    push_rows(L, results_layer_columns, record->layers, record->n_layers,
              sizeof *record->layers);
    return 1;
}

/* The values are a matrix: they were printed, and are read again. */
int learn_arrays_lua(lua_State *L)
{
    const struct results_record *record = record_of(L);
    push_rows(L, results_array_columns, record->arrays, record->n_arrays,
              sizeof *record->arrays);
    for (size_t i = 0; i < record->n_arrays; i++) {
        const struct results_array *row = &record->arrays[i];
        size_t n = (size_t)(row->rows * row->columns), e = 0;
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        double *values =
            binding_matrix_new(L, (size_t)row->rows, (size_t)row->columns);
        for (const char *at = row->values; e < n; at++) {
            char *end;
            values[e++] = strtod(at, &end);
            at = end;
            if (*at == '\0')
                break;
        }
        lua_setfield(L, -2, "values");
        lua_pop(L, 1);
    }
    return 1;
}
