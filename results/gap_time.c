/* gap_time.c: the query "gap-time", billed seconds to a certified gap (the
 * definition is in query.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/summary.h"
#include "results/view.h"

#define PER_DECADE 8
#define DECADES 16
#define GRID_MAX (PER_DECADE * DECADES + 2)
#define SLACK (1 + 1e-9) /* a gap of exactly 1e-6 counts as 1e-6 */

const struct results_head results_gap_time_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label"},
    {"eps", RESULTS_REAL, "relative gap; none: no trial has a curve"},
    {"seconds", RESULTS_REAL, "lower median of T(eps) over trials [s]"},
    {"low", RESULTS_REAL, "fastest trial [s]"},
    {"high", RESULTS_REAL, "slowest trial that reaches eps [s]"},
    {"reached", RESULTS_INT, "trials that reach eps"},
    {"trials", RESULTS_INT, "trials that were not skipped"},
    {"target", RESULTS_REAL, "asked relative gap"},
    {"spent", RESULTS_REAL, "median billed time of the runs [s]"},
    {NULL, RESULTS_TEXT, NULL}};

struct grid {
    double eps[GRID_MAX]; /* descending from 1 */
    size_t n;
};

/* One run's curve while its observations stream by. */
struct curve {
    double *seconds; /* T on the grid, so far */
    size_t hits[GRID_MAX];
    size_t next; /* first grid index this lambda has not reached */
    size_t lambdas;
    int64_t output, lambda;
    double path_end, outside; /* end of the last lambda; time between them */
};

static void make_grid(struct grid *grid, double target)
{
    grid->n = 0;
    for (int k = 0; k <= PER_DECADE * DECADES; k++) {
        double eps = pow(10, -(double)k / PER_DECADE);
        double last = grid->n ? grid->eps[grid->n - 1] : INFINITY;
        if (target < last / SLACK && target > eps * SLACK)
            grid->eps[grid->n++] = target;
        grid->eps[grid->n++] = eps;
    }
}

static void observe(struct curve *curve, const struct grid *grid,
                    const struct results_point *p)
{
    if (curve->lambdas == 0 || p->output != curve->output ||
        p->lambda_index != curve->lambda) {
        double outside = p->seconds_path - p->seconds - curve->path_end;
        if (outside > 0) /* NaN is not */
            curve->outside += outside;
        curve->output = p->output;
        curve->lambda = p->lambda_index;
        curve->lambdas++;
        curve->next = 0;
    }
    if (p->seconds_path > curve->path_end)
        curve->path_end = p->seconds_path;
    if (!isfinite(p->seconds))
        return;
    double proved = p->gap + (p->floor > 0 ? p->floor : 0);
    while (curve->next < grid->n && proved <= grid->eps[curve->next] * SLACK) {
        curve->seconds[curve->next] += p->seconds;
        curve->hits[curve->next++]++;
    }
}

/* T of one run on the grid into seconds; INFINITY where undefined. */
static enum spred_status run_curve(struct spred_env *env,
                                   struct results_view *view,
                                   sqlite3_stmt *points, size_t index,
                                   const struct grid *grid, double *seconds)
{
    const struct results_view_run *r = &view->runs[index];
    struct curve curve = {.seconds = seconds};
    enum spred_status status = SPRED_OK;
    memset(seconds, 0, grid->n * sizeof *seconds);
    sqlite3_bind_int64(points, 1, r->id);
    for (int more = 1; !status;) {
        status = results_sql_step(env, view->db, view->path, points, &more);
        if (status || !more)
            break;
        struct results_point p = {.output = sqlite3_column_int64(points, 0),
                                  .lambda_index =
                                      sqlite3_column_int64(points, 1),
                                  .seconds = NAN,
                                  .seconds_path = NAN,
                                  .gap = NAN,
                                  .floor = NAN};
        double *fields[] = {&p.seconds, &p.seconds_path, &p.gap, &p.floor};
        for (int j = 0; j < 4; j++)
            if (sqlite3_column_type(points, j + 2) != SQLITE_NULL)
                *fields[j] = sqlite3_column_double(points, j + 2);
        observe(&curve, grid, &p);
    }
    sqlite3_reset(points);
    size_t expected = curve.lambdas;
    if (r->run.points > 0 && (size_t)r->run.points > expected)
        expected = (size_t)r->run.points;
    for (size_t k = 0; k < grid->n; k++)
        seconds[k] = expected && curve.hits[k] == expected
                         ? seconds[k] + curve.outside
                         : INFINITY;
    return status;
}

