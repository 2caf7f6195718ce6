/* host.c: runs a method along a lambda path: steps it, stops the clock while it
 * certifies, observes on a geometric grid, applies the stop rule. */
#define _POSIX_C_SOURCE 200809L
#include "spred/host.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "spred/custom.h"

const char *spred_stop_name(enum spred_stop stop)
{
    static const char *const names[] = {
        "none", "certified", "stationary", "stalled",     "steps",
        "time", "diverged",  "refuted",    "interrupted", "error"};
    size_t index = (size_t)stop;
    return index < sizeof names / sizeof *names ? names[index] : "unknown";
}

static double real_clock(void *cookie)
{
    struct timespec t;
    (void)cookie;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void spred_host_plan_default(struct spred_host_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->gap = 1e-6;
    plan->stall_eps = 1e-10;
    plan->stall_patience = 3;
    plan->wall = 120;
    plan->steps = 1000000;
    plan->growth = 1.25;
}

void spred_lambda_path(double lambda_max, double min_ratio, size_t n,
                       double *out)
{
    for (size_t k = 0; k < n; k++) {
        double share = n > 1 ? (double)k / (double)(n - 1) : 1;
        out[k] = lambda_max * pow(min_ratio, share);
    }
}

/* What one run needs at hand. */
struct run {
    struct spred_env *env;
    const struct spred_solver *solver;
    const struct spred_problem *problem;
    const struct spred_host_plan *plan;
    struct spred_certifier *certifier;
    void *state;
    double *w, *b;
    struct spred_work work;
    double billed; /* seconds: set-up and steps */
    struct spred_host_totals *totals;
    int (*observe)(void *cookie, const struct spred_host_point *point);
    void *cookie;
    /* Lambdas that wait for their certificates. */
    struct spred_host_point *waiting; /* batch */
    double *waiting_w;                /* (p + 1) x K each */
    size_t batch, count;
    size_t ended; /* lambdas that are done with */
};

static double now(const struct run *run)
{
    return run->plan->now ? run->plan->now(run->plan->clock_cookie)
                          : real_clock(NULL);
}

/* Progress of one lambda, for the stall rule. */
struct progress {
    double from; /* the objective where the method starts: step 0 */
    double best_off, best_primal; /* off: the gap, or not convex: kkt */
    long best_step;               /* the last one with progress */
    int idle;                     /* observations without progress */
};

/* A method with momentum swings above its best value for a while, and the first
 * observations are one step apart: it gets this many steps, and as many as it
 * took to get there, before a swing counts as a stall. */
#define SWING_STEPS 1000
/* The objective over the larger of P(0) and its start. */
#define EXPLODED 1e5

static enum spred_stop judge(const struct run *run, struct progress *progress,
                             const struct spred_host_point *point,
                             enum spred_status certified, int finished,
                             double budget)
{
    const struct spred_host_plan *plan = run->plan;
    const struct spred_certificate *c = &point->certificate;
    double unit = run->problem->null_objective;
    double off = c->convex ? c->gap : c->kkt;
    if (point->step == 0) /* random factors may start far above P(0) */
        progress->from = c->primal;
    if (certified != SPRED_OK ||
        c->primal > EXPLODED * fmax(unit, progress->from))
        return SPRED_STOP_DIVERGED;
    if (spred_certified(c, plan->gap))
        return SPRED_STOP_TARGET;
    /* step 0: W = 0 is stationary, but not the work of a method */
    if (point->step > 0 && spred_stationary(c, plan->gap))
        return SPRED_STOP_STATIONARY;
    if (finished) /* below the floor nothing is refuted either */
        return off - c->floor > plan->gap ? SPRED_STOP_REFUTED
                                          : SPRED_STOP_STALL;
    if (point->seconds >= budget)
        return SPRED_STOP_TIME;
    if (point->step >= plan->steps)
        return SPRED_STOP_STEPS;
    if (progress->best_off - off > plan->stall_eps ||
        progress->best_primal - c->primal > plan->stall_eps * unit) {
        progress->idle = 0;
        progress->best_step = point->step;
    } else {
        progress->idle++;
    }
    progress->best_off = fmin(progress->best_off, off);
    progress->best_primal = fmin(progress->best_primal, c->primal);
    int still = c->primal - progress->best_primal <= plan->stall_eps * unit;
    int waited = point->step >= 2 * progress->best_step + SWING_STEPS;
    return progress->idle >= plan->stall_patience && (still || waited)
               ? SPRED_STOP_STALL
               : SPRED_STOP_NONE;
}

/* How the run ends when the method returned status. */
static enum spred_stop ending(struct run *run, enum spred_status status)
{
    if (status == SPRED_EINTERRUPTED)
        return SPRED_STOP_INTERRUPTED;
    if (status != SPRED_OK)
        return SPRED_STOP_FAILED;
    return spred_check_cancel(run->env) == SPRED_OK ? SPRED_STOP_NONE
                                                    : SPRED_STOP_INTERRUPTED;
}

/* Observes and certifies (not billed), judges, tells the observer. ended: what
 * stopped the run whatever the certificate says (the error text is kept), or
 * NONE. */
static enum spred_stop look(struct run *run, struct progress *progress,
                            struct spred_host_point *point, int finished,
                            double budget, enum spred_stop ended)
{
    char reason[SPRED_ERROR_MAX];
    double from = now(run);
    memcpy(reason, run->env->error, sizeof reason);
    run->solver->get(run->state, run->w, run->b);
    enum spred_status status =
        spred_certify(run->certifier, run->w, run->b, &point->certificate);
    run->totals->seconds_certify += now(run) - from;
    if (ended == SPRED_STOP_NONE) { /* a script's function may have failed */
        ended = ending(run, spred_custom_failed(run->env, run->problem));
        memcpy(reason, run->env->error, sizeof reason);
    }
    point->stop = judge(run, progress, point, status, finished, budget);
    if (ended == SPRED_STOP_FAILED ||
        (ended == SPRED_STOP_INTERRUPTED && point->stop != SPRED_STOP_TARGET &&
         point->stop != SPRED_STOP_STATIONARY)) {
        point->stop = ended;
        memcpy(run->env->error, reason, sizeof reason);
    }
    point->seconds_path = run->billed;
    point->passes = run->work.passes;
    point->w = run->w;
    point->b = run->b;
    if (run->observe && run->observe(run->cookie, point) != 0)
        point->stop = SPRED_STOP_INTERRUPTED;
    return point->stop;
}

/* Bills what passed since `from` to the run and to this lambda. */
static void bill(struct run *run, struct spred_host_point *point, double from)
{
    double spent = now(run) - from;
    run->billed += spent;
    point->seconds += spent;
}

/* The billed seconds that the next lambda may take. */
static double budget_of(const struct run *run)
{
    double left = run->plan->wall - run->billed;
    return left > 0 ? left / (double)(run->plan->n_lambda - run->ended) : 0;
}

static void count_end(struct run *run, const struct spred_host_point *point)
{
    struct spred_host_totals *totals = run->totals;
    const struct spred_certificate *c = &point->certificate;
    totals->certified += point->stop == SPRED_STOP_TARGET ||
                         point->stop == SPRED_STOP_STATIONARY;
    totals->worst_gap = fmax(totals->worst_gap, c->gap);
    totals->worst_floor = fmax(totals->worst_floor, c->floor);
    totals->worst_kkt = fmax(totals->worst_kkt, c->kkt);
    if (point->stop > totals->stop)
        totals->stop = point->stop;
    run->ended++;
}

/* Tells the method its lambda; billed. */
static enum spred_stop begin(struct run *run, struct spred_host_point *point)
{
    double from = now(run);
    enum spred_status status =
        run->solver->start(run->state, point->lambda, run->plan->gap);
    if (status == SPRED_OK)
        status = spred_custom_failed(run->env, run->problem);
    bill(run, point, from);
    return ending(run, status);
}

static enum spred_stop advance(struct run *run, struct spred_host_point *point,
                               int *finished)
{
    double from = now(run);
    enum spred_status status =
        run->solver->step(run->state, &run->work, finished);
    if (status == SPRED_OK)
        status = spred_custom_failed(run->env, run->problem);
    bill(run, point, from);
    point->step++;
    run->totals->steps++;
    return ending(run, status);
}

/* One lambda, from its warm start (or from where it waited) to its stop. */
static enum spred_stop solve_lambda(struct run *run,
                                    struct spred_host_point *point)
{
    const struct spred_host_plan *plan = run->plan;
    struct progress progress = {0, INFINITY, INFINITY, 0, 0};
    double budget = point->seconds + budget_of(run);
    double from = now(run);
    spred_certifier_start(run->certifier, point->lambda);
    run->totals->seconds_certify += now(run) - from;
    enum spred_stop ended = begin(run, point);
    enum spred_stop stop = look(run, &progress, point, 0, budget, ended);
    long due = point->step + 1; /* the next step to observe */
    while (stop == SPRED_STOP_NONE) {
        int finished = 0;
        ended = advance(run, point, &finished);
        if (ended == SPRED_STOP_NONE && !finished && point->step < due &&
            point->step < plan->steps && point->seconds < budget)
            continue;
        stop = look(run, &progress, point, finished, budget, ended);
        double next = (double)point->step * plan->growth;
        due = next > (double)(point->step + 1) ? (long)next : point->step + 1;
    }
    count_end(run, point);
    return stop;
}

/* 1: there is no sound warm start for the next lambda. */
static int ends_path(enum spred_stop stop)
{
    return stop >= SPRED_STOP_DIVERGED && stop != SPRED_STOP_REFUTED;
}

/* How a lambda that has waited ends, NONE: it is to be gone on with. */
static enum spred_stop end_of_wait(const struct run *run,
                                   const struct spred_host_point *point)
{
    if (spred_certified(&point->certificate, run->plan->gap))
        return SPRED_STOP_TARGET;
    if (run->billed >= run->plan->wall)
        return SPRED_STOP_TIME;
    return point->step >= run->plan->steps ? SPRED_STOP_STEPS : SPRED_STOP_NONE;
}

/* Certifies who waits; who fails is gone on with. *over = 1: the path ends. */
static enum spred_status flush(struct run *run, int *over)
{
    struct spred_certify_point *points =
        spred_alloc(run->env, run->count, sizeof *points);
    size_t count = run->count;
    if (!points)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < count; i++)
        points[i] =
            (struct spred_certify_point){.lambda = run->waiting[i].lambda,
                                         .w = run->waiting[i].w,
                                         .b = run->waiting[i].b};
    double from = now(run);
    spred_certify_many(run->certifier, count, points);
    run->totals->seconds_certify += now(run) - from;
    run->count = 0;
    for (size_t i = 0; !*over && i < count; i++) {
        struct spred_host_point *point = &run->waiting[i];
        point->certificate = points[i].certificate;
        point->stop = points[i].status == SPRED_OK ? end_of_wait(run, point)
                                                   : SPRED_STOP_NONE;
        if (point->stop == SPRED_STOP_NONE) {
            solve_lambda(run, point);
        } else {
            if (run->observe && run->observe(run->cookie, point) != 0)
                point->stop = SPRED_STOP_INTERRUPTED;
            count_end(run, point);
        }
        *over = ends_path(point->stop);
    }
    spred_free(run->env, points);
    return SPRED_OK;
}

