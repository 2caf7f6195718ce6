/* learn.c: spred.learn: a table becomes the spec of one model's job, which is
 * done here; and the userdata `model` that comes out. */
#include "lua/learn.h"

#include <string.h>

#include "experiments/spec.h"
#include "lua/tree.h"

static const char what[] = "spred.learn";

/* ---- from the table to the model ---- */

/* Moves the table's key into the map, if it is there. */
static int take_as(lua_State *L, struct spec_document *doc, const char *key,
                   struct spec_node *to, const char *as)
{
    int there = lua_getfield(L, 1, key) != LUA_TNIL;
    if (there) {
        lua_newtable(L); /* the reader of numbers looks at the key */
        lua_pushvalue(L, -2);
        lua_setfield(L, -2, key);
        tree_add(L, doc, to, as, tree_value(L, doc, -1)->items[0]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return there;
}

static int take(lua_State *L, struct spec_document *doc, const char *key,
                struct spec_node *to)
{
    return take_as(L, doc, key, to, key);
}

static struct spec_node *map(lua_State *L, struct spec_document *doc,
                             struct spec_node *parent, const char *key)
{
    struct spec_node *node = tree_node(L, doc, SPEC_NODE_MAP, NULL);
    tree_add(L, doc, parent, key, node);
    return node;
}

static void add_data(lua_State *L, struct spec_document *doc,
                     const struct lua_data *data)
{
    struct spec_node *root = doc->root;
    struct spec_node *list = tree_node(L, doc, SPEC_NODE_LIST, NULL);
    struct spec_node *item = tree_node(L, doc, SPEC_NODE_MAP, NULL);
    tree_add(L, doc, root, "datasets", list);
    tree_add(L, doc, list, NULL, item);
    struct spec_node *file = map(L, doc, item, "file");
    tree_add(L, doc, file, "path", tree_node(L, doc, SPEC_NODE_TEXT, "data"));
    if (!take(L, doc, "target", file))
        tree_add(L, doc, file, "target",
                 tree_node(L, doc, SPEC_NODE_TEXT, data->target));
    /* A microarray may need its logarithm; a matrix is what it is. */
    if (!take(L, doc, "preprocess", root) && !data->cached)
        tree_add(L, doc, map(L, doc, root, "preprocess"), "log2",
                 tree_node(L, doc, SPEC_NODE_TEXT, "never"));
}

/* model = "name" with options= and tune= beside it, or {name = {...}}. */
static void add_model(lua_State *L, struct spec_document *doc)
{
    struct spec_node *list = tree_node(L, doc, SPEC_NODE_LIST, NULL);
    tree_add(L, doc, doc->root, "models", list);
    int kind = lua_getfield(L, 1, "model");
    int options = lua_getfield(L, 1, "options");
    int tune = lua_getfield(L, 1, "tune");
    if (kind == LUA_TNIL)
        luaL_error(L,
                   "%s: 'model' is missing, expected a name "
                   "(spred.models() lists them)",
                   what);
    if (kind != LUA_TSTRING && (options != LUA_TNIL || tune != LUA_TNIL))
        luaL_error(L, "%s: options and tune go with model = \"name\"", what);
    if (options != LUA_TNIL && options != LUA_TTABLE)
        luaL_error(L, "%s.options: expected a table, got a %s", what,
                   luaL_typename(L, -2));
    if (kind != LUA_TSTRING) {
        tree_add(L, doc, list, NULL, tree_value(L, doc, -3));
    } else {
        struct spec_node *item = tree_node(L, doc, SPEC_NODE_MAP, NULL);
        tree_add(L, doc, list, NULL, item);
        struct spec_node *all = options == LUA_TTABLE
                                    ? tree_value(L, doc, -2)
                                    : tree_node(L, doc, SPEC_NODE_MAP, NULL);
        tree_add(L, doc, item, lua_tostring(L, -3), all);
        if (tune != LUA_TNIL)
            tree_add(L, doc, all, "tune", tree_value(L, doc, -1));
    }
    lua_pop(L, 3);
}

static void add_rules(lua_State *L, struct spec_document *doc)
{
    struct spec_node *root = doc->root;
    take(L, doc, "protocol", root);
    take_as(L, doc, "wall", map(L, doc, root, "stop"), "fit");
    take(L, doc, "threads", map(L, doc, root, "measure"));
    take(L, doc, "seed", root);
}

static void check_keys(lua_State *L)
{
    static const char *const keys[] = {
        "data",  "x",      "y",     "features", "symbols",    "samples",
        "name",  "target", "model", "options",  "tune",       "protocol",
        "trial", "wall",   "seed",  "threads",  "preprocess", NULL};
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

/* The data of the table, pushed: data=, or x= and y=. */
static const struct lua_data *push_data(lua_State *L)
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

static int learn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    check_keys(L);
    lua_Integer trial = binding_integer(L, 1, what, "trial", 1);
    const struct lua_data *data = push_data(L); /* at 2 */
    struct spec_document *doc = tree_new(L, what);
    doc->root = tree_node(L, doc, SPEC_NODE_MAP, NULL);
    tree_add(L, doc, doc->root, "version",
             tree_node(L, doc, SPEC_NODE_NUMBER, "1"));
    tree_add(L, doc, doc->root, "name",
             tree_node(L, doc, SPEC_NODE_TEXT, "learn"));
    add_data(L, doc, data);
    add_model(L, doc);
    add_rules(L, doc);
    struct spec *spec = tree_spec(L);
    int at = lua_gettop(L);
    tree_read(L, doc, spec);
    if (trial < 1 || trial > 1000000)
        luaL_error(L, "%s.trial: expected 1 to 1000000, got %I", what, trial);
    if (spec->n_models != 1)
        luaL_error(L,
                   "%s: one model is learnt, these are %I (a list of values "
                   "is a sweep, tune= chooses among them)",
                   what, (lua_Integer)spec->n_models);
    struct lua_learnt *made = binding_new(L, &binding_learnt, sizeof *made, 2);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, at);
    lua_setiuservalue(L, -2, 2);
    binding_try(L, learner_open(binding_env(L), spec, &data->data, trial,
                                &made->learner));
    binding_try(L, learner_run(&made->learner));
    return 1;
}

/* ---- the model ---- */

static struct lua_learnt *check(lua_State *L)
{
    return binding_check(L, 1, &binding_learnt);
}

static int release(lua_State *L)
{
    learner_close(&((struct lua_learnt *)lua_touserdata(L, 1))->learner);
    return 0;
}

static const struct results_run *row_of(lua_State *L)
{
    return &check(L)->learner.record.run;
}

#define NUMBER(name)                                                           \
    static int get_##name(lua_State *L)                                        \
    {                                                                          \
        lua_pushnumber(L, row_of(L)->name);                                    \
        return 1;                                                              \
    }
#define INTEGER(name)                                                          \
    static int get_##name(lua_State *L)                                        \
    {                                                                          \
        lua_pushinteger(L, (lua_Integer)row_of(L)->name);                      \
        return 1;                                                              \
    }
#define TEXT(name, field)                                                      \
    static int get_##name(lua_State *L)                                        \
    {                                                                          \
        lua_pushstring(L, row_of(L)->field);                                   \
        return 1;                                                              \
    }
NUMBER(accuracy)
NUMBER(balanced_accuracy)
NUMBER(auc)
NUMBER(log_loss)
NUMBER(r2)
NUMBER(validation)
NUMBER(majority)
NUMBER(seconds)
NUMBER(passes)
INTEGER(support)
INTEGER(steps)
INTEGER(train)
INTEGER(validate)
INTEGER(test)
TEXT(name, solver)
TEXT(options, options)
TEXT(chosen, chosen)
TEXT(status, status)
TEXT(reason, reason)
#undef NUMBER
#undef INTEGER
#undef TEXT

static int get_classes(lua_State *L)
{
    const struct labels *labels = &learn_trial(check(L)->learner.learn)->labels;
    if (!labels->n_classes)
        return lua_pushnil(L), 1;
    learn_push_texts(L, labels->names, labels->n_classes);
    return 1;
}

static int to_text(lua_State *L)
{
    const struct lua_learnt *learnt = check(L);
    const struct results_run *row = &learnt->learner.record.run;
    int classes = learn_trial(learnt->learner.learn)->n_classes > 0;
    char text[512], score[128] = "no test part";
    if (row->test > 0 && classes)
        snprintf(score, sizeof score,
                 "balanced accuracy %.4g, accuracy %.4g (largest class %.4g)",
                 row->balanced_accuracy, row->accuracy, row->majority);
    else if (row->test > 0)
        snprintf(score, sizeof score, "R2 %.4g", row->r2);
    snprintf(text, sizeof text,
             "model %.60s%s%.100s: %s\n  %lld of %lld features, validation "
             "%.4g, %lld settings tried, %.3g s",
             row->solver, *row->chosen ? ", " : "", row->chosen, score,
             (long long)row->support, (long long)row->features, row->validation,
             (long long)learnt->learner.record.n_candidates, row->seconds);
    lua_pushstring(L, text);
    return 1;
}

static const struct binding_entry methods[] = {
    {"genes", learn_genes_lua, "model:genes([k])",
     "The k most important genes (default: all that the model uses), a list of "
     "tables with feature, symbol, importance and column of data.x."},
    {"candidates", learn_candidates_lua, "model:candidates()",
     "What was tried, a list of tables: settings, at (which offer of that "
     "fit), "
     "validation, loss, support, offers, steps, passes, seconds, stop, note, "
     "chosen (true: the one that was tested)."},
    {"marks", learn_marks_lua, "model:marks()",
     "How sparse it was in the course of its fits and what it then predicted, "
     "a list of tables: mark, candidate (whose fit), rule, threshold, weights, "
     "nonzero, macs, macs_dense, seconds_sample, validation, accuracy, loss "
     "(the last two of the test part; nothing is chosen by them)."},
    {"layers", learn_layers_lua, "model:layers()",
     "The layers of those marks, a list of tables: mark, layer, name, weights, "
     "nonzero, units, units_left."},
    {"arrays", learn_arrays_lua, "model:arrays()",
     "Matrices that it showed, a list of tables: name, rows, columns, height, "
     "width, channels (of the picture that a column is; 0: none), values (a "
     "matrix, of six digits)."},
    {"save", learn_save_lua, "model:save(path)",
     "Writes the model, with what is needed to prepare raw rows, to a file for "
     "spred.load_model. An error if it is of a kind that cannot be saved. "
     "Gives the model."},
    {"predict", learn_predict_lua, "model:predict(data [, kind])",
     "Predictions for a data set or a matrix with the same features, prepared "
     "as the training part was. kind \"class\": a list of class names (default "
     "for classes); \"score\": n x K, the highest wins (default for numbers: "
     "n x 1); \"probability\": n x K, of models that give any. The first call "
     "fits a model again that cannot be saved."},
    {"__gc", release, NULL, NULL},
    {"__tostring", to_text, NULL, NULL},
    {0}};
static const struct binding_entry properties[] = {
    {"name", get_name, "model.name", "Name of the model."},
    {"options", get_options, "model.options",
     "All of its options, \"a=1 b=2;3\": a tuned one with its choices."},
    {"chosen", get_chosen, "model.chosen",
     "The tuned settings that stand and which offer: \"lr=0.1 step=300\"."},
    {"status", get_status, "model.status", "how the fit ended: \"done\"."},
    {"reason", get_reason, "model.reason",
     "What went wrong with some of the settings, or nil."},
    {"accuracy", get_accuracy, "model.accuracy", "On the test part."},
    {"balanced_accuracy", get_balanced_accuracy, "model.balanced_accuracy",
     "On the test part: the mean over the classes of the share found."},
    {"auc", get_auc, "model.auc",
     "Area under the ROC curve, test part; several classes: the mean of one "
     "against the rest."},
    {"log_loss", get_log_loss, "model.log_loss",
     "On the test part; NaN where there are no probabilities."},
    {"r2", get_r2, "model.r2", "On the test part, for numbers; else NaN."},
    {"validation", get_validation, "model.validation",
     "Balanced accuracy (numbers: R2) on the validation part, which chose."},
    {"majority", get_majority, "model.majority",
     "Share of the largest class in the test part."},
    {"support", get_support, "model.support", "How many genes it uses."},
    {"steps", get_steps, "model.steps", "Steps of all settings together."},
    {"passes", get_passes, "model.passes",
     "Passes over the training part, all settings together."},
    {"seconds", get_seconds, "model.seconds",
     "Seconds of all fits together; test predictions not included."},
    {"train", get_train, "model.train", "Samples that it learnt from."},
    {"validate", get_validate, "model.validate", "Samples that chose."},
    {"test", get_test, "model.test", "Samples that tested it."},
    {"classes", get_classes, "model.classes",
     "Names of the classes, a list; nil if numbers are predicted."},
    {0}};
const struct binding_type binding_learnt = {
    "model", "A model that was learnt: its test, its genes, predictions.",
    methods, properties, NULL};

/* ---- what there is ---- */

static int models(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; spred_models[i]; i++) {
        const struct spred_model *m = spred_models[i];
        const struct spred_option *o = m->options;
        lua_createtable(L, 0, 5);
        lua_pushstring(L, m->name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, m->alias);
        lua_setfield(L, -2, "alias");
        lua_pushstring(L, m->doc);
        lua_setfield(L, -2, "doc");
        lua_pushboolean(L, m->store && m->load);
        lua_setfield(L, -2, "saves");
        lua_newtable(L);
        for (; o && o->name; o++) {
            lua_pushstring(L, o->initial);
            lua_setfield(L, -2, o->name);
        }
        lua_setfield(L, -2, "options");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

void binding_open_learn(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"learn", learn,
         "spred.learn{data= | x=, y=, model=, options=, tune=, protocol=, "
         "trial=, target=, preprocess=, seed=, wall=, threads=}",
         "Trains a model on one split of the samples: the training part "
         "teaches, the validation part chooses, the test part is scored once. "
         "model: a name, with options={name=value} and tune={name={values}}, "
         "of which every combination is tried; or {name={options, tune=}} as "
         "in an experiment file. protocol: {test=0.2, validate=0.2, ...} as "
         "there; trial: which of its repeats (1). wall: seconds for all of it "
         "(300). Gives a model."},
        {"models", models, "spred.models()",
         "The models there are, a list of tables with name, alias, doc, saves "
         "(true: model:save can write it) and options (the defaults as "
         "text)."},
        {0}};
    binding_type(L, &binding_learnt);
    binding_functions(L, functions);
    learn_open_predictor(L);
}
