/* gated.c: the fit, the offers and the predictions of the models that are
 * networks with or without gates on their inputs. */
#include "solvers/nn/gated.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "solvers/nn/park.h"

/* A gate is parked below this share of the largest: what rounding makes of it,
 * so that no network computes another thing. */
#define DEAD 1e-7
/* So small a weight, per standard deviation of its gene, is dropped however
 * small the others are: where lambda leaves no gene, none is reported. */
#define NOTHING 1e-6

const char *const gated_keeps[] = {"best", "last", NULL};
const char *const gated_optimizers[] = {"sgd", "adam", "adamw", NULL};

struct course {
    const struct gated_options *options;
    const struct spred_model_task *task;
    long stale; /* evaluations since the best */
};

static double class_slope(const float *x, const struct spred_rows *rows,
                          size_t classes, const double *shares, double *sums)
{
    double all = 0, square = 0;
    memset(sums, 0, classes * sizeof *sums);
    for (size_t i = 0; i < rows->n; i++)
        sums[rows->codes[i]] += (double)x[i];
    for (size_t k = 0; k < classes; k++)
        all += sums[k];
    for (size_t k = 0; k < classes; k++)
        square += (sums[k] - shares[k] * all) * (sums[k] - shares[k] * all);
    return sqrt(square);
}

double gated_lambda_max(const struct spred_rows *rows, size_t classes,
                        const double *values, double *room)
{
    double *shares = room, *sums = room + classes, largest = 0, mean = 0;
    for (size_t k = 0; k < classes; k++)
        shares[k] = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (classes)
            shares[rows->codes[i]] += 1 / (double)rows->n;
        else
            mean += values[i] / (double)rows->n;
    }
    for (size_t j = 0; j < rows->p; j++) {
        const float *x = rows->x + j * rows->n;
        double slope = 0;
        if (classes)
            slope = class_slope(x, rows, classes, shares, sums);
        for (size_t i = 0; !classes && i < rows->n; i++)
            slope += (double)x[i] * (values[i] - mean);
        largest = fmax(largest, fabs(slope));
    }
    return largest / (double)rows->n;
}

void gated_layers(struct nn_branch *branch, size_t hidden, size_t layers)
{
    memset(branch, 0, sizeof *branch);
    for (size_t l = 0; l < layers; l++) {
        branch->layers[branch->n].kind = NN_LINEAR;
        branch->layers[branch->n++].out = hidden;
        branch->layers[branch->n++].kind = NN_RELU;
    }
    branch->layers[branch->n++].kind = NN_LINEAR;
}

/* The lambdas of the inputs' sparsities, until now shares. */
static enum spred_status scale_lambdas(struct spred_env *env,
                                       const struct gated *state,
                                       const struct spred_model_task *task,
                                       struct nn_shape *shape)
{
    double *room = spred_alloc(env, 2 * task->classes + 1, sizeof *room);
    if (!room)
        return SPRED_ENOMEM;
    double most = gated_lambda_max(&task->train, task->classes,
                                   state->target.values, room);
    spred_free(env, room);
    if (!shape->sum) /* every head has its share of the loss */
        most /= (double)shape->n_branches;
    shape->gate.lambda *= most;
    for (size_t b = 0; b < shape->n_branches; b++)
        shape->branches[b].layers[0].sparse.lambda *= most;
    return SPRED_OK;
}

static enum spred_status evaluate(void *cookie, struct nn *nn, long step,
                                  int *stop)
{
    struct course *course = cookie;
    const struct gated_options *o = course->options;
    struct spred_offer offer = {.score = NAN, .loss = NAN, .best = 0};
    char what[32] = "";
    (void)nn;
    if (o->keep == GATED_LAST) {
        if (step < o->steps)
            return SPRED_OK;
    } else {
        snprintf(what, sizeof what, "step=%ld", step);
    }
    SPRED_TRY(course->task->offer(course->task->cookie, what, &offer));
    course->stale = offer.best ? 0 : course->stale + 1;
    if (o->patience > 0 && !isnan(offer.score) && course->stale >= o->patience)
        *stop = 1;
    return SPRED_OK;
}

