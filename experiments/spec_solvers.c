/* spec_solvers.c: which solvers run, each with one combination of options. */
#include "experiments/parts.h"
#include "experiments/spec_read.h"

#include <string.h>

#define OPTIONS_MAX 64 /* keys of one solver's map */

/* One solver of the list, before its sweep is expanded. */
struct entry {
    const char *name;            /* as written */
    const struct spec_node *key; /* where it is written */
};

static enum spred_status check_name(struct spec_reader *r,
                                    const struct entry *entry,
                                    const struct spec_node *variant,
                                    const char **registry)
{
    if (variant)
        SPRED_TRY(spec_want(r, variant, "variant", SPEC_NODE_TEXT));
    const char *all[SPEC_WORDS_MAX];
    const struct spred_solver *own =
        variant ? NULL : parts_own_solver(r->out->parts, entry->name);
    *registry =
        own ? own->name
            : r->solvers->resolve(entry->name, variant ? variant->text : NULL);
    if (*registry)
        return SPRED_OK;
    if (!variant && r->solvers->models &&
        r->solvers->models->resolve(entry->name))
        return spec_fail(r, entry->key,
                         "'%s' is a model, not a solver: write it under "
                         "'models'",
                         entry->name);
    spec_words(r, r->solvers->all, SPEC_OWN_SOLVER, all);
    if (!variant)
        return spec_unknown(r, entry->key, "solver", entry->name, all);
    char *full = spred_format(r->env, "%s-%s", entry->name, variant->text);
    if (!full)
        return SPRED_ENOMEM;
    enum spred_status status =
        r->solvers->resolve(entry->name, NULL) || spred_nearest(full, all)
            ? spec_unknown(r, variant, "variant of a solver", full, all)
            : spec_unknown(r, entry->key, "solver", entry->name, all);
    spred_free(r->env, full);
    return status;
}

static struct spec_solver *add_solver(struct spec_reader *r,
                                      const struct spec_node *at,
                                      const char *registry)
{
    struct spec *out = r->out;
    struct spec_solver *array =
        spec_grow(r, out->solvers, out->n_solvers, sizeof *array);
    if (!array)
        return NULL;
    out->solvers = array;
    struct spec_solver *s = &array[out->n_solvers++];
    s->line = at->line;
    s->column = at->column;
    s->name = spred_strdup(r->env, registry);
    return s->name ? s : NULL;
}

enum spred_status spec_add_setting(struct spec_reader *r,
                                   struct spec_setting **settings, size_t *n,
                                   const struct spec_node *key,
                                   const struct spec_node *value)
{
    struct spec_setting *array = spec_grow(r, *settings, *n, sizeof *array);
    if (!array)
        return SPRED_ENOMEM;
    *settings = array;
    struct spec_setting *set = &array[(*n)++];
    set->line = key->line;
    set->column = key->column;
    set->name = spred_strdup(r->env, key->text);
    set->value = spred_strdup(r->env, value->text);
    return set->name && set->value ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status make_label(struct spec_reader *r,
                                    struct spec_solver *s)
{
    struct spred_buffer label = {0};
    enum spred_status status = spred_buffer_add(r->env, &label, "%s", s->name);
    for (size_t i = 0; i < s->n_settings && status == SPRED_OK; i++)
        status = spred_buffer_add(r->env, &label, " %s=%s", s->settings[i].name,
                                  s->settings[i].value);
    s->label = label.text;
    return status;
}

/* One option of a solver, own ones first; error text in env. */
static enum spred_status check_option(const struct spec_reader *r,
                                      const char *solver, const char *option,
                                      const char *value)
{
    const struct spred_solver *own = parts_own_solver(r->out->parts, solver);
    if (!own)
        return r->solvers->check(r->env, solver, option, value);
    void *options = spred_alloc(r->env, 1, own->options_size);
    if (!options)
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_options_set(r->env, own->options, options, option, value);
    spred_free(r->env, options);
    return status;
}

/* Sets one option on s, unless this solver has none of that name. */
static enum spred_status set_option(struct spec_reader *r,
                                    struct spec_solver *s,
                                    const struct spec_node *key,
                                    const struct spec_node *value, int *has)
{
    if (!value->text || value->kind == SPEC_NODE_NULL)
        return spec_fail(r, value->line ? value : key,
                         "%s: expected one value or a list of values",
                         key->text);
    enum spred_status status = check_option(r, s->name, key->text, value->text);
    *has = status == SPRED_OK;
    if (status == SPRED_ENOTFOUND || status == SPRED_ENOMEM)
        return status == SPRED_ENOMEM ? status : SPRED_OK;
    if (status != SPRED_OK)
        return spec_fail(r, value, "solver %s: %s", s->name, r->env->error);
    return spec_add_setting(r, &s->settings, &s->n_settings, key, value);
}

/* Within one entry a combination may repeat, because an option that one
 * variant lacks is left out there; across entries that is a mistake. */
static enum spred_status settle(struct spec_reader *r, size_t first,
                                const struct entry *entry)
{
    struct spec *out = r->out;
    struct spec_solver *s = &out->solvers[out->n_solvers - 1];
    SPRED_TRY(make_label(r, s));
    for (size_t i = 0; i + 1 < out->n_solvers; i++) {
        if (strcmp(out->solvers[i].label, s->label) != 0)
            continue;
        if (i < first)
            return spec_fail(r, entry->key,
                             "'%.200s' is there twice, first at line %u",
                             s->label, out->solvers[i].line);
        spred_free(r->env, s->name);
        spred_free(r->env, s->label);
        for (size_t k = 0; k < s->n_settings; k++) {
            spred_free(r->env, s->settings[k].name);
            spred_free(r->env, s->settings[k].value);
        }
        spred_free(r->env, s->settings);
        memset(s, 0, sizeof *s);
        out->n_solvers--;
        return SPRED_OK;
    }
    return SPRED_OK;
}

static enum spred_status read_combination(struct spec_reader *r,
                                          const struct entry *entry,
                                          const struct spec_node *options,
                                          size_t first, int *used)
{
    const char *registry;
    const struct spec_node *variant = spec_node_get(options, "variant");
    SPRED_TRY(check_name(r, entry, variant, &registry));
    struct spec_solver *s = add_solver(r, entry->key, registry);
    if (!s)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < options->n; i++) {
        int has = 1;
        if (options->items[i] != variant)
            SPRED_TRY(
                set_option(r, s, options->keys[i], options->items[i], &has));
        used[i] |= has;
    }
    return settle(r, first, entry);
}

