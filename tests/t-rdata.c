/* t-rdata.c: R data readers on streams made here; thousands of broken ones. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "spred/loader.h"
#include "xdr.h"

#define NA INT32_MIN

static const struct spred_loader *r_loader(void)
{
    for (const struct spred_loader *const *l = spred_loaders(); *l; l++)
        if (strcmp((*l)->name, "r-data") == 0)
            return *l;
    fail_msg("no loader r-data");
    return NULL;
}

static enum spred_status read_stream(struct spred_env *env, struct xdr *x,
                                     const struct spred_load_options *options,
                                     struct spred_data *out)
{
    static const struct spred_load_options none = {0};
    struct spred_bytes file = {0};
    memset(out, 0, sizeof *out);
    /* an exact block, so that the sanitizer sees one byte too many */
    file.bytes = malloc(x->length + 1);
    assert_non_null(file.bytes);
    memcpy(file.bytes, x->bytes, x->length);
    file.bytes[x->length] = '\0';
    file.length = x->length;
    file.path = "made.rda";
    enum spred_status status =
        r_loader()->read(env, &file, options ? options : &none, out);
    free(file.bytes);
    return status;
}

static double cell(const struct spred_data *d, size_t i, size_t j)
{
    return d->x.f64[i + j * d->x.rows];
}

/* genes (4 x 3 with dimnames), gene.names, labels, note: version 3. */
static void make_matrix(struct xdr *x)
{
    static const double values[12] = {1, 2,  3,  4,  5,  NAN,
                                      7, 8., 9., 10, 11, 12.5};
    static const char *const genes[] = {"a_at", "b_at", "c_at", "d_at"};
    static const char *const samples[] = {"s1", "s2", "s3"};
    static const double labels[3] = {0, 1, 0};
    xdr_header(x, 3, 0);
    xdr_cell(x, "info");
    xdr_strings(x, 0, 1, &(const char *){"a text"});
    xdr_cell(x, "genes");
    xdr_doubles(x, XDR_ATTR, 12, values);
    xdr_dim(x, 4, 3);
    xdr_cell(x, "dimnames");
    xdr_list(x, 0, 2);
    xdr_strings(x, 0, 4, genes);
    xdr_strings(x, 0, 3, samples);
    xdr_nil(x);
    xdr_cell(x, "age");
    xdr_doubles(x, 0, 3, (const double[]){50.5, 61, NAN});
    xdr_cell(x, "labels");
    xdr_factor(x, 3, (const int32_t[]){3, 1, 3}, 3,
               (const char *const[]){"ill", "unused", "well"});
    xdr_cell(x, "constant");
    xdr_doubles(x, 0, 3, labels);
    xdr_nil(x);
}

static void matrix(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    struct xdr x = {0};
    spred_env_init(&env);
    make_matrix(&x);
    assert_true(r_loader()->probe((const char *)x.bytes, x.length) > 0);
    assert_ok(&env, read_stream(&env, &x, NULL, &d));
    assert_int_equal(d.x.rows, 3);
    assert_int_equal(d.x.cols, 4);
    assert_near(cell(&d, 0, 3), 4, 0);
    assert_near(cell(&d, 2, 3), 12.5, 0);
    assert_true(isnan(cell(&d, 1, 1)));
    assert_int_equal(d.missing, 1);
    assert_string_equal(d.features[2], "c_at");
    assert_string_equal(d.samples[1], "s2");
    const struct spred_target *labels = spred_data_target(&d, "labels");
    assert_non_null(labels);
    assert_int_equal(labels->n_levels, 2); /* the unused level is gone */
    assert_string_equal(labels->levels[0], "ill");
    assert_string_equal(labels->levels[1], "well");
    assert_int_equal(labels->codes[0], 1);
    assert_int_equal(labels->codes[1], 0);
    const struct spred_target *age = spred_data_target(&d, "age");
    assert_int_equal(age->kind, SPRED_TARGET_REAL);
    assert_near(age->values[0], 50.5, 0);
    assert_true(isnan(age->values[2]));
    spred_data_free(&env, &d);

    struct spred_load_options options = {.orientation = SPRED_SAMPLES_IN_ROWS};
    assert_ok(&env, read_stream(&env, &x, &options, &d));
    assert_int_equal(d.x.rows, 4);
    assert_near(cell(&d, 3, 2), 12.5, 0);
    assert_string_equal(d.samples[3], "d_at");
    spred_data_free(&env, &d);

    options = (struct spred_load_options){.object = "gens"};
    assert_int_equal(read_stream(&env, &x, &options, &d), SPRED_ENOTFOUND);
    assert_non_null(strstr(env.error, "'genes'"));
    assert_non_null(strstr(env.error, "genes (matrix 4 x 3)"));
    spred_data_free(&env, &d);
    options.object = "age";
    assert_int_equal(read_stream(&env, &x, &options, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "age (vector of 3)"));
    spred_data_free(&env, &d);
    free(x.bytes);
}

