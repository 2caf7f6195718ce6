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
    double least; /* loss so far, however little it improved */
    real *best;   /* the network then; NULL: not asked for */
};

static enum spred_status look(void *cookie, struct nn *nn, long step, int *stop)
{
    struct dense *dense = cookie;
    double loss;
    (void)step;
    if (!dense->skip->validate.n)
        return SPRED_OK;
    SPRED_TRY(skip_validate(dense->env, dense->skip, &loss));
    *stop = watch_ends(&dense->watch, loss);
    if (dense->best && loss < dense->least) {
        dense->least = loss;
        nn_save_again(nn, dense->best);
    }
    return SPRED_OK;
}

enum spred_status skip_dense(struct spred_env *env, struct skip *skip,
                             const struct spred_model_task *task,
                             const struct dense_rule *rule, long *steps)
{
    struct dense dense = {.env = env, .skip = skip, .least = INFINITY};
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
    if (rule->keep && !(dense.best = nn_save(env, skip->nn)))
        return SPRED_ENOMEM;
    enum spred_status status =
        nn_train(env, skip->nn, &task->train, &training, &trained);
    if (status == SPRED_OK && dense.least < INFINITY)
        nn_load(skip->nn, dense.best);
    spred_free(env, dense.best);
    *steps += trained.steps;
    skip->passes += trained.passes;
    return status;
}
