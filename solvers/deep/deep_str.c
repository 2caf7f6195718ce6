/* deep_str.c: soft threshold reparametrisation: each layer learns the threshold
 * that its weights are shrunk by; the decay of both is what makes it rise. */
#include "solvers/deep/deep.h"

static const struct spred_option table[] = {
    DEEP_NETWORK,
    DEEP_LAMBDA("1e-3", "decay of the weights and of the layers' thresholds"),
    DEEP_ROW(threshold_start, REAL, "1e-3", 1e-12, 0.5, NULL,
             "of every layer; it rises the faster the larger it is"),
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
    static const struct deep_method method = {DEEP_SHRINK, NN_STR};
    return deep_fit(env, state, options, &method, task, report);
}

const struct spred_model spred_model_deep_str = {
    .name = "deep-str",
    .doc = "a network whose layers learn a soft threshold of their weights",
    .reference = "Kusupati et al. 2020, ICML (PMLR 119:5544-5555)",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    DEEP_MODEL,
};
