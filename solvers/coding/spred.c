/* spred.c: sparse coding by the plain reparametrisation z = u v: the smooth
 * F(u, v) = (1/2)|x - D(uv)|^2 + (lambda/2)(|u|^2 + |v|^2) of every signal of a
 * block goes down by gradients (memory 0) or by L-BFGS, all signals evaluated
 * together in two products of matrices. Ziyin and Wang 2023. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "solvers/coding/factor_state.h"
#include "solvers/coding/signal_gap.h"
#include "spred/coding.h"
#include "spred/linalg.h"

struct options {
    long steps, memory;
    double zero;
};

enum { BLOCK = 256 };

struct work {
    const struct spred_coding *coding;
    struct options chosen;
    double lipschitz;
    struct factor_state *state; /* BLOCK */
    double *numbers;            /* of the states */
    double *z, *g;              /* atoms x BLOCK: u v at the trial, D'r there */
    double *x, *r;              /* m x BLOCK */
};

static void close_work(struct spred_env *env, void *cookie)
{
    struct work *work = cookie;
    spred_free(env, work->state);
    spred_free(env, work->numbers);
    spred_free(env, work->z);
    spred_free(env, work);
}

static void *open_work(struct spred_env *env, const void *options,
                       const struct spred_coding_shared *shared)
{
    struct work *work = spred_alloc(env, 1, sizeof *work);
    size_t n = shared->coding->atoms, m = shared->coding->m;
    if (!work)
        return NULL;
    work->coding = shared->coding;
    work->chosen = *(const struct options *)options;
    work->lipschitz = shared->lipschitz;
    size_t memory = (size_t)work->chosen.memory;
    size_t each = factor_state_size(n, memory);
    work->state = spred_alloc(env, BLOCK, sizeof *work->state);
    work->numbers = spred_alloc(env, BLOCK * each, sizeof *work->numbers);
    work->z = spred_alloc(env, 2 * BLOCK * (n + m), sizeof *work->z);
    if (!work->state || !work->numbers || !work->z) {
        close_work(env, work);
        return NULL;
    }
    for (size_t i = 0; i < BLOCK; i++)
        factor_state_place(&work->state[i], n, memory,
                           work->numbers + i * each);
    work->g = work->z + n * BLOCK;
    work->x = work->g + n * BLOCK;
    work->r = work->x + m * BLOCK;
    return work;
}

/* Signal i over its norm, so that steps mean the same for all of them. */
static void take(struct work *work, size_t i, const double *x)
{
    size_t m = work->coding->m;
    double norm = spred_norm(m, x);
    work->state[i].norm = norm > 0 && isfinite(norm) ? norm : 1;
    work->state[i].column = i;
    for (size_t e = 0; e < m; e++)
        work->x[e + i * m] = x[e] / work->state[i].norm;
}

/* u and v from the correlations c: |uv| a damped step of the proximal gradient,
 * nowhere zero where c is not, and not balanced, so that signs can change. */
static void start(struct work *work, size_t i, const double *c)
{
    size_t n = work->coding->atoms;
    double *u = work->state[i].trial, *v = u + n;
    for (size_t j = 0; j < n; j++) {
        double bound = work->lipschitz * work->state[i].norm;
        double size = bound > 0 ? sqrt(fabs(c[j]) / bound) : 0;
        u[j] = 1.25 * size;
        v[j] = copysign(.8 * size, c[j]);
    }
    factor_state_start(&work->state[i]);
}

/* z, r, g at the trial points of the first `live` states. */
static void evaluate(struct work *work, size_t live)
{
    const struct spred_coding *coding = work->coding;
    size_t n = coding->atoms, m = coding->m;
    for (size_t i = 0; i < live; i++) {
        const double *u = work->state[i].trial, *v = u + n;
        double *z = work->z + i * n;
        for (size_t j = 0; j < n; j++)
            z[j] = u[j] * v[j];
    }
    memcpy(work->r, work->x, m * live * sizeof *work->r);
    spred_gemm(0, 0, m, live, n, -1, coding->dictionary, m, work->z, n, 1,
               work->r, m);
    spred_gemm(1, 0, n, live, m, 1, coding->dictionary, m, work->r, m, 0,
               work->g, n);
}

