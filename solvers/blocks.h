/* blocks.h: what spred-group and group-cd share: working sets of blocks, a
 * quadratic model of the loss on them with its whole Hessian, a line search. */
#ifndef SOLVERS_BLOCKS_H
#define SOLVERS_BLOCKS_H

#include "spred/solver.h"

/* q(x) = -(1/n) c'x + (1/2n) x'Qx + sum_B l1_B |x_B| + l2_B |x_B|^2 / 2 over
 * the values of the set, block by block; the intercepts are eliminated. */
struct block_model {
    size_t blocks, values;
    const size_t *first;  /* blocks + 1: where a block's values begin */
    const double *q;      /* values x values, symmetric, both triangles */
    size_t lead;          /* of q */
    const double *c;      /* values */
    const double *z;      /* rows x values with Q = z'z and c = z'target; */
    const double *target; /* rows; both NULL when there are several outputs */
    size_t rows;
    const double *l1, *l2; /* blocks */
    double n, lambda;      /* lambda: a common unit of the l1 */
    double tolerance;      /* worst violation asked, in units of l1 */
    double *x;             /* values: start, and minimiser on return */
};

/* Minimises a model. share: its tolerance as a share of the violation. */
struct block_method {
    double share;
    enum spred_status (*solve)(void *method, const struct block_model *model,
                               struct spred_work *work);
};

struct block_candidate {
    double violation;
    size_t block;
};

/* Everything is owned and freed by block_set_free. Value e of the set is the
 * weight of column slot[e] in output[e]; slots are features of one block. */
struct block_set {
    struct spred_env *env;
    const struct spred_problem *problem;
    double lambda;
    double asked;  /* relative gap */
    double target; /* violation asked on the set in the last step */
    int reached;   /* 1: and it was met */
    double *w;     /* p x K */
    double b[SPRED_MAX_OUTPUTS];
    double value;          /* mean loss at m */
    double *m, *r, *trial; /* n x K */
    double *move, *h;      /* n x K: change of M; curvature or shares */
    double *g;             /* p x K: X'R */
    unsigned char *inside; /* of every block: 1 = in the set */
    struct block_candidate *candidate; /* of every block */
    size_t blocks, columns, values;    /* in the set */
    size_t block_room, column_room, value_room;
    size_t *id, *first;    /* blocks; blocks + 1 */
    unsigned char *marked; /* blocks */
    double *l1, *l2;       /* blocks */
    size_t *feature;       /* columns */
    double *offset;        /* columns: what centring took from b */
    double *z;             /* n x columns, centred with an intercept */
    size_t *slot, *output; /* values */
    double *c, *x, *d;     /* values */
    double *q;             /* value_room x value_room */
    size_t known;          /* quadratic loss: so much of q is right */
    double *panel;         /* 2 x n x columns; not for a quadratic loss */
    double *pair;          /* columns x columns; the same */
    size_t rows;    /* several outputs: Q comes from so many rows; 0: not */
    double *factor; /* rows x K: F with H_i = F_i'F_i, then rows x values */
    size_t factor_room;
    double *cross, *lifted; /* values x K and K x values: C, B^+ C' */
    double inner[SPRED_MAX_OUTPUTS * SPRED_MAX_OUTPUTS]; /* factor of B */
};

/* W = 0, b = the null intercept, an empty set. */
enum spred_status block_set_init(struct block_set *set, struct spred_env *env,
                                 const struct spred_problem *problem);
/* A new lambda; blocks at zero may leave the set. */
void block_set_start(struct block_set *set, double lambda, double asked);
/* One pass over X, a grown set, the model minimised on it. */
enum spred_status block_set_step(struct block_set *set,
                                 const struct block_method *method, void *state,
                                 struct spred_work *work);
void block_set_get(const struct block_set *set, double *w, double *b);
void block_set_free(struct block_set *set);

/* Exact intercepts for the XW in m; r and value follow. */
void block_set_centre(struct block_set *set);

/* blocks_model.c: room for one more block; nothing else changes. */
enum spred_status block_set_reserve(struct block_set *set,
                                    const struct spred_block *block);
/* Appends the block's columns and values. */
void block_set_append(struct block_set *set, size_t index);
/* Keeps the blocks that are marked, in order, and their part of q. */
void block_set_keep(struct block_set *set, const unsigned char *marked);
/* q, cross and inner at m; a quadratic loss adds only what is new. */
enum spred_status block_set_curvature(struct block_set *set,
                                      struct spred_work *work);

/* blocks_rows.c: Q = z'z. Several outputs: whether the set has more values than
 * there are rows, n (K-1): then set->rows is that, and there is room. */
enum spred_status block_rows_choose(struct block_set *set);
/* The rows of several outputs and Q from them; after the intercepts. */
void block_rows_fill(struct block_set *set);
/* z (*rows x values), after block_set_curvature, and target with z'target =
 * Z'R + Qx; both in the set's scratch. NULL: no rows. */
const double *block_set_rows(struct block_set *set, double *target,
                             size_t *rows);

/* blocks_newton.c: proximal Newton on the set until the violation on it is at
 * most tolerance. */
enum spred_status block_set_solve(struct block_set *set, double tolerance,
                                  const struct block_method *method,
                                  void *state, struct spred_work *work);

/* Distance of g/n - l2 x to l1 d|x| of one block, in units of l1. */
double block_violation(size_t size, const double *g, const double *x, double n,
                       double l1, double l2);

#endif
