/* working_set.c: sets of columns that grow by the worst KKT violators, one pass
 * over X a step. SOLVERS.md section 3, outer loop. */
#include "working_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optimality.h"
#include "spred/linalg.h"

enum {
    LEAST_GROWTH = 20,
    MOST_ROUNDS = 20,
    ROUGH_ROUNDS = 2,
    ROOMY_SLACK = 256
};
/* A smaller lambda than this share of the last is approached in steps... */
static const double longest_leap = 0.5;
/* ...with this gap in between. */
static const double rough_gap = 1e-2;
/* Violations below this (units of l1) are rounding: no reason to enter. */
static const double enter_above = 1e-13;
/* A round asks its sets for what the gap asks; when columns enter sets so large
 * that a solve costs more than this many passes over X, only for this share of
 * the violation it found... */
static const double cheap_solve = 16;
static const double share_of_worst = 0.1;
/* ...and for at most this share of what the round before asked and got. */
static const double share_of_last = 0.5;

double kkt_violation(double g, double n, double w, double l1, double l2)
{
    return fmax(optimality_margin(g / n, w, l1, l2), 0);
}

enum spred_status working_set_init(struct working_set *ws,
                                   struct spred_env *env,
                                   const struct spred_problem *problem,
                                   enum spred_precision precision)
{
    size_t cells = problem->n * problem->outputs;
    size_t weights = problem->p * problem->outputs;
    ws->env = env;
    ws->problem = problem;
    ws->w = spred_alloc(env, 2 * weights + problem->p, sizeof *ws->w);
    ws->m = spred_alloc(env, 4 * cells + problem->n, sizeof *ws->m);
    ws->inside = spred_alloc(env, weights, sizeof *ws->inside);
    ws->scanner =
        spred_scanner_new(env, &problem->x, problem->outputs, precision);
    if (!ws->w || !ws->m || !ws->inside || !ws->scanner)
        return SPRED_ENOMEM;
    ws->g = ws->w + weights;
    ws->bound = ws->g + weights;
    ws->r = ws->m + cells;
    ws->h = ws->r + cells;
    ws->trial = ws->h + cells;
    ws->move = ws->trial + cells;
    memcpy(ws->b, problem->null_intercept, sizeof ws->b);
    ws->reached_lambda = problem->lambda_max;
    return SPRED_OK;
}

void working_set_free(struct working_set *ws)
{
    if (!ws->env)
        return;
    for (size_t k = 0; k < SPRED_MAX_OUTPUTS; k++)
        spred_free(ws->env, ws->set[k].column);
    spred_scanner_free(ws->scanner);
    spred_free(ws->env, ws->candidate);
    spred_free(ws->env, ws->gather);
    spred_free(ws->env, ws->inside);
    spred_free(ws->env, ws->m);
    spred_free(ws->env, ws->w);
}

/* The sets become the support, or stay if they are roomy and not much more. */
static void shrink(struct working_set *ws)
{
    size_t p = ws->problem->p;
    for (size_t k = 0; k < ws->problem->outputs; k++) {
        struct feature_list *set = &ws->set[k];
        size_t kept = 0, support = 0;
        for (size_t s = 0; ws->roomy && s < set->size; s++) {
            double w = ws->w[set->column[s] + k * p];
            support += w > 0 || w < 0;
        }
        if (ws->roomy && set->size <= 2 * support + ROOMY_SLACK)
            continue;
        for (size_t s = 0; s < set->size; s++) {
            size_t j = set->column[s];
            double w = ws->w[j + k * p];
            if (w > 0 || w < 0)
                set->column[kept++] = j;
            else
                ws->inside[j + k * p] = 0;
        }
        set->size = kept;
    }
}

void working_set_start(struct working_set *ws, double lambda, double asked)
{
    ws->lambda = lambda;
    ws->asked = asked;
    ws->target = INFINITY;
    for (size_t j = 0; j < ws->problem->p; j++) {
        double l2;
        spred_penalty_at(ws->problem, lambda, j, &ws->bound[j], &l2);
        ws->bound[j] *= (double)ws->problem->n;
    }
    shrink(ws);
}

void working_set_get(const struct working_set *ws, double *w, double *b)
{
    size_t outputs = ws->problem->outputs;
    memcpy(w, ws->w, ws->problem->p * outputs * sizeof *w);
    memcpy(b, ws->b, outputs * sizeof *b);
}

/* Room for `wanted` items of `size` bytes at *items, at least doubling. */
static enum spred_status reserve(struct spred_env *env, void **items,
                                 size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return SPRED_OK;
    size_t room = wanted > 2 * *capacity ? wanted : 2 * *capacity;
    void *grown = spred_resize(env, *items, room, size);
    if (!grown)
        return SPRED_ENOMEM;
    *items = grown;
    *capacity = room;
    return SPRED_OK;
}

/* Puts feature j into the set of output k. */
static enum spred_status enter(struct working_set *ws, size_t k, size_t j)
{
    struct feature_list *set = &ws->set[k];
    void *room = set->column;
    enum spred_status status = reserve(ws->env, &room, &set->capacity,
                                       set->size + 1, sizeof *set->column);
    set->column = room;
    SPRED_TRY(status);
    room = ws->gather;
    status = reserve(ws->env, &room, &ws->gathered, set->size + 1,
                     5 * sizeof *ws->gather);
    ws->gather = room;
    SPRED_TRY(status);
    set->column[set->size++] = j;
    ws->inside[j + k * ws->problem->p] = 1;
    return SPRED_OK;
}

