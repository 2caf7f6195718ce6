/* data.h: the userdata `data`: a data set in memory, or mapped from the cache.
 */
#ifndef LUA_DATA_H
#define LUA_DATA_H

#include "experiments/labels.h"
#include "lua/binding.h"

/* The payload. User value 1: the matrix whose memory x is, if any. */
struct lua_data {
    struct spred_data data;
    char *target;         /* what is to be predicted, or "auto" */
    char *picked;         /* its name, once the labels are made */
    struct labels labels; /* made when they are first asked for */
    char *cached;         /* file in the cache, or NULL */
};
extern const struct binding_type binding_data;

struct lua_data *data_check(lua_State *L, int index);
/* The labels of the target, made now if need be; may raise. */
const struct labels *data_labels(lua_State *L, struct lua_data *d);
/* Pushes data of x= and y= (and names) in the table at index. */
struct lua_data *data_new(lua_State *L, int index, const char *what);
/* Progress of a download: the script's. */
void data_download(void *cookie, const char *what, size_t done, size_t total);
/* Functions of spred.data, into the table on top. */
void data_open_make(lua_State *L);
void data_open_load(lua_State *L);

#endif
