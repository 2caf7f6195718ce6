/* spec_models.c: which models run, each with one combination of its options and
 * the grid that its jobs choose from. */
#include "experiments/spec_read.h"

#include <string.h>

#include "spred/text.h"

#define GRID_MAX 1000u /* settings of one job */

/* One model of the list, before its sweep is expanded. */
struct entry {
    const char *name;            /* of the registry */
    const struct spec_node *key; /* where it is written */
};

static const struct spec_model_names *names_of(const struct spec_reader *r)
{
    return r->solvers->models;
}

/* A value that is checked and becomes text. */
static enum spred_status check_value(const struct spec_reader *r,
                                     const struct entry *entry,
                                     const struct spec_node *key,
                                     const struct spec_node *value)
{
    static const char *const grid[] = {"tune", NULL};
    const char *near =
        value->kind == SPEC_NODE_MAP ? spred_nearest(key->text, grid) : NULL;
    if (near)
        return spec_fail(r, key, "model %s: '%s': did you mean '%s'?",
                         entry->name, key->text, near);
    if (!value->text || value->kind == SPEC_NODE_NULL)
        return spec_fail(r, value->line ? value : key,
                         "model %s: %s: expected one value or a list of values",
                         entry->name, key->text);
    enum spred_status status =
        names_of(r)->check(r->env, entry->name, key->text, value->text);
    if (status == SPRED_OK || status == SPRED_ENOMEM)
        return status;
    return spec_fail(r, status == SPRED_ENOTFOUND ? key : value, "model %s: %s",
                     entry->name, r->env->error);
}

/* The choices of a word option, each one word: a list of lists has several; a
 * list of anything else is one, or in a grid one each if all are scalars. */
static enum spred_status make_words(const struct spec_reader *r,
                                    const struct spec_node *key, int grid,
                                    struct spec_node **value)
{
    struct spec_node *from = *value, *to;
    int scalars = 1, lists = 0;
    for (size_t i = 0; from->kind == SPEC_NODE_LIST && i < from->n; i++) {
        scalars &= from->items[i]->text != NULL;
        lists |= from->items[i]->kind == SPEC_NODE_LIST;
    }
    if (from->kind != SPEC_NODE_LIST || !(lists || (grid && scalars)))
        return from->text ? SPRED_OK : spec_word(r, from, key->text, value);
    to = spec_node_new(r->env, r->doc, SPEC_NODE_LIST, NULL, from);
    if (!to)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < from->n; i++) {
        struct spec_node *item = from->items[i];
        if (!item->text)
            SPRED_TRY(spec_word(r, item, key->text, &item));
        SPRED_TRY(spec_node_add(r->env, to, NULL, item));
    }
    *value = to;
    return SPRED_OK;
}

/* The options as spec_sweep takes them: without the grid, words as scalars. */
static enum spred_status plain_options(const struct spec_reader *r,
                                       const struct entry *entry,
                                       const struct spec_node *options,
                                       struct spec_node **out)
{
    *out = spec_node_new(r->env, r->doc, SPEC_NODE_MAP, NULL, options);
    if (!*out)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < options->n; i++) {
        struct spec_node *key = options->keys[i], *value = options->items[i];
        if (strcmp(key->text, "tune") == 0)
            continue;
        if (names_of(r)->is_word(entry->name, key->text))
            SPRED_TRY(make_words(r, key, 0, &value));
        SPRED_TRY(spec_node_add(r->env, *out, key, value));
    }
    return SPRED_OK;
}

/* Numbers are compared as numbers: 0.1 and 0.10 are one setting. */
static int same_value(const struct spec_reader *r, const char *model,
                      const char *option, const char *a, const char *b)
{
    double x, y;
    if (!names_of(r)->is_word(model, option) && spred_parse_real(a, &x) &&
        spred_parse_real(b, &y))
        return x <= y && x >= y;
    return strcmp(a, b) == 0;
}

