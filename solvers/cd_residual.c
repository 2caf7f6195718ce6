/* cd_residual.c: w_j+ = S(z_j'r + |z_j|^2 w_j, n l1_j) / (|z_j|^2 + n l2_j)
 * with r kept up to date, Friedman, Hastie and Tibshirani 2010, eq. 5 and 10
 * (weighted): full cycles decide, cycles over the nonzeros in between work. */
#include "cd_residual.h"

#include <math.h>
#include <string.h>

#include "cd_column.h"
#include "columns.h"

/* Cycles between two gaps, each of which costs half a cycle. */
enum { GAP_EVERY = 10 };
/* A full cycle comes when the nonzeros' violation is this share of that in the
 * last full cycle, but not later than this. */
static const double share_of_worst = 0.1;
enum { ACTIVE_CYCLES = 60 };

static enum spred_status reserve(struct cd_residual *s, struct spred_env *env,
                                 size_t m, size_t n)
{
    size_t wanted = 3 * m + n + 2;
    if (wanted > s->capacity) {
        double *grown = spred_resize(env, s->w, 2 * wanted, sizeof *grown);
        if (!grown)
            return SPRED_ENOMEM;
        s->w = grown;
        s->capacity = 2 * wanted;
    }
    s->rho = s->w + m;
    s->tail = s->rho + n;
    s->cross = s->tail + 2;
    s->square = s->cross + m;
    return SPRED_OK;
}

void cd_residual_free(struct spred_env *env, struct cd_residual *s)
{
    spred_free(env, s->w);
    cd_mix_free(env, &s->mix);
}

/* z_c'r for the residual rho - shift h, total = sum rho. */
static double slope(const struct cd_residual *s, size_t c, const double *rho,
                    const double *tail)
{
    const struct quadratic *model = s->model;
    const struct spred_design *x = &model->problem->x;
    size_t j = model->column[c];
    double shift = tail[0], total = tail[1];
    return column_scale(x, j) *
           (cd_column_dot(x->matrix, j, rho) - shift * s->cross[c] -
            model->centre[c] * (total - shift * model->h_total));
}

/* rho and tail of an iterate (w, rho, tail) from the model's residual. */
static void renew(struct cd_residual *s, double *iterate)
{
    const struct quadratic *model = s->model;
    const struct spred_design *x = &model->problem->x;
    size_t n = model->problem->n;
    double *rho = iterate + model->size, *tail = rho + n;
    tail[0] = tail[1] = 0;
    for (size_t i = 0; i < n; i++) {
        rho[i] = model->residual[i];
        tail[1] += rho[i];
    }
    for (size_t c = 0; c < model->size; c++) {
        double change = iterate[c] - model->w[c];
        if (!(change > 0 || change < 0))
            continue;
        double step = change * column_scale(x, model->column[c]);
        cd_column_axpy(x->matrix, model->column[c], -step, s->h, rho);
        s->touched++;
        tail[0] -= step * model->centre[c];
        tail[1] -= step * s->cross[c];
    }
}

/* Minimises along coordinate c; returns the violation that it removed, in units
 * of l1. */
static double update(struct cd_residual *s, size_t c)
{
    const struct quadratic *model = s->model;
    const struct spred_design *x = &model->problem->x;
    double n = (double)model->problem->n, from = s->w[c];
    double bound = n * model->l1[c], ridge = s->square[c] + n * model->l2[c];
    if (!(ridge > 0))
        return 0; /* a constant column */
    double z = slope(s, c, s->rho, s->tail) + s->square[c] * from;
    s->touched++;
    double size = fabs(z) - bound;
    double to = size > 0 ? copysign(size, z) / ridge : 0;
    double change = to - from;
    if (!(change > 0 || change < 0))
        return 0;
    double step = change * column_scale(x, model->column[c]);
    cd_column_axpy(x->matrix, model->column[c], -step, s->h, s->rho);
    s->touched++;
    s->tail[0] -= step * model->centre[c];
    s->tail[1] -= step * s->cross[c];
    s->w[c] = to;
    return fabs(change) * ridge / bound;
}

/* One cycle over the set, or over its nonzero weights; the worst violation. */
static double cycle(struct cd_residual *s, int active_only)
{
    double worst = 0;
    for (size_t c = 0; c < s->model->size; c++)
        if (!active_only || s->w[c] > 0 || s->w[c] < 0)
            worst = fmax(worst, update(s, c));
    return worst;
}

