/* image_pnm.c: PGM and PPM in their binary forms, P5 and P6 (netpbm's pgm(5)
 * and ppm(5)): words in ASCII, one blank, then samples row by row, two bytes
 * each, the high one first, when the largest value is above 255. */
#include "image.h"

#include <string.h>

/* Where the header's reader stands. */
struct head {
    struct spred_env *env;
    const struct spred_bytes *file;
    size_t at;
};

int spred_is_pnm(const struct spred_bytes *file)
{
    const char *b = file->bytes;
    return file->length > 2 && b[0] == 'P' && (b[1] == '5' || b[1] == '6') &&
           (strchr(" \t\r\n#", b[2]) && b[2]);
}

static enum spred_status fail(const struct head *h, const char *expected)
{
    return spred_fail(h->env, SPRED_EFORMAT,
                      "%s: byte %zu of the header: expected %s", h->file->path,
                      h->at + 1, expected);
}

static int is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next number after blanks and comments. */
static enum spred_status number(struct head *h, const char *what, size_t most,
                                size_t *out)
{
    const char *b = h->file->bytes;
    size_t n = h->file->length, value = 0, digits = 0;
    while (h->at < n && (is_blank(b[h->at]) || b[h->at] == '#')) {
        if (b[h->at] == '#')
            while (h->at < n && b[h->at] != '\n' && b[h->at] != '\r')
                h->at++;
        else
            h->at++;
    }
    for (; h->at < n && b[h->at] >= '0' && b[h->at] <= '9'; digits++)
        if ((value = 10 * value + (size_t)(b[h->at++] - '0')) > most)
            return fail(h, what);
    *out = value;
    return digits && value ? SPRED_OK : fail(h, what);
}

static double sample(const unsigned char *at, size_t bytes)
{
    return bytes == 2 ? 256. * at[0] + at[1] : (double)at[0];
}

enum spred_status spred_read_pnm(struct spred_env *env,
                                 const struct spred_bytes *file,
                                 struct spred_image *out)
{
    struct head h = {env, file, 2};
    size_t width, height, most, colours = file->bytes[1] == '6' ? 3 : 1;
    SPRED_TRY(number(&h, "the width, 1 to 65535", IMAGE_SIDE_MAX, &width));
    SPRED_TRY(number(&h, "the height, 1 to 65535", IMAGE_SIDE_MAX, &height));
    SPRED_TRY(number(&h, "the largest value, 1 to 65535", 65535, &most));
    if (h.at >= file->length || !is_blank(file->bytes[h.at]))
        return fail(&h, "a blank before the samples");
    h.at++;
    size_t bytes = most > 255 ? 2 : 1, step = colours * bytes;
    size_t left = file->length - h.at;
    SPRED_TRY(spred_image_room(env, file->path, width, height, out));
    if (left < width * height * step)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found %zu bytes of samples, expected %zu for "
                          "%zu x %zu pixels: the file is cut short",
                          file->path, left, width * height * step, width,
                          height);
    const unsigned char *at =
        (const unsigned char *)(const void *)file->bytes + h.at;
    for (size_t i = 0; i < width * height; i++, at += step) {
        double v = sample(at, bytes);
        for (size_t c = 0; c < colours; c++)
            if (sample(at + c * bytes, bytes) > (double)most)
                return spred_fail(env, SPRED_EFORMAT,
                                  "%s: pixel %zu of row %zu: found %g, "
                                  "expected at most %zu",
                                  file->path, i % width + 1, i / width + 1,
                                  sample(at + c * bytes, bytes), most);
        if (colours == 3)
            v = spred_luma(v, sample(at + bytes, bytes),
                           sample(at + 2 * bytes, bytes));
        out->grey[i] = v * (255. / (double)most);
    }
    return SPRED_OK;
}
