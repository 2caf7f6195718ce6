/* protocol.c: spred.protocol: who trains, validates and tests in a trial. */
#include <string.h>

#include "lua/part.h"

struct task {
    struct spred_env *env;
    const struct spred_data *data;
    const int32_t *codes;
    size_t n;
    int64_t trial;
    uint64_t seed;
    struct spred_split *out;
};

static void push_data(lua_State *L, const struct task *task)
{
    lua_newtable(L);
    lua_pushinteger(L, (lua_Integer)task->n);
    lua_setfield(L, -2, "n");
    lua_pushinteger(L, (lua_Integer)task->data->x.cols);
    lua_setfield(L, -2, "p");
    lua_pushstring(L, task->data->name);
    lua_setfield(L, -2, "name");
    double *codes = binding_matrix_new(L, task->n, 1);
    for (size_t i = 0; i < task->n; i++)
        codes[i] = task->codes ? task->codes[i] + 1 : 1;
    lua_setfield(L, -2, "codes");
    lua_createtable(L, (int)task->n, 0);
    for (size_t i = 0; i < task->n; i++) {
        lua_pushstring(L, task->data->samples[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "samples");
}

/* The list at index as indices from 0, owned by the split. */
static void take(lua_State *L, int index, const char *what, size_t n,
                 struct spred_env *env, size_t **out, size_t *count)
{
    if (lua_isnil(L, index)) { /* nobody */
        *out = spred_alloc(env, 1, sizeof **out);
        *count = 0;
        if (!*out)
            luaL_error(L, "%s", env->error);
        return;
    }
    const double *list = binding_vector(L, index, count, what);
    *out = spred_alloc(env, *count + 1, sizeof **out);
    if (!*out)
        luaL_error(L, "%s", env->error);
    for (size_t i = 0; i < *count; i++) {
        size_t at = list[i] >= 1 && list[i] <= (double)n ? (size_t)list[i] : 0;
        if (at == 0 || (double)at < list[i])
            luaL_error(L, "%s[%I] = %f: expected a sample from 1 to %I", what,
                       (lua_Integer)i + 1, list[i], (lua_Integer)n);
        (*out)[i] = at - 1;
    }
    lua_pop(L, 1);
}

static int divide(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    struct spred_split *out = task->out;
    push_data(L, task);
    lua_pushinteger(L, (lua_Integer)task->trial);
    lua_getfield(L, LUA_REGISTRYINDEX, "spred");
    lua_getfield(L, -1, "rng");
    lua_remove(L, -2);
    lua_pushinteger(L, (lua_Integer)task->seed);
    lua_call(L, 1, 1);
    lua_call(L, 3, 3);
    take(L, 2, "train", task->n, task->env, &out->train, &out->n_train);
    take(L, 3, "validate", task->n, task->env, &out->validate,
         &out->n_validate);
    take(L, 4, "test", task->n, task->env, &out->test, &out->n_test);
    return 0;
}

static enum spred_status split(const void *self, struct spred_env *env,
                               const struct spred_data *data,
                               const int32_t *codes, size_t n, int64_t trial,
                               uint64_t seed, struct spred_split *out)
{
    struct task task = {env, data, codes, n, trial, seed, out};
    memset(out, 0, sizeof *out);
    enum spred_status status = part_call(self, env, divide, &task);
    if (status != SPRED_OK)
        spred_split_free(env, out);
    return status;
}

static int declare(lua_State *L)
{
    struct lua_part *part =
        part_new(L, DECLARE_PROTOCOL, "spred.protocol", "split");
    declare_add(L, DECLARE_PROTOCOL,
                &(struct parts_protocol){part->name, part->doc, part, split},
                -1);
    return 0;
}

static const struct binding_entry functions[] = {
    {"protocol", declare,
     "spred.protocol{name=, doc=, split=function(data, trial, rng)}",
     "Declares who trains, validates and tests in a trial, for `protocol: "
     "{kind: NAME}`: split returns three lists (or vectors) of sample numbers. "
     "data: n, p, name, codes (class numbers from 1; 0: the target leaves the "
     "sample out), samples (names). rng is seeded for the trial. The parts "
     "must "
     "not share a sample."},
    {0}};

void binding_open_protocol(lua_State *L)
{
    binding_functions(L, functions);
}
