/* factor_sweep.c: for a block of columns B: g = -X_B'r/n, the update of u, v, w
 * there, out += X_B w_B. Memory is read once for both products. */
#include "solvers/factor_sweep.h"

#include <stdint.h>
#include <string.h>

#include "solvers/columns.h"

/* A block of columns fits half of a first-level cache, if four do: the second
 * product then reads it at full speed while the next block comes in. */
enum { BLOCK_BYTES = 1 << 14, LEAST_COLUMNS = 4, LINE = 64 };
/* Products summed in single precision before the sum goes to double. */
enum { SINGLE_RUN = 128 };

static size_t padded(size_t n)
{
    return (n + FACTOR_ROWS - 1) / FACTOR_ROWS * FACTOR_ROWS;
}

enum spred_status factor_single_make(struct spred_env *env,
                                     const struct spred_design *x,
                                     struct factor_single *out)
{
    size_t n = x->matrix->rows, p = x->matrix->cols, rows = padded(n);
    double *column = spred_alloc(env, n, sizeof *column);
    out->rows = rows;
    out->block = spred_alloc(env, rows * p + FACTOR_ROWS, sizeof *out->block);
    if (!column || !out->block) {
        spred_free(env, column);
        return SPRED_ENOMEM;
    }
    size_t past = (uintptr_t)out->block % LINE / sizeof *out->block;
    out->x = out->block + (past ? FACTOR_ROWS - past : 0);
    for (size_t j = 0; j < p; j++) {
        spred_design_column(x, j, column);
        for (size_t i = 0; i < n; i++)
            out->x[i + j * rows] = (float)column[i];
    }
    spred_free(env, column);
    return SPRED_OK;
}

void factor_single_free(struct spred_env *env, struct factor_single *single)
{
    spred_free(env, single->block);
}

/* Columns whose values make a block, a multiple of LEAST_COLUMNS. */
static size_t block_columns(size_t bytes_of_column)
{
    size_t count = BLOCK_BYTES / (bytes_of_column + LINE);
    return count < LEAST_COLUMNS ? LEAST_COLUMNS
                                 : count / LEAST_COLUMNS * LEAST_COLUMNS;
}

static size_t column_bytes(const struct factor_sweep *s)
{
    const struct spred_matrix *m = s->from->x.matrix;
    if (s->from_single)
        return s->from_single->rows * sizeof(float);
    size_t one = m->storage == SPRED_F32 ? sizeof(float) : sizeof(double);
    return spred_matrix_stored(m) / m->cols * one;
}

/* Columns from..from + count - 1 of a design. */
struct view {
    struct spred_matrix matrix;
    struct spred_design design;
};

static void view_columns(const struct spred_design *x, size_t from,
                         size_t count, struct view *out)
{
    size_t n = x->matrix->rows;
    out->matrix = *x->matrix;
    out->matrix.cols = count;
    out->matrix.owned = 0;
    if (out->matrix.storage == SPRED_F64)
        out->matrix.f64 += from * n;
    else if (out->matrix.storage == SPRED_F32)
        out->matrix.f32 += from * n;
    else
        out->matrix.colptr += from;
    out->design =
        (struct spred_design){.matrix = &out->matrix,
                              .mean = x->mean ? x->mean + from : NULL,
                              .scale = x->scale ? x->scale + from : NULL};
}

/* Rows of the longer of the two copies. */
static size_t longest(const struct factor_sweep *s)
{
    size_t from = s->from_single->rows, to = s->to_single->rows;
    return from > to ? from : to;
}

/* R in single precision, and sums that are 0. */
static void begin_single(const struct factor_sweep *s)
{
    size_t outputs = s->from->outputs, n = s->from->n, most = longest(s);
    memset(s->singles, 0, 2 * outputs * most * sizeof *s->singles);
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < n; i++)
            s->singles[i + k * most] = (float)s->r[i + k * n];
}

