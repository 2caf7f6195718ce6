/* learn_rows.c: the parts of a trial as models take them: (x - mean) * scale,
 * n x p in single precision. */
#include <string.h>

#include "experiments/learn_part.h"

/* out = (x - mean) * scale; out may be the values of x itself. */
static enum spred_status fill(struct spred_env *env, const struct trial *trial,
                              const struct spred_matrix *x, float *out)
{
    const struct spred_prepared *prepared = &trial->prepared;
    size_t n = x->rows, p = x->cols;
    double *column = spred_alloc(env, n, sizeof *column);
    if (!column)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < p; j++) {
        double mean = prepared->mean ? prepared->mean[j] : 0;
        double scale = prepared->scale ? prepared->scale[j] : 1;
        spred_matrix_column(x, j, column);
        for (size_t i = 0; i < n; i++)
            out[i + j * n] = (float)((column[i] - mean) * scale);
    }
    spred_free(env, column);
    return SPRED_OK;
}

float *learn_floats(struct spred_env *env, const struct trial *trial,
                    const struct spred_matrix *x)
{
    size_t n = x->rows, p = x->cols;
    if (p && n > (size_t)-1 / p / sizeof(float)) {
        spred_fail(env, SPRED_ENOMEM, "%zu x %zu values are too many", n, p);
        return NULL;
    }
    float *out = spred_alloc(env, n * p, sizeof *out);
    if (out && fill(env, trial, x, out) != SPRED_OK) {
        spred_free(env, out);
        out = NULL;
    }
    return out;
}

/* The picture that a row is, if all cells are there in their order. */
static struct spred_picture picture_of(const struct trial *trial)
{
    const struct spred_data *data = &trial->data;
    struct spred_picture picture = {data->height, data->width, data->channels};
    int whole = trial->p == data->x.cols;
    for (size_t j = 0; whole && j < trial->p; j++)
        whole = trial->prepared.kept[j] == j;
    if (!whole)
        memset(&picture, 0, sizeof picture);
    return picture;
}

enum spred_status learn_rows(struct spred_env *env, const struct trial *trial,
                             struct part *part, struct spred_rows *out)
{
    struct spred_matrix *x = &part->x;
    *out = (struct spred_rows){.n = part->n,
                               .p = trial->p,
                               .codes = part->codes,
                               .values = part->values,
                               .picture = picture_of(trial)};
    if (part->n == 0)
        return SPRED_OK;
    if (x->storage == SPRED_F32 && x->owned) { /* in place: no second copy */
        SPRED_TRY(fill(env, trial, x, x->f32));
        out->x = x->f32;
        x->f32 = NULL;
        spred_matrix_free(env, x);
    } else {
        out->x = learn_floats(env, trial, x);
    }
    return out->x ? SPRED_OK : SPRED_ENOMEM;
}
