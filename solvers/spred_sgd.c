/* spred_sgd.c: the paper's method: W = U o V, both decayed, by SGD or Adam.
 * min loss(U o V, b) + sum l1_j/2 (u^2 + v^2): PAPER.md section 1; Ziyin and
 * Wang 2023, theorem 1. Intercepts are solved exactly for the current W. Once
 * the step size is known, a step reads X once: factor_sweep.c. */
#include <math.h>
#include <string.h>

#include "solvers/batches.h"
#include "solvers/curvature.h"
#include "solvers/factor_sweep.h"
#include "solvers/factors.h"
#include "spred/linalg.h"
#include "spred/rng.h"
#include "spred/solver.h"

enum optimizer { SGD, ADAM };
enum schedule { CONSTANT, COSINE };

static const char *const optimizers[] = {"sgd", "adam", NULL};
static const char *const schedules[] = {"constant", "cosine", NULL};
static const char *const precisions[] = {"double", "single", NULL};

struct options {
    int optimizer, init, schedule, single;
    long batch, horizon;
    double lr, momentum, beta1, beta2, eps, inflate, round;
};

#define FIELD(name) offsetof(struct options, name)
static const struct spred_option table[] = {
    {"optimizer", SPRED_OPTION_CHOICE, FIELD(optimizer), "sgd", 0, 0,
     optimizers, "sgd: heavy ball; adam: with coupled L2, not AdamW"},
    {"lr", SPRED_OPTION_REAL, FIELD(lr), "0", 0, 1e6, NULL,
     "step size; 0: automatic, from the curvature in factor space"},
    {"momentum", SPRED_OPTION_REAL, FIELD(momentum), "0.9", 0, 0.9999, NULL,
     "of sgd (heavy ball, PyTorch's form)"},
    {"beta1", SPRED_OPTION_REAL, FIELD(beta1), "0.9", 0, 0.9999, NULL,
     "of adam: decay of the mean slope"},
    {"beta2", SPRED_OPTION_REAL, FIELD(beta2), "0.999", 0, 0.999999, NULL,
     "of adam: decay of the mean squared slope"},
    {"eps", SPRED_OPTION_REAL, FIELD(eps), "1e-8", 1e-30, 1, NULL,
     "of adam: added to the root of the mean squared slope"},
    {"batch", SPRED_OPTION_INT, FIELD(batch), "0", 0, 1e9, NULL,
     "samples in a mini-batch (a step is one epoch); 0: all"},
    {"precision", SPRED_OPTION_CHOICE, FIELD(single), "double", 0, 0,
     precisions,
     "single: products with a single-precision copy of a dense X, made first; "
     "about twice as fast, gaps below about 1e-7 may be out of reach"},
    {"init", SPRED_OPTION_CHOICE, FIELD(init), "zero-safe", 0, 0,
     spred_factors_starts,
     "zero-safe: V = 0, W = 0; others: both factors random"},
    {"inflate", SPRED_OPTION_REAL, FIELD(inflate), "0.03", 1e-6, 1, NULL,
     "least |u| at a new lambda, of the natural size; and the tilt"},
    {"schedule", SPRED_OPTION_CHOICE, FIELD(schedule), "constant", 0, 0,
     schedules, "cosine: lr falls to lr/1000 over horizon steps"},
    {"horizon", SPRED_OPTION_INT, FIELD(horizon), "10000", 1, 1e12, NULL,
     "steps of the cosine, counted from each new lambda"},
    {"round", SPRED_OPTION_REAL, FIELD(round), "1e-6", 0, 0.1, NULL,
     "|uv| up to this share of the largest is reported as 0"},
    {0}};

/* The automatic step is 1 / bound; the exact factor is re-measured when the
 * cheap bound on its growth exceeds this share, or after so many updates. */
#define SLACK 0.25
#define REFRESH 200
#define COLD_ITERATIONS 20
#define WARM_ITERATIONS 4
#define ADAM_SHARE 0.01 /* of the natural size of a factor */

struct state {
    struct spred_env *env;
    const struct spred_problem *problem;
    struct options options;
    struct spred_factors_seed seed;
    struct spred_batches batches;
    double *block;         /* all doubles below */
    double *u, *v, *w, *g; /* p x K */
    double *mu, *mv;       /* p x K: momentum */
    double *su, *sv;       /* p x K: second moments of adam */
    double *d, *d_ref;     /* p: max_k u^2 + v^2, now and when measured */
    double *column;        /* p: largest |x_j|^2 / n over the batches */
    double *scratch_p;     /* p */
    double *m, *r;         /* n x K; m: predictor of the next batch */
    double *z, *scratch_n; /* n: power iteration, batch by batch */
    double *spare;         /* of the sweeps */
    float *singles;
    struct factor_single *single; /* by batch; NULL: double precision */
    double b[SPRED_MAX_OUTPUTS];
    double lambda;
    double curvature, adam_lr; /* |X D X'|/n when measured */
    long age, updates, steps;  /* since measured; since start */
    int started;
};

