/* nn-fixture.h: small data and networks for the tests of the network engine. */
#ifndef SPRED_NN_FIXTURE_H
#define SPRED_NN_FIXTURE_H

#include "test.h"

#include "solvers/nn/inside.h"

enum { INPUTS = 12, SAMPLES = 10, CLASSES = 3 };

struct data {
    float x[SAMPLES * INPUTS];
    int32_t codes[SAMPLES];
    double values[SAMPLES * CLASSES];
};

static inline struct data make_data(void)
{
    struct spred_env env;
    struct data d;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 77);
    for (size_t e = 0; e < SAMPLES * INPUTS; e++)
        d.x[e] = (float)spred_rng_normal(rng);
    for (size_t i = 0; i < SAMPLES; i++)
        d.codes[i] = (int32_t)spred_rng_below(rng, CLASSES);
    for (size_t e = 0; e < SAMPLES * CLASSES; e++)
        d.values[e] = spred_rng_normal(rng);
    spred_rng_free(rng);
    return d;
}

/* One or two branches; gates of D factors on the inputs, 0: none. */
static inline struct nn_shape make_shape(const char *one, const char *two,
                                         size_t factors)
{
    struct spred_env env;
    struct nn_shape shape = {.inputs = INPUTS,
                             .outputs = CLASSES,
                             .classes = 1,
                             .n_branches = two ? 2 : 1};
    spred_env_init(&env);
    assert_ok(&env, nn_parse(&env, one, &shape.branches[0]));
    if (two)
        assert_ok(&env, nn_parse(&env, two, &shape.branches[1]));
    if (factors)
        shape.gate = (struct nn_sparse){
            .kind = NN_SPRED, .factors = factors, .lambda = .2};
    return shape;
}

static inline struct nn *make_nn(struct spred_env *env,
                                 const struct nn_shape *shape, uint64_t seed)
{
    struct nn *nn;
    spred_env_init(env);
    assert_ok(env, nn_new(env, shape, SAMPLES, seed, &nn));
    return nn;
}

static inline double gradient(struct nn *nn, const struct data *d)
{
    return nn_gradient(nn, d->x, SAMPLES, d->codes, d->values);
}

#endif
