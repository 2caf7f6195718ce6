/* t-coding.c: sparse coding: the certificate by hand and against the main one,
 * coders against each other and against a lasso solver, threads, bad input. */
#include "coding.h"
#include "ledger.h"

#include <time.h>

#include "spred/certificate.h"
#include "spred/host.h"
#include "spred/linalg.h"

static struct spred_codes dense_codes(const double *z, size_t atoms, size_t n)
{
    struct spred_codes codes = {.n = n, .room = atoms * n};
    codes.start = calloc(n + 1, sizeof *codes.start);
    codes.atom = calloc(atoms * n + 1, sizeof *codes.atom);
    codes.value = calloc(atoms * n + 1, sizeof *codes.value);
    for (size_t i = 0, at = 0; i < n; codes.start[++i] = at)
        for (size_t j = 0; j < atoms; j++)
            if (z[j + i * atoms] < 0 || z[j + i * atoms] > 0) {
                codes.atom[at] = (uint32_t)j;
                codes.value[at++] = z[j + i * atoms];
            }
    return codes;
}

static void free_dense(struct spred_codes *codes)
{
    free(codes->start);
    free(codes->atom);
    free(codes->value);
}

/* D = I, lambda = 1/4. x = (1, 1/2): the optimum (3/4, 1/4) has r = (1/4, 1/4),
 * P = D = 5/16; z = 0 has P = 5/8, s = 1/4, D = 35/128. x = 0: nothing to do.
 */
static void gap_by_hand(void **unused)
{
    (void)unused;
    static const double identity[] = {1, 0, 0, 1};
    static const double x[] = {1, .5, 1, .5, 0, 0};
    static const double z[] = {.75, .25, 0, 0, 0, 0};
    struct spred_env env;
    struct spred_coding_report r = {0};
    struct spred_coding task = {2, 2, 1, identity, x, .25, 1e-6, 1, 0};
    spred_env_init(&env);
    struct spred_codes codes = dense_codes(z, 2, 3);
    codes.n = 1;
    assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
    assert_near(r.gap, 0, r.floor);
    assert_true(r.floor < 1e-14);
    assert_near(r.objective, 5. / 16, 1e-15);
    assert_near(r.squares, .125 / 1.25, 1e-15);
    assert_near(r.nonzeros, 2, 0);
    assert_int_equal(r.certified, 1);
    codes.n = task.n = 3;
    assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
    assert_near(r.gap, (5. / 8 - 35. / 128) / (5. / 8), 1e-15);
    assert_near(r.objective, (5. / 16 + 5. / 8) / 3, 1e-15);
    assert_near(r.squares, (.1 + 1) / 2, 1e-15); /* x = 0 does not count */
    assert_near(r.nonzeros, 2. / 3, 1e-15);
    assert_int_equal(r.certified, 2);
    free_dense(&codes);
}

/* x = 0 with a code is as wrong as can be; codes that are not numbers, too. */
static void not_certified(void **unused)
{
    (void)unused;
    static const double identity[] = {1, 0, 0, 1}, x[] = {0, 0};
    struct spred_env env;
    struct spred_coding_report r = {0};
    struct spred_coding task = {2, 2, 1, identity, x, .25, 1e-6, 1, 0};
    spred_env_init(&env);
    static const double values[] = {.1, NAN, INFINITY, 1e200};
    for (size_t k = 0; k < 4; k++) {
        double z[] = {values[k], 0};
        struct spred_codes codes = dense_codes(z, 2, 1);
        if (isnan(z[0])) {
            codes.start[1] = 1;
            codes.value[0] = NAN;
        }
        assert_ok(&env, spred_codes_certify(&env, &task, &codes, &r));
        assert_int_equal(r.certified, 0);
        assert_true(isinf(r.gap));
        free_dense(&codes);
    }
}

