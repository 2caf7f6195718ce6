/* passes_pick.c: which inner loops this processor runs. */
#include "passes.h"
#include "spred/cpu.h"

const struct spred_passes *const *spred_passes_all(void)
{
    /* The widest first; who runs one runs all that follow. */
    static const struct spred_passes *const all[] = {
#ifdef SPRED_PASSES_X86
        &spred_passes_avx512, &spred_passes_avx2,
#endif
        &spred_passes_baseline, NULL};
    size_t sets = sizeof all / sizeof *all - 1;
    return all + (sets - 1 - (size_t)spred_cpu());
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