/* A table with one row a sample: numbers, a factor, a text, a response. */
static void make_frame(struct xdr *x, int rds)
{
    static const char *const names[] = {"y", "sex", "g1", "who", "g2", "ill"};
    static const char *const who[] = {"ann", "bob", "cy", "dan"};
    xdr_header(x, 2, rds);
    if (!rds)
        xdr_cell(x, "tab");
    xdr_list(x, XDR_ATTR | XDR_OBJECT, 6);
    xdr_doubles(x, 0, 4, (const double[]){.5, 1.5, 2.25, 9});
    xdr_factor(x, 4, (const int32_t[]){1, 2, NA, 1}, 2,
               (const char *const[]){"f", "m"});
    xdr_doubles(x, 0, 4, (const double[]){1, 2, 3, 4});
    xdr_strings(x, 0, 4, who);
    xdr_ints(x, 0, 4, (const int32_t[]){7, NA, 8, 9});
    xdr_int(x, 10); /* LGLSXP */
    xdr_int(x, 4);
    for (int i = 0; i < 4; i++)
        xdr_int(x, i == 3 ? 1 : 0);
    xdr_cell(x, "names");
    xdr_strings(x, 0, 6, names);
    xdr_class(x, "data.frame");
    xdr_cell(x, "row.names");
    xdr_strings(x, 0, 4, (const char *const[]){"r1", "r2", "r3", "r4"});
    xdr_nil(x);
    if (!rds)
        xdr_nil(x);
}

static void frame(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    spred_env_init(&env);
    for (int rds = 0; rds < 2; rds++) {
        struct xdr x = {0};
        make_frame(&x, rds);
        assert_ok(&env, read_stream(&env, &x, NULL, &d));
        assert_int_equal(d.x.rows, 4);
        assert_int_equal(d.x.cols, 2);
        assert_string_equal(d.features[0], "g1");
        assert_string_equal(d.features[1], "g2");
        assert_string_equal(d.samples[3], "r4");
        assert_near(cell(&d, 3, 1), 9, 0);
        assert_true(isnan(cell(&d, 1, 1)));
        assert_int_equal(d.n_targets, 3);
        const struct spred_target *sex = spred_data_target(&d, "sex");
        assert_int_equal(sex->codes[2], -1);
        assert_int_equal(sex->codes[1], 1);
        const struct spred_target *y = spred_data_target(&d, "y");
        assert_near(y->values[2], 2.25, 0);
        const struct spred_target *ill = spred_data_target(&d, "ill");
        assert_string_equal(ill->levels[1], "TRUE");
        assert_int_equal(ill->codes[3], 1);
        spred_data_free(&env, &d);
        struct spred_load_options options = {.response = "g1"};
        assert_ok(&env, read_stream(&env, &x, &options, &d));
        assert_int_equal(d.x.cols, 2); /* y is a feature now */
        assert_string_equal(d.features[0], "y");
        assert_near(spred_data_target(&d, "g1")->values[3], 4, 0);
        spred_data_free(&env, &d);
        free(x.bytes);
    }
}

/* khanmiss: factors, the first row holds the classes, "" names no gene. */
static void make_khan(struct xdr *x)
{
    static const char *const names[] = {"X", "X1", "u", "v", "w"};
    xdr_header(x, 2, 0);
    xdr_cell(x, "khan");
    xdr_list(x, XDR_ATTR | XDR_OBJECT, 5);
    xdr_factor(x, 4, (const int32_t[]){1, 2, 3, 4}, 4,
               (const char *const[]){"", "GENE1", "GENE2", "GENE3"});
    xdr_factor(x, 4, (const int32_t[]){1, 2, 2, 3}, 3,
               (const char *const[]){"", "kinase", "actin"});
    xdr_factor(x, 4, (const int32_t[]){3, 1, 2, 2}, 3,
               (const char *const[]){"-1.5", ".25", "EWS"});
    xdr_factor(x, 4, (const int32_t[]){3, 1, NA, 2}, 3,
               (const char *const[]){"2e-3", "0", "BL"});
    xdr_factor(x, 4, (const int32_t[]){3, 1, 2, 4}, 4,
               (const char *const[]){"1", "2", "EWS", "3"});
    xdr_cell(x, "names");
    xdr_strings(x, 0, 5, names);
    xdr_class(x, "data.frame");
    xdr_nil(x);
    xdr_nil(x);
}

