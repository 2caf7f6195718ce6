/* t-lars.c: knots by hand, optimality at every knot, drops, degenerate data. */
#include "problems.h"

#include "spred/solver.h"

/* Own optimality measure: max_j dist(x_j'r/n / weight_j, lambda d|w_j|) with
 * lambda = max_j |x_j'r/n| / weight_j, over lambda. *lambda gets that value. */
static double knot_violation(const struct sample *s, const double *w, double b,
                             double *lambda)
{
    const struct spred_problem *problem = &s->problem;
    size_t n = problem->n, p = problem->p;
    double *r = calloc(n + p, sizeof *r), *c = r + n, worst = 0;
    spred_problem_predict(problem, w, &b, r);
    for (size_t i = 0; i < n; i++)
        r[i] = problem->y[i] - r[i];
    spred_design_adjoint(&problem->x, r, c);
    *lambda = 0;
    for (size_t j = 0; j < p; j++) {
        c[j] /= (double)n;
        c[j] /= problem->penalty.weights ? problem->penalty.weights[j] : 1;
        *lambda = fmax(*lambda, fabs(c[j]));
    }
    for (size_t j = 0; j < p; j++)
        if (w[j] < 0 || w[j] > 0)
            worst = fmax(worst, fabs(c[j] - copysign(*lambda, w[j])));
    double total = 0;
    for (size_t i = 0; i < n && problem->intercept; i++)
        total += r[i];
    free(r);
    return (worst + fabs(total) / (double)n) / *lambda;
}

struct walk {
    size_t knots, drops, largest_support;
    double worst;
};

/* Steps down to ratio * lambda_max and checks every knot. */
static struct walk walk_path(struct sample *s, double ratio)
{
    const struct spred_solver *lars = spred_solver_find("lars");
    const struct spred_problem *problem = &s->problem;
    size_t p = problem->p;
    struct walk walk = {0, 0, 0, 0};
    struct spred_work work = {0};
    void *state = calloc(1, lars->state_size);
    double *w = calloc(2 * p, sizeof *w), *before = w + p, b, lambda;
    double last = INFINITY;
    assert_ok(&s->env, lars->init(&s->env, state, NULL, problem, 1, &work));
    assert_ok(&s->env, lars->start(state, ratio * problem->lambda_max, 1e-8));
    int finished = 0;
    for (; !finished && walk.knots < 50 * (problem->n + p); walk.knots++) {
        assert_ok(&s->env, lars->step(state, &work, &finished));
        lars->get(state, w, &b);
        walk.worst = fmax(walk.worst, knot_violation(s, w, b, &lambda));
        if (!(lambda <= last * (1 + 1e-10)))
            fail_msg("lambda rose from %g to %g", last, lambda);
        last = lambda;
        for (size_t j = 0; j < p; j++)
            walk.drops += fabs(before[j]) > 0 && !(fabs(w[j]) > 0);
        size_t support = spred_support(problem, w);
        if (support > walk.largest_support)
            walk.largest_support = support;
        memcpy(before, w, p * sizeof *w);
    }
    if (!finished)
        fail_msg("no claim after %zu knots", walk.knots);
    assert_near(last, ratio * problem->lambda_max,
                (1e-10 * ratio + 1e-14) * problem->lambda_max);
    lars->free(&s->env, state);
    free(w);
    free(state);
    return walk;
}

/* X'X = n I (a Hadamard matrix): w = soft(X'y/n, lambda), the knots are the
 * sorted |x_j'y|/n. */
