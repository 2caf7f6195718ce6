/* methods.c: the query "methods": models and solvers side by side, one row per
 * data set and method (query.h). */
#include <math.h>
#include <string.h>
#include "results/method.h"
#include "results/stability.h"
#include "results/summary.h"

#define MEAN_AND_HALF(name, what)                                              \
    {name, RESULTS_REAL, what ", mean over trials"},                           \
    {                                                                          \
        name "_half", RESULTS_REAL,                                            \
            what ", half width of the 95% interval (corrected resampled t)"    \
    }

const struct results_head results_methods_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"method", RESULTS_TEXT, "a model's label, or PROBLEM (SOLVER)"},
    {"kind", RESULTS_TEXT, "model or solver"},
    {"no_stability", RESULTS_TEXT, "why there is no stability; none: there is"},
    {"trials", RESULTS_INT, "trials that were not skipped"},
    {"ended", RESULTS_REAL,
     "share of them that ended well (done, certified, stationary)"},
    MEAN_AND_HALF("accuracy", "accuracy"),
    MEAN_AND_HALF("balanced", "balanced accuracy"),
    MEAN_AND_HALF("auc", "area under the ROC curve"),
    MEAN_AND_HALF("r2", "share of the variance explained"),
    {"genes", RESULTS_REAL, "median number of genes over trials"},
    {"genes_low", RESULTS_REAL, "fewest"},
    {"genes_high", RESULTS_REAL, "most"},
    {"share_all", RESULTS_INT, "1: every trial uses every gene"},
    {"stability", RESULTS_REAL,
     "Nogueira, Sechidis and Brown 2018: 1 = the same genes in every trial, 0 "
     "= as by chance"},
    {"stability_low", RESULTS_REAL, "its 95% interval (asymptotic)"},
    {"stability_high", RESULTS_REAL, "its 95% interval (asymptotic)"},
    {"jaccard", RESULTS_REAL, "mean over pairs of trials"},
    {"seconds", RESULTS_REAL, "median billed time, however it ended [s]"},
    {"peak_mib", RESULTS_REAL, "median peak memory [MiB]"},
    MEAN_AND_HALF("precision", "simulated: share of the genes with an effect"),
    MEAN_AND_HALF("recall", "simulated: share of the effects that were found"),
    MEAN_AND_HALF("fdr", "simulated: share of false genes; no genes: 0"),
    {"majority", RESULTS_REAL, "share of the largest class, mean"},
    {"ceiling", RESULTS_REAL, "paper protocol: 1/T"},
    {"informed", RESULTS_REAL, "paper protocol: (1-.8^T)/(.2T)"},
    {"simulated", RESULTS_INT, "1: simulated data"},
    {"marks", RESULTS_INT, "1: networks made sparse: see compression"},
    {NULL, RESULTS_TEXT, NULL}};

static double real_of(int64_t value)
{
    return value == INT64_MIN ? NAN : (double)value;
}

static double accuracy_of(const struct results_run *run)
{
    return run->accuracy;
}

static double balanced_of(const struct results_run *run)
{
    return run->balanced_accuracy;
}

static double auc_of(const struct results_run *run)
{
    return run->auc;
}

static double r2_of(const struct results_run *run)
{
    return run->r2;
}

/* Does the truth speak for the run? */
static int is_judged(const struct results_run *run)
{
    return run->truth > 0 && run->true_positives >= 0 && results_run_chose(run);
}

static double precision_of(const struct results_run *run)
{
    return is_judged(run) && run->support > 0
               ? (double)run->true_positives / (double)run->support
               : NAN;
}

static double recall_of(const struct results_run *run)
{
    return is_judged(run) ? (double)run->true_positives / (double)run->truth
                          : NAN;
}

/* V / max(R, 1) (Benjamini and Hochberg 1995). */
static double fdr_of(const struct results_run *run)
{
    return !is_judged(run)     ? NAN
           : run->support == 0 ? 0
                               : 1 - precision_of(run);
}

