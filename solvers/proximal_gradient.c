/* proximal_gradient.c: ISTA and FISTA with restart and backtracking.
 * w+ = prox(w + step X'R/n); Beck and Teboulle 2009, eq. 4.1-4.3; gradient
 * restart of O'Donoghue and Candes 2015. */
#include <math.h>
#include <string.h>

#include "spred/linalg.h"
#include "spred/solver.h"

#define ROUNDING 1e-14 /* relative error of a predictor */

struct options {
    int accelerate, restart;
    double shrink;
};

static const struct spred_option table[] = {
    {"accelerate", SPRED_OPTION_BOOL, offsetof(struct options, accelerate),
     "true", 0, 0, NULL, "FISTA's momentum (false: ISTA)"},
    {"restart", SPRED_OPTION_BOOL, offsetof(struct options, restart), "true", 0,
     0, NULL, "drop the momentum when it points uphill"},
    {"shrink", SPRED_OPTION_REAL, offsetof(struct options, shrink), "0.5", 0.1,
     0.9, NULL, "factor on the step when backtracking; grown back per lambda"},
    {0}};

struct state {
    struct spred_env *env;
    const struct spred_problem *problem;
    struct options options;
    double lambda, step, momentum;
    double safe_step;            /* 1 / trace bound: shorter is never needed */
    double *w, *z, *next;        /* p x K: iterate, extrapolated point, trial */
    double *g;                   /* p x K: X'R at z */
    double *mw, *mz, *mnext, *r; /* n x K linear predictors, residual */
    double b[SPRED_MAX_OUTPUTS], bz[SPRED_MAX_OUTPUTS];
    double bnext[SPRED_MAX_OUTPUTS];
};

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    size_t weights = problem->p * problem->outputs;
    size_t cells = problem->n * problem->outputs;
    (void)seed;
    s->env = env;
    s->problem = problem;
    s->options = *(const struct options *)options;
    s->w = spred_alloc(env, 4 * weights, sizeof *s->w);
    s->mw = spred_alloc(env, 4 * cells, sizeof *s->mw);
    if (!s->w || !s->mw)
        return SPRED_ENOMEM;
    s->z = s->w + weights;
    s->next = s->z + weights;
    s->g = s->next + weights;
    s->mz = s->mw + cells;
    s->mnext = s->mz + cells;
    s->r = s->mnext + cells;
    memcpy(s->b, problem->null_intercept, sizeof s->b);
    memcpy(s->bz, s->b, sizeof s->bz);
    spred_problem_predict(problem, s->w, s->b, s->mw);
    memcpy(s->mz, s->mw, cells * sizeof *s->mz);
    /* First step: 1 / curvature along the steepest single coordinate, at least
     * as long as 1 / L; backtracking finds the right size. */
    spred_design_squares(&problem->x, NULL, s->g);
    double largest = 0, total = (double)problem->n; /* of the intercept */
    for (size_t j = 0; j < problem->p; j++) {
        largest = fmax(largest, s->g[j]);
        total += s->g[j];
    }
    work->passes += 1;
    double bound = problem->loss->curvature_bound / (double)problem->n;
    s->step = 1 / (bound * largest);
    s->safe_step = 1 / (bound * total);
    s->momentum = 1;
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    size_t weights = s->problem->p * s->problem->outputs;
    (void)tolerance;
    if (s->lambda > 0) /* one try at a longer step at every new lambda */
        s->step /= s->options.shrink;
    s->lambda = lambda;
    s->momentum = 1;
    memcpy(s->z, s->w, weights * sizeof *s->z);
    memcpy(s->bz, s->b, sizeof s->bz);
    memcpy(s->mz, s->mw, s->problem->n * s->problem->outputs * sizeof *s->mz);
    return SPRED_OK;
}

/* Prox step of the current size from z; returns |next - z|^2 (with b) and the
 * inner product of the gradient step, for the sufficient-decrease test. */
static void trial(struct state *s, double *square, double *inner)
{
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n, p = problem->p;
    *square = *inner = 0;
    for (size_t k = 0; k < problem->outputs; k++) {
        for (size_t j = 0; j < p; j++) {
            size_t e = j + k * p;
            double l1, l2, slope = s->g[e] / (double)n;
            spred_penalty_at(problem, s->lambda, j, &l1, &l2);
            s->next[e] = spred_prox(s->z[e] + s->step * slope, s->step, l1, l2);
            double d = s->next[e] - s->z[e];
            *square += d * d;
            *inner -= d * slope;
        }
        double total = 0;
        for (size_t i = 0; i < n; i++)
            total += s->r[i + k * n];
        double slope = problem->intercept ? total / (double)n : 0;
        s->bnext[k] = s->bz[k] + s->step * slope;
        double d = s->bnext[k] - s->bz[k];
        *square += d * d;
        *inner -= d * slope;
    }
}

