/* active.h: a growing set of columns with the Cholesky factor of its Gram
 * matrix, for methods that move on an active set. */
#ifndef SPRED_SOLVERS_ACTIVE_H
#define SPRED_SOLVERS_ACTIVE_H

#include "spred/problem.h"

/* Column j enters as (x_j - mean) / weight_j, centred when the problem has an
 * intercept. Zero-initialise, then spred_active_open. */
struct spred_active {
    struct spred_env *env;
    const struct spred_problem *problem;
    size_t count, capacity;
    size_t *index;    /* count: which features, in order of entry */
    double *columns;  /* n x count */
    double *means;    /* count: what centring subtracted, over weight_j */
    double *factor;   /* lower L, LL' = columns'columns; leading dim capacity */
    double *b, *half; /* count: right-hand side; L^-1 b, kept as L changes */
    double *work;     /* 3 n */
};

enum spred_status spred_active_open(struct spred_active *a,
                                    struct spred_env *env,
                                    const struct spred_problem *problem);
void spred_active_close(struct spred_active *a); /* also after a failure */

/* out (n) = column j as it would enter; returns its mean. */
double spred_active_column(const struct spred_active *a, size_t j, double *out);

/* Appends feature j at the end, with its entry of b: one row of L. *dependent =
 * 1 (and nothing is appended): it lies in the span of the others, to angle
 * 1e-9.
 */
enum spred_status spred_active_append(struct spred_active *a, size_t j,
                                      double b, int *dependent);
/* Removes the column at a position; L is repaired by Givens rotations. */
void spred_active_remove(struct spred_active *a, size_t position);
void spred_active_clear(struct spred_active *a);

/* L and L^-1 b from the columns again. SPRED_ENUMERIC: no longer positive
 * definite. */
enum spred_status spred_active_refactor(struct spred_active *a);
/* v (count) = (columns'columns)^-1 b */
void spred_active_solution(const struct spred_active *a, double *v);
/* v (count) <- (columns'columns)^-1 v */
void spred_active_solve(const struct spred_active *a, double *v);
/* out (n) = columns v; out (count) = columns'r */
void spred_active_apply(const struct spred_active *a, const double *v,
                        double *out);
void spred_active_adjoint(const struct spred_active *a, const double *r,
                          double *out);

#endif
