/* t-patches.c: patches are where they say, none twice, reduced as asked, the
 * same from the same seed; as a data set; every allocation failed once. */
#include "files.h"

#include "spred/image.h"

#define SIZE 3
#define M (SIZE * SIZE)

/* Pixel (x, y) of picture k is 1000 k + 50 y + x: a patch tells its place. */
static void make(struct spred_image *image, double *grey, size_t k,
                 size_t width, size_t height)
{
    memset(image, 0, sizeof *image);
    for (size_t i = 0; i < width * height; i++)
        grey[i] = (double)(1000 * k + 50 * (i / width) + i % width);
    image->width = width;
    image->height = height;
    image->grey = grey;
    memset(image->hash, 'a' + (int)k, 64);
}

struct album {
    struct spred_image images[3];
    double grey[3][400];
};

/* 8 x 6, 2 x 9 (no room for a patch), 5 x 4: 24 + 0 + 6 places. */
static void album_make(struct album *album)
{
    make(&album->images[0], album->grey[0], 0, 8, 6);
    make(&album->images[1], album->grey[1], 1, 2, 9);
    make(&album->images[2], album->grey[2], 2, 5, 4);
}

static void every_place(void **state)
{
    struct spred_env env;
    struct album album;
    struct spred_patches how = {.size = SIZE, .count = 30, .seed = 5};
    double out[30 * M], again[30 * M];
    int seen[3000] = {0}, in_order = 1;
    (void)state;
    spred_env_init(&env);
    album_make(&album);
    assert_int_equal(spred_patch_places(&album.images[0], SIZE), 24);
    assert_int_equal(spred_patch_places(&album.images[1], SIZE), 0);
    assert_int_equal(spred_patch_places(&album.images[0], 0), 0);
    assert_ok(&env, spred_patches_sample(&env, album.images, 3, &how, out));
    for (size_t k = 0; k < 30; k++) {
        const double *p = out + k * M;
        for (size_t i = 0; i < M; i++)
            assert_near(p[i] - p[0], (double)(50 * (i / SIZE) + i % SIZE), 0);
        assert_int_equal(seen[(int)p[0]]++, 0);
        in_order &= k == 0 || p[0] > p[-(int)M];
    }
    assert_false(in_order);
    assert_ok(&env, spred_patches_sample(&env, album.images, 3, &how, again));
    assert_memory_equal(out, again, sizeof out);
    how.seed = 6;
    assert_ok(&env, spred_patches_sample(&env, album.images, 3, &how, again));
    assert_memory_not_equal(out, again, sizeof out);
    how.count = 31;
    assert_int_equal(spred_patches_sample(&env, album.images, 3, &how, again),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "have 30 places"));
}

/* Each place is drawn as often as another: 5 of 30, 6000 times. */
static void uniform(void **state)
{
    struct spred_env env;
    struct album album;
    struct spred_patches how = {.size = SIZE, .count = 5};
    double out[5 * M];
    int seen[3000] = {0};
    (void)state;
    spred_env_init(&env);
    album_make(&album);
    for (how.seed = 1; how.seed <= 6000; how.seed++) {
        assert_ok(&env, spred_patches_sample(&env, album.images, 3, &how, out));
        for (size_t k = 0; k < 5; k++)
            seen[(int)out[k * M]]++;
    }
    for (size_t i = 0; i < 3000; i++)
        if (seen[i]) /* binomial: mean 1000, s.d. 29 */
            assert_in_range(seen[i], 1000 - 145, 1000 + 145);
}

static void reduced(void **state)
{
    struct spred_patches how = {.size = 2, .center = 1, .unit = 1};
    double x[4] = {1, 2, 3, 6}, flat[4] = {7, 7, 7, 7}, mean, norm;
    (void)state;
    spred_patch_reduce(&how, 4, x, &mean, &norm);
    assert_near(mean, 3, 1e-15);
    assert_near(norm, sqrt(14), 1e-15);
    assert_near(x[3] * norm + mean, 6, 1e-14);
    assert_near(x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[3] * x[3], 1,
                1e-15);
    spred_patch_reduce(&how, 4, flat, &mean, &norm);
    assert_near(mean, 7, 0);
    assert_near(norm, 1, 0);
    assert_near(flat[2], 0, 0);
    how.center = how.unit = 0;
    x[0] = 5;
    spred_patch_reduce(&how, 4, x, &mean, &norm);
    assert_near(x[0], 5, 0);
    assert_near(mean, 0, 0);
}

static void as_data(void **state)
{
    struct spred_env env;
    struct album album;
    struct spred_data data, other;
    struct spred_patches how = {
        .size = SIZE, .count = 20, .center = 1, .seed = 2};
    double out[20 * M];
    (void)state;
    spred_env_init(&env);
    album_make(&album);
    assert_ok(&env, spred_patches_sample(&env, album.images, 3, &how, out));
    assert_ok(&env, spred_patches_data(&env, album.images, 3, &how, &data));
    assert_int_equal(data.x.rows, 20);
    assert_int_equal(data.x.cols, M);
    assert_int_equal(data.height, SIZE);
    assert_int_equal(data.width, SIZE);
    assert_int_equal(data.channels, 1);
    assert_string_equal(data.features[5], "y2x3");
    for (size_t i = 0; i < 20; i++)
        for (size_t j = 0; j < M; j++)
            assert_near(data.x.f64[i + j * 20], out[j + i * M], 0);
    /* Whatever changes the answer changes the hash. */
    struct spred_patches others[] = {how, how, how, how};
    others[0].seed++;
    others[1].center = 0;
    others[2].unit = 1;
    others[3].count--;
    for (size_t k = 0; k < 4; k++) {
        assert_ok(&env, spred_patches_data(&env, album.images, 3, &others[k],
                                           &other));
        assert_string_not_equal(other.hash, data.hash);
        spred_data_free(&env, &other);
    }
    album.images[2].hash[3]++;
    assert_ok(&env, spred_patches_data(&env, album.images, 3, &how, &other));
    assert_string_not_equal(other.hash, data.hash);
    spred_data_free(&env, &other);
    spred_data_free(&env, &data);
}

static void memory(void **state)
{
    struct album album;
    struct spred_patches how = {.size = SIZE, .count = 20};
    enum spred_status status = SPRED_ENOMEM;
    (void)state;
    album_make(&album);
    for (long at = 1; status != SPRED_OK; at++) {
        struct counting count = {.fail_at = at};
        struct spred_env env;
        struct spred_data data;
        spred_env_init(&env);
        env.reallocate = counting_reallocate;
        env.allocate_cookie = &count;
        status = spred_patches_data(&env, album.images, 3, &how, &data);
        if (status != SPRED_OK)
            assert_int_equal(status, SPRED_ENOMEM);
        spred_data_free(&env, &data);
        assert_int_equal(count.alive, 0);
        assert_in_range(at, 1, 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place), cmocka_unit_test(uniform),
        cmocka_unit_test(reduced), cmocka_unit_test(as_data),
        cmocka_unit_test(memory)};
    return cmocka_run_group_tests_name("patches", tests, NULL, NULL);
}
