/* factor_loops_pick.c: which inner loops this processor runs. */
#include "solvers/factor_loops.h"
#include "spred/cpu.h"

const struct factor_loops *const *factor_loops_all(void)
{
    /* The widest first; who runs one runs all that follow. */
    static const struct factor_loops *const all[] = {
#ifdef SPRED_PASSES_X86
        &factor_loops_avx512, &factor_loops_avx2,
#endif
        &factor_loops_baseline, NULL};
    size_t sets = sizeof all / sizeof *all - 1;
    return all + (sets - 1 - (size_t)spred_cpu());
}

const struct factor_loops *factor_loops(void)
{
    return factor_loops_all()[0];
}
