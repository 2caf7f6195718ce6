/* preprocess.c: learns log2, medians, the variance filter, means and scales
 * from the training rows, and from nothing else. */
#include "spred/preprocess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "log2_rule.h"
#include "preprocess_column.h"
#include "spred/text.h"

/* What one call works on. */
struct lesson {
    const struct spred_matrix *raw;
    const size_t *rows;
    size_t n_rows;
    const struct spred_preprocess_rules *rules;
    struct spred_log2_facts facts; /* values == 0: not looked at */
    double *deviation; /* p_raw: on the training rows; -1 = no value there */
    double *median;    /* p_raw, or NULL where none is needed */
    size_t empty;      /* columns without a training value */
    size_t missing;    /* cells without a value */
    double threshold;  /* least standard deviation kept */
};

static enum spred_status learn_log2(struct spred_env *env, struct lesson *l,
                                    struct spred_prepared *out)
{
    enum spred_log2 rule = l->rules->log2;
    if (rule == SPRED_LOG2_NEVER ||
        (rule == SPRED_LOG2_AUTO && l->rules->channels))
        return SPRED_OK;
    if (l->raw->storage == SPRED_CSC) {
        if (rule == SPRED_LOG2_AUTO)
            return SPRED_OK;
        return spred_fail(env, SPRED_EINVAL,
                          "preprocess: log2 of a sparse matrix");
    }
    SPRED_TRY(spred_log2_look(env, l->raw, l->rows, l->n_rows,
                              rule == SPRED_LOG2_ALWAYS, &l->facts));
    out->log2 = rule == SPRED_LOG2_ALWAYS || l->facts.wanted;
    if (out->log2 && !(l->facts.most > 0))
        return spred_fail(env, SPRED_EINVAL,
                          "preprocess: log2 asked for, but no training value "
                          "is positive");
    out->log2_floor = out->log2 ? l->facts.floor : 0;
    return SPRED_OK;
}

/* The median of the values that are there, rounded like the storage. */
static double median_of(const struct lesson *l, const double *column,
                        double *work)
{
    size_t present = 0;
    for (size_t i = 0; i < l->n_rows; i++)
        if (!isnan(column[i]))
            work[present++] = column[i];
    double median = spred_column_quantile(work, present, 0.5);
    return l->raw->f32 ? (double)(float)median : median;
}

/* work: 2 * n_rows values. */
static enum spred_status learn_column(struct spred_env *env, struct lesson *l,
                                      const struct spred_prepared *out,
                                      size_t j, double *work)
{
    size_t missing;
    SPRED_TRY(spred_preprocess_column(env, out, l->raw, l->rows, l->n_rows, j,
                                      work, &missing));
    l->missing += missing;
    if (missing && !l->median)
        return spred_fail(env, SPRED_EINVAL,
                          "preprocess: feature %zu misses %zu of %zu training "
                          "values, and missing values are refused",
                          j + 1, missing, l->n_rows);
    if (missing == l->n_rows) {
        l->deviation[j] = -1;
        l->empty++;
        return SPRED_OK;
    }
    if (l->median)
        l->median[j] = median_of(l, work, work + l->n_rows);
    if (!(l->rules->variance_keep < 1))
        return SPRED_OK;
    for (size_t i = 0; missing && i < l->n_rows; i++)
        work[i] = isnan(work[i]) ? l->median[j] : work[i];
    l->deviation[j] =
        spred_column_moments(work, l->n_rows, l->n_rows).deviation;
    return SPRED_OK;
}

/* Deviations (when they decide anything) and medians of all raw columns. */
static enum spred_status learn_columns(struct spred_env *env, struct lesson *l,
                                       const struct spred_prepared *out)
{
    enum spred_status status = SPRED_OK;
    if (l->raw->storage == SPRED_CSC) {
        struct spred_matrix taken;
        if (!(l->rules->variance_keep < 1))
            return SPRED_OK;
        SPRED_TRY(spred_matrix_take(env, l->raw, l->rows, l->n_rows, NULL, 0,
                                    &taken));
        for (size_t j = 0; j < out->p_raw; j++)
            l->deviation[j] = spred_matrix_moments(&taken, j, NULL).deviation;
        spred_matrix_free(env, &taken);
        return SPRED_OK;
    }
    double *work = spred_alloc(env, 2 * l->n_rows, sizeof *work);
    if (!work)
        return SPRED_ENOMEM;
    for (size_t j = 0; status == SPRED_OK && j < out->p_raw; j++)
        status = learn_column(env, l, out, j, work);
    spred_free(env, work);
    return status;
}

