/* ledger.h: an allocator that fails at one call and counts what is not freed.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdlib.h>

#include "spred/env.h"

struct ledger {
    long calls, fail_at, live;
};

static inline void *ledger_reallocate(void *cookie, void *pointer, size_t size)
{
    struct ledger *ledger = cookie;
    if (size == 0) {
        ledger->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (++ledger->calls == ledger->fail_at)
        return NULL;
    ledger->live += pointer == NULL;
    return realloc(pointer, size);
}

/* env allocates by the ledger; its call number fail_at fails. */
static inline void ledger_env(struct spred_env *env, struct ledger *ledger,
                              long fail_at)
{
    *ledger = (struct ledger){0, fail_at, 0};
    spred_env_init(env);
    env->reallocate = ledger_reallocate;
    env->allocate_cookie = ledger;
}

#endif
