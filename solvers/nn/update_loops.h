/* update_loops.h: the inner loops of a gradient step, each value read and
 * written once, one set for each kind of processor. */
#ifndef SOLVERS_NN_UPDATE_LOOPS_H
#define SOLVERS_NN_UPDATE_LOOPS_H

#include <stddef.h>
#include "solvers/nn/real.h"

/* One update of many values; PyTorch's form of SGD, Adam and AdamW. The slope
 * of a value w with gradient g is scale g + decay w. */
struct update_rule {
    double lr, scale, decay;
    double shrink; /* w is multiplied by it first: AdamW, else 1 */
    double momentum;
    double beta1, beta2, epsilon;
    double unbias1, unbias2; /* 1 / (1 - beta^t) */
    double floor; /* no |w| gets below it: factors do not underflow, and none
                     becomes 0, which would be for ever; 0: any */
};

/* Plain arrays of count values, nothing allocated. */
struct update_loops {
    const char *name; /* "baseline", "avx2", "avx512" */
    /* w <- w - lr slope */
    void (*plain)(size_t count, const struct update_rule *rule, real *w,
                  const real *g);
    /* m <- momentum m + slope; w <- w - lr m */
    void (*momentum)(size_t count, const struct update_rule *rule, real *w,
                     const real *g, real *m);
    /* m <- beta1 m + (1 - beta1) slope; s <- beta2 s + (1 - beta2) slope^2;
     * w <- shrink w - lr unbias1 m / (sqrt(unbias2 s) + epsilon) */
    void (*adam)(size_t count, const struct update_rule *rule, real *w,
                 const real *g, real *m, real *s);
    /* sum_i (|w_i| - bound)_+; *over: how many are above. */
    double (*above)(size_t count, const real *w, real bound, size_t *over);
    /* w <- min(max(w, -bound), bound) */
    void (*clip)(size_t count, real bound, real *w);
};

/* The best this processor runs. */
const struct update_loops *update_loops(void);
/* All it runs, NULL-ended; for tests. */
const struct update_loops *const *update_loops_all(void);

extern const struct update_loops update_loops_baseline;
#ifdef SPRED_PASSES_X86
extern const struct update_loops update_loops_avx2;
extern const struct update_loops update_loops_avx512;
#endif

#endif
