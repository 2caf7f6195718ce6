/* t-idx.c: idx arrays: hand-made bytes of every type, sets with labels and test
 * part, folders, damaged ones by their message, MNIST itself. */
#include "files.h"

#include "spred/loader.h"

/* An idx file under construction. */
struct idx {
    unsigned char bytes[512];
    size_t length;
};

static struct idx begin(unsigned char type, size_t n_dims, const size_t *dims)
{
    struct idx out = {{0, 0, type, (unsigned char)n_dims}, 4};
    for (size_t k = 0; k < n_dims; k++)
        for (int shift = 24; shift >= 0; shift -= 8)
            out.bytes[out.length++] = (unsigned char)(dims[k] >> shift);
    return out;
}

static const char *save(struct folder *folder, const char *name,
                        const struct idx *idx)
{
    return folder_write(folder, name, idx->bytes, idx->length);
}

/* n pictures of 2 rows x 3 columns; cell k of the file is first + k. */
static struct idx pictures(size_t n, unsigned char first)
{
    struct idx out = begin(0x08, 3, (const size_t[]){n, 2, 3});
    for (size_t k = 0; k < 6 * n; k++)
        out.bytes[out.length++] = (unsigned char)(first + k);
    return out;
}

static struct idx vector(size_t n, const unsigned char *values)
{
    struct idx out = begin(0x08, 1, &n);
    for (size_t k = 0; k < n; k++)
        out.bytes[out.length++] = values[k];
    return out;
}

static double cell(const struct spred_data *d, size_t i, size_t j)
{
    return d->x.f32 ? (double)d->x.f32[i + j * d->x.rows]
                    : d->x.f64[i + j * d->x.rows];
}

/* The four files of a set below the names' prefix. */
static void save_set(struct folder *folder, const char *prefix,
                     const char *test)
{
    char name[128];
    struct idx train = pictures(4, 10), other = pictures(2, 200);
    struct idx a = vector(4, (const unsigned char[]){7, 2, 7, 2});
    struct idx b = vector(2, (const unsigned char[]){2, 9});
    snprintf(name, sizeof name, "%strain-images-idx3-ubyte", prefix);
    save(folder, name, &train);
    snprintf(name, sizeof name, "%strain-labels-idx1-ubyte", prefix);
    save(folder, name, &a);
    snprintf(name, sizeof name, "%s%s-images-idx3-ubyte", prefix, test);
    save(folder, name, &other);
    snprintf(name, sizeof name, "%s%s-labels-idx1-ubyte", prefix, test);
    save(folder, name, &b);
}

static void check_set(const struct spred_data *d)
{
    static const int32_t codes[] = {1, 0, 1, 0, 0, 2};
    static const char *const levels[] = {"2", "7", "9"};
    assert_int_equal(d->x.rows, 6);
    assert_int_equal(d->x.cols, 6);
    assert_int_equal(d->given_test, 2);
    assert_true(d->height == 2 && d->width == 3 && d->channels == 1);
    assert_non_null(d->x.f32);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            assert_near(
                cell(d, i, j),
                (double)(i < 4 ? 10 + 6 * i + j : 200 + 6 * (i - 4) + j), 0);
    assert_string_equal(d->features[0], "x0y0");
    assert_string_equal(d->features[4], "x1y1");
    assert_string_equal(d->features[5], "x2y1");
    assert_string_equal(d->samples[5], "6");
    assert_int_equal(d->n_targets, 1);
    assert_string_equal(d->targets[0].name, "class");
    assert_int_equal(d->targets[0].n_levels, 3);
    for (size_t k = 0; k < 3; k++)
        assert_string_equal(d->targets[0].levels[k], levels[k]);
    assert_memory_equal(d->targets[0].codes, codes, sizeof codes);
}

