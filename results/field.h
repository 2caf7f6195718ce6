/* field.h: how the results room reads and writes the fields of a row through
 * its column table. */
#ifndef RESULTS_FIELD_H
#define RESULTS_FIELD_H

#include <stddef.h>
#include <stdint.h>
#include "results/sink.h"

/* Bytes that hold any number printed by results_print_real. */
#define RESULTS_REAL_SIZE 40

static inline const void *results_field(const void *row,
                                        const struct results_column *column)
{
    return (const char *)row + column->offset;
}

static inline const char *
results_field_text(const void *row, const struct results_column *column)
{
    return *(char *const *)results_field(row, column);
}

static inline int64_t results_field_int(const void *row,
                                        const struct results_column *column)
{
    return *(const int64_t *)results_field(row, column);
}

static inline double results_field_real(const void *row,
                                        const struct results_column *column)
{
    return *(const double *)results_field(row, column);
}

static inline void *results_field_at(void *row,
                                     const struct results_column *column)
{
    return (char *)row + column->offset;
}

/* value with the given significant digits (%.17g and the like), always with
 * '.', infinities as inf and -inf, NaN as nothing. Returns out. */
char *results_print_real(char out[RESULTS_REAL_SIZE], double value, int digits);

/* One field as text: TEXT as it is, INT decimal, REAL %.17g; no value gives
 * "". Borrowed from the row or from scratch. */
const char *results_field_print(const void *row,
                                const struct results_column *column,
                                char scratch[RESULTS_REAL_SIZE]);

/* Columns before the NULL name. */
size_t results_column_count(const struct results_column *columns);

#endif
