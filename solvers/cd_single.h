/* cd_single.h: the outer loop of coordinate descent for one output (squared and
 * logistic losses): scan, grow the set, minimise on it. */
#ifndef SOLVERS_CD_SINGLE_H
#define SOLVERS_CD_SINGLE_H

#include "cd_residual.h"
#include "cd_scan.h"
#include "cd_small.h"
#include "gram.h"

enum cd_sets { CD_SETS_PRIORITY, CD_SETS_STRONG };
enum cd_updates { CD_UPDATES_AUTO, CD_UPDATES_NAIVE, CD_UPDATES_COVARIANCE };
enum cd_screen { CD_SCREEN_NONE, CD_SCREEN_BOUNDS, CD_SCREEN_SAFE };

/* The options that make glmnet's form, celer's, or a mixture. */
struct cd_options {
    long sweeps;
    int joint, accelerate, extrapolate;
    int sets, updates, screen; /* the enums above */
};

/* Owned, freed by cd_single_free. */
struct cd_single {
    struct spred_env *env;
    const struct spred_problem *problem;
    const struct cd_options *options;
    double lambda, before; /* and the one before it */
    double asked;          /* relative gap */
    double target;         /* gap asked of the set in the last step, times n */
    int steps;             /* at this lambda */
    double *w;             /* p */
    double b;
    double *m, *r, *h, *trial, *move; /* n each */
    unsigned char *inside;            /* p: 1 = in the set */
    size_t *column, size, capacity;   /* the set */
    double *gather;                   /* 5 x capacity: the model's arrays */
    struct cd_candidate *candidate;   /* room for `candidates` */
    size_t candidates;
    struct cd_scan scan;
    struct gram gram;
    struct cd_small small;
    struct cd_residual residual;
};

/* W = 0. options outlive the state. */
enum spred_status cd_single_init(struct cd_single *s, struct spred_env *env,
                                 const struct spred_problem *problem,
                                 const struct cd_options *options,
                                 struct spred_work *work);
/* The set becomes the support. */
void cd_single_start(struct cd_single *s, double lambda, double asked);
enum spred_status cd_single_step(struct cd_single *s, struct spred_work *work);
void cd_single_get(const struct cd_single *s, double *w, double *b);
void cd_single_free(struct cd_single *s);

/* Shared with cd_newton.c. */

/* A model of the set: w, gradient (scores), centres and penalties filled; h, r
 * are the state's. */
void cd_single_model(struct cd_single *s, struct quadratic *model);
/* Minimises the model by covariance or residual updates. */
enum spred_status cd_single_minimise(struct cd_single *s,
                                     const struct quadratic *model,
                                     const struct cd_rules *rules,
                                     struct spred_work *work);
/* cd_newton.c: proximal Newton on the set until the gap on it, times n, is at
 * most s->target. */
enum spred_status cd_newton_solve(struct cd_single *s, struct spred_work *work);
/* m, b, r at w, all of them new. */
void cd_single_refresh(struct cd_single *s);
/* Gap times n at m, r, h, with `excess` over the columns outside the set and
 * the set's scores in model->gradient. *dual_scale: the dual point is it
 * times r. */
double cd_newton_gap(const struct cd_single *s, const struct quadratic *model,
                     double excess, double *dual_scale);

#endif
