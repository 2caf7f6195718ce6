/* compression.c: the figures "accuracy-compression", "accuracy-macs" and
 * "accuracy-latency": what a network is worth on the test part against how much
 * smaller or faster it became, a figure per data set and network. */
#include "plots/compression.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEFT 56.0
#define RIGHT 14.0
#define GAP 52.0
#define HEIGHT 290.0
#define NEAR_DENSE 0.05  /* accuracy below dense that the closer panel shows */
#define CLOSER 1.6       /* there is one if the whole range is so much larger */
#define FINE_DECADES 3.2 /* up to so many decades have tics at 1, 2 and 5 */
#define FEW_DECADES 0.8  /* up to so many have more */

/* A figure kind: which columns it shows. */
struct axis {
    const char *kind, *x, *low, *high, *front, *label, *says;
    int smaller; /* 1: only networks that were made smaller */
};

/* Does the row belong to this figure? Multiply-adds: of networks made smaller
 * where the method has any. */
static int is_shown(const struct results_table *t, size_t row,
                    const struct axis *a)
{
    if (plots_is_dense(t, row) || isnan(results_real(t, row, "accuracy")) ||
        !(results_real(t, row, a->x) > 0))
        return 0;
    int smaller =
        strncmp(results_text(t, row, "rule"), "made smaller", 12) == 0;
    if (a->smaller || smaller || strcmp(a->front, "front") == 0)
        return smaller || !a->smaller;
    size_t first = row;
    while (first && results_same(t, first - 1, row, "method") &&
           results_same(t, first - 1, row, "network") &&
           results_same(t, first - 1, row, "dataset"))
        first--;
    for (size_t end = plots_network_method_end(t, first); first < end; first++)
        if (strncmp(results_text(t, first, "rule"), "made smaller", 12) == 0)
            return 0;
    return 1;
}

struct limits {
    double left, right, worst, best, dense, dense_low, dense_high;
};

static struct limits limits_of(const struct results_table *t, size_t first,
                               size_t end, const struct axis *a)
{
    struct limits l = {INFINITY, 0, INFINITY, -INFINITY, NAN, NAN, NAN};
    for (size_t i = first; i < end; i++) {
        if (results_real(t, i, "dense") > 0) {
            l.dense = results_real(t, i, "accuracy");
            l.dense_low = results_real(t, i, "accuracy_low");
            l.dense_high = results_real(t, i, "accuracy_high");
        }
        if (!is_shown(t, i, a))
            continue;
        l.left = fmin(l.left, results_real(t, i, a->low));
        l.right = fmax(l.right, results_real(t, i, a->high));
        l.worst = fmin(l.worst, results_real(t, i, "accuracy_low"));
        l.best = fmax(l.best, results_real(t, i, "accuracy_high"));
    }
    if (!isnan(l.dense)) {
        l.worst = fmin(l.worst, l.dense_low);
        l.best = fmax(l.best, l.dense_high);
    }
    return l;
}

/* "set xtics" at 1, 2, 5, 10, 20 ..., at more where the axis is short, and at
 * powers of ten where it spans many. */
static enum spred_status put_times_axis(struct plots_figure *f, double low,
                                        double high)
{
    static const double ticks[] = {1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9};
    static const int few[] = {1, 1, 1, 1, 1, 1, 0, 1, 0, 0};
    static const int fine[] = {1, 0, 1, 0, 0, 1, 0, 0, 0, 0};
    struct spred_env *env = f->context->env;
    double decades = log10(high / low);
    size_t count = 0;
    SPRED_TRY(spred_buffer_add(env, &f->gp,
                               "set logscale x\nset xrange [%.6e:%.6e]\n"
                               "set xtics (",
                               low, high));
    for (int e = (int)floor(log10(low)) - 1; e <= (int)ceil(log10(high)); e++)
        for (int m = 0; m < 10; m++) {
            double value = ticks[m] * pow(10, e);
            int named = decades < FEW_DECADES ? few[m]
                        : decades < FINE_DECADES * (f->panels > 1 ? 1 : 1.6)
                            ? fine[m]
                            : m == 0;
            if (value < low || value > high || (m == 1 && !named))
                continue;
            SPRED_TRY(spred_buffer_add(env, &f->gp, "%s", count++ ? ", " : ""));
            if (named)
                SPRED_TRY(
                    spred_buffer_add(env, &f->gp, "'%g' %.6e", value, value));
            else
                SPRED_TRY(spred_buffer_add(env, &f->gp, "'' %.6e 1", value));
        }
    return spred_buffer_add(env, &f->gp, ")\n");
}

