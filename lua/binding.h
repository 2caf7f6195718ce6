/* binding.h: how a C file adds functions and types to Lua: one row a function,
 * with its usage and doc string, from which help() and the reference come. */
#ifndef LUA_BINDING_H
#define LUA_BINDING_H

#include <lauxlib.h>
#include <lua.h>

#include "lua/script.h"
#include "spred/matrix.h"

/* A function, method or property. usage: "spred.rng(seed)", "m:norm()",
 * "m.rows". doc: what it does, units, what it gives, in one or more sentences.
 * Lists end with a NULL name. Names that begin with "__" are metamethods. */
struct binding_entry {
    const char *name;
    lua_CFunction call;
    const char *usage, *doc;
};

/* A kind of userdata. Reading a field looks for a method, then a property (its
 * function is called with the userdata and pushes the value), then asks `index`
 * (if any; arguments as of __index), then raises an error that names the
 * nearest. */
struct binding_type {
    const char *name; /* "matrix": also what type errors say */
    const char *doc;  /* one line */
    const struct binding_entry *methods, *properties; /* or NULL */
    lua_CFunction index;                              /* or NULL */
};

/* Makes the type known; call once, when the module opens. */
void binding_type(lua_State *L, const struct binding_type *type);
/* Adds methods (or metamethods) to a type that binding_type has made. */
void binding_methods(lua_State *L, const struct binding_type *type,
                     const struct binding_entry *methods);
/* Adds functions to the table at the top of the stack. */
void binding_functions(lua_State *L, const struct binding_entry *entries);

/* Pushes a new userdata of size bytes, zeroed, with its metatable set BEFORE
 * anything can fail, so that its __gc may free what is put into it later;
 * `values` user values. */
void *binding_new(lua_State *L, const struct binding_type *type, size_t size,
                  int values);
/* The payload, or a type error that says what came instead. */
void *binding_check(lua_State *L, int index, const struct binding_type *type);
/* The payload or NULL. */
void *binding_test(lua_State *L, int index, const struct binding_type *type);

/* Raises the error of the script's env as a Lua error, with file:line in front;
 * never returns unless status is SPRED_OK. */
int binding_try(lua_State *L, enum spred_status status);
struct spred_env *binding_env(lua_State *L);

/* ---- arguments in tables ---- */

/* Fields of the table at index: raises "spred.x: no key 'foo' (did you mean
 * ...?)" for a string key that is not in names (NULL-ended). */
void binding_keys(lua_State *L, int index, const char *what,
                  const char *const *names);
/* A field, or the fallback when it is nil; wrong types raise "what.key:
 * expected a number, got a string". */
double binding_real(lua_State *L, int index, const char *what, const char *key,
                    double fallback);
lua_Integer binding_integer(lua_State *L, int index, const char *what,
                            const char *key, lua_Integer fallback);
int binding_boolean(lua_State *L, int index, const char *what, const char *key,
                    int fallback);
/* Borrowed while the table holds it. */
const char *binding_text(lua_State *L, int index, const char *what,
                         const char *key, const char *fallback);
/* Pushes the function, or nil; 1: it is there. need 1: missing is an error. */
int binding_function(lua_State *L, int index, const char *what, const char *key,
                     int need);

/* ---- matrices: lua/matrix.c ---- */

/* The payload of a `matrix`. Its arrays lie in the same userdata, or in an
 * owner's memory (user value 1 keeps the owner). Vectors are matrices with one
 * column. */
struct lua_matrix {
    struct spred_matrix m; /* f64, f32 or CSC */
    const int *alive;      /* NULL, or 0 there: the owner's memory is gone */
    int read_only;
};
extern const struct binding_type binding_matrix;

/* Pushes a new zeroed dense f64 matrix; its data, column-major. */
double *binding_matrix_new(lua_State *L, size_t rows, size_t cols);
/* Pushes a matrix over memory that the userdata at `owner` keeps; alive may be
 * NULL. */
struct lua_matrix *binding_matrix_view(lua_State *L, int owner,
                                       const int *alive, double *data,
                                       size_t rows, size_t cols, int read_only);
/* The same over the arrays of a matrix of any storage. */
struct lua_matrix *binding_matrix_over(lua_State *L, int owner,
                                       const int *alive,
                                       const struct spred_matrix *m,
                                       int read_only);
/* A matrix argument of any storage whose memory is there. */
struct lua_matrix *binding_matrix_check(lua_State *L, int index);
/* Data of a dense f64 matrix with exactly rows x cols values; what: for the
 * message ("w"). For writing: also refuses read-only ones. */
const double *binding_values(lua_State *L, int index, size_t rows, size_t cols,
                             const char *what);
double *binding_values_to_write(lua_State *L, int index, size_t rows,
                                size_t cols, const char *what);
/* A matrix, or a Lua array of numbers, as a new f64 matrix of one column pushed
 * on the stack (the matrix itself if it is f64). *n: its length. */
const double *binding_vector(lua_State *L, int index, size_t *n,
                             const char *what);

/* Pushes a new userdata `rng`. */
void binding_rng_new(lua_State *L, uint64_t seed);

/* ---- modules: each adds its functions to the table `spred` on top ---- */
void binding_open_coding(lua_State *L);
void binding_open_data(lua_State *L);
void binding_open_design(lua_State *L);
void binding_open_docs(lua_State *L);
void binding_open_experiment(lua_State *L);
void binding_open_figure(lua_State *L);
void binding_open_fit(lua_State *L);
void binding_open_hooks(lua_State *L);
void binding_open_learn(lua_State *L);
void binding_open_loader(lua_State *L);
void binding_open_loss(lua_State *L);
void binding_open_matrix(lua_State *L);
void binding_open_metric(lua_State *L);
void binding_open_minimise(lua_State *L);
void binding_open_penalty(lua_State *L);
void binding_open_plot(lua_State *L);
void binding_open_problem(lua_State *L);
void binding_open_protocol(lua_State *L);
void binding_open_results(lua_State *L);
void binding_open_rng(lua_State *L);
void binding_open_solver(lua_State *L);

#endif
