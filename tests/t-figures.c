/* t-figures.c: figures and the report of whole stores. */
#include "results-fixture.h"

#include <sys/wait.h>

#include "plots/plots.h"

static char *read_all(const char *folder, const char *name, size_t *length)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s was not written", path);
    char *text = malloc(1 << 24);
    assert_non_null(text);
    *length = fread(text, 1, (1 << 24) - 1, file);
    text[*length] = '\0';
    fclose(file);
    return text;
}

static void contains(const char *folder, const char *name, const char *what)
{
    size_t length;
    char *text = read_all(folder, name, &length);
    if (!strstr(text, what))
        fail_msg("%s/%s lacks \"%s\"", folder, name, what);
    free(text);
}

static int exists(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* Well-formed by xmllint where there is one, else by its first and last tag. */
static void well_formed(const char *folder, const char *name, const char *last)
{
    char command[1024];
    snprintf(command, sizeof command,
             "command -v xmllint >/dev/null || exit 0; xmllint --nonet --noout "
             "'%s/%s'",
             folder, name);
    int code = system(command);
    assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 0);
    contains(folder, name, last);
}

static void count_warning(void *cookie, enum spred_log_level level,
                          const char *text)
{
    if (level == SPRED_LOG_WARN && strstr(text, "gnuplot"))
        ++*(int *)cookie;
}

static void whole_experiment(void **state)
{
    (void)state;
    static const char *const names[] = {"gap-time-lasso", "gap-time-logistic",
                                        "profile", "accuracy-genes"};
    static const char *const ends[] = {"dat", "gp", "svg", "pdf", "png"};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256], report[256], name[128];
    snprintf(db, sizeof db, "%s/results.db", folder);
    snprintf(report, sizeof report, "%s/report.html", folder);
    fixture_experiment(&env, db);
    assert_ok(&env, plots_draw(&env, db, folder, plots_kinds(), 3, NULL));
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 5; j++) {
            snprintf(name, sizeof name, "%s.%s", names[i], ends[j]);
            if (!exists(folder, name))
                fail_msg("%s was not drawn", name);
            if (j == 2)
                well_formed(folder, name, "</svg>");
        }
    contains(folder, "gap-time-lasso.gp", "planted (simulated)");
    contains(folder, "gap-time-lasso.svg", "SIMULATED data");
    contains(folder, "gap-time-lasso.svg", "Seed 17");
    contains(folder, "profile.gp", "lasso: 18 instances");
    contains(folder, "profile.gp", "lars (logistic)");
    assert_ok(&env,
              plots_report(&env, db, folder, plots_kinds(), 3, NULL, report));
    well_formed(folder, "report.html", "</html>");
    contains(folder, "report.html",
             "GEO could not be reached: time-out "
             "&lt;after&gt; 30 s &amp; no route");
    contains(folder, "report.html", "signal 11 (SIGSEGV)");
    contains(folder, "report.html", "name: genes # &lt;all&gt; &amp; more");
    size_t length;
    char *text = read_all(folder, "report.html", &length);
    assert_null(strstr(text, "src=")); /* nothing is fetched */
    assert_null(strstr(text, "<link"));
    assert_null(strstr(text, "<script"));
    free(text);
    if (getenv("SPRED_KEEP_FIGURES"))
        spred_free(&env, folder);
    else
        fixture_remove(&env, folder);
}

/* One data set and solver whose names attack the script, the SVG and HTML. */
static void small_store(struct spred_env *env, const char *db)
{
    struct results_store *store;
    struct results_record r = {.n_points = 0};
    assert_ok(env, results_store_open(env, db, &store));
    struct results_sink sink = results_store_sink(store);
    fixture_run(env, &r.run, "it's `touch hacked` ]]> <b>&amp;\xC3\xA9\xFF\n",
                "a/../b c", "\"s\" $(touch hacked) 'x' %d", "a='`b`'", 1);
    r.run.points = 1;
    r.run.seconds = 0.5;
    r.run.support = 3;
    r.run.balanced_accuracy = 0.75;
    fixture_point(env, &r, 1, 1, 0.25, 0.25, 1e-2);
    fixture_point(env, &r, 1, 2, 0.5, 0.5, 1e-7);
    assert_ok(env, sink.put(sink.self, &r));
    results_record_free(env, &r);
    results_store_close(store);
}

