/* marks.c: what a trained network is worth at each rule of zero; afterwards one
 * of them stands. */
#include "solvers/deep/course.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "solvers/nn/sparsity.h"

/* Outputs of a network that was made smaller may differ by so much, relative to
 * the largest (at least 1). */
#define SAME 1e-5

struct counts {
    struct spred_layer_mark layers[NN_MAX_BRANCHES * NN_MAX_LAYERS];
    size_t n;
    double macs, macs_dense;
};

static enum spred_status count(struct deep_course *c, struct nn *nn,
                               struct counts *out)
{
    return nn_count(c->env, nn, out->layers, &out->n, &out->macs,
                    &out->macs_dense);
}

static enum spred_status tell(struct deep_course *c, struct nn *nn,
                              const char *rule, double threshold,
                              const struct counts *counts)
{
    struct spred_mark mark = {.rule = rule,
                              .threshold = threshold,
                              .macs = counts->macs,
                              .macs_dense = counts->macs_dense,
                              .layers = counts->layers,
                              .n_layers = counts->n};
    c->state->nn = nn;
    deep_weigh(c->state);
    return c->task->mark(c->task->cookie, &mark);
}

static enum spred_status mark(struct deep_course *c, struct nn *nn,
                              const char *rule, double threshold)
{
    struct counts counts;
    SPRED_TRY(count(c, nn, &counts));
    return tell(c, nn, rule, threshold, &counts);
}

/* ---- made smaller ---- */

/* Scores of the first samples that there are: of the validation part, else of
 * the training part. */
enum { LOOKED_AT = 2048 };
static enum spred_status scores_of(struct deep_course *c, struct nn *nn,
                                   const struct spred_rows *rows, size_t n,
                                   float *x, double *out)
{
    for (size_t j = 0; j < rows->p; j++)
        memcpy(x + j * n, rows->x + j * rows->n, n * sizeof *x);
    return nn_predict(c->env, nn, x, n, out);
}

static enum spred_status compare(struct deep_course *c, struct nn *a,
                                 struct nn *b, double *difference)
{
    const struct spred_rows *rows =
        c->task->validate.n ? &c->task->validate : &c->task->train;
    size_t n = rows->n < LOOKED_AT ? rows->n : LOOKED_AT;
    size_t cells = n * c->state->outputs;
    float *x = spred_alloc(c->env, n * rows->p, sizeof *x);
    double *scores = spred_alloc(c->env, 2 * cells, sizeof *scores);
    enum spred_status status = x && scores ? SPRED_OK : SPRED_ENOMEM;
    double most = 1, away = 0;
    if (status == SPRED_OK)
        status = scores_of(c, a, rows, n, x, scores);
    if (status == SPRED_OK)
        status = scores_of(c, b, rows, n, x, scores + cells);
    for (size_t e = 0; status == SPRED_OK && e < cells; e++) {
        most = fmax(most, fabs(scores[e]));
        away = fmax(away, fabs(scores[e] - scores[cells + e]));
    }
    spred_free(c->env, x);
    spred_free(c->env, scores);
    *difference = away;
    if (status == SPRED_OK && !(away <= SAME * most))
        return spred_fail(c->env, SPRED_ENUMERIC,
                          "the smaller network is another function: outputs "
                          "differ by up to %g",
                          away);
    return status;
}

/* Kept as bytes and read again, as who uses it would. */
static enum spred_status stored(struct deep_course *c, struct nn *nn,
                                struct nn **out)
{
    struct nn *small;
    void *bytes = NULL;
    size_t size = 0;
    SPRED_TRY(nn_smaller(c->env, nn, c->most, &small));
    enum spred_status status = nn_store(c->env, small, &bytes, &size);
    nn_free(small);
    SPRED_TRY(status);
    status = nn_restore(c->env, bytes, size, c->most, out);
    spred_free(c->env, bytes);
    return status;
}

/* Weights and units of the network as it was, what is left of the smaller. */
static enum spred_status count_smaller(struct deep_course *c, struct nn *nn,
                                       struct nn *small, struct counts *out)
{
    struct counts left;
    SPRED_TRY(count(c, nn, out));
    SPRED_TRY(count(c, small, &left));
    for (size_t l = 0; l < out->n && l < left.n; l++) {
        out->layers[l].nonzero = left.layers[l].nonzero;
        out->layers[l].units_left = left.layers[l].units;
    }
    out->macs = left.macs_dense; /* zeros inside it are multiplied, too */
    return SPRED_OK;
}

/* The network without its dead neurons and filters; *worst: largest difference
 * of the outputs until now. */
