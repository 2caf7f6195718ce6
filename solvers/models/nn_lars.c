/* nn_lars.c: least angle regression for the non-negative lasso.
 * Efron, Hastie, Johnstone, Tibshirani 2004, sections 3.1 and 3.4 (positive
 * lasso); Morup, Madsen, Hansen 2008 (from inner products). With c = K'(y - Ka)
 * and the active columns A, all at c = lambda: lambda falls by t while a_A
 * moves by t d, d = (K_A'K_A)^-1 1, and c by -t g, g = K'K_A d, until a column
 * joins (c_j = lambda, g_j < 1) or leaves (a_j = 0, d_j < 0).
 *
 * Where several events meet at one knot d solves min 1/2 |K_E d|^2 - 1'd over
 * the columns E at the bound, d_j >= 0 where a_j = 0, of which the one-event
 * rule is a special case: by Lawson and Hanson's active sets, whose objective
 * falls at every change, so that ties do not cycle. A column in the span of A
 * stays at the bound as long as A stays: it is left aside until A loses one. */
#include "solvers/models/nn_lars.h"

#include <math.h>
#include <string.h>

enum { FIRST_WATCHED = 256, ROUNDS = 1000 };
#define AT_BOUND 1e-10 /* of the largest k'y */
#define FLAT 1e-10     /* g_j closer to 1 than this does not join */
#define SPAN 1e-9      /* pivot, of the column's own norm */
#define END 1e-12      /* of the largest k'y: lambda = 0 */

enum role { IDLE = 0, ACTIVE, BLOCKED };

struct nn_lars {
    struct spred_env *env;
    struct nn_lars_source source;
    size_t watched, most, active;
    double lambda, top;  /* here, at the start */
    size_t *set;         /* most */
    double *a, *d, *z;   /* most each, by place in the set */
    double *factor;      /* most x most: rows of L, L L' = K_A'K_A */
    double *c, *g;       /* count each; watched ones are in use */
    unsigned char *role; /* count, enum role */
    size_t *slot;        /* count: 1 + place in gram, 0: none */
    double **gram;       /* columns that have been active: watched values */
    size_t slots, room;
};

static void reset(struct nn_lars *lars)
{
    lars->top = 0;
    for (size_t j = 0; j < lars->source.count; j++)
        lars->top = fmax(lars->top, lars->source.with_y[j]);
    lars->lambda = lars->top;
    lars->watched = lars->source.count;
    if (lars->source.ordered && lars->watched > FIRST_WATCHED)
        lars->watched = FIRST_WATCHED;
    for (size_t j = 0; j < lars->source.count; j++)
        lars->c[j] = lars->source.with_y[j];
}

enum spred_status nn_lars_new(struct spred_env *env,
                              const struct nn_lars_source *source, size_t most,
                              struct nn_lars **out)
{
    struct nn_lars *lars = spred_alloc(env, 1, sizeof *lars);
    *out = NULL;
    if (!lars)
        return SPRED_ENOMEM;
    lars->env = env;
    lars->source = *source;
    lars->most = most < source->count ? most : source->count;
    lars->set = spred_alloc(env, lars->most, sizeof *lars->set);
    lars->a = spred_alloc(env, 3 * lars->most, sizeof *lars->a);
    lars->factor = spred_alloc(env, lars->most * lars->most, sizeof(double));
    lars->c = spred_alloc(env, 2 * source->count, sizeof *lars->c);
    lars->role = spred_alloc(env, source->count, sizeof *lars->role);
    lars->slot = spred_alloc(env, source->count, sizeof *lars->slot);
    if (!lars->set || !lars->a || !lars->factor || !lars->c || !lars->role ||
        !lars->slot) {
        nn_lars_free(lars);
        return SPRED_ENOMEM;
    }
    lars->d = lars->a + lars->most;
    lars->z = lars->d + lars->most;
    lars->g = lars->c + source->count;
    reset(lars);
    *out = lars;
    return SPRED_OK;
}

void nn_lars_free(struct nn_lars *lars)
{
    if (!lars)
        return;
    struct spred_env *env = lars->env;
    for (size_t s = 0; s < lars->slots; s++)
        spred_free(env, lars->gram[s]);
    spred_free(env, lars->gram);
    spred_free(env, lars->set);
    spred_free(env, lars->a);
    spred_free(env, lars->factor);
    spred_free(env, lars->c);
    spred_free(env, lars->role);
    spred_free(env, lars->slot);
    spred_free(env, lars);
}

static const double *products_of(const struct nn_lars *lars, size_t column)
{
    return lars->gram[lars->slot[column] - 1];
}

