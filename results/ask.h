/* ask.h: answers whose columns are only known when they come: one SELECT of the
 * caller over a store that it cannot change, and the stored rows themselves. */
#ifndef RESULTS_ASK_H
#define RESULTS_ASK_H

#include "results/query.h"

struct results_value {
    enum { RESULTS_NONE, RESULTS_WHOLE, RESULTS_NUMBER, RESULTS_BYTES } kind;
    int64_t whole;
    double number;
    char *bytes; /* owned by the answer; length of them, then a NUL */
    size_t length;
};

struct results_answer {
    char **names; /* of the columns */
    size_t n_columns, n_rows, capacity;
    struct results_value *values; /* n_rows x n_columns, by row */
    size_t bytes;                 /* of all texts */
};
void results_answer_free(struct spred_env *env, struct results_answer *answer);

/* What one question may cost; 0: 10^6 rows, 2^28 bytes of text, 30 seconds. */
struct results_limits {
    size_t rows, bytes;
    double seconds;
};

/* Answers one SELECT (or WITH ... SELECT, EXPLAIN) over the tables runs,
 * points, genes, folds, notes of the view's store, as it is now. The connection
 * is opened read-only and its authorizer lets nothing pass but reading: no
 * write, ATTACH, PRAGMA, transaction or loaded code. parameters fill the marks
 * ? in their order. Errors: SPRED_EINVAL with SQLite's words, for a second
 * statement, or beyond a limit; SPRED_EINTERRUPTED when the env says stop. */
enum spred_status results_ask(struct spred_env *env,
                              const struct results_view *view, const char *sql,
                              const struct results_value *parameters, size_t n,
                              const struct results_limits *limits,
                              struct results_answer *out);

/* Which runs; NULL: any. dataset and solver are labels as in the queries, or
 * plain names. */
struct results_filter {
    const char *dataset, *problem, *solver, *status;
};

/* Names of the stored tables: "runs", then the children. NULL-ended, borrowed
 * from out, which has room for 2 + RESULTS_CHILDREN. */
void results_table_names(const char **out);

/* The rows of the view's runs that pass the filter. table "runs": the columns
 * of sink.h, but data set and solver as labels. A child ("points", ...): data
 * set, problem, solver (labels) and trial, then its columns. */
enum spred_status results_rows(struct spred_env *env,
                               const struct results_view *view,
                               const char *table,
                               const struct results_filter *filter,
                               struct results_answer *out);

size_t results_view_count(const struct results_view *view);

#endif
