/* dense.c: LassoNet's network by Adam, as long as its validation loss falls. */
#include <math.h>

#include "solvers/nn/dense.h"
#include "solvers/nn/train.h"

struct watch watch_new(double first, long patience, double tolerance)
{
    struct watch watch = {.best = first,
                          .tolerance = tolerance,
                          .patience = patience,
                          .left = patience};
    return watch;
}

int watch_ends(struct watch *watch, double value)
{
    if (value < (1 - watch->tolerance) * watch->best || isnan(watch->best)) {
        watch->best = value;
        watch->left = watch->patience;
        return 0;
    }
    return --watch->left <= 0;
}

struct dense {
    struct spred_env *env;
    struct skip *skip;
    struct watch watch;
};

static enum spred_status look(void *cookie, struct nn *nn, long step, int *stop)
{
    struct dense *dense = cookie;
    double loss;
    (void)nn;
    (void)step;
    if (!dense->skip->validate.n)
        return SPRED_OK;
    SPRED_TRY(skip_validate(dense->env, dense->skip, &loss));
    *stop = watch_ends(&dense->watch, loss);
    return SPRED_OK;
}

enum spred_status skip_dense(struct spred_env *env, struct skip *skip,
                             const struct spred_model_task *task,
                             const struct dense_rule *rule, long *steps)
{
    struct dense dense = {.env = env, .skip = skip};
    struct nn_rule adam = {.kind = NN_ADAM, .lr = rule->lr};
    struct nn_training training = {.first = adam,
                                   .rest = adam,
                                   .steps = rule->steps,
                                   .every = 1,
                                   .seed = task->seed,
                                   .evaluate = look,
                                   .cookie = &dense};
    struct nn_report trained = {0};
    dense.watch = watch_new(NAN, rule->patience, rule->tolerance);
    enum spred_status status =
        nn_train(env, skip->nn, &task->train, &training, &trained);
    *steps += trained.steps;
    skip->passes += trained.passes;
    return status;
}