/* A round step for about five tics. */
static double step_of(double width)
{
    double unit = pow(10, floor(log10(width / 5)));
    double times = width / 5 / unit;
    return unit * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
}

static enum spred_status put_axes(struct plots_figure *f, size_t i,
                                  const struct axis *a, const struct limits *l,
                                  double worst, double best)
{
    struct spred_env *env = f->context->env;
    double room = 0.04 * (best - worst), step = step_of(best - worst);
    double left = l->left / 1.15, right = l->right * 1.15;
    if (strcmp(a->front, "front") != 0) { /* 1: as fast as dense */
        left = fmin(left, 0.95);
        right = fmax(right, 1.05);
    }
    SPRED_TRY(put_times_axis(f, left, right));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "set yrange [%.6f:%.6f]\nset ytics %g\nset format y '%s'\n"
        "set xlabel '%s' offset 0,0.4\n%s",
        worst - room, best + room, step, step < 0.01 ? "%.3f" : "%.2f",
        a->label, i ? "" : "set ylabel 'accuracy, test part' offset 1,0\n"));
    if (strcmp(a->front, "front") != 0)
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            "set arrow from 1, graph 0 to 1, graph 1 nohead back lc rgb "
            "'#b0b0b0' lw 1\n"));
    if (isnan(l->dense))
        return SPRED_OK;
    if (l->dense_low < l->dense_high)
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            "set object 1 rectangle from graph 0, first %.6f to graph 1, first "
            "%.6f back fc rgb '#404040' fs transparent solid 0.12 noborder\n",
            fmax(l->dense_low, worst - room),
            fmin(l->dense_high, best + room)));
    return spred_buffer_add(env, &f->gp,
                            "set arrow from graph 0, first %.6f to graph 1, "
                            "first %.6f nohead back lc rgb '#404040' dt (6,4) "
                            "lw 1.3\n",
                            l->dense, l->dense);
}

static enum spred_status put_setting(struct plots_figure *f,
                                     const struct results_table *t, size_t row,
                                     const struct axis *a)
{
    char what[256], number[32] = "";
    double threshold = results_real(t, row, "threshold");
    const double numbers[] = {results_real(t, row, a->x),
                              results_real(t, row, "accuracy"),
                              results_real(t, row, "accuracy_low"),
                              results_real(t, row, "accuracy_high"),
                              results_real(t, row, a->low),
                              results_real(t, row, a->high)};
    if (threshold > 0)
        snprintf(number, sizeof number, " %g", threshold);
    snprintf(what, sizeof what, "%.120s, %.60s%s",
             results_text(t, row, "setting"), results_text(t, row, "rule"),
             number);
    SPRED_TRY(plots_comment(f, what));
    return plots_numbers(f, numbers, 6);
}

/* Two blocks of a method: the settings on its front, and the others. Returns
 * in *any whether there are some. */
