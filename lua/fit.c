/* fit.c: the userdata `fit`: one model with its certificate. */
#include "lua/fit.h"

#include <math.h>
#include <string.h>

#include "spred/text.h"

static struct lua_fit *check(lua_State *L)
{
    return binding_check(L, 1, &binding_fit);
}

void fit_push(lua_State *L, int index, size_t lambda)
{
    index = lua_absindex(L, index);
    struct lua_path *path = lua_touserdata(L, index);
    struct fit_model model;
    if (!fit_model(&path->fit, lambda, &model)) {
        lua_pushnil(L);
        return;
    }
    struct lua_fit *fit = binding_new(L, &binding_fit, sizeof *fit, 1);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, 1);
    *fit = (struct lua_fit){path, lambda, model};
}

#define NUMBER(name, expression)                                               \
    static int get_##name(lua_State *L)                                        \
    {                                                                          \
        const struct lua_fit *fit = check(L);                                  \
        lua_pushnumber(L, expression);                                         \
        return 1;                                                              \
    }
NUMBER(lambda, fit->path->fit.path.lambda[fit->lambda])
NUMBER(ratio,
       fit->path->fit.path.lambda[fit->lambda] / fit->path->fit.path.lambda_max)
NUMBER(lambda_max, fit->path->fit.path.lambda_max)
NUMBER(gap, fit->model.gap)
NUMBER(floor, fit->model.floor)
NUMBER(kkt, fit->model.kkt)
NUMBER(primal, fit->model.primal)
NUMBER(dual, fit->model.dual)
NUMBER(seconds, fit->model.seconds)
NUMBER(passes, fit->model.passes)
#undef NUMBER

static int get_steps(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check(L)->model.steps);
    return 1;
}

static int get_certified(lua_State *L)
{
    lua_pushboolean(L, check(L)->model.certified);
    return 1;
}

static int get_stop(lua_State *L)
{
    lua_pushstring(L, check(L)->model.stop);
    return 1;
}

static int get_solver(lua_State *L)
{
    lua_pushstring(L, check(L)->path->fit.job.solver);
    return 1;
}

static int get_loss(lua_State *L)
{
    lua_pushstring(L, check(L)->path->fit.path.loss->name);
    return 1;
}

static int get_penalty(lua_State *L)
{
    lua_pushstring(L, check(L)->path->fit.job.penalty);
    return 1;
}

/* "a=1 b=true" as a table of texts. */
static int get_options(lua_State *L)
{
    const char *c = check(L)->path->fit.job.options;
    lua_newtable(L);
    while (c && *c) {
        size_t length = strcspn(c, " "), name = strcspn(c, "= ");
        if (name < length) {
            lua_pushlstring(L, c, name);
            lua_pushlstring(L, c + name + 1, length - name - 1);
            lua_rawset(L, -3);
        }
        c += length;
        c += strspn(c, " ");
    }
    return 1;
}

/* W and b in matrices of their own; both are pushed. */
static void push_model(lua_State *L, const struct lua_fit *fit)
{
    const struct path *path = &fit->path->fit.path;
    double *w = binding_matrix_new(L, path->trial.p, path->outputs);
    double *b = binding_matrix_new(L, path->outputs, 1);
    fit_weights(&fit->path->fit, fit->lambda, w, b);
}

static int get_w(lua_State *L)
{
    push_model(L, check(L));
    lua_pop(L, 1);
    return 1;
}

static int get_b(lua_State *L)
{
    push_model(L, check(L));
    return 1;
}

static int push_column(lua_State *L, const double *from, size_t n, double none)
{
    double *to = binding_matrix_new(L, n, 1);
    for (size_t j = 0; j < n; j++)
        to[j] = from ? from[j] : none;
    return 1;
}

static int get_mean(lua_State *L)
{
    const struct trial *trial = &check(L)->path->fit.path.trial;
    return push_column(L, trial->prepared.mean, trial->p, 0);
}

static int get_scale(lua_State *L)
{
    const struct trial *trial = &check(L)->path->fit.path.trial;
    return push_column(L, trial->prepared.scale, trial->p, 1);
}

static int get_kept(lua_State *L)
{
    const struct trial *trial = &check(L)->path->fit.path.trial;
    lua_createtable(L, (int)trial->p, 0);
    for (size_t j = 0; j < trial->p; j++) {
        lua_pushinteger(L, (lua_Integer)trial->prepared.kept[j] + 1);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    return 1;
}

static int get_support(lua_State *L)
{
    check(L);
    fit_push_support(L, 1);
    return 1;
}

static int get_classes(lua_State *L)
{
    const struct labels *labels = &check(L)->path->fit.path.trial.labels;
    if (!labels->n_classes)
        return lua_pushnil(L), 1;
    lua_createtable(L, (int)labels->n_classes, 0);
    for (size_t k = 0; k < labels->n_classes; k++) {
        lua_pushstring(L, labels->names[k]);
        lua_rawseti(L, -2, (lua_Integer)k + 1);
    }
    return 1;
}

/* The genes of the largest weights, in a line. */
static void add_genes(lua_State *L, luaL_Buffer *out)
{
    lua_pushcfunction(L, fit_genes_lua);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 5);
    lua_call(L, 2, 1);
    int list = lua_gettop(L);
    size_t n = (size_t)lua_rawlen(L, list);
    char text[512] = "";
    size_t used = 0;
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, list, (lua_Integer)i);
        lua_getfield(L, -1, "symbol");
        lua_getfield(L, -2, "feature");
        lua_getfield(L, -3, "weight");
        const char *symbol = lua_tostring(L, -3);
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%.40s %.3g",
                             i > 1 ? ", " : "\n  largest: ",
                             symbol && *symbol ? symbol : lua_tostring(L, -2),
                             lua_tonumber(L, -1));
        lua_settop(L, list);
    }
    lua_settop(L, list - 1);
    luaL_addstring(out, text);
}

