/* coding_loops.c: products with columns of the Gram matrix, scans of gradients,
 * and the small triangle of an active set; compiled once for each kind of
 * processor (LOOPS: the set's name, VECTOR: bytes). */
#include "solvers/coding/coding_loops.h"

#include <math.h>
#include <string.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#ifndef LOOPS
#define LOOPS coding_loops_baseline
#define LOOPS_NAME "baseline"
#define VECTOR 16
#endif

#define INLINE static inline __attribute__((always_inline))
enum { LANES = VECTOR / 8, RUN = 4, CHUNK = RUN * LANES };
typedef double doubles __attribute__((vector_size(VECTOR), aligned(8)));
typedef int64_t bits __attribute__((vector_size(VECTOR), aligned(8)));

INLINE doubles load(const double *from)
{
    return *(const doubles *)from;
}

INLINE void store(double *to, doubles v)
{
    *(doubles *)to = v;
}

INLINE doubles magnitude(doubles v)
{
    return (doubles)((bits)v & INT64_MAX);
}

/* Lanes are compared as numbers; NaN loses. */
INLINE doubles larger(doubles a, doubles b)
{
    bits takes = (bits)(b > a);
    return (doubles)((takes & (bits)b) | (~takes & (bits)a));
}

/* A comparison is true in some lane. */
INLINE int any(bits v)
{
#if VECTOR == 64
    return _mm512_movepi64_mask((__m512i)v) != 0;
#elif VECTOR == 32
    return _mm256_movemask_pd((__m256d)v) != 0;
#else
    return (v[0] | v[1]) != 0;
#endif
}

static void combine(size_t n, const double *gram, size_t count,
                    const uint32_t *index, const double *a, const double *c,
                    double *y)
{
    enum { WIDE = 2 * RUN };
    size_t j = 0;
    for (; j + WIDE * LANES <= n; j += WIDE * LANES) {
        doubles sum[WIDE];
        for (int v = 0; v < WIDE; v++)
            sum[v] = load(c + j + v * LANES);
        for (size_t k = 0; k < count; k++) {
            const double *g = gram + index[k] * n + j;
            for (int v = 0; v < WIDE; v++)
                sum[v] += a[k] * load(g + v * LANES);
        }
        for (int v = 0; v < WIDE; v++)
            store(y + j + v * LANES, sum[v]);
    }
    for (; j + LANES <= n; j += LANES) {
        doubles sum = load(c + j);
        for (size_t k = 0; k < count; k++)
            sum += a[k] * load(gram + index[k] * n + j);
        store(y + j, sum);
    }
    for (; j < n; j++) {
        double sum = c[j];
        for (size_t k = 0; k < count; k++)
            sum += a[k] * gram[index[k] * n + j];
        y[j] = sum;
    }
}

static double largest(size_t n, const double *y)
{
    doubles top[RUN] = {{0}};
    double out = 0;
    size_t j = 0;
    for (; j + CHUNK <= n; j += CHUNK)
        for (int v = 0; v < RUN; v++)
            top[v] = larger(top[v], magnitude(load(y + j + v * LANES)));
    for (int v = 1; v < RUN; v++)
        top[0] = larger(top[0], top[v]);
    for (int lane = 0; lane < LANES; lane++)
        out = top[0][lane] > out ? top[0][lane] : out;
    for (; j < n; j++)
        out = fabs(y[j]) > out ? fabs(y[j]) : out;
    return out;
}

static void advance(size_t n, double step, const double *a, double *g)
{
    size_t j = 0;
    for (; j + LANES <= n; j += LANES)
        store(g + j, load(g + j) - step * load(a + j));
    for (; j < n; j++)
        g[j] -= step * a[j];
}

static size_t above(size_t n, const double *y, double bound, uint32_t *out)
{
    size_t found = 0, j = 0;
    for (; j + CHUNK <= n; j += CHUNK) {
        bits over = {0};
        for (int v = 0; v < RUN; v++)
            over |= (bits)(magnitude(load(y + j + v * LANES)) > bound);
        if (any(over))
            for (size_t i = j; i < j + CHUNK; i++)
                if (fabs(y[i]) > bound)
                    out[found++] = (uint32_t)i;
    }
    for (; j < n; j++)
        if (fabs(y[j]) > bound)
            out[found++] = (uint32_t)j;
    return found;
}

/* One j of reach; what was at the level already reaches it at step 0. */
INLINE void reach_one(size_t j, const double *g, const double *a,
                      const double *block, double level, double *step,
                      size_t *who)
{
    double low = level - g[j] > 0 ? level - g[j] : 0;
    double high = level + g[j] > 0 ? level + g[j] : 0;
    low += block[j];
    high += block[j];
    if (low < *step * (1 - a[j])) {
        *step = low / (1 - a[j]);
        *who = j;
    }
    if (high < *step * (1 + a[j])) {
        *step = high / (1 + a[j]);
        *who = j;
    }
}

