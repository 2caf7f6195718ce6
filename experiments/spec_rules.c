/* spec_rules.c: preprocess, protocol, stop, limits, measure, figures: the maps
 * of plain values, as tables with their bounds. */
#include "experiments/spec_read.h"

#include <string.h>

#define DAY 86400.0
#define MIB 1048576.0
#define FIGURES_MAX 64

/* When the file names none: the first three of solvers, from the third to the
 * eleventh of models, all eleven of both; the last four of coding. Those of
 * networks that are made sparse draw nothing where no job left marks. */
const char *const spec_figure_names[] = {"gap-time",
                                         "profile",
                                         "accuracy-genes",
                                         "stability",
                                         "gene-map",
                                         "critical-difference",
                                         "accuracy-compression",
                                         "layer-sparsity",
                                         "accuracy-macs",
                                         "accuracy-latency",
                                         "filters",
                                         "time-dimension",
                                         "time-alpha",
                                         "zero-rate",
                                         "support-recovery",
                                         "cv",
                                         "dictionary",
                                         "coding-time",
                                         "rate-distortion",
                                         "denoising",
                                         NULL};
#define FIGURES_OF_CODING 4 /* the last */
#define FIGURES_OF_SOLVERS 3
#define FIGURES_OF_MODELS 2
#define FIGURES_OF_BOTH 11

static const char *const log2_choices[] = {"never", "always", "auto", NULL};
static const char *const missing_choices[] = {"median", "refuse", NULL};
static const char *const kind_choices[] = {"clean", "paper", "given", NULL};
static const char *const choose_choices[] = {"hold-out", "cv", "none", NULL};
static const char *const rule_choices[] = {"min", "1se", NULL};

#define FIELD(key, kind, type, member, low, high)                              \
    {                                                                          \
        key, kind, offsetof(struct type, member), low, high, NULL, NULL        \
    }
#define CHOICE(key, type, member, choices)                                     \
    {                                                                          \
        key, SPEC_FIELD_CHOICE, offsetof(struct type, member), 0, 0, choices,  \
            NULL                                                               \
    }

const struct spec_field spec_preprocess_fields[] = {
    CHOICE("log2", spec_preprocess, log2, log2_choices),
    CHOICE("missing", spec_preprocess, missing_refuse, missing_choices),
    FIELD("variance_keep", SPEC_FIELD_SHARE, spec_preprocess, variance_keep,
          1e-6, 1),
    {0}};

static const struct spec_field choose_fields[] = {
    CHOICE("kind", spec_protocol, choose, choose_choices),
    FIELD("folds", SPEC_FIELD_INT, spec_protocol, choose_folds, 2, 1000),
    CHOICE("rule", spec_protocol, choose_1se, rule_choices),
    {0}};
const struct spec_field spec_protocol_fields[] = {
    FIELD("kind", SPEC_FIELD_TEXT, spec_protocol, kind, 0, 0),
    FIELD("trials", SPEC_FIELD_INT, spec_protocol, trials, 1, 10000),
    FIELD("folds", SPEC_FIELD_INT, spec_protocol, folds, 0, 1000),
    FIELD("test", SPEC_FIELD_SHARE, spec_protocol, test, 0, 0.99),
    FIELD("validate", SPEC_FIELD_SHARE, spec_protocol, validate, 0, 0.99),
    {"choose", SPEC_FIELD_MAP, 0, 0, 0, NULL, choose_fields},
    {0}};

static const struct spec_field stall_fields[] = {
    FIELD("eps", SPEC_FIELD_REAL, spec_stop, stall_eps, 0, 1),
    FIELD("patience", SPEC_FIELD_INT, spec_stop, stall_patience, 1, 1e6),
    {0}};
const struct spec_field spec_stop_fields[] = {
    FIELD("gap", SPEC_FIELD_REAL, spec_stop, gap, 0, 1),
    {"stall", SPEC_FIELD_MAP, 0, 0, 0, NULL, stall_fields},
    FIELD("wall", SPEC_FIELD_DURATION, spec_stop, wall, 1e-3, 365 * DAY),
    FIELD("steps", SPEC_FIELD_INT, spec_stop, steps, 1, 1e15),
    FIELD("fit", SPEC_FIELD_DURATION, spec_stop, fit, 1e-3, 365 * DAY),
    {0}};

const struct spec_field spec_limits_fields[] = {
    FIELD("wall", SPEC_FIELD_DURATION, spec_limits, wall, 0.1, 365 * DAY),
    FIELD("memory", SPEC_FIELD_SIZE, spec_limits, memory, 16 * MIB,
          MIB *MIB *MIB),
    FIELD("grace", SPEC_FIELD_DURATION, spec_limits, grace, 0, DAY),
    FIELD("script", SPEC_FIELD_DURATION, spec_limits, script, 0.1, DAY),
    {0}};

