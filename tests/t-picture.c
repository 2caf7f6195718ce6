/* t-picture.c: PGM, PPM and PNG written here in every form and read back, what
 * is damaged refused by its message, every allocation failed once. */
#include "files.h"

#include <png.h>

#include "spred/image.h"

#define W 7
#define H 5
#define BYTES_MAX 65536

/* A level of 16 bits that no other pixel and channel has. */
static unsigned level(size_t x, size_t y, size_t c)
{
    return (unsigned)(9000 * c + 311 * x + 1999 * y + 257);
}

/* The same in 0..most, as a file has it. */
static unsigned stored(size_t x, size_t y, size_t c, unsigned most)
{
    return (unsigned)((double)level(x, y, c) / 65535 * most);
}

/* "P5" HEAD and the samples. */
static size_t pnm(unsigned char *out, int kind, const char *head, unsigned most)
{
    size_t at = (size_t)sprintf((char *)out, "P%d%s", kind, head);
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++)
            for (size_t c = 0; c < (kind == 6 ? 3 : 1); c++) {
                unsigned v = stored(x, y, c, most);
                if (most > 255)
                    out[at++] = (unsigned char)(v >> 8);
                out[at++] = (unsigned char)v;
            }
    return at;
}

/* What reading must give, on 0..255. */
static double expected(size_t x, size_t y, int colours, unsigned most)
{
    double v[3];
    for (size_t c = 0; c < 3; c++)
        v[c] = stored(x, y, c, most) * 255. / most;
    return colours == 3 ? .299 * v[0] + .587 * v[1] + .114 * v[2] : v[0];
}

static void check(const char *path, int colours, unsigned most)
{
    struct spred_env env;
    struct spred_image image;
    spred_env_init(&env);
    assert_ok(&env, spred_image_read(&env, path, &image));
    assert_int_equal(image.width, W);
    assert_int_equal(image.height, H);
    assert_int_equal(strlen(image.hash), 64);
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++)
            assert_near(image.grey[y * W + x], expected(x, y, colours, most),
                        1e-10);
    spred_image_free(&env, &image);
    assert_null(image.grey);
}

static void good_pnm(void **state)
{
    static const struct {
        int kind;
        const char *head;
        unsigned most;
    } rows[] = {{5, "\n7 5\n255\n", 255},
                {5, " 7 5 65535 ", 65535},
                {6, "\n# a comment, 9 9\n7\t5 # one more\n255\n", 255},
                {6, "\n7 5\n1000\n", 1000},
                {5, "#x\r\n7 5\n100\n", 100}};
    struct folder folder;
    unsigned char bytes[BYTES_MAX];
    (void)state;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = pnm(bytes, rows[i].kind, rows[i].head, rows[i].most);
        check(folder_write(&folder, "a.pnm", bytes, n),
              rows[i].kind == 6 ? 3 : 1, rows[i].most);
    }
    folder_remove(&folder);
}

/* One form of PNG. alpha: channel more, all transparent. */
struct form {
    int type, depth, interlaced;
};

static void write_png(const char *path, const struct form *form)
{
    FILE *file = fopen(path, "wb");
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    size_t channels = form->type == PNG_COLOR_TYPE_RGB          ? 3
                      : form->type == PNG_COLOR_TYPE_RGB_ALPHA  ? 4
                      : form->type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                                                : 1;
    size_t colours = channels > 2 ? 3 : 1;
    unsigned char rows[H][8 * W] = {{0}}, *at[H];
    unsigned most = (1u << form->depth) - 1;
    png_color palette[W * H] = {{0, 0, 0}};
    assert_non_null(file);
    png_init_io(png, file);
    png_set_IHDR(png, info, W, H, form->depth, form->type,
                 form->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (size_t y = 0; y < H; y++) {
        at[y] = rows[y];
        for (size_t x = 0; x < W; x++) {
            unsigned char *to =
                rows[y] + x * channels * (form->depth == 16 ? 2 : 1);
            if (form->type == PNG_COLOR_TYPE_PALETTE) {
                png_color *p = &palette[y * W + x];
                p->red = (unsigned char)stored(x, y, 0, 255);
                p->green = (unsigned char)stored(x, y, 1, 255);
                p->blue = (unsigned char)stored(x, y, 2, 255);
                rows[y][x] = (unsigned char)(y * W + x);
                continue;
            }
            if (form->depth < 8) {
                size_t bit = x * (size_t)form->depth;
                rows[y][bit / 8] |=
                    (unsigned char)(stored(x, y, 0, most)
                                    << (8 - form->depth - (int)(bit % 8)));
                continue;
            }
            for (size_t c = 0; c < colours; c++) {
                unsigned v = stored(x, y, c, most);
                if (form->depth == 16)
                    *to++ = (unsigned char)(v >> 8);
                *to++ = (unsigned char)v;
            }
        }
    }
    if (form->type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, W * H);
    png_write_info(png, info);
    png_write_image(png, at);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(file), 0);
}

