/* spred_lbfgs.c: W = U o V, both decayed, minimised over (U, V) at once by
 * L-BFGS: the paper's smooth objective with a better optimizer. Intercepts are
 * the best for each W. Ziyin and Wang 2023, theorem 1; Nocedal and Wright 2006,
 * algorithm 7.5. */
#include <string.h>

#include "solvers/factors.h"
#include "solvers/optimality.h"
#include "solvers/quasi_newton.h"
#include "spred/linalg.h"
#include "spred/solver.h"

struct options {
    long memory;
    int init;
    double inflate, round;
};

#define FIELD(name) offsetof(struct options, name)
static const struct spred_option table[] = {
    {"memory", SPRED_OPTION_INT, FIELD(memory), "10", 3, 100, NULL,
     "pairs of steps and slopes that L-BFGS keeps"},
    {"init", SPRED_OPTION_CHOICE, FIELD(init), "zero-safe", 0, 0,
     spred_factors_starts,
     "zero-safe: V = 0, W = 0; others: both factors random"},
    {"inflate", SPRED_OPTION_REAL, FIELD(inflate), "0.1", 1e-6, 1, NULL,
     "least |u| at a new lambda, of the natural size; and the tilt"},
    {"round", SPRED_OPTION_REAL, FIELD(round), "1e-6", 0, 0.1, NULL,
     "|uv| up to this share of the largest is reported as 0"},
    {0}};

/* A step stops at this share of the violation that the one before stopped at,
 * if that was not enough for the certificate. */
static const double share_of_last = 0.3;

/* The variables are U and V, p x K each. */
struct state {
    const struct spred_problem *problem;
    struct options options;
    struct quasi_newton q;
    struct spred_factors_seed seed;
    double lambda, asked;
    double target;    /* violation that ends a step */
    double violation; /* of the rounded W that was evaluated last */
    double *w, *g;    /* p x K */
    double *m, *r;    /* n x K */
    double b[SPRED_MAX_OUTPUTS];
    double columns; /* of X read since the step began */
    int started;
};

static size_t weights_of(const struct state *s)
{
    return s->problem->p * s->problem->outputs;
}

/* Worst violation of the rounded W. */
static double violation(const struct state *s,
                        const struct spred_factors_point *at)
{
    const struct spred_problem *problem = s->problem;
    size_t p = problem->p, weights = weights_of(s);
    double worst = 0, largest = 0;
    for (size_t e = 0; e < weights; e++)
        largest = fmax(largest, fabs(at->w[e]));
    for (size_t e = 0; e < weights; e++) {
        double l1, l2, w = at->w[e];
        if (fabs(w) <= s->options.round * largest)
            w = 0;
        spred_penalty_at(problem, s->lambda, e % p, &l1, &l2);
        worst = fmax(worst, optimality_margin(-at->g[e], w, l1, l2));
    }
    return worst;
}

/* The objective at x = (u, v). */
static double evaluate(void *cookie, const double *x, double *slope)
{
    struct state *s = cookie;
    size_t weights = weights_of(s);
    struct spred_factors_point at = {.u = x,
                                     .v = x + weights,
                                     .b = s->b,
                                     .w = s->w,
                                     .g = s->g,
                                     .m = s->m,
                                     .r = s->r,
                                     .du = slope,
                                     .dv = slope + weights};
    double value = spred_factors_objective(s->problem, s->lambda, &at);
    s->violation = violation(s, &at);
    s->columns += 2 * (double)weights;
    return value;
}

/* The best b for the W that is reported. */
static void settle(struct state *s)
{
    const struct spred_problem *problem = s->problem;
    size_t weights = weights_of(s);
    const double *u = s->q.x, *v = u + weights;
    memset(s->b, 0, sizeof s->b);
    spred_factors_round(s->options.round, weights, u, v, s->w);
    spred_problem_predict(problem, s->w, s->b, s->m);
    problem->loss->intercept(problem, s->m, s->b);
    s->columns += (double)(problem->outputs * spred_support(problem, s->w));
}

static int enough(void *cookie)
{
    const struct state *s = cookie;
    return s->violation <= s->target;
}

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    s->problem = problem;
    s->options = *(const struct options *)options;
    size_t weights = weights_of(s), cells = problem->n * problem->outputs;
    s->q.memory = (int)s->options.memory;
    s->q.evaluate = evaluate;
    s->q.enough = enough;
    s->q.cookie = s;
    s->w = spred_alloc(env, 2 * weights + 2 * cells, sizeof *s->w);
    s->seed.rng = spred_rng_new(env, seed);
    if (!s->w || !s->seed.rng)
        return SPRED_ENOMEM;
    s->g = s->w + weights;
    s->m = s->g + weights;
    s->r = s->m + cells;
    SPRED_TRY(quasi_newton_open(&s->q, env, 2 * weights));
    double square = 0;
    spred_design_squares(&problem->x, NULL, s->g);
    for (size_t j = 0; j < problem->p; j++)
        square += s->g[j] / (double)problem->n / (double)problem->p;
    work->passes += 1;
    s->seed.start = s->options.init;
    s->seed.inflate = s->options.inflate;
    s->seed.size = spred_factors_size(problem, square);
    spred_factors_draw(&s->seed, problem, s->q.x, s->q.x + weights);
    memcpy(s->b, problem->null_intercept, sizeof s->b);
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    size_t weights = weights_of(s);
    s->lambda = lambda;
    s->asked = tolerance;
    s->target = INFINITY;
    if (s->started)
        spred_factors_revive(&s->seed, weights, s->q.x, s->q.x + weights);
    s->started = 1;
    quasi_newton_start(&s->q);
    return SPRED_OK;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    size_t weights = weights_of(s);
    (void)finished; /* the certificate tells */
    spred_factors_product(weights, s->q.x, s->q.x + weights, s->w);
    s->target =
        fmin(optimality_goal(s->problem, s->lambda, s->w, s->asked),
             s->violation <= s->target ? share_of_last * s->target : INFINITY);
    s->columns = 0;
    SPRED_TRY(quasi_newton_piece(&s->q));
    if (s->problem->intercept) /* the last point tried may be another one */
        settle(s);
    work->passes += s->columns / (double)s->problem->p;
    return SPRED_OK;
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    size_t weights = weights_of(s);
    const double *u = s->q.x, *v = u + weights;
    spred_factors_round(s->options.round, weights, u, v, w);
    memcpy(b, s->b, s->problem->outputs * sizeof *b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    quasi_newton_close(&s->q);
    spred_rng_free(s->seed.rng);
    spred_free(env, s->w);
}

const struct spred_solver spred_solver_spred_lbfgs = {
    .name = "spred-lbfgs",
    .alias = NULL,
    .doc = "W = U o V with decayed factors, by L-BFGS over both",
    .reference = "Ziyin and Wang 2023, ICML, PMLR 202:43407-43422",
    .api_version = 1,
    .needs = SPRED_NEEDS_NOTHING,
    .claim = 1e-4,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
