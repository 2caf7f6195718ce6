/* lambda.c: the query "path": what every lambda of a path cost and gave, over
 * the trials (the columns are explained in query.h). */
#include <math.h>
#include <string.h>
#include "results/summary.h"
#include "results/view.h"

const struct results_head results_path_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label"},
    {"index", RESULTS_INT, "place on the path, from 1"},
    {"lambda", RESULTS_REAL, "median over trials"},
    {"ratio", RESULTS_REAL, "lambda / lambda_max, median over trials"},
    {"seconds", RESULTS_REAL,
     "median billed time of this lambda; none where there was no time left "
     "for a first step [s]"},
    {"low", RESULTS_REAL, "least [s]"},
    {"high", RESULTS_REAL, "most [s]"},
    {"certified", RESULTS_INT,
     "trials certified (power: stationary) here (every output)"},
    {"trials", RESULTS_INT, "trials that were not skipped"},
    {"zeros", RESULTS_REAL, "share of weights that are 0, mean"},
    {"zeros_1e12", RESULTS_REAL, "share within 1e-12 of 0, mean"},
    {"zeros_1e6", RESULTS_REAL, "share within 1e-6 of 0, mean"},
    {"support", RESULTS_REAL, "nonzero features, mean over trials and outputs"},
    {"precision", RESULTS_REAL, "share of the support with an effect, mean"},
    {"recall", RESULTS_REAL, "share of the effects in the support, mean"},
    {"cv_loss", RESULTS_REAL, "cross-validated loss, mean over trials"},
    {"cv_se", RESULTS_REAL, "its standard error, mean over trials"},
    {"chosen", RESULTS_INT, "trials that chose this lambda"},
    {"warm_start", RESULTS_INT, "0: every lambda was solved from nothing"},
    {"cv_low", RESULTS_REAL, "cv_loss - cv_se"},
    {"cv_high", RESULTS_REAL, "cv_loss + cv_se"},
    {NULL, RESULTS_TEXT, NULL}};

enum { SECONDS = 6, LOW, HIGH, CERTIFIED, TRIALS, FIRST_MEAN };
enum { CV_LOSS = 17, CV_SE, CHOSEN, WARM, CV_LOW, CV_HIGH };
enum { INDEX = 3, LAMBDA, RATIO };

/* One trial at one lambda, summed over outputs. */
struct sum {
    double lambda, ratio, seconds;
    size_t outputs, certified;
    int64_t steps;
    double means[CHOSEN - FIRST_MEAN]; /* zeros .. cv_se */
    int chosen;
};

static double share(double count, double of)
{
    return of > 0 ? count / of : NAN;
}

/* Adds the statement's row (a last point) to the trial's sums. */
static void add(sqlite3_stmt *point, const struct results_run *run, size_t room,
                double *path_end, struct sum *sums)
{
    int64_t index = sqlite3_column_int64(point, 0);
    if (index < 1 || (uint64_t)index > room)
        return;
    double x[11];
    for (int j = 0; j < 11; j++)
        x[j] = sqlite3_column_type(point, j + 1) == SQLITE_NULL
                   ? NAN
                   : sqlite3_column_double(point, j + 1);
    struct sum *s = &sums[index - 1];
    double p = (double)run->features, truth = (double)run->truth;
    const double means[] = {1 - share(x[5], p),
                            1 - share(x[6], p),
                            1 - share(x[7], p),
                            x[5],
                            share(x[8], x[5]),
                            run->truth == INT64_MIN ? NAN : share(x[8], truth),
                            x[9],
                            NAN};
    s->lambda = x[0];
    s->ratio = x[1];
    s->seconds += x[2] - *path_end;
    *path_end = x[2];
    s->outputs++;
    s->steps += sqlite3_column_int64(point, 12);
    int certified = results_run_convex(run)
                        ? x[3] + (x[4] > 0 ? x[4] : 0) <= run->gap_target
                        : sqlite3_column_int(point, 13);
    s->certified += certified != 0;
    for (size_t k = 0; k < sizeof means / sizeof *means; k++)
        s->means[k] += means[k];
    s->means[CHOSEN - FIRST_MEAN - 1] = x[10];
    s->chosen = fabs(x[1] - run->lambda_ratio) <= 1e-12 * x[1];
}

/* The time of a trial at one lambda; NaN: none was left for it. */
static double time_of(const struct sum *s)
{
    return s->outputs && (s->steps > 0 || s->certified == s->outputs)
               ? s->seconds
               : NAN;
}

