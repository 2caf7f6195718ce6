/* steps.c: one evaluation of the network: the loss with its gradient in
 * training mode, or scores in evaluation mode. */
#include "solvers/nn/inside.h"

#include <math.h>

static void inner_forward(struct nn *nn, size_t b, size_t n, int training)
{
    for (size_t l = 1; l < nn->shape.branches[b].n; l++) {
        struct nn_unit *u = &nn->units[b][l];
        u->kind->forward(nn, u, u[-1].output, n, training);
    }
}

static void add_outputs(struct nn *nn, size_t n)
{
    size_t count = nn->shape.outputs * n;
    for (size_t b = 0; b < nn->shape.n_branches; b++) {
        const real *restrict z = nn_last(nn, b)->output;
        real *restrict sum = nn->sum;
        for (size_t e = 0; e < count; e++)
            sum[e] = b ? sum[e] + z[e] : z[e];
    }
}

/* The loss, and the delta of every branch's last layer. */
static double losses(struct nn *nn, size_t n, const int32_t *codes,
                     const double *values)
{
    size_t branches = nn->shape.n_branches;
    double loss = 0, weight = 1 / (double)branches;
    if (nn->shape.sum) {
        add_outputs(nn, n);
        for (size_t b = 0; b < branches; b++)
            loss = nn_loss(nn, nn->sum, n, codes, values, 1,
                           nn_last(nn, b)->delta);
        return loss;
    }
    for (size_t b = 0; b < branches; b++) {
        struct nn_unit *u = nn_last(nn, b);
        loss +=
            weight * nn_loss(nn, u->output, n, codes, values, weight, u->delta);
    }
    return loss;
}

static double row_passes(struct nn *nn, const real *x, size_t n,
                         const int32_t *codes, const double *values)
{
    nn_first_forward(nn, x, n);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        inner_forward(nn, b, n, 1);
    double loss = losses(nn, n, codes, values);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = nn->shape.branches[b].n; l-- > 1;) {
            struct nn_unit *u = &nn->units[b][l];
            u->kind->backward(nn, u, u[-1].output, n, u[-1].delta);
        }
    nn_first_backward(nn, x, n);
    return loss;
}

static double picture_passes(struct nn *nn, const real *x, size_t n,
                             const int32_t *codes, const double *values)
{
    if (nn_pictures_forward(nn, x, n, 1) != SPRED_OK)
        return NAN;
    double loss = losses(nn, n, codes, values);
    return nn_pictures_backward(nn, x, n) == SPRED_OK ? loss : NAN;
}

double nn_gradient(struct nn *nn, const real *x, size_t n, const int32_t *codes,
                   const double *values)
{
    for (size_t i = 0; i < nn->n_tensors; i++)
        nn->tensors[i].squares = 0;
    double loss = nn_has_picture(nn) ? picture_passes(nn, x, n, codes, values)
                                     : row_passes(nn, x, n, codes, values);
    for (size_t i = 0; i < nn->n_tensors; i++) {
        struct nn_tensor *t = &nn->tensors[i];
        size_t count = t->rows * nn_columns(nn, t);
        /* Matrices were summed up while they were in cache. */
        if (t->squares > 0)
            continue;
        for (size_t e = 0; e < count; e++)
            t->squares += (double)t->gradient[e] * (double)t->gradient[e];
    }
    return loss;
}

static enum spred_status room_for_samples(struct spred_env *env, struct nn *nn)
{
    if (!nn->samples)
        nn->samples = nn_reals(env, nn->shape.inputs, nn->most);
    return nn->samples ? SPRED_OK : SPRED_ENOMEM;
}

/* samples = x', a block of both at a time: x is read by columns */
static void gather(struct nn *nn, const float *x, size_t stride, size_t n)
{
    enum { SIDE = 32 };
    size_t inputs = nn->shape.inputs;
    for (size_t i = 0; i < n; i += SIDE)
        for (size_t j = 0; j < inputs; j += SIDE)
            for (size_t a = i; a < i + SIDE && a < n; a++)
                for (size_t b = j; b < j + SIDE && b < inputs; b++)
                    nn->samples[b + a * inputs] = (real)x[a + b * stride];
}

/* Of samples from .. from + count - 1 of n. */
static void put_scores(struct nn *nn, size_t from, size_t count, size_t n,
                       double *scores)
{
    size_t k = nn->shape.outputs;
    if (nn->shape.sum)
        add_outputs(nn, count);
    const real *z =
        nn->shape.sum ? nn->sum : nn_last(nn, nn->shape.n_branches - 1)->output;
    for (size_t i = 0; i < count; i++)
        for (size_t o = 0; o < k; o++)
            scores[from + i + o * n] = (double)z[o + i * k];
}

enum spred_status nn_predict(struct spred_env *env, struct nn *nn,
                             const float *x, size_t n, double *scores)
{
    for (size_t from = 0; from < n; from += nn->most) {
        size_t count = n - from < nn->most ? n - from : nn->most;
        SPRED_TRY(spred_check_cancel(env));
        if (nn_has_picture(nn)) {
            SPRED_TRY(room_for_samples(env, nn));
            gather(nn, x + from, n, count);
            SPRED_TRY(nn_pictures_forward(nn, nn->samples, count, 0));
        } else {
            nn_first_predict(nn, x + from, n, count);
            for (size_t b = 0; b < nn->shape.n_branches; b++)
                if (nn->shape.sum || b + 1 == nn->shape.n_branches)
                    inner_forward(nn, b, count, 0);
        }
        put_scores(nn, from, count, n, scores);
    }
    return SPRED_OK;
}

enum spred_status nn_predict_samples(struct spred_env *env, struct nn *nn,
                                     const float *x, size_t n, double *scores)
{
    size_t inputs = nn->shape.inputs;
    for (size_t from = 0; from < n; from += nn->most) {
        size_t count = n - from < nn->most ? n - from : nn->most;
        const float *part = x + from * inputs;
        SPRED_TRY(spred_check_cancel(env));
#ifdef SPRED_NN_DOUBLE
        SPRED_TRY(room_for_samples(env, nn));
        for (size_t e = 0; e < inputs * count; e++)
            nn->samples[e] = (real)part[e];
        SPRED_TRY(nn_pictures_forward(nn, nn->samples, count, 0));
#else
        SPRED_TRY(nn_pictures_forward(nn, part, count, 0));
#endif
        put_scores(nn, from, count, n, scores);
    }
    return SPRED_OK;
}
