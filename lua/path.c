/* path.c: the userdata `path`: the models of a whole lambda path. */
#include "lua/fit.h"

#include <math.h>

static struct lua_path *check(lua_State *L)
{
    return binding_check(L, 1, &binding_path);
}

static int release(lua_State *L)
{
    struct lua_path *path = lua_touserdata(L, 1);
    fit_close(&path->fit);
    return 0;
}

static int length(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check(L)->fit.path.n_lambda);
    return 1;
}

static int at(lua_State *L)
{
    const struct lua_path *path = check(L);
    if (!lua_isinteger(L, 2))
        return 0;
    lua_Integer i = lua_tointeger(L, 2);
    if (i < 1 || i > (lua_Integer)path->fit.path.n_lambda)
        return lua_pushnil(L), 1;
    fit_push(L, 1, (size_t)i - 1);
    return 1;
}

static int push_column(lua_State *L, const double *from)
{
    size_t n = check(L)->fit.path.n_lambda;
    if (!from)
        return lua_pushnil(L), 1;
    double *to = binding_matrix_new(L, n, 1);
    for (size_t l = 0; l < n; l++)
        to[l] = from[l];
    return 1;
}

static int get_lambdas(lua_State *L)
{
    return push_column(L, check(L)->fit.path.lambda);
}

static int get_cv_loss(lua_State *L)
{
    return push_column(L, check(L)->fit.path.cv_loss);
}

static int get_cv_se(lua_State *L)
{
    return push_column(L, check(L)->fit.path.cv_se);
}

static int get_gaps(lua_State *L)
{
    const struct fit *fit = &check(L)->fit;
    struct fit_model model;
    double *to = binding_matrix_new(L, fit->path.n_lambda, 1);
    for (size_t l = 0; l < fit->path.n_lambda; l++)
        to[l] = fit_model(fit, l, &model) ? model.gap : NAN;
    return 1;
}

static int get_supports(lua_State *L)
{
    const struct fit *fit = &check(L)->fit;
    struct fit_model model;
    lua_createtable(L, (int)fit->path.n_lambda, 0);
    for (size_t l = 0; l < fit->path.n_lambda; l++) {
        lua_pushinteger(
            L, fit_model(fit, l, &model) ? (lua_Integer)model.support : 0);
        lua_rawseti(L, -2, (lua_Integer)l + 1);
    }
    return 1;
}

static size_t count_certified(const struct fit *fit)
{
    struct fit_model model;
    size_t count = 0;
    for (size_t l = 0; l < fit->path.n_lambda; l++)
        count += fit_model(fit, l, &model) && model.certified;
    return count;
}

static int get_certified(lua_State *L)
{
    const struct fit *fit = &check(L)->fit;
    lua_pushboolean(L, count_certified(fit) == fit->path.n_lambda);
    return 1;
}

static int get_lambda_max(lua_State *L)
{
    lua_pushnumber(L, check(L)->fit.path.lambda_max);
    return 1;
}

static int get_seconds(lua_State *L)
{
    lua_pushnumber(L, check(L)->fit.record.run.seconds);
    return 1;
}

static int get_best(lua_State *L)
{
    fit_push(L, 1, check(L)->fit.chosen);
    return 1;
}

static int to_text(lua_State *L)
{
    const struct fit *fit = &check(L)->fit;
    const struct path *path = &fit->path;
    char text[512];
    int used = snprintf(
        text, sizeof text,
        "path of %zu lambdas by %.60s: %.60s, %.40s, lambda %.4g to %.4g\n"
        "  %zu certified; %.3g s",
        path->n_lambda, fit->job.solver, path->loss->name, fit->job.penalty,
        path->lambda[0], path->lambda[path->n_lambda - 1], count_certified(fit),
        fit->record.run.seconds);
    if (path->cv_loss && used > 0)
        snprintf(text + used, sizeof text - (size_t)used,
                 "\n  best by %lld folds: lambda %.4g, loss %.4g (s.e. %.2g)",
                 (long long)fit->job.choose_folds, path->lambda[fit->chosen],
                 path->cv_loss[fit->chosen], path->cv_se[fit->chosen]);
    lua_pushstring(L, text);
    return 1;
}

static const struct binding_entry methods[] = {
    {"__gc", release, NULL, NULL},
    {"__len", length, NULL, NULL},
    {"__tostring", to_text, NULL, NULL},
    {0}};

static const struct binding_entry properties[] = {
    {"lambdas", get_lambdas, "path.lambdas", "The lambdas, largest first."},
    {"lambda_max", get_lambda_max, "path.lambda_max",
     "The smallest lambda at which no feature is used."},
    {"gaps", get_gaps, "path.gaps",
     "Relative duality gap at each lambda, a vector."},
    {"supports", get_supports, "path.supports",
     "Number of features with a nonzero weight at each lambda, a list."},
    {"certified", get_certified, "path.certified",
     "true: all lambdas are certified to the asked gap."},
    {"seconds", get_seconds, "path.seconds",
     "Billed seconds of the whole path, folds included."},
    {"cv_loss", get_cv_loss, "path.cv_loss",
     "Mean loss of the left-out samples at each lambda, a vector; nil without "
     "cross-validation."},
    {"cv_se", get_cv_se, "path.cv_se",
     "Its standard error at each lambda, a vector; nil without "
     "cross-validation."},
    {"best", get_best, "path.best",
     "The fit that cross-validation chose; without it that at the smallest "
     "lambda."},
    {0}};

const struct binding_type binding_path = {
    "path", "The models of a lambda path: #path, path[i] is a fit.", methods,
    properties, at};
