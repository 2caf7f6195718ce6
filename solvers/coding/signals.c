/* signals.c: the dictionary that is learned by nobody: signals, drawn at random
 * and brought to unit norm. */
#include "solvers/coding/atoms.h"

static enum spred_status learn(struct spred_env *env, const void *options,
                               const struct spred_dictionary_task *task,
                               double *dictionary)
{
    (void)options;
    SPRED_TRY(atoms_from_signals(env, task, dictionary));
    return task->pass ? task->pass(task->cookie, dictionary, 0, 0) : SPRED_OK;
}

const struct spred_dictionary_method spred_dictionary_signals = {
    .name = "signals",
    .doc = "signals drawn at random, brought to unit norm: a control",
    .reference = "Olshausen and Field, Nature 381 (1996)",
    .api_version = 1,
    .learn = learn};
