/* matrix_algebra.c: what is done value by value, in new matrices and in place.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "lua/matrix.h"
#include "spred/linalg.h"
#include "spred/vector.h"

/* y += a x, however many. */
static void add_scaled(size_t n, double a, const double *x, double *y)
{
    for (size_t from = 0; from < n; from += INT_MAX)
        spred_axpy(n - from < INT_MAX ? n - from : INT_MAX, a, x + from,
                   y + from);
}

static int is_number(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TNUMBER;
}

/* a + sign b; either may be a number. */
static int combine(lua_State *L, double sign, const char *what)
{
    if (is_number(L, 1) || is_number(L, 2)) {
        int at = is_number(L, 1) ? 2 : 1;
        const struct spred_matrix *m = matrix_dense(L, at, what);
        size_t n = matrix_size(m);
        double *out = binding_matrix_new(L, m->rows, m->cols);
        double constant = lua_tonumber(L, 3 - at);
        double sign_m = at == 2 ? sign : 1, sign_c = at == 2 ? 1 : sign;
        for (size_t k = 0; k < n; k++)
            out[k] = sign_m * m->f64[k] + sign_c * constant;
        return 1;
    }
    const struct spred_matrix *a = matrix_dense(L, 1, what);
    const struct spred_matrix *b = matrix_dense(L, 2, what);
    if (a->rows != b->rows || a->cols != b->cols)
        return matrix_mismatch(L, what, a, b);
    double *out = binding_matrix_new(L, a->rows, a->cols);
    for (size_t k = 0; k < matrix_size(a); k++)
        out[k] = a->f64[k] + sign * b->f64[k];
    return 1;
}

static int add_up(lua_State *L)
{
    return combine(L, 1, "a + b");
}

static int subtract(lua_State *L)
{
    return combine(L, -1, "a - b");
}

/* Multiplies what is stored. */
static void scale_stored(struct spred_matrix *m, double a)
{
    size_t n = spred_matrix_stored(m);
    if (m->storage == SPRED_F32)
        for (size_t k = 0; k < n; k++)
            m->f32[k] = (float)(a * (double)m->f32[k]);
    else
        for (size_t k = 0; k < n; k++)
            (m->storage == SPRED_F64 ? m->f64 : m->values)[k] *= a;
}

/* Pushes a m in the storage of m. */
static int scaled(lua_State *L, int index, double a)
{
    const struct spred_matrix *m = &binding_matrix_check(L, index)->m;
    scale_stored(&matrix_copy(L, m, m->storage, NULL, 0, NULL, 0)->m, a);
    return 1;
}

static int negate(lua_State *L)
{
    return scaled(L, 1, -1);
}

/* Number times matrix; two matrices: the product of mathematics. */
static int times(lua_State *L)
{
    if (is_number(L, 1))
        return scaled(L, 2, lua_tonumber(L, 1));
    if (is_number(L, 2))
        return scaled(L, 1, lua_tonumber(L, 2));
    return matrix_times(L);
}

static int divide(lua_State *L)
{
    if (!is_number(L, 2))
        return luaL_error(L, "a / b: b must be a number, got a %s",
                          luaL_typename(L, 2));
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    struct spred_matrix *out =
        &matrix_copy(L, m, m->storage, NULL, 0, NULL, 0)->m;
    double by = lua_tonumber(L, 2);
    size_t n = spred_matrix_stored(out);
    for (size_t k = 0; k < n; k++)
        if (out->storage == SPRED_F32)
            out->f32[k] = (float)((double)out->f32[k] / by);
        else
            (out->storage == SPRED_F64 ? out->f64 : out->values)[k] /= by;
    return 1;
}