static void good_png(void **state)
{
    static const struct form forms[] = {
        {PNG_COLOR_TYPE_GRAY, 8, 0},       {PNG_COLOR_TYPE_GRAY, 16, 0},
        {PNG_COLOR_TYPE_GRAY, 1, 0},       {PNG_COLOR_TYPE_GRAY, 2, 1},
        {PNG_COLOR_TYPE_GRAY, 4, 0},       {PNG_COLOR_TYPE_RGB, 8, 0},
        {PNG_COLOR_TYPE_RGB, 16, 1},       {PNG_COLOR_TYPE_RGB_ALPHA, 8, 0},
        {PNG_COLOR_TYPE_RGB_ALPHA, 16, 0}, {PNG_COLOR_TYPE_GRAY_ALPHA, 8, 1},
        {PNG_COLOR_TYPE_PALETTE, 8, 0}};
    struct folder folder;
    (void)state;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const char *path = folder_file(&folder, "a.png");
        write_png(path, &forms[i]);
        check(path, forms[i].type & PNG_COLOR_MASK_COLOR ? 3 : 1,
              (1u << forms[i].depth) - 1);
    }
    folder_remove(&folder);
}

/* Reads bytes that are no picture; the message must have the words. */
static void refused(const char *path, const char *words)
{
    struct spred_env env;
    struct spred_image image;
    spred_env_init(&env);
    enum spred_status status = spred_image_read(&env, path, &image);
    assert_int_equal(status, SPRED_EFORMAT);
    if (!strstr(env.error, words) || !strstr(env.error, path))
        fail_msg("'%s' has no '%s'", env.error, words);
    assert_null(image.grey);
}

static void bad_pnm(void **state)
{
    static const struct {
        const char *bytes, *words;
    } rows[] = {{"P5 7", "byte 5 of the header: expected the height"},
                {"P5 0 5 255 ", "expected the width, 1 to 65535"},
                {"P5 70000 5 255 ", "expected the width"},
                {"P6 7 x 255 ", "byte 6 of the header: expected the height"},
                {"P5 7 5 70000 ", "expected the largest value"},
                {"P5 7 5 255", "expected a blank before the samples"},
                {"P5 7 5 255 abc", "found 3 bytes of samples, expected 35"},
                {"P5 65535 65535 255 a", "expected 1 to 65535 on a side"},
                {"P5 2 1 9 \x05\x20", "pixel 2 of row 1: found 32, expected at "
                                      "most 9"},
                {"P2 7 5 255 1 2 3", "found no picture, expected PGM"},
                {"GIF89a", "found no picture"}};
    struct folder folder;
    (void)state;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused(folder_write(&folder, "a.pgm", rows[i].bytes,
                             strlen(rows[i].bytes)),
                rows[i].words);
    folder_remove(&folder);
}

/* Cut anywhere, and every byte of it changed: an error, never a crash, and not
 * another picture without one. */
static void bad_png(void **state)
{
    static const struct form form = {PNG_COLOR_TYPE_RGB, 8, 1};
    struct folder folder;
    struct spred_env env;
    unsigned char bytes[BYTES_MAX], damaged[BYTES_MAX];
    (void)state;
    folder_make(&folder);
    spred_env_init(&env);
    write_png(folder_file(&folder, "a.png"), &form);
    FILE *file = fopen(folder.file, "rb");
    size_t n = fread(bytes, 1, sizeof bytes, file), refusals = 0;
    fclose(file);
    assert_in_range(n, 100, 4000);
    for (size_t cut = 8; cut < n; cut++)
        refused(folder_write(&folder, "b.png", bytes, cut), "damaged PNG");
    for (size_t i = 8; i < n; i++) {
        struct spred_image image;
        memcpy(damaged, bytes, n);
        damaged[i] ^= 0x5a;
        const char *path = folder_write(&folder, "b.png", damaged, n);
        if (spred_image_read(&env, path, &image) == SPRED_OK)
            spred_image_free(&env, &image);
        else
            refusals++;
    }
    assert_in_range(refusals, n - 30,
                    n); /* all but what is only checked softly */
    folder_remove(&folder);
}

