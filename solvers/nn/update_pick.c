/* update_pick.c: which loops of a gradient step this processor runs. */
#include "solvers/nn/update_loops.h"
#include "spred/cpu.h"

/* The build in double precision is for checks: it has no other set. */
#if defined SPRED_PASSES_X86 && !defined SPRED_NN_DOUBLE
#define MANY 1
#else
#define MANY 0
#endif

const struct update_loops *const *update_loops_all(void)
{
    /* The widest first; who runs one runs all that follow. */
    static const struct update_loops *const all[] = {
#if MANY
        &update_loops_avx512,
        &update_loops_avx2,
#endif
        &update_loops_baseline,
        NULL
    };
    size_t sets = sizeof all / sizeof *all - 1;
    return all + (MANY ? sets - 1 - (size_t)spred_cpu() : 0);
}

const struct update_loops *update_loops(void)
{
    return update_loops_all()[0];
}
