/* figure.c: the userdata `figure`: a drawing in a file or in a terminal. */
#include "lua/figure.h"

#include <string.h>

#include "plots/plots.h"
#include "spred/file.h"
#include "spred/text.h"

/* Its files live as long as it: user value 1 of the figures in it. */
struct lua_folder {
    struct spred_env *env;
    char *path;
};

/* Text on its way to Lua. */
struct lua_bytes {
    struct spred_env *env;
    struct spred_buffer buffer;
};

struct lua_figure {
    const char *folder; /* of user value 1 */
    char name[2 * PLOTS_NAME_SIZE];
};

static int free_folder(lua_State *L)
{
    struct lua_folder *folder = lua_touserdata(L, 1);
    plots_folder_free(folder->env, folder->path);
    folder->path = NULL;
    return 0;
}

static int free_bytes(lua_State *L)
{
    struct lua_bytes *bytes = lua_touserdata(L, 1);
    spred_free(bytes->env, bytes->buffer.text);
    memset(&bytes->buffer, 0, sizeof bytes->buffer);
    return 0;
}

/* A zeroed userdata with a __gc, of a kind that scripts never see. */
static void *new_hidden(lua_State *L, size_t size, const char *kind,
                        lua_CFunction gc)
{
    void *payload = lua_newuserdatauv(L, size, 0);
    memset(payload, 0, size);
    if (luaL_newmetatable(L, kind)) {
        lua_pushcfunction(L, gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return payload;
}

const char *binding_figure_folder(lua_State *L)
{
    struct lua_folder *folder =
        new_hidden(L, sizeof *folder, "spred.folder", free_folder);
    folder->env = binding_env(L);
    binding_try(L, plots_folder_new(folder->env, &folder->path));
    return folder->path;
}

void binding_figure_new(lua_State *L, int at, const char *name)
{
    at = lua_absindex(L, at);
    struct lua_folder *folder = lua_touserdata(L, at);
    struct lua_figure *figure =
        binding_new(L, &binding_figure, sizeof *figure, 1);
    if (strlen(name) >= sizeof figure->name)
        luaL_error(L, "the name of the figure is too long");
    strcpy(figure->name, name);
    lua_pushvalue(L, at);
    lua_setiuservalue(L, -2, 1);
    figure->folder = folder->path;
}

static struct lua_figure *check(lua_State *L)
{
    return binding_check(L, 1, &binding_figure);
}

/* Pushes the figure drawn for a terminal. */
static void push_shown(lua_State *L, const char *form, lua_Integer columns,
                       lua_Integer rows)
{
    struct lua_figure *figure = check(L);
    luaL_argcheck(L, columns >= 0, 2, "columns cannot be negative");
    luaL_argcheck(L, rows >= 0 && rows <= 1000, 3, "expected 0 to 1000 rows");
    struct lua_bytes *bytes =
        new_hidden(L, sizeof *bytes, "spred.bytes", free_bytes);
    bytes->env = binding_env(L);
    binding_try(L, plots_show(bytes->env, figure->folder, figure->name, form,
                              (size_t)columns, (size_t)rows, &bytes->buffer));
    lua_pushlstring(L, bytes->buffer.text ? bytes->buffer.text : "",
                    bytes->buffer.length);
    lua_remove(L, -2);
}

static int text(lua_State *L)
{
    push_shown(L, lua_toboolean(L, 4) ? "ansi" : "dumb",
               luaL_optinteger(L, 2, 0), luaL_optinteger(L, 3, 0));
    return 1;
}

static int sixel(lua_State *L)
{
    push_shown(L, "sixel", luaL_optinteger(L, 2, 0), 0);
    return 1;
}

/* spred.terminal = {sixel = true, columns = 100, colour = true}, which the
 * console sets, says what the terminal can. */
static int show(lua_State *L)
{
    int sixels = 0, colours = 0;
    lua_Integer columns = 0;
    check(L);
    lua_settop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "spred");
    if (lua_getfield(L, -1, "terminal") == LUA_TTABLE) {
        sixels = binding_boolean(L, -1, "spred.terminal", "sixel", 0);
        colours = binding_boolean(L, -1, "spred.terminal", "colour", 0);
        columns = binding_integer(L, -1, "spred.terminal", "columns", 0);
    }
    lua_getglobal(L, "print");
    push_shown(L, sixels ? "sixel" : colours ? "ansi" : "dumb", columns, 0);
    lua_call(L, 1, 0);
    return 0;
}

static int save(lua_State *L)
{
    static const char *const forms[] = {"svg", "pdf", "png", "txt", NULL};
    struct lua_figure *figure = check(L);
    size_t length;
    const char *path = luaL_checklstring(L, 2, &length);
    const char *dot = strrchr(path, '.');
    size_t i = 0;
    luaL_argcheck(L, strlen(path) == length, 2, "a path holds no NUL");
    while (forms[i] && !(dot && strcmp(dot + 1, forms[i]) == 0))
        i++;
    if (!forms[i])
        return luaL_error(L,
                          "figure:save: '%s' ends in none of .svg .pdf .png "
                          ".txt",
                          path);
    if (strcmp(forms[i], "txt") == 0) {
        push_shown(L, "dumb", 0, 0);
        const char *drawn = lua_tolstring(L, -1, &length);
        binding_try(L, spred_write_file(binding_env(L), path, drawn, length));
    } else {
        binding_try(L, plots_redraw(binding_env(L), figure->folder,
                                    figure->name, forms[i], path));
    }
    lua_settop(L, 1);
    return 1;
}

static int to_string(lua_State *L)
{
    lua_pushfstring(L, "figure %s", check(L)->name);
    return 1;
}

static int get_name(lua_State *L)
{
    lua_pushstring(L, check(L)->name);
    return 1;
}

/* The content of one of its files. */
static int get_file(lua_State *L, const char *end)
{
    struct lua_figure *figure = check(L);
    struct lua_bytes *bytes =
        new_hidden(L, sizeof *bytes, "spred.bytes", free_bytes);
    struct spred_env *env = bytes->env = binding_env(L);
    const char *path =
        lua_pushfstring(L, "%s/%s%s", figure->folder, figure->name, end);
    size_t length;
    binding_try(L, spred_read_file(env, path, &bytes->buffer.text, &length));
    lua_pushlstring(L, bytes->buffer.text, length);
    return 1;
}

static int get_gp(lua_State *L)
{
    return get_file(L, ".gp");
}

static int get_dat(lua_State *L)
{
    return get_file(L, ".dat");
}

static const struct binding_entry methods[] = {
    {"save", save, "f:save(\"NAME.svg\")",
     "Draws the figure into a file, whose ending says how: .svg, .pdf, .png, "
     "or "
     ".txt for text. Written aside and renamed, so nobody sees half of it. "
     "Gives the figure."},
    {"text", text, "f:text([columns, rows, colour])",
     "The figure as lines of text: so many columns (80) and rows (as many as "
     "fit its shape), in colours for a terminal if colour is true. The caption "
     "is below."},
    {"sixel", sixel, "f:sixel([columns])",
     "The figure as bytes for a terminal that shows sixels, as wide as so many "
     "columns (80)."},
    {"show", show, "f:show()",
     "Prints the figure: as a picture where spred.terminal.sixel is true, else "
     "as text."},
    {"__tostring", to_string, NULL, NULL},
    {0}};
static const struct binding_entry properties[] = {
    {"name", get_name, "f.name", "The name of its files."},
    {"gp", get_gp, "f.gp", "Its gnuplot script, as text."},
    {"dat", get_dat, "f.dat", "Its data, as text: what the script draws."},
    {0}};
const struct binding_type binding_figure = {
    "figure", "a drawing: save it to a file or show it in the terminal",
    methods, properties, NULL};

void binding_open_figure(lua_State *L)
{
    binding_type(L, &binding_figure);
}
