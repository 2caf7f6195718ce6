/* park.h: inputs whose gates have died leave the computation, and come back
 * when the loss asks for them. */
#ifndef SOLVERS_NN_PARK_H
#define SOLVERS_NN_PARK_H

#include "solvers/nn/train.h"

struct nn_park {
    struct nn *nn;
    double lambda; /* of the gates */
    double dead;   /* relative size; 0: nothing is ever parked */
    size_t inputs, n;
    real *x; /* n x inputs, borrowed; columns follow the network's order */
    double *slope; /* inputs: |g_j|, column by column */
    double *sleep; /* inputs, in the data's order: log of what a parked input's
                      factors would have shrunk by */
    double travel; /* sum of learning rates since the last look */
    size_t revived;
    size_t awake; /* parked inputs with |g_j| >= lambda at the last look */
    double worst; /* largest |g_j| / lambda over the parked, then */
};

/* Does the shape have what parking needs (SPRED gates on the inputs, D = 2)? */
int nn_can_park(const struct nn_shape *shape);

enum spred_status nn_park_open(struct spred_env *env, struct nn *nn, real *x,
                               size_t n, double dead, struct nn_park *park);
/* After nn_gradient for all n samples of x: looks at every input, wakes parked
 * ones with |g_j| >= lambda (only if `move`), parks live ones that are dead.
 * At least one input stays live. */
void nn_park_look(struct nn_park *park, int move);
void nn_park_close(struct spred_env *env, struct nn_park *park);

#endif