/* The problem of one signal as a lasso: n = m rows, lambda / m. */
static void lasso_of(struct spred_env *env, const struct spred_coding *task,
                     size_t i, struct spred_matrix *matrix,
                     struct spred_problem *problem)
{
    assert_ok(
        env, spred_matrix_new(env, SPRED_F64, task->m, task->atoms, 0, matrix));
    memcpy(matrix->f64, task->dictionary,
           task->m * task->atoms * sizeof *matrix->f64);
    memset(problem, 0, sizeof *problem);
    problem->x.matrix = matrix;
    problem->n = task->m;
    problem->p = task->atoms;
    problem->outputs = 1;
    problem->loss = &spred_loss_squared;
    problem->y = task->signals + i * task->m;
    problem->penalty.l1_ratio = 1;
    assert_ok(env, spred_problem_init(env, problem));
}

/* The same gap as the main certificate's, of codes good and bad. */
static void as_the_main_certificate(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct coding_sample s;
        struct spred_matrix matrix;
        struct spred_problem problem;
        struct spred_certificate main_one;
        struct spred_coding_report r = {0};
        double b = 0, z[25];
        size_t atoms = 1 + (size_t)seed % 25;
        coding_sample(&s, (enum kind)(seed % 3), 9, atoms, 1, .2, seed);
        struct spred_rng *rng = spred_rng_new(&env, seed);
        for (size_t j = 0; j < atoms; j++)
            z[j] = j % 3 ? .1 * spred_rng_normal(rng) : 0;
        spred_rng_free(rng);
        struct spred_codes codes = dense_codes(z, atoms, 1);
        if (seed % 2) {
            free_dense(&codes);
            assert_ok(&env, code_by(&env, "cd", &s.task, &codes, &r));
            memset(z, 0, sizeof z);
            for (size_t at = 0; at < codes.start[1]; at++)
                z[codes.atom[at]] = codes.value[at];
        }
        assert_ok(&env, spred_codes_certify(&env, &s.task, &codes, &r));
        lasso_of(&env, &s.task, 0, &matrix, &problem);
        struct spred_certifier *certifier = spred_certifier_new(&env, &problem);
        spred_certifier_start(certifier, s.task.lambda / 9);
        assert_ok(&env, spred_certify(certifier, z, &b, &main_one));
        assert_near(r.gap, main_one.gap,
                    r.floor + main_one.floor + 1e-12 * r.gap);
        assert_near(r.objective, 9 * main_one.primal, 1e-12);
        assert_true(r.floor < 1e-11);
        spred_certifier_free(certifier);
        spred_matrix_free(&env, &matrix);
        if (seed % 2)
            spred_codes_free(&env, &codes);
        else
            free_dense(&codes);
        coding_sample_free(&s);
    }
}

/* The gap of the only signal, in long double. */
static long double long_gap(const struct coding_sample *s,
                            const struct spred_codes *codes)
{
    size_t m = s->task.m;
    long double residual[16], rr = 0, xr = 0, l1 = 0, top = 0, xx = 0;
    assert_true(m <= 16);
    for (size_t e = 0; e < m; e++) {
        residual[e] = s->signals[e];
        for (size_t at = 0; at < codes->start[1]; at++)
            residual[e] -= (long double)codes->value[at] *
                           s->dictionary[e + codes->atom[at] * m];
        rr += residual[e] * residual[e];
        xr += residual[e] * s->signals[e];
        xx += (long double)s->signals[e] * s->signals[e];
    }
    for (size_t j = 0; j < s->task.atoms; j++) {
        long double dot = 0;
        for (size_t e = 0; e < m; e++)
            dot += residual[e] * s->dictionary[e + j * m];
        top = fabsl(dot) > top ? fabsl(dot) : top;
    }
    for (size_t at = 0; at < codes->start[1]; at++)
        l1 += fabsl((long double)codes->value[at]);
    long double t = s->task.lambda / top, scale = xr / rr;
    scale = scale > t ? t : scale < -t ? -t : scale;
    long double gap =
        rr / 2 * (1 + scale * scale) - scale * xr + s->task.lambda * l1;
    return gap / (xx / 2);
}

/* Bound on the rounding: the gap in long double differs by less than floor, of
 * optimal codes and of large ones that cancel, where the floor is large. */
