/* dead.c: the channels that the outputs depend on: families of channels that
 * stay or leave together, kept as soon as one of them is read. */
#include "solvers/nn/dead.h"

#include <math.h>
#include <string.h>

static size_t head_of(const struct nn_dead *dead, size_t k)
{
    while (dead->parent[k] != k)
        k = dead->parent[k];
    return k;
}

static void unite(struct nn_dead *dead, size_t j, size_t k)
{
    size_t a = head_of(dead, j), b = head_of(dead, k);
    dead->parent[a > b ? a : b] = a > b ? b : a;
}

/* Branches share port 0. */
static size_t lay_out(struct nn_dead *dead)
{
    const struct nn *nn = dead->nn;
    size_t inputs = nn->units[0][0].from.channels, count = inputs;
    for (size_t b = 0; b < nn->shape.n_branches; b++) {
        dead->ports[b][0] = (struct nn_port){inputs, 0};
        for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
            size_t channels = nn->units[b][l].to.channels;
            dead->ports[b][l + 1] = (struct nn_port){channels, count};
            count += channels;
        }
    }
    return count;
}

static void unite_layer(struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    const struct nn_port *back = in - u->layer->back;
    if (nn_has_weights(u))
        return;
    for (size_t c = 0; c < in[1].channels; c++) {
        if (c < in->channels)
            unite(dead, in->first + c, in[1].first + c);
        if (u->layer->kind == NN_ADD && c < back->channels)
            unite(dead, back->first + c, in[1].first + c);
    }
}

enum spred_status nn_dead_make(struct spred_env *env, struct nn_dead *dead,
                               const struct nn *nn)
{
    memset(dead, 0, sizeof *dead);
    dead->nn = nn;
    dead->count = lay_out(dead);
    dead->fixed = spred_alloc(env, dead->count, sizeof *dead->fixed);
    dead->value = spred_alloc(env, dead->count, sizeof *dead->value);
    dead->parent = spred_alloc(env, dead->count, sizeof *dead->parent);
    dead->kept = spred_alloc(env, dead->count, sizeof *dead->kept);
    if (!dead->fixed || !dead->value || !dead->parent || !dead->kept)
        return SPRED_ENOMEM;
    for (size_t k = 0; k < dead->count; k++)
        dead->parent[k] = k;
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++)
            unite_layer(dead, &nn->units[b][l]);
    return SPRED_OK;
}

void nn_dead_free(struct spred_env *env, struct nn_dead *dead)
{
    spred_free(env, dead->fixed);
    spred_free(env, dead->value);
    spred_free(env, dead->parent);
    spred_free(env, dead->kept);
}

int nn_dead_kept(const struct nn_dead *dead, size_t branch, size_t port,
                 size_t c)
{
    return dead->kept[head_of(dead, dead->ports[branch][port].first + c)];
}

static void keep_all(struct nn_dead *dead, const struct nn_port *port)
{
    for (size_t c = 0; c < port->channels; c++)
        dead->kept[head_of(dead, port->first + c)] = 1;
}

/* Whether an output that stays reads the column. */
static int is_read(const struct nn_dead *dead, const struct nn_unit *u,
                   const real *column)
{
    const struct nn_port *out = &dead->ports[u->branch][u->index + 1];
    for (size_t i = 0; i < u->rows; i++)
        if (column[i] != 0 && dead->kept[head_of(dead, out->first + i)])
            return 1;
    return 0;
}

/* Inputs of a layer that are read are kept, but for constants; returns how many
 * are new. */
static size_t keep_read(struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    const real *w = dead->nn->tensors[u->tensor].value;
    size_t fresh = 0;
    for (size_t j = 0; j < u->cols; j++) {
        size_t k = in->first + j % in->channels, head = head_of(dead, k);
        if (dead->kept[head] || dead->fixed[k] ||
            !is_read(dead, u, w + j * u->rows))
            continue;
        dead->kept[head] = 1;
        fresh++;
    }
    return fresh;
}

/* The largest constant; or one that is kept anyway and not much smaller, so
 * that its rounding is not enlarged. */
size_t nn_dead_stand_in(const struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    size_t largest = NN_NONE;
    double most = 0;
    for (size_t c = 0; c < in->channels; c++) {
        size_t k = in->first + c;
        if (!dead->fixed[k] || nn_dead_folds(dead, u, c) ||
            !(fabs(dead->value[k]) > most))
            continue;
        most = fabs(dead->value[k]);
        largest = c;
    }
    for (size_t c = 0; largest != NN_NONE && c < in->channels; c++) {
        size_t k = in->first + c;
        if (dead->fixed[k] && fabs(dead->value[k]) >= most / 2 &&
            dead->kept[head_of(dead, k)])
            return c;
    }
    return largest;
}

/* Keeps the stand-in of constants that leave and are read. */
static size_t keep_stand_in(struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn_port *in = &dead->ports[u->branch][u->index];
    const real *w = dead->nn->tensors[u->tensor].value;
    size_t channel = nn_dead_stand_in(dead, u);
    if (channel == NN_NONE || dead->kept[head_of(dead, in->first + channel)])
        return 0;
    for (size_t j = 0; j < u->cols; j++) {
        size_t c = j % in->channels, k = in->first + c;
        if (dead->fixed[k] && !dead->kept[head_of(dead, k)] &&
            !nn_dead_folds(dead, u, c) && is_read(dead, u, w + j * u->rows)) {
            dead->kept[head_of(dead, in->first + channel)] = 1;
            return 1;
        }
    }
    return 0;
}

/* The first channel of layers of weights that would be left empty. */
static size_t keep_one(struct nn_dead *dead, const struct nn_unit *u)
{
    const struct nn_port *out = &dead->ports[u->branch][u->index + 1];
    for (size_t c = 0; c < out->channels; c++)
        if (dead->kept[head_of(dead, out->first + c)])
            return 0;
    dead->kept[head_of(dead, out->first)] = 1;
    return 1;
}

static size_t pass(struct nn_dead *dead,
                   size_t (*keep)(struct nn_dead *, const struct nn_unit *))
{
    const struct nn *nn = dead->nn;
    size_t fresh = 0;
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = nn->shape.branches[b].n; l-- > 0;)
            if (nn_has_weights(&nn->units[b][l]))
                fresh += keep(dead, &nn->units[b][l]);
    return fresh;
}

void nn_dead_keep(struct nn_dead *dead)
{
    const struct nn *nn = dead->nn;
    memset(dead->kept, 0, dead->count);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        keep_all(dead, &dead->ports[b][nn->shape.branches[b].n]);
    if (nn_has_picture(nn))
        keep_all(dead, &dead->ports[0][0]);
    do
        while (pass(dead, keep_read))
            ;
    while (pass(dead, keep_stand_in) || pass(dead, keep_one));
}
