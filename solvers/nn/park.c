/* park.c: compaction. For products w_j = u_j v_j with decay lambda on both,
 * d/dt (u_j^2 + |v_j|^2)/2 = -2 w_j'g_j - lambda (u_j^2 + |v_j|^2)
 *                         <= -(lambda - |g_j|) (u_j^2 + |v_j|^2),
 * so that an input with |g_j| < lambda only shrinks (PAPER.md section 1): once
 * it is small it is left out, and |g_j| is looked at again and again. Clipping
 * makes |g_j| smaller and changes nothing. (Of gradient flow; Adam rescales the
 * steps, but w_j = 0 with |g_j| < lambda is stationary for it as well.) */
#include "solvers/nn/park.h"

#include <math.h>

/* Below it an input is dead whatever the largest is; and factors stop there. */
#define NOTHING 1e-30
/* Parked below this share of lambda only: what is near lambda may come back,
 * and then it matters where it is. */
#define MARGIN 0.9

int nn_can_park(const struct nn_shape *shape)
{
    /* A look is a pass in training mode: it must not leave a trace. */
    for (size_t b = 0; b < shape->n_branches; b++)
        for (size_t l = 0; l < shape->branches[b].n; l++) {
            const struct nn_layer *layer = &shape->branches[b].layers[l];
            if (layer->kind == NN_BATCH_NORM || layer->kind == NN_DROPOUT ||
                layer->sparse.kind == NN_STG)
                return 0;
        }
    return shape->gate.kind == NN_SPRED && shape->gate.factors <= 2 &&
           shape->gate.lambda > 0;
}

enum spred_status nn_park_open(struct spred_env *env, struct nn *nn, real *x,
                               size_t n, double dead, struct nn_park *park)
{
    const struct nn_shape *shape = nn_shape_of(nn);
    *park = (struct nn_park){.nn = nn,
                             .lambda = shape->gate.lambda,
                             .dead = nn_can_park(shape) ? dead : 0,
                             .inputs = shape->inputs,
                             .n = n,
                             .x = x};
    if (!(park->dead > 0))
        return SPRED_OK;
    park->slope = spred_alloc(env, park->inputs, sizeof *park->slope);
    park->sleep = spred_alloc(env, park->inputs, sizeof *park->sleep);
    return park->slope && park->sleep ? SPRED_OK : SPRED_ENOMEM;
}

void nn_park_close(struct spred_env *env, struct nn_park *park)
{
    spred_free(env, park->slope);
    spred_free(env, park->sleep);
    park->slope = park->sleep = NULL;
}

static void swap(struct nn_park *park, size_t j, size_t k)
{
    if (j == k)
        return;
    nn_swap_inputs(park->nn, j, k);
    double slope = park->slope[j];
    park->slope[j] = park->slope[k];
    park->slope[k] = slope;
    for (size_t i = 0; i < park->n; i++) {
        real value = park->x[i + j * park->n];
        park->x[i + j * park->n] = park->x[i + k * park->n];
        park->x[i + k * park->n] = value;
    }
}

/* Column k comes back with the factors that it would have by now: both shrunk
 * by exp(-sum of lr (lambda - |g_j|)), their slowest way. */
static void wake(struct nn_park *park, size_t k)
{
    size_t count, input = nn_order(park->nn)[k];
    struct nn_tensor *tensors = nn_tensors(park->nn, &count);
    double by = exp(park->sleep[input]);
    for (size_t i = 0; i < count; i++) {
        struct nn_tensor *t = &tensors[i];
        if (t->role != NN_GATE && t->role != NN_FIRST)
            continue;
        for (size_t e = k * t->rows; e < (k + 1) * t->rows; e++) {
            double value = by * (double)t->value[e];
            if (fabs(value) < NOTHING)
                value = copysign(NOTHING, (double)t->value[e]);
            t->value[e] = (real)value;
            if (t->moment1)
                t->moment1[e] = 0;
            if (t->moment2)
                t->moment2[e] = 0;
        }
    }
    park->sleep[input] = 0;
    park->revived++;
}

/* Parked columns: what they missed, and which must come back. */
static void look_at_parked(struct nn_park *park, int move)
{
    size_t live = nn_live(park->nn);
    for (size_t k = live; k < park->inputs; k++) {
        double ratio = park->slope[k] / park->lambda;
        park->sleep[nn_order(park->nn)[k]] -=
            park->travel * park->lambda * fmax(1 - ratio, 0);
        if (!(ratio < 1) && move) {
            wake(park, k);
            swap(park, k, live);
            nn_set_live(park->nn, ++live);
            continue;
        }
        park->awake += !(ratio < 1);
        park->worst = fmax(park->worst, ratio);
    }
}

static void park_dead(struct nn_park *park)
{
    size_t live = nn_live(park->nn);
    double largest = 0;
    for (size_t k = 0; k < live; k++)
        largest = fmax(largest, nn_input_size(park->nn, k));
    double least = fmax(park->dead * largest, NOTHING);
    for (size_t k = live; k-- > 0 && live > 1;) {
        if (!(park->slope[k] < MARGIN * park->lambda) ||
            nn_input_size(park->nn, k) > least)
            continue;
        park->worst = fmax(park->worst, park->slope[k] / park->lambda);
        park->sleep[nn_order(park->nn)[k]] = 0;
        swap(park, k, --live);
    }
    nn_set_live(park->nn, live);
}

void nn_park_look(struct nn_park *park, int move)
{
    if (!(park->dead > 0))
        return;
    nn_input_gradient(park->nn, park->x, park->n, park->inputs, park->slope);
    park->worst = 0;
    park->awake = 0;
    look_at_parked(park, move);
    park->travel = 0;
    if (move)
        park_dead(park);
}
