/* declare.c: the lists of what a script declared, its hash, and the opener that
 * turns a script file into parts. */
#include "lua/declare.h"

#include <string.h>

#include "lua/figure_kind.h"
#include "spred/hash.h"
#include "spred/solver.h"
#include "spred/text.h"

#define NAME_MAX_LENGTH 40

/* One NULL-ended array: of pointers, or of structs whose last is zero. */
struct list {
    void *items;
    size_t count, size;
};

/* The script's parts with their lists; script->parts is its first field. */
struct declared {
    struct parts parts;
    struct list lists[DECLARE_KINDS];
    char hash[SPRED_HEX_SIZE];
    size_t hashed; /* bytes of sources that the hash covers */
};

static const size_t sizes[DECLARE_KINDS] = {sizeof(void *),
                                            sizeof(void *),
                                            sizeof(void *),
                                            sizeof(struct parts_metric),
                                            sizeof(struct parts_protocol),
                                            sizeof(struct parts_source),
                                            sizeof(void *)};

static struct declared *declared_of(struct script *script)
{
    return (struct declared *)(void *)script->parts;
}

/* Points the parts at the lists, which move when they grow. */
static void publish(struct declared *d)
{
    d->parts.solvers = d->lists[DECLARE_SOLVER].items;
    d->parts.losses = d->lists[DECLARE_LOSS].items;
    d->parts.penalties = d->lists[DECLARE_PENALTY].items;
    d->parts.metrics = d->lists[DECLARE_METRIC].items;
    d->parts.protocols = d->lists[DECLARE_PROTOCOL].items;
    d->parts.sources = d->lists[DECLARE_SOURCE].items;
    d->parts.figures = d->lists[DECLARE_FIGURE].items;
}

/* Appends the chunk that is being loaded, once. */
static enum spred_status keep_source(struct script *script)
{
    if (!script->chunk || script->chunk_kept)
        return SPRED_OK;
    struct spred_buffer out = {0};
    enum spred_status status = spred_buffer_add(
        script->env, &out, "%s%s%s\n", script->sources ? script->sources : "",
        script->sources ? "\n" : "", script->chunk);
    if (status != SPRED_OK) {
        spred_free(script->env, out.text);
        return status;
    }
    spred_free(script->env, script->sources);
    script->sources = out.text;
    script->chunk_kept = 1;
    return SPRED_OK;
}

static enum spred_status make_parts(struct script *script)
{
    if (!script->parts) {
        struct declared *d = spred_alloc(script->env, 1, sizeof *d);
        if (!d)
            return SPRED_ENOMEM;
        d->parts.self = script;
        for (size_t k = 0; k < DECLARE_KINDS; k++)
            d->lists[k].size = sizes[k];
        script->parts = &d->parts;
    }
    return keep_source(script);
}

/* Only a chunk declares: C goes through the lists, which move when they grow,
 * while a function of the script runs; and a worker, which loads the same
 * chunk, must find the same parts. */
static void check_loading(lua_State *L, const char *what)
{
    const struct script *script = script_of(L);
    if (!script->chunk || script->depth != script->chunk_depth)
        luaL_error(L,
                   "%s: parts are declared while the script is loaded, not by "
                   "a function that the harness calls",
                   what);
}

struct parts *declare_parts(lua_State *L)
{
    struct script *script = script_of(L);
    check_loading(L, "spred.hooks");
    binding_try(L, make_parts(script));
    return script->parts;
}

/* The name of item i of a list. */
static const char *name_at(const struct declared *d, size_t kind, size_t i)
{
    const struct parts *p = &d->parts;
    switch (kind) {
    case DECLARE_SOLVER:
        return p->solvers[i]->name;
    case DECLARE_LOSS:
        return p->losses[i]->name;
    case DECLARE_PENALTY:
        return p->penalties[i]->name;
    case DECLARE_METRIC:
        return p->metrics[i].name;
    case DECLARE_PROTOCOL:
        return p->protocols[i].name;
    case DECLARE_SOURCE:
        return p->sources[i].name;
    default:
        return p->figures[i];
    }
}

static int is_built_in(enum declare_kind kind, const char *name)
{
    static const char *const penalties[] = {"l1", "elastic-net", "group",
                                            "power", NULL};
    static const char *const protocols[] = {"clean", "paper", "given", NULL};
    const char *const *list = kind == DECLARE_PENALTY    ? penalties
                              : kind == DECLARE_PROTOCOL ? protocols
                              : kind == DECLARE_FIGURE   ? plots_kinds()
                                                         : NULL;
    for (size_t i = 0; list && list[i]; i++)
        if (strcmp(list[i], name) == 0)
            return 1;
    return (kind == DECLARE_SOLVER && spred_solver_find(name)) ||
           (kind == DECLARE_LOSS && spred_loss_named(name));
}

