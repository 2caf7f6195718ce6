/* table.c: Markdown tables for results/NAME/table.md and the terminal. */
#include "results/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "results/export.h"
#include "results/field.h"
#include "spred/file.h"

#define CELL RESULTS_CELL

/* The summary rows first .. end - 1: one data set and problem. */
static enum spred_status print_summary(struct spred_env *env,
                                       const struct results_table *s,
                                       size_t first, size_t end,
                                       struct spred_buffer *out)
{
    int convex = results_real(s, first, "convex") > 0;
    const char *const heads[] = {
        "solver",   convex ? "certified" : "stationary",
        "seconds",  "min..max",
        "passes",   convex ? "gap" : "stationarity",
        "genes",    "zeros",
        "accuracy", "balanced",
        "AUC",      "peak MiB",
        NULL};
    struct results_grid grid;
    SPRED_TRY(results_grid_new(env, &grid, end - first, heads));
    for (size_t i = first; i < end; i++) {
        char(*row)[CELL] = results_grid_row(&grid, i - first + 1);
        char low[CELL], high[CELL];
        double ran = results_real(s, i, "jobs") - results_real(s, i, "skipped");
        double time = results_real(s, i, "certified_seconds");
        results_grid_text(row[0], results_text(s, i, "solver"));
        if (ran > 0)
            snprintf(row[1], CELL, "%.0f/%.0f", results_real(s, i, heads[1]),
                     ran);
        else
            snprintf(row[1], CELL, "skipped");
        if (isinf(time)) { /* censored: not there when it ended */
            results_grid_real(low, results_real(s, i, "seconds"), 3);
            snprintf(row[2], CELL, "%.1s%.90s", *low == '-' ? "" : ">", low);
        } else {
            results_grid_real(row[2], time, 3);
        }
        results_grid_real(low, results_real(s, i, "seconds_min"), 3);
        results_grid_real(high, results_real(s, i, "seconds_max"), 3);
        snprintf(row[3], CELL, "%.40s..%.40s", low, high);
        if (*low == '-' || ran < 2)
            snprintf(row[3], CELL, "-");
        results_grid_count(row[4], results_real(s, i, "passes"));
        results_grid_real(row[5], results_real(s, i, heads[5]), 2);
        results_grid_count(row[6], results_real(s, i, "support"));
        results_grid_interval(row[8], results_real(s, i, "accuracy"),
                              results_real(s, i, "accuracy_half"));
        if (isnan(results_real(s, i, "accuracy")) &&
            !isnan(results_real(s, i, "r2"))) { /* regression */
            results_grid_interval(low, results_real(s, i, "r2"),
                                  results_real(s, i, "r2_half"));
            snprintf(row[8], CELL, "R² %.80s", low);
        }
        /* With nothing to test on, the model is judged by its zeros. */
        results_grid_real(
            row[7], strcmp(row[8], "-") ? NAN : results_real(s, i, "zeros"), 6);
        results_grid_interval(row[9], results_real(s, i, "balanced"),
                              results_real(s, i, "balanced_half"));
        results_grid_interval(row[10], results_real(s, i, "auc"),
                              results_real(s, i, "auc_half"));
        results_grid_real(row[11], results_real(s, i, "peak_mib"), 4);
    }
    enum spred_status status = results_grid_print(env, &grid, 1, out);
    spred_free(env, grid.cells);
    return status;
}

/* What cross-validation chose, where it did. */
static enum spred_status print_choice(struct spred_env *env,
                                      const struct results_table *s,
                                      size_t first, size_t end,
                                      struct spred_buffer *out)
{
    static const char *const heads[] = {
        "solver", "lambda / max", "least loss at", "1-SE at", "loss",
        "s.e.",   "genes",        "wall s",        NULL};
    static const char *const columns[] = {"ratio",   "ratio_min", "ratio_1se",
                                          "cv_loss", "cv_se",     NULL};
    struct results_grid grid;
    size_t rows = 0;
    SPRED_TRY(results_grid_new(env, &grid, end - first, heads));
    for (size_t i = first; i < end; i++) {
        if (isnan(results_real(s, i, "cv_loss")))
            continue;
        char(*row)[CELL] = results_grid_row(&grid, ++rows);
        results_grid_text(row[0], results_text(s, i, "solver"));
        for (size_t j = 0; columns[j]; j++)
            results_grid_real(row[1 + j], results_real(s, i, columns[j]), 4);
        results_grid_count(row[6], results_real(s, i, "support"));
        results_grid_real(row[7], results_real(s, i, "wall"), 3);
    }
    grid.rows = rows + 1;
    enum spred_status status = SPRED_OK;
    if (rows)
        status = spred_buffer_add(env, out,
                                  "Lambda by cross-validation (medians over "
                                  "trials; wall: all folds and the refit):\n"
                                  "\n");
    if (rows && !status)
        status = results_grid_print(env, &grid, 1, out);
    spred_free(env, grid.cells);
    return status;
}

