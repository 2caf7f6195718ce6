/* learn_mark.c: what a model shows on its way: how sparse it is and what it
 * then predicts, and matrices worth a look. */
#include "experiments/learn_part.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spred/text.h"

/* The test part is predicted so often, and for so long, to take the time; but
 * no longer than LONG, once it was. */
#define CALLS 5
#define SECONDS 0.05
#define LONG 2.0
#define MOST_CALLS 10000

/* Room for one row after n: it doubles. NULL: out of memory. */
static void *grow(struct spred_env *env, void *rows, size_t n, size_t size)
{
    return n & (n - 1) ? rows : spred_resize(env, rows, n ? 2 * n : 1, size);
}

static int by_value(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Seconds that the model, as it is, takes for one sample of the test part. */
static enum spred_status take_time(struct fitting *f, double *seconds)
{
    const struct learn *learn = f->learn;
    double took[MOST_CALLS], total = 0;
    size_t n = 0;
    if (learn->test.n == 0)
        return SPRED_OK;
    while (n == 0 ||
           (n < MOST_CALLS && total < LONG && (n < CALLS || total < SECONDS))) {
        SPRED_TRY(spred_check_cancel(f->env));
        double from = trial_now();
        SPRED_TRY(learn->model->predict(f->env, f->state, learn->test.x,
                                        learn->test.n, f->scores));
        took[n] = trial_now() - from;
        total += took[n++];
    }
    *seconds = median(took, n) / (double)learn->test.n;
    return SPRED_OK;
}

/* Accuracy and cross-entropy of one part; nothing where there is no part. */
static enum spred_status value(struct fitting *f, const struct spred_rows *rows,
                               const struct part *part, double *accuracy,
                               double *loss)
{
    struct score score;
    SPRED_TRY(learn_part_scores(f, rows, f->scores));
    SPRED_TRY(learn_value(f->learn, f->env, part, f->scores, &score));
    *accuracy = score.accuracy;
    *loss = score.log_loss;
    return SPRED_OK;
}

/* What the model predicts now. Not finite: the row has no such values. */
static enum spred_status measure(struct fitting *f, struct results_mark *row)
{
    struct learn *learn = f->learn;
    double unused;
    enum spred_status status = value(
        f, &learn->validate, &learn->trial.validate, &row->validation, &unused);
    if (status == SPRED_OK)
        status = value(f, &learn->test, &learn->trial.test, &row->accuracy,
                       &row->loss);
    if (status == SPRED_OK)
        status = take_time(f, &row->seconds_sample);
    if (status != SPRED_ENUMERIC)
        return status;
    row->validation = row->accuracy = row->loss = row->seconds_sample = NAN;
    return SPRED_OK;
}

static enum spred_status add_layer(struct fitting *f, int64_t mark,
                                   int64_t number,
                                   const struct spred_layer_mark *layer)
{
    struct results_record *record = f->learn->record;
    struct results_layer *rows =
        grow(f->env, record->layers, record->n_layers, sizeof *rows);
    if (!rows)
        return SPRED_ENOMEM;
    record->layers = rows;
    struct results_layer *row = &rows[record->n_layers++];
    results_row_clear(results_layer_columns, row);
    row->mark = mark;
    row->layer = number;
    row->weights = (int64_t)layer->weights;
    row->nonzero = (int64_t)layer->nonzero;
    row->units = (int64_t)layer->units;
    row->units_left = (int64_t)layer->units_left;
    row->job = spred_strdup(f->env, record->run.job);
    row->name = spred_strdup(f->env, layer->name);
    return row->job && row->name ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status check(struct spred_env *env,
                               const struct spred_mark *mark)
{
    if (!mark->rule || !*mark->rule)
        return spred_fail(env, SPRED_EINVAL, "the model's mark has no rule");
    for (size_t i = 0; i < mark->n_layers; i++) {
        const struct spred_layer_mark *layer = &mark->layers[i];
        if (layer->nonzero > layer->weights || layer->units_left > layer->units)
            return spred_fail(env, SPRED_EINVAL,
                              "the model's mark '%s': layer %s has %zu of %zu "
                              "weights and %zu of %zu units left",
                              mark->rule, layer->name, layer->nonzero,
                              layer->weights, layer->units_left, layer->units);
    }
    return SPRED_OK;
}

/* Numbered over all settings, so that a job's layers find their mark. */
static enum spred_status add_mark(struct fitting *f,
                                  const struct spred_mark *mark)
{
    struct results_record *record = f->learn->record;
    SPRED_TRY(check(f->env, mark));
    struct results_mark *rows =
        grow(f->env, record->marks, record->n_marks, sizeof *rows);
    if (!rows)
        return SPRED_ENOMEM;
    record->marks = rows;
    struct results_mark *row = &rows[record->n_marks++];
    results_row_clear(results_mark_columns, row);
    row->mark = (int64_t)record->n_marks;
    row->candidate = f->setting;
    row->threshold = mark->threshold;
    row->macs = mark->macs;
    row->macs_dense = mark->macs_dense;
    row->weights = row->nonzero = 0;
    row->job = spred_strdup(f->env, record->run.job);
    row->rule = spred_strdup(f->env, mark->rule);
    if (!row->job || !row->rule)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < mark->n_layers; i++) {
        row->weights += (int64_t)mark->layers[i].weights;
        row->nonzero += (int64_t)mark->layers[i].nonzero;
        SPRED_TRY(add_layer(f, row->mark, (int64_t)i + 1, &mark->layers[i]));
    }
    return measure(f, row);
}

enum spred_status learn_mark(void *cookie, const struct spred_mark *mark)
{
    struct fitting *f = cookie;
    struct learn *learn = f->learn;
    double from = trial_now(), deadline = learn->deadline;
    f->marks++;
    learn->deadline = INFINITY; /* this time is not the fit's */
    enum spred_status status = add_mark(f, mark);
    double spent = trial_now() - from;
    learn->deadline = deadline + spent;
    f->unbilled += spent;
    return status;
}

/* ---- show ---- */

static enum spred_status print_values(struct spred_env *env,
                                      const float *values, size_t n, char **out)
{
    struct spred_buffer text = {0};
    enum spred_status status = spred_buffer_append(env, &text, "", 0);
    for (size_t i = 0; status == SPRED_OK && i < n; i++) {
        char number[32];
        snprintf(number, sizeof number, "%s%.6g", i ? " " : "",
                 (double)values[i]);
        for (char *c = number; *c; c++) /* a locale's decimal point */
            *c = *c == ',' ? '.' : *c;
        status = spred_buffer_append(env, &text, number, strlen(number));
    }
    *out = text.text;
    return status;
}

/* The row of that name, or a new one. */
static struct results_array *find_array(struct fitting *f, const char *name)
{
    struct offered *into = f->into;
    for (size_t i = 0; i < into->n_arrays; i++)
        if (into->arrays[i].name && strcmp(into->arrays[i].name, name) == 0) {
            results_row_free(f->env, results_array_columns, &into->arrays[i]);
            return &into->arrays[i];
        }
    struct results_array *rows =
        grow(f->env, into->arrays, into->n_arrays, sizeof *rows);
    if (!rows)
        return NULL;
    into->arrays = rows;
    results_row_clear(results_array_columns, &rows[into->n_arrays]);
    return &rows[into->n_arrays++];
}

static enum spred_status add_array(struct fitting *f, const char *name,
                                   size_t rows, size_t columns,
                                   const struct spred_picture *picture,
                                   const float *values)
{
    size_t cells =
        picture ? picture->height * picture->width * picture->channels : rows;
    if (cells != rows)
        return spred_fail(f->env, SPRED_EINVAL,
                          "the model shows '%s' with %zu rows as pictures of "
                          "%zu cells",
                          name, rows, cells);
    if (columns && rows > (size_t)-1 / columns)
        return spred_fail(f->env, SPRED_ENOMEM,
                          "'%s': %zu x %zu values are too many", name, rows,
                          columns);
    struct results_array *row = find_array(f, name);
    if (!row)
        return SPRED_ENOMEM;
    row->rows = (int64_t)rows;
    row->columns = (int64_t)columns;
    row->height = picture ? (int64_t)picture->height : 0;
    row->width = picture ? (int64_t)picture->width : 0;
    row->channels = picture ? (int64_t)picture->channels : 0;
    row->job = spred_strdup(f->env, f->learn->record->run.job);
    row->name = spred_strdup(f->env, name);
    if (!row->job || !row->name)
        return SPRED_ENOMEM;
    return print_values(f->env, values, rows * columns, &row->values);
}

enum spred_status learn_show(void *cookie, const char *name, size_t rows,
                             size_t columns,
                             const struct spred_picture *picture,
                             const float *values)
{
    struct fitting *f = cookie;
    double from = trial_now();
    enum spred_status status =
        add_array(f, name, rows, columns, picture, values);
    f->unbilled += trial_now() - from;
    return status;
}
