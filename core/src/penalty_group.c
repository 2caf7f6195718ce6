/* penalty_group.c: Euclidean norms of blocks: group lasso, and the multinomial
 * whose features are groups over the classes. */
#include <math.h>
#include <string.h>

#include "penalty_private.h"
#include "spred/linalg.h"

static size_t group_count(const struct spred_problem *problem)
{
    const struct spred_groups *groups = problem->penalty.groups;
    return groups ? groups->count : problem->p;
}

/* Every feature is a member once: their marks are counted. */
static enum spred_status check_partition(struct spred_env *env,
                                         const struct spred_problem *problem)
{
    const struct spred_groups *groups = problem->penalty.groups;
    size_t p = problem->p;
    if (groups->count == 0 || groups->count > p || groups->first[0] != 0 ||
        groups->first[groups->count] != p)
        return spred_fail(env, SPRED_EINVAL,
                          "%zu groups are no partition of %zu features",
                          groups->count, p);
    for (size_t g = 0; g < groups->count; g++)
        if (groups->first[g] >= groups->first[g + 1])
            return spred_fail(env, SPRED_EINVAL, "group %zu is empty", g + 1);
    unsigned char *mark = spred_alloc(env, p, 1);
    if (!mark)
        return SPRED_ENOMEM;
    size_t bad = p;
    for (size_t s = 0; s < p; s++) {
        size_t j = groups->member[s];
        if (j >= p || mark[j])
            bad = j < p ? j : s;
        else
            mark[j] = 1;
    }
    spred_free(env, mark);
    if (bad < p)
        return spred_fail(env, SPRED_EINVAL,
                          "feature %zu is in two groups or in none", bad + 1);
    return SPRED_OK;
}

static enum spred_status check(struct spred_env *env,
                               const struct spred_problem *problem)
{
    SPRED_TRY(
        penalty_weights_check(env, &problem->penalty, group_count(problem)));
    return problem->penalty.groups ? check_partition(env, problem) : SPRED_OK;
}

size_t spred_blocks(const struct spred_problem *problem)
{
    return group_count(problem) *
           (problem->penalty.over_outputs ? 1 : problem->outputs);
}

struct spred_block spred_block_at(const struct spred_problem *problem,
                                  size_t index)
{
    const struct spred_penalty *penalty = &problem->penalty;
    size_t each = penalty->over_outputs ? 1 : problem->outputs;
    size_t g = index / each;
    struct spred_block block = {
        .feature = g,
        .features = 1,
        .output = index % each,
        .outputs = penalty->over_outputs ? problem->outputs : 1};
    if (penalty->groups) {
        block.member = penalty->groups->member + penalty->groups->first[g];
        block.features =
            penalty->groups->first[g + 1] - penalty->groups->first[g];
        block.feature = block.member[0];
    }
    block.weight =
        penalty->weights ? penalty->weights[g] : sqrt((double)block.features);
    return block;
}

size_t spred_largest_block(const struct spred_problem *problem)
{
    const struct spred_penalty *penalty = &problem->penalty;
    size_t most = 1;
    if (penalty->kind != SPRED_PENALTY_GROUP)
        return 1;
    for (size_t g = 0; penalty->groups && g < penalty->groups->count; g++) {
        size_t size = penalty->groups->first[g + 1] - penalty->groups->first[g];
        most = size > most ? size : most;
    }
    return most * (penalty->over_outputs ? problem->outputs : 1);
}

/* |a v_B + c w_B|, scaled by the largest entry. w may be NULL. */
static double combined_norm(const struct spred_block *block, size_t p, double a,
                            const double *v, double c, const double *w)
{
    double top = 0, sum = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < block->outputs; k++)
            for (size_t i = 0; i < block->features; i++) {
                size_t e =
                    spred_block_feature(block, i) + (block->output + k) * p;
                double at = fabs(a * v[e] + (w ? c * w[e] : 0));
                if (pass == 0)
                    top = at <= top ? top : at; /* a NaN stays */
                else
                    sum += (at / top) * (at / top);
                if (isnan(top))
                    return top;
            }
        if (!(top > 0) || isinf(top))
            return top;
    }
    return top * sqrt(sum);
}

double spred_block_norm(const struct spred_block *block, size_t p,
                        const double *v)
{
    return combined_norm(block, p, 1, v, 0, NULL);
}

