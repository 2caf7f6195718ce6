/* t-npy.c: NumPy files: hand-made bytes of every type, order and version, y
 * beside X, in-place use, malformed ones by their message, hostile ones. */
#include "files.h"

#include "spred/loader.h"

#define NPY_MAX 4096

/* An .npy file as numpy.save writes it: header padded to 64 bytes. */
struct npy_file {
    char bytes[NPY_MAX];
    size_t length;
};

static void npy_begin(struct npy_file *file, int version, const char *header)
{
    size_t fixed = version == 1 ? 10 : 12, length = strlen(header) + 1;
    length = (fixed + length + 63) / 64 * 64 - fixed;
    memcpy(file->bytes, "\x93NUMPY", 6);
    file->bytes[6] = (char)version;
    file->bytes[7] = 0;
    for (size_t i = 8; i < fixed; i++)
        file->bytes[i] = (char)(length >> 8 * (i - 8));
    memset(file->bytes + fixed, ' ', length);
    memcpy(file->bytes + fixed, header, strlen(header));
    file->length = fixed + length;
    file->bytes[file->length - 1] = '\n';
}

static void npy_put(struct npy_file *file, const void *bytes, size_t size)
{
    assert_true(file->length + size <= NPY_MAX);
    memcpy(file->bytes + file->length, bytes, size);
    file->length += size;
}

static const char *npy_save(struct folder *folder, const char *name,
                            const struct npy_file *file)
{
    return folder_write(folder, name, file->bytes, file->length);
}

static void npy_text(struct npy_file *file, int version, const char *type,
                     const char *order, const char *shape)
{
    char header[256];
    snprintf(header, sizeof header,
             "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type, order,
             shape);
    npy_begin(file, version, header);
}

/* 3 samples x 2 features: 1 2 / 3 -4 / 5 6, columns one after another. */
static const double columns[] = {1, 3, 5, 2, -4, 6};

static void npy_values(struct npy_file *file, const char *type, int fortran)
{
    for (size_t k = 0; k < 6; k++) {
        double f8 = fortran ? columns[k] : columns[k % 2 * 3 + k / 2];
        float f4 = (float)f8;
        int64_t i8 = (int64_t)f8;
        int32_t i4 = (int32_t)f8;
        signed char i1 = (signed char)f8;
        if (strcmp(type, "<f8") == 0)
            npy_put(file, &f8, sizeof f8);
        else if (strcmp(type, "<f4") == 0)
            npy_put(file, &f4, sizeof f4);
        else if (strcmp(type, "<i8") == 0)
            npy_put(file, &i8, sizeof i8);
        else if (strcmp(type, "<i4") == 0)
            npy_put(file, &i4, sizeof i4);
        else
            npy_put(file, &i1, sizeof i1);
    }
}

static void types_and_orders(void **state)
{
    (void)state;
    static const char *const types[] = {"<f8", "<f4", "<i8", "<i4", "|i1"};
    struct spred_env env;
    struct folder folder;
    struct npy_file file;
    spred_env_init(&env);
    folder_make(&folder);
    for (size_t t = 0; t < 5; t++)
        for (int version = 1; version <= 3; version++)
            for (int fortran = 0; fortran < 2; fortran++) {
                struct spred_data data;
                double column[3];
                npy_text(&file, version, types[t], fortran ? "True" : "False",
                         version == 2 ? "(3L, 2L)" : "(3, 2)");
                npy_values(&file, types[t], fortran);
                assert_ok(&env,
                          spred_load(&env, npy_save(&folder, "a.npy", &file),
                                     NULL, &data));
                assert_int_equal(data.x.rows, 3);
                assert_int_equal(data.x.cols, 2);
                assert_int_equal(data.x.storage,
                                 t == 1 ? SPRED_F32 : SPRED_F64);
                /* in place exactly where nothing has to change */
                assert_int_equal(data.mapping != NULL, t < 2 && fortran);
                assert_int_equal(data.x.owned, !(t < 2 && fortran));
                for (size_t j = 0; j < 2; j++) {
                    spred_matrix_column(&data.x, j, column);
                    for (size_t i = 0; i < 3; i++)
                        assert_near(column[i], columns[i + 3 * j], 0);
                }
                assert_string_equal(data.name, "a");
                assert_string_equal(data.features[1], "2");
                assert_string_equal(data.samples[2], "3");
                assert_int_equal(data.n_targets, 0);
                spred_data_free(&env, &data);
            }
    folder_remove(&folder);
}

