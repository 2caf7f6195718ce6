/* kinds.c: the kinds of layers by their number; a new one is one file and one
 * line here. */
#include "solvers/nn/inside.h"

const struct nn_kind *nn_kind_of(size_t kind)
{
    static const struct nn_kind *const kinds[] = {
        [NN_LINEAR] = &nn_kind_linear,
        [NN_RELU] = &nn_kind_relu,
        [NN_BATCH_NORM] = &nn_kind_batch_norm,
        [NN_DROPOUT] = &nn_kind_dropout,
        [NN_CONV] = &nn_kind_conv,
        [NN_MAX_POOL] = &nn_kind_max_pool,
        [NN_AVG_POOL] = &nn_kind_avg_pool,
        [NN_GLOBAL_POOL] = &nn_kind_global_pool,
        [NN_ADD] = &nn_kind_add};
    return kind < sizeof kinds / sizeof *kinds ? kinds[kind] : NULL;
}
