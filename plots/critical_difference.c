/* critical_difference.c: the figure "critical-difference": mean ranks of the
 * methods over data sets, and which of them cannot be told apart.
 * Demsar (2006), JMLR 7:1-30, figure 1. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/methods.h"

#define NAME_CHARACTERS 34
#define CHARACTER 6.4
#define NAME_ROW 20.0 /* pixels */
#define BAR_ROW 9.0
#define AXIS 24.0 /* below the title */
#define TOP 36.0
#define EPS 1e-9
#define FEW 5 /* data sets */

struct diagram {
    const struct results_table *t;
    size_t *order; /* rows by rank; owned */
    size_t n;
    size_t bars;
    double datasets, p;
};

static double rank_of(const struct diagram *d, size_t i)
{
    return results_real(d->t, d->order[i], "rank");
}

static enum spred_status find_order(struct spred_env *env, struct diagram *d)
{
    d->order = spred_alloc(env, d->t->n_rows + 1, sizeof *d->order);
    if (!d->order)
        return SPRED_ENOMEM;
    for (size_t row = 0; row < d->t->n_rows; row++) {
        if (isnan(results_real(d->t, row, "rank")))
            continue;
        size_t i = d->n++;
        for (; i > 0 && rank_of(d, i - 1) > results_real(d->t, row, "rank");
             i--)
            d->order[i] = d->order[i - 1];
        d->order[i] = row;
    }
    if (d->n) {
        d->datasets = results_real(d->t, d->order[0], "datasets");
        d->p = results_real(d->t, d->order[0], "friedman_p");
    }
    return SPRED_OK;
}

/* Does method i start a bar that no longer one holds? */
static int is_bar(const struct diagram *d, size_t i)
{
    double low = results_real(d->t, d->order[i], "low");
    double high = results_real(d->t, d->order[i], "high");
    if (isnan(d->p) || !(high > low + EPS))
        return 0;
    for (size_t k = 0; k < d->n; k++) {
        double from = results_real(d->t, d->order[k], "low");
        double to = results_real(d->t, d->order[k], "high");
        int same = fabs(from - low) < EPS && fabs(to - high) < EPS;
        if (k != i && from <= low + EPS && to >= high - EPS && (!same || k < i))
            return 0;
    }
    return 1;
}

/* A vertical place, in pixels below the axis, on the panel's y axis. */
static double below(const struct plots_figure *f, double pixels)
{
    return 1 - pixels / f->panel_height;
}

/* The method's line from the axis down and aside, and its name. */
static enum spred_status put_method(struct plots_figure *f,
                                    const struct diagram *d,
                                    const struct plots_method_list *list,
                                    size_t i)
{
    struct spred_env *env = f->context->env;
    const char *method = results_text(d->t, d->order[i], "method");
    size_t place = plots_method_place(list, method);
    size_t lefts = (d->n + 1) / 2;
    int left = i < lefts;
    double y = below(f, TOP + BAR_ROW * (double)(d->bars + 1) +
                            NAME_ROW * (double)(left ? i : d->n - 1 - i));
    double rank = rank_of(d, i);
    const char *colour = plots_method_style(place).colour;
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "set arrow from %.6f, %.6f to %.6f, %.6f nohead lc rgb '%s' lw 1.4\n"
        "set arrow from %.6f, %.6f to graph %d, first %.6f nohead lc rgb '%s' "
        "lw 1.4\n",
        rank, below(f, AXIS), rank, y, colour, rank, y, left ? 0 : 1, y,
        colour));
    char *name = plots_shorten(env, method, NAME_CHARACTERS);
    char *text = !name  ? NULL
                 : left ? spred_format(env, "%s  %.2f", name, rank)
                        : spred_format(env, "%.2f  %s", rank, name);
    enum spred_status status =
        text ? spred_buffer_add(env, &f->gp, "set label ") : SPRED_ENOMEM;
    if (!status)
        status = plots_quote(env, &f->gp, text);
    spred_free(env, text);
    spred_free(env, name);
    SPRED_TRY(status);
    return spred_buffer_add(
        env, &f->gp, " at graph %g, first %.6f %s noenhanced font font_key\n",
        left ? -0.01 : 1.01, y, left ? "right" : "left");
}

static enum spred_status put_bars(struct plots_figure *f,
                                  const struct diagram *d)
{
    size_t bar = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (!is_bar(d, i))
            continue;
        double y = below(f, TOP + BAR_ROW * (double)bar++);
        SPRED_TRY(spred_buffer_add(
            f->context->env, &f->gp,
            "set arrow from %.6f, %.6f to %.6f, %.6f nohead front lc rgb "
            "'#202020' lw 4\n",
            results_real(d->t, d->order[i], "low") - 0.03, y,
            results_real(d->t, d->order[i], "high") + 0.03, y));
    }
    return SPRED_OK;
}

/* "k = 8 methods, N = 6 data sets, Friedman p = 0.003", or why no test. */
static char *title_of(struct spred_env *env, const struct diagram *d)
{
    if (isnan(d->p))
        return spred_format(env,
                            "k = %zu methods, N = %g data set%s: too few for "
                            "a test, mean ranks only",
                            d->n, d->datasets, d->datasets > 1 ? "s" : "");
    if (d->p < 1e-4)
        return spred_format(env,
                            "k = %zu methods, N = %g data sets, Friedman p < "
                            "0.0001",
                            d->n, d->datasets);
    return spred_format(env,
                        "k = %zu methods, N = %g data sets, Friedman p = "
                        "%.2g",
                        d->n, d->datasets, d->p);
}

