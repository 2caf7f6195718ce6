/* factors.h: the factored objective of spred: value and slopes, in one place
 * for the solver and for its test. PAPER.md section 1. */
#ifndef SOLVERS_FACTORS_H
#define SOLVERS_FACTORS_H

#include "spred/problem.h"
#include "spred/rng.h"

/* Slopes of loss(uv) + l1/2 (u^2 + v^2) + l2/2 (uv)^2 at one coordinate.
 * g: slope of the loss in w = uv. */
static inline void spred_factor_slopes(double g, double l1, double l2, double u,
                                       double v, double *du, double *dv)
{
    double slope = g + l2 * u * v;
    *du = slope * v + l1 * u;
    *dv = slope * u + l1 * v;
}

/* sum_jk l1_j/2 (u^2 + v^2) + l2_j/2 (uv)^2; u, v: p x K. It is never below
 * spred_penalty_value at u o v, and equal where |u| = |v|. */
double spred_factors_penalty(const struct spred_problem *problem, double lambda,
                             const double *u, const double *v);

/* How the factors are drawn: V = 0 and U small but never near 0 (so W = 0), or
 * both as the authors do: N(0, 1), U(-1, 1)/sqrt(p), N(0, 1/4). */
enum spred_factors_start {
    SPRED_FACTORS_ZERO_SAFE,
    SPRED_FACTORS_NORMAL,
    SPRED_FACTORS_UNIFORM,
    SPRED_FACTORS_HALF_NORMAL
};
extern const char *const spred_factors_starts[]; /* their names, then NULL */

/* Where factors start. */
struct spred_factors_seed {
    struct spred_rng *rng; /* borrowed */
    int start;             /* enum spred_factors_start */
    double inflate;        /* least |u|, as a share of size; and the tilt */
    double size;           /* natural size of a factor */
};

/* sqrt(lambda_max / curvature) where square is the mean of |x_j|^2 / n: the
 * size of a factor whose weight moves the predictor by about 1. */
double spred_factors_size(const struct spred_problem *problem, double square);
/* Draws u and v, p x K. */
void spred_factors_draw(const struct spred_factors_seed *seed,
                        const struct spred_problem *problem, double *u,
                        double *v);
/* At a new lambda, uv kept: u = v = 0 is absorbing and |u| = |v| cannot change
 * the sign of uv, so small pairs become (a, uv/a), others are tilted. */
void spred_factors_revive(const struct spred_factors_seed *seed, size_t count,
                          double *u, double *v);
/* The declared rounding: w = u o v, |w| up to round * max |w| is 0. */
void spred_factors_round(double round, size_t count, const double *u,
                         const double *v, double *w);

/* w = u o v; returns max |w|. */
double spred_factors_product(size_t count, const double *u, const double *v,
                             double *w);

/* g = -X'R/n (p x K), the slope of the mean loss in W at the predictor m
 * (n x K); r: scratch, n x K. K passes over X. */
void spred_loss_slope(const struct spred_problem *problem, const double *m,
                      double *r, double *g);

/* min over b of loss(UV, b) + penalty of the factors, and its slopes. */
struct spred_factors_point {
    const double *u, *v; /* p x K */
    double *w, *g;       /* p x K: U o V; slope of the loss in it; out */
    double *b;           /* K: the best intercepts, or 0; out */
    double *m, *r;       /* n x K: predictor, residual; out */
    double *du, *dv;     /* p x K: slopes; out */
};
double spred_factors_objective(const struct spred_problem *problem,
                               double lambda,
                               const struct spred_factors_point *at);

/* The factors (p x K) inside a state of spred-sgd, borrowed; for tests. */
void spred_sgd_factors(const void *state, const double **u, const double **v);

#endif
