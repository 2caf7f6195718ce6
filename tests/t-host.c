/* t-host.c: the loop, its clock and its stop rules, with a fake clock and a
 * method that follows a script. */
#include "problems.h"

#include "spred/host.h"

/* ---- a scripted method on one column: w is what the script says ---- */

struct script {
    double clock;     /* seconds that have passed */
    double step_cost; /* a step makes the clock move by this */
    double look_cost; /* and `get` by this */
    double setup_cost, start_cost;
    double rate;     /* w_k = best + (w_0 - best) rate^k; 1: never moves */
    long finish_at;  /* step that claims, 0: never */
    long explode_at; /* step at which w is NaN, 0: never */
    long fail_at, cancel_at, interrupt_at;
    int fail_init, interrupt_status;
    double claimed_error; /* added to w when claiming */
    double begin;         /* w after init */
    double best;          /* optimum at the lambda of start */
    /* seen */
    long steps, frees, starts, looks;
    double tolerance;
};

struct scripted {
    struct script *script;
    double w, from; /* now, and at the start of this lambda */
    long k;
};

struct scripted_options {
    struct script *script;
};

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct scripted *s = state;
    (void)problem;
    assert_int_equal(seed, 42);
    assert_null(s->script); /* zeroed by the host */
    s->script = ((const struct scripted_options *)options)->script;
    s->w = s->script->begin;
    s->script->clock += s->script->setup_cost;
    work->passes += 2;
    if (s->script->fail_init)
        return spred_fail(env, SPRED_ENUMERIC, "scripted failure");
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct scripted *s = state;
    s->script->clock += s->script->start_cost;
    s->script->best = 1 - lambda; /* X'y/n = 1, X'X/n = 1 */
    s->script->tolerance = tolerance;
    s->script->starts++;
    s->k = 0;
    s->from = s->w;
    return SPRED_OK;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct scripted *s = state;
    struct script *script = s->script;
    script->clock += script->step_cost;
    script->steps++;
    work->passes += 1;
    s->k++;
    if (s->k == script->fail_at)
        return script->interrupt_status ? SPRED_EINTERRUPTED : SPRED_ENUMERIC;
    s->w = script->best +
           (s->from - script->best) * pow(script->rate, (double)s->k);
    if (s->k == script->explode_at)
        s->w = NAN;
    if (s->k == script->finish_at) {
        s->w = script->best + script->claimed_error;
        *finished = 1;
    }
    return SPRED_OK;
}

static void get(const void *state, double *w, double *b)
{
    const struct scripted *s = state;
    s->script->clock += s->script->look_cost;
    s->script->looks++;
    w[0] = s->w;
    b[0] = 0;
}

static void release(struct spred_env *env, void *state)
{
    (void)env;
    struct scripted *s = state;
    if (s->script)
        s->script->frees++;
}

static const struct spred_solver scripted = {
    .name = "scripted",
    .doc = "follows a script",
    .reference = "none",
    .api_version = 1,
    .needs = SPRED_NEEDS_QUADRATIC,
    .state_size = sizeof(struct scripted),
    .options_size = sizeof(struct scripted_options),
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};

/* ---- a run and what was observed ---- */

enum { SEEN = 4000 };
struct world {
    struct spred_env env;
    struct script script;
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    double x[2], y[2], lambda[4];
    struct spred_matrix matrix;
    struct spred_problem problem;
    size_t seen;
    struct spred_host_point points[SEEN];
};

static double fake_now(void *cookie)
{
    return ((struct world *)cookie)->script.clock;
}

static int watch(void *cookie, const struct spred_host_point *point)
{
    struct world *world = cookie;
    assert_true(world->seen < SEEN);
    world->points[world->seen++] = *point;
    world->script.clock += 1000; /* an observer's time is nobody's */
    return world->script.interrupt_at > 0 &&
           point->step >= world->script.interrupt_at;
}

static int cancelled(void *cookie)
{
    struct world *world = cookie;
    return world->script.cancel_at > 0 &&
           world->script.steps >= world->script.cancel_at;
}

