/* dense.h: early stopping, and LassoNet's network trained by Adam without any
 * penalty: the start of the path, and each set of genes trained anew. */
#ifndef SOLVERS_NN_DENSE_H
#define SOLVERS_NN_DENSE_H

#include "solvers/nn/skip.h"

/* Early stopping: `left` steps remain unless the value improves by a share. */
struct watch {
    double best, tolerance;
    long patience, left;
};

/* first: NaN: the next value is an improvement. */
struct watch watch_new(double first, long patience, double tolerance);
/* Whether the steps ran out; after an improvement left = patience. */
int watch_ends(struct watch *watch, double value);

struct dense_rule {
    double lr;
    long steps, patience;
    double tolerance; /* of the loss on the validation part; without one all
                         steps are done */
};

/* Trains on the task's training part; *steps and skip->passes grow. */
enum spred_status skip_dense(struct spred_env *env, struct skip *skip,
                             const struct spred_model_task *task,
                             const struct dense_rule *rule, long *steps);

#endif
