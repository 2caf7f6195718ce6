/* update_loops.c: gradient steps on arrays of values; compiled once for each
 * kind of processor (LOOPS: the set's name). */
#include "solvers/nn/update_loops.h"

#include <math.h>
#include <stdint.h>

#ifndef LOOPS
#define LOOPS update_loops_baseline
#define LOOPS_NAME "baseline"
#endif

#ifdef SPRED_NN_DOUBLE
#define ROOT sqrt
#define SIZE fabs
#define WITH_SIGN copysign
#define WORD int64_t
#define WORD_SIZE INT64_MAX
#else
#define ROOT sqrtf
#define SIZE fabsf
#define WITH_SIGN copysignf
#define WORD int32_t
#define WORD_SIZE INT32_MAX
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

/* Sixteen values at a time, as many as the widest vectors have: the sum is the
 * same on every processor. */
enum { LANES = 16 };
typedef real lanes
    __attribute__((vector_size(LANES * sizeof(real)), aligned(4), may_alias));
typedef WORD words __attribute__((vector_size(LANES * sizeof(real))));

static double above(size_t count, const real *w, real bound, size_t *over)
{
    lanes part = {0};
    words number = {0};
    double sum[4] = {0}; /* no addition waits for the last one */
    WORD total = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        words size = (words)(*(const lanes *)(w + i)) & WORD_SIZE;
        lanes more = (lanes)size - bound;
        words is = more > 0;
        part += (lanes)((words)more & is);
        number -= is;
    }
    for (size_t l = 0; l < LANES; l++) {
        sum[l % 4] += (double)part[l];
        total += number[l];
    }
    for (; i < count; i++) {
        real more = SIZE(w[i]) - bound;
        sum[i % 4] += more > 0 ? (double)more : 0;
        total += more > 0;
    }
    *over = (size_t)total;
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void clip(size_t count, real bound, real *restrict w)
{
    for (size_t i = 0; i < count; i++) {
        real low = w[i] > bound ? bound : w[i];
        w[i] = low < -bound ? -bound : low;
    }
}

const struct update_loops LOOPS = {LOOPS_NAME, plain, momentum,
                                   adam,       above, clip};
