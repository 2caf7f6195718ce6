/* t-luacustom.c: losses and penalties of a script, declared and solved. */
#include <lauxlib.h>

#include "certify.h"
#include "custom.h"
#include "lua/custom.h"
#include "lua/declare.h"

static const char prelude[] =
    "function check(ok, message) if not ok then error(message, 2) end end\n"
    "function raises(f, pattern)\n"
    "    local ok, message = pcall(f)\n"
    "    if ok then error('no error, expected ' .. pattern, 2) end\n"
    "    if not tostring(message):find(pattern) then\n"
    "        error(message .. ': expected ' .. pattern, 2)\n"
    "    end\n"
    "end\n";

static struct script *opened(struct spred_env *env, const char *name)
{
    struct script_options options = {.seconds = 20};
    struct script *script = NULL;
    char path[1024];
    spred_env_init(env);
    assert_ok(env, script_new(env, &options, &script));
    assert_ok(env, script_text(script, prelude, sizeof prelude - 1, "=test"));
    snprintf(path, sizeof path, "%s/tests/lua/%s", getenv("SPRED_SOURCE"),
             name);
    assert_ok(env, script_file(script, path));
    assert_int_equal(lua_gettop(script->L), 0);
    return script;
}

static struct spred_host_totals solve(struct sample *s, const char *method,
                                      struct best *best)
{
    const struct spred_solver *solver = spred_solver_find(method);
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    void *options = calloc(1, solver->options_size + 1);
    double lambda = 0.1 * s->problem.lambda_max;
    best->size = s->problem.p;
    best->outputs = 1;
    best->primal = INFINITY;
    best->w = calloc(best->size, sizeof *best->w);
    spred_host_plan_default(&plan);
    plan.lambda = &lambda;
    plan.n_lambda = 1;
    plan.gap = 1e-8;
    plan.now = no_clock;
    assert_ok(&s->env,
              spred_options_default(&s->env, solver->options, options));
    assert_ok(&s->env, spred_host_run(&s->env, solver, options, &s->problem,
                                      &plan, 1, keep_best, best, &totals));
    free(options);
    return totals;
}

static void loss_of_a_script(void **state)
{
    (void)state;
    struct spred_env env;
    struct script *script = opened(&env, "loss.lua");
    struct recipe recipe = {.n = 40, .p = 20, .intercept = 1, .noise = 2};
    struct made_loss made;
    struct sample s;
    struct best best[2];
    loss_make(&made, "huber", &huber_loss, 1, 0);
    sample_make(&s, &recipe, 3);
    s.problem.loss = parts_loss(script->parts, "huber");
    assert_non_null(s.problem.loss);
    assert_null(parts_loss(script->parts, "x")); /* was refused */
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    assert_int_equal(solve(&s, "spred-newton", &best[0]).stop,
                     SPRED_STOP_TARGET);
    s.problem.loss = &made.own.loss;
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    solve(&s, "spred-newton", &best[1]);
    assert_near(best[0].primal, best[1].primal, 1e-14);
    s.problem.loss = parts_loss(script->parts, "fragile");
    s.y[7] = 41.5;
    assert_int_equal(spred_problem_init(&s.env, &s.problem), SPRED_EINVAL);
    assert_non_null(strstr(s.env.error, "loss.lua:"));
    assert_non_null(strstr(s.env.error, "no such target"));
    assert_int_equal(lua_gettop(script->L), 0);
    free(best[0].w);
    free(best[1].w);
    sample_free(&s);
    script_free(script);
}

static void penalty_of_a_script(void **state)
{
    (void)state;
    struct spred_env env;
    struct script *script = opened(&env, "penalty.lua");
    struct recipe recipe = {.n = 40, .p = 20, .intercept = 1};
    struct sample s;
    struct best best[2];
    sample_make(&s, &recipe, 3);
    solve(&s, "proximal-gradient", &best[0]);
    s.problem.penalty.kind = SPRED_PENALTY_CUSTOM;
    s.problem.penalty.form = parts_penalty(script->parts, "lasso");
    assert_non_null(s.problem.penalty.form);
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    assert_int_equal(solve(&s, "proximal-gradient", &best[1]).stop,
                     SPRED_STOP_TARGET);
    assert_near(best[0].primal, best[1].primal,
                2e-8 * s.problem.null_objective);
    free(best[1].w);
    s.problem.penalty.form = parts_penalty(script->parts, "mcp");
    assert_ok(&s.env, spred_problem_init(&s.env, &s.problem));
    assert_int_equal(solve(&s, "proximal-gradient", &best[1]).stop,
                     SPRED_STOP_STATIONARY);
    free(best[0].w);
    free(best[1].w);
    sample_free(&s);
    script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_of_a_script),
        cmocka_unit_test(penalty_of_a_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