static void khan(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    struct xdr x = {0};
    struct spred_load_options options = {.object = "khan"};
    spred_env_init(&env);
    make_khan(&x);
    /* 5 text columns alone do not look like numbers: the object is named */
    enum spred_status status = read_stream(&env, &x, &options, &d);
    assert_ok(&env, status);
    assert_int_equal(d.x.rows, 3);
    assert_int_equal(d.x.cols, 3);
    assert_near(cell(&d, 0, 0), -1.5, 0);
    assert_near(cell(&d, 1, 0), 2e-3, 0);
    assert_near(cell(&d, 2, 2), 3, 0);
    assert_true(isnan(cell(&d, 1, 1)));
    assert_int_equal(d.missing, 1);
    assert_string_equal(d.features[2], "GENE3");
    assert_string_equal(d.samples[1], "v");
    const struct spred_target *class = spred_data_target(&d, "class");
    assert_int_equal(class->n_levels, 2);
    assert_string_equal(class->levels[class->codes[1]], "BL");
    assert_int_equal(class->codes[0], class->codes[2]);
    spred_data_free(&env, &d);
    free(x.bytes);
}

/* S4 ExpressionSet: exprs in an environment with hash table, behind a closure,
 * a namespace and byte code, with a reference to the environment itself. */
static void make_eset(struct xdr *x)
{
    xdr_header(x, 3, 0);
    xdr_cell(x, "eset");
    xdr_int(x, 25 | XDR_ATTR | XDR_OBJECT); /* S4 */
    xdr_cell(x, "assayData");
    xdr_int(x, 4); /* environment: locked, enclosure, frame, hash, attributes */
    int self = ++x->symbols;
    xdr_int(x, 1);
    xdr_int(x, 249); /* namespace */
    x->symbols++;
    xdr_int(x, 0);
    xdr_int(x, 2);
    xdr_char(x, "Biobase");
    xdr_char(x, "2.5.8");
    xdr_nil(x);
    xdr_list(x, 0, 3);
    xdr_nil(x);
    xdr_cell(x, "self");
    xdr_int(x, 255 | self << 8);
    xdr_cell(x, "fun");
    xdr_int(x, 3 | XDR_TAG); /* closure: environment, formals, body */
    xdr_int(x, 255);
    xdr_int(x, self); /* the long form of a reference */
    xdr_nil(x);
    xdr_int(x, 21); /* byte code: 1 shared constant, code, 2 constants */
    xdr_int(x, 1);
    xdr_ints(x, 0, 2, (const int32_t[]){8, 1});
    xdr_int(x, 2);
    xdr_int(x, 244); /* BCREPDEF 0, LANGSXP */
    xdr_int(x, 0);
    xdr_int(x, 6);
    xdr_nil(x);
    xdr_int(x, 1);
    xdr_symbol(x, "sum");
    xdr_int(x, 254);
    xdr_nil(x);
    xdr_int(x, 14);
    xdr_doubles(x, 0, 1, (const double[]){3});
    xdr_nil(x);
    xdr_cell(x, "exprs");
    xdr_doubles(x, XDR_ATTR, 6, (const double[]){1, 2, 3, 4, 5, 6});
    xdr_dim(x, 2, 3);
    xdr_nil(x);
    xdr_nil(x);
    xdr_nil(x); /* attributes of the environment */
    xdr_cell(x, "phenoData");
    xdr_int(x, 25 | XDR_ATTR | XDR_OBJECT);
    xdr_cell(x, "data");
    xdr_list(x, XDR_ATTR | XDR_OBJECT, 2);
    xdr_factor(x, 3, (const int32_t[]){2, 1, 2}, 2,
               (const char *const[]){"no", "yes"});
    xdr_doubles(x, 0, 3, (const double[]){1.5, 2.5, 3.5});
    xdr_cell(x, "names");
    xdr_strings(x, 0, 2, (const char *const[]){"grp", "age"});
    xdr_cell(x, "row.names");
    xdr_strings(x, 0, 3, (const char *const[]){"p", "q", "r"});
    xdr_class(x, "data.frame");
    xdr_nil(x);
    xdr_class(x, "AnnotatedDataFrame");
    xdr_nil(x);
    xdr_class(x, "ExpressionSet");
    xdr_nil(x);
    xdr_nil(x);
}

