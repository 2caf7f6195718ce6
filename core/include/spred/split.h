/* split.h: who trains, who validates, who tests: by sample, stratified. */
#ifndef SPRED_SPLIT_H
#define SPRED_SPLIT_H

#include <stdint.h>
#include "spred/env.h"

/* Index lists into the samples (ascending); owned, spred_split_free. */
struct spred_split {
    size_t *train, *validate, *test;
    size_t n_train, n_validate, n_test;
};

/* Stratified hold-out: from every class, shares of its samples, rounded by
 * largest remainder over the classes, so that the totals are round(share * n).
 * Two things come before the totals: every class keeps a training sample, and
 * a class with more samples than there are parts with a positive share (>= 3
 * when both are) has one in each part. codes: n class codes, -1 = leave the
 * sample out (n then counts the others); codes NULL: no strata, n samples.
 * n_levels = number of classes. share_test + share_validate < 1.
 * SPRED_EINVAL: a class would have no training sample (names its code), as when
 * n_levels counts a class that no sample has. */
SPRED_API enum spred_status
spred_split_holdout(struct spred_env *env, const int32_t *codes, size_t n,
                    size_t n_levels, double share_test, double share_validate,
                    uint64_t seed, struct spred_split *out);

/* Fold `fold` (0..folds-1) of stratified k-fold: test = the fold, validate =
 * share_validate of the rest (stratified as above), train = what remains. The
 * same seed gives disjoint test parts over the folds that cover all samples,
 * with sizes that differ by at most one, in total and in every class.
 * SPRED_EINVAL: also when a class has fewer than two samples. */
SPRED_API enum spred_status
spred_split_kfold(struct spred_env *env, const int32_t *codes, size_t n,
                  size_t n_levels, size_t folds, size_t fold,
                  double share_validate, uint64_t seed,
                  struct spred_split *out);

/* The last n_test samples test (of them those that are not left out); validate
 * = share_validate of the others, stratified as above, train = what remains.
 * The seed decides who validates, never who tests. SPRED_EINVAL: also when
 * n_test is 0 or all, or nobody of them is left. */
SPRED_API enum spred_status
spred_split_given(struct spred_env *env, const int32_t *codes, size_t n,
                  size_t n_levels, size_t n_test, double share_validate,
                  uint64_t seed, struct spred_split *out);

SPRED_API void spred_split_free(struct spred_env *env,
                                struct spred_split *split);

#endif
