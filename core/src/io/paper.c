/* paper.c: the rows, labels and matrix that the spred authors' loader makes. */
#include "spred/paper.h"

#include <math.h>
#include <string.h>

void spred_paper_free(struct spred_env *env, struct spred_paper *paper)
{
    spred_free(env, paper->sample);
    spred_free(env, paper->label);
    spred_free(env, paper->target);
    spred_free(env, paper->level);
    memset(paper, 0, sizeof *paper);
}

static void count(const struct spred_data *data, struct spred_paper *out)
{
    for (size_t t = 0; t < data->n_targets; t++) {
        const struct spred_target *target = &data->targets[t];
        if (target->kind != SPRED_TARGET_CLASS)
            continue;
        out->types++;
        out->labels += target->n_levels;
        for (size_t i = 0; i < data->x.rows; i++)
            out->rows += target->codes[i] >= 0;
    }
}

static void fill(const struct spred_data *data, struct spred_paper *out)
{
    size_t row = 0, label = 0, largest = 0;
    for (size_t t = 0; t < data->n_targets; t++) {
        const struct spred_target *target = &data->targets[t];
        if (target->kind != SPRED_TARGET_CLASS)
            continue;
        for (size_t k = 0; k < target->n_levels; k++, label++) {
            size_t before = row;
            out->target[label] = t;
            out->level[label] = (int32_t)k;
            for (size_t i = 0; i < data->x.rows; i++)
                if (target->codes[i] == (int32_t)k) {
                    out->sample[row] = i;
                    out->label[row++] = (int32_t)label;
                }
            largest = row - before > largest ? row - before : largest;
        }
    }
    double types = (double)out->types;
    out->majority = (double)largest / (double)out->rows;
    out->ceiling = 1 / types;
    out->informed = (1 - pow(0.8, types)) / (0.2 * types);
}

enum spred_status spred_paper_rows(struct spred_env *env,
                                   const struct spred_data *data,
                                   struct spred_paper *out)
{
    memset(out, 0, sizeof *out);
    count(data, out);
    if (out->rows == 0 || out->labels > INT32_MAX) {
        memset(out, 0, sizeof *out);
        return spred_fail(env, SPRED_EMISMATCH,
                          "data set %s: no class target covers a sample, but "
                          "the paper's protocol needs subsets as labels",
                          data->name);
    }
    out->sample = spred_alloc(env, out->rows, sizeof *out->sample);
    out->label = spred_alloc(env, out->rows, sizeof *out->label);
    out->target = spred_alloc(env, out->labels, sizeof *out->target);
    out->level = spred_alloc(env, out->labels, sizeof *out->level);
    if (!out->sample || !out->label || !out->target || !out->level) {
        spred_paper_free(env, out);
        return SPRED_ENOMEM;
    }
    fill(data, out);
    return SPRED_OK;
}

/* a = x[sample] - mean(x[sample]), NaN as 0; returns sum of a^2. */
static double centred(const double *x, const struct spred_paper *paper,
                      double *a, double *mean)
{
    double sum = 0, squares = 0;
    for (size_t r = 0; r < paper->rows; r++) {
        double value = x[paper->sample[r]];
        a[r] = isnan(value) ? 0 : value;
        sum += a[r];
    }
    *mean = sum / (double)paper->rows;
    for (size_t r = 0; r < paper->rows; r++) {
        a[r] -= *mean;
        squares += a[r] * a[r];
    }
    return squares;
}

/* The deviation of all entries before centring, from the columns' means m and
 * the sum of squares about them: s^2 = (squares + rows sum (m - mean m)^2) /
 * (rows p). */
static double deviation_of(double squares, const double *means, size_t rows,
                           size_t p)
{
    double mean = 0, between = 0;
    for (size_t j = 0; j < p; j++)
        mean += means[j] / (double)p;
    for (size_t j = 0; j < p; j++)
        between += (means[j] - mean) * (means[j] - mean);
    return sqrt((squares / (double)rows + between) / (double)p);
}

enum spred_status spred_paper_matrix(struct spred_env *env,
                                     const struct spred_data *data,
                                     const struct spred_paper *paper,
                                     struct spred_matrix *out,
                                     double *deviation)
{
    size_t rows = paper->rows, p = data->x.cols;
    SPRED_TRY(spred_matrix_new(env, SPRED_F64, rows, p, 0, out));
    double *column = spred_alloc(env, data->x.rows, sizeof *column);
    double *means = spred_alloc(env, p, sizeof *means);
    enum spred_status status = column && means ? SPRED_OK : SPRED_ENOMEM;
    double squares = 0, s = 0;
    for (size_t j = 0; status == SPRED_OK && j < p; j++) {
        if (j % 1024 == 0)
            status = spred_check_cancel(env);
        spred_matrix_column(&data->x, j, column);
        squares += centred(column, paper, out->f64 + j * rows, &means[j]);
    }
    if (status == SPRED_OK)
        s = deviation_of(squares, means, rows, p);
    if (status == SPRED_OK && !(isfinite(s) && s > 0))
        status = spred_fail(env, SPRED_ENUMERIC,
                            "data set %s: the standard deviation of all values "
                            "is %g, expected a finite number above 0",
                            data->name, s);
    for (size_t e = 0; status == SPRED_OK && e < rows * p; e++)
        out->f64[e] /= s;
    spred_free(env, column);
    spred_free(env, means);
    if (status != SPRED_OK)
        spred_matrix_free(env, out);
    else if (deviation)
        *deviation = s;
    return status;
}