static int is_of(const struct results_table *table, size_t row,
                 const char *dataset, const char *problem)
{
    return strcmp(results_text(table, row, "dataset"), dataset) == 0 &&
           strcmp(results_text(table, row, "problem"), problem) == 0;
}

enum spred_status results_print_metrics(struct spred_env *env,
                                        const struct results_table *metrics,
                                        const char *dataset,
                                        const char *problem,
                                        struct spred_buffer *out)
{
    const char *const heads[] = {strcmp(problem, "model") ? "solver" : "model",
                                 "metric", "mean", "trials", NULL};
    struct results_grid grid;
    size_t rows = 0;
    if (metrics->n_rows == 0)
        return SPRED_OK;
    SPRED_TRY(results_grid_new(env, &grid, metrics->n_rows, heads));
    for (size_t k = 0; k < metrics->n_rows; k++) {
        if (!is_of(metrics, k, dataset, problem))
            continue;
        char(*row)[CELL] = results_grid_row(&grid, ++rows);
        results_grid_text(row[0], results_text(metrics, k, "solver"));
        results_grid_text(row[1], results_text(metrics, k, "metric"));
        double half = results_real(metrics, k, "half");
        results_grid_real(row[2], results_real(metrics, k, "value"), 4);
        if (!isnan(half)) {
            char mean[CELL];
            memcpy(mean, row[2], sizeof mean);
            snprintf(row[2], CELL, "%.40s ± %.2g", mean, half);
        }
        results_grid_count(row[3], results_real(metrics, k, "trials"));
    }
    grid.rows = rows + 1;
    enum spred_status status = SPRED_OK;
    if (rows)
        status = spred_buffer_add(
            env, out, "The script's metrics (test part, over trials):\n\n");
    if (rows && !status)
        status = results_grid_print(env, &grid, 2, out);
    spred_free(env, grid.cells);
    return status;
}

enum spred_status results_print_endings(struct spred_env *env,
                                        const struct results_table *endings,
                                        const char *dataset,
                                        const char *problem,
                                        struct spred_buffer *out)
{
    int any = 0;
    for (size_t i = 0; i < endings->n_rows; i++) {
        char reason[CELL];
        if (!is_of(endings, i, dataset, problem))
            continue;
        results_grid_text(reason, results_text(endings, i, "reason"));
        SPRED_TRY(
            spred_buffer_add(env, out, "- %s: %s in %.0f trial%s%s%s\n",
                             results_text(endings, i, "solver"),
                             results_text(endings, i, "status"),
                             results_real(endings, i, "trials"),
                             results_real(endings, i, "trials") > 1 ? "s" : "",
                             *reason ? ": " : "", reason));
        any = 1;
    }
    return any ? spred_buffer_add(env, out, "\n") : SPRED_OK;
}

#define GENES_SHOWN 10 /* in the table; genes.csv has more */

