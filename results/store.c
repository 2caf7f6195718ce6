/* store.c: the SQLite store: schema, and one short transaction per job. */
#include "results/store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "results/field.h"
#include "results/sql.h"
#include "spred/text.h"

enum {
    FIND,
    ID,
    DROP_RUN,
    RUN,
    NOTE,
    FORGET,
    DROP_ROWS, /* and those of the other children */
    ROW = DROP_ROWS + RESULTS_CHILDREN,
    STATEMENTS = ROW + RESULTS_CHILDREN
};

struct results_store {
    struct spred_env *env;
    char *path;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
};

static enum spred_status execute(struct results_store *store, const char *sql,
                                 const char *what)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return results_sql_fail(store->env, store->db, store->path, what);
    return SPRED_OK;
}

/* The run's key is stored once; the child tables refer to its number. */
static enum spred_status schema_text(struct spred_env *env,
                                     struct spred_buffer *sql)
{
    SPRED_TRY(spred_buffer_add(env, sql,
                               "CREATE TABLE runs (id INTEGER PRIMARY KEY"));
    for (const struct results_column *c = results_run_columns; c->name; c++)
        SPRED_TRY(spred_buffer_add(
            env, sql, ", \"%s\" %s%s", c->name, results_sql_type(c->kind),
            strcmp(c->name, "job") == 0 ? " NOT NULL UNIQUE" : ""));
    SPRED_TRY(spred_buffer_add(env, sql, ") STRICT;"));
    for (size_t i = 0; i < RESULTS_CHILDREN; i++) {
        SPRED_TRY(results_sql_child(env, "TABLE", &results_children[i], sql));
    }
    return spred_buffer_add(env, sql,
                            "CREATE TABLE notes (\"key\" TEXT PRIMARY KEY "
                            "NOT NULL, value TEXT) STRICT;"
                            "PRAGMA application_id = %d;"
                            "PRAGMA user_version = %d;",
                            RESULTS_APPLICATION, RESULTS_SCHEMA);
}

