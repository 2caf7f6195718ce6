/* loss.c: softmax cross-entropy and half mean squared error with their
 * gradients. */
#include "solvers/nn/inside.h"

#include <math.h>

/* log sum_k exp(z_k) - z_code; delta_k = c (softmax_k - [k = code]) */
static double cross_entropy(const real *z, size_t classes, size_t code,
                            double c, real *delta)
{
    double top = (double)z[0], sum = 0;
    for (size_t k = 1; k < classes; k++)
        top = fmax(top, (double)z[k]);
    for (size_t k = 0; k < classes; k++)
        sum += exp((double)z[k] - top);
    for (size_t k = 0; k < classes; k++)
        delta[k] = (real)(c * (exp((double)z[k] - top) / sum - (k == code)));
    return log(sum) + top - (double)z[code];
}

/* classes: (1/n) sum_i cross-entropy_i; else (1/2n) sum_i |z_i - y_i|^2 */
double nn_loss(const struct nn *nn, const real *z, size_t n,
               const int32_t *codes, const double *values, double weight,
               real *delta)
{
    size_t k = nn->shape.outputs;
    double total = 0, c = weight / (double)n;
    for (size_t i = 0; i < n; i++) {
        if (nn->shape.classes)
            total +=
                cross_entropy(z + i * k, k, (size_t)codes[i], c, delta + i * k);
        else
            for (size_t o = 0; o < k; o++) {
                double away = (double)z[o + i * k] - values[i + o * n];
                total += away * away / 2;
                delta[o + i * k] = (real)(c * away);
            }
    }
    return total / (double)n;
}
