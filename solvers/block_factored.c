/* block_factored.c: Newton's method on f(v) = min_u q(v u) + (lambda/2)(|v|^2 +
 * |u|^2), one v_B a block and a vector u_B, SOLVERS.md section 3: with
 * T = VQV and kappa = n lambda,
 *   u = (T + kappa I)^{-1} V c,  g = V^{-1} u,
 *   grad f = lambda v_B (1 - |g_B|^2),
 *   Hessian = lambda diag(E) - 4 n lambda^2 G'(T + kappa I)^{-1} G,
 * E_B = 1 + 3 |g_B|^2 and G = blockdiag(g_B): Woodbury leaves one factor of
 * T + kappa (I - 4 G E^{-1} G'). Ziyin and Wang 2023 (structured spred); Poon
 * and Peyre 2021. */
#include "block_factored.h"

#include <math.h>
#include <string.h>

#include "spred/linalg.h"

enum {
    MOST_NEWTON = 200,
    MOST_STALE = 3,
    MOST_HALVINGS = 30,
    MOST_FLOORS = 12
};
static const double first_floor = 1e-14; /* on a diagonal, of its maximum */
static const double armijo = 1e-4;
static const double rounding = 2e-15;    /* of f, relative */
static const double stale_below = 1e-15; /* decrease of f, relative */
static const double damping = 0.5;       /* of the soft-threshold step */
static const double least_v = 1e-150; /* an underflow would make g infinite */

void block_factored_free(struct spred_env *env, struct block_factored *s)
{
    spred_free(env, s->scale);
    spred_free(env, s->c);
    spred_free(env, s->block);
    spred_free(env, s->index);
    spred_free(env, s->matrix);
    spred_free(env, s->panel);
    spred_free(env, s->bent);
    spred_free(env, s->left);
    spred_free(env, s->root);
    memset(s, 0, sizeof *s);
}

static enum spred_status reserve(struct spred_env *env,
                                 struct block_factored *s,
                                 const struct block_model *model)
{
    if (model->blocks <= s->blocks && model->values <= s->values)
        return SPRED_OK;
    size_t blocks = 2 * model->blocks, values = 2 * model->values;
    block_factored_free(env, s);
    s->scale = spred_alloc(env, 7 * blocks, sizeof *s->scale);
    s->c = spred_alloc(env, 8 * values, sizeof *s->c);
    s->block = spred_alloc(env, 2 * blocks + 1, sizeof *s->block);
    s->index = spred_alloc(env, values, sizeof *s->index);
    if (!s->scale || !s->c || !s->block || !s->index)
        return SPRED_ENOMEM; /* capacities are 0; the free takes the rest */
    s->blocks = blocks;
    s->values = values;
    s->start = s->block + blocks;
    double **by_block[] = {&s->ridge,  &s->v,    &s->trial_v,
                           &s->square, &s->bend, &s->step};
    for (size_t i = 0; i < sizeof by_block / sizeof *by_block; i++)
        *by_block[i] = s->scale + (i + 1) * blocks;
    double **by_value[] = {&s->x, &s->slope, &s->u,       &s->trial_u,
                           &s->g, &s->spare, &s->factor_v};
    for (size_t i = 0; i < sizeof by_value / sizeof *by_value; i++)
        *by_value[i] = s->c + (i + 1) * values;
    return SPRED_OK;
}

enum spred_status block_room(struct spred_env *env, double **part, size_t *room,
                             size_t count)
{
    if (count <= *room)
        return SPRED_OK;
    spred_free(env, *part);
    *room = 0;
    *part = spred_alloc(env, count, sizeof **part);
    if (!*part)
        return SPRED_ENOMEM;
    *room = count;
    return SPRED_OK;
}

