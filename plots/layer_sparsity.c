/* layer_sparsity.c: the figure "layer-sparsity": what each method leaves of
 * each layer's weights and, where units were lost, of its units; a figure per
 * data set and network. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/compression.h"

#define LEFT 62.0
#define RIGHT 14.0
#define HEIGHT 210.0
#define BARS 0.84        /* of the room of a layer */
#define LOG_BELOW 0.2    /* a share under it asks for a logarithmic axis */
#define NAMES_ROOM 640.0 /* of the layers' names side by side */
#define CHARACTER 6.2

/* The layers of rows first .. end - 1: place i of the longest method. */
static size_t layers_of(const struct results_table *t, size_t first, size_t end,
                        size_t *longest)
{
    size_t most = 0;
    *longest = first;
    for (size_t at = first, next; at < end; at = next) {
        next = plots_network_method_end(t, at);
        if (next - at > most) {
            most = next - at;
            *longest = at;
        }
    }
    return most;
}

static size_t methods_of(const struct results_table *t, size_t first,
                         size_t end)
{
    size_t n = 0;
    for (; first < end; first = plots_network_method_end(t, first))
        n++;
    return n;
}

/* A panel shows one share. */
struct share {
    const char *column, *low, *high, *label;
};
static const struct share shares[] = {
    {"left", "left_low", "left_high", "weights left"},
    {"units_left", "units_left", "units_left", "neurons, filters left"}};

static enum spred_status put_names(struct plots_figure *f,
                                   const struct results_table *t,
                                   size_t longest, size_t layers)
{
    struct spred_env *env = f->context->env;
    size_t characters = 0;
    for (size_t i = 0; i < layers; i++) {
        size_t n = strlen(results_text(t, longest + i, "layer"));
        characters = n > characters ? n : characters;
    }
    if ((double)(characters + 1) * CHARACTER * (double)layers > NAMES_ROOM)
        SPRED_TRY(spred_buffer_add(env, &f->gp,
                                   "if (form ne 'dumb' && form ne 'ansi') set "
                                   "xtics rotate by 40 right offset 0.6,0\n"));
    SPRED_TRY(spred_buffer_add(env, &f->gp, "set xtics scale 0 ("));
    for (size_t i = 0; i < layers; i++) {
        SPRED_TRY(spred_buffer_add(env, &f->gp, "%s", i ? ", " : ""));
        SPRED_TRY(plots_quote_tic(env, &f->gp,
                                  results_text(t, longest + i, "layer")));
        SPRED_TRY(spred_buffer_add(env, &f->gp, " %zu", i + 1));
    }
    return spred_buffer_add(env, &f->gp, ") noenhanced\nset xrange [0.4:%g]\n",
                            (double)layers + 0.6);
}

static enum spred_status put_axes(struct plots_figure *f, const struct share *s,
                                  double least)
{
    struct spred_env *env = f->context->env;
    SPRED_TRY(spred_buffer_add(
        env, &f->gp, "set ylabel 'share of %s' offset 0.5,0\n", s->label));
    if (least >= LOG_BELOW)
        return spred_buffer_add(env, &f->gp,
                                "set yrange [0:1]\nset ytics 0.2\nset format y "
                                "'%%.1f'\n");
    return plots_log_axis(f, 'y', least, 1, 1, 1);
}

/* The least share above 0, down to a decade. */
static double least_of(const struct results_table *t, size_t first, size_t end,
                       const struct share *s)
{
    double least = 1;
    for (size_t i = first; i < end; i++) {
        double value = results_real(t, i, s->low);
        if (value > 0)
            least = fmin(least, value);
    }
    return least >= LOG_BELOW ? least : pow(10, floor(log10(least) + 1e-9));
}

/* One block of a method: place, share, from, to; then its bars, and "0" where
 * nothing is left. */
static enum spred_status put_method(struct plots_figure *f,
                                    const struct results_table *t, size_t first,
                                    size_t end, const struct share *s,
                                    double shift, double width)
{
    struct plots_style style;
    char what[200];
    snprintf(what, sizeof what, "%.80s, %.60s: layer, share of %s, from, to",
             results_text(t, first, "method"), results_text(t, first, "rule"),
             s->label);
    SPRED_TRY(plots_block(f, what));
    for (size_t i = first; i < end; i++)
        SPRED_TRY(plots_numbers(
            f,
            (double[]){(double)(i - first + 1), results_real(t, i, s->column),
                       results_real(t, i, s->low), results_real(t, i, s->high)},
            4));
    SPRED_TRY(plots_compression_style(
        f->context, results_text(t, first, "method"), &style));
    return spred_buffer_add(
        f->context->env, &f->gp,
        ", \\\n  data index %zu using ($1%+.6g):($2 > 0 ? $2 : 1/0):(%.6g) "
        "with boxes lc rgb '%s' fs transparent solid 0.75 noborder notitle, "
        "\\\n  data index %zu using ($1%+.6g):3:(0):($4-$3) with vectors "
        "nohead lc rgb '#202020' lw 1 notitle, \\\n  data index %zu using "
        "($1%+.6g):(base):($2 > 0 ? '' : '0') with labels offset 0,0.5 font "
        "font_small tc rgb '%s' notitle",
        f->blocks - 1, shift, width, style.colour, f->blocks - 1, shift,
        f->blocks - 1, shift, style.colour);
}

