/* matrix_product.c: products and small systems, through spred_design and BLAS.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "lua/matrix.h"
#include "spred/design.h"
#include "spred/linalg.h"

/* Do the arrays of a share memory with n values at x? */
static int overlaps(const struct spred_matrix *a, const double *x, size_t n)
{
    const char *from = (const char *)x, *end = (const char *)(x + n);
    const char *first = (const char *)a->f64;
    size_t bytes = matrix_size(a) * sizeof(double);
    if (a->storage == SPRED_F32) {
        first = (const char *)a->f32;
        bytes = matrix_size(a) * sizeof(float);
    } else if (a->storage == SPRED_CSC) {
        first = (const char *)a->values;
        bytes = spred_matrix_stored(a) * sizeof(double);
    }
    return first < end && from < first + bytes;
}

/* The result, pushed: the matrix at index, or a new one if there is none. */
static double *result(lua_State *L, int index, const char *what,
                      const struct spred_matrix *m,
                      const struct spred_matrix *x, size_t rows, size_t cols)
{
    if (lua_isnoneornil(L, index))
        return binding_matrix_new(L, rows, cols);
    struct lua_matrix *out = matrix_target(L, index, what);
    if (out->m.rows != rows || out->m.cols != cols)
        luaL_error(L, "%s: out is %I x %I, the result %I x %I", what,
                   (lua_Integer)out->m.rows, (lua_Integer)out->m.cols,
                   (lua_Integer)rows, (lua_Integer)cols);
    if (rows * cols > 0 && (overlaps(m, out->m.f64, rows * cols) ||
                            overlaps(x, out->m.f64, rows * cols)))
        luaL_error(L, "%s: out shares memory with what is multiplied", what);
    lua_pushvalue(L, index);
    return out->m.f64;
}

static int any_nan(size_t n, const double *x)
{
    int found = 0;
    for (size_t i = 0; i < n; i++)
        found |= x[i] != x[i];
    return found;
}

/* out = m x, x: cols x count. spred_design_apply passes over what is not above
 * or below 0, and so over nan, which must not be lost. */
static void multiply(const struct spred_matrix *m, size_t count,
                     const double *x, double *out)
{
    const struct spred_design design = {.matrix = m};
    size_t n = m->rows, p = m->cols;
    if (m->storage == SPRED_F64 && count > 1 && n > 0) {
        if (p == 0)
            memset(out, 0, n * count * sizeof *out);
        else
            spred_gemm(0, 0, n, count, p, 1, m->f64, n, x, p, 0, out, n);
        return;
    }
    for (size_t k = 0; k < count; k++) {
        spred_design_apply(&design, x + k * p, out + k * n);
        if (any_nan(p, x + k * p))
            for (size_t i = 0; i < n; i++)
                out[k * n + i] = NAN;
    }
}

static int mismatch_product(lua_State *L, const char *what,
                            const struct spred_matrix *a,
                            const struct spred_matrix *b, const char *rule)
{
    return luaL_error(L, "%s: %I x %I and %I x %I do not fit: %s", what,
                      (lua_Integer)a->rows, (lua_Integer)a->cols,
                      (lua_Integer)b->rows, (lua_Integer)b->cols, rule);
}

/* The factor at index in f64, pushed; a row is taken as a vector if only that
 * fits. Gives the number of its columns. */
static const struct spred_matrix *factor(lua_State *L, int index,
                                         const struct spred_matrix *m,
                                         size_t need, const char *what,
                                         const char *rule, size_t *count)
{
    const struct spred_matrix *x = matrix_dense(L, index, what);
    if (x->rows == need)
        *count = x->cols;
    else if (x->rows == 1 && x->cols == need)
        *count = 1;
    else
        mismatch_product(L, what, m, x, rule);
    return x;
}

static int mul(lua_State *L)
{
    lua_settop(L, 3);
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    size_t count = 0;
    const struct spred_matrix *x = factor(
        L, 2, m, m->cols, "mul", "x needs as many rows as m columns", &count);
    double *out = result(L, 3, "mul", m, x, m->rows, count);
    multiply(m, count, x->f64, out);
    return 1;
}

static int tmul(lua_State *L)
{
    lua_settop(L, 3);
    const struct spred_matrix *m = &binding_matrix_check(L, 1)->m;
    const struct spred_design design = {.matrix = m};
    size_t count = 0;
    const struct spred_matrix *x = factor(
        L, 2, m, m->rows, "tmul", "x needs as many rows as m has", &count);
    double *out = result(L, 3, "tmul", m, x, m->cols, count);
    spred_design_adjoint_many(&design, count, x->f64, out);
    return 1;
}

