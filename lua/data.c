/* data.c: the userdata `data`: what a data set shows of itself. */
#include "lua/data.h"

#include <math.h>
#include <string.h>

#include "spred/text.h"

struct lua_data *data_check(lua_State *L, int index)
{
    return binding_check(L, index, &binding_data);
}

const struct labels *data_labels(lua_State *L, struct lua_data *d)
{
    if (!d->picked)
        binding_try(L, labels_make(binding_env(L), &d->data, d->target,
                                   &d->labels, &d->picked));
    return &d->labels;
}

static int release(lua_State *L)
{
    struct lua_data *d = lua_touserdata(L, 1);
    struct spred_env *env = binding_env(L);
    labels_free(env, &d->labels);
    spred_data_free(env, &d->data);
    spred_free(env, d->target);
    spred_free(env, d->picked);
    spred_free(env, d->cached);
    memset(d, 0, sizeof *d);
    return 0;
}

static int push_names(lua_State *L, char *const *names, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int get_name(lua_State *L)
{
    lua_pushstring(L, data_check(L, 1)->data.name);
    return 1;
}

static int get_source(lua_State *L)
{
    lua_pushstring(L, data_check(L, 1)->data.source);
    return 1;
}

static int get_note(lua_State *L)
{
    lua_pushstring(L, data_check(L, 1)->data.note);
    return 1;
}

static int get_simulated(lua_State *L)
{
    lua_pushboolean(L, data_check(L, 1)->data.simulated);
    return 1;
}

static int get_n(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)data_check(L, 1)->data.x.rows);
    return 1;
}

static int get_p(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)data_check(L, 1)->data.x.cols);
    return 1;
}

