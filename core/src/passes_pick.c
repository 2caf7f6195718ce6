/* passes_pick.c: which inner loops this processor runs. */
#include "passes.h"

const struct spred_passes *const *spred_passes_all(void)
{
    static const struct spred_passes *const baseline[] = {
        &spred_passes_baseline, NULL};
#ifdef SPRED_PASSES_X86
    static const struct spred_passes *const avx512[] = {
        &spred_passes_avx512, &spred_passes_avx2, &spred_passes_baseline, NULL};
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

const struct spred_passes *spred_passes(void)
{
    return spred_passes_all()[0];
}

double spred_single_error(const struct spred_passes *passes, size_t n)
{
    size_t run = n < SPRED_SINGLE_RUN ? n : SPRED_SINGLE_RUN;
    return (double)(run / passes->lanes + 4) * 0x1p-24;
}
