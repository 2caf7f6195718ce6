/* fixed.c: what a network emits whatever it reads (evaluation mode): channels
 * whose value is the same for every sample and pixel, from the first layer on.
 */
#include "solvers/nn/dead.h"

#include <math.h>

static void fix(struct nn_dead *dead, size_t k, double value)
{
    dead->fixed[k] = 1;
    dead->value[k] = value;
}

int nn_dead_folds(const struct nn_dead *dead, const struct nn_unit *u, size_t c)
{
    size_t k = dead->ports[u->branch][u->index].first + c;
    int padded = u->layer->kind == NN_CONV && u->layer->pad > 0;
    return dead->fixed[k] && !(padded && fabs(dead->value[k]) > 0);
}

/* b + sum_j w_j v_j, if every column with w_j != 0 is a constant */
static void fix_weights(struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn *nn = dead->nn;
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    const real *w = nn->tensors[u->tensor].value;
    const real *bias = u->bias == NN_NONE ? NULL : nn->tensors[u->bias].value;
    for (size_t i = 0; i < u->rows; i++)
        fix(dead, in[1].first + i, bias ? (double)bias[i] : 0);
    for (size_t j = 0; j < u->cols; j++) {
        size_t c = j % in->channels;
        int folds = nn_dead_folds(dead, u, c);
        double value = folds ? dead->value[in->first + c] : 0;
        for (size_t i = 0; i < u->rows; i++) {
            double weight = (double)w[i + j * u->rows];
            if (weight != 0 && !folds)
                dead->fixed[in[1].first + i] = 0;
            dead->value[in[1].first + i] += weight * value;
        }
    }
}

static void fix_norm(struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    const real *gamma = dead->nn->tensors[u->tensor].value;
    const real *beta = dead->nn->tensors[u->bias].value;
    const real *mean = u->running, *variance = u->running + in->channels;
    for (size_t c = 0; c < in->channels; c++) {
        size_t k = in->first + c;
        double scale =
            (double)gamma[c] / sqrt((double)variance[c] + NN_NORM_EPSILON);
        double away = dead->fixed[k] ? dead->value[k] - (double)mean[c] : 0;
        if (dead->fixed[k] || !(fabs(scale) > 0))
            fix(dead, in[1].first + c, scale * away + (double)beta[c]);
    }
}

static void fix_sum(struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    const struct nn_port *back = in - u->layer->back;
    for (size_t c = 0; c < in->channels; c++) {
        size_t k = in->first + c, other = back->first + c;
        int padded = c >= back->channels;
        if (dead->fixed[k] && (padded || dead->fixed[other]))
            fix(dead, in[1].first + c,
                dead->value[k] + (padded ? 0 : dead->value[other]));
    }
}

/* Layers that hand a constant on: as it is, or above 0. */
static void fix_same(struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    for (size_t c = 0; c < in->channels; c++) {
        double value = dead->value[in->first + c];
        if (u->layer->kind == NN_RELU && !(value > 0))
            value = 0;
        if (dead->fixed[in->first + c])
            fix(dead, in[1].first + c, value);
    }
}

void nn_dead_fix(struct nn_dead *dead)
{
    const struct nn *nn = dead->nn;
    for (size_t k = 0; k < dead->count; k++)
        dead->fixed[k] = 0;
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
            const struct nn_unit *u = &nn->units[b][l];
            if (nn_has_weights(u))
                fix_weights(dead, u);
            else if (u->layer->kind == NN_BATCH_NORM)
                fix_norm(dead, u);
            else if (u->layer->kind == NN_ADD)
                fix_sum(dead, u);
            else
                fix_same(dead, u);
        }
}
