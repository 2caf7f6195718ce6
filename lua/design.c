/* design.c: the userdata `design`: X as a solver sees it, centred and scaled,
 * never stored; every product is counted as work. */
#include "lua/problem.h"

static const struct binding_type type;

/* Pushes the problem of the design at 1 and gives it. */
static const struct spred_problem *check(lua_State *L, struct spred_work **work)
{
    binding_check(L, 1, &type);
    lua_getiuservalue(L, 1, 1);
    const struct lua_problem *held = binding_problem_check(L, -1);
    *work = held->work;
    return held->problem;
}

static const struct spred_problem *look(lua_State *L)
{
    struct spred_work *work;
    return check(L, &work);
}

/* Columns of X that were read. */
static void count(const struct spred_problem *problem, struct spred_work *work,
                  double columns)
{
    if (work)
        work->passes += columns / (double)problem->p;
}

void binding_design_view(lua_State *L, int problem)
{
    problem = lua_absindex(L, problem);
    binding_new(L, &type, 1, 1);
    lua_pushvalue(L, problem);
    lua_setiuservalue(L, -2, 1);
}

double *binding_out(lua_State *L, int index, size_t rows, size_t cols,
                    const char *what)
{
    if (lua_isnoneornil(L, index))
        return binding_matrix_new(L, rows, cols);
    double *out = binding_values_to_write(L, index, rows, cols, what);
    lua_pushvalue(L, index);
    return out;
}

/* A dense matrix with so many rows and any number of columns. */
static const double *columns_at(lua_State *L, int index, size_t rows,
                                size_t *cols, const char *what)
{
    const struct lua_matrix *m = binding_matrix_check(L, index);
    *cols = m->m.cols;
    return binding_values(L, index, rows, *cols, what);
}

/* The output must not be the input: it is written while that is read. */
static void apart(lua_State *L, const double *in, const double *out)
{
    if (in == out)
        luaL_error(L, "out: must be another matrix than the argument");
}

static int mul(lua_State *L)
{
    struct spred_work *work;
    size_t cols;
    lua_settop(L, 3);
    const struct spred_problem *problem = check(L, &work);
    size_t n = problem->n, p = problem->p, touched = 0;
    const double *w = columns_at(L, 2, p, &cols, "w");
    double *out = binding_out(L, 3, n, cols, "out");
    apart(L, w, out);
    for (size_t k = 0; k < cols; k++) {
        spred_design_apply(&problem->x, w + k * p, out + k * n);
        for (size_t j = 0; j < p; j++)
            touched += w[j + k * p] < 0 || w[j + k * p] > 0;
    }
    count(problem, work, (double)touched);
    return 1;
}

static int tmul(lua_State *L)
{
    struct spred_work *work;
    size_t cols;
    lua_settop(L, 3);
    const struct spred_problem *problem = check(L, &work);
    const double *r = columns_at(L, 2, problem->n, &cols, "r");
    double *out = binding_out(L, 3, problem->p, cols, "out");
    apart(L, r, out);
    if (cols > 0)
        spred_design_adjoint_many(&problem->x, cols, r, out);
    count(problem, work, (double)cols * (double)problem->p);
    return 1;
}

/* Argument 2, a column, 0-based. */
static size_t column_at(lua_State *L, const struct spred_problem *problem)
{
    lua_Integer j = luaL_checkinteger(L, 2);
    if (j < 1 || (size_t)j > problem->p)
        luaL_error(L, "column %I: expected 1 to %I", j,
                   (lua_Integer)problem->p);
    return (size_t)j - 1;
}

static int column(lua_State *L)
{
    struct spred_work *work;
    lua_settop(L, 3);
    const struct spred_problem *problem = check(L, &work);
    size_t j = column_at(L, problem);
    double *out = binding_out(L, 3, problem->n, 1, "out");
    spred_design_column(&problem->x, j, out);
    count(problem, work, 1);
    return 1;
}

static int dot(lua_State *L)
{
    struct spred_work *work;
    const struct spred_problem *problem = check(L, &work);
    size_t j = column_at(L, problem);
    const double *r = binding_values(L, 3, problem->n, 1, "r");
    lua_pushnumber(L, spred_design_dot(&problem->x, j, r));
    count(problem, work, 1);
    return 1;
}

static int axpy(lua_State *L)
{
    struct spred_work *work;
    const struct spred_problem *problem = check(L, &work);
    size_t j = column_at(L, problem);
    double a = luaL_checknumber(L, 3);
    double *y = binding_values_to_write(L, 4, problem->n, 1, "y");
    spred_design_axpy(&problem->x, j, a, y);
    count(problem, work, 1);
    lua_settop(L, 4);
    return 1;
}

static int column_squares(lua_State *L)
{
    struct spred_work *work;
    lua_settop(L, 2);
    const struct spred_problem *problem = check(L, &work);
    double *out = binding_out(L, 2, problem->p, 1, "out");
    spred_design_squares(&problem->x, NULL, out);
    count(problem, work, (double)problem->p);
    return 1;
}

static int get_rows(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)look(L)->n);
    return 1;
}

static int get_cols(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)look(L)->p);
    return 1;
}

static const struct binding_entry methods[] = {
    {"mul", mul, "X:mul(w [, out])",
     "X w, n x k, for w: p x k. Costs the columns where w is not 0. out: where "
     "it is written, so that nothing is allocated."},
    {"tmul", tmul, "X:tmul(r [, out])",
     "X'r, p x k, for r: n x k. One pass over X for each column of r."},
    {"column", column, "X:column(j [, out])",
     "Column j as a vector of n values, centred and scaled."},
    {"dot", dot, "X:dot(j, r)", "The inner product of column j and r (n x 1)."},
    {"axpy", axpy, "X:axpy(j, a, y)",
     "Adds a times column j to y (n x 1) in place; gives y."},
    {"column_squares", column_squares, "X:column_squares([out])",
     "The squared Euclidean norm of every column, p x 1. One pass over X."},
    {NULL, NULL, NULL, NULL}};

static const struct binding_entry properties[] = {
    {"rows", get_rows, "X.rows", "Number of samples n."},
    {"cols", get_cols, "X.cols", "Number of features p."},
    {NULL, NULL, NULL, NULL}};

static const struct binding_type type = {
    "design",
    "The features of a problem, centred and scaled (never stored so). Products "
    "with it are counted as passes.",
    methods, properties, NULL};

void binding_open_design(lua_State *L)
{
    binding_type(L, &type);
}
