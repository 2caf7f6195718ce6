/* t-lars.c: knots by hand and against a slow reference, optimality at every
 * knot, drops, drift, degenerate data, scores that are only bounded. */
#include "lars_reference.h"

#include "solvers/lars_scores.h"
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

/* Steps down to ratio * lambda_max and checks every so many knots, and the end.
 */
static struct walk walk_path(struct sample *s, double ratio, size_t every)
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
        if (!finished && walk.knots % every > 0)
            continue;
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
        struct walk walk = walk_path(&s, 1e-3, 1);
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
        struct walk walk = walk_path(&s, 1e-7, 1);
        assert_int_equal(walk.largest_support, intercept ? 14 : 15);
        sample_free(&s);
        recipe.n = 40;
        recipe.p = 6;
        sample_make(&s, &recipe, 4);
        walk = walk_path(&s, 1e-9, 1);
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
    struct walk walk = walk_path(&s, 1e-4, 1);
    assert_int_equal(walk.largest_support, 1);
    assert_int_equal(walk.knots, 1);
    assert_true(walk.worst < 1e-10);
    sample_free(&s);
}

static void assert_knot(const struct reference *r, size_t k,
                        const struct sample *s, const double *w, uint64_t seed)
{
    const double *weights = s->problem.penalty.weights;
    double size = 0, worst = 0;
    for (size_t j = 0; j < r->p; j++) {
        double expected = r->knots[j + k * r->p] / (weights ? weights[j] : 1);
        size = fmax(size, fabs(expected));
        worst = fmax(worst, fabs(w[j] - expected));
    }
    if (!(worst <= 1e-10 * size + 1e-14))
        fail_msg("seed %d: knot %zu of %zu is off by %g of %g", (int)seed, k,
                 r->count, worst, size);
}

/* Every step ends at the reference's knot; and every knot asked for by its
 * lambda, with the points halfway between, is reached and claimed. */
static void knots(void **unused)
{
    (void)unused;
    const struct spred_solver *lars = spred_solver_find("lars");
    size_t total = 0;
    for (uint64_t seed = 0; seed < 18; seed++) {
        struct recipe recipe = {.n = 30,
                                .p = 24 + seed % 2 * 26,
                                .weights = seed % 4 < 2,
                                .intercept = seed % 3 > 0,
                                .storage = (enum spred_storage)(seed % 3),
                                .correlation = (double)(seed % 5),
                                .standardize = seed % 4 == 1};
        struct sample s;
        struct reference r = {0};
        struct spred_work work = {0};
        void *state = calloc(1, lars->state_size);
        double w[64], b;
        int finished = 0;
        sample_make(&s, &recipe, seed);
        assert_ok(&s.env, s.status);
        reference_open(&r, &s);
        reference_walk(&r, 1e-3);
        assert_in_range(r.count, 10, KNOTS - 1);
        assert_ok(&s.env,
                  lars->init(&s.env, state, NULL, &s.problem, 1, &work));
        assert_ok(&s.env, lars->start(state, r.lambda[r.count - 1], 1e-8));
        for (size_t k = 0; k < r.count; k++) {
            assert_false(finished);
            assert_ok(&s.env, lars->step(state, &work, &finished));
            lars->get(state, w, &b);
            assert_knot(&r, k, &s, w, seed);
        }
        assert_true(finished);
        for (size_t k = 0; k + 1 < 2 * r.count; k++) {
            double lambda = k % 2 ? (r.lambda[k / 2] + r.lambda[k / 2 + 1]) / 2
                                  : r.lambda[k / 2];
            assert_ok(&s.env, lars->start(state, lambda, 1e-8));
            finished = 0;
            for (int step = 0; step < 5 && !finished; step++)
                assert_ok(&s.env, lars->step(state, &work, &finished));
            if (!finished)
                fail_msg("seed %d: lambda %g not reached", (int)seed, lambda);
            lars->get(state, w, &b);
            if (k % 2 == 0)
                assert_knot(&r, k / 2, &s, w, seed);
        }
        total += r.count;
        lars->free(&s.env, state);
        free(state);
        reference_close(&r);
        sample_free(&s);
    }
    print_message("# %zu knots\n", total);
}

