/* solver.h: what the files of spred.solver share: a method that a script
 * declared. */
#ifndef LUA_SOLVER_H
#define LUA_SOLVER_H

#include "lua/binding.h"
#include "spred/solver.h"

/* The functions of a declaration. */
enum solver_call {
    SOLVER_INIT,
    SOLVER_START,
    SOLVER_STEP,
    SOLVER_GET,
    SOLVER_FREE,
    SOLVER_CALLS
};

/* A declared method; a userdata that lives as long as the state. */
struct lua_solver {
    struct spred_solver own; /* first; own.self is this struct */
    struct script *script;
    int function[SOLVER_CALLS]; /* in the registry, or LUA_NOREF */
};

/* Reads the table `options` of the declaration at index into a table of
 * spred_option and the size of its struct; what: "spred.solver 'ista'". Texts
 * and rows are kept by the table at `keep`. */
void solver_options_read(lua_State *L, int index, int keep, const char *what,
                         struct spred_solver *out);
/* Pushes a table of the values. */
void solver_options_push(lua_State *L, const struct spred_option *table,
                         const void *options);

/* Fills the functions of out->own that the host calls. */
void solver_run_functions(struct lua_solver *out);
/* Makes the type of a run known. */
void solver_run_open(lua_State *L);

#endif
