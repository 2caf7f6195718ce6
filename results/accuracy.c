/* accuracy.c: the query "accuracy-genes": how well, with how many genes. */
#include <math.h>
#include <string.h>
#include "results/summary.h"
#include "results/view.h"

#define SAME_ACCURACY 0.01
#define SAME_GENES 2.0
#define SAME_GENES_SHARE 0.05

const struct results_head results_accuracy_genes_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label"},
    {"genes", RESULTS_REAL, "median number of genes over trials"},
    {"genes_low", RESULTS_REAL, "fewest"},
    {"genes_high", RESULTS_REAL, "most"},
    {"accuracy", RESULTS_REAL, "mean balanced accuracy, test part"},
    {"half", RESULTS_REAL, "half width of its 95% interval"},
    {"trials", RESULTS_INT, "trials with an accuracy"},
    {"certified", RESULTS_INT, "1: every trial ended certified (models: done)"},
    {"classes", RESULTS_INT, "classes of the data set"},
    {"group", RESULTS_INT,
     "solvers of one problem that agree; unique in the data set"},
    {NULL, RESULTS_TEXT, NULL}};

enum {
    GENES = 3,
    LOW,
    HIGH,
    ACCURACY,
    HALF,
    TRIALS,
    CERTIFIED,
    CLASSES,
    GROUP
};

/* The group of the first row of its problem from begin on that row `last`
 * agrees with. */
static double group_of(const struct results_table *table, size_t begin)
{
    size_t n = table->n_columns, last = table->n_rows - 1;
    const struct results_cell *now = table->cells + last * n;
    for (size_t i = begin; i < last && now[CERTIFIED].real > 0; i++) {
        const struct results_cell *old = table->cells + i * n;
        if (!results_same(table, i, last, "problem"))
            continue;
        double genes = fmax(SAME_GENES, SAME_GENES_SHARE * old[GENES].real);
        if (old[CERTIFIED].real > 0 &&
            fabs(old[ACCURACY].real - now[ACCURACY].real) <= SAME_ACCURACY &&
            fabs(old[GENES].real - now[GENES].real) <= genes)
            return old[GROUP].real;
    }
    return (double)(last - begin + 1);
}

static void fill(struct results_cell *row, const struct results_view_run *runs,
                 size_t n, double *scratch)
{
    double ratio = 0, ratios = 0;
    size_t certified = 0;
    for (size_t i = 0; i < n; i++) {
        const struct results_run *run = &runs[i].run;
        double support = run->support == INT64_MIN ? NAN : (double)run->support;
        certified +=
            results_run_is(run, results_run_is_model(run) ? "done"
                                                          : "certified") != 0;
        row[LOW].real = fmin(row[LOW].real, support);
        row[HIGH].real = fmax(row[HIGH].real, support);
        if (run->classes > 0)
            row[CLASSES].real = (double)run->classes;
        if (!isnan(results_run_ratio(run))) {
            ratio += results_run_ratio(run);
            ratios++;
        }
        scratch[i] = support;
    }
    row[GENES].real = results_median(scratch, n);
    for (size_t i = 0; i < n; i++)
        scratch[i] = runs[i].run.balanced_accuracy;
    row[TRIALS].real =
        (double)results_interval(scratch, n, ratios > 0 ? ratio / ratios : 0,
                                 &row[ACCURACY].real, &row[HALF].real);
    row[CERTIFIED].real = certified == n;
}

enum spred_status results_accuracy_genes(struct spred_env *env,
                                         struct results_view *view,
                                         struct results_table *out)
{
    enum spred_status status = SPRED_OK;
    double *scratch = spred_alloc(env, view->n_runs, sizeof *scratch);
    if (!scratch)
        return SPRED_ENOMEM;
    for (size_t i = 0, end, begin = 0; i < view->n_runs && !status; i = end) {
        const struct results_view_run *runs = &view->runs[i];
        int any = 0;
        if (i == 0 || strcmp(runs->dataset, runs[-1].dataset) != 0)
            begin = out->n_rows;
        end = results_view_solver_end(view, i);
        for (size_t k = i; k < end; k++)
            any = any || !isnan(view->runs[k].run.balanced_accuracy);
        if (!any)
            continue;
        struct results_cell *row = results_table_row(env, out);
        status =
            row ? results_cell_text(env, &row[0], runs->dataset) : SPRED_ENOMEM;
        if (!status)
            status = results_cell_text(env, &row[1], runs->run.problem);
        if (!status)
            status = results_cell_text(env, &row[2], runs->solver);
        if (status)
            break;
        fill(row, runs, end - i, scratch);
        row[GROUP].real = results_run_is_model(&runs->run)
                              ? (double)(out->n_rows - begin)
                              : group_of(out, begin);
    }
    spred_free(env, scratch);
    return status;
}
