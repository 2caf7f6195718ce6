/* report_methods.c: the report's section "Methods": models and solvers side by
 * side, what they chose, and which can be told apart. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/html.h"
#include "plots/methods.h"

enum spred_status plots_report_has_methods(struct plots_context *context,
                                           int *out)
{
    const struct results_table *t;
    SPRED_TRY(plots_methods(context, &t));
    *out = t != NULL;
    return SPRED_OK;
}

static int begins(const char *name, const char *kind)
{
    size_t n = strlen(kind);
    return strncmp(name, kind, n) == 0 && (name[n] == '\0' || name[n] == '-');
}

static const char *const kinds[] = {"accuracy-genes", "stability", "gene-map",
                                    "critical-difference"};
#define KINDS (sizeof kinds / sizeof *kinds)

int plots_is_of_methods(const char *figure)
{
    for (size_t i = 0; i < KINDS; i++)
        if (begins(figure, kinds[i]))
            return 1;
    return 0;
}

/* The figures of one kind that the caller named. */
static enum spred_status put_figures(struct plots_context *context,
                                     struct spred_buffer *out, const char *kind)
{
    for (size_t i = 0; i < context->n_names; i++)
        if (begins(context->names[i], kind))
            SPRED_TRY(
                plots_html_figure(context, out, i + 1, context->names[i]));
    return SPRED_OK;
}

/* "golub", "planted (simulated)" */
static enum spred_status put_title(struct plots_context *context,
                                   struct spred_buffer *out,
                                   const char *dataset)
{
    char *title = plots_dataset_title(context, dataset);
    enum spred_status status =
        title ? plots_html_text(context->env, out, title) : SPRED_ENOMEM;
    spred_free(context->env, title);
    return status;
}

static enum spred_status put_heading(struct plots_context *context,
                                     struct spred_buffer *out,
                                     const char *dataset)
{
    SPRED_TRY(spred_buffer_add(context->env, out, "<h3>"));
    SPRED_TRY(put_title(context, out, dataset));
    return spred_buffer_add(context->env, out, "</h3>\n");
}

/* ---- the comparison ---- */

enum cell { MEAN, GENES, STABILITY, PLAIN, SHARE };
static const struct {
    const char *title, *name, *more; /* more: half, or low */
    const char *high;
    enum cell cell;
    int simulated; /* 1: only of simulated data */
} columns[] = {{"trials", "trials", NULL, NULL, PLAIN, 0},
               {"ended well", "ended", NULL, NULL, SHARE, 0},
               {"accuracy", "accuracy", "accuracy_half", NULL, MEAN, 0},
               {"balanced", "balanced", "balanced_half", NULL, MEAN, 0},
               {"AUC", "auc", "auc_half", NULL, MEAN, 0},
               {"genes (range)", "genes", "genes_low", "genes_high", GENES, 0},
               {"stability [95%]", "stability", "stability_low",
                "stability_high", STABILITY, 0},
               {"Jaccard", "jaccard", NULL, NULL, MEAN, 0},
               {"precision", "precision", "precision_half", NULL, MEAN, 1},
               {"recall", "recall", "recall_half", NULL, MEAN, 1},
               {"FDR", "fdr", "fdr_half", NULL, MEAN, 1},
               {"billed [s]", "seconds", NULL, NULL, PLAIN, 0},
               {"peak [MiB]", "peak_mib", NULL, NULL, PLAIN, 0}};
#define COLUMNS (sizeof columns / sizeof *columns)

static void cell_text(const struct results_table *t, size_t row, size_t c,
                      char *out, size_t size)
{
    double value = results_real(t, row, columns[c].name);
    double more = columns[c].more ? results_real(t, row, columns[c].more) : NAN;
    double high = columns[c].high ? results_real(t, row, columns[c].high) : NAN;
    if (columns[c].cell == GENES && plots_uses_all(t, row))
        snprintf(out, size, "all (%g)", value);
    else if (columns[c].cell == STABILITY && plots_uses_all(t, row))
        snprintf(out, size, "uses every gene");
    else if (isnan(value))
        snprintf(out, size, "–");
    else if (columns[c].cell == GENES && more < high)
        snprintf(out, size, "%g (%g–%g)", value, more, high);
    else if (columns[c].cell == GENES)
        snprintf(out, size, "%g", value);
    else if (columns[c].cell == STABILITY && more <= high)
        snprintf(out, size, "%.2f [%.2f, %.2f]", value, more, high);
    else if (columns[c].cell == STABILITY)
        snprintf(out, size, "%.2f", value);
    else if (columns[c].cell == SHARE)
        snprintf(out, size, "%.0f%%", 100 * value);
    else if (columns[c].cell == PLAIN)
        snprintf(out, size, "%.3g", value);
    else if (!isnan(more))
        snprintf(out, size, "%.3f ± %.3f", value, more);
    else
        snprintf(out, size, "%.3f", value);
}

