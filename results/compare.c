/* compare.c: the verb verify: two stores hold the same rows but for clocks. */
#include <stdio.h>
#include <string.h>
#include "results/export.h"
#include "results/field.h"
#include "results/sql.h"

#define REPORTED 20 /* lines; the rest is counted */

struct side {
    const char *path;
    sqlite3 *db;
    sqlite3_stmt *runs, *children[RESULTS_CHILDREN];
};

struct comparison {
    struct spred_env *env;
    struct side a, b;
    struct spred_buffer *out;
    size_t differences;
};

/* Columns whose values a clock or the machine decides. */
static int is_clock(const char *column)
{
    static const char *const names[] = {"started", "machine", "peak_rss_kib"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(column, names[i]) == 0)
            return 1;
    return strncmp(column, "seconds", 7) == 0;
}

static int ended_by_clock(const char *status)
{
    static const char *const names[] = {"time", "memory", "crashed",
                                        "interrupted"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (status && strcmp(status, names[i]) == 0)
            return 1;
    return 0;
}

static enum spred_status tell(struct comparison *c, const char *line)
{
    if (c->differences++ >= REPORTED)
        return SPRED_OK;
    return spred_buffer_add(c->env, c->out, "%s\n", line);
}

/* "lasso on GDS1815, cd, trial 2, points row 3: gap: 1 and 2" */
static enum spred_status tell_field(struct comparison *c,
                                    const struct results_run *run,
                                    const char *table, size_t row,
                                    const char *column, const char *a,
                                    const char *b)
{
    char where[64] = "";
    if (row)
        snprintf(where, sizeof where, ", %s row %zu", table, row);
    char *line = spred_format(
        c->env, "%s on %s, %s, trial %lld%s: %s: '%s' and '%s'",
        run->problem ? run->problem : "?", run->dataset ? run->dataset : "?",
        run->solver ? run->solver : "?", (long long)run->trial, where, column,
        a, b);
    enum spred_status status = line ? tell(c, line) : SPRED_ENOMEM;
    spred_free(c->env, line);
    return status;
}

/* Both as %.17g, which tells any two doubles apart. */
static enum spred_status compare_rows(struct comparison *c,
                                      const struct results_run *run,
                                      const char *table, size_t row,
                                      const struct results_column *columns,
                                      const void *a, const void *b)
{
    char left[RESULTS_REAL_SIZE], right[RESULTS_REAL_SIZE];
    int identity = row == 0 && ended_by_clock(run->status) &&
                   ended_by_clock(((const struct results_run *)b)->status);
    for (; columns->name; columns++) {
        const char *x = results_field_print(a, columns, left);
        const char *y = results_field_print(b, columns, right);
        if (!is_clock(columns->name) && strcmp(x, y) != 0)
            SPRED_TRY(tell_field(c, run, table, row, columns->name, x, y));
        if (identity && strcmp(columns->name, "status") == 0)
            break;
    }
    return SPRED_OK;
}

/* The rows of one child table of one run on both sides, in stored order. */
static enum spred_status compare_children(struct comparison *c,
                                          const struct results_run *run,
                                          size_t which, int64_t id_left,
                                          int64_t id_right)
{
    enum spred_status status = SPRED_OK;
    const char *table = results_children[which].name;
    const struct results_column *columns = results_children[which].columns;
    sqlite3_stmt *left = c->a.children[which], *right = c->b.children[which];
    sqlite3_bind_int64(left, 1, id_left);
    sqlite3_bind_int64(right, 1, id_right);
    for (size_t row = 1; !status; row++) {
        union {
            struct results_point point;
            struct results_gene gene;
            struct results_fold fold;
            struct results_metric metric;
            struct results_candidate candidate;
            struct results_mark mark;
            struct results_layer layer;
            struct results_array array;
        } a, b;
        int more_a = 0, more_b = 0;
        status = results_sql_step(c->env, c->a.db, c->a.path, left, &more_a);
        if (!status)
            status =
                results_sql_step(c->env, c->b.db, c->b.path, right, &more_b);
        if (status || (!more_a && !more_b))
            break;
        if (more_a != more_b) {
            status = tell_field(c, run, table, row, "row",
                                more_a ? "present" : "missing",
                                more_b ? "present" : "missing");
            break;
        }
        results_row_clear(columns, &a);
        results_row_clear(columns, &b);
        status = results_sql_row(c->env, left, 0, columns + 1, &a);
        if (!status)
            status = results_sql_row(c->env, right, 0, columns + 1, &b);
        if (!status)
            status = compare_rows(c, run, table, row, columns + 1, &a, &b);
        results_row_free(c->env, columns, &a);
        results_row_free(c->env, columns, &b);
    }
    sqlite3_reset(left);
    sqlite3_reset(right);
    return status;
}

static enum spred_status compare_run(struct comparison *c,
                                     const struct results_run *a, int64_t id_a,
                                     const struct results_run *b, int64_t id_b)
{
    SPRED_TRY(compare_rows(c, a, "runs", 0, results_run_columns, a, b));
    if (ended_by_clock(a->status) && ended_by_clock(b->status))
        return SPRED_OK;
    for (size_t k = 0; k < RESULTS_CHILDREN; k++)
        SPRED_TRY(compare_children(c, a, k, id_a, id_b));
    return SPRED_OK;
}

static enum spred_status next_run(struct comparison *c, struct side *side,
                                  struct results_run *run, int64_t *id,
                                  int *more)
{
    results_row_free(c->env, results_run_columns, run);
    SPRED_TRY(results_sql_step(c->env, side->db, side->path, side->runs, more));
    if (!*more)
        return SPRED_OK;
    *id = sqlite3_column_int64(side->runs, 0);
    return results_sql_row(c->env, side->runs, 1, results_run_columns, run);
}

/* Merges the two lists of runs, both ordered by job key. */
static enum spred_status merge(struct comparison *c, size_t *runs)
{
    struct results_run a, b;
    int64_t id_a = 0, id_b = 0;
    int more_a = 1, more_b = 1;
    results_row_clear(results_run_columns, &a);
    results_row_clear(results_run_columns, &b);
    enum spred_status status = next_run(c, &c->a, &a, &id_a, &more_a);
    if (!status)
        status = next_run(c, &c->b, &b, &id_b, &more_b);
    while (!status && (more_a || more_b)) {
        int order = !more_b ? -1 : !more_a ? 1 : strcmp(a.job, b.job);
        if (order == 0)
            status = compare_run(c, &a, id_a, &b, id_b);
        else
            status = tell_field(c, order < 0 ? &a : &b, "runs", 0, "run",
                                order < 0 ? "present" : "missing",
                                order < 0 ? "missing" : "present");
        ++*runs;
        if (!status && order <= 0)
            status = next_run(c, &c->a, &a, &id_a, &more_a);
        if (!status && order >= 0)
            status = next_run(c, &c->b, &b, &id_b, &more_b);
    }
    results_row_free(c->env, results_run_columns, &a);
    results_row_free(c->env, results_run_columns, &b);
    return status;
}

static enum spred_status prepare(struct spred_env *env, struct side *side,
                                 const char *table,
                                 const struct results_column *columns,
                                 const char *rest, sqlite3_stmt **statement)
{
    int is_runs = strcmp(table, "runs") == 0;
    char *names = results_sql_names(env, columns + !is_runs);
    char *sql = names ? spred_format(env, "SELECT %s%s FROM %s %s",
                                     is_runs ? "id, " : "", names, table, rest)
                      : NULL;
    enum spred_status status =
        sql ? results_sql_prepare(env, side->db, side->path, sql, statement)
            : SPRED_ENOMEM;
    spred_free(env, names);
    spred_free(env, sql);
    return status;
}

static enum spred_status open_side(struct spred_env *env, const char *path,
                                   struct side *side)
{
    static const char one[] = "WHERE run = ? ORDER BY number";
    int fresh;
    side->path = path;
    SPRED_TRY(results_sql_open(env, path, 0, &side->db, &fresh));
    SPRED_TRY(prepare(env, side, "runs", results_run_columns, "ORDER BY job",
                      &side->runs));
    for (size_t k = 0; k < RESULTS_CHILDREN; k++)
        SPRED_TRY(prepare(env, side, results_children[k].name,
                          results_children[k].columns, one,
                          &side->children[k]));
    return SPRED_OK;
}

static void close_side(struct side *side)
{
    sqlite3_finalize(side->runs);
    for (size_t k = 0; k < RESULTS_CHILDREN; k++)
        sqlite3_finalize(side->children[k]);
    sqlite3_close(side->db);
}

enum spred_status results_verify(struct spred_env *env, const char *path_a,
                                 const char *path_b, struct spred_buffer *out,
                                 size_t *differences)
{
    struct comparison c = {.env = env, .out = out};
    size_t runs = 0;
    enum spred_status status = open_side(env, path_a, &c.a);
    if (!status)
        status = open_side(env, path_b, &c.b);
    if (!status)
        status = merge(&c, &runs);
    if (!status && c.differences > REPORTED)
        status = spred_buffer_add(env, out, "... and %zu more differences\n",
                                  c.differences - REPORTED);
    if (!status)
        status = spred_buffer_add(env, out, "%zu runs compared: %s\n", runs,
                                  c.differences ? "the stores differ"
                                                : "the same but for clocks");
    close_side(&c.a);
    close_side(&c.b);
    *differences = c.differences;
    return status;
}
