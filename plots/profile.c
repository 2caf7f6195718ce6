/* profile.c: the figure "profile": performance profiles, a panel per problem.
 */
#include <math.h>
#include <string.h>
#include "plots/figure.h"

static double largest_ratio(const struct results_table *t, size_t first,
                            size_t end)
{
    double largest = 1;
    for (size_t i = first; i < end; i++)
        largest = fmax(largest, results_real(t, i, "ratio"));
    return largest;
}

static enum spred_status put_solver(struct plots_figure *f,
                                    const struct results_table *t, size_t first,
                                    size_t end, double edge, const char *lead)
{
    struct plots_style style =
        plots_solver_style(f->context, results_text(t, first, "solver"));
    SPRED_TRY(plots_block(f, results_text(t, first, "solver")));
    for (size_t i = first; i <= end; i++) {
        size_t row = i < end ? i : end - 1; /* and on to the right edge */
        double share = results_real(t, row, "share");
        double last = i > first ? results_real(t, i - 1, "share") : 0;
        double point[] = {i < end ? results_real(t, row, "ratio") : edge,
                          100 * share, share > last ? 100 * share : NAN};
        SPRED_TRY(plots_numbers(f, point, 3));
    }
    return spred_buffer_add(
        f->context->env, &f->gp,
        "%s data index %zu with steps lc rgb '%s' dt %d lw 1.6 notitle, \\\n"
        "  data index %zu using 1:3 with points lc rgb '%s' pt %d ps 0.55 "
        "notitle",
        lead, f->blocks - 1, style.colour, style.dash, f->blocks - 1,
        style.colour, style.point);
}

static enum spred_status put_panel(struct plots_figure *f,
                                   const struct results_table *t, size_t i,
                                   size_t first, size_t end)
{
    struct spred_env *env = f->context->env;
    double edge = fmax(2, largest_ratio(t, first, end) * 1.5);
    char *title = spred_format(env, "%s: %.0f instances",
                               results_text(t, first, "problem"),
                               results_real(t, first, "instances"));
    enum spred_status status = title ? plots_panel(f, i, title) : SPRED_ENOMEM;
    spred_free(env, title);
    SPRED_TRY(status);
    SPRED_TRY(plots_log_axis(f, 'x', 1, edge, edge < 1e4, 1));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp, "set yrange [-2:102]\nset ytics 0,20,100\n%s",
        plots_panel_is_left(f, i)
            ? "set format y '%g'\n"
              "set ylabel 'instances certified [%]' offset 1,0\n"
            : "set format y ''\n"));
    if (plots_panel_is_low(f, i))
        SPRED_TRY(spred_buffer_add(env, &f->gp,
                                   "set xlabel 'billed time / time of the "
                                   "fastest solver' offset 0,0.4\n"));
    SPRED_TRY(spred_buffer_add(env, &f->gp, "plot"));
    for (size_t at = first, next; at < end; at = next) {
        next = plots_rows_end(t, at, "solver", end);
        SPRED_TRY(
            put_solver(f, t, at, next, edge, at == first ? "" : ", \\\n "));
    }
    return spred_buffer_add(env, &f->gp, "\n");
}

static int has_solver(const struct results_table *t, const char *problem,
                      const char *solver)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if ((!problem || !strcmp(results_text(t, i, "problem"), problem)) &&
            strcmp(results_text(t, i, "solver"), solver) == 0)
            return 1;
    return 0;
}

static enum spred_status put_caption(struct plots_figure *f,
                                     const struct results_table *t)
{
    struct spred_env *env = f->context->env;
    const struct results_table *solvers = &f->context->solvers;
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Performance profiles (Dolan and Moré 2002): share of the instances "
        "(data set, trial) whose whole path a solver certified within a "
        "multiple of the fastest solver's billed time; not certified = never. "
        "Profiles depend on the solvers compared."));
    size_t left_out = 0;
    for (size_t at = 0, next; at < t->n_rows; at = next) {
        const char *problem = results_text(t, at, "problem");
        next = plots_rows_end(t, at, "problem", t->n_rows);
        for (size_t s = 0; s < solvers->n_rows; s++) {
            const char *solver = results_text(solvers, s, "solver");
            if (!has_solver(t, problem, solver))
                SPRED_TRY(spred_buffer_add(
                    env, &f->caption, "%s%.40s (%.40s)",
                    left_out++ ? ", " : " Left out, refused or not run: ",
                    solver, problem));
        }
    }
    SPRED_TRY(spred_buffer_add(env, &f->caption, "%s ", left_out ? "." : ""));
    return plots_provenance(f, &f->context->datasets, 0,
                            f->context->datasets.n_rows);
}

static enum spred_status put_page(struct plots_figure *f,
                                  const struct results_table *t)
{
    for (size_t at = 0, next, i = 0; at < t->n_rows; at = next, i++) {
        next = plots_rows_end(t, at, "problem", t->n_rows);
        SPRED_TRY(put_panel(f, t, i, at, next));
    }
    SPRED_TRY(plots_solver_keys(f, t, 0, t->n_rows, "share"));
    return put_caption(f, t);
}

static enum spred_status draw(struct plots_context *context)
{
    struct results_table t;
    struct plots_figure f;
    size_t panels = 0;
    SPRED_TRY(results_query(context->env, context->view, "profile", &t));
    for (size_t at = 0; at < t.n_rows; panels++)
        at = plots_rows_end(&t, at, "problem", t.n_rows);
    enum spred_status status = SPRED_OK;
    if (panels) {
        status = plots_figure_begin(context, &f, "profile", NULL, panels);
        if (!status && !context->dry)
            status = put_page(&f, &t);
        status = plots_figure_end(&f, status);
    }
    results_table_free(context->env, &t);
    return status;
}

const struct plots_kind plots_profile = {
    "profile", draw,
    "performance profiles: share of the instances against the factor to the "
    "best time"};
