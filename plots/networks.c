/* networks.c: what the figures of compression share: stretches of rows, titles,
 * colours. */
#include <math.h>
#include <string.h>
#include "plots/compression.h"

size_t plots_network_end(const struct results_table *t, size_t first)
{
    size_t i = first;
    while (i < t->n_rows && results_same(t, first, i, "dataset") &&
           results_same(t, first, i, "network"))
        i++;
    return i;
}

size_t plots_network_method_end(const struct results_table *t, size_t first)
{
    size_t i = first, end = plots_network_end(t, first);
    while (i < end && results_same(t, first, i, "method") &&
           plots_is_dense(t, i) == plots_is_dense(t, first))
        i++;
    return i;
}

int plots_is_dense(const struct results_table *t, size_t row)
{
    return strcmp(results_text(t, row, "rule"), "dense") == 0;
}

enum spred_status plots_compression_style(struct plots_context *context,
                                          const char *method,
                                          struct plots_style *out)
{
    const struct results_table *t;
    size_t place = 0;
    SPRED_TRY(plots_ask(context, "compression", &t));
    for (size_t i = 0; i < t->n_rows; i++) {
        size_t before = 0;
        if (plots_is_dense(t, i))
            continue;
        if (strcmp(results_text(t, i, "method"), method) == 0)
            break;
        while (before < i && (plots_is_dense(t, before) ||
                              !results_same(t, before, i, "method")))
            before++;
        place += before == i;
    }
    *out = plots_method_style(place);
    return SPRED_OK;
}

char *plots_network_title(struct plots_context *context,
                          const struct results_table *t, size_t row)
{
    struct spred_env *env = context->env;
    char *dataset =
        plots_dataset_title(context, results_text(t, row, "dataset"));
    char *network = plots_shorten(env, results_text(t, row, "network"), 40);
    char *out = dataset && network ? spred_format(env, "%s%s%s", dataset,
                                                  *network ? ", " : "", network)
                                   : NULL;
    spred_free(env, dataset);
    spred_free(env, network);
    return out;
}

enum spred_status plots_network_begin(struct plots_context *context,
                                      struct plots_figure *f, const char *kind,
                                      const struct results_table *t, size_t row,
                                      size_t panels)
{
    const char *network = results_text(t, row, "network");
    char *part =
        spred_format(context->env, "%.40s%s%s", results_text(t, row, "dataset"),
                     *network ? "-" : "", network);
    memset(f, 0, sizeof *f);
    f->context = context;
    enum spred_status status =
        part ? plots_figure_begin(context, f, kind, part, panels)
             : SPRED_ENOMEM;
    spred_free(context->env, part);
    return status;
}
