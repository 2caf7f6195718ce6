/* chosen.c: the query "chosen-genes": which genes the methods of a data set
 * agree on (query.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/method.h"

#define PLACES 20

const struct results_head results_chosen_genes_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"method", RESULTS_TEXT, "as in methods; those that leave genes out"},
    {"symbol", RESULTS_TEXT, "gene symbol"},
    {"feature", RESULTS_TEXT, "name of the feature"},
    {"count", RESULTS_INT, "trials of the method that chose it"},
    {"trials", RESULTS_INT, "trials of the method that left genes out"},
    {"share", RESULTS_REAL, "count / trials"},
    {"rank", RESULTS_REAL, "mean of its best rank over those trials"},
    {"place", RESULTS_INT, "1.. in the data set, by the mean share"},
    {NULL, RESULTS_TEXT, NULL}};

struct gene {
    const char *feature, *symbol; /* borrowed from the picks */
    double share;                 /* mean over the methods */
};

static int by_share(const void *pa, const void *pb)
{
    const struct gene *a = pa, *b = pb;
    if (fabs(a->share - b->share) > 1e-12)
        return a->share < b->share ? 1 : -1;
    return strcmp(a->feature, b->feature);
}

static int by_feature(const void *pa, const void *pb)
{
    const struct gene *a = pa, *b = pb;
    return strcmp(a->feature, b->feature);
}

/* A trial that uses every gene chooses none: it does not count. */
static size_t count_trials(const struct results_view *view,
                           const struct results_method *method)
{
    size_t trials = 0;
    for (size_t i = method->begin; i < method->end; i++)
        trials += results_run_chose(&view->runs[i].run) &&
                  !results_run_uses_all(&view->runs[i].run);
    return trials;
}

/* The data set's genes by their mean share over n methods. */
static enum spred_status rank_genes(struct spred_env *env,
                                    const struct results_view *view,
                                    const struct results_method *methods,
                                    const struct results_picks *picks, size_t n,
                                    struct gene **genes, size_t *n_genes)
{
    size_t count = 0, kept = 0;
    for (size_t m = 0; m < n; m++)
        count += picks[m].n;
    *genes = spred_alloc(env, count + 1, sizeof **genes);
    if (!*genes)
        return SPRED_ENOMEM;
    count = 0;
    for (size_t m = 0; m < n; m++) {
        double weight = 1 / (double)n / (double)count_trials(view, &methods[m]);
        for (size_t k = 0; k < picks[m].n; k++)
            (*genes)[count++] = (struct gene){picks[m].rows[k].feature,
                                              picks[m].rows[k].symbol, weight};
    }
    if (count > 1)
        qsort(*genes, count, sizeof **genes, by_feature);
    for (size_t i = 1; i < count; i++) {
        struct gene *to = &(*genes)[kept], *from = &(*genes)[i];
        if (strcmp(to->feature, from->feature) == 0) {
            to->share += from->share;
            to->symbol = *to->symbol ? to->symbol : from->symbol;
        } else {
            (*genes)[++kept] = *from;
        }
    }
    *n_genes = count ? kept + 1 : 0;
    if (*n_genes > 1)
        qsort(*genes, *n_genes, sizeof **genes, by_share);
    return SPRED_OK;
}

static enum spred_status
add_row(struct spred_env *env, const struct results_view *view,
        const struct results_method *method, const struct results_picks *picks,
        const struct gene *gene, size_t place, struct results_table *out)
{
    double count = 0, ranks = 0;
    double trials = (double)count_trials(view, method);
    for (size_t k = 0; k < picks->n; k++)
        if (strcmp(picks->rows[k].feature, gene->feature) == 0) {
            count++;
            ranks += picks->rows[k].rank;
        }
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    SPRED_TRY(results_cell_text(env, &row[0], method->dataset));
    SPRED_TRY(results_cell_text(env, &row[1], method->name));
    SPRED_TRY(results_cell_text(env, &row[2], gene->symbol));
    SPRED_TRY(results_cell_text(env, &row[3], gene->feature));
    row[4].real = count;
    row[5].real = trials;
    row[6].real = count / trials;
    row[7].real = count > 0 ? ranks / count : NAN;
    row[8].real = (double)place;
    return SPRED_OK;
}

/* One data set: n methods, of which those that leave genes out count. */
static enum spred_status add_dataset(struct spred_env *env,
                                     struct results_view *view,
                                     const struct results_method *methods,
                                     size_t n, struct results_table *out)
{
    struct results_method *used = spred_alloc(env, n, sizeof *used);
    struct results_picks *picks = spred_alloc(env, n, sizeof *picks);
    struct gene *genes = NULL;
    size_t m = 0, n_genes = 0;
    enum spred_status status = used && picks ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; i < n && !status; i++)
        if (results_method_selects(view, &methods[i])) {
            used[m] = methods[i];
            status = results_picks_read(env, view, &used[m], &picks[m]);
            m++;
        }
    if (!status)
        status = rank_genes(env, view, used, picks, m, &genes, &n_genes);
    for (size_t g = 0; g < n_genes && g < PLACES && !status; g++)
        for (size_t i = 0; i < m && !status; i++)
            status =
                add_row(env, view, &used[i], &picks[i], &genes[g], g + 1, out);
    for (size_t i = 0; i < m; i++)
        results_picks_free(env, &picks[i]);
    spred_free(env, genes);
    spred_free(env, picks);
    spred_free(env, used);
    return status;
}

enum spred_status results_chosen_genes(struct spred_env *env,
                                       struct results_view *view,
                                       struct results_table *out)
{
    struct results_methods m;
    enum spred_status status = results_methods_list(env, view, &m);
    for (size_t i = 0, end; i < m.n && !status; i = end) {
        for (end = i;
             end < m.n && strcmp(m.rows[end].dataset, m.rows[i].dataset) == 0;)
            end++;
        status = add_dataset(env, view, &m.rows[i], end - i, out);
    }
    results_methods_free(env, &m);
    return status;
}
