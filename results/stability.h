/* stability.h: do the trials choose the same genes? */
#ifndef RESULTS_STABILITY_H
#define RESULTS_STABILITY_H

#include <stddef.h>

struct results_stability {
    double phi;       /* 1: always the same genes, 0: as if drawn by chance */
    double low, high; /* its 95% interval; NaN below 3 trials */
    double jaccard;   /* mean over pairs of trials */
};

/* Stability of M choices among p features: chosen is M x p by rows, 0 or 1.
 * Nogueira, Sechidis and Brown (2018), JMLR 18(174), Definition 4:
 *   Phi = 1 - [(1/p) sum_f s_f^2] / [(kbar/p)(1 - kbar/p)],
 *   s_f^2 = M/(M-1) phat_f (1 - phat_f),
 * and by their Theorem 7 it is asymptotically normal with the variance
 *   v = (4/M^2) sum_i (phi_i - mean phi)^2,
 *   phi_i = [ (1/p) sum_f z_if phat_f - k_i kbar/p^2
 *             + (Phi/2) (2 k_i kbar/p^2 - k_i/p - kbar/p + 1) ]
 *           / [(kbar/p)(1 - kbar/p)];
 * interval: Phi -+ 1.96 sqrt(v), cut to what Phi can be, -1/(M-1) .. 1. It is
 * too narrow for few trials (independent ones: covers about 90% at M = 20, 94%
 * at 100; t-stability), and repeated splits share samples. Two trials of equal
 * size always have v = 0: no interval is given for M < 3.
 * jaccard: mean of |A and B| / |A or B| over the pairs that are not both empty.
 * shares holds p doubles, effects M, of scratch. All NaN, and the answer is one
 * line that says why, where M < 2 or where every trial takes none or all of the
 * features; else NULL. */
const char *results_stability(const unsigned char *chosen, size_t trials,
                              size_t p, double *shares, double *effects,
                              struct results_stability *out);

#endif
