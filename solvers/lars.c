/* lars.c: the lasso path by its knots (LARS with drops).
 * Efron, Hastie, Johnstone, Tibshirani 2004, section 3.1; Osborne, Presnell,
 * Turlach 2000. With c = X'r/n and the signs s of the active columns A, lambda
 * falls by t while w_A moves by t d, d = n (X_A'X_A)^-1 s, and c by -t a,
 * a = X'X_A d/n, until a column joins (|c_j| = lambda) or leaves (w_j = 0).
 *
 * Where several events meet at one knot, d solves the problem that the
 * one-event rule is a special case of: min |X_E d|^2/2n - s'd over the columns
 * E at the bound, s_j d_j >= 0 where w_j = 0; by Lawson and Hanson's active
 * sets, whose objective falls at every change, so that ties do not cycle.
 * Columns are divided by their penalty weights; w here is weight * coefficient.
 *
 * A step ends at a knot, or at the target: what `get` then gives is the exact
 * solution at lambda = max |c_j|. An elastic net whose ridge part shrinks with
 * lambda, as here, has no piecewise linear path: that is refused.
 */
#include <math.h>
#include <string.h>

#include "solvers/active.h"
#include "solvers/lars_scores.h"
#include "spred/linalg.h"
#include "spred/solver.h"

enum {
    REFRESH = 16, /* knots between fresh r and c */
    TIES = 64,    /* events a step */
    SETTLE_ROUNDS = 5
};

/* The scores are watched this many mean segments ahead. */
#define AHEAD 2
/* Segments in that mean, its first and its least value, over lambda. */
#define AVERAGED 8
#define FIRST_STRIDE 0.02
#define SHORTEST_STRIDE 1e-6

enum role {
    IDLE = 0,
    ACTIVE,  /* in the factor */
    BLOCKED, /* at the bound, in the span of A: looked at again after a drop */
};

struct state {
    const struct spred_problem *problem;
    struct spred_active active;
    struct lars_scores scores; /* c; a of the columns that matter */
    double *w, *d, *sign;      /* p each, dense */
    unsigned char *role;       /* p, enum role */
    size_t blocked;            /* columns in that role */
    double *y, *r, *u;         /* n each: centred y, residual, X_A d */
    double *v;                 /* n + 1: a vector over A */
    double mean;               /* of y */
    double lambda, target;     /* here, asked */
    double stride;             /* of the last segments, over lambda */
    double horizon;            /* no score unwatched joins until lambda - it */
    int fresh;                 /* the path has to begin anew */
    int solved;                /* d and u belong to A */
    int aimed;                 /* the columns at the bound agree with them */
    int since;                 /* events since r was computed from w */
    int zero_length;           /* events in a row that went nowhere */
};

static double weight(const struct state *s, size_t j)
{
    const double *weights = s->problem->penalty.weights;
    return weights ? weights[j] : 1;
}

static void count_columns(const struct state *s, struct spred_work *work)
{
    work->passes += (double)s->active.count / (double)s->problem->p;
}

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    size_t n = problem->n, p = problem->p;
    (void)options;
    (void)seed;
    s->problem = problem;
    SPRED_TRY(spred_active_open(&s->active, env, problem));
    s->w = spred_alloc(env, 3 * p, sizeof *s->w);
    s->role = spred_alloc(env, p, sizeof *s->role);
    s->y = spred_alloc(env, 4 * n + 1, sizeof *s->y);
    if (!s->w || !s->role || !s->y)
        return SPRED_ENOMEM;
    s->d = s->w + p;
    s->sign = s->d + p;
    s->r = s->y + n;
    s->u = s->r + n;
    s->v = s->u + n;
    s->mean = problem->null_intercept[0];
    for (size_t i = 0; i < n; i++)
        s->y[i] = problem->y[i] - s->mean;
    SPRED_TRY(lars_scores_open(&s->scores, env, problem, s->u, work));
    s->fresh = 1;
    s->lambda = problem->lambda_max;
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    (void)tolerance;
    s->target = lambda;
    s->fresh = s->fresh || lambda > s->lambda;
    s->zero_length = 0;
    return SPRED_OK;
}

/* Distance from the bound below which a column counts as being on it. */
static double at_bound(const struct state *s)
{
    return 1e-10 * s->lambda + lars_scores_noise(&s->scores, s->r);
}

