/* custom.h: losses and penalties made in C as a script would declare them. */
#ifndef SPRED_TEST_CUSTOM_H
#define SPRED_TEST_CUSTOM_H

#include "test.h"

#include "spred/custom.h"

/* Scalar functions; the batches below loop over them. */
struct scalar_loss {
    double (*value)(double m, double y);
    double (*residual)(double m, double y);
    double (*curvature)(double m, double y);
    double (*dual)(double theta, double y);
    long fail_after; /* > 0: calls until one fails */
    long calls;
};

static inline enum spred_status each(struct scalar_loss *self,
                                     struct spred_env *env,
                                     double (*f)(double, double), size_t n,
                                     const double *m, const double *y,
                                     double *out)
{
    if (self->fail_after > 0 && ++self->calls >= self->fail_after)
        return spred_fail(env, SPRED_EINVAL, "model.lua:7: no such thing");
    for (size_t i = 0; i < n; i++)
        out[i] = f(m[i], y[i]);
    return SPRED_OK;
}

#define EACH(name)                                                             \
    static inline enum spred_status each_##name(                               \
        void *self, struct spred_env *env, size_t n, const double *m,          \
        const double *y, double *out)                                          \
    {                                                                          \
        struct scalar_loss *own = self;                                        \
        return each(own, env, own->name, n, m, y, out);                        \
    }
EACH(value)
EACH(residual)
EACH(curvature)
EACH(dual)

struct made_loss {
    struct spred_custom_loss own;
    struct scalar_loss scalar;
    struct spred_failure failure;
};

static inline void loss_make(struct made_loss *made, const char *name,
                             const struct scalar_loss *scalar, double bound,
                             int classes)
{
    memset(made, 0, sizeof *made);
    made->scalar = *scalar;
    spred_env_init(&made->failure.env);
    made->own = (struct spred_custom_loss){
        .functions = {each_value, each_residual,
                      scalar->curvature ? each_curvature : NULL, each_dual},
        .self = &made->scalar,
        .classes = classes,
        .failure = &made->failure};
    spred_custom_loss_init(&made->own, name, bound);
}

struct scalar_penalty {
    double (*value)(double t);
    double (*prox)(double z, double s);
    double (*derivative)(double t);
    double (*conjugate)(double c);
};

#define EACH_WEIGHT(name)                                                      \
    static inline enum spred_status weight_##name(                             \
        void *self, struct spred_env *env, size_t n, const double *t,          \
        double *out)                                                           \
    {                                                                          \
        const struct scalar_penalty *own = self;                               \
        (void)env;                                                             \
        for (size_t i = 0; i < n; i++)                                         \
            out[i] = own->name(t[i]);                                          \
        return SPRED_OK;                                                       \
    }
EACH_WEIGHT(value)
EACH_WEIGHT(derivative)
EACH_WEIGHT(conjugate)

static inline enum spred_status weight_prox(void *self, struct spred_env *env,
                                            size_t n, const double *z,
                                            const double *s, double *out)
{
    const struct scalar_penalty *own = self;
    (void)env;
    for (size_t i = 0; i < n; i++)
        out[i] = own->prox(z[i], s[i]);
    return SPRED_OK;
}

struct made_penalty {
    struct spred_custom_penalty own;
    struct scalar_penalty scalar;
    struct spred_failure failure;
};

static inline void penalty_make(struct made_penalty *made, const char *name,
                                const struct scalar_penalty *scalar,
                                double at_zero, int convex)
{
    memset(made, 0, sizeof *made);
    made->scalar = *scalar;
    spred_env_init(&made->failure.env);
    made->own = (struct spred_custom_penalty){
        .functions = {weight_value, weight_prox, weight_derivative,
                      scalar->conjugate ? weight_conjugate : NULL},
        .self = &made->scalar,
        .at_zero = at_zero,
        .convex = convex,
        .failure = &made->failure};
    spred_custom_penalty_init(&made->own, name);
}

/* ---- losses ---- */

static inline double square_value(double m, double y)
{
    return (y - m) * (y - m) / 2;
}
static inline double square_residual(double m, double y)
{
    return y - m;
}
static inline double one(double m, double y)
{
    (void)m, (void)y;
    return 1;
}
static inline double square_dual(double theta, double y)
{
    return theta * y - theta * theta / 2;
}
static const struct scalar_loss square_loss = {.value = square_value,
                                               .residual = square_residual,
                                               .curvature = one,
                                               .dual = square_dual};

