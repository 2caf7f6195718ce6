/* spred_group.c: spred for blocks, w_B = v_B u_B with one v a block and the L2
 * penalty on u and v, solved by Newton's method in v on working sets of blocks:
 * PAPER.md section 1, SOLVERS.md section 3. */
#include "block_factored.h"

/* A model is solved to this share of the violation it starts from. */
static const double inner_share = 0.1;

struct options {
    double drop;
};

static const struct spred_option table[] = {
    {"drop", SPRED_OPTION_REAL, offsetof(struct options, drop), "1e-6", 1e-12,
     1e-2, NULL, "a v below this share of the largest one may become 0"},
    {0}};

struct state {
    struct block_set set;
    struct block_factored small;
    struct options options;
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
    return block_set_init(&s->set, env, problem);
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    struct state *s = state;
    block_set_start(&s->set, lambda, tolerance);
    return SPRED_OK;
}

static enum spred_status solve(void *method, const struct block_model *model,
                               struct spred_work *work)
{
    struct state *s = method;
    (void)work;
    return block_factored_minimise(s->set.env, &s->small, model,
                                   s->options.drop);
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
    block_factored_free(env, &s->small);
    block_set_free(&s->set);
}

const struct spred_solver spred_solver_spred_group = {
    .name = "spred-group",
    .alias = NULL,
    .doc = "spred with one v a group, Newton's method in v, on working sets",
    .reference = "Ziyin and Wang 2023, ICML; Poon and Peyre 2021, NeurIPS",
    .api_version = 1,
    .needs = SPRED_NEEDS_GROUPS,
    .claim = 1e-8,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .init = init,
    .start = start,
    .step = step,
    .get = get,
    .free = release};
