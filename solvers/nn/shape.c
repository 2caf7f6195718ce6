/* shape.c: whether a network's shape makes sense, and if not, which layer and
 * why. */
#include "solvers/nn/inside.h"

#include <limits.h>
#include <math.h>

static enum spred_status check_sparse(struct spred_env *env, const char *where,
                                      const struct nn_sparse *s, size_t in)
{
    if (s->kind == NN_DENSE)
        return SPRED_OK;
    if ((unsigned)s->kind > NN_STR || (unsigned)s->group > NN_BLOCK)
        return spred_fail(env, SPRED_EINVAL, "%s: unknown sparse kind or group",
                          where);
    if (!(s->lambda >= 0) || !isfinite(s->lambda))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: lambda is %g, expected a finite number >= 0",
                          where, s->lambda);
    if (s->kind == NN_SPRED && (s->factors == 1 || s->factors > NN_MAX_FACTORS))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: factors is %zu, expected 2 to %d", where,
                          s->factors, NN_MAX_FACTORS);
    if (s->group == NN_BLOCK && (s->block < 1 || s->block > in))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: block is %zu, expected 1 to %zu (columns)",
                          where, s->block, in);
    if (s->kind == NN_STG && s->group != NN_INPUT)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: sparse=stg gates inputs: expected group=input",
                          where);
    if (s->kind == NN_STR && s->group != NN_ELEMENT)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: sparse=str has one threshold for all weights: "
                          "expected group=element",
                          where);
    if (s->kind == NN_STR && !(s->sigma >= 0 && s->sigma < 1))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: sigma is %g, expected the first threshold, "
                          "0 < sigma < 1",
                          where, s->sigma);
    if (s->kind == NN_STG && (!(s->sigma >= 0) || !isfinite(s->sigma)))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: sigma is %g, expected a number > 0", where,
                          s->sigma);
    return SPRED_OK;
}

static size_t values_of(const struct spred_picture *p)
{
    return p->height * p->width * p->channels;
}

/* (length + 2 pad - kernel)/stride + 1 of both sides */
static enum spred_status slide(struct spred_env *env, const char *where,
                               const char *what, size_t kernel, size_t stride,
                               size_t pad, struct spred_picture *picture)
{
    size_t height = picture->height + 2 * pad, width = picture->width + 2 * pad;
    if (kernel < 1 || kernel > INT_MAX || stride > INT_MAX)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: %s is %zu: expected %s=PIXELS, at least 1",
                          where, what, kernel, what);
    if (pad >= kernel)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: pad %zu with kernel %zu: expected a pad below "
                          "the kernel",
                          where, pad, kernel);
    if (kernel > height || kernel > width)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: %s %zu on %zu x %zu pixels (pad %zu): at most "
                          "%zu fits",
                          where, what, kernel, picture->height, picture->width,
                          pad, height < width ? height : width);
    picture->height = (height - kernel) / stride + 1;
    picture->width = (width - kernel) / stride + 1;
    return SPRED_OK;
}

size_t nn_add_stride(const struct spred_picture *from,
                     const struct spred_picture *to)
{
    size_t down = (from->height + to->height - 1) / to->height;
    size_t right = (from->width + to->width - 1) / to->width;
    size_t s = down > right ? down : right;
    int fits = from->channels <= to->channels &&
               (from->height + s - 1) / s == to->height &&
               (from->width + s - 1) / s == to->width;
    return fits ? s : 0;
}

static enum spred_status after(struct spred_env *env, const char *where,
                               const struct nn_shape *shape, size_t b, size_t l,
                               struct spred_picture *picture);

static enum spred_status add(struct spred_env *env, const char *where,
                             const struct nn_shape *shape, size_t b, size_t l,
                             const struct spred_picture *to)
{
    size_t back = shape->branches[b].layers[l].back;
    struct spred_picture from = nn_before(shape);
    if (back < 1 || back > l)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: back is %zu: expected back=LAYERS, 1 to %zu: "
                          "what that many layers before it was read",
                          where, back, l);
    for (size_t k = 0; k < l - back; k++)
        SPRED_TRY(after(env, where, shape, b, k, &from));
    if (!nn_add_stride(&from, to))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: %zu x %zu pixels of %zu channels (what layer "
                          "%zu reads) cannot be added to %zu x %zu of %zu: "
                          "expected no fewer channels, and pixels divided by "
                          "the same stride both ways",
                          where, from.height, from.width, from.channels,
                          l - back + 1, to->height, to->width, to->channels);
    return SPRED_OK;
}