struct ranked {
    double deviation;
    size_t column;
};

static int by_deviation(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->deviation < b->deviation || a->deviation > b->deviation)
        return a->deviation > b->deviation ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static int by_column(const void *left, const void *right)
{
    size_t a = ((const struct ranked *)left)->column;
    size_t b = ((const struct ranked *)right)->column;
    return (a > b) - (a < b);
}

/* Chooses out->kept (ascending; of equal variances the first) and their
 * medians. */
static enum spred_status learn_kept(struct spred_env *env, struct lesson *l,
                                    struct spred_prepared *out)
{
    size_t candidates = out->p_raw - l->empty;
    if (candidates == 0)
        return spred_fail(env, SPRED_EINVAL, "preprocess: no feature left");
    double wanted = round(l->rules->variance_keep * (double)candidates);
    out->p = wanted < 1 ? 1 : (size_t)wanted;
    struct ranked *ranked = spred_alloc(env, out->p_raw, sizeof *ranked);
    out->kept = spred_alloc(env, out->p, sizeof *out->kept);
    if (l->median)
        out->median = spred_alloc(env, out->p, sizeof *out->median);
    int ok = ranked && out->kept && (out->median || !l->median);
    if (ok) {
        for (size_t j = 0; j < out->p_raw; j++)
            ranked[j] = (struct ranked){l->deviation[j], j};
        qsort(ranked, out->p_raw, sizeof *ranked, by_deviation);
        l->threshold = ranked[out->p - 1].deviation;
        qsort(ranked, out->p, sizeof *ranked, by_column);
    }
    for (size_t k = 0; ok && k < out->p; k++) {
        out->kept[k] = ranked[k].column;
        if (l->median)
            out->median[k] = l->median[ranked[k].column];
    }
    spred_free(env, ranked);
    return ok ? SPRED_OK : SPRED_ENOMEM;
}

/* Each channel's columns have one mean m = sum x / cells and one scale 1/s, s^2
 * = sum (x - m)^2 / cells. moments: work of `channels` entries. */
static enum spred_status
learn_channels(struct spred_env *env, const struct lesson *l,
               struct spred_prepared *out, const struct spred_matrix *train,
               double *work, struct spred_moments *moments)
{
    size_t n = train->rows, channels = l->rules->channels;
    for (size_t c = 0; c < channels; c++) {
        double sum = 0, squares = 0, cells = 0;
        for (size_t k = 0; k < out->p; k++) {
            if (out->kept[k] % channels != c)
                continue;
            spred_matrix_column(train, k, work);
            for (size_t i = 0; i < n; i++)
                sum += work[i];
            cells += (double)n;
        }
        double mean = cells > 0 ? sum / cells : 0;
        for (size_t k = 0; k < out->p; k++) {
            if (out->kept[k] % channels != c)
                continue;
            spred_matrix_column(train, k, work);
            for (size_t i = 0; i < n; i++)
                squares += (work[i] - mean) * (work[i] - mean);
        }
        double deviation = cells > 0 ? sqrt(squares / cells) : 0;
        moments[c].mean = mean;
        moments[c].deviation = deviation;
        moments[c].constant = !(deviation > 1e-12 * fabs(mean));
        if (!isfinite(mean) || !isfinite(deviation))
            return spred_fail(env, SPRED_EINVAL,
                              "preprocess: the values of channel %zu are too "
                              "large",
                              c + 1);
    }
    return SPRED_OK;
}

