/* spred_newton.c: spred, w = u v with the L2 penalty on u and v, solved by a
 * second-order method on working sets: SOLVERS.md section 3. Ziyin and Wang
 * 2023 (spred); Poon and Peyre 2021 (variable projection). */
#include "factored.h"
#include "gram.h"
#include "joint.h"
#include "jump.h"
#include "working_set.h"

/* A model is solved to this share of the violation it starts from. */
static const double inner_share = 0.01;

struct options {
    struct factored_rules rules;
    int jump, joint, screen;
};

/* In the order of enum spred_precision. */
static const char *const precisions[] = {"auto", "double", "single", NULL};

static const struct spred_option table[] = {
    {"drop", SPRED_OPTION_REAL, offsetof(struct options, rules.drop), "1e-6",
     1e-12, 1e-2, NULL,
     "a factor below this share of the largest one may become 0"},
    {"polish", SPRED_OPTION_BOOL, offsetof(struct options, rules.polish),
     "true", 0, 0, NULL, "solve exactly on the support once it repeats"},
    {"jump", SPRED_OPTION_BOOL, offsetof(struct options, jump), "true", 0, 0,
     NULL,
     "Newton steps in their limit first, on a kept factor (false: all steps in "
     "the factors)"},
    {"screen", SPRED_OPTION_CHOICE, offsetof(struct options, screen), "auto", 0,
     0, precisions,
     "precision of passes that only look for columns to enter: single costs a "
     "copy of half of X, auto makes it when it pays"},
    {"joint", SPRED_OPTION_BOOL, offsetof(struct options, joint), "true", 0, 0,
     NULL, "multinomial: the whole Hessian (false: class by class)"},
    {0}};

struct state {
    struct working_set ws;
    struct options options;
    struct gram gram;
    struct factored small;
    struct joint joint;
    struct jump jump;
    long factor_of;           /* gram.made_anew of jump's factor */
    enum spred_status failed; /* in minimise */
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
    SPRED_TRY(working_set_init(&s->ws, env, problem,
                               (enum spred_precision)s->options.screen));
    s->ws.roomy = problem->loss->quadratic;
    return gram_init(&s->gram, env, problem);
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    working_set_start(&s->ws, lambda, tolerance);
    return SPRED_OK;
}

/* The model in coordinates whose lambdas are all equal: w = x * scale with
 * scale_j = lambda l1_ratio / l1_j. */
static enum spred_status scale_model(struct state *s,
                                     const struct quadratic *model,
                                     struct spred_work *work)
{
    struct factored *small = &s->small;
    const struct spred_problem *problem = model->problem;
    SPRED_TRY(gram_require(&s->gram, model, problem->loss->quadratic, work));
    SPRED_TRY(factored_reserve(s->ws.env, small, model->size));
    small->n = (double)problem->n;
    small->rank = problem->n;
    small->lambda = model->lambda * problem->penalty.l1_ratio;
    small->gram = s->gram.q;
    small->lead = s->gram.capacity;
    small->in_order = 1;
    for (size_t j = 0; j < model->size; j++) {
        double scale = small->lambda / model->l1[j];
        small->slot[j] = s->gram.slot[model->column[j]] - 1;
        small->in_order &= small->slot[j] == j;
        small->scale[j] = scale;
        small->ridge[j] = small->n * model->l2[j] * scale * scale;
        small->x[j] = model->w[j] / scale;
    }
    factored_apply_gram(small, small->c);
    for (size_t j = 0; j < model->size; j++)
        small->c[j] += small->scale[j] * model->gradient[j];
    return SPRED_OK;
}

static void minimise(void *method, struct factored *small, double tolerance)
{
    struct state *s = method;
    int keep = small->gram == s->gram.q && s->ws.problem->loss->quadratic &&
               s->ws.problem->penalty.l1_ratio >= 1 &&
               s->factor_of == s->gram.made_anew;
    int done = 0;
    s->factor_of = s->gram.made_anew;
    if (s->options.jump)
        s->failed =
            jump_minimise(s->ws.env, &s->jump, small, keep, tolerance, &done);
    if (s->failed == SPRED_OK && !done)
        factored_minimise(small, &s->options.rules, tolerance);
}

static enum spred_status solve(void *method, const struct quadratic *model,
                               struct spred_work *work)
{
    struct state *s = method;
    struct factored *small = &s->small;
    SPRED_TRY(scale_model(s, model, work));
    minimise(s, small, model->tolerance);
    SPRED_TRY(s->failed);
    for (size_t j = 0; j < model->size; j++)
        model->w[j] = small->x[j] * small->scale[j];
    return SPRED_OK;
}

static enum spred_status together(void *method, struct working_set *ws,
                                  double tolerance, double *met, int *applies,
                                  struct spred_work *work)
{
    struct state *s = method;
    if (!s->options.joint)
        return SPRED_OK; /* *applies is 0 */
    SPRED_TRY(joint_step(&s->joint, &s->small, minimise, s, ws, inner_share,
                         tolerance, met, applies, work));
    return s->failed;
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
    factored_free(env, &s->small);
    joint_free(env, &s->joint);
    jump_free(env, &s->jump);
    gram_free(&s->gram);
    working_set_free(&s->ws);
}

const struct spred_solver spred_solver_spred_newton = {
    .name = "spred-newton",
    .alias = "spred",
    .doc = "spred by Newton's method on working sets, its steps taken in their "
           "limit (jump) or in the factors",
    .reference = "Ziyin and Wang 2023, ICML; Poon and Peyre 2021, NeurIPS",

    .api_version = 2,
    .needs = SPRED_NEEDS_NOTHING,
    .claim = 1e-8,
    .settles = 1,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
