/* console_commands.c: the table `host`: what the console's Lua files may ask of
 * C. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "experiments/inspect.h"
#include "experiments/spec_read.h"
#include "lua/console_parts.h"
#include "plots/plots.h"
#include "plots/series.h"
#include "spred/file.h"
#include "spred/model.h"
#include "spred/solver.h"

#define NAMES_MAX 64

struct console *console_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* The error's text as it is, without a position in the console's own files. */
static int try(lua_State *L, enum spred_status status)
{
    if (status == SPRED_OK)
        return 0;
    lua_pushstring(L, console_of(L)->env->error);
    return lua_error(L);
}

/* load(text, name): the function, or nil and the message. */
static int load(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    if (luaL_loadbufferx(L, text, length, luaL_checkstring(L, 2), "t") ==
        LUA_OK)
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

static int write_text(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    console_progress_hide(console_of(L));
    fwrite(text, 1, length, stdout);
    return 0;
}

static int columns(lua_State *L)
{
    lua_pushinteger(L, console_of(L)->terminal ? console_columns() : 80);
    return 1;
}

/* screen([ask]): spred.terminal is what the terminal is now. ask: also whether
 * it shows sixels. */
static int screen(lua_State *L)
{
    const struct console *console = console_of(L);
    const char *wanted = getenv("SPRED_SIXEL");
    int ask = lua_toboolean(L, 1), known = 0;
    if (!console->terminal)
        return 0;
    lua_getfield(L, LUA_REGISTRYINDEX, "spred");
    if (lua_getfield(L, -1, "terminal") != LUA_TTABLE) {
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, -4, "terminal");
    } else {
        known = lua_getfield(L, -1, "sixel") != LUA_TNIL;
        lua_pop(L, 1);
    }
    lua_pushboolean(L, console->colour);
    lua_setfield(L, -2, "colour");
    lua_pushinteger(L, console_columns());
    lua_setfield(L, -2, "columns");
    if (!known && (ask || wanted)) {
        lua_pushboolean(L, wanted ? strcmp(wanted, "0") != 0
                                  : console_asks_sixel());
        lua_setfield(L, -2, "sixel");
    }
    return 0;
}

static int memory(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)console_of(L)->script->held);
    return 1;
}

static int seconds(lua_State *L)
{
    lua_pushnumber(L, script_now());
    return 1;
}

static int trace(lua_State *L)
{
    lua_pushstring(L, console_of(L)->trace);
    return 1;
}

static int quit(lua_State *L)
{
    console_of(L)->quit = 1;
    return 0;
}

/* ---- files ---- */

static int exists(lua_State *L)
{
    lua_pushboolean(L, access(luaL_checkstring(L, 1), F_OK) == 0);
    return 1;
}

static int save(lua_State *L)
{
    size_t length;
    const char *path = luaL_checkstring(L, 1);
    const char *text = luaL_checklstring(L, 2, &length);
    return try(L, spred_write_file(console_of(L)->env, path, text, length));
}

static int read_text(lua_State *L)
{
    struct console *console = console_of(L);
    struct spred_buffer *scratch = &console->scratch;
    const char *path = luaL_checkstring(L, 1);
    spred_free(console->env, scratch->text);
    memset(scratch, 0, sizeof *scratch);
    try(L,
        spred_read_file(console->env, path, &scratch->text, &scratch->length));
    scratch->capacity = scratch->length + 1;
    lua_pushlstring(L, scratch->text, scratch->length);
    return 1;
}

static int run(lua_State *L)
{
    return try(L, script_file(console_of(L)->script, luaL_checkstring(L, 1)));
}

/* temporary(ending): a path in a new folder. */
static int temporary(lua_State *L)
{
    struct spred_env *env = console_of(L)->env;
    const char *ending = luaL_checkstring(L, 1);
    char *folder = NULL, copy[512];
    try(L, plots_folder_new(env, &folder));
    snprintf(copy, sizeof copy, "%s", folder);
    spred_free(env, folder);
    lua_pushfstring(L, "%s/figure%s", copy, ending);
    return 1;
}

