/* loss.c: spred.loss: a loss by Lua functions of one sample. */
#include <string.h>

#include "lua/custom.h"
#include "lua/declare.h"

static const char kind[] = "spred.loss";

struct lua_loss {
    struct spred_custom_loss own; /* first */
    struct spred_failure failure;
    struct custom_function value, residual, curvature, dual;
};

/* A batch through the function of the same name. */
#define BATCH(name)                                                            \
    static enum spred_status name(void *self, struct spred_env *env, size_t n, \
                                  const double *m, const double *y,            \
                                  double *out)                                 \
    {                                                                          \
        const struct lua_loss *loss = self;                                    \
        return custom_map(&loss->name, env, n, m, y, out);                     \
    }
BATCH(value)
BATCH(residual)
BATCH(curvature)
BATCH(dual)

static int get_name(lua_State *L);
static int get_bound(lua_State *L);
static const struct binding_entry properties[] = {
    {"name", get_name, "loss.name", "The name under which it was declared."},
    {"bound", get_bound, "loss.bound", "Its largest curvature."},
    {NULL, NULL, NULL, NULL}};
static const struct binding_type type = {
    "loss", "A loss that a script declared.", NULL, properties, NULL};

static int get_name(lua_State *L)
{
    const struct lua_loss *loss = binding_check(L, 1, &type);
    lua_pushstring(L, loss->own.loss.name);
    return 1;
}

static int get_bound(lua_State *L)
{
    const struct lua_loss *loss = binding_check(L, 1, &type);
    lua_pushnumber(L, loss->own.loss.curvature_bound);
    return 1;
}

static int targets_of(lua_State *L)
{
    const char *targets = binding_text(L, 1, kind, "targets", "real");
    int classes = strcmp(targets, "class") == 0;
    if (!classes && strcmp(targets, "real") != 0)
        luaL_error(L, "%s.targets: expected \"real\" or \"class\", got \"%s\"",
                   kind, targets);
    return classes;
}

static int declare_loss(lua_State *L)
{
    static const char *const keys[] = {"name",     "doc",       "value",
                                       "residual", "curvature", "bound",
                                       "dual",     "targets",   NULL};
    binding_keys(L, 1, kind, keys);
    lua_settop(L, 1);
    struct lua_loss *loss = binding_new(L, &type, sizeof *loss, 1);
    lua_newtable(L);
    const char *name = custom_text(L, 1, 3, kind, "name");
    declare_check_name(L, DECLARE_LOSS, kind, name);
    if (binding_text(L, 1, kind, "doc", NULL))
        custom_text(L, 1, 3, kind, "doc");
    custom_take(L, 1, 3, kind, "value", 1, &loss->value);
    custom_take(L, 1, 3, kind, "residual", 1, &loss->residual);
    custom_take(L, 1, 3, kind, "curvature", 0, &loss->curvature);
    custom_take(L, 1, 3, kind, "dual", 1, &loss->dual);
    double bound = binding_real(L, 1, kind, "bound", 0);
    int given = loss->curvature.reference != LUA_NOREF;
    lua_setiuservalue(L, 2, 1);
    loss->own = (struct spred_custom_loss){
        .functions = {value, residual, given ? curvature : NULL, dual},
        .self = loss,
        .classes = targets_of(L),
        .failure = &loss->failure};
    spred_env_init(&loss->failure.env);
    spred_custom_loss_init(&loss->own, name, bound);
    binding_try(L, spred_custom_loss_check(binding_env(L), &loss->own));
    declare_add(L, DECLARE_LOSS, &loss->own.loss, 2);
    return 1;
}

void binding_open_loss(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"loss", declare_loss,
         "spred.loss{name=, value=function(m, y), residual=function(m, y), "
         "curvature=function(m, y), bound=, dual=function(theta, y), doc=, "
         "targets=\"real\"}",
         "Declares a convex, differentiable loss of one sample: value at the "
         "linear predictor m and the target y, residual = -d value / dm, "
         "curvature (without it: its bound), bound >= every curvature, and "
         "dual = the least value + theta * m over m (-math.huge outside its "
         "domain). targets: \"real\", or \"class\" for y = -1 and 1. The "
         "functions are checked numerically, at sampled points, and the dual "
         "again at the data with every certificate."},
        {NULL, NULL, NULL, NULL}};
    binding_type(L, &type);
    binding_functions(L, functions);
}
