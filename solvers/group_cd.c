/* group_cd.c: block coordinate descent on working sets; each block is solved
 * exactly: with X_B'X_B/n + l2 I = U diag(d) U' and beta = U'(partial X_B'R)/n,
 *   w_B = U (beta t / (d t + l1)),  t = |w_B|: sum (beta / (d t + l1))^2 = 1.
 * Yuan and Lin 2006; Simon and Tibshirani 2012; covariance updates of Friedman,
 * Hastie and Tibshirani 2010. */
#include <math.h>
#include <string.h>

#include "blocks.h"
#include "spred/linalg.h"

enum { MOST_ROTATIONS = 60, MOST_ROOT_STEPS = 100 };
/* A model is solved to this share of the violation it starts from. */
static const double inner_share = 0.05;
static const double settled = 1e-15; /* off-diagonal rest, and root, relative */

struct options {
    long sweeps;
};

static const struct spred_option table[] = {
    {"sweeps", SPRED_OPTION_INT, offsetof(struct options, sweeps), "1000", 1,
     1000000, NULL, "most sweeps over the set before it is looked at again"},
    {0}};

struct state {
    struct block_set set;
    struct options options;
    size_t room, eigen_room;
    double *slope, *values; /* room: (c - Qx)/n; eigenvalues of the blocks */
    double *old, *beta;     /* room: of one block */
    double *rest;    /* n: target - Zx, when that is cheaper than slope */
    double *vectors; /* eigen_room: U of each block, one after another */
    double *square;  /* most_block^2: scratch for one block's matrix */
    size_t most_block;
};

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    (void)seed;
    (void)work;
    s->options = *(const struct options *)options;
    s->most_block = spred_largest_block(problem);
    s->square =
        spred_alloc(env, s->most_block * s->most_block, sizeof *s->square);
    s->rest = spred_alloc(env, problem->n * problem->outputs, sizeof *s->rest);
    if (!s->square || !s->rest)
        return SPRED_ENOMEM;
    return block_set_init(&s->set, env, problem);
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    block_set_start(&s->set, lambda, tolerance);
    return SPRED_OK;
}

/* One rotation of Jacobi's method that clears a[i, j]. */
static void rotate(size_t m, double *a, double *u, size_t i, size_t j)
{
    double off = a[i + j * m];
    double tau = (a[j + j * m] - a[i + i * m]) / (2 * off);
    double t = copysign(1, tau) / (fabs(tau) + sqrt(1 + tau * tau));
    double c = 1 / sqrt(1 + t * t), sine = t * c;
    for (size_t k = 0; k < m; k++) {
        double x = a[k + i * m], y = a[k + j * m];
        a[k + i * m] = c * x - sine * y;
        a[k + j * m] = sine * x + c * y;
    }
    for (size_t k = 0; k < m; k++) {
        double x = a[i + k * m], y = a[j + k * m];
        a[i + k * m] = c * x - sine * y;
        a[j + k * m] = sine * x + c * y;
        x = u[k + i * m];
        y = u[k + j * m];
        u[k + i * m] = c * x - sine * y;
        u[k + j * m] = sine * x + c * y;
    }
}

/* a = U diag(d) U', a: m x m symmetric, destroyed. Jacobi's method. */
static void eigen(size_t m, double *a, double *u, double *d)
{
    memset(u, 0, m * m * sizeof *u);
    for (size_t i = 0; i < m; i++)
        u[i + i * m] = 1;
    for (int round = 0; round < MOST_ROTATIONS; round++) {
        double rest = 0, total = 0;
        for (size_t e = 0; e < m * m; e++) {
            total += a[e] * a[e];
            rest += e % (m + 1) ? a[e] * a[e] : 0;
        }
        if (rest <= settled * settled * total)
            break;
        for (size_t j = 1; j < m; j++)
            for (size_t i = 0; i < j; i++)
                if (a[i + j * m] < 0 || a[i + j * m] > 0)
                    rotate(m, a, u, i, j);
    }
    for (size_t i = 0; i < m; i++)
        d[i] = fmax(a[i + i * m], 0);
}

static enum spred_status reserve(struct state *s,
                                 const struct block_model *model)
{
    struct spred_env *env = s->set.env;
    size_t wanted = 0;
    for (size_t b = 0; b < model->blocks; b++) {
        size_t size = model->first[b + 1] - model->first[b];
        wanted += size * size;
    }
    if (model->values > s->room) {
        spred_free(env, s->slope);
        s->room = 0;
        s->slope = spred_alloc(env, 4 * 2 * model->values, sizeof *s->slope);
        if (!s->slope)
            return SPRED_ENOMEM;
        s->room = 2 * model->values;
        s->values = s->slope + s->room;
        s->old = s->values + s->room;
        s->beta = s->old + s->room;
    }
    if (wanted > s->eigen_room) {
        spred_free(env, s->vectors);
        s->eigen_room = 0;
        s->vectors = spred_alloc(env, 2 * wanted, sizeof *s->vectors);
        if (!s->vectors)
            return SPRED_ENOMEM;
        s->eigen_room = 2 * wanted;
    }
    return SPRED_OK;
}

/* Eigenvectors and eigenvalues of every Q_BB / n. */
static void decompose(struct state *s, const struct block_model *model)
{
    double *u = s->vectors;
    for (size_t b = 0; b < model->blocks; b++) {
        size_t from = model->first[b], size = model->first[b + 1] - from;
        for (size_t f = 0; f < size; f++)
            for (size_t e = 0; e < size; e++)
                s->square[e + f * size] =
                    model->q[from + e + (from + f) * model->lead] / model->n;
        eigen(size, s->square, u, s->values + from);
        u += size * size;
    }
}