const struct spec_field spec_measure_fields[] = {
    FIELD("threads", SPEC_FIELD_INT, spec, threads, 1, 1024),
    FIELD("batch", SPEC_FIELD_INT, spec, batch, 1, 1000),
    FIELD("keep_models", SPEC_FIELD_BOOL, spec, keep_models, 0, 0),
    {0}};

static void set_defaults(struct spec *out)
{
    out->preprocess = (struct spec_preprocess){2, 0, 1};
    out->protocol = (struct spec_protocol){.trials = 5,
                                           .test = 0.2,
                                           .validate = 0.2,
                                           .choose_folds = 10,
                                           .choose_1se = 1};
    out->stop = (struct spec_stop){1e-6, 1e-10, 3, 120, 1000000, 300};
    out->limits = (struct spec_limits){600, 4096 * MIB, 5, 30};
    out->threads = out->batch = 1;
    if (out->coding) /* a dictionary is a costly trial */
        out->protocol.trials = 1;
}

static enum spred_status add_figure(struct spec_reader *r, const char *name)
{
    struct spec *out = r->out;
    char **figures =
        spec_grow(r, out->figures, out->n_figures, sizeof *figures);
    if (!figures)
        return SPRED_ENOMEM;
    out->figures = figures;
    figures[out->n_figures] = spred_strdup(r->env, name);
    return figures[out->n_figures++] ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_figures(struct spec_reader *r,
                                      const struct spec_node *root)
{
    struct spec *out = r->out;
    const struct spec_node *node = spec_node_get(root, "figures");
    if (!node) {
        int models = spec_node_get(root, "models") != NULL;
        int solvers = spec_node_get(root, "solvers") != NULL;
        size_t first = models && !solvers ? FIGURES_OF_MODELS : 0;
        size_t end = models ? FIGURES_OF_BOTH : FIGURES_OF_SOLVERS;
        if (out->coding) {
            end = sizeof spec_figure_names / sizeof *spec_figure_names - 1;
            first = end - FIGURES_OF_CODING;
        }
        for (size_t i = first; i < end; i++)
            SPRED_TRY(add_figure(r, spec_figure_names[i]));
        return SPRED_OK;
    }
    const char *all[SPEC_WORDS_MAX];
    spec_words(r, spec_figure_names, SPEC_OWN_FIGURE, all);
    SPRED_TRY(spec_want(r, node, "figures", SPEC_NODE_LIST));
    for (size_t i = 0; i < node->n && i < FIGURES_MAX; i++) {
        int index;
        SPRED_TRY(spec_choice(r, node->items[i], "figure", all, &index));
        for (size_t k = 0; k < out->n_figures; k++)
            if (strcmp(out->figures[k], all[index]) == 0)
                return spec_fail(r, node->items[i],
                                 "figures: '%s' is there twice", all[index]);
        SPRED_TRY(add_figure(r, all[index]));
    }
    return SPRED_OK;
}

/* Models choose on the validation part; without one there is no choice. */
static enum spred_status check_models(struct spec_reader *r,
                                      const struct spec_node *node)
{
    const struct spec *out = r->out;
    const struct spec_protocol *p = &out->protocol;
    if (out->n_models && p->choose == SPEC_CHOOSE_CV)
        return spec_fail(r, node,
                         "protocol.choose: models choose on the validation "
                         "part, expected choose: {kind: hold-out} (or none)");
    if (p->choose == SPEC_CHOOSE_HOLDOUT && p->validate > 0)
        return SPRED_OK;
    for (size_t i = 0; i < out->n_models; i++)
        for (size_t k = 0; k < out->models[i].n_tune; k++) {
            const struct spec_axis *axis = &out->models[i].tune[k];
            const struct spec_node at = {.line = axis->line,
                                         .column = axis->column};
            if (axis->n_values > 1)
                return spec_fail(r, &at,
                                 "tune.%s: nothing chooses among its %zu "
                                 "values: protocol.%s",
                                 axis->name, axis->n_values,
                                 p->choose == SPEC_CHOOSE_HOLDOUT
                                     ? "validate is 0%"
                                     : "choose is none");
        }
    return SPRED_OK;
}

/* What chooses lambda, and what the validation part has to do with it. */
static enum spred_status check_choice(struct spec_reader *r,
                                      const struct spec_node *node)
{
    struct spec_protocol *p = &r->out->protocol;
    const struct spec_node *validate = spec_node_get(node, "validate");
    const struct spec_node *choose = spec_node_get(node, "choose");
    SPRED_TRY(check_models(r, choose ? choose : node));
    if (p->choose == SPEC_CHOOSE_HOLDOUT) {
        for (size_t i = 0; i < r->out->n_problems; i++)
            if (!(p->validate > 0) && r->out->problems[i].n_lambda > 1)
                return spec_fail(r, node,
                                 "protocol.validate: is 0%%, but it chooses "
                                 "among the lambdas of problem '%s' (or "
                                 "choose: {kind: cv}, or none)",
                                 r->out->problems[i].name);
        return SPRED_OK;
    }
    if (p->paper)
        return spec_fail(r, choose,
                         "protocol.choose: kind: paper chooses on its "
                         "validation part, as published");
    if (validate && p->validate > 0)
        return spec_fail(r, validate,
                         "protocol.validate: choose: {kind: %s} validates on "
                         "nothing, expected 0%% or no validate",
                         choose_choices[p->choose]);
    p->validate = 0;
    return SPRED_OK;
}

/* clean, paper, given or a script's protocol. */
static enum spred_status read_kind(struct spec_reader *r,
                                   const struct spec_node *protocol)
{
    struct spec_protocol *p = &r->out->protocol;
    const struct spec_node *node =
        protocol ? spec_node_get(protocol, "kind") : NULL;
    const char *all[SPEC_WORDS_MAX];
    size_t built_in = spec_words(r, kind_choices, SPEC_OWN_PROTOCOL, all);
    int index = 0;
    if (node)
        SPRED_TRY(spec_choice(r, node, "protocol.kind", all, &index));
    p->paper = index == 1;
    p->given = index == 2;
    p->own = (size_t)index >= built_in;
    if (!p->kind && !(p->kind = spred_strdup(r->env, all[index])))
        return SPRED_ENOMEM;
    if (p->own && p->folds)
        return spec_fail(
            r, node,
            "protocol: folds do not go with the script's '%.100s', "
            "which splits every trial itself",
            p->kind);
    return SPRED_OK;
}

/* The test part of kind: given is the data's. */
static enum spred_status check_given(struct spec_reader *r,
                                     const struct spec_node *protocol)
{
    struct spec_protocol *p = &r->out->protocol;
    const struct spec_node *test =
        protocol && p->given ? spec_node_get(protocol, "test") : NULL;
    if (test && p->test > 0)
        return spec_fail(r, test,
                         "protocol.test: kind: given tests on the part that "
                         "the data were published with, expected 0%% or no "
                         "test");
    if (p->given)
        p->test = 0;
    return SPRED_OK;
}

static enum spred_status check_protocol(struct spec_reader *r,
                                        const struct spec_node *node)
{
    const struct spec *out = r->out;
    const struct spec_protocol *p = &out->protocol;
    SPRED_TRY(check_choice(r, node));
    if (p->folds && (p->paper || p->given))
        return spec_fail(r, node, "protocol: folds do not go with kind: %s",
                         p->kind);
    if (p->folds == 1)
        return spec_fail(r, node,
                         "protocol: one fold leaves nothing to train on, "
                         "expected 0 (hold-out) or at least 2");
    double tested = p->folds ? 1 / (double)p->folds : p->test;
    if (tested + p->validate >= 1)
        return spec_fail(r, node,
                         "protocol: test and validate take 100%% or more, "
                         "nothing is left to train on");
    return SPRED_OK;
}

enum spred_status spec_read_rules(struct spec_reader *r,
                                  const struct spec_node *root)
{
    struct spec *out = r->out;
    const struct {
        const char *key;
        const struct spec_field *fields;
        void *out;
    } maps[] = {{"preprocess", spec_preprocess_fields, &out->preprocess},
                {"protocol", spec_protocol_fields, &out->protocol},
                {"stop", spec_stop_fields, &out->stop},
                {"limits", spec_limits_fields, &out->limits},
                {"measure", spec_measure_fields, out}};
    set_defaults(out);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        const struct spec_node *map = spec_node_get(root, maps[i].key);
        if (map)
            SPRED_TRY(
                spec_fields(r, map, maps[i].key, maps[i].fields, maps[i].out));
    }
    const struct spec_node *protocol = spec_node_get(root, "protocol");
    SPRED_TRY(read_kind(r, protocol));
    SPRED_TRY(check_given(r, protocol));
    SPRED_TRY(check_protocol(r, protocol ? protocol : root));
    if (out->coding &&
        (out->protocol.folds || out->protocol.paper || out->protocol.own))
        return spec_fail(r, protocol,
                         "protocol: coding predicts nothing, expected trials "
                         "alone");
    return read_figures(r, root);
}
