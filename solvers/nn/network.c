/* network.c: makes a network from its shape, and frees it. */
#include "solvers/nn/inside.h"

#include <limits.h>

/* Reals of one tile of the first layers: a second-level cache. */
#define TILE_REALS ((size_t)1 << 18)
#define LEAST_TILE 64
#define MOST_TILE 1024

/* Whether an ADD reads what u reads. */
static int is_tapped(const struct nn *nn, const struct nn_unit *u)
{
    const struct nn_branch *branch = &nn->shape.branches[u->branch];
    for (size_t l = u->index + 1; l < branch->n; l++)
        if (branch->layers[l].kind == NN_ADD &&
            l - branch->layers[l].back == u->index)
            return 1;
    return 0;
}

/* A RELU of pictures, if nobody else wants what it reads: backward asks only
 * for what it made. */
static int can_be_in_place(const struct nn *nn, const struct nn_unit *u)
{
    if (!nn_has_picture(nn) || u->layer->kind != NN_RELU || u->index == 0 ||
        u[-1].layer->kind == NN_RELU || u[-1].layer->kind == NN_MAX_POOL)
        return 0;
    return !is_tapped(nn, u);
}

static enum spred_status make_unit(struct spred_env *env, struct nn *nn,
                                   size_t b, size_t l,
                                   struct spred_picture *picture)
{
    struct nn_unit *u = &nn->units[b][l];
    u->layer = &nn->shape.branches[b].layers[l];
    u->kind = nn_kind_of(u->layer->kind);
    u->branch = b;
    u->index = l;
    u->from = *picture;
    SPRED_TRY(nn_after(env, &nn->shape, b, l, picture));
    u->to = *picture;
    u->in = u->from.height * u->from.width * u->from.channels;
    u->out = u->to.height * u->to.width * u->to.channels;
    if (u->layer->kind == NN_LINEAR || u->layer->kind == NN_CONV) {
        u->rows = u->to.channels;
        u->cols = u->in;
    }
    if (u->layer->kind == NN_CONV)
        u->cols = u->layer->kernel * u->layer->kernel * u->from.channels;
    u->in_place = can_be_in_place(nn, u);
    if (u->layer->kind == NN_MAX_POOL && l > 0 && u[-1].in_place)
        u[-1].masked = !is_tapped(nn, u);
    if (u->in_place) {
        u->output = u[-1].output;
        u->delta = u[-1].delta;
        u[-1].relu = u[-1].layer->kind == NN_CONV;
        return SPRED_OK;
    }
    u->output = nn_reals(env, u->out, nn->most);
    u->delta = nn_reals(env, u->out, nn->most);
    if (!u->output || !u->delta)
        return SPRED_ENOMEM;
    return u->kind->make ? u->kind->make(env, nn, u) : SPRED_OK;
}

static enum spred_status make_tiles(struct spred_env *env, struct nn *nn)
{
    size_t widest = 0, factored = 0;
    for (size_t b = 0; b < nn->shape.n_branches; b++) {
        const struct nn_unit *u = &nn->units[b][0];
        widest = u->out > widest ? u->out : widest;
        if (!nn_is_matrix(u) && u->out > factored)
            factored = u->out;
    }
    size_t long_side = widest > nn->most ? widest : nn->most;
    nn->tile = TILE_REALS / long_side;
    if (nn->tile < LEAST_TILE)
        nn->tile = LEAST_TILE;
    if (nn->tile > MOST_TILE)
        nn->tile = MOST_TILE;
    nn->tile_x = nn_reals(env, nn->most, nn->tile);
    nn->tile_w = factored ? nn_reals(env, factored, nn->tile) : NULL;
    if (!nn->tile_x || (factored && !nn->tile_w))
        return SPRED_ENOMEM;
    return SPRED_OK;
}

