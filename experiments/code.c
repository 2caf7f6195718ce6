/* code.c: a coder's job: its dictionary, one billed run for every asked gap,
 * then what the codes are worth, and the row of it all. */
#include "experiments/code.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/sources.h"
#include "experiments/trial.h"
#include "spred/text.h"

#define GAPS_MAX 64
#define SHOWN_SIDE 160 /* pixels of the middle that the row keeps */

#define LONG(name, field, low, high, doc)                                      \
    {                                                                          \
        name, SPRED_OPTION_INT, offsetof(struct code_settings, field), "1",    \
            low, high, NULL, doc                                               \
    }
#define REAL(name, field, start, doc)                                          \
    {                                                                          \
        name, SPRED_OPTION_REAL, offsetof(struct code_settings, field), start, \
            0, 1e12, NULL, doc                                                 \
    }
#define FLAG(name, field, doc)                                                 \
    {                                                                          \
        name, SPRED_OPTION_BOOL, offsetof(struct code_settings, field),        \
            "false", 0, 1, NULL, doc                                           \
    }
const struct spred_option code_options[] = {
    LONG("atoms", atoms, 1, 1e9, "columns of the dictionary"),
    REAL("lambda", lambda, "1", "that it is learned with"),
    LONG("api_version", api_version, 0, 1e9, "of the way to learn it"),
    LONG("coder_version", coder_version, 0, 1e9,
         "of the coder that this calls"),
    LONG("size", size, 1, 1e4, "side of a patch"),
    FLAG("center", center, "patches have no mean"),
    FLAG("unit", unit, "patches have norm 1"),
    REAL("sigma", sigma, "0", "noise to take off, grey levels"),
    LONG("stride", stride, 1, 1e4, "between the patches of that"),
    REAL("noise_gap", noise_gap, "1", "asked of their codes"),
    FLAG("show", show, "the row keeps the dictionary"),
    {0}};

/* What the parts of one job share; all owned but env, job, record. */
struct code {
    struct spred_env *env;
    const struct job *job;
    struct results_record *record;
    struct code_settings *settings;
    const struct spred_coder *coder;
    void *options;
    struct spred_data data;
    double *signals, *dictionary;
    size_t m, n;
    struct spred_coding task;
    double gaps[GAPS_MAX];
    size_t n_gaps;
    struct spred_coding_report report; /* of the last gap */
    struct spred_image picture, noisy, denoised;
    double noisy_nonzeros; /* mean codes of a patch that denoised is made of */
    uint64_t seed;
};

enum spred_status code_parse(struct spred_env *env,
                             const struct spred_option *table, size_t size,
                             const char *text, void **out)
{
    char *copy = spred_strdup(env, text ? text : ""), *rest = NULL;
    *out = spred_alloc(env, 1, size);
    enum spred_status status = copy && *out ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK && table)
        status = spred_options_default(env, table, *out);
    for (char *word = copy ? strtok_r(copy, " ", &rest) : NULL;
         word && table && status == SPRED_OK;
         word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        if (!equals)
            continue;
        *equals = '\0';
        status = spred_options_set(env, table, *out, word, equals + 1);
    }
    spred_free(env, copy);
    return status;
}

enum spred_status code_start_row(struct spred_env *env, const struct job *job,
                                 struct results_run *row)
{
    const char *from = strchr(job->problem, '('),
               *to = strstr(job->problem, " lambda=");
    if (from && to && to > from)
        row->chosen = spred_strndup(env, from + 1, (size_t)(to - from) - 1);
    else
        row->chosen = spred_strdup(env, job->dictionary);
    row->gap_target = job->gap;
    return row->chosen ? SPRED_OK : SPRED_ENOMEM;
}

double *code_signals(struct spred_env *env, const struct spred_matrix *x)
{
    size_t n = x->rows, m = x->cols;
    double *out = spred_alloc(env, n * m, sizeof *out);
    double *column = spred_alloc(env, n, sizeof *column);
    for (size_t j = 0; out && column && j < m; j++) {
        spred_matrix_column(x, j, column);
        for (size_t i = 0; i < n; i++)
            out[j + i * m] = column[i];
    }
    if (!column) {
        spred_free(env, out);
        out = NULL;
    }
    spred_free(env, column);
    return out;
}

static enum spred_status parse_job(struct code *c)
{
    const struct job *job = c->job;
    void *settings = NULL;
    c->coder = spred_coder_find(job->solver);
    if (!c->coder)
        return spred_fail(c->env, SPRED_ENOTFOUND, "no coder called '%s'",
                          job->solver);
    enum spred_status status = code_parse(
        c->env, code_options, sizeof *c->settings, job->coding, &settings);
    c->settings = settings;
    if (status == SPRED_OK)
        status = code_parse(c->env, c->coder->options, c->coder->options_size,
                            job->options, &c->options);
    for (const char *at = job->gaps; status == SPRED_OK && *at;) {
        char *end;
        if (c->n_gaps == GAPS_MAX)
            return spred_fail(c->env, SPRED_EINVAL, "more than %d gaps",
                              GAPS_MAX);
        c->gaps[c->n_gaps++] = strtod(at, &end);
        if (end == at)
            return spred_fail(c->env, SPRED_EINVAL, "gaps: '%s'", job->gaps);
        at = end + (*end == ' ');
    }
    c->seed = strtoull(job->seed, NULL, 10);
    return status;
}

