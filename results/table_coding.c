/* table_coding.c: sparse coding in table.md: coders per data set, dictionary
 * and lambda, then what the codes are worth. */
#include "results/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELL RESULTS_CELL

static enum spred_status print_coders(struct spred_env *env,
                                      const struct results_table *t,
                                      size_t first, size_t end,
                                      struct spred_buffer *out)
{
    static const char *const heads[] = {
        "dictionary", "lambda", "coder",    "certified", "seconds",
        "ratio",      "gap",    "nonzeros", "ending",    NULL};
    struct results_grid grid;
    SPRED_TRY(results_grid_new(env, &grid, end - first, heads));
    for (size_t i = first; i < end; i++) {
        char(*row)[CELL] = results_grid_row(&grid, i - first + 1);
        double time = results_real(t, i, "seconds");
        results_grid_text(row[0], results_text(t, i, "dictionary"));
        results_grid_real(row[1], results_real(t, i, "lambda"), 6);
        results_grid_text(row[2], results_text(t, i, "solver"));
        if (results_real(t, i, "certified") >= 0)
            snprintf(row[3], CELL, "%.0f/%.0f", results_real(t, i, "certified"),
                     results_real(t, i, "signals"));
        else
            snprintf(row[3], CELL, "-");
        if (isinf(time)) { /* censored: not there when it ended */
            char low[CELL];
            results_grid_real(low, results_real(t, i, "low"), 3);
            snprintf(row[4], CELL, "%.1s%.90s", *low == '-' ? "" : ">", low);
        } else {
            results_grid_real(row[4], time, 3);
        }
        results_grid_real(row[5],
                          isinf(time) ? NAN : results_real(t, i, "ratio"), 3);
        results_grid_real(row[6], results_real(t, i, "gap"), 2);
        results_grid_count(row[7], results_real(t, i, "nonzeros"));
        const char *ending = results_text(t, i, "statuses");
        results_grid_text(row[8], strcmp(ending, "certified") ? ending : "-");
    }
    enum spred_status status = results_grid_print(env, &grid, 3, out);
    spred_free(env, grid.cells);
    return status;
}

static enum spred_status print_rates(struct spred_env *env,
                                     const struct results_table *t,
                                     const char *dataset,
                                     struct spred_buffer *out)
{
    static const char *const heads[] = {
        "dictionary", "lambda",        "nonzeros",     "error [%]",
        "noisy [dB]", "denoised [dB]", "its nonzeros", NULL};
    struct results_grid grid;
    size_t rows = 0;
    SPRED_TRY(results_grid_new(env, &grid, t->n_rows, heads));
    for (size_t i = 0; i < t->n_rows; i++) {
        if (strcmp(results_text(t, i, "dataset"), dataset) != 0 ||
            isnan(results_real(t, i, "nonzeros")))
            continue;
        char(*row)[CELL] = results_grid_row(&grid, ++rows);
        results_grid_text(row[0], results_text(t, i, "dictionary"));
        results_grid_real(row[1], results_real(t, i, "lambda"), 6);
        results_grid_count(row[2], results_real(t, i, "nonzeros"));
        results_grid_real(row[3], 100 * results_real(t, i, "squares"), 3);
        results_grid_real(row[4], results_real(t, i, "noisy"), 4);
        results_grid_real(row[5], results_real(t, i, "denoised"), 4);
        results_grid_count(row[6], results_real(t, i, "noisy_nonzeros"));
    }
    grid.rows = rows + 1;
    enum spred_status status = SPRED_OK;
    if (rows)
        status = spred_buffer_add(
            env, out,
            "What the codes are worth (error: mean |x - Dz|^2 / |x|^2; PSNR of "
            "the held-out picture with noise, and with it taken off; its "
            "nonzeros: of the codes of the noisy patches):\n\n");
    if (rows && !status)
        status = results_grid_print(env, &grid, 1, out);
    spred_free(env, grid.cells);
    return status;
}

enum spred_status results_print_coding(struct spred_env *env,
                                       struct results_view *view,
                                       const struct results_table *datasets,
                                       const struct results_table *endings,
                                       struct spred_buffer *out)
{
    struct results_table t, rates = {0};
    SPRED_TRY(results_query(env, view, "coding", &t));
    enum spred_status status =
        results_query(env, view, "rate-distortion", &rates);
    if (!status && t.n_rows)
        status = spred_buffer_add(
            env, out,
            "# Sparse coding\n\nSeconds are billed (Gram, constants, "
            "correlations, codes, without certificates), for all signals, "
            "median over trials of the run that asked for the smallest gap; "
            "\"> t\" where it was not certified after t. Ratio: to the fastest "
            "coder on the same dictionary and lambda. Gap: the worst signal's, "
            "relative to |x|^2/2, rounding bound included; asked: %g.\n\n",
            results_real(&t, 0, "target"));
    for (size_t i = 0, end; i < t.n_rows && !status; i = end) {
        size_t d = 0;
        const char *dataset = results_text(&t, i, "dataset");
        for (end = i; end < t.n_rows && results_same(&t, i, end, "dataset");)
            end++;
        while (d < datasets->n_rows &&
               strcmp(results_text(datasets, d, "dataset"), dataset) != 0)
            d++;
        status = spred_buffer_add(
            env, out, "## %s\n\nSource: %s; %.0f signals of %.0f values.\n\n",
            dataset, results_text(datasets, d, "source"),
            results_real(datasets, d, "train"),
            results_real(datasets, d, "features"));
        if (!status)
            status = print_coders(env, &t, i, end, out);
        if (!status)
            status = print_rates(env, &rates, dataset, out);
        for (size_t k = i; k < end && !status; k++)
            if (k == i || !results_same(&t, k, k - 1, "problem"))
                status = results_print_endings(
                    env, endings, dataset, results_text(&t, k, "problem"), out);
    }
    results_table_free(env, &t);
    results_table_free(env, &rates);
    return status;
}
