/* spec.c: an experiment file -> a spec with every default filled in. */
#include "experiments/spec_coding.h"
#include "experiments/spec_read.h"

#include <string.h>

#define SEED_DEFAULT 17
#define VERSION "1"

static const struct spec_field top_fields[] = {
    {"version", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"name", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"seed", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"script", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"datasets", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"problem", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"problems", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"preprocess", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"protocol", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"solvers", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"models", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"coding", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"stop", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"limits", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"measure", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"figures", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {0}};

static enum spred_status check_version(const struct spec_reader *r,
                                       const struct spec_node *root)
{
    const struct spec_node *version = spec_node_get(root, "version");
    if (!version)
        return spec_fail(r, root,
                         "'version' is missing, expected version: " VERSION);
    if (version->kind != SPEC_NODE_NUMBER ||
        strcmp(version->text, VERSION) != 0)
        return spec_fail(r, version,
                         "version: '%.100s' is not known, expected " VERSION,
                         version->text ? version->text : "");
    return SPRED_OK;
}

/* The given name, or the file name without .yaml. */
static enum spred_status read_name(struct spec_reader *r,
                                   const struct spec_node *root)
{
    const struct spec_node *given = spec_node_get(root, "name");
    if (given)
        return spec_name(r, given, "name", &r->out->name);
    const char *slash = strrchr(r->doc->path, '/');
    const char *base = slash ? slash + 1 : r->doc->path;
    size_t length = strlen(base);
    if (length > 5 && strcmp(base + length - 5, ".yaml") == 0)
        length -= 5;
    else if (length > 4 && strcmp(base + length - 4, ".yml") == 0)
        length -= 4;
    r->out->name = spred_strndup(r->env, base, length);
    if (!r->out->name)
        return SPRED_ENOMEM;
    if (!spec_name_is_safe(r->out->name))
        return spec_fail(r, root,
                         "the file's name '%.100s' cannot name a folder, add "
                         "name: with letters, digits, '.', '_' and '-'",
                         r->out->name);
    return SPRED_OK;
}

static enum spred_status read_seed(struct spec_reader *r,
                                   const struct spec_node *node)
{
    int64_t seed = SEED_DEFAULT;
    if (node)
        SPRED_TRY(spec_int(r, node, "seed", 0, 9.2e18, &seed));
    r->out->seed = (uint64_t)seed;
    return SPRED_OK;
}

/* Coding is an experiment of its own: patches have nothing to predict. */
static enum spred_status read_coding(struct spec_reader *r,
                                     const struct spec_node *root,
                                     struct spec_node *coding)
{
    static const char *const others[] = {"problem", "problems", "solvers",
                                         "models", NULL};
    const struct spec *out = r->out;
    for (size_t i = 0; others[i]; i++) {
        const struct spec_node *other = spec_node_get(root, others[i]);
        if (other)
            return spec_fail(r, other,
                             "%s: does not go with 'coding', which predicts "
                             "nothing: use a file for each",
                             others[i]);
    }
    for (size_t i = 0; i < out->n_datasets; i++) {
        const struct spec_dataset *d = &out->datasets[i];
        const struct spec_node at = {.line = d->line, .column = d->column};
        if (d->source != SPEC_PATCHES)
            return spec_fail(r, &at,
                             "'%.100s': coding wants data sets of the kind "
                             "patches",
                             d->name);
    }
    return spec_read_coding(r, coding);
}

static enum spred_status refuse_patches(const struct spec_reader *r)
{
    for (size_t i = 0; i < r->out->n_datasets; i++) {
        const struct spec_dataset *d = &r->out->datasets[i];
        const struct spec_node at = {.line = d->line, .column = d->column};
        if (d->source == SPEC_PATCHES)
            return spec_fail(r, &at,
                             "'%.100s': patches have nothing to predict, "
                             "expected a section 'coding'",
                             d->name);
    }
    return SPRED_OK;
}

/* Solvers with their problems, or models, or both; or coding. */
static enum spred_status read_methods(struct spec_reader *r,
                                      struct spec_node *root)
{
    struct spec_node *solvers = spec_node_get(root, "solvers");
    struct spec_node *models = spec_node_get(root, "models");
    struct spec_node *problem = spec_node_get(root, "problem");
    struct spec_node *problems = spec_node_get(root, "problems");
    struct spec_node *coding = spec_node_get(root, "coding");
    if (coding)
        return read_coding(r, root, coding);
    SPRED_TRY(refuse_patches(r));
    if (!models || solvers || problem || problems)
        SPRED_TRY(spec_read_problems(r, problem, problems));
    if (!solvers && (!models || problem || problems))
        return spec_fail(r, models ? (problem ? problem : problems) : root,
                         models ? "problem: is for solvers, but 'solvers' is "
                                  "missing (models need no problem)"
                                : "'solvers' is missing, expected for example "
                                  "solvers: [coordinate-descent] (or models: "
                                  "[majority])");
    if (solvers)
        SPRED_TRY(spec_read_solvers(r, solvers));
    return models ? spec_read_models(r, models) : SPRED_OK;
}

static enum spred_status read_parts(struct spec_reader *r,
                                    struct spec_node *root)
{
    SPRED_TRY(check_version(r, root));
    SPRED_TRY(spec_fields(r, root, "the file", top_fields, NULL));
    SPRED_TRY(read_name(r, root));
    SPRED_TRY(read_seed(r, spec_node_get(root, "seed")));
    SPRED_TRY(spec_read_script(r, root));
    struct spec_node *datasets = spec_node_get(root, "datasets");
    if (!datasets)
        return spec_fail(r, root,
                         "'datasets' is missing, expected for example "
                         "datasets: [{debian: golub}]");
    SPRED_TRY(spec_read_datasets(r, datasets));
    SPRED_TRY(read_methods(r, root));
    return spec_read_rules(r, root);
}

static enum spred_status read_tree(struct spec_reader *r,
                                   const char *const *overrides,
                                   size_t n_overrides)
{
    struct spec_node *root = r->doc->root;
    const struct spec_node top = {.line = 1, .column = 1};
    if (!root)
        return spec_fail(r, &top,
                         "nothing in this file, expected an experiment that "
                         "begins with version: " VERSION);
    SPRED_TRY(spec_want(r, root, "an experiment", SPEC_NODE_MAP));
    for (size_t i = 0; i < n_overrides; i++)
        SPRED_TRY(spec_override(r, overrides[i]));
    return read_parts(r, root);
}

enum spred_status
spec_read_tree(struct spred_env *env, struct spec_document *doc,
               const char *const *overrides, size_t n_overrides,
               const struct spec_solver_names *solvers, struct spec *out)
{
    struct spec_reader r = {env, doc, solvers, out};
    memset(out, 0, sizeof *out);
    enum spred_status status = read_tree(&r, overrides, n_overrides);
    if (status == SPRED_OK) {
        out->path = spred_strdup(env, doc->path);
        status = out->path ? spec_resolve(env, out) : SPRED_ENOMEM;
    }
    if (status != SPRED_OK)
        spec_free(env, out);
    return status;
}

enum spred_status spec_read(struct spred_env *env, const char *path,
                            const char *const *overrides, size_t n_overrides,
                            const struct spec_solver_names *solvers,
                            struct spec *out)
{
    struct spec_document doc = {0};
    memset(out, 0, sizeof *out);
    enum spred_status status = spec_document_read(env, path, &doc);
    if (status == SPRED_OK)
        status =
            spec_read_tree(env, &doc, overrides, n_overrides, solvers, out);
    spec_document_free(env, &doc);
    return status;
}

static void settings_free(struct spred_env *env, struct spec_setting *settings,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        spred_free(env, settings[i].name);
        spred_free(env, settings[i].value);
    }
    spred_free(env, settings);
}