/* out_j = sum over A of k_j'k_i x_i, for the watched columns. */
static void combine(const struct nn_lars *lars, const double *x, double *out)
{
    memset(out, 0, lars->watched * sizeof *out);
    for (size_t k = 0; k < lars->active; k++) {
        const double *column = products_of(lars, lars->set[k]);
        for (size_t j = 0; j < lars->watched; j++)
            out[j] += column[j] * x[k];
    }
}

/* c = K'y - K'K a: afresh at every knot, so that no error adds up. */
static void refresh(struct nn_lars *lars)
{
    combine(lars, lars->a, lars->c);
    for (size_t j = 0; j < lars->watched; j++)
        lars->c[j] = lars->source.with_y[j] - lars->c[j];
}

/* Asks for the inner products of a column once. Those with columns asked for
 * before are taken from there: K_A'K_A is symmetric to the last bit. */
static enum spred_status ask(struct nn_lars *lars, size_t column)
{
    const struct nn_lars_source *source = &lars->source;
    if (lars->slot[column])
        return SPRED_OK;
    if (lars->slots == lars->room) {
        size_t room = lars->room ? 2 * lars->room : 32;
        double **gram = spred_resize(lars->env, lars->gram, room, sizeof *gram);
        if (!gram)
            return SPRED_ENOMEM;
        lars->gram = gram;
        lars->room = room;
    }
    double *values = spred_alloc(lars->env, lars->watched, sizeof *values);
    if (!values)
        return SPRED_ENOMEM;
    lars->gram[lars->slots++] = values;
    SPRED_TRY(
        source->products(source->cookie, column, 0, lars->watched, values));
    for (size_t j = 0; j < lars->watched; j++)
        if (lars->slot[j])
            values[j] = products_of(lars, j)[column];
    lars->slot[column] = lars->slots;
    return SPRED_OK;
}

/* Twice as many columns are watched; all that was asked for is completed. */
static enum spred_status watch_more(struct nn_lars *lars)
{
    const struct nn_lars_source *source = &lars->source;
    size_t from = lars->watched, to = 2 * from;
    to = to < source->count ? to : source->count;
    for (size_t j = 0; j < from; j++) {
        if (!lars->slot[j])
            continue;
        double **values = &lars->gram[lars->slot[j] - 1];
        double *longer = spred_resize(lars->env, *values, to, sizeof **values);
        if (!longer)
            return SPRED_ENOMEM;
        *values = longer;
        SPRED_TRY(source->products(source->cookie, j, from, to, longer + from));
    }
    lars->watched = to;
    refresh(lars);
    return SPRED_OK;
}

/* Row k of L from the column at that place; 0: it lies in the span. */
static int factor_row(struct nn_lars *lars, size_t k)
{
    const double *column = products_of(lars, lars->set[k]);
    double *row = lars->factor + k * lars->most, rest = column[lars->set[k]];
    double least = SPAN * rest;
    for (size_t i = 0; i < k; i++) {
        const double *above = lars->factor + i * lars->most;
        double sum = column[lars->set[i]];
        for (size_t l = 0; l < i; l++)
            sum -= row[l] * above[l];
        row[i] = sum / above[i];
        rest -= row[i] * row[i];
    }
    row[k] = sqrt(fmax(rest, fmax(least, 1e-300)));
    return rest > least;
}

