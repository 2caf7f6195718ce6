/* versus.c: the query "versus": paired differences of balanced accuracy (paper
 * protocol: accuracy) between a data set's methods and its L1 logistic problem,
 * over the splits they share (query.h). */
#include <math.h>
#include <string.h>
#include "results/method.h"
#include "results/summary.h"

const struct results_head results_versus_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"method", RESULTS_TEXT, "as in methods"},
    {"against", RESULTS_TEXT,
     "the L1 logistic problem's method, else the first problem's"},
    {"verdict", RESULTS_TEXT, "better, worse or cannot separate"},
    {"trials", RESULTS_INT, "trials that both have"},
    {"difference", RESULTS_REAL,
     "mean of method - against on the same splits: balanced accuracy, paper "
     "protocol: accuracy"},
    {"half", RESULTS_REAL,
     "half width of its 95% interval (corrected resampled t; kind: given: t "
     "over seeds)"},
    {NULL, RESULTS_TEXT, NULL}};

static int is_l1_logistic(const struct results_view *view,
                          const struct results_method *method)
{
    const struct results_run *run = &view->runs[method->begin].run;
    return !method->model && run->loss && run->penalty &&
           (strcmp(run->loss, "logistic") == 0 ||
            strcmp(run->loss, "multinomial") == 0) &&
           strcmp(run->penalty, "l1") == 0;
}

/* What the validation part chose by, on the test part. */
static double score_of(const struct results_run *run)
{
    return run->protocol && strcmp(run->protocol, "paper") == 0
               ? run->accuracy
               : run->balanced_accuracy;
}

static int has_accuracy(const struct results_view *view,
                        const struct results_method *method)
{
    for (size_t i = method->begin; i < method->end; i++)
        if (!isnan(score_of(&view->runs[i].run)))
            return 1;
    return 0;
}

/* The differences of the trials that both have; returns their number. */
static size_t pair(const struct results_view *view,
                   const struct results_method *a,
                   const struct results_method *b, double *differences)
{
    size_t n = 0;
    for (size_t i = a->begin; i < a->end; i++)
        for (size_t k = b->begin; k < b->end; k++) {
            const struct results_run *x = &view->runs[i].run;
            const struct results_run *y = &view->runs[k].run;
            double d = score_of(x) - score_of(y);
            if (x->trial == y->trial && !isnan(d))
                differences[n++] = d;
        }
    return n;
}

static enum spred_status add_row(struct spred_env *env,
                                 const struct results_view *view,
                                 const struct results_method *method,
                                 const struct results_method *against,
                                 double *scratch, struct results_table *out)
{
    double mean, half;
    size_t n = pair(view, method, against, scratch);
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    results_interval(scratch, n, method->ratio, &mean, &half);
    SPRED_TRY(results_cell_text(env, &row[0], method->dataset));
    SPRED_TRY(results_cell_text(env, &row[1], method->name));
    SPRED_TRY(results_cell_text(env, &row[2], against->name));
    SPRED_TRY(results_cell_text(env, &row[3],
                                mean - half > 0   ? "better"
                                : mean + half < 0 ? "worse"
                                                  : "cannot separate"));
    row[4].real = (double)n;
    row[5].real = mean;
    row[6].real = half;
    return SPRED_OK;
}

enum spred_status results_versus(struct spred_env *env,
                                 struct results_view *view,
                                 struct results_table *out)
{
    struct results_methods m;
    double *scratch = spred_alloc(env, view->n_runs, sizeof *scratch);
    if (!scratch)
        return SPRED_ENOMEM;
    enum spred_status status = results_methods_list(env, view, &m);
    for (size_t i = 0, end; i < m.n && !status; i = end) {
        size_t against = m.n;
        for (end = i;
             end < m.n && strcmp(m.rows[end].dataset, m.rows[i].dataset) == 0;
             end++) {
            if (m.rows[end].model || !has_accuracy(view, &m.rows[end]))
                continue;
            if (against == m.n || (is_l1_logistic(view, &m.rows[end]) &&
                                   !is_l1_logistic(view, &m.rows[against])))
                against = end;
        }
        for (size_t k = i; against < m.n && k < end && !status; k++)
            if (k != against && has_accuracy(view, &m.rows[k]))
                status = add_row(env, view, &m.rows[k], &m.rows[against],
                                 scratch, out);
    }
    results_methods_free(env, &m);
    spred_free(env, scratch);
    return status;
}
