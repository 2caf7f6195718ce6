/* plan.c: spec and data expanded to jobs, interleaved over the solvers. */
#include "experiments/plan.h"

#include <string.h>
#include <unistd.h>

#include "experiments/parts.h"
#include "experiments/plan_part.h"
#include "experiments/sources.h"
#include "experiments/spec_coding.h"
#include "spred/text.h"

void plan_free(struct spred_env *env, struct plan *plan)
{
    for (size_t i = 0; i < plan->n_jobs; i++)
        results_row_free(env, job_columns, &plan->jobs[i]);
    for (size_t i = 0; i < plan->n_notes; i++)
        spred_free(env, plan->notes[i]);
    spred_free(env, plan->jobs);
    spred_free(env, plan->notes);
    memset(plan, 0, sizeof *plan);
}

/* Coders side by side on the same signals and dictionary. */
static enum spred_status expand_coding(struct spred_env *env,
                                       const struct spec *spec,
                                       const struct source *source,
                                       int64_t trial, const char *machine,
                                       struct plan *plan)
{
    const struct spec_coding *c = spec->coding;
    for (size_t d = 0; c && d < c->n_dictionaries; d++)
        for (size_t a = 0; a < c->n_atoms; a++)
            for (size_t l = 0; l < c->n_lambda; l++)
                for (size_t k = 0; k < c->n_coders; k++)
                    SPRED_TRY(plan_coding(
                        env, spec, source, &c->dictionaries[d], c->atoms[a],
                        c->lambda[l], &c->coders[k], k == 0, trial, machine,
                        &plan->jobs[plan->n_jobs++]));
    return SPRED_OK;
}

static enum spred_status expand(struct spred_env *env, const struct spec *spec,
                                const struct source *sources, size_t n_sources,
                                const char *machine, struct plan *plan)
{
    const struct spec_coding *c = spec->coding;
    size_t per_trial =
        n_sources *
        (spec->n_problems * spec->n_solvers + spec->n_models +
         (c ? c->n_dictionaries * c->n_atoms * c->n_lambda * c->n_coders : 0));
    int64_t trials = spec->protocol.trials *
                     (spec->protocol.folds ? spec->protocol.folds : 1);
    plan->jobs =
        spred_alloc(env, per_trial * (size_t)trials, sizeof *plan->jobs);
    if (!plan->jobs)
        return SPRED_ENOMEM;
    for (int64_t trial = 1; trial <= trials; trial++)
        for (size_t d = 0; d < n_sources; d++) {
            for (size_t q = 0; q < spec->n_problems; q++)
                for (size_t s = 0; s < spec->n_solvers; s++)
                    SPRED_TRY(plan_job(env, spec, &sources[d],
                                       &spec->problems[q], &spec->solvers[s],
                                       trial, machine,
                                       &plan->jobs[plan->n_jobs++]));
            for (size_t m = 0; m < spec->n_models; m++)
                SPRED_TRY(plan_model(env, spec, &sources[d], &spec->models[m],
                                     trial, machine,
                                     &plan->jobs[plan->n_jobs++]));
            SPRED_TRY(
                expand_coding(env, spec, &sources[d], trial, machine, plan));
        }
    return SPRED_OK;
}

/* The script's word on what is to be run. */
static enum spred_status ask_script(struct spred_env *env,
                                    const struct spec *spec, struct plan *plan)
{
    const struct parts *parts = spec->parts;
    if (!parts || !parts->on_plan)
        return SPRED_OK;
    unsigned char *keep = spred_alloc(env, plan->n_jobs, 1);
    if (!keep)
        return SPRED_ENOMEM;
    memset(keep, 1, plan->n_jobs);
    enum spred_status status =
        parts->on_plan(parts->self, env, plan->jobs, plan->n_jobs, keep);
    size_t kept = 0;
    for (size_t i = 0; status == SPRED_OK && i < plan->n_jobs; i++) {
        if (keep[i])
            plan->jobs[kept++] = plan->jobs[i];
        else
            results_row_free(env, job_columns, &plan->jobs[i]);
    }
    if (status == SPRED_OK)
        plan->n_jobs = kept;
    if (status == SPRED_OK && kept == 0)
        status =
            spred_fail(env, SPRED_EINVAL,
                       "%s: the script's hook on_plan left no job", spec->path);
    spred_free(env, keep);
    return status;
}