static void eset(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    struct xdr x = {0};
    spred_env_init(&env);
    make_eset(&x);
    assert_ok(&env, read_stream(&env, &x, NULL, &d));
    assert_int_equal(d.x.rows, 3);
    assert_int_equal(d.x.cols, 2);
    assert_near(cell(&d, 1, 0), 3, 0);
    assert_near(cell(&d, 2, 1), 6, 0);
    assert_string_equal(d.samples[2], "r");
    assert_string_equal(d.features[1], "G2");
    const struct spred_target *group = spred_data_target(&d, "grp");
    assert_string_equal(group->levels[group->codes[0]], "yes");
    assert_near(spred_data_target(&d, "age")->values[1], 2.5, 0);
    spred_data_free(&env, &d);
    free(x.bytes);
}

static void altrep_info(struct xdr *x, const char *name)
{
    xdr_int(x, 238);
    xdr_int(x, 2);
    xdr_symbol(x, name);
    xdr_int(x, 2);
    xdr_symbol(x, "base");
    xdr_int(x, 2);
    xdr_ints(x, 0, 1, (const int32_t[]){13});
    xdr_nil(x);
}

/* fit = list(x = wrapped matrix, cls = compact 1:4 / deferred names). */
static void make_altrep(struct xdr *x)
{
    xdr_header(x, 3, 0);
    xdr_cell(x, "fit");
    xdr_list(x, XDR_ATTR, 3);
    altrep_info(x, "wrap_real");
    xdr_int(x, 2); /* pairlist(data, meta) */
    xdr_doubles(x, 0, 12,
                (const double[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    xdr_int(x, 2);
    xdr_ints(x, 0, 2, (const int32_t[]){0, 0});
    xdr_nil(x);
    xdr_dim(x, 4, 3); /* attributes */
    xdr_cell(x, "dimnames");
    xdr_list(x, 0, 2);
    altrep_info(x, "deferred_string");
    xdr_int(x, 2); /* dotted pair: numbers . scipen */
    altrep_info(x, "compact_intseq");
    xdr_doubles(x, 0, 3, (const double[]){4, 11, 1});
    xdr_nil(x);
    xdr_ints(x, 0, 1, (const int32_t[]){0});
    xdr_nil(x);
    xdr_nil(x);
    xdr_nil(x);
    xdr_strings(x, 0, 4, (const char *const[]){"u", "v", "u", "v"});
    altrep_info(x, "compact_realseq");
    xdr_doubles(x, 0, 3, (const double[]){4, 8, -2});
    xdr_nil(x);
    xdr_cell(x, "names");
    xdr_strings(x, 0, 3, (const char *const[]){"x", "cls", "dose"});
    xdr_nil(x);
    xdr_nil(x);
}

static void altrep(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    struct xdr x = {0};
    struct spred_load_options options = {.object = "fit$x"};
    spred_env_init(&env);
    make_altrep(&x);
    for (int pass = 0; pass < 3; pass++) {
        options.object = pass == 0 ? NULL : pass == 1 ? "fit" : "fit$x";
        assert_ok(&env, read_stream(&env, &x, &options, &d));
        assert_int_equal(d.x.rows, 4); /* the labels lie along the rows */
        assert_int_equal(d.x.cols, 3);
        assert_near(cell(&d, 1, 2), 10, 0);
        assert_string_equal(d.samples[3], "14");
        const struct spred_target *class = spred_data_target(&d, "cls");
        assert_int_equal(class->codes[3], 1);
        assert_near(spred_data_target(&d, "dose")->values[3], 2, 0);
        spred_data_free(&env, &d);
    }
    free(x.bytes);
}

static void bad_streams(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    spred_env_init(&env);
    struct xdr ascii = {0}, deep = {0}, none = {0};
    xdr_raw(&ascii, "RDA3\nA\n3\n262146\n", 16);
    assert_int_equal(read_stream(&env, &ascii, NULL, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "ascii"));
    xdr_header(&deep, 2, 1);
    for (int i = 0; i < 200000; i++)
        xdr_list(&deep, 0, 1);
    assert_int_equal(read_stream(&env, &deep, NULL, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "deep"));
    xdr_header(&none, 2, 0);
    xdr_cell(&none, "words");
    xdr_strings(&none, 0, 2, (const char *const[]){"a", "b"});
    xdr_nil(&none);
    assert_int_equal(read_stream(&env, &none, NULL, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "words (text vector of 2)"));
    free(ascii.bytes);
    free(deep.bytes);
    free(none.bytes);
}

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void fill_symbols(struct xdr *x, int kind)
{
    void (*const makers[])(struct xdr *) = {make_matrix, make_khan, make_eset,
                                            make_altrep};
    if (kind < 4)
        makers[kind](x);
    else
        make_frame(x, kind - 4);
}

/* Every truncation fails or gives a sound data set; so does every mutation. */
static void broken(void **state)
{
    (void)state;
    struct spred_env env;
    uint32_t seed = 2463534242u;
    static const int32_t nasty[] = {-1,  0,   1,       INT32_MAX, INT32_MIN,
                                    254, 255, 238,     19 | 512,  4,
                                    16,  21,  2 | 1024};
    spred_env_init(&env);
    for (int kind = 0; kind < 6; kind++) {
        struct xdr x = {0};
        struct spred_data d;
        fill_symbols(&x, kind);
        size_t whole = x.length;
        for (size_t cut = 0; cut < whole; cut++) {
            x.length = cut;
            assert_int_not_equal(read_stream(&env, &x, NULL, &d), SPRED_OK);
            spred_data_free(&env, &d);
        }
        x.length = whole;
        unsigned char *good = malloc(whole);
        assert_non_null(good);
        memcpy(good, x.bytes, whole);
        for (int round = 0; round < 2000; round++) {
            memcpy(x.bytes, good, whole);
            for (uint32_t k = 0; k <= next(&seed) % 3; k++) {
                size_t at = next(&seed) % whole;
                if (next(&seed) % 2) {
                    x.bytes[at] ^= (unsigned char)(1u << next(&seed) % 8);
                    continue;
                }
                struct xdr word = {0};
                xdr_int(&word,
                        nasty[next(&seed) % (sizeof nasty / sizeof *nasty)]);
                at = at < whole - 4 ? at : whole - 4;
                memcpy(x.bytes + at, word.bytes, 4);
                free(word.bytes);
            }
            enum spred_status status = read_stream(&env, &x, NULL, &d);
            if (status == SPRED_OK)
                assert_ok(&env, spred_data_check(&env, &d));
            else
                assert_null(strchr(env.error, '\n'));
            spred_data_free(&env, &d);
        }
        free(good);
        free(x.bytes);
    }
}

/* Every allocation fails once: an error each time, and nothing leaks (ASan). */
struct quota {
    size_t left;
};

static void *limited(void *cookie, void *pointer, size_t size)
{
    struct quota *quota = cookie;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    if (quota->left == 0)
        return NULL;
    quota->left--;
    return realloc(pointer, size);
}

static void out_of_memory(void **state)
{
    (void)state;
    for (int kind = 0; kind < 5; kind++) {
        struct xdr x = {0};
        fill_symbols(&x, kind);
        enum spred_status status = SPRED_ENOMEM;
        for (size_t n = 0; status != SPRED_OK; n++) {
            struct spred_env env;
            struct spred_data d;
            struct quota quota = {n};
            spred_env_init(&env);
            env.reallocate = limited;
            env.allocate_cookie = &quota;
            struct spred_load_options options = {.object =
                                                     kind == 1 ? "khan" : NULL};
            status = read_stream(&env, &x, &options, &d);
            assert_true(status == SPRED_OK || status == SPRED_ENOMEM);
            spred_data_free(&env, &d);
            assert_true(n < 1000);
        }
        free(x.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrix), cmocka_unit_test(frame),
        cmocka_unit_test(khan),   cmocka_unit_test(eset),
        cmocka_unit_test(altrep), cmocka_unit_test(bad_streams),
        cmocka_unit_test(broken), cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests_name("rdata", tests, NULL, NULL);
}
