/* method.c: which rows of a store are one method, and what its trials chose. */
#include "results/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/summary.h"
#include "spred/text.h"

int results_run_chose(const struct results_run *run)
{
    return run->support >= 0 && !results_run_is(run, "skipped");
}

int results_run_uses_all(const struct results_run *run)
{
    return results_run_chose(run) && run->features > 0 &&
           run->support >= run->features;
}

int results_method_selects(const struct results_view *view,
                           const struct results_method *method)
{
    for (size_t i = method->begin; i < method->end; i++) {
        const struct results_run *run = &view->runs[i].run;
        if (results_run_chose(run) && run->support > 0 &&
            !results_run_uses_all(run))
            return 1;
    }
    return 0;
}

size_t results_method_interval(const struct results_view *view,
                               const struct results_method *method,
                               double (*number)(const struct results_run *),
                               double *scratch, double *mean, double *half)
{
    size_t n = 0;
    for (size_t i = method->begin; i < method->end; i++)
        if (!results_run_is(&view->runs[i].run, "skipped"))
            scratch[n++] = number(&view->runs[i].run);
    return results_interval(scratch, n, method->ratio, mean, half);
}

/* Runs of the store with this problem and solver that ended well. */
static size_t ended_well(const struct results_view *view,
                         const struct results_view_run *like)
{
    const char *problem = like->run.problem ? like->run.problem : "";
    size_t count = 0;
    for (size_t i = 0; i < view->n_runs; i++) {
        const struct results_view_run *r = &view->runs[i];
        count += results_run_reached(&r->run) &&
                 strcmp(r->solver, like->solver) == 0 &&
                 strcmp(r->run.problem ? r->run.problem : "", problem) == 0;
    }
    return count;
}

static enum spred_status add(struct spred_env *env,
                             const struct results_view *view, size_t begin,
                             size_t end, struct results_methods *out)
{
    const struct results_view_run *r = &view->runs[begin];
    struct results_method *method = &out->rows[out->n];
    double known = 0;
    method->dataset = r->dataset;
    method->model = results_run_is_model(&r->run);
    method->name =
        method->model
            ? spred_strdup(env, r->solver)
            : spred_format(env, "%s (%s)", r->run.problem ? r->run.problem : "",
                           r->solver);
    if (!method->name)
        return SPRED_ENOMEM;
    method->begin = begin;
    method->end = end;
    method->ratio = 0;
    for (size_t i = begin; i < end; i++) {
        const struct results_run *run = &view->runs[i].run;
        if (!isnan(results_run_ratio(run))) {
            method->ratio += results_run_ratio(run);
            known++;
        }
    }
    if (known > 0)
        method->ratio /= known;
    out->n++;
    return SPRED_OK;
}

/* The models, or the solvers, of the runs first .. last - 1: one data set. */
static enum spred_status add_kind(struct spred_env *env,
                                  const struct results_view *view, size_t first,
                                  size_t last, int model,
                                  struct results_methods *out)
{
    for (size_t i = first, end; i < last; i = end) {
        size_t best = i, most = 0;
        end = results_view_instance_end(view, i);
        if (results_run_is_model(&view->runs[i].run) != model ||
            results_run_is_coding(&view->runs[i].run))
            continue;
        for (size_t s = i, next; s < end; s = next) {
            next = results_view_solver_end(view, s);
            if (model) {
                SPRED_TRY(add(env, view, s, next, out));
                continue;
            }
            size_t well = ended_well(view, &view->runs[s]);
            if (s == i || well > most) {
                most = well;
                best = s;
            }
        }
        if (!model)
            SPRED_TRY(
                add(env, view, best, results_view_solver_end(view, best), out));
    }
    return SPRED_OK;
}