/* t of sum (beta / ((d + l2) t + l1))^2 = 1: Newton from 0 on 1/|.| - 1, which
 * is concave and rises, so the root is never passed (the secular equation). */
static double root(size_t size, const double *beta, const double *d, double l1,
                   double l2)
{
    double t = 0;
    for (int k = 0; k < MOST_ROOT_STEPS; k++) {
        double norm = 0, slope = 0;
        for (size_t i = 0; i < size; i++) {
            double bend = d[i] + l2, under = bend * t + l1;
            double part = beta[i] / under;
            norm += part * part;
            slope += part * part * bend / under;
        }
        double step = norm * (sqrt(norm) - 1) / slope;
        if (!(step > settled * t) || !isfinite(step))
            break;
        t += step;
    }
    return t;
}

/* Residuals instead of covariances: z has fewer rows than Q. */
static int by_rows(const struct block_model *model)
{
    return model->z && model->values > 2 * model->rows;
}

/* x_B has changed from s->old: slope (c - Qx)/n, or the rest, follows. */
static void follow(struct state *s, const struct block_model *model,
                   size_t from, size_t size)
{
    for (size_t e = from; e < from + size; e++) {
        double change = model->x[e] - s->old[e - from];
        if (!(change < 0 || change > 0))
            continue;
        if (by_rows(model))
            spred_axpy(model->rows, -change, model->z + e * model->rows,
                       s->rest);
        else
            spred_axpy(model->values, -change / model->n,
                       model->q + e * model->lead, s->slope);
    }
}

/* Solves block b exactly; returns its violation before, in units of l1. */
static double update(struct state *s, const struct block_model *model, size_t b,
                     const double *u)
{
    size_t from = model->first[b], size = model->first[b + 1] - from;
    const double *d = s->values + from;
    double *x = model->x + from, l1 = model->l1[b], l2 = model->l2[b];
    double *slope = s->slope + from, off = 0, norm = 0;
    double length = spred_norm(size, x), pull = length > 0 ? l1 / length : 0;
    if (by_rows(model))
        spred_gemv_t(model->rows, size, 1 / model->n,
                     model->z + from * model->rows, model->rows, s->rest, 0,
                     slope);
    for (size_t e = 0; e < size; e++) {
        double left = slope[e] - (l2 + pull) * x[e];
        off += left * left;
        s->old[e] = x[e];
    }
    off = length > 0 ? sqrt(off) : fmax(sqrt(off) - l1, 0);
    if (!(off > 0))
        return 0;
    for (size_t i = 0; i < size; i++) {
        double turned = spred_dot(size, u + i * size, x);
        s->beta[i] = spred_dot(size, u + i * size, slope) + d[i] * turned;
        norm += s->beta[i] * s->beta[i];
    }
    memset(x, 0, size * sizeof *x);
    if (norm > l1 * l1) {
        double t = root(size, s->beta, d, l1, l2);
        for (size_t i = 0; i < size; i++)
            spred_axpy(size, s->beta[i] * t / ((d[i] + l2) * t + l1),
                       u + i * size, x);
    }
    follow(s, model, from, size);
    return off / l1;
}

/* One sweep, over the blocks that are not zero or over all. */
static double sweep(struct state *s, const struct block_model *model,
                    int active)
{
    const double *u = s->vectors;
    double worst = 0;
    for (size_t b = 0; b < model->blocks; b++) {
        size_t from = model->first[b], size = model->first[b + 1] - from;
        if (!active || spred_norm(size, model->x + from) > 0)
            worst = fmax(worst, update(s, model, b, u));
        u += size * size;
    }
    return worst;
}

static enum spred_status solve(void *method, const struct block_model *model,
                               struct spred_work *work)
{
    struct state *s = method;
    (void)work;
    SPRED_TRY(reserve(s, model));
    decompose(s, model);
    if (by_rows(model)) {
        memcpy(s->rest, model->target, model->rows * sizeof *s->rest);
        spred_gemv(model->rows, model->values, -1, model->z, model->rows,
                   model->x, 1, s->rest);
    } else {
        for (size_t e = 0; e < model->values; e++)
            s->slope[e] = model->c[e] / model->n;
        spred_gemv(model->values, model->values, -1 / model->n, model->q,
                   model->lead, model->x, 1, s->slope);
    }
    int active = 0;
    for (long count = 0; count < s->options.sweeps; count++) {
        double worst = sweep(s, model, active);
        if (worst <= model->tolerance && !active)
            break;
        active = worst > model->tolerance;
    }
    return SPRED_OK;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    static const struct block_method method = {inner_share, solve};
    struct state *s = state;
    (void)finished;
    return block_set_step(&s->set, &method, s, work);
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    block_set_get(&s->set, w, b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    spred_free(env, s->slope);
    spred_free(env, s->vectors);
    spred_free(env, s->square);
    spred_free(env, s->rest);
    block_set_free(&s->set);
}

const struct spred_solver spred_solver_group_cd = {
    .name = "group-cd",
    .alias = NULL,
    .doc = "block coordinate descent, each block exactly, on working sets",
    .reference = "Yuan and Lin 2006, JRSS B 68(1); Simon et al. 2013",
    .api_version = 1,
    .needs = SPRED_NEEDS_GROUPS,
    .claim = 1e-6,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
