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
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "solvers/active.h"
#include "spred/linalg.h"
#include "spred/solver.h"

enum { REFRESH = 16, TIES = 64 }; /* knots between fresh c; events a step */

enum role {
    IDLE = 0,
    DEAD,    /* constant: never enters */
    ACTIVE,  /* in the factor */
    BLOCKED, /* at the bound, in the span of A: looked at again after a drop */
};

struct state {
    struct spred_env *env;
    const struct spred_problem *problem;
    struct spred_active active;
    double *w, *d, *sign, *c, *a; /* p each, dense */
    unsigned char *role;          /* p, enum role */
    double *y, *r, *u;            /* n each: centred y, residual, X_A d */
    double *v;                    /* n + 1: a vector over A */
    double mean, longest;         /* of y; largest column norm over weight */
    double lambda, top, target;   /* here, where the path starts, asked */
    int fresh;                    /* the path has to begin anew */
    int aimed;                    /* d and a belong to this segment */
    int since;                    /* events since c was computed from r */
    int zero_length;              /* events in a row that went nowhere */
};

static double weight(const struct state *s, size_t j)
{
    const double *weights = s->problem->penalty.weights;
    return weights ? weights[j] : 1;
}

/* Rounding of x_j'v/n. */
static double noise(const struct state *s, const double *v)
{
    double n = (double)s->problem->n;
    return 16 * DBL_EPSILON * s->longest * spred_norm(s->problem->n, v) / n;
}

/* out = X'v/n over the weights, 0 for dead columns: one pass. */
static void correlate(const struct state *s, const double *v, double *out,
                      struct spred_work *work)
{
    spred_design_adjoint(&s->problem->x, v, out);
    for (size_t j = 0; j < s->problem->p; j++)
        out[j] = s->role[j] == DEAD
                     ? 0
                     : out[j] / ((double)s->problem->n * weight(s, j));
    work->passes += 1;
}

static void count_columns(const struct state *s, struct spred_work *work)
{
    work->passes += (double)s->active.count / (double)s->problem->p;
}

