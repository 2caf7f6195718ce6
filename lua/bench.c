/* bench.c: an experiment from its spec to stored rows, tables and figures. */
#include "lua/bench.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "experiments/parts.h"
#include "lua/figure_kind.h"
#include "plots/plots.h"
#include "results/export.h"
#include "results/lock.h"
#include "results/store.h"
#include "spred/file.h"
#include "spred/text.h"

static enum spred_status write_notes(struct spred_env *env,
                                     const struct bench *bench,
                                     const struct spec *spec,
                                     const struct plan *plan,
                                     const struct results_sink *sink)
{
    char text[64];
    SPRED_TRY(sink->note(sink->self, "warning:", NULL)); /* of another day */
    for (size_t i = 0; i < plan->n_notes; i++) {
        char *tab = strchr(plan->notes[i], '\t');
        *tab = '\0';
        enum spred_status status =
            sink->note(sink->self, plan->notes[i], tab + 1);
        *tab = '\t';
        SPRED_TRY(status);
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)spec->seed);
    SPRED_TRY(sink->note(sink->self, "seed", text));
    snprintf(text, sizeof text, "%zu", plan->n_jobs);
    SPRED_TRY(sink->note(sink->self, "jobs", text));
    SPRED_TRY(sink->note(sink->self, "name", spec->name));
    SPRED_TRY(sink->note(sink->self, "resolved", spec->resolved));
    char *keys = plan_keys(env, plan);
    if (!keys)
        return SPRED_ENOMEM;
    enum spred_status kept = sink->note(sink->self, "plan", keys);
    spred_free(env, keys);
    SPRED_TRY(kept);
    return sink->note(sink->self, "command", bench->command);
}

enum spred_status bench_tabulate(struct spred_env *env, const char *folder,
                                 const char *db, FILE *out)
{
    struct results_view *view = NULL;
    struct spred_buffer text = {0};
    SPRED_TRY(results_view_open(env, db, &view));
    enum spred_status status = results_export_csv(env, view, folder);
    if (status == SPRED_OK)
        status = results_write_tables(env, view, folder);
    if (status == SPRED_OK && out)
        status = results_markdown(env, view, &text);
    if (status == SPRED_OK && out)
        fputs(text.text ? text.text : "", out);
    spred_free(env, text.text);
    results_view_close(view);
    return status;
}

enum spred_status bench_draw(struct spred_env *env, const char *folder,
                             const char *db, char *const *figures, size_t n,
                             const struct plots_extra *extra)
{
    char failure[SPRED_ERROR_MAX] = "";
    char *pictures = spred_format(env, "%s/figures", folder);
    char *report = spred_format(env, "%s/report.html", folder);
    const char *const *kinds = (const char *const *)figures;
    enum spred_status status = pictures && report ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = spred_make_folders(env, pictures, 0777);
    if (status == SPRED_OK)
        status = plots_draw(env, db, pictures, kinds, n, extra);
    if (status == SPRED_OK) {
        status = plots_report(env, db, pictures, kinds, n, extra, report);
    } else if (report && status != SPRED_ENOTFOUND) {
        memcpy(failure, env->error, sizeof failure);
        plots_report(env, db, pictures, kinds, n, extra, report);
        spred_fail(env, status, "%s", failure);
    }
    spred_free(env, report);
    spred_free(env, pictures);
    return status;
}

static enum spred_status execute(struct spred_env *env,
                                 const struct bench *bench,
                                 const struct spec *spec,
                                 const struct plan *plan, const char *folder,
                                 const char *db, struct exec_totals *totals)
{
    struct results_store *store = NULL;
    struct exec_options options = {.program = "/proc/self/exe",
                                   .workers = bench->workers,
                                   .retry_failed = bench->retry_failed,
                                   .interrupted = bench->interrupted,
                                   .report = progress_show,
                                   .cookie = bench->bar,
                                   .parts = spec->parts};
    char *resolved = spred_format(env, "%s/resolved.yaml", folder);
    enum spred_status status =
        resolved ? spred_write_file(env, resolved, spec->resolved,
                                    strlen(spec->resolved))
                 : SPRED_ENOMEM;
    spred_free(env, resolved);
    if (status == SPRED_OK)
        status = results_store_open(env, db, &store);
    if (status == SPRED_OK) {
        struct results_sink sink = results_store_sink(store);
        status = write_notes(env, bench, spec, plan, &sink);
        if (status == SPRED_OK)
            status = exec_local(env, plan, &sink, &options, totals);
    }
    results_store_close(store);
    if (bench->bar->terminal && !bench->bar->quiet)
        fprintf(stderr, "\r\033[K");
    return status;
}

