/* part.h: what the parts that are one Lua function share: metrics, protocols,
 * data sources, hooks: how C calls them. */
#ifndef LUA_PART_H
#define LUA_PART_H

#include "lua/custom.h"
#include "lua/declare.h"

/* A named part; a userdata that lives as long as the state. */
struct part {
    struct custom_function call;
    const char *name, *doc;
};

/* Reads {name, doc, KEY = function} at index 1, checks the name, pushes the
 * part. kind: "spred.metric". */
struct part *part_new(lua_State *L, enum declare_kind sort, const char *kind,
                      const char *key);

/* One call from C: `body` pushes the arguments, calls part_call, and reads what
 * came back. The first field of the body's own task. */
struct part_task {
    struct script *script;
    struct spred_env *env;
    const char *what;   /* "metric", "hook" */
    const char *name;   /* for messages */
    const char *source; /* file and line of the function, once it returned */
    char place[160];
};

/* Under the script's limits; body finds the task as a light userdata at 1.
 * Never raises. The error has file:line and is in the task's env. */
enum spred_status part_run(struct part_task *task, lua_CFunction body);

/* In a body: the function lies below its arguments. After it errors are about
 * what it returned. */
void part_call(lua_State *L, struct part_task *task, int arguments,
               int results);

/* Pushes a table of a row's fields by column name; without value: not there. */
struct results_column;
void part_push_row(lua_State *L, const struct results_column *columns,
                   const void *row);

/* The same of a job, and its key as `job`, the column of the store. */
struct job;
void part_push_job(lua_State *L, const struct job *job);

#endif