/* The genes of the data set and problem of summary row `at`, on one line. */
static enum spred_status print_genes(struct spred_env *env,
                                     const struct results_table *genes,
                                     const struct results_table *s, size_t at,
                                     struct spred_buffer *out)
{
    size_t first = 0, end;
    while (first < genes->n_rows &&
           (strcmp(results_text(genes, first, "dataset"),
                   results_text(s, at, "dataset")) != 0 ||
            strcmp(results_text(genes, first, "problem"),
                   results_text(s, at, "problem")) != 0))
        first++;
    if (first == genes->n_rows)
        return SPRED_OK;
    for (end = first; end < genes->n_rows &&
                      results_same(genes, first, end, "dataset") &&
                      results_same(genes, first, end, "problem");)
        end++;
    SPRED_TRY(spred_buffer_add(
        env, out, "Genes most often chosen by %s (of %.0f trials):",
        results_text(genes, first, "solver"),
        results_real(genes, first, "trials")));
    for (size_t i = first; i < end && i < first + GENES_SHOWN; i++) {
        const char *symbol = results_text(genes, i, "symbol");
        SPRED_TRY(spred_buffer_add(
            env, out, "%s %s (%.0f)", i > first ? "," : "",
            /* GEO marks controls by "--Control": the probe says more */
            *symbol && *symbol != '-' ? symbol
                                      : results_text(genes, i, "feature"),
            results_real(genes, i, "count")));
    }
    return spred_buffer_add(env, out, ".\n\n");
}

enum spred_status results_print_source(struct spred_env *env,
                                       const struct results_table *datasets,
                                       size_t d, struct spred_buffer *out)
{
    SPRED_TRY(spred_buffer_add(
        env, out, "Source: %s; target: %s; protocol %s; %.0f features",
        results_text(datasets, d, "source"),
        results_text(datasets, d, "target"),
        results_text(datasets, d, "protocol"),
        results_real(datasets, d, "features")));
    if (results_real(datasets, d, "classes") > 0)
        SPRED_TRY(spred_buffer_add(env, out, ", %.0f classes",
                                   results_real(datasets, d, "classes")));
    if (results_real(datasets, d, "train") > 0)
        SPRED_TRY(spred_buffer_add(env, out,
                                   "; train %.0f, validate %.0f, test %.0f",
                                   results_real(datasets, d, "train"),
                                   results_real(datasets, d, "validate"),
                                   results_real(datasets, d, "test")));
    if (results_real(datasets, d, "majority") > 0)
        SPRED_TRY(spred_buffer_add(env, out, "; largest class %.3f",
                                   results_real(datasets, d, "majority")));
    if (*results_text(datasets, d, "preparation"))
        SPRED_TRY(spred_buffer_add(env, out, "; preparation (first trial): %s",
                                   results_text(datasets, d, "preparation")));
    SPRED_TRY(spred_buffer_add(env, out, ".\n\n"));
    if (strcmp(results_text(datasets, d, "protocol"), "given") == 0)
        SPRED_TRY(spred_buffer_add(
            env, out,
            "Protocol given: all trials are tested on the published test part. "
            "± is a 95%% interval (t) over their seeds, that is over who "
            "validates and over the method's own chance; that other test "
            "samples would have scored otherwise is not in it.\n\n"));
    if (!(results_real(datasets, d, "ceiling") < 1)) /* one type: no conflict */
        return SPRED_OK;
    return spred_buffer_add(
        env, out,
        "The paper's protocol repeats every sample under T labels: always "
        "guessing the largest class scores %.3f, a classifier that sees a "
        "sample alone reaches at most 1/T = %.3f on average, and the best "
        "guesser that knows which labels the training and validation rows used "
        "up reaches (1-.8^T)/(.2T) = %.3f.\n\n",
        results_real(datasets, d, "majority"),
        results_real(datasets, d, "ceiling"),
        results_real(datasets, d, "informed"));
}

static enum spred_status print_dataset(struct spred_env *env,
                                       const struct results_table *datasets,
                                       const struct results_table *s, size_t at,
                                       struct spred_buffer *out)
{
    size_t d = 0;
    while (d < datasets->n_rows && strcmp(results_text(datasets, d, "dataset"),
                                          results_text(s, at, "dataset")) != 0)
        d++;
    SPRED_TRY(spred_buffer_add(
        env, out, "## %s, %s%s\n\n", results_text(s, at, "dataset"),
        results_text(s, at, "problem"),
        results_real(datasets, d, "simulated") > 0 ? " (SIMULATED data)" : ""));
    SPRED_TRY(spred_buffer_add(
        env, out, "Penalty: %s%s. ", results_text(s, at, "penalty"),
        results_real(s, at, "convex") > 0
            ? ""
            : " (not convex: no gap exists; stationary: the worst KKT residual "
              "on the support over lambda is at most what was asked)"));
    return results_print_source(env, datasets, d, out);
}

