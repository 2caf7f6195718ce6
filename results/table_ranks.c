/* table_ranks.c: the parts of table.md on the genes that methods agree on, the
 * ranks over data sets in plain words, and the tuned settings. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "results/table.h"

#define CELL RESULTS_CELL
#define PLACES 10
#define FEW 5      /* data sets */
#define LETTERS 26 /* methods shown as columns; chosen-genes has all */

enum spred_status results_print_chosen(struct spred_env *env,
                                       const struct results_table *chosen,
                                       const char *dataset,
                                       struct spred_buffer *out)
{
    char names[LETTERS][2];
    const char *heads[LETTERS + 5] = {"", "gene", "feature"};
    struct results_grid grid;
    size_t first = 0, methods = 0, end;
    while (first < chosen->n_rows &&
           strcmp(results_text(chosen, first, "dataset"), dataset) != 0)
        first++;
    if (first == chosen->n_rows)
        return SPRED_OK;
    for (end = first;
         end < chosen->n_rows && results_same(chosen, first, end, "dataset") &&
         results_real(chosen, end, "place") <= PLACES;
         end++)
        methods += results_real(chosen, end, "place") < 2;
    SPRED_TRY(spred_buffer_add(
        env, out, "Genes most often chosen (mean share of trials):"));
    for (size_t m = 0; m < methods && m < LETTERS; m++) {
        snprintf(names[m], sizeof names[m], "%c", (char)('a' + (int)m));
        heads[3 + m] = names[m];
        SPRED_TRY(spred_buffer_add(env, out, "%s %s = %s (of %.0f)",
                                   m ? "," : "", names[m],
                                   results_text(chosen, first + m, "method"),
                                   results_real(chosen, first + m, "trials")));
    }
    size_t shown = methods < LETTERS ? methods : LETTERS;
    heads[3 + shown] = "mean";
    SPRED_TRY(spred_buffer_add(env, out, ".\n\n"));
    SPRED_TRY(results_grid_new(env, &grid, (end - first) / methods, heads));
    for (size_t i = 1; i < grid.rows; i++) {
        char(*row)[CELL] = results_grid_row(&grid, i);
        size_t at = first + (i - 1) * methods;
        const char *symbol = results_text(chosen, at, "symbol");
        double mean = 0;
        results_grid_count(row[0], results_real(chosen, at, "place"));
        /* GEO marks controls by "--Control": the probe says more */
        results_grid_text(row[1], *symbol && *symbol != '-' ? symbol : "-");
        results_grid_text(row[2], results_text(chosen, at, "feature"));
        for (size_t m = 0; m < methods; m++) {
            mean += results_real(chosen, at + m, "share") / (double)methods;
            if (m < shown)
                results_grid_count(row[3 + m],
                                   results_real(chosen, at + m, "count"));
        }
        results_grid_interval(row[3 + shown], mean, NAN);
    }
    enum spred_status status = results_grid_print(env, &grid, 3, out);
    spred_free(env, grid.cells);
    return status;
}

/* "Cannot separate A, B and C." for each bar of the diagram. */
static enum spred_status say_bars(struct spred_env *env,
                                  const struct results_table *ranks,
                                  struct spred_buffer *out)
{
    for (size_t i = 0; i < ranks->n_rows; i++) {
        double high = results_real(ranks, i, "high");
        if (isnan(high))
            continue;
        size_t last = i;
        while (last + 1 < ranks->n_rows &&
               results_real(ranks, last + 1, "rank") <= high)
            last++;
        SPRED_TRY(spred_buffer_add(env, out, "- cannot separate "));
        for (size_t k = i; k <= last; k++)
            SPRED_TRY(spred_buffer_add(env, out, "%s%s",
                                       k == i      ? ""
                                       : k == last ? " and "
                                                   : ", ",
                                       results_text(ranks, k, "method")));
        SPRED_TRY(spred_buffer_add(env, out, "\n"));
    }
    return SPRED_OK;
}

