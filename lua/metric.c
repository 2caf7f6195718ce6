/* metric.c: spred.metric: a number for each run, from its test part. */
#include <math.h>
#include <string.h>

#include "lua/part.h"

struct task {
    const struct parts_sample *sample;
    double *out;
};

static double *push_vector(lua_State *L, const char *field, size_t n)
{
    double *data = binding_matrix_new(L, n, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, field);
    lua_pop(L, 1); /* the table keeps it */
    return data;
}

/* Class numbers from 1: the largest score, or the sign of the only one. */
static void predict(const struct parts_sample *s, double *out)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t best = 0;
        for (size_t k = 1; k < s->outputs; k++)
            if (s->scores[i + k * s->n] > s->scores[i + best * s->n])
                best = k;
        if (s->outputs == 1)
            best = s->scores[i] > 0;
        out[i] = (double)best + 1;
    }
}

static void push_sample(lua_State *L, const struct parts_sample *s)
{
    lua_newtable(L);
    lua_pushinteger(L, (lua_Integer)s->n);
    lua_setfield(L, -2, "n");
    lua_pushinteger(L, (lua_Integer)s->n_classes);
    lua_setfield(L, -2, "classes");
    lua_pushinteger(L, (lua_Integer)s->support);
    lua_setfield(L, -2, "support");
    double *truth = push_vector(L, "truth", s->n);
    for (size_t i = 0; i < s->n; i++)
        truth[i] = s->codes ? s->codes[i] + 1 : s->values[i];
    if (s->n_classes)
        predict(s, push_vector(L, "predicted", s->n));
    memcpy(binding_matrix_new(L, s->n, s->outputs), s->scores,
           s->n * s->outputs * sizeof *s->scores);
    lua_setfield(L, -2, "scores");
    memcpy(binding_matrix_new(L, s->p, s->outputs), s->weights,
           s->p * s->outputs * sizeof *s->weights);
    lua_setfield(L, -2, "weights");
}

static int measure(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    push_sample(L, task->sample);
    lua_call(L, 1, 1);
    if (lua_type(L, -1) != LUA_TNUMBER)
        return luaL_error(L, "expected a number of a metric, got a %s",
                          luaL_typename(L, -1));
    *task->out = lua_tonumber(L, -1);
    return 0;
}

static enum spred_status score(const void *self, struct spred_env *env,
                               const struct parts_sample *sample, double *out)
{
    const struct lua_part *part = self;
    struct task task = {sample, out};
    enum spred_status status = part_call(part, env, measure, &task);
    if (status != SPRED_OK && status != SPRED_EINTERRUPTED) {
        char text[SPRED_ERROR_MAX];
        memcpy(text, env->error, sizeof text);
        spred_fail(env, status, "metric '%s': %.900s", part->name, text);
    }
    return status;
}

static int declare(lua_State *L)
{
    struct lua_part *part =
        part_new(L, DECLARE_METRIC, "spred.metric", "value");
    declare_add(L, DECLARE_METRIC,
                &(struct parts_metric){part->name, part->doc, part, score}, -1);
    return 0;
}

static const struct binding_entry functions[] = {
    {"metric", declare, "spred.metric{name=, doc=, value=function(sample)}",
     "Declares a number for each run of an experiment, from its test part at "
     "the chosen lambda. sample: n, classes (0: real-valued), truth and "
     "predicted (vectors; class numbers from 1), scores (n x outputs linear "
     "predictors), support, weights (features x outputs, standardised scale). "
     "NaN where it is not defined."},
    {0}};

void binding_open_metric(lua_State *L)
{
    binding_functions(L, functions);
}