/* w <- next, z <- next + beta (next - w), and the predictors likewise (M is
 * linear in W and b). */
static void move(struct state *s)
{
    const struct spred_problem *problem = s->problem;
    size_t weights = problem->p * problem->outputs;
    size_t cells = problem->n * problem->outputs;
    double beta = 0;
    if (s->options.accelerate) {
        double uphill = 0; /* (z - next)'(next - w) > 0: momentum is wrong */
        for (size_t e = 0; e < weights; e++)
            uphill += (s->z[e] - s->next[e]) * (s->next[e] - s->w[e]);
        for (size_t k = 0; k < problem->outputs; k++)
            uphill += (s->bz[k] - s->bnext[k]) * (s->bnext[k] - s->b[k]);
        if (s->options.restart && uphill > 0)
            s->momentum = 1;
        double grown = (1 + sqrt(1 + 4 * s->momentum * s->momentum)) / 2;
        beta = (s->momentum - 1) / grown;
        s->momentum = grown;
    }
    for (size_t e = 0; e < weights; e++) {
        s->z[e] = s->next[e] + beta * (s->next[e] - s->w[e]);
        s->w[e] = s->next[e];
    }
    for (size_t e = 0; e < cells; e++) {
        s->mz[e] = s->mnext[e] + beta * (s->mnext[e] - s->mw[e]);
        s->mw[e] = s->mnext[e];
    }
    for (size_t k = 0; k < problem->outputs; k++) {
        s->bz[k] = s->bnext[k] + beta * (s->bnext[k] - s->b[k]);
        s->b[k] = s->bnext[k];
    }
}

/* loss(next) <= loss(z) + inner + square / (2 step): Beck and Teboulle, (2.4).
 * The difference drowns in rounding near the optimum, so the bound through the
 * curvature, which holds at the latest when step <= 1/L, is enough as well. */
static int accepted(const struct state *s, double at, double square,
                    double inner)
{
    const struct spred_problem *problem = s->problem;
    double moved = 0, size = 0;
    for (size_t e = 0; e < problem->n * problem->outputs; e++) {
        double d = s->mnext[e] - s->mz[e];
        moved += d * d;
        size += s->mnext[e] * s->mnext[e];
    }
    moved -= ROUNDING * ROUNDING * size;
    if (problem->loss->curvature_bound * moved / (double)problem->n <=
        square / s->step)
        return 1;
    return !problem->loss->quadratic &&
           problem->loss->value(problem, s->mnext) <=
               at + inner + square / (2 * s->step);
}

static double support_share(const struct state *s)
{
    return (double)spred_support(s->problem, s->next) / (double)s->problem->p;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n;
    (void)finished;
    problem->loss->residual(problem, s->mz, s->r);
    for (size_t k = 0; k < problem->outputs; k++)
        spred_design_adjoint(&problem->x, s->r + k * n, s->g + k * problem->p);
    work->passes += (double)problem->outputs;
    double at = 0, square, inner; /* a quadratic loss needs no value */
    if (!problem->loss->quadratic)
        at = problem->loss->value(problem, s->mz);
    for (;;) {
        trial(s, &square, &inner);
        spred_problem_predict(problem, s->next, s->bnext, s->mnext);
        work->passes += support_share(s) * (double)problem->outputs;
        if (s->step <= s->safe_step || accepted(s, at, square, inner))
            break;
        s->step = fmax(s->step * s->options.shrink, s->safe_step);
    }
    move(s);
    return SPRED_OK;
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    size_t outputs = s->problem->outputs;
    memcpy(w, s->w, s->problem->p * outputs * sizeof *w);
    memcpy(b, s->b, outputs * sizeof *b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    spred_free(env, s->w);
    spred_free(env, s->mw);
}

const struct spred_solver spred_solver_proximal_gradient = {
    .name = "proximal-gradient",
    .alias = "pgd",
    .doc = "ISTA, or FISTA with adaptive restart; backtracked step",
    .reference = "Beck and Teboulle 2009, SIAM J. Imaging Sci. 2(1)",
    .api_version = 2,
    .needs = SPRED_NEEDS_NOTHING,
    .claim = 1e-6,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
