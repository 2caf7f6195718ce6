/* t-cifar.c: CIFAR-10's and CIFAR-100's records: hand-made ones, folders of
 * batches, damage by its message, and real records. */
#include "files.h"

#include "spred/loader.h"

enum { PIXELS = 3072, MOST = 4 };

static unsigned char records[MOST * (PIXELS + 2)];

/* Byte k of the pixels of picture i. */
static unsigned char pixel(size_t i, size_t k)
{
    return (unsigned char)(k * 7 + i * 31 + k / 1024);
}

/* n records; labels: one or two for each. */
static size_t make(size_t n, size_t width, const unsigned char *labels)
{
    unsigned char *at = records;
    for (size_t i = 0; i < n; i++) {
        memcpy(at, labels + i * width, width);
        at += width;
        for (size_t k = 0; k < PIXELS; k++)
            *at++ = pixel(i, k);
    }
    return (size_t)(at - records);
}

static const char *save(struct folder *folder, const char *name, size_t n,
                        size_t width, const unsigned char *labels)
{
    return folder_write(folder, name, records, make(n, width, labels));
}

static void one_file(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data d;
    spred_env_init(&env);
    folder_make(&folder);
    const char *path = save(&folder, "data_batch_2.bin", 3, 1,
                            (const unsigned char[]){9, 0, 3});
    assert_ok(&env, spred_load(&env, path, NULL, &d));
    assert_true(d.x.rows == 3 && d.x.cols == PIXELS && d.given_test == 0);
    assert_true(d.height == 32 && d.width == 32 && d.channels == 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < PIXELS; j++)
            assert_near((double)d.x.f32[i + j * 3],
                        pixel(i, j % 3 * 1024 + j / 3), 0);
    assert_string_equal(d.features[0], "x0y0c0");
    assert_string_equal(d.features[3 * 33 + 2], "x1y1c2");
    assert_int_equal(d.targets[0].n_levels, 10);
    assert_string_equal(d.targets[0].levels[d.targets[0].codes[0]], "truck");
    assert_string_equal(d.targets[0].levels[d.targets[0].codes[1]], "airplane");
    assert_string_equal(d.targets[0].levels[d.targets[0].codes[2]], "cat");
    assert_string_equal(d.name, "data_batch_2");
    spred_data_free(&env, &d);
    folder_remove(&folder);
}

static void folders(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data d;
    static const char names[] = "a0\na1\na2\r\na3\na4\na5\na6\na7\na8\na9\n\n";
    spred_env_init(&env);
    folder_make(&folder);
    save(&folder, "data_batch_1.bin", 2, 1, (const unsigned char[]){1, 2});
    save(&folder, "data_batch_2.bin", 1, 1, (const unsigned char[]){3});
    save(&folder, "test_batch.bin", 2, 1, (const unsigned char[]){4, 5});
    folder_write(&folder, "batches.meta.txt", names, sizeof names - 1);
    assert_ok(&env, spred_load(&env, folder.path, NULL, &d));
    static const int32_t codes[] = {1, 2, 3, 4, 5};
    assert_true(d.x.rows == 5 && d.given_test == 2);
    assert_memory_equal(d.targets[0].codes, codes, sizeof codes);
    assert_string_equal(d.targets[0].levels[9], "a9");
    assert_near((double)d.x.f32[4], pixel(1, 0), 0);
    assert_non_null(strstr(d.source, "data_batch_2.bin + test_batch.bin"));
    spred_data_free(&env, &d);
    save(&folder, "test_batch.bin", 2, 1, (const unsigned char[]){4, 50});
    assert_int_equal(spred_load(&env, folder.path, NULL, &d), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "test_batch.bin: byte 3073: found 50, "
                                      "expected a label below 10"));
    folder_remove(&folder);

    folder_make(&folder);
    save(&folder, "train.bin", 2, 2, (const unsigned char[]){19, 99, 0, 7});
    save(&folder, "test.bin", 1, 2, (const unsigned char[]){3, 12});
    assert_ok(&env, spred_load(&env, folder.path, NULL, &d));
    assert_true(d.x.rows == 3 && d.given_test == 1 && d.n_targets == 2);
    assert_string_equal(d.targets[0].name, "class");
    assert_int_equal(d.targets[0].n_levels, 3);
    assert_string_equal(d.targets[0].levels[d.targets[0].codes[0]], "99");
    assert_string_equal(d.targets[1].name, "superclass");
    assert_string_equal(d.targets[1].levels[d.targets[1].codes[2]], "3");
    spred_data_free(&env, &d);
    folder_remove(&folder);
}

static void damaged(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data d;
    static const unsigned char labels[] = {1, 2, 3, 4};
    static const char *const messages[] = {
        "byte 6146: the last record is cut off, found 3072 bytes of it, "
        "expected 3073",
        "byte 3073: found 77, expected a label below 10"};
    spred_env_init(&env);
    folder_make(&folder);
    size_t length = make(3, 1, labels);
    for (size_t c = 0; c < 2; c++) {
        if (c == 1)
            records[PIXELS + 1] = 77;
        const char *path =
            folder_write(&folder, "x.bin", records, length - (c == 0));
        assert_int_equal(spred_load(&env, path, NULL, &d), SPRED_EFORMAT);
        if (!strstr(env.error, messages[c]))
            fail_msg("%s", env.error);
    }
    /* Text of the same length is a table, not a picture. */
    memset(records, '\t', length);
    memcpy(records + 1, "f1\tf2\n1\t2\t3\n", 12);
    assert_int_equal(spred_load(&env,
                                folder_write(&folder, "t.txt", records, length),
                                NULL, &d),
                     SPRED_EFORMAT);
    assert_null(strstr(env.error, "label below"));
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
    save(&folder, "data_batch_1.bin", 1, 1, (const unsigned char[]){1});
    save(&folder, "test_batch.bin", 1, 1, (const unsigned char[]){2});
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

static void real_records(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data d;
    char path[512];
    static const size_t counts[] = {396, 366, 420, 384, 422,
                                    393, 414, 385, 407, 413};
    if (!shared_data()) {
        printf("# no shared data\n");
        return;
    }
    spred_env_init(&env);
    snprintf(path, sizeof path, "%s/images/cifar10/%s", shared_data(),
             "cifar10_train_first4000.bin.gz");
    assert_ok(&env, spred_load(&env, path, NULL, &d));
    assert_true(d.x.rows == 4000 && d.given_test == 0 && d.channels == 3);
    size_t found[10] = {0};
    for (size_t i = 0; i < 4000; i++)
        found[d.targets[0].codes[i]]++;
    assert_memory_equal(found, counts, sizeof counts);
    assert_string_equal(d.name, "cifar10_train_first4000");
    /* Neighbours in a picture are alike, which a wrong layout would undo. */
    double near = 0, far = 0;
    for (size_t i = 0; i < 4000; i++)
        for (size_t j = 0; j + 99 < PIXELS; j += 33) {
            double a = (double)d.x.f32[i + j * 4000];
            double b = (double)d.x.f32[i + (j + 3) * 4000];
            double c = (double)d.x.f32[i + (j + 16 * 3) % PIXELS * 4000];
            near += fabs(a - b);
            far += fabs(a - c);
        }
    assert_true(near < far / 3);
    spred_data_free(&env, &d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_file), cmocka_unit_test(folders),
        cmocka_unit_test(damaged), cmocka_unit_test(allocations_fail),
        cmocka_unit_test(real_records)};
    return cmocka_run_group_tests_name("cifar", tests, NULL, NULL);
}