static int equal(lua_State *L)
{
    if (!binding_test(L, 1, &binding_matrix) ||
        !binding_test(L, 2, &binding_matrix)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    const struct spred_matrix *a = &binding_matrix_check(L, 1)->m;
    const struct spred_matrix *b = &binding_matrix_check(L, 2)->m;
    int same = a->rows == b->rows && a->cols == b->cols;
    double *left = matrix_scratch(L, 2 * a->rows, sizeof *left);
    double *right = left + a->rows;
    for (size_t j = 0; same && j < a->cols; j++) {
        spred_matrix_column(a, j, left);
        spred_matrix_column(b, j, right);
        for (size_t i = 0; i < a->rows; i++)
            same &= left[i] == right[i];
    }
    lua_pushboolean(L, same);
    return 1;
}

static int hadamard(lua_State *L)
{
    lua_settop(L, 2);
    const struct spred_matrix *a = matrix_dense(L, 1, "hadamard");
    const double *b = matrix_alike(L, 2, a, "hadamard");
    double *out = binding_matrix_new(L, a->rows, a->cols);
    memcpy(out, a->f64, matrix_size(a) * sizeof *out);
    spred_multiply_each(matrix_size(a), b, out);
    return 1;
}

/* ---- in place: they give the matrix itself ---- */

static int self(lua_State *L)
{
    lua_settop(L, 1);
    return 1;
}

static int axpy(lua_State *L)
{
    struct spred_matrix *m = &matrix_target(L, 1, "axpy")->m;
    double a = luaL_checknumber(L, 2);
    const double *x = matrix_alike(L, 3, m, "axpy");
    add_scaled(matrix_size(m), a, x, m->f64);
    return self(L);
}

static int add(lua_State *L)
{
    struct spred_matrix *m = &matrix_target(L, 1, "add")->m;
    if (is_number(L, 2)) {
        double constant = lua_tonumber(L, 2);
        for (size_t k = 0; k < matrix_size(m); k++)
            m->f64[k] += constant;
    } else {
        add_scaled(matrix_size(m), 1, matrix_alike(L, 2, m, "add"), m->f64);
    }
    return self(L);
}

static int scale(lua_State *L)
{
    struct spred_matrix *m = &matrix_target(L, 1, "scale")->m;
    scale_stored(m, luaL_checknumber(L, 2));
    return self(L);
}

static int fill(lua_State *L)
{
    struct spred_matrix *m = &matrix_target(L, 1, "fill")->m;
    double value = luaL_checknumber(L, 2);
    for (size_t k = 0; k < matrix_size(m); k++)
        m->f64[k] = value;
    return self(L);
}

static int copy_from(lua_State *L)
{
    struct spred_matrix *m = &matrix_target(L, 1, "copy_from")->m;
    const double *x = matrix_alike(L, 2, m, "copy_from");
    memmove(m->f64, x, matrix_size(m) * sizeof *x);
    return self(L);
}

static int map(lua_State *L)
{
    struct spred_matrix *m = &matrix_target(L, 1, "map")->m;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    for (size_t j = 0; j < m->cols; j++)
        for (size_t i = 0; i < m->rows; i++) {
            lua_settop(L, 2);
            lua_pushvalue(L, 2);
            lua_pushnumber(L, m->f64[i + j * m->rows]);
            lua_pushinteger(L, (lua_Integer)i + 1);
            lua_pushinteger(L, (lua_Integer)j + 1);
            lua_call(L, 3, 1);
            if (!is_number(L, -1))
                luaL_error(L, "map: the function gave a %s, not a number",
                           luaL_typename(L, -1));
            matrix_target(L, 1, "map"); /* the function may end a run */
            m->f64[i + j * m->rows] = lua_tonumber(L, -1);
        }
    return self(L);
}

static int soft_threshold(lua_State *L)
{
    struct spred_matrix *m = &matrix_target(L, 1, "soft_threshold")->m;
    if (is_number(L, 2)) {
        double t = lua_tonumber(L, 2);
        luaL_argcheck(L, t >= 0, 2, "a threshold is 0 or more");
        spred_soft_threshold(matrix_size(m), t, m->f64);
        return self(L);
    }
    const double *t = matrix_alike(L, 2, m, "soft_threshold");
    for (size_t k = 0; k < matrix_size(m); k++)
        if (!(t[k] >= 0))
            luaL_error(L,
                       "soft_threshold: value %I is %f; a threshold is 0 "
                       "or more",
                       (lua_Integer)k + 1, t[k]);
    spred_soft_threshold_each(matrix_size(m), t, m->f64);
    return self(L);
}

static int clip(lua_State *L)
{
    struct spred_matrix *m = &matrix_target(L, 1, "clip")->m;
    double low = luaL_checknumber(L, 2), high = luaL_checknumber(L, 3);
    if (!(low <= high))
        luaL_error(L, "clip: %f to %f is no range", low, high);
    spred_clip(matrix_size(m), low, high, m->f64);
    return self(L);
}

/* ---- functions of every value, in a new matrix ---- */

static int each(lua_State *L, double (*f)(double), const char *what)
{
    const struct spred_matrix *m = matrix_dense(L, 1, what);
    double *out = binding_matrix_new(L, m->rows, m->cols);
    for (size_t k = 0; k < matrix_size(m); k++)
        out[k] = f(m->f64[k]);
    return 1;
}

static int absolute(lua_State *L)
{
    return each(L, fabs, "abs");
}

static int square_root(lua_State *L)
{
    return each(L, sqrt, "sqrt");
}

static int exponential(lua_State *L)
{
    return each(L, exp, "exp");
}

static int logarithm(lua_State *L)
{
    return each(L, log, "log");
}

const struct binding_entry matrix_algebra_methods[] = {
    {"__add", add_up, "a + b",
     "The sum of two matrices of one size, or of a matrix and a number; dense "
     "f64."},
    {"__sub", subtract, "a - b",
     "The difference of two matrices of one size, or of a matrix and a number; "
     "dense f64."},
    {"__unm", negate, "-a", "The matrix times -1, in the same storage."},
    {"__mul", times, "a * b",
     "A number times a matrix (in the same storage), or the matrix product of "
     "mathematics, dense f64. Value by value: a:hadamard(b)."},
    {"__div", divide, "a / number",
     "The matrix divided by a number, in the same storage."},
    {"__eq", equal, "a == b",
     "true if sizes and all numbers are the same, in whatever storage; nan "
     "equals nothing."},
    {"hadamard", hadamard, "m:hadamard(x)",
     "The product value by value with a matrix of the same size; dense f64."},
    {"axpy", axpy, "y:axpy(a, x)",
     "y = y + a x in place, for a number a and x of the size of y; gives y."},
    {"add", add, "y:add(x)",
     "y = y + x in place, x of the size of y or a number; gives y."},
    {"scale", scale, "m:scale(a)", "m = a m in place; gives m."},
    {"fill", fill, "m:fill(value)", "Sets every value, in place; gives m."},
    {"copy_from", copy_from, "m:copy_from(x)",
     "Copies the values of x, of the same size, into m; gives m."},
    {"map", map, "m:map(f)",
     "Replaces every value by f(value, i, j), column after column, in place; "
     "gives m."},
    {"soft_threshold", soft_threshold, "m:soft_threshold(t)",
     "x = sign(x) max(|x| - t, 0) for every value, in place: the prox of t "
     "|x|. t: a number, or a threshold for every value. Gives m."},
    {"clip", clip, "m:clip(low, high)",
     "Moves values below low to low and above high to high, in place; gives "
     "m."},
    {"abs", absolute, "m:abs()", "A new matrix of absolute values."},
    {"sqrt", square_root, "m:sqrt()",
     "A new matrix of square roots; nan for values below 0."},
    {"exp", exponential, "m:exp()", "A new matrix of exponentials."},
    {"log", logarithm, "m:log()",
     "A new matrix of natural logarithms; -inf for 0, nan below."},
    {0}};
