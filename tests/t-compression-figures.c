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
        print_message("# kept: %s\n", folder);
        spred_free(env, folder);
    } else {
        fixture_remove(env, folder);
    }
}

/* Small: dense, spred by two strengths, and a rival, in two trials; trial 2 of
 * the last failed. */
static void small_store(struct spred_env *env, const char *db)
{
    static const double accuracy[2][2] = {{0.875, 0.885}, {0.75, 0.1}};
    struct results_store *store;
    struct results_record r;
    assert_ok(env, results_store_open(env, db, &store));
    struct results_sink sink = results_store_sink(store);
    for (int t = 0; t < 2; t++) {
        fixture_deep(env, &r, "d", "deep-dense", "network=net", t + 1);
        fixture_mark(env, &r, "dense", NAN, 1000, 1000, 0.9, 0.89 + 0.01 * t);
        assert_ok(env, sink.put(sink.self, &r));
        results_record_free(env, &r);
        for (int k = 0; k < 2; k++) {
            fixture_deep(
                env, &r, "d", "deep-spred",
                k ? "network=net lambda=0.2" : "network=net lambda=0.1", t + 1);
            fixture_mark(env, &r, "dense", NAN, 1000, 1000, 0.9, 0.88)
                ->seconds_sample = 4e-6;
            fixture_mark(env, &r, "exact zeros", NAN, 1000, k ? 40 : 100,
                         k ? 0.5 : 0.9, accuracy[k][t]);
            fixture_layer(env, &r, 1, "conv1", 100, t ? 0 : 50, 10, t ? 0 : 5);
            fixture_layer(env, &r, 2, "linear1", 900, 0, 4, 4);
            fixture_mark(env, &r, "made smaller", NAN, 1000, k ? 40 : 100,
                         k ? 0.5 : 0.9, accuracy[k][t])
                ->seconds_sample = 2e-6 * (t + 1);
            fixture_array(env, &r, "filters before", 4, 2, 2, 2, 1,
                          "1 2 3 4 -1 -2 -3 -4");
            fixture_array(env, &r, "filters after", 4, 2, 2, 2, 1,
                          "0 0 0.5 0 0 nan -1 0");
            assert_ok(env, sink.put(sink.self, &r));
            results_record_free(env, &r);
        }
        fixture_deep(env, &r, "d", "deep-l1", "network=net lambda=1", t + 1);
        fixture_mark(env, &r, "threshold", 0.01, 1000, 500, 0.6, 0.6);
        fixture_layer(env, &r, 1, "conv1", 100, 100, 10, 10);
        fixture_layer(env, &r, 2, "linear1", 900, 400, 4, 4);
        assert_ok(env, sink.put(sink.self, &r));
        results_record_free(env, &r);
    }
    results_store_close(store);
}

/* What the data of each figure say, number by number. */
static void numbers(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256], **names;
    snprintf(db, sizeof db, "%s/results.db", folder);
    small_store(&env, db);
    assert_ok(&env, plots_prepare(&env, db, folder, kinds, 5, NULL, &names));
    plots_names_free(&env, names);
    char *text = read_all(&env, folder, "accuracy-compression-d-net.dat");
    assert_string_equal(
        text,
        "# accuracy-compression-d-net.dat, drawn by "
        "accuracy-compression-d-net.gp\n"
        "# deep-l1, the curve: compression, accuracy, from, to, compression "
        "from, to\n# lambda=1, threshold 0.01\n2 0.6 0.6 0.6 2 2\n\n\n"
        "# deep-l1, other settings: compression, accuracy, from, to, "
        "compression from, to\nNaN NaN NaN NaN NaN NaN\n\n\n"
        "# deep-spred, the curve: compression, accuracy, from, to, compression "
        "from, to\n# lambda=0.1, exact zeros\n10 0.88 0.875 0.885 10 10\n"
        "# lambda=0.2, exact zeros\n25 0.425 0.1 0.75 25 25\n\n\n"
        "# deep-spred, other settings: compression, accuracy, from, to, "
        "compression from, to\n"
        "# lambda=0.1, made smaller\n10 0.88 0.875 0.885 10 10\n"
        "# lambda=0.2, made smaller\n25 0.425 0.1 0.75 25 25\n");
    spred_free(&env, text);
    /* dense: mean 0.895, band 0.89 to 0.90; the failed trial is drawn */
    contains(&env, folder, "accuracy-compression-d-net.gp",
             "from graph 0, first 0.895000 to graph 1, first 0.895000 nohead");
    contains(&env, folder, "accuracy-compression-d-net.gp",
             "set yrange [0.068000:0.932000]");
    contains(&env, folder, "accuracy-compression-d-net.gp", "'2' 2.000000e+00");
    contains(&env, folder, "accuracy-compression-d-net.gp", "'5' 5.000000e+00");
    contains(&env, folder, "accuracy-compression-d-net.gp",
             "'20' 2.000000e+01");
    contains(&env, folder, "accuracy-compression-d-net.gp", "nearer to dense");
    contains(&env, folder, "accuracy-compression-d-net.gp", "SIMULATED");
    /* 4 / 2 and 4 / 4 */
    contains(&env, folder, "accuracy-latency-d-net.dat",
             "# lambda=0.1, made smaller\n1.5 0.88 0.875 0.885 1 2\n");
    text = read_all(&env, folder, "accuracy-latency-d-net.dat");
    assert_null(strstr(text, "deep-l1")); /* was not made smaller */
    spred_free(&env, text);
    contains(&env, folder, "accuracy-macs-d-net.dat",
             "# lambda=0.1, made smaller\n10 0.88 0.875 0.885 10 10\n");
    contains(&env, folder, "accuracy-macs-d-net.dat",
             "# lambda=1, threshold 0.01\n2 0.6");
    contains(&env, folder, "layer-sparsity-d-net.dat",
             "# deep-spred, exact zeros: layer, share of weights left, from, "
             "to\n1 0.25 0 0.5\n2 0 0 0\n");
    contains(&env, folder, "layer-sparsity-d-net.dat",
             "share of neurons, filters left, from, to\n1 0.25 0.25 0.25\n2 1");
    contains(&env, folder, "layer-sparsity-d-net.gp",
             "but deep-l1 (the best by validation). ");
    contains(&env, folder, "filters-d-net.dat",
             "after: 2 pictures of 2 x 2, 2 side by side: x, y, value\n"
             "0 0 0\n1 0 0\n2 0 NaN\n3 0 0\n4 0 NaN\n"
             "0 1 0.5\n1 1 0\n2 1 NaN\n3 1 -1\n4 1 0\n");
    contains(&env, folder, "filters-d-net.gp", "set cbrange [-1:1]");
    fixture_remove(&env, folder);
}

