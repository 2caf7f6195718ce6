/* batches.c: deals the samples of a problem out to mini-batches. */
#include "solvers/batches.h"

static enum spred_status take(struct spred_env *env,
                              const struct spred_problem *problem,
                              struct spred_batches *out, size_t q)
{
    struct spred_batch *batch = &out->batch[q];
    size_t n = problem->n, first = q * n / out->count;
    size_t rows = (q + 1) * n / out->count - first;
    SPRED_TRY(spred_matrix_take(env, problem->x.matrix, out->samples + first,
                                rows, NULL, 0, &batch->x));
    batch->first = first;
    batch->problem = *problem;
    batch->problem.x.matrix = &batch->x;
    batch->problem.n = rows;
    batch->problem.y = problem->y ? out->y + first : NULL;
    batch->problem.codes = problem->codes ? out->codes + first : NULL;
    return SPRED_OK;
}

enum spred_status spred_batches_make(struct spred_env *env,
                                     const struct spred_problem *problem,
                                     size_t size, struct spred_rng *rng,
                                     struct spred_batches *out)
{
    size_t n = problem->n;
    size_t count = size == 0 || size >= n ? 1 : (n + size - 1) / size;
    out->batch = spred_alloc(env, count, sizeof *out->batch);
    out->order = spred_alloc(env, count, sizeof *out->order);
    out->samples = spred_alloc(env, n, sizeof *out->samples);
    out->y = spred_alloc(env, n, sizeof *out->y);
    out->codes = spred_alloc(env, n, sizeof *out->codes);
    if (!out->batch || !out->order || !out->samples || !out->y || !out->codes)
        return SPRED_ENOMEM;
    out->count = count;
    for (size_t q = 0; q < count; q++)
        out->order[q] = q;
    for (size_t i = 0; i < n; i++)
        out->samples[i] = i;
    if (count == 1) {
        out->batch[0].problem = *problem;
        return SPRED_OK;
    }
    spred_rng_shuffle(rng, out->samples, n);
    for (size_t i = 0; i < n; i++) {
        if (problem->y)
            out->y[i] = problem->y[out->samples[i]];
        if (problem->codes)
            out->codes[i] = problem->codes[out->samples[i]];
    }
    for (size_t q = 0; q < count; q++)
        SPRED_TRY(take(env, problem, out, q));
    return SPRED_OK;
}

void spred_batches_free(struct spred_env *env, struct spred_batches *batches)
{
    for (size_t q = 0; q < batches->count; q++)
        spred_matrix_free(env, &batches->batch[q].x);
    spred_free(env, batches->batch);
    spred_free(env, batches->order);
    spred_free(env, batches->samples);
    spred_free(env, batches->y);
    spred_free(env, batches->codes);
}
