/* learn.c: a model's job: every setting of its grid is fitted, the validation
 * part chooses among what they offered, the test part is touched once. */
#include "experiments/learn_part.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/begin.h"
#include "experiments/predictor.h"
#include "spred/linalg.h"
#include "spred/problem.h"

static enum spred_status skip(struct learn *learn, const char *reason)
{
    struct results_run *row = &learn->record->run;
    row->status = spred_strdup(learn->env, "skipped");
    row->reason = spred_format(learn->env, "%s %s", learn->job->model, reason);
    return row->status && row->reason ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status open_parts(struct learn *learn,
                                    const struct spred_data *data)
{
    struct spred_env *env = learn->env;
    struct results_run *row = &learn->record->run;
    const struct job *job = learn->job;
    struct trial *trial = &learn->trial;
    SPRED_TRY(begin_trial(env, job, learn->parts, data, row, trial));
    if (row->status)
        return SPRED_OK; /* the script would rather not */
    const char *refusal =
        trial->n_classes == 1
            ? "needs two classes in the training part, there is one"
            : spred_model_refuses(learn->model, trial->n_classes);
    if (refusal)
        return skip(learn, refusal);
    learn->outputs = trial->n_classes ? trial->n_classes : 1;
    learn->columns = learn->outputs == 2 ? 1 : learn->outputs;
    if (trial->n_classes && learn->model->takes & SPRED_MODEL_LOGITS)
        learn->loss = learn->columns == 1 ? &spred_loss_logistic
                                          : &spred_loss_multinomial;
    learn->keeps = learn->model->store && learn->model->load &&
                   (data || job->keep_models == 1) &&
                   strcmp(job->protocol, "paper") != 0;
    learn->seed = spred_seed(strtoull(job->seed, NULL, 10), job->dataset,
                             (uint64_t)job->trial, "model");
    double from = trial_now();
    SPRED_TRY(learn_rows(env, trial, &trial->train, &learn->train));
    SPRED_TRY(learn_rows(env, trial, &trial->validate, &learn->validate));
    SPRED_TRY(learn_rows(env, trial, &trial->test, &learn->test));
    row->seconds_prepare += trial_now() - from;
    return offered_make(learn, &learn->best);
}

enum spred_status learn_open(struct spred_env *env, const struct job *job,
                             const struct parts *parts,
                             const struct spred_data *data,
                             struct results_record *record, struct learn **out)
{
    *out = NULL;
    struct learn *learn = spred_alloc(env, 1, sizeof *learn);
    if (!learn)
        return SPRED_ENOMEM;
    *learn = (struct learn){.env = env,
                            .job = job,
                            .parts = parts,
                            .record = record,
                            .model = parts_model(parts, job->model)};
    enum spred_status status =
        learn->model ? learn_grid(learn)
                     : spred_fail(env, SPRED_ENOTFOUND, "no model called '%s'",
                                  job->model);
    if (status == SPRED_OK)
        status = open_parts(learn, data);
    if (status == SPRED_OK && !record->run.status)
        *out = learn;
    else
        learn_close(learn);
    return status;
}

static void drop_state(struct learn *learn, void *state)
{
    if (state && learn->model->free)
        learn->model->free(learn->env, state);
    spred_free(learn->env, state);
}

/* One setting: fitted, its row filled; the best so far over all stands. */
static enum spred_status try_setting(struct learn *learn, size_t i,
                                     void *options, struct offered *now)
{
    struct results_record *record = learn->record;
    struct results_candidate *row = &record->candidates[record->n_candidates++];
    int plain = strcmp(learn->job->protocol, "paper") == 0;
    results_row_clear(results_candidate_columns, row);
    row->candidate = (int64_t)i + 1;
    row->chosen = 0;
    row->job = spred_strdup(learn->env, record->run.job);
    SPRED_TRY(learn_setting(learn, i, options, &row->settings));
    void *state = spred_alloc(learn->env, 1, learn->model->state_size);
    if (!row->job || !state) {
        spred_free(learn->env, state);
        return SPRED_ENOMEM;
    }
    enum spred_status status = learn_fit(learn, options, state, 0, now, row);
    drop_state(learn, state);
    SPRED_TRY(status);
    row->at = spred_strdup(learn->env, now->number ? now->what : "");
    if (!row->at)
        return SPRED_ENOMEM;
    if (!now->number)
        return SPRED_OK;
    row->validation = score_choice(&now->score, plain);
    row->loss = now->score.loss;
    row->support = now->support;
    if (!learn->best.number || learn->validate.n == 0 ||
        score_better(&now->score, &learn->best.score, plain)) {
        struct offered other = learn->best;
        learn->best = *now;
        *now = other;
        learn->chosen = i;
    }
    return SPRED_OK;
}

/* A setting that the wall left no time for. */
static enum spred_status leave_out(struct learn *learn, size_t i, void *options)
{
    struct results_record *record = learn->record;
    struct results_candidate *row = &record->candidates[record->n_candidates++];
    results_row_clear(results_candidate_columns, row);
    row->candidate = (int64_t)i + 1;
    row->chosen = row->offers = row->steps = 0;
    row->passes = row->seconds = 0;
    row->job = spred_strdup(learn->env, record->run.job);
    row->stop = spred_strdup(learn->env, "time");
    row->at = spred_strdup(learn->env, "");
    row->note = spred_strdup(learn->env, "not begun");
    SPRED_TRY(learn_setting(learn, i, options, &row->settings));
    return row->job && row->stop && row->at && row->note ? SPRED_OK
                                                         : SPRED_ENOMEM;
}

static enum spred_status try_all(struct learn *learn)
{
    struct spred_env *env = learn->env;
    struct offered now = {0};
    void *options = spred_alloc(env, 1, learn->model->options_size);
    learn->record->candidates =
        spred_alloc(env, learn->settings, sizeof *learn->record->candidates);
    enum spred_status status = options && learn->record->candidates
                                   ? offered_make(learn, &now)
                                   : SPRED_ENOMEM;
    double from = trial_now();
    learn->deadline = from + learn->job->wall;
    for (size_t i = 0; status == SPRED_OK && i < learn->settings; i++) {
        learn->late |= i > 0 && trial_now() > learn->deadline;
        status = learn->late ? leave_out(learn, i, options)
                             : try_setting(learn, i, options, &now);
    }
    learn->record->run.seconds_wall = trial_now() - from;
    offered_free(env, &now);
    spred_free(env, options);
    return status;
}

/* Sums over the settings, the word for the whole, and why. */
static enum spred_status sum_up(struct learn *learn)
{
    struct spred_env *env = learn->env;
    struct results_record *record = learn->record;
    struct results_run *row = &record->run;
    const struct results_candidate *first = NULL; /* that went wrong */
    size_t wrong = 0;
    row->seconds = row->passes = 0;
    row->steps = 0;
    for (size_t i = 0; i < record->n_candidates; i++) {
        const struct results_candidate *c = &record->candidates[i];
        row->seconds += c->seconds;
        row->passes += c->passes;
        row->steps += c->steps;
        if (strcmp(c->stop, "done") != 0) {
            first = first ? first : c;
            wrong++;
        }
    }
    row->seconds_solve = row->seconds;
    row->status = spred_strdup(env, learn->best.number ? "done" : first->stop);
    if (first)
        row->reason = spred_format(
            env, "%zu of %zu settings ended otherwise: %s%s%s%s%s", wrong,
            learn->settings, first->settings, *first->settings ? ": " : "",
            first->stop, first->note && *first->note ? ": " : "",
            first->note ? first->note : "");
    return row->status && (!first || row->reason) ? SPRED_OK : SPRED_ENOMEM;
}

/* "lr=0.3 lambda=0.1 step=300". */
static enum spred_status name_choice(struct learn *learn)
{
    struct results_candidate *row = &learn->record->candidates[learn->chosen];
    row->chosen = 1;
    learn->record->run.chosen =
        spred_format(learn->env, "%s%s%s", row->settings,
                     *row->settings && *row->at ? " " : "", row->at);
    return learn->record->run.chosen ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status learn_run(struct learn *learn)
{
    int before = spred_blas_threads((int)learn->job->threads);
    enum spred_status status = try_all(learn);
    spred_blas_threads(before);
    SPRED_TRY(status);
    SPRED_TRY(sum_up(learn));
    if (!learn->best.number)
        return SPRED_OK;
    SPRED_TRY(name_choice(learn));
    return learn_report(learn);
}

/* The model that stands, of its bytes. */
static enum spred_status load_again(struct learn *learn)
{
    void *state = spred_alloc(learn->env, 1, learn->model->state_size);
    if (!state)
        return SPRED_ENOMEM;
    learn->deadline = INFINITY;
    learn->late = 0;
    enum spred_status status =
        learn->model->load(&learn->inner, state, learn->trial.p, learn->outputs,
                           learn->best.bytes, learn->best.size);
    if (status != SPRED_OK) {
        spred_fail(learn->env, status, "%s", learn->inner.error);
        drop_state(learn, state);
        return status;
    }
    learn->state = state;
    return SPRED_OK;
}

/* The setting that stands, fitted again up to the offer that stands. */
static enum spred_status fit_again(struct learn *learn)
{
    struct spred_env *env = learn->env;
    struct offered again = {0};
    struct results_candidate row;
    char *text = NULL;
    if (!learn->best.number)
        return spred_fail(env, SPRED_EINVAL, "%s: no model came out",
                          learn->job->model);
    void *options = spred_alloc(env, 1, learn->model->options_size);
    void *state = spred_alloc(env, 1, learn->model->state_size);
    enum spred_status status =
        options && state ? offered_make(learn, &again) : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = learn_setting(learn, learn->chosen, options, &text);
    spred_free(env, text);
    results_row_clear(results_candidate_columns, &row);
    learn->deadline = INFINITY;
    learn->late = 0;
    if (status == SPRED_OK)
        status =
            learn_fit(learn, options, state, learn->best.number, &again, &row);
    if (status == SPRED_OK && again.number != learn->best.number)
        status = spred_fail(env, SPRED_ENUMERIC,
                            "%s: the second fit is not the first one: %s",
                            learn->job->model, row.note);
    results_row_free(env, results_candidate_columns, &row);
    offered_free(env, &again);
    if (status != SPRED_OK) {
        drop_state(learn, state);
        spred_free(env, options);
        return status;
    }
    learn->state = state;
    learn->options = options;
    return SPRED_OK;
}

enum spred_status learn_predict(struct learn *learn,
                                const struct spred_matrix *x, double *scores)
{
    if (strcmp(learn->job->protocol, "paper") == 0)
        return spred_fail(learn->env, SPRED_EINVAL,
                          "kind: paper prepares all rows together, other rows "
                          "cannot be predicted");
    int before = spred_blas_threads((int)learn->job->threads);
    enum spred_status status = learn->state        ? SPRED_OK
                               : learn->best.bytes ? load_again(learn)
                                                   : fit_again(learn);
    const struct predictor predictor = {.model = learn->model,
                                        .state = learn->state,
                                        .prepared = learn->trial.prepared,
                                        .threads = learn->job->threads};
    if (status == SPRED_OK)
        status = predictor_scores(learn->env, &predictor, x, scores);
    spred_blas_threads(before);
    return status;
}

enum spred_status learn_store(struct learn *learn, const char *path)
{
    const struct job *job = learn->job;
    const struct trial *trial = &learn->trial;
    const struct spred_data *data = &trial->data;
    if (strcmp(job->protocol, "paper") == 0)
        return spred_fail(learn->env, SPRED_EINVAL,
                          "kind: paper prepares all rows together, its models "
                          "cannot be saved");
    if (!learn->model->store || !learn->model->load)
        return spred_fail(learn->env, SPRED_EINVAL,
                          "the model %s cannot be saved", learn->model->name);
    if (!learn->best.number || !learn->best.bytes)
        return spred_fail(learn->env, SPRED_EINVAL,
                          "%s: there is no model to save", job->model);
    const struct predictor out = {.model = learn->model,
                                  .prepared = trial->prepared,
                                  .threads = job->threads,
                                  .outputs = learn->outputs,
                                  .n_classes = trial->n_classes,
                                  .classes = trial->labels.names,
                                  .features = data->features,
                                  .symbols = data->symbols,
                                  .dataset = job->dataset,
                                  .options = job->options,
                                  .chosen = learn->record->run.chosen};
    return predictor_write(learn->env, path, &out, learn->best.bytes,
                           learn->best.size);
}

const double *learn_importance(const struct learn *learn)
{
    return learn->best.importance;
}

const struct spred_model *learn_model(const struct learn *learn)
{
    return learn->model;
}

size_t learn_outputs(const struct learn *learn)
{
    return learn->outputs;
}

const struct trial *learn_trial(const struct learn *learn)
{
    return &learn->trial;
}

void learn_close(struct learn *learn)
{
    if (!learn)
        return;
    struct spred_env *env = learn->env;
    drop_state(learn, learn->state);
    for (size_t k = 0; k < learn->n_axes; k++) {
        for (size_t i = 0; i < learn->axes[k].n; i++)
            spred_free(env, learn->axes[k].values[i]);
        spred_free(env, learn->axes[k].values);
        spred_free(env, learn->axes[k].name);
    }
    spred_free(env, learn->axes);
    spred_free(env, learn->plain);
    spred_free(env, learn->options);
    offered_free(env, &learn->best);
    spred_free(env, (void *)(size_t)learn->train.x);
    spred_free(env, (void *)(size_t)learn->validate.x);
    spred_free(env, (void *)(size_t)learn->test.x);
    trial_free(env, &learn->trial);
    spred_free(env, learn);
}
