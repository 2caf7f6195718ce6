/* factor_loops_pick.c: which inner loops this processor runs. */
#include "solvers/factor_loops.h"

const struct factor_loops *const *factor_loops_all(void)
{
    static const struct factor_loops *const baseline[] = {
        &factor_loops_baseline, NULL};
#ifdef SPRED_PASSES_X86
    static const struct factor_loops *const avx512[] = {
        &factor_loops_avx512, &factor_loops_avx2, &factor_loops_baseline, NULL};
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq"))
        return avx512;
    if (avx2)
        return avx512 + 1;
#endif
    return baseline;
}

const struct factor_loops *factor_loops(void)
{
    return factor_loops_all()[0];
}
