/* penalty.c: the penalty of a problem by its kind. */
#include "spred/problem.h"

const struct spred_penalty_form *
spred_penalty_form(const struct spred_problem *problem)
{
    switch (problem->penalty.kind) {
    case SPRED_PENALTY_GROUP:
        return &spred_penalty_group;
    case SPRED_PENALTY_POWER:
        return &spred_penalty_power;
    case SPRED_PENALTY_CUSTOM:
        return problem->penalty.form;
    case SPRED_PENALTY_L1:
        break;
    }
    return &spred_penalty_l1;
}

double spred_penalty_value(const struct spred_problem *problem, double lambda,
                           const double *w)
{
    return spred_penalty_form(problem)->value(problem, lambda, w);
}

void spred_penalty_prox(const struct spred_problem *problem, double lambda,
                        double step, double *w)
{
    spred_penalty_form(problem)->prox(problem, lambda, step, w);
}
