/* refit.c: the genes that LassoNet leaves, given to a network of their own.
 *
 * Lemhadri, Ruan, Abraham, Tibshirani (2021), JMLR 22(127), section 5, judge
 * the features that a method selects by a learner trained on these features
 * anew, so that the weights that the path shrank do not count. Here it is
 * LassoNet's own network (skip layer and hidden layer, no penalty) from a fresh
 * start, by Adam, stopped early as the dense start of the path is. */
#include <string.h>

#include "solvers/nn/refit.h"

/* n x count of the columns; NULL: out of memory. */
static float *columns(struct spred_env *env, const struct refit *refit,
                      const float *x, size_t n)
{
    float *out = spred_alloc(env, n * refit->count + 1, sizeof *out);
    for (size_t k = 0; out && n && k < refit->count; k++)
        memcpy(out + k * n, x + refit->genes[k] * n, n * sizeof *out);
    return out;
}

static enum spred_status choose(struct spred_env *env, struct refit *refit,
                                const double *importance, size_t p)
{
    refit->p = p;
    refit->genes = spred_alloc(env, p, sizeof *refit->genes);
    refit->importance = spred_alloc(env, p, sizeof *refit->importance);
    if (!refit->genes || !refit->importance)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < p; j++)
        if (importance[j] > 0)
            refit->genes[refit->count++] = j;
    return SPRED_OK;
}

static enum spred_status make(struct spred_env *env, struct refit *refit,
                              const struct spred_model_task *task,
                              const double *importance, size_t hidden,
                              const struct dense_rule *rule, long *steps,
                              double *passes)
{
    struct spred_model_task few = *task;
    SPRED_TRY(choose(env, refit, importance, task->train.p));
    refit->train = columns(env, refit, task->train.x, task->train.n);
    refit->validate = columns(env, refit, task->validate.x, task->validate.n);
    if (!refit->train || !refit->validate)
        return SPRED_ENOMEM;
    few.train.p = few.validate.p = refit->count;
    few.train.x = refit->train;
    few.validate.x = refit->validate;
    SPRED_TRY(skip_open(env, &few, hidden, &refit->skip));
    enum spred_status status = skip_dense(env, &refit->skip, &few, rule, steps);
    *passes += refit->skip.passes * (double)refit->count / (double)refit->p;
    if (status == SPRED_OK)
        nn_importance(refit->skip.nn, 0, refit->importance);
    return status;
}

enum spred_status refit_make(struct spred_env *env, struct refit *refit,
                             const struct spred_model_task *task,
                             const double *importance, size_t hidden,
                             const struct dense_rule *rule, long *steps,
                             double *passes)
{
    refit_free(env, refit);
    enum spred_status status =
        make(env, refit, task, importance, hidden, rule, steps, passes);
    if (status != SPRED_OK)
        refit_free(env, refit);
    return status;
}

void refit_free(struct spred_env *env, struct refit *refit)
{
    skip_free(env, &refit->skip);
    spred_free(env, refit->genes);
    spred_free(env, refit->importance);
    spred_free(env, refit->train);
    spred_free(env, refit->validate);
    memset(refit, 0, sizeof *refit);
}

enum spred_status refit_predict(struct spred_env *env, struct refit *refit,
                                const float *x, size_t n, double *scores)
{
    float *few = columns(env, refit, x, n);
    enum spred_status status =
        few ? nn_predict(env, refit->skip.nn, few, n, scores) : SPRED_ENOMEM;
    spred_free(env, few);
    return status;
}

void refit_importance(const struct refit *refit, double *importance)
{
    memset(importance, 0, refit->p * sizeof *importance);
    for (size_t k = 0; k < refit->count; k++)
        importance[refit->genes[k]] = refit->importance[k];
}
