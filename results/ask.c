/* ask.c: one SELECT of the caller over a store that it cannot change. */
#define _POSIX_C_SOURCE 200809L
#include "results/ask.h"

#include <string.h>
#include <time.h>
#include "results/answer.h"
#include "results/view.h"

#define ROWS_DEFAULT 1000000
#define BYTES_DEFAULT ((size_t)1 << 28)
#define SECONDS_DEFAULT 30.0
/* Longest text or statement that SQLite may make, and instructions of its
 * machine between two looks at the clock. */
#define TEXT_MAX (1 << 26)
#define LOOK_EVERY 2000

/* One question and what ends it. */
struct question {
    struct spred_env *env;
    struct results_limits limits;
    double deadline;
    int late;
    const char *refused; /* what the authorizer did not let pass, or NULL */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int look(void *cookie)
{
    struct question *q = cookie;
    if (q->env->cancelled && q->env->cancelled(q->env->cancel_cookie))
        return 1;
    q->late = now() > q->deadline;
    return q->late;
}

static int only_reading(void *cookie, int action, const char *first,
                        const char *second, const char *database,
                        const char *trigger)
{
    struct question *q = cookie;
    (void)first, (void)database, (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        if (second && sqlite3_stricmp(second, "load_extension") == 0)
            break;
        return SQLITE_OK;
    default:
        break;
    }
    q->refused = action == SQLITE_ATTACH || action == SQLITE_DETACH
                     ? "ATTACH and DETACH are"
                 : action == SQLITE_PRAGMA      ? "PRAGMA is"
                 : action == SQLITE_TRANSACTION ? "a transaction is"
                 : action == SQLITE_FUNCTION    ? "load_extension() is"
                                                : "changing the store is";
    return SQLITE_DENY;
}

static enum spred_status explain(struct question *q, sqlite3 *db)
{
    int code = sqlite3_errcode(db);
    SPRED_TRY(spred_check_cancel(q->env));
    if (q->refused)
        return spred_fail(q->env, SPRED_EINVAL,
                          "sql: %s not allowed here: one SELECT that reads the "
                          "store (%s)",
                          q->refused, sqlite3_errmsg(db));
    if (q->late)
        return spred_fail(q->env, SPRED_EINVAL, "sql: stopped after %g seconds",
                          q->limits.seconds);
    return spred_fail(q->env,
                      code == SQLITE_NOMEM ? SPRED_ENOMEM : SPRED_EINVAL,
                      "sql: %s", sqlite3_errmsg(db));
}

/* One statement and nothing but blanks and comments behind it. */
static enum spred_status compile(struct question *q, sqlite3 *db,
                                 const char *sql, sqlite3_stmt **out)
{
    const char *tail = NULL;
    sqlite3_stmt *second = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, out, &tail) != SQLITE_OK)
        return explain(q, db);
    if (!*out)
        return spred_fail(q->env, SPRED_EINVAL,
                          "sql: expected one SELECT, got nothing");
    int code = sqlite3_prepare_v2(db, tail, -1, &second, NULL);
    if (code != SQLITE_OK || second) {
        sqlite3_finalize(second);
        return spred_fail(q->env, SPRED_EINVAL,
                          "sql: expected one statement, got more: '%.40s'",
                          tail);
    }
    if (!sqlite3_stmt_readonly(*out))
        return spred_fail(q->env, SPRED_EINVAL,
                          "sql: only reading is allowed here");
    return SPRED_OK;
}

static enum spred_status bind(struct question *q, sqlite3_stmt *statement,
                              const struct results_value *values, size_t n)
{
    int marks = sqlite3_bind_parameter_count(statement);
    if (n != (size_t)marks)
        return spred_fail(q->env, SPRED_EINVAL,
                          "sql: %d marks ? but %zu values for them", marks, n);
    for (int i = 0; i < marks; i++) {
        const struct results_value *v = &values[i];
        int code = SQLITE_OK;
        if (v->kind == RESULTS_WHOLE)
            code = sqlite3_bind_int64(statement, i + 1, v->whole);
        else if (v->kind == RESULTS_NUMBER)
            code = sqlite3_bind_double(statement, i + 1, v->number);
        else if (v->kind == RESULTS_BYTES)
            code = sqlite3_bind_text64(statement, i + 1, v->bytes, v->length,
                                       SQLITE_STATIC, SQLITE_UTF8);
        if (code != SQLITE_OK)
            return spred_fail(q->env, SPRED_EINVAL, "sql: value %d: %s", i + 1,
                              sqlite3_errstr(code));
    }
    return SPRED_OK;
}

static enum spred_status read_all(struct question *q, sqlite3 *db,
                                  sqlite3_stmt *statement,
                                  struct results_answer *out)
{
    struct spred_env *env = q->env;
    int n = sqlite3_column_count(statement);
    SPRED_TRY(results_answer_begin(env, out, (size_t)n));
    for (int j = 0; j < n; j++)
        SPRED_TRY(results_answer_name(env, out, (size_t)j,
                                      sqlite3_column_name(statement, j)));
    for (;;) {
        int code = sqlite3_step(statement);
        if (code == SQLITE_DONE)
            return SPRED_OK;
        if (code != SQLITE_ROW)
            return explain(q, db);
        if (out->n_rows == q->limits.rows)
            return spred_fail(env, SPRED_EINVAL,
                              "sql: more than %zu rows: add a LIMIT",
                              q->limits.rows);
        struct results_value *row = results_answer_row(env, out);
        if (!row)
            return SPRED_ENOMEM;
        for (int j = 0; j < n; j++)
            SPRED_TRY(results_answer_column(env, out, &row[j], statement, j));
        if (out->bytes > q->limits.bytes)
            return spred_fail(env, SPRED_EINVAL,
                              "sql: more than %zu MiB of text: ask for less",
                              q->limits.bytes >> 20);
    }
}

enum spred_status results_ask(struct spred_env *env,
                              const struct results_view *view, const char *sql,
                              const struct results_value *parameters, size_t n,
                              const struct results_limits *limits,
                              struct results_answer *out)
{
    struct question q = {.env = env};
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    memset(out, 0, sizeof *out);
    if (limits)
        q.limits = *limits;
    if (q.limits.rows == 0)
        q.limits.rows = ROWS_DEFAULT;
    if (q.limits.bytes == 0)
        q.limits.bytes = BYTES_DEFAULT;
    if (!(q.limits.seconds > 0))
        q.limits.seconds = SECONDS_DEFAULT;
    q.deadline = now() + q.limits.seconds;
    enum spred_status status = results_sql_open_to_read(env, view->path, &db);
    if (!status) {
        sqlite3_limit(db, SQLITE_LIMIT_LENGTH, TEXT_MAX);
        sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
        sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
        sqlite3_progress_handler(db, LOOK_EVERY, look, &q);
        sqlite3_set_authorizer(db, only_reading, &q);
        status = compile(&q, db, sql, &statement);
    }
    if (!status)
        status = bind(&q, statement, parameters, n);
    if (!status)
        status = read_all(&q, db, statement, out);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    if (status)
        results_answer_free(env, out);
    return status;
}
