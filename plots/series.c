/* series.c: one figure from a table of numbers. */
#include "plots/series.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/figure.h"

#define ROOM 0.04     /* beyond the data, share of a linear axis */
#define LOG_ROOM 1.15 /* factor on a logarithmic one */
#define BAR_SHARE 0.8 /* of the distance of two bars */
#define BINS_LEAST 5
#define BINS_MOST 60
#define MARKS_ON_LINE 25 /* points drawn on a long line */
#define NAME_WIDTH 6.0   /* pixels of a character of an x name */
#define NAMES_ROOM 600.0 /* pixels for all of them side by side */
#define COLOUR_BAR 96.0  /* pixels right of a heat map */

static const char *const kind_names[] = {"lines", "points", "linespoints",
                                         "steps", "bars",   "histogram",
                                         "box",   "heat",   NULL};

const char *const *plots_series_kinds(void)
{
    return kind_names;
}

struct range {
    double low, high;
};

/* The figure in the making, and the ranges of its axes. */
struct page {
    struct plots_figure f;
    struct spred_env *env;
    const struct plots_series_figure *figure;
    struct range x, y, z;
    double bar;        /* width of one bar */
    size_t categories; /* tics with names on the x axis */
    size_t bins;
};

static int counts(const struct plots_series_figure *figure)
{
    return figure->kind == PLOTS_HISTOGRAM || figure->kind == PLOTS_BOX;
}

static void widen(struct range *r, double value, int logarithmic)
{
    if (!isfinite(value) || (logarithmic && !(value > 0)))
        return;
    r->low = fmin(r->low, value);
    r->high = fmax(r->high, value);
}

static enum spred_status nothing(struct page *p, const char *axis, int log)
{
    return spred_fail(p->env, SPRED_EINVAL,
                      log ? "figure '%s': no value above 0 for the "
                            "logarithmic %s axis"
                          : "figure '%s': no finite number to show (%s)",
                      p->figure->name, axis);
}

/* Some room beyond the data, and more than nothing between the ends. */
static void give_room(struct range *r, int logarithmic)
{
    if (logarithmic) {
        r->low /= LOG_ROOM;
        r->high *= LOG_ROOM;
        return;
    }
    double room = ROOM * (r->high - r->low);
    if (!(room > 0))
        room = fmax(fabs(r->low) * 0.1, 1e-300);
    if (r->low == r->high && r->low == 0)
        room = 1;
    r->low -= room;
    r->high += room;
}

static enum spred_status find_ranges(struct page *p)
{
    const struct plots_series_figure *g = p->figure;
    const struct range none = {INFINITY, -INFINITY};
    p->x = p->y = p->z = none;
    for (size_t s = 0; s < g->n_series; s++)
        for (size_t i = 0; i < g->series[s].n; i++) {
            const struct plots_series *k = &g->series[s];
            if (!counts(g) && (!isfinite(k->y[i]) || !isfinite(k->x[i])))
                continue;
            if (!counts(g))
                widen(&p->x, k->x[i], g->log_x);
            widen(&p->y, k->y[i], g->log_y && g->kind != PLOTS_HISTOGRAM);
            if (k->low && !counts(g))
                widen(&p->y, k->low[i], g->log_y);
            if (k->high && !counts(g))
                widen(&p->y, k->high[i], g->log_y);
            if (k->z)
                widen(&p->z, k->z[i], g->log_z);
        }
    if (!(p->y.low <= p->y.high))
        return nothing(p, "y", g->log_y);
    if (!counts(g) && !(p->x.low <= p->x.high))
        return nothing(p, "x", g->log_x);
    if (g->kind == PLOTS_HEAT && !(p->z.low <= p->z.high))
        return nothing(p, "z", g->log_z);
    return SPRED_OK;
}

/* The least distance of two different x, for the width of bars and cells. */
static double least_gap(const struct plots_series_figure *g, int of_y)
{
    double least = INFINITY;
    for (size_t s = 0; s < g->n_series; s++)
        for (size_t i = 0; i < g->series[s].n; i++) {
            const double *v = of_y ? g->series[s].y : g->series[s].x;
            for (size_t k = i ? i - 1 : 0; k < g->series[s].n && k < i + 2; k++)
                if (v[k] != v[i] && isfinite(v[k]) && isfinite(v[i]))
                    least = fmin(least, fabs(v[k] - v[i]));
        }
    return isfinite(least) ? least : 1;
}

