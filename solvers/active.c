/* active.c: an active set's columns and Gram factor, grown and shrunk a column
 * at a time. Golub and Van Loan, Matrix Computations, sections 4.2 and 6.5. */
#include "solvers/active.h"

#include <math.h>
#include <string.h>

#include "spred/linalg.h"

/* Squared sine of the angle to the span below which a column is dependent:
 * sums of columns kept in single precision, at 1e-8, are not. */
#define DEPENDENT 1e-18
/* Above this, |x|^2 - |row|^2 has lost two digits at most. */
#define CANCELLED 1e-2

enum spred_status spred_active_open(struct spred_active *a,
                                    struct spred_env *env,
                                    const struct spred_problem *problem)
{
    a->env = env;
    a->problem = problem;
    a->work = spred_alloc(env, 3 * problem->n, sizeof *a->work);
    return a->work ? SPRED_OK : SPRED_ENOMEM;
}

void spred_active_close(struct spred_active *a)
{
    if (!a->env)
        return;
    spred_free(a->env, a->index);
    spred_free(a->env, a->columns);
    spred_free(a->env, a->means);
    spred_free(a->env, a->factor);
    spred_free(a->env, a->b);
    spred_free(a->env, a->half);
    spred_free(a->env, a->work);
    memset(a, 0, sizeof *a);
}

/* Room for one more column. */
static enum spred_status grow(struct spred_active *a)
{
    size_t n = a->problem->n, old = a->capacity, wider = old ? 2 * old : 16;
    if (a->count < old)
        return SPRED_OK;
    size_t *index = spred_resize(a->env, a->index, wider, sizeof *index);
    a->index = index ? index : a->index;
    double *means = spred_resize(a->env, a->means, wider, sizeof *means);
    a->means = means ? means : a->means;
    double *b = spred_resize(a->env, a->b, wider, sizeof *b);
    a->b = b ? b : a->b;
    double *half = spred_resize(a->env, a->half, wider, sizeof *half);
    a->half = half ? half : a->half;
    double *columns =
        spred_resize(a->env, a->columns, wider * n, sizeof *columns);
    a->columns = columns ? columns : a->columns;
    double *factor = spred_alloc(a->env, wider * wider, sizeof *factor);
    if (!index || !means || !b || !half || !columns || !factor) {
        spred_free(a->env, factor);
        return SPRED_ENOMEM;
    }
    for (size_t c = 0; c < a->count; c++)
        memcpy(factor + c * wider, a->factor + c * old,
               a->count * sizeof *factor);
    spred_free(a->env, a->factor);
    a->factor = factor;
    a->capacity = wider;
    return SPRED_OK;
}

