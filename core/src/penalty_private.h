/* penalty_private.h: what the kinds of penalty share. */
#ifndef CORE_PENALTY_PRIVATE_H
#define CORE_PENALTY_PRIVATE_H

#include "spred/problem.h"

/* l1_ratio in (0, 1], `count` weights positive and finite (or none). */
enum spred_status penalty_weights_check(struct spred_env *env,
                                        const struct spred_penalty *penalty,
                                        size_t count);

#endif
