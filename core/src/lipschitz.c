/* lipschitz.c: upper bounds on the largest curvature of the mean loss. */
#include "spred/lipschitz.h"

#include <math.h>

#include "spred/linalg.h"

/* The Gram matrix on the smaller side is formed up to this size, */
enum { SIDE_MAX = 400, BLOCK = 64 };
/* when it takes at most so many multiplications, */
static const double most_work = 4e9;
/* and squared so often: the bound is then too large by at most
 * SIDE_MAX^(1/64), 1.1. */
enum { SQUARINGS = 6 };
static const double rounding = 1e-9;

double spred_lipschitz_trace(const struct spred_problem *problem,
                             const double *squares)
{
    double total = (double)problem->n; /* of the intercept */
    for (size_t j = 0; j < problem->p; j++)
        total += squares[j];
    return problem->loss->curvature_bound / (double)problem->n * total;
}

/* Columns from..from + count of [X 1] into out, n x count. */
static void columns(const struct spred_problem *problem, size_t from,
                    size_t count, double *out)
{
    size_t n = problem->n;
    for (size_t c = 0; c < count; c++) {
        if (from + c < problem->p)
            spred_design_column(&problem->x, from + c, out + c * n);
        else
            for (size_t i = 0; i < n; i++)
                out[i + c * n] = 1;
    }
}

/* g = [X 1][X 1]' (n x n), or [X 1]'[X 1] when it has `width` < n columns.
 * block: n x BLOCK. */
static void gram(const struct spred_problem *problem, size_t width, double *g,
                 double *block)
{
    size_t n = problem->n;
    for (size_t from = 0; from < width; from += BLOCK) {
        size_t count = width - from < BLOCK ? width - from : BLOCK;
        columns(problem, from, count, block);
        if (width >= n) {
            spred_gemm(0, 1, n, n, count, 1, block, n, block, n, 1, g, n);
            continue;
        }
        for (size_t c = 0; c < count; c++) {
            double *column = g + (from + c) * width, sum = 0;
            spred_design_adjoint(&problem->x, block + c * n, column);
            for (size_t i = 0; i < n; i++)
                sum += block[i + c * n];
            if (width > problem->p)
                column[problem->p] = sum;
        }
    }
}

/* Divides g by its trace, which it gives. */
static double normalise(size_t m, double *g)
{
    double trace = 0;
    for (size_t i = 0; i < m; i++)
        trace += g[i + i * m];
    if (trace > 0)
        spred_scale(m * m, 1 / trace, g);
    return trace;
}

/* Trace of the 2^k-th power, to the power 1 / 2^k. */
double spred_largest_eigenvalue(size_t m, double *g, double *other)
{
    double traces[SQUARINGS + 1], bound = 1;
    traces[0] = normalise(m, g);
    if (!(traces[0] > 0))
        return 0;
    for (size_t k = 1; k <= SQUARINGS; k++) {
        spred_gemm(0, 0, m, m, m, 1, g, m, g, m, 0, other, m);
        double *swap = g;
        g = other;
        other = swap;
        traces[k] = normalise(m, g);
    }
    for (size_t k = SQUARINGS; k > 0; k--)
        bound = sqrt(traces[k] * bound);
    return traces[0] * bound * (1 + rounding);
}

enum spred_status spred_lipschitz(struct spred_env *env,
                                  const struct spred_problem *problem,
                                  struct spred_work *work, double *out)
{
    size_t n = problem->n, p = problem->p;
    size_t width = p + (problem->intercept != 0), m = width < n ? width : n;
    double cost = (double)n * (double)width * (double)m;
    int small = m <= SIDE_MAX && cost <= most_work;
    double *block =
        spred_alloc(env, small ? 2 * m * m + n * BLOCK : p, sizeof *block);
    if (!block)
        return SPRED_ENOMEM;
    if (small) {
        double *g = block + n * BLOCK;
        gram(problem, width, g, block);
        *out = problem->loss->curvature_bound / (double)n *
               spred_largest_eigenvalue(m, g, g + m * m);
    } else {
        spred_design_squares(&problem->x, NULL, block);
        *out = spred_lipschitz_trace(problem, block);
    }
    if (work)
        work->passes += small && width < n ? 1 + (double)p : 1;
    spred_free(env, block);
    return SPRED_OK;
}
