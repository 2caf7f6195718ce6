/* path.c: a lambda path on one trial: its problems, solved, certified,
 * observed. Squared loss on more than two classes = one problem per class
 * (one-vs-rest) over a common lambda grid. */
#include "experiments/path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spred/text.h"

static int is_penalty(const struct path *path, const char *kind)
{
    return path->job->penalty && strcmp(path->job->penalty, kind) == 0;
}

int path_is_convex(const struct path *path)
{
    return path->form ? path->form->convex : !is_penalty(path, "power");
}

static void set_penalty(const struct path *path, struct spred_penalty *penalty)
{
    penalty->l1_ratio = path->job->l1_ratio;
    if (path->form) {
        penalty->kind = SPRED_PENALTY_CUSTOM;
        penalty->form = path->form;
        penalty->l1_ratio = 1;
    } else if (is_penalty(path, "power")) {
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
    SPRED_TRY(groups_make(path->env, job, path->data, &path->trial.prepared,
                          &path->grouping));
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
enum spred_status path_problem(struct path *path, size_t index,
                               struct spred_problem *problem)
{
    const struct trial *trial = &path->trial;
    const struct part *train = &trial->train;
    memset(problem, 0, sizeof *problem);
    problem->x = (struct spred_design){.matrix = &train->x,
                                       .mean = trial->prepared.mean,
                                       .scale = trial->prepared.scale,
                                       .pool = path->pool};
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

enum spred_status path_grid(struct path *path)
{
    struct spred_problem problem;
    for (size_t k = 0; k < path->problems; k++) {
        SPRED_TRY(path_problem(path, k, &problem));
        path->lambda_max = fmax(path->lambda_max, problem.lambda_max);
    }
    for (size_t l = 0; l < path->n_lambda; l++)
        path->lambda[l] = path->ratio[l] *
                          (path->job->lambda_absolute ? 1 : path->lambda_max);
    return SPRED_OK;
}

enum spred_status path_refusal(struct path *path, const char **out)
{
    struct spred_problem problem;
    *out = "cannot group over the classes of a problem with one output";
    if (is_penalty(path, "group") && path->job->over_classes &&
        path->loss != &spred_loss_multinomial)
        return SPRED_OK;
    SPRED_TRY(path_problem(path, 0, &problem));
    *out = spred_solver_refuses(path->solver, &problem);
    return SPRED_OK;
}

/* Runs the lambdas path->from .. path->from + plan->n_lambda - 1. */
static enum spred_status run_stretch(struct path *path,
                                     const struct spred_problem *problem,
                                     const struct spred_host_plan *plan,
                                     uint64_t seed)
{
    struct results_run *row = &path->record->run;
    struct spred_host_totals totals;
    SPRED_TRY(spred_host_run(path->env, path->solver, path->options, problem,
                             plan, seed, path_observe, path, &totals));
    SPRED_TRY(path->failure);
    row->seconds_setup += totals.seconds_setup;
    row->seconds_solve += totals.seconds_solve;
    row->seconds_certify += totals.seconds_certify;
    row->passes += totals.passes;
    row->steps += totals.steps;
    row->certified += (int64_t)totals.certified;
    row->gap = fmax(row->gap, totals.worst_gap);
    row->floor = fmax(row->floor, totals.worst_floor);
    row->kkt = fmax(row->kkt, totals.worst_kkt);
    path->billed = row->seconds_setup + row->seconds_solve;
    path->passes_before = row->passes;
    path->stop = totals.stop > path->stop ? totals.stop : path->stop;
    return SPRED_OK;
}

/* One problem: its path in one run, or every lambda in a run of its own. */
static enum spred_status run_problem(struct path *path, size_t index,
                                     struct spred_host_plan *plan,
                                     uint64_t seed)
{
    struct spred_problem problem;
    size_t each = path->job->cold ? 1 : path->n_lambda;
    double budget = plan->wall, before = path->billed;
    path->first = index * (path->outputs / path->problems);
    SPRED_TRY(path_problem(path, index, &problem));
    for (path->from = 0; path->from < path->n_lambda; path->from += each) {
        double left = budget - (path->billed - before);
        plan->lambda = path->lambda + path->from;
        plan->n_lambda = each;
        plan->wall = fmax(left, 0) * (double)each /
                     (double)(path->n_lambda - path->from);
        SPRED_TRY(run_stretch(path, &problem, plan, seed));
        if (path->stop == SPRED_STOP_INTERRUPTED ||
            path->stop == SPRED_STOP_FAILED)
            break;
    }
    plan->wall = budget;
    return SPRED_OK;
}

enum spred_status path_solve(struct path *path, double wall, uint64_t seed)
{
    const struct job *job = path->job;
    struct results_run *row = &path->record->run;
    struct spred_host_plan plan;
    spred_host_plan_default(&plan);
    plan.gap = job->gap;
    plan.stall_eps = job->stall_eps;
    plan.stall_patience = (int)job->stall_patience;
    plan.steps = (long)job->steps;
    plan.wall = wall / (double)path->problems;
    plan.batch = path->batch;
    row->gap = row->floor = row->kkt = row->passes = 0;
    row->seconds_setup = row->seconds_solve = row->seconds_certify = 0;
    row->steps = row->certified = 0;
    for (size_t k = 0; k < path->problems; k++) {
        SPRED_TRY(run_problem(path, k, &plan, seed));
        if (path->stop == SPRED_STOP_INTERRUPTED ||
            path->stop == SPRED_STOP_FAILED)
            break;
    }
    return SPRED_OK;
}

enum spred_status path_allocate(struct path *path)
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
    path->intercept = spred_alloc(env, cells, sizeof *path->intercept);
    return path->y && path->validate && path->test && path->seen &&
                   path->objective && path->intercept
               ? make_groups(path)
               : SPRED_ENOMEM;
}

int path_complete(const struct path *path, size_t lambda)
{
    for (size_t k = 0; k < path->outputs; k++)
        if (!path->seen[lambda * path->outputs + k])
            return 0;
    return 1;
}

void path_release(struct path *path)
{
    struct spred_env *env = path->env;
    void *const blocks[] = {path->options,   path->ratio,   path->y,
                            path->validate,  path->test,    path->seen,
                            path->objective, path->entries, path->intercept,
                            path->cv_loss,   path->equal};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        spred_free(env, blocks[i]);
    groups_free(env, &path->grouping);
    trial_free(env, &path->trial);
}
