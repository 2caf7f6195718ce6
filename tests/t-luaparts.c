/* t-luaparts.c: what a Lua script adds to an experiment: metrics, protocols,
 * data, hooks, each through the opener and a job in this process. */
#include "test.h"

#include "files.h"

#include <math.h>
#include <unistd.h>

#include "experiments/job.h"
#include "experiments/plan.h"
#include "experiments/solver_names.h"
#include "lua/declare.h"

struct bed {
    struct spred_env env;
    struct folder folder;
    struct script_options options;
    struct parts_opener opener;
    struct spec spec;
    struct plan plan;
};

static void bed_make(struct bed *bed)
{
    memset(bed, 0, sizeof *bed);
    spred_env_init(&bed->env);
    folder_make(&bed->folder);
    script_opener(&bed->options, &bed->opener);
}

static void bed_clear(struct bed *bed)
{
    plan_free(&bed->env, &bed->plan);
    spec_free(&bed->env, &bed->spec);
}

static void bed_free(struct bed *bed)
{
    bed_clear(bed);
    folder_remove(&bed->folder);
}

/* Reads and plans the experiment with that script. */
static enum spred_status prepare(struct bed *bed, const char *script,
                                 const char *keys)
{
    const struct spred_fetch_options fetch = {0};
    char text[2048];
    struct spec_solver_names world = *solver_names();
    world.opener = &bed->opener;
    bed_clear(bed);
    folder_write(&bed->folder, "s.lua", script, strlen(script));
    snprintf(text, sizeof text, "version: 1\nscript: s.lua\n%s", keys);
    folder_write(&bed->folder, "e.yaml", text, strlen(text));
    SPRED_TRY(
        spec_read(&bed->env, bed->folder.file, NULL, 0, &world, &bed->spec));
    return plan_make(&bed->env, &bed->spec, &fetch, &bed->plan);
}

/* The first job's rows; its error when it has one. */
static enum spred_status run(struct bed *bed, const char *script,
                             const char *keys, struct results_record *record)
{
    memset(record, 0, sizeof *record);
    SPRED_TRY(prepare(bed, script, keys));
    return job_run(&bed->env, &bed->plan.jobs[0], bed->spec.parts, record);
}

#define PROBLEM                                                                \
    "problem: {loss: squared, penalty: l1, lambda: [0.8, 0.5, 0.3]}\n"         \
    "solvers: [cd]\n"
#define DATASET                                                                \
    "datasets: [{simulated: {kind: blocks, n: 40, p: 8, blocks: 2, k: 2, "     \
    "classes: 0}}]\n"
#define DATA DATASET PROBLEM
#define CLASSES                                                                \
    "datasets: [{simulated: {kind: blocks, n: 40, p: 8, blocks: 2, k: 2, "     \
    "classes: 3}}]\nproblem: {loss: logistic, penalty: l1, lambda: [0.5]}\n"   \
    "solvers: [proximal-gradient]\n"
#define LOADER                                                                 \
    "datasets: [{loader: {name: own, as: m, options: {n: 12, word: ab}}}]\n"

static void metrics(void **unused)
{
    struct bed bed;
    struct results_record r;
    (void)unused;
    bed_make(&bed);
    assert_ok(&bed.env,
              run(&bed,
                  "spred.metric{name = 'r-two', value = function(s)\n"
                  "  local mean, rss, tss = 0, 0, 0\n"
                  "  for i = 1, s.n do mean = mean + s.truth[i] / s.n "
                  "end\n"
                  "  for i = 1, s.n do\n"
                  "    rss = rss + (s.truth[i] - s.scores[i])^2\n"
                  "    tss = tss + (s.truth[i] - mean)^2\n"
                  "  end\n"
                  "  return 1 - rss / tss\n"
                  "end}\n"
                  "spred.metric{name = 'size', value = function(s)\n"
                  "  local k = 0\n"
                  "  for j = 1, s.weights.rows do\n"
                  "    if s.weights[j] ~= 0 then k = k + 1 end\n"
                  "  end\n"
                  "  assert(k == s.support and s.classes == 0)\n"
                  "  kept = kept or s.scores\n"
                  "  return k\n"
                  "end}\n"
                  "spred.metric{name = 'dead', value = function(s)\n"
                  "  local ok, e = pcall(function() return kept[1] "
                  "end)\n"
                  "  return (not ok and e:find('over')) and 1 or 0\n"
                  "end}\n",
                  DATA, &r));
    assert_int_equal(r.n_metrics, 3);
    assert_near(r.metrics[0].value, r.run.r2, 1e-12);
    assert_true(r.metrics[1].value == (double)r.run.support);
    assert_true(r.metrics[2].value == 1);
    results_record_free(&bed.env, &r);
    assert_ok(&bed.env,
              run(&bed,
                  "spred.metric{name = 'accurate', value = function(s)\n"
                  "  local hits = 0\n"
                  "  for i = 1, s.n do\n"
                  "    if s.truth[i] == s.predicted[i] then hits = hits + 1 "
                  "end\n"
                  "  end\n"
                  "  return hits / s.n\n"
                  "end}\n",
                  CLASSES, &r));
    assert_near(r.metrics[0].value, r.run.accuracy, 1e-12);
    results_record_free(&bed.env, &r);
    bed_free(&bed);
}

