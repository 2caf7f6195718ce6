/* majority.c: the control that always says the largest class of the training
 * part (real-valued: its mean). What beats it has learnt something. */
#include "spred/model.h"

struct state {
    size_t outputs, p;
    double *share; /* outputs: log share of each class, or the mean */
};

static enum spred_status fit(struct spred_env *env, void *memory,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    struct state *state = memory;
    const struct spred_rows *train = &task->train;
    struct spred_offer offer;
    (void)options;
    state->outputs = task->classes ? task->classes : 1;
    state->p = train->p;
    state->share = spred_alloc(env, state->outputs, sizeof *state->share);
    if (!state->share)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < train->n; i++) {
        if (task->classes)
            state->share[train->codes[i]] += 1 / (double)train->n;
        else
            state->share[0] += train->values[i] / (double)train->n;
    }
    report->passes = 0;
    return task->offer(task->cookie, "", &offer);
}

static enum spred_status predict(struct spred_env *env, void *memory,
                                 const float *x, size_t n, double *scores)
{
    const struct state *state = memory;
    (void)env;
    (void)x;
    for (size_t k = 0; k < state->outputs; k++)
        for (size_t i = 0; i < n; i++)
            scores[i + k * n] = state->share[k];
    return SPRED_OK;
}

static void genes(const void *memory, double *importance)
{
    const struct state *state = memory;
    for (size_t j = 0; j < state->p; j++)
        importance[j] = 0;
}

static void release(struct spred_env *env, void *memory)
{
    struct state *state = memory;
    spred_free(env, state->share);
}

const struct spred_model spred_model_majority = {
    .name = "majority",
    .doc = "control: always the largest class of the training part",
    .reference = "the share of the largest class",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_CHOOSES,
    .state_size = sizeof(struct state),
    .fit = fit,
    .predict = predict,
    .genes = genes,
    .free = release,
};
