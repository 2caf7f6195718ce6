/* t-summary.c: medians, intervals, gap-time and profiles against numbers worked
 * out by hand; exports and labels. */
#include "results-fixture.h"

#include "results/export.h"
#include "results/query.h"
#include "results/summary.h"

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

static void statistics(void **state)
{
    (void)state;
    double values[] = {4, NAN, 1, 3, 2}, mean, half;
    assert_near(results_median(values, 5), 2.5, 0);
    double odd[] = {3, 1, INFINITY};
    assert_near(results_median(odd, 3), 3, 0);
    double lost[] = {INFINITY, 1};
    assert_true(isinf(results_median(lost, 2)));
    assert_true(isnan(results_median(values, 0)));
    /* 0.7 0.8 0.75 0.85 0.65: mean 0.75, s^2 = 0.025 / 4, ratio 1 / 4:
     * t(0.975; 4) = 2.7764451052 */
    double accuracies[] = {0.7, 0.8, 0.75, 0.85, NAN, 0.65};
    assert_int_equal(results_interval(accuracies, 6, 0.25, &mean, &half), 5);
    assert_near(mean, 0.75, 1e-15);
    assert_near(half, 2.7764451052 * sqrt(0.00625 * 0.45), 1e-10);
    assert_int_equal(results_interval(accuracies, 1, 0.25, &mean, &half), 1);
    assert_true(fabs(mean - 0.7) < 1e-15 && isnan(half));
    assert_int_equal(results_interval(accuracies, 0, 0.25, &mean, &half), 0);
    assert_true(isnan(mean) && isnan(half));
    static const double equal[] = {0.9, 0.9, 0.9};
    assert_int_equal(results_interval(equal, 3, 0.25, &mean, &half), 3);
    assert_near(mean, 0.9, 1e-15);
    assert_true(isnan(half)); /* not certainty */
    static const double rounded[] = {0.65000000000000002, 0.64999999999999991};
    assert_int_equal(results_interval(rounded, 2, 0.25, &mean, &half), 2);
    assert_true(isnan(half));
}

/* Trials that share the published test part: the plain t over seeds, in every
 * query that has intervals; hold-outs keep the wider one. */
static void given_intervals(void **state)
{
    (void)state;
    static const char *const queries[][3] = {
        {"summary", "balanced", "balanced_half"},
        {"accuracy-genes", "accuracy", "half"},
        {"methods", "balanced", "balanced_half"},
        {"methods", "balanced", "balanced_half"}};
    for (int given = 0; given < 2; given++) {
        struct place p;
        struct results_table t;
        open_place(&p);
        for (int64_t trial = 1; trial <= 3; trial++)
            for (int model = 0; model < 2; model++) {
                struct results_record r = {.n_points = 0};
                fixture_run(&p.env, &r.run, "d", model ? "model" : "lasso",
                            model ? "net" : "a", "", trial);
                if (given) {
                    spred_free(&p.env, r.run.protocol);
                    r.run.protocol = spred_strdup(&p.env, "given");
                }
                if (model)
                    r.run.kind = spred_strdup(&p.env, "model");
                r.run.balanced_accuracy = 0.8 + 0.02 * (double)trial;
                r.run.support = 5;
                put(&p, &r);
            }
        struct results_view *view = close_store(&p);
        /* s^2 = 0.0004, t(0.975; 2) = 4.3026527297, test / train = 1/3 */
        double half =
            4.3026527297 * sqrt(0.0004 * (1. / 3 + (given ? 0 : 1. / 3)));
        for (size_t q = 0; q < 4; q++) {
            assert_ok(&p.env, results_query(&p.env, view, queries[q][0], &t));
            size_t row = q == 3; /* the model */
            assert_near(results_real(&t, row, queries[q][1]), 0.84, 1e-12);
            assert_near(results_real(&t, row, queries[q][2]), half, 1e-9);
            results_table_free(&p.env, &t);
        }
        results_view_close(view);
        fixture_remove(&p.env, p.folder);
    }
}

/* Two lambdas, three trials; set-up of 1 s, of which `seconds` tell nothing.
 * scale stretches the clock; reach 0: the second lambda stops at gap 1e-1. */
