/* nn.h: a small feed-forward network over OpenBLAS: gates on the inputs,
 * branches of layers, one loss. All matrices are column-major. Activations are
 * units x samples; X is samples x inputs, as in spred_rows, so that an input
 * (a gene) is one contiguous column of X and of every first weight matrix, and
 * a dead one is swapped out of the computation (nn_swap_inputs).
 *
 * With a picture (nn_shape.picture) samples are contiguous instead: X is inputs
 * x samples, and the activations of a layer are channels x (pixels * samples),
 * channels fastest, row by row: a linear layer sees channels * pixels units. */
#ifndef SOLVERS_NN_NN_H
#define SOLVERS_NN_NN_H

#include <stdint.h>
#include "solvers/nn/real.h"
#include "spred/env.h"
#include "spred/model.h"

enum nn_layer_kind {
    NN_LINEAR,
    NN_RELU,
    NN_BATCH_NORM, /* per unit; of pictures per channel */
    NN_DROPOUT,
    /* Only with a picture. Sizes after CONV and pools are rounded down:
     * (height + 2 pad - kernel) / stride + 1. */
    NN_CONV, /* weights out x (kernel * kernel * channels), column
                (ky * kernel + kx) * channels + c */
    NN_MAX_POOL,
    NN_AVG_POOL,
    NN_GLOBAL_POOL, /* mean over all pixels */
    NN_ADD /* adds the INPUT of the layer `back` places before it; where that
              has fewer channels they are padded with zeros, where it has more
              pixels every second (third ...) is taken (He et al. 2016, option
              A) */
};

/* How a weight matrix W (out x in) is made sparse. The penalty is
 * lambda * sum over groups |w_g|_2 (element: |w|_1) unless said otherwise. */
enum nn_sparse_kind {
    NN_DENSE,       /* not at all */
    NN_SPRED,       /* product of D factors, (lambda/D) sum_d |f_d|^2 (PAPER.md
                       section 1). ELEMENT: all D of W's shape. Groups: D - 1
                       gates, one scalar a group, times a matrix of W's shape
                       (D-gating). D > 2: lambda |w_g|^(2/D) */
    NN_SUBGRADIENT, /* lambda sign(w), or lambda w_g/|w_g|, in the gradient */
    NN_PROXIMAL, /* soft threshold of lr * lambda / (1 - momentum) after every
                    step: rests where |gradient| = lambda */
    NN_STG,      /* INPUT only: gate clamp(mu + .5 + sigma eps, 0, 1), one eps
                   per input and step; penalty lambda sum Phi((mu+.5)/sigma)
                   (Yamada et al. 2020); evaluation without noise */
    NN_STR /* ELEMENT only: w = sign(v) max(|v| - sigmoid(s), 0), one s a layer,
              v and s decay by lambda (Kusupati et al. 2020) */
};
enum nn_group {
    NN_ELEMENT,
    NN_INPUT,  /* a column of W: one input feature; CONV: all columns of one
                  input channel */
    NN_OUTPUT, /* a row: one neuron, one filter */
    NN_BLOCK   /* `block` consecutive columns; of a first layer: of inputs in
                  the data's own order, wherever nn_swap_inputs puts them */
};
enum { NN_MAX_FACTORS = 8 };
struct nn_sparse {
    enum nn_sparse_kind kind;
    enum nn_group group;
    size_t block;   /* BLOCK: columns per group */
    size_t factors; /* SPRED: 2 <= D <= NN_MAX_FACTORS (0 means 2) */
    double lambda;
    double sigma; /* STG: 0 means .5; STR: sigmoid(s) at first, 0 means .001 */
    size_t every; /* set by the engine on its tensors, else 0: INPUT groups are
                     the columns j, j + every, ... (CONV: its channels); 0: one
                     column each */
};

