/* cd_small.c: w_j+ = S(g_j + q_jj w_j, bound_j) / q_jj, g -= (w_j+ - w_j) q_j:
 * covariance updates, Friedman, Hastie and Tibshirani 2010, section 2.2, with
 * Anderson acceleration and dual extrapolation (Massias et al. 2018). */
#include "cd_small.h"

#include <math.h>

#include "cd_column.h"

/* Cycles between two gaps. */
enum { GAP_EVERY = 5 };

enum spred_status cd_small_reserve(struct cd_small *s, struct spred_env *env,
                                   size_t m)
{
    if (m > s->capacity) {
        size_t room = m > 2 * s->capacity ? m : 2 * s->capacity;
        double *q = spred_alloc(env, room * room + 5 * room, sizeof *q);
        if (!q)
            return SPRED_ENOMEM;
        spred_free(env, s->q);
        s->q = q;
        s->capacity = room;
    }
    s->m = m;
    s->w = s->q + s->capacity * s->capacity;
    s->g = s->w + m;
    s->c = s->g + m;
    s->bound = s->c + m;
    s->inverse = s->bound + m;
    return SPRED_OK;
}

void cd_small_free(struct spred_env *env, struct cd_small *s)
{
    spred_free(env, s->q);
    cd_mix_free(env, &s->mix);
}

double cd_fit_primal(const struct cd_fit *fit)
{
    return fit->residual_square / 2 + fit->penalty;
}

double cd_fit_scale(const struct cd_fit *fit)
{
    double s = fit->y_residual / fit->residual_square;
    if (!isfinite(s))
        s = 1;
    if (fit->excess > 0)
        s = fmax(-1 / fit->excess, fmin(1 / fit->excess, s));
    return s;
}

double cd_fit_dual(const struct cd_fit *fit)
{
    double s = cd_fit_scale(fit);
    return s * fit->y_residual - s * s * fit->residual_square / 2;
}

/* One cycle; returns the worst violation that it met. */
CD_WIDE static double cycle(struct cd_small *s)
{
    size_t m = s->m;
    double *w = s->w, *g = s->g, worst = 0;
    for (size_t j = 0; j < m; j++) {
        double from = w[j], bound = s->bound[j];
        const double *column = s->q + j * m;
        if (!(from > 0 || from < 0) && fabs(g[j]) <= bound)
            continue;
        double z = g[j] + column[j] * from, size = fabs(z) - bound;
        double to = size > 0 ? copysign(size, z) * s->inverse[j] : 0;
        double change = to - from;
        if (!(change > 0 || change < 0))
            continue;
        w[j] = to;
        for (size_t i = 0; i < m; i++)
            g[i] -= change * column[i];
        double off = fabs(change) * column[j] / bound;
        worst = off > worst ? off : worst;
    }
    return worst;
}

/* The fit at weights w with gradient g. */
static void measure(const struct cd_small *s, const double *w, const double *g,
                    struct cd_fit *fit)
{
    double wc = 0, wg = 0, penalty = 0, excess = 0;
    for (size_t j = 0; j < s->m; j++) {
        wc += w[j] * s->c[j];
        wg += w[j] * g[j];
        penalty += s->bound[j] * fabs(w[j]);
        excess = fmax(excess, fabs(g[j]) / s->bound[j]);
    }
    fit->y_square = s->y_square;
    fit->y_residual = s->y_square - wc;
    fit->residual_square = fmax(s->y_square - wc - wg, 0);
    fit->penalty = penalty;
    fit->excess = excess;
}

/* objective(to) - objective(from), from differences only. */
static double rise(const struct cd_small *s, const double *from,
                   const double *to)
{
    size_t m = s->m;
    double quadratic = 0, penalty = 0;
    for (size_t j = 0; j < m; j++) {
        quadratic += (to[j] - from[j]) * (to[m + j] + from[m + j]);
        penalty += s->bound[j] * (fabs(to[j]) - fabs(from[j]));
    }
    return penalty - quadratic / 2;
}

/* Takes mix->point if the objective is lower there. */
static void jump(struct cd_small *s)
{
    const double *point = s->mix.point;
    if (!(rise(s, s->w, point) < 0))
        return;
    for (size_t i = 0; i < 2 * s->m; i++)
        s->w[i] = point[i];
}

enum spred_status cd_small_minimise(struct cd_small *s, struct spred_env *env,
                                    const struct cd_rules *rules, long *cycles)
{
    size_t m = s->m;
    int mixing = rules->accelerate || rules->extrapolate;
    double dual = -INFINITY;
    for (size_t j = 0; j < m; j++) {
        double diagonal = s->q[j + j * m];
        s->inverse[j] = diagonal > 0 ? 1 / diagonal : 0;
        s->c[j] = s->g[j];
    }
    for (size_t j = 0; j < m; j++)
        if (s->w[j] > 0 || s->w[j] < 0)
            cd_axpy(m, s->w[j], s->q + j * m, s->c);
    if (mixing)
        SPRED_TRY(cd_mix_start(&s->mix, env, 2 * m, m));
    long count = 0;
    for (int done = 0; count < rules->sweeps && !done;) {
        struct cd_fit fit;
        done = cycle(s) <= rules->violation;
        count++;
        int mixed = mixing && cd_mix_keep(&s->mix, s->w);
        if (mixed && rules->extrapolate && rules->gap > 0) {
            measure(s, s->mix.point, s->mix.point + m, &fit);
            dual = fmax(dual, cd_fit_dual(&fit));
        }
        if (mixed && rules->accelerate)
            jump(s);
        if (rules->gap > 0 && count % GAP_EVERY == 0) {
            measure(s, s->w, s->g, &fit);
            dual = rules->extrapolate ? fmax(dual, cd_fit_dual(&fit))
                                      : cd_fit_dual(&fit);
            done |= cd_fit_primal(&fit) - dual <= rules->gap;
        }
    }
    *cycles = count;
    return SPRED_OK;
}