/* open(path): in a viewer; false: there is none. */
static int open_file(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        execlp("xdg-open", "xdg-open", path, (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        waitpid(child, &status, 0);
    lua_pushboolean(L,
                    child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 1;
}

/* ---- what there is ---- */

static int inspect(lua_State *L)
{
    struct console *console = console_of(L);
    struct spred_fetch_options fetch = {0};
    const char *what = luaL_checkstring(L, 1);
    const char *name = luaL_optstring(L, 2, NULL);
    fflush(stdout);
    return try(L, strcmp(what, "solvers") == 0
                      ? inspect_solvers(console->env, name, stdout)
                  : strcmp(what, "models") == 0
                      ? inspect_models(console->env, name, stdout)
                  : strcmp(what, "coders") == 0
                      ? inspect_coders(console->env, name, stdout)
                      : inspect_data(console->env, name, &fetch, stdout));
}

/* The table at the top gets, under a method's name and alias, the list of the
 * names of its options. */
static void add_method(lua_State *L, const char *name, const char *alias,
                       const struct spred_option *options)
{
    lua_newtable(L);
    for (size_t k = 0; options && options[k].name; k++) {
        lua_pushstring(L, options[k].name);
        lua_rawseti(L, -2, (lua_Integer)k + 1);
    }
    if (alias) {
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, alias);
    }
    lua_setfield(L, -2, name);
}

static int solvers(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; spred_solvers[i]; i++)
        add_method(L, spred_solvers[i]->name, spred_solvers[i]->alias,
                   spred_solvers[i]->options);
    return 1;
}

static int models(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; spred_models[i]; i++)
        add_method(L, spred_models[i]->name, spred_models[i]->alias,
                   spred_models[i]->options);
    return 1;
}

static int sets(lua_State *L)
{
    lua_newtable(L);
    lua_Integer at = 0;
    for (const struct spred_debian_set *s = spred_debian_sets(); s->name; s++) {
        lua_pushstring(L, s->name);
        lua_rawseti(L, -2, ++at);
    }
    return 1;
}

/* names("loss" | "figures" | "kind"): a list. */
static int names(lua_State *L)
{
    const char *what = luaL_checkstring(L, 1);
    const char *const *list = strcmp(what, "loss") == 0 ? spec_loss_names
                              : strcmp(what, "figures") == 0
                                  ? spec_figure_names
                                  : plots_series_kinds();
    lua_newtable(L);
    for (lua_Integer i = 0; list[i]; i++) {
        lua_pushstring(L, list[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* nearest(name, list): or nil. */
static int nearest(lua_State *L)
{
    const char *names[NAMES_MAX + 1]; /* the list holds them */
    size_t count = 0;
    while (count < NAMES_MAX &&
           lua_rawgeti(L, 2, (lua_Integer)count + 1) == LUA_TSTRING) {
        names[count++] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    names[count] = NULL;
    lua_pushstring(L, spred_nearest(luaL_checkstring(L, 1), names));
    return 1;
}

void console_host(lua_State *L, struct console *console)
{
    static const luaL_Reg functions[] = {
        {"load", load},       {"write", write_text}, {"columns", columns},
        {"screen", screen},   {"memory", memory},    {"seconds", seconds},
        {"trace", trace},     {"quit", quit},        {"exists", exists},
        {"save", save},       {"read", read_text},   {"run", run},
        {"open", open_file},  {"inspect", inspect},  {"temporary", temporary},
        {"solvers", solvers}, {"models", models},    {"sets", sets},
        {"names", names},     {"nearest", nearest},  {"files", console_files},
        {NULL, NULL}};
    lua_pushlightuserdata(L, console);
    luaL_setfuncs(L, functions, 1);
}
