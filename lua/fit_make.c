/* fit_make.c: spred.solve, path, cv and certify: a table becomes the spec of
 * one job, which is done here. */
#include <math.h>
#include <string.h>

#include "lua/fit.h"
#include "lua/fit_watch.h"
#include "lua/problem.h"
#include "lua/tree.h"

enum verb { SOLVE, PATH, CV, CERTIFY, PROBLEM };

/* What is being made, of the table at index 1. */
struct order {
    enum verb verb;
    const char *what; /* "spred.solve" */
    struct spec_document *doc;
    struct spec_node *root;
    const struct lua_data *data;
};

static struct spec_node *text(lua_State *L, const struct order *o,
                              const char *value)
{
    return tree_node(L, o->doc, SPEC_NODE_TEXT, value);
}

static struct spec_node *map(lua_State *L, const struct order *o,
                             struct spec_node *parent, const char *key)
{
    struct spec_node *node = tree_node(L, o->doc, SPEC_NODE_MAP, NULL);
    tree_add(L, o->doc, parent, key, node);
    return node;
}

/* Moves the table's key into the map, if it is there. */
static int take(lua_State *L, const struct order *o, const char *key,
                struct spec_node *to)
{
    int there = lua_getfield(L, 1, key) != LUA_TNIL;
    if (there) {
        /* in a table of its own: the reader of numbers looks at the key */
        lua_newtable(L);
        lua_pushvalue(L, -2);
        lua_setfield(L, -2, key);
        struct spec_node *one = tree_value(L, o->doc, -1);
        tree_add(L, o->doc, to, key, one->items[0]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return there;
}

static void add_lambda(lua_State *L, const struct order *o,
                       struct spec_node *problem)
{
    int kind = lua_getfield(L, 1, "lambda");
    if (kind == LUA_TNIL && (o->verb == SOLVE || o->verb == CERTIFY))
        luaL_error(L,
                   "%s: 'lambda' is missing, expected a ratio of lambda_max "
                   "or {absolute=}",
                   o->what);
    if (kind == LUA_TTABLE && lua_getfield(L, -1, "ratio") != LUA_TNIL) {
        static const char *const alone[] = {"ratio", NULL};
        binding_keys(L, -2, "lambda", alone);
        lua_replace(L, -2);
    } else if (kind == LUA_TTABLE) {
        lua_pop(L, 1);
    }
    if (kind != LUA_TNIL)
        tree_add(L, o->doc, problem, "lambda", tree_value(L, o->doc, -1));
    lua_pop(L, 1);
}

static void add_problem(lua_State *L, const struct order *o)
{
    static const char *const keys[] = {"penalty", "intercept",  "standardize",
                                       "scaling", "warm_start", NULL};
    struct spec_node *problem = map(L, o, o->root, "problem");
    if (!take(L, o, "loss", problem)) {
        const struct spred_data *data = &o->data->data;
        struct labels labels = {0};
        char *picked = NULL;
        lua_getfield(L, 1, "target");
        const char *target = lua_type(L, -1) == LUA_TSTRING
                                 ? lua_tostring(L, -1)
                                 : o->data->target;
        binding_try(
            L, labels_make(binding_env(L), data, target, &labels, &picked));
        int classes = labels.n_classes > 0;
        labels_free(binding_env(L), &labels);
        spred_free(binding_env(L), picked);
        lua_pop(L, 1);
        tree_add(L, o->doc, problem, "loss",
                 text(L, o, classes ? "logistic" : "squared"));
    }
    for (size_t i = 0; keys[i]; i++)
        take(L, o, keys[i], problem);
    add_lambda(L, o, problem);
}

static void add_data(lua_State *L, const struct order *o)
{
    struct spec_node *list = tree_node(L, o->doc, SPEC_NODE_LIST, NULL);
    struct spec_node *item = tree_node(L, o->doc, SPEC_NODE_MAP, NULL);
    tree_add(L, o->doc, o->root, "datasets", list);
    tree_add(L, o->doc, list, NULL, item);
    struct spec_node *file = map(L, o, item, "file");
    tree_add(L, o->doc, file, "path", text(L, o, "data"));
    if (!take(L, o, "target", file))
        tree_add(L, o->doc, file, "target", text(L, o, o->data->target));
    /* A microarray may need its logarithm; a matrix is what it is. */
    if (!take(L, o, "preprocess", o->root) && !o->data->cached)
        tree_add(L, o->doc, map(L, o, o->root, "preprocess"), "log2",
                 text(L, o, "never"));
}

static void add_rules(lua_State *L, const struct order *o)
{
    static const char *const stop_keys[] = {"gap", "wall", "steps", "stall",
                                            NULL};
    struct spec_node *protocol = map(L, o, o->root, "protocol");
    tree_add(L, o->doc, protocol, "trials",
             tree_node(L, o->doc, SPEC_NODE_NUMBER, "1"));
    tree_add(L, o->doc, protocol, "test", text(L, o, "0%"));
    struct spec_node *choose = map(L, o, protocol, "choose");
    tree_add(L, o->doc, choose, "kind",
             text(L, o, o->verb == CV ? "cv" : "none"));
    if (o->verb == CV) {
        take(L, o, "folds", choose);
        take(L, o, "rule", choose);
    }
    struct spec_node *stop = map(L, o, o->root, "stop");
    for (size_t i = 0; stop_keys[i]; i++)
        take(L, o, stop_keys[i], stop);
    struct spec_node *measure = map(L, o, o->root, "measure");
    take(L, o, "threads", measure);
    take(L, o, "batch", measure);
    take(L, o, "seed", o->root);
}

static void add_solver(lua_State *L, const struct order *o)
{
    struct spec_node *list = tree_node(L, o->doc, SPEC_NODE_LIST, NULL);
    tree_add(L, o->doc, o->root, "solvers", list);
    if (lua_getfield(L, 1, "solver") == LUA_TNIL)
        tree_add(L, o->doc, list, NULL, text(L, o, "spred"));
    else
        tree_add(L, o->doc, list, NULL, tree_value(L, o->doc, -1));
    lua_pop(L, 1);
}

/* The data of the table, pushed: data=, or x= and y=. */
static const struct lua_data *push_data(lua_State *L, const char *what)
{
    if (lua_getfield(L, 1, "data") != LUA_TNIL) {
        const struct lua_data *data = binding_test(L, -1, &binding_data);
        if (!data)
            luaL_error(L, "%s.data: expected data, got a %s", what,
                       luaL_typename(L, -1));
        return data;
    }
    lua_pop(L, 1);
    if (lua_getfield(L, 1, "x") == LUA_TNIL)
        luaL_error(L, "%s: expected data=, or x= and y=", what);
    lua_pop(L, 1);
    return data_new(L, 1, what);
}

/* The path of the table at index 1, open and not yet run, pushed. */
/* Keys of the table at 1: those of all verbs, and the verb's own. */
static void check_keys(lua_State *L, enum verb verb, const char *what)
{
    static const char *const own[][2] = {[SOLVE] = {"on_point", NULL},
                                         [PATH] = {"on_point", NULL},
                                         [CV] = {"folds", "rule"},
                                         [CERTIFY] = {"w", "b"},
                                         [PROBLEM] = {NULL, NULL}};
    const char *keys[] = {"data",       "x",           "y",       "features",
                          "symbols",    "samples",     "name",    "target",
                          "loss",       "penalty",     "lambda",  "solver",
                          "gap",        "wall",        "steps",   "stall",
                          "intercept",  "standardize", "scaling", "warm_start",
                          "preprocess", "seed",        "threads", "batch",
                          own[verb][0], own[verb][1],  NULL};
    static const char *const made_of[] = {"x",       "y",       "features",
                                          "symbols", "samples", "name"};
    binding_keys(L, 1, what, keys);
    if (lua_getfield(L, 1, "data") != LUA_TNIL)
        for (size_t i = 0; i < sizeof made_of / sizeof *made_of; i++)
            if (lua_getfield(L, 1, made_of[i]) != LUA_TNIL)
                luaL_error(L, "%s: data and %s: expected one or the other",
                           what, made_of[i]);
    lua_settop(L, 1);
}

static struct lua_path *push_path(lua_State *L, enum verb verb,
                                  const char *what)
{
    struct order o = {.verb = verb, .what = what};
    lua_settop(L, 1);
    check_keys(L, verb, what);
    o.data = push_data(L, what); /* at 2 */
    o.doc = tree_new(L, what);
    o.root = o.doc->root = tree_node(L, o.doc, SPEC_NODE_MAP, NULL);
    tree_add(L, o.doc, o.root, "version",
             tree_node(L, o.doc, SPEC_NODE_NUMBER, "1"));
    tree_add(L, o.doc, o.root, "name", text(L, &o, "fit"));
    add_data(L, &o);
    add_problem(L, &o);
    add_rules(L, &o);
    add_solver(L, &o);
    struct spec *spec = tree_spec(L); /* at 4 */
    int at = lua_gettop(L);
    tree_read(L, o.doc, spec);
    if (spec->n_solvers != 1)
        luaL_error(L, "%s: solver: expected one, these are %I", what,
                   (lua_Integer)spec->n_solvers);
    if (spec->problems[0].n_lambda != 1 && (verb == SOLVE || verb == CERTIFY))
        luaL_error(L,
                   "%s: lambda: expected one, these are %I (spred.path takes "
                   "several)",
                   what, (lua_Integer)spec->problems[0].n_lambda);
    struct lua_path *path = binding_new(L, &binding_path, sizeof *path, 2);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, at);
    lua_setiuservalue(L, -2, 2);
    binding_try(L, fit_open(binding_env(L), spec, &o.data->data, &path->fit));
    return path;
}

static int run(lua_State *L, enum verb verb, const char *what)
{
    struct lua_path *path = push_path(L, verb, what);
    int at = lua_gettop(L);
    struct fit_watch watch = {
        .script = script_of(L), .fit = &path->fit, .what = what};
    if (verb != CV)
        watch.watched =
            binding_function(L, 1, what, "on_point", 0); /* at `at` + 1 */
    if (watch.watched) {
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &path->fit);
    }
    const struct fit_observer observer = {&watch, fit_watch_see};
    int look = watch.watched || (verb != CV && watch.script->progress);
    enum spred_status status = fit_run(&path->fit, look ? &observer : NULL);
    path->fit.path.parts = NULL; /* the observer ends here */
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &path->fit);
    binding_try(L, status);
    lua_settop(L, at);
    if (verb == SOLVE)
        fit_push(L, at, path->fit.chosen);
    return 1;
}

