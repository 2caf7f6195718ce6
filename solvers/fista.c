/* fista.c: w+ = prox(z + step X'R(z)/n), z+ = w+ + beta (w+ - w); Beck and
 * Teboulle 2009, eq. 4.1-4.3; gradient restart of O'Donoghue and Candes 2015.
 */
#include "solvers/fista.h"

#include <math.h>
#include <string.h>

#include "solvers/optimality.h"
#include "spred/linalg.h"

#define ROUNDING 1e-14 /* relative error of an image */

static size_t weights_of(const struct fista *f)
{
    return f->problem->p * f->problem->outputs;
}

static size_t cells_of(const struct fista *f)
{
    return f->gram ? f->problem->p : f->problem->n * f->problem->outputs;
}

size_t fista_room(const struct spred_problem *problem, int by_gram)
{
    size_t cells = by_gram ? problem->p : problem->n * problem->outputs;
    return 4 * problem->p * problem->outputs + 4 * cells;
}

void fista_place(struct fista *f, double *block)
{
    size_t weights = weights_of(f), cells = cells_of(f);
    f->w = block;
    f->z = f->w + weights;
    f->next = f->z + weights;
    f->g = f->next + weights;
    f->image = f->g + weights;
    f->at_z = f->image + cells;
    f->at_next = f->at_z + cells;
    f->r = f->at_next + cells;
}

/* out = Q x: one product for every run of columns that are not zero. */
static void apply_gram(const struct fista *f, const double *x, double *out)
{
    size_t p = f->problem->p, from = 0;
    memset(out, 0, p * sizeof *out);
    while (from < p) {
        size_t to = from;
        while (to < p && (x[to] < 0 || x[to] > 0))
            to++;
        if (to > from)
            spred_gemv(p, to - from, 1, f->gram + from * f->lead, f->lead,
                       x + from, 1, out);
        from = to + 1;
    }
}

static void image_of(const struct fista *f, const double *w, const double *b,
                     double *out)
{
    if (f->gram)
        apply_gram(f, w, out);
    else
        spred_problem_predict(f->problem, w, b, out);
}

/* g = X'R at z. */
static void slope(struct fista *f)
{
    const struct spred_problem *problem = f->problem;
    size_t p = problem->p;
    if (f->gram) {
        for (size_t j = 0; j < p; j++)
            f->g[j] = f->cross[j] - f->at_z[j];
        return;
    }
    problem->loss->residual(problem, f->at_z, f->r);
    spred_design_adjoint_many(&problem->x, problem->outputs, f->r, f->g);
}

void fista_begin(struct fista *f, double lambda)
{
    f->lambda = lambda;
    f->momentum = 1;
    f->carried = 0;
    f->objective = INFINITY;
    image_of(f, f->w, f->b, f->image);
    memcpy(f->z, f->w, weights_of(f) * sizeof *f->z);
    memcpy(f->bz, f->b, sizeof f->bz);
    memcpy(f->at_z, f->image, cells_of(f) * sizeof *f->at_z);
}

/* Prox step of the current size from z; returns |next - z|^2 (with b) and the
 * inner product of the gradient step, for the sufficient-decrease test. */
static void trial(struct fista *f, double *square, double *inner)
{
    const struct spred_problem *problem = f->problem;
    size_t n = problem->n, p = problem->p;
    *square = *inner = f->moved = 0;
    int plain = problem->penalty.kind == SPRED_PENALTY_L1;
    if (!plain) { /* any other penalty, by its own proximal map */
        for (size_t e = 0; e < weights_of(f); e++)
            f->next[e] = f->z[e] + f->step * f->g[e] / (double)n;
        spred_penalty_prox(problem, f->lambda, f->step, f->next);
    }
    for (size_t k = 0; k < problem->outputs; k++) {
        for (size_t j = 0; j < p; j++) {
            size_t e = j + k * p;
            double l1 = f->lambda, l2, slope = f->g[e] / (double)n;
            if (plain) {
                spred_penalty_at(problem, f->lambda, j, &l1, &l2);
                f->next[e] =
                    spred_prox(f->z[e] + f->step * slope, f->step, l1, l2);
            }
            double d = f->next[e] - f->z[e];
            *square += d * d;
            *inner -= d * slope;
            f->moved = fmax(f->moved, fabs(d) / (f->step * l1));
        }
        if (f->gram || !problem->intercept) {
            f->bnext[k] = f->bz[k];
            continue;
        }
        double total = 0;
        for (size_t i = 0; i < n; i++)
            total += f->r[i + k * n];
        double slope = total / (double)n, d = f->step * slope;
        f->bnext[k] = f->bz[k] + d;
        *square += d * d;
        *inner -= d * slope;
        f->moved = fmax(f->moved, fabs(slope) / f->lambda);
    }
}

