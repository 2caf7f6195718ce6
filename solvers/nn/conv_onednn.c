/* conv_onednn.c: convolutions by oneDNN: NHWC pictures as they are, weights in
 * the format that it likes best, to and from which they are reordered (they are
 * small). What it plans depends on the number of samples: plans of the last two
 * numbers are kept. It is called with one thread, by threads that each have a
 * state: memory for scratch is the state's own. */
#include "solvers/nn/conv.h"

#include <oneapi/dnnl/dnnl.h>
#include <string.h>

#include "solvers/nn/inside.h"

extern void omp_set_num_threads(int threads);

enum { PLANS = 2 };
enum { FORWARD, FORWARD_RELU, WEIGHTS, DATA, KINDS };

/* One primitive with what it needs besides pictures and the bias. */
struct step {
    dnnl_primitive_t run;
    dnnl_primitive_t reorder; /* of weights, before or (WEIGHTS) after it */
    dnnl_memory_t in, out;    /* pictures: source and destination */
    dnnl_memory_t plain, best, bias, scratch;
    dnnl_memory_t reorder_scratch;
};

struct plan {
    size_t n; /* 0: none */
    struct step steps[KINDS];
};

struct state {
    struct nn_conv conv;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    struct plan plans[PLANS];
    size_t next; /* to be replaced */
    dnnl_memory_desc_t plain, bias;
};

static enum spred_status fail(struct spred_env *env, const char *what,
                              dnnl_status_t status)
{
    if (status == dnnl_out_of_memory)
        return spred_fail(env, SPRED_ENOMEM, "out of memory: a convolution");
    return spred_fail(env, SPRED_ENUMERIC, "oneDNN: %s: error %d", what,
                      (int)status);
}

