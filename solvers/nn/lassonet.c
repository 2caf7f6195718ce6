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
 * mean squared error, in standard deviations), which sees the momentum: a
 * gradient counts ten times.
 *
 * Section 5 of the paper takes the 50 features of the path and trains a learner
 * on them anew: `genes`, `refit` (refit.c). Mean balanced accuracy on seven
 * studies, five trials each, path_multiplier 1.2: .904 so; without refit .883;
 * .873 and .880 if the validation part chooses among all smaller sets, too
 * (`smaller`; a median of 17 and 42 genes); .861 and .873 of any number.
 *
 * The authors' multiplier is 1.02. The default here is larger, for a path of
 * thousands of genes in seconds; path_multiplier=1.02 is theirs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "solvers/nn/hierarchical.h"
#include "solvers/nn/refit.h"
#include "solvers/nn/target.h"

struct options {
    long hidden, dense_steps, dense_patience, steps, patience, genes;
    double m, multiplier, lambda_start, lr, dense_lr, momentum, tolerance;
    int compact, refit, smaller;
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
    {"genes", SPRED_OPTION_INT, offsetof(struct options, genes), "50", 0, 1e9,
     NULL,
     "most genes of the model that is offered, 50 in the paper; 0, or as many "
     "as there are: the whole path is"},
    {"smaller", SPRED_OPTION_BOOL, offsetof(struct options, smaller), "false",
     0, 0, NULL,
     "offer the models of fewer genes as well, for the validation part to "
     "choose; false: the first with at most `genes`"},
    {"refit", SPRED_OPTION_BOOL, offsetof(struct options, refit), "true", 0, 0,
     NULL,
     "train a new network on the genes that are left, as the paper does, "
     "where they are at least a tenth fewer; false: the network of the path"},
    {"compact", SPRED_OPTION_BOOL, offsetof(struct options, compact), "true", 0,
     0, NULL, "leave genes at zero out of the work while they stay there"},
    {0}};

struct state {
    struct skip skip;
    struct refit refit; /* stands where there is one */
    struct nn_target target;
};

/* One fit on its way down the path. */
struct walk {
    struct spred_env *env;
    struct state *state;
    const struct options *options;
    const struct spred_model_task *task;
    struct spred_model_report *report;
    double *importance; /* p */
    double passes;      /* of the networks trained anew */
    size_t offered;     /* genes of the last offer; SIZE_MAX: there is none */
    size_t refits;
};

static struct dense_rule dense_rule(const struct options *o)
{
    return (struct dense_rule){.lr = o->dense_lr,
                               .steps = o->dense_steps,
                               .patience = o->dense_patience,
                               .tolerance = o->tolerance};
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
        double penalty = skip->validate.n ? 0 : skip_penalty(skip, genes);
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

/* Where the path starts if nobody says: a tenth of the lambda at which, if the
 * loss did nothing, a twentieth of the genes would go within the steps of one
 * lambda. (The authors' package, too, takes a tenth of where the prox alone
 * makes genes go.) A prox takes lr lambda off |theta_j| + M sum_i |w_ij| over
 * the clipped weights, which in the end are all (hierarchical.c: the root of
 * phi), so that they go at lr lambda steps = that quantile. */
static enum spred_status first_lambda(struct spred_env *env,
                                      const struct skip *skip,
                                      const struct options *o, double *lambda)
{
    size_t k = skip->theta->rows, h = skip->first->rows;
    double *size = spred_alloc(env, skip->p, sizeof *size);
    if (!size)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < skip->p; j++)
        size[j] = hierarchical_pull(skip->theta->value + j * k, k,
                                    skip->first->value + j * h, h, skip->m);
    qsort(size, skip->p, sizeof *size, ascending);
    *lambda = size[skip->p / 20] / (o->lr * (double)o->steps) / 10;
    *lambda = fmax(*lambda, 1e-7);
    spred_free(env, size);
    return SPRED_OK;
}

/* The one model that is to be offered was. */
static int done(const struct walk *walk)
{
    const struct options *o = walk->options;
    return o->genes && (size_t)o->genes < walk->state->skip.p && !o->smaller &&
           walk->offered != SIZE_MAX;
}

/* Whether a model of so many genes is offered: trained anew only where it has a
 * tenth fewer than the last. */
static int wanted(const struct walk *walk, size_t genes)
{
    const struct options *o = walk->options;
    if (o->genes && genes > (size_t)o->genes)
        return 0;
    /* Without a validation part the last offer stands: not the empty one. */
    if (genes == 0 && walk->task->validate.n == 0 && walk->offered != SIZE_MAX)
        return 0;
    return !o->refit || walk->offered == SIZE_MAX ||
           (double)genes <= .9 * (double)walk->offered;
}