/* What is left of the picture after layer l. */
static enum spred_status after(struct spred_env *env, const char *where,
                               const struct nn_shape *shape, size_t b, size_t l,
                               struct spred_picture *picture)
{
    const struct nn_layer *layer = &shape->branches[b].layers[l];
    size_t stride = layer->stride ? layer->stride : layer->size;
    if (layer->kind > NN_DROPOUT && !shape->picture.height)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: needs pictures, but a sample is a row of %zu "
                          "values without height and width: expected linear, "
                          "relu, batch-norm or dropout",
                          where, shape->inputs);
    switch (layer->kind) {
    case NN_LINEAR:
        *picture = (struct spred_picture){
            1, 1, layer->out ? layer->out : shape->outputs};
        break;
    case NN_CONV:
        SPRED_TRY(slide(env, where, "kernel", layer->kernel,
                        layer->stride ? layer->stride : 1, layer->pad,
                        picture));
        picture->channels = layer->out;
        break;
    case NN_MAX_POOL:
    case NN_AVG_POOL:
        SPRED_TRY(slide(env, where, "size", layer->size, stride, 0, picture));
        break;
    case NN_GLOBAL_POOL:
        picture->height = picture->width = 1;
        break;
    case NN_ADD:
        SPRED_TRY(add(env, where, shape, b, l, picture));
        break;
    case NN_RELU:
    case NN_BATCH_NORM:
    case NN_DROPOUT:
        break;
    }
    size_t pixels = picture->height * picture->width;
    if (picture->channels > INT_MAX / pixels)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: %zu x %zu pixels of %zu channels are too many",
                          where, picture->height, picture->width,
                          picture->channels);
    return SPRED_OK;
}

int nn_needs_picture(const struct nn_branch *branch)
{
    for (size_t l = 0; l < branch->n; l++)
        if (branch->layers[l].kind > NN_DROPOUT)
            return 1;
    return 0;
}

struct spred_picture nn_before(const struct nn_shape *shape)
{
    if (shape->picture.height)
        return shape->picture;
    return (struct spred_picture){1, 1, shape->inputs};
}

enum spred_status nn_after(struct spred_env *env, const struct nn_shape *shape,
                           size_t branch, size_t l,
                           struct spred_picture *picture)
{
    return after(env, "a layer", shape, branch, l, picture);
}

static enum spred_status check_layer(struct spred_env *env, const char *where,
                                     const struct nn_shape *shape, size_t b,
                                     size_t l, struct spred_picture *picture)
{
    size_t units = values_of(picture);
    const struct nn_branch *branch = &shape->branches[b];
    const struct nn_layer *layer = &branch->layers[l];
    const struct nn_kind *kind = nn_kind_of(layer->kind);
    int last = l + 1 == branch->n;
    if (!kind)
        return spred_fail(env, SPRED_EINVAL, "%s: unknown kind of layer",
                          where);
    if (last && layer->kind != NN_LINEAR)
        return spred_fail(env, SPRED_EINVAL,
                          shape->picture.height
                              ? "%s: the last layer must be linear"
                              : "%s: the first and the last layer must be "
                                "linear",
                          where);
    if (l == 0 && layer->kind <= NN_DROPOUT && layer->kind != NN_LINEAR &&
        !shape->picture.height)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: the first and the last layer must be linear",
                          where);
    if (layer->kind == NN_DROPOUT && !(layer->rate >= 0 && layer->rate < 1))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: rate is %g, expected 0 <= rate < 1", where,
                          layer->rate);
    if (layer->kind == NN_CONV && layer->out == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: out is missing: expected out=FILTERS", where);
    if (!last && layer->kind == NN_LINEAR && layer->out == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: out is missing: expected out=UNITS (only the "
                          "last layer takes the number of classes)",
                          where);
    if (last && layer->out && layer->out != shape->outputs)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: out is %zu, but the data ask for %zu outputs: "
                          "leave out away",
                          where, layer->out, shape->outputs);
    if (layer->out > INT_MAX)
        return spred_fail(env, SPRED_EINVAL, "%s: out is %zu, at most %d",
                          where, layer->out, INT_MAX);
    if (l == 0 && shape->gate.kind != NN_DENSE &&
        layer->sparse.kind != NN_DENSE)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: the inputs have gates already, which this layer "
                          "shares: expected no sparse here",
                          where);
    if (layer->kind == NN_CONV && layer->kernel > 0 &&
        layer->kernel > INT_MAX / layer->kernel / picture->channels)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: kernel %zu of %zu channels is too large", where,
                          layer->kernel, picture->channels);
    if (layer->kind == NN_CONV)
        units = picture->channels * layer->kernel * layer->kernel;
    SPRED_TRY(after(env, where, shape, b, l, picture));
    return check_sparse(env, where, &layer->sparse, units);
}

