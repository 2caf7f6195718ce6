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
    contains(&env, folder, "stability.gp", "'one trial: no index'");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many), cmocka_unit_test(few), cmocka_unit_test(paper)};
    return cmocka_run_group_tests_name("method-figures", tests, NULL, NULL);
}