/* A header that ends where doubles cannot lie: copied, not used in place. Keys
 * in another order and the other quotes; unsigned bytes; NaN counts. */
static void other_spellings(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    struct npy_file file;
    const double values[] = {1.5, (double)NAN};
    const unsigned char bytes[] = {0, 255, 7};
    spred_env_init(&env);
    folder_make(&folder);
    npy_begin(&file, 1, "");
    static const char header[] =
        "{\"shape\": (2,1), \"fortran_order\":True,\"descr\":\"<f8\"}\n";
    memcpy(file.bytes + 10, header, sizeof header - 1);
    file.bytes[8] = (char)(sizeof header - 1);
    file.bytes[9] = 0;
    file.length = 10 + sizeof header - 1;
    assert_true(file.length % sizeof(double) != 0);
    npy_put(&file, values, sizeof values);
    assert_ok(&env,
              spred_load(&env, npy_save(&folder, "b.npy", &file), NULL, &data));
    assert_null(data.mapping);
    assert_near(data.x.f64[0], 1.5, 0);
    assert_int_equal(data.missing, 1);
    spred_data_free(&env, &data);
    npy_text(&file, 1, "|u1", "False", "(1, 3)");
    npy_put(&file, bytes, sizeof bytes);
    assert_ok(&env,
              spred_load(&env, npy_save(&folder, "b.npy", &file), NULL, &data));
    assert_near(data.x.f64[1], 255, 0);
    spred_data_free(&env, &data);
    folder_remove(&folder);
}

#define SAMPLES 12
static void save_x(struct folder *folder, const char *name)
{
    struct npy_file file;
    npy_text(&file, 1, "<f4", "True", "(12, 2)");
    for (size_t k = 0; k < 2 * SAMPLES; k++) {
        float value = (float)(k * k % 7);
        npy_put(&file, &value, sizeof value);
    }
    npy_save(folder, name, &file);
}

/* levels > 0: 0, 1, .., levels - 1 and again; -1: -1 and +1; 0: thirds. */
static void save_y(struct folder *folder, const char *name, int levels)
{
    struct npy_file file;
    npy_text(&file, 1, "<f8", "False", levels ? "(12,)" : "(12, 1)");
    for (int i = 0; i < SAMPLES; i++) {
        double value = levels > 0    ? i % levels
                       : levels == 0 ? i / 3.
                                     : 2 * (i % 2) - 1;
        npy_put(&file, &value, sizeof value);
    }
    npy_save(folder, name, &file);
}

static void response_beside(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    static const char cls[] = "12 2 1\n# u v\n0 1 0 1 0 1 0 1 0 1 0 1\n";
    char path[1024], y[1024], *cached = NULL;
    spred_env_init(&env);
    folder_make(&folder);
    save_y(&folder, "G.y.npy", -1);
    save_x(&folder, "G.X.npy");
    strcpy(path, folder.file);
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, folder.path, &data, &cached));
    assert_string_equal(data.name, "G");
    assert_int_equal(data.x.storage, SPRED_F32);
    assert_int_equal(data.n_targets, 1);
    assert_string_equal(data.targets[0].name, "class");
    assert_string_equal(data.targets[0].levels[0], "-1");
    assert_string_equal(data.targets[0].levels[1], "1");
    assert_int_equal(data.targets[0].codes[1], 1);
    assert_non_null(strstr(data.note, "classes from G.y.npy, found beside"));
    spred_data_free(&env, &data);
    spred_free(&env, cached);
    /* Another y: the cache must not answer with the old one. */
    save_y(&folder, "G.y.npy", 2);
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, folder.path, &data, &cached));
    assert_string_equal(data.targets[0].levels[0], "0");
    spred_data_free(&env, &data);
    spred_free(&env, cached);
    strcpy(y, folder_file(&folder, "other.npy"));
    struct spred_load_options options = {.labels = y};
    save_y(&folder, "other.npy", 0);
    assert_ok(&env, spred_load(&env, path, &options, &data));
    assert_int_equal(data.n_targets, 1);
    assert_string_equal(data.targets[0].name, "y");
    assert_near(data.targets[0].values[4], 4 / 3., 0);
    assert_non_null(strstr(data.note, "response from other.npy"));
    spred_data_free(&env, &data);
    /* Whole numbers that hardly repeat are values. */
    save_y(&folder, "other.npy", SAMPLES);
    assert_ok(&env, spred_load(&env, path, &options, &data));
    assert_int_equal(data.targets[0].kind, SPRED_TARGET_REAL);
    spred_data_free(&env, &data);
    /* Labels of other formats go with a NumPy matrix as well. */
    folder_write(&folder, "other.npy", cls, sizeof cls - 1);
    assert_ok(&env, spred_load(&env, path, &options, &data));
    assert_string_equal(data.targets[0].levels[1], "v");
    spred_data_free(&env, &data);
    folder_remove(&folder);
}

