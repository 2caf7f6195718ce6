/* query.c: the list of named queries, and tables in memory. */
#include "results/query.h"

#include <math.h>
#include <string.h>
#include "results/coding.h"
#include "results/view.h"
#include "spred/text.h"

struct results_cell *results_table_row(struct spred_env *env,
                                       struct results_table *table)
{
    if (table->n_rows == table->capacity) {
        size_t capacity = 2 * table->capacity + 16;
        void *grown =
            spred_resize(env, table->cells, capacity * table->n_columns,
                         sizeof *table->cells);
        if (!grown)
            return NULL;
        table->cells = grown;
        table->capacity = capacity;
    }
    struct results_cell *row =
        table->cells + table->n_rows++ * table->n_columns;
    for (size_t j = 0; j < table->n_columns; j++)
        row[j] = (struct results_cell){NULL, NAN};
    return row;
}

enum spred_status results_cell_text(struct spred_env *env,
                                    struct results_cell *cell, const char *text)
{
    if (!text)
        return SPRED_OK;
    cell->text = spred_strdup(env, text);
    return cell->text ? SPRED_OK : SPRED_ENOMEM;
}

void results_table_free(struct spred_env *env, struct results_table *table)
{
    for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
        spred_free(env, table->cells[i].text);
    spred_free(env, table->cells);
    memset(table, 0, sizeof *table);
}

static const struct results_cell *cell(const struct results_table *table,
                                       size_t row, const char *column)
{
    if (row < table->n_rows)
        for (size_t j = 0; j < table->n_columns; j++)
            if (strcmp(table->heads[j].name, column) == 0)
                return &table->cells[row * table->n_columns + j];
    return NULL;
}

const char *results_text(const struct results_table *table, size_t row,
                         const char *column)
{
    const struct results_cell *found = cell(table, row, column);
    return found && found->text ? found->text : "";
}

double results_real(const struct results_table *table, size_t row,
                    const char *column)
{
    const struct results_cell *found = cell(table, row, column);
    return found ? found->real : NAN;
}

int results_same(const struct results_table *table, size_t a, size_t b,
                 const char *column)
{
    return strcmp(results_text(table, a, column),
                  results_text(table, b, column)) == 0;
}

const char *results_note(const struct results_table *notes, const char *key,
                         const char *fallback)
{
    for (size_t i = 0; i < notes->n_rows; i++)
        if (strcmp(results_text(notes, i, "key"), key) == 0)
            return results_text(notes, i, "value");
    return fallback;
}

/* Queries that are one SELECT over the stored tables. */
static const struct results_head notes_heads[] = {
    {"key", RESULTS_TEXT, "name of the note"},
    {"value", RESULTS_TEXT, "its text"},
    {NULL, RESULTS_TEXT, NULL}};
static const char notes_sql[] = "SELECT key, value FROM notes ORDER BY key";

static const struct results_head machines_heads[] = {
    {"machine", RESULTS_TEXT, "fingerprint"},
    {"runs", RESULTS_INT, "runs from it"},
    {NULL, RESULTS_TEXT, NULL}};
static const char machines_sql[] =
    "SELECT machine, count(*) FROM runs WHERE machine IS NOT NULL "
    "AND " RESULTS_PLANNED " "
    "GROUP BY machine ORDER BY count(*) DESC, machine";

static enum spred_status select_all(struct spred_env *env,
                                    struct results_view *view, const char *sql,
                                    struct results_table *out)
{
    sqlite3_stmt *statement;
    enum spred_status status =
        results_sql_prepare(env, view->db, view->path, sql, &statement);
    for (int more = 1; !status;) {
        status = results_sql_step(env, view->db, view->path, statement, &more);
        if (status || !more)
            break;
        struct results_cell *row = results_table_row(env, out);
        if (!row)
            status = SPRED_ENOMEM;
        for (int j = 0; !status && j < (int)out->n_columns; j++) {
            if (sqlite3_column_type(statement, j) == SQLITE_NULL)
                continue;
            if (out->heads[j].kind == RESULTS_TEXT)
                status = results_cell_text(
                    env, &row[j],
                    (const char *)sqlite3_column_text(statement, j));
            else
                row[j].real = sqlite3_column_double(statement, j);
        }
    }
    sqlite3_finalize(statement);
    return status;
}

