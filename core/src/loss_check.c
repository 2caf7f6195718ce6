/* loss_check.c: does a declared loss keep its word? By differences and by the
 * inequality of Fenchel and Young, at sampled points: no proof, but what slips
 * past it must be right wherever one looks. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "spred/custom.h"
#include "spred/rng.h"

enum { RESPONSES = 24, POINTS = 64, THETAS = 4 * POINTS };

/* The functions at the points of one response. */
struct table {
    const struct spred_custom_loss *own;
    struct spred_env *env;
    double y[THETAS]; /* all the same */
    double m[POINTS], h[POINTS];
    double value[POINTS], residual[POINTS], curvature[POINTS];
    double theta[THETAS], dual[THETAS];
    double shifted[POINTS], scratch[POINTS], slope[POINTS];
    double left[POINTS], right[POINTS];
};

typedef enum spred_status (*batch)(void *self, struct spred_env *env, size_t n,
                                   const double *m, const double *y,
                                   double *out);

static enum spred_status call(struct table *t, batch f, size_t n,
                              const double *m, double *out)
{
    return f(t->own->self, t->env, n, m, t->y, out);
}

static enum spred_status wrong(const struct table *t, const char *what,
                               double m, double got, const char *but,
                               double expected)
{
    return spred_fail(t->env, SPRED_EINVAL,
                      "the loss '%s': %s(%.10g, %.10g) = %.10g, but %s %.10g",
                      t->own->loss.name, what, m, t->y[0], got, but, expected);
}

/* From the middle of the data to far outside, where domains end. */
static double sampled(struct spred_rng *rng)
{
    return spred_rng_normal(rng) * pow(10, 4 * spred_rng_uniform(rng) - 2);
}

static void place(struct table *t, size_t response, struct spred_rng *rng)
{
    static const double fixed[] = {0,    1,   -1,   0.5, -0.5, 2,   -2,
                                   0.1,  -10, 10,   50,  -50,  1e3, -1e3,
                                   -1e5, 1e5, 0.25, 5,   -5,   3,   -3};
    static const double responses[] = {1, -1, 0, 0.5, -2.3, 3, 20, -10};
    size_t known = sizeof responses / sizeof *responses;
    double y = response < known ? responses[response] : sampled(rng);
    if (t->own->classes)
        y = response % 2 ? -1 : 1;
    for (size_t i = 0; i < THETAS; i++)
        t->y[i] = y;
    for (size_t i = 0; i < POINTS; i++) {
        if (i < sizeof fixed / sizeof *fixed)
            t->m[i] = fixed[i];
        else
            t->m[i] = i % 2 ? y + sampled(rng) : sampled(rng);
        t->h[i] = 1e-5 * (1 + fabs(t->m[i]));
    }
}

/* residual = -(difference of value). */
static enum spred_status check_residual(struct table *t)
{
    const struct spred_loss_functions *f = &t->own->functions;
    double bound = t->own->loss.curvature_bound;
    for (size_t i = 0; i < POINTS; i++)
        t->shifted[i] = t->m[i] + t->h[i];
    SPRED_TRY(call(t, f->value, POINTS, t->shifted, t->slope));
    SPRED_TRY(call(t, f->residual, POINTS, t->shifted, t->right));
    for (size_t i = 0; i < POINTS; i++)
        t->shifted[i] = t->m[i] - t->h[i];
    SPRED_TRY(call(t, f->value, POINTS, t->shifted, t->scratch));
    SPRED_TRY(call(t, f->residual, POINTS, t->shifted, t->left));
    for (size_t i = 0; i < POINTS; i++) {
        double h = t->h[i], r = t->residual[i], v = t->value[i];
        if (!(v >= 0 && isfinite(v)))
            return wrong(t, "value", t->m[i], v, "a loss is at least", 0);
        double slope = (t->scratch[i] - t->slope[i]) / (2 * h);
        double size = fmax(v, fmax(fabs(t->scratch[i]), fabs(t->slope[i])));
        double slack =
            bound * h + 32 * DBL_EPSILON * size / h + 1e-7 * fabs(slope);
        if (!(fabs(slope - r) <= slack))
            return wrong(t, "residual", t->m[i], r, "-(d/dm) value there is",
                         slope);
    }
    return SPRED_OK;
}

