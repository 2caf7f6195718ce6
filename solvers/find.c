/* find.c: methods by name, and what a method asks of a problem. */
#include <string.h>

#include "spred/solver.h"

const struct spred_solver *spred_solver_find(const char *name)
{
    for (size_t i = 0; spred_solvers[i]; i++) {
        const struct spred_solver *solver = spred_solvers[i];
        if (strcmp(solver->name, name) == 0 ||
            (solver->alias && strcmp(solver->alias, name) == 0))
            return solver;
    }
    return NULL;
}

const char *spred_solver_refuses(const struct spred_solver *solver,
                                 const struct spred_problem *problem)
{
    if ((solver->needs & SPRED_NEEDS_QUADRATIC) && !problem->loss->quadratic)
        return "needs the squared loss";
    if ((solver->needs & SPRED_NEEDS_PURE_L1) && problem->penalty.l1_ratio < 1)
        return "needs a pure L1 penalty (no ridge part)";
    if ((solver->needs & SPRED_NEEDS_ONE_OUTPUT) && problem->outputs > 1)
        return "needs a problem with one output";
    return NULL;
}
