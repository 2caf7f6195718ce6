/* str.c: w = sign(v) max(|v| - sigmoid(s), 0), one s a layer, both decayed:
 * soft threshold reparametrisation (Kusupati et al. 2020, equations 4 to 6). */
#include "solvers/nn/inside.h"

#include <math.h>

/* sigmoid(s) of a layer that was given none. */
#define FIRST_THRESHOLD 1e-3
enum { LANES = 16 }; /* sums that are added up at once */

enum spred_status nn_str_make(struct spred_env *env, struct nn *nn,
                              struct nn_unit *u)
{
    double lambda = u->layer->sparse.lambda;
    nn->tensors[u->tensor].decay = lambda;
    SPRED_TRY(nn_tensor_add(env, nn, NN_WEIGHT, u->branch, u->index, 1, 1,
                            &u->limit));
    nn->tensors[u->limit].decay = lambda;
    return SPRED_OK;
}

void nn_str_start(struct nn *nn, const struct nn_unit *u)
{
    double at = u->layer->sparse.sigma;
    at = at > 0 ? at : FIRST_THRESHOLD;
    nn->tensors[u->limit].value[0] = (real)log(at / (1 - at));
}

double nn_str_threshold(const struct nn *nn, const struct nn_unit *u)
{
    return 1 / (1 + exp(-(double)nn->tensors[u->limit].value[0]));
}

void nn_str_product(const struct nn *nn, const struct nn_unit *u, size_t count,
                    real *w)
{
    real limit = (real)nn_str_threshold(nn, u);
    for (size_t e = 0; e < count; e++) {
        real low = w[e] > -limit ? w[e] : -limit;
        w[e] -= low < limit ? low : limit;
    }
}

/* dw/dv = [|v| > t], dw/ds = -sign(v) t (1 - t) [|v| > t] */
void nn_str_gradient(struct nn *nn, const struct nn_unit *u, size_t from,
                     size_t count)
{
    struct nn_tensor *t = &nn->tensors[u->tensor];
    struct nn_tensor *s = &nn->tensors[u->limit];
    double at = nn_str_threshold(nn, u), sum = 0;
    const real *restrict v = t->value + from;
    real *restrict g = t->gradient + from;
    real limit = (real)at, parts[LANES] = {0};
    size_t e = 0;
    if (from == 0)
        s->gradient[0] = 0;
    for (size_t i = 0; i < count; i++)
        g[i] = v[i] > limit || v[i] < -limit ? g[i] : 0;
    for (; e + LANES <= count; e += LANES)
        for (size_t k = 0; k < LANES; k++)
            parts[k] += v[e + k] > 0 ? g[e + k] : -g[e + k];
    for (; e < count; e++)
        parts[0] += v[e] > 0 ? g[e] : -g[e];
    for (size_t k = 0; k < LANES; k++)
        sum += (double)parts[k];
    s->gradient[0] += (real)(-sum * at * (1 - at));
}
