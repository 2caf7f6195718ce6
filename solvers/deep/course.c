/* course.c: the trainings of a fit, in their order, each from what the last one
 * left. */
#include "solvers/deep/course.h"

#include "solvers/deep/networks.h"
#include "solvers/nn/sparsity.h"
#include "spred/hash.h"

/* Samples predicted at a time, at least. */
#define LEAST_CHUNK 128
/* Factors without lambda still have a decay of their own. */
#define LEAST_LAMBDA 1e-30
/* Of the gradual schedule: begin, end, looks (docs/networks.md). */
#define GRADUAL_BEGIN .1
#define GRADUAL_END .75
#define GRADUAL_LOOKS 100

/* ---- the order of steps ---- */

struct deep_step deep_step_of(const struct deep_course *c, size_t stage)
{
    const struct deep_options *o = c->options;
    struct deep_step step = {.kind = DEEP_END};
    size_t after, first = c->method->way == DEEP_SHRINK && o->dense_epochs > 0;
    if (c->method->way == DEEP_GRADUAL) {
        if (stage / 2 >= c->targets.n)
            return step;
        step.target = stage / 2;
        step.kind = stage % 2 ? DEEP_FINE : DEEP_CUT;
        step.epochs = stage % 2 ? o->fine_tune : o->epochs;
        return step;
    }
    if (stage < first)
        return (struct deep_step){DEEP_DENSE, 0, o->dense_epochs};
    if (stage == first)
        return (struct deep_step){DEEP_MAIN, 0, o->epochs};
    after = stage - first - 1;
    if (after >= c->targets.n)
        return step;
    return (struct deep_step){DEEP_FINE, after, o->fine_tune};
}

struct nn *deep_trained(const struct deep_course *c,
                        const struct deep_step *step)
{
    int other = c->method->way == DEEP_SHRINK &&
                (step->kind == DEEP_DENSE || step->kind == DEEP_FINE);
    return other ? c->plain : c->main;
}

size_t deep_leaves(const struct deep_step *step)
{
    if (step->kind == DEEP_MAIN)
        return 0;
    return step->kind == DEEP_FINE ? 1 + step->target : DEEP_RESULTS;
}

/* ---- opening ---- */

static enum spred_status read_lists(struct deep_course *c)
{
    const struct deep_options *o = c->options;
    int shrinks = c->method->way == DEEP_SHRINK;
    const char *targets = shrinks ? o->fine_thresholds : o->compression;
    SPRED_TRY(deep_list_read(c->env, o->thresholds[0] ? o->thresholds : "0",
                             "thresholds", 0, 1e6, &c->thresholds));
    if (shrinks && (o->fine_tune == 0 || !targets[0]))
        return SPRED_OK;
    return deep_list_read(c->env, targets,
                          shrinks ? "fine_thresholds" : "compression",
                          shrinks ? 0 : 1, 1e6, &c->targets);
}

/* Columns of the last layer's weights: what a network of this shape has. */
static enum spred_status last_columns(struct deep_course *c, size_t *out)
{
    struct nn *nn;
    size_t count;
    *out = 1;
    if (c->options->group != NN_OUTPUT || c->method->kind == NN_DENSE)
        return SPRED_OK;
    SPRED_TRY(nn_new(c->env, &c->dense, 1, 0, &nn));
    const struct nn_tensor *t = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++)
        if (t[i].role == NN_WEIGHT)
            *out = t[i].cols;
    nn_free(nn);
    return SPRED_OK;
}

static enum spred_status make_shape(struct deep_course *c)
{
    const struct deep_options *o = c->options;
    struct nn_sparse sparse = {.kind = c->method->kind,
                               .group = (enum nn_group)o->group,
                               .factors = (size_t)o->factors,
                               .lambda = o->lambda,
                               .sigma = o->threshold_start};
    if (sparse.kind == NN_SPRED || sparse.kind == NN_STR)
        sparse.lambda = sparse.lambda > 0 ? sparse.lambda : LEAST_LAMBDA;
    SPRED_TRY(
        deep_shape(c->env, o, &c->task->train, c->task->classes, &c->dense));
    size_t columns;
    c->shape = c->dense;
    SPRED_TRY(last_columns(c, &columns));
    deep_make_sparse(&c->shape.branches[0], &sparse, columns);
    return SPRED_OK;
}

