/* learn_fit.c: one fit of a model: its offers are scored on the validation part
 * as they come, and the best one's predictions of the test part are put aside.
 */
#include "experiments/learn_part.h"

#include <math.h>
#include <string.h>

#include "spred/text.h"

enum spred_status offered_make(struct learn *learn, struct offered *out)
{
    struct spred_env *env = learn->env;
    memset(out, 0, sizeof *out);
    out->test =
        spred_alloc(env, learn->test.n * learn->outputs, sizeof *out->test);
    out->importance = spred_alloc(env, learn->trial.p, sizeof *out->importance);
    return out->test && out->importance ? SPRED_OK : SPRED_ENOMEM;
}

static void drop_arrays(struct spred_env *env, struct offered *offered)
{
    for (size_t i = 0; i < offered->n_arrays; i++)
        results_row_free(env, results_array_columns, &offered->arrays[i]);
    spred_free(env, offered->arrays);
    offered->arrays = NULL;
    offered->n_arrays = 0;
}

void offered_free(struct spred_env *env, struct offered *offered)
{
    spred_free(env, offered->what);
    spred_free(env, offered->test);
    spred_free(env, offered->importance);
    spred_free(env, offered->bytes);
    drop_arrays(env, offered);
    memset(offered, 0, sizeof *offered);
}

enum spred_status learn_part_scores(struct fitting *f,
                                    const struct spred_rows *rows,
                                    double *scores)
{
    struct learn *learn = f->learn;
    size_t cells = rows->n * learn->outputs;
    if (rows->n == 0)
        return SPRED_OK;
    SPRED_TRY(
        learn->model->predict(f->env, f->state, rows->x, rows->n, scores));
    for (size_t i = 0; i < cells; i++)
        if (!isfinite(scores[i]))
            return spred_fail(f->env, SPRED_ENUMERIC,
                              "the scores are not finite");
    learn_fold(learn, scores, rows->n);
    return SPRED_OK;
}

/* The model as bytes, which are exchanged only once there are new ones. */
static enum spred_status store(struct fitting *f)
{
    struct offered *into = f->into;
    void *bytes = NULL;
    size_t size = 0;
    if (!f->learn->keeps)
        return SPRED_OK;
    SPRED_TRY(f->learn->model->store(f->env, f->state, &bytes, &size));
    spred_free(f->env, into->bytes);
    into->bytes = bytes;
    into->size = size;
    return SPRED_OK;
}

/* What is kept of an offer that is the best so far. */
static enum spred_status keep(struct fitting *f, const char *what,
                              const struct score *score)
{
    struct learn *learn = f->learn;
    struct offered *into = f->into;
    double from = trial_now();
    /* First: an offer whose test part cannot be predicted does not stand. */
    enum spred_status status = learn_part_scores(f, &learn->test, f->scores);
    f->unbilled += trial_now() - from;
    SPRED_TRY(status);
    from = trial_now();
    char *copy = spred_strdup(f->env, what);
    status = copy ? store(f) : SPRED_ENOMEM;
    if (status != SPRED_OK) {
        spred_free(f->env, copy);
        return status;
    }
    spred_free(f->env, into->what);
    into->what = copy;
    into->score = *score;
    into->number = f->offers;
    memcpy(into->test, f->scores,
           learn->test.n * learn->outputs * sizeof *f->scores);
    learn->model->genes(f->state, into->importance);
    into->support = 0;
    for (size_t j = 0; j < learn->trial.p; j++)
        into->support += into->importance[j] > 0;
    if (!(learn->model->takes & SPRED_MODEL_CHOOSES))
        into->support = (int64_t)learn->trial.p;
    f->unbilled += trial_now() - from;
    return SPRED_OK;
}

static enum spred_status offer(void *cookie, const char *what,
                               struct spred_offer *out)
{
    struct fitting *f = cookie;
    struct learn *learn = f->learn;
    int plain = strcmp(learn->job->protocol, "paper") == 0;
    struct score score;
    f->offers++;
    SPRED_TRY(learn_part_scores(f, &learn->validate, f->scores));
    SPRED_TRY(
        learn_value(learn, f->env, &learn->trial.validate, f->scores, &score));
    out->score = score_choice(&score, plain);
    out->loss = score.loss;
    /* Without a validation part the last one stands. */
    out->best = !f->into->number || learn->validate.n == 0 ||
                score_better(&score, &f->into->score, plain);
    if (out->best)
        SPRED_TRY(keep(f, what ? what : "", &score));
    if (f->last && f->offers == f->last) {
        f->ended = 1;
        return spred_fail(f->env, SPRED_EINTERRUPTED, "enough");
    }
    return SPRED_OK;
}

