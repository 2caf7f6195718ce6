/* t-cd.c: coordinate descent reaches certified optima on every kind of
 * problem, in every form, the same as proximal gradient's; what its parts
 * promise: bounds, screening, extrapolation, covariance updates. */
#include "random_problem.h"

#include "solvers/cd_column.h"
#include "solvers/cd_mix.h"
#include "solvers/cd_scan.h"
#include "solvers/cd_small.h"

enum { PROBLEMS = 300, COMPARED = 60, FORM_PROBLEMS = 90 };

static void reaches_certified_optima(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run;
    size_t solved = 0;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < PROBLEMS; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        solved++;
        random_run(&env, "cd", NULL, &r, RANDOM_LAMBDAS, 1e-8, &run);
        spred_matrix_free(&env, &r.matrix);
        if (run.reached != RANDOM_LAMBDAS)
            fail_msg("seed %d: %zu lambdas certified", (int)seed, run.reached);
        assert_int_equal(run.support[0], 0);
        assert_int_equal(run.support[1], 0);
        assert_true(run.support[RANDOM_LAMBDAS - 1] > 0);
    }
    assert_true(solved > PROBLEMS * 9 / 10);
}

/* Two optima can differ by no more than their gaps. */
static void agrees_with_proximal_gradient(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run, other;
    size_t compared = 0;
    spred_env_init(&env);
    for (uint64_t seed = 1000; seed < 1000 + COMPARED; seed++) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        random_run(&env, "coordinate-descent", NULL, &r, 6, 1e-7, &run);
        random_run(&env, "proximal-gradient", NULL, &r, 6, 1e-4, &other);
        spred_matrix_free(&env, &r.matrix);
        for (size_t k = 0; k < 6; k++) {
            double slack = 1e-11 * r.problem.null_objective;
            assert_true(other.primal[k] - run.primal[k] <=
                        other.gap[k] + slack);
            assert_true(run.primal[k] - other.primal[k] <= run.gap[k] + slack);
        }
        compared += other.reached == 6;
    }
    assert_true(compared > COMPARED / 2);
}

/* The fall-back for very many weights: proximal Newton class by class. */
static void classes_one_by_one(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run;
    spred_env_init(&env);
    for (uint64_t seed = 2; seed < 62; seed += 3) {
        if (!random_problem_make(&env, seed, &r))
            continue;
        random_run(&env, "cd", "joint=false", &r, 6, 1e-6, &run);
        spred_matrix_free(&env, &r.matrix);
        assert_int_equal(run.reached, 6);
    }
}

/* glmnet's two forms, celer's two, and each part left out or put in. */
static const char *const forms[] = {
    "sets=strong updates=naive accelerate=false screen=none",
    "sets=strong updates=covariance accelerate=false screen=none",
    "updates=naive accelerate=false extrapolate=true screen=safe",
    "updates=covariance accelerate=true extrapolate=true screen=safe",
    "updates=naive accelerate=true",
    "updates=covariance accelerate=false",
    "sets=strong screen=safe",
    "screen=none",
};

static void every_form(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem r;
    struct random_run run, best;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < FORM_PROBLEMS; seed++) {
        if (!random_problem_make(&env, 3000 + seed, &r))
            continue;
        random_run(&env, "cd", NULL, &r, RANDOM_LAMBDAS, 1e-8, &best);
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            random_run(&env, "cd", forms[f], &r, RANDOM_LAMBDAS, 1e-8, &run);
            if (run.reached != RANDOM_LAMBDAS)
                fail_msg("seed %d %s: %zu lambdas certified", (int)seed,
                         forms[f], run.reached);
            for (size_t k = 0; k < RANDOM_LAMBDAS; k++) {
                double slack = 1e-11 * r.problem.null_objective;
                assert_true(run.primal[k] - best.primal[k] <=
                            run.gap[k] + slack);
            }
        }
        spred_matrix_free(&env, &r.matrix);
    }
}

