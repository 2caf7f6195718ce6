/* minimise.c: f(w) + lambda |w|_1 for any smooth f, over factors w = u v:
 * f(u v) + lambda/2 (|u|^2 + |v|^2). Ziyin and Wang 2023, theorem 1. */
#include "spred/minimise.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "solvers/quasi_newton.h"
#include "spred/rng.h"

#define LBFGS_MEMORY 10
#define ADAM_BETA2 0.999
#define ADAM_EPS 1e-8
#define CHECK_EVERY 10 /* steps of Adam and SGD between two looks */
#define EXPLODED 1e10  /* of the objective, over 1 + |its start| */
/* Factors of a weight that must leave 0, over 1 + the largest factor. */
#define NUDGE 1e-3
/* Zeros may cost that much of the objective, relative. */
#define ROUNDING 1e-14
/* Factors of exactly the same size can never change the sign of their product:
 * by so much they differ at a start. */
#define TILT 1e-3
/* The gradient is checked so far from the given point, over max(1, |w_j|): at
 * the point itself it may be 0, and a wrong one too. */
#define ASIDE 1e-3

/* x = (u, v): u_j is w_j itself where j is not sparse. */
struct run {
    struct spred_env *env;
    const struct spred_objective *f;
    const struct spred_minimise_options *o;
    struct spred_minimum *out;
    size_t n, variables;
    size_t *pair;  /* n: place of v_j in x, 0: not sparse */
    double *w, *g; /* n: of the last evaluation */
    double *best;  /* n: rounded */
    double scale;  /* of the stationarity */
    double value, kkt, from;
    enum spred_status failure; /* of the callback */
    struct quasi_newton q;
};

void spred_minimise_default(struct spred_minimise_options *options)
{
    memset(options, 0, sizeof *options);
    options->steps = 10000;
    options->tolerance = 1e-6;
    options->step = 0.01;
    options->momentum = 0.9;
    options->init = 0.1;
    options->round = 1e-8;
}

/* f and g at w; NaN after a failure, and then the callback is left alone. */
static double call(struct run *run, const double *w, double *g)
{
    double value = NAN;
    if (run->failure == SPRED_OK)
        run->failure = run->f->value_and_gradient(run->f->cookie, w, &value, g);
    run->out->evaluations++;
    if (run->failure != SPRED_OK)
        memset(g, 0, run->n * sizeof *g);
    return run->failure == SPRED_OK ? value : NAN;
}

static double penalty(const struct run *run, const double *w)
{
    double sum = 0;
    for (size_t j = 0; j < run->n; j++)
        sum += run->pair[j] ? fabs(w[j]) : 0;
    return run->o->lambda * sum;
}

/* The worst violation of stationarity at w, whose gradient is g; weights up to
 * the share `round` of the largest count as 0. NaN if any of it is. */
static double violation(const struct run *run, double round, const double *w,
                        const double *g)
{
    double worst = 0, largest = 0;
    for (size_t j = 0; j < run->n; j++)
        largest = fmax(largest, fabs(w[j]));
    for (size_t j = 0; j < run->n; j++) {
        double lambda = run->pair[j] ? run->o->lambda : 0;
        int zero = run->pair[j] && fabs(w[j]) <= round * largest;
        double off = zero ? fmax(0, fabs(g[j]) - lambda)
                          : fabs(g[j] + copysign(lambda, w[j]));
        if (isnan(g[j]) || isnan(w[j]))
            return NAN; /* fmax would lose it */
        worst = fmax(worst, off);
    }
    return worst / run->scale;
}

static void multiply(const struct run *run, const double *x, double *w)
{
    for (size_t j = 0; j < run->n; j++)
        w[j] = run->pair[j] ? x[j] * x[run->pair[j]] : x[j];
}

/* f(u v) + lambda/2 (|u|^2 + |v|^2) and its slope. */
static double evaluate(void *cookie, const double *x, double *slope)
{
    struct run *run = cookie;
    double lambda = run->o->lambda, squares = 0;
    multiply(run, x, run->w);
    run->value = call(run, run->w, run->g);
    run->kkt = violation(run, run->o->round, run->w, run->g);
    for (size_t j = 0; j < run->n; j++) {
        size_t k = run->pair[j];
        slope[j] = run->g[j];
        if (!k)
            continue;
        squares += x[j] * x[j] + x[k] * x[k];
        slope[j] = run->g[j] * x[k] + lambda * x[j];
        slope[k] = run->g[j] * x[j] + lambda * x[k];
    }
    return run->value + lambda / 2 * squares;
}

