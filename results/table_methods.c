/* table_methods.c: the part of table.md that puts models and solvers side by
 * side: one comparison per data set. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "results/table.h"

#define CELL RESULTS_CELL

static const char explanation[] =
    "# Methods\n\n"
    "Models and solvers on the same splits; solvers stand for their problem "
    "(the one with most runs that ended well). ±: 95% interval over trials by "
    "the corrected resampled t (protocol given: over seeds alone). Genes: "
    "median over trials (fewest..most). "
    "Stability: the index of Nogueira, Sechidis and Brown (2018) [its "
    "asymptotic 95% interval, too narrow for few trials]: 1 = always the same "
    "genes, 0 = as by chance. Jaccard: mean over pairs of trials. Seconds: "
    "billed, median, with all settings that were tried. Models are tuned on "
    "the validation part and tested once.\n\n";

static void put_genes(char out[CELL], const struct results_table *t, size_t row)
{
    char middle[CELL];
    double low = results_real(t, row, "genes_low");
    double high = results_real(t, row, "genes_high");
    results_grid_count(out, results_real(t, row, "genes"));
    if (results_real(t, row, "share_all") > 0)
        results_grid_text(out, "all");
    else if (low < high) {
        memcpy(middle, out, sizeof middle);
        snprintf(out, CELL, "%.30s (%.0f..%.0f)", middle, low, high);
    }
}

static void put_stability(char out[CELL], const struct results_table *t,
                          size_t row)
{
    double phi = results_real(t, row, "stability");
    phi = fabs(phi) < 0.005 ? 0 : phi; /* never "-0.00" */
    double low = results_real(t, row, "stability_low");
    double high = results_real(t, row, "stability_high");
    if (isnan(phi))
        results_grid_text(out, "-");
    else if (isnan(low))
        snprintf(out, CELL, "%.2f", phi);
    else
        snprintf(out, CELL, "%.2f [%.2f, %.2f]", phi, low, high);
}

/* A share with three digits; "-": none. */
static void put_share(char out[CELL], double value)
{
    results_grid_interval(out, value, NAN);
}

/* The rows first .. end - 1 of "methods": one data set. */
static enum spred_status print_comparison(struct spred_env *env,
                                          const struct results_table *t,
                                          size_t first, size_t end,
                                          struct spred_buffer *out)
{
    static const char *const heads[] = {
        "method",         "ended well", "accuracy", "majority", "1/T",
        "(1-.8^T)/(.2T)", "balanced",   "AUC",      "R²",       "genes",
        "stability",      "Jaccard",    "seconds",  "peak MiB", "precision",
        "recall",         "FDR",        NULL};
    static const char *const intervals[][2] = {{"accuracy", "accuracy_half"},
                                               {"balanced", "balanced_half"},
                                               {"auc", "auc_half"},
                                               {"r2", "r2_half"},
                                               {"precision", "precision_half"},
                                               {"recall", "recall_half"},
                                               {"fdr", "fdr_half"}};
    static const size_t places[] = {2, 6, 7, 8, 14, 15, 16};
    struct results_grid grid;
    int unwell = 0;
    for (size_t i = first; i < end; i++)
        unwell = unwell || !(results_real(t, i, "ended") >= 1);
    SPRED_TRY(results_grid_new(env, &grid, end - first, heads));
    for (size_t i = first; i < end; i++) {
        char(*row)[CELL] = results_grid_row(&grid, i - first + 1);
        double trials = results_real(t, i, "trials");
        results_grid_text(row[0], results_text(t, i, "method"));
        results_grid_text(row[1], unwell ? "skipped" : "-");
        if (unwell && trials > 0)
            snprintf(row[1], CELL, "%.0f/%.0f",
                     trials * results_real(t, i, "ended"), trials);
        for (size_t k = 0; k < sizeof places / sizeof *places; k++)
            results_grid_interval(row[places[k]],
                                  results_real(t, i, intervals[k][0]),
                                  results_real(t, i, intervals[k][1]));
        /* The paper's protocol: beside each accuracy, what it can be. */
        int paper = results_real(t, i, "ceiling") < 1;
        put_share(row[3], paper ? results_real(t, i, "majority") : NAN);
        put_share(row[4], paper ? results_real(t, i, "ceiling") : NAN);
        put_share(row[5], paper ? results_real(t, i, "informed") : NAN);
        put_genes(row[9], t, i);
        put_stability(row[10], t, i);
        results_grid_real(row[11], results_real(t, i, "jaccard"), 2);
        results_grid_real(row[12], results_real(t, i, "seconds"), 3);
        results_grid_real(row[13], results_real(t, i, "peak_mib"), 4);
    }
    enum spred_status status = results_grid_print(env, &grid, 1, out);
    spred_free(env, grid.cells);
    return status;
}

