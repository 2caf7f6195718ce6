/* prox_newton.c: on the working sets, output by output: quadratic model of the
 * loss, its minimiser by the inner method, line search on the true objective.
 * Lee, Sun and Saunders 2014 (proximal Newton); Friedman, Hastie and Tibshirani
 * 2010, section 4.1 (partial Newton over classes). */
#include <math.h>
#include <string.h>

#include "columns.h"
#include "spred/linalg.h"
#include "working_set.h"

enum { MOST_SWEEPS = 30 };
const double model_least_weight = 1e-9;
const double search_armijo = 1e-4;
const double search_rounding = 4e-15; /* of the objective, relative */

/* Fills the model of output k from w, m, r; returns the worst violation. */
static double build(struct working_set *ws, size_t k, struct quadratic *model)
{
    const struct spred_problem *problem = ws->problem;
    const struct spred_design *x = &problem->x;
    const struct feature_list *set = &ws->set[k];
    size_t n = problem->n, p = problem->p, size = set->size;
    double *h = ws->h + k * n, *r = ws->r + k * n;
    double *w = ws->gather, *gradient = w + size, *centre = gradient + size;
    double *l1 = centre + size, *l2 = l1 + size;
    double h_total = 0, r_total = 0, worst = 0;
    problem->loss->curvature(problem, ws->m, ws->h);
    for (size_t i = 0; i < n; i++) {
        h[i] = fmax(h[i], model_least_weight);
        h_total += h[i];
        r_total += r[i];
    }
    if (problem->intercept)
        worst = fabs(r_total) / ((double)n * ws->lambda);
    for (size_t s = 0; s < size; s++) {
        size_t j = set->column[s];
        w[s] = ws->w[j + k * p];
        centre[s] = problem->intercept ? column_raw_dot(x, j, h) / h_total
                                       : column_mean(x, j);
        gradient[s] = (column_raw_dot(x, j, r) - centre[s] * r_total) *
                      column_scale(x, j);
        spred_penalty_at(problem, ws->lambda, j, &l1[s], &l2[s]);
        double off = kkt_violation(gradient[s], (double)n, w[s], l1[s], l2[s]);
        worst = fmax(worst, off);
    }
    *model = (struct quadratic){.problem = problem,
                                .lambda = ws->lambda,
                                .size = size,
                                .column = set->column,
                                .h = h,
                                .h_total = h_total,
                                .residual = r,
                                .gradient = gradient,
                                .centre = centre,
                                .l1 = l1,
                                .l2 = l2,
                                .w = w};
    return worst;
}

/* ws->move = change of column k of M for the step to model->w, *shift the part
 * of it that is the intercept's. Returns how many weights change. */
static size_t direction(struct working_set *ws, size_t k,
                        const struct quadratic *model, double *shift)
{
    const struct spred_problem *problem = ws->problem;
    size_t n = problem->n, p = problem->p, changed = 0;
    double constant = 0;
    memset(ws->move, 0, n * sizeof *ws->move);
    for (size_t s = 0; s < model->size; s++) {
        size_t j = model->column[s];
        double d = model->w[s] - ws->w[j + k * p];
        if (!(d > 0 || d < 0))
            continue;
        d *= column_scale(&problem->x, j);
        column_raw_axpy(&problem->x, j, d, NULL, ws->move);
        constant -= d * column_mean(&problem->x, j);
        changed++;
    }
    double left = 0;
    for (size_t i = 0; i < n; i++) {
        ws->move[i] += constant;
        left += model->residual[i] - model->h[i] * ws->move[i];
    }
    *shift = problem->intercept ? left / model->h_total : 0;
    for (size_t i = 0; i < n; i++)
        ws->move[i] += *shift;
    return changed;
}

/* penalty(w + t d) - penalty(w) on the set. */
static double penalty_change(const struct working_set *ws, size_t k,
                             const struct quadratic *model, double t)
{
    struct spred_sum sum = {0, 0};
    for (size_t s = 0; s < model->size; s++) {
        double from = ws->w[model->column[s] + k * ws->problem->p];
        double d = t * (model->w[s] - from), to = from + d;
        spred_sum_add(&sum, model->l1[s] * (fabs(to) - fabs(from)));
        spred_sum_add(&sum, model->l2[s] * d * (from + to) / 2);
    }
    return spred_sum_value(&sum);
}

