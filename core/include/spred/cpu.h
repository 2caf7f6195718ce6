/* cpu.h: which vector units this processor has, for loops that are compiled for
 * several. */
#ifndef SPRED_CPU_H
#define SPRED_CPU_H

#include "spred/status.h"

enum spred_cpu {
    SPRED_CPU_BASELINE, /* what the compiler may assume anyway */
    SPRED_CPU_AVX2,     /* x86-64-v3: AVX2 and FMA */
    SPRED_CPU_AVX512    /* x86-64-v4: AVX-512 F, VL, BW, DQ */
};
SPRED_API enum spred_cpu spred_cpu(void);

#endif
