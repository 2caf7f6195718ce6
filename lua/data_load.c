/* data_load.c: spred.data.debian, geo, file, images, simulated: through the
 * cache, as the data sets of an experiment file. */
#include "lua/data.h"

#include <string.h>

#include "experiments/sources.h"
#include "lua/tree.h"

void data_download(void *cookie, const char *what, size_t done, size_t total)
{
    const struct script *script = cookie;
    if (script->progress)
        script->progress(script->progress_cookie, what,
                         total ? (double)done / (double)total : 0);
}

/* The experiment around one data set, so that its reader checks the keys. */
static void plant(lua_State *L, struct spec_document *doc, const char *kind,
                  struct spec_node *set, struct spec_node *seed)
{
    struct spec_node *root = tree_node(L, doc, SPEC_NODE_MAP, NULL);
    struct spec_node *list = tree_node(L, doc, SPEC_NODE_LIST, NULL);
    struct spec_node *item = tree_node(L, doc, SPEC_NODE_MAP, NULL);
    struct spec_node *problem = tree_node(L, doc, SPEC_NODE_MAP, NULL);
    struct spec_node *solvers = tree_node(L, doc, SPEC_NODE_LIST, NULL);
    doc->root = root;
    tree_add(L, doc, root, "version", tree_node(L, doc, SPEC_NODE_NUMBER, "1"));
    tree_add(L, doc, root, "name", tree_node(L, doc, SPEC_NODE_TEXT, "data"));
    if (seed)
        tree_add(L, doc, root, "seed", seed);
    tree_add(L, doc, item, kind, set);
    tree_add(L, doc, list, NULL, item);
    tree_add(L, doc, root, "datasets", list);
    tree_add(L, doc, problem, "loss",
             tree_node(L, doc, SPEC_NODE_TEXT, "squared"));
    tree_add(L, doc, root, "problem", problem);
    tree_add(L, doc, solvers, NULL,
             tree_node(L, doc, SPEC_NODE_TEXT, "coordinate-descent"));
    tree_add(L, doc, root, "solvers", solvers);
}

/* Loads the one data set of the tree; pushes the userdata. */
static int load(lua_State *L, struct spec_document *doc)
{
    struct script *script = script_of(L);
    struct spec *spec = tree_spec(L);
    tree_read(L, doc, spec);
    if (spec->n_datasets != 1)
        return luaL_error(L, "%s: expected one data set, these are %I",
                          doc->path, (lua_Integer)spec->n_datasets);
    const struct spec_dataset *set = &spec->datasets[0];
    const struct spred_fetch_options fetch = {.progress = data_download,
                                              .progress_cookie = script};
    struct lua_data *d = binding_new(L, &binding_data, sizeof *d, 1);
    binding_try(
        L, source_load(script->env, spec, set, &fetch, &d->data, &d->cached));
    d->target = spred_strdup(script->env, source_target(set));
    if (!d->target)
        return binding_try(L, SPRED_ENOMEM);
    /* The arrays are not in the userdata: the collector is told of their size,
     * or a loop that loads would fill the memory with what nobody holds. */
    size_t kib = d->data.x.rows * d->data.x.cols / (1024 / sizeof(double));
    lua_gc(L, LUA_GCSTEP, kib < 1 << 20 ? (int)kib : 1 << 20);
    return 1;
}

/* debian(name), and the others: a name and a table with more keys, in which the
 * name goes by `key`. */
static int load_named(lua_State *L, const char *what, const char *kind,
                      const char *key)
{
    luaL_checkstring(L, 1);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct spec_document *doc = tree_new(L, what);
    struct spec_node *set = lua_istable(L, 2)
                                ? tree_value(L, doc, 2)
                                : tree_node(L, doc, SPEC_NODE_MAP, NULL);
    if (set->kind == SPEC_NODE_MAP && set->n == 0 && !key)
        set = tree_node(L, doc, SPEC_NODE_TEXT, lua_tostring(L, 1));
    else if (key && set->kind == SPEC_NODE_MAP && !spec_node_get(set, key))
        tree_add(L, doc, set, key,
                 tree_node(L, doc, SPEC_NODE_TEXT, lua_tostring(L, 1)));
    plant(L, doc, kind, set, NULL);
    return load(L, doc);
}

static int debian(lua_State *L)
{
    luaL_checkstring(L, 1);
    lua_settop(L, 1);
    return load_named(L, "spred.data.debian", "debian", NULL);
}

static int geo(lua_State *L)
{
    return load_named(L, "spred.data.geo", "geo", "accession");
}

static int file(lua_State *L)
{
    return load_named(L, "spred.data.file", "file", "path");
}

/* images(name) or images{name= or path=, ...} */
static int images(lua_State *L)
{
    if (!lua_istable(L, 1))
        luaL_checkstring(L, 1);
    lua_settop(L, 1);
    struct spec_document *doc = tree_new(L, "spred.data.images");
    plant(L, doc, "images",
          lua_istable(L, 1)
              ? tree_value(L, doc, 1)
              : tree_node(L, doc, SPEC_NODE_TEXT, lua_tostring(L, 1)),
          NULL);
    return load(L, doc);
}

static int simulated(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct spec_document *doc = tree_new(L, "spred.data.simulated");
    struct spec_node *seed = NULL;
    lua_newtable(L); /* the table without seed, which is the experiment's */
    int rest = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_settable(L, rest);
    }
    if (lua_getfield(L, rest, "seed") != LUA_TNIL)
        seed = tree_value(L, doc, -1);
    lua_pushnil(L);
    lua_setfield(L, rest, "seed");
    plant(L, doc, "simulated", tree_value(L, doc, rest), seed);
    return load(L, doc);
}

void data_open_load(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"debian", debian, "spred.data.debian(name)",
         "A real data set from a Debian package, downloaded once: golub, khan, "
         "bladder, ... (`spredbench data` lists them)."},
        {"geo", geo, "spred.data.geo(accession [, {target=}])",
         "A GEO DataSet, \"GDS507\", downloaded once. target: the subset type "
         "that is predicted, by default as `target: auto` says."},
        {"file", file,
         "spred.data.file(path [, {name=, labels=, target=, object=, "
         "response=, orientation=}])",
         "A data file in any of the formats that `spredbench data` lists; keys "
         "as in an experiment file. A path beside the script wins over one in "
         "the working folder."},
        {"images", images,
         "spred.data.images(name | {name= | path=, as=, samples=, target=})",
         "Pictures: \"fashion-mnist\" from its Debian package, downloaded "
         "once, or the published files of MNIST, CIFAR-10 or CIFAR-100 in the "
         "folder `path`. samples: so many of those outside the test part, "
         "stratified; as: what it is called."},
        {"simulated", simulated,
         "spred.data.simulated{n=, p=, kind=, seed=, ...}",
         "Simulated data: kind \"blocks\" (blocks, rho, k, snr, classes), "
         "\"planted\" (the same, effects that are not linear), \"iid\" or "
         "\"sensing\" (density, noise), keys and defaults as in an "
         "experiment file, seed 17."},
        {0}};
    binding_functions(L, functions);
}