static void floor_holds(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    double most = 0;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        struct coding_sample s;
        struct spred_codes codes;
        struct spred_coding_report r;
        int cancels = seed > 60;
        coding_sample(&s, cancels ? COHERENT : PLAIN, 16, 40, 1,
                      .02 * (double)(seed % 9 + 1), seed);
        assert_ok(&env, code_by(&env, "lars", &s.task, &codes, &r));
        if (cancels) {
            double z[40] = {0};
            spred_codes_free(&env, &codes);
            z[seed % 40] = 1e6 / 3;
            z[(seed + 7) % 40] = -1e6 / 3;
            z[(seed + 9) % 40] = .1;
            codes = dense_codes(z, 40, 1);
            memcpy(s.dictionary + 16 * ((seed + 7) % 40),
                   s.dictionary + 16 * (seed % 40), 16 * sizeof(double));
            s.dictionary[16 * (seed % 40)] += 1e-9;
            s.task.lambda = 1e-9;
            assert_ok(&env, spred_codes_certify(&env, &s.task, &codes, &r));
        }
        long double gap = long_gap(&s, &codes);
        assert_true(gap >= -1e-18L);
        assert_near((double)gap, r.gap, r.floor);
        most = fmax(most, fabs((double)gap - r.gap));
        if (cancels)
            free_dense(&codes);
        else
            spred_codes_free(&env, &codes);
        coding_sample_free(&s);
    }
    assert_true(most > 1e-13); /* there was something to bound */
}

static int keep_primal(void *cookie, const struct spred_host_point *point)
{
    *(double *)cookie = point->certificate.primal;
    return 0;
}

/* The optimum of signal i by a lasso solver of the host. */
static double optimum(struct spred_env *env, const struct spred_coding *task,
                      size_t i)
{
    struct spred_matrix matrix;
    struct spred_problem problem;
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    const struct spred_solver *solver = spred_solver_find("coordinate-descent");
    double lambda = task->lambda / (double)task->m, primal = NAN;
    lasso_of(env, task, i, &matrix, &problem);
    if (lambda >= problem.lambda_max) {
        primal = problem.null_objective;
    } else {
        void *options = calloc(1, solver->options_size + 1);
        assert_ok(env, spred_options_default(env, solver->options, options));
        spred_host_plan_default(&plan);
        plan.lambda = &lambda;
        plan.n_lambda = 1;
        plan.gap = 1e-10;
        assert_ok(env, spred_host_run(env, solver, options, &problem, &plan, 1,
                                      keep_primal, &primal, &totals));
        assert_int_equal(totals.certified, 1);
        free(options);
    }
    spred_matrix_free(env, &matrix);
    return primal * (double)task->m;
}

/* Every coder certifies every signal of every kind of dictionary, and the mean
 * objectives agree within the gaps with a lasso solver's. */
static void coders_agree(void **unused)
{
    (void)unused;
    static const struct {
        size_t m, atoms, n;
        double lambda;
    } shapes[] = {{16, 24, 20, .1}, {8, 40, 20, .05}, {20, 1, 9, .1},
                  {1, 5, 9, .05},   {5, 5, 9, 100},   {12, 33, 15, .3}};
    struct spred_env env;
    spred_env_init(&env);
    for (size_t e = 0; e < 6 * KINDS; e++) {
        struct coding_sample s;
        double best = 0, null = 0;
        enum kind kind = (enum kind)(e % KINDS);
        size_t shape = e / KINDS;
        coding_sample(&s, kind, shapes[shape].m, shapes[shape].atoms,
                      shapes[shape].n, shapes[shape].lambda, e + 1);
        for (size_t i = 0; i < s.task.n; i++) {
            const double *x = s.signals + i * s.task.m;
            double square = spred_dot(s.task.m, x, x) / 2;
            null += square / (double)s.task.n;
            if (square > 0)
                best += optimum(&env, &s.task, i) / (double)s.task.n;
        }
        for (size_t k = 0; spred_coders[k]; k++) {
            struct spred_coding_report r;
            const char *name = spred_coders[k]->name;
            assert_ok(&env, code_by(&env, name, &s.task, NULL, &r));
            if (r.certified != s.task.n || r.coded != s.task.n)
                fail_msg("%s certifies %zu of %zu, kind %d, shape %zu, worst "
                         "gap %g",
                         name, r.certified, s.task.n, kind, shape, r.gap);
            assert_near(r.objective, best, 1e-6 * null + 1e-12);
            assert_true(r.seconds >= 0 && r.seconds_certify >= 0);
        }
        coding_sample_free(&s);
    }
}

