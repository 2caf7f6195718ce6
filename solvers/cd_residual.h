/* cd_residual.h: coordinate descent with residual ("naive") updates. */
#ifndef SOLVERS_CD_RESIDUAL_H
#define SOLVERS_CD_RESIDUAL_H

#include "cd_small.h"
#include "working_set.h"

/* One model being minimised on its m columns. The true residual of the model is
 * rho - shift h: centring a column would touch every row, moving shift does
 * not. Owned, freed by cd_residual_free. */
struct cd_residual {
    const struct quadratic *model;
    const double *h;        /* the model's weights, or NULL when all are 1 */
    double *w, *rho, *tail; /* m, n, 2 (shift, sum rho), adjacent */
    double *cross, *square; /* m each: raw_j'h, |sqrt(h) z_j|^2 */
    size_t capacity, touched;
    struct cd_mix mix;
};

/* Minimises the model; rules->gap only for squared loss. */
enum spred_status cd_residual_minimise(struct cd_residual *s,
                                       struct spred_env *env,
                                       const struct quadratic *model,
                                       const struct cd_rules *rules,
                                       struct spred_work *work);
void cd_residual_free(struct spred_env *env, struct cd_residual *s);

#endif
