/* tensors.c: arrays of parameters: made, swapped column by column, saved and
 * loaded. */
#include "solvers/nn/inside.h"

#include <string.h>

real *nn_reals(struct spred_env *env, size_t rows, size_t cols)
{
    if (cols && rows > SIZE_MAX / cols) {
        spred_fail(env, SPRED_ENOMEM, "out of memory: %zu x %zu parameters",
                   rows, cols);
        return NULL;
    }
    real *block = spred_alloc(env, rows * cols, sizeof *block);
    if (block)
        spred_expect_use(block, rows * cols * sizeof *block);
    return block;
}

enum spred_status nn_tensor_add(struct spred_env *env, struct nn *nn,
                                enum nn_role role, size_t branch, size_t layer,
                                size_t rows, size_t cols, size_t *index)
{
    struct nn_tensor *more =
        spred_resize(env, nn->tensors, nn->n_tensors + 1, sizeof *nn->tensors);
    if (!more)
        return SPRED_ENOMEM;
    nn->tensors = more;
    *index = nn->n_tensors;
    struct nn_tensor *t = &nn->tensors[nn->n_tensors++];
    *t = (struct nn_tensor){.role = role,
                            .branch = branch,
                            .layer = layer,
                            .rows = rows,
                            .cols = cols};
    t->value = nn_reals(env, rows, cols);
    if (!t->value)
        return SPRED_ENOMEM;
    t->gradient = nn_reals(env, rows, cols);
    return t->gradient ? SPRED_OK : SPRED_ENOMEM;
}

size_t nn_columns(const struct nn *nn, const struct nn_tensor *t)
{
    return t->role == NN_FIRST || t->role == NN_GATE ? nn->live : t->cols;
}

struct nn_tensor *nn_tensors(struct nn *nn, size_t *count)
{
    *count = nn->n_tensors;
    return nn->tensors;
}

size_t nn_live(const struct nn *nn)
{
    return nn->live;
}

void nn_set_live(struct nn *nn, size_t live)
{
    nn->live = live < nn->shape.inputs ? live : nn->shape.inputs;
}

const size_t *nn_order(const struct nn *nn)
{
    return nn->order;
}

static void swap_columns(real *values, size_t rows, size_t j, size_t k)
{
    if (!values)
        return;
    real *a = values + j * rows, *b = values + k * rows;
    for (size_t i = 0; i < rows; i++) {
        real kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

void nn_swap_inputs(struct nn *nn, size_t j, size_t k)
{
    if (j == k)
        return;
    for (size_t i = 0; i < nn->n_tensors; i++) {
        struct nn_tensor *t = &nn->tensors[i];
        if (t->role != NN_FIRST && t->role != NN_GATE)
            continue;
        swap_columns(t->value, t->rows, j, k);
        swap_columns(t->gradient, t->rows, j, k);
        swap_columns(t->moment1, t->rows, j, k);
        swap_columns(t->moment2, t->rows, j, k);
    }
    swap_columns(nn->shared.noise, 1, j, k);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        swap_columns(nn->units[b][0].own.noise, 1, j, k);
    size_t kept = nn->order[j];
    nn->order[j] = nn->order[k];
    nn->order[k] = kept;
    nn->place[nn->order[j]] = j;
    nn->place[kept] = k;
}

/* Copies between the network and the block, or only counts (block NULL). */
static size_t copy_all(struct nn *nn, real *block, int save)
{
    size_t at = 0, indices = nn->shape.inputs + 1;
    size_t room = (indices * sizeof(size_t) + sizeof(real) - 1) / sizeof(real);
    for (size_t i = 0; i < nn->n_tensors; i++) {
        struct nn_tensor *t = &nn->tensors[i];
        size_t count = t->rows * t->cols;
        if (block)
            memcpy(save ? block + at : t->value, save ? t->value : block + at,
                   count * sizeof *block);
        at += count;
    }
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
            struct nn_unit *u = &nn->units[b][l];
            if (block && u->n_running)
                memcpy(save ? block + at : u->running,
                       save ? u->running : block + at,
                       u->n_running * sizeof *block);
            at += u->n_running;
        }
    if (block && save) {
        memcpy(block + at, nn->order, (indices - 1) * sizeof(size_t));
        memcpy((char *)(block + at) + (indices - 1) * sizeof(size_t), &nn->live,
               sizeof(size_t));
    } else if (block) {
        memcpy(nn->order, block + at, (indices - 1) * sizeof(size_t));
        memcpy(&nn->live, (char *)(block + at) + (indices - 1) * sizeof(size_t),
               sizeof(size_t));
    }
    return at + room;
}

real *nn_save(struct spred_env *env, const struct nn *nn)
{
    /* Saving only reads. */
    size_t count = copy_all((struct nn *)nn, NULL, 1);
    real *block = spred_resize(env, NULL, count, sizeof *block);
    if (block)
        spred_expect_use(block, count * sizeof *block);
    if (block)
        copy_all((struct nn *)nn, block, 1);
    return block;
}

void nn_save_again(const struct nn *nn, real *saved)
{
    copy_all((struct nn *)nn, saved, 1);
}

void nn_load(struct nn *nn, const real *saved)
{
    copy_all(nn, (real *)saved, 0);
    for (size_t j = 0; j < nn->shape.inputs; j++)
        nn->place[nn->order[j]] = j;
}

size_t nn_save_size(const struct nn *nn)
{
    return copy_all((struct nn *)nn, NULL, 1);
}
