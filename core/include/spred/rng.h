/* rng.h: one seeded stream of random numbers over GSL's generators. */
#ifndef SPRED_RNG_H
#define SPRED_RNG_H

#include <stddef.h>
#include <stdint.h>
#include "spred/env.h"

struct spred_rng; /* GSL's MT19937 */

/* NULL: out of memory. The full 64 bits of the seed matter. */
SPRED_API struct spred_rng *spred_rng_new(struct spred_env *env, uint64_t seed);
SPRED_API void spred_rng_free(struct spred_rng *rng); /* NULL is fine */

SPRED_API double spred_rng_uniform(struct spred_rng *rng);         /* [0, 1) */
SPRED_API double spred_rng_normal(struct spred_rng *rng);          /* N(0, 1) */
SPRED_API size_t spred_rng_below(struct spred_rng *rng, size_t n); /* 0..n-1 */
/* Fisher-Yates over count indices. */
SPRED_API void spred_rng_shuffle(struct spred_rng *rng, size_t *items,
                                 size_t count);

#endif
