/* plan.c: spec and data expanded to jobs, interleaved over the solvers. */
#include "experiments/plan.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "experiments/parts.h"
#include "experiments/sources.h"
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

static char *lambdas_text(struct spred_env *env,
                          const struct spec_problem *problem)
{
    struct spred_buffer out = {0};
    for (size_t l = 0; l < problem->n_lambda; l++)
        if (spred_buffer_add(env, &out, "%s%.17g", l ? " " : "",
                             problem->lambda[l]) != SPRED_OK) {
            spred_free(env, out.text);
            return NULL;
        }
    return out.text;
}

/* All options of a solver, defaults included, as canonical text. */
static char *options_text(struct spred_env *env, const struct spec *spec,
                          const struct spec_solver *chosen,
                          const struct spred_solver *solver)
{
    void *options = spred_alloc(env, 1, solver->options_size);
    char *text = NULL;
    enum spred_status status =
        options ? spred_options_default(env, solver->options, options)
                : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < chosen->n_settings; i++) {
        const struct spec_setting *setting = &chosen->settings[i];
        status = spred_options_set(env, solver->options, options, setting->name,
                                   setting->value);
        if (status != SPRED_OK)
            spred_fail(env, status, "%s:%u:%u: %s: %s", spec->path,
                       setting->line, setting->column, chosen->name,
                       env->error);
    }
    if (status == SPRED_OK)
        text = spred_options_text(env, solver->options, options);
    spred_free(env, options);
    return text;
}

/* What the penalty adds to the job: its groups by content, not by path. */
static enum spred_status fill_penalty(struct spred_env *env,
                                      const struct spec *spec,
                                      const struct spec_problem *problem,
                                      struct job *job)
{
    static const char *const kinds[] = {"l1", "group", "power"};
    char hash[SPRED_HEX_SIZE];
    job->penalty = spred_strdup(env, problem->penalty == SPEC_PENALTY_CUSTOM
                                         ? problem->own_penalty
                                         : kinds[problem->penalty]);
    if (problem->groups == SPEC_GROUPS_FILE) {
        enum spred_status status =
            spred_sha256_file(env, problem->group_file, hash);
        if (status)
            return spred_fail(env, status, "%s:%u:%u: groups: %s", spec->path,
                              problem->line, problem->column, env->error);
        job->groups = spred_format(env, "file %s", hash);
        job->group_file = spred_strdup(env, problem->group_file);
        if (!job->group_file)
            return SPRED_ENOMEM;
    } else if (problem->groups == SPEC_GROUPS_SIZE) {
        job->groups =
            spred_format(env, "size %lld", (long long)problem->group_size);
    } else {
        job->groups = spred_strdup(
            env, problem->groups == SPEC_GROUPS_SYMBOL ? "symbol" : "");
    }
    job->over_classes = problem->over_classes;
    job->equal_weights = problem->equal_weights;
    job->factors = problem->factors;
    return job->penalty && job->groups ? SPRED_OK : SPRED_ENOMEM;
}

