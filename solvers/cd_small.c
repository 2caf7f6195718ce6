/* cd_small.c: w_j+ = S(g_j + q_jj w_j, bound_j) / q_jj, g -= (w_j+ - w_j) q_j:
 * covariance updates, Friedman, Hastie and Tibshirani 2010, section 2.2, with
 * Anderson acceleration and dual extrapolation (Massias et al. 2018). A full
 * cycle decides which weights are not zero, cycles over those do the work. */
#include "cd_small.h"

#include <math.h>
#include <string.h>

#include "cd_column.h"

/* Cycles over the nonzeros between two gaps, and before a full cycle. */
enum { GAP_EVERY = 5, ACTIVE_CYCLES = 60 };
/* They end early at this share of the violation in the last full cycle, or of
 * the gap that is asked. */
static const double share_of_worst = 0.1, share_of_gap = 0.5;
/* Only this share of nonzeros or less is worth gathering. */
static const double worth_gathering = 0.8;

enum spred_status cd_small_reserve(struct cd_small *s, struct spred_env *env,
                                   size_t m)
{
    if (m > s->capacity) {
        size_t room = m > 2 * s->capacity ? m : 2 * s->capacity;
        double *q = spred_alloc(env, room * room + 7 * room, sizeof *q);
        if (!q)
            return SPRED_ENOMEM;
        spred_free(env, s->q);
        s->q = q;
        s->capacity = room;
    }
    if (m > s->rooms) {
        size_t *order = spred_resize(env, s->order, m, 2 * sizeof *order);
        if (!order)
            return SPRED_ENOMEM;
        s->order = order;
        s->rooms = m;
    }
    s->m = m;
    s->w = s->q + m * m;
    s->g = s->w + m;
    s->bound = s->g + m;
    s->c = s->bound + m;
    s->inverse = s->c + m;
    s->x = s->inverse + m;
    s->place = s->order + m;
    return SPRED_OK;
}

