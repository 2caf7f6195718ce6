/* factored.c: Newton's method on f(v) = min_u q(u o v) + (lambda/2)(|u|^2 +
 * |v|^2), SOLVERS.md section 3, in primal form: with T = Q o vv',
 *   u = (T + n lambda I)^{-1} (v o c),  g = u / v,
 *   grad f = lambda v o (1 - g o g),
 * and Woodbury's formula for the Hessian. Hoff 2017; Poon and Peyre 2021. */
#include "factored.h"

#include <math.h>
#include <string.h>

#include "spred/linalg.h"

enum { MOST_NEWTON = 100, MOST_STALE = 3 };
enum { MOST_HALVINGS = 30, MOST_FLOORS = 12, REFINEMENTS = 3 };
static const double first_floor = 1e-14;  /* on a diagonal, of its maximum */
static const double polish_floor = 1e-13; /* the same, diagonal scaled to 1 */
static const double armijo = 1e-4;
static const double rounding = 2e-15; /* of f, relative */
static const double polish_slack = 1e-12;
static const double stale_below = 1e-15; /* decrease of f, relative */
static const double damping = 0.5;       /* of the soft-threshold step */
static const double halved = 0.5; /* v shrinks faster than this: it leaves */

enum spred_status factored_reserve(struct spred_env *env, struct factored *s,
                                   size_t m)
{
    size_t room = m > 2 * s->capacity ? m : 2 * s->capacity;
    if (m <= s->capacity) {
        s->m = m;
        return SPRED_OK;
    }
    factored_free(env, s);
    s->slot = spred_alloc(env, 2 * room, sizeof *s->slot);
    s->scale = spred_alloc(env, 12 * room, sizeof *s->scale);
    s->leaving = spred_alloc(env, room, sizeof *s->leaving);
    s->matrix = spred_alloc(env, room * room, sizeof *s->matrix);
    if (!s->slot || !s->scale || !s->leaving || !s->matrix)
        return SPRED_ENOMEM; /* capacity is 0; factored_free takes the rest */
    s->m = m;
    s->capacity = room;
    s->index = s->slot + room;
    double **parts[] = {&s->ridge,   &s->c,       &s->x,    &s->slope,
                        &s->v,       &s->u,       &s->g,    &s->step,
                        &s->trial_v, &s->trial_u, &s->spare};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i] = s->scale + (i + 1) * room;
    return SPRED_OK;
}

void factored_free(struct spred_env *env, struct factored *s)
{
    spred_free(env, s->slot);
    spred_free(env, s->scale);
    spred_free(env, s->leaving);
    spred_free(env, s->matrix);
    memset(s, 0, sizeof *s);
}

void factored_apply_gram(const struct factored *s, double *out)
{
    memset(out, 0, s->m * sizeof *out);
    for (size_t j = 0; j < s->m; j++) {
        double a = s->x[j] * s->scale[j];
        if (!(a < 0 || a > 0))
            continue;
        const double *column = s->gram + s->slot[j] * s->lead;
        if (s->in_order)
            spred_axpy(s->m, a, column, out);
        else
            for (size_t i = 0; i < s->m; i++)
                out[i] += a * column[s->slot[i]];
    }
    for (size_t i = 0; i < s->m; i++)
        out[i] *= s->scale[i];
}

double factored_slope(struct factored *s)
{
    double worst = 0;
    factored_apply_gram(s, s->slope);
    for (size_t j = 0; j < s->m; j++) {
        double x = s->x[j];
        double g =
            (s->c[j] - s->slope[j] - s->ridge[j] * x) / (s->n * s->lambda);
        s->slope[j] = g;
        double off = x > 0   ? fabs(g - 1)
                     : x < 0 ? fabs(g + 1)
                             : fmax(fabs(g) - 1, 0);
        worst = fmax(worst, off);
    }
    return worst;
}

double factored_objective(const struct factored *s)
{
    double value = 0;
    for (size_t j = 0; j < s->m; j++)
        value += s->lambda * (fabs(s->x[j]) - s->slope[j] * s->x[j] / 2) -
                 s->c[j] * s->x[j] / (2 * s->n);
    return value;
}

/* matrix = L with LL' = Q_AA o vv' + diag(extra); when it is not positive
 * definite in floating point the diagonal is raised. 0: done. */
static int factor(struct factored *s, size_t size, const double *v,
                  const double *extra)
{
    double largest = 0, floor = 0;
    for (int tries = 0; tries < MOST_FLOORS; tries++) {
        for (size_t b = 0; b < size; b++) {
            size_t j = s->index[b];
            const double *column = s->gram + s->slot[j] * s->lead;
            double scale = v[b] * s->scale[j], *out = s->matrix + b * size;
            for (size_t a = b; a < size; a++) {
                size_t i = s->index[a];
                out[a] = scale * column[s->slot[i]] * (v[a] * s->scale[i]);
            }
            out[b] += v[b] * v[b] * s->ridge[j] + extra[b] + floor;
            largest = fmax(largest, out[b]);
        }
        if (spred_cholesky(size, s->matrix, size) == 0)
            return 0;
        floor = fmax(100 * floor, first_floor * largest);
    }
    return 1;
}