/* y += a x and its kin against plain loops, for all lengths near a vector. */
static void columns(void **state)
{
    (void)state;
    struct spred_env env;
    double y[40], z[40], h[40];
    spred_env_init(&env);
    for (size_t n = 1; n < 40; n++)
        for (int storage = SPRED_F64; storage <= SPRED_CSC; storage++) {
            struct spred_matrix dense, x;
            double dot = 0, square = 0, total = 0;
            assert_ok(&env, spred_matrix_new(&env, SPRED_F64, n, 2, 0, &dense));
            for (size_t i = 0; i < n; i++) {
                dense.f64[n + i] = i % 3 ? (double)(i * i % 17) - 8 : 0;
                y[i] = z[i] = (double)(i % 5) - 1.5;
                h[i] = 0.5 + (double)(i % 4);
            }
            assert_ok(&env, spred_matrix_convert(
                                &env, &dense, (enum spred_storage)storage, &x));
            for (size_t i = 0; i < n; i++) {
                double value = dense.f64[n + i];
                dot += value * y[i];
                square += h[i] * (value - 0.25) * (value - 0.25);
                total += h[i];
                z[i] += 0.5 * h[i] * value;
            }
            assert_true(fabs(cd_column_dot(&x, 1, y) - dot) < 1e-12);
            assert_true(fabs(cd_column_square(&x, 1, 0.25, h, total) - square) <
                        1e-10);
            cd_column_axpy(&x, 1, 0.5, h, y);
            for (size_t i = 0; i < n; i++)
                assert_true(fabs(y[i] - z[i]) < 1e-12);
            cd_column_axpy(&x, 1, -2, NULL, y);
            for (size_t i = 0; i < n; i++)
                assert_true(fabs(y[i] - (z[i] - 2 * dense.f64[n + i])) < 1e-12);
            spred_matrix_free(&env, &x);
            spred_matrix_free(&env, &dense);
        }
}

/* x+ = Mx + b in four dimensions is solved by six iterates, and what is affine
 * in x follows. */
static void extrapolation_of_a_linear_map(void **state)
{
    (void)state;
    enum { SIZE = 4 };
    struct spred_env env;
    struct cd_mix mix = {0};
    double x[SIZE + 1] = {0}, next[SIZE];
    int ready = 0;
    spred_env_init(&env);
    assert_ok(&env, cd_mix_start(&mix, &env, SIZE + 1, SIZE));
    for (int k = 0; k <= CD_MIX_DEPTH; k++) {
        for (size_t i = 0; i < SIZE; i++) {
            next[i] = (double)i - 2;
            for (size_t j = 0; j < SIZE; j++)
                next[i] += (i == j ? 0.9 - 0.3 * (double)i : 0.05) * x[j];
        }
        memcpy(x, next, sizeof next);
        x[SIZE] = 3 * x[0] - x[3] + 7;
        ready = cd_mix_keep(&mix, x);
        assert_int_equal(ready, k == CD_MIX_DEPTH);
    }
    for (size_t i = 0; i < SIZE; i++) {
        double image = (double)i - 2;
        for (size_t j = 0; j < SIZE; j++)
            image += (i == j ? 0.9 - 0.3 * (double)i : 0.05) * mix.point[j];
        assert_true(fabs(image - mix.point[i]) < 1e-7);
    }
    assert_true(fabs(3 * mix.point[0] - mix.point[3] + 7 - mix.point[SIZE]) <
                1e-7);
    cd_mix_free(&env, &mix);
}

/* Centred x_j'r, from whole columns. */
static double score_of(const struct spred_problem *problem, size_t j,
                       const double *r)
{
    double column[64], mean = 0, total = 0;
    spred_design_column(&problem->x, j, column);
    for (size_t i = 0; i < problem->n && problem->intercept; i++)
        mean += column[i] / (double)problem->n;
    for (size_t i = 0; i < problem->n; i++)
        total += (column[i] - mean) * r[i];
    return total;
}

/* Whatever r does, a column that is not computed is below its level, and excess
 * is an upper bound. */