static void protocols(void **unused)
{
    struct bed bed;
    struct results_record r;
    (void)unused;
    bed_make(&bed);
    /* leave one group of ten out: trial 1 tests samples 1..10 */
    assert_ok(&bed.env,
              run(&bed,
                  "spred.protocol{name = 'groups', split = "
                  "function(data, trial, rng)\n"
                  "  assert(data.n == 40 and #data.samples == 40)\n"
                  "  assert(data.features == 8 and not data.codes)\n"
                  "  assert(rng:uniform() < 1)\n"
                  "  local parts = {{}, {}, {}}\n"
                  "  for i = data.n, 1, -1 do\n"
                  "    local g = (i - 1) // 10 + 1\n"
                  "    local k = g == trial and 3 or g == trial % 4 + 1 and 2 "
                  "or 1\n"
                  "    table.insert(parts[k], i)\n"
                  "  end\n"
                  "  return table.unpack(parts)\n"
                  "end}\n",
                  DATA "protocol: {kind: groups, trials: 2}\n", &r));
    assert_int_equal(bed.plan.n_jobs, 2);
    assert_string_equal(r.run.protocol, "groups");
    assert_int_equal(r.run.train, 20);
    assert_int_equal(r.run.validate, 10);
    assert_int_equal(r.run.test, 10);
    results_record_free(&bed.env, &r);
    const struct parts_protocol *p = bed.spec.parts->protocols;
    struct spred_split split;
    struct spred_data data = {.x = {.rows = 40, .cols = 8}};
    char *samples[40];
    for (size_t i = 0; i < 40; i++)
        samples[i] = (char *)(size_t) "s";
    data.samples = samples;
    assert_ok(&bed.env,
              p->split(p->self, &bed.env, &data, NULL, 40, 4, 3, &split));
    assert_int_equal(split.n_test, 10);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(split.test[i], 30 + i);
        assert_int_equal(split.validate[i], i);
    }
    spred_split_free(&bed.env, &split);
    bed_free(&bed);
}

static void loaders(void **unused)
{
    struct bed bed;
    struct results_record r;
    (void)unused;
    bed_make(&bed);
    assert_ok(&bed.env,
              prepare(&bed,
                      "spred.loader{name = 'own', read = "
                      "function(path, options)\n"
                      "  assert(path == nil and options.word == 'ab')\n"
                      "  assert(math.type(options.n) == 'integer')\n"
                      "  local x, y, rng = {}, {}, spred.rng(3)\n"
                      "  for i = 1, options.n do\n"
                      "    x[i] = {rng:normal(), rng:normal(), rng:normal()}\n"
                      "    y[i] = 2 * x[i][1] + rng:normal() / 10\n"
                      "  end\n"
                      "  return {x = x, y = y, features = {'a', 'b', 'c'},\n"
                      "          simulated = true, truth = {2, 0, 0}}\n"
                      "end}\n",
                      LOADER PROBLEM));
    assert_null(bed.plan.jobs[0].script_hash);
    assert_int_equal(bed.plan.jobs[0].samples, 12);
    assert_int_equal(bed.plan.jobs[0].simulated, 1);
    assert_ok(&bed.env, job_run(&bed.env, &bed.plan.jobs[0], NULL, &r));
    assert_string_equal(r.run.status, "certified");
    assert_string_equal(r.run.dataset, "m");
    assert_string_equal(r.run.target, "y");
    assert_string_equal(r.genes[1].feature, "a");
    results_record_free(&bed.env, &r);
    bed_free(&bed);
}

