/* problem.c: the userdata `problem`: what a Lua-made solver may ask of min
 * (1/n) sum loss + lambda * penalty. It unpacks, calls the core, packs. */
#include "lua/problem.h"

#include <math.h>
#include <string.h>

#include "spred/certificate.h"
#include "spred/custom.h"
#include "spred/lipschitz.h"

/* Keys of user value 2. */
#define VIEW_Y "y"
#define VIEW_X "X"
#define VIEW_SCRATCH "scratch"
#define VIEW_CERTIFIER "certifier"
#define VIEW_LIPSCHITZ "lipschitz"

struct lua_problem *binding_problem_view(lua_State *L, int owner,
                                         const int *alive,
                                         const struct spred_problem *problem)
{
    owner = lua_absindex(L, owner);
    struct lua_problem *held =
        binding_new(L, &binding_problem, sizeof *held, 2);
    held->problem = problem;
    held->alive = alive;
    held->lambda = NAN;
    held->tolerance = 1e-6;
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 1);
    lua_newtable(L);
    lua_setiuservalue(L, -2, 2);
    return held;
}

struct lua_problem *binding_problem_check(lua_State *L, int index)
{
    struct lua_problem *held = binding_check(L, index, &binding_problem);
    if (held->alive && !*held->alive)
        luaL_error(L, "this problem belonged to a run that is over: copy what "
                      "is to stay while it runs");
    return held;
}

/* Columns of X that were read. */
static void count(const struct lua_problem *held, double columns)
{
    if (held->work)
        held->work->passes += columns / (double)held->problem->p;
}

/* Raises what a loss or penalty made in Lua raised meanwhile. */
static void settle(lua_State *L, const struct lua_problem *held)
{
    binding_try(L, spred_custom_failed(binding_env(L), held->problem));
}

/* Pushes the field of user value 2; nil: not there yet. */
static int view(lua_State *L, const char *key)
{
    lua_getiuservalue(L, 1, 2);
    int kind = lua_getfield(L, -1, key);
    lua_remove(L, -2);
    return kind;
}

/* Keeps the value at the top, which stays there. */
static void keep_view(lua_State *L, const char *key)
{
    lua_getiuservalue(L, 1, 2);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, key);
    lua_pop(L, 1);
}

/* 2 n K values that every call may use. */
static double *scratch(lua_State *L, const struct spred_problem *problem)
{
    if (view(L, VIEW_SCRATCH) == LUA_TNIL) {
        lua_pop(L, 1);
        binding_matrix_new(L, problem->n, 2 * problem->outputs);
        keep_view(L, VIEW_SCRATCH);
    }
    double *values = binding_matrix_check(L, -1)->m.f64;
    lua_pop(L, 1);
    return values;
}

/* Arguments 2 and 3 of every method of a point. */
struct point {
    const struct lua_problem *held;
    const struct spred_problem *problem;
    const double *w, *b;
};

static struct point point_at(lua_State *L)
{
    struct point at = {.held = binding_problem_check(L, 1)};
    at.problem = at.held->problem;
    at.w = binding_values(L, 2, at.problem->p, at.problem->outputs, "w");
    at.b = binding_values(L, 3, at.problem->outputs, 1, "b");
    return at;
}

/* Argument `index`, or the current one. */
static double lambda_at(lua_State *L, int index, const struct lua_problem *held)
{
    double lambda =
        lua_isnoneornil(L, index) ? held->lambda : luaL_checknumber(L, index);
    if (!(lambda > 0) || isinf(lambda))
        luaL_error(L,
                   lua_isnoneornil(L, index)
                       ? "there is no lambda yet: it is set before start and "
                         "step"
                       : "lambda: expected a positive number, got %f",
                   lambda);
    return lambda;
}

static void predict_into(const struct point *at, double *m)
{
    const struct spred_problem *problem = at->problem;
    spred_problem_predict(problem, at->w, at->b, m);
    count(at->held,
          (double)problem->outputs * (double)spred_support(problem, at->w));
}

/* ---- methods ---- */

