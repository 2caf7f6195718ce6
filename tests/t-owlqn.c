/* t-owlqn.c: the quasi-Newton methods of liblbfgs, OWL-QN and spred-lbfgs, end
 * at the certified optimum of other methods; slopes of what they minimise. */
#include "random_problem.h"
#include "toy.h"

#include "solvers/factors.h"
#include "solvers/quasi_newton.h"

enum { PROBLEMS = 60 };

/* Two optima can differ by no more than their gaps. */
static void agree(const char *name, uint64_t first)
{
    struct spred_env env;
    struct random_problem r;
    struct random_run exact, run;
    size_t compared = 0;
    spred_env_init(&env);
    for (uint64_t seed = first; seed < first + PROBLEMS; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        random_run(&env, "coordinate-descent", NULL, &r, 6, 1e-8, &exact);
        random_run(&env, name, NULL, &r, 6, 1e-4, &run);
        spred_matrix_free(&env, &r.matrix);
        if (run.reached != 6)
            fail_msg("%s, seed %d: %zu lambdas certified", name, (int)seed,
                     run.reached);
        double slack = 1e-11 * r.problem.null_objective;
        for (size_t k = 0; k < 6; k++) {
            assert_true(fabs(run.primal[k] - exact.primal[k]) <=
                        1e-4 * r.problem.null_objective);
            assert_true(exact.primal[k] - run.primal[k] <=
                        exact.gap[k] + slack);
        }
        compared++;
    }
    assert_true(compared > PROBLEMS / 2);
}

static void owl_qn_agrees(void **state)
{
    (void)state;
    agree("owl-qn", 300);
}

static void spred_lbfgs_agrees(void **state)
{
    (void)state;
    agree("spred-lbfgs", 600);
}

/* Exact zeros and the same support as coordinate descent; the alias. */
static void support(void **state)
{
    (void)state;
    static const char *const names[] = {"owlqn", "spred-lbfgs"};
    for (size_t i = 0; i < 6; i++) {
        struct toy toy;
        struct toy_plan plan = {.loss = i / 2 == 0   ? &spred_loss_squared
                                        : i / 2 == 1 ? &spred_loss_logistic
                                                     : &spred_loss_multinomial,
                                .n = 60,
                                .p = 30,
                                .classes = 3,
                                .weights = i % 2,
                                .l1_ratio = i < 3 ? 1 : 0.9,
                                .seed = i};
        toy_make(&toy, &plan);
        struct toy_run exact = {
            .solver = "cd", .ratio = 0.2, .lambdas = 3, .gap = 1e-11};
        struct toy_run run = exact;
        run.solver = names[i % 2];
        run.gap = 1e-8;
        assert_true(toy_solve(&toy, &exact) <= 1e-11);
        double gap = toy_solve(&toy, &run);
        if (!(gap <= 1e-8))
            fail_msg("case %zu: gap %g, %s", i, gap,
                     spred_stop_name(run.totals.stop));
        assert_int_equal(run.last.support, exact.last.support);
        for (size_t e = 0; e < run.weights; e++) {
            assert_int_equal(fabs(run.w[e]) > 0, fabs(exact.w[e]) > 0);
            assert_near(run.w[e], exact.w[e], 1e-3);
        }
        assert_true(run.totals.passes > (double)run.totals.steps);
        free(run.w);
        free(exact.w);
        toy_free(&toy);
    }
}

/* An accuracy that no line search can reach ends the path in a stall, not in an
 * error, and every lambda is tried. */
static void line_search_ends(void **state)
{
    (void)state;
    static const char *const names[] = {"owl-qn", "spred-lbfgs"};
    for (size_t i = 0; i < 4; i++) {
        struct toy toy;
        struct toy_plan plan = {.loss = i / 2 ? &spred_loss_logistic
                                              : &spred_loss_squared,
                                .n = 40,
                                .p = 60,
                                .rho = 0.9,
                                .seed = 3};
        toy_make(&toy, &plan);
        struct toy_run run = {
            .solver = names[i % 2], .ratio = 0.1, .lambdas = 3, .gap = 1e-17};
        double gap = toy_solve(&toy, &run);
        assert_true(gap < 1e-5);
        assert_int_equal(run.totals.stop, SPRED_STOP_STALL);
        free(run.w);
        toy_free(&toy);
    }
}

/* Value and slopes of the factored objective, best intercepts included, against
 * central differences, for every loss. */