/* Column norms for the noise bound; constant columns are dead. */
static void inspect_columns(struct state *s, double *column)
{
    const struct spred_problem *problem = s->problem;
    const struct spred_design *x = &problem->x;
    double root = sqrt((double)problem->n);
    for (size_t j = 0; j < problem->p; j++) {
        double mean = spred_active_column(&s->active, j, column);
        double norm = spred_norm(problem->n, column), scale = 1 / weight(s, j);
        double shift = x->mean ? fabs(x->mean[j]) : 0;
        shift *= x->scale ? fabs(x->scale[j]) * scale : scale;
        double size = norm + root * (fabs(mean) + shift);
        if (!(norm > 1e-12 * size))
            s->role[j] = DEAD;
        else
            s->longest = fmax(s->longest, size);
    }
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
    s->env = env;
    s->problem = problem;
    SPRED_TRY(spred_active_open(&s->active, env, problem));
    s->w = spred_alloc(env, 5 * p, sizeof *s->w);
    s->role = spred_alloc(env, p, sizeof *s->role);
    s->y = spred_alloc(env, 4 * n + 1, sizeof *s->y);
    if (!s->w || !s->role || !s->y)
        return SPRED_ENOMEM;
    s->d = s->w + p;
    s->sign = s->d + p;
    s->c = s->sign + p;
    s->a = s->c + p;
    s->r = s->y + n;
    s->u = s->r + n;
    s->v = s->u + n;
    s->mean = problem->null_intercept[0];
    for (size_t i = 0; i < n; i++)
        s->y[i] = problem->y[i] - s->mean;
    inspect_columns(s, s->u);
    work->passes += 1;
    s->fresh = 1;
    s->lambda = s->top = problem->lambda_max;
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

/* To the start of the path: w = 0, lambda = max |c|. */
static void begin(struct state *s, struct spred_work *work)
{
    size_t p = s->problem->p;
    memset(s->w, 0, 3 * p * sizeof *s->w); /* w, d, sign */
    for (size_t j = 0; j < p; j++)
        s->role[j] = s->role[j] == DEAD ? DEAD : IDLE;
    spred_active_clear(&s->active);
    memcpy(s->r, s->y, s->problem->n * sizeof *s->r);
    correlate(s, s->r, s->c, work);
    s->top = 0;
    for (size_t j = 0; j < p; j++)
        s->top = fmax(s->top, fabs(s->c[j]));
    s->lambda = s->top;
    s->fresh = s->aimed = s->since = s->zero_length = 0;
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

/* Newton on X_A'r/n = lambda s: takes out what rounding has put into w_A. A
 * factor that has drifted shows as no progress and is made anew. */
static enum spred_status settle(struct state *s, struct spred_work *work)
{
    size_t m = s->active.count;
    double last = INFINITY;
    for (int round = 0; round < 5; round++) {
        double worst = 0;
        residual(s);
        spred_active_adjoint(&s->active, s->r, s->v);
        count_columns(s, work);
        count_columns(s, work);
        for (size_t i = 0; i < m; i++) {
            size_t j = s->active.index[i];
            s->v[i] -= (double)s->problem->n * s->lambda * s->sign[j];
            worst = fmax(worst, fabs(s->v[i]));
        }
        if (worst <= (double)s->problem->n * noise(s, s->r) / 8)
            break;
        if (worst > last / 4 && round > 1)
            SPRED_TRY(spred_active_refactor(&s->active));
        last = worst;
        spred_active_solve(&s->active, s->v);
        for (size_t i = 0; i < m; i++)
            s->w[s->active.index[i]] += s->v[i];
    }
    for (size_t i = 0; i < m; i++) {
        size_t j = s->active.index[i];
        s->c[j] = s->lambda * s->sign[j];
    }
    return SPRED_OK;
}

/* Takes the column at a position out; the blocked ones may now be free. */
static void leave(struct state *s, size_t position)
{
    size_t j = s->active.index[position];
    s->w[j] = s->d[j] = 0;
    s->role[j] = IDLE;
    spred_active_remove(&s->active, position);
    for (size_t k = 0; k < s->problem->p; k++)
        s->role[k] = s->role[k] == BLOCKED ? IDLE : s->role[k];
}

/* Distance from the bound below which a column counts as being on it. */
static double at_bound(const struct state *s)
{
    return 1e-10 * s->lambda + noise(s, s->r);
}

static double flatness(const struct state *s)
{
    return 1e-11 + noise(s, s->u);
}

/* The column at the bound that d would push furthest over it, or p: 1 - s a > 0
 * means that |c_j| falls more slowly than lambda. */
static size_t worst_violator(const struct state *s, struct spred_work *work)
{
    const struct spred_problem *problem = s->problem;
    double bound = s->lambda - at_bound(s), worst = flatness(s);
    size_t found = problem->p;
    for (size_t j = 0; j < problem->p; j++) {
        if (s->role[j] != IDLE || fabs(s->c[j]) < bound)
            continue;
        double a = spred_design_dot(&problem->x, j, s->u) /
                   ((double)problem->n * weight(s, j));
        double over = 1 - (s->c[j] > 0 ? a : -a);
        work->passes += 1 / (double)problem->p;
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
            s->role[j] = BLOCKED;
    }
    return left;
}

/* The direction of the next segment; *work counts its columns. */
static enum spred_status aim(struct state *s, struct spred_work *work)
{
    size_t newcomer = s->problem->p, limit = 100 + 10 * s->problem->n;
    for (size_t change = 0; change < limit; change++) {
        size_t m = s->active.count;
        for (size_t i = 0; i < m; i++)
            s->v[i] = (double)s->problem->n * s->sign[s->active.index[i]];
        spred_active_solve(&s->active, s->v);
        if (shorten(s, newcomer) > 0)
            continue;
        spred_active_apply(&s->active, s->v, s->u);
        count_columns(s, work);
        int dependent = 1;
        while (dependent) {
            newcomer = worst_violator(s, work);
            if (newcomer == s->problem->p)
                return SPRED_OK;
            SPRED_TRY(spred_active_append(&s->active, newcomer, &dependent));
            count_columns(s, work);
            s->role[newcomer] = dependent ? BLOCKED : ACTIVE;
        }
        s->sign[newcomer] = s->c[newcomer] > 0 ? 1 : -1;
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
    double least = INFINITY;
    for (int side = -1; side <= 1; side += 2) {
        double slack = s->lambda - side * s->c[j], rate = 1 - side * s->a[j];
        int blocked = s->role[j] == BLOCKED && side * s->c[j] > 0;
        if (rate > flat && slack > bound && !blocked)
            least = fmin(least, slack / rate);
    }
    return least;
}

static double next_event(const struct state *s)
{
    double least = INFINITY, bound = at_bound(s), flat = flatness(s);
    for (size_t j = 0; j < s->problem->p; j++)
        if (s->role[j] == ACTIVE)
            least = fmin(least, until_drop(s, j));
        else if (s->role[j] != DEAD)
            least = fmin(least, until_join(s, j, bound, flat));
    return least;
}

/* Lambda falls by t along the segment; with `event`, who reaches zero leaves.
 */
static enum spred_status advance(struct state *s, double t, int event,
                                 struct spred_work *work)
{
    size_t p = s->problem->p;
    double together = t + 1e-12 * s->lambda; /* drops of one knot */
    for (size_t i = s->active.count; i-- > 0;) {
        size_t j = s->active.index[i];
        int gone = event && until_drop(s, j) <= together;
        s->w[j] += t * s->d[j];
        if (gone)
            leave(s, i);
    }
    for (size_t j = 0; j < p; j++)
        s->c[j] -= t * s->a[j];
    s->lambda -= t;
    SPRED_TRY(settle(s, work));
    if (++s->since >= REFRESH) {
        correlate(s, s->r, s->c, work);
        s->since = 0;
    }
    s->zero_length = t > 1e-9 * s->lambda ? 0 : s->zero_length + 1;
    return SPRED_OK;
}

/* 1 if the optimality conditions hold at the target, from a fresh X'r. */
static int optimal(struct state *s, struct spred_work *work)
{
    double slack = 1e-8 * s->lambda + noise(s, s->r);
    if (s->since > 0)
        correlate(s, s->r, s->c, work);
    s->since = 0;
    for (size_t j = 0; j < s->problem->p; j++) {
        double over = fabs(s->c[j]) - s->lambda;
        if (over > slack || (s->role[j] == ACTIVE && over < -slack))
            return 0;
    }
    return 1;
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
        if (s->lambda <= s->target) {
            *finished = optimal(s, work);
            return SPRED_OK;
        }
        if (s->zero_length > 4 * TIES)
            return SPRED_OK; /* cycling: claims nothing */
        if (!s->aimed) {
            SPRED_TRY(aim(s, work));
            correlate(s, s->u, s->a, work);
            s->aimed = 1;
        }
        double event = next_event(s), left = s->lambda - s->target;
        if (left <= event) {
            SPRED_TRY(advance(s, left, 0, work));
            s->lambda = s->target;
            *finished = optimal(s, work);
            return SPRED_OK;
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
    spred_free(env, s->w);
    spred_free(env, s->role);
    spred_free(env, s->y);
}

const struct spred_solver spred_solver_lars = {
    .name = "lars",
    .alias = "lasso-lars",
    .doc = "the exact lasso path, knot by knot (LARS with drops)",
    .reference = "Efron, Hastie, Johnstone, Tibshirani 2004, Ann. Statist. 32",
    .api_version = 1,
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
