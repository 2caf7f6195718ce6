/* cd_scan.h: the scores x_j'r of all columns, of which few are computed again
 * when r has moved little, and the columns that are proved to be zero. */
#ifndef SOLVERS_CD_SCAN_H
#define SOLVERS_CD_SCAN_H

#include "spred/problem.h"
#include "spred/solver.h"

struct cd_candidate {
    double rank; /* smaller first */
    size_t column;
};

/* Owned, freed by cd_scan_free. Columns are centred here by their means over
 * the rows when there is an intercept, by the design's means otherwise. */
struct cd_scan {
    struct spred_env *env;
    const struct spred_problem *problem;
    double lambda;
    double *score;    /* p: x_j'r when column j was last computed */
    double *relative; /* p: that over the unit of then */
    double *stamp;    /* p: `travelled` then */
    double *norm;     /* p: at least |x_j| */
    double *centre;   /* p: raw units */
    double *residual; /* n: r of the last scan */
    double unit;      /* product of the a in r = a r' + e, from scan to scan */
    double travelled; /* sum of |e| over the unit, over all scans */
    double excess;    /* at least max_j |x_j'r| / (n l1_j), w = 0 only */
    size_t *fresh;    /* count: columns computed in the last scan */
    size_t count;
    unsigned char *dead; /* p: 1 = proved zero at this lambda */
    size_t dead_count;
};

/* One pass over X. */
enum spred_status cd_scan_init(struct cd_scan *scan, struct spred_env *env,
                               const struct spred_problem *problem,
                               struct spred_work *work);
/* A new lambda: no column is dead. */
void cd_scan_start(struct cd_scan *scan, double lambda);
/* Scores at r (n values; sums to zero with an intercept). Computed: columns in
 * the set (inside, p: 1), and those that the bound of cd_scan.c does not
 * keep below `level` n l1_j; all of them that are not dead when safe is 0.
 */
void cd_scan_run(struct cd_scan *scan, const double *r,
                 const unsigned char *inside, double level, int safe,
                 struct spred_work *work);
/* Marks as dead the columns outside the set with
 *   |s x_j'r| + |x_j| radius < n l1_j:
 * the gap-safe sphere around the dual point s r, Ndiaye et al. 2017, eq. 8. */
void cd_scan_kill(struct cd_scan *scan, const unsigned char *inside, double s,
                  double radius);
/* n l1_j at this lambda. */
double cd_scan_bound(const struct cd_scan *scan, size_t j);
void cd_scan_free(struct cd_scan *scan);

#endif