static double flatness(const struct state *s)
{
    return 1e-11 + lars_scores_noise(&s->scores, s->u);
}

/* To the start of the path: w = 0, lambda = max |c|. */
static void begin(struct state *s, struct spred_work *work)
{
    size_t p = s->problem->p;
    memset(s->w, 0, 3 * p * sizeof *s->w); /* w, d, sign */
    memset(s->role, IDLE, p);
    spred_active_clear(&s->active);
    memcpy(s->r, s->y, s->problem->n * sizeof *s->r);
    lars_scores_start(&s->scores, s->r, work);
    s->lambda = 0;
    for (size_t j = 0; j < p; j++)
        s->lambda = fmax(s->lambda, fabs(s->scores.c[j]));
    memset(s->u, 0, s->problem->n * sizeof *s->u);
    lars_scores_watch(&s->scores, s->r, s->u, 0, s->lambda - at_bound(s), work);
    s->stride = FIRST_STRIDE;
    s->blocked = 0;
    s->fresh = s->solved = s->aimed = s->since = s->zero_length = 0;
}

/* r = y - X_A w_A, centred again against rounding. */
static void residual(struct state *s)
{
    size_t n = s->problem->n, m = s->active.count;
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < m; i++)
        s->v[i] = s->w[s->active.index[i]];
    spred_active_apply(&s->active, s->v, s->r);
    for (size_t i = 0; i < n; i++) {
        s->r[i] = s->y[i] - s->r[i];
        spred_sum_add(&sum, s->r[i]);
    }
    double mean = spred_sum_value(&sum) / (double)n;
    for (size_t i = 0; s->problem->intercept && i < n; i++)
        s->r[i] -= mean;
}

/* Newton on X_A'r/n = lambda s: takes out what rounding has put into w_A, down
 * to the rounding of r. A factor that has drifted shows as no progress far
 * above that and is made anew. *worst: of |X_A'r/n - lambda s|, what is left.
 */
static enum spred_status settle(struct state *s, double *worst,
                                struct spred_work *work)
{
    size_t m = s->active.count;
    double n = (double)s->problem->n, last = INFINITY;
    for (int round = 0;; round++) {
        *worst = 0;
        residual(s);
        spred_active_adjoint(&s->active, s->r, s->v);
        count_columns(s, work);
        count_columns(s, work);
        for (size_t i = 0; i < m; i++) {
            size_t j = s->active.index[i];
            s->v[i] -= n * s->lambda * s->sign[j];
            *worst = fmax(*worst, fabs(s->v[i]) / n);
        }
        double least = lars_scores_noise(&s->scores, s->r) +
                       lars_scores_noise(&s->scores, s->y);
        if (*worst <= least / 8 || round == SETTLE_ROUNDS)
            break;
        if (*worst > last / 4) {
            if (*worst <= at_bound(s) + least)
                break;
            SPRED_TRY(spred_active_refactor(&s->active));
        }
        last = *worst;
        spred_active_solve(&s->active, s->v);
        for (size_t i = 0; i < m; i++)
            s->w[s->active.index[i]] += s->v[i];
    }
    lars_scores_again(&s->scores, s->r, work);
    s->since = 0;
    return SPRED_OK;
}

/* Takes the column at a position out; the blocked ones may now be free. */
static void leave(struct state *s, size_t position)
{
    size_t j = s->active.index[position];
    s->w[j] = s->d[j] = 0;
    s->role[j] = IDLE;
    s->solved = 0;
    spred_active_remove(&s->active, position);
    lars_scores_follow(&s->scores, j, s->lambda * s->sign[j]);
    for (size_t k = 0; s->blocked > 0 && k < s->problem->p; k++)
        s->role[k] = s->role[k] == BLOCKED ? IDLE : s->role[k];
    s->blocked = 0;
}

static void block(struct state *s, size_t j)
{
    s->role[j] = BLOCKED;
    s->blocked++;
}

/* The column at the bound that d would push furthest over it, or p: 1 - s a > 0
 * means that |c_j| falls more slowly than lambda. */
static size_t worst_violator(struct state *s, struct spred_work *work)
{
    struct lars_scores *scores = &s->scores;
    double bound = s->lambda - at_bound(s), worst = flatness(s);
    size_t found = s->problem->p;
    for (size_t i = 0; i < scores->count; i++) {
        size_t j = scores->followed[i];
        if (s->role[j] != IDLE || fabs(scores->c[j]) < bound)
            continue;
        double a = lars_scores_dot(scores, j, s->u, work);
        double over = 1 - (scores->c[j] > 0 ? a : -a);
        if (over > worst) {
            worst = over;
            found = j;
        }
    }
    return found;
}

