/* coding.c: the queries of sparse coding: what each coder took, its gaps
 * against time, rate and distortion, and the pictures that rows keep. */
#include "results/coding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/summary.h"

const struct results_head results_coding_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "dictionary and lambda"},
    {"solver", RESULTS_TEXT, "label of the coder"},
    {"dictionary", RESULTS_TEXT, "how it was learned, and its atoms"},
    {"statuses", RESULTS_TEXT, "how the first trial ended"},
    {"lambda", RESULTS_REAL, "in the unit of the signals"},
    {"seconds", RESULTS_REAL,
     "median billed time at the smallest gap; infinite: not certified [s]"},
    {"low", RESULTS_REAL, "least billed time [s]"},
    {"high", RESULTS_REAL, "largest billed time [s]"},
    {"ratio", RESULTS_REAL, "to the fastest certified coder's"},
    {"certified", RESULTS_INT, "signals, in the trial with fewest"},
    {"signals", RESULTS_INT, "signals"},
    {"gap", RESULTS_REAL, "worst relative gap and rounding floor"},
    {"target", RESULTS_REAL, "asked relative gap"},
    {"nonzeros", RESULTS_REAL,
     "mean nonzero codes of a signal, of trials that coded all"},
    {"squares", RESULTS_REAL, "mean |x - Dz|^2 / |x|^2, of the same"},
    {"learning", RESULTS_REAL, "time that the dictionary took [s]"},
    {"trials", RESULTS_INT, "runs"},
    {NULL, RESULTS_TEXT, NULL}};
enum {
    STATUSES = 4,
    LAMBDA,
    SECONDS,
    LOW,
    HIGH,
    RATIO,
    CERTIFIED,
    SIGNALS,
    GAP,
    TARGET,
    NONZEROS,
    SQUARES,
    LEARNING,
    TRIALS
};

const struct results_head results_coding_time_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "dictionary and lambda"},
    {"solver", RESULTS_TEXT, "label of the coder"},
    {"dictionary", RESULTS_TEXT, "how it was learned, and its atoms"},
    {"lambda", RESULTS_REAL, "in the unit of the signals"},
    {"seconds", RESULTS_REAL, "median billed time of one asked gap [s]"},
    {"low", RESULTS_REAL, "least [s]"},
    {"high", RESULTS_REAL, "largest [s]"},
    {"gap", RESULTS_REAL, "worst certified gap of the trials, floor included"},
    {"certified", RESULTS_INT, "trials with every signal certified to it"},
    {"trials", RESULTS_INT, "runs, those too that ended before they asked it"},
    {NULL, RESULTS_TEXT, NULL}};

const struct results_head results_rate_distortion_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "dictionary and lambda"},
    {"solver", RESULTS_TEXT,
     "label of the coder whose certified codes these are"},
    {"dictionary", RESULTS_TEXT, "how it was learned, and its atoms"},
    {"lambda", RESULTS_REAL, "in the unit of the signals"},
    {"nonzeros", RESULTS_REAL,
     "mean nonzero codes of a signal; none: nobody certified them"},
    {"squares", RESULTS_REAL, "mean |x - Dz|^2 / |x|^2"},
    {"noisy", RESULTS_REAL, "PSNR of the noisy held-out picture [dB]"},
    {"denoised", RESULTS_REAL, "PSNR of the denoised one [dB]"},
    {"noisy_nonzeros", RESULTS_REAL,
     "mean nonzero codes of the noisy patches that it is made of"},
    {"squares_low", RESULTS_REAL, "least of the trials"},
    {"squares_high", RESULTS_REAL, "most"},
    {"denoised_low", RESULTS_REAL, "least of the trials [dB]"},
    {"denoised_high", RESULTS_REAL, "most [dB]"},
    {"trials", RESULTS_INT, "runs"},
    {NULL, RESULTS_TEXT, NULL}};

