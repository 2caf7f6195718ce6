/* update_loops.c: gradient steps on arrays of values; compiled once for each
 * kind of processor (LOOPS: the set's name). */
#include "solvers/nn/update_loops.h"

#include <math.h>

#ifndef LOOPS
#define LOOPS update_loops_baseline
#define LOOPS_NAME "baseline"
#endif

#ifdef SPRED_NN_DOUBLE
#define ROOT sqrt
#define SIZE fabs
#define WITH_SIGN copysign
#else
#define ROOT sqrtf
#define SIZE fabsf
#define WITH_SIGN copysignf
#endif

static inline real kept_away(real w, real floor)
{
    return SIZE(w) < floor ? WITH_SIGN(floor, w) : w;
}

static void plain(size_t count, const struct update_rule *rule,
                  real *restrict w, const real *restrict g)
{
    real keep = (real)(1 - rule->lr * rule->decay);
    real step = (real)(rule->lr * rule->scale), floor = (real)rule->floor;
    for (size_t e = 0; e < count; e++)
        w[e] = kept_away(keep * w[e] - step * g[e], floor);
}

static void momentum(size_t count, const struct update_rule *rule,
                     real *restrict w, const real *restrict g, real *restrict m)
{
    real scale = (real)rule->scale, decay = (real)rule->decay;
    real mu = (real)rule->momentum, lr = (real)rule->lr;
    real floor = (real)rule->floor;
    for (size_t e = 0; e < count; e++) {
        m[e] = mu * m[e] + (scale * g[e] + decay * w[e]);
        w[e] = kept_away(w[e] - lr * m[e], floor);
    }
}

static void adam(size_t count, const struct update_rule *rule, real *restrict w,
                 const real *restrict g, real *restrict m, real *restrict s)
{
    real scale = (real)rule->scale, decay = (real)rule->decay;
    real shrink = (real)rule->shrink, floor = (real)rule->floor;
    real beta1 = (real)rule->beta1, beta2 = (real)rule->beta2;
    real rest1 = (real)(1 - rule->beta1), rest2 = (real)(1 - rule->beta2);
    real lr = (real)(rule->lr * rule->unbias1);
    real unbias = (real)rule->unbias2, epsilon = (real)rule->epsilon;
    for (size_t e = 0; e < count; e++) {
        real slope = scale * g[e] + decay * w[e];
        m[e] = beta1 * m[e] + rest1 * slope;
        s[e] = beta2 * s[e] + rest2 * slope * slope;
        w[e] = kept_away(
            shrink * w[e] - lr * m[e] / (ROOT(unbias * s[e]) + epsilon), floor);
    }
}

const struct update_loops LOOPS = {LOOPS_NAME, plain, momentum, adam};
