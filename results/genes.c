/* genes.c: the query "genes": which genes the trials agree on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/view.h"

#define GENES_SHOWN 20

const struct results_head results_genes_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label of the solver that chose them"},
    {"symbol", RESULTS_TEXT, "gene symbol"},
    {"feature", RESULTS_TEXT, "name of the feature"},
    {"count", RESULTS_INT, "trials that chose it"},
    {"trials", RESULTS_INT, "trials that chose a model, also an empty one"},
    {"rank", RESULTS_REAL, "mean of its best rank over those trials"},
    {NULL, RESULTS_TEXT, NULL}};

struct gene {
    char *feature, *symbol;
    size_t count; /* trials */
    int64_t last; /* the run that counted it last */
    double ranks; /* sum of best ranks */
};

static int by_feature(const void *a, const void *b)
{
    const struct gene *x = a, *y = b;
    int c = strcmp(x->feature, y->feature);
    return c ? c : (x->last > y->last) - (x->last < y->last);
}

static int by_count(const void *a, const void *b)
{
    const struct gene *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    double dx = x->ranks / (double)x->count, dy = y->ranks / (double)y->count;
    return dx < dy ? -1 : dx > dy ? 1 : strcmp(x->feature, y->feature);
}

/* Reads the genes of runs begin .. end - 1, one entry per run and feature with
 * the best rank over the outputs, then joins them by feature. */
static enum spred_status collect(struct spred_env *env,
                                 struct results_view *view,
                                 sqlite3_stmt *statement, size_t begin,
                                 size_t end, struct gene **genes, size_t *n,
                                 size_t *trials)
{
    size_t capacity = 0, kept = 0;
    enum spred_status status = SPRED_OK;
    for (size_t i = begin; i < end && !status; i++) {
        sqlite3_bind_int64(statement, 1, view->runs[i].id);
        for (int more = 1; !status;) {
            status =
                results_sql_step(env, view->db, view->path, statement, &more);
            if (status || !more)
                break;
            if (*n == capacity) {
                capacity = 2 * capacity + 64;
                void *grown =
                    spred_resize(env, *genes, capacity, sizeof **genes);
                if (!grown) {
                    status = SPRED_ENOMEM;
                    break;
                }
                *genes = grown;
            }
            const char *symbol =
                (const char *)sqlite3_column_text(statement, 1);
            struct gene g = {
                .feature = spred_strdup(
                    env, (const char *)sqlite3_column_text(statement, 0)),
                .symbol = spred_strdup(env, symbol ? symbol : ""),
                .count = 1,
                .last = view->runs[i].id,
                .ranks = sqlite3_column_double(statement, 2)};
            (*genes)[(*n)++] = g;
            if (!g.feature || !g.symbol)
                status = SPRED_ENOMEM;
        }
        sqlite3_reset(statement);
        *trials += isnan(view->runs[i].run.lambda_ratio) ? 0 : 1;
    }
    if (status || *n == 0)
        return status;
    qsort(*genes, *n, sizeof **genes, by_feature);
    for (size_t i = 1; i < *n; i++) {
        struct gene *to = &(*genes)[kept], *from = &(*genes)[i];
        if (strcmp(to->feature, from->feature) == 0) {
            to->count++;
            to->ranks += from->ranks;
            spred_free(env, from->feature);
            spred_free(env, from->symbol);
        } else {
            (*genes)[++kept] = *from;
        }
    }
    *n = kept + 1;
    qsort(*genes, *n, sizeof **genes, by_count);
    return SPRED_OK;
}

static enum spred_status add_rows(struct spred_env *env,
                                  const struct results_view_run *r,
                                  const struct gene *genes, size_t n,
                                  size_t trials, struct results_table *out)
{
    for (size_t i = 0; i < n && i < GENES_SHOWN; i++) {
        struct results_cell *row = results_table_row(env, out);
        if (!row)
            return SPRED_ENOMEM;
        SPRED_TRY(results_cell_text(env, &row[0], r->dataset));
        SPRED_TRY(results_cell_text(env, &row[1], r->run.problem));
        SPRED_TRY(results_cell_text(env, &row[2], r->solver));
        SPRED_TRY(results_cell_text(env, &row[3], genes[i].symbol));
        SPRED_TRY(results_cell_text(env, &row[4], genes[i].feature));
        row[5].real = (double)genes[i].count;
        row[6].real = (double)trials;
        row[7].real = genes[i].ranks / (double)genes[i].count;
    }
    return SPRED_OK;
}

static int all_reached(const struct results_view *view, size_t begin,
                       size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (!results_run_reached(&view->runs[i].run))
            return 0;
    return 1;
}

/* The first solver with all runs certified and genes, else the first with
 * genes. */
static enum spred_status instance(struct spred_env *env,
                                  struct results_view *view,
                                  sqlite3_stmt *statement, size_t begin,
                                  size_t limit, struct results_table *out)
{
    enum spred_status status = SPRED_OK;
    for (int reached = 1; reached >= 0; reached--) {
        for (size_t i = begin, end; i < limit && !status; i = end) {
            struct gene *genes = NULL;
            size_t n = 0, trials = 0, before = out->n_rows;
            end = results_view_solver_end(view, i);
            if (reached && !all_reached(view, i, end))
                continue;
            status = collect(env, view, statement, i, end, &genes, &n, &trials);
            if (!status)
                status = add_rows(env, &view->runs[i], genes, n, trials, out);
            for (size_t k = 0; k < n; k++) {
                spred_free(env, genes[k].feature);
                spred_free(env, genes[k].symbol);
            }
            spred_free(env, genes);
            if (out->n_rows > before)
                return status;
        }
    }
    return status;
}

enum spred_status results_genes(struct spred_env *env,
                                struct results_view *view,
                                struct results_table *out)
{
    sqlite3_stmt *statement;
    enum spred_status status = results_sql_prepare(
        env, view->db, view->path,
        "SELECT feature, max(symbol), min(\"rank\") FROM genes WHERE run = ? "
        "AND feature IS NOT NULL GROUP BY feature",
        &statement);
    for (size_t i = 0, end; i < view->n_runs && !status; i = end) {
        end = results_view_instance_end(view, i);
        if (results_run_is_solver(&view->runs[i].run)) /* chosen-genes has */
            status = instance(env, view, statement, i, end, out);
    }
    sqlite3_finalize(statement);
    return status;
}
