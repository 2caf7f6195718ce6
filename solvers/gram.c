/* gram.c: keeps and grows a weighted Gram matrix by columns: dense storages by
 * matrix products on packed rows, CSC by the products of every row's entries.
 */
#include "gram.h"

#include <math.h>
#include <string.h>

#include "columns.h"
#include "spred/linalg.h"

/* Rows packed at once: all of them up to ALL_ROWS, and then they stay. */
enum { CHUNK = 256, ALL_ROWS = 2048, PANEL = 64, SLACK = 256, TILE = 32 };

enum spred_status gram_init(struct gram *gram, struct spred_env *env,
                            const struct spred_problem *problem)
{
    gram->env = env;
    gram->problem = problem;
    gram->slot = spred_alloc(env, problem->p, sizeof *gram->slot);
    gram->root = spred_alloc(env, problem->n, sizeof *gram->root);
    gram->row = spred_alloc(env, problem->n + 2, sizeof *gram->row);
    return gram->slot && gram->root && gram->row ? SPRED_OK : SPRED_ENOMEM;
}

void gram_free(struct gram *gram)
{
    if (!gram->env)
        return;
    spred_free(gram->env, gram->feature);
    spred_free(gram->env, gram->centre);
    spred_free(gram->env, gram->q);
    spred_free(gram->env, gram->panel);
    spred_free(gram->env, gram->slot);
    spred_free(gram->env, gram->root);
    spred_free(gram->env, gram->row);
    spred_free(gram->env, gram->entry);
}

static size_t chunk_rows(const struct gram *gram)
{
    size_t n = gram->problem->n;
    return n <= ALL_ROWS ? n : CHUNK;
}

/* Room for `wanted` columns, at least doubling; q keeps its content. */
static enum spred_status reserve(struct gram *gram, size_t wanted)
{
    size_t old = gram->capacity;
    if (wanted <= old)
        return SPRED_OK;
    size_t room = wanted > 2 * old ? wanted : 2 * old;
    void *feature =
        spred_resize(gram->env, gram->feature, room, sizeof *gram->feature);
    if (feature)
        gram->feature = feature;
    void *centre =
        spred_resize(gram->env, gram->centre, room, sizeof *gram->centre);
    if (centre)
        gram->centre = centre;
    size_t rows = chunk_rows(gram);
    int sparse = gram->problem->x.matrix->storage == SPRED_CSC;
    size_t cells = sparse ? room : rows * room;
    void *panel =
        spred_resize(gram->env, gram->panel, cells, sizeof *gram->panel);
    if (panel)
        gram->panel = panel;
    double *q = spred_alloc(gram->env, room * room, sizeof *q);
    if (!feature || !centre || !panel || !q) {
        spred_free(gram->env, q);
        return SPRED_ENOMEM;
    }
    for (size_t a = 0; a < gram->size; a++)
        memcpy(q + a * room, gram->q + a * old, gram->size * sizeof *q);
    spred_free(gram->env, gram->q);
    gram->q = q;
    gram->capacity = room;
    return SPRED_OK;
}

/* Forgets all columns. */
static void clear(struct gram *gram)
{
    for (size_t a = 0; a < gram->size; a++)
        gram->slot[gram->feature[a]] = 0;
    gram->size = 0;
    gram->made_anew++;
}

/* Rows first..first + rows - 1 of the work on columns from..to - 1, for the
 * threads that share it. */
struct chunk {
    struct gram *gram;
    size_t from, to, first, rows;
};

static void pack_part(void *cookie, size_t index, size_t threads)
{
    const struct chunk *c = cookie;
    struct gram *gram = c->gram;
    size_t a, end, known = c->rows == gram->problem->n ? c->from : 0;
    spred_pool_share(c->to - known, index, threads, &a, &end);
    for (a += known, end += known; a < end; a++)
        column_pack(&gram->problem->x, gram->feature[a], c->first, c->rows,
                    gram->centre[a], gram->root, gram->panel + a * c->rows);
}

/* Panels of columns: always the same ones, so that threads change no bit. */
static void multiply_part(void *cookie, size_t index, size_t threads)
{
    const struct chunk *c = cookie;
    struct gram *gram = c->gram;
    size_t panels = (c->to - c->from + PANEL - 1) / PANEL;
    for (size_t panel = index; panel < panels; panel += threads) {
        size_t a = c->from + panel * PANEL;
        size_t end = c->to - a < PANEL ? c->to : a + PANEL;
        spred_gemm(1, 0, end, end - a, c->rows, 1, gram->panel, c->rows,
                   gram->panel + a * c->rows, c->rows, c->first ? 1 : 0,
                   gram->q + a * gram->capacity, gram->capacity);
    }
}

/* Q[0..to, from..to) += packed products, a chunk of rows at a time. */
static void grow_dense(struct gram *gram, size_t from, size_t to)
{
    struct spred_pool *pool = gram->problem->x.pool;
    size_t n = gram->problem->n, most = chunk_rows(gram);
    for (size_t first = 0; first < n; first += most) {
        size_t rows = n - first < most ? n - first : most;
        struct chunk chunk = {gram, from, to, first, rows};
        spred_pool_run(pool, pack_part, &chunk);
        spred_pool_run(pool, multiply_part, &chunk);
    }
}

