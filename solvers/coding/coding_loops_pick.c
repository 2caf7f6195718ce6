/* coding_loops_pick.c: which inner loops of sparse coding this processor runs.
 */
#include "solvers/coding/coding_loops.h"
#include "spred/cpu.h"

const struct coding_loops *const *coding_loops_all(void)
{
    /* The widest first; who runs one runs all that follow. */
    static const struct coding_loops *const all[] = {
#ifdef SPRED_PASSES_X86
        &coding_loops_avx512, &coding_loops_avx2,
#endif
        &coding_loops_baseline, NULL};
    size_t sets = sizeof all / sizeof *all - 1;
    return all + (sets - 1 - (size_t)spred_cpu());
}

const struct coding_loops *coding_loops(void)
{
    return coding_loops_all()[0];
}