/* The paper's ceilings, a sentence each. */
static enum spred_status put_ceilings(struct spred_env *env,
                                      struct spred_buffer *out,
                                      const struct results_table *t, size_t row)
{
    if (isnan(results_real(t, row, "ceiling")))
        return SPRED_OK;
    return spred_buffer_add(
        env, out,
        "<ul>\n<li>Largest class: %.3f. Always guessing the most frequent "
        "label reaches about this accuracy without looking at a gene.</li>\n"
        "<li>1/T: %.3f. Where every sample is there T times with T different "
        "labels, a classifier that ignores the split can do no better on "
        "average.</li>\n"
        "<li>(1-0.8<sup>T</sup>)/(0.2T): %.3f. The best that a guesser can do "
        "who knows which labels of the sample the training rows have used "
        "up.</li>\n</ul>\n",
        results_real(t, row, "majority"), results_real(t, row, "ceiling"),
        results_real(t, row, "informed"));
}

/* The rows of one data set: what every method has, or what only simulated data
 * tell. */
static enum spred_status put_rows(struct spred_env *env,
                                  struct spred_buffer *out,
                                  const struct results_table *t, size_t first,
                                  size_t end, int simulated)
{
    SPRED_TRY(spred_buffer_add(
        env, out,
        "<div class=\"wide\"><table><tr><th class=\"t\">method</th>"));
    for (size_t c = 0; c < COLUMNS; c++)
        if (columns[c].simulated == simulated)
            SPRED_TRY(
                spred_buffer_add(env, out, "<th>%s</th>", columns[c].title));
    SPRED_TRY(spred_buffer_add(env, out, "</tr>\n"));
    for (size_t row = first; row < end; row++) {
        SPRED_TRY(spred_buffer_add(env, out, "<tr><td class=\"t\">"));
        SPRED_TRY(plots_html_text(env, out, results_text(t, row, "method")));
        SPRED_TRY(spred_buffer_add(env, out, "</td>"));
        for (size_t c = 0; c < COLUMNS; c++) {
            char text[96];
            cell_text(t, row, c, text, sizeof text);
            if (columns[c].simulated == simulated)
                SPRED_TRY(spred_buffer_add(env, out, "<td>%s</td>", text));
        }
        SPRED_TRY(spred_buffer_add(env, out, "</tr>\n"));
    }
    return spred_buffer_add(env, out, "</table></div>\n");
}

static enum spred_status put_comparison(struct plots_context *context,
                                        struct spred_buffer *out,
                                        const struct results_table *t,
                                        size_t first, size_t end)
{
    struct spred_env *env = context->env;
    SPRED_TRY(put_heading(context, out, results_text(t, first, "dataset")));
    SPRED_TRY(put_ceilings(env, out, t, first));
    SPRED_TRY(put_rows(env, out, t, first, end, 0));
    if (!(results_real(t, first, "simulated") > 0))
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(env, out,
                               "<p>The chosen genes against those that have an "
                               "effect, which simulated data know (FDR: share "
                               "of false discoveries):</p>\n"));
    return put_rows(env, out, t, first, end, 1);
}

/* How the data were split, of the protocols that occur. */
static enum spred_status put_protocol(struct plots_context *context,
                                      struct spred_buffer *out)
{
    const struct results_table *t = &context->datasets;
    struct spred_env *env = context->env;
    int paper = 0, clean = 0, given = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        const char *protocol = results_text(t, i, "protocol");
        paper = paper || strcmp(protocol, "paper") == 0;
        clean = clean || strcmp(protocol, "clean") == 0;
        given = given || strcmp(protocol, "given") == 0;
    }
    if (clean)
        SPRED_TRY(spred_buffer_add(
            env, out,
            "<p>Protocol \"clean\": samples are split, never rows; every "
            "statistic comes from the training part, the validation part "
            "chooses the settings, and the test part is touched once.</p>\n"));
    if (paper)
        SPRED_TRY(spred_buffer_add(
            env, out,
            "<p class=\"note\">Protocol \"paper\": a sample is there once for "
            "every subset type, each time with another label, and rows are "
            "split at random, so that copies of a test row are in the training "
            "part and statistics cross the split. Read every accuracy beside "
            "the three ceilings of its data set.</p>\n"));
    if (given)
        SPRED_TRY(spred_buffer_add(
            env, out,
            "<p>Protocol \"given\": the test part is the one that the data "
            "were published with, the same in every trial, touched once in "
            "each; a share of the other samples, stratified, another for "
            "every seed, validates. Intervals are the t over seeds: they tell "
            "how a method varies by who validates and by its own chance, not "
            "how it would do on other test samples.</p>\n"));
    return spred_buffer_add(
        env, out,
        "<p>Means over the test parts ± half a 95%% interval by the corrected "
        "resampled t (Nadeau and Bengio 2003%s); genes and times are medians; "
        "stability by Nogueira, Sechidis and Brown (2018): 1, the same genes "
        "in every trial; 0, no more alike than by chance. One trial gives no "
        "interval and no stability. Intervals are not corrected for the number "
        "of methods.</p>\n",
        given ? "; protocol given: over seeds" : "");
}

