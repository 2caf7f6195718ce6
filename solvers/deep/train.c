/* train.c: the loop of one training: batches, schedules of lr and lambda,
 * clipping, steps, masks. */
#include "solvers/deep/train.h"

#include <math.h>
#include <string.h>

#include "solvers/nn/optimise.h"
#include "spred/hash.h"

#define PI 3.14159265358979323846
/* A decay of 0 would be taken for "no factor" by the step. */
#define LEAST_DECAY 1e-30

enum spred_status deep_trainer_open(struct spred_env *env,
                                    struct deep_samples *samples, size_t batch,
                                    struct deep_trainer *out)
{
    *out =
        (struct deep_trainer){.env = env, .samples = samples, .batch = batch};
    out->x = spred_alloc(env, batch * samples->p, sizeof *out->x);
    out->codes = spred_alloc(env, batch, sizeof *out->codes);
    out->values = spred_alloc(env, batch, sizeof *out->values);
    return out->x && out->codes && out->values ? SPRED_OK : SPRED_ENOMEM;
}

void deep_trainer_close(struct deep_trainer *t)
{
    if (!t->env)
        return;
    spred_free(t->env, t->x);
    spred_free(t->env, t->codes);
    spred_free(t->env, t->values);
    spred_free(t->env, t->scratch);
    spred_free(t->env, t->base);
}

static struct nn_training training_of(const struct deep_rule *rule)
{
    struct nn_rule by = {.kind = NN_SGD,
                         .lr = rule->lr,
                         .momentum = rule->momentum,
                         .decay = rule->decay};
    return (struct nn_training){.first = by, .rest = by};
}

enum spred_status deep_moments(struct spred_env *env, struct nn *nn,
                               const struct deep_rule *rule)
{
    struct nn_training training = training_of(rule);
    return nn_moments(env, nn, &training);
}

/* Rises to 1 over so many steps; the first step has some of it. */
static double ramp(double epochs, long per_epoch, long step)
{
    double over = epochs * (double)per_epoch;
    return over > 1 ? fmin(1, ((double)step + 1) / over) : 1;
}

static double schedule(const struct deep_rule *rule, long per_epoch, long step,
                       long steps)
{
    double share = (double)step / (double)steps;
    double fall = rule->cosine ? (1 + cos(PI * share)) / 2 : 1;
    return fall * ramp(rule->warmup, per_epoch, step);
}

/* The strengths that nn was made with, kept: they are scaled at each step. */
static enum spred_status keep_strengths(struct deep_trainer *t, struct nn *nn)
{
    size_t count, rows = 1;
    const struct nn_tensor *tensors = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++)
        rows = tensors[i].rows > rows ? tensors[i].rows : rows;
    spred_free(t->env, t->scratch);
    spred_free(t->env, t->base);
    t->base = NULL;
    t->scratch = spred_alloc(t->env, rows, sizeof *t->scratch);
    t->base = spred_alloc(t->env, 2 * count, sizeof *t->base);
    if (!t->scratch || !t->base)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        t->base[2 * i] = tensors[i].decay;
        t->base[2 * i + 1] = tensors[i].sparse.lambda;
    }
    return SPRED_OK;
}

static void scale_strengths(const struct deep_trainer *t, struct nn *nn,
                            double by)
{
    size_t count;
    struct nn_tensor *tensors = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++) {
        if (t->base[2 * i] > 0)
            tensors[i].decay = fmax(by * t->base[2 * i], LEAST_DECAY);
        tensors[i].sparse.lambda = by * t->base[2 * i + 1];
    }
}

/* Zeros of the gradual schedule into the mask. */
static enum spred_status prune(struct deep_trainer *t, struct nn *nn,
                               const struct deep_stage *stage, long step,
                               long steps)
{
    double threshold, share;
    if (!stage->gradual)
        return SPRED_OK;
    share = deep_gradual_share(stage->gradual, step, steps);
    if (share <= 0)
        return SPRED_OK;
    SPRED_TRY(deep_prune(t->env, nn, &stage->gradual->cut, share, &threshold));
    deep_mask_read(nn, stage->mask);
    return SPRED_OK;
}

static enum spred_status one_step(struct deep_trainer *t, struct nn *nn,
                                  const struct deep_stage *stage, long step,
                                  long steps, long per_epoch)
{
    const struct deep_rule *rule = stage->rule;
    struct nn_training training = training_of(rule);
    double loss =
        nn_gradient(nn, t->x, t->batch, t->samples->codes ? t->codes : NULL,
                    t->samples->codes ? NULL : t->values);
    if (!isfinite(loss))
        return spred_fail(t->env, SPRED_ENUMERIC,
                          "the loss is not finite after %ld steps of %ld: the "
                          "learning rate %g is too large (smaller, or a longer "
                          "warmup, or clip)",
                          step, steps, rule->lr);
    double scale =
        rule->clip > 0 ? nn_clip(rule->clip, nn_gradient_norm(nn)) : 1;
    scale_strengths(t, nn, ramp(rule->lambda_warmup, per_epoch, step));
    nn_step(nn, &training, step, scale, schedule(rule, per_epoch, step, steps),
            t->scratch);
    if (stage->mask)
        deep_mask_apply(nn, stage->mask);
    t->work.steps++;
    t->work.passes += (double)t->batch / (double)t->samples->n;
    return prune(t, nn, stage, step, steps);
}

/* An epoch's last batch is left out where it is not whole, as its noise is
 * another. */
static enum spred_status one_epoch(struct deep_trainer *t, struct nn *nn,
                                   const struct deep_stage *stage, long epoch,
                                   struct spred_rng *rng)
{
    long per_epoch = (long)(t->samples->n / t->batch);
    long steps = stage->epochs * per_epoch;
    deep_shuffle(t->samples, rng);
    for (long k = 0; k < per_epoch; k++) {
        SPRED_TRY(spred_check_cancel(t->env));
        deep_deal(t->samples, (size_t)k * t->batch, t->batch,
                  &stage->rule->augment, rng, t->x, t->codes, t->values);
        SPRED_TRY(
            one_step(t, nn, stage, epoch * per_epoch + k, steps, per_epoch));
    }
    return SPRED_OK;
}

static enum spred_status run(struct deep_trainer *t, struct nn *nn,
                             const struct deep_stage *stage, long from,
                             enum spred_status (*saved)(void *, long),
                             void *cookie)
{
    for (long epoch = from; epoch < stage->epochs; epoch++) {
        uint64_t seed =
            spred_seed(stage->seed, "deep", (uint64_t)epoch, "batches");
        SPRED_TRY(nn_noise(nn, seed ^ 1));
        struct spred_rng *rng = spred_rng_new(t->env, seed);
        if (!rng)
            return SPRED_ENOMEM;
        enum spred_status status = one_epoch(t, nn, stage, epoch, rng);
        spred_rng_free(rng);
        SPRED_TRY(status);
        if (saved)
            SPRED_TRY(saved(cookie, epoch + 1));
    }
    return SPRED_OK;
}

enum spred_status
deep_train(struct deep_trainer *t, struct nn *nn,
           const struct deep_stage *stage, long from,
           enum spred_status (*saved)(void *cookie, long done), void *cookie)
{
    SPRED_TRY(keep_strengths(t, nn));
    enum spred_status status = run(t, nn, stage, from, saved, cookie);
    scale_strengths(t, nn, 1);
    return status;
}
