/* spred_joint.c: a dictionary and the codes of many signals at once, all by
 * gradients: codes as products u v with decay (lambda/2)(|u|^2 + |v|^2), atoms
 * brought back to unit norm after every step; Adam with a cosine schedule on
 * both, PyTorch's form. Ziyin and Wang 2023. */
#include <math.h>
#include <string.h>

#include "solvers/coding/atoms.h"
#include "solvers/factor_loops.h"
#include "spred/linalg.h"

struct options {
    long steps, signals, every;
    double lr, atoms_lr;
};

struct joint {
    const struct spred_dictionary_task *task;
    const struct options *chosen;
    size_t n;                   /* signals at work */
    double lambda;              /* in their unit */
    double *d;                  /* m x atoms, the caller's */
    double *x, *r;              /* m x n */
    struct factor_arrays codes; /* atoms x n each */
    double *slope;              /* atoms x n: codes.g */
    double *dd, *md, *sd;       /* m x atoms: slope in D, moments */
    double *numbers;            /* all of it */
};

static const double beta1 = .9, beta2 = .999, adam_eps = 1e-8;
static const double pi = 3.14159265358979323846;

/* A random subset of the signals, in order of drawing. */
static enum spred_status draw_signals(struct spred_env *env, struct joint *o)
{
    const struct spred_dictionary_task *task = o->task;
    struct spred_rng *rng = spred_rng_new(env, task->seed + 1);
    size_t *order = spred_alloc(env, task->n, sizeof *order);
    if (!rng || !order) {
        spred_rng_free(rng);
        spred_free(env, order);
        return SPRED_ENOMEM;
    }
    for (size_t i = 0; i < task->n; i++)
        order[i] = i;
    spred_rng_shuffle(rng, order, task->n);
    for (size_t i = 0; i < o->n; i++)
        memcpy(o->x + i * task->m, task->signals + order[i] * task->m,
               task->m * sizeof *o->x);
    spred_rng_free(rng);
    spred_free(env, order);
    return SPRED_OK;
}

static enum spred_status open_joint(struct spred_env *env, struct joint *o)
{
    const struct spred_dictionary_task *task = o->task;
    size_t most = (size_t)o->chosen->signals, m = task->m;
    o->n = task->n < most ? task->n : most;
    size_t cells = task->atoms * o->n, weights = m * task->atoms;
    o->numbers = spred_alloc(env, 8 * cells + 2 * m * o->n + 3 * weights,
                             sizeof *o->numbers);
    if (!o->numbers)
        return SPRED_ENOMEM;
    double *at = o->numbers;
    double **places[] = {&o->codes.u,  &o->codes.v,  &o->codes.w,  &o->codes.mu,
                         &o->codes.mv, &o->codes.su, &o->codes.sv, &o->slope};
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        *places[k] = at;
        at += cells;
    }
    o->codes.g = o->slope;
    o->x = at;
    o->r = o->x + m * o->n;
    o->dd = o->r + m * o->n;
    o->md = o->dd + weights;
    o->sd = o->md + weights;
    SPRED_TRY(draw_signals(env, o));
    /* Adam's steps are absolute: signals in the unit of their root mean square
     * norm. The best dictionary is the same. */
    double norm = spred_norm(m * o->n, o->x) / sqrt((double)o->n);
    double scale = norm > 0 && isfinite(norm) ? 1 / norm : 1;
    for (size_t e = 0; e < m * o->n; e++)
        o->x[e] *= scale;
    o->lambda = task->lambda * scale;
    return SPRED_OK;
}

/* r = x - D z, slope = -D'r */
static void residual(struct joint *o)
{
    size_t m = o->task->m, atoms = o->task->atoms;
    memcpy(o->r, o->x, m * o->n * sizeof *o->r);
    spred_gemm(0, 0, m, o->n, atoms, -1, o->d, m, o->codes.w, atoms, 1, o->r,
               m);
    spred_gemm(1, 0, atoms, o->n, m, -1, o->d, m, o->r, m, 0, o->slope, atoms);
}

/* Codes begin at a damped step from 0, nowhere at 0 and not balanced. */
static void start(struct joint *o)
{
    size_t cells = o->task->atoms * o->n;
    residual(o); /* of z = 0 */
    for (size_t e = 0; e < cells; e++) {
        double size = sqrt(fabs(o->slope[e]) / (double)o->task->atoms);
        o->codes.u[e] = 1.25 * size;
        o->codes.v[e] = copysign(.8 * size, -o->slope[e]);
        o->codes.w[e] = o->codes.u[e] * o->codes.v[e];
    }
}

