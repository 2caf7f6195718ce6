/* refit.h: LassoNet's network trained anew on a few genes alone. */
#ifndef SOLVERS_NN_REFIT_H
#define SOLVERS_NN_REFIT_H

#include "solvers/nn/dense.h"

/* Zero-initialise; refit_free accepts half-made state. count = 0: there is
 * none. */
struct refit {
    struct skip skip;
    size_t p, count;
    size_t *genes;      /* count of them, of p, ascending */
    double *importance; /* count */
    float *train, *validate;
};

/* The genes of those inputs whose importance (p values) is not 0, of which
 * there is at least one. What was there before is freed. *passes grows by
 * passes over all p genes. */
enum spred_status refit_make(struct spred_env *env, struct refit *refit,
                             const struct spred_model_task *task,
                             const double *importance, size_t hidden,
                             const struct dense_rule *rule, long *steps,
                             double *passes);
void refit_free(struct spred_env *env, struct refit *refit);

/* As a model's: x has all p genes. */
enum spred_status refit_predict(struct spred_env *env, struct refit *refit,
                                const float *x, size_t n, double *scores);
void refit_importance(const struct refit *refit, double *importance);

#endif
