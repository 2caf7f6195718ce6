/* subset.c: packs the columns of a working set, and their Gram matrix, once
 * each; columns that leave are squeezed out without touching X. */
#include "solvers/subset.h"

#include <string.h>

#include "solvers/columns.h"
#include "spred/linalg.h"

enum { LEAST_CAPACITY = 64 };

static int sparse(const struct subset *set)
{
    return set->whole->x.matrix->storage == SPRED_CSC;
}

enum spred_status subset_init(struct subset *set, struct spred_env *env,
                              const struct spred_problem *whole)
{
    set->env = env;
    set->whole = whole;
    set->by_gram = whole->loss->quadratic;
    set->inside = spred_alloc(env, whole->p, sizeof *set->inside);
    set->work = spred_alloc(env, 2 * whole->n, sizeof *set->work);
    return set->inside && set->work ? SPRED_OK : SPRED_ENOMEM;
}

void subset_free(struct subset *set)
{
    if (!set->env)
        return;
    spred_free(set->env, set->column);
    spred_free(set->env, set->inside);
    spred_free(set->env, set->weight);
    spred_free(set->env, set->centre);
    spred_free(set->env, set->mean);
    spred_free(set->env, set->scale);
    spred_free(set->env, set->packed);
    spred_free(set->env, set->q);
    spred_free(set->env, set->cross);
    spred_free(set->env, set->work);
    if (sparse(set))
        spred_matrix_free(set->env, &set->matrix);
}

/* Grows *array to `room` items of `size` doubles; the content is kept. */
static int widen(struct subset *set, double **array, size_t room, size_t size)
{
    double *grown = spred_resize(set->env, *array, room, size * sizeof **array);
    if (grown)
        *array = grown;
    return grown != NULL;
}

static enum spred_status reserve(struct subset *set, size_t wanted)
{
    size_t old = set->capacity, n = set->whole->n;
    if (wanted <= old)
        return SPRED_OK;
    size_t room = 2 * old > LEAST_CAPACITY ? 2 * old : LEAST_CAPACITY;
    if (room > set->whole->p)
        room = set->whole->p;
    size_t *column = spred_resize(set->env, set->column, room, sizeof *column);
    if (column)
        set->column = column;
    int good = column && widen(set, &set->weight, room, 1) &&
               widen(set, &set->centre, room, 1) &&
               widen(set, &set->cross, room, 1);
    if (sparse(set))
        good = good && widen(set, &set->mean, room, 1) &&
               widen(set, &set->scale, room, 1);
    else
        good = good && widen(set, &set->packed, room, n);
    if (good && set->by_gram) {
        double *q = spred_alloc(set->env, room * room, sizeof *q);
        good = q != NULL;
        for (size_t a = 0; q && a < set->ready; a++)
            memcpy(q + a * room, set->q + a * old, set->ready * sizeof *q);
        if (q) {
            spred_free(set->env, set->q);
            set->q = q;
        }
    }
    if (!good)
        return SPRED_ENOMEM;
    set->capacity = room;
    return SPRED_OK;
}

enum spred_status subset_enter(struct subset *set, size_t feature)
{
    SPRED_TRY(reserve(set, set->size + 1));
    const double *weights = set->whole->penalty.weights;
    set->weight[set->size] = weights ? weights[feature] : 1;
    set->column[set->size++] = feature;
    set->inside[feature] = 1;
    return SPRED_OK;
}

void subset_keep(struct subset *set, const unsigned char *keep)
{
    size_t n = set->whole->n, lead = set->capacity, to = 0;
    size_t old = set->ready;
    for (size_t s = 0; s < set->size; s++) {
        if (!keep[s]) {
            set->inside[set->column[s]] = 0;
            continue;
        }
        if (to < s && s < old) {
            set->cross[to] = set->cross[s];
            set->centre[to] = set->centre[s];
            if (!sparse(set))
                memcpy(set->packed + to * n, set->packed + s * n,
                       n * sizeof *set->packed);
            for (size_t a = 0; set->by_gram && a < old; a++)
                set->q[a + to * lead] = set->q[a + s * lead];
        }
        set->column[to] = set->column[s];
        set->weight[to] = set->weight[s];
        to++;
    }
    size_t rows = 0; /* of Q; its columns have moved already */
    for (size_t s = 0; set->by_gram && s < old; s++) {
        if (!keep[s])
            continue;
        for (size_t a = 0; rows < s && a < to; a++)
            set->q[rows + a * lead] = set->q[s + a * lead];
        rows++;
    }
    size_t packed = 0;
    for (size_t s = 0; s < old; s++)
        packed += keep[s] != 0;
    set->ready = packed;
    set->size = to;
}

