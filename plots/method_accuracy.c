/* method_accuracy.c: the figure "accuracy-genes" of a store with models: what
 * each method reaches on the test parts, with how many genes. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/methods.h"

#define PANELS_MAX 6
#define PANEL_HEIGHT 210
#define LEFT 62.0
#define GAP 26.0
#define LINES_ROOM 92.0 /* right of a panel, for the names of its lines */
#define LINE_ROW 11.0   /* between two of those names */
#define POINTS_MAX 64   /* of a panel that give way to each other */
#define HIDES 0.06      /* share of the panel's height */
/* In steps of ALL_PIXELS: */
#define POINTS_APART 0.75
#define BARS_APART 0.4
#define TRY 0.25
#define TRIES 16
#define NO_GENES 0.5    /* where an empty model stands on a logarithmic axis */
#define ALL_PIXELS 11.0 /* of a method that uses every gene */

/* Of a data set under the paper's protocol accuracy is shown, as there and as
 * its ceilings bound it; else balanced accuracy. */
struct measure {
    const char *value, *half, *label;
    double chance, majority, ceiling, informed; /* NaN: no line */
};

static struct measure measure_of(const struct plots_context *context,
                                 const struct results_table *t, size_t row)
{
    double classes =
        plots_dataset_real(context, results_text(t, row, "dataset"), "classes");
    struct measure m = {"balanced",
                        "balanced_half",
                        "balanced accuracy, test",
                        classes > 1 ? 1 / classes : NAN,
                        NAN,
                        NAN,
                        NAN};
    if (isnan(results_real(t, row, "ceiling")))
        return m;
    return (struct measure){"accuracy",
                            "accuracy_half",
                            "accuracy, test",
                            NAN,
                            results_real(t, row, "majority"),
                            results_real(t, row, "ceiling"),
                            results_real(t, row, "informed")};
}

/* A method's point and where it stands. */
struct point {
    double value, half, genes, low, high;
    int all;
};

static int point_of(const struct results_table *t, size_t row,
                    const struct measure *m, struct point *p)
{
    p->value = results_real(t, row, m->value);
    p->half = results_real(t, row, m->half);
    p->half = isnan(p->half) ? 0 : p->half;
    p->genes = results_real(t, row, "genes");
    p->low = results_real(t, row, "genes_low");
    p->high = results_real(t, row, "genes_high");
    p->low = isnan(p->low) ? p->genes : p->low;
    p->high = isnan(p->high) ? p->genes : p->high;
    p->all = plots_uses_all(t, row);
    return !isnan(p->value) && (p->all || !isnan(p->genes));
}

static double genes_at(double genes)
{
    return genes < 1 ? NO_GENES : genes;
}

struct limits {
    double worst, best;
};

static void widen(const struct plots_context *context,
                  const struct results_table *t, size_t first, size_t end,
                  struct limits *l)
{
    for (size_t row = first; row < end; row++) {
        struct measure m = measure_of(context, t, row);
        struct point p;
        const double lines[] = {m.chance, m.majority, m.ceiling, m.informed};
        for (int k = 0; k < 4; k++) {
            l->worst = fmin(l->worst, lines[k]);
            l->best = fmax(l->best, lines[k]);
        }
        if (!point_of(t, row, &m, &p))
            continue;
        l->worst = fmin(l->worst, p.value - p.half);
        l->best = fmax(l->best, p.value + p.half);
    }
}

/* The axis of the genes: a logarithmic one for those that choose, and right of
 * it a strip for those that use every gene. */
struct axis {
    double low, high, step; /* step: factor from one in the strip to the next */
    size_t all;
};

static struct axis axis_of(const struct plots_figure *f,
                           const struct results_table *t, size_t first,
                           size_t end, const struct measure *m)
{
    struct axis a = {INFINITY, 0, 1, 0};
    struct point p;
    for (size_t row = first; row < end; row++) {
        if (!point_of(t, row, m, &p))
            continue;
        a.all += p.all != 0;
        if (p.all)
            continue;
        a.low = fmin(a.low, genes_at(p.low));
        a.high = fmax(a.high, genes_at(p.high));
    }
    if (!(a.low <= a.high))
        a.low = a.high = 1;
    a.low /= 1.5;
    a.high *= 1.5;
    double strip = a.all ? ALL_PIXELS * (double)(a.all + 1) : 0;
    a.step = pow(a.high / a.low, ALL_PIXELS / (f->panel_width - strip));
    return a;
}

