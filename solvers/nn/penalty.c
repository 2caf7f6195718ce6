/* penalty.c: how large the products are: penalties, sizes of inputs, weights.
 */
#include "solvers/nn/inside.h"

#include <math.h>

/* |a|^2 in double, in four sums that the processor adds at once */
static double norm_squares(size_t n, const real *a)
{
    double sums[4] = {0}, sum = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            sums[k] += (double)a[i + k] * (double)a[i + k];
    for (; i < n; i++)
        sum += (double)a[i] * (double)a[i];
    return sum + (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double nn_column_squares(const struct nn *nn, const struct nn_unit *u, size_t j)
{
    const struct nn_tensor *t = &nn->tensors[u->tensor];
    double sum = 0, column = 1;
    if (u->gates && nn_scales_columns(u))
        column = nn_gate(nn, u->gates, nn_group_of(nn, u, j));
    if (u->gates && u->gates->sparse.kind == NN_STG)
        return column * column;
    if (nn_is_matrix(u))
        return norm_squares(u->rows, t->value + j * u->rows) * column * column;
    for (size_t i = 0; i < u->rows; i++) {
        double w = (double)t->value[i + j * u->rows];
        for (size_t d = 1; d < u->factors; d++)
            w *= (double)t[d].value[i + j * u->rows];
        if (u->gates && !nn_scales_columns(u))
            w *= nn_gate(nn, u->gates, i);
        if (u->limit != NN_NONE)
            w = fmax(fabs(w) - nn_str_threshold(nn, u), 0);
        sum += w * w;
    }
    return sum * column * column;
}

/* |w|_2 of the columns that read cell j of the picture. */
static double picture_input(const struct nn *nn, const struct nn_unit *u,
                            size_t j)
{
    size_t every = u->from.channels;
    double sum = 0;
    if (u->layer->kind == NN_LINEAR)
        return sqrt(nn_column_squares(nn, u, j));
    if (u->layer->kind != NN_CONV)
        return 1;
    for (size_t k = j % every; k < u->cols; k += every)
        sum += nn_column_squares(nn, u, k);
    return sqrt(sum);
}

double nn_input_size(const struct nn *nn, size_t j)
{
    double sum = 0;
    if (nn->shape.gate.kind == NN_STG)
        return nn_gate(nn, &nn->shared, j);
    if (nn_has_picture(nn))
        return picture_input(nn, &nn->units[0][0], j);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        sum += nn_column_squares(nn, &nn->units[b][0], j);
    return sqrt(sum);
}

void nn_importance(const struct nn *nn, double zero, double *out)
{
    double largest = 0;
    for (size_t j = 0; j < nn->shape.inputs; j++) {
        double size = j < nn->live ? nn_input_size(nn, j) : 0;
        out[nn->order[j]] = size;
        largest = fmax(largest, size);
    }
    for (size_t j = 0; j < nn->shape.inputs; j++)
        if (out[j] <= zero * largest)
            out[j] = 0;
}

const real *nn_weights(struct nn *nn, size_t branch, size_t layer)
{
    struct nn_unit *u = &nn->units[branch][layer];
    if (!u->gates && u->factors == 1 && u->limit == NN_NONE)
        return nn->tensors[u->tensor].value;
    size_t live = nn->live;
    nn->live = nn->shape.inputs;
    if (u->gates)
        nn_gates_open(nn, u->gates, 0);
    nn->live = live;
    if (u->product) {
        nn_product(nn, u, 0, u->cols, u->product);
        return u->product;
    }
    spred_free(nn->env, nn->weights);
    nn->weights = nn_reals(nn->env, u->rows, u->cols);
    if (nn->weights)
        nn_product(nn, u, 0, u->cols, nn->weights);
    return nn->weights;
}

/* lambda sum_j Phi((mu_j + .5)/sigma) */
static double stochastic_penalty(const struct nn *nn,
                                 const struct nn_gates *gates)
{
    double sum = 0, sigma = nn_sigma(&gates->sparse);
    size_t count = gates->inputs ? nn->live : gates->groups;
    for (size_t j = 0; j < count; j++) {
        double mu = (double)nn->tensors[gates->tensor].value[j];
        sum += erfc(-(mu + .5) / sigma * sqrt(.5)) / 2;
    }
    return gates->sparse.lambda * sum;
}

/* lambda |w|^(2/D) of a group whose squares sum to `squares` */
static double group_penalty(const struct nn_sparse *s, double squares)
{
    double d = s->kind == NN_SPRED ? (double)nn_factors(s) : 2;
    return s->lambda * pow(squares, 1 / d);
}

/* Of the products of one layer. */
static double layer_penalty(const struct nn *nn, const struct nn_unit *u)
{
    const struct nn_sparse *s = &u->layer->sparse;
    const struct nn_tensor *t = &nn->tensors[u->tensor];
    size_t columns = nn_columns(nn, t);
    double sum = 0;
    size_t every = u->layer->kind == NN_CONV ? u->from.channels : columns;
    for (size_t g = 0; s->group == NN_INPUT && g < every; g++) {
        double squares = 0;
        for (size_t j = g; j < columns; j += every)
            squares += nn_column_squares(nn, u, j);
        sum += group_penalty(s, squares);
    }
    for (size_t from = 0; s->group == NN_BLOCK && from < u->cols;
         from += s->block) {
        double squares = 0;
        for (size_t i = from; i < from + s->block && i < u->cols; i++) {
            size_t j = u->index || nn_has_picture(nn) ? i : nn->place[i];
            if (j < columns)
                squares += nn_column_squares(nn, u, j);
        }
        sum += group_penalty(s, squares);
    }
    if (s->group != NN_OUTPUT && s->group != NN_ELEMENT)
        return sum;
    for (size_t i = 0; i < u->rows; i++) {
        double squares = 0;
        double scale = u->gates ? nn_gate(nn, u->gates, i) : 1;
        for (size_t j = 0; j < columns; j++) {
            double w = scale;
            for (size_t d = 0; d < u->factors; d++)
                w *= (double)t[d].value[i + j * u->rows];
            squares += w * w;
            if (s->group == NN_ELEMENT)
                sum += group_penalty(s, w * w);
        }
        if (s->group == NN_OUTPUT)
            sum += group_penalty(s, squares);
    }
    return sum;
}

/* (c/2) |f|^2 over the tensors of products; of: of this layer, or NULL */
static double decays(const struct nn *nn, const struct nn_unit *of)
{
    double sum = 0;
    for (size_t i = 0; i < nn->n_tensors; i++) {
        const struct nn_tensor *t = &nn->tensors[i];
        size_t count = t->decay > 0 ? t->rows * nn_columns(nn, t) : 0;
        if (of && (t->branch != of->branch || t->layer != of->index))
            continue;
        sum += t->decay / 2 * norm_squares(count, t->value);
    }
    return sum;
}

double nn_penalty(const struct nn *nn, int factors)
{
    const struct nn_sparse *gate = &nn->shape.gate;
    double sum = factors ? decays(nn, NULL) : 0;
    if (gate->kind == NN_STG)
        sum += stochastic_penalty(nn, &nn->shared);
    else if (gate->kind == NN_SPRED && !factors)
        for (size_t j = 0; j < nn->live; j++) {
            double size = nn_input_size(nn, j);
            sum += group_penalty(gate, size * size);
        }
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
            const struct nn_unit *u = &nn->units[b][l];
            enum nn_sparse_kind kind = u->layer->sparse.kind;
            int weighed =
                u->layer->kind == NN_LINEAR || u->layer->kind == NN_CONV;
            if (!weighed || kind == NN_DENSE)
                continue;
            if (kind == NN_STG)
                sum += stochastic_penalty(nn, &u->own);
            else if (kind == NN_STR)
                sum += factors ? 0 : decays(nn, u);
            else if (kind != NN_SPRED || !factors)
                sum += layer_penalty(nn, u);
        }
    return sum;
}
