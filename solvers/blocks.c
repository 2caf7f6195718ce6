/* blocks.c: sets of blocks that grow by the worst KKT violators, one pass over
 * X a step. SOLVERS.md section 3, outer loop, with |X_B'R| for |x_j'r|. */
#include "blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spred/linalg.h"

enum { LEAST_GROWTH = 20 };
/* A set this much larger than the support loses its zeros at a new lambda. */
enum { ROOMY = 3 };
/* Violations below this (units of l1) are rounding: no reason to enter. */
static const double enter_above = 1e-13;
/* A step asks its set for this share of the violation it found... */
static const double share_of_worst = 0.1;
/* ...or, when no block enters, for this share of the gap that is asked... */
static const double share_of_gap = 0.3;
/* ...and for at most this share of what the step before asked and got. */
static const double share_of_last = 0.5;

double block_violation(size_t size, const double *g, const double *x, double n,
                       double l1, double l2)
{
    double norm = spred_norm(size, x), off = 0;
    double pull = norm > 0 ? l2 + l1 / norm : 0;
    for (size_t i = 0; i < size; i++) {
        double left = g[i] / n - pull * x[i];
        off += left * left;
    }
    off = norm > 0 ? sqrt(off) : fmax(sqrt(off) - l1, 0);
    return off / l1;
}

enum spred_status block_set_init(struct block_set *set, struct spred_env *env,
                                 const struct spred_problem *problem)
{
    size_t cells = problem->n * problem->outputs;
    size_t weights = problem->p * problem->outputs;
    size_t blocks = spred_blocks(problem);
    set->env = env;
    set->problem = problem;
    set->w = spred_alloc(env, 2 * weights, sizeof *set->w);
    set->m = spred_alloc(env, 5 * cells, sizeof *set->m);
    set->inside = spred_alloc(env, blocks, sizeof *set->inside);
    set->candidate = spred_alloc(env, blocks, sizeof *set->candidate);
    if (!set->w || !set->m || !set->inside || !set->candidate)
        return SPRED_ENOMEM;
    set->g = set->w + weights;
    set->r = set->m + cells;
    set->trial = set->r + cells;
    set->move = set->trial + cells;
    set->h = set->move + cells;
    memcpy(set->b, problem->null_intercept, sizeof set->b);
    return SPRED_OK;
}

void block_set_free(struct block_set *set)
{
    void *const parts[] = {
        set->w,         set->m,      set->inside, set->q,      set->id,
        set->first,     set->l1,     set->l2,     set->offset, set->feature,
        set->z,         set->slot,   set->output, set->c,      set->x,
        set->d,         set->panel,  set->pair,   set->cross,  set->lifted,
        set->candidate, set->marked, set->factor};
    if (!set->env)
        return;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        spred_free(set->env, parts[i]);
}

void block_set_get(const struct block_set *set, double *w, double *b)
{
    size_t outputs = set->problem->outputs;
    memcpy(w, set->w, set->problem->p * outputs * sizeof *w);
    memcpy(b, set->b, outputs * sizeof *b);
}

/* Value e of the set in W. */
static double weight(const struct block_set *set, size_t e)
{
    return set
        ->w[set->feature[set->slot[e]] + set->output[e] * set->problem->p];
}

/* 1 = the block in the set has a nonzero weight; returns how many. */
static size_t mark_support(struct block_set *set, unsigned char *marked)
{
    size_t support = 0;
    for (size_t s = 0; s < set->blocks; s++) {
        int used = 0;
        for (size_t e = set->first[s]; e < set->first[s + 1]; e++)
            used |= weight(set, e) < 0 || weight(set, e) > 0;
        marked[s] = (unsigned char)used;
        support += marked[s];
    }
    return support;
}

static void set_strengths(struct block_set *set)
{
    double ratio = set->problem->penalty.l1_ratio;
    for (size_t s = 0; s < set->blocks; s++) {
        struct spred_block block = spred_block_at(set->problem, set->id[s]);
        set->l1[s] = set->lambda * block.weight * ratio;
        set->l2[s] = set->lambda * block.weight * (1 - ratio);
    }
}

void block_set_start(struct block_set *set, double lambda, double asked)
{
    set->lambda = lambda;
    set->asked = asked;
    set->target = INFINITY;
    if (set->blocks) {
        size_t support = mark_support(set, set->marked);
        if (set->blocks > ROOMY * support + LEAST_GROWTH)
            block_set_keep(set, set->marked);
    }
    set_strengths(set);
}

