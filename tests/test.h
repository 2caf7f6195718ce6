/* test.h: what every C test includes: cmocka, an env, the shared data folder.
 */
#ifndef SPRED_TEST_H
#define SPRED_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spred/env.h"

/* Fails with the env's error text when the call does not return SPRED_OK. */
#define assert_ok(env, call)                                                   \
    do {                                                                       \
        if ((call) != SPRED_OK)                                                \
            fail_msg("%s: %s", #call, (env)->error);                           \
    } while (0)

#define assert_near(a, b, tolerance)                                           \
    do {                                                                       \
        double near_a_ = (a), near_b_ = (b);                                   \
        if (!(fabs(near_a_ - near_b_) <= (tolerance)))                         \
            fail_msg("%s = %.17g, expected %.17g within %g", #a, near_a_,      \
                     near_b_, (double)(tolerance));                            \
    } while (0)

/* ../shared/data beside the checkout (meson sets SPRED_SHARED_DATA), or NULL:
 * then the test says so and skips. */
static inline const char *shared_data(void)
{
    const char *folder = getenv("SPRED_SHARED_DATA");
    return folder && *folder ? folder : NULL;
}

#endif