static int solve(lua_State *L)
{
    return run(L, SOLVE, "spred.solve");
}

static int path(lua_State *L)
{
    return run(L, PATH, "spred.path");
}

static int cv(lua_State *L)
{
    return run(L, CV, "spred.cv");
}

static void set_number(lua_State *L, const char *key, double value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, key);
}

static int certify(lua_State *L)
{
    static const char what[] = "spred.certify";
    struct lua_path *path = push_path(L, CERTIFY, what);
    size_t p = path->fit.path.trial.p, outputs = path->fit.path.outputs;
    struct fit_model model;
    lua_getfield(L, 1, "w");
    if (lua_istable(L, -1)) {
        size_t n;
        binding_vector(L, -1, &n, "spred.certify.w");
    }
    const double *w = binding_values(L, -1, p, outputs, "spred.certify.w");
    double *none = binding_matrix_new(L, outputs, 1);
    const double *b = none;
    int kind = lua_getfield(L, 1, "b");
    if (kind == LUA_TNUMBER && outputs == 1)
        none[0] = lua_tonumber(L, -1);
    else if (kind == LUA_TTABLE) {
        size_t n;
        binding_vector(L, -1, &n, "spred.certify.b");
        b = binding_values(L, -1, outputs, 1, "spred.certify.b");
    } else if (kind != LUA_TNIL)
        b = binding_values(L, -1, outputs, 1, "spred.certify.b");
    binding_try(
        L, fit_certify(&path->fit, path->fit.path.lambda[0], w, b, &model));
    lua_createtable(L, 0, 8);
    set_number(L, "lambda", path->fit.path.lambda[0]);
    set_number(L, "lambda_max", path->fit.path.lambda_max);
    set_number(L, "primal", model.primal);
    set_number(L, "dual", model.dual);
    set_number(L, "gap", model.gap);
    set_number(L, "floor", model.floor);
    set_number(L, "kkt", model.kkt);
    lua_pushinteger(L, (lua_Integer)model.support);
    lua_setfield(L, -2, "support");
    lua_pushboolean(L, model.certified);
    lua_setfield(L, -2, "certified");
    return 1;
}

