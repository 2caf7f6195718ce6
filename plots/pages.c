/* pages.c: an answer by data set and problem as pages, one problem each. */
#include <math.h>
#include <string.h>
#include "plots/figure.h"

#define PANELS_MAX 9

/* The answer comes by data set, then problem; the pages want the reverse, and
 * only rows with something to show. */
static void copy_problem(const struct results_table *t, const char *problem,
                         const char *need, struct results_table *page)
{
    page->n_rows = 0;
    for (size_t i = 0; i < t->n_rows; i++)
        if (strcmp(results_text(t, i, "problem"), problem) == 0 &&
            !(need && isnan(results_real(t, i, need))))
            memcpy(page->cells + t->n_columns * page->n_rows++,
                   t->cells + t->n_columns * i,
                   t->n_columns * sizeof *t->cells);
}

static enum spred_status draw_problem(struct plots_context *context,
                                      const char *kind,
                                      const struct results_table *page,
                                      size_t each, plots_page *put_page)
{
    enum spred_status status = SPRED_OK;
    for (size_t at = 0, next; at < page->n_rows && !status; at = next) {
        struct plots_figure f;
        size_t panels = 0;
        for (next = at; next < page->n_rows && panels + each <= PANELS_MAX;
             panels += each)
            next = plots_rows_end(page, next, "dataset", page->n_rows);
        status = plots_figure_begin(context, &f, kind,
                                    results_text(page, at, "problem"), panels);
        if (!status && !context->dry)
            status = put_page(&f, page, at, next);
        status = plots_figure_end(&f, status);
    }
    return status;
}

enum spred_status plots_by_problem(struct plots_context *context,
                                   const char *query, const char *kind,
                                   const char *need, size_t each,
                                   plots_page *put_page)
{
    struct spred_env *env = context->env;
    struct results_table t;
    SPRED_TRY(results_query(env, context->view, query, &t));
    struct results_table page = t; /* borrows the texts of t */
    page.cells = spred_alloc(env, t.n_rows * t.n_columns, sizeof *page.cells);
    enum spred_status status = page.cells ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; i < t.n_rows && !status; i++) {
        size_t before = 0;
        while (!results_same(&t, before, i, "problem"))
            before++;
        if (before < i)
            continue;
        copy_problem(&t, results_text(&t, i, "problem"), need, &page);
        status = draw_problem(context, kind, &page, each, put_page);
    }
    spred_free(env, page.cells);
    results_table_free(env, &t);
    return status;
}