static void orthogonal(void **unused)
{
    (void)unused;
    static const double x[] = {1, 1, 1,  1,  1, -1, 1,  -1,
                               1, 1, -1, -1, 1, -1, -1, 1};
    static const double y[] = {9, 1, 2, -4}; /* X'y/4 = 2, 3.5, 3, .5 */
    static const double z[] = {2, 3.5, 3, 0.5};
    static const double knots[] = {3.5, 3, 2, 0.5};
    static const size_t order[] = {1, 2, 0, 3};
    struct spred_env env;
    struct spred_matrix matrix = {.storage = SPRED_F64, .rows = 4, .cols = 4};
    double copy[16], w[4], b;
    memcpy(copy, x, sizeof copy);
    matrix.f64 = copy;
    spred_env_init(&env);
    struct spred_problem problem = {.x = {&matrix, NULL, NULL},
                                    .n = 4,
                                    .p = 4,
                                    .outputs = 1,
                                    .loss = &spred_loss_squared,
                                    .y = y,
                                    .penalty = {.l1_ratio = 1}};
    assert_ok(&env, spred_problem_init(&env, &problem));
    assert_near(problem.lambda_max, 3.5, 1e-15);
    const struct spred_solver *lars = spred_solver_find("lasso-lars");
    struct spred_work work = {0};
    void *state = calloc(1, lars->state_size);
    assert_ok(&env, lars->init(&env, state, NULL, &problem, 1, &work));
    assert_ok(&env, lars->start(state, 1e-3, 1e-8));
    int finished = 0;
    for (int k = 1; k <= 4; k++) { /* step k ends at the next knot */
        double at = k < 4 ? knots[k] : 1e-3;
        assert_false(finished);
        assert_ok(&env, lars->step(state, &work, &finished));
        lars->get(state, w, &b);
        for (int i = 0; i < 4; i++) {
            size_t j = order[i];
            assert_near(w[j], i < k ? z[j] - at : 0, 1e-14);
        }
    }
    assert_true(finished);
    /* back up: begins anew; between two knots: interpolated */
    assert_ok(&env, lars->start(state, 2.5, 1e-8));
    for (finished = 0; !finished;)
        assert_ok(&env, lars->step(state, &work, &finished));
    lars->get(state, w, &b);
    assert_near(w[1], 1, 1e-14);
    assert_near(w[2], 0.5, 1e-14);
    assert_near(fabs(w[0]) + fabs(w[3]) + fabs(b), 0, 0);
    lars->free(&env, state);
    free(state);
}

static void optimal_at_every_knot(void **unused)
{
    (void)unused;
    size_t drops = 0;
    for (uint64_t seed = 0; seed < 24; seed++) {
        struct recipe recipe = {.n = 60,
                                .p = seed % 3 ? 10 : 90,
                                .weights = seed % 2,
                                .intercept = seed % 4 < 2,
                                .storage = (enum spred_storage)(seed % 3),
                                .correlation = (double)(seed % 5) / 2,
                                .standardize = seed % 4 == 1};
        struct sample s;
        sample_make(&s, &recipe, seed);
        assert_ok(&s.env, s.status);
        struct walk walk = walk_path(&s, 1e-3);
        if (!(walk.worst < 1e-10))
            fail_msg("seed %d: violation %g", (int)seed, walk.worst);
        drops += walk.drops;
        assert_true(walk.largest_support <= recipe.n - (recipe.intercept > 0));
        sample_free(&s);
    }
    print_message("# %zu drops\n", drops);
    assert_true(drops > 20); /* the case that plain LAR gets wrong */
}

/* p > n down to the interpolating end: at most n - 1 or n columns. */
static void least_squares_end(void **unused)
{
    (void)unused;
    for (int intercept = 0; intercept < 2; intercept++) {
        struct recipe recipe = {.n = 15, .p = 40, .intercept = intercept};
        struct sample s;
        sample_make(&s, &recipe, 3);
        struct walk walk = walk_path(&s, 1e-7);
        assert_int_equal(walk.largest_support, intercept ? 14 : 15);
        sample_free(&s);
        recipe.n = 40;
        recipe.p = 6;
        sample_make(&s, &recipe, 4);
        walk = walk_path(&s, 1e-9);
        assert_int_equal(walk.largest_support, 6);
        sample_free(&s);
    }
}

struct ends {
    size_t lambdas, certified;
    double worst;
};

