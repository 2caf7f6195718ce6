/* minimise.c: spred.minimise: a smooth function written in Lua plus an L1
 * penalty, by spred. */
#include <stdio.h>
#include <string.h>

#include "lua/binding.h"
#include "spred/minimise.h"

#define WHAT "spred.minimise"
/* Up to so many variables the gradient is checked unless check = false. */
#define CHECK_MOST 200
#define CHECK_WORST 1e-4

/* The payload of a `minimum`. User value 1: w, 2: list of the support. */
struct lua_minimum {
    struct spred_minimum m;
    double seconds;
};

static struct lua_minimum *check_minimum(lua_State *L);

static int get_w(lua_State *L)
{
    check_minimum(L);
    lua_getiuservalue(L, 1, 1);
    return 1;
}

static int get_support(lua_State *L)
{
    check_minimum(L);
    lua_getiuservalue(L, 1, 2);
    return 1;
}

static int get_value(lua_State *L)
{
    lua_pushnumber(L, check_minimum(L)->m.value);
    return 1;
}

static int get_objective(lua_State *L)
{
    lua_pushnumber(L, check_minimum(L)->m.objective);
    return 1;
}

static int get_kkt(lua_State *L)
{
    lua_pushnumber(L, check_minimum(L)->m.kkt);
    return 1;
}

static int get_steps(lua_State *L)
{
    lua_pushinteger(L, check_minimum(L)->m.steps);
    return 1;
}

static int get_evaluations(lua_State *L)
{
    lua_pushinteger(L, check_minimum(L)->m.evaluations);
    return 1;
}

static int get_seconds(lua_State *L)
{
    lua_pushnumber(L, check_minimum(L)->seconds);
    return 1;
}

static int get_stop(lua_State *L)
{
    lua_pushstring(L, spred_stop_name(check_minimum(L)->m.stop));
    return 1;
}

static int to_string(lua_State *L)
{
    const struct lua_minimum *minimum = check_minimum(L);
    const struct spred_minimum *m = &minimum->m;
    char text[256];
    snprintf(text, sizeof text,
             "minimum: %s, objective %.10g (f %.10g), KKT residual %.2g, %zu "
             "nonzero weights, %ld steps, %.3g s",
             spred_stop_name(m->stop), m->objective, m->value, m->kkt,
             m->support, m->steps, minimum->seconds);
    lua_pushstring(L, text);
    return 1;
}

static const struct binding_entry methods[] = {
    {"__tostring", to_string, NULL, NULL}, {0}};
static const struct binding_entry properties[] = {
    {"w", get_w, "minimum.w", "The weights, a vector."},
    {"support", get_support, "minimum.support",
     "List of the indices of the nonzero weights."},
    {"value", get_value, "minimum.value", "f(w), without the penalty."},
    {"objective", get_objective, "minimum.objective",
     "f(w) + lambda * sum of |w_j| over the sparse ones."},
    {"kkt", get_kkt, "minimum.kkt",
     "The worst violation of stationarity of the original problem, over lambda "
     "(lambda = 0: over the largest |gradient| at w = 0). Small means optimal "
     "if f is convex, stationary if it is not."},
    {"stop", get_stop, "minimum.stop",
     "Why it ended: stationary, stalled, steps, diverged."},
    {"steps", get_steps, "minimum.steps", "Iterations."},
    {"evaluations", get_evaluations, "minimum.evaluations",
     "Calls of value_and_gradient, the gradient check aside."},
    {"seconds", get_seconds, "minimum.seconds", "Wall-clock seconds."},
    {0}};
static const struct binding_type type = {
    "minimum", "What spred.minimise found.", methods, properties, NULL};

static struct lua_minimum *check_minimum(lua_State *L)
{
    return binding_check(L, 1, &type);
}

/* Stack of the call of spred.minimise. */
enum { GIVEN = 1, MINIMUM, START, SPARSE, W, G, RESULT, FUNCTION };

/* What a call of the Lua function needs. */
struct task {
    struct script *script;
    lua_State *L; /* of spred.minimise */
    size_t n;
    double *w, *g; /* of the matrices at W and G */
    double value;
};