static enum spred_status put_method_data(struct plots_figure *f,
                                         const struct results_table *t,
                                         size_t first, size_t end,
                                         const struct axis *a, int *any)
{
    *any = 0;
    for (size_t i = first; i < end; i++)
        *any = *any || is_shown(t, i, a);
    for (int front = 1; *any && front >= 0; front--) {
        char what[200];
        int count = 0;
        snprintf(what, sizeof what,
                 "%.100s, %s: %s, accuracy, from, to, %s from, to",
                 results_text(t, first, "method"),
                 front ? "the curve" : "other settings", a->x, a->x);
        SPRED_TRY(plots_block(f, what));
        double last = -INFINITY;
        for (;;) { /* from left to right */
            size_t next = end;
            for (size_t i = first; i < end; i++) {
                double x = results_real(t, i, a->x);
                if (is_shown(t, i, a) &&
                    (results_real(t, i, a->front) > 0) == front && x > last &&
                    (next == end || x < results_real(t, next, a->x)))
                    next = i;
            }
            if (next == end)
                break;
            last = results_real(t, next, a->x);
            for (size_t i = first; i < end; i++)
                if (is_shown(t, i, a) &&
                    (results_real(t, i, a->front) > 0) == front &&
                    !(fabs(results_real(t, i, a->x) - last) > 0)) {
                    SPRED_TRY(put_setting(f, t, i, a));
                    count++;
                }
        }
        if (count == 0)
            SPRED_TRY(
                plots_numbers(f, (double[]){NAN, NAN, NAN, NAN, NAN, NAN}, 6));
    }
    return SPRED_OK;
}

static enum spred_status put_method(struct plots_figure *f, size_t block,
                                    const struct plots_style *s)
{
    return spred_buffer_add(
        f->context->env, &f->gp,
        ", \\\n  data index %zu using 1:3:4 with filledcurves lc rgb '%s' "
        "notitle, \\\n  data index %zu using 1:3:(0):($4-$3) with vectors "
        "nohead lc rgb '#a0%s' lw 1 notitle, \\\n  data index %zu using 1:2 "
        "with points lc rgb '#60%s' pt %d ps 0.5 notitle, \\\n  data index "
        "%zu using 1:3:(0):($4-$3) with vectors nohead lc rgb '%s' lw 1 "
        "notitle, \\\n  data index %zu using 5:2:($6-$5):(0) with vectors "
        "nohead lc rgb '%s' lw 1 notitle, \\\n  data index %zu using 1:2 with "
        "linespoints lc rgb '%s' lw 1.6 pt %d ps 0.8 notitle",
        block, s->colour, block + 1, s->colour + 1, block + 1, s->colour + 1,
        s->point, block, s->colour, block, s->colour, block, s->colour,
        s->point);
}

/* The methods' curves of one panel; data are written for the first alone. */
static enum spred_status put_panel(struct plots_figure *f, size_t i,
                                   const struct results_table *t, size_t first,
                                   size_t end, const struct axis *a,
                                   const struct limits *l, double worst)
{
    struct spred_env *env = f->context->env;
    size_t block = 0;
    char *name = i ? spred_strdup(env, "nearer to dense")
                   : plots_network_title(f->context, t, first);
    enum spred_status status = name ? plots_panel(f, i, name) : SPRED_ENOMEM;
    spred_free(env, name);
    SPRED_TRY(status);
    SPRED_TRY(spred_buffer_add(env, &f->gp, "unset object\n"));
    SPRED_TRY(put_axes(f, i, a, l, worst, l->best));
    SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
    for (size_t at = first, next; at < end; at = next) {
        struct plots_style style;
        int any = 0;
        next = plots_network_method_end(t, at);
        for (size_t k = at; k < next; k++)
            any = any || is_shown(t, k, a);
        if (!any)
            continue;
        if (i == 0)
            SPRED_TRY(put_method_data(f, t, at, next, a, &any));
        SPRED_TRY(plots_compression_style(
            f->context, results_text(t, at, "method"), &style));
        SPRED_TRY(put_method(f, block, &style));
        block += 2;
        if (i)
            continue;
        char with[96];
        char *shown = plots_shorten(env, results_text(t, at, "method"), 60);
        snprintf(with, sizeof with,
                 "linespoints lc rgb '%s' lw 1.6 pt %d ps 0.8", style.colour,
                 style.point);
        status = shown ? plots_key(f, shown, with) : SPRED_ENOMEM;
        spred_free(env, shown);
        SPRED_TRY(status);
    }
    return spred_buffer_add(env, &f->gp, "\nunset object\n");
}

