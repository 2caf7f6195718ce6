/* t-store.c: the store: what was put is found again, other files are refused,
 * two writers, and the verb verify. */
#include "results-fixture.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "results/export.h"
#include "results/query.h"
#include "results/sql.h"

struct place {
    struct spred_env env;
    char *folder, db[256], other[256];
};

static void open_place(struct place *p)
{
    spred_env_init(&p->env);
    p->folder = fixture_folder(&p->env);
    snprintf(p->db, sizeof p->db, "%s/results.db", p->folder);
    snprintf(p->other, sizeof p->other, "%s/other.db", p->folder);
}

/* trial's run with two points and a gene; seconds and gap as given. */
static void put_one(struct spred_env *env, struct results_sink *sink,
                    int64_t trial, double seconds, double gap)
{
    struct results_record r = {.n_points = 0};
    fixture_run(env, &r.run, "GDS1", "lasso", "cd", "", trial);
    r.run.seconds = seconds;
    r.run.gap = gap;
    fixture_point(env, &r, 1, 1, seconds / 2, seconds / 2, 0.5);
    fixture_point(env, &r, 1, 2, seconds, seconds, gap);
    fixture_gene(env, &r, 1, "201_at", "TP53");
    assert_ok(env, sink->put(sink->self, &r));
    results_record_free(env, &r);
}

static int64_t ask(const char *db, const char *sql)
{
    sqlite3 *handle;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(db, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL),
                     SQLITE_OK);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW
                        ? sqlite3_column_int64(statement, 0)
                        : -1;
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return value;
}

static void put_and_find(void **state)
{
    (void)state;
    struct place p;
    struct results_store *store;
    struct results_run key;
    char status[32];
    open_place(&p);
    assert_ok(&p.env, results_store_open(&p.env, p.db, &store));
    struct results_sink sink = results_store_sink(store);
    fixture_run(&p.env, &key, "GDS1", "lasso", "cd", "", 1);
    assert_ok(&p.env, sink.find(sink.self, key.job, status));
    assert_string_equal(status, "");
    put_one(&p.env, &sink, 1, 1, 1e-7);
    put_one(&p.env, &sink, 2, 1, 1e-7);
    assert_ok(&p.env, sink.find(sink.self, key.job, status));
    assert_string_equal(status, "certified");
    put_one(&p.env, &sink, 1, 3, 1e-8); /* replaces */
    assert_ok(&p.env, sink.note(sink.self, "seed", "1"));
    assert_ok(&p.env, sink.note(sink.self, "seed", "2"));
    assert_ok(&p.env, sink.note(sink.self, "warning:a", "old"));
    assert_ok(&p.env, sink.note(sink.self, "warning:b", "old"));
    assert_ok(&p.env, sink.note(sink.self, "warning:", NULL));
    results_store_close(store);
    assert_int_equal(ask(p.db, "SELECT count(*) FROM runs"), 2);
    assert_int_equal(ask(p.db, "SELECT count(*) FROM points"), 4);
    assert_int_equal(ask(p.db, "SELECT count(*) FROM genes"), 2);
    assert_int_equal(ask(p.db, "SELECT count(*) FROM notes"), 1);
    assert_int_equal(ask(p.db, "SELECT value FROM notes"), 2);
    assert_int_equal(ask(p.db, "SELECT sum(seconds) FROM runs"), 4);
    assert_int_equal(ask(p.db, "SELECT count(*) FROM points WHERE kkt IS NULL "
                               "AND support IS NULL"),
                     4);
    assert_int_equal(ask(p.db, "SELECT count(*) FROM pragma_table_list WHERE "
                               "strict AND schema = 'main'"),
                     2 + RESULTS_CHILDREN); /* runs and notes */
    assert_int_equal(ask(p.db, "SELECT count(*) FROM pragma_journal_mode WHERE "
                               "journal_mode = 'wal'"),
                     1);
    /* again: what is there is there */
    assert_ok(&p.env, results_store_open(&p.env, p.db, &store));
    sink = results_store_sink(store);
    assert_ok(&p.env, sink.find(sink.self, key.job, status));
    assert_string_equal(status, "certified");
    results_store_close(store);
    results_row_free(&p.env, results_run_columns, &key);
    fixture_remove(&p.env, p.folder);
}

