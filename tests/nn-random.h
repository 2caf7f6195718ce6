/* nn-random.h: random networks over all kinds of layers and of sparsity, with
 * dead rows, columns and channels, for the tests of sparsity.h. */
#ifndef SPRED_NN_RANDOM_H
#define SPRED_NN_RANDOM_H

#include "test.h"

#include "solvers/nn/inside.h"
#include "solvers/nn/sparsity.h"

enum { RANDOM_MOST = 5, RANDOM_SAMPLES = 11 };

static inline size_t pick(struct spred_rng *rng, size_t from, size_t to)
{
    return from + spred_rng_below(rng, to - from + 1);
}

static inline int chance(struct spred_rng *rng, double share)
{
    return spred_rng_uniform(rng) < share;
}

static inline struct nn_sparse random_sparse(struct spred_rng *rng)
{
    struct nn_sparse s = {.kind = (enum nn_sparse_kind)pick(rng, 0, NN_STG)};
    if (s.kind == NN_DENSE)
        return s;
    s.lambda = spred_rng_uniform(rng);
    s.group = (enum nn_group)pick(rng, 0, NN_BLOCK);
    if (s.kind == NN_STG) {
        s.group = NN_INPUT;
        s.sigma = chance(rng, .5) ? spred_rng_uniform(rng) : 0;
    }
    if (s.group == NN_BLOCK)
        s.block = pick(rng, 1, 3);
    if (s.kind == NN_SPRED && chance(rng, .7))
        s.factors = pick(rng, 2, 4);
    return s;
}

/* Adds the layer if it fits. */
static inline int add_layer(struct nn_shape *shape, size_t b,
                            struct nn_layer layer)
{
    struct spred_env env;
    struct nn_branch *branch = &shape->branches[b];
    struct spred_picture picture = nn_before(shape);
    spred_env_init(&env);
    if (!nn_kind_of(layer.kind))
        return 0;
    branch->layers[branch->n++] = layer;
    for (size_t l = 0; l < branch->n; l++) {
        struct nn_sparse *sparse = &branch->layers[l].sparse;
        if (sparse->block > picture.channels)
            sparse->block = 1;
        if (nn_after(&env, shape, b, l, &picture) != SPRED_OK) {
            memset(&branch->layers[--branch->n], 0, sizeof layer);
            return 0;
        }
    }
    return 1;
}

static inline void add_between(struct spred_rng *rng, struct nn_shape *shape,
                               size_t b)
{
    if (chance(rng, .3))
        add_layer(shape, b, (struct nn_layer){.kind = NN_BATCH_NORM});
    if (chance(rng, .8))
        add_layer(shape, b, (struct nn_layer){.kind = NN_RELU});
    if (chance(rng, .1))
        add_layer(shape, b, (struct nn_layer){.kind = NN_DROPOUT, .rate = .3});
}

static inline struct nn_layer random_conv(struct spred_rng *rng)
{
    struct nn_layer conv = {.kind = NN_CONV,
                            .out = pick(rng, 1, 6),
                            .no_bias = chance(rng, .3),
                            .kernel = pick(rng, 1, 3),
                            .stride = pick(rng, 0, 2)};
    conv.pad = chance(rng, .5) ? pick(rng, 0, conv.kernel - 1) : 0;
    conv.sparse = random_sparse(rng);
    return conv;
}

/* conv, relu, conv, add: He et al. 2016 */
static inline void add_block(struct spred_rng *rng, struct nn_shape *shape)
{
    struct nn_layer one = random_conv(rng), two;
    one.kernel = 3;
    one.pad = 1;
    one.out = pick(rng, 3, 6);
    two = one;
    two.stride = 1;
    two.sparse = random_sparse(rng);
    size_t from = shape->branches[0].n;
    if (!add_layer(shape, 0, one))
        return;
    add_between(rng, shape, 0);
    add_layer(shape, 0, two);
    if (chance(rng, .5))
        add_layer(shape, 0, (struct nn_layer){.kind = NN_BATCH_NORM});
    add_layer(
        shape, 0,
        (struct nn_layer){.kind = NN_ADD, .back = shape->branches[0].n - from});
    add_between(rng, shape, 0);
}