static enum spred_status put_data(struct plots_figure *f,
                                  const struct diagram *d)
{
    for (size_t i = 0; i < d->n; i++) {
        char what[160];
        snprintf(what, sizeof what, "%.80s: mean rank, bar from, to",
                 results_text(d->t, d->order[i], "method"));
        SPRED_TRY(plots_block(f, what));
        SPRED_TRY(plots_numbers(
            f,
            (double[]){rank_of(d, i), results_real(d->t, d->order[i], "low"),
                       results_real(d->t, d->order[i], "high")},
            3));
    }
    return SPRED_OK;
}

static void lay_out(struct plots_figure *f, const struct diagram *d,
                    const struct plots_method_list *list)
{
    double side =
        44 + CHARACTER * (double)plots_method_width(list, NAME_CHARACTERS);
    size_t lefts = (d->n + 1) / 2;
    plots_figure_layout(f, 1, side, side, 0,
                        TOP + BAR_ROW * (double)(d->bars + 1) +
                            NAME_ROW * (double)lefts);
    f->height -= 40; /* no axis below */
}

/* Methods that are not compared, data sets that do not count, and why. */
static enum spred_status put_left_out(struct plots_figure *f,
                                      const struct diagram *d)
{
    struct spred_env *env = f->context->env;
    size_t count = 0;
    for (size_t row = 0; row < d->t->n_rows; row++) {
        const char *why = results_text(d->t, row, "why_not");
        if (*why)
            SPRED_TRY(spred_buffer_add(env, &f->caption, "%s%.60s (%s)",
                                       count++ ? ", " : "Not compared: ",
                                       results_text(d->t, row, "method"), why));
    }
    SPRED_TRY(spred_buffer_add(env, &f->caption, "%s", count ? ". " : ""));
    const char *left = results_text(d->t, d->order[0], "left_out");
    return *left ? spred_buffer_add(env, &f->caption,
                                    "Data sets that do not count: %s. ", left)
                 : SPRED_OK;
}

static enum spred_status put_page(struct plots_figure *f,
                                  const struct diagram *d,
                                  const struct plots_method_list *list)
{
    struct spred_env *env = f->context->env;
    char *title = title_of(env, d);
    lay_out(f, d, list);
    enum spred_status status = title ? plots_panel(f, 0, title) : SPRED_ENOMEM;
    spred_free(env, title);
    SPRED_TRY(status);
    SPRED_TRY(put_data(f, d));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "set border 0\nunset ytics\nunset xtics\nunset grid\n"
        "set xrange [1:%zu]\nset yrange [0:1]\n"
        "set arrow from 1, %.6f to %zu, %.6f nohead lc rgb '#404040' lw 1.4\n",
        d->n, below(f, AXIS), d->n, below(f, AXIS)));
    for (size_t i = 1; i <= d->n; i++)
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            "set arrow from %zu, %.6f to %zu, %.6f nohead lc rgb '#404040' "
            "lw 1.4\nset label '%zu' at %zu, %.6f center font font_tics\n",
            i, below(f, AXIS), i, below(f, AXIS - 5), i, i,
            below(f, AXIS - 14)));
    SPRED_TRY(put_bars(f, d));
    for (size_t i = 0; i < d->n; i++)
        SPRED_TRY(put_method(f, d, list, i));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp, "plot NaN notitle\nunset x2tics\nset border 0\n"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Mean ranks of the methods over the data sets by mean balanced "
        "accuracy (1: the best; ties share ranks). %s",
        isnan(d->p)
            ? "So few data sets or methods allow no test, so no bar joins "
              "methods: the ranks say nothing beyond these data sets. "
            : "Bars join methods that cannot be told apart: no pair of them "
              "differs at 5% after Holm's correction (Demsar 2006, JMLR 7:1). "
              "p: Friedman's test with Iman and Davenport's F. "));
    if (!isnan(d->p) && d->datasets < FEW)
        SPRED_TRY(spred_buffer_add(
            env, &f->caption,
            "So few data sets can hardly separate anything: a bar is no sign "
            "that methods are alike. "));
    SPRED_TRY(put_left_out(f, d));
    return plots_provenance(f, &f->context->datasets, 0,
                            f->context->datasets.n_rows);
}

static enum spred_status draw(struct plots_context *context)
{
    struct diagram d = {NULL, NULL, 0, 0, NAN, NAN};
    struct plots_method_list list;
    struct plots_figure f;
    const struct results_table *methods;
    SPRED_TRY(plots_methods(context, &methods));
    if (!methods || plots_only_networks(methods))
        return SPRED_OK;
    SPRED_TRY(plots_ask(context, "ranks", &d.t));
    enum spred_status status = plots_method_list(context->env, methods, &list);
    if (!status)
        status = find_order(context->env, &d);
    if (!status && d.n > 1) {
        for (size_t i = 0; i < d.n; i++)
            d.bars += is_bar(&d, i) != 0;
        status =
            plots_figure_begin(context, &f, "critical-difference", NULL, 1);
        if (!status && !context->dry)
            status = put_page(&f, &d, &list);
        status = plots_figure_end(&f, status);
    }
    spred_free(context->env, d.order);
    spred_free(context->env, list.first);
    return status;
}

const struct plots_kind plots_critical_difference = {
    "critical-difference", draw,
    "mean ranks of the methods on an axis; bars join those that cannot be told "
    "apart"};
