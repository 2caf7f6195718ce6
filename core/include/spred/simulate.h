/* simulate.h: block-correlated genes with a known truth. */
#ifndef SPRED_SIMULATE_H
#define SPRED_SIMULATE_H

#include "spred/data.h"

/* X: blocks of p/blocks genes share one latent factor; the correlation inside a
 * block is uniform in [rho_min, rho_max]. k genes drawn at random have effects
 * +-uniform(.5, 1.5); y = Xw + noise with var(Xw)/var(noise) = snr. classes 0:
 * a REAL target "y"; classes >= 2: a CLASS target "class" by quantiles of y. */
struct spred_simulation {
    size_t n, p, blocks, k, classes;
    double rho_min, rho_max, snr;
    uint64_t seed;
};

SPRED_API enum spred_status spred_simulate(struct spred_env *env,
                                           const struct spred_simulation *s,
                                           struct spred_data *out);

#endif
