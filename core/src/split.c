/* split.c: stratified hold-out and k-fold splits with exact counts. */
#include "spred/split.h"

#include <math.h>
#include <string.h>

#include "spred/hash.h"
#include "spred/rng.h"

enum part { LEFT_OUT = -1, TRAIN, VALIDATE, TEST, PARTS };

/* The covered samples, class after class: items[start[c]..start[c+1]-1]. */
struct strata {
    size_t k, n;   /* classes, covered samples */
    size_t *start; /* k + 1 */
    size_t *items; /* n, shuffled inside a class */
    size_t *take;  /* k: how many of each class the part being filled gets */
    int8_t *part;  /* of every sample, covered or not */
};

static void strata_free(struct spred_env *env, struct strata *s)
{
    spred_free(env, s->start);
    spred_free(env, s->items);
    spred_free(env, s->take);
    spred_free(env, s->part);
}

static size_t class_of(const int32_t *codes, size_t i)
{
    return codes ? (size_t)codes[i] : 0;
}

/* Groups samples by class; shuffles every class, one after the other. */
static enum spred_status strata_new(struct spred_env *env, const int32_t *codes,
                                    size_t n, size_t n_levels, uint64_t seed,
                                    struct strata *s)
{
    memset(s, 0, sizeof *s);
    s->k = codes ? n_levels : 1;
    for (size_t i = 0; codes && i < n; i++)
        if (codes[i] < -1 || (codes[i] >= 0 && (size_t)codes[i] >= n_levels))
            return spred_fail(env, SPRED_EINVAL,
                              "split: sample %zu has class code %d of %zu "
                              "classes",
                              i, (int)codes[i], n_levels);
    struct spred_rng *rng = spred_rng_new(env, seed);
    s->start = spred_alloc(env, s->k + 1, sizeof *s->start);
    s->items = spred_alloc(env, n, sizeof *s->items);
    s->take = spred_alloc(env, s->k, sizeof *s->take);
    s->part = spred_alloc(env, n, sizeof *s->part);
    if (!rng || !s->start || !s->items || !s->take || !s->part) {
        spred_rng_free(rng);
        strata_free(env, s);
        return SPRED_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        s->part[i] = LEFT_OUT;
        if (!codes || codes[i] >= 0) {
            s->start[class_of(codes, i) + 1]++;
            s->n++;
        }
    }
    for (size_t c = 0; c < s->k; c++)
        s->start[c + 1] += s->start[c];
    for (size_t i = 0; i < n; i++)
        if (!codes || codes[i] >= 0) {
            size_t c = class_of(codes, i);
            s->items[s->start[c] + s->take[c]++] = i;
            s->part[i] = TRAIN;
        }
    for (size_t c = 0; c < s->k; c++)
        spred_rng_shuffle(rng, s->items + s->start[c],
                          s->start[c + 1] - s->start[c]);
    spred_rng_free(rng);
    return SPRED_OK;
}

/* How many samples of class c still train. */
static size_t free_of(const struct strata *s, size_t c)
{
    size_t count = 0;
    for (size_t k = s->start[c]; k < s->start[c + 1]; k++)
        count += s->part[s->items[k]] == TRAIN;
    return count;
}

/* What one class offers the part being filled. */
struct offer {
    double share;     /* share * size: what it should give */
    size_t low, high; /* what it must and may give */
};

/* Largest remainder: take[c] in [low, high] with sum `total` (or the sum of the
 * lows when that is more). Every class starts at the floor of its share, then
 * one sample at a time goes to the class that is furthest below its share, or
 * back to the one that is furthest above (ties: the first). Returns the class
 * that would run dry, or k. */
