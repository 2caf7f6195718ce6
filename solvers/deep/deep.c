/* deep.c: a fit from the first training to the offer; predictions, and the
 * fitted model as bytes. */
#include "solvers/deep/deep.h"

#include <string.h>

#include "solvers/deep/course.h"
#include "solvers/nn/sparsity.h"

/* Samples predicted at a time by a model that was loaded. */
enum { CHUNK = 128 };
#define MAGIC "deepnet1"

enum spred_status deep_fit(struct spred_env *env, struct deep *state,
                           const struct deep_options *options,
                           const struct deep_method *method,
                           const struct spred_model_task *task,
                           struct spred_model_report *report)
{
    struct spred_offer offer;
    struct deep_course course = {.env = env,
                                 .options = options,
                                 .method = method,
                                 .task = task,
                                 .report = report,
                                 .state = state};
    enum spred_status status = deep_course_open(&course);
    if (status == SPRED_OK)
        status = deep_course_train(&course);
    report->steps = course.trainer.work.steps;
    report->passes = course.trainer.work.passes;
    if (status == SPRED_OK)
        status = deep_marks(&course);
    deep_course_close(&course);
    SPRED_TRY(status);
    return task->offer(task->cookie, "", &offer);
}

enum spred_status deep_predict(struct spred_env *env, void *memory,
                               const float *x, size_t n, double *scores)
{
    struct deep *state = memory;
    SPRED_TRY(nn_predict(env, state->nn, x, n, scores));
    nn_target_restore(&state->target, n * state->outputs, scores);
    return SPRED_OK;
}

void deep_weigh(struct deep *state)
{
    nn_importance(state->nn, 0, state->importance);
}

void deep_genes(const void *memory, double *importance)
{
    const struct deep *state = memory;
    memcpy(importance, state->importance, state->p * sizeof *importance);
}

void deep_free(struct spred_env *env, void *memory)
{
    struct deep *state = memory;
    nn_free(state->nn);
    nn_target_close(env, &state->target);
    spred_free(env, state->importance);
    memset(state, 0, sizeof *state);
}

/* ---- bytes: head, importance, network ---- */

struct head {
    char magic[8];
    uint64_t p, outputs, scaled;
    double middle, unit;
};

enum spred_status deep_store(struct spred_env *env, const void *memory,
                             void **bytes, size_t *size)
{
    const struct deep *state = memory;
    struct head head = {.p = state->p,
                        .outputs = state->outputs,
                        .scaled = state->target.values != NULL,
                        .middle = state->target.middle,
                        .unit = state->target.unit};
    size_t middle = state->p * sizeof *state->importance, last = 0;
    void *network = NULL;
    SPRED_TRY(nn_store(env, state->nn, &network, &last));
    char *all = spred_alloc(env, sizeof head + middle + last, 1);
    if (all) {
        memcpy(head.magic, MAGIC, sizeof head.magic);
        memcpy(all, &head, sizeof head);
        memcpy(all + sizeof head, state->importance, middle);
        memcpy(all + sizeof head + middle, network, last);
    }
    spred_free(env, network);
    *bytes = all;
    *size = sizeof head + middle + last;
    return all ? SPRED_OK : SPRED_ENOMEM;
}

enum spred_status deep_load(struct spred_env *env, void *memory, size_t p,
                            size_t outputs, const void *bytes, size_t size)
{
    struct deep *state = memory;
    struct head head;
    const char *at = bytes;
    if (size < sizeof head)
        return spred_fail(env, SPRED_EFORMAT,
                          "a stored network of %zu bytes is too short", size);
    memcpy(&head, at, sizeof head);
    if (memcmp(head.magic, MAGIC, sizeof head.magic) != 0 ||
        head.p > (size - sizeof head) / sizeof *state->importance)
        return spred_fail(env, SPRED_EFORMAT,
                          "these bytes are not a stored deep model");
    if (head.p != p || head.outputs != outputs)
        return spred_fail(env, SPRED_EFORMAT,
                          "a stored model of %zu features and %zu outputs: "
                          "expected %zu and %zu",
                          (size_t)head.p, (size_t)head.outputs, p, outputs);
    state->p = p;
    state->outputs = outputs;
    state->target.middle = head.middle;
    state->target.unit = head.unit;
    state->importance = spred_alloc(env, state->p, sizeof *state->importance);
    /* Its presence says that scores are scaled back. */
    state->target.values =
        head.scaled ? spred_alloc(env, 1, sizeof(double)) : NULL;
    if (!state->importance || (head.scaled && !state->target.values))
        return SPRED_ENOMEM;
    size_t middle = state->p * sizeof *state->importance;
    memcpy(state->importance, at + sizeof head, middle);
    SPRED_TRY(nn_restore(env, at + sizeof head + middle,
                         size - sizeof head - middle, 0, &state->nn));
    const struct nn_shape *shape = nn_shape_of(state->nn);
    if (shape->inputs != state->p || shape->outputs != state->outputs)
        return spred_fail(env, SPRED_EFORMAT,
                          "a stored network of %zu inputs and %zu outputs: "
                          "expected %zu and %zu",
                          shape->inputs, shape->outputs, state->p,
                          state->outputs);
    return SPRED_OK;
}
