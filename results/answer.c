/* answer.c: tables in memory whose columns come with the rows, and the stored
 * rows of a view's runs as such tables. */
#include "results/answer.h"

#include <math.h>
#include <string.h>
#include "results/field.h"
#include "results/view.h"
#include "spred/text.h"

enum spred_status results_answer_begin(struct spred_env *env,
                                       struct results_answer *answer, size_t n)
{
    memset(answer, 0, sizeof *answer);
    answer->names = spred_alloc(env, n, sizeof *answer->names);
    if (!answer->names)
        return SPRED_ENOMEM;
    answer->n_columns = n;
    return SPRED_OK;
}

enum spred_status results_answer_name(struct spred_env *env,
                                      struct results_answer *answer,
                                      size_t column, const char *name)
{
    answer->names[column] = spred_strdup(env, name ? name : "");
    return answer->names[column] ? SPRED_OK : SPRED_ENOMEM;
}

struct results_value *results_answer_row(struct spred_env *env,
                                         struct results_answer *answer)
{
    if (answer->n_rows == answer->capacity) {
        size_t capacity = 2 * answer->capacity + 16;
        void *grown =
            spred_resize(env, answer->values, capacity * answer->n_columns,
                         sizeof *answer->values);
        if (!grown)
            return NULL;
        answer->values = grown;
        answer->capacity = capacity;
    }
    struct results_value *row =
        answer->values + answer->n_rows++ * answer->n_columns;
    memset(row, 0, answer->n_columns * sizeof *row);
    return row;
}

enum spred_status results_answer_bytes(struct spred_env *env,
                                       struct results_answer *answer,
                                       struct results_value *value,
                                       const void *bytes, size_t length)
{
    if (!bytes)
        return SPRED_OK;
    value->bytes = spred_alloc(env, length + 1, 1);
    if (!value->bytes)
        return SPRED_ENOMEM;
    memcpy(value->bytes, bytes, length);
    value->length = length;
    value->kind = RESULTS_BYTES;
    answer->bytes += length;
    return SPRED_OK;
}

enum spred_status results_answer_column(struct spred_env *env,
                                        struct results_answer *answer,
                                        struct results_value *value,
                                        sqlite3_stmt *statement, int i)
{
    int type = sqlite3_column_type(statement, i);
    if (type == SQLITE_NULL)
        return SPRED_OK;
    if (type == SQLITE_INTEGER) {
        value->kind = RESULTS_WHOLE;
        value->whole = sqlite3_column_int64(statement, i);
        return SPRED_OK;
    }
    if (type == SQLITE_FLOAT) {
        value->kind = RESULTS_NUMBER;
        value->number = sqlite3_column_double(statement, i);
        return SPRED_OK;
    }
    const void *bytes = sqlite3_column_blob(statement, i); /* NULL: empty */
    return results_answer_bytes(env, answer, value, bytes ? bytes : "",
                                (size_t)sqlite3_column_bytes(statement, i));
}

void results_answer_free(struct spred_env *env, struct results_answer *answer)
{
    for (size_t i = 0; i < answer->n_rows * answer->n_columns; i++)
        spred_free(env, answer->values[i].bytes);
    for (size_t j = 0; j < answer->n_columns && answer->names; j++)
        spred_free(env, answer->names[j]);
    spred_free(env, answer->values);
    spred_free(env, answer->names);
    memset(answer, 0, sizeof *answer);
}

/* ---- stored rows ---- */

static const char runs_table[] = "runs";
static const char *const child_head[] = {"dataset", "problem", "solver",
                                         "trial"};
enum { HEAD = 4 };

void results_table_names(const char **out)
{
    out[0] = runs_table;
    for (size_t i = 0; i < RESULTS_CHILDREN; i++)
        out[i + 1] = results_children[i].name;
    out[RESULTS_CHILDREN + 1] = NULL;
}

size_t results_view_count(const struct results_view *view)
{
    return view->n_runs;
}

static int same(const char *wanted, const char *label, const char *name)
{
    return !wanted || strcmp(wanted, label ? label : "") == 0 ||
           (name && strcmp(wanted, name) == 0);
}

static int passes(const struct results_view_run *r,
                  const struct results_filter *filter)
{
    return !filter || (same(filter->dataset, r->dataset, r->run.dataset) &&
                       same(filter->problem, r->run.problem, NULL) &&
                       same(filter->solver, r->solver, r->run.solver) &&
                       same(filter->status, r->run.status, NULL));
}

static enum spred_status put_text(struct spred_env *env,
                                  struct results_answer *out,
                                  struct results_value *value, const char *text)
{
    return results_answer_bytes(env, out, value, text, text ? strlen(text) : 0);
}

