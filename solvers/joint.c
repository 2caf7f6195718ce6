/* joint.c: proximal Newton for the multinomial loss with its whole Hessian,
 *   H_kl = diag_i(p_ik (delta_kl - p_il)),
 * because Newton class by class follows the nearly flat directions that several
 * classes share at a slow linear rate. Intercepts are eliminated by a Schur
 * complement. */
#include "joint.h"

#include <math.h>
#include <string.h>

#include "columns.h"
#include "spred/linalg.h"

enum { MOST_WEIGHTS = 3000 };          /* above: class by class */
static const double most_memory = 2e8; /* values of z */

/* One iteration's view: vectors of t, matrices t x K, all in joint->small. */
struct frame {
    struct joint *joint;
    struct working_set *ws;
    size_t n, outputs, total;
    size_t first[SPRED_MAX_OUTPUTS + 1]; /* of class k among the t weights */
    double *offset;                      /* t: what centring took from b */
    double *w, *g, *d;                   /* t */
    double *cross;                       /* t x K: C = Z_k'H_kl 1 */
    double *lifted;                      /* K x t: B^+ C' */
    double b[SPRED_MAX_OUTPUTS * SPRED_MAX_OUTPUTS]; /* factor of B */
    double left[SPRED_MAX_OUTPUTS];                  /* B^+ sum R */
};

void joint_free(struct spred_env *env, struct joint *joint)
{
    spred_free(env, joint->z);
    spred_free(env, joint->q);
    spred_free(env, joint->small);
    spred_free(env, joint->share);
    memset(joint, 0, sizeof *joint);
}

static enum spred_status reserve(struct joint *joint, struct working_set *ws,
                                 size_t total)
{
    size_t n = ws->problem->n, outputs = ws->problem->outputs;
    if (joint->share && total <= joint->capacity)
        return SPRED_OK;
    size_t room = total > 2 * joint->capacity ? total : 2 * joint->capacity;
    joint_free(ws->env, joint);
    joint->z = spred_alloc(ws->env, 2 * n * room, sizeof *joint->z);
    joint->q = spred_alloc(ws->env, room * room, sizeof *joint->q);
    joint->small =
        spred_alloc(ws->env, room * (4 + 2 * outputs), sizeof *joint->small);
    joint->share = spred_alloc(ws->env, 2 * n * outputs, sizeof *joint->share);
    if (!joint->z || !joint->q || !joint->small || !joint->share)
        return SPRED_ENOMEM;
    joint->capacity = room;
    return SPRED_OK;
}

/* Z, w and Z'R. Any centre is right with an intercept; the mean avoids
 * cancellation. */
static void load_columns(struct frame *f)
{
    struct working_set *ws = f->ws;
    const struct spred_design *x = &ws->problem->x;
    for (size_t k = 0; k < f->outputs; k++)
        for (size_t s = 0; s < ws->set[k].size; s++) {
            size_t j = ws->set[k].column[s], c = f->first[k] + s;
            double centre = 0, scale = column_scale(x, j);
            double *z = f->joint->z + c * f->n;
            spred_matrix_column(x->matrix, j, z);
            for (size_t i = 0; i < f->n; i++)
                centre += z[i] / (double)f->n;
            if (!ws->problem->intercept)
                centre = column_mean(x, j);
            for (size_t i = 0; i < f->n; i++)
                z[i] = (z[i] - centre) * scale;
            f->offset[c] = (centre - column_mean(x, j)) * scale;
            f->w[c] = ws->w[j + k * ws->problem->p];
            f->g[c] = spred_dot(f->n, z, ws->r + k * f->n);
        }
}

/* Q_kl = Z_k'H_kl Z_l, C and B, a pair of classes at a time. */
static void curvature(struct frame *f)
{
    size_t n = f->n, t = f->total, outputs = f->outputs;
    double *z = f->joint->z, *weighted = z + t * n, *h = f->ws->move;
    const double *p = f->joint->share;
    for (size_t l = 0; l < outputs; l++)
        for (size_t k = 0; k < outputs; k++) {
            size_t rows = f->first[k + 1] - f->first[k];
            size_t columns = f->first[l + 1] - f->first[l];
            double total = 0;
            for (size_t i = 0; i < n; i++) {
                double other = p[i + l * n];
                h[i] = k == l ? other * (1 - other) + model_least_weight
                              : -p[i + k * n] * other;
                total += h[i];
            }
            f->b[k + l * outputs] = total;
            if (rows)
                spred_gemv_t(n, rows, 1, z + f->first[k] * n, n, h, 0,
                             f->cross + f->first[k] + l * t);
            if (k > l || !rows || !columns)
                continue;
            for (size_t c = 0; c < columns; c++)
                for (size_t i = 0; i < n; i++)
                    weighted[i + c * n] = h[i] * z[i + (f->first[l] + c) * n];
            spred_gemm(1, 0, rows, columns, n, 1, z + f->first[k] * n, n,
                       weighted, n, 0,
                       f->joint->q + f->first[k] + f->first[l] * t, t);
        }
    for (size_t a = 0; a < t; a++)
        for (size_t c = 0; c < a; c++)
            f->joint->q[a + c * t] = f->joint->q[c + a * t];
}

