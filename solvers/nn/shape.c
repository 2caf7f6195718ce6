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
    if ((unsigned)s->kind > NN_STG || (unsigned)s->group > NN_BLOCK)
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
    if (s->kind == NN_STG && (!(s->sigma >= 0) || !isfinite(s->sigma)))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: sigma is %g, expected a number > 0", where,
                          s->sigma);
    return SPRED_OK;
}

static enum spred_status check_layer(struct spred_env *env, const char *where,
                                     const struct nn_shape *shape, size_t b,
                                     size_t l, size_t *units)
{
    const struct nn_branch *branch = &shape->branches[b];
    const struct nn_layer *layer = &branch->layers[l];
    const struct nn_kind *kind = nn_kind_of(layer->kind);
    int last = l + 1 == branch->n;
    if (!kind)
        return spred_fail(env, SPRED_EINVAL, "%s: unknown kind of layer",
                          where);
    if ((l == 0 || last) && layer->kind != NN_LINEAR)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: the first and the last layer must be linear",
                          where);
    if (layer->kind == NN_DROPOUT && !(layer->rate >= 0 && layer->rate < 1))
        return spred_fail(env, SPRED_EINVAL,
                          "%s: rate is %g, expected 0 <= rate < 1", where,
                          layer->rate);
    if (layer->kind != NN_LINEAR)
        return SPRED_OK;
    if (!last && layer->out == 0)
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
    SPRED_TRY(check_sparse(env, where, &layer->sparse, *units));
    *units = layer->out ? layer->out : shape->outputs;
    return SPRED_OK;
}

/* A layer under its name in messages. */
static enum spred_status check_named(struct spred_env *env,
                                     const struct nn_shape *shape, size_t b,
                                     size_t l, size_t *units)
{
    static const char *const branches[NN_MAX_BRANCHES] = {"branch 1, ",
                                                          "branch 2, "};
    const struct nn_kind *kind = nn_kind_of(shape->branches[b].layers[l].kind);
    char *where = spred_format(env, "%slayer %zu (%s)",
                               shape->n_branches > 1 ? branches[b] : "", l + 1,
                               kind ? kind->name : "?");
    if (!where)
        return SPRED_ENOMEM;
    enum spred_status status = check_layer(env, where, shape, b, l, units);
    spred_free(env, where);
    return status;
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
    gate.group = NN_INPUT;
    SPRED_TRY(check_sparse(env, "gates of the inputs", &gate, shape->inputs));
    for (size_t b = 0; b < shape->n_branches; b++) {
        size_t units = shape->inputs, n = shape->branches[b].n;
        if (n < 1 || n > NN_MAX_LAYERS)
            return spred_fail(env, SPRED_EINVAL,
                              "a network of %zu layers: expected 1 to %d", n,
                              NN_MAX_LAYERS);
        for (size_t l = 0; l < n; l++)
            SPRED_TRY(check_named(env, shape, b, l, &units));
    }
    return SPRED_OK;
}
