/* faulty_solvers.c: methods that crash, hang, eat memory, fail, lie or diverge:
 * the registry of the program spredbench-faulty, built for tests only. */
#define _DEFAULT_SOURCE /* usleep */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spred/solver.h"

struct state {
    struct spred_env *env;
    const struct spred_problem *problem;
    double at; /* of the diverging iterate */
};

static enum spred_status init(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work)
{
    struct state *s = state;
    (void)options;
    (void)seed;
    (void)work;
    s->env = env;
    s->problem = problem;
    return SPRED_OK;
}

static enum spred_status start(void *state, double lambda, double tolerance)
{
    (void)state;
    (void)lambda;
    (void)tolerance;
    return SPRED_OK;
}

static void get(const void *state, double *w, double *b)
{
    const struct state *s = state;
    memset(w, 0, s->problem->p * s->problem->outputs * sizeof *w);
    memset(b, 0, s->problem->outputs * sizeof *b);
    w[0] = s->at;
}

static void release(struct spred_env *env, void *state)
{
    (void)env;
    (void)state;
}

static enum spred_status crash(void *state, struct spred_work *work, int *done)
{
    (void)state;
    (void)work;
    (void)done;
    fputs("first line\nlast line\n", stderr);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would exit(1) instead */
    raise(SIGSEGV);
    return SPRED_OK;
}

static void leave_badly(void)
{
    _exit(7);
}

/* All is well until the process ends, as with a leak under a sanitizer. */
static enum spred_status leak(void *state, struct spred_work *work, int *done)
{
    (void)state;
    (void)work;
    *done = 1;
    return atexit(leave_badly) == 0 ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status hang(void *state, struct spred_work *work, int *done)
{
    (void)state;
    (void)work;
    (void)done;
    signal(SIGTERM, SIG_IGN); /* only KILL ends it */
    for (;;)
        sleep(1000);
    return SPRED_OK;
}

static enum spred_status hog(void *state, struct spred_work *work, int *done)
{
    static const size_t chunk = 8 << 20;
    static void *volatile kept; /* or clang leaves the blocks out */
    (void)state;
    (void)work;
    (void)done;
    for (;;) {
        char *block = malloc(chunk);
        if (!block)
            sleep(1);
        else
            kept = memset(block, 1, chunk); /* used, never freed */
        (void)kept;
        usleep(1000);
    }
    return SPRED_OK;
}

static enum spred_status fail(void *state, struct spred_work *work, int *done)
{
    struct state *s = state;
    (void)work;
    (void)done;
    return spred_fail(s->env, SPRED_ENUMERIC, "this method always fails");
}

static enum spred_status lie(void *state, struct spred_work *work, int *done)
{
    (void)state;
    (void)work;
    *done = 1;
    return SPRED_OK;
}

static enum spred_status diverge(void *state, struct spred_work *work,
                                 int *done)
{
    struct state *s = state;
    (void)work;
    (void)done;
    s->at = s->at * s->at * 10 + 10;
    return SPRED_OK;
}

#define METHOD(word, action)                                                   \
    static const struct spred_solver method_##word = {                         \
        .name = #word,                                                         \
        .doc = "a method that will " #word,                                    \
        .reference = "none: for tests",                                        \
        .api_version = 1,                                                      \
        .claim = INFINITY,                                                     \
        .state_size = sizeof(struct state),                                    \
        .options_size = 1,                                                     \
        .init = init,                                                          \
        .start = start,                                                        \
        .step = action,                                                        \
        .get = get,                                                            \
        .free = release}

METHOD(crash, crash);
METHOD(hang, hang);
METHOD(hog, hog);
METHOD(fail, fail);
METHOD(lie, lie);
METHOD(diverge, diverge);
METHOD(leak, leak);

extern const struct spred_solver spred_solver_proximal_gradient;

const struct spred_solver *const spred_solvers[] = {
    &method_crash, &method_hang,
    &method_hog,   &method_fail,
    &method_lie,   &method_diverge,
    &method_leak,  &spred_solver_proximal_gradient,
    NULL};
