/* t-contract.c: every method meets every kind of problem and has to keep what
 * solver.h says and what it claims. A new method needs no new test here. */
#include "problems.h"

#include <ctype.h>

#include "spred/solver.h"

enum { LAMBDAS = 3, STEPS = 50000 };
/* The first is above lambda_max. */
static const double ratios[LAMBDAS] = {1.2, 0.5, 0.15};

/* No clock: nothing here depends on the machine's speed. */
static double stopped_clock(void *cookie)
{
    (void)cookie;
    return 0;
}

/* What a run left at the end of each lambda. */
struct outcome {
    size_t lambdas, size; /* seen; p * K */
    struct spred_certificate last[LAMBDAS];
    enum spred_stop stop[LAMBDAS];
    long steps[LAMBDAS];
    double *w, b[SPRED_MAX_OUTPUTS]; /* the last ones */
    int zero_at_top, finite;
};

static int collect(void *cookie, const struct spred_host_point *point)
{
    struct outcome *o = cookie;
    for (size_t e = 0; e < o->size; e++)
        o->finite = o->finite && isfinite(point->w[e]);
    o->finite = o->finite && isfinite(point->b[0]);
    if (point->stop == SPRED_STOP_NONE || o->lambdas >= LAMBDAS)
        return 0;
    o->last[o->lambdas] = point->certificate;
    o->steps[o->lambdas] = point->step;
    o->stop[o->lambdas++] = point->stop;
    if (point->lambda_index == 0)
        o->zero_at_top = point->certificate.support == 0;
    memcpy(o->w, point->w, o->size * sizeof *o->w);
    memcpy(o->b, point->b, sizeof *o->b);
    return 0;
}

static void *default_options(struct spred_env *env,
                             const struct spred_solver *solver)
{
    void *options = calloc(1, solver->options_size + 1);
    assert_ok(env, spred_options_default(env, solver->options, options));
    return options;
}

/* Runs solver on the sample's problem; o->w is made here, free it. */
static enum spred_status
run(struct spred_env *env, const struct spred_solver *solver,
    const void *options, const struct spred_problem *problem,
    const double *lambda, size_t n_lambda, struct outcome *o,
    struct spred_host_totals *totals)
{
    struct spred_host_plan plan;
    spred_host_plan_default(&plan);
    plan.lambda = lambda;
    plan.n_lambda = n_lambda;
    plan.gap = solver->claim > 0 ? solver->claim : 1e-2;
    plan.steps = solver->claim > 0 ? STEPS : 300;
    plan.now = stopped_clock;
    memset(o, 0, sizeof *o);
    o->finite = 1;
    o->size = problem->p * problem->outputs;
    o->w = calloc(o->size, sizeof *o->w);
    return spred_host_run(env, solver, options, problem, &plan, 17, collect, o,
                          totals);
}

/* Combination `index` of loss, penalty, weights, intercept, storage, shape. The
 * penalties: L1, elastic net, groups of features, the same with a ridge part,
 * groups over the outputs, three factors. */
enum { PENALTIES = 6 };
enum { COMBINATIONS = 3 * PENALTIES * 2 * 2 * 3 * 2 };
static struct recipe combination(size_t index)
{
    static const struct spred_loss *const losses[] = {
        &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};
    struct recipe recipe = {.classes = 3, .noise = 1};
    recipe.loss = losses[index % 3];
    index /= 3;
    size_t kind = index % PENALTIES;
    recipe.l1_ratio = kind == 1 || kind == 3 ? 0.5 : 1;
    recipe.group = kind == 2 || kind == 3 ? 4 : kind == 4 ? 1 : 0;
    recipe.over = kind == 4;
    recipe.factors = kind == 5 ? 3 : 0;
    index /= PENALTIES;
    recipe.weights = index % 2;
    index /= 2;
    recipe.intercept = index % 2;
    index /= 2;
    recipe.storage = (enum spred_storage)(index % 3);
    index /= 3;
    recipe.n = index % 2 ? 24 : 50;
    recipe.p = index % 2 ? 40 : 9;
    recipe.standardize = recipe.intercept && recipe.weights;
    return recipe;
}

