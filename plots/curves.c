/* curves.c: what the figures with one curve per solver share. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/figure.h"

const char plots_filled[] =
    "Filled: certified (without a gap: stationary) to what was asked in every "
    "trial; hollow: not when its run ended. ";

#define EDGE 1.15 /* room at the ends of an axis */

void plots_limits(const struct results_table *t, size_t first, size_t end,
                  const char *column, double *low, double *high)
{
    for (size_t i = first; i < end; i++) {
        double value = results_real(t, i, column);
        if (!(value > 0) || isinf(value))
            continue;
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

enum spred_status plots_curve_panel(struct plots_figure *f, size_t i,
                                    const char *title, double low, double high,
                                    int plain, const char *x_label,
                                    const char *y_label)
{
    struct spred_env *env = f->context->env;
    SPRED_TRY(plots_panel(f, i, title));
    if (!(low <= high))
        low = high = 1;
    SPRED_TRY(plots_log_axis(f, 'x', low / EDGE, high * EDGE, plain, 1));
    if (plots_panel_is_low(f, i))
        SPRED_TRY(spred_buffer_add(env, &f->gp,
                                   "set xlabel '%s' offset 0,0.4\n", x_label));
    if (plots_panel_is_left(f, i))
        SPRED_TRY(spred_buffer_add(env, &f->gp,
                                   "set ylabel '%s' offset 0.5,0\n", y_label));
    return SPRED_OK;
}

enum spred_status plots_share_axis(struct plots_figure *f, size_t i)
{
    return spred_buffer_add(f->context->env, &f->gp,
                            "unset logscale y\nset yrange [-0.03:1.03]\n"
                            "set ytics 0,0.2,1\n%s",
                            plots_panel_is_left(f, i) ? "set format y '%.1f'\n"
                                                      : "set format y ''\n");
}

/* x, y, low, high, y where certified, y where not. */
static enum spred_status put_rows(struct plots_figure *f,
                                  const struct results_table *t, size_t first,
                                  size_t end, const char *solver,
                                  const struct plots_curve *curve)
{
    char what[256];
    snprintf(what, sizeof what,
             "%.100s: %.40s, %.40s, from, to, %.20s where "
             "certified, elsewhere",
             solver, curve->x, curve->y, curve->y);
    SPRED_TRY(plots_block(f, what));
    for (size_t i = first; i < end; i++) {
        double y = results_real(t, i, curve->y);
        if (strcmp(results_text(t, i, "solver"), solver) != 0 || isnan(y))
            continue;
        int certified =
            results_real(t, i, "certified") >= results_real(t, i, "trials");
        double row[] = {results_real(t, i, curve->x),
                        y,
                        curve->low ? results_real(t, i, curve->low) : y,
                        curve->high ? results_real(t, i, curve->high) : y,
                        certified ? y : NAN,
                        certified ? NAN : y};
        SPRED_TRY(plots_numbers(f, row, 6));
    }
    return SPRED_OK;
}

static int has_curve(const struct results_table *t, size_t first, size_t end,
                     const char *solver, const char *y)
{
    for (size_t i = first; i < end; i++)
        if (!isnan(results_real(t, i, y)) &&
            strcmp(results_text(t, i, "solver"), solver) == 0)
            return 1;
    return 0;
}

enum spred_status plots_curves(struct plots_figure *f,
                               const struct results_table *t, size_t first,
                               size_t end, const struct plots_curve *curve)
{
    const struct results_table *solvers = &f->context->solvers;
    struct spred_env *env = f->context->env;
    for (size_t s = 0; s < solvers->n_rows; s++) {
        const char *solver = results_text(solvers, s, "solver");
        if (!has_curve(t, first, end, solver, curve->y))
            continue;
        struct plots_style style = plots_solver_style(f->context, solver);
        int dash = curve->dash ? curve->dash : style.dash;
        size_t index = f->blocks;
        double more = 0; /* curves still to come over this one */
        for (size_t k = s + 1; curve->nested && k < solvers->n_rows; k++)
            more += has_curve(t, first, end, results_text(solvers, k, "solver"),
                              curve->y);
        SPRED_TRY(put_rows(f, t, first, end, solver, curve));
        if (curve->low)
            SPRED_TRY(spred_buffer_add(
                env, &f->gp,
                ", \\\n  data index %zu using 1:2:3:4 with yerrorbars lc rgb "
                "'%s' lw %.2f pt 0 ps 0.001 notitle",
                index, style.colour, 0.8 + more));
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            ", \\\n  data index %zu using 1:2 with lines lc rgb '%s' dt %d lw "
            "%.2f notitle, \\\n  data index %zu using 1:5 with points lc rgb "
            "'%s' pt %d ps %.2f notitle, \\\n  data index %zu using 1:6 with "
            "points lc rgb '%s' pt %d ps %.2f notitle",
            index, style.colour, dash, 1.6 + 1.2 * more, index, style.colour,
            style.point, 0.6 + 0.2 * more, index, style.colour, style.hollow,
            0.85 + 0.2 * more));
    }
    return SPRED_OK;
}