double spred_active_column(const struct spred_active *a, size_t j, double *out)
{
    const struct spred_problem *problem = a->problem;
    const double *weights = problem->penalty.weights;
    double scale = weights ? 1 / weights[j] : 1, mean = 0;
    size_t n = problem->n;
    spred_design_column(&problem->x, j, out);
    if (problem->intercept) {
        struct spred_sum sum = {0, 0};
        for (size_t i = 0; i < n; i++)
            spred_sum_add(&sum, out[i]);
        mean = spred_sum_value(&sum) / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (out[i] - mean) * scale;
    return mean * scale;
}

/* z = L^-1 columns'x (count) */
static void along(const struct spred_active *a, const double *x, double *z)
{
    size_t n = a->problem->n, m = a->count;
    spred_gemv_t(n, m, 1, a->columns, n, x, 0, z);
    spred_lower_solve(0, m, a->factor, a->capacity, z);
}

/* rest (n) -= columns L'^-1 z; z is lost. */
static void take_out(const struct spred_active *a, double *z, double *rest)
{
    size_t n = a->problem->n, m = a->count;
    spred_lower_solve(1, m, a->factor, a->capacity, z);
    spred_gemv(n, m, -1, a->columns, n, z, 1, rest);
}

/* row = L^-1 columns'x, for L's next row; returns |x|^2 - |row|^2, the square
 * of its diagonal. square: |x|^2; rest: n, scratch. Where that difference
 * cancels, the span of the columns is taken out of x twice: the length of what
 * is left is then exact, and L as good as the R of a QR factorisation. */
static double factor_row(const struct spred_active *a, const double *x,
                         double square, double *row, double *rest)
{
    size_t n = a->problem->n, m = a->count;
    if (m == 0)
        return square;
    along(a, x, row);
    double left = square - spred_dot(m, row, row);
    if (left > CANCELLED * square)
        return left;
    double *z = a->work + 2 * n;
    memcpy(rest, x, n * sizeof *rest);
    memcpy(z, row, m * sizeof *z);
    take_out(a, z, rest);
    along(a, rest, z);
    spred_axpy(m, 1, z, row);
    take_out(a, z, rest);
    return spred_dot(n, rest, rest);
}

enum spred_status spred_active_append(struct spred_active *a, size_t j,
                                      double b, int *dependent)
{
    size_t n = a->problem->n, m = a->count;
    SPRED_TRY(grow(a));
    double *column = a->columns + m * n, *row = a->work, *rest = row + n;
    double mean = spred_active_column(a, j, column);
    double square = spred_dot(n, column, column);
    *dependent = 1;
    if (m >= n)
        return SPRED_OK;
    double left = factor_row(a, column, square, row, rest);
    if (!(left > DEPENDENT * square))
        return SPRED_OK;
    for (size_t c = 0; c < m; c++)
        a->factor[m + c * a->capacity] = row[c];
    a->factor[m + m * a->capacity] = sqrt(left);
    a->b[m] = b;
    a->half[m] = (b - spred_dot(m, row, a->half)) / sqrt(left);
    a->index[m] = j;
    a->means[m] = mean;
    a->count++;
    *dependent = 0;
    return SPRED_OK;
}

void spred_active_remove(struct spred_active *a, size_t position)
{
    size_t n = a->problem->n, m = a->count, ld = a->capacity, k = position;
    size_t after = m - k - 1;
    double *l = a->factor;
    memmove(a->index + k, a->index + k + 1, after * sizeof *a->index);
    memmove(a->means + k, a->means + k + 1, after * sizeof *a->means);
    memmove(a->b + k, a->b + k + 1, after * sizeof *a->b);
    memmove(a->columns + k * n, a->columns + (k + 1) * n,
            after * n * sizeof *a->columns);
    a->count = --m;
    for (size_t c = 0; c <= m; c++) { /* row k goes, the others move up */
        size_t from = c > k ? c : k + 1;
        memmove(l + from - 1 + c * ld, l + from + c * ld,
                (m + 1 - from) * sizeof *l);
    }
    for (size_t i = k; i < m; i++) { /* rotate entry (i, i+1) away */
        double *left = l + i * ld, *right = left + ld;
        double length = hypot(left[i], right[i]);
        double cosine = left[i] / length, sine = right[i] / length;
        for (size_t t = i; t < m; t++) {
            double x = left[t], y = right[t];
            left[t] = cosine * x + sine * y;
            right[t] = cosine * y - sine * x;
        }
        double x = a->half[i], y = a->half[i + 1];
        a->half[i] = cosine * x + sine * y;
        a->half[i + 1] = cosine * y - sine * x;
    }
}

void spred_active_clear(struct spred_active *a)
{
    a->count = 0;
}

enum spred_status spred_active_refactor(struct spred_active *a)
{
    size_t m = a->count;
    int dependent = 0;
    a->count = 0;
    while (a->count < m && !dependent)
        SPRED_TRY(spred_active_append(a, a->index[a->count], a->b[a->count],
                                      &dependent));
    if (dependent)
        return spred_fail(a->env, SPRED_ENUMERIC,
                          "the active columns are dependent");
    return SPRED_OK;
}

void spred_active_solution(const struct spred_active *a, double *v)
{
    if (a->count == 0)
        return;
    memcpy(v, a->half, a->count * sizeof *v);
    spred_lower_solve(1, a->count, a->factor, a->capacity, v);
}

void spred_active_solve(const struct spred_active *a, double *v)
{
    if (a->count == 0)
        return;
    spred_lower_solve(0, a->count, a->factor, a->capacity, v);
    spred_lower_solve(1, a->count, a->factor, a->capacity, v);
}

void spred_active_apply(const struct spred_active *a, const double *v,
                        double *out)
{
    size_t n = a->problem->n;
    memset(out, 0, n * sizeof *out);
    if (a->count)
        spred_gemv(n, a->count, 1, a->columns, n, v, 0, out);
}

void spred_active_adjoint(const struct spred_active *a, const double *r,
                          double *out)
{
    size_t n = a->problem->n;
    if (a->count)
        spred_gemv_t(n, a->count, 1, a->columns, n, r, 0, out);
}
