/* gene_map.c: the figure "gene-map": a page per data set, the most often chosen
 * genes down, the methods across, coloured by how often each chose each. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/methods.h"

#define GENES 30
#define GENE_CHARACTERS 26
#define METHOD_CHARACTERS 40
#define CHARACTER 5.9
#define ROW 16.0
#define ROW_MOST 28.0
#define COLUMN_MOST 46.0
#define COLOUR_BAR 92.0
#define BELOW 30.0 /* of the room that a page has for an axis */
#define DARK 0.55  /* share from which the number is written in white */

/* A data set's map. */
struct map {
    const struct results_table *methods, *genes;
    const char *dataset;
    size_t *columns; /* rows of methods; owned */
    size_t n_columns;
    size_t rows[GENES]; /* of genes: where its place comes first */
    size_t n_rows;
};

/* What a data set's method does with genes. */
enum use { CHOOSES, USES_ALL, CHOOSES_NONE, NO_RESULT };

static enum use use_of(const struct map *m, size_t row)
{
    const char *method = results_text(m->methods, row, "method");
    size_t gene = 0;
    if (isnan(results_real(m->methods, row, "genes")))
        return NO_RESULT;
    if (plots_uses_all(m->methods, row))
        return USES_ALL;
    while (gene < m->genes->n_rows &&
           (strcmp(results_text(m->genes, gene, "dataset"), m->dataset) != 0 ||
            strcmp(results_text(m->genes, gene, "method"), method) != 0))
        gene++;
    return gene < m->genes->n_rows ? CHOOSES : CHOOSES_NONE;
}

static enum spred_status find_columns(struct spred_env *env, struct map *m)
{
    const struct results_table *t = m->methods;
    m->columns = spred_alloc(env, t->n_rows + 1, sizeof *m->columns);
    if (!m->columns)
        return SPRED_ENOMEM;
    for (size_t row = 0; row < t->n_rows; row++)
        if (strcmp(results_text(t, row, "dataset"), m->dataset) == 0 &&
            use_of(m, row) == CHOOSES)
            m->columns[m->n_columns++] = row;
    return SPRED_OK;
}

/* The row of the data set's gene at a place (and of a method, or any). */
static size_t find_gene(const struct map *m, size_t place, const char *method)
{
    const struct results_table *t = m->genes;
    size_t row = 0;
    for (; row < t->n_rows; row++)
        if (fabs(results_real(t, row, "place") - (double)place) < 0.5 &&
            strcmp(results_text(t, row, "dataset"), m->dataset) == 0 &&
            (!method || strcmp(results_text(t, row, "method"), method) == 0))
            break;
    return row;
}

static void find_rows(struct map *m)
{
    for (m->n_rows = 0; m->n_rows < GENES; m->n_rows++) {
        m->rows[m->n_rows] = find_gene(m, m->n_rows + 1, NULL);
        if (m->rows[m->n_rows] == m->genes->n_rows)
            break;
    }
}

/* Its symbol, with the feature where several have that symbol; the feature
 * where there is no symbol. Free it. */
static char *gene_name(struct spred_env *env, const struct map *m, size_t i)
{
    const struct results_table *t = m->genes;
    const char *symbol = results_text(t, m->rows[i], "symbol");
    const char *feature = results_text(t, m->rows[i], "feature");
    int twice = 0;
    for (size_t k = 0; k < m->n_rows; k++)
        twice = twice || (k != i && *symbol &&
                          results_same(t, m->rows[k], m->rows[i], "symbol"));
    char *whole = !*symbol ? spred_strdup(env, feature)
                  : twice  ? spred_format(env, "%s %s", feature, symbol)
                           : spred_strdup(env, symbol);
    char *name = whole ? plots_shorten(env, whole, GENE_CHARACTERS) : NULL;
    spred_free(env, whole);
    return name;
}

