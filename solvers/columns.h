/* columns.h: single columns of X as a weighted quadratic model sees them. Raw
 * means the stored value, before (raw - mean) * scale. */
#ifndef SOLVERS_COLUMNS_H
#define SOLVERS_COLUMNS_H

#include "spred/problem.h"

/* 1 / standard deviation of column j, or 1. */
double column_scale(const struct spred_design *x, size_t j);
/* The mean of column j that the design subtracts, or 0. */
double column_mean(const struct spred_design *x, size_t j);
/* raw_j'r; r: n. */
double column_raw_dot(const struct spred_design *x, size_t j, const double *r);
/* y_i += a h_i raw_ij; h: n, or NULL for ones; y: n. */
void column_raw_axpy(const struct spred_design *x, size_t j, double a,
                     const double *h, double *y);
/* out_i = root_i (raw_ij - centre) scale for rows first..first + rows - 1 of a
 * DENSE matrix; root: n values, out: rows values. */
void column_pack(const struct spred_design *x, size_t j, size_t first,
                 size_t rows, double centre, const double *root, double *out);

#endif
