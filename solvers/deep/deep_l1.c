/* deep_l1.c: the same penalty by its subgradient: what spred is compared with
 * (it nears zero and never gets there). */
#include "solvers/deep/deep.h"

static const struct spred_option table[] = {
    DEEP_NETWORK,
    DEEP_LAMBDA("1e-4", "L1 or group penalty on the weights"),
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
    static const struct deep_method method = {DEEP_SHRINK, NN_SUBGRADIENT};
    return deep_fit(env, state, options, &method, task, report);
}

const struct spred_model spred_model_deep_l1 = {
    .name = "deep-l1",
    .doc = "a network under an L1 penalty, by SGD with its subgradient",
    .reference = "Shalev-Shwartz and Tewari 2011, JMLR 12:1865-1892",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    DEEP_MODEL,
};
