/* cd_single.c: sets of columns grown by strong rules (Tibshirani et al. 2012)
 * or by their distance to the dual-feasible set (Massias et al. 2018), each
 * minimised to a share of the duality gap that is asked. */
#include "cd_single.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cd_column.h"
#include "columns.h"

enum { LEAST_GROWTH = 20 };
/* Violations below this (units of l1) are rounding: no reason to enter. */
static const double enter_above = 1e-13;
/* A set is solved to this share of the gap that is asked, */
static const double share_of_asked = 0.7;
/* or, when columns enter, of the gap that was there; */
static const double share_of_gap = 0.1;
/* to this share of the last target when that was not enough. */
static const double share_of_last = 0.3;
/* No cycle ends before its violation is below this (units of l1): the gap
 * decides. */
static const double least_violation = 1e-14;
/* Gram matrices pay up to this many columns a row, */
static const double covariance_share = 3;
/* and up to this many columns. */
enum { COVARIANCE_MOST = 4096 };

enum spred_status cd_single_init(struct cd_single *s, struct spred_env *env,
                                 const struct spred_problem *problem,
                                 const struct cd_options *options,
                                 struct spred_work *work)
{
    size_t n = problem->n, p = problem->p;
    s->env = env;
    s->problem = problem;
    s->options = options;
    s->w = spred_alloc(env, p + 5 * n, sizeof *s->w);
    s->inside = spred_alloc(env, p, sizeof *s->inside);
    if (!s->w || !s->inside)
        return SPRED_ENOMEM;
    s->m = s->w + p;
    s->r = s->m + n;
    s->h = s->r + n;
    s->trial = s->h + n;
    s->move = s->trial + n;
    s->b = problem->null_intercept[0];
    s->lambda = problem->lambda_max;
    SPRED_TRY(cd_scan_init(&s->scan, env, problem, work));
    return gram_init(&s->gram, env, problem);
}

void cd_single_free(struct cd_single *s)
{
    if (!s->env)
        return;
    cd_scan_free(&s->scan);
    cd_small_free(s->env, &s->small);
    cd_residual_free(s->env, &s->residual);
    gram_free(&s->gram);
    spred_free(s->env, s->candidate);
    spred_free(s->env, s->gather);
    spred_free(s->env, s->column);
    spred_free(s->env, s->inside);
    spred_free(s->env, s->w);
}

static int nonzero(double w)
{
    return w > 0 || w < 0;
}

void cd_single_start(struct cd_single *s, double lambda, double asked)
{
    size_t kept = 0;
    s->before = s->lambda;
    s->lambda = lambda;
    s->asked = asked;
    s->target = INFINITY;
    s->steps = 0;
    cd_scan_start(&s->scan, lambda);
    for (size_t c = 0; c < s->size; c++) {
        size_t j = s->column[c];
        if (nonzero(s->w[j]))
            s->column[kept++] = j;
        else
            s->inside[j] = 0;
    }
    s->size = kept;
}

void cd_single_get(const struct cd_single *s, double *w, double *b)
{
    memcpy(w, s->w, s->problem->p * sizeof *w);
    *b = s->b;
}

void cd_single_refresh(struct cd_single *s)
{
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n;
    double constant = 0;
    memset(s->m, 0, n * sizeof *s->m);
    for (size_t c = 0; c < s->size; c++) {
        size_t j = s->column[c];
        if (!nonzero(s->w[j]))
            continue;
        double a = s->w[j] * column_scale(&problem->x, j);
        cd_column_axpy(problem->x.matrix, j, a, NULL, s->m);
        constant -= a * column_mean(&problem->x, j);
    }
    for (size_t i = 0; i < n; i++)
        s->m[i] += constant;
    if (problem->intercept)
        problem->loss->intercept(problem, s->m, &s->b);
    for (size_t i = 0; i < n; i++)
        s->m[i] += s->b;
    problem->loss->residual(problem, s->m, s->r);
}