/* X = (1, -1)', y = (1, -1): lambda_max = 1, w = 1 - lambda, P(0) = 1/2. */
static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    spred_env_init(&w->env);
    w->env.cancelled = cancelled;
    w->env.cancel_cookie = w;
    w->x[0] = w->y[0] = 1;
    w->x[1] = w->y[1] = -1;
    w->matrix = (struct spred_matrix){
        .storage = SPRED_F64, .rows = 2, .cols = 1, .f64 = w->x};
    w->problem.x.matrix = &w->matrix;
    w->problem.n = 2;
    w->problem.p = w->problem.outputs = 1;
    w->problem.loss = &spred_loss_squared;
    w->problem.y = w->y;
    w->problem.penalty.l1_ratio = 1;
    assert_ok(&w->env, spred_problem_init(&w->env, &w->problem));
    assert_near(w->problem.lambda_max, 1, 0);
    spred_host_plan_default(&w->plan);
    w->lambda[0] = 0.5;
    w->lambda[1] = 0.25;
    w->lambda[2] = 0.125;
    w->lambda[3] = 0.0625;
    w->plan.lambda = w->lambda;
    w->plan.n_lambda = 1;
    w->plan.now = fake_now;
    w->plan.clock_cookie = w;
    w->script.step_cost = 0.5;
    w->script.look_cost = 100;
    w->script.setup_cost = 3;
    w->script.start_cost = 0.25;
    w->script.rate = 0.99;
    w->plan.wall = 1e9;
    return w;
}

static enum spred_status world_run_solver(struct world *w,
                                          const struct spred_solver *solver)
{
    struct scripted_options options = {&w->script};
    return spred_host_run(&w->env, solver, &options, &w->problem, &w->plan, 42,
                          watch, w, &w->totals);
}

static enum spred_status world_run(struct world *w)
{
    return world_run_solver(w, &scripted);
}

static const struct spred_host_point *last(const struct world *w)
{
    return &w->points[w->seen - 1];
}

static void grid_and_clock(void **unused)
{
    (void)unused;
    struct world *w = world_new();
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_TARGET);
    static const long grid[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22};
    for (size_t k = 0; k < sizeof grid / sizeof *grid; k++) {
        const struct spred_host_point *p = &w->points[k];
        assert_int_equal(p->step, grid[k]);
        assert_int_equal(p->stop, SPRED_STOP_NONE);
        /* billed: start and steps; not looking, not observing */
        assert_near(p->seconds, 0.25 + 0.5 * (double)grid[k], 1e-9);
        assert_near(p->seconds_path, p->seconds + 3, 1e-9);
        assert_near(p->passes, 2 + (double)grid[k], 0);
        assert_near(p->lambda, 0.5, 0);
        double at = 0.5 * (1 - pow(0.99, (double)grid[k])) - 0.5;
        assert_near(p->certificate.primal, 0.375 + at * at / 2, 1e-14);
    }
    assert_near(w->script.tolerance, 1e-6, 0);
    assert_int_equal(last(w)->stop, SPRED_STOP_TARGET);
    assert_true(last(w)->certificate.gap <= 1e-6);
    assert_true(w->points[w->seen - 2].certificate.gap > 1e-6);
    assert_int_equal(w->totals.steps, last(w)->step);
    assert_int_equal(w->totals.certified, 1);
    assert_near(w->totals.seconds_setup, 3, 1e-9);
    assert_near(w->totals.seconds_solve, 0.25 + 0.5 * (double)w->totals.steps,
                1e-9);
    assert_near(w->totals.seconds_certify, 100 * (double)w->seen, 1e-9);
    assert_near(w->totals.passes, 2 + (double)w->totals.steps, 0);
    assert_near(w->totals.worst_gap, last(w)->certificate.gap, 0);
    assert_near(w->totals.worst_floor, last(w)->certificate.floor, 0);
    assert_near(w->totals.worst_kkt, last(w)->certificate.kkt, 0);
    assert_int_equal(w->script.looks, w->seen);
    assert_int_equal(w->script.frees, 1);
    free(w);
}

static void claims(void **unused)
{
    (void)unused;
    struct world *w = world_new();
    w->script.finish_at = 9; /* not on the grid: a claim is always looked at */
    assert_ok(&w->env, world_run(w));
    assert_int_equal(last(w)->step, 9);
    assert_int_equal(w->totals.stop, SPRED_STOP_TARGET);
    free(w);
    w = world_new();
    w->script.finish_at = 9;
    w->script.claimed_error = 0.01;
    w->plan.n_lambda = 2; /* the path goes on after a wrong claim */
    assert_ok(&w->env, world_run(w));
    assert_int_equal(last(w)->lambda_index, 1);
    assert_int_equal(last(w)->stop, SPRED_STOP_REFUTED);
    assert_int_equal(w->totals.stop, SPRED_STOP_REFUTED);
    assert_int_equal(w->totals.certified, 0);
    free(w);
    w = world_new(); /* asked for less than rounding can tell */
    w->script.finish_at = 9;
    w->plan.gap = 1e-18;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_STALL);
    free(w);
}

