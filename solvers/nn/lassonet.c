/* lassonet.c: LassoNet: a network whose genes must each have a linear effect,
 * and a path from all genes to none.
 *
 * Lemhadri, Ruan, Abraham, Tibshirani (2021), LassoNet: a neural network with
 * feature sparsity, JMLR 22(127):
 *   min L(theta, W) + lambda sum_j |theta_j|_2  s.t. |W_j|_inf <= M |theta_j|_2
 * for f(x) = theta'x + network(x) (their equation 2; theta_j is a row of K
 * weights when there are K outputs). Algorithm 1: the dense network first, by
 * Adam; then lambda grows by a factor from a small start until no gene is left,
 * each lambda from where the last one ended, by gradient steps with momentum
 * and the hierarchical prox (hierarchical.c, skip.c), until the penalised loss
 * of the validation part has not fallen by 1% for `patience` steps. Steps use
 * all training samples. The path runs from dense to sparse, so the offers do;
 * lambda is that of the authors' package (for real-valued targets of half the
 * mean squared error), which sees the momentum: a gradient counts ten times.
 *
 * The authors' multiplier is 1.02. The default here is larger, for a path of
 * thousands of genes in seconds; path_multiplier=1.02 is theirs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "solvers/nn/skip.h"
#include "solvers/nn/train.h"

struct options {
    long hidden, dense_steps, dense_patience, steps, patience;
    double m, multiplier, lambda_start, lr, dense_lr, momentum, tolerance;
    int compact;
};

static const struct spred_option table[] = {
    {"hidden", SPRED_OPTION_INT, offsetof(struct options, hidden), "100", 1,
     1e5, NULL, "units of the hidden layer"},
    {"M", SPRED_OPTION_REAL, offsetof(struct options, m), "10", 0, 1e9, NULL,
     "most of a gene's weight in the network, in linear effects; 0: a linear "
     "model"},
    {"path_multiplier", SPRED_OPTION_REAL, offsetof(struct options, multiplier),
     "1.1", 1.0001, 100, NULL,
     "factor from one lambda to the next; the paper's is 1.02"},
    {"lambda_start", SPRED_OPTION_REAL, offsetof(struct options, lambda_start),
     "0", 0, 1e12, NULL, "first lambda; 0: a tenth of where genes begin to go"},
    {"lr", SPRED_OPTION_REAL, offsetof(struct options, lr), "0.001", 1e-9, 10,
     NULL, "step length on the path"},
    {"momentum", SPRED_OPTION_REAL, offsetof(struct options, momentum), "0.9",
     0, .999, NULL, "momentum on the path"},
    {"steps", SPRED_OPTION_INT, offsetof(struct options, steps), "100", 1, 1e9,
     NULL, "most steps at one lambda"},
    {"patience", SPRED_OPTION_INT, offsetof(struct options, patience), "10", 1,
     1e9, NULL, "steps without improvement that end a lambda"},
    {"tolerance", SPRED_OPTION_REAL, offsetof(struct options, tolerance),
     "0.01", 0, 1, NULL, "least improvement, as a share"},
    {"dense_lr", SPRED_OPTION_REAL, offsetof(struct options, dense_lr), "0.001",
     1e-9, 10, NULL, "Adam's step length for the dense start"},
    {"dense_steps", SPRED_OPTION_INT, offsetof(struct options, dense_steps),
     "1000", 1, 1e9, NULL, "most steps of the dense start"},
    {"dense_patience", SPRED_OPTION_INT,
     offsetof(struct options, dense_patience), "100", 1, 1e9, NULL,
     "steps without improvement that end the dense start"},
    {"compact", SPRED_OPTION_BOOL, offsetof(struct options, compact), "true", 0,
     0, NULL, "leave genes at zero out of the work while they stay there"},
    {0}};

struct state {
    struct skip skip;
};

/* Early stopping: `left` steps remain unless the value improves by a share. */
struct watch {
    double best, tolerance;
    long patience, left;
};

