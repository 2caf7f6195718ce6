/* t-custom.c: losses and penalties by functions: the same numbers as the ones
 * that are built in, and honest certificates. */
#include "certify.h"
#include "custom.h"

/* The sample again, under a loss and a penalty of functions. */
static struct sample *again(const struct sample *s, struct sample *copy,
                            const struct made_loss *loss,
                            const struct made_penalty *penalty)
{
    *copy = *s;
    if (loss)
        copy->problem.loss = &loss->own.loss;
    if (penalty) {
        copy->problem.penalty.kind = SPRED_PENALTY_CUSTOM;
        copy->problem.penalty.form = &penalty->own.form;
        copy->problem.penalty.l1_ratio = 1;
    }
    copy->problem.x.matrix = &s->matrix;
    copy->status = spred_problem_init(&copy->env, &copy->problem);
    return copy;
}

static struct spred_host_totals run(struct sample *s, const char *name,
                                    double lambda, double gap,
                                    struct best *best)
{
    const struct spred_solver *solver = spred_solver_find(name);
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    void *options = calloc(1, solver->options_size + 1);
    best->size = s->problem.p * s->problem.outputs;
    best->outputs = s->problem.outputs;
    best->w = calloc(best->size, sizeof *best->w);
    best->primal = INFINITY;
    spred_host_plan_default(&plan);
    plan.lambda = &lambda;
    plan.n_lambda = 1;
    plan.gap = gap;
    plan.steps = 50000;
    plan.stall_eps = 1e-15;
    plan.now = no_clock;
    assert_ok(&s->env,
              spred_options_default(&s->env, solver->options, options));
    assert_ok(&s->env, spred_host_run(&s->env, solver, options, &s->problem,
                                      &plan, 1, keep_best, best, &totals));
    free(options);
    return totals;
}

static void same_as_built_in(void **state)
{
    (void)state;
    static const char *const methods[] = {"coordinate-descent",
                                          "proximal-gradient", "spred-newton",
                                          "spred-lbfgs", "owl-qn"};
    struct made_loss made[2];
    loss_make(&made[0], "square", &square_loss, 1, 0);
    loss_make(&made[1], "logit", &logit_loss, 0.25, 1);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct recipe recipe = {.n = 40,
                                .p = 15,
                                .loss = seed % 2 ? &spred_loss_logistic : NULL,
                                .intercept = seed % 4 < 2,
                                .l1_ratio = seed % 3 ? 1 : 0.5,
                                .weights = seed % 5 == 0,
                                .storage = (enum spred_storage)(seed % 3),
                                .noise = 1.5};
        struct sample s, t;
        sample_make(&s, &recipe, seed);
        assert_ok(&s.env, s.status);
        again(&s, &t, &made[seed % 2], NULL);
        assert_ok(&t.env, t.status);
        const struct spred_problem *a = &s.problem, *b = &t.problem;
        assert_near(b->lambda_max, a->lambda_max, 1e-12 * a->lambda_max);
        assert_near(b->null_objective, a->null_objective, 1e-13);
        assert_near(b->null_intercept[0], a->null_intercept[0], 1e-12);
        double m[40], r[2][40], h[2][40], at[2] = {0, 0};
        for (size_t i = 0; i < 40; i++)
            m[i] = cos((double)(i * seed));
        a->loss->residual(a, m, r[0]);
        b->loss->residual(b, m, r[1]);
        a->loss->curvature(a, m, h[0]);
        b->loss->curvature(b, m, h[1]);
        for (size_t i = 0; i < 40; i++) {
            assert_near(r[1][i], r[0][i], 1e-15);
            assert_near(h[1][i], h[0][i], 1e-15);
        }
        assert_near(b->loss->value(b, m), a->loss->value(a, m), 1e-14);
        a->loss->intercept(a, m, &at[0]);
        b->loss->intercept(b, m, &at[1]);
        assert_near(at[1], at[0], 1e-13);
        double lambda = 0.2 * a->lambda_max;
        struct best best[2];
        const char *method = methods[seed % 5];
        double gap = seed % 5 < 3 ? 1e-10 : 1e-7; /* theirs is limited */
        run(&s, method, lambda, gap, &best[0]);
        struct spred_host_totals totals =
            run(&t, method, lambda, gap, &best[1]);
        if (totals.stop != SPRED_STOP_TARGET)
            fail_msg("%s seed %d: %s, gap %g floor %g %s", method, (int)seed,
                     spred_stop_name(totals.stop), totals.worst_gap,
                     totals.worst_floor, t.env.error);
        assert_near(best[1].primal, best[0].primal,
                    2 * gap * a->null_objective);
        for (int k = 0; k < 2; k++) { /* certificates of the same points */
            best[0].w[seed % 15] += k * 0.1;
            struct spred_certificate c =
                certify(&s, lambda, best[0].w, best[0].b);
            struct spred_certificate d =
                certify(&t, lambda, best[0].w, best[0].b);
            assert_near(d.primal, c.primal, 1e-12);
            assert_near(d.kkt, c.kkt, 1e-9);
            /* the squared loss has its own best scaling, and centres */
            if (seed % 2)
                assert_near(d.gap, c.gap, 1e-10);
            else
                assert_true(d.gap + d.floor >= c.gap - c.floor);
            assert_true(d.floor < 1e-11);
            assert_true(d.gap >= -d.floor);
        }
        free(best[0].w);
        free(best[1].w);
        sample_free(&s);
    }
}

