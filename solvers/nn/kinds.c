/* kinds.c: the kinds of layers by their number; a new one is one file and one
 * line here. */
#include "solvers/nn/inside.h"

const struct nn_kind *nn_kind_of(size_t kind)
{
    static const struct nn_kind *const kinds[] = {
        [NN_LINEAR] = &nn_kind_linear,
        [NN_RELU] = &nn_kind_relu,
        [NN_BATCH_NORM] = &nn_kind_batch_norm,
        [NN_DROPOUT] = &nn_kind_dropout};
    return kind < sizeof kinds / sizeof *kinds ? kinds[kind] : NULL;
}