/* Every allocation fails once; nothing is left. */
static void memory(void **state)
{
    static const struct form form = {PNG_COLOR_TYPE_RGB, 16, 1};
    struct folder folder;
    unsigned char bytes[BYTES_MAX];
    char paths[2][1024];
    (void)state;
    folder_make(&folder);
    size_t n = pnm(bytes, 6, " 7 5 255 ", 255);
    strcpy(paths[0], folder_write(&folder, "a.ppm", bytes, n));
    strcpy(paths[1], folder_file(&folder, "a.png"));
    write_png(paths[1], &form);
    for (size_t k = 0; k < 2; k++) {
        enum spred_status status = SPRED_ENOMEM;
        for (long at = 1; status != SPRED_OK; at++) {
            struct counting count = {.fail_at = at};
            struct spred_env env;
            struct spred_image image;
            spred_env_init(&env);
            env.reallocate = counting_reallocate;
            env.allocate_cookie = &count;
            status = spred_image_read(&env, paths[k], &image);
            if (status != SPRED_OK && status != SPRED_ENOMEM)
                fail_msg("call %ld: %s", at, env.error);
            spred_image_free(&env, &image);
            assert_int_equal(count.alive, 0);
            assert_in_range(at, 1, 1000);
        }
    }
    folder_remove(&folder);
}

/* A picture goes into a data set and comes back; a crop is a part. */
static void data_and_crop(void **state)
{
    struct spred_env env;
    struct spred_data data;
    struct spred_image image = {.height = H, .width = W}, back, part;
    double grey[W * H];
    (void)state;
    spred_env_init(&env);
    for (size_t i = 0; i < W * H; i++)
        grey[i] = (double)level(i % W, i / W, 0) / 3;
    image.grey = grey;
    assert_ok(&env, spred_image_data(&env, &image, "name", &data));
    assert_int_equal(data.x.rows, H);
    assert_near(data.x.f64[1 + 2 * H], grey[W + 2], 0);
    assert_ok(&env, spred_image_of_data(&env, &data, &back));
    assert_memory_equal(back.grey, grey, sizeof grey);
    assert_ok(&env, spred_image_crop(&env, &back, 2, 1, 4, 3, &part));
    assert_near(part.grey[2 * 4 + 3], grey[3 * W + 5], 0);
    assert_true(isinf(spred_image_psnr(&image, &back)));
    back.grey[0] += 255;
    assert_near(spred_image_psnr(&image, &back), 10 * log10(W * H), 1e-12);
    assert_true(isnan(spred_image_psnr(&image, &part)));
    spred_image_free(&env, &part);
    assert_int_equal(spred_image_crop(&env, &back, 4, 1, 4, 3, &part),
                     SPRED_EINVAL);
    assert_int_equal(spred_image_crop(&env, &back, 9, 1, 1, 1, &part),
                     SPRED_EINVAL);
    spred_image_free(&env, &back);
    spred_data_free(&env, &data);
}

/* The pictures that others made. */
static void real(void **state)
{
    struct spred_env env;
    struct spred_image image;
    char path[1024];
    (void)state;
    if (!shared_data())
        skip();
    spred_env_init(&env);
    snprintf(path, sizeof path, "%s/images/pictures/skimage_camera.pgm",
             shared_data());
    assert_ok(&env, spred_image_read(&env, path, &image));
    assert_int_equal(image.width, 512);
    assert_int_equal(image.height, 512);
    double sum = 0;
    for (size_t i = 0; i < 512 * 512; i++)
        sum += image.grey[i];
    assert_in_range((int)(sum / (512 * 512)), 100, 150); /* mean grey: 129 */
    spred_image_free(&env, &image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_pnm), cmocka_unit_test(good_png),
        cmocka_unit_test(bad_pnm),  cmocka_unit_test(bad_png),
        cmocka_unit_test(memory),   cmocka_unit_test(data_and_crop),
        cmocka_unit_test(real)};
    return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