static void put_path(struct place *p, const char *solver, int64_t trial,
                     double scale, int reach)
{
    struct results_record r = {.n_points = 0};
    fixture_run(&p->env, &r.run, "d", "lasso", solver, "", trial);
    r.run.points = 2;
    fixture_point(&p->env, &r, 1, 1, 1 * scale, (1 + 1) * scale, 1e-1);
    fixture_point(&p->env, &r, 1, 2, 2 * scale, (1 + 2) * scale, 1e-3);
    /* lambda 2 first rises, then falls: the FIRST hit counts */
    fixture_point(&p->env, &r, 2, 1, 4 * scale, (3 + 4) * scale, 1e-1);
    fixture_point(&p->env, &r, 2, 2, 5 * scale, (3 + 5) * scale, 5e-1);
    if (reach)
        fixture_point(&p->env, &r, 2, 3, 8 * scale, (3 + 8) * scale, 1e-2);
    put(p, &r);
}

static double at(const struct results_table *t, const char *solver, double eps,
                 const char *column)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (strcmp(results_text(t, i, "solver"), solver) == 0 &&
            fabs(results_real(t, i, "eps") / eps - 1) < 1e-6)
            return results_real(t, i, column);
    return NAN;
}

static void gap_time(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    put_path(&p, "a", 1, 1, 1);
    put_path(&p, "a", 2, 10, 1);
    put_path(&p, "a", 3, 2, 0);
    put_path(&p, "b", 1, 1, 0); /* one of three reaches 1e-2: no curve there */
    put_path(&p, "b", 2, 1, 0);
    put_path(&p, "b", 3, 1, 1);
    struct results_record r = {.n_points = 0};
    fixture_run(&p.env, &r.run, "d", "lasso", "c", "", 1);
    r.run.points = 2; /* the second lambda was never begun */
    fixture_point(&p.env, &r, 1, 1, 1, 1, 1e-9);
    put(&p, &r);
    fixture_run(&p.env, &r.run, "d", "lasso", "d", "", 1);
    fixture_status(&p.env, &r.run, "skipped", "no");
    put(&p, &r);
    fixture_run(&p.env, &r.run, "d", "lasso", "0", "", 1);
    r.run.points = 1; /* a gap of 1e-9, of which the floor allows 1e-3 */
    fixture_point(&p.env, &r, 1, 1, 1, 1, 1e-9)->floor = 9e-4;
    put(&p, &r);
    struct results_view *view = close_store(&p);
    assert_ok(&p.env, results_query(&p.env, view, "gap-time", &t));
    assert_near(at(&t, "0", 1e-3, "seconds"), 1, 1e-12);
    assert_true(isnan(at(&t, "0", pow(10, -3.125), "seconds")));
    /* gap 1 and 1e-1: 1 + 4, and 1 of set-up: 6, 60, 12 */
    assert_near(at(&t, "a", 1, "seconds"), 12, 1e-12);
    assert_near(at(&t, "a", 0.1, "seconds"), 12, 1e-12);
    assert_near(at(&t, "a", 0.1, "low"), 6, 1e-12);
    assert_near(at(&t, "a", 0.1, "high"), 60, 1e-12);
    assert_near(at(&t, "a", 0.1, "reached"), 3, 0);
    /* gap 1e-2: 2 + 8 + 1 = 11, 110, never: the median is 110 */
    assert_near(at(&t, "a", 0.01, "seconds"), 110, 1e-12);
    assert_near(at(&t, "a", 0.01, "low"), 11, 1e-12);
    assert_near(at(&t, "a", 0.01, "high"), 110, 1e-12);
    assert_near(at(&t, "a", 0.01, "reached"), 2, 0);
    assert_near(at(&t, "a", 0.01, "trials"), 3, 0);
    assert_true(isnan(at(&t, "a", pow(10, -2.125), "seconds")));
    assert_near(at(&t, "b", 0.1, "seconds"), 6, 1e-12);
    assert_true(isnan(at(&t, "b", pow(10, -1.125), "seconds")));
    /* c has one row that says so, d (skipped) none */
    const char *last = results_text(&t, t.n_rows - 1, "solver");
    assert_string_equal(last, "c");
    assert_true(isnan(results_real(&t, t.n_rows - 1, "eps")));
    results_table_free(&p.env, &t);
    results_view_close(view);
    fixture_remove(&p.env, p.folder);
}

