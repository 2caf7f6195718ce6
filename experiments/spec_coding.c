/* spec_coding.c: the section `coding:`: which dictionaries are learned, which
 * coders are compared on them, at which lambdas and gaps. */
#include "experiments/spec_coding.h"
#include "experiments/spec_read.h"
#include "experiments/spec_write.h"

#include <string.h>

#define ATOMS_MAX 65536
#define NUMBERS_MAX 64
#define METHODS_MAX 200u

static const struct spec_field denoise_fields[] = {
    {"sigma", SPEC_FIELD_REAL, offsetof(struct spec_coding, sigma), 0, 255,
     NULL, NULL},
    {"stride", SPEC_FIELD_INT, offsetof(struct spec_coding, stride), 1, 64,
     NULL, NULL},
    {"gap", SPEC_FIELD_REAL, offsetof(struct spec_coding, noise_gap), 1e-14, 1,
     NULL, NULL},
    {0}};

static const struct spec_field coding_fields[] = {
    {"dictionaries", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"atoms", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"dictionary_lambda", SPEC_FIELD_REAL,
     offsetof(struct spec_coding, dictionary_lambda), 1e-12, 1e12, NULL, NULL},
    {"lambda", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"coders", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"gaps", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"denoise", SPEC_FIELD_MAP, 0, 0, 0, NULL, denoise_fields},
    {0}};

/* One list of methods that is being read. */
struct list {
    const char *key, *what; /* "coders", "coder" */
    const struct spec_model_names *names;
    struct spec_coding_method **rows;
    size_t *n;
};

static void methods_free(struct spred_env *env,
                         struct spec_coding_method *methods, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct spec_coding_method *m = &methods[i];
        for (size_t k = 0; k < m->n_settings; k++) {
            spred_free(env, m->settings[k].name);
            spred_free(env, m->settings[k].value);
        }
        spred_free(env, m->settings);
        spred_free(env, m->name);
        spred_free(env, m->label);
    }
    spred_free(env, methods);
}

void spec_coding_free(struct spred_env *env, struct spec_coding *coding)
{
    if (!coding)
        return;
    methods_free(env, coding->dictionaries, coding->n_dictionaries);
    methods_free(env, coding->coders, coding->n_coders);
    spred_free(env, coding->atoms);
    spred_free(env, coding->lambda);
    spred_free(env, coding->gaps);
    spred_free(env, coding);
}

static enum spred_status add_option(struct spec_reader *r,
                                    const struct list *list,
                                    const struct spec_node *key,
                                    const struct spec_node *value,
                                    struct spec_coding_method *m)
{
    if (!value->text || value->kind == SPEC_NODE_NULL)
        return spec_fail(r, value->line ? value : key,
                         "%s %s: %s: expected one value or a list of values",
                         list->what, m->name, key->text);
    enum spred_status status =
        list->names->check(r->env, m->name, key->text, value->text);
    if (status == SPRED_ENOMEM)
        return status;
    if (status != SPRED_OK)
        return spec_fail(r, status == SPRED_ENOTFOUND ? key : value,
                         "%s %s: %s", list->what, m->name, r->env->error);
    return spec_add_setting(r, &m->settings, &m->n_settings, key, value);
}

static enum spred_status add_method(struct spec_reader *r,
                                    const struct list *list,
                                    const struct spec_node *key,
                                    const char *name,
                                    const struct spec_node *options)
{
    struct spred_buffer label = {0};
    struct spec_coding_method *rows =
        spec_grow(r, *list->rows, *list->n, sizeof *rows);
    if (!rows)
        return SPRED_ENOMEM;
    *list->rows = rows;
    struct spec_coding_method *m = &rows[(*list->n)++];
    m->line = key->line;
    m->column = key->column;
    if (!(m->name = spred_strdup(r->env, name)))
        return SPRED_ENOMEM;
    for (size_t i = 0; i < options->n; i++)
        SPRED_TRY(add_option(r, list, options->keys[i], options->items[i], m));
    enum spred_status status = spred_buffer_add(r->env, &label, "%s", name);
    for (size_t i = 0; i < m->n_settings && status == SPRED_OK; i++)
        status = spred_buffer_add(r->env, &label, " %s=%s", m->settings[i].name,
                                  m->settings[i].value);
    m->label = label.text;
    for (size_t i = 0; i + 1 < *list->n && status == SPRED_OK; i++)
        if (strcmp(rows[i].label, m->label) == 0)
            status =
                spec_fail(r, key, "'%.200s' is there twice, first at line %u",
                          m->label, rows[i].line);
    return status;
}

