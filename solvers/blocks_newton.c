/* blocks_newton.c: proximal Newton on a set of blocks, the whole Hessian, line
 * search on the true objective. Lee, Sun and Saunders 2014. */
#include <math.h>
#include <string.h>

#include "blocks.h"
#include "spred/linalg.h"

enum { MOST_ROUNDS = 30, MOST_HALVINGS = 40 };
static const double armijo = 1e-4;
static const double rounding = 4e-15; /* of the objective, relative */

/* x = w, c = Z'R + Qx; returns the worst violation at x. */
static double load(struct block_set *set)
{
    const struct spred_problem *problem = set->problem;
    size_t n = problem->n;
    double worst = 0;
    for (size_t e = 0; e < set->values; e++) {
        size_t k = set->output[e];
        set->x[e] = set->w[set->feature[set->slot[e]] + k * problem->p];
        set->c[e] = spred_dot(n, set->z + set->slot[e] * n, set->r + k * n);
    }
    for (size_t s = 0; s < set->blocks; s++) {
        size_t from = set->first[s], size = set->first[s + 1] - from;
        double off = block_violation(size, set->c + from, set->x + from,
                                     (double)n, set->l1[s], set->l2[s]);
        worst = fmax(worst, off);
    }
    return worst;
}

/* d, the change of M it makes in `move`, and of the intercepts in shift. */
static void direction(struct block_set *set, double *shift)
{
    const struct spred_problem *problem = set->problem;
    size_t n = problem->n, outputs = problem->outputs;
    memset(shift, 0, outputs * sizeof *shift);
    for (size_t e = 0; e < set->values; e++) {
        size_t at = set->feature[set->slot[e]] + set->output[e] * problem->p;
        set->d[e] = set->x[e] - set->w[at];
        for (size_t k = 0; k < outputs; k++)
            if (problem->intercept && !problem->loss->quadratic)
                shift[k] -= set->lifted[k + e * outputs] * set->d[e];
    }
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < n; i++)
            set->move[i + k * n] = shift[k];
    for (size_t e = 0; e < set->values; e++) {
        size_t k = set->output[e];
        if (!(set->d[e] < 0 || set->d[e] > 0))
            continue;
        spred_axpy(n, set->d[e], set->z + set->slot[e] * n, set->move + k * n);
        shift[k] -= set->d[e] * set->offset[set->slot[e]];
    }
}

/* penalty(w + t d) - penalty(w), x = w + d. */
static double penalty_change(const struct block_set *set, double t)
{
    struct spred_sum sum = {0, 0};
    for (size_t s = 0; s < set->blocks; s++) {
        double from = 0, to = 0, ridge = 0;
        for (size_t e = set->first[s]; e < set->first[s + 1]; e++) {
            double w = set->x[e] - set->d[e], at = w + t * set->d[e];
            from += w * w;
            to += at * at;
            ridge += t * set->d[e] * (w + at) / 2;
        }
        spred_sum_add(&sum, set->l1[s] * (sqrt(to) - sqrt(from)));
        spred_sum_add(&sum, set->l2[s] * ridge);
    }
    return spred_sum_value(&sum);
}

/* Largest t = 1, 1/2, ... with enough decrease of the true objective; 0 if the
 * direction is none. trial is M there. */
static double search(struct block_set *set)
{
    const struct spred_problem *problem = set->problem;
    size_t cells = problem->n * problem->outputs;
    double slope = -spred_dot(cells, set->r, set->move) / (double)problem->n +
                   penalty_change(set, 1);
    double slack =
        rounding * (problem->null_objective + fabs(set->value) +
                    spred_penalty_value(problem, set->lambda, set->w));
    double t = 1;
    if (!(slope <= slack))
        return 0;
    for (int tries = 0; tries < MOST_HALVINGS; tries++, t /= 2) {
        for (size_t e = 0; e < cells; e++)
            set->trial[e] = set->m[e] + t * set->move[e];
        double value = problem->loss->value(problem, set->trial);
        double change = value - set->value + penalty_change(set, t);
        if (change <= armijo * t * slope + slack)
            return t;
    }
    return 0;
}

static void accept(struct block_set *set, double t, const double *shift)
{
    const struct spred_problem *problem = set->problem;
    for (size_t e = 0; e < set->values; e++) {
        double *w =
            &set->w[set->feature[set->slot[e]] + set->output[e] * problem->p];
        *w = t < 1 ? *w + t * set->d[e] : set->x[e];
    }
    for (size_t k = 0; k < problem->outputs; k++)
        set->b[k] += t * shift[k];
    memcpy(set->m, set->trial, problem->n * problem->outputs * sizeof *set->m);
    block_set_centre(set);
}

enum spred_status block_set_solve(struct block_set *set, double tolerance,
                                  const struct block_method *method,
                                  void *state, struct spred_work *work)
{
    const struct spred_problem *problem = set->problem;
    int quadratic = problem->loss->quadratic;
    double shift[SPRED_MAX_OUTPUTS];
    struct block_model model = {.n = (double)problem->n,
                                .lambda = set->lambda,
                                .blocks = set->blocks,
                                .values = set->values,
                                .first = set->first,
                                .q = set->q,
                                .lead = set->value_room,
                                .c = set->c,
                                .target = set->trial,
                                .l1 = set->l1,
                                .l2 = set->l2,
                                .x = set->x};
    set->reached = quadratic;
    for (int round = 0; round < (quadratic ? 1 : MOST_ROUNDS); round++) {
        double worst = load(set);
        if (worst <= tolerance) {
            set->reached = 1;
            return SPRED_OK;
        }
        SPRED_TRY(block_set_curvature(set, work));
        model.z = block_set_rows(set, set->trial, &model.rows);
        model.tolerance = quadratic ? tolerance : method->share * worst;
        spred_gemv(set->values, set->values, 1, set->q, set->value_room, set->x,
                   1, set->c);
        SPRED_TRY(method->solve(state, &model, work));
        direction(set, shift);
        double t = search(set);
        work->passes += 2 * (double)set->values / (double)problem->p;
        if (!(t > 0))
            return SPRED_OK;
        accept(set, t, shift);
    }
    return SPRED_OK;
}
