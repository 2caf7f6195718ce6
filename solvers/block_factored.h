/* block_factored.h: a quadratic with block norms in spred's factors, one v a
 * block: w_B = v_B u_B, u eliminated: the smooth f(v) of spred-group. */
#ifndef SOLVERS_BLOCK_FACTORED_H
#define SOLVERS_BLOCK_FACTORED_H

#include "blocks.h"

/* minimise -(1/n) c'x + (1/2n) x'Qx + lambda sum_B |x_B|, in units in which all
 * blocks have one lambda: block B of w is scale_B x_B. All arrays are owned. */
struct block_factored {
    const struct block_model *model; /* during a call */
    size_t blocks, values;           /* capacities */
    double kappa;                    /* n lambda */
    double lambda;
    double *scale, *ridge;    /* blocks; ridge: n l2 scale^2 */
    double *c, *x, *slope;    /* values; slope = (c - Qx) / (n lambda) */
    size_t active, size;      /* blocks with v > 0, and their values */
    size_t *block, *start;    /* active, active + 1 */
    size_t *index;            /* size: position among the values */
    double *v, *trial_v;      /* active */
    double *square, *bend;    /* active: |g_B|^2; E_B of the Hessian */
    double *step;             /* active */
    double *u, *trial_u, *g;  /* size; g = u / v */
    double *spare, *factor_v; /* size; v by value, times scale */
    double f;                 /* f(v) */
    double *matrix;           /* of the system: size, or in dual form rows */
    size_t matrix_room;
    /* Dual form, when the active blocks have more values than there are rows:
     */
    double *panel; /* size x rows: A' scaled by D^{-1/2} */
    double *bent;  /* rows x active, then active x active */
    double *left;  /* rows: the residual of the target */
    double *root;  /* size: sqrt(D) */
    size_t panel_room, bent_room, left_room, root_room;
};

/* model->x becomes the minimiser (violation at most model->tolerance), unless f
 * stops falling first. drop: a v below this share of the largest may become 0.
 */
enum spred_status block_factored_minimise(struct spred_env *env,
                                          struct block_factored *s,
                                          const struct block_model *model,
                                          double drop);
/* block_dual.c: 1 = the dual form is the smaller system. */
int block_dual_applies(const struct block_factored *s);
/* Room for the active blocks. */
enum spred_status block_dual_reserve(struct spred_env *env,
                                     struct block_factored *s);
/* f(v) and its u; infinite when no factor was found. */
double block_dual_evaluate(struct block_factored *s, const double *v,
                           double *u);
/* step = -H^{-1} grad f after an evaluation at s->v; returns grad'step, or 1
 * when no factor was found. */
double block_dual_direction(struct block_factored *s);
/* *part becomes room for count values, contents lost. */
enum spred_status block_room(struct spred_env *env, double **part, size_t *room,
                             size_t count);
void block_factored_free(struct spred_env *env, struct block_factored *s);

#endif