static int get_picture(lua_State *L)
{
    const struct spred_data *data = &data_check(L, 1)->data;
    const size_t sizes[] = {data->height, data->width, data->channels};
    if (!data->channels)
        return lua_pushnil(L), 1;
    lua_createtable(L, 3, 0);
    for (int i = 0; i < 3; i++) {
        lua_pushinteger(L, (lua_Integer)sizes[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int get_given_test(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)data_check(L, 1)->data.given_test);
    return 1;
}

static int get_x(lua_State *L)
{
    binding_matrix_over(L, 1, NULL, &data_check(L, 1)->data.x, 1);
    return 1;
}

static int get_y(lua_State *L)
{
    const struct labels *labels = data_labels(L, data_check(L, 1));
    double *y = binding_matrix_new(L, labels->n, 1);
    for (size_t i = 0; i < labels->n; i++)
        y[i] = labels->values          ? labels->values[i]
               : labels->codes[i] >= 0 ? labels->codes[i] + 1.0
                                       : NAN;
    return 1;
}

static int get_classes(lua_State *L)
{
    const struct labels *labels = data_labels(L, data_check(L, 1));
    if (!labels->n_classes)
        return lua_pushnil(L), 1;
    return push_names(L, labels->names, labels->n_classes);
}

static int get_labels(lua_State *L)
{
    const struct labels *labels = data_labels(L, data_check(L, 1));
    if (!labels->n_classes)
        return lua_pushnil(L), 1;
    lua_createtable(L, (int)labels->n, 0);
    for (size_t i = 0; i < labels->n; i++) {
        if (labels->codes[i] >= 0)
            lua_pushstring(L, labels->names[labels->codes[i]]);
        else
            lua_pushboolean(L, 0);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int get_features(lua_State *L)
{
    const struct spred_data *data = &data_check(L, 1)->data;
    return push_names(L, data->features, data->x.cols);
}

static int get_symbols(lua_State *L)
{
    const struct spred_data *data = &data_check(L, 1)->data;
    return push_names(L, data->symbols, data->x.cols);
}

static int get_samples(lua_State *L)
{
    const struct spred_data *data = &data_check(L, 1)->data;
    return push_names(L, data->samples, data->x.rows);
}

static int get_target(lua_State *L)
{
    struct lua_data *d = data_check(L, 1);
    data_labels(L, d);
    lua_pushstring(L, d->picked);
    return 1;
}

static int get_targets(lua_State *L)
{
    const struct spred_data *data = &data_check(L, 1)->data;
    lua_createtable(L, (int)data->n_targets, 0);
    for (size_t i = 0; i < data->n_targets; i++) {
        const struct spred_target *target = &data->targets[i];
        int classes = target->kind == SPRED_TARGET_CLASS;
        lua_createtable(L, 0, 3);
        lua_pushstring(L, target->name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, classes ? "class" : "real");
        lua_setfield(L, -2, "kind");
        if (classes) {
            push_names(L, target->levels, target->n_levels);
            lua_setfield(L, -2, "classes");
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int to_text(lua_State *L)
{
    const struct lua_data *d = data_check(L, 1);
    const struct spred_data *data = &d->data;
    luaL_Buffer out;
    lua_settop(L, 1);
    luaL_buffinit(L, &out);
    lua_pushfstring(L, "%s: %I samples x %I features%s", data->name,
                    (lua_Integer)data->x.rows, (lua_Integer)data->x.cols,
                    data->simulated ? " (SIMULATED)" : "");
    luaL_addvalue(&out);
    for (size_t t = 0; t < data->n_targets; t++) {
        const struct spred_target *target = &data->targets[t];
        lua_pushfstring(L, "\n  target '%s': ", target->name);
        luaL_addvalue(&out);
        if (target->kind == SPRED_TARGET_REAL)
            luaL_addstring(&out, "numbers");
        for (size_t k = 0; k < target->n_levels; k++) {
            size_t count = 0;
            for (size_t i = 0; i < data->x.rows; i++)
                count += target->codes[i] == (int32_t)k;
            lua_pushfstring(L, "%s%s %I", k ? ", " : "", target->levels[k],
                            (lua_Integer)count);
            luaL_addvalue(&out);
        }
    }
    lua_pushfstring(L, "\n  source: %s", data->source);
    luaL_addvalue(&out);
    luaL_pushresult(&out);
    return 1;
}

static const struct binding_entry methods[] = {
    {"__gc", release, NULL, NULL}, {"__tostring", to_text, NULL, NULL}, {0}};

static const struct binding_entry properties[] = {
    {"name", get_name, "data.name", "Its short name: \"golub\"."},
    {"source", get_source, "data.source", "Where it came from, in a line."},
    {"note", get_note, "data.note", "What was unusual, or \"\"."},
    {"simulated", get_simulated, "data.simulated",
     "true: made by a program, not measured."},
    {"n", get_n, "data.n", "Number of samples."},
    {"p", get_p, "data.p", "Number of features."},
    {"picture", get_picture, "data.picture",
     "{height, width, channels} of pictures, whose features are their cells, "
     "row by row, channels fastest; else nil."},
    {"given_test", get_given_test, "data.given_test",
     "The last so many samples are the published test part; 0: there is none."},
    {"x", get_x, "data.x",
     "The n x p matrix as it is, samples in rows; read-only, not copied."},
    {"y", get_y, "data.y",
     "A vector: the numbers that are predicted, or the number (1, 2, ...) of "
     "each sample's class; NaN: the sample is left out."},
    {"classes", get_classes, "data.classes",
     "Names of the target's classes, a list; nil if numbers are predicted."},
    {"labels", get_labels, "data.labels",
     "The class name of each sample, a list (false: left out); nil if numbers "
     "are predicted."},
    {"features", get_features, "data.features",
     "Names of the features, a list."},
    {"symbols", get_symbols, "data.symbols",
     "Gene symbols of the features, a list; \"\" where there is none."},
    {"samples", get_samples, "data.samples", "Names of the samples, a list."},
    {"target", get_target, "data.target", "Name of what is predicted."},
    {"targets", get_targets, "data.targets",
     "All that could be predicted: a list of tables with name, kind (\"class\" "
     "or \"real\") and classes."},
    {0}};

const struct binding_type binding_data = {
    "data", "A data set: X, names, and what could be predicted.", methods,
    properties, NULL};

void binding_open_data(lua_State *L)
{
    binding_type(L, &binding_data);
    lua_newtable(L);
    data_open_load(L);
    data_open_make(L);
    lua_setfield(L, -2, "data");
}