/* Asked once an iteration. */
static int enough(void *cookie)
{
    struct run *run = cookie;
    run->out->steps++;
    return run->failure != SPRED_OK || run->kkt <= run->o->tolerance;
}

/* Nearly balanced factors of the start: u = sign(w) sqrt|w|, v = sqrt|w|,
 * tilted; small random ones where it is 0. */
static enum spred_status seed_factors(struct run *run, double *x)
{
    struct spred_rng *rng = spred_rng_new(run->env, run->o->seed);
    if (!rng)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < run->n; j++) {
        size_t k = run->pair[j];
        double w = run->o->start ? run->o->start[j] : 0;
        x[j] = w;
        if (!k)
            continue;
        int zero = !(w < 0 || w > 0);
        x[j] = zero ? run->o->init * spred_rng_normal(rng)
                    : copysign(sqrt(fabs(w)) * (1 + TILT), w);
        x[k] = zero ? run->o->init * spred_rng_normal(rng)
                    : sqrt(fabs(w)) / (1 + TILT);
    }
    spred_rng_free(rng);
    return SPRED_OK;
}

/* Rounds the factors' product into best, evaluates it there, and keeps the
 * zeros only if the objective does not rise. Sets value, objective, kkt. */
static void settle(struct run *run, const double *x)
{
    double largest = 0;
    multiply(run, x, run->w);
    double value = call(run, run->w, run->g);
    double before = value + penalty(run, run->w);
    memcpy(run->best, run->w, run->n * sizeof *run->best);
    for (size_t j = 0; j < run->n; j++)
        largest = fmax(largest, fabs(run->w[j]));
    for (size_t j = 0; j < run->n; j++)
        if (run->pair[j] && fabs(run->w[j]) <= run->o->round * largest &&
            fabs(run->g[j]) < run->o->lambda)
            run->best[j] = 0;
    double rounded = call(run, run->best, run->g);
    double after = rounded + penalty(run, run->best);
    if (after > before + ROUNDING * (1 + fabs(before))) {
        memcpy(run->best, run->w, run->n * sizeof *run->best);
        rounded = call(run, run->best, run->g);
        after = rounded + penalty(run, run->best);
    }
    run->out->value = rounded;
    run->out->objective = after;
    run->out->kkt = violation(run, 0, run->best, run->g);
    run->out->support = 0;
    for (size_t j = 0; j < run->n; j++)
        run->out->support += run->best[j] < 0 || run->best[j] > 0;
}

/* Moves factors off 0 where the gradient (of best) says that 0 is no minimum;
 * how many. */
static size_t revive(struct run *run, double *x)
{
    size_t count = 0;
    double largest = 0;
    for (size_t j = 0; j < run->variables; j++)
        largest = fmax(largest, fabs(x[j]));
    for (size_t j = 0; j < run->n; j++) {
        size_t k = run->pair[j];
        if (!k || fabs(run->g[j]) <= run->o->lambda ||
            fabs(run->best[j]) > NUDGE * NUDGE)
            continue;
        x[j] = NUDGE * (1 + largest);
        x[k] = -copysign(x[j], run->g[j]);
        count++;
    }
    return count;
}

/* How it stands after settle, or NONE: go on. */
static enum spred_stop judge(const struct run *run)
{
    const struct spred_minimum *out = run->out;
    if (run->failure != SPRED_OK)
        return run->failure == SPRED_EINTERRUPTED ? SPRED_STOP_INTERRUPTED
                                                  : SPRED_STOP_FAILED;
    if (!isfinite(out->objective) || !isfinite(out->kkt) ||
        out->objective > EXPLODED * (1 + fabs(run->from)))
        return SPRED_STOP_DIVERGED;
    if (out->kkt <= run->o->tolerance)
        return SPRED_STOP_STATIONARY;
    if (spred_check_cancel(run->env) != SPRED_OK)
        return SPRED_STOP_INTERRUPTED;
    return out->steps >= run->o->steps ? SPRED_STOP_STEPS : SPRED_STOP_NONE;
}

