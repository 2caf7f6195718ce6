/* problem.h: the userdata `problem`: min (1/n) sum loss + lambda * penalty, as
 * a Lua-made solver and spred.certify see it. */
#ifndef LUA_PROBLEM_H
#define LUA_PROBLEM_H

#include "lua/binding.h"
#include "spred/problem.h"
#include "spred/solver.h"

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

/* Pushes the userdata `design` of a problem: its X. lua/design.c */
void binding_design_view(lua_State *L, int problem);
/* An argument that is a matrix to write into, rows x cols, or a new one when it
 * is left out; pushed. */
double *binding_out(lua_State *L, int index, size_t rows, size_t cols,
                    const char *what);

#endif
