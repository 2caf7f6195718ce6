/* t-method-figures.c: the figures of the methods from made-up tables: their
 * data, their scripts, names that attack, few and many methods. */
#include "method-tables.h"

#include "plots/html.h"
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

static void well_formed(const char *folder, const char *name)
{
    char command[600];
    snprintf(command, sizeof command,
             "command -v xmllint >/dev/null || exit 0; xmllint --nonet --noout "
             "'%s/%s'",
             folder, name);
    assert_int_equal(system(command), 0);
}

static void finish(struct spred_env *env, char *folder)
{
    if (getenv("SPRED_KEEP_FIGURES")) {
        print_message("# kept: %s\n", folder);
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

/* The report's section in a page of its own, page.html. */
static void write_page(struct spred_env *env, const struct fake_size *size,
                       const char *folder)
{
    struct plots_context context;
    struct spred_buffer page = {0};
    fake_context(env, size, folder, &context);
    context.dry = 1;
    for (size_t i = 0; i < 4; i++)
        assert_ok(env, kinds[i]->draw(&context));
    assert_ok(env, spred_buffer_add(env, &page,
                                    "<html><head><style>%s</style></head>"
                                    "<body>",
                                    plots_html_style));
    assert_ok(env, plots_report_methods(&context, &page));
    assert_ok(env, spred_buffer_add(env, &page, "</body></html>"));
    char *path = spred_format(env, "%s/page.html", folder);
    assert_ok(env, spred_write_file(env, path, page.text, page.length));
    spred_free(env, path);
    spred_free(env, page.text);
    plots_context_close(&context);
}

/* Twelve methods on eight data sets, one simulated: pages of at most six data
 * sets, colours by the place of a method. */
static void many(void **state)
{
    (void)state;
    const struct fake_size size = {12, 8, 10, 0, NULL, NULL};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env);
    draw_all(&env, &size, folder, 2 + 2 + 8 + 1);
    contains(&env, folder, "accuracy-genes-2.gp", "'bladder (simulated)'");
    contains(&env, folder, "accuracy-genes-2.gp", "SIMULATED");
    contains(&env, folder, "accuracy-genes.gp", "No result: stg");
    contains(&env, folder, "stability-2.gp", "'l1-logistic (coordinate-desc");
    contains(&env, folder, "gene-map-golub.gp", "'X500_at TWICE' 5");
    contains(&env, folder, "gene-map-golub.gp", "'X300_at' 3");
    contains(&env, folder, "gene-map-golub.gp", "HLA-DRB3 ///…");
    contains(&env, folder, "gene-map-alon.gp", "No result: stg. ");
    contains(&env, folder, "critical-difference.gp",
             "'k = 12 methods, N = 8 data sets, Friedman p = 0.0031'");
    write_page(&env, &size, folder);
    contains(&env, folder, "page.html", "f_l before stg (p = 0.01)");
    finish(&env, folder);
}

/* One trial: no interval, no index, no test; and what is drawn says so. */
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

/* The paper's protocol shows accuracy and its ceilings; long names that attack
 * the script, the SVG and HTML. */
static void paper(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a method with a name of forty characters",
        "it's `touch hacked` ]]> <b>&amp;\xC3\xA9\xFF\n, and long",
        "mlp(hidden=[128, 512] dropout=0.5 lr=.1)",
        "\"s\" $(touch hacked) %d %s {/Symbol a}_b^c",
        "αβγδεζηθικλμνξοπρστυφχψω and forty more of them"};
    static const char *const sets[] = {"a/../b 'c'",
                                       "''.system(\"touch hacked\").''"};
    const struct fake_size size = {5, 2, 20, 1, names, sets};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env);
    draw_all(&env, &size, folder, 5);
    contains(&env, folder, "accuracy-genes.gp", "'informed 0.74'");
    contains(&env, folder, "accuracy-genes.gp", "'largest class 0.19'");
    contains(&env, folder, "accuracy-genes.gp", "'it''s `touch hacked` ] ]>");
    contains(&env, folder, "stability.gp", "'αβγδ");
    well_formed(folder, "accuracy-genes.svg");
    well_formed(folder, "stability.svg");
    well_formed(folder, "gene-map-a_.__b__c_.svg");
    well_formed(folder, "critical-difference.svg");
    write_page(&env, &size, folder);
    well_formed(folder, "page.html");
    contains(&env, folder, "page.html", "<li>Largest class: 0.193.");
    contains(&env, folder, "page.html", "<li>1/T: 0.250.");
    contains(&env, folder, "page.html", "0.2T): 0.738.");
    contains(&env, folder, "page.html", "it's `touch hacked` ]]&gt; &lt;b&gt;");
    contains(&env, folder, "page.html", "aria-label=\"Figure stability: ");
    char *page = read_all(&env, folder, "page.html");
    assert_null(strstr(page, "src="));
    assert_false(access("hacked", F_OK) == 0);
    spred_free(&env, page);
    finish(&env, folder);
}

