/* custom.h: what spred.loss and spred.penalty share. */
#ifndef LUA_CUSTOM_H
#define LUA_CUSTOM_H

#include "lua/binding.h"
#include "spred/custom.h"

/* A Lua function of one or two numbers that gives one. */
struct custom_function {
    struct script *script;
    int reference;    /* in the registry; LUA_NOREF: there is none */
    const char *what; /* "huber.value": for messages */
};

/* Takes the field of the table at index, with its text for messages; pushes
 * nothing. need: as binding_function. The table at `keep` keeps the texts. */
void custom_take(lua_State *L, int index, int keep, const char *kind,
                 const char *key, int need, struct custom_function *out);

/* out[i] = f(a[i]) or f(a[i], b[i]), b NULL or not: one protected call for all.
 * Never raises; the text of an error is in env. */
enum spred_status custom_map(const struct custom_function *function,
                             struct spred_env *env, size_t n, const double *a,
                             const double *b, double *out);

/* A text field, needed, kept by the table at `keep`. */
const char *custom_text(lua_State *L, int index, int keep, const char *kind,
                        const char *key);

#endif
