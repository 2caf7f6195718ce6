/* inputs.c: |g_j|, g_j = dH x_j, for many inputs: what lambda is compared with.
 * With H = the outputs of all first layers (m x n), |g_j|^2 = x_j'(dH'dH)x_j
 * costs n^2 an input instead of m n. In double: the square of a small gradient
 * would be lost in rounding. */
#include "solvers/nn/inside.h"

#include <math.h>

enum { PROBE_TILE = 128 }; /* columns of x, or rows of dH, at a time */

static size_t first_outputs(const struct nn *nn)
{
    size_t m = 0;
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        m += nn->units[b][0].out;
    return m;
}

enum spred_status nn_probe_make(struct spred_env *env, struct nn *nn)
{
    size_t m = first_outputs(nn);
    size_t side = m < nn->most ? m : nn->most;
    nn->probe_side = side;
    if (nn->most > SIZE_MAX / sizeof *nn->probe / (side + PROBE_TILE) / 2)
        return spred_fail(env, SPRED_ENOMEM, "out of memory: %zu samples",
                          nn->most);
    nn->probe =
        spred_alloc(env, side * nn->most + (nn->most + side) * PROBE_TILE,
                    sizeof *nn->probe);
    return nn->probe ? SPRED_OK : SPRED_ENOMEM;
}

/* The matrix m x n of all deltas, branches below each other. */
static void copy_deltas(const struct nn *nn, size_t m, size_t n, double *out)
{
    size_t from = 0;
    for (size_t b = 0; b < nn->shape.n_branches; b++) {
        const struct nn_unit *u = &nn->units[b][0];
        for (size_t s = 0; s < n; s++)
            for (size_t i = 0; i < u->out; i++)
                out[from + i + s * m] = (double)u->delta[i + s * u->out];
        from += u->out;
    }
}

/* out = dH'dH, n x n; rows: PROBE_TILE x n of memory */
static void gram(const struct nn *nn, size_t n, double *rows, double *out)
{
    double keep = 0;
    for (size_t b = 0; b < nn->shape.n_branches; b++) {
        const struct nn_unit *u = &nn->units[b][0];
        for (size_t i = 0; i < u->out; i += PROBE_TILE) {
            size_t count = u->out - i < PROBE_TILE ? u->out - i : PROBE_TILE;
            for (size_t s = 0; s < n; s++)
                for (size_t k = 0; k < count; k++)
                    rows[k + s * count] = (double)u->delta[i + k + s * u->out];
            cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (int)n, (int)n,
                        (int)count, 1, rows, (int)count, rows, (int)count, keep,
                        out, (int)n);
            keep = 1;
        }
    }
}

void nn_input_gradient(struct nn *nn, const real *x, size_t n, size_t count,
                       double *out)
{
    size_t m = first_outputs(nn);
    int direct = m <= n;
    size_t side = direct ? m : n;
    double *matrix = nn->probe, *tile = matrix + nn->probe_side * nn->most;
    double *product = tile + nn->most * PROBE_TILE;
    if (direct)
        copy_deltas(nn, m, n, matrix);
    else
        gram(nn, n, tile, matrix);
    for (size_t j = 0; j < count; j += PROBE_TILE) {
        size_t some = count - j < PROBE_TILE ? count - j : PROBE_TILE;
        for (size_t e = 0; e < n * some; e++)
            tile[e] = (double)x[j * n + e];
        cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, (int)side,
                    (int)some, (int)n, 1, matrix, (int)side, tile, (int)n, 0,
                    product, (int)side);
        for (size_t k = 0; k < some; k++) {
            const double *a = product + k * side;
            const double *b = direct ? a : tile + k * n;
            double squares = 0;
            for (size_t i = 0; i < side; i++)
                squares += a[i] * b[i];
            out[j + k] = sqrt(fmax(squares, 0));
        }
    }
}