static void model_free(struct spred_env *env, struct spec_model *model)
{
    for (size_t i = 0; i < model->n_tune; i++) {
        struct spec_axis *axis = &model->tune[i];
        for (size_t k = 0; k < axis->n_values; k++)
            spred_free(env, axis->values[k]);
        spred_free(env, axis->values);
        spred_free(env, axis->name);
    }
    settings_free(env, model->settings, model->n_settings);
    spred_free(env, model->tune);
    spred_free(env, model->name);
    spred_free(env, model->label);
}

void spec_free(struct spred_env *env, struct spec *spec)
{
    for (size_t i = 0; i < spec->n_datasets; i++) {
        struct spec_dataset *d = &spec->datasets[i];
        char *const texts[] = {d->name,   d->path,     d->labels,
                               d->object, d->response, d->orientation,
                               d->target, d->loader};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            spred_free(env, texts[k]);
        settings_free(env, d->settings, d->n_settings);
        spec_patches_free(env, d->patches);
    }
    for (size_t i = 0; i < spec->n_problems; i++) {
        spred_free(env, spec->problems[i].name);
        spred_free(env, spec->problems[i].lambda);
        spred_free(env, spec->problems[i].group_file);
        spred_free(env, spec->problems[i].own_loss);
        spred_free(env, spec->problems[i].own_penalty);
    }
    for (size_t i = 0; i < spec->n_solvers; i++) {
        struct spec_solver *s = &spec->solvers[i];
        settings_free(env, s->settings, s->n_settings);
        spred_free(env, s->name);
        spred_free(env, s->label);
    }
    for (size_t i = 0; i < spec->n_models; i++)
        model_free(env, &spec->models[i]);
    for (size_t i = 0; i < spec->n_figures; i++)
        spred_free(env, spec->figures[i]);
    spred_free(env, spec->figures);
    spred_free(env, spec->models);
    spred_free(env, spec->solvers);
    spred_free(env, spec->problems);
    spred_free(env, spec->datasets);
    spred_free(env, spec->name);
    spred_free(env, spec->path);
    spred_free(env, spec->resolved);
    spred_free(env, spec->protocol.kind);
    spec_coding_free(env, spec->coding);
    spec_close_script(env, spec);
    memset(spec, 0, sizeof *spec);
}
