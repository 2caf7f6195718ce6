/* stability.c: the index of Nogueira, Sechidis and Brown (2018) with its
 * interval, and the mean pairwise Jaccard index. */
#include "results/stability.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Mean of |A and B| / |A or B| over pairs of rows that are not both empty. */
static double mean_jaccard(const unsigned char *chosen, size_t trials, size_t p)
{
    double sum = 0;
    size_t pairs = 0;
    for (size_t i = 0; i < trials; i++)
        for (size_t k = 0; k < i; k++) {
            const unsigned char *a = chosen + i * p, *b = chosen + k * p;
            size_t both = 0, either = 0;
            for (size_t f = 0; f < p; f++) {
                both += (size_t)(a[f] & b[f]);
                either += (size_t)(a[f] | b[f]);
            }
            if (either == 0)
                continue;
            sum += (double)both / (double)either;
            pairs++;
        }
    return pairs ? sum / (double)pairs : NAN;
}

/* v = (4/M^2) sum_i (phi_i - mean phi)^2, with phi_i as in stability.h;
 * spread = (kbar/p)(1 - kbar/p), mean = kbar/p. */
static double variance(const unsigned char *chosen, size_t trials, size_t p,
                       const double *shares, double phi, double mean,
                       double *effects)
{
    double spread = mean * (1 - mean), centre = 0, squares = 0;
    for (size_t i = 0; i < trials; i++) {
        const unsigned char *row = chosen + i * p;
        double overlap = 0, size = 0;
        for (size_t f = 0; f < p; f++)
            if (row[f]) {
                overlap += shares[f] / (double)p;
                size += 1 / (double)p;
            }
        effects[i] = (overlap - size * mean +
                      phi / 2 * (2 * size * mean - size - mean + 1)) /
                     spread;
        centre += effects[i] / (double)trials;
    }
    for (size_t i = 0; i < trials; i++)
        squares += (effects[i] - centre) * (effects[i] - centre);
    return 4 * squares / ((double)trials * (double)trials);
}

const char *results_stability(const unsigned char *chosen, size_t trials,
                              size_t p, double *shares, double *effects,
                              struct results_stability *out)
{
    double m = (double)trials, doubt = 0;
    size_t taken = 0;
    *out = (struct results_stability){NAN, NAN, NAN, NAN};
    if (trials < 2)
        return "fewer than 2 trials";
    for (size_t f = 0; f < p; f++) {
        size_t count = 0;
        for (size_t i = 0; i < trials; i++)
            count += chosen[i * p + f] != 0;
        shares[f] = (double)count / m;
        doubt += shares[f] * (1 - shares[f]);
        taken += count;
    }
    if (taken == 0)
        return "no trial takes a gene";
    if (taken == trials * p)
        return "every trial takes all genes";
    double mean = (double)taken / (m * (double)p);
    out->phi = 1 - m / (m - 1) * doubt / (double)p / (mean * (1 - mean));
    out->jaccard = mean_jaccard(chosen, trials, p);
    if (trials < 3)
        return NULL;
    double v = variance(chosen, trials, p, shares, out->phi, mean, effects);
    double half = gsl_cdf_ugaussian_Pinv(0.975) * sqrt(v);
    out->low = fmax(out->phi - half, -1 / (m - 1));
    out->high = fmin(out->phi + half, 1);
    return NULL;
}
