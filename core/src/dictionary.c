/* dictionary.c: runs a way to a dictionary: checks its task, keeps its clock,
 * ends it when its time is over. */
#include <math.h>

#include "coding_blocks.h"
#include "spred/linalg.h"

struct watch {
    const struct spred_dictionary_task *task;
    double begin, away; /* seconds spent in the caller's pass */
    int over;           /* the wall was reached */
};

static double billed(const struct watch *watch)
{
    return spred_coding_now() - watch->begin - watch->away;
}

static enum spred_status pass(void *cookie, const double *dictionary,
                              long number, double seconds)
{
    struct watch *watch = cookie;
    const struct spred_dictionary_task *task = watch->task;
    double now = spred_coding_now();
    enum spred_status status = SPRED_OK;
    (void)seconds;
    if (task->pass)
        status = task->pass(task->cookie, dictionary, number, billed(watch));
    watch->away += spred_coding_now() - now;
    if (status != SPRED_OK)
        return status;
    watch->over = task->wall > 0 && billed(watch) >= task->wall;
    return watch->over ? SPRED_EINTERRUPTED : SPRED_OK;
}

static enum spred_status check_task(struct spred_env *env,
                                    const struct spred_dictionary_task *task)
{
    const struct spred_coding like = {.m = task->m,
                                      .atoms = 1,
                                      .n = task->n,
                                      .dictionary = task->signals,
                                      .signals = task->signals,
                                      .lambda = task->lambda,
                                      .gap = 1,
                                      .threads = task->threads};
    if (task->atoms == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "a dictionary of 0 atoms: at least 1 was expected");
    if (task->m == 0 || task->n == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "a dictionary from %zu signals of %zu values: "
                          "neither may be 0",
                          task->n, task->m);
    return spred_coding_check(env, &like);
}

static enum spred_status unit_norm(struct spred_env *env,
                                   const struct spred_dictionary_method *method,
                                   const struct spred_dictionary_task *task,
                                   double *dictionary)
{
    for (size_t j = 0; j < task->atoms; j++) {
        double *d = dictionary + j * task->m, norm = spred_norm(task->m, d);
        if (!(fabs(norm - 1) < 1e-6))
            return spred_fail(env, SPRED_ENUMERIC,
                              "%s: atom %zu has norm %g instead of 1",
                              method->name, j + 1, norm);
        spred_scale(task->m, 1 / norm, d);
    }
    return SPRED_OK;
}

enum spred_status spred_dictionary_learn(
    struct spred_env *env, const struct spred_dictionary_method *method,
    const void *options, const struct spred_dictionary_task *task,
    double *dictionary, double *seconds)
{
    struct spred_dictionary_task watched = *task;
    SPRED_TRY(check_task(env, task));
    struct watch watch = {.task = task, .begin = spred_coding_now()};
    watched.pass = pass;
    watched.cookie = &watch;
    enum spred_status status =
        method->learn(env, options, &watched, dictionary);
    if (status == SPRED_EINTERRUPTED && watch.over)
        status = SPRED_OK;
    if (seconds)
        *seconds = billed(&watch);
    SPRED_TRY(status);
    return unit_norm(env, method, task, dictionary);
}
