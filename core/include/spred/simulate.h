/* simulate.h: data with a known truth: correlated genes, or independent
 * columns as in the paper. */
#ifndef SPRED_SIMULATE_H
#define SPRED_SIMULATE_H

#include "spred/data.h"

enum spred_simulation_kind {
    SPRED_SIMULATE_BLOCKS,  /* genes */
    SPRED_SIMULATE_IID,     /* PAPER.md section 2, lasso: X iid N(0, 1) */
    SPRED_SIMULATE_SENSING, /* the same, compressed sensing: X iid N(0, 1/p) */
    SPRED_SIMULATE_PLANTED  /* genes with effects that are not linear */
};
/* Genes of one set of planted effects: PLANTED's k is a multiple of it. */
#define SPRED_PLANTED_SET 5

/* BLOCKS. X: blocks of p/blocks genes share one latent factor; the correlation
 * inside a block is uniform in [rho_min, rho_max]. k genes drawn at random have
 * effects
 * +-uniform(.5, 1.5); y = Xw + noise with var(Xw)/var(noise) = snr. classes 0:
 * a REAL target "y"; classes >= 2: a CLASS target "class" by quantiles of y.
 * PLANTED. X as of BLOCKS; k genes, no two of one block (blocks 0: all are
 * independent), in sets of five a..e, each term of variance 1 and no two terms
 * of a set correlated:
 *   score = sum over sets of a + (b^2 - 1) / sqrt(2)
 *           + sin(2c) sqrt(2 / (1 - exp(-8))) + d e
 *   y = score + noise, var(score)/var(noise) = snr, classes by quantiles of y.
 * Without the others, a linear rule sees a and some of c; b shows in the
 * spread; d and e show in nothing but their product. truth is 1 for such genes.
 * IID and SENSING. Every effect is N(0, 1) with probability density, else 0;
 * y = Xw + noise N(0, 1), a REAL target. blocks, k, classes, rho_* and snr are
 * not used, as density and noise are not by BLOCKS and PLANTED. */
struct spred_simulation {
    enum spred_simulation_kind kind;
    size_t n, p, blocks, k, classes;
    double rho_min, rho_max, snr;
    double density, noise;
    uint64_t seed;
};

SPRED_API enum spred_status spred_simulate(struct spred_env *env,
                                           const struct spred_simulation *s,
                                           struct spred_data *out);

#endif
