/* time_figures.c: the figures "time-dimension" and "time-alpha": billed seconds
 * against the number of features and against lambda, a curve per solver. */
#include <math.h>
#include <string.h>
#include "plots/figure.h"

/* A logarithmic y axis for the seconds of the rows. */
static enum spred_status seconds_axis(struct plots_figure *f, size_t i,
                                      const struct results_table *t,
                                      size_t first, size_t end)
{
    double low = INFINITY, high = 0;
    plots_limits(t, first, end, "low", &low, &high);
    plots_limits(t, first, end, "high", &low, &high);
    if (!(low <= high))
        low = high = 1;
    SPRED_TRY(
        spred_buffer_add(f->context->env, &f->gp, "set format y '%%g'\n"));
    return plots_log_axis(f, 'y', low / 1.5, high * 1.5, 0,
                          plots_panel_is_left(f, i));
}

static const struct plots_curve over_features = {"features", "seconds", "low",
                                                 "high",     0,         0};
static const struct plots_curve over_lambda = {"lambda", "seconds", "low",
                                               "high",   0,         0};

static enum spred_status put_dimension_page(struct plots_figure *f,
                                            const struct results_table *t)
{
    double low = INFINITY, high = 0;
    struct spred_env *env = f->context->env;
    plots_limits(t, 0, t->n_rows, "features", &low, &high);
    for (size_t at = 0, next, i = 0; at < t->n_rows; at = next, i++) {
        next = plots_rows_end(t, at, "problem", t->n_rows);
        SPRED_TRY(plots_curve_panel(f, i, results_text(t, at, "problem"), low,
                                    high, high < 1e7, "features p",
                                    "billed time for the whole path [s]"));
        SPRED_TRY(seconds_axis(f, i, t, 0, t->n_rows));
        SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
        SPRED_TRY(plots_curves(f, t, at, next, &over_features));
        SPRED_TRY(spred_buffer_add(env, &f->gp, "\n"));
    }
    SPRED_TRY(plots_solver_keys(f, t, 0, t->n_rows, "seconds"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Time against the number of features: median billed seconds of all "
        "lambdas of a problem, set-up included; bars: least to most (trials: "
        "%.0f). %s",
        results_real(t, 0, "trials"), plots_filled));
    return plots_provenance(f, t, 0, t->n_rows);
}

/* Two sizes make a curve. */
static int sizes_differ(const struct results_table *t)
{
    double low = INFINITY, high = 0;
    plots_limits(t, 0, t->n_rows, "features", &low, &high);
    return low < high;
}

static enum spred_status draw_dimension(struct plots_context *context)
{
    struct results_table t;
    struct plots_figure f;
    size_t panels = 0;
    enum spred_status status = SPRED_OK;
    SPRED_TRY(results_query(context->env, context->view, "time-dimension", &t));
    for (size_t at = 0; at < t.n_rows; panels++)
        at = plots_rows_end(&t, at, "problem", t.n_rows);
    if (sizes_differ(&t)) {
        status =
            plots_figure_begin(context, &f, "time-dimension", NULL, panels);
        if (!status && !context->dry)
            status = put_dimension_page(&f, &t);
        status = plots_figure_end(&f, status);
    }
    results_table_free(context->env, &t);
    return status;
}

static enum spred_status put_alpha_page(struct plots_figure *f,
                                        const struct results_table *t,
                                        size_t first, size_t end)
{
    struct spred_env *env = f->context->env;
    for (size_t at = first, next, i = 0; at < end; at = next, i++) {
        double low = INFINITY, high = 0;
        next = plots_rows_end(t, at, "dataset", end);
        plots_limits(t, at, next, "lambda", &low, &high);
        char *title =
            plots_dataset_title(f->context, results_text(t, at, "dataset"));
        enum spred_status status =
            title ? plots_curve_panel(f, i, title, low, high, 0, "lambda",
                                      "billed time [s]")
                  : SPRED_ENOMEM;
        spred_free(env, title);
        SPRED_TRY(status);
        SPRED_TRY(seconds_axis(f, i, t, first, end));
        SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
        SPRED_TRY(plots_curves(f, t, at, next, &over_lambda));
        SPRED_TRY(spred_buffer_add(env, &f->gp, "\n"));
    }
    SPRED_TRY(plots_solver_keys(f, t, first, end, "seconds"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Time against lambda (the paper's alpha), problem %.60s: median billed "
        "seconds of each lambda, %s; bars: least to most (trials: %.0f). %s",
        results_text(t, first, "problem"),
        results_real(t, first, "warm_start") > 0
            ? "which starts from the solution at the larger one before"
            : "which starts from nothing, with its set-up",
        results_real(t, first, "trials"), plots_filled));
    return plots_provenance(f, t, first, end);
}

static enum spred_status draw_alpha(struct plots_context *context)
{
    return plots_by_problem(context, "path", "time-alpha", "seconds", 1,
                            put_alpha_page);
}

const struct plots_kind plots_time_dimension = {
    "time-dimension", draw_dimension,
    "billed time against the number of features"};
const struct plots_kind plots_time_alpha = {
    "time-alpha", draw_alpha, "billed time of each lambda along the path"};