/* One data set and method by hand; the context has no gnuplot. */
static void by_hand(struct spred_env *env, const char *folder,
                    struct plots_context *context)
{
    static const char *const names[] = {"one", "two", "all"};
    const double index[] = {0.5, -0.25, NAN}, ranks[] = {1.25, 1.75, 3};
    *context = (struct plots_context){.env = env, .folder = folder};
    fake_table(&context->datasets, fake_datasets_heads);
    fake_row(env, &context->datasets);
    fake_text(env, &context->datasets, "dataset", "d");
    fake_real(&context->datasets, "classes", 4);
    struct results_table *t =
        fake_answer(context, "methods", fake_methods_heads);
    struct results_table *g =
        fake_answer(context, "chosen-genes", fake_genes_heads);
    struct results_table *r = fake_answer(context, "ranks", fake_ranks_heads);
    fake_answer(context, "rank-pairs", fake_pairs_heads);
    fake_answer(context, "versus", fake_versus_heads);
    fake_answer(context, "tuned", fake_tuned_heads);
    for (int m = 0; m < 3; m++) {
        fake_row(env, t);
        fake_text(env, t, "dataset", "d");
        fake_text(env, t, "method", names[m]);
        fake_text(env, t, "kind", m ? "solver" : "model");
        fake_real(t, "trials", 4);
        fake_real(t, "balanced", 0.25 * (m + 1));
        fake_real(t, "balanced_half", m ? 0.125 : NAN);
        fake_real(t, "genes", m == 2 ? 100 : 4 * (m + 1));
        fake_real(t, "genes_low", m == 2 ? 100 : 2);
        fake_real(t, "genes_high", m == 2 ? 100 : 16);
        fake_real(t, "share_all", m == 2);
        fake_real(t, "stability", index[m]);
        fake_real(t, "stability_low", index[m] - 0.25);
        fake_real(t, "stability_high", index[m] + 0.25);
        fake_row(env, r);
        fake_text(env, r, "method", names[m]);
        fake_real(r, "rank", ranks[m]);
        fake_real(r, "datasets", 8);
        fake_real(r, "friedman_p", 0.01);
        if (m < 2) { /* the second bar is within the first */
            fake_real(r, "low", ranks[m]);
            fake_real(r, "high", ranks[2]);
        }
        for (int place = 1; m < 2 && place < 3; place++) {
            fake_row(env, g);
            fake_text(env, g, "dataset", "d");
            fake_text(env, g, "method", names[m]);
            fake_text(env, g, "symbol", place == 1 ? "ABC" : "");
            fake_text(env, g, "feature", "x_at");
            fake_real(g, "count", m + place);
            fake_real(g, "trials", 4);
            fake_real(g, "share", 0.25 * (m + place));
            fake_real(g, "place", place);
        }
    }
}

