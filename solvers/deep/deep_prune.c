/* deep_prune.c: trained dense, the smallest weights cut at once, the rest tuned
 * on: each target of compression from the same dense network. */
#include "solvers/deep/deep.h"

static const struct spred_option table[] = {DEEP_NETWORK,
                                            DEEP_PRUNING("5|10|20|50|100"),
                                            DEEP_GROUP("what is cut: "),
                                            DEEP_EPOCHS(" before the cut"),
                                            DEEP_LR("0.05", ""),
                                            DEEP_SGD("0", "0"),
                                            DEEP_FINE("3"),
                                            {0}};

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    static const struct deep_method method = {DEEP_PRUNE, NN_DENSE};
    return deep_fit(env, state, options, &method, task, report);
}

const struct spred_model spred_model_deep_prune = {
    .name = "deep-prune",
    .doc = "a dense network, its smallest weights cut, then fine-tuned",
    .reference = "Han, Pool, Tran, Dally 2015, NeurIPS 28",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    DEEP_MODEL,
};
