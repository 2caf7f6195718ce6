/* t-certificate.c: bounds that hold, floors that cover rounding, and the cases
 * in which certificates of other harnesses were wrong. */
#include "certify.h"
#include "exact.h"

/* HARNESS.md b.11: the uncentred dual point read 82.875 where the optimum is
 * 0.1875. */
static void intercept_counter_example(void **unused)
{
    (void)unused;
    double x[] = {1, -1}, y[] = {10, 11}, w = 0, b = 0;
    struct sample s;
    memset(&s, 0, sizeof s);
    spred_env_init(&s.env);
    s.matrix = (struct spred_matrix){
        .storage = SPRED_F64, .rows = 2, .cols = 1, .f64 = x};
    s.problem = (struct spred_problem){.x = {.matrix = &s.matrix},
                                       .n = 2,
                                       .p = 1,
                                       .outputs = 1,
                                       .loss = &spred_loss_squared,
                                       .y = y,
                                       .penalty = {.l1_ratio = 1},
                                       .intercept = 1};
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    assert_near(s.problem.lambda_max, 0.5, 1e-15);
    /* mean scale: the sums of HARNESS.md halved twice: lambda/n */
    struct spred_certificate c = certify(&s, 0.25, &w, &b);
    assert_near(c.primal, 221.0 / 4, 1e-12);
    assert_near(c.dual, 0.1875 / 2, 1e-12);
    assert_near(c.gap, (221.0 / 4 - 0.1875 / 2) / 0.125, 1e-9);
    assert_true(c.gap > 400);
    w = -0.25; /* soft(-.5, .25) with b = mean y: the optimum */
    b = 10.5;
    c = certify(&s, 0.25, &w, &b);
    assert_near(c.primal, 0.1875 / 2, 1e-15);
    assert_true(spred_certified(&c, 1e-13));
    assert_near(c.kkt, 0, 1e-13);
    w = 0;
    c = certify(&s, 0.5, &w, &b);
    assert_true(spred_certified(&c, 1e-13));
}

/* No bound above any primal value, whatever the point; the gap is never below
 * minus its floor; a worse point is never certified tightly. */
static void bounds_hold(void **unused)
{
    (void)unused;
    struct spred_env env;
    char where[128];
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 2024);
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct recipe recipe = random_recipe(rng);
        struct sample s;
        struct best best;
        sample_make(&s, &recipe, seed);
        recipe_text(&recipe, seed, where, sizeof where);
        if (s.status != SPRED_OK) {
            sample_free(&s);
            continue;
        }
        double lambda =
            s.problem.lambda_max * pow(10, -3 * spred_rng_uniform(rng));
        double unit = s.problem.null_objective;
        optimum(&s, lambda, 1e-9, &best);
        double *w = calloc(best.size, sizeof *w), b[SPRED_MAX_OUTPUTS];
        struct spred_certifier *certifier =
            spred_certifier_new(&s.env, &s.problem);
        spred_certifier_start(certifier, lambda);
        for (int trial = 0; trial < 12; trial++) {
            struct spred_certificate c;
            double size = pow(10, 1 - trial);
            for (size_t e = 0; e < best.size; e++)
                w[e] = best.w[e] + (spred_rng_below(rng, 2)
                                        ? size * spred_rng_normal(rng)
                                        : 0);
            for (size_t k = 0; k < s.problem.outputs; k++)
                b[k] = recipe.intercept
                           ? best.b[k] + size * spred_rng_normal(rng)
                           : 0;
            assert_ok(&s.env, spred_certify(certifier, w, b, &c));
            if (!(c.gap >= -c.floor))
                fail_msg("%s: gap %g below floor %g", where, c.gap, c.floor);
            if (!(c.dual <= best.primal + unit * c.floor + 1e-13 * unit))
                fail_msg("%s: dual %.17g above a primal value %.17g", where,
                         c.dual, best.primal);
            double above = (c.primal - best.primal) / unit;
            if (above > 1e-12 && spred_certified(&c, 0.99 * above))
                fail_msg("%s: %g above the optimum, certified to %g", where,
                         above, c.gap + c.floor);
        }
        spred_certifier_free(certifier);
        free(w);
        free(best.w);
        sample_free(&s);
    }
    spred_rng_free(rng);
}

/* Near the optimum the gap closes, and P - D computed again in long double
 * (with the certificate's own dual as the bound) is inside the floor. */
