/* penalty_custom.c: a separable penalty by scalar functions of one weight,
 * which may fail. */
#include <math.h>

#include "penalty_private.h"
#include "spred/custom.h"
#include "spred/linalg.h"

enum { CHUNK = 256 };

typedef enum spred_status (*batch)(void *self, struct spred_env *env, size_t n,
                                   const double *t, double *out);

/* The nonzero weights (or all of an array), gathered. */
struct gathered {
    size_t count;
    double t[CHUNK], strength[CHUNK], other[CHUNK], out[CHUNK];
};

const struct spred_custom_penalty *
spred_custom_penalty_of(const struct spred_problem *problem)
{
    return problem->penalty.kind == SPRED_PENALTY_CUSTOM
               ? (const struct spred_custom_penalty *)problem->penalty.form
               : NULL;
}

static double strength_of(const struct spred_problem *problem, double lambda,
                          size_t j)
{
    const double *weights = problem->penalty.weights;
    return lambda * (weights ? weights[j] : 1);
}

static void spoil(const struct spred_custom_penalty *own, struct gathered *g)
{
    for (size_t i = 0; own->failure->status != SPRED_OK && i < g->count; i++)
        g->out[i] = NAN;
}

static void call(const struct spred_custom_penalty *own, batch f,
                 struct gathered *g)
{
    struct spred_failure *failure = own->failure;
    if (failure->status == SPRED_OK)
        failure->status = f(own->self, &failure->env, g->count, g->t, g->out);
    spoil(own, g);
}

static enum spred_status check(struct spred_env *env,
                               const struct spred_problem *problem)
{
    const struct spred_custom_penalty *own = spred_custom_penalty_of(problem);
    if (problem->penalty.l1_ratio < 1)
        return spred_fail(env, SPRED_EINVAL,
                          "the penalty '%s' has no ridge part of its own "
                          "(l1_ratio %g): declare it with the penalty",
                          own->form.name, problem->penalty.l1_ratio);
    return penalty_weights_check(env, &problem->penalty, problem->p);
}

/* Gathers the nonzero weights from *e on; 0: there are no more. */
static size_t nonzero(const struct spred_problem *problem, double lambda,
                      const double *w, const double *c, size_t *e,
                      struct gathered *g)
{
    size_t all = problem->p * problem->outputs;
    for (g->count = 0; *e < all && g->count < CHUNK; ++*e) {
        if (!(w[*e] < 0 || w[*e] > 0))
            continue;
        g->t[g->count] = w[*e];
        g->other[g->count] = c ? c[*e] / (double)problem->n : 0;
        g->strength[g->count++] = strength_of(problem, lambda, *e % problem->p);
    }
    return g->count;
}

static double value(const struct spred_problem *problem, double lambda,
                    const double *w)
{
    const struct spred_custom_penalty *own = spred_custom_penalty_of(problem);
    struct spred_sum sum = {0, 0};
    struct gathered g;
    for (size_t e = 0; nonzero(problem, lambda, w, NULL, &e, &g);) {
        call(own, own->functions.value, &g);
        for (size_t i = 0; i < g.count; i++)
            spred_sum_add(&sum, g.strength[i] * g.out[i]);
    }
    return spred_sum_value(&sum);
}

static void prox(const struct spred_problem *problem, double lambda,
                 double step, double *w)
{
    const struct spred_custom_penalty *own = spred_custom_penalty_of(problem);
    struct spred_failure *failure = own->failure;
    size_t all = problem->p * problem->outputs;
    struct gathered g;
    for (size_t from = 0; from < all; from += CHUNK) {
        g.count = all - from < CHUNK ? all - from : CHUNK;
        for (size_t i = 0; i < g.count; i++)
            g.strength[i] =
                step * strength_of(problem, lambda, (from + i) % problem->p);
        if (failure->status == SPRED_OK)
            failure->status = own->functions.prox(
                own->self, &failure->env, g.count, w + from, g.strength, g.out);
        spoil(own, &g);
        for (size_t i = 0; i < g.count; i++)
            w[from + i] = g.out[i];
    }
}

