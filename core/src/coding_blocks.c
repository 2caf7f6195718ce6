/* coding_blocks.c: threads take blocks of signals from one counter; what a
 * block gives depends on its signals alone. */
#define _POSIX_C_SOURCE 200809L
#include "coding_blocks.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "spred/linalg.h"

double spred_coding_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct crew {
    struct spred_env *env;
    size_t blocks;
    enum spred_status (*block)(void *cookie, struct spred_env *env,
                               size_t thread, size_t index);
    void *cookie;
    atomic_size_t next;
    atomic_int stop;
    pthread_mutex_t lock; /* of what follows */
    enum spred_status status;
    char error[SPRED_ERROR_MAX];
};

static void fail(struct crew *crew, enum spred_status status,
                 const struct spred_env *env)
{
    atomic_store(&crew->stop, 1);
    pthread_mutex_lock(&crew->lock);
    if (crew->status == SPRED_OK) {
        crew->status = status;
        memcpy(crew->error, env->error, sizeof crew->error);
    }
    pthread_mutex_unlock(&crew->lock);
}

static void take_blocks(void *cookie, size_t thread, size_t threads)
{
    struct crew *crew = cookie;
    struct spred_env own = *crew->env;
    (void)threads;
    while (!atomic_load(&crew->stop)) {
        enum spred_status status =
            thread == 0 ? spred_check_cancel(&own) : SPRED_OK;
        size_t index =
            status == SPRED_OK ? atomic_fetch_add(&crew->next, 1) : 0;
        if (status == SPRED_OK && index >= crew->blocks)
            return;
        if (status == SPRED_OK)
            status = crew->block(crew->cookie, &own, thread, index);
        if (status != SPRED_OK)
            fail(crew, status, &own);
    }
}

enum spred_status
spred_coding_run(struct spred_env *env, struct spred_pool *pool, size_t blocks,
                 enum spred_status (*block)(void *cookie, struct spred_env *env,
                                            size_t thread, size_t index),
                 void *cookie)
{
    struct crew crew = {
        .env = env, .blocks = blocks, .block = block, .cookie = cookie};
    pthread_mutex_init(&crew.lock, NULL);
    int before = spred_blas_threads(1);
    spred_pool_run(pool, take_blocks, &crew);
    spred_blas_threads(before);
    pthread_mutex_destroy(&crew.lock);
    if (crew.status != SPRED_OK)
        memcpy(env->error, crew.error, sizeof env->error);
    return crew.status;
}

static enum spred_status finite(struct spred_env *env, const char *what,
                                size_t rows, size_t columns,
                                const double *values)
{
    for (size_t e = 0; e < rows * columns; e++)
        if (!isfinite(values[e]))
            return spred_fail(env, SPRED_EINVAL,
                              "value %zu of %s %zu is %g, not finite",
                              e % rows + 1, what, e / rows + 1, values[e]);
    return SPRED_OK;
}

enum spred_status spred_coding_check(struct spred_env *env,
                                     const struct spred_coding *c)
{
    if (c->m == 0 || c->atoms == 0 || c->n == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "sparse coding of %zu signals of %zu values over %zu "
                          "atoms: none of them may be 0",
                          c->n, c->m, c->atoms);
    if (c->atoms > UINT32_MAX)
        return spred_fail(env, SPRED_EINVAL, "%zu atoms are too many",
                          c->atoms);
    if (!(c->lambda > 0) || !isfinite(c->lambda))
        return spred_fail(env, SPRED_EINVAL,
                          "lambda of sparse coding is %g: a finite number "
                          "above 0 was expected",
                          c->lambda);
    if (!(c->gap > 0) || !isfinite(c->gap))
        return spred_fail(env, SPRED_EINVAL,
                          "the asked gap is %g: a finite number above 0 was "
                          "expected",
                          c->gap);
    if (c->threads == 0)
        return spred_fail(env, SPRED_EINVAL, "threads: at least 1");
    SPRED_TRY(finite(env, "atom", c->m, c->atoms, c->dictionary));
    return finite(env, "signal", c->m, c->n, c->signals);
}