static enum spred_status put_panel(struct plots_figure *f, size_t i,
                                   const struct results_table *t, size_t first,
                                   size_t end)
{
    struct spred_env *env = f->context->env;
    const struct share *s = &shares[i];
    size_t longest, layers = layers_of(t, first, end, &longest), nth = 0;
    double methods = (double)methods_of(t, first, end);
    double least = least_of(t, first, end, s), width = BARS / methods;
    char *title =
        i ? spred_strdup(env, "") : plots_network_title(f->context, t, first);
    enum spred_status status = title ? plots_panel(f, i, title) : SPRED_ENOMEM;
    spred_free(env, title);
    SPRED_TRY(status);
    SPRED_TRY(
        spred_buffer_add(env, &f->gp, "unset logscale\nset grid noxtics\n"));
    SPRED_TRY(put_names(f, t, longest, layers));
    SPRED_TRY(put_axes(f, s, least));
    SPRED_TRY(spred_buffer_add(env, &f->gp, "base = %.6g\nplot NaN notitle",
                               least >= LOG_BELOW ? 0 : least));
    for (size_t at = first, next; at < end; at = next, nth++) {
        next = plots_network_method_end(t, at);
        SPRED_TRY(put_method(f, t, at, next, s,
                             width * ((double)nth - 0.5 * (methods - 1)),
                             0.92 * width));
    }
    return spred_buffer_add(env, &f->gp, "\n");
}

static enum spred_status put_keys(struct plots_figure *f,
                                  const struct results_table *t, size_t first,
                                  size_t end)
{
    struct spred_env *env = f->context->env;
    for (; first < end; first = plots_network_method_end(t, first)) {
        struct plots_style style;
        char with[96], number[32] = "";
        const char *setting = results_text(t, first, "setting");
        if (results_real(t, first, "threshold") > 0)
            snprintf(number, sizeof number, " %g",
                     results_real(t, first, "threshold"));
        SPRED_TRY(plots_compression_style(
            f->context, results_text(t, first, "method"), &style));
        char *name = spred_format(
            env, "%.50s, %s%s%s%s", results_text(t, first, "method"), setting,
            *setting ? ", " : "", results_text(t, first, "rule"), number);
        char *shown = name ? plots_shorten(env, name, 90) : NULL;
        snprintf(with, sizeof with,
                 "boxes lc rgb '%s' fs transparent solid 0.75 noborder",
                 style.colour);
        enum spred_status status =
            shown ? plots_key(f, shown, with) : SPRED_ENOMEM;
        spred_free(env, name);
        spred_free(env, shown);
        SPRED_TRY(status);
    }
    return SPRED_OK;
}

static enum spred_status put_page(struct plots_figure *f,
                                  const struct results_table *t, size_t first,
                                  size_t end)
{
    struct spred_env *env = f->context->env;
    size_t fallen = 0;
    plots_figure_layout(f, 1, LEFT, RIGHT, 0, HEIGHT);
    f->height -= 14; /* the axes below have no names */
    for (size_t i = 0; i < f->panels; i++)
        SPRED_TRY(put_panel(f, i, t, first, end));
    SPRED_TRY(put_keys(f, t, first, end));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "Share of each layer's weights that are not zero%s, mean over the "
        "trials (bar: least to most). Each method at the setting that "
        "compresses most among those that lose at most one point of "
        "validation accuracy against dense",
        f->panels > 1 ? ", and of its neurons or filters that have such a "
                        "weight"
                      : ""));
    for (size_t at = first; at < end; at = plots_network_method_end(t, at))
        if (strcmp(results_text(t, at, "chosen"), "within a point") != 0)
            SPRED_TRY(spred_buffer_add(
                env, &f->caption, "%s%.60s (%.60s)", fallen++ ? ", " : "; but ",
                results_text(t, at, "method"), results_text(t, at, "chosen")));
    SPRED_TRY(spred_buffer_add(env, &f->caption, ". "));
    return plots_provenance(f, t, first, end);
}

static enum spred_status draw(struct plots_context *context)
{
    const struct results_table *t;
    SPRED_TRY(plots_ask(context, "layer-sparsity", &t));
    for (size_t i = 0, end; i < t->n_rows; i = end) {
        struct plots_figure f;
        int lost = 0;
        end = plots_network_end(t, i);
        for (size_t k = i; k < end; k++)
            lost = lost || results_real(t, k, "units_left") < 1;
        enum spred_status status = plots_network_begin(
            context, &f, "layer-sparsity", t, i, lost ? 2 : 1);
        if (!status && !context->dry)
            status = put_page(&f, t, i, end);
        SPRED_TRY(plots_figure_end(&f, status));
    }
    return SPRED_OK;
}

const struct plots_kind plots_layer_sparsity = {
    "layer-sparsity", draw,
    "share of the weights and units that each method leaves of each layer"};
