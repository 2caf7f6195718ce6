/* coordinate_descent.c: cyclic coordinate descent,
 *   w_j+ = S(z_j'r + |z_j|^2 w_j, n l1_j) / (|z_j|^2 + n l2_j),
 * in glmnet's form (strong rules), in celer's (working sets, dual
 * extrapolation, gap-safe screening), or in a mixture of both. */
#include <string.h>

#include "cd_single.h"
#include "joint.h"

/* Several classes: a model is solved to this share of the violation it starts
 * from. */
static const double inner_share = 0.1;
/* Cycles on a Gram matrix cost no pass over X: more of them are allowed. */
enum { GRAM_CYCLES = 20 };

static const char *const set_names[] = {"priority", "strong", NULL};
static const char *const update_names[] = {"auto", "naive", "covariance", NULL};
static const char *const screen_names[] = {"none", "bounds", "safe", NULL};

static const struct spred_option table[] = {
    {"sets", SPRED_OPTION_CHOICE, offsetof(struct cd_options, sets), "priority",
     0, 0, set_names,
     "columns that enter: the violators nearest to the dual-feasible set "
     "(celer), or all that the sequential strong rule keeps (glmnet)"},
    {"updates", SPRED_OPTION_CHOICE, offsetof(struct cd_options, updates),
     "auto", 0, 0, update_names,
     "naive: residuals; covariance: a Gram matrix of the set; auto: the "
     "cheaper"},
    {"accelerate", SPRED_OPTION_BOOL, offsetof(struct cd_options, accelerate),
     "true", 0, 0, NULL,
     "Anderson acceleration of the cycles, taken if the objective falls"},
    {"extrapolate", SPRED_OPTION_BOOL, offsetof(struct cd_options, extrapolate),
     "false", 0, 0, NULL,
     "squared loss: the cycles also stop on the extrapolated dual point"},
    {"screen", SPRED_OPTION_CHOICE, offsetof(struct cd_options, screen),
     "bounds", 0, 0, screen_names,
     "bounds: a column whose score cannot have reached its bound is not "
     "computed again; safe: nor one that the gap-safe sphere proves zero"},
    {"sweeps", SPRED_OPTION_INT, offsetof(struct cd_options, sweeps), "2000",
     1, 1000000, NULL, "most cycles over the set in one step"},
    {"joint", SPRED_OPTION_BOOL, offsetof(struct cd_options, joint), "true", 0,
     0, NULL, "multinomial: the whole Hessian (false: class by class)"},
    {0}};

struct state {
    struct cd_options options;
    int several; /* 1: multinomial, the second part; else the first */
    struct cd_single single;
    struct working_set ws;
    struct cd_residual residual;
    struct joint joint;
    struct factored frame; /* where joint.c leaves its model */
    struct cd_small small;
    enum spred_status failed; /* inside descend */
};

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    (void)seed;
    s->options = *(const struct cd_options *)options;
    s->several = problem->outputs > 1;
    if (s->several)
        return working_set_init(&s->ws, env, problem, SPRED_SCAN_AUTO);
    return cd_single_init(&s->single, env, problem, &s->options, work);
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    if (s->several)
        working_set_start(&s->ws, lambda, tolerance);
    else
        cd_single_start(&s->single, lambda, tolerance);
    return SPRED_OK;
}

static enum spred_status solve(void *method, const struct quadratic *model,
                               struct spred_work *work)
{
    struct state *s = method;
    const struct cd_rules rules = {.sweeps = s->options.sweeps,
                                   .accelerate = s->options.accelerate,
                                   .violation = model->tolerance};
    return cd_residual_minimise(&s->residual, s->ws.env, model, &rules, work);
}

/* joint.c's model, (1/2n) x'Qx - (1/n) c'x + lambda |x|_1, is the same with all
 * bounds equal to n lambda. */
static void descend(void *method, struct factored *frame, double tolerance)
{
    struct state *s = method;
    struct cd_small *small = &s->small;
    const struct cd_rules rules = {.sweeps = GRAM_CYCLES * s->options.sweeps,
                                   .accelerate = s->options.accelerate,
                                   .violation = tolerance};
    size_t m = frame->m;
    double unit = frame->n * frame->lambda;
    s->failed = cd_small_reserve(small, s->ws.env, m);
    if (s->failed != SPRED_OK)
        return;
    factored_slope(frame);
    small->y_square = 0;
    for (size_t c = 0; c < m; c++) {
        const double *from = frame->gram + frame->slot[c] * frame->lead;
        double *to = small->q + c * m, scale = frame->scale[c];
        for (size_t a = 0; a < m; a++)
            to[a] = scale * frame->scale[a] * from[frame->slot[a]];
        to[c] += frame->ridge[c];
        small->w[c] = frame->x[c];
        small->g[c] = frame->slope[c] * unit;
        small->bound[c] = unit;
    }
    s->failed = cd_small_minimise(small, s->ws.env, &rules);
    memcpy(frame->x, small->w, m * sizeof *frame->x);
}

static enum spred_status together(void *method, struct working_set *ws,
                                  double tolerance, double *met, int *applies,
                                  struct spred_work *work)
{
    struct state *s = method;
    if (!s->options.joint)
        return SPRED_OK; /* *applies is 0 */
    s->failed = SPRED_OK;
    SPRED_TRY(joint_step(&s->joint, &s->frame, descend, s, ws, inner_share,
                         tolerance, met, applies, work));
    return s->failed;
}

static enum spred_status step(void *state, struct spred_work *work,
                              int *finished)
{
    static const struct inner_method inner = {inner_share, solve, together};
    struct state *s = state;
    (void)finished;
    if (s->several)
        return working_set_step(&s->ws, &inner, s, work);
    return cd_single_step(&s->single, work);
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    if (s->several)
        working_set_get(&s->ws, w, b);
    else
        cd_single_get(&s->single, w, b);
}

static void release(struct spred_env *env, void *state)
{
    struct state *s = state;
    cd_residual_free(env, &s->residual);
    cd_small_free(env, &s->small);
    factored_free(env, &s->frame);
    joint_free(env, &s->joint);
    working_set_free(&s->ws);
    cd_single_free(&s->single);
}

const struct spred_solver spred_solver_coordinate_descent = {
    .name = "coordinate-descent",
    .alias = "cd",
    .doc = "cyclic coordinate descent: strong rules or working sets, Anderson",
    .reference = "Friedman, Hastie and Tibshirani 2010, J. Stat. Softw. 33(1)",
    .api_version = 2,
    .needs = SPRED_NEEDS_NOTHING,
    .claim = 1e-8,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct cd_options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