/* Like solve_lambda, but the certificate waits. */
static enum spred_status park_lambda(struct run *run, size_t index, int *over)
{
    const struct spred_problem *problem = run->problem;
    size_t weights = problem->p * problem->outputs;
    struct spred_host_point *point = &run->waiting[run->count];
    double *w = run->waiting_w + run->count * (weights + problem->outputs);
    int finished = 0;
    *point = (struct spred_host_point){.lambda_index = index,
                                       .lambda = run->plan->lambda[index]};
    enum spred_stop ended = begin(run, point);
    if (ended == SPRED_STOP_NONE)
        ended = advance(run, point, &finished);
    run->solver->get(run->state, w, w + weights);
    point->seconds_path = run->billed;
    point->passes = run->work.passes;
    point->w = w;
    point->b = w + weights;
    run->count++;
    if (ended == SPRED_STOP_NONE && run->count < run->batch &&
        index + 1 < run->plan->n_lambda && run->billed < run->plan->wall)
        return SPRED_OK;
    char reason[SPRED_ERROR_MAX];
    memcpy(reason, run->env->error, sizeof reason);
    SPRED_TRY(flush(run, over));
    if (ended != SPRED_STOP_NONE && !*over) {
        *over = 1;
        run->totals->stop = ended;
        memcpy(run->env->error, reason, sizeof reason);
    }
    return SPRED_OK;
}

