/* coordinate_descent.c: cyclic coordinate descent with residual updates,
 *   w_j+ = S(z_j'r + |z_j|^2 w_j, n l1_j) / (|z_j|^2 + n l2_j),
 * Friedman, Hastie and Tibshirani 2010, eq. 5 and 10 (weighted), on working
 * sets; other losses by proximal Newton outside. */
#include <math.h>

#include "columns.h"
#include "joint.h"
#include "working_set.h"

/* A model is solved to this share of the violation it starts from. */
static const double inner_share = 0.1;
/* Sweeps on a Gram matrix cost no pass over X: more of them are allowed. */
enum { GRAM_SWEEPS = 20 };

struct options {
    long sweeps;
    int joint;
};

static const struct spred_option table[] = {
    {"sweeps", SPRED_OPTION_INT, offsetof(struct options, sweeps), "200", 1,
     1000000, NULL, "most sweeps over the working set in one step"},
    {"joint", SPRED_OPTION_BOOL, offsetof(struct options, joint), "true", 0, 0,
     NULL, "multinomial: the whole Hessian (false: class by class)"},
    {0}};

struct state {
    struct working_set ws; /* first: the method's own part follows */
    struct options options;
    double *rho;      /* n: the model's residual, up to -shift * h */
    double *constant; /* 2 x capacity: raw_j'h, |sqrt(h) z_j|^2 */
    size_t capacity;
    struct joint joint; /* several classes */
    struct factored small;
};

/* One model being minimised. The true residual is rho - shift h: centring a
 * column would touch every row, moving shift does not. */
struct descent {
    const struct quadratic *model;
    const double *h;           /* the model's weights, or NULL when all are 1 */
    double *rho, shift, total; /* total = sum rho */
    const double *cross, *square;
    size_t touched; /* columns */
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
    SPRED_TRY(working_set_init(&s->ws, env, problem, SPRED_SCAN_AUTO));
    s->rho = spred_alloc(env, problem->n, sizeof *s->rho);
    return s->rho ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    working_set_start(&s->ws, lambda, tolerance);
    return SPRED_OK;
}

/* Minimises along coordinate c; returns the violation that it removed, in units
 * of l1. */
static double update(struct descent *d, size_t c)
{
    const struct quadratic *model = d->model;
    const struct spred_design *x = &model->problem->x;
    size_t j = model->column[c];
    double n = (double)model->problem->n, square = d->square[c];
    double scale = column_scale(x, j), centre = model->centre[c];
    double ridge = square + n * model->l2[c];
    if (!(ridge > 0))
        return 0; /* a constant column */
    double g = column_raw_dot(x, j, d->rho) - d->shift * d->cross[c] -
               centre * (d->total - d->shift * model->h_total);
    d->touched++;
    double z = scale * g + square * model->w[c];
    double size = fabs(z) - n * model->l1[c];
    double to = size > 0 ? copysign(size, z) / ridge : 0;
    double change = to - model->w[c];
    if (!(change > 0 || change < 0))
        return 0;
    double step = change * scale;
    column_raw_axpy(x, j, -step, d->h, d->rho);
    d->touched++;
    d->total -= step * d->cross[c];
    d->shift -= step * centre;
    model->w[c] = to;
    return fabs(change) * ridge / (n * model->l1[c]);
}

/* One cycle over the set, or over its nonzero weights; the worst violation. */
static double sweep(struct descent *d, int active_only)
{
    double worst = 0;
    for (size_t c = 0; c < d->model->size; c++) {
        double w = d->model->w[c];
        if (!active_only || w > 0 || w < 0)
            worst = fmax(worst, update(d, c));
    }
    return worst;
}

