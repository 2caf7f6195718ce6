/* custom.c: Lua functions of numbers, called for whole arrays at once. */
#include "lua/custom.h"

#include <string.h>

struct batch {
    const struct custom_function *function;
    size_t n;
    const double *a, *b;
    double *out;
};

static int map(lua_State *L)
{
    const struct batch *batch = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, batch->function->reference);
    for (size_t i = 0; i < batch->n; i++) {
        lua_pushvalue(L, 2);
        lua_pushnumber(L, batch->a[i]);
        if (batch->b)
            lua_pushnumber(L, batch->b[i]);
        lua_call(L, batch->b ? 2 : 1, 1);
        if (lua_type(L, -1) != LUA_TNUMBER) {
            lua_Debug where;
            lua_pushvalue(L, 2);
            lua_getinfo(L, ">S", &where);
            return luaL_error(L,
                              "%s:%d: %s must give a number, it gave a %s at "
                              "%f",
                              where.short_src, where.linedefined,
                              batch->function->what, luaL_typename(L, -1),
                              batch->a[i]);
        }
        batch->out[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    return 0;
}

enum spred_status custom_map(const struct custom_function *function,
                             struct spred_env *env, size_t n, const double *a,
                             const double *b, double *out)
{
    struct script *script = function->script;
    struct batch batch = {function, n, a, b, out};
    if (!lua_checkstack(script->L, 4))
        return spred_fail(env, SPRED_ENOMEM, "no room on Lua's stack");
    lua_pushcfunction(script->L, map);
    lua_pushlightuserdata(script->L, &batch);
    enum spred_status status = script_call(script, 1, 0);
    if (status != SPRED_OK && env != script->env)
        memcpy(env->error, script->env->error, sizeof env->error);
    return status;
}

const char *custom_text(lua_State *L, int index, int keep, const char *kind,
                        const char *key)
{
    keep = lua_absindex(L, keep);
    const char *text = binding_text(L, index, kind, key, NULL);
    if (!text)
        luaL_error(L, "%s.%s: expected a string, got nil", kind, key);
    lua_pushstring(L, text);
    text = lua_tostring(L, -1);
    lua_setfield(L, keep, key);
    return text;
}

void custom_take(lua_State *L, int index, int keep, const char *kind,
                 const char *key, int need, struct custom_function *out)
{
    index = lua_absindex(L, index);
    keep = lua_absindex(L, keep);
    *out = (struct custom_function){script_of(L), LUA_NOREF, NULL};
    lua_getfield(L, keep, "name");
    out->what = lua_pushfstring(L, "%s.%s", lua_tostring(L, -1), key);
    lua_setfield(L, keep, key); /* the field is a text: kept */
    lua_pop(L, 1);
    if (binding_function(L, index, kind, key, need))
        out->reference = luaL_ref(L, LUA_REGISTRYINDEX);
    else
        lua_pop(L, 1);
}
