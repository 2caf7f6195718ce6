/* accuracy_genes.c: the figure "accuracy-genes": balanced accuracy against the
 * number of genes, a panel per data set; of the solvers in a store without
 * models. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/methods.h"

#define DODGE 1.05
#define NO_GENES 0.5 /* where an empty model stands on a logarithmic axis */

struct limits {
    double fewest, most, worst, best;
};

/* Filled and hollow points, one pair per problem. */
static const int filled_points[] = {7, 5, 9, 13, 11};
static const int hollow_points[] = {6, 4, 8, 12, 10};
#define SHAPES 5

static double genes_at(double genes)
{
    return genes < 1 ? NO_GENES : genes;
}

static double chance(const struct results_table *t, size_t row)
{
    double classes = results_real(t, row, "classes");
    return classes > 1 ? 1 / classes : NAN;
}

static void measure(const struct results_table *t, size_t first, size_t end,
                    struct limits *l)
{
    for (size_t i = first; i < end; i++) {
        double accuracy = results_real(t, i, "accuracy");
        double half = results_real(t, i, "half");
        double genes[] = {results_real(t, i, "genes_low"),
                          results_real(t, i, "genes_high")};
        half = isnan(half) ? 0 : half;
        for (int k = 0; k < 2; k++)
            if (!isnan(genes[k])) {
                l->fewest = fmin(l->fewest, genes_at(genes[k]));
                l->most = fmax(l->most, genes_at(genes[k]));
            }
        l->worst = fmin(l->worst, fmin(accuracy - half, chance(t, i)));
        l->best = fmax(l->best, accuracy + half);
    }
}

/* Place of a row's problem in the order of the alphabet, for its shape. */
static size_t problem_of(const struct results_table *t, size_t row)
{
    const char *last = NULL, *mine = results_text(t, row, "problem");
    size_t place = 0;
    for (;; place++) {
        const char *next = NULL;
        for (size_t i = 0; i < t->n_rows; i++) {
            const char *p = results_text(t, i, "problem");
            if ((!last || strcmp(p, last) > 0) &&
                (!next || strcmp(p, next) < 0))
                next = p;
        }
        if (!next || strcmp(next, mine) == 0)
            return place;
        last = next;
    }
}

/* How many rows of the data set and problem belong to this row's group; *first
 * tells whether the row is the first of them. */
static size_t group_size(const struct results_table *t, size_t row, int *first)
{
    size_t size = 0;
    *first = 0;
    for (size_t i = 0; i < t->n_rows; i++)
        if (results_same(t, i, row, "dataset") &&
            results_same(t, i, row, "problem") &&
            !(fabs(results_real(t, i, "group") -
                   results_real(t, row, "group")) > 0) &&
            size++ == 0)
            *first = i == row;
    return size;
}

/* Points that would hide an earlier one of the panel are moved a little to the
 * right: by which factor. */
static double dodge(const struct results_table *t, size_t row)
{
    double factor = 1;
    for (size_t i = 0; i < row; i++)
        if (results_same(t, i, row, "dataset") &&
            fabs(results_real(t, i, "accuracy") -
                 results_real(t, row, "accuracy")) < 0.02 &&
            fabs(log(genes_at(results_real(t, i, "genes")) /
                     genes_at(results_real(t, row, "genes")))) < 0.05 &&
            !(results_same(t, i, row, "problem") &&
              !(fabs(results_real(t, i, "group") -
                     results_real(t, row, "group")) > 0)))
            factor *= DODGE;
    return factor < DODGE * DODGE * DODGE * DODGE ? factor : DODGE;
}

static enum spred_status put_point(struct plots_figure *f,
                                   const struct results_table *t, size_t row,
                                   size_t agreeing, const char *lead)
{
    struct spred_env *env = f->context->env;
    struct plots_style style =
        plots_solver_style(f->context, results_text(t, row, "solver"));
    size_t shape = problem_of(t, row) % SHAPES;
    int certified = results_real(t, row, "certified") > 0;
    double half = results_real(t, row, "half");
    double accuracy = results_real(t, row, "accuracy");
    double moved = dodge(t, row);
    char what[256];
    half = isnan(half) ? 0 : half;
    double point[] = {moved * genes_at(results_real(t, row, "genes")),
                      accuracy,
                      moved * genes_at(results_real(t, row, "genes_low")),
                      moved * genes_at(results_real(t, row, "genes_high")),
                      fmax(accuracy - half, 0),
                      fmin(accuracy + half, 1)};
    snprintf(what, sizeof what, "%.80s, %.80s and %zu more: genes accuracy",
             results_text(t, row, "problem"), results_text(t, row, "solver"),
             agreeing - 1);
    SPRED_TRY(plots_block(f, what));
    SPRED_TRY(plots_numbers(f, point, 6));
    const char *colour = agreeing > 1 ? "#202020" : style.colour;
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "%s data index %zu with xyerrorbars lc rgb '%s' lw 1 pt %d ps 0.001 "
        "notitle, \\\n  data index %zu using 1:2 with points lc rgb '%s' lw "
        "1.5 pt %d ps %s notitle",
        lead, f->blocks - 1, colour, filled_points[shape], f->blocks - 1,
        colour, certified ? filled_points[shape] : hollow_points[shape],
        agreeing > 1 ? "1.1" : "0.9"));
    if (agreeing > 1)
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            ", \\\n  data index %zu using 1:2:('×%zu') with labels left offset "
            "0.5,0.5 font font_tics notitle",
            f->blocks - 1, agreeing));
    return SPRED_OK;
}