/* "gap 1e-9: certified", or why not. */
static void write_verdict(const struct fit_model *m, int convex, char *text,
                          size_t size)
{
    if (!convex)
        snprintf(text, size, "no gap (not convex), KKT residual %.2g: %s",
                 m->kkt, m->stop);
    else if (m->certified)
        snprintf(text, size, "gap %.2g: certified", m->gap);
    else
        snprintf(text, size, "gap %.2g: NOT certified (%s)", m->gap, m->stop);
}

static int to_text(lua_State *L)
{
    const struct lua_fit *fit = check(L);
    const struct fit *f = &fit->path->fit;
    const struct fit_model *m = &fit->model;
    char text[512], verdict[128];
    luaL_Buffer out;
    lua_settop(L, 1);
    write_verdict(m, path_is_convex(&f->path), verdict, sizeof verdict);
    snprintf(text, sizeof text,
             "fit by %.60s: %.60s, %.40s, lambda %.6g (%.4g of lambda_max)\n"
             "  objective %.10g, %s\n"
             "  %zu of %zu features, %lld steps, %.3g s",
             f->job.solver, f->path.loss->name, f->job.penalty,
             f->path.lambda[fit->lambda],
             f->path.lambda[fit->lambda] / f->path.lambda_max, m->primal,
             verdict, m->support, f->path.trial.p, (long long)m->steps,
             m->seconds);
    luaL_buffinit(L, &out);
    luaL_addstring(&out, text);
    add_genes(L, &out);
    luaL_pushresult(&out);
    return 1;
}

static const struct binding_entry methods[] = {
    {"predict", fit_predict_lua, "fit:predict(data [, kind])",
     "Predictions for a data set or a matrix with the same features, prepared "
     "as the training part was. kind \"class\": a list of class names (default "
     "for classes); \"score\": the linear predictors, n x K (default for "
     "numbers); \"probability\": n x classes."},
    {"genes", fit_genes_lua, "fit:genes([k])",
     "The k largest weights (default: all), a list of tables with feature, "
     "symbol, weight (per standard deviation), coefficient (per unit), column "
     "of data.x and output."},
    {"__tostring", to_text, NULL, NULL},
    {0}};

static const struct binding_entry properties[] = {
    {"lambda", get_lambda, "fit.lambda", "The penalty's strength."},
    {"ratio", get_ratio, "fit.ratio", "lambda / lambda_max."},
    {"lambda_max", get_lambda_max, "fit.lambda_max",
     "The smallest lambda at which no feature is used."},
    {"gap", get_gap, "fit.gap",
     "Certified duality gap, relative to the objective of the empty model; NaN "
     "when the problem is not convex."},
    {"floor", get_floor, "fit.floor", "Bound on the gap's rounding error."},
    {"kkt", get_kkt, "fit.kkt",
     "Worst violation of the optimality conditions, over lambda."},
    {"primal", get_primal, "fit.primal", "The objective."},
    {"dual", get_dual, "fit.dual", "The best lower bound on the optimum."},
    {"certified", get_certified, "fit.certified",
     "true: the gap is proved to be within what was asked. With a loss or "
     "penalty of a script the proof takes its declaration for granted, which "
     "was checked at sampled points."},
    {"stop", get_stop, "fit.stop",
     "Why the solver stopped: \"certified\", \"stalled\", ..."},
    {"steps", get_steps, "fit.steps", "Steps of the solver at this lambda."},
    {"seconds", get_seconds, "fit.seconds",
     "Billed seconds at this lambda, certificates not included."},
    {"passes", get_passes, "fit.passes", "Passes over X since the path began."},
    {"w", get_w, "fit.w",
     "Weights, a p x K matrix of its own, for features as they were prepared: "
     "(x - fit.mean) * fit.scale."},
    {"b", get_b, "fit.b", "Intercepts, a vector of K values."},
    {"kept", get_kept, "fit.kept",
     "Which columns of data.x the rows of w, mean and scale belong to, a list. "
     "All of them unless preprocessing dropped some (variance_keep, columns "
     "without a value)."},
    {"mean", get_mean, "fit.mean",
     "What was subtracted from each feature, a vector."},
    {"scale", get_scale, "fit.scale",
     "What each feature was multiplied by, a vector."},
    {"support", get_support, "fit.support",
     "The features with a nonzero weight."},
    {"classes", get_classes, "fit.classes",
     "Names of the classes, a list; nil if numbers are predicted."},
    {"solver", get_solver, "fit.solver", "Name of the solver."},
    {"options", get_options, "fit.options",
     "All of the solver's options, a table of strings."},
    {"loss", get_loss, "fit.loss", "Name of the loss."},
    {"penalty", get_penalty, "fit.penalty", "Name of the penalty."},
    {0}};

const struct binding_type binding_fit = {
    "fit", "One model: weights, certificate, predictions.", methods, properties,
    NULL};
