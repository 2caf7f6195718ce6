/* gap_time.c: the figure "gap-time": certified gap against billed seconds, a
 * page per problem, a panel per data set. */
#include <math.h>
#include <string.h>
#include "plots/figure.h"

#define SHORTEST 1e-6     /* seconds; a logarithmic axis has no zero */
#define BELOW_TARGET 1e-3 /* how far under the asked gap the axis may go */

struct limits {
    double low, high, floor, target;
};

static double clamp(double seconds)
{
    return seconds > SHORTEST ? seconds : SHORTEST;
}

/* Times below this share of the longest are cut off. */
#define EARLIEST 3e-4

/* Widens the limits by rows first .. end - 1. */
static void measure(const struct results_table *t, size_t first, size_t end,
                    struct limits *l)
{
    for (size_t i = first; i < end; i++) {
        l->target = fmax(l->target, results_real(t, i, "target"));
        if (isnan(results_real(t, i, "eps")))
            continue;
        l->low = fmin(l->low, clamp(results_real(t, i, "low")));
        l->high = fmax(l->high, clamp(results_real(t, i, "high")));
        l->high = fmax(l->high, clamp(results_real(t, i, "spent")));
        l->floor = fmin(l->floor, results_real(t, i, "eps"));
    }
}

/* Three blocks for one solver: band, median, and the end if it is censored. */
static enum spred_status put_solver(struct plots_figure *f,
                                    const struct results_table *t, size_t first,
                                    size_t end, size_t place)
{
    struct spred_env *env = f->context->env;
    struct plots_style style =
        plots_solver_style(f->context, results_text(t, first, "solver"));
    size_t index = f->blocks;
    double trials = results_real(t, first, "trials"), point[2];
    double last = results_real(t, end - 1, "eps");
    int censored = !(last <= results_real(t, first, "target") * (1 + 1e-9));
    SPRED_TRY(plots_block(f, "band: seconds, relative gap"));
    for (size_t i = first; i < end; i++) {
        point[0] = clamp(results_real(t, i, "low"));
        point[1] = results_real(t, i, "eps");
        SPRED_TRY(plots_numbers(f, point, 2));
    }
    for (size_t i = end; i-- > first;) {
        point[0] = clamp(results_real(t, i, "high"));
        point[1] = results_real(t, i, "eps");
        SPRED_TRY(plots_numbers(f, point, 2));
    }
    SPRED_TRY(plots_block(f, results_text(t, first, "solver")));
    for (size_t i = first; i < end; i++) {
        point[0] = clamp(results_real(t, i, "seconds"));
        point[1] = results_real(t, i, "eps");
        SPRED_TRY(plots_numbers(f, point, 2));
    }
    double spent = clamp(results_real(t, first, "spent"));
    if (censored && spent > point[0]) { /* went on without getting further */
        point[0] = spent;
        SPRED_TRY(plots_numbers(f, point, 2));
    }
    SPRED_TRY(plots_block(f, "end of the curve"));
    SPRED_TRY(plots_numbers(f, point, 2));
    if (trials > 1)
        SPRED_TRY(spred_buffer_add(env, &f->gp,
                                   ", \\\n  data index %zu with filledcurves "
                                   "closed lc rgb '%s' notitle",
                                   index, style.colour));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        ", \\\n  data index %zu with linespoints lc rgb '%s' dt %d lw 1.6 "
        "pt %d ps 0.55 pi %zu notitle",
        index + 1, style.colour, style.dash, style.point, 7 + place % 3));
    if (censored)
        SPRED_TRY(spred_buffer_add(env, &f->gp,
                                   ", \\\n  data index %zu with points lc rgb "
                                   "'%s' pt 2 ps 1.1 lw 2.2 notitle",
                                   index + 2, style.colour));
    return SPRED_OK;
}