/* A name, or a name with its options and their sweeps. */
static enum spred_status read_entry(struct spec_reader *r,
                                    const struct list *list,
                                    struct spec_node *item)
{
    struct spec_node *options =
        spec_node_new(r->env, r->doc, SPEC_NODE_MAP, NULL, item);
    const struct spec_node *key = item;
    struct spec_node *combinations;
    if (!options)
        return SPRED_ENOMEM;
    if (item->kind == SPEC_NODE_MAP && item->n == 1) {
        key = item->keys[0];
        if (item->items[0]->kind != SPEC_NODE_NULL)
            options = item->items[0];
    } else if (item->kind != SPEC_NODE_TEXT) {
        return spec_fail(r, item,
                         "%s: expected a name or one name with its options, "
                         "for example {name: {option: value}}",
                         list->key);
    }
    SPRED_TRY(spec_want(r, options, key->text, SPEC_NODE_MAP));
    const char *name = list->names->resolve(key->text);
    if (!name)
        return spec_unknown(r, key, list->what, key->text, list->names->all);
    SPRED_TRY(spec_sweep(r, options, key->text, NULL, &combinations));
    for (size_t i = 0; i < combinations->n; i++)
        SPRED_TRY(add_method(r, list, key, name, combinations->items[i]));
    return SPRED_OK;
}

/* `all` stands for every name of the registry. */
static enum spred_status read_methods(struct spec_reader *r,
                                      const struct spec_node *map,
                                      const struct list *list)
{
    struct spec_node *node = spec_node_get(map, list->key);
    if (!node)
        return spec_fail(r, map, "coding: '%s' is missing", list->key);
    if (node->kind == SPEC_NODE_TEXT && strcmp(node->text, "all") == 0) {
        const struct spec_node none = {.kind = SPEC_NODE_MAP};
        for (size_t i = 0; list->names->all[i]; i++) {
            const char *name = list->names->all[i];
            if (strcmp(list->names->resolve(name), name) == 0)
                SPRED_TRY(add_method(r, list, node, name, &none));
        }
        return SPRED_OK;
    }
    SPRED_TRY(spec_want(r, node, list->key, SPEC_NODE_LIST));
    if (node->n == 0)
        return spec_fail(r, node, "%s: is empty, expected at least one %s",
                         list->key, list->what);
    for (size_t i = 0; i < node->n; i++) {
        SPRED_TRY(read_entry(r, list, node->items[i]));
        if (*list->n > METHODS_MAX)
            return spec_fail(r, node->items[i], "more than %u %s", METHODS_MAX,
                             list->key);
    }
    return SPRED_OK;
}

/* One number or a list of them, in bounds, none twice. */
static enum spred_status read_numbers(struct spec_reader *r,
                                      const struct spec_node *map,
                                      const char *key, double low, double high,
                                      double **out, size_t *n)
{
    const struct spec_node *node = spec_node_get(map, key), *one = node;
    if (!node)
        return spec_fail(r, map, "coding: '%s' is missing", key);
    size_t count = node->kind == SPEC_NODE_LIST ? node->n : 1;
    if (count == 0 || count > NUMBERS_MAX)
        return spec_fail(r, node, "%s: found %zu values, expected 1 to %d", key,
                         count, NUMBERS_MAX);
    if (!(*out = spred_alloc(r->env, count, sizeof **out)))
        return SPRED_ENOMEM;
    for (*n = 0; *n < count; (*n)++) {
        if (node->kind == SPEC_NODE_LIST)
            one = node->items[*n];
        SPRED_TRY(spec_real(r, one, key, low, high, &(*out)[*n]));
        for (size_t i = 0; i < *n; i++)
            if (!((*out)[i] < (*out)[*n] || (*out)[i] > (*out)[*n]))
                return spec_fail(r, one, "%s: '%s' is there twice", key,
                                 one->text);
    }
    return SPRED_OK;
}

static enum spred_status read_atoms(struct spec_reader *r,
                                    const struct spec_node *map,
                                    struct spec_coding *c)
{
    struct spec_node *node = spec_node_get(map, "atoms");
    double *values = NULL;
    enum spred_status status =
        read_numbers(r, map, "atoms", 1, ATOMS_MAX, &values, &c->n_atoms);
    if (status == SPRED_OK &&
        !(c->atoms = spred_alloc(r->env, c->n_atoms, sizeof *c->atoms)))
        status = SPRED_ENOMEM;
    spred_free(r->env, values);
    for (size_t i = 0; i < c->n_atoms && status == SPRED_OK; i++)
        status =
            spec_int(r, node->kind == SPEC_NODE_LIST ? node->items[i] : node,
                     "atoms", 1, ATOMS_MAX, &c->atoms[i]);
    return status;
}