/* lars and spred-newton are exact on every kind of dictionary: their gaps are
 * rounding, whatever was asked; coordinate descent, which finishes where they
 * fail, would stop at half of that. */
static void exact_ones_are_exact(void **unused)
{
    (void)unused;
    static const char *const names[] = {"lars", "spred-newton"};
    struct spred_env env;
    spred_env_init(&env);
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (size_t k = 0; k < 2; k++) {
            struct coding_sample s;
            struct spred_coding_report r;
            coding_sample(&s, (enum kind)(seed % KINDS), 12, 60, 40,
                          .01 * (double)seed, seed);
            s.task.gap = 1e-6;
            assert_ok(&env, code_by(&env, names[k], &s.task, NULL, &r));
            if (!(r.gap <= 10 * r.floor))
                fail_msg("%s, seed %d: gap %g, floor %g", names[k], (int)seed,
                         r.gap, r.floor);
            assert_int_equal(r.certified, s.task.n);
            coding_sample_free(&s);
        }
}

static int same_codes(const struct spred_codes *a, const struct spred_codes *b)
{
    size_t total = a->start[a->n];
    return a->n == b->n &&
           memcmp(a->start, b->start, (a->n + 1) * sizeof *a->start) == 0 &&
           memcmp(a->atom, b->atom, total * sizeof *a->atom) == 0 &&
           memcmp(a->value, b->value, total * sizeof *a->value) == 0;
}

/* 700 signals are three blocks: no bit depends on who codes them. */
static void threads_change_nothing(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct coding_sample s;
    spred_env_init(&env);
    coding_sample(&s, PLAIN, 10, 24, 700, .2, 5);
    s.task.gap = 1e-4;
    for (size_t k = 0; spred_coders[k]; k++) {
        struct spred_codes one, three;
        struct spred_coding_report r1, r3;
        const char *name = spred_coders[k]->name;
        s.task.threads = 1;
        assert_ok(&env, code_by(&env, name, &s.task, &one, &r1));
        s.task.threads = 3;
        assert_ok(&env, code_by(&env, name, &s.task, &three, &r3));
        assert_true(same_codes(&one, &three));
        assert_int_equal(r1.steps, r3.steps);
        assert_int_equal(r1.certified, r3.certified);
        assert_memory_equal(&r1.gap, &r3.gap, sizeof r1.gap);
        assert_memory_equal(&r1.objective, &r3.objective, sizeof r1.gap);
        assert_true(one.start[700] > 700);
        for (size_t at = 0; at < one.start[700]; at++)
            assert_true(one.value[at] < 0 || one.value[at] > 0);
        spred_codes_free(&env, &one);
        spred_codes_free(&env, &three);
    }
    coding_sample_free(&s);
}

static void refuses(struct spred_env *env, const struct spred_coding *task,
                    const char *text)
{
    struct spred_codes codes;
    struct spred_coding_report r;
    assert_int_equal(code_by(env, "lars", task, &codes, &r), SPRED_EINVAL);
    if (!strstr(env->error, text))
        fail_msg("'%s' does not say '%s'", env->error, text);
    spred_codes_free(env, &codes);
}

