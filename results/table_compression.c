/* table_compression.c: the part of table.md on networks made sparse: how far
 * each method compresses, at what price, and where a rival beats spred. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "results/table.h"

#define CELL RESULTS_CELL
#define LEVELS 12

static const char explanation[] =
    "# Compression\n\n"
    "Weights / nonzero weights of the layers that can be made sparse, zero by "
    "the rule that is named. Accuracies: mean over trials (worst..best), on "
    "the test part; lost: dense less this, same trial, in points (±: 95% "
    "interval over seeds). Settings are chosen by the validation part, never "
    "by the test part; all of them are in marks.csv. Multiply-adds and "
    "speed-up: times fewer and times faster than the dense network, or one of "
    "full size, in the same run.\n\n";

/* "0.893 (0.891..0.895)" */
static void put_range(char out[CELL], const struct results_table *t, size_t i)
{
    double mean = results_real(t, i, "accuracy");
    double low = results_real(t, i, "accuracy_low");
    double high = results_real(t, i, "accuracy_high");
    if (isnan(mean))
        results_grid_text(out, "-");
    else if (low < high)
        snprintf(out, CELL, "%.4f (%.4f..%.4f)", mean, low, high);
    else
        snprintf(out, CELL, "%.4f", mean);
}

static void put_points(char out[CELL], double lost, double half)
{
    if (isnan(lost))
        results_grid_text(out, "-");
    else if (isnan(half))
        snprintf(out, CELL, "%+.2f", 100 * lost);
    else
        snprintf(out, CELL, "%+.2f ± %.2f", 100 * lost, 100 * half);
}

static void put_rule(char out[CELL], const struct results_table *t, size_t i)
{
    double threshold = results_real(t, i, "threshold");
    results_grid_text(out, results_text(t, i, "rule"));
    size_t n = strlen(out);
    if (threshold > 0)
        snprintf(out + n, CELL - n, " %g", threshold);
}

static int same_network(const struct results_table *t, size_t row,
                        const struct results_table *u, size_t at)
{
    return strcmp(results_text(t, row, "dataset"),
                  results_text(u, at, "dataset")) == 0 &&
           strcmp(results_text(t, row, "network"),
                  results_text(u, at, "network")) == 0;
}

/* Rows first .. end - 1 of best-compression: one network. */
static enum spred_status print_best(struct spred_env *env,
                                    const struct results_table *t, size_t first,
                                    size_t end, struct spred_buffer *out)
{
    static const char *const heads[] = {"method",
                                        "setting",
                                        "zero by",
                                        "compression",
                                        "accuracy",
                                        "lost (points)",
                                        "lost, validation (points)",
                                        "multiply-adds",
                                        "speed-up",
                                        "trials",
                                        NULL};
    struct results_grid grid;
    SPRED_TRY(spred_buffer_add(
        env, out,
        "The largest compression that loses at most one point of validation "
        "accuracy against dense:\n\n"));
    SPRED_TRY(results_grid_new(env, &grid, end - first, heads));
    for (size_t i = first; i < end; i++) {
        char(*row)[CELL] = results_grid_row(&grid, i - first + 1);
        const char *why_not = results_text(t, i, "why_not");
        for (size_t j = 1; heads[j]; j++)
            results_grid_text(row[j], "-");
        results_grid_text(row[0], results_text(t, i, "method"));
        if (*why_not) {
            snprintf(row[1], CELL, "none: %.80s", why_not);
            continue;
        }
        if (*results_text(t, i, "setting"))
            results_grid_text(row[1], results_text(t, i, "setting"));
        put_rule(row[2], t, i);
        results_grid_count(row[3], results_real(t, i, "compression"));
        put_range(row[4], t, i);
        int dense = results_real(t, i, "dense") > 0;
        put_points(row[5], dense ? NAN : results_real(t, i, "lost"),
                   results_real(t, i, "lost_half"));
        put_points(row[6], dense ? NAN : results_real(t, i, "validation_lost"),
                   NAN);
        results_grid_count(row[7], results_real(t, i, "macs"));
        results_grid_real(row[8], results_real(t, i, "speedup"), 3);
        results_grid_count(row[9], results_real(t, i, "trials"));
    }
    enum spred_status status = results_grid_print(env, &grid, 3, out);
    spred_free(env, grid.cells);
    return status;
}

