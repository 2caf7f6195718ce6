/* column.c: what preprocessing asks of one column, without sorting it. */
#include "column.h"

#include <gsl/gsl_sort_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* Puts the k-th smallest at values[k], nothing larger before it, nothing
 * smaller behind it. Three-way partition, so ties cost nothing; after too many
 * rounds the rest is sorted (heap sort). */
static void select_kth(double *values, size_t count, size_t k)
{
    size_t low = 0, high = count; /* k is in [low, high) */
    for (int rounds = 0; high - low > 1; rounds++) {
        if (rounds == 96) {
            gsl_sort(values + low, 1, high - low);
            return;
        }
        double a = values[low], b = values[low + (high - low) / 2];
        double c = values[high - 1];
        double pivot = fmax(fmin(a, b), fmin(fmax(a, b), c));
        size_t less = low, more = high;
        for (size_t i = low; i < more;) {
            if (values[i] < pivot)
                swap(&values[i++], &values[less++]);
            else if (values[i] > pivot)
                swap(&values[i], &values[--more]);
            else
                i++;
        }
        if (k < less)
            high = less;
        else if (k >= more)
            low = more;
        else
            return;
    }
}

double spred_column_quantile(double *values, size_t count, double share)
{
    double position = (double)(count - 1) * share;
    size_t k = (size_t)position;
    select_kth(values, count, k);
    double below = values[k], weight = position - (double)k;
    if (!(weight > 0) || k + 1 >= count)
        return below;
    double above = values[k + 1];
    for (size_t i = k + 2; i < count; i++)
        above = values[i] < above ? values[i] : above;
    return below + weight * (above - below);
}

struct spred_moments spred_column_moments(const double *values, size_t stored,
                                          size_t n)
{
    double sum = 0, rest = 0, squares = 0, zeros = (double)(n - stored);
    double least = stored < n ? 0 : values[0], most = least;
    for (size_t i = 0; i < stored; i++) {
        sum += values[i];
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    if (!(least < most))
        return (struct spred_moments){least, 0, 1};
    double mean = sum / (double)n, size = fmax(fabs(least), fabs(most));
    if (!isfinite(mean))
        return (struct spred_moments){mean, INFINITY, 0};
    for (size_t i = 0; i < stored; i++)
        rest += values[i] - mean;
    mean += (rest - zeros * mean) / (double)n;
    int exponent; /* squares of values near 1 neither overflow nor vanish */
    frexp(size, &exponent);
    double unit = ldexp(1, exponent < -1000 ? 1000 : -exponent);
    for (size_t i = 0; i < stored; i++) {
        double z = values[i] * unit - mean * unit;
        squares += z * z;
    }
    squares += zeros * (mean * unit) * (mean * unit);
    double deviation = sqrt(squares / (double)n) / unit;
    int constant =
        deviation <= SPRED_CONSTANT_SHARE * size || !isfinite(1 / deviation);
    return (struct spred_moments){mean, constant ? 0 : deviation, constant};
}

struct spred_moments spred_matrix_moments(const struct spred_matrix *m,
                                          size_t j, double *work)
{
    if (m->storage == SPRED_CSC) {
        int64_t start = m->colptr[j];
        size_t stored = (size_t)(m->colptr[j + 1] - start);
        return spred_column_moments(m->values + start, stored, m->rows);
    }
    if (m->storage == SPRED_F64)
        return spred_column_moments(m->f64 + j * m->rows, m->rows, m->rows);
    spred_matrix_column(m, j, work);
    return spred_column_moments(work, m->rows, m->rows);
}

void spred_matrix_spread(const struct spred_matrix *m, double *mean,
                         double *deviation, double *work)
{
    for (size_t j = 0; j < m->cols; j++) {
        double total = 0; /* finite only if every value is (or nearly) */
        const double *values = work;
        size_t stored = m->rows;
        if (m->storage == SPRED_F64) {
            values = m->f64 + j * m->rows;
        } else if (m->storage == SPRED_CSC) {
            values = m->values + m->colptr[j];
            stored = (size_t)(m->colptr[j + 1] - m->colptr[j]);
        } else {
            spred_matrix_column(m, j, work);
        }
        for (size_t i = 0; i < stored; i++)
            total += values[i];
        struct spred_moments moments = {total / (double)m->rows, NAN, 0};
        if (m->rows > 0 && isfinite(total))
            moments = spred_column_moments(values, stored, m->rows);
        mean[j] = moments.mean;
        deviation[j] = moments.deviation;
    }
}

struct hashed {
    uint64_t hash;
    size_t column;
};

static int by_hash(const void *left, const void *right)
{
    const struct hashed *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t bits(double value)
{
    uint64_t word;
    value += 0.0; /* -0 becomes 0 */
    memcpy(&word, &value, sizeof word);
    return word;
}

static uint64_t hash_column(const struct spred_matrix *m, size_t j)
{
    uint64_t hash = 0x243f6a8885a308d3u;
    if (m->storage == SPRED_CSC) {
        for (int64_t e = m->colptr[j]; e < m->colptr[j + 1]; e++)
            hash = mix(mix(hash, (uint64_t)m->rowind[e]), bits(m->values[e]));
        return hash;
    }
    for (size_t i = 0; i < m->rows; i++) {
        size_t at = i + j * m->rows;
        hash = mix(hash, bits(m->f64 ? m->f64[at] : (double)m->f32[at]));
    }
    return hash;
}

static int equal_columns(const struct spred_matrix *m, size_t a, size_t b)
{
    size_t n = m->rows;
    if (m->storage != SPRED_CSC) {
        for (size_t i = 0; i < n; i++) {
            size_t left = i + a * n, right = i + b * n;
            if (m->f64 ? m->f64[left] != m->f64[right]
                       : m->f32[left] != m->f32[right])
                return 0;
        }
        return 1;
    }
    int64_t length = m->colptr[a + 1] - m->colptr[a];
    if (length != m->colptr[b + 1] - m->colptr[b])
        return 0;
    for (int64_t e = 0; e < length; e++) {
        int64_t left = m->colptr[a] + e, right = m->colptr[b] + e;
        if (m->rowind[left] != m->rowind[right] ||
            m->values[left] != m->values[right])
            return 0;
    }
    return 1;
}

enum spred_status spred_count_duplicates(struct spred_env *env,
                                         const struct spred_matrix *m,
                                         size_t *count)
{
    size_t p = m->cols, duplicates = 0;
    struct hashed *all = spred_alloc(env, p, sizeof *all);
    if (!all)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < p; j++)
        all[j] = (struct hashed){hash_column(m, j), j};
    qsort(all, p, sizeof *all, by_hash);
    for (size_t start = 0, end; start < p; start = end) {
        size_t distinct = start + 1; /* all[start..distinct-1] differ */
        for (end = start + 1; end < p && all[end].hash == all[start].hash;
             end++) {
            size_t k = start;
            while (k < distinct &&
                   !equal_columns(m, all[k].column, all[end].column))
                k++;
            if (k < distinct)
                duplicates++;
            else
                all[distinct++] = all[end];
        }
    }
    spred_free(env, all);
    *count = duplicates;
    return SPRED_OK;
}
