/* proximal_gradient.c: ISTA and FISTA with restart and backtracking, on the
 * whole problem or on working sets that grow by the worst violators. The
 * iteration is in fista.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solvers/fista.h"
#include "solvers/optimality.h"
#include "solvers/subset.h"
#include "spred/linalg.h"
#include "spred/lipschitz.h"
#include "spred/scan.h"
#include "spred/solver.h"

enum { LEAST_GROWTH = 20 };
/* Violations below this (units of l1) are rounding: no reason to enter. */
static const double enter_above = 1e-13;
/* A step asks its set for this share of the violation it found... */
static const double share_of_worst = 1e-4;
/* ...or, when no column enters, for what the gap wants; and for at most this
 * share of what the step before asked and got. */
static const double share_of_last = 0.5;
/* At a new lambda the columns whose slope is this near to l1 enter as well, in
 * units of the fall of lambda: the strong rule of Tibshirani et al. 2012 (1).
 */
static const double strong_share = 0.5;
/* Slopes this near to l1 are wanted to full precision, whatever enters. */
static const double least_slack = 0.01;
/* The violation is looked at when the last move, which bounds it from above,
 * is below this many times the target. */
static const double look_below = 4;

struct options {
    struct fista_rules rules;
    int working_set, screen;
    long iterations;
};

/* In the order of enum spred_precision. */
static const char *const precisions[] = {"auto", "double", "single", NULL};

static const struct spred_option table[] = {
    {"accelerate", SPRED_OPTION_BOOL,
     offsetof(struct options, rules.accelerate), "true", 0, 0, NULL,
     "FISTA's momentum (false: ISTA)"},
    {"restart", SPRED_OPTION_BOOL, offsetof(struct options, rules.restart),
     "true", 0, 0, NULL, "drop the momentum when it points uphill"},
    {"shrink", SPRED_OPTION_REAL, offsetof(struct options, rules.shrink), "0.5",
     0.1, 0.9, NULL,
     "factor on the step when backtracking; grown back per lambda"},
    {"working_set", SPRED_OPTION_BOOL, offsetof(struct options, working_set),
     "true", 0, 0, NULL,
     "iterate on the violators only (false: a step is one iteration on all)"},
    {"iterations", SPRED_OPTION_INT, offsetof(struct options, iterations),
     "1000", 1, 1000000, NULL, "most iterations on a working set in one step"},
    {"screen", SPRED_OPTION_CHOICE, offsetof(struct options, screen), "auto", 0,
     0, precisions,
     "precision of passes that look for columns to enter: single costs a copy "
     "of half of X, auto makes it when it pays"},
    {0}};

struct candidate {
    double violation;
    size_t column;
};

struct state {
    struct spred_env *env;
    const struct spred_problem *problem;
    struct options options;
    double lambda, asked;
    double target; /* violation asked of the set in the last step */
    int reached;   /* 1: and it was met */
    double slack;  /* slopes above (1 - slack) l1 enter in the next step */
    struct fista f;
    double *block; /* of f */
    size_t room;   /* doubles in block */
    /* Working sets only: */
    struct subset set;
    double *w, *g; /* p x K: all weights; X'R */
    double *m, *r; /* n x K */
    double *bound; /* p: |X'R| below it need not be exact */
    struct spred_scanner *scanner;
    double b[SPRED_MAX_OUTPUTS];
    struct candidate *candidate; /* p */
    unsigned char *keep;         /* p */
};

/* ---- set-up ---- */

