/* summary.c: the query "summary": one row per data set, problem and solver. */
#include "results/summary.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/view.h"
#include "spred/text.h"

#define MEAN_AND_INTERVAL(name, what)                                          \
    {name, RESULTS_REAL, what ", mean over trials"},                           \
    {                                                                          \
        name "_half", RESULTS_REAL,                                            \
            what ", half width of the 95% interval (corrected resampled t; "   \
                 "kind: given: t "                                             \
                 "over seeds)"                                                 \
    }

const struct results_head results_summary_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label"},
    {"statuses", RESULTS_TEXT, "how the runs ended: \"certified 4, time 1\""},
    {"penalty", RESULTS_TEXT, "of the problem"},
    {"jobs", RESULTS_INT, "runs, skipped ones too"},
    {"certified", RESULTS_INT, "runs certified to the asked gap"},
    {"skipped", RESULTS_INT, "runs the solver refused"},
    {"certified_seconds", RESULTS_REAL,
     "median billed time of runs not skipped; not certified (not convex: not "
     "stationary) = infinite [s]"},
    {"seconds", RESULTS_REAL, "median billed time, however it ended [s]"},
    {"seconds_min", RESULTS_REAL, "least billed time [s]"},
    {"seconds_max", RESULTS_REAL, "largest billed time [s]"},
    {"setup", RESULTS_REAL, "median of set-up and constants, billed [s]"},
    {"solve", RESULTS_REAL, "median of the steps, billed [s]"},
    {"load", RESULTS_REAL, "median of loading, not billed [s]"},
    {"prepare", RESULTS_REAL, "median of preprocessing, not billed [s]"},
    {"certify", RESULTS_REAL, "median of the certificates, not billed [s]"},
    {"passes", RESULTS_REAL, "median of the passes over the data"},
    {"gap", RESULTS_REAL, "worst relative gap over trials and path"},
    {"gap_target", RESULTS_REAL, "asked relative gap"},
    {"features", RESULTS_REAL, "features"},
    {"zeros", RESULTS_REAL,
     "share of |weights| <= 1e-6, chosen lambda, median"},
    {"wall", RESULTS_REAL, "median wall time of all paths [s]"},
    {"ratio", RESULTS_REAL, "chosen lambda / lambda_max, median"},
    {"ratio_min", RESULTS_REAL, "the same of the least cross-validated loss"},
    {"ratio_1se", RESULTS_REAL, "the same by the one-standard-error rule"},
    {"cv_loss", RESULTS_REAL, "cross-validated loss, chosen lambda, median"},
    {"cv_se", RESULTS_REAL, "its standard error, median"},
    {"support", RESULTS_REAL, "median number of genes"},
    {"peak_mib", RESULTS_REAL, "median peak memory [MiB]"},
    MEAN_AND_INTERVAL("accuracy", "accuracy"),
    MEAN_AND_INTERVAL("balanced", "balanced accuracy"),
    MEAN_AND_INTERVAL("auc", "area under the ROC curve"),
    MEAN_AND_INTERVAL("r2", "share of the variance explained"),
    {"majority", RESULTS_REAL, "share of the largest class, mean"},
    {"convex", RESULTS_INT, "0: no gap exists, runs end stationary"},
    {"stationary", RESULTS_INT, "runs stationary to the asked tolerance"},
    {"stationarity", RESULTS_REAL, "worst over trials and path; not convex"},
    {NULL, RESULTS_TEXT, NULL}};

static int compare_reals(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;
    return (a > b) - (a < b);
}

void results_sort(double *values, size_t n)
{
    if (n > 1)
        qsort(values, n, sizeof *values, compare_reals);
}

double results_median(double *values, size_t n)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            values[m++] = values[i];
    if (m == 0)
        return NAN;
    results_sort(values, m);
    if (m % 2 || isinf(values[m / 2]))
        return values[m / 2];
    return (values[m / 2 - 1] + values[m / 2]) / 2;
}

size_t results_interval(const double *values, size_t n, double ratio,
                        double *mean, double *half)
{
    double sum = 0, squares = 0;
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            sum += values[i], m++;
    *mean = m ? sum / (double)m : NAN;
    *half = NAN;
    if (m < 2)
        return m;
    double least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) {
            squares += (values[i] - *mean) * (values[i] - *mean);
            least = fmin(least, values[i]);
            most = fmax(most, values[i]);
        }
    /* Equal but for rounding is equal. */
    if (!(most - least > 1e-12 * fmax(1, fabs(*mean))))
        return m;
    double freedom = (double)m - 1;
    *half = gsl_cdf_tdist_Pinv(0.975, freedom) *
            sqrt(squares / freedom * (1 / (double)m + ratio));
    return m;
}

/* "certified 4, time 1", in the order of first appearance. */
static enum spred_status count_statuses(struct spred_env *env,
                                        const struct results_view_run *runs,
                                        size_t n, struct spred_buffer *out)
{
    for (size_t i = 0; i < n; i++) {
        const char *status = runs[i].run.status ? runs[i].run.status : "none";
        size_t first = 0, count = 0;
        while (!results_run_is(&runs[first].run, status) && first < i)
            first++;
        if (first < i)
            continue;
        for (size_t k = i; k < n; k++)
            count += results_run_is(&runs[k].run, status) || k == i;
        SPRED_TRY(spred_buffer_add(env, out, "%s%s %zu",
                                   out->length ? ", " : "", status, count));
    }
    return SPRED_OK;
}

