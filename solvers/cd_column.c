/* cd_column.c: x'y, y += a x and |x - c|^2 on stored columns; eight sums run
 * side by side, in one fixed order whatever the vector unit. */
#include "cd_column.h"

enum { LANES = 8 };
typedef double lanes
    __attribute__((vector_size(LANES * sizeof(double)), aligned(8), may_alias));

#define LOAD(p) (*(const lanes *)(p))
#define TOTAL(v)                                                               \
    (((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])))

CD_WIDE double cd_dot(size_t n, const double *x, const double *y)
{
    lanes a = {0}, b = {0};
    size_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        a += LOAD(x + i) * LOAD(y + i);
        b += LOAD(x + i + LANES) * LOAD(y + i + LANES);
    }
    if (i + LANES <= n) {
        a += LOAD(x + i) * LOAD(y + i);
        i += LANES;
    }
    a += b;
    double total = TOTAL(a);
    for (; i < n; i++)
        total += x[i] * y[i];
    return total;
}

CD_WIDE void cd_axpy(size_t n, double a, const double *x, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

CD_WIDE static double dot_f32(size_t n, const float *x, const double *y)
{
    double sum[LANES] = {0}, total = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            sum[l] += (double)x[i + l] * y[i + l];
    for (size_t l = 0; l < LANES; l++)
        total += sum[l];
    for (; i < n; i++)
        total += (double)x[i] * y[i];
    return total;
}

CD_WIDE static void axpy_f32(size_t n, double a, const float *x, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * (double)x[i];
}

CD_WIDE static void axpy_weighted(size_t n, double a, const double *h,
                                  const double *x, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * h[i] * x[i];
}

CD_WIDE static void axpy_weighted_f32(size_t n, double a, const double *h,
                                      const float *x, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * h[i] * (double)x[i];
}

CD_WIDE static double square(size_t n, double centre, const double *h,
                             const double *x)
{
    double sum[LANES] = {0}, total = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            double d = x[i + l] - centre;
            sum[l] += (h ? h[i + l] : 1) * d * d;
        }
    for (size_t l = 0; l < LANES; l++)
        total += sum[l];
    for (; i < n; i++)
        total += (h ? h[i] : 1) * (x[i] - centre) * (x[i] - centre);
    return total;
}

static double square_f32(size_t n, double centre, const double *h,
                         const float *x)
{
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)x[i] - centre;
        total += (h ? h[i] : 1) * d * d;
    }
    return total;
}

double cd_column_dot(const struct spred_matrix *x, size_t j, const double *y)
{
    double total = 0;
    if (x->storage == SPRED_F64)
        return cd_dot(x->rows, x->f64 + j * x->rows, y);
    if (x->storage == SPRED_F32)
        return dot_f32(x->rows, x->f32 + j * x->rows, y);
    for (int64_t e = x->colptr[j]; e < x->colptr[j + 1]; e++)
        total += x->values[e] * y[x->rowind[e]];
    return total;
}

void cd_column_axpy(const struct spred_matrix *x, size_t j, double a,
                    const double *h, double *y)
{
    size_t n = x->rows;
    if (x->storage == SPRED_F64 && h)
        axpy_weighted(n, a, h, x->f64 + j * n, y);
    else if (x->storage == SPRED_F64)
        cd_axpy(n, a, x->f64 + j * n, y);
    else if (x->storage == SPRED_F32 && h)
        axpy_weighted_f32(n, a, h, x->f32 + j * n, y);
    else if (x->storage == SPRED_F32)
        axpy_f32(n, a, x->f32 + j * n, y);
    else
        for (int64_t e = x->colptr[j]; e < x->colptr[j + 1]; e++) {
            int32_t i = x->rowind[e];
            y[i] += a * (h ? h[i] : 1) * x->values[e];
        }
}

double cd_column_square(const struct spred_matrix *x, size_t j, double centre,
                        const double *h, double total)
{
    if (x->storage == SPRED_F64)
        return square(x->rows, centre, h, x->f64 + j * x->rows);
    if (x->storage == SPRED_F32)
        return square_f32(x->rows, centre, h, x->f32 + j * x->rows);
    double sum = 0, rest = total; /* weight of the rows that hold zero */
    for (int64_t e = x->colptr[j]; e < x->colptr[j + 1]; e++) {
        double d = x->values[e] - centre, weight = h ? h[x->rowind[e]] : 1;
        sum += weight * d * d;
        rest -= weight;
    }
    return sum + (rest > 0 ? rest * centre * centre : 0);
}