static enum spred_status run_path(struct run *run)
{
    int over = 0, parks = run->waiting != NULL;
    for (size_t index = 0; !over && index < run->plan->n_lambda; index++) {
        struct spred_host_point point = {.lambda_index = index,
                                         .lambda = run->plan->lambda[index]};
        if (parks && run->billed < run->plan->wall && run->plan->steps > 0)
            SPRED_TRY(park_lambda(run, index, &over));
        else
            over = ends_path(solve_lambda(run, &point));
    }
    return SPRED_OK;
}

/* Room for the lambdas that wait; without a batch, or without memory for it,
 * there is none and every lambda is certified by itself. */
static void make_waiting(struct run *run)
{
    const struct spred_problem *problem = run->problem;
    size_t batch = run->plan->batch < run->plan->n_lambda ? run->plan->batch
                                                          : run->plan->n_lambda;
    if (batch < 2 || !run->solver->settles ||
        !spred_penalty_form(problem)->convex)
        return;
    run->waiting = spred_alloc(run->env, batch, sizeof *run->waiting);
    run->waiting_w =
        spred_alloc(run->env, batch * (problem->p + 1) * problem->outputs,
                    sizeof *run->waiting_w);
    run->batch = batch;
    if (run->waiting && run->waiting_w)
        return;
    spred_free(run->env, run->waiting);
    spred_free(run->env, run->waiting_w);
    run->waiting = NULL;
    run->waiting_w = NULL;
}

