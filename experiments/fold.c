/* fold.c: cross-validation of a path: the refit and every fold, side by side.
 * With L_f the mean loss over the n_f samples that fold f leaves out,
 *   mean = sum n_f L_f / sum n_f,
 *   se^2 = sum n_f (L_f - mean)^2 / sum n_f / (F - 1)
 * at each lambda (as glmnet's cv.glmnet; Friedman, Hastie, Tibshirani 2010). */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "experiments/path.h"
#include "spred/text.h"

/* Nobody looks at a fold on its way: lambdas are certified together. */
#define BATCH 32

struct fold {
    struct spred_env env; /* of the thread that has the fold */
    struct results_record record;
    struct path path;
    size_t train, held; /* samples */
    double *loss;       /* n_lambda */
    enum spred_status status;
};

/* Task 0 is the training part itself, task f is fold f. */
struct crew {
    struct path *whole;
    struct fold *folds;
    size_t n_tasks;
    atomic_size_t next;
    double wall; /* of each path */
    uint64_t seed;
    enum spred_status status; /* of task 0 */
};

/* Everything of the fold but what the refit lends it. */
static enum spred_status make_fold(const struct path *whole, size_t index,
                                   struct fold *fold)
{
    struct path *path = &fold->path;
    *path = (struct path){.env = &fold->env,
                          .job = whole->job,
                          .record = &fold->record,
                          .data = whole->data,
                          .solver = whole->solver,
                          .loss = whole->loss,
                          .form = whole->form,
                          .parts = whole->parts,
                          .options = whole->options,
                          .lambda = whole->lambda,
                          .n_lambda = whole->n_lambda,
                          .problems = whole->problems,
                          .outputs = whole->outputs,
                          .lambda_max = whole->lambda_max,
                          .batch = BATCH};
    SPRED_TRY(
        trial_fold(&fold->env, whole->job, &whole->trial, index, &path->trial));
    fold->loss = spred_alloc(&fold->env, path->n_lambda, sizeof *fold->loss);
    fold->record.run.job = spred_strdup(&fold->env, whole->record->run.job);
    return fold->loss && fold->record.run.job ? path_allocate(path)
                                              : SPRED_ENOMEM;
}

static enum spred_status run_fold(const struct crew *crew, size_t index,
                                  struct fold *fold)
{
    struct path *path = &fold->path;
    struct score score;
    SPRED_TRY(make_fold(crew->whole, index, fold));
    SPRED_TRY(path_solve(path, crew->wall, crew->seed));
    const struct part *held = &path->trial.test;
    for (size_t l = 0; l < path->n_lambda; l++) {
        fold->loss[l] = NAN;
        if (!path_complete(path, l))
            continue;
        SPRED_TRY(score_part(
            &fold->env, held, path->trial.n_classes, path->loss,
            path->test + l * path->outputs * held->n, path->outputs, &score));
        fold->loss[l] = score.loss;
    }
    return SPRED_OK;
}

static void run_task(struct crew *crew, size_t task)
{
    if (task == 0) {
        crew->status = path_solve(crew->whole, crew->wall, crew->seed);
        return;
    }
    struct fold *fold = &crew->folds[task - 1];
    fold->status = run_fold(crew, task - 1, fold);
    /* The parts go at once: a thread holds one copy of X at a time. */
    fold->train = fold->path.trial.train.n;
    fold->held = fold->path.trial.test.n;
    fold->path.options = NULL; /* lent */
    path_release(&fold->path);
}

/* Does tasks until none is left; the refit, the longest, comes first. */
static void work(void *cookie, size_t index, size_t threads)
{
    struct crew *crew = cookie;
    (void)index;
    (void)threads;
    for (;;) {
        size_t task = atomic_fetch_add(&crew->next, 1);
        if (task >= crew->n_tasks)
            return;
        run_task(crew, task);
    }
}

/* Rows of one fold: its last points, one per lambda. */
static enum spred_status keep_rows(struct path *whole, const struct fold *fold,
                                   int64_t number)
{
    struct results_record *record = whole->record;
    size_t base = record->n_folds;
    for (size_t l = 0; l < whole->n_lambda; l++) {
        struct results_fold *row = &record->folds[record->n_folds++];
        results_row_clear(results_fold_columns, row);
        row->job = spred_strdup(whole->env, record->run.job);
        if (!row->job)
            return SPRED_ENOMEM;
        row->fold = number;
        row->lambda_index = (int64_t)l + 1;
        row->lambda = whole->lambda[l];
        row->train = (int64_t)fold->train;
        row->held = (int64_t)fold->held;
        row->loss = fold->loss[l];
        row->certified = 0;
        row->seconds = 0;
    }
    for (size_t i = 0; i < fold->record.n_points; i++) {
        const struct results_point *p = &fold->record.points[i];
        struct results_fold *row =
            &record->folds[base + (size_t)p->lambda_index - 1];
        if (!p->last)
            continue;
        row->gap = fmax(row->gap, p->gap);
        row->floor = fmax(row->floor, p->floor);
        row->seconds += p->seconds;
        row->certified +=
            strcmp(p->stop, spred_stop_name(SPRED_STOP_TARGET)) == 0;
    }
    for (size_t l = 0; l < whole->n_lambda; l++)
        record->folds[base + l].certified =
            record->folds[base + l].certified == (int64_t)whole->problems;
    return SPRED_OK;
}

