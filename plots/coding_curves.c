/* coding_curves.c: the figures "coding-time", certified gap against billed
 * seconds per coder, and "rate-distortion", what a nonzero code buys. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/figure.h"

#define PANELS_MAX 9
#define SHORTEST 1e-6 /* seconds; a logarithmic axis has no zero */
#define TITLE 160

static double clamp(double value)
{
    return value > SHORTEST ? value : SHORTEST;
}

/* "online atoms=256, lambda 20" */
static void title_of(const struct results_table *t, size_t row,
                     char title[TITLE])
{
    snprintf(title, TITLE, "%.100s, λ = %g", results_text(t, row, "dictionary"),
             results_real(t, row, "lambda"));
}

/* One coder's curve: filled where all was certified to what was asked. */
static enum spred_status put_coder(struct plots_figure *f,
                                   const struct results_table *t, size_t first,
                                   size_t end)
{
    const char *solver = results_text(t, first, "solver");
    struct plots_style style = plots_solver_style(f->context, solver);
    size_t index = f->blocks;
    char what[160];
    snprintf(what, sizeof what,
             "%.100s: seconds, gap, least, most, gap if certified", solver);
    SPRED_TRY(plots_block(f, what));
    for (size_t i = first; i < end; i++) {
        double gap = fmax(results_real(t, i, "gap"), 1e-17);
        int well =
            results_real(t, i, "certified") >= results_real(t, i, "trials");
        const double row[] = {clamp(results_real(t, i, "seconds")),
                              gap,
                              clamp(results_real(t, i, "low")),
                              clamp(results_real(t, i, "high")),
                              well ? gap : NAN,
                              well ? NAN : gap};
        SPRED_TRY(plots_numbers(f, row, 6));
    }
    if (results_real(t, first, "trials") > 1)
        SPRED_TRY(spred_buffer_add(
            f->context->env, &f->gp,
            ", \\\n  data index %zu using 1:2:3:4 with xerrorbars lc rgb '%s' "
            "lw 0.8 pt 0 ps 0.001 notitle",
            index, style.colour));
    return spred_buffer_add(
        f->context->env, &f->gp,
        ", \\\n  data index %zu using 1:5 with lines lc rgb '%s' dt %d lw 1.6 "
        "notitle, \\\n  data index %zu using 1:5 with points lc rgb '%s' pt %d "
        "ps 0.7 notitle, \\\n  data index %zu using 1:6 with points lc rgb "
        "'%s' pt %d ps 0.9 notitle",
        index, style.colour, style.dash, index, style.colour, style.point,
        index, style.colour, style.hollow);
}

/* Panel i: one dictionary and lambda. */
static enum spred_status put_panel(struct plots_figure *f,
                                   const struct results_table *t, size_t i,
                                   size_t first, size_t end, const double y[2])
{
    char title[TITLE];
    double low = INFINITY, high = 0;
    plots_limits(t, first, end, "low", &low, &high);
    plots_limits(t, first, end, "high", &low, &high);
    title_of(t, first, title);
    SPRED_TRY(plots_curve_panel(f, i, title, clamp(low), clamp(high), 0,
                                "billed time for all signals [s]",
                                "worst relative duality gap"));
    SPRED_TRY(plots_log_axis(f, 'y', y[0] / 2, y[1] * 2, 0,
                             plots_panel_is_left(f, i)));
    SPRED_TRY(spred_buffer_add(f->context->env, &f->gp, "plot NaN notitle"));
    for (size_t at = first, next; at < end; at = next) {
        next = plots_rows_end(t, at, "solver", end);
        SPRED_TRY(put_coder(f, t, at, next));
    }
    return spred_buffer_add(f->context->env, &f->gp, "\n");
}

static enum spred_status put_time(struct plots_figure *f,
                                  const struct results_table *t, size_t first,
                                  size_t end)
{
    double y[2] = {INFINITY, 0};
    plots_limits(t, first, end, "gap", &y[0], &y[1]);
    if (!(y[0] <= y[1]))
        y[0] = y[1] = 1;
    for (size_t at = first, next, i = 0; at < end; at = next, i++) {
        next = plots_rows_end(t, at, "problem", end);
        SPRED_TRY(put_panel(f, t, i, at, next, y));
    }
    SPRED_TRY(plots_solver_keys(f, t, first, end, "seconds"));
    SPRED_TRY(spred_buffer_add(
        f->context->env, &f->caption,
        "Sparse coding of %.60s: every point is a run of its own that asked "
        "for "
        "a gap, its billed time (Gram, constants, codes; certificates are not "
        "billed) and the worst gap of all signals, relative to |x|²/2, its "
        "rounding bound included. Filled: every signal certified to what was "
        "asked, in every trial; hollow: not. Trials: %.0f (median time, from "
        "least to most; worst gap). ",
        results_text(t, first, "dataset"), results_real(t, first, "trials")));
    return plots_provenance(f, t, first, end);
}

