/* factor_loops.c: updates of factors, and sums of columns four at a time, so
 * that y goes through the registers once for four of them, while the columns
 * that follow these p in memory are on their way; compiled once for
 * each kind of processor (LOOPS: the set's name, VECTOR: bytes). */
#include "solvers/factor_loops.h"

#include <math.h>
#include <string.h>

#include "solvers/factors.h"

#ifndef LOOPS
#define LOOPS factor_loops_baseline
#define LOOPS_NAME "baseline"
#define VECTOR 16
#endif

#define INLINE static inline __attribute__((always_inline))
enum { COLUMNS = 4, SUMS = 4 };
enum { DOUBLES = VECTOR / 8, FLOATS = VECTOR / 4 };
typedef double doubles __attribute__((vector_size(VECTOR)));
typedef float floats __attribute__((vector_size(VECTOR)));

/* ---- updates ---- */

INLINE void adam_one(const struct factor_rule *rule, double slope, double *x,
                     double *first, double *second)
{
    double m = rule->beta1 * *first + (1 - rule->beta1) * slope;
    double s = rule->beta2 * *second + (1 - rule->beta2) * slope * slope;
    *first = m;
    *second = s;
    *x -= rule->lr * rule->unbias1 * m / (sqrt(rule->unbias2 * s) + rule->eps);
}

INLINE void momentum_one(const struct factor_rule *rule, double slope,
                         double *x, double *first)
{
    *first = rule->beta1 * *first + slope;
    *x -= rule->lr * *first;
}

/* use_adam is a constant where this is inlined. */
INLINE void update(size_t count, const struct factor_rule *outer,
                   const struct factor_arrays *at, int use_adam, int weighted)
{
    const struct factor_rule rule = *outer;
    double *restrict u = at->u, *restrict v = at->v, *restrict w = at->w;
    double *restrict mu = at->mu, *restrict mv = at->mv;
    double *restrict su = at->su, *restrict sv = at->sv;
    const double *restrict g = at->g, *restrict weight = at->weight;
    for (size_t e = 0; e < count; e++) {
        double size = weighted ? weight[e] : 1, du, dv;
        spred_factor_slopes(g[e], rule.l1 * size, rule.l2 * size, u[e], v[e],
                            &du, &dv);
        if (use_adam) {
            adam_one(&rule, du, &u[e], &mu[e], &su[e]);
            adam_one(&rule, dv, &v[e], &mv[e], &sv[e]);
        } else {
            momentum_one(&rule, du, &u[e], &mu[e]);
            momentum_one(&rule, dv, &v[e], &mv[e]);
        }
        w[e] = u[e] * v[e];
    }
}

static void momentum(size_t count, const struct factor_rule *rule,
                     const struct factor_arrays *at)
{
    if (at->weight)
        update(count, rule, at, 0, 1);
    else
        update(count, rule, at, 0, 0);
}

static void adam(size_t count, const struct factor_rule *rule,
                 const struct factor_arrays *at)
{
    if (at->weight)
        update(count, rule, at, 1, 1);
    else
        update(count, rule, at, 1, 0);
}

/* ---- columns ---- */

/* The sum of the lanes, by halves. */
INLINE float total(floats v)
{
#if VECTOR == 64
    v += __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3,
                                 4, 5, 6, 7);
    v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15,
                                 8, 9, 10, 11);
#elif VECTOR == 32
    v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
#endif
    return (v[0] + v[2]) + (v[1] + v[3]);
}

INLINE doubles load_doubles(const double *at)
{
    doubles v;
    memcpy(&v, at, sizeof v);
    return v;
}

INLINE floats load_floats(const float *at)
{
    floats v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* Asks for what will be read soon; any address will do. */
INLINE void coming(const void *at)
{
    __builtin_prefetch(at, 0, 2);
}

/* y += the first `count` columns times a; those `ahead` come next. */
INLINE void some_doubles(size_t n, size_t count, const double *x, size_t ahead,
                         const double *a, double *y)
{
    size_t i = 0;
    doubles by[COLUMNS];
    for (size_t c = 0; c < count; c++)
        by[c] = a[c] + (doubles){0};
    for (; i + DOUBLES <= n; i += DOUBLES) {
        doubles sum = load_doubles(y + i);
        for (size_t c = 0; c < count; c++) {
            sum += by[c] * load_doubles(x + c * n + i);
            coming(x + c * n + i + ahead);
        }
        memcpy(y + i, &sum, sizeof sum);
    }
    for (; i < n; i++)
        for (size_t c = 0; c < count; c++)
            y[i] += a[c] * x[c * n + i];
}

static void add_doubles(size_t n, size_t p, const double *x, const double *a,
                        double *y)
{
    size_t j = 0;
    for (; j + COLUMNS <= p; j += COLUMNS)
        some_doubles(n, COLUMNS, x + j * n, n * p, a + j, y);
    for (; j < p; j++)
        some_doubles(n, 1, x + j * n, n * p, a + j, y);
}

INLINE void some_singles(size_t rows, size_t count, const float *x,
                         size_t ahead, const float *a, float *y)
{
    floats by[COLUMNS];
    for (size_t c = 0; c < count; c++)
        by[c] = a[c] + (floats){0};
    for (size_t i = 0; i < rows; i += FLOATS) {
        floats sum = load_floats(y + i);
        for (size_t c = 0; c < count; c++) {
            sum += by[c] * load_floats(x + c * rows + i);
            coming(x + c * rows + i + ahead);
        }
        memcpy(y + i, &sum, sizeof sum);
    }
}

static void add_singles(size_t rows, size_t p, const float *x, const float *a,
                        float *y)
{
    size_t j = 0;
    for (; j + COLUMNS <= p; j += COLUMNS)
        some_singles(rows, COLUMNS, x + j * rows, rows * p, a + j, y);
    for (; j < p; j++)
        some_singles(rows, 1, x + j * rows, rows * p, a + j, y);
}

static void dots(size_t rows, size_t p, const float *x, const float *r,
                 double *out)
{
    for (size_t j = 0; j < p; j++, x += rows) {
        floats sum[SUMS] = {{0}};
        size_t i = 0;
        for (; i + SUMS * FLOATS <= rows; i += SUMS * FLOATS)
            for (size_t s = 0; s < SUMS; s++)
                sum[s] += load_floats(x + i + s * FLOATS) *
                          load_floats(r + i + s * FLOATS);
        for (; i < rows; i += FLOATS)
            sum[0] += load_floats(x + i) * load_floats(r + i);
        sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        out[j] = (double)total(sum[0]);
    }
}

const struct factor_loops LOOPS = {LOOPS_NAME,  momentum,    adam,
                                   add_doubles, add_singles, dots};
