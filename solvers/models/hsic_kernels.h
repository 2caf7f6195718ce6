/* hsic_kernels.h: a gene as one vector: its centred, normalised Gaussian kernel
 * in blocks of samples. */
#ifndef SOLVERS_MODELS_HSIC_KERNELS_H
#define SOLVERS_MODELS_HSIC_KERNELS_H

#include <stdint.h>
#include "spred/env.h"

/* `repeats` permutations of the n samples, each cut into blocks of `block`
 * samples; the rest of a permutation is left out. One block of all samples
 * needs one permutation only. */
struct hsic_blocks {
    size_t n, block, repeats;
    size_t blocks; /* in all permutations */
    size_t values; /* of one block's vector: block (block + 1) / 2 */
    size_t length; /* of a gene's vector: blocks * values */
    size_t *order; /* blocks x block: samples */
    float *work;   /* for one gene at a time */
};

/* block is cut to n; block 0: n, repeats 0: 1. */
enum spred_status hsic_blocks_open(struct spred_env *env, size_t n,
                                   size_t block, size_t repeats, uint64_t seed,
                                   struct hsic_blocks *out);
void hsic_blocks_close(struct spred_env *env, struct hsic_blocks *blocks);

/* out (length): per block the upper triangle of HKH/|HKH|_F by rows, what is
 * off the diagonal times sqrt(2), all over sqrt(blocks): so that the inner
 * product of two vectors is the mean over blocks of the Frobenius product, and
 * a vector's own is 1. A block in which nothing varies is 0.
 * Gene: K_ij = exp(-(x_i - x_j)^2 / 2 s^2), s^2 the variance (n - 1) of x. */
void hsic_gene(const struct hsic_blocks *blocks, const float *x, float *out);
/* Classes: K_ij = 1/n_c within class c of a block (n_c its samples there), else
 * 0. codes: n */
void hsic_classes(const struct hsic_blocks *blocks, const int32_t *codes,
                  float *out);
/* Values: as a gene, in double precision until the kernel. */
void hsic_values(const struct hsic_blocks *blocks, const double *y, float *out);

/* a'b in double precision, the same in whatever order it is asked for. */
double hsic_dot(const float *a, const float *b, size_t length);

#endif
