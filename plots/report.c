/* report.c: results/NAME/report.html, one file that needs no other. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/compression.h"
#include "plots/html.h"
#include "plots/plots.h"
#include "spred/file.h"

static enum spred_status put_notes(struct plots_context *context,
                                   struct spred_buffer *out)
{
    struct spred_env *env = context->env;
    const struct results_table *notes = &context->notes;
    size_t simulated = 0;
    for (size_t i = 0; i < context->datasets.n_rows; i++)
        simulated += results_real(&context->datasets, i, "simulated") > 0;
    if (simulated)
        SPRED_TRY(spred_buffer_add(
            env, out,
            "<p class=\"note\">%zu of %zu data sets are simulated; they are "
            "marked wherever they appear.</p>\n",
            simulated, context->datasets.n_rows));
    if (context->machines.n_rows > 1)
        SPRED_TRY(spred_buffer_add(
            env, out,
            "<p class=\"note\">The rows come from %zu machines: their times "
            "are not comparable.</p>\n",
            context->machines.n_rows));
    for (size_t i = 0; i < notes->n_rows; i++) {
        if (strncmp(results_text(notes, i, "key"), "warning", 7) != 0)
            continue;
        SPRED_TRY(spred_buffer_add(env, out, "<p class=\"note\">"));
        SPRED_TRY(plots_html_text(env, out, results_text(notes, i, "value")));
        SPRED_TRY(spred_buffer_add(env, out, "</p>\n"));
    }
    return SPRED_OK;
}

static enum spred_status put_datasets(struct plots_context *context,
                                      struct spred_buffer *out)
{
    static const struct plots_column columns[] = {
        {"data set", "dataset", 0, NULL},
        {"source", "source", 0, NULL},
        {"target", "target", 0, NULL},
        {"simulated", "simulated", 1, NULL},
        {"features", "features", 9, NULL},
        {"classes", "classes", 9, NULL},
        {"train", "train", 9, NULL},
        {"validate", "validate", 9, NULL},
        {"test", "test", 9, NULL},
        {"largest class", "majority", 3, NULL},
        {"protocol", "protocol", 0, NULL},
        {NULL, NULL, 0, NULL}};
    SPRED_TRY(spred_buffer_add(context->env, out, "<h2>Data</h2>\n"));
    return plots_html_table(context->env, out, &context->datasets, 0,
                            context->datasets.n_rows, columns);
}

static enum spred_status put_figures(struct plots_context *context,
                                     struct spred_buffer *out)
{
    size_t count = 0;
    int methods, marks;
    SPRED_TRY(plots_report_has_methods(context, &methods));
    SPRED_TRY(plots_report_has_marks(context, &marks));
    for (size_t i = 0; i < context->n_names; i++) {
        if ((methods && plots_is_of_methods(context->names[i])) ||
            (marks && plots_is_of_compression(context->names[i])))
            continue;
        if (count++ == 0)
            SPRED_TRY(
                spred_buffer_add(context->env, out, "<h2>Figures</h2>\n"));
        SPRED_TRY(plots_html_figure(context, out, i + 1, context->names[i]));
    }
    return SPRED_OK;
}

/* "<h3>data set, problem</h3>" of row i. */
static enum spred_status put_heading(struct plots_context *context,
                                     struct spred_buffer *out,
                                     const struct results_table *t, size_t i)
{
    struct spred_env *env = context->env;
    char *title = plots_dataset_title(context, results_text(t, i, "dataset"));
    enum spred_status status =
        title ? spred_buffer_add(env, out, "<h3>") : SPRED_ENOMEM;
    if (!status)
        status = plots_html_text(env, out, title);
    spred_free(env, title);
    SPRED_TRY(status);
    SPRED_TRY(spred_buffer_add(env, out, ", "));
    SPRED_TRY(plots_html_text(env, out, results_text(t, i, "problem")));
    return spred_buffer_add(env, out, "</h3>\n");
}

/* The rows of a query's answer, one table per data set and problem; where the
 * problem is not convex with columns of its own, or NULL: the same. */