static void strengths(const struct spred_problem *problem, double lambda,
                      const struct spred_block *block, double *l1, double *l2)
{
    double strength = lambda * block->weight;
    *l1 = strength * problem->penalty.l1_ratio;
    *l2 = strength * (1 - problem->penalty.l1_ratio);
}

static double value(const struct spred_problem *problem, double lambda,
                    const double *w)
{
    struct spred_sum sum = {0, 0};
    size_t blocks = spred_blocks(problem);
    for (size_t b = 0; b < blocks; b++) {
        struct spred_block block = spred_block_at(problem, b);
        double l1, l2, norm = spred_block_norm(&block, problem->p, w);
        if (!(norm > 0))
            continue;
        strengths(problem, lambda, &block, &l1, &l2);
        spred_sum_add(&sum, l1 * norm + l2 * norm * norm / 2);
    }
    return spred_sum_value(&sum);
}

/* w_B <- (1 - step l1 / |w_B|)_+ w_B / (1 + step l2) */
static void prox(const struct spred_problem *problem, double lambda,
                 double step, double *w)
{
    size_t blocks = spred_blocks(problem);
    for (size_t b = 0; b < blocks; b++) {
        struct spred_block block = spred_block_at(problem, b);
        double l1, l2, norm = spred_block_norm(&block, problem->p, w);
        strengths(problem, lambda, &block, &l1, &l2);
        double share =
            norm > step * l1 ? (1 - step * l1 / norm) / (1 + step * l2) : 0;
        for (size_t k = 0; k < block.outputs; k++)
            for (size_t i = 0; i < block.features; i++) {
                double *at = w + spred_block_feature(&block, i) +
                             (block.output + k) * problem->p;
                *at = share > 0 ? share * *at : 0;
            }
    }
}

/* max_B |c_B| / (n l1_B) */
static double gauge(const struct spred_problem *problem, const double *c)
{
    double worst = 0;
    size_t blocks = spred_blocks(problem);
    for (size_t b = 0; b < blocks; b++) {
        struct spred_block block = spred_block_at(problem, b);
        double l1, l2, norm = spred_block_norm(&block, problem->p, c);
        strengths(problem, 1, &block, &l1, &l2);
        double ratio = norm / (double)problem->n / l1;
        if (!(ratio <= worst))
            worst = ratio;
        if (isnan(worst))
            return worst;
    }
    return worst;
}

/* sum_B (|s c_B|/n - l1)_+^2 / (2 l2) */
static double conjugate(const struct spred_problem *problem, double lambda,
                        double s, const double *c)
{
    struct spred_sum sum = {0, 0};
    size_t blocks = spred_blocks(problem);
    if (!(problem->penalty.l1_ratio < 1))
        return 0;
    for (size_t b = 0; b < blocks; b++) {
        struct spred_block block = spred_block_at(problem, b);
        double l1, l2, norm = spred_block_norm(&block, problem->p, c);
        strengths(problem, lambda, &block, &l1, &l2);
        double over = fabs(s) * norm / (double)problem->n - l1;
        if (over > 0)
            spred_sum_add(&sum, over * over / (2 * l2));
    }
    return spred_sum_value(&sum);
}

/* |c_B/n - (l2 + l1/|w_B|) w_B|, or (|c_B|/n - l1)_+ where w_B = 0. */
static double violation(const struct spred_problem *problem, double lambda,
                        const double *w, const double *c)
{
    double worst = 0, n = (double)problem->n;
    size_t blocks = spred_blocks(problem);
    for (size_t b = 0; b < blocks; b++) {
        struct spred_block block = spred_block_at(problem, b);
        double l1, l2, norm = spred_block_norm(&block, problem->p, w);
        strengths(problem, lambda, &block, &l1, &l2);
        double off =
            norm > 0
                ? combined_norm(&block, problem->p, 1 / n, c, -(l2 + l1 / norm),
                                w)
                : fmax(spred_block_norm(&block, problem->p, c) / n - l1, 0);
        if (!(off <= worst)) /* a NaN stays */
            worst = off;
    }
    return worst;
}

const struct spred_penalty_form spred_penalty_group = {.name = "group",
                                                       .convex = 1,
                                                       .check = check,
                                                       .value = value,
                                                       .prox = prox,
                                                       .gauge = gauge,
                                                       .conjugate = conjugate,
                                                       .violation = violation};