/* Panels of a page: as many whole dictionaries (their lambdas follow one
 * another) as have room. */
static size_t panels_of_page(const struct results_table *t, size_t first,
                             size_t end)
{
    size_t lambdas = 0,
           dictionary = plots_rows_end(t, first, "dictionary", end);
    for (size_t at = first; at < dictionary; lambdas++)
        at = plots_rows_end(t, at, "problem", dictionary);
    return lambdas > PANELS_MAX ? PANELS_MAX : PANELS_MAX / lambdas * lambdas;
}

/* A data set after another, at most so many panels on a page. */
static enum spred_status draw_time(struct plots_context *context)
{
    struct results_table t;
    enum spred_status status = SPRED_OK;
    SPRED_TRY(results_query(context->env, context->view, "coding-time", &t));
    for (size_t at = 0, next, page = 1; at < t.n_rows && !status; at = next) {
        struct plots_figure f;
        char part[80];
        size_t panels = 0, end = plots_rows_end(&t, at, "dataset", t.n_rows);
        size_t most = panels_of_page(&t, at, end);
        for (next = at; next < end && panels < most; panels++)
            next = plots_rows_end(&t, next, "problem", end);
        page = at && results_same(&t, at - 1, at, "dataset") ? page + 1 : 1;
        snprintf(part, sizeof part, page > 1 ? "%.60s-%zu" : "%.60s",
                 results_text(&t, at, "dataset"), page);
        status = plots_figure_begin(context, &f, "coding-time", part, panels);
        if (most % 3 != 0 && most % 2 == 0) /* a dictionary ends its row */
            plots_figure_layout(&f, 2, 62, 14, 28, 170);
        if (!status && !context->dry)
            status = put_time(&f, &t, at, next);
        status = plots_figure_end(&f, status);
    }
    results_table_free(context->env, &t);
    return status;
}

/* ---- rate and distortion ---- */

/* One of the two panels of a data set. */
struct measure {
    const char *rate, *column, *low, *high, *rate_label, *label;
    double scale;
};
static const struct measure measures[] = {
    {"nonzeros", "squares", "squares_low", "squares_high",
     "mean nonzero codes of a patch", "mean |x - Dz|^2 / |x|^2 [%]", 100},
    {"noisy_nonzeros", "denoised", "denoised_low", "denoised_high",
     "mean nonzero codes of a noisy patch", "PSNR of the held-out picture [dB]",
     1}};

static int has(const struct results_table *t, size_t first, size_t end,
               const char *column)
{
    for (size_t i = first; i < end; i++)
        if (isfinite(results_real(t, i, column)))
            return 1;
    return 0;
}

/* The number of a dictionary among all: its colour. */
static size_t place_of(const struct results_table *t, size_t row)
{
    size_t place = 0;
    for (size_t i = 0; i < row; i++) {
        size_t before = 0;
        if (results_same(t, i, row, "dictionary"))
            break;
        while (!results_same(t, before, i, "dictionary"))
            before++;
        place += before == i;
    }
    return place;
}

/* gnuplot warns of an axis that holds one value; a warning is an error here. */
static enum spred_status widen(struct plots_figure *f, const char *axis,
                               double low, double high)
{
    double step = low == high ? fmax(fabs(low) / 10, 0.1) : 0;
    if (!(step > 0))
        return SPRED_OK;
    return spred_buffer_add(f->context->env, &f->gp,
                            "set %srange [%.17g:%.17g]\n", axis, low - step,
                            high + step);
}

static enum spred_status put_ranges(struct plots_figure *f,
                                    const struct results_table *t, size_t first,
                                    size_t end, const struct measure *m)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = first; i < end; i++) {
        const double at[] = {results_real(t, i, m->rate),
                             m->scale * results_real(t, i, m->column)};
        for (size_t k = 0; k < 2 && !isnan(at[0]) && !isnan(at[1]); k++) {
            low[k] = fmin(low[k], at[k]);
            high[k] = fmax(high[k], at[k]);
        }
    }
    SPRED_TRY(widen(f, "x", low[0], high[0]));
    return widen(f, "y", low[1], high[1]);
}

