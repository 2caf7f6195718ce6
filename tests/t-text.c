/* t-text.c: strict numbers, nearest names, options. */
#include "test.h"

#include "spred/option.h"
#include "spred/text.h"

static void numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "12abc", "1_000", "0,5",  "nan",
                                      "inf", "0x10",  " 1",    "1 ",   "1e400",
                                      "1e",  ".",     "+",     "1.5.2"};
    double real = 7;
    int64_t integer = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(spred_parse_real(bad[i], &real));
        assert_false(spred_parse_int(bad[i], &integer));
    }
    assert_false(spred_parse_int("1.5", &integer));
    assert_false(spred_parse_int("1e3", &integer));
    assert_false(spred_parse_int("99999999999999999999", &integer));
    assert_true(spred_parse_int("-42", &integer) && integer == -42);
    assert_true(spred_parse_real("-.5e1", &real));
    assert_near(real, -5, 0);
}

/* The fast path must give the same double as strtod, to the bit. */
static void numbers_equal_strtod(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        seed = seed * 1664525u + 1013904223u;
        unsigned a = seed >> 8;
        seed = seed * 1664525u + 1013904223u;
        snprintf(text, sizeof text, "%s%u.%ue%d", seed & 1 ? "-" : "",
                 a % 100000, seed >> 4, (int)(seed % 61) - 30);
        double real = 0;
        assert_true(spred_parse_real(text, &real));
        assert_true(memcmp(&real, &(double){strtod(text, NULL)}, sizeof real) ==
                    0);
    }
}

static void nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"lambda", "penalty", "problem", NULL};
    assert_string_equal(spred_nearest("lamda", names), "lambda");
    assert_string_equal(spred_nearest("lambad", names), "lambda");
    assert_string_equal(spred_nearest("problme", names), "problem");
    assert_null(spred_nearest("zzz", names));
}

struct sample {
    int flag, kind;
    long count;
    double step;
};
static const char *const kinds[] = {"sgd", "adam", NULL};
static const struct spred_option table[] = {
    {"flag", SPRED_OPTION_BOOL, offsetof(struct sample, flag), "true", 0, 0,
     NULL, "a flag"},
    {"kind", SPRED_OPTION_CHOICE, offsetof(struct sample, kind), "adam", 0, 0,
     kinds, "a choice"},
    {"count", SPRED_OPTION_INT, offsetof(struct sample, count), "3", 1, 9, NULL,
     "a count"},
    {"step", SPRED_OPTION_REAL, offsetof(struct sample, step), "0.1", 0, 1,
     NULL, "a step"},
    {0}};

static void options(void **state)
{
    (void)state;
    struct spred_env env;
    struct sample s;
    spred_env_init(&env);
    assert_ok(&env, spred_options_default(&env, table, &s));
    char *text = spred_options_text(&env, table, &s);
    assert_string_equal(text, "flag=true kind=adam count=3 step=0.1");
    spred_free(&env, text);
    assert_ok(&env, spred_options_set(&env, table, &s, "kind", "sgd"));
    assert_int_equal(s.kind, 0);
    assert_int_equal(spred_options_set(&env, table, &s, "count", "1.5"),
                     SPRED_EINVAL);
    assert_int_equal(spred_options_set(&env, table, &s, "count", "10"),
                     SPRED_EINVAL);
    assert_int_equal(spred_options_set(&env, table, &s, "stpe", "1"),
                     SPRED_ENOTFOUND);
    assert_non_null(strstr(env.error, "'step'"));
    assert_int_equal(s.count, 3);
}

static int refuses(void *cookie, size_t bytes)
{
    size_t *asked = cookie;
    *asked = bytes;
    return 1;
}

/* Only large blocks are asked for; what is refused is not allocated. */
static void refusal(void **state)
{
    (void)state;
    struct spred_env env;
    size_t asked = 0;
    spred_env_init(&env);
    env.refuses = refuses;
    env.refuse_cookie = &asked;
    void *small = spred_alloc(&env, SPRED_LARGE_BLOCK - 1, 1);
    assert_non_null(small);
    assert_int_equal(asked, 0);
    assert_null(spred_alloc(&env, SPRED_LARGE_BLOCK / 8, 8));
    assert_int_equal(asked, SPRED_LARGE_BLOCK);
    assert_non_null(strstr(env.error, "out of memory"));
    assert_null(spred_resize(&env, small, SPRED_LARGE_BLOCK + 5, 1));
    assert_int_equal(asked, SPRED_LARGE_BLOCK + 5);
    spred_free(&env, small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(numbers_equal_strtod),
        cmocka_unit_test(nearest), cmocka_unit_test(options),
        cmocka_unit_test(refusal)};
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