static void write_file(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    fclose(file);
}

static void refused(struct place *p, const char *path, const char *words)
{
    struct results_store *store;
    struct results_view *view;
    enum spred_status status = results_store_open(&p->env, path, &store);
    assert_true(status == SPRED_EFORMAT || status == SPRED_EIO);
    assert_null(store);
    if (!strstr(p->env.error, words) || !strstr(p->env.error, path))
        fail_msg("\"%s\" lacks \"%s\" or the path", p->env.error, words);
    assert_true(results_view_open(&p->env, path, &view) != SPRED_OK);
    assert_null(view);
}

static void refusals(void **state)
{
    (void)state;
    struct place p;
    struct results_store *store;
    open_place(&p);
    write_file(p.other, "job,status\n1,certified and more\n", 32);
    refused(&p, p.other, "not a results store");
    write_file(p.other, "SQL", 3);
    refused(&p, p.other, "not a results store");
    remove(p.other);
    ask(p.other, "PRAGMA user_version");
    assert_int_equal(ask(p.other, "CREATE TABLE runs (x)"), -1);
    refused(&p, p.other, "not a results store of spredbench");

    assert_ok(&p.env, results_store_open(&p.env, p.db, &store));
    struct results_sink sink = results_store_sink(store);
    for (int64_t i = 1; i <= 200; i++)
        put_one(&p.env, &sink, i, 1, 1e-7);
    results_store_close(store);
    assert_int_equal(ask(p.db, "PRAGMA user_version"), RESULTS_SCHEMA);
    assert_int_equal(ask(p.db, "PRAGMA user_version = 7"), -1);
    refused(&p, p.db, "schema version 7, this program reads version 4");
    assert_int_equal(ask(p.db, "PRAGMA user_version = 2"),
                     -1); /* before models */
    refused(&p, p.db,
            "schema version 2, this program reads version 4; use another "
            "results folder");
    assert_int_equal(ask(p.db, "PRAGMA user_version = 4"), -1);

    /* damage: noise over the middle of the file */
    struct stat info;
    assert_int_equal(stat(p.db, &info), 0);
    FILE *file = fopen(p.db, "r+b");
    assert_non_null(file);
    fseek(file, (long)info.st_size / 2, SEEK_SET);
    for (long i = 0; i < (long)info.st_size / 4; i++)
        fputc((int)(i * 37 % 251), file);
    fclose(file);
    refused(&p, p.db, "damaged");

    refused(&p, "/proc/results.db", "");
    refused(&p, "no/such/folder/results.db", "");
    refused(&p, p.folder, ""); /* a folder */
    fixture_remove(&p.env, p.folder);
}

/* A store that cannot be written can still be read. */
static void read_only_folder(void **state)
{
    (void)state;
    struct place p;
    struct results_store *store;
    struct results_view *view;
    open_place(&p);
    assert_ok(&p.env, results_store_open(&p.env, p.db, &store));
    struct results_sink sink = results_store_sink(store);
    put_one(&p.env, &sink, 1, 1, 1e-7);
    results_store_close(store);
    chmod(p.folder, 0555);
    assert_ok(&p.env, results_view_open(&p.env, p.db, &view));
    results_view_close(view);
    if (access(p.folder, W_OK) != 0) /* root may write anywhere */
        assert_int_equal(results_store_open(&p.env, p.other, &store),
                         SPRED_EIO);
    chmod(p.folder, 0755);
    fixture_remove(&p.env, p.folder);
}