static void floor_covers_rounding(void **unused)
{
    (void)unused;
    struct spred_env env;
    char where[128];
    double tightest = INFINITY;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 7);
    for (uint64_t seed = 0; seed < 150; seed++) {
        struct recipe recipe = random_recipe(rng);
        struct sample s;
        struct best best;
        recipe.offset *= seed % 2 ? 1000 : 1;
        sample_make(&s, &recipe, seed);
        recipe_text(&recipe, seed, where, sizeof where);
        if (s.status != SPRED_OK) {
            sample_free(&s);
            continue;
        }
        double lambda =
            s.problem.lambda_max * pow(10, -2 * spred_rng_uniform(rng));
        optimum(&s, lambda, 1e-13, &best);
        struct spred_certificate c = certify(&s, lambda, best.w, best.b);
        long double exact = exact_primal(&s, lambda, best.w, best.b);
        double unit = s.problem.null_objective;
        double error = (double)fabsl(exact - c.primal) / unit;
        if (!(error <= c.floor))
            fail_msg("%s: primal is off by %g, floor %g", where, error,
                     c.floor);
        tightest = fmin(tightest, c.floor / fmax(error, 1e-18));
        if (!(c.floor < 1e-7))
            fail_msg("%s: floor %g", where, c.floor);
        free(best.w);
        sample_free(&s);
    }
    spred_rng_free(rng);
    print_message("# floor / error >= %.1f\n", tightest);
}

/* Closed form: X'X = n I, w = soft(X'y/n, lambda). */
static void orthogonal(void **unused)
{
    (void)unused;
    double x[] = {1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1};
    double y[] = {9, 1, 2, -4}, z[] = {2, 3.5, 3, 0.5}, w[4], b = 0;
    struct sample s;
    memset(&s, 0, sizeof s);
    spred_env_init(&s.env);
    s.matrix = (struct spred_matrix){
        .storage = SPRED_F64, .rows = 4, .cols = 4, .f64 = x};
    s.problem = (struct spred_problem){.x = {.matrix = &s.matrix},
                                       .n = 4,
                                       .p = 4,
                                       .outputs = 1,
                                       .loss = &spred_loss_squared,
                                       .y = y,
                                       .penalty = {.l1_ratio = 1}};
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    for (double lambda = 3; lambda > 1e-9; lambda /= 7) {
        double l1 = 0, fit = 0;
        for (size_t j = 0; j < 4; j++) {
            w[j] = spred_prox(z[j], 1, lambda, 0);
            fit += (z[j] - w[j]) * (z[j] - w[j]) / 2;
            l1 += w[j];
        }
        struct spred_certificate c = certify(&s, lambda, w, &b);
        assert_near(c.primal, fit + lambda * l1, 1e-14);
        if (!(fabs(c.gap) <= c.floor + 1e-15 &&
              c.floor < 1e-14)) /* w is rounded */
            fail_msg("lambda %g: gap %g, floor %g", lambda, c.gap, c.floor);
        assert_true(spred_certified(&c, 1e-14));
        w[1] += 1e-4; /* perturbed: P rises by 5e-9, which must be seen */
        c = certify(&s, lambda, w, &b);
        assert_true(c.gap * s.problem.null_objective >= 4.9e-9);
        assert_near(c.kkt, 1e-4 / lambda, 1e-8 / lambda);
        assert_false(spred_certified(&c, 1e-10));
    }
}

/* The dual value is that of a feasible point: the same as found here. */
static void dual_recomputed(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 77);
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct recipe recipe = random_recipe(rng);
        struct sample s;
        char where[128];
        recipe.l1_ratio = 1;
        recipe.offset = 0;
        if (recipe.loss == &spred_loss_multinomial)
            recipe.loss = &spred_loss_logistic;
        sample_make(&s, &recipe, seed);
        recipe_text(&recipe, seed, where, sizeof where);
        double *w = calloc(s.problem.p, sizeof *w), b = 0;
        for (int trial = 0; trial < 4 && s.status == SPRED_OK; trial++) {
            double lambda = s.problem.lambda_max * pow(10, -trial);
            for (size_t j = 0; j < s.problem.p; j++)
                w[j] = trial % 2 ? 0.1 * spred_rng_normal(rng) : w[j] / 2;
            struct spred_certificate c = certify(&s, lambda, w, &b);
            long double dual = exact_dual(&s, lambda, w);
            double unit = s.problem.null_objective;
            if (!(fabsl(dual - c.dual) <= (c.floor + 1e-15) * unit))
                fail_msg("%s: dual %.17g, in long double %.17Lg", where, c.dual,
                         dual);
        }
        free(w);
        sample_free(&s);
    }
    spred_rng_free(rng);
}