static size_t weights_of(const struct state *s)
{
    return s->problem->p * s->problem->outputs;
}

/* ---- set-up ---- */

/* Every size is known: one block for the numbers. */
static enum spred_status acquire(struct state *s, uint64_t seed)
{
    size_t n = s->problem->n, p = s->problem->p, outputs = s->problem->outputs;
    size_t weights = p * outputs, cells = n * outputs;
    s->seed.rng = spred_rng_new(s->env, seed);
    size_t spare = factor_sweep_scratch(n, p);
    s->block =
        spred_alloc(s->env, 8 * weights + 4 * p + 2 * cells + 2 * n + spare,
                    sizeof *s->block);
    if (!s->seed.rng || !s->block)
        return SPRED_ENOMEM;
    double **of_weights[] = {&s->u,  &s->v,  &s->w,  &s->g,
                             &s->mu, &s->mv, &s->su, &s->sv};
    double **of_columns[] = {&s->d, &s->d_ref, &s->column, &s->scratch_p};
    double *next = s->block;
    for (size_t i = 0; i < 8; i++, next += weights)
        *of_weights[i] = next;
    for (size_t i = 0; i < 4; i++, next += p)
        *of_columns[i] = next;
    s->m = next;
    s->r = s->m + cells;
    s->z = s->r + cells;
    s->scratch_n = s->z + n;
    s->spare = s->scratch_n + n;
    return spred_batches_make(s->env, s->problem, (size_t)s->options.batch,
                              s->seed.rng, &s->batches);
}

/* The copies of all batches. A sparse X would not stay sparse. */
static enum spred_status copy_single(struct state *s)
{
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n, p = problem->p, count = s->batches.count;
    if (!s->options.single || problem->x.matrix->storage == SPRED_CSC)
        return SPRED_OK;
    s->single = spred_alloc(s->env, count, sizeof *s->single);
    s->singles = spred_alloc(
        s->env, factor_sweep_singles(n, p, problem->outputs), sizeof(float));
    if (!s->single || !s->singles)
        return SPRED_ENOMEM;
    for (size_t q = 0; q < count; q++)
        SPRED_TRY(factor_single_make(s->env, &s->batches.batch[q].problem.x,
                                     &s->single[q]));
    return SPRED_OK;
}

/* The problem of the q-th batch of this epoch. */
static const struct spred_problem *batch(const struct state *s, size_t q)
{
    return &s->batches.batch[s->batches.order[q]].problem;
}

static void add_intercepts(struct state *s, const struct spred_problem *part)
{
    for (size_t k = 0; k < part->outputs; k++)
        for (size_t i = 0; i < part->n; i++)
            s->m[i + k * part->n] += s->b[k];
}

/* m = XW + b of one batch, or of all. */
static void predict(struct state *s, const struct spred_problem *part,
                    struct spred_work *work)
{
    spred_problem_predict(part, s->w, s->b, s->m);
    work->passes += (double)part->n / (double)s->problem->n *
                    (double)spred_support(part, s->w) / (double)part->p *
                    (double)part->outputs;
}

/* At the end of an epoch, where m = XW of the batch that comes next:
 * b = argmin loss at the current W, m = XW + b. */
