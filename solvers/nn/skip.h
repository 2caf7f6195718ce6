/* skip.h: LassoNet's network, skip layer plus hidden layer, its step (momentum
 * gradient step, hierarchical prox) and its dead genes leaving the work. */
#ifndef SOLVERS_NN_SKIP_H
#define SOLVERS_NN_SKIP_H

#include "solvers/nn/nn.h"
#include "spred/model.h"

/* Zero-initialise; skip_free accepts half-made state. */
struct skip {
    struct nn *nn;
    struct nn_tensor *theta, *first; /* K x p skip layer, H x p first layer */
    size_t n, p, outputs;
    real *x;              /* n x p, columns in the network's order */
    const int32_t *codes; /* of the samples; or */
    const double *values; /* borrowed */
    unsigned char *keep;  /* p */
    double *scores;       /* of the validation part */
    struct spred_rows validate;
    double m, lr, momentum;
    double passes; /* over X, so far */
    size_t revived;
};

/* f(x) = theta'x + network(x), one hidden layer of `hidden` ReLU units. */
enum spred_status skip_open(struct spred_env *env,
                            const struct spred_model_task *task, size_t hidden,
                            struct skip *skip);
void skip_free(struct spred_env *env, struct skip *skip);
/* After another trainer: no velocity is left. */
enum spred_status skip_rest(struct spred_env *env, struct skip *skip);

/* One step at this lambda on all training samples. *loss: before it. */
enum spred_status skip_step(struct spred_env *env, struct skip *skip,
                            double lambda, double *loss);
/* Loss on the validation part (without one: NaN). */
enum spred_status skip_validate(struct spred_env *env, struct skip *skip,
                                double *loss);
/* sum_j |theta_j|, and how many are not zero. */
double skip_penalty(const struct skip *skip, size_t *genes);

/* Sets aside the genes that are zero and stay so at this lambda by the gradient
 * of all p genes; a gene set aside earlier whose gradient grew comes back. How
 * many did is returned. */
size_t skip_settle(struct skip *skip, double lambda);

#endif
