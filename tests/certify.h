/* certify.h: certificates and near optima of random problems, for the tests of
 * the certificate. */
#ifndef SPRED_TEST_CERTIFY_H
#define SPRED_TEST_CERTIFY_H

#include "problems.h"

#include "spred/certificate.h"
#include "spred/solver.h"

static inline struct spred_certificate certify(struct sample *s, double lambda,
                                               const double *w, const double *b)
{
    struct spred_certificate c;
    struct spred_certifier *certifier =
        spred_certifier_new(&s->env, &s->problem);
    assert_non_null(certifier);
    spred_certifier_start(certifier, lambda);
    assert_ok(&s->env, spred_certify(certifier, w, b, &c));
    spred_certifier_free(certifier);
    return c;
}

struct best {
    size_t size;
    double *w, b[SPRED_MAX_OUTPUTS], primal;
    size_t outputs;
};

static inline int keep_best(void *cookie, const struct spred_host_point *point)
{
    struct best *best = cookie;
    if (!(point->certificate.primal < best->primal))
        return 0;
    best->primal = point->certificate.primal;
    memcpy(best->w, point->w, best->size * sizeof *best->w);
    memcpy(best->b, point->b, best->outputs * sizeof *best->b);
    return 0;
}

static inline double no_clock(void *cookie)
{
    (void)cookie;
    return 0;
}

/* Nearly the optimum: proximal gradient, structured spred on groups. */
static inline void optimum(struct sample *s, double lambda, double gap,
                           struct best *best)
{
    int groups = s->problem.penalty.kind == SPRED_PENALTY_GROUP;
    const struct spred_solver *solver =
        spred_solver_find(groups ? "spred-group" : "proximal-gradient");
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    void *options = calloc(1, solver->options_size);
    best->size = s->problem.p * s->problem.outputs;
    best->outputs = s->problem.outputs;
    best->w = calloc(best->size, sizeof *best->w);
    best->primal = INFINITY;
    spred_host_plan_default(&plan);
    plan.lambda = &lambda;
    plan.n_lambda = 1;
    plan.gap = gap;
    plan.steps = groups ? 60 : 20000; /* of very different sizes */
    plan.stall_eps = groups ? 1e-13 : 1e-15;
    plan.now = no_clock;
    assert_ok(&s->env,
              spred_options_default(&s->env, solver->options, options));
    assert_ok(&s->env, spred_host_run(&s->env, solver, options, &s->problem,
                                      &plan, 1, keep_best, best, &totals));
    free(options);
}

static inline struct recipe random_recipe(struct spred_rng *rng)
{
    static const struct spred_loss *const losses[] = {
        &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};
    struct recipe recipe = {.n = 6 + spred_rng_below(rng, 25),
                            .p = 1 + spred_rng_below(rng, 25),
                            .classes = 2 + spred_rng_below(rng, 3),
                            .loss = losses[spred_rng_below(rng, 3)],
                            .l1_ratio = spred_rng_below(rng, 2) ? 1 : 0.5,
                            .weights = (int)spred_rng_below(rng, 2),
                            .intercept = (int)spred_rng_below(rng, 2),
                            .storage =
                                (enum spred_storage)spred_rng_below(rng, 3),
                            .correlation = spred_rng_below(rng, 3) ? 0 : 2,
                            .offset = spred_rng_below(rng, 3) ? 0 : 50,
                            .degenerate = spred_rng_below(rng, 4) == 0,
                            .levels = spred_rng_below(rng, 4) == 0 ? 2 : 0};
    recipe.standardize = spred_rng_below(rng, 2) && recipe.intercept;
    return recipe;
}

#endif