static void settle(struct state *s, struct spred_work *work)
{
    const struct spred_problem *problem = s->problem;
    double zero[SPRED_MAX_OUTPUTS] = {0};
    if (problem->intercept && s->batches.count > 1) {
        memcpy(s->b, zero, sizeof s->b);
        predict(s, problem, work);
        problem->loss->intercept(problem, s->m, s->b);
        predict(s, batch(s, 0), work);
        return;
    }
    if (problem->intercept)
        problem->loss->intercept(problem, s->m, s->b);
    add_intercepts(s, batch(s, 0));
}

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    s->env = env;
    s->problem = problem;
    s->options = *(const struct options *)options;
    SPRED_TRY(acquire(s, seed));
    double mean = 0, p = (double)problem->p;
    for (size_t q = 0; q < s->batches.count; q++) {
        const struct spred_problem *part = &s->batches.batch[q].problem;
        spred_design_squares(&part->x, NULL, s->scratch_p);
        for (size_t j = 0; j < problem->p; j++) {
            double square = s->scratch_p[j] / (double)part->n;
            s->column[j] = fmax(s->column[j], square);
            mean += square / p / (double)s->batches.count;
        }
    }
    SPRED_TRY(copy_single(s));
    work->passes += 1 + (s->batches.count > 1) + (s->single != NULL);
    s->seed.start = s->options.init;
    s->seed.inflate = s->options.inflate;
    s->seed.size = spred_factors_size(problem, mean);
    spred_factors_draw(&s->seed, problem, s->u, s->v);
    spred_factors_product(weights_of(s), s->u, s->v, s->w);
    memcpy(s->b, problem->null_intercept, sizeof s->b);
    predict(s, batch(s, 0), work);
    return SPRED_OK;
}

/* ---- the step size ---- */

/* d_j = max_k u_jk^2 + v_jk^2. */
static void measure_factors(struct state *s)
{
    size_t p = s->problem->p;
    for (size_t j = 0; j < p; j++) {
        double largest = 0;
        for (size_t k = 0; k < s->problem->outputs; k++) {
            double u = s->u[j + k * p], v = s->v[j + k * p];
            largest = fmax(largest, u * u + v * v);
        }
        s->d[j] = largest;
    }
}

static void measure_curvature(struct state *s, struct spred_work *work)
{
    int iterations = s->curvature > 0 ? WARM_ITERATIONS : COLD_ITERATIONS;
    memcpy(s->d_ref, s->d, s->problem->p * sizeof *s->d);
    s->curvature = 0;
    for (size_t q = 0; q < s->batches.count; q++) {
        const struct spred_batch *batch = &s->batches.batch[q];
        s->curvature = fmax(
            s->curvature, spred_curvature_power(&batch->problem.x, s->d_ref,
                                                iterations, s->z + batch->first,
                                                s->scratch_n, s->scratch_p));
    }
    s->age = 0;
    work->passes += 2 * iterations;
}

/* h |X D X'|/n + l1 + |g| + ridge >= |Hessian in (U, V)|. Growth of D since it
 * was measured enters through the trace, which needs no pass over X. */
static double hessian_bound(struct state *s, struct spred_work *work)
{
    const struct spred_problem *problem = s->problem;
    double grown = 0, top_l1 = 0, ridge = 0, slope = 0;
    measure_factors(s);
    for (size_t j = 0; j < problem->p; j++) {
        double l1, l2;
        spred_penalty_at(problem, s->lambda, j, &l1, &l2);
        grown += fmax(s->d[j] - s->d_ref[j], 0) * s->column[j];
        top_l1 = fmax(top_l1, l1);
        ridge = fmax(ridge, 1.5 * l2 * s->d[j]);
    }
    if (!(grown <= SLACK * s->curvature) || s->age++ >= REFRESH) {
        measure_curvature(s, work);
        grown = 0;
    }
    for (size_t e = 0; e < weights_of(s); e++)
        slope = fmax(slope, fabs(s->g[e]));
    return problem->loss->curvature_bound * (s->curvature + grown) + top_l1 +
           slope + ridge;
}

/* Adam's step when lr = 0: a share of the factors' natural size, but such that
 * a first step of that size along sign(slope) still descends. s->g is used. */
static double adam_rate(struct state *s, struct spred_work *work)
{
    const struct spred_problem *problem = s->problem;
    size_t p = problem->p, weights = weights_of(s);
    double total = 0;
    predict(s, problem, work);
    spred_loss_slope(problem, s->m, s->r, s->g);
    work->passes += (double)problem->outputs;
    if (s->batches.count > 1)
        predict(s, batch(s, 0), work);
    for (size_t e = 0; e < weights; e++) {
        double l1, l2, du, dv;
        spred_penalty_at(problem, s->lambda, e % p, &l1, &l2);
        spred_factor_slopes(s->g[e], l1, l2, s->u[e], s->v[e], &du, &dv);
        total += fabs(du) + fabs(dv);
    }
    return fmin(ADAM_SHARE * s->seed.size,
                total / (hessian_bound(s, work) * 2 * (double)weights));
}