void block_set_centre(struct block_set *set)
{
    const struct spred_problem *problem = set->problem;
    size_t n = problem->n;
    for (size_t k = 0; problem->intercept && k < problem->outputs; k++)
        for (size_t i = 0; i < n; i++)
            set->trial[i + k * n] = set->m[i + k * n] - set->b[k];
    if (problem->intercept)
        problem->loss->intercept(problem, set->trial, set->b);
    for (size_t k = 0; problem->intercept && k < problem->outputs; k++)
        for (size_t i = 0; i < n; i++)
            set->m[i + k * n] = set->trial[i + k * n] + set->b[k];
    problem->loss->residual(problem, set->m, set->r);
    set->value = problem->loss->value(problem, set->m);
}

static int worse_first(const void *a, const void *b)
{
    const struct block_candidate *left = a, *right = b;
    if (left->violation > right->violation)
        return -1;
    if (left->violation < right->violation)
        return 1;
    return left->block < right->block ? -1 : 1; /* same on every machine */
}

/* The worst violation inside the set; X'R is in set->g. */
static double worst_inside(struct block_set *set)
{
    const struct spred_problem *problem = set->problem;
    double worst = 0;
    for (size_t e = 0; e < set->values; e++) {
        size_t at = set->feature[set->slot[e]] + set->output[e] * problem->p;
        set->c[e] = set->g[at];
        set->x[e] = set->w[at];
    }
    for (size_t s = 0; s < set->blocks; s++) {
        size_t from = set->first[s], size = set->first[s + 1] - from;
        double off =
            block_violation(size, set->c + from, set->x + from,
                            (double)problem->n, set->l1[s], set->l2[s]);
        worst = fmax(worst, off);
    }
    return worst;
}

/* Adds the worst violators; *worst: the largest violation of any block. */
static enum spred_status grow(struct block_set *set, double *worst,
                              size_t *entered)
{
    const struct spred_problem *problem = set->problem;
    size_t found = 0, blocks = spred_blocks(problem);
    size_t support = set->blocks ? mark_support(set, set->marked) : 0;
    *worst = worst_inside(set);
    for (size_t b = 0; b < blocks; b++) {
        if (set->inside[b])
            continue;
        struct spred_block block = spred_block_at(problem, b);
        double l1 = set->lambda * block.weight * problem->penalty.l1_ratio;
        double norm = spred_block_norm(&block, problem->p, set->g);
        double off = norm / (double)problem->n / l1 - 1;
        *worst = fmax(*worst, off);
        if (off > enter_above)
            set->candidate[found++] = (struct block_candidate){off, b};
    }
    size_t most = support > LEAST_GROWTH ? support : LEAST_GROWTH;
    if (found > most)
        qsort(set->candidate, found, sizeof *set->candidate, worse_first);
    *entered = found < most ? found : most;
    for (size_t c = 0; c < *entered; c++) {
        size_t b = set->candidate[c].block;
        struct spred_block block = spred_block_at(problem, b);
        SPRED_TRY(block_set_reserve(set, &block));
        block_set_append(set, b);
    }
    set_strengths(set);
    return SPRED_OK;
}

/* What this step asks of the set. The relative gap is about violation times
 * the norms' part of the penalty over P(0). */
static double ask(const struct block_set *set, double worst, size_t entered)
{
    const struct spred_problem *problem = set->problem;
    double l1_part = problem->penalty.l1_ratio *
                     spred_penalty_value(problem, set->lambda, set->w);
    double unit = problem->null_objective;
    double goal =
        share_of_gap * set->asked * unit / fmax(l1_part, share_of_gap * unit);
    double target = entered ? fmax(goal, share_of_worst * worst) : goal;
    return fmin(target, (set->reached ? share_of_last : 1) * set->target);
}

enum spred_status block_set_step(struct block_set *set,
                                 const struct block_method *method, void *state,
                                 struct spred_work *work)
{
    const struct spred_problem *problem = set->problem;
    size_t n = problem->n, p = problem->p, entered = 0;
    double worst = 0;
    work->passes +=
        (double)problem->outputs + (double)set->values / (double)problem->p;
    spred_problem_predict(problem, set->w, set->b, set->m);
    block_set_centre(set);
    for (size_t k = 0; k < problem->outputs; k++)
        spred_design_adjoint(&problem->x, set->r + k * n, set->g + k * p);
    SPRED_TRY(grow(set, &worst, &entered));
    set->target = ask(set, worst, entered);
    return block_set_solve(set, set->target, method, state, work);
}
