/* t-paths.c: the queries "path" and "time-dimension", the tables of models and
 * cross-validation, and their figures, against numbers worked out by hand. */
#include "results-fixture.h"

#include "plots/plots.h"
#include "results/export.h"
#include "results/query.h"

struct place {
    struct spred_env env;
    char *folder, db[256];
    struct results_store *store;
    struct results_sink sink;
};

static void open_place(struct place *p)
{
    spred_env_init(&p->env);
    p->folder = fixture_folder(&p->env);
    snprintf(p->db, sizeof p->db, "%s/results.db", p->folder);
    assert_ok(&p->env, results_store_open(&p->env, p->db, &p->store));
    p->sink = results_store_sink(p->store);
}

static struct results_view *close_store(struct place *p)
{
    struct results_view *view;
    results_store_close(p->store);
    assert_ok(&p->env, results_view_open(&p->env, p->db, &view));
    return view;
}

static void put(struct place *p, struct results_record *r)
{
    assert_ok(&p->env, p->sink.put(p->sink.self, r));
    results_record_free(&p->env, r);
}

/* The last point of a lambda. */
static struct results_point *end_point(struct spred_env *env,
                                       struct results_record *r, int64_t index,
                                       double lambda, double seconds_path,
                                       double gap)
{
    struct results_point *p =
        fixture_point(env, r, index, 3, 0, seconds_path, gap);
    p->lambda = lambda;
    p->lambda_ratio = lambda / 2;
    p->floor = 0;
    p->last = 1;
    p->stop = spred_strdup(env, gap <= 1e-6 ? "certified" : "time");
    return p;
}

static void counts(struct results_point *p, int64_t support, int64_t tiny,
                   int64_t small, int64_t hits)
{
    p->support = support;
    p->above_1e12 = tiny;
    p->above_1e6 = small;
    p->true_positives = hits;
}

/* Two trials of one solver on 10 features, of which 4 have an effect, times
 * `scale`; the second trial's last lambda had no time. */
static void put_path(struct place *p, const char *dataset, const char *solver,
                     double scale, int64_t features)
{
    for (int64_t trial = 1; trial <= 2; trial++) {
        struct results_record r = {.n_points = 0};
        double more = trial == 1 ? scale : 3 * scale;
        fixture_run(&p->env, &r.run, dataset, "lasso", solver, "", trial);
        r.run.points = 3;
        r.run.features = features;
        r.run.truth = 4;
        r.run.warm_start = 1;
        r.run.lambda_ratio = 0.5;
        r.run.seconds = 7 * more;
        /* an observation in mid-lambda says nothing here */
        fixture_point(&p->env, &r, 1, 1, more, 1.5 * more, 1);
        counts(end_point(&p->env, &r, 1, 2, 2 * more, 0), 0, 0, 0, 0);
        struct results_point *at =
            end_point(&p->env, &r, 2, 1, 5 * more, trial == 1 ? 1e-7 : 1e-3);
        counts(at, 8, 5, 4, 2);
        at->cv_loss = trial == 1 ? 0.5 : 0.7;
        at->cv_se = trial == 1 ? 0.1 : 0.3;
        at = end_point(&p->env, &r, 3, 0.5, trial == 1 ? 7 : 5 * more, 1);
        counts(at, 10, 10, 10, 4);
        at->step = trial == 1 ? 3 : 0;
        if (trial == 2)
            fixture_status(&p->env, &r.run, "time", "of time");
        put(p, &r);
    }
}

/* One trial with a power penalty: no gap; the second lambda only if reached. */
static void put_power(struct place *p, const char *dataset, int reached,
                      int64_t features)
{
    struct results_record r = {.n_points = 0};
    fixture_run(&p->env, &r.run, dataset, "power", "a", "", 1);
    spred_free(&p->env, r.run.penalty);
    r.run.penalty = spred_strdup(&p->env, "power(3)");
    r.run.points = 2;
    r.run.features = features;
    r.run.seconds = 3;
    for (int64_t index = 1; index <= 2; index++) {
        struct results_point *at = end_point(
            &p->env, &r, index, 3 - (double)index, (double)index, NAN);
        int ended = index == 1 || reached;
        spred_free(&p->env, at->stop);
        at->stop = spred_strdup(&p->env, ended ? "stationary" : "steps");
        at->dual = NAN;
        at->cv_loss = 0.5;
    }
    fixture_status(&p->env, &r.run, reached ? "stationary" : "steps",
                   reached ? NULL : "too many");
    put(p, &r);
}

