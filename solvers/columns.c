/* columns.c: kernels on one stored column, for every storage of X. */
#include "columns.h"

double column_scale(const struct spred_design *x, size_t j)
{
    return x->scale ? x->scale[j] : 1;
}

double column_mean(const struct spred_design *x, size_t j)
{
    return x->mean ? x->mean[j] : 0;
}

double column_raw_dot(const struct spred_design *x, size_t j, const double *r)
{
    const struct spred_design raw = {.matrix = x->matrix};
    return spred_design_dot(&raw, j, r);
}

void column_raw_axpy(const struct spred_design *x, size_t j, double a,
                     const double *h, double *y)
{
    const struct spred_matrix *m = x->matrix;
    if (!h) {
        const struct spred_design raw = {.matrix = m};
        spred_design_axpy(&raw, j, a, y);
    } else if (m->storage == SPRED_F64) {
        const double *column = m->f64 + j * m->rows;
        for (size_t i = 0; i < m->rows; i++)
            y[i] += a * h[i] * column[i];
    } else if (m->storage == SPRED_F32) {
        const float *column = m->f32 + j * m->rows;
        for (size_t i = 0; i < m->rows; i++)
            y[i] += a * h[i] * (double)column[i];
    } else {
        for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++)
            y[m->rowind[e]] += a * h[m->rowind[e]] * m->values[e];
    }
}

void column_pack(const struct spred_design *x, size_t j, size_t first,
                 size_t rows, double centre, const double *root, double *out)
{
    const struct spred_matrix *m = x->matrix;
    double scale = column_scale(x, j);
    size_t at = j * m->rows + first;
    if (m->storage == SPRED_F64)
        for (size_t i = 0; i < rows; i++)
            out[i] = root[first + i] * (m->f64[at + i] - centre) * scale;
    else
        for (size_t i = 0; i < rows; i++)
            out[i] =
                root[first + i] * ((double)m->f32[at + i] - centre) * scale;
}
