/* begin.c: a job's first steps, whatever its method is. */
#include "experiments/begin.h"

#include <math.h>
#include <string.h>

#include "spred/metric.h"

static enum spred_status find_protocol(struct spred_env *env,
                                       const struct job *job,
                                       const struct parts *parts,
                                       const struct parts_protocol **protocol)
{
    *protocol = NULL;
    if (strcmp(job->protocol, "clean") == 0 ||
        strcmp(job->protocol, "paper") == 0 ||
        strcmp(job->protocol, "given") == 0)
        return SPRED_OK;
    *protocol = parts_protocol(parts, job->protocol);
    return *protocol ? SPRED_OK
                     : spred_fail(env, SPRED_ENOTFOUND,
                                  "no protocol called '%s'", job->protocol);
}

/* The script would rather not do this job: a status and its reason. */
static enum spred_status ask_script(struct spred_env *env,
                                    const struct job *job,
                                    const struct parts *parts,
                                    struct results_run *row)
{
    char *reason = NULL;
    if (!parts || !parts->on_job_start)
        return SPRED_OK;
    SPRED_TRY(parts->on_job_start(parts->self, env, job, &reason));
    if (!reason)
        return SPRED_OK;
    row->reason = reason;
    row->status = spred_strdup(env, "skipped");
    return row->status ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status describe(struct spred_env *env,
                                  const struct trial *trial,
                                  struct results_run *row)
{
    row->train = (int64_t)trial->train.n;
    row->validate = (int64_t)trial->validate.n;
    row->test = (int64_t)trial->test.n;
    row->features = (int64_t)trial->p;
    row->classes = (int64_t)trial->n_labels;
    if (trial->n_classes && trial->test.n)
        row->majority =
            spred_majority(trial->test.codes, trial->test.n, trial->n_classes);
    if (!isnan(trial->majority))
        row->majority = trial->majority;
    row->ceiling = trial->ceiling;
    row->informed = trial->informed;
    row->preparation = spred_strdup(env, trial->prepared.report);
    return row->preparation ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status begin_trial(struct spred_env *env, const struct job *job,
                              const struct parts *parts,
                              const struct spred_data *data,
                              struct results_run *row, struct trial *trial)
{
    const struct parts_protocol *protocol;
    double seconds[2] = {0, 0};
    SPRED_TRY(find_protocol(env, job, parts, &protocol));
    SPRED_TRY(ask_script(env, job, parts, row));
    if (row->status)
        return SPRED_OK;
    SPRED_TRY(data ? trial_lend(env, job, protocol, data, trial, &seconds[1])
                   : trial_make(env, job, protocol, trial, seconds));
    row->seconds_load = seconds[0];
    row->seconds_prepare = seconds[1];
    return describe(env, trial, row);
}