int matrix_times(lua_State *L)
{
    const struct spred_matrix *a = &binding_matrix_check(L, 1)->m;
    const struct spred_matrix *b = &binding_matrix_check(L, 2)->m;
    if (a->cols != b->rows)
        return mismatch_product(L, "a * b", a, b,
                                "a needs as many columns as b rows (value by "
                                "value: a:hadamard(b); inner product: "
                                "a:dot(b))");
    b = matrix_dense(L, 2, "a * b");
    double *out = binding_matrix_new(L, a->rows, b->cols);
    multiply(a, b->cols, b->f64, out);
    return 1;
}

static int dot(lua_State *L)
{
    lua_settop(L, 2);
    const struct spred_matrix *a = matrix_dense(L, 1, "dot");
    const double *b = matrix_alike(L, 2, a, "dot");
    double total = 0;
    size_t n = matrix_size(a);
    for (size_t from = 0; from < n; from += INT_MAX)
        total += spred_dot(n - from < INT_MAX ? n - from : INT_MAX,
                           a->f64 + from, b + from);
    lua_pushnumber(L, total);
    return 1;
}

static int gram(lua_State *L)
{
    const struct spred_matrix *m = matrix_dense(L, 1, "gram");
    size_t p = m->cols;
    double *out = binding_matrix_new(L, p, p);
    if (m->rows > 0 && p > 0)
        spred_syrk(p, m->rows, 1, m->f64, m->rows, 0, out, p);
    for (size_t j = 0; j < p; j++)
        for (size_t i = j + 1; i < p; i++)
            out[j + i * p] = out[i + j * p];
    return 1;
}

/* Refuses what is not symmetric up to rounding. */
static void check_symmetric(lua_State *L, const struct spred_matrix *m)
{
    const double rounding = 1e-10;
    size_t n = m->rows;
    for (size_t j = 0; j < n; j++)
        for (size_t i = j + 1; i < n; i++) {
            double a = m->f64[i + j * n], b = m->f64[j + i * n];
            if (fabs(a - b) > rounding * (fabs(a) + fabs(b)))
                luaL_error(L,
                           "solve: not symmetric: (%I, %I) is %f, (%I, %I) is "
                           "%f",
                           (lua_Integer)i + 1, (lua_Integer)j + 1, a,
                           (lua_Integer)j + 1, (lua_Integer)i + 1, b);
        }
}

static int solve(lua_State *L)
{
    lua_settop(L, 2);
    const struct spred_matrix *m = matrix_dense(L, 1, "solve");
    const struct spred_matrix *b = matrix_dense(L, 2, "solve");
    size_t n = m->rows;
    if (m->cols != n)
        return luaL_error(L, "solve: the matrix is %I x %I, not square",
                          (lua_Integer)n, (lua_Integer)m->cols);
    if (b->rows != n)
        return mismatch_product(L, "solve", m, b,
                                "b needs as many rows as the matrix");
    check_symmetric(L, m);
    double *l = matrix_scratch(L, n * n, sizeof *l);
    double *x = binding_matrix_new(L, n, b->cols);
    if (n == 0)
        return 1;
    memcpy(l, m->f64, n * n * sizeof *l);
    memcpy(x, b->f64, matrix_size(b) * sizeof *x);
    int minor = spred_cholesky(n, l, n);
    if (minor != 0)
        return luaL_error(L,
                          "solve: not positive definite (its first %d rows and "
                          "columns are not)",
                          minor);
    spred_cholesky_solve(n, b->cols, l, n, x, n);
    return 1;
}

const struct binding_entry matrix_product_methods[] = {
    {"mul", mul, "m:mul(x [, out])",
     "m x for x of cols values (or a matrix of cols x k): rows x k, in a new "
     "matrix or in out, which is given back. Zeros of x cost nothing."},
    {"tmul", tmul, "m:tmul(x [, out])",
     "m'x (m transposed times x) for x of rows values (or a matrix of rows x "
     "k): cols x k, in a new matrix or in out, which is given back."},
    {"dot", dot, "a:dot(b)",
     "The sum of the products value by value of two vectors or matrices of the "
     "same size: a number."},
    {"gram", gram, "m:gram()",
     "m'm, a dense matrix of cols x cols; for few columns."},
    {"solve", solve, "m:solve(b)",
     "The x with m x = b for a symmetric positive definite m (by Cholesky) and "
     "b of rows values or rows x k; a new matrix."},
    {0}};