static enum spred_status put_axes(struct plots_figure *f, size_t i,
                                  const struct axis *a, const struct measure *m,
                                  const struct limits *page)
{
    struct spred_env *env = f->context->env;
    double width = page->best - page->worst;
    SPRED_TRY(plots_log_axis(f, 'x', a->low, a->high, 1, 1));
    if (a->low < 1)
        SPRED_TRY(spred_buffer_add(env, &f->gp, "set xtics add ('0' %g)\n",
                                   NO_GENES));
    if (a->all)
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            "set xrange [%.6e:%.6e]\nset xtics add ('all' %.6e)\n"
            "set arrow from %.6e, graph 0 to %.6e, graph 1 nohead back lc rgb "
            "'#b0b0b0' lw 1\n",
            a->low, a->high * pow(a->step, (double)a->all + 1),
            a->high * pow(a->step, 0.5 * ((double)a->all + 1)), a->high,
            a->high));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp, "set yrange [%.4f:%.4f]\nset ytics %g\n%s",
        fmax(page->worst - 0.05, -0.02), fmin(page->best + 0.05, 1.02),
        width < 0.45 ? 0.1 : 0.2,
        plots_panel_is_left(f, i) ? "set format y '%.1f'\n"
                                  : "set format y ''\n"));
    if (plots_panel_is_left(f, i))
        SPRED_TRY(spred_buffer_add(env, &f->gp, "set ylabel '%s' offset 0,0\n",
                                   m->label));
    if (plots_panel_is_low(f, i))
        SPRED_TRY(spred_buffer_add(
            env, &f->gp, "set xlabel 'genes in the model' offset 0,0.4\n"));
    return SPRED_OK;
}

/* A line of the paper's protocol and its name to the right of the panel. */
struct line {
    double y, at; /* at: of the name */
    const char *name;
};

/* Names in the order of their lines, moved apart where they would touch. */
static void part_lines(struct line *lines, int n, double row, double top)
{
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && lines[k].y < lines[k - 1].y; k--) {
            struct line swap = lines[k];
            lines[k] = lines[k - 1];
            lines[k - 1] = swap;
        }
    for (int i = 0; i < n; i++)
        lines[i].at = i ? fmax(lines[i].y, lines[i - 1].at + row) : lines[i].y;
    for (int i = n - 1; i >= 0; i--)
        lines[i].at =
            fmin(lines[i].at, i == n - 1 ? top : lines[i + 1].at - row);
}

static enum spred_status put_lines(struct plots_figure *f,
                                   const struct measure *m,
                                   const struct limits *page)
{
    struct spred_env *env = f->context->env;
    struct line lines[4];
    const struct line all[] = {{m->chance, 0, "1/classes"},
                               {m->majority, 0, "largest class"},
                               {m->ceiling, 0, "1/T"},
                               {m->informed, 0, "informed"}};
    double height =
        fmin(page->best + 0.05, 1.02) - fmax(page->worst - 0.05, -0.02);
    int n = 0;
    for (int i = 0; i < 4; i++)
        if (!isnan(all[i].y))
            lines[n++] = all[i];
    part_lines(lines, n, height * LINE_ROW / f->panel_height,
               fmin(page->best + 0.05, 1.02));
    for (int i = 0; i < n; i++) {
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            "set arrow from graph 0, first %.6f to graph 1, first %.6f nohead "
            "back lc rgb '#606060' dt (3,3) lw 1\n",
            lines[i].y, lines[i].y));
        if (isnan(m->chance))
            SPRED_TRY(spred_buffer_add(env, &f->gp,
                                       "set label '%s %.2f' at graph 1, first "
                                       "%.6f left offset 0.8,0 noenhanced "
                                       "font font_small tc rgb '#404040'\n",
                                       lines[i].name, lines[i].y, lines[i].at));
    }
    return SPRED_OK;
}

/* The points that a panel shows already. */
struct taken {
    double at[POINTS_MAX], value[POINTS_MAX], half[POINTS_MAX];
    size_t n;
};