static void same_penalty(void **state)
{
    (void)state;
    struct made_penalty made[2];
    penalty_make(&made[0], "lasso", &lasso_penalty, 1, 1);
    penalty_make(&made[1], "net", &net_penalty, 0.5, 1);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct recipe recipe = {.n = 30,
                                .p = 20,
                                .classes = 3,
                                .loss = seed % 3 == 0 ? &spred_loss_logistic
                                        : seed % 3 == 1
                                            ? &spred_loss_multinomial
                                            : NULL,
                                .intercept = seed % 4 < 2,
                                .l1_ratio = seed % 2 ? 0.5 : 1,
                                .weights = seed % 5 == 0};
        struct sample s, t;
        sample_make(&s, &recipe, seed);
        assert_ok(&s.env, s.status);
        again(&s, &t, NULL, &made[seed % 2]);
        assert_ok(&t.env, t.status);
        assert_near(t.problem.lambda_max, s.problem.lambda_max, 1e-12);
        double lambda = 0.3 * s.problem.lambda_max;
        struct best best[2];
        run(&s, "proximal-gradient", lambda, 1e-9, &best[0]);
        struct spred_host_totals totals =
            run(&t, "proximal-gradient", lambda, 1e-9, &best[1]);
        if (totals.stop != SPRED_STOP_TARGET)
            fail_msg("seed %d: %s, gap %g floor %g %s", (int)seed,
                     spred_stop_name(totals.stop), totals.worst_gap,
                     totals.worst_floor, t.env.error);
        assert_near(best[1].primal, best[0].primal,
                    2e-9 * s.problem.null_objective);
        for (int k = 0; k < 2; k++) {
            best[0].w[seed % 15] += k * 0.1;
            struct spred_certificate c =
                certify(&s, lambda, best[0].w, best[0].b);
            struct spred_certificate d =
                certify(&t, lambda, best[0].w, best[0].b);
            assert_near(d.primal, c.primal, 1e-12);
            assert_near(d.gap, c.gap, 1e-11);
            assert_near(d.kkt, c.kkt, 1e-10);
            assert_true(d.gap >= -d.floor);
        }
        free(best[0].w);
        free(best[1].w);
        sample_free(&s);
    }
}

