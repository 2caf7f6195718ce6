/* deep_gradual.c: the smallest weights cut little by little while the network
 * is trained, by a cubic schedule; then fine-tuned with the zeros it has. */
#include "solvers/deep/deep.h"

static const struct spred_option table[] = {
    DEEP_NETWORK,
    DEEP_PRUNING("20"),
    DEEP_GROUP("what is cut: "),
    DEEP_EPOCHS(" while weights are cut"),
    DEEP_LR("0.05", ""),
    DEEP_SGD("0", "0"),
    DEEP_FINE("3"),
    {0}};

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    static const struct deep_method method = {DEEP_GRADUAL, NN_DENSE};
    return deep_fit(env, state, options, &method, task, report);
}

const struct spred_model spred_model_deep_gradual = {
    .name = "deep-gradual",
    .doc = "weights cut while the network is trained, more and more",
    .reference = "Zhu and Gupta 2017, arXiv 1710.01878",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    DEEP_MODEL,
};
