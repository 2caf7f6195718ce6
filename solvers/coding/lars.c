/* lars.c: sparse coding by LARS with the lasso's drops: the path of one signal
 * from its largest correlation down to lambda, knot by knot, exact. Osborne,
 * Presnell and Turlach 2000; Efron et al. 2004. The level falls at unit rate:
 * dz_A = G_AA^{-1} s_A, dg = -G_A dz_A. */
#include <math.h>
#include <string.h>

#include "solvers/coding/active.h"
#include "solvers/coding/descend.h"
#include "solvers/coding/signal_gap.h"

enum { KNOTS_PER_ATOM = 16, LEAST_KNOTS = 64 };
static const long finishing_sweeps = 100000;

struct work {
    struct coding_active active;
    struct descend descend;
    const struct spred_coding *coding;
    double *slope, *block, *zero; /* n: G_A dz; infinite where none may enter */
};

static void close_work(struct spred_env *env, void *cookie)
{
    struct work *work = cookie;
    coding_active_close(env, &work->active);
    descend_close(env, &work->descend);
    spred_free(env, work->slope);
    spred_free(env, work);
}

static void *open_work(struct spred_env *env, const void *options,
                       const struct spred_coding_shared *shared)
{
    struct work *work = spred_alloc(env, 1, sizeof *work);
    size_t n = shared->coding->atoms;
    (void)options;
    if (!work)
        return NULL;
    work->coding = shared->coding;
    work->slope = spred_alloc(env, 3 * n, sizeof *work->slope);
    if (!work->slope ||
        coding_active_open(env, &work->active, shared) != SPRED_OK ||
        descend_open(env, &work->descend, shared) != SPRED_OK) {
        close_work(env, work);
        return NULL;
    }
    work->block = work->slope + n;
    work->zero = work->block + n;
    return work;
}

static void forbid(struct work *work, uint32_t j)
{
    work->block[j] = INFINITY;
}

/* Atoms that depended on the members may enter again. */
static void allow_all(struct work *work)
{
    const struct coding_active *a = &work->active;
    memset(work->block, 0, a->n * sizeof *work->block);
    for (size_t k = 0; k < a->factor.count; k++)
        forbid(work, a->member[k]);
}

/* The first code that becomes zero within *step; count: none. */
static size_t first_zero(const struct coding_active *a, double *step)
{
    size_t count = a->factor.count, who = count;
    for (size_t k = 0; k < count; k++) {
        double closing = -a->to[k] * a->sign[k];
        double at = a->value[k] * a->sign[k];
        at = at > 0 ? at : 0;
        if (closing > 0 && at < *step * closing) {
            *step = at / closing;
            who = k;
        }
    }
    return who;
}

/* From knot to knot until the level is lambda; 0: more knots than there are. */
static int walk(struct work *work, const double *c, double lambda, long *steps)
{
    struct coding_active *a = &work->active;
    const struct coding_loops *loops = a->loops;
    size_t n = a->n, most = LEAST_KNOTS + KNOTS_PER_ATOM * a->room;
    double level = loops->largest(n, c);
    uint32_t left = UINT32_MAX, next = UINT32_MAX;
    memcpy(a->g, c, n * sizeof *a->g);
    coding_active_clear(a);
    if (!(level > lambda))
        return 1;
    for (size_t j = 0; j < n && next == UINT32_MAX; j++)
        if (fabs(c[j]) >= level)
            next = (uint32_t)j;
    allow_all(work);
    for (size_t knot = 0; knot < most; knot++) {
        if (next != UINT32_MAX) {
            forbid(work, next); /* a member, or dependent on them */
            coding_active_enter(a, next, a->g[next] > 0 ? 1 : -1);
            next = UINT32_MAX;
        }
        size_t count = a->factor.count;
        loops->solve(&a->factor, a->sign, a->to);
        loops->combine(n, a->gram, count, a->member, a->to, work->zero,
                       work->slope);
        if (left != UINT32_MAX) /* it is at the level and turns inside */
            forbid(work, left);
        double step = level - lambda;
        size_t drop = first_zero(a, &step);
        size_t who =
            loops->reach(n, a->g, work->slope, work->block, level, &step);
        (*steps)++;
        if (left != UINT32_MAX)
            work->block[left] = 0;
        left = UINT32_MAX;
        if (drop == count && who == n)
            return 1; /* lambda comes first */
        level -= step;
        for (size_t k = 0; k < count; k++)
            a->value[k] += step * a->to[k];
        loops->advance(n, step, work->slope, a->g);
        if (who < n) {
            next = (uint32_t)who;
        } else {
            left = a->member[drop];
            coding_active_leave(a, drop);
            allow_all(work);
        }
    }
    return 0;
}

/* The codes at lambda from the factor, once refined; 0: not within the gap. */
static int arrive(struct work *work, const double *c, double square)
{
    struct coding_active *a = &work->active;
    const struct spred_coding *coding = work->coding;
    double target = coding->gap * SIGNAL_GAP_SHARE;
    size_t count = a->factor.count;
    coding_active_aim(a, c, coding->lambda);
    for (size_t k = 0; k < count; k++)
        a->value[k] = a->to[k] * a->sign[k] > 0 ? a->to[k] : 0;
    coding_active_gradient(a, c);
    if (coding_active_gap(a, c, square, coding->lambda) <= target)
        return 1;
    for (size_t k = 0; k < count; k++)
        a->right[k] = a->g[a->member[k]] - coding->lambda * a->sign[k];
    a->loops->solve(&a->factor, a->right, a->to);
    for (size_t k = 0; k < count; k++) {
        double to = a->value[k] + a->to[k];
        a->value[k] = to * a->sign[k] > 0 ? to : 0;
    }
    coding_active_gradient(a, c);
    return coding_active_gap(a, c, square, coding->lambda) <= target;
}

static enum spred_status code(struct spred_env *env, void *cookie, size_t first,
                              size_t count, double *correlations, double *z,
                              long *steps)
{
    struct work *work = cookie;
    const struct spred_coding *coding = work->coding;
    size_t n = coding->atoms;
    (void)env;
    for (size_t i = 0; i < count; i++) {
        const double *x = coding->signals + (first + i) * coding->m;
        const double *c = correlations + i * n;
        struct coding_active *a = &work->active;
        double square = signal_square(coding->m, x);
        int there = walk(work, c, coding->lambda, steps);
        there = arrive(work, c, square) && there;
        for (size_t k = 0; k < a->factor.count; k++)
            z[a->member[k] + i * n] = a->value[k];
        if (!there)
            descend_signal(&work->descend, c, square, coding->lambda,
                           coding->gap, finishing_sweeps, z + i * n, steps);
    }
    return SPRED_OK;
}

const struct spred_coder spred_coder_lars = {
    .name = "lars",
    .alias = "lasso-lars",
    .doc = "homotopy from the largest correlation down to lambda, exact; where "
           "atoms depend on each other coordinate descent finishes",
    .reference =
        "Efron, Hastie, Johnstone and Tibshirani, Ann. Stat. 32 (2004)",
    .api_version = 1,
    .wants_gram = 1,
    .open = open_work,
    .close = close_work,
    .code = code};
