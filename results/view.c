/* view.c: reads a store's runs once, labels them and puts them in order. */
#include "results/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "results/field.h"
#include "spred/text.h"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(or_empty(a), or_empty(b));
}

int results_run_is(const struct results_run *run, const char *status)
{
    return strcmp(or_empty(run->status), status) == 0;
}

int results_run_convex(const struct results_run *run)
{
    const char *penalty = or_empty(run->penalty);
    return strncmp(penalty, "power", strlen("power")) != 0 &&
           !strstr(penalty, RESULTS_NO_GAP);
}

double results_run_ratio(const struct results_run *run)
{
    if (strcmp(or_empty(run->protocol), "given") == 0)
        return 0;
    return run->train > 0 && run->test > 0
               ? (double)run->test / (double)run->train
               : NAN;
}

int results_run_is_model(const struct results_run *run)
{
    return strcmp(or_empty(run->kind), "model") == 0;
}

int results_run_is_coding(const struct results_run *run)
{
    return strcmp(or_empty(run->kind), "coding") == 0;
}

int results_run_is_solver(const struct results_run *run)
{
    return !results_run_is_model(run) && !results_run_is_coding(run);
}

int results_run_reached(const struct results_run *run)
{
    return results_run_is(run, "certified") ||
           results_run_is(run, "stationary") ||
           (results_run_is_model(run) && results_run_is(run, "done"));
}

static enum spred_status read_runs(struct results_view *view)
{
    struct spred_env *env = view->env;
    struct spred_buffer sql = {0};
    sqlite3_stmt *statement = NULL;
    char *names = results_sql_names(env, results_run_columns);
    enum spred_status status = names ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = spred_buffer_add(
            env, &sql,
            "SELECT id, %s FROM runs WHERE " RESULTS_PLANNED " ORDER BY id",
            names);
    if (!status)
        status = results_sql_prepare(env, view->db, view->path, sql.text,
                                     &statement);
    size_t capacity = 0;
    for (int more = 1; !status;) {
        status = results_sql_step(env, view->db, view->path, statement, &more);
        if (status || !more)
            break;
        if (view->n_runs == capacity) {
            capacity = 2 * capacity + 64;
            void *grown =
                spred_resize(env, view->runs, capacity, sizeof *view->runs);
            if (!grown) {
                status = SPRED_ENOMEM;
                break;
            }
            view->runs = grown;
        }
        struct results_view_run *r = &view->runs[view->n_runs];
        memset(r, 0, sizeof *r);
        r->id = sqlite3_column_int64(statement, 0);
        status =
            results_sql_row(env, statement, 1, results_run_columns, &r->run);
        view->n_runs += !status;
    }
    sqlite3_finalize(statement);
    spred_free(env, sql.text);
    spred_free(env, names);
    return status;
}

static int by_settings(const void *pa, const void *pb)
{
    const struct results_view_run *a = pa, *b = pb;
    const struct results_run *x = &a->run, *y = &b->run;
    int c = compare_text(x->dataset, y->dataset);
    c = c ? c : compare_text(x->target, y->target);
    c = c ? c : compare_text(x->problem, y->problem);
    c = c ? c : compare_text(x->solver, y->solver);
    c = c ? c : compare_text(x->options, y->options);
    c = c ? c : (x->trial > y->trial) - (x->trial < y->trial);
    return c ? c : (a->id < b->id) - (a->id > b->id); /* latest first */
}

/* "n50" before "n100": stretches of digits compare as numbers. */
static int compare_names(const char *a, const char *b)
{
    static const char digits[] = "0123456789";
    while (*a && *b) {
        size_t n = strspn(a, digits), m = strspn(b, digits);
        size_t zeros_a = strspn(a, "0"), zeros_b = strspn(b, "0");
        if (n > zeros_a && m > zeros_b) {
            a += zeros_a, b += zeros_b, n -= zeros_a, m -= zeros_b;
            if (n != m)
                return n < m ? -1 : 1;
        }
        if (*a != *b)
            break;
        a++, b++;
    }
    return strcmp(a, b);
}

static int by_label(const void *pa, const void *pb)
{
    const struct results_view_run *a = pa, *b = pb;
    int c = compare_names(a->dataset, b->dataset);
    c = c ? c : strcmp(a->dataset, b->dataset);
    c = c ? c
          : compare_names(or_empty(a->run.problem), or_empty(b->run.problem));
    c = c ? c : compare_text(a->run.problem, b->run.problem);
    c = c ? c : strcmp(a->solver, b->solver);
    c = c ? c : (a->run.trial > b->run.trial) - (a->run.trial < b->run.trial);
    return c ? c : (a->id > b->id) - (a->id < b->id);
}

static void free_run(struct spred_env *env, struct results_view_run *r)
{
    results_row_free(env, results_run_columns, &r->run);
    spred_free(env, r->owned_dataset);
    spred_free(env, r->owned_solver);
}

