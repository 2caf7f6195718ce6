/* protocol.c: spred.protocol: a Lua function that says who trains, who
 * validates and who tests. */
#include <stdlib.h>
#include <string.h>

#include "lua/matrix.h"
#include "lua/part.h"

struct split_task {
    struct part_task task; /* first */
    const struct part *part;
    const struct spred_data *data;
    const int32_t *codes;
    size_t n;
    int64_t trial;
    uint64_t seed;
    struct spred_split *out;
};

static int ascending(const void *left, const void *right)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    return (a > b) - (a < b);
}

static void push_data(lua_State *L, const struct split_task *task)
{
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, (lua_Integer)task->n);
    lua_setfield(L, -2, "n");
    lua_pushinteger(L, (lua_Integer)task->data->x.cols);
    lua_setfield(L, -2, "features");
    lua_createtable(L, (int)task->n, 0);
    for (size_t i = 0; i < task->n && i < task->data->x.rows; i++) {
        lua_pushstring(L, task->data->samples[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "samples");
    if (!task->codes)
        return;
    double *codes = binding_matrix_new(L, task->n, 1);
    for (size_t i = 0; i < task->n; i++)
        codes[i] = task->codes[i] + 1;
    lua_setfield(L, -2, "codes");
}

static int body(lua_State *L)
{
    static const char *const names[] = {"train", "validate", "test"};
    struct split_task *task = lua_touserdata(L, 1);
    struct spred_split *out = task->out;
    size_t **const lists[] = {&out->train, &out->validate, &out->test};
    size_t *const sizes[] = {&out->n_train, &out->n_validate, &out->n_test};
    const size_t *places[3];
    size_t counts[3];
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->part->call.reference);
    push_data(L, task);
    lua_pushinteger(L, task->trial);
    binding_rng_new(L, task->seed);
    part_call(L, &task->task, 3, 3);
    for (int k = 0; k < 3; k++) {
        if (k > 0 && lua_isnil(L, 2 + k)) {
            lua_newtable(L);
            lua_replace(L, 2 + k);
        }
        places[k] = matrix_places(L, 2 + k, task->n, names[k], &counts[k]);
    }
    for (int k = 0; k < 3; k++) {
        *lists[k] = spred_alloc(task->task.env, counts[k], sizeof **lists[k]);
        if (!*lists[k])
            return luaL_error(L, "not enough memory");
        *sizes[k] = counts[k];
        memcpy(*lists[k], places[k], counts[k] * sizeof **lists[k]);
        qsort(*lists[k], counts[k], sizeof **lists[k], ascending);
    }
    return 0;
}

static enum spred_status split(const void *self, struct spred_env *env,
                               const struct spred_data *data,
                               const int32_t *codes, size_t n, int64_t trial,
                               uint64_t seed, struct spred_split *out)
{
    const struct part *part = self;
    struct split_task task = {.task = {.script = part->call.script,
                                       .env = env,
                                       .what = "protocol",
                                       .name = part->name},
                              .part = part,
                              .data = data,
                              .codes = codes,
                              .n = n,
                              .trial = trial,
                              .seed = seed,
                              .out = out};
    memset(out, 0, sizeof *out);
    enum spred_status status = part_run(&task.task, body);
    if (status != SPRED_OK) {
        spred_split_free(env, out);
        memset(out, 0, sizeof *out);
    }
    return status;
}

static int declare_protocol(lua_State *L)
{
    const struct part *part =
        part_new(L, DECLARE_PROTOCOL, "spred.protocol", "split");
    const struct parts_protocol protocol = {part->name, part->doc, part, split};
    declare_add(L, DECLARE_PROTOCOL, &protocol, 2);
    return 0;
}

void binding_open_protocol(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"protocol", declare_protocol,
         "spred.protocol{name=, split=function(data, trial, rng), doc=}",
         "Declares who trains, validates and tests: split returns three lists "
         "of sample numbers from 1 (validate and test may be nil). data: n, "
         "features (their number), samples (names), codes (class numbers from "
         "1, 0 = left out; nil for a real target). rng is seeded for the "
         "trial."},
        {NULL, NULL, NULL, NULL}};
    binding_functions(L, functions);
}