/* Would a point at `at` hide one of them, or its interval? */
static int hides(const struct taken *taken, const struct axis *a, double at,
                 const struct point *p, double height)
{
    for (size_t i = 0; i < taken->n; i++) {
        double apart = fabs(log(taken->at[i] / at)) / log(a->step);
        double higher = fabs(taken->value[i] - p->value);
        if ((apart < POINTS_APART && higher < HIDES * height) ||
            (apart < BARS_APART && higher < taken->half[i] + p->half))
            return 1;
    }
    return 0;
}

/* The place nearest to genes where the point hides none; genes itself where
 * there is none near by. */
static double free_place(struct taken *taken, const struct axis *a,
                         double genes, const struct point *p, double height)
{
    double at = genes;
    for (int k = 1; k < TRIES && hides(taken, a, at, p, height); k++)
        at = genes * pow(a->step, (k % 2 ? 1 : -1) * TRY * ((k + 1) / 2));
    if (hides(taken, a, at, p, height))
        at = genes;
    if (taken->n < POINTS_MAX) {
        taken->at[taken->n] = at;
        taken->half[taken->n] = p->half;
        taken->value[taken->n++] = p->value;
    }
    return at;
}

static enum spred_status put_point(struct plots_figure *f,
                                   const struct plots_method_list *list,
                                   size_t row, const struct measure *m,
                                   const struct axis *a, struct taken *taken,
                                   double height, size_t *nth_all)
{
    const struct results_table *t = list->table;
    const char *method = results_text(t, row, "method");
    struct plots_style style =
        plots_method_style(plots_method_place(list, method));
    struct point p;
    char what[256];
    if (!point_of(t, row, m, &p))
        return SPRED_OK;
    double genes = genes_at(p.genes);
    double moved = p.all ? 1 : free_place(taken, a, genes, &p, height) / genes;
    double strip = p.all ? a->high * pow(a->step, (double)++*nth_all) : 0;
    const double numbers[] = {p.genes,
                              p.low,
                              p.high,
                              p.value,
                              fmax(p.value - p.half, 0),
                              fmin(p.value + p.half, 1),
                              p.all ? strip : moved * genes_at(p.genes),
                              p.all ? strip : genes_at(p.low),
                              p.all ? strip : genes_at(p.high)};
    snprintf(what, sizeof what,
             "%.80s, %.80s: genes, least, most, %s, from, to, at, from, to",
             results_text(t, row, "dataset"), method, m->value);
    SPRED_TRY(plots_block(f, what));
    SPRED_TRY(plots_numbers(f, numbers, 9));
    return spred_buffer_add(
        f->context->env, &f->gp,
        ", \\\n  data index %zu using 7:4:8:9:5:6 with xyerrorbars lc rgb "
        "'%s' lw 1 pt %d ps 0.001 notitle, \\\n  data index %zu using 7:4 "
        "with points lc rgb '%s' lw 1.5 pt %d ps 0.95 notitle",
        f->blocks - 1, style.colour, style.point, f->blocks - 1, style.colour,
        style.point);
}

static enum spred_status put_panel(struct plots_figure *f, size_t i,
                                   const struct plots_method_list *list,
                                   size_t first, size_t end,
                                   const struct limits *page)
{
    struct spred_env *env = f->context->env;
    const struct results_table *t = list->table;
    struct measure m = measure_of(f->context, t, first);
    struct axis a = axis_of(f, t, first, end, &m);
    struct taken taken = {.n = 0};
    size_t nth_all = 0;
    char *name =
        plots_dataset_title(f->context, results_text(t, first, "dataset"));
    char *title =
        name
            ? spred_format(env, "%s%s", name,
                           isnan(m.ceiling) ? "" : ", paper protocol: accuracy")
            : NULL;
    enum spred_status status = title ? plots_panel(f, i, title) : SPRED_ENOMEM;
    spred_free(env, title);
    spred_free(env, name);
    SPRED_TRY(status);
    SPRED_TRY(put_axes(f, i, &a, &m, page));
    SPRED_TRY(put_lines(f, &m, page));
    SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
    for (size_t row = first; row < end; row++)
        SPRED_TRY(put_point(f, list, row, &m, &a, &taken,
                            page->best - page->worst, &nth_all));
    return spred_buffer_add(env, &f->gp, "\n");
}