/* Column s as the set sees it, into out. */
static void make_column(struct subset *set, size_t s, double *out)
{
    size_t n = set->whole->n;
    double mean = 0;
    spred_design_column(&set->whole->x, set->column[s], out);
    for (size_t i = 0; set->whole->intercept && i < n; i++)
        mean += out[i] / (double)n;
    set->centre[s] = mean;
    for (size_t i = 0; i < n; i++)
        out[i] -= mean;
}

/* Q[b, a] for b <= a by sparse products with the dense column a. */
static void sparse_products(struct subset *set, size_t a, const double *z)
{
    const struct spred_design *x = &set->whole->x;
    double total = 0;
    for (size_t i = 0; i < set->whole->n; i++)
        total += z[i];
    for (size_t b = 0; b <= a; b++) {
        size_t j = set->column[b];
        set->q[b + a * set->capacity] =
            column_scale(x, j) *
            (column_raw_dot(x, j, z) - column_mean(x, j) * total);
    }
}

/* Columns and rows first..size - 1 of Q, and c there. */
static void grow_gram(struct subset *set, size_t first)
{
    const struct spred_problem *whole = set->whole;
    size_t n = whole->n, m = set->size, lead = set->capacity;
    double *z = set->work, *y = z + n;
    double mean = whole->intercept ? whole->null_intercept[0] : 0;
    for (size_t i = 0; i < n; i++)
        y[i] = whole->y[i] - mean;
    if (!sparse(set))
        spred_gemm(1, 0, m, m - first, n, 1, set->packed, n,
                   set->packed + first * n, n, 0, set->q + first * lead, lead);
    for (size_t a = first; a < m; a++) {
        if (sparse(set)) {
            make_column(set, a, z);
            sparse_products(set, a, z);
            set->cross[a] = spred_dot(n, z, y);
        } else {
            set->cross[a] = spred_dot(n, set->packed + a * n, y);
        }
        for (size_t b = 0; b < a; b++)
            set->q[a + b * lead] = set->q[b + a * lead];
    }
}

static enum spred_status pack_sparse(struct subset *set, size_t first)
{
    const struct spred_problem *whole = set->whole;
    for (size_t s = first; s < set->size; s++)
        make_column(set, s, set->work); /* for its centre */
    spred_matrix_free(set->env, &set->matrix);
    memset(&set->matrix, 0, sizeof set->matrix);
    SPRED_TRY(spred_matrix_take(set->env, whole->x.matrix, NULL, whole->n,
                                set->column, set->size, &set->matrix));
    for (size_t s = 0; s < set->size; s++) {
        double scale = column_scale(&whole->x, set->column[s]);
        set->scale[s] = scale;
        set->mean[s] = column_mean(&whole->x, set->column[s]);
        if (scale > 0)
            set->mean[s] += set->centre[s] / scale;
    }
    return SPRED_OK;
}

enum spred_status subset_prepare(struct subset *set, double *columns)
{
    const struct spred_problem *whole = set->whole;
    size_t n = whole->n, first = set->ready, m = set->size;
    *columns = (double)(m - first);
    for (size_t s = first; !sparse(set) && s < m; s++)
        make_column(set, s, set->packed + s * n);
    if (set->by_gram && first < m) {
        grow_gram(set, first);
        *columns *= (double)m;
    } else if (!set->by_gram && sparse(set)) {
        SPRED_TRY(pack_sparse(set, first));
    }
    set->ready = m;
    set->problem = *whole;
    set->problem.p = m;
    set->problem.penalty.weights = set->weight;
    set->problem.x = (struct spred_design){.matrix = &set->matrix};
    if (sparse(set)) {
        set->problem.x.mean = set->mean;
        set->problem.x.scale = set->scale;
    } else {
        set->matrix = (struct spred_matrix){
            .storage = SPRED_F64, .rows = n, .cols = m, .f64 = set->packed};
    }
    return SPRED_OK;
}