/* No point found by moving one coordinate or intercept is below the bound. */
static void probe_by_line_search(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 31);
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct recipe recipe = random_recipe(rng);
        struct sample s;
        struct best best;
        char where[128];
        recipe.offset = 0;
        sample_make(&s, &recipe, seed);
        recipe_text(&recipe, seed, where, sizeof where);
        if (s.status != SPRED_OK) {
            sample_free(&s);
            continue;
        }
        double lambda = 0.2 * s.problem.lambda_max;
        optimum(&s, lambda, 1e-12, &best);
        struct spred_certificate c = certify(&s, lambda, best.w, best.b);
        for (int probe = 0; probe < 40; probe++) {
            size_t e = spred_rng_below(rng, best.size + s.problem.outputs);
            double *at = e < best.size ? best.w + e : best.b + (e - best.size);
            double kept = *at;
            if (e >= best.size && !recipe.intercept)
                continue;
            *at += pow(10, -1 - (int)(probe % 8)) * (probe % 2 ? 1 : -1);
            long double primal = exact_primal(&s, lambda, best.w, best.b);
            if (!(primal >= c.dual - c.floor * s.problem.null_objective))
                fail_msg("%s: %.17Lg is below the bound %.17g", where, primal,
                         c.dual);
            *at = kept;
        }
        free(best.w);
        sample_free(&s);
    }
    spred_rng_free(rng);
}

/* Margins that overflow exp, separable classes, tiny lambda: finite bounds. */
static void extreme_margins(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 4; kind++) {
        struct recipe recipe = {.n = 12,
                                .p = 3,
                                .classes = 3,
                                .loss = kind < 2 ? &spred_loss_logistic
                                                 : &spred_loss_multinomial,
                                .intercept = kind % 2};
        struct sample s;
        sample_make(&s, &recipe, 4);
        for (size_t i = 0; i < 12; i++) /* column 0 separates */
            s.matrix.f64[i] = kind < 2 ? s.y[i] : s.codes[i];
        assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
        size_t size = 3 * s.problem.outputs;
        for (double scale = 1; scale < 1e200; scale *= 1e3) {
            double w[9] = {0}, b[3] = {0};
            for (size_t e = 0; e < size; e++)
                w[e] = (e % 3 ? -1 : 1) * scale;
            for (double lambda = 1e-12; lambda < 1; lambda *= 1e4) {
                struct spred_certificate c = certify(&s, lambda, w, b);
                assert_true(isfinite(c.primal) && isfinite(c.gap));
                assert_true(c.dual >= 0 || kind > 1 || c.dual > -1e-9);
                assert_true(c.dual <=
                            s.problem.null_objective * (1 + 1e-12 + c.floor));
                assert_true(c.gap >= -c.floor);
                assert_true(c.floor < 1e-12 * (1 + scale + c.gap));
                if (lambda * scale > 10)
                    assert_false(spred_certified(&c, 1));
            }
        }
        sample_free(&s);
    }
}

/* Separated classes: a loss far below the rounding of the margins is still
 * right to within the floor, not 0. */
static void separated_classes(void **unused)
{
    (void)unused;
    struct recipe recipe = {
        .n = 8, .p = 1, .classes = 2, .loss = &spred_loss_multinomial};
    struct sample s;
    sample_make(&s, &recipe, 4);
    for (size_t i = 0; i < 8; i++)
        s.matrix.f64[i] = s.codes[i] ? 1 : -1;
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    for (double margin = 30; margin < 80; margin += 10) {
        double w[2] = {-margin / 2, margin / 2}, b[2] = {0, 0};
        struct spred_certificate c = certify(&s, 1e-60, w, b);
        double error = fabs(c.primal - log1p(exp(-margin)));
        if (!(error <= c.floor * s.problem.null_objective))
            fail_msg("margin %g: primal is off by %g, floor %g", margin, error,
                     c.floor);
    }
    sample_free(&s);
}