static uint64_t seed_of(const struct deep_course *c, size_t stage)
{
    return spred_seed(c->task->seed, "deep", stage, "stage");
}

static enum spred_status make_networks(struct deep_course *c)
{
    size_t batch = (size_t)c->options->batch, n = c->samples.n;
    batch = batch < n ? batch : n;
    c->most = batch > LEAST_CHUNK ? batch : LEAST_CHUNK;
    SPRED_TRY(deep_trainer_open(c->env, &c->samples, batch, &c->trainer));
    SPRED_TRY(nn_new(c->env, &c->shape, c->most, c->task->seed, &c->main));
    if (c->method->way != DEEP_SHRINK ||
        (c->options->dense_epochs == 0 && c->targets.n == 0))
        return SPRED_OK;
    return nn_new(c->env, &c->dense, c->most, c->task->seed, &c->plain);
}

/* The filters as they are, kept for later. */
static enum spred_status look_before(struct deep_course *c)
{
    size_t height, width;
    struct spred_picture picture;
    deep_filters_size(c->main, &c->task->train, &height, &width, &picture);
    if (height == 0)
        return SPRED_OK;
    if (!c->before)
        c->before = spred_alloc(c->env, height * width, sizeof *c->before);
    if (!c->before)
        return SPRED_ENOMEM;
    return deep_filters(c->env, c->main, &c->task->train, c->before);
}

enum spred_status deep_course_open(struct deep_course *c)
{
    c->state->p = c->task->train.p;
    c->state->outputs = c->task->classes ? c->task->classes : 1;
    SPRED_TRY(read_lists(c));
    SPRED_TRY(make_shape(c));
    c->state->importance =
        spred_alloc(c->env, c->state->p, sizeof *c->state->importance);
    if (!c->state->importance)
        return SPRED_ENOMEM;
    SPRED_TRY(nn_target_open(c->env, c->task, &c->state->target));
    SPRED_TRY(deep_samples_open(c->env, &c->task->train,
                                c->state->target.values, &c->samples));
    SPRED_TRY(make_networks(c));
    struct nn *weights = c->plain ? c->plain : c->main;
    c->mask_size = deep_mask_size(weights);
    c->mask = spred_alloc(c->env, c->mask_size, sizeof *c->mask);
    if (!c->mask)
        return SPRED_ENOMEM;
    return look_before(c);
}

void deep_course_close(struct deep_course *c)
{
    deep_trainer_close(&c->trainer);
    deep_samples_close(c->env, &c->samples);
    nn_free(c->main);
    nn_free(c->plain);
    for (size_t i = 0; i < DEEP_RESULTS; i++)
        spred_free(c->env, c->results[i]);
    spred_free(c->env, c->mask);
    spred_free(c->env, c->before);
}

/* ---- training ---- */

static struct deep_rule rule_of(const struct deep_course *c,
                                const struct deep_step *step)
{
    const struct deep_options *o = c->options;
    struct deep_rule rule = {.lr = o->lr,
                             .momentum = o->momentum,
                             .decay = o->decay,
                             .clip = o->clip,
                             .warmup = o->warmup,
                             .lambda_warmup = o->lambda_warmup,
                             .cosine = o->cosine,
                             .batch = c->trainer.batch,
                             .augment = {(size_t)o->crop, o->flip}};
    if (step->kind == DEEP_DENSE)
        rule.lr = o->dense_lr;
    if (step->kind == DEEP_FINE) {
        rule.lr = o->fine_lr;
        rule.warmup = 0;
    }
    return rule;
}

static struct deep_cut cut_of(const struct deep_course *c)
{
    return (struct deep_cut){(enum nn_group)c->options->group,
                             (enum deep_scope)c->options->scope};
}