struct malformed {
    const char *header, *message;
    size_t values; /* bytes behind the header */
};

static const struct malformed headers[] = {
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (4,), }",
     "found an array of 1 dimension, expected 2", 32},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (), }",
     "found an array of 0 dimensions, expected 2", 8},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (1, 2, 2), }",
     "more than two dimensions", 32},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (0, 2), }",
     "found an array of 0 x 2 values", 0},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }",
     "found 31 bytes of values, expected 2 x 2 values of 8 bytes: the file is "
     "cut off",
     31},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }",
     "something lies behind the array", 33},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (4294967296, "
     "4294967296), }",
     "cut off", 16},
    {"{'descr': '|O', 'fortran_order': True, 'shape': (2, 2), }",
     "pickled objects are not read", 32},
    {"{'descr': '>f8', 'fortran_order': True, 'shape': (2, 2), }",
     "big-endian values ('>f8'), expected little-endian ones (numpy.save(path, "
     "X.astype('<f8')))",
     32},
    {"{'descr': '<c16', 'fortran_order': True, 'shape': (1, 2), }",
     "found values of type '<c16', expected '<f8'", 32},
    {"{'descr': [('a', '<f8')], 'fortran_order': True, 'shape': (2, 2), }",
     "structured array", 32},
    {"{'descr': '<f8', 'fortran_order': 1, 'shape': (2, 2), }",
     "found '1, 'shape': (2, 2), }", 32},
    {"{'descr': '<f8', 'shape': (2, 2), }", "expected 'descr', 'fortran_order'",
     32},
    {"{'descr': '<f8', 'descr': '<f8', 'shape': (2, 2), }", "once each", 32},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), 'x': 1}",
     "byte 67 of the NumPy header", 32},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (-2, 2), }",
     "found '-2, 2), }", 32},
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), } + 1",
     "expected nothing behind the dictionary", 32},
    {"{'descr': '<f8' 'fortran_order': True, 'shape': (2, 2), }",
     "expected , or }", 32},
    {"'descr'", "expected {'descr'", 32},
    {"{'descr", "expected a text that ends", 32}};

static void malformed_headers(void **state)
{
    (void)state;
    static const char zeros[64];
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    struct npy_file file;
    spred_env_init(&env);
    folder_make(&folder);
    for (size_t h = 0; h < sizeof headers / sizeof *headers; h++) {
        npy_begin(&file, 1, headers[h].header);
        npy_put(&file, zeros, headers[h].values);
        const char *path = npy_save(&folder, "m.npy", &file);
        assert_int_equal(spred_load(&env, path, NULL, &data), SPRED_EFORMAT);
        if (strncmp(env.error, path, strlen(path)) != 0 ||
            !strstr(env.error, headers[h].message))
            fail_msg("'%s' does not say '%s'", env.error, headers[h].message);
    }
    npy_text(&file, 4, "<f8", "True", "(2, 2)");
    npy_put(&file, zeros, 32);
    assert_int_equal(
        spred_load(&env, npy_save(&folder, "m.npy", &file), NULL, &data),
        SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "found NumPy format 4.0"));
    npy_text(&file, 2, "<f8", "True", "(2, 2)");
    file.bytes[11] = 1; /* a header of more than 16 MiB */
    npy_put(&file, zeros, 32);
    assert_int_equal(
        spred_load(&env, npy_save(&folder, "m.npy", &file), NULL, &data),
        SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "expected at most 65536"));
    struct spred_load_options options = {.max_bytes = 100};
    assert_int_equal(spred_load(&env, folder.file, &options, &data),
                     SPRED_EINVAL);
    folder_remove(&folder);
}

