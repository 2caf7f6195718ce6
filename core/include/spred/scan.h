/* scan.h: X'R for methods that only need to know which columns reach a bound:
 * a pass in single precision, with the error bounded, and in double where it
 * matters. docs/SOLVERS.md section 5. */
#ifndef SPRED_SCAN_H
#define SPRED_SCAN_H

#include "spred/design.h"

enum spred_precision {
    SPRED_SCAN_AUTO,   /* single once enough passes were made to pay for it */
    SPRED_SCAN_DOUBLE, /* always double */
    SPRED_SCAN_SINGLE  /* single from the first pass on */
};

struct spred_scanner;

/* For R with `outputs` columns. Borrows x. Single precision needs a copy of the
 * standardised X at half its size (dense f64 only); when there is no memory for
 * it, passes stay in double.
 * NULL: error text is set. */
SPRED_API struct spred_scanner *
spred_scanner_new(struct spred_env *env, const struct spred_design *x,
                  size_t outputs, enum spred_precision precision);
SPRED_API void spred_scanner_free(struct spred_scanner *scanner);

/* out[j + k * p] = x_j'R_k for R: n x outputs. An entry that may reach
 * bound[j] in absolute value is exact to double rounding; the others may be
 * approximations (and are certainly below the bound). bound: p, or NULL: all
 * exact. Returns the passes over X that it cost: less than `outputs` where one
 * pass in single precision is half of one in double. */
SPRED_API double spred_scanner_scores(struct spred_scanner *scanner,
                                      const double *r, const double *bound,
                                      double *out);

#endif