/* Pruners: the cut to a target of main as it is. */
static enum spred_status cut(struct deep_course *c, size_t target)
{
    struct deep_cut by = cut_of(c);
    double threshold;
    return deep_prune(c->env, c->main, &by, 1 - 1 / c->targets.values[target],
                      &threshold);
}

/* Where a fine-tuning starts: the trained network with some weights 0. */
static enum spred_status start_fine(struct deep_course *c, size_t target)
{
    if (c->method->way == DEEP_GRADUAL)
        return SPRED_OK; /* from what the last step left, with its mask */
    nn_load(c->main, c->results[0]);
    if (c->method->way == DEEP_PRUNE) {
        SPRED_TRY(cut(c, target));
        deep_mask_read(c->main, c->mask);
        return SPRED_OK;
    }
    nn_round(c->main, c->targets.values[target]);
    nn_free(c->plain);
    c->plain = NULL;
    SPRED_TRY(nn_plain(c->env, c->main, c->most, &c->plain));
    deep_mask_read(c->plain, c->mask);
    return SPRED_OK;
}

/* Every target of the gradual schedule starts anew. */
static enum spred_status start_cut(struct deep_course *c)
{
    nn_free(c->main);
    c->main = NULL;
    SPRED_TRY(nn_new(c->env, &c->shape, c->most, c->task->seed, &c->main));
    deep_mask_read(c->main, c->mask);
    return SPRED_OK;
}

static enum spred_status start(struct deep_course *c,
                               const struct deep_step *step)
{
    if (step->kind == DEEP_MAIN && c->stage > 0) {
        SPRED_TRY(nn_start_from(c->env, c->main, c->plain));
        SPRED_TRY(look_before(c));
    } else if (step->kind == DEEP_FINE) {
        SPRED_TRY(start_fine(c, step->target));
    } else if (step->kind == DEEP_CUT) {
        SPRED_TRY(start_cut(c));
    }
    struct deep_rule rule = rule_of(c, step);
    return deep_moments(c->env, deep_trained(c, step), &rule);
}

static enum spred_status after_epoch(void *cookie, long done)
{
    struct deep_course *c = cookie;
    c->epoch = done;
    return c->task->save ? deep_checkpoint(c) : SPRED_OK;
}

static enum spred_status train(struct deep_course *c,
                               const struct deep_step *step)
{
    struct deep_rule rule = rule_of(c, step);
    long per_epoch = (long)(c->samples.n / c->trainer.batch);
    long every = step->epochs * per_epoch / GRADUAL_LOOKS;
    struct deep_gradual gradual = {.cut = cut_of(c),
                                   .begin = GRADUAL_BEGIN,
                                   .end = GRADUAL_END,
                                   .every = every > 1 ? every : 1};
    struct deep_stage stage = {
        .rule = &rule, .epochs = step->epochs, .seed = seed_of(c, c->stage)};
    if (step->kind == DEEP_CUT) {
        gradual.target = 1 - 1 / c->targets.values[step->target];
        stage.gradual = &gradual;
        stage.mask = c->mask;
    }
    if (step->kind == DEEP_FINE)
        stage.mask = c->mask;
    return deep_train(&c->trainer, deep_trained(c, step), &stage, c->epoch,
                      after_epoch, c);
}

static enum spred_status keep(struct deep_course *c,
                              const struct deep_step *step)
{
    size_t index = deep_leaves(step);
    if (index == DEEP_RESULTS)
        return SPRED_OK;
    c->results[index] = nn_save(c->env, deep_trained(c, step));
    return c->results[index] ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status deep_course_train(struct deep_course *c)
{
    SPRED_TRY(deep_checkpoint_read(c));
    for (;; c->stage++, c->epoch = 0) {
        struct deep_step step = deep_step_of(c, c->stage);
        if (step.kind == DEEP_END)
            return SPRED_OK;
        if (c->epoch == 0)
            SPRED_TRY(start(c, &step));
        SPRED_TRY(train(c, &step));
        SPRED_TRY(keep(c, &step));
    }
}
