/* problem.h: the userdata `problem`: min (1/n) sum loss + lambda * penalty, as
 * a Lua-made solver and spred.certify see it. */
#ifndef LUA_PROBLEM_H
#define LUA_PROBLEM_H

#include "lua/binding.h"
#include "spred/problem.h"

/* The payload. User value 1 keeps the owner; user value 2: a table of cached
 * views (y, X, options). */
struct lua_problem {
    const struct spred_problem *problem;
    const int *alive;        /* NULL, or 0 there: the problem is gone */
    double lambda;           /* the current one; NaN: none is set */
    double tolerance;        /* the asked relative gap */
    struct spred_work *work; /* passes are counted here; or NULL */
};
extern const struct binding_type binding_problem;

/* Pushes a problem that the userdata at `owner` keeps. */
struct lua_problem *binding_problem_view(lua_State *L, int owner,
                                         const int *alive,
                                         const struct spred_problem *problem);
/* The payload of a problem that is there. */
struct lua_problem *binding_problem_check(lua_State *L, int index);

#endif