static void bad_input(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct coding_sample s;
    spred_env_init(&env);
    coding_sample(&s, PLAIN, 4, 6, 5, .1, 1);
    struct spred_coding task = s.task;
    s.signals[2 + 3 * 4] = NAN;
    refuses(&env, &task, "value 3 of signal 4");
    s.signals[2 + 3 * 4] = 1;
    s.dictionary[1 + 5 * 4] = INFINITY;
    refuses(&env, &task, "value 2 of atom 6");
    s.dictionary[1 + 5 * 4] = 0;
    static const double wrong[] = {0, -1, NAN, INFINITY};
    for (size_t k = 0; k < 4; k++) {
        task.lambda = wrong[k];
        refuses(&env, &task, "lambda");
        task.lambda = .1;
        task.gap = wrong[k];
        refuses(&env, &task, "gap");
        task.gap = 1e-6;
    }
    task.threads = 0;
    refuses(&env, &task, "threads");
    task.threads = 1;
    task.atoms = 0;
    refuses(&env, &task, "0 atoms");
    task = s.task;
    /* codes that are no codes */
    double z[30] = {[3] = 1};
    struct spred_coding_report r = {0};
    struct spred_codes codes = dense_codes(z, 6, 5);
    codes.atom[0] = 6;
    assert_int_equal(spred_codes_certify(&env, &task, &codes, &r),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "no atom 7 of 6"));
    codes.atom[0] = 3;
    codes.start[2] = 0;
    assert_int_equal(spred_codes_certify(&env, &task, &codes, &r),
                     SPRED_EINVAL);
    codes.n = 4;
    assert_int_equal(spred_codes_certify(&env, &task, &codes, &r),
                     SPRED_EMISMATCH);
    free_dense(&codes);
    assert_null(spred_coder_find("lasso"));
    assert_ptr_equal(spred_coder_find("cd"),
                     spred_coder_find("coordinate-descent"));
    coding_sample_free(&s);
}

/* Very large and very small signals end, and nothing false is certified. */
static void extreme_sizes(void **unused)
{
    (void)unused;
    static const double sizes[] = {1e-200, 1e-160, 1e-30, 1e30, 1e160};
    struct spred_env env;
    spred_env_init(&env);
    for (size_t e = 0; e < 5; e++)
        for (size_t k = 0; spred_coders[k]; k++) {
            struct coding_sample s;
            struct spred_coding_report r;
            coding_sample(&s, PLAIN, 6, 12, 5, .1, 3);
            for (size_t v = 0; v < 30; v++)
                s.signals[v] *= sizes[e];
            if (sizes[e] > 1e-100 && sizes[e] < 1e100)
                s.task.lambda *= sizes[e];
            assert_ok(&env,
                      code_by(&env, spred_coders[k]->name, &s.task, NULL, &r));
            if ((e == 2 || e == 3) && r.certified != 5)
                fail_msg("%s: %zu of 5 of size %g, worst gap %g",
                         spred_coders[k]->name, r.certified, sizes[e], r.gap);
            if (e == 4)
                assert_int_equal(r.certified, 0);
            coding_sample_free(&s);
        }
}

static int always(void *cookie)
{
    (void)cookie;
    return 1;
}

static void cancel_and_wall(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct coding_sample s;
    struct spred_codes codes;
    struct spred_coding_report r;
    spred_env_init(&env);
    coding_sample(&s, PLAIN, 10, 24, 600, .2, 5);
    env.cancelled = always;
    assert_int_equal(code_by(&env, "lars", &s.task, &codes, &r),
                     SPRED_EINTERRUPTED);
    spred_codes_free(&env, &codes);
    env.cancelled = NULL;
    s.task.wall = 1e-12; /* over before the first block */
    assert_ok(&env, code_by(&env, "lars", &s.task, &codes, &r));
    assert_int_equal(r.coded, 0);
    assert_int_equal(codes.start[600], 0);
    assert_true(r.certified < 600 && r.gap > .1);
    spred_codes_free(&env, &codes);
    s.task.wall = 1e6;
    assert_ok(&env, code_by(&env, "lars", &s.task, &codes, &r));
    assert_int_equal(r.coded, 600);
    spred_codes_free(&env, &codes);
    coding_sample_free(&s);
}

/* A coder that takes until the wall is over for its first block. */
static const double wall = .5;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *nothing(struct spred_env *env, const void *options,
                     const struct spred_coding_shared *shared)
{
    (void)options;
    assert_null(shared->gram); /* it did not ask for it */
    return spred_alloc(env, 1, 1);
}

