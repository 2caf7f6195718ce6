/* penalty.c: spred.penalty: a separable penalty by Lua functions of a weight.
 */
#include "lua/custom.h"
#include "lua/declare.h"

static const char kind[] = "spred.penalty";

struct lua_penalty {
    struct spred_custom_penalty own; /* first */
    struct spred_failure failure;
    struct custom_function value, prox, derivative, conjugate;
};

#define BATCH(name)                                                            \
    static enum spred_status name(void *self, struct spred_env *env, size_t n, \
                                  const double *t, double *out)                \
    {                                                                          \
        const struct lua_penalty *penalty = self;                              \
        return custom_map(&penalty->name, env, n, t, NULL, out);               \
    }
BATCH(value)
BATCH(derivative)
BATCH(conjugate)

static enum spred_status prox(void *self, struct spred_env *env, size_t n,
                              const double *z, const double *s, double *out)
{
    const struct lua_penalty *penalty = self;
    return custom_map(&penalty->prox, env, n, z, s, out);
}

static int get_name(lua_State *L);
static int get_certified(lua_State *L);
static const struct binding_entry properties[] = {
    {"name", get_name, "penalty.name", "The name under which it was declared."},
    {"certified", get_certified, "penalty.certified",
     "True if its problems have a duality gap; else a certificate says how "
     "stationary a point is."},
    {NULL, NULL, NULL, NULL}};
static const struct binding_type type = {
    "penalty", "A penalty that a script declared.", NULL, properties, NULL};

static int get_name(lua_State *L)
{
    const struct lua_penalty *penalty = binding_check(L, 1, &type);
    lua_pushstring(L, penalty->own.form.name);
    return 1;
}

static int get_certified(lua_State *L)
{
    const struct lua_penalty *penalty = binding_check(L, 1, &type);
    lua_pushboolean(L, penalty->own.form.convex);
    return 1;
}

static int declare_penalty(lua_State *L)
{
    static const char *const keys[] = {"name",    "doc",        "value",
                                       "prox",    "derivative", "conjugate",
                                       "at_zero", "convex",     NULL};
    binding_keys(L, 1, kind, keys);
    lua_settop(L, 1);
    struct lua_penalty *penalty = binding_new(L, &type, sizeof *penalty, 1);
    lua_newtable(L);
    const char *name = custom_text(L, 1, 3, kind, "name");
    declare_check_name(L, DECLARE_PENALTY, kind, name);
    if (binding_text(L, 1, kind, "doc", NULL))
        custom_text(L, 1, 3, kind, "doc");
    custom_take(L, 1, 3, kind, "value", 1, &penalty->value);
    custom_take(L, 1, 3, kind, "prox", 1, &penalty->prox);
    custom_take(L, 1, 3, kind, "derivative", 1, &penalty->derivative);
    custom_take(L, 1, 3, kind, "conjugate", 0, &penalty->conjugate);
    int given = penalty->conjugate.reference != LUA_NOREF;
    lua_setiuservalue(L, 2, 1);
    penalty->own = (struct spred_custom_penalty){
        .functions = {value, prox, derivative, given ? conjugate : NULL},
        .self = penalty,
        .at_zero = binding_real(L, 1, kind, "at_zero", 0),
        .convex = binding_boolean(L, 1, kind, "convex", 0),
        .failure = &penalty->failure};
    spred_env_init(&penalty->failure.env);
    spred_custom_penalty_init(&penalty->own, name);
    binding_try(L, spred_custom_penalty_check(binding_env(L), &penalty->own));
    declare_add(L, DECLARE_PENALTY, &penalty->own.form, 2);
    return 1;
}

void binding_open_penalty(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"penalty", declare_penalty,
         "spred.penalty{name=, value=function(t), prox=function(z, s), "
         "derivative=function(t), at_zero=, convex=false, "
         "conjugate=function(c), doc=}",
         "Declares a penalty lambda * sum of value(w_j): value(0) = 0, prox = "
         "the x that minimises (x - z)^2 / 2 + s * value(x), derivative at "
         "t ~= 0, at_zero = its limit at 0 from the right, a positive number. "
         "With convex=true and a conjugate (the largest c * t - value(t) over "
         "t, math.huge outside its domain) certificates are duality gaps, else "
         "they say how stationary a point is. The functions are checked "
         "numerically, at sampled points. Only proximal-gradient, and methods "
         "of a script that use prox, take such a penalty."},
        {NULL, NULL, NULL, NULL}};
    binding_type(L, &type);
    binding_functions(L, functions);
}
