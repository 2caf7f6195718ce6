/* inside.h: what the files of the network engine share and nobody else sees. */
#ifndef SOLVERS_NN_INSIDE_H
#define SOLVERS_NN_INSIDE_H

#include "solvers/nn/conv.h"
#include "solvers/nn/nn.h"
#include "spred/pool.h"
#include "spred/rng.h"

#define NN_NONE ((size_t)-1)
#define NN_NORM_EPSILON 1e-5 /* added to variances by batch norm */

/* Gates: D - 1 tensors with one scalar a group, or STG's mu. */
struct nn_gates {
    struct nn_sparse sparse;
    size_t groups;
    size_t tensor, count; /* tensors[tensor .. tensor + count - 1] */
    int inputs;           /* a group is an input: only nn_live are in use */
    real *scale;          /* groups: what multiplies the group's weights */
    real *slope;          /* groups: gradient of the loss in scale */
    real *noise;          /* STG: groups standard normals */
};

/* A layer with its memory. Which of it is there depends on the kind. */
struct nn_unit {
    const struct nn_layer *layer;
    const struct nn_kind *kind;
    size_t branch, index, in, out; /* values of one sample */
    /* Picture of its input and output; without one 1 x 1 x in (or out). */
    struct spred_picture from, to;
    size_t rows, cols;      /* LINEAR, CONV: of the weight matrix */
    size_t tensor, factors; /* LINEAR: matrices, ELEMENT D of them, else 1;
                               BATCH_NORM: scale, and bias */
    size_t bias;            /* NN_NONE: there is none */
    size_t limit;           /* STR: s; NN_NONE: it is not that */
    struct nn_gates own;    /* SPRED groups or STG */
    struct nn_gates *gates; /* own, the shared ones, or NULL */
    real *product;          /* LINEAR, not first, factored: out x in */
    real *output, *delta;   /* out x most: activations; the loss's gradient */
    int in_place;           /* they are those of the unit before */
    int relu;               /* CONV: the unit after it is a RELU in place, which
                               is done here */
    int masked;             /* RELU in place: MAX_POOL after it does backward */
    void *state;            /* CONV: of nn->conv */
    real *kept;             /* out x most: what backward needs from forward */
    real *running;          /* n_running statistics that nn_save keeps */
    size_t n_running;
    real *spread; /* BATCH_NORM: rows x 4: 1/standard deviation and mean of the
                     batch, room for two sums */
};

/* A kind of layer is one file that defines one of these. */
enum nn_key {
    NN_KEY_OUT = 1 << 0,
    NN_KEY_BIAS = 1 << 1,
    NN_KEY_RATE = 1 << 2,
    NN_KEY_SPARSE = 1 << 3,
    NN_KEY_KERNEL = 1 << 4,
    NN_KEY_STRIDE = 1 << 5,
    NN_KEY_SIZE = 1 << 6,
    NN_KEY_BACK = 1 << 7
};
struct nn_kind {
    const char *name; /* in nn_parse */
    unsigned keys;    /* enum nn_key bits */
    int joint; /* its samples are not independent: nobody shares its work */
    /* Tensors and memory; out is set. */
    enum spred_status (*make)(struct spred_env *env, struct nn *nn,
                              struct nn_unit *u);
    void (*start)(struct nn *nn, struct nn_unit *u, struct spred_rng *rng);
    /* in: unit's in x n. Not called for first layers (first.c), but with a
     * picture. Then weights are open (nn_opened), and what is left to do after
     * backward is nn_weights_gradient; several threads call both for samples of
     * their own (pictures.c). */
    void (*forward)(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                    int training);
    /* From u->delta: gradients, and before (in x n): the delta of in; NULL:
     * nobody asks. */
    void (*backward)(struct nn *nn, struct nn_unit *u, const real *in, size_t n,
                     real *before);
};
extern const struct nn_kind nn_kind_linear, nn_kind_relu, nn_kind_batch_norm,
    nn_kind_dropout, nn_kind_conv, nn_kind_max_pool, nn_kind_avg_pool,
    nn_kind_global_pool, nn_kind_add;
