/* design.c: products with X = (raw - mean) * scale, centring never stored. */
#include "spred/design.h"

#include <string.h>

#include "passes.h"
#include "spred/linalg.h"

/* Right-hand sides that one go through X meets: as passes.c. */
enum { MOST_OUTPUTS = 64 };

static double scale_of(const struct spred_design *x, size_t j)
{
    return x->scale ? x->scale[j] : 1;
}

static double mean_of(const struct spred_design *x, size_t j)
{
    return x->mean ? x->mean[j] : 0;
}

static double sum(size_t n, const double *v)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += v[i];
    return total;
}

/* raw_j'r */
static double raw_dot(const struct spred_matrix *m, size_t j, const double *r)
{
    double total = 0;
    if (m->storage == SPRED_F64) {
        spred_passes()->dots(m->rows, 1, m->f64 + j * m->rows, 1, r, &total, 1);
        return total;
    }
    if (m->storage == SPRED_F32) {
        spred_passes()->dots_mixed(m->rows, 1, m->f32 + j * m->rows, 1, r,
                                   &total, 1);
        return total;
    }
    for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++)
        total += m->values[e] * r[m->rowind[e]];
    return total;
}

/* y += a raw_j */
static void raw_axpy(const struct spred_matrix *m, size_t j, double a,
                     double *y)
{
    if (m->storage == SPRED_F64) {
        spred_axpy(m->rows, a, m->f64 + j * m->rows, y);
    } else if (m->storage == SPRED_F32) {
        const float *column = m->f32 + j * m->rows;
        for (size_t i = 0; i < m->rows; i++)
            y[i] += a * (double)column[i];
    } else {
        for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++)
            y[m->rowind[e]] += a * m->values[e];
    }
}

static void shift(size_t n, double a, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a;
}

void spred_design_apply(const struct spred_design *x, const double *w,
                        double *out)
{
    const struct spred_matrix *m = x->matrix;
    double constant = 0;
    memset(out, 0, m->rows * sizeof *out);
    for (size_t j = 0; j < m->cols; j++) {
        if (!(w[j] < 0 || w[j] > 0))
            continue;
        double a = w[j] * scale_of(x, j);
        raw_axpy(m, j, a, out);
        constant -= a * mean_of(x, j);
    }
    shift(m->rows, constant, out);
}

/* A pass that threads share. */
struct adjoint {
    const struct spred_design *x;
    size_t outputs;
    const double *r;
    double *out;
};

void spred_design_adjoint_range(const struct spred_design *x, size_t from,
                                size_t to, size_t outputs, const double *r,
                                const double *totals, double *out)
{
    const struct spred_matrix *m = x->matrix;
    const struct spred_passes *passes = spred_passes();
    size_t n = m->rows, p = m->cols;
    if (m->storage == SPRED_F64)
        passes->dots(n, to - from, m->f64 + from * n, outputs, r, out + from,
                     p);
    else if (m->storage == SPRED_F32)
        passes->dots_mixed(n, to - from, m->f32 + from * n, outputs, r,
                           out + from, p);
    for (size_t j = from; m->storage == SPRED_CSC && j < to; j++)
        for (size_t k = 0; k < outputs; k++)
            out[j + k * p] = raw_dot(m, j, r + k * n);
    for (size_t k = 0; k < outputs; k++) {
        double *to_k = out + k * p, total = totals[k];
        for (size_t j = from; (x->mean || x->scale) && j < to; j++)
            to_k[j] = (to_k[j] - mean_of(x, j) * total) * scale_of(x, j);
    }
}

void spred_design_totals(const struct spred_design *x, size_t outputs,
                         const double *r, double *totals)
{
    size_t n = x->matrix->rows;
    for (size_t k = 0; k < outputs; k++)
        totals[k] = x->mean ? sum(n, r + k * n) : 0;
}

/* The columns of one thread, a few outputs at a time. */
static void adjoint_part(void *cookie, size_t index, size_t threads)
{
    const struct adjoint *a = cookie;
    size_t from, to;
    spred_pool_share(a->x->matrix->cols, index, threads, &from, &to);
    size_t n = a->x->matrix->rows, p = a->x->matrix->cols;
    for (size_t k = 0; k < a->outputs; k += MOST_OUTPUTS) {
        double totals[MOST_OUTPUTS];
        size_t left = a->outputs - k;
        size_t some = left < MOST_OUTPUTS ? left : MOST_OUTPUTS;
        spred_design_totals(a->x, some, a->r + k * n, totals);
        spred_design_adjoint_range(a->x, from, to, some, a->r + k * n, totals,
                                   a->out + k * p);
    }
}

void spred_design_adjoint_many(const struct spred_design *x, size_t outputs,
                               const double *r, double *out)
{
    struct adjoint a = {x, outputs, r, out};
    spred_pool_run(x->pool, adjoint_part, &a);
}

void spred_design_adjoint(const struct spred_design *x, const double *r,
                          double *out)
{
    spred_design_adjoint_many(x, 1, r, out);
}

double spred_design_dot(const struct spred_design *x, size_t j, const double *r)
{
    double value = raw_dot(x->matrix, j, r);
    if (x->mean)
        value -= x->mean[j] * sum(x->matrix->rows, r);
    return value * scale_of(x, j);
}

void spred_design_axpy(const struct spred_design *x, size_t j, double a,
                       double *y)
{
    double scaled = a * scale_of(x, j);
    raw_axpy(x->matrix, j, scaled, y);
    if (x->mean)
        shift(x->matrix->rows, -scaled * x->mean[j], y);
}

void spred_design_column(const struct spred_design *x, size_t j, double *out)
{
    double mean = mean_of(x, j), scale = scale_of(x, j);
    spred_matrix_column(x->matrix, j, out);
    for (size_t i = 0; i < x->matrix->rows; i++)
        out[i] = (out[i] - mean) * scale;
}

/* sum_i (x_i - mean)^2 in four sums side by side: one would wait for every
 * addition. */
static double plain_square(size_t n, const double *x, double mean)
{
    double sum[4] = {0}, rest = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            sum[k] += (x[i + k] - mean) * (x[i + k] - mean);
    for (; i < n; i++)
        rest += (x[i] - mean) * (x[i] - mean);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]) + rest;
}

/* sum_i h_i (raw_ij - mean)^2 */
static double column_square(const struct spred_matrix *m, size_t j, double mean,
                            const double *h, double h_total)
{
    double total = 0;
    if (m->storage == SPRED_F64 && !h)
        return plain_square(m->rows, m->f64 + j * m->rows, mean);
    if (m->storage == SPRED_CSC) {
        double rest = h_total; /* weight of the rows that hold zero */
        for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++) {
            double d = m->values[e] - mean;
            double weight = h ? h[m->rowind[e]] : 1;
            total += weight * d * d;
            rest -= weight;
        }
        return total + rest * mean * mean;
    }
    for (size_t i = 0; i < m->rows; i++) {
        double raw = m->storage == SPRED_F64 ? m->f64[j * m->rows + i]
                                             : (double)m->f32[j * m->rows + i];
        double d = raw - mean;
        total += (h ? h[i] : 1) * d * d;
    }
    return total;
}

void spred_design_squares(const struct spred_design *x, const double *h,
                          double *out)
{
    const struct spred_matrix *m = x->matrix;
    double h_total = h ? sum(m->rows, h) : (double)m->rows;
    for (size_t j = 0; j < m->cols; j++) {
        double scale = scale_of(x, j);
        out[j] = scale * scale * column_square(m, j, mean_of(x, j), h, h_total);
    }
}