/* Q -= C B^+ C', g -= C B^+ sum R. B has the null direction 1 (nearly). */
static enum spred_status eliminate(struct frame *f)
{
    struct working_set *ws = f->ws;
    size_t n = f->n, t = f->total, outputs = f->outputs;
    double trace = 0;
    memset(f->left, 0, sizeof f->left);
    if (!ws->problem->intercept)
        return SPRED_OK;
    for (size_t k = 0; k < outputs; k++)
        trace += f->b[k + k * outputs];
    for (size_t e = 0; e < outputs * outputs; e++)
        f->b[e] += trace / (double)(outputs * outputs);
    if (spred_cholesky(outputs, f->b, outputs) != 0)
        return spred_fail(ws->env, SPRED_ENUMERIC,
                          "the intercepts' Hessian is not finite");
    for (size_t k = 0; k < outputs; k++) {
        for (size_t i = 0; i < n; i++)
            f->left[k] += ws->r[i + k * n];
        for (size_t c = 0; c < t; c++)
            f->lifted[k + c * outputs] = f->cross[c + k * t];
    }
    spred_cholesky_solve(outputs, 1, f->b, outputs, f->left, outputs);
    spred_cholesky_solve(outputs, t, f->b, outputs, f->lifted, outputs);
    if (!t)
        return SPRED_OK;
    spred_gemm(0, 0, t, t, outputs, -1, f->cross, t, f->lifted, outputs, 1,
               f->joint->q, t);
    spred_gemv(t, outputs, -1, f->cross, t, f->left, 1, f->g);
    return SPRED_OK;
}

/* The model in factored form; returns its worst violation at w. */
static double load_factored(struct frame *f, struct factored *s)
{
    struct working_set *ws = f->ws;
    const struct spred_problem *problem = ws->problem;
    double worst = 0;
    s->n = (double)f->n;
    s->rank = f->n * f->outputs;
    s->lambda = ws->lambda * problem->penalty.l1_ratio;
    s->gram = f->joint->q;
    s->lead = f->total;
    s->in_order = 1;
    for (size_t k = 0; k < f->outputs; k++)
        for (size_t c = f->first[k]; c < f->first[k + 1]; c++) {
            size_t j = ws->set[k].column[c - f->first[k]];
            double l1, l2;
            spred_penalty_at(problem, ws->lambda, j, &l1, &l2);
            double off = kkt_violation(f->g[c], s->n, f->w[c], l1, l2);
            worst = fmax(worst, off);
            s->slot[c] = c;
            s->scale[c] = s->lambda / l1;
            s->ridge[c] = s->n * l2 * s->scale[c] * s->scale[c];
            s->x[c] = f->w[c] / s->scale[c];
        }
    factored_apply_gram(s, s->c);
    for (size_t c = 0; c < f->total; c++)
        s->c[c] += s->scale[c] * f->g[c];
    return worst;
}

/* Change of M, class by class, in the second half of joint->share, and of b in
 * shift; d is known. */
static void direction(struct frame *f, double *shift)
{
    struct working_set *ws = f->ws;
    const struct spred_problem *problem = ws->problem;
    size_t n = f->n;
    for (size_t k = 0; k < f->outputs; k++) {
        double *move = f->joint->share + (f->outputs + k) * n, beta = 0;
        size_t size = f->first[k + 1] - f->first[k];
        if (problem->intercept) {
            beta = f->left[k];
            for (size_t c = 0; c < f->total; c++)
                beta -= f->lifted[k + c * f->outputs] * f->d[c];
        }
        for (size_t i = 0; i < n; i++)
            move[i] = beta;
        if (size)
            spred_gemv(n, size, 1, f->joint->z + f->first[k] * n, n,
                       f->d + f->first[k], 1, move);
        shift[k] = beta;
        for (size_t c = f->first[k]; c < f->first[k + 1]; c++)
            shift[k] -= f->d[c] * f->offset[c];
    }
}

