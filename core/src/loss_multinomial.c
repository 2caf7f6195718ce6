/* loss_multinomial.c: (1/n) sum [log sum_k exp(m_ik) - m_i,y_i]. */
#include <math.h>
#include <string.h>

#include "spred/linalg.h"
#include "spred/problem.h"

/* The probabilities exp(m_ik + b_k) / sum_l exp(m_il + b_l) of row i; b may be
 * NULL. */
static void probabilities(const struct spred_problem *problem, const double *m,
                          const double *b, size_t i, double *out)
{
    size_t n = problem->n, outputs = problem->outputs;
    double top = -INFINITY, total = 0;
    for (size_t k = 0; k < outputs; k++)
        top = fmax(top, m[i + k * n] + (b ? b[k] : 0));
    for (size_t k = 0; k < outputs; k++)
        total += out[k] = exp(m[i + k * n] + (b ? b[k] : 0) - top);
    for (size_t k = 0; k < outputs; k++)
        out[k] /= total;
}

/* log sum_k exp(m_ik + b_k) - m_i,y_i - b_y_i, to full relative precision also
 * where it is tiny: the largest term stays out of the sum. */
static double row_loss(const struct spred_problem *problem, const double *m,
                       const double *b, size_t i)
{
    size_t n = problem->n, own = (size_t)problem->codes[i], best = own;
    double mine = m[i + own * n] + (b ? b[own] : 0), top = mine, rest = 0;
    for (size_t k = 0; k < problem->outputs; k++) {
        double other = m[i + k * n] + (b ? b[k] : 0);
        best = other > top ? k : best;
        top = other > top ? other : top;
    }
    for (size_t k = 0; k < problem->outputs; k++)
        rest += k == best ? 0 : exp(m[i + k * n] + (b ? b[k] : 0) - top);
    return top - mine + log1p(rest);
}

static double value_at(const struct spred_problem *problem, const double *m,
                       const double *b)
{
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < problem->n; i++)
        spred_sum_add(&sum, row_loss(problem, m, b, i));
    return spred_sum_value(&sum) / (double)problem->n;
}

static double value(const struct spred_problem *problem, const double *m)
{
    return value_at(problem, m, NULL);
}

static void residual(const struct spred_problem *problem, const double *m,
                     double *r)
{
    double share[SPRED_MAX_OUTPUTS];
    for (size_t i = 0; i < problem->n; i++) {
        probabilities(problem, m, NULL, i, share);
        size_t own = (size_t)problem->codes[i];
        double others = 0; /* 1 - p_own without cancellation */
        for (size_t k = 0; k < problem->outputs; k++) {
            r[i + k * problem->n] = -share[k];
            others += k == own ? 0 : share[k];
        }
        r[i + own * problem->n] = others;
    }
}

static void curvature(const struct spred_problem *problem, const double *m,
                      double *h)
{
    double share[SPRED_MAX_OUTPUTS];
    for (size_t i = 0; i < problem->n; i++) {
        probabilities(problem, m, NULL, i, share);
        for (size_t k = 0; k < problem->outputs; k++)
            h[i + k * problem->n] = share[k] * (1 - share[k]);
    }
}

/* D = -(1/n) sum P log P with P = onehot - theta. */
static double dual(const struct spred_problem *problem, const double *theta)
{
    struct spred_sum sum = {0, 0};
    for (size_t i = 0; i < problem->n; i++)
        for (size_t k = 0; k < problem->outputs; k++) {
            double t = theta[i + k * problem->n];
            if (problem->codes[i] == (int32_t)k) {
                if (t < 1)
                    spred_sum_add(&sum, -(1 - t) * log1p(-t));
            } else if (t < 0) {
                spred_sum_add(&sum, t * log(-t));
            }
        }
    return spred_sum_value(&sum) / (double)problem->n;
}

/* Gradient g (K) and Hessian h (K x K, plus 11'/K for the free direction) of
 * the mean loss in b. Returns the mean of 1 - P(own class): the size of the
 * terms that cancel in g. */
static double derivatives(const struct spred_problem *problem, const double *xw,
                          const double *b, double *g, double *h)
{
    size_t outputs = problem->outputs, n = problem->n;
    double share[SPRED_MAX_OUTPUTS], mass = 0;
    struct spred_sum sums[SPRED_MAX_OUTPUTS];
    memset(sums, 0, sizeof sums);
    for (size_t e = 0; e < outputs * outputs; e++)
        h[e] = 0;
    for (size_t i = 0; i < n; i++) {
        size_t own = (size_t)problem->codes[i];
        double others = 0; /* 1 - p_own without cancellation */
        probabilities(problem, xw, b, i, share);
        for (size_t k = 0; k < outputs; k++)
            others += k == own ? 0 : share[k];
        mass += others;
        for (size_t k = 0; k < outputs; k++) {
            spred_sum_add(&sums[k], k == own ? -others : share[k]);
            for (size_t l = 0; l < outputs; l++)
                h[k + l * outputs] +=
                    k == l ? share[k] * (1 - share[k]) : -share[k] * share[l];
        }
    }
    for (size_t k = 0; k < outputs; k++)
        g[k] = spred_sum_value(&sums[k]) / (double)n;
    for (size_t e = 0; e < outputs * outputs; e++)
        h[e] = h[e] / (double)n + 1 / (double)outputs;
    return mass / (double)n;
}

/* Damped Newton; b is kept at mean zero. */
static void intercept(const struct spred_problem *problem, const double *xw,
                      double *b)
{
    size_t outputs = problem->outputs;
    double g[SPRED_MAX_OUTPUTS], d[SPRED_MAX_OUTPUTS], next[SPRED_MAX_OUTPUTS];
    double h[SPRED_MAX_OUTPUTS * SPRED_MAX_OUTPUTS], mean = 0;
    for (size_t k = 0; k < outputs; k++)
        mean += b[k] / (double)outputs;
    for (size_t k = 0; k < outputs; k++)
        b[k] -= mean;
    double at = value_at(problem, xw, b);
    for (int iteration = 0; iteration < 200; iteration++) {
        double mass = derivatives(problem, xw, b, g, h);
        double largest = 0, decrease = 0, slope = 0;
        for (size_t k = 0; k < outputs; k++) {
            h[k + k * outputs] += 1e-14;
            slope = fmax(slope, fabs(g[k]));
        }
        if (slope <= 8e-16 * mass) /* rounding; certificate.c scales it away */
            return;
        if (spred_cholesky(outputs, h, outputs) != 0)
            return;
        memcpy(d, g, outputs * sizeof *d);
        spred_cholesky_solve(outputs, 1, h, outputs, d, outputs);
        for (size_t k = 0; k < outputs; k++) {
            decrease += g[k] * d[k];
            largest = fmax(largest, fabs(d[k]));
        }
        double step = largest > 8 ? 8 / largest : 1, value_next = at;
        for (int half = 0; half < 60; half++, step /= 2) {
            for (size_t k = 0; k < outputs; k++)
                next[k] = b[k] - step * d[k];
            value_next = value_at(problem, xw, next);
            if (value_next <= at - 1e-4 * step * decrease ||
                decrease < 1e-14 * (1 + at))
                break;
        }
        memcpy(b, next, outputs * sizeof *b);
        at = value_next;
        if (largest < 1e-15 * (1 + fabs(b[0])) || decrease < 1e-32)
            return;
    }
}

const struct spred_loss spred_loss_multinomial = {
    "multinomial", 0.5, 0, value, residual, curvature, dual, intercept};