/* f(v) and its u; infinite when no factor was found. */
static double evaluate(struct factored *s, const double *v, double *u)
{
    size_t size = s->active;
    double value = 0, kappa = s->n * s->lambda;
    for (size_t a = 0; a < size; a++)
        s->spare[a] = kappa;
    if (factor(s, size, v, s->spare) != 0)
        return INFINITY;
    for (size_t a = 0; a < size; a++)
        u[a] = v[a] * s->c[s->index[a]];
    spred_cholesky_solve(size, 1, s->matrix, size, u, size);
    for (size_t a = 0; a < size; a++)
        value += s->lambda * v[a] * v[a] / 2 -
                 v[a] * s->c[s->index[a]] * u[a] / (2 * s->n);
    return isfinite(value) ? value : INFINITY;
}

/* f, u and g at v. */
static void settle(struct factored *s)
{
    s->f = evaluate(s, s->v, s->u);
    for (size_t a = 0; a < s->active; a++)
        s->g[a] = s->u[a] / s->v[a];
}

size_t factored_begin(struct factored *s)
{
    size_t entered = 0;
    s->active = 0;
    for (size_t j = 0; j < s->m; j++) {
        double size = fabs(s->x[j]), over = fabs(s->slope[j]) - 1;
        double square =
            s->gram[s->slot[j] * (s->lead + 1)] * s->scale[j] * s->scale[j] +
            s->ridge[j];
        if (!(size > 0) && over > 0 && square > 0) {
            size = damping * s->n * s->lambda * over / square;
            entered++;
        }
        double root = sqrt(size);
        if (!(root > 0))
            continue;
        s->v[s->active] = root;
        s->leaving[s->active] = 0;
        s->index[s->active++] = j;
    }
    settle(s);
    return entered;
}

void factored_product(struct factored *s)
{
    memset(s->x, 0, s->m * sizeof *s->x);
    for (size_t a = 0; a < s->active; a++)
        s->x[s->index[a]] = s->u[a] * s->v[a];
}

size_t factored_prune(struct factored *s, double least)
{
    double largest = 0;
    size_t kept = 0, before = s->active;
    for (size_t a = 0; a < s->active; a++)
        largest = fmax(largest, s->v[a]);
    for (size_t a = 0; a < s->active; a++) {
        if (s->v[a] < least * largest && fabs(s->g[a]) < 1)
            continue;
        s->v[kept] = s->v[a];
        s->leaving[kept] = s->leaving[a];
        s->index[kept++] = s->index[a];
    }
    s->active = kept;
    if (kept < before)
        settle(s);
    return before - kept;
}

/* step = -H^{-1} grad with |1 - g^2| for the indefinite part; returns
 * grad'step <= 0, or 1 when no factor was found. */
static double direction(struct factored *s)
{
    size_t size = s->active;
    double kappa = s->n * s->lambda, slope = 0;
    for (size_t a = 0; a < size; a++) {
        double square = s->g[a] * s->g[a];
        s->spare[a] = kappa * fabs(1 - square) / (1 + 3 * square);
    }
    if (factor(s, size, s->v, s->spare) != 0)
        return 1;
    for (size_t a = 0; a < size; a++) {
        double square = s->g[a] * s->g[a];
        s->spare[a] = s->v[a] * (1 - square) / (1 + 3 * square);
        s->step[a] = s->g[a] * s->spare[a];
    }
    spred_cholesky_solve(size, 1, s->matrix, size, s->step, size);
    for (size_t a = 0; a < size; a++) {
        double g = s->g[a], square = g * g;
        s->step[a] =
            -s->spare[a] - 4 * kappa * g / (1 + 3 * square) * s->step[a];
        slope += s->lambda * s->v[a] * (1 - square) * s->step[a];
    }
    return isfinite(slope) ? slope : 1;
}

double factored_newton(struct factored *s, int *changed)
{
    size_t size = s->active;
    double slope = direction(s), scale = 0, t = 1;
    *changed = 0;
    if (slope > 0)
        return -1;
    for (size_t a = 0; a < size; a++)
        scale += s->lambda * s->v[a] * s->v[a];
    double slack = rounding * (fabs(s->f) + scale);
    for (int tries = 0; tries < MOST_HALVINGS; tries++, t /= 2) {
        for (size_t a = 0; a < size; a++)
            s->trial_v[a] = fabs(s->v[a] + t * s->step[a]); /* f is even */
        double f = evaluate(s, s->trial_v, s->trial_u);
        if (!(f <= s->f + armijo * t * slope + slack))
            continue;
        for (size_t a = 0; a < size; a++) {
            int positive = s->g[a] > 0;
            int leaves = s->trial_v[a] < halved * s->v[a];
            /* An underflow to 0 would make g infinite. */
            s->v[a] = fmax(s->trial_v[a], 1e-150);
            s->u[a] = s->trial_u[a];
            s->g[a] = s->u[a] / s->v[a];
            *changed |= leaves != s->leaving[a] || (s->g[a] > 0) != positive;
            s->leaving[a] = (unsigned char)leaves;
        }
        double decrease = s->f - f;
        s->f = f;
        return fmax(decrease, 0);
    }
    return -1;
}

