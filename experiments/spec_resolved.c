/* spec_resolved.c: a spec -> canonical YAML with every default shown, which
 * reads back to the same spec (its data paths are seen from the working
 * folder). */
#include "experiments/spec_read.h"

#include <stdio.h>
#include <string.h>

#include "experiments/units.h"

/* The first failure stays; later writes do nothing. */
struct writer {
    struct spred_env *env;
    struct spred_buffer text;
    enum spred_status status;
};

static void put(struct writer *w, const char *text)
{
    if (w->status == SPRED_OK)
        w->status = spred_buffer_append(w->env, &w->text, text, strlen(text));
}

static void put_integer(struct writer *w, int64_t value)
{
    if (w->status == SPRED_OK)
        w->status =
            spred_buffer_add(w->env, &w->text, "%lld", (long long)value);
}

static void put_real(struct writer *w, double value)
{
    char text[32];
    spec_shortest(value, text);
    put(w, text);
}

static void put_share(struct writer *w, double value)
{
    char text[32];
    spec_shortest_share(value, text);
    put(w, text);
}

/* Plain where that is safe, else in double quotes. */
static void put_text(struct writer *w, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";
    if (strspn(text, plain) == strlen(text) && strncmp(text, "-", 1) != 0 &&
        strncmp(text, ".", 1) != 0 && spec_plain_kind(text) == SPEC_NODE_TEXT) {
        put(w, text);
        return;
    }
    put(w, "\"");
    for (const char *c = text; *c; c++) {
        char one[8] = {*c, '\0'};
        if (*c == '"' || *c == '\\')
            snprintf(one, sizeof one, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || *c == 0x7F)
            snprintf(one, sizeof one, "\\x%02X", (unsigned)*c);
        put(w, one);
    }
    put(w, "\"");
}

static void put_value(struct writer *w, const struct spec_field *field,
                      const void *slot)
{
    switch (field->kind) {
    case SPEC_FIELD_INT:
        put_integer(w, *(const int64_t *)slot);
        break;
    case SPEC_FIELD_REAL:
        put_real(w, *(const double *)slot);
        break;
    case SPEC_FIELD_CHOICE:
        put_text(w, field->choices[*(const int *)slot]);
        break;
    case SPEC_FIELD_BOOL:
        put(w, *(const int *)slot ? "true" : "false");
        break;
    case SPEC_FIELD_DURATION:
    case SPEC_FIELD_SIZE:
        put_real(w, *(const double *)slot);
        put(w, field->kind == SPEC_FIELD_SIZE ? " B" : " s");
        break;
    case SPEC_FIELD_SHARE:
        put_share(w, *(const double *)slot);
        break;
    case SPEC_FIELD_TEXT:
    case SPEC_FIELD_OTHER: /* of type char * wherever it gets here */
        put_text(w, *(char *const *)slot);
        break;
    case SPEC_FIELD_MAP:
        break;
    }
}

/* "{gap: 1e-06, ...}", without texts that are not given. */
static void put_fields(struct writer *w, const struct spec_field *table,
                       const void *from)
{
    const char *between = "{";
    for (; table->key; table++) {
        const char *at = (const char *)from + table->offset;
        const void *slot = at;
        int text =
            table->kind == SPEC_FIELD_TEXT || table->kind == SPEC_FIELD_OTHER;
        if (text && !*(char *const *)slot)
            continue;
        put(w, between);
        put(w, table->key);
        put(w, ": ");
        if (table->kind == SPEC_FIELD_MAP)
            put_fields(w, table->fields, from);
        else
            put_value(w, table, slot);
        between = ", ";
    }
    put(w, "}");
}

static int counts(const struct spec_dataset *d, size_t group, int fallback)
{
    return d->group == group && d->fallback == fallback;
}

/* "[a, b]" of the names of one group. */
static void put_names(struct writer *w, const struct spec *spec, size_t group,
                      int fallback)
{
    const char *between = "[";
    for (size_t i = 0; i < spec->n_datasets; i++)
        if (counts(&spec->datasets[i], group, fallback)) {
            put(w, between);
            put_text(w, spec->datasets[i].name);
            between = ", ";
        }
    put(w, "]");
}

static void put_geo(struct writer *w, const struct spec *spec, size_t group)
{
    const char *between = ", target: {";
    int fallback = 0;
    put(w, "geo: {accession: ");
    put_names(w, spec, group, 0);
    for (size_t i = 0; i < spec->n_datasets; i++) {
        const struct spec_dataset *d = &spec->datasets[i];
        fallback |= counts(d, group, 1);
        if (!counts(d, group, 0))
            continue;
        put(w, between);
        put_text(w, d->name);
        put(w, ": ");
        put_text(w, d->target);
        between = ", ";
    }
    put(w, "}}\n");
    if (fallback) {
        put(w, "    otherwise: {debian: ");
        put_names(w, spec, group, 1);
        put(w, "}\n");
    }
}

/* All sets of one item as tied keys, so that they stay one item. */
static void put_simulated(struct writer *w, const struct spec *spec,
                          size_t group)
{
    const char *between = "]: [[";
    put(w, "simulated: {\"name, n, p, blocks, rho, k, snr, classes\": [");
    for (size_t i = 0; i < spec->n_datasets; i++) {
        const struct spec_dataset *d = &spec->datasets[i];
        if (!counts(d, group, 0))
            continue;
        between = between[0] == ']' ? "[" : ",\n        [";
        for (const struct spec_field *f = spec_simulated_fields; f->key; f++) {
            const char *at = (const char *)d + f->offset;
            put(w, between);
            between = ", ";
            if (strcmp(f->key, "rho") == 0) {
                put(w, "[");
                put_real(w, d->rho_min);
                put(w, ", ");
                put_real(w, d->rho_max);
                put(w, "]");
            } else {
                put_value(w, f, (const void *)at);
            }
        }
        put(w, "]");
    }
    put(w, "]}\n");
}