/* Another process may be doing the same: look again once the lock is ours. */
static enum spred_status create_schema(struct results_store *store)
{
    struct spred_buffer sql = {0};
    sqlite3_stmt *count = NULL;
    int more = 0;
    SPRED_TRY(execute(store, "BEGIN IMMEDIATE", "cannot be written"));
    enum spred_status status = results_sql_prepare(
        store->env, store->db, store->path,
        "SELECT 1 FROM sqlite_schema WHERE name = 'runs'", &count);
    if (!status)
        status =
            results_sql_step(store->env, store->db, store->path, count, &more);
    sqlite3_finalize(count);
    if (!status && !more)
        status = schema_text(store->env, &sql);
    if (!status && !more)
        status = execute(store, sql.text, "the tables cannot be made");
    spred_free(store->env, sql.text);
    if (!status)
        return execute(store, "COMMIT", "cannot be written");
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* The switch to WAL does not wait for a lock by itself. */
static enum spred_status switch_to_wal(struct results_store *store)
{
    int code = SQLITE_BUSY;
    for (int i = 0; i < 200 && code == SQLITE_BUSY; i++) {
        code = sqlite3_exec(store->db,
                            "PRAGMA journal_mode = WAL;"
                            "PRAGMA synchronous = FULL",
                            NULL, NULL, NULL);
        if (code == SQLITE_BUSY)
            sqlite3_sleep(25);
    }
    if (code != SQLITE_OK)
        return results_sql_fail(store->env, store->db, store->path,
                                "cannot be written");
    return SPRED_OK;
}

/* INSERT of all columns, after `lead` extra ones in front. */
static enum spred_status prepare_insert(struct results_store *store, int which,
                                        const char *table, const char *lead,
                                        const struct results_column *columns)
{
    struct spred_buffer sql = {0};
    struct spred_env *env = store->env;
    char *names = results_sql_names(env, columns);
    enum spred_status status = names ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = spred_buffer_add(env, &sql, "INSERT INTO %s (%s%s) VALUES (%s",
                                  table, lead, names, *lead ? "?, ?, " : "");
    for (size_t i = 0; !status && columns[i].name; i++)
        status = spred_buffer_add(env, &sql, "%s?", i ? ", " : "");
    if (!status)
        status = spred_buffer_add(env, &sql, ")");
    if (!status)
        status = results_sql_prepare(env, store->db, store->path, sql.text,
                                     &store->statements[which]);
    spred_free(env, sql.text);
    spred_free(env, names);
    return status;
}

static enum spred_status prepare_all(struct results_store *store)
{
    static const char *const fixed[STATEMENTS] = {
        [FIND] = "SELECT status FROM runs WHERE job = ?",
        [ID] = "SELECT id FROM runs WHERE job = ?",
        [DROP_RUN] = "DELETE FROM runs WHERE id = ?",
        [FORGET] = "DELETE FROM notes WHERE substr(key, 1, length(?1)) = ?1",
        [NOTE] = "INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET "
                 "value = excluded.value"};
    for (int i = 0; i < STATEMENTS; i++)
        if (fixed[i])
            SPRED_TRY(results_sql_prepare(store->env, store->db, store->path,
                                          fixed[i], &store->statements[i]));
    for (int i = 0; i < RESULTS_CHILDREN; i++) {
        const struct results_child *child = &results_children[i];
        char sql[64];
        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE run = ?", child->name);
        SPRED_TRY(results_sql_prepare(store->env, store->db, store->path, sql,
                                      &store->statements[DROP_ROWS + i]));
        SPRED_TRY(prepare_insert(store, ROW + i, child->name, "run, number, ",
                                 child->columns + 1));
    }
    return prepare_insert(store, RUN, "runs", "", results_run_columns);
}

enum spred_status results_store_open(struct spred_env *env, const char *path,
                                     struct results_store **out)
{
    int fresh = 0, existed = access(path, F_OK) == 0;
    *out = NULL;
    struct results_store *store = spred_alloc(env, 1, sizeof *store);
    if (!store)
        return SPRED_ENOMEM;
    store->env = env;
    store->path = spred_strdup(env, path);
    enum spred_status status = store->path ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = results_sql_open(env, path, 1, &store->db, &fresh);
    if (!status)
        status = switch_to_wal(store);
    if (!status && fresh)
        status = create_schema(store);
    if (!status)
        status = prepare_all(store);
    if (status) {
        results_store_close(store);
        if (!existed && fresh)
            unlink(path);
        return status;
    }
    *out = store;
    return SPRED_OK;
}

void results_store_close(struct results_store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    spred_free(store->env, store->path);
    spred_free(store->env, store);
}

/* Runs a bound statement that answers nothing, and makes it ready again. */
static enum spred_status finish(struct results_store *store, int which)
{
    sqlite3_stmt *statement = store->statements[which];
    int code = sqlite3_step(statement);
    enum spred_status status = SPRED_OK;
    if (code != SQLITE_DONE)
        status = results_sql_fail(store->env, store->db, store->path,
                                  "cannot be written");
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

static enum spred_status store_find(void *self, const char *job,
                                    char status_word[32])
{
    struct results_store *store = self;
    sqlite3_stmt *statement = store->statements[FIND];
    int more = 0;
    status_word[0] = '\0';
    sqlite3_bind_text(statement, 1, job, -1, SQLITE_STATIC);
    enum spred_status status =
        results_sql_step(store->env, store->db, store->path, statement, &more);
    if (more && sqlite3_column_type(statement, 0) == SQLITE_TEXT)
        snprintf(status_word, 32, "%s",
                 (const char *)sqlite3_column_text(statement, 0));
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

/* Removes the older rows of the job, if any. */
static enum spred_status drop(struct results_store *store, const char *job)
{
    sqlite3_stmt *statement = store->statements[ID];
    int more = 0;
    sqlite3_bind_text(statement, 1, job, -1, SQLITE_STATIC);
    enum spred_status status =
        results_sql_step(store->env, store->db, store->path, statement, &more);
    int64_t id = more ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    for (int i = 0; more && !status && i <= RESULTS_CHILDREN; i++) {
        int which = i < RESULTS_CHILDREN ? DROP_ROWS + i : DROP_RUN;
        sqlite3_bind_int64(store->statements[which], 1, id);
        status = finish(store, which);
    }
    return status;
}

static enum spred_status insert(struct results_store *store,
                                const struct results_record *record)
{
    results_sql_bind(store->statements[RUN], 1, results_run_columns,
                     &record->run);
    SPRED_TRY(finish(store, RUN));
    int64_t id = sqlite3_last_insert_rowid(store->db);
    for (int k = 0; k < RESULTS_CHILDREN; k++) {
        const struct results_child *child = &results_children[k];
        sqlite3_stmt *statement = store->statements[ROW + k];
        for (size_t i = 0; i < results_child_count(record, child); i++) {
            sqlite3_bind_int64(statement, 1, id);
            sqlite3_bind_int64(statement, 2, (int64_t)i + 1);
            results_sql_bind(statement, 3, child->columns + 1,
                             results_child_row(record, child, i));
            SPRED_TRY(finish(store, ROW + k));
        }
    }
    return SPRED_OK;
}

static enum spred_status store_put(void *self,
                                   const struct results_record *record)
{
    struct results_store *store = self;
    if (!record->run.job)
        return spred_fail(store->env, SPRED_EINVAL, "a row without a job key");
    SPRED_TRY(execute(store, "BEGIN IMMEDIATE", "cannot be written"));
    enum spred_status status = drop(store, record->run.job);
    if (!status)
        status = insert(store, record);
    if (!status)
        status = execute(store, "COMMIT", "cannot be written");
    if (status) /* the error text stays that of the first failure */
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum spred_status store_note(void *self, const char *key,
                                    const char *value)
{
    struct results_store *store = self;
    if (!value) {
        sqlite3_bind_text(store->statements[FORGET], 1, key, -1, SQLITE_STATIC);
        return finish(store, FORGET);
    }
    sqlite3_bind_text(store->statements[NOTE], 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(store->statements[NOTE], 2, value, -1, SQLITE_STATIC);
    return finish(store, NOTE);
}

struct results_sink results_store_sink(struct results_store *store)
{
    return (struct results_sink){store, store_find, store_put, store_note};
}