const struct results_head results_pictures_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "dictionary and lambda"},
    {"solver", RESULTS_TEXT, "label of the coder"},
    {"dictionary", RESULTS_TEXT, "how it was learned, and its atoms"},
    {"name", RESULTS_TEXT, "dictionary, true, noisy or denoised"},
    {"values", RESULTS_TEXT, "rows x columns numbers, column-major"},
    {"lambda", RESULTS_REAL, "in the unit of the signals"},
    {"rows", RESULTS_INT, "values of a column"},
    {"columns", RESULTS_INT, "atoms; 1: a picture"},
    {"height", RESULTS_INT, "of the picture that a column is"},
    {"width", RESULTS_INT, "of the picture that a column is"},
    {"noisy", RESULTS_REAL, "PSNR of the whole noisy picture [dB]"},
    {"denoised", RESULTS_REAL, "PSNR of the whole denoised picture [dB]"},
    {NULL, RESULTS_TEXT, NULL}};

/* One coder's runs, and how its metrics are asked for. */
struct group {
    struct spred_env *env;
    struct results_view *view;
    sqlite3_stmt *metric, *rows;
    size_t begin, end;
    double *scratch; /* as many as the view has runs */
};

/* "... lambda=20)" of a problem: the one place where it is a number without
 * points. */
static double lambda_of(const char *problem)
{
    const char *at = problem ? strstr(problem, " lambda=") : NULL;
    return at ? strtod(at + strlen(" lambda="), NULL) : NAN;
}

static enum spred_status metric_of(const struct group *g, size_t run,
                                   const char *name, double *out)
{
    int more = 0;
    *out = NAN;
    sqlite3_reset(g->metric);
    sqlite3_bind_int64(g->metric, 1, g->view->runs[run].id);
    sqlite3_bind_text(g->metric, 2, name, -1, SQLITE_STATIC);
    SPRED_TRY(
        results_sql_step(g->env, g->view->db, g->view->path, g->metric, &more));
    if (more && sqlite3_column_type(g->metric, 0) != SQLITE_NULL)
        *out = sqlite3_column_double(g->metric, 0);
    return SPRED_OK;
}

/* The mean of a metric over the runs that have it; range: least and most, or
 * NULL. */
static enum spred_status mean_of(const struct group *g, const char *name,
                                 double *out, struct results_cell *range)
{
    double sum = 0, n = 0;
    for (size_t i = g->begin; i < g->end; i++) {
        double value;
        SPRED_TRY(metric_of(g, i, name, &value));
        if (!isnan(value)) {
            sum += value;
            n++;
            if (range) {
                range[0].real = fmin(range[0].real, value);
                range[1].real = fmax(range[1].real, value);
            }
        }
    }
    *out = n > 0 ? sum / n : NAN;
    return SPRED_OK;
}

/* A new row with the four texts that all answers begin with. */
static enum spred_status begin_row(const struct group *g,
                                   struct results_table *out,
                                   struct results_cell **row)
{
    const struct results_view_run *r = &g->view->runs[g->begin];
    const char *const texts[] = {r->dataset, r->run.problem, r->solver,
                                 r->run.chosen};
    if (!(*row = results_table_row(g->env, out)))
        return SPRED_ENOMEM;
    for (size_t i = 0; i < 4; i++)
        SPRED_TRY(results_cell_text(g->env, &(*row)[i], texts[i]));
    return SPRED_OK;
}

static double real_of(int64_t value)
{
    return value == INT64_MIN ? NAN : (double)value;
}

static enum spred_status coder_row(struct group *g, struct results_table *out)
{
    struct results_cell *row;
    SPRED_TRY(begin_row(g, out, &row));
    const struct results_view_run *runs = &g->view->runs[g->begin];
    size_t n = g->end - g->begin;
    SPRED_TRY(results_cell_text(g->env, &row[STATUSES], runs->run.status));
    row[LAMBDA].real = lambda_of(runs->run.problem);
    row[TARGET].real = runs->run.gap_target;
    for (size_t i = 0; i < n; i++) {
        const struct results_run *run = &runs[i].run;
        int well = results_run_is(run, "certified");
        g->scratch[i] = well ? run->seconds : INFINITY;
        row[LOW].real = fmin(row[LOW].real, run->seconds);
        row[HIGH].real = fmax(row[HIGH].real, run->seconds);
        row[CERTIFIED].real =
            fmin(row[CERTIFIED].real, real_of(run->certified));
        row[SIGNALS].real = fmax(row[SIGNALS].real, real_of(run->points));
        row[GAP].real = fmax(row[GAP].real, run->gap + run->floor);
        row[LEARNING].real = fmax(row[LEARNING].real, run->seconds_prepare);
    }
    row[SECONDS].real = results_median(g->scratch, n);
    row[TRIALS].real = (double)n;
    SPRED_TRY(mean_of(g, "nonzeros", &row[NONZEROS].real, NULL));
    return mean_of(g, "relative squares", &row[SQUARES].real, NULL);
}

