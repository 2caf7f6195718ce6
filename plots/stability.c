/* stability.c: the figure "stability": how alike the genes are that a method
 * chooses in different trials, a panel per data set. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/methods.h"

#define PANELS_MAX 6
#define NAME_CHARACTERS 40
#define NAME_PIXELS 5.9
#define GENES_ROOM 96.0 /* right of a panel, for the numbers of genes */
#define ROW 17.0        /* of a method */
#define ROWS_ROOM 26.0
#define LOWEST -0.05

/* "12 (8–20)" genes of a row, "12" where they never change. */
static void genes_text(const struct results_table *t, size_t row, char *out,
                       size_t size)
{
    double genes = results_real(t, row, "genes");
    double low = results_real(t, row, "genes_low");
    double high = results_real(t, row, "genes_high");
    out[0] = '\0';
    if (isnan(genes))
        return;
    if (low < high)
        snprintf(out, size, "%g (%g–%g)", genes, low, high);
    else
        snprintf(out, size, "%g", genes);
}

/* Why there is no index, in place of a point; "": there is one. */
static const char *instead(const struct results_table *t, size_t row)
{
    if (row == t->n_rows || isnan(results_real(t, row, "genes")))
        return "no result";
    if (plots_uses_all(t, row))
        return "uses every gene";
    if (!isnan(results_real(t, row, "stability")))
        return "";
    const char *why = results_text(t, row, "no_stability");
    return *why ? why : "no index";
}

static enum spred_status put_label(struct plots_figure *f, const char *text,
                                   const char *where, double y)
{
    struct spred_env *env = f->context->env;
    if (!*text)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(env, &f->gp, "set label "));
    SPRED_TRY(plots_quote(env, &f->gp, text));
    return spred_buffer_add(env, &f->gp,
                            " at %s, first %g left offset 0.8,0 noenhanced "
                            "font font_tics tc rgb '#606060'\n",
                            where, y);
}

static enum spred_status put_names(struct plots_figure *f,
                                   const struct plots_method_list *list, int on)
{
    struct spred_env *env = f->context->env;
    SPRED_TRY(spred_buffer_add(env, &f->gp, "set ytics scale 0 ("));
    for (size_t i = 0; i < list->n; i++) {
        char *name = plots_shorten(env, on ? plots_method_name(list, i) : "",
                                   NAME_CHARACTERS);
        enum spred_status status =
            name ? spred_buffer_add(env, &f->gp, "%s", i ? ", " : "")
                 : SPRED_ENOMEM;
        if (!status)
            status = plots_quote_tic(env, &f->gp, name);
        spred_free(env, name);
        SPRED_TRY(status);
        SPRED_TRY(spred_buffer_add(env, &f->gp, " %zu", i + 1));
    }
    return spred_buffer_add(env, &f->gp, ") noenhanced\n");
}

static enum spred_status put_point(struct plots_figure *f,
                                   const struct plots_method_list *list,
                                   size_t place, size_t row)
{
    const struct results_table *t = list->table;
    struct plots_style style = plots_method_style(place);
    double index = results_real(t, row, "stability");
    double low = results_real(t, row, "stability_low");
    double high = results_real(t, row, "stability_high");
    const double point[] = {index, isnan(low) ? index : low,
                            isnan(high) ? index : high, (double)place + 1,
                            results_real(t, row, "genes")};
    char what[256];
    snprintf(what, sizeof what, "%.80s, %.80s: index, from, to, place, genes",
             results_text(t, row, "dataset"), results_text(t, row, "method"));
    SPRED_TRY(plots_block(f, what));
    SPRED_TRY(plots_numbers(f, point, 5));
    return spred_buffer_add(
        f->context->env, &f->gp,
        ", \\\n  data index %zu using 1:4:2:3 with xerrorbars lc rgb '%s' lw "
        "1.6 pt %d ps 0.8 notitle",
        f->blocks - 1, style.colour, style.point);
}

