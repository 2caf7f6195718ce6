/* cd_newton.c: proximal Newton for one output on its set: quadratic model at
 * (w, b), a few cycles of coordinate descent on it, line search on the true
 * objective. Friedman, Hastie and Tibshirani 2010, section 3 (IRLS); Lee, Sun
 * and Saunders 2014. */
#include <math.h>
#include <string.h>

#include "cd_column.h"
#include "cd_single.h"
#include "columns.h"
#include "spred/linalg.h"

enum { MOST_MODELS = 30 };
/* A model is solved to this share of the violation it starts from. */
static const double inner_share = 0.1;

double cd_newton_gap(const struct cd_single *s, const struct quadratic *model,
                     double excess, double *dual_scale)
{
    const struct spred_problem *problem = s->problem;
    double n = (double)problem->n, l1_part = 0, l2_part = 0;
    double worst = fmax(excess, 1);
    for (size_t c = 0; c < model->size; c++) {
        double w = model->w[c], ridge = model->l2[c] * w;
        double off = fabs(model->gradient[c] / n - ridge) / model->l1[c];
        worst = fmax(worst, off);
        l1_part += model->l1[c] * fabs(w);
        l2_part += ridge * w / 2;
    }
    double *theta = s->trial, scale = 1 / worst;
    for (size_t i = 0; i < problem->n; i++)
        theta[i] = scale * s->r[i];
    double primal = problem->loss->value(problem, s->m) + l1_part + l2_part;
    double dual = problem->loss->dual(problem, theta) - scale * scale * l2_part;
    *dual_scale = scale;
    return n * (primal - dual);
}

/* Fills the model at m, r; returns its worst violation. anew: the set's scores
 * at r are to be computed, else they are those of the scan. */
static double build(struct cd_single *s, int anew, struct quadratic *model)
{
    const struct spred_problem *problem = s->problem;
    const struct spred_design *x = &problem->x;
    size_t n = problem->n;
    double r_total = 0, worst = 0;
    problem->loss->curvature(problem, s->m, s->h);
    for (size_t i = 0; i < n; i++) {
        s->h[i] = fmax(s->h[i], model_least_weight);
        r_total += s->r[i];
    }
    cd_single_model(s, model);
    double *centre = s->gather + 2 * s->size, *gradient = s->gather + s->size;
    for (size_t c = 0; c < model->size; c++) {
        size_t j = model->column[c];
        if (anew)
            gradient[c] =
                column_scale(x, j) *
                (cd_column_dot(x->matrix, j, s->r) - centre[c] * r_total);
        if (problem->intercept)
            centre[c] = cd_column_dot(x->matrix, j, s->h) / model->h_total;
        worst = fmax(worst, kkt_violation(gradient[c], (double)n, model->w[c],
                                          model->l1[c], model->l2[c]));
    }
    return worst;
}

/* move = change of M for the step to model->w, *shift the part of it that is
 * the intercept's. */
static void direction(struct cd_single *s, const struct quadratic *model,
                      double *shift)
{
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n;
    double constant = 0, left = 0;
    memset(s->move, 0, n * sizeof *s->move);
    for (size_t c = 0; c < model->size; c++) {
        size_t j = model->column[c];
        double d = model->w[c] - s->w[j];
        if (!(d > 0 || d < 0))
            continue;
        d *= column_scale(&problem->x, j);
        cd_column_axpy(problem->x.matrix, j, d, NULL, s->move);
        constant -= d * column_mean(&problem->x, j);
    }
    for (size_t i = 0; i < n; i++) {
        s->move[i] += constant;
        left += s->r[i] - s->h[i] * s->move[i];
    }
    *shift = problem->intercept ? left / model->h_total : 0;
    for (size_t i = 0; i < n; i++)
        s->move[i] += *shift;
}

/* penalty(w + t d) - penalty(w) on the set. */
static double penalty_change(const struct cd_single *s,
                             const struct quadratic *model, double t)
{
    struct spred_sum sum = {0, 0};
    for (size_t c = 0; c < model->size; c++) {
        double from = s->w[model->column[c]];
        double d = t * (model->w[c] - from), to = from + d;
        spred_sum_add(&sum, model->l1[c] * (fabs(to) - fabs(from)));
        spred_sum_add(&sum, model->l2[c] * d * (from + to) / 2);
    }
    return spred_sum_value(&sum);
}

/* Largest t = 1, 1/2, ... with enough decrease of the true objective, 0 if the
 * direction is none; s->trial is M there. */
static double search(struct cd_single *s, const struct quadratic *model)
{
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n;
    double value = problem->loss->value(problem, s->m);
    double slope =
        -cd_dot(n, s->r, s->move) / (double)n + penalty_change(s, model, 1);
    double slack = search_rounding * (problem->null_objective + fabs(value));
    double t = 1;
    if (!(slope <= slack))
        return 0;
    for (int tries = 0; tries < SEARCH_HALVINGS; tries++, t /= 2) {
        for (size_t i = 0; i < n; i++)
            s->trial[i] = s->m[i] + t * s->move[i];
        double change = problem->loss->value(problem, s->trial) - value +
                        penalty_change(s, model, t);
        if (change <= search_armijo * t * slope + slack)
            return t;
    }
    return 0;
}

/* To w + t d: m, r follow, with the best b for this w. */
static void take(struct cd_single *s, const struct quadratic *model, double t,
                 double shift)
{
    const struct spred_problem *problem = s->problem;
    for (size_t c = 0; c < model->size; c++) {
        double *w = &s->w[model->column[c]];
        *w = t < 1 ? *w + t * (model->w[c] - *w) : model->w[c];
    }
    memcpy(s->m, s->trial, problem->n * sizeof *s->m);
    if (problem->intercept) {
        double from = s->b + t * shift;
        for (size_t i = 0; i < problem->n; i++)
            s->m[i] -= from;
        s->b = from;
        problem->loss->intercept(problem, s->m, &s->b);
        for (size_t i = 0; i < problem->n; i++)
            s->m[i] += s->b;
    }
    problem->loss->residual(problem, s->m, s->r);
}

enum spred_status cd_newton_solve(struct cd_single *s, struct spred_work *work)
{
    struct cd_rules rules = {.sweeps = s->options->sweeps,
                             .accelerate = s->options->accelerate};
    for (int models = 0; models < MOST_MODELS; models++) {
        struct quadratic model;
        double scale, shift, met = build(s, models > 0, &model);
        work->passes += 2 * (double)model.size / (double)s->problem->p;
        if (!(met > 0) || cd_newton_gap(s, &model, 1, &scale) <= s->target)
            break;
        rules.violation = inner_share * met;
        SPRED_TRY(cd_single_minimise(s, &model, &rules, work));
        direction(s, &model, &shift);
        double t = search(s, &model);
        if (!(t > 0))
            break;
        take(s, &model, t, shift);
    }
    return SPRED_OK;
}
