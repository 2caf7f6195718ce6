/* deep_spred.c: every weight (or group of weights) a product of factors that
 * decay: L1 or group lasso by plain SGD (PAPER.md section 1). Factors move a
 * weight by lr (u^2 + v^2), small as long as it is small: lr is larger than a
 * dense network's. */
#include "solvers/deep/deep.h"

static const struct spred_option table[] = {
    DEEP_NETWORK,
    DEEP_LAMBDA("2e-4", "decay of the factors, the L1 penalty on the products"),
    DEEP_GROUP("what a penalty is on: "),
    DEEP_ROW(factors, INT, "2", 2, NN_MAX_FACTORS, NULL,
             "factors of a weight; more than 2: not convex, |w|^(2/factors)"),
    DEEP_EPOCHS(""),
    DEEP_LR("0.5", " of factors and biases"),
    DEEP_LAMBDA_WARMUP,
    DEEP_SGD("1", "1"),
    DEEP_START,
    DEEP_FINE("3"),
    DEEP_THRESHOLDS,
    {0}};

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    static const struct deep_method method = {DEEP_SHRINK, NN_SPRED};
    return deep_fit(env, state, options, &method, task, report);
}

const struct spred_model spred_model_deep_spred = {
    .name = "deep-spred",
    .doc = "a network of factored weights whose decay makes it sparse",
    .reference = "Ziyin and Wang 2023, ICML (PMLR 202:43407-43422)",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    DEEP_MODEL,
};
