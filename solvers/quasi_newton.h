/* quasi_newton.h: L-BFGS and OWL-QN of liblbfgs, cut into pieces that a host
 * can watch. */
#ifndef SOLVERS_QUASI_NEWTON_H
#define SOLVERS_QUASI_NEWTON_H

#include <stddef.h>
#include "spred/env.h"

/* Zero-initialise; the library keeps nothing from one piece to the next, so
 * every piece begins with a step along the gradient and an empty memory. */
struct quasi_newton {
    struct spred_env *env;
    size_t variables;
    double *x;        /* variables and zeros behind; owned */
    int memory;       /* pairs kept by L-BFGS */
    double strength;  /* OWL-QN: of the L1 norm; 0: smooth L-BFGS */
    size_t penalised; /* OWL-QN: the first so many variables */
    /* The smooth part of the objective at x and its slope, g: variables. */
    double (*evaluate)(void *cookie, const double *x, double *g);
    /* 1: the point that was just reached is good enough. */
    int (*enough)(void *cookie);
    void *cookie;
    int piece; /* iterations of the next piece */
    int stuck; /* 1: the last piece could not leave its point */
};

/* x = 0. SPRED_EINVAL: more variables than the library can count. */
enum spred_status quasi_newton_open(struct quasi_newton *q,
                                    struct spred_env *env, size_t variables);
/* Forgets that it was stuck; pieces begin short again. */
void quasi_newton_start(struct quasi_newton *q);
/* One piece from x to x. A line search that finds no lower point is the end of
 * the piece, not an error: x is then the best point. */
enum spred_status quasi_newton_piece(struct quasi_newton *q);
void quasi_newton_close(struct quasi_newton *q);

#endif
