/* npy.c: the header of a NumPy .npy file, a Python dictionary, and its values.
 */
#include "npy.h"

#include <string.h>

/* Longest header read; those of plain arrays have about a hundred bytes. */
#define HEADER_MAX ((size_t)1 << 16)
/* Digits of the largest dimension. */
#define DIGITS_MAX 18

/* The header's text while it is parsed. */
struct header {
    struct spred_env *env;
    const char *path, *file; /* file: its first byte */
    const char *at, *end;
};

static const struct {
    const char *name;
    enum spred_npy_type type;
    size_t item;
} types[] = {{"<f8", SPRED_NPY_F8, 8}, {"<f4", SPRED_NPY_F4, 4},
             {"<i8", SPRED_NPY_I8, 8}, {"<i4", SPRED_NPY_I4, 4},
             {"|i1", SPRED_NPY_I1, 1}, {"|u1", SPRED_NPY_U1, 1}};
#define TYPES (sizeof types / sizeof *types)

int spred_is_npy(const char *bytes, size_t length)
{
    return length >= SPRED_NPY_MAGIC_SIZE &&
           memcmp(bytes, SPRED_NPY_MAGIC, SPRED_NPY_MAGIC_SIZE) == 0;
}

double spred_npy_value(const struct spred_npy *npy, size_t k)
{
    const char *at = npy->values + k * npy->item;
    double f8;
    float f4;
    int64_t i8;
    int32_t i4;
    switch (npy->type) {
    case SPRED_NPY_F8:
        memcpy(&f8, at, sizeof f8);
        return f8;
    case SPRED_NPY_F4:
        memcpy(&f4, at, sizeof f4);
        return (double)f4;
    case SPRED_NPY_I8:
        memcpy(&i8, at, sizeof i8);
        return (double)i8;
    case SPRED_NPY_I4:
        memcpy(&i4, at, sizeof i4);
        return (double)i4;
    case SPRED_NPY_I1:
        return (double)*(const signed char *)at;
    default:
        return (double)*(const unsigned char *)at;
    }
}

/* "path: byte N: found ..., expected ..." */
static enum spred_status unexpected(const struct header *h, const char *at,
                                    const char *expected)
{
    size_t left = (size_t)(h->end - at);
    struct spred_span found = {at, left};
    return spred_fail(h->env, SPRED_EFORMAT,
                      "%s: byte %zu of the NumPy header: found %s, expected %s",
                      h->path, (size_t)(at - h->file),
                      left ? spred_quote(found).text : "its end", expected);
}

static void skip_blanks(struct header *h)
{
    while (h->at < h->end &&
           (*h->at == ' ' || *h->at == '\n' || *h->at == '\t'))
        h->at++;
}

/* Takes the character if it comes next, blanks aside. */
static int take(struct header *h, char c)
{
    skip_blanks(h);
    if (h->at == h->end || *h->at != c)
        return 0;
    h->at++;
    return 1;
}

static enum spred_status need(struct header *h, char c, const char *expected)
{
    return take(h, c) ? SPRED_OK : unexpected(h, h->at, expected);
}

static enum spred_status text(struct header *h, const char *expected,
                              struct spred_span *out)
{
    skip_blanks(h);
    if (h->at == h->end || (*h->at != '\'' && *h->at != '"'))
        return unexpected(h, h->at, expected);
    const char *from = h->at + 1;
    const char *to = memchr(from, *h->at, (size_t)(h->end - from));
    if (!to)
        return unexpected(h, h->at, "a text that ends");
    *out = (struct spred_span){from, (size_t)(to - from)};
    h->at = to + 1;
    return SPRED_OK;
}

static enum spred_status wrong_type(const struct header *h,
                                    struct spred_span name)
{
    if (name.length >= 2 && name.at[1] == 'O')
        return spred_fail(h->env, SPRED_EFORMAT,
                          "%s: found an array of Python objects, pickled "
                          "objects are not read (save numbers: "
                          "numpy.save(path, X.astype('<f8')))",
                          h->path);
    if (name.length >= 2 && *name.at == '>')
        return spred_fail(h->env, SPRED_EFORMAT,
                          "%s: found big-endian values (%s), expected "
                          "little-endian ones (numpy.save(path, "
                          "X.astype('<f8')))",
                          h->path, spred_quote(name).text);
    return spred_fail(h->env, SPRED_EFORMAT,
                      "%s: found values of type %s, expected '<f8', '<f4', "
                      "'<i8', '<i4', '|i1' or '|u1' (numpy.save(path, "
                      "X.astype('<f8')))",
                      h->path, spred_quote(name).text);
}

static enum spred_status type(struct header *h, struct spred_npy *out)
{
    struct spred_span name;
    skip_blanks(h);
    if (h->at < h->end && *h->at == '[')
        return spred_fail(h->env, SPRED_EFORMAT,
                          "%s: found a structured array, expected plain "
                          "numbers, samples in rows",
                          h->path);
    SPRED_TRY(text(h, "the type of the values as a text", &name));
    for (size_t t = 0; t < TYPES; t++)
        if (name.length == strlen(types[t].name) &&
            memcmp(name.at, types[t].name, name.length) == 0) {
            out->type = types[t].type;
            out->item = types[t].item;
            return SPRED_OK;
        }
    return wrong_type(h, name);
}