/* max |c_jk| / (n weight_j at_zero) */
static double gauge(const struct spred_problem *problem, const double *c)
{
    const struct spred_custom_penalty *own = spred_custom_penalty_of(problem);
    double worst = 0;
    for (size_t e = 0; e < problem->p * problem->outputs; e++) {
        double ratio = fabs(c[e]) / (double)problem->n;
        ratio /= own->at_zero * strength_of(problem, 1, e % problem->p);
        if (!(ratio <= worst)) /* a NaN stays */
            worst = ratio;
        if (isnan(worst))
            return worst;
    }
    return worst;
}

/* sum strength_j conjugate(s c_j / (n strength_j)) */
static double conjugate(const struct spred_problem *problem, double lambda,
                        double s, const double *c)
{
    const struct spred_custom_penalty *own = spred_custom_penalty_of(problem);
    size_t all = problem->p * problem->outputs;
    struct spred_sum sum = {0, 0};
    struct gathered g;
    for (size_t from = 0; from < all; from += CHUNK) {
        g.count = all - from < CHUNK ? all - from : CHUNK;
        for (size_t i = 0; i < g.count; i++) {
            size_t e = from + i;
            g.strength[i] = strength_of(problem, lambda, e % problem->p);
            g.t[i] = s * c[e] / (double)problem->n / g.strength[i];
        }
        /* Inside the subdifferential at 0 it is 0, and scaling to its edge
         * may end one rounding outside. */
        for (size_t i = 0; i < g.count; i++)
            if (fabs(g.t[i]) <= own->at_zero * (1 + 1e-15))
                g.t[i] = 0;
        call(own, own->functions.conjugate, &g);
        for (size_t i = 0; i < g.count; i++) {
            if (isinf(g.out[i]))
                return INFINITY;
            spred_sum_add(&sum, g.strength[i] * g.out[i]);
        }
    }
    return spred_sum_value(&sum);
}

static double violation(const struct spred_problem *problem, double lambda,
                        const double *w, const double *c)
{
    const struct spred_custom_penalty *own = spred_custom_penalty_of(problem);
    double worst = 0;
    struct gathered g;
    for (size_t e = 0; e < problem->p * problem->outputs; e++) {
        if (w[e] < 0 || w[e] > 0)
            continue;
        double edge =
            own->at_zero * strength_of(problem, lambda, e % problem->p);
        double off = fabs(c[e]) / (double)problem->n - edge;
        if (!(off <= worst))
            worst = off;
    }
    for (size_t e = 0; nonzero(problem, lambda, w, c, &e, &g);) {
        call(own, own->functions.derivative, &g);
        for (size_t i = 0; i < g.count; i++) {
            double off = fabs(g.other[i] - g.strength[i] * g.out[i]);
            if (!(off <= worst)) /* a NaN stays */
                worst = off;
        }
    }
    return worst;
}

/* strength (4 |P'(t)| + |t P''(t)|), the latter by a difference. */
static double slope_size(const struct spred_problem *problem, double lambda,
                         const double *w)
{
    const struct spred_custom_penalty *own = spred_custom_penalty_of(problem);
    const double h = 1e-6;
    double worst = 0;
    struct gathered g;
    for (size_t e = 0; nonzero(problem, lambda, w, NULL, &e, &g);) {
        call(own, own->functions.derivative, &g);
        for (size_t i = 0; i < g.count; i++) {
            g.other[i] = g.out[i];
            g.t[i] *= 1 + h;
        }
        call(own, own->functions.derivative, &g);
        for (size_t i = 0; i < g.count; i++)
            worst =
                fmax(worst, g.strength[i] * (4 * fabs(g.other[i]) +
                                             fabs(g.out[i] - g.other[i]) / h));
    }
    return worst;
}

void spred_custom_penalty_init(struct spred_custom_penalty *own,
                               const char *name)
{
    own->form = (struct spred_penalty_form){.name = name,
                                            .convex = own->convex &&
                                                      own->functions.conjugate,
                                            .check = check,
                                            .value = value,
                                            .prox = prox,
                                            .gauge = gauge,
                                            .conjugate = conjugate,
                                            .violation = violation,
                                            .slope_size = slope_size};
}
