/* cd_small.h: coordinate descent with covariance updates: the lasso on a few
 * columns, given by their Gram matrix. */
#ifndef SOLVERS_CD_SMALL_H
#define SOLVERS_CD_SMALL_H

#include "cd_mix.h"

/* What the cycles may do and when they stop. */
struct cd_rules {
    long sweeps;      /* most cycles */
    int accelerate;   /* 1: Anderson steps, kept if the objective falls */
    int extrapolate;  /* 1: the extrapolated residual is a dual point too */
    double violation; /* stop: worst KKT violation, in units of the bounds */
    double gap;       /* or, if > 0: duality gap on these columns, times n */
};

/* minimise (1/2) w'Qw - c'w + sum_j bound_j |w_j| over w (m values). Q holds
 * the ridge part of the penalty in its diagonal. If y_square > 0, Q and c come
 * from a fit of y: Q = Z'Z, c = Z'y, |y|^2 (for elastic net, y and Z longer by
 * the ridge rows), and a duality gap can be computed. */
struct cd_small {
    size_t m, capacity;
    double y_square;
    double *q;       /* m x m, contiguous, symmetric */
    double *w, *g;   /* m each: weights, g = c - Qw */
    double *bound;   /* m: n l1 */
    double *c;       /* m */
    double *inverse; /* m: 1 / q_jj, 0 where q_jj is 0 */
    double *x;       /* 2 m: w and g of the nonzeros, adjacent */
    size_t *order;   /* m: where column j of the caller is now, */
    size_t *place;   /* m: and which one is at j */
    size_t rooms;    /* of order and place */
    struct cd_mix mix;
};

/* Room for m columns; contents are lost. The caller then fills q, w, g, bound
 * and y_square. */
enum spred_status cd_small_reserve(struct cd_small *s, struct spred_env *env,
                                   size_t m);
/* From w and g to w, in the caller's order; q and the rest are void then. */
enum spred_status cd_small_minimise(struct cd_small *s, struct spred_env *env,
                                    const struct cd_rules *rules);
void cd_small_free(struct spred_env *env, struct cd_small *s);

/* What a duality gap of a least-squares fit is made of, all times n. */
struct cd_fit {
    double y_residual, residual_square; /* y'r, r'r */
    double penalty;                     /* sum bound_j |w_j| */
    double excess;                      /* max_j |z_j'r| / bound_j */
};
double cd_fit_primal(const struct cd_fit *fit);
/* The best feasible s for the dual point s r, and the dual value there;
 * SOLVERS.md section 1. */
double cd_fit_scale(const struct cd_fit *fit);
double cd_fit_dual(const struct cd_fit *fit);

#endif