static enum spred_status put_page(struct plots_figure *f,
                                  const struct results_table *t, size_t first,
                                  size_t end, const struct axis *a,
                                  const struct limits *l, double nearer)
{
    struct spred_env *env = f->context->env;
    plots_figure_layout(f, f->panels, LEFT, RIGHT, GAP, HEIGHT);
    SPRED_TRY(put_panel(f, 0, t, first, end, a, l, l->worst));
    if (f->panels > 1)
        SPRED_TRY(put_panel(f, 1, t, first, end, a, l, nearer));
    if (!isnan(l->dense))
        SPRED_TRY(plots_key(f, "dense",
                            "lines lc rgb '#404040' dt (6,4) lw "
                            "1.3"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Accuracy on the test part against %s. A point is a setting (lambda or "
        "target, and threshold): mean over the trials, bar and band from the "
        "worst to the best of them (one that diverged has no point). ",
        a->says));
    int validated = 0;
    for (size_t i = first; i < end; i++)
        validated = validated || !isnan(results_real(t, i, "validation"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption, "%s",
        validated ? "The curve goes through the settings of which none of the "
                    "method's is as far right and more accurate on the "
                    "validation part; pale: the others. "
                  : "There is no validation part to choose by: every setting "
                    "is on the curve. "));
    return plots_provenance(f, t, first, end);
}

static enum spred_status draw_network(struct plots_context *context,
                                      const struct results_table *t,
                                      size_t first, size_t end,
                                      const struct axis *a)
{
    struct limits l = limits_of(t, first, end, a);
    struct plots_figure f;
    if (!(l.left <= l.right))
        return SPRED_OK;
    if (!(l.worst < l.best))
        l.worst -= 0.01, l.best += 0.01;
    double nearer = (isnan(l.dense) ? l.best : l.dense) - NEAR_DENSE;
    size_t panels = l.best - l.worst > CLOSER * (l.best - nearer) ? 2 : 1;
    enum spred_status status =
        plots_network_begin(context, &f, a->kind, t, first, panels);
    if (!status && !context->dry)
        status = put_page(&f, t, first, end, a, &l, nearer);
    return plots_figure_end(&f, status);
}

static enum spred_status draw(struct plots_context *context,
                              const struct axis *a)
{
    const struct results_table *t;
    SPRED_TRY(plots_ask(context, "compression", &t));
    for (size_t i = 0, end; i < t->n_rows; i = end) {
        end = plots_network_end(t, i);
        SPRED_TRY(draw_network(context, t, i, end, a));
    }
    return SPRED_OK;
}

static enum spred_status draw_compression(struct plots_context *context)
{
    static const struct axis axis = {
        "accuracy-compression",
        "compression",
        "compression_low",
        "compression_high",
        "front",
        "weights / nonzero weights",
        "how many times fewer weights are not zero",
        0};
    return draw(context, &axis);
}

static enum spred_status draw_macs(struct plots_context *context)
{
    static const struct axis axis = {
        "accuracy-macs",
        "macs",
        "macs",
        "macs",
        "front_macs",
        "multiply-adds of dense / multiply-adds",
        "how many times fewer multiply-adds a sample takes: of networks made "
        "smaller; of methods without them, of the weights that are not zero, "
        "which takes a library for sparse matrices to save",
        0};
    return draw(context, &axis);
}

static enum spred_status draw_latency(struct plots_context *context)
{
    static const struct axis axis = {
        "accuracy-latency",
        "speedup",
        "speedup_low",
        "speedup_high",
        "front_speed",
        "seconds of dense / seconds, a sample",
        "how many times faster the network that was made smaller predicts a "
        "sample than the dense one (or one of full size) in the same run "
        "(median over trials; bar: "
        "slowest to fastest)",
        1};
    return draw(context, &axis);
}

const struct plots_kind plots_accuracy_compression = {
    "accuracy-compression", draw_compression,
    "test accuracy against the compression of a network's weights, a curve per "
    "method"};
const struct plots_kind plots_accuracy_macs = {
    "accuracy-macs", draw_macs,
    "test accuracy against how many times fewer multiply-adds a sample takes"};
const struct plots_kind plots_accuracy_latency = {
    "accuracy-latency", draw_latency,
    "test accuracy against how many times faster the smaller network is"};
