/* figure.h: the userdata `figure`, and how a Lua table of curves becomes one.
 */
#ifndef LUA_FIGURE_H
#define LUA_FIGURE_H

#include "lua/binding.h"
#include "plots/series.h"

extern const struct binding_type binding_figure;

/* Pushes a folder of its own below TMPDIR, gone with its last figure; its path,
 * borrowed. */
const char *binding_figure_folder(lua_State *L);
/* Pushes the figure `name` whose files lie in the folder at that index. */
void binding_figure_new(lua_State *L, int folder, const char *name);

/* Reads the table at index, with the keys of spred.plot; what: for messages.
 * Pushes one value that keeps what *out borrows. */
void binding_series_figure(lua_State *L, int index, const char *what,
                           struct plots_series_figure *out);

#endif
