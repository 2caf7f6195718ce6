/* samples.h: the training part sample by sample, dealt in shuffled batches,
 * with the crops and flips that make more of few pictures. */
#ifndef SOLVERS_DEEP_SAMPLES_H
#define SOLVERS_DEEP_SAMPLES_H

#include "spred/model.h"
#include "spred/rng.h"

struct deep_samples {
    size_t n, p;
    struct spred_picture picture; /* 1 x 1 x p where the rows have none */
    float *x;                     /* p x n: a sample's cells are contiguous */
    const int32_t *codes;         /* n, borrowed; or */
    const double *values;         /* n, borrowed */
    size_t *order;                /* n: samples of this epoch */
};

/* Zero-pads a picture by `crop` cells on each side and cuts its size out of
 * that at a random place; flips left and right every second time. Zero is the
 * mean of each cell. */
struct deep_augment {
    size_t crop;
    int flip;
};

/* values: what is learnt in place of rows->values. Close it also after a
 * failure. */
enum spred_status deep_samples_open(struct spred_env *env,
                                    const struct spred_rows *rows,
                                    const double *values,
                                    struct deep_samples *out);
void deep_samples_close(struct spred_env *env, struct deep_samples *samples);

/* A new order, which depends on the generator's state alone. */
void deep_shuffle(struct deep_samples *samples, struct spred_rng *rng);

/* Samples order[first .. first + count - 1] into x (p x count), codes and
 * values (count; what there is). */
void deep_deal(const struct deep_samples *samples, size_t first, size_t count,
               const struct deep_augment *augment, struct spred_rng *rng,
               float *x, int32_t *codes, double *values);

#endif
