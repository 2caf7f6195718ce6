/* spec_resolved.c: a spec -> canonical YAML with every default shown, which
 * reads back to the same spec (its data paths are seen from the working
 * folder). */
#include "experiments/spec_coding.h"
#include "experiments/spec_write.h"

#include "spred/host.h"

#include <string.h>

static int counts(const struct spec_dataset *d, size_t group, int fallback)
{
    return d->group == group && d->fallback == fallback;
}

/* "[a, b]" of the names of one group. */
static void put_names(struct spec_writer *w, const struct spec *spec,
                      size_t group, int fallback)
{
    const char *between = "[";
    for (size_t i = 0; i < spec->n_datasets; i++)
        if (counts(&spec->datasets[i], group, fallback)) {
            spec_put(w, between);
            spec_put_text(w, spec->datasets[i].name);
            between = ", ";
        }
    spec_put(w, "]");
}

static void put_geo(struct spec_writer *w, const struct spec *spec,
                    size_t group)
{
    const char *between = ", target: {";
    int fallback = 0;
    spec_put(w, "geo: {accession: ");
    put_names(w, spec, group, 0);
    for (size_t i = 0; i < spec->n_datasets; i++) {
        const struct spec_dataset *d = &spec->datasets[i];
        fallback |= counts(d, group, 1);
        if (!counts(d, group, 0))
            continue;
        spec_put(w, between);
        spec_put_text(w, d->name);
        spec_put(w, ": ");
        spec_put_text(w, d->target);
        between = ", ";
    }
    spec_put(w, "}}\n");
    if (fallback) {
        spec_put(w, "    otherwise: {debian: ");
        put_names(w, spec, group, 1);
        spec_put(w, "}\n");
    }
}

/* All sets of one item as tied keys, so that they stay one item. */
static void put_simulated(struct spec_writer *w, const struct spec *spec,
                          size_t group)
{
    int rows = 0;
    const struct spec_dataset *head = spec->datasets;
    while (!counts(head, group, 0))
        head++;
    const struct spec_field *fields = spec_simulated_fields[head->kind] + 1;
    spec_put(w, "simulated: {kind: ");
    spec_put(w, spec_simulated_kinds[head->kind]);
    for (const struct spec_field *f = fields; f->key; f++) {
        spec_put(w, f == fields ? ", \"" : ", ");
        spec_put(w, f->key);
    }
    spec_put(w, "\": [");
    for (size_t i = 0; i < spec->n_datasets; i++) {
        const struct spec_dataset *d = &spec->datasets[i];
        if (!counts(d, group, 0))
            continue;
        const char *between = rows++ ? ",\n        [" : "[";
        for (const struct spec_field *f = fields; f->key; f++) {
            const char *at = (const char *)d + f->offset;
            spec_put(w, between);
            between = ", ";
            if (strcmp(f->key, "rho") == 0) {
                spec_put(w, "[");
                spec_put_real(w, d->rho_min);
                spec_put(w, ", ");
                spec_put_real(w, d->rho_max);
                spec_put(w, "]");
            } else {
                spec_put_value(w, f, (const void *)at);
            }
        }
        spec_put(w, "]");
    }
    spec_put(w, "]}\n");
}

static void put_plain(struct spec_writer *w, const char *text)
{
    enum spec_node_kind kind = spec_plain_kind(text);
    if (kind == SPEC_NODE_NUMBER || kind == SPEC_NODE_BOOL)
        spec_put(w, text);
    else
        spec_put_text(w, text);
}

/* "a: 1, b: text"; numbers and booleans as they are, the rest as text. */
static void put_settings(struct spec_writer *w,
                         const struct spec_setting *settings, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        spec_put(w, k ? ", " : "");
        spec_put_text(w, settings[k].name);
        spec_put(w, ": ");
        put_plain(w, settings[k].value);
    }
}