static enum spred_status start(struct spred_env *env, struct nn *nn,
                               uint64_t seed)
{
    struct spred_rng *rng = spred_rng_new(env, seed);
    size_t outs = 0;
    if (!rng)
        return SPRED_ENOMEM;
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        outs += nn->units[b][0].out;
    if (nn->shape.gate.kind != NN_DENSE)
        nn_start_gates(nn, &nn->shared, outs, nn->shape.inputs, rng);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
            struct nn_unit *u = &nn->units[b][l];
            if (u->kind->start)
                u->kind->start(nn, u, rng);
        }
    spred_rng_free(rng);
    /* A stream of its own: starts do not depend on what noise is drawn. */
    nn->noise = spred_rng_new(env, seed ^ 0x6e6f697365u);
    return nn->noise ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status make(struct spred_env *env, struct nn *nn,
                              uint64_t seed)
{
    size_t inputs = nn->shape.inputs;
    nn->live = inputs;
    nn->order = spred_alloc(env, inputs, sizeof *nn->order);
    nn->place = spred_alloc(env, inputs, sizeof *nn->place);
    if (!nn->order || !nn->place)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < inputs; j++)
        nn->order[j] = nn->place[j] = j;
    nn->shape.gate.group = NN_INPUT;
    if (nn->shape.gate.kind != NN_DENSE)
        SPRED_TRY(nn_gates_make(env, nn, &nn->shared, &nn->shape.gate, 0, 0, 1,
                                inputs, 1));
    for (size_t b = 0; b < nn->shape.n_branches; b++) {
        struct spred_picture picture = nn_before(&nn->shape);
        for (size_t l = 0; l < nn->shape.branches[b].n; l++)
            SPRED_TRY(make_unit(env, nn, b, l, &picture));
    }
    nn->sum = nn_reals(env, nn->shape.outputs, nn->most);
    if (!nn->sum)
        return SPRED_ENOMEM;
    if (!nn_has_picture(nn)) {
        SPRED_TRY(make_tiles(env, nn));
        SPRED_TRY(nn_probe_make(env, nn));
    }
    return start(env, nn, seed);
}

enum spred_status nn_new(struct spred_env *env, const struct nn_shape *shape,
                         size_t most, uint64_t seed, struct nn **out)
{
    *out = NULL;
    SPRED_TRY(nn_shape_check(env, shape));
    if (most < 1 || most > INT_MAX)
        return spred_fail(env, SPRED_EINVAL,
                          "a network for %zu samples: expected 1 to %d", most,
                          INT_MAX);
    struct nn *nn = spred_alloc(env, 1, sizeof *nn);
    if (!nn)
        return SPRED_ENOMEM;
    nn->env = env;
    nn->shape = *shape;
    nn->most = most;
    nn->conv = nn_conv_best();
    enum spred_status status = make(env, nn, seed);
    if (status != SPRED_OK) {
        nn_free(nn);
        return status;
    }
    *out = nn;
    return SPRED_OK;
}

void nn_free(struct nn *nn)
{
    if (!nn)
        return;
    struct spred_env *env = nn->env;
    nn_team_free(nn);
    for (size_t i = 0; i < nn->n_tensors; i++) {
        spred_free(env, nn->tensors[i].value);
        spred_free(env, nn->tensors[i].gradient);
        spred_free(env, nn->tensors[i].moment1);
        spred_free(env, nn->tensors[i].moment2);
    }
    spred_free(env, nn->tensors);
    for (size_t b = 0; b < NN_MAX_BRANCHES; b++)
        for (size_t l = 0; l < NN_MAX_LAYERS; l++) {
            struct nn_unit *u = &nn->units[b][l];
            nn_gates_free(env, &u->own);
            spred_free(env, u->product);
            if (!u->in_place) {
                spred_free(env, u->output);
                spred_free(env, u->delta);
            }
            if (u->state)
                nn->conv->end(env, u->state);
            spred_free(env, u->kept);
            spred_free(env, u->running);
            spred_free(env, u->spread);
        }
    nn_gates_free(env, &nn->shared);
    spred_rng_free(nn->noise);
    spred_free(env, nn->order);
    spred_free(env, nn->place);
    spred_free(env, nn->tile_x);
    spred_free(env, nn->tile_w);
    spred_free(env, nn->sum);
    spred_free(env, nn->samples);
    spred_free(env, nn->probe);
    spred_free(env, nn->weights);
    spred_free(env, nn);
}

const struct nn_shape *nn_shape_of(const struct nn *nn)
{
    return &nn->shape;
}

enum spred_status nn_noise(struct nn *nn, uint64_t seed)
{
    struct spred_rng *rng = spred_rng_new(nn->env, seed);
    if (!rng)
        return SPRED_ENOMEM;
    spred_rng_free(nn->noise);
    nn->noise = rng;
    return SPRED_OK;
}
