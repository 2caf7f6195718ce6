/* ranked.c: the linear support vector machine behind the filters. */
#include "solvers/models/ranked.h"

#include <stdio.h>

enum spred_status ranked_offer(struct spred_env *env, struct ranked *state,
                               double cost, const struct spred_model_task *task,
                               size_t m)
{
    const struct spred_rows *train = &task->train;
    struct svm_settings settings = {.kernel = SVM_LINEAR, .cost = cost};
    struct spred_offer offer;
    char what[32];
    SPRED_TRY(spred_check_cancel(env));
    svm_machine_free(env, state->svm);
    state->svm = NULL;
    state->m = m;
    SPRED_TRY(svm_machine_fit(env, &settings, train->x, train->n, state->order,
                              m, train->codes, train->values, task->classes,
                              &state->svm));
    snprintf(what, sizeof what, "genes=%zu", m);
    return task->offer(task->cookie, what, &offer);
}

enum spred_status ranked_predict(struct spred_env *env, void *memory,
                                 const float *x, size_t n, double *scores)
{
    const struct ranked *state = memory;
    if (!state->svm)
        return spred_fail(env, SPRED_EINVAL, "nothing was trained");
    return svm_machine_predict(env, state->svm, x, n, scores);
}

void ranked_genes(const void *memory, double *importance)
{
    const struct ranked *state = memory;
    for (size_t j = 0; j < state->p; j++)
        importance[j] = 0;
    for (size_t k = 0; state->svm && k < state->m; k++)
        importance[state->order[k]] = 1 / (double)(k + 1);
}

void ranked_free(struct spred_env *env, void *memory)
{
    struct ranked *state = memory;
    svm_machine_free(env, state->svm);
    spred_free(env, state->order);
    state->svm = NULL;
    state->order = NULL;
}
