/* run.c: one job done in this process: path, choice on validation, test score.
 * Squared loss on more than two classes = one problem per class (one-vs-rest)
 * over a common lambda grid. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/path.h"
#include "spred/metric.h"
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

static int is_penalty(const struct path *path, const char *kind)
{
    return path->job->penalty && strcmp(path->job->penalty, kind) == 0;
}

static void set_penalty(const struct path *path, struct spred_penalty *penalty)
{
    penalty->l1_ratio = path->job->l1_ratio;
    if (is_penalty(path, "power")) {
        penalty->kind = SPRED_PENALTY_POWER;
        penalty->factors = (int)path->job->factors;
    } else if (is_penalty(path, "group")) {
        penalty->kind = SPRED_PENALTY_GROUP;
        penalty->groups =
            path->grouping.groups.count ? &path->grouping.groups : NULL;
        penalty->over_outputs = path->job->over_classes != 0;
        penalty->weights = path->equal;
    }
}

/* Groups by the job and their weights. */
static enum spred_status make_groups(struct path *path)
{
    const struct job *job = path->job;
    if (!is_penalty(path, "group"))
        return SPRED_OK;
    SPRED_TRY(groups_make(path->env, job, &path->trial, &path->grouping));
    if (!job->equal_weights)
        return SPRED_OK;
    path->equal = spred_alloc(path->env, path->trial.p, sizeof *path->equal);
    if (!path->equal)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < path->trial.p; j++)
        path->equal[j] = 1;
    return SPRED_OK;
}

/* The problem of class `index` (one-vs-rest), or the only one. */
static enum spred_status make_problem(struct path *path, size_t index,
                                      struct spred_problem *problem)
{
    const struct trial *trial = &path->trial;
    const struct part *train = &trial->train;
    memset(problem, 0, sizeof *problem);
    problem->x = (struct spred_design){&train->x, trial->prepared.mean,
                                       trial->prepared.scale};
    problem->n = train->n;
    problem->p = trial->p;
    problem->outputs = 1;
    problem->loss = path->loss;
    set_penalty(path, &problem->penalty);
    problem->intercept = path->job->intercept != 0;
    if (path->loss == &spred_loss_multinomial) {
        problem->outputs = trial->n_classes;
        problem->codes = train->codes;
    } else if (trial->n_classes == 0) {
        problem->y = train->values;
    } else {
        int32_t own = path->problems == 1 ? 1 : (int32_t)index;
        for (size_t i = 0; i < train->n; i++)
            path->y[i] = train->codes[i] == own ? 1 : -1;
        problem->y = path->y;
    }
    return spred_problem_init(path->env, problem);
}

static enum spred_status make_grid(struct path *path)
{
    struct spred_problem problem;
    for (size_t k = 0; k < path->problems; k++) {
        SPRED_TRY(make_problem(path, k, &problem));
        path->lambda_max = fmax(path->lambda_max, problem.lambda_max);
    }
    for (size_t l = 0; l < path->n_lambda; l++)
        path->lambda[l] = path->ratio[l] *
                          (path->job->lambda_absolute ? 1 : path->lambda_max);
    return SPRED_OK;
}

