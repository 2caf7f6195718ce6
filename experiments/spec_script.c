/* spec_script.c: the script beside an experiment: its parts, and the words it
 * adds to those that the file may use. */
#include "experiments/parts.h"
#include "experiments/spec_read.h"

#include <string.h>

#define SCRIPT_SECONDS 30

const struct spec_field spec_loader_fields[] = {
    {"name", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"as", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"path", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, path), 0, 0, NULL,
     NULL},
    {"options", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"target", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, target), 0, 0,
     NULL, NULL},
    {0}};

/* limits.script, which must be known before the script runs. */
static enum spred_status read_seconds(struct spec_reader *r,
                                      const struct spec_node *root,
                                      double *seconds)
{
    const struct spec_node *limits = spec_node_get(root, "limits");
    struct spec_limits read = {.script = SCRIPT_SECONDS};
    if (limits)
        SPRED_TRY(spec_fields(r, limits, "limits", spec_limits_fields, &read));
    *seconds = read.script;
    return SPRED_OK;
}

const struct spec_node *spec_solver_file(const struct spec_node *item)
{
    static const char ending[] = ".lua";
    if (item->kind == SPEC_NODE_MAP && item->n == 1)
        item = item->keys[0];
    else if (item->kind != SPEC_NODE_TEXT)
        return NULL;
    size_t length = strlen(item->text), short_of = sizeof ending - 1;
    return length > short_of &&
                   strcmp(item->text + length - short_of, ending) == 0
               ? item
               : NULL;
}

/* Where the script is named: under `script:`, or as a Lua file among the
 * solvers; NULL: nowhere. Both, or two files, must be the same one. */
static enum spred_status find(struct spec_reader *r,
                              const struct spec_node *root,
                              const struct spec_node **found)
{
    struct spec *out = r->out;
    const struct spec_node *solvers = spec_node_get(root, "solvers");
    *found = spec_node_get(root, "script");
    if (*found) {
        SPRED_TRY(spec_text(r, *found, "script", &out->script));
        SPRED_TRY(spec_beside(r, &out->script));
    }
    if (!solvers || solvers->kind != SPEC_NODE_LIST)
        return SPRED_OK; /* complained about later */
    for (size_t i = 0; i < solvers->n; i++) {
        const struct spec_node *file = spec_solver_file(solvers->items[i]);
        char *path = NULL;
        if (!file)
            continue;
        SPRED_TRY(spec_text(r, file, "solvers", &path));
        enum spred_status status = spec_beside(r, &path);
        if (status == SPRED_OK && out->script && strcmp(path, out->script) != 0)
            status = spec_fail(r, file,
                               "solvers: '%.200s' is another script than "
                               "'%.200s': an experiment has one script",
                               file->text, out->script);
        if (status != SPRED_OK || out->script) {
            spred_free(r->env, path);
            SPRED_TRY(status);
            continue;
        }
        out->script = path;
        *found = file;
    }
    return SPRED_OK;
}

/* The path that was given, or that of the script that is running. */
static enum spred_status borrow(struct spec_reader *r,
                                const struct spec_node *node)
{
    struct spec *out = r->out;
    const char *running = r->solvers->script;
    out->parts = r->solvers->parts;
    if (out->script && (!running || strcmp(out->script, running) != 0))
        return spec_fail(r, node,
                         "script: this experiment uses the parts of the "
                         "script that runs it, drop 'script'");
    if (!out->script && running &&
        !(out->script = spred_strdup(r->env, running)))
        return SPRED_ENOMEM;
    return SPRED_OK;
}

enum spred_status spec_read_script(struct spec_reader *r,
                                   const struct spec_node *root)
{
    struct spec *out = r->out;
    const struct spec_node *node;
    const struct parts_opener *opener = r->solvers->opener;
    double seconds;
    SPRED_TRY(find(r, root, &node));
    if (r->solvers->parts)
        return borrow(r, node);
    if (!node)
        return SPRED_OK;
    if (!opener)
        return spec_fail(r, node,
                         "script: scripts cannot be run here, only by "
                         "spredbench run and plan");
    SPRED_TRY(read_seconds(r, root, &seconds));
    enum spred_status status = opener->open(opener->cookie, r->env, out->script,
                                            0, 0, seconds, &out->opened);
    if (status != SPRED_OK) {
        char text[SPRED_ERROR_MAX];
        strcpy(text, r->env->error);
        spec_fail(r, node, "script: %s", text);
        return status;
    }
    out->opener = opener;
    out->parts = out->opened;
    return SPRED_OK;
}

