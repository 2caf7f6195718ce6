/* minimise.h: any smooth function plus an L1 penalty, by redundancy: w = u v
 * with an L2 penalty on u and v (docs/PAPER.md section 1). */
#ifndef SPRED_MINIMISE_H
#define SPRED_MINIMISE_H

#include <stdint.h>
#include "spred/host.h"

/* f and its gradient at w. A status other than SPRED_OK ends the run. */
struct spred_objective {
    size_t n;
    enum spred_status (*value_and_gradient)(void *cookie, const double *w,
                                            double *value, double *gradient);
    void *cookie;
};

enum spred_minimise_method {
    SPRED_MINIMISE_LBFGS,
    SPRED_MINIMISE_ADAM,
    SPRED_MINIMISE_SGD /* full gradient steps with momentum */
};

/* Zero-initialise, then spred_minimise_default. Everything is borrowed. */
struct spred_minimise_options {
    enum spred_minimise_method method;
    double lambda;               /* >= 0, of the L1 norm */
    const unsigned char *sparse; /* n: 1 = penalised; NULL: all are */
    const double *start;         /* n; NULL: 0 */
    long steps;       /* most iterations; default 10000 (L-BFGS), 20000 */
    double tolerance; /* asked stationarity; default 1e-6 */
    double step;      /* ADAM, SGD: the first; cosine to 0 over the steps */
    double momentum;  /* SGD; ADAM's beta1 */
    double init;      /* size of factors of weights that start at 0; .1 */
    double round;     /* share of the largest |w| below which a weight whose
                         gradient is within lambda becomes 0; 1e-8 */
    uint64_t seed;
};
void spred_minimise_default(struct spred_minimise_options *options);

/* Where it ended. */
struct spred_minimum {
    double value;     /* f(w) */
    double objective; /* f(w) + lambda sum_sparse |w_j| */
    double kkt;       /* the worst of |g_j + lambda sign(w_j)| (w_j != 0),
                         max(0, |g_j| - lambda) (w_j = 0), |g_j| (not sparse),
                         over lambda, or without one over the largest |g_j| at
                         w = 0 (at the start where that is 0 or not finite) */
    size_t support;   /* nonzero weights */
    long steps, evaluations;
    enum spred_stop stop; /* STATIONARY, STALL, STEPS, DIVERGED, INTERRUPTED;
                             FAILED: the callback's status and its text */
};

/* Minimises f(w) + lambda sum_sparse |w_j| into w (n). What is certified is
 * stationarity of the ORIGINAL problem: optimality if f is convex, nothing more
 * if it is not. Factors that are both 0 are stationary whatever the gradient;
 * where |g_j| > lambda says that 0 is no minimum they are moved off it again.
 * SPRED_OK also when the run ended badly (out->stop); SPRED_EINVAL: an option;
 * SPRED_ENOMEM. */
SPRED_API enum spred_status
spred_minimise(struct spred_env *env, const struct spred_objective *objective,
               const struct spred_minimise_options *options, double *w,
               struct spred_minimum *out);

/* Compares the gradient near w (at w itself it may well be 0, and a wrong one
 * with it) with central differences: *worst = the coordinate with the largest
 * difference, *error its size over the largest |g_j|, infinite for a NaN;
 * *given and *numeric the two numbers. 2 n + 1 evaluations. */
SPRED_API enum spred_status
spred_check_gradient(struct spred_env *env,
                     const struct spred_objective *objective, const double *w,
                     size_t *worst, double *error, double *given,
                     double *numeric);

#endif
