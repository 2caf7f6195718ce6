/* profile.c: the query "profile", performance profiles of time to a certified
 * answer (Dolan and More 2002, Math. Program. 91:201; definition in query.h).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/summary.h"
#include "results/view.h"

const struct results_head results_profile_heads[] = {
    {"problem", RESULTS_TEXT, "problem"},
    {"solver", RESULTS_TEXT, "label"},
    {"ratio", RESULTS_REAL, "billed time / best time, at most"},
    {"share", RESULTS_REAL, "of the instances"},
    {"instances", RESULTS_INT, "(data set, trial) pairs"},
    {"solved", RESULTS_INT, "instances this solver ended certified"},
    {NULL, RESULTS_TEXT, NULL}};

/* One problem's solvers x instances; text is borrowed from the view. */
struct arena {
    const char *problem;
    const char **solvers;
    size_t n_solvers;
    const struct results_view_run **instances; /* any run of the instance */
    size_t n_instances;
    double *times; /* solvers x instances; NaN: no such run */
    double *ratios;
};

static int is_problem(const struct results_view_run *r, const char *problem)
{
    return strcmp(r->run.problem ? r->run.problem : "", problem) == 0;
}

/* The problem that follows last in the order of the alphabet, or NULL. */
static const char *next_problem(const struct results_view *view,
                                const char *last)
{
    const char *next = NULL;
    for (size_t i = 0; i < view->n_runs; i++) {
        const char *p = view->runs[i].run.problem;
        p = p ? p : "";
        if (results_run_convex(&view->runs[i].run) && /* else: no certificate */
            results_run_is_solver(&view->runs[i].run) &&
            (!last || strcmp(p, last) > 0) && (!next || strcmp(p, next) < 0))
            next = p;
    }
    return next;
}

/* Lists the problem's solvers that refused nothing. */
static void find_solvers(const struct results_view *view, struct arena *arena)
{
    for (size_t i = 0; i < view->n_runs; i++) {
        const char *solver = view->runs[i].solver;
        int known = 0, skipped = 0;
        if (!is_problem(&view->runs[i], arena->problem))
            continue;
        for (size_t s = 0; s < arena->n_solvers && !known; s++)
            known = strcmp(arena->solvers[s], solver) == 0;
        for (size_t k = 0; k < view->n_runs && !known && !skipped; k++)
            skipped = is_problem(&view->runs[k], arena->problem) &&
                      strcmp(view->runs[k].solver, solver) == 0 &&
                      results_run_is(&view->runs[k].run, "skipped");
        if (!known && !skipped)
            arena->solvers[arena->n_solvers++] = solver;
    }
}

static size_t instance_of(const struct arena *arena,
                          const struct results_view_run *r)
{
    size_t i = 0;
    while (i < arena->n_instances &&
           (arena->instances[i]->run.trial != r->run.trial ||
            strcmp(arena->instances[i]->dataset, r->dataset) != 0))
        i++;
    return i;
}

static void fill_times(const struct results_view *view, struct arena *arena)
{
    for (size_t i = 0; i < view->n_runs; i++) {
        const struct results_view_run *r = &view->runs[i];
        if (is_problem(r, arena->problem) &&
            instance_of(arena, r) == arena->n_instances)
            arena->instances[arena->n_instances++] = r;
    }
    for (size_t i = 0; i < arena->n_solvers * arena->n_instances; i++)
        arena->times[i] = NAN;
    for (size_t i = 0; i < view->n_runs; i++) {
        const struct results_view_run *r = &view->runs[i];
        size_t s = 0;
        if (!is_problem(r, arena->problem))
            continue;
        while (s < arena->n_solvers && strcmp(arena->solvers[s], r->solver))
            s++;
        if (s < arena->n_solvers)
            arena->times[s * arena->n_instances + instance_of(arena, r)] =
                results_run_is(&r->run, "certified") && r->run.seconds >= 0
                    ? fmax(r->run.seconds, RESULTS_TIME_FLOOR)
                    : INFINITY;
    }
}