static void put_loader(struct spec_writer *w, const struct spec_dataset *d)
{
    spec_put(w, "loader: {name: ");
    spec_put_text(w, d->loader);
    spec_put(w, ", as: ");
    spec_put_text(w, d->name);
    if (d->path) {
        spec_put(w, ", path: ");
        spec_put_text(w, d->path);
    }
    if (d->n_settings) {
        spec_put(w, ", options: {");
        put_settings(w, d->settings, d->n_settings);
        spec_put(w, "}");
    }
    spec_put(w, ", target: ");
    spec_put_text(w, d->target);
    spec_put(w, "}\n");
}

static void put_images(struct spec_writer *w, const struct spec_dataset *d)
{
    spec_put(w, d->path ? "images: {path: " : "images: {name: ");
    spec_put_text(w, d->path ? d->path : d->loader);
    spec_put(w, ", as: ");
    spec_put_text(w, d->name);
    spec_put(w, ", samples: ");
    spec_put_integer(w, d->samples);
    spec_put(w, ", target: ");
    spec_put_text(w, d->target);
    spec_put(w, "}\n");
}

static void put_datasets(struct spec_writer *w, const struct spec *spec)
{
    spec_put(w, "datasets:\n");
    for (size_t i = 0; i < spec->n_datasets; i++) {
        const struct spec_dataset *d = &spec->datasets[i];
        if (i > 0 && d[-1].group == d->group)
            continue;
        spec_put(w, "  - ");
        if (d->source == SPEC_GEO) {
            put_geo(w, spec, d->group);
        } else if (d->source == SPEC_DEBIAN) {
            spec_put(w, "debian: ");
            put_names(w, spec, d->group, 0);
            spec_put(w, "\n");
        } else if (d->source == SPEC_FILE) {
            spec_put(w, "file: ");
            spec_put_fields(w, spec_file_fields, d);
            spec_put(w, "\n");
        } else if (d->source == SPEC_LOADER) {
            put_loader(w, d);
        } else if (d->source == SPEC_IMAGES) {
            put_images(w, d);
        } else if (d->source == SPEC_PATCHES) {
            spec_put_patches(w, spec, d->group);
        } else {
            put_simulated(w, spec, d->group);
        }
    }
}

/* {path, min_ratio} where that gives the same numbers, else the list, as the
 * file had it. */
static void put_lambda(struct spec_writer *w, const struct spec_problem *p)
{
    double *path = spred_alloc(w->env, p->n_lambda, sizeof *path);
    if (!path) {
        w->status = SPRED_ENOMEM;
        return;
    }
    if (p->n_lambda > 1)
        spred_lambda_path(1, p->lambda[p->n_lambda - 1], p->n_lambda, path);
    if (p->n_lambda > 1 && !p->lambda_absolute &&
        memcmp(path, p->lambda, p->n_lambda * sizeof *path) == 0) {
        spec_put(w, "{path: ");
        spec_put_integer(w, (int64_t)p->n_lambda);
        spec_put(w, ", min_ratio: ");
        spec_put_real(w, p->lambda[p->n_lambda - 1]);
        spec_put(w, "}");
    } else {
        spec_put(w, p->lambda_absolute ? "{absolute: [" : "[");
        for (size_t i = 0; i < p->n_lambda; i++) {
            spec_put(w, i ? ", " : "");
            spec_put_real(w, p->lambda[i] * (p->authors ? 2 : 1));
        }
        spec_put(w, p->lambda_absolute ? "]}" : "]");
    }
    spred_free(w->env, path);
}

static void put_problems(struct spec_writer *w, const struct spec *spec)
{
    spec_put(w, "problems:\n");
    for (size_t i = 0; i < spec->n_problems && w->status == SPRED_OK; i++) {
        const struct spec_problem *p = &spec->problems[i];
        spec_put(w, "  - name: ");
        spec_put_text(w, p->name);
        spec_put(w, "\n    loss: ");
        spec_put_text(w, p->loss == SPEC_CUSTOM ? p->own_loss
                                                : spec_loss_names[p->loss]);
        spec_put(w, "\n    penalty: ");
        spec_put_penalty(w, p);
        spec_put(w, p->intercept ? "\n    intercept: true"
                                 : "\n    intercept: false");
        spec_put(w, p->standardize ? "\n    standardize: train"
                                   : "\n    standardize: false");
        spec_put(w, "\n    lambda: ");
        put_lambda(w, p);
        spec_put(w, "\n    scaling: ");
        spec_put(w, spec_scaling_names[p->authors]);
        spec_put(w, p->warm_start ? "\n    warm_start: true\n"
                                  : "\n    warm_start: false\n");
    }
}

