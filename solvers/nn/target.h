/* target.h: a real-valued target in its own units: networks learn
 * (y - middle) / unit, so that no step length depends on how y was measured. */
#ifndef SOLVERS_NN_TARGET_H
#define SOLVERS_NN_TARGET_H

#include "spred/model.h"

struct nn_target {
    double middle, unit; /* mean and standard deviation of the training part */
    double *values;      /* n: (y - middle) / unit; NULL for classes; owned */
};

/* Of a task with classes: nothing to do, the scores stay as they are. */
enum spred_status nn_target_open(struct spred_env *env,
                                 const struct spred_model_task *task,
                                 struct nn_target *out);
/* scores = middle + unit scores; count of them. */
void nn_target_restore(const struct nn_target *target, size_t count,
                       double *scores);
void nn_target_close(struct spred_env *env, struct nn_target *target);

#endif
