/* subset.h: a problem cut down to a growing set of its columns: a problem
 * itself, and for the squared loss a Gram matrix. */
#ifndef SOLVERS_SUBSET_H
#define SOLVERS_SUBSET_H

#include "spred/problem.h"

/* Everything is owned and freed by subset_free. Zero-initialise. Arrays of
 * `capacity` follow the columns in the order in which they entered. */
struct subset {
    struct spred_env *env;
    const struct spred_problem *whole;
    size_t size, capacity;
    size_t *column;        /* capacity: features of the whole problem */
    unsigned char *inside; /* p: 1 = in the set */
    size_t ready;          /* the first columns, which are packed */
    /* After subset_prepare: the problem of the set alone, p = size. With an
     * intercept its columns are centred: its b is that of the whole problem
     * plus sum_s centre_s w_s. */
    struct spred_problem problem;
    double *weight;             /* capacity: penalty weights */
    double *centre;             /* capacity: means of the columns, or 0 */
    double *mean, *scale;       /* capacity; CSC only */
    double *packed;             /* n x capacity: columns of X; dense only */
    struct spred_matrix matrix; /* borrows packed; owned when CSC */
    /* Squared loss: Q = Z'Z and c = Z'(y - mean y) of those columns. NULL
     * otherwise. Leading dimension capacity. */
    int by_gram;
    double *q, *cross;
    double *work; /* 2 x n */
};

enum spred_status subset_init(struct subset *set, struct spred_env *env,
                              const struct spred_problem *whole);
void subset_free(struct subset *set); /* also after a failed init */

/* Adds a feature that is not inside; wants subset_prepare before use. */
enum spred_status subset_enter(struct subset *set, size_t feature);
/* Drops the columns s with keep[s] == 0 (keep: size values). */
void subset_keep(struct subset *set, const unsigned char *keep);
/* Packs the columns that entered. Returns the cost in *columns: how many
 * columns of X were read, as dense products count them. */
enum spred_status subset_prepare(struct subset *set, double *columns);

#endif
