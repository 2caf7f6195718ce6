/* pool.h: a few threads that share the work of one call. */
#ifndef SPRED_POOL_H
#define SPRED_POOL_H

#include <stddef.h>
#include "spred/env.h"

struct spred_pool;

/* threads - 1 helpers wait for work; threads >= 1. NULL: error text is set.
 * One pool serves one caller at a time. */
SPRED_API struct spred_pool *spred_pool_new(struct spred_env *env,
                                            size_t threads);
SPRED_API void spred_pool_free(struct spred_pool *pool); /* NULL is fine */
SPRED_API size_t
spred_pool_threads(const struct spred_pool *pool); /* NULL: 1 */

/* Calls part(cookie, index, threads) for index = 0..threads-1, each in its own
 * thread (0: the caller's), and returns when all are done. pool NULL: one call
 * with threads = 1. */
SPRED_API void spred_pool_run(struct spred_pool *pool,
                              void (*part)(void *cookie, size_t index,
                                           size_t threads),
                              void *cookie);

/* The share [*from, *to) of count items that thread index of threads gets. */
static inline void spred_pool_share(size_t count, size_t index, size_t threads,
                                    size_t *from, size_t *to)
{
    *from = count / threads * index +
            (index < count % threads ? index : count % threads);
    *to = *from + count / threads + (index < count % threads);
}

#endif