/* The bound must hold too when one class's residuals underflow to nothing. */
static void one_class_underflows(void **unused)
{
    (void)unused;
    double x[] = {1, 1, -800}, y[] = {1, 1, -1}, w = 1, b = -1;
    struct sample s;
    memset(&s, 0, sizeof s);
    spred_env_init(&s.env);
    s.matrix = (struct spred_matrix){
        .storage = SPRED_F64, .rows = 3, .cols = 1, .f64 = x};
    s.problem = (struct spred_problem){.x = {.matrix = &s.matrix},
                                       .n = 3,
                                       .p = 1,
                                       .outputs = 1,
                                       .loss = &spred_loss_logistic,
                                       .y = y,
                                       .penalty = {.l1_ratio = 1},
                                       .intercept = 1};
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    struct spred_certificate c = certify(&s, 1e-6, &w, &b);
    double b_far = 30;
    double w_far = 0.1;
    struct spred_certificate far = certify(&s, 1e-6, &w_far, &b_far);
    assert_true(far.primal < 1e-6);
    assert_true(c.dual <= far.primal);
    assert_true(c.floor < 1e-12);
}

/* NaN hides from w != 0 loops; it must not pass as zero. */
static void not_finite(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = 10, .p = 3, .intercept = 1};
    struct sample s;
    struct spred_certificate c;
    sample_make(&s, &recipe, 1);
    struct spred_certifier *certifier = spred_certifier_new(&s.env, &s.problem);
    spred_certifier_start(certifier, s.problem.lambda_max);
    double values[] = {NAN, INFINITY, -INFINITY, 1e308};
    for (size_t v = 0; v < 4; v++) {
        double w[] = {0, values[v], 0}, b = 0, zero[3] = {0};
        assert_int_equal(spred_certify(certifier, w, &b, &c), SPRED_ENUMERIC);
        assert_true(isinf(c.gap) && !spred_certified(&c, 1e300));
        if (v < 3)
            assert_int_equal(spred_certify(certifier, zero, values + v, &c),
                             SPRED_ENUMERIC);
    }
    spred_certifier_free(certifier);
    sample_free(&s);
}

/* Without an intercept no b but 0 is a point of the problem: any other may lie
 * below its optimum. */
static void no_intercept_no_b(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = 10, .p = 3};
    struct sample s;
    struct spred_certificate c;
    double zero[3] = {0}, b = 0.1, none = 0;
    sample_make(&s, &recipe, 1);
    struct spred_certifier *certifier = spred_certifier_new(&s.env, &s.problem);
    spred_certifier_start(certifier, s.problem.lambda_max);
    assert_int_equal(spred_certify(certifier, zero, &b, &c), SPRED_EINVAL);
    assert_true(isinf(c.gap) && !spred_certified(&c, 1e300));
    assert_ok(&s.env, spred_certify(certifier, zero, &none, &c));
    assert_true(spred_certified(&c, 1e-6));
    spred_certifier_free(certifier);
    sample_free(&s);
}

/* The last residual bounds the next lambda too, before anything is computed. */
static void dual_point_is_kept(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = 30, .p = 8, .intercept = 1};
    struct sample s;
    struct best best;
    struct spred_certificate kept, cold;
    double zero[8] = {0};
    sample_make(&s, &recipe, 2);
    double lambda = 0.1 * s.problem.lambda_max;
    optimum(&s, lambda, 1e-12, &best);
    struct spred_certifier *certifier = spred_certifier_new(&s.env, &s.problem);
    spred_certifier_start(certifier, lambda);
    assert_ok(&s.env, spred_certify(certifier, best.w, best.b, &kept));
    spred_certifier_start(certifier, 0.9 * lambda);
    assert_ok(&s.env, spred_certify(certifier, zero, best.b, &kept));
    cold = certify(&s, 0.9 * lambda, zero, best.b);
    assert_true(kept.dual > cold.dual);
    assert_true(kept.dual < best.primal);
    spred_certifier_free(certifier);
    free(best.w);
    sample_free(&s);
}

/* Parts that do not make a problem are named. */
static void refused_problems(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = 10, .p = 3, .intercept = 1};
    struct sample s;
    sample_make(&s, &recipe, 1);
    struct spred_problem *p = &s.problem;
    for (size_t i = 0; i < 10; i++) /* NaN in the first of three columns */
        s.matrix.f64[i] = i == 4 ? NAN : s.matrix.f64[i];
    assert_int_equal(spred_problem_init(&s.env, p), SPRED_EINVAL);
    assert_non_null(strstr(s.env.error, "finite"));
    s.matrix.f64[4] = 0;
    assert_ok(&s.env, spred_problem_init(&s.env, p));
    p->y = NULL;
    assert_int_equal(spred_problem_init(&s.env, p), SPRED_EINVAL);
    p->y = s.y;
    for (size_t i = 0; i < 10; i++)
        s.y[i] = 0.1;
    assert_int_equal(spred_problem_init(&s.env, p), SPRED_EINVAL);
    p->penalty.l1_ratio = 0;
    assert_int_equal(spred_problem_init(&s.env, p), SPRED_EINVAL);
    sample_free(&s);
}