static void put_time(struct place *p, const char *dataset, const char *problem,
                     const char *solver, double seconds, const char *status)
{
    struct results_record r = {.n_points = 0};
    fixture_run(&p->env, &r.run, dataset, problem, solver, "", 1);
    r.run.seconds = seconds;
    fixture_status(&p->env, &r.run, status, NULL);
    put(p, &r);
}

static double share(const struct results_table *t, const char *problem,
                    const char *solver, double ratio)
{
    double found = NAN; /* the share at the last step not beyond ratio */
    for (size_t i = 0; i < t->n_rows; i++)
        if (strcmp(results_text(t, i, "problem"), problem) == 0 &&
            strcmp(results_text(t, i, "solver"), solver) == 0 &&
            results_real(t, i, "ratio") <= ratio * (1 + 1e-12))
            found = results_real(t, i, "share");
    return found;
}

static void profile(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    /* lasso:  d1: a 1, b 2, c 4;  d2: a 6, b 3, c never;  d3: none solves */
    put_time(&p, "d1", "lasso", "a", 1, "certified");
    put_time(&p, "d1", "lasso", "b", 2, "certified");
    put_time(&p, "d1", "lasso", "c", 4, "certified");
    put_time(&p, "d2", "lasso", "a", 6, "certified");
    put_time(&p, "d2", "lasso", "b", 3, "certified");
    put_time(&p, "d2", "lasso", "c", 1, "stalled"); /* fast, but no answer */
    put_time(&p, "d3", "lasso", "a", 9, "time");
    put_time(&p, "d3", "lasso", "b", 9, "time");
    put_time(&p, "d3", "lasso", "c", 9, "crashed");
    put_time(&p, "d4", "lasso", "a", 1, "certified"); /* others not yet run */
    /* logistic: c refuses d1 and would win d2 */
    put_time(&p, "d1", "logistic", "a", 1, "certified");
    put_time(&p, "d1", "logistic", "c", NAN, "skipped");
    put_time(&p, "d2", "logistic", "a", 5, "certified");
    put_time(&p, "d2", "logistic", "c", 1, "certified");
    struct results_view *view = close_store(&p);
    assert_ok(&p.env, results_query(&p.env, view, "profile", &t));
    assert_near(results_real(&t, 0, "instances"), 3, 0);
    assert_near(share(&t, "lasso", "a", 1), 1 / 3.0, 1e-15);
    assert_near(share(&t, "lasso", "a", 1.99), 1 / 3.0, 1e-15);
    assert_near(share(&t, "lasso", "a", 2), 2 / 3.0, 1e-15);
    assert_near(share(&t, "lasso", "b", 1), 1 / 3.0, 1e-15);
    assert_near(share(&t, "lasso", "b", 2), 2 / 3.0, 1e-15);
    assert_near(share(&t, "lasso", "c", 1), 0, 0);
    assert_near(share(&t, "lasso", "c", 4), 1 / 3.0, 1e-15);
    assert_near(share(&t, "logistic", "a", 1), 1, 0);
    assert_true(isnan(share(&t, "logistic", "c", 1e9)));
    results_table_free(&p.env, &t);
    results_view_close(view);
    fixture_remove(&p.env, p.folder);
}

