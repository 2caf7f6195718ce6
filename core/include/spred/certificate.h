/* certificate.h: how far from optimal w is, proved, whoever computed it.
 * SOLVERS.md section 1. Independent of every solver. */
#ifndef SPRED_CERTIFICATE_H
#define SPRED_CERTIFICATE_H

#include "spred/problem.h"

/* Not convex (or a custom penalty without a conjugate): dual is -infinity and
 * gap infinity, for there is none. kkt is the STATIONARITY, the worst
 * |x_j'R_k/n - lambda penalty'(w_jk)| / lambda over the support, and floor
 * bounds ITS rounding error. POWER: a weight at 0 is always a local minimum in
 * itself, W = 0 is stationary at every lambda. Custom: at 0 it is what
 * |x_j'R_k|/n exceeds the penalty's slope there by. */
struct spred_certificate {
    int convex;     /* 0: read kkt and floor, not gap */
    double primal;  /* P(w, b) */
    double dual;    /* best lower bound on the optimum seen so far */
    double gap;     /* (primal - dual) / P(0) */
    double floor;   /* bound on the rounding error of gap, same unit */
    double kkt;     /* worst distance of X'R/n to lambda d penalty(W), over
                       lambda, at the best intercepts for this W; for blocks the
                       Euclidean one */
    size_t support; /* features with a nonzero weight */
};

/* Scratch and the best dual value at one lambda. */
struct spred_certifier;

SPRED_API struct spred_certifier *
spred_certifier_new(struct spred_env *env, const struct spred_problem *problem);
SPRED_API void spred_certifier_free(struct spred_certifier *certifier);

/* A new lambda: forgets the best dual value; the last dual point (a residual,
 * rescaled) is tried at the new lambda at once. */
SPRED_API void spred_certifier_start(struct spred_certifier *certifier,
                                     double lambda);

/* Certifies W (p x K), b (K). One pass over X plus the support's columns. A w
 * that is not finite gives SPRED_ENUMERIC and an infinite gap. The intercept
 * used for the DUAL is re-solved for fixed XW; the primal is at the b that was
 * given. */
SPRED_API enum spred_status spred_certify(struct spred_certifier *certifier,
                                          const double *w, const double *b,
                                          struct spred_certificate *out);

/* One point of several that are certified together. */
struct spred_certify_point {
    double lambda;
    const double *w, *b; /* p x K, K; borrowed */
    enum spred_status status;
    struct spred_certificate certificate;
};

/* spred_certifier_start and spred_certify for each point in turn, with one pass
 * over X for every 64 / K of them: several times faster than as many passes.
 * Takes count * (n + p) * K values of memory while it runs; without them the
 * points are certified one by one. */
SPRED_API void spred_certify_many(struct spred_certifier *certifier,
                                  size_t count,
                                  struct spred_certify_point *points);

/* 1 if the gap is proved to be at most target: gap + floor <= target. Never of
 * a problem that is not convex. */
SPRED_API int spred_certified(const struct spred_certificate *certificate,
                              double target);
/* 1 if the problem is not convex and kkt + floor <= target. */
SPRED_API int spred_stationary(const struct spred_certificate *certificate,
                               double target);

#endif