static int value(lua_State *L)
{
    struct point at = point_at(L);
    double lambda = lambda_at(L, 4, at.held);
    double *m = scratch(L, at.problem);
    predict_into(&at, m);
    double total = at.problem->loss->value(at.problem, m) +
                   spred_penalty_value(at.problem, lambda, at.w);
    settle(L, at.held);
    lua_pushnumber(L, total);
    return 1;
}

static int loss_value(lua_State *L)
{
    struct point at = point_at(L);
    double *m = scratch(L, at.problem);
    predict_into(&at, m);
    double mean = at.problem->loss->value(at.problem, m);
    settle(L, at.held);
    lua_pushnumber(L, mean);
    return 1;
}

static int predict(lua_State *L)
{
    lua_settop(L, 4);
    struct point at = point_at(L);
    double *out = binding_out(L, 4, at.problem->n, at.problem->outputs, "out");
    predict_into(&at, out);
    return 1;
}

static int residual(lua_State *L)
{
    lua_settop(L, 4);
    struct point at = point_at(L);
    double *out = binding_out(L, 4, at.problem->n, at.problem->outputs, "out");
    double *m = scratch(L, at.problem);
    predict_into(&at, m);
    at.problem->loss->residual(at.problem, m, out);
    settle(L, at.held);
    return 1;
}

static int gradient(lua_State *L)
{
    lua_settop(L, 5);
    struct point at = point_at(L);
    const struct spred_problem *problem = at.problem;
    size_t n = problem->n, p = problem->p, outputs = problem->outputs;
    double *m = scratch(L, problem), *r = m + n * outputs;
    double *g = binding_out(L, 4, p, outputs, "out");
    double *gb = binding_out(L, 5, outputs, 1, "out_b");
    predict_into(&at, m);
    problem->loss->residual(problem, m, r);
    spred_design_adjoint_many(&problem->x, outputs, r, g);
    count(at.held, (double)outputs * (double)p);
    settle(L, at.held);
    for (size_t e = 0; e < p * outputs; e++)
        g[e] /= -(double)n;
    for (size_t k = 0; k < outputs; k++) {
        double total = 0;
        for (size_t i = 0; problem->intercept && i < n; i++)
            total += r[i + k * n];
        gb[k] = -total / (double)n;
    }
    return 2;
}

static int prox(lua_State *L)
{
    const struct lua_problem *held = binding_problem_check(L, 1);
    const struct spred_problem *problem = held->problem;
    double *w =
        binding_values_to_write(L, 2, problem->p, problem->outputs, "w");
    double step = luaL_checknumber(L, 3);
    if (!(step > 0) || isinf(step))
        luaL_error(L, "step: expected a positive number, got %f", step);
    spred_penalty_prox(problem, lambda_at(L, 4, held), step, w);
    settle(L, held);
    lua_settop(L, 2);
    return 1;
}

static int lipschitz(lua_State *L)
{
    const struct lua_problem *held = binding_problem_check(L, 1);
    const struct spred_problem *problem = held->problem;
    if (view(L, VIEW_LIPSCHITZ) != LUA_TNIL)
        return 1;
    double bound;
    binding_try(L,
                spred_lipschitz(binding_env(L), problem, held->work, &bound));
    lua_pushnumber(L, bound);
    keep_view(L, VIEW_LIPSCHITZ);
    return 1;
}

/* ---- certificates ---- */

struct certifier {
    struct spred_certifier *own;
    double lambda; /* of the last start */
};

static int release(lua_State *L);
static const struct binding_entry certifier_methods[] = {
    {"__gc", release, "", "Frees the scratch of the certificates."},
    {NULL, NULL, NULL, NULL}};
static const struct binding_type certifier_type = {
    "certifier", "Scratch of a problem's certificates.", certifier_methods,
    NULL, NULL};

static int release(lua_State *L)
{
    struct certifier *certifier = binding_check(L, 1, &certifier_type);
    spred_certifier_free(certifier->own);
    certifier->own = NULL;
    return 0;
}