/* ---- what was chosen ---- */

static size_t gene_row(const struct results_table *t, const char *dataset,
                       size_t place, const char *method)
{
    size_t row = 0;
    for (; row < t->n_rows; row++)
        if (fabs(results_real(t, row, "place") - (double)place) < 0.5 &&
            strcmp(results_text(t, row, "dataset"), dataset) == 0 &&
            (!method || strcmp(results_text(t, row, "method"), method) == 0))
            break;
    return row;
}

/* The methods that chosen-genes has of the data set of row `first`: where the
 * first place's rows tell them. */
static enum spred_status put_gene_cells(struct spred_env *env,
                                        struct spred_buffer *out,
                                        const struct results_table *t,
                                        size_t first, size_t place)
{
    const char *dataset = results_text(t, first, "dataset");
    for (size_t k = first;
         k < t->n_rows && results_same(t, first, k, "dataset"); k++) {
        const char *method = results_text(t, k, "method");
        if (gene_row(t, dataset, (size_t)results_real(t, first, "place"),
                     method) != k)
            continue;
        if (place == 0) {
            SPRED_TRY(spred_buffer_add(env, out, "<th class=\"m\">"));
            SPRED_TRY(plots_html_text(env, out, method));
            SPRED_TRY(spred_buffer_add(env, out, "</th>"));
            continue;
        }
        size_t row = gene_row(t, dataset, place, method);
        double count = row < t->n_rows ? results_real(t, row, "count") : NAN;
        if (count > 0)
            SPRED_TRY(spred_buffer_add(env, out, "<td>%g/%g</td>", count,
                                       results_real(t, row, "trials")));
        else
            SPRED_TRY(spred_buffer_add(env, out, "<td>–</td>"));
    }
    return SPRED_OK;
}

static enum spred_status put_genes(struct plots_context *context,
                                   struct spred_buffer *out)
{
    struct spred_env *env = context->env;
    const struct results_table *t;
    SPRED_TRY(plots_ask(context, "chosen-genes", &t));
    if (t->n_rows)
        SPRED_TRY(spred_buffer_add(
            env, out,
            "<h2>Most often chosen genes</h2>\n<p>In how many of its trials "
            "each method chose the gene, by the mean share over the methods "
            "that may leave genes out.</p>\n"));
    SPRED_TRY(put_figures(context, out, "gene-map"));
    for (size_t at = 0, next; at < t->n_rows; at = next) {
        const char *dataset = results_text(t, at, "dataset");
        next = plots_rows_end(t, at, "dataset", t->n_rows);
        SPRED_TRY(
            spred_buffer_add(env, out, "<details open=\"open\"><summary>"));
        SPRED_TRY(put_title(context, out, dataset));
        SPRED_TRY(spred_buffer_add(
            env, out,
            "</summary>\n<div class=\"wide\"><table><tr><th "
            "class=\"t\">gene</th><th class=\"t\">feature</th>"));
        SPRED_TRY(put_gene_cells(env, out, t, at, 0));
        SPRED_TRY(spred_buffer_add(env, out, "</tr>\n"));
        for (size_t place = 1;; place++) {
            size_t row = gene_row(t, dataset, place, NULL);
            if (row == t->n_rows)
                break;
            SPRED_TRY(spred_buffer_add(env, out, "<tr><td class=\"t\">"));
            SPRED_TRY(
                plots_html_text(env, out, results_text(t, row, "symbol")));
            SPRED_TRY(spred_buffer_add(env, out, "</td><td class=\"t\">"));
            SPRED_TRY(
                plots_html_text(env, out, results_text(t, row, "feature")));
            SPRED_TRY(spred_buffer_add(env, out, "</td>"));
            SPRED_TRY(put_gene_cells(env, out, t, at, place));
            SPRED_TRY(spred_buffer_add(env, out, "</tr>\n"));
        }
        SPRED_TRY(spred_buffer_add(env, out, "</table></div></details>\n"));
    }
    return SPRED_OK;
}

/* ---- ranks ---- */

