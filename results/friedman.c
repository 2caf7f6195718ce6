/* friedman.c: the Friedman test with the correction of Iman and Davenport, and
 * pairwise comparisons by Holm (Demsar 2006, JMLR 7:1; Garcia and Herrera 2008,
 * JMLR 9:2677). */
#include "results/friedman.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

void results_rank(const double *scores, size_t n, size_t k, double *ranks,
                  double *mean)
{
    for (size_t j = 0; j < k; j++)
        mean[j] = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++) {
            const double *row = scores + i * k;
            size_t above = 0, equal = 0; /* itself is equal */
            for (size_t l = 0; l < k; l++) {
                above += row[l] > row[j];
                equal += !(row[l] > row[j]) && !(row[l] < row[j]);
            }
            ranks[i * k + j] = (double)above + ((double)equal + 1) / 2;
            mean[j] += ranks[i * k + j] / (double)n;
        }
}

void results_friedman(const double *mean, size_t n, size_t k,
                      struct results_friedman *out)
{
    double sets = (double)n, methods = (double)k, squares = 0;
    *out = (struct results_friedman){NAN, NAN, NAN};
    if (n < 2 || k < 2)
        return;
    for (size_t j = 0; j < k; j++)
        squares += mean[j] * mean[j];
    out->chi2 = 12 * sets / (methods * (methods + 1)) *
                (squares - methods * (methods + 1) * (methods + 1) / 4);
    out->chi2 = fmax(out->chi2, 0); /* but for rounding */
    double rest = sets * (methods - 1) - out->chi2;
    /* All data sets agree wholly: F is infinite. */
    out->f = rest > 1e-9 * sets ? (sets - 1) * out->chi2 / rest : INFINITY;
    out->p = isinf(out->f) ? 0
                           : gsl_cdf_fdist_Q(out->f, methods - 1,
                                             (methods - 1) * (sets - 1));
}

double results_rank_pair(double a, double b, size_t n, size_t k)
{
    double methods = (double)k;
    double z = (a - b) / sqrt(methods * (methods + 1) / (6 * (double)n));
    return 2 * gsl_cdf_ugaussian_Q(fabs(z));
}

void results_holm(double *p, size_t m, size_t *order)
{
    double largest = 0;
    for (size_t i = 0; i < m; i++) { /* by insertion: m is small */
        size_t at = i;
        for (; at > 0 && p[order[at - 1]] > p[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t i = 0; i < m; i++) {
        double adjusted = fmin(1, (double)(m - i) * p[order[i]]);
        largest = fmax(largest, adjusted);
        p[order[i]] = largest;
    }
}