static double lowest(const struct results_table *t, size_t first, size_t end)
{
    double low = LOWEST;
    for (size_t row = first; row < end; row++) {
        low = fmin(low, results_real(t, row, "stability"));
        low = fmin(low, results_real(t, row, "stability_low"));
    }
    return fmax(low, -1) - 0.03;
}

static enum spred_status put_panel(struct plots_figure *f, size_t i,
                                   const struct plots_method_list *list,
                                   size_t first, double low)
{
    const struct results_table *t = list->table;
    struct spred_env *env = f->context->env;
    const char *dataset = results_text(t, first, "dataset");
    char *title = plots_dataset_title(f->context, dataset), genes[64];
    enum spred_status status = title ? plots_panel(f, i, title) : SPRED_ENOMEM;
    spred_free(env, title);
    SPRED_TRY(status);
    SPRED_TRY(put_names(f, list, plots_panel_is_left(f, i)));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "set xrange [%.4f:1.03]\nset yrange [%g:0.3]\nset xtics 0.25\n"
        "set format x '%%g'\nset label 'genes' at graph 1, graph 1 left "
        "offset 0.8,0.5 font font_tics tc rgb '#606060'\n"
        "set arrow from 0, graph 0 to 0, graph 1 nohead lc rgb '#606060' dt "
        "(3,3) lw 1\n",
        low, (double)list->n + 0.7));
    if (plots_panel_is_low(f, i))
        SPRED_TRY(spred_buffer_add(
            env, &f->gp, "set xlabel 'stability index' offset 0,0.4\n"));
    for (size_t k = 0; k < list->n; k++) {
        size_t row = plots_method_row(t, dataset, plots_method_name(list, k));
        SPRED_TRY(put_label(f, instead(t, row), "first 0", (double)k + 1));
        genes_text(t, row, genes, sizeof genes);
        SPRED_TRY(put_label(f, genes, "graph 1", (double)k + 1));
    }
    SPRED_TRY(spred_buffer_add(env, &f->gp, "plot NaN notitle"));
    for (size_t k = 0; k < list->n; k++) {
        size_t row = plots_method_row(t, dataset, plots_method_name(list, k));
        if (row < t->n_rows && !*instead(t, row))
            SPRED_TRY(put_point(f, list, k, row));
    }
    return spred_buffer_add(env, &f->gp, "\n");
}

static enum spred_status put_page(struct plots_figure *f,
                                  const struct plots_method_list *list,
                                  size_t first, size_t end)
{
    const struct results_table *t = list->table;
    double low = lowest(t, first, end);
    plots_figure_layout(
        f, f->panels > 1 ? 2 : 1,
        14 + NAME_PIXELS * (double)plots_method_width(list, NAME_CHARACTERS),
        GENES_ROOM, GENES_ROOM, ROWS_ROOM + ROW * (double)list->n);
    for (size_t at = first, next, i = 0; at < end; at = next, i++) {
        next = plots_rows_end(t, at, "dataset", end);
        SPRED_TRY(put_panel(f, i, list, at, low));
    }
    SPRED_TRY(spred_buffer_add(
        f->context->env, &f->caption,
        "Stability of the chosen genes over trials: the index of Nogueira, "
        "Sechidis and Brown (2018, JMLR 18:174) with its 95%% interval; 1: the "
        "same genes in every trial, 0 (dotted): no more alike than genes drawn "
        "at random. Right of each panel: median number of genes (fewest–most). "
        "Colours are the methods', as in accuracy-genes. "));
    return plots_provenance(f, t, first, end);
}

static enum spred_status draw(struct plots_context *context)
{
    static const struct plots_method_pages pages = {"stability", PANELS_MAX,
                                                    put_page};
    return plots_method_pages(context, &pages);
}

const struct plots_kind plots_stability = {
    "stability", draw,
    "stability of the chosen genes over trials, with intervals, a panel per "
    "data set and a line per method"};