/* The script, when it can change this job. */
static enum spred_status fill_script(struct spred_env *env,
                                     const struct spec *spec,
                                     const struct spec_problem *problem,
                                     const struct spec_solver *chosen,
                                     struct job *job)
{
    const struct parts *parts = spec->parts;
    int used = parts_touch_every_job(parts) || problem->own_loss ||
               problem->own_penalty || spec->protocol.own ||
               parts_own_solver(parts, chosen->name);
    if (!used)
        return SPRED_OK;
    if (!spec->script || !parts->hash)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: the workers need the parts of a script that "
                          "is not in a file",
                          spec->path);
    job->script = spred_strdup(env, spec->script);
    job->script_hash = spred_strdup(env, parts->hash);
    return job->script && job->script_hash ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status plan_job(struct spred_env *env, const struct spec *spec,
                           const struct source *source,
                           const struct spec_problem *problem,
                           const struct spec_solver *chosen, int64_t trial,
                           const char *machine, struct job *job)
{
    static const char *const losses[] = {"squared", "logistic", "multinomial"};
    const struct spred_solver *solver = parts_solver(spec->parts, chosen->name);
    results_row_clear(job_columns, job);
    if (!solver)
        return spred_fail(env, SPRED_ENOTFOUND, "%s:%u:%u: no solver '%s'",
                          spec->path, chosen->line, chosen->column,
                          chosen->name);
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)spec->seed);
    const struct {
        char **to;
        const char *from;
    } copies[] = {{&job->dataset, source->name},
                  {&job->data_hash, source->hash},
                  {&job->target, source->target},
                  {&job->protocol, spec->protocol.kind},
                  {&job->seed, seed},
                  {&job->problem, problem->name},
                  {&job->loss, problem->loss == SPEC_CUSTOM
                                   ? problem->own_loss
                                   : losses[problem->loss]},
                  {&job->solver, solver->name},
                  {&job->experiment, spec->name},
                  {&job->source, source->source},
                  {&job->data_path, source->path},
                  {&job->machine, machine},
                  {&job->label, chosen->label}};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        if (!(*copies[i].to = spred_strdup(env, copies[i].from)))
            return SPRED_ENOMEM;
    SPRED_TRY(fill_penalty(env, spec, problem, job));
    SPRED_TRY(fill_script(env, spec, problem, chosen, job));
    job->lambdas = lambdas_text(env, problem);
    job->options = options_text(env, spec, chosen, solver);
    job->trial = trial;
    job->folds = spec->protocol.folds;
    job->test = spec->protocol.folds ? 0 : spec->protocol.test;
    job->validate = spec->protocol.validate;
    job->choose = spec->protocol.choose;
    int cv = spec->protocol.choose == SPEC_CHOOSE_CV;
    job->choose_folds = cv ? spec->protocol.choose_folds : 0;
    job->choose_1se = cv ? spec->protocol.choose_1se : 0;
    job->log2 = spec->preprocess.log2;
    job->missing_refuse = spec->preprocess.missing_refuse;
    job->variance_keep = spec->preprocess.variance_keep;
    job->l1_ratio = problem->l1_ratio;
    job->intercept = problem->intercept;
    job->standardize = problem->standardize;
    job->lambda_absolute = problem->lambda_absolute;
    job->cold = !problem->warm_start;
    job->api_version = solver->api_version;
    job->gap = spec->stop.gap;
    job->stall_eps = spec->stop.stall_eps;
    job->stall_patience = spec->stop.stall_patience;
    job->wall = spec->stop.wall;
    job->steps = spec->stop.steps;
    job->batch = spec->batch;
    job->threads = spec->threads;
    job->simulated = source->simulated;
    job->samples = (int64_t)source->samples;
    job->features = (int64_t)source->features;
    job->limit_wall = spec->limits.wall;
    job->limit_memory = spec->limits.memory;
    job->limit_grace = spec->limits.grace;
    return job->lambdas && job->options ? SPRED_OK : SPRED_EINVAL;
}

static enum spred_status expand(struct spred_env *env, const struct spec *spec,
                                const struct source *sources, size_t n_sources,
                                const char *machine, struct plan *plan)
{
    size_t per_trial = n_sources * spec->n_problems * spec->n_solvers;
    int64_t trials = spec->protocol.trials *
                     (spec->protocol.folds ? spec->protocol.folds : 1);
    plan->jobs =
        spred_alloc(env, per_trial * (size_t)trials, sizeof *plan->jobs);
    if (!plan->jobs)
        return SPRED_ENOMEM;
    for (int64_t trial = 1; trial <= trials; trial++)
        for (size_t d = 0; d < n_sources; d++)
            for (size_t q = 0; q < spec->n_problems; q++)
                for (size_t s = 0; s < spec->n_solvers; s++)
                    SPRED_TRY(plan_job(env, spec, &sources[d],
                                       &spec->problems[q], &spec->solvers[s],
                                       trial, machine,
                                       &plan->jobs[plan->n_jobs++]));
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
        status = sources_load(env, spec, fetch, out, &sources, &n_sources);
    if (status == SPRED_OK && n_sources == 0)
        status = spred_fail(env, SPRED_EINVAL, "%s: no data set is left",
                            spec->path);
    if (status == SPRED_OK)
        status = expand(env, spec, sources, n_sources, id, out);
    if (status == SPRED_OK)
        status = ask_script(env, spec, out);
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