static void sets(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data d, alone;
    char *cached = NULL, path[1024];
    spred_env_init(&env);
    folder_make(&folder);
    save_set(&folder, "", "t10k");
    assert_ok(&env, spred_load(&env, folder.path, NULL, &d)); /* the folder */
    check_set(&d);
    assert_non_null(strstr(d.source, "train-images-idx3-ubyte + "
                                     "t10k-images-idx3-ubyte: idx"));
    assert_string_equal(d.name, strrchr(folder.path, '/') + 1);
    /* The training file finds the test part; the test file is no training. */
    strcpy(path, folder_file(&folder, "train-images-idx3-ubyte"));
    assert_ok(&env, spred_load(&env, path, NULL, &alone));
    check_set(&alone);
    assert_string_equal(d.hash, alone.hash);
    spred_data_free(&env, &alone);
    spred_data_free(&env, &d);
    assert_ok(&env,
              spred_load(&env, folder_file(&folder, "t10k-images-idx3-ubyte"),
                         NULL, &d));
    assert_true(d.x.rows == 2 && d.given_test == 0);
    assert_int_equal(d.targets[0].n_levels, 2);
    spred_data_free(&env, &d);
    /* Labels that are named stand for all that belongs to the file. */
    struct idx few = vector(4, (const unsigned char[]){1, 0, 1, 0});
    char labels[1024];
    strcpy(labels, save(&folder, "mine", &few));
    const struct spred_load_options by = {.labels = labels};
    assert_ok(&env, spred_load(&env, path, &by, &d));
    assert_true(d.x.rows == 4 && d.given_test == 0);
    assert_int_equal(d.targets[0].n_levels, 2);
    spred_data_free(&env, &d);
    /* "test" as EMNIST has it, in the cache, which sees each file change. */
    struct folder other;
    folder_make(&other);
    save_set(&other, "emnist-", "test");
    strcpy(path, folder_file(&other, "emnist-train-images-idx3-ubyte"));
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, other.path, &d, &cached));
    check_set(&d);
    assert_non_null(d.mapping);
    spred_data_free(&env, &d);
    struct idx changed = vector(2, (const unsigned char[]){2, 2});
    save(&other, "emnist-test-labels-idx1-ubyte", &changed);
    char *again = NULL;
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, other.path, &d, &again));
    assert_int_equal(d.targets[0].n_levels, 2);
    assert_string_not_equal(cached, again);
    spred_data_free(&env, &d);
    spred_free(&env, cached);
    spred_free(&env, again);
    unlink(folder_file(&other, "emnist-test-labels-idx1-ubyte"));
    assert_int_equal(spred_load(&env, path, NULL, &d), SPRED_ENOTFOUND);
    assert_non_null(strstr(env.error, "no file of labels beside it"));
    unlink(folder_file(&other, "emnist-test-images-idx3-ubyte"));
    unlink(folder_file(&other, "emnist-train-labels-idx1-ubyte"));
    assert_ok(&env, spred_load(&env, path, NULL, &d)); /* pictures alone */
    assert_true(d.n_targets == 0 && d.x.rows == 4 && d.channels == 1);
    spred_data_free(&env, &d);
    folder_remove(&other);
    folder_remove(&folder);
}

