/* passes.c: X'R in registers; compiled once for each kind of processor, with
 * the widest vectors it has (PASSES: the set's name, VECTOR: bytes). */
#include "passes.h"

#include <string.h>

#ifndef PASSES
#define PASSES spred_passes_baseline
#define PASSES_NAME "baseline"
#define VECTOR 16
#endif

#define INLINE static inline __attribute__((always_inline))
/* A column goes by once, in the order of memory: blocks of columns would be
 * several streams, which costs half of the bandwidth. It meets SIDES right-hand
 * sides at a time, each in SUMS partial sums (SINGLE_SUMS if it is alone). */
enum { SIDES = 4, SUMS = 2, SINGLE_SUMS = 4, MOST_SIDES = 64 };
enum { DOUBLES = VECTOR / 8, FLOATS = VECTOR / 4 };

typedef double doubles __attribute__((vector_size(VECTOR)));
typedef float floats __attribute__((vector_size(VECTOR)));
typedef float half_floats __attribute__((vector_size(VECTOR / 2)));

INLINE doubles load_doubles(const double *at)
{
    doubles v;
    memcpy(&v, at, sizeof v);
    return v;
}

INLINE half_floats load_half(const float *at)
{
    half_floats v;
    memcpy(&v, at, sizeof v);
    return v;
}

INLINE doubles load_mixed(const float *at)
{
    return __builtin_convertvector(load_half(at), doubles);
}

INLINE floats load_floats(const float *at)
{
    floats v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* The sum of the lanes, by halves. */
#if VECTOR == 64
INLINE double total(doubles v)
{
    v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
    return v[0] + v[1];
}
#elif VECTOR == 32
INLINE double total(doubles v)
{
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1);
    return v[0] + v[1];
}
#else
INLINE double total(doubles v)
{
    return v[0] + v[1];
}
#endif

INLINE doubles widen(floats v)
{
    half_floats half[2];
    memcpy(half, &v, sizeof half);
    return __builtin_convertvector(half[0], doubles) +
           __builtin_convertvector(half[1], doubles);
}

/* One column's results. The last n % DOUBLES rows are read with the rows before
 * them; `tail` has the last values of r, and zeros for the rows that were
 * already counted. */
#define COLUMN(name, type, load)                                               \
    INLINE void name(size_t n, const type *x, size_t sides, size_t sums,       \
                     const double *r, const doubles *tail, double *out,        \
                     size_t lead)                                              \
    {                                                                          \
        doubles sum[SIDES][SINGLE_SUMS];                                       \
        size_t run = sums * DOUBLES, i = 0;                                    \
        for (size_t k = 0; k < sides; k++)                                     \
            for (size_t s = 0; s < sums; s++)                                  \
                sum[k][s] = (doubles){0};                                      \
        for (; i + run <= n; i += run)                                         \
            for (size_t s = 0; s < sums; s++) {                                \
                doubles at = load(x + i + s * DOUBLES);                        \
                for (size_t k = 0; k < sides; k++)                             \
                    sum[k][s] +=                                               \
                        at * load_doubles(r + k * n + i + s * DOUBLES);        \
            }                                                                  \
        for (; i + DOUBLES <= n; i += DOUBLES) {                               \
            doubles at = load(x + i);                                          \
            for (size_t k = 0; k < sides; k++)                                 \
                sum[k][0] += at * load_doubles(r + k * n + i);                 \
        }                                                                      \
        if (i < n && n >= DOUBLES) {                                           \
            doubles at = load(x + n - DOUBLES);                                \
            for (size_t k = 0; k < sides; k++)                                 \
                sum[k][0] += at * tail[k];                                     \
        }                                                                      \
        for (size_t k = 0; k < sides; k++) {                                   \
            for (size_t s = 1; s < sums; s++)                                  \
                sum[k][0] += sum[k][s];                                        \
            double value = total(sum[k][0]);                                   \
            for (i = 0; n < DOUBLES && i < n; i++)                             \
                value += (double)x[i] * r[k * n + i];                          \
            out[k * lead] = value;                                             \
        }                                                                      \
    }
COLUMN(column_doubles, double, load_doubles)
COLUMN(column_mixed, float, load_mixed)

