/* show.c: the verbs `status` and `explain`. */
#include "results/show.h"

#include <math.h>
#include <string.h>

#include "results/field.h"
#include "results/show_parts.h"
#include "results/view.h"

static const char *word(const char *text)
{
    return text ? text : "";
}

/* "certified 12, stalled 3, ..." in the order in which they occur. */
static enum spred_status count_endings(struct spred_env *env,
                                       const struct results_view *view,
                                       struct spred_buffer *out)
{
    for (size_t i = 0; i < view->n_runs; i++) {
        const char *status = word(view->runs[i].run.status);
        size_t count = 0, first = i;
        for (size_t k = 0; k < view->n_runs; k++) {
            if (strcmp(word(view->runs[k].run.status), status) != 0)
                continue;
            count++;
            first = k < first ? k : first;
        }
        if (first == i)
            SPRED_TRY(
                spred_buffer_add(env, out, "  %-12s %zu\n", status, count));
    }
    return SPRED_OK;
}

enum spred_status results_show_status(struct spred_env *env,
                                      struct results_view *view,
                                      struct spred_buffer *out)
{
    struct results_table endings, notes;
    SPRED_TRY(results_query(env, view, "notes", &notes));
    enum spred_status status = results_query(env, view, "endings", &endings);
    if (status != SPRED_OK) {
        results_table_free(env, &notes);
        return status;
    }
    status = spred_buffer_add(env, out, "%zu runs stored of %s planned\n",
                              view->n_runs, results_note(&notes, "jobs", "?"));
    if (status == SPRED_OK)
        status = count_endings(env, view, out);
    for (size_t r = 0; status == SPRED_OK && r < endings.n_rows; r++)
        status =
            spred_buffer_add(env, out, "%s %s %s: %s, %.0f run%s: %s\n",
                             results_text(&endings, r, "dataset"),
                             results_text(&endings, r, "problem"),
                             results_text(&endings, r, "solver"),
                             results_text(&endings, r, "status"),
                             results_real(&endings, r, "trials"),
                             results_real(&endings, r, "trials") > 1 ? "s" : "",
                             results_text(&endings, r, "reason"));
    results_table_free(env, &endings);
    results_table_free(env, &notes);
    return status;
}

static enum spred_status show_column(struct spred_env *env,
                                     const struct results_column *column,
                                     const void *row, struct spred_buffer *out)
{
    const char *field = (const char *)row + column->offset;
    if (column->kind == RESULTS_TEXT) {
        const char *text = *(char *const *)(const void *)field;
        return spred_buffer_add(env, out, "  %-18s %s\n", column->name,
                                word(text));
    }
    if (column->kind == RESULTS_INT) {
        int64_t value = *(const int64_t *)(const void *)field;
        if (value == INT64_MIN)
            return SPRED_OK;
        return spred_buffer_add(env, out, "  %-18s %-24lld %s\n", column->name,
                                (long long)value, column->doc);
    }
    double value = *(const double *)(const void *)field;
    if (isnan(value))
        return SPRED_OK;
    return spred_buffer_add(env, out, "  %-18s %-24.10g %s\n", column->name,
                            value, column->doc);
}

/* A line for each setting that a model was tried with. */
static enum spred_status show_candidates(struct spred_env *env,
                                         struct results_view *view, int64_t id,
                                         struct spred_buffer *out)
{
    sqlite3_stmt *statement = NULL;
    int more = 0;
    SPRED_TRY(results_sql_prepare(
        env, view->db, view->path,
        "SELECT coalesce(settings, ''), coalesce(\"at\", ''), validation, "
        "stop, coalesce(note, ''), chosen FROM candidates WHERE run = ? "
        "ORDER BY number",
        &statement));
    sqlite3_bind_int64(statement, 1, id);
    enum spred_status status =
        results_sql_step(env, view->db, view->path, statement, &more);
    if (!status && more)
        status = spred_buffer_add(env, out,
                                  "\nSettings tried (validation; * stands):\n");
    while (!status && more) {
        char value[RESULTS_REAL_SIZE] = "-";
        const char *text[5];
        for (int i = 0; i < 5; i++)
            text[i] = word((const char *)sqlite3_column_text(statement, i));
        if (sqlite3_column_type(statement, 2) != SQLITE_NULL)
            results_print_real(value, sqlite3_column_double(statement, 2), 4);
        status = spred_buffer_add(env, out, "%c %-9s %s%s%s: %s%s%s\n",
                                  sqlite3_column_int(statement, 5) ? '*' : ' ',
                                  value, *text[0] ? text[0] : "(defaults)",
                                  *text[1] ? ", at " : "", text[1], text[3],
                                  *text[4] ? "; " : "", text[4]);
        if (!status)
            status =
                results_sql_step(env, view->db, view->path, statement, &more);
    }
    sqlite3_finalize(statement);
    return status;
}

enum spred_status results_show_run(struct spred_env *env,
                                   struct results_view *view, const char *head,
                                   struct spred_buffer *out)
{
    size_t found = 0, length = strlen(head);
    const struct results_run *match = NULL;
    int64_t id = 0;
    for (size_t i = 0; i < view->n_runs; i++) {
        const struct results_run *run = &view->runs[i].run;
        if (!run->job || strncmp(run->job, head, length) != 0)
            continue;
        match = run;
        id = view->runs[i].id;
        found++;
        SPRED_TRY(spred_buffer_add(
            env, out, "run %.12s  %s %s %s, trial %lld: %s\n", run->job,
            word(run->dataset), word(run->problem), word(run->solver),
            (long long)run->trial, word(run->status)));
    }
    if (found == 0)
        return spred_fail(env, SPRED_ENOTFOUND,
                          "no run's key starts with '%s' (keys are in "
                          "runs.csv, column job)",
                          head);
    if (found > 1)
        return spred_buffer_add(env, out, "%zu runs match: give more digits\n",
                                found);
    for (const struct results_column *c = results_run_columns; c->name; c++)
        SPRED_TRY(show_column(env, c, match, out));
    SPRED_TRY(show_candidates(env, view, id, out));
    SPRED_TRY(results_show_marks(env, view, id, out));
    return results_show_points(env, view, id, results_run_is_coding(match),
                               results_run_convex(match), out);
}