static void drop_older(struct results_view *view)
{
    size_t kept = 0;
    for (size_t i = 0; i < view->n_runs; i++) {
        struct results_view_run *now = &view->runs[i], last = {0};
        if (kept) {
            last = view->runs[kept - 1];
            last.id = now->id;
        }
        if (kept && by_settings(&last, now) == 0)
            free_run(view->env, now);
        else
            view->runs[kept++] = *now;
    }
    view->n_runs = kept;
}

/* Does every run of the solver carry the token [text, text + length) among its
 * blank-separated options? */
static int is_common(const struct results_view *view, const char *solver,
                     const char *text, size_t length)
{
    for (size_t i = 0; i < view->n_runs; i++) {
        const struct results_run *run = &view->runs[i].run;
        const char *options = or_empty(run->options);
        int found = 0;
        if (compare_text(run->solver, solver) != 0)
            continue;
        while (*options && !found) {
            size_t width = strcspn(options, " ");
            found = width == length && memcmp(options, text, length) == 0;
            options += width + (options[width] == ' ');
        }
        if (!found)
            return 0;
    }
    return 1;
}

static enum spred_status label_solver(struct results_view *view, size_t index)
{
    struct results_view_run *r = &view->runs[index];
    const char *options = or_empty(r->run.options);
    struct spred_buffer label = {0};
    size_t set = 0;
    r->solver = or_empty(r->run.solver);
    if (index &&
        compare_text(view->runs[index - 1].run.solver, r->solver) == 0 &&
        compare_text(view->runs[index - 1].run.options, options) == 0) {
        /* the same as the run before: the common case */
        const char *same = view->runs[index - 1].owned_solver;
        if (!same)
            return SPRED_OK;
        r->solver = r->owned_solver = spred_strdup(view->env, same);
        return r->solver ? SPRED_OK : SPRED_ENOMEM;
    }
    enum spred_status status =
        spred_buffer_add(view->env, &label, "%s", r->solver);
    while (*options && !status) {
        size_t width = strcspn(options, " ");
        if (width && !is_common(view, r->solver, options, width))
            status = spred_buffer_add(view->env, &label, "%s%.*s",
                                      set++ ? " " : "[", (int)width, options);
        options += width + (options[width] == ' ');
    }
    if (!status && set)
        status = spred_buffer_add(view->env, &label, "]");
    if (status || !set) {
        spred_free(view->env, label.text);
        return status;
    }
    r->solver = r->owned_solver = label.text;
    return SPRED_OK;
}

static enum spred_status label_dataset(struct results_view *view, size_t index)
{
    struct results_view_run *r = &view->runs[index];
    r->dataset = or_empty(r->run.dataset);
    for (size_t i = 0; i < view->n_runs; i++) {
        const struct results_run *other = &view->runs[i].run;
        if (compare_text(other->dataset, r->run.dataset) == 0 &&
            compare_text(other->target, r->run.target) != 0) {
            r->owned_dataset =
                spred_format(view->env, "%s[%s]", or_empty(r->run.dataset),
                             or_empty(r->run.target));
            r->dataset = r->owned_dataset;
            return r->dataset ? SPRED_OK : SPRED_ENOMEM;
        }
    }
    return SPRED_OK;
}

enum spred_status results_view_open(struct spred_env *env, const char *path,
                                    struct results_view **out)
{
    int fresh;
    *out = NULL;
    struct results_view *view = spred_alloc(env, 1, sizeof *view);
    if (!view)
        return SPRED_ENOMEM;
    view->env = env;
    view->path = spred_strdup(env, path);
    enum spred_status status = view->path ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = results_sql_open(env, path, 0, &view->db, &fresh);
    if (!status)
        status = read_runs(view);
    if (!status && view->n_runs)
        qsort(view->runs, view->n_runs, sizeof *view->runs, by_settings);
    if (!status)
        drop_older(view);
    for (size_t i = 0; i < view->n_runs && !status; i++) {
        status = label_solver(view, i);
        if (!status)
            status = label_dataset(view, i);
    }
    if (!status && view->n_runs)
        qsort(view->runs, view->n_runs, sizeof *view->runs, by_label);
    if (status) {
        results_view_close(view);
        return status;
    }
    *out = view;
    return SPRED_OK;
}

void results_view_close(struct results_view *view)
{
    if (!view)
        return;
    for (size_t i = 0; i < view->n_runs; i++)
        free_run(view->env, &view->runs[i]);
    spred_free(view->env, view->runs);
    sqlite3_close(view->db);
    spred_free(view->env, view->path);
    spred_free(view->env, view);
}

size_t results_view_instance_end(const struct results_view *view, size_t begin)
{
    size_t end = begin;
    const struct results_view_run *r = view->runs;
    while (end < view->n_runs &&
           strcmp(r[end].dataset, r[begin].dataset) == 0 &&
           compare_text(r[end].run.problem, r[begin].run.problem) == 0)
        end++;
    return end;
}

size_t results_view_solver_end(const struct results_view *view, size_t begin)
{
    size_t end = begin, limit = results_view_instance_end(view, begin);
    while (end < limit &&
           strcmp(view->runs[end].solver, view->runs[begin].solver) == 0)
        end++;
    return end;
}