static void last_rows(size_t n, size_t outputs, const double *r, doubles *tail)
{
    size_t counted = DOUBLES - n % DOUBLES;
    for (size_t k = 0; n >= DOUBLES && k < outputs; k++) {
        tail[k] = load_doubles(r + k * n + n - DOUBLES);
        for (size_t i = 0; i < counted; i++)
            tail[k][i] = 0;
    }
}

/* All columns; X goes through once for MOST_SIDES sides. The constants make
 * each call of `column` a loop of its own. */
#define SWEEP(name, column, type)                                              \
    static void name##_some(size_t n, size_t p, const type *x, size_t outputs, \
                            const double *r, double *out, size_t lead)         \
    {                                                                          \
        doubles tail[MOST_SIDES];                                              \
        last_rows(n, outputs, r, tail);                                        \
        for (size_t j = 0; j < p; j++, x += n) {                               \
            size_t k = 0;                                                      \
            for (; k + SIDES <= outputs; k += SIDES)                           \
                column(n, x, SIDES, SUMS, r + k * n, tail + k,                 \
                       out + j + k * lead, lead);                              \
            for (; k < outputs; k++)                                           \
                column(n, x, 1, SINGLE_SUMS, r + k * n, tail + k,              \
                       out + j + k * lead, lead);                              \
        }                                                                      \
    }                                                                          \
    static void name(size_t n, size_t p, const type *x, size_t outputs,        \
                     const double *r, double *out, size_t lead)                \
    {                                                                          \
        for (size_t k = 0; k < outputs; k += MOST_SIDES) {                     \
            size_t left = outputs - k;                                         \
            name##_some(n, p, x, left < MOST_SIDES ? left : MOST_SIDES,        \
                        r + k * n, out + k * lead, lead);                      \
        }                                                                      \
    }
SWEEP(dots, column_doubles, double)
SWEEP(dots_mixed, column_mixed, float)

/* One column in single precision; rows is a multiple of FLOATS. */
INLINE void column_single(size_t rows, const float *x, size_t sides,
                          size_t sums, const float *r, double *out, size_t lead)
{
    doubles whole[SIDES];
    for (size_t k = 0; k < sides; k++)
        whole[k] = (doubles){0};
    for (size_t first = 0; first < rows; first += SPRED_SINGLE_RUN) {
        size_t left = rows - first, i = first, run = sums * FLOATS;
        size_t end =
            first + (left < SPRED_SINGLE_RUN ? left : SPRED_SINGLE_RUN);
        floats sum[SIDES][SINGLE_SUMS];
        for (size_t k = 0; k < sides; k++)
            for (size_t s = 0; s < sums; s++)
                sum[k][s] = (floats){0};
        for (; i + run <= end; i += run)
            for (size_t s = 0; s < sums; s++) {
                floats at = load_floats(x + i + s * FLOATS);
                for (size_t k = 0; k < sides; k++)
                    sum[k][s] +=
                        at * load_floats(r + k * rows + i + s * FLOATS);
            }
        for (; i < end; i += FLOATS)
            for (size_t k = 0; k < sides; k++)
                sum[k][0] += load_floats(x + i) * load_floats(r + k * rows + i);
        for (size_t k = 0; k < sides; k++) {
            for (size_t s = 1; s < sums; s++)
                sum[k][0] += sum[k][s];
            whole[k] += widen(sum[k][0]);
        }
    }
    for (size_t k = 0; k < sides; k++)
        out[k * lead] = total(whole[k]);
}

static void dots_single(size_t rows, size_t p, const float *x, size_t outputs,
                        const float *r, double *out, size_t lead)
{
    for (size_t j = 0; j < p; j++, x += rows) {
        size_t k = 0;
        for (; k + SIDES <= outputs; k += SIDES)
            column_single(rows, x, SIDES, SUMS, r + k * rows,
                          out + j + k * lead, lead);
        for (; k < outputs; k++)
            column_single(rows, x, 1, SINGLE_SUMS, r + k * rows,
                          out + j + k * lead, lead);
    }
}

const struct spred_passes PASSES = {PASSES_NAME, FLOATS, dots, dots_mixed,
                                    dots_single};