static enum spred_status solve(void *method, const struct quadratic *model,
                               struct spred_work *work)
{
    struct state *s = method;
    const struct spred_problem *problem = model->problem;
    size_t n = problem->n;
    if (model->size > s->capacity) {
        size_t room =
            model->size > 2 * s->capacity ? model->size : 2 * s->capacity;
        double *grown =
            spred_resize(s->ws.env, s->constant, room, 2 * sizeof *grown);
        if (!grown)
            return SPRED_ENOMEM;
        s->constant = grown;
        s->capacity = room;
    }
    double *cross = s->constant, *square = cross + model->size;
    for (size_t c = 0; c < model->size; c++) {
        size_t j = model->column[c];
        double scale = column_scale(&problem->x, j);
        cross[c] = column_raw_dot(&problem->x, j, model->h);
        square[c] = scale * scale *
                    column_raw_square(&problem->x, j, model->centre[c],
                                      model->h, model->h_total);
    }
    struct descent d = {.model = model,
                        .h = problem->loss->quadratic ? NULL : model->h,
                        .rho = s->rho,
                        .cross = cross,
                        .square = square,
                        .touched = 2 * model->size};
    for (size_t i = 0; i < n; i++) {
        d.rho[i] = model->residual[i];
        d.total += d.rho[i];
    }
    /* Full sweeps decide; active ones in between do the work. */
    int active_only = 0;
    for (long count = 0; count < s->options.sweeps; count++) {
        double worst = sweep(&d, active_only);
        if (worst <= model->tolerance && !active_only)
            break;
        active_only = worst > model->tolerance;
    }
    work->passes += (double)d.touched / (double)problem->p;
    return SPRED_OK;
}

/* The same on a small dense quadratic, by its Gram matrix: x_j+ = S(c_j - sum_i
 * q_ij x_i + q_jj x_j, n lambda) / q_jj, keeping slope = (c - Qx) / (n lambda).
 */
static void descend(void *method, struct factored *small, double tolerance)
{
    const struct state *s = method;
    double unit = small->n * small->lambda;
    long most = GRAM_SWEEPS * s->options.sweeps;
    int active_only = 0;
    factored_slope(small);
    for (long count = 0; count < most; count++) {
        double worst = 0;
        for (size_t j = 0; j < small->m; j++) {
            const double *column = small->gram + small->slot[j] * small->lead;
            double scale = small->scale[j], from = small->x[j];
            double square =
                scale * scale * column[small->slot[j]] + small->ridge[j];
            if (!(square > 0) || (active_only && !(from < 0 || from > 0)))
                continue;
            double z = small->slope[j] + square / unit * from;
            double size = fabs(z) - 1;
            double to = size > 0 ? copysign(size, z) * unit / square : 0;
            double change = to - from;
            if (!(change > 0 || change < 0))
                continue;
            for (size_t i = 0; i < small->m; i++)
                small->slope[i] -= change * scale / unit * small->scale[i] *
                                   column[small->slot[i]];
            small->slope[j] -= change * small->ridge[j] / unit;
            small->x[j] = to;
            worst = fmax(worst, fabs(change) * square / unit);
        }
        if (worst <= tolerance && !active_only)
            break;
        active_only = worst > tolerance;
    }
}

static enum spred_status together(void *method, struct working_set *ws,
                                  double tolerance, double *met, int *applies,
                                  struct spred_work *work)
{
    struct state *s = method;
    if (!s->options.joint)
        return SPRED_OK; /* *applies is 0 */
    return joint_step(&s->joint, &s->small, descend, s, ws, inner_share,
                      tolerance, met, applies, work);
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    static const struct inner_method inner = {inner_share, solve, together};
    struct state *s = state;
    (void)finished;
    return working_set_step(&s->ws, &inner, s, work);
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    working_set_get(&s->ws, w, b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    spred_free(env, s->rho);
    spred_free(env, s->constant);
    factored_free(env, &s->small);
    joint_free(env, &s->joint);
    working_set_free(&s->ws);
}

const struct spred_solver spred_solver_coordinate_descent = {
    .name = "coordinate-descent",
    .alias = "cd",
    .doc = "cyclic coordinate descent on working sets; proximal Newton",
    .reference = "Friedman, Hastie and Tibshirani 2010, J. Stat. Softw. 33(1)",
    .api_version = 1,
    .needs = SPRED_NEEDS_NOTHING,
    .claim = 1e-8,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
