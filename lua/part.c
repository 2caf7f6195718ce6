/* part.c: parts of a script that are one Lua function: declared and called. */
#include "lua/part.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct binding_type type = {
    "part", "A metric, protocol or loader that a script declared.", NULL, NULL,
    NULL};

struct lua_part *part_new(lua_State *L, enum declare_kind kind,
                          const char *what, const char *key)
{
    const char *const keys[] = {"name", "doc", key, NULL};
    binding_keys(L, 1, what, keys);
    lua_settop(L, 1);
    const char *name = binding_text(L, 1, what, "name", NULL);
    const char *doc = binding_text(L, 1, what, "doc", "");
    declare_check_name(L, kind, what, name);
    struct lua_part *part = binding_new(L, &type, sizeof *part, 0);
    part->script = script_of(L);
    snprintf(part->name, sizeof part->name, "%s", name);
    snprintf(part->doc, sizeof part->doc, "%s", doc);
    binding_function(L, 1, what, key, 1);
    part->function = luaL_ref(L, LUA_REGISTRYINDEX);
    return part;
}

enum spred_status part_call_script(struct script *script, struct spred_env *env,
                                   int function, lua_CFunction work, void *task)
{
    lua_State *L = script->L;
    if (!lua_checkstack(L, 6))
        return spred_fail(env, SPRED_ENOMEM, "no room on Lua's stack");
    lua_pushcfunction(L, work);
    lua_pushlightuserdata(L, task);
    lua_rawgeti(L, LUA_REGISTRYINDEX, function);
    enum spred_status status = script_call(script, 2, 0);
    if (status != SPRED_OK && env != script->env)
        memcpy(env->error, script->env->error, sizeof env->error);
    return status;
}

enum spred_status part_call(const struct lua_part *part, struct spred_env *env,
                            lua_CFunction work, void *task)
{
    return part_call_script(part->script, env, part->function, work, task);
}

void part_push_row(lua_State *L, const struct results_column *columns,
                   const void *row)
{
    lua_newtable(L);
    for (const struct results_column *c = columns; c->name; c++) {
        const char *field = (const char *)row + c->offset;
        if (c->kind == RESULTS_TEXT) {
            lua_pushstring(L, *(char *const *)(const void *)field);
        } else if (c->kind == RESULTS_INT) {
            int64_t value = *(const int64_t *)(const void *)field;
            if (value == INT64_MIN)
                continue;
            lua_pushinteger(L, (lua_Integer)value);
        } else {
            double value = *(const double *)(const void *)field;
            if (isnan(value))
                continue;
            lua_pushnumber(L, value);
        }
        lua_setfield(L, -2, c->name);
    }
}

void part_open(lua_State *L)
{
    binding_type(L, &type);
}
