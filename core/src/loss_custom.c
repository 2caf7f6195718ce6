/* loss_custom.c: a loss by scalar functions of one sample, which may fail. */
#include <float.h>
#include <math.h>

#include "spred/custom.h"
#include "spred/linalg.h"

/* Samples in one call where the result needs no array of its own. */
enum { CHUNK = 256 };
/* Newton models want some curvature everywhere: this share of the bound. */
static const double least_curvature = 1e-4;
/* Of value + r m - dual, relative to its terms: user's functions round. */
static const double touch_tolerance = 1e-7;
/* How far beside m value + r m must not be lower, relative to 1 + |m|. */
static const double probe = 1e-3, probe_tolerance = 1e-10;

typedef enum spred_status (*batch)(void *self, struct spred_env *env, size_t n,
                                   const double *m, const double *y,
                                   double *out);

/* out = f(m, y), or NaN and a note. */
static void call(const struct spred_custom_loss *own, batch f, size_t n,
                 const double *m, const double *y, double *out)
{
    struct spred_failure *failure = own->failure;
    if (failure->status == SPRED_OK)
        failure->status = f(own->self, &failure->env, n, m, y, out);
    for (size_t i = 0; failure->status != SPRED_OK && i < n; i++)
        out[i] = NAN;
}

static size_t chunk(size_t from, size_t n)
{
    return n - from < CHUNK ? n - from : CHUNK;
}

static double mean_of(const struct spred_problem *problem, batch f,
                      const double *m)
{
    const struct spred_custom_loss *own = spred_custom_loss_of(problem->loss);
    struct spred_sum sum = {0, 0};
    double out[CHUNK];
    int below = 0; /* -infinity: a compensated sum would make it NaN */
    for (size_t from = 0; from < problem->n; from += CHUNK) {
        size_t count = chunk(from, problem->n);
        call(own, f, count, m + from, problem->y + from, out);
        for (size_t i = 0; i < count; i++) {
            below |= isinf(out[i]) && out[i] < 0;
            spred_sum_add(&sum, out[i]);
        }
    }
    return below ? -INFINITY : spred_sum_value(&sum) / (double)problem->n;
}

static double value(const struct spred_problem *problem, const double *m)
{
    return mean_of(problem,
                   spred_custom_loss_of(problem->loss)->functions.value, m);
}

static double dual(const struct spred_problem *problem, const double *theta)
{
    return mean_of(problem, spred_custom_loss_of(problem->loss)->functions.dual,
                   theta);
}

static void residual(const struct spred_problem *problem, const double *m,
                     double *r)
{
    const struct spred_custom_loss *own = spred_custom_loss_of(problem->loss);
    call(own, own->functions.residual, problem->n, m, problem->y, r);
}

static void curvature(const struct spred_problem *problem, const double *m,
                      double *h)
{
    const struct spred_custom_loss *own = spred_custom_loss_of(problem->loss);
    double bound = own->loss.curvature_bound;
    if (own->functions.curvature)
        call(own, own->functions.curvature, problem->n, m, problem->y, h);
    for (size_t i = 0; i < problem->n; i++)
        if (!own->functions.curvature)
            h[i] = bound;
        else if (h[i] < least_curvature * bound) /* a NaN stays */
            h[i] = least_curvature * bound;
}

/* Sum of residuals at xw + b, which falls in b; its slope and size. */
static double imbalance(const struct spred_problem *problem, const double *xw,
                        double b, double *slope, double *size)
{
    const struct spred_custom_loss *own = spred_custom_loss_of(problem->loss);
    struct spred_sum sum = {0, 0};
    double m[CHUNK], out[CHUNK];
    *slope = *size = 0;
    for (size_t from = 0; from < problem->n; from += CHUNK) {
        size_t count = chunk(from, problem->n);
        const double *y = problem->y + from;
        for (size_t i = 0; i < count; i++)
            m[i] = xw[from + i] + b;
        call(own, own->functions.residual, count, m, y, out);
        for (size_t i = 0; i < count; i++) {
            spred_sum_add(&sum, out[i]);
            *size += fabs(out[i]);
        }
        for (size_t i = 0; i < count; i++)
            out[i] = own->loss.curvature_bound;
        if (own->functions.curvature)
            call(own, own->functions.curvature, count, m, y, out);
        for (size_t i = 0; i < count; i++)
            *slope += out[i];
    }
    return spred_sum_value(&sum);
}

