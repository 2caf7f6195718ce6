/* smo.h: the dual of a linear support vector machine of two classes on a given
 * Gram matrix: what recursive elimination trains again and again. */
#ifndef SOLVERS_MODELS_SMO_H
#define SOLVERS_MODELS_SMO_H

#include <stddef.h>

/* min over a of 1/2 sum_ij a_i a_j y_i y_j K_ij - sum a_i,
 * 0 <= a_i <= cost, sum a_i y_i = 0, until the largest violation is below
 * tolerance or max_steps. gram: of all samples, leading dimension lda; rows: m
 * of them; y: m, -1 or 1; a: m, out; gradient: m, scratch. Returns the steps.
 */
long smo_train(const double *gram, size_t lda, const size_t *rows, size_t m,
               const double *y, double cost, double tolerance, long max_steps,
               double *a, double *gradient);

#endif
