/* spred_power.c: spred with D factors, w = f_1 ... f_D and (lambda/D) sum
 * |f_d|^2, which is lambda |w|^(2/D): not convex for D > 2. A balanced start
 * stays balanced, |f_d| = t for every d, so w = s t^D with one t a weight and
 *   F(t) = loss(s t^D) + lambda t^2,
 * minimised by Newton's method in t. A weight enters where moving it alone
 * lowers F. Hoff 2017; Kolb et al. 2025 (deep weight factorisation). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "spred/linalg.h"

enum { LEAST_GROWTH = 20, MOST_ROUNDS = 60, MOST_NEWTON = 200 };
enum { MOST_HALVINGS = 40, MOST_STALE = 3 };
static const double inner_share = 0.1;  /* of the tolerance that is asked */
static const double enter_above = 1e-9; /* of the threshold, relative */
static const double armijo = 1e-4;
static const double rounding = 4e-15;  /* of F, relative */
static const double least_share = 0.1; /* of t that one step leaves */

struct state {
    struct block_set set;
    double tolerance, objective;
    double factors, q;
    double *squares; /* p: |x_j|^2 times the loss's curvature, over n */
    size_t room;     /* values of the arrays below */
    size_t *value;   /* active: positions in the set */
    double *t, *slope, *step, *kept; /* active; kept: w before a trial */
    double *matrix;                  /* active x active */
    double b[SPRED_MAX_OUTPUTS];     /* before a trial */
    size_t active;
};

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    (void)options;
    (void)seed;
    double strength;
    s->factors = (double)problem->penalty.factors;
    spred_penalty_power_at(problem, 1, 0, &strength, &s->q);
    s->squares = spred_alloc(env, problem->p, sizeof *s->squares);
    if (!s->squares)
        return SPRED_ENOMEM;
    SPRED_TRY(block_set_init(&s->set, env, problem));
    spred_design_squares(&problem->x, NULL, s->squares);
    double bound = problem->loss->curvature_bound / (double)problem->n;
    for (size_t j = 0; j < problem->p; j++)
        s->squares[j] *= bound;
    work->passes += 1;
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    block_set_start(&s->set, lambda, tolerance);
    s->tolerance = inner_share * tolerance;
    return SPRED_OK;
}

static enum spred_status reserve(struct state *s, size_t wanted)
{
    struct spred_env *env = s->set.env;
    size_t room = wanted > 2 * s->room ? wanted : 2 * s->room;
    if (wanted <= s->room)
        return SPRED_OK;
    spred_free(env, s->value);
    spred_free(env, s->t);
    spred_free(env, s->matrix);
    s->room = 0;
    s->value = spred_alloc(env, room, sizeof *s->value);
    s->t = spred_alloc(env, 4 * room, sizeof *s->t);
    s->matrix = spred_alloc(env, room * room, sizeof *s->matrix);
    if (!s->value || !s->t || !s->matrix)
        return SPRED_ENOMEM;
    s->room = room;
    s->slope = s->t + room;
    s->step = s->slope + room;
    s->kept = s->step + room;
    return SPRED_OK;
}

static double *weight(struct state *s, size_t e)
{
    struct block_set *set = &s->set;
    return set->w + set->feature[set->slot[e]] +
           set->output[e] * set->problem->p;
}

static double strength_of(const struct state *s, size_t e)
{
    double strength, q;
    spred_penalty_power_at(s->set.problem, s->set.lambda,
                           s->set.feature[s->set.slot[e]], &strength, &q);
    return strength;
}

/* The objective at the exact intercepts of m and b. */
static void settle(struct state *s)
{
    block_set_centre(&s->set);
    s->objective = s->set.value +
                   spred_penalty_value(s->set.problem, s->set.lambda, s->set.w);
}

/* W_e becomes w; m and b follow (columns are centred). */
static void assign(struct state *s, size_t e, double w)
{
    struct block_set *set = &s->set;
    size_t n = set->problem->n, k = set->output[e], c = set->slot[e];
    double *at = weight(s, e), change = w - *at;
    spred_axpy(n, change, set->z + c * n, set->m + k * n);
    set->b[k] -= change * set->offset[c];
    *at = w;
}

/* Nonzero weights of the set, and t = |w|^(1/D). */
static void find_active(struct state *s)
{
    s->active = 0;
    for (size_t e = 0; e < s->set.values; e++) {
        double size = fabs(*weight(s, e));
        if (!(size > 0))
            continue;
        s->t[s->active] = pow(size, 1 / s->factors);
        s->value[s->active++] = e;
    }
}

static int better_first(const void *a, const void *b)
{
    const struct block_candidate *left = a, *right = b;
    if (left->violation > right->violation)
        return -1;
    if (left->violation < right->violation)
        return 1;
    return left->block < right->block ? -1 : 1;
}

/* Weights at zero that lower F alone, by its quadratic bound, best first. X'R
 * is in set->g. */