static void describe(const struct nn_report *r, size_t p, int keep,
                     struct spred_model_report *report)
{
    const char *of_last = keep == GATED_BEST ? ", after the last step" : "";
    report->steps = r->steps;
    report->passes = r->passes;
    if (r->parked && r->awake)
        snprintf(report->note, sizeof report->note,
                 "%zu of %zu gates parked; %zu of them have |g| >= lambda at "
                 "the end (up to %.3g lambda)%s",
                 r->parked, p, r->awake, r->worst, of_last);
    else if (r->parked)
        snprintf(report->note, sizeof report->note,
                 "%zu of %zu gates parked, all verified |g| < lambda (up to "
                 "%.3g lambda)%s",
                 r->parked, p, r->worst, of_last);
}

void gated_shape(const struct spred_rows *rows, size_t classes,
                 struct nn_shape *shape)
{
    shape->inputs = rows->p;
    shape->outputs = classes ? classes : 1;
    shape->classes = classes > 0;
    if (nn_needs_picture(&shape->branches[0]))
        shape->picture = rows->picture;
}

enum spred_status gated_fit(struct spred_env *env, struct gated *state,
                            const struct gated_options *o,
                            const struct spred_model_task *task,
                            struct nn_shape *shape,
                            struct nn_training *training,
                            struct spred_model_report *report)
{
    struct course course = {.options = o, .task = task};
    struct spred_rows rows = task->train;
    struct nn_report result = {0};
    state->p = rows.p;
    state->outputs = task->classes ? task->classes : 1;
    state->zero = o->zero;
    state->importance = spred_alloc(env, rows.p, sizeof *state->importance);
    if (!state->importance)
        return SPRED_ENOMEM;
    SPRED_TRY(nn_target_open(env, task, &state->target));
    rows.values = state->target.values;
    gated_shape(&rows, task->classes, shape);
    if (o->relative)
        SPRED_TRY(scale_lambdas(env, state, task, shape));
    /* Layers of all pictures at once would not fit in memory. */
    size_t most = shape->picture.height && o->batch && (size_t)o->batch < rows.n
                      ? (size_t)o->batch
                      : rows.n;
    SPRED_TRY(nn_new(env, shape, most, task->seed, &state->nn));
    training->cosine = o->cosine;
    training->clip = o->clip;
    training->steps = o->steps;
    training->batch = (size_t)o->batch;
    training->every = o->every;
    training->seed = task->seed + 1;
    training->dead = o->compact && nn_can_park(shape) ? DEAD : 0;
    training->evaluate = evaluate;
    training->cookie = &course;
    enum spred_status status =
        nn_train(env, state->nn, &rows, training, &result);
    describe(&result, rows.p, o->keep, report);
    return status;
}

/* The rounding rule, once for the report and for predictions. */
static void importance_of(const struct gated *state, double *out)
{
    nn_importance(state->nn, state->zero, out);
    for (size_t j = 0; j < state->p; j++)
        if (out[j] <= NOTHING)
            out[j] = 0;
}

enum spred_status gated_predict(struct spred_env *env, void *memory,
                                const float *x, size_t n, double *scores)
{
    struct gated *state = memory;
    size_t cells = n * state->p;
    if (cells > state->room) {
        spred_free(env, state->x);
        state->room = 0;
        state->x = spred_alloc(env, cells, sizeof *state->x);
        if (!state->x)
            return SPRED_ENOMEM;
        state->room = cells;
    }
    importance_of(state, state->importance);
    for (size_t j = 0; j < state->p; j++) {
        if (state->importance[j] > 0)
            memcpy(state->x + j * n, x + j * n, n * sizeof *x);
        else
            memset(state->x + j * n, 0, n * sizeof *x);
    }
    SPRED_TRY(nn_predict(env, state->nn, state->x, n, scores));
    nn_target_restore(&state->target, n * state->outputs, scores);
    return SPRED_OK;
}

void gated_genes(const void *memory, double *importance)
{
    const struct gated *state = memory;
    importance_of(state, importance);
}

void gated_free(struct spred_env *env, void *memory)
{
    struct gated *state = memory;
    nn_free(state->nn);
    nn_target_close(env, &state->target);
    spred_free(env, state->importance);
    spred_free(env, state->x);
}
