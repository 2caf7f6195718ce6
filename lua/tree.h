/* tree.h: Lua tables with the keys of an experiment file, as the tree that the
 * reader of those files takes: the same checks, messages and defaults. */
#ifndef LUA_TREE_H
#define LUA_TREE_H

#include "experiments/spec.h"
#include "experiments/yaml.h"
#include "lua/binding.h"

/* A document that the collector frees, pushed. Its path, "file.lua:12:
 * spred.solve", is what messages call it. */
struct spec_document *tree_new(lua_State *L, const char *what);

/* The node of the Lua value at index: nil, boolean, number, string, an array as
 * a list, another table as a map with its keys in order. May raise. */
struct spec_node *tree_value(lua_State *L, struct spec_document *doc,
                             int index);

/* New nodes, and pairs of a map or items (key NULL) of a list; may raise. */
struct spec_node *tree_node(lua_State *L, struct spec_document *doc,
                            enum spec_node_kind kind, const char *text);
void tree_add(lua_State *L, struct spec_document *doc, struct spec_node *parent,
              const char *key, struct spec_node *item);

/* Solvers and the running script's own parts or, if it declares none, those of
 * a script that the tree names; for spec_read_tree; may raise. */
void tree_names(lua_State *L, struct spec_solver_names *out);

/* A spec that the collector frees, pushed, still empty. */
struct spec *tree_spec(lua_State *L);
/* Reads doc->root into it; raises the reader's error. */
void tree_read(lua_State *L, struct spec_document *doc, struct spec *spec);

void tree_open(lua_State *L);

#endif