static enum spred_status load(struct code *c)
{
    struct results_run *row = &c->record->run;
    double from = trial_now();
    SPRED_TRY(spred_cache_map(c->env, c->job->data_path, &c->data));
    if (strcmp(c->data.hash, c->job->data_hash) != 0)
        return spred_fail(c->env, SPRED_EFORMAT,
                          "%s: not the data that were planned",
                          c->job->data_path);
    c->n = c->data.x.rows;
    c->m = c->data.x.cols;
    c->signals = code_signals(c->env, &c->data.x);
    row->train = row->points = (int64_t)c->n;
    row->seconds_load = trial_now() - from;
    return c->signals ? SPRED_OK : SPRED_ENOMEM;
}

/* One asked gap: its own billed run. */
static enum spred_status run_gap(struct code *c, size_t index)
{
    struct spred_coding_report *report = &c->report;
    struct results_point *point =
        results_child_next(c->record, &results_children[0]);
    memset(report, 0, sizeof *report);
    c->task.gap = c->gaps[index];
    SPRED_TRY(spred_code(c->env, c->coder, c->options, &c->task, NULL, report));
    point->job = spred_strdup(c->env, c->record->run.job);
    point->stop = spred_strdup(c->env, report->certified == c->n ? "target"
                                       : report->coded < c->n    ? "time"
                                                                 : "stall");
    point->output = 1;
    point->lambda_index = (int64_t)index + 1;
    point->lambda = c->task.lambda;
    point->step = report->steps;
    point->seconds = report->seconds;
    if (report->coded == c->n) { /* means of fewer compare with nobody's */
        point->primal = report->objective;
        point->support = (int64_t)llround(report->nonzeros);
    }
    point->gap = report->gap;
    point->floor = report->floor;
    point->last = 1;
    return point->job && point->stop ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status run_gaps(struct code *c)
{
    struct results_run *row = &c->record->run;
    double from = trial_now();
    int late = 0;
    SPRED_TRY(
        results_child_room(c->env, c->record, &results_children[0], c->n_gaps));
    row->seconds_certify = 0;
    for (size_t i = 0; i < c->n_gaps; i++) {
        SPRED_TRY(run_gap(c, i));
        row->seconds_certify += c->report.seconds_certify;
        late = c->report.coded < c->n ||
               (c->task.wall > 0 && c->report.seconds > c->task.wall);
        if (late)
            break; /* less time would not do for a smaller gap */
    }
    row->seconds_wall = trial_now() - from;
    const struct spred_coding_report *report = &c->report;
    row->certified = (int64_t)report->certified;
    row->gap = report->gap;
    row->floor = report->floor;
    if (report->coded == c->n) {
        row->objective = report->objective;
        row->support = (int64_t)llround(report->nonzeros);
    }
    row->seconds = row->seconds_solve = report->seconds;
    row->steps = report->steps;
    int whole = report->certified == c->n && !late;
    row->status = spred_strdup(c->env, whole  ? "certified"
                                       : late ? "time"
                                              : "stalled");
    if (!whole)
        row->reason = spred_format(c->env,
                                   "%zu of %zu signals certified to %g of "
                                   "|x|^2/2 (%zu coded); worst gap %.2g",
                                   report->certified, c->n, c->task.gap,
                                   report->coded, report->gap);
    return row->status && (row->reason || whole) ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status denoise(struct code *c)
{
    struct spred_data kept = {0};
    const struct code_settings *s = c->settings;
    char *path = patches_picture(c->env, c->job->data_path);
    enum spred_status status =
        path ? spred_cache_map(c->env, path, &kept) : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = spred_image_of_data(c->env, &kept, &c->picture);
    struct code_denoise how = {.coder = c->coder,
                               .options = c->options,
                               .task = c->task,
                               .patches = {.size = (size_t)s->size,
                                           .center = s->center,
                                           .unit = s->unit},
                               .stride = (size_t)s->stride,
                               .sigma = s->sigma,
                               .seed = spred_seed(c->seed, c->job->dataset,
                                                  (uint64_t)c->job->trial,
                                                  "noise")};
    how.task.gap = s->noise_gap;
    how.task.wall = 0; /* nothing is compared: only the worker's limit holds */
    if (status == SPRED_OK)
        status = code_denoise(c->env, &how, &c->picture, &c->noisy,
                              &c->denoised, &c->noisy_nonzeros);
    spred_data_free(c->env, &kept);
    spred_free(c->env, path);
    return status;
}

static const struct results_child *child_named(const char *name)
{
    size_t k = 0;
    while (strcmp(results_children[k].name, name) != 0)
        k++;
    return &results_children[k];
}

static enum spred_status put_metrics(struct code *c)
{
    const struct results_child *child = child_named("metrics");
    int noisy = c->settings->sigma > 0, whole = c->report.coded == c->n;
    const struct {
        const char *name;
        int there;
        double value;
    } metrics[] = {{"nonzeros", whole, c->report.nonzeros},
                   {"relative squares", whole, c->report.squares},
                   {"psnr noisy", noisy,
                    noisy ? spred_image_psnr(&c->picture, &c->noisy) : 0},
                   {"psnr denoised", noisy,
                    noisy ? spred_image_psnr(&c->picture, &c->denoised) : 0},
                   {"nonzeros denoised", noisy, c->noisy_nonzeros}};
    size_t n = sizeof metrics / sizeof *metrics;
    SPRED_TRY(results_child_room(c->env, c->record, child, n));
    for (size_t i = 0; i < n; i++) {
        if (!metrics[i].there)
            continue;
        struct results_metric *m = results_child_next(c->record, child);
        m->job = spred_strdup(c->env, c->record->run.job);
        m->name = spred_strdup(c->env, metrics[i].name);
        m->value = metrics[i].value;
        if (!m->job || !m->name)
            return SPRED_ENOMEM;
    }
    return SPRED_OK;
}

static enum spred_status put_array(struct code *c, const char *name,
                                   size_t rows, size_t columns, size_t height,
                                   size_t width, const double *values)
{
    struct spred_buffer text = {0};
    struct results_array *a =
        results_child_next(c->record, child_named("arrays"));
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; i < rows * columns && status == SPRED_OK; i++)
        status =
            spred_buffer_add(c->env, &text, "%s%.6g", i ? " " : "", values[i]);
    a->values = text.text;
    a->job = spred_strdup(c->env, c->record->run.job);
    a->name = spred_strdup(c->env, name);
    a->rows = (int64_t)rows;
    a->columns = (int64_t)columns;
    a->height = (int64_t)height;
    a->width = (int64_t)width;
    a->channels = 1;
    return a->job && a->name ? status : SPRED_ENOMEM;
}

/* The middle of a picture, as one column. */
static enum spred_status put_picture(struct code *c, const char *name,
                                     const struct spred_image *image)
{
    size_t width = image->width < SHOWN_SIDE ? image->width : SHOWN_SIDE;
    size_t height = image->height < SHOWN_SIDE ? image->height : SHOWN_SIDE;
    struct spred_image middle;
    SPRED_TRY(spred_image_crop(c->env, image, (image->width - width) / 2,
                               (image->height - height) / 2, width, height,
                               &middle));
    enum spred_status status =
        put_array(c, name, width * height, 1, height, width, middle.grey);
    spred_image_free(c->env, &middle);
    return status;
}

static enum spred_status put_arrays(struct code *c)
{
    size_t size = (size_t)c->settings->size;
    SPRED_TRY(results_child_room(c->env, c->record, child_named("arrays"), 4));
    if (c->settings->show)
        SPRED_TRY(put_array(c, "dictionary", c->m, c->task.atoms, size, size,
                            c->dictionary));
    if (!(c->settings->sigma > 0))
        return SPRED_OK;
    SPRED_TRY(put_picture(c, "true", &c->picture));
    SPRED_TRY(put_picture(c, "noisy", &c->noisy));
    return put_picture(c, "denoised", &c->denoised);
}

static enum spred_status work(struct code *c)
{
    struct results_run *row = &c->record->run;
    SPRED_TRY(parse_job(c));
    SPRED_TRY(load(c));
    SPRED_TRY(code_dictionary(c->env, c->job, c->settings, c->signals, c->m,
                              c->n, &c->dictionary, &row->seconds_prepare));
    c->task = (struct spred_coding){.m = c->m,
                                    .atoms = (size_t)c->settings->atoms,
                                    .n = c->n,
                                    .dictionary = c->dictionary,
                                    .signals = c->signals,
                                    .lambda = strtod(c->job->lambdas, NULL),
                                    .threads = (size_t)c->job->threads,
                                    .wall = c->job->wall};
    SPRED_TRY(run_gaps(c));
    if (c->settings->sigma > 0)
        SPRED_TRY(denoise(c));
    SPRED_TRY(put_metrics(c));
    return put_arrays(c);
}

enum spred_status code_run(struct spred_env *env, const struct job *job,
                           struct results_record *record)
{
    struct code c = {.env = env, .job = job, .record = record};
    enum spred_status status = work(&c);
    spred_image_free(env, &c.picture);
    spred_image_free(env, &c.noisy);
    spred_image_free(env, &c.denoised);
    spred_data_free(env, &c.data);
    spred_free(env, c.signals);
    spred_free(env, c.dictionary);
    spred_free(env, c.options);
    spred_free(env, c.settings);
    return status;
}
