/* triangle.h: a Cholesky factor that grows and shrinks with an active set. */
#ifndef SOLVERS_TRIANGLE_H
#define SOLVERS_TRIANGLE_H

#include <stddef.h>
#include "spred/env.h"

/* L (count x count, lower, leading dimension capacity) with LL' = the matrix of
 * the members, in order of entry. Zero-initialise. */
struct triangle {
    size_t count, capacity;
    double *l;     /* capacity x capacity */
    double *panel; /* capacity x capacity: new rows before they are laid down */
};

/* Room for `wanted` members; what is there stays. */
enum spred_status triangle_reserve(struct spred_env *env, struct triangle *t,
                                   size_t wanted);
void triangle_free(struct spred_env *env, struct triangle *t);

/* Appends `more` members at once. cross: count x more, the matrix between old
 * and new members (lost); square: more x more, between the new ones (lower
 * triangle, lost); both with leading dimension capacity. Room must be there.
 * 0: done; 1: a new member is dependent on the others to a squared sine of
 * `least`, and nothing was appended. */
int triangle_append(struct triangle *t, size_t more, double *cross,
                    double *square, double least);
/* Takes the member at a position out: Givens rotations, count^2 flops at most.
 * Golub and Van Loan, Matrix Computations, section 6.5. */
void triangle_remove(struct triangle *t, size_t position);
/* v (count) <- (LL')^{-1} v */
void triangle_solve(const struct triangle *t, double *v);
/* |L'v|^2 = v'LL'v; scratch: count. */
double triangle_square(const struct triangle *t, const double *v,
                       double *scratch);

#endif