/* Ratios among the rows first .. : one data set and problem. */
static void set_ratios(struct results_table *out, size_t first)
{
    double best = INFINITY;
    for (size_t i = first; i < out->n_rows; i++)
        best = fmin(best, out->cells[i * out->n_columns + SECONDS].real);
    for (size_t i = first; i < out->n_rows; i++) {
        struct results_cell *row = out->cells + i * out->n_columns;
        row[RATIO].real = isfinite(best) ? row[SECONDS].real / best : NAN;
    }
}

/* One asked gap over the trials. */
static enum spred_status gap_row(struct group *g, int64_t index,
                                 struct results_table *out, int *any)
{
    double seconds[2] = {INFINITY, 0}, certified = 0;
    double gap = 0;
    size_t n = 0;
    for (size_t i = g->begin; i < g->end; i++) {
        int more = 0;
        sqlite3_reset(g->rows);
        sqlite3_bind_int64(g->rows, 1, g->view->runs[i].id);
        sqlite3_bind_int64(g->rows, 2, index);
        SPRED_TRY(results_sql_step(g->env, g->view->db, g->view->path, g->rows,
                                   &more));
        if (!more)
            continue;
        g->scratch[n] = sqlite3_column_double(g->rows, 0);
        gap = fmax(gap, sqlite3_column_type(g->rows, 1) == SQLITE_NULL
                            ? INFINITY
                            : sqlite3_column_double(g->rows, 1));
        certified += sqlite3_column_int(g->rows, 2);
        seconds[0] = fmin(seconds[0], g->scratch[n]);
        seconds[1] = fmax(seconds[1], g->scratch[n]);
        n++;
    }
    if (!(*any = n > 0))
        return SPRED_OK;
    struct results_cell *row;
    SPRED_TRY(begin_row(g, out, &row));
    row[4].real = lambda_of(g->view->runs[g->begin].run.problem);
    row[5].real = results_median(g->scratch, n);
    row[6].real = seconds[0];
    row[7].real = seconds[1];
    row[8].real = gap;
    row[9].real = certified;
    row[10].real = (double)(g->end - g->begin);
    return SPRED_OK;
}

static enum spred_status gap_rows(struct group *g, struct results_table *out)
{
    int any = 1;
    for (int64_t k = 1; any; k++)
        SPRED_TRY(gap_row(g, k, out, &any));
    return SPRED_OK;
}

/* Is the last row of this group's data set and problem? */
static int is_last(const struct group *g, const struct results_table *out)
{
    const struct results_view_run *r = &g->view->runs[g->begin];
    size_t last = out->n_rows ? out->n_rows - 1 : 0;
    return out->n_rows &&
           strcmp(results_text(out, last, "dataset"), r->dataset) == 0 &&
           strcmp(results_text(out, last, "problem"),
                  r->run.problem ? r->run.problem : "") == 0;
}

/* Codes count that are certified, of the first coder that has them: they are
 * the same for all. The coder that took the noise off adds its PSNR. */
static enum spred_status rate_row(struct group *g, struct results_table *out)
{
    struct results_cell *row;
    double nonzeros, squares, noisy, denoised, codes, certified = 0;
    struct results_cell range[] = {
        {.real = NAN}, {.real = NAN}, {.real = NAN}, {.real = NAN}};
    SPRED_TRY(mean_of(g, "nonzeros", &nonzeros, NULL));
    SPRED_TRY(mean_of(g, "relative squares", &squares, range));
    SPRED_TRY(mean_of(g, "psnr noisy", &noisy, NULL));
    SPRED_TRY(mean_of(g, "psnr denoised", &denoised, range + 2));
    SPRED_TRY(mean_of(g, "nonzeros denoised", &codes, NULL));
    for (size_t i = g->begin; i < g->end; i++)
        certified += results_run_is(&g->view->runs[i].run, "certified");
    if (is_last(g, out)) {
        row = out->cells + (out->n_rows - 1) * out->n_columns;
    } else {
        SPRED_TRY(begin_row(g, out, &row));
        row[4].real = lambda_of(g->view->runs[g->begin].run.problem);
        row[14].real = (double)(g->end - g->begin);
    }
    if (isnan(row[5].real) && certified >= (double)(g->end - g->begin)) {
        char *coder = spred_strdup(g->env, g->view->runs[g->begin].solver);
        if (!coder)
            return SPRED_ENOMEM;
        spred_free(g->env, row[2].text);
        row[2].text = coder;
        row[5].real = nonzeros;
        row[6].real = squares;
        row[10].real = range[0].real;
        row[11].real = range[1].real;
    }
    if (!isnan(denoised)) {
        row[7].real = noisy;
        row[8].real = denoised;
        row[9].real = codes;
        row[12].real = range[2].real;
        row[13].real = range[3].real;
    }
    return SPRED_OK;
}

