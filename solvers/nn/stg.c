/* stg.c: stochastic gates: a network whose every input is multiplied by a noisy
 * gate that a penalty closes.
 *
 * Yamada, Lindenbaum, Negahban, Kluger (2020), Feature selection using
 * stochastic gates, ICML (PMLR 119): gate z_j = min(max(mu_j + 1/2 + sigma
 * eps_j, 0), 1), one eps_j ~ N(0, 1) an input and step; minimise
 *   E loss(f(x * z)) + lambda sum_j Phi((mu_j + 1/2)/sigma),
 * the expected number of open gates, over mu and the network together. (The
 * paper writes mu_j for our mu_j + 1/2: the same gates, shifted.) Afterwards
 * the noise is left out and the genes are the gates above zero. mu_j = 0 at
 * first, half open. Without noise a gate never gets a gradient again once shut;
 * with it, every gate does, so nothing is left out of the computation.
 *
 * The authors' code divides the sum by p; `mean` does so too. Theirs as well:
 * two hidden layers of 60 and 20, sigma .5, full batches, decay .001, the gates
 * of the last step (`early`: also those on the way, in the second half, for the
 * validation part to choose from). Their examples have tanh units, here they
 * are ReLU, and SGD with a step of .1 (optimizer=sgd lr=0.1 gate_lr=0). Of
 * thousands of genes SGD opens or shuts nearly all alike, because the penalty's
 * slope is larger than any one gene's; Adam, which is the default, tells them
 * apart. */
#include <math.h>
#include <stdio.h>

#include "solvers/nn/target.h"
#include "solvers/nn/train.h"

struct options {
    long hidden, hidden2, steps, batch, every;
    double lambda, sigma, lr, gate_lr, decay, momentum;
    int mean, optimizer, early;
};

static const char *const optimizers[] = {"sgd", "adam", NULL};

static const struct spred_option table[] = {
    {"lambda", SPRED_OPTION_REAL, offsetof(struct options, lambda), "0.003", 0,
     1e9, NULL, "penalty on each gate's chance to be open"},
    {"mean", SPRED_OPTION_BOOL, offsetof(struct options, mean), "false", 0, 0,
     NULL,
     "lambda times the mean over gates, as the authors' code, not the sum"},
    {"sigma", SPRED_OPTION_REAL, offsetof(struct options, sigma), "0.5", 1e-6,
     100, NULL, "standard deviation of the gates' noise"},
    {"hidden", SPRED_OPTION_INT, offsetof(struct options, hidden), "60", 1, 1e5,
     NULL, "units of the first hidden layer"},
    {"hidden2", SPRED_OPTION_INT, offsetof(struct options, hidden2), "20", 0,
     1e5, NULL, "units of the second hidden layer; 0: there is none"},
    {"optimizer", SPRED_OPTION_CHOICE, offsetof(struct options, optimizer),
     "adam", 0, 0, optimizers, "of weights and gates"},
    {"lr", SPRED_OPTION_REAL, offsetof(struct options, lr), "0.001", 1e-9, 100,
     NULL, "step length"},
    {"gate_lr", SPRED_OPTION_REAL, offsetof(struct options, gate_lr), "0.01", 0,
     100, NULL, "step length of the gates and first layer; 0: lr"},
    {"momentum", SPRED_OPTION_REAL, offsetof(struct options, momentum), "0", 0,
     .999, NULL, "of sgd"},
    {"decay", SPRED_OPTION_REAL, offsetof(struct options, decay), "0.001", 0,
     100, NULL, "L2 penalty on weights and biases"},
    {"steps", SPRED_OPTION_INT, offsetof(struct options, steps), "2000", 1, 1e9,
     NULL, "gradient steps"},
    {"batch", SPRED_OPTION_INT, offsetof(struct options, batch), "0", 0, 1e9,
     NULL, "samples a step; 0: all"},
    {"early", SPRED_OPTION_BOOL, offsetof(struct options, early), "false", 0, 0,
     NULL, "offer models of the second half of training, not the last alone"},
    {"every", SPRED_OPTION_INT, offsetof(struct options, every), "100", 1, 1e9,
     NULL, "steps between two such offers"},
    {0}};

struct state {
    struct nn *nn;
    struct nn_target target;
};

struct visit {
    const struct spred_model_task *task;
    const struct options *options;
};