static inline void add_picture_layers(struct spred_rng *rng,
                                      struct nn_shape *shape)
{
    if (chance(rng, .1))
        add_between(rng, shape, 0);
    for (size_t k = pick(rng, 0, 3); k-- > 0;) {
        if (chance(rng, .4))
            add_block(rng, shape);
        else
            add_layer(shape, 0, random_conv(rng));
        add_between(rng, shape, 0);
        if (chance(rng, .4))
            add_layer(shape, 0,
                      (struct nn_layer){.kind = chance(rng, .5) ? NN_MAX_POOL
                                                                : NN_AVG_POOL,
                                        .size = 2,
                                        .stride = pick(rng, 0, 2)});
    }
    if (chance(rng, .3))
        add_layer(shape, 0, (struct nn_layer){.kind = NN_GLOBAL_POOL});
    /* nn_parse wants linear first where nothing asks for a picture. */
    int pictures = 0;
    for (size_t l = 0; l < shape->branches[0].n; l++)
        pictures |= shape->branches[0].layers[l].kind > NN_DROPOUT;
    if (!pictures)
        memset(&shape->branches[0], 0, sizeof shape->branches[0]);
}

static inline void add_linear_layers(struct spred_rng *rng,
                                     struct nn_shape *shape, size_t b)
{
    for (size_t k = pick(rng, 0, 3); k-- > 0;) {
        int gated = shape->branches[b].n == 0 && shape->gate.kind;
        struct nn_layer linear = {.out = pick(rng, 2, 8),
                                  .no_bias = chance(rng, .3),
                                  .sparse = random_sparse(rng)};
        if (gated)
            linear.sparse = (struct nn_sparse){0};
        if (add_layer(shape, b, linear))
            add_between(rng, shape, b);
    }
    struct nn_layer last = {.no_bias = chance(rng, .3),
                            .sparse = random_sparse(rng)};
    if (shape->branches[b].n == 0 && shape->gate.kind)
        last.sparse = (struct nn_sparse){0};
    add_layer(shape, b, last);
}

static inline struct nn_shape random_shape(struct spred_rng *rng)
{
    struct nn_shape shape = {.outputs = pick(rng, 2, 4),
                             .classes = chance(rng, .7),
                             .start = (enum nn_start)pick(rng, 0, 1),
                             .n_branches = 1};
    if (chance(rng, .6)) {
        struct spred_picture p = {pick(rng, 3, 8), pick(rng, 3, 8),
                                  pick(rng, 1, 3)};
        shape.picture = p;
        shape.inputs = p.height * p.width * p.channels;
        add_picture_layers(rng, &shape);
    } else {
        shape.inputs = pick(rng, 3, 12);
        shape.n_branches = pick(rng, 1, 2);
        shape.sum = chance(rng, .5);
        if (chance(rng, .5))
            shape.gate =
                (struct nn_sparse){.kind = chance(rng, .7) ? NN_SPRED : NN_STG,
                                   .group = NN_INPUT,
                                   .factors = chance(rng, .5) ? 3 : 0,
                                   .lambda = spred_rng_uniform(rng)};
        if (shape.gate.kind == NN_STG)
            shape.gate.factors = 0;
        shape.gate_start = chance(rng, .5) ? spred_rng_uniform(rng) : 0;
    }
    for (size_t b = 0; b < shape.n_branches; b++)
        add_linear_layers(rng, &shape, b);
    return shape;
}

/* Rows and columns of products 0, gates shut, here and there. */
static inline void kill_weights(struct spred_rng *rng, struct nn *nn,
                                const struct nn_unit *u, double share)
{
    real *w = nn->tensors[u->tensor].value;
    size_t channels = u->from.channels;
    int all = chance(rng, .04);
    for (size_t i = 0; i < u->rows; i++)
        if (all || chance(rng, share))
            for (size_t j = 0; j < u->cols; j++)
                w[i + j * u->rows] = 0;
    for (size_t c = 0; c < channels; c++)
        if (chance(rng, share / 2))
            for (size_t j = c; j < u->cols; j += channels)
                for (size_t i = 0; i < u->rows; i++)
                    w[i + j * u->rows] = 0;
    for (size_t e = 0; e < u->rows * u->cols; e++)
        if (chance(rng, share / 2))
            w[e] = 0;
}

