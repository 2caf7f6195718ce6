/* filters.c: the figure "filters": a network's first filters (or its inputs'
 * weights) before and after training, at the setting that layer-sparsity shows;
 * a figure per data set and network. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/compression.h"
#include "plots/mosaic.h"

#define METHODS 5 /* on a figure */
#define FEW 40    /* filters in rows of ten; more: as wide as high */
#define SIDE 14.0
#define GAP 18.0
#define LEAST_HEIGHT 40.0
#define MOST_HEIGHT 220.0

static const char *const names[] = {"filters before", "filters after"};

/* The row of the array `name` of the method and setting that row `shown` of
 * layer-sparsity has; n_rows: none. */
static size_t find_array(const struct results_table *arrays,
                         const struct results_table *t, size_t shown,
                         const char *name)
{
    static const char *const keys[] = {"dataset", "network", "method",
                                       "setting"};
    for (size_t i = 0; i < arrays->n_rows; i++) {
        int same = strcmp(results_text(arrays, i, "name"), name) == 0 &&
                   results_real(arrays, i, "height") > 0;
        for (size_t k = 0; k < 4 && same; k++)
            same = strcmp(results_text(arrays, i, keys[k]),
                          results_text(t, shown, keys[k])) == 0;
        if (same)
            return i;
    }
    return arrays->n_rows;
}

static size_t count_of(const struct results_table *arrays, size_t row,
                       const char *column)
{
    double value = results_real(arrays, row, column);
    return value > 0 ? (size_t)value : 0;
}

static struct plots_mosaic mosaic_of(const struct results_table *arrays,
                                     size_t row)
{
    size_t columns = count_of(arrays, row, "columns");
    return (struct plots_mosaic){.rows = count_of(arrays, row, "rows"),
                                 .columns = columns,
                                 .across = columns <= FEW ? FEW / 4 : 0,
                                 .height = count_of(arrays, row, "height"),
                                 .width = count_of(arrays, row, "width"),
                                 .channels = count_of(arrays, row, "channels"),
                                 .scale = PLOTS_MOSAIC_SIGNED};
}

/* The rows of layer-sparsity, of at most METHODS methods of one network, whose
 * filters are stored. */
struct page {
    size_t number; /* of its network */
    const struct results_table *arrays, *t;
    size_t shown[METHODS], n;
};

static enum spred_status put_array(struct plots_figure *f, size_t panel,
                                   const struct page *p, size_t shown,
                                   const char *name)
{
    struct spred_env *env = f->context->env;
    size_t row = find_array(p->arrays, p->t, shown, name);
    const char *setting = results_text(p->t, shown, "setting");
    if (row == p->arrays->n_rows)
        return SPRED_OK;
    struct plots_mosaic m = mosaic_of(p->arrays, row);
    double *values = NULL;
    int after = panel % 2 == 1;
    char *words = plots_shorten(
        env, after ? setting : results_text(p->t, shown, "method"), 42);
    char *title = words ? spred_format(env, "%s%s%s", words, *words ? ": " : "",
                                       name + strlen("filters "))
                        : NULL;
    enum spred_status status = title ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = plots_mosaic_read(env, results_text(p->arrays, row, "values"),
                                   m.rows * m.columns, &values);
    m.title = title;
    m.values = values;
    if (!status)
        status = plots_mosaic(f, panel, &m);
    spred_free(env, values);
    spred_free(env, title);
    spred_free(env, words);
    return status;
}

static enum spred_status put_page(struct plots_figure *f, const struct page *p)
{
    struct spred_env *env = f->context->env;
    double width = (PLOTS_PAGE_WIDTH - 2 * SIDE - GAP) / 2, height = 0;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < 2; k++) {
            size_t row = find_array(p->arrays, p->t, p->shown[i], names[k]);
            struct plots_mosaic m = mosaic_of(p->arrays, row);
            if (row == p->arrays->n_rows)
                continue;
            height = fmax(height, plots_mosaic_height(&m, width));
        }
    height = fmin(fmax(height, LEAST_HEIGHT), MOST_HEIGHT);
    plots_figure_layout(f, 2, SIDE, SIDE, GAP, height);
    f->height -= 24; /* no axis below */
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < 2; k++)
            SPRED_TRY(put_array(f, 2 * i + k, p, p->shown[i], names[k]));
    const struct plots_mosaic m = mosaic_of(
        p->arrays, find_array(p->arrays, p->t, p->shown[0], names[1]));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "%s of the first trial, before and after training, at the setting that "
        "layer-sparsity shows. White is zero, red above and blue below it, "
        "before and after each on a scale of its own%s. ",
        m.columns == 1 ? "How much the first layer makes of each input (norm "
                         "of its weights)"
                       : "Filters of the first layer",
        m.channels > 1 ? "; channels one under another" : ""));
    return plots_provenance(f, p->t, p->shown[0], p->shown[p->n - 1] + 1);
}

static enum spred_status draw_page(struct plots_context *context,
                                   struct page *p)
{
    struct plots_figure f;
    if (p->n == 0)
        return SPRED_OK;
    char kind[32] = "filters";
    if (++p->number > 1)
        snprintf(kind, sizeof kind, "filters-%zu", p->number);
    enum spred_status status =
        plots_network_begin(context, &f, kind, p->t, p->shown[0], 2 * p->n);
    if (!status && !context->dry)
        status = put_page(&f, p);
    p->n = 0;
    return plots_figure_end(&f, status);
}

static enum spred_status draw(struct plots_context *context)
{
    struct page p = {.n = 0};
    SPRED_TRY(plots_ask(context, "layer-sparsity", &p.t));
    SPRED_TRY(plots_ask(context, "arrays", &p.arrays));
    for (size_t i = 0, end; i < p.t->n_rows; i = end) {
        end = plots_network_end(p.t, i);
        p.number = 0;
        for (size_t at = i; at < end; at = plots_network_method_end(p.t, at)) {
            if (find_array(p.arrays, p.t, at, names[1]) == p.arrays->n_rows)
                continue;
            p.shown[p.n++] = at;
            if (p.n == METHODS)
                SPRED_TRY(draw_page(context, &p));
        }
        SPRED_TRY(draw_page(context, &p));
    }
    return SPRED_OK;
}

const struct plots_kind plots_filters = {
    "filters", draw,
    "the first layer's filters before and after training, a row per method"};