/* By enum nn_layer_kind; NULL past the last. */
const struct nn_kind *nn_kind_of(size_t kind);

struct nn {
    struct spred_env *env;
    struct nn_shape shape;
    size_t most, live;
    size_t *order, *place; /* place[order[k]] = k */
    struct nn_tensor *tensors;
    size_t n_tensors;
    struct nn_gates shared;
    struct nn_unit units[NN_MAX_BRANCHES][NN_MAX_LAYERS];
    struct spred_rng *noise;
    int frozen;   /* tests: the noise of the last step is used again */
    size_t tile;  /* columns of one tile of the first layers */
    real *tile_x; /* most x tile */
    real *tile_w; /* largest first layer x tile; NULL: no need */
    real *sum;    /* shape.sum: outputs x most */
    /* With a picture: */
    const struct nn_conv_engine *conv;
    enum spred_status failed; /* of a convolution; its text is in env */
    struct nn_team *team;     /* the threads that share samples; NULL: none */
    const real *input;        /* x of this call */
    real *samples;            /* inputs x most; made on demand */
    size_t probe_side;        /* most rows of the matrix of nn_input_gradient */
    double *probe;            /* its memory, in double */
    real *weights;            /* of nn_weights; made on demand */
};

/* shape.c. What the first layer sees, and what is left of it after layer l
 * (SPRED_EINVAL: it does not fit, and why); without a picture 1 x 1 x units. */
struct spred_picture nn_before(const struct nn_shape *shape);
enum spred_status nn_after(struct spred_env *env, const struct nn_shape *shape,
                           size_t branch, size_t l,
                           struct spred_picture *picture);
/* Of ADD: every how manieth pixel of `from` is added to `to`; 0: cannot be. */
size_t nn_add_stride(const struct spred_picture *from,
                     const struct spred_picture *to);

/* tensors.c. cols = 1 and rows = 1 are fine. */
enum spred_status nn_tensor_add(struct spred_env *env, struct nn *nn,
                                enum nn_role role, size_t branch, size_t layer,
                                size_t rows, size_t cols, size_t *index);
/* rows x cols reals, zeroed, size checked; NULL: error is set. */
real *nn_reals(struct spred_env *env, size_t rows, size_t cols);
/* Columns of the tensor that are in use. */
size_t nn_columns(const struct nn *nn, const struct nn_tensor *t);

/* start.c */
void nn_start_linear(struct nn *nn, struct nn_unit *u, struct spred_rng *rng);
void nn_start_gates(struct nn *nn, struct nn_gates *gates, size_t entries,
                    size_t fan_in, struct spred_rng *rng);

/* gates.c */
size_t nn_factors(const struct nn_sparse *sparse); /* D */
double nn_sigma(const struct nn_sparse *sparse);
enum spred_status nn_gates_make(struct spred_env *env, struct nn *nn,
                                struct nn_gates *gates,
                                const struct nn_sparse *sparse, size_t branch,
                                size_t layer, size_t rows, size_t cols,
                                int inputs);
void nn_gates_free(struct spred_env *env, struct nn_gates *gates);
/* scale from the tensors; training: with noise; slope = 0. */
void nn_gates_open(struct nn *nn, struct nn_gates *gates, int training);
double nn_gate(const struct nn *nn, const struct nn_gates *gates, size_t group);
/* Gradients of the gates' tensors from slope. */
void nn_gates_gradient(struct nn *nn, struct nn_gates *gates);
/* Group of column j, of gates whose groups are columns. */
size_t nn_group_of(const struct nn *nn, const struct nn_unit *u, size_t j);

/* Whether samples are contiguous (nn_shape.picture). */
static inline int nn_has_picture(const struct nn *nn)
{
    return nn->shape.picture.height > 0;
}

/* product.c: columns first .. first + count - 1 of a LINEAR or CONV layer. */
/* Whether the weights are the matrix, but for a scale of each column. */
int nn_is_matrix(const struct nn_unit *u);
int nn_scales_columns(const struct nn_unit *u);
/* w (out x count): the products with every gate. */
void nn_product(const struct nn *nn, const struct nn_unit *u, size_t first,
                size_t count, real *w);
