/* learn_use.c: what a model is good for: its genes, its predictions, a file. */
#include "lua/learn.h"

#include <stdlib.h>
#include <string.h>

#include "spred/problem.h"

static struct lua_learnt *check(lua_State *L)
{
    return binding_check(L, 1, &binding_learnt);
}

void learn_push_texts(lua_State *L, char *const *texts, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, texts[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* ---- genes ---- */

struct gene {
    size_t feature;
    double importance;
};

static int by_importance(const void *left, const void *right)
{
    const struct gene *a = left, *b = right;
    if (a->importance < b->importance || a->importance > b->importance)
        return a->importance < b->importance ? 1 : -1;
    return a->feature < b->feature ? -1 : a->feature > b->feature;
}

static void push_gene(lua_State *L, const struct learn_view *view,
                      const struct gene *gene)
{
    size_t raw = view->prepared->kept[gene->feature];
    lua_createtable(L, 0, 4);
    lua_pushstring(L, view->features[raw]);
    lua_setfield(L, -2, "feature");
    lua_pushstring(L, view->symbols[raw]);
    lua_setfield(L, -2, "symbol");
    lua_pushnumber(L, gene->importance);
    lua_setfield(L, -2, "importance");
    lua_pushinteger(L, (lua_Integer)raw + 1);
    lua_setfield(L, -2, "column");
}

int learn_view_genes(lua_State *L, const struct learn_view *view)
{
    size_t n = 0, p = view->prepared->p;
    lua_Integer most = luaL_optinteger(L, 2, LUA_MAXINTEGER);
    struct gene *genes = lua_newuserdatauv(L, (p + 1) * sizeof *genes, 0);
    for (size_t j = 0; j < p; j++)
        if (view->importance[j] > 0)
            genes[n++] = (struct gene){j, view->importance[j]};
    qsort(genes, n, sizeof *genes, by_importance);
    lua_newtable(L);
    for (size_t i = 0; i < n && (lua_Integer)i < most; i++) {
        push_gene(L, view, &genes[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* ---- predictions ---- */

/* Scores of the data or matrix at index 2, pushed. */
static double *push_scores(lua_State *L, const struct learn_view *view,
                           size_t *n)
{
    const struct lua_data *data = binding_test(L, 2, &binding_data);
    const struct spred_matrix *x = NULL;
    size_t p = view->prepared->p_raw;
    if (data)
        x = &data->data.x;
    else if (binding_test(L, 2, &binding_matrix))
        x = &binding_matrix_check(L, 2)->m;
    else
        luaL_error(L, "predict: expected data or a matrix, got a %s",
                   luaL_typename(L, 2));
    if (x->cols != p)
        luaL_error(L, "predict: the model has %I features, x has %I columns",
                   (lua_Integer)p, (lua_Integer)x->cols);
    *n = x->rows;
    double *scores = binding_matrix_new(L, x->rows, view->outputs);
    binding_try(L, view->scores(L, view->self, x, scores));
    return scores;
}

static void push_classes(lua_State *L, const struct learn_view *view,
                         const double *scores, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        for (size_t k = 1; k < view->outputs; k++)
            if (scores[i + k * n] > scores[i + best * n])
                best = k;
        lua_pushstring(L, view->classes[best]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

int learn_view_predict(lua_State *L, const struct learn_view *view)
{
    static const char *const kinds[] = {"class", "score", "probability", NULL};
    int classes = view->n_classes > 0;
    const char *word = luaL_optstring(L, 3, classes ? "class" : "score");
    int kind = 0;
    while (kinds[kind] && strcmp(kinds[kind], word) != 0)
        kind++;
    if (!kinds[kind])
        return luaL_error(
            L, "predict: '%s': expected class, score or probability", word);
    if (kind != 1 && !classes)
        return luaL_error(L,
                          "predict: this model predicts numbers, not classes");
    if (kind == 2 && !(view->model->takes & SPRED_MODEL_LOGITS))
        return luaL_error(L, "predict: the model %s gives no probabilities",
                          view->model->name);
    size_t n;
    const double *scores = push_scores(L, view, &n);
    if (kind == 0)
        push_classes(L, view, scores, n);
    if (kind == 2) {
        const struct spred_problem shape = {.outputs = view->outputs,
                                            .loss = &spred_loss_multinomial};
        spred_probabilities(&shape, scores, n,
                            binding_matrix_new(L, n, view->outputs));
    }
    return 1;
}

/* ---- a model that was learnt ---- */

static enum spred_status scores_of(lua_State *L, void *self,
                                   const struct spred_matrix *x, double *scores)
{
    (void)L;
    return learn_predict(self, x, scores);
}

static struct learn_view view_of(lua_State *L)
{
    struct learn *learn = check(L)->learner.learn;
    const struct trial *trial = learn_trial(learn);
    return (struct learn_view){.model = learn_model(learn),
                               .n_classes = trial->n_classes,
                               .outputs = learn_outputs(learn),
                               .classes = trial->labels.names,
                               .prepared = &trial->prepared,
                               .features = trial->data.features,
                               .symbols = trial->data.symbols,
                               .importance = learn_importance(learn),
                               .scores = scores_of,
                               .self = learn};
}

int learn_genes_lua(lua_State *L)
{
    const struct learn_view view = view_of(L);
    return learn_view_genes(L, &view);
}

int learn_predict_lua(lua_State *L)
{
    const struct learn_view view = view_of(L);
    return learn_view_predict(L, &view);
}

int learn_save_lua(lua_State *L)
{
    struct lua_learnt *learnt = check(L);
    const char *path = luaL_checkstring(L, 2);
    binding_try(L, learn_store(learnt->learner.learn, path));
    lua_settop(L, 1);
    return 1;
}