/* Under script_call: function, w, g, task -> value and gradient into task. */
static int evaluate(lua_State *L)
{
    struct task *task = lua_touserdata(L, 4);
    lua_settop(L, 3);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_call(L, 2, 2);
    if (lua_type(L, 4) != LUA_TNUMBER)
        return luaL_error(L,
                          WHAT ": value_and_gradient returned a %s, expected "
                               "the value, a number",
                          luaL_typename(L, 4));
    task->value = lua_tonumber(L, 4);
    if (lua_isnil(L, 5) || lua_rawequal(L, 5, 3))
        return 0; /* the gradient was written in place */
    size_t n;
    const double *given = binding_vector(L, 5, &n, WHAT ": the gradient");
    if (n != task->n)
        return luaL_error(L,
                          WHAT ": the gradient has %I values, there are %I "
                               "variables",
                          (lua_Integer)n, (lua_Integer)task->n);
    memcpy(task->g, given, n * sizeof *given);
    return 0;
}

/* Needs no memory but the stack's, which was made sure of. */
static enum spred_status value_and_gradient(void *cookie, const double *w,
                                            double *value, double *gradient)
{
    struct task *task = cookie;
    lua_State *L = task->L, *main = task->script->L;
    memcpy(task->w, w, task->n * sizeof *w);
    memset(task->g, 0, task->n * sizeof *w);
    lua_pushcfunction(L, evaluate);
    lua_pushvalue(L, FUNCTION);
    lua_pushvalue(L, W);
    lua_pushvalue(L, G);
    lua_pushlightuserdata(L, task);
    if (main != L)
        lua_xmove(L, main, 5);
    SPRED_TRY(script_call(task->script, 4, 0));
    *value = task->value;
    memcpy(gradient, task->g, task->n * sizeof *gradient);
    return SPRED_OK;
}

static enum spred_minimise_method read_method(lua_State *L)
{
    static const char *const names[] = {"lbfgs", "adam", "sgd", NULL};
    const char *name = binding_text(L, GIVEN, WHAT, "method", names[0]);
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return (enum spred_minimise_method)i;
    luaL_error(L, WHAT ".method: '%s', expected lbfgs, adam or sgd", name);
    return SPRED_MINIMISE_LBFGS;
}

/* The start, pushed as a vector, and with it n. */
static const double *read_start(lua_State *L, size_t *n)
{
    lua_Integer given = binding_integer(L, GIVEN, WHAT, "n", 0);
    if (lua_getfield(L, GIVEN, "start") == LUA_TNIL) {
        lua_pop(L, 1);
        if (given < 1)
            luaL_error(L, WHAT ": expected n = number of variables, or start = "
                               "a vector");
        *n = (size_t)given;
        return binding_matrix_new(L, *n, 1);
    }
    const double *start = binding_vector(L, -1, n, WHAT ".start");
    lua_remove(L, -2);
    if (given && (size_t)given != *n)
        luaL_error(L, WHAT ": n = %I, but start has %I values", given,
                   (lua_Integer)*n);
    return start;
}

/* sparse = true (all), false (none) or a list of indices, as a userdata of n
 * flags that is pushed. */
static const unsigned char *read_sparse(lua_State *L, size_t n)
{
    unsigned char *flags = lua_newuserdatauv(L, n, 0);
    int kind = lua_getfield(L, GIVEN, "sparse");
    int all =
        kind == LUA_TNIL || (kind == LUA_TBOOLEAN && lua_toboolean(L, -1));
    memset(flags, all, n);
    if (kind == LUA_TTABLE) {
        lua_Integer count = luaL_len(L, -1);
        for (lua_Integer i = 1; i <= count; i++) {
            int whole;
            lua_geti(L, -1, i);
            lua_Integer j = lua_tointegerx(L, -1, &whole);
            if (!whole || j < 1 || (size_t)j > n)
                luaL_error(L,
                           WHAT ".sparse[%I]: expected an index from 1 to "
                                "%I",
                           i, (lua_Integer)n);
            flags[j - 1] = 1;
            lua_pop(L, 1);
        }
    } else if (kind != LUA_TNIL && kind != LUA_TBOOLEAN) {
        luaL_error(L,
                   WHAT ".sparse: expected true, false or a list of "
                        "indices, got a %s",
                   luaL_typename(L, -1));
    }
    lua_pop(L, 1);
    return flags;
}