static enum spred_status add_row(struct spred_env *env,
                                 const struct results_view_run *r,
                                 struct results_table *out,
                                 const double numbers[8])
{
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    SPRED_TRY(results_cell_text(env, &row[0], r->dataset));
    SPRED_TRY(results_cell_text(env, &row[1], r->run.problem));
    SPRED_TRY(results_cell_text(env, &row[2], r->solver));
    for (int j = 0; j < 8; j++)
        row[3 + j].real = numbers[j];
    return SPRED_OK;
}

/* The rows of one solver from the curves of its trials (trials x grid). */
static enum spred_status
add_solver(struct spred_env *env, const struct results_view_run *r,
           const struct grid *grid, const double *curves, size_t trials,
           double spent, double *column, struct results_table *out)
{
    double target = r->run.gap_target;
    size_t rows = 0;
    for (size_t k = 0; k < grid->n; k++) {
        size_t reached = 0;
        for (size_t t = 0; t < trials; t++) {
            column[t] = curves[t * grid->n + k];
            reached += isfinite(column[t]) != 0;
        }
        if (reached == 0 || 2 * reached < trials)
            break;
        results_sort(column, trials);
        double numbers[] = {grid->eps[k],    column[(trials - 1) / 2],
                            column[0],       column[reached - 1],
                            (double)reached, (double)trials,
                            target,          spent};
        SPRED_TRY(add_row(env, r, out, numbers));
        rows++;
    }
    if (rows)
        return SPRED_OK;
    double none[] = {NAN, NAN, NAN, NAN, 0, (double)trials, target, spent};
    return add_row(env, r, out, none);
}

/* One solver on one data set and problem: runs begin .. end - 1. */
static enum spred_status solver_curves(struct spred_env *env,
                                       struct results_view *view,
                                       sqlite3_stmt *points, size_t begin,
                                       size_t end, struct results_table *out)
{
    struct grid grid;
    size_t trials = 0;
    make_grid(&grid, view->runs[begin].run.gap_target);
    double *curves = spred_alloc(env, (end - begin) * grid.n, sizeof *curves);
    double *column = spred_alloc(env, end - begin, sizeof *column);
    double *spent = spred_alloc(env, end - begin, sizeof *spent);
    enum spred_status status =
        curves && column && spent ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = begin; i < end && !status; i++)
        if (!results_run_is(&view->runs[i].run, "skipped")) {
            spent[trials] = view->runs[i].run.seconds;
            status = run_curve(env, view, points, i, &grid,
                               curves + grid.n * trials++);
        }
    if (!status && trials)
        status = add_solver(env, &view->runs[begin], &grid, curves, trials,
                            results_median(spent, trials), column, out);
    spred_free(env, spent);
    spred_free(env, curves);
    spred_free(env, column);
    return status;
}

enum spred_status results_gap_time(struct spred_env *env,
                                   struct results_view *view,
                                   struct results_table *out)
{
    sqlite3_stmt *points;
    enum spred_status status = results_sql_prepare(
        env, view->db, view->path,
        "SELECT output, lambda_index, seconds, seconds_path, gap, floor FROM "
        "points WHERE run = ? ORDER BY number",
        &points);
    for (size_t i = 0, end; i < view->n_runs && !status; i = end) {
        end = results_view_solver_end(view, i);
        if (results_run_convex(&view->runs[i].run) && /* else: no gap */
            results_run_is_solver(&view->runs[i].run))
            status = solver_curves(env, view, points, i, end, out);
    }
    sqlite3_finalize(points);
    return status;
}