/* A fold's counts and times into the job's row. */
static void add_counts(struct path *whole, const struct fold *fold)
{
    struct results_run *row = &whole->record->run;
    const struct results_run *part = &fold->record.run;
    row->seconds_setup += part->seconds_setup;
    row->seconds_solve += part->seconds_solve;
    row->seconds_certify += part->seconds_certify;
    row->passes += part->passes;
    row->steps += part->steps;
    row->gap = fmax(row->gap, part->gap);
    row->floor = fmax(row->floor, part->floor);
    row->kkt = fmax(row->kkt, part->kkt);
    whole->told_to_stop |= fold->path.told_to_stop;
    if (fold->path.stop > whole->stop)
        whole->stop = fold->path.stop;
}

static void average(struct path *whole, const struct fold *folds, size_t n)
{
    for (size_t l = 0; l < whole->n_lambda; l++) {
        double samples = 0, sum = 0, squares = 0;
        for (size_t f = 0; f < n; f++) {
            double held = (double)folds[f].held;
            samples += held;
            sum += held * folds[f].loss[l];
        }
        double mean = sum / samples;
        for (size_t f = 0; f < n; f++) {
            double off = folds[f].loss[l] - mean;
            squares += (double)folds[f].held * off * off;
        }
        whole->cv_loss[l] = mean;
        whole->cv_se[l] = sqrt(squares / samples / (double)(n - 1));
    }
}

/* What came of the tasks, in the order of the folds. */
static enum spred_status collect(struct crew *crew, int64_t *certified)
{
    struct path *whole = crew->whole;
    size_t n = crew->n_tasks - 1;
    SPRED_TRY(crew->status);
    *certified = whole->record->run.certified;
    for (size_t f = 0; f < n; f++) {
        const struct fold *fold = &crew->folds[f];
        if (fold->status != SPRED_OK)
            return spred_fail(whole->env, fold->status, "fold %zu of %zu: %s",
                              f + 1, n, fold->env.error);
        SPRED_TRY(keep_rows(whole, fold, (int64_t)f + 1));
        if (fold->path.stop == SPRED_STOP_FAILED)
            spred_fail(whole->env, SPRED_ENUMERIC, "fold %zu of %zu: %s", f + 1,
                       n, fold->env.error);
        add_counts(whole, fold);
        *certified += fold->record.run.certified;
    }
    average(whole, crew->folds, n);
    return SPRED_OK;
}

enum spred_status path_cross_validate(struct path *path, uint64_t seed,
                                      int64_t *points, int64_t *certified)
{
    const struct job *job = path->job;
    struct spred_env *env = path->env;
    size_t n = (size_t)job->choose_folds;
    struct crew crew = {.whole = path,
                        .n_tasks = n + 1,
                        .wall = job->wall / (double)(n + 1),
                        .seed = seed};
    *points = path->record->run.points * (int64_t)(n + 1);
    crew.folds = spred_alloc(env, n, sizeof *crew.folds);
    path->cv_loss = spred_alloc(env, 2 * path->n_lambda, sizeof *path->cv_loss);
    path->cv_se = path->cv_loss ? path->cv_loss + path->n_lambda : NULL;
    path->record->folds =
        spred_alloc(env, n * path->n_lambda, sizeof *path->record->folds);
    enum spred_status status =
        crew.folds && path->cv_loss && path->record->folds ? SPRED_OK
                                                           : SPRED_ENOMEM;
    for (size_t f = 0; status == SPRED_OK && f < n; f++) {
        crew.folds[f].env = *env;
        results_row_clear(results_run_columns, &crew.folds[f].record.run);
    }
    if (status == SPRED_OK) {
        struct spred_pool *pool = path->pool;
        path->pool = NULL; /* one thread for each path */
        if (path->parts)   /* a script has one thread */
            work(&crew, 0, 1);
        else
            spred_pool_run(pool, work, &crew);
        path->pool = pool;
        status = collect(&crew, certified);
    }
    for (size_t f = 0; crew.folds && f < n; f++) {
        spred_free(&crew.folds[f].env, crew.folds[f].loss);
        results_record_free(&crew.folds[f].env, &crew.folds[f].record);
    }
    spred_free(env, crew.folds);
    return status;
}