static void hostile_text(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256], report[256];
    snprintf(db, sizeof db, "%s/results.db", folder);
    snprintf(report, sizeof report, "%s/report.html", folder);
    small_store(&env, db);
    assert_ok(&env, plots_draw(&env, db, folder, plots_kinds(), 3, NULL));
    assert_ok(&env,
              plots_report(&env, db, folder, plots_kinds(), 3, NULL, report));
    well_formed(folder, "gap-time-a_.__b_c.svg", "</svg>");
    well_formed(folder, "accuracy-genes.svg", "</svg>");
    well_formed(folder, "report.html", "</html>");
    contains(folder, "gap-time-a_.__b_c.gp", "'it''s `touch hacked` ] ]> <b>");
    assert_false(exists(".", "hacked") || exists(folder, "hacked"));
    fixture_remove(&env, folder);
}

/* The data of the small store's curve, number by number; and again the same
 * files to the byte. */
static void golden(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256];
    snprintf(db, sizeof db, "%s/results.db", folder);
    small_store(&env, db);
    static const char *const forms[] = {"dat", "gp", "svg", "pdf", "png"};
    char *first[5];
    size_t lengths[5], length;
    for (int round = 0; round < 2; round++) {
        assert_ok(&env, plots_draw(&env, db, folder, plots_kinds(), 1, NULL));
        for (int i = 0; i < 5; i++) {
            char name[64];
            snprintf(name, sizeof name, "gap-time-a_.__b_c.%s", forms[i]);
            char *text = read_all(folder, name, &length);
            if (round == 0) {
                first[i] = text;
                lengths[i] = length;
                continue;
            }
            assert_int_equal(length, lengths[i]);
            assert_memory_equal(text, first[i], length);
            free(text);
        }
    }
    /* grid 1 .. 1e-2 at 0.25 s, below it 0.5 s, 8 points a decade */
    char *median = strstr(first[0], "$(touch hacked)");
    assert_non_null(median);
    median = strchr(median, '\n') + 1;
    for (int k = 0; k <= 56; k++) {
        double x, y, gap = pow(10, -k / 8.0);
        int used;
        assert_int_equal(sscanf(median, "%lf %lf%n", &x, &y, &used), 2);
        assert_near(x, gap >= 1e-2 * (1 - 1e-12) ? 0.25 : 0.5, 0);
        assert_near(y, gap, 1e-8 * gap);
        median += used;
    }
    assert_true(median[0] == '\n' && median[1] == '\n');
    for (int i = 0; i < 5; i++)
        free(first[i]);
    fixture_remove(&env, folder);
}

static void without_gnuplot(void **state)
{
    (void)state;
    struct spred_env env;
    int warnings = 0;
    spred_env_init(&env);
    env.log = count_warning;
    env.log_cookie = &warnings;
    char *folder = fixture_folder(&env), db[256], report[256];
    char *path = spred_strdup(&env, getenv("PATH"));
    snprintf(db, sizeof db, "%s/results.db", folder);
    snprintf(report, sizeof report, "%s/report.html", folder);
    small_store(&env, db);
    setenv("PATH", folder, 1);
    assert_ok(&env, plots_draw(&env, db, folder, plots_kinds(), 3, NULL));
    assert_ok(&env,
              plots_report(&env, db, folder, plots_kinds(), 3, NULL, report));
    setenv("PATH", path, 1);
    spred_free(&env, path);
    assert_int_equal(warnings, 1);
    assert_true(exists(folder, "profile.gp") && exists(folder, "profile.dat"));
    assert_false(exists(folder, "profile.svg"));
    contains(folder, "report.html", "was not drawn");
    fixture_remove(&env, folder);
}

static void refusals(void **state)
{
    (void)state;
    static const char *const wrong[] = {"gap-tme"};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256];
    snprintf(db, sizeof db, "%s/results.db", folder);
    assert_int_equal(plots_draw(&env, db, folder, plots_kinds(), 3, NULL),
                     SPRED_ENOTFOUND);
    struct results_store *empty; /* a plan before its first run */
    char report[256];
    snprintf(report, sizeof report, "%s/report.html", folder);
    assert_ok(&env, results_store_open(&env, db, &empty));
    results_store_close(empty);
    assert_ok(&env, plots_draw(&env, db, folder, plots_kinds(), 3, NULL));
    assert_ok(&env,
              plots_report(&env, db, folder, plots_kinds(), 3, NULL, report));
    well_formed(folder, "report.html", "</html>");
    assert_false(exists(folder, "profile.gp"));
    small_store(&env, db);
    assert_int_equal(plots_draw(&env, db, folder, wrong, 1, NULL),
                     SPRED_ENOTFOUND);
    assert_non_null(strstr(env.error, "'gap-time'"));
    assert_int_equal(plots_draw(&env, db, "no/such", plots_kinds(), 1, NULL),
                     SPRED_EIO);
    fixture_remove(&env, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_experiment), cmocka_unit_test(hostile_text),
        cmocka_unit_test(golden), cmocka_unit_test(without_gnuplot),
        cmocka_unit_test(refusals)};
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
