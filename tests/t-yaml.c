/* t-yaml.c: strict YAML: kinds, places, and what is refused; units. */
#include "test.h"

#include "experiments/units.h"
#include "experiments/yaml.h"

struct parsed {
    struct spred_env env;
    struct spec_document doc;
    enum spred_status status;
};

static struct parsed parse(const char *text)
{
    struct parsed p = {.doc = {.path = "f"}};
    spred_env_init(&p.env);
    p.status = spec_document_parse(&p.env, &p.doc, text, strlen(text), NULL,
                                   &p.doc.root);
    return p;
}

static void plain_scalars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum spec_node_kind kind;
    } rows[] = {
        {"10:30", SPEC_NODE_TEXT},   {"yes", SPEC_NODE_TEXT},
        {"no", SPEC_NODE_TEXT},      {"on", SPEC_NODE_TEXT},
        {"true", SPEC_NODE_BOOL},    {"FALSE", SPEC_NODE_BOOL},
        {"null", SPEC_NODE_NULL},    {"~", SPEC_NODE_NULL},
        {"", SPEC_NODE_NULL},        {"nUll", SPEC_NODE_TEXT},
        {"12", SPEC_NODE_NUMBER},    {"-1.5e+3", SPEC_NODE_NUMBER},
        {".5", SPEC_NODE_NUMBER},    {"5.", SPEC_NODE_NUMBER},
        {"1e400", SPEC_NODE_NUMBER}, {"-.inf", SPEC_NODE_NUMBER},
        {".NaN", SPEC_NODE_NUMBER},  {"0x1F", SPEC_NODE_NUMBER},
        {"0x", SPEC_NODE_TEXT},      {"0o8", SPEC_NODE_TEXT},
        {"12abc", SPEC_NODE_TEXT},   {"1_000", SPEC_NODE_TEXT},
        {"0,5", SPEC_NODE_TEXT},     {"2001-01-01", SPEC_NODE_TEXT},
        {".", SPEC_NODE_TEXT},       {"1e", SPEC_NODE_TEXT},
        {"nan", SPEC_NODE_TEXT},     {"-", SPEC_NODE_TEXT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (spec_plain_kind(rows[i].text) != rows[i].kind)
            fail_msg("'%s' is kind %d", rows[i].text,
                     (int)spec_plain_kind(rows[i].text));
}

static void tree(void **state)
{
    (void)state;
    struct parsed p = parse("\xEF\xBB\xBF# head\n"
                            "a: 1\r\n"
                            "\xC3\xA9\xC3\xA9: [x, 'yes', {b: ~}]\n"
                            "c:\n"
                            "  - True\n"
                            "  - \"12\"\n");
    assert_ok(&p.env, p.status);
    const struct spec_node *root = p.doc.root;
    assert_int_equal(root->kind, SPEC_NODE_MAP);
    assert_int_equal(root->n, 3);
    const struct spec_node *list = spec_node_get(root, "\xC3\xA9\xC3\xA9");
    assert_int_equal(list->n, 3);
    assert_int_equal(list->line, 3);
    assert_int_equal(list->column, 5); /* characters, not bytes */
    assert_string_equal(list->items[1]->text, "yes");
    assert_int_equal(list->items[1]->quoted, 1);
    assert_int_equal(list->items[2]->items[0]->kind, SPEC_NODE_NULL);
    const struct spec_node *c = spec_node_get(root, "c");
    assert_int_equal(c->items[0]->kind, SPEC_NODE_BOOL);
    assert_string_equal(c->items[0]->text, "true");
    assert_int_equal(c->items[1]->kind, SPEC_NODE_TEXT);
    assert_int_equal(c->items[1]->line, 6);
    assert_null(spec_node_get(root, "d"));
    spec_document_free(&p.env, &p.doc);
}

static void refused(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a: 1\nb:\n\tc: 2\n", "f:3:1: a tab in the indentation"},
        {"a: 1\nb: 2\na: 3\n", "f:3:1: duplicate key 'a', it is already at "
                               "line 1"},
        {"a: {b: 1, 'b': 2}\n", "f:1:11: duplicate key 'b'"},
        {"a: &x 1\n", "f:1:4: anchors"},
        {"a: *x\n", "f:1:4: anchors"},
        {"&k a: 1\n", "f:1:1: anchors"},
        {"a: !!int 1\n", "f:1:4: tags"},
        {"<<: {a: 1}\n", "f:1:1: merge keys"},
        {"a: 1\n---\nb: 1\n", "f:2:1: a second document"},
        {"? [a]\n: 1\n", "f:1:3: a key must be a single word"},
        {"null: 1\n", "f:1:1: an empty key"},
        {"a: [1, 2\nb: 3\n", "f:2:2: did not find expected ',' or ']'"},
        {"a: \"x\n", "f:2:1: found unexpected end of stream"},
        {"a: b\x01\n", "f:1:5: a control character"},
        {"a: \xFF\n", "f:1:4: these bytes are not UTF-8"},
        {"a: \xC0\x80\n", "f:1:4: these bytes are not UTF-8"},
        {"a: \xED\xA0\x80\n", "f:1:4: these bytes are not UTF-8"},
        {"a: \"\\0\"\n", "f:1:4: a NUL character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p = parse(rows[i][0]);
        if (p.status != SPRED_EFORMAT || !strstr(p.env.error, rows[i][1]))
            fail_msg("%s\n gave: %d %s\n expected: %s", rows[i][0], p.status,
                     p.env.error, rows[i][1]);
        spec_document_free(&p.env, &p.doc);
    }
}

/* A tab is fine where it does not indent. */
static void accepted_tabs(void **state)
{
    (void)state;
    struct parsed p = parse("a:\t1\t# c\n#\tx\n");
    assert_ok(&p.env, p.status);
    assert_string_equal(spec_node_get(p.doc.root, "a")->text, "1");
    spec_document_free(&p.env, &p.doc);
}

static void depth(void **state)
{
    (void)state;
    char text[128];
    for (size_t levels = 31; levels <= 33; levels++) {
        memset(text, '[', levels);
        memset(text + levels, ']', levels);
        text[2 * levels] = '\0';
        struct parsed p = parse(text);
        assert_int_equal(p.status, levels <= 32 ? SPRED_OK : SPRED_EFORMAT);
        spec_document_free(&p.env, &p.doc);
    }
}

static void units(void **state)
{
    (void)state;
    double v = -1;
    assert_null(spec_duration("120 s", &v));
    assert_near(v, 120, 0);
    assert_null(spec_duration("10min", &v));
    assert_near(v, 600, 0);
    assert_null(spec_duration("500 ms", &v));
    assert_near(v, 0.5, 0);
    assert_null(spec_duration("1.5 h", &v));
    assert_near(v, 5400, 0);
    assert_null(spec_duration("1e2 d", &v));
    assert_near(v, 8640000, 0);
    assert_null(spec_size("4 GiB", &v));
    assert_near(v, 4294967296.0, 0);
    assert_null(spec_size("1 kB", &v));
    assert_near(v, 1000, 0);
    assert_null(spec_size("512 MiB", &v));
    assert_near(v, 536870912, 0);
    assert_null(spec_share("20%", &v));
    assert_near(v, 0.2, 0);
    assert_null(spec_share("12.5 %", &v));
    assert_near(v, 0.125, 0);
    v = 7;
    assert_non_null(strstr(spec_duration("120", &v), "no unit"));
    assert_non_null(strstr(spec_duration("1 m", &v), "unknown unit"));
    assert_non_null(strstr(spec_duration("-1 s", &v), "not a duration"));
    assert_non_null(strstr(spec_duration("1e400 s", &v), "not a duration"));
    assert_non_null(strstr(spec_duration("", &v), "not a duration"));
    assert_non_null(strstr(spec_duration("1e308 d", &v), "not a duration"));
    assert_non_null(strstr(spec_size("4 GB x", &v), "unknown unit"));
    assert_non_null(strstr(spec_size("4 gib", &v), "unknown unit"));
    assert_non_null(strstr(spec_share("0.2", &v), "20%"));
    assert_non_null(strstr(spec_share("101%", &v), "more than 100%"));
    assert_near(v, 7, 0);
}

/* Shares and numbers read back to the same bits. */
static void shortest(void **state)
{
    (void)state;
    char text[40];
    double back;
    spec_shortest(0.1, text);
    assert_string_equal(text, "0.1");
    spec_shortest_share(0.2, text);
    assert_string_equal(text, "20%");
    unsigned seed = 5;
    for (int i = 0; i < 20000; i++) {
        char written[40];
        double share;
        seed = seed * 1664525u + 1013904223u;
        snprintf(written, sizeof written, "%u.%u%%", (seed >> 8) % 100,
                 seed >> (i % 24));
        assert_null(spec_share(written, &share));
        spec_shortest_share(share, text);
        assert_null(spec_share(text, &back));
        if (memcmp(&back, &share, sizeof back) != 0)
            fail_msg("%s -> %.17g -> %s", written, share, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars), cmocka_unit_test(tree),
        cmocka_unit_test(refused),       cmocka_unit_test(accepted_tabs),
        cmocka_unit_test(depth),         cmocka_unit_test(units),
        cmocka_unit_test(shortest)};
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
