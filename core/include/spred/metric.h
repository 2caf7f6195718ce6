/* metric.h: how good predictions are. NaN where a measure is not defined. */
#ifndef SPRED_METRIC_H
#define SPRED_METRIC_H

#include <stdint.h>
#include "spred/env.h"

/* Share of equal codes. truth, predicted: n class codes 0..k-1. */
SPRED_API double spred_accuracy(const int32_t *truth, const int32_t *predicted,
                                size_t n);
/* Mean over the classes that occur in truth of the share found. */
SPRED_API double spred_balanced_accuracy(const int32_t *truth,
                                         const int32_t *predicted, size_t n,
                                         size_t k);
/* Area under the ROC curve of score for positive (nonzero) against the rest;
 * ties count one half (Mann-Whitney). n log n. NaN: one class is empty. */
SPRED_API enum spred_status spred_auc(struct spred_env *env,
                                      const int32_t *positive,
                                      const double *score, size_t n,
                                      double *out);
/* k classes, scores n x k column-major: unweighted mean over the classes that
 * occur (and do not fill the sample) of one-against-rest AUC. */
SPRED_API enum spred_status spred_auc_multi(struct spred_env *env,
                                            const int32_t *truth,
                                            const double *scores, size_t n,
                                            size_t k, double *out);
/* -(1/n) sum log P(true class); probability: n x k column-major, clipped at
 * 1e-15. */
SPRED_API double spred_log_loss(const int32_t *truth, const double *probability,
                                size_t n, size_t k);
/* 1 - |y - f|^2 / |y - mean(y)|^2; NaN when y is constant. */
SPRED_API double spred_r2(const double *y, const double *f, size_t n);
/* Share of the most frequent code. */
SPRED_API double spred_majority(const int32_t *truth, size_t n, size_t k);

#endif
