/* t-plot.c: figures from a table of numbers, figures in a terminal, and figure
 * kinds that a script adds. */
#include "results-fixture.h"

#include "plots/plots.h"
#include "plots/series.h"
#include "spred/file.h"

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
    if (getenv("SPRED_KEEP_FIGURES"))
        spred_free(env, folder);
    else
        fixture_remove(env, folder);
}

enum { N = 60 };

/* Three decaying series with a band, in every kind. */
static void every_kind(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), file[64];
    double x[N], y[3][N], low[N], high[N], z[N];
    for (int i = 0; i < N; i++) {
        x[i] = i + 1;
        for (int s = 0; s < 3; s++)
            y[s][i] = exp(-0.03 * (s + 1) * i) + 0.05 * ((i * 7 + s * 3) % 5);
        low[i] = 0.9 * y[0][i];
        high[i] = 1.1 * y[0][i];
        z[i] = sin(0.3 * i);
    }
    struct plots_series series[] = {
        {"spred (Newton)", x, y[0], low, high, NULL, N},
        {"it's `rm -rf` ]]> <b>", x, y[1], NULL, NULL, NULL, N},
        {"owl-qn", x, y[2], NULL, NULL, NULL, N}};
    for (int kind = 0; plots_series_kinds()[kind]; kind++) {
        const char *name = plots_series_kinds()[kind];
        struct spred_buffer text = {0};
        struct plots_series_figure figure = {.name = name,
                                             .title = "Gap over steps",
                                             .x_label = "step",
                                             .y_label = "relative gap",
                                             .kind =
                                                 (enum plots_series_kind)kind,
                                             .log_y = kind == PLOTS_LINES,
                                             .series = series,
                                             .n_series = 3,
                                             .caption = "Made by a test.",
                                             .simulated = 1};
        double gx[N], gy[N];
        struct plots_series grid = {NULL, gx, gy, NULL, NULL, z, N};
        for (int i = 0; i < N; i++)
            gx[i] = 1 + i % 10, gy[i] = 1 + i / 10;
        if (kind == PLOTS_HEAT)
            figure.series = &grid, figure.n_series = 1, figure.z_label = "z";
        if (kind == PLOTS_BARS)
            for (int s = 0; s < 3; s++)
                series[s].n = 6;
        assert_ok(&env, plots_series_draw(&env, &figure, folder, 1, NULL));
        for (int s = 0; s < 3; s++)
            series[s].n = N;
        snprintf(file, sizeof file, "%s.svg", name);
        well_formed(folder, file);
        contains(&env, folder, file, "SIMULATED data, not measured. Made by");
        assert_ok(&env, plots_show(&env, folder, name, "dumb", 79, 0, &text));
        assert_non_null(strstr(text.text, "Gap over steps"));
        assert_non_null(strstr(text.text, "SIMULATED data, not measured."));
        assert_null(strstr(text.text, "10^{"));
        if (getenv("SPRED_KEEP_FIGURES"))
            printf("%s\n", text.text);
        spred_free(&env, text.text);
    }
    /* 60 values, 8 bins, at most 20 of them in one */
    contains(&env, folder, "histogram.gp", "set yrange [0:21]");
    contains(&env, folder, "histogram.gp", "nth(x) < 8 ? nth(x) : 7");
    contains(&env, folder, "points.dat", "\n1 1 0.9 1.1\n");
    contains(&env, folder, "histogram.dat", "values\n1\n");
    contains(&env, folder, "heat.dat", "\n3 1 0.564642473\n");
    finish(&env, folder);
}

