/* log2_rule.h: does a matrix of intensities want a logarithm? (private) */
#ifndef SPRED_LOG2_RULE_H
#define SPRED_LOG2_RULE_H

#include "spred/matrix.h"

/* What the rule saw in the given rows; NaN cells do not count. */
struct spred_log2_facts {
    size_t values;       /* finite values */
    size_t not_positive; /* of which at or below 0 */
    double least, most;  /* exact */
    double q25, q99;     /* of all values, or of a sample of them; NaN where
                            least and most alone say no */
    double floor;        /* the least value that log2 is applied to */
    int wanted;          /* q99 > 100, or range > 50 and q25 > 0 */
};

/* dense: F64 or F32. SPRED_EINVAL: no value at all. floor is only meaningful
 * when a positive value exists (most > 0) and log2 is wanted, or comes always.
 */
enum spred_status spred_log2_look(struct spred_env *env,
                                  const struct spred_matrix *dense,
                                  const size_t *rows, size_t n_rows, int always,
                                  struct spred_log2_facts *out);

#endif