static void malformed_responses(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    struct npy_file file;
    char path[1024], y[1024];
    double values[12] = {0};
    spred_env_init(&env);
    folder_make(&folder);
    save_x(&folder, "X.npy");
    strcpy(path, folder.file);
    strcpy(y, folder_file(&folder, "y.npy"));
    struct spred_load_options options = {.labels = y};
    const struct {
        const char *shape, *message;
        size_t count;
        double first;
    } cases[] = {{"(11,)", "found 11 values, expected 12", 11, 0},
                 {"(6, 2)", "2 dimensions, 6 x 2, expected one value", 12, 0},
                 {"()", "0 dimensions", 1, 0},
                 {"(12,)", "infinite value for sample 1", 12, INFINITY}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        npy_text(&file, 1, "<f8", "False", cases[c].shape);
        values[0] = cases[c].first;
        npy_put(&file, values, cases[c].count * sizeof *values);
        npy_save(&folder, "y.npy", &file);
        assert_int_equal(spred_load(&env, path, &options, &data),
                         SPRED_EFORMAT);
        if (strncmp(env.error, y, strlen(y)) != 0 ||
            !strstr(env.error, cases[c].message))
            fail_msg("'%s' does not say '%s'", env.error, cases[c].message);
    }
    for (size_t i = 0; i < 12; i++)
        values[i] = (double)NAN;
    npy_text(&file, 1, "<f8", "False", "(12,)");
    npy_put(&file, values, sizeof values);
    npy_save(&folder, "y.npy", &file);
    assert_int_equal(spred_load(&env, path, &options, &data), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "missing values only"));
    folder_remove(&folder);
}

/* Any outcome but a crash, a leak or a data set that does not agree. */
static void hostile(struct spred_env *env, struct folder *folder,
                    const struct npy_file *file, size_t counts[2])
{
    struct spred_data data;
    struct counting *count = env->allocate_cookie;
    const char *path = npy_save(folder, "H.X.npy", file);
    enum spred_status status = spred_load(env, path, NULL, &data);
    counts[status == SPRED_OK]++;
    if (status == SPRED_OK) {
        assert_ok(env, spred_data_check(env, &data));
        spred_data_free(env, &data);
    } else if (file->length &&
               strncmp(env->error, folder->path, strlen(folder->path)) != 0) {
        fail_msg("no path in '%s'", env->error);
    }
    assert_int_equal(count->alive, 0);
}

/* Every byte replaced in six ways, and every prefix, of X. */
static void every_byte(void **state)
{
    (void)state;
    static const char edits[] = {0, '\xff', '(', '\'', '9', 'O'};
    struct spred_env env;
    struct folder folder;
    struct npy_file whole, file;
    struct counting count = {0, 0, 0};
    size_t counts[2] = {0, 0};
    spred_env_init(&env);
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    folder_make(&folder);
    npy_text(&whole, 1, "<f8", "True", "(3, 2)");
    npy_values(&whole, "<f8", 1);
    for (size_t at = 0; at < whole.length; at++) {
        for (size_t e = 0; e < sizeof edits; e++) {
            file = whole;
            file.bytes[at] = edits[e];
            hostile(&env, &folder, &file, counts);
        }
        file = whole;
        file.length = at;
        hostile(&env, &folder, &file, counts);
    }
    print_message("# %zu read, %zu refused\n", counts[1], counts[0]);
    assert_true(counts[1] > 6 * sizeof columns && counts[0] > whole.length);
    folder_remove(&folder);
}

static void allocations(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder, cache;
    struct spred_data data;
    struct counting count = {0, 0, 0};
    char path[1024];
    spred_env_init(&env);
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    folder_make(&folder);
    folder_make(&cache);
    for (int levels = -1; levels <= 3; levels += 2) {
        enum spred_status status;
        save_y(&folder, "A.y.npy", levels);
        save_x(&folder, "A.X.npy");
        strcpy(path, folder.file);
        count.fail_at = 0;
        do {
            char *cached = NULL;
            count.calls = 0;
            count.fail_at++;
            status =
                spred_load_cached(&env, path, NULL, cache.path, &data, &cached);
            spred_free(&env, cached);
            if (status == SPRED_OK)
                spred_data_free(&env, &data);
            else if (status != SPRED_ENOMEM)
                fail_msg("call %ld: %s", count.fail_at, env.error);
            assert_int_equal(count.alive, 0);
        } while (count.calls >= count.fail_at);
        assert_int_equal(status, SPRED_OK);
    }
    folder_remove(&folder);
    folder_remove(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(types_and_orders),
                                       cmocka_unit_test(other_spellings),
                                       cmocka_unit_test(response_beside),
                                       cmocka_unit_test(malformed_headers),
                                       cmocka_unit_test(malformed_responses),
                                       cmocka_unit_test(every_byte),
                                       cmocka_unit_test(allocations)};
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