static void finish_ranges(struct page *p)
{
    const struct plots_series_figure *g = p->figure;
    size_t most = 0;
    for (size_t s = 0; s < g->n_series; s++)
        most = g->series[s].n > most ? g->series[s].n : most;
    if (g->kind == PLOTS_BOX) {
        p->x = (struct range){0.4, (double)g->n_series + 0.6};
    } else if (g->kind == PLOTS_HISTOGRAM) {
        p->x = p->y;
        if (!(p->x.low < p->x.high))
            p->x.low -= 0.5, p->x.high += 0.5;
        double bins = fmin(fmax(sqrt((double)most), BINS_LEAST), BINS_MOST);
        p->bins = g->bins ? g->bins : (size_t)ceil(bins);
        p->bar = (p->x.high - p->x.low) / (double)p->bins;
    } else if (g->kind == PLOTS_BARS || g->kind == PLOTS_HEAT || g->x_names) {
        double gap = g->x_names ? 1 : least_gap(g, 0);
        p->bar = BAR_SHARE * gap / (double)(g->n_series ? g->n_series : 1);
        if (g->x_names) {
            p->x = (struct range){1, (double)g->n_x_names};
            p->categories = g->n_x_names;
        }
        double room = g->kind == PLOTS_HEAT ? 0.5 * gap : 0.6 * gap;
        p->x.low -= room;
        p->x.high += room;
    } else {
        give_room(&p->x, g->log_x);
    }
    if (g->kind == PLOTS_BARS && !g->log_y) {
        p->y.low = fmin(p->y.low, 0);
        p->y.high = fmax(p->y.high, 0);
    }
    if (g->kind == PLOTS_HEAT) {
        double gap = least_gap(g, 1);
        p->y.low -= 0.5 * gap;
        p->y.high += 0.5 * gap;
        return;
    }
    int at_zero = g->kind == PLOTS_BARS && !g->log_y;
    struct range data = p->y;
    give_room(&p->y, g->log_y);
    if (at_zero && data.low == 0 && data.high > 0)
        p->y.low = 0;
    if (at_zero && data.high == 0 && data.low < 0)
        p->y.high = 0;
}

/* ---- data ---- */

static enum spred_status put_data(struct page *p)
{
    const struct plots_series_figure *g = p->figure;
    for (size_t s = 0; s < g->n_series; s++) {
        const struct plots_series *k = &g->series[s];
        char what[160];
        snprintf(what, sizeof what, "%.100s: %s", k->label ? k->label : "",
                 counts(g)               ? "values"
                 : g->kind == PLOTS_HEAT ? "x, y, z"
                                         : "x, y, from, to");
        SPRED_TRY(plots_block(&p->f, what));
        for (size_t i = 0; i < k->n; i++) {
            double y = k->y[i];
            if (counts(g) && !isfinite(y))
                continue;
            double row[] = {counts(g) ? y : k->x[i], y, k->low ? k->low[i] : y,
                            k->high ? k->high[i] : y};
            if (g->kind == PLOTS_HEAT)
                row[2] = k->z[i];
            SPRED_TRY(plots_numbers(&p->f, row,
                                    counts(g)               ? 1
                                    : g->kind == PLOTS_HEAT ? 3
                                                            : 4));
        }
        if (k->n == 0) /* an empty block would shift the later ones */
            SPRED_TRY(plots_numbers(&p->f, (double[]){NAN, NAN, NAN, NAN}, 4));
    }
    return SPRED_OK;
}

/* ---- axes ---- */

static enum spred_status put_label(struct page *p, const char *axis,
                                   const char *text, const char *offset)
{
    struct spred_buffer *gp = &p->f.gp;
    if (!text || !*text)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(p->env, gp, "set %s ", axis));
    SPRED_TRY(plots_quote(p->env, gp, text));
    return spred_buffer_add(p->env, gp, " noenhanced offset %s\n", offset);
}

