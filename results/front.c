/* front.c: settings summed up over their trials, compared with the dense
 * network of the same trial, and which of them a curve goes through. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/compression.h"
#include "results/summary.h"

double results_seed_compression(const struct results_seed *seed)
{
    return seed->weights / seed->nonzero;
}

double results_seed_macs(const struct results_seed *seed)
{
    return seed->macs_dense / fmax(seed->macs, 1);
}

double results_seed_speedup(const struct results_seed *seed)
{
    return seed->seconds > 0 ? seed->seconds_dense / seed->seconds : NAN;
}

double results_seed_accuracy(const struct results_seed *seed)
{
    return seed->accuracy;
}

double results_seed_validation(const struct results_seed *seed)
{
    return seed->validation;
}

double results_seed_lost(const struct results_seed *seed)
{
    return seed->lost;
}

double results_seed_validation_lost(const struct results_seed *seed)
{
    return seed->validation_lost;
}

double results_seed_loss(const struct results_seed *seed)
{
    return seed->loss;
}

struct results_spread
results_spread(const struct results_setting *s,
               double (*number)(const struct results_seed *))
{
    struct results_spread out = {NAN, NAN, NAN, 0};
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        double value = number(&s->seeds[i]);
        if (isnan(value))
            continue;
        sum += value;
        out.low = fmin(out.low, value);
        out.high = fmax(out.high, value);
        out.n++;
    }
    if (out.n)
        out.mean = sum / (double)out.n;
    return out;
}

/* sum of weights / sum of nonzero: a trial that lost all its weights does not
 * make the mean. */
static double sums(const struct results_setting *s, int macs)
{
    double all = 0, left = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct results_seed *seed = &s->seeds[i];
        double whole = macs ? seed->macs_dense : seed->weights;
        double part = macs ? seed->macs : seed->nonzero;
        if (isnan(whole) || isnan(part))
            continue;
        all += whole;
        left += part;
    }
    return all > 0 ? all / fmax(left, 1) : NAN;
}

static double median_speedup(struct spred_env *env,
                             const struct results_setting *s,
                             enum spred_status *status)
{
    double *values = spred_alloc(env, s->n + 1, sizeof *values), out = NAN;
    if (!values) {
        *status = SPRED_ENOMEM;
        return NAN;
    }
    for (size_t i = 0; i < s->n; i++)
        values[i] = results_seed_speedup(&s->seeds[i]);
    out = results_median(values, s->n);
    spred_free(env, values);
    return out;
}

static int by_curve(const void *pa, const void *pb)
{
    const struct results_setting *a = pa, *b = pb;
    int c = (a->order > b->order) - (a->order < b->order);
    c = c ? c : strcmp(a->network, b->network);
    c = c ? c : b->is_dense - a->is_dense;
    c = c ? c : strcmp(a->method, b->method);
    c = c ? c
          : (a->compression > b->compression) -
                (a->compression < b->compression);
    return c ? c : (a->place > b->place) - (a->place < b->place);
}

size_t results_network_end(const struct results_settings *s, size_t i)
{
    size_t end = i;
    while (end < s->n && s->rows[end].order == s->rows[i].order &&
           strcmp(s->rows[end].network, s->rows[i].network) == 0)
        end++;
    return end;
}

size_t results_method_end(const struct results_settings *s, size_t i)
{
    size_t end = i, limit = results_network_end(s, i);
    while (end < limit && s->rows[end].is_dense == s->rows[i].is_dense &&
           strcmp(s->rows[end].method, s->rows[i].method) == 0)
        end++;
    return end;
}

size_t results_dense(const struct results_settings *s, size_t i, size_t end)
{
    while (i < end && !s->rows[i].stands)
        i++;
    return i;
}

/* "deep-dense" is dense by name. */
static int named_dense(const struct results_setting *s)
{
    size_t n = strlen(s->solver), m = strlen("dense");
    return n >= m && strcmp(s->solver + n - m, "dense") == 0;
}

/* Rather a method that is dense by name; then by the validation part. */
static void find_dense(struct results_settings *s, size_t i, size_t end)
{
    struct results_setting *best = NULL;
    for (; i < end; i++) {
        struct results_setting *row = &s->rows[i];
        if (!row->is_dense)
            continue;
        int before = !best || named_dense(row) > named_dense(best) ||
                     (named_dense(row) == named_dense(best) &&
                      row->validation > best->validation);
        best = before ? row : best;
    }
    if (best)
        best->stands = 1;
}