static enum spred_status read_entry(struct spec_reader *r,
                                    const struct entry *entry,
                                    struct spec_node *options)
{
    struct spec_node *list;
    size_t first = r->out->n_solvers;
    int used[OPTIONS_MAX] = {0};
    SPRED_TRY(spec_sweep(r, options, entry->name, NULL, &list));
    const struct spec_node *keys = list->items[0];
    if (keys->n > OPTIONS_MAX)
        return spec_fail(r, options, "more than %d options", OPTIONS_MAX);
    for (size_t i = 0; i < list->n; i++)
        SPRED_TRY(read_combination(r, entry, list->items[i], first, used));
    for (size_t i = 0; i < keys->n; i++) {
        if (used[i])
            continue;
        const char *name = r->out->solvers[r->out->n_solvers - 1].name;
        if (check_option(r, name, keys->keys[i]->text, keys->items[i]->text) ==
            SPRED_ENOMEM)
            return SPRED_ENOMEM;
        return spec_fail(r, keys->keys[i], "solver %s: %s", name,
                         r->env->error);
    }
    return SPRED_OK;
}

/* A Lua file: all the solvers that it declares, with the same options. */
static enum spred_status read_file(struct spec_reader *r,
                                   const struct spec_node *file,
                                   struct spec_node *options)
{
    const struct parts *parts = r->out->parts;
    if (!parts || !parts->solvers || !parts->solvers[0])
        return spec_fail(r, file, "solvers: '%.200s' declares no solver",
                         file->text);
    for (size_t i = 0; parts->solvers[i]; i++) {
        struct entry entry = {parts->solvers[i]->name, file};
        SPRED_TRY(read_entry(r, &entry, options));
    }
    return SPRED_OK;
}

enum spred_status spec_read_solvers(struct spec_reader *r,
                                    struct spec_node *node)
{
    SPRED_TRY(spec_want(r, node, "solvers", SPEC_NODE_LIST));
    if (node->n == 0)
        return spec_fail(r, node,
                         "solvers: is empty, expected at least one solver");
    for (size_t i = 0; i < node->n; i++) {
        struct spec_node *item = node->items[i];
        struct entry entry = {item->text, item};
        struct spec_node *options =
            spec_node_new(r->env, r->doc, SPEC_NODE_MAP, NULL, item);
        if (!options)
            return SPRED_ENOMEM;
        if (item->kind == SPEC_NODE_MAP && item->n == 1) {
            entry.name = item->keys[0]->text;
            entry.key = item->keys[0];
            if (item->items[0]->kind != SPEC_NODE_NULL)
                options = item->items[0];
        } else if (item->kind != SPEC_NODE_TEXT) {
            return spec_fail(r, item,
                             "solvers: expected a name or one name with its "
                             "options, for example proximal-gradient: "
                             "{accelerate: true}");
        }
        const struct spec_node *file = spec_solver_file(item);
        SPRED_TRY(file ? read_file(r, file, options)
                       : read_entry(r, &entry, options));
        if (r->out->n_solvers > SPEC_SWEEP_MAX)
            return spec_fail(r, item, "more than %u solvers", SPEC_SWEEP_MAX);
    }
    return SPRED_OK;
}
