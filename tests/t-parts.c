/* t-parts.c: what a script adds to an experiment, with parts made in C. */
#include "fake-parts.h"
#include "files.h"

#include "experiments/exec.h"
#include "experiments/solver_names.h"
#include "results/export.h"
#include "results/store.h"

struct bed {
    struct spred_env env;
    struct folder folder;
    struct spec spec;
    struct plan plan;
};

static void bed_make(struct bed *bed)
{
    memset(bed, 0, sizeof *bed);
    spred_env_init(&bed->env);
    folder_make(&bed->folder);
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

/* Reads the experiment with this script ("": none) and these keys. */
static enum spred_status read_spec(struct bed *bed, const char *script,
                                   const char *keys,
                                   const struct parts_opener *with)
{
    char text[2048];
    struct spec_solver_names world = *solver_names();
    world.opener = with;
    bed_clear(bed);
    if (*script)
        folder_write(&bed->folder, "s.lua", script, strlen(script));
    snprintf(text, sizeof text, "version: 1\n%s%s",
             *script ? "script: s.lua\n" : "", keys);
    folder_write(&bed->folder, "e.yaml", text, strlen(text));
    return spec_read(&bed->env, bed->folder.file, NULL, 0, &world, &bed->spec);
}

static void make_plan(struct bed *bed, const char *script, const char *keys)
{
    const struct spred_fetch_options fetch = {0};
    assert_ok(&bed->env, read_spec(bed, script, keys, &opener));
    assert_ok(&bed->env, plan_make(&bed->env, &bed->spec, &fetch, &bed->plan));
}

#define DATA                                                                   \
    "datasets: [{simulated: {kind: blocks, n: 40, p: 8, blocks: 2, k: 2, "     \
    "classes: 0}}]\n"
#define PROBLEM                                                                \
    "problem: {loss: squared, penalty: l1, lambda: [0.8, 0.5, 0.3]}\n"
#define TWO "protocol: {trials: 2}\n"

/* Runs job i in this process, with the parts of the spec. */
static void run_job(struct bed *bed, size_t i, struct results_record *record)
{
    assert_true(i < bed->plan.n_jobs);
    assert_ok(&bed->env,
              job_run(&bed->env, &bed->plan.jobs[i], bed->spec.parts, record));
}

static void solvers_are_certified(void **unused)
{
    struct bed bed;
    struct results_record r[3];
    (void)unused;
    bed_make(&bed);
    make_plan(&bed, "x",
              DATA PROBLEM "solvers: [my-ista: {step: 0.5}, "
                           "my-liar, cd]\nprotocol: {trials: 1}\n");
    assert_int_equal(bed.plan.n_jobs, 3);
    assert_string_equal(bed.plan.jobs[0].options, "step=0.5");
    for (size_t i = 0; i < 3; i++)
        run_job(&bed, i, &r[i]);
    assert_string_equal(r[0].run.status, "certified");
    assert_string_equal(r[1].run.status, "refuted");
    assert_string_equal(r[2].run.status, "certified");
    assert_true(fabs(r[0].run.objective - r[2].run.objective) < 1e-5);
    assert_int_equal(r[0].n_metrics, 0);
    for (size_t i = 0; i < 3; i++)
        results_record_free(&bed.env, &r[i]);
    bed_free(&bed);
}

static void words_are_known(void **unused)
{
    static const struct {
        const char *keys, *words;
    } bad[] = {
        {DATA PROBLEM "solvers: [my-istq]\n", "did you mean 'my-ista'?"},
        {DATA PROBLEM "solvers: [my-ista: {stop: 1}]\n", "'step'"},
        {DATA PROBLEM "solvers: [my-ista: {step: 7}]\n", "step"},
        {DATA PROBLEM "solvers: [cd]\nprotocol: {kind: third}\n", "'thirds'"},
        {DATA PROBLEM "solvers: [cd]\nprotocol: {kind: thirds, folds: 3}\n",
         "folds"},
        {DATA PROBLEM "solvers: [cd]\nfigures: [my-figur]\n", "'my-figure'"},
        {"datasets: [{loader: {name: min}}]\n" PROBLEM "solvers: [cd]\n",
         "'mine'"}};
    struct bed bed;
    (void)unused;
    bed_make(&bed);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_spec(&bed, "x", bad[i].keys, &opener),
                         SPRED_EINVAL);
        if (!strstr(bed.env.error, bad[i].words))
            fail_msg("%s: %s", bad[i].keys, bed.env.error);
    }
    assert_int_equal(read_spec(&bed, "x", DATA PROBLEM "solvers: [cd]\n", NULL),
                     SPRED_EINVAL);
    assert_non_null(strstr(bed.env.error, "scripts cannot be run here"));
    bed_free(&bed);
}