static enum spred_status
put_tables(struct plots_context *context, struct spred_buffer *out,
           const struct results_table *t, const struct plots_column *columns,
           const struct plots_column *not_convex, const char *who)
{
    struct spred_env *env = context->env;
    for (size_t at = 0, next; at < t->n_rows; at = next) {
        next = plots_rows_end(t, at, "dataset",
                              plots_rows_end(t, at, "problem", t->n_rows));
        SPRED_TRY(put_heading(context, out, t, at));
        if (who) {
            SPRED_TRY(spred_buffer_add(env, out, "<p>%s ", who));
            SPRED_TRY(plots_html_text(env, out, results_text(t, at, "solver")));
            SPRED_TRY(spred_buffer_add(env, out, "</p>\n"));
        }
        int other = not_convex && !(results_real(t, at, "convex") > 0);
        SPRED_TRY(plots_html_table(env, out, t, at, next,
                                   other ? not_convex : columns));
    }
    return SPRED_OK;
}

/* A query's answer under a heading, if it has rows. need: a column without
 * whose number a row is left out, or NULL. */
static enum spred_status put_by_problem(struct plots_context *context,
                                        struct spred_buffer *out,
                                        const char *query, const char *heading,
                                        const struct plots_column *columns,
                                        const struct plots_column *not_convex,
                                        const char *who, const char *need)
{
    struct spred_env *env = context->env;
    struct results_table t;
    SPRED_TRY(results_query(env, context->view, query, &t));
    struct results_table shown = t; /* borrows the texts of t */
    shown.cells = spred_alloc(env, t.n_rows * t.n_columns, sizeof *t.cells);
    shown.n_rows = 0;
    for (size_t i = 0; shown.cells && i < t.n_rows; i++)
        if (!need || !isnan(results_real(&t, i, need)))
            memcpy(shown.cells + t.n_columns * shown.n_rows++,
                   t.cells + t.n_columns * i, t.n_columns * sizeof *t.cells);
    enum spred_status status = shown.cells ? SPRED_OK : SPRED_ENOMEM;
    if (!status && shown.n_rows)
        status = spred_buffer_add(env, out, "%s", heading);
    if (!status)
        status = put_tables(context, out, &shown, columns, not_convex, who);
    spred_free(env, shown.cells);
    results_table_free(env, &t);
    return status;
}

#define RESULT_COLUMNS(reached, head, name)                                    \
    {                                                                          \
        {"solver", "solver", 0, NULL}, {"penalty", "penalty", 0, NULL},        \
            {"endings", "statuses", 0, NULL},                                  \
            {reached, "certified_seconds", 3, NULL},                           \
            {"least [s]", "seconds_min", 3, NULL},                             \
            {"most [s]", "seconds_max", 3, NULL},                              \
            {"passes", "passes", 6, NULL}, {head, name, 2, NULL},              \
            {"genes", "support", 4, NULL}, {"zeros", "zeros", 5, NULL},        \
            {"accuracy", "accuracy", 3, "accuracy_half"},                      \
            {"balanced", "balanced", 3, "balanced_half"},                      \
            {"AUC", "auc", 3, "auc_half"}, {"R²", "r2", 3, "r2_half"},         \
            {"peak [MiB]", "peak_mib", 4, NULL},                               \
        {                                                                      \
            NULL, NULL, 0, NULL                                                \
        }                                                                      \
    }

