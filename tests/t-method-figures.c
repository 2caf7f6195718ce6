/* t-method-figures.c: the figures of the methods from made-up tables: their
 * data, their scripts, names that attack, few and many methods. */
#include "method-tables.h"

#include "plots/plots.h"
#include "spred/file.h"

static const struct plots_kind *const kinds[] = {
    &plots_accuracy_genes, &plots_stability, &plots_gene_map,
    &plots_critical_difference};

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

static void finish(struct spred_env *env, char *folder)
{
    if (getenv("SPRED_KEEP_FIGURES")) {
        print_message("kept: %s\n", folder);
        spred_free(env, folder);
    } else {
        fixture_remove(env, folder);
    }
}

static void draw_all(struct spred_env *env, const struct fake_size *size,
                     const char *folder, size_t figures)
{
    struct plots_context context;
    fake_context(env, size, folder, &context);
    for (size_t i = 0; i < 4; i++)
        assert_ok(env, kinds[i]->draw(&context));
    assert_int_equal(context.n_names, figures);
    plots_context_close(&context);
}

static void many(void **state)
{
    (void)state;
    const struct fake_size size = {12, 8, 10, 0, NULL, NULL};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env);
    draw_all(&env, &size, folder, 2 + 2 + 8 + 1);
    finish(&env, folder);
}

static void few(void **state)
{
    (void)state;
    const struct fake_size size = {3, 1, 1, 0, NULL, NULL};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env);
    draw_all(&env, &size, folder, 4);
    contains(&env, folder, "critical-difference.gp",
             "N = 1 data set: too few for a test");
    contains(&env, folder, "stability.gp", "'fewer than 2 trials'");
    contains(&env, folder, "stability.gp", "'uses every gene'");
    finish(&env, folder);
}

static void paper(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a method with a name of forty characters",
        "another one, forty characters, it's long",
        "mlp(hidden=[128, 512] dropout=0.5 lr=.1)",
        "lasso (coordinate-descent[shuffle=true])",
        "hsic-lasso[features=50 blocks=20 svm=rb]"};
    const struct fake_size size = {5, 2, 20, 1, names, NULL};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env);
    draw_all(&env, &size, folder, 5);
    contains(&env, folder, "accuracy-genes.gp", "'informed 0.74'");
    finish(&env, folder);
}

/* A store of four models and a solver on four data sets, three trials. */
static void model_store(struct spred_env *env, const char *db)
{
    static const char *const models[] = {"spred-network", "mlp", "mrmr", "stg",
                                         "coordinate-descent"};
    static const char *const sets[] = {"golub", "alon", "planted", "su"};
    struct results_store *store;
    uint64_t seed = 3;
    assert_ok(env, results_store_open(env, db, &store));
    struct results_sink sink = results_store_sink(store);
    for (int i = 0; i < 60; i++) {
        struct results_record r = {.n_points = 0};
        int m = i % 5, d = i / 5 % 4, trial = i / 20 + 1;
        fixture_run(env, &r.run, sets[d], m == 4 ? "l1-logistic" : "model",
                    models[m], "", trial);
        spred_free(env, r.run.kind);
        r.run.kind = spred_strdup(env, m == 4 ? "solver" : "model");
        r.run.simulated = d == 2;
        r.run.features = 2000;
        if (m == 3 && d == 1) {
            fixture_status(env, &r.run, "error", "the <loss> is not a number");
        } else {
            if (m < 4)
                fixture_status(env, &r.run, "done", NULL);
            r.run.support = m == 1 ? 2000 : 6;
            r.run.seconds = 0.5 + m;
            r.run.balanced_accuracy =
                0.6 + 0.03 * d + 0.05 * (m == 0) + 0.2 * fixture_random(&seed);
            r.run.accuracy = r.run.balanced_accuracy + 0.01;
            r.run.auc = r.run.balanced_accuracy + 0.05;
            if (m < 4)
                r.run.chosen = spred_strdup(env, "lr=0.1 lambda=0.3 step=200");
            for (int g = 1; g <= 6 && m != 1; g++) {
                char feature[32], symbol[32];
                int id = 100 + g + (fixture_random(&seed) < 0.3 ? 10 * m : 0);
                snprintf(feature, sizeof feature, "X%d_at", id);
                snprintf(symbol, sizeof symbol, g == 3 ? "" : "GENE%d", id);
                fixture_gene(env, &r, g, feature, symbol);
            }
        }
        assert_ok(env, sink.put(sink.self, &r));
        results_record_free(env, &r);
    }
    assert_ok(env, sink.note(sink.self, "seed", "3"));
    assert_ok(env, sink.note(sink.self, "command", "t-method-figures"));
    results_store_close(store);
}

/* Queries, figures and report of a real store. */
static void whole_store(void **state)
{
    (void)state;
    static const char *const figures[] = {"accuracy-genes", "stability",
                                          "gene-map", "critical-difference"};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256], report[256];
    snprintf(db, sizeof db, "%s/results.db", folder);
    snprintf(report, sizeof report, "%s/report.html", folder);
    model_store(&env, db);
    assert_ok(&env, plots_draw(&env, db, folder, figures, 4, NULL));
    assert_ok(&env, plots_report(&env, db, folder, figures, 4, NULL, report));
    contains(&env, folder, "report.html", "<h2>Methods</h2>");
    finish(&env, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many), cmocka_unit_test(few), cmocka_unit_test(paper),
        cmocka_unit_test(whole_store)};
    return cmocka_run_group_tests_name("method-figures", tests, NULL, NULL);
}