static void resolved_reads_back(void **unused)
{
    struct bed bed;
    struct spec again;
    struct spec_solver_names world = *solver_names();
    (void)unused;
    bed_make(&bed);
    assert_ok(&bed.env,
              read_spec(&bed, "x",
                        "datasets: [{loader: {name: mine, as: m, options: {n: "
                        "45, word: a b}}}]\n" PROBLEM
                        "solvers: [my-ista]\nprotocol: {kind: thirds}\n"
                        "limits: {script: 3 s}\n"
                        "figures: [my-figure, gap-time]\n",
                        &opener));
    char *text = spred_strdup(&bed.env, bed.spec.resolved);
    world.opener = &opener;
    folder_write(&bed.folder, "r.yaml", text, strlen(text));
    assert_ok(&bed.env,
              spec_read(&bed.env, bed.folder.file, NULL, 0, &world, &again));
    assert_string_equal(again.resolved, text);
    assert_string_equal(again.figures[0], "my-figure");
    assert_true(again.limits.script > 2.9 && again.limits.script < 3.1);
    assert_non_null(strstr(text, "kind: thirds"));
    spec_free(&bed.env, &again);
    spred_free(&bed.env, text);
    bed_free(&bed);
}

/* `- s.lua` among the solvers is `script:` and all that the file declares. */
static void solvers_by_file(void **unused)
{
    static const struct {
        const char *keys, *words;
    } bad[] = {{"script: t.lua\nsolvers: [cd, s.lua]\n", "one script"},
               {"solvers: [cd, s.lua, t.lua]\n", "one script"},
               {"solvers: [{s.lua: {stepp: 1}}]\n", "stepp"},
               {"solvers: [s.lua, s.lua]\n", "twice"}};
    static const char *const good[] = {
        "solvers: [cd, {s.lua: {step: [0.5, 1]}}]\n",
        "script: s.lua\nsolvers: [cd, {s.lua: {step: [0.5, 1]}}]\n"};
    struct bed bed;
    (void)unused;
    bed_make(&bed);
    folder_write(&bed.folder, "s.lua", "x", 1);
    folder_write(&bed.folder, "t.lua", "x", 1);
    for (size_t i = 0; i < 2; i++) {
        char keys[1024];
        snprintf(keys, sizeof keys, DATA PROBLEM "%s", good[i]);
        assert_ok(&bed.env, read_spec(&bed, "", keys, &opener));
        size_t own = 0;
        for (size_t k = 0; bed.spec.parts->solvers[k]; k++)
            own++;
        assert_non_null(strstr(bed.spec.script, "s.lua"));
        assert_non_null(strstr(bed.spec.resolved, "\nscript: "));
        assert_null(strstr(bed.spec.resolved, "- s.lua"));
        assert_int_equal(bed.spec.n_solvers, 1 + 2 * own);
        for (size_t k = 0; k < own; k++)
            assert_string_equal(bed.spec.solvers[1 + 2 * k].name,
                                bed.spec.parts->solvers[k]->name);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char keys[1024];
        snprintf(keys, sizeof keys, DATA PROBLEM "%s", bad[i].keys);
        assert_int_equal(read_spec(&bed, "", keys, &opener), SPRED_EINVAL);
        if (!strstr(bed.env.error, bad[i].words))
            fail_msg("%s: %s", bad[i].keys, bed.env.error);
    }
    bed_free(&bed);
}

static void keys_of_jobs(void **unused)
{
    char plain[SPRED_HEX_SIZE], key[SPRED_HEX_SIZE], other[SPRED_HEX_SIZE];
    struct bed bed;
    (void)unused;
    bed_make(&bed);
    make_plan(&bed, "", DATA PROBLEM "solvers: [cd]\n");
    assert_ok(&bed.env, job_key(&bed.env, &bed.plan.jobs[0], plain));
    char *text = job_text(&bed.env, &bed.plan.jobs[0]);
    assert_null(strstr(text, "script"));
    spred_free(&bed.env, text);
    /* a script that this job does not use */
    make_plan(&bed, "on_plan", DATA PROBLEM "solvers: [cd, my-ista]\n");
    assert_ok(&bed.env, job_key(&bed.env, &bed.plan.jobs[0], key));
    assert_string_equal(key, plain);
    assert_null(bed.plan.jobs[0].script);
    assert_ok(&bed.env, job_key(&bed.env, &bed.plan.jobs[1], key));
    make_plan(&bed, "on_plan 2", DATA PROBLEM "solvers: [cd, my-ista]\n");
    assert_ok(&bed.env, job_key(&bed.env, &bed.plan.jobs[1], other));
    assert_string_not_equal(key, other);
    static const char *const touching[] = {"metrics", "on_point",
                                           "on_job_start", NULL};
    for (size_t i = 0; touching[i]; i++) {
        make_plan(&bed, touching[i], DATA PROBLEM "solvers: [cd]\n");
        assert_ok(&bed.env, job_key(&bed.env, &bed.plan.jobs[0], key));
        assert_string_not_equal(key, plain);
    }
    bed_free(&bed);
}

