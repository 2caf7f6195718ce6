/* modules.h: what the table `spred` is made of. */
#ifndef LUA_MODULES_H
#define LUA_MODULES_H

#include <lua.h>

/* Pushes the table with the functions of every binding_*.c and what
 * lua/spred/ adds to it. */
void modules_open(lua_State *L);

#endif