static size_t apportion(const struct offer *offers, size_t k, size_t total,
                        size_t *take)
{
    size_t sum = 0, lows = 0;
    for (size_t c = 0; c < k; c++) {
        size_t want = (size_t)offers[c].share;
        want = want < offers[c].low ? offers[c].low : want;
        take[c] = want > offers[c].high ? offers[c].high : want;
        sum += take[c];
        lows += offers[c].low;
    }
    total = total < lows ? lows : total;
    while (sum != total) {
        size_t best = k, dry = 0;
        double most = -INFINITY, driest = -INFINITY;
        for (size_t c = 0; c < k; c++) {
            double lack = offers[c].share - (double)take[c];
            double gain = sum < total ? lack : -lack;
            if (lack > driest) {
                driest = lack;
                dry = c;
            }
            if ((sum < total ? take[c] < offers[c].high
                             : take[c] > offers[c].low) &&
                gain > most) {
                most = gain;
                best = c;
            }
        }
        if (best == k)
            return dry;
        if (sum < total) {
            take[best]++;
            sum++;
        } else {
            take[best]--;
            sum--;
        }
    }
    return k;
}

/* Gives `part` its share of the samples, taken from those that still train.
 * of_all: shares count from all samples, else from those that still train.
 * parts: how many parts take something away from training; a class with more
 * samples than that has one in each. later: how many of them come after. */
static enum spred_status fill(struct spred_env *env, struct strata *s,
                              enum part part, double share, int parts,
                              int later, int of_all)
{
    if (!(share > 0))
        return SPRED_OK;
    struct offer *offers = spred_alloc(env, s->k, sizeof *offers);
    if (!offers)
        return SPRED_ENOMEM;
    size_t pool = 0;
    for (size_t c = 0; c < s->k; c++) {
        size_t rest = free_of(s, c);
        size_t size = of_all ? s->start[c + 1] - s->start[c] : rest;
        size_t each = size > (size_t)parts; /* one in each part is possible */
        size_t keep = 1 + (each ? (size_t)later : 0);
        pool += size;
        offers[c].share = share * (double)size;
        offers[c].high = rest > keep ? rest - keep : 0;
        offers[c].low = each && offers[c].high ? 1 : 0;
    }
    size_t total = (size_t)llround(share * (double)pool);
    size_t dry = apportion(offers, s->k, total, s->take);
    spred_free(env, offers);
    if (dry < s->k)
        return spred_fail(env, SPRED_EINVAL,
                          "split: class %zu (%zu samples) would have no "
                          "training sample",
                          dry, s->start[dry + 1] - s->start[dry]);
    for (size_t c = 0; c < s->k; c++)
        for (size_t k = s->start[c]; s->take[c] > 0; k++)
            if (s->part[s->items[k]] == TRAIN) {
                s->part[s->items[k]] = (int8_t)part;
                s->take[c]--;
            }
    return SPRED_OK;
}

static enum spred_status collect(struct spred_env *env, const struct strata *s,
                                 size_t n, struct spred_split *out)
{
    size_t count[PARTS] = {0};
    for (size_t i = 0; i < n; i++)
        if (s->part[i] != LEFT_OUT)
            count[s->part[i]]++;
    out->train = spred_alloc(env, count[TRAIN], sizeof *out->train);
    out->validate = spred_alloc(env, count[VALIDATE], sizeof *out->validate);
    out->test = spred_alloc(env, count[TEST], sizeof *out->test);
    if (!out->train || !out->validate || !out->test) {
        spred_split_free(env, out);
        return SPRED_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (s->part[i] == TRAIN)
            out->train[out->n_train++] = i;
        else if (s->part[i] == VALIDATE)
            out->validate[out->n_validate++] = i;
        else if (s->part[i] == TEST)
            out->test[out->n_test++] = i;
    }
    return SPRED_OK;
}

/* A class with fewer than `least` samples cannot train in every split. */
static enum spred_status check_classes(struct spred_env *env,
                                       const struct strata *s, size_t least)
{
    for (size_t c = 0; c < s->k; c++) {
        size_t size = s->start[c + 1] - s->start[c];
        if (size < least)
            return spred_fail(env, SPRED_EINVAL,
                              "split: class %zu (%zu samples) would have no "
                              "training sample",
                              c, size);
    }
    if (s->n == 0)
        return spred_fail(env, SPRED_EINVAL, "split: no samples");
    return SPRED_OK;
}

