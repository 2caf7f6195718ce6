/* t-penalty.c: groups and powers: the certificate's bounds and floors against
 * long double, proximal steps, lambda_max, partitions that are none. */
#include "certify.h"
#include "exact.h"

/* A recipe with groups: of features, of rows over the classes, or both. */
static struct recipe random_groups(struct spred_rng *rng)
{
    struct recipe recipe = random_recipe(rng);
    recipe.group = 1 + spred_rng_below(rng, 5);
    recipe.over = (int)spred_rng_below(rng, 2);
    recipe.n = 2 + spred_rng_below(rng, 30);
    recipe.p = 1 + spred_rng_below(rng, 30);
    recipe.n = recipe.n < recipe.classes ? recipe.classes : recipe.n;
    return recipe;
}

/* No bound above any primal value, no tight certificate of a point that is
 * known to be worse, no gap below minus its floor. */
static void group_bounds_hold(void **unused)
{
    (void)unused;
    struct spred_env env;
    char where[128];
    size_t solved = 0;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 4096);
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct recipe recipe = random_groups(rng);
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
        optimum(&s, lambda, 1e-10, &best);
        double *w = calloc(best.size, sizeof *w), b[SPRED_MAX_OUTPUTS];
        struct spred_certifier *certifier =
            spred_certifier_new(&s.env, &s.problem);
        spred_certifier_start(certifier, lambda);
        for (int trial = 0; trial < 8; trial++) {
            struct spred_certificate c;
            double size = pow(10, 1 - 1.5 * trial);
            for (size_t e = 0; e < best.size; e++)
                w[e] = best.w[e] + (spred_rng_below(rng, 2)
                                        ? size * spred_rng_normal(rng)
                                        : 0);
            for (size_t k = 0; k < s.problem.outputs; k++)
                b[k] = recipe.intercept
                           ? best.b[k] + size * spred_rng_normal(rng)
                           : 0;
            assert_ok(&s.env, spred_certify(certifier, w, b, &c));
            if (!(c.convex && c.gap >= -c.floor))
                fail_msg("%s: gap %g below floor %g", where, c.gap, c.floor);
            if (!(c.dual <= best.primal + unit * (c.floor + 1e-13)))
                fail_msg("%s: dual %.17g above a primal value %.17g", where,
                         c.dual, best.primal);
            double above = (c.primal - best.primal) / unit;
            if (above > 1e-12 && spred_certified(&c, 0.99 * above))
                fail_msg("%s: %g above the optimum, certified to %g", where,
                         above, c.gap + c.floor);
        }
        solved++;
        spred_certifier_free(certifier);
        free(w);
        free(best.w);
        sample_free(&s);
    }
    spred_rng_free(rng);
    assert_true(solved > 2500);
}

/* P and D again in long double: off by no more than the floor. */
static void group_floor_covers_rounding(void **unused)
{
    (void)unused;
    struct spred_env env;
    char where[128];
    double tightest = INFINITY, worst_gap = 0;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 8);
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct recipe recipe = random_groups(rng);
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
        optimum(&s, lambda, 1e-12, &best);
        struct spred_certificate c = certify(&s, lambda, best.w, best.b);
        double unit = s.problem.null_objective;
        long double exact = exact_primal(&s, lambda, best.w, best.b);
        double error = (double)fabsl(exact - c.primal) / unit;
        if (!(error <= c.floor))
            fail_msg("%s: primal is off by %g, floor %g", where, error,
                     c.floor);
        tightest = fmin(tightest, c.floor / fmax(error, 1e-18));
        if (recipe.offset < 1 && c.gap < 1e-11 && !(c.kkt < 1e-2))
            fail_msg("%s: kkt %g at a gap of %g", where, c.kkt, c.gap);
        assert_false(spred_stationary(&c, 1e300)); /* convex: never */
        if (!(c.floor < 1e-7))
            fail_msg("%s: floor %g", where, c.floor);
        if (recipe.l1_ratio > 0.9 && s.problem.outputs == 1) {
            long double dual = exact_dual(&s, lambda, best.w);
            if (recipe.offset < 1 &&
                !(fabsl(dual - c.dual) <= (c.floor + 1e-15) * unit))
                fail_msg("%s: dual %.17g, in long double %.17Lg", where, c.dual,
                         dual);
            worst_gap = fmax(worst_gap, c.gap - c.floor);
        }
        free(best.w);
        sample_free(&s);
    }
    spred_rng_free(rng);
    print_message("# floor / error >= %.1f, worst gap %.1e\n", tightest,
                  worst_gap);
}

