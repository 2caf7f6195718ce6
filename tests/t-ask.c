/* t-ask.c: questions in SQL can read a store and do nothing else to it. */
#include "results-fixture.h"

#include "results/ask.h"
#include "results/export.h"

struct place {
    struct spred_env env;
    char *folder, db[256];
    struct results_view *view;
};

/* Two data sets, two settings of one solver, two trials; points and genes. */
static void make_store(struct spred_env *env, const char *db)
{
    struct results_store *store;
    assert_ok(env, results_store_open(env, db, &store));
    struct results_sink sink = results_store_sink(store);
    for (int64_t i = 0; i < 8; i++) {
        struct results_record r = {.n_points = 0};
        fixture_run(env, &r.run, i < 4 ? "a" : "b", "lasso", "spred",
                    i % 2 ? "variant=sgd" : "variant=newton", 1 + i / 2 % 2);
        r.run.points = 1;
        r.run.seconds = 0.25 * (double)(i + 1);
        if (i == 7)
            fixture_status(env, &r.run, "time", "it's over");
        fixture_point(env, &r, 1, 1, 0.25, 0.25, 1e-2);
        fixture_point(env, &r, 1, 2, 0.5, 0.5, 1e-7);
        fixture_gene(env, &r, 1, "2017_at", "CCND1");
        assert_ok(env, sink.put(sink.self, &r));
        results_record_free(env, &r);
    }
    results_store_close(store);
}

static void open_place(struct place *p)
{
    spred_env_init(&p->env);
    p->folder = fixture_folder(&p->env);
    snprintf(p->db, sizeof p->db, "%s/results.db", p->folder);
    make_store(&p->env, p->db);
    assert_ok(&p->env, results_view_open(&p->env, p->db, &p->view));
}

static void close_place(struct place *p)
{
    results_view_close(p->view);
    fixture_remove(&p->env, p->folder);
}

static void answers(void **state)
{
    (void)state;
    struct place p;
    struct results_answer a;
    open_place(&p);
    struct results_value two[] = {
        {.kind = RESULTS_BYTES, .bytes = (char *)(size_t) "b", .length = 1},
        {.kind = RESULTS_NUMBER, .number = 1.6}};
    assert_ok(&p.env,
              results_ask(&p.env, p.view,
                          "SELECT trial AS t, seconds, reason, job FROM runs "
                          "WHERE dataset = ? AND seconds > ? ORDER BY seconds "
                          "-- a comment\n ;",
                          two, 2, NULL, &a));
    assert_int_equal(a.n_columns, 4);
    assert_int_equal(a.n_rows, 2);
    assert_string_equal(a.names[0], "t");
    assert_int_equal(a.values[0].kind, RESULTS_WHOLE);
    assert_int_equal(a.values[0].whole, 2);
    assert_int_equal(a.values[1].kind, RESULTS_NUMBER);
    assert_near(a.values[1].number, 1.75, 0);
    assert_int_equal(a.values[2].kind, RESULTS_NONE);
    assert_string_equal(a.values[6].bytes, "it's over");
    assert_int_equal(a.values[7].length, 64);
    results_answer_free(&p.env, &a);
    /* children, notes, WITH and the schema are there, too */
    static const char *const fine[] = {
        "SELECT count(*) FROM points JOIN runs ON runs.id = points.run",
        "SELECT * FROM notes",
        ("WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c "
         "WHERE x < 10) SELECT max(x) FROM c"),
        "SELECT sql FROM sqlite_schema",
        "EXPLAIN QUERY PLAN SELECT * FROM runs"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        assert_ok(&p.env,
                  results_ask(&p.env, p.view, fine[i], NULL, 0, NULL, &a));
        results_answer_free(&p.env, &a);
    }
    close_place(&p);
}

static void only_reads(void **state)
{
    (void)state;
    struct place p;
    struct results_answer a;
    struct spred_buffer said = {0};
    size_t differences;
    char attach[400], copy[300];
    open_place(&p);
    snprintf(copy, sizeof copy, "%s/other.db", p.folder);
    make_store(&p.env, copy);
    snprintf(attach, sizeof attach, "ATTACH '%s/new.db' AS n", p.folder);
    const char *const bad[] = {"INSERT INTO notes VALUES ('a', 'b')",
                               "DELETE FROM runs",
                               "UPDATE runs SET seconds = 0",
                               "DROP TABLE points",
                               "CREATE TABLE mine (x)",
                               "CREATE TEMP TABLE mine (x)",
                               "CREATE TEMP VIEW v AS SELECT 1",
                               "REPLACE INTO notes VALUES ('a', 'b')",
                               "WITH d AS (SELECT 1) DELETE FROM runs",
                               "DELETE FROM runs RETURNING job",
                               attach,
                               "ATTACH ':memory:' AS m",
                               "DETACH main",
                               "PRAGMA user_version = 9",
                               "PRAGMA journal_mode = DELETE",
                               "PRAGMA query_only = 0",
                               "PRAGMA writable_schema = 1",
                               "PRAGMA user_version",
                               "BEGIN IMMEDIATE",
                               "VACUUM",
                               "VACUUM INTO 'elsewhere.db'",
                               "REINDEX",
                               "ANALYZE",
                               "SAVEPOINT s",
                               "EXPLAIN DELETE FROM runs",
                               "SELECT load_extension('x')",
                               "SELECT 1; DELETE FROM runs",
                               "SELECT 1; SELECT 2",
                               "SELECT 1; nonsense",
                               "",
                               " -- nothing",
                               "SELECT",
                               "SELECT no_such FROM runs",
                               "SELECT ?"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (results_ask(&p.env, p.view, bad[i], NULL, 0, NULL, &a) !=
            SPRED_EINVAL)
            fail_msg("'%s' was let pass: %s", bad[i], p.env.error);
        assert_int_equal(strncmp(p.env.error, "sql: ", 5), 0);
        assert_null(a.values);
    }
    results_ask(&p.env, p.view, "SELECT no_such FROM runs", NULL, 0, NULL, &a);
    assert_non_null(strstr(p.env.error, "no such column: no_such"));
    results_ask(&p.env, p.view, attach, NULL, 0, NULL, &a);
    assert_non_null(strstr(p.env.error, "ATTACH and DETACH are not allowed"));
    assert_ok(&p.env, results_verify(&p.env, p.db, copy, &said, &differences));
    assert_int_equal(differences, 0);
    snprintf(attach, sizeof attach, "%s/new.db", p.folder);
    assert_int_not_equal(access(attach, F_OK), 0);
    assert_int_not_equal(access("elsewhere.db", F_OK), 0);
    spred_free(&p.env, said.text);
    close_place(&p);
}

