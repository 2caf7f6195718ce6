/* methods.c: the methods of a store: their list, colours, short names, and
 * pages of their data sets. */
#include "plots/methods.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLOURS 12

enum spred_status plots_methods(struct plots_context *context,
                                const struct results_table **out)
{
    const struct results_table *t;
    *out = NULL;
    SPRED_TRY(plots_ask(context, "methods", &t));
    for (size_t i = 0; i < t->n_rows; i++)
        if (strcmp(results_text(t, i, "kind"), "model") == 0)
            *out = t;
    return SPRED_OK;
}

int plots_only_networks(const struct results_table *t)
{
    size_t models = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        int model = strcmp(results_text(t, i, "kind"), "model") == 0;
        int marks = results_real(t, i, "marks") > 0;
        if (model && !marks && results_real(t, i, "ended") > 0)
            return 0;
        models += model && marks;
    }
    return models > 0;
}

enum spred_status plots_method_list(struct spred_env *env,
                                    const struct results_table *table,
                                    struct plots_method_list *out)
{
    *out = (struct plots_method_list){.table = table};
    out->first = spred_alloc(env, table->n_rows + 1, sizeof *out->first);
    if (!out->first)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < table->n_rows; i++)
        if (plots_method_place(out, results_text(table, i, "method")) == out->n)
            out->first[out->n++] = i;
    return SPRED_OK;
}

const char *plots_method_name(const struct plots_method_list *list, size_t i)
{
    return results_text(list->table, list->first[i], "method");
}

size_t plots_method_place(const struct plots_method_list *list,
                          const char *method)
{
    size_t i = 0;
    while (i < list->n && strcmp(plots_method_name(list, i), method) != 0)
        i++;
    return i;
}

size_t plots_method_row(const struct results_table *table, const char *dataset,
                        const char *method)
{
    size_t row = 0;
    while (row < table->n_rows &&
           (strcmp(results_text(table, row, "dataset"), dataset) != 0 ||
            strcmp(results_text(table, row, "method"), method) != 0))
        row++;
    return row;
}

/* Twelve colours that stay apart on white, after Okabe and Ito, and Tol; the
 * shapes tell the same story without colours. */
struct plots_style plots_method_style(size_t place)
{
    static const char *const colours[COLOURS] = {
        "#0072B2", "#D55E00", "#009E73", "#882255", "#CC79A7", "#E69F00",
        "#56B4E9", "#7F7F7F", "#332288", "#8C564B", "#808000", "#202020"};
    static const int points[] = {7, 5, 9, 11, 13, 6, 4, 8, 10, 12};
    return (struct plots_style){colours[place % COLOURS], 1, points[place % 10],
                                points[(place + 5) % 10]};
}

int plots_uses_all(const struct results_table *table, size_t row)
{
    return results_real(table, row, "share_all") > 0.999;
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

char *plots_shorten(struct spred_env *env, const char *text, size_t n)
{
    size_t bytes = 0, count = 0;
    if (characters(text) <= n)
        return spred_strdup(env, text);
    for (; text[bytes]; bytes++)
        if (((unsigned char)text[bytes] & 0xC0) != 0x80 && count++ + 1 == n)
            break;
    return spred_format(env, "%.*s…", (int)bytes, text);
}

size_t plots_method_width(const struct plots_method_list *list, size_t limit)
{
    size_t most = 0;
    for (size_t i = 0; i < list->n; i++) {
        size_t n = characters(plots_method_name(list, i));
        most = n > most ? n : most;
    }
    return most < limit ? most : limit;
}

double plots_dataset_real(const struct plots_context *context,
                          const char *dataset, const char *column)
{
    for (size_t i = 0; i < context->datasets.n_rows; i++)
        if (strcmp(results_text(&context->datasets, i, "dataset"), dataset) ==
            0)
            return results_real(&context->datasets, i, column);
    return NAN;
}

static enum spred_status draw_page(struct plots_context *context,
                                   const struct plots_method_pages *pages,
                                   const struct plots_method_list *list,
                                   size_t first, size_t end, size_t panels,
                                   size_t page)
{
    struct plots_figure f;
    char part[24];
    snprintf(part, sizeof part, "%zu", page);
    enum spred_status status = plots_figure_begin(
        context, &f, pages->kind, page > 1 ? part : NULL, panels);
    if (!status && !context->dry)
        status = pages->put_page(&f, list, first, end);
    return plots_figure_end(&f, status);
}

enum spred_status plots_method_pages(struct plots_context *context,
                                     const struct plots_method_pages *pages)
{
    const struct results_table *t;
    struct plots_method_list list;
    size_t panels = 0, page = 0;
    SPRED_TRY(plots_methods(context, &t));
    if (!t || plots_only_networks(t))
        return SPRED_OK;
    for (size_t at = 0; at < t->n_rows; panels++)
        at = plots_rows_end(t, at, "dataset", t->n_rows);
    size_t sheets = (panels + pages->most - 1) / pages->most;
    size_t each = (panels + sheets - 1) / sheets;
    each += each < pages->most && each > 1 ? each % 2 : 0; /* full rows */
    enum spred_status status = plots_method_list(context->env, t, &list);
    for (size_t at = 0, next; at < t->n_rows && !status; at = next) {
        size_t n = 0;
        for (next = at; next < t->n_rows && n < each; n++)
            next = plots_rows_end(t, next, "dataset", t->n_rows);
        status = draw_page(context, pages, &list, at, next, n, ++page);
    }
    spred_free(context->env, list.first);
    return status;
}