/* Test accuracy at each level, a method a row. */
static enum spred_status print_levels(struct spred_env *env,
                                      const struct results_table *best,
                                      size_t first, size_t end,
                                      const struct results_table *t,
                                      struct spred_buffer *out)
{
    char texts[LEVELS][16];
    const char *heads[LEVELS + 2] = {"method"};
    double levels[LEVELS];
    struct results_grid grid;
    size_t n = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        double level = results_real(t, i, "level");
        if (n == LEVELS || !same_network(t, i, best, first) ||
            (n && !(level > levels[n - 1])))
            continue;
        levels[n] = level;
        snprintf(texts[n], sizeof texts[n], "%gx", level);
        heads[n + 1] = texts[n];
        n++;
    }
    heads[n + 1] = NULL;
    if (n == 0)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(
        env, out,
        "Test accuracy (mean) of the setting with the highest validation "
        "accuracy among those that compress at least so much:\n\n"));
    SPRED_TRY(results_grid_new(env, &grid, end - first, heads));
    for (size_t i = first; i < end; i++) {
        char(*row)[CELL] = results_grid_row(&grid, i - first + 1);
        int dense = results_real(best, i, "dense") > 0;
        results_grid_text(row[0], results_text(best, i, "method"));
        for (size_t k = 0; k < n; k++) {
            results_grid_text(row[k + 1], "-");
            for (size_t r = 0; r < t->n_rows && !dense; r++)
                if (same_network(t, r, best, first) &&
                    !(fabs(results_real(t, r, "level") - levels[k]) > 0) &&
                    strcmp(results_text(t, r, "method"),
                           results_text(best, i, "method")) == 0)
                    results_grid_interval(row[k + 1],
                                          results_real(t, r, "accuracy"), NAN);
        }
        if (dense)
            snprintf(row[1], CELL, "%.3f (at 1x)",
                     results_real(best, i, "accuracy"));
    }
    enum spred_status status = results_grid_print(env, &grid, 1, out);
    spred_free(env, grid.cells);
    return status;
}

/* "- deep-gradual compresses 44.1 times within one point, the best spred (...)
 * 29.3 times." and the like; or that there is none. */
static enum spred_status print_rivals(struct spred_env *env,
                                      const struct results_table *t,
                                      const struct results_table *best,
                                      size_t first, struct spred_buffer *out)
{
    size_t compared = 0, better = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        double level = results_real(t, i, "level");
        double difference = results_real(t, i, "difference");
        const char *verdict = results_text(t, i, "verdict");
        char value[CELL], against[CELL];
        if (!same_network(t, i, best, first))
            continue;
        if (compared++ == 0)
            SPRED_TRY(spred_buffer_add(env, out,
                                       "Where a rival is better than spred:"
                                       "\n\n"));
        if (difference <= 0)
            continue;
        better++;
        results_grid_count(value, results_real(t, i, "value"));
        results_grid_count(against, results_real(t, i, "against_value"));
        if (isnan(level) && isnan(difference))
            SPRED_TRY(spred_buffer_add(
                env, out,
                "- %s compresses %s times within one point of dense, spred "
                "nowhere.\n",
                results_text(t, i, "method"), value));
        else if (isnan(difference))
            SPRED_TRY(spred_buffer_add(
                env, out,
                "- At %gx and more %s reaches %.4f; spred has no setting "
                "there.\n",
                level, results_text(t, i, "method"),
                results_real(t, i, "value")));
        else if (isnan(level))
            SPRED_TRY(spred_buffer_add(
                env, out,
                "- %s compresses %s times within one point of dense, %s %s "
                "times.\n",
                results_text(t, i, "method"), value,
                results_text(t, i, "against"), against));
        else
            SPRED_TRY(spred_buffer_add(
                env, out,
                "- At %gx and more %s is more accurate than %s: %.4f against "
                "%.4f%s.\n",
                level, results_text(t, i, "method"),
                results_text(t, i, "against"), results_real(t, i, "value"),
                results_real(t, i, "against_value"),
                strcmp(verdict, "better") == 0
                    ? ""
                    : " (too few trials, or too alike, to separate them)"));
    }
    if (compared && !better)
        SPRED_TRY(spred_buffer_add(env, out,
                                   "- nowhere: neither in compression within "
                                   "one point nor in test accuracy at any of "
                                   "these levels.\n"));
    return compared ? spred_buffer_add(env, out, "\n") : SPRED_OK;
}

enum spred_status
results_print_compression(struct spred_env *env, struct results_view *view,
                          const struct results_table *datasets,
                          struct spred_buffer *out)
{
    struct results_table best = {0}, levels = {0}, versus = {0};
    enum spred_status status =
        results_query(env, view, "best-compression", &best);
    if (!status && best.n_rows)
        status = results_query(env, view, "compression-levels", &levels);
    if (!status && best.n_rows)
        status = results_query(env, view, "compression-versus", &versus);
    if (!status && best.n_rows)
        status = spred_buffer_add(env, out, "%s", explanation);
    for (size_t i = 0, end; i < best.n_rows && !status; i = end) {
        size_t d = 0;
        const char *network = results_text(&best, i, "network");
        for (end = i; end < best.n_rows && same_network(&best, i, &best, end);)
            end++;
        while (d < datasets->n_rows &&
               strcmp(results_text(datasets, d, "dataset"),
                      results_text(&best, i, "dataset")) != 0)
            d++;
        status = spred_buffer_add(
            env, out, "## %s%s%s%s\n\n", results_text(&best, i, "dataset"),
            *network ? ", " : "", network,
            results_real(datasets, d, "simulated") > 0 ? " (SIMULATED data)"
                                                       : "");
        if (!status)
            status = print_best(env, &best, i, end, out);
        if (!status)
            status = print_levels(env, &best, i, end, &levels, out);
        if (!status)
            status = print_rivals(env, &versus, &best, i, out);
    }
    results_table_free(env, &best);
    results_table_free(env, &levels);
    results_table_free(env, &versus);
    return status;
}
