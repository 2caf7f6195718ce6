/* conv_pick.c: which of the two computes convolutions. */
#include "solvers/nn/conv.h"

#if defined SPRED_ONEDNN && !defined SPRED_NN_DOUBLE
extern const struct nn_conv_engine nn_conv_onednn;

const struct nn_conv_engine *nn_conv_best(void)
{
    return &nn_conv_onednn;
}
#else
const struct nn_conv_engine *nn_conv_best(void)
{
    return &nn_conv_im2col;
}
#endif
