/* metric.c: accuracy, AUC, log-loss and r2 from predictions alone. */
#include "spred/metric.h"

#include <math.h>
#include <stdlib.h>

/* Probabilities below this count as this in the log-loss. */
static const double least_probability = 1e-15;

double spred_accuracy(const int32_t *truth, const int32_t *predicted, size_t n)
{
    size_t equal = 0;
    for (size_t i = 0; i < n; i++)
        equal += truth[i] == predicted[i];
    return n ? (double)equal / (double)n : NAN;
}

double spred_balanced_accuracy(const int32_t *truth, const int32_t *predicted,
                               size_t n, size_t k)
{
    double sum = 0;
    size_t occurring = 0;
    for (size_t c = 0; c < k; c++) {
        size_t members = 0, found = 0;
        for (size_t i = 0; i < n; i++)
            if (truth[i] == (int32_t)c) {
                members++;
                found += predicted[i] == truth[i];
            }
        if (members) {
            occurring++;
            sum += (double)found / (double)members;
        }
    }
    return occurring ? sum / (double)occurring : NAN;
}

double spred_majority(const int32_t *truth, size_t n, size_t k)
{
    size_t most = 0;
    for (size_t c = 0; c < k; c++) {
        size_t members = 0;
        for (size_t i = 0; i < n; i++)
            members += truth[i] == (int32_t)c;
        most = members > most ? members : most;
    }
    return n ? (double)most / (double)n : NAN;
}

struct scored {
    double score;
    int positive;
};

static int by_score(const void *left, const void *right)
{
    double a = ((const struct scored *)left)->score;
    double b = ((const struct scored *)right)->score;
    return (a > b) - (a < b);
}

/* AUC = (#{positive above negative} + #{ties} / 2) / (positives * negatives),
 * counted tie group by tie group in ascending order. Sorts items. */
static double auc_of(struct scored *items, size_t n)
{
    double wins = 0, ties = 0, positives = 0, negatives = 0;
    for (size_t i = 0; i < n; i++)
        if (isnan(items[i].score))
            return NAN;
    qsort(items, n, sizeof *items, by_score);
    for (size_t start = 0, end; start < n; start = end) {
        double up = 0, down = 0;
        for (end = start; end < n && by_score(items + start, items + end) == 0;
             end++) {
            up += items[end].positive;
            down += !items[end].positive;
        }
        wins += up * negatives;
        ties += up * down;
        positives += up;
        negatives += down;
    }
    if (!(positives > 0 && negatives > 0))
        return NAN;
    return (wins + ties / 2) / (positives * negatives);
}

enum spred_status spred_auc(struct spred_env *env, const int32_t *positive,
                            const double *score, size_t n, double *out)
{
    struct scored *items = spred_alloc(env, n, sizeof *items);
    if (!items)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct scored){score[i], positive[i] != 0};
    *out = auc_of(items, n);
    spred_free(env, items);
    return SPRED_OK;
}

enum spred_status spred_auc_multi(struct spred_env *env, const int32_t *truth,
                                  const double *scores, size_t n, size_t k,
                                  double *out)
{
    double sum = 0;
    size_t defined = 0;
    struct scored *items = spred_alloc(env, n, sizeof *items);
    if (!items)
        return SPRED_ENOMEM;
    for (size_t c = 0; c < k; c++) {
        size_t members = 0;
        for (size_t i = 0; i < n; i++) {
            int member = truth[i] == (int32_t)c;
            items[i] = (struct scored){scores[i + c * n], member};
            members += (size_t)member;
        }
        if (members == 0 || members == n)
            continue;
        sum += auc_of(items, n); /* NaN when a score is NaN */
        defined++;
    }
    spred_free(env, items);
    *out = defined ? sum / (double)defined : NAN;
    return SPRED_OK;
}

double spred_log_loss(const int32_t *truth, const double *probability, size_t n,
                      size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (truth[i] < 0 || (size_t)truth[i] >= k)
            return NAN;
        double p = probability[i + (size_t)truth[i] * n];
        p = p < least_probability ? least_probability : p; /* NaN stays NaN */
        sum -= log(p > 1 ? 1 : p);
    }
    return n ? sum / (double)n : NAN;
}

double spred_r2(const double *y, const double *f, size_t n)
{
    double mean = 0, residual = 0, total = 0;
    int varies = 0;
    for (size_t i = 0; i < n; i++) {
        mean += y[i] / (double)n;
        varies |= y[i] < y[0] || y[i] > y[0];
    }
    for (size_t i = 0; i < n; i++) {
        residual += (y[i] - f[i]) * (y[i] - f[i]);
        total += (y[i] - mean) * (y[i] - mean);
    }
    return varies ? 1 - residual / total : NAN;
}