struct nn_layer {
    enum nn_layer_kind kind;
    size_t out;  /* LINEAR: 0 = the network's outputs; CONV: filters */
    int no_bias; /* LINEAR, CONV */
    double rate; /* DROPOUT: share of zeros in training, inverted scaling */
    struct nn_sparse sparse; /* LINEAR, CONV */
    size_t kernel, pad;      /* CONV: kernel x kernel; zeros on every side */
    size_t size;             /* pools: size x size */
    size_t stride;           /* CONV, pools; 0: 1 of CONV, the size of pools */
    size_t back;             /* ADD: 1 <= back <= its place (0-based) */
};

enum { NN_MAX_LAYERS = 96, NN_MAX_BRANCHES = 2 };

struct nn_branch {
    size_t n;
    /* the last is LINEAR, without a picture the first, too; out = 0 only for
       the last */
    struct nn_layer layers[NN_MAX_LAYERS];
};

enum nn_start {
    NN_START_FAN_IN, /* uniform +-1/sqrt(fan_in), PyTorch's linear layer */
    NN_START_KAIMING /* N(0, 2/fan_in) */
};

struct nn_shape {
    size_t inputs, outputs;
    /* Height 0: there is none. Else inputs = height * width * channels, there
     * is one branch, no gate, and x is sample-major (see above). */
    struct spred_picture picture;
    int classes; /* 1: softmax cross-entropy; 0: half mean squared error */
    size_t n_branches;
    struct nn_branch branches[NN_MAX_BRANCHES];
    int sum; /* 0: the loss is the mean of the branches' losses and the last one
                predicts (f_l + f_n); 1: one loss on the sum of their outputs
                (LassoNet: skip + network) */
    /* Gates on the inputs that the first layers of all branches share: DENSE
     * none; SPRED: each gate times its columns of all first layers is one
     * group; STG. The first layers themselves are then DENSE. A gate start of 0
     * means: uniform +-1/sqrt(inputs) as the layers (D > 2: see start.c). */
    struct nn_sparse gate;
    double gate_start; /* every gate's first value; STG: of mu (their .5 apart)
                        */
    enum nn_start start;
};

/* The same check without making anything. SPRED_EINVAL: the layer and why. */
enum spred_status nn_shape_check(struct spred_env *env,
                                 const struct nn_shape *shape);

/* Reads layers as one word: "linear(out=1024,bias=false,sparse=spred,
 * group=input,lambda=0.03)|relu|linear" (no blanks), what the YAML list
 * [{linear: {out: 1024, ...}}, relu, linear] becomes. SPRED_EINVAL: what was
 * expected, the nearest name. */
enum spred_status nn_parse(struct spred_env *env, const char *text,
                           struct nn_branch *out);

/* Whether a layer of the branch is one that only pictures have. */
int nn_needs_picture(const struct nn_branch *branch);

/* With a picture there are no GATE and FIRST: nothing is swapped. */
enum nn_role { NN_GATE, NN_FIRST, NN_WEIGHT, NN_BIAS, NN_NORM };

/* One array of parameters; of SPRED products each factor is one. What belongs
 * to the trainer is zero after nn_new. */
struct nn_tensor {
    enum nn_role role;    /* GATE and FIRST: of the inputs (columns follow
                             nn_swap_inputs and only nn_live are in use) */
    size_t branch, layer; /* GATE of nn_shape.gate: branch 0, layer 0 */
    size_t rows, cols;    /* cols: of FIRST and GATE all inputs, not the live */
    real *value, *gradient; /* rows x cols; gradient: of the loss alone */
    double decay;           /* coefficient c of (c/2)|value|^2 that its sparsity
                               asks for: SPRED 2 lambda/D; else 0 */
    struct nn_sparse sparse; /* SUBGRADIENT and PROXIMAL: for the trainer; STG:
                                on mu, whose penalty has slope nn_stg_slope */
    double squares; /* |gradient|^2 over what is in use, after nn_gradient */
    real *moment1, *moment2; /* the trainer's: momentum, or Adam's two; owned */
};

struct nn;

