/* solver_run.c: runs a Lua-made method for the host: every call into Lua is
 * protected, so that an error in a script is a failed run and nothing more. */
#include <math.h>
#include <string.h>

#include "lua/problem.h"
#include "lua/solver.h"

/* What Lua keeps of a run: user value 1: s, 2: ctx. Problem and views look at
 * alive, which therefore lies here and not in the host's memory. */
struct lua_run {
    int alive;
};
static const struct binding_type run_type = {
    "run", "A run of a solver that a script declared.", NULL, NULL, NULL};

struct state {
    const struct lua_solver *self; /* put by the host */
    struct spred_env *env;
    const struct spred_problem *problem;
    struct lua_run *run;
    struct lua_problem *context; /* lambda and work are set here */
    struct spred_work work;      /* what the host has not been told yet */
    int reference;               /* of the run, in the registry; 0: none */
    double *w, *b;               /* p x K, K: the last iterate */
};

/* One call, handed to Lua as a light userdata. */
struct call {
    struct state *state;
    enum solver_call which;
    const void *options; /* init */
    uint64_t seed;       /* init */
    int finished;        /* step */
};

/* Under the limits of the script; the text of an error is in the host's env. */
static enum spred_status call_lua(struct call *call, lua_CFunction function)
{
    struct state *s = call->state;
    struct script *script = s->self->script;
    if (!lua_checkstack(script->L, LUA_MINSTACK))
        return spred_fail(s->env, SPRED_ENOMEM, "no room on Lua's stack");
    lua_pushcfunction(script->L, function);
    lua_pushlightuserdata(script->L, call);
    enum spred_status status = script_call(script, 1, 0);
    if (status != SPRED_OK && s->env != script->env)
        memcpy(s->env->error, script->env->error, sizeof s->env->error);
    return status;
}

/* Where the function of a call was written, for errors that Lua cannot place:
 * "ista.lua:12: ". */
static void push_where(lua_State *L, const struct call *call)
{
    lua_Debug where;
    const char *file = "?";
    int line = 0;
    int reference = call->state->self->function[call->which];
    if (reference != LUA_NOREF) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
        lua_getinfo(L, ">S", &where);
        file = where.short_src;
        line = where.linedefined;
    }
    lua_pushfstring(L, "%s:%d: ", file, line);
}

/* The values of the matrix on top of the stack (popped) into out. */
static void take(lua_State *L, const struct call *call, const char *name,
                 size_t rows, size_t cols, double *out)
{
    static const char *const names[] = {"init", "start", "step", "get", "free"};
    const struct lua_matrix *held = binding_test(L, -1, &binding_matrix);
    const char *got = NULL;
    if (!held)
        got = luaL_typename(L, -1);
    else if (held->alive && !*held->alive)
        got = "a matrix of a run that is over";
    else if (held->m.storage != SPRED_F64)
        got = "a matrix that is not dense f64";
    else if (held->m.rows != rows || held->m.cols != cols)
        got = lua_pushfstring(L, "%I x %I", (lua_Integer)held->m.rows,
                              (lua_Integer)held->m.cols);
    if (got) {
        push_where(L, call);
        luaL_error(L, "%s%s: after %s it must be a matrix of %I x %I, it is %s",
                   lua_tostring(L, -1), name, names[call->which],
                   (lua_Integer)rows, (lua_Integer)cols, got);
    }
    memcpy(out, held->m.f64, rows * cols * sizeof *out);
    lua_pop(L, 1);
}

/* The iterate into the host's memory: s.w and s.b, or what get gives. s and ctx
 * are at 2 and 3. */
static void take_iterate(lua_State *L, struct call *call)
{
    struct state *s = call->state;
    size_t p = s->problem->p, outputs = s->problem->outputs;
    int get = s->self->function[SOLVER_GET];
    if (get != LUA_NOREF) {
        call->which = SOLVER_GET;
        lua_rawgeti(L, LUA_REGISTRYINDEX, get);
        lua_pushvalue(L, 2);
        lua_pushvalue(L, 3);
        lua_call(L, 2, 2);
        lua_pushvalue(L, -2);
    } else {
        lua_getfield(L, 2, "b");
        lua_getfield(L, 2, "w");
    }
    take(L, call, get == LUA_NOREF ? "s.w" : "w", p, outputs, s->w);
    take(L, call, get == LUA_NOREF ? "s.b" : "b", outputs, 1, s->b);
    for (size_t k = 0; !s->problem->intercept && k < outputs; k++)
        if (s->b[k] < 0 || s->b[k] > 0) {
            push_where(L, call);
            luaL_error(L, "%sb must stay 0: the problem has no intercept",
                       lua_tostring(L, -1));
        }
}

/* Pushes s and ctx to 2 and 3, calls the function (if any) with them. */
static int enter(lua_State *L, struct call *call)
{
    const struct state *s = call->state;
    lua_settop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->reference);
    lua_getiuservalue(L, -1, 1);
    lua_getiuservalue(L, -2, 2);
    lua_remove(L, 2);
    int reference = s->self->function[call->which];
    if (reference == LUA_NOREF)
        return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_call(L, 2, 1);
    return 1;
}

