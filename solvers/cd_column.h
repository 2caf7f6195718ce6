/* cd_column.h: the loops that coordinate descent spends its time in: one stored
 * column of X, or one row of a Gram matrix, against one vector. The widest
 * vector unit of the processor is chosen when the program is loaded. */
#ifndef SOLVERS_CD_COLUMN_H
#define SOLVERS_CD_COLUMN_H

#include "spred/matrix.h"

/* Compiles a function for several vector units and picks one at load time.
 * (clang 14 gives such functions symbols that other files do not find.) */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define CD_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CD_WIDE
#endif

/* x'y; n values each. */
double cd_dot(size_t n, const double *x, const double *y);
/* y += a x; n values each. */
void cd_axpy(size_t n, double a, const double *x, double *y);
/* raw_j'y; y: one value a row. */
double cd_column_dot(const struct spred_matrix *x, size_t j, const double *y);
/* y_i += a h_i raw_ij; h: one value a row, or NULL for ones; y: likewise. */
void cd_column_axpy(const struct spred_matrix *x, size_t j, double a,
                    const double *h, double *y);
/* sum_i h_i (raw_ij - centre)^2 over all rows; h as above, total = sum h. */
double cd_column_square(const struct spred_matrix *x, size_t j, double centre,
                        const double *h, double total);

#endif
