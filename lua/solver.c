/* solver.c: spred.solver: a method of a script, which the host runs, times and
 * certifies as any other. */
#include "lua/solver.h"

#include <string.h>

#include "lua/declare.h"

static const char kind[] = "spred.solver";

static int get_name(lua_State *L);
static const struct binding_entry properties[] = {
    {"name", get_name, "solver.name", "The name under which it was declared."},
    {NULL, NULL, NULL, NULL}};
static const struct binding_type type = {
    "solver", "A method that a script declared.", NULL, properties, NULL};

static int get_name(lua_State *L)
{
    const struct lua_solver *solver = binding_check(L, 1, &type);
    lua_pushstring(L, solver->own.name);
    return 1;
}

/* A word and the bit that it sets. */
struct word {
    const char *text;
    unsigned bit;
};
static const struct word needs[] = {{"quadratic", SPRED_NEEDS_QUADRATIC},
                                    {"one-output", SPRED_NEEDS_ONE_OUTPUT},
                                    {"pure-l1", SPRED_NEEDS_PURE_L1},
                                    {NULL, 0}};
static const struct word takes[] = {
    {"groups", SPRED_TAKES_GROUPS}, {"custom", SPRED_TAKES_CUSTOM}, {NULL, 0}};

/* The bits of a list of words in the declaration at 1. */
static unsigned words(lua_State *L, const char *key, const struct word *known)
{
    unsigned bits = 0;
    int list = lua_getfield(L, 1, key);
    if (list != LUA_TNIL && list != LUA_TTABLE)
        luaL_error(L, "%s.%s: expected a list of words, got a %s", kind, key,
                   luaL_typename(L, -1));
    lua_Integer n = list == LUA_TTABLE ? luaL_len(L, -1) : 0;
    for (lua_Integer i = 1; i <= n; i++) {
        const struct word *word = known;
        lua_geti(L, -1, i);
        const char *text = luaL_tolstring(L, -1, NULL);
        while (word->text && strcmp(word->text, text) != 0)
            word++;
        if (!word->text) {
            luaL_Buffer all;
            luaL_buffinit(L, &all);
            for (const struct word *w = known; w->text; w++) {
                luaL_addstring(&all, w == known ? "" : ", ");
                luaL_addstring(&all, w->text);
            }
            luaL_pushresult(&all);
            luaL_error(L, "%s.%s: expected some of %s, got '%s'", kind, key,
                       lua_tostring(L, -1), text);
        }
        bits |= word->bit;
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
    return bits;
}

/* A text, kept by the table at 3. */
static const char *text_at(lua_State *L, const char *key, const char *fallback)
{
    const char *text = binding_text(L, 1, kind, key, NULL);
    if (!text)
        return fallback;
    lua_pushstring(L, text);
    text = lua_tostring(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, 3);
    return text;
}

static int declare_solver(lua_State *L)
{
    static const char *const keys[] = {"name",  "doc",   "reference", "options",
                                       "needs", "takes", "init",      "start",
                                       "step",  "get",   "free",      NULL};
    static const char *const calls[SOLVER_CALLS] = {"init", "start", "step",
                                                    "get", "free"};
    binding_keys(L, 1, kind, keys);
    lua_settop(L, 1);
    struct lua_solver *solver = binding_new(L, &type, sizeof *solver, 1);
    lua_newtable(L);
    const char *name = text_at(L, "name", NULL);
    declare_check_name(L, DECLARE_SOLVER, kind, name);
    solver->script = script_of(L);
    solver->own = (struct spred_solver){
        .name = name,
        .doc = text_at(L, "doc", "a method of the script"),
        .reference = text_at(L, "reference", "the script"),
        .api_version = 1,
        .needs = words(L, "needs", needs) | words(L, "takes", takes),
        .self = solver};
    solver_run_functions(solver);
    lua_pushfstring(L, "%s '%s'", kind, name);
    const char *what = lua_tostring(L, -1);
    solver_options_read(L, 1, 3, what, &solver->own);
    for (int i = 0; i < SOLVER_CALLS; i++) {
        binding_function(L, 1, kind, calls[i], i == SOLVER_STEP);
        solver->function[i] = lua_isnil(L, -1) ? LUA_NOREF : LUA_REFNIL;
        lua_pop(L, 1);
    }
    for (int i = 0; i < SOLVER_CALLS; i++)
        if (solver->function[i] != LUA_NOREF) {
            lua_getfield(L, 1, calls[i]);
            solver->function[i] = luaL_ref(L, LUA_REGISTRYINDEX);
        }
    lua_settop(L, 3);
    lua_setiuservalue(L, 2, 1);
    declare_add(L, DECLARE_SOLVER, &solver->own, 2);
    return 1;
}

void binding_open_solver(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"solver", declare_solver,
         "spred.solver{name=, doc=, options={step={\"step size\", 1.0}}, "
         "init=function(s, ctx), start=function(s, ctx), step=function(s, "
         "ctx), "
         "get=, free=, needs={}, takes={}, reference=}",
         "Declares a method, for `solvers:` by its name. s is a table of the "
         "run: the host reads s.w (p x K, zeros at first) and s.b (K x 1, the "
         "null intercept) after every call, or what get gives: w, b. ctx is "
         "the problem, with ctx.lambda and ctx.options. init runs once, start "
         "at every new lambda (the iterate stays, as a warm start), step does "
         "one iteration and gives true when it claims to be finished, which "
         "the certificate confirms or refutes. An option is {\"what it does\", "
         "default [, min, max]} or, for texts, {..., choices={}}. needs: some "
         "of quadratic, one-output, pure-l1; takes: groups, custom (penalties "
         "other than the elastic net, through ctx:prox)."},
        {NULL, NULL, NULL, NULL}};
    binding_type(L, &type);
    solver_run_open(L);
    binding_functions(L, functions);
}
