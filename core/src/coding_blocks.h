/* coding_blocks.h: blocks of signals handed to threads, in order. */
#ifndef SPRED_CODING_BLOCKS_H
#define SPRED_CODING_BLOCKS_H

#include "spred/coding.h"

enum { SPRED_CODING_BLOCK = 256 };

static inline size_t spred_coding_blocks(size_t n)
{
    return (n + SPRED_CODING_BLOCK - 1) / SPRED_CODING_BLOCK;
}

/* Calls block(cookie, env, thread, index) for index = 0..blocks-1 in the order
 * of index; a thread takes the next one when it is free. env: a copy that is
 * the thread's own. The first failure ends it, and its text is in env. cancel
 * is polled by the caller's thread between blocks. OpenBLAS has one thread
 * while it runs. */
enum spred_status
spred_coding_run(struct spred_env *env, struct spred_pool *pool, size_t blocks,
                 enum spred_status (*block)(void *cookie, struct spred_env *env,
                                            size_t thread, size_t index),
                 void *cookie);

/* The task is whole: sizes, lambda, gap, finite values; or EINVAL. */
enum spred_status spred_coding_check(struct spred_env *env,
                                     const struct spred_coding *coding);

/* Seconds that only run forward. */
double spred_coding_now(void);

/* "spred_codes_certify" with the pool that is there; report->coded is given. */
enum spred_status spred_codes_certify_by(struct spred_env *env,
                                         struct spred_pool *pool,
                                         const struct spred_coding *coding,
                                         const struct spred_codes *codes,
                                         struct spred_coding_report *report);

#endif