/* Means and scales of the transformed training matrix, as it is stored. */
static enum spred_status learn_moments(struct spred_env *env,
                                       const struct lesson *l,
                                       struct spred_prepared *out,
                                       const struct spred_matrix *train)
{
    size_t channels = l->rules->channels;
    double *work = spred_alloc(env, train->rows, sizeof *work);
    struct spred_moments *shared = spred_alloc(env, channels, sizeof *shared);
    if (l->rules->center)
        out->mean = spred_alloc(env, out->p, sizeof *out->mean);
    if (l->rules->standardize)
        out->scale = spred_alloc(env, out->p, sizeof *out->scale);
    enum spred_status status = work && shared &&
                                       (out->mean || !l->rules->center) &&
                                       (out->scale || !l->rules->standardize)
                                   ? SPRED_OK
                                   : SPRED_ENOMEM;
    if (status == SPRED_OK && channels)
        status = learn_channels(env, l, out, train, work, shared);
    for (size_t k = 0; status == SPRED_OK && k < out->p; k++) {
        struct spred_moments m = channels
                                     ? shared[out->kept[k] % channels]
                                     : spred_matrix_moments(train, k, work);
        if (!isfinite(m.mean) || !isfinite(m.deviation))
            status = spred_fail(env, SPRED_EINVAL,
                                "preprocess: the values of feature %zu are too "
                                "large",
                                out->kept[k] + 1);
        if (out->mean)
            out->mean[k] = m.mean;
        if (out->scale)
            out->scale[k] = m.constant ? 0 : 1 / m.deviation;
        out->constant += (size_t)m.constant;
    }
    if (status == SPRED_OK && out->constant == out->p)
        status = spred_fail(env, SPRED_EINVAL,
                            "preprocess: no feature varies over the %zu "
                            "training rows",
                            train->rows);
    spred_free(env, shared);
    spred_free(env, work);
    return status;
}

/* "pictures: one mean and one s.d. per channel (125.3 and 63)" */
static enum spred_status say_channels(struct spred_env *env,
                                      const struct lesson *l,
                                      const struct spred_prepared *out,
                                      struct spred_buffer *text)
{
    size_t channels = l->rules->channels;
    SPRED_TRY(spred_buffer_add(env, text, "; pictures: %s per channel (",
                               out->scale  ? "one mean and one s.d."
                               : out->mean ? "one mean"
                                           : "nothing learnt"));
    for (size_t c = 0; out->mean && c < channels; c++) {
        size_t k = 0;
        while (k < out->p && out->kept[k] % channels != c)
            k++;
        if (k == out->p)
            continue;
        SPRED_TRY(
            spred_buffer_add(env, text, "%s%.4g", c ? ", " : "", out->mean[k]));
        if (out->scale && out->scale[k] > 0)
            SPRED_TRY(
                spred_buffer_add(env, text, " and %.4g", 1 / out->scale[k]));
    }
    return spred_buffer_add(env, text, ")");
}

static enum spred_status say(struct spred_env *env, const struct lesson *l,
                             const struct spred_prepared *out,
                             struct spred_buffer *text)
{
    const struct spred_log2_facts *f = &l->facts;
    const char *word = out->log2 ? "log2" : "no log2";
    if (f->values == 0)
        SPRED_TRY(spred_buffer_add(env, text, "%s", word));
    else if (isnan(f->q99)) /* the extremes alone decided */
        SPRED_TRY(spred_buffer_add(
            env, text, "%s (%s: range %.4g, largest %.4g)", word,
            l->rules->log2 == SPRED_LOG2_AUTO ? "auto" : "asked for",
            f->most - f->least, f->most));
    else
        SPRED_TRY(spred_buffer_add(
            env, text,
            "%s (%s: 25%% quantile %.4g, 99%% quantile %.4g, range %.4g)", word,
            l->rules->log2 == SPRED_LOG2_AUTO ? "auto" : "asked for", f->q25,
            f->q99, f->most - f->least));
    if (out->log2)
        SPRED_TRY(spred_buffer_add(
            env, text,
            ", floor %.4g (%zu of %zu training values at or below 0)",
            out->log2_floor, f->not_positive, f->values));
    SPRED_TRY(spred_buffer_add(env, text, "; %zu of %zu features kept", out->p,
                               out->p_raw));
    if (l->rules->variance_keep < 1)
        SPRED_TRY(
            spred_buffer_add(env, text, " (s.d. at least %.4g)", l->threshold));
    if (l->empty)
        SPRED_TRY(spred_buffer_add(
            env, text, ", %zu without a training value dropped", l->empty));
    if (l->rules->channels)
        return say_channels(env, l, out, text);
    return spred_buffer_add(
        env, text,
        "; %zu missing cells filled, %zu constant, %zu duplicated; %s, %s",
        out->missing, out->constant, out->duplicated,
        l->rules->center ? "centred" : "not centred",
        l->rules->standardize ? "standardised" : "not standardised");
}