static void path(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    put_path(&p, "d", "a", 1, 10);
    struct results_record r = {.n_points = 0}; /* one-vs-rest: two outputs */
    fixture_run(&p.env, &r.run, "d", "lasso", "b", "", 1);
    r.run.points = 2;
    r.run.features = 10;
    counts(end_point(&p.env, &r, 1, 2, 3, 1e-9), 2, 2, 2, 0);
    struct results_point *second = end_point(&p.env, &r, 1, 2, 7, 1e-3);
    second->output = 2;
    counts(second, 4, 4, 3, 0);
    put(&p, &r);
    fixture_run(&p.env, &r.run, "d", "lasso", "c", "", 1);
    fixture_status(&p.env, &r.run, "skipped", "no");
    put(&p, &r);
    put_power(&p, "e", 0, 10);
    struct results_view *view = close_store(&p);
    assert_ok(&p.env, results_query(&p.env, view, "path", &t));
    assert_int_equal(t.n_rows, 6); /* of a three lambdas, b one, power two */
    const struct {
        size_t row;
        const char *column;
        double value;
    } expected[] = {{0, "lambda", 2},
                    {0, "ratio", 1},
                    {0, "seconds", (2. + 6) / 2},
                    {0, "certified", 2},
                    {0, "trials", 2},
                    {0, "zeros", 1},
                    {0, "recall", 0},
                    {0, "chosen", 0},
                    {1, "seconds", (3. + 9) / 2},
                    {1, "low", 3},
                    {1, "high", 9},
                    {1, "certified", 1},
                    {1, "zeros", 0.2},
                    {1, "zeros_1e12", 0.5},
                    {1, "zeros_1e6", 0.6},
                    {1, "support", 8},
                    {1, "precision", 0.25},
                    {1, "recall", 0.5},
                    {1, "cv_loss", 0.6},
                    {1, "cv_se", 0.2},
                    {1, "cv_low", 0.4},
                    {1, "cv_high", 0.8},
                    {1, "chosen", 2},
                    {1, "warm_start", 1},
                    {2, "seconds", 2}, /* of the trial that had time */
                    {2, "high", 2},
                    {2, "certified", 0},
                    {2, "precision", 0.4},
                    {3, "seconds", 7}, /* both outputs */
                    {3, "certified", 0},
                    {3, "support", 3},
                    {3, "zeros_1e6", 0.75},
                    {4, "certified", 1}, /* stationary */
                    {4, "cv_loss", 0.5},
                    {5, "certified", 0}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        double got = results_real(&t, expected[i].row, expected[i].column);
        if (!(fabs(got - expected[i].value) < 1e-12))
            fail_msg("row %zu, %s: %g, not %g", expected[i].row,
                     expected[i].column, got, expected[i].value);
    }
    assert_true(isnan(results_real(&t, 0, "precision"))); /* of nothing */
    assert_true(isnan(results_real(&t, 0, "cv_loss")));
    assert_true(isnan(results_real(&t, 3, "recall"))); /* truth not known */
    assert_true(isnan(results_real(&t, 4, "cv_se")));  /* of one fold */
    assert_true(isnan(results_real(&t, 4, "cv_low")));
    results_table_free(&p.env, &t);
    results_view_close(view);
    fixture_remove(&p.env, p.folder);
}

static void dimension(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    put_path(&p, "x-p1000", "a", 10, 1000);
    put_path(&p, "x-p50", "a", 1, 50);
    put_path(&p, "x-p200", "b", 2, 200);
    put_path(&p, "x-p200", "a", 3, 200);
    put_power(&p, "x-p50", 1, 50);
    put_power(&p, "x-p200", 0, 200);
    struct results_view *view = close_store(&p);
    assert_ok(&p.env, results_query(&p.env, view, "time-dimension", &t));
    static const struct {
        const char *solver;
        double features, seconds;
    } rows[] = {
        {"a", 50, 14}, {"a", 200, 42}, {"a", 1000, 140}, {"b", 200, 28}};
    assert_int_equal(t.n_rows, 6); /* problem "power" comes last */
    assert_near(results_real(&t, 4, "certified"), 1, 0); /* stationary */
    assert_near(results_real(&t, 5, "certified"), 0, 0);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(results_text(&t, i, "solver"), rows[i].solver);
        assert_near(results_real(&t, i, "features"), rows[i].features, 0);
        assert_near(results_real(&t, i, "seconds"), rows[i].seconds, 1e-12);
        assert_near(results_real(&t, i, "certified"), 1, 0);
        assert_near(results_real(&t, i, "trials"), 2, 0);
    }
    assert_near(results_real(&t, 0, "low"), 7, 1e-12);
    assert_near(results_real(&t, 0, "high"), 21, 1e-12);
    results_table_free(&p.env, &t);
    /* data sets in the order of the numbers in their names */
    assert_ok(&p.env, results_query(&p.env, view, "datasets", &t));
    assert_string_equal(results_text(&t, 0, "dataset"), "x-p50");
    assert_string_equal(results_text(&t, 1, "dataset"), "x-p200");
    assert_string_equal(results_text(&t, 2, "dataset"), "x-p1000");
    results_table_free(&p.env, &t);
    results_view_close(view);
    fixture_remove(&p.env, p.folder);
}

