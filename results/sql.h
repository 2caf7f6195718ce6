/* sql.h: the few SQLite steps that the store and the queries share. Private to
 * the results room. */
#ifndef RESULTS_SQL_H
#define RESULTS_SQL_H

#include <sqlite3.h>
#include "results/sink.h"

/* user_version of the schema in store.c; application_id "SPRD". */
#define RESULTS_SCHEMA 4
#define RESULTS_APPLICATION 0x53505244

/* "PATH: what: SQLite's words", with the status that fits the code. */
enum spred_status results_sql_fail(struct spred_env *env, sqlite3 *db,
                                   const char *path, const char *what);

/* Opens path; writer 0: read-only (also in a folder that cannot be written).
 * Refuses what is not SQLite, not ours, of another schema, or damaged; a new
 * or empty file passes only when writer is nonzero. *fresh: no tables yet. */
enum spred_status results_sql_open(struct spred_env *env, const char *path,
                                   int writer, sqlite3 **db, int *fresh);

/* Opens a store that was checked before with no right to write, also while
 * another process writes it or in a folder that cannot be written. */
enum spred_status results_sql_open_to_read(struct spred_env *env,
                                           const char *path, sqlite3 **db);

/* TEXT, INTEGER, REAL. */
const char *results_sql_type(enum results_kind kind);

/* "CREATE ... TABLE name (...)" of a child table, appended; what: "TABLE",
 * "TEMP TABLE". */
struct spred_buffer;
struct results_child;
enum spred_status results_sql_child(struct spred_env *env, const char *what,
                                    const struct results_child *child,
                                    struct spred_buffer *sql);
/* Compiles one statement. */
enum spred_status results_sql_prepare(struct spred_env *env, sqlite3 *db,
                                      const char *path, const char *sql,
                                      sqlite3_stmt **statement);

/* Next row: *more 1, or 0 at the end. */
enum spred_status results_sql_step(struct spred_env *env, sqlite3 *db,
                                   const char *path, sqlite3_stmt *statement,
                                   int *more);

/* Binds the columns of a row to parameters first, first + 1, ... The row's
 * text must live until the statement was stepped. */
void results_sql_bind(sqlite3_stmt *statement, int first,
                      const struct results_column *columns, const void *row);

/* The statement's columns first, first + 1, ... as a new row. */
enum spred_status results_sql_row(struct spred_env *env,
                                  sqlite3_stmt *statement, int first,
                                  const struct results_column *columns,
                                  void *row);

/* "a, b, c" of the table's columns from the given one on; free with
 * spred_free. */
char *results_sql_names(struct spred_env *env,
                        const struct results_column *columns);

/* Condition on runs: of the plan that the store was last run with (the note
 * "plan": the heads of its job keys), or any when there is no such note. */
#define RESULTS_PLANNED                                                        \
    "(instr((SELECT value FROM notes WHERE key = 'plan'), "                    \
    "substr(job, 1, 16)) > 0 OR "                                              \
    "NOT EXISTS (SELECT 1 FROM notes WHERE key = 'plan'))"

#endif