static struct watch watch_new(double first, long patience, double tolerance)
{
    struct watch watch = {.best = first,
                          .tolerance = tolerance,
                          .patience = patience,
                          .left = patience};
    return watch;
}

static int watch_ends(struct watch *watch, double value)
{
    if (value < (1 - watch->tolerance) * watch->best || isnan(watch->best)) {
        watch->best = value;
        watch->left = watch->patience;
        return 0;
    }
    return --watch->left <= 0;
}

struct dense {
    struct spred_env *env;
    struct skip *skip;
    struct watch watch;
};

static enum spred_status look(void *cookie, struct nn *nn, long step, int *stop)
{
    struct dense *dense = cookie;
    double loss;
    (void)nn;
    (void)step;
    SPRED_TRY(skip_validate(dense->env, dense->skip, &loss));
    *stop = dense->skip->validate.n > 0 && watch_ends(&dense->watch, loss);
    return SPRED_OK;
}

/* The dense network, by Adam. */
static enum spred_status start(struct spred_env *env, struct skip *skip,
                               const struct options *o,
                               const struct spred_model_task *task,
                               struct spred_model_report *report)
{
    struct dense dense = {.env = env, .skip = skip};
    struct nn_rule adam = {.kind = NN_ADAM, .lr = o->dense_lr};
    struct nn_training training = {.first = adam,
                                   .rest = adam,
                                   .steps = o->dense_steps,
                                   .every = 1,
                                   .seed = task->seed,
                                   .evaluate = look,
                                   .cookie = &dense};
    struct nn_report trained = {0};
    dense.watch = watch_new(NAN, o->dense_patience, o->tolerance);
    enum spred_status status =
        nn_train(env, skip->nn, &task->train, &training, &trained);
    report->steps += trained.steps;
    skip->passes += trained.passes;
    return status;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Steps at one lambda until patience or steps run out. */
static enum spred_status descend(struct spred_env *env, struct skip *skip,
                                 const struct options *o, double lambda,
                                 size_t *genes, long *steps)
{
    double value, loss;
    struct watch watch;
    int ends = 0;
    SPRED_TRY(skip_validate(env, skip, &value));
    value += lambda * skip_penalty(skip, genes);
    watch = watch_new(value, o->patience, o->tolerance);
    for (long step = 0; step < o->steps && !ends; step++) {
        double penalty = skip_penalty(skip, genes);
        SPRED_TRY(skip_step(env, skip, lambda, &loss));
        ++*steps;
        if (skip->validate.n) {
            SPRED_TRY(skip_validate(env, skip, &loss));
            penalty = skip_penalty(skip, genes);
        }
        ends = watch_ends(&watch, loss + lambda * penalty);
    }
    skip_penalty(skip, genes);
    return SPRED_OK;
}

/* A gene that comes back when it is checked gets its steps at this lambda. */
enum { ROUNDS = 5 };

static enum spred_status at_lambda(struct spred_env *env, struct skip *skip,
                                   const struct options *o, double lambda,
                                   size_t *genes, long *steps)
{
    for (int round = 0; round < ROUNDS; round++) {
        SPRED_TRY(descend(env, skip, o, lambda, genes, steps));
        if (!o->compact || !skip_settle(skip, lambda))
            break;
    }
    return SPRED_OK;
}

/* The lambda whose shrinkage alone, over the steps of one lambda, would take a
 * twentieth of the genes: lambda lr steps = that quantile of |theta_j|. */
static enum spred_status least_lambda(struct spred_env *env,
                                      const struct skip *skip,
                                      const struct options *o, double *lambda)
{
    size_t rows = skip->theta->rows;
    double *size = spred_alloc(env, skip->p, sizeof *size);
    if (!size)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < skip->p; j++)
        size[j] = real_nrm2((int)rows, skip->theta->value + j * rows, 1);
    qsort(size, skip->p, sizeof *size, ascending);
    *lambda = size[skip->p / 20] / (o->lr * (double)o->steps);
    *lambda = fmax(*lambda, 1e-6);
    spred_free(env, size);
    return SPRED_OK;
}