static enum spred_status acquire(struct state *s)
{
    struct spred_env *env = s->env;
    const struct spred_problem *problem = s->problem;
    size_t weights = problem->p * problem->outputs;
    size_t cells = problem->n * problem->outputs;
    if (!s->options.working_set) {
        s->block = spred_alloc(env, fista_room(problem, 0), sizeof *s->block);
        return s->block ? SPRED_OK : SPRED_ENOMEM;
    }
    s->w = spred_alloc(env, 2 * weights + problem->p, sizeof *s->w);
    s->m = spred_alloc(env, 2 * cells, sizeof *s->m);
    s->candidate = spred_alloc(env, problem->p, sizeof *s->candidate);
    s->keep = spred_alloc(env, problem->p, sizeof *s->keep);
    s->scanner = spred_scanner_new(env, &problem->x, problem->outputs,
                                   (enum spred_precision)s->options.screen);
    if (!s->w || !s->m || !s->candidate || !s->keep || !s->scanner)
        return SPRED_ENOMEM;
    s->g = s->w + weights;
    s->bound = s->g + weights;
    s->r = s->m + cells;
    return subset_init(&s->set, env, problem);
}

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    struct fista *f = &s->f;
    (void)seed;
    s->env = env;
    s->problem = f->problem = problem;
    s->options = *(const struct options *)options;
    f->rules = s->options.rules;
    if (problem->penalty.kind != SPRED_PENALTY_L1)
        s->options.working_set = 0; /* sets grow by L1's rules */
    SPRED_TRY(acquire(s));
    double *square = s->g; /* p values */
    if (!s->options.working_set) {
        fista_place(f, s->block);
        square = f->g;
    }
    memcpy(s->b, problem->null_intercept, sizeof s->b);
    memcpy(f->b, s->b, sizeof f->b);
    /* First step: 1 / curvature along the steepest single coordinate, at least
     * as long as 1 / L; backtracking finds the right size. */
    spred_design_squares(&problem->x, NULL, square);
    double largest = 0;
    for (size_t j = 0; j < problem->p; j++)
        largest = fmax(largest, square[j]);
    work->passes += 1;
    double bound = problem->loss->curvature_bound / (double)problem->n;
    f->step = 1 / (bound * largest);
    f->safe_step = 1 / spred_lipschitz_trace(problem, square);
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    size_t p = s->problem->p;
    if (s->lambda > 0) /* one try at a longer step at every new lambda */
        s->f.step /= s->options.rules.shrink;
    s->slack = s->lambda > lambda ? strong_share * (s->lambda / lambda - 1) : 0;
    s->lambda = lambda;
    s->asked = tolerance;
    s->target = INFINITY;
    if (!s->options.working_set) {
        fista_begin(&s->f, lambda);
        return SPRED_OK;
    }
    for (size_t j = 0; j < p; j++) {
        double l1, l2, near = 1 - fmax(s->slack, least_slack);
        spred_penalty_at(s->problem, lambda, j, &l1, &l2);
        s->bound[j] = near * l1 * (double)s->problem->n;
    }
    for (size_t c = 0; c < s->set.size; c++) { /* the support stays */
        s->keep[c] = 0;
        for (size_t k = 0; k < s->problem->outputs; k++)
            s->keep[c] |= fabs(s->w[s->set.column[c] + k * p]) > 0;
    }
    subset_keep(&s->set, s->keep);
    return SPRED_OK;
}

/* ---- working sets ---- */

static int worse_first(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->violation > right->violation)
        return -1;
    if (left->violation < right->violation)
        return 1;
    return left->column < right->column ? -1 : 1; /* same on every machine */
}

/* Worst margin of feature j over the outputs. */
static double margin(const struct state *s, size_t j)
{
    const struct spred_problem *problem = s->problem;
    double l1, l2, worst = -1;
    spred_penalty_at(problem, s->lambda, j, &l1, &l2);
    for (size_t k = 0; k < problem->outputs; k++) {
        size_t e = j + k * problem->p;
        double slope = s->g[e] / (double)problem->n;
        worst = fmax(worst, optimality_margin(slope, s->w[e], l1, l2));
    }
    return worst;
}

/* Adds the worst violators, and those that soon will be. *worst: the largest
 * violation of any feature; *entered: how many joined. */
static enum spred_status grow(struct state *s, double *worst, size_t *entered)
{
    const struct spred_problem *problem = s->problem;
    size_t found = 0, support = spred_support(problem, s->w);
    double least = s->slack > 0 ? -s->slack : enter_above;
    for (size_t j = 0; j < problem->p; j++) {
        double off = margin(s, j);
        *worst = fmax(*worst, off);
        if (!s->set.inside[j] && off > least)
            s->candidate[found++] = (struct candidate){off, j};
    }
    size_t most = support > LEAST_GROWTH ? support : LEAST_GROWTH;
    if (found > most)
        qsort(s->candidate, found, sizeof *s->candidate, worse_first);
    *entered = found < most ? found : most;
    for (size_t c = 0; c < *entered; c++)
        SPRED_TRY(subset_enter(&s->set, s->candidate[c].column));
    return SPRED_OK;
}

/* What this step asks of the set. */
static double ask(const struct state *s, double worst, size_t entered)
{
    double goal = optimality_goal(s->problem, s->lambda, s->w, s->asked);
    double target = entered ? fmax(goal, share_of_worst * worst) : goal;
    return fmin(target, (s->reached ? share_of_last : 1) * s->target);
}

