/* plan_job.c: one job of a plan, as a worker is told it. */
#include <stdio.h>
#include <string.h>

#include "experiments/parts.h"
#include "experiments/plan_part.h"
#include "experiments/sources.h"
#include "spred/text.h"

/* A copy of a text into the job. */
struct plan_text {
    char **to;
    const char *from;
};

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

char *plan_options(struct spred_env *env, const struct spec *spec,
                   const char *name, const struct spred_option *table,
                   size_t size, const struct spec_setting *settings, size_t n)
{
    void *options = spred_alloc(env, 1, size);
    char *text = NULL;
    enum spred_status status =
        options ? spred_options_default(env, table, options) : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < n; i++) {
        status = spred_options_set(env, table, options, settings[i].name,
                                   settings[i].value);
        if (status != SPRED_OK)
            spred_fail(env, status, "%s:%u:%u: %s: %s", spec->path,
                       settings[i].line, settings[i].column, name, env->error);
    }
    if (status == SPRED_OK)
        text = spred_options_text(env, table, options);
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

enum spred_status plan_script(struct spred_env *env, const struct spec *spec,
                              int used, struct job *job)
{
    const struct parts *parts = spec->parts;
    if (!used && !parts_touch_every_job(parts) && !spec->protocol.own)
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

static enum spred_status copy_texts(struct spred_env *env,
                                    const struct plan_text *copies, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(*copies[i].to = spred_strdup(env, copies[i].from)))
            return SPRED_ENOMEM;
    return SPRED_OK;
}

enum spred_status plan_common(struct spred_env *env, const struct spec *spec,
                              const struct source *source, int64_t trial,
                              const char *machine, struct job *job)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)spec->seed);
    const struct plan_text copies[] = {{&job->dataset, source->name},
                                       {&job->data_hash, source->hash},
                                       {&job->target, source->target},
                                       {&job->protocol, spec->protocol.kind},
                                       {&job->seed, seed},
                                       {&job->experiment, spec->name},
                                       {&job->source, source->source},
                                       {&job->data_path, source->path},
                                       {&job->machine, machine}};
    SPRED_TRY(copy_texts(env, copies, sizeof copies / sizeof *copies));
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
    job->wall = spec->stop.wall;
    job->threads = spec->threads;
    job->simulated = source->simulated;
    job->samples = (int64_t)source->samples;
    job->features = (int64_t)source->features;
    job->limit_wall = spec->limits.wall;
    job->limit_memory = spec->limits.memory;
    job->limit_grace = spec->limits.grace;
    return SPRED_OK;
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
    SPRED_TRY(plan_common(env, spec, source, trial, machine, job));
    const struct plan_text copies[] = {
        {&job->problem, problem->name},
        {&job->loss, problem->loss == SPEC_CUSTOM ? problem->own_loss
                                                  : losses[problem->loss]},
        {&job->solver, solver->name},
        {&job->label, chosen->label}};
    SPRED_TRY(copy_texts(env, copies, sizeof copies / sizeof *copies));
    SPRED_TRY(fill_penalty(env, spec, problem, job));
    SPRED_TRY(plan_script(env, spec,
                          problem->own_loss || problem->own_penalty ||
                              parts_own_solver(spec->parts, chosen->name),
                          job));
    job->lambdas = lambdas_text(env, problem);
    job->options = plan_options(env, spec, chosen->name, solver->options,
                                solver->options_size, chosen->settings,
                                chosen->n_settings);
    job->l1_ratio = problem->l1_ratio;
    job->intercept = problem->intercept;
    job->standardize = problem->standardize;
    job->lambda_absolute = problem->lambda_absolute;
    job->cold = !problem->warm_start;
    job->api_version = solver->api_version;
    job->gap = spec->stop.gap;
    job->stall_eps = spec->stop.stall_eps;
    job->stall_patience = spec->stop.stall_patience;
    job->steps = spec->stop.steps;
    job->batch = spec->batch;
    return job->lambdas && job->options ? SPRED_OK : SPRED_EINVAL;
}