static enum spred_status put_tic(struct plots_figure *f, char *name, int first,
                                 double at)
{
    struct spred_env *env = f->context->env;
    enum spred_status status =
        name ? spred_buffer_add(env, &f->gp, "%s", first ? "" : ", ")
             : SPRED_ENOMEM;
    if (!status)
        status = plots_quote_tic(env, &f->gp, name);
    spred_free(env, name);
    return status ? status : spred_buffer_add(env, &f->gp, " %g", at);
}

static enum spred_status put_axes(struct plots_figure *f, const struct map *m)
{
    struct spred_env *env = f->context->env;
    SPRED_TRY(spred_buffer_add(env, &f->gp, "set ytics scale 0 ("));
    for (size_t i = 0; i < m->n_rows; i++)
        SPRED_TRY(put_tic(f, gene_name(env, m, i), i == 0, (double)i + 1));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        ") noenhanced\nif (form ne 'dumb' && form ne 'ansi') set xtics rotate "
        "by 60 right offset 0.4,0\nset xtics scale 0 ("));
    for (size_t i = 0; i < m->n_columns; i++)
        SPRED_TRY(put_tic(
            f,
            plots_shorten(env,
                          results_text(m->methods, m->columns[i], "method"),
                          METHOD_CHARACTERS),
            i == 0, (double)i + 1));
    return spred_buffer_add(
        env, &f->gp,
        ") noenhanced\nset xrange [0.5:%g]\nset yrange [%g:0.5]\nunset grid\n"
        "set style fill solid 1 noborder\n"
        "set palette defined (0 '#f7fbff', 1 '#9ecae1', 2 '#3182bd', "
        "3 '#08306b')\nset cbrange [0:1]\nset cbtics 0.25 font font_tics\n"
        "set cblabel 'share of trials'\n",
        (double)m->n_columns + 0.5, (double)m->n_rows + 0.5);
}

static enum spred_status put_data(struct plots_figure *f, const struct map *m)
{
    struct spred_env *env = f->context->env;
    char what[160];
    snprintf(what, sizeof what,
             "%.80s: method, place of the gene, share of trials", m->dataset);
    SPRED_TRY(plots_block(f, what));
    for (size_t k = 0; k < m->n_columns; k++) {
        snprintf(what, sizeof what, "method %zu: %.100s", k + 1,
                 results_text(m->methods, m->columns[k], "method"));
        SPRED_TRY(plots_comment(f, what));
    }
    for (size_t i = 0; i < m->n_rows; i++) {
        char *name = gene_name(env, m, i);
        enum spred_status status = name ? plots_comment(f, name) : SPRED_ENOMEM;
        spred_free(env, name);
        SPRED_TRY(status);
        for (size_t k = 0; k < m->n_columns; k++) {
            size_t row = find_gene(
                m, i + 1, results_text(m->methods, m->columns[k], "method"));
            double share = row < m->genes->n_rows
                               ? results_real(m->genes, row, "share")
                               : 0;
            SPRED_TRY(plots_numbers(
                f, (double[]){(double)k + 1, (double)i + 1, share}, 3));
        }
    }
    return SPRED_OK;
}

/* The data set's methods that are no columns. */
static enum spred_status put_others(struct plots_figure *f, const struct map *m,
                                    enum use use, const char *lead)
{
    const struct results_table *t = m->methods;
    size_t count = 0;
    for (size_t row = 0; row < t->n_rows; row++)
        if (strcmp(results_text(t, row, "dataset"), m->dataset) == 0 &&
            use_of(m, row) == use)
            SPRED_TRY(spred_buffer_add(f->context->env, &f->caption, "%s%.60s",
                                       count++ ? ", " : lead,
                                       results_text(t, row, "method")));
    return count ? spred_buffer_add(f->context->env, &f->caption, ". ")
                 : SPRED_OK;
}

/* Few genes have higher rows. */
static double row_height(const struct map *m)
{
    return fmin(fmax(ROW, COLOUR_BAR / (double)m->n_rows), ROW_MOST);
}