static const struct results_head datasets_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"source", RESULTS_TEXT, "where the data came from"},
    {"target", RESULTS_TEXT, "what is predicted"},
    {"simulated", RESULTS_INT, "1: simulated data"},
    {"protocol", RESULTS_TEXT, "clean, paper, given or a script's"},
    {"features", RESULTS_INT, "features"},
    {"classes", RESULTS_INT, "classes; 0: regression"},
    {"train", RESULTS_INT, "samples in the training part"},
    {"validate", RESULTS_INT, "samples in the validation part"},
    {"test", RESULTS_INT, "samples in the test part"},
    {"majority", RESULTS_REAL, "share of the largest class"},
    {"ceiling", RESULTS_REAL, "paper protocol: 1/T"},
    {"informed", RESULTS_REAL, "paper protocol: (1-.8^T)/(.2T)"},
    {"preparation", RESULTS_TEXT, "what was done to X"},
    {NULL, RESULTS_TEXT, NULL}};

static double real_of(int64_t value)
{
    return value == INT64_MIN ? NAN : (double)value;
}

/* What was done to X, of the data set's runs begin .. end - 1, `best` among
 * them: models may see pictures in another way than solvers do. */
static enum spred_status put_preparation(struct spred_env *env,
                                         const struct results_view *view,
                                         size_t begin, size_t end, size_t best,
                                         struct results_cell *out)
{
    const struct results_run *run = &view->runs[best].run;
    int model = results_run_is_model(run);
    for (size_t i = begin; i < end && run->preparation; i++) {
        const struct results_run *other = &view->runs[i].run;
        if (other->trial != run->trial || !other->preparation ||
            results_run_is_model(other) == model ||
            strcmp(other->preparation, run->preparation) == 0)
            continue;
        char *both =
            spred_format(env, "models: %s; solvers: %s",
                         model ? run->preparation : other->preparation,
                         model ? other->preparation : run->preparation);
        enum spred_status status =
            both ? results_cell_text(env, out, both) : SPRED_ENOMEM;
        spred_free(env, both);
        return status;
    }
    return results_cell_text(env, out, run->preparation);
}

/* A run that was skipped or crashed may know less: the first that knows the
 * training samples speaks for the data set, else the first. */
static enum spred_status datasets(struct spred_env *env,
                                  struct results_view *view,
                                  struct results_table *out)
{
    for (size_t i = 0; i < view->n_runs;) {
        size_t best = i, end = i;
        for (; end < view->n_runs &&
               strcmp(view->runs[end].dataset, view->runs[i].dataset) == 0;
             end++)
            if (view->runs[best].run.train == INT64_MIN)
                best = end;
        const struct results_run *run = &view->runs[best].run;
        struct results_cell *row = results_table_row(env, out);
        if (!row)
            return SPRED_ENOMEM;
        SPRED_TRY(results_cell_text(env, &row[0], view->runs[best].dataset));
        SPRED_TRY(results_cell_text(env, &row[1], run->source));
        SPRED_TRY(results_cell_text(env, &row[2], run->target));
        row[3].real = real_of(run->simulated);
        SPRED_TRY(results_cell_text(env, &row[4], run->protocol));
        row[5].real = real_of(run->features);
        row[6].real = real_of(run->classes);
        row[7].real = real_of(run->train);
        row[8].real = real_of(run->validate);
        row[9].real = real_of(run->test);
        row[10].real = run->majority;
        row[11].real = run->ceiling;
        row[12].real = run->informed;
        SPRED_TRY(put_preparation(env, view, i, end, best, &row[13]));
        i = end;
    }
    return SPRED_OK;
}

static const struct results_head solvers_heads[] = {
    {"solver", RESULTS_TEXT, "label"},
    {"options", RESULTS_TEXT, "all its options"},
    {NULL, RESULTS_TEXT, NULL}};

/* Each label once, in the order of the alphabet. */
static enum spred_status solvers(struct spred_env *env,
                                 struct results_view *view,
                                 struct results_table *out)
{
    const char *last = NULL;
    for (;;) {
        const struct results_view_run *next = NULL;
        for (size_t i = 0; i < view->n_runs; i++) {
            const struct results_view_run *r = &view->runs[i];
            if ((!last || strcmp(r->solver, last) > 0) &&
                (!next || strcmp(r->solver, next->solver) < 0))
                next = r;
        }
        if (!next)
            return SPRED_OK;
        struct results_cell *row = results_table_row(env, out);
        if (!row)
            return SPRED_ENOMEM;
        SPRED_TRY(results_cell_text(env, &row[0], next->solver));
        SPRED_TRY(results_cell_text(env, &row[1], next->run.options));
        last = next->solver;
    }
}

static const struct results_head endings_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label"},
    {"status", RESULTS_TEXT, "how the runs ended"},
    {"reason", RESULTS_TEXT, "of the first of them"},
    {"trials", RESULTS_INT, "runs that ended so"},
    {NULL, RESULTS_TEXT, NULL}};

