/* metrics.c: the query "metrics": what a script's metrics say of each solver.
 */
#include <math.h>
#include <string.h>
#include "results/summary.h"
#include "results/view.h"

const struct results_head results_metrics_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label"},
    {"metric", RESULTS_TEXT, "as the script calls it"},
    {"value", RESULTS_REAL, "mean over trials, test part"},
    {"half", RESULTS_REAL, "half width of its 95% interval"},
    {"trials", RESULTS_INT, "trials with a value"},
    {NULL, RESULTS_TEXT, NULL}};

enum { METRIC = 3, VALUE, HALF, TRIALS };

/* The name of metric number `place` of the run (spred_free), or NULL. */
static enum spred_status name_of(struct spred_env *env,
                                 struct results_view *view,
                                 sqlite3_stmt *statement, int64_t run,
                                 int64_t place, char **out)
{
    int more = 0;
    *out = NULL;
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_int64(statement, 2, place);
    SPRED_TRY(results_sql_step(env, view->db, view->path, statement, &more));
    if (!more || sqlite3_column_type(statement, 0) == SQLITE_NULL)
        return SPRED_OK;
    *out = spred_strdup(env, (const char *)sqlite3_column_text(statement, 0));
    return *out ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status value_of(struct spred_env *env,
                                  struct results_view *view,
                                  sqlite3_stmt *statement, int64_t run,
                                  const char *name, double *out)
{
    int more = 0;
    *out = NAN;
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    SPRED_TRY(results_sql_step(env, view->db, view->path, statement, &more));
    if (more && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *out = sqlite3_column_double(statement, 0);
    return SPRED_OK;
}

/* The runs of one solver: a row for the metric. */
static enum spred_status add_row(struct spred_env *env,
                                 struct results_view *view, size_t begin,
                                 size_t end, const char *name,
                                 sqlite3_stmt *values, double *scratch,
                                 struct results_table *out)
{
    const struct results_view_run *runs = &view->runs[begin];
    double ratio = 0, ratios = 0;
    for (size_t i = begin; i < end; i++) {
        const struct results_run *run = &view->runs[i].run;
        if (!isnan(results_run_ratio(run))) {
            ratio += results_run_ratio(run);
            ratios++;
        }
        SPRED_TRY(value_of(env, view, values, view->runs[i].id, name,
                           &scratch[i - begin]));
    }
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    SPRED_TRY(results_cell_text(env, &row[0], runs->dataset));
    SPRED_TRY(results_cell_text(env, &row[1], runs->run.problem));
    SPRED_TRY(results_cell_text(env, &row[2], runs->solver));
    SPRED_TRY(results_cell_text(env, &row[METRIC], name));
    row[TRIALS].real = (double)results_interval(
        scratch, end - begin, ratios > 0 ? ratio / ratios : 0, &row[VALUE].real,
        &row[HALF].real);
    return SPRED_OK;
}

/* The metrics of the first run that has any stand for the solver. */
static enum spred_status add_solver(struct spred_env *env,
                                    struct results_view *view, size_t begin,
                                    size_t end, sqlite3_stmt *const *statements,
                                    double *scratch, struct results_table *out)
{
    int64_t found = 0;
    for (size_t i = begin; i < end && !found; i++)
        for (int64_t place = 0;; place++) {
            char *name;
            SPRED_TRY(name_of(env, view, statements[0], view->runs[i].id, place,
                              &name));
            if (!name)
                break;
            enum spred_status status = add_row(env, view, begin, end, name,
                                               statements[1], scratch, out);
            spred_free(env, name);
            SPRED_TRY(status);
            found++;
        }
    return SPRED_OK;
}

enum spred_status results_metrics(struct spred_env *env,
                                  struct results_view *view,
                                  struct results_table *out)
{
    static const char *const sql[] = {
        "SELECT name FROM metrics WHERE run = ?1 ORDER BY number"
        " LIMIT 1 OFFSET ?2",
        "SELECT value FROM metrics WHERE run = ?1 AND name = ?2"};
    sqlite3_stmt *statements[2] = {NULL, NULL};
    double *scratch = spred_alloc(env, view->n_runs, sizeof *scratch);
    enum spred_status status = scratch ? SPRED_OK : SPRED_ENOMEM;
    for (size_t k = 0; k < 2 && !status; k++)
        status = results_sql_prepare(env, view->db, view->path, sql[k],
                                     &statements[k]);
    for (size_t i = 0, end; i < view->n_runs && !status; i = end) {
        end = results_view_solver_end(view, i);
        if (!results_run_is_coding(&view->runs[i].run)) /* no script's */
            status = add_solver(env, view, i, end, statements, scratch, out);
    }
    sqlite3_finalize(statements[0]);
    sqlite3_finalize(statements[1]);
    spred_free(env, scratch);
    return status;
}
