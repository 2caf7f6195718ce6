/* batch_norm.c: y = gamma (a - mean)/sqrt(var + eps) + beta, a unit at a time,
 * with the batch's mean and variance in training and running ones in
 * evaluation; of pictures a channel at a time, over all pixels (Ioffe, Szegedy
 * 2015; constants and unbiased running variance as PyTorch). */
#include "solvers/nn/inside.h"

#include <math.h>

#define MOMENTUM .1

/* Of pictures so many pixels are summed by themselves: sums of some 100 000
 * values lose too much in single precision. */
enum { BLOCK = 256 };

static size_t block_of(const struct nn_unit *u, size_t n)
{
    return u->out > u->rows ? BLOCK : n;
}

static size_t block_end(size_t from, size_t block, size_t n)
{
    return n - from < block ? n : from + block;
}

/* sum += part; part = 0 */
static void move_sums(size_t rows, real *restrict part, real *restrict sum)
{
    for (size_t i = 0; i < rows; i++) {
        sum[i] += part[i];
        part[i] = 0;
    }
}

static enum spred_status make(struct spred_env *env, struct nn *nn,
                              struct nn_unit *u)
{
    u->rows = u->to.channels;
    SPRED_TRY(nn_tensor_add(env, nn, NN_NORM, u->branch, u->index, u->rows, 1,
                            &u->tensor));
    SPRED_TRY(nn_tensor_add(env, nn, NN_NORM, u->branch, u->index, u->rows, 1,
                            &u->bias));
    u->kept = nn_reals(env, u->out, nn->most);
    u->running = nn_reals(env, u->rows, 2);
    u->n_running = u->running ? 2 * u->rows : 0;
    u->spread = nn_reals(env, u->rows, 4);
    return u->kept && u->running && u->spread ? SPRED_OK : SPRED_ENOMEM;
}

static void start(struct nn *nn, struct nn_unit *u, struct spred_rng *rng)
{
    (void)rng;
    for (size_t i = 0; i < u->rows; i++)
        nn->tensors[u->tensor].value[i] = u->running[u->rows + i] = 1;
}

/* mean and 1/sqrt(var + eps) of the batch; running statistics follow. */
static void batch_statistics(struct nn_unit *u, const real *in, size_t n)
{
    size_t rows = u->rows;
    real *restrict spread = u->spread, *restrict mean = u->spread + rows;
    real *restrict running = u->running, *restrict var = u->running + rows;
    real *restrict part = u->spread + 2 * rows;
    size_t block = block_of(u, n);
    for (size_t i = 0; i < rows; i++)
        mean[i] = spread[i] = part[i] = 0;
    for (size_t from = 0; from < n; from += block) {
        for (size_t s = from; s < block_end(from, block, n); s++)
            for (size_t i = 0; i < rows; i++)
                part[i] += in[i + s * rows];
        move_sums(rows, part, mean);
    }
    for (size_t i = 0; i < rows; i++)
        mean[i] /= (real)n;
    for (size_t from = 0; from < n; from += block) {
        for (size_t s = from; s < block_end(from, block, n); s++)
            for (size_t i = 0; i < rows; i++) {
                real away = in[i + s * rows] - mean[i];
                part[i] += away * away;
            }
        move_sums(rows, part, spread);
    }
    for (size_t i = 0; i < rows; i++) {
        double v = (double)spread[i] / (double)n;
        double unbiased = n > 1 ? v * (double)n / (double)(n - 1) : v;
        running[i] += (real)MOMENTUM * (mean[i] - running[i]);
        var[i] += (real)(MOMENTUM * (unbiased - (double)var[i]));
        spread[i] = (real)(1 / sqrt(v + NN_NORM_EPSILON));
    }
}

static void forward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                    int training)
{
    size_t rows = u->rows;
    n *= u->out / rows;
    const real *restrict gamma = nn->tensors[u->tensor].value;
    const real *restrict beta = nn->tensors[u->bias].value;
    real *restrict spread = u->spread, *restrict mean = u->spread + rows;
    real *restrict kept = u->kept, *restrict out = u->output;
    if (training)
        batch_statistics(u, in, n);
    else
        for (size_t i = 0; i < rows; i++) {
            mean[i] = u->running[i];
            spread[i] = (real)(1 / sqrt((double)u->running[rows + i] +
                                        NN_NORM_EPSILON));
        }
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0; i < rows; i++) {
            size_t e = i + s * rows;
            kept[e] = (in[e] - mean[i]) * spread[i];
            out[e] = gamma[i] * kept[e] + beta[i];
        }
}

/* before = gamma spread (delta - mean(delta) - kept mean(delta kept)) */
static void backward(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                     real *before)
{
    size_t rows = u->rows;
    n *= u->out / rows;
    const real *restrict gamma = nn->tensors[u->tensor].value;
    real *restrict by_gamma = nn->tensors[u->tensor].gradient;
    real *restrict by_beta = nn->tensors[u->bias].gradient;
    const real *restrict delta = u->delta, *restrict kept = u->kept;
    real *restrict out = before;
    (void)in;
    real *restrict part = u->spread + 2 * rows, *restrict other = part + rows;
    size_t block = block_of(u, n);
    for (size_t i = 0; i < rows; i++)
        by_gamma[i] = by_beta[i] = part[i] = other[i] = 0;
    for (size_t from = 0; from < n; from += block) {
        for (size_t s = from; s < block_end(from, block, n); s++)
            for (size_t i = 0; i < rows; i++) {
                part[i] += delta[i + s * rows] * kept[i + s * rows];
                other[i] += delta[i + s * rows];
            }
        move_sums(rows, part, by_gamma);
        move_sums(rows, other, by_beta);
    }
    for (size_t s = 0; before && s < n; s++)
        for (size_t i = 0; i < rows; i++) {
            size_t e = i + s * rows;
            out[e] =
                gamma[i] * u->spread[i] *
                (delta[e] - (by_beta[i] + kept[e] * by_gamma[i]) / (real)n);
        }
}

const struct nn_kind nn_kind_batch_norm = {
    .name = "batch-norm",
    .joint = 1,
    .make = make,
    .start = start,
    .forward = forward,
    .backward = backward,
};