static void hooks(void **unused)
{
    struct bed bed;
    struct results_record r;
    (void)unused;
    bed_make(&bed);
    assert_ok(&bed.env,
              run(&bed,
                  "points = 0\n"
                  "spred.hooks{on_plan = function(jobs)\n"
                  "  assert(#jobs == 3 and jobs[2].trial == 2)\n"
                  "  assert(jobs[1].loss == 'squared')\n"
                  "  return {2}\n"
                  "end, on_job_start = function(job)\n"
                  "  assert(job.trial == 2 and job.penalty == 'l1')\n"
                  "  started = true\n"
                  "end, on_point = function(p)\n"
                  "  assert(started and p.output == 1 and p.lambda > 0)\n"
                  "  assert(p.gap and p.primal and p.support >= 0)\n"
                  "  points = points + 1\n"
                  "  return p.lambda_index == 2\n"
                  "end}\n"
                  "spred.hooks{on_job_end = function(run)\n"
                  "  assert(points > 0 and run.status == 'interrupted')\n"
                  "  assert(next(run.metrics) == nil)\n"
                  "  error('seen')\n"
                  "end, on_finish = function(folder) error(folder) end}\n",
                  DATA "protocol: {trials: 3}\n", &r));
    assert_int_equal(bed.plan.n_jobs, 1);
    assert_string_equal(r.run.status, "interrupted");
    for (size_t i = 0; i < r.n_points; i++)
        assert_true(r.points[i].lambda_index <= 2);
    const struct parts *p = bed.spec.parts;
    assert_int_equal(p->on_job_end(p->self, &bed.env, &r), SPRED_EINVAL);
    assert_non_null(strstr(bed.env.error, "s.lua:18: seen"));
    assert_int_equal(p->on_finish(p->self, &bed.env, "here"), SPRED_EINVAL);
    assert_non_null(strstr(bed.env.error, "s.lua:19: here"));
    results_record_free(&bed.env, &r);
    assert_ok(&bed.env, run(&bed,
                            "spred.hooks{on_job_start = function() return "
                            "'not today' end}",
                            DATA, &r));
    assert_string_equal(r.run.status, "skipped");
    assert_string_equal(r.run.reason, "not today");
    results_record_free(&bed.env, &r);
    bed_free(&bed);
}

/* A YAML file finds what spred.loss and spred.penalty declared. */
static void losses_and_penalties(void **unused)
{
    struct bed bed;
    struct results_record r, built_in;
    (void)unused;
    bed_make(&bed);
    assert_ok(
        &bed.env,
        run(&bed,
            "spred.loss{name = 'square', bound = 1,\n"
            "  value = function(m, y) return (m - y)^2 / 2 end,\n"
            "  residual = function(m, y) return y - m end,\n"
            "  dual = function(t, y) return t * y - t^2 / 2 end}\n"
            "spred.penalty{name = 'lasso', value = math.abs, at_zero = 1,\n"
            "  convex = true, derivative = function(t) return t > 0 and 1 or "
            "-1 end,\n"
            "  prox = function(z, s) return math.max(z - s, 0) + math.min(z + "
            "s, 0) end,\n"
            "  conjugate = function(c) return math.abs(c) <= 1 and 0 or "
            "math.huge end}\n",
            DATASET "problem: {loss: square, penalty: {kind: lasso}, lambda: "
                    "[0.5]}\nsolvers: [proximal-gradient]\n",
            &r));
    assert_string_equal(r.run.status, "certified");
    assert_string_equal(r.run.penalty, "lasso");
    assert_ok(&bed.env,
              run(&bed, "",
                  DATASET "problem: {loss: squared, penalty: l1, lambda: "
                          "[0.5]}\nsolvers: [proximal-gradient]\n",
                  &built_in));
    assert_true(fabs(r.run.objective - built_in.run.objective) < 1e-5);
    results_record_free(&bed.env, &r);
    results_record_free(&bed.env, &built_in);
    bed_free(&bed);
}

#define METRIC(body)                                                           \
    "spred.metric{name = 'm', value = function(s)\n" body " end}"
