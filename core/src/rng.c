/* rng.c: GSL's MT19937 behind the project's own seeding. */
#include "spred/rng.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

struct spred_rng {
    struct spred_env *env;
    gsl_rng *gsl;
};

struct spred_rng *spred_rng_new(struct spred_env *env, uint64_t seed)
{
    struct spred_rng *rng = spred_alloc(env, 1, sizeof *rng);
    if (!rng)
        return NULL;
    rng->env = env;
    rng->gsl = gsl_rng_alloc(gsl_rng_mt19937);
    if (!rng->gsl) {
        spred_free(env, rng);
        spred_fail(env, SPRED_ENOMEM, "out of memory (random numbers)");
        return NULL;
    }
    /* mt19937 reads 32 bits of its seed: the high half picks how many numbers
     * are skipped, so that both halves matter. */
    gsl_rng_set(rng->gsl, (unsigned long)(seed & 0xffffffffu));
    uint64_t high = seed >> 32;
    for (uint64_t skip = high % 4093; skip > 0; skip--)
        gsl_rng_get(rng->gsl);
    gsl_rng_set(rng->gsl,
                gsl_rng_get(rng->gsl) ^ (unsigned long)(high & 0xffffffffu));
    return rng;
}

void spred_rng_free(struct spred_rng *rng)
{
    if (!rng)
        return;
    gsl_rng_free(rng->gsl);
    spred_free(rng->env, rng);
}

double spred_rng_uniform(struct spred_rng *rng)
{
    return gsl_rng_uniform(rng->gsl);
}

double spred_rng_normal(struct spred_rng *rng)
{
    return gsl_ran_gaussian_ziggurat(rng->gsl, 1.0);
}

size_t spred_rng_below(struct spred_rng *rng, size_t n)
{
    return (size_t)(gsl_rng_uniform(rng->gsl) * (double)n);
}

void spred_rng_shuffle(struct spred_rng *rng, size_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = spred_rng_below(rng, i), kept = items[i - 1];
        items[i - 1] = items[j];
        items[j] = kept;
    }
}
