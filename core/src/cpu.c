/* cpu.c: asks the processor for its vector units. */
#include "spred/cpu.h"

enum spred_cpu spred_cpu(void)
{
#ifdef SPRED_PASSES_X86
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq"))
        return SPRED_CPU_AVX512;
    if (avx2)
        return SPRED_CPU_AVX2;
#endif
    return SPRED_CPU_BASELINE;
}
