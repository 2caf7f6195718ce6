/* nearest_neighbour.c: the control that memorises: the label of the nearest
 * training sample, Euclidean distance over all genes (Cover and Hart 1967). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "spred/model.h"

enum {
    POLL_GENES = 64,    /* genes between two looks at cancel */
    BLOCK_ROWS = 32,    /* samples predicted together ... */
    BLOCK_TRAIN = 1024, /* ... and training samples: 256 KiB of distances */
};

struct state {
    size_t n, p, outputs;
    int classes;
    float *x;       /* n x p: the training part */
    size_t *code;   /* n; or */
    double *values; /* n */
};

static enum spred_status fit(struct spred_env *env, void *memory,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    struct state *state = memory;
    const struct spred_rows *train = &task->train;
    struct spred_offer offer;
    (void)options;
    if (train->n == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "nearest-neighbour needs training samples, got none");
    state->n = train->n;
    state->p = train->p;
    state->classes = task->classes > 0;
    state->outputs = task->classes ? task->classes : 1;
    state->x = spred_alloc(env, train->n * train->p, sizeof *state->x);
    state->code = spred_alloc(env, train->n, sizeof *state->code);
    state->values = spred_alloc(env, train->n, sizeof *state->values);
    if (!state->x || !state->code || !state->values)
        return SPRED_ENOMEM;
    for (size_t e = 0; e < train->n * train->p; e++)
        state->x[e] = train->x[e];
    for (size_t i = 0; i < train->n; i++) {
        if (state->classes)
            state->code[i] = (size_t)train->codes[i];
        else
            state->values[i] = train->values[i];
    }
    report->passes = 1;
    return task->offer(task->cookie, "", &offer);
}

/* distance[t + i * train] = sum over the genes of (x_ij - a_tj)^2, for the rows
 * first .. first + count - 1 of x, a block of training samples at a time. */
static enum spred_status distances(struct spred_env *env,
                                   const struct state *state, const float *x,
                                   size_t n, size_t first, size_t count,
                                   double *distance)
{
    memset(distance, 0, count * state->n * sizeof *distance);
    for (size_t from = 0; from < state->n; from += BLOCK_TRAIN) {
        size_t rest = state->n - from;
        size_t size = rest < BLOCK_TRAIN ? rest : BLOCK_TRAIN;
        for (size_t j = 0; j < state->p; j++) {
            const float *a = state->x + j * state->n + from;
            if (j % POLL_GENES == 0)
                SPRED_TRY(spred_check_cancel(env));
            for (size_t i = 0; i < count; i++) {
                double *row = distance + i * state->n + from;
                double value = x[first + i + j * n];
                for (size_t t = 0; t < size; t++) {
                    double d = value - (double)a[t];
                    row[t] += d * d;
                }
            }
        }
    }
    return SPRED_OK;
}

/* Minus the distance to the nearest sample of each class (a class without
 * samples: never said); real-valued: the nearest sample's value. */
static void score(const struct state *state, const double *distance, size_t n,
                  double *scores)
{
    size_t nearest = 0;
    for (size_t k = 0; k < state->outputs; k++)
        scores[k * n] = -(double)FLT_MAX;
    for (size_t t = 0; t < state->n; t++) {
        double *best = scores + (state->classes ? state->code[t] : 0) * n;
        *best = fmax(*best, -sqrt(distance[t]));
        if (distance[t] < distance[nearest])
            nearest = t;
    }
    if (!state->classes)
        scores[0] = state->values[nearest];
}

static enum spred_status predict(struct spred_env *env, void *memory,
                                 const float *x, size_t n, double *scores)
{
    const struct state *state = memory;
    size_t most = n < BLOCK_ROWS ? n : BLOCK_ROWS;
    double *distance = spred_alloc(env, most * state->n, sizeof *distance);
    if (!distance)
        return SPRED_ENOMEM;
    enum spred_status status = SPRED_OK;
    for (size_t first = 0; status == SPRED_OK && first < n; first += most) {
        size_t count = n - first < most ? n - first : most;
        status = distances(env, state, x, n, first, count, distance);
        for (size_t i = 0; status == SPRED_OK && i < count; i++)
            score(state, distance + i * state->n, n, scores + first + i);
    }
    spred_free(env, distance);
    return status;
}

static void genes(const void *memory, double *importance)
{
    const struct state *state = memory;
    for (size_t j = 0; j < state->p; j++)
        importance[j] = 1;
}

static void release(struct spred_env *env, void *memory)
{
    struct state *state = memory;
    spred_free(env, state->x);
    spred_free(env, state->code);
    spred_free(env, state->values);
}

const struct spred_model spred_model_nearest_neighbour = {
    .name = "nearest-neighbour",
    .alias = "1-nn",
    .doc = "control: the label of the nearest training sample, all genes",
    .reference = "Cover and Hart 1967, Nearest neighbor pattern classification",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL,
    .state_size = sizeof(struct state),
    .fit = fit,
    .predict = predict,
    .genes = genes,
    .free = release,
};