/* Room for `wanted` columns in the set. */
static enum spred_status reserve(struct cd_single *s, size_t wanted)
{
    if (wanted <= s->capacity)
        return SPRED_OK;
    size_t room = wanted > 2 * s->capacity ? wanted : 2 * s->capacity;
    size_t *column = spred_resize(s->env, s->column, room, sizeof *s->column);
    if (!column)
        return SPRED_ENOMEM;
    s->column = column;
    double *gather = spred_resize(s->env, s->gather, room, 5 * sizeof *gather);
    if (!gather)
        return SPRED_ENOMEM;
    s->gather = gather;
    s->capacity = room;
    return SPRED_OK;
}

static int by_rank(const void *a, const void *b)
{
    const struct cd_candidate *left = a, *right = b;
    if (left->rank < right->rank)
        return -1;
    if (left->rank > right->rank)
        return 1;
    return left->column < right->column ? -1 : 1; /* same on every machine */
}

/* Columns enter the set: all at or above `level` times their bound, or the
 * nearest violators, as many as the support has. Returns how many in *entered.
 */
static enum spred_status grow(struct cd_single *s, double level,
                              size_t *entered)
{
    const struct cd_scan *scan = &s->scan;
    size_t found = 0, support = 0, most = LEAST_GROWTH;
    int strong = s->options->sets == CD_SETS_STRONG;
    if (scan->count > s->candidates) {
        struct cd_candidate *room = spred_resize(
            s->env, s->candidate, scan->count, sizeof *s->candidate);
        if (!room)
            return SPRED_ENOMEM;
        s->candidate = room;
        s->candidates = scan->count;
    }
    for (size_t f = 0; f < scan->count; f++) {
        size_t j = scan->fresh[f];
        double size = fabs(scan->score[j]), bound = cd_scan_bound(scan, j);
        if (nonzero(s->w[j]))
            support++;
        if (s->inside[j] || !(size > bound * fmin(level, 1 + enter_above)))
            continue;
        double rank = (bound - size / fmax(scan->excess, 1)) / scan->norm[j];
        s->candidate[found++] = (struct cd_candidate){rank, j};
    }
    most = support > most ? support : most;
    if (strong || found < most)
        most = found;
    else
        qsort(s->candidate, found, sizeof *s->candidate, by_rank);
    SPRED_TRY(reserve(s, s->size + most));
    for (size_t c = 0; c < most; c++) {
        s->column[s->size++] = s->candidate[c].column;
        s->inside[s->candidate[c].column] = 1;
    }
    *entered = most;
    return SPRED_OK;
}

void cd_single_model(struct cd_single *s, struct quadratic *model)
{
    size_t size = s->size;
    double *w = s->gather, *gradient = w + size, *centre = gradient + size;
    double *l1 = centre + size, *l2 = l1 + size;
    for (size_t c = 0; c < size; c++) {
        size_t j = s->column[c];
        w[c] = s->w[j];
        gradient[c] = s->scan.score[j];
        centre[c] = s->scan.centre[j];
        spred_penalty_at(s->problem, s->lambda, j, &l1[c], &l2[c]);
    }
    *model = (struct quadratic){.problem = s->problem,
                                .lambda = s->lambda,
                                .size = size,
                                .column = s->column,
                                .h = s->h,
                                .residual = s->r,
                                .gradient = gradient,
                                .centre = centre,
                                .l1 = l1,
                                .l2 = l2,
                                .w = w};
    for (size_t i = 0; i < s->problem->n; i++)
        model->h_total += s->h[i];
}

/* The Gram matrix of the set in its own, contiguous order. */
static enum spred_status compact(struct cd_single *s,
                                 const struct quadratic *model,
                                 struct spred_work *work)
{
    struct cd_small *small = &s->small;
    size_t m = model->size, n = s->problem->n, lead;
    SPRED_TRY(gram_require(&s->gram, model, s->problem->loss->quadratic, work));
    SPRED_TRY(cd_small_reserve(small, s->env, m));
    lead = s->gram.capacity;
    for (size_t c = 0; c < m; c++) {
        const double *from =
            s->gram.q + (s->gram.slot[model->column[c]] - 1) * lead;
        double *to = small->q + c * m, ridge = (double)n * model->l2[c];
        for (size_t a = 0; a < m; a++)
            to[a] = from[s->gram.slot[model->column[a]] - 1];
        to[c] += ridge;
        small->w[c] = model->w[c];
        small->g[c] = model->gradient[c] - ridge * model->w[c];
        small->bound[c] = (double)n * model->l1[c];
    }
    small->y_square = s->problem->loss->quadratic
                          ? 2 * (double)n * s->problem->null_objective
                          : 0;
    return SPRED_OK;
}