static void stall_and_steps(void **unused)
{
    (void)unused;
    struct world *w = world_new();
    w->script.rate = 1; /* w stays 0 */
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_STALL);
    assert_int_equal(w->seen, 4); /* the warm start and 3 without progress */
    assert_int_equal(last(w)->step, 3);
    free(w);
    w = world_new(); /* a swing above the warm start is no stall at once */
    w->script.rate = 1.0001;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_STALL);
    assert_true(last(w)->step >= 1000 && last(w)->step <= 1250);
    w->script.finish_at = 600;
    w->seen = 0;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_TARGET);
    free(w);
    w = world_new();
    w->plan.steps = 9; /* the limit is observed though not on the grid */
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_STEPS);
    assert_int_equal(last(w)->step, 9);
    assert_int_equal(last(w)->stop, SPRED_STOP_STEPS);
    free(w);
}

/* Every lambda gets an equal part of what is left. */
static void time_budget(void **unused)
{
    (void)unused;
    struct world *w = world_new();
    w->plan.n_lambda = 3;
    w->plan.wall = 33; /* 3 for the set-up: 10 s each */
    w->script.rate = 0.9999;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_TIME);
    size_t ends = 0;
    for (size_t k = 0; k < w->seen; k++)
        if (w->points[k].stop != SPRED_STOP_NONE) {
            assert_int_equal(w->points[k].stop, SPRED_STOP_TIME);
            assert_int_equal(w->points[k].lambda_index, ends++);
            assert_true(w->points[k].seconds >= 9.5);
            assert_true(w->points[k].seconds <= 10.5);
        }
    assert_int_equal(ends, 3);
    assert_true(w->totals.seconds_solve >= 30);
    assert_true(w->totals.seconds_solve <= 30.5);
    free(w);
    w = world_new(); /* what a quick lambda saves goes to the others */
    w->plan.n_lambda = 2;
    w->plan.wall = 23;
    w->script.finish_at = 4;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_TARGET);
    assert_int_equal(w->totals.certified, 2);
    assert_int_equal(w->totals.steps, 8);
    assert_int_equal(w->script.starts, 2);
    free(w);
    w = world_new(); /* nothing left: one look each, and it says time */
    w->plan.n_lambda = 2;
    w->plan.wall = 1;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->seen, 2);
    assert_int_equal(w->totals.steps, 0);
    assert_int_equal(w->totals.stop, SPRED_STOP_TIME);
    free(w);
}

static void diverged(void **unused)
{
    (void)unused;
    struct world *w = world_new();
    w->script.explode_at = 5;
    w->plan.n_lambda = 3;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_DIVERGED);
    assert_int_equal(last(w)->step, 5);
    assert_int_equal(last(w)->lambda_index, 0); /* no warm start from NaN */
    assert_true(isinf(w->totals.worst_gap) && w->totals.worst_gap > 0);
    assert_int_equal(w->totals.certified, 0);
    free(w);
    w = world_new();
    w->script.rate = -4; /* grows without bound */
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_DIVERGED);
    assert_true(last(w)->certificate.primal > 1e5 * 0.5);
    free(w);
    w = world_new();
    w->script.begin = 1e5; /* far off, but it comes home */
    w->script.rate = 0.5;
    assert_ok(&w->env, world_run(w));
    assert_true(w->points[0].certificate.primal > 1e9);
    assert_int_equal(w->totals.stop, SPRED_STOP_TARGET);
    free(w);
}

static void interrupted(void **unused)
{
    (void)unused;
    struct world *w = world_new();
    w->script.interrupt_at = 6;
    w->plan.n_lambda = 3;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_INTERRUPTED);
    assert_int_equal(last(w)->step, 6);
    assert_int_equal(w->script.frees, 1);
    free(w);
    w = world_new();
    w->script.cancel_at = 17; /* between two looks: asked at every step */
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_INTERRUPTED);
    assert_int_equal(last(w)->step, 17);
    assert_int_equal(last(w)->stop, SPRED_STOP_INTERRUPTED);
    free(w);
}

static void failed(void **unused)
{
    (void)unused;
    struct world *w = world_new();
    w->script.fail_at = 11;
    w->plan.n_lambda = 2;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_FAILED);
    assert_int_equal(last(w)->stop, SPRED_STOP_FAILED);
    assert_int_equal(last(w)->step, 11);
    assert_int_equal(last(w)->lambda_index, 0);
    assert_int_equal(w->script.frees, 1);
    w->script.interrupt_status = 1;
    w->seen = 0;
    assert_ok(&w->env, world_run(w));
    assert_int_equal(w->totals.stop, SPRED_STOP_INTERRUPTED);
    w->script.fail_init = 1;
    w->script.frees = 0;
    w->seen = 0;
    assert_int_equal(world_run(w), SPRED_ENUMERIC);
    assert_string_equal(w->env.error, "scripted failure");
    assert_int_equal(w->script.frees, 1); /* also after a failed init */
    assert_int_equal(w->seen, 0);
    free(w);
}