/* The entries of all columns in S, row by row, ordered by slot: row i owns
 * entries row[i]..row[i + 1] - 1. */
static enum spred_status sort_by_rows(struct gram *gram)
{
    const struct spred_matrix *x = gram->problem->x.matrix;
    size_t n = gram->problem->n, total = 0;
    for (size_t a = 0; a < gram->size; a++) {
        size_t j = gram->feature[a];
        total += (size_t)(x->colptr[j + 1] - x->colptr[j]);
    }
    if (total > gram->entries) {
        void *entry = spred_resize(gram->env, gram->entry, 2 * total,
                                   sizeof *gram->entry);
        if (!entry)
            return SPRED_ENOMEM;
        gram->entry = entry;
        gram->entries = 2 * total;
    }
    memset(gram->row, 0, (n + 1) * sizeof *gram->row);
    for (size_t a = 0; a < gram->size; a++) {
        size_t j = gram->feature[a];
        for (int64_t e = x->colptr[j]; e < x->colptr[j + 1]; e++)
            gram->row[x->rowind[e] + 1]++;
    }
    for (size_t i = 0; i < n; i++)
        gram->row[i + 1] += gram->row[i];
    for (size_t a = 0; a < gram->size; a++) {
        size_t j = gram->feature[a];
        double scale = column_scale(&gram->problem->x, j);
        for (int64_t e = x->colptr[j]; e < x->colptr[j + 1]; e++) {
            int32_t i = x->rowind[e];
            gram->entry[gram->row[i]++] =
                (struct gram_entry){a, gram->root[i] * scale * x->values[e]};
        }
    }
    memmove(gram->row + 1, gram->row, n * sizeof *gram->row);
    gram->row[0] = 0;
    return SPRED_OK;
}

/* Q[0..a, a] for the columns a >= from: the products of every row's entries,
 * then the centres, Q_ab -= z_a c_b + c_a z_b - c_a c_b h with z = raw'h. */
static enum spred_status grow_sparse(struct gram *gram, size_t from,
                                     const struct quadratic *model)
{
    const struct spred_design *x = &gram->problem->x;
    size_t lead = gram->capacity, to = gram->size;
    double *sum = gram->panel, h_total = 0;
    SPRED_TRY(sort_by_rows(gram));
    for (size_t i = 0; i < gram->problem->n; i++)
        h_total += model->h[i];
    for (size_t a = from; a < to; a++)
        memset(gram->q + a * lead, 0, (a + 1) * sizeof *gram->q);
    for (size_t i = 0; i < gram->problem->n; i++)
        for (size_t e = gram->row[i]; e < gram->row[i + 1]; e++) {
            const struct gram_entry *entry = gram->entry + e;
            if (entry->slot < from)
                continue;
            double *column = gram->q + entry->slot * lead;
            for (size_t f = gram->row[i]; f <= e; f++)
                column[gram->entry[f].slot] +=
                    entry->value * gram->entry[f].value;
        }
    for (size_t a = 0; a < to; a++)
        sum[a] = column_scale(x, gram->feature[a]) *
                 column_raw_dot(x, gram->feature[a], model->h);
    for (size_t a = from; a < to; a++) {
        double centre = column_scale(x, gram->feature[a]) * gram->centre[a];
        for (size_t b = 0; b <= a; b++) {
            double other = column_scale(x, gram->feature[b]) * gram->centre[b];
            gram->q[b + a * lead] -=
                sum[a] * other + centre * sum[b] - centre * other * h_total;
        }
    }
    return SPRED_OK;
}

/* The other triangle of the columns from `from` on, a tile at a time. */
static void mirror(struct gram *gram, size_t from)
{
    size_t lead = gram->capacity, to = gram->size;
    for (size_t b0 = 0; b0 < to; b0 += TILE)
        for (size_t a0 = from; a0 < to; a0 += TILE)
            for (size_t b = b0; b < b0 + TILE && b < to; b++)
                for (size_t a = a0 > b ? a0 : b + 1; a < a0 + TILE && a < to;
                     a++)
                    gram->q[a + b * lead] = gram->q[b + a * lead];
}

enum spred_status gram_require(struct gram *gram, const struct quadratic *model,
                               int keep, struct spred_work *work)
{
    size_t missing = 0;
    if (!keep || gram->size > 2 * model->size + SLACK)
        clear(gram);
    for (size_t c = 0; c < model->size; c++)
        missing += gram->slot[model->column[c]] == 0;
    if (!missing)
        return SPRED_OK;
    SPRED_TRY(reserve(gram, gram->size + missing));
    size_t from = gram->size;
    for (size_t c = 0; c < model->size; c++) {
        size_t j = model->column[c];
        if (gram->slot[j])
            continue;
        gram->feature[gram->size] = j;
        gram->centre[gram->size] = model->centre[c];
        gram->slot[j] = ++gram->size;
    }
    for (size_t i = 0; i < gram->problem->n; i++)
        gram->root[i] = sqrt(model->h[i]);
    if (gram->problem->x.matrix->storage == SPRED_CSC)
        SPRED_TRY(grow_sparse(gram, from, model));
    else
        grow_dense(gram, from, gram->size);
    mirror(gram, from);
    work->passes += (double)(missing * gram->size) / (double)gram->problem->p;
    return SPRED_OK;
}