static void say_how_it_went(const struct bench *bench, const struct plan *plan,
                            const struct exec_totals *totals,
                            const char *folder)
{
    if (totals->interrupted)
        fprintf(stderr,
                "spredbench: stopped; %zu of %zu jobs are stored, the same "
                "command goes on from there\n",
                totals->known + totals->done, plan->n_jobs);
    else if (bench->bar->quiet && !bench->tables)
        return;
    else
        fprintf(stderr,
                "spredbench: %zu jobs: %zu were done before, %zu ran now, %zu "
                "failed, %zu refuted; see %s/report.html\n",
                plan->n_jobs, totals->known, totals->done, totals->failed,
                totals->refuted, folder);
    if (totals->failed_before)
        fprintf(stderr,
                "spredbench: %zu of those done before failed; --retry-failed "
                "(in Lua retry_failed=) runs them again\n",
                totals->failed_before);
    if (totals->refuted_before)
        fprintf(stderr,
                "spredbench: %zu of those done before had a certificate "
                "refuted\n",
                totals->refuted_before);
}

/* Where the workers find the folder of the results. */
static enum spred_status name_folder(struct spred_env *env, struct plan *plan,
                                     const char *folder)
{
    for (size_t i = 0; i < plan->n_jobs; i++)
        if (!(plan->jobs[i].folder = spred_strdup(env, folder)))
            return SPRED_ENOMEM;
    return SPRED_OK;
}

/* The plan, and the folder for this process alone: a folder that is there is
 * taken first, for data may be long in coming; no plan makes none. */
static enum spred_status prepare(struct spred_env *env,
                                 const struct bench *bench,
                                 const struct spec *spec, const char *folder,
                                 struct plan *plan, int *lock)
{
    if (access(folder, F_OK) == 0)
        SPRED_TRY(results_lock(env, folder, lock));
    SPRED_TRY(plan_make(env, spec, &bench->fetch, plan));
    SPRED_TRY(name_folder(env, plan, folder));
    if (*lock >= 0)
        return SPRED_OK;
    SPRED_TRY(spred_make_folders(env, folder, 0777));
    return results_lock(env, folder, lock);
}

enum spred_status bench_run(struct spred_env *env, const struct bench *bench,
                            const struct spec *spec, struct exec_totals *totals)
{
    struct plan plan = {0};
    int lock = -1;
    memset(totals, 0, sizeof *totals);
    char *folder = spred_format(env, "%s/%s", bench->output, spec->name);
    char *db = spred_format(env, "%s/%s/results.db", bench->output, spec->name);
    enum spred_status status =
        folder && db ? prepare(env, bench, spec, folder, &plan, &lock)
                     : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = execute(env, bench, spec, &plan, folder, db, totals);
    struct plots_extra own;
    const struct plots_extra *extra =
        spec->parts ? figure_kind_extra(spec->parts->self, &own) : NULL;
    if (status == SPRED_OK && !totals->interrupted) {
        status = bench_tabulate(env, folder, db, bench->tables);
        if (status == SPRED_OK)
            status = bench_draw(env, folder, db, spec->figures, spec->n_figures,
                                extra);
        if (status == SPRED_OK && spec->parts && spec->parts->on_finish)
            status = spec->parts->on_finish(spec->parts->self, env, folder);
        if (bench->tables)
            fflush(bench->tables);
    }
    if (status == SPRED_OK)
        say_how_it_went(bench, &plan, totals, folder);
    results_unlock(lock);
    spred_free(env, db);
    spred_free(env, folder);
    plan_free(env, &plan);
    return status;
}