/* 2 x 2 values 1, -2, 0.5 or 3, 100 of every type, as a plain matrix. */
static void matrices(void **state)
{
    (void)state;
    static const struct {
        unsigned char type;
        size_t item;
        unsigned char bytes[32];
        double values[4];
    } types[] = {
        {0x08, 1, {1, 254, 3, 100}, {1, 254, 3, 100}},
        {0x09, 1, {1, 254, 3, 100}, {1, -2, 3, 100}},
        {0x0B, 2, {0, 1, 255, 254, 0, 3, 1, 0}, {1, -2, 3, 256}},
        {0x0C,
         4,
         {0, 0, 0, 1, 255, 255, 255, 254, 0, 0, 0, 3, 127, 255, 255, 255},
         {1, -2, 3, 2147483647}},
        {0x0D,
         4,
         {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0x3f, 0, 0, 0, 0x42, 0xc8, 0, 0},
         {1, -2, .5, 100}},
        {0x0E,
         8,
         {0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0,    0, 0, 0, 0, 0, 0,
          0x3f, 0xe0, 0, 0, 0, 0, 0, 0, 0x40, 0x59, 0, 0, 0, 0, 0, 0},
         {1, -2, .5, 100}}};
    struct spred_env env;
    struct folder folder;
    spred_env_init(&env);
    folder_make(&folder);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        struct idx idx = begin(types[t].type, 2, (const size_t[]){2, 2});
        struct spred_data d;
        memcpy(idx.bytes + idx.length, types[t].bytes, 4 * types[t].item);
        idx.length += 4 * types[t].item;
        const char *path = save(&folder, "m", &idx);
        assert_ok(&env, spred_load(&env, path, NULL, &d));
        assert_true(d.x.rows == 2 && d.x.cols == 2 && d.channels == 0);
        for (size_t k = 0; k < 4; k++)
            assert_near(cell(&d, k / 2, k % 2), types[t].values[k], 0);
        assert_string_equal(d.features[1], "2");
        spred_data_free(&env, &d);
    }
    folder_remove(&folder);
}