static void summary(void **state)
{
    (void)state;
    static const double seconds[] = {4, 1, 9};
    struct place p;
    struct results_table t;
    open_place(&p);
    for (int64_t i = 1; i <= 4; i++) {
        struct results_record r = {.n_points = 0};
        fixture_run(&p.env, &r.run, "d", "lasso", "s", "", i);
        if (i < 4) {
            r.run.seconds = seconds[i - 1];
            r.run.gap = pow(10, (double)-6 - (double)i);
            r.run.support = 10 * i;
            r.run.peak_rss_kib = 1024 * i;
            r.run.accuracy = 0.5 + 0.1 * (double)i;
            r.run.r2 = 0.1 * (double)(i % 2);
        }
        if (i == 3)
            fixture_status(&p.env, &r.run, "time", "too long");
        if (i == 4)
            fixture_status(&p.env, &r.run, "crashed", "signal 9");
        put(&p, &r);
    }
    struct results_view *view = close_store(&p);
    assert_ok(&p.env, results_query(&p.env, view, "summary", &t));
    assert_int_equal(t.n_rows, 1);
    assert_string_equal(results_text(&t, 0, "statuses"),
                        "certified 2, time 1, crashed 1");
    assert_near(results_real(&t, 0, "jobs"), 4, 0);
    assert_near(results_real(&t, 0, "certified"), 2, 0);
    assert_true(isinf(results_real(&t, 0, "certified_seconds")));
    assert_near(results_real(&t, 0, "seconds"), 4, 0);
    assert_near(results_real(&t, 0, "seconds_min"), 1, 0);
    assert_near(results_real(&t, 0, "seconds_max"), 9, 0);
    assert_near(results_real(&t, 0, "gap"), 1e-7, 1e-20);
    assert_near(results_real(&t, 0, "support"), 20, 0);
    assert_near(results_real(&t, 0, "peak_mib"), 2, 0);
    assert_near(results_real(&t, 0, "accuracy"), 0.7, 1e-15);
    /* t(0.975; 2) = 4.3026527297, s^2 = 0.01, 20 test on 60 train samples */
    assert_near(results_real(&t, 0, "accuracy_half"),
                4.3026527297 * sqrt(0.01 * (1 / 3.0 + 20 / 60.0)), 1e-10);
    assert_near(results_real(&t, 0, "r2"), 0.2 / 3, 1e-15);
    results_table_free(&p.env, &t);
    assert_ok(&p.env, results_query(&p.env, view, "endings", &t));
    assert_int_equal(t.n_rows, 2);
    assert_string_equal(results_text(&t, 0, "reason"), "too long");
    results_table_free(&p.env, &t);
    assert_int_equal(results_query(&p.env, view, "sumary", &t),
                     SPRED_ENOTFOUND);
    assert_non_null(strstr(p.env.error, "'summary'"));
    results_view_close(view);
    fixture_remove(&p.env, p.folder);
}

