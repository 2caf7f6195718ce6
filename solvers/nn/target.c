/* target.c: y = (values - middle) / unit, and back. */
#include "solvers/nn/target.h"

#include <math.h>

enum spred_status nn_target_open(struct spred_env *env,
                                 const struct spred_model_task *task,
                                 struct nn_target *out)
{
    const struct spred_rows *rows = &task->train;
    double n = (double)rows->n, square = 0;
    *out = (struct nn_target){.unit = 1};
    if (task->classes)
        return SPRED_OK;
    out->values = spred_alloc(env, rows->n, sizeof *out->values);
    if (!out->values)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < rows->n; i++)
        out->middle += rows->values[i] / n;
    for (size_t i = 0; i < rows->n; i++) {
        out->values[i] = rows->values[i] - out->middle;
        square += out->values[i] * out->values[i] / n;
    }
    out->unit = square > 0 ? sqrt(square) : 1;
    for (size_t i = 0; i < rows->n; i++)
        out->values[i] /= out->unit;
    return SPRED_OK;
}

void nn_target_restore(const struct nn_target *target, size_t count,
                       double *scores)
{
    for (size_t e = 0; target->values && e < count; e++)
        scores[e] = target->middle + target->unit * scores[e];
}

void nn_target_close(struct spred_env *env, struct nn_target *target)
{
    spred_free(env, target->values);
    target->values = NULL;
}
