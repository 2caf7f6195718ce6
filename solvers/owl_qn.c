/* owl_qn.c: orthant-wise limited-memory quasi-Newton: L-BFGS that never leaves
 * the orthant of its point within a step. Andrew and Gao 2007; liblbfgs. */
#include <string.h>

#include "solvers/optimality.h"
#include "solvers/quasi_newton.h"
#include "spred/linalg.h"
#include "spred/solver.h"

struct options {
    long memory;
};

static const struct spred_option table[] = {
    {"memory", SPRED_OPTION_INT, offsetof(struct options, memory), "10", 3, 100,
     NULL, "pairs of steps and slopes that L-BFGS keeps"},
    {0}};

/* A step stops at this share of the violation that the one before stopped at,
 * if that was not enough for the certificate. */
static const double share_of_last = 0.3;

/* The library knows one strength for all variables: they are t_jk = weight_j
 * w_jk, then the intercepts, which are not penalised. */
struct state {
    const struct spred_problem *problem;
    struct options options;
    struct quasi_newton q;
    double lambda, asked;
    double target;    /* violation that ends a step */
    double violation; /* at the point that was evaluated last */
    double *w, *g;    /* p x K; g = X'R */
    double *m, *r;    /* n x K */
    double columns;   /* of X read since the step began */
    double b[SPRED_MAX_OUTPUTS];
};

static double weight(const struct state *s, size_t j)
{
    const double *weights = s->problem->penalty.weights;
    return weights ? weights[j] : 1;
}

/* w and b of the variables t. */
static void unscale(struct state *s, const double *t)
{
    size_t p = s->problem->p, outputs = s->problem->outputs;
    for (size_t k = 0; k < outputs; k++) {
        for (size_t j = 0; j < p; j++)
            s->w[j + k * p] = t[j + k * p] / weight(s, j);
        s->b[k] = s->problem->intercept ? t[p * outputs + k] : 0;
    }
}

/* loss(w, b) + sum l2_j w_j^2 / 2 and its slope in t and b. */
static double evaluate(void *cookie, const double *t, double *slope)
{
    struct state *s = cookie;
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n, p = problem->p, outputs = problem->outputs;
    struct spred_sum ridge = {0, 0};
    double worst = 0;
    unscale(s, t);
    spred_problem_predict(problem, s->w, s->b, s->m);
    problem->loss->residual(problem, s->m, s->r);
    spred_design_adjoint_many(&problem->x, outputs, s->r, s->g);
    for (size_t k = 0; k < outputs; k++) {
        for (size_t j = 0; j < p; j++) {
            size_t e = j + k * p;
            double l1, l2, g = s->g[e] / (double)n;
            spred_penalty_at(problem, s->lambda, j, &l1, &l2);
            spred_sum_add(&ridge, l2 / 2 * s->w[e] * s->w[e]);
            slope[e] = (l2 * s->w[e] - g) / weight(s, j);
            worst = fmax(worst, optimality_margin(g, s->w[e], l1, l2));
        }
        double total = 0;
        for (size_t i = 0; i < n; i++)
            total += s->r[i + k * n];
        double free_slope = problem->intercept ? -total / (double)n : 0;
        slope[p * outputs + k] = free_slope;
        worst = fmax(worst, fabs(free_slope) / s->lambda);
    }
    s->violation = worst;
    s->columns += (double)(outputs * (p + spred_support(problem, s->w)));
    return problem->loss->value(problem, s->m) + spred_sum_value(&ridge);
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
    size_t outputs = problem->outputs, weights = problem->p * outputs;
    size_t cells = problem->n * outputs;
    (void)seed;
    (void)work;
    s->problem = problem;
    s->options = *(const struct options *)options;
    s->q.memory = (int)s->options.memory;
    s->q.penalised = weights;
    s->q.evaluate = evaluate;
    s->q.enough = enough;
    s->q.cookie = s;
    s->w = spred_alloc(env, 2 * weights + 2 * cells, sizeof *s->w);
    if (!s->w)
        return SPRED_ENOMEM;
    s->g = s->w + weights;
    s->m = s->g + weights;
    s->r = s->m + cells;
    SPRED_TRY(quasi_newton_open(&s->q, env, weights + outputs));
    memcpy(s->q.x + weights, problem->null_intercept, outputs * sizeof *s->q.x);
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    s->lambda = lambda;
    s->asked = tolerance;
    s->target = INFINITY;
    s->q.strength = lambda * s->problem->penalty.l1_ratio;
    quasi_newton_start(&s->q);
    return SPRED_OK;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    (void)finished; /* the certificate tells */
    unscale(s, s->q.x);
    s->target =
        fmin(optimality_goal(s->problem, s->lambda, s->w, s->asked),
             s->violation <= s->target ? share_of_last * s->target : INFINITY);
    s->columns = 0;
    enum spred_status status = quasi_newton_piece(&s->q);
    work->passes += s->columns / (double)s->problem->p;
    return status;
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    size_t p = s->problem->p, outputs = s->problem->outputs;
    for (size_t e = 0; e < p * outputs; e++)
        w[e] = s->q.x[e] / weight(s, e % p);
    memcpy(b, s->q.x + p * outputs, outputs * sizeof *b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    quasi_newton_close(&s->q);
    spred_free(env, s->w);
}

const struct spred_solver spred_solver_owl_qn = {
    .name = "owl-qn",
    .alias = "owlqn",
    .doc = "orthant-wise L-BFGS of liblbfgs, restarted now and then",
    .reference = "Andrew and Gao 2007, ICML",
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
