/* fista.h: proximal gradient iterations, plain or accelerated, on a problem
 * through its X or, for the squared loss, through its Gram matrix. */
#ifndef SOLVERS_FISTA_H
#define SOLVERS_FISTA_H

#include "spred/problem.h"

struct fista_rules {
    int accelerate; /* 0: ISTA */
    int restart;    /* 1: drop the momentum when it points uphill */
    double shrink;  /* factor on the step when backtracking */
};

/* The image of a point is what is linear in it and decides the slope: XW + 1b'
 * (n x K), or Qw (p) by the Gram matrix, where the intercept is eliminated.
 * Zero-initialise; the caller sets the fields up to `rules`. */
struct fista {
    const struct spred_problem *problem; /* of p columns */
    const double *gram, *cross;          /* Q (lead x p), c; or NULL */
    size_t lead;
    struct fista_rules rules;
    double lambda, step, momentum;
    double safe_step;     /* 1 / trace bound: shorter is never needed */
    double *w, *z, *next; /* p x K: iterate, extrapolated point, trial */
    double *g;            /* p x K: slope of -n loss at z */
    double *image, *at_z, *at_next; /* images of the three */
    double *r;                      /* n x K; unused by Gram */
    double b[SPRED_MAX_OUTPUTS], bz[SPRED_MAX_OUTPUTS];
    double bnext[SPRED_MAX_OUTPUTS];
    double objective; /* at w; penalties that are not convex only */
    int carried;      /* 1: z has momentum; the same */
    double moved;     /* largest |next - z| / (step l1) of the last iteration */
};

/* Doubles that fista_place wants for p columns. */
size_t fista_room(const struct spred_problem *problem, int by_gram);
/* Hands out `block`, fista_room values. */
void fista_place(struct fista *f, double *block);
/* From w and b at a lambda: images, no momentum. */
void fista_begin(struct fista *f, double lambda);
/* One iteration. Returns how many columns of X it read (0 by Gram). */
double fista_iterate(struct fista *f);
/* Worst violation at w of x_j'R/n in l1_j d|w_j| + l2_j w_j, in units of l1.
 * Gram only. */
double fista_violation(const struct fista *f);

#endif