/* A layer under its name in messages. */
static enum spred_status check_named(struct spred_env *env,
                                     const struct nn_shape *shape, size_t b,
                                     size_t l, struct spred_picture *picture)
{
    static const char *const branches[NN_MAX_BRANCHES] = {"branch 1, ",
                                                          "branch 2, "};
    const struct nn_kind *kind = nn_kind_of(shape->branches[b].layers[l].kind);
    char *where = spred_format(env, "%slayer %zu (%s)",
                               shape->n_branches > 1 ? branches[b] : "", l + 1,
                               kind ? kind->name : "?");
    if (!where)
        return SPRED_ENOMEM;
    enum spred_status status = check_layer(env, where, shape, b, l, picture);
    spred_free(env, where);
    return status;
}

static enum spred_status check_picture(struct spred_env *env,
                                       const struct nn_shape *shape)
{
    const struct spred_picture *p = &shape->picture;
    if (p->height == 0)
        return SPRED_OK;
    if (p->width < 1 || p->channels < 1 || p->width > INT_MAX ||
        p->channels > INT_MAX || p->height > INT_MAX / p->width ||
        p->height * p->width > INT_MAX / p->channels ||
        values_of(p) != shape->inputs)
        return spred_fail(env, SPRED_EINVAL,
                          "pictures of %zu x %zu pixels, %zu channels, for %zu "
                          "inputs: expected the product of the three",
                          p->height, p->width, p->channels, shape->inputs);
    if (shape->n_branches != 1 || shape->gate.kind != NN_DENSE)
        return spred_fail(env, SPRED_EINVAL,
                          "a network of pictures has one branch and no gates "
                          "that branches share");
    return SPRED_OK;
}

enum spred_status nn_shape_check(struct spred_env *env,
                                 const struct nn_shape *shape)
{
    struct nn_sparse gate = shape->gate;
    if (shape->inputs < 1 || shape->inputs > INT_MAX)
        return spred_fail(env, SPRED_EINVAL,
                          "a network of %zu inputs: expected 1 to %d",
                          shape->inputs, INT_MAX);
    if (shape->outputs < (shape->classes ? 2u : 1u) || shape->outputs > INT_MAX)
        return spred_fail(env, SPRED_EINVAL,
                          "a network of %zu outputs: expected at least %d",
                          shape->outputs, shape->classes ? 2 : 1);
    if (shape->n_branches < 1 || shape->n_branches > NN_MAX_BRANCHES)
        return spred_fail(env, SPRED_EINVAL,
                          "a network of %zu branches: expected 1 to %d",
                          shape->n_branches, NN_MAX_BRANCHES);
    if ((unsigned)shape->start > NN_START_KAIMING)
        return spred_fail(env, SPRED_EINVAL, "unknown start of the weights");
    if (gate.kind != NN_DENSE && gate.kind != NN_SPRED && gate.kind != NN_STG)
        return spred_fail(env, SPRED_EINVAL,
                          "the gates of the inputs are spred or stg");
    if (!isfinite(shape->gate_start))
        return spred_fail(env, SPRED_EINVAL, "gate start is not a number");
    SPRED_TRY(check_picture(env, shape));
    gate.group = NN_INPUT;
    SPRED_TRY(check_sparse(env, "gates of the inputs", &gate, shape->inputs));
    for (size_t b = 0; b < shape->n_branches; b++) {
        struct spred_picture picture = nn_before(shape);
        size_t n = shape->branches[b].n;
        if (n < 1 || n > NN_MAX_LAYERS)
            return spred_fail(env, SPRED_EINVAL,
                              "a network of %zu layers: expected 1 to %d", n,
                              NN_MAX_LAYERS);
        for (size_t l = 0; l < n; l++)
            SPRED_TRY(check_named(env, shape, b, l, &picture));
    }
    return SPRED_OK;
}
