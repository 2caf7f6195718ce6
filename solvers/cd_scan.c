/* cd_scan.c: scores of all columns with rigorous bounds in place of products:
 * |x_j'r| <= |a||x_j'r'| + |x_j||r - a r'|, with the a that makes r - a r'
 * shortest, from scan to scan. Along a path r shrinks much more than it turns.
 */
#include "cd_scan.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "cd_column.h"
#include "columns.h"

/* Relative room for rounding in a bound. */
static const double slack = 1e-10;
/* Least share of its first length that r may keep before bounds start anew. */
static const double least_unit = 1e-100;

enum spred_status cd_scan_init(struct cd_scan *scan, struct spred_env *env,
                               const struct spred_problem *problem,
                               struct spred_work *work)
{
    size_t n = problem->n, p = problem->p;
    const struct spred_design *x = &problem->x;
    scan->env = env;
    scan->problem = problem;
    scan->score = spred_alloc(env, 5 * p + 2 * n, sizeof *scan->score);
    scan->fresh = spred_alloc(env, p, sizeof *scan->fresh);
    scan->dead = spred_alloc(env, p, sizeof *scan->dead);
    if (!scan->score || !scan->fresh || !scan->dead)
        return SPRED_ENOMEM;
    scan->relative = scan->score + p;
    scan->stamp = scan->relative + p;
    scan->norm = scan->stamp + p;
    scan->centre = scan->norm + p;
    scan->residual = scan->centre + p;
    double *ones = scan->residual + n;
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    scan->unit = 1;
    for (size_t j = 0; j < p; j++) {
        double centre = column_mean(x, j);
        if (problem->intercept)
            centre = cd_column_dot(x->matrix, j, ones) / (double)n;
        double square = cd_column_square(x->matrix, j, centre, NULL, (double)n);
        scan->centre[j] = centre;
        scan->norm[j] = (1 + slack) * sqrt(square) * column_scale(x, j);
        scan->relative[j] = INFINITY; /* not known */
    }
    work->passes += 1;
    return SPRED_OK;
}

void cd_scan_free(struct cd_scan *scan)
{
    if (!scan->env)
        return;
    spred_free(scan->env, scan->score);
    spred_free(scan->env, scan->fresh);
    spred_free(scan->env, scan->dead);
}

double cd_scan_bound(const struct cd_scan *scan, size_t j)
{
    double l1, l2;
    spred_penalty_at(scan->problem, scan->lambda, j, &l1, &l2);
    return (double)scan->problem->n * l1;
}

void cd_scan_start(struct cd_scan *scan, double lambda)
{
    scan->lambda = lambda;
    if (scan->dead_count)
        memset(scan->dead, 0, scan->problem->p * sizeof *scan->dead);
    scan->dead_count = 0;
}

/* At least |x_j'r|. */
static double most(const struct cd_scan *scan, size_t j)
{
    return scan->unit * (fabs(scan->relative[j]) +
                         scan->norm[j] * (scan->travelled - scan->stamp[j]));
}

/* The step from the last scan's r to this one: what it shrinks goes into unit,
 * what it turns into travelled. Bounds start anew where r has all but vanished
 * or turned about. */
static void follow(struct cd_scan *scan, const double *r)
{
    size_t n = scan->problem->n;
    double old = cd_dot(n, scan->residual, scan->residual), rest = 0, size = 0;
    double a = old > 0 ? cd_dot(n, scan->residual, r) / old : 0;
    for (size_t i = 0; i < n; i++) {
        double d = r[i] - a * scan->residual[i];
        rest += d * d;
        size += r[i] * r[i];
        scan->residual[i] = r[i];
    }
    scan->unit *= a;
    if (!(scan->unit > least_unit)) {
        scan->unit = 1;
        scan->travelled = 0;
        for (size_t j = 0; j < scan->problem->p; j++)
            scan->relative[j] = INFINITY;
    }
    scan->travelled +=
        ((1 + slack) * sqrt(rest) + DBL_EPSILON * sqrt(size)) / scan->unit;
}

/* Lists the columns to compute; the bounds of the others go into excess. */
static void choose(struct cd_scan *scan, const unsigned char *inside,
                   double level, int safe)
{
    const struct spred_problem *problem = scan->problem;
    const double *weights = problem->penalty.weights;
    double unit = (double)problem->n * scan->lambda * problem->penalty.l1_ratio;
    scan->count = 0;
    for (size_t j = 0; j < problem->p; j++) {
        double bound = unit * (weights ? weights[j] : 1), top = most(scan, j);
        if (!inside[j] &&
            (scan->dead[j] || (safe && top < (1 - slack) * level * bound)))
            scan->excess = top > scan->excess * bound && !scan->dead[j]
                               ? top / bound
                               : scan->excess;
        else
            scan->fresh[scan->count++] = j;
    }
}

void cd_scan_run(struct cd_scan *scan, const double *r,
                 const unsigned char *inside, double level, int safe,
                 struct spred_work *work)
{
    const struct spred_problem *problem = scan->problem;
    const struct spred_design *x = &problem->x;
    double total = 0;
    follow(scan, r);
    for (size_t i = 0; i < problem->n; i++)
        total += r[i];
    scan->excess = 0;
    choose(scan, inside, level, safe);
    for (size_t f = 0; f < scan->count; f++) {
        size_t j = scan->fresh[f];
        scan->score[j] = column_scale(x, j) * (cd_column_dot(x->matrix, j, r) -
                                               scan->centre[j] * total);
        scan->relative[j] = scan->score[j] / scan->unit;
        scan->stamp[j] = scan->travelled;
        if (!inside[j])
            scan->excess = fmax(scan->excess,
                                fabs(scan->score[j]) / cd_scan_bound(scan, j));
    }
    work->passes += (double)scan->count / (double)problem->p;
}

void cd_scan_kill(struct cd_scan *scan, const unsigned char *inside, double s,
                  double radius)
{
    for (size_t j = 0; j < scan->problem->p; j++) {
        if (inside[j] || scan->dead[j])
            continue;
        double top = fabs(s) * most(scan, j) + scan->norm[j] * radius;
        scan->dead[j] = top < (1 - slack) * cd_scan_bound(scan, j);
        scan->dead_count += scan->dead[j];
    }
}
