/* part.h: what the parts of a script that are one Lua function share: metric,
 * protocol, loader. */
#ifndef LUA_PART_H
#define LUA_PART_H

#include "lua/declare.h"
#include "results/sink.h"

/* A declared part: a userdata that the registry keeps. */
struct lua_part {
    struct script *script;
    int function; /* reference in the registry */
    char name[64], doc[256];
};

/* Pushes the part declared by the table at index 1, whose keys are name, doc
 * and `key`, the function. */
struct lua_part *part_new(lua_State *L, enum declare_kind kind,
                          const char *what, const char *key);

/* script_call of work(task, function): work is a C function that finds the task
 * (a light userdata) at 1 and the part's function at 2. The text of an error is
 * in env. */
enum spred_status part_call(const struct lua_part *part, struct spred_env *env,
                            lua_CFunction work, void *task);
enum spred_status part_call_script(struct script *script, struct spred_env *env,
                                   int function, lua_CFunction work,
                                   void *task);

/* Pushes a table of the fields of a row that have a value. */
void part_push_row(lua_State *L, const struct results_column *columns,
                   const void *row);

void part_open(lua_State *L); /* the type */

#endif