/* Convex, not steeper than the bound; curvature = -(difference of residual). */
static enum spred_status check_curvature(struct table *t)
{
    double bound = t->own->loss.curvature_bound;
    if (t->own->functions.curvature)
        SPRED_TRY(
            call(t, t->own->functions.curvature, POINTS, t->m, t->curvature));
    for (size_t i = 0; i < POINTS; i++) {
        double h = t->h[i], r = t->residual[i], curved = t->curvature[i];
        double round = 32 * DBL_EPSILON / h *
                       (fabs(t->left[i]) + fabs(t->right[i]) +
                        bound * (fabs(t->m[i]) + fabs(t->y[0])));
        double before = (t->left[i] - r) / h, after = (r - t->right[i]) / h;
        double least = fmin(before, after), most = fmax(before, after);
        if (!(most <= bound * (1 + 1e-6) + round))
            return wrong(t, "-(d/dm) residual", t->m[i], most,
                         "the bound of the curvature is", bound);
        if (!(least >= -1e-6 * bound - round))
            return wrong(t, "-(d/dm) residual", t->m[i], least,
                         "a convex loss has at least", 0);
        if (!t->own->functions.curvature)
            continue;
        if (!(curved >= 0))
            return wrong(t, "curvature", t->m[i], curved,
                         "a convex loss has at least", 0);
        if (!(curved <= bound * (1 + 1e-9)))
            return wrong(t, "curvature", t->m[i], curved, "the bound is",
                         bound);
        double slack = 1e-3 * bound + 2 * (most - least) + round;
        if (curved < least - slack || curved > most + slack)
            return wrong(t, "curvature", t->m[i], curved,
                         "-(d/dm) residual there is", after);
    }
    return SPRED_OK;
}

/* value(m) + theta m >= dual(theta), with equality at theta = residual(m). */
static enum spred_status check_dual(struct table *t)
{
    static const double share[] = {1, 0.5, 1.5, -0.3};
    for (size_t k = 0; k < THETAS; k++)
        t->theta[k] = share[k / POINTS] * t->residual[k % POINTS];
    t->theta[POINTS] = 0;
    SPRED_TRY(call(t, t->own->functions.dual, THETAS, t->theta, t->dual));
    if (!isfinite(t->dual[POINTS]))
        return wrong(t, "dual", 0, t->dual[POINTS],
                     "at 0 it is the least value, which is finite and at least",
                     0);
    for (size_t k = 0; k < THETAS; k++) {
        double theta = t->theta[k], dual = t->dual[k];
        if (isnan(dual))
            return wrong(t, "dual", theta, dual,
                         "it is a number, and outside the domain", -INFINITY);
        for (size_t i = 0; i < POINTS; i++) {
            double line = t->value[i] + theta * t->m[i];
            double size = fabs(t->value[i]) + fabs(theta * t->m[i]) +
                          fabs(theta * t->y[0]);
            double slack = 1e-10 * size + 1e-14 * t->own->loss.curvature_bound;
            char but[96];
            snprintf(but, sizeof but, "value(m) + theta m at m = %.10g %s",
                     t->m[i], k == i ? "is" : "is less:");
            if (dual > line + slack)
                return wrong(t, "dual", theta, dual, but, line);
            if (k == i && !(dual >= line - slack * 100))
                return wrong(t, "dual", theta, dual, but, line);
        }
    }
    return SPRED_OK;
}

static enum spred_status check_all(struct table *t, struct spred_rng *rng)
{
    for (size_t response = 0; response < RESPONSES; response++) {
        const struct spred_loss_functions *f = &t->own->functions;
        place(t, response, rng);
        SPRED_TRY(call(t, f->value, POINTS, t->m, t->value));
        SPRED_TRY(call(t, f->residual, POINTS, t->m, t->residual));
        SPRED_TRY(check_residual(t));
        SPRED_TRY(check_curvature(t));
        SPRED_TRY(check_dual(t));
    }
    return SPRED_OK;
}

enum spred_status spred_custom_loss_check(struct spred_env *env,
                                          const struct spred_custom_loss *own)
{
    if (!(own->loss.curvature_bound > 0 && isfinite(own->loss.curvature_bound)))
        return spred_fail(env, SPRED_EINVAL,
                          "the loss '%s': the bound of the curvature is %g, "
                          "not positive and finite",
                          own->loss.name, own->loss.curvature_bound);
    struct table *table = spred_alloc(env, 1, sizeof *table);
    struct spred_rng *rng = spred_rng_new(env, 1);
    enum spred_status status = SPRED_ENOMEM;
    if (table && rng) {
        table->own = own;
        table->env = env;
        status = check_all(table, rng);
    }
    spred_rng_free(rng);
    spred_free(env, table);
    return status;
}