/* Does every row, of training or not, have all its values? */
static int is_complete(const struct spred_matrix *dense)
{
    size_t cells = dense->rows * dense->cols;
    int missing = 0;
    for (size_t i = 0; i < cells; i++)
        missing |=
            isnan(dense->f64 ? dense->f64[i] : (double)dense->f32[i]) != 0;
    return !missing;
}

/* Is the transformed matrix raw itself? Dense columns have been looked at. */
static int unchanged(const struct lesson *l, const struct spred_prepared *out)
{
    if (out->log2 || out->p < out->p_raw || l->missing ||
        l->n_rows != l->raw->rows)
        return 0;
    for (size_t i = 0; l->rows && i < l->n_rows; i++)
        if (l->rows[i] != i)
            return 0;
    return 1;
}

static enum spred_status make_train(struct spred_env *env,
                                    const struct lesson *l,
                                    struct spred_prepared *out,
                                    struct spred_matrix *train)
{
    if (!l->rules->borrow || !unchanged(l, out))
        return spred_preprocess_transform(env, out, l->raw, l->rows, l->n_rows,
                                          train, &out->missing);
    *train = *l->raw;
    train->owned = 0;
    return spred_preprocess_finite(env, train);
}

static enum spred_status learn(struct spred_env *env, struct lesson *l,
                               struct spred_prepared *out,
                               struct spred_matrix *train)
{
    int medians = l->raw->storage != SPRED_CSC && !l->rules->missing_refuse &&
                  !is_complete(l->raw);
    l->deviation = spred_alloc(env, out->p_raw, sizeof *l->deviation);
    if (medians)
        l->median = spred_alloc(env, out->p_raw, sizeof *l->median);
    if (!l->deviation || (medians && !l->median))
        return SPRED_ENOMEM;
    SPRED_TRY(learn_log2(env, l, out));
    SPRED_TRY(learn_columns(env, l, out));
    SPRED_TRY(learn_kept(env, l, out));
    SPRED_TRY(make_train(env, l, out, train));
    SPRED_TRY(learn_moments(env, l, out, train));
    SPRED_TRY(spred_count_duplicates(env, train, &out->duplicated));
    struct spred_buffer text = {0};
    enum spred_status status = say(env, l, out, &text);
    out->report = text.text;
    return status;
}

enum spred_status spred_prepare(struct spred_env *env,
                                const struct spred_matrix *raw,
                                const size_t *rows, size_t n_rows,
                                const struct spred_preprocess_rules *rules,
                                struct spred_prepared *out,
                                struct spred_matrix *train)
{
    memset(out, 0, sizeof *out);
    memset(train, 0, sizeof *train);
    SPRED_TRY(spred_preprocess_rows(env, raw, rows, &n_rows));
    if (n_rows == 0 || raw->cols == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "preprocess: %zu training rows, %zu features", n_rows,
                          raw->cols);
    if (!(rules->variance_keep > 0 && rules->variance_keep <= 1))
        return spred_fail(env, SPRED_EINVAL,
                          "preprocess: share of features kept is %g, expected "
                          "above 0 and at most 1",
                          rules->variance_keep);
    struct lesson l = {
        .raw = raw, .rows = rows, .n_rows = n_rows, .rules = rules};
    out->p_raw = raw->cols;
    enum spred_status status = learn(env, &l, out, train);
    spred_free(env, l.deviation);
    spred_free(env, l.median);
    if (status != SPRED_OK) {
        spred_prepared_free(env, out);
        spred_matrix_free(env, train);
    }
    return status;
}
