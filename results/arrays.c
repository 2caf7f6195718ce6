/* arrays.c: the query "arrays": matrices that jobs left to be looked at. */
#include "results/compression.h"

#include <string.h>

const struct results_head results_arrays_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label of the model or solver"},
    {"network", RESULTS_TEXT, "as in compression"},
    {"method", RESULTS_TEXT, "as in compression"},
    {"setting", RESULTS_TEXT, "as in compression, of the chosen candidate"},
    {"name", RESULTS_TEXT, "what it is: dictionary, filters before"},
    {"values", RESULTS_TEXT, "column-major, blanks between"},
    {"trial", RESULTS_INT, "the first that has it"},
    {"rows", RESULTS_INT, "of the matrix"},
    {"columns", RESULTS_INT, "of the matrix"},
    {"height", RESULTS_INT, "of the picture that a column is; 0: none"},
    {"width", RESULTS_INT, "of that picture"},
    {"channels", RESULTS_INT, "of that picture, fastest"},
    {NULL, RESULTS_TEXT, NULL}};

enum { NETWORK = 3, METHOD, WHICH, NAME, VALUES, TRIAL, ROWS };

/* Has an earlier trial, of rows from first on, this name? */
static int is_there(const struct results_table *out, size_t first,
                    const char *name, double trial)
{
    for (size_t i = first; i < out->n_rows; i++)
        if (results_real(out, i, "trial") < trial &&
            strcmp(results_text(out, i, "name"), name) == 0)
            return 1;
    return 0;
}

/* The method and its setting, as of the run's marks. */
static enum spred_status put_method(struct spred_env *env,
                                    const struct results_view *view,
                                    const struct results_view_run *r,
                                    const char *candidate,
                                    struct results_cell *row)
{
    struct results_setting s = {.n = 0};
    enum spred_status status =
        results_settings_name(env, view, r, candidate ? candidate : "", &s);
    row[NETWORK].text = s.network;
    row[METHOD].text = s.method;
    row[WHICH].text = s.setting;
    return status;
}

static enum spred_status add_run(struct spred_env *env,
                                 struct results_view *view,
                                 const struct results_view_run *r,
                                 sqlite3_stmt *statement, size_t first,
                                 struct results_table *out)
{
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, r->id);
    for (int more = 1;;) {
        SPRED_TRY(
            results_sql_step(env, view->db, view->path, statement, &more));
        if (!more)
            return SPRED_OK;
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (is_there(out, first, name, (double)r->run.trial))
            continue;
        struct results_cell *row = results_table_row(env, out);
        if (!row)
            return SPRED_ENOMEM;
        SPRED_TRY(results_cell_text(env, &row[0], r->dataset));
        SPRED_TRY(results_cell_text(env, &row[1], r->run.problem));
        SPRED_TRY(results_cell_text(env, &row[2], r->solver));
        SPRED_TRY(put_method(env, view, r,
                             (const char *)sqlite3_column_text(statement, 7),
                             row));
        SPRED_TRY(results_cell_text(env, &row[NAME], name));
        SPRED_TRY(
            results_cell_text(env, &row[VALUES],
                              (const char *)sqlite3_column_text(statement, 1)));
        row[TRIAL].real = (double)r->run.trial;
        for (int k = 0; k < 5; k++)
            row[ROWS + k].real = sqlite3_column_double(statement, 2 + k);
    }
}

enum spred_status results_arrays(struct spred_env *env,
                                 struct results_view *view,
                                 struct results_table *out)
{
    sqlite3_stmt *statement;
    enum spred_status status = results_sql_prepare(
        env, view->db, view->path,
        "SELECT name, \"values\", \"rows\", columns, height, width, channels, "
        "(SELECT c.settings FROM candidates c WHERE c.run = arrays.run AND "
        "c.chosen = 1 ORDER BY c.number LIMIT 1) "
        "FROM arrays WHERE run = ? AND name IS NOT NULL ORDER BY number",
        &statement);
    for (size_t i = 0, end; i < view->n_runs && !status; i = end) {
        size_t first = out->n_rows;
        end = results_view_solver_end(view, i);
        for (size_t k = i; k < end && !status; k++)
            status = add_run(env, view, &view->runs[k], statement, first, out);
    }
    sqlite3_finalize(statement);
    return status;
}
