/* penalty_check.c: does a declared penalty keep its word? Numerically, at
 * sampled points: slopes, proximal map, convexity, conjugate. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "spred/custom.h"
#include "spred/rng.h"

enum { POINTS = 96, ROUNDS = 40, SLOPES = 3 * POINTS };

struct table {
    const struct spred_custom_penalty *own;
    struct spred_env *env;
    double t[POINTS], value[POINTS], slope[POINTS]; /* t != 0 */
    double shifted[POINTS], up[POINTS], down[POINTS];
    double z[POINTS], s[POINTS], x[POINTS];
    double c[SLOPES], conjugate[SLOPES];
};

typedef enum spred_status (*batch)(void *self, struct spred_env *env, size_t n,
                                   const double *t, double *out);

static enum spred_status call(struct table *t, batch f, size_t n,
                              const double *at, double *out)
{
    return f(t->own->self, t->env, n, at, out);
}

static enum spred_status wrong(const struct table *t, const char *what,
                               double at, double got, const char *but,
                               double expected)
{
    return spred_fail(t->env, SPRED_EINVAL,
                      "the penalty '%s': %s(%.10g) = %.10g, but %s %.10g",
                      t->own->form.name, what, at, got, but, expected);
}

/* Both signs, from near zero to far away. */
static void place(struct table *t, struct spred_rng *rng)
{
    for (size_t i = 0; i < POINTS; i++) {
        double draw = spred_rng_uniform(rng); /* most shapes change near 1 */
        double size = pow(10, i % 4 == 1   ? 12 * draw - 4
                              : i % 4 == 0 ? 6 * draw - 4
                                           : 2 * draw - 1);
        t->t[i] = i % 2 ? -size : size;
    }
    t->t[0] = 1e-10;
    t->t[1] = -1e-10;
}

static enum spred_status check_values(struct table *t)
{
    double zero = 0, at_zero;
    SPRED_TRY(call(t, t->own->functions.value, 1, &zero, &at_zero));
    if (!(fabs(at_zero) <= 0))
        return wrong(t, "value", 0, at_zero, "at 0 it is", 0);
    SPRED_TRY(call(t, t->own->functions.value, POINTS, t->t, t->value));
    for (size_t i = 0; i < POINTS; i++)
        if (!(t->value[i] >= 0 && isfinite(t->value[i])))
            return wrong(t, "value", t->t[i], t->value[i],
                         "a penalty is finite and at least", 0);
    return SPRED_OK;
}

static enum spred_status check_slopes(struct table *t)
{
    const struct spred_penalty_functions *f = &t->own->functions;
    const double h = 1e-6;
    SPRED_TRY(call(t, f->derivative, POINTS, t->t, t->slope));
    for (size_t i = 0; i < POINTS; i++)
        t->shifted[i] = t->t[i] * (1 + h);
    SPRED_TRY(call(t, f->value, POINTS, t->shifted, t->up));
    for (size_t i = 0; i < POINTS; i++)
        t->shifted[i] = t->t[i] * (1 - h);
    SPRED_TRY(call(t, f->value, POINTS, t->shifted, t->down));
    for (size_t i = 0; i < POINTS; i++) {
        double width = 2 * h * t->t[i], d = t->slope[i];
        double slope = (t->up[i] - t->down[i]) / width;
        double slack = 1e-5 * (fabs(slope) + fabs(d)) +
                       32 * DBL_EPSILON * t->value[i] / fabs(width);
        if (i > 1 && !(fabs(slope - d) <= slack))
            return wrong(t, "derivative", t->t[i], d,
                         "the slope of value there is", slope);
        double edge = copysign(t->own->at_zero, t->t[i]);
        if (i <= 1 && !(fabs(d - edge) <= 1e-3 * t->own->at_zero))
            return wrong(t, "derivative", t->t[i], d,
                         "at_zero says that next to 0 it is", edge);
    }
    return SPRED_OK;
}

static enum spred_status check_convex(struct table *t)
{
    const struct spred_custom_penalty *own = t->own;
    for (size_t shift = 1; own->convex && shift < POINTS; shift += 7) {
        for (size_t i = 0; i < POINTS; i++)
            t->shifted[i] = (t->t[i] + t->t[(i + shift) % POINTS]) / 2;
        SPRED_TRY(call(t, own->functions.value, POINTS, t->shifted, t->up));
        for (size_t i = 0; i < POINTS; i++) {
            double mean = (t->value[i] + t->value[(i + shift) % POINTS]) / 2;
            if (!(t->up[i] <= mean * (1 + 1e-12)))
                return wrong(t, "value", t->shifted[i], t->up[i],
                             "a convex penalty is there at most", mean);
        }
    }
    for (size_t i = 0; own->convex && i < POINTS; i++)
        if (!(t->value[i] >= own->at_zero * fabs(t->t[i]) * (1 - 1e-12)))
            return wrong(t, "value", t->t[i], t->value[i],
                         "by at_zero a convex penalty is there at least",
                         own->at_zero * fabs(t->t[i]));
    return SPRED_OK;
}