enum spred_status results_methods_list(struct spred_env *env,
                                       const struct results_view *view,
                                       struct results_methods *out)
{
    memset(out, 0, sizeof *out);
    out->rows = spred_alloc(env, view->n_runs + 1, sizeof *out->rows);
    if (!out->rows)
        return SPRED_ENOMEM;
    for (size_t i = 0, end; i < view->n_runs; i = end) {
        for (end = i; end < view->n_runs && strcmp(view->runs[end].dataset,
                                                   view->runs[i].dataset) == 0;)
            end++;
        SPRED_TRY(add_kind(env, view, i, end, 0, out));
        SPRED_TRY(add_kind(env, view, i, end, 1, out));
    }
    return SPRED_OK;
}

void results_methods_free(struct spred_env *env,
                          struct results_methods *methods)
{
    for (size_t i = 0; i < methods->n; i++)
        spred_free(env, methods->rows[i].name);
    spred_free(env, methods->rows);
    memset(methods, 0, sizeof *methods);
}

static int by_feature(const void *pa, const void *pb)
{
    const struct results_pick *a = pa, *b = pb;
    int c = strcmp(a->feature, b->feature);
    c = c ? c : (a->run > b->run) - (a->run < b->run);
    return c ? c : (a->rank > b->rank) - (a->rank < b->rank);
}

/* Of the rows of one gene and run (several outputs) the best rank stays. */
static void drop_worse(struct spred_env *env, struct results_picks *picks)
{
    size_t kept = 0;
    for (size_t i = 0; i < picks->n; i++) {
        struct results_pick *now = &picks->rows[i];
        struct results_pick *last = kept ? &picks->rows[kept - 1] : NULL;
        if (!last || last->run != now->run ||
            strcmp(last->feature, now->feature) != 0) {
            picks->rows[kept++] = *now;
            continue;
        }
        spred_free(env, now->feature);
        spred_free(env, now->symbol);
    }
    picks->n = kept;
}

static enum spred_status read_run(struct spred_env *env,
                                  struct results_view *view,
                                  sqlite3_stmt *statement, size_t run,
                                  struct results_picks *out)
{
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, view->runs[run].id);
    for (int more = 1;;) {
        SPRED_TRY(
            results_sql_step(env, view->db, view->path, statement, &more));
        if (!more)
            return SPRED_OK;
        if (out->n == out->capacity) {
            size_t capacity = 2 * out->capacity + 64;
            void *grown =
                spred_resize(env, out->rows, capacity, sizeof *out->rows);
            if (!grown)
                return SPRED_ENOMEM;
            out->rows = grown;
            out->capacity = capacity;
        }
        const char *symbol = (const char *)sqlite3_column_text(statement, 1);
        struct results_pick *pick = &out->rows[out->n++];
        *pick = (struct results_pick){
            .feature = spred_strdup(
                env, (const char *)sqlite3_column_text(statement, 0)),
            .symbol = spred_strdup(env, symbol ? symbol : ""),
            .run = run,
            .rank = sqlite3_column_double(statement, 2)};
        if (!pick->feature || !pick->symbol)
            return SPRED_ENOMEM;
    }
}

enum spred_status results_picks_read(struct spred_env *env,
                                     struct results_view *view,
                                     const struct results_method *method,
                                     struct results_picks *out)
{
    sqlite3_stmt *statement;
    memset(out, 0, sizeof *out);
    enum spred_status status = results_sql_prepare(
        env, view->db, view->path,
        "SELECT feature, symbol, \"rank\" FROM genes WHERE run = ? "
        "AND feature IS NOT NULL",
        &statement);
    for (size_t i = method->begin; i < method->end && !status; i++) {
        const struct results_run *run = &view->runs[i].run;
        if (results_run_chose(run) && !results_run_uses_all(run))
            status = read_run(env, view, statement, i, out);
    }
    sqlite3_finalize(statement);
    if (!status && out->n > 1)
        qsort(out->rows, out->n, sizeof *out->rows, by_feature);
    if (!status)
        drop_worse(env, out);
    return status;
}

void results_picks_free(struct spred_env *env, struct results_picks *picks)
{
    for (size_t i = 0; i < picks->n; i++) {
        spred_free(env, picks->rows[i].feature);
        spred_free(env, picks->rows[i].symbol);
    }
    spred_free(env, picks->rows);
    memset(picks, 0, sizeof *picks);
}