static double real_of(int64_t value)
{
    return value == INT64_MIN ? NAN : (double)value;
}

/* The number of one run that a column is made of. */
static double number_of(const struct results_run *run, const char *name)
{
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"certified_seconds",
                    results_run_reached(run) ? run->seconds : INFINITY},
                   {"seconds", run->seconds},
                   {"setup", run->seconds_setup},
                   {"solve", run->seconds_solve},
                   {"load", run->seconds_load},
                   {"prepare", run->seconds_prepare},
                   {"certify", run->seconds_certify},
                   {"passes", run->passes},
                   {"support", real_of(run->support)},
                   {"features", real_of(run->features)},
                   {"zeros", run->zeros},
                   {"wall", run->seconds_wall},
                   {"ratio", run->lambda_ratio},
                   {"ratio_min", run->ratio_min},
                   {"ratio_1se", run->ratio_1se},
                   {"cv_loss", run->cv_loss},
                   {"cv_se", run->cv_se},
                   {"peak_mib", real_of(run->peak_rss_kib) / 1024},
                   {"accuracy", run->accuracy},
                   {"balanced", run->balanced_accuracy},
                   {"auc", run->auc},
                   {"r2", run->r2}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(numbers[i].name, name) == 0)
            return numbers[i].value;
    return NAN;
}

enum { NUMBERS = 5 }; /* the first column that is a number */

/* Fills the number columns of one row from n runs; scratch holds n. */
static void fill(struct results_cell *row, const struct results_view_run *runs,
                 size_t n, double *scratch)
{
    double ratio = 0, ratios = 0, majority = 0, majorities = 0;
    double jobs = 0, certified = 0, skipped = 0, gap = NAN, target = NAN;
    double least = NAN, most = NAN, stationary = 0, kkt = NAN;
    int convex = results_run_convex(&runs->run);
    for (size_t i = 0; i < n; i++) {
        const struct results_run *run = &runs[i].run;
        jobs++;
        certified += results_run_is(run, "certified");
        stationary += results_run_is(run, "stationary");
        skipped += results_run_is(run, "skipped");
        kkt = fmax(kkt, convex ? NAN : run->kkt);
        gap = fmax(gap, run->gap); /* fmax and fmin pass over NaN */
        target = fmax(target, run->gap_target);
        least = fmin(least, run->seconds);
        most = fmax(most, run->seconds);
        if (!isnan(results_run_ratio(run))) {
            ratio += results_run_ratio(run);
            ratios++;
        }
        if (!isnan(run->majority))
            majority += run->majority, majorities++;
    }
    ratio = ratios > 0 ? ratio / ratios : 0;
    majority = majorities > 0 ? majority / majorities : NAN;
    const struct {
        const char *name;
        double value;
    } known[] = {{"jobs", jobs},         {"certified", certified},
                 {"skipped", skipped},   {"gap", gap},
                 {"gap_target", target}, {"seconds_min", least},
                 {"seconds_max", most},  {"majority", majority},
                 {"convex", convex},     {"stationary", stationary},
                 {"stationarity", kkt}};
    for (size_t j = NUMBERS; results_summary_heads[j].name; j++) {
        const char *name = results_summary_heads[j].name;
        size_t k = 0, m = 0, n_known = sizeof known / sizeof *known;
        while (k < n_known && strcmp(known[k].name, name) != 0)
            k++;
        if (k < n_known) {
            row[j].real = known[k].value;
            continue;
        }
        for (size_t i = 0; i < n; i++)
            if (!results_run_is(&runs[i].run, "skipped"))
                scratch[m++] = number_of(&runs[i].run, name);
        const char *next = results_summary_heads[j + 1].name;
        if (next && strstr(next, "_half")) {
            results_interval(scratch, m, ratio, &row[j].real, &row[j + 1].real);
            j++;
        } else {
            row[j].real = results_median(scratch, m);
        }
    }
}

enum spred_status results_summary_table(struct spred_env *env,
                                        struct results_view *view,
                                        struct results_table *out)
{
    enum spred_status status = SPRED_OK;
    double *scratch = spred_alloc(env, view->n_runs, sizeof *scratch);
    if (!scratch)
        return SPRED_ENOMEM;
    for (size_t i = 0, end; i < view->n_runs && !status; i = end) {
        const struct results_view_run *runs = &view->runs[i];
        struct spred_buffer statuses = {0};
        end = results_view_solver_end(view, i);
        if (!results_run_is_solver(&runs->run)) /* methods, coding have them */
            continue;
        status = count_statuses(env, runs, end - i, &statuses);
        struct results_cell *row = status ? NULL : results_table_row(env, out);
        if (!row && !status)
            status = SPRED_ENOMEM;
        if (!status)
            status = results_cell_text(env, &row[0], runs->dataset);
        if (!status)
            status = results_cell_text(env, &row[1], runs->run.problem);
        if (!status)
            status = results_cell_text(env, &row[2], runs->solver);
        if (!status)
            status = results_cell_text(env, &row[3], statuses.text);
        if (!status)
            status = results_cell_text(env, &row[4], runs->run.penalty);
        if (!status)
            fill(row, runs, end - i, scratch);
        spred_free(env, statuses.text);
    }
    spred_free(env, scratch);
    return status;
}