static enum spred_status by_lbfgs(struct run *run)
{
    int stuck = 0;
    while (run->out->stop == SPRED_STOP_NONE) {
        run->kkt = INFINITY;
        long left = run->o->steps - run->out->steps, done = run->out->steps;
        if (run->q.piece > left)
            run->q.piece = (int)left;
        enum spred_status status = quasi_newton_piece(&run->q);
        if (status != SPRED_OK && status != SPRED_EINTERRUPTED)
            return status;
        if (run->out->steps == done)
            run->out->steps++; /* a piece without an iteration is one, too */
        settle(run, run->q.x);
        run->out->stop = judge(run);
        if (status == SPRED_EINTERRUPTED)
            run->out->stop = SPRED_STOP_INTERRUPTED;
        if (run->out->stop != SPRED_STOP_NONE || !run->q.stuck) {
            stuck = 0;
            continue;
        }
        if (revive(run, run->q.x) == 0 || stuck++)
            run->out->stop = SPRED_STOP_STALL;
        quasi_newton_start(&run->q);
    }
    return SPRED_OK;
}

/* Adam (Kingma and Ba 2015, the L2 part inside the gradient) or SGD with
 * momentum; the step falls to 0 as a cosine. state: 2 x variables. */
static void by_steps(struct run *run, double *x, double *slope, double *state)
{
    const struct spred_minimise_options *o = run->o;
    double *velocity = state, *square = state + run->variables;
    double beta1 = 1, beta2 = 1;
    int adam = o->method == SPRED_MINIMISE_ADAM;
    while (run->out->stop == SPRED_STOP_NONE) {
        double done = (double)run->out->steps++ / (double)o->steps;
        double step = o->step * (1 + cos(acos(-1) * done)) / 2;
        evaluate(run, x, slope);
        beta1 *= o->momentum;
        beta2 *= ADAM_BETA2;
        for (size_t e = 0; e < run->variables; e++) {
            double s = slope[e], share = adam ? 1 - o->momentum : 1;
            velocity[e] = o->momentum * velocity[e] + share * s;
            if (!adam) {
                x[e] -= step * velocity[e];
                continue;
            }
            square[e] = ADAM_BETA2 * square[e] + (1 - ADAM_BETA2) * s * s;
            x[e] -= step * velocity[e] / (1 - beta1) /
                    (sqrt(square[e] / (1 - beta2)) + ADAM_EPS);
        }
        int last = run->out->steps >= o->steps || run->failure != SPRED_OK;
        if (!last && (run->out->steps % CHECK_EVERY ||
                      (isfinite(run->kkt) && run->kkt > o->tolerance &&
                       spred_check_cancel(run->env) == SPRED_OK)))
            continue;
        settle(run, x);
        run->out->stop = judge(run);
    }
}

static enum spred_status check(struct spred_env *env,
                               const struct spred_objective *f,
                               const struct spred_minimise_options *o)
{
    if (f->n == 0)
        return spred_fail(env, SPRED_EINVAL, "there are no variables");
    if (!(o->lambda >= 0 && isfinite(o->lambda)))
        return spred_fail(env, SPRED_EINVAL, "lambda = %g is below 0",
                          o->lambda);
    if (o->steps < 1 || !(o->tolerance > 0) || !(o->step > 0) ||
        !(o->momentum >= 0 && o->momentum < 1) || !(o->init > 0) ||
        !(o->round >= 0))
        return spred_fail(env, SPRED_EINVAL,
                          "steps, tolerance, step and init must be above 0, "
                          "momentum from 0 to below 1");
    for (size_t j = 0; o->start && j < f->n; j++)
        if (!isfinite(o->start[j]))
            return spred_fail(env, SPRED_EINVAL, "start[%zu] is not finite",
                              j + 1);
    return SPRED_OK;
}

/* The largest |g_j| at run->w, 0 if one is not finite; *value: f there. */
static double slope_at(struct run *run, double *value)
{
    double largest = 0;
    *value = call(run, run->w, run->g);
    for (size_t j = 0; j < run->n; j++) {
        if (!isfinite(run->g[j]))
            return 0;
        largest = fmax(largest, fabs(run->g[j]));
    }
    return largest;
}

/* The unit of stationarity: lambda; without one the gradient's size at w = 0,
 * which does not depend on where the user begins (a far start has a huge
 * gradient, and anything would pass), or at the start where f has none at 0. */