/* d/dmu of STG's penalty: lambda/sigma phi((mu + .5)/sigma). */
double nn_stg_slope(const struct nn_sparse *sparse, double mu);

/* most: the largest number of samples of any call. Everything random (starts,
 * dropout, STG's noise) from seed. SPRED_EINVAL: a shape that makes no sense.
 */
enum spred_status nn_new(struct spred_env *env, const struct nn_shape *shape,
                         size_t most, uint64_t seed, struct nn **out);
void nn_free(struct nn *nn); /* NULL is fine */

const struct nn_shape *nn_shape_of(const struct nn *nn);
struct nn_tensor *nn_tensors(struct nn *nn, size_t *count);

/* Inputs in use: columns 0..live-1, at first all. Column k is the input
 * nn_order()[k]. */
size_t nn_live(const struct nn *nn);
void nn_set_live(struct nn *nn, size_t live);
const size_t *nn_order(const struct nn *nn); /* inputs values */
/* Exchanges two columns in every tensor of the inputs, with what the trainer
 * keeps there, and in the order. Not with a picture. */
void nn_swap_inputs(struct nn *nn, size_t j, size_t k);

/* Training mode. x: n x nn_live, columns in the network's order; with a picture
 * inputs x n, a sample's cells contiguous. codes (n,
 * each 0..outputs-1) or values (n x outputs, column-major). Fills every live
 * gradient and returns the mean loss without penalties (NaN: a convolution
 * failed, text in env). */
double nn_gradient(struct nn *nn, const real *x, size_t n, const int32_t *codes,
                   const double *values);
/* After nn_gradient, for the same samples: |g_j|_2 for inputs whose columns of
 * X are given (n x count, any inputs, live or not), g_j = gradient of the loss
 * in the products of input j over all first layers: what lambda is compared
 * with. Not with a picture. */
void nn_input_gradient(struct nn *nn, const real *x, size_t n, size_t count,
                       double *out);
/* |w_j|_2 of those products for column j, live or not; STG: the open gate. With
 * a picture of a first layer CONV: of its channel's columns; of a first layer
 * without weights: 1. */
double nn_input_size(const struct nn *nn, size_t j);
/* Penalty that the sparsity stands for: on the products, or (factors = 1) as
 * the decays on the factors, which is never less. Equal at a balanced point.
 * Inputs that are not live do not count. */
double nn_penalty(const struct nn *nn, int factors);

/* Evaluation mode: scores (logits or values) n x outputs, column-major. x: n x
 * inputs in the data's own order (also with a picture). Any n. Inputs that are
 * not live take no part. */
enum spred_status nn_predict(struct spred_env *env, struct nn *nn,
                             const float *x, size_t n, double *scores);
/* The same, with a picture, of x inputs x n: a sample's cells contiguous. */
enum spred_status nn_predict_samples(struct spred_env *env, struct nn *nn,
                                     const float *x, size_t n, double *scores);
/* Per input in the data's own order: size of its column, 0 where it is at most
 * `zero` times the largest (or not live). */
void nn_importance(const struct nn *nn, double zero, double *out);

/* Effective weights (products) of a LINEAR or CONV layer, rows x cols (those of
 * its tensors) with cols in the network's order; borrowed until the next
 * nn_gradient, nn_predict or nn_weights. NULL: out of memory. */
const real *nn_weights(struct nn *nn, size_t branch, size_t layer);

/* All parameters, order, live inputs and running statistics; owned, spred_free.
 * NULL: out of memory. The trainer's moments are neither saved nor loaded. */
real *nn_save(struct spred_env *env, const struct nn *nn);
/* The same into what nn_save of this network gave: no new memory. */
void nn_save_again(const struct nn *nn, real *saved);
void nn_load(struct nn *nn, const real *saved);
/* How many reals nn_save writes. */
size_t nn_save_size(const struct nn *nn);

/* From here on noise (dropout, STG) is drawn from this seed. SPRED_ENOMEM. */
enum spred_status nn_noise(struct nn *nn, uint64_t seed);

#endif