/* While another connection writes: what is stored so far, no waiting. */
static void beside_a_writer(void **state)
{
    (void)state;
    struct place p;
    struct results_answer a;
    struct results_store *store;
    struct results_record r = {.n_points = 0};
    open_place(&p);
    assert_ok(&p.env, results_store_open(&p.env, p.db, &store));
    struct results_sink sink = results_store_sink(store);
    fixture_run(&p.env, &r.run, "c", "lasso", "spred", "", 1);
    assert_ok(&p.env, sink.put(sink.self, &r));
    results_record_free(&p.env, &r);
    assert_ok(&p.env, results_ask(&p.env, p.view, "SELECT count(*) FROM runs",
                                  NULL, 0, NULL, &a));
    assert_int_equal(a.values[0].whole, 9);
    results_answer_free(&p.env, &a);
    assert_int_equal(results_view_count(p.view), 8); /* as when opened */
    results_store_close(store);
    close_place(&p);
}

static int count_down(void *cookie)
{
    int *left = cookie;
    return --*left < 0;
}

static void limits(void **state)
{
    (void)state;
    static const char endless[] =
        "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c) "
        "SELECT count(*) FROM c";
    struct place p;
    struct results_answer a;
    open_place(&p);
    struct results_limits tight = {.rows = 3, .bytes = 1000, .seconds = 0.2};
    assert_int_equal(results_ask(&p.env, p.view, endless, NULL, 0, &tight, &a),
                     SPRED_EINVAL);
    assert_non_null(strstr(p.env.error, "stopped after 0.2 seconds"));
    assert_int_equal(results_ask(&p.env, p.view,
                                 "SELECT job FROM points "
                                 "JOIN runs ON run = id",
                                 NULL, 0, &tight, &a),
                     SPRED_EINVAL);
    assert_non_null(strstr(p.env.error, "more than 3 rows"));
    assert_int_equal(results_ask(&p.env, p.view, "SELECT zeroblob(2000)", NULL,
                                 0, &tight, &a),
                     SPRED_EINVAL);
    assert_int_equal(results_ask(&p.env, p.view, "SELECT zeroblob(1000000000)",
                                 NULL, 0, NULL, &a),
                     SPRED_EINVAL);
    int left = 3;
    p.env.cancelled = count_down;
    p.env.cancel_cookie = &left;
    assert_int_equal(results_ask(&p.env, p.view, endless, NULL, 0, NULL, &a),
                     SPRED_EINTERRUPTED);
    close_place(&p);
}

static void stored_rows(void **state)
{
    (void)state;
    struct place p;
    struct results_answer a;
    struct results_filter one = {.dataset = "b",
                                 .solver = "spred[variant=sgd]"};
    open_place(&p);
    assert_ok(&p.env, results_rows(&p.env, p.view, "runs", NULL, &a));
    assert_int_equal(a.n_rows, 8);
    assert_string_equal(a.names[0], "job");
    results_answer_free(&p.env, &a);
    assert_ok(&p.env, results_rows(&p.env, p.view, "points", &one, &a));
    assert_int_equal(a.n_rows, 4);
    assert_string_equal(a.names[2], "solver");
    assert_string_equal(a.values[2].bytes, "spred[variant=sgd]");
    assert_string_equal(a.names[4], "job");
    results_answer_free(&p.env, &a);
    one.solver = "spred";
    one.status = "time";
    assert_ok(&p.env, results_rows(&p.env, p.view, "genes", &one, &a));
    assert_int_equal(a.n_rows, 1);
    assert_string_equal(a.values[7].bytes, "2017_at");
    results_answer_free(&p.env, &a);
    assert_int_equal(results_rows(&p.env, p.view, "point", NULL, &a),
                     SPRED_ENOTFOUND);
    assert_non_null(strstr(p.env.error, "'points'"));
    close_place(&p);
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
    struct place p;
    struct results_answer a;
    int passed = 0;
    open_place(&p);
    for (int i = 1; !passed; i++) {
        int left = i;
        struct spred_env env = p.env;
        env.reallocate = fail_once;
        env.allocate_cookie = &left;
        enum spred_status status = results_ask(
            &env, p.view, "SELECT job, seconds FROM runs", NULL, 0, NULL, &a);
        results_answer_free(&env, &a);
        if (!status)
            status = results_rows(&env, p.view, "points", NULL, &a);
        results_answer_free(&env, &a);
        passed = left > 0;
        assert_int_equal(status, passed ? SPRED_OK : SPRED_ENOMEM);
    }
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),         cmocka_unit_test(only_reads),
        cmocka_unit_test(beside_a_writer), cmocka_unit_test(limits),
        cmocka_unit_test(stored_rows),     cmocka_unit_test(every_allocation)};
    return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
