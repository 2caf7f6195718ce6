/* subgradient.c: plain subgradient descent on the L1 objective: the foil.
 * w <- w - s_t (slope + l1 sign(w) + l2 w), sign(0) = 0; reports the last
 * iterate. It never comes to rest on 0: a weight that should be zero keeps
 * jumping over it by about s_t l1. Shor 1985, section 2. */
#include <math.h>
#include <string.h>

#include "solvers/curvature.h"
#include "solvers/factors.h"
#include "spred/solver.h"

enum decay { SQRT, CONSTANT };
static const char *const decays[] = {"sqrt", "constant", NULL};

struct options {
    int decay;
    double lr;
};

static const struct spred_option table[] = {
    {"lr", SPRED_OPTION_REAL, offsetof(struct options, lr), "0", 0, 1e6, NULL,
     "first step size; 0: automatic, 1 / curvature of the loss"},
    {"decay", SPRED_OPTION_CHOICE, offsetof(struct options, decay), "sqrt", 0,
     0, decays, "sqrt: lr / sqrt(t), t from 1 at each lambda"},
    {0}};

#define POWER_ITERATIONS 20

struct state {
    struct spred_env *env;
    const struct spred_problem *problem;
    struct options options;
    double lambda, lr;
    long t;        /* steps since start */
    double *w, *g; /* p x K */
    double *m, *r; /* n x K */
    double b[SPRED_MAX_OUTPUTS];
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
    s->w = spred_alloc(env, 2 * weights, sizeof *s->w);
    s->m = spred_alloc(env, 2 * cells + 2 * problem->n, sizeof *s->m);
    if (!s->w || !s->m)
        return SPRED_ENOMEM;
    s->g = s->w + weights;
    s->r = s->m + cells;
    double *z = s->r + cells, *scratch = z + problem->n;
    memcpy(s->b, problem->null_intercept, sizeof s->b);
    spred_problem_predict(problem, s->w, s->b, s->m);
    s->lr = s->options.lr;
    if (!(s->lr > 0)) {
        s->lr = 1 / (problem->loss->curvature_bound *
                     spred_curvature_power(&problem->x, NULL, POWER_ITERATIONS,
                                           z, scratch, s->g));
        work->passes += 2 * POWER_ITERATIONS;
    }
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    (void)tolerance;
    s->lambda = lambda;
    s->t = 0;
    return SPRED_OK;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n, outputs = problem->outputs;
    double zero[SPRED_MAX_OUTPUTS] = {0};
    (void)finished; /* it cannot tell */
    double lr = s->lr;
    s->t++;
    if (s->options.decay == SQRT)
        lr /= sqrt((double)s->t);
    spred_loss_slope(problem, s->m, s->r, s->g);
    for (size_t k = 0; k < outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            size_t e = j + k * problem->p;
            double l1, l2, sign = (s->w[e] > 0) - (s->w[e] < 0);
            spred_penalty_at(problem, s->lambda, j, &l1, &l2);
            s->w[e] -= lr * (s->g[e] + l1 * sign + l2 * s->w[e]);
        }
    spred_problem_predict(problem, s->w, zero, s->m);
    if (problem->intercept)
        problem->loss->intercept(problem, s->m, s->b);
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < n; i++)
            s->m[i + k * n] += s->b[k];
    double share = (double)spred_support(problem, s->w) / (double)problem->p;
    work->passes += (1 + share) * (double)outputs;
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
    spred_free(env, s->m);
}

const struct spred_solver spred_solver_subgradient = {
    .name = "subgradient",
    .alias = NULL,
    .doc = "plain subgradient descent, the foil: no weight ever rests at zero",
    .reference = "Shor 1985, Minimization Methods for Non-Differentiable "
                 "Functions",
    .api_version = 1,
    .needs = SPRED_NEEDS_NOTHING,
    .claim = 0,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
