/* spred_newton.c: Newton's step of the factored problem z = u v in its limit
 * (docs/spred-newton.md), signal by signal on the shared Gram matrix: a solve
 * with the factor of the members' block, as far as the signs allow; several
 * atoms enter at once. */
#include <math.h>
#include <string.h>

#include "solvers/coding/active.h"
#include "solvers/coding/descend.h"
#include "solvers/coding/signal_gap.h"

struct options {
    double reach;
    long entries;
    long jumps;
};

struct work {
    struct coding_active active;
    struct descend descend;
    const struct spred_coding *coding;
    struct options chosen;
    uint32_t *found; /* n */
};

static const long finishing_sweeps = 100000;
/* A violation below this share of lambda is rounding. */
static const double tolerance = 1e-10;

static void close_work(struct spred_env *env, void *cookie)
{
    struct work *work = cookie;
    coding_active_close(env, &work->active);
    descend_close(env, &work->descend);
    spred_free(env, work->found);
    spred_free(env, work);
}

static void *open_work(struct spred_env *env, const void *options,
                       const struct spred_coding_shared *shared)
{
    struct work *work = spred_alloc(env, 1, sizeof *work);
    size_t n = shared->coding->atoms;
    if (!work)
        return NULL;
    work->coding = shared->coding;
    work->chosen = *(const struct options *)options;
    work->found = spred_alloc(env, n, sizeof *work->found);
    if (!work->found ||
        coding_active_open(env, &work->active, shared) != SPRED_OK ||
        descend_open(env, &work->descend, shared) != SPRED_OK) {
        close_work(env, work);
        return NULL;
    }
    return work;
}

/* Towards `to` as far as no sign changes; who is zero then leaves. 1: all the
 * way. */
static int move(struct work *work)
{
    struct coding_active *a = &work->active;
    size_t count = a->factor.count, stop = count;
    double step = 1;
    for (size_t k = 0; k < count; k++) {
        double to = a->to[k] * a->sign[k], at = a->value[k] * a->sign[k];
        if (!(to > 0) && at <= step * (at - to)) {
            step = at > 0 ? at / (at - to) : 0;
            stop = k;
        }
    }
    if (stop == count) {
        memcpy(a->value, a->to, count * sizeof *a->value);
        return 1;
    }
    for (size_t k = 0; k < count; k++)
        a->value[k] += step * (a->to[k] - a->value[k]);
    coding_active_leave(a, stop);
    return 0;
}

/* The atoms that violate most enter, of those above bound; how many. */
static size_t enter(struct work *work, double bound)
{
    struct coding_active *a = &work->active;
    size_t found = a->loops->above(a->n, a->g, bound, work->found), came = 0;
    uint32_t first = UINT32_MAX;
    for (long e = 0; e < work->chosen.entries && found > 0; e++) {
        size_t best = 0;
        for (size_t k = 1; k < found; k++)
            if (fabs(a->g[work->found[k]]) > fabs(a->g[work->found[best]]))
                best = k;
        uint32_t j = work->found[best];
        if (first == UINT32_MAX)
            first = j;
        work->found[best] = work->found[--found];
        came += (size_t)coding_active_enter(a, j, a->g[j] > 0 ? 1 : -1);
    }
    if (came == 0 && first != UINT32_MAX)
        came =
            (size_t)coding_active_exchange(a, first, a->g[first] > 0 ? 1 : -1);
    return came;
}

/* Jumps until no atom violates; 0: there were too many, or all that violate
 * depend on the members. */
static int jump(struct work *work, const double *c, double lambda, long *steps)
{
    struct coding_active *a = &work->active;
    coding_active_clear(a);
    memcpy(a->g, c, a->n * sizeof *a->g);
    for (long count = 0; count < work->chosen.jumps; count++) {
        double least = lambda * (1 + tolerance);
        double top = a->loops->largest(a->n, a->g);
        double bound = top - work->chosen.reach * (top - lambda);
        if (top <= least)
            return 1;
        if (enter(work, bound > least ? bound : least) == 0) {
            coding_active_gradient(a, c); /* an exchange may have begun */
            return 0;
        }
        int whole = 0;
        while (!whole) {
            (*steps)++;
            coding_active_aim(a, c, lambda);
            whole = move(work);
        }
        coding_active_gradient(a, c);
    }
    return 0;
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
        jump(work, c, coding->lambda, steps);
        for (size_t k = 0; k < a->factor.count; k++)
            z[a->member[k] + i * n] = a->value[k];
        if (!(coding_active_gap(a, c, square, coding->lambda) <=
              coding->gap * SIGNAL_GAP_SHARE))
            descend_signal(&work->descend, c, square, coding->lambda,
                           coding->gap, finishing_sweeps, z + i * n, steps);
    }
    return SPRED_OK;
}

static const struct spred_option table[] = {
    {"reach", SPRED_OPTION_REAL, offsetof(struct options, reach), "0.2", 0, 1,
     NULL,
     "atoms enter whose violation is at least 1 - reach of the largest one"},
    {"entries", SPRED_OPTION_INT, offsetof(struct options, entries), "6", 1,
     1e6, NULL, "atoms that enter at once, at most"},
    {"jumps", SPRED_OPTION_INT, offsetof(struct options, jumps), "1000", 1, 1e9,
     NULL, "of one signal, at most; then coordinate descent finishes"},
    {NULL, 0, 0, NULL, 0, 0, NULL, NULL}};

const struct spred_coder spred_coder_spred_newton = {
    .name = "spred-newton",
    .doc = "Newton's step of the factored problem in its limit, on a Cholesky "
           "factor of the members' Gram matrix; exact",
    .reference = "Ziyin and Wang, ICML 2023; docs/spred-newton.md",
    .api_version = 1,
    .wants_gram = 1,
    .options_size = sizeof(struct options),
    .options = table,
    .open = open_work,
    .close = close_work,
    .code = code};