static size_t occurrences(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static void numbers(void **state)
{
    (void)state;
    struct plots_context context;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env);
    by_hand(&env, folder, &context);
    for (size_t i = 0; i < 4; i++)
        assert_ok(&env, kinds[i]->draw(&context));
    contains(&env, folder, "accuracy-genes.dat",
             "# d, one: genes, least, most, balanced, from, to, at, from, to\n"
             "4 2 16 0.25 0.25 0.25 4 2 16\n");
    contains(&env, folder, "accuracy-genes.dat",
             "\n8 2 16 0.5 0.375 0.625 8 2 16\n");
    contains(&env, folder, "accuracy-genes.dat",
             "\n100 100 100 0.75 0.625 0.875 ");
    contains(&env, folder, "accuracy-genes.gp",
             "first 0.250000 to graph 1, first 0.250000"); /* chance */
    char *text = read_all(&env, folder, "stability.dat");
    assert_string_equal(text, "# stability.dat, drawn by stability.gp\n"
                              "# d, one: index, from, to, place, genes\n"
                              "0.5 0.25 0.75 1 4\n\n\n"
                              "# d, two: index, from, to, place, genes\n"
                              "-0.25 -0.5 0 2 8\n");
    spred_free(&env, text);
    contains(&env, folder, "stability.gp", "'4 (2–16)'");
    text = read_all(&env, folder, "gene-map-d.dat");
    assert_string_equal(text,
                        "# gene-map-d.dat, drawn by gene-map-d.gp\n"
                        "# d: method, place of the gene, share of trials\n"
                        "# method 1: one\n# method 2: two\n"
                        "# ABC\n1 1 0.25\n2 1 0.5\n"
                        "# x_at\n1 2 0.5\n2 2 0.75\n");
    spred_free(&env, text);
    contains(&env, folder, "critical-difference.dat",
             "# one: mean rank, bar from, to\n1.25 1.25 3\n");
    text = read_all(&env, folder, "critical-difference.gp");
    assert_int_equal(occurrences(text, "nohead front"), 1);
    spred_free(&env, text);
    plots_context_close(&context);
    fixture_remove(&env, folder);
}

/* Memory that runs out after `left` allocations; blocks in use. */
struct heap {
    size_t left, used;
};

static void *from_heap(void *cookie, void *pointer, size_t size)
{
    struct heap *heap = cookie;
    if (size == 0) {
        heap->used -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (heap->left == 0)
        return NULL;
    heap->left--;
    heap->used += pointer == NULL;
    return realloc(pointer, size);
}

/* Every allocation of the figures' names and the report's page fails once. */
static void out_of_memory(void **state)
{
    (void)state;
    struct plots_context context;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env);
    struct heap heap = {SIZE_MAX, 0};
    env.reallocate = from_heap;
    env.allocate_cookie = &heap;
    enum spred_status status = SPRED_ENOMEM;
    for (size_t n = 0; status; n++) {
        struct spred_buffer page = {0};
        heap.left = SIZE_MAX;
        by_hand(&env, folder, &context);
        heap.left = n;
        status = SPRED_OK;
        for (size_t i = 0; i < 4 && !status; i++)
            status = kinds[i]->draw(&context);
        if (!status)
            status = plots_report_methods(&context, &page);
        assert_true(status == SPRED_OK || status == SPRED_ENOMEM);
        spred_free(&env, page.text);
        plots_context_close(&context);
        assert_int_equal(heap.used, 0);
        assert_true(n < 100000);
    }
    env.reallocate = NULL;
    env.allocate_cookie = NULL;
    fixture_remove(&env, spred_strdup(&env, folder));
    free(folder);
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
    well_formed(folder, "report.html");
    contains(&env, folder, "report.html", "<h2>Methods</h2>");
    contains(&env, folder, "report.html", "l1-logistic (coordinate-descent)");
    contains(&env, folder, "report.html", "uses every gene");
    contains(&env, folder, "report.html", "<td>3/3</td>");
    contains(&env, folder, "report.html", "cannot separate");
    contains(&env, folder, "report.html", "lr=0.1 lambda=0.3 step=200");
    contains(&env, folder, "critical-difference.gp", "stg; planted: simulated");
    size_t page_figures = 0;
    char *text = read_all(&env, folder, "report.html");
    page_figures = occurrences(text, "<figure id=");
    assert_int_equal(page_figures, 1 + 1 + 4 + 1); /* each once */
    spred_free(&env, text);
    finish(&env, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many),          cmocka_unit_test(few),
        cmocka_unit_test(paper),         cmocka_unit_test(numbers),
        cmocka_unit_test(out_of_memory), cmocka_unit_test(whole_store)};
    return cmocka_run_group_tests_name("method-figures", tests, NULL, NULL);
}
