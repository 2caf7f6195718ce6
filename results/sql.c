/* sql.c: opening and checking a store, rows to and from SQLite. */
#include "results/sql.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "results/field.h"
#include "spred/text.h"

#define BUSY_MILLISECONDS 20000

enum spred_status results_sql_fail(struct spred_env *env, sqlite3 *db,
                                   const char *path, const char *what)
{
    int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
    enum spred_status status = SPRED_EIO;
    if (code == SQLITE_NOMEM)
        status = SPRED_ENOMEM;
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: the results store is damaged (%s); move it away "
                          "to start anew",
                          path, sqlite3_errmsg(db));
    return spred_fail(env, status, "%s: %s: %s", path, what,
                      db ? sqlite3_errmsg(db) : "out of memory");
}

enum spred_status results_sql_prepare(struct spred_env *env, sqlite3 *db,
                                      const char *path, const char *sql,
                                      sqlite3_stmt **statement)
{
    *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, statement, NULL) != SQLITE_OK)
        return results_sql_fail(env, db, path, "cannot be read");
    return SPRED_OK;
}

enum spred_status results_sql_step(struct spred_env *env, sqlite3 *db,
                                   const char *path, sqlite3_stmt *statement,
                                   int *more)
{
    int code = sqlite3_step(statement);
    *more = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return results_sql_fail(env, db, path, "cannot be read");
    return SPRED_OK;
}

/* One integer that a PRAGMA or a SELECT answers. */
static enum spred_status ask(struct spred_env *env, sqlite3 *db,
                             const char *path, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement;
    int more = 0;
    SPRED_TRY(results_sql_prepare(env, db, path, sql, &statement));
    enum spred_status status =
        results_sql_step(env, db, path, statement, &more);
    *out = more ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return status;
}

/* What does not begin like SQLite is refused before SQLite touches it. */
static enum spred_status check_head(struct spred_env *env, const char *path,
                                    int writer)
{
    char head[16] = {0};
    FILE *file = fopen(path, "rb");
    if (!file) {
        if (errno == ENOENT && writer)
            return SPRED_OK;
        return spred_fail(env, errno == ENOENT ? SPRED_ENOTFOUND : SPRED_EIO,
                          "%s: %s, expected a results store", path,
                          strerror(errno));
    }
    size_t length = fread(head, 1, sizeof head, file);
    int failed = ferror(file);
    fclose(file);
    if (failed)
        return spred_fail(env, SPRED_EIO, "%s: cannot be read", path);
    if (length == 0 && writer)
        return SPRED_OK;
    if (length < sizeof head || memcmp(head, "SQLite format 3", 16) != 0)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: not a results store (found %s, expected a "
                          "SQLite 3 file)",
                          path, length ? "other content" : "an empty file");
    return SPRED_OK;
}

/* A read-only folder cannot hold the -shm file of WAL: then the file is read
 * as it is, provided no writer left a journal beside it. */
static enum spred_status open_immutable(struct spred_env *env, const char *path,
                                        sqlite3 **db)
{
    struct spred_buffer uri = {0};
    enum spred_status status = spred_buffer_add(env, &uri, "file:");
    for (const char *c = path; *c && !status; c++)
        status = strchr("%?#", *c)
                     ? spred_buffer_add(env, &uri, "%%%02X", (unsigned)*c)
                     : spred_buffer_append(env, &uri, c, 1);
    if (!status)
        status = spred_buffer_add(env, &uri, "?immutable=1");
    sqlite3_close(*db);
    *db = NULL;
    if (!status &&
        sqlite3_open_v2(uri.text, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                        NULL) != SQLITE_OK)
        status = results_sql_fail(env, *db, path, "cannot be opened");
    spred_free(env, uri.text);
    return status;
}

static int has_journal(struct spred_env *env, const char *path)
{
    char *wal = spred_format(env, "%s-wal", path);
    FILE *file = wal ? fopen(wal, "rb") : NULL;
    int found = file && fgetc(file) != EOF;
    if (file)
        fclose(file);
    spred_free(env, wal);
    return found;
}

static enum spred_status check_content(struct spred_env *env, sqlite3 *db,
                                       const char *path, int writer, int *fresh)
{
    int64_t application = 0, version = 0, tables = 0;
    /* In one transaction: another process may be making the tables just now. */
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    enum spred_status asked =
        ask(env, db, path, "SELECT count(*) FROM sqlite_schema", &tables);
    if (!asked)
        asked = ask(env, db, path, "PRAGMA application_id", &application);
    if (!asked)
        asked = ask(env, db, path, "PRAGMA user_version", &version);
    SPRED_TRY(asked); /* the caller closes the file, and reads the error code */
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    *fresh = application == 0 && version == 0 && tables == 0;
    if (*fresh && writer)
        return SPRED_OK;
    if (application != RESULTS_APPLICATION)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: an SQLite file, but not a results store of "
                          "spredbench",
                          path);
    if (version != RESULTS_SCHEMA)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: schema version %lld, this program reads "
                          "version %d; use another results folder",
                          path, (long long)version, RESULTS_SCHEMA);
    sqlite3_stmt *statement;
    int more = 0;
    SPRED_TRY(results_sql_prepare(env, db, path, "PRAGMA quick_check(1)",
                                  &statement));
    enum spred_status status =
        results_sql_step(env, db, path, statement, &more);
    const char *answer =
        more ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (!status && (!answer || strcmp(answer, "ok") != 0))
        status = spred_fail(env, SPRED_EFORMAT,
                            "%s: the results store is damaged (%s); move it "
                            "away to start anew",
                            path, answer ? answer : "no answer");
    sqlite3_finalize(statement);
    return status;
}

