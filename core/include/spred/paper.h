/* paper.h: the rows and the scaling of the spred authors' gene experiment. */
#ifndef SPRED_PAPER_H
#define SPRED_PAPER_H

#include "spred/data.h"

/* One row for each (subset, sample) pair over ALL class targets of a data set,
 * in order of target, class and sample: a sample that T targets cover occurs T
 * times under T different labels (PAPER.md section 3). Labels are numbered
 * through over the targets. Zero-initialise; free with spred_paper_free. */
struct spred_paper {
    size_t rows;
    size_t *sample; /* rows: 0..n-1 */
    int32_t *label; /* rows: 0..labels-1 */
    size_t labels;  /* classes over all class targets */
    size_t *target; /* labels: which of data->targets */
    int32_t *level; /* labels: which class of that target */
    size_t types;   /* T: number of class targets */
    /* Three references to print beside every accuracy: */
    double majority; /* share of the most frequent label: what always guessing
                        it scores */
    double ceiling;  /* 1/T: the most that a classifier scores which sees each
                        sample alone, when every target covers every sample */
    double informed; /* (1 - .8^T) / (.2 T): the best guesser that knows which
                        labels of a sample the 80% of training rows used up */
};

/* SPRED_EMISMATCH: no class target covers any sample. */
SPRED_API enum spred_status spred_paper_rows(struct spred_env *env,
                                             const struct spred_data *data,
                                             struct spred_paper *out);
SPRED_API void spred_paper_free(struct spred_env *env,
                                struct spred_paper *paper);

/* A: paper->rows x p, dense f64, owned by the caller: NaN becomes 0, each
 * column is centred over the rows, the whole is divided by ONE population
 * standard deviation: that of all its entries BEFORE the centring (so A itself
 * varies by less than 1, much less on raw intensities). In double precision;
 * the authors' single precision moves the means in the 6th digit. *deviation
 * (may be NULL) receives it. SPRED_ENUMERIC: the deviation is 0 or not finite.
 */
SPRED_API enum spred_status spred_paper_matrix(struct spred_env *env,
                                               const struct spred_data *data,
                                               const struct spred_paper *paper,
                                               struct spred_matrix *out,
                                               double *deviation);

#endif
