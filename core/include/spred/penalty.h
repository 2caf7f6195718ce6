/* penalty.h: the penalties and what a certificate and a proximal method ask of
 * them. docs/PAPER.md section 1: factor form in brackets.
 *   L1:    lambda * sum_jk weight_j (l1_ratio |w_jk| + (1 - l1_ratio)/2 w_jk^2)
 *          [u v: lambda/2 (|u|^2 + |v|^2)]; elastic net in glmnet's form.
 *   GROUP: lambda * sum_B weight_B (l1_ratio |w_B| + (1 - l1_ratio)/2 |w_B|^2),
 *          |.| the Euclidean norm of a block [one v_B per block, a vector u_B];
 *          Yuan and Lin 2006; over the outputs: Simon et al. 2013.
 *   POWER: lambda * sum_jk weight_j |w_jk|^(2/D), D = 3, 4, ... factors
 *          [lambda/D * sum_d |f_d|^2]; not convex; Hoff 2017. */
#ifndef SPRED_PENALTY_H
#define SPRED_PENALTY_H

#include <stddef.h>
#include "spred/env.h"

struct spred_problem;

enum spred_penalty_kind {
    SPRED_PENALTY_L1 = 0, /* separable and convex: L1, elastic net */
    SPRED_PENALTY_GROUP,  /* blocks, convex */
    SPRED_PENALTY_POWER,  /* separable, not convex */
    SPRED_PENALTY_CUSTOM  /* separable, given at run time: custom.h */
};

/* A partition of the features. Group g has the members
 * member[first[g]] .. member[first[g + 1] - 1], at least one. */
struct spred_groups {
    size_t count;
    const size_t *first;  /* count + 1 */
    const size_t *member; /* p features, each once */
};

/* Everything is borrowed. */
struct spred_penalty {
    double l1_ratio;       /* (0, 1]; 1 = no ridge part; 1 for POWER */
    const double *weights; /* positive, or NULL. L1, POWER: p; NULL: ones.
                              GROUP: one a group; NULL: sqrt(features of the
                              group), the field's standard */
    enum spred_penalty_kind kind;
    const struct spred_groups *groups; /* GROUP; NULL: each feature is one */
    int over_outputs; /* GROUP: 1: a block is a group's features times all K
                         outputs (features alone: glmnet's "grouped"
                         multinomial); 0: a block per group and output */
    int factors;      /* POWER: D >= 3 */
    const struct spred_penalty_form *form; /* CUSTOM: what it does */
};

/* What a kind does. All arrays are p x K, column-major. */
struct spred_penalty_form {
    const char *name; /* l1 | group | power */
    int convex;       /* 0: no duality gap, a stationarity certificate */
    /* SPRED_EINVAL: says which part is wrong. */
    enum spred_status (*check)(struct spred_env *env,
                               const struct spred_problem *problem);
    /* lambda * penalty(W), compensated. */
    double (*value)(const struct spred_problem *problem, double lambda,
                    const double *w);
    /* W <- argmin_Z |Z - W|^2 / (2 step) + lambda * penalty(Z), in place. */
    void (*prox)(const struct spred_problem *problem, double lambda,
                 double step, double *w);
    /* The smallest lambda at which the part without ridge admits C = X'R: the
     * largest |C_B| / (n l1_ratio weight_B). NaN if C has one. Convex only. */
    double (*gauge)(const struct spred_problem *problem, const double *c);
    /* Conjugate of lambda * penalty at s C / n: 0 where the gauge of s C is at
     * most lambda; with a ridge part finite everywhere. Convex only. */
    double (*conjugate)(const struct spred_problem *problem, double lambda,
                        double s, const double *c);
    /* Worst distance of C / n to lambda * d penalty(W). */
    double (*violation)(const struct spred_problem *problem, double lambda,
                        const double *w, const double *c);
};

extern SPRED_API const struct spred_penalty_form spred_penalty_l1;
extern SPRED_API const struct spred_penalty_form spred_penalty_group;
extern SPRED_API const struct spred_penalty_form spred_penalty_power;
SPRED_API const struct spred_penalty_form *
spred_penalty_form(const struct spred_problem *problem);

/* lambda * penalty(W), compensated. */
SPRED_API double spred_penalty_value(const struct spred_problem *problem,
                                     double lambda, const double *w);
/* W <- prox of step * lambda * penalty at W (p x K), in place, of any kind. */
SPRED_API void spred_penalty_prox(const struct spred_problem *problem,
                                  double lambda, double step, double *w);

/* L1 only: strengths of coordinate j: *l1 = lambda * l1_ratio * weight_j, *l2 =
 * lambda * (1 - l1_ratio) * weight_j. */
SPRED_API void spred_penalty_at(const struct spred_problem *problem,
                                double lambda, size_t j, double *l1,
                                double *l2);
/* argmin_t (t - z)^2 / (2 step) + l1 |t| + l2 t^2 / 2. */
SPRED_API double spred_prox(double z, double step, double l1, double l2);

/* One block of a GROUP penalty: `features` features times `outputs` outputs
 * from `output` on. */
struct spred_block {
    const size_t *member; /* features; NULL: the single feature `feature` */
    size_t feature, features, output, outputs;
    double weight;
};
/* Number of blocks: groups, times K unless they run over the outputs. */
SPRED_API size_t spred_blocks(const struct spred_problem *problem);
/* Block number `index`, 0..spred_blocks - 1: group by group, output by output.
 */
SPRED_API struct spred_block spred_block_at(const struct spred_problem *problem,
                                            size_t index);
static inline size_t spred_block_feature(const struct spred_block *block,
                                         size_t i)
{
    return block->member ? block->member[i] : block->feature;
}
/* |V_B| of a p x K array, without overflow; NaN if it has one. */
SPRED_API double spred_block_norm(const struct spred_block *block, size_t p,
                                  const double *v);
/* Values in the largest block: squares under one norm; 1 for other kinds. */
SPRED_API size_t spred_largest_block(const struct spred_problem *problem);

/* POWER: weight_j lambda and the exponent q = 2/D. */
SPRED_API void spred_penalty_power_at(const struct spred_problem *problem,
                                      double lambda, size_t j, double *strength,
                                      double *q);
/* POWER: smallest strength of |t|^q at which t = 0 minimises
 * h t^2 / 2 - c t + strength |t|^q globally; h > 0. */
SPRED_API double spred_power_threshold(double h, double c, double q);
/* POWER: argmin_t (t - z)^2 / (2 step) + strength |t|^q, the global one. */
SPRED_API double spred_power_prox(double z, double step, double strength,
                                  double q);

#endif
