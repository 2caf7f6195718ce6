/* start.c: where parameters start. Dense weights as PyTorch's linear layer or
 * as Kaiming's; products of D factors so that the product has the size that a
 * dense start would give it, and no factor starts near zero, where it would
 * stay (PAPER.md section 1, "Starts"): a group of m weights of standard
 * deviation s has norm r = s sqrt(m); each factor starts at norm r^(1/D), which
 * is balanced on average but not exactly, with independent signs, so that a
 * weight can still change its sign. */
#include "solvers/nn/inside.h"

#include <math.h>

/* |f| uniform in [.5, 1.5] c has mean square 13/12 c^2. */
#define ROOT_12_13 0.96076892283052283
#define ROOT_3 1.7320508075688772935

static double dense_deviation(const struct nn *nn, size_t fan_in)
{
    return nn->shape.start == NN_START_KAIMING ? sqrt(2 / (double)fan_in)
                                               : 1 / sqrt(3 * (double)fan_in);
}

static void fill(const struct nn *nn, struct nn_tensor *t, double deviation,
                 struct spred_rng *rng)
{
    for (size_t e = 0; e < t->rows * t->cols; e++)
        t->value[e] = (real)(deviation *
                             (nn->shape.start == NN_START_KAIMING
                                  ? spred_rng_normal(rng)
                                  : ROOT_3 * (2 * spred_rng_uniform(rng) - 1)));
}

/* Root mean square `size`, either sign, never near zero. */
static void fill_away(struct nn_tensor *t, double size, struct spred_rng *rng)
{
    for (size_t e = 0; e < t->rows * t->cols; e++) {
        double u = 2 * spred_rng_uniform(rng), sign = u < 1 ? -1 : 1;
        t->value[e] =
            (real)(sign * size * ROOT_12_13 * (.5 + (u < 1 ? u : u - 1)));
    }
}

/* r^(1/D) of a group of so many weights */
static double factor_size(const struct nn *nn, const struct nn_sparse *sparse,
                          size_t entries, size_t fan_in)
{
    double r = dense_deviation(nn, fan_in) * sqrt((double)entries);
    return pow(r, 1 / (double)nn_factors(sparse));
}

void nn_start_gates(struct nn *nn, struct nn_gates *gates, size_t entries,
                    size_t fan_in, struct spred_rng *rng)
{
    struct nn_tensor *t = &nn->tensors[gates->tensor];
    int shared = gates == &nn->shared;
    double all = shared ? nn->shape.gate_start : 0;
    for (size_t k = 0; k < gates->count; k++) {
        if (gates->sparse.kind == NN_STG || all < 0 || all > 0)
            for (size_t g = 0; g < gates->groups; g++)
                t[k].value[g] = (real)all;
        else if (shared && gates->count == 1)
            for (size_t g = 0; g < gates->groups; g++)
                t[k].value[g] = (real)((2 * spred_rng_uniform(rng) - 1) /
                                       sqrt((double)fan_in));
        else
            fill_away(&t[k], factor_size(nn, &gates->sparse, entries, fan_in),
                      rng);
    }
}

/* Standard deviation of the matrix that gates multiply. */
static double gated_deviation(const struct nn *nn, const struct nn_unit *u,
                              size_t entries)
{
    const struct nn_gates *gates = u->gates;
    int shared = gates == &nn->shared;
    int fixed = shared && (gates->count == 1 || nn->shape.gate_start < 0 ||
                           nn->shape.gate_start > 0);
    if (!gates || gates->sparse.kind == NN_STG || fixed)
        return dense_deviation(nn, u->cols);
    return factor_size(nn, &gates->sparse, entries, u->cols) /
           sqrt((double)entries);
}

void nn_start_linear(struct nn *nn, struct nn_unit *u, struct spred_rng *rng)
{
    struct nn_tensor *t = &nn->tensors[u->tensor];
    size_t every = u->gates ? u->gates->sparse.every : 0;
    size_t entries = every ? u->rows * (u->cols / every) : u->rows;
    if (u->gates == &nn->shared) {
        entries = 0;
        for (size_t b = 0; b < nn->shape.n_branches; b++)
            entries += nn->units[b][0].out;
    } else if (u->gates && u->gates->sparse.group == NN_OUTPUT)
        entries = u->cols;
    else if (u->gates && u->gates->sparse.group == NN_BLOCK)
        entries = u->rows * u->gates->sparse.block;
    if (u->gates == &u->own)
        nn_start_gates(nn, &u->own, entries, u->cols, rng);
    for (size_t d = 0; d < u->factors; d++) {
        if (u->factors > 1)
            fill_away(&t[d], factor_size(nn, &u->layer->sparse, 1, u->cols),
                      rng);
        else
            fill(nn, &t[d], gated_deviation(nn, u, entries), rng);
    }
    if (u->limit != NN_NONE)
        nn_str_start(nn, u);
    if (u->bias != NN_NONE && nn->shape.start == NN_START_FAN_IN)
        fill(nn, &nn->tensors[u->bias], dense_deviation(nn, u->cols), rng);
}