/* The gradient in the products lies in the first matrix's gradient: turns it
 * into those of the factors, adds to the gates' slopes. */
void nn_product_gradient(struct nn *nn, struct nn_unit *u, size_t first,
                         size_t count);

/* str.c: a layer whose limit is not NN_NONE. */
enum spred_status nn_str_make(struct spred_env *env, struct nn *nn,
                              struct nn_unit *u);
void nn_str_start(struct nn *nn, const struct nn_unit *u);
double nn_str_threshold(const struct nn *nn, const struct nn_unit *u);
/* w holds v: count of them become weights. */
void nn_str_product(const struct nn *nn, const struct nn_unit *u, size_t count,
                    real *w);
/* The matrix's gradient holds that in w: becomes that in v, and that in s is
 * added to, from the first value on. */
void nn_str_gradient(struct nn *nn, const struct nn_unit *u, size_t from,
                     size_t count);

/* What u's weights are since they were opened; the value of a tensor or NULL.
 */
static inline const real *nn_opened(const struct nn *nn,
                                    const struct nn_unit *u)
{
    return u->product ? u->product : nn->tensors[u->tensor].value;
}
static inline const real *nn_value(const struct nn *nn, size_t tensor)
{
    return tensor == NN_NONE ? NULL : nn->tensors[tensor].value;
}

/* pictures.c: forward and backward of networks of pictures, the samples shared
 * among as many threads as OpenBLAS has. SPRED_*: of a convolution. */
enum spred_status nn_pictures_forward(struct nn *nn, const real *x, size_t n,
                                      int training);
enum spred_status nn_pictures_backward(struct nn *nn, const real *x, size_t n);
void nn_team_free(struct nn *nn);

/* conv.c: what nn->conv keeps for one thread. */
enum spred_status nn_conv_open(struct spred_env *env, const struct nn *nn,
                               struct nn_unit *u);
/* add.c: u->delta as far as the input that was added had a part in it. */
void nn_add_return(const struct nn_unit *u, size_t n, real *before);

/* first.c: the first layers of all branches, in tiles of columns. order: where
 * column k lies in x, or NULL: at k. stride: samples between columns of x. */
void nn_first_forward(struct nn *nn, const real *x, size_t n);
void nn_first_predict(struct nn *nn, const float *x, size_t stride, size_t n);
void nn_first_backward(struct nn *nn, const real *x, size_t n);

/* linear.c. Tensors, gates and memory of u->rows x u->cols weights and their
 * bias; the products, as they are until the next step; from the gradient in the
 * products (in the first matrix's) to all others. */
enum spred_status nn_weights_make(struct spred_env *env, struct nn *nn,
                                  struct nn_unit *u);
const real *nn_weights_open(struct nn *nn, struct nn_unit *u, int training);
void nn_weights_gradient(struct nn *nn, struct nn_unit *u);
void nn_bias_gradient(struct nn *nn, const struct nn_unit *u, size_t n);
void nn_bias_fill(const struct nn *nn, const struct nn_unit *u, size_t n);

/* loss.c: mean loss of z (outputs x n); delta = weight times its gradient. */
double nn_loss(const struct nn *nn, const real *z, size_t n,
               const int32_t *codes, const double *values, double weight,
               real *delta);

/* inputs.c: memory of nn_input_gradient. */
enum spred_status nn_probe_make(struct spred_env *env, struct nn *nn);

/* penalty.c: |w_j|^2 over a column of one first layer's products. */
double nn_column_squares(const struct nn *nn, const struct nn_unit *u,
                         size_t j);

static inline struct nn_unit *nn_last(struct nn *nn, size_t branch)
{
    return &nn->units[branch][nn->shape.branches[branch].n - 1];
}

/* c = a b + keep c, sizes m x n over k. */
static inline void nn_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, size_t m,
                           size_t n, size_t k, const real *a, size_t lda,
                           const real *b, size_t ldb, real keep, real *c)
{
    real_gemm(CblasColMajor, ta, tb, (int)m, (int)n, (int)k, 1, a, (int)lda, b,
              (int)ldb, keep, c, (int)m);
}

#endif