static void bounds_hold(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem random;
    size_t skipped = 0;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < 150; seed++) {
        if (!random_problem_make(&env, seed, &random))
            continue;
        const struct spred_problem *problem = &random.problem;
        size_t n = problem->n, p = problem->p;
        struct spred_rng *rng = spred_rng_new(&env, seed);
        struct cd_scan scan = {0};
        struct spred_work work = {0};
        unsigned char inside[64] = {0}, fresh[64];
        double r[64], pull[64];
        assert_ok(&env, cd_scan_init(&scan, &env, problem, &work));
        for (size_t i = 0; i < n; i++)
            r[i] = random.y[i];
        cd_scan_start(&scan, problem->lambda_max);
        for (int step = 0; step < 40; step++) {
            double size = step % 13 == 12 ? 3 : 0.02, level = 1 - step % 2 * .2;
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                pull[i] = spred_rng_normal(rng);
            for (size_t i = 0; i < n; i++)
                r[i] = (step % 17 == 16 ? -1 : 0.97) * r[i] + size * pull[i];
            for (size_t i = 0; i < n; i++)
                sum += r[i] / (double)n;
            for (size_t i = 0; i < n && problem->intercept; i++)
                r[i] -= sum;
            for (size_t j = 0; j < p; j++)
                inside[j] = spred_rng_below(rng, 9) == 0;
            cd_scan_run(&scan, r, inside, level, 1, &work);
            memset(fresh, 0, sizeof fresh);
            for (size_t f = 0; f < scan.count; f++)
                fresh[scan.fresh[f]] = 1;
            for (size_t j = 0; j < p; j++) {
                double exact = score_of(problem, j, r);
                double bound = cd_scan_bound(&scan, j);
                double room = 1e-9 * (1 + fabs(exact));
                if (fresh[j])
                    assert_true(fabs(exact - scan.score[j]) <= room);
                else
                    assert_true(fabs(exact) < level * bound);
                assert_true(fresh[j] || !inside[j]);
                if (!inside[j])
                    assert_true(fabs(exact) <= scan.excess * bound + room);
                skipped += !fresh[j];
            }
        }
        cd_scan_free(&scan);
        spred_rng_free(rng);
        spred_matrix_free(&env, &random.matrix);
    }
    assert_true(skipped > 5000);
}

/* Keeps the last iterate of a run. */
struct kept {
    double w[64], b;
    size_t p;
};

static int keep(void *cookie, const struct spred_host_point *point)
{
    struct kept *kept = cookie;
    memcpy(kept->w, point->w, kept->p * sizeof *point->w);
    kept->b = point->b[0];
    return 0;
}

static void solve(struct spred_env *env, const struct spred_problem *problem,
                  double lambda, double gap, struct kept *kept)
{
    const struct spred_solver *cd = spred_solver_find("cd");
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    double options[16];
    assert_ok(env, spred_options_default(env, cd->options, options));
    spred_host_plan_default(&plan);
    plan.lambda = &lambda;
    plan.n_lambda = 1;
    plan.gap = gap;
    kept->p = problem->p;
    assert_ok(env, spred_host_run(env, cd, options, problem, &plan, 1, keep,
                                  kept, &totals));
}

/* Columns that the gap-safe sphere kills at a rough iterate are zero, and
 * strictly inside their bounds, at the optimum. */
static void screened_columns_are_zero(void **state)
{
    (void)state;
    struct spred_env env;
    struct random_problem random;
    size_t killed = 0;
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < 300; seed++) {
        if (seed % 3 == 2 || !random_problem_make(&env, seed, &random))
            continue;
        const struct spred_problem *problem = &random.problem;
        size_t n = problem->n;
        double lambda = problem->lambda_max * (0.2 + 0.1 * (double)(seed % 7));
        struct spred_certifier *certifier = spred_certifier_new(&env, problem);
        struct spred_certificate c;
        struct kept rough = {{0}, 0, 0}, exact = {{0}, 0, 0};
        struct cd_scan scan = {0};
        struct spred_work work = {0};
        unsigned char inside[64] = {0};
        double m[64], r[64], theta[64], l2_part = 0, worst = 1;
        solve(&env, problem, lambda, 1e-3, &rough);
        solve(&env, problem, lambda, 1e-9, &exact);
        spred_certifier_start(certifier, lambda);
        assert_ok(&env, spred_certify(certifier, rough.w, &rough.b, &c));
        spred_problem_predict(problem, rough.w, &rough.b, m);
        problem->loss->residual(problem, m, r);
        assert_ok(&env, cd_scan_init(&scan, &env, problem, &work));
        cd_scan_start(&scan, lambda);
        cd_scan_run(&scan, r, inside, 1, 1, &work);
        for (size_t j = 0; j < problem->p; j++) {
            double l1, l2, w = rough.w[j];
            spred_penalty_at(problem, lambda, j, &l1, &l2);
            worst = fmax(worst, fabs(scan.score[j] / (double)n - l2 * w) / l1);
            l2_part += l2 * w * w / 2;
        }
        for (size_t i = 0; i < n; i++)
            theta[i] = r[i] / worst;
        double gap = c.primal - problem->loss->dual(problem, theta) +
                     l2_part / (worst * worst);
        assert_true(gap > -1e-12 * problem->null_objective);
        cd_scan_kill(
            &scan, inside, 1 / worst,
            sqrt(2 * (double)n * problem->loss->curvature_bound * gap));
        spred_problem_predict(problem, exact.w, &exact.b, m);
        problem->loss->residual(problem, m, r);
        for (size_t j = 0; j < problem->p; j++) {
            if (!scan.dead[j])
                continue;
            killed++;
            assert_true(fabs(exact.w[j]) <= 0);
            assert_true(fabs(score_of(problem, j, r)) <
                        cd_scan_bound(&scan, j));
        }
        cd_scan_free(&scan);
        spred_certifier_free(certifier);
        spred_matrix_free(&env, &random.matrix);
    }
    assert_true(killed > 1000);
}

