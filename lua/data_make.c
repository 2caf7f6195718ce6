/* data_make.c: spred.data.new: a data set from a matrix and a vector. */
#include "lua/data.h"
#include "lua/matrix.h"

#include <math.h>
#include <string.h>

static char *copy_text(lua_State *L, const char *text)
{
    char *copy = spred_strdup(binding_env(L), text);
    if (!copy)
        binding_try(L, SPRED_ENOMEM);
    return copy;
}

/* n names from the list at key, or prefix and the number (NULL: empty). */
static void take_names(lua_State *L, int index, const char *what,
                       const char *key, const char *prefix, size_t n,
                       char ***out)
{
    char **names = spred_alloc(binding_env(L), n, sizeof *names);
    if (!names)
        binding_try(L, SPRED_ENOMEM);
    *out = names;
    int kind = lua_getfield(L, index, key);
    if (kind != LUA_TNIL &&
        (kind != LUA_TTABLE || lua_rawlen(L, -1) != (lua_Unsigned)n))
        luaL_error(L, "%s.%s: expected a list of %I names", what, key,
                   (lua_Integer)n);
    for (size_t i = 0; i < n; i++) {
        char number[32] = "";
        if (kind == LUA_TNIL) {
            if (prefix)
                snprintf(number, sizeof number, "%s%zu", prefix, i + 1);
            names[i] = copy_text(L, number);
            continue;
        }
        if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "%s.%s: expected a string at %I, got a %s", what, key,
                       (lua_Integer)i + 1, luaL_typename(L, -1));
        names[i] = copy_text(L, lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* Class names, one a sample, at the top of the stack. */
static void take_classes(lua_State *L, const char *what, size_t n,
                         struct spred_target *target)
{
    struct spred_env *env = binding_env(L);
    int list = lua_gettop(L);
    target->kind = SPRED_TARGET_CLASS;
    target->codes = spred_alloc(env, n, sizeof *target->codes);
    target->levels = spred_alloc(env, n, sizeof *target->levels);
    if (!target->codes || !target->levels)
        binding_try(L, SPRED_ENOMEM);
    lua_newtable(L); /* name -> code */
    int codes = lua_gettop(L);
    for (size_t i = 0; i < n; i++) {
        if (lua_rawgeti(L, list, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "%s.y: expected a class name at %I, got a %s", what,
                       (lua_Integer)i + 1, luaL_typename(L, -1));
        lua_pushvalue(L, -1);
        if (lua_rawget(L, codes) == LUA_TNIL) {
            target->levels[target->n_levels] =
                copy_text(L, lua_tostring(L, -2));
            lua_pushvalue(L, -2);
            lua_pushinteger(L, (lua_Integer)target->n_levels++);
            lua_rawset(L, codes);
            target->codes[i] = (int32_t)target->n_levels - 1;
        } else {
            target->codes[i] = (int32_t)lua_tointeger(L, -1);
        }
        lua_pop(L, 2);
    }
    lua_settop(L, list);
}

static void take_y(lua_State *L, int index, const char *what,
                   struct lua_data *d)
{
    struct spred_data *data = &d->data;
    struct spred_env *env = binding_env(L);
    size_t rows = data->x.rows, n;
    if (lua_getfield(L, index, "y") == LUA_TNIL) {
        lua_pop(L, 1); /* only to predict from */
        return;
    }
    data->targets = spred_alloc(env, 1, sizeof *data->targets);
    if (!data->targets)
        binding_try(L, SPRED_ENOMEM);
    data->n_targets = 1;
    struct spred_target *target = &data->targets[0];
    int names = lua_istable(L, -1) && lua_rawgeti(L, -1, 1) == LUA_TSTRING;
    if (lua_istable(L, -2))
        lua_pop(L, 1);
    target->name = copy_text(L, names ? "class" : "y");
    if (names) {
        n = (size_t)lua_rawlen(L, -1);
        if (n != rows)
            luaL_error(L, "%s: x has %I rows, y has %I class names", what,
                       (lua_Integer)rows, (lua_Integer)n);
        take_classes(L, what, rows, target);
    } else {
        char label[64];
        snprintf(label, sizeof label, "%.50s.y", what);
        const double *y = binding_vector(L, -1, &n, label);
        if (n != rows)
            luaL_error(L, "%s: x has %I rows, y has %I values", what,
                       (lua_Integer)rows, (lua_Integer)n);
        target->kind = SPRED_TARGET_REAL;
        target->values = spred_alloc(env, rows, sizeof *target->values);
        if (!target->values)
            binding_try(L, SPRED_ENOMEM);
        memcpy(target->values, y, rows * sizeof *y);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void take_x(lua_State *L, int index, const char *what,
                   struct lua_data *d, int keeper)
{
    if (lua_getfield(L, index, "x") == LUA_TNIL)
        luaL_error(L, "%s.x: expected a matrix, got nil", what);
    const struct lua_matrix *x = binding_test(L, -1, &binding_matrix);
    if (!x)
        luaL_error(L, "%s.x: expected a matrix, got a %s", what,
                   luaL_typename(L, -1));
    binding_matrix_check(L, -1);
    if (x->m.rows == 0 || x->m.cols == 0)
        luaL_error(L, "%s.x: is empty", what);
    /* A copy that no script can reach: what is certified stays what it was. In
     * a userdata, so that the collector knows its size. */
    d->data.x = matrix_copy(L, &x->m, x->m.storage, NULL, 0, NULL, 0)->m;
    d->data.x.owned = 0;
    lua_setiuservalue(L, keeper, 1);
    lua_pop(L, 1);
}

struct lua_data *data_new(lua_State *L, int index, const char *what)
{
    struct spred_env *env = binding_env(L);
    index = lua_absindex(L, index);
    struct lua_data *d = binding_new(L, &binding_data, sizeof *d, 1);
    struct spred_data *data = &d->data;
    take_x(L, index, what, d, lua_gettop(L));
    take_y(L, index, what, d);
    take_names(L, index, what, "features", "x", data->x.cols, &data->features);
    take_names(L, index, what, "symbols", NULL, data->x.cols, &data->symbols);
    take_names(L, index, what, "samples", "s", data->x.rows, &data->samples);
    data->name = copy_text(L, binding_text(L, index, what, "name", "data"));
    data->source = copy_text(L, "a matrix in a script");
    data->note = copy_text(L, "");
    d->target = copy_text(L, "auto");
    for (size_t i = 0; i < data->x.rows * data->x.cols; i++)
        if (data->x.storage == SPRED_CSC)
            break;
        else if (data->x.storage == SPRED_F64)
            data->missing += isnan(data->x.f64[i]) != 0;
        else
            data->missing += isnan(data->x.f32[i]) != 0;
    binding_try(L, spred_data_check(env, data));
    return d;
}

static int make(lua_State *L)
{
    static const char *const keys[] = {"x",       "y",    "features", "symbols",
                                       "samples", "name", NULL};
    binding_keys(L, 1, "spred.data.new", keys);
    data_new(L, 1, "spred.data.new");
    return 1;
}

void data_open_make(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"new", make,
         "spred.data.new{x=, y=, features=, symbols=, samples=, name=}",
         "A data set from a matrix x (samples in rows) and y: a vector of "
         "numbers or a list of class names. x is copied. The lists of "
         "names are optional."},
        {0}};
    binding_functions(L, functions);
}