static enum spred_status put_results(struct plots_context *context,
                                     struct spred_buffer *out)
{
    static const struct plots_column columns[] =
        RESULT_COLUMNS("certified [s]", "worst gap", "gap");
    static const struct plots_column not_convex[] =
        RESULT_COLUMNS("stationary [s]", "worst stationarity", "stationarity");
    static const struct plots_column choice[] = {
        {"solver", "solver", 0, NULL},
        {"chosen", "ratio", 4, NULL},
        {"least loss at", "ratio_min", 4, NULL},
        {"1-SE at", "ratio_1se", 4, NULL},
        {"loss", "cv_loss", 4, "cv_se"},
        {"genes", "support", 4, NULL},
        {"wall [s]", "wall", 3, NULL},
        {NULL, NULL, 0, NULL}};
    static const struct plots_column metrics[] = {{"solver", "solver", 0, NULL},
                                                  {"metric", "metric", 0, NULL},
                                                  {"mean", "value", 4, "half"},
                                                  {"trials", "trials", 9, NULL},
                                                  {NULL, NULL, 0, NULL}};
    static const struct plots_column ledger[] = {
        {"solver", "solver", 0, NULL},
        {"set-up, billed [s]", "setup", 3, NULL},
        {"steps, billed [s]", "solve", 3, NULL},
        {"load [s]", "load", 3, NULL},
        {"prepare [s]", "prepare", 3, NULL},
        {"certify [s]", "certify", 3, NULL},
        {NULL, NULL, 0, NULL}};
    static const struct plots_column genes[] = {
        {"gene", "symbol", 0, NULL},     {"feature", "feature", 0, NULL},
        {"chosen in", "count", 3, NULL}, {"of trials", "trials", 3, NULL},
        {"mean rank", "rank", 3, NULL},  {NULL, NULL, 0, NULL}};
    SPRED_TRY(put_by_problem(
        context, out, "summary",
        "<h2>Results</h2>\n<p>Seconds are billed: set-up, constants and steps, "
        "without loading and certificates; medians over trials to a wholly "
        "certified path, \"&gt; t\" where the median trial was not certified "
        "after t; a penalty that is not convex has no gap, so its runs end "
        "stationary. Accuracies are means on the test parts ± half a 95% "
        "interval "
        "by the corrected resampled t (Nadeau and Bengio 2003; protocol given: "
        "t over seeds alone, the test part is always the same).</p>\n",
        columns, not_convex, NULL, NULL));
    SPRED_TRY(put_by_problem(
        context, out, "metrics",
        "<h2>The script's metrics</h2>\n<p>Means on the test parts at the "
        "chosen lambda, ± half a 95% interval.</p>\n",
        metrics, NULL, NULL, NULL));
    SPRED_TRY(put_by_problem(
        context, out, "summary",
        "<h2>Lambda by cross-validation</h2>\n<p>Lambdas as shares of "
        "lambda_max; medians over trials. Wall: all folds and the "
        "refit.</p>\n",
        choice, NULL, NULL, "cv_loss"));
    SPRED_TRY(put_by_problem(
        context, out, "genes",
        "<h2>Genes</h2>\n<p>Most often chosen over the trials.</p>\n", genes,
        NULL, "As chosen by", NULL));
    return put_by_problem(
        context, out, "summary",
        "<h2>Where the time went</h2>\n<p>Medians over trials. Only set-up "
        "and steps are billed to a solver.</p>\n",
        ledger, NULL, NULL, NULL);
}

static enum spred_status put_endings(struct plots_context *context,
                                     struct spred_buffer *out)
{
    static const struct plots_column columns[] = {
        {"data set", "dataset", 0, NULL},
        {"problem", "problem", 0, NULL},
        {"solver", "solver", 0, NULL},
        {"status", "status", 0, NULL},
        {"trials", "trials", 3, NULL},
        {"reason", "reason", 0, NULL},
        {NULL, NULL, 0, NULL}};
    struct spred_env *env = context->env;
    struct results_table t;
    SPRED_TRY(results_query(env, context->view, "endings", &t));
    enum spred_status status = spred_buffer_add(
        env, out, "<h2>Runs that did not end certified or stationary</h2>\n%s",
        t.n_rows ? "" : "<p>None.</p>\n");
    if (!status && t.n_rows)
        status = plots_html_table(env, out, &t, 0, t.n_rows, columns);
    results_table_free(env, &t);
    return status;
}

