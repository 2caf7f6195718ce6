/* part.c: calls from C of the one Lua function that a part is, with the place
 * of that function in every error. */
#include "lua/part.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/job.h"
#include "results/field.h"

struct part *part_new(lua_State *L, enum declare_kind sort, const char *kind,
                      const char *key)
{
    const char *const keys[] = {"name", "doc", key, NULL};
    binding_keys(L, 1, kind, keys);
    lua_settop(L, 1);
    struct part *part = lua_newuserdatauv(L, sizeof *part, 1);
    memset(part, 0, sizeof *part);
    lua_newtable(L);
    part->name = custom_text(L, 1, 3, kind, "name");
    declare_check_name(L, sort, kind, part->name);
    part->doc = binding_text(L, 1, kind, "doc", NULL)
                    ? custom_text(L, 1, 3, kind, "doc")
                    : "";
    custom_take(L, 1, 3, kind, key, 1, &part->call);
    lua_setiuservalue(L, 2, 1);
    return part;
}

enum spred_status part_run(struct part_task *task, lua_CFunction body)
{
    struct script *script = task->script;
    char message[SPRED_ERROR_MAX];
    task->source = NULL;
    if (!lua_checkstack(script->L, LUA_MINSTACK))
        return spred_fail(task->env, SPRED_ENOMEM, "no room on Lua's stack");
    lua_pushcfunction(script->L, body);
    lua_pushlightuserdata(script->L, task);
    double outer = script->deadline; /* of the script that runs an experiment */
    if (script->depth > 0 && script->hook_seconds > 0)
        script->deadline = script_now() + script->hook_seconds;
    enum spred_status status = script_call(script, 1, 0);
    script->deadline = outer;
    if (status == SPRED_OK)
        return status;
    memcpy(message, script->env->error, sizeof message);
    message[sizeof message - 1] = '\0';
    return task->source && status == SPRED_EINVAL
               ? spred_fail(task->env, status, "%s: %s '%s': %s", task->source,
                            task->what, task->name, message)
               : spred_fail(task->env, status, "%s", message);
}

void part_call(lua_State *L, struct part_task *task, int arguments, int results)
{
    lua_Debug where;
    lua_pushvalue(L, -arguments - 1);
    lua_getinfo(L, ">S", &where);
    lua_call(L, arguments, results);
    snprintf(task->place, sizeof task->place, "%s:%d", where.short_src,
             where.linedefined);
    task->source = task->place;
}

void part_push_row(lua_State *L, const struct results_column *columns,
                   const void *row)
{
    lua_newtable(L);
    for (const struct results_column *c = columns; c->name; c++) {
        if (c->kind == RESULTS_TEXT) {
            lua_pushstring(L, results_field_text(row, c)); /* NULL: nil */
        } else if (c->kind == RESULTS_INT) {
            if (results_field_int(row, c) == INT64_MIN)
                continue;
            lua_pushinteger(L, results_field_int(row, c));
        } else {
            if (isnan(results_field_real(row, c)))
                continue;
            lua_pushnumber(L, results_field_real(row, c));
        }
        lua_setfield(L, -2, c->name);
    }
}

void part_push_job(lua_State *L, const struct job *job)
{
    char key[SPRED_HEX_SIZE];
    part_push_row(L, job_columns, job);
    binding_try(L, job_key(binding_env(L), job, key));
    lua_pushstring(L, key);
    lua_setfield(L, -2, "job");
}
