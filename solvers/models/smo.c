/* smo.c: sequential minimal optimisation with the second-order choice of the
 * pair. Fan, Chen and Lin 2005, "Working set selection using second order
 * information for training support vector machines", JMLR 6, WSS 2. */
#include "solvers/models/smo.h"

#include <math.h>

#define CURVATURE_MIN 1e-12 /* of a direction, where samples coincide */

/* May a_i move up (by y_i t) or down (by -y_i t), t > 0? */
static int can_move(double a, double y, double cost, int up)
{
    return (y > 0) == up ? a < cost : a > 0;
}

/* The largest t that keeps 0 <= a + sign t <= cost. */
static double room(double a, double sign, double cost)
{
    return sign > 0 ? cost - a : a;
}

/* a + sign t, exactly on the bound where t is all the room. */
static double moved(double a, double sign, double t, double cost)
{
    if (t >= room(a, sign, cost))
        return sign > 0 ? cost : 0;
    return a + sign * t;
}

long smo_train(const double *gram, size_t lda, const size_t *rows, size_t m,
               const double *y, double cost, double tolerance, long max_steps,
               double *a, double *gradient)
{
    long step = 0;
    for (size_t k = 0; k < m; k++) {
        a[k] = 0;
        gradient[k] = -1;
    }
    for (; step < max_steps; step++) {
        size_t i = m, j = m;
        double top = -INFINITY, bottom = INFINITY, gain = 0;
        for (size_t k = 0; k < m; k++)
            if (can_move(a[k], y[k], cost, 1) && -y[k] * gradient[k] > top) {
                top = -y[k] * gradient[k];
                i = k;
            }
        if (i == m)
            break;
        const double *column = gram + rows[i] * lda;
        double curvature = 1;
        for (size_t k = 0; k < m; k++) {
            double value = -y[k] * gradient[k], gap = top - value;
            if (!can_move(a[k], y[k], cost, 0))
                continue;
            bottom = fmin(bottom, value);
            double bend = column[rows[i]] + gram[rows[k] + rows[k] * lda] -
                          2 * column[rows[k]];
            bend = fmax(bend, CURVATURE_MIN);
            if (gap > 0 && gap * gap / bend > gain) {
                gain = gap * gap / bend;
                curvature = bend;
                j = k;
            }
        }
        if (j == m || top - bottom < tolerance)
            break;
        double t = (top + y[j] * gradient[j]) / curvature;
        t = fmin(t, room(a[i], y[i], cost));
        t = fmin(t, room(a[j], -y[j], cost));
        a[i] = moved(a[i], y[i], t, cost);
        a[j] = moved(a[j], -y[j], t, cost);
        const double *other = gram + rows[j] * lda;
        for (size_t k = 0; k < m; k++)
            gradient[k] += y[k] * t * (column[rows[k]] - other[rows[k]]);
    }
    return step;
}