/* objective(to) - objective(from), times n; iterates are (w, rho, tail). */
static double rise(const struct cd_residual *s, const double *from,
                   const double *to)
{
    const struct quadratic *model = s->model;
    size_t m = model->size, n = model->problem->n;
    double total = 0, quadratic = 0, weight = (double)n;
    for (size_t c = 0; c < m; c++) {
        double change = to[c] - from[c];
        total += weight * (model->l1[c] * (fabs(to[c]) - fabs(from[c])) +
                           model->l2[c] * change * (to[c] + from[c]) / 2);
    }
    for (size_t i = 0; i < n; i++) {
        double h = model->h[i], a = from[m + i] - from[m + n] * h;
        double b = to[m + i] - to[m + n] * h;
        quadratic += (b - a) * (b + a) / h;
    }
    return total + quadratic / 2;
}

/* To the extrapolated point, if the objective is lower there. */
static void jump(struct cd_residual *s)
{
    double *point = s->mix.point;
    int lower = rise(s, s->w, point) < 0;
    if (lower && s->mix.size > cd_mix_sound) {
        renew(s, point);
        lower = rise(s, s->w, point) < 0;
    }
    if (lower)
        memcpy(s->w, point, s->mix.length * sizeof *s->w);
}

/* The least-squares fit at an iterate; the ridge part as further rows. */
static void measure(struct cd_residual *s, const double *iterate,
                    struct cd_fit *fit)
{
    const struct quadratic *model = s->model;
    size_t m = model->size, n = model->problem->n;
    const double *rho = iterate + m, *tail = rho + n, *y = model->problem->y;
    double total = (tail[1] - tail[0] * model->h_total) / (double)n;
    *fit = (struct cd_fit){0};
    for (size_t i = 0; i < n; i++) {
        /* total is rounding where r is centred, 0 where it need not be */
        double r = rho[i] - tail[0] - (model->problem->intercept ? total : 0);
        fit->y_residual += y[i] * r;
        fit->residual_square += r * r;
    }
    for (size_t c = 0; c < m; c++) {
        double ridge = (double)n * model->l2[c], w = iterate[c];
        double bound = (double)n * model->l1[c];
        double g = slope(s, c, rho, tail) - ridge * w;
        fit->residual_square += ridge * w * w;
        fit->penalty += bound * fabs(w);
        fit->excess = fmax(fit->excess, fabs(g) / bound);
    }
    s->touched += m;
}

static void begin(struct cd_residual *s)
{
    const struct quadratic *model = s->model;
    const struct spred_design *x = &model->problem->x;
    for (size_t c = 0; c < model->size; c++) {
        size_t j = model->column[c];
        double scale = column_scale(x, j);
        s->w[c] = model->w[c];
        s->cross[c] = cd_column_dot(x->matrix, j, model->h);
        s->square[c] = scale * scale *
                       cd_column_square(x->matrix, j, model->centre[c], s->h,
                                        model->h_total);
    }
    s->touched = 2 * model->size;
    renew(s, s->w);
}

enum spred_status cd_residual_minimise(struct cd_residual *s,
                                       struct spred_env *env,
                                       const struct quadratic *model,
                                       const struct cd_rules *rules,
                                       struct spred_work *work)
{
    const struct spred_problem *problem = model->problem;
    size_t n = problem->n, m = model->size, length = m + n + 2;
    int mixing = rules->accelerate || rules->extrapolate;
    int active_only = 0, done = 0;
    double dual = -INFINITY, enough = 0;
    long full = 0;
    s->model = model;
    s->h = problem->loss->quadratic ? NULL : model->h;
    SPRED_TRY(reserve(s, env, m, n));
    begin(s);
    for (long count = 1; count <= rules->sweeps && !done; count++) {
        struct cd_fit fit;
        double worst = cycle(s, active_only);
        if (worst <= rules->violation && !active_only)
            break;
        if (!active_only) {
            enough = fmax(rules->violation, share_of_worst * worst);
            full = count;
            if (mixing) /* an iterate of another map */
                SPRED_TRY(cd_mix_start(&s->mix, env, length, m));
        }
        active_only = worst > enough && count - full < ACTIVE_CYCLES;
        int mixed = mixing && cd_mix_keep(&s->mix, s->w);
        if (mixed && rules->extrapolate && rules->gap > 0) {
            measure(s, s->mix.point, &fit);
            dual = fmax(dual, cd_fit_dual(&fit));
        }
        if (mixed && rules->accelerate)
            jump(s);
        if (rules->gap > 0 && count % GAP_EVERY == 0) {
            measure(s, s->w, &fit);
            dual = rules->extrapolate ? fmax(dual, cd_fit_dual(&fit))
                                      : cd_fit_dual(&fit);
            done = cd_fit_primal(&fit) - dual <= rules->gap;
        }
    }
    for (size_t c = 0; c < m; c++)
        model->w[c] = s->w[c];
    work->passes += (double)s->touched / (double)problem->p;
    return SPRED_OK;
}