/* ---- the protected parts ---- */

static int run_simple(lua_State *L)
{
    enter(L, lua_touserdata(L, 1));
    return 0;
}

/* start */
static int run_start(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    if (enter(L, call))
        take_iterate(L, call);
    return 0;
}

static int run_step(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    enter(L, call);
    int kind = lua_type(L, -1);
    if (kind != LUA_TNIL && kind != LUA_TBOOLEAN) {
        push_where(L, call);
        return luaL_error(L,
                          "%sstep must give true (finished), false or nil, "
                          "not a %s",
                          lua_tostring(L, -1), lua_typename(L, kind));
    }
    call->finished = lua_toboolean(L, -1);
    take_iterate(L, call);
    return 0;
}

/* ctx, in the run at 2, with its options and its random numbers. */
static void make_context(lua_State *L, const struct call *call)
{
    struct state *s = call->state;
    s->context = binding_problem_view(L, 2, &s->run->alive, s->problem);
    int context = lua_gettop(L);
    lua_getiuservalue(L, context, 2);
    solver_options_push(L, s->self->own.options, call->options);
    lua_setfield(L, -2, "options");
    lua_getfield(L, LUA_REGISTRYINDEX, "spred");
    lua_getfield(L, -1, "rng");
    lua_pushinteger(L, (lua_Integer)call->seed);
    lua_call(L, 1, 1);
    lua_setfield(L, -3, "rng");
    lua_settop(L, context);
    lua_setiuservalue(L, 2, 2);
}

static int run_init(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    struct state *s = call->state;
    const struct spred_problem *problem = s->problem;
    size_t outputs = problem->outputs;
    s->run = binding_new(L, &run_type, sizeof *s->run, 2);
    lua_pushvalue(L, 2);
    s->reference = luaL_ref(L, LUA_REGISTRYINDEX);
    s->run->alive = 1;
    lua_newtable(L);
    binding_matrix_new(L, problem->p, outputs);
    lua_setfield(L, -2, "w");
    double *b = binding_matrix_new(L, outputs, 1);
    memcpy(b, problem->null_intercept, outputs * sizeof *b);
    memcpy(s->b, b, outputs * sizeof *b);
    lua_setfield(L, -2, "b");
    lua_setiuservalue(L, 2, 1);
    make_context(L, call);
    s->context->work = &s->work;
    enter(L, call);
    take_iterate(L, call);
    return 0;
}

static int run_free(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    luaL_unref(L, LUA_REGISTRYINDEX, call->state->reference);
    return 0;
}

/* ---- what the host calls ---- */

/* Adds the work since the last time; start, too, does some. */
static void hand_over(struct state *s, struct spred_work *work)
{
    work->passes += s->work.passes;
    s->work.passes = 0;
}

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    struct call call = {
        .state = s, .which = SOLVER_INIT, .options = options, .seed = seed};
    s->env = env;
    s->problem = problem;
    s->w = spred_alloc(env, problem->p * problem->outputs, sizeof *s->w);
    s->b = spred_alloc(env, problem->outputs, sizeof *s->b);
    if (!s->w || !s->b)
        return SPRED_ENOMEM;
    enum spred_status status = call_lua(&call, run_init);
    hand_over(s, work);
    return status;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    struct call call = {.state = s, .which = SOLVER_START};
    s->context->lambda = lambda;
    s->context->tolerance = tolerance;
    return call_lua(&call, run_start);
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    struct call call = {.state = s, .which = SOLVER_STEP};
    enum spred_status status = call_lua(&call, run_step);
    hand_over(s, work);
    *finished = call.finished;
    return status;
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    const struct spred_problem *problem = s->problem;
    memcpy(w, s->w, problem->p * problem->outputs * sizeof *w);
    memcpy(b, s->b, problem->outputs * sizeof *b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    char reason[SPRED_ERROR_MAX]; /* why the run ended: kept */
    memcpy(reason, s->env ? s->env->error : "", s->env ? sizeof reason : 1);
    if (s->reference > 0) {
        struct call call = {.state = s, .which = SOLVER_FREE};
        if (s->self->function[SOLVER_FREE] != LUA_NOREF && s->context)
            call_lua(&call, run_simple);
        s->run->alive = 0;
        call_lua(&call, run_free);
    }
    if (s->env)
        memcpy(s->env->error, reason, sizeof reason);
    spred_free(env, s->w);
    spred_free(env, s->b);
}

void solver_run_functions(struct lua_solver *out)
{
    out->own.state_size = sizeof(struct state);
    out->own.init = init;
    out->own.start = start;
    out->own.step = step;
    out->own.get = get;
    out->own.free = release;
}

void solver_run_open(lua_State *L)
{
    binding_type(L, &run_type);
}