static char *read_all(struct place *p, const char *name)
{
    static char text[1 << 16];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void labels_and_exports(void **state)
{
    (void)state;
    static const char *const options[] = {"init=0.1 variant=sgd",
                                          "init=0.1 variant=newton", "k=1"};
    struct place p;
    struct results_table t;
    open_place(&p);
    for (int64_t i = 1; i <= 3; i++)
        for (size_t k = 0; k < 3; k++) {
            struct results_record r = {.n_points = 0};
            fixture_run(&p.env, &r.run, "a,\"b\"", "lasso",
                        k < 2 ? "spred" : "cd", options[k], i);
            r.run.seconds = 0.1;
            r.run.lambda_ratio = 0.5;
            if (i <= 2) /* the third trial chose the empty model */
                fixture_gene(&p.env, &r, 1, "1_at", "TP53");
            if (i <= 2)
                fixture_gene(&p.env, &r, 2, i == 1 ? "2_at" : "3_at", "X");
            fixture_point(&p.env, &r, 1, 1, 0.1, 0.1, 1e-7);
            put(&p, &r);
        }
    struct results_view *view = close_store(&p);
    assert_ok(&p.env, results_query(&p.env, view, "solvers", &t));
    assert_int_equal(t.n_rows, 3);
    assert_string_equal(results_text(&t, 0, "solver"), "cd");
    assert_string_equal(results_text(&t, 1, "solver"), "spred[variant=newton]");
    assert_string_equal(results_text(&t, 2, "solver"), "spred[variant=sgd]");
    results_table_free(&p.env, &t);
    assert_ok(&p.env, results_query(&p.env, view, "genes", &t));
    assert_int_equal(t.n_rows, 3);
    assert_string_equal(results_text(&t, 0, "solver"), "cd");
    assert_string_equal(results_text(&t, 0, "symbol"), "TP53");
    assert_near(results_real(&t, 0, "count"), 2, 0);
    assert_near(results_real(&t, 1, "count"), 1, 0);
    assert_near(results_real(&t, 0, "trials"), 3, 0);
    results_table_free(&p.env, &t);

    assert_ok(&p.env, results_export_csv(&p.env, view, p.folder));
    char *csv = read_all(&p, "runs.csv");
    assert_int_equal(strncmp(csv, "job,experiment,dataset,source,", 30), 0);
    assert_non_null(strstr(csv, ",fixture,\"a,\"\"b\"\"\",made up"));
    assert_non_null(strstr(csv, ",0.10000000000000001,"));
    size_t lines = 0, commas = 0;
    for (char *c = csv; *c; c++)
        lines += *c == '\n';
    for (char *c = csv; *c != '\n'; c++)
        commas += *c == ',';
    assert_int_equal(lines, 10);
    size_t columns = 0;
    while (results_run_columns[columns].name)
        columns++;
    assert_int_equal(commas + 1, columns);
    csv = read_all(&p, "points.csv");
    assert_int_equal(strncmp(csv, "job,output,lambda_index,", 24), 0);
    read_all(&p, "genes.csv");
    assert_ok(&p.env, results_write_tables(&p.env, view, p.folder));
    char *table = read_all(&p, "table.md");
    assert_non_null(strstr(table, "## a,\"b\", lasso (SIMULATED data)"));
    assert_non_null(strstr(table, "| spred[variant=sgd]    |       3/3 |"));
    assert_non_null(strstr(table, "Genes most often chosen by cd (of "));
    assert_int_equal(results_export_csv(&p.env, view, "no/such"), SPRED_EIO);
    results_view_close(view);
    fixture_remove(&p.env, p.folder);
}

/* The same key with newer settings hides the older run in views, not in CSV. */
static void latest_stands(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    for (int i = 0; i < 2; i++) {
        struct results_record r = {.n_points = 0};
        fixture_run(&p.env, &r.run, "d", "lasso", "cd", "", 1);
        r.run.job[0] = (char)('0' + i);
        r.run.seconds = 5 - i;
        put(&p, &r);
    }
    struct results_view *view = close_store(&p);
    assert_ok(&p.env, results_query(&p.env, view, "summary", &t));
    assert_near(results_real(&t, 0, "jobs"), 1, 0);
    assert_near(results_real(&t, 0, "seconds"), 4, 0);
    results_table_free(&p.env, &t);
    results_view_close(view);
    fixture_remove(&p.env, p.folder);
}

/* Fails the allocation that brings the count to zero, and all after it. */
static void *failing(void *cookie, void *pointer, size_t size)
{
    int *left = cookie;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return *left > 0 && (*left)-- > 0 ? realloc(pointer, size) : NULL;
}

static enum spred_status use_everything(struct spred_env *env, const char *db,
                                        const char *folder)
{
    struct results_view *view;
    struct results_table t;
    struct spred_buffer text = {0};
    size_t n;
    SPRED_TRY(results_view_open(env, db, &view));
    enum spred_status status = SPRED_OK;
    for (const char *const *q = results_query_names(); *q && !status; q++) {
        status = results_query(env, view, *q, &t);
        results_table_free(env, &t);
    }
    if (!status)
        status = results_markdown(env, view, &text);
    if (!status)
        status = results_export_csv(env, view, folder);
    if (!status)
        status = results_verify(env, db, db, &text, &n);
    spred_free(env, text.text);
    results_view_close(view);
    return status;
}

/* Every allocation fails once: no crash, no leak (the sanitizers look). */
static void out_of_memory(void **state)
{
    (void)state;
    struct place p;
    struct spred_env env;
    open_place(&p);
    for (size_t k = 0; k < 2; k++) {
        struct results_record r = {.n_points = 0};
        fixture_run(&p.env, &r.run, "d", "lasso", "s", k ? "a=1" : "a=2", 1);
        r.run.points = 1;
        r.run.balanced_accuracy = 0.5;
        fixture_gene(&p.env, &r, 1, "1_at", "TP53");
        fixture_point(&p.env, &r, 1, 1, 1, 1, 1e-7);
        put(&p, &r);
    }
    results_store_close(p.store);
    int allowed = 0, left = 0;
    enum spred_status status = SPRED_ENOMEM;
    for (; status == SPRED_ENOMEM && allowed < 100000; allowed += 3) {
        spred_env_init(&env);
        env.reallocate = failing;
        env.allocate_cookie = &left;
        left = allowed;
        status = use_everything(&env, p.db, p.folder);
    }
    assert_ok(&env, status);
    assert_true(allowed > 100);
    fixture_remove(&p.env, p.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics),    cmocka_unit_test(given_intervals),
        cmocka_unit_test(gap_time),      cmocka_unit_test(profile),
        cmocka_unit_test(summary),       cmocka_unit_test(labels_and_exports),
        cmocka_unit_test(latest_stands), cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
