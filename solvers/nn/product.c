/* product.c: the weights of a layer as products of factors (PAPER.md section 1)
 * and the gradient in the weights turned into those of the factors. */
#include "solvers/nn/inside.h"

/* Columns at least so long are worth a call of BLAS. */
#define LONG_COLUMN 48

static int element(const struct nn_unit *u)
{
    return u->factors > 1;
}

int nn_scales_columns(const struct nn_unit *u)
{
    return u->gates && u->gates->sparse.group != NN_OUTPUT;
}

int nn_is_matrix(const struct nn_unit *u)
{
    return !element(u) && u->limit == NN_NONE &&
           (!u->gates || nn_scales_columns(u));
}

/* w = f_1 o ... o f_D, or w = scale of its group times f */
void nn_product(const struct nn *nn, const struct nn_unit *u, size_t first,
                size_t count, real *w)
{
    size_t rows = u->rows, from = first * rows;
    const struct nn_tensor *t = &nn->tensors[u->tensor];
    const real *restrict f = t->value + from;
    real *restrict out = w;
    for (size_t e = 0; e < rows * count; e++)
        out[e] = f[e];
    for (size_t d = 1; d < u->factors; d++) {
        const real *restrict next = t[d].value + from;
        for (size_t e = 0; e < rows * count; e++)
            out[e] *= next[e];
    }
    if (u->limit != NN_NONE)
        nn_str_product(nn, u, rows * count, w);
    if (!u->gates)
        return;
    const real *restrict scale = u->gates->scale;
    for (size_t j = 0; j < count; j++) {
        real *restrict column = out + j * rows;
        if (nn_scales_columns(u)) {
            real c = scale[nn_group_of(nn, u, first + j)];
            for (size_t i = 0; i < rows; i++)
                column[i] *= c;
        } else
            for (size_t i = 0; i < rows; i++)
                column[i] *= scale[i];
    }
}

static double dot(size_t n, const real *a, const real *b)
{
    if (n >= LONG_COLUMN)
        return (double)real_dot((int)n, a, 1, b, 1);
    real sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return (double)sum;
}

static void times(size_t n, real c, real *restrict a)
{
    for (size_t i = 0; i < n; i++)
        a[i] *= c;
}

/* One column: slope += f'g; g = scale g */
static void gate_column(size_t rows, real scale, const real *f, real *g,
                        real *slope)
{
    *slope += (real)dot(rows, f, g);
    times(rows, scale, g);
}

/* One column of gates on the rows: slope += f o g; g = scale o g */
static void gate_rows(size_t rows, const real *restrict scale,
                      const real *restrict f, real *restrict g,
                      real *restrict slope)
{
    for (size_t i = 0; i < rows; i++) {
        slope[i] += f[i] * g[i];
        g[i] *= scale[i];
    }
}

static double squares(size_t rows, const real *g)
{
    return dot(rows, g, g);
}

/* g_d = g prod_{e != d} f_e, g in the place of g_1 */
static void split_element(struct nn_tensor *t, size_t factors, size_t from,
                          size_t count)
{
    real *restrict g = t[0].gradient + from;
    for (size_t d = factors; d-- > 1;) {
        real *restrict out = t[d].gradient + from;
        for (size_t e = 0; e < count; e++)
            out[e] = g[e];
        for (size_t o = 0; o < factors; o++) {
            const real *restrict f = t[o].value + from;
            for (size_t e = 0; o != d && e < count; e++)
                out[e] *= f[e];
        }
    }
    for (size_t o = 1; o < factors; o++) {
        const real *restrict f = t[o].value + from;
        for (size_t e = 0; e < count; e++)
            g[e] *= f[e];
    }
}

void nn_product_gradient(struct nn *nn, struct nn_unit *u, size_t first,
                         size_t count)
{
    struct nn_tensor *t = &nn->tensors[u->tensor];
    size_t rows = u->rows;
    for (size_t j = first; j < first + count; j++) {
        real *g = t->gradient + j * rows;
        const real *f = t->value + j * rows;
        if (element(u))
            split_element(t, u->factors, j * rows, rows);
        else if (u->gates && nn_scales_columns(u)) {
            size_t group = nn_group_of(nn, u, j);
            gate_column(rows, u->gates->scale[group], f, g,
                        &u->gates->slope[group]);
        } else if (u->gates)
            gate_rows(rows, u->gates->scale, f, g, u->gates->slope);
        else if (u->limit != NN_NONE)
            nn_str_gradient(nn, u, j * rows, rows);
        for (size_t d = 0; d < u->factors; d++)
            t[d].squares += squares(rows, t[d].gradient + j * rows);
    }
}