static inline double logit_value(double m, double y)
{
    return log1p(exp(-fabs(m * y))) + fmax(-m * y, 0);
}
static inline double logit_share(double margin)
{
    double e = exp(-fabs(margin));
    return margin > 0 ? e / (1 + e) : 1 / (1 + e);
}
static inline double logit_residual(double m, double y)
{
    return y * logit_share(m * y);
}
static inline double logit_curvature(double m, double y)
{
    (void)y;
    return logit_share(m) * logit_share(-m);
}
static inline double logit_dual(double theta, double y)
{
    double s = theta * y;
    if (s < 0 || s > 1)
        return -INFINITY;
    return (s > 0 ? -s * log(s) : 0) - (s < 1 ? (1 - s) * log1p(-s) : 0);
}
static const struct scalar_loss logit_loss = {.value = logit_value,
                                              .residual = logit_residual,
                                              .curvature = logit_curvature,
                                              .dual = logit_dual};

static inline double huber_value(double m, double y)
{
    double r = fabs(y - m);
    return r <= 1 ? r * r / 2 : r - 0.5;
}
static inline double huber_residual(double m, double y)
{
    return fmax(-1, fmin(1, y - m));
}
static inline double huber_curvature(double m, double y)
{
    return fabs(y - m) <= 1 ? 1 : 0;
}
static inline double huber_dual(double theta, double y)
{
    return fabs(theta) <= 1 ? theta * y - theta * theta / 2 : -INFINITY;
}
static const struct scalar_loss huber_loss = {.value = huber_value,
                                              .residual = huber_residual,
                                              .curvature = huber_curvature,
                                              .dual = huber_dual};

/* ---- penalties ---- */

static inline double soft(double z, double s)
{
    return copysign(fmax(fabs(z) - s, 0), z);
}
static inline double sign_of(double t)
{
    return t > 0 ? 1 : -1;
}
static inline double box(double c)
{
    return fabs(c) <= 1 ? 0 : INFINITY;
}
static const struct scalar_penalty lasso_penalty = {fabs, soft, sign_of, box};

/* |t| / 2 + t^2 / 4: the elastic net with l1_ratio 1/2 */
static inline double net_value(double t)
{
    return fabs(t) / 2 + t * t / 4;
}
static inline double net_prox(double z, double s)
{
    return soft(z, s / 2) / (1 + s / 2);
}
static inline double net_slope(double t)
{
    return sign_of(t) / 2 + t / 2;
}
static inline double net_conjugate(double c)
{
    double over = fmax(fabs(c) - 0.5, 0);
    return over * over;
}
static const struct scalar_penalty net_penalty = {net_value, net_prox,
                                                  net_slope, net_conjugate};

/* MCP with gamma = 3 */
static inline double mcp_value(double t)
{
    double a = fabs(t);
    return a < 3 ? a - a * a / 6 : 1.5;
}
static inline double mcp_slope(double t)
{
    return fabs(t) < 3 ? sign_of(t) * (1 - fabs(t) / 3) : 0;
}
static inline double mcp_prox(double z, double s)
{
    double best = 0, least = z * z / 2, at[2];
    at[0] = s < 3 ? soft(z, s) / (1 - s / 3) : 0;
    at[1] = z;
    for (int k = 0; k < 2; k++) {
        double f = (at[k] - z) * (at[k] - z) / 2 + s * mcp_value(at[k]);
        if ((k == 0 ? fabs(at[k]) < 3 : fabs(at[k]) >= 3) && f < least) {
            best = at[k];
            least = f;
        }
    }
    return best;
}
static const struct scalar_penalty mcp_penalty = {mcp_value, mcp_prox,
                                                  mcp_slope, NULL};

/* SCAD with a = 3.7 */
static inline double scad_value(double t)
{
    double a = fabs(t), k = 3.7;
    if (a <= 1)
        return a;
    return a <= k ? (2 * k * a - a * a - 1) / (2 * (k - 1)) : (k + 1) / 2;
}
static inline double scad_slope(double t)
{
    double a = fabs(t), k = 3.7;
    return sign_of(t) * (a <= 1 ? 1 : a <= k ? (k - a) / (k - 1) : 0);
}
static inline double scad_prox(double z, double s)
{
    double k = 3.7, size = fabs(z), best = 0, least = z * z / 2;
    double at[] = {fmax(size - s, 0),
                   s < k - 1 ? ((k - 1) * size - s * k) / (k - 1 - s) : -1,
                   size};
    double low[] = {0, 1, k}, high[] = {1, k, INFINITY};
    for (int i = 0; i < 3; i++) {
        double f = (at[i] - size) * (at[i] - size) / 2 + s * scad_value(at[i]);
        if (at[i] >= low[i] && at[i] <= high[i] && f < least) {
            best = at[i];
            least = f;
        }
    }
    return copysign(best, z);
}
static const struct scalar_penalty scad_penalty = {scad_value, scad_prox,
                                                   scad_slope, NULL};

#endif