static int cancelled(void *cookie)
{
    struct learn *learn = cookie;
    learn->late |= trial_now() > learn->deadline;
    return learn->late || (learn->env->cancelled &&
                           learn->env->cancelled(learn->env->cancel_cookie));
}

static void start_inner(struct learn *learn)
{
    learn->inner = *learn->env;
    learn->inner.cancelled = cancelled;
    learn->inner.cancel_cookie = learn;
}

/* The word for how a fit ended, in row->stop; its error in row->note. */
static enum spred_status how_it_ended(struct fitting *f,
                                      enum spred_status status,
                                      struct results_candidate *row)
{
    struct spred_env *env = f->learn->env;
    const char *word = "done", *note = NULL;
    if (status == SPRED_EINTERRUPTED && f->ended) {
        word = "done";
    } else if (status == SPRED_EINTERRUPTED && f->learn->late) {
        word = "time";
        if (f->offers == 0)
            note = "nothing was offered within stop.fit";
    } else if (status == SPRED_ENOMEM || status == SPRED_EINTERRUPTED) {
        return spred_fail(env, status, "%s", f->env->error);
    } else if (status != SPRED_OK) {
        word = status == SPRED_ENUMERIC ? "diverged" : "error";
        note = f->env->error;
    } else if (f->offers == 0) {
        word = "error";
        note = "the fit offered no model";
    }
    row->stop = spred_strdup(env, word);
    if (note) {
        spred_free(env, row->note);
        row->note = spred_strdup(env, note);
    }
    return row->stop && (!note || row->note) ? SPRED_OK : SPRED_ENOMEM;
}

/* The model's fit; from the start if it does not take what was saved. */
static enum spred_status fit(struct fitting *f, const void *options,
                             struct spred_model_task *task,
                             struct spred_model_report *report)
{
    const struct spred_model *model = f->learn->model;
    enum spred_status status =
        model->fit(f->env, f->state, options, task, report);
    if (status != SPRED_EFORMAT || !task->saved || f->offers || f->marks)
        return status;
    if (model->free)
        model->free(f->env, f->state);
    memset(f->state, 0, model->state_size);
    memset(report, 0, sizeof *report);
    learn_start_anew(f, task);
    return model->fit(f->env, f->state, options, task, report);
}

enum spred_status learn_fit(struct learn *learn, const void *options,
                            void *state, size_t last, struct offered *into,
                            struct results_candidate *row)
{
    struct spred_model_report report = {0};
    char *saved = NULL;
    struct fitting f = {.learn = learn,
                        .env = &learn->inner,
                        .state = state,
                        .setting = row->candidate,
                        .last = last,
                        .into = into};
    struct spred_model_task task = {.train = learn->train,
                                    .validate = learn->validate,
                                    .classes = learn->trial.n_classes,
                                    .seed = learn->seed,
                                    .threads = (size_t)learn->job->threads,
                                    .offer = offer,
                                    .cookie = &f};
    if (!last) { /* a fit that is repeated has been looked at */
        task.mark = learn_mark;
        task.show = learn_show;
    }
    start_inner(learn);
    size_t most =
        learn->test.n > learn->validate.n ? learn->test.n : learn->validate.n;
    f.scores = spred_alloc(learn->env, most * learn->outputs, sizeof *f.scores);
    if (!f.scores)
        return SPRED_ENOMEM;
    into->number = 0;
    drop_arrays(learn->env, into);
    enum spred_status status = last ? SPRED_OK : learn_go_on(&f, &task, &saved);
    f.from = trial_now();
    if (status == SPRED_OK)
        status = fit(&f, options, &task, &report);
    row->seconds = f.before + trial_now() - f.from - f.unbilled;
    spred_free(learn->env, saved);
    spred_free(learn->env, f.scores);
    row->steps = report.steps;
    row->passes = report.passes;
    row->offers = (int64_t)f.offers;
    row->note = spred_strdup(learn->env, report.note);
    return row->note ? how_it_ended(&f, status, row) : SPRED_ENOMEM;
}