static void compare(struct results_setting *row,
                    const struct results_setting *dense)
{
    for (size_t i = 0; i < row->n; i++)
        for (size_t k = 0; k < dense->n; k++) {
            struct results_seed *seed = &row->seeds[i];
            if (dense->seeds[k].trial != seed->trial)
                continue;
            seed->lost = dense->seeds[k].accuracy - seed->accuracy;
            seed->validation_lost =
                dense->seeds[k].validation - seed->validation;
        }
    row->validation_lost =
        results_spread(row, results_seed_validation_lost).mean;
}

static size_t most_trials(const struct results_settings *s, size_t i,
                          size_t end)
{
    size_t most = 0;
    for (; i < end; i++)
        most = s->rows[i].n > most ? s->rows[i].n : most;
    return most;
}

static double compression_of(const struct results_setting *s)
{
    return s->compression;
}

static double macs_of(const struct results_setting *s)
{
    return s->macs;
}

static double speedup_of(const struct results_setting *s)
{
    return s->speedup;
}

static int is_smaller(const struct results_setting *s)
{
    return strncmp(s->rule, "made smaller", 12) == 0;
}

/* Is no other of rows i .. end - 1 at least as far right with a higher
 * validation accuracy (or farther with the same)? Without a validation part
 * nothing may choose: all are. */
static int on_front(const struct results_settings *s, size_t i, size_t end,
                    const struct results_setting *row, int smaller,
                    double (*x)(const struct results_setting *))
{
    if (row->n < most_trials(s, i, end)) /* a seed of it failed */
        return 0;
    for (size_t k = i; k < end; k++) {
        const struct results_setting *other = &s->rows[k];
        if (other == row || (smaller && !is_smaller(other)) ||
            other->n < row->n)
            continue;
        if (isnan(row->validation) && !isnan(other->validation))
            return 0;
        if (x(other) >= x(row) && other->validation >= row->validation &&
            (x(other) > x(row) || other->validation > row->validation ||
             other < row))
            return 0;
    }
    return !isnan(x(row));
}

static void find_fronts(struct results_settings *s, size_t i, size_t end)
{
    int any = 0;
    for (size_t k = i; k < end; k++)
        any = any || is_smaller(&s->rows[k]);
    for (size_t k = i; k < end; k++) {
        struct results_setting *row = &s->rows[k];
        if (row->is_dense)
            continue;
        row->front = on_front(s, i, end, row, 0, compression_of);
        if (any && !is_smaller(row))
            continue;
        row->front_macs = on_front(s, i, end, row, any, macs_of);
        row->front_speed = any && on_front(s, i, end, row, any, speedup_of);
    }
}

enum spred_status results_settings_finish(struct spred_env *env,
                                          struct results_settings *s)
{
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; i < s->n; i++) {
        struct results_setting *row = &s->rows[i];
        row->compression = sums(row, 0);
        row->macs = sums(row, 1);
        row->speedup = median_speedup(env, row, &status);
        row->validation = results_spread(row, results_seed_validation).mean;
        row->accuracy = results_spread(row, results_seed_accuracy).mean;
        row->validation_lost = NAN;
    }
    if (status)
        return status;
    if (s->n)
        qsort(s->rows, s->n, sizeof *s->rows, by_curve);
    for (size_t i = 0, end; i < s->n; i = end) {
        end = results_network_end(s, i);
        find_dense(s, i, end);
        size_t dense = results_dense(s, i, end);
        for (size_t k = i; dense < end && k < end; k++)
            compare(&s->rows[k], &s->rows[dense]);
        for (size_t k = i, next; k < end; k = next) {
            next = results_method_end(s, k);
            find_fronts(s, k, next);
        }
    }
    return SPRED_OK;
}

size_t results_best(const struct results_settings *s, size_t i, size_t end)
{
    size_t best = end, trials = most_trials(s, i, end);
    for (size_t k = i; k < end; k++) {
        const struct results_setting *row = &s->rows[k];
        if (row->is_dense || row->n < trials ||
            !(row->validation_lost <= RESULTS_ONE_POINT + 1e-12))
            continue;
        if (best == end || row->compression > s->rows[best].compression)
            best = k;
    }
    return best;
}

size_t results_at_least(const struct results_settings *s, size_t i, size_t end,
                        double compression)
{
    size_t best = end, trials = most_trials(s, i, end);
    for (size_t k = i; k < end; k++) {
        const struct results_setting *row = &s->rows[k];
        if (row->is_dense || row->n < trials ||
            !(row->compression >= compression * (1 - 1e-12)) ||
            isnan(row->validation))
            continue;
        if (best == end || row->validation >= s->rows[best].validation)
            best = k;
    }
    return best;
}
