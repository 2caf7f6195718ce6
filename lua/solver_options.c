/* solver_options.c: the options of a Lua-made method: a table of the core's,
 * from {step = {"step size", 1.0, 0, 10}}. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/solver.h"
#include "spred/text.h"

enum { MOST_OPTIONS = 64, SLOT = 8 };
/* Whole numbers up to here are exact in a double. */
#define MOST_INTEGER 9007199254740992.0

static int by_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* Keeps the text at the top of the stack (popped) in the table at keep. */
static const char *keep_text(lua_State *L, int keep)
{
    const char *text = lua_tostring(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, keep);
    return text;
}

/* The names at the table on top, sorted: the order of a Lua table is not
 * repeatable. */
static size_t names_of(lua_State *L, int keep, const char *what,
                       const char *names[MOST_OPTIONS])
{
    size_t n = 0;
    int at = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s: options: expected names, got a %s as a key",
                       what, luaL_typename(L, -2));
        if (n == MOST_OPTIONS)
            luaL_error(L, "%s: more than %d options", what, MOST_OPTIONS);
        const char *name = lua_tostring(L, -2);
        size_t length = strlen(name);
        if (length == 0 || length > 40 ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != length ||
            strcmp(name, "variant") == 0)
            luaL_error(L,
                       "%s: options: '%s': expected a-z, 0-9 and '_' (and not "
                       "'variant')",
                       what, name);
        lua_pushvalue(L, -2);
        names[n++] = keep_text(L, keep);
    }
    qsort(names, n, sizeof *names, by_text);
    return n;
}

static int bad(lua_State *L, const char *what, const char *name,
               const char *expected)
{
    return luaL_error(L,
                      "%s: options.%s: expected {\"what it does\", default [, "
                      "min, max]}: %s",
                      what, name, expected);
}

/* The shortest decimal that reads back to the same number. */
static void number_text(lua_State *L, double value)
{
    char text[64];
    double back;
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (spred_parse_real(text, &back) && back >= value && back <= value)
            break;
    }
    lua_pushstring(L, text);
}

/* A bound of the row on top, or the fallback. */
static double bound_at(lua_State *L, const char *what, const char *name,
                       lua_Integer place, double fallback)
{
    double value = fallback;
    int kind = lua_geti(L, -1, place);
    if (kind == LUA_TNUMBER)
        value = lua_tonumber(L, -1);
    else if (kind != LUA_TNIL)
        bad(L, what, name, "min and max are numbers");
    lua_pop(L, 1);
    return value;
}

/* choices = {...} of the row on top; the default's text is `initial`. */
static void read_choices(lua_State *L, int keep, const char *what,
                         struct spred_option *row)
{
    int found = 0;
    if (lua_getfield(L, -1, "choices") != LUA_TTABLE)
        bad(L, what, row->name, "a text needs choices = {\"a\", \"b\"}");
    lua_Integer n = luaL_len(L, -1);
    if (n < 1 || n > MOST_OPTIONS)
        bad(L, what, row->name, "choices is a list of texts");
    const char **choices =
        lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *choices, 0);
    for (lua_Integer i = 0; i < n; i++) {
        if (lua_geti(L, -2, i + 1) != LUA_TSTRING)
            bad(L, what, row->name, "choices is a list of texts");
        choices[i] = keep_text(L, keep);
        found |= strcmp(choices[i], row->initial) == 0;
    }
    choices[n] = NULL;
    row->choices = choices;
    luaL_ref(L, keep);
    lua_pop(L, 1);
    if (!found)
        bad(L, what, row->name, "the default is not among the choices");
}

static void read_number(lua_State *L, const char *what,
                        struct spred_option *row, double value)
{
    int whole = row->kind == SPRED_OPTION_INT;
    row->min =
        bound_at(L, what, row->name, 3, whole ? -MOST_INTEGER : -HUGE_VAL);
    row->max = bound_at(L, what, row->name, 4, whole ? MOST_INTEGER : HUGE_VAL);
    if (!(row->min <= row->max) || !(value >= row->min && value <= row->max))
        luaL_error(L, "%s: options.%s: the default %f is not within %f to %f",
                   what, row->name, value, row->min, row->max);
}

/* The row on top of the stack. */
static void read_row(lua_State *L, int keep, const char *what,
                     struct spred_option *row)
{
    if (!lua_istable(L, -1))
        bad(L, what, row->name, luaL_typename(L, -1));
    if (lua_geti(L, -1, 1) != LUA_TSTRING)
        bad(L, what, row->name, "the first is a text");
    row->doc = keep_text(L, keep);
    int kind = lua_geti(L, -1, 2);
    double value = lua_tonumber(L, -1);
    if (kind == LUA_TBOOLEAN) {
        row->kind = SPRED_OPTION_BOOL;
        row->initial = lua_toboolean(L, -1) ? "true" : "false";
        lua_pop(L, 1);
    } else if (kind == LUA_TNUMBER) {
        row->kind = lua_isinteger(L, -1) ? SPRED_OPTION_INT : SPRED_OPTION_REAL;
        if (row->kind == SPRED_OPTION_INT)
            lua_pushfstring(L, "%I", lua_tointeger(L, -1));
        else
            number_text(L, value);
        row->initial = keep_text(L, keep);
        lua_pop(L, 1);
        read_number(L, what, row, value);
    } else if (kind == LUA_TSTRING) {
        row->kind = SPRED_OPTION_CHOICE;
        row->initial = keep_text(L, keep);
        read_choices(L, keep, what, row);
    } else {
        bad(L, what, row->name,
            "the default is true, false, a number or a text");
    }
}

void solver_options_read(lua_State *L, int index, int keep, const char *what,
                         struct spred_solver *out)
{
    const char *names[MOST_OPTIONS];
    int kind = lua_getfield(L, index, "options"), top = lua_gettop(L);
    out->options_size = SLOT; /* never 0 */
    if (kind == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (kind != LUA_TTABLE)
        luaL_error(L, "%s: options: expected a table, got a %s", what,
                   luaL_typename(L, -1));
    size_t n = names_of(L, keep, what, names);
    struct spred_option *rows = lua_newuserdatauv(L, (n + 1) * sizeof *rows, 0);
    memset(rows, 0, (n + 1) * sizeof *rows);
    luaL_ref(L, keep);
    for (size_t i = 0; i < n; i++) {
        rows[i].name = names[i];
        rows[i].offset = i * SLOT;
        lua_getfield(L, top, names[i]);
        read_row(L, keep, what, &rows[i]);
        lua_settop(L, top);
    }
    out->options = rows;
    out->options_size = (n + 1) * SLOT;
    lua_pop(L, 1);
}

void solver_options_push(lua_State *L, const struct spred_option *table,
                         const void *options)
{
    lua_newtable(L);
    for (const struct spred_option *row = table; row && row->name; row++) {
        const void *field = (const char *)options + row->offset;
        switch (row->kind) {
        case SPRED_OPTION_BOOL:
            lua_pushboolean(L, *(const int *)field);
            break;
        case SPRED_OPTION_INT:
            lua_pushinteger(L, *(const long *)field);
            break;
        case SPRED_OPTION_REAL:
            lua_pushnumber(L, *(const double *)field);
            break;
        case SPRED_OPTION_CHOICE:
            lua_pushstring(L, row->choices[*(const int *)field]);
            break;
        case SPRED_OPTION_TEXT:
            lua_pushstring(L, field);
            break;
        }
        lua_setfield(L, -2, row->name);
    }
}
