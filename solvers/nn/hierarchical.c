/* hierarchical.c: the proximal step that ties an input's weights in the network
 * to its weights in the skip layer.
 *
 * Lemhadri, Ruan, Abraham, Tibshirani (2021), LassoNet, JMLR 22(127), Algorithm
 * 2 (one output) and its group form: theta is a row of K weights and |theta|
 * its 2-norm. Whatever b = |theta| turns out to be, theta points where it did
 * and w is clipped at m b, so that b is the only unknown: the root of
 *   phi(b) = b - |theta| + lambda - m sum_i (|w_i| - m b)_+ ,
 * or 0 where phi(0) >= 0. The paper sorts |w| and tries the number of clipped
 * weights in turn; phi is increasing, concave and piecewise linear, so Newton's
 * iteration is at most at the same root after one step, climbs from there
 * without passing it, and stands exactly there once the set of clipped weights
 * no longer changes. */
#include <math.h>

#include "solvers/nn/hierarchical.h"
#include "solvers/nn/update_loops.h"

static double norm(const real *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/* Newton's next b for phi above; size = |theta|. */
static double newton(double b, double size, const real *w, size_t h,
                     double lambda, double m, size_t *count)
{
    double sum = update_loops()->above(h, w, (real)(m * b), count);
    return b - (b - size + lambda - m * sum) / (1 + (double)*count * m * m);
}

/* The root of phi, or less than 0. */
static double root(double size, const real *w, size_t h, double lambda,
                   double m)
{
    size_t clipped, count;
    /* Little changes in a step: |theta| is close, from whichever side. */
    double b = newton(size, size, w, h, lambda, m, &clipped), next;
    b = fmax(b, fmax(size - lambda, 0));
    clipped = h + 1;
    /* Fewer are clipped at every turn: it ends after at most h + 1. */
    for (;; b = next, clipped = count) {
        next = newton(b, size, w, h, lambda, m, &count);
        if (count >= clipped || !(next > b))
            return b;
    }
}

double hierarchical_prox(real *theta, size_t k, real *w, size_t h,
                         double lambda, double m)
{
    double size = norm(theta, k);
    double b = root(size, w, h, lambda, m);
    if (!(b > 0)) {
        for (size_t i = 0; i < k; i++)
            theta[i] = 0;
        for (size_t i = 0; i < h; i++)
            w[i] = 0;
        return 0;
    }
    /* Every direction is as good if theta = 0: the first output's. */
    if (!(size > 0))
        theta[0] = (real)b;
    else
        for (size_t i = 0; i < k; i++)
            theta[i] = (real)((double)theta[i] * (b / size));
    update_loops()->clip(h, (real)(m * b), w);
    return b;
}

double hierarchical_pull(const real *theta, size_t k, const real *w, size_t h,
                         double m)
{
    double sum = 0;
    for (size_t i = 0; i < h; i++)
        sum += fabs((double)w[i]);
    return norm(theta, k) + m * sum;
}
