/* t-compression-figures.c: figures and report of networks made sparse: what
 * their data say, and that gnuplot draws them. */
#include "compression-fixture.h"

#include "plots/compression.h"
#include "plots/html.h"
#include "plots/mosaic.h"
#include "plots/plots.h"
#include "spred/file.h"

static const char *const kinds[] = {"accuracy-compression", "layer-sparsity",
                                    "accuracy-macs", "accuracy-latency",
                                    "filters"};

static char *read_all(struct spred_env *env, const char *folder,
                      const char *name)
{
    char *text, *path = spred_format(env, "%s/%s", folder, name);
    size_t length;
    assert_ok(env, spred_read_file(env, path, &text, &length));
    spred_free(env, path);
    return text;
}

static void contains(struct spred_env *env, const char *folder,
                     const char *name, const char *what)
{
    char *text = read_all(env, folder, name);
    if (!strstr(text, what))
        fail_msg("%s lacks \"%s\": %s", name, what, text);
    spred_free(env, text);
}

static void well_formed(const char *folder, const char *name)
{
    char command[600];
    snprintf(command, sizeof command,
             "command -v xmllint >/dev/null || exit 0; xmllint --huge --nonet "
             "--noout '%s/%s'",
             folder, name);
    assert_int_equal(system(command), 0);
}

static void finish(struct spred_env *env, char *folder)
{
    if (getenv("SPRED_KEEP_FIGURES")) {
        print_message("kept: %s\n", folder);
        spred_free(env, folder);
    } else {
        fixture_remove(env, folder);
    }
}

/* A whole experiment: every figure, with gnuplot, and the report. */
static void whole_store(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256], report[256];
    snprintf(db, sizeof db, "%s/results.db", folder);
    snprintf(report, sizeof report, "%s/report.html", folder);
    fixture_compression(&env, db);
    assert_ok(&env, plots_draw(&env, db, folder, kinds, 5, NULL));
    assert_ok(&env, plots_report(&env, db, folder, kinds, 5, NULL, report));
    finish(&env, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole_store)};
    return cmocka_run_group_tests_name("compression-figures", tests, NULL,
                                       NULL);
}