static struct spred_certifier *
certifier_at(lua_State *L, const struct spred_problem *problem, double lambda)
{
    if (view(L, VIEW_CERTIFIER) == LUA_TNIL) {
        struct certifier *fresh =
            binding_new(L, &certifier_type, sizeof *fresh, 0);
        fresh->lambda = NAN;
        fresh->own = spred_certifier_new(binding_env(L), problem);
        if (!fresh->own)
            binding_try(L, SPRED_ENOMEM);
        keep_view(L, VIEW_CERTIFIER);
    }
    struct certifier *certifier = lua_touserdata(L, -1);
    if (!(certifier->lambda >= lambda && certifier->lambda <= lambda))
        spred_certifier_start(certifier->own, lambda);
    certifier->lambda = lambda;
    return certifier->own;
}

static int certify(lua_State *L)
{
    struct point at = point_at(L);
    double lambda = lambda_at(L, 4, at.held);
    struct spred_certificate c;
    struct spred_certifier *certifier = certifier_at(L, at.problem, lambda);
    enum spred_status status = spred_certify(certifier, at.w, at.b, &c);
    if (status != SPRED_ENUMERIC) /* not finite: an answer, gap is infinite */
        binding_try(L, status);
    settle(L, at.held);
    count(at.held,
          (double)at.problem->outputs *
              (double)(at.problem->p + spred_support(at.problem, at.w)));
    lua_createtable(L, 0, 7);
    const struct {
        const char *key;
        double value;
    } fields[] = {{"primal", c.primal},
                  {"dual", c.dual},
                  {"gap", c.gap},
                  {"floor", c.floor},
                  {"kkt", c.kkt}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        lua_pushnumber(L, fields[i].value);
        lua_setfield(L, -2, fields[i].key);
    }
    lua_pushinteger(L, (lua_Integer)c.support);
    lua_setfield(L, -2, "support");
    lua_pushboolean(L, c.convex);
    lua_setfield(L, -2, "convex");
    return 1;
}

static const struct binding_entry methods[] = {
    {"value", value, "problem:value(w, b [, lambda])",
     "The objective: mean loss plus lambda times the penalty. w: p x K, b: K x "
     "1; lambda: the current one if left out."},
    {"loss_value", loss_value, "problem:loss_value(w, b)",
     "The mean loss alone."},
    {"gradient", gradient, "problem:gradient(w, b [, out [, out_b]])",
     "The gradient of the mean loss in w (p x K) and, second, in b (K x 1; 0 "
     "without an intercept). out, out_b: where they are written, so that "
     "nothing is allocated."},
    {"predict", predict, "problem:predict(w, b [, out])",
     "The linear predictor X w + b, n x K."},
    {"residual", residual, "problem:residual(w, b [, out])",
     "The generalised residual, n x K: minus the derivative of each sample's "
     "loss in its linear predictor. Squared loss: y - X w - b."},
    {"prox", prox, "problem:prox(w, step [, lambda])",
     "Replaces w (p x K) by the proximal point of step * lambda * penalty, in "
     "place, whatever the penalty; gives w."},
    {"lipschitz", lipschitz, "problem:lipschitz()",
     "An upper bound on the Lipschitz constant of the gradient of the mean "
     "loss in w and b: 1 over it is a safe step."},
    {"certify", certify, "problem:certify(w, b [, lambda])",
     "How far from optimal w is, proved (a script's loss or penalty taken at "
     "its "
     "word): a table with primal, dual, gap (over "
     "the objective at w = 0), floor (its rounding error), kkt, support and "
     "convex (false: read kkt, there is no gap). At least one pass over X."},
    {NULL, NULL, NULL, NULL}};

/* ---- properties ---- */

static const struct spred_problem *look(lua_State *L)
{
    return binding_problem_check(L, 1)->problem;
}

#define INTEGER(field)                                                         \
    static int get_##field(lua_State *L)                                       \
    {                                                                          \
        lua_pushinteger(L, (lua_Integer)look(L)->field);                       \
        return 1;                                                              \
    }
INTEGER(n)
INTEGER(p)
INTEGER(outputs)

#define NUMBER(field, from)                                                    \
    static int get_##field(lua_State *L)                                       \
    {                                                                          \
        lua_pushnumber(L, from);                                               \
        return 1;                                                              \
    }
NUMBER(lambda_max, look(L)->lambda_max)
NUMBER(null_objective, look(L)->null_objective)
NUMBER(l1_ratio, look(L)->penalty.l1_ratio)
NUMBER(tolerance, binding_problem_check(L, 1)->tolerance)