/* From the feasible d towards the solution v on A as far as the signs of the
 * columns at zero allow. Returns how many columns had to leave. */
static size_t shorten(struct state *s, size_t newcomer)
{
    double share = 1;
    size_t left = 0, m = s->active.count;
    for (size_t i = 0; i < m; i++) {
        size_t j = s->active.index[i];
        double to = s->sign[j] * s->v[i], from = s->sign[j] * s->d[j];
        if (s->sign[j] * s->w[j] <= 0 && to <= 0)
            share = fmin(share, from > 0 ? from / (from - to) : 0);
    }
    for (size_t i = m; i-- > 0;) {
        size_t j = s->active.index[i];
        double to = s->sign[j] * s->v[i], from = s->sign[j] * s->d[j];
        s->d[j] += share * (s->v[i] - s->d[j]);
        if (s->sign[j] * s->w[j] > 0 || to > 0 ||
            from > share * (1 + 1e-12) * (from - to))
            continue;
        leave(s, i);
        left++;
        if (j == newcomer) /* rounding: it had to go the right way */
            block(s, j);
    }
    return left;
}

/* The direction of the next segment; *work counts its columns. */
static enum spred_status aim(struct state *s, struct spred_work *work)
{
    size_t n = s->problem->n, newcomer = s->problem->p, limit = 100 + 10 * n;
    double sign = 0;
    for (size_t change = 0; change < limit; change++) {
        if (!s->solved) {
            spred_active_solution(&s->active, s->v);
            if (shorten(s, newcomer) > 0)
                continue;
            spred_active_apply(&s->active, s->v, s->u);
            count_columns(s, work);
            s->solved = 1;
        }
        int dependent = 1;
        while (dependent) {
            newcomer = worst_violator(s, work);
            if (newcomer == s->problem->p)
                return SPRED_OK;
            sign = s->scores.c[newcomer] > 0 ? 1 : -1;
            SPRED_TRY(spred_active_append(&s->active, newcomer,
                                          (double)n * sign, &dependent));
            count_columns(s, work);
            if (dependent)
                block(s, newcomer);
        }
        s->solved = 0;
        s->role[newcomer] = ACTIVE;
        lars_scores_set_aside(&s->scores, newcomer);
        s->sign[newcomer] = sign;
        s->w[newcomer] = s->d[newcomer] = 0;
    }
    return SPRED_OK;
}

/* How far lambda may fall until a column leaves. */
static double until_drop(const struct state *s, size_t j)
{
    double going = s->sign[j] * s->d[j];
    return going < 0 ? fmax(s->sign[j] * s->w[j], 0) / -going : INFINITY;
}

/* How far lambda may fall until column j joins, on either side. */
static double until_join(const struct state *s, size_t j, double bound,
                         double flat)
{
    double least = INFINITY, c = s->scores.c[j], a = s->scores.a[j];
    for (int side = -1; side <= 1; side += 2) {
        double slack = s->lambda - side * c, rate = 1 - side * a;
        int blocked = s->role[j] == BLOCKED && side * c > 0;
        if (rate > flat && slack > bound && !blocked)
            least = fmin(least, slack / rate);
    }
    return least;
}

/* How far lambda may fall until a followed column joins. */
static double first_join(const struct state *s)
{
    double least = INFINITY, bound = at_bound(s), flat = flatness(s);
    for (size_t i = 0; i < s->scores.count; i++)
        least = fmin(least, until_join(s, s->scores.followed[i], bound, flat));
    return least;
}

/* How far lambda may fall until something happens, at most `left`. Between two
 * points where no score is at the bound there is none, since lambda - |c_j| is
 * concave: so the scores are watched at ever further points. */
static double next_event(struct state *s, double left, struct spred_work *work)
{
    double least = left;
    for (size_t i = 0; i < s->active.count; i++)
        least = fmin(least, until_drop(s, s->active.index[i]));
    least = fmin(least, first_join(s));
    while (least > s->horizon) {
        double stride = fmax(s->stride, SHORTEST_STRIDE) * s->lambda;
        s->horizon = fmin(fmax(2 * s->horizon, AHEAD * stride), least);
        lars_scores_watch(&s->scores, s->r, s->u, s->horizon,
                          s->lambda - s->horizon - at_bound(s), work);
        least = fmin(least, first_join(s));
    }
    s->stride += (least / s->lambda - s->stride) / AVERAGED;
    return least;
}

