/* faulty_models.c: the models of the program spredbench-models: the well
 * behaved fakes, one that saves itself, and two that crash and hang. Built for
 * tests only. */
#define _DEFAULT_SOURCE /* usleep */
#include <signal.h>
#include <unistd.h>

#include "fake-models.h"
#include "fake-tread.h"

static enum spred_status crash(struct spred_env *env, void *state,
                               const void *options,
                               const struct spred_model_task *task,
                               struct spred_model_report *report)
{
    (void)env;
    (void)state;
    (void)options;
    (void)task;
    (void)report;
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would exit(1) instead */
    raise(SIGSEGV);
    return SPRED_OK;
}

/* Never asks whether it should stop. */
static enum spred_status hang(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_model_task *task,
                              struct spred_model_report *report)
{
    (void)env;
    (void)state;
    (void)options;
    (void)task;
    (void)report;
    for (;;)
        usleep(100000);
    return SPRED_OK;
}

static const struct spred_model crashing = {.name = "crash-model",
                                            .doc = "crashes",
                                            .reference = "none",
                                            .takes = SPRED_MODEL_CLASSES,
                                            .state_size = 8,
                                            .fit = crash},
                                hanging = {.name = "hang-model",
                                           .doc = "hangs",
                                           .reference = "none",
                                           .takes = SPRED_MODEL_CLASSES,
                                           .state_size = 8,
                                           .fit = hang};

const struct spred_model *const spred_models[] = {&look,     &look_all, &tread,
                                                  &crashing, &hanging,  NULL};
