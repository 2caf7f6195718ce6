/* layer_sparsity.c: the query "layer-sparsity": what is left of each layer, at
 * one setting of each method (query.h). */
#include <math.h>
#include "results/compression.h"

const struct results_head results_layer_sparsity_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"network", RESULTS_TEXT, "the option network"},
    {"method", RESULTS_TEXT, "as in compression"},
    {"setting", RESULTS_TEXT, "the one that is shown"},
    {"rule", RESULTS_TEXT, "when a weight is zero"},
    {"chosen", RESULTS_TEXT,
     "why this setting: within a point (best-compression), or the best by "
     "validation"},
    {"layer", RESULTS_TEXT, "its name"},
    {"threshold", RESULTS_REAL, "of the rule"},
    {"place", RESULTS_INT, "of the layer, from 1"},
    {"weights", RESULTS_INT, "of the layer"},
    {"left", RESULTS_REAL, "share of them not zero, mean over trials"},
    {"left_low", RESULTS_REAL, "least over trials"},
    {"left_high", RESULTS_REAL, "most over trials"},
    {"units", RESULTS_INT, "neurons or filters of the layer"},
    {"units_left", RESULTS_REAL,
     "share of them with a weight that is not zero, mean over trials"},
    {"trials", RESULTS_INT, "trials"},
    {NULL, RESULTS_TEXT, NULL}};

enum {
    LAYER = 6,
    THRESHOLD,
    PLACE,
    WEIGHTS,
    LEFT,
    LEFT_LOW,
    LEFT_HIGH,
    UNITS,
    UNITS_LEFT,
    TRIALS
};

/* The row of the layer among those from first on, or a new one. */
static struct results_cell *layer_row(struct spred_env *env,
                                      const struct results_setting *s,
                                      const char *chosen, sqlite3_stmt *layer,
                                      size_t first, struct results_table *out)
{
    double place = (double)sqlite3_column_int64(layer, 0);
    for (size_t i = first; i < out->n_rows; i++)
        if (out->cells[i * out->n_columns + PLACE].real == place)
            return &out->cells[i * out->n_columns];
    struct results_cell *row = results_table_row(env, out);
    const char *const texts[] = {s->dataset,
                                 s->network,
                                 s->method,
                                 s->setting,
                                 s->rule,
                                 chosen,
                                 (const char *)sqlite3_column_text(layer, 1)};
    for (size_t k = 0; row && k < 7; k++)
        if (results_cell_text(env, &row[k], texts[k]) != SPRED_OK)
            row = NULL;
    if (!row)
        return NULL;
    row[THRESHOLD].real = s->threshold;
    row[PLACE].real = place;
    row[WEIGHTS].real = sqlite3_column_double(layer, 2);
    row[UNITS].real = sqlite3_column_double(layer, 4);
    row[LEFT].real = row[UNITS_LEFT].real = row[TRIALS].real = 0;
    return row;
}

/* Sums over trials; the means come at the end. */
static enum spred_status
add_setting(struct spred_env *env, struct results_view *view,
            sqlite3_stmt *layer, const struct results_setting *s,
            const char *chosen, struct results_table *out)
{
    size_t first = out->n_rows;
    for (size_t k = 0; k < s->n; k++) {
        sqlite3_reset(layer);
        sqlite3_bind_int64(layer, 1, s->seeds[k].run);
        sqlite3_bind_int64(layer, 2, s->seeds[k].mark);
        for (int more = 1;;) {
            SPRED_TRY(
                results_sql_step(env, view->db, view->path, layer, &more));
            if (!more)
                break;
            struct results_cell *row =
                layer_row(env, s, chosen, layer, first, out);
            if (!row)
                return SPRED_ENOMEM;
            double weights = sqlite3_column_double(layer, 2);
            double units = sqlite3_column_double(layer, 4);
            double left = sqlite3_column_double(layer, 3) / fmax(weights, 1);
            row[LEFT].real += left;
            row[LEFT_LOW].real = fmin(row[LEFT_LOW].real, left);
            row[LEFT_HIGH].real = fmax(row[LEFT_HIGH].real, left);
            row[UNITS_LEFT].real +=
                sqlite3_column_double(layer, 5) / fmax(units, 1);
            row[TRIALS].real += 1;
        }
    }
    for (size_t i = first; i < out->n_rows; i++) {
        struct results_cell *row = &out->cells[i * out->n_columns];
        row[LEFT].real /= row[TRIALS].real;
        row[UNITS_LEFT].real /= row[TRIALS].real;
    }
    return SPRED_OK;
}

/* Without any setting that loses less than a point, the best by validation;
 * without a validation part, the last. */
static enum spred_status add_method(struct spred_env *env,
                                    struct results_view *view,
                                    sqlite3_stmt *layer,
                                    const struct results_settings *s, size_t i,
                                    size_t end, struct results_table *out)
{
    size_t at = results_best(s, i, end);
    if (at < end)
        return add_setting(env, view, layer, &s->rows[at], "within a point",
                           out);
    at = results_at_least(s, i, end, 0);
    return at < end ? add_setting(env, view, layer, &s->rows[at],
                                  "the best by validation", out)
                    : add_setting(env, view, layer, &s->rows[end - 1],
                                  "the sparsest: no validation part", out);
}

enum spred_status results_layer_sparsity(struct spred_env *env,
                                         struct results_view *view,
                                         struct results_table *out)
{
    struct results_settings s;
    sqlite3_stmt *layer = NULL;
    enum spred_status status = results_settings_read(env, view, &s);
    if (!status)
        status = results_sql_prepare(
            env, view->db, view->path,
            /* a smaller network's own size does not count */
            "SELECT l.layer, l.name, (SELECT max(o.weights) FROM layers o "
            "WHERE o.run = l.run AND o.layer = l.layer), l.nonzero, (SELECT "
            "max(o.units) FROM layers o WHERE o.run = l.run AND o.layer = "
            "l.layer), l.units_left FROM layers l WHERE l.run = ? AND l.mark "
            "= ? ORDER BY l.layer, l.number",
            &layer);
    for (size_t i = 0, end; i < s.n && !status; i = end) {
        end = results_method_end(&s, i);
        if (!s.rows[i].is_dense)
            status = add_method(env, view, layer, &s, i, end, out);
    }
    sqlite3_finalize(layer);
    results_settings_free(env, &s);
    return status;
}