static void put_datasets(struct writer *w, const struct spec *spec)
{
    put(w, "datasets:\n");
    for (size_t i = 0; i < spec->n_datasets; i++) {
        const struct spec_dataset *d = &spec->datasets[i];
        if (i > 0 && d[-1].group == d->group)
            continue;
        put(w, "  - ");
        if (d->source == SPEC_GEO) {
            put_geo(w, spec, d->group);
        } else if (d->source == SPEC_DEBIAN) {
            put(w, "debian: ");
            put_names(w, spec, d->group, 0);
            put(w, "\n");
        } else if (d->source == SPEC_FILE) {
            put(w, "file: ");
            put_fields(w, spec_file_fields, d);
            put(w, "\n");
        } else {
            put_simulated(w, spec, d->group);
        }
    }
}

/* {path, min_ratio} where that gives the same numbers, else the list. */
static void put_lambda(struct writer *w, const struct spec_problem *p)
{
    double *path = spred_alloc(w->env, p->n_lambda, sizeof *path);
    if (!path) {
        w->status = SPRED_ENOMEM;
        return;
    }
    if (p->n_lambda > 1)
        spec_lambda_path(p->n_lambda, p->lambda[p->n_lambda - 1], path);
    if (p->n_lambda > 1 && !p->lambda_absolute &&
        memcmp(path, p->lambda, p->n_lambda * sizeof *path) == 0) {
        put(w, "{path: ");
        put_integer(w, (int64_t)p->n_lambda);
        put(w, ", min_ratio: ");
        put_real(w, p->lambda[p->n_lambda - 1]);
        put(w, "}");
    } else {
        put(w, p->lambda_absolute ? "{absolute: [" : "[");
        for (size_t i = 0; i < p->n_lambda; i++) {
            put(w, i ? ", " : "");
            put_real(w, p->lambda[i]);
        }
        put(w, p->lambda_absolute ? "]}" : "]");
    }
    spred_free(w->env, path);
}

static void put_problems(struct writer *w, const struct spec *spec)
{
    put(w, "problems:\n");
    for (size_t i = 0; i < spec->n_problems && w->status == SPRED_OK; i++) {
        const struct spec_problem *p = &spec->problems[i];
        put(w, "  - name: ");
        put_text(w, p->name);
        put(w, "\n    loss: ");
        put(w, spec_loss_names[p->loss]);
        put(w, "\n    penalty: ");
        if (p->l1_ratio < 1) {
            put(w, "{elastic-net: {l1_ratio: ");
            put_real(w, p->l1_ratio);
            put(w, "}}");
        } else {
            put(w, "l1");
        }
        put(w,
            p->intercept ? "\n    intercept: true" : "\n    intercept: false");
        put(w, p->standardize ? "\n    standardize: train"
                              : "\n    standardize: false");
        put(w, "\n    lambda: ");
        put_lambda(w, p);
        put(w, "\n");
    }
}

static void put_solvers(struct writer *w, const struct spec *spec)
{
    put(w, "solvers:\n");
    for (size_t i = 0; i < spec->n_solvers; i++) {
        const struct spec_solver *s = &spec->solvers[i];
        put(w, "  - ");
        put_text(w, s->name);
        for (size_t k = 0; k < s->n_settings; k++) {
            put(w, k ? ", " : ": {");
            put_text(w, s->settings[k].name);
            put(w, ": ");
            /* Numbers and booleans as they are; the rest as text. */
            if (spec_plain_kind(s->settings[k].value) == SPEC_NODE_NUMBER ||
                spec_plain_kind(s->settings[k].value) == SPEC_NODE_BOOL)
                put(w, s->settings[k].value);
            else
                put_text(w, s->settings[k].value);
        }
        put(w, s->n_settings ? "}\n" : "\n");
    }
}

enum spred_status spec_resolve(struct spred_env *env, struct spec *spec)
{
    struct writer w = {.env = env, .status = SPRED_OK};
    const struct {
        const char *head;
        const struct spec_field *fields;
        const void *from;
    } maps[] = {{"preprocess: ", spec_preprocess_fields, &spec->preprocess},
                {"protocol: ", spec_protocol_fields, &spec->protocol},
                {"stop: ", spec_stop_fields, &spec->stop},
                {"limits: ", spec_limits_fields, &spec->limits}};
    put(&w, "version: 1\nname: ");
    put_text(&w, spec->name);
    put(&w, "\nseed: ");
    put_integer(&w, (int64_t)spec->seed);
    put(&w, "\n");
    put_datasets(&w, spec);
    put_problems(&w, spec);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        put(&w, maps[i].head);
        put_fields(&w, maps[i].fields, maps[i].from);
        put(&w, "\n");
    }
    put_solvers(&w, spec);
    put(&w, "measure: {threads: ");
    put_integer(&w, spec->threads);
    put(&w, "}\nfigures: [");
    for (size_t i = 0; i < spec->n_figures; i++) {
        put(&w, i ? ", " : "");
        put(&w, spec->figures[i]);
    }
    put(&w, "]\n");
    spec->resolved = w.text.text;
    return w.status;
}