/* The arrays of the first trial. */
static enum spred_status picture_rows(struct group *g,
                                      struct results_table *out)
{
    sqlite3_reset(g->rows);
    sqlite3_bind_int64(g->rows, 1, g->view->runs[g->begin].id);
    for (int more = 1;;) {
        struct results_cell *row;
        SPRED_TRY(results_sql_step(g->env, g->view->db, g->view->path, g->rows,
                                   &more));
        if (!more)
            return SPRED_OK;
        SPRED_TRY(begin_row(g, out, &row));
        for (int j = 0; j < 2; j++)
            SPRED_TRY(results_cell_text(
                g->env, &row[4 + j],
                (const char *)sqlite3_column_text(g->rows, j)));
        row[6].real = lambda_of(g->view->runs[g->begin].run.problem);
        for (int j = 0; j < 4; j++)
            row[7 + j].real = sqlite3_column_double(g->rows, 2 + j);
        SPRED_TRY(metric_of(g, g->begin, "psnr noisy", &row[11].real));
        SPRED_TRY(metric_of(g, g->begin, "psnr denoised", &row[12].real));
    }
}

/* Calls put for every coder of every data set and problem. */
static enum spred_status
each(struct spred_env *env, struct results_view *view, const char *sql,
     enum spred_status (*put)(struct group *g, struct results_table *t),
     struct results_table *out)
{
    struct group g = {.env = env, .view = view};
    size_t first = 0, limit = 0;
    g.scratch = spred_alloc(env, view->n_runs, sizeof *g.scratch);
    enum spred_status status = g.scratch ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = results_sql_prepare(
            env, view->db, view->path,
            "SELECT value FROM metrics WHERE run = ?1 AND name = ?2",
            &g.metric);
    if (!status && sql)
        status = results_sql_prepare(env, view->db, view->path, sql, &g.rows);
    for (g.begin = 0; g.begin < view->n_runs && !status; g.begin = g.end) {
        g.end = results_view_solver_end(view, g.begin);
        if (g.begin >= limit) {
            first = out->n_rows;
            limit = results_view_instance_end(view, g.begin);
        }
        if (!results_run_is_coding(&view->runs[g.begin].run))
            continue;
        status = put(&g, out);
        if (put == coder_row && !status && g.end == limit)
            set_ratios(out, first);
    }
    sqlite3_finalize(g.metric);
    sqlite3_finalize(g.rows);
    spred_free(env, g.scratch);
    return status;
}

enum spred_status results_coding(struct spred_env *env,
                                 struct results_view *view,
                                 struct results_table *out)
{
    return each(env, view, NULL, coder_row, out);
}

enum spred_status results_coding_time(struct spred_env *env,
                                      struct results_view *view,
                                      struct results_table *out)
{
    return each(
        env, view,
        "SELECT seconds, gap + floor, stop = 'target' FROM points WHERE "
        "run = ?1 AND lambda_index = ?2",
        gap_rows, out);
}

enum spred_status results_rate_distortion(struct spred_env *env,
                                          struct results_view *view,
                                          struct results_table *out)
{
    return each(env, view, NULL, rate_row, out);
}

enum spred_status results_pictures(struct spred_env *env,
                                   struct results_view *view,
                                   struct results_table *out)
{
    return each(
        env, view,
        "SELECT name, \"values\", \"rows\", columns, height, width FROM "
        "arrays WHERE run = ?1 ORDER BY number",
        picture_rows, out);
}