#define DNN(env, call)                                                         \
    do {                                                                       \
        dnnl_status_t status_ = (call);                                        \
        if (status_ != dnnl_success)                                           \
            return fail(env, #call, status_);                                  \
    } while (0)

static void close_step(struct step *s)
{
    dnnl_memory_t all[] = {s->in,   s->out,     s->plain,          s->best,
                           s->bias, s->scratch, s->reorder_scratch};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        if (all[k])
            dnnl_memory_destroy(all[k]);
    if (s->run)
        dnnl_primitive_destroy(s->run);
    if (s->reorder)
        dnnl_primitive_destroy(s->reorder);
    memset(s, 0, sizeof *s);
}

static void close_state(struct spred_env *env, void *memory)
{
    struct state *s = memory;
    if (!s)
        return;
    for (size_t p = 0; p < PLANS; p++)
        for (size_t k = 0; k < KINDS; k++)
            close_step(&s->plans[p].steps[k]);
    if (s->stream)
        dnnl_stream_destroy(s->stream);
    if (s->engine)
        dnnl_engine_destroy(s->engine);
    spred_free(env, s);
}

static enum spred_status open_inside(struct spred_env *env, struct state *s)
{
    dnnl_dim_t k = (dnnl_dim_t)s->conv.kernel;
    dnnl_dims_t weights = {(dnnl_dim_t)s->conv.to.channels,
                           (dnnl_dim_t)s->conv.from.channels, k, k};
    DNN(env, dnnl_engine_create(&s->engine, dnnl_cpu, 0));
    DNN(env,
        dnnl_stream_create(&s->stream, s->engine, dnnl_stream_default_flags));
    DNN(env, dnnl_memory_desc_init_by_tag(&s->plain, 4, weights, dnnl_f32,
                                          dnnl_hwio));
    DNN(env,
        dnnl_memory_desc_init_by_tag(&s->bias, 1, weights, dnnl_f32, dnnl_a));
    return SPRED_OK;
}

static enum spred_status open_state(struct spred_env *env,
                                    const struct nn_conv *conv, void **memory)
{
    struct state *s = spred_alloc(env, 1, sizeof *s);
    *memory = s;
    if (!s)
        return SPRED_ENOMEM;
    s->conv = *conv;
    enum spred_status status = open_inside(env, s);
    if (status != SPRED_OK) {
        close_state(env, s);
        *memory = NULL;
    }
    return status;
}

/* ---- plans ---- */

/* The descriptor of the convolution of n samples, weights in any format. */
static enum spred_status describe(struct spred_env *env, const struct state *s,
                                  int kind, size_t n,
                                  dnnl_convolution_desc_t *out)
{
    const struct nn_conv *c = &s->conv;
    dnnl_dims_t from = {(dnnl_dim_t)n, (dnnl_dim_t)c->from.channels,
                        (dnnl_dim_t)c->from.height, (dnnl_dim_t)c->from.width};
    dnnl_dims_t to = {(dnnl_dim_t)n, (dnnl_dim_t)c->to.channels,
                      (dnnl_dim_t)c->to.height, (dnnl_dim_t)c->to.width};
    dnnl_dim_t stride = (dnnl_dim_t)c->stride, pad = (dnnl_dim_t)c->pad;
    dnnl_dim_t k = (dnnl_dim_t)c->kernel;
    dnnl_dims_t strides = {stride, stride}, left = {pad, pad};
    /* What the strides do not reach is not padding. */
    dnnl_dims_t right = {(to[2] - 1) * stride + k - from[2] - pad,
                         (to[3] - 1) * stride + k - from[3] - pad};
    dnnl_memory_desc_t src, dst, any;
    DNN(env, dnnl_memory_desc_init_by_tag(&src, 4, from, dnnl_f32, dnnl_nhwc));
    DNN(env, dnnl_memory_desc_init_by_tag(&dst, 4, to, dnnl_f32, dnnl_nhwc));
    DNN(env, dnnl_memory_desc_init_by_tag(&any, 4, s->plain.dims, dnnl_f32,
                                          dnnl_format_tag_any));
    if (kind == WEIGHTS)
        DNN(env, dnnl_convolution_backward_weights_desc_init(
                     out, dnnl_convolution_direct, &src, &any, &s->bias, &dst,
                     strides, left, right));
    else if (kind == DATA)
        DNN(env, dnnl_convolution_backward_data_desc_init(
                     out, dnnl_convolution_direct, &src, &any, &dst, strides,
                     left, right));
    else
        DNN(env, dnnl_convolution_forward_desc_init(
                     out, dnnl_forward_training, dnnl_convolution_direct, &src,
                     &any, &s->bias, &dst, strides, left, right));
    return SPRED_OK;
}

static enum spred_status attributes(struct spred_env *env, int relu,
                                    dnnl_primitive_attr_t attr)
{
    dnnl_post_ops_t ops;
    DNN(env, dnnl_primitive_attr_set_scratchpad_mode(
                 attr, dnnl_scratchpad_mode_user));
    if (!relu)
        return SPRED_OK;
    DNN(env, dnnl_post_ops_create(&ops));
    dnnl_status_t status =
        dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(attr, ops);
    dnnl_post_ops_destroy(ops);
    return status == dnnl_success ? SPRED_OK : fail(env, "relu", status);
}

/* A memory of the primitive's own (own: with room) for one of its arguments. */
static enum spred_status take(struct spred_env *env, const struct state *s,
                              const_dnnl_primitive_desc_t pd, dnnl_query_t what,
                              int own, dnnl_memory_t *out)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, what, 0);
    if (!md)
        return fail(env, "query", dnnl_unimplemented);
    DNN(env, dnnl_memory_create(out, md, s->engine,
                                own ? DNNL_MEMORY_ALLOCATE : DNNL_MEMORY_NONE));
    return SPRED_OK;
}

static enum spred_status plan_reorder(struct spred_env *env,
                                      const struct state *s, int back,
                                      const dnnl_memory_desc_t *best,
                                      dnnl_primitive_attr_t attr,
                                      struct step *step)
{
    dnnl_primitive_desc_t pd;
    if (dnnl_memory_desc_equal(best, &s->plain))
        return SPRED_OK;
    DNN(env, dnnl_reorder_primitive_desc_create(
                 &pd, back ? best : &s->plain, s->engine,
                 back ? &s->plain : best, s->engine, attr));
    dnnl_status_t status = dnnl_primitive_create(&step->reorder, pd);
    enum spred_status taken =
        take(env, s, pd, dnnl_query_scratchpad_md, 1, &step->reorder_scratch);
    dnnl_primitive_desc_destroy(pd);
    DNN(env, status);
    return taken;
}