static enum spred_status put_run(struct spred_env *env,
                                 const struct results_view_run *r,
                                 struct results_answer *out)
{
    struct results_value *value = results_answer_row(env, out);
    if (!value)
        return SPRED_ENOMEM;
    for (const struct results_column *c = results_run_columns; c->name;
         c++, value++) {
        if (c->kind == RESULTS_TEXT) {
            const char *text = strcmp(c->name, "dataset") == 0 ? r->dataset
                               : strcmp(c->name, "solver") == 0
                                   ? r->solver
                                   : results_field_text(&r->run, c);
            SPRED_TRY(put_text(env, out, value, text));
        } else if (c->kind == RESULTS_INT) {
            value->whole = results_field_int(&r->run, c);
            value->kind =
                value->whole == INT64_MIN ? RESULTS_NONE : RESULTS_WHOLE;
        } else {
            value->number = results_field_real(&r->run, c);
            value->kind = isnan(value->number) ? RESULTS_NONE : RESULTS_NUMBER;
        }
    }
    return SPRED_OK;
}

static enum spred_status put_runs(struct spred_env *env,
                                  const struct results_view *view,
                                  const struct results_filter *filter,
                                  struct results_answer *out)
{
    size_t n = results_column_count(results_run_columns);
    SPRED_TRY(results_answer_begin(env, out, n));
    for (size_t j = 0; j < n; j++)
        SPRED_TRY(
            results_answer_name(env, out, j, results_run_columns[j].name));
    for (size_t i = 0; i < view->n_runs; i++)
        if (passes(&view->runs[i], filter))
            SPRED_TRY(put_run(env, &view->runs[i], out));
    return SPRED_OK;
}

/* The child's rows of one run; the statement takes the run's number. */
static enum spred_status put_children(struct spred_env *env,
                                      const struct results_view *view,
                                      const struct results_view_run *r,
                                      sqlite3_stmt *statement,
                                      struct results_answer *out)
{
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, r->id);
    for (int more = 1;;) {
        SPRED_TRY(
            results_sql_step(env, view->db, view->path, statement, &more));
        if (!more)
            return SPRED_OK;
        struct results_value *row = results_answer_row(env, out);
        if (!row)
            return SPRED_ENOMEM;
        SPRED_TRY(put_text(env, out, &row[0], r->dataset));
        SPRED_TRY(put_text(env, out, &row[1], r->run.problem));
        SPRED_TRY(put_text(env, out, &row[2], r->solver));
        row[3].kind = RESULTS_WHOLE;
        row[3].whole = r->run.trial;
        SPRED_TRY(put_text(env, out, &row[HEAD], r->run.job));
        for (size_t j = HEAD + 1; j < out->n_columns; j++)
            SPRED_TRY(results_answer_column(env, out, &row[j], statement,
                                            (int)(j - HEAD - 1)));
    }
}

static enum spred_status put_child(struct spred_env *env,
                                   const struct results_view *view,
                                   const struct results_child *child,
                                   const struct results_filter *filter,
                                   struct results_answer *out)
{
    size_t n = results_column_count(child->columns);
    sqlite3_stmt *statement = NULL;
    struct spred_buffer sql = {0};
    SPRED_TRY(results_answer_begin(env, out, HEAD + n));
    for (size_t j = 0; j < HEAD + n; j++)
        SPRED_TRY(results_answer_name(
            env, out, j,
            j < HEAD ? child_head[j] : child->columns[j - HEAD].name));
    char *names = results_sql_names(env, child->columns + 1);
    enum spred_status status = names ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = spred_buffer_add(
            env, &sql, "SELECT %s FROM %s WHERE run = ? ORDER BY number", names,
            child->name);
    if (!status)
        status = results_sql_prepare(env, view->db, view->path, sql.text,
                                     &statement);
    for (size_t i = 0; i < view->n_runs && !status; i++)
        if (passes(&view->runs[i], filter))
            status = put_children(env, view, &view->runs[i], statement, out);
    sqlite3_finalize(statement);
    spred_free(env, sql.text);
    spred_free(env, names);
    return status;
}

enum spred_status results_rows(struct spred_env *env,
                               const struct results_view *view,
                               const char *table,
                               const struct results_filter *filter,
                               struct results_answer *out)
{
    const char *names[2 + RESULTS_CHILDREN];
    enum spred_status status = SPRED_ENOTFOUND;
    memset(out, 0, sizeof *out);
    results_table_names(names);
    if (strcmp(table, names[0]) == 0)
        status = put_runs(env, view, filter, out);
    for (size_t k = 0; k < RESULTS_CHILDREN; k++)
        if (strcmp(table, names[k + 1]) == 0)
            status = put_child(env, view, &results_children[k], filter, out);
    if (status == SPRED_ENOTFOUND && !out->names) {
        const char *near = spred_nearest(table, names);
        return spred_fail(env, SPRED_ENOTFOUND, "no table '%s'%s%s%s", table,
                          near ? ", did you mean '" : "", near ? near : "",
                          near ? "'?" : "");
    }
    if (status)
        results_answer_free(env, out);
    return status;
}