/* objective of a small lasso, times n, from Q and c themselves. */
static double objective(size_t m, const double *q, const double *c,
                        double bound, double y_square, const double *w)
{
    double total = y_square / 2;
    for (size_t j = 0; j < m; j++) {
        double qw = 0;
        for (size_t i = 0; i < m; i++)
            qw += q[i + j * m] * w[i];
        total += w[j] * (qw / 2 - c[j]) + bound * fabs(w[j]);
    }
    return total;
}

/* A stop on the gap, with extrapolated dual points or without, is never early;
 * the weights come back in the caller's order. */
static void covariance_updates(void **state)
{
    (void)state;
    enum { N = 20, M = 30 };
    struct spred_env env;
    struct cd_small s = {0};
    spred_env_init(&env);
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct spred_rng *rng = spred_rng_new(&env, seed);
        double z[N * M], y[N], q[M * M], c[M], best = INFINITY, bound = 0;
        double y_square = 0, common[N];
        for (size_t i = 0; i < N; i++) {
            common[i] = 2 * spred_rng_normal(rng);
            y[i] = common[i] + spred_rng_normal(rng);
            y_square += y[i] * y[i];
        }
        for (size_t e = 0; e < N * M; e++)
            z[e] = common[e % N] + spred_rng_normal(rng);
        for (size_t a = 0; a < M; a++) {
            for (size_t b = 0; b < M; b++)
                q[a + b * M] = cd_dot(N, z + a * N, z + b * N);
            c[a] = cd_dot(N, z + a * N, y);
            bound = fmax(bound, 0.02 * fabs(c[a]));
        }
        for (int pass = 0; pass < 5; pass++) { /* the first is exact */
            struct cd_rules rules = {.sweeps = 100000,
                                     .accelerate = pass == 0 || pass % 2,
                                     .extrapolate = pass > 2,
                                     .violation = pass ? 1e-14 : 1e-11};
            rules.gap = pass ? 1e-3 * y_square : 0;
            assert_ok(&env, cd_small_reserve(&s, &env, M));
            memcpy(s.q, q, sizeof q);
            s.y_square = y_square;
            for (size_t j = 0; j < M; j++) {
                s.w[j] = 0;
                s.g[j] = c[j];
                s.bound[j] = bound;
            }
            assert_ok(&env, cd_small_minimise(&s, &env, &rules));
            double value = objective(M, q, c, bound, y_square, s.w);
            if (pass == 0)
                best = value;
            assert_true(value >= best - 1e-9 * y_square);
            assert_true(value - best <= rules.gap + 1e-9 * y_square);
        }
        spred_rng_free(rng);
    }
    cd_small_free(&env, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaches_certified_optima),
        cmocka_unit_test(agrees_with_proximal_gradient),
        cmocka_unit_test(classes_one_by_one),
        cmocka_unit_test(every_form),
        cmocka_unit_test(columns),
        cmocka_unit_test(extrapolation_of_a_linear_map),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(screened_columns_are_zero),
        cmocka_unit_test(covariance_updates)};
    return cmocka_run_group_tests_name("cd", tests, NULL, NULL);
}
