/* tree.c: Lua tables with an experiment file's keys -> its tree -> a spec. */
#include "lua/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/solver_names.h"
#include "experiments/units.h"
#include "lua/declare.h"

/* What the collector frees. */
struct lua_document {
    struct spec_document doc;
    char path[512];
};

static int free_document(lua_State *L)
{
    struct lua_document *d = lua_touserdata(L, 1);
    spec_document_free(binding_env(L), &d->doc);
    return 0;
}

static int free_spec(lua_State *L)
{
    struct spec *spec = lua_touserdata(L, 1);
    spec_free(binding_env(L), spec);
    return 0;
}

static const struct binding_entry document_methods[] = {
    {"__gc", free_document, NULL, NULL}, {0}};
static const struct binding_entry spec_methods[] = {
    {"__gc", free_spec, NULL, NULL}, {0}};
static const struct binding_type document_type = {
    "document", "A tree of settings, as a script gives them.", document_methods,
    NULL, NULL};
static const struct binding_type spec_type = {
    "spec", "Settings that were read, with every default.", spec_methods, NULL,
    NULL};

struct spec_document *tree_new(lua_State *L, const char *what)
{
    struct lua_document *d = binding_new(L, &document_type, sizeof *d, 0);
    int level = 1;
    do { /* the caller in Lua: sugar in Lua files of our own counts, too */
        luaL_where(L, level);
        if (*lua_tostring(L, -1))
            break;
        lua_pop(L, 1);
    } while (level++ < 8);
    const char *where = level > 8 ? "" : lua_tostring(L, -1);
    snprintf(d->path, sizeof d->path, "%.400s%.64s", where, what);
    lua_settop(L, level > 8 ? lua_gettop(L) : lua_gettop(L) - 1);
    d->doc.path = d->path;
    return &d->doc;
}

struct spec_node *tree_node(lua_State *L, struct spec_document *doc,
                            enum spec_node_kind kind, const char *text)
{
    struct spec_node *node =
        spec_node_new(binding_env(L), doc, kind, text, NULL);
    if (!node)
        binding_try(L, SPRED_ENOMEM);
    node->quoted = kind == SPEC_NODE_TEXT;
    return node;
}

void tree_add(lua_State *L, struct spec_document *doc, struct spec_node *parent,
              const char *key, struct spec_node *item)
{
    struct spec_node *name =
        key ? tree_node(L, doc, SPEC_NODE_TEXT, key) : NULL;
    binding_try(L, spec_node_add(binding_env(L), parent, name, item));
}

static struct spec_node *value(lua_State *L, struct spec_document *doc,
                               int index, const char *key, int depth);

/* Is key one of the words? */
static int among(const char *key, const char *const *words)
{
    while (key && *words && strcmp(*words, key) != 0)
        words++;
    return key && *words;
}

/* Times, sizes and shares have units in a file; here a plain number is in
 * seconds, bytes, or the share itself. */
static struct spec_node *number(lua_State *L, struct spec_document *doc,
                                int index, const char *key)
{
    static const char *const seconds[] = {"wall", "fit", "grace", "script",
                                          NULL};
    static const char *const sizes[] = {"memory", NULL};
    static const char *const shares[] = {"test", "validate", "variance_keep",
                                         "density", NULL};
    char text[64];
    double x = lua_tonumber(L, index);
    int is_share = among(key, shares);
    const char *unit = among(key, seconds) ? " s"
                       : among(key, sizes) ? " B"
                                           : NULL;
    if (!isfinite(x))
        luaL_error(L, "%s: %s: expected a finite number, got %f", doc->path,
                   key ? key : "a list", x);
    if (is_share)
        spec_shortest_share(x, text);
    else if (lua_isinteger(L, index))
        snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(L, index));
    else
        spec_shortest(x, text);
    if (unit)
        strcat(text, unit);
    return tree_node(
        L, doc, unit || is_share ? SPEC_NODE_TEXT : SPEC_NODE_NUMBER, text);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The keys in the order of the alphabet, so that the same table gives the same
 * tree each time. */
static struct spec_node *map(lua_State *L, struct spec_document *doc, int index,
                             int depth)
{
    const char *keys[SPEC_KEYS_MAX]; /* the table holds them */
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L,
                       "%s: a table has either names or places 1, 2, ..., "
                       "this one has a %s as key, too",
                       doc->path, luaL_typename(L, -2));
        if (count == SPEC_KEYS_MAX)
            luaL_error(L, "%s: more than %d keys in a table", doc->path,
                       (int)SPEC_KEYS_MAX);
        keys[count++] = lua_tostring(L, -2);
    }
    qsort(keys, count, sizeof *keys, by_text);
    struct spec_node *node = tree_node(L, doc, SPEC_NODE_MAP, NULL);
    for (size_t i = 0; i < count; i++) {
        lua_getfield(L, index, keys[i]);
        tree_add(L, doc, node, keys[i],
                 value(L, doc, lua_gettop(L), keys[i], depth + 1));
        lua_pop(L, 1);
    }
    return node;
}