static enum spred_status put_pairs(struct plots_context *context,
                                   struct spred_buffer *out)
{
    struct spred_env *env = context->env;
    const struct results_table *t;
    size_t separated = 0;
    SPRED_TRY(plots_ask(context, "rank-pairs", &t));
    for (size_t i = 0; i < t->n_rows; i++) {
        if (!(results_real(t, i, "separated") > 0))
            continue;
        SPRED_TRY(spred_buffer_add(
            env, out, "%s",
            separated++ ? ", " : "<p>Pairs that are separated (Holm): "));
        SPRED_TRY(plots_html_text(env, out, results_text(t, i, "method_a")));
        SPRED_TRY(spred_buffer_add(env, out, " before "));
        SPRED_TRY(plots_html_text(env, out, results_text(t, i, "method_b")));
        SPRED_TRY(
            spred_buffer_add(env, out, " (p = %.2g)", results_real(t, i, "p")));
    }
    return spred_buffer_add(env, out, "%s",
                            separated ? ".</p>\n"
                                      : "<p>No pair of methods is separated "
                                        "over the data sets.</p>\n");
}

static enum spred_status put_ranks(struct plots_context *context,
                                   struct spred_buffer *out)
{
    static const struct plots_column ranks[] = {
        {"method", "method", 0, NULL},
        {"mean rank", "rank", 3, NULL},
        {"mean balanced accuracy", "balanced", 3, NULL},
        {"data sets", "datasets", 3, NULL},
        {"not compared", "why_not", 0, NULL},
        {NULL, NULL, 0, NULL}};
    const struct results_table *t;
    struct spred_env *env = context->env;
    SPRED_TRY(plots_ask(context, "ranks", &t));
    if (t->n_rows == 0)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(env, out, "<h2>Methods over data sets</h2>\n"));
    SPRED_TRY(put_figures(context, out, "critical-difference"));
    SPRED_TRY(plots_html_table(env, out, t, 0, t->n_rows, ranks));
    double p = results_real(t, 0, "friedman_p");
    if (isnan(p))
        return spred_buffer_add(env, out,
                                "<p>Too few data sets or methods for a test: "
                                "the ranks are of these data sets only.</p>\n");
    SPRED_TRY(spred_buffer_add(
        env, out,
        "<p>Friedman's test with Iman and Davenport's F: p = %.2g. A rank "
        "counts data sets as alike, whatever their size.</p>\n",
        p));
    return put_pairs(context, out);
}

/* ---- tables that are one query, by data set ---- */

static enum spred_status put_query(struct plots_context *context,
                                   struct spred_buffer *out, const char *query,
                                   const char *heading,
                                   const struct plots_column *shown)
{
    const struct results_table *t;
    SPRED_TRY(plots_ask(context, query, &t));
    if (t->n_rows == 0)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(context->env, out, "%s", heading));
    for (size_t at = 0, next; at < t->n_rows; at = next) {
        next = plots_rows_end(t, at, "dataset", t->n_rows);
        SPRED_TRY(put_heading(context, out, results_text(t, at, "dataset")));
        SPRED_TRY(plots_html_table(context->env, out, t, at, next, shown));
    }
    return SPRED_OK;
}

enum spred_status plots_report_methods(struct plots_context *context,
                                       struct spred_buffer *out)
{
    static const struct plots_column versus[] = {
        {"method", "method", 0, NULL},
        {"against", "against", 0, NULL},
        {"difference", "difference", 3, "half"},
        {"trials", "trials", 3, NULL},
        {"verdict", "verdict", 0, NULL},
        {NULL, NULL, 0, NULL}};
    static const struct plots_column tuned[] = {
        {"data set", "dataset", 0, NULL},
        {"method", "method", 0, NULL},
        {"settings", "chosen", 0, NULL},
        {"offer", "at", 0, NULL},
        {"chosen in", "count", 3, NULL},
        {"of trials", "trials", 3, NULL},
        {NULL, NULL, 0, NULL}};
    const struct results_table *t;
    SPRED_TRY(plots_methods(context, &t));
    if (!t)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(context->env, out, "<h2>Methods</h2>\n"));
    SPRED_TRY(put_protocol(context, out));
    for (size_t at = 0, next; at < t->n_rows; at = next) {
        next = plots_rows_end(t, at, "dataset", t->n_rows);
        SPRED_TRY(put_comparison(context, out, t, at, next));
    }
    SPRED_TRY(put_figures(context, out, "accuracy-genes"));
    SPRED_TRY(put_figures(context, out, "stability"));
    SPRED_TRY(put_ranks(context, out));
    SPRED_TRY(
        put_query(context, out, "versus",
                  "<h2>Paired differences</h2>\n<p>In balanced accuracy (paper "
                  "protocol: accuracy) on the same splits, ± half a 95% "
                  "interval, not corrected for the number of "
                  "comparisons.</p>\n",
                  versus));
    SPRED_TRY(put_genes(context, out));
    return put_query(context, out, "tuned",
                     "<h2>Settings that stand</h2>\n<p>Chosen on the "
                     "validation part, if there is one.</p>\n",
                     tuned);
}
