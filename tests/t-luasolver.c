/* t-luasolver.c: methods of a script: what they see, how the host runs them,
 * and that nothing they do is worse than a failed run. */
#include <lauxlib.h>

#include "certify.h"
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

static enum spred_status open_file(struct spred_env *env, const char *name,
                                   double seconds, struct script **out)
{
    struct script_options options = {.seconds = seconds, .memory = 256 << 20};
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", getenv("SPRED_SOURCE"), name);
    SPRED_TRY(script_new(env, &options, out));
    SPRED_TRY(script_text(*out, prelude, sizeof prelude - 1, "=test"));
    return script_file(*out, path);
}

static struct script *opened(struct spred_env *env, const char *name,
                             double seconds)
{
    struct script *script = NULL;
    spred_env_init(env);
    assert_ok(env, open_file(env, name, seconds, &script));
    assert_int_equal(lua_gettop(script->L), 0);
    return script;
}

/* One run, at two lambdas, with at most one option set. */
struct trial {
    const char *method, *option, *value;
    long steps;
    enum spred_status status;
    struct spred_host_totals totals;
    struct best best;
};

static void run(const struct script *script, struct sample *s,
                struct trial *trial)
{
    const struct spred_solver *solver =
        parts_own_solver(script->parts, trial->method);
    struct spred_host_plan plan;
    const double lambda[] = {0.3 * s->problem.lambda_max,
                             0.1 * s->problem.lambda_max};
    struct spred_env *env = &s->env;
    assert_non_null(solver);
    env->error[0] = '\0';
    void *options = spred_alloc(env, 1, solver->options_size);
    struct best *best = &trial->best;
    best->size = s->problem.p * s->problem.outputs;
    best->outputs = s->problem.outputs;
    best->primal = INFINITY;
    best->w = calloc(best->size, sizeof *best->w);
    spred_host_plan_default(&plan);
    plan.lambda = lambda;
    plan.n_lambda = 2;
    plan.now = no_clock;
    plan.steps = trial->steps ? trial->steps : 20000;
    trial->status = options
                        ? spred_options_default(env, solver->options, options)
                        : SPRED_ENOMEM;
    if (trial->status == SPRED_OK && trial->option)
        assert_ok(env, spred_options_set(env, solver->options, options,
                                         trial->option, trial->value));
    if (trial->status == SPRED_OK)
        trial->status = spred_host_run(env, solver, options, &s->problem, &plan,
                                       1, keep_best, best, &trial->totals);
    spred_free(env, options);
}

static const struct spred_loss *const losses[] = {
    &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};

static void ista_is_certified(void **state)
{
    (void)state;
    struct spred_env env;
    struct script *script = opened(&env, "experiments/ista.lua", 20);
    for (size_t i = 0; i < 8; i++) {
        struct recipe recipe = {.n = 40,
                                .p = 30,
                                .classes = 3,
                                .loss = losses[i / 2 % 3],
                                .group = i >= 6 ? 3 : 0,
                                .intercept = 1,
                                .standardize = 1,
                                .noise = 2};
        struct trial trial = {.method = "my-ista",
                              .option = "momentum",
                              .value = i % 2 ? "false" : "true"};
        struct best best;
        struct sample s;
        sample_make(&s, &recipe, 3);
        run(script, &s, &trial);
        assert_ok(&s.env, trial.status);
        assert_int_equal(trial.totals.stop, SPRED_STOP_TARGET);
        assert_int_equal(trial.totals.certified, 2);
        assert_true(trial.totals.passes > 2);
        optimum(&s, 0.1 * s.problem.lambda_max, 1e-8, &best);
        assert_near(trial.best.primal, best.primal,
                    2e-6 * s.problem.null_objective);
        free(best.w);
        free(trial.best.w);
        sample_free(&s);
        assert_int_equal(lua_gettop(script->L), 0);
    }
    script_free(script);
}

/* Runs one method of tests/lua/solvers.lua on a small lasso. */
static struct trial small(const char *method, const char *option,
                          const char *value, char *error)
{
    struct spred_env env;
    struct script *script = opened(&env, "tests/lua/solvers.lua",
                                   strcmp(method, "endless") == 0 ? 0.2 : 20);
    struct recipe recipe = {.n = 30,
                            .p = 20,
                            .intercept = strcmp(method, "shifts") != 0,
                            .noise = 2};
    struct trial trial = {.method = method, .option = option, .value = value};
    struct sample s;
    sample_make(&s, &recipe, 3);
    run(script, &s, &trial);
    strcpy(error, s.env.error);
    free(trial.best.w);
    sample_free(&s);
    assert_int_equal(lua_gettop(script->L), 0);
    if (strcmp(method, "keeps") == 0) {
        static const char after[] =
            "check(kept.freed == 1, 'free is called once')\n"
            "raises(function() return kept.y[1] end, 'run that is over')\n"
            "raises(function() return kept.y + 1 end, 'run that is over')\n"
            "raises(function() return kept.ctx.n end, 'run that is over')\n"
            "raises(function() return kept.ctx.y end, 'run that is over')\n"
            "raises(function() return kept.ctx:lipschitz() end, 'is over')\n"
            "raises(function() return kept.X.rows end, 'run that is over')\n"
            "raises(function() return kept.X:mul(kept.w) end, 'is over')\n"
            "check(kept.w.rows == 20, 'its own memory stays')\n"
            "check(kept.draw == spred.rng(1):uniform(), 'seeded by the run')\n"
            "kept = nil\n";
        assert_ok(&env, script_text(script, after, sizeof after - 1, "=after"));
    }
    script_free(script);
    return trial;
}

