/* pool.c: threads that wait for the parts of one call: a short spin, because
 * passes over X come close together, then sleep. */
#include "spred/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* Looks at the ticket before a thread sleeps: some tens of microseconds. */
enum { SPINS = 20000 };

struct helper {
    struct spred_pool *pool;
    size_t index;
    pthread_t thread;
    int started;
};

struct spred_pool {
    struct spred_env *env;
    size_t threads;
    struct helper *helper; /* threads - 1 */
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    void (*part)(void *cookie, size_t index, size_t threads);
    void *cookie;
    atomic_uint_fast64_t ticket; /* raised for every call */
    atomic_size_t busy;          /* helpers not yet done with it */
    int ending;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* Waits until the ticket is no longer `seen`; returns it. */
static uint_fast64_t next_ticket(struct spred_pool *pool, uint_fast64_t seen)
{
    for (int spin = 0; spin < SPINS; spin++) {
        uint_fast64_t ticket = atomic_load(&pool->ticket);
        if (ticket != seen)
            return ticket;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->ticket) == seen)
        pthread_cond_wait(&pool->work, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    return atomic_load(&pool->ticket);
}

static void *help(void *cookie)
{
    struct helper *self = cookie;
    struct spred_pool *pool = self->pool;
    uint_fast64_t seen = 0;
    for (;;) {
        seen = next_ticket(pool, seen);
        if (pool->ending)
            return NULL;
        pool->part(pool->cookie, self->index, pool->threads);
        if (atomic_fetch_sub(&pool->busy, 1) == 1) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

/* Hands the call to all helpers. */
static void issue(struct spred_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->busy, pool->threads - 1);
    atomic_fetch_add(&pool->ticket, 1);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

struct spred_pool *spred_pool_new(struct spred_env *env, size_t threads)
{
    struct spred_pool *pool = spred_alloc(env, 1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->env = env;
    pool->threads = 1;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->helper = spred_alloc(env, threads, sizeof *pool->helper);
    for (size_t i = 0; pool->helper && i + 1 < threads; i++) {
        struct helper *helper = &pool->helper[i];
        *helper = (struct helper){.pool = pool, .index = i + 1};
        if (pthread_create(&helper->thread, NULL, help, helper) != 0)
            break;
        helper->started = 1;
        pool->threads++;
    }
    if (!pool->helper || pool->threads < threads) {
        if (pool->helper)
            spred_fail(env, SPRED_ENOMEM, "cannot start %zu threads", threads);
        spred_pool_free(pool);
        return NULL;
    }
    return pool;
}

void spred_pool_free(struct spred_pool *pool)
{
    if (!pool)
        return;
    pool->ending = 1;
    if (pool->threads > 1)
        issue(pool);
    for (size_t i = 0; i + 1 < pool->threads; i++)
        pthread_join(pool->helper[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    spred_free(pool->env, pool->helper);
    spred_free(pool->env, pool);
}

size_t spred_pool_threads(const struct spred_pool *pool)
{
    return pool ? pool->threads : 1;
}

void spred_pool_run(struct spred_pool *pool,
                    void (*part)(void *cookie, size_t index, size_t threads),
                    void *cookie)
{
    if (!pool || pool->threads == 1) {
        part(cookie, 0, 1);
        return;
    }
    pool->part = part;
    pool->cookie = cookie;
    issue(pool);
    part(cookie, 0, pool->threads);
    for (int spin = 0; spin < SPINS && atomic_load(&pool->busy) > 0; spin++)
        relax();
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->busy) > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
