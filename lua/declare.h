/* declare.h: what a script has declared, as the `struct parts` that experiments
 * take. */
#ifndef LUA_DECLARE_H
#define LUA_DECLARE_H

#include "experiments/parts.h"
#include "lua/binding.h"

/* The kinds of named parts. */
enum declare_kind {
    DECLARE_SOLVER,
    DECLARE_LOSS,
    DECLARE_PENALTY,
    DECLARE_METRIC,
    DECLARE_PROTOCOL,
    DECLARE_SOURCE,
    DECLARE_FIGURE,
    DECLARE_KINDS
};

/* Raises an error unless name is [a-z][a-z0-9-]*, at most 40 characters, and
 * new among the script's parts of that kind and the built-in ones, and the
 * script's chunk is what runs, not a function that C has called; what:
 * "spred.solver". */
void declare_check_name(lua_State *L, enum declare_kind kind, const char *what,
                        const char *name);

/* Adds a part to the script's list and its chunk to the script's sources; may
 * raise. The part must live as long as the state: a userdata at `keep`, which
 * is kept in the registry. METRIC, PROTOCOL and SOURCE are structs that are
 * copied into the list; the others are pointers; FIGURE is its name. */
void declare_add(lua_State *L, enum declare_kind kind, const void *part,
                 int keep);

/* The script's parts, to set hooks in; never NULL. parts->self is the script.
 * Adds the chunk to the sources, too. */
struct parts *declare_parts(lua_State *L);

/* The hash over all sources, kept up to date when parts are asked for here.
 * SPRED_OK also when nothing was declared. */
enum spred_status declare_seal(struct script *script);

/* Frees the lists; called by script_free after the state is closed. */
void declare_free(struct script *script);

/* Opens scripts for experiments. options (unsafe, output) are borrowed and must
 * outlive the opener, which the caller holds. */
void script_opener(const struct script_options *options,
                   struct parts_opener *out);

#endif