static int get_lambda(lua_State *L)
{
    double lambda = binding_problem_check(L, 1)->lambda;
    if (isnan(lambda))
        lua_pushnil(L);
    else
        lua_pushnumber(L, lambda);
    return 1;
}

static int get_loss(lua_State *L)
{
    lua_pushstring(L, look(L)->loss->name);
    return 1;
}

static int get_penalty(lua_State *L)
{
    lua_pushstring(L, spred_penalty_form(look(L))->name);
    return 1;
}

static int get_intercept(lua_State *L)
{
    lua_pushboolean(L, look(L)->intercept);
    return 1;
}

static int get_null_intercept(lua_State *L)
{
    const struct spred_problem *problem = look(L);
    double *b = binding_matrix_new(L, problem->outputs, 1);
    memcpy(b, problem->null_intercept, problem->outputs * sizeof *b);
    return 1;
}

static int get_y(lua_State *L)
{
    const struct lua_problem *held = binding_problem_check(L, 1);
    const struct spred_problem *problem = held->problem;
    if (view(L, VIEW_Y) != LUA_TNIL)
        return 1;
    if (problem->y) {
        binding_matrix_view(L, 1, held->alive, (double *)(size_t)problem->y,
                            problem->n, 1, 1);
    } else {
        double *y = binding_matrix_new(L, problem->n, 1);
        for (size_t i = 0; i < problem->n; i++)
            y[i] = problem->codes[i] + 1;
    }
    keep_view(L, VIEW_Y);
    return 1;
}

static int get_x(lua_State *L)
{
    look(L);
    if (view(L, VIEW_X) != LUA_TNIL)
        return 1;
    binding_design_view(L, 1);
    keep_view(L, VIEW_X);
    return 1;
}

/* What a solver's run put there; other problems have none. */
static int get_options(lua_State *L)
{
    view(L, "options");
    return 1;
}

static int get_rng(lua_State *L)
{
    view(L, "rng");
    return 1;
}

static const struct binding_entry properties[] = {
    {"n", get_n, "problem.n", "Number of samples."},
    {"p", get_p, "problem.p", "Number of features."},
    {"outputs", get_outputs, "problem.outputs",
     "Columns K of w: 1, or the classes of the multinomial loss."},
    {"y", get_y, "problem.y",
     "The targets, n x 1: numbers (squared), -1 and 1 (logistic), classes 1 "
     "to K (multinomial). May only be read."},
    {"X", get_x, "problem.X", "The features, centred and scaled: a design."},
    {"lambda", get_lambda, "problem.lambda",
     "The current lambda; nil before the first."},
    {"lambda_max", get_lambda_max, "problem.lambda_max",
     "The smallest lambda at which w = 0 is optimal."},
    {"tolerance", get_tolerance, "problem.tolerance",
     "The relative duality gap that is asked for."},
    {"loss", get_loss, "problem.loss", "The loss's name: \"squared\", ..."},
    {"penalty", get_penalty, "problem.penalty",
     "The penalty's name: \"l1\" (the elastic net, too), \"group\", ..."},
    {"l1_ratio", get_l1_ratio, "problem.l1_ratio",
     "The share of the l1 part in the penalty; 1: no ridge part."},
    {"intercept", get_intercept, "problem.intercept",
     "true if b is free; else b stays 0."},
    {"null_objective", get_null_objective, "problem.null_objective",
     "The objective at w = 0 and the best b: the unit of the relative gap."},
    {"null_intercept", get_null_intercept, "problem.null_intercept",
     "The best b for w = 0, K x 1."},
    {"options", get_options, "problem.options",
     "A solver's options by name, as the experiment sets them."},
    {"rng", get_rng, "problem.rng",
     "A solver's own stream of random numbers, seeded by the run."},
    {NULL, NULL, NULL, NULL}};

const struct binding_type binding_problem = {
    "problem",
    "Minimise (1/n) sum of losses + lambda * penalty(w) over w (p x K) and "
    "the intercept b (K x 1).",
    methods, properties, NULL};

void binding_open_problem(lua_State *L)
{
    binding_type(L, &certifier_type);
    binding_type(L, &binding_problem);
}