static enum spred_status put_panel(struct plots_figure *f,
                                   const struct results_table *t, size_t i,
                                   size_t first, size_t end,
                                   const struct limits *page)
{
    struct spred_env *env = f->context->env;
    struct limits own = {INFINITY, 0, 1, NAN};
    char *title =
        plots_dataset_title(f->context, results_text(t, first, "dataset"));
    enum spred_status status = title ? plots_panel(f, i, title) : SPRED_ENOMEM;
    spred_free(env, title);
    SPRED_TRY(status);
    measure(t, first, end, &own);
    if (!(own.low < INFINITY))
        own.low = own.high = 1;
    /* The first instants say nothing: warm starts are within 1 at once. */
    own.low = fmax(own.low, own.high * EARLIEST);
    SPRED_TRY(plots_log_axis(f, 'x', own.low / 1.3,
                             fmax(own.high, 3 * own.low) * 1.4, 0, 1));
    SPRED_TRY(plots_log_axis(f, 'y', page->floor / 1.6, 1.3, 0,
                             plots_panel_is_left(f, i)));
    if (plots_panel_is_left(f, i))
        SPRED_TRY(spred_buffer_add(
            env, &f->gp, "set ylabel 'relative duality gap' offset 0.5,0\n"));
    if (plots_panel_is_low(f, i))
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            "set xlabel 'billed time for the whole path [s]' offset 0,0.4\n"));
    SPRED_TRY(spred_buffer_add(env, &f->gp,
                               "plot %.6e with lines lc rgb '#606060' dt "
                               "(3,3) lw 1 notitle",
                               own.target > 0 ? own.target : page->target));
    for (size_t at = first, next, place = 0; at < end; at = next, place++) {
        next = plots_rows_end(t, at, "solver", end);
        if (!isnan(results_real(t, at, "eps")))
            SPRED_TRY(put_solver(f, t, at, next, place));
    }
    return spred_buffer_add(env, &f->gp, "\n");
}

static enum spred_status put_caption(struct plots_figure *f,
                                     const struct results_table *t,
                                     size_t first, size_t end, double target)
{
    struct spred_env *env = f->context->env;
    double most = 0;
    for (size_t i = first; i < end; i++)
        most = fmax(most, results_real(t, i, "trials"));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Time to a certified gap, problem %.60s: the sum over the lambdas of "
        "the path (and outputs) of the billed seconds to the first "
        "observation with at most that gap, set-up included; the certificate "
        "is the harness's and needs no reference optimum. Lines: median of "
        "%.0f trials where at least half reach the gap; bands: fastest to "
        "slowest. × : when its time was up, above the asked "
        "gap %.3g (dotted line).",
        results_text(t, first, "problem"), most, target));
    size_t none = 0;
    for (size_t i = first; i < end; i++) {
        size_t missing = 0, earlier = first;
        if (!isnan(results_real(t, i, "eps")))
            continue;
        for (size_t k = first; k < end; k++)
            missing += isnan(results_real(t, k, "eps")) &&
                       results_same(t, k, i, "solver");
        while (!isnan(results_real(t, earlier, "eps")) ||
               !results_same(t, earlier, i, "solver"))
            earlier++;
        if (earlier == i)
            SPRED_TRY(spred_buffer_add(
                env, &f->caption, "%s%.40s (%zu of %zu data sets)",
                none++ ? ", "
                       : " Some lambda without any certified gap, so no "
                         "curve: ",
                results_text(t, i, "solver"), missing, f->panels));
    }
    SPRED_TRY(spred_buffer_add(env, &f->caption, "%s ", none ? "." : ""));
    return plots_provenance(f, t, first, end);
}

/* One page: rows first .. end - 1, all of one problem. */
static enum spred_status put_page(struct plots_figure *f,
                                  const struct results_table *t, size_t first,
                                  size_t end)
{
    struct limits page = {INFINITY, 0, 1, NAN};
    measure(t, first, end, &page);
    if (page.target > 0)
        page.floor =
            fmin(fmax(page.floor, page.target * BELOW_TARGET), page.target / 3);
    for (size_t at = first, next, i = 0; at < end; at = next, i++) {
        next = plots_rows_end(t, at, "dataset", end);
        SPRED_TRY(put_panel(f, t, i, at, next, &page));
    }
    SPRED_TRY(plots_solver_keys(f, t, first, end, "eps"));
    return put_caption(f, t, first, end, page.target);
}

static enum spred_status draw(struct plots_context *context)
{
    return plots_by_problem(context, "gap-time", "gap-time", NULL, 1, put_page);
}

const struct plots_kind plots_gap_time = {
    "gap-time", draw,
    "certified gap against billed time, a panel per data set and a curve per "
    "solver"};
