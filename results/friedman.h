/* friedman.h: methods compared over data sets by their ranks. */
#ifndef RESULTS_FRIEDMAN_H
#define RESULTS_FRIEDMAN_H

#include <stddef.h>

struct results_friedman {
    double chi2, f; /* Friedman's, and by Iman and Davenport */
    double p;       /* of F; NaN where it says nothing (N < 2 or k < 2) */
};

/* ranks (n x k by rows): within each row of scores (n x k) 1 = the highest
 * score, equal scores share the mean of their ranks; mean: k mean ranks. */
void results_rank(const double *scores, size_t n, size_t k, double *ranks,
                  double *mean);

/* Demsar (2006), JMLR 7:1, section 3.2.2, of k mean ranks over n data sets:
 *   chi2 = 12 n / (k (k + 1)) [sum_j R_j^2 - k (k + 1)^2 / 4],
 *   F = (n - 1) chi2 / (n (k - 1) - chi2), with k - 1 and (k - 1)(n - 1)
 * degrees of freedom. */
void results_friedman(const double *mean, size_t n, size_t k,
                      struct results_friedman *out);

/* p of two mean ranks over n data sets of k methods, from both sides:
 *   z = (a - b) / sqrt(k (k + 1) / (6 n)). */
double results_rank_pair(double a, double b, size_t n, size_t k);

/* Holm (1979): p of m tests adjusted in place: the i-th smallest becomes
 * max over j <= i of min(1, (m - j + 1) p_(j)). order: m of scratch. */
void results_holm(double *p, size_t m, size_t *order);

#endif
