/* answer.h: how a struct results_answer is filled. Private to the results
 * room. */
#ifndef RESULTS_ANSWER_H
#define RESULTS_ANSWER_H

#include <sqlite3.h>
#include "results/ask.h"

/* Room for the names of n columns. */
enum spred_status results_answer_begin(struct spred_env *env,
                                       struct results_answer *answer, size_t n);
/* Names a column (a copy). */
enum spred_status results_answer_name(struct spred_env *env,
                                      struct results_answer *answer,
                                      size_t column, const char *name);
/* A new row without values; NULL: out of memory. Valid until the next. */
struct results_value *results_answer_row(struct spred_env *env,
                                         struct results_answer *answer);
/* Puts a copy of the bytes (NULL: no value) into a value. */
enum spred_status results_answer_bytes(struct spred_env *env,
                                       struct results_answer *answer,
                                       struct results_value *value,
                                       const void *bytes, size_t length);
/* Puts column i of the statement's row into a value. */
enum spred_status results_answer_column(struct spred_env *env,
                                        struct results_answer *answer,
                                        struct results_value *value,
                                        sqlite3_stmt *statement, int i);

#endif