static enum spred_status say_verdict(struct spred_env *env,
                                     const struct results_table *ranks,
                                     const struct results_table *pairs,
                                     struct spred_buffer *out)
{
    double n = results_real(ranks, 0, "datasets");
    double p = results_real(ranks, 0, "friedman_p");
    if (isnan(p))
        return spred_buffer_add(
            env, out,
            "%.0f data set%s where all compared methods have a result: too few "
            "to rank methods; nothing is separated.\n",
            n, n >= 2 || n < 1 ? "s" : "");
    SPRED_TRY(spred_buffer_add(
        env, out,
        "Friedman's test over %.0f data sets and %.0f methods (Iman and "
        "Davenport): F = %.3g, p = %.2g: %s.\n\n",
        n, results_real(ranks, 0, "methods"), results_real(ranks, 0, "f"), p,
        p < 0.05 ? "the methods differ; pairs by Holm at 0.05"
                 : "no difference between any of the methods can be shown"));
    size_t separated = 0;
    for (size_t i = 0; i < pairs->n_rows; i++) {
        if (!(results_real(pairs, i, "separated") > 0))
            continue;
        separated++;
        SPRED_TRY(spred_buffer_add(
            env, out, "- %s ranks before %s (p = %.2g)\n",
            results_text(pairs, i, "method_a"),
            results_text(pairs, i, "method_b"), results_real(pairs, i, "p")));
    }
    if (p < 0.05 && separated == 0)
        SPRED_TRY(spred_buffer_add(env, out,
                                   "- which ones cannot be said: no pair is "
                                   "separated\n"));
    if (n < FEW)
        SPRED_TRY(spred_buffer_add(env, out,
                                   "- so few data sets can hardly separate "
                                   "anything: that is no sign of likeness\n"));
    return say_bars(env, ranks, out);
}

enum spred_status results_print_ranks(struct spred_env *env,
                                      const struct results_table *ranks,
                                      const struct results_table *pairs,
                                      struct spred_buffer *out)
{
    static const char *const heads[] = {"method", "mean rank", "balanced",
                                        "not compared", NULL};
    struct results_grid grid;
    if (ranks->n_rows == 0 ||
        results_real(ranks, 0, "datasets") +
                results_real(ranks, 0, "datasets_left_out") <
            2) /* one data set has no ranks */
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(env, out, "## Ranks over data sets\n\n"));
    SPRED_TRY(results_grid_new(env, &grid, ranks->n_rows, heads));
    for (size_t i = 0; i < ranks->n_rows; i++) {
        char(*row)[CELL] = results_grid_row(&grid, i + 1);
        const char *why = results_text(ranks, i, "why_not");
        results_grid_text(row[0], results_text(ranks, i, "method"));
        results_grid_real(row[1], results_real(ranks, i, "rank"), 3);
        results_grid_interval(row[2], results_real(ranks, i, "balanced"), NAN);
        results_grid_text(row[3], *why ? why : "-");
    }
    enum spred_status status = results_grid_print(env, &grid, 1, out);
    spred_free(env, grid.cells);
    SPRED_TRY(status);
    SPRED_TRY(say_verdict(env, ranks, pairs, out));
    if (*results_text(ranks, 0, "left_out"))
        SPRED_TRY(spred_buffer_add(env, out, "\nData sets left out: %s.\n",
                                   results_text(ranks, 0, "left_out")));
    return spred_buffer_add(env, out, "\n");
}

/* "lr=0.1 (3), lr=1 (1)": rows first .. end - 1, cut to fit. */
static void put_others(char out[CELL], const struct results_table *tuned,
                       size_t first, size_t end)
{
    char list[2 * CELL] = "";
    for (size_t i = first, n = 0; i < end && n + 1 < sizeof list;
         i++, n = strlen(list))
        snprintf(list + n, sizeof list - n, "%s%s (%.0f)", n ? ", " : "",
                 results_text(tuned, i, "chosen"),
                 results_real(tuned, i, "count"));
    results_grid_text(out, *list ? list : "-");
}

enum spred_status results_print_tuned(struct spred_env *env,
                                      const struct results_table *tuned,
                                      struct spred_buffer *out)
{
    static const char *const heads[] = {
        "data set", "model", "most often chosen", "trials", "others",
        "offer",    NULL};
    struct results_grid grid;
    size_t rows = 0;
    if (tuned->n_rows == 0)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(
        env, out,
        "## Settings that stand (chosen on the validation part, if "
        "there is one)\n\n"));
    SPRED_TRY(results_grid_new(env, &grid, tuned->n_rows, heads));
    for (size_t i = 0, end; i < tuned->n_rows; i = end) {
        char(*row)[CELL] = results_grid_row(&grid, ++rows);
        const char *at = results_text(tuned, i, "at");
        for (end = i; end < tuned->n_rows &&
                      results_same(tuned, i, end, "dataset") &&
                      results_same(tuned, i, end, "method");)
            end++;
        results_grid_text(row[0], results_text(tuned, i, "dataset"));
        results_grid_text(row[1], results_text(tuned, i, "method"));
        results_grid_text(row[2], results_text(tuned, i, "chosen"));
        snprintf(row[3], CELL, "%.0f/%.0f", results_real(tuned, i, "count"),
                 results_real(tuned, i, "trials"));
        put_others(row[4], tuned, i + 1, end);
        results_grid_text(row[5], *at ? at : "-");
    }
    grid.rows = rows + 1;
    enum spred_status status = results_grid_print(env, &grid, 3, out);
    spred_free(env, grid.cells);
    return status;
}
