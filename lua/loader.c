/* loader.c: spred.loader: a data set that a Lua function makes; spred.read: a
 * file's text for it; spred.figure: a figure kind. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lua/figure_kind.h"
#include "lua/matrix.h"
#include "lua/part.h"
#include "spred/loader.h"
#include "spred/text.h"

#define READ_MOST ((size_t)256 << 20)

struct load_task {
    struct part_task task; /* first */
    const struct part *part;
    const char *path;
    const char *const *names, *const *values;
    size_t n;
    struct spred_data *out; /* freed by the caller, also after an error */
};

static void *room(lua_State *L, struct load_task *task, size_t n, size_t size)
{
    void *block = spred_alloc(task->task.env, n, size);
    if (!block)
        luaL_error(L, "not enough memory");
    return block;
}

static char *copy(lua_State *L, struct load_task *task, const char *text)
{
    char *out = spred_strdup(task->task.env, text);
    if (!out)
        luaL_error(L, "not enough memory");
    return out;
}

/* The names in field `key` of the table at index, or PREFIX1, PREFIX2, ... */
static void take_names(lua_State *L, struct load_task *task, int index,
                       const char *key, const char *prefix, size_t n,
                       char ***out)
{
    char made[40];
    int type = lua_getfield(L, index, key);
    if (type != LUA_TNIL && type != LUA_TTABLE)
        luaL_error(L, "%s: expected a list of %I names, got a %s", key,
                   (lua_Integer)n, luaL_typename(L, -1));
    if (type == LUA_TTABLE && (size_t)luaL_len(L, -1) != n)
        luaL_error(L, "%s: expected %I names, got %I", key, (lua_Integer)n,
                   luaL_len(L, -1));
    *out = room(L, task, n, sizeof **out);
    for (size_t i = 0; i < n; i++) {
        const char *text = made;
        snprintf(made, sizeof made, *prefix ? "%s%zu" : "%s", prefix, i + 1);
        if (type == LUA_TTABLE) {
            if (lua_geti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING)
                luaL_error(L, "%s[%I]: expected a string, got a %s", key,
                           (lua_Integer)i + 1, luaL_typename(L, -1));
            text = lua_tostring(L, -1);
        }
        (*out)[i] = copy(L, task, text);
        if (type == LUA_TTABLE)
            lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void take_x(lua_State *L, struct load_task *task, int index)
{
    struct spred_data *out = task->out;
    if (lua_getfield(L, index, "x") == LUA_TTABLE) { /* rows */
        lua_getfield(L, LUA_REGISTRYINDEX, "spred");
        lua_getfield(L, -1, "matrix");
        lua_pushvalue(L, -3);
        lua_call(L, 1, 1);
    }
    if (!binding_test(L, -1, &binding_matrix))
        luaL_error(L, "x: expected a matrix or a list of rows, got a %s",
                   luaL_typename(L, -1));
    const struct spred_matrix *x = &binding_matrix_check(L, -1)->m;
    if (x->rows == 0 || x->cols == 0)
        luaL_error(L, "x: has %I rows and %I columns: expected samples in rows",
                   (lua_Integer)x->rows, (lua_Integer)x->cols);
    struct spred_matrix taken;
    enum spred_status status = spred_matrix_take(
        task->task.env, x, NULL, x->rows, NULL, x->cols, &taken);
    if (status != SPRED_OK)
        luaL_error(L, "x: not enough memory");
    out->x = taken;
    for (size_t k = 0;
         taken.storage != SPRED_CSC && k < taken.rows * taken.cols; k++)
        out->missing += (taken.storage == SPRED_F64 ? isnan(taken.f64[k])
                                                    : isnan(taken.f32[k]))
                            ? 1
                            : 0;
    lua_settop(L, index);
}

/* The number of a class name; the table at `seen` knows those so far. */
static int32_t class_of(lua_State *L, struct load_task *task, int seen,
                        const char *name)
{
    struct spred_target *target = task->out->targets;
    if (*name == '\0')
        return -1;
    if (lua_getfield(L, seen, name) == LUA_TNIL) {
        target->levels[target->n_levels] = copy(L, task, name);
        lua_pushinteger(L, (lua_Integer)target->n_levels++);
        lua_pushvalue(L, -1);
        lua_setfield(L, seen, name);
    }
    int32_t code = (int32_t)lua_tointeger(L, -1);
    lua_settop(L, seen);
    return code;
}

static void take_y(lua_State *L, struct load_task *task, int index)
{
    struct spred_data *out = task->out;
    size_t n = out->x.rows, count = 0;
    int type = lua_getfield(L, index, "y"), y = lua_gettop(L);
    if (type == LUA_TTABLE && lua_geti(L, y, 1) != LUA_TSTRING)
        type = LUA_TUSERDATA; /* numbers */
    if (type != LUA_TTABLE && type != LUA_TUSERDATA)
        luaL_error(L,
                   "y: expected a vector, a list of numbers or a list of class "
                   "names, got a %s",
                   luaL_typename(L, y));
    const double *values =
        type == LUA_TUSERDATA ? binding_vector(L, y, &count, "y") : NULL;
    count = values ? count : (size_t)luaL_len(L, y);
    if (count != n)
        luaL_error(L, "y: has %I values, x has %I rows", (lua_Integer)count,
                   (lua_Integer)n);
    out->targets = room(L, task, 1, sizeof *out->targets);
    out->n_targets = 1;
    struct spred_target *target = out->targets;
    target->name = copy(L, task, "y");
    target->kind = values ? SPRED_TARGET_REAL : SPRED_TARGET_CLASS;
    if (values) {
        target->values = room(L, task, n, sizeof *target->values);
        memcpy(target->values, values, n * sizeof *values);
        return;
    }
    target->levels = room(L, task, n, sizeof *target->levels);
    target->codes = room(L, task, n, sizeof *target->codes);
    lua_newtable(L);
    int seen = lua_gettop(L);
    for (size_t i = 0; i < n; i++) {
        if (lua_geti(L, y, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "y[%I]: expected a class name, got a %s",
                       (lua_Integer)i + 1, luaL_typename(L, -1));
        /* y holds the text */
        target->codes[i] = class_of(L, task, seen, lua_tostring(L, -1));
        lua_settop(L, seen);
    }
}

static void take_truth(lua_State *L, struct load_task *task, int index)
{
    struct spred_data *out = task->out;
    size_t count;
    if (lua_getfield(L, index, "truth") == LUA_TNIL)
        return;
    const double *truth = binding_vector(L, -1, &count, "truth");
    if (count != out->x.cols)
        luaL_error(L, "truth: has %I values, x has %I columns",
                   (lua_Integer)count, (lua_Integer)out->x.cols);
    out->truth = room(L, task, count, sizeof *truth);
    memcpy(out->truth, truth, count * sizeof *truth);
}

static int body(lua_State *L)
{
    static const char *const keys[] = {"x",       "y",         "features",
                                       "symbols", "samples",   "name",
                                       "truth",   "simulated", NULL};
    struct load_task *task = lua_touserdata(L, 1);
    struct spred_data *out = task->out;
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->part->call.reference);
    lua_pushstring(L, task->path); /* NULL: nil */
    lua_createtable(L, 0, (int)task->n);
    for (size_t i = 0; i < task->n; i++) {
        double number;
        if (spred_parse_real(task->values[i], &number) &&
            lua_stringtonumber(L, task->values[i]) == 0)
            lua_pushnumber(L, number);
        else if (!spred_parse_real(task->values[i], &number))
            lua_pushstring(L, task->values[i]);
        lua_setfield(L, -2, task->names[i]);
    }
    part_call(L, &task->task, 2, 1);
    binding_keys(L, 2, "what read returned", keys);
    take_x(L, task, 2);
    take_names(L, task, 2, "features", "x", out->x.cols, &out->features);
    take_names(L, task, 2, "symbols", "", out->x.cols, &out->symbols);
    take_names(L, task, 2, "samples", "s", out->x.rows, &out->samples);
    take_y(L, task, 2);
    take_truth(L, task, 2);
    const char *name =
        binding_text(L, 2, "what read returned", "name", task->part->name);
    if (lua_getfield(L, 2, "simulated") == LUA_TNIL)
        luaL_error(L, "what read returned: expected simulated = true or false, "
                      "so that what was made up is never shown as real");
    lua_pop(L, 1);
    out->simulated =
        binding_boolean(L, 2, "what read returned", "simulated", 0);
    out->name = copy(L, task, name);
    out->note = copy(L, task, "");
    out->source = copy(L, task,
                       lua_pushfstring(L, "script, loader %s%s%s",
                                       task->part->name, task->path ? ": " : "",
                                       task->path ? task->path : ""));
    binding_try(L, spred_data_check(binding_env(L), out));
    return 0;
}

static enum spred_status make(const void *self, struct spred_env *env,
                              const char *path, const char *const *names,
                              const char *const *values, size_t n,
                              struct spred_data *out)
{
    const struct part *part = self;
    struct load_task task = {.task = {.script = part->call.script,
                                      .env = env,
                                      .what = "loader",
                                      .name = part->name},
                             .part = part,
                             .path = path,
                             .names = names,
                             .values = values,
                             .n = n,
                             .out = out};
    enum spred_status status = part_run(&task.task, body);
    if (status != SPRED_OK)
        spred_data_free(env, out);
    return status;
}

static int declare_loader(lua_State *L)
{
    const struct part *part =
        part_new(L, DECLARE_SOURCE, "spred.loader", "read");
    const struct parts_source source = {part->name, part->doc, part, make};
    declare_add(L, DECLARE_SOURCE, &source, 2);
    return 0;
}

static int declare_figure(lua_State *L)
{
    const struct part *part =
        part_new(L, DECLARE_FIGURE, "spred.figure", "draw");
    lua_getfield(L, 1, "draw");
    figure_kind_add(L, part->name, 3);
    declare_add(L, DECLARE_FIGURE, part->name, 2);
    return 0;
}

struct text {
    struct spred_env *env;
    struct spred_bytes bytes;
};
static const struct binding_type text_type;

static int free_text(lua_State *L)
{
    struct text *text = binding_check(L, 1, &text_type);
    if (text->env)
        spred_bytes_free(text->env, &text->bytes);
    text->env = NULL;
    return 0;
}
static const struct binding_entry text_methods[] = {
    {"__gc", free_text, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const struct binding_type text_type = {
    "file text", "A file's bytes while spred.read copies them.", text_methods,
    NULL, NULL};

static int read_text(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct text *text = binding_new(L, &text_type, sizeof *text, 0);
    binding_try(
        L, spred_bytes_read(binding_env(L), path, READ_MOST, &text->bytes));
    text->env = binding_env(L);
    lua_pushlstring(L, text->bytes.bytes, text->bytes.length);
    spred_bytes_free(text->env, &text->bytes);
    text->env = NULL;
    return 1;
}

void binding_open_loader(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"loader", declare_loader,
         "spred.loader{name=, read=function(path, options), doc=}",
         "Declares a source of data for `datasets: [{loader: {name:, path:, "
         "options:}}]`. read returns {x=, y=, features=, symbols=, samples=, "
         "name=, simulated=, truth=}: x a matrix or a list of rows (samples), "
         "y numbers or class names (\"\" leaves a sample out), simulated true "
         "or "
         "false, which must be said, the rest optional: names and, for "
         "simulated data, the coefficients. path is "
         "nil if none was given."},
        {"read", read_text, "spred.read(path)",
         "A whole file as a string, at most 256 MiB; gzip, bzip2 and xz are "
         "decompressed."},
        {"figure", declare_figure,
         "spred.figure{name=, draw=function(results), doc=}",
         "Declares a figure that `figures:` may name: draw gets the results "
         "and returns the table of spred.plot, or nil if there is nothing to "
         "show."},
        {NULL, NULL, NULL, NULL}};
    binding_type(L, &text_type);
    binding_functions(L, functions);
}
