/* deep_dense.c: the network that the sparse ones are compared with. */
#include "solvers/deep/deep.h"

static const struct spred_option table[] = {DEEP_NETWORK,
                                            DEEP_EPOCHS(""),
                                            DEEP_LR("0.05", ""),
                                            DEEP_SGD("0", "0"),
                                            {0}};

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    static const struct deep_method method = {DEEP_SHRINK, NN_DENSE};
    return deep_fit(env, state, options, &method, task, report);
}

const struct spred_model spred_model_deep_dense = {
    .name = "deep-dense",
    .doc = "a picture network as it is, the control of the others",
    .reference =
        "LeCun, Bottou, Bengio, Haffner 1998, Proceedings of the IEEE 86(11)",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS,
    DEEP_MODEL,
};
