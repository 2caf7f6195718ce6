/* nn_lars.h: the path of the non-negative lasso by its knots, from inner
 * products alone. */
#ifndef SOLVERS_MODELS_NN_LARS_H
#define SOLVERS_MODELS_NN_LARS_H

#include "spred/env.h"

/* min 1/2 |y - K a|^2 + lambda sum a, a >= 0, for all lambda. */
struct nn_lars_source {
    size_t count;         /* columns of K */
    const double *with_y; /* count: k_j'y; borrowed */
    /* out[j - from] = k_j'k_column for from <= j < to. */
    enum spred_status (*products)(void *cookie, size_t column, size_t from,
                                  size_t to, double *out);
    void *cookie;
    /* with_y falls and no k_i'k_j is negative: then k_j'(y - K a) <= k_j'y, so
     * that a column cannot join before lambda is down to its k_j'y, and is not
     * asked for until then. */
    int ordered;
};

struct nn_lars;

/* most: no more columns than these are ever active; the path ends there. */
enum spred_status nn_lars_new(struct spred_env *env,
                              const struct nn_lars_source *source, size_t most,
                              struct nn_lars **out);
void nn_lars_free(struct nn_lars *lars); /* NULL is fine */

/* To the next knot: where a column joins next or one has left. *finished: the
 * path has ended, at lambda = 0 or for want of room, perhaps without a move. */
enum spred_status nn_lars_step(struct nn_lars *lars, int *finished);

double nn_lars_lambda(const struct nn_lars *lars); /* here; before: max k'y */
/* The columns with a > 0 at this lambda and their a, in order of joining;
 * borrowed until the next step. */
size_t nn_lars_active(const struct nn_lars *lars, const size_t **set,
                      const double **a);
size_t nn_lars_watched(const struct nn_lars *lars); /* columns asked for */

#endif
