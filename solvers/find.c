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

/* What the solver needs of the kind of penalty, or NULL. */
static const char *penalty_refused(unsigned needs, enum spred_penalty_kind kind)
{
    if (needs & SPRED_NEEDS_GROUPS)
        return kind == SPRED_PENALTY_GROUP ? NULL : "needs a group penalty";
    if (needs & SPRED_NEEDS_POWER)
        return kind == SPRED_PENALTY_POWER
                   ? NULL
                   : "needs a power penalty (three factors or more)";
    if (kind == SPRED_PENALTY_GROUP && !(needs & SPRED_TAKES_GROUPS))
        return "needs an L1 or elastic-net penalty (no groups)";
    if (kind == SPRED_PENALTY_CUSTOM && !(needs & SPRED_TAKES_CUSTOM))
        return "needs an L1 or elastic-net penalty (none of a script)";
    if (kind == SPRED_PENALTY_POWER)
        return "needs a convex penalty (no power of more than two factors)";
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
    return penalty_refused(solver->needs, problem->penalty.kind);
}