/* slope = Qx where it is cheaper through the rows. */
static void apply(struct block_factored *s)
{
    const struct block_model *model = s->model;
    size_t used = 0;
    for (size_t e = 0; e < model->values; e++)
        used += s->x[e] < 0 || s->x[e] > 0;
    if (model->z && used > 2 * model->rows)
        memset(s->left, 0, model->rows * sizeof *s->left);
    else
        memset(s->slope, 0, model->values * sizeof *s->slope);
    for (size_t b = 0; b < model->blocks; b++)
        for (size_t e = model->first[b]; e < model->first[b + 1]; e++) {
            double w = s->scale[b] * s->x[e];
            if (!(w < 0 || w > 0))
                continue;
            if (model->z && used > 2 * model->rows)
                spred_axpy(model->rows, w, model->z + e * model->rows, s->left);
            else
                spred_axpy(model->values, w, model->q + e * model->lead,
                           s->slope);
        }
    if (model->z && used > 2 * model->rows)
        spred_gemv_t(model->rows, model->values, 1, model->z, model->rows,
                     s->left, 0, s->slope);
}

/* slope = (c - Qx) / (n lambda); returns the distance of slope to the
 * subdifferential of sum |x_B|, the worst of all blocks. */
static double find_slope(struct block_factored *s)
{
    const struct block_model *model = s->model;
    double worst = 0;
    apply(s);
    for (size_t b = 0; b < model->blocks; b++) {
        size_t from = model->first[b], size = model->first[b + 1] - from;
        double norm = spred_norm(size, s->x + from), off = 0;
        for (size_t e = from; e < from + size; e++) {
            double qx = s->scale[b] * s->slope[e] + s->ridge[b] * s->x[e];
            s->slope[e] = (s->c[e] - qx) / s->kappa;
            double left = s->slope[e] - (norm > 0 ? s->x[e] / norm : 0);
            off += left * left;
        }
        off = norm > 0 ? sqrt(off) : fmax(sqrt(off) - 1, 0);
        worst = fmax(worst, off);
    }
    return worst;
}

/* matrix = L with LL' = T + kappa (I - 4 G E^{-1} G'), the last term only if
 * bent; raised on the diagonal until it is positive definite. 0: done. */
static int factor(struct block_factored *s, const double *v, int bent)
{
    const struct block_model *model = s->model;
    size_t size = s->size;
    double floor = 0;
    for (size_t a = 0; a < s->active; a++)
        for (size_t e = s->start[a]; e < s->start[a + 1]; e++)
            s->factor_v[e] = v[a] * s->scale[s->block[a]];
    for (int tries = 0; tries < MOST_FLOORS; tries++) {
        double largest = 0;
        for (size_t a = 0; a < s->active; a++)
            for (size_t e = s->start[a]; e < s->start[a + 1]; e++) {
                const double *column = model->q + s->index[e] * model->lead;
                double *out = s->matrix + e * size;
                for (size_t i = e; i < size; i++)
                    out[i] =
                        s->factor_v[e] * column[s->index[i]] * s->factor_v[i];
                double ridge = s->ridge[s->block[a]];
                out[e] += v[a] * v[a] * ridge + s->kappa + floor;
                for (size_t i = e; bent && i < s->start[a + 1]; i++)
                    out[i] -= 4 * s->kappa * s->g[e] * s->g[i] / s->bend[a];
                largest = fmax(largest, out[e]);
            }
        if (spred_cholesky(size, s->matrix, size) == 0)
            return 0;
        floor = fmax(100 * floor, first_floor * largest);
    }
    return 1;
}

/* f(v) and its u; infinite when no factor was found. */
static double evaluate(struct block_factored *s, const double *v, double *u)
{
    double value = 0, n = s->model->n;
    if (block_dual_applies(s))
        return block_dual_evaluate(s, v, u);
    if (factor(s, v, 0) != 0)
        return INFINITY;
    for (size_t a = 0; a < s->active; a++)
        for (size_t e = s->start[a]; e < s->start[a + 1]; e++)
            u[e] = s->spare[e] = v[a] * s->c[s->index[e]];
    spred_cholesky_solve(s->size, 1, s->matrix, s->size, u, s->size);
    value = -spred_dot(s->size, s->spare, u) / (2 * n);
    for (size_t a = 0; a < s->active; a++)
        value += s->lambda * v[a] * v[a] / 2;
    return isfinite(value) ? value : INFINITY;
}

