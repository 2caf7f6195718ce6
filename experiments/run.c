/* run.c: one job done in this process: a path, its choice of lambda and test
 * score; or a model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/code.h"
#include "experiments/begin.h"
#include "experiments/learn.h"
#include "experiments/path.h"
#include "experiments/spec.h"
#include "spred/custom.h"
#include "spred/file.h"
#include "spred/text.h"

static enum spred_status parse_lambdas(struct path *path)
{
    char *copy = spred_strdup(path->env, path->job->lambdas);
    size_t room = copy ? strlen(copy) / 2 + 1 : 0;
    path->ratio = spred_alloc(path->env, 2 * room, sizeof *path->ratio);
    enum spred_status status = copy && path->ratio ? SPRED_OK : SPRED_ENOMEM;
    path->lambda = path->ratio + room;
    char *rest = NULL;
    for (char *word = status == SPRED_OK ? strtok_r(copy, " ", &rest) : NULL;
         word; word = strtok_r(NULL, " ", &rest))
        if (!spred_parse_real(word, &path->ratio[path->n_lambda++]))
            status = spred_fail(path->env, SPRED_EINVAL, "'%s' is not a lambda",
                                word);
    spred_free(path->env, copy);
    return status;
}

static enum spred_status parse_options(struct path *path)
{
    const struct spred_option *table = path->solver->options;
    const char *given = path->job->options; /* NULL: none */
    char *copy = spred_strdup(path->env, given ? given : "");
    path->options = spred_alloc(path->env, 1, path->solver->options_size);
    if (!copy || !path->options) {
        spred_free(path->env, copy);
        return SPRED_ENOMEM;
    }
    enum spred_status status =
        spred_options_default(path->env, table, path->options);
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word && status == SPRED_OK;
         word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        if (!equals)
            continue;
        *equals = '\0';
        status = spred_options_set(path->env, table, path->options, word,
                                   equals + 1);
    }
    spred_free(path->env, copy);
    return status;
}

static enum spred_status skip(struct path *path, const char *reason)
{
    struct results_run *row = &path->record->run;
    row->status = spred_strdup(path->env, "skipped");
    row->reason = spred_format(path->env, "%s %s", path->job->solver, reason);
    return row->status && row->reason ? SPRED_OK : SPRED_ENOMEM;
}

/* The loss in force: logistic on more than two classes is multinomial. */
static const struct spred_loss *pick_loss(const struct path *path)
{
    if (strcmp(path->job->loss, "logistic") == 0 && path->trial.n_classes > 2)
        return &spred_loss_multinomial;
    const struct spred_loss *built_in = spred_loss_named(path->job->loss);
    return built_in ? built_in : parts_loss(path->parts, path->job->loss);
}

/* A penalty that only the job's script can know. */
static enum spred_status pick_penalty(struct path *path)
{
    static const char *const penalties[] = {"l1", "group", "power", NULL};
    const struct job *job = path->job;
    int known = !job->penalty;
    for (size_t i = 0; penalties[i] && !known; i++)
        known = strcmp(penalties[i], job->penalty) == 0;
    if (!known && !(path->form = parts_penalty(path->parts, job->penalty)))
        return spred_fail(path->env, SPRED_ENOTFOUND, "no penalty called '%s'",
                          job->penalty);
    return SPRED_OK;
}