static enum spred_status put_measure(struct plots_figure *f,
                                     const struct results_table *t, size_t i,
                                     size_t first, size_t end,
                                     const struct measure *m)
{
    struct spred_env *env = f->context->env;
    char *title =
        plots_dataset_title(f->context, results_text(t, first, "dataset"));
    enum spred_status status = title ? plots_panel(f, i, title) : SPRED_ENOMEM;
    spred_free(env, title);
    SPRED_TRY(status);
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "unset logscale\nset autoscale\nset offsets graph 0.05, graph 0.05, "
        "graph 0.08, graph 0.05\nset xtics auto\nset ytics auto\nset format "
        "'%%g'\n"));
    SPRED_TRY(put_ranges(f, t, first, end, m));
    SPRED_TRY(spred_buffer_add(env, &f->gp,
                               "set ylabel '%s' offset 0.5,0\n"
                               "set xlabel '%s' offset 0,0.4\nplot NaN notitle",
                               m->label,
                               plots_panel_is_low(f, i) ? m->rate_label : ""));
    for (size_t at = first, next; at < end; at = next) {
        next = plots_rows_end(t, at, "dictionary", end);
        struct plots_style style = plots_nth_style(place_of(t, at));
        size_t index = f->blocks;
        SPRED_TRY(plots_block(f, results_text(t, at, "dictionary")));
        for (size_t k = at; k < next; k++) {
            const double row[] = {results_real(t, k, m->rate),
                                  m->scale * results_real(t, k, m->column),
                                  results_real(t, k, "lambda"),
                                  m->scale * results_real(t, k, m->low),
                                  m->scale * results_real(t, k, m->high)};
            SPRED_TRY(plots_numbers(f, row, 5));
        }
        if (results_real(t, at, "trials") > 1)
            SPRED_TRY(spred_buffer_add(
                env, &f->gp,
                ", \\\n  data index %zu using 1:2:4:5 with yerrorbars lc rgb "
                "'%s' lw 0.8 pt 0 ps 0.001 notitle",
                index, style.colour));
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            ", \\\n  data index %zu using 1:2 with linespoints lc rgb '%s' dt "
            "%d lw 1.6 pt %d ps 0.7 notitle",
            index, style.colour, style.dash, style.point));
    }
    return spred_buffer_add(env, &f->gp, "\n");
}

static enum spred_status put_keys(struct plots_figure *f,
                                  const struct results_table *t, size_t first,
                                  size_t end)
{
    for (size_t i = first; i < end; i++) {
        size_t before = first;
        char with[96];
        while (!results_same(t, before, i, "dictionary"))
            before++;
        if (before < i)
            continue;
        struct plots_style style = plots_nth_style(place_of(t, i));
        snprintf(with, sizeof with,
                 "linespoints lc rgb '%s' dt %d lw 1.6 pt %d ps 0.7",
                 style.colour, style.dash, style.point);
        SPRED_TRY(plots_key(f, results_text(t, i, "dictionary"), with));
    }
    return SPRED_OK;
}

static enum spred_status put_rates(struct plots_figure *f,
                                   const struct results_table *t, size_t end)
{
    size_t panel = 0;
    double noisy = NAN;
    for (size_t at = 0, next; at < end; at = next) {
        next = plots_rows_end(t, at, "dataset", end);
        noisy = fmax(noisy, results_real(t, at, "noisy"));
        for (size_t k = 0; k < 2; k++)
            if (k == 0 || has(t, 0, end, measures[k].column))
                SPRED_TRY(put_measure(f, t, panel++, at, next, &measures[k]));
    }
    SPRED_TRY(put_keys(f, t, 0, end));
    SPRED_TRY(spred_buffer_add(
        f->context->env, &f->caption,
        "Rate and distortion: every point is one lambda, from sparse (left) to "
        "dense, its codes certified. Error: of the patches that the dictionary "
        "was learned on. Trials: %.0f (means; bars from the least to the "
        "most). ",
        results_real(t, 0, "trials")));
    if (isfinite(noisy))
        SPRED_TRY(spred_buffer_add(
            f->context->env, &f->caption,
            "PSNR: of the held-out picture, its noise taken off by coding "
            "its overlapping patches; with the noise it is %.2f dB. ",
            noisy));
    return plots_provenance(f, t, 0, end);
}

static enum spred_status draw_rates(struct plots_context *context)
{
    struct results_table t;
    struct plots_figure f;
    size_t sets = 0, end = 0;
    enum spred_status status = SPRED_OK;
    SPRED_TRY(
        results_query(context->env, context->view, "rate-distortion", &t));
    int both = has(&t, 0, t.n_rows, "denoised");
    for (; end < t.n_rows && sets < PANELS_MAX; sets++)
        end = plots_rows_end(&t, end, "dataset", t.n_rows);
    if (has(&t, 0, end, "nonzeros")) {
        status = plots_figure_begin(context, &f, "rate-distortion", NULL,
                                    both ? 2 * sets : sets);
        if (both) /* a data set is a row; both panels have a scale */
            plots_figure_layout(&f, 2, 62, 14, 74, 200);
        if (!status && !context->dry)
            status = put_rates(&f, &t, end);
        status = plots_figure_end(&f, status);
    }
    results_table_free(context->env, &t);
    return status;
}

const struct plots_kind plots_coding_time = {
    "coding-time", draw_time,
    "certified gap of sparse codes against billed time, a panel per dictionary "
    "and lambda, a curve per coder"};
const struct plots_kind plots_rate_distortion = {
    "rate-distortion", draw_rates,
    "error and denoising PSNR against nonzero codes, a curve per dictionary"};