static size_t reach(size_t n, const double *g, const double *a,
                    const double *block, double level, double *step)
{
    size_t who = n, j = 0;
    for (; j + CHUNK <= n; j += CHUNK) {
        bits over = {0};
        for (int v = 0; v < RUN; v++) {
            size_t at = j + (size_t)v * LANES;
            doubles gj = load(g + at), aj = load(a + at);
            doubles room = level + load(block + at);
            over |= (bits)(room - gj < *step * (1 - aj)) |
                    (bits)(room + gj < *step * (1 + aj));
        }
        if (any(over))
            for (size_t i = j; i < j + CHUNK; i++)
                reach_one(i, g, a, block, level, step, &who);
    }
    for (; j < n; j++)
        reach_one(j, g, a, block, level, step, &who);
    return who;
}

/* y += a x, count padded */
INLINE void axpy(size_t count, double a, const double *x, double *y)
{
#if VECTOR > 8 * CODING_PAD
#error "CODING_PAD is too small"
#endif
    for (size_t i = 0; i < count; i += LANES)
        store(y + i, load(y + i) + a * load(x + i));
}

static double sweep(size_t count, const double *q, const double *inverse,
                    double lambda, double *g, double *z)
{
    double most = 0;
    for (size_t j = 0; j < count; j++) {
        double old = z[j], to, size, change;
        if (!(inverse[j] > 0))
            continue;
        to = old + g[j] * inverse[j];
        size = fabs(to) - lambda * inverse[j];
        to = size > 0 ? copysign(size, to) : 0;
        change = to - old;
        if (!(change < 0 || change > 0))
            continue;
        z[j] = to;
        axpy(count, -change, q + j * count, g);
        change *= change / inverse[j];
        most = change > most ? change : most;
    }
    return most;
}

/* ---- the triangle ---- */

/* y = sum_k a_k (row or column k of W), count padded. */
INLINE void product(const struct active_factor *f, const double *w,
                    const double *a, double *y)
{
    size_t padded = coding_padded(f->count), count = f->count, i = 0;
    for (; i + 2 * LANES <= padded; i += 2 * LANES) {
        doubles sum[2] = {{0}};
        for (size_t k = 0; k < count; k++) {
            sum[0] += a[k] * load(w + k * f->lead + i);
            sum[1] += a[k] * load(w + k * f->lead + i + LANES);
        }
        store(y + i, sum[0]);
        store(y + i + LANES, sum[1]);
    }
    for (; i < padded; i += LANES) {
        doubles sum = {0};
        for (size_t k = 0; k < count; k++)
            sum += a[k] * load(w + k * f->lead + i);
        store(y + i, sum);
    }
}

static void solve(const struct active_factor *f, const double *b, double *x)
{
    product(f, f->columns, b, f->scratch); /* Wb */
    product(f, f->rows, f->scratch, x);    /* W'Wb */
}

/* The new row of L is l = W cross and the pivot d; that of W is -W'l / d and
 * 1 / d. */
static int append(struct active_factor *f, const double *cross, double square,
                  double least)
{
    size_t m = f->count, lead = f->lead;
    double *l = f->scratch, *row = f->rows + m * lead, pivot = square;
    product(f, f->columns, cross, l);
    for (size_t k = 0; k < m; k++)
        pivot -= l[k] * l[k];
    if (!(pivot > least * square))
        return 1;
    double scale = 1 / sqrt(pivot);
    memset(row, 0, lead * sizeof *row);
    product(f, f->rows, l, row);
    for (size_t k = 0; k < m; k++)
        row[k] *= -scale;
    row[m] = scale;
    memset(f->columns + m * lead, 0, lead * sizeof *row);
    for (size_t k = 0; k <= m; k++)
        f->columns[m + k * lead] = row[k];
    f->count++;
    return 0;
}

/* Rotations of row `position` with those below it make its column zero in
 * them; that row and column go. */
static void take_out(struct active_factor *f, size_t position)
{
    size_t m = f->count, lead = f->lead, p = position;
    double *carrier = f->scratch, *turned = carrier + lead;
    memcpy(carrier, f->rows + p * lead, lead * sizeof *carrier);
    for (size_t i = p + 1; i < m; i++) {
        const double *row = f->rows + i * lead;
        double a = carrier[p], b = row[p], length = sqrt(a * a + b * b);
        double cosine = a / length, sine = b / length;
        size_t padded = coding_padded(i + 1);
        for (size_t j = 0; j < padded; j += LANES) {
            doubles old = load(row + j), held = load(carrier + j);
            store(turned + j, cosine * old - sine * held);
            store(carrier + j, cosine * held + sine * old);
        }
        double *to = f->rows + (i - 1) * lead;
        memcpy(to, turned, p * sizeof *to);
        memcpy(to + p, turned + p + 1, (i - p) * sizeof *to);
    }
    memset(f->rows + (m - 1) * lead, 0, lead * sizeof *f->rows);
    f->count = --m;
    for (size_t j = 0; j <= m; j++) { /* columns from p on have moved */
        double *column = f->columns + j * lead;
        for (size_t i = j > p ? j : p; i < m; i++)
            column[i] = f->rows[j + i * lead];
        column[m] = 0;
        if (j > p && j > 0)
            column[j - 1] = 0;
    }
    memset(f->columns + m * lead, 0, lead * sizeof *f->columns);
}

const struct coding_loops LOOPS = {.name = LOOPS_NAME,
                                   .combine = combine,
                                   .largest = largest,
                                   .advance = advance,
                                   .above = above,
                                   .reach = reach,
                                   .sweep = sweep,
                                   .append = append,
                                   .remove = take_out,
                                   .solve = solve};
