/* fit_use.c: what a model is good for: its features, its predictions. */
#include "lua/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- support ---- */

static int support_size(lua_State *L)
{
    const struct lua_support *s = binding_check(L, 1, &binding_support);
    lua_pushinteger(L, (lua_Integer)s->n);
    return 1;
}

static int support_at(lua_State *L)
{
    const struct lua_support *s = binding_check(L, 1, &binding_support);
    if (!lua_isinteger(L, 2))
        return 0;
    lua_Integer i = lua_tointeger(L, 2);
    if (i < 1 || i > (lua_Integer)s->n)
        return lua_pushnil(L), 1;
    lua_pushinteger(L, (lua_Integer)s->features[i - 1] + 1);
    return 1;
}

static int support_names(lua_State *L)
{
    const struct lua_support *s = binding_check(L, 1, &binding_support);
    lua_getiuservalue(L, 1, 1);
    const struct lua_data *d = lua_touserdata(L, -1);
    lua_createtable(L, (int)s->n, 0);
    for (size_t i = 0; i < s->n; i++) {
        lua_pushstring(L, d->data.features[s->features[i]]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int support_text(lua_State *L)
{
    const struct lua_support *s = binding_check(L, 1, &binding_support);
    luaL_Buffer out;
    lua_settop(L, 1);
    luaL_buffinit(L, &out);
    lua_pushfstring(L, "%I feature%s", (lua_Integer)s->n, s->n == 1 ? "" : "s");
    luaL_addvalue(&out);
    for (size_t i = 0; i < s->n && i < 20; i++) {
        lua_pushfstring(L, "%s%I", i ? " " : ": ",
                        (lua_Integer)s->features[i] + 1);
        luaL_addvalue(&out);
    }
    luaL_addstring(&out, s->n > 20 ? " ..." : "");
    luaL_pushresult(&out);
    return 1;
}

static const struct binding_entry support_methods[] = {
    {"size", support_size, "support:size()", "Number of features; also #."},
    {"names", support_names, "support:names()",
     "Names of the features, a list."},
    {"__len", support_size, NULL, NULL},
    {"__tostring", support_text, NULL, NULL},
    {0}};
const struct binding_type binding_support = {
    "support",
    "Features with a nonzero weight: support[i] is a column of data.x.",
    support_methods, NULL, support_at};

void fit_push_support(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    const struct lua_fit *fit = lua_touserdata(L, index);
    const struct path *path = &fit->path->fit.path;
    size_t p = path->trial.p;
    unsigned char *used = lua_newuserdatauv(L, p + 1, 0);
    memset(used, 0, p + 1);
    size_t n = 0;
    for (size_t e = 0; e < path->n_entries; e++)
        if (path->entries[e].lambda == fit->lambda) {
            n += !used[path->entries[e].feature];
            used[path->entries[e].feature] = 1;
        }
    struct lua_support *s = binding_new(L, &binding_support,
                                        sizeof *s + n * sizeof *s->features, 1);
    lua_getiuservalue(L, index, 1); /* the path */
    lua_getiuservalue(L, -1, 1);    /* its data */
    lua_setiuservalue(L, -3, 1);
    lua_pop(L, 1);
    for (size_t j = 0; j < p; j++)
        if (used[j])
            s->features[s->n++] = path->trial.prepared.kept[j];
    lua_remove(L, -2);
}

/* ---- genes ---- */

static int by_size(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    double x = fabs(a->weight), y = fabs(b->weight);
    if (x < y || x > y)
        return x < y ? 1 : -1;
    return a->feature < b->feature ? -1 : a->feature > b->feature;
}

static void push_gene(lua_State *L, const struct fit *fit,
                      const struct entry *entry)
{
    const struct trial *trial = &fit->path.trial;
    const double *scale = trial->prepared.scale;
    size_t raw = trial->prepared.kept[entry->feature];
    lua_createtable(L, 0, 6);
    lua_pushstring(L, trial->data.features[raw]);
    lua_setfield(L, -2, "feature");
    lua_pushstring(L, trial->data.symbols[raw]);
    lua_setfield(L, -2, "symbol");
    lua_pushnumber(L, entry->weight);
    lua_setfield(L, -2, "weight");
    lua_pushnumber(L, entry->weight * (scale ? scale[entry->feature] : 1));
    lua_setfield(L, -2, "coefficient");
    lua_pushinteger(L, (lua_Integer)raw + 1);
    lua_setfield(L, -2, "column");
    lua_pushinteger(L, (lua_Integer)entry->output + 1);
    lua_setfield(L, -2, "output");
}

int fit_genes_lua(lua_State *L)
{
    const struct lua_fit *fit = binding_check(L, 1, &binding_fit);
    const struct path *path = &fit->path->fit.path;
    lua_Integer most = luaL_optinteger(L, 2, LUA_MAXINTEGER);
    size_t n = 0;
    struct entry *own =
        lua_newuserdatauv(L, (path->n_entries + 1) * sizeof *own, 0);
    for (size_t e = 0; e < path->n_entries; e++)
        if (path->entries[e].lambda == fit->lambda)
            own[n++] = path->entries[e];
    qsort(own, n, sizeof *own, by_size);
    lua_newtable(L);
    for (size_t i = 0; i < n && (lua_Integer)i < most; i++) {
        push_gene(L, &fit->path->fit, &own[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* ---- predictions ---- */

/* Scores of the data or matrix at index, pushed. */
static double *push_scores(lua_State *L, const struct lua_fit *fit, int index,
                           size_t *n)
{
    const struct fit *f = &fit->path->fit;
    const struct lua_data *data = binding_test(L, index, &binding_data);
    const struct spred_matrix *x = NULL;
    if (data)
        x = &data->data.x;
    else if (binding_test(L, index, &binding_matrix))
        x = &binding_matrix_check(L, index)->m;
    else
        luaL_error(L, "predict: expected data or a matrix, got a %s",
                   luaL_typename(L, index));
    if (x->cols != f->path.data->x.cols)
        luaL_error(L, "predict: the model has %I features, x has %I columns",
                   (lua_Integer)f->path.data->x.cols, (lua_Integer)x->cols);
    *n = x->rows;
    double *scores = binding_matrix_new(L, x->rows, f->path.outputs);
    binding_try(L, fit_predict(f, fit->lambda, x, scores));
    return scores;
}

int fit_predict_lua(lua_State *L)
{
    static const char *const kinds[] = {"class", "score", "probability", NULL};
    struct lua_fit *fit = binding_check(L, 1, &binding_fit);
    const struct trial *trial = &fit->path->fit.path.trial;
    int classes = trial->n_classes > 0;
    const char *word = luaL_optstring(L, 3, classes ? "class" : "score");
    int kind = 0;
    while (kinds[kind] && strcmp(kinds[kind], word) != 0)
        kind++;
    if (!kinds[kind])
        return luaL_error(L,
                          "predict: '%s': expected class, score or "
                          "probability",
                          word);
    size_t n;
    if (kind == 0 && !classes)
        return luaL_error(L, "predict: this model predicts numbers, not "
                             "classes");
    const double *scores = push_scores(L, fit, 2, &n);
    if (kind == 1)
        return 1;
    if (kind == 2) {
        double *out = binding_matrix_new(L, n, trial->n_classes);
        binding_try(L, fit_probabilities(&fit->path->fit, scores, n, out));
        return 1;
    }
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        int32_t code = fit_class(&fit->path->fit, scores, n, i);
        lua_pushstring(L, trial->labels.names[code]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}