/* Adam on the atoms, along the sphere: the slope loses its part along d_j. */
static void move_atoms(struct joint *o, const struct factor_rule *rule)
{
    size_t m = o->task->m, atoms = o->task->atoms;
    for (size_t j = 0; j < atoms; j++) {
        double *d = o->d + j * m, *slope = o->dd + j * m;
        double *first = o->md + j * m, *second = o->sd + j * m;
        double along = spred_dot(m, d, slope);
        spred_axpy(m, -along, d, slope);
        for (size_t e = 0; e < m; e++) {
            first[e] = beta1 * first[e] + (1 - beta1) * slope[e];
            second[e] = beta2 * second[e] + (1 - beta2) * slope[e] * slope[e];
            d[e] -= rule->lr * rule->unbias1 * first[e] /
                    (sqrt(rule->unbias2 * second[e]) + rule->eps);
        }
        atoms_normalise(m, d);
    }
}

static enum spred_status descend(struct spred_env *env, struct joint *o)
{
    const struct spred_dictionary_task *task = o->task;
    const struct options *chosen = o->chosen;
    const struct factor_loops *loops = factor_loops();
    size_t m = task->m, atoms = task->atoms;
    for (long step = 1; step <= chosen->steps; step++) {
        double share = (double)(step - 1) / (double)chosen->steps;
        double cool = (1 + cos(pi * share)) / 2;
        struct factor_rule rule = {
            .l1 = o->lambda,
            .lr = chosen->lr * cool,
            .beta1 = beta1,
            .beta2 = beta2,
            .eps = adam_eps,
            .unbias1 = 1 / (1 - pow(beta1, (double)step)),
            .unbias2 = 1 / (1 - pow(beta2, (double)step))};
        SPRED_TRY(spred_check_cancel(env));
        residual(o);
        spred_gemm(0, 1, m, atoms, o->n, -1 / (double)o->n, o->r, m, o->codes.w,
                   atoms, 0, o->dd, m);
        loops->adam(atoms * o->n, &rule, &o->codes);
        rule.lr = chosen->atoms_lr * cool;
        move_atoms(o, &rule);
        if (task->pass && (step % chosen->every == 0 || step == chosen->steps))
            SPRED_TRY(task->pass(task->cookie, o->d, step, 0));
    }
    return SPRED_OK;
}

static enum spred_status learn(struct spred_env *env, const void *options,
                               const struct spred_dictionary_task *task,
                               double *dictionary)
{
    struct joint o = {.task = task, .chosen = options, .d = dictionary};
    enum spred_status status = open_joint(env, &o);
    if (status == SPRED_OK)
        status = atoms_from_signals(env, task, dictionary);
    if (status == SPRED_OK && task->pass)
        status = task->pass(task->cookie, dictionary, 0, 0);
    if (status == SPRED_OK) {
        start(&o);
        status = descend(env, &o);
    }
    spred_free(env, o.numbers);
    return status;
}

static const struct spred_option table[] = {
    {"steps", SPRED_OPTION_INT, offsetof(struct options, steps), "300", 1, 1e9,
     NULL, "of Adam on all codes and atoms"},
    {"signals", SPRED_OPTION_INT, offsetof(struct options, signals), "4096", 1,
     1e9, NULL, "drawn at random, at most; their codes are kept in memory"},
    {"every", SPRED_OPTION_INT, offsetof(struct options, every), "25", 1, 1e9,
     NULL, "steps from one look at the dictionary to the next"},
    {"lr", SPRED_OPTION_REAL, offsetof(struct options, lr), "0.02", 1e-9, 10,
     NULL, "first step size of the factors of the codes"},
    {"atoms_lr", SPRED_OPTION_REAL, offsetof(struct options, atoms_lr), "0.01",
     1e-9, 10, NULL, "first step size of the atoms"},
    {NULL, 0, 0, NULL, 0, 0, NULL, NULL}};

const struct spred_dictionary_method spred_dictionary_spred_joint = {
    .name = "spred-joint",
    .doc = "codes as products u v and the atoms together, by Adam",
    .reference = "Ziyin and Wang, ICML 2023",
    .api_version = 2,
    .options_size = sizeof(struct options),
    .options = table,
    .learn = learn};
