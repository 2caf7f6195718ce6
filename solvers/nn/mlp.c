/* mlp.c: the plain multilayer perceptron, no sparsity: what a network reaches
 * that may use every gene. Rumelhart, Hinton and Williams 1986. */
#include "solvers/nn/gated.h"

static const struct spred_option table[] = {
    GATED_HIDDEN("128"),
    GATED_LAYERS("1"),
    GATED_LR("1e-3", "every layer"),
    GATED_OPTIMIZER("adam"),
    GATED_MOMENTUM,
    GATED_DECAY("1e-3"),
    {"dropout", SPRED_OPTION_REAL, GATED(dropout), "0", 0, 0.95, NULL,
     "share of the hidden units left out of a step"},
    {"norm", SPRED_OPTION_BOOL, GATED(norm), "false", 0, 0, NULL,
     "batch normalisation before every ReLU"},
    GATED_STEPS("300", ""),
    {"every", SPRED_OPTION_INT, GATED(every), "10", 1, 1e9, NULL,
     "steps between two evaluations"},
    GATED_BATCH("0"),
    GATED_CLIP("1"),
    GATED_COSINE("false"),
    GATED_KEEP("best"),
    GATED_PATIENCE,
    {0}};

/* Layers with what the options put between them. */
static void build(const struct gated_options *o, struct nn_branch *out)
{
    struct nn_branch plain;
    gated_layers(&plain, (size_t)o->hidden, (size_t)o->layers);
    for (size_t l = 0; l < plain.n; l++) {
        int relu = plain.layers[l].kind == NN_RELU;
        if (relu && o->norm)
            out->layers[out->n++].kind = NN_BATCH_NORM;
        out->layers[out->n++] = plain.layers[l];
        if (relu && o->dropout > 0)
            out->layers[out->n++] =
                (struct nn_layer){.kind = NN_DROPOUT, .rate = o->dropout};
    }
}

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    const struct gated_options *o = options;
    struct nn_shape shape = {.n_branches = 1};
    struct nn_rule rule = {.kind = (enum nn_optimiser)o->optimizer,
                           .lr = o->lr,
                           .momentum = o->momentum,
                           .decay = o->decay};
    struct nn_training training = {.first = rule, .rest = rule};
    build(o, &shape.branches[0]);
    return gated_fit(env, state, o, task, &shape, &training, report);
}

const struct spred_model spred_model_mlp = {
    .name = "mlp",
    .doc = "multilayer perceptron on all genes",
    .reference = "Rumelhart, Hinton and Williams 1986, Nature 323:533-536",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS,
    .state_size = sizeof(struct gated),
    .options_size = sizeof(struct gated_options),
    .options = table,
    .fit = fit,
    .predict = gated_predict,
    .genes = gated_genes,
    .free = gated_free,
};
