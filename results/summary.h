/* summary.h: what many trials of one solver say together, and the statistics
 * for it. */
#ifndef RESULTS_SUMMARY_H
#define RESULTS_SUMMARY_H

#include <stddef.h>

/* Times below a microsecond are not told apart. */
#define RESULTS_TIME_FLOOR 1e-6

/* Sorts n numbers upwards; infinities are fine, NaN are not. */
void results_sort(double *values, size_t n);

/* Median of the values that are not NaN (the mean of the middle two when
 * their number is even); NaN when there are none. Reorders the values. */
double results_median(double *values, size_t n);

/* Mean over repeated random splits and the half width of its 95% interval by
 * the corrected resampled t (Nadeau and Bengio 2003, Machine Learning 52:239):
 *   half = t(0.975; J - 1) sqrt(s^2 (1/J + ratio)),  ratio = n_test / n_train,
 * over the J values that are not NaN; s^2 their variance with J - 1. *half is
 * NaN for J < 2 and where all values are equal (no spread was seen, which is
 * not certainty), *mean for J < 1. n_train counts the training part alone, not
 * the validation part: the wider interval. ratio 0 is the t interval of one
 * test part over seeds (results_run_ratio). Returns J. */
size_t results_interval(const double *values, size_t n, double ratio,
                        double *mean, double *half);

/* The query "summary" has one row per data set, problem and solver label:
 * medians and means over trials that were not skipped; see its heads. */

#endif