static enum spred_status endings(struct spred_env *env,
                                 struct results_view *view,
                                 struct results_table *out)
{
    for (size_t i = 0, end; i < view->n_runs; i = end) {
        size_t first = out->n_rows;
        end = results_view_solver_end(view, i);
        for (size_t k = i; k < end; k++) {
            const struct results_view_run *r = &view->runs[k];
            size_t same = first;
            if (results_run_reached(&r->run))
                continue;
            while (same < out->n_rows &&
                   !results_run_is(&r->run, results_text(out, same, "status")))
                same++;
            if (same < out->n_rows) {
                out->cells[same * out->n_columns + 5].real += 1;
                continue;
            }
            struct results_cell *row = results_table_row(env, out);
            if (!row)
                return SPRED_ENOMEM;
            SPRED_TRY(results_cell_text(env, &row[0], r->dataset));
            SPRED_TRY(results_cell_text(env, &row[1], r->run.problem));
            SPRED_TRY(results_cell_text(env, &row[2], r->solver));
            SPRED_TRY(results_cell_text(env, &row[3], r->run.status));
            SPRED_TRY(results_cell_text(env, &row[4], r->run.reason));
            row[5].real = 1;
        }
    }
    return SPRED_OK;
}

static const struct {
    const struct results_head *heads;
    const char *sql; /* or */
    enum spred_status (*run)(struct spred_env *env, struct results_view *view,
                             struct results_table *out);
} queries[] = {
    {results_accuracy_genes_heads, NULL, results_accuracy_genes},
    {results_arrays_heads, NULL, results_arrays},
    {results_best_compression_heads, NULL, results_best_compression},
    {results_chosen_genes_heads, NULL, results_chosen_genes},
    {results_coding_heads, NULL, results_coding},
    {results_coding_time_heads, NULL, results_coding_time},
    {results_compression_heads, NULL, results_compression},
    {results_compression_levels_heads, NULL, results_compression_levels},
    {results_compression_versus_heads, NULL, results_compression_versus},
    {datasets_heads, NULL, datasets},
    {endings_heads, NULL, endings},
    {results_gap_time_heads, NULL, results_gap_time},
    {results_genes_heads, NULL, results_genes},
    {results_layer_sparsity_heads, NULL, results_layer_sparsity},
    {machines_heads, machines_sql, NULL},
    {results_methods_heads, NULL, results_methods},
    {results_metrics_heads, NULL, results_metrics},
    {notes_heads, notes_sql, NULL},
    {results_path_heads, NULL, results_path},
    {results_pictures_heads, NULL, results_pictures},
    {results_profile_heads, NULL, results_profile},
    {results_rank_pairs_heads, NULL, results_rank_pairs},
    {results_ranks_heads, NULL, results_ranks},
    {results_rate_distortion_heads, NULL, results_rate_distortion},
    {solvers_heads, NULL, solvers},
    {results_summary_heads, NULL, results_summary_table},
    {results_dimension_heads, NULL, results_dimension},
    {results_tuned_heads, NULL, results_tuned},
    {results_versus_heads, NULL, results_versus}};

static const char *const names[] = {"accuracy-genes",
                                    "arrays",
                                    "best-compression",
                                    "chosen-genes",
                                    "coding",
                                    "coding-time",
                                    "compression",
                                    "compression-levels",
                                    "compression-versus",
                                    "datasets",
                                    "endings",
                                    "gap-time",
                                    "genes",
                                    "layer-sparsity",
                                    "machines",
                                    "methods",
                                    "metrics",
                                    "notes",
                                    "path",
                                    "pictures",
                                    "profile",
                                    "rank-pairs",
                                    "ranks",
                                    "rate-distortion",
                                    "solvers",
                                    "summary",
                                    "time-dimension",
                                    "tuned",
                                    "versus",
                                    NULL};

const char *const *results_query_names(void)
{
    return names;
}

enum spred_status results_query(struct spred_env *env,
                                struct results_view *view, const char *name,
                                struct results_table *out)
{
    size_t which = 0;
    memset(out, 0, sizeof *out);
    while (names[which] && strcmp(names[which], name) != 0)
        which++;
    if (!names[which]) {
        const char *near = spred_nearest(name, names);
        return spred_fail(env, SPRED_ENOTFOUND, "no query '%s'%s%s%s", name,
                          near ? ", did you mean '" : "", near ? near : "",
                          near ? "'?" : "");
    }
    out->heads = queries[which].heads;
    while (out->heads[out->n_columns].name)
        out->n_columns++;
    enum spred_status status =
        queries[which].sql ? select_all(env, view, queries[which].sql, out)
                           : queries[which].run(env, view, out);
    if (status)
        results_table_free(env, out);
    return status;
}