static void check_outcome(const struct spred_solver *solver,
                          const struct outcome *o, size_t expected,
                          const char *where)
{
    if (!o->finite)
        fail_msg("%s on %s: not finite", solver->name, where);
    if (solver->claim > 0 && o->lambdas != expected)
        fail_msg("%s on %s: %zu lambdas", solver->name, where, o->lambdas);
    for (size_t k = 0; k < o->lambdas; k++) {
        const struct spred_certificate *c = &o->last[k];
        enum spred_stop due =
            c->convex ? SPRED_STOP_TARGET : SPRED_STOP_STATIONARY;
        if (!(c->gap >= -c->floor))
            fail_msg("%s on %s: gap %g", solver->name, where, c->gap);
        if (solver->claim > 0 && o->stop[k] != due)
            fail_msg("%s on %s: lambda %zu ends %s after %ld steps with gap "
                     "%g (floor %g, kkt %g), it claims %g",
                     solver->name, where, k, spred_stop_name(o->stop[k]),
                     o->steps[k], c->gap, c->floor, c->kkt, solver->claim);
    }
}

/* P_a - P_b <= P_a - D_a: with both gaps, objectives cannot differ by more. */
static void check_agreement(const struct spred_problem *problem,
                            const struct outcome *a, const struct outcome *b,
                            const char *where)
{
    double unit = problem->null_objective;
    for (size_t k = 0; k < a->lambdas && k < b->lambdas; k++) {
        const struct spred_certificate *x = &a->last[k], *y = &b->last[k];
        if (!x->convex) /* there are several local minima */
            continue;
        double allowed = unit * (x->gap + x->floor + y->gap + y->floor);
        if (!(fabs(x->primal - y->primal) <= allowed))
            fail_msg("%s lambda %zu: objectives %.17g and %.17g, gaps allow %g",
                     where, k, x->primal, y->primal, allowed);
    }
}

/* Each lambda alone must end as well as along the path. */
static void check_cold(struct sample *s, const struct spred_solver *solver,
                       const void *options, const double *lambda,
                       const struct outcome *warm, const char *where)
{
    struct outcome cold;
    struct spred_host_totals totals;
    for (size_t k = 0; k < LAMBDAS && k < warm->lambdas; k++) {
        struct outcome one = *warm;
        assert_ok(&s->env, run(&s->env, solver, options, &s->problem,
                               lambda + k, 1, &cold, &totals));
        check_outcome(solver, &cold, 1, where);
        one.last[0] = warm->last[k];
        one.lambdas = 1;
        check_agreement(&s->problem, &one, &cold, where);
        free(cold.w);
    }
}

/* The same bits again, and with two threads. */
static void check_repeat(struct sample *s, const struct spred_solver *solver,
                         const void *options, const double *lambda,
                         const struct outcome *first, size_t threads,
                         const char *where)
{
    struct outcome second;
    struct spred_host_totals totals;
    s->problem.x.pool = spred_pool_new(&s->env, threads);
    assert_non_null(s->problem.x.pool);
    assert_ok(&s->env, run(&s->env, solver, options, &s->problem, lambda,
                           LAMBDAS, &second, &totals));
    if (memcmp(first->w, second.w, first->size * sizeof *first->w) != 0 ||
        memcmp(first->b, second.b, sizeof first->b) != 0)
        fail_msg("%s on %s: a run with %zu threads differs", solver->name,
                 where, threads);
    free(second.w);
    spred_pool_free(s->problem.x.pool);
    s->problem.x.pool = NULL;
}

