/* lars_reference.h: the lasso path once more, slowly and in long double,
 * without any code of solvers. */
#ifndef SPRED_TEST_LARS_REFERENCE_H
#define SPRED_TEST_LARS_REFERENCE_H

#include "exact.h"

enum { KNOTS = 200 }; /* that the reference keeps */

/* The same path in long double, from dense matrices: at every knot the Gram
 * matrix anew, Gaussian elimination, all columns. No ties. */
struct reference {
    size_t n, p, count;     /* knots, the start of the path first */
    long double *x, *y, *c; /* n x p centred and weighted, n, p */
    long double *gram;      /* p x (p + 1) */
    long double *w;         /* p */
    double lambda[KNOTS];
    double *knots; /* p x KNOTS: coefficients */
};

static inline void reference_open(struct reference *r, const struct sample *s)
{
    const struct spred_problem *problem = &s->problem;
    size_t n = r->n = problem->n, p = r->p = problem->p;
    r->x = calloc(n * p + n + 2 * p + p * (p + 1), sizeof *r->x);
    r->y = r->x + n * p;
    r->c = r->y + n;
    r->w = r->c + p;
    r->gram = r->w + p;
    r->knots = calloc(p * KNOTS, sizeof *r->knots);
    r->count = 0;
    for (size_t j = 0; j <= p; j++) { /* the last one is y */
        long double *out = j < p ? r->x + j * n : r->y, mean = 0;
        for (size_t i = 0; i < n; i++) {
            out[i] = j < p ? element(s, i, j) : problem->y[i];
            mean += out[i] / n;
        }
        const double *weights = j < p ? problem->penalty.weights : NULL;
        for (size_t i = 0; i < n; i++)
            out[i] = (out[i] - (problem->intercept ? mean : 0)) /
                     (weights ? weights[j] : 1);
    }
}

/* Solves the m x m system in gram (leading dimension p), right side last. */
static inline void eliminate(struct reference *r, size_t m, long double *d)
{
    size_t ld = r->p;
    for (size_t k = 0; k < m; k++)
        for (size_t i = k + 1; i < m; i++) {
            long double factor = r->gram[i + k * ld] / r->gram[k + k * ld];
            for (size_t t = k; t <= m; t++)
                r->gram[i + t * ld] -= factor * r->gram[k + t * ld];
        }
    for (size_t k = m; k-- > 0;) {
        d[k] = r->gram[k + m * ld];
        for (size_t t = k + 1; t < m; t++)
            d[k] -= r->gram[k + t * ld] * d[t];
        d[k] /= r->gram[k + k * ld];
    }
}

static inline long double product(const struct reference *r,
                                  const long double *a, const long double *b)
{
    long double sum = 0;
    for (size_t i = 0; i < r->n; i++)
        sum += a[i] * b[i];
    return sum / r->n;
}

/* Knots down to ratio * lambda_max, that end included. */
static inline void reference_walk(struct reference *r, double ratio)
{
    size_t active[64] = {0}, m = 0, p = r->p;
    long double d[64], sign[64], u[64], lambda = 0;
    for (size_t j = 0; j < p; j++) {
        r->c[j] = product(r, r->x + j * r->n, r->y);
        if (fabsl(r->c[j]) > lambda) {
            lambda = fabsl(r->c[j]);
            active[0] = j;
        }
    }
    sign[m++] = r->c[active[0]] > 0 ? 1 : -1;
    for (long double end = ratio * lambda; r->count < KNOTS && lambda > end;) {
        for (size_t i = 0; i < m; i++) {
            for (size_t k = 0; k < m; k++)
                r->gram[i + k * p] = product(r, r->x + active[i] * r->n,
                                             r->x + active[k] * r->n);
            r->gram[i + m * p] = sign[i];
        }
        eliminate(r, m, d);
        for (size_t i = 0; i < r->n; i++) {
            u[i] = 0;
            for (size_t k = 0; k < m; k++)
                u[i] += r->x[i + active[k] * r->n] * d[k];
        }
        long double t = lambda - end;
        size_t joins = p, drops = m;
        for (size_t j = 0; j < p; j++) {
            int inside = 1;
            for (size_t k = 0; k < m; k++)
                inside = inside && active[k] != j;
            long double a = product(r, r->x + j * r->n, u);
            for (int side = -1; inside && side <= 1; side += 2)
                if (side * a < 1 &&
                    (lambda - side * r->c[j]) / (1 - side * a) < t) {
                    t = (lambda - side * r->c[j]) / (1 - side * a);
                    joins = j;
                }
        }
        for (size_t k = 0; k < m; k++)
            if (sign[k] * d[k] < 0 && -r->w[active[k]] / d[k] < t) {
                t = -r->w[active[k]] / d[k];
                drops = k;
            }
        lambda = joins < p || drops < m ? lambda - t : end;
        for (size_t k = 0; k < m; k++)
            r->w[active[k]] += t * d[k];
        for (size_t j = 0; j < p; j++)
            r->c[j] -= t * product(r, r->x + j * r->n, u);
        if (drops < m) {
            r->w[active[drops]] = 0;
            m--;
            memmove(active + drops, active + drops + 1,
                    (m - drops) * sizeof *active);
            memmove(sign + drops, sign + drops + 1, (m - drops) * sizeof *sign);
        } else if (joins < p) {
            active[m] = joins;
            sign[m++] = r->c[joins] > 0 ? 1 : -1;
        }
        r->lambda[r->count] = (double)lambda;
        for (size_t j = 0; j < p; j++)
            r->knots[j + r->count * p] = (double)r->w[j];
        r->count++;
    }
}

static inline void reference_close(struct reference *r)
{
    free(r->x);
    free(r->knots);
}

#endif