/* Where the path starts if nobody says: a tenth of the lambda, doubled from the
 * least one, at which a twentieth of the genes go; the network is then the
 * dense one again. (The authors' package, too, takes a tenth of where it
 * estimates that genes begin to go.) */
static enum spred_status first_lambda(struct spred_env *env, struct skip *skip,
                                      const struct options *o, double *lambda,
                                      struct spred_model_report *report)
{
    size_t genes = skip->p, enough = skip->p - (skip->p + 19) / 20;
    real *dense = nn_save(env, skip->nn);
    if (!dense)
        return SPRED_ENOMEM;
    enum spred_status status = least_lambda(env, skip, o, lambda);
    while (status == SPRED_OK && genes > enough) {
        status = descend(env, skip, o, *lambda, &genes, &report->steps);
        *lambda *= 2;
    }
    *lambda /= 20;
    nn_load(skip->nn, dense);
    spred_free(env, dense);
    return status == SPRED_OK ? skip_rest(env, skip) : status;
}

static enum spred_status offer(const struct spred_model_task *task,
                               double lambda, size_t genes)
{
    char what[64];
    struct spred_offer worth;
    snprintf(what, sizeof what, "lambda=%.6g, genes=%zu", lambda, genes);
    return task->offer(task->cookie, what, &worth);
}

static enum spred_status path(struct spred_env *env, struct skip *skip,
                              const struct options *o,
                              const struct spred_model_task *task,
                              struct spred_model_report *report)
{
    double lambda = o->lambda_start, first;
    size_t genes;
    long count = 0;
    SPRED_TRY(start(env, skip, o, task, report));
    SPRED_TRY(skip_rest(env, skip));
    skip_penalty(skip, &genes);
    SPRED_TRY(offer(task, 0, genes));
    if (!(lambda > 0))
        SPRED_TRY(first_lambda(env, skip, o, &lambda, report));
    for (first = lambda; genes > 0; lambda *= o->multiplier) {
        SPRED_TRY(at_lambda(env, skip, o, lambda, &genes, &report->steps));
        SPRED_TRY(offer(task, lambda, genes));
        count++;
        report->passes = skip->passes;
        snprintf(report->note, sizeof report->note,
                 "%ld lambdas from %.3g to %.3g, %zu genes left at the last, "
                 "%zu came back on the way",
                 count, first, lambda, genes, skip->revived);
    }
    return SPRED_OK;
}

static enum spred_status fit(struct spred_env *env, void *memory,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    const struct options *o = options;
    struct skip *skip = &((struct state *)memory)->skip;
    SPRED_TRY(skip_open(env, task, (size_t)o->hidden, skip));
    skip->m = o->m;
    skip->lr = o->lr;
    skip->momentum = o->momentum;
    enum spred_status status = path(env, skip, o, task, report);
    report->passes = skip->passes;
    return status;
}

static enum spred_status predict(struct spred_env *env, void *memory,
                                 const float *x, size_t n, double *scores)
{
    const struct state *state = memory;
    return nn_predict(env, state->skip.nn, x, n, scores);
}

static void genes(const void *memory, double *importance)
{
    const struct state *state = memory;
    nn_importance(state->skip.nn, 0, importance);
}

static void release(struct spred_env *env, void *memory)
{
    skip_free(env, &((struct state *)memory)->skip);
}

const struct spred_model spred_model_lassonet = {
    .name = "lassonet",
    .doc = "skip layer and network tied by a hierarchy, from dense to sparse",
    .reference = "Lemhadri, Ruan, Abraham, Tibshirani 2021, JMLR 22(127)",
    .api_version = 1,
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
