/* learn_use.c: what a model that was learnt is good for: its genes, what was
 * tried, its predictions. */
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

static void push_gene(lua_State *L, const struct trial *trial,
                      const struct gene *gene)
{
    size_t raw = trial->prepared.kept[gene->feature];
    lua_createtable(L, 0, 4);
    lua_pushstring(L, trial->data.features[raw]);
    lua_setfield(L, -2, "feature");
    lua_pushstring(L, trial->data.symbols[raw]);
    lua_setfield(L, -2, "symbol");
    lua_pushnumber(L, gene->importance);
    lua_setfield(L, -2, "importance");
    lua_pushinteger(L, (lua_Integer)raw + 1);
    lua_setfield(L, -2, "column");
}

int learn_genes_lua(lua_State *L)
{
    const struct learn *learn = check(L)->learner.learn;
    const struct trial *trial = learn_trial(learn);
    const double *importance = learn_importance(learn);
    lua_Integer most = luaL_optinteger(L, 2, LUA_MAXINTEGER);
    size_t n = 0;
    struct gene *genes =
        lua_newuserdatauv(L, (trial->p + 1) * sizeof *genes, 0);
    for (size_t j = 0; j < trial->p; j++)
        if (importance[j] > 0)
            genes[n++] = (struct gene){j, importance[j]};
    qsort(genes, n, sizeof *genes, by_importance);
    lua_newtable(L);
    for (size_t i = 0; i < n && (lua_Integer)i < most; i++) {
        push_gene(L, trial, &genes[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* ---- candidates ---- */

/* A value of the row, pushed; none: nil. */
static void push_value(lua_State *L, const struct results_column *column,
                       const struct results_candidate *row)
{
    const void *field = (const char *)row + column->offset;
    int64_t whole;
    double real;
    switch (column->kind) {
    case RESULTS_TEXT:
        lua_pushstring(L, *(char *const *)field);
        break;
    case RESULTS_INT:
        memcpy(&whole, field, sizeof whole);
        lua_pushinteger(L, (lua_Integer)whole);
        break;
    case RESULTS_REAL:
        memcpy(&real, field, sizeof real);
        lua_pushnumber(L, real);
        break;
    }
}

int learn_candidates_lua(lua_State *L)
{
    const struct results_record *record = &check(L)->learner.record;
    lua_createtable(L, (int)record->n_candidates, 0);
    for (size_t i = 0; i < record->n_candidates; i++) {
        const struct results_candidate *row = &record->candidates[i];
        lua_newtable(L);
        for (const struct results_column *c = results_candidate_columns;
             c->name; c++) {
            push_value(L, c, row);
            lua_setfield(L, -2, c->name);
        }
        lua_pushnil(L); /* there is but this one */
        lua_setfield(L, -2, "job");
        lua_pushboolean(L, row->chosen != 0);
        lua_setfield(L, -2, "chosen");
        if (row->support == INT64_MIN) { /* nothing was offered */
            lua_pushnil(L);
            lua_setfield(L, -2, "support");
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* ---- predictions ---- */

/* Scores of the data or matrix at index 2, pushed. */
static double *push_scores(lua_State *L, struct learn *learn, size_t *n)
{
    const struct lua_data *data = binding_test(L, 2, &binding_data);
    const struct trial *trial = learn_trial(learn);
    const struct spred_matrix *x = NULL;
    if (data)
        x = &data->data.x;
    else if (binding_test(L, 2, &binding_matrix))
        x = &binding_matrix_check(L, 2)->m;
    else
        luaL_error(L, "predict: expected data or a matrix, got a %s",
                   luaL_typename(L, 2));
    if (x->cols != trial->data.x.cols)
        luaL_error(L, "predict: the model has %I features, x has %I columns",
                   (lua_Integer)trial->data.x.cols, (lua_Integer)x->cols);
    *n = x->rows;
    double *scores = binding_matrix_new(L, x->rows, learn_outputs(learn));
    binding_try(L, learn_predict(learn, x, scores));
    return scores;
}

static void push_classes(lua_State *L, const struct learn *learn,
                         const double *scores, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        for (size_t k = 1; k < learn_outputs(learn); k++)
            if (scores[i + k * n] > scores[i + best * n])
                best = k;
        lua_pushstring(L, learn_trial(learn)->labels.names[best]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

int learn_predict_lua(lua_State *L)
{
    static const char *const kinds[] = {"class", "score", "probability", NULL};
    struct learn *learn = check(L)->learner.learn;
    int classes = learn_trial(learn)->n_classes > 0;
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
    if (kind == 2 && !(learn_model(learn)->takes & SPRED_MODEL_LOGITS))
        return luaL_error(L, "predict: the model %s gives no probabilities",
                          learn_model(learn)->name);
    size_t n, outputs = learn_outputs(learn);
    const double *scores = push_scores(L, learn, &n);
    if (kind == 0)
        push_classes(L, learn, scores, n);
    if (kind == 2) {
        const struct spred_problem shape = {.outputs = outputs,
                                            .loss = &spred_loss_multinomial};
        spred_probabilities(&shape, scores, n,
                            binding_matrix_new(L, n, outputs));
    }
    return 1;
}
