/* blocks_model.c: columns and Hessian of a set of blocks,
 *   Q_ef = sum_i z_ie H_i[k_e, k_f] z_if,  H_i the loss's Hessian in row i of
 * M, minus the Schur complement of the intercepts; kept and grown by blocks for
 * a quadratic loss. */
#include <math.h>
#include <string.h>

#include "blocks.h"
#include "spred/linalg.h"

/* Least curvature of a sample in a model. */
static const double least_weight = 1e-9;

/* *part becomes room for count items of size bytes. */
static int resize(struct block_set *set, void *part, size_t count, size_t size)
{
    void *old, *grown;
    memcpy(&old, part, sizeof old);
    grown = spred_resize(set->env, old, count, size);
    if (!grown)
        return 0;
    memcpy(part, &grown, sizeof grown);
    return 1;
}

static enum spred_status more_blocks(struct block_set *set)
{
    size_t room = 2 * set->block_room + 16;
    int fits = resize(set, &set->id, room, sizeof *set->id) &&
               resize(set, &set->marked, room, sizeof *set->marked) &&
               resize(set, &set->first, room + 1, sizeof *set->first) &&
               resize(set, &set->l1, room, sizeof *set->l1) &&
               resize(set, &set->l2, room, sizeof *set->l2);
    if (!fits)
        return SPRED_ENOMEM;
    set->block_room = room;
    set->first[0] = 0;
    return SPRED_OK;
}

static enum spred_status more_columns(struct block_set *set, size_t wanted)
{
    size_t n = set->problem->n, room = 2 * set->column_room;
    room = room > wanted ? room : wanted;
    int fits = resize(set, &set->feature, room, sizeof *set->feature) &&
               resize(set, &set->offset, room, sizeof *set->offset) &&
               resize(set, &set->z, n * room, sizeof *set->z);
    if (fits && !set->problem->loss->quadratic)
        fits = resize(set, &set->panel, 2 * n * room, sizeof *set->panel) &&
               resize(set, &set->pair, room * room, sizeof *set->pair);
    if (!fits)
        return SPRED_ENOMEM;
    set->column_room = room;
    return SPRED_OK;
}

static enum spred_status more_values(struct block_set *set, size_t wanted)
{
    size_t outputs = set->problem->outputs, room = 2 * set->value_room;
    room = room > wanted ? room : wanted;
    int fits = resize(set, &set->slot, room, sizeof *set->slot) &&
               resize(set, &set->output, room, sizeof *set->output) &&
               resize(set, &set->c, room, sizeof *set->c) &&
               resize(set, &set->x, room, sizeof *set->x) &&
               resize(set, &set->d, room, sizeof *set->d) &&
               resize(set, &set->cross, outputs * room, sizeof *set->cross) &&
               resize(set, &set->lifted, outputs * room, sizeof *set->lifted);
    double *q = fits ? spred_alloc(set->env, room * room, sizeof *q) : NULL;
    if (!q)
        return SPRED_ENOMEM;
    for (size_t e = 0; e < set->known; e++)
        memcpy(q + e * room, set->q + e * set->value_room,
               set->known * sizeof *q);
    spred_free(set->env, set->q);
    set->q = q;
    set->value_room = room;
    return SPRED_OK;
}

enum spred_status block_set_reserve(struct block_set *set,
                                    const struct spred_block *block)
{
    size_t columns = set->columns + block->features;
    size_t values = set->values + block->features * block->outputs;
    if (set->blocks == set->block_room)
        SPRED_TRY(more_blocks(set));
    if (columns > set->column_room)
        SPRED_TRY(more_columns(set, columns));
    return values > set->value_room ? more_values(set, values) : SPRED_OK;
}