/* f on the set, at the present weights. */
static enum spred_status load(struct state *s, double *columns)
{
    struct fista *f = &s->f;
    struct subset *set = &s->set;
    SPRED_TRY(subset_prepare(set, columns));
    size_t wanted = fista_room(&set->problem, set->by_gram);
    if (wanted > s->room) {
        double *block =
            spred_resize(s->env, s->block, 2 * wanted, sizeof *block);
        if (!block)
            return SPRED_ENOMEM;
        s->block = block;
        s->room = 2 * wanted;
    }
    f->problem = &set->problem;
    f->gram = set->by_gram ? set->q : NULL;
    f->cross = set->cross;
    f->lead = set->capacity;
    fista_place(f, s->block);
    memcpy(f->b, s->b, sizeof f->b);
    for (size_t k = 0; k < s->problem->outputs; k++)
        for (size_t c = 0; c < set->size; c++) {
            double w = s->w[set->column[c] + k * s->problem->p];
            f->w[c + k * set->size] = w;
            f->b[k] += set->centre[c] * w;
        }
    fista_begin(f, s->lambda);
    return SPRED_OK;
}

/* Iterates on the set until the violation is at most s->target. */
static enum spred_status iterate(struct state *s, double *columns)
{
    struct fista *f = &s->f;
    const struct subset *set = &s->set;
    SPRED_TRY(load(s, columns));
    s->reached = 0;
    for (long t = 0; t < s->options.iterations && !s->reached; t++) {
        *columns += fista_iterate(f);
        if (f->moved <= look_below * s->target)
            s->reached =
                (f->gram ? fista_violation(f) : 2 * f->moved) <= s->target;
    }
    for (size_t k = 0; k < s->problem->outputs; k++)
        for (size_t c = 0; c < set->size; c++)
            s->w[set->column[c] + k * s->problem->p] = f->w[c + k * set->size];
    return SPRED_OK; /* b follows in predict */
}

/* m = XW + b, with the best b for W. */
static void predict(struct state *s, double *columns)
{
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n;
    double zero[SPRED_MAX_OUTPUTS] = {0};
    spred_problem_predict(problem, s->w, zero, s->m);
    if (problem->intercept)
        problem->loss->intercept(problem, s->m, s->b);
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t i = 0; i < n; i++)
            s->m[i + k * n] += s->b[k];
    *columns += (double)problem->outputs * (double)spred_support(problem, s->w);
}

static enum spred_status set_step(struct state *s, struct spred_work *work)
{
    const struct spred_problem *problem = s->problem;
    size_t entered;
    double worst = 0, columns = 0, more = 0;
    predict(s, &columns);
    problem->loss->residual(problem, s->m, s->r);
    work->passes += spred_scanner_scores(s->scanner, s->r, s->bound, s->g);
    SPRED_TRY(grow(s, &worst, &entered));
    s->slack = 0;
    s->target = ask(s, worst, entered);
    if (s->set.size && worst > s->target) {
        SPRED_TRY(iterate(s, &more));
        predict(s, &columns);
    }
    work->passes += (columns + more) / (double)problem->p;
    return SPRED_OK;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    (void)finished;
    if (s->options.working_set)
        return set_step(s, work);
    work->passes += fista_iterate(&s->f) / (double)s->problem->p;
    return SPRED_OK;
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    size_t outputs = s->problem->outputs;
    int sets = s->options.working_set;
    memcpy(w, sets ? s->w : s->f.w, s->problem->p * outputs * sizeof *w);
    memcpy(b, sets ? s->b : s->f.b, outputs * sizeof *b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    subset_free(&s->set);
    spred_scanner_free(s->scanner);
    spred_free(env, s->block);
    spred_free(env, s->w);
    spred_free(env, s->m);
    spred_free(env, s->candidate);
    spred_free(env, s->keep);
}

const struct spred_solver spred_solver_proximal_gradient = {
    .name = "proximal-gradient",
    .alias = "pgd",
    .doc = "ISTA, or FISTA with adaptive restart, on working sets",
    .reference = "Beck and Teboulle 2009, SIAM J. Imaging Sci. 2(1)",
    .api_version = 3,
    .needs = SPRED_TAKES_CUSTOM,
    .claim = 1e-8,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