void spec_close_script(struct spred_env *env, struct spec *spec)
{
    if (spec->opened)
        spec->opener->close(spec->opener->cookie, spec->opened);
    spred_free(env, spec->script);
}

static const char *own_name(const struct parts *p, enum spec_own sort, size_t i)
{
    switch (sort) {
    case SPEC_OWN_LOSS:
        return p->losses && p->losses[i] ? p->losses[i]->name : NULL;
    case SPEC_OWN_PENALTY:
        return p->penalties && p->penalties[i] ? p->penalties[i]->name : NULL;
    case SPEC_OWN_PROTOCOL:
        return p->protocols ? p->protocols[i].name : NULL;
    case SPEC_OWN_FIGURE:
        return p->figures ? p->figures[i] : NULL;
    case SPEC_OWN_SOLVER:
        return p->solvers && p->solvers[i] ? p->solvers[i]->name : NULL;
    case SPEC_OWN_SOURCE:
        return p->sources ? p->sources[i].name : NULL;
    }
    return NULL;
}

size_t spec_words(const struct spec_reader *r, const char *const *words,
                  enum spec_own sort, const char *all[SPEC_WORDS_MAX])
{
    const struct parts *parts = r->out->parts;
    size_t n = 0, before;
    while (words && words[n] && n + 1 < SPEC_WORDS_MAX) {
        all[n] = words[n];
        n++;
    }
    before = n;
    for (size_t i = 0; parts && n + 1 < SPEC_WORDS_MAX; i++, n++)
        if (!(all[n] = own_name(parts, sort, i)))
            break;
    all[n] = NULL;
    return before;
}

/* options: plain values, handed to the source as text. */
static enum spred_status read_options(struct spec_reader *r,
                                      const struct spec_node *node,
                                      struct spec_dataset *d)
{
    SPRED_TRY(spec_want(r, node, "loader.options", SPEC_NODE_MAP));
    for (size_t i = 0; i < node->n; i++) {
        const struct spec_node *value = node->items[i];
        if (!value->text || value->kind == SPEC_NODE_NULL)
            return spec_fail(r, value->line ? value : node->keys[i],
                             "loader.options: %.100s: expected a text or a "
                             "number",
                             node->keys[i]->text);
        SPRED_TRY(spec_add_setting(r, &d->settings, &d->n_settings,
                                   node->keys[i], value));
    }
    return SPRED_OK;
}

enum spred_status spec_read_loader(struct spec_reader *r,
                                   const struct spec_node *node, size_t group)
{
    struct spec_dataset *d = spec_add_dataset(r, node, SPEC_LOADER, group);
    const char *all[SPEC_WORDS_MAX];
    int index;
    if (!d)
        return SPRED_ENOMEM;
    SPRED_TRY(spec_want(r, node, "loader", SPEC_NODE_MAP));
    SPRED_TRY(spec_fields(r, node, "loader", spec_loader_fields, d));
    const struct spec_node *name = spec_node_get(node, "name");
    const struct spec_node *as = spec_node_get(node, "as");
    const struct spec_node *options = spec_node_get(node, "options");
    spec_words(r, NULL, SPEC_OWN_SOURCE, all);
    if (!name)
        return spec_fail(r, node, "loader: 'name' is missing");
    if (!all[0])
        return spec_fail(r, name, "loader: no script gives any (key script)");
    SPRED_TRY(spec_choice(r, name, "loader", all, &index));
    SPRED_TRY(spec_text(r, name, "loader.name", &d->loader));
    SPRED_TRY(spec_name(r, as ? as : name, as ? "loader.as" : "loader.name",
                        &d->name));
    if (options)
        SPRED_TRY(read_options(r, options, d));
    return spec_beside(r, &d->path);
}