void block_set_append(struct block_set *set, size_t index)
{
    const struct spred_problem *problem = set->problem;
    struct spred_block block = spred_block_at(problem, index);
    size_t n = problem->n, from = set->columns;
    for (size_t i = 0; i < block.features; i++) {
        size_t c = set->columns++, j = spred_block_feature(&block, i);
        double *z = set->z + c * n, total = 0;
        spred_design_column(&problem->x, j, z);
        for (size_t s = 0; s < n; s++)
            total += z[s];
        double mean = problem->intercept ? total / (double)n : 0;
        for (size_t s = 0; s < n; s++)
            z[s] -= mean;
        set->feature[c] = j;
        set->offset[c] = mean;
    }
    for (size_t k = 0; k < block.outputs; k++)
        for (size_t i = 0; i < block.features; i++) {
            set->slot[set->values] = from + i;
            set->output[set->values++] = block.output + k;
        }
    set->inside[index] = 1;
    set->id[set->blocks++] = index;
    set->first[set->blocks] = set->values;
}

/* q of the values in `from`, which only move down. */
static void compact(struct block_set *set, const size_t *from, size_t count)
{
    for (size_t f = 0; f < count; f++)
        for (size_t e = 0; e < count; e++)
            set->q[e + f * set->value_room] =
                set->q[from[e] + from[f] * set->value_room];
}

void block_set_keep(struct block_set *set, const unsigned char *marked)
{
    size_t n = set->problem->n, blocks = 0, columns = 0, values = 0, known = 0;
    size_t *from = set->slot; /* rewritten below; only lower ones are lost */
    for (size_t s = 0; s < set->blocks; s++) {
        size_t begin = set->first[s], end = set->first[s + 1], id = set->id[s];
        if (!marked[s]) {
            set->inside[id] = 0;
            continue;
        }
        size_t old = set->slot[begin];
        size_t features = spred_block_at(set->problem, id).features;
        for (size_t i = 0; i < features; i++, columns++) {
            set->feature[columns] = set->feature[old + i];
            set->offset[columns] = set->offset[old + i];
            memmove(set->z + columns * n, set->z + (old + i) * n,
                    n * sizeof *set->z);
        }
        for (size_t e = begin; e < end; e++) {
            set->output[values] = set->output[e];
            known += e < set->known;
            from[values++] = e;
        }
        set->id[blocks++] = id;
        set->first[blocks] = values;
    }
    compact(set, from, known);
    columns = 0;
    for (size_t s = 0; s < blocks; s++) {
        size_t features = spred_block_at(set->problem, set->id[s]).features;
        for (size_t e = set->first[s]; e < set->first[s + 1]; e++)
            set->slot[e] = columns + (e - set->first[s]) % features;
        columns += features;
    }
    set->known = known;
    set->blocks = blocks;
    set->columns = columns;
    set->values = values;
}

/* Q of a quadratic loss, one output: values are columns. */
static void extend(struct block_set *set, struct spred_work *work)
{
    size_t n = set->problem->n, m = set->values, lead = set->value_room;
    size_t added = m - set->known;
    if (added == 0)
        return;
    spred_gemm(1, 0, m, added, n, 1, set->z, n, set->z + set->known * n, n, 0,
               set->q + set->known * lead, lead);
    for (size_t f = set->known; f < m; f++)
        for (size_t e = 0; e < set->known; e++)
            set->q[f + e * lead] = set->q[e + f * lead];
    set->known = m;
    work->passes += (double)added * (double)m / (double)set->problem->p;
}

/* The columns of output k, times h if it is given, into panel. Returns how
 * many. */
static size_t gather(const struct block_set *set, size_t k, const double *h,
                     double *panel)
{
    size_t n = set->problem->n, count = 0;
    for (size_t e = 0; e < set->values; e++) {
        if (set->output[e] != k)
            continue;
        const double *z = set->z + set->slot[e] * n;
        double *to = panel + n * count++;
        for (size_t i = 0; i < n; i++)
            to[i] = h ? h[i] * z[i] : z[i];
    }
    return count;
}

/* h_i = d2 loss / dm_ik dm_il; returns its sum. */
static double pair_weights(struct block_set *set, size_t k, size_t l, double *h)
{
    size_t n = set->problem->n;
    const double *from = set->h;
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        if (set->problem->outputs == 1)
            h[i] = fmax(from[i], least_weight);
        else if (k == l)
            h[i] = from[i + k * n] * (1 - from[i + k * n]) + least_weight;
        else
            h[i] = -from[i + k * n] * from[i + l * n];
        total += h[i];
    }
    return total;
}