static void wrong_ones_are_found_out(void **state)
{
    char error[SPRED_ERROR_MAX];
    (void)state;
    struct trial trial = small("forgets", NULL, NULL, error);
    assert_int_equal(trial.status, SPRED_OK);
    assert_int_equal(trial.totals.certified, 0);
    assert_int_not_equal(trial.totals.stop, SPRED_STOP_TARGET);
    trial = small("lies", NULL, NULL, error);
    assert_int_equal(trial.totals.certified, 0);
    assert_int_equal(trial.totals.stop, SPRED_STOP_REFUTED);
    trial = small("by-get", NULL, NULL, error);
    assert_int_equal(trial.totals.certified, 2);
    assert_int_equal(trial.totals.stop, SPRED_STOP_TARGET);
    small("keeps", NULL, NULL, error);
}

static void errors_are_failed_runs(void **state)
{
    static const struct {
        const char *how, *words;
    } wrong[] = {
        {"size", "s.w: after step it must be a matrix of 20 x 1, it is 2 x 2"},
        {"none", "s.w: after step it must be a matrix of 20 x 1, it is nil"},
        {"text", "s.b: after step it must be a matrix of 1 x 1, it is string"},
        {"single", "it is a matrix that is not dense f64"},
        {"answer", "step must give true (finished), false or nil, not a numb"},
        {"object", "table: "},
        {"deep", "stack overflow"},
        {"memory", "more than 256 MiB of memory"},
        {"X", "column 21: expected 1 to 20"},
        {"shape", "w: expected 20 x 1 values, got 1 x 1"},
        {"write", "may only be read"},
        {"field", "lamda"},
        {"late", "spred.metric: parts are declared while the script is load"},
        {"hooks", "spred.hooks: parts are declared while the script is load"}};
    char error[SPRED_ERROR_MAX];
    (void)state;
    struct trial trial = small("fails", "at", "2", error);
    assert_int_equal(trial.status, SPRED_OK);
    assert_int_equal(trial.totals.stop, SPRED_STOP_FAILED);
    assert_non_null(strstr(error, "solvers.lua:"));
    assert_non_null(strstr(error, "no way on"));
    assert_int_equal(trial.totals.steps, 2);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        trial = small("wrong", "how", wrong[i].how, error);
        assert_int_equal(trial.totals.stop, SPRED_STOP_FAILED);
        if (!strstr(error, wrong[i].words))
            fail_msg("%s: %s", wrong[i].how, error);
        if (!strstr(error, "solvers.lua:") && i != 5 && i != 7)
            fail_msg("%s: no place: %s", wrong[i].how, error);
    }
    trial = small("shifts", NULL, NULL, error);
    assert_int_equal(trial.totals.stop, SPRED_STOP_FAILED);
    assert_non_null(
        strstr(error, "b must stay 0: the problem has no intercep"));
    trial = small("endless", NULL, NULL, error);
    assert_int_equal(trial.totals.stop, SPRED_STOP_FAILED);
    assert_non_null(strstr(error, "more than 0.2 seconds in one call"));
}

static void what_ctx_says_is_true(void **state)
{
    (void)state;
    struct spred_env env;
    struct script *script = opened(&env, "tests/lua/solvers.lua", 20);
    for (size_t i = 0; i < 12; i++) {
        struct recipe recipe = {.n = i % 2 ? 12 : 25,
                                .p = i % 2 ? 20 : 9,
                                .classes = 3,
                                .loss = losses[i / 4],
                                .intercept = i / 2 % 2 == 0,
                                .storage = (enum spred_storage)(i % 3),
                                .standardize = i / 2 % 4 == 0,
                                .noise = 2};
        struct trial trial = {.method = "checks", .steps = 1};
        struct sample s;
        sample_make(&s, &recipe, i);
        run(script, &s, &trial);
        assert_ok(&s.env, trial.status);
        if (trial.totals.stop != SPRED_STOP_STEPS)
            fail_msg("%zu: %s: %s", i, spred_stop_name(trial.totals.stop),
                     s.env.error);
        free(trial.best.w);
        sample_free(&s);
    }
    script_free(script);
}

