/* preprocess.h: what is done to X before a fit, learnt on training rows only.
 */
#ifndef SPRED_PREPROCESS_H
#define SPRED_PREPROCESS_H

#include "spred/design.h"

enum spred_log2 { SPRED_LOG2_NEVER, SPRED_LOG2_ALWAYS, SPRED_LOG2_AUTO };

struct spred_preprocess_rules {
    enum spred_log2 log2;
    int missing_refuse;   /* 1: NaN anywhere in the rows is SPRED_EINVAL; 0: the
                             column's median over the training rows (a column
                             without any training value is dropped) */
    double variance_keep; /* (0, 1]: share of features kept, highest variance
                             (after log2 and filling) on the training rows; 1
                             keeps all. round(share * features), at least 1 */
    int center;           /* fit column means (an intercept, or standardise) */
    int standardize;      /* fit column standard deviations (divisor n) */
    size_t channels; /* above 0: the columns are cells of pictures, column j of
                        raw of channel j mod channels: mean and s.d. are those
                        of a channel's cells together, the same in all its
                        columns; a constant cell is no special case; auto log2
                        leaves pictures alone. 0: column by column */
    int borrow;      /* 1: where the rows are all of raw, in order, and nothing
                        changes their values, train is raw's own arrays and raw must
                        outlive it: X is not copied. 0: always a copy */
};

/* What was learnt. All arrays owned; free with spred_prepared_free. */
struct spred_prepared {
    size_t p_raw, p; /* features before and after the filter */
    size_t *kept;    /* p: index of each kept feature in the raw X */
    int log2;        /* 1: log2(max(x, log2_floor)) is applied */
    double log2_floor;
    double *median;    /* p: training medians after log2 (for missing cells);
                          NULL when raw misses nothing in any row (rows of
                          another matrix must then be complete, too) */
    double *mean;      /* p, of the training rows; NULL unless centred */
    double *scale;     /* p: 1/s.d., 0 for constant columns; NULL unless
                          standardised (then constant columns keep scale 1) */
    size_t missing;    /* cells filled in the training rows */
    size_t constant;   /* kept columns that do not vary on the training rows
                          (pictures: columns of such channels) */
    size_t duplicated; /* kept columns equal to an earlier kept one there */
    char *report;      /* one line in words, for the store and the report */
};

/* Learns from rows[0..n_rows-1] of raw (rows NULL: from all rows) and gives the
 * transformed training matrix (owned, but see borrow; each storage keeps its
 * kind). CSC refuses
 * log2 = always and missing values; auto log2 leaves it alone. The design that
 * a solver sees is {train, prepared->mean, prepared->scale}.
 *
 * Auto log2 is GEO2R's rule on the training values: 99% quantile > 100, or
 * range > 50 and 25% quantile > 0. Range is exact; the quantiles use all values
 * up to 2^22 of them, then every k-th in column order with k prime to n_rows.
 * log2_floor: values at or below 0 have no logarithm and, in microarrays, say
 * "not above background"; GEO2R throws them away, here they become the 5%
 * quantile of the positive training values, as does everything below it, so
 * that background noise is not blown up by the logarithm. Without such values
 * the floor is the training minimum, which changes no training value.
 *
 * SPRED_EINVAL: no feature left, all constant, missing values refused, a value
 * that is infinite or too large to square. On failure nothing is left owned. */
SPRED_API enum spred_status
spred_prepare(struct spred_env *env, const struct spred_matrix *raw,
              const size_t *rows, size_t n_rows,
              const struct spred_preprocess_rules *rules,
              struct spred_prepared *out, struct spred_matrix *train);

/* The same transformation on other rows (validation, test; NULL: all): nothing
 * is learnt from them. SPRED_EMISMATCH: raw has other columns than before. */
SPRED_API enum spred_status
spred_prepared_apply(struct spred_env *env,
                     const struct spred_prepared *prepared,
                     const struct spred_matrix *raw, const size_t *rows,
                     size_t n_rows, struct spred_matrix *out);

SPRED_API void spred_prepared_free(struct spred_env *env,
                                   struct spred_prepared *prepared);

#endif