/* The loss and the penalty as they are in force. */
static enum spred_status name_problem(struct path *path)
{
    struct results_run *row = &path->record->run;
    spred_free(path->env, row->loss);
    row->loss = spred_strdup(path->env, path->loss->name);
    if (path->form && !path->form->convex) {
        spred_free(path->env, row->penalty);
        row->penalty =
            spred_format(path->env, "%s" RESULTS_NO_GAP, path->job->penalty);
    }
    return row->loss && row->penalty ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status solve(struct path *path)
{
    const struct job *job = path->job;
    struct results_run *row = &path->record->run;
    uint64_t seed = spred_seed(strtoull(job->seed, NULL, 10), job->dataset,
                               (uint64_t)job->trial, "solver");
    int64_t points = row->points, certified = 0;
    int convex = path_is_convex(path);
    double from = trial_now();
    if (job->choose == SPEC_CHOOSE_CV) {
        SPRED_TRY(path_cross_validate(path, seed, &points, &certified));
    } else {
        SPRED_TRY(path_solve(path, job->wall, seed));
        certified = row->certified;
    }
    row->seconds_wall = trial_now() - from;
    row->seconds = row->seconds_setup + row->seconds_solve;
    row->status =
        spred_strdup(path->env, path->stop == SPRED_STOP_FAILED
                                    ? job_failure_word(path->env->error)
                                    : spred_stop_name(path->stop));
    if (path->told_to_stop)
        row->reason = spred_strdup(path->env, "the script's hook on_point");
    else if (path->stop == SPRED_STOP_FAILED)
        row->reason = spred_strdup(path->env, path->env->error);
    else if (path->stop != SPRED_STOP_TARGET &&
             path->stop != SPRED_STOP_STATIONARY)
        row->reason = spred_format(
            path->env, "%lld of %lld points %s to %g; worst %s %.2g",
            (long long)certified, (long long)points,
            convex ? "certified" : "stationary", job->gap,
            convex ? "gap" : "stationarity", convex ? row->gap : row->kkt);
    if (!convex) { /* nothing is certified, there is no gap */
        row->certified = 0;
        row->gap = row->floor = NAN;
    }
    return row->status ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status path_open(struct path *path, const struct spred_data *data)
{
    struct results_run *row = &path->record->run;
    path->solver = parts_solver(path->parts, path->job->solver);
    if (!path->solver)
        return spred_fail(path->env, SPRED_ENOTFOUND, "no solver called '%s'",
                          path->job->solver);
    SPRED_TRY(parse_lambdas(path));
    SPRED_TRY(parse_options(path));
    SPRED_TRY(pick_penalty(path));
    SPRED_TRY(begin_trial(path->env, path->job, path->parts, data, row,
                          &path->trial));
    if (row->status)
        return SPRED_OK; /* the script would rather not */
    path->data = &path->trial.data;
    path->loss = pick_loss(path);
    if (!path->loss)
        return spred_fail(path->env, SPRED_EINVAL, "no loss called '%s'",
                          path->job->loss);
    SPRED_TRY(name_problem(path));
    if (path->trial.n_classes == 0 && spred_loss_wants_classes(path->loss))
        return skip(path, "cannot fit classes to a real-valued target (classes "
                          "are given by name)");
    int rest =
        path->loss != &spred_loss_multinomial && path->trial.n_classes > 2;
    path->problems = rest ? path->trial.n_classes : 1;
    path->outputs = path->loss == &spred_loss_multinomial
                        ? path->trial.n_classes
                        : path->problems;
    SPRED_TRY(path_allocate(path));
    SPRED_TRY(path_grid(path));
    row->lambda_max = path->lambda_max;
    row->points = (int64_t)(path->n_lambda * path->problems);
    const char *refusal;
    SPRED_TRY(path_refusal(path, &refusal));
    return refusal ? skip(path, refusal) : SPRED_OK;
}

enum spred_status path_run(struct path *path)
{
    SPRED_TRY(solve(path));
    return path_choose(path);
}

static enum spred_status run_path(struct spred_env *env, const struct job *job,
                                  const struct parts *parts,
                                  struct results_record *record)
{
    struct path path = {.env = env,
                        .job = job,
                        .record = record,
                        .parts = parts,
                        .batch = (size_t)job->batch};
    enum spred_status status = SPRED_OK;
    if (job->threads > 1 &&
        !(path.pool = spred_pool_new(env, (size_t)job->threads)))
        status = SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = path_open(&path, NULL);
    if (status == SPRED_OK && !record->run.status) /* not a skip */
        status = path_run(&path);
    spred_pool_free(path.pool);
    path_release(&path);
    return status;
}

/* FOLDER/models/KEY.model; trouble with the file is a warning. */
static enum spred_status keep_model(struct spred_env *env,
                                    const struct job *job, struct learn *learn,
                                    const char *key)
{
    char *folder = spred_format(env, "%s/models", job->folder);
    char *path = spred_format(env, "%s/models/%s.model", job->folder, key);
    enum spred_status status = folder && path ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = spred_make_folders(env, folder, 0777);
    if (status == SPRED_OK)
        status = learn_store(learn, path);
    if (status == SPRED_EIO || status == SPRED_EINVAL) {
        spred_log(env, SPRED_LOG_WARN, "the model is not kept: %s", env->error);
        status = SPRED_OK;
    }
    spred_free(env, path);
    spred_free(env, folder);
    return status;
}

static enum spred_status run_model(struct spred_env *env, const struct job *job,
                                   const struct parts *parts,
                                   struct results_record *record)
{
    struct learn *learn = NULL;
    enum spred_status status =
        learn_open(env, job, parts, NULL, record, &learn);
    if (status == SPRED_OK && learn)
        status = learn_run(learn);
    if (status == SPRED_OK && record->run.chosen && job->folder &&
        job->keep_models == 1)
        status = keep_model(env, job, learn, record->run.job);
    learn_close(learn);
    return status;
}

enum spred_status job_run(struct spred_env *env, const struct job *job,
                          const struct parts *parts,
                          struct results_record *record)
{
    double from = trial_now();
    memset(record, 0, sizeof *record);
    enum spred_status status = job_start_row(env, job, &record->run);
    if (status == SPRED_OK)
        status = job_has_coding(job)  ? code_run(env, job, record)
                 : job_has_model(job) ? run_model(env, job, parts, record)
                                      : run_path(env, job, parts, record);
    record->run.seconds_total = trial_now() - from;
    return status;
}
