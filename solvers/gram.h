/* gram.h: Q = Z_S' diag(h) Z_S of a growing set of columns. */
#ifndef SOLVERS_GRAM_H
#define SOLVERS_GRAM_H

#include "working_set.h"

/* An entry of a sparse column, times sqrt(h) and the column's scale. */
struct gram_entry {
    size_t slot;
    double value;
};

/* Slot a of the Gram matrix belongs to feature[a]; q is symmetric, both
 * triangles stored. Owned, freed by gram_free. */
struct gram {
    struct spred_env *env;
    const struct spred_problem *problem;
    size_t size, capacity;
    size_t *feature; /* capacity */
    double *centre;  /* capacity: raw units */
    double *q;       /* capacity x capacity */
    size_t *slot;    /* p: slot + 1 of a feature, 0 = none */
    double *panel;   /* chunk x capacity: centred rows; or capacity for CSC */
    double *root;    /* n: sqrt(h) */
    size_t *row;     /* n + 2, CSC: where a row's entries begin */
    struct gram_entry *entry; /* entries, CSC */
    size_t entries;
    long made_anew; /* how often all columns were forgotten */
};

enum spred_status gram_init(struct gram *gram, struct spred_env *env,
                            const struct spred_problem *problem);
/* Makes sure that all columns of the model have a slot. keep: the weights and
 * centres are those of the last call, so its columns stay
 * (unless the matrix is much larger than the set, then it is made anew). Work:
 * m/p passes for each column that is new among m. */
enum spred_status gram_require(struct gram *gram, const struct quadratic *model,
                               int keep, struct spred_work *work);
void gram_free(struct gram *gram);

#endif