static enum spred_status plan_inside(struct spred_env *env, struct state *s,
                                     int kind, dnnl_primitive_desc_t pd,
                                     struct step *step)
{
    static const dnnl_query_t in[] = {dnnl_query_src_md, dnnl_query_src_md,
                                      dnnl_query_src_md,
                                      dnnl_query_diff_src_md};
    static const dnnl_query_t out[] = {dnnl_query_dst_md, dnnl_query_dst_md,
                                       dnnl_query_diff_dst_md,
                                       dnnl_query_diff_dst_md};
    dnnl_query_t weights =
        kind == WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
    dnnl_primitive_attr_t attr;
    const dnnl_memory_desc_t *best =
        dnnl_primitive_desc_query_md(pd, weights, 0);
    SPRED_TRY(take(env, s, pd, in[kind], 0, &step->in));
    SPRED_TRY(take(env, s, pd, out[kind], 0, &step->out));
    SPRED_TRY(take(env, s, pd, dnnl_query_scratchpad_md, 1, &step->scratch));
    DNN(env, dnnl_memory_create(&step->bias, &s->bias, s->engine,
                                DNNL_MEMORY_ALLOCATE));
    DNN(env, dnnl_memory_create(&step->plain, &s->plain, s->engine,
                                DNNL_MEMORY_NONE));
    DNN(env, dnnl_primitive_attr_create(&attr));
    enum spred_status status = attributes(env, 0, attr);
    if (status == SPRED_OK)
        status = plan_reorder(env, s, kind == WEIGHTS, best, attr, step);
    dnnl_primitive_attr_destroy(attr);
    SPRED_TRY(status);
    if (step->reorder)
        SPRED_TRY(take(env, s, pd, weights, 1, &step->best));
    DNN(env, dnnl_primitive_create(&step->run, pd));
    return SPRED_OK;
}

static enum spred_status plan_step(struct spred_env *env, struct state *s,
                                   int kind, size_t n, struct step *step)
{
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t pd, hint = NULL;
    dnnl_primitive_attr_t attr;
    dnnl_status_t created = dnnl_success;
    if (kind == WEIGHTS || kind == DATA) {
        SPRED_TRY(describe(env, s, FORWARD, n, &desc));
        DNN(env,
            dnnl_primitive_desc_create(&hint, &desc, NULL, s->engine, NULL));
    }
    enum spred_status status = describe(env, s, kind, n, &desc);
    if (status == SPRED_OK) {
        created = dnnl_primitive_attr_create(&attr);
        if (created == dnnl_success) {
            status = attributes(env, kind == FORWARD_RELU, attr);
            created =
                dnnl_primitive_desc_create(&pd, &desc, attr, s->engine, hint);
            dnnl_primitive_attr_destroy(attr);
        }
    }
    if (hint)
        dnnl_primitive_desc_destroy(hint);
    DNN(env, created);
    if (status == SPRED_OK)
        status = plan_inside(env, s, kind, pd, step);
    dnnl_primitive_desc_destroy(pd);
    return status;
}

/* The step for n samples, planned if need be. */
static enum spred_status step_for(struct spred_env *env, struct state *s,
                                  int kind, size_t n, struct step **out)
{
    struct plan *plan = NULL;
    omp_set_num_threads(1);
    for (size_t p = 0; p < PLANS; p++)
        if (s->plans[p].n == n)
            plan = &s->plans[p];
    if (!plan) {
        plan = &s->plans[s->next];
        s->next = (s->next + 1) % PLANS;
        for (size_t k = 0; k < KINDS; k++)
            close_step(&plan->steps[k]);
        plan->n = n;
    }
    *out = &plan->steps[kind];
    if (!(*out)->run) {
        enum spred_status status = plan_step(env, s, kind, n, *out);
        if (status != SPRED_OK)
            close_step(*out);
        return status;
    }
    return SPRED_OK;
}

/* ---- calls ---- */

