/* spec_problem.c: loss, penalty and lambdas of one or several problems. */
#include "experiments/spec_read.h"

#include "spred/host.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#define LAMBDAS_MAX 1000
#define PATH_DEFAULT 50
#define MIN_RATIO_DEFAULT 0.05
#define RATIO_MIN 1e-12

const char *const spec_loss_names[] = {"squared", "logistic", "multinomial",
                                       NULL};

const char *const spec_scaling_names[] = {"half", "authors", NULL};

static const struct spec_field problem_fields[] = {
    {"name", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"loss", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"penalty", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"intercept", SPEC_FIELD_BOOL, offsetof(struct spec_problem, intercept), 0,
     0, NULL, NULL},
    {"standardize", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"lambda", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"scaling", SPEC_FIELD_CHOICE, offsetof(struct spec_problem, authors), 0, 0,
     spec_scaling_names, NULL},
    {"warm_start", SPEC_FIELD_BOOL, offsetof(struct spec_problem, warm_start),
     0, 0, NULL, NULL},
    {0}};

struct lambda_map {
    int64_t path;
    double min_ratio;
};
static const struct spec_field lambda_fields[] = {
    {"path", SPEC_FIELD_INT, offsetof(struct lambda_map, path), 2, LAMBDAS_MAX,
     NULL, NULL},
    {"min_ratio", SPEC_FIELD_REAL, offsetof(struct lambda_map, min_ratio),
     RATIO_MIN, 0.999, NULL, NULL},
    {"absolute", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {0}};

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static enum spred_status lambda_list(struct spec_reader *r,
                                     struct spec_node *node,
                                     struct spec_problem *p)
{
    struct spec_node **items =
        node->kind == SPEC_NODE_LIST ? node->items : &node;
    size_t n = node->kind == SPEC_NODE_LIST ? node->n : 1;
    if (n == 0 || n > LAMBDAS_MAX)
        return spec_fail(r, node, "lambda: found %zu values, expected 1 to %d",
                         n, LAMBDAS_MAX);
    p->lambda = spred_alloc(r->env, n, sizeof *p->lambda);
    if (!p->lambda)
        return SPRED_ENOMEM;
    p->n_lambda = n;
    for (size_t i = 0; i < n; i++) {
        double value;
        SPRED_TRY(spec_real(r, items[i], "lambda", -DBL_MAX, DBL_MAX, &value));
        if (!(value > 0))
            return spec_fail(r, items[i], "lambda: '%s' is not greater than 0",
                             items[i]->text);
        if (value > 1 && !p->lambda_absolute)
            return spec_fail(r, items[i],
                             "lambda: the ratio '%s' is more than 1 (of "
                             "lambda_max), expected {absolute: %s} for an "
                             "absolute value",
                             items[i]->text, items[i]->text);
        for (size_t k = 0; k < i; k++)
            if (!(value < p->lambda[k]) && !(value > p->lambda[k]))
                return spec_fail(r, items[i], "lambda: '%s' is there twice",
                                 items[i]->text);
        p->lambda[i] = value;
    }
    qsort(p->lambda, n, sizeof *p->lambda, descending);
    return SPRED_OK;
}

static enum spred_status read_lambda(struct spec_reader *r,
                                     struct spec_node *node,
                                     struct spec_problem *p)
{
    struct lambda_map map = {0, MIN_RATIO_DEFAULT};
    struct spec_node *absolute = NULL;
    if (node && node->kind != SPEC_NODE_MAP)
        return lambda_list(r, node, p);
    if (node) {
        SPRED_TRY(spec_fields(r, node, "lambda", lambda_fields, &map));
        absolute = spec_node_get(node, "absolute");
        if (absolute && node->n > 1)
            return spec_fail(r, node,
                             "lambda: absolute stands alone, without path or "
                             "min_ratio");
        if (!absolute && !map.path)
            return spec_fail(r, node,
                             "lambda: expected {path: 50, min_ratio: 0.05} or "
                             "{absolute: 0.1}");
    }
    if (absolute) {
        p->lambda_absolute = 1;
        return lambda_list(r, absolute, p);
    }
    p->n_lambda = map.path ? (size_t)map.path : PATH_DEFAULT;
    p->lambda = spred_alloc(r->env, p->n_lambda, sizeof *p->lambda);
    if (!p->lambda)
        return SPRED_ENOMEM;
    spred_lambda_path(1, map.min_ratio, p->n_lambda, p->lambda);
    return SPRED_OK;
}

/* alpha of mean((y - Xw)^2) + alpha |w|_1 is lambda = alpha / 2 of ours. */
static enum spred_status apply_scaling(struct spec_reader *r,
                                       const struct spec_node *node,
                                       struct spec_problem *p)
{
    if (!p->authors)
        return SPRED_OK;
    if (p->loss != SPEC_SQUARED || !p->lambda_absolute)
        return spec_fail(r, node,
                         "scaling: authors is about the factor 1/2 of the "
                         "squared loss at absolute lambdas, expected loss: "
                         "squared and lambda: {absolute: [..]}");
    for (size_t i = 0; i < p->n_lambda; i++)
        p->lambda[i] /= 2;
    return SPRED_OK;
}

static enum spred_status default_name(struct spec_reader *r,
                                      struct spec_problem *p)
{
    static const char *const names[][3] = {
        {"lasso", "logistic", "multinomial"},
        {"group-lasso", "logistic-group", "multinomial-group"},
        {"power", "logistic-power", "multinomial-power"}};
    static const char *const elastic[] = {"elastic-net", "logistic-elastic-net",
                                          "multinomial-elastic-net"};
    if (p->own_loss || p->own_penalty) { /* "huber", "squared-mcp" */
        const char *loss = p->own_loss ? p->own_loss : spec_loss_names[p->loss];
        p->name = p->own_penalty
                      ? spred_format(r->env, "%s-%s", loss, p->own_penalty)
                      : spred_strdup(r->env, loss);
        return p->name ? SPRED_OK : SPRED_ENOMEM;
    }
    int plain = p->l1_ratio < 1 && p->penalty == SPEC_PENALTY_L1;
    p->name = spred_strdup(r->env, plain ? elastic[p->loss]
                                         : names[p->penalty][p->loss]);
    return p->name ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status
read_standardize(struct spec_reader *r, const struct spec_node *node, int *out)
{
    if (node->kind == SPEC_NODE_TEXT && strcmp(node->text, "train") == 0) {
        *out = 1;
        return SPRED_OK;
    }
    if (node->kind != SPEC_NODE_BOOL)
        return spec_fail(r, node,
                         "standardize: expected train (on the training part) "
                         "or false");
    return spec_bool(r, node, "standardize", out);
}

static enum spred_status read_problem(struct spec_reader *r,
                                      struct spec_node *node,
                                      struct spec_problem *p)
{
    int loss = SPEC_SQUARED;
    p->line = node->line;
    p->column = node->column;
    p->intercept = p->standardize = p->warm_start = 1;
    p->l1_ratio = 1;
    SPRED_TRY(spec_fields(r, node, "problem", problem_fields, p));
    const struct spec_node *given = spec_node_get(node, "loss");
    const struct spec_node *name = spec_node_get(node, "name");
    const struct spec_node *penalty = spec_node_get(node, "penalty");
    const struct spec_node *standardize = spec_node_get(node, "standardize");
    if (!given)
        return spec_fail(r, node,
                         "problem: 'loss' is missing, expected squared, "
                         "logistic or multinomial");
    const char *losses[SPEC_WORDS_MAX];
    size_t built_in = spec_words(r, spec_loss_names, SPEC_OWN_LOSS, losses);
    SPRED_TRY(spec_choice(r, given, "loss", losses, &loss));
    p->loss = (size_t)loss < built_in ? (enum spec_loss)loss : SPEC_CUSTOM;
    if (p->loss == SPEC_CUSTOM)
        SPRED_TRY(spec_text(r, given, "loss", &p->own_loss));
    if (penalty)
        SPRED_TRY(spec_read_penalty(r, penalty, p));
    if (standardize)
        SPRED_TRY(read_standardize(r, standardize, &p->standardize));
    SPRED_TRY(read_lambda(r, spec_node_get(node, "lambda"), p));
    SPRED_TRY(apply_scaling(r, spec_node_get(node, "scaling"), p));
    return name ? spec_name(r, name, "problem.name", &p->name)
                : default_name(r, p);
}

enum spred_status spec_read_problems(struct spec_reader *r,
                                     struct spec_node *problem,
                                     struct spec_node *problems)
{
    struct spec *out = r->out;
    if (!problem == !problems)
        return spec_fail(r, problem ? problems : r->doc->root,
                         problem ? "both problem and problems, expected one"
                                 : "'problem' is missing, expected for example "
                                   "problem: {loss: squared, penalty: l1} (or "
                                   "models: [majority], which need none)");
    if (problems)
        SPRED_TRY(spec_want(r, problems, "problems", SPEC_NODE_LIST));
    struct spec_node **items = problems ? problems->items : &problem;
    size_t n = problems ? problems->n : 1;
    if (n == 0 || n > 100)
        return spec_fail(r, problems, "problems: expected 1 to 100 of them");
    out->problems = spred_alloc(r->env, n, sizeof *out->problems);
    if (!out->problems)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        out->n_problems = i + 1;
        SPRED_TRY(read_problem(r, items[i], &out->problems[i]));
        for (size_t k = 0; k < i; k++)
            if (strcmp(out->problems[k].name, out->problems[i].name) == 0)
                return spec_fail(r, items[i],
                                 "two problems are called '%s', give one "
                                 "another 'name'",
                                 out->problems[i].name);
    }
    return SPRED_OK;
}