static void metrics_and_protocol(void **unused)
{
    struct bed bed;
    struct results_record r;
    (void)unused;
    bed_make(&bed);
    make_plan(&bed, "metrics",
              DATA PROBLEM "solvers: [cd]\nprotocol: {kind: thirds, trials: "
                           "1}\n");
    run_job(&bed, 0, &r);
    assert_string_equal(r.run.status, "certified");
    assert_string_equal(r.run.protocol, "thirds");
    assert_int_equal(r.run.train, 13);
    assert_int_equal(r.run.test, 14);
    assert_int_equal(r.n_metrics, 2);
    assert_string_equal(r.metrics[0].name, "mae");
    assert_true(r.metrics[0].value > 0 && r.metrics[0].value < 10);
    assert_true(r.metrics[1].value == (double)r.run.support);
    results_record_free(&bed.env, &r);
    static const char *const wrong[][2] = {{"overlap", "already taken"},
                                           {"outside", "there are 40"}};
    for (size_t i = 0; i < 2; i++) {
        char keys[1024];
        snprintf(keys, sizeof keys,
                 DATA PROBLEM "solvers: [cd]\nprotocol: {kind: %s}\n",
                 wrong[i][0]);
        make_plan(&bed, "metrics", keys);
        assert_int_equal(
            job_run(&bed.env, &bed.plan.jobs[0], bed.spec.parts, &r),
            SPRED_EINVAL);
        assert_non_null(strstr(bed.env.error, wrong[i][1]));
        results_record_free(&bed.env, &r);
    }
    bed_free(&bed);
}

static void source_needs_no_script(void **unused)
{
    struct bed bed;
    struct results_record r;
    char first[SPRED_HEX_SIZE];
    const char *keys = "datasets: [{loader: {name: mine, as: m, options: {n: "
                       "45}}}]\n" PROBLEM "solvers: [cd]\n";
    (void)unused;
    bed_make(&bed);
    make_plan(&bed, "x", keys);
    assert_null(bed.plan.jobs[0].script_hash);
    assert_int_equal(bed.plan.jobs[0].samples, 45);
    snprintf(first, sizeof first, "%s", bed.plan.jobs[0].data_hash);
    assert_ok(&bed.env, job_run(&bed.env, &bed.plan.jobs[0], NULL, &r));
    assert_string_equal(r.run.dataset, "m");
    assert_string_equal(r.run.status, "certified");
    results_record_free(&bed.env, &r);
    make_plan(&bed, "x", keys); /* from the cache */
    assert_string_equal(bed.plan.jobs[0].data_hash, first);
    make_plan(&bed, "y", keys);
    assert_string_not_equal(bed.plan.jobs[0].data_hash, first);
    bed_free(&bed);
}

static void hooks(void **unused)
{
    struct bed bed;
    struct results_record r;
    (void)unused;
    bed_make(&bed);
    make_plan(&bed, "on_plan on_job_start",
              DATA PROBLEM TWO "solvers: [my-ista, my-liar]\n");
    assert_int_equal(bed.plan.n_jobs, 2); /* of four: the first trial's */
    run_job(&bed, 1, &r);
    assert_string_equal(r.run.status, "skipped");
    assert_string_equal(r.run.reason, "a liar");
    results_record_free(&bed.env, &r);
    make_plan(&bed, "on_point", DATA PROBLEM "solvers: [cd]\n");
    run_job(&bed, 0, &r);
    assert_string_equal(r.run.status, "interrupted");
    assert_non_null(strstr(r.run.reason, "on_point"));
    for (size_t i = 0; i < r.n_points; i++)
        assert_true(r.points[i].lambda_index <= 2);
    results_record_free(&bed.env, &r);
    bed_free(&bed);
}