static enum spred_status reorder(struct spred_env *env, const struct state *s,
                                 const struct step *step, int back)
{
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_FROM, back ? step->best : step->plain},
        {DNNL_ARG_TO, back ? step->plain : step->best},
        {DNNL_ARG_SCRATCHPAD, step->reorder_scratch},
    };
    DNN(env, dnnl_primitive_execute(step->reorder, s->stream, 3, args));
    return SPRED_OK;
}

static enum spred_status point(struct spred_env *env, dnnl_memory_t memory,
                               const void *at)
{
    DNN(env, dnnl_memory_set_data_handle(memory, (void *)at));
    return SPRED_OK;
}

static enum spred_status forward(struct spred_env *env, void *memory, size_t n,
                                 const real *in, const real *w,
                                 const real *bias, int relu, real *out)
{
    struct state *s = memory;
    struct step *step;
    void *own;
    SPRED_TRY(step_for(env, s, relu ? FORWARD_RELU : FORWARD, n, &step));
    SPRED_TRY(point(env, step->in, in));
    SPRED_TRY(point(env, step->out, out));
    SPRED_TRY(point(env, step->plain, w));
    DNN(env, dnnl_memory_get_data_handle(step->bias, &own));
    for (size_t f = 0; f < s->conv.to.channels; f++)
        ((real *)own)[f] = bias ? bias[f] : 0;
    if (step->reorder)
        SPRED_TRY(reorder(env, s, step, 0));
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, step->in},
        {DNNL_ARG_WEIGHTS, step->reorder ? step->best : step->plain},
        {DNNL_ARG_BIAS, step->bias},
        {DNNL_ARG_DST, step->out},
        {DNNL_ARG_SCRATCHPAD, step->scratch},
    };
    DNN(env, dnnl_primitive_execute(step->run, s->stream, 5, args));
    return SPRED_OK;
}

static enum spred_status weights(struct spred_env *env, void *memory, size_t n,
                                 const real *in, const real *delta, real *by_w,
                                 real *by_bias)
{
    struct state *s = memory;
    struct step *step;
    void *own;
    SPRED_TRY(step_for(env, s, WEIGHTS, n, &step));
    SPRED_TRY(point(env, step->in, in));
    SPRED_TRY(point(env, step->out, delta));
    SPRED_TRY(point(env, step->plain, by_w));
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, step->in},
        {DNNL_ARG_DIFF_DST, step->out},
        {DNNL_ARG_DIFF_WEIGHTS, step->reorder ? step->best : step->plain},
        {DNNL_ARG_DIFF_BIAS, step->bias},
        {DNNL_ARG_SCRATCHPAD, step->scratch},
    };
    DNN(env, dnnl_primitive_execute(step->run, s->stream, 5, args));
    if (step->reorder)
        SPRED_TRY(reorder(env, s, step, 1));
    DNN(env, dnnl_memory_get_data_handle(step->bias, &own));
    if (by_bias)
        memcpy(by_bias, own, s->conv.to.channels * sizeof *by_bias);
    return SPRED_OK;
}

static enum spred_status data(struct spred_env *env, void *memory, size_t n,
                              const real *delta, const real *w, real *before)
{
    struct state *s = memory;
    struct step *step;
    SPRED_TRY(step_for(env, s, DATA, n, &step));
    SPRED_TRY(point(env, step->in, before));
    SPRED_TRY(point(env, step->out, delta));
    SPRED_TRY(point(env, step->plain, w));
    if (step->reorder)
        SPRED_TRY(reorder(env, s, step, 0));
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_DIFF_SRC, step->in},
        {DNNL_ARG_WEIGHTS, step->reorder ? step->best : step->plain},
        {DNNL_ARG_DIFF_DST, step->out},
        {DNNL_ARG_SCRATCHPAD, step->scratch},
    };
    DNN(env, dnnl_primitive_execute(step->run, s->stream, 4, args));
    return SPRED_OK;
}

extern const struct nn_conv_engine nn_conv_onednn;
const struct nn_conv_engine nn_conv_onednn = {
    .name = "onednn",
    .begin = open_state,
    .end = close_state,
    .forward = forward,
    .weights = weights,
    .data = data,
};