void declare_check_name(lua_State *L, enum declare_kind kind, const char *what,
                        const char *name)
{
    struct script *script = script_of(L);
    check_loading(L, what);
    size_t length = name ? strlen(name) : 0;
    int good = length > 0 && length <= NAME_MAX_LENGTH && name[0] >= 'a' &&
               name[0] <= 'z' &&
               strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
    if (!good)
        luaL_error(L,
                   "%s: name: expected a-z, 0-9 and '-', at most %d "
                   "characters, not '%s'",
                   what, NAME_MAX_LENGTH, name ? name : "nil");
    if (is_built_in(kind, name))
        luaL_error(L, "%s: '%s' is built in, choose another name", what, name);
    if (!script->parts || script->replaces)
        return;
    const struct declared *d = declared_of(script);
    for (size_t i = 0; i < d->lists[kind].count; i++)
        if (strcmp(name_at(d, kind, i), name) == 0)
            luaL_error(L, "%s: '%s' is declared twice", what, name);
}

/* Takes an earlier part of the last one's name out: script->replaces. */
static void replace(struct declared *d, size_t kind)
{
    struct list *list = &d->lists[kind];
    char *items = list->items;
    size_t last = list->count - 1;
    for (size_t i = 0; i < last; i++) {
        if (strcmp(name_at(d, kind, i), name_at(d, kind, last)) != 0)
            continue;
        memmove(items + i * list->size, items + (i + 1) * list->size,
                (list->count - i) * list->size); /* and the end mark */
        list->count--;
        return;
    }
}

void declare_add(lua_State *L, enum declare_kind kind, const void *part,
                 int keep)
{
    struct script *script = script_of(L);
    keep = lua_absindex(L, keep);
    binding_try(L, make_parts(script));
    struct declared *d = declared_of(script);
    struct list *list = &d->lists[kind];
    lua_pushvalue(L, keep);
    luaL_ref(L, LUA_REGISTRYINDEX);
    char *items =
        spred_resize(script->env, list->items, list->count + 2, list->size);
    if (!items)
        binding_try(L, SPRED_ENOMEM);
    list->items = items;
    if (list->size == sizeof(void *))
        memcpy(items + list->count * list->size, &part, sizeof part);
    else
        memcpy(items + list->count * list->size, part, list->size);
    memset(items + ++list->count * list->size, 0, list->size);
    publish(d);
    replace(d, kind); /* only where a second one was let in */
}

enum spred_status declare_seal(struct script *script)
{
    if (!script->parts) /* else: a chunk that only asks is no source */
        SPRED_TRY(make_parts(script));
    struct declared *d = declared_of(script);
    size_t length = script->sources ? strlen(script->sources) : 0;
    if (!d->parts.hash || d->hashed != length)
        spred_sha256(script->sources ? script->sources : "", length, d->hash);
    d->hashed = length;
    d->parts.hash = d->hash;
    return SPRED_OK;
}

void declare_free(struct script *script)
{
    struct declared *d = declared_of(script);
    if (!d)
        return;
    for (size_t k = 0; k < DECLARE_KINDS; k++)
        spred_free(script->env, d->lists[k].items);
    spred_free(script->env, d);
    script->parts = NULL;
}

/* ---- the opener ---- */

static enum spred_status open_script(void *cookie, struct spred_env *env,
                                     const char *path, int worker,
                                     double memory, double seconds,
                                     struct parts **out)
{
    const struct script_options *given = cookie;
    struct script_options options = {.unsafe = given->unsafe,
                                     .worker = worker,
                                     .memory = memory > 0 ? (size_t)memory
                                                          : given->memory,
                                     .seconds = seconds,
                                     .output = given->output};
    struct script *script = NULL;
    *out = NULL;
    SPRED_TRY(script_new(env, &options, &script));
    enum spred_status status = script_file(script, path);
    if (status == SPRED_OK)
        status = declare_seal(script);
    if (status != SPRED_OK) {
        script_free(script);
        return status;
    }
    *out = script->parts;
    return SPRED_OK;
}

static void close_script(void *cookie, struct parts *parts)
{
    (void)cookie;
    if (parts)
        script_free(parts->self);
}

void script_opener(const struct script_options *options,
                   struct parts_opener *out)
{
    out->cookie = (void *)(size_t)options;
    out->open = open_script;
    out->close = close_script;
}