/* A path of thousands of steps: what rounding does to it stays at rounding. */
static void no_drift(void **unused)
{
    (void)unused;
    struct recipe recipe = {.n = 800, .p = 3000, .intercept = 1, .noise = 5};
    struct sample s;
    sample_make(&s, &recipe, 8);
    for (size_t e = recipe.n; e < recipe.n * recipe.p; e++)
        s.matrix.f64[e] =
            0.99 * s.matrix.f64[e - recipe.n] + 0.1 * s.matrix.f64[e];
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    struct walk walk = walk_path(&s, 1e-4, 100);
    print_message("# %zu steps, support up to %zu, violation %g\n", walk.knots,
                  walk.largest_support, walk.worst);
    assert_true(walk.knots > 1900);
    assert_true(walk.worst < 5e-10); /* of lambda, 1e-4 lambda_max */
    sample_free(&s);
}

static void ends_of_the_path(void **unused)
{
    (void)unused;
    const struct spred_solver *lars = spred_solver_find("lars");
    struct recipe recipe = {.n = 30, .p = 50, .weights = 1, .intercept = 1};
    struct sample s;
    struct spred_work work = {0};
    double w[2][50], b[2];
    static const double ratios[] = {3, 1, 0.999999999, 0.5, 1e-2};
    sample_make(&s, &recipe, 12);
    void *warm = calloc(1, lars->state_size);
    assert_ok(&s.env, lars->init(&s.env, warm, NULL, &s.problem, 1, &work));
    for (size_t k = 0; k < sizeof ratios / sizeof *ratios; k++) {
        void *states[2] = {warm, calloc(1, lars->state_size)};
        assert_ok(&s.env,
                  lars->init(&s.env, states[1], NULL, &s.problem, 1, &work));
        for (int cold = 0; cold < 2; cold++) {
            double lambda = ratios[k] * s.problem.lambda_max;
            int finished = 0;
            assert_ok(&s.env, lars->start(states[cold], lambda, 1e-8));
            for (int step = 0; step < 200 && !finished; step++)
                assert_ok(&s.env, lars->step(states[cold], &work, &finished));
            assert_true(finished);
            lars->get(states[cold], w[cold], b + cold);
        }
        for (size_t j = 0; j < 50; j++) {
            assert_near(w[0][j], w[1][j], 1e-12);
            if (ratios[k] >= 1)
                assert_near(w[0][j], 0, 0);
        }
        assert_near(b[0], b[1], 1e-12);
        lars->free(&s.env, states[1]);
        free(states[1]);
    }
    lars->free(&s.env, warm);
    free(warm);
    sample_free(&s);
}

/* c and a of the columns that are followed are right, and no other column
 * reaches the limit, as residuals turn and shrink for longer than references
 * last. */
