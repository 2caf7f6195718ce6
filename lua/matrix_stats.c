/* matrix_stats.c: sums, norms, extremes, and what columns are like. */
#include <math.h>
#include <string.h>

#include "lua/matrix.h"
#include "spred/design.h"
#include "spred/linalg.h"

static double total(lua_State *L, const struct spred_matrix *m)
{
    struct spred_sum sum = {0, 0};
    struct matrix_column column;
    double plain = 0, *work = matrix_column_work(L, m);
    for (size_t j = 0; j < m->cols; j++) {
        matrix_column_at(m, j, work, &column);
        for (size_t k = 0; k < column.count; k++) {
            spred_sum_add(&sum, column.values[k]);
            plain += column.values[k];
        }
    }
    return isfinite(plain) ? spred_sum_value(&sum) : plain;
}

static int sum(lua_State *L)
{
    lua_pushnumber(L, total(L, &binding_matrix_check(L, 1)->m));
    return 1;
}

static int mean(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    lua_pushnumber(L, total(L, m) / (double)matrix_size(m));
    return 1;
}

static double largest(lua_State *L, const struct spred_matrix *m)
{
    struct matrix_column column;
    double most = 0, *work = matrix_column_work(L, m);
    for (size_t j = 0; j < m->cols; j++) {
        matrix_column_at(m, j, work, &column);
        for (size_t k = 0; k < column.count; k++) {
            double size = fabs(column.values[k]);
            if (size > most || isnan(size))
                most = size; /* nan stays: nothing is larger */
            if (isnan(most))
                return most;
        }
    }
    return most;
}

/* Euclidean over the columns' norms, which neither overflow nor vanish. */
static double euclidean(lua_State *L, const struct spred_matrix *m)
{
    struct matrix_column column;
    double all = 0, *work = matrix_column_work(L, m);
    for (size_t j = 0; j < m->cols; j++) {
        matrix_column_at(m, j, work, &column);
        double one = spred_norm(column.count, column.values);
        all = j == 0 ? one : hypot(all, one);
    }
    return all;
}

static int norm(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    struct matrix_column column;
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    double p = strcmp(name, "inf") == 0 ? HUGE_VAL : luaL_optnumber(L, 2, 2);
    if (p > 2 && isinf(p)) {
        lua_pushnumber(L, largest(L, m));
    } else if (p > 1 && p <= 2 && p >= 2) {
        lua_pushnumber(L, euclidean(L, m));
    } else if (p >= 1 && p <= 1) {
        double all = 0, *work = matrix_column_work(L, m);
        for (size_t j = 0; j < m->cols; j++) {
            matrix_column_at(m, j, work, &column);
            for (size_t k = 0; k < column.count; k++)
                all += fabs(column.values[k]);
        }
        lua_pushnumber(L, all);
    } else {
        return luaL_error(L, "norm: p is 1, 2 or \"inf\"");
    }
    return 1;
}

/* Where the largest (sign 1) or smallest (-1) value is first, down the columns;
 * nan counts as beyond all. Zeros that a sparse column does not store count. */
static double extreme(lua_State *L, const struct spred_matrix *m, double sign,
                      const char *what, size_t *at_i, size_t *at_j)
{
    if (matrix_size(m) == 0)
        luaL_error(L, "%s: the matrix is empty (%I x %I)", what,
                   (lua_Integer)m->rows, (lua_Integer)m->cols);
    struct matrix_column column;
    double best = 0, *work = matrix_column_work(L, m);
    int found = 0;
    for (size_t j = 0; j < m->cols; j++) {
        matrix_column_at(m, j, work, &column);
        size_t k = 0;   /* stored values passed */
        size_t gap = 0; /* first row that is not stored */
        while (column.rows && gap < column.count &&
               (size_t)column.rows[gap] == gap)
            gap++;
        int has_gap = column.rows && column.count < m->rows;
        while (k < column.count || has_gap) {
            size_t row = k < column.count
                             ? (column.rows ? (size_t)column.rows[k] : k)
                             : m->rows;
            double value = 0;
            if (has_gap && gap < row) {
                row = gap;
                has_gap = 0;
            } else {
                value = column.values[k++];
            }
            if (found && !(sign * value > sign * best) && !isnan(value))
                continue;
            found = 1;
            best = value;
            *at_i = row;
            *at_j = j;
            if (isnan(value))
                return value;
        }
    }
    return best;
}