static void options_are_typed(void **state)
{
    (void)state;
    static const struct {
        const char *option, *value, *words; /* words: NULL: fits */
    } given[] = {{"real", "2.5", NULL},     {"real", "11", "from 0 to 10"},
                 {"whole", "9", NULL},      {"whole", "2.5", "whole"},
                 {"whole", "10", "1 to 9"}, {"flag", "false", NULL},
                 {"flag", "2", "true"},     {"word", "a", NULL},
                 {"word", "c", "a"},        {"free", "1e300", NULL},
                 {"wrod", "a", "word"}};
    struct spred_env env;
    struct script *script = opened(&env, "tests/lua/solvers.lua", 20);
    const struct spred_solver *solver =
        parts_own_solver(script->parts, "takes-options");
    void *options = calloc(1, solver->options_size);
    assert_ok(&env, spred_options_default(&env, solver->options, options));
    char *text = spred_options_text(&env, solver->options, options);
    assert_string_equal(text, "flag=true free=-1e+300 real=0.1 whole=4 word=b");
    spred_free(&env, text);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        enum spred_status status = spred_options_set(
            &env, solver->options, options, given[i].option, given[i].value);
        assert_int_equal(status == SPRED_OK, given[i].words == NULL);
        if (given[i].words && !strstr(env.error, given[i].words))
            fail_msg("%s: %s", given[i].option, env.error);
    }
    free(options);
    struct recipe recipe = {.n = 12, .p = 5};
    struct trial trial = {
        .method = "takes-options", .option = "word", .value = "a", .steps = 1};
    struct sample s;
    static const char after[] =
        "check(options.real == 0.1 and options.flag == true)\n"
        "check(math.type(options.whole) == 'integer' and options.whole == 4)\n"
        "check(options.word == 'a' and options.free == -1e300)\n";
    sample_make(&s, &recipe, 1);
    run(script, &s, &trial);
    assert_ok(&env, script_text(script, after, sizeof after - 1, "=after"));
    free(trial.best.w);
    sample_free(&s);
    script_free(script);
}

/* ---- memory ---- */

static void runs_leave_nothing(void **state)
{
    (void)state;
    struct spred_env env;
    struct script *script = opened(&env, "tests/lua/solvers.lua", 20);
    struct recipe recipe = {.n = 30, .p = 1000, .intercept = 1};
    struct sample s;
    size_t held[2];
    sample_make(&s, &recipe, 3);
    for (int i = 0; i < 20; i++) {
        struct trial trial = {.method = "by-get", .steps = 2};
        run(script, &s, &trial);
        assert_int_equal(trial.status, SPRED_OK);
        free(trial.best.w);
        lua_gc(script->L, LUA_GCCOLLECT);
        lua_gc(script->L, LUA_GCCOLLECT);
        held[i > 0] = script->held;
    }
    assert_true(held[1] <= held[0] + 1000);
    sample_free(&s);
    script_free(script);
}

struct heap {
    long left, blocks; /* allocations until all fail; blocks that are held */
};

static void *from_heap(void *cookie, void *pointer, size_t size)
{
    struct heap *heap = cookie;
    if (size == 0) {
        heap->blocks -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (heap->left-- <= 0)
        return NULL;
    void *block = realloc(pointer, size);
    heap->blocks += !pointer;
    return block;
}

/* From the N-th allocation on all fail, for good: an error, and no leak. */
static void without_memory(void **state)
{
    (void)state;
    struct recipe recipe = {.n = 20, .p = 8, .intercept = 1, .noise = 2};
    struct sample s;
    int through = 0;
    sample_make(&s, &recipe, 3);
    struct spred_env kept = s.env;
    for (long n = 0; !through; n += n < 3000 ? 37 : 3) {
        struct heap heap = {.left = n};
        struct script *script = NULL;
        struct trial trial = {.method = "by-get", .steps = 30};
        s.env.reallocate = from_heap;
        s.env.allocate_cookie = &heap;
        enum spred_status status =
            open_file(&s.env, "tests/lua/solvers.lua", 0, &script);
        if (status == SPRED_OK) {
            run(script, &s, &trial);
            through = trial.status == SPRED_OK &&
                      trial.totals.stop != SPRED_STOP_FAILED;
            free(trial.best.w);
        }
        if (!through)
            assert_true(s.env.error[0] != '\0');
        script_free(script);
        assert_int_equal(heap.blocks, 0);
        assert_true(n < 200000);
    }
    s.env = kept;
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ista_is_certified),
        cmocka_unit_test(wrong_ones_are_found_out),
        cmocka_unit_test(errors_are_failed_runs),
        cmocka_unit_test(what_ctx_says_is_true),
        cmocka_unit_test(options_are_typed),
        cmocka_unit_test(runs_leave_nothing),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