static void names_and_refusals(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), name[PLOTS_NAME_SIZE];
    static const char *const names[] = {
        "coordinate-descent", "proximal-gradient[accelerate=true]",
        "spred[variant=newton]", "lars", "owl-qn"};
    double x[] = {1, 2, 3, 4, 5}, y[] = {0.5, 3, 0.02, NAN, INFINITY};
    double none[] = {-1, 0, NAN, NAN, -3};
    struct plots_series series = {NULL, x, y, NULL, NULL, NULL, 5};
    struct plots_series_figure figure = {.name = "../by solver",
                                         .y_label = "seconds",
                                         .kind = PLOTS_BARS,
                                         .x_names = names,
                                         .n_x_names = 5,
                                         .series = &series,
                                         .n_series = 1};
    assert_ok(&env, plots_series_draw(&env, &figure, folder, 1, name));
    assert_string_equal(name, "_._by_solver");
    contains(&env, folder, "_._by_solver.dat", "\n4 NaN NaN NaN\n");
    well_formed(folder, "_._by_solver.svg");
    struct spred_buffer text = {0};
    assert_ok(&env, plots_show(&env, folder, name, "dumb", 80, 0, &text));
    assert_non_null(
        strstr(text.text, "y: seconds\nx: 1 coordinate-descent, 2 "));
    text.length = 0;
    assert_ok(&env, plots_show(&env, folder, name, "dumb", 300, 0, &text));
    assert_null(strstr(text.text, "x: 1"));
    spred_free(&env, text.text);
    figure.name = "log-bars";
    figure.log_y = 1;
    assert_ok(&env, plots_series_draw(&env, &figure, folder, 1, name));
    series.y = none;
    assert_int_equal(plots_series_draw(&env, &figure, folder, 1, name),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "above 0"));
    series.n = 0;
    figure.log_y = 0;
    assert_int_equal(plots_series_draw(&env, &figure, folder, 1, name),
                     SPRED_EINVAL);
    /* one point, flat lines */
    series.n = 1;
    for (int kind = 0; kind < PLOTS_HEAT; kind++) {
        figure.kind = (enum plots_series_kind)kind;
        figure.x_names = NULL;
        assert_ok(&env, plots_series_draw(&env, &figure, folder, 1, NULL));
        none[0] = 0;
        assert_ok(&env, plots_series_draw(&env, &figure, folder, 1, NULL));
    }
    finish(&env, folder);
}

/* Built-in figures in a terminal, drawn from their scripts alone. */
static void terminals(void **state)
{
    (void)state;
    static const char *const kinds[] = {"profile", "gap-time"};
    struct spred_env env;
    struct spred_buffer text = {0};
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256], **names;
    snprintf(db, sizeof db, "%s/results.db", folder);
    fixture_experiment(&env, db);
    assert_ok(&env, plots_prepare(&env, db, folder, kinds, 2, NULL, &names));
    assert_string_equal(names[0], "profile");
    assert_string_equal(names[1], "gap-time-lasso");
    assert_null(names[3]);
    plots_names_free(&env, names);
    for (size_t i = 0; i < 2; i++) {
        const char *name = i ? "gap-time-lasso" : "profile";
        text.length = 0;
        assert_ok(&env, plots_show(&env, folder, name, "dumb", 100, 0, &text));
        assert_non_null(strstr(text.text, "spred[variant=newton]"));
        assert_non_null(strstr(text.text, "SIMULATED data, not measured"));
        for (char *c = text.text, *end; *c; c = end + (*end != '\0')) {
            end = c + strcspn(c, "\n");
            assert_true(end - c <= 300); /* bytes; characters: below */
            size_t wide = 0;
            for (char *k = c; k < end; k++)
                wide += ((unsigned char)*k & 0xC0) != 0x80;
            assert_true(wide <= 100);
            assert_true(end == c || end[-1] != ' ');
        }
        if (getenv("SPRED_KEEP_FIGURES"))
            printf("%s\n", text.text);
        text.length = 0;
        assert_ok(&env, plots_show(&env, folder, name, "sixel", 0, 0, &text));
        assert_memory_equal(text.text, "\033P", 2);
        assert_memory_equal(text.text + text.length - 2, "\033\\", 2);
        text.length = 0;
        assert_ok(&env, plots_show(&env, folder, name, "ansi", 60, 0, &text));
        assert_non_null(strstr(text.text, "\033["));
    }
    char *png = spred_format(&env, "%s/elsewhere.png", folder);
    assert_ok(&env, plots_redraw(&env, folder, "profile", "png", png));
    assert_int_equal(access(png, R_OK), 0);
    assert_int_equal(plots_show(&env, folder, "none", "dumb", 0, 0, &text),
                     SPRED_ENOTFOUND);
    spred_free(&env, png);
    spred_free(&env, text.text);
    finish(&env, folder);
}

static enum spred_status draw_extra(void *cookie, struct spred_env *env,
                                    const char *db, const char *folder,
                                    const char *name, int pictures)
{
    double x[] = {1, 2, 3}, y[] = {3, 1, 2};
    struct plots_series series = {NULL, x, y, NULL, NULL, NULL, 3};
    struct plots_series_figure figure = {
        .name = name, .series = &series, .n_series = 1, .store = db};
    ++*(int *)cookie;
    if (strcmp(name, "broken") == 0)
        return spred_fail(env, SPRED_EINVAL, "broken: it is");
    return plots_series_draw(env, &figure, folder, pictures, NULL);
}