static void every_problem(void **unused)
{
    (void)unused;
    char where[128];
    for (size_t index = 0; index < COMBINATIONS; index++) {
        struct recipe recipe = combination(index);
        struct sample s;
        struct spred_host_totals totals;
        struct outcome first = {0}, o;
        double lambda[LAMBDAS];
        int have_first = 0;
        sample_make(&s, &recipe, 1000 + index);
        assert_ok(&s.env, s.status);
        recipe_text(&recipe, 1000 + index, where, sizeof where);
        for (size_t k = 0; k < LAMBDAS; k++)
            lambda[k] = ratios[k] * s.problem.lambda_max;
        for (size_t i = 0; spred_solvers[i]; i++) {
            const struct spred_solver *solver = spred_solvers[i];
            void *options = default_options(&s.env, solver);
            const char *refusal = spred_solver_refuses(solver, &s.problem);
            enum spred_status status = run(&s.env, solver, options, &s.problem,
                                           lambda, LAMBDAS, &o, &totals);
            if (refusal) {
                assert_true(strlen(refusal) > 5);
                assert_int_equal(status, SPRED_EMISMATCH);
                assert_non_null(strstr(s.env.error, refusal));
                free(o.w);
                free(options);
                continue;
            }
            assert_ok(&s.env, status);
            check_outcome(solver, &o, LAMBDAS, where);
            int convex = spred_penalty_form(&s.problem)->convex;
            if (convex && solver->claim > 0 && solver->claim <= 1e-6 &&
                !o.zero_at_top)
                fail_msg("%s on %s: not zero above lambda_max", solver->name,
                         where);
            if (have_first)
                check_agreement(&s.problem, &first, &o, where);
            if (index % 7 == 0)
                for (size_t threads = 1; threads <= 2; threads++)
                    check_repeat(&s, solver, options, lambda, &o, threads,
                                 where);
            if (index % 5 == 0)
                check_cold(&s, solver, options, lambda, &o, where);
            free(options);
            if (have_first)
                free(o.w);
            else
                first = o;
            have_first = 1;
        }
        if (have_first)
            free(first.w);
        sample_free(&s);
    }
}

static void names(void **unused)
{
    (void)unused;
    assert_non_null(spred_solvers[0]);
    assert_null(spred_solver_find("no-such-method"));
    for (size_t i = 0; spred_solvers[i]; i++) {
        const struct spred_solver *a = spred_solvers[i];
        assert_non_null(a->name);
        assert_true(strlen(a->name) > 1);
        for (const char *c = a->name; *c; c++)
            assert_true(islower((unsigned char)*c) ||
                        isdigit((unsigned char)*c) || *c == '-');
        assert_true(a->doc && strlen(a->doc) > 10 && !strchr(a->doc, '\n'));
        assert_true(a->reference && strlen(a->reference) > 10);
        assert_true(a->api_version > 0 && a->state_size > 0);
        assert_true(a->claim >= 0 && a->claim < 1);
        assert_ptr_equal(spred_solver_find(a->name), a);
        if (a->alias)
            assert_ptr_equal(spred_solver_find(a->alias), a);
        for (size_t j = 0; j < i; j++) {
            const struct spred_solver *b = spred_solvers[j];
            assert_string_not_equal(a->name, b->name);
            if (a->alias && b->alias)
                assert_string_not_equal(a->alias, b->alias);
        }
    }
}

static void check_row(struct spred_env *env, const struct spred_option *table,
                      const struct spred_option *row, void *options)
{
    char text[64];
    assert_true(row->doc && strlen(row->doc) > 3 && !strchr(row->doc, '\n'));
    for (const struct spred_option *other = table; other < row; other++)
        assert_string_not_equal(other->name, row->name);
    assert_int_equal(spred_options_set(env, table, options, row->name, "x1y"),
                     SPRED_EINVAL);
    assert_ok(env,
              spred_options_set(env, table, options, row->name, row->initial));
    if (row->kind == SPRED_OPTION_INT || row->kind == SPRED_OPTION_REAL) {
        assert_true(row->min < row->max);
        snprintf(text, sizeof text, "%.0f", ceil(row->max + 1));
        assert_int_equal(
            spred_options_set(env, table, options, row->name, text),
            SPRED_EINVAL);
        snprintf(text, sizeof text, "%.0f", floor(row->min - 1));
        assert_int_equal(
            spred_options_set(env, table, options, row->name, text),
            SPRED_EINVAL);
    }
    if (row->kind == SPRED_OPTION_CHOICE)
        assert_non_null(row->choices[0]);
}

static void option_tables(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (size_t i = 0; spred_solvers[i]; i++) {
        const struct spred_solver *solver = spred_solvers[i];
        void *options = default_options(&env, solver);
        size_t count = 0;
        assert_int_equal(solver->options != NULL, solver->options_size > 0);
        for (; solver->options && solver->options[count].name; count++) {
            const struct spred_option *row = solver->options + count;
            assert_true(row->offset < solver->options_size);
            check_row(&env, solver->options, row, options);
        }
        assert_true(count <= 64);
        assert_int_equal(spred_options_set(&env, solver->options, options,
                                           "no-such-option", "1"),
                         SPRED_ENOTFOUND);
        free(options);
    }
}

