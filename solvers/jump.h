/* jump.h: spred's Newton step in its limit, on a kept Cholesky factor. */
#ifndef SOLVERS_JUMP_H
#define SOLVERS_JUMP_H

#include "factored.h"
#include "triangle.h"

/* At a balanced point u = s v (s = sign of w) Newton's step on the factored
 * loss (1/2n)|y - X(uv)|^2 + (lambda/2)(|u|^2 + |v|^2) is, in w = uv,
 *   (Q/n + diag(delta)) dw = X'r/n - lambda s,
 *   delta_a = (lambda - s_a x_a'r/n) / (2 |w_a|).
 * delta vanishes on coordinates that stay and grows without bound on those that
 * leave. In that limit the step is one solve with a factor of Q on the
 * coordinates that stay, which is kept from step to step: it costs m^2, the
 * step in the factors (factored.c) m^3. A jump goes to the limit point, as far
 * as the signs and the objective allow; where it cannot, it says so and the
 * step in the factors is for the caller to take. */
struct jump {
    struct triangle triangle; /* of the members' Gram matrix */
    size_t room;              /* of the arrays below */
    /* By position, in order of entry: slot in the Gram, coordinate of the
     * present model, sign, value; where a jump goes; scratch. */
    size_t *slot, *index;
    double *sign, *x, *to, *trial, *spare, *scratch;
    size_t *place; /* by coordinate: position + 1, 0 = no member */
    size_t *find;  /* by slot: coordinate + 1 */
    size_t *order; /* coordinates that are to enter */
};

void jump_free(struct spred_env *env, struct jump *jump);

/* Minimises from s->x to s->x, descending. keep: the Gram matrix, scales and
 * ridge of the members are those of the last call. *done = 1: violation <=
 * tolerance, s->slope belongs to x. 0: gave up; x is no worse than before, the
 * slope is void. */
enum spred_status jump_minimise(struct spred_env *env, struct jump *jump,
                                struct factored *s, int keep, double tolerance,
                                int *done);

#endif