/* g and |g_B|^2 from u and v. */
static void settle(struct block_factored *s)
{
    for (size_t a = 0; a < s->active; a++) {
        s->square[a] = 0;
        for (size_t e = s->start[a]; e < s->start[a + 1]; e++) {
            s->g[e] = s->u[e] / s->v[a];
            s->square[a] += s->g[e] * s->g[e];
        }
    }
}

static void activate(struct block_factored *s, size_t b, double v)
{
    const struct block_model *model = s->model;
    s->v[s->active] = v;
    s->block[s->active++] = b;
    for (size_t e = model->first[b]; e < model->first[b + 1]; e++)
        s->index[s->size++] = e;
    s->start[s->active] = s->size;
}

/* v_B = sqrt|x_B|; where x_B = 0 and |slope_B| > 1 the square root of a damped
 * soft-threshold step. Returns how many blocks left zero. */
static enum spred_status begin(struct spred_env *env, struct block_factored *s,
                               size_t *entered)
{
    const struct block_model *model = s->model;
    *entered = 0;
    s->active = s->size = s->start[0] = 0;
    for (size_t b = 0; b < model->blocks; b++) {
        size_t from = model->first[b], count = model->first[b + 1] - from;
        double size = spred_norm(count, s->x + from), trace = 0;
        double over = spred_norm(count, s->slope + from) - 1;
        for (size_t e = from; e < from + count; e++)
            trace +=
                model->q[e * (model->lead + 1)] * s->scale[b] * s->scale[b];
        trace += s->ridge[b];
        if (!(size > 0) && over > 0 && trace > 0) {
            size = damping * s->kappa * over / trace;
            ++*entered;
        }
        if (size > 0)
            activate(s, b, sqrt(size));
    }
    if (!block_dual_applies(s))
        SPRED_TRY(
            block_room(env, &s->matrix, &s->matrix_room, s->size * s->size));
    else
        SPRED_TRY(block_dual_reserve(env, s));
    s->f = evaluate(s, s->v, s->u);
    settle(s);
    return SPRED_OK;
}

static void product(struct block_factored *s)
{
    memset(s->x, 0, s->model->values * sizeof *s->x);
    for (size_t a = 0; a < s->active; a++)
        for (size_t e = s->start[a]; e < s->start[a + 1]; e++)
            s->x[s->index[e]] = s->u[e] * s->v[a];
}

/* Drops the blocks whose v is below drop * max v with |g_B| < 1. */
static void prune(struct block_factored *s, double drop)
{
    size_t before = s->active, kept = 0;
    double largest = 0;
    for (size_t a = 0; a < before; a++)
        largest = fmax(largest, s->v[a]);
    for (size_t a = 0; a < before; a++) {
        if (s->v[a] < drop * largest && s->square[a] < 1)
            continue;
        s->v[kept] = s->v[a];
        s->block[kept++] = s->block[a];
    }
    if (kept == before)
        return;
    s->active = s->size = 0;
    for (size_t a = 0; a < kept; a++) {
        double v = s->v[a];
        activate(s, s->block[a], v);
    }
    s->f = evaluate(s, s->v, s->u);
    settle(s);
}

/* step = -H^{-1} grad f, |1 - |g|^2| for the indefinite part; returns
 * grad'step <= 0, or 1 when no factor was found. */