static enum spred_status put_axis(struct page *p, char axis,
                                  const struct range *r, int logarithmic)
{
    if (logarithmic)
        return plots_log_axis(&p->f, axis, r->low, r->high,
                              r->high < 1e5 && r->low > 1e-3, 1);
    return spred_buffer_add(p->env, &p->f.gp,
                            "set %crange [%.9g:%.9g]\nset format %c '%%g'\n",
                            axis, r->low, r->high, axis);
}

/* Names under the x axis; where they are too long side by side, aslant. */
static enum spred_status put_names(struct page *p, size_t n,
                                   const char *(*name)(const struct page *,
                                                       size_t))
{
    struct spred_buffer *gp = &p->f.gp;
    size_t longest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(name(p, i));
        longest = length > longest ? length : longest;
    }
    double width = (double)longest * NAME_WIDTH;
    if (width * (double)n > NAMES_ROOM) {
        p->f.height += fmin(0.57 * width - 20, 120); /* the page grows */
        SPRED_TRY(spred_buffer_add(p->env, gp,
                                   "if (form ne 'dumb' && form ne 'ansi') set "
                                   "xtics rotate by 35 right offset 0.6,0\n"));
    }
    SPRED_TRY(spred_buffer_add(p->env, gp, "set xtics scale 0 ("));
    for (size_t i = 0; i < n; i++) {
        SPRED_TRY(spred_buffer_add(p->env, gp, "%s", i ? ", " : ""));
        SPRED_TRY(plots_quote_tic(p->env, gp, name(p, i)));
        SPRED_TRY(spred_buffer_add(p->env, gp, " %zu", i + 1));
    }
    return spred_buffer_add(p->env, gp, ") noenhanced\n");
}

static const char *x_name(const struct page *p, size_t i)
{
    return p->figure->x_names[i];
}

static const char *series_name(const struct page *p, size_t i)
{
    return p->figure->series[i].label ? p->figure->series[i].label : "";
}

/* The most values that fall into one bin of the histogram. */
static double tallest(const struct page *p)
{
    const struct plots_series_figure *g = p->figure;
    size_t most = 1;
    for (size_t s = 0; s < g->n_series; s++)
        for (size_t bin = 0; bin < p->bins; bin++) {
            size_t count = 0;
            for (size_t i = 0; i < g->series[s].n; i++) {
                double nth = floor((g->series[s].y[i] - p->x.low) / p->bar);
                count += fmin(nth, (double)p->bins - 1) == (double)bin;
            }
            most = count > most ? count : most;
        }
    return (double)most;
}

static enum spred_status put_axes(struct page *p)
{
    const struct plots_series_figure *g = p->figure;
    struct spred_buffer *gp = &p->f.gp;
    SPRED_TRY(plots_panel(&p->f, 0, g->title ? g->title : ""));
    SPRED_TRY(put_axis(p, 'x', &p->x, g->log_x));
    if (g->kind == PLOTS_HISTOGRAM)
        SPRED_TRY(spred_buffer_add(p->env, gp,
                                   "%sset yrange [%g:%.9g]\nset format y "
                                   "'%%g'\n",
                                   g->log_y ? "set logscale y\n" : "",
                                   g->log_y ? 0.5 : 0.0, 1.05 * tallest(p)));
    else
        SPRED_TRY(put_axis(p, 'y', &p->y, g->log_y));
    if (p->categories)
        SPRED_TRY(put_names(p, p->categories, x_name));
    if (g->kind == PLOTS_BOX)
        SPRED_TRY(put_names(p, g->n_series, series_name));
    SPRED_TRY(put_label(p, "xlabel", g->x_label, "0,0.4"));
    SPRED_TRY(put_label(p, "ylabel", g->y_label, "0.5,0"));
    if (g->kind != PLOTS_HEAT)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(
        p->env, gp,
        "set rmargin at screen 1-%.1f/W\nunset grid\n"
        "set style fill solid 1 noborder\n"
        "set palette defined (0 '#f7fbff', 1 '#9ecae1', 2 '#3182bd', "
        "3 '#08306b')\nset cbtics font font_tics\n",
        COLOUR_BAR));
    if (g->log_z)
        SPRED_TRY(spred_buffer_add(p->env, gp, "set logscale cb\n"));
    if (p->z.low < p->z.high)
        SPRED_TRY(spred_buffer_add(p->env, gp, "set cbrange [%.9g:%.9g]\n",
                                   p->z.low, p->z.high));
    else
        SPRED_TRY(spred_buffer_add(p->env, gp, "set cbrange [%.9g:%.9g]\n",
                                   p->z.low - 1, p->z.high + 1));
    return put_label(p, "cblabel", g->z_label, "0,0");
}