static void refusals(void **unused)
{
    (void)unused;
    struct world *w = world_new();
    double lambda = -1;
    w->plan.lambda = &lambda;
    assert_int_equal(world_run(w), SPRED_EINVAL);
    lambda = NAN;
    assert_int_equal(world_run(w), SPRED_EINVAL);
    lambda = 0.5;
    w->problem.loss = &spred_loss_logistic;
    assert_int_equal(world_run(w), SPRED_EMISMATCH);
    assert_non_null(strstr(w->env.error, "scripted needs the squared loss"));
    assert_int_equal(w->script.frees, 0);
    free(w);
}

/* Several lambdas certified together: the same optima, one observation each and
 * in order; a point that fails is gone on with; who has stopped the run is
 * seen.
 */
static void batches(void **unused)
{
    (void)unused;
    for (size_t batch = 2; batch <= 5; batch++)
        for (int sloppy = 0; sloppy < 2; sloppy++) {
            struct world *w = world_new();
            w->plan.batch = batch;
            w->plan.n_lambda = 4;
            w->script.step_cost = 1;
            w->script.look_cost = 100;
            w->script.rate = sloppy ? 0.1 : 0;
            struct spred_solver settled = scripted;
            settled.settles = 1;
            assert_ok(&w->env, world_run_solver(w, &settled));
            assert_int_equal(w->totals.certified, 4);
            assert_int_equal(w->totals.stop, SPRED_STOP_TARGET);
            size_t ends = 0;
            for (size_t i = 0; i < w->seen; i++) {
                const struct spred_host_point *point = &w->points[i];
                assert_true(point->step > 0 || sloppy);
                assert_int_equal(point->lambda_index, ends);
                ends += point->stop == SPRED_STOP_TARGET;
            }
            assert_int_equal(ends, 4);
            assert_true(sloppy ? w->seen > 4 : w->seen == 4);
            /* Only steps are billed. */
            double billed = (double)w->totals.steps * w->script.step_cost;
            billed += (double)w->script.starts * w->script.start_cost;
            assert_near(w->totals.seconds_solve, billed, 1e-9);
            free(w);
        }
    struct world *w = world_new(); /* the wall holds in a batch, too */
    struct spred_solver settled = scripted;
    settled.settles = 1;
    w->plan.batch = w->plan.n_lambda = 4;
    w->plan.wall = 15;
    w->script.step_cost = 10;
    w->script.rate = 0;
    assert_ok(&w->env, world_run_solver(w, &settled));
    assert_int_equal(w->totals.steps, 2);
    assert_int_equal(w->totals.certified, 2);
    assert_int_equal(w->totals.stop, SPRED_STOP_TIME);
    assert_int_equal(last(w)->lambda_index, 3);
    free(w);
    w = world_new(); /* a step that fails ends the path */
    w->plan.batch = 3;
    w->plan.n_lambda = 4;
    w->script.rate = 0;
    w->script.fail_at = 1;
    assert_ok(&w->env, world_run_solver(w, &settled));
    assert_int_equal(w->totals.stop, SPRED_STOP_FAILED);
    assert_int_equal(w->totals.certified, 0);
    free(w);
}

static void paths(void **unused)
{
    (void)unused;
    double out[5];
    spred_lambda_path(8, 1.0 / 16, 5, out);
    for (size_t k = 0; k < 5; k++)
        assert_near(out[k], 8 / pow(2, (double)k), 1e-14);
    spred_lambda_path(8, 0.25, 1, out);
    assert_near(out[0], 2, 0);
    assert_string_equal(spred_stop_name(SPRED_STOP_TARGET), "certified");
    assert_string_equal(spred_stop_name(SPRED_STOP_FAILED), "error");
    assert_string_equal(spred_stop_name((enum spred_stop)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid_and_clock),  cmocka_unit_test(claims),
        cmocka_unit_test(stall_and_steps), cmocka_unit_test(time_budget),
        cmocka_unit_test(diverged),        cmocka_unit_test(interrupted),
        cmocka_unit_test(failed),          cmocka_unit_test(refusals),
        cmocka_unit_test(batches),         cmocka_unit_test(paths)};
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
