/* joint.h: one proximal Newton iteration over all outputs at once. */
#ifndef SOLVERS_JOINT_H
#define SOLVERS_JOINT_H

#include "factored.h"
#include "working_set.h"

/* Owned and freed by joint_free. Sizes: t = all weights of all sets. */
struct joint {
    double *z;     /* n x t: centred columns, class by class; then n x t more */
    double *q;     /* t x t */
    double *small; /* vectors of t and matrices of t x K */
    double *share; /* n x K class probabilities, then n x K: change of M */
    size_t capacity;
};

/* Minimises the model with the whole Hessian of the softmax on the sets, then
 * searches the line; ws->m, r, value follow. minimise takes small from x to x
 * with a violation of at most tolerance. *met: the worst
 * violation before. *applies = 0: too many weights, nothing was done. */
enum spred_status joint_step(
    struct joint *joint, struct factored *small,
    void (*minimise)(void *method, struct factored *small, double tolerance),
    void *method, struct working_set *ws, double share, double tolerance,
    double *met, int *applies, struct spred_work *work);
void joint_free(struct spred_env *env, struct joint *joint);

#endif