/* Numbers that a trained network could have, and a share of it dead. */
static inline void age(struct spred_rng *rng, struct nn *nn, double share)
{
    for (size_t i = 0; i < nn->n_tensors; i++) {
        struct nn_tensor *t = &nn->tensors[i];
        for (size_t e = 0; t->role >= NN_BIAS && e < t->rows; e++)
            t->value[e] = chance(rng, .3 * share)
                              ? 0
                              : (real)(.2 + .5 * spred_rng_normal(rng));
        for (size_t e = 0; t->sparse.kind == NN_STG && e < t->rows * t->cols;
             e++)
            t->value[e] = (real)(.6 * spred_rng_normal(rng));
    }
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
            struct nn_unit *u = &nn->units[b][l];
            for (size_t k = 0; k < u->n_running; k++)
                u->running[k] =
                    (real)(k < u->n_running / 2 ? spred_rng_normal(rng)
                                                : .2 + spred_rng_uniform(rng));
            if (u->kind->keys & NN_KEY_SPARSE)
                kill_weights(rng, nn, u, share);
        }
}

/* A network of that seed; some inputs of rows are swapped and parked. */
static inline struct nn *random_nn(struct spred_env *env, uint64_t seed,
                                   double share)
{
    struct spred_rng *rng = spred_rng_new(env, seed);
    struct nn_shape shape = random_shape(rng);
    struct nn *nn;
    if (nn_new(env, &shape, RANDOM_MOST, seed, &nn) != SPRED_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, env->error);
    age(rng, nn, share);
    if (!nn_has_picture(nn) && chance(rng, .5)) {
        for (size_t k = 0; k < 5; k++)
            nn_swap_inputs(nn, spred_rng_below(rng, shape.inputs),
                           spred_rng_below(rng, shape.inputs));
        nn_set_live(nn, pick(rng, 1, shape.inputs));
    }
    spred_rng_free(rng);
    return nn;
}

/* Scores of random samples; free with spred_free. */
static inline double *scores_of(struct spred_env *env, struct nn *nn,
                                uint64_t seed)
{
    size_t inputs = nn->shape.inputs, outputs = nn->shape.outputs;
    struct spred_rng *rng = spred_rng_new(env, seed);
    float *x = spred_alloc(env, RANDOM_SAMPLES * inputs, sizeof *x);
    double *scores = spred_alloc(env, RANDOM_SAMPLES * outputs, sizeof *scores);
    for (size_t e = 0; e < RANDOM_SAMPLES * inputs; e++)
        x[e] = (float)spred_rng_normal(rng);
    assert_ok(env, nn_predict(env, nn, x, RANDOM_SAMPLES, scores));
    spred_free(env, x);
    spred_rng_free(rng);
    return scores;
}

/* max |a - b| / max |a| of the scores of two networks */
static inline double apart(struct spred_env *env, struct nn *a, struct nn *b,
                           uint64_t seed)
{
    double *p = scores_of(env, a, seed), *q = scores_of(env, b, seed);
    double most = 0, away = 0;
    for (size_t e = 0; e < RANDOM_SAMPLES * a->shape.outputs; e++) {
        if (!isfinite(p[e]) || !isfinite(q[e]))
            away = INFINITY;
        most = fmax(most, fabs(p[e]));
        away = fmax(away, fabs(p[e] - q[e]));
    }
    spred_free(env, p);
    spred_free(env, q);
    return away > 0 ? away / most : 0;
}

/* An allocator that fails once and counts what is not freed. */
struct scarce {
    long calls, fails, live;
};

static inline void *scarce(void *cookie, void *pointer, size_t size)
{
    struct scarce *s = cookie;
    if (size == 0) {
        s->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (s->calls++ == s->fails)
        return NULL;
    s->live += pointer == NULL;
    return realloc(pointer, size);
}

#endif
