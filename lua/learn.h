/* learn.h: the userdata `model`: what spred.learn gives. */
#ifndef LUA_LEARN_H
#define LUA_LEARN_H

#include "experiments/learn.h"
#include "lua/data.h"

/* User values: 1 the data, 2 the spec. */
struct lua_learnt {
    struct learner learner;
};
extern const struct binding_type binding_learnt;

/* learn_use.c: methods of the model. */
int learn_genes_lua(lua_State *L);
int learn_predict_lua(lua_State *L);
int learn_save_lua(lua_State *L);
/* learn_rows.c: what is stored of its fits. */
int learn_candidates_lua(lua_State *L);
int learn_marks_lua(lua_State *L);
int learn_layers_lua(lua_State *L);
int learn_arrays_lua(lua_State *L);

/* What predicts: a model that was learnt, or one from a file. All borrowed. */
struct learn_view {
    const struct spred_model *model;
    size_t n_classes, outputs; /* 0: real-valued */
    char *const *classes;
    const struct spred_prepared *prepared;
    char *const *features, *const *symbols;
    const double *importance; /* prepared->p */
    enum spred_status (*scores)(lua_State *L, void *self,
                                const struct spred_matrix *x, double *scores);
    void *self;
};
/* The methods predict(data [, kind]) and genes([k]) of whatever is at 1. */
int learn_view_predict(lua_State *L, const struct learn_view *view);
int learn_view_genes(lua_State *L, const struct learn_view *view);

/* predictor.c: spred.load_model. */
void learn_open_predictor(lua_State *L);
/* Pushes a list of borrowed texts. */
void learn_push_texts(lua_State *L, char *const *texts, size_t n);

#endif