static void put_solvers(struct spec_writer *w, const struct spec *spec)
{
    spec_put(w, "solvers:\n");
    for (size_t i = 0; i < spec->n_solvers; i++) {
        const struct spec_solver *s = &spec->solvers[i];
        spec_put(w, "  - ");
        spec_put_text(w, s->name);
        if (s->n_settings) {
            spec_put(w, ": {");
            put_settings(w, s->settings, s->n_settings);
            spec_put(w, "}");
        }
        spec_put(w, "\n");
    }
}

static void put_grid(struct spec_writer *w, const struct spec_model *m)
{
    spec_put(w, m->n_settings ? ", tune: {" : "tune: {");
    for (size_t i = 0; i < m->n_tune; i++) {
        const struct spec_axis *axis = &m->tune[i];
        spec_put(w, i ? ", " : "");
        spec_put_text(w, axis->name);
        for (size_t k = 0; k < axis->n_values; k++) {
            spec_put(w, k ? ", " : ": [");
            put_plain(w, axis->values[k]);
        }
        spec_put(w, "]");
    }
    spec_put(w, "}");
}

static void put_models(struct spec_writer *w, const struct spec *spec)
{
    spec_put(w, "models:\n");
    for (size_t i = 0; i < spec->n_models; i++) {
        const struct spec_model *m = &spec->models[i];
        spec_put(w, "  - ");
        spec_put_text(w, m->name);
        if (m->n_settings || m->n_tune) {
            spec_put(w, ": {");
            put_settings(w, m->settings, m->n_settings);
            if (m->n_tune)
                put_grid(w, m);
            spec_put(w, "}");
        }
        spec_put(w, "\n");
    }
}

enum spred_status spec_resolve(struct spred_env *env, struct spec *spec)
{
    struct spec_writer w = {.env = env, .status = SPRED_OK};
    const struct {
        const char *head;
        const struct spec_field *fields;
        const void *from;
    } maps[] = {{"preprocess: ", spec_preprocess_fields, &spec->preprocess},
                {"protocol: ", spec_protocol_fields, &spec->protocol},
                {"stop: ", spec_stop_fields, &spec->stop},
                {"limits: ", spec_limits_fields, &spec->limits}};
    spec_put(&w, "version: 1\nname: ");
    spec_put_text(&w, spec->name);
    spec_put(&w, "\nseed: ");
    spec_put_integer(&w, (int64_t)spec->seed);
    spec_put(&w, "\n");
    if (spec->script) {
        spec_put(&w, "script: ");
        spec_put_text(&w, spec->script);
        spec_put(&w, "\n");
    }
    put_datasets(&w, spec);
    if (spec->n_problems)
        put_problems(&w, spec);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        spec_put(&w, maps[i].head);
        spec_put_fields(&w, maps[i].fields, maps[i].from);
        spec_put(&w, "\n");
    }
    if (spec->n_solvers)
        put_solvers(&w, spec);
    if (spec->n_models)
        put_models(&w, spec);
    if (spec->coding)
        spec_put_coding(&w, spec->coding);
    spec_put(&w, "measure: ");
    spec_put_fields(&w, spec_measure_fields, spec);
    spec_put(&w, "\nfigures: [");
    for (size_t i = 0; i < spec->n_figures; i++) {
        spec_put(&w, i ? ", " : "");
        spec_put(&w, spec->figures[i]);
    }
    spec_put(&w, "]\n");
    spec->resolved = w.text.text;
    return w.status;
}