#define SPLIT(body)                                                            \
    "spred.protocol{name = 'm', split = function(d)\n" body " end}"
#define READ(body) "spred.loader{name = 'own', read = function()\n" body " end}"
#define HOOK(name, body) "spred.hooks{" name " = function(x)\n" body " end}"

static void wrong_returns(void **unused)
{
    static const struct {
        const char *script, *keys, *words;
    } bad[] = {
        {METRIC("return nil"), DATA,
         "s.lua:1: metric 'm': value returned a nil, expected a number"},
        {METRIC("return s.truth[0]"), DATA, "s.lua:2:"},
        {METRIC("return 1") METRIC("return 1"), DATA, "declared twice"},
        {SPLIT("return {1, 41}, {}, {2}"), DATA "protocol: {kind: m}\n",
         "s.lua:1: protocol 'm': train[2]: expected a whole number from 1 to "
         "40"},
        {SPLIT("return nil"), DATA "protocol: {kind: m}\n", "s.lua:1:"},
        {SPLIT("return {1, 2, 3}, {3}, {4}"), DATA "protocol: {kind: m}\n",
         "already taken"},
        {READ("return 7"), LOADER PROBLEM, "expected a table, got a number"},
        {READ("return {x = {{1, 2}, {3}}, y = {1, 2}}"), LOADER PROBLEM,
         "s.lua:1: loader 'own': spred.matrix: row 2 has 1 values"},
        {READ("return {x = {{1, 2}, {3, 4}}, y = {1}}"), LOADER PROBLEM,
         "y: has 1 values, x has 2 rows"},
        {READ("return {x = {{1, 2}, {3, 4}}}"), LOADER PROBLEM,
         "y: expected a vector"},
        {READ("return {x = {{1, 2}, {3, 4}}, y = {'a', 2}}"), LOADER PROBLEM,
         "y[2]: expected a class name"},
        {READ("return {x = {{1, 2}, {3, 4}}, y = {1, 2}, features = {'a'}}"),
         LOADER PROBLEM, "features: expected 2 names, got 1"},
        {READ("return {x = {{1}}, y = {1}, sample = {}}"), LOADER PROBLEM,
         "did you mean 'samples'"},
        {HOOK("on_plan", "return {2}"), DATA "protocol: {trials: 1}\n",
         "s.lua:1: hook 'on_plan': job[1]"},
        {HOOK("on_plan", "return {}"), DATA, "left no job"},
        {HOOK("on_plan", "while true do end"), DATA "limits: {script: 1 s}\n",
         "more than 1"},
        {HOOK("on_job_start", "return 7"), DATA, "the reason to skip"},
        {HOOK("on_point", "return 7"), DATA, "true to stop the run"},
        {HOOK("on_plan", "") "\n" HOOK("on_plan", ""), DATA,
         "s.lua:3: spred.hooks: the script has a hook on_plan already"},
        {HOOK("on_pln", ""), DATA, "did you mean 'on_plan'"},
        {"spred.read('/nowhere')", DATA, "s.lua:1:"},
        {"spred.figure{name = 'gap-time', draw = print}", DATA, "built in"}};
    struct bed bed;
    struct results_record r;
    (void)unused;
    bed_make(&bed);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (run(&bed, bad[i].script, bad[i].keys, &r) == SPRED_OK)
            fail_msg("%s: no error (%s)", bad[i].script, r.run.reason);
        if (!strstr(bed.env.error, bad[i].words))
            fail_msg("%s: %s", bad[i].script, bed.env.error);
        results_record_free(&bed.env, &r);
    }
    bed_free(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics), cmocka_unit_test(protocols),
        cmocka_unit_test(loaders), cmocka_unit_test(losses_and_penalties),
        cmocka_unit_test(hooks),   cmocka_unit_test(wrong_returns)};
    struct folder top, data; /* a cache of its own */
    folder_make(&top);
    setenv("XDG_CACHE_HOME", top.path, 1);
    int failed = cmocka_run_group_tests_name("luaparts", tests, NULL, NULL);
    snprintf(data.path, sizeof data.path, "%.400s/spredbench/data", top.path);
    folder_remove(&data);
    rmdir(folder_file(&top, "spredbench"));
    rmdir(top.path);
    return failed;
}