static void scores_never_miss(void **unused)
{
    (void)unused;
    size_t followed = 0, full = 0, looked = 0, columns = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct recipe recipe = {.n = 40,
                                .p = 800,
                                .weights = seed % 2,
                                .intercept = seed % 4 < 2,
                                .storage = (enum spred_storage)(seed % 3),
                                .correlation = (double)(seed % 5) / 2,
                                .degenerate = seed % 4 == 3,
                                .standardize = seed % 4 == 1};
        struct sample s;
        struct lars_scores scores = {0};
        struct spred_work work = {0};
        double r[40], u[40], star[40];
        double t = seed < 4 ? 0.02 : 0.002, spread = seed < 4 ? 0.5 : 0.1;
        sample_make(&s, &recipe, seed);
        assert_ok(&s.env, s.status);
        struct spred_rng *rng = spred_rng_new(&s.env, seed);
        assert_ok(&s.env,
                  lars_scores_open(&scores, &s.env, &s.problem, u, &work));
        for (size_t i = 0; i < 40; i++)
            r[i] = s.y[i] - s.problem.null_intercept[0];
        lars_scores_start(&scores, r, &work);
        for (int knot = 0; knot < 2 * LARS_REFERENCES; knot++) {
            double mean = 0, top = 0;
            for (size_t i = 0; i < 40; i++)
                mean += (u[i] = r[i] + spred_rng_normal(rng)) / 40;
            for (size_t i = 0; i < 40; i++) {
                u[i] -= s.problem.intercept ? mean : 0;
                star[i] = r[i] - t * u[i];
            }
            for (size_t j = 0; j < 800; j++)
                top = fmax(top, fabs(lars_scores_dot(&scores, j, star, &work)));
            double limit = (1 - spread * spred_rng_uniform(rng)) * top;
            scores.looked = 0;
            if (seed % 2 && scores.reach[knot] > 0) /* to its own reference */
                lars_scores_follow(
                    &scores, (size_t)knot,
                    lars_scores_dot(&scores, (size_t)knot, r, &work));
            lars_scores_release(&scores, r, &work);
            lars_scores_watch(&scores, r, u, t, limit, &work);
            looked += scores.looked;
            for (size_t j = 0; j < 800; j++) {
                double c = lars_scores_dot(&scores, j, r, &work);
                double a = lars_scores_dot(&scores, j, u, &work);
                double there = fabs(c - t * a);
                if (scores.age[j] == LARS_FOLLOWED) {
                    assert_near(scores.c[j], c, 1e-13 * scores.longest);
                    assert_near(scores.a[j], a, 1e-13 * scores.longest);
                } else if (scores.reach[j] > 0 && !(there < limit)) {
                    fail_msg("seed %d knot %d: column %zu is missed, %g of %g",
                             (int)seed, knot, j, there, limit);
                }
            }
            followed += scores.count;
            size_t least = 800;
            for (size_t k = 0; k < LARS_REFERENCES; k++)
                least = scores.users[k] < least ? scores.users[k] : least;
            full += least > 0;
            columns += 800;
            lars_scores_move(&scores, t);
            memcpy(r, star, sizeof r);
        }
        lars_scores_close(&scores);
        spred_rng_free(rng);
        sample_free(&s);
    }
    print_message("# %zu columns, %zu looked at, %zu followed, %zu full\n",
                  columns, looked, followed, full);
    assert_true(full > 100); /* columns had to give up their reference */
    assert_true(looked < columns / 2); /* it is worth it */
}

/* A column that grows behind the solver's back breaks its bounds: from the time
 * that it is looked at again, nothing is claimed any more. */
static void claims_nothing_false(void **unused)
{
    (void)unused;
    const struct spred_solver *lars = spred_solver_find("lars");
    struct recipe recipe = {.n = 40, .p = 30, .intercept = 1};
    struct sample s;
    struct spred_work work = {0};
    void *state = calloc(1, lars->state_size);
    double w[30], b, lambda, violation = 0;
    int finished = 0;
    sample_make(&s, &recipe, 21);
    assert_ok(&s.env, lars->init(&s.env, state, NULL, &s.problem, 1, &work));
    for (int target = 1; target <= 12; target++) {
        finished = 0;
        assert_ok(
            &s.env,
            lars->start(state, s.problem.lambda_max * pow(0.8, target), 1e-8));
        for (int step = 0; step < 30 && !finished; step++)
            assert_ok(&s.env, lars->step(state, &work, &finished));
        lars->get(state, w, &b);
        violation = knot_violation(&s, w, b, &lambda);
        if (target == 1) {
            assert_true(finished && violation < 1e-12);
            assert_near(w[20], 0, 0);
            for (size_t i = 0; i < 40; i++)
                s.matrix.f64[i + 20 * 40] *= 1000;
        }
    }
    assert_false(finished);
    assert_true(violation > 0.1);
    lars->free(&s.env, state);
    free(state);
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
        cmocka_unit_test(knots),
        cmocka_unit_test(no_drift),
        cmocka_unit_test(ends_of_the_path),
        cmocka_unit_test(scores_never_miss),
        cmocka_unit_test(claims_nothing_false),
        cmocka_unit_test(refuses_what_it_cannot)};
    return cmocka_run_group_tests_name("lars", tests, NULL, NULL);
}