/* ---- curves ---- */

/* How series s is drawn, for the key and for the page. */
static void style_of(const struct page *p, size_t s, char out[160])
{
    struct plots_style style = plots_nth_style(s);
    size_t n = p->figure->series[s].n;
    size_t every = n > MARKS_ON_LINE ? n / MARKS_ON_LINE : 1;
    switch (p->figure->kind) {
    case PLOTS_POINTS:
        snprintf(out, 160, "points lc rgb '%s' pt %d ps 0.7", style.colour,
                 style.point);
        break;
    case PLOTS_LINESPOINTS:
        snprintf(out, 160,
                 "linespoints lc rgb '%s' dt %d lw 1.6 pt %d ps 0.7 pi %zu",
                 style.colour, style.dash, style.point, every);
        break;
    case PLOTS_BARS:
    case PLOTS_HISTOGRAM:
        snprintf(out, 160, "boxes lc rgb '%s' fs transparent solid %.2f border",
                 style.colour, p->figure->kind == PLOTS_BARS ? 0.75 : 0.45);
        break;
    default:
        snprintf(out, 160, "%s lc rgb '%s' dt %d lw 1.8",
                 p->figure->kind == PLOTS_STEPS ? "steps" : "lines",
                 style.colour, style.dash);
    }
}

/* Low to high of each point: a band behind a line, else a bar. */
static enum spred_status put_spread(struct page *p, size_t s, double shift)
{
    const struct plots_series *k = &p->figure->series[s];
    enum plots_series_kind kind = p->figure->kind;
    const char *colour = plots_nth_style(s).colour;
    if (!k->low || !k->high || counts(p->figure) || kind == PLOTS_HEAT)
        return SPRED_OK;
    if (kind != PLOTS_BARS && kind != PLOTS_POINTS)
        return spred_buffer_add(p->env, &p->f.gp,
                                ", \\\n  data index %zu using 1:3:4 with "
                                "filledcurves lc rgb '%s' notitle",
                                s, colour);
    return spred_buffer_add(p->env, &p->f.gp,
                            ", \\\n  data index %zu using ($1%+.9g):3:(0):"
                            "($4-$3) with vectors nohead lc rgb '%s' lw 1.2 "
                            "notitle",
                            s, shift, kind == PLOTS_BARS ? "#404040" : colour);
}

static enum spred_status put_curve(struct page *p, size_t s)
{
    const struct plots_series_figure *g = p->figure;
    struct spred_buffer *gp = &p->f.gp;
    char with[160];
    double shift = 0;
    if (g->kind == PLOTS_BARS)
        shift = p->bar * ((double)s - 0.5 * (double)(g->n_series - 1));
    else
        SPRED_TRY(put_spread(p, s, 0));
    style_of(p, s, with);
    SPRED_TRY(spred_buffer_add(p->env, gp, ", \\\n  data index %zu ", s));
    if (g->kind == PLOTS_HISTOGRAM)
        return spred_buffer_add(p->env, gp,
                                "using (bin($1)):(1) smooth frequency with %s "
                                "notitle",
                                with);
    if (g->kind == PLOTS_BOX)
        return spred_buffer_add(
            p->env, gp,
            "using (%zu):1 with boxplot lc rgb '%s' lw 1.4 pt %d ps 0.5 fs "
            "transparent solid 0.25 border notitle",
            s + 1, plots_nth_style(s).colour, plots_nth_style(s).hollow);
    if (g->kind == PLOTS_HEAT)
        return spred_buffer_add(p->env, gp,
                                "using 1:2:3 with image pixels notitle");
    SPRED_TRY(spred_buffer_add(p->env, gp, "using ($1%+.9g):2 with %s notitle",
                               shift, with));
    return g->kind == PLOTS_BARS ? put_spread(p, s, shift) : SPRED_OK;
}