static size_t find_entrants(struct state *s)
{
    const struct spred_problem *problem = s->set.problem;
    size_t found = 0, outputs = problem->outputs;
    for (size_t j = 0; j < problem->p; j++)
        for (size_t k = 0; k < outputs && s->squares[j] > 0; k++) {
            size_t at = j + k * problem->p;
            double strength, q, c = s->set.g[at] / (double)problem->n;
            if (s->set.w[at] < 0 || s->set.w[at] > 0)
                continue;
            spred_penalty_power_at(problem, s->set.lambda, j, &strength, &q);
            double ratio =
                spred_power_threshold(s->squares[j], c, q) / strength;
            if (ratio > 1 + enter_above)
                s->set.candidate[found++] =
                    (struct block_candidate){ratio, j * outputs + k};
        }
    qsort(s->set.candidate, found, sizeof *s->set.candidate, better_first);
    return found;
}

/* The set's value of weight (j, k), which is made if need be. */
static enum spred_status value_of(struct state *s, size_t block, size_t *e)
{
    struct block_set *set = &s->set;
    struct spred_block one = spred_block_at(set->problem, block);
    if (!set->inside[block]) {
        SPRED_TRY(block_set_reserve(set, &one));
        block_set_append(set, block);
    }
    for (*e = set->values; --*e > 0;) /* new ones are last */
        if (set->id[*e] == block)
            break;
    return SPRED_OK;
}

static void remember(struct state *s)
{
    struct block_set *set = &s->set;
    memcpy(set->move, set->m, /* trial is scratch of the centring */
           set->problem->n * set->problem->outputs * sizeof *set->m);
    memcpy(s->b, set->b, sizeof s->b);
}

static void restore(struct state *s)
{
    struct block_set *set = &s->set;
    memcpy(set->m, set->move,
           set->problem->n * set->problem->outputs * sizeof *set->m);
    memcpy(set->b, s->b, sizeof s->b);
}

/* The best `count` entrants move to their own minimisers at once; fewer and
 * fewer until F falls. Returns how many moved in *moved. */
static enum spred_status enter(struct state *s, size_t count, size_t *moved)
{
    const struct spred_problem *problem = s->set.problem;
    size_t outputs = problem->outputs;
    double before = s->objective;
    for (; count > 0; count /= 2) {
        remember(s);
        for (size_t i = 0; i < count; i++) {
            size_t block = s->set.candidate[i].block, e;
            size_t j = block / outputs, at = j + block % outputs * problem->p;
            double strength, q, h = s->squares[j];
            double c = s->set.g[at] / (double)problem->n;
            spred_penalty_power_at(problem, s->set.lambda, j, &strength, &q);
            SPRED_TRY(value_of(s, block, &e));
            assign(s, e, spred_power_prox(c / h, 1 / h, strength, q));
        }
        settle(s);
        if (s->objective < before)
            break;
        for (size_t i = 0; i < count; i++) {
            size_t block = s->set.candidate[i].block;
            s->set.w[block / outputs + block % outputs * problem->p] = 0;
        }
        restore(s);
        settle(s);
    }
    *moved = count;
    return SPRED_OK;
}

/* slope = dF/dt; returns the stationarity over lambda. */
static double find_slope(struct state *s)
{
    const struct block_set *set = &s->set;
    size_t n = set->problem->n;
    double worst = 0;
    for (size_t a = 0; a < s->active; a++) {
        size_t e = s->value[a];
        double t = s->t[a], w = *weight(s, e), strength = strength_of(s, e);
        double c = spred_dot(n, set->z + set->slot[e] * n,
                             set->r + set->output[e] * n) /
                   (double)n;
        double pull = strength * s->q * pow(t, 2 - s->factors);
        c *= copysign(1, w);
        worst = fmax(worst, fabs(c - pull));
        s->slope[a] = s->factors * pow(t, s->factors - 1) * (pull - c);
    }
    return worst / set->lambda;
}

/* matrix = Hessian of F in t; the diagonal part that is not the loss's is taken
 * as it is, or by size so that the whole is positive definite. */
static void fill_hessian(struct state *s, int by_size)
{
    const struct block_set *set = &s->set;
    double n = (double)set->problem->n, d = s->factors;
    for (size_t b = 0; b < s->active; b++) {
        size_t f = s->value[b];
        double right = d * pow(s->t[b], d - 1) * copysign(1, *weight(s, f));
        const double *column = set->q + f * set->value_room;
        for (size_t a = b; a < s->active; a++) {
            size_t e = s->value[a];
            double left = d * pow(s->t[a], d - 1) * copysign(1, *weight(s, e));
            s->matrix[a + b * s->active] = left * column[e] / n * right;
        }
        /* D(D-1) s t^(D-2) g + 2 lambda, g from the slope */
        double own = (d - 1) * (s->slope[b] / s->t[b] - 2 * strength_of(s, f)) +
                     2 * strength_of(s, f);
        s->matrix[b + b * s->active] += by_size ? fabs(own) : own;
    }
}

