/* smaller.c: a network without the neurons and filters that are dead: the same
 * function with smaller matrices. */
#include "solvers/nn/dead.h"
#include "solvers/nn/sparsity.h"

#include <math.h>

static size_t count_kept(const struct nn_dead *dead, size_t branch, size_t port)
{
    size_t kept = 0;
    for (size_t c = 0; c < dead->ports[branch][port].channels; c++)
        kept += nn_dead_kept(dead, branch, port, c) != 0;
    return kept;
}

/* Inputs are parked, not removed: the data keep their width. */
static int stays(const struct nn_dead *dead, size_t branch, size_t port,
                 size_t c)
{
    return port == 0 || nn_dead_kept(dead, branch, port, c);
}

/* Row i of a layer: its bias with all constants that leave. */
static double folded_bias(const struct nn_dead *dead, const struct nn_unit *u,
                          size_t i)
{
    const struct nn *nn = dead->nn;
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    double bias =
        u->bias == NN_NONE ? 0 : (double)nn->tensors[u->bias].value[i];
    if (dead->fixed[in[1].first + i])
        return dead->value[in[1].first + i];
    for (size_t j = 0; j < u->cols; j++) {
        size_t c = j % in->channels;
        double w = (double)nn->tensors[u->tensor].value[i + j * u->rows];
        if (w != 0 && !stays(dead, u->branch, u->index, c) &&
            nn_dead_folds(dead, u, c))
            bias += w * dead->value[in->first + c];
    }
    return bias;
}

static int needs_bias(const struct nn_dead *dead, const struct nn_unit *u)
{
    for (size_t i = 0; i < u->rows; i++)
        if (stays(dead, u->branch, u->index + 1, i) &&
            fabs(folded_bias(dead, u, i)) > 0)
            return 1;
    return 0;
}

static struct nn_shape smaller_shape(const struct nn_dead *dead)
{
    struct nn_shape shape = dead->nn->shape;
    for (size_t b = 0; b < shape.n_branches; b++)
        for (size_t l = 0; l < shape.branches[b].n; l++) {
            const struct nn_unit *u = &dead->nn->units[b][l];
            struct nn_layer *layer = &shape.branches[b].layers[l];
            if (!nn_has_weights(u))
                continue;
            if (l + 1 < shape.branches[b].n)
                layer->out = count_kept(dead, b, l + 1);
            if (layer->no_bias && needs_bias(dead, u))
                layer->no_bias = 0;
        }
    return shape;
}

/* A weight that stays: with those of the constants that its channel, the
 * layer's stand-in, stands for. What is constant reads nothing. */
static double weight_of(const struct nn_dead *dead, const struct nn_unit *u,
                        size_t stand_in, size_t i, size_t j)
{
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    const real *w = dead->nn->tensors[u->tensor].value + i;
    const double *value = dead->value + in->first;
    double sum = (double)w[j * u->rows];
    if (dead->fixed[in[1].first + i])
        return 0;
    if (j % in->channels != stand_in)
        return sum;
    for (size_t c = 0; c < in->channels; c++) {
        double other = (double)w[(j - stand_in + c) * u->rows];
        if (other != 0 && !stays(dead, u->branch, u->index, c) &&
            !nn_dead_folds(dead, u, c))
            sum += other * (value[c] / value[stand_in]);
    }
    return sum;
}

/* Weights and bias of what stays. */
static void fill_weights(const struct nn_dead *dead, const struct nn_unit *u,
                         struct nn *to)
{
    const struct nn_unit *v = &to->units[u->branch][u->index];
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    size_t stand_in = nn_dead_stand_in(dead, u);
    real *out = to->tensors[v->tensor].value;
    for (size_t j = 0; j < u->cols; j++)
        if (stays(dead, u->branch, u->index, j % in->channels))
            for (size_t i = 0; i < u->rows; i++)
                if (stays(dead, u->branch, u->index + 1, i))
                    *out++ = (real)weight_of(dead, u, stand_in, i, j);
    if (v->bias == NN_NONE)
        return;
    out = to->tensors[v->bias].value;
    for (size_t i = 0; i < u->rows; i++)
        if (stays(dead, u->branch, u->index + 1, i))
            *out++ = (real)folded_bias(dead, u, i);
}

static void fill_norm(const struct nn_dead *dead, const struct nn_unit *u,
                      struct nn *to)
{
    const struct nn *nn = dead->nn;
    struct nn_unit *v = &to->units[u->branch][u->index];
    size_t channels = u->to.channels, left = v->to.channels, k = 0;
    for (size_t c = 0; c < channels; c++) {
        if (!stays(dead, u->branch, u->index + 1, c))
            continue;
        to->tensors[v->tensor].value[k] = nn->tensors[u->tensor].value[c];
        to->tensors[v->bias].value[k] = nn->tensors[u->bias].value[c];
        v->running[k] = u->running[c];
        v->running[left + k++] = u->running[channels + c];
    }
}

/* Inputs that nobody reads go to the back. */
static void park(const struct nn_dead *dead, struct nn *to)
{
    size_t live = to->shape.inputs;
    for (size_t k = live; k-- > 0 && live > 1;)
        if (!nn_dead_kept(dead, 0, 0, k))
            nn_swap_inputs(to, k, --live);
    nn_set_live(to, live);
}

static enum spred_status rebuild(struct spred_env *env,
                                 const struct nn_dead *dead, size_t most,
                                 struct nn **out)
{
    const struct nn *nn = dead->nn;
    struct nn_shape shape = smaller_shape(dead);
    SPRED_TRY(nn_new(env, &shape, most, 0, out));
    for (size_t b = 0; b < shape.n_branches; b++)
        for (size_t l = 0; l < shape.branches[b].n; l++) {
            const struct nn_unit *u = &nn->units[b][l];
            if (nn_has_weights(u))
                fill_weights(dead, u, *out);
            else if (u->layer->kind == NN_BATCH_NORM)
                fill_norm(dead, u, *out);
        }
    if (!nn_has_picture(nn))
        park(dead, *out);
    return SPRED_OK;
}

enum spred_status nn_smaller(struct spred_env *env, struct nn *nn, size_t most,
                             struct nn **out)
{
    struct nn *plain;
    struct nn_dead *dead = spred_alloc(env, 1, sizeof *dead);
    *out = NULL;
    if (!dead)
        return SPRED_ENOMEM;
    enum spred_status status = nn_plain(env, nn, 1, &plain);
    if (status == SPRED_OK)
        status = nn_dead_make(env, dead, plain);
    if (status == SPRED_OK) {
        nn_dead_fix(dead);
        nn_dead_keep(dead);
        status = rebuild(env, dead, most, out);
    }
    nn_dead_free(env, dead);
    spred_free(env, dead);
    nn_free(plain);
    return status;
}