/* Text has no colours: each cell is a digit, its tenth of the colour scale. */
static enum spred_status put_heat_as_text(struct page *p)
{
    const struct range *z = &p->z;
    const char *scale = p->figure->log_z ? "log" : "";
    double width = p->figure->log_z ? log(z->high / z->low) : z->high - z->low;
    return spred_buffer_add(
        p->env, &p->f.gp,
        "if (form eq 'dumb' || form eq 'ansi') {\n"
        "  unset colorbox\n"
        "  set label 'digits: 0 from %.4g, 9 to %.4g' at graph 1,-0.14 right\n"
        "  plot data index 0 using 1:2:(sprintf('%%d', "
        "int(9.999*(%s($3)-%s(%.9g))/%.9g))) with labels notitle\n"
        "} else {\n",
        z->low, z->high, scale, scale, z->low, width > 0 ? width : 1);
}

static enum spred_status put_page(struct page *p, struct plots_context *context)
{
    const struct plots_series_figure *g = p->figure;
    struct plots_figure *f = &p->f;
    SPRED_TRY(find_ranges(p));
    finish_ranges(p);
    SPRED_TRY(put_data(p));
    SPRED_TRY(put_axes(p));
    if (g->kind == PLOTS_HISTOGRAM) /* the middle of its bin */
        SPRED_TRY(spred_buffer_add(
            p->env, &f->gp,
            "nth(x) = floor((x-(%.12g))/%.12g)\n"
            "bin(x) = %.12g+%.12g*((nth(x) < %zu ? nth(x) : %zu)+0.5)\n",
            p->x.low, p->bar, p->x.low, p->bar, p->bins, p->bins - 1));
    if (g->kind == PLOTS_BARS || g->kind == PLOTS_HISTOGRAM)
        SPRED_TRY(spred_buffer_add(p->env, &f->gp,
                                   "set boxwidth %.9g absolute\n", p->bar));
    if (g->kind == PLOTS_BOX)
        SPRED_TRY(
            spred_buffer_add(p->env, &f->gp, "set boxwidth 0.5 absolute\n"));
    if (g->kind == PLOTS_HEAT)
        SPRED_TRY(put_heat_as_text(p));
    SPRED_TRY(spred_buffer_add(p->env, &f->gp, "plot NaN notitle"));
    for (size_t s = 0; s < g->n_series; s++)
        SPRED_TRY(put_curve(p, s));
    SPRED_TRY(
        spred_buffer_add(p->env, &f->gp, "\n%s",
                         g->kind == PLOTS_HEAT ? "}\nunset colorbox\n" : ""));
    for (size_t s = 0; s < g->n_series; s++) {
        char with[160];
        style_of(p, s, with);
        if (*series_name(p, s) && g->kind != PLOTS_BOX && g->kind != PLOTS_HEAT)
            SPRED_TRY(plots_key(f, series_name(p, s), with));
    }
    if (g->simulated)
        SPRED_TRY(spred_buffer_add(p->env, &f->caption,
                                   "SIMULATED data, not measured. "));
    if (g->caption)
        SPRED_TRY(spred_buffer_add(p->env, &f->caption, "%s ", g->caption));
    if (g->store)
        SPRED_TRY(plots_provenance(f, &context->datasets, 0,
                                   context->datasets.n_rows));
    return SPRED_OK;
}

enum spred_status plots_series_draw(struct spred_env *env,
                                    const struct plots_series_figure *figure,
                                    const char *folder, int pictures,
                                    char name[PLOTS_NAME_SIZE])
{
    struct plots_context context = {.env = env, .folder = folder};
    struct page page = {.env = env, .figure = figure};
    if (!*figure->name || strlen(figure->name) >= PLOTS_NAME_SIZE)
        return spred_fail(env, SPRED_EINVAL,
                          "figure '%.40s': expected a name of 1 to %d bytes",
                          figure->name, PLOTS_NAME_SIZE - 1);
    if (figure->store)
        SPRED_TRY(plots_context_open(env, figure->store, folder, &context));
    if (pictures)
        context.gnuplot = plots_find_gnuplot(env);
    enum spred_status status =
        plots_figure_begin(&context, &page.f, figure->name, NULL, 1);
    if (!status)
        status = put_page(&page, &context);
    if (!status && name)
        strcpy(name, page.f.name);
    status = plots_figure_end(&page.f, status);
    plots_context_close(&context);
    return status;
}