static int maximum(lua_State *L)
{
    size_t i, j;
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    lua_pushnumber(L, extreme(L, m, 1, "max", &i, &j));
    return 1;
}

static int minimum(lua_State *L)
{
    size_t i, j;
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    lua_pushnumber(L, extreme(L, m, -1, "min", &i, &j));
    return 1;
}

static int push_place(lua_State *L, double sign, const char *what)
{
    size_t i, j;
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    extreme(L, m, sign, what, &i, &j);
    if (matrix_is_vector(m)) {
        lua_pushinteger(L, (lua_Integer)(i + j) + 1);
        return 1;
    }
    lua_pushinteger(L, (lua_Integer)i + 1);
    lua_pushinteger(L, (lua_Integer)j + 1);
    return 2;
}

static int argmax(lua_State *L)
{
    return push_place(L, 1, "argmax");
}

static int argmin(lua_State *L)
{
    return push_place(L, -1, "argmin");
}

static int count_nonzero(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    struct matrix_column column;
    size_t count = 0;
    double *work = matrix_column_work(L, m);
    for (size_t j = 0; j < m->cols; j++) {
        matrix_column_at(m, j, work, &column);
        for (size_t k = 0; k < column.count; k++)
            count += column.values[k] != 0;
    }
    lua_pushinteger(L, (lua_Integer)count);
    return 1;
}

/* ---- columns: vectors with one value for each ---- */

/* Both are made; the wanted one stays on top. */
static int spread(lua_State *L, int deviations)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    double *work = matrix_column_work(L, m);
    double *means = binding_matrix_new(L, m->cols, 1);
    double *sds = binding_matrix_new(L, m->cols, 1);
    spred_matrix_spread(m, means, sds, work);
    if (!deviations)
        lua_pop(L, 1);
    return 1;
}

static int column_means(lua_State *L)
{
    return spread(L, 0);
}

static int column_sds(lua_State *L)
{
    return spread(L, 1);
}

static int column_norms(lua_State *L)
{
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    struct matrix_column column;
    double *work = matrix_column_work(L, m);
    double *out = binding_matrix_new(L, m->cols, 1);
    for (size_t j = 0; j < m->cols; j++) {
        matrix_column_at(m, j, work, &column);
        out[j] = spred_norm(column.count, column.values);
    }
    return 1;
}

const struct binding_entry matrix_stats_methods[] = {
    {"sum", sum, "m:sum()",
     "The sum of all values (compensated: no digits are lost)."},
    {"mean", mean, "m:mean()",
     "The mean of all values; nan if there are none."},
    {"min", minimum, "m:min()", "The smallest value; nan if any is nan."},
    {"max", maximum, "m:max()", "The largest value; nan if any is nan."},
    {"argmin", argmin, "m:argmin()",
     "Where the smallest value is (the first of them, down the columns): its "
     "index in a vector, row and column in a matrix."},
    {"argmax", argmax, "m:argmax()",
     "Where the largest value is (the first of them, down the columns): its "
     "index in a vector, row and column in a matrix."},
    {"norm", norm, "m:norm([p])",
     "The norm of all values as one vector: p = 1 (sum of magnitudes), 2 "
     "(Euclidean, the default) or \"inf\" (largest magnitude)."},
    {"count_nonzero", count_nonzero, "m:count_nonzero()",
     "How many values are not zero (nan is not)."},
    {"column_means", column_means, "m:column_means()",
     "A vector of the columns' means."},
    {"column_sds", column_sds, "m:column_sds()",
     "A vector of the columns' standard deviations, with divisor rows, as "
     "preprocessing computes them; exactly 0 for a constant column."},
    {"column_norms", column_norms, "m:column_norms()",
     "A vector of the columns' Euclidean norms."},
    {0}};