enum spred_status cd_single_minimise(struct cd_single *s,
                                     const struct quadratic *model,
                                     const struct cd_rules *rules,
                                     struct spred_work *work)
{
    size_t m = model->size;
    int updates = s->options->updates;
    if (updates == CD_UPDATES_AUTO)
        updates = s->problem->loss->quadratic && m <= COVARIANCE_MOST &&
                          (double)m <= covariance_share * (double)s->problem->n
                      ? CD_UPDATES_COVARIANCE
                      : CD_UPDATES_NAIVE;
    if (m == 0)
        return SPRED_OK;
    if (updates == CD_UPDATES_NAIVE)
        return cd_residual_minimise(&s->residual, s->env, model, rules, work);
    SPRED_TRY(compact(s, model, work));
    SPRED_TRY(cd_small_minimise(&s->small, s->env, rules));
    memcpy(model->w, s->small.w, m * sizeof *model->w);
    return SPRED_OK;
}

/* Gap times n of the least-squares fit at r, the ridge part as further rows. */
static double squared_gap(const struct cd_single *s,
                          const struct quadratic *model, double excess,
                          double *dual_scale)
{
    size_t n = s->problem->n;
    struct cd_fit fit = {.excess = excess};
    for (size_t i = 0; i < n; i++) {
        fit.residual_square += s->r[i] * s->r[i];
        fit.y_residual += s->r[i] * s->problem->y[i]; /* r is centred */
    }
    for (size_t c = 0; c < model->size; c++) {
        double ridge = (double)n * model->l2[c], w = model->w[c];
        double bound = (double)n * model->l1[c];
        double off = fabs(model->gradient[c] - ridge * w);
        fit.residual_square += ridge * w * w;
        fit.penalty += bound * fabs(w);
        fit.excess = fmax(fit.excess, off / bound);
    }
    *dual_scale = cd_fit_scale(&fit);
    return cd_fit_primal(&fit) - cd_fit_dual(&fit);
}

static enum spred_status squared_solve(struct cd_single *s,
                                       const struct quadratic *model,
                                       struct spred_work *work)
{
    const struct cd_rules rules = {.sweeps = s->options->sweeps,
                                   .accelerate = s->options->accelerate,
                                   .extrapolate = s->options->extrapolate,
                                   .violation = least_violation,
                                   .gap = s->target};
    SPRED_TRY(cd_single_minimise(s, model, &rules, work));
    for (size_t c = 0; c < model->size; c++)
        s->w[model->column[c]] = model->w[c];
    cd_single_refresh(s);
    return SPRED_OK;
}

enum spred_status cd_single_step(struct cd_single *s, struct spred_work *work)
{
    const struct spred_problem *problem = s->problem;
    int quadratic = problem->loss->quadratic;
    int safe = s->options->screen != CD_SCREEN_NONE;
    double level = 1, scale, n = (double)problem->n;
    size_t entered;
    struct quadratic model;
    if (s->options->sets == CD_SETS_STRONG && s->steps == 0)
        level = fmin(1, fmax(0, 2 - s->before / s->lambda));
    cd_single_refresh(s);
    problem->loss->curvature(problem, s->m, s->h);
    cd_scan_run(&s->scan, s->r, s->inside, level, safe, work);
    cd_single_model(s, &model);
    double gap = quadratic ? squared_gap(s, &model, s->scan.excess, &scale)
                           : cd_newton_gap(s, &model, s->scan.excess, &scale);
    SPRED_TRY(grow(s, level, &entered));
    if (s->options->screen == CD_SCREEN_SAFE)
        cd_scan_kill(&s->scan, s->inside, scale,
                     sqrt(2 * problem->loss->curvature_bound * fmax(gap, 0)));
    double goal = share_of_asked * s->asked * n * problem->null_objective;
    if (entered)
        s->target = fmax(goal, share_of_gap * gap);
    else
        s->target = fmin(goal, share_of_last * s->target);
    s->steps++;
    if (!quadratic)
        return cd_newton_solve(s, work);
    cd_single_model(s, &model);
    return squared_solve(s, &model, work);
}