/* z = (L L')^-1 1. */
static void solve(struct nn_lars *lars)
{
    size_t n = lars->active, most = lars->most;
    const double *l = lars->factor;
    double *z = lars->z;
    for (size_t i = 0; i < n; i++) {
        z[i] = 1;
        for (size_t k = 0; k < i; k++)
            z[i] -= l[i * most + k] * z[k];
        z[i] /= l[i * most + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            z[i] -= l[k * most + i] * z[k];
        z[i] /= l[i * most + i];
    }
}

/* Takes the column at a place out of A; it may come back. */
static void leave(struct nn_lars *lars, size_t place)
{
    lars->role[lars->set[place]] = IDLE;
    lars->active--;
    for (size_t k = place; k < lars->active; k++) {
        lars->set[k] = lars->set[k + 1];
        lars->a[k] = lars->a[k + 1];
        lars->d[k] = lars->d[k + 1];
    }
    for (size_t k = place; k < lars->active; k++)
        factor_row(lars, k);
    for (size_t j = 0; j < lars->watched; j++)
        if (lars->role[j] == BLOCKED)
            lars->role[j] = IDLE;
}

static void join(struct nn_lars *lars, size_t column)
{
    size_t k = lars->active;
    lars->set[k] = column;
    lars->a[k] = lars->d[k] = 0;
    if (factor_row(lars, k)) {
        lars->role[column] = ACTIVE;
        lars->active++;
    } else {
        lars->role[column] = BLOCKED;
    }
}

/* d to the minimum over A, with d_k >= 0 where a_k = 0: columns that would go
 * below 0 leave on the way. */
static void descend(struct nn_lars *lars)
{
    for (;;) {
        double share = 1;
        size_t out = lars->active;
        solve(lars);
        for (size_t k = 0; k < lars->active; k++) {
            double d = lars->d[k], z = lars->z[k];
            if (lars->a[k] > 0 || z > 0)
                continue;
            double here = d > 0 ? d / (d - z) : 0;
            if (out == lars->active || here < share) {
                share = here;
                out = k;
            }
        }
        for (size_t k = 0; k < lars->active; k++)
            lars->d[k] += share * (lars->z[k] - lars->d[k]);
        if (out == lars->active)
            return;
        leave(lars, out);
    }
}

/* The column at the bound that would rise over it fastest; count: none. */
static size_t steepest(const struct nn_lars *lars)
{
    size_t best = lars->source.count;
    double most = FLAT, bound = lars->lambda - AT_BOUND * lars->top;
    for (size_t j = 0; j < lars->watched; j++)
        if (lars->role[j] == IDLE && lars->c[j] >= bound &&
            1 - lars->g[j] > most) {
            most = 1 - lars->g[j];
            best = j;
        }
    return best;
}

/* d and g at this knot. *full: there was no room for a column. */
static enum spred_status settle(struct nn_lars *lars, int *full)
{
    descend(lars);
    for (int round = 0; round < ROUNDS; round++) {
        size_t column;
        combine(lars, lars->d, lars->g);
        while ((column = steepest(lars)) < lars->source.count) {
            if (lars->active == lars->most) {
                *full = 1;
                return SPRED_OK;
            }
            SPRED_TRY(ask(lars, column));
            join(lars, column);
            if (lars->role[column] == ACTIVE)
                break;
        }
        if (column == lars->source.count)
            return SPRED_OK;
        descend(lars);
        if (lars->role[column] == IDLE) /* by rounding alone */
            lars->role[column] = BLOCKED;
    }
    return spred_fail(lars->env, SPRED_ENUMERIC,
                      "non-negative LARS: %d ties at lambda = %g", ROUNDS,
                      lars->lambda);
}

/* How far lambda falls to the next event; *out: the place of the column that
 * leaves there, or active. */
static double length(const struct nn_lars *lars, size_t *out)
{
    double t = lars->lambda, bound = lars->lambda - AT_BOUND * lars->top;
    *out = lars->active;
    for (size_t j = 0; j < lars->watched; j++)
        if (lars->role[j] == IDLE && lars->g[j] < 1 && lars->c[j] < bound)
            t = fmin(t, (lars->lambda - lars->c[j]) / (1 - lars->g[j]));
    for (size_t k = 0; k < lars->active; k++)
        if (lars->d[k] < 0 && -lars->a[k] / lars->d[k] < t) {
            t = -lars->a[k] / lars->d[k];
            *out = k;
        }
    return t;
}

static void move(struct nn_lars *lars, double t)
{
    lars->lambda -= t;
    for (size_t k = 0; k < lars->active; k++)
        lars->a[k] = fmax(lars->a[k] + t * lars->d[k], 0);
    refresh(lars);
}

enum spred_status nn_lars_step(struct nn_lars *lars, int *finished)
{
    size_t out;
    double t;
    SPRED_TRY(spred_check_cancel(lars->env));
    *finished = !(lars->lambda > END * lars->top) || lars->most == 0;
    if (*finished)
        return SPRED_OK;
    for (;;) {
        SPRED_TRY(settle(lars, finished));
        if (*finished)
            return SPRED_OK;
        t = length(lars, &out);
        if (lars->watched == lars->source.count ||
            lars->lambda - t > lars->source.with_y[lars->watched])
            break;
        SPRED_TRY(watch_more(lars));
    }
    move(lars, t);
    if (out < lars->active)
        leave(lars, out);
    *finished = !(lars->lambda > END * lars->top);
    return SPRED_OK;
}

double nn_lars_lambda(const struct nn_lars *lars)
{
    return lars->lambda;
}

size_t nn_lars_active(const struct nn_lars *lars, const size_t **set,
                      const double **a)
{
    *set = lars->set;
    *a = lars->a;
    return lars->active;
}

size_t nn_lars_watched(const struct nn_lars *lars)
{
    return lars->watched;
}
