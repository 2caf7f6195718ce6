/* predictor.c: spred.load_model: a model from a file that model:save wrote. */
#include "experiments/predictor.h"

#include "lua/learn.h"

struct lua_predictor {
    struct spred_env *env; /* NULL: nothing was read */
    struct predictor predictor;
    double *importance; /* in user value 1 */
};

static const struct binding_type type;

static struct lua_predictor *check(lua_State *L)
{
    return binding_check(L, 1, &type);
}

static int load_model(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct lua_predictor *p = binding_new(L, &type, sizeof *p, 1);
    p->env = binding_env(L);
    binding_try(L, predictor_read(p->env, path, &p->predictor));
    p->importance = lua_newuserdatauv(
        L, (p->predictor.prepared.p + 1) * sizeof *p->importance, 0);
    lua_setiuservalue(L, -2, 1);
    p->predictor.model->genes(p->predictor.state, p->importance);
    return 1;
}

static int release(lua_State *L)
{
    struct lua_predictor *p = lua_touserdata(L, 1);
    if (p->env)
        predictor_free(p->env, &p->predictor);
    p->env = NULL;
    return 0;
}

static enum spred_status scores_of(lua_State *L, void *self,
                                   const struct spred_matrix *x, double *scores)
{
    return predictor_scores(binding_env(L), self, x, scores);
}

static struct learn_view view_of(lua_State *L)
{
    struct lua_predictor *p = check(L);
    struct predictor *from = &p->predictor;
    return (struct learn_view){.model = from->model,
                               .n_classes = from->n_classes,
                               .outputs = from->outputs,
                               .classes = from->classes,
                               .prepared = &from->prepared,
                               .features = from->features,
                               .symbols = from->symbols,
                               .importance = p->importance,
                               .scores = scores_of,
                               .self = from};
}

static int predict(lua_State *L)
{
    const struct learn_view view = view_of(L);
    return learn_view_predict(L, &view);
}

static int genes(lua_State *L)
{
    const struct learn_view view = view_of(L);
    return learn_view_genes(L, &view);
}

static int to_text(lua_State *L)
{
    const struct predictor *p = &check(L)->predictor;
    lua_pushfstring(L, "saved model %s%s%s, learnt on %s: %I features",
                    p->model->name, *p->chosen ? ", " : "", p->chosen,
                    p->dataset, (lua_Integer)p->prepared.p_raw);
    return 1;
}

#define TEXT(name, field)                                                      \
    static int get_##name(lua_State *L)                                        \
    {                                                                          \
        lua_pushstring(L, check(L)->predictor.field);                          \
        return 1;                                                              \
    }
TEXT(name, model->name)
TEXT(options, options)
TEXT(chosen, chosen)
TEXT(dataset, dataset)
#undef TEXT

static int get_classes(lua_State *L)
{
    const struct predictor *p = &check(L)->predictor;
    if (!p->n_classes)
        return lua_pushnil(L), 1;
    learn_push_texts(L, p->classes, p->n_classes);
    return 1;
}

static int get_features(lua_State *L)
{
    const struct predictor *p = &check(L)->predictor;
    learn_push_texts(L, p->features, p->prepared.p_raw);
    return 1;
}

static const struct binding_entry methods[] = {
    {"predict", predict, "saved:predict(data [, kind])",
     "As model:predict, with the same bits: the rows are raw, their columns "
     "those of the data that the model was learnt on."},
    {"genes", genes, "saved:genes([k])", "As model:genes."},
    {"__gc", release, NULL, NULL},
    {"__tostring", to_text, NULL, NULL},
    {0}};
static const struct binding_entry properties[] = {
    {"name", get_name, "saved.name", "Name of the model."},
    {"options", get_options, "saved.options", "All of its options."},
    {"chosen", get_chosen, "saved.chosen",
     "The tuned settings that stood and which offer."},
    {"dataset", get_dataset, "saved.dataset",
     "Name of the data set that it was learnt on."},
    {"classes", get_classes, "saved.classes",
     "Names of the classes, a list; nil if numbers are predicted."},
    {"features", get_features, "saved.features",
     "Names of the columns that predict wants, a list."},
    {0}};
static const struct binding_type type = {
    "saved", "A model from a file: it predicts, and knows its genes.", methods,
    properties, NULL};

void learn_open_predictor(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"load_model", load_model, "spred.load_model(path)",
         "A model that model:save wrote, or measure.keep_models of an "
         "experiment (results/NAME/models/JOB.model). It has the preparation "
         "of its rows with it. The file is checked; its model must be of the "
         "version that this program has."},
        {0}};
    binding_type(L, &type);
    binding_functions(L, functions);
}
