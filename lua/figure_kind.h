/* figure_kind.h: figure kinds that a script declares, for the plots room. */
#ifndef LUA_FIGURE_KIND_H
#define LUA_FIGURE_KIND_H

#include "lua/script.h"
#include "plots/plots.h"

/* Registry: kind -> function(results), which returns the table of spred.plot or
 * nil. spred.figure{} fills it through figure_kind_add. */
#define FIGURE_KINDS "spred.figure_kinds"

/* Notes the function at index as the figure kind `name` (may raise). */
void figure_kind_add(lua_State *L, const char *name, int index);

/* The script's kinds as the plots room takes them, into *out, which is
 * returned; NULL: there are none, or the script is NULL. The names belong to
 * the script's state and stay until another kind is added. */
const struct plots_extra *figure_kind_extra(struct script *script,
                                            struct plots_extra *out);

#endif