static enum spred_status add_value(struct spec_reader *r,
                                   const struct entry *entry,
                                   const struct spec_node *key,
                                   const struct spec_node *value,
                                   struct spec_axis *axis)
{
    SPRED_TRY(check_value(r, entry, key, value));
    if (strchr(value->text, ';'))
        return spec_fail(r, value,
                         "tune.%s: '%.100s': a tuned value cannot "
                         "have a ;",
                         axis->name, value->text);
    for (size_t i = 0; i < axis->n_values; i++)
        if (same_value(r, entry->name, axis->name, axis->values[i],
                       value->text))
            return spec_fail(
                r, value, "tune.%s: '%.100s' is there twice, first as '%.100s'",
                axis->name, value->text, axis->values[i]);
    char **values =
        spec_grow(r, axis->values, axis->n_values, sizeof *axis->values);
    if (!values)
        return SPRED_ENOMEM;
    axis->values = values;
    values[axis->n_values] = spred_strdup(r->env, value->text);
    return values[axis->n_values++] ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_axis(struct spec_reader *r,
                                   const struct entry *entry,
                                   const struct spec_node *key,
                                   struct spec_node *value,
                                   struct spec_model *m)
{
    for (size_t i = 0; i < m->n_settings; i++)
        if (strcmp(m->settings[i].name, key->text) == 0)
            return spec_fail(r, key,
                             "tune.%s: is set at line %u, too: either one "
                             "value or a choice",
                             key->text, m->settings[i].line);
    struct spec_axis *axes = spec_grow(r, m->tune, m->n_tune, sizeof *axes);
    if (!axes)
        return SPRED_ENOMEM;
    m->tune = axes;
    struct spec_axis *axis = &axes[m->n_tune++];
    axis->line = key->line;
    axis->column = key->column;
    if (!(axis->name = spred_strdup(r->env, key->text)))
        return SPRED_ENOMEM;
    if (names_of(r)->is_word(entry->name, key->text))
        SPRED_TRY(make_words(r, key, 1, &value));
    if (value->kind != SPEC_NODE_LIST)
        return add_value(r, entry, key, value, axis);
    if (value->n == 0)
        return spec_fail(r, value,
                         "tune.%s: is empty, expected at least one value",
                         key->text);
    for (size_t i = 0; i < value->n; i++)
        SPRED_TRY(add_value(r, entry, key, value->items[i], axis));
    return SPRED_OK;
}

static enum spred_status read_grid(struct spec_reader *r,
                                   const struct entry *entry,
                                   const struct spec_node *tune,
                                   struct spec_model *m)
{
    size_t total = 1;
    SPRED_TRY(spec_want(r, tune, "tune", SPEC_NODE_MAP));
    for (size_t i = 0; i < tune->n; i++) {
        SPRED_TRY(read_axis(r, entry, tune->keys[i], tune->items[i], m));
        size_t n = m->tune[m->n_tune - 1].n_values;
        if (n > GRID_MAX / total)
            return spec_fail(r, tune->keys[i],
                             "tune: more than %u settings in one job",
                             GRID_MAX);
        total *= n;
    }
    return SPRED_OK;
}

/* "mlp hidden=64 lr=0.1;0.3". */
static enum spred_status make_label(struct spec_reader *r, struct spec_model *m)
{
    struct spred_buffer label = {0};
    enum spred_status status = spred_buffer_add(r->env, &label, "%s", m->name);
    for (size_t i = 0; i < m->n_settings && status == SPRED_OK; i++)
        status = spred_buffer_add(r->env, &label, " %s=%s", m->settings[i].name,
                                  m->settings[i].value);
    for (size_t i = 0; i < m->n_tune && status == SPRED_OK; i++) {
        const struct spec_axis *axis = &m->tune[i];
        for (size_t k = 0; k < axis->n_values && status == SPRED_OK; k++)
            status =
                k ? spred_buffer_add(r->env, &label, ";%s", axis->values[k])
                  : spred_buffer_add(r->env, &label, " %s=%s", axis->name,
                                     axis->values[k]);
    }
    m->label = label.text;
    return status;
}

/* The same options in the same order, tuned over the same values. */
static int same_model(const struct spec_reader *r, const struct spec_model *a,
                      const struct spec_model *b)
{
    if (strcmp(a->name, b->name) != 0 || a->n_settings != b->n_settings ||
        a->n_tune != b->n_tune)
        return 0;
    for (size_t i = 0; i < a->n_settings; i++) {
        const struct spec_setting *x = &a->settings[i], *y = &b->settings[i];
        if (strcmp(x->name, y->name) != 0 ||
            !same_value(r, a->name, x->name, x->value, y->value))
            return 0;
    }
    for (size_t i = 0; i < a->n_tune; i++) {
        const struct spec_axis *x = &a->tune[i], *y = &b->tune[i];
        if (strcmp(x->name, y->name) != 0 || x->n_values != y->n_values)
            return 0;
        for (size_t k = 0; k < x->n_values; k++)
            if (!same_value(r, a->name, x->name, x->values[k], y->values[k]))
                return 0;
    }
    return 1;
}

static enum spred_status read_combination(struct spec_reader *r,
                                          const struct entry *entry,
                                          const struct spec_node *options,
                                          const struct spec_node *tune)
{
    struct spec *out = r->out;
    struct spec_model *array =
        spec_grow(r, out->models, out->n_models, sizeof *array);
    if (!array)
        return SPRED_ENOMEM;
    out->models = array;
    struct spec_model *m = &array[out->n_models++];
    m->line = entry->key->line;
    m->column = entry->key->column;
    if (!(m->name = spred_strdup(r->env, entry->name)))
        return SPRED_ENOMEM;
    for (size_t i = 0; i < options->n; i++) {
        const struct spec_node *key = options->keys[i];
        SPRED_TRY(check_value(r, entry, key, options->items[i]));
        SPRED_TRY(spec_add_setting(r, &m->settings, &m->n_settings, key,
                                   options->items[i]));
    }
    if (tune)
        SPRED_TRY(read_grid(r, entry, tune, m));
    SPRED_TRY(make_label(r, m));
    for (size_t i = 0; i + 1 < out->n_models; i++)
        if (same_model(r, &out->models[i], m))
            return spec_fail(r, entry->key,
                             "'%.200s' is there twice, first at line %u",
                             m->label, out->models[i].line);
    return SPRED_OK;
}

static enum spred_status read_entry(struct spec_reader *r, struct entry *entry,
                                    const struct spec_node *options)
{
    struct spec_node *plain, *list;
    const char *written = entry->name;
    SPRED_TRY(spec_want(r, options, written, SPEC_NODE_MAP));
    if (!(entry->name = names_of(r)->resolve(written)) &&
        r->solvers->resolve(written, NULL))
        return spec_fail(r, entry->key,
                         "'%s' is a solver, not a model: write it under "
                         "'solvers', with a problem",
                         written);
    if (!entry->name)
        return spec_unknown(r, entry->key, "model", written, names_of(r)->all);
    SPRED_TRY(plain_options(r, entry, options, &plain));
    SPRED_TRY(spec_sweep(r, plain, written, NULL, &list));
    for (size_t i = 0; i < list->n; i++)
        SPRED_TRY(read_combination(r, entry, list->items[i],
                                   spec_node_get(options, "tune")));
    return SPRED_OK;
}

enum spred_status spec_read_models(struct spec_reader *r,
                                   struct spec_node *node)
{
    SPRED_TRY(spec_want(r, node, "models", SPEC_NODE_LIST));
    if (node->n == 0)
        return spec_fail(r, node,
                         "models: is empty, expected at least one model");
    if (!names_of(r))
        return spec_fail(r, node, "models: this program has none");
    for (size_t i = 0; i < node->n; i++) {
        struct spec_node *item = node->items[i];
        struct entry entry = {item->text, item};
        const struct spec_node *options =
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
                             "models: expected a name or one name with its "
                             "options, for example {name: {option: value, "
                             "tune: {other: [1, 2]}}}");
        }
        SPRED_TRY(read_entry(r, &entry, options));
        if (r->out->n_models > SPEC_SWEEP_MAX)
            return spec_fail(r, item, "more than %u models", SPEC_SWEEP_MAX);
    }
    return SPRED_OK;
}