/* ratio = time / best time of the instance; returns the instances that count
 * (their ratios are finite or infinite, those of the others NaN). */
static size_t fill_ratios(struct arena *arena, double *largest)
{
    size_t count = 0, n = arena->n_instances;
    *largest = 1;
    for (size_t i = 0; i < n; i++) {
        double best = INFINITY;
        int complete = 1;
        for (size_t s = 0; s < arena->n_solvers; s++) {
            complete = complete && !isnan(arena->times[s * n + i]);
            best = fmin(best, arena->times[s * n + i]);
        }
        count += complete != 0;
        for (size_t s = 0; s < arena->n_solvers; s++) {
            double time = arena->times[s * n + i];
            double ratio = isfinite(time) ? time / best : INFINITY;
            arena->ratios[s * n + i] = complete ? ratio : NAN;
            if (complete && isfinite(ratio))
                *largest = fmax(*largest, ratio);
        }
    }
    return count;
}

static enum spred_status add_row(struct spred_env *env,
                                 const struct arena *arena, size_t s,
                                 const double numbers[4],
                                 struct results_table *out)
{
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    SPRED_TRY(results_cell_text(env, &row[0], arena->problem));
    SPRED_TRY(results_cell_text(env, &row[1], arena->solvers[s]));
    for (int j = 0; j < 4; j++)
        row[2 + j].real = numbers[j];
    return SPRED_OK;
}

static enum spred_status add_profile(struct spred_env *env, struct arena *arena,
                                     struct results_table *out)
{
    double largest;
    size_t count = fill_ratios(arena, &largest), n = arena->n_instances;
    for (size_t s = 0; s < arena->n_solvers && count; s++) {
        double *sorted = arena->times + s * n; /* no longer needed */
        size_t solved = 0, at = 0;
        for (size_t i = 0; i < n; i++)
            if (isfinite(arena->ratios[s * n + i]))
                sorted[solved++] = arena->ratios[s * n + i];
        results_sort(sorted, solved);
        while (at < solved && sorted[at] <= 1)
            at++;
        double row[] = {1, (double)at / (double)count, (double)count,
                        (double)solved};
        SPRED_TRY(add_row(env, arena, s, row, out));
        for (; at < solved; at++) {
            if (at + 1 < solved && sorted[at + 1] <= sorted[at])
                continue;
            row[0] = sorted[at];
            row[1] = (double)(at + 1) / (double)count;
            SPRED_TRY(add_row(env, arena, s, row, out));
        }
        if (row[0] < largest) {
            row[0] = largest;
            SPRED_TRY(add_row(env, arena, s, row, out));
        }
    }
    return SPRED_OK;
}

enum spred_status results_profile(struct spred_env *env,
                                  struct results_view *view,
                                  struct results_table *out)
{
    enum spred_status status = SPRED_OK;
    struct arena arena = {0};
    const char *problem = NULL;
    while (!status && (problem = next_problem(view, problem))) {
        size_t n = view->n_runs, cells = 0;
        arena = (struct arena){.problem = problem};
        arena.solvers = spred_alloc(env, n, sizeof *arena.solvers);
        arena.instances = spred_alloc(env, n, sizeof *arena.instances);
        status = arena.solvers && arena.instances ? SPRED_OK : SPRED_ENOMEM;
        if (!status) {
            find_solvers(view, &arena);
            cells = arena.n_solvers * n; /* at most n instances */
            arena.times = spred_alloc(env, cells, sizeof *arena.times);
            arena.ratios = spred_alloc(env, cells, sizeof *arena.ratios);
            status = arena.times && arena.ratios ? SPRED_OK : SPRED_ENOMEM;
        }
        if (!status) {
            fill_times(view, &arena);
            status = add_profile(env, &arena, out);
        }
        spred_free(env, arena.solvers);
        spred_free(env, arena.instances);
        spred_free(env, arena.times);
        spred_free(env, arena.ratios);
    }
    return status;
}