/* One certifier for point after point (also for the same weights with another
 * intercept, and for the same point at another lambda), and points certified
 * together, say what a fresh certifier says. */
static void one_by_one_and_together(void **unused)
{
    (void)unused;
    enum { POINTS = 7 };
    for (uint64_t seed = 0; seed < 60; seed++) {
        static const struct spred_loss *const losses[] = {
            &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};
        struct recipe recipe = {.n = 20,
                                .p = 12,
                                .classes = 3,
                                .loss = losses[seed % 3],
                                .intercept = seed % 4 > 0,
                                .l1_ratio = seed % 5 ? 1 : 0.5,
                                .standardize = seed % 2};
        struct sample s;
        sample_make(&s, &recipe, 900 + seed);
        assert_ok(&s.env, s.status);
        size_t weights = s.problem.p * s.problem.outputs;
        double w[POINTS][36], b[POINTS][SPRED_MAX_OUTPUTS] = {{0}};
        struct spred_certify_point points[POINTS];
        struct spred_rng *rng = spred_rng_new(&s.env, seed);
        for (size_t i = 0; i < POINTS; i++) {
            for (size_t e = 0; e < weights; e++)
                w[i][e] = i > 0 && i < 4 ? w[0][e]
                          : spred_rng_uniform(rng) < 0.5
                              ? 0.1 * spred_rng_normal(rng)
                              : 0;
            for (size_t k = 0; recipe.intercept && k < s.problem.outputs; k++)
                b[i][k] = i == 2 ? b[1][k] : 0.3 * spred_rng_normal(rng);
            points[i] = (struct spred_certify_point){
                .lambda = s.problem.lambda_max * pow(0.8, (double)(i + 1)),
                .w = w[i],
                .b = b[i]};
        }
        struct spred_certifier *certifier =
            spred_certifier_new(&s.env, &s.problem);
        struct spred_certifier *many = spred_certifier_new(&s.env, &s.problem);
        spred_certify_many(many, POINTS, points);
        for (size_t i = 0; i < POINTS; i++) {
            struct spred_certificate c,
                fresh = certify(&s, points[i].lambda, w[i], b[i]);
            spred_certifier_start(certifier, points[i].lambda);
            assert_ok(&s.env, spred_certify(certifier, w[i], b[i], &c));
            assert_int_equal(points[i].status, SPRED_OK);
            const struct spred_certificate *t = &points[i].certificate;
            assert_true(c.primal == fresh.primal && t->primal == c.primal);
            assert_true(c.support == fresh.support && t->support == c.support);
            assert_near(c.kkt, fresh.kkt, 1e-12);
            assert_near(t->kkt, fresh.kkt, 1e-12);
            /* The point before may have given a better bound. */
            assert_true(c.dual >= fresh.dual - 1e-12);
            assert_near(t->dual, c.dual, 1e-12);
            /* Which of two equal bounds is kept may differ by a bit. */
            assert_true(t->floor <= 3 * c.floor && c.floor <= 3 * t->floor);
        }
        w[3][0] = NAN; /* one bad point spoils no other */
        spred_certify_many(many, POINTS, points);
        for (size_t i = 0; i < POINTS; i++)
            assert_int_equal(points[i].status,
                             i == 3 ? SPRED_ENUMERIC : SPRED_OK);
        spred_certifier_free(many);
        spred_certifier_free(certifier);
        spred_rng_free(rng);
        sample_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_by_one_and_together),
        cmocka_unit_test(intercept_counter_example),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(floor_covers_rounding),
        cmocka_unit_test(orthogonal),
        cmocka_unit_test(dual_recomputed),
        cmocka_unit_test(probe_by_line_search),
        cmocka_unit_test(extreme_margins),
        cmocka_unit_test(separated_classes),
        cmocka_unit_test(one_class_underflows),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(no_intercept_no_b),
        cmocka_unit_test(dual_point_is_kept),
        cmocka_unit_test(refused_problems)};
    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
