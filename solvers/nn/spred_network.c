/* spred_network.c: f_l + f_n of the paper: the same gates feed a linear head
 * and a network p -> hidden (paper: 1024; no bias), ReLU, hidden -> hidden,
 * ReLU, -> K; the loss is the mean of their two, the network predicts. Gates
 * and first layers by SGD with decay lambda, the rest by Adam (PAPER.md section
 * 3). */
#include "solvers/nn/gated.h"

#define REST_DECAY 1e-5

static const struct spred_option table[] = {
    GATED_HIDDEN("256"),
    GATED_LAYERS("2"),
    GATED_LR("1", "gates and first layers (SGD); paper 0.005 to 0.05"),
    {"rest_lr", SPRED_OPTION_REAL, GATED(rest_lr), "4e-3", 1e-9, 10, NULL,
     "learning rate of all other layers (Adam, decay 1e-5)"},
    GATED_LAMBDA("0.1", "Grid: 0.3 0.2 0.1 0.05; paper 1 to 7, absolute"),
    GATED_TRAINED("2000"),
    {0}};

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    const struct gated_options *o = options;
    struct nn_shape shape = {.n_branches = 2,
                             .gate = {.kind = NN_SPRED, .lambda = o->lambda}};
    struct nn_training training = {
        .first = {.kind = NN_SGD, .lr = o->lr, .momentum = o->momentum},
        .rest = {.kind = NN_ADAM, .lr = o->rest_lr, .decay = REST_DECAY}};
    shape.branches[0].n = 1;
    shape.branches[0].layers[0] =
        (struct nn_layer){.kind = NN_LINEAR, .no_bias = 1};
    gated_layers(&shape.branches[1], (size_t)o->hidden, (size_t)o->layers);
    shape.branches[1].layers[0].no_bias = 1;
    return gated_fit(env, state, o, task, &shape, &training, report);
}

const struct spred_model spred_model_spred_network = {
    .name = "spred-network",
    .alias = "f_l+f_n",
    .doc = "a gate for each gene before a linear head and a network, by SGD "
           "and Adam",
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
