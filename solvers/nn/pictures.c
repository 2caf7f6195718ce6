/* pictures.c: forward and backward of a network of pictures. Its samples are
 * shared among threads, each with the whole run of layers from one that binds
 * the samples together (batch normalisation) to the next: as many threads as
 * OpenBLAS has, each of which then computes alone. A thread's network is a copy
 * whose activations begin at its first sample and whose gradients are its own;
 * they are added up at the end. */
#include "solvers/nn/inside.h"

#include <string.h>

#include "spred/linalg.h"

struct nn_team {
    struct spred_pool *pool;
    size_t threads;
    struct nn *members; /* threads; [0] is not in use: that is the network */
};

/* ---- the team ---- */

static void free_member(struct spred_env *env, struct nn *m)
{
    for (size_t l = 0; l < NN_MAX_LAYERS; l++)
        if (m->units[0][l].state)
            m->conv->end(env, m->units[0][l].state);
    for (size_t i = 0; m->tensors && i < m->n_tensors; i++)
        spred_free(env, m->tensors[i].gradient);
    spred_free(env, m->tensors);
}

static void free_team(struct spred_env *env, struct nn_team *team)
{
    if (!team)
        return;
    spred_pool_free(team->pool);
    for (size_t k = 1; team->members && k < team->threads; k++)
        free_member(env, &team->members[k]);
    spred_free(env, team->members);
    spred_free(env, team);
}

void nn_team_free(struct nn *nn)
{
    free_team(nn->env, nn->team);
    nn->team = NULL;
}

static int is_weighed(const struct nn_unit *u)
{
    return u->layer &&
           (u->layer->kind == NN_LINEAR || u->layer->kind == NN_CONV);
}

/* What member k needs for itself; all else is the network's. */
static enum spred_status open_member(const struct nn *nn, struct nn *m)
{
    struct spred_env *env = nn->env;
    *m = *nn;
    m->team = NULL;
    m->tensors = NULL;
    for (size_t l = 0; l < NN_MAX_LAYERS; l++)
        m->units[0][l].state = NULL;
    m->tensors = spred_alloc(env, nn->n_tensors, sizeof *m->tensors);
    if (!m->tensors)
        return SPRED_ENOMEM;
    memcpy(m->tensors, nn->tensors, nn->n_tensors * sizeof *m->tensors);
    for (size_t i = 0; i < nn->n_tensors; i++)
        m->tensors[i].gradient = NULL;
    for (size_t l = 0; l < nn->shape.branches[0].n; l++) {
        struct nn_unit *u = &m->units[0][l];
        size_t mine[] = {u->tensor, u->bias};
        for (size_t k = 0; is_weighed(u) && k < 2; k++) {
            if (mine[k] == NN_NONE)
                continue;
            struct nn_tensor *t = &m->tensors[mine[k]];
            t->gradient = nn_reals(env, t->rows, t->cols);
            if (!t->gradient)
                return SPRED_ENOMEM;
        }
        if (u->layer->kind == NN_CONV)
            SPRED_TRY(nn_conv_open(env, nn, u));
    }
    return SPRED_OK;
}

/* NULL: one thread it is, also where memory is short. */
static struct nn_team *team_of(struct nn *nn)
{
    size_t threads = (size_t)openblas_get_num_threads();
    struct spred_env *env = nn->env;
    if (nn->team && nn->team->threads == threads)
        return nn->team;
    nn_team_free(nn);
    if (threads < 2)
        return NULL;
    struct nn_team *team = spred_alloc(env, 1, sizeof *team);
    if (!team)
        return NULL;
    team->threads = threads;
    team->pool = spred_pool_new(env, threads);
    team->members = spred_alloc(env, threads, sizeof *team->members);
    int complete = team->pool && team->members;
    for (size_t k = 1; complete && k < threads; k++)
        complete = open_member(nn, &team->members[k]) == SPRED_OK;
    if (complete)
        return nn->team = team;
    free_team(env, team);
    return NULL;
}

/* ---- a run of layers ---- */

struct run {
    struct nn *nn;
    const real *x;
    size_t n, first, end; /* layers first .. end - 1 */
    int training, backward;
};

static void forward(struct nn *nn, const struct run *r, size_t n)
{
    for (size_t l = r->first; l < r->end; l++) {
        struct nn_unit *u = &nn->units[0][l];
        u->kind->forward(nn, u, l ? u[-1].output : nn->input, n, r->training);
    }
}

