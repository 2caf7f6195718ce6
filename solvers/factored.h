/* factored.h: the lasso on a small set in spred's factors w = u v, with u
 * eliminated: the smooth f(v) that spred-newton minimises. */
#ifndef SOLVERS_FACTORED_H
#define SOLVERS_FACTORED_H

#include <stddef.h>
#include "spred/env.h"

/* minimise -(1/n) c'x + (1/2n) x'Qx + lambda |x|_1 over x (m values, one common
 * lambda). Element (i, j) of Q is scale_i gram[slot_i, slot_j] scale_j, plus
 * ridge_i on the diagonal. All arrays are owned; the caller fills those of
 * length m up to x. */
struct factored {
    size_t m, capacity;
    double n, lambda;
    const double *gram; /* symmetric, both triangles; borrowed */
    size_t lead;
    size_t *slot;                  /* m */
    size_t rank;                   /* at most so many independent columns */
    int in_order;                  /* 1: slot[j] = j for all j */
    double *scale, *ridge, *c, *x; /* m */
    double *slope;                 /* m: (c - Qx) / (n lambda) */
    /* The active coordinates a = 0..active-1, where v > 0. */
    size_t active;
    size_t *index; /* active: position in 0..m-1 */
    double *v, *u, *g, *step, *trial_v, *trial_u, *spare; /* active */
    unsigned char *leaving; /* active: 1 = on its way to zero */
    double f;               /* f(v) */
    double *matrix;         /* active x active */
};

/* Options of the minimiser. */
struct factored_rules {
    double drop; /* v below this share of the largest may become 0 */
    int polish;  /* 1: solve exactly on the support once it repeats */
};

/* Room for m coordinates; contents are lost. */
enum spred_status factored_reserve(struct spred_env *env, struct factored *s,
                                   size_t m);
void factored_free(struct spred_env *env, struct factored *s);

/* slope = (c - Qx) / (n lambda); returns the worst KKT violation, the distance
 * of slope to the subdifferential of |x|. */
double factored_slope(struct factored *s);
/* The objective at x; wants slope. */
double factored_objective(const struct factored *s);
/* out = Qx without the ridge; out: m. */
void factored_apply_gram(const struct factored *s, double *out);
/* v = sqrt|x| where x is not zero; where it is and |slope| > 1, the square root
 * of a damped soft-threshold step. Evaluates f. Returns the number of
 * coordinates that left zero. */
size_t factored_begin(struct factored *s);
/* x = u v on the active coordinates, 0 elsewhere. */
void factored_product(struct factored *s);
/* Drops the coordinates whose v is below least * max v with |g| < 1. Returns
 * how many; f is evaluated again if any. */
size_t factored_prune(struct factored *s, double least);
/* One Newton step in v with backtracking; marks the leaving coordinates.
 * Returns the decrease of f, negative when no step was possible, and in
 * *changed whether marks or signs differ from the step before. */
double factored_newton(struct factored *s, int *changed);
/* x = the exact solution with the signs of g on the coordinates that do not
 * leave. 1: the signs agree and the objective is no larger than f; slope
 * belongs to it. 0: refused; x and slope are void, v, u, g and f are kept. */
int factored_polish(struct factored *s);
/* Newton in v until the support repeats and the exact solution on it is optimal
 * on the set (violation <= tolerance), or until f stops falling. From x to x.
 */
void factored_minimise(struct factored *s, const struct factored_rules *rules,
                       double tolerance);

#endif
