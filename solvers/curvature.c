/* curvature.c: largest eigenvalue of X diag(d) X' / n by power iteration. */
#include "solvers/curvature.h"

#include "spred/linalg.h"

double spred_curvature_power(const struct spred_design *x, const double *d,
                             int iterations, double *z, double *scratch_n,
                             double *scratch_p)
{
    size_t n = x->matrix->rows, p = x->matrix->cols;
    double size = spred_norm(n, z), value = 0;
    if (!(size > 0)) {
        /* Any vector that is not orthogonal to the leading one will do: a
         * golden-ratio sequence, never constant (X may be centred). */
        for (size_t i = 0; i < n; i++) {
            double turn = 0.6180339887498949 * (double)(i + 1);
            z[i] = turn - (double)(size_t)turn - 0.5 + 1e-3;
        }
        size = spred_norm(n, z);
    }
    spred_scale(n, 1 / size, z);
    for (int iteration = 0; iteration < iterations; iteration++) {
        spred_design_adjoint(x, z, scratch_p);
        for (size_t j = 0; d && j < p; j++)
            scratch_p[j] *= d[j];
        spred_design_apply(x, scratch_p, scratch_n);
        value = spred_norm(n, scratch_n);
        if (!(value > 0))
            return 0;
        for (size_t i = 0; i < n; i++)
            z[i] = scratch_n[i] / value;
    }
    return value / (double)n;
}