static void lay_out(struct plots_figure *f, const struct map *m,
                    const struct plots_method_list *list)
{
    double left = 16 + CHARACTER * GENE_CHARACTERS;
    double names = 0.87 * (CHARACTER - 0.6) *
                   (double)plots_method_width(list, METHOD_CHARACTERS);
    double wide = COLUMN_MOST * (double)m->n_columns;
    double most = PLOTS_PAGE_WIDTH - left - COLOUR_BAR;
    plots_figure_layout(f, 1, left,
                        PLOTS_PAGE_WIDTH - left - (wide < most ? wide : most),
                        0, row_height(m) * (double)m->n_rows);
    f->height += fmax(names - BELOW, 0);
}

static enum spred_status put_page(struct plots_figure *f, const struct map *m)
{
    struct spred_env *env = f->context->env;
    char *name = plots_dataset_title(f->context, m->dataset);
    enum spred_status status = name ? plots_panel(f, 0, name) : SPRED_ENOMEM;
    spred_free(env, name);
    SPRED_TRY(status);
    SPRED_TRY(put_data(f, m));
    SPRED_TRY(put_axes(f, m));
    if (f->panel_height < COLOUR_BAR - 1) /* the cells have numbers */
        SPRED_TRY(spred_buffer_add(env, &f->gp, "unset colorbox\n"));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "percent(x) = x > 0 ? sprintf('%%.0f', 100*x) : ''\n"
        "if (form eq 'dumb' || form eq 'ansi') {\n"
        "  plot data index 0 using 1:2:(percent($3)) with labels notitle\n"
        "} else {\n"
        "  plot data index 0 using 1:2:(0.5):(0.5):3 with boxxyerror lc "
        "palette notitle, \\\n"
        "    data index 0 using 1:2:($3 < %g ? percent($3) : '') with labels "
        "font font_small tc rgb '#202020' notitle, \\\n"
        "    data index 0 using 1:2:($3 < %g ? '' : percent($3)) with labels "
        "font font_small tc rgb '#ffffff' notitle\n}\nunset colorbox\n",
        DARK, DARK));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption,
        "The genes that methods choose most often on %.60s (at most %d, by the "
        "mean share over the methods that leave genes out), and in how many %% "
        "of its trials with a choice each method chose them; empty: in none. ",
        m->dataset, GENES));
    SPRED_TRY(put_others(f, m, USES_ALL, "Uses every gene: "));
    SPRED_TRY(put_others(f, m, CHOOSES_NONE, "Chose no gene: "));
    SPRED_TRY(put_others(f, m, NO_RESULT, "No result: "));
    const struct results_table *t = m->methods;
    size_t first = m->columns[0];
    return plots_provenance(f, t, first, first + 1);
}

static enum spred_status draw_dataset(struct plots_context *context,
                                      const struct plots_method_list *list,
                                      struct map *m)
{
    struct plots_figure f;
    SPRED_TRY(find_columns(context->env, m));
    find_rows(m);
    if (m->n_rows == 0 || m->n_columns == 0)
        return SPRED_OK;
    enum spred_status status =
        plots_figure_begin(context, &f, "gene-map", m->dataset, 1);
    if (!status && !context->dry) {
        lay_out(&f, m, list);
        status = put_page(&f, m);
    }
    return plots_figure_end(&f, status);
}

static enum spred_status draw(struct plots_context *context)
{
    struct plots_method_list list;
    const struct results_table *methods, *genes;
    SPRED_TRY(plots_methods(context, &methods));
    if (!methods || plots_only_networks(methods))
        return SPRED_OK;
    SPRED_TRY(plots_ask(context, "chosen-genes", &genes));
    enum spred_status status = plots_method_list(context->env, methods, &list);
    for (size_t at = 0; at < methods->n_rows && !status;) {
        struct map m = {.methods = methods,
                        .genes = genes,
                        .dataset = results_text(methods, at, "dataset")};
        status = draw_dataset(context, &list, &m);
        spred_free(context->env, m.columns);
        at = plots_rows_end(methods, at, "dataset", methods->n_rows);
    }
    spred_free(context->env, list.first);
    return status;
}

const struct plots_kind plots_gene_map = {
    "gene-map", draw,
    "share of the trials in which each method chose each of the most often "
    "chosen genes"};