enum spred_status spred_split_holdout(struct spred_env *env,
                                      const int32_t *codes, size_t n,
                                      size_t n_levels, double share_test,
                                      double share_validate, uint64_t seed,
                                      struct spred_split *out)
{
    struct strata s;
    memset(out, 0, sizeof *out);
    if (!(share_test >= 0 && share_validate >= 0 &&
          share_test + share_validate < 1))
        return spred_fail(env, SPRED_EINVAL,
                          "split: test %g and validation %g are not shares "
                          "with a sum below 1",
                          share_test, share_validate);
    SPRED_TRY(strata_new(env, codes, n, n_levels, seed, &s));
    int parts = (share_test > 0) + (share_validate > 0);
    enum spred_status status = check_classes(env, &s, 1);
    if (status == SPRED_OK)
        status = fill(env, &s, TEST, share_test, parts, share_validate > 0, 1);
    if (status == SPRED_OK)
        status = fill(env, &s, VALIDATE, share_validate, parts, 0, 1);
    if (status == SPRED_OK)
        status = collect(env, &s, n, out);
    strata_free(env, &s);
    return status;
}

/* Deals the shuffled classes to the folds like cards, one class after the other
 * without starting anew: fold sizes differ by at most one, in total and inside
 * every class. The rest is shuffled again, by seed and fold, so that validation
 * parts of different folds are independent of each other. */
enum spred_status spred_split_kfold(struct spred_env *env, const int32_t *codes,
                                    size_t n, size_t n_levels, size_t folds,
                                    size_t fold, double share_validate,
                                    uint64_t seed, struct spred_split *out)
{
    struct strata s;
    memset(out, 0, sizeof *out);
    if (folds < 2 || fold >= folds)
        return spred_fail(env, SPRED_EINVAL, "split: fold %zu of %zu", fold,
                          folds);
    if (!(share_validate >= 0 && share_validate < 1))
        return spred_fail(env, SPRED_EINVAL,
                          "split: validation %g is not a share below 1",
                          share_validate);
    SPRED_TRY(strata_new(env, codes, n, n_levels, seed, &s));
    enum spred_status status = check_classes(env, &s, 2);
    struct spred_rng *rng =
        spred_rng_new(env, spred_seed(seed, "", fold, "validate"));
    if (status == SPRED_OK && !rng)
        status = SPRED_ENOMEM;
    if (status == SPRED_OK && s.n < folds)
        status = spred_fail(env, SPRED_EINVAL,
                            "split: %zu folds of %zu samples", folds, s.n);
    if (status == SPRED_OK) {
        for (size_t k = 0; k < s.n; k++)
            if (k % folds == fold)
                s.part[s.items[k]] = TEST;
        for (size_t c = 0; c < s.k; c++)
            spred_rng_shuffle(rng, s.items + s.start[c],
                              s.start[c + 1] - s.start[c]);
        status = fill(env, &s, VALIDATE, share_validate, 1, 0, 0);
    }
    if (status == SPRED_OK)
        status = collect(env, &s, n, out);
    spred_rng_free(rng);
    strata_free(env, &s);
    return status;
}

enum spred_status spred_split_given(struct spred_env *env, const int32_t *codes,
                                    size_t n, size_t n_levels, size_t n_test,
                                    double share_validate, uint64_t seed,
                                    struct spred_split *out)
{
    memset(out, 0, sizeof *out);
    if (n_test == 0 || n_test >= n)
        return spred_fail(env, SPRED_EINVAL,
                          "split: a given test part of %zu of %zu samples",
                          n_test, n);
    size_t first = n - n_test;
    size_t *test = spred_alloc(env, n_test, sizeof *test), count = 0;
    if (!test)
        return SPRED_ENOMEM;
    for (size_t i = first; i < n; i++)
        if (!codes || codes[i] >= 0)
            test[count++] = i;
    enum spred_status status =
        count ? spred_split_holdout(env, codes, first, n_levels, 0,
                                    share_validate, seed, out)
              : spred_fail(env, SPRED_EINVAL,
                           "split: none of the %zu given test samples has a "
                           "target",
                           n_test);
    if (status != SPRED_OK) {
        spred_free(env, test);
        return status;
    }
    spred_free(env, out->test);
    out->test = test;
    out->n_test = count;
    return SPRED_OK;
}

void spred_split_free(struct spred_env *env, struct spred_split *split)
{
    spred_free(env, split->train);
    spred_free(env, split->validate);
    spred_free(env, split->test);
    memset(split, 0, sizeof *split);
}