static void huber_is_certified(void **state)
{
    (void)state;
    static const char *const methods[] = {"coordinate-descent",
                                          "proximal-gradient", "spred-newton",
                                          "spred-lbfgs", "owl-qn"};
    struct made_loss huber;
    loss_make(&huber, "huber", &huber_loss, 1, 0);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct recipe recipe = {.n = 60,
                                .p = 30,
                                .intercept = seed % 4 < 2,
                                .l1_ratio = seed % 3 ? 1 : 0.5,
                                .noise = 2};
        struct sample s, t;
        sample_make(&s, &recipe, seed);
        s.y[3] += 50; /* what Huber is for */
        again(&s, &t, &huber, NULL);
        assert_ok(&t.env, t.status);
        struct best best;
        double lambda = 0.1 * t.problem.lambda_max;
        struct spred_host_totals totals = run(
            &t, methods[seed % 5], lambda, seed % 5 < 3 ? 1e-8 : 1e-6, &best);
        if (totals.stop != SPRED_STOP_TARGET)
            fail_msg("%s seed %d: %s, gap %g floor %g %s", methods[seed % 5],
                     (int)seed, spred_stop_name(totals.stop), totals.worst_gap,
                     totals.worst_floor, t.env.error);
        free(best.w);
        sample_free(&s);
    }
}

/* Momentum must never lead uphill where nothing is convex. */
static int never_uphill(void *cookie, const struct spred_host_point *point)
{
    double *last = cookie;
    if (point->certificate.primal > *last + 1e-13)
        fail_msg("step %ld: from %.17g up to %.17g", point->step, *last,
                 point->certificate.primal);
    *last = point->certificate.primal;
    return 0;
}

static void not_convex_only_falls(void **state)
{
    (void)state;
    struct made_penalty mcp;
    const struct spred_solver *solver = spred_solver_find("proximal-gradient");
    penalty_make(&mcp, "mcp", &mcp_penalty, 1, 0);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct recipe recipe = {.n = 30, .p = 60, .correlation = 1};
        struct sample s, t;
        sample_make(&s, &recipe, seed);
        again(&s, &t, NULL, &mcp);
        assert_ok(&t.env, t.status);
        double lambda = 0.05 * t.problem.lambda_max, last = INFINITY;
        struct spred_host_plan plan;
        struct spred_host_totals totals;
        void *options = calloc(1, solver->options_size);
        spred_host_plan_default(&plan);
        plan.lambda = &lambda;
        plan.n_lambda = 1;
        plan.growth = 1;
        plan.steps = 400;
        plan.now = no_clock;
        assert_ok(&s.env,
                  spred_options_default(&s.env, solver->options, options));
        assert_ok(&t.env,
                  spred_host_run(&t.env, solver, options, &t.problem, &plan, 1,
                                 never_uphill, &last, &totals));
        free(options);
        sample_free(&s);
    }
}

/* A large mean: the best intercept is rounded, R does not sum to zero. */
static void a_rounded_intercept_costs_little(void **state)
{
    (void)state;
    struct made_loss huber;
    struct recipe recipe = {.n = 60, .p = 10, .intercept = 1, .noise = 2};
    struct sample s, t;
    struct best best;
    loss_make(&huber, "huber", &huber_loss, 1, 0);
    sample_make(&s, &recipe, 4);
    for (size_t i = 0; i < 60; i++)
        s.y[i] += 1e7;
    again(&s, &t, &huber, NULL);
    assert_ok(&t.env, t.status);
    double lambda = 0.1 * t.problem.lambda_max;
    struct spred_host_totals totals =
        run(&t, "coordinate-descent", lambda, 1e-6, &best);
    if (totals.stop != SPRED_STOP_TARGET)
        fail_msg("%s: gap %g, floor %g", spred_stop_name(totals.stop),
                 totals.worst_gap, totals.worst_floor);
    assert_true(totals.worst_floor < 1e-6);
    free(best.w);
    sample_free(&s);
}