/* A whole experiment: every figure, with gnuplot, and the report. */
static void whole_store(void **state)
{
    (void)state;
    static const char *const both[] = {"accuracy-compression", "stability",
                                       "gene-map", "accuracy-genes"};
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256], report[256];
    snprintf(db, sizeof db, "%s/results.db", folder);
    snprintf(report, sizeof report, "%s/report.html", folder);
    fixture_compression(&env, db);
    assert_ok(&env, plots_draw(&env, db, folder, kinds, 5, NULL));
    assert_ok(&env, plots_report(&env, db, folder, kinds, 5, NULL, report));
    if (plots_gnuplot_found(&env))
        for (size_t k = 0; k < 5; k++) {
            char name[128];
            snprintf(name, sizeof name, "%s-fashion-mnist-lenet-5-caffe.svg",
                     kinds[k]);
            well_formed(folder, name);
        }
    well_formed(folder, "report.html");
    char *text = read_all(&env, folder, "report.html");
    size_t figures = 0;
    for (const char *at = text; (at = strstr(at, "<figure id=")); at++)
        figures++;
    if (plots_gnuplot_found(&env))
        assert_int_equal(figures, 2 * 4 + 2 * 2); /* each once */
    size_t methods = 0;                           /* come after compression */
    while (text[methods] && strncmp(text + methods, "<h2>Methods", 11) != 0)
        methods++;
    text[methods] = '\0';
    assert_non_null(strstr(text, "<h2>Compression</h2>"));
    assert_non_null(strstr(text, "<th>lost (points)</th>"));
    assert_non_null(strstr(text, "<td>0.891</td><td>+0.49 ± 0.49</td>"
                                 "<td>+0.69</td>"));
    spred_free(&env, text);
    contains(&env, folder, "report.html", "<h2>Methods</h2>");
    contains(&env, folder, "report.html",
             "<b>deep-gradual</b> compresses 24 times within one point of "
             "dense, <b>deep-spred[group=element factors=2]</b> 15 times.");
    /* figures of genes show nothing here */
    char **names;
    assert_ok(&env, plots_prepare(&env, db, folder, both, 4, NULL, &names));
    assert_true(names[0] && names[1] && !names[2]);
    plots_names_free(&env, names);
    finish(&env, folder);
}

/* ---- mosaics ---- */

static enum spred_status draw_mosaic(struct spred_env *env, const char *folder,
                                     const struct plots_mosaic *m,
                                     double *height)
{
    struct plots_context context = {.env = env, .folder = folder};
    struct plots_figure f;
    context.gnuplot = plots_find_gnuplot(env);
    enum spred_status status =
        plots_figure_begin(&context, &f, "mosaic", NULL, 1);
    if (!status) {
        *height = plots_mosaic_height(m, 600);
        plots_figure_layout(&f, 1, 60, 60, 0, fmax(*height, 40));
        status = plots_mosaic(&f, 0, m);
    }
    status = plots_figure_end(&f, status);
    plots_context_close(&context);
    return status;
}

