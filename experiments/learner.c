/* learner.c: a model's job on data in memory, outside the workers. */
#include "experiments/learn.h"

#include <string.h>

#include "experiments/plan.h"
#include "experiments/sources.h"

static enum spred_status make_job(struct learner *learner,
                                  const struct spec *spec,
                                  const struct spred_data *data, int64_t trial)
{
    struct spred_env *env = learner->env;
    struct source source;
    SPRED_TRY(source_lend(env, &spec->datasets[0], data, &source));
    enum spred_status status = plan_model(env, spec, &source, &spec->models[0],
                                          trial, "", &learner->job);
    spred_free(env, source.target);
    return status;
}

enum spred_status learner_open(struct spred_env *env, const struct spec *spec,
                               const struct spred_data *data, int64_t trial,
                               struct learner *out)
{
    memset(out, 0, sizeof *out);
    out->env = env;
    results_row_clear(job_columns, &out->job);
    results_row_clear(results_run_columns, &out->record.run);
    if (spec->parts) /* hooks and metrics are for experiments */
        out->parts = (struct parts){.self = spec->parts->self,
                                    .hash = spec->parts->hash,
                                    .models = spec->parts->models,
                                    .protocols = spec->parts->protocols};
    SPRED_TRY(make_job(out, spec, data, trial));
    SPRED_TRY(job_start_row(env, &out->job, &out->record.run));
    SPRED_TRY(learn_open(env, &out->job, &out->parts, data, &out->record,
                         &out->learn));
    return out->learn
               ? SPRED_OK
               : spred_fail(env, SPRED_EINVAL, "%s", out->record.run.reason);
}

enum spred_status learner_run(struct learner *learner)
{
    const struct results_run *row = &learner->record.run;
    SPRED_TRY(learn_run(learner->learn));
    if (strcmp(row->status, "done") != 0)
        return spred_fail(learner->env, SPRED_ENUMERIC, "%s: %s",
                          learner->job.model,
                          row->reason ? row->reason : row->status);
    return SPRED_OK;
}

void learner_close(struct learner *learner)
{
    if (!learner->env)
        return;
    learn_close(learner->learn);
    results_record_free(learner->env, &learner->record);
    results_row_free(learner->env, job_columns, &learner->job);
    memset(learner, 0, sizeof *learner);
}