static enum spred_status look(void *cookie, struct nn *nn, long step, int *stop)
{
    const struct visit *visit = cookie;
    const struct options *o = visit->options;
    struct spred_offer worth;
    char what[40] = "";
    (void)nn;
    (void)stop;
    if (step < o->steps && (!o->early || 2 * step < o->steps))
        return SPRED_OK;
    if (o->early)
        snprintf(what, sizeof what, "step=%ld", step);
    return visit->task->offer(visit->task->cookie, what, &worth);
}

static struct nn_shape shape_of(const struct options *o,
                                const struct spred_model_task *task)
{
    struct nn_shape shape = {.inputs = task->train.p,
                             .outputs = task->classes ? task->classes : 1,
                             .classes = task->classes > 0,
                             .n_branches = 1};
    struct nn_branch *branch = &shape.branches[0];
    size_t hidden[] = {(size_t)o->hidden, (size_t)o->hidden2};
    for (size_t l = 0; l < 2 && hidden[l]; l++) {
        branch->layers[branch->n++] =
            (struct nn_layer){.kind = NN_LINEAR, .out = hidden[l]};
        branch->layers[branch->n++] = (struct nn_layer){.kind = NN_RELU};
    }
    branch->layers[branch->n++] = (struct nn_layer){.kind = NN_LINEAR};
    shape.gate = (struct nn_sparse){.kind = NN_STG,
                                    .group = NN_INPUT,
                                    .lambda = o->lambda,
                                    .sigma = o->sigma};
    if (o->mean)
        shape.gate.lambda /= (double)task->train.p;
    return shape;
}

static size_t open_gates(const struct nn *nn, size_t p)
{
    size_t open = 0;
    for (size_t j = 0; j < p; j++)
        open += nn_input_size(nn, j) > 0;
    return open;
}

static enum spred_status fit(struct spred_env *env, void *memory,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    const struct options *o = options;
    struct state *state = memory;
    struct nn_shape shape = shape_of(o, task);
    struct visit visit = {.task = task, .options = o};
    struct nn_rule rule = {.kind = o->optimizer ? NN_ADAM : NN_SGD,
                           .lr = o->lr,
                           .momentum = o->momentum,
                           .decay = o->decay};
    struct nn_training training = {.first = rule,
                                   .rest = rule,
                                   .steps = o->steps,
                                   .batch = (size_t)o->batch,
                                   .every = o->early ? o->every : o->steps,
                                   .seed = task->seed + 1, /* not the starts' */
                                   .evaluate = look,
                                   .cookie = &visit};
    struct nn_report trained = {0};
    if (o->gate_lr > 0)
        training.first.lr = o->gate_lr;
    struct spred_rows rows = task->train;
    SPRED_TRY(nn_target_open(env, task, &state->target));
    rows.values = state->target.values;
    SPRED_TRY(nn_new(env, &shape, task->train.n, task->seed, &state->nn));
    enum spred_status status =
        nn_train(env, state->nn, &rows, &training, &trained);
    report->steps = trained.steps;
    report->passes = trained.passes;
    if (status == SPRED_ENUMERIC)
        return spred_fail(env, status,
                          "the loss is not finite after %ld steps: smaller lr "
                          "(%g) or gate_lr (%g) are needed",
                          trained.steps, o->lr, training.first.lr);
    if (status == SPRED_OK)
        snprintf(report->note, sizeof report->note,
                 "%zu of %zu gates open after the last step",
                 open_gates(state->nn, task->train.p), task->train.p);
    return status;
}

static enum spred_status predict(struct spred_env *env, void *memory,
                                 const float *x, size_t n, double *scores)
{
    const struct state *state = memory;
    SPRED_TRY(nn_predict(env, state->nn, x, n, scores));
    nn_target_restore(&state->target, n, scores); /* one output, or classes */
    return SPRED_OK;
}

static void genes(const void *memory, double *importance)
{
    const struct state *state = memory;
    nn_importance(state->nn, 0, importance);
}

static void release(struct spred_env *env, void *memory)
{
    struct state *state = memory;
    nn_free(state->nn);
    nn_target_close(env, &state->target);
}

const struct spred_model spred_model_stg = {
    .name = "stg",
    .doc = "a network behind one stochastic gate a gene",
    .reference = "Yamada, Lindenbaum, Negahban, Kluger 2020, ICML",
    .api_version = 2,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_LOGITS |
             SPRED_MODEL_CHOOSES,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .fit = fit,
    .predict = predict,
    .genes = genes,
    .free = release,
};
