/* plain.c: a network whose weights are the products of another: no factors, no
 * gates. */
#include "solvers/nn/products.h"
#include "solvers/nn/sparsity.h"

static enum spred_status fill(struct nn *nn, struct nn *to)
{
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++)
            if (nn_has_weights(&nn->units[b][l]))
                SPRED_TRY(
                    nn_products(nn, &nn->units[b][l],
                                to->tensors[to->units[b][l].tensor].value));
    nn_copy_rest(to, nn);
    return SPRED_OK;
}

enum spred_status nn_plain(struct spred_env *env, struct nn *nn, size_t most,
                           struct nn **out)
{
    struct nn_shape shape = nn->shape;
    shape.gate = (struct nn_sparse){.kind = NN_DENSE};
    shape.gate_start = 0;
    for (size_t b = 0; b < shape.n_branches; b++)
        for (size_t l = 0; l < shape.branches[b].n; l++)
            shape.branches[b].layers[l].sparse =
                (struct nn_sparse){.kind = NN_DENSE};
    SPRED_TRY(nn_new(env, &shape, most, 0, out));
    enum spred_status status = fill(nn, *out);
    if (status != SPRED_OK) {
        nn_free(*out);
        *out = NULL;
    }
    return status;
}
