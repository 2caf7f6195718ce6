/* image_png.c: PNG by libpng. Its errors come by longjmp, which stays inside
 * this file: nothing that the jump passes over owns memory. */
#include "image.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

/* One file being read. */
struct reader {
    struct spred_env *env;
    const struct spred_bytes *file;
    size_t at;
    png_structp png;
    png_infop info;
    unsigned char *rows; /* all of them: an interlaced file needs that */
    unsigned char **row;
    int out_of_memory;
    char text[160]; /* of the error */
};

int spred_is_png(const struct spred_bytes *file)
{
    return file->length >= 8 &&
           memcmp(file->bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static void on_error(png_structp png, png_const_charp text)
{
    struct reader *r = png_get_error_ptr(png);
    strncpy(r->text, text, sizeof r->text - 1);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static png_voidp take(png_structp png, png_alloc_size_t size)
{
    struct reader *r = png_get_mem_ptr(png);
    void *block = spred_alloc(r->env, size, 1);
    r->out_of_memory |= !block;
    return block;
}

static void give(png_structp png, png_voidp block)
{
    struct reader *r = png_get_mem_ptr(png);
    spred_free(r->env, block);
}

static void on_read(png_structp png, png_bytep to, size_t size)
{
    struct reader *r = png_get_io_ptr(png);
    if (size > r->file->length - r->at)
        png_error(png, "the file is cut short");
    memcpy(to, r->file->bytes + r->at, size);
    r->at += size;
}

/* Every form becomes grey or RGB of 8 or 16 bits. */
static void set_form(struct reader *r)
{
    png_set_expand(r->png); /* palettes, 1 to 4 bits, tRNS */
    png_set_strip_alpha(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
}

static enum spred_status make_room(struct reader *r, struct spred_image *out)
{
    size_t height = png_get_image_height(r->png, r->info);
    size_t bytes = png_get_rowbytes(r->png, r->info);
    SPRED_TRY(spred_image_room(r->env, r->file->path,
                               png_get_image_width(r->png, r->info), height,
                               out));
    r->rows = spred_alloc(r->env, height * bytes, 1);
    r->row = spred_alloc(r->env, height, sizeof *r->row);
    if (!r->rows || !r->row)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < height; i++)
        r->row[i] = r->rows + i * bytes;
    return SPRED_OK;
}

static void to_grey(const struct reader *r, struct spred_image *out)
{
    size_t bytes = png_get_bit_depth(r->png, r->info) == 16 ? 2 : 1;
    size_t colours = png_get_channels(r->png, r->info);
    for (size_t y = 0; y < out->height; y++) {
        const unsigned char *at = r->row[y];
        for (size_t x = 0; x < out->width; x++, at += bytes * colours) {
            double v[3] = {0, 0, 0};
            for (size_t c = 0; c < colours; c++)
                v[c] = bytes == 2 ? (256. * at[2 * c] + at[2 * c + 1]) / 257
                                  : (double)at[c];
            out->grey[y * out->width + x] =
                colours == 3 ? spred_luma(v[0], v[1], v[2]) : v[0];
        }
    }
}

/* The two halves between which the sizes are known; 0: libpng failed. */
static int read_head(struct reader *r)
{
    if (setjmp(png_jmpbuf(r->png)))
        return 0;
    png_set_user_limits(r->png, IMAGE_SIDE_MAX, IMAGE_SIDE_MAX);
    png_set_read_fn(r->png, r, on_read);
    png_read_info(r->png, r->info);
    set_form(r);
    return 1;
}

static int read_rows(struct reader *r)
{
    if (setjmp(png_jmpbuf(r->png)))
        return 0;
    png_read_image(r->png, r->row);
    png_read_end(r->png, NULL);
    return 1;
}

static enum spred_status damaged(const struct reader *r)
{
    if (r->out_of_memory)
        return SPRED_ENOMEM;
    return spred_fail(r->env, SPRED_EFORMAT, "%s: byte %zu: damaged PNG: %s",
                      r->file->path, r->at + 1, r->text);
}

enum spred_status spred_read_png(struct spred_env *env,
                                 const struct spred_bytes *file,
                                 struct spred_image *out)
{
    struct reader r = {.env = env, .file = file};
    enum spred_status status = SPRED_ENOMEM;
    r.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &r, on_error,
                                     on_warning, &r, take, give);
    if (r.png)
        r.info = png_create_info_struct(r.png);
    if (r.info)
        status = read_head(&r) ? make_room(&r, out) : damaged(&r);
    if (status == SPRED_OK && !read_rows(&r))
        status = damaged(&r);
    if (status == SPRED_OK)
        to_grey(&r, out);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    spred_free(env, r.rows);
    spred_free(env, r.row);
    return status;
}
