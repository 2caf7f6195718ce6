/* csv.c: every row of a store as comma-separated values. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "results/export.h"
#include "results/field.h"
#include "results/view.h"

#define ORDER " ORDER BY dataset, target, problem, solver, options, trial, job"

static void put_field(FILE *file, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

/* All rows of the statement, whose columns are those of the table. */
static enum spred_status put_rows(struct spred_env *env,
                                  struct results_view *view,
                                  const struct results_column *columns,
                                  sqlite3_stmt *statement, FILE *file)
{
    char scratch[RESULTS_REAL_SIZE];
    for (const struct results_column *c = columns; c->name; c++)
        fprintf(file, "%s%s", c == columns ? "" : ",", c->name);
    fputc('\n', file);
    for (int more = 1;;) {
        SPRED_TRY(
            results_sql_step(env, view->db, view->path, statement, &more));
        if (!more)
            return SPRED_OK;
        for (int j = 0; columns[j].name; j++) {
            if (j)
                fputc(',', file);
            if (sqlite3_column_type(statement, j) == SQLITE_NULL)
                continue;
            if (columns[j].kind == RESULTS_REAL)
                fputs(results_print_real(
                          scratch, sqlite3_column_double(statement, j), 17),
                      file);
            else
                put_field(file,
                          (const char *)sqlite3_column_text(statement, j));
        }
        fputc('\n', file);
    }
}

static enum spred_status write_csv(struct spred_env *env,
                                   struct results_view *view,
                                   const char *folder, const char *table,
                                   const struct results_column *columns)
{
    int is_runs = strcmp(table, "runs") == 0;
    FILE *file = NULL;
    sqlite3_stmt *statement = NULL;
    char *names = results_sql_names(env, columns + !is_runs);
    char *path = spred_format(env, "%s/%s.csv", folder, table);
    char *temporary =
        spred_format(env, "%s/%s.csv.%ld.tmp", folder, table, (long)getpid());
    char *sql =
        !names ? NULL
        : is_runs
            ? spred_format(env,
                           "SELECT %s FROM runs WHERE " RESULTS_PLANNED ORDER,
                           names)
            : spred_format(env,
                           "SELECT job, %s FROM (SELECT id AS owner, job,"
                           " dataset, target, problem, solver, options,"
                           " trial FROM runs WHERE " RESULTS_PLANNED
                           ") JOIN %s ON run = "
                           "owner" ORDER ", number",
                           names, table);
    enum spred_status status =
        names && path && temporary && sql ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status =
            results_sql_prepare(env, view->db, view->path, sql, &statement);
    if (!status && !(file = fopen(temporary, "wb")))
        status =
            spred_fail(env, SPRED_EIO, "%s: %s", temporary, strerror(errno));
    if (file) {
        status = put_rows(env, view, columns, statement, file);
        int failed = ferror(file);
        failed = fclose(file) != 0 || failed;
        if (!status && (failed || rename(temporary, path) != 0))
            status = spred_fail(env, SPRED_EIO, "%s: cannot be written: %s",
                                path, strerror(errno));
        if (status)
            unlink(temporary);
    }
    sqlite3_finalize(statement);
    spred_free(env, names);
    spred_free(env, path);
    spred_free(env, temporary);
    spred_free(env, sql);
    return status;
}

enum spred_status results_export_csv(struct spred_env *env,
                                     struct results_view *view,
                                     const char *folder)
{
    SPRED_TRY(write_csv(env, view, folder, "runs", results_run_columns));
    for (size_t k = 0; k < RESULTS_CHILDREN; k++)
        SPRED_TRY(write_csv(env, view, folder, results_children[k].name,
                            results_children[k].columns));
    return SPRED_OK;
}