static void damaged(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data d;
    spred_env_init(&env);
    folder_make(&folder);
    const struct {
        size_t at;
        int value; /* -1: cut there; -2: a byte more */
        const char *message;
    } cases[] = {{7, -1, "unknown format"},
                 {14, -1, "byte 14: the header is cut off, expected 16"},
                 {30, -1, "byte 30: the file ends, expected 40 bytes"},
                 {40, -2, "byte 40: the file goes on, expected 40 bytes"},
                 {7, 0, "byte 4: found size 0 of dimension 1"},
                 {12, 255, "the file ends, expected"},
                 {8, 255, "the file ends, expected"},
                 {3, 1, "byte 12: the file goes on, expected 12 bytes"},
                 {2, 7, "unknown format"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct idx idx = pictures(4, 10);
        if (cases[c].value == -1)
            idx.length = cases[c].at;
        else if (cases[c].value == -2)
            idx.length++;
        else
            idx.bytes[cases[c].at] = (unsigned char)cases[c].value;
        if (cases[c].at == 3) /* a header that is shorter: four labels */
            idx.bytes[7] = 4;
        const char *path = save(&folder, "x", &idx);
        assert_int_equal(spred_load(&env, path, NULL, &d), SPRED_EFORMAT);
        if (!strstr(env.error, cases[c].message))
            fail_msg("case %zu: %s", c, env.error);
    }
    struct idx labels = vector(3, (const unsigned char[]){1, 2, 3});
    const char *path = save(&folder, "x", &labels);
    assert_int_equal(spred_load(&env, path, NULL, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "labels go to `labels:`"));
    /* Labels that do not fit. */
    struct idx train = pictures(4, 10);
    save(&folder, "train-images-idx3-ubyte", &train);
    save(&folder, "train-labels-idx1-ubyte", &labels);
    assert_int_equal(spred_load(&env, folder.path, NULL, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "found 3 labels of 1 dimension, "
                                      "expected 4 of one"));
    struct idx negative = begin(0x09, 1, (const size_t[]){4});
    memcpy(negative.bytes + 8, "\1\2\xff\3", 4);
    negative.length += 4;
    save(&folder, "train-labels-idx1-ubyte", &negative);
    assert_int_equal(spred_load(&env, folder.path, NULL, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "byte 10: found label -1"));
    /* A test part of another size. */
    struct idx right = vector(4, (const unsigned char[]){1, 2, 1, 2});
    struct idx wide = begin(0x08, 3, (const size_t[]){1, 3, 2});
    wide.length += 6;
    save(&folder, "train-labels-idx1-ubyte", &right);
    save(&folder, "t10k-images-idx3-ubyte", &wide);
    save(&folder, "t10k-labels-idx1-ubyte", &right);
    assert_int_equal(spred_load(&env, folder.path, NULL, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "found no pictures of 2 x 3"));
    unlink(folder_file(&folder, "train-images-idx3-ubyte"));
    assert_int_equal(spred_load(&env, folder.path, NULL, &d), SPRED_ENOTFOUND);
    assert_non_null(strstr(env.error, "data_batch_1.bin[.gz] (CIFAR-10)"));
    folder_remove(&folder);
}

/* Whatever a byte is changed to: data that check, or a message. */
static void mutants(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data d;
    struct idx whole = pictures(4, 10);
    size_t read = 0;
    spred_env_init(&env);
    folder_make(&folder);
    unsigned seed = 1;
    for (int round = 0; round < 3000; round++) {
        struct idx idx = whole;
        for (int k = 0; k < 1 + round % 3; k++) {
            seed = seed * 1103515245u + 12345u;
            idx.bytes[(seed >> 8) % (round % 2 ? 16 : idx.length)] =
                (unsigned char)(seed >> 20);
        }
        if (round % 5 == 0)
            idx.length = (seed >> 9) % (idx.length + 1);
        if (spred_load(&env, save(&folder, "x", &idx), NULL, &d) == SPRED_OK) {
            assert_ok(&env, spred_data_check(&env, &d));
            spred_data_free(&env, &d);
            read++;
        } else {
            assert_non_null(strstr(env.error, folder.path));
        }
    }
    assert_true(read > 300 && read < 2700);
    folder_remove(&folder);
}

static void allocations_fail(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    struct folder folder;
    struct counting count = {0, 0, 0};
    enum spred_status status;
    spred_env_init(&env);
    folder_make(&folder);
    save_set(&folder, "", "t10k");
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    do {
        count.calls = 0;
        count.fail_at++;
        status = spred_load(&env, folder.path, NULL, &d);
        if (status == SPRED_OK)
            spred_data_free(&env, &d);
        else
            assert_int_equal(status, SPRED_ENOMEM);
        assert_int_equal(count.alive, 0);
    } while (count.calls >= count.fail_at);
    assert_int_equal(status, SPRED_OK);
    assert_true(count.fail_at > 20);
    folder_remove(&folder);
}

static void mnist(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    char path[512];
    static const size_t counts[] = {6903, 7877, 6990, 7141, 6824,
                                    6313, 6876, 7293, 6825, 6958};
    if (!shared_data()) {
        printf("# no shared data\n");
        return;
    }
    spred_env_init(&env);
    snprintf(path, sizeof path, "%s/images/mnist/", shared_data());
    assert_ok(&env, spred_load(&env, path, NULL, &d));
    assert_string_equal(d.name, "mnist");
    assert_true(d.x.rows == 70000 && d.x.cols == 784);
    assert_true(d.height == 28 && d.width == 28 && d.given_test == 10000);
    size_t found[10] = {0};
    assert_int_equal(d.targets[0].n_levels, 10);
    for (size_t i = 0; i < 70000; i++)
        found[d.targets[0].codes[i]]++;
    assert_memory_equal(found, counts, sizeof counts);
    /* The first training digits are 5 0 4 1 9, the first test digits 7 2 1. */
    static const int32_t first[] = {5, 0, 4, 1, 9}, test[] = {7, 2, 1};
    assert_memory_equal(d.targets[0].codes, first, sizeof first);
    assert_memory_equal(d.targets[0].codes + 60000, test, sizeof test);
    double sum = 0;
    for (size_t j = 0; j < 784; j++)
        for (size_t i = 0; i < 60000; i++)
            sum += cell(&d, i, j);
    assert_near(sum / (60000.0 * 784 * 255), 0.1307, 5e-5); /* as published */
    spred_data_free(&env, &d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sets),
                                       cmocka_unit_test(matrices),
                                       cmocka_unit_test(damaged),
                                       cmocka_unit_test(mutants),
                                       cmocka_unit_test(allocations_fail),
                                       cmocka_unit_test(mnist)};
    return cmocka_run_group_tests_name("idx", tests, NULL, NULL);
}
