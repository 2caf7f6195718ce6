/* triangle.c: rows of a Cholesky factor appended in blocks, removed one by one.
 */
#include "solvers/triangle.h"

#include <math.h>
#include <string.h>

#include "spred/linalg.h"

enum spred_status triangle_reserve(struct spred_env *env, struct triangle *t,
                                   size_t wanted)
{
    if (wanted <= t->capacity)
        return SPRED_OK;
    size_t room = wanted > 2 * t->capacity ? wanted : 2 * t->capacity;
    double *l = spred_alloc(env, room * room, sizeof *l);
    double *panel = spred_alloc(env, room * room, sizeof *panel);
    if (!l || !panel) {
        spred_free(env, l);
        spred_free(env, panel);
        return SPRED_ENOMEM;
    }
    for (size_t c = 0; c < t->count; c++)
        memcpy(l + c * room, t->l + c * t->capacity, t->count * sizeof *l);
    spred_free(env, t->l);
    spred_free(env, t->panel);
    t->l = l;
    t->panel = panel;
    t->capacity = room;
    return SPRED_OK;
}

void triangle_free(struct spred_env *env, struct triangle *t)
{
    spred_free(env, t->l);
    spred_free(env, t->panel);
    memset(t, 0, sizeof *t);
}

int triangle_append(struct triangle *t, size_t more, double *cross,
                    double *square, double least)
{
    size_t m = t->count, lead = t->capacity;
    double *corner = t->l + m + m * lead;
    for (size_t c = 0; c < more; c++) {
        memcpy(corner + c + c * lead, square + c + c * lead,
               (more - c) * sizeof *corner);
        if (!(square[c + c * lead] > 0))
            return 1;
    }
    if (m > 0) { /* rows B' with LB = cross; the corner loses B'B */
        if (more == 1)
            spred_lower_solve(0, m, t->l, lead, cross);
        else
            spred_lower_solve_many(m, more, t->l, lead, cross, lead);
        spred_syrk(more, m, -1, cross, lead, 1, corner, lead);
    }
    if (spred_cholesky(more, corner, lead) != 0)
        return 1;
    for (size_t c = 0; c < more; c++) {
        double pivot = corner[c + c * lead];
        if (!(pivot * pivot > least * square[c + c * lead]))
            return 1;
    }
    for (size_t c = 0; c < m; c++)
        for (size_t row = 0; row < more; row++)
            t->l[m + row + c * lead] = cross[c + row * lead];
    t->count += more;
    return 0;
}

void triangle_remove(struct triangle *t, size_t position)
{
    size_t m = t->count, lead = t->capacity, k = position;
    double *l = t->l;
    t->count = --m;
    for (size_t c = 0; c <= m; c++) { /* row k goes, the others move up */
        size_t from = c > k ? c : k + 1;
        memmove(l + from - 1 + c * lead, l + from + c * lead,
                (m + 1 - from) * sizeof *l);
    }
    for (size_t i = k; i < m; i++) { /* rotate entry (i, i+1) away */
        double *left = l + i * lead, *right = left + lead;
        double length = hypot(left[i], right[i]);
        double cosine = left[i] / length, sine = right[i] / length;
        for (size_t r = i; r < m; r++) {
            double x = left[r], y = right[r];
            left[r] = cosine * x + sine * y;
            right[r] = cosine * y - sine * x;
        }
    }
}

void triangle_solve(const struct triangle *t, double *v)
{
    spred_lower_solve(0, t->count, t->l, t->capacity, v);
    spred_lower_solve(1, t->count, t->l, t->capacity, v);
}

double triangle_square(const struct triangle *t, const double *v,
                       double *scratch)
{
    memcpy(scratch, v, t->count * sizeof *scratch);
    spred_lower_multiply_t(t->count, t->l, t->capacity, scratch);
    return spred_dot(t->count, scratch, scratch);
}