static enum spred_status put_keys(struct plots_figure *f,
                                  const struct plots_method_list *list,
                                  size_t first, size_t end)
{
    struct spred_env *env = f->context->env;
    for (size_t k = 0; k < list->n; k++) {
        struct plots_style style = plots_method_style(k);
        char with[96];
        int shown = 0;
        for (size_t row = first; row < end && !shown; row++) {
            struct measure m = measure_of(f->context, list->table, row);
            struct point p;
            shown = plots_method_place(
                        list, results_text(list->table, row, "method")) == k &&
                    point_of(list->table, row, &m, &p);
        }
        char *name = plots_shorten(env, plots_method_name(list, k), 60);
        snprintf(with, sizeof with, "points lc rgb '%s' lw 1.5 pt %d ps 1.1",
                 style.colour, style.point);
        enum spred_status status = !name   ? SPRED_ENOMEM
                                   : shown ? plots_key(f, name, with)
                                           : SPRED_OK;
        spred_free(env, name);
        SPRED_TRY(status);
    }
    return SPRED_OK;
}

/* "No result: stg (golub), ..." */
static enum spred_status put_missing(struct plots_figure *f,
                                     const struct results_table *t,
                                     size_t first, size_t end)
{
    size_t missing = 0;
    for (size_t row = first; row < end; row++) {
        struct measure m = measure_of(f->context, t, row);
        struct point p;
        if (!point_of(t, row, &m, &p))
            SPRED_TRY(spred_buffer_add(f->context->env, &f->caption,
                                       "%s%.60s (%.40s)",
                                       missing++ ? ", " : "No result: ",
                                       results_text(t, row, "method"),
                                       results_text(t, row, "dataset")));
    }
    return missing ? spred_buffer_add(f->context->env, &f->caption, ". ")
                   : SPRED_OK;
}

static enum spred_status put_page(struct plots_figure *f,
                                  const struct plots_method_list *list,
                                  size_t first, size_t end)
{
    const struct results_table *t = list->table;
    struct spred_env *env = f->context->env;
    struct limits page = {1, 0};
    size_t paper = 0;
    widen(f->context, t, first, end, &page);
    if (!(page.worst <= page.best))
        page = (struct limits){0, 1};
    for (size_t row = first; row < end; row++)
        paper += isnan(results_real(t, row, "ceiling")) ? 0 : 1;
    double right = paper ? LINES_ROOM : 14;
    plots_figure_layout(f, f->panels > 1 ? 2 : 1, LEFT, right,
                        paper ? LINES_ROOM : GAP,
                        f->panels > 1 ? PANEL_HEIGHT : 300);
    for (size_t at = first, next, i = 0; at < end; at = next, i++) {
        next = plots_rows_end(t, at, "dataset", end);
        SPRED_TRY(put_panel(f, i, list, at, next, &page));
    }
    SPRED_TRY(put_keys(f, list, first, end));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Mean %s on the test parts with its 95%% interval (corrected resampled "
        "t, Nadeau and Bengio 2003; none for one trial) against the median "
        "number of genes over trials (bar: fewest to most; moved aside a "
        "little where it would hide another); at the right edge, \"all\": "
        "methods that use every gene. ",
        paper == end - first ? "accuracy"
        : paper              ? "accuracy (paper protocol) or balanced accuracy"
                             : "balanced accuracy"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption, "%s",
        paper ? "Lines, paper protocol: the share of the largest class; 1/T, "
                "the best without knowing the split (T labels a sample); "
                "(1-0.8^T)/(0.2T), \"informed\": the best guess that leaves "
                "out labels seen in training. "
              : "Dotted: chance, 1/classes. "));
    SPRED_TRY(plots_given_note(f, t, first, end));
    SPRED_TRY(put_missing(f, t, first, end));
    return plots_provenance(f, t, first, end);
}

enum spred_status plots_method_accuracy(struct plots_context *context)
{
    static const struct plots_method_pages pages = {"accuracy-genes",
                                                    PANELS_MAX, put_page};
    return plots_method_pages(context, &pages);
}