static enum spred_status print_notes(struct spred_env *env,
                                     const struct results_table *notes,
                                     const struct results_table *machines,
                                     int solvers, struct spred_buffer *out)
{
    static const char explanation[] =
        "Seconds are billed: set-up, constants and steps, without loading and "
        "certificates; median over trials to a certified path, \"> t\" where "
        "the median trial was not certified after t. Gap: the worst on the "
        "path. ±: 95% interval by the corrected resampled t (protocol given: "
        "over "
        "seeds alone).\n\n";
    if (solvers)
        SPRED_TRY(spred_buffer_add(env, out, "%s", explanation));
    for (size_t i = 0; i < notes->n_rows; i++)
        if (strncmp(results_text(notes, i, "key"), "warning", 7) == 0)
            SPRED_TRY(spred_buffer_add(env, out, "Note: %s\n\n",
                                       results_text(notes, i, "value")));
    if (machines->n_rows > 1)
        return spred_buffer_add(
            env, out,
            "Note: these runs were measured on %zu machines (column machine "
            "of runs.csv): times are not comparable between them.\n\n",
            machines->n_rows);
    return SPRED_OK;
}

enum spred_status results_markdown(struct spred_env *env,
                                   struct results_view *view,
                                   struct spred_buffer *out)
{
    enum {
        NOTES,
        DATASETS,
        SUMMARY,
        ENDINGS,
        GENES,
        MACHINES,
        METRICS,
        TABLES
    };
    static const char *const names[] = {"notes",   "datasets", "summary",
                                        "endings", "genes",    "machines",
                                        "metrics"};
    struct results_table t[TABLES] = {{0}};
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; i < TABLES && !status; i++)
        status = results_query(env, view, names[i], &t[i]);
    if (!status)
        status = print_notes(env, &t[NOTES], &t[MACHINES],
                             t[SUMMARY].n_rows > 0, out);
    int models = 0;
    if (!status)
        status = results_print_compression(env, view, &t[DATASETS], out);
    if (!status)
        status = results_print_methods(env, view, &t[DATASETS], &t[METRICS],
                                       &t[ENDINGS], out, &models);
    if (!status)
        status =
            results_print_coding(env, view, &t[DATASETS], &t[ENDINGS], out);
    if (!status && models && t[SUMMARY].n_rows)
        status = spred_buffer_add(env, out, "# Solvers\n\n");
    for (size_t i = 0, end; i < t[SUMMARY].n_rows && !status; i = end) {
        for (end = i; end < t[SUMMARY].n_rows &&
                      results_same(&t[SUMMARY], i, end, "dataset") &&
                      results_same(&t[SUMMARY], i, end, "problem");)
            end++;
        const char *dataset = results_text(&t[SUMMARY], i, "dataset");
        const char *problem = results_text(&t[SUMMARY], i, "problem");
        status = print_dataset(env, &t[DATASETS], &t[SUMMARY], i, out);
        if (!status)
            status = print_summary(env, &t[SUMMARY], i, end, out);
        if (!status)
            status = print_choice(env, &t[SUMMARY], i, end, out);
        if (!status)
            status =
                results_print_metrics(env, &t[METRICS], dataset, problem, out);
        if (!status)
            status =
                results_print_endings(env, &t[ENDINGS], dataset, problem, out);
        if (!status)
            status = print_genes(env, &t[GENES], &t[SUMMARY], i, out);
    }
    for (size_t i = 0; i < TABLES; i++)
        results_table_free(env, &t[i]);
    return status;
}

enum spred_status results_write_tables(struct spred_env *env,
                                       struct results_view *view,
                                       const char *folder)
{
    struct spred_buffer text = {0};
    char *path = spred_format(env, "%s/table.md", folder);
    enum spred_status status = path ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = results_markdown(env, view, &text);
    if (!status)
        status = spred_write_file(env, path, text.text, text.length);
    spred_free(env, text.text);
    spred_free(env, path);
    return status;
}
