/* tuned.c: the query "tuned": which settings the validation part chose. */
#include <math.h>
#include <string.h>
#include "results/method.h"
#include "spred/text.h"

const struct results_head results_tuned_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"method", RESULTS_TEXT, "as in methods"},
    {"chosen", RESULTS_TEXT, "settings that the validation part chose"},
    {"at", RESULTS_TEXT,
     "which offers stand: step, genes (trials), frequent first"},
    {"count", RESULTS_INT, "trials that chose them"},
    {"trials", RESULTS_INT, "trials that chose any"},
    {NULL, RESULTS_TEXT, NULL}};

enum { CHOSEN = 2, AT, COUNT, TRIALS };

/* Counts one trial's settings among the rows from first on. */
static enum spred_status count(struct spred_env *env,
                               const struct results_method *method,
                               const char *chosen, const char *at, size_t first,
                               struct results_table *out)
{
    size_t same = first;
    while (same < out->n_rows &&
           strcmp(results_text(out, same, "chosen"), chosen) != 0)
        same++;
    if (same == out->n_rows) {
        struct results_cell *row = results_table_row(env, out);
        if (!row)
            return SPRED_ENOMEM;
        row[COUNT].real = 0;
        SPRED_TRY(results_cell_text(env, &row[0], method->dataset));
        SPRED_TRY(results_cell_text(env, &row[1], method->name));
        SPRED_TRY(results_cell_text(env, &row[CHOSEN], chosen));
    }
    struct results_cell *row = out->cells + same * out->n_columns;
    row[COUNT].real += 1;
    if (!*at)
        return SPRED_OK;
    char *list = row[AT].text;
    char *longer =
        list ? spred_format(env, "%s, %s", list, at) : spred_strdup(env, at);
    if (!longer)
        return SPRED_ENOMEM;
    spred_free(env, list);
    row[AT].text = longer;
    return SPRED_OK;
}

#define SHOWN 4 /* offers told by name */

/* How often the part (of so many characters, in list) stands in list; 0: it
 * came before. */
static size_t times_in(const char *list, const char *part, size_t length)
{
    size_t n = 0;
    for (const char *at = list; at; at = strchr(at, ','), at = at ? at + 2 : at)
        if (strncmp(at, part, length) == 0 &&
            (at[length] == ',' || at[length] == '\0')) {
            if (at < part)
                return 0;
            n++;
        }
    return n;
}

/* "a, b, a" becomes "a (2), b". */
static enum spred_status condense(struct spred_env *env, char **list)
{
    struct spred_buffer out = {0};
    size_t most = 0, told = 0, kinds = 0;
    enum spred_status status = SPRED_OK;
    if (!*list)
        return SPRED_OK;
    for (const char *at = *list; at;
         at = strchr(at, ','), at = at ? at + 2 : at) {
        size_t n = times_in(*list, at, strcspn(at, ","));
        kinds += n > 0;
        most = n > most ? n : most;
    }
    for (size_t n = most; n > 0 && told < SHOWN; n--)
        for (const char *at = *list; at && told < SHOWN && !status;
             at = strchr(at, ','), at = at ? at + 2 : at) {
            size_t length = strcspn(at, ",");
            if (times_in(*list, at, length) != n)
                continue;
            status = spred_buffer_add(env, &out, "%s%.*s", told ? ", " : "",
                                      (int)length, at);
            if (!status && n > 1)
                status = spred_buffer_add(env, &out, " (%zu)", n);
            told++;
        }
    if (!status && kinds > told)
        status = spred_buffer_add(env, &out, ", %zu others", kinds - told);
    if (status) {
        spred_free(env, out.text);
        return status;
    }
    spred_free(env, *list);
    *list = out.text;
    return SPRED_OK;
}

/* The most frequent first, else as they came. */
static void sort(struct results_table *out, size_t first)
{
    size_t n = out->n_columns;
    for (size_t i = first + 1; i < out->n_rows; i++)
        for (size_t k = i; k > first; k--) {
            struct results_cell *b = out->cells + k * n, *a = b - n;
            if (!(a[COUNT].real < b[COUNT].real))
                break;
            for (size_t j = 0; j < n; j++) {
                struct results_cell kept = a[j];
                a[j] = b[j];
                b[j] = kept;
            }
        }
}

static enum spred_status add_method(struct spred_env *env,
                                    struct results_view *view,
                                    sqlite3_stmt *statement,
                                    const struct results_method *method,
                                    struct results_table *out)
{
    size_t first = out->n_rows;
    double trials = 0;
    for (size_t i = method->begin; i < method->end; i++) {
        const char *chosen = view->runs[i].run.chosen, *at = "";
        int more = 0;
        sqlite3_reset(statement);
        sqlite3_bind_int64(statement, 1, view->runs[i].id);
        SPRED_TRY(
            results_sql_step(env, view->db, view->path, statement, &more));
        if (more) { /* an empty text is stored as no value */
            chosen = (const char *)sqlite3_column_text(statement, 0);
            at = (const char *)sqlite3_column_text(statement, 1);
        }
        if ((!chosen || !*chosen) && (!at || !*at))
            continue;
        SPRED_TRY(count(env, method,
                        chosen && *chosen ? chosen : "(nothing to tune)",
                        at ? at : "", first, out));
        trials++;
    }
    for (size_t i = first; i < out->n_rows; i++) {
        struct results_cell *row = out->cells + i * out->n_columns;
        row[TRIALS].real = trials;
        SPRED_TRY(condense(env, &row[AT].text));
    }
    sort(out, first);
    return SPRED_OK;
}

enum spred_status results_tuned(struct spred_env *env,
                                struct results_view *view,
                                struct results_table *out)
{
    struct results_methods m;
    sqlite3_stmt *statement = NULL;
    enum spred_status status = results_methods_list(env, view, &m);
    if (!status)
        status = results_sql_prepare(
            env, view->db, view->path,
            "SELECT settings, \"at\" FROM candidates WHERE run = ? AND "
            "chosen = 1 ORDER BY number LIMIT 1",
            &statement);
    for (size_t i = 0; i < m.n && !status; i++)
        if (m.rows[i].model)
            status = add_method(env, view, statement, &m.rows[i], out);
    sqlite3_finalize(statement);
    results_methods_free(env, &m);
    return status;
}