static void has(const char *text, const char *words, int yes)
{
    if ((strstr(text, words) != NULL) != yes)
        fail_msg("'%s' is %s in\n%s", words, yes ? "not" : "", text);
}

static void tables(void **state)
{
    (void)state;
    struct place p;
    struct results_record r = {.n_points = 0};
    struct spred_buffer text = {0};
    open_place(&p);
    fixture_run(&p.env, &r.run, "d", "lasso", "a", "", 1);
    r.run.zeros = 0.9975;
    r.run.seconds = 2;
    r.run.seconds_wall = 1.25;
    r.run.support = 9;
    put(&p, &r);
    fixture_run(&p.env, &r.run, "e", "lasso", "a", "", 1);
    r.run.accuracy = r.run.balanced_accuracy = 0.8;
    r.run.zeros = 0.5;
    r.run.lambda_ratio = r.run.ratio_1se = 0.25;
    r.run.ratio_min = 0.125;
    r.run.cv_loss = 0.625;
    r.run.cv_se = 0.0625;
    r.run.seconds_wall = 1.25;
    r.run.support = 9;
    put(&p, &r);
    struct results_view *view = close_store(&p);
    assert_ok(&p.env, results_markdown(&p.env, view, &text));
    char *second = strstr(text.text, "## e");
    assert_non_null(second);
    has(second, "zeros", 0); /* there is a test part to judge by */
    has(second, "0.800", 1);
    has(second, "Lambda by cross-validation", 1);
    has(second,
        "|         0.25 |         0.125 |    0.25 | 0.625 | 0.0625 |     9 "
        "|   1.25 |",
        1);
    *second = '\0';
    has(text.text, "| solver | certified | seconds | genes |  zeros |", 1);
    has(text.text, "| a      |       1/1 |       2 |     9 | 0.9975 |", 1);
    has(text.text, "Lambda by cross-validation", 0);
    spred_free(&p.env, text.text);
    results_view_close(view);
    fixture_remove(&p.env, p.folder);
}

static void check_file(struct place *p, const char *name, const char *words)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s was not drawn", name);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    if (words)
        has(text, words, 1);
    free(text);
}

/* The figures that the store's note asks for; a column of each .dat by hand. */
static void figures(void **state)
{
    (void)state;
    static const char *const ends[] = {"svg", "pdf", "png"};
    static const struct {
        const char *name, *dat;
    } files[] = {{"time-dimension", "50 14 7 21 NaN 14\n"},
                 {"time-alpha-lasso", "1 6 3 9 NaN 6\n"},
                 {"zero-rate-lasso", "1 0.6 0.6 0.6 NaN 0.6\n"},
                 {"support-recovery-lasso", "0.5 0.25 0.25 0.25 NaN 0.25\n"},
                 {"cv-lasso", "0.5 0.6 0.4 0.8 NaN 0.6\n"}};
    struct place p;
    open_place(&p);
    put_path(&p, "x-p50", "a", 1, 10);
    struct results_record r = {.n_points = 0}; /* another size, one point */
    fixture_run(&p.env, &r.run, "x-p200", "lasso", "a", "", 1);
    r.run.features = 200;
    r.run.seconds = 1;
    put(&p, &r);
    assert_ok(&p.env, p.sink.note(p.sink.self, "figures",
                                  "time-dimension time-alpha zero-rate "
                                  "support-recovery cv"));
    results_store_close(p.store);
    assert_ok(&p.env, plots_draw(&p.env, p.db, p.folder, NULL, 0, NULL));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s.dat", files[i].name);
        check_file(&p, name, i ? files[i].dat : "10 14 7 21 NaN 14\n");
        snprintf(name, sizeof name, "%s.gp", files[i].name);
        check_file(&p, name, "SIMULATED");
        for (size_t k = 0; k < 3; k++) {
            snprintf(name, sizeof name, "%s.%s", files[i].name, ends[k]);
            check_file(&p, name, NULL);
        }
    }
    char path[512];
    snprintf(path, sizeof path, "%s/gap-time-lasso.gp", p.folder);
    assert_int_equal(access(path, F_OK), -1); /* was not asked for */
    snprintf(path, sizeof path, "%s/report.html", p.folder);
    assert_ok(&p.env,
              plots_report(&p.env, p.db, p.folder, NULL, 0, NULL, path));
    check_file(&p, "report.html", "<h2>Results</h2>");
    fixture_remove(&p.env, p.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path), cmocka_unit_test(dimension),
        cmocka_unit_test(tables), cmocka_unit_test(figures)};
    return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
