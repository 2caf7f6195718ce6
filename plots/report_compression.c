/* report_compression.c: the report's section "Compression": how far methods
 * make a network sparse, at what price, and where a rival beats spred. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/compression.h"
#include "plots/html.h"

static const char *const kinds[] = {"accuracy-compression", "layer-sparsity",
                                    "accuracy-macs", "accuracy-latency",
                                    "filters"};
#define KINDS (sizeof kinds / sizeof *kinds)

static int begins(const char *name, const char *kind)
{
    size_t n = strlen(kind);
    return strncmp(name, kind, n) == 0 && (name[n] == '\0' || name[n] == '-');
}

int plots_is_of_compression(const char *figure)
{
    for (size_t i = 0; i < KINDS; i++)
        if (begins(figure, kinds[i]))
            return 1;
    return 0;
}

enum spred_status plots_report_has_marks(struct plots_context *context,
                                         int *out)
{
    const struct results_table *t;
    SPRED_TRY(plots_ask(context, "compression", &t));
    *out = t->n_rows > 0;
    return SPRED_OK;
}

static int same_network(const struct results_table *t, size_t row,
                        const struct results_table *u, size_t at)
{
    return strcmp(results_text(t, row, "dataset"),
                  results_text(u, at, "dataset")) == 0 &&
           strcmp(results_text(t, row, "network"),
                  results_text(u, at, "network")) == 0;
}

/* "<b>method</b>" */
static enum spred_status put_method(struct spred_env *env,
                                    struct spred_buffer *out,
                                    const struct results_table *t, size_t row,
                                    const char *column)
{
    SPRED_TRY(spred_buffer_add(env, out, "<b>"));
    SPRED_TRY(plots_html_text(env, out, results_text(t, row, column)));
    return spred_buffer_add(env, out, "</b>");
}

/* One rival that is better, as a sentence. */
static enum spred_status put_rival(struct spred_env *env,
                                   struct spred_buffer *out,
                                   const struct results_table *t, size_t row)
{
    double level = results_real(t, row, "level");
    double value = results_real(t, row, "value");
    double against = results_real(t, row, "against_value");
    SPRED_TRY(spred_buffer_add(env, out, "<li>"));
    if (!isnan(level))
        SPRED_TRY(spred_buffer_add(env, out, "At %g times and more ", level));
    SPRED_TRY(put_method(env, out, t, row, "method"));
    if (!isnan(level) && isnan(against))
        return spred_buffer_add(
            env, out, " reaches %.4f, spred has no setting there.</li>\n",
            value);
    if (isnan(level))
        SPRED_TRY(spred_buffer_add(
            env, out, " compresses %.3g times within one point of dense, ",
            value));
    else
        SPRED_TRY(spred_buffer_add(env, out, " is more accurate than "));
    if (isnan(level) && isnan(against))
        return spred_buffer_add(env, out, "spred nowhere.</li>\n");
    SPRED_TRY(put_method(env, out, t, row, "against"));
    if (isnan(level))
        return spred_buffer_add(env, out, " %.3g times.</li>\n", against);
    return spred_buffer_add(
        env, out, ": %.4f against %.4f%s.</li>\n", value, against,
        strcmp(results_text(t, row, "verdict"), "better") == 0
            ? ""
            : " (too few trials, or too alike, to separate them)");
}

static enum spred_status put_rivals(struct spred_env *env,
                                    struct spred_buffer *out,
                                    const struct results_table *t,
                                    const struct results_table *best,
                                    size_t first)
{
    size_t compared = 0, better = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        if (!same_network(t, i, best, first))
            continue;
        if (compared++ == 0)
            SPRED_TRY(spred_buffer_add(
                env, out,
                "<p>Where a rival is better than spred (the best of its "
                "settings by the validation part):</p>\n<ul>\n"));
        if (results_real(t, i, "difference") <= 0)
            continue;
        better++;
        SPRED_TRY(put_rival(env, out, t, i));
    }
    if (compared && !better)
        SPRED_TRY(spred_buffer_add(
            env, out,
            "<li>Nowhere: neither in compression within one point nor in test "
            "accuracy at 2, 5, 10, 20 ... times.</li>\n"));
    return compared ? spred_buffer_add(env, out, "</ul>\n") : SPRED_OK;
}