/* Largest t = 1, 1/2, ... with enough decrease of the true objective; 0 if the
 * direction is none. ws->trial and *value are M and the loss there. */
static double search(struct working_set *ws, size_t k,
                     const struct quadratic *model, double *value)
{
    const struct spred_problem *problem = ws->problem;
    size_t n = problem->n, cells = n * problem->outputs;
    double slope = -spred_dot(n, model->residual, ws->move) / (double)n +
                   penalty_change(ws, k, model, 1);
    double slack =
        search_rounding * (problem->null_objective + fabs(ws->value));
    if (!(slope <= slack))
        return 0;
    memcpy(ws->trial, ws->m, cells * sizeof *ws->trial);
    double t = 1;
    for (int tries = 0; tries < SEARCH_HALVINGS; tries++, t /= 2) {
        for (size_t i = 0; i < n; i++)
            ws->trial[i + k * n] = ws->m[i + k * n] + t * ws->move[i];
        *value = problem->loss->value(problem, ws->trial);
        double change = *value - ws->value + penalty_change(ws, k, model, t);
        if (change <= search_armijo * t * slope + slack)
            return t;
    }
    return 0;
}

/* One output: model, minimiser, line search. *worst is raised to the violation
 * that was met. */
static enum spred_status improve(struct working_set *ws, size_t k,
                                 double tolerance,
                                 const struct inner_method *inner, void *method,
                                 struct spred_work *work, double *worst)
{
    const struct spred_problem *problem = ws->problem;
    struct quadratic model;
    double shift, value, met = build(ws, k, &model);
    size_t p = problem->p, touched = 2 * model.size;
    *worst = fmax(*worst, met);
    if (met > tolerance) {
        model.tolerance =
            problem->loss->quadratic ? tolerance : inner->share * met;
        if (model.size)
            SPRED_TRY(inner->solve(method, &model, work));
        touched += direction(ws, k, &model, &shift);
        double t = search(ws, k, &model, &value);
        if (t > 0) {
            for (size_t s = 0; s < model.size; s++) {
                double *w = &ws->w[model.column[s] + k * p];
                *w = t < 1 ? *w + t * (model.w[s] - *w) : model.w[s];
            }
            ws->b[k] += t * shift;
            ws->value = value;
            memcpy(ws->m, ws->trial,
                   problem->n * problem->outputs * sizeof *ws->m);
            problem->loss->residual(problem, ws->m, ws->r);
        }
    }
    work->passes += (double)touched / (double)p;
    return SPRED_OK;
}

/* All intercepts at once for fixed XW: the classes share a free direction. */
static void centre_outputs(struct working_set *ws)
{
    const struct spred_problem *problem = ws->problem;
    size_t n = problem->n;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t i = 0; i < n; i++)
            ws->trial[i + k * n] = ws->m[i + k * n] - ws->b[k];
    problem->loss->intercept(problem, ws->trial, ws->b);
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t i = 0; i < n; i++)
            ws->m[i + k * n] = ws->trial[i + k * n] + ws->b[k];
    problem->loss->residual(problem, ws->m, ws->r);
    ws->value = problem->loss->value(problem, ws->m);
}

enum spred_status working_set_solve(struct working_set *ws, double tolerance,
                                    const struct inner_method *inner,
                                    void *method, struct spred_work *work)
{
    const struct spred_problem *problem = ws->problem;
    int sweeps = problem->loss->quadratic ? 1 : MOST_SWEEPS;
    ws->reached = problem->loss->quadratic;
    for (int sweep = 0; sweep < sweeps; sweep++) {
        double worst = 0;
        int done = 0;
        if (problem->outputs > 1 && inner->together)
            SPRED_TRY(
                inner->together(method, ws, tolerance, &worst, &done, work));
        for (size_t k = 0; !done && k < problem->outputs; k++)
            SPRED_TRY(improve(ws, k, tolerance, inner, method, work, &worst));
        if (worst <= tolerance) {
            ws->reached = 1;
            break;
        }
        if (!done && problem->outputs > 1 && problem->intercept)
            centre_outputs(ws);
    }
    return SPRED_OK;
}