static void two_processes(void **state)
{
    (void)state;
    enum { EACH = 40 };
    struct place p;
    pid_t children[2];
    open_place(&p);
    for (int c = 0; c < 2; c++) {
        children[c] = fork();
        if (children[c] == 0) {
            struct results_store *store;
            int failed = results_store_open(&p.env, p.db, &store) != SPRED_OK;
            struct results_sink sink = {0};
            if (!failed)
                sink = results_store_sink(store);
            for (int i = 0; i < EACH && !failed; i++) {
                struct results_record r = {.n_points = 0};
                fixture_run(&p.env, &r.run, "d", "p", "s", c ? "a" : "b", i);
                fixture_point(&p.env, &r, 1, 1, 1, 1, 1);
                failed = sink.put(sink.self, &r) != SPRED_OK;
                results_record_free(&p.env, &r);
            }
            if (!failed)
                results_store_close(store);
            if (failed)
                fprintf(stderr, "# %s\n", p.env.error);
            _exit(failed);
        }
    }
    for (int c = 0; c < 2; c++) {
        int code;
        assert_int_equal(waitpid(children[c], &code, 0), children[c]);
        assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 0);
    }
    assert_int_equal(ask(p.db, "SELECT count(*) FROM runs"), 2 * EACH);
    assert_int_equal(ask(p.db, "SELECT count(*) FROM points"), 2 * EACH);
    fixture_remove(&p.env, p.folder);
}

/* kill -9 in the middle of writing: the acknowledged rows are there. */
static void killed(void **state)
{
    (void)state;
    struct place p;
    struct results_store *store;
    int ends[2], code;
    unsigned char acknowledged = 0;
    open_place(&p);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (results_store_open(&p.env, p.db, &store) != SPRED_OK)
            _exit(1);
        struct results_sink sink = results_store_sink(store);
        for (unsigned char i = 1;; i++) {
            struct results_record r = {.n_points = 0};
            fixture_run(&p.env, &r.run, "d", "p", "s", "", i);
            if (sink.put(sink.self, &r) != SPRED_OK ||
                write(ends[1], &i, 1) != 1)
                _exit(1);
            results_record_free(&p.env, &r);
        }
    }
    close(ends[1]);
    while (acknowledged < 25 && read(ends[0], &acknowledged, 1) == 1)
        continue;
    kill(child, SIGKILL);
    while (read(ends[0], &acknowledged, 1) == 1)
        continue;
    close(ends[0]);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFSIGNALED(code) && acknowledged >= 25);
    assert_ok(&p.env, results_store_open(&p.env, p.db, &store));
    results_store_close(store);
    int64_t rows = ask(p.db, "SELECT count(*) FROM runs");
    assert_true(rows >= acknowledged && rows <= acknowledged + 1);
    fixture_remove(&p.env, p.folder);
}

static size_t verify(struct place *p, const char *words)
{
    struct spred_buffer out = {0};
    size_t differences = 99;
    assert_ok(&p->env,
              results_verify(&p->env, p->db, p->other, &out, &differences));
    if (!strstr(out.text, words))
        fail_msg("\"%s\" lacks \"%s\"", out.text, words);
    spred_free(&p->env, out.text);
    return differences;
}

static void verifying(void **state)
{
    (void)state;
    struct place p;
    struct results_store *a, *b;
    open_place(&p);
    assert_ok(&p.env, results_store_open(&p.env, p.db, &a));
    assert_ok(&p.env, results_store_open(&p.env, p.other, &b));
    struct results_sink left = results_store_sink(a);
    struct results_sink right = results_store_sink(b);
    for (int64_t i = 1; i <= 3; i++) { /* other order, other clocks */
        put_one(&p.env, &left, i, 1, 1e-7);
        put_one(&p.env, &right, 4 - i, 2, 1e-7);
    }
    assert_int_equal(verify(&p, "3 runs compared: the same but for clocks"), 0);
    put_one(&p.env, &right, 2, 1, nextafter(1e-7, 1)); /* the last bit */
    assert_int_equal(verify(&p, "lasso on GDS1, cd, trial 2: gap: "), 2);
    verify(&p, "trial 2, points row 2: gap: ");
    put_one(&p.env, &right, 2, 1, 1e-7);
    put_one(&p.env, &left, 9, 1, 1e-7);
    assert_int_equal(verify(&p, "trial 9: run: 'present' and 'missing'"), 1);
    results_store_close(a);
    results_store_close(b);
    remove(p.other);
    struct spred_buffer out = {0};
    size_t n;
    assert_int_equal(results_verify(&p.env, p.db, p.other, &out, &n),
                     SPRED_ENOTFOUND);
    fixture_remove(&p.env, p.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_and_find),     cmocka_unit_test(refusals),
        cmocka_unit_test(read_only_folder), cmocka_unit_test(two_processes),
        cmocka_unit_test(killed),           cmocka_unit_test(verifying)};
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