void cd_small_free(struct spred_env *env, struct cd_small *s)
{
    spred_free(env, s->q);
    spred_free(env, s->order);
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

/* One cycle over the first `active` columns, with their w and g; returns the
 * worst violation that it met. */
CD_WIDE static double cycle(const struct cd_small *s, size_t active, double *w,
                            double *g)
{
    double worst = 0;
    for (size_t j = 0; j < active; j++) {
        double from = w[j], bound = s->bound[j];
        const double *column = s->q + j * s->m;
        if (!(from > 0 || from < 0) && fabs(g[j]) <= bound)
            continue;
        double z = g[j] + column[j] * from, size = fabs(z) - bound;
        double to = size > 0 ? copysign(size, z) * s->inverse[j] : 0;
        double change = to - from;
        if (!(change > 0 || change < 0))
            continue;
        w[j] = to;
        for (size_t i = 0; i < active; i++)
            g[i] -= change * column[i];
        double off = fabs(change) * column[j] / bound;
        worst = off > worst ? off : worst;
    }
    return worst;
}

/* The fit of the first `active` columns at weights w with gradient g. */
static void measure(const struct cd_small *s, size_t active, const double *w,
                    const double *g, struct cd_fit *fit)
{
    double wc = 0, wg = 0, penalty = 0, excess = 0;
    for (size_t j = 0; j < active; j++) {
        double off = fabs(g[j]) / s->bound[j];
        wc += w[j] * s->c[j];
        wg += w[j] * g[j];
        penalty += s->bound[j] * fabs(w[j]);
        excess = off > excess ? off : excess;
    }
    fit->y_residual = s->y_square - wc;
    fit->residual_square = fmax(s->y_square - wc - wg, 0);
    fit->penalty = penalty;
    fit->excess = excess;
}

/* objective(to) - objective(from), from differences only; both are w and g. */
static double rise(const struct cd_small *s, size_t active, const double *from,
                   const double *to)
{
    double quadratic = 0, penalty = 0;
    for (size_t j = 0; j < active; j++) {
        double change = to[j] - from[j];
        quadratic += change * (to[active + j] + from[active + j]);
        penalty += s->bound[j] * (fabs(to[j]) - fabs(from[j]));
    }
    return penalty - quadratic / 2;
}

static void exchange(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* Columns a and b change places. */
static void exchange_columns(struct cd_small *s, size_t a, size_t b)
{
    size_t m = s->m, kept = s->place[a];
    for (size_t i = 0; i < m; i++)
        exchange(s->q + i + a * m, s->q + i + b * m);
    for (size_t i = 0; i < m; i++)
        exchange(s->q + a + i * m, s->q + b + i * m);
    exchange(s->w + a, s->w + b);
    exchange(s->g + a, s->g + b);
    exchange(s->c + a, s->c + b);
    exchange(s->bound + a, s->bound + b);
    exchange(s->inverse + a, s->inverse + b);
    s->place[a] = s->place[b];
    s->place[b] = kept;
    s->order[s->place[a]] = a;
    s->order[s->place[b]] = b;
}

static int nonzero(double w)
{
    return w > 0 || w < 0;
}

/* Nonzero weights first; returns how many, or m if nearly all are. */
static size_t gather(struct cd_small *s)
{
    size_t count = 0, from = 0, to = s->m;
    for (size_t j = 0; j < s->m; j++)
        if (nonzero(s->w[j]))
            count++;
    if ((double)count > worth_gathering * (double)s->m)
        return s->m;
    for (;; from++, to--) {
        while (from < to && nonzero(s->w[from]))
            from++;
        while (to > from && !nonzero(s->w[to - 1]))
            to--;
        if (from >= to)
            return count;
        exchange_columns(s, from, to - 1);
    }
}

/* g (size values) = c - Qw from weights of the first `active` columns. */
static void gradient(const struct cd_small *s, size_t active, const double *w,
                     size_t size, double *g)
{
    memcpy(g, s->c, size * sizeof *g);
    for (size_t j = 0; j < active; j++)
        if (nonzero(w[j]))
            cd_axpy(size, -w[j], s->q + j * s->m, g);
}

/* To the extrapolated point, if the objective is lower there. */
static void jump(struct cd_small *s, size_t active)
{
    double *point = s->mix.point;
    int lower = rise(s, active, s->x, point) < 0;
    if (lower && s->mix.size > cd_mix_sound) {
        gradient(s, active, point, active, point + active);
        lower = rise(s, active, s->x, point) < 0;
    }
    if (lower)
        memcpy(s->x, point, 2 * active * sizeof *point);
}

/* Cycles over the first `active` columns; g is computed anew at the end.
 * *dual: the best dual value of the extrapolated points, valid if active is m.
 */
static enum spred_status work_on(struct cd_small *s, struct spred_env *env,
                                 size_t active, double violation,
                                 const struct cd_rules *rules, long *count,
                                 double *dual)
{
    size_t m = s->m, bytes = active * sizeof *s->x;
    int mixing = rules->accelerate || rules->extrapolate;
    struct cd_fit fit;
    double *w = s->x, *g = w + active;
    memcpy(w, s->w, bytes);
    memcpy(g, s->g, bytes);
    if (mixing)
        SPRED_TRY(cd_mix_start(&s->mix, env, 2 * active, active));
    for (int round = 1, done = 0; round <= ACTIVE_CYCLES && !done; round++) {
        done = cycle(s, active, w, g) <= violation || ++*count >= rules->sweeps;
        int mixed = mixing && cd_mix_keep(&s->mix, w);
        const double *point = s->mix.point;
        if (mixed && rules->extrapolate && rules->gap > 0) {
            measure(s, active, point, point + active, &fit);
            *dual = fmax(*dual, cd_fit_dual(&fit));
        }
        if (mixed && rules->accelerate)
            jump(s, active);
        if (rules->gap > 0 && round % GAP_EVERY == 0) {
            measure(s, active, w, g, &fit);
            done |= cd_fit_primal(&fit) - fmax(*dual, cd_fit_dual(&fit)) <=
                    share_of_gap * rules->gap;
        }
    }
    memcpy(s->w, w, bytes);
    gradient(s, active, w, m, s->g);
    return SPRED_OK;
}

enum spred_status cd_small_minimise(struct cd_small *s, struct spred_env *env,
                                    const struct cd_rules *rules)
{
    size_t m = s->m;
    for (size_t j = 0; j < m; j++) {
        double diagonal = s->q[j + j * m];
        s->inverse[j] = diagonal > 0 ? 1 / diagonal : 0;
        s->c[j] = s->g[j];
        s->order[j] = s->place[j] = j;
    }
    for (size_t j = 0; j < m; j++)
        if (nonzero(s->w[j]))
            cd_axpy(m, s->w[j], s->q + j * m, s->c);
    double dual = -INFINITY;
    for (long count = 0; count < rules->sweeps;) {
        struct cd_fit fit;
        double worst = cycle(s, m, s->w, s->g);
        count++;
        if (worst <= rules->violation)
            break;
        if (rules->gap > 0) {
            measure(s, m, s->w, s->g, &fit);
            dual = rules->extrapolate ? fmax(dual, cd_fit_dual(&fit))
                                      : cd_fit_dual(&fit);
            if (cd_fit_primal(&fit) - dual <= rules->gap)
                break;
        }
        size_t active = rules->extrapolate ? m : gather(s);
        double other = rules->extrapolate ? dual : -INFINITY;
        double enough = fmax(rules->violation, share_of_worst * worst);
        SPRED_TRY(work_on(s, env, active, enough, rules, &count, &other));
        dual = other;
    }
    for (size_t j = 0; j < m; j++)
        s->x[j] = s->w[s->order[j]];
    memcpy(s->w, s->x, m * sizeof *s->w);
    return SPRED_OK;
}
