/* learn_rows.c: the parts of a trial as models take them: (x - mean) * scale,
 * n x p in single precision. */
#include "experiments/learn_part.h"

float *learn_floats(struct spred_env *env, const struct trial *trial,
                    const struct spred_matrix *x)
{
    const struct spred_prepared *prepared = &trial->prepared;
    size_t n = x->rows, p = x->cols;
    if (p && n > (size_t)-1 / p / sizeof(float)) {
        spred_fail(env, SPRED_ENOMEM, "%zu x %zu values are too many", n, p);
        return NULL;
    }
    float *out = spred_alloc(env, n * p, sizeof *out);
    double *column = spred_alloc(env, n, sizeof *column);
    for (size_t j = 0; out && column && j < p; j++) {
        double mean = prepared->mean ? prepared->mean[j] : 0;
        double scale = prepared->scale ? prepared->scale[j] : 1;
        spred_matrix_column(x, j, column);
        for (size_t i = 0; i < n; i++)
            out[i + j * n] = (float)((column[i] - mean) * scale);
    }
    if (!column) {
        spred_free(env, out);
        out = NULL;
    }
    spred_free(env, column);
    return out;
}

enum spred_status learn_rows(struct spred_env *env, const struct trial *trial,
                             const struct part *part, struct spred_rows *out)
{
    *out = (struct spred_rows){.n = part->n,
                               .p = trial->p,
                               .codes = part->codes,
                               .values = part->values};
    if (part->n == 0)
        return SPRED_OK;
    out->x = learn_floats(env, trial, &part->x);
    return out->x ? SPRED_OK : SPRED_ENOMEM;
}