static void measure_start(struct run *run)
{
    double value;
    memset(run->w, 0, run->n * sizeof *run->w);
    double largest = slope_at(run, &value);
    if (run->o->start) {
        memcpy(run->w, run->o->start, run->n * sizeof *run->w);
        double there = slope_at(run, &value);
        if (!(fmax(largest, run->o->lambda) > 0))
            largest = there;
    }
    run->from = isfinite(value) ? value + penalty(run, run->w) : 0;
    run->scale = run->o->lambda > 0 ? run->o->lambda : largest;
    if (!(run->scale > 0))
        run->scale = 1;
}

static enum spred_status work(struct run *run)
{
    struct spred_env *env = run->env;
    size_t room = run->variables;
    SPRED_TRY(quasi_newton_open(&run->q, env, room));
    run->q.memory = LBFGS_MEMORY;
    run->q.evaluate = evaluate;
    run->q.enough = enough;
    run->q.cookie = run;
    measure_start(run);
    SPRED_TRY(seed_factors(run, run->q.x));
    if (run->failure == SPRED_OK && run->o->method == SPRED_MINIMISE_LBFGS)
        return by_lbfgs(run);
    double *state = spred_alloc(env, 3 * room, sizeof *state);
    if (!state)
        return SPRED_ENOMEM;
    by_steps(run, run->q.x, state + 2 * room, state);
    spred_free(env, state);
    return SPRED_OK;
}

enum spred_status spred_minimise(struct spred_env *env,
                                 const struct spred_objective *objective,
                                 const struct spred_minimise_options *options,
                                 double *w, struct spred_minimum *out)
{
    struct run run = {.env = env,
                      .f = objective,
                      .o = options,
                      .out = out,
                      .n = objective->n,
                      .best = w};
    memset(out, 0, sizeof *out);
    SPRED_TRY(check(env, objective, options));
    run.pair = spred_alloc(env, run.n, sizeof *run.pair);
    run.w = spred_alloc(env, 2 * run.n, sizeof *run.w);
    enum spred_status status = run.pair && run.w ? SPRED_OK : SPRED_ENOMEM;
    run.variables = run.n;
    for (size_t j = 0; status == SPRED_OK && j < run.n; j++)
        if (!options->sparse || options->sparse[j])
            run.pair[j] = run.variables++;
    if (status == SPRED_OK) {
        run.g = run.w + run.n;
        status = work(&run);
    }
    quasi_newton_close(&run.q);
    spred_free(env, run.pair);
    spred_free(env, run.w);
    return status;
}

enum spred_status spred_check_gradient(struct spred_env *env,
                                       const struct spred_objective *objective,
                                       const double *w, size_t *worst,
                                       double *error, double *given,
                                       double *numeric)
{
    size_t n = objective->n;
    double *x = spred_alloc(env, 3 * n, sizeof *x), value[2], largest = 0;
    if (!x)
        return SPRED_ENOMEM;
    double *g = x + n, *other = g + n;
    for (size_t j = 0; j < n; j++)
        x[j] = w[j] + (j % 2 ? -ASIDE : ASIDE) * fmax(1, fabs(w[j]));
    enum spred_status status =
        objective->value_and_gradient(objective->cookie, x, value, g);
    *worst = 0;
    *error = *given = *numeric = 0;
    for (size_t j = 0; j < n; j++)
        largest = fmax(largest, fabs(g[j]));
    for (size_t j = 0; j < n && status == SPRED_OK; j++) {
        double at = x[j], h = cbrt(DBL_EPSILON) * fmax(1, fabs(at));
        for (int side = 0; side < 2 && status == SPRED_OK; side++) {
            x[j] = at + (side ? h : -h);
            status = objective->value_and_gradient(objective->cookie, x,
                                                   &value[side], other);
        }
        x[j] = at;
        if (status != SPRED_OK)
            break;
        double difference = (value[1] - value[0]) / (2 * h);
        /* What the differences cannot see: f is known to its rounding. */
        double blind = 4 * DBL_EPSILON * fabs(value[0]) / h;
        double off =
            fmax(0, fabs(difference - g[j]) - blind) / fmax(largest, DBL_MIN);
        if (isnan(difference) || isnan(g[j]))
            off = INFINITY; /* a NaN would be lost in comparisons */
        if (off > *error) {
            *worst = j;
            *error = off;
            *given = g[j];
            *numeric = difference;
        }
    }
    spred_free(env, x);
    return status;
}
