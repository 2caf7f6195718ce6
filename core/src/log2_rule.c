/* log2_rule.c: GEO2R's published rule for "already logarithmic or not". */
#include "log2_rule.h"

#include <math.h>
#include <string.h>

#include "column.h"

/* GEO2R: LogC <- (qx[5] > 100) || (qx[6]-qx[1] > 50 && qx[2] > 0), with qx the
 * quantiles 0, .25, .5, .75, .99, 1 (the script shown by NCBI's GEO2R). */
static const double big_q99 = 100, big_range = 50;
/* Share of the positive values that lies below the floor. */
static const double floor_share = 0.05;
/* More values than this are sampled for the two inner quantiles. */
static const size_t sample_most = (size_t)1 << 22;

static size_t common_divisor(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* A step that visits every row equally often: prime to n_rows. */
static size_t sample_step(size_t n_rows, size_t cells)
{
    size_t step = cells / sample_most + (cells % sample_most > 0);
    if (step <= 1)
        return 1;
    while (common_divisor(step, n_rows) != 1)
        step++;
    return step;
}

enum spred_status spred_log2_look(struct spred_env *env,
                                  const struct spred_matrix *dense,
                                  const size_t *rows, size_t n_rows, int always,
                                  struct spred_log2_facts *out)
{
    size_t n = dense->rows, cells = n_rows * dense->cols, used = 0;
    size_t step = sample_step(n_rows, cells);
    double *sample = spred_alloc(env, cells / step + 1, sizeof *sample);
    memset(out, 0, sizeof *out);
    if (!sample)
        return SPRED_ENOMEM;
    out->least = INFINITY;
    out->most = -INFINITY;
    for (size_t j = 0, cell = 0; j < dense->cols; j++)
        for (size_t i = 0; i < n_rows; i++, cell++) {
            size_t at = (rows ? rows[i] : i) + j * n;
            double x = dense->f64 ? dense->f64[at] : (double)dense->f32[at];
            if (isnan(x))
                continue;
            out->values++;
            out->not_positive += !(x > 0);
            out->least = x < out->least ? x : out->least;
            out->most = x > out->most ? x : out->most;
            if (cell % step == 0)
                sample[used++] = x;
        }
    if (out->values == 0) {
        spred_free(env, sample);
        return spred_fail(env, SPRED_EINVAL,
                          "preprocess: the training rows hold no values");
    }
    if (used == 0)
        sample[used++] = out->least;
    out->q25 = out->q99 = NAN;
    if (out->most > big_q99 || out->most - out->least > big_range) {
        out->q25 = spred_column_quantile(sample, used, 0.25);
        out->q99 = spred_column_quantile(sample, used, 0.99);
    }
    out->wanted = out->q99 > big_q99 ||
                  (out->most - out->least > big_range && out->q25 > 0);
    out->floor = out->least;
    if (out->not_positive && (out->wanted || always)) {
        size_t positive = 0;
        for (size_t k = 0; k < used; k++)
            if (sample[k] > 0)
                sample[positive++] = sample[k];
        out->floor = positive
                         ? spred_column_quantile(sample, positive, floor_share)
                         : out->most;
    }
    spred_free(env, sample);
    return SPRED_OK;
}