static void extra_kinds(void **state)
{
    (void)state;
    static const char *const own[] = {"broken", "mine", NULL};
    static const char *const near[] = {"mien"};
    struct spred_env env;
    int calls = 0;
    struct plots_extra extra = {&calls, own, draw_extra};
    struct results_store *store;
    spred_env_init(&env);
    char *folder = fixture_folder(&env), db[256], report[256], **names;
    snprintf(db, sizeof db, "%s/results.db", folder);
    snprintf(report, sizeof report, "%s/report.html", folder);
    fixture_experiment(&env, db);
    assert_ok(&env, results_store_open(&env, db, &store));
    struct results_sink sink = results_store_sink(store);
    assert_ok(&env, sink.note(sink.self, "figures", "mine profile other"));
    results_store_close(store);
    assert_ok(&env, plots_draw(&env, db, folder, NULL, 0, &extra));
    assert_int_equal(calls, 1);
    contains(&env, folder, "mine.svg", "SIMULATED data, not measured: planted");
    contains(&env, folder, "mine.dat", "\n2 1 1 1\n");
    assert_ok(&env, plots_report(&env, db, folder, NULL, 0, &extra, report));
    contains(&env, folder, "report.html", "<figure id=\"mine\">");
    well_formed(folder, "report.html");
    assert_int_equal(calls, 1);
    /* without the script the name is passed over */
    assert_ok(&env, plots_draw(&env, db, folder, NULL, 0, NULL));
    /* the others are drawn before the error comes */
    char *path = spred_format(&env, "%s/mine.svg", folder);
    unlink(path);
    assert_int_equal(plots_draw(&env, db, folder, own, 2, &extra),
                     SPRED_EINVAL);
    assert_string_equal(env.error, "broken: it is");
    assert_int_equal(access(path, R_OK), 0);
    spred_free(&env, path);
    assert_ok(&env, plots_report(&env, db, folder, own, 2, &extra, report));
    contains(&env, folder, "report.html", "figure broken was not drawn");
    assert_int_equal(plots_draw(&env, db, folder, near, 1, &extra),
                     SPRED_ENOTFOUND);
    assert_non_null(strstr(env.error, "'mine'"));
    assert_ok(&env, plots_figure_names(&env, db, &extra, &names));
    size_t n = 0;
    while (names[n])
        n++;
    assert_string_equal(names[n - 1], "mine");
    plots_names_free(&env, names);
    finish(&env, folder);
}

/* Fails once: the allocation with this number. */
static void *fail_once(void *cookie, void *pointer, size_t size)
{
    int *left = cookie;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return --*left == 0 ? NULL : realloc(pointer, size);
}

static void every_allocation(void **state)
{
    (void)state;
    struct spred_env plain;
    spred_env_init(&plain);
    char *folder = fixture_folder(&plain);
    double x[] = {1, 2, 3}, y[] = {3, 1, 2};
    struct plots_series series = {"a", x, y, y, y, NULL, 3};
    struct plots_series_figure figure = {
        .name = "f", .series = &series, .n_series = 1, .caption = "c"};
    int passed = 0;
    for (int i = 1; !passed; i++) {
        int left = i;
        char name[PLOTS_NAME_SIZE];
        struct spred_env env = plain;
        env.reallocate = fail_once;
        env.allocate_cookie = &left;
        enum spred_status status =
            plots_series_draw(&env, &figure, folder, 0, name);
        passed = left > 0;
        assert_int_equal(status, passed ? SPRED_OK : SPRED_ENOMEM);
    }
    passed = 0;
    for (int i = 1; !passed; i += 1 + i / 30) { /* gnuplot runs often enough */
        int left = i;
        struct spred_buffer out = {0};
        struct spred_env env = plain;
        env.reallocate = fail_once;
        env.allocate_cookie = &left;
        enum spred_status status =
            plots_show(&env, folder, "f", "dumb", 60, 0, &out);
        spred_free(&env, out.text);
        passed = left > 0;
        if (passed)
            assert_ok(&env, status);
        else
            assert_true(status == SPRED_ENOMEM || status == SPRED_ENOTFOUND ||
                        status == SPRED_EIO);
    }
    fixture_remove(&plain, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind), cmocka_unit_test(names_and_refusals),
        cmocka_unit_test(terminals), cmocka_unit_test(extra_kinds),
        cmocka_unit_test(every_allocation)};
    return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