/* Deltas of layers that end blocks begun by layer l go to what it read. */
static void give_back(struct nn *nn, size_t l, size_t n)
{
    for (size_t k = l + 1; k < nn->shape.branches[0].n; k++) {
        const struct nn_unit *u = &nn->units[0][k];
        if (u->layer->kind == NN_ADD && k - u->layer->back == l)
            nn_add_return(u, n, nn->units[0][l - 1].delta);
    }
}

static void backward(struct nn *nn, const struct run *r, size_t n)
{
    for (size_t l = r->end; l-- > r->first;) {
        struct nn_unit *u = &nn->units[0][l];
        u->kind->backward(nn, u, l ? u[-1].output : nn->input, n,
                          l ? u[-1].delta : NULL);
        if (l)
            give_back(nn, l, n);
    }
}

/* The member's view of samples from `first` on. */
static struct nn *view(struct nn *nn, size_t index, size_t first)
{
    struct nn *m = &nn->team->members[index];
    m->input = nn->input + first * nn->shape.inputs;
    m->failed = SPRED_OK;
    for (size_t l = 0; l < nn->shape.branches[0].n; l++) {
        const struct nn_unit *u = &nn->units[0][l];
        struct nn_unit *mine = &m->units[0][l];
        mine->output = u->output + first * u->out;
        mine->delta = u->delta + first * u->out;
    }
    return m;
}

static void part(void *cookie, size_t index, size_t threads)
{
    const struct run *r = cookie;
    size_t first, end;
    spred_pool_share(r->n, index, threads, &first, &end);
    struct nn *nn = index ? view(r->nn, index, first) : r->nn;
    if (first == end)
        return;
    if (r->backward)
        backward(nn, r, end - first);
    else
        forward(nn, r, end - first);
}

static enum spred_status run(const struct run *r)
{
    struct nn *nn = r->nn;
    struct nn_team *team = nn->team;
    int joint = nn->units[0][r->first].kind->joint || r->n == 1;
    if (!team || joint) {
        part((void *)r, 0, 1);
        return nn->failed;
    }
    int before = spred_blas_threads(1);
    spred_pool_run(team->pool, part, (void *)r);
    spred_blas_threads(before);
    for (size_t k = 1; k < team->threads; k++)
        if (nn->failed == SPRED_OK)
            nn->failed = team->members[k].failed;
    return nn->failed;
}

/* End of the run of layers that begins with `first`. */
static size_t run_end(const struct nn *nn, size_t first)
{
    size_t l = first + 1, n = nn->shape.branches[0].n;
    if (nn->units[0][first].kind->joint)
        return l;
    while (l < n && !nn->units[0][l].kind->joint)
        l++;
    return l;
}

/* ---- the whole ---- */

enum spred_status nn_pictures_forward(struct nn *nn, const real *x, size_t n,
                                      int training)
{
    size_t layers = nn->shape.branches[0].n;
    nn->input = x;
    nn->failed = SPRED_OK;
    team_of(nn);
    for (size_t l = 0; l < layers; l++)
        if (is_weighed(&nn->units[0][l]))
            nn_weights_open(nn, &nn->units[0][l], training);
    for (size_t l = 0; l < layers; l = run_end(nn, l)) {
        struct run r = {nn, x, n, l, run_end(nn, l), training, 0};
        SPRED_TRY(run(&r));
    }
    return SPRED_OK;
}

/* The members' gradients on top of the network's own; into the factors. */
static void collect(struct nn *nn, size_t n)
{
    size_t threads = nn->team && n > 1 ? nn->team->threads : 1;
    for (size_t l = 0; l < nn->shape.branches[0].n; l++) {
        struct nn_unit *u = &nn->units[0][l];
        if (!is_weighed(u))
            continue;
        size_t all[] = {u->tensor, u->bias};
        for (size_t k = 0; k < 2; k++) {
            if (all[k] == NN_NONE)
                continue;
            struct nn_tensor *t = &nn->tensors[all[k]];
            for (size_t m = 1; m < threads && m < n; m++) {
                const real *restrict g =
                    nn->team->members[m].tensors[all[k]].gradient;
                real *restrict sum = t->gradient;
                for (size_t e = 0; e < t->rows * t->cols; e++)
                    sum[e] += g[e];
            }
        }
        nn_weights_gradient(nn, u);
    }
}

enum spred_status nn_pictures_backward(struct nn *nn, const real *x, size_t n)
{
    size_t layers = nn->shape.branches[0].n, end = layers;
    while (end > 0) {
        size_t first = 0;
        while (run_end(nn, first) < end)
            first = run_end(nn, first);
        struct run r = {nn, x, n, first, end, 1, 1};
        SPRED_TRY(run(&r));
        end = first;
    }
    collect(nn, n);
    return SPRED_OK;
}