/* Lambda falls by t along the segment; with `event`, who reaches zero leaves.
 */
static enum spred_status advance(struct state *s, double t, int event,
                                 struct spred_work *work)
{
    double together = t + 1e-12 * s->lambda; /* drops of one knot */
    spred_axpy(s->problem->n, -t, s->u, s->r);
    lars_scores_move(&s->scores, t);
    s->lambda -= t;
    s->horizon -= t;
    for (size_t i = s->active.count; i-- > 0;) {
        size_t j = s->active.index[i];
        int gone = event && until_drop(s, j) <= together;
        s->w[j] += t * s->d[j];
        if (gone)
            leave(s, i);
    }
    double worst;
    if (++s->since >= REFRESH)
        SPRED_TRY(settle(s, &worst, work));
    s->zero_length = t > 1e-9 * s->lambda ? 0 : s->zero_length + 1;
    return SPRED_OK;
}

/* Whether the optimality conditions hold at the target: r and X_A'r anew; every
 * other column by its score or by its bound, and when the columns looked at
 * since X'r was computed make up a pass, X'r anew. */
static enum spred_status check(struct state *s, int *optimal,
                               struct spred_work *work)
{
    struct lars_scores *scores = &s->scores;
    double worst;
    SPRED_TRY(settle(s, &worst, work));
    double slack = 1e-8 * s->lambda + lars_scores_noise(scores, s->r);
    if (scores->looked >= s->problem->p)
        lars_scores_all(scores, s->r, work);
    lars_scores_watch(scores, s->r, s->u, 0, s->lambda, work);
    for (size_t i = 0; i < scores->count; i++) {
        double over = fabs(scores->c[scores->followed[i]]) - s->lambda;
        worst = fmax(worst, over);
        if (over >= -at_bound(s)) /* the target is a knot: who joins here? */
            s->aimed = 0;
    }
    *optimal = worst <= slack;
    return SPRED_OK;
}

/* Along the path to the next knot, or to the target if that comes first. Events
 * at the same lambda are one knot. */
static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    if (s->fresh)
        begin(s, work);
    for (int tie = 0; tie < TIES; tie++) {
        if (s->lambda <= s->target)
            return check(s, finished, work);
        if (s->zero_length > 4 * TIES)
            return SPRED_OK; /* cycling: claims nothing */
        if (!s->aimed) {
            SPRED_TRY(aim(s, work));
            lars_scores_release(&s->scores, s->r, work);
            s->horizon = 0;
            s->aimed = 1;
        }
        double left = s->lambda - s->target, event = next_event(s, left, work);
        if (left <= event) {
            SPRED_TRY(advance(s, left, 0, work));
            s->lambda = s->target;
            return check(s, finished, work);
        }
        SPRED_TRY(advance(s, event, 1, work));
        s->aimed = 0;
        if (s->zero_length == 0)
            return SPRED_OK;
    }
    return SPRED_OK;
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    memset(w, 0, s->problem->p * sizeof *w);
    *b = s->mean;
    for (size_t i = 0; i < s->active.count; i++) {
        size_t j = s->active.index[i];
        if (!(s->sign[j] * s->w[j] > 0))
            continue;
        w[j] = s->w[j] / weight(s, j);
        *b -= s->w[j] * s->active.means[i];
    }
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    spred_active_close(&s->active);
    lars_scores_close(&s->scores);
    spred_free(env, s->w);
    spred_free(env, s->role);
    spred_free(env, s->y);
}

const struct spred_solver spred_solver_lars = {
    .name = "lars",
    .alias = "lasso-lars",
    .doc = "the exact lasso path, knot by knot (LARS with drops)",
    .reference = "Efron, Hastie, Johnstone, Tibshirani 2004, Ann. Statist. 32",
    .api_version = 2,
    .needs =
        SPRED_NEEDS_QUADRATIC | SPRED_NEEDS_PURE_L1 | SPRED_NEEDS_ONE_OUTPUT,
    .claim = 1e-8,
    .state_size = sizeof(struct state),
    .options_size = 0,
    .options = NULL,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