/* The dense network (lambda = 0) and the one of no genes are themselves. */
static enum spred_status offer(struct walk *walk, double lambda, size_t genes)
{
    const struct options *o = walk->options;
    struct state *state = walk->state;
    const struct spred_model_task *task = walk->task;
    struct dense_rule rule = dense_rule(o);
    char what[64];
    struct spred_offer worth;
    if (!wanted(walk, genes))
        return SPRED_OK;
    walk->offered = genes;
    refit_free(walk->env, &state->refit);
    if (o->refit && lambda > 0 && genes > 0) {
        nn_importance(state->skip.nn, 0, walk->importance);
        SPRED_TRY(refit_make(walk->env, &state->refit, task, walk->importance,
                             (size_t)o->hidden, &rule, &walk->report->steps,
                             &walk->passes));
        walk->refits++;
    }
    snprintf(what, sizeof what, "lambda=%.6g genes=%zu", lambda, genes);
    return task->offer(task->cookie, what, &worth);
}

static enum spred_status path(struct walk *walk)
{
    const struct options *o = walk->options;
    struct spred_model_report *report = walk->report;
    struct skip *skip = &walk->state->skip;
    struct dense_rule rule = dense_rule(o);
    double lambda = o->lambda_start, first;
    size_t genes;
    long count = 0;
    SPRED_TRY(skip_dense(walk->env, skip, walk->task, &rule, &report->steps));
    SPRED_TRY(skip_rest(walk->env, skip));
    skip_penalty(skip, &genes);
    SPRED_TRY(offer(walk, 0, genes));
    if (!(lambda > 0))
        SPRED_TRY(first_lambda(walk->env, skip, o, &lambda));
    for (first = lambda; genes > 0 && !done(walk); lambda *= o->multiplier) {
        SPRED_TRY(
            at_lambda(walk->env, skip, o, lambda, &genes, &report->steps));
        SPRED_TRY(offer(walk, lambda, genes));
        count++;
        report->passes = skip->passes + walk->passes;
        size_t end = (size_t)snprintf(
            report->note, sizeof report->note,
            "%ld lambdas from %.3g to %.3g, %zu genes left at the last, %zu "
            "came back on the way",
            count, first, lambda, genes, skip->revived);
        if (o->refit && end < sizeof report->note)
            snprintf(report->note + end, sizeof report->note - end,
                     ", %zu sets trained anew", walk->refits);
    }
    return SPRED_OK;
}

/* The walk's task: real-valued targets in their own units. values: of the
 * validation part, owned by the caller. */
static enum spred_status in_units(struct spred_env *env,
                                  const struct nn_target *target,
                                  struct spred_model_task *task,
                                  double **values)
{
    size_t n = task->validate.n;
    if (task->classes)
        return SPRED_OK;
    *values = spred_alloc(env, n + 1, sizeof **values);
    if (!*values)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++)
        (*values)[i] =
            (task->validate.values[i] - target->middle) / target->unit;
    task->train.values = target->values;
    task->validate.values = *values;
    return SPRED_OK;
}

static enum spred_status fit(struct spred_env *env, void *memory,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    const struct options *o = options;
    struct state *state = memory;
    struct skip *skip = &state->skip;
    struct spred_model_task own = *task;
    double *values = NULL;
    struct walk walk = {.env = env,
                        .state = state,
                        .options = o,
                        .task = &own,
                        .report = report,
                        .offered = SIZE_MAX};
    SPRED_TRY(nn_target_open(env, task, &state->target));
    enum spred_status status = in_units(env, &state->target, &own, &values);
    if (status == SPRED_OK)
        status = skip_open(env, &own, (size_t)o->hidden, skip);
    if (status == SPRED_OK &&
        !(walk.importance = spred_alloc(env, skip->p, sizeof(double))))
        status = SPRED_ENOMEM;
    skip->m = o->m;
    skip->lr = o->lr;
    skip->momentum = o->momentum;
    if (status == SPRED_OK)
        status = path(&walk);
    spred_free(env, walk.importance);
    spred_free(env, values);
    report->passes = skip->passes + walk.passes;
    return status;
}

static enum spred_status predict(struct spred_env *env, void *memory,
                                 const float *x, size_t n, double *scores)
{
    struct state *state = memory;
    SPRED_TRY(state->refit.count
                  ? refit_predict(env, &state->refit, x, n, scores)
                  : nn_predict(env, state->skip.nn, x, n, scores));
    nn_target_restore(&state->target, n, scores); /* classes: as they are */
    return SPRED_OK;
}

static void genes(const void *memory, double *importance)
{
    const struct state *state = memory;
    if (state->refit.count)
        refit_importance(&state->refit, importance);
    else
        nn_importance(state->skip.nn, 0, importance);
}

static void release(struct spred_env *env, void *memory)
{
    struct state *state = memory;
    skip_free(env, &state->skip);
    refit_free(env, &state->refit);
    nn_target_close(env, &state->target);
}

const struct spred_model spred_model_lassonet = {
    .name = "lassonet",
    .doc = "skip layer and network tied by a hierarchy, from dense to sparse",
    .reference = "Lemhadri, Ruan, Abraham, Tibshirani 2021, JMLR 22(127)",
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
