/* problem.h: minimise (1/n) sum_i loss(y_i, x_i'W + b) + lambda * penalty(W).
 * Convention of docs/PAPER.md section 1: squared loss has the factor 1/2. */
#ifndef SPRED_PROBLEM_H
#define SPRED_PROBLEM_H

#include <stdint.h>
#include "spred/design.h"
#include "spred/penalty.h"

struct spred_problem;

/* A loss on the linear predictor M = XW + 1b' (n x K, column-major). The
 * generalised residual R = -d(sum of losses)/dM, so that -gradient of the mean
 * loss in w_jk is x_j'R_k / n. */
struct spred_loss {
    const char *name;       /* squared | logistic | multinomial */
    double curvature_bound; /* of the Hessian in one row of M: 1, 1/4, 1/2 */
    int quadratic;          /* 1: curvature is constant */
    /* Mean loss at M, compensated sum. */
    double (*value)(const struct spred_problem *problem, const double *m);
    /* R, n x K. */
    void (*residual)(const struct spred_problem *problem, const double *m,
                     double *r);
    /* Diagonal second derivatives, n x K. */
    void (*curvature)(const struct spred_problem *problem, const double *m,
                      double *h);
    /* Dual objective at a feasible theta (n x K, same sign as R): SOLVERS.md
     * section 1. theta must be inside the loss's domain. */
    double (*dual)(const struct spred_problem *problem, const double *theta);
    /* Best intercepts b (K) for fixed XW (n x K): exact for squared, Newton to
     * machine precision otherwise. Only called when there is an intercept. */
    void (*intercept)(const struct spred_problem *problem, const double *xw,
                      double *b);
};

extern SPRED_API const struct spred_loss spred_loss_squared;
extern SPRED_API const struct spred_loss spred_loss_logistic;
extern SPRED_API const struct spred_loss spred_loss_multinomial;
SPRED_API const struct spred_loss *spred_loss_named(const char *name);

struct spred_problem {
    struct spred_design x; /* n x p */
    size_t n, p, outputs;  /* outputs K: 1, or the classes of multinomial */
    const struct spred_loss *loss;
    const double *y; /* n: response (squared), -1/+1 (logistic); else NULL */
    const int32_t *codes; /* n: 0..K-1 (multinomial); else NULL */
    struct spred_penalty penalty;
    int intercept;
    /* Filled by spred_problem_init: */
    double null_objective;     /* P(0): w = 0 and the best b (0 without) */
    double null_intercept[64]; /* first K: that b */
    double lambda_max; /* smallest lambda with w = 0 optimal; POWER: smallest at
                          which no single weight alone improves on w = 0, the
                          loss replaced by its quadratic bound */
};

#define SPRED_MAX_OUTPUTS 64

/* Checks the parts (sizes, finite y, labels, penalty, K <= 64, at least two
 * classes present) and fills the last three fields; one pass over X. All parts
 * are borrowed; nothing to free. SPRED_EINVAL: says which part is wrong; also
 * when lambda_max is 0 or not finite. */
SPRED_API enum spred_status spred_problem_init(struct spred_env *env,
                                               struct spred_problem *problem);

/* M = XW + 1b' for W: p x K, b: K. Costs the columns in the support. */
SPRED_API void spred_problem_predict(const struct spred_problem *problem,
                                     const double *w, const double *b,
                                     double *m);
/* Number of features j with some w_jk != 0. */
SPRED_API size_t spred_support(const struct spred_problem *problem,
                               const double *w);

/* Class probabilities (logistic: n x 2 for -1 and +1; multinomial: n x K) of a
 * linear predictor m (n x outputs). */
SPRED_API void spred_probabilities(const struct spred_problem *problem,
                                   const double *m, size_t n, double *out);

#endif
