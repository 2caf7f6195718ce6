/* fista.c: sparse coding by accelerated proximal gradient steps on a whole
 * block of signals: two products of matrices a step; momentum is restarted
 * signal by signal; a signal that is within the gap leaves the block. Beck and
 * Teboulle 2009; O'Donoghue and Candes 2015. */
#include <math.h>
#include <string.h>

#include "solvers/coding/signal_gap.h"
#include "spred/coding.h"
#include "spred/linalg.h"

struct options {
    long steps, check;
    int restart;
};

enum { BLOCK = 256 };

struct work {
    const struct spred_coding *coding;
    struct options chosen;
    double lipschitz;
    double *z, *y, *g; /* atoms x BLOCK: codes, extrapolated, D'(x - Dy) */
    double *x, *r;     /* m x BLOCK: signals at work, residuals */
    double *t;         /* BLOCK: of the momentum */
    size_t *column;    /* BLOCK: where a signal's code belongs */
};

static void close_work(struct spred_env *env, void *cookie)
{
    struct work *work = cookie;
    spred_free(env, work->z);
    spred_free(env, work->column);
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
    work->z = spred_alloc(env, BLOCK * (3 * n + 2 * m + 1), sizeof *work->z);
    work->column = spred_alloc(env, BLOCK, sizeof *work->column);
    if (!work->z || !work->column) {
        close_work(env, work);
        return NULL;
    }
    work->y = work->z + n * BLOCK;
    work->g = work->y + n * BLOCK;
    work->x = work->g + n * BLOCK;
    work->r = work->x + m * BLOCK;
    work->t = work->r + m * BLOCK;
    return work;
}

/* g = D'(x - D at) for count signals. */
static void slopes(struct work *work, size_t count, const double *at)
{
    const struct spred_coding *coding = work->coding;
    size_t n = coding->atoms, m = coding->m;
    memcpy(work->r, work->x, m * count * sizeof *work->r);
    spred_gemm(0, 0, m, count, n, -1, coding->dictionary, m, at, n, 1, work->r,
               m);
    spred_gemm(1, 0, n, count, m, 1, coding->dictionary, m, work->r, m, 0,
               work->g, n);
}

/* The step of signal i: z+ = soft(y + g / L, lambda / L), y = z+ + (t - 1) / t+
 * (z+ - z). */
static void advance(struct work *work, size_t i)
{
    size_t n = work->coding->atoms;
    double *z = work->z + i * n, *y = work->y + i * n, *g = work->g + i * n;
    double step = 1 / work->lipschitz, turn = 0;
    double bound = work->coding->lambda * step;
    for (size_t j = 0; j < n; j++) {
        double to = y[j] + step * g[j], size = fabs(to) - bound;
        double next = size > 0 ? copysign(size, to) : 0;
        turn += (y[j] - next) * (next - z[j]);
        g[j] = next;
    }
    double t = work->chosen.restart && turn > 0 ? 1 : work->t[i];
    double after = (1 + sqrt(1 + 4 * t * t)) / 2, share = (t - 1) / after;
    for (size_t j = 0; j < n; j++) {
        y[j] = g[j] + share * (g[j] - z[j]);
        z[j] = g[j];
    }
    work->t[i] = after;
}

/* Within the gap, by g at z. */
static int arrived(const struct work *work, size_t i)
{
    const struct spred_coding *coding = work->coding;
    size_t n = coding->atoms, m = coding->m;
    const double *z = work->z + i * n, *g = work->g + i * n;
    const double *x = work->x + i * m, *r = work->r + i * m;
    double square = signal_square(m, x), cz = square, gz = 0, l1 = 0, top = 0;
    for (size_t e = 0; e < m; e++)
        cz -= x[e] * r[e];
    for (size_t j = 0; j < n; j++) {
        gz += g[j] * z[j];
        l1 += fabs(z[j]);
        top = fabs(g[j]) > top ? fabs(g[j]) : top;
    }
    return signal_gap(square, cz, gz, l1, top, coding->lambda) <=
           coding->gap * SIGNAL_GAP_SHARE;
}

/* Signal i's code to where it belongs; the last one takes its place. */
static void leave(struct work *work, size_t i, size_t *live, double *out)
{
    size_t n = work->coding->atoms, m = work->coding->m, last = --*live;
    memcpy(out + work->column[i] * n, work->z + i * n, n * sizeof *out);
    if (i == last)
        return;
    memcpy(work->z + i * n, work->z + last * n, n * sizeof *out);
    memcpy(work->y + i * n, work->y + last * n, n * sizeof *out);
    memcpy(work->g + i * n, work->g + last * n, n * sizeof *out);
    memcpy(work->x + i * m, work->x + last * m, m * sizeof *out);
    memcpy(work->r + i * m, work->r + last * m, m * sizeof *out);
    work->t[i] = work->t[last];
    work->column[i] = work->column[last];
}

static enum spred_status code(struct spred_env *env, void *cookie, size_t first,
                              size_t count, double *correlations, double *z,
                              long *steps)
{
    struct work *work = cookie;
    const struct spred_coding *coding = work->coding;
    size_t n = coding->atoms, m = coding->m, live = count;
    (void)env;
    (void)correlations;
    memcpy(work->x, coding->signals + first * m, m * count * sizeof *z);
    memset(work->z, 0, n * count * sizeof *z);
    memset(work->y, 0, n * count * sizeof *z);
    for (size_t i = 0; i < count; i++) {
        work->t[i] = 1;
        work->column[i] = i;
    }
    for (long step = 0; live > 0; step++) {
        if (step % work->chosen.check == 0 || step == work->chosen.steps) {
            slopes(work, live, work->z);
            for (size_t i = live; i-- > 0;)
                if (arrived(work, i) || step == work->chosen.steps ||
                    !(work->lipschitz > 0))
                    leave(work, i, &live, z);
        }
        if (live == 0)
            break;
        slopes(work, live, work->y);
        for (size_t i = 0; i < live; i++)
            advance(work, i);
        *steps += (long)live;
    }
    return SPRED_OK;
}

static const struct spred_option table[] = {
    {"steps", SPRED_OPTION_INT, offsetof(struct options, steps), "20000", 1,
     1e9, NULL, "of a block of signals, at most"},
    {"check", SPRED_OPTION_INT, offsetof(struct options, check), "10", 1, 1e6,
     NULL, "steps from one look at the gaps to the next"},
    {"restart", SPRED_OPTION_BOOL, offsetof(struct options, restart), "true", 0,
     0, NULL, "momentum starts again where it points uphill"},
    {NULL, 0, 0, NULL, 0, 0, NULL, NULL}};

const struct spred_coder spred_coder_fista = {
    .name = "fista",
    .doc = "accelerated proximal gradient with restarts, a block of signals at "
           "a time",
    .reference = "Beck and Teboulle, SIAM J. Imaging Sci. 2 (2009)",
    .api_version = 1,
    .wants_lipschitz = 1,
    .options_size = sizeof(struct options),
    .options = table,
    .open = open_work,
    .close = close_work,
    .code = code};