/* x = prox(z, s) is stationary, and no sampled point is better. */
static enum spred_status check_prox_at(struct table *t, size_t i)
{
    const struct spred_custom_penalty *own = t->own;
    const double near[] = {0,
                           t->z[i],
                           t->x[i] * (1 + 1e-3),
                           t->x[i] * (1 - 1e-3),
                           t->x[i] + 1e-2 * t->z[i],
                           t->x[i] - 1e-2 * t->z[i]};
    enum { NEAR = sizeof near / sizeof *near };
    double z = t->z[i], s = t->s[i], x = t->x[i], at[NEAR], own_value, slope;
    char what[64];
    snprintf(what, sizeof what, "with s = %.10g, prox", s);
    if (!isfinite(x))
        return wrong(t, what, z, x, "it is finite, at most", z);
    SPRED_TRY(call(t, own->functions.value, 1, &x, &own_value));
    SPRED_TRY(call(t, own->functions.value, NEAR, near, at));
    double best = (x - z) * (x - z) / 2 + s * own_value;
    for (size_t k = 0; k < NEAR + POINTS; k++) {
        double other = k < NEAR ? near[k] : t->t[k - NEAR];
        double there = k < NEAR ? at[k] : t->value[k - NEAR];
        double objective = (other - z) * (other - z) / 2 + s * there;
        if (!(best <= objective * (1 + 1e-9) + 1e-14 * z * z))
            return wrong(t, what, z, x, "its objective is lower at", other);
    }
    if (!(x < 0 || x > 0))
        return SPRED_OK;
    SPRED_TRY(call(t, own->functions.derivative, 1, &x, &slope));
    double off = x - z + s * slope;
    if (!(fabs(off) <= 1e-7 * (fabs(z) + s * fabs(slope))))
        return wrong(t, what, z, x, "x - z + s derivative(x) is not 0 but",
                     off);
    return SPRED_OK;
}

static enum spred_status check_prox(struct table *t, struct spred_rng *rng)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < POINTS; i++) {
            t->s[i] = pow(10, 4 * spred_rng_uniform(rng) - 3);
            t->z[i] = t->t[i] * (0.3 + 3 * spred_rng_uniform(rng));
        }
        SPRED_TRY(t->own->functions.prox(t->own->self, t->env, POINTS, t->z,
                                         t->s, t->x));
        for (size_t i = 0; i < POINTS; i++)
            SPRED_TRY(check_prox_at(t, i));
    }
    return SPRED_OK;
}

/* value(t) + conjugate(c) >= c t, with equality at c = derivative(t). */
static enum spred_status check_conjugate(struct table *t)
{
    const struct spred_custom_penalty *own = t->own;
    static const double share[] = {1, 0.5, 1.5};
    if (!own->functions.conjugate)
        return SPRED_OK;
    if (!own->convex)
        return spred_fail(t->env, SPRED_EINVAL,
                          "the penalty '%s' is not convex: a conjugate would "
                          "prove nothing",
                          own->form.name);
    for (size_t k = 0; k < SLOPES; k++)
        t->c[k] = share[k / POINTS] * t->slope[k % POINTS];
    SPRED_TRY(call(t, own->functions.conjugate, SLOPES, t->c, t->conjugate));
    for (size_t k = 0; k < SLOPES; k++) {
        double c = t->c[k], upper = t->conjugate[k];
        if (isnan(upper))
            return wrong(t, "conjugate", c, upper,
                         "it is a number, and outside the domain", INFINITY);
        for (size_t i = 0; i < POINTS; i++) {
            double line = c * t->t[i] - t->value[i];
            double size = fabs(c * t->t[i]) + t->value[i];
            char but[96];
            snprintf(but, sizeof but, "c t - value(t) at t = %.10g is",
                     t->t[i]);
            if (upper < line - 1e-10 * size)
                return wrong(t, "conjugate", c, upper, but, line);
            if (k == i && !(upper <= line + 1e-8 * size))
                return wrong(t, "conjugate", c, upper, but, line);
        }
    }
    return SPRED_OK;
}

static enum spred_status check_all(struct table *t, struct spred_rng *rng)
{
    SPRED_TRY(check_values(t));
    SPRED_TRY(check_slopes(t));
    SPRED_TRY(check_convex(t));
    SPRED_TRY(check_prox(t, rng));
    return check_conjugate(t);
}

enum spred_status
spred_custom_penalty_check(struct spred_env *env,
                           const struct spred_custom_penalty *own)
{
    if (!(own->at_zero > 0))
        return spred_fail(env, SPRED_EINVAL,
                          "the penalty '%s' makes no zeros (at_zero = %g): "
                          "lambda has no maximum",
                          own->form.name, own->at_zero);
    if (!isfinite(own->at_zero))
        return spred_fail(env, SPRED_EINVAL,
                          "the penalty '%s' is infinitely steep at 0: 0 is "
                          "optimal at every lambda; a power penalty is built "
                          "in (factors)",
                          own->form.name);
    struct table *table = spred_alloc(env, 1, sizeof *table);
    struct spred_rng *rng = spred_rng_new(env, 2);
    enum spred_status status = SPRED_ENOMEM;
    if (table && rng) {
        table->own = own;
        table->env = env;
        place(table, rng);
        status = check_all(table, rng);
    }
    spred_rng_free(rng);
    spred_free(env, table);
    return status;
}
