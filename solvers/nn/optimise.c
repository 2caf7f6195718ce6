/* optimise.c: SGD with momentum, Adam with coupled decay (Kingma and Ba 2015)
 * and with decoupled decay (Loshchilov and Hutter 2019), PyTorch's forms of
 * them, and the two penalties that no decay stands for. */
#include "solvers/nn/optimise.h"

#include <math.h>
#include <string.h>

#include "solvers/nn/update_loops.h"

/* Factors stay above it: their products are 0 for every purpose, but their
 * slopes are not denormal, and u = v = 0, which nothing leaves, is not met. */
#define FACTOR_FLOOR 1e-30
#define PI 3.14159265358979323846

static int of_inputs(const struct nn_tensor *t)
{
    return t->role == NN_GATE || t->role == NN_FIRST;
}

size_t nn_used(const struct nn *nn, const struct nn_tensor *tensor)
{
    return tensor->rows * (of_inputs(tensor) ? nn_live(nn) : tensor->cols);
}

static const struct nn_rule *rule_of(const struct nn_training *training,
                                     const struct nn_tensor *t)
{
    /* A weight of layer 0 is a gate that is not of one input. */
    return of_inputs(t) || (t->role == NN_WEIGHT && t->layer == 0)
               ? &training->first
               : &training->rest;
}

/* Zeroed; *moment may be there already. */
static enum spred_status clear(struct spred_env *env, real **moment,
                               size_t count, int wanted)
{
    if (!wanted)
        return SPRED_OK;
    if (!*moment)
        *moment = spred_alloc(env, count, sizeof **moment);
    else
        memset(*moment, 0, count * sizeof **moment);
    return *moment ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status nn_moments(struct spred_env *env, struct nn *nn,
                             const struct nn_training *training)
{
    size_t count;
    struct nn_tensor *tensors = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++) {
        struct nn_tensor *t = &tensors[i];
        const struct nn_rule *rule = rule_of(training, t);
        int adam = rule->kind != NN_SGD;
        SPRED_TRY(clear(env, &t->moment1, t->rows * t->cols,
                        adam || rule->momentum > 0));
        SPRED_TRY(clear(env, &t->moment2, t->rows * t->cols, adam));
    }
    return SPRED_OK;
}

double nn_gradient_norm(struct nn *nn)
{
    size_t count;
    const struct nn_tensor *tensors = nn_tensors(nn, &count);
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += tensors[i].squares;
    return sqrt(total);
}

double nn_clip(double clip, double norm)
{
    double share = clip / (norm + 1e-6);
    return clip > 0 && share < 1 ? share : 1;
}

double nn_schedule(const struct nn_training *training, long step)
{
    double share = (double)step / (double)training->steps;
    return training->cosine ? (1 + cos(PI * share)) / 2 : 1;
}

/* ---- penalties that are no decay ---- */

/* Each value by itself: v - min(max(v, -amount), amount) */
static void elements(size_t count, real *restrict value,
                     real *restrict gradient, real amount)
{
    if (gradient) {
        for (size_t e = 0; e < count; e++)
            gradient[e] +=
                (value[e] > 0 ? amount : 0) - (value[e] < 0 ? amount : 0);
        return;
    }
    for (size_t e = 0; e < count; e++) {
        real low = value[e] > -amount ? value[e] : -amount;
        value[e] -= low < amount ? low : amount;
    }
}

static void one_group(real *value, real *gradient, size_t count, double amount)
{
    double size = 0;
    for (size_t e = 0; e < count; e++)
        size += (double)value[e] * (double)value[e];
    size = sqrt(size);
    if (gradient) {
        if (size > 0)
            for (size_t e = 0; e < count; e++)
                gradient[e] += (real)(amount * (double)value[e] / size);
        return;
    }
    real keep = size > amount ? (real)(1 - amount / size) : 0;
    for (size_t e = 0; e < count; e++)
        value[e] *= keep;
}

/* Columns g, g + every, ... of a column-major matrix. */
static void strided_group(size_t rows, size_t cols, size_t g, size_t every,
                          real *value, real *gradient, double amount)
{
    double size = 0;
    for (size_t j = g; j < cols; j += every)
        for (size_t e = j * rows; e < (j + 1) * rows; e++)
            size += (double)value[e] * (double)value[e];
    size = sqrt(size);
    real pull = size > 0 ? (real)(amount / size) : 0;
    real keep = size > amount ? (real)(1 - amount / size) : 0;
    for (size_t j = g; j < cols; j += every)
        for (size_t e = j * rows; e < (j + 1) * rows; e++) {
            if (gradient)
                gradient[e] += pull * value[e];
            else
                value[e] *= keep;
        }
}