/* At lambda_max zero is optimal, below it is not. */
static void lambda_max_is_sharp(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 12);
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct recipe recipe = random_groups(rng);
        struct sample s;
        recipe.offset = 0;
        sample_make(&s, &recipe, seed);
        if (s.status == SPRED_OK) {
            size_t size = s.problem.p * s.problem.outputs;
            double *w = calloc(size, sizeof *w), top = s.problem.lambda_max;
            const double *b = s.problem.null_intercept;
            struct spred_certificate c = certify(&s, top, w, b);
            assert_true(spred_certified(&c, 1e-12) && c.kkt < 1e-12);
            c = certify(&s, 0.9 * top, w, b);
            assert_true(c.kkt > 1e-3 && !spred_certified(&c, 1e-9));
            free(w);
        }
        sample_free(&s);
    }
    spred_rng_free(rng);
}

static long double moreau(const struct sample *s, double lambda, double step,
                          const double *z, const double *from, size_t size)
{
    long double total = exact_penalty(s, lambda, z);
    for (size_t e = 0; e < size; e++)
        total += ((long double)z[e] - from[e]) * ((long double)z[e] - from[e]) /
                 (2 * step);
    return total;
}

/* The proximal point of every kind is no worse than points around it, than 0
 * and than where it came from. */
static void prox_minimises(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 99);
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct recipe recipe = random_groups(rng);
        struct sample s;
        recipe.group = seed % 3 == 0 ? recipe.group : 0;
        recipe.factors = seed % 3 == 1 ? 3 + (int)spred_rng_below(rng, 3) : 0;
        recipe.l1_ratio = recipe.factors ? 1 : recipe.l1_ratio;
        recipe.offset = 0;
        sample_make(&s, &recipe, seed);
        size_t size = s.problem.p * s.problem.outputs;
        double *z = calloc(3 * size, sizeof *z), *from = z + size;
        double *near = from + size, step = 0.1 + spred_rng_uniform(rng);
        for (size_t e = 0; e < size; e++)
            z[e] = from[e] = spred_rng_normal(rng);
        spred_penalty_prox(&s.problem, 0.7, step, z);
        long double best = moreau(&s, 0.7, step, z, from, size);
        assert_true(best <= moreau(&s, 0.7, step, from, from, size) + 1e-12L);
        assert_true(best <= moreau(&s, 0.7, step, near, from, size) + 1e-12L);
        for (int probe = 0; probe < 60; probe++) {
            double scale = pow(10, -(probe % 6));
            for (size_t e = 0; e < size; e++)
                near[e] = z[e] + (spred_rng_below(rng, 3)
                                      ? 0
                                      : scale * spred_rng_normal(rng));
            long double other = moreau(&s, 0.7, step, near, from, size);
            if (!(best <= other + 1e-13L * size))
                fail_msg("seed %d: %.17Lg above %.17Lg", (int)seed, best,
                         other);
        }
        free(z);
        sample_free(&s);
    }
    spred_rng_free(rng);
}

/* Stationarity in long double, for logistic and squared loss at given w. */
static long double exact_stationarity(const struct sample *s, double lambda,
                                      const double *w)
{
    const struct spred_problem *problem = &s->problem;
    size_t n = problem->n;
    long double *m = calloc(2 * n, sizeof *m), *r = m + n, worst = 0;
    long double low = -1e4L, high = 1e4L, q = 2.0L / problem->penalty.factors;
    exact_predictor(s, w, NULL, m);
    for (int k = 0; k < 200; k++) {
        long double b = problem->intercept ? (low + high) / 2 : 0, sum = 0;
        for (size_t i = 0; i < n; i++) {
            long double y = problem->y[i], at = m[i] + b;
            r[i] = problem->loss == &spred_loss_squared
                       ? y - at
                       : y / (1 + expl(y * at));
            sum += r[i];
        }
        *(sum > 0 ? &low : &high) = b;
    }
    for (size_t j = 0; j < problem->p; j++) {
        long double dot = 0, a = fabsl((long double)w[j]);
        long double weight =
            problem->penalty.weights ? problem->penalty.weights[j] : 1;
        for (size_t i = 0; a > 0 && i < n; i++)
            dot += element(s, i, j) * r[i];
        long double slope = a > 0 ? lambda * weight * q * powl(a, q - 1) : 0;
        if (a > 0)
            worst = fmaxl(worst, fabsl(dot / n - (w[j] > 0 ? slope : -slope)));
    }
    free(m);
    return worst / lambda;
}