/* Root of the imbalance: Newton inside a bracket that is opened by doubling. */
static void intercept(const struct spred_problem *problem, const double *xw,
                      double *b)
{
    double low = -INFINITY, high = INFINITY, at = isfinite(*b) ? *b : 0;
    double stride = 1 + fabs(at);
    for (int iteration = 0; iteration < 200; iteration++) {
        double slope, size, next;
        double g = imbalance(problem, xw, at, &slope, &size);
        if (!(fabs(g) > 4e-16 * size)) /* a failure ends it, too */
            break;
        if (g > 0)
            low = at;
        else
            high = at;
        next = at + g / slope;
        if (isinf(low) || isinf(high)) {
            double far = g > 0 ? at + stride : at - stride;
            /* Where the loss is flat the slope misleads, and steps of one size
             * take for ever; a root far away is found by doubling. */
            if (iteration >= 4 || !(fabs(next - at) <= stride))
                next = far;
            stride *= 2;
        } else if (!(next > low && next < high) || iteration % 4 == 3) {
            next = low + (high - low) / 2;
        }
        if (!isfinite(next) || fabs(next - at) <= 2e-16 * (1 + fabs(at)))
            break;
        at = next;
    }
    *b = at;
}

void spred_custom_loss_init(struct spred_custom_loss *own, const char *name,
                            double bound)
{
    own->loss = (struct spred_loss){.name = name,
                                    .curvature_bound = bound,
                                    .value = value,
                                    .residual = residual,
                                    .curvature = curvature,
                                    .dual = dual,
                                    .intercept = intercept};
}

const struct spred_custom_loss *
spred_custom_loss_of(const struct spred_loss *loss)
{
    return loss->value == value ? (const struct spred_custom_loss *)loss : NULL;
}

int spred_loss_wants_classes(const struct spred_loss *loss)
{
    const struct spred_custom_loss *own = spred_custom_loss_of(loss);
    return own ? own->classes : loss != &spred_loss_squared;
}

/* value(at) + theta at, with its size. */
static double line_at(const struct spred_custom_loss *own, double theta,
                      double at, double y, double *size)
{
    double value;
    call(own, own->functions.value, 1, &at, &y, &value);
    *size = fabs(value) + fabs(theta * at) + fabs(theta * y);
    return value + theta * at;
}

static enum spred_status apart(struct spred_env *env,
                               const struct spred_custom_loss *own,
                               double theta, double y, double m, double dual)
{
    double size, line = line_at(own, theta, m, y, &size);
    if (own->failure->status != SPRED_OK) /* another function's NaN */
        return spred_fail(env, own->failure->status, "%s",
                          own->failure->env.error);
    return spred_fail(env, SPRED_EINVAL,
                      "the loss '%s': dual(%.10g, %.10g) = %.10g, but value(m) "
                      "+ theta m at m = %.10g is %.10g; there or near it theta "
                      "should be the residual",
                      own->loss.name, theta, y, dual, m, line);
}

enum spred_status spred_custom_loss_touches(struct spred_env *env,
                                            const struct spred_custom_loss *own,
                                            size_t n, const double *m,
                                            const double *r, const double *y,
                                            double *size)
{
    double line[3][CHUNK], bottom[CHUNK], at[CHUNK];
    *size = 0;
    for (size_t from = 0; from < n; from += CHUNK) {
        size_t count = chunk(from, n);
        for (int k = 0; k < 3; k++) { /* at m and on both sides */
            for (size_t i = 0; i < count; i++)
                at[i] = m[from + i] + (k - 1) * probe * (1 + fabs(m[from + i]));
            call(own, own->functions.value, count, at, y + from, line[k]);
        }
        call(own, own->functions.dual, count, r + from, y + from, bottom);
        for (size_t i = 0; i < count; i++) {
            double x = m[from + i], theta = r[from + i], target = y[from + i];
            double side = probe * (1 + fabs(x));
            double terms = fabs(line[1][i]) + fabs(theta * x) +
                           fabs(theta * target) + fabs(bottom[i]);
            double below = fmin(line[0][i] + theta * (x - side),
                                line[2][i] + theta * (x + side));
            *size += terms;
            if (!(fabs(line[1][i] + theta * x - bottom[i]) <=
                  touch_tolerance * terms) ||
                !(bottom[i] <= below + probe_tolerance * terms))
                return apart(env, own, theta, target, x, bottom[i]);
        }
    }
    *size /= (double)n;
    return SPRED_OK;
}

enum spred_status spred_custom_failed(struct spred_env *env,
                                      const struct spred_problem *problem)
{
    const struct spred_custom_loss *loss = spred_custom_loss_of(problem->loss);
    const struct spred_custom_penalty *penalty =
        spred_custom_penalty_of(problem);
    const struct spred_failure *failure = loss ? loss->failure : NULL;
    if ((!failure || failure->status == SPRED_OK) && penalty)
        failure = penalty->failure;
    if (!failure || failure->status == SPRED_OK)
        return SPRED_OK;
    return spred_fail(env, failure->status, "%s", failure->env.error);
}

void spred_custom_clear(const struct spred_problem *problem)
{
    const struct spred_custom_loss *loss = spred_custom_loss_of(problem->loss);
    const struct spred_custom_penalty *penalty =
        spred_custom_penalty_of(problem);
    if (loss)
        loss->failure->status = SPRED_OK;
    if (penalty)
        penalty->failure->status = SPRED_OK;
}
