/* conv.h: who computes convolutions: oneDNN, or im2col and BLAS. Pictures are
 * NHWC (channels fastest), weights filters x (kernel * kernel * channels),
 * column-major: HWIO. Nothing here has threads of its own: every thread has a
 * state, of its own samples. */
#ifndef SOLVERS_NN_CONV_H
#define SOLVERS_NN_CONV_H

#include "solvers/nn/real.h"
#include "spred/env.h"
#include "spred/model.h"

struct nn_conv {
    struct spred_picture from, to;
    size_t kernel, stride, pad;
};

struct nn_conv_engine {
    const char *name;
    enum spred_status (*begin)(struct spred_env *env,
                               const struct nn_conv *conv, void **state);
    void (*end)(struct spred_env *env, void *state); /* NULL is fine */
    /* out = w * in + bias (NULL: none), of n samples; relu: its positive part.
     * SPRED_ENOMEM, SPRED_EINTERNAL: text in env. */
    enum spred_status (*forward)(struct spred_env *env, void *state, size_t n,
                                 const real *in, const real *w,
                                 const real *bias, int relu, real *out);
    /* Gradients in w and bias (NULL: none). */
    enum spred_status (*weights)(struct spred_env *env, void *state, size_t n,
                                 const real *in, const real *delta, real *by_w,
                                 real *by_bias);
    /* before = the gradient in `in`. */
    enum spred_status (*data)(struct spred_env *env, void *state, size_t n,
                              const real *delta, const real *w, real *before);
};

extern const struct nn_conv_engine nn_conv_im2col;
/* oneDNN if it was there when this was built (and in single precision), else
 * nn_conv_im2col. */
const struct nn_conv_engine *nn_conv_best(void);

#endif