const char *results_sql_type(enum results_kind kind)
{
    return kind == RESULTS_TEXT  ? "TEXT"
           : kind == RESULTS_INT ? "INTEGER"
                                 : "REAL";
}

enum spred_status results_sql_child(struct spred_env *env, const char *what,
                                    const struct results_child *child,
                                    struct spred_buffer *sql)
{
    SPRED_TRY(spred_buffer_add(env, sql,
                               "CREATE %s %s (run INTEGER NOT NULL, "
                               "number INTEGER NOT NULL",
                               what, child->name));
    for (const struct results_column *c = child->columns + 1; c->name; c++)
        SPRED_TRY(spred_buffer_add(env, sql, ", \"%s\" %s", c->name,
                                   results_sql_type(c->kind)));
    return spred_buffer_add(
        env, sql, ", PRIMARY KEY (run, number)) STRICT, WITHOUT ROWID;");
}

enum spred_status results_sql_open(struct spred_env *env, const char *path,
                                   int writer, sqlite3 **db, int *fresh)
{
    *db = NULL;
    *fresh = 0;
    SPRED_TRY(check_head(env, path, writer));
    /* a reader that may write removes the -wal and -shm files at the end */
    int flags = SQLITE_OPEN_READWRITE | (writer ? SQLITE_OPEN_CREATE : 0);
    enum spred_status status = SPRED_OK;
    if (sqlite3_open_v2(path, db, flags, NULL) != SQLITE_OK)
        status = results_sql_fail(env, *db, path, "cannot be opened");
    if (!status) {
        sqlite3_busy_timeout(*db, BUSY_MILLISECONDS);
        if (!writer)
            sqlite3_exec(*db, "PRAGMA query_only = 1", NULL, NULL, NULL);
        status = check_content(env, *db, path, writer, fresh);
    }
    int code = status && *db ? sqlite3_errcode(*db) : SQLITE_OK;
    if (!writer && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) &&
        !has_journal(env, path)) {
        status = open_immutable(env, path, db);
        if (!status)
            status = check_content(env, *db, path, writer, fresh);
    }
    if (status) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return status;
}

enum spred_status results_sql_open_to_read(struct spred_env *env,
                                           const char *path, sqlite3 **db)
{
    int64_t tables;
    *db = NULL;
    enum spred_status status = SPRED_OK;
    if (sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        status = results_sql_fail(env, *db, path, "cannot be opened");
    if (!status) {
        sqlite3_busy_timeout(*db, BUSY_MILLISECONDS);
        status =
            ask(env, *db, path, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    int code = status && *db ? sqlite3_errcode(*db) : SQLITE_OK;
    if ((code == SQLITE_CANTOPEN || code == SQLITE_READONLY) &&
        !has_journal(env, path))
        status = open_immutable(env, path, db);
    if (status) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return status;
}

void results_sql_bind(sqlite3_stmt *statement, int first,
                      const struct results_column *columns, const void *row)
{
    for (const struct results_column *c = columns; c->name; c++, first++) {
        if (c->kind == RESULTS_TEXT) {
            sqlite3_bind_text(statement, first, results_field_text(row, c), -1,
                              SQLITE_STATIC);
        } else if (c->kind == RESULTS_INT) {
            int64_t value = results_field_int(row, c);
            if (value == INT64_MIN)
                sqlite3_bind_null(statement, first);
            else
                sqlite3_bind_int64(statement, first, value);
        } else {
            sqlite3_bind_double(statement, first, results_field_real(row, c));
        }
    }
}

enum spred_status results_sql_row(struct spred_env *env,
                                  sqlite3_stmt *statement, int first,
                                  const struct results_column *columns,
                                  void *row)
{
    results_row_clear(columns, row);
    for (const struct results_column *c = columns; c->name; c++, first++) {
        void *field = results_field_at(row, c);
        if (sqlite3_column_type(statement, first) == SQLITE_NULL)
            continue;
        if (c->kind == RESULTS_INT) {
            *(int64_t *)field = sqlite3_column_int64(statement, first);
        } else if (c->kind == RESULTS_REAL) {
            *(double *)field = sqlite3_column_double(statement, first);
        } else {
            char *text = spred_strdup(
                env, (const char *)sqlite3_column_text(statement, first));
            *(char **)field = text;
            if (!text) {
                results_row_free(env, columns, row);
                return SPRED_ENOMEM;
            }
        }
    }
    return SPRED_OK;
}

char *results_sql_names(struct spred_env *env,
                        const struct results_column *columns)
{
    struct spred_buffer names = {0};
    for (const struct results_column *c = columns; c->name; c++)
        if (spred_buffer_add(env, &names, "%s\"%s\"", c == columns ? "" : ", ",
                             c->name) != SPRED_OK) {
            spred_free(env, names.text);
            return NULL;
        }
    return names.text;
}
