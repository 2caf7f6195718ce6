/* figure_kind.c: calls the draw functions of figure kinds that a script has
 * declared, for figures/ and the report. */
#include "lua/figure_kind.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/figure.h"
#include "lua/results.h"
#include "spred/text.h"

/* Its address is the registry's key of the names, a C array for struct
 * plots_extra: read without an allocation, which could raise. */
static const char names_key[] = "names";

void figure_kind_add(lua_State *L, const char *name, int index)
{
    index = lua_absindex(L, index);
    for (const char *const *built_in = plots_kinds(); *built_in; built_in++)
        if (strcmp(*built_in, name) == 0)
            luaL_error(L, "the figure '%s' is built in", name);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, FIGURE_KINDS);
    lua_pushvalue(L, index);
    lua_setfield(L, -2, name);
    /* the list, in the order of the alphabet that lua_next does not keep */
    lua_Integer n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        n++;
    const char **names =
        lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *names, 0);
    size_t filled = 0;
    for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) {
        const char *key = lua_tostring(L, -2);
        size_t at = filled++;
        for (; at > 0 && strcmp(names[at - 1], key) > 0; at--)
            names[at] = names[at - 1];
        names[at] = key; /* the registry's table keeps it */
    }
    names[filled] = NULL;
    lua_rawsetp(L, LUA_REGISTRYINDEX, names_key);
    lua_pop(L, 1);
}

/* What one call of draw is about; handed to Lua as a light userdata. */
struct task {
    const char *db, *folder, *name;
    int pictures;
};

/* Under script_call: opens the results, asks the function, draws. */
static int draw(lua_State *L)
{
    const struct task *task = lua_touserdata(L, 1);
    struct plots_series_figure figure;
    size_t length = strlen(task->db), end = strlen("/results.db");
    lua_pushlstring(L, task->db, length > end ? length - end : length);
    binding_results_open(L, lua_tostring(L, -1));
    int results = lua_gettop(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, FIGURE_KINDS);
    lua_getfield(L, -1, task->name);
    lua_pushvalue(L, results);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1))
        return 0; /* nothing to show */
    const char *what = lua_pushfstring(L, "figure '%s'", task->name);
    if (!lua_istable(L, -2))
        return luaL_error(L,
                          "%s: draw returned a %s, expected the table of "
                          "spred.plot or nil",
                          what, luaL_typename(L, -2));
    binding_series_figure(L, -2, what, &figure);
    figure.name = task->name;
    figure.store = task->db;
    binding_try(L, plots_series_draw(binding_env(L), &figure, task->folder,
                                     task->pictures, NULL));
    return 0;
}

static enum spred_status draw_extra(void *cookie, struct spred_env *env,
                                    const char *db_path, const char *folder,
                                    const char *name, int pictures)
{
    struct script *script = cookie;
    struct task task = {db_path, folder, name, pictures};
    if (!lua_checkstack(script->L, LUA_MINSTACK))
        return spred_fail(env, SPRED_ENOMEM, "figure '%s': no Lua stack", name);
    lua_pushcfunction(script->L, draw);
    lua_pushlightuserdata(script->L, &task);
    enum spred_status status = script_call(script, 1, 0);
    if (status && env != script->env)
        spred_fail(env, status, "%s", script->env->error);
    return status;
}

const struct plots_extra *figure_kind_extra(struct script *script,
                                            struct plots_extra *out)
{
    if (!script)
        return NULL;
    lua_State *L = script->L;
    const char *const *names = NULL;
    if (!lua_checkstack(L, 1))
        return NULL;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, names_key) == LUA_TUSERDATA)
        names = lua_touserdata(L, -1);
    lua_pop(L, 1);
    *out = (struct plots_extra){script, names, draw_extra};
    return names ? out : NULL;
}