static int worse_first(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->violation > right->violation)
        return -1;
    if (left->violation < right->violation)
        return 1;
    return left->column < right->column ? -1 : 1; /* same on every machine */
}

/* Adds the worst violators of output k. *worst: the
 * largest violation of any column; *entered: how many columns joined. */
static enum spred_status grow(struct working_set *ws, size_t k, double *worst,
                              size_t *entered)
{
    const struct spred_problem *problem = ws->problem;
    size_t p = problem->p, found = 0, support = 0;
    const double *g = ws->g + k * p, *weight = ws->w + k * p;
    for (size_t j = 0; j < p; j++) {
        double l1, l2, w = weight[j];
        if (fabs(g[j]) <= ws->bound[j] && !(w > 0 || w < 0))
            continue; /* nearly all: a zero that is right */
        spred_penalty_at(problem, ws->lambda, j, &l1, &l2);
        double off = kkt_violation(g[j], (double)problem->n, w, l1, l2);
        *worst = off > *worst ? off : *worst;
        support += w > 0 || w < 0;
        if (ws->inside[j + k * p] || !(off > enter_above))
            continue;
        void *room = ws->candidate;
        enum spred_status status = reserve(ws->env, &room, &ws->candidates,
                                           found + 1, sizeof *ws->candidate);
        ws->candidate = room;
        SPRED_TRY(status);
        ws->candidate[found++] = (struct candidate){off, j};
    }
    size_t most = support > LEAST_GROWTH ? support : LEAST_GROWTH;
    if (found > most)
        qsort(ws->candidate, found, sizeof *ws->candidate, worse_first);
    size_t count = found < most ? found : most;
    for (size_t c = 0; c < count; c++)
        SPRED_TRY(enter(ws, k, ws->candidate[c].column));
    *entered += count;
    return SPRED_OK;
}

static double goal(const struct working_set *ws)
{
    return optimality_goal(ws->problem, ws->lambda, ws->w, ws->asked);
}

/* The flops of a solve on the sets, in passes over X. */
static double solve_cost(const struct working_set *ws)
{
    const struct spred_problem *problem = ws->problem;
    double n = (double)problem->n, size = 0;
    for (size_t k = 0; k < problem->outputs; k++)
        size += (double)ws->set[k].size;
    return size * size * (n + size / 3) /
           (n * (double)problem->p * (double)problem->outputs);
}

/* What this round asks of the sets. */
static double ask(const struct working_set *ws, double worst, size_t entered)
{
    double target = goal(ws);
    if (entered && solve_cost(ws) > cheap_solve)
        target = fmax(target, share_of_worst * worst);
    return fmin(target, (ws->reached ? share_of_last : 1) * ws->target);
}

/* M, R, the loss and X'R at the iterate: one pass over X. */
static void look(struct working_set *ws, struct spred_work *work)
{
    const struct spred_problem *problem = ws->problem;
    size_t touched = 0;
    for (size_t k = 0; k < problem->outputs; k++)
        touched += ws->set[k].size;
    spred_problem_predict(problem, ws->w, ws->b, ws->m);
    problem->loss->residual(problem, ws->m, ws->r);
    ws->value = problem->loss->value(problem, ws->m);
    work->passes += (double)touched / (double)problem->p;
    work->passes += spred_scanner_scores(ws->scanner, ws->r, ws->bound, ws->g);
    ws->fresh = 1;
}

/* Rounds at the present lambda until the violations are small enough. */
static enum spred_status rounds(struct working_set *ws, int most,
                                const struct inner_method *inner, void *method,
                                struct spred_work *work)
{
    const struct spred_problem *problem = ws->problem;
    for (int round = 0; round < most; round++) {
        size_t entered = 0;
        double worst = 0;
        for (size_t k = 0; k < problem->outputs; k++)
            SPRED_TRY(grow(ws, k, &worst, &entered));
        if (round > 0 && worst <= goal(ws))
            break;
        ws->target = ask(ws, worst, entered);
        ws->fresh = 0;
        SPRED_TRY(working_set_solve(ws, ws->target, inner, method, work));
        look(ws, work);
    }
    return SPRED_OK;
}

/* From the lambda of the last step towards the present one by way of a few in
 * between, roughly: a far jump would let in columns that have to leave again,
 * and solves on large sets are dear. */
static enum spred_status approach(struct working_set *ws,
                                  const struct inner_method *inner,
                                  void *method, struct spred_work *work)
{
    double to = ws->lambda, asked = ws->asked, from = ws->reached_lambda;
    double stations = ceil(log(from / to) / -log(longest_leap));
    double ratio = pow(to / from, 1 / stations);
    for (double at = from * ratio; at > to * sqrt(1 / ratio); at *= ratio) {
        working_set_start(ws, at, fmax(asked, rough_gap));
        SPRED_TRY(rounds(ws, ROUGH_ROUNDS, inner, method, work));
    }
    working_set_start(ws, to, asked);
    return SPRED_OK;
}

enum spred_status working_set_step(struct working_set *ws,
                                   const struct inner_method *inner,
                                   void *method, struct spred_work *work)
{
    if (!ws->fresh)
        look(ws, work);
    if (ws->lambda < longest_leap * ws->reached_lambda)
        SPRED_TRY(approach(ws, inner, method, work));
    ws->reached_lambda = ws->lambda;
    return rounds(ws, MOST_ROUNDS, inner, method, work);
}
