/* factor_state.h: L-BFGS with Armijo's rule on the factors of one signal,
 * turned inside out: the caller evaluates trial points, of many signals
 * together. */
#ifndef SOLVERS_FACTOR_STATE_H
#define SOLVERS_FACTOR_STATE_H

#include <stddef.h>

struct factor_state {
    size_t size, memory;         /* 2 atoms; pairs */
    double *trial, *trial_slope; /* size: u, v to evaluate; written by caller */
    double trial_value;          /* F there; written by the caller */
    double *at, *slope, *way;    /* size: last accepted; direction */
    double *s, *y;               /* size x memory */
    double *rho, *alpha;         /* memory */
    double value, step, fall;    /* F; along way; slope'way */
    size_t pairs, newest;        /* kept; where the newest is */
    int begun, halvings;
    size_t column; /* the caller's: where the code belongs, */
    double norm;   /* the signal's norm */
};

/* Doubles that a state needs, and where they lie. */
size_t factor_state_size(size_t atoms, size_t memory);
void factor_state_place(struct factor_state *s, size_t atoms, size_t memory,
                        double *numbers);
/* Nothing is accepted yet; trial is set. */
void factor_state_start(struct factor_state *s);
/* Trial, its value and slope are there: accepts it or goes back half the way,
 * and sets the next trial. 0: no way down is left, or the slope is 0. */
int factor_state_next(struct factor_state *s);

#endif
