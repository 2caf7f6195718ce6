/* network.c: the network that its user writes down: any layers, each sparse in
 * its own way (nn_parse), trained by one rule. */
#include "solvers/nn/gated.h"

static const struct spred_option table[] = {
    {"model", SPRED_OPTION_TEXT, GATED(model),
     "linear(out=64,sparse=spred,group=input,lambda=0.03)|relu|linear", 0, 0,
     NULL,
     "layers: linear, relu, batch-norm, dropout, and of pictures conv, "
     "max-pool, avg-pool, global-pool, add (docs/networks.md); in YAML a list: "
     "[{linear: {out: 64}}, relu, linear]"},
    GATED_LR("1e-3", "every layer"),
    GATED_OPTIMIZER("adam"),
    GATED_MOMENTUM,
    GATED_DECAY("0"),
    {"relative", SPRED_OPTION_BOOL, GATED(relative), "false", 0, 0, NULL,
     "the first layer's lambda is a share of the lambda that leaves a linear "
     "model no gene"},
    GATED_STEPS("2000", GATED_DYING),
    GATED_EVERY,
    GATED_BATCH("0"),
    GATED_CLIP("1"),
    GATED_COSINE("false"),
    GATED_KEEP("best"),
    GATED_PATIENCE,
    GATED_COMPACT,
    GATED_ZERO,
    {0}};

static enum spred_status check(struct spred_env *env, const void *options)
{
    const struct gated_options *o = options;
    struct nn_branch branch;
    SPRED_TRY(nn_parse(env, o->model, &branch));
    if (branch.layers[branch.n - 1].out)
        return spred_fail(env, SPRED_EINVAL,
                          "model: the last layer has as many outputs as there "
                          "are classes: leave its 'out' away");
    /* Adam rescales the gradient; a threshold of lr * lambda is then of another
     * problem. */
    for (size_t l = 0; l < branch.n; l++)
        if (branch.layers[l].sparse.kind == NN_PROXIMAL &&
            o->optimizer != NN_SGD)
            return spred_fail(env, SPRED_EINVAL,
                              "model: sparse: proximal is a step of gradient "
                              "descent: it needs optimizer: sgd");
    return SPRED_OK;
}

/* A first layer of one gate an input, D = 2, has the gates of the network: the
 * same penalty, and dead inputs can leave. Not with dropout, whose noise makes
 * every look at a gradient another. */
static void share_gates(struct nn_shape *shape)
{
    struct nn_branch *branch = &shape->branches[0];
    struct nn_sparse *sparse = &branch->layers[0].sparse;
    for (size_t l = 0; l < branch->n; l++)
        if (branch->layers[l].kind == NN_DROPOUT)
            return;
    if (sparse->kind != NN_SPRED || sparse->group != NN_INPUT ||
        sparse->factors > 2)
        return;
    shape->gate = *sparse;
    *sparse = (struct nn_sparse){.kind = NN_DENSE};
}

static enum spred_status write_down(struct spred_env *env,
                                    const struct gated_options *o,
                                    struct nn_shape *shape)
{
    *shape = (struct nn_shape){.n_branches = 1};
    SPRED_TRY(nn_parse(env, o->model, &shape->branches[0]));
    if (!nn_needs_picture(&shape->branches[0]))
        share_gates(shape);
    return SPRED_OK;
}

static enum spred_status fits(struct spred_env *env, const void *options,
                              const struct spred_rows *rows, size_t classes)
{
    struct nn_shape shape;
    SPRED_TRY(write_down(env, options, &shape));
    gated_shape(rows, classes, &shape);
    return nn_shape_check(env, &shape);
}

static enum spred_status fit(struct spred_env *env, void *state,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    const struct gated_options *o = options;
    struct nn_shape shape;
    struct nn_rule rule = {.kind = (enum nn_optimiser)o->optimizer,
                           .lr = o->lr,
                           .momentum = o->momentum,
                           .decay = o->decay};
    struct nn_training training = {.first = rule, .rest = rule};
    SPRED_TRY(write_down(env, o, &shape));
    return gated_fit(env, state, o, task, &shape, &training, report);
}

const struct spred_model spred_model_network = {
    .name = "network",
    .doc = "a network of the layers and sparsities that are written down",
    .reference = "Ziyin and Wang 2023, ICML, PMLR 202:43407-43422",
    .api_version = 4,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    .state_size = sizeof(struct gated),
    .options_size = sizeof(struct gated_options),
    .options = table,
    .check = check,
    .fits = fits,
    .fit = fit,
    .predict = gated_predict,
    .genes = gated_genes,
    .free = gated_free,
};
