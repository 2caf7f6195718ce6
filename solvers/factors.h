/* factors.h: the factored objective of spred: value and slopes, in one place
 * for the solver and for its test. PAPER.md section 1. */
#ifndef SOLVERS_FACTORS_H
#define SOLVERS_FACTORS_H

#include "spred/problem.h"

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

/* w = u o v; returns max |w|. */
double spred_factors_product(size_t count, const double *u, const double *v,
                             double *w);

/* g = -X'R/n (p x K), the slope of the mean loss in W at the predictor m
 * (n x K); r: scratch, n x K. K passes over X. */
void spred_loss_slope(const struct spred_problem *problem, const double *m,
                      double *r, double *g);

/* The factors (p x K) inside a state of spred-sgd, borrowed; for tests. */
void spred_sgd_factors(const void *state, const double **u, const double **v);

#endif