/* F and its slopes at the trial point into the state; the gap at z = uv. */
static double judge(struct work *work, size_t i)
{
    const struct spred_coding *coding = work->coding;
    size_t n = coding->atoms, m = coding->m;
    struct factor_state *s = &work->state[i];
    const double *u = s->trial, *v = u + n, *z = work->z + i * n;
    const double *g = work->g + i * n, *x = work->x + i * m;
    const double *r = work->r + i * m;
    double lambda = coding->lambda / s->norm;
    double square = 0, cz = 0, rr = 0, gz = 0, l1 = 0, top = 0, sizes = 0;
    for (size_t e = 0; e < m; e++) {
        square += x[e] * x[e];
        cz += x[e] * (x[e] - r[e]);
        rr += r[e] * r[e];
    }
    for (size_t j = 0; j < n; j++) {
        gz += g[j] * z[j];
        l1 += fabs(z[j]);
        top = fabs(g[j]) > top ? fabs(g[j]) : top;
        sizes += u[j] * u[j] + v[j] * v[j];
        s->trial_slope[j] = lambda * u[j] - g[j] * v[j];
        s->trial_slope[j + n] = lambda * v[j] - g[j] * u[j];
    }
    s->trial_value = rr / 2 + lambda / 2 * sizes;
    return signal_gap(square, cz, gz, l1, top, lambda);
}

/* The code of state i to where it belongs; what is below `zero` of the signal's
 * norm is 0. The last state takes its place. */
static void leave(struct work *work, size_t i, size_t *live, double *out)
{
    size_t n = work->coding->atoms, m = work->coding->m, last = --*live;
    struct factor_state gone = work->state[i];
    const double *z = work->z + i * n;
    double *to = out + gone.column * n;
    for (size_t j = 0; j < n; j++)
        to[j] = fabs(z[j]) > work->chosen.zero ? z[j] * gone.norm : 0;
    work->state[i] = work->state[last];
    work->state[last] = gone;
    memcpy(work->x + i * m, work->x + last * m, m * sizeof *out);
    memcpy(work->z + i * n, work->z + last * n, n * sizeof *out);
}

static enum spred_status code(struct spred_env *env, void *cookie, size_t first,
                              size_t count, double *correlations, double *z,
                              long *steps)
{
    struct work *work = cookie;
    const struct spred_coding *coding = work->coding;
    size_t live = count;
    double target = coding->gap * SIGNAL_GAP_SHARE;
    (void)env;
    for (size_t i = 0; i < count; i++) {
        take(work, i, coding->signals + (first + i) * coding->m);
        start(work, i, correlations + i * coding->atoms);
    }
    for (long step = 1; live > 0; step++) {
        evaluate(work, live);
        *steps += (long)live;
        for (size_t i = live; i-- > 0;) {
            double gap = judge(work, i);
            int ended = gap <= target || step >= work->chosen.steps;
            if (!ended)
                ended = !factor_state_next(&work->state[i]);
            if (ended)
                leave(work, i, &live, z);
        }
    }
    return SPRED_OK;
}

static const struct spred_option table[] = {
    {"steps", SPRED_OPTION_INT, offsetof(struct options, steps), "3000", 1, 1e9,
     NULL, "values of F of one signal, at most"},
    {"memory", SPRED_OPTION_INT, offsetof(struct options, memory), "8", 0, 100,
     NULL, "pairs of L-BFGS; 0: gradient descent with backtracking"},
    {"zero", SPRED_OPTION_REAL, offsetof(struct options, zero), "1e-9", 0, 1,
     NULL, "a product u v up to this share of |x| is rounded to 0"},
    {NULL, 0, 0, NULL, 0, 0, NULL, NULL}};

const struct spred_coder spred_coder_spred = {
    .name = "spred",
    .doc = "first order: codes as products u v, L-BFGS or gradients on the "
           "factors, a block of signals at a time",
    .reference = "Ziyin and Wang, ICML 2023",
    .api_version = 1,
    .wants_lipschitz = 1,
    .options_size = sizeof(struct options),
    .options = table,
    .open = open_work,
    .close = close_work,
    .code = code};