static const struct plots_column best_columns[] = {
    {"method", "method", 0, NULL},
    {"setting", "setting", 0, NULL},
    {"zero by", "rule", 0, NULL},
    {"threshold", "threshold", 3, NULL},
    {"compression", "compression", 3, NULL},
    {"accuracy", "accuracy", 4, NULL},
    {"worst", "accuracy_low", 4, NULL},
    {"best", "accuracy_high", 4, NULL},
    {"lost (points)", "lost", PLOTS_POINTS, "lost_half"},
    {"lost, validation (points)", "validation_lost", PLOTS_POINTS, NULL},
    {"multiply-adds", "macs", 3, NULL},
    {"speed-up", "speedup", 3, NULL},
    {"trials", "trials", 3, NULL},
    {"no setting", "why_not", 0, NULL},
    {NULL, NULL, 0, NULL}};
static const struct plots_column level_columns[] = {
    {"at least", "level", 4, NULL},
    {"method", "method", 0, NULL},
    {"setting", "setting", 0, NULL},
    {"zero by", "rule", 0, NULL},
    {"threshold", "threshold", 3, NULL},
    {"compression", "compression", 3, NULL},
    {"accuracy", "accuracy", 4, NULL},
    {"worst", "accuracy_low", 4, NULL},
    {"best", "accuracy_high", 4, NULL},
    {"lost (points)", "lost", PLOTS_POINTS, "lost_half"},
    {"trials", "trials", 3, NULL},
    {NULL, NULL, 0, NULL}};

/* The levels of the network of row `first` of best. */
static enum spred_status put_levels(struct spred_env *env,
                                    struct spred_buffer *out,
                                    const struct results_table *t,
                                    const struct results_table *best,
                                    size_t first)
{
    size_t begin = 0;
    while (begin < t->n_rows && !same_network(t, begin, best, first))
        begin++;
    if (begin == t->n_rows)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(
        env, out,
        "<details><summary>At a compression of at least 2, 5, 10 ...: the "
        "setting with the highest validation accuracy</summary>\n"));
    SPRED_TRY(plots_html_table(env, out, t, begin, plots_network_end(t, begin),
                               level_columns));
    return spred_buffer_add(env, out, "</details>\n");
}

static enum spred_status put_figures(struct plots_context *context,
                                     struct spred_buffer *out)
{
    for (size_t k = 0; k < KINDS; k++)
        for (size_t i = 0; i < context->n_names; i++)
            if (begins(context->names[i], kinds[k]))
                SPRED_TRY(
                    plots_html_figure(context, out, i + 1, context->names[i]));
    return SPRED_OK;
}

enum spred_status plots_report_compression(struct plots_context *context,
                                           struct spred_buffer *out)
{
    const struct results_table *best, *levels, *versus;
    struct spred_env *env = context->env;
    int any;
    SPRED_TRY(plots_report_has_marks(context, &any));
    if (!any)
        return SPRED_OK;
    SPRED_TRY(plots_ask(context, "best-compression", &best));
    SPRED_TRY(plots_ask(context, "compression-levels", &levels));
    SPRED_TRY(plots_ask(context, "compression-versus", &versus));
    SPRED_TRY(spred_buffer_add(
        env, out,
        "<h2>Compression</h2>\n<p>Compression: weights / nonzero weights of "
        "the layers that can be made sparse, zero by the rule that is named. "
        "Each method at the largest compression that loses at most one point "
        "of <em>validation</em> accuracy against the dense network; the test "
        "part chooses nothing. Accuracies are on the test part, mean over "
        "trials; lost: dense less this, same trial, in points, ± half a "
        "95%% interval over seeds. Multiply-adds: times fewer; speed-up: times "
        "faster than "
        "the dense network, or one of full size, in the same run.</p>\n"));
    for (size_t at = 0, next; at < best->n_rows; at = next) {
        next = plots_network_end(best, at);
        char *title = plots_network_title(context, best, at);
        enum spred_status status =
            title ? spred_buffer_add(env, out, "<h3>") : SPRED_ENOMEM;
        if (!status)
            status = plots_html_text(env, out, title);
        spred_free(env, title);
        SPRED_TRY(status);
        SPRED_TRY(spred_buffer_add(env, out, "</h3>\n"));
        SPRED_TRY(plots_html_table(env, out, best, at, next, best_columns));
        SPRED_TRY(put_rivals(env, out, versus, best, at));
        SPRED_TRY(put_levels(env, out, levels, best, at));
    }
    return put_figures(context, out);
}
