/* model_figures.c: the figures "zero-rate", "support-recovery" and "cv": what
 * the models of a path are like, lambda by lambda. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/figure.h"

/* Panel i over the lambdas of rows first .. end - 1; the caller's axes and
 * curves follow. */
static enum spred_status lambda_panel(struct plots_figure *f, size_t i,
                                      const struct results_table *t,
                                      size_t first, size_t end, const char *x,
                                      const char *x_label, const char *y_label,
                                      const char *more)
{
    double low = INFINITY, high = 0;
    plots_limits(t, first, end, x, &low, &high);
    char *name =
        plots_dataset_title(f->context, results_text(t, first, "dataset"));
    char *title =
        name ? spred_format(f->context->env, "%s%s", name, more) : NULL;
    enum spred_status status =
        title ? plots_curve_panel(f, i, title, low, high, high / low < 1e3,
                                  x_label, y_label)
              : SPRED_ENOMEM;
    spred_free(f->context->env, title);
    spred_free(f->context->env, name);
    return status;
}

static const char over_ratio[] = "lambda / lambda_{max}";

/* ---- zero-rate: three panels per data set, one per threshold ---- */

#define THRESHOLDS 3
static const struct {
    const char *column, *title;
} thresholds[THRESHOLDS] = {{"zeros", "w = 0"},
                            {"zeros_1e12", "|w| ≤ 1e-12"},
                            {"zeros_1e6", "|w| ≤ 1e-6"}};

static enum spred_status put_zero_page(struct plots_figure *f,
                                       const struct results_table *t,
                                       size_t first, size_t end)
{
    struct spred_env *env = f->context->env;
    for (size_t at = first, next, i = 0; at < end; at = next) {
        next = plots_rows_end(t, at, "dataset", end);
        for (size_t k = 0; k < THRESHOLDS; k++, i++) {
            char more[48];
            double low = INFINITY, high = 0;
            const struct plots_curve curve = {
                "lambda", thresholds[k].column, NULL, NULL, 0, 1};
            plots_limits(t, at, next, "lambda", &low, &high);
            snprintf(more, sizeof more, "%s%s", k ? "" : ": ",
                     thresholds[k].title);
            if (k == 0)
                SPRED_TRY(lambda_panel(f, i, t, at, next, "lambda",
                                       "lambda (the paper''s alpha)",
                                       "share of zeros", more));
            else
                SPRED_TRY(plots_curve_panel(f, i, more, low, high, 0,
                                            "lambda (the paper''s alpha)",
                                            "share of zeros"));
            SPRED_TRY(plots_share_axis(f, i));
            SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
            SPRED_TRY(plots_curves(f, t, at, next, &curve));
            SPRED_TRY(spred_buffer_add(env, &f->gp, "\n"));
        }
    }
    SPRED_TRY(plots_solver_keys(f, t, first, end, "zeros"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Share of the weights that are zero against lambda, problem %.60s: "
        "exactly, within 1e-12 and within 1e-6 (the weights as the solver gave "
        "them), mean over trials. %s",
        results_text(t, first, "problem"), plots_filled));
    return plots_provenance(f, t, first, end);
}

static enum spred_status draw_zero(struct plots_context *context)
{
    return plots_by_problem(context, "path", "zero-rate", "zeros_1e6",
                            THRESHOLDS, put_zero_page);
}

/* ---- support-recovery ---- */

#define DASHED 2
static const struct plots_curve precision = {"ratio", "precision", NULL,
                                             NULL,    1,           1};
static const struct plots_curve recall = {"ratio", "recall", NULL,
                                          NULL,    DASHED,   1};