/* measure.keep_models, and what it cannot keep. */
static enum spred_status note_unkept(struct spred_env *env,
                                     const struct spec *spec, struct plan *plan)
{
    struct spred_buffer text = {0};
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; spec->keep_models && i < spec->n_models; i++) {
        const char *name = spec->models[i].name;
        const struct spred_model *model = parts_model(spec->parts, name);
        int seen = !model || (model->store && model->load);
        for (size_t k = 0; k < i && !seen; k++)
            seen = strcmp(spec->models[k].name, name) == 0;
        if (!seen && status == SPRED_OK)
            status = spred_buffer_add(env, &text, "%s%s",
                                      text.length ? ", " : "", name);
    }
    if (status == SPRED_OK && text.length) {
        status = spred_buffer_add(env, &text,
                                  ": not kept (measure.keep_models), cannot be "
                                  "saved");
        if (status == SPRED_OK)
            status = plan_note(env, plan, "warning:keep-models", text.text);
        if (status == SPRED_OK)
            spred_log(env, SPRED_LOG_WARN, "%s", text.text);
    }
    spred_free(env, text.text);
    return status;
}

/* Which figures the experiment asks for. */
static enum spred_status
note_figures(struct spred_env *env, const struct spec *spec, struct plan *plan)
{
    struct spred_buffer text = {0};
    enum spred_status status = spred_buffer_append(env, &text, "", 0);
    for (size_t i = 0; status == SPRED_OK && i < spec->n_figures; i++)
        status = spred_buffer_add(env, &text, "%s%s", i ? " " : "",
                                  spec->figures[i]);
    if (status == SPRED_OK)
        status = plan_note(env, plan, "figures", text.text);
    spred_free(env, text.text);
    return status;
}

enum spred_status plan_make(struct spred_env *env, const struct spec *spec,
                            const struct spred_fetch_options *fetch,
                            struct plan *out)
{
    struct source *sources = NULL;
    size_t n_sources = 0;
    char id[16] = "";
    memset(out, 0, sizeof *out);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (spec->threads > cores)
        return spred_fail(
            env, SPRED_EINVAL,
            "%s: measure.threads: %lld is more than the %ld cores "
            "of this machine",
            spec->path, (long long)spec->threads, cores);
    char *machine = plan_machine(env, (long)spec->threads, id);
    enum spred_status status =
        machine ? plan_note(env, out, "machine", machine) : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = note_figures(env, spec, out);
    if (status == SPRED_OK)
        status = note_unkept(env, spec, out);
    if (status == SPRED_OK)
        status = sources_load(env, spec, fetch, out, &sources, &n_sources);
    if (status == SPRED_OK && n_sources == 0)
        status = spred_fail(env, SPRED_EINVAL, "%s: no data set is left",
                            spec->path);
    if (status == SPRED_OK)
        status = expand(env, spec, sources, n_sources, id, out);
    if (status == SPRED_OK)
        status = ask_script(env, spec, out);
    if (status == SPRED_OK)
        status = plan_fits(env, spec, sources, n_sources, out);
    sources_free(env, sources, n_sources);
    spred_free(env, machine);
    if (status != SPRED_OK)
        plan_free(env, out);
    return status;
}

char *plan_keys(struct spred_env *env, const struct plan *plan)
{
    struct spred_buffer out = {0};
    enum spred_status status = spred_buffer_append(env, &out, "", 0);
    for (size_t i = 0; status == SPRED_OK && i < plan->n_jobs; i++) {
        char key[SPRED_HEX_SIZE];
        status = job_key(env, &plan->jobs[i], key);
        if (status == SPRED_OK)
            status = spred_buffer_add(env, &out, "%s%.16s", i ? " " : "", key);
    }
    if (status == SPRED_OK)
        return out.text;
    spred_free(env, out.text);
    return NULL;
}