static enum spred_status slow(struct spred_env *env, void *work, size_t first,
                              size_t count, double *correlations, double *z,
                              long *steps)
{
    double begin = seconds_now();
    (void)env;
    (void)work;
    (void)first;
    (void)correlations;
    while (seconds_now() - begin <= wall)
        ;
    for (size_t i = 0; i < count; i++)
        z[24 * i + i % 24] = 1;
    ++*steps;
    return SPRED_OK;
}

static void wall_in_the_middle(void **unused)
{
    (void)unused;
    static const struct spred_coder coder = {
        .name = "slow", .open = nothing, .close = spred_free, .code = slow};
    struct spred_env env;
    struct coding_sample s;
    struct spred_codes codes;
    struct spred_coding_report r;
    spred_env_init(&env);
    coding_sample(&s, PLAIN, 10, 24, 600, .2, 5);
    s.task.wall = wall;
    assert_ok(&env, spred_code(&env, &coder, NULL, &s.task, &codes, &r));
    assert_int_equal(r.coded, 256);
    assert_int_equal(r.steps, 1);
    for (size_t i = 0; i <= 600; i++)
        assert_int_equal(codes.start[i], i < 256 ? i : 256);
    for (size_t i = 0; i < 256; i++)
        assert_int_equal(codes.atom[i], i % 24);
    spred_codes_free(&env, &codes);
    coding_sample_free(&s);
}

/* First order within few steps: it ends, and says how many are certified. */
static void steps_end_it(void **unused)
{
    (void)unused;
    static const char *const names[] = {"fista", "spred"};
    struct spred_env env;
    struct coding_sample s;
    spred_env_init(&env);
    coding_sample(&s, COHERENT, 10, 24, 30, .05, 5);
    for (size_t k = 0; k < 2; k++) {
        const struct spred_coder *coder = spred_coder_find(names[k]);
        struct spred_coding_report r;
        void *options = coder_options(coder, "steps", "3");
        assert_ok(&env, spred_code(&env, coder, options, &s.task, NULL, &r));
        assert_true(r.certified < 30 && r.coded == 30);
        assert_true(r.gap > 1e-6 && isfinite(r.objective));
        free(options);
    }
    const struct spred_coder *coder = spred_coder_find("spred");
    struct spred_coding_report r;
    void *options = coder_options(coder, "memory", "0"); /* plain gradients */
    s.task.gap = .05;
    assert_ok(&env, spred_code(&env, coder, options, &s.task, NULL, &r));
    assert_int_equal(r.certified, 30);
    free(options);
    coding_sample_free(&s);
}

/* Every allocation fails once: an error, and nothing is left behind. */
static void memory_fails(void **unused)
{
    (void)unused;
    struct coding_sample s;
    coding_sample(&s, PLAIN, 6, 9, 300, .2, 5);
    s.task.gap = 1e-3;
    for (size_t k = 0; spred_coders[k]; k++)
        for (size_t threads = 1; threads <= 2; threads++)
            for (long at = 1;; at++) {
                struct spred_env env;
                struct ledger ledger;
                struct spred_codes codes;
                struct spred_coding_report r;
                ledger_env(&env, &ledger, at);
                s.task.threads = threads;
                enum spred_status status =
                    code_by(&env, spred_coders[k]->name, &s.task, &codes, &r);
                int failed = ledger.calls >= at;
                assert_int_equal(status, failed ? SPRED_ENOMEM : SPRED_OK);
                spred_codes_free(&env, &codes);
                assert_int_equal(ledger.live, 0);
                if (!failed)
                    break;
                assert_true(at < 200);
            }
    coding_sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gap_by_hand),
        cmocka_unit_test(not_certified),
        cmocka_unit_test(as_the_main_certificate),
        cmocka_unit_test(floor_holds),
        cmocka_unit_test(coders_agree),
        cmocka_unit_test(exact_ones_are_exact),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(bad_input),
        cmocka_unit_test(extreme_sizes),
        cmocka_unit_test(cancel_and_wall),
        cmocka_unit_test(wall_in_the_middle),
        cmocka_unit_test(steps_end_it),
        cmocka_unit_test(memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