/* penalty(w + t d) - penalty(w) */
static double penalty_change(const struct frame *f, double t)
{
    const struct working_set *ws = f->ws;
    struct spred_sum sum = {0, 0};
    for (size_t k = 0; k < f->outputs; k++)
        for (size_t c = f->first[k]; c < f->first[k + 1]; c++) {
            double l1, l2, d = t * f->d[c], from = f->w[c], to = from + d;
            spred_penalty_at(ws->problem, ws->lambda,
                             ws->set[k].column[c - f->first[k]], &l1, &l2);
            spred_sum_add(&sum, l1 * (fabs(to) - fabs(from)));
            spred_sum_add(&sum, l2 * d * (from + to) / 2);
        }
    return spred_sum_value(&sum);
}

/* Backtracking; moves w, b, m, r and value. */
static void search(struct frame *f, const struct factored *s,
                   const double *shift)
{
    struct working_set *ws = f->ws;
    const struct spred_problem *problem = ws->problem;
    size_t cells = f->n * f->outputs;
    const double *move = f->joint->share + cells;
    double slope =
        -spred_dot(cells, ws->r, move) / (double)f->n + penalty_change(f, 1);
    double slack =
        search_rounding * (problem->null_objective + fabs(ws->value));
    double t = 1, value = ws->value;
    int tries = slope <= slack ? 0 : SEARCH_HALVINGS;
    for (; tries < SEARCH_HALVINGS; tries++, t /= 2) {
        for (size_t e = 0; e < cells; e++)
            ws->trial[e] = ws->m[e] + t * move[e];
        value = problem->loss->value(problem, ws->trial);
        double change = value - ws->value + penalty_change(f, t);
        if (change <= search_armijo * t * slope + slack)
            break;
    }
    if (tries == SEARCH_HALVINGS)
        return;
    for (size_t k = 0; k < f->outputs; k++) {
        ws->b[k] += t * shift[k];
        for (size_t c = f->first[k]; c < f->first[k + 1]; c++) {
            size_t j = ws->set[k].column[c - f->first[k]];
            ws->w[j + k * problem->p] =
                t < 1 ? f->w[c] + t * f->d[c] : s->x[c] * s->scale[c];
        }
    }
    memcpy(ws->m, ws->trial, cells * sizeof *ws->m);
    ws->value = value;
    problem->loss->residual(problem, ws->m, ws->r);
}

enum spred_status joint_step(
    struct joint *joint, struct factored *small,
    void (*minimise)(void *method, struct factored *small, double tolerance),
    void *method, struct working_set *ws, double share, double tolerance,
    double *met, int *applies, struct spred_work *work)
{
    const struct spred_problem *problem = ws->problem;
    struct frame f = {
        .joint = joint, .ws = ws, .n = problem->n, .outputs = problem->outputs};
    double shift[SPRED_MAX_OUTPUTS];
    for (size_t k = 0; k < f.outputs; k++)
        f.first[k + 1] = f.first[k] + ws->set[k].size;
    size_t t = f.total = f.first[f.outputs];
    *applies = t <= MOST_WEIGHTS && (double)t * (double)f.n <= most_memory;
    if (!*applies)
        return SPRED_OK;
    SPRED_TRY(reserve(joint, ws, t));
    SPRED_TRY(factored_reserve(ws->env, small, t));
    f.w = joint->small;
    f.g = f.w + t;
    f.d = f.g + t;
    f.offset = f.d + t;
    f.cross = f.offset + t;
    f.lifted = f.cross + t * f.outputs;
    spred_probabilities(problem, ws->m, f.n, joint->share);
    load_columns(&f);
    curvature(&f);
    SPRED_TRY(eliminate(&f));
    *met = load_factored(&f, small);
    for (size_t k = 0; problem->intercept && k < f.outputs; k++) {
        double total = 0;
        for (size_t i = 0; i < f.n; i++)
            total += ws->r[i + k * f.n];
        *met = fmax(*met, fabs(total) / ((double)f.n * ws->lambda));
    }
    work->passes += (double)(t * (2 + f.outputs)) / (double)problem->p;
    if (*met <= tolerance)
        return SPRED_OK;
    minimise(method, small, share * *met);
    for (size_t c = 0; c < t; c++)
        f.d[c] = small->x[c] * small->scale[c] - f.w[c];
    direction(&f, shift);
    search(&f, small, shift);
    return SPRED_OK;
}