static enum spred_status put_panel(struct plots_figure *f,
                                   const struct results_table *t, size_t i,
                                   size_t first, size_t end,
                                   const struct limits *page)
{
    struct spred_env *env = f->context->env;
    struct limits own = {INFINITY, 0, 1, 0};
    char *title =
        plots_dataset_title(f->context, results_text(t, first, "dataset"));
    enum spred_status status = title ? plots_panel(f, i, title) : SPRED_ENOMEM;
    spred_free(env, title);
    SPRED_TRY(status);
    measure(t, first, end, &own);
    if (!(own.fewest <= own.most))
        own.fewest = own.most = 1;
    SPRED_TRY(plots_log_axis(f, 'x', own.fewest / 1.4, own.most * 1.6, 1, 1));
    if (own.fewest < 1)
        SPRED_TRY(spred_buffer_add(env, &f->gp, "set xtics add ('0' %g)\n",
                                   NO_GENES));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp, "set yrange [%.4f:%.4f]\nset ytics 0.2\n%s",
        fmax(page->worst - 0.05, 0), fmin(page->best + 0.05, 1.02),
        plots_panel_is_left(f, i)
            ? "set format y '%.1f'\n"
              "set ylabel 'balanced accuracy, test' offset 0,0\n"
            : "set format y ''\n"));
    if (plots_panel_is_low(f, i))
        SPRED_TRY(spred_buffer_add(
            env, &f->gp, "set xlabel 'genes in the model' offset 0,0.4\n"));
    if (chance(t, first) > 0)
        SPRED_TRY(spred_buffer_add(env, &f->gp,
                                   "plot %.6f with lines lc rgb '#606060' dt "
                                   "(3,3) lw 1 notitle",
                                   chance(t, first)));
    else
        SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
    for (size_t row = first; row < end; row++) {
        int is_first;
        size_t agreeing = group_size(t, row, &is_first);
        if (is_first)
            SPRED_TRY(put_point(f, t, row, agreeing, ", \\\n "));
    }
    return spred_buffer_add(env, &f->gp, "\n");
}

/* Shapes tell problems; colours tell the solvers that stand alone. */
static enum spred_status put_keys(struct plots_figure *f,
                                  const struct results_table *t)
{
    const struct results_table *solvers = &f->context->solvers;
    char with[96];
    for (size_t place = 0; place < t->n_rows; place++) {
        size_t row = 0;
        while (row < t->n_rows && problem_of(t, row) != place)
            row++;
        if (row == t->n_rows)
            break;
        snprintf(with, sizeof with, "points lc rgb '#202020' pt %d ps 1.1",
                 filled_points[place % SHAPES]);
        SPRED_TRY(plots_key(f, results_text(t, row, "problem"), with));
    }
    for (size_t s = 0; s < solvers->n_rows; s++) {
        const char *solver = results_text(solvers, s, "solver");
        struct plots_style style = plots_solver_style(f->context, solver);
        int alone = 0;
        for (size_t row = 0; row < t->n_rows && !alone; row++) {
            int first;
            alone = strcmp(results_text(t, row, "solver"), solver) == 0 &&
                    group_size(t, row, &first) == 1;
        }
        if (!alone)
            continue;
        snprintf(with, sizeof with, "lines lc rgb '%s' lw 4", style.colour);
        SPRED_TRY(plots_key(f, solver, with));
    }
    return SPRED_OK;
}

static enum spred_status put_page(struct plots_figure *f,
                                  const struct results_table *t)
{
    struct limits page = {INFINITY, 0, 1, 0};
    measure(t, 0, t->n_rows, &page);
    for (size_t at = 0, next, i = 0; at < t->n_rows; at = next, i++) {
        next = plots_rows_end(t, at, "dataset", t->n_rows);
        SPRED_TRY(put_panel(f, t, i, at, next, &page));
    }
    SPRED_TRY(put_keys(f, t));
    SPRED_TRY(spred_buffer_add(
        f->context->env, &f->caption,
        "Mean balanced accuracy on the test parts with its 95%% interval "
        "(corrected resampled t, Nadeau and Bengio 2003) against the median "
        "number of genes over trials (bar: fewest to most). Shapes: problems. "
        "Filled: certified in every trial; hollow: not. Black with ×n: n "
        "certified solvers that agree (accuracy within 0.01, genes within 5%% "
        "or 2). Colours: solvers that stand alone (moved right where they "
        "would hide another). Dotted: chance. "));
    return plots_provenance(f, t, 0, t->n_rows);
}

static enum spred_status draw(struct plots_context *context)
{
    struct results_table t;
    struct plots_figure f;
    size_t panels = 0;
    enum spred_status status = SPRED_OK;
    const struct results_table *methods;
    SPRED_TRY(plots_methods(context, &methods));
    if (methods && plots_only_networks(methods))
        return SPRED_OK;
    if (methods)
        return plots_method_accuracy(context);
    SPRED_TRY(results_query(context->env, context->view, "accuracy-genes", &t));
    for (size_t at = 0; at < t.n_rows; panels++)
        at = plots_rows_end(&t, at, "dataset", t.n_rows);
    if (panels) {
        status =
            plots_figure_begin(context, &f, "accuracy-genes", NULL, panels);
        if (!status && !context->dry)
            status = put_page(&f, &t);
        status = plots_figure_end(&f, status);
    }
    results_table_free(context->env, &t);
    return status;
}

const struct plots_kind plots_accuracy_genes = {
    "accuracy-genes", draw,
    "accuracy on the test parts against the number of genes, a panel per data "
    "set"};