static double majority_of(const struct results_run *run)
{
    return run->majority;
}

static double ceiling_of(const struct results_run *run)
{
    return run->ceiling;
}

static double informed_of(const struct results_run *run)
{
    return run->informed;
}

static double seconds_of(const struct results_run *run)
{
    return run->seconds;
}

static double peak_of(const struct results_run *run)
{
    return real_of(run->peak_rss_kib) / 1024;
}

static double genes_of(const struct results_run *run)
{
    return results_run_chose(run) ? (double)run->support : NAN;
}

/* Columns that are one number of each run: its mean, with the half width in
 * the next column, or its median. */
static const struct {
    const char *name;
    double (*number)(const struct results_run *);
    enum { INTERVAL, MEAN, MEDIAN } what;
} numbers[] = {{"accuracy", accuracy_of, INTERVAL},
               {"balanced", balanced_of, INTERVAL},
               {"auc", auc_of, INTERVAL},
               {"r2", r2_of, INTERVAL},
               {"precision", precision_of, INTERVAL},
               {"recall", recall_of, INTERVAL},
               {"fdr", fdr_of, INTERVAL},
               {"majority", majority_of, MEAN},
               {"ceiling", ceiling_of, MEAN},
               {"informed", informed_of, MEAN},
               {"seconds", seconds_of, MEDIAN},
               {"peak_mib", peak_of, MEDIAN},
               {"genes", genes_of, MEDIAN}};

static struct results_cell *cell(struct results_cell *row, const char *name)
{
    size_t j = 0;
    while (strcmp(results_methods_heads[j].name, name) != 0)
        j++;
    return &row[j];
}

static void fill(const struct results_view *view,
                 const struct results_method *method, double *scratch,
                 struct results_cell *row)
{
    double trials = 0, well = 0, chose = 0, all = 0, unused;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        struct results_cell *at = cell(row, numbers[k].name);
        size_t n = 0;
        if (numbers[k].what != MEDIAN) {
            results_method_interval(
                view, method, numbers[k].number, scratch, &at->real,
                numbers[k].what == MEAN ? &unused : &at[1].real);
            continue;
        }
        for (size_t i = method->begin; i < method->end; i++)
            if (!results_run_is(&view->runs[i].run, "skipped"))
                scratch[n++] = numbers[k].number(&view->runs[i].run);
        at->real = results_median(scratch, n);
    }
    for (size_t i = method->begin; i < method->end; i++) {
        const struct results_run *run = &view->runs[i].run;
        double *low = &cell(row, "genes_low")->real;
        double *high = &cell(row, "genes_high")->real;
        trials += !results_run_is(run, "skipped");
        well += results_run_reached(run);
        chose += results_run_chose(run);
        all += results_run_uses_all(run);
        *low = fmin(*low, genes_of(run));
        *high = fmax(*high, genes_of(run));
        cell(row, "simulated")->real =
            fmax(cell(row, "simulated")->real, real_of(run->simulated));
    }
    cell(row, "trials")->real = trials;
    cell(row, "ended")->real = trials > 0 ? well / trials : NAN;
    cell(row, "share_all")->real = chose > 0 ? !(all < chose) : NAN;
}

/* Marks in chosen (trials x p by rows) what each run that chose took; *doubt:
 * a run whose stored genes are not all that it used. */
static void mark(const struct results_view *view,
                 const struct results_method *method,
                 const struct results_picks *picks, size_t p,
                 unsigned char *chosen, const char **doubt)
{
    for (size_t i = method->begin, t = 0; i < method->end; i++) {
        const struct results_run *run = &view->runs[i].run;
        int64_t stored = 0;
        if (!results_run_chose(run))
            continue;
        if (results_run_uses_all(run)) {
            memset(chosen + t++ * p, 1, p);
            continue;
        }
        for (size_t k = 0, f = 0; k < picks->n; k++) {
            if (k &&
                strcmp(picks->rows[k].feature, picks->rows[k - 1].feature) != 0)
                f++;
            if (picks->rows[k].run != i)
                continue;
            chosen[t * p + f] = 1;
            stored++;
        }
        if (stored != run->support)
            *doubt = "not all genes of every trial are stored";
        t++;
    }
}