static double rate(struct state *s, struct spred_work *work)
{
    const struct options *o = &s->options;
    double lr = o->lr;
    if (!(lr > 0) && o->optimizer == SGD) {
        lr = 1 / hessian_bound(s, work);
        if (s->batches.count > 1) /* momentum would amplify the noise */
            lr *= 1 - o->momentum;
    } else if (!(lr > 0)) {
        lr = s->adam_lr;
    }
    if (o->schedule == COSINE) {
        double share = fmin(1, (double)s->steps / (double)o->horizon);
        lr *= 1e-3 + 0.999 * (1 + cos(3.14159265358979323846 * share)) / 2;
    }
    return lr;
}

/* ---- the iteration ---- */

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    size_t weights = weights_of(s);
    (void)tolerance;
    s->lambda = lambda;
    s->steps = s->updates = 0;
    s->adam_lr = 0;
    memset(s->mu, 0, 4 * weights * sizeof *s->mu); /* mu, mv, su, sv */
    if (s->started)
        spred_factors_revive(&s->seed, weights, s->u, s->v);
    s->started = 1;
    return SPRED_OK;
}

/* One update on the q-th batch of this epoch; m = XW of the batch after it. */
static void descend(struct state *s, size_t q, struct spred_work *work)
{
    const struct options *o = &s->options;
    size_t here = s->batches.order[q], count = s->batches.count;
    const struct spred_problem *part = batch(s, q);
    double cost = (double)part->outputs / (double)s->problem->n;
    if (q + 1 == count) /* of the next epoch */
        spred_rng_shuffle(s->seed.rng, s->batches.order, count);
    size_t then = s->batches.order[q + 1 < count ? q + 1 : 0];
    struct factor_rule rule = {.l1 = s->lambda * part->penalty.l1_ratio,
                               .l2 = s->lambda * (1 - part->penalty.l1_ratio),
                               .beta1 = o->momentum};
    struct factor_sweep sweep = {
        .from = part,
        .to = &s->batches.batch[then].problem,
        .from_single = s->single ? &s->single[here] : NULL,
        .to_single = s->single ? &s->single[then] : NULL,
        .rule = &rule,
        .adam = o->optimizer == ADAM,
        .at = {s->u, s->v, s->w, s->mu, s->mv, s->su, s->sv, NULL,
               part->penalty.weights},
        .g = s->g,
        .r = s->r,
        .out = s->m,
        .scratch = s->spare,
        .singles = s->singles};
    double t = (double)++s->updates;
    if (sweep.adam) {
        rule.beta1 = o->beta1;
        rule.beta2 = o->beta2;
        rule.eps = o->eps;
        rule.unbias1 = 1 / (1 - pow(o->beta1, t));
        rule.unbias2 = 1 / (1 - pow(o->beta2, t));
        if (!(o->lr > 0) && !(s->adam_lr > 0))
            s->adam_lr = adam_rate(s, work);
    }
    part->loss->residual(part, s->m, s->r);
    if (!sweep.adam && !(o->lr > 0)) { /* the rate wants the slopes */
        factor_sweep_slopes(&sweep);
        sweep.slopes_known = 1;
    }
    rule.lr = rate(s, work);
    factor_sweep(&sweep);
    work->passes += cost * (double)(part->n + sweep.to->n);
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    struct state *s = state;
    (void)finished; /* it cannot tell */
    for (size_t q = 0; q < s->batches.count; q++) {
        descend(s, q, work);
        if (q + 1 < s->batches.count)
            add_intercepts(s, batch(s, q + 1));
    }
    settle(s, work);
    s->steps++;
    return SPRED_OK;
}

/* The declared rounding: what is certified is what is reported. */
static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    spred_factors_round(s->options.round, weights_of(s), s->u, s->v, w);
    memcpy(b, s->b, s->problem->outputs * sizeof *b);
}

void spred_sgd_factors(const void *state, const double **u, const double **v)
{
    const struct state *s = state;
    *u = s->u;
    *v = s->v;
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    for (size_t q = 0; s->single && q < s->batches.count; q++)
        factor_single_free(env, &s->single[q]);
    spred_free(env, s->single);
    spred_free(env, s->singles);
    spred_batches_free(env, &s->batches);
    spred_rng_free(s->seed.rng);
    spred_free(env, s->block);
}

const struct spred_solver spred_solver_spred_sgd = {
    .name = "spred-sgd",
    .alias = NULL,
    .doc = "W = U o V with decayed factors, by SGD with momentum or Adam",
    .reference = "Ziyin and Wang 2023, ICML, PMLR 202:43407-43422",
    .api_version = 2,
    .needs = SPRED_NEEDS_NOTHING,
    .claim = 1e-3,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
