/* t-rows.c: rows as lines of text, there and back, and lines that are none. */
#include "results-fixture.h"

#include <float.h>

/* Fills every field with something awkward, by its place. */
static void fill(struct spred_env *env, const struct results_column *columns,
                 void *row)
{
    static const char *const texts[] = {
        "a\tb",   "line\nbreak", "back\\slash\\t", "\\",
        "é ü 漢", " blanks ",    "\t\n\\\\n",      NULL};
    static const double reals[] = {0.1,    -0.0,     DBL_MAX,   DBL_MIN,
                                   5e-324, INFINITY, -INFINITY, 1.0 / 3.0};
    static const int64_t integers[] = {0, -1, INT64_MAX, INT64_MIN + 1, 42};
    for (size_t i = 0; columns[i].name; i++) {
        void *field = (char *)row + columns[i].offset;
        if (columns[i].kind == RESULTS_TEXT) {
            const char *text = texts[i % 8];
            *(char **)field = text ? spred_strdup(env, text) : NULL;
        } else if (columns[i].kind == RESULTS_INT) {
            *(int64_t *)field = integers[i % 5];
        } else {
            *(double *)field = reals[i % 8];
        }
    }
}

static void same(const struct results_column *columns, const void *a,
                 const void *b)
{
    for (; columns->name; columns++) {
        const char *x = (const char *)a + columns->offset;
        const char *y = (const char *)b + columns->offset;
        if (columns->kind == RESULTS_TEXT) {
            const char *s = *(char *const *)x, *t = *(char *const *)y;
            assert_int_equal(!s, !t);
            if (s)
                assert_string_equal(s, t);
        } else {
            assert_memory_equal(x, y, 8);
        }
    }
}

static void round_trip(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    const struct {
        const struct results_column *columns;
        size_t size;
    } kinds[] = {{results_run_columns, sizeof(struct results_run)},
                 {results_point_columns, sizeof(struct results_point)},
                 {results_gene_columns, sizeof(struct results_gene)},
                 {results_fold_columns, sizeof(struct results_fold)}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct spred_buffer line = {0};
        void *a = calloc(1, kinds[k].size), *b = calloc(1, kinds[k].size);
        assert_true(a && b);
        results_row_clear(kinds[k].columns, a);
        fill(&env, kinds[k].columns, a);
        assert_ok(&env, results_row_write(&env, kinds[k].columns, a, &line));
        assert_null(strchr(line.text, '\n'));
        assert_ok(&env, results_row_read(&env, kinds[k].columns, line.text,
                                         line.length, b));
        same(kinds[k].columns, a, b);
        results_row_free(&env, kinds[k].columns, a);
        results_row_free(&env, kinds[k].columns, b);
        /* a cleared row: tabs alone, and back to "no value" everywhere */
        line.length = 0;
        assert_ok(&env, results_row_write(&env, kinds[k].columns, a, &line));
        assert_int_equal(strspn(line.text, "\t"), line.length);
        fill(&env, kinds[k].columns, b);
        struct spred_buffer none = {0};
        results_row_free(&env, kinds[k].columns, b);
        assert_ok(&env, results_row_read(&env, kinds[k].columns, line.text,
                                         line.length, b));
        assert_ok(&env, results_row_write(&env, kinds[k].columns, b, &none));
        assert_string_equal(none.text, line.text);
        spred_free(&env, none.text);
        spred_free(&env, line.text);
        free(a);
        free(b);
    }
}

static void read_point(const char *line, size_t length,
                       enum spred_status expected, const char *words)
{
    struct spred_env env;
    struct results_point p;
    spred_env_init(&env);
    enum spred_status status =
        results_row_read(&env, results_point_columns, line, length, &p);
    if (status != expected)
        fail_msg("\"%s\": %s", line, env.error);
    if (words && !strstr(env.error, words))
        fail_msg("\"%s\" lacks \"%s\"", env.error, words);
    assert_null(p.job); /* nothing is left to free */
}

/* What follows the first four of the 23 columns of a point. */
#define FEWER "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t"
#define REST FEWER "\t"

static void malformed(void **state)
{
    (void)state;
    static const char good[] = "\t1\t2\t0.5" REST;
    read_point(good, strlen(good), SPRED_OK, NULL);
    static const char *const bad[][2] = {
        {"", "1 fields, expected 23"},
        {"\t1\t2\t0.5" FEWER, "22 fields"},
        {"\t1\t2\t0.5" REST "\t", "24 fields"},
        {"j\t1.5\t2\t0.5" REST, "'output'"},
        {"j\t1\t2\t0.5x" REST, "'lambda' is '0.5x'"},
        {"j\t1\t2\tnan" REST, "expected a number"},
        {"j\t1\t2\t1e999" REST, "'lambda'"},
        {"j\t99999999999999999999\t2\t1" REST, "'output'"},
        {"j\\x\t1\t2\t1" REST, "broken escape"},
        {"j\\\t1\t2\t1" REST, "broken escape"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        read_point(bad[i][0], strlen(bad[i][0]), SPRED_EFORMAT, bad[i][1]);
    static const char nul[] = "j\0k\t1\t2\t1" REST;
    read_point(nul, sizeof nul - 1, SPRED_EFORMAT, "NUL");
    static const char digits[] = "\t1\t2\t0\0"
                                 "5" REST;
    read_point(digits, sizeof digits - 1, SPRED_EFORMAT, "'lambda'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip),
                                       cmocka_unit_test(malformed)};
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