/* "No stability: mlp, network (every trial takes all genes); ..." */
static enum spred_status print_unstable(struct spred_env *env,
                                        const struct results_table *t,
                                        size_t first, size_t end,
                                        struct spred_buffer *out)
{
    const char *lead = "No stability: ";
    for (size_t i = first; i < end; i++) {
        const char *why = results_text(t, i, "no_stability");
        size_t before = first;
        while (before < i &&
               strcmp(results_text(t, before, "no_stability"), why) != 0)
            before++;
        if (!*why || before < i) /* said already */
            continue;
        for (size_t k = i; k < end; k++)
            if (strcmp(results_text(t, k, "no_stability"), why) == 0) {
                SPRED_TRY(spred_buffer_add(env, out, "%s%s", lead,
                                           results_text(t, k, "method")));
                lead = ", ";
            }
        SPRED_TRY(spred_buffer_add(env, out, " (%s)", why));
        lead = "; ";
    }
    return *lead == ';' ? spred_buffer_add(env, out, ".\n\n") : SPRED_OK;
}

/* The paired differences of one data set. */
static enum spred_status print_versus(struct spred_env *env,
                                      const struct results_table *t,
                                      const char *dataset, int paper,
                                      struct spred_buffer *out)
{
    static const char *const heads[] = {"method", "verdict", "difference",
                                        "trials", NULL};
    struct results_grid grid;
    size_t rows = 0, last = 0;
    SPRED_TRY(results_grid_new(env, &grid, t->n_rows, heads));
    for (size_t i = 0; i < t->n_rows; i++) {
        if (strcmp(results_text(t, i, "dataset"), dataset) != 0)
            continue;
        char(*row)[CELL] = results_grid_row(&grid, ++rows), difference[CELL];
        last = i;
        results_grid_text(row[0], results_text(t, i, "method"));
        results_grid_interval(difference, results_real(t, i, "difference"),
                              results_real(t, i, "half"));
        snprintf(row[2], CELL, "%s%.90s",
                 results_real(t, i, "difference") > 0 ? "+" : "", difference);
        results_grid_count(row[3], results_real(t, i, "trials"));
        results_grid_text(row[1], results_text(t, i, "verdict"));
    }
    grid.rows = rows + 1;
    enum spred_status status = SPRED_OK;
    if (rows)
        status = spred_buffer_add(
            env, out,
            "%s against %s, paired over the splits that both "
            "share (verdicts by this 95%% interval alone, not adjusted for "
            "their number):\n\n",
            paper ? "Accuracy" : "Balanced accuracy",
            results_text(t, last, "against"));
    if (rows && !status)
        status = results_grid_print(env, &grid, 2, out);
    spred_free(env, grid.cells);
    return status;
}

enum spred_status results_print_methods(struct spred_env *env,
                                        struct results_view *view,
                                        const struct results_table *datasets,
                                        const struct results_table *metrics,
                                        const struct results_table *endings,
                                        struct spred_buffer *out, int *any)
{
    enum { METHODS, VERSUS, CHOSEN, RANKS, PAIRS, TUNED, TABLES };
    static const char *const names[] = {"methods", "versus",     "chosen-genes",
                                        "ranks",   "rank-pairs", "tuned"};
    struct results_table t[TABLES] = {{0}};
    *any = 0;
    enum spred_status status =
        results_query(env, view, names[METHODS], &t[METHODS]);
    for (size_t i = 0; i < t[METHODS].n_rows && !status; i++)
        *any =
            *any || strcmp(results_text(&t[METHODS], i, "kind"), "model") == 0;
    for (size_t i = VERSUS; i < TABLES && *any && !status; i++)
        status = results_query(env, view, names[i], &t[i]);
    if (*any && !status)
        status = spred_buffer_add(env, out, "%s", explanation);
    for (size_t i = 0, end; *any && i < t[METHODS].n_rows && !status; i = end) {
        size_t d = 0;
        const char *dataset = results_text(&t[METHODS], i, "dataset");
        for (end = i; end < t[METHODS].n_rows &&
                      results_same(&t[METHODS], i, end, "dataset");)
            end++;
        while (d < datasets->n_rows &&
               strcmp(results_text(datasets, d, "dataset"), dataset) != 0)
            d++;
        status = spred_buffer_add(env, out, "## %s%s\n\n", dataset,
                                  results_real(datasets, d, "simulated") > 0
                                      ? " (SIMULATED data)"
                                      : "");
        if (!status)
            status = results_print_source(env, datasets, d, out);
        if (!status)
            status = print_comparison(env, &t[METHODS], i, end, out);
        if (!status)
            status = print_unstable(env, &t[METHODS], i, end, out);
        if (!status)
            status = print_versus(
                env, &t[VERSUS], dataset,
                strcmp(results_text(datasets, d, "protocol"), "paper") == 0,
                out);
        if (!status)
            status = results_print_metrics(env, metrics, dataset, "model", out);
        if (!status)
            status = results_print_endings(env, endings, dataset, "model", out);
        if (!status)
            status = results_print_chosen(env, &t[CHOSEN], dataset, out);
    }
    if (*any && !status)
        status = results_print_ranks(env, &t[RANKS], &t[PAIRS], out);
    if (*any && !status)
        status = results_print_tuned(env, &t[TUNED], out);
    for (size_t i = 0; i < TABLES; i++)
        results_table_free(env, &t[i]);
    return status;
}