/* step = -H^{-1} slope; returns slope'step < 0, or 0 when there is none. */
static double direction(struct state *s)
{
    for (int by_size = 0; by_size < 2; by_size++) {
        fill_hessian(s, by_size);
        if (spred_cholesky(s->active, s->matrix, s->active) != 0)
            continue;
        for (size_t a = 0; a < s->active; a++)
            s->step[a] = -s->slope[a];
        spred_cholesky_solve(s->active, 1, s->matrix, s->active, s->step,
                             s->active);
        double slope = spred_dot(s->active, s->slope, s->step);
        if (slope < 0 && isfinite(slope))
            return slope;
    }
    return 0;
}

/* One Newton step with backtracking; returns the decrease of F, negative when
 * there was none. */
static double newton(struct state *s)
{
    double slope = direction(s), before = s->objective, share = 1;
    double slack = rounding * (s->set.problem->null_objective + fabs(before));
    if (!(slope < 0))
        return -1;
    remember(s);
    for (size_t a = 0; a < s->active; a++)
        s->kept[a] = *weight(s, s->value[a]);
    for (int tries = 0; tries < MOST_HALVINGS; tries++, share /= 2) {
        for (size_t a = 0; a < s->active; a++) {
            double t = s->t[a] + share * s->step[a];
            t = fmax(t, least_share * s->t[a]);
            assign(s, s->value[a], copysign(pow(t, s->factors), s->kept[a]));
        }
        settle(s);
        if (s->objective <= before + armijo * share * slope + slack) {
            find_active(s);
            return fmax(before - s->objective, 0);
        }
        for (size_t a = 0; a < s->active; a++)
            *weight(s, s->value[a]) = s->kept[a];
        restore(s);
    }
    settle(s);
    return -1;
}

/* At a local minimum lambda q (1-q) |w|^(q-2) is at most the curvature: smaller
 * weights become 0 when that lowers F. Returns how many. */
static size_t prune(struct state *s)
{
    double before = s->objective;
    size_t dropped = 0;
    remember(s);
    for (size_t a = 0; a < s->active; a++) {
        size_t e = s->value[a];
        double h = s->squares[s->set.feature[s->set.slot[e]]];
        double bend = strength_of(s, e) * s->q * (1 - s->q);
        s->kept[a] = *weight(s, e);
        if (fabs(s->kept[a]) >= pow(bend / h, 1 / (2 - s->q)))
            continue;
        assign(s, e, 0);
        dropped++;
    }
    if (dropped == 0)
        return 0;
    settle(s);
    if (s->objective <= before) {
        find_active(s);
        return dropped;
    }
    for (size_t a = 0; a < s->active; a++)
        *weight(s, s->value[a]) = s->kept[a];
    restore(s);
    settle(s);
    return 0;
}

/* Newton on the set until it is stationary or F stops falling: then *settled.
 */
static enum spred_status minimise(struct state *s, int *settled,
                                  struct spred_work *work)
{
    struct block_set *set = &s->set;
    int stale = 0;
    *settled = 1;
    SPRED_TRY(reserve(s, set->values));
    find_active(s);
    for (int count = 0; stale < MOST_STALE; count++) {
        prune(s);
        if (find_slope(s) <= s->tolerance)
            break;
        *settled = count < MOST_NEWTON;
        if (!*settled)
            break;
        SPRED_TRY(block_set_curvature(set, work));
        double decrease = newton(s);
        stale = decrease < 0 ? MOST_STALE : decrease > 0 ? 0 : stale + 1;
        work->passes += 2 * (double)s->active / (double)set->problem->p;
    }
    return SPRED_OK;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    struct block_set *set = &s->set;
    const struct spred_problem *problem = set->problem;
    size_t n = problem->n, p = problem->p, moved = 1;
    spred_problem_predict(problem, set->w, set->b, set->m);
    settle(s);
    int settled;
    SPRED_TRY(minimise(s, &settled, work));
    for (int round = 0; settled && moved > 0 && round < MOST_ROUNDS; round++) {
        SPRED_TRY(spred_check_cancel(set->env));
        for (size_t k = 0; k < problem->outputs; k++)
            spred_design_adjoint(&problem->x, set->r + k * n, set->g + k * p);
        work->passes += (double)problem->outputs;
        size_t found = find_entrants(s);
        size_t most = s->active > LEAST_GROWTH ? s->active : LEAST_GROWTH;
        SPRED_TRY(enter(s, found < most ? found : most, &moved));
        if (moved > 0)
            SPRED_TRY(minimise(s, &settled, work));
    }
    *finished = settled && moved == 0;
    return SPRED_OK;
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    block_set_get(&s->set, w, b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    spred_free(env, s->squares);
    spred_free(env, s->value);
    spred_free(env, s->t);
    spred_free(env, s->matrix);
    block_set_free(&s->set);
}

const struct spred_solver spred_solver_spred_power = {
    .name = "spred-power",
    .alias = NULL,
    .doc = "spred with three factors or more, balanced, by Newton's method",
    .reference = "Hoff 2017, CSDA 115; Kolb et al. 2025, ICLR",
    .api_version = 1,
    .needs = SPRED_NEEDS_POWER,
    .claim = 1e-6,
    .state_size = sizeof(struct state),
    .options_size = 0,
    .options = NULL,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