/* g of columns from..to - 1, output k. */
static void slopes(const struct factor_sweep *s, size_t k, size_t from,
                   size_t to)
{
    const struct spred_problem *part = s->from;
    double *g = s->g + from + k * part->p;
    if (s->from_single) {
        size_t rows = s->from_single->rows;
        factor_loops()->dots(rows, to - from, s->from_single->x + from * rows,
                             s->singles + k * longest(s), g);
    } else {
        struct view view;
        view_columns(&part->x, from, to - from, &view);
        spred_design_adjoint(&view.design, s->r + k * part->n, g);
    }
    for (size_t j = 0; j < to - from; j++)
        g[j] *= -1 / (double)part->n;
}

static void update(const struct factor_sweep *s, size_t k, size_t from,
                   size_t to)
{
    size_t at = from + k * s->from->p;
    const struct factor_arrays *all = &s->at;
    struct factor_arrays part = {.u = all->u + at,
                                 .v = all->v + at,
                                 .w = all->w + at,
                                 .mu = all->mu + at,
                                 .mv = all->mv + at,
                                 .su = all->su + at,
                                 .sv = all->sv + at,
                                 .g = s->g + at,
                                 .weight =
                                     all->weight ? all->weight + from : NULL};
    if (s->adam)
        factor_loops()->adam(to - from, s->rule, &part);
    else
        factor_loops()->momentum(to - from, s->rule, &part);
}

/* out of output k += columns from..to - 1 times their w. */
static void add(const struct factor_sweep *s, size_t k, size_t from, size_t to)
{
    const struct spred_problem *part = s->to;
    const struct spred_design *x = &part->x;
    size_t n = part->n, count = to - from;
    const double *w = s->at.w + from + k * part->p;
    double *out = s->out + k * n;
    if (s->to_single) {
        size_t rows = s->to_single->rows, most = longest(s);
        float *sum = s->singles + (part->outputs + k) * most;
        float *a = s->singles + 2 * part->outputs * most;
        for (size_t j = 0; j < count; j++)
            a[j] = (float)w[j];
        factor_loops()->singles(rows, count, s->to_single->x + from * rows, a,
                                sum);
        if (from / SINGLE_RUN == to / SINGLE_RUN && to < part->p)
            return;
        for (size_t i = 0; i < n; i++)
            out[i] += (double)sum[i];
        memset(sum, 0, rows * sizeof *sum);
    } else if (x->matrix->storage == SPRED_F64) {
        double *a = s->scratch, constant = 0;
        for (size_t j = 0; j < count; j++) {
            a[j] = w[j] * column_scale(x, from + j);
            constant += a[j] * column_mean(x, from + j);
        }
        factor_loops()->doubles(n, count, x->matrix->f64 + from * n, a, out);
        for (size_t i = 0; x->mean && i < n; i++)
            out[i] -= constant;
    } else {
        struct view view;
        view_columns(x, from, count, &view);
        spred_design_apply(&view.design, w, s->scratch);
        for (size_t i = 0; i < n; i++)
            out[i] += s->scratch[i];
    }
}

/* Most columns in a block. */
static size_t widest(size_t p, size_t least_bytes)
{
    size_t columns = block_columns(least_bytes);
    return columns < p ? columns : p;
}

size_t factor_sweep_scratch(size_t n, size_t p)
{
    size_t columns = widest(p, 0);
    return n > columns ? n : columns;
}

size_t factor_sweep_singles(size_t n, size_t p, size_t outputs)
{
    return 2 * padded(n) * outputs + widest(p, padded(1) * sizeof(float));
}

void factor_sweep_slopes(const struct factor_sweep *s)
{
    if (s->from_single)
        begin_single(s);
    for (size_t k = 0; k < s->from->outputs; k++)
        slopes(s, k, 0, s->from->p);
}

void factor_sweep(const struct factor_sweep *s)
{
    size_t p = s->from->p, outputs = s->from->outputs;
    size_t width = block_columns(column_bytes(s));
    memset(s->out, 0, s->to->n * outputs * sizeof *s->out);
    if (s->from_single)
        begin_single(s);
    for (size_t from = 0; from < p; from += width) {
        size_t to = p - from < width ? p : from + width;
        for (size_t k = 0; k < outputs; k++) {
            if (!s->slopes_known)
                slopes(s, k, from, to);
            update(s, k, from, to);
            add(s, k, from, to);
        }
    }
}