/* The stationarity of a power penalty is right to within its floor, and there
 * is never a gap. */
static void power_is_stationary(void **unused)
{
    (void)unused;
    struct spred_env env;
    char where[128];
    double tightest = INFINITY;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 5);
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct recipe recipe = random_recipe(rng);
        struct sample s;
        recipe.l1_ratio = 1;
        recipe.factors = 3 + (int)spred_rng_below(rng, 3);
        recipe.offset = seed % 4 ? 0 : recipe.offset;
        if (recipe.loss == &spred_loss_multinomial)
            recipe.loss = &spred_loss_logistic;
        sample_make(&s, &recipe, seed);
        recipe_text(&recipe, seed, where, sizeof where);
        double *w = calloc(s.problem.p, sizeof *w), b = 0;
        if (s.status == SPRED_OK) {
            double lambda =
                s.problem.lambda_max * pow(10, -2 * spred_rng_uniform(rng));
            for (size_t j = 0; j < s.problem.p; j++)
                w[j] = spred_rng_below(rng, 2)
                           ? pow(10, -(int)spred_rng_below(rng, 5)) *
                                 spred_rng_normal(rng)
                           : 0;
            struct spred_certificate c = certify(&s, lambda, w, &b);
            double off = (double)exact_stationarity(&s, lambda, w);
            double error = fabs(off - c.kkt);
            if (!(error <= c.floor))
                fail_msg("%s: stationarity %g is off by %g, floor %g", where,
                         c.kkt, error, c.floor);
            tightest = fmin(tightest, c.floor / fmax(error, 1e-18));
            assert_true(!c.convex && isinf(c.gap) && isinf(c.dual));
            assert_false(spred_certified(&c, 1e300));
            assert_true(spred_stationary(&c, off * 1.01 + 2 * c.floor));
            assert_false(spred_stationary(&c, off * 0.99 - c.floor));
            double exact = (double)exact_primal(&s, lambda, w, &b);
            assert_near(c.primal, exact, 1e-11 * (1 + fabs(exact)));
        }
        free(w);
        sample_free(&s);
    }
    spred_rng_free(rng);
    print_message("# floor / error >= %.1f\n", tightest);
}

/* Penalties that are none are named. */
static void refused_penalties(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = 10, .p = 4, .group = 2};
    struct sample s;
    sample_make(&s, &recipe, 1);
    struct spred_problem *p = &s.problem;
    size_t first[] = {0, 2, 4}, empty[] = {0, 0, 4}, shorter[] = {0, 2, 3};
    size_t member[] = {3, 1, 0, 2}, twice[] = {3, 1, 1, 2},
           far[] = {0, 1, 2, 4};
    struct spred_groups good = {2, first, member};
    const struct spred_groups bad[] = {{2, empty, member}, {2, shorter, member},
                                       {2, first, twice},  {2, first, far},
                                       {0, first, member}, {5, first, member}};
    p->penalty.groups = &good;
    assert_ok(&s.env, spred_problem_init(&s.env, p));
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        p->penalty.groups = &bad[k];
        assert_int_equal(spred_problem_init(&s.env, p), SPRED_EINVAL);
        assert_non_null(strstr(s.env.error, "group"));
    }
    p->penalty = (struct spred_penalty){
        .l1_ratio = 1, .kind = SPRED_PENALTY_POWER, .factors = 2};
    assert_int_equal(spred_problem_init(&s.env, p), SPRED_EINVAL);
    p->penalty.factors = 3;
    assert_ok(&s.env, spred_problem_init(&s.env, p));
    p->penalty.l1_ratio = 0.5;
    assert_int_equal(spred_problem_init(&s.env, p), SPRED_EINVAL);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_bounds_hold),
        cmocka_unit_test(group_floor_covers_rounding),
        cmocka_unit_test(lambda_max_is_sharp),
        cmocka_unit_test(prox_minimises),
        cmocka_unit_test(power_is_stationary),
        cmocka_unit_test(refused_penalties)};
    return cmocka_run_group_tests_name("penalty", tests, NULL, NULL);
}
