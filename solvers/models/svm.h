/* svm.h: a support vector machine on chosen columns of X, trained by libsvm;
 * what it learnt is copied out, so that nothing of libsvm outlives the fit. */
#ifndef SOLVERS_MODELS_SVM_H
#define SOLVERS_MODELS_SVM_H

#include <stdint.h>
#include "spred/env.h"

enum svm_kernel { SVM_LINEAR, SVM_RBF };

/* Zeros stand for the defaults in brackets. */
struct svm_settings {
    enum svm_kernel kernel;
    double cost;    /* C [1] */
    double gamma;   /* RBF: exp(-gamma |a - b|^2) [1/(m var), var over all
                       entries of the m columns: "scale"] */
    double epsilon; /* regression: half width of the tube, in standard
                       deviations of the training values [0.1] */
};

struct svm_machine;

/* C-SVC, one against one (codes: n, 0..classes-1), or epsilon-SVR (classes 0;
 * values: n). x: column-major, n rows; columns: m indices of columns of x, or
 * NULL: 0..m-1. All are copied. Cannot be interrupted. */
enum spred_status svm_machine_fit(struct spred_env *env,
                                  const struct svm_settings *settings,
                                  const float *x, size_t n,
                                  const size_t *columns, size_t m,
                                  const int32_t *codes, const double *values,
                                  size_t classes, struct svm_machine **out);
void svm_machine_free(struct spred_env *env,
                      struct svm_machine *svm); /* NULL is fine */

/* scores: n x K column-major (regression: n). K = 2: (-d, d), d the decision
 * value. K > 2: votes of the pairs plus a third of s/(1 + |s|), s the sum of
 * the class's decision values; where votes tie, the class that libsvm would say
 * gets the highest of the tied scores. A class without a training sample is
 * never said. x as in svm_machine_fit, its columns the same. */
enum spred_status svm_machine_predict(struct spred_env *env,
                                      const struct svm_machine *svm,
                                      const float *x, size_t n, double *scores);

/* LINEAR: out[k] = sum over pairs of classes of w_k^2, for the m columns. */
void svm_machine_squared_weights(const struct svm_machine *svm, double *out);

size_t svm_machine_support_vectors(const struct svm_machine *svm);

#endif
