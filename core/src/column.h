/* column.h: order statistics, moments and equality of columns (private). */
#ifndef SPRED_COLUMN_H
#define SPRED_COLUMN_H

#include "spred/matrix.h"

/* A column whose standard deviation is at most this share of its largest
 * magnitude counts as constant: two-pass rounding stays far below it, and a
 * change of units changes nothing. */
#define SPRED_CONSTANT_SHARE 1e-12

/* The quantile of R's type 7: position (count - 1) * share, linear between
 * neighbours. Reorders values (count >= 1, no NaN). Selection: linear on
 * average, count log count at worst. */
double spred_column_quantile(double *values, size_t count, double share);

struct spred_moments {
    double mean;
    double deviation; /* standard deviation, divisor n; 0 when constant */
    int constant;
};

/* Two-pass moments of n values of which `stored` are given and n - stored are
 * zero; n >= 1. An exactly constant column has exactly that mean. */
struct spred_moments spred_column_moments(const double *values, size_t stored,
                                          size_t n);

/* The moments of column j; work: m->rows values, for dense storages. */
struct spred_moments spred_matrix_moments(const struct spred_matrix *m,
                                          size_t j, double *work);

/* How many columns equal an earlier one exactly (-0 equals 0). Columns are
 * hashed, and compared only where hashes agree. */
enum spred_status spred_count_duplicates(struct spred_env *env,
                                         const struct spred_matrix *m,
                                         size_t *count);

#endif
