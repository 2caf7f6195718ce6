/* gates.c: one number a group that multiplies the group's weights: a product of
 * D - 1 gates (PAPER.md section 1), or a stochastic gate (Yamada, Lindenbaum,
 * Negahban, Kluger, ICML 2020, equations 3 to 5). */
#include "solvers/nn/inside.h"

#include <math.h>

#define ROOT_2PI 2.50662827463100050242

size_t nn_factors(const struct nn_sparse *sparse)
{
    return sparse->factors ? sparse->factors : 2;
}

double nn_sigma(const struct nn_sparse *sparse)
{
    return sparse->sigma > 0 ? sparse->sigma : .5;
}

double nn_stg_slope(const struct nn_sparse *sparse, double mu)
{
    double sigma = nn_sigma(sparse), z = (mu + .5) / sigma;
    return sparse->lambda / sigma * exp(-z * z / 2) / ROOT_2PI;
}

enum spred_status nn_gates_make(struct spred_env *env, struct nn *nn,
                                struct nn_gates *gates,
                                const struct nn_sparse *sparse, size_t branch,
                                size_t layer, size_t rows, size_t cols,
                                int inputs)
{
    size_t d = nn_factors(sparse);
    int stg = sparse->kind == NN_STG;
    gates->sparse = *sparse;
    gates->groups = rows * cols;
    gates->inputs = inputs;
    gates->count = stg ? 1 : d - 1;
    gates->scale = nn_reals(env, gates->groups, 1);
    gates->slope = nn_reals(env, gates->groups, 1);
    gates->noise = stg ? nn_reals(env, gates->groups, 1) : NULL;
    if (!gates->scale || !gates->slope || (stg && !gates->noise))
        return SPRED_ENOMEM;
    for (size_t k = 0; k < gates->count; k++) {
        size_t index;
        SPRED_TRY(nn_tensor_add(env, nn, inputs ? NN_GATE : NN_WEIGHT, branch,
                                layer, rows, cols, &index));
        if (k == 0)
            gates->tensor = index;
        if (stg)
            nn->tensors[index].sparse = *sparse;
        else
            nn->tensors[index].decay = 2 * sparse->lambda / (double)d;
    }
    return SPRED_OK;
}

void nn_gates_free(struct spred_env *env, struct nn_gates *gates)
{
    spred_free(env, gates->scale);
    spred_free(env, gates->slope);
    spred_free(env, gates->noise);
}

size_t nn_group_of(const struct nn *nn, const struct nn_unit *u, size_t j)
{
    const struct nn_sparse *sparse = &u->gates->sparse;
    if (sparse->group != NN_BLOCK)
        return sparse->every ? j % sparse->every : j;
    return (u->index == 0 && !nn_has_picture(nn) ? nn->order[j] : j) /
           sparse->block;
}

/* scale = prod_d gate_d, or min(max(mu + .5, 0), 1) */
double nn_gate(const struct nn *nn, const struct nn_gates *gates, size_t group)
{
    double scale = 1;
    if (gates->sparse.kind == NN_STG)
        return fmin(
            fmax((double)nn->tensors[gates->tensor].value[group] + .5, 0), 1);
    for (size_t k = 0; k < gates->count; k++)
        scale *= (double)nn->tensors[gates->tensor + k].value[group];
    return scale;
}

static size_t in_use(const struct nn *nn, const struct nn_gates *gates)
{
    return gates->inputs ? nn->live : gates->groups;
}

/* z = min(max(mu + .5 + sigma eps, 0), 1) */
static void open_stochastic(struct nn *nn, struct nn_gates *gates, size_t count)
{
    const real *mu = nn->tensors[gates->tensor].value;
    double sigma = nn_sigma(&gates->sparse);
    if (!nn->frozen)
        for (size_t j = 0; j < count; j++)
            gates->noise[j] = (real)spred_rng_normal(nn->noise);
    for (size_t j = 0; j < count; j++) {
        double z = (double)mu[j] + .5 + sigma * (double)gates->noise[j];
        gates->scale[j] = (real)fmin(fmax(z, 0), 1);
    }
}

void nn_gates_open(struct nn *nn, struct nn_gates *gates, int training)
{
    size_t count = in_use(nn, gates);
    if (gates->sparse.kind == NN_STG && training)
        open_stochastic(nn, gates, count);
    else
        for (size_t g = 0; g < count; g++)
            gates->scale[g] = (real)nn_gate(nn, gates, g);
    for (size_t g = 0; g < count; g++)
        gates->slope[g] = 0;
}

void nn_gates_gradient(struct nn *nn, struct nn_gates *gates)
{
    size_t count = in_use(nn, gates);
    struct nn_tensor *t = &nn->tensors[gates->tensor];
    if (gates->sparse.kind == NN_STG) {
        /* Inside (0, 1) the gate moves with mu, outside it does not. */
        for (size_t j = 0; j < count; j++)
            t->gradient[j] = gates->scale[j] > 0 && gates->scale[j] < 1
                                 ? gates->slope[j]
                                 : 0;
        return;
    }
    for (size_t k = 0; k < gates->count; k++) {
        real *out = t[k].gradient;
        for (size_t g = 0; g < count; g++)
            out[g] = gates->slope[g];
        for (size_t e = 0; e < gates->count; e++)
            for (size_t g = 0; e != k && g < count; g++)
                out[g] *= t[e].value[g];
    }
}