static void read_options(lua_State *L, struct spred_minimise_options *o)
{
    static const char *const keys[] = {"value_and_gradient",
                                       "n",
                                       "start",
                                       "lambda",
                                       "sparse",
                                       "method",
                                       "steps",
                                       "step",
                                       "momentum",
                                       "init",
                                       "round",
                                       "tolerance",
                                       "seed",
                                       "check",
                                       NULL};
    binding_keys(L, GIVEN, WHAT, keys);
    spred_minimise_default(o);
    o->method = read_method(L);
    o->lambda = binding_real(L, GIVEN, WHAT, "lambda", 0);
    o->steps = (long)binding_integer(L, GIVEN, WHAT, "steps", o->steps);
    o->step = binding_real(L, GIVEN, WHAT, "step", o->step);
    o->momentum = binding_real(L, GIVEN, WHAT, "momentum", o->momentum);
    o->init = binding_real(L, GIVEN, WHAT, "init", o->init);
    o->round = binding_real(L, GIVEN, WHAT, "round", o->round);
    o->tolerance = binding_real(L, GIVEN, WHAT, "tolerance", o->tolerance);
    o->seed = (uint64_t)binding_integer(L, GIVEN, WHAT, "seed", 17);
}

/* A wrong gradient is an error that says where. */
static void check_gradient(lua_State *L, const struct spred_objective *f,
                           const double *start)
{
    size_t worst;
    double error, given, numeric;
    int check = binding_boolean(L, GIVEN, WHAT, "check", f->n <= CHECK_MOST);
    if (!check)
        return;
    binding_try(L, spred_check_gradient(binding_env(L), f, start, &worst,
                                        &error, &given, &numeric));
    if (!(error <= CHECK_WORST))
        luaL_error(L,
                   WHAT ": the gradient near the start is wrong: [%I] is %f, "
                        "but differences of the value say %f (check = "
                        "false leaves this out)",
                   (lua_Integer)worst + 1, given, numeric);
}

/* The minimum at MINIMUM keeps w (RESULT) and its support. */
static void keep(lua_State *L, const double *w, size_t n)
{
    lua_Integer count = 0;
    lua_newtable(L);
    for (size_t j = 0; j < n; j++)
        if (w[j] < 0 || w[j] > 0) {
            lua_pushinteger(L, (lua_Integer)j + 1);
            lua_rawseti(L, -2, ++count);
        }
    lua_setiuservalue(L, MINIMUM, 2);
    lua_pushvalue(L, RESULT);
    lua_setiuservalue(L, MINIMUM, 1);
}

static int minimise(lua_State *L)
{
    struct spred_env *env = binding_env(L);
    struct spred_minimise_options options;
    struct task task = {.script = script_of(L), .L = L};
    lua_settop(L, GIVEN);
    read_options(L, &options);
    luaL_checkstack(L, 20, WHAT);
    luaL_checkstack(task.script->L, 20, WHAT);
    struct lua_minimum *minimum = binding_new(L, &type, sizeof *minimum, 2);
    options.start = read_start(L, &task.n);
    options.sparse = read_sparse(L, task.n);
    task.w = binding_matrix_new(L, task.n, 1);
    task.g = binding_matrix_new(L, task.n, 1);
    double *w = binding_matrix_new(L, task.n, 1);
    binding_function(L, GIVEN, WHAT, "value_and_gradient", 1);
    struct spred_objective objective = {task.n, value_and_gradient, &task};
    check_gradient(L, &objective, options.start);
    double from = script_now();
    binding_try(L, spred_minimise(env, &objective, &options, w, &minimum->m));
    minimum->seconds = script_now() - from;
    if (minimum->m.stop == SPRED_STOP_INTERRUPTED)
        return luaL_error(L, "interrupted");
    if (minimum->m.stop == SPRED_STOP_FAILED)
        return luaL_error(L, "%s", env->error);
    keep(L, w, task.n);
    lua_settop(L, MINIMUM);
    return 1;
}

static const struct binding_entry functions[] = {
    {"minimise", minimise,
     "spred.minimise{value_and_gradient=, n= | start=, lambda=, sparse=, "
     "method=, tolerance=, steps=, ...}",
     "Minimises f(w) + lambda * sum |w_j| for a smooth f by spred: w = u v "
     "with "
     "an L2 penalty on u and v. value_and_gradient(w, g) gets the vector w, "
     "returns f and the gradient (a vector or list, or nothing when it wrote "
     "it into g). sparse: true (all weights, the default), false or a list of "
     "indices. method: lbfgs, adam, sgd (full gradients; step=, momentum=). "
     "check: compares the gradient with differences first (default: up to 200 "
     "variables). Gives a `minimum`; what it certifies is stationarity of the "
     "original problem."},
    {0}};

void binding_open_minimise(lua_State *L)
{
    binding_type(L, &type);
    binding_functions(L, functions);
}