/* Q_CC x = c - n lambda sign(g) for the chosen coordinates, by a factor with a
 * small floor (duplicated columns) and iterative refinement. x in trial_u. */
static int solve_chosen(struct factored *s, size_t size)
{
    double *x = s->trial_u, *left = s->trial_v, *root = s->step;
    for (size_t a = 0; a < size; a++) {
        size_t j = s->index[a];
        double square =
            s->gram[s->slot[j] * (s->lead + 1)] * s->scale[j] * s->scale[j] +
            s->ridge[j];
        if (!(square > 0))
            return 1;
        root[a] = 1 / sqrt(square);
        s->spare[a] = polish_floor;
        x[a] = 0;
    }
    if (factor(s, size, root, s->spare) != 0)
        return 1;
    for (int round = 0; round <= REFINEMENTS; round++) {
        for (size_t a = 0; a < size; a++) {
            size_t j = s->index[a];
            left[a] = s->c[j] - copysign(s->n * s->lambda, s->g[a]) -
                      s->ridge[j] * x[a];
        }
        for (size_t b = 0; round > 0 && b < size; b++) {
            size_t j = s->index[b];
            const double *column = s->gram + s->slot[j] * s->lead;
            double w = x[b] * s->scale[j];
            for (size_t a = 0; a < size; a++) {
                size_t i = s->index[a];
                left[a] -= w * column[s->slot[i]] * s->scale[i];
            }
        }
        for (size_t a = 0; a < size; a++)
            left[a] *= root[a];
        spred_cholesky_solve(size, 1, s->matrix, size, left, size);
        for (size_t a = 0; a < size; a++)
            x[a] += root[a] * left[a];
    }
    return 0;
}

static void swap(double *values, size_t a, size_t b)
{
    double kept = values[a];
    values[a] = values[b];
    values[b] = kept;
}

/* Moves the coordinates that stay to the front; returns how many. */
static size_t stay_first(struct factored *s)
{
    size_t staying = 0;
    for (size_t a = 0; a < s->active; a++) {
        if (s->leaving[a])
            continue;
        size_t b = staying++, index = s->index[a];
        s->index[a] = s->index[b];
        s->index[b] = index;
        s->leaving[a] = s->leaving[b];
        s->leaving[b] = 0;
        swap(s->v, a, b);
        swap(s->u, a, b);
        swap(s->g, a, b);
    }
    return staying;
}

int factored_polish(struct factored *s)
{
    size_t size = stay_first(s);
    double scale = fabs(s->f);
    if (solve_chosen(s, size) != 0)
        return 0;
    for (size_t a = 0; a < size; a++) {
        if (!(s->trial_u[a] * s->g[a] > 0))
            return 0; /* also when it is not a number */
        scale += s->lambda * fabs(s->trial_u[a]);
    }
    memset(s->x, 0, s->m * sizeof *s->x);
    for (size_t a = 0; a < size; a++)
        s->x[s->index[a]] = s->trial_u[a];
    factored_slope(s);
    return factored_objective(s) <= s->f + polish_slack * scale;
}

void factored_minimise(struct factored *s, const struct factored_rules *rules,
                       double tolerance)
{
    int refused = 0, stale = 0, changed;
    factored_slope(s);
    factored_begin(s);
    for (int count = 0; count < MOST_NEWTON; count++) {
        factored_prune(s, rules->drop);
        double size = fabs(s->f), off = 0;
        for (size_t a = 0; a < s->active; a++)
            off = fmax(off, fabs(fabs(s->g[a]) - 1));
        if (off <= tolerance || stale == MOST_STALE) {
            factored_product(s);
            if (factored_slope(s) <= tolerance || factored_begin(s) == 0)
                return;
            stale = 0;
        }
        double decrease = factored_newton(s, &changed);
        stale = decrease > stale_below * size ? 0
                : decrease < 0                ? MOST_STALE
                                              : stale + 1;
        if (changed)
            refused = 0;
        else if (rules->polish && !refused) {
            refused = !factored_polish(s);
            double violation = refused ? 0 : factored_slope(s);
            if (!refused && violation <= tolerance)
                return;
            if (!refused)
                factored_begin(s);
        }
    }
    factored_product(s);
}