static enum spred_status put_provenance(struct plots_context *context,
                                        struct spred_buffer *out)
{
    static const struct plots_column solver_columns[] = {
        {"solver", "solver", 0, NULL},
        {"all options", "options", 0, NULL},
        {NULL, NULL, 0, NULL}};
    static const struct plots_column machine_columns[] = {
        {"machine", "machine", 0, NULL},
        {"runs", "runs", 9, NULL},
        {NULL, NULL, 0, NULL}};
    struct spred_env *env = context->env;
    const struct results_table *notes = &context->notes;
    SPRED_TRY(spred_buffer_add(env, out, "<h2>Provenance</h2>\n"));
    SPRED_TRY(plots_html_table(env, out, &context->machines, 0,
                               context->machines.n_rows, machine_columns));
    SPRED_TRY(plots_html_table(env, out, &context->solvers, 0,
                               context->solvers.n_rows, solver_columns));
    SPRED_TRY(spred_buffer_add(env, out, "<table>"));
    for (size_t i = 0; i < notes->n_rows; i++) {
        const char *key = results_text(notes, i, "key");
        if (strcmp(key, "resolved") == 0)
            continue;
        SPRED_TRY(spred_buffer_add(env, out, "<tr><td class=\"t\">"));
        SPRED_TRY(plots_html_text(env, out, key));
        SPRED_TRY(spred_buffer_add(env, out, "</td><td class=\"t w\">"));
        SPRED_TRY(plots_html_text(env, out, results_text(notes, i, "value")));
        SPRED_TRY(spred_buffer_add(env, out, "</td></tr>\n"));
    }
    SPRED_TRY(spred_buffer_add(env, out,
                               "<tr><td class=\"t\">report</td><td "
                               "class=\"t\">spredbench report</td></tr>"
                               "</table>\n"));
    SPRED_TRY(spred_buffer_add(
        env, out, "<h3>The experiment file, with every default</h3>\n<pre>"));
    SPRED_TRY(plots_html_text(env, out,
                              results_note(notes, "resolved", "not stored")));
    return spred_buffer_add(env, out, "</pre>\n");
}

static enum spred_status put_page(struct plots_context *context,
                                  const char *title, struct spred_buffer *out)
{
    struct spred_env *env = context->env;
    SPRED_TRY(spred_buffer_add(
        env, out,
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
        "lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta "
        "name=\"viewport\" content=\"width=device-width\"/>\n<title>"));
    SPRED_TRY(plots_html_text(env, out, title));
    SPRED_TRY(spred_buffer_add(env, out,
                               "</title>\n<style>\n%s</style>\n</head>\n"
                               "<body>\n<h1>",
                               plots_html_style));
    SPRED_TRY(plots_html_text(env, out, title));
    SPRED_TRY(spred_buffer_add(env, out, "</h1>\n"));
    SPRED_TRY(put_notes(context, out));
    SPRED_TRY(plots_report_compression(context, out));
    SPRED_TRY(plots_report_methods(context, out));
    SPRED_TRY(put_figures(context, out));
    SPRED_TRY(plots_report_coding(context, out));
    SPRED_TRY(put_results(context, out));
    SPRED_TRY(put_endings(context, out));
    SPRED_TRY(put_datasets(context, out));
    SPRED_TRY(put_provenance(context, out));
    return spred_buffer_add(env, out, "</body>\n</html>\n");
}

enum spred_status plots_report(struct spred_env *env, const char *db_path,
                               const char *folder, const char *const *figures,
                               size_t n, const struct plots_extra *extra,
                               const char *path)
{
    struct plots_context context;
    struct spred_buffer page = {0};
    SPRED_TRY(plots_context_open(env, db_path, folder, &context));
    context.dry = 1;
    context.extra = extra;
    enum spred_status status = plots_run_kinds(&context, figures, n);
    char *title = spred_format(env, "spredbench: %s",
                               results_note(&context.notes, "name", "results"));
    if (!title)
        status = SPRED_ENOMEM;
    if (!status)
        status = put_page(&context, title, &page);
    if (!status)
        status = spred_write_file(env, path, page.text, page.length);
    spred_free(env, title);
    spred_free(env, page.text);
    plots_context_close(&context);
    return status;
}