static enum spred_status read_gaps(struct spec_reader *r,
                                   const struct spec_node *map,
                                   struct spec_coding *c)
{
    const struct spec_node *node = spec_node_get(map, "gaps");
    SPRED_TRY(read_numbers(r, map, "gaps", 1e-14, 1, &c->gaps, &c->n_gaps));
    for (size_t i = 1; i < c->n_gaps; i++)
        if (c->gaps[i] > c->gaps[i - 1])
            return spec_fail(r, node->items[i],
                             "gaps: %g comes after %g, expected them to fall: "
                             "the last one decides whether a run is certified",
                             c->gaps[i], c->gaps[i - 1]);
    return SPRED_OK;
}

enum spred_status spec_read_coding(struct spec_reader *r,
                                   struct spec_node *node)
{
    struct spec_coding *c = r->out->coding =
        spred_alloc(r->env, 1, sizeof *r->out->coding);
    if (!c)
        return SPRED_ENOMEM;
    c->stride = 1;
    c->noise_gap = 1e-3;
    SPRED_TRY(spec_want(r, node, "coding", SPEC_NODE_MAP));
    SPRED_TRY(spec_fields(r, node, "coding", coding_fields, c));
    if (!r->solvers->coders || !r->solvers->dictionaries)
        return spec_fail(r, node, "coding: this program has none");
    const struct list dictionaries = {"dictionaries", "dictionary",
                                      r->solvers->dictionaries,
                                      &c->dictionaries, &c->n_dictionaries};
    const struct list coders = {"coders", "coder", r->solvers->coders,
                                &c->coders, &c->n_coders};
    SPRED_TRY(read_methods(r, node, &dictionaries));
    SPRED_TRY(read_methods(r, node, &coders));
    SPRED_TRY(read_atoms(r, node, c));
    SPRED_TRY(
        read_numbers(r, node, "lambda", 1e-12, 1e12, &c->lambda, &c->n_lambda));
    SPRED_TRY(read_gaps(r, node, c));
    for (size_t i = 0; c->sigma > 0 && i < r->out->n_datasets; i++) {
        const struct spec_patches *patches = r->out->datasets[i].patches;
        if (patches && c->stride > patches->size)
            return spec_fail(r, spec_node_get(node, "denoise"),
                             "denoise: a stride of %lld leaves out pixels "
                             "between patches of %lld",
                             (long long)c->stride, (long long)patches->size);
    }
    if (!(c->dictionary_lambda > 0)) /* not given */
        c->dictionary_lambda = c->lambda[c->n_lambda - 1];
    return SPRED_OK;
}

static void put_methods(struct spec_writer *w, const char *key,
                        const struct spec_coding_method *m, size_t n)
{
    spec_put(w, "  ");
    spec_put(w, key);
    spec_put(w, ":\n");
    for (size_t i = 0; i < n; i++) {
        spec_put(w, "    - ");
        spec_put_text(w, m[i].name);
        for (size_t k = 0; k < m[i].n_settings; k++) {
            const struct spec_setting *s = &m[i].settings[k];
            enum spec_node_kind kind = spec_plain_kind(s->value);
            spec_put(w, k ? ", " : ": {");
            spec_put_text(w, s->name);
            spec_put(w, ": ");
            if (kind == SPEC_NODE_NUMBER || kind == SPEC_NODE_BOOL)
                spec_put(w, s->value);
            else
                spec_put_text(w, s->value);
        }
        spec_put(w, m[i].n_settings ? "}\n" : "\n");
    }
}

static void put_numbers(struct spec_writer *w, const char *key,
                        const double *values, size_t n)
{
    spec_put(w, "  ");
    spec_put(w, key);
    for (size_t i = 0; i < n; i++) {
        spec_put(w, i ? ", " : ": [");
        spec_put_real(w, values[i]);
    }
    spec_put(w, "]\n");
}

void spec_put_coding(struct spec_writer *w, const struct spec_coding *c)
{
    spec_put(w, "coding:\n");
    put_methods(w, "dictionaries", c->dictionaries, c->n_dictionaries);
    for (size_t i = 0; i < c->n_atoms; i++) {
        spec_put(w, i ? ", " : "  atoms: [");
        spec_put_integer(w, c->atoms[i]);
    }
    spec_put(w, "]\n  dictionary_lambda: ");
    spec_put_real(w, c->dictionary_lambda);
    spec_put(w, "\n");
    put_numbers(w, "lambda", c->lambda, c->n_lambda);
    put_methods(w, "coders", c->coders, c->n_coders);
    put_numbers(w, "gaps", c->gaps, c->n_gaps);
    spec_put(w, "  denoise: ");
    spec_put_fields(w, denoise_fields, c);
    spec_put(w, "\n");
}