/* w <- next, z <- next + beta (next - w), and the images likewise. */
static void move(struct fista *f)
{
    const struct spred_problem *problem = f->problem;
    size_t weights = weights_of(f), cells = cells_of(f);
    double beta = 0;
    if (f->rules.accelerate) {
        double uphill = 0; /* (z - next)'(next - w) > 0: momentum is wrong */
        for (size_t e = 0; e < weights; e++)
            uphill += (f->z[e] - f->next[e]) * (f->next[e] - f->w[e]);
        for (size_t k = 0; k < problem->outputs; k++)
            uphill += (f->bz[k] - f->bnext[k]) * (f->bnext[k] - f->b[k]);
        if (f->rules.restart && uphill > 0)
            f->momentum = 1;
        double grown = (1 + sqrt(1 + 4 * f->momentum * f->momentum)) / 2;
        beta = (f->momentum - 1) / grown;
        f->momentum = grown;
    }
    for (size_t e = 0; e < weights; e++) {
        f->z[e] = f->next[e] + beta * (f->next[e] - f->w[e]);
        f->w[e] = f->next[e];
    }
    for (size_t e = 0; e < cells; e++) {
        f->at_z[e] = f->at_next[e] + beta * (f->at_next[e] - f->image[e]);
        f->image[e] = f->at_next[e];
    }
    for (size_t k = 0; k < problem->outputs; k++) {
        f->bz[k] = f->bnext[k] + beta * (f->bnext[k] - f->b[k]);
        f->b[k] = f->bnext[k];
    }
}

/* Not convex: momentum may lead uphill, a plain step from w never does (Li and
 * Lin 2015). 1: the trial is refused and z is w again. */
static int refused(struct fista *f)
{
    const struct spred_problem *problem = f->problem;
    if (spred_penalty_form(problem)->convex || !f->rules.accelerate)
        return 0;
    double objective = problem->loss->value(problem, f->at_next) +
                       spred_penalty_value(problem, f->lambda, f->next);
    if (f->carried && !(objective <= f->objective)) {
        f->momentum = 1;
        f->carried = 0;
        memcpy(f->z, f->w, weights_of(f) * sizeof *f->z);
        memcpy(f->bz, f->b, sizeof f->bz);
        memcpy(f->at_z, f->image, cells_of(f) * sizeof *f->at_z);
        return 1;
    }
    f->objective = objective;
    f->carried = f->momentum > 1;
    return 0;
}

/* An upper bound on (next - z)'H(next - z)/n, less what may be rounding. */
static double curvature(const struct fista *f)
{
    const struct spred_problem *problem = f->problem;
    double moved = 0, size = 0, length = 0;
    for (size_t e = 0; e < cells_of(f); e++) {
        double d = f->at_next[e] - f->at_z[e];
        if (f->gram) {
            double step = f->next[e] - f->z[e];
            moved += step * d;
            length += step * step;
        } else {
            moved += d * d;
        }
        size += f->at_next[e] * f->at_next[e];
    }
    moved -=
        f->gram ? ROUNDING * sqrt(size * length) : ROUNDING * ROUNDING * size;
    return problem->loss->curvature_bound * moved / (double)problem->n;
}

/* loss(next) <= loss(z) + inner + square / (2 step): Beck and Teboulle, (2.4).
 * The difference drowns in rounding near the optimum, so the bound through the
 * curvature, which holds at the latest when step <= 1/L, is enough as well. */
static int accepted(const struct fista *f, double at, double square,
                    double inner)
{
    const struct spred_problem *problem = f->problem;
    if (curvature(f) <= square / f->step)
        return 1;
    return !problem->loss->quadratic &&
           problem->loss->value(problem, f->at_next) <=
               at + inner + square / (2 * f->step);
}

double fista_iterate(struct fista *f)
{
    const struct spred_problem *problem = f->problem;
    double outputs = (double)problem->outputs, columns = 0;
    double at = 0, square, inner; /* a quadratic loss needs no value */
    slope(f);
    if (!problem->loss->quadratic)
        at = problem->loss->value(problem, f->at_z);
    if (!f->gram)
        columns = outputs * (double)problem->p;
    for (;;) {
        trial(f, &square, &inner);
        image_of(f, f->next, f->bnext, f->at_next);
        if (!f->gram)
            columns += outputs * (double)spred_support(problem, f->next);
        if (f->step <= f->safe_step || accepted(f, at, square, inner))
            break;
        f->step = fmax(f->step * f->rules.shrink, f->safe_step);
    }
    if (!refused(f))
        move(f);
    return columns;
}

double fista_violation(const struct fista *f)
{
    const struct spred_problem *problem = f->problem;
    double worst = 0;
    for (size_t j = 0; j < problem->p; j++) {
        double l1, l2;
        spred_penalty_at(problem, f->lambda, j, &l1, &l2);
        double slope = (f->cross[j] - f->image[j]) / (double)problem->n;
        worst = fmax(worst, optimality_margin(slope, f->w[j], l1, l2));
    }
    return worst;
}