static double direction(struct block_factored *s)
{
    double slope = 0;
    if (block_dual_applies(s))
        return block_dual_direction(s);
    for (size_t a = 0; a < s->active; a++)
        s->bend[a] = fabs(1 - s->square[a]) + 4 * s->square[a];
    if (factor(s, s->v, 1) != 0)
        return 1;
    for (size_t a = 0; a < s->active; a++) {
        s->step[a] = s->v[a] * (1 - s->square[a]) / s->bend[a];
        for (size_t e = s->start[a]; e < s->start[a + 1]; e++)
            s->spare[e] = s->step[a] * s->g[e];
    }
    spred_cholesky_solve(s->size, 1, s->matrix, s->size, s->spare, s->size);
    for (size_t a = 0; a < s->active; a++) {
        size_t from = s->start[a], count = s->start[a + 1] - from;
        double along = spred_dot(count, s->g + from, s->spare + from);
        s->step[a] = -s->step[a] - 4 * s->kappa / s->bend[a] * along;
        slope += s->lambda * s->v[a] * (1 - s->square[a]) * s->step[a];
    }
    return isfinite(slope) ? slope : 1;
}

/* One Newton step with backtracking; returns the decrease of f, negative when
 * no step was possible. */
static double newton(struct block_factored *s)
{
    double slope = direction(s), scale = 0, t = 1;
    if (slope > 0)
        return -1;
    for (size_t a = 0; a < s->active; a++)
        scale += s->lambda * s->v[a] * s->v[a];
    double slack = rounding * (fabs(s->f) + scale);
    for (int tries = 0; tries < MOST_HALVINGS; tries++, t /= 2) {
        for (size_t a = 0; a < s->active; a++) /* f is even */
            s->trial_v[a] = fmax(fabs(s->v[a] + t * s->step[a]), least_v);
        double f = evaluate(s, s->trial_v, s->trial_u);
        if (!(f <= s->f + armijo * t * slope + slack))
            continue;
        memcpy(s->v, s->trial_v, s->active * sizeof *s->v);
        memcpy(s->u, s->trial_u, s->size * sizeof *s->u);
        settle(s);
        double decrease = s->f - f;
        s->f = f;
        return fmax(decrease, 0);
    }
    return -1;
}

static double worst_active(const struct block_factored *s)
{
    double worst = 0;
    for (size_t a = 0; a < s->active; a++)
        worst = fmax(worst, fabs(sqrt(s->square[a]) - 1));
    return worst;
}

static void load(struct block_factored *s, const struct block_model *model)
{
    s->model = model;
    s->lambda = model->lambda;
    s->kappa = model->n * model->lambda;
    for (size_t b = 0; b < model->blocks; b++) {
        double scale = model->lambda / model->l1[b];
        s->scale[b] = scale;
        s->ridge[b] = model->n * model->l2[b] * scale * scale;
        for (size_t e = model->first[b]; e < model->first[b + 1]; e++) {
            s->c[e] = scale * model->c[e];
            s->x[e] = model->x[e] / scale;
        }
    }
}

enum spred_status block_factored_minimise(struct spred_env *env,
                                          struct block_factored *s,
                                          const struct block_model *model,
                                          double drop)
{
    int stale = 0;
    size_t entered;
    SPRED_TRY(reserve(env, s, model));
    SPRED_TRY(block_room(env, &s->left, &s->left_room, model->rows));
    load(s, model);
    if (find_slope(s) <= model->tolerance)
        return SPRED_OK;
    SPRED_TRY(begin(env, s, &entered));
    for (int count = 0; count < MOST_NEWTON; count++) {
        prune(s, drop);
        if (worst_active(s) <= model->tolerance || stale == MOST_STALE) {
            product(s);
            if (find_slope(s) <= model->tolerance)
                break;
            SPRED_TRY(begin(env, s, &entered));
            if (entered == 0)
                break;
            stale = 0;
        }
        double size = fabs(s->f), decrease = newton(s);
        stale = decrease > stale_below * size ? 0
                : decrease < 0                ? MOST_STALE
                                              : stale + 1;
    }
    product(s);
    for (size_t b = 0; b < model->blocks; b++)
        for (size_t e = model->first[b]; e < model->first[b + 1]; e++)
            model->x[e] = s->x[e] * s->scale[b];
    return SPRED_OK;
}