static void not_convex_is_stationary(void **state)
{
    (void)state;
    struct made_penalty made[2];
    struct made_loss huber;
    penalty_make(&made[0], "mcp", &mcp_penalty, 1, 0);
    penalty_make(&made[1], "scad", &scad_penalty, 1, 0);
    loss_make(&huber, "huber", &huber_loss, 1, 0);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct recipe recipe = {.n = 60,
                                .p = 30,
                                .intercept = seed % 4 < 2,
                                .correlation = seed % 3 ? 0 : 1};
        struct sample s, t;
        sample_make(&s, &recipe, seed);
        again(&s, &t, seed % 5 ? NULL : &huber, &made[seed % 2]);
        assert_ok(&t.env, t.status);
        struct best best;
        double lambda = 0.2 * t.problem.lambda_max;
        struct spred_host_totals totals =
            run(&t, "proximal-gradient", lambda, 1e-8, &best);
        if (totals.stop != SPRED_STOP_STATIONARY)
            fail_msg("seed %d: %s, kkt %g floor %g %s", (int)seed,
                     spred_stop_name(totals.stop), totals.worst_kkt,
                     totals.worst_floor, t.env.error);
        struct spred_certificate c = certify(&t, lambda, best.w, best.b);
        assert_false(c.convex);
        assert_false(spred_certified(&c, 1));
        assert_true(c.floor > 0 && c.floor < 1e-9);
        for (size_t j = 0; j < best.size; j++)
            if (fabs(best.w[j]) > 0) { /* 0 is no local minimum for it */
                best.w[j] = 0;
                break;
            }
        c = certify(&t, lambda, best.w, best.b);
        assert_true(c.kkt > 1e-3);
        free(best.w);
        sample_free(&s);
    }
}

/* A script that fails in the middle: its words are the reason. */
static void failures_survive(void **state)
{
    (void)state;
    for (size_t k = 0; spred_solvers[k]; k++)
        for (long after = 1; after < 60; after += 3) {
            struct recipe recipe = {.n = 30, .p = 20, .intercept = 1};
            struct made_loss huber;
            struct sample s, t;
            loss_make(&huber, "huber", &huber_loss, 1, 0);
            huber.scalar.fail_after = after;
            sample_make(&s, &recipe, 5);
            again(&s, &t, &huber, NULL);
            if (spred_solver_refuses(spred_solvers[k], &t.problem)) {
                sample_free(&s);
                continue;
            }
            if (t.status == SPRED_OK) {
                struct best best = {0};
                struct spred_host_totals totals =
                    run(&t, spred_solvers[k]->name, 0.1 * t.problem.lambda_max,
                        1e-14, &best);
                assert_int_equal(totals.stop, SPRED_STOP_FAILED);
                free(best.w);
            }
            if (!strstr(t.env.error, "model.lua:7"))
                fail_msg("%s: '%s'", spred_solvers[k]->name, t.env.error);
            sample_free(&s);
        }
}

/* Right wherever the declaration is checked, wrong at the data. */
static double tricky_dual(double theta, double y)
{
    return huber_dual(theta, y) + (y > 41 && y < 42 ? 0.01 : 0);
}

/* Half the residual, and a dual that agrees with it: above the true one. */
static double half_residual(double m, double y)
{
    return (y > 41 && y < 42 ? 0.5 : 1) * square_residual(m, y);
}
static double half_dual(double theta, double y)
{
    return y > 41 && y < 42 ? theta * y : square_dual(theta, y);
}

