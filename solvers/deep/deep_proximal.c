/* deep_proximal.c: proximal SGD: a step along the gradient of the loss, then a
 * soft threshold of lr lambda / (1 - momentum) on each weight or group. */
#include "solvers/deep/deep.h"

static const struct spred_option table[] = {
    DEEP_NETWORK,
    DEEP_LAMBDA("2e-4", "L1 or group penalty on the weights"),
    DEEP_GROUP("what a penalty is on: "),
    DEEP_EPOCHS(""),
    DEEP_LR("0.05", ""),
    DEEP_LAMBDA_WARMUP,
    DEEP_SGD("0", "0"),
    DEEP_START,
    DEEP_FINE("3"),
    DEEP_THRESHOLDS,
    {0}};

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    static const struct deep_method method = {DEEP_SHRINK, NN_PROXIMAL};
    return deep_fit(env, state, options, &method, task, report);
}

const struct spred_model spred_model_deep_proximal = {
    .name = "deep-proximal",
    .doc = "a network under an L1 penalty, by proximal SGD: exact zeros",
    .reference = "Duchi and Singer 2009, JMLR 10:2899-2934",
    .api_version = 2,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    DEEP_MODEL,
};