enum spred_status spred_host_run(
    struct spred_env *env, const struct spred_solver *solver,
    const void *options, const struct spred_problem *problem,
    const struct spred_host_plan *plan, uint64_t seed,
    int (*observe)(void *cookie, const struct spred_host_point *point),
    void *cookie, struct spred_host_totals *totals)
{
    struct run run = {.env = env,
                      .solver = solver,
                      .problem = problem,
                      .plan = plan,
                      .totals = totals,
                      .observe = observe,
                      .cookie = cookie};
    memset(totals, 0, sizeof *totals);
    spred_custom_clear(problem);
    const char *refusal = spred_solver_refuses(solver, problem);
    if (refusal)
        return spred_fail(env, SPRED_EMISMATCH, "%s %s", solver->name, refusal);
    for (size_t k = 0; k < plan->n_lambda; k++)
        if (!(plan->lambda[k] > 0 && isfinite(plan->lambda[k])))
            return spred_fail(env, SPRED_EINVAL,
                              "lambda %zu = %g is not positive", k + 1,
                              plan->lambda[k]);
    run.certifier = spred_certifier_new(env, problem);
    run.state = spred_alloc(env, 1, solver->state_size);
    run.w = spred_alloc(env, problem->p * problem->outputs, sizeof *run.w);
    run.b = spred_alloc(env, problem->outputs, sizeof *run.b);
    enum spred_status status = SPRED_ENOMEM;
    if (run.certifier && run.state && run.w && run.b) {
        make_waiting(&run);
        if (solver->self)
            *(const void **)run.state = solver->self;
        double from = now(&run);
        status =
            solver->init(env, run.state, options, problem, seed, &run.work);
        if (status == SPRED_OK)
            status = spred_custom_failed(env, problem);
        totals->seconds_setup = run.billed = now(&run) - from;
        if (status == SPRED_OK)
            status = run_path(&run);
        totals->seconds_solve = run.billed - totals->seconds_setup;
        totals->passes = run.work.passes;
        solver->free(env, run.state);
    }
    spred_free(env, run.waiting);
    spred_free(env, run.waiting_w);
    spred_free(env, run.b);
    spred_free(env, run.w);
    spred_free(env, run.state);
    spred_certifier_free(run.certifier);
    return status;
}
