/* custom.h: losses and separable penalties given by scalar functions at run
 * time: what a script declares. Every function works on arrays and may fail;
 * a declaration is checked numerically, at sampled points, before it is used.
 */
#ifndef SPRED_CUSTOM_H
#define SPRED_CUSTOM_H

#include "spred/problem.h"

/* What the first function that failed said. Until it is cleared the others are
 * not called: their results are NaN. */
struct spred_failure {
    enum spred_status status;
    struct spred_env env; /* its error text */
};

/* One sample at a time, on arrays of n; convex and differentiable in m, bounded
 * below. self: the cookie. */
struct spred_loss_functions {
    /* value(m, y) >= 0 */
    enum spred_status (*value)(void *self, struct spred_env *env, size_t n,
                               const double *m, const double *y, double *out);
    /* -d value / dm */
    enum spred_status (*residual)(void *self, struct spred_env *env, size_t n,
                                  const double *m, const double *y,
                                  double *out);
    /* d^2 value / dm^2; NULL: the bound is used. */
    enum spred_status (*curvature)(void *self, struct spred_env *env, size_t n,
                                   const double *m, const double *y,
                                   double *out);
    /* inf_m value(m, y) + theta m; -infinity outside its domain. */
    enum spred_status (*dual)(void *self, struct spred_env *env, size_t n,
                              const double *theta, const double *y,
                              double *out);
};

struct spred_custom_loss {
    struct spred_loss loss; /* first: filled by spred_custom_loss_init */
    struct spred_loss_functions functions;
    void *self;
    int classes;                   /* 1: y is -1 or +1 */
    struct spred_failure *failure; /* of its own */
};

/* Fills loss->loss; name is borrowed. bound: of the curvature. */
SPRED_API void spred_custom_loss_init(struct spred_custom_loss *loss,
                                      const char *name, double bound);
/* The custom loss behind a loss, or NULL. */
SPRED_API const struct spred_custom_loss *
spred_custom_loss_of(const struct spred_loss *loss);
/* 1: the loss is for classes only: a real-valued target has none. */
SPRED_API int spred_loss_wants_classes(const struct spred_loss *loss);
/* At n points: value(x) + r x touches dual(r) at x = m and is not below it on
 * either side, within rounding. SPRED_EINVAL: says where not. m, r: n. *size:
 * mean of |value| + |r m| + |r y| + |dual|: what rounding moves, over epsilon.
 */
SPRED_API enum spred_status spred_custom_loss_touches(
    struct spred_env *env, const struct spred_custom_loss *loss, size_t n,
    const double *m, const double *r, const double *y, double *size);
/* Checks functions, bound and dual at many points. SPRED_EINVAL: says which
 * point, and both numbers. */
SPRED_API enum spred_status
spred_custom_loss_check(struct spred_env *env,
                        const struct spred_custom_loss *loss);

/* One weight at a time, on arrays of n; even or not, penalty(0) = 0. */
struct spred_penalty_functions {
    enum spred_status (*value)(void *self, struct spred_env *env, size_t n,
                               const double *t, double *out);
    /* argmin_x (x - z)^2 / 2 + s value(x), the global one; s = step lambda
     * weight_j. */
    enum spred_status (*prox)(void *self, struct spred_env *env, size_t n,
                              const double *z, const double *s, double *out);
    /* At t != 0. */
    enum spred_status (*derivative)(void *self, struct spred_env *env, size_t n,
                                    const double *t, double *out);
    /* sup_t c t - value(t), +infinity outside its domain; NULL: unknown, and
     * then there is no duality gap. Convex only. */
    enum spred_status (*conjugate)(void *self, struct spred_env *env, size_t n,
                                   const double *c, double *out);
};

struct spred_custom_penalty {
    struct spred_penalty_form form; /* first: of _init; its `convex` says
                                       whether there is a duality gap */
    struct spred_penalty_functions functions;
    void *self;
    double at_zero; /* half-width of the subdifferential at 0: > 0, finite */
    int convex;     /* as declared */
    struct spred_failure *failure;
};

SPRED_API void spred_custom_penalty_init(struct spred_custom_penalty *penalty,
                                         const char *name);
/* The custom penalty of a problem, or NULL. */
SPRED_API const struct spred_custom_penalty *
spred_custom_penalty_of(const struct spred_problem *problem);
SPRED_API enum spred_status
spred_custom_penalty_check(struct spred_env *env,
                           const struct spred_custom_penalty *penalty);

/* The first failure of the problem's own functions, with its text in env;
 * SPRED_OK: there is none. */
SPRED_API enum spred_status
spred_custom_failed(struct spred_env *env, const struct spred_problem *problem);
/* Forgets failures. */
SPRED_API void spred_custom_clear(const struct spred_problem *problem);

#endif