static enum spred_status stability(struct spred_env *env,
                                   struct results_view *view,
                                   const struct results_method *method,
                                   struct results_cell *row)
{
    struct results_picks picks;
    struct results_stability s = {NAN, NAN, NAN, NAN};
    const char *doubt = NULL;
    size_t trials = 0, p = 0, named = 0;
    for (size_t i = method->begin; i < method->end; i++) {
        const struct results_run *run = &view->runs[i].run;
        trials += results_run_chose(run) != 0;
        if (run->features > (int64_t)p)
            p = (size_t)run->features;
    }
    enum spred_status status = results_picks_read(env, view, method, &picks);
    for (size_t k = 0; k < picks.n && !status; k++)
        named += k == 0 ||
                 strcmp(picks.rows[k].feature, picks.rows[k - 1].feature) != 0;
    p = named > p ? named : p; /* parts may differ in constant features */
    unsigned char *chosen = NULL;
    double *shares = NULL, *effects = NULL;
    if (!status) {
        chosen = spred_alloc(env, trials * p, 1);
        shares = spred_alloc(env, p, sizeof *shares);
        effects = spred_alloc(env, trials, sizeof *effects);
        status = chosen && shares && effects ? SPRED_OK : SPRED_ENOMEM;
    }
    if (!status) {
        mark(view, method, &picks, p, chosen, &doubt);
        if (!doubt)
            doubt = results_stability(chosen, trials, p, shares, effects, &s);
        cell(row, "stability")->real = s.phi;
        cell(row, "stability_low")->real = s.low;
        cell(row, "stability_high")->real = s.high;
        cell(row, "jaccard")->real = s.jaccard;
        status = results_cell_text(env, cell(row, "no_stability"), doubt);
    }
    spred_free(env, effects);
    spred_free(env, shares);
    spred_free(env, chosen);
    results_picks_free(env, &picks);
    return status;
}

/* 1 if one of the method's runs left marks. */
static enum spred_status find_marks(struct spred_env *env,
                                    struct results_view *view,
                                    const struct results_method *method,
                                    double *found)
{
    sqlite3_stmt *statement;
    enum spred_status status =
        results_sql_prepare(env, view->db, view->path,
                            "SELECT 1 FROM marks WHERE run = ?", &statement);
    *found = 0;
    for (size_t i = method->begin; i < method->end && !status; i++) {
        int more = 0;
        sqlite3_reset(statement);
        sqlite3_bind_int64(statement, 1, view->runs[i].id);
        status = results_sql_step(env, view->db, view->path, statement, &more);
        *found = more ? 1 : *found;
    }
    sqlite3_finalize(statement);
    return status;
}

static enum spred_status add_row(struct spred_env *env,
                                 struct results_view *view,
                                 const struct results_method *method,
                                 double *scratch, struct results_table *out)
{
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    SPRED_TRY(results_cell_text(env, &row[0], method->dataset));
    SPRED_TRY(results_cell_text(env, &row[1], method->name));
    SPRED_TRY(
        results_cell_text(env, &row[2], method->model ? "model" : "solver"));
    fill(view, method, scratch, row);
    SPRED_TRY(find_marks(env, view, method, &cell(row, "marks")->real));
    return stability(env, view, method, row);
}

enum spred_status results_methods(struct spred_env *env,
                                  struct results_view *view,
                                  struct results_table *out)
{
    struct results_methods methods;
    double *scratch = spred_alloc(env, view->n_runs, sizeof *scratch);
    if (!scratch)
        return SPRED_ENOMEM;
    enum spred_status status = results_methods_list(env, view, &methods);
    for (size_t i = 0; i < methods.n && !status; i++)
        status = add_row(env, view, &methods.rows[i], scratch, out);
    results_methods_free(env, &methods);
    spred_free(env, scratch);
    return status;
}