static enum spred_status mark_smaller(struct deep_course *c, struct nn *nn,
                                      const char *rule, double threshold,
                                      double *worst)
{
    struct nn *small = NULL;
    struct counts counts;
    double difference = 0;
    if (c->options->group == NN_ELEMENT)
        return SPRED_OK;
    SPRED_TRY(stored(c, nn, &small));
    enum spred_status status = compare(c, nn, small, &difference);
    *worst = fmax(*worst, difference);
    if (status == SPRED_OK)
        status = count_smaller(c, nn, small, &counts);
    if (status == SPRED_OK)
        status = tell(c, small, rule, threshold, &counts);
    c->state->nn = NULL;
    nn_free(small);
    return status;
}

/* ---- in turn ---- */

static void load_result(struct deep_course *c, size_t result)
{
    struct nn *nn = result && c->plain ? c->plain : c->main;
    nn_load(nn, c->results[result]);
}

static enum spred_status mark_rounded(struct deep_course *c, double *worst)
{
    for (size_t k = 0; k < c->thresholds.n; k++) {
        double threshold = c->thresholds.values[k];
        load_result(c, 0);
        nn_round(c->main, threshold);
        if (threshold > 0)
            SPRED_TRY(mark(c, c->main, "threshold", threshold));
        else
            SPRED_TRY(mark(c, c->main, "exact zeros", NAN));
        SPRED_TRY(mark_smaller(c, c->main, "made smaller", threshold, worst));
    }
    return SPRED_OK;
}

static enum spred_status mark_targets(struct deep_course *c, double *worst)
{
    int shrinks = c->method->way == DEEP_SHRINK;
    int tuned = c->options->fine_tune > 0;
    for (size_t k = 0; k < c->targets.n; k++) {
        struct nn *nn = c->plain ? c->plain : c->main;
        double threshold = shrinks ? c->targets.values[k] : NAN;
        load_result(c, 1 + k);
        SPRED_TRY(mark(c, nn, tuned ? "fine-tuned" : "pruned", threshold));
        SPRED_TRY(mark_smaller(
            c, nn, tuned ? "made smaller, fine-tuned" : "made smaller",
            threshold, worst));
    }
    return SPRED_OK;
}

static enum spred_status mark_all(struct deep_course *c, double *worst)
{
    const struct deep_method *method = c->method;
    if (method->way == DEEP_SHRINK && method->kind != NN_DENSE)
        SPRED_TRY(mark_rounded(c, worst));
    else if (c->results[0]) {
        load_result(c, 0);
        SPRED_TRY(mark(c, c->main, "dense", NAN));
    }
    return mark_targets(c, worst);
}

static enum spred_status show(struct deep_course *c)
{
    size_t height, width;
    struct spred_picture picture;
    const struct spred_rows *rows = &c->task->train;
    struct nn *nn = c->state->nn;
    deep_filters_size(nn, rows, &height, &width, &picture);
    if (!c->task->show || height == 0)
        return SPRED_OK;
    float *after = spred_alloc(c->env, height * width, sizeof *after);
    if (!after)
        return SPRED_ENOMEM;
    enum spred_status status = deep_filters(c->env, nn, rows, after);
    if (status == SPRED_OK)
        status = c->task->show(c->task->cookie, "filters before", height, width,
                               &picture, c->before);
    if (status == SPRED_OK)
        status = c->task->show(c->task->cookie, "filters after", height, width,
                               &picture, after);
    spred_free(c->env, after);
    return status;
}

/* What stands, in the place of the course's own. */
static void stand(struct deep_course *c)
{
    int shrinks = c->method->way == DEEP_SHRINK;
    load_result(c, shrinks ? 0 : 1);
    if (shrinks && c->method->kind != NN_DENSE)
        nn_round(c->main, c->thresholds.values[0]);
    c->state->nn = c->main;
    c->main = NULL;
}

static enum spred_status describe(struct deep_course *c, double worst)
{
    struct counts counts;
    size_t weights = 0, nonzero = 0;
    char smaller[80] = "";
    SPRED_TRY(count(c, c->state->nn, &counts));
    for (size_t l = 0; l < counts.n; l++) {
        weights += counts.layers[l].weights;
        nonzero += counts.layers[l].nonzero;
    }
    if (worst >= 0)
        snprintf(smaller, sizeof smaller,
                 "; made smaller, stored, read again: outputs differ by %.1g",
                 worst);
    snprintf(c->report->note, sizeof c->report->note,
             "%ld steps, %.4g epochs in all; %zu of %zu weights (%.3g%%) are "
             "not 0%s",
             c->report->steps, c->report->passes, nonzero, weights,
             100 * (double)nonzero / (double)weights, smaller);
    return SPRED_OK;
}

enum spred_status deep_marks(struct deep_course *c)
{
    double worst = -1;
    if (c->task->mark) {
        enum spred_status status = mark_all(c, &worst);
        c->state->nn = NULL; /* it was lent */
        SPRED_TRY(status);
    }
    stand(c);
    deep_weigh(c->state);
    SPRED_TRY(describe(c, worst));
    return show(c);
}