static enum spred_status solve(struct path *path)
{
    const struct job *job = path->job;
    struct results_run *row = &path->record->run;
    struct spred_host_plan plan;
    struct spred_problem problem;
    enum spred_stop worst = SPRED_STOP_NONE;
    size_t reached = 0; /* points that met what is asked */
    uint64_t root = strtoull(job->seed, NULL, 10);
    spred_host_plan_default(&plan);
    plan.lambda = path->lambda;
    plan.n_lambda = path->n_lambda;
    plan.gap = job->gap;
    plan.stall_eps = job->stall_eps;
    plan.stall_patience = (int)job->stall_patience;
    plan.steps = (long)job->steps;
    plan.wall = job->wall / (double)path->problems;
    uint64_t seed =
        spred_seed(root, job->dataset, (uint64_t)job->trial, "solver");
    int convex = !is_penalty(path, "power"); /* else there is no gap */
    row->kkt = row->passes = 0;
    row->gap = row->floor = convex ? 0 : NAN;
    row->seconds_setup = row->seconds_solve = row->seconds_certify = 0;
    row->steps = row->certified = 0;
    for (size_t k = 0; k < path->problems; k++) {
        struct spred_host_totals totals;
        path->first = k * (path->outputs / path->problems);
        SPRED_TRY(make_problem(path, k, &problem));
        SPRED_TRY(spred_host_run(path->env, path->solver, path->options,
                                 &problem, &plan, seed, path_observe, path,
                                 &totals));
        SPRED_TRY(path->failure);
        row->seconds_setup += totals.seconds_setup;
        row->seconds_solve += totals.seconds_solve;
        row->seconds_certify += totals.seconds_certify;
        row->passes += totals.passes;
        row->steps += totals.steps;
        reached += totals.certified;
        if (convex) {
            row->gap = fmax(row->gap, totals.worst_gap);
            row->floor = fmax(row->floor, totals.worst_floor);
        }
        row->kkt = fmax(row->kkt, totals.worst_kkt);
        path->billed_before = row->seconds_setup + row->seconds_solve;
        path->passes_before = row->passes;
        worst = totals.stop > worst ? totals.stop : worst;
        if (worst == SPRED_STOP_INTERRUPTED || worst == SPRED_STOP_FAILED)
            break;
    }
    row->certified = convex ? (int64_t)reached : 0;
    row->seconds = row->seconds_setup + row->seconds_solve;
    row->status = spred_strdup(path->env, spred_stop_name(worst));
    if (worst == SPRED_STOP_FAILED)
        row->reason = spred_strdup(path->env, path->env->error);
    else if (!convex && worst != SPRED_STOP_STATIONARY)
        row->reason = spred_format(
            path->env,
            "%zu of %lld points stationary to %g; worst stationarity %.2g",
            reached, (long long)row->points, job->gap, row->kkt);
    else if (convex && worst != SPRED_STOP_TARGET)
        row->reason = spred_format(
            path->env, "%lld of %lld points certified to %g; worst gap %.2g",
            (long long)row->certified, (long long)row->points, job->gap,
            row->gap);
    return row->status ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status allocate(struct path *path)
{
    const struct trial *trial = &path->trial;
    struct spred_env *env = path->env;
    size_t cells = path->n_lambda * path->outputs;
    path->y = spred_alloc(env, trial->train.n, sizeof *path->y);
    path->validate =
        spred_alloc(env, cells * trial->validate.n, sizeof *path->validate);
    path->test = spred_alloc(env, cells * trial->test.n, sizeof *path->test);
    path->seen = spred_alloc(env, cells, 1);
    path->objective = spred_alloc(env, path->n_lambda, sizeof *path->objective);
    return path->y && path->validate && path->test && path->seen &&
                   path->objective
               ? SPRED_OK
               : SPRED_ENOMEM;
}

static void release(struct path *path)
{
    struct spred_env *env = path->env;
    void *const blocks[] = {path->options,   path->ratio,   path->y,
                            path->validate,  path->test,    path->seen,
                            path->objective, path->entries, path->equal};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        spred_free(env, blocks[i]);
    groups_free(env, &path->grouping);
    trial_free(env, &path->trial);
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
    return spred_loss_named(path->job->loss);
}

static enum spred_status describe(struct path *path)
{
    const struct trial *trial = &path->trial;
    struct results_run *row = &path->record->run;
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
    row->preparation = spred_strdup(path->env, trial->prepared.report);
    if (!row->preparation)
        return SPRED_ENOMEM;
    spred_free(path->env, row->loss);
    row->loss = spred_strdup(path->env, path->loss->name);
    return row->loss ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status run_path(struct path *path)
{
    struct results_run *row = &path->record->run;
    double seconds[2] = {0, 0};
    SPRED_TRY(parse_lambdas(path));
    SPRED_TRY(parse_options(path));
    SPRED_TRY(trial_make(path->env, path->job, &path->trial, seconds));
    row->seconds_load = seconds[0];
    row->seconds_prepare = seconds[1];
    path->loss = pick_loss(path);
    if (!path->loss)
        return spred_fail(path->env, SPRED_EINVAL, "no loss called '%s'",
                          path->job->loss);
    SPRED_TRY(describe(path));
    if (path->trial.n_classes == 0 && !path->loss->quadratic)
        return skip(path, "cannot fit classes to a real-valued target");
    int rest = path->loss->quadratic && path->trial.n_classes > 2;
    path->problems = rest ? path->trial.n_classes : 1;
    path->outputs = path->loss == &spred_loss_multinomial
                        ? path->trial.n_classes
                        : path->problems;
    if (path->job->over_classes && path->loss != &spred_loss_multinomial)
        return skip(path, "cannot group over the classes of a problem with one "
                          "output");
    SPRED_TRY(make_groups(path));
    SPRED_TRY(allocate(path));
    SPRED_TRY(make_grid(path));
    row->lambda_max = path->lambda_max;
    row->points = (int64_t)(path->n_lambda * path->problems);
    struct spred_problem problem;
    SPRED_TRY(make_problem(path, 0, &problem));
    const char *refusal = spred_solver_refuses(path->solver, &problem);
    if (refusal)
        return skip(path, refusal);
    SPRED_TRY(solve(path));
    return path_choose(path);
}

enum spred_status job_run(struct spred_env *env, const struct job *job,
                          struct results_record *record)
{
    struct path path = {.env = env, .job = job, .record = record};
    double from = trial_now();
    memset(record, 0, sizeof *record);
    enum spred_status status = job_start_row(env, job, &record->run);
    path.solver = spred_solver_find(job->solver);
    if (status == SPRED_OK && !path.solver)
        status = spred_fail(env, SPRED_ENOTFOUND, "no solver called '%s'",
                            job->solver);
    if (status == SPRED_OK)
        status = run_path(&path);
    record->run.seconds_total = trial_now() - from;
    release(&path);
    return status;
}