static enum spred_status put_recovery_page(struct plots_figure *f,
                                           const struct results_table *t,
                                           size_t first, size_t end)
{
    struct spred_env *env = f->context->env;
    for (size_t at = first, next, i = 0; at < end; at = next, i++) {
        next = plots_rows_end(t, at, "dataset", end);
        SPRED_TRY(lambda_panel(f, i, t, at, next, "ratio", over_ratio,
                               "precision, recall", ""));
        SPRED_TRY(plots_share_axis(f, i));
        SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
        SPRED_TRY(plots_curves(f, t, at, next, &precision));
        SPRED_TRY(plots_curves(f, t, at, next, &recall));
        SPRED_TRY(spred_buffer_add(env, &f->gp, "\n"));
    }
    SPRED_TRY(plots_key(f, "precision", "lines lc rgb '#404040' dt 1 lw 1.6"));
    SPRED_TRY(plots_key(f, "recall", "lines lc rgb '#404040' dt 2 lw 1.6"));
    SPRED_TRY(plots_solver_keys(f, t, first, end, "recall"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Support recovery along the path, problem %.60s: precision (solid: "
        "share of the features with a nonzero weight that have an effect) and "
        "recall (dashed: share of the features with an effect that have a "
        "nonzero weight), means over the trials (%.0f). %s",
        results_text(t, first, "problem"), results_real(t, first, "trials"),
        plots_filled));
    return plots_provenance(f, t, first, end);
}

static enum spred_status draw_recovery(struct plots_context *context)
{
    return plots_by_problem(context, "path", "support-recovery", "recall", 1,
                            put_recovery_page);
}

/* ---- cv ---- */

static enum spred_status loss_axis(struct plots_figure *f,
                                   const struct results_table *t, size_t first,
                                   size_t end)
{
    double low = INFINITY, high = 0;
    for (size_t i = first; i < end; i++) {
        low = fmin(low, results_real(t, i, "cv_low"));
        high = fmax(high, results_real(t, i, "cv_high"));
    }
    double room = 0.05 * (high - low) + 1e-9;
    return spred_buffer_add(f->context->env, &f->gp,
                            "unset logscale y\nset yrange [%.6e:%.6e]\n"
                            "set ytics autofreq\nset format y '%%g'\n",
                            low - room, high + room);
}

/* A line at every lambda that a trial chose. */
static enum spred_status put_chosen(struct plots_figure *f,
                                    const struct results_table *t, size_t first,
                                    size_t end)
{
    for (size_t i = first; i < end; i++)
        if (results_real(t, i, "chosen") > 0) {
            struct plots_style style =
                plots_solver_style(f->context, results_text(t, i, "solver"));
            SPRED_TRY(spred_buffer_add(
                f->context->env, &f->gp,
                "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead lc rgb "
                "'%s' dt (3,3) lw 1\n",
                results_real(t, i, "ratio"), results_real(t, i, "ratio"),
                style.colour));
        }
    return SPRED_OK;
}

static enum spred_status put_cv_page(struct plots_figure *f,
                                     const struct results_table *t,
                                     size_t first, size_t end)
{
    static const struct plots_curve loss = {"ratio",   "cv_loss", "cv_low",
                                            "cv_high", 0,         1};
    struct spred_env *env = f->context->env;
    for (size_t at = first, next, i = 0; at < end; at = next, i++) {
        next = plots_rows_end(t, at, "dataset", end);
        SPRED_TRY(lambda_panel(f, i, t, at, next, "ratio", over_ratio,
                               "cross-validated loss", ""));
        SPRED_TRY(loss_axis(f, t, at, next));
        SPRED_TRY(put_chosen(f, t, at, next));
        SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
        SPRED_TRY(plots_curves(f, t, at, next, &loss));
        SPRED_TRY(spred_buffer_add(env, &f->gp, "\n"));
    }
    SPRED_TRY(plots_solver_keys(f, t, first, end, "cv_loss"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Cross-validated loss (logarithmic loss, or squared error) along the "
        "path, problem %.60s: mean over the held-out samples, bars one "
        "standard "
        "error either way, means over the trials (%.0f). Dotted: the chosen "
        "lambdas. "
        "Filled: the refit is certified (without a gap: stationary); hollow: "
        "not. ",
        results_text(t, first, "problem"), results_real(t, first, "trials")));
    return plots_provenance(f, t, first, end);
}

static enum spred_status draw_cv(struct plots_context *context)
{
    return plots_by_problem(context, "path", "cv", "cv_loss", 1, put_cv_page);
}

const struct plots_kind plots_zero_rate = {
    "zero-rate", draw_zero,
    "share of the weights that are zero along the path"};
const struct plots_kind plots_support_recovery = {
    "support-recovery", draw_recovery,
    "precision and recall of the chosen features along the path"};
const struct plots_kind plots_cv = {"cv", draw_cv,
                                    "cross-validated loss along the path"};