/* What the userdata `problem` borrows from; user value 1: the path. */
static const struct binding_type owner_type = {
    "owner", "Data and path that a problem borrows from.", NULL, NULL, NULL};

static int problem(lua_State *L)
{
    static const char what[] = "spred.problem";
    struct lua_path *path = push_path(L, PROBLEM, what);
    struct spred_problem *made =
        binding_new(L, &owner_type, sizeof *made, 1); /* above the path */
    lua_pushvalue(L, -2);
    lua_setiuservalue(L, -2, 1);
    if (path->fit.path.problems > 1)
        luaL_error(L,
                   "%s: one-vs-rest makes %I problems of this target, "
                   "expected numbers, two classes or loss = \"multinomial\"",
                   what, (lua_Integer)path->fit.path.problems);
    binding_try(L, path_problem(&path->fit.path, 0, made));
    struct lua_problem *held = binding_problem_view(L, -1, NULL, made);
    if (path->fit.path.n_lambda == 1)
        held->lambda = path->fit.path.lambda[0];
    held->tolerance = path->fit.job.gap;
    return 1;
}

#define KEYS                                                                   \
    "loss=, penalty=, lambda=, solver=, gap=, intercept=, standardize=, "      \
    "preprocess=, target=, seed=, wall=, threads="

void binding_open_fit(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"solve", solve, "spred.solve{data= | x=, y=, " KEYS ", on_point=}",
         "Fits one model to all samples, with its certificate. Keys as in an "
         "experiment file. lambda: a ratio of lambda_max, {ratio=} or "
         "{absolute=}. loss: by default squared for numbers, logistic for "
         "classes. solver: a name or {name = {options}}, by default spred. "
         "gap: "
         "the relative duality gap that is asked, 1e-6. wall: seconds. "
         "on_point(point) sees every observation and returns true to stop."},
        {"path", path, "spred.path{data= | x=, y=, " KEYS ", on_point=}",
         "Fits a model at every lambda: {path = 50, min_ratio = 0.05} or a "
         "list of ratios or {absolute = {...}}. Keys as spred.solve."},
        {"cv", cv, "spred.cv{data= | x=, y=, " KEYS ", folds=, rule=}",
         "A path whose lambda is chosen by cross-validation: folds (10), rule "
         "\"1se\" or \"min\". The result has cv_loss, cv_se and best."},
        {"certify", certify, "spred.certify{data= | x=, y=, " KEYS ", w=, b=}",
         "The certificate of any weights w (p x K) and intercepts b: a table "
         "with primal, dual, gap, floor, kkt, support, certified."},
        {"problem", problem, "spred.problem{data= | x=, y=, " KEYS "}",
         "The problem itself, to write a method on: gradient, prox, value, "
         "certificates. lambda may be left out, or be one value."},
        {"predict", fit_predict_lua, "spred.predict(fit, data [, kind])",
         "As fit:predict(data, kind)."},
        {"genes", fit_genes_lua, "spred.genes(fit [, k])", "As fit:genes(k)."},
        {0}};
    tree_open(L);
    binding_type(L, &binding_support);
    binding_type(L, &binding_fit);
    binding_type(L, &binding_path);
    binding_type(L, &owner_type);
    binding_functions(L, functions);
}