/* Folds on four threads with a script's solver: nothing is shared. */
static void folds_take_turns(void **unused)
{
    struct bed bed;
    struct results_record r;
    (void)unused;
    bed_make(&bed);
    make_plan(&bed, "metrics",
              DATA PROBLEM "solvers: [my-ista]\n"
                           "protocol: {choose: {kind: cv, folds: 4}}\n");
    bed.plan.jobs[0].threads = 4;
    run_job(&bed, 0, &r);
    assert_string_equal(r.run.status, "certified");
    assert_int_equal(r.n_folds, 12);
    assert_int_equal(r.n_metrics, 2);
    results_record_free(&bed.env, &r);
    bed_free(&bed);
}

/* Worker processes: this program with --worker. */
static void workers_open_the_script(void **unused)
{
    struct bed bed;
    struct results_store *store;
    struct exec_totals totals;
    struct results_view *view;
    struct spred_buffer text = {0};
    char db[1024];
    (void)unused;
    bed_make(&bed);
    make_plan(&bed, "metrics on_job_end",
              DATA PROBLEM TWO "solvers: [my-ista]\n");
    struct exec_options options = {
        .program = "/proc/self/exe", .workers = 1, .parts = bed.spec.parts};
    snprintf(db, sizeof db, "%s", folder_file(&bed.folder, "results.db"));
    assert_ok(&bed.env, results_store_open(&bed.env, db, &store));
    struct results_sink sink = results_store_sink(store);
    /* the hook fails after the second trial, whose rows are stored */
    assert_int_equal(exec_local(&bed.env, &bed.plan, &sink, &options, &totals),
                     SPRED_EINVAL);
    assert_string_equal(bed.env.error, "on_job_end fails here");
    assert_int_equal(((struct fake *)bed.spec.parts->self)->ends, 2);
    assert_int_equal(totals.failed, 0);
    results_store_close(store);
    assert_ok(&bed.env, results_view_open(&bed.env, db, &view));
    assert_ok(&bed.env, results_markdown(&bed.env, view, &text));
    assert_non_null(strstr(text.text, "The script's metrics"));
    assert_non_null(strstr(text.text, "| mae"));
    assert_ok(&bed.env, results_export_csv(&bed.env, view, bed.folder.path));
    results_view_close(view);
    spred_free(&bed.env, text.text);
    text = (struct spred_buffer){0};
    char line[256] = "";
    size_t lines = 0;
    FILE *csv = fopen(folder_file(&bed.folder, "metrics.csv"), "r");
    assert_non_null(csv);
    for (; fgets(line, sizeof line, csv); lines++)
        if (lines == 0)
            assert_string_equal(line, "job,name,value\n");
    fclose(csv);
    assert_int_equal(lines, 5);
    /* the script changes under the workers */
    assert_ok(&bed.env, results_store_open(&bed.env, db, &store));
    sink = results_store_sink(store);
    options.parts = NULL;
    bed.plan.jobs[0].trial = 9;
    bed.plan.n_jobs = 1;
    folder_write(&bed.folder, "s.lua", "metrics", 7);
    assert_ok(&bed.env,
              exec_local(&bed.env, &bed.plan, &sink, &options, &totals));
    assert_int_equal(totals.failed, 1);
    results_store_close(store);
    assert_ok(&bed.env, results_view_open(&bed.env, db, &view));
    assert_ok(&bed.env, results_markdown(&bed.env, view, &text));
    results_view_close(view);
    assert_non_null(strstr(text.text, "changed since the plan was made"));
    bed.plan.n_jobs = 2;
    bed_free(&bed);
    spred_free(&bed.env, text.text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solvers_are_certified),
        cmocka_unit_test(words_are_known),
        cmocka_unit_test(resolved_reads_back),
        cmocka_unit_test(solvers_by_file),
        cmocka_unit_test(keys_of_jobs),
        cmocka_unit_test(metrics_and_protocol),
        cmocka_unit_test(source_needs_no_script),
        cmocka_unit_test(hooks),
        cmocka_unit_test(folds_take_turns),
        cmocka_unit_test(workers_open_the_script)};
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return job_worker(0, 1, &opener);
    struct folder top, data; /* a cache of its own */
    folder_make(&top);
    setenv("XDG_CACHE_HOME", top.path, 1);
    int failed = cmocka_run_group_tests_name("parts", tests, NULL, NULL);
    snprintf(data.path, sizeof data.path, "%.400s/spredbench/data", top.path);
    folder_remove(&data);
    rmdir(folder_file(&top, "spredbench"));
    rmdir(top.path);
    return failed;
}