static enum spred_status order(struct header *h, struct spred_npy *out)
{
    skip_blanks(h);
    size_t left = (size_t)(h->end - h->at);
    out->fortran = left >= 4 && memcmp(h->at, "True", 4) == 0;
    if (!out->fortran && (left < 5 || memcmp(h->at, "False", 5) != 0))
        return unexpected(h, h->at, "True or False");
    h->at += out->fortran ? 4 : 5;
    return SPRED_OK;
}

/* (), (n,), (n, p); Python 2 wrote an L behind large numbers. */
static enum spred_status shape(struct header *h, struct spred_npy *out)
{
    SPRED_TRY(need(h, '(', "the shape, as in (60, 7129)"));
    out->dims[0] = out->dims[1] = 1;
    for (out->n_dims = 0; !take(h, ')'); out->n_dims++) {
        const char *from = h->at;
        size_t value = 0;
        while (h->at < h->end && *h->at >= '0' && *h->at <= '9' &&
               h->at - from < DIGITS_MAX)
            value = value * 10 + (size_t)(*h->at++ - '0');
        if (h->at == from)
            return unexpected(h, from, "a number or )");
        if (out->n_dims == 2)
            return spred_fail(h->env, SPRED_EFORMAT,
                              "%s: found an array of more than two dimensions, "
                              "expected samples x features",
                              h->path);
        out->dims[out->n_dims] = value;
        take(h, 'L');
        if (!take(h, ',')) {
            SPRED_TRY(need(h, ')', ", or )"));
            out->n_dims++;
            break;
        }
    }
    return SPRED_OK;
}

/* {'descr': '<f8', 'fortran_order': True, 'shape': (60, 7129), } */
static enum spred_status dictionary(struct header *h, struct spred_npy *out)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    int seen[3] = {0, 0, 0};
    SPRED_TRY(need(h, '{',
                   "{'descr': ..., 'fortran_order': ..., 'shape': "
                   "...}"));
    while (!take(h, '}')) {
        struct spred_span name;
        size_t key = 0;
        SPRED_TRY(text(h, "a key in quotes or }", &name));
        while (key < 3 && (name.length != strlen(keys[key]) ||
                           memcmp(name.at, keys[key], name.length) != 0))
            key++;
        if (key == 3 || seen[key])
            return unexpected(h, name.at - 1,
                              "'descr', 'fortran_order' and 'shape' once each");
        seen[key] = 1;
        SPRED_TRY(need(h, ':', "a colon"));
        SPRED_TRY(key == 0   ? type(h, out)
                  : key == 1 ? order(h, out)
                             : shape(h, out));
        if (!take(h, ',')) {
            SPRED_TRY(need(h, '}', ", or }"));
            break;
        }
    }
    skip_blanks(h);
    if (h->at != h->end)
        return unexpected(h, h->at, "nothing behind the dictionary");
    if (!seen[0] || !seen[1] || !seen[2])
        return unexpected(h, h->at, "'descr', 'fortran_order' and 'shape'");
    return SPRED_OK;
}

/* Finds the header's text behind magic and version. */
static enum spred_status find_header(struct spred_env *env,
                                     const struct spred_bytes *file,
                                     struct header *out)
{
    const unsigned char *bytes = (const unsigned char *)file->bytes;
    size_t fixed = SPRED_NPY_MAGIC_SIZE + 2, length = 0;
    int major = file->length > fixed ? bytes[SPRED_NPY_MAGIC_SIZE] : 0;
    size_t width = major == 1 ? 2 : 4;
    if (file->length < fixed + width)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found %zu bytes, expected a whole NumPy header",
                          file->path, file->length);
    if (major < 1 || major > 3 || bytes[fixed - 1] != 0)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found NumPy format %d.%d, expected 1.0, 2.0 or "
                          "3.0",
                          file->path, major, bytes[fixed - 1]);
    for (size_t i = width; i-- > 0;)
        length = length << 8 | bytes[fixed + i];
    if (length > HEADER_MAX)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found a NumPy header of %zu bytes, expected at "
                          "most %zu",
                          file->path, length, HEADER_MAX);
    if (length > file->length - fixed - width)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found the end of the file in its NumPy header, "
                          "expected a header of %zu bytes",
                          file->path, length);
    const char *from = file->bytes + fixed + width;
    *out = (struct header){env, file->path, file->bytes, from, from + length};
    return SPRED_OK;
}

enum spred_status spred_npy_open(struct spred_env *env,
                                 const struct spred_bytes *file,
                                 struct spred_npy *out)
{
    static const uint16_t one = 1;
    struct header header = {0};
    memset(out, 0, sizeof *out);
    if (*(const unsigned char *)&one != 1)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: NumPy files are read on little-endian machines "
                          "only",
                          file->path);
    SPRED_TRY(find_header(env, file, &header));
    SPRED_TRY(dictionary(&header, out));
    size_t present = file->length - (size_t)(header.end - file->bytes);
    size_t n = out->dims[0], p = out->dims[1];
    if (n == 0 || p == 0)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: found an array of %zu x %zu values, expected at "
                          "least one",
                          file->path, n, p);
    int fits = n <= SIZE_MAX / out->item / p;
    if (!fits || n * p * out->item != present)
        return spred_fail(
            env, SPRED_EFORMAT,
            "%s: found %zu bytes of values, expected %zu x %zu values of %zu "
            "bytes: %s",
            file->path, present, n, p, out->item,
            !fits || n * p * out->item > present
                ? "the file is cut off"
                : "something lies behind the array");
    out->values = header.end;
    return SPRED_OK;
}
