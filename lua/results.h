/* results.h: the userdata `results`: a store that is read. */
#ifndef LUA_RESULTS_H
#define LUA_RESULTS_H

#include "lua/binding.h"
#include "results/ask.h"

/* Freed by __gc; all texts are owned. */
struct lua_results {
    struct spred_env *env;
    struct results_view *view;
    char *folder, *db, *name;
};
extern const struct binding_type binding_results;

/* Pushes the results in a folder: a path that has results.db in it. */
struct lua_results *binding_results_open(lua_State *L, const char *folder);
/* A `results` argument. */
struct lua_results *binding_results_check(lua_State *L, int index);

#endif
