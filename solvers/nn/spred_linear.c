/* spred_linear.c: f_l of the paper, Theta(x o m): one gate m_j for each gene
 * times its weights in a linear head without bias, both decayed by lambda,
 * which is group lasso on the products (PAPER.md sections 1 and 3). */
#include "solvers/nn/gated.h"

static const struct spred_option table[] = {
    GATED_LR("0.3", "gates and head (SGD)"),
    GATED_LAMBDA("0.1", "Grid: 0.3 0.2 0.1 0.05; paper 0.01 to 0.3, absolute"),
    GATED_TRAINED("3000"),
    {0}};

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    const struct gated_options *o = options;
    struct nn_shape shape = {.n_branches = 1,
                             .gate = {.kind = NN_SPRED, .lambda = o->lambda}};
    struct nn_training training = {
        .first = {.kind = NN_SGD, .lr = o->lr, .momentum = o->momentum},
        .rest = {.kind = NN_SGD, .lr = o->lr}};
    shape.branches[0].n = 1;
    shape.branches[0].layers[0] =
        (struct nn_layer){.kind = NN_LINEAR, .no_bias = 1};
    return gated_fit(env, state, o, task, &shape, &training, report);
}

const struct spred_model spred_model_spred_linear = {
    .name = "spred-linear",
    .alias = "f_l",
    .doc = "a gate for each gene times one linear layer, both decayed, by SGD",
    .reference = "Ziyin and Wang 2023, ICML, PMLR 202:43407-43422",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    .state_size = sizeof(struct gated),
    .options_size = sizeof(struct gated_options),
    .options = table,
    .fit = fit,
    .predict = gated_predict,
    .genes = gated_genes,
    .free = gated_free,
};
