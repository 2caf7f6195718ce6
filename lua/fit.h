/* fit.h: the userdata `path` (the models of a path) and `fit` (one of them). */
#ifndef LUA_FIT_H
#define LUA_FIT_H

#include "experiments/fit.h"
#include "lua/data.h"

/* User values: 1 the data, 2 the spec. */
struct lua_path {
    struct fit fit;
};
extern const struct binding_type binding_path;

/* User value 1: the path. */
struct lua_fit {
    struct lua_path *path;
    size_t lambda;
    struct fit_model model;
};
extern const struct binding_type binding_fit;

/* User value 1: the data. Columns of data.x, ascending. */
struct lua_support {
    size_t n;
    size_t features[]; /* 0-based */
};
extern const struct binding_type binding_support;

/* Pushes the model at a lambda of the path at index, or nil if there is none.
 */
void fit_push(lua_State *L, int index, size_t lambda);
/* Pushes the support of the fit at index. */
void fit_push_support(lua_State *L, int index);
/* fit:predict, fit:genes; also spred.predict and spred.genes. */
int fit_predict_lua(lua_State *L);
int fit_genes_lua(lua_State *L);

#endif
