/* round.c: what is at most a threshold becomes exactly 0: products, or the
 * groups that the sparsity of a layer speaks of, in all their factors. */
#include "solvers/nn/products.h"
#include "solvers/nn/sparsity.h"

#include <math.h>

/* |f_1 ... f_D| as the engine multiplies it */
static void round_elements(struct nn_unit *u, struct nn_tensor *t, size_t count,
                           double threshold)
{
    for (size_t e = 0; e < count; e++) {
        real w = t[0].value[e];
        for (size_t d = 1; d < u->factors; d++)
            w *= t[d].value[e];
        for (size_t d = 0; fabs((double)w) <= threshold && d < u->factors; d++)
            t[d].value[e] = 0;
    }
}

/* STR: v where max(|v| - t, 0) is small */
static void round_soft(const struct nn *nn, struct nn_unit *u,
                       struct nn_tensor *t, size_t count, double threshold)
{
    double limit = nn_str_threshold(nn, u) + threshold;
    for (size_t e = 0; e < count; e++)
        if (fabs((double)t->value[e]) <= limit)
            t->value[e] = 0;
}

/* STG: mu where the gate is shut */
static void shut(struct nn *nn, const struct nn_gates *gates, size_t group)
{
    real *value = nn->tensors[gates->tensor].value;
    if (gates->sparse.kind == NN_STG) {
        if (value[group] > (real)-.5)
            value[group] = (real)-.5;
        return;
    }
    for (size_t k = 0; k < gates->count; k++)
        nn->tensors[gates->tensor + k].value[group] = 0;
}

static double scale_of(const struct nn *nn, const struct nn_unit *u, size_t g)
{
    return u->gates ? nn_gate(nn, u->gates, g) : 1;
}

/* gate^2 |f_g|^2 over the columns of the group, in use or not */
static double column_squares(const struct nn *nn, const struct nn_unit *u,
                             size_t g)
{
    const struct nn_tensor *t = &nn->tensors[u->tensor];
    struct nn_column_set set = nn_group_columns(u, g);
    double sum = 0, scale = scale_of(nn, u, g);
    for (size_t k = 0; k < set.count; k++) {
        size_t j = nn_group_column(nn, u, &set, k);
        const real *f = t->value + j * u->rows;
        for (size_t i = 0; i < u->rows; i++)
            sum += (double)f[i] * (double)f[i];
    }
    return sum * scale * scale;
}

static size_t column_entries(const struct nn_unit *u, size_t g)
{
    return nn_group_columns(u, g).count * u->rows;
}

static void clear_columns(struct nn *nn, const struct nn_unit *u, size_t g)
{
    struct nn_column_set set = nn_group_columns(u, g);
    for (size_t k = 0; k < set.count; k++) {
        real *f = nn->tensors[u->tensor].value +
                  nn_group_column(nn, u, &set, k) * u->rows;
        for (size_t i = 0; i < u->rows; i++)
            f[i] = 0;
    }
}

static int is_small(double squares, size_t entries, double threshold)
{
    return sqrt(squares / (double)entries) <= threshold;
}

static void round_columns(struct nn *nn, struct nn_unit *u, double threshold)
{
    for (size_t g = 0; g < nn_column_groups(u); g++) {
        if (!is_small(column_squares(nn, u, g), column_entries(u, g),
                      threshold))
            continue;
        clear_columns(nn, u, g);
        if (u->gates)
            shut(nn, u->gates, g);
    }
}

static void round_rows(struct nn *nn, struct nn_unit *u, double threshold)
{
    const struct nn_tensor *t = &nn->tensors[u->tensor];
    for (size_t from = 0; from < u->rows; from += NN_ROW_TILE) {
        size_t rows =
            u->rows - from < NN_ROW_TILE ? u->rows - from : NN_ROW_TILE;
        double squares[NN_ROW_TILE] = {0};
        int dead[NN_ROW_TILE];
        for (size_t j = 0; j < u->cols; j++)
            for (size_t i = 0; i < rows; i++) {
                double f = (double)t->value[from + i + j * u->rows];
                squares[i] += f * f;
            }
        for (size_t i = 0; i < rows; i++) {
            double scale = scale_of(nn, u, from + i);
            dead[i] = is_small(squares[i] * scale * scale, u->cols, threshold);
            if (dead[i] && u->gates)
                shut(nn, u->gates, from + i);
        }
        for (size_t j = 0; j < u->cols; j++)
            for (size_t i = 0; i < rows; i++)
                if (dead[i])
                    t->value[from + i + j * u->rows] = 0;
    }
}

/* An input's gate and its columns of the first layers of all branches. */
static void round_shared(struct nn *nn, double threshold)
{
    size_t branches = nn->shape.n_branches;
    for (size_t j = 0; j < nn->shape.inputs; j++) {
        double squares = 0;
        size_t entries = 0;
        for (size_t b = 0; b < branches; b++) {
            squares += column_squares(nn, &nn->units[b][0], j);
            entries += column_entries(&nn->units[b][0], j);
        }
        if (!is_small(squares, entries, threshold))
            continue;
        for (size_t b = 0; b < branches; b++)
            clear_columns(nn, &nn->units[b][0], j);
        shut(nn, &nn->shared, j);
    }
}

void nn_round(struct nn *nn, double threshold)
{
    if (nn->shape.gate.kind != NN_DENSE)
        round_shared(nn, threshold);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
            struct nn_unit *u = &nn->units[b][l];
            struct nn_tensor *t = &nn->tensors[u->tensor];
            if (!nn_has_weights(u) || (u->gates && u->gates == &nn->shared))
                continue;
            if (u->limit != NN_NONE)
                round_soft(nn, u, t, t->rows * t->cols, threshold);
            else if (nn_grouped(u) == NN_ELEMENT)
                round_elements(u, t, t->rows * t->cols, threshold);
            else if (nn_grouped(u) == NN_OUTPUT)
                round_rows(nn, u, threshold);
            else
                round_columns(nn, u, threshold);
        }
}