static void lies_at_the_data_are_found(void **state)
{
    (void)state;
    struct scalar_loss liars[] = {huber_loss, square_loss};
    liars[0].dual = tricky_dual;
    liars[1].dual = half_dual;
    liars[1].residual = half_residual;
    for (int k = 0; k < 2; k++) {
        struct made_loss made;
        struct recipe recipe = {.n = 30, .p = 5};
        struct sample s, t;
        loss_make(&made, "liar", &liars[k], 1, 0);
        sample_make(&s, &recipe, 5);
        assert_ok(&s.env, spred_custom_loss_check(&s.env, &made.own));
        s.y[7] = 41.5;
        again(&s, &t, &made, NULL);
        assert_ok(&t.env, t.status);
        struct spred_certifier *certifier =
            spred_certifier_new(&t.env, &t.problem);
        struct spred_certificate c;
        double w[5] = {0}, b = 0;
        assert_int_equal(spred_certify(certifier, w, &b, &c), SPRED_EINVAL);
        assert_non_null(strstr(t.env.error, "the loss 'liar': dual("));
        assert_false(spred_certified(&c, 1e9));
        spred_certifier_free(certifier);
        sample_free(&s);
    }
}

/* A penalty's conjugate that is too small between the checked slopes. */
static double dented_conjugate(double c)
{
    double over = fabs(c) > 1.3141 && fabs(c) < 1.3143 ? 0.5 : 0;
    return net_conjugate(c) - over;
}

static void a_bound_above_the_objective_is_found(void **state)
{
    (void)state;
    struct scalar_penalty liar = net_penalty;
    struct made_penalty made;
    struct recipe recipe = {.n = 30, .p = 1};
    struct sample s, t;
    liar.conjugate = dented_conjugate;
    penalty_make(&made, "liar", &liar, 0.5, 1);
    sample_make(&s, &recipe, 5);
    assert_ok(&s.env, spred_custom_penalty_check(&s.env, &made.own));
    for (size_t i = 0; i < 30; i++)
        s.y[i] *= 10;
    again(&s, &t, NULL, &made);
    assert_ok(&t.env, t.status);
    /* the weight whose slope is there: w of 2 * (1.3142 - 0.5) */
    double w = 2 * (1.3142 - 0.5), b = 0, c, r[30], m[30];
    spred_problem_predict(&t.problem, &w, &b, m);
    t.problem.loss->residual(&t.problem, m, r);
    spred_design_adjoint(&t.problem.x, r, &c);
    assert_true(c > 0);
    struct spred_certifier *certifier = spred_certifier_new(&t.env, &t.problem);
    struct spred_certificate out;
    spred_certifier_start(certifier, fabs(c) / 30 / 1.3142);
    assert_int_equal(spred_certify(certifier, &w, &b, &out), SPRED_EINVAL);
    assert_non_null(strstr(t.env.error, "the conjugate of 'liar' is wrong"));
    assert_false(spred_certified(&out, 1e9));
    spred_certifier_free(certifier);
    sample_free(&s);
}

static void refusals(void **state)
{
    (void)state;
    struct made_penalty mcp;
    struct made_loss logit;
    struct recipe recipe = {.n = 20, .p = 5};
    struct sample s, t;
    penalty_make(&mcp, "mcp", &mcp_penalty, 1, 0);
    loss_make(&logit, "logit", &logit_loss, 0.25, 1);
    sample_make(&s, &recipe, 1);
    again(&s, &t, NULL, &mcp);
    assert_ok(&t.env, t.status);
    for (size_t k = 0; spred_solvers[k]; k++)
        assert_int_equal(
            spred_solver_refuses(spred_solvers[k], &t.problem) == NULL,
            strcmp(spred_solvers[k]->name, "proximal-gradient") == 0);
    again(&s, &t, &logit, NULL);
    assert_int_equal(t.status, SPRED_EINVAL);
    assert_non_null(strstr(t.env.error, "the logit loss wants -1 or +1"));
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_built_in),
        cmocka_unit_test(same_penalty),
        cmocka_unit_test(huber_is_certified),
        cmocka_unit_test(not_convex_is_stationary),
        cmocka_unit_test(not_convex_only_falls),
        cmocka_unit_test(a_rounded_intercept_costs_little),
        cmocka_unit_test(failures_survive),
        cmocka_unit_test(lies_at_the_data_are_found),
        cmocka_unit_test(a_bound_above_the_objective_is_found),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
