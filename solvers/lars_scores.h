/* lars_scores.h: the scores x_j'r/n of all columns along a path of residuals,
 * each looked at again only when it may have reached the bound. */
#ifndef SPRED_SOLVERS_LARS_SCORES_H
#define SPRED_SOLVERS_LARS_SCORES_H

#include "spred/solver.h"

/* Residuals that scores may date from; then two marks instead of one. */
enum {
    LARS_REFERENCES = 128,
    LARS_SET_ASIDE = LARS_REFERENCES, /* active or dead: nothing to find out */
    LARS_FOLLOWED                     /* known along the segment */
};

/* Column j is centred when there is an intercept, and divided by its penalty
 * weight. Its score c_j = x_j'r/n was exact at the residual r_k, k = age[j]. At
 * r = alpha r_k + e, e orthogonal to r_k,
 *     |x_j'r|/n <= |alpha| |c_j| + swing_j |e|,
 * swing_j = |part of x_j orthogonal to r_k|/n: Cauchy and Schwarz. The columns
 * for which that does not do are followed: c_j and a_j = x_j'u/n are known. */
struct lars_scores {
    struct spred_env *env;
    const struct spred_problem *problem;
    double *c;          /* p: signed, exact at the residual of its age */
    double *a;          /* p: of the followed columns only */
    double *reach;      /* p: |x_j|/n; 0: a constant column */
    double *swing;      /* p */
    unsigned char *age; /* p: a reference, or a mark */
    size_t *followed;   /* count: columns with the mark, in any order */
    size_t count;
    size_t *doubtful; /* p: scratch */
    double longest;   /* largest column norm, what centring took included */

    double *references; /* n x LARS_REFERENCES */
    double squares[LARS_REFERENCES];
    size_t users[LARS_REFERENCES]; /* columns of that age */
    size_t used;                   /* references from the first to the last */
    size_t looked;                 /* columns looked at since all were */
    size_t now;   /* reference that is the present residual, or SET_ASIDE */
    double *star; /* n: scratch */
};

/* Zero-initialise, then open: one pass over X. column: n, scratch. */
enum spred_status lars_scores_open(struct lars_scores *s, struct spred_env *env,
                                   const struct spred_problem *problem,
                                   double *column, struct spred_work *work);
void lars_scores_close(struct lars_scores *s); /* also after a failure */

/* Rounding of x_j'v/n. */
double lars_scores_noise(const struct lars_scores *s, const double *v);

/* x_j'v/n: one column. */
double lars_scores_dot(struct lars_scores *s, size_t j, const double *v,
                       struct spred_work *work);

/* Every score from the residual r, all marks gone: one pass. */
void lars_scores_start(struct lars_scores *s, const double *r,
                       struct spred_work *work);
/* The same, but marks stay. */
void lars_scores_all(struct lars_scores *s, const double *r,
                     struct spred_work *work);
/* r has been computed afresh: the followed scores too. */
void lars_scores_again(struct lars_scores *s, const double *r,
                       struct spred_work *work);

/* Column j has the score c at the present residual. */
void lars_scores_follow(struct lars_scores *s, size_t j, double c);
void lars_scores_set_aside(struct lars_scores *s, size_t j);
/* The segment has ended at r: nobody is followed any more. */
void lars_scores_release(struct lars_scores *s, const double *r,
                         struct spred_work *work);
/* r has become r - t u: the followed scores move along. */
void lars_scores_move(struct lars_scores *s, double t);

/* Follows every column that cannot be shown to have |score| < limit at the
 * residual r - t u; r: the present one. */
void lars_scores_watch(struct lars_scores *s, const double *r, const double *u,
                       double t, double limit, struct spred_work *work);

#endif