static int keep_ends(void *cookie, const struct spred_host_point *point)
{
    struct ends *ends = cookie;
    if (point->stop == SPRED_STOP_NONE)
        return 0;
    ends->lambdas++;
    ends->certified += point->stop == SPRED_STOP_TARGET;
    ends->worst = fmax(ends->worst, point->certificate.gap);
    return 0;
}

/* Every lambda of a path certified, by the host, to a tight gap. */
static int path_certified(struct sample *s, double min_ratio)
{
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    struct ends ends = {0, 0, 0};
    double lambda[8];
    spred_host_plan_default(&plan);
    spred_lambda_path(s->problem.lambda_max, min_ratio, 8, lambda);
    plan.lambda = lambda;
    plan.n_lambda = 8;
    plan.gap = 1e-10;
    assert_ok(&s->env,
              spred_host_run(&s->env, spred_solver_find("lars"), NULL,
                             &s->problem, &plan, 1, keep_ends, &ends, &totals));
    if (totals.certified == 8)
        return 1;
    print_message("# %zu of 8 certified, worst %g, stop %s\n", totals.certified,
                  ends.worst, spred_stop_name(totals.stop));
    return 0;
}

static void degenerate(void **unused)
{
    (void)unused;
    struct spred_env env;
    char text[128];
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 99);
    size_t tried = 0, failed = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct recipe recipe = {.n = 1 + spred_rng_below(rng, 40),
                                .p = 1 + spred_rng_below(rng, 40),
                                .weights = seed % 7 == 0,
                                .intercept = seed % 2 == 0,
                                .storage = (enum spred_storage)(seed % 3),
                                .levels =
                                    seed % 5 < 3 ? (int)(1 + seed % 3) : 0,
                                .degenerate = seed % 4 != 0,
                                .standardize = seed % 11 == 0,
                                .correlation = seed % 3 == 0 ? 1 : 0};
        struct sample s;
        sample_make(&s, &recipe, seed);
        if (s.status == SPRED_OK) {
            tried++;
            if (!path_certified(&s, 1e-3)) {
                print_message("# failed: %s\n",
                              recipe_text(&recipe, seed, text, sizeof text));
                failed++;
            }
        }
        sample_free(&s);
    }
    spred_rng_free(rng);
    print_message("# %zu problems\n", tried);
    assert_true(tried >= 500);
    assert_int_equal(failed, 0);
}

/* All columns alike, or alike up to sign: one enters, the rest never. */
static void duplicates(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = 12, .p = 6, .intercept = 1};
    struct sample s;
    sample_make(&s, &recipe, 5);
    for (size_t e = 12; e < 72; e++)
        s.matrix.f64[e] = (e / 12 % 2 ? -1 : 1) * s.matrix.f64[e % 12];
    for (size_t i = 0; i < 12; i++)
        s.matrix.f64[i + 60] = 3; /* and a constant one */
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    struct walk walk = walk_path(&s, 1e-4);
    assert_int_equal(walk.largest_support, 1);
    assert_int_equal(walk.knots, 1);
    assert_true(walk.worst < 1e-10);
    sample_free(&s);
}

static void refuses_what_it_cannot(void **unused)
{
    (void)unused;
    const struct spred_solver *lars = spred_solver_find("lars");
    struct recipe recipe = {.n = 20, .p = 4, .loss = &spred_loss_logistic};
    struct sample s;
    sample_make(&s, &recipe, 1);
    assert_non_null(spred_solver_refuses(lars, &s.problem));
    sample_free(&s);
    recipe.loss = NULL;
    recipe.l1_ratio = 0.5;
    sample_make(&s, &recipe, 1);
    assert_non_null(spred_solver_refuses(lars, &s.problem));
    s.problem.penalty.l1_ratio = 1;
    assert_null(spred_solver_refuses(lars, &s.problem));
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orthogonal),
        cmocka_unit_test(optimal_at_every_knot),
        cmocka_unit_test(least_squares_end),
        cmocka_unit_test(degenerate),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(refuses_what_it_cannot)};
    return cmocka_run_group_tests_name("lars", tests, NULL, NULL);
}
