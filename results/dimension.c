/* dimension.c: the query "time-dimension": the summary's times, by problem,
 * solver and number of features. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/view.h"

const struct results_head results_dimension_heads[] = {
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label"},
    {"dataset", RESULTS_TEXT, "label"},
    {"features", RESULTS_INT, "features"},
    {"seconds", RESULTS_REAL, "median billed time, however it ended [s]"},
    {"low", RESULTS_REAL, "least billed time [s]"},
    {"high", RESULTS_REAL, "largest billed time [s]"},
    {"certified", RESULTS_INT,
     "trials certified to the asked gap (power: stationary to it)"},
    {"trials", RESULTS_INT, "trials that were not skipped"},
    {"target", RESULTS_REAL, "asked relative gap"},
    {NULL, RESULTS_TEXT, NULL}};

struct order {
    const struct results_table *summary;
    size_t row;
};

static int by_problem(const void *pa, const void *pb)
{
    const struct order *a = pa, *b = pb;
    const struct results_table *s = a->summary;
    int c = strcmp(results_text(s, a->row, "problem"),
                   results_text(s, b->row, "problem"));
    c = c ? c
          : strcmp(results_text(s, a->row, "solver"),
                   results_text(s, b->row, "solver"));
    if (c)
        return c;
    double x = results_real(s, a->row, "features");
    double y = results_real(s, b->row, "features");
    c = (x > y) - (x < y);
    return c ? c : (a->row > b->row) - (a->row < b->row);
}

static enum spred_status add_row(struct spred_env *env,
                                 const struct results_table *s, size_t i,
                                 struct results_table *out)
{
    static const char *const reals[] = {"features", "seconds", "seconds_min",
                                        "seconds_max", "certified"};
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    SPRED_TRY(results_cell_text(env, &row[0], results_text(s, i, "problem")));
    SPRED_TRY(results_cell_text(env, &row[1], results_text(s, i, "solver")));
    SPRED_TRY(results_cell_text(env, &row[2], results_text(s, i, "dataset")));
    for (size_t k = 0; k < sizeof reals / sizeof *reals; k++)
        row[3 + k].real = results_real(s, i, reals[k]);
    row[7].real += results_real(s, i, "stationary"); /* one of the two is 0 */
    row[8].real = results_real(s, i, "jobs") - results_real(s, i, "skipped");
    row[9].real = results_real(s, i, "gap_target");
    return SPRED_OK;
}

enum spred_status results_dimension(struct spred_env *env,
                                    struct results_view *view,
                                    struct results_table *out)
{
    struct results_table summary;
    SPRED_TRY(results_query(env, view, "summary", &summary));
    struct order *order = spred_alloc(env, summary.n_rows, sizeof *order);
    enum spred_status status = order ? SPRED_OK : SPRED_ENOMEM;
    size_t n = 0;
    for (size_t i = 0; order && i < summary.n_rows; i++)
        if (!isnan(results_real(&summary, i, "seconds")) &&
            !isnan(results_real(&summary, i, "features")))
            order[n++] = (struct order){&summary, i};
    if (n > 1)
        qsort(order, n, sizeof *order, by_problem);
    for (size_t i = 0; i < n && !status; i++)
        status = add_row(env, &summary, order[i].row, out);
    spred_free(env, order);
    results_table_free(env, &summary);
    return status;
}