/* Every value of every choice and flag runs and stays finite. */
static void try_choices(struct sample *s, const struct spred_solver *solver,
                        const double *lambda)
{
    static const char *const flags[] = {"false", "true", NULL};
    const struct spred_option *row = solver->options;
    if (spred_solver_refuses(solver, &s->problem))
        return;
    for (; row && row->name; row++) {
        const char *const *words = row->kind == SPRED_OPTION_CHOICE
                                       ? row->choices
                                   : row->kind == SPRED_OPTION_BOOL ? flags
                                                                    : NULL;
        for (; words && *words; words++) {
            void *options = default_options(&s->env, solver);
            struct spred_solver limited = *solver;
            struct spred_host_totals totals;
            struct outcome o;
            char where[128];
            limited.claim = 0; /* 300 steps; only the defaults are claimed */
            snprintf(where, sizeof where, "%s=%s", row->name, *words);
            assert_ok(&s->env, spred_options_set(&s->env, solver->options,
                                                 options, row->name, *words));
            assert_ok(&s->env, run(&s->env, &limited, options, &s->problem,
                                   lambda, LAMBDAS, &o, &totals));
            check_outcome(&limited, &o, LAMBDAS, where);
            if (totals.stop == SPRED_STOP_FAILED)
                fail_msg("%s %s: %s", solver->name, where, s->env.error);
            free(o.w);
            free(options);
        }
    }
}

static void every_choice(void **unused)
{
    (void)unused;
    for (size_t index = 0; index < 3 * PENALTIES; index++) { /* every loss */
        struct recipe recipe = combination(index);
        struct sample s;
        double lambda[LAMBDAS];
        sample_make(&s, &recipe, 7);
        assert_ok(&s.env, s.status);
        for (size_t k = 0; k < LAMBDAS; k++)
            lambda[k] = ratios[k] * s.problem.lambda_max;
        for (size_t i = 0; spred_solvers[i]; i++)
            try_choices(&s, spred_solvers[i], lambda);
        sample_free(&s);
    }
}

/* An allocator whose call number `fail_at` fails. */
struct ledger {
    long calls, fail_at, live;
};

static void *counted(void *cookie, void *pointer, size_t size)
{
    struct ledger *ledger = cookie;
    if (size == 0) {
        ledger->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (++ledger->calls == ledger->fail_at)
        return NULL;
    ledger->live += pointer == NULL;
    return realloc(pointer, size);
}

static void every_allocation_fails_once(void **unused)
{
    (void)unused;
    for (size_t index = 0; index < COMBINATIONS; index += 19) {
        struct recipe recipe = combination(index);
        struct sample s;
        sample_make(&s, &recipe, 5);
        assert_ok(&s.env, s.status);
        double lambda = 0.3 * s.problem.lambda_max;
        for (size_t i = 0; spred_solvers[i]; i++) {
            const struct spred_solver *solver = spred_solvers[i];
            if (spred_solver_refuses(solver, &s.problem))
                continue;
            void *options = default_options(&s.env, solver);
            struct ledger ledger = {0, 0, 0};
            int survived = 0;
            for (long n = 1; !survived && n < 1000; n++) {
                struct spred_env env;
                struct spred_host_totals totals;
                struct outcome o;
                spred_env_init(&env);
                env.reallocate = counted;
                env.allocate_cookie = &ledger;
                ledger = (struct ledger){0, n, 0};
                enum spred_status status = run(
                    &env, solver, options, &s.problem, &lambda, 1, &o, &totals);
                survived = ledger.calls < n;
                if (ledger.live != 0)
                    fail_msg("%s leaks %ld blocks when allocation %ld fails",
                             solver->name, ledger.live, n);
                if (survived)
                    assert_ok(&env, status);
                else if (status != SPRED_ENOMEM &&
                         totals.stop != SPRED_STOP_FAILED)
                    fail_msg("%s hides that allocation %ld failed",
                             solver->name, n);
                free(o.w);
            }
            assert_true(survived);
            free(options);
        }
        sample_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names), cmocka_unit_test(option_tables),
        cmocka_unit_test(every_problem), cmocka_unit_test(every_choice),
        cmocka_unit_test(every_allocation_fails_once)};
    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