static void mosaic(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env);
    double height, *values;
    const double grey[] = {1, 2, 3, 5, 7, 7, NAN, 7, 0, 4, 0, 0};
    struct plots_mosaic m = {.title = "it''s %d",
                             .values = grey,
                             .rows = 4,
                             .columns = 3,
                             .height = 2,
                             .width = 2,
                             .channels = 1,
                             .across = 2};
    assert_ok(&env, draw_mosaic(&env, folder, &m, &height));
    assert_near(height, 600, 1e-9); /* 5 x 5 pixels */
    contains(&env, folder, "mosaic.dat",
             "3 pictures of 2 x 2, 2 side by side: x, y, share of the "
             "picture's range\n"
             "0 0 0\n1 0 0.25\n2 0 NaN\n3 0 0.5\n4 0 0.5\n"
             "0 1 0.5\n1 1 1\n2 1 NaN\n3 1 NaN\n4 1 0.5\n"
             "0 2 NaN\n1 2 NaN\n2 2 NaN\n3 2 NaN\n4 2 NaN\n"
             "0 3 0\n1 3 1\n2 3 NaN\n3 3 NaN\n4 3 NaN\n");
    m.scale = PLOTS_MOSAIC_SHARED;
    assert_ok(&env, draw_mosaic(&env, folder, &m, &height));
    contains(&env, folder, "mosaic.dat", "0 0 1\n1 0 2\n");
    contains(&env, folder, "mosaic.gp", "set cbrange [0:7]");
    m.low = -1, m.high = 10;
    assert_ok(&env, draw_mosaic(&env, folder, &m, &height));
    contains(&env, folder, "mosaic.gp", "set cbrange [-1:10]");
    /* red, green and blue of one pixel each; then two channels below another */
    const double rgb[] = {0, 1, 0.5, 1, 0, 0};
    m = (struct plots_mosaic){.title = "",
                              .values = rgb,
                              .rows = 3,
                              .columns = 2,
                              .height = 1,
                              .width = 1,
                              .channels = 3};
    assert_ok(&env, draw_mosaic(&env, folder, &m, &height));
    contains(&env, folder, "mosaic.dat",
             "0 0 0 255 128\n1 0 NaN NaN NaN\n2 0 255 0 0\n0 1 NaN");
    m.rows = 2, m.columns = 3, m.channels = 2;
    m.scale = PLOTS_MOSAIC_SIGNED;
    m.across = 3;
    assert_ok(&env, draw_mosaic(&env, folder, &m, &height));
    assert_near(height, 600 * 3.0 / 7, 1e-9);
    contains(&env, folder, "mosaic.dat",
             "0 0 0\n1 0 NaN\n2 0 NaN\n3 0 0.5\n4 0 NaN\n5 0 NaN\n6 0 0\n"
             "0 1 NaN\n");
    contains(&env, folder, "mosaic.dat", "0 2 1\n1 2 NaN\n2 2 NaN\n3 2 1\n");
    m.rows = 5;
    assert_int_equal(draw_mosaic(&env, folder, &m, &height), SPRED_EINVAL);
    assert_ok(&env, plots_mosaic_read(&env, "1 -2.5e-3 x nan 4,5", 6, &values));
    assert_near(values[0], 1, 0);
    assert_near(values[1], -0.0025, 0);
    for (size_t i = 2; i < 6; i++)
        assert_true(isnan(values[i]));
    spred_free(&env, values);
    fixture_remove(&env, folder);
}

/* ---- memory ---- */

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

static const struct plots_kind *const drawn[] = {
    &plots_accuracy_compression, &plots_layer_sparsity, &plots_accuracy_macs,
    &plots_accuracy_latency, &plots_filters};

static enum spred_status draw_all(struct spred_env *env, const char *db,
                                  const char *folder)
{
    struct plots_context context;
    struct spred_buffer page = {0};
    SPRED_TRY(plots_context_open(env, db, folder, &context));
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; i < 5 && !status; i++)
        status = drawn[i]->draw(&context);
    if (!status)
        status = plots_report_compression(&context, &page);
    spred_free(env, page.text);
    plots_context_close(&context);
    return status;
}

/* Every allocation fails once, from the first on in steps: there are many. */
static void out_of_memory(void **state)
{
    (void)state;
    struct spred_env env, failing;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256];
    snprintf(db, sizeof db, "%s/results.db", folder);
    small_store(&env, db);
    struct heap heap = {SIZE_MAX, 0};
    size_t n = 0;
    spred_env_init(&failing);
    failing.reallocate = from_heap;
    failing.allocate_cookie = &heap;
    for (enum spred_status status = SPRED_ENOMEM; status; n += 1 + n / 500) {
        heap.left = n;
        status = draw_all(&failing, db, folder);
        assert_true(status == SPRED_OK || status == SPRED_ENOMEM);
        assert_int_equal(heap.used, 0);
        assert_true(n < 1000000);
    }
    assert_true(n > 500);
    fixture_remove(&env, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(whole_store),
        cmocka_unit_test(mosaic), cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests_name("compression-figures", tests, NULL,
                                       NULL);
}