/* Rows of a column-major matrix: their sizes first. */
static void row_groups(size_t rows, size_t cols, real *value, real *gradient,
                       double amount, double *restrict sizes)
{
    memset(sizes, 0, rows * sizeof *sizes);
    for (size_t j = 0; j < cols; j++) {
        const real *restrict v = value + j * rows;
        for (size_t r = 0; r < rows; r++)
            sizes[r] += (double)v[r] * (double)v[r];
    }
    for (size_t r = 0; r < rows; r++) {
        double size = sqrt(sizes[r]);
        if (gradient)
            sizes[r] = size > 0 ? amount / size : 0;
        else
            sizes[r] = size > amount ? 1 - amount / size : 0;
    }
    for (size_t j = 0; j < cols; j++) {
        real *restrict v = value + j * rows;
        for (size_t r = 0; gradient && r < rows; r++)
            gradient[r + j * rows] += (real)sizes[r] * v[r];
        for (size_t r = 0; !gradient && r < rows; r++)
            v[r] *= (real)sizes[r];
    }
}

void nn_penalise(const struct nn_sparse *sparse, size_t rows, size_t cols,
                 real *value, real *gradient, double amount, double *scratch)
{
    size_t total = rows * cols, group = rows;
    if (sparse->group == NN_ELEMENT) {
        elements(total, value, gradient, (real)amount);
        return;
    }
    if (sparse->group == NN_OUTPUT) {
        row_groups(rows, cols, value, gradient, amount, scratch);
        return;
    }
    if (sparse->group == NN_INPUT && sparse->every) {
        for (size_t g = 0; g < sparse->every; g++)
            strided_group(rows, cols, g, sparse->every, value, gradient,
                          amount);
        return;
    }
    if (sparse->group == NN_BLOCK)
        group = rows * (sparse->block ? sparse->block : 1);
    for (size_t e = 0; e < total; e += group)
        one_group(value + e, gradient ? gradient + e : NULL,
                  total - e < group ? total - e : group, amount);
}

/* Into the gradient, which is still to be multiplied by scale. */
static void add_penalty(const struct nn_tensor *t, size_t used, double scale,
                        double *scratch)
{
    if (t->sparse.kind == NN_SUBGRADIENT)
        nn_penalise(&t->sparse, t->rows, used / t->rows, t->value, t->gradient,
                    t->sparse.lambda / scale, scratch);
    for (size_t e = 0; t->sparse.kind == NN_STG && e < used; e++)
        t->gradient[e] +=
            (real)(nn_stg_slope(&t->sparse, (double)t->value[e]) / scale);
}

/* ---- the step ---- */

static double decay_of(const struct nn_rule *rule, const struct nn_tensor *t)
{
    if (t->decay > 0)
        return t->decay;
    return t->sparse.kind == NN_DENSE && t->role != NN_NORM ? rule->decay : 0;
}

static struct update_rule update_of(const struct nn_rule *rule,
                                    const struct nn_tensor *t, long step,
                                    double scale, double schedule)
{
    struct update_rule update = {
        .lr = rule->lr * schedule,
        .scale = scale,
        .decay = decay_of(rule, t),
        .shrink = 1,
        .momentum = rule->momentum,
        .beta1 = rule->beta1 > 0 ? rule->beta1 : .9,
        .beta2 = rule->beta2 > 0 ? rule->beta2 : .999,
        .epsilon = rule->epsilon > 0 ? rule->epsilon : 1e-8,
        .floor = t->decay > 0 ? FACTOR_FLOOR : 0,
    };
    /* The decay of a factor is a penalty that AdamW must not take out. */
    if (rule->kind == NN_ADAMW && !(t->decay > 0)) {
        update.shrink = 1 - update.lr * update.decay;
        update.decay = 0;
    }
    update.unbias1 = 1 / (1 - pow(update.beta1, (double)step + 1));
    update.unbias2 = 1 / (1 - pow(update.beta2, (double)step + 1));
    return update;
}

void nn_step(struct nn *nn, const struct nn_training *training, long step,
             double scale, double schedule, double *scratch)
{
    const struct update_loops *loops = update_loops();
    size_t count;
    struct nn_tensor *tensors = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++) {
        struct nn_tensor *t = &tensors[i];
        const struct nn_rule *rule = rule_of(training, t);
        struct update_rule update = update_of(rule, t, step, scale, schedule);
        size_t used = nn_used(nn, t);
        add_penalty(t, used, scale, scratch);
        if (rule->kind != NN_SGD)
            loops->adam(used, &update, t->value, t->gradient, t->moment1,
                        t->moment2);
        else if (rule->momentum > 0)
            loops->momentum(used, &update, t->value, t->gradient, t->moment1);
        else
            loops->plain(used, &update, t->value, t->gradient);
        /* Momentum makes a constant gradient's steps 1 / (1 - momentum) times
         * as long, and the threshold must rest where they do. */
        double reach = rule->kind == NN_SGD ? 1 - rule->momentum : 1;
        if (t->sparse.kind == NN_PROXIMAL)
            nn_penalise(&t->sparse, t->rows, used / t->rows, t->value, NULL,
                        update.lr * t->sparse.lambda / reach, scratch);
    }
}