/* pair (rows of output k, columns of output l) into q, both triangles. */
static void scatter(struct block_set *set, size_t k, size_t l, size_t rows)
{
    size_t lead = set->value_room, column = 0;
    for (size_t f = 0; f < set->values; f++) {
        if (set->output[f] != l)
            continue;
        const double *from = set->pair + rows * column++;
        for (size_t e = 0; e < set->values; e++)
            if (set->output[e] == k) {
                set->q[e + f * lead] = *from;
                set->q[f + e * lead] = *from++;
            }
    }
}

static void fill(struct block_set *set)
{
    const struct spred_problem *problem = set->problem;
    size_t n = problem->n, outputs = problem->outputs;
    double *left = set->panel, *right = left + n * set->column_room;
    double *h = set->move; /* free until the direction is known */
    for (size_t k = 0; k < outputs; k++)
        for (size_t l = k; l < outputs; l++) {
            double total = pair_weights(set, k, l, h);
            set->inner[k + l * outputs] = set->inner[l + k * outputs] = total;
            if (!set->rows) {
                size_t rows = gather(set, k, NULL, left);
                size_t columns = gather(set, l, h, right);
                if (rows && columns)
                    spred_gemm(1, 0, rows, columns, n, 1, left, n, right, n, 0,
                               set->pair, rows);
                scatter(set, k, l, rows);
            }
            for (size_t e = 0; e < set->values; e++) { /* C = Z'H 1 */
                const double *z = set->z + set->slot[e] * n;
                double cross = 0;
                if (set->output[e] == k || set->output[e] == l)
                    cross = spred_dot(n, z, h);
                if (set->output[e] == k)
                    set->cross[e + l * set->value_room] = cross;
                if (set->output[e] == l)
                    set->cross[e + k * set->value_room] = cross;
            }
        }
}

/* lifted = B^{-1} C', Q -= C B^{-1} C'; B has the null direction 1 when there
 * are classes. */
static enum spred_status eliminate(struct block_set *set)
{
    size_t outputs = set->problem->outputs, m = set->values;
    double trace = 0;
    for (size_t k = 0; k < outputs; k++)
        trace += set->inner[k + k * outputs];
    for (size_t e = 0; outputs > 1 && e < outputs * outputs; e++)
        set->inner[e] += trace / (double)(outputs * outputs);
    if (spred_cholesky(outputs, set->inner, outputs) != 0)
        return spred_fail(set->env, SPRED_ENUMERIC,
                          "the intercepts' Hessian is not finite");
    for (size_t k = 0; k < outputs; k++)
        for (size_t e = 0; e < m; e++)
            set->lifted[k + e * outputs] = set->cross[e + k * set->value_room];
    spred_cholesky_solve(outputs, m, set->inner, outputs, set->lifted, outputs);
    if (!set->rows)
        spred_gemm(0, 0, m, m, outputs, -1, set->cross, set->value_room,
                   set->lifted, outputs, 1, set->q, set->value_room);
    return SPRED_OK;
}

enum spred_status block_set_curvature(struct block_set *set,
                                      struct spred_work *work)
{
    const struct spred_problem *problem = set->problem;
    if (problem->loss->quadratic) {
        extend(set, work);
        return SPRED_OK;
    }
    if (problem->outputs > 1)
        spred_probabilities(problem, set->m, problem->n, set->h);
    else
        problem->loss->curvature(problem, set->m, set->h);
    set->rows = 0;
    if (problem->outputs > 1)
        SPRED_TRY(block_rows_choose(set));
    if (set->values)
        fill(set);
    work->passes +=
        (double)(set->columns * problem->outputs) / (double)problem->p;
    if (set->values && problem->intercept)
        SPRED_TRY(eliminate(set));
    if (set->rows)
        block_rows_fill(set);
    return SPRED_OK;
}