static void objective_slopes(void **state)
{
    (void)state;
    static const struct spred_loss *const losses[] = {
        &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};
    for (size_t i = 0; i < 6; i++) {
        struct toy toy;
        struct toy_plan plan = {.loss = losses[i % 3],
                                .n = 40,
                                .p = 12,
                                .classes = 3,
                                .weights = 1,
                                .l1_ratio = 0.7,
                                .no_intercept = i / 3 == 1,
                                .seed = i};
        toy_make(&toy, &plan);
        const struct spred_problem *problem = &toy.problem;
        size_t weights = problem->p * problem->outputs;
        size_t cells = problem->n * problem->outputs;
        double *x = calloc(8 * weights + 2 * cells, sizeof *x);
        double *spare = x + 4 * weights, b[SPRED_MAX_OUTPUTS];
        double lambda = 0.2, h = 1e-5;
        struct spred_factors_point at = {.u = x,
                                         .v = x + weights,
                                         .du = x + 2 * weights,
                                         .dv = x + 3 * weights,
                                         .w = spare,
                                         .g = spare + weights,
                                         .b = b,
                                         .m = spare + 4 * weights,
                                         .r = spare + 4 * weights + cells};
        struct spred_rng *rng = spred_rng_new(&toy.env, 5);
        for (size_t e = 0; e < 2 * weights; e++)
            x[e] = 0.4 * spred_rng_normal(rng);
        spred_factors_objective(problem, lambda, &at);
        assert_true(plan.no_intercept ? fabs(b[0]) <= 0 : fabs(b[0]) > 0);
        struct spred_factors_point other = at;
        other.du = spare + 2 * weights;
        other.dv = spare + 3 * weights;
        for (size_t e = 0; e < 2 * weights; e += 3) {
            double from = x[e];
            x[e] = from + h;
            double up = spred_factors_objective(problem, lambda, &other);
            x[e] = from - h;
            double down = spred_factors_objective(problem, lambda, &other);
            x[e] = from;
            assert_near(at.du[e], (up - down) / (2 * h),
                        1e-8 * (1 + fabs(at.du[e])));
        }
        spred_rng_free(rng);
        free(x);
        toy_free(&toy);
    }
}

/* f(x) = sum_i i (x_i - 1)^2 / 2 in 17 variables, one more than a block. */
struct bowl {
    double worst;
    int evaluations;
};

static double bowl(void *cookie, const double *x, double *g)
{
    struct bowl *b = cookie;
    double value = 0;
    b->worst = 0;
    b->evaluations++;
    for (size_t i = 0; i < 17; i++) {
        g[i] = (double)(i + 1) * (x[i] - 1);
        value += g[i] * (x[i] - 1) / 2;
        b->worst = fmax(b->worst, fabs(g[i]));
    }
    return value;
}

static int bowl_enough(void *cookie)
{
    return ((const struct bowl *)cookie)->worst < 1e-9;
}

/* The minimiser, then nothing more to do; with a strength the variables of the
 * range are shrunk, (i - strength) / i or 0, and the others are not. */
static void pieces(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    for (int l1 = 0; l1 < 2; l1++) {
        struct bowl b = {0, 0};
        struct quasi_newton q = {.memory = 6,
                                 .strength = l1 ? 4.5 : 0,
                                 .penalised = 10,
                                 .evaluate = bowl,
                                 .enough = bowl_enough,
                                 .cookie = &b};
        assert_ok(&env, quasi_newton_open(&q, &env, 17));
        for (int piece = 0; piece < 3; piece++)
            assert_ok(&env, quasi_newton_piece(&q));
        for (size_t i = 0; i < 17; i++) {
            double c = (double)(i + 1), shrunk = fmax(c - 4.5, 0) / c;
            assert_near(q.x[i], l1 && i < 10 ? shrunk : 1, 1e-7);
        }
        int made = b.evaluations;
        for (int piece = 0; piece < 3; piece++)
            assert_ok(&env, quasi_newton_piece(&q));
        assert_true(b.evaluations < made + 100);
        quasi_newton_close(&q);
    }
}

static int stop_now(void *cookie)
{
    (void)cookie;
    return 1;
}

/* A run that is cancelled says so from inside a piece. */
static void cancelled(void **state)
{
    (void)state;
    struct spred_env env;
    struct bowl b = {0, 0};
    spred_env_init(&env);
    struct quasi_newton q = {
        .memory = 6, .evaluate = bowl, .enough = bowl_enough, .cookie = &b};
    assert_ok(&env, quasi_newton_open(&q, &env, 17));
    env.cancelled = stop_now;
    assert_int_equal(quasi_newton_piece(&q), SPRED_EINTERRUPTED);
    quasi_newton_close(&q);
    q = (struct quasi_newton){0};
    assert_int_equal(quasi_newton_open(&q, &env, (size_t)3 << 30),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "cannot count"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owl_qn_agrees),     cmocka_unit_test(pieces),
        cmocka_unit_test(objective_slopes),  cmocka_unit_test(support),
        cmocka_unit_test(line_search_ends),  cmocka_unit_test(cancelled),
        cmocka_unit_test(spred_lbfgs_agrees)};
    return cmocka_run_group_tests_name("owlqn", tests, NULL, NULL);
}