static struct spec_node *list(lua_State *L, struct spec_document *doc,
                              int index, const char *key, int depth)
{
    struct spec_node *node = tree_node(L, doc, SPEC_NODE_LIST, NULL);
    lua_Integer n = (lua_Integer)lua_rawlen(L, index), found = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        found++;
    if (found != n)
        luaL_error(L,
                   "%s: a table has either names or places 1, 2, ..., not "
                   "both",
                   doc->path);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, index, i);
        tree_add(L, doc, node, NULL,
                 value(L, doc, lua_gettop(L), key, depth + 1));
        lua_pop(L, 1);
    }
    return node;
}

static struct spec_node *value(lua_State *L, struct spec_document *doc,
                               int index, const char *key, int depth)
{
    luaL_checkstack(L, 8, NULL);
    if (depth > SPEC_DEPTH_MAX)
        luaL_error(L, "%s: more than %d tables inside each other", doc->path,
                   SPEC_DEPTH_MAX);
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        return tree_node(L, doc, SPEC_NODE_NULL, "");
    case LUA_TBOOLEAN:
        return tree_node(L, doc, SPEC_NODE_BOOL,
                         lua_toboolean(L, index) ? "true" : "false");
    case LUA_TNUMBER:
        return number(L, doc, index, key);
    case LUA_TSTRING:
        return tree_node(L, doc, SPEC_NODE_TEXT, lua_tostring(L, index));
    case LUA_TTABLE:
        return lua_rawlen(L, index) ? list(L, doc, index, key, depth)
                                    : map(L, doc, index, depth);
    default:
        luaL_error(L,
                   "%s: %s: expected a number, a string, true, false or a "
                   "table, got a %s",
                   doc->path, key ? key : "a list", luaL_typename(L, index));
        return NULL;
    }
}

struct spec_node *tree_value(lua_State *L, struct spec_document *doc, int index)
{
    return value(L, doc, lua_absindex(L, index), NULL, 0);
}

/* How the running script opens another: only for what that one declares. Lives
 * in the registry, as long as the state. */
struct lua_opener {
    struct script *script;
    struct script_options options;
    struct parts_opener inner, outer;
};

static enum spred_status open_other(void *cookie, struct spred_env *env,
                                    const char *path, int worker, double memory,
                                    double seconds, struct parts **out)
{
    const struct lua_opener *own = cookie;
    (void)worker;
    if (own->script->options.worker ||
        (own->script->path && strcmp(own->script->path, path) == 0))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: a script that is read for its parts opens no "
                          "script itself",
                          path);
    return own->inner.open(own->inner.cookie, env, path, 1, memory, seconds,
                           out);
}

static void close_other(void *cookie, struct parts *parts)
{
    const struct lua_opener *own = cookie;
    own->inner.close(own->inner.cookie, parts);
}

static const struct parts_opener *make_opener(lua_State *L)
{
    struct script *script = script_of(L);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &document_type.methods) == LUA_TNIL) {
        struct lua_opener *own = lua_newuserdatauv(L, sizeof *own, 0);
        own->script = script;
        own->options = (struct script_options){
            .unsafe = script->options.unsafe, .output = script->options.output};
        script_opener(&own->options, &own->inner);
        own->outer = (struct parts_opener){own, open_other, close_other};
        lua_rawsetp(L, LUA_REGISTRYINDEX, &document_type.methods);
        lua_pop(L, 1);
        return &own->outer;
    }
    struct lua_opener *own = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return &own->outer;
}

void tree_names(lua_State *L, struct spec_solver_names *out)
{
    struct script *script = script_of(L);
    *out = *solver_names();
    out->opener = make_opener(L);
    if (!script->parts)
        return; /* it declares nothing: another script may */
    binding_try(L, declare_seal(script));
    out->parts = script->parts;
    out->script = script->path ? script->path : "=console";
}

struct spec *tree_spec(lua_State *L)
{
    return binding_new(L, &spec_type, sizeof(struct spec), 0);
}

void tree_read(lua_State *L, struct spec_document *doc, struct spec *spec)
{
    struct spec_solver_names names;
    tree_names(L, &names);
    enum spred_status status =
        spec_read_tree(binding_env(L), doc, NULL, 0, &names, spec);
    if (status != SPRED_OK) /* the text has the place */
        lua_pushstring(L, binding_env(L)->error), lua_error(L);
}

void tree_open(lua_State *L)
{
    binding_type(L, &document_type);
    binding_type(L, &spec_type);
}
