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
int learn_candidates_lua(lua_State *L);
int learn_predict_lua(lua_State *L);
/* Pushes a list of borrowed texts. */
void learn_push_texts(lua_State *L, char *const *texts, size_t n);

#endif
