/* metric.c: spred.metric: a Lua function that scores the predictions of a run.
 */
#include <string.h>

#include "lua/part.h"

struct metric_task {
    struct part_task task; /* first */
    const struct part *part;
    const struct parts_sample *sample;
    int *alive; /* of the views of this call */
    double out;
};

/* A view of the sample's memory as field `name` of the table on top. */
static void set_view(lua_State *L, int owner, const int *alive,
                     const char *name, const double *data, size_t rows,
                     size_t cols)
{
    binding_matrix_view(L, owner, alive, (double *)(size_t)data, rows, cols, 1);
    lua_setfield(L, -2, name);
}

static void set_count(lua_State *L, const char *name, size_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

/* Class numbers from 1: the largest score, of two classes the sign. */
static void set_classes(lua_State *L, const struct parts_sample *s)
{
    double *truth = binding_matrix_new(L, s->n, 1);
    for (size_t i = 0; i < s->n; i++)
        truth[i] = s->codes[i] + 1;
    lua_setfield(L, -2, "truth");
    double *predicted = binding_matrix_new(L, s->n, 1);
    for (size_t i = 0; i < s->n; i++) {
        size_t best = 0;
        for (size_t k = 1; k < s->outputs; k++)
            if (s->scores[i + k * s->n] > s->scores[i + best * s->n])
                best = k;
        predicted[i] =
            s->outputs > 1 ? (double)best + 1 : 1 + (s->scores[i] > 0);
    }
    lua_setfield(L, -2, "predicted");
}

static int body(lua_State *L)
{
    struct metric_task *task = lua_touserdata(L, 1);
    const struct parts_sample *s = task->sample;
    int *alive = lua_newuserdatauv(L, sizeof *alive, 0);
    *alive = 1;
    lua_pushvalue(L, 2);
    /* The flag outlives an error: until the metric's next call. */
    lua_rawsetp(L, LUA_REGISTRYINDEX, task->part);
    task->alive = alive;
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->part->call.reference);
    lua_createtable(L, 0, 8);
    set_count(L, "n", s->n);
    set_count(L, "outputs", s->outputs);
    set_count(L, "classes", s->n_classes);
    set_count(L, "support", s->support);
    set_view(L, 2, alive, "scores", s->scores, s->n, s->outputs);
    set_view(L, 2, alive, "weights", s->weights, s->p, s->outputs);
    if (s->codes) {
        set_classes(L, s);
    } else {
        set_view(L, 2, alive, "truth", s->values, s->n, 1);
        set_view(L, 2, alive, "predicted", s->scores, s->n, s->outputs);
    }
    part_call(L, &task->task, 1, 1);
    if (lua_type(L, -1) != LUA_TNUMBER)
        return luaL_error(L, "value returned a %s, expected a number",
                          luaL_typename(L, -1));
    task->out = lua_tonumber(L, -1);
    return 0;
}

static enum spred_status score(const void *self, struct spred_env *env,
                               const struct parts_sample *sample, double *out)
{
    const struct part *part = self;
    struct metric_task task = {.task = {.script = part->call.script,
                                        .env = env,
                                        .what = "metric",
                                        .name = part->name},
                               .part = part,
                               .sample = sample};
    enum spred_status status = part_run(&task.task, body);
    if (task.alive)
        *task.alive = 0;
    *out = task.out;
    return status;
}

static int declare_metric(lua_State *L)
{
    const struct part *part =
        part_new(L, DECLARE_METRIC, "spred.metric", "value");
    const struct parts_metric metric = {part->name, part->doc, part, score};
    declare_add(L, DECLARE_METRIC, &metric, 2);
    return 0;
}

void binding_open_metric(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"metric", declare_metric,
         "spred.metric{name=, value=function(sample), doc=}",
         "Declares a number that every run of an experiment gets, from its "
         "predictions on the test part at the chosen lambda. sample: n, "
         "classes (0: a real target), truth and predicted (n values, or class "
         "numbers from 1), scores (n x outputs), weights (features x outputs, "
         "standardised scale), support. The matrices are gone after the "
         "call."},
        {NULL, NULL, NULL, NULL}};
    binding_functions(L, functions);
}