static enum spred_status read_trial(struct spred_env *env,
                                    struct results_view *view,
                                    sqlite3_stmt *points, size_t index,
                                    size_t room, struct sum *sums)
{
    enum spred_status status = SPRED_OK;
    double path_end = 0;
    sqlite3_bind_int64(points, 1, view->runs[index].id);
    for (int more = 1; !status;) {
        status = results_sql_step(env, view->db, view->path, points, &more);
        if (status || !more)
            break;
        add(points, &view->runs[index].run, room, &path_end, sums);
    }
    sqlite3_reset(points);
    return status;
}

/* The row of one lambda from the trials' sums (trials x room). */
static enum spred_status add_row(struct spred_env *env,
                                 const struct results_view_run *r,
                                 const struct sum *sums, size_t trials,
                                 size_t room, size_t lambda, double *scratch,
                                 struct results_table *out)
{
    size_t n = 0, certified = 0, chosen = 0;
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    SPRED_TRY(results_cell_text(env, &row[0], r->dataset));
    SPRED_TRY(results_cell_text(env, &row[1], r->run.problem));
    SPRED_TRY(results_cell_text(env, &row[2], r->solver));
    const struct sum *at = sums + lambda;
    for (int column = LAMBDA; column <= SECONDS; column++) {
        n = 0;
        for (size_t t = 0; t < trials; t++)
            if (at[t * room].outputs)
                scratch[n++] = column == LAMBDA  ? at[t * room].lambda
                               : column == RATIO ? at[t * room].ratio
                                                 : time_of(&at[t * room]);
        row[column].real = results_median(scratch, n);
    }
    for (size_t t = 0; t < trials; t++) {
        const struct sum *s = &at[t * room];
        certified += s->outputs && s->certified == s->outputs;
        chosen += s->outputs && s->chosen;
        row[LOW].real = fmin(row[LOW].real, time_of(s));
        row[HIGH].real = fmax(row[HIGH].real, time_of(s));
    }
    for (size_t k = 0; k < CHOSEN - FIRST_MEAN; k++) {
        double sum = 0, count = 0;
        for (size_t t = 0; t < trials; t++) {
            const struct sum *s = &at[t * room];
            double outputs = k + 1 == CHOSEN - FIRST_MEAN /* se: not summed */
                                 ? 1
                                 : (double)s->outputs;
            if (!s->outputs || isnan(s->means[k]))
                continue;
            sum += s->means[k] / outputs;
            count++;
        }
        row[FIRST_MEAN + k].real = count > 0 ? sum / count : NAN;
    }
    row[INDEX].real = (double)lambda + 1;
    row[CERTIFIED].real = (double)certified;
    row[TRIALS].real = (double)trials;
    row[CHOSEN].real = (double)chosen;
    row[WARM].real = (double)r->run.warm_start;
    row[CV_LOW].real = row[CV_LOSS].real - row[CV_SE].real;
    row[CV_HIGH].real = row[CV_LOSS].real + row[CV_SE].real;
    return SPRED_OK;
}

/* One solver on one data set and problem: runs begin .. end - 1. */
static enum spred_status solver_path(struct spred_env *env,
                                     struct results_view *view,
                                     sqlite3_stmt *points, size_t begin,
                                     size_t end, struct results_table *out)
{
    size_t trials = 0, room = 0;
    for (size_t i = begin; i < end; i++)
        if (view->runs[i].run.points > (int64_t)room)
            room = (size_t)view->runs[i].run.points;
    struct sum *sums = spred_alloc(env, (end - begin) * room, sizeof *sums);
    double *scratch = spred_alloc(env, end - begin, sizeof *scratch);
    enum spred_status status = sums && scratch ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = begin; i < end && !status; i++)
        if (!results_run_is(&view->runs[i].run, "skipped"))
            status =
                read_trial(env, view, points, i, room, sums + room * trials++);
    for (size_t l = 0; l < room && !status; l++) {
        int any = 0;
        for (size_t t = 0; t < trials; t++)
            any = any || sums[t * room + l].outputs;
        if (any)
            status = add_row(env, &view->runs[begin], sums, trials, room, l,
                             scratch, out);
    }
    spred_free(env, scratch);
    spred_free(env, sums);
    return status;
}

enum spred_status results_path(struct spred_env *env, struct results_view *view,
                               struct results_table *out)
{
    sqlite3_stmt *points;
    enum spred_status status = results_sql_prepare(
        env, view->db, view->path,
        "SELECT lambda_index, lambda, lambda_ratio, seconds_path, gap, floor, "
        "support, above_1e12, above_1e6, true_positives, cv_loss, cv_se, "
        "step, stop = 'stationary' FROM points WHERE run = ? AND last = 1 "
        "ORDER BY number",
        &points);
    for (size_t i = 0, end; i < view->n_runs && !status; i = end) {
        end = results_view_solver_end(view, i);
        if (results_run_is_solver(&view->runs[i].run)) /* no lambdas */
            status = solver_path(env, view, points, i, end, out);
    }
    sqlite3_finalize(points);
    return status;
}
